#!/usr/bin/env bash
# tau-ap 0.1.0, AP correlation of two rankings.
#
# Yilmaz, Aslam and Robertson's coefficient is a Kendall's tau in which mistakes at the top count more. The function
# takes two lists of numbers "x" and "y" of the same items, without ties, and scipy.stats.kendalltau takes the same. But
# it does not rank anything: the weights go to the first rows of the lists, whatever stands there. Only rows sorted from
# the best to the worst, by the ranking that is judged, give the coefficient. Rows in the order of item ids give
# another number, between that of a mistake at the top and that of a mistake at the bottom; rows sorted from
# the smallest up, as a sort by score leaves them, turn top and bottom round. Sort the rows first.
#
# Seen (ten items with scores 10 to 1; another ranking that swaps two of them):
#   best first, the first two swapped     0.778    the last two swapped   0.975
#   worst first                           0.975                           0.778
#   in 200 random orders of the rows      0.778 to 0.975 for either
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tau-ap==0.1.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from scipy.stats import kendalltau
from tau_ap import tau_ap
scores = np.arange(10, 0, -1.0)
draw = np.random.default_rng(0)
orders = [draw.permutation(10) for _ in range(200)]
def defined(judged, truth):
    """By the definition: of the items above each place of the judged ranking, the share that is rightly above."""
    truth = truth[np.argsort(-judged)]
    return 2 * np.mean([np.mean(truth[:place] > truth[place]) for place in range(1, len(truth))]) - 1
for name, pair, value in (("first", [0, 1], 0.778), ("last", [8, 9], 0.975)):
    other = scores.copy()
    other[pair] = other[pair[::-1]]
    best, worst = tau_ap(scores, other), tau_ap(scores[::-1], other[::-1])
    found = [tau_ap(scores[order], other[order]) for order in orders]
    print(f"{name} two swapped: best first {best:.3f}, worst first {worst:.3f}")
    print(f"    any order {min(found):.3f} to {max(found):.3f}")
    assert round(best, 3) == value and round(worst, 3) == (0.975 if value == 0.778 else 0.778), f"changed: {name}"
    assert max(found) - min(found) > 0.1, f"changed: {name}, any order"
    for order in orders:
        assert np.isclose(defined(other[order], scores[order]), value, atol=5e-4)
        assert np.isclose(kendalltau(scores[order], other[order]).statistic, 1 - 2 / 45 * 1)
print("as described")
PYTHON
