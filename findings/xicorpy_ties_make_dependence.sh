#!/usr/bin/env bash
# xicorpy 0.6, Chatterjee's xi of an outcome with ties (Python 3.11; the package does not allow 3.13).
#
# The coefficient is near 0 if y does not depend on x. By default the package uses Lin and Han's variant, which is for
# data without ties, "when there are no ties". It looks for ties among the pairs (x, y), and not in y. So y of
# 0 and 1 (followed, or not) has "no ties" as soon as x has none, its equal values are ranked by where they stand
# along x, and these ranks follow x. An outcome drawn by a coin comes out as strongly dependent on x, the rarer the ones
# the stronger, with p below 0.001. The plain coefficient (get_modified_xi=False) with ties is too large as well: one is
# taken from each count of values at least as large as y. Use scipy.stats.chatterjeexi with y_continuous=False.
#
# Seen (400 accounts, y is 1 for a share of them, whatever x; mean of 20 draws; xicorpy, its plain one, SciPy):
#   share 0.50    0.26   0.02   0.01
#   share 0.10    0.72   0.19  -0.02
#   share 0.02    0.93   0.86  -0.01
#   draws with p < 0.001 by xicorpy's default     20 of 20 at each share
#   y without ties                                0.00  -0.02  -0.02
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet xicorpy==0.6 scipy==1.17.1 numpy==2.4.6 pandas==2.3.3 scikit-learn==1.7.2
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from scipy.stats import chatterjeexi
from xicorpy import compute_xi_correlation
def measure(outcome, continuous, draws=20):
    found, small = [], 0
    for seed in range(draws):
        draw = np.random.default_rng(seed)
        x, y = draw.normal(size=400), outcome(draw)
        default, p = compute_xi_correlation(list(x), list(y), get_p_values=True)
        plain = compute_xi_correlation(list(x), list(y), get_modified_xi=False)
        found.append((default, plain, chatterjeexi(x, y, y_continuous=continuous).statistic))
        small += bool(p < 0.001)
    return np.mean(found, axis=0), small
for share, least in ((0.5, 0.2), (0.1, 0.65), (0.02, 0.85)):
    means, small = measure(lambda draw: (draw.random(400) < share).astype(float), continuous=False)
    print(f"share {share:.2f}  ", *(f"{value:5.2f}" for value in means), f"  p < 0.001 in {small} of 20")
    assert means[0] > least and abs(means[2]) < 0.05 and small == 20, f"changed: share {share}"
    assert (means[1] > 0.1) == (share < 0.5), f"changed: plain, share {share}"
means, _ = measure(lambda draw: draw.normal(size=400), continuous=True)
print("no ties     ", *(f"{value:5.2f}" for value in means))
assert np.all(np.abs(means) < 0.05), "changed: without ties"
print("as described")
PYTHON
