#!/usr/bin/env bash
# py-qvalue 0.1.1, qvalue(p)["lfdr"], the local false discovery rate of each p-value.
#
# A test with a larger p-value is to have a higher local rate: near 0 for the clear ones, near 1 for those that look
# like chance. R's qvalue makes the rates rise with p by a running maximum. The port takes a running minimum, from
# the smallest p on: every test gets the rate of the smallest one, p = 0.99 too. A table of hashtags or accounts
# sorted by it, or cut at 0.05, keeps all of them. The q-values beside it are right. With monotone=False
# the rates are those of the estimate, which rise.
#
# Seen (900 tests of nothing, 100 with an effect, pi0 = 1; at the smallest p and four others):
#   p                           0.0000 0.0017 0.0234 0.4307 0.9882
#   q-value                     0.0000 0.0339 0.2313 0.8567 0.9972
#   local rate                  0.0000 0.0000 0.0000 0.0000 0.0000
#   local rate, monotone=False  0.0000 0.1363 0.6797 1.0000 0.8857
#   by hand, rising             0.0000 0.1363 0.6797 1.0000 1.0000
#   tests with a local rate below 0.05: 1000 of 1000; by hand, and with monotone=False, 39
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet py-qvalue==0.1.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from py_qvalue import qvalue
from scipy.stats import false_discovery_control, gaussian_kde, norm

rng = np.random.default_rng(1)
rng.normal(size=60)
p = np.sort(np.concatenate([rng.uniform(size=900), norm.sf(rng.normal(3, 1, 100))]))
found, raw = qvalue(p, pi0=1.0), qvalue(p, pi0=1.0, monotone=False)
assert np.allclose(found["qvalues"], false_discovery_control(p)), "changed: q-values"
x = norm.ppf(p)
rate = np.maximum.accumulate(np.minimum(norm.pdf(x) / gaussian_kde(x)(x), 1))
rows = [0, 50, 100, 500, 990]
for name, values in {
    "p": p,
    "q-value": found["qvalues"],
    "local rate": found["lfdr"],
    "local rate, monotone=False": raw["lfdr"],
    "by hand, rising": rate,
}.items():
    print(f"{name:<27}", *(f"{value:.4f}" for value in values[rows]))
below = [int(np.sum(values < 0.05)) for values in (found["lfdr"], raw["lfdr"], rate)]
print("tests with a rate below 0.05", *below)
assert np.allclose(rate[rows], [0, 0.1363, 0.6797, 1, 1], atol=0.0001), "by hand"
assert np.allclose(np.maximum.accumulate(raw["lfdr"]), rate, atol=0.0001), "changed: monotone=False"
assert np.ptp(found["lfdr"]) == 0 and found["lfdr"][0] < 0.0001, "changed: local rate"
assert below == [1000, 39, 39], "changed: tests below 0.05"
print("as described")
PYTHON
