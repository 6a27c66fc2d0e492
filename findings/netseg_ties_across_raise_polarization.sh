#!/usr/bin/env bash
# netseg 0.1.8 and netsegpol 0.1.0, boundary connectivity of two communities.
#
# For each account at the border the measure takes the share of its ties that stay inside, among those that stay
# inside or go across, less 0.5: positive values are polarization. Both packages take as staying inside every tie to
# an account that is not at the border, of whichever community. An account of the other community that has no
# friend inside it is by definition not at the border, so a tie to it, which goes across, counts as staying inside.
# The more such followers from the other side somebody has, the more polarized the network becomes, and mixing
# is reported as its opposite. relax=True does not change it. Compare the communities of both ends yourself.
#
# Seen (ann-bob in one community, cat-dan in the other, bob-cat across, and n others of the second community who know
# bob alone; both packages, and the share with all ties across counted as such, for bob and cat together):
#   n = 0     0.0000    0.0000
#   n = 3     0.1500   -0.1500
#   n = 100   0.2451   -0.2451
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet netseg==0.1.8 netsegpol==0.1.0 igraph==1.0.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import igraph
import netseg
from netsegpol.measures import Measurer
ANN, BOB, CAT, DAN = range(4)
for others, seen in ((0, 0.0), (3, 0.15), (100, 0.2451)):
    ties = [(ANN, BOB), (BOB, CAT), (CAT, DAN), *((BOB, DAN + i) for i in range(1, others + 1))]
    sides = [0, 0, 1, 1] + [1] * others
    graph = igraph.Graph(len(sides), ties)
    found = [
        float(netseg.boundary_connectivity(sides, graph)),
        float(netseg.boundary_connectivity(sides, graph, relax=True)),
        float(Measurer(ties, dict(enumerate(sides)), directed=False).boundary_connectivity()),
    ]
    counted = ((1 / (2 + others) - 0.5) + (1 / 2 - 0.5)) / 2
    print(f"n = {others:<4}", *(f"{value:.4f}" for value in found), f" {counted:.4f}")
    # The packages add 0.0001 to both parts of a share.
    assert all(abs(value - seen) < 1e-4 for value in found), f"changed: {others}"
print("as described")
PYTHON
