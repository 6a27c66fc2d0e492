#!/usr/bin/env bash
# psycomm 1.1.1, modularity.
#
# The function takes a matrix of similarity less a null model and a partition, and returns the sum inside the groups
# over the sum of all sizes, says its text. A partition whose groups are less alike than chance has a negative sum: that
# is how modularity tells a wrong grouping from a right one. The result is the size of the sum without its sign. Groups
# of accounts that are unlike each other look like communities, two camps that talk only across look like echo chambers,
# and in a list of partitions the best by this value may be the worst. Sum inside the groups by hand.
#
# Seen (two camps of 4; groups by camp, or "across": half of each camp in each group):
#                                     psycomm    with its sign    Newman and Girvan
#   ties inside the camps, by camp    0.556      0.556            0.5
#   ties inside the camps, across     0.037      -0.037           -0.167
#   ties across only, by camp         0.429      -0.429           -0.5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet psycomm==1.1.1 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import product

import networkx as nx
import numpy as np
import psycomm

camp = np.array([0, 0, 0, 0, 1, 1, 1, 1])
across = np.array([0, 0, 1, 1, 0, 0, 1, 1])
inside = nx.disjoint_union(nx.complete_graph(4), nx.complete_graph(4))
outside = nx.Graph(product(range(4), range(4, 8)))
cases = [("inside, by camp", inside, camp), ("inside, across", inside, across), ("across only, by camp", outside, camp)]
found = {}
for name, graph, labels in cases:
    table = nx.to_numpy_array(graph, nodelist=range(8))
    degree = table.sum(axis=1)
    clean = table - np.outer(degree, degree) / degree.sum()
    np.fill_diagonal(clean, 0)
    signed = clean[labels[:, None] == labels].sum() / np.abs(clean).sum()
    groups = [set(np.flatnonzero(labels == label).tolist()) for label in (0, 1)]
    usual = nx.community.modularity(graph, groups)
    found[name] = psycomm.modularity(clean, labels), float(signed), usual
    print(f"{name:<21} psycomm {found[name][0]:.3f}, with its sign {signed:.3f}, Newman and Girvan {usual:.3f}")
for value, signed, _ in found.values():
    assert abs(value - abs(signed)) < 1e-12, "changed"
assert found["inside, by camp"][1] > 0 and found["inside, by camp"][2] == 0.5
assert found["across only, by camp"][1] < 0 and found["across only, by camp"][2] == -0.5
assert found["across only, by camp"][0] > 0 and found["inside, across"][1] < 0
print("as described")
PYTHON
