#!/usr/bin/env bash
# scikit-posthocs 0.17.1, posthoc_npm_test(table, val_col, group_col) (Nashimoto and Wright, ordered groups).
#
# The test asks whether values rise from group to group in an order that is fixed beforehand. There is no argument for
# that order. It is that in which the groups first occur in the rows, also where the column is an ordered
# Categorical: the same table gives p = 0.00 or 1.00 after a shuffle, and nothing says which order was tested. The
# help calls sort=True a sorting of the data; it decides the hypothesis: alphabetical for texts ("high" before "low"
# before "mid"), the order of the categories for a Categorical. All other tests of the package are the same for
# shuffled rows. (Its permutations are drawn from NumPy's global generator.)
# Make the column an ordered Categorical and give sort=True.
#
# Seen (30 accounts each, exposure low, mid, high; mean of the outcome 0, 0.5, 1; p of low against high):
#   rows low, mid, high     text 0.00   ordered Categorical 0.00
#   rows high, mid, low     text 1.00   ordered Categorical 1.00
#   sort=True               text 1.00   ordered Categorical 0.00   for either order of the rows
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-posthocs==0.17.1 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1 \
    statsmodels==0.15.0 matplotlib==3.11.1
MPLBACKEND=agg "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
import scikit_posthocs

LEVELS = ["low", "mid", "high"]
draw = np.random.default_rng(0)
table = pd.DataFrame({
    "exposure": np.repeat(LEVELS, 30),
    "outcome": np.concatenate([draw.normal(mean, 1, 30) for mean in (0, 0.5, 1)]),
})  # fmt: skip


def p_value(rows, **options):
    np.random.seed(0)
    result = scikit_posthocs.posthoc_npm_test(rows, val_col="outcome", group_col="exposure", **options)
    return float(result.loc["low", "high"])


seen = {(False, False): (0, 1), (False, True): (0, 1), (True, False): (1, 1), (True, True): (0, 0)}
for (sort, categorical), expected in seen.items():
    rows = table.copy()
    if categorical:
        rows["exposure"] = pd.Categorical(rows["exposure"], LEVELS, ordered=True)
    found = p_value(rows, sort=sort), p_value(rows.iloc[::-1], sort=sort)
    print(f"sort={sort}, ordered Categorical {categorical}: p {found[0]:.3f}, rows turned round {found[1]:.3f}")
    assert np.allclose(found, expected, atol=0.02), f"changed: {sort}, {categorical}"
for name in ("conover", "dunn", "nemenyi", "dscf", "mannwhitney"):
    test = getattr(scikit_posthocs, f"posthoc_{name}")
    one, other = (test(rows, val_col="outcome", group_col="exposure") for rows in (table, table.iloc[::-1]))
    assert np.allclose(one, other.loc[one.index, one.columns]), f"changed: {name}"
print("as described")
PYTHON
