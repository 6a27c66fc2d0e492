#!/usr/bin/env bash
# distanceclosure 0.5 with SciPy 1.17.1, pairwise_proximity of a sparse table.
#
# The function makes the proximity network that the metric backbone of this package is taken from: rows are accounts,
# columns are items, and a dense and a sparse table with the same numbers have the same Jaccard proximities. For a
# sparse table the default metric, "jaccard", compares only the stored numbers of two rows, one after the other, and
# not where they stand: accounts that used as many hashtags, and not one of them in common, have a proximity of 1, as
# near as an account is to itself. "jaccard_set" does the same. A table of 0 and 1 gives a network in which everybody
# is tied to everybody with the full weight. Take metric="jaccard_binary", which compares the columns, or make the
# table dense.
#
# Seen (ann #a #b, bob #c #d, cem #a #c; proximity of ann-bob, ann-cem, bob-cem):
#   dense                          0.00  0.33  0.33
#   sparse, default                1.00  1.00  1.00
#   sparse, "jaccard_binary"       0.00  0.33  0.33
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet distanceclosure==0.5 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from distanceclosure.distance import pairwise_proximity
from scipy.sparse import csr_matrix

table = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0]])
used = [set(np.flatnonzero(row)) for row in table]
pairs = [(0, 1), (0, 2), (1, 2)]
right = [len(used[i] & used[j]) / len(used[i] | used[j]) for i, j in pairs]


def of_pairs(matrix):
    return [float(matrix[i, j]) for i, j in pairs]


dense = of_pairs(pairwise_proximity(table))
sparse = of_pairs(pairwise_proximity(csr_matrix(table)))
as_sets = of_pairs(pairwise_proximity(csr_matrix(table), metric="jaccard_set"))
binary = of_pairs(pairwise_proximity(csr_matrix(table), metric="jaccard_binary"))
for name, found in (("dense", dense), ("sparse", sparse), ("sparse, set", as_sets), ("sparse, binary", binary)):
    print(f"{name:<15}", " ".join(f"{value:.2f}" for value in found))
assert np.allclose(dense, right) and np.allclose(binary, right)
assert sparse == [1.0, 1.0, 1.0], "changed: default"
assert as_sets == [1.0, 1.0, 1.0], "changed: set"
print("as described")
PYTHON
