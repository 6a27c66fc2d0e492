#!/usr/bin/env bash
# networkx 3.6.1, community.partition_quality: its second figure, performance, is a share of node pairs.
#
# A share lies between 0 and 1. Self-loops are counted as edges inside a community although the pairs
# they are divided by hold no loops: a path with a loop on each node scores 1.5, more than a perfect
# partition. Of a multigraph the pairs between communities are taken from a complement that its repeated
# edges have thrown off: one repeated edge turns 0.83 into -1. Coverage, the first figure, counts edges
# and ignores their weights. Pass a simple graph without loops, and sum weights yourself.
#
# Seen (path of four nodes cut in the middle: coverage, performance):
#   simple               0.6667  0.8333
#   a loop on each node  0.8571  1.5000
#   one edge repeated    0.7500  -1.0000
#   weights 10, 1, 10    0.6667  0.8333  (by weight the coverage is 0.9524)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx==3.6.1
"$folder/venv/bin/python" - <<'PYTHON'
import networkx as nx

halves = [{0, 1}, {2, 3}]
simple = nx.path_graph(4)
loops = simple.copy()
loops.add_edges_from((node, node) for node in simple)
repeated = nx.MultiGraph(simple)
repeated.add_edge(0, 1)
weighted = nx.Graph()
weighted.add_weighted_edges_from([(0, 1, 10), (1, 2, 1), (2, 3, 10)])
cases = {
    "simple": (simple, 2 / 3, 5 / 6),
    "a loop on each node": (loops, 6 / 7, 1.5),
    "one edge repeated": (repeated, 3 / 4, -1.0),
    "weights 10, 1, 10": (weighted, 2 / 3, 5 / 6),
}
for name, (graph, coverage, performance) in cases.items():
    found = nx.community.partition_quality(graph, halves)
    print(f"{name:<20} {found[0]:.4f}  {found[1]:.4f}")
    assert abs(found[0] - coverage) < 1e-9, f"changed: coverage, {name}"
    assert abs(found[1] - performance) < 1e-9, f"changed: performance, {name}"
print("as described")
PYTHON
