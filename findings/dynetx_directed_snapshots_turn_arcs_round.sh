#!/usr/bin/env bash
# DyNetX 0.3.2, DynDiGraph of replies: write_snapshots, time_slice, interactions and node_link_data.
#
# These four go through the same list, in which every arc has the opposite direction: a file written
# from "ann replies to bob" says that bob replies to ann. An arc to an account that came into the
# graph before its source is left out, as the second half of an undirected edge would be: of a cycle
# and of a mutual tie one arc is missing, and which one depends on the order of the rows. Degrees,
# counts, out_interactions, stream_interactions and write_interactions are right, so nothing looks
# wrong before the file is read. Use those.
#
# Seen (arcs at time 1, the last one at time 2; what write_snapshots writes):
#   ann to bob, bob to cat              bob ann 1, cat bob 1
#   slice of time 1 of the same         in-degree of ann 1, before 0
#   ann to bob, cat to ann, bob to ann  bob ann 1
#   write_interactions of the last      ann bob + 1, cat ann + 1, bob ann + 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dynetx==0.3.2
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import pathlib
import sys

import dynetx as dn
from dynetx.readwrite import json_graph

file = str(pathlib.Path(sys.argv[1]) / "file.txt")


def graph(*arcs):
    made = dn.DynDiGraph()
    for source, target, time in arcs:
        made.add_interaction(source, target, t=time)
    return made


def written(write, made):
    write(made, file)
    return ", ".join(pathlib.Path(file).read_text().splitlines())


chain = graph(("ann", "bob", 1), ("bob", "cat", 1))
mutual = graph(("ann", "bob", 1), ("cat", "ann", 1), ("bob", "ann", 2))
degrees = (chain.in_degree()["ann"], chain.time_slice(1).in_degree()["ann"])
links = [(link["source"], link["target"]) for link in json_graph.node_link_data(chain)["links"]]
lines = (written(dn.write_snapshots, chain), written(dn.write_snapshots, mutual))
right = written(dn.write_interactions, mutual)
print(f"chain         {lines[0]}; in-degree of ann {degrees[0]}, in the slice {degrees[1]}")
print(f"mutual tie    {lines[1]}\ninteractions  {right}")
assert lines == ("bob ann 1, cat bob 1", "bob ann 1"), "changed: snapshots"
assert right == "ann bob + 1, cat ann + 1, bob ann + 2", "changed: write_interactions"
assert degrees == (0, 1), "changed: slice"
assert links == [("bob", "ann"), ("cat", "bob")], "changed: node-link"
assert [arc[:2] for arc in chain.interactions()] == links, "changed: interactions"
assert [arc[:2] for arc in chain.out_interactions()] == [("ann", "bob"), ("bob", "cat")], "changed"
print("as described")
PYTHON
