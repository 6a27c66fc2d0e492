#!/usr/bin/env bash
# povertyInequalityMeasures 1.1.1, inequality.get_gini(data, target_col, weight_col).
#
# Equal views have a Gini coefficient of 0, whatever stands for how many accounts. The area under the Lorenz curve
# starts at the first row instead of at nothing: the piece of the lowest group is missing. With a table of
# groups, one row for each with the number of its accounts as weight, that is no rounding: two equal groups of the
# same size get 0.25, and a few accounts beside a large group that gets least get nearly 1. With n rows of
# weight 1 the value is too high by the share of the lowest in the views, over n. get_sen_index uses it.
#
# Seen (views and accounts of each group; get_gini, mean difference over twice the mean):
#   5, 5            1, 1          0.2500   0.0000
#   5, 5, 5, 5      1, 1, 1, 1    0.0625   0.0000
#   5, 5            99, 1         0.9801   0.0000
#   1, 2            99, 1         0.9802   0.0098
#   1, 2, 3         10, 10, 10    0.2778   0.2222
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet povertyInequalityMeasures==1.1.1 pandas==3.1.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from povertyInequalityMeasures.inequality import get_gini

cases = [
    ((5, 5), (1, 1), 0.25, 0),
    ((5, 5, 5, 5), (1, 1, 1, 1), 0.0625, 0),
    ((5, 5), (99, 1), 0.9801, 0),
    ((1, 2), (99, 1), 0.9802, 0.0098),
    ((1, 2, 3), (10, 10, 10), 0.2778, 0.2222),
]
for views, accounts, seen, right in cases:
    each = np.repeat(views, accounts).astype(float)
    by_hand = np.abs(each[:, None] - each).mean() / (2 * each.mean())
    found = get_gini(pd.DataFrame({"views": views, "accounts": accounts}), "views", "accounts")
    print(f"{views!s:<13} {accounts!s:<13} {found:.4f} {by_hand:.4f}")
    assert abs(by_hand - right) < 0.0001, "by hand"
    assert abs(found - seen) < 0.0001, f"changed: {views}, {accounts}"
print("as described")
PYTHON
