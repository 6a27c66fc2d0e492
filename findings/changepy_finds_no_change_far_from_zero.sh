#!/usr/bin/env bash
# changepy 0.4.0 (PELT, "ported from" the R and Julia packages), pelt(normal_mean(data, variance), len(data)).
#
# A change of the mean does not depend on where zero is. The cost of a segment should be its sum of squares around its
# mean; here the sum of absolute values stands where the sum of squares should, and is divided by the length. As
# the squares are the same for every partition, their lack does no harm; what was added does: each segment costs
# the mean of its absolute values, so a change must first pay for the level of the series. A step from 0 to 3 is
# found, the same step from 50 to 53 is not: small accounts change, large ones never do. And the argument
# "variance" is squared: the standard deviation has to be given.
# Subtract the median first and give the deviation, or use another package.
#
# Seen (80 days, after 40 a step of three standard deviations, eight draws; found within a day):
#   level added              0   10   30   50
#   changepy                 8    8    1    0
#   ruptures, l2             8    8    8    8
#   cost with variance 1 over that with variance 2: 4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet changepy==0.4.0 ruptures==1.1.10 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import ruptures
from changepy import pelt
from changepy.costs import normal_mean

DAYS = 80


def found(change_points):
    return any(abs(day - 40) <= 1 for day in change_points)


def exact(series):
    return ruptures.Pelt("l2", jump=1).fit(series).predict(2 * np.log(DAYS))[:-1]


draws = [np.random.default_rng(seed).normal(0, 1, DAYS) + 3 * (np.arange(DAYS) >= 40) for seed in range(8)]
seen = {0: (8, 8), 10: (8, 8), 30: (1, 8), 50: (0, 8)}
for level, expected in seen.items():
    moved = [series + level for series in draws]
    own = sum(found(pelt(normal_mean(series, 1.0), DAYS)) for series in moved)
    peer = sum(found(exact(series)) for series in moved)
    print(f"level {level}: changepy {own}, ruptures {peer} of 8")
    assert (own, peer) == expected, f"changed: level {level}"
ratio = normal_mean(draws[0], 1.0)(0, DAYS) / normal_mean(draws[0], 2.0)(0, DAYS)
print(f"cost with variance 1 over that with variance 2: {ratio:.3f}")
assert abs(ratio - 4) < 1e-9, "changed: variance"
print("as described")
PYTHON
