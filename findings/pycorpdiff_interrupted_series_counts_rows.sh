#!/usr/bin/env bash
# pycorpdiff 0.1.0a27, track(corpus, word).over_time(freq="M").interrupted_time_series(event).
#
# over_time has no row for a month without a text, as its help says. The regression takes this table, which
# is indexed by month, and numbers its rows 0, 1, 2, ...: months are used only to tell before from after.
# A quiet time (a collection that paused, a community that was banned for a while) is thus left out of the time
# axis. A word whose share grows by the same amount in every month gets a "level change" of as many months'
# growth as are missing next to the event, at p = 0.000; missing months far from it bend the slope instead.
# Do the regression yourself, with the number of the month as the time.
#
# Seen (24 months, share of a word 10 % + 1 % a month, event at month 12; level change, p):
#   all months                    0.00
#   months 8 to 11 not collected  0.04    0.0000
#   by month number               0.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pycorpdiff==0.1.0a27 statsmodels==0.15.0 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
import pycorpdiff


def trajectory(missing=()):
    """Share of "vote" by month, of one text of 1,000 words a month."""
    months = [month for month in range(24) if month not in missing]
    texts = pd.DataFrame({
        "text": [" ".join(["vote"] * (100 + 10 * month) + ["word"] * (900 - 10 * month)) for month in months],
        "date": [f"{2020 + month // 12}-{month % 12 + 1:02d}-15" for month in months],
    })  # fmt: skip
    return pycorpdiff.track(pycorpdiff.Corpus(texts), "vote").over_time(freq="M"), months


def level_change(words):
    row = words.interrupted_time_series("2021-01").set_index("term").loc["level_change"]
    return row["coef"], row["p_value"]


def by_month(words, months):
    time = np.array(months, dtype=float)
    after = time >= 12
    design = np.column_stack([np.ones_like(time), time, after, (time - 12) * after])
    return np.linalg.lstsq(design, words.table["relfreq"].to_numpy(), rcond=None)[0][2]


whole, gap = trajectory(), trajectory(missing=range(8, 12))
assert len(whole[0].table) == 24 and len(gap[0].table) == 20, "changed: months of the table"
found, paused = level_change(whole[0]), level_change(gap[0])
print(f"all months     {found[0]:.4f}")
print(f"four missing   {paused[0]:.4f}, p = {paused[1]:.4f}")
print(f"by month       {by_month(*gap):.4f}")
assert abs(found[0]) < 1e-9 and abs(by_month(*gap)) < 1e-9, "changed: a straight line"
assert abs(paused[0] - 0.04) < 1e-6 and paused[1] < 1e-6, "changed: four missing"
print("as described")
PYTHON
