#!/usr/bin/env bash
# HyperNetX 2.4.3, Hypergraph.bipartite() where a node and a hyperedge have the same id.
#
# The hypergraph keeps its nodes and its edges apart, and its other methods are right when their ids
# meet. bipartite() puts both into one networkx graph under their bare ids: equal ids become one vertex
# with two roles, an edge that has a member of its own id gets a self-loop, and two incidences can become
# one. A list of lists is enough, as its edges are numbered from 0 and nodes often are too. Give edges
# and nodes ids that cannot meet before the call.
#
# Seen (vertices, edges, self-loops, bipartite or not):
#   [[0, 1], [1, 2], [2, 0]]  3 6 3 False
#   [[1, 2], [2, 0], [0, 1]]  3 3 0 False
#   either with v0, v1, v2    6 6 0 True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet hypernetx==2.4.3 networkx==3.6.1 pandas==2.3.3
"$folder/venv/bin/python" - <<'PYTHON'
import networkx as nx
from hypernetx import Hypergraph

seen = {
    "[[0, 1], [1, 2], [2, 0]]": (3, 6, 3, False),
    "[[1, 2], [2, 0], [0, 1]]": (3, 3, 0, False),
    "[['v0', 'v1'], ['v1', 'v2'], ['v2', 'v0']]": (6, 6, 0, True),
    "[['v1', 'v2'], ['v2', 'v0'], ['v0', 'v1']]": (6, 6, 0, True),
}
for numbered in ([[0, 1], [1, 2], [2, 0]], [[1, 2], [2, 0], [0, 1]]):
    for edges in (numbered, [[f"v{node}" for node in edge] for edge in numbered]):
        hypergraph = Hypergraph(edges)
        assert hypergraph.shape == (3, 3) and sum(map(len, edges)) == 6
        graph = hypergraph.bipartite()
        loops = nx.number_of_selfloops(graph)
        found = len(graph), graph.number_of_edges(), loops, nx.is_bipartite(graph)
        print(f"{edges!s:<43}", *found)
        assert found == seen[str(edges)], f"changed: {edges}"
print("as described")
PYTHON
