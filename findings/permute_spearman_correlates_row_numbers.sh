#!/usr/bin/env bash
# permute 0.2, core.spearman_corr(x, y), the permutation test of Spearman's rank correlation.
#
# One expects Spearman's coefficient, as SciPy gives it, with a p-value from permutations. The function takes
# argsort for ranks: it correlates the row numbers in the order of x with those in the order of y.
# What comes out depends on the order of the rows and has little to do with the data: accounts whose followers
# and likes rise together get any coefficient from -0.3 to 0.7, and p-values on either side of 0.05.
# Only rows that are sorted by one of the two give the right one. Ties get no mean rank either, and plus1 is not
# passed on. Hand ranks (scipy.stats.rankdata) to core.corr.
#
# Seen (40 accounts, y = x with noise; coefficient, one-sided p-value):
#   SciPy                    0.9503
#   as they come             0.1818  0.13
#   in 500 other orders     -0.3024 to 0.7099
#   sorted by x              0.9503  0.00
#   corr of the ranks        0.9503  0.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet permute==0.2 cryptorandom==0.4 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from permute.core import corr, spearman_corr
from scipy.stats import rankdata, spearmanr

rng = np.random.default_rng(1)
x = rng.normal(size=40)
y = x + 0.3 * rng.normal(size=40)
right = spearmanr(x, y).statistic
orders = [rng.permutation(40) for _ in range(500)]
spread = [spearman_corr(x[order], y[order], reps=1, seed=1)[0] for order in orders]
by_x = np.argsort(x)
cases = {
    "as they come": (spearman_corr(x, y, reps=2000, seed=1), 0.1818),
    "sorted by x": (spearman_corr(x[by_x], y[by_x], reps=2000, seed=1), right),
    "corr of the ranks": (corr(rankdata(x), rankdata(y), reps=2000, seed=1), right),
}
print(f"SciPy               {right:.4f}")
print(f"in 500 other orders {min(spread):.4f} to {max(spread):.4f}")
assert abs(right - 0.9503) < 0.0001, "changed: SciPy"
assert min(spread) < -0.2 and 0.5 < max(spread) < right, "changed: the order of the rows"
for name, ((coefficient, p, _), seen) in cases.items():
    print(f"{name:<19} {coefficient:.4f} {p:.2f}")
    assert abs(coefficient - seen) < 0.0001, f"changed: {name}"
    assert (p < 0.05) == (name != "as they come"), f"changed: p of {name}"
print("as described")
PYTHON
