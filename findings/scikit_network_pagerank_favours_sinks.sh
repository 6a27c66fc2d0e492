#!/usr/bin/env bash
# scikit-network 0.33.5, PageRank of a directed graph with accounts that follow nobody.
#
# A surfer who cannot go on jumps to any node, so the rank of such a sink is shared by all. Here the restart is
# the sink's own: what it gets from jumps is 1 / n instead of 0.15 / n, 6.7 times what all others get, whoever
# links to it. An account without any tie then ranks above well-connected ones. The sum is 1 and more iterations
# change nothing, so it looks like a result; where everybody follows somebody, it is the usual one. Lists of
# follows of a sample of accounts have mostly sinks. The solver "diteration" has the usual ranks.
#
# Seen (a cycle of 0, 1, 2; 2 also points to 3, 4 has no tie; scikit-network, its diteration, networkx):
#   0   0.1222  0.1974  0.1974
#   1   0.1525  0.2444  0.2444
#   2   0.1818  0.2843  0.2843
#   3   0.3158  0.1974  0.1974
#   4   0.2278  0.0766  0.0766
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-network==0.33.5 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from scipy import sparse
from sknetwork.ranking import PageRank

graph = nx.DiGraph([(0, 1), (1, 2), (2, 0), (2, 3)])
graph.add_node(4)
matrix = sparse.csr_matrix(nx.to_scipy_sparse_array(graph))
usual = nx.pagerank(graph)
plain = PageRank(n_iter=200).fit_predict(matrix)
other = PageRank(n_iter=200, solver="diteration").fit_predict(matrix)
seen = [(0.1222, 0.1974), (0.1525, 0.2444), (0.1818, 0.2843), (0.3158, 0.1974), (0.2278, 0.0766)]
for node, (first, second) in enumerate(seen):
    print(f"{node}   {plain[node]:.4f}  {other[node]:.4f}  {usual[node]:.4f}")
    assert abs(plain[node] - first) < 0.001, f"changed: {node}"
    assert abs(other[node] - second) < 0.001, f"changed: diteration, {node}"
    assert abs(usual[node] - second) < 0.001, f"changed: networkx, {node}"

graph.add_edges_from([(3, 0), (4, 0)])
without = PageRank(n_iter=200).fit_predict(sparse.csr_matrix(nx.to_scipy_sparse_array(graph)))
usual = nx.pagerank(graph)
assert all(abs(without[node] - usual[node]) < 0.001 for node in graph), "changed: no sinks"
print("as described")
PYTHON
