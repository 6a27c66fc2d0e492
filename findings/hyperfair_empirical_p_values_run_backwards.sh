#!/usr/bin/env bash
# hyperfair 0.1.3, measure_fairness_multiple_points with quantile="empirical".
#
# The measure asks at each place of a ranking how likely so few of the protected group would be by chance, and compares
# the smallest of these p-values with rankings drawn at random. quantile says how they are found: by the
# hypergeometric distribution, or from the same random rankings, which should agree. The empirical ones of the random
# rankings are the share with at most as many, right; that of the ranking itself is the share with MORE. So a feed
# that hides the group passes and one with the group on top is unfair. Over the whole ranking it is 0 for
# every feed, since at the last place no ranking has more: each is rejected with certainty. Stay with "analytical".
#
# Seen (40 items, 16 of the group; p of "too few", analytical and empirical):
#                     first 10 places   all 40 places
#   group at the end    0.003  0.580     0.000  0.000
#   group on top        1.000  0.000     1.000  0.000
#   two of each five    0.688  0.216     0.908  0.000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet hyperfair==0.1.3 matplotlib==3.11.2 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
MPLBACKEND=Agg "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from hyperfair.hyperfair import measure_fairness_multiple_points
from scipy.stats import hypergeom
def by_hand(feed, places, draws=2000):
    """Smallest p-value of too few, against the smallest of shuffled feeds."""
    def smallest(feeds):
        seen, n = np.cumsum(feeds, axis=-1)[..., :places], feeds.shape[-1]
        return hypergeom.cdf(seen, n, feeds.sum(axis=-1, keepdims=True), np.arange(1, places + 1)).min(axis=-1)
    shuffled = np.random.default_rng(2).permuted(np.tile(feed, (draws, 1)), axis=1)
    return (smallest(shuffled) <= smallest(feed) + 1e-12).mean()
feeds = {
    "group at the end": np.repeat([0, 1], [24, 16]),
    "group on top": np.repeat([1, 0], [16, 24]),
    "even": np.tile([0, 1, 0, 1, 0], 8),
}
found = {}
for places in (10, 40):
    for name, feed in feeds.items():
        for quantile in ("analytical", "empirical"):
            found[name, places, quantile] = measure_fairness_multiple_points(
                feed, places, quantile=quantile, n_exp=2000, cache={}, seed=1
            )[0]
        hand, right, other = by_hand(feed, places), found[name, places, "analytical"], found[name, places, "empirical"]
        print(f"{places} places  {name:<16}  by hand {hand:.3f}  analytical {right:.3f}  empirical {other:.3f}")
        assert abs(hand - right) < 0.06
assert found["group at the end", 10, "empirical"] > 0.5 and found["group on top", 10, "empirical"] < 0.01, "changed"
assert all(found[name, 40, "empirical"] == 0 for name in feeds), "changed: all places"
print("as described")
PYTHON
