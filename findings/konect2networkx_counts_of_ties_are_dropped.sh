#!/usr/bin/env bash
# konect2networkx 0.1.1, get(name, download=False) of a network with counts.
#
# A file of KONECT names its kind in the first line, and the notes in each archive say that the third column is the
# "weight or multiplicity of edge". Networks of messages, replies and page edits are of the kind "positive": a row "1 2
# 50" says fifty messages. The reader knows weights of other kinds and takes the numbers of this one for nothing: the
# row is one edge whose weight is None. Degrees, communities and any share of strong ties are those of a network without
# counts. And None is not a missing weight to networkx: a shortest path that asks for weights may not use such an edge
# at all, so that all accounts are unreachable. Read the rows with pandas.
#
# Seen (three accounts, 50, 1 and 2 messages; kind "positive", then "posweighted"):
#                        positive              posweighted
#   edges                (1, 2), (2, 3), (3, 1), each once
#   weights              None, None, None      50.0, 1.0, 2.0
#   reached from 1 with weights    1 of 3      3 of 3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet konect2networkx==0.1.1 networkx==3.6.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from pathlib import Path

import konect2networkx
import networkx as nx

rows = [(1, 2, 50), (2, 3, 1), (3, 1, 2)]
found = {}
for kind in ("positive", "posweighted"):
    Path(kind).mkdir()
    lines = [f"% asym {kind}", f"% {len(rows)} 3 3", *(" ".join(map(str, row)) for row in rows)]
    Path(kind, f"out.{kind}").write_text("\n".join(lines) + "\n")
    graph = konect2networkx.get(kind, download=False, logging=False)
    reached = nx.single_source_dijkstra_path_length(graph, 1)
    found[kind] = [tie[2] for tie in graph.edges(data="weight")], len(reached), graph.number_of_edges()
    print(f"{kind}: {type(graph).__name__}, weights {found[kind][0]}, reached from 1 {sorted(reached)}")
assert found["positive"] == ([None] * 3, 1, 3), "changed: positive"
assert found["posweighted"] == ([50.0, 1.0, 2.0], 3, 3), "changed: posweighted"
print("as described")
PYTHON
