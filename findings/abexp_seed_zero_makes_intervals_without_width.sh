#!/usr/bin/env bash
# abexp 0.0.3, FrequentistAnalyzer.bootstrap with seed=0.
#
# A seed only fixes which samples are drawn. Here the seed of each sample is the product of the seed and the number
# of the sample: with seed=0 all samples are drawn with the seed 0 and are the same, so the interval has no width.
# It may not even hold the mean of the data, and an arm of 40 accounts is as certain as one of 40,000. Two arms then
# differ "beyond the interval" whatever was done. Other seeds share samples: the second of seed 2 is the third of seed
# 1. Take another seed than 0, or none.
#
# Seen (40 accounts, mean of the data 10.01; 2.5 percentile, median, 97.5 percentile of 300 samples):
#   seed=1   9.1  10.0  10.9
#   seed=0   9.0   9.0   9.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 statsmodels==0.15.0 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
# The package asks for versions of 2021, which Python 3.11 and newer do not have, and for sampling packages.
"$folder/venv/bin/pip" install --quiet --no-deps abexp==0.0.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from abexp.core.analysis_frequentist import FrequentistAnalyzer

draw = np.random.default_rng(1)
posts = pd.DataFrame({"posts": draw.normal(10, 3, 40)})
widths = {}
for seed in (None, 1, 2, 0):
    table = FrequentistAnalyzer().bootstrap(posts, lambda some: some.mean(axis=0), rep=300, seed=seed)
    median, low, high = (float(value) for value in table.iloc[0])
    widths[seed] = high - low
    print(f"seed {seed}: {low:.3f} {median:.3f} {high:.3f}, mean of the data {posts['posts'].mean():.3f}")
right = 2 * 1.96 * posts["posts"].std() / np.sqrt(40)
for seed in (None, 1, 2):
    assert abs(widths[seed] / right - 1) < 0.25
assert widths[0] == 0, "changed"
assert abs(low - posts["posts"].mean()) > 0.1, "changed: the mean is outside"
print("as described")
PYTHON
