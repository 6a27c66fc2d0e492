#!/usr/bin/env bash
# abexp 0.0.3, compare_mean_stats beside compare_mean_obs, and compare_conv_obs beside compare_conv_stats.
#
# Each pair does one test, from the data and from their means, deviations and numbers, and gives a p-value and "the
# confidence interval for the control group" and that of the treatment group. compare_mean_stats builds both with the
# standard error of the difference, so they are wider by the square root of two for arms of one size, and a small arm
# makes the interval of the large one as wide as its own: the mean of 10,000 accounts has one of ±1.0
# beside an arm of 35, instead of ±0.06. compare_conv_obs takes alpha and leaves it aside, so that an interval
# asked for at 99 % holds 95 %. Take compare_mean_obs and compare_conv_stats.
#
# Seen (half width of the interval of the control group):
#   400 and 400 accounts, deviation 3             0.417 from means, 0.295 by hand
#   10,000 and 35 accounts, deviation 3           0.996 from means, 0.059 by hand
#   50 of 500 accounts, alpha=0.01                0.026 from data, 0.035 by hand
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 statsmodels==0.15.0 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
# The package asks for versions of 2021, which Python 3.11 and newer do not have, and for sampling packages.
"$folder/venv/bin/pip" install --quiet --no-deps abexp==0.0.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from abexp.core.analysis_frequentist import FrequentistAnalyzer
from scipy.stats import norm, t

analyzer = FrequentistAnalyzer()


def half(interval):
    return float(interval[1] - interval[0]) / 2


def accounts(number, mean, deviation):
    """Data with exactly this mean and deviation."""
    data = np.random.default_rng(number).normal(size=number)
    return mean + deviation * (data - data.mean()) / data.std(ddof=1)


for control, treated, seen in ((400, 400, 0.417), (10_000, 35, 0.996)):
    right = 3 / np.sqrt(control) * t.ppf(0.975, control - 1)
    from_data = half(analyzer.compare_mean_obs(accounts(control, 10, 3), accounts(treated, 10.5, 3))[1])
    from_means = half(analyzer.compare_mean_stats(10, 10.5, 3, control, treated)[1])
    print(f"{control} and {treated}: from means {from_means:.3f}, from data {from_data:.3f}, by hand {right:.3f}")
    assert abs(from_data - right) < 1e-9
    assert abs(from_means - seen) < 0.001, "changed: means"
control, treated = np.repeat([1, 0], [50, 450]), np.repeat([1, 0], [70, 430])
right = norm.ppf(0.995) * np.sqrt(0.1 * 0.9 / 500)
from_data = half(analyzer.compare_conv_obs(control, treated, alpha=0.01)[1])
from_counts = half(analyzer.compare_conv_stats(50, 70, 500, 500, alpha=0.01)[1])
print(f"alpha=0.01: from data {from_data:.3f}, from counts {from_counts:.3f}, by hand {right:.3f}")
assert abs(from_counts - right) < 1e-9
assert abs(from_data - right * norm.ppf(0.975) / norm.ppf(0.995)) < 1e-9, "changed: alpha"
print("as described")
PYTHON
