#!/usr/bin/env bash
# survrm2py 0.1.5, the adjusted difference of restricted mean survival times.
#
# rmst compares two arms, adjusted for the covariates of a formula, and gives the difference as rmst_diff_adjusted with
# p_adjusted. Which row of the table is that of the arm? It is looked up by the name of the column, and where no row
# is called so, the second one is taken. An arm of True and False makes a row called "treated[T.True]", an arm
# whose name is quoted as Q("saw the feed") one with that name; that the arm is in the formula is checked with these
# spellings in mind, the row is not. A covariate that stands before it in the formula then gives its own
# difference and p-value as those of the treatment. An arm of numbers with a plain name is right, and the table always.
#
# Seen (treated accounts live longer, English ones shorter; lang + treated, difference within 10 days):
#   treated as 0 and 1          1.74        row of treated   1.74
#   treated as True and False  -1.80        row of treated   1.74
#   True, treated + lang        1.74        row of treated   1.74
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet survrm2py==0.1.5 statsmodels==0.15.0 patsy==1.0.3 scipy==1.17.1 pandas==2.3.3 \
    numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from survrm2py import rmst
draw, accounts = np.random.default_rng(0), 800
data = pd.DataFrame({"lang": draw.choice(["de", "en"], accounts), "age": draw.normal(size=accounts)})
data["treated"] = draw.random(accounts) < 0.5
lives = draw.exponential(10 * np.where(data["lang"] == "en", 0.5, 1) * np.where(data["treated"], 1.5, 1))
followed = draw.exponential(20, accounts)
data["days"], data["ended"] = np.minimum(lives, followed), (lives <= followed).astype(int)
def difference(formula, arm="treated", **columns):
    """What is reported, and the row of the arm in the table of the same result."""
    found = rmst(data.assign(**columns), "days", "ended", arm, 10, formula=formula)
    table = found["adjusted_summary"]
    row = table.loc[table["covariate"].str.contains(arm, regex=False), "coef"].item()
    print(f"{formula:<30} reported {found['rmst_diff_adjusted']:5.2f}   row of {arm} {row:5.2f}")
    return found["rmst_diff_adjusted"], row
numbers = difference("lang + treated", treated=data["treated"].astype(int))
truths = difference("lang + treated")
first = difference("treated + lang")
quoted = difference('age + Q("saw it")', "saw it", **{"saw it": data["treated"].astype(int)})
assert np.isclose(*numbers) and np.isclose(*first) and np.isclose(numbers[1], truths[1])
assert truths[0] < -1 < 1 < truths[1], "changed: true and false"
assert abs(quoted[0]) < 0.2 < 1 < quoted[1], "changed: quoted"
print("as described")
PYTHON
