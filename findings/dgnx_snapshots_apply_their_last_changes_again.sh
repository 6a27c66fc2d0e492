#!/usr/bin/env bash
# dgnx 0.1.2, DynamicDirectedGraph.compute_snapshot and compute_evenly_distributed_snapshots.
#
# A dynamic graph is a list of changes, and the snapshot at a time should hold all changes up to it, whichever snapshots
# were made before. Each is computed from the nearest one that exists, and the way there starts with the time of that
# one, whose changes are in it already: they are applied once more. The snapshots of a row of days each count the day
# before twice, the weights of early ties grow from day to day while nobody does anything, and a density or a sum of
# weights rises by itself. Backwards it is the same: the day that is to be taken away is added. Only the first snapshot
# that a graph is asked for is right. Build a graph for each time.
#
# Seen (one tie a day on the days 1 to 4, ann to bob on the days 1 and 3; weights on day 4):
#   day 4 alone              ann-bob 2   bob-cat 1   cat-dan 1
#   day 3 first, then day 4  ann-bob 3   bob-cat 1   cat-dan 1
#   days 1, 2, 3, 4          ann-bob 4   bob-cat 2   cat-dan 1
#   day 4 first, then day 3  cat-dan, which comes on day 4, has weight 2 on day 3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dgnx==0.1.2 networkx==3.6.1 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from collections import Counter

from dgnx.classes import DynamicDirectedGraph

changes = [(1, "ann", "bob"), (2, "bob", "cat"), (3, "ann", "bob"), (4, "cat", "dan")]


def weights(days, wanted):
    graph = DynamicDirectedGraph()
    for day, one, other in changes:
        graph.add_delta(day, one, other, weight=1)
    for day in days:
        graph.compute_snapshot(day)
    return {(one, other): tie["weight"] for one, other, tie in graph.snapshots[wanted].edges(data=True)}


def by_hand(day):
    return dict(Counter(change[1:] for change in changes if change[0] <= day))


for day in (1, 2, 3, 4):
    assert weights([day], day) == by_hand(day), "changed: one snapshot"
for days, wanted in (([4], 4), ([3, 4], 4), ([1, 2, 3, 4], 4), ([4, 3], 3)):
    print(f"days {days}, weights on day {wanted}:", {"-".join(pair): n for pair, n in weights(days, wanted).items()})
names = [("ann", "bob"), ("bob", "cat"), ("cat", "dan")]
assert weights([3, 4], 4) == dict(zip(names, (3, 1, 1), strict=True)), "changed: forwards"
assert weights([1, 2, 3, 4], 4) == dict(zip(names, (4, 2, 1), strict=True)), "changed: a row of days"
assert weights([4, 3], 3) == dict(zip(names, (2, 1, 2), strict=True)), "changed: backwards"
graph = DynamicDirectedGraph()
for day, one, other in changes:
    graph.add_delta(day, one, other, weight=1)
graph.compute_evenly_distributed_snapshots(4)
sums = {day: int(graph.snapshots[day].size("weight")) for day in (1, 2, 3, 4)}
print("evenly distributed, sums of weights", sums, "by hand", {day: sum(by_hand(day).values()) for day in sums})
assert sums == {1: 1, 2: 3, 3: 5, 4: 7}, "changed: evenly distributed"
print("as described")
PYTHON
