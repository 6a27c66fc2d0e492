#!/usr/bin/env bash
# netsmith 0.3.0, permutation_tests (Python 3.13; the package asks for 3.12 or later).
#
# "Permutation test for graph statistics" takes a graph and any function of a graph, and was expected to compare the
# network with random ones. It gives the accounts other numbers and computes the function of the same network again.
# Clustering, the modularity of the best partition, components, degree assortativity and all else that does not know
# accounts by their number are the same in each of the 1000 "permuted" graphs: the null has no spread, its mean is the
# value observed, and p is 1. The most clustered of networks is found to be no more clustered than chance. A test with
# p = 1 looks like a plain negative result. Compare with null_models(method="degree_preserving") instead.
#
# Seen (10 cliques of 6 accounts in a ring; mean clustering observed, of the null, its standard deviation, p):
#   permutation_tests             0.889  0.889  0.000  1.00
#   against degree_preserving     0.889  0.037  0.011  0.01
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet netsmith==0.3.0 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations

import networkx as nx
import numpy as np
from netsmith.core.graph import Graph
from netsmith.core.metrics import clustering
from netsmith.core.nulls import null_models, permutation_tests

size, cliques = 6, 10
accounts = size * cliques
ties = [pair for first in range(0, accounts, size) for pair in combinations(range(first, first + size), 2)]
ties += [(first, (first + size + 1) % accounts) for first in range(0, accounts, size)]
graph = Graph(edges=ties, n_nodes=accounts)


def mean_clustering(one):
    return float(np.sort(clustering(one)).mean())


observed = mean_clustering(graph)
assert abs(observed - nx.average_clustering(nx.Graph(ties))) < 1e-9
found = permutation_tests(graph, mean_clustering, n_permutations=200, seed=1)
samples = null_models(graph, method="degree_preserving", n_samples=99, seed=1)["graphs"]
null = np.array([mean_clustering(one) for one in samples])
p = (1 + (null >= observed).sum()) / (1 + len(null))
print("permutation_tests", *(round(found[key], 3) for key in ("statistic", "null_mean", "null_std", "p_value")))
print("degree_preserving", round(observed, 3), round(null.mean(), 3), round(null.std(), 3), round(p, 3))
assert p == 0.01 and null.max() < observed / 2
assert abs(found["statistic"] - observed) < 1e-9 and abs(found["null_mean"] - observed) < 1e-9, "changed: null"
assert found["null_std"] < 1e-9 and found["p_value"] == 1.0, "changed: p"
print("as described")
PYTHON
