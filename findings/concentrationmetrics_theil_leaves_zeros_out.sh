#!/usr/bin/env bash
# concentrationMetrics 0.6.0, Theil index and generalized entropy of views, of which some are zero.
#
# The Theil index of n accounts goes from 0, where all have the same, to log n, where one has all. An account with
# nothing adds 0 to the sum but still counts in n. Here it is dropped from n as well: two accounts with all views
# and ninety-eight with none are perfectly equal. gei with alpha = 1.0001 and Gini count them, so the index jumps
# at alpha = 1 itself. Atkinson with epsilon = 1, which is 1 if anybody has nothing, drops them too and is 0. Most
# counts of views or followers have zeros. Compute log n minus shannon(), with n the number of all accounts.
#
# Seen (Theil, generalized entropy of 1.0001, Gini, Atkinson of 1):
#   1 and 1              0.0000  0.0000  0.0000  0.0000
#   1, 1 and 2 zeros     0.0000  0.6931  0.5000  0.0000
#   1, 1 and 98 zeros    0.0000  3.9124  0.9800  0.0000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet concentrationMetrics==0.6.0 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6 networkx==3.6.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import math

import numpy as np
from concentrationMetrics import Index

index = Index()
for zeros, name in ((0, "1 and 1"), (2, "1, 1 and 2 zeros"), (98, "1, 1 and 98 zeros")):
    views = np.array([1.0, 1.0] + [0.0] * zeros)
    n = len(views)
    found = (index.theil(views), index.gei(views, 1.0001), index.gini(views), index.atkinson(views, 1))
    print(f"{name:<19}", *(f"{abs(value):.4f}" for value in found))
    theil = math.log(n) - index.shannon(views)
    assert abs(theil - math.log(n / 2)) < 1e-9, "changed: Shannon"
    assert abs(found[1] - theil) < 0.001, f"changed: generalized entropy, {name}"
    assert abs(found[2] - (1 - 2 / n)) < 1e-9, f"changed: Gini, {name}"
    assert abs(found[0]) < 1e-9, f"changed: Theil, {name}"
    assert abs(found[3]) < 1e-9, f"changed: Atkinson, {name}"
print("as described")
PYTHON
