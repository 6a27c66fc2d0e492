#!/usr/bin/env bash
# python-igraph 1.0.0, Graph.bipartite_projection with multiplicity, of a log that repeats an event.
#
# The weight of a projected edge is the number of shared items, or so one expects: somebody who watches
# a video twice shares one video. igraph counts walks of length two instead, so repeats multiply: twice
# by one viewer and twice by the other is a weight of 4 for one shared video. networkx refuses a
# multigraph here. simplify() the graph first; its edges and their order are otherwise the same.
#
# Seen (weight between accounts 0 and 1, which share one item; after simplify):
#   once and once    1  1
#   twice and once   2  1
#   twice and twice  4  1
#   9 and 9 times    81  1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-igraph==1.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import igraph

cases = {"once and once": (1, 1), "twice and once": (2, 1), "twice and twice": (2, 2), "9 and 9 times": (9, 9)}
for name, (first, second) in cases.items():
    found = []
    for simplified in (False, True):
        log = igraph.Graph(3, [(0, 2)] * first + [(1, 2)] * second)
        if simplified:
            log.simplify()
        accounts = log.bipartite_projection(types=[0, 0, 1], multiplicity=True, which=0)
        assert accounts.get_edgelist() == [(0, 1)], "changed: edges"
        found.append(accounts.es["weight"][0])
    print(f"{name:<15}  {found[0]}  {found[1]}")
    assert found == [first * second, 1], f"changed: {name}"
print("as described")
PYTHON
