#!/usr/bin/env bash
# networkx-temporal 1.4.4, from_multigraph.
#
# Several ties of one pair become one tie, whose weight is their sum, as the text says. The sums are stored only if at
# least one pair of the whole graph has a sum above 1. With weights that are small, such as shares, decayed or
# minimum-maximum scaled ones, no pair may have it: then every pair keeps the weight of its last row, and the order of
# the rows decides which accounts are close. One more row somewhere else switches the sums of all others on.
# degree_centralization and other functions call it themselves. Multiply the weights by a large factor before the call
# and divide after it. (The package imports a name from the module turtle that it does not use, which needs Tk; the
# script puts an empty one in its place.)
#
# Seen (ann-bob 0.4 and then 0.1, ann-cem 0.1 and then 0.2; the weights of ann-bob and ann-cem):
#   as given                         0.1  0.2
#   with a tie dan-eve of 1.5        0.5  0.3
#   times 100 and divided after it   0.5  0.3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx-temporal==1.4.4 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from types import SimpleNamespace

sys.modules["turtle"] = SimpleNamespace(pd=None)

import networkx as nx
import networkx_temporal as tx

rows = [("ann", "bob", 0.4), ("ann", "cem", 0.1), ("ann", "bob", 0.1), ("ann", "cem", 0.2)]


def weights(given, factor=1):
    many = nx.MultiGraph()
    many.add_weighted_edges_from((u, v, weight * factor) for u, v, weight in given)
    one = tx.from_multigraph(many)
    return tuple(round(one["ann"][v]["weight"] / factor, 9) for v in ("bob", "cem"))


sums = tuple(round(sum(weight for _, v, weight in rows if v == name), 9) for name in ("bob", "cem"))
cases = {
    "as given": (weights(rows), (0.1, 0.2)),
    "rows turned round": (weights(rows[::-1]), (0.4, 0.1)),
    "with a tie of 1.5": (weights([*rows, ("dan", "eve", 1.5)]), sums),
    "times 100": (weights(rows, 100), sums),
}
assert sums == (0.5, 0.3)
for name, (found, expected) in cases.items():
    print(f"{name:<18}", *found)
    assert found == expected, f"changed: {name}"
print("as described")
PYTHON
