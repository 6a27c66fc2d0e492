#!/usr/bin/env bash
# IneqPy 0.4.1, hoover() and atkinson(e=1) of views or followers.
#
# The Hoover index is the share that would have to be moved to make all equal: 0 if all have the same, (n - 1) / n if
# one has everything. IneqPy divides each value by n and then takes its distance from the mean of the undivided
# values. So equal values give (n - 1) / 2, far above 1 for any real list, and an account that has everything
# gives 0. Atkinson's index at e = 1 is one minus the geometric mean over the arithmetic one, whatever the unit. Here
# it is 0.875 for four accounts with 2 views each and 1 for a longer list. Gini, Theil and Atkinson at other e
# hold. Take half the mean distance from the mean, divided by the mean.
#
# Seen (hoover, by its definition; atkinson with e=1, by its definition):
#   1, 1, 1, 1    1.5000  0.0000   0.0000  0.0000
#   2, 2, 2, 2    1.5000  0.0000   0.8750  0.0000
#   0, 0, 0, 4    0.0000  0.7500   -
#   1, 2, 3, 4    1.5000  0.2000   0.9433  0.1147
#   1 to 100     49.5000  0.2475   1.0000  0.2477
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ineqpy==0.4.1 pandas==2.3.3 numba==0.68.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from ineqpy.inequality import atkinson, hoover
cases = {
    "1, 1, 1, 1": (np.ones(4), 1.5, 0),
    "2, 2, 2, 2": (np.full(4, 2.0), 1.5, 0.875),
    "0, 0, 0, 4": (np.array([0, 0, 0, 4.0]), 0, None),
    "1, 2, 3, 4": (np.arange(1.0, 5), 1.5, 0.9433),
    "1 to 100": (np.arange(1.0, 101), 49.5, 1),
}
for name, (views, seen, seen_atkinson) in cases.items():
    index = float(hoover(views))
    defined = np.abs(views - views.mean()).mean() / 2 / views.mean()
    print(f"{name:<11} {index:8.4f} {defined:7.4f}", end="")
    assert abs(index - seen) < 1e-4, f"changed: hoover of {name}"
    if seen_atkinson is not None:
        index = float(atkinson(views, e=1))
        print(f" {index:8.4f} {1 - np.exp(np.log(views).mean()) / views.mean():7.4f}", end="")
        assert abs(index - seen_atkinson) < 1e-4, f"changed: atkinson of {name}"
    print()
print("as described")
PYTHON
