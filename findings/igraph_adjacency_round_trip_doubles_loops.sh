#!/usr/bin/env bash
# python-igraph 1.0.0, an undirected graph with a self-loop, to an adjacency matrix and back.
#
# get_adjacency counts a loop twice on the diagonal, get_adjacency_sparse counts it once, and
# Graph.Adjacency reads the diagonal as once by default: dense out and back gives two loops, sparse out
# and back gives one. With a weight column the two also differ on parallel edges: the sparse matrix adds
# their weights, the dense one keeps the last. Pass loops="twice" for the dense matrix, or keep to the
# sparse pair.
#
# Seen:
#   one loop and one edge, dense   [[2, 1], [1, 0]], back: 2 loops (loops="twice": 1)
#   one loop and one edge, sparse  [[1, 1], [1, 0]], back: 1 loops
#   an edge twice, weights 2 and 3: dense 3, sparse 5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-igraph==1.0.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import igraph

graph = igraph.Graph([(0, 0), (0, 1)])
dense = list(map(list, graph.get_adjacency()))
sparse = graph.get_adjacency_sparse()


def loops(matrix, **how):
    return sum(igraph.Graph.Adjacency(matrix, mode="undirected", **how).is_loop())


twice = loops(dense, loops="twice")
print(f'one loop and one edge, dense   {dense}, back: {loops(dense)} loops (loops="twice": {twice})')
print(f"one loop and one edge, sparse  {sparse.toarray().tolist()}, back: {loops(sparse)} loops")
assert dense == [[2, 1], [1, 0]] and sparse.toarray().tolist() == [[1, 1], [1, 0]], "changed: matrices"
assert (loops(dense), twice, loops(sparse)) == (2, 1, 1), "changed: round trip"

parallel = igraph.Graph([(0, 1), (0, 1)])
parallel.es["weight"] = [2, 3]
last = parallel.get_adjacency(attribute="weight")[0][1]
total = parallel.get_adjacency_sparse("weight")[0, 1]
print(f"an edge twice, weights 2 and 3: dense {last}, sparse {total}")
assert (last, total) == (3, 5), "changed: weights"
print("as described")
PYTHON
