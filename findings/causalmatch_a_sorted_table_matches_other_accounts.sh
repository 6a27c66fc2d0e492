#!/usr/bin/env bash
# causalmatch 0.0.7, matching(...).psm() with a table whose rows are not numbered 0, 1, 2, ... in their order.
#
# Propensity scores are matched by the labels of the rows, which are taken for positions. In a table that was sorted,
# shuffled or drawn as a sample, the label of a treated account is the position of another account: the "treated" of the
# matches are accounts of both arms, and so are their "controls". Nothing warns, the distances between the scores of
# pairs are small, and ate() gives a tiny p-value. (Where a label is beyond the last position there is an error.) The
# documentation asks for unique ids in a column, which the rows do have. Call reset_index(drop=True) before.
#
# Seen (2,000 accounts; active ones are treated more often and post more, the treatment does nothing; effect, p):
#   rows as made             0.03   0.8     treated among "treated" 100 %
#   sorted by activity       3.21   0.000   treated among "treated"  52 %
#   sorted, then numbered    0.03   0.8     treated among "treated" 100 %
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# distutils, which the package imports, comes with setuptools.
"$folder/venv/bin/pip" install --quiet setuptools==80.9.0 scikit-learn==1.9.1 statsmodels==0.15.0 tqdm==4.70.1 \
    pandas==2.3.3 numpy==2.4.6 scipy==1.17.1 matplotlib==3.11.2
# It also asks for boosting and for fixed effects, which matching by a logistic regression does not use.
"$folder/venv/bin/pip" install --quiet --no-deps causalmatch==0.0.7
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from causalmatch import matching

draw = np.random.default_rng(1)
activity = draw.normal(size=2000)
treated = (draw.random(2000) < 1 / (1 + np.exp(-1.5 * activity))).astype(int)
posts = 3 * activity + draw.normal(0, 0.1, 2000)  # the treatment has no effect
accounts = pd.DataFrame({"account": np.arange(2000), "activity": activity, "treated": treated, "posts": posts})
arms = accounts.set_index("account")["treated"]
tables = {
    "as made": (accounts, 1.0),
    "sorted": (accounts.sort_values("activity"), 0.52),
    "sorted, numbered": (accounts.sort_values("activity").reset_index(drop=True), 1.0),
}
effects = {}
for name, (table, share) in tables.items():
    match = matching(data=table.copy(), T="treated", X=["activity"], y=["posts"], id="account")
    match.psm(caliper=0.05)
    pairs = match.df_out_final
    right = arms.loc[pairs["account_treat"]].mean()
    distance = (pairs["pscore_treat"] - pairs["pscore_control"]).abs().mean()
    effect, p = (float(value) for value in match.ate()[["ate", "p_val"]].iloc[0])
    print(f"{name:<17} effect {effect:.2f}, p {p:.3f}, treated among treated {right:.2f}, distance {distance:.4f}")
    assert abs(right - share) < 0.02, f"changed: {name}"
    assert distance < 0.01
    effects[name] = effect, p
assert abs(effects["as made"][0]) < 0.2 and effects["as made"][1] > 0.2
assert abs(effects["sorted, numbered"][0] - effects["as made"][0]) < 0.05
assert effects["sorted"][0] > 2 and effects["sorted"][1] < 1e-6, "changed: effect of the sorted table"
print("as described")
PYTHON
