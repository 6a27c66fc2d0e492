#!/usr/bin/env bash
# tau-ap 0.1.0, tau_ap(x, y), the rank correlation that weights the top of a list.
#
# Two rankings that differ in their first two places are to be further apart than two that differ in their last
# two: that is what the measure was made for (Yilmaz, Aslam and Robertson, SIGIR 2008). The function takes the
# row of an item for its rank: what weighs most is what stands first in the table. The same
# two rankings get another value when the rows stand in another order, and with rows sorted by name or id
# the bottom may weigh more than the top. As the paper has it the rows must be sorted by x, best first, which the
# docstring does not say. It is not enough to hand ranks.
#
# Seen (ten items, ranks 1 to 10; definition: the mean over places 2 to 10 of one ranking, of the share of items
# above that the other also has above):
#   swapped          definition   rows best first   rows worst first   rows as by name
#   ranks 1 and 2        0.7778            0.7778             0.9753            0.9630
#   ranks 9 and 10       0.9753            0.9753             0.7778            0.9556
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tau-ap==0.1.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from tau_ap import tau_ap

ranks = np.arange(1, 11)
by_name = np.array([4, 8, 1, 6, 2, 9, 0, 5, 3, 7])


def definition(first, second):
    """tau_AP of two rankings (rank 1 is best): for each place of the first, who is above in both."""
    order = np.argsort(first)
    above = [np.mean(second[order[:place]] < second[order[place]]) for place in range(1, len(order))]
    return 2 * np.mean(above) - 1


cases = {
    "ranks 1 and 2": ([0, 1], (0.7778, 0.7778, 0.9753, 0.9630)),
    "ranks 9 and 10": ([8, 9], (0.9753, 0.9753, 0.7778, 0.9556)),
}
for name, (pair, seen) in cases.items():
    other = ranks.copy()
    other[pair] = other[pair[::-1]]
    rows = (slice(None), slice(None, None, -1), by_name)
    found = [definition(ranks, other), *(tau_ap(ranks[row], other[row]) for row in rows)]
    assert np.allclose(found[0], [definition(ranks[row], other[row]) for row in rows]), "by hand"
    print(f"{name:<15}", *(f"{value:.4f}" for value in found))
    assert np.allclose(found, seen, atol=0.0001), f"changed: {name}"
print("as described")
PYTHON
