#!/usr/bin/env bash
# NetCenLib 0.2.2, bottle_neck_centrality of a graph whose nodes are the numbers 0 to n - 1.
#
# The scores are written into an array at the place of the node's number, and read out in the order in which
# the graph holds its nodes. The two agree only if the nodes were added as 0, 1, 2 and so on; an edge
# list adds them as its rows name them, so the score of the hub goes to whatever account has its
# place in that order. The same ties give another bottleneck after the rows were shuffled or the ends of a row
# swapped. Add range(n) to the graph before the edges; other ids need convert_node_labels_to_integers first.
#
# Seen (a star with the hub 0 and 1 to 4 around it; account with the highest score):
#   rows 0 1, 0 2, 0 3, 0 4   0
#   rows 1 0, 2 0, 3 0, 4 0   1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet netcenlib==0.2.2 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from netcenlib import bottle_neck_centrality

rows = [(0, other) for other in range(1, 5)]
found = {}
for name, edges in {"hub first": rows, "hub second": [row[::-1] for row in rows]}.items():
    graph = nx.Graph(edges)
    scores = {node: float(score) for node, score in bottle_neck_centrality(graph).items()}
    found[name] = {node for node, score in scores.items() if score > 0}
    print(f"{name:<11} {scores}")
    assert max(graph, key=nx.betweenness_centrality(graph).get) == 0
    ordered = nx.Graph()
    ordered.add_nodes_from(range(5))
    ordered.add_edges_from(edges)
    assert {n for n, score in bottle_neck_centrality(ordered).items() if score > 0} == {0}
assert found == {"hub first": {0}, "hub second": {1}}, "changed"
print("as described")
PYTHON
