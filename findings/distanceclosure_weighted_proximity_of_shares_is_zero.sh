#!/usr/bin/env bash
# distanceclosure 0.5, pairwise_proximity(metric="jaccard_weighted").
#
# The weighted Jaccard of two accounts is the sum of the smaller over the sum of the greater of their two counts, and
# does not change if all counts are multiplied by one factor. Here it is 0 for every pair whose greater counts sum to
# less than 10, a default of the metric's own that the text of pairwise_proximity names ("min_support", "the minimum
# support passed to the metric function") without its value; the other two Jaccards of the function have 1. Accounts
# with few posts are far from everybody, also from those who did exactly the same, and a table of shares, in which
# every row sums to 1, gives a network without any tie. Pass min_support=0 with a dense table; with a sparse one it
# cannot be passed.
#
# Seen (posts of ann 5 3 2 0, bob 4 4 2 0, cem 0 0 1 9 on four topics; ann-bob, ann-cem, bob-cem):
#   counts                           0.82  0.05  0.05
#   the same rows as shares          0.00  0.00  0.00    with min_support=0  0.82  0.05  0.05
#   two accounts, both 2 2 1 0       0.00                with min_support=0  1.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet distanceclosure==0.5 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from distanceclosure.distance import pairwise_proximity

counts = np.array([[5, 3, 2, 0], [4, 4, 2, 0], [0, 0, 1, 9]])
shares = counts / counts.sum(axis=1, keepdims=True)
twins = np.array([[2, 2, 1, 0], [2, 2, 1, 0]])


def proximities(table, **given):
    found = pairwise_proximity(table, metric="jaccard_weighted", **given)
    return found[np.triu_indices(len(table), 1)]


def by_hand(table):
    rows, columns = np.triu_indices(len(table), 1)
    low = np.minimum(table[rows], table[columns]).sum(axis=1)
    return low / np.maximum(table[rows], table[columns]).sum(axis=1)


for name, table in (("counts", counts), ("shares", shares), ("twins", twins)):
    default, all_pairs = proximities(table), proximities(table, min_support=0)
    print(f"{name:<7} default {default.round(2)}, no support asked {all_pairs.round(2)}")
    assert np.allclose(all_pairs, by_hand(table)), name
assert np.allclose(by_hand(shares), by_hand(counts))
assert np.allclose(proximities(counts), by_hand(counts)), "changed: counts"
assert (proximities(shares) == 0).all(), "changed: shares"
assert (proximities(twins) == 0).all(), "changed: twins"
binary = pairwise_proximity(twins > 0, metric="jaccard_binary")
assert binary[0, 1] == 1
print("as described")
PYTHON
