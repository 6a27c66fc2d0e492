#!/usr/bin/env bash
# psmpy 0.3.16, target of the class PsmPy.
#
# A propensity score is the chance of treatment given what was before it. The outcome is named by target, "outcome"
# by default, and it is ignored in regression and matching, says the class. It is stored and never read: a column
# of that name is one of the covariates, whether named or not. Accounts are then matched with others that did
# equally well, which takes the effect away that one wants to measure, and the balance table calls it well balanced.
# Only exclude=["outcome"] leaves it out; with exclude=[], as in the example of the documentation, it is in.
#
# Seen (2000 accounts, a true effect of 2; covariates, mean difference of the matched pairs):
#   target="outcome"      x, outcome   1.35
#   exclude=["outcome"]   x            2.09
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet psmpy==0.3.16 scikit-learn==1.9.1 scipy==1.17.1 matplotlib==3.11.2 \
    seaborn==0.13.2 pandas==2.3.3 numpy==2.4.6
MPLBACKEND=Agg "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from psmpy import PsmPy
draw, accounts = np.random.default_rng(0), 2000
x = draw.normal(size=accounts)
treated = (draw.random(accounts) < 1 / (1 + np.exp(1.5 - x))).astype(int)
outcome = x + 2 * treated + draw.normal(size=accounts)
data = pd.DataFrame({"account": np.arange(accounts), "x": x, "treatment": treated, "outcome": outcome})
def effect(**options):
    match = PsmPy(data.copy(), treatment="treatment", indx="account", **options)
    match.logistic_ps(balance=False)
    match.kdtree_matched(matcher="propensity_logit")
    pairs = match.matched_ids
    difference = outcome[pairs["account"]] - outcome[pairs["matched_ID"].astype(int)]
    print(options, "covariates", match.xvars, f"effect {difference.mean():.2f}")
    return match.xvars, difference.mean()
covariates, biased = effect(target="outcome")
assert covariates == ["x", "outcome"] and biased < 1.6, "changed"
covariates, right = effect(exclude=["outcome"])
assert covariates == ["x"] and abs(right - 2) < 0.15, "changed"
print("as described")
PYTHON
