#!/usr/bin/env bash
# tidy-tweet 0.4.0, load_twarc_json_to_sqlite of a file of twarc (pages of results with data and includes).
#
# A tweet that others reply to, quote or retweet comes with each page that has one of them, among the includes. The
# table of tweets keeps one row of it; those of hashtags, links and mentions keep one of each page, and one more
# when the tweet was itself found. Hashtags joined to tweets then count how many pages have an answer to the
# tweet: what is talked about most weighs several times, the rest once. And the row that stays is the first:
# includes are read before data, so a tweet that was found has directly_collected = 0 if a page up to its own
# has an answer to it, and is lost where one selects by that. Take DISTINCT rows, and ids of data from the file.
#
# Seen (four pages, on each two tweets that were found, with #a: one on its own, one that quotes tweet 1;
# tweet 1, with #b, was found on the second page):
#   rows of #a, #b in hashtag         8 5
#   tweets with #a, #b                8 1
#   found, directly_collected         9 8
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tidy-tweet==0.4.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import json
import sqlite3
from pathlib import Path

from tidy_tweet import initialise_sqlite, load_twarc_json_to_sqlite


def tweet(number, tag, quotes=None):
    return {
        "id": str(number),
        "author_id": "7",
        "text": f"a post #{tag}",
        "lang": "en",
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "created_at": "2022-03-01T12:00:00.000Z",
        "conversation_id": str(number),
        "public_metrics": {"like_count": 1, "quote_count": 0, "reply_count": 0, "retweet_count": 0},
        "entities": {"hashtags": [{"start": 7, "end": 9, "tag": tag}]},
        "referenced_tweets": [{"type": "quoted", "id": str(quotes)}] if quotes else [],
    }


first = tweet(1, "b")
pages = [[tweet(10 * page, "a"), tweet(10 * page + 1, "a", quotes=1)] for page in range(1, 5)]
pages[1].append(first)
found = {post["id"] for page in pages for post in page}
lines = [json.dumps({"data": page, "includes": {"tweets": [first]}}) for page in pages]
Path("tweets.jsonl").write_text("\n".join(lines) + "\n")
initialise_sqlite("tweets.db")
load_twarc_json_to_sqlite("tweets.jsonl", "tweets.db")
base = sqlite3.connect("tweets.db")


def numbers(query):
    return [number for _, number in base.execute(query)]


rows = numbers("SELECT tag, count(*) FROM hashtag JOIN tweet ON source_id = id GROUP BY tag ORDER BY tag")
tweets = numbers("SELECT tag, count(DISTINCT source_id) FROM hashtag GROUP BY tag ORDER BY tag")
direct = {name for (name,) in base.execute("SELECT id FROM tweet WHERE directly_collected")}
print("rows of #a, #b in hashtag", *rows)
print("tweets with #a, #b       ", *tweets)
print("found, directly_collected", len(found), len(direct))
assert rows == [8, 5] and tweets == [8, 1], "changed: hashtags"
assert len(found) == 9 and found - direct == {"1"}, "changed: directly_collected"
print("as described")
PYTHON
