#!/usr/bin/env bash
# backbone-network 1.1.3, disparity filter of an undirected weighted graph.
#
# A tie has two ends, each with a significance of its own, and the filter keeps it if either is low enough. Here the
# ends write into one number, and the end that comes later in the graph has the last word. A tie that is
# nearly all of one account's weight and nothing beside the other's is kept or cut as the accounts happen to be
# sorted, and the backbone of a shuffled file is another. Directed graphs keep both numbers. Known since 2023 from
# the code it was forked from. Compute (1 - w / strength) ** (degree - 1) at both ends and take the smaller.
#
# Seen (ann has weights 5, 1, 1, 1; bob has 5, 50, 40; alpha of their tie, and is it kept below 0.1):
#   ann before bob   0.8975  cut
#   bob before ann   0.0527  kept
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet backbone-network==1.1.3 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from backbone_network import backbone

rows = [("ann", "bob", 5), ("ann", "c", 1), ("ann", "d", 1), ("ann", "e", 1), ("bob", "f", 50), ("bob", "g", 40)]
for order, seen in ((["ann", "bob"], (0.8975, False)), (["bob", "ann"], (0.0527, True))):
    graph = nx.Graph()
    graph.add_nodes_from(order)
    graph.add_weighted_edges_from(rows)
    alpha = backbone.compute_disparity_filter(graph)["ann"]["bob"]["alpha"]
    kept = backbone.get_graph_backbone(graph, 0.1).has_edge("ann", "bob")
    print(" before ".join(order), f"  {alpha:.4f}", "kept" if kept else "cut")
    assert (round(alpha, 4), kept) == seen, f"changed: {order}"
ends = (1 - 5 / 8) ** 3, (1 - 5 / 95) ** 2
assert tuple(round(value, 4) for value in ends) == (0.0527, 0.8975)
print("as described")
PYTHON
