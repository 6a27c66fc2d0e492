#!/usr/bin/env bash
# NetComp 0.2.3 with networkx 2.8.8, vertex_edge_overlap and vertex_edge_distance.
#
# The overlap of two networks counts the vertices and edges that both have: 1 for a network and itself, distance 0.
# The docstring writes the formula with the sign of an intersection, calls it a union, and the code takes the union.
# A network and itself then get 0.5, the least there is, and the fewer edges two networks of the same accounts share,
# the more "similar" they are: a week whose ties are all new is nearer to this week than this week is. A ranking of
# change between snapshots is turned round. Count what both have, over half of the sum of the sizes.
#
# Seen (a ring of 6 accounts against; overlap, distance, right overlap):
#   itself            0.50  1.00  1.00
#   3 edges in common 0.62  0.60  0.75
#   none in common    0.75  0.33  0.50
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx==2.8.8 numpy==2.4.6 scipy==1.17.1
# NetComp also asks for a networkx below 2, which no Python in use can import; these two functions need 1 or 2.
"$folder/venv/bin/pip" install --quiet --no-deps NetComp==0.2.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import netcomp
import numpy as np


def ring(order):
    found = np.zeros((6, 6))
    for u, v in zip(order, order[1:] + order[:1], strict=True):
        found[u, v] = found[v, u] = 1
    return found


this = ring([0, 1, 2, 3, 4, 5])
two_triangles = np.array([[float(i != j and (i - j) % 2 == 0) for j in range(6)] for i in range(6)])
cases = {
    "itself": (this, (0.5, 1.0, 1.0)),
    "3 in common": (ring([0, 1, 3, 2, 5, 4]), (0.625, 0.6, 0.75)),
    "none": (two_triangles, (0.75, 1 / 3, 0.5)),
}
for name, (other, seen) in cases.items():
    shared = int((this * other).sum() / 2)
    found = (
        netcomp.vertex_edge_overlap(this, other),
        netcomp.vertex_edge_distance(this, other),
        (6 + shared) / ((6 + 6 + 6 + 6) / 2),
    )
    print(f"{name:<12}", *(f"{value:.3f}" for value in found))
    assert other.sum() == 12
    assert all(abs(a - b) < 1e-9 for a, b in zip(found, seen, strict=True)), f"changed: {name}"
print("as described")
PYTHON
