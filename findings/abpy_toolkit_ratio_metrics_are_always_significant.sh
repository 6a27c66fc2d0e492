#!/usr/bin/env bash
# abpy-toolkit 0.1.1, ratio metrics of an A/B test (is_ratio=True).
#
# Clicks per view, with accounts randomised, is a ratio of two sums; its variance comes from the delta method. What the
# delta method gives is the variance of the ratio of the whole arm: it is divided by the number of accounts already. The
# t-test takes it for the variance of one account and divides again. The standard error is too small by the root of the
# number of accounts, 22 times with 500 in each arm. Two arms of the same feed differ "significantly" nearly
# always, and the more so the larger the experiment; power is near 1, and some twenty accounts seem to be enough.
#
# Seen (500 accounts in each of two equal arms; share of 100 experiments with p < 0.05, mean width of the interval):
#   abpy-toolkit          0.93   0.0022
#   delta method by hand  0.02   0.0482
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet abpy-toolkit==0.1.1 scipy==1.17.1 matplotlib==3.11.2 pandas==2.3.3 numpy==2.4.6
MPLBACKEND=Agg FOLDER="$folder" "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io
import os
import numpy as np
import pandas as pd
from abpy import Experiment
from scipy.stats import norm
draw, ACCOUNTS, RUNS = np.random.default_rng(0), 500, 100
path = os.path.join(os.environ["FOLDER"], "experiment.csv")
def by_hand(arms):
    """p-value and width of the interval of the difference of the two ratios."""
    ratios, variances = [], []
    for _, arm in arms:
        clicks, views = arm["metric1"], arm["metric2"]
        ratios.append(clicks.sum() / views.sum())
        variances.append((clicks - ratios[-1] * views).var() / views.mean() ** 2 / len(arm))
    error = np.sqrt(sum(variances))
    return 2 * norm.sf(abs(ratios[1] - ratios[0]) / error), 2 * norm.isf(0.025) * error
found, hand = [], []
for _ in range(RUNS):
    views = 1 + draw.poisson(10, 2 * ACCOUNTS)
    clicks = draw.binomial(views, draw.beta(2, 6, 2 * ACCOUNTS))
    table = pd.DataFrame({"variant": np.repeat(["A", "B"], ACCOUNTS), "metric1": clicks, "metric2": views})
    table.to_csv(path, index=False)
    test = Experiment(type="ab", metric="continous", input="csv", is_ratio=True)
    with contextlib.redirect_stdout(io.StringIO()):
        test.fit(path)
        result = test.results()
    found.append((result.p_value, np.ptp(result.confidence_interval)))
    hand.append(by_hand(table.groupby("variant")))
for name, results in (("abpy-toolkit", found), ("by hand", hand)):
    p, width = np.array(results).T
    print(f"{name:<12}   p < 0.05 in {np.mean(p < 0.05):.2f}   width of the interval {width.mean():.4f}")
assert np.mean(np.array(found)[:, 0] < 0.05) > 0.8, "changed: p"
assert np.allclose(np.array(hand)[:, 1] / np.array(found)[:, 1], np.sqrt(ACCOUNTS), rtol=0.01), "changed: width"
assert np.mean(np.array(hand)[:, 0] < 0.05) < 0.12
print("as described")
PYTHON
