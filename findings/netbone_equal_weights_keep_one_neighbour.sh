#!/usr/bin/env bash
# NetBone 0.2.3, Multiple Linkage Analysis (mlam) where the ties of an account are equally strong.
#
# The method compares the weights of an account with ideal ones, 1 / k for its k strongest ties and nothing for the
# rest, and keeps as many ties as fit best. Equal weights fit the ideal of all ties perfectly, so all of them
# belong to the backbone. But the fit is a squared correlation, which equal numbers do not have, and at the first that
# is not a number the search ends: the account keeps one tie, to the neighbour who comes first in the file. A
# clique becomes a star around whoever comes first, and another order of rows gives another backbone. Counts of
# co-shares are mostly 1, so that many accounts are of this kind. Decide accounts with equal weights yourself.
#
# Seen (a clique of five, each tie with weight 2; then the ties of one account, and how many of them it keeps):
#   nodes 0 1 2 3 4     0-1 0-2 0-3 0-4
#   nodes 4 3 2 1 0     0-4 1-4 2-4 3-4
#   weights 2, 2, 2, 1  3
#   weights 2, 2, 2, 2  1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# NetBone pins versions that have no wheels for newer Pythons; what it computes is the same with these.
"$folder/venv/bin/pip" install --quiet networkx==3.6.1 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3 igraph==1.0.0 \
    jax==0.9.0 statsmodels==0.15.0 matplotlib==3.11.2 seaborn==0.13.2 python-louvain==0.16 tabulate==0.9.0
"$folder/venv/bin/pip" install --quiet --no-deps netbone==0.2.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations
import netbone
import networkx as nx
from netbone.filters import boolean_filter
def backbone(graph):
    return boolean_filter(netbone.mlam(graph), narrate=False)
for order, seen in ((range(5), 0), (range(4, -1, -1), 4)):
    graph = nx.Graph()
    graph.add_weighted_edges_from((u, v, 2.0) for u, v in combinations(order, 2))
    found = sorted(tuple(sorted(edge)) for edge in backbone(graph).edges)
    print("nodes", *order, "  ", *(f"{u}-{v}" for u, v in found))
    assert found == sorted(tuple(sorted((seen, v))) for v in range(5) if v != seen), "changed: clique"
for weights, seen in (((2, 2, 2, 1), 3), ((2, 2, 2, 2), 1)):
    graph = nx.Graph()
    for friend, weight in enumerate(weights, 1):
        # Each friend has a stronger tie elsewhere, so that only account 0 can keep this one.
        graph.add_edge(0, friend, weight=weight)
        graph.add_edge(friend, -friend, weight=50)
    kept = sum(backbone(graph).has_edge(0, friend) for friend in range(1, 5))
    print("weights", *weights, "  ", kept)
    assert kept == seen, f"changed: {weights}"
print("as described")
PYTHON
