#!/usr/bin/env bash
# twarc-hashtags 0.0.5 (with twarc 2.14.0), twarc2 hashtags --group day --limit 2.
#
# The two most used hashtags of each day. The row that is one too many is still written, and the next day begins to
# count at its second row: where every day has many, the last day has three rows and the others four. A day that
# has few does not end the count, which runs on into the day before it and can leave that one a single row. How
# many hashtags a day has in a table of trends, and so which communities can be seen in it at all, depends
# on the days that follow it. Leave --limit out and cut the whole table yourself; without --group the limit is
# kept. (The column called tweets counts hashtags: one twice in a tweet is two.)
#
# Seen (different hashtags of each day, the last day first; rows of each in the table):
#   no limit      5 5 5 5     1 3 3 3
#   --limit 1     2 3 3 3     1 1 3 3
#   --limit 2     3 4 4 4     1 2 3 1
#   --limit 3     4 5 5 5     1 3 3 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet twarc-hashtags==0.0.5 twarc==2.14.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import json
from collections import Counter
from pathlib import Path

from click.testing import CliRunner
from twarc_hashtags import hashtags

ANN = {"id": "1", "username": "ann", "name": "Ann"}


def rows(days, *options):
    """How many rows the table has of each day, the last day first, when the days have so many hashtags each."""
    tweets = [
        {
            "id": str(100 * day + 10 * tag + number),
            "author_id": "1",
            "author": ANN,
            "created_at": f"2022-03-{day:02d}T12:00:00.000Z",
            "text": "a post",
            "entities": {"hashtags": [{"start": 0, "end": 1, "tag": f"tag{tag}"}]},
        }
        for day, tags in enumerate(days, start=1)
        for tag in range(tags)
        for number in range(9 - tag)
    ]
    Path("tweets.jsonl").write_text("".join(json.dumps(tweet) + "\n" for tweet in tweets))
    result = CliRunner().invoke(hashtags, ["--group", "day", *options, "tweets.jsonl", "table.csv"])
    assert result.exit_code == 0, result.output
    counts = Counter(line.split(",")[1] for line in Path("table.csv").read_text().split()[1:])
    return [counts[f"2022-03-{day:02d}"] for day in range(len(days), 0, -1)]


seen = {
    "no limit": ([], [5, 5, 5, 5], [1, 3, 3, 3]),
    "--limit 1": (["--limit", "1"], [2, 3, 3, 3], [1, 1, 3, 3]),
    "--limit 2": (["--limit", "2"], [3, 4, 4, 4], [1, 2, 3, 1]),
    "--limit 3": (["--limit", "3"], [4, 5, 5, 5], [1, 3, 3, 2]),
}
for name, (options, *expected) in seen.items():
    found = [rows([5, 5, 5, 5], *options), rows([3, 3, 3, 1], *options)]
    print(f"{name:<9}", *found)
    assert found == expected, f"changed: {name}"
print("as described")
PYTHON
