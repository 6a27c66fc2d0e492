#!/usr/bin/env bash
# scikit-network 0.33.5, Betweenness(normalized=True), and Betweenness of a directed graph.
#
# Normalized betweenness is the share of pairs whose shortest paths a node lies on, so that two graphs of
# different size can be compared. The argument is taken and kept but not used: the scores are the same numbers
# with it and without, and grow with the square of the graph. And all scores are halved, as is right for an
# undirected graph, where each path is found from both ends; in a directed graph each is found once, and
# the scores are half of what they should be. Divide by the number of pairs yourself, doubled first if directed.
#
# Seen (star: its centre; plain, normalized=True, networkx plain, networkx normalized):
#   star of 5 leaves        10.0000    10.0000    10.0000     1.0000
#   star of 50 leaves     1225.0000  1225.0000  1225.0000     1.0000
#   directed cycle of 5      3.0000     3.0000     6.0000     0.5000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-network==0.33.5 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from scipy import sparse
from sknetwork.ranking import Betweenness

cases = {
    "star of 5 leaves": (nx.star_graph(5), (10, 10, 10, 1)),
    "star of 50 leaves": (nx.star_graph(50), (1225, 1225, 1225, 1)),
    "directed cycle of 5": (nx.cycle_graph(5, create_using=nx.DiGraph), (3, 3, 6, 0.5)),
}
for name, (graph, seen) in cases.items():
    matrix = sparse.csr_matrix(nx.to_scipy_sparse_array(graph))
    found = (
        Betweenness().fit_predict(matrix)[0],
        Betweenness(normalized=True).fit_predict(matrix)[0],
        nx.betweenness_centrality(graph, normalized=False)[0],
        nx.betweenness_centrality(graph)[0],
    )
    print(f"{name:<20}", *(f"{value:10.4f}" for value in found))
    for value, expected in zip(found, seen, strict=True):
        assert abs(value - expected) < 0.001, f"changed: {name}"
print("as described")
PYTHON
