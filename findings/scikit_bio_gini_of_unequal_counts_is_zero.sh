#!/usr/bin/env bash
# scikit-bio 0.7.4, gini_index of a few counts, such as the views of the videos of one account.
#
# The Gini index is known by its mean absolute difference: 0 if all counts are equal, (n - 1) / n if
# one has everything. The default method of gini_index adds up rectangles that reach above the
# Lorenz curve, so the result is lower by 1 / n, and 0 where that would be negative: 1, 2, 3, 4 seem
# perfectly equal. Accounts with few videos come out more equal than accounts with many, and the
# difference between two groups can be nothing but the difference of 1 / n. Pass
# method="trapezoids", which is right for any n.
#
# Seen (default, trapezoids, mean absolute difference):
#   1, 2, 3, 4          0.0000  0.2500  0.2500
#   0, 12               0.0000  0.5000  0.5000
#   0, 0, 1, 3          0.3750  0.6250  0.6250
#   the same, 25 times  0.6150  0.6250  0.6250
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-bio==0.7.4
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from skbio.diversity.alpha import gini_index

cases = {
    "1, 2, 3, 4": ([1, 2, 3, 4], 0.25),
    "0, 12": ([0, 12], 0.5),
    "0, 0, 1, 3": ([0, 0, 1, 3], 0.625),
    "the same, 25 times": ([0, 0, 1, 3] * 25, 0.625),
}
for name, (counts, right) in cases.items():
    values = np.array(counts, float)
    by_pairs = np.abs(values[:, None] - values).mean() / (2 * values.mean())
    default = gini_index(counts)
    trapezoids = gini_index(counts, method="trapezoids")
    print(f"{name:<18}  {default:.4f}  {trapezoids:.4f}  {by_pairs:.4f}")
    assert abs(by_pairs - right) < 1e-9, name
    assert abs(trapezoids - right) < 1e-9, f"changed: trapezoids, {name}"
    assert abs(default - max(right - 1 / len(counts), 0)) < 1e-9, f"changed: default, {name}"
print("as described")
PYTHON
