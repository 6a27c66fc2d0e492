#!/usr/bin/env bash
# tenetan 0.9.0, SnapshotGraph.load_json of a file that its own write_json wrote.
#
# The file has the time and the weight of each tie, and the arguments name the keys of both. The time is never read: its
# key is taken for the time of all ties, and the snapshots fall into a single one called "timestamp". The weight of the
# first tie is read, and then stands where the key of the weights was: all later ties are looked up under that number,
# not found, and weigh one. A tie that comes in several snapshots keeps one of them. So three days of a network become
# one day without weights, which every measure of the package takes. load_csv reads the same network right.
#
# Seen (three accounts, three days, ties of 3, 2, 5, 4 and 7):
#   written        timestamps mon, tue, wed      sum of weights 21
#   from the CSV   timestamps mon, tue, wed      sum of weights 21
#   from the JSON  timestamps "timestamp"        ann-bob 1, bob-cat 1, cat-ann 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet statsmodels==0.14.6 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
# tenetan also asks for libraries of tensors, which reading and writing do not use.
"$folder/venv/bin/pip" install --quiet --no-deps tenetan==0.9.0
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import json
import sys

import numpy as np
from tenetan.networks import SnapshotGraph

accounts, days = ["ann", "bob", "cat"], ["mon", "tue", "wed"]
rows = [
    ("ann", "bob", "mon", 3.0), ("bob", "cat", "mon", 2.0), ("cat", "ann", "tue", 5.0), ("ann", "bob", "tue", 4.0),
    ("bob", "cat", "wed", 7.0),
]
written = SnapshotGraph()
written.load_edge_list(rows, accounts, days, dtype=np.float64)


def ties(graph):
    return {
        (one, other, time): float(graph[one, other, time])
        for one in graph.vertices for other in graph.vertices for time in graph.timestamps if graph[one, other, time]
    }


right = {row[:3]: row[3] for row in rows}
assert ties(written) == right
written.write_csv(f"{sys.argv[1]}/network.csv")
written.write_json(f"{sys.argv[1]}/network.json")
with open(f"{sys.argv[1]}/network.json") as file:
    stored = json.load(file)["edges"]
assert {(tie["source"], tie["target"], tie["timestamp"]): tie["weight"] for tie in stored} == right
found = {}
for kind in ("csv", "json"):
    read = SnapshotGraph()
    getattr(read, f"load_{kind}")(f"{sys.argv[1]}/network.{kind}", dtype=np.float64)
    found[kind] = ties(read)
    print(kind, read.timestamps, found[kind])
assert found["csv"] == right, "changed: CSV"
first = (stored[0]["source"], stored[0]["target"])
seen = {(*first, "timestamp"), ("bob", "cat", "timestamp"), ("cat", "ann", "timestamp")}
assert set(found["json"]) == seen and set(found["json"].values()) == {1.0}, "changed: JSON"
print("as described")
PYTHON
