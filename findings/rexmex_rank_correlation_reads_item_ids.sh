#!/usr/bin/env bash
# rexmex 0.1.3 with SciPy 1.17.1, rank correlation of two recommendation lists.
#
# kendall_tau and spearmans_rho take two lists of items, as all its ranking metrics do. They pass the ids
# themselves to SciPy, as if they were scores: what is correlated is the size of the id in each place,
# not the places of each item. Two lists that differ by a swap of the first two items agree by +2/3 or
# by -2/3, as the items happen to be numbered. The rank of each item has to be looked up before.
#
# Seen (four items, the second list with the first two swapped):
#   items 1 2 3 4   tau +0.667  rho +0.800
#   items 1 4 3 2   tau -0.667  rho -0.800
#   places of the items, however numbered: tau +0.667
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rexmex==0.1.3 six==1.17.0 scipy==1.17.1 numpy==2.4.6 pandas==2.3.3
"$folder/venv/bin/python" - <<'PYTHON'
from rexmex.metrics.ranking import kendall_tau, spearmans_rho
from scipy.stats import kendalltau

found = []
for ids in ([1, 2, 3, 4], [1, 4, 3, 2]):
    swapped = [ids[1], ids[0], *ids[2:]]
    tau, rho = kendall_tau(ids, swapped).statistic, spearmans_rho(ids, swapped).statistic
    places = kendalltau(range(4), [swapped.index(item) for item in ids]).statistic
    print("items", *ids, f"  tau {tau:+.3f}  rho {rho:+.3f}  of places {places:+.3f}")
    found.append((round(tau, 3), round(rho, 3), round(places, 3)))
assert found == [(0.667, 0.8, 0.667), (-0.667, -0.8, 0.667)], "changed"
print("as described")
PYTHON
