#!/usr/bin/env bash
# SciPy 1.17.1, scipy.sparse.csgraph on a sparse matrix in which weights were set to zero.
#
# Cutting weak edges with A.data[A.data < t] = 0 leaves the zeros stored. The functions of csgraph differ
# about them: connected_components and breadth_first_order still walk over the cut edges, shortest_path
# takes them as steps of length 0, and minimum_spanning_tree drops them, so that the "tree" of a graph
# said to be connected does not span it. A dense copy of the same matrix has no such edges for any of
# them. Call eliminate_zeros() after a cut; where 0 is a true distance, add a small constant.
#
# Seen (path 0-1-2-3, first edge set to zero: as stored, after eliminate_zeros):
#   components          1                     2
#   reached from 0      4                     1
#   distances from 0    [0.0, 0.0, 1.0, 3.0]  [0.0, inf, inf, inf]
#   edges of the tree   2                     2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

cut = sparse.csr_array((np.array([0.1, 1.0, 2.0]), (np.arange(3), np.arange(1, 4))), shape=(4, 4))
cut.data[cut.data < 0.5] = 0
clean = cut.copy()
clean.eliminate_zeros()
measures = {
    "components": lambda a: csgraph.connected_components(a, directed=False)[0],
    "reached from 0": lambda a: len(csgraph.breadth_first_order(a, 0, directed=False)[0]),
    "distances from 0": lambda a: csgraph.shortest_path(a, directed=False)[0].tolist(),
    "edges of the tree": lambda a: csgraph.minimum_spanning_tree(a).nnz,
}
seen = {
    "components": (1, 2),
    "reached from 0": (4, 1),
    "distances from 0": ([0.0, 0.0, 1.0, 3.0], [0.0, np.inf, np.inf, np.inf]),
    "edges of the tree": (2, 2),
}
for name, measure in measures.items():
    found = measure(cut), measure(clean)
    print(f"{name:<19} {found[0]!s:<21} {found[1]}")
    assert found == seen[name], f"changed: {name}"
    assert measure(cut.toarray()) == found[1], f"changed: dense, {name}"
print("as described")
PYTHON
