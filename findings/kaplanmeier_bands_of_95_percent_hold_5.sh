#!/usr/bin/env bash
# kaplanmeier 0.2.0 with lifelines 0.30.3, confidence bands of a plot.
#
# plot draws a band round each curve and takes cii_alpha, 0.05 by default, for its confidence; lifelines, which draws
# it, takes alpha = 0.05 for a band of 95 %. kaplanmeier hands 1 - cii_alpha on. So what is drawn is the interval of
# 5 %: thirty times narrower, hardly wider than the line, and nearly always beside the truth. Two groups of
# accounts with the same lifetimes look clearly apart. The p-value in the title is right. cii_alpha=0.95 draws the
# band of 95 %, and so does lifelines by itself. The test gets 1 - 0.05 as well, but only its summary mentions it.
#
# Seen (two groups of 100 lifetimes from one distribution, width of the first band at time 7):
#   kaplanmeier, default           0.006        lifelines, alpha = 0.95   0.006
#   kaplanmeier, cii_alpha=0.95    0.193        lifelines, default        0.193
#   truth inside at time 7, in 300 censored samples: intervals of 5 %  12, of 95 %  279
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kaplanmeier==0.2.0 lifelines==0.30.3 matplotlib==3.11.2 seaborn==0.13.2 \
    pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
MPLBACKEND=Agg "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import kaplanmeier
import numpy as np
from lifelines import KaplanMeierFitter
from matplotlib.collections import PolyCollection
AT = 7.0
def drawn(times, groups, **options):
    """Width, at one time, of the first band of the figure."""
    fitted = kaplanmeier.fit(times, np.ones(len(times), dtype=int), groups, verbose=0)
    _, axes = kaplanmeier.plot(fitted, visible=False, verbose=0, **options)
    band = next(part for part in axes.collections if isinstance(part, PolyCollection)).get_paths()[0].vertices
    edges = [y for (x, y), (other, level) in zip(band, band[1:]) if min(x, other) <= AT < max(x, other) and y == level]
    return max(edges) - min(edges)
def interval(times, alpha, ended=None):
    bounds = KaplanMeierFitter(alpha=alpha).fit(times, ended).confidence_interval_
    return bounds[bounds.index <= AT].iloc[-1].to_numpy()
draw = np.random.default_rng(0)
times, groups = draw.exponential(10, 200), np.repeat(["first", "second"], 100)
default, wide = drawn(times, groups), drawn(times, groups, cii_alpha=0.95)
own, narrow = np.ptp(interval(times[:100], 0.05)), np.ptp(interval(times[:100], 0.95))
print(f"kaplanmeier, default {default:.3f}   lifelines, alpha = 0.95 {narrow:.3f}")
print(f"kaplanmeier, cii_alpha=0.95 {wide:.3f}   lifelines, default {own:.3f}")
assert np.isclose(default, narrow) and np.isclose(wide, own) and own > 20 * default, "changed"
truth, inside = np.exp(-AT / 10), {0.95: 0, 0.05: 0}
for _ in range(300):
    lifetimes, followed = draw.exponential(10, 100), draw.exponential(20, 100)
    for alpha in inside:
        low, high = interval(np.minimum(lifetimes, followed), alpha, lifetimes <= followed)
        inside[alpha] += bool(low <= truth <= high)
print("truth inside, of 300:", inside)
assert inside[0.95] < 40 and inside[0.05] > 265
print("as described")
PYTHON
