#!/usr/bin/env bash
# burst_detection 0.1.3 (Kleinberg in batches), with NumPy 1.23.5: newer ones lack np.float, so Python 3.11 only.
#
# Its cost of a state is that of the state in this period alone: costs of the periods before are not carried along,
# so the "optimal state sequence" is a walk that looks one step ahead. A burst begins only if its first period
# pays for the whole price of going up, gamma * log(n). A hashtag that is used 2.4 times as often for eight weeks
# of thirty is no burst: each week is worth 2.95, less than the price of 3.40, while the eight together are worth
# 23.6. Whether a burst is found depends on its sharpest week and not on how much was said: slow, long campaigns
# leave no trace, and others begin late. Compute the path yourself, as below.
#
# Seen (30 weeks of 1,000 posts, a tag in 10 of them, in more in weeks 12 to 19; weeks of bursts; cost above the best):
#   24 in each week            burst_detection none      20.2    Viterbi 12 to 19
#   40 in the first, then 24   burst_detection 12 to 19   0.0    Viterbi 12 to 19
#   24, 40 in the last         burst_detection 19        16.8    Viterbi 12 to 19
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet burst_detection==0.1.3 numpy==1.23.5 pandas==2.0.3 mpmath==1.3.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import burst_detection
import numpy as np
import pandas as pd

WEEKS, POSTS, RATIO, GAMMA = 30, 1000, 2, 1.0


def costs(counts):
    """Minus log-likelihood of each week under both rates, without the part they share."""
    low = counts.sum() / (POSTS * WEEKS)
    return np.array([-(counts * np.log(p) + (POSTS - counts) * np.log(1 - p)) for p in (low, RATIO * low)])


def total(states, cost):
    rises = np.diff(states, prepend=0) == 1
    return GAMMA * np.log(WEEKS) * rises.sum() + cost[states, np.arange(WEEKS)].sum()


def viterbi(cost):
    rise = GAMMA * np.log(WEEKS)
    best, origins = np.array([cost[0, 0], rise + cost[1, 0]]), []
    for week in range(1, WEEKS):
        ways = np.array([[best[0], best[1]], [best[0] + rise, best[1]]])
        origins.append(ways.argmin(axis=1))
        best = ways.min(axis=1) + cost[:, week]
    states = [int(best.argmin())]
    for origin in reversed(origins):
        states.append(int(origin[states[-1]]))
    return np.array(states[::-1])


def weeks(begin, in_burst, end):
    counts = np.full(WEEKS, 10.0)
    counts[12:20] = in_burst
    counts[12], counts[19] = begin, end
    path, *_ = burst_detection.burst_detection(
        pd.Series(counts), pd.Series(np.full(WEEKS, POSTS)), WEEKS, RATIO, GAMMA, smooth_win=1
    )
    cost = costs(counts)
    found, best = path.ravel().astype(int), viterbi(cost)
    return np.flatnonzero(found).tolist(), np.flatnonzero(best).tolist(), total(found, cost) - total(best, cost)


burst = list(range(12, 20))
seen = {(24, 24, 24): ([], 20.196), (40, 24, 24): (burst, 0), (24, 24, 40): ([19], 16.846)}
for counts, (expected, above) in seen.items():
    found, best, extra = weeks(*counts)
    print(counts, found, f"{extra:.3f}", "Viterbi", best)
    assert best == burst, "changed: the best path"
    assert found == expected and abs(extra - above) < 0.01, f"changed: {counts}"
print("as described")
PYTHON
