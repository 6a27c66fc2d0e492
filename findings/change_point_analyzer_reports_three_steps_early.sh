#!/usr/bin/env bash
# change-point-analyzer 0.0.5 ("based on Dr. Wayne Taylor's algorithm"), ChangePointAnalyzer(x).detect_changepoints().
#
# Taylor takes the last point before a change from the extreme of the cumulative sum, the point farthest from zero,
# or from the smallest squared error of two parts. The default here, Estimator.MSE, tries splits from the fourth
# point on and returns the place in that list plus one: the index is three less than that of the first new value.
# Estimator.CUSUM takes the largest cumulative sum, not the farthest from zero: a fall is found at its last old
# value, a rise at the last point of the series.
# Changes come days before the event that caused them, and growth is dated to the end of the data.
# Add 3 for the first new value with MSE; give CUSUM the negative series too.
#
# Seen (40 days, a step of 50 standard deviations; index reported):
#   first new value at            10         20         30
#   MSE     rise, fall         7   7     17  17      27  27
#   CUSUM   rise, fall        39   9     39  19      39  29
#   numpy, best split         10  10     20  20      30  30
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 matplotlib==3.11.1
# The package asks for NumPy 1; what it computes is the same with this one, which has wheels for newer Pythons.
"$folder/venv/bin/pip" install --quiet --no-deps change-point-analyzer==0.0.5
MPLBACKEND=agg "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from change_point_analyzer.main import ChangePointAnalyzer, Estimator

DAYS = 40


def best_split(series):
    """The first index of the second part, where two means leave the least squared error."""
    error = [series[:k].var() * k + series[k:].var() * (DAYS - k) for k in range(1, DAYS)]
    return 1 + int(np.argmin(error))


np.random.seed(0)
noise = np.random.default_rng(0).normal(0, 0.1, DAYS)
for first in (10, 20, 30):
    for step in (5, -5):
        series = noise + np.where(np.arange(DAYS) < first, 0, step)
        analyzer = ChangePointAnalyzer(series)
        found = [
            [int(index) for index, _ in analyzer.detect_changepoints(estimator, recursive=False)]
            for estimator in (Estimator.MSE, Estimator.CUSUM)
        ]
        default = [int(index) for index, _ in analyzer.detect_changepoints()]
        print(f"first new value {first}, step {step:+}: MSE {found[0]}, CUSUM {found[1]}, split {best_split(series)}")
        assert best_split(series) == first, "changed: the split"
        assert found[0] == [first - 3] and first - 3 in default, "changed: MSE"
        assert found[1] == [DAYS - 1 if step > 0 else first - 1], "changed: CUSUM"
print("as described")
PYTHON
