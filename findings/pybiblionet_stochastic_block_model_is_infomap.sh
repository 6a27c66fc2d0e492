#!/usr/bin/env bash
# PyBiblioNet 1.0.6 with igraph 1.0.0, cluster_graph(graph, "stochastic_block_model").
#
# A stochastic block model groups accounts that have ties to the same others, and so also finds groups without ties
# inside, such as fans and stars or buyers and sellers; a study uses it beside Infomap because they answer different
# questions. The text of the function lists both. Under the first name runs igraph's Infomap, and it does so without
# the weights, which "infomap" of the same function takes into account. Two groups that only have ties across become
# one. That "block model and Infomap agree" is then no check of robustness: both are one method, with and without
# weights. Fit a block model with a package that has one.
#
# Seen (6 fans and 6 stars with all ties across; sizes of the groups):
#   stochastic_block_model             12
#   igraph, community_infomap()        12
#   the likeliest two blocks, by hand   6 6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# The package also asks for a model of language and more, which this part of it does not use.
"$folder/venv/bin/pip" install --quiet networkx==3.6.1 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 igraph==1.0.0 \
    infomap==2.16.0 python-louvain==0.16
"$folder/venv/bin/pip" install --quiet --no-deps pybiblionet==1.0.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import random
from itertools import product

import igraph
import networkx as nx
import numpy as np
from pybiblionet.bibliometric_analysis.core import cluster_graph


def groups(graph, method="stochastic_block_model"):
    found = {}
    for account, number in cluster_graph(graph.copy(), method).nodes(data="cluster"):
        found.setdefault(number, set()).add(account)
    return sorted(map(sorted, found.values()))


def by_igraph(graph):
    random.seed(1)
    return sorted(map(sorted, igraph.Graph.from_networkx(graph).community_infomap()))


def fit(ties, labels):
    total = 0.0
    for one, other in ((0, 0), (0, 1), (1, 1)):
        rows, columns = np.flatnonzero(labels == one), np.flatnonzero(labels == other)
        cells = ties[np.ix_(rows, columns)]
        pairs = cells[np.triu_indices(len(rows), 1)] if one == other else cells.ravel()
        share = pairs.mean() if len(pairs) else 0.0
        if 0 < share < 1:
            total += len(pairs) * (share * np.log(share) + (1 - share) * np.log(1 - share))
    return total


graph = nx.complete_bipartite_graph(6, 6)
ties = nx.to_numpy_array(graph)
options = [np.array((0, *rest)) for rest in product((0, 1), repeat=11)]
best = max(options, key=lambda labels: fit(ties, labels))
right = sorted(np.flatnonzero(best == side).tolist() for side in (0, 1))
found = groups(graph)
print("stochastic_block_model", [len(group) for group in found])
print("igraph's Infomap      ", [len(group) for group in by_igraph(graph)])
print("two blocks by hand    ", [len(group) for group in right])
assert right == [list(range(6)), list(range(6, 12))]
assert found == by_igraph(graph) == [list(range(12))], "changed: two sides"
camps = nx.disjoint_union_all([nx.complete_graph(6) for _ in range(3)])
camps.add_edges_from([(0, 6), (7, 12), (13, 1)])
assert groups(camps) == by_igraph(camps) and len(by_igraph(camps)) == 3, "changed: camps"
nx.set_edge_attributes(camps, 1.0, "weight")
for u, v in ((0, 6), (7, 12), (13, 1)):
    camps[u][v]["weight"] = 1000.0
assert groups(camps) == by_igraph(camps) and len(groups(camps)) == 3, "changed: weights"
print("as described")
PYTHON
