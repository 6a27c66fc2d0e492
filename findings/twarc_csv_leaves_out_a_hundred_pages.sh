#!/usr/bin/env bash
# twarc-csv 0.7.2 with twarc 2.14.0, pages of X's API in which one post has a field newer than 2023.
#
# One expects the unknown field to be left out, or the post. twarc-csv leaves out the batch: 100 lines of
# the file, so up to 10,000 posts, and goes on. It says so among the lines on the screen, but the command
# ends with 0, the CSV is there, and a script that calls it does not notice. The text of long posts
# (note_tweet) is such a field: twarc does not ask for it, pages fetched by other clients hold it. Compare
# rows with posts after each conversion, and name the fields: --extra-input-columns note_tweet.text.
#
# Seen (150 pages of two posts, one of the first 100 pages has a long post):
#   rows in the CSV                       100 of 300, exit status 0
#   --extra-input-columns                 300 of 300
#   --batch-size 1                        298 of 300
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet twarc-csv==0.7.2 twarc==2.14.0 pandas==2.3.3
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import csv
import json
import pathlib
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
user = {"id": "7", "username": "ann", "name": "Ann", "created_at": "2010-01-01T00:00:00.000Z"}
about = {"url": "", "version": "2.14.0", "retrieved_at": "2023-09-09T00:00:00+00:00"}


def post(number):
    fields = {"id": str(number), "text": "text", "author_id": "7", "conversation_id": str(number)}
    return fields | {"created_at": "2023-09-08T00:00:00.000Z"}


pages = [
    {"data": [post(number), post(number + 1)], "includes": {"users": [user]}, "__twarc": about}
    for number in range(1, 301, 2)
]
pages[50]["data"][0]["note_tweet"] = {"text": "a longer text"}
(folder / "posts.jsonl").write_text("".join(json.dumps(page) + "\n" for page in pages))


def rows(*options):
    command = [f"{sys.prefix}/bin/twarc2", "--config", "none", "--bearer-token", "none", "csv"]
    paths = [str(folder / "posts.jsonl"), str(folder / "posts.csv")]
    run = subprocess.run([*command, *options, *paths], check=False, capture_output=True, cwd=folder)
    with open(folder / "posts.csv", newline="") as file:
        return len(list(csv.DictReader(file))), run.returncode


whole = rows()
named = rows("--extra-input-columns", "note_tweet.text")
single = rows("--batch-size", "1")
print(f"rows of 300, exit status  {whole}")
print(f"--extra-input-columns     {named}")
print(f"--batch-size 1            {single}")
assert whole == (100, 0), "changed: batch"
assert named == (300, 0), "changed: --extra-input-columns"
assert single == (298, 0), "changed: --batch-size"
print("as described")
PYTHON
