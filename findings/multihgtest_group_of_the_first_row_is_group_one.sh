#!/usr/bin/env bash
# multiHGtest 0.0.6, tables of survival from rows of accounts.
#
# from_time_to_event_to_survival_table counts the events and those at risk of two groups; observed_1 are those of group
# 1, it says, and groups may be called 1 and 2 or otherwise. Which is which goes by the order of the rows: the
# group of the first row is the first, also where they are called 1 and 2. The combination of the days by Fisher is
# one-sided by default: does the second group end earlier? Another order of the rows turns the question
# round, and a clear result is none. Sort the rows by group before the table is made.
#
# Seen (300 accounts of group 2 end earlier than 300 of group 1; at risk and events of "group 1" on the
# first days, p of Fisher's combination):
#   rows of group 1 first   300 286 276   14 10 9     0.005
#   rows of group 2 first   300 281 261   19 20 29    1.000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet multiHGtest==0.0.6 multiple-hypothesis-testing==0.2.2 pandas==2.3.3 \
    scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from multiHGtest import fisher_hg_test, from_time_to_event_to_survival_table
from scipy.stats import combine_pvalues, hypergeom
draw = np.random.default_rng(0)
first, second = (
    pd.DataFrame({"time": np.ceil(draw.exponential(mean, 300)), "event": 1, "group": group})
    for group, mean in ((1, 20), (2, 12))
)
def by_hand(early, late):
    """Fisher's combination over all days: are there more events among the early ones than by chance?"""
    p = []
    for day in np.unique(np.concatenate([early, late])):
        here, there = (early >= day).sum(), (late >= day).sum()
        ended = (early == day).sum()
        p.append(hypergeom.sf(ended - 1, here + there, here, ended + (late == day).sum()))
    return combine_pvalues(p).pvalue
found = []
for name, parts in (("1", [first, second]), ("2", [second, first])):
    table = from_time_to_event_to_survival_table(pd.concat(parts, ignore_index=True))
    p = fisher_hg_test(table["at_risk_1"], table["at_risk_2"], table["observed_1"], table["observed_2"])[1]
    print(f"rows of group {name} first", table["at_risk_1"][:3], table["observed_1"][:3], f"p {p:.3f}")
    found.append((table["observed_1"][0], p))
hand = by_hand(second["time"].to_numpy(), first["time"].to_numpy())
print(f"by hand, group 2 ends earlier: p {hand:.3f}")
assert np.isclose(hand, found[0][1], atol=1e-6) and hand < 0.01
assert found[0][0] == (first["time"] == 1).sum()
assert found[1][0] == (second["time"] == 1).sum() and found[1][1] > 0.99, "changed"
print("as described")
PYTHON
