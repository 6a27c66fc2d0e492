#!/usr/bin/env bash
# mannkendall 1.1.1 (MeteoSwiss), mk_temp_aggr with one series of days.
#
# The test asks whether values rise with time, and takes the time of every value. Only pairs of values from two
# different calendar years are compared, which the documentation does not say. A series of days within one year has no
# such pair: whatever its trend, p is 1, it is "not significant", and both limits of its slope are the slope itself. In
# a series over New Year's the p-value depends on how many days lie on each side, so that the same series is
# significant or not by the day on which the collection began. The slope is that of all pairs. Take pymannkendall,
# scipy.stats.kendalltau, or times that are stretched so that each value has a year.
#
# Seen (300 days, Kendall's tau with the day 0.27, without prewhitening; p, and p by kendalltau):
#   from 1 January 2024     1.000    2e-12    limits of the slope: the slope
#   from 5 July 2023        0.000    2e-12
#   from 20 December 2023   0.131    2e-12
#   one value a year        0.000    2e-12
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mannkendall==1.1.1 statsmodels==0.15.0 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from datetime import datetime, timedelta

import mannkendall
import numpy as np
from scipy.stats import kendalltau

draw = np.random.default_rng(1)
values = 0.005 * np.arange(300) + draw.normal(size=300)
tau, right = kendalltau(np.arange(300), values)
days = np.arange(300) * timedelta(days=1)
cases = {
    "from 1 January": (datetime(2024, 1, 1) + days, 0.9999, 1.0),
    "from 5 July": (datetime(2023, 7, 5) + days, 0.0, 1e-4),
    "from 20 December": (datetime(2023, 12, 20) + days, 0.1, 0.9),
    "one a year": (np.array([datetime(1700 + number, 7, 1) for number in range(300)]), 0.0, 1e-6),
}
assert right < 1e-6
for name, (times, low, high) in cases.items():
    # alpha_ak=100: no prewhitening, so that the values are the same in all cases.
    found = mannkendall.mk_temp_aggr(times, values, 0.001, pw_method="pw", alpha_ak=100)[1]
    limits = float(found["ucl"]) - float(found["lcl"])
    print(f"{name:<17} p {found['p']:.1e}  width of the limits {limits:.3f}  kendalltau {tau:.2f}, p {right:.1e}")
    assert low <= found["p"] <= high, f"changed: {name}"
    assert name != "from 1 January" or limits == 0, "changed: limits"
print("as described")
PYTHON
