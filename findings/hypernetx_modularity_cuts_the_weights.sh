#!/usr/bin/env bash
# HyperNetX 2.4.3, modularity of a hypergraph whose edges have weights that are no whole numbers.
#
# Modularity is a share, and the same weights in other units (hours or minutes, shares or percent) give the same value;
# the partition with one community has modularity 0. The weights of edges are added into arrays of integers, each sum is
# cut to a whole number, and the part that is expected by chance comes out too small: the value depends on the unit, one
# community has a modularity far above 0, and it can be the best partition. With all weights below 1, as with normalised
# ones, nothing is left and the result is not a number. last_step, which moves nodes to raise modularity, has the same
# sums. Whole numbers are right: multiply the weights before the call.
#
# Seen (six accounts in five groups with weights 0.5 to 2.4):
#                         one community    a, b / c, d / e, f
#   weights as they are   0.508            0.473
#   times 10              0.0              0.329
#   divided by 10         nan              nan
#   by hand               0.0              0.329
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet hypernetx==2.4.3 networkx==3.6.1 pandas==2.3.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import math
from itertools import product

import hypernetx as hnx
from hypernetx.algorithms.clustering.hypergraph_modularity import linear, modularity

groups = {"1": ["a", "b", "c"], "2": ["a", "b"], "3": ["d", "e", "f"], "4": ["e", "f"], "5": ["c", "d"]}
weights = {"1": 0.5, "2": 0.9, "3": 2.4, "4": 1.8, "5": 0.5}
partitions = {"one community": [set("abcdef")], "three": [{"a", "b"}, {"c", "d"}, {"e", "f"}]}


def by_hand(parts):
    total = sum(weights.values())
    volume = [sum(weights[name] for name, group in groups.items() for one in group if one in part) for part in parts]
    value = 0.0
    for name, group in groups.items():
        size = len(group)
        value += weights[name] * linear(size, max(len(part & set(group)) for part in parts))
        for count, part in product(range(size // 2 + 1, size + 1), volume):
            share = part / sum(volume)
            chance = math.comb(size, count) * share**count * (1 - share) ** (size - count)
            value -= weights[name] * linear(size, count) * chance
    return value / total


found = {}
for factor in (1, 10, 0.1):
    graph = hnx.Hypergraph(groups, edge_properties={name: {"weight": factor * w} for name, w in weights.items()})
    for name, parts in partitions.items():
        found[factor, name] = float(modularity(graph, parts))
    print(f"weights times {factor}:", *(f"{name} {found[factor, name]:.3f}" for name in partitions))
print("by hand:", *(f"{name} {by_hand(parts):.3f}" for name, parts in partitions.items()))
for name, parts in partitions.items():
    assert abs(found[10, name] - by_hand(parts)) < 1e-9, "changed: whole numbers"
    assert math.isnan(found[0.1, name]), "changed: small weights"
assert abs(by_hand(partitions["one community"])) < 1e-12
assert found[1, "one community"] > found[1, "three"] > by_hand(partitions["three"]) + 0.1, "changed"
print("as described")
PYTHON
