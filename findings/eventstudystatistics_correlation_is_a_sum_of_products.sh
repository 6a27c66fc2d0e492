#!/usr/bin/env bash
# eventstudystatistics 1.0.0, adjBMP and adjBMP_daily: the adjusted test of abnormal reactions to events.
#
# The adjustment of Kolari and Pynnönen shrinks the statistic where units move together, by the mean correlation of
# their residuals before the event. For the correlation the package takes the sum of products of two rows of
# residuals, which is no correlation and has the square of the unit of the data. With shares or rates (0.02) it is
# about zero, so nothing is adjusted: communities that hear the same news at once give a "reaction" in half
# of all tests without any. With the same numbers in percent it is far above one, and the result is NaN. Take
# adjustment=False and multiply by sqrt((1 - r) / (1 + (n - 1) r)) with r from numpy.corrcoef.
#
# Seen (400 drawings of 20 communities over 111 days without a reaction, correlation 0.36; p below 0.05, NaN):
#   as shares, without adjustment    224    0
#   as shares, with adjustment       207    0
#   in percent, with adjustment        0  400
#   adjusted by numpy.corrcoef        23    0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 pandas==2.3.3
# The package asks for NumPy 1.22.3 and SciPy 1.8.1, which Python 3.11 and newer do not have.
"$folder/venv/bin/pip" install --quiet --no-deps eventstudystatistics==1.0.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import logging

import numpy as np
from eventstudystatistics import adjBMP_daily
from scipy.stats import norm

logging.disable(logging.CRITICAL)
draw = np.random.default_rng(7)
units, before, after = 20, 100, 11
low, missing = dict.fromkeys(("plain", "shares", "percent", "right"), 0), 0
for _ in range(400):
    news = draw.normal(size=before + after)
    rates = 0.02 * (0.6 * news + 0.8 * draw.normal(size=(units, before + after)))
    market = np.tile(draw.normal(0, 0.01, before + after), (units, 1))

    def test(scale, **options):
        parts = rates[:, before:], rates[:, :before], market[:, :before], market[:, before:]
        return adjBMP_daily(*(scale * part for part in parts), t=5, **options)

    plain, shares, percent = test(1, adjustment=False), test(1), test(100)
    same = test(100, adjustment=False)
    assert abs(same.statistic - plain.statistic) < 1e-9  # without the adjustment the unit does not matter
    table = np.corrcoef(rates[:, :before])
    mean = (table.sum() - units) / (units * (units - 1))
    right = plain.statistic * np.sqrt((1 - mean) / (1 + (units - 1) * mean))
    found = {"plain": plain.pvalue, "shares": shares.pvalue, "percent": percent.pvalue}
    found["right"] = 2 * norm.sf(abs(right))
    for name, p in found.items():
        low[name] += bool(p < 0.05)
    missing += bool(np.isnan(percent.pvalue))
print("p below 0.05 in 400 drawings:", low, " NaN in percent:", missing)
assert 10 <= low["right"] <= 35  # 20 are expected
assert low["shares"] > 180 and low["plain"] > 180, "changed: shares"
assert missing == 400, "changed: percent"
print("as described")
PYTHON
