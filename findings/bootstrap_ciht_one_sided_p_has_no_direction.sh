#!/usr/bin/env bash
# bootstrap-CIHT 0.1.1, calculate_hypothesis_test with h_sides=1.
#
# h1_dir="greater" tests whether the experiment's mean is greater than the control's. The distance from the null is
# taken without its sign and laid off on the asked side, so the p-value is that of a difference of the same size
# in the direction that was asked for. An arm that is clearly worse is "better" at p < 0.001, and
# the p-values of both directions are the same instead of adding up to 1. The one-sided interval of the same call is
# right and lies below zero, against its own p-value. Test two-sided, or read the interval.
#
# Seen (two arms of 200 accounts, means 9.78 and 8.73 cross-cutting posts a day; bootstrap-CIHT, Student's t-test):
#   H1: new > old    0.000    1.000    interval for the difference of calculate_CI: above -1.5
#   H1: new < old    0.000    0.000    interval: below -0.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet bootstrap-CIHT==0.1.1 matplotlib==3.11.2 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
MPLBACKEND=Agg MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io

import numpy as np
import pandas as pd
from bootstrap_CIHT import Bootstrap_CIHT
from scipy.stats import ttest_ind

draw = np.random.default_rng(1)
old, new = draw.normal(10, 3, 200), draw.normal(9, 3, 200)
table = pd.DataFrame({"posts": np.r_[old, new], "arm": ["old"] * 200 + ["new"] * 200})
found = {}
for direction in ("greater", "less"):
    with contextlib.redirect_stdout(io.StringIO()):
        test = Bootstrap_CIHT(
            table, "posts", num_vars=2, group_col="arm", group1="old", group2="new", samples=500, h_sides=1,
            h1_dir=direction,
        )  # fmt: skip
        differences = test.get_bootstrap_sample()[2]
        interval, p = test.calculate_CI(differences), test.calculate_hypothesis_test(differences)
    right = ttest_ind(new, old, alternative=direction).pvalue
    low, high = (float(end) for end in interval)
    print(f"new {direction} than old: p {p:.4f}, t-test {right:.4f}, interval {low:.2f} to {high:.2f}")
    found[direction] = p, right, low, high
assert new.mean() < old.mean() - 1
assert found["greater"][1] > 0.999 and found["less"][1] < 0.001
assert found["less"][0] < 0.002 and found["less"][3] < 0
assert found["greater"][0] < 0.002 and found["greater"][2] < 0, "changed: the other direction"
print("as described")
PYTHON
