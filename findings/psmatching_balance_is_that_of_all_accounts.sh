#!/usr/bin/env bash
# psmatching 0.1.dev21, PSMatch.evaluate and the file that PSMatch.match writes.
#
# evaluate says whether "all variables were successfully matched", by chi-square tests on the table. The table is that
# of all accounts before matching, and not the matched one, which the object has too. So the verdict does not depend on
# the matches: pairs that agree exactly FAIL where the arms differed before, and a matching on a model that leaves the
# cause of the difference out has the same p-values as a right one. The file "..._matched_ps.csv" that match
# writes holds all accounts as well, with their scores: an effect that is taken from it is the unmatched one. Take the
# attribute matched_data.
#
# Seen (1,200 accounts, 241 of them saw the new feed, mostly active ones; matched one to one on being active):
#   active among treated, among their controls   212 of 241, 212 of 241
#   evaluate                                     "active: FAILED"
#   rows of the written file                     1,200
#   effect on posts (true 0) from the file, from matched_data   2.44, 0.02
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet psmatching==0.1.dev21 statsmodels==0.15.0 pandas==2.3.3 numpy==2.4.6 \
    scipy==1.17.1
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import contextlib
import io
import os
import sys

import numpy as np
import pandas as pd
from psmatching.match import PSMatch

draw = np.random.default_rng(1)
active = draw.integers(0, 2, 1200)
treated = (draw.random(1200) < np.where(active, 0.35, 0.05)).astype(int)
accounts = pd.DataFrame({"OPTUM_LAB_ID": np.arange(1200), "CASE": treated, "active": active})
accounts["posts"] = 2 + 5 * active + draw.normal(0, 0.5, 1200)  # the feed has no effect
os.chdir(sys.argv[1])  # a path with a dot in a folder's name is cut off there
accounts.to_csv("accounts.csv", index=False)
np.random.seed(1)
output = io.StringIO()
with contextlib.redirect_stdout(output):
    matching = PSMatch("accounts.csv", "CASE ~ active", 1)
    matching.prepare_data()
    matching.match()
    verdict = matching.evaluate()


def effect(table):
    means = table.groupby("CASE")["posts"].mean()
    return float(means[1] - means[0])


shares = matching.matched_data.groupby("CASE")["active"].agg(["sum", "size"])
written = pd.read_csv("accounts_matched_ps.csv")
print("active and all, among controls and treated:", shares.to_numpy().tolist())
print("verdict:", verdict, "; effect from the file", round(effect(written), 2), "of", len(written), "rows")
print("effect from matched_data", round(effect(matching.matched_data), 2))
assert (shares.loc[0] == shares.loc[1]).all() and len(matching.matched_data) == 2 * treated.sum()
assert abs(effect(matching.matched_data)) < 0.1
assert verdict is False and "active: FAILED" in output.getvalue(), "changed: evaluate"
assert len(written) == 1200 and effect(written) > 2, "changed: file"
print("as described")
PYTHON
