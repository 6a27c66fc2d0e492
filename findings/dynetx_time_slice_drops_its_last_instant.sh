#!/usr/bin/env bash
# DyNetX 0.3.2, DynGraph.time_slice(start, end), which is to hold what was there from start to end.
#
# Both ends belong to the slice. The edges are then added with an end that no longer belongs to
# them, so each of them loses its last instant: an edge of a single instant gets an interval that
# ends before it begins. Without a time the slice looks right, as the edge is there. Asked by time
# it is empty: degrees, counts and has_interaction at t are 0 in a slice of t, and no snapshot is
# left to write to a file. Take single instants from interactions(t=t), and cut longer windows from
# stream_interactions or the events.
#
# Seen (ann-bob at 1 and 2, bob-cat at 2; slice of 2, slice of 1 to 2):
#   edges                     2         2
#   edges at time 1           0         1
#   edges at time 2           0         0  (of the graph: 2)
#   snapshots                 []        [1]
#   interval of bob-cat       [2, 1]    [2, 1]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dynetx==0.3.2
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import pathlib
import sys

import dynetx as dn

file = str(pathlib.Path(sys.argv[1]) / "snapshots.txt")
graph = dn.DynGraph()
for first, second, time in (("ann", "bob", 1), ("ann", "bob", 2), ("bob", "cat", 2)):
    graph.add_interaction(first, second, t=time)
assert graph.number_of_interactions(t=2) == 2, "changed: graph"
assert {edge[:2] for edge in graph.interactions(t=2)} == {("ann", "bob"), ("bob", "cat")}
for bounds, at, snapshots, lines in (((2,), [0, 0], [], []), ((1, 2), [1, 0], [1], ["ann bob 1"])):
    sliced = graph.time_slice(*bounds)
    found = [sliced.number_of_interactions(t=time) for time in (1, 2)]
    (interval,) = next(edge[2]["t"] for edge in sliced.interactions() if "cat" in edge[:2])
    dn.write_snapshots(sliced, file)
    written = [line for line in pathlib.Path(file).read_text().splitlines() if line]
    print(f"slice {bounds}: {sliced.number_of_interactions()} edges, at 1 and 2: {found}")
    print(f"  snapshots {sliced.temporal_snapshots_ids()}, bob-cat {interval}, file {written}")
    assert sliced.number_of_interactions() == 2, "changed: edges"
    assert found == at, "changed: edges by time"
    assert sliced.temporal_snapshots_ids() == snapshots, "changed: snapshots"
    assert interval == [2, 1], "changed: interval"
    assert not sliced.has_interaction("bob", "cat", t=2), "changed: has_interaction"
    assert written == lines, "changed: file"
print("as described")
PYTHON
