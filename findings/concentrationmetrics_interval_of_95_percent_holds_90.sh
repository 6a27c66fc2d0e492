#!/usr/bin/env bash
# concentrationMetrics 0.6.0, Index.compute(..., ci=0.95), the bootstrap interval of an index.
#
# An interval of 95 % leaves 2.5 % of the replications out at either side. compute takes them from 1 - ci to ci, so
# it leaves 5 % out at each side: it is the interval of 90 %. In general it is that of 2 ci - 1. ci=0.5 gives a point
# instead of the middle half, below 0.5 the lower bound is above the upper one, and ci=1 is an index past the
# end. For 95 % ask for ci=0.975.
#
# Seen (Gini index of 200 values; share of the replications between the bounds):
#   ci=0.95    0.90
#   ci=0.975   0.95
#   ci=0.5     0.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet concentrationMetrics==0.6.0 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6 networkx==3.6.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from concentrationMetrics import Index

SAMPLES = 2000
index = Index()
views = np.exp(np.random.default_rng(0).normal(size=200))
np.random.seed(1)
replications = np.array(
    [index.gini(np.random.choice(views, size=len(views), replace=True)) for _ in range(SAMPLES)]
)
for ci, seen in ((0.95, 0.9), (0.975, 0.95), (0.5, 0.0)):
    np.random.seed(1)
    lower, value, upper = index.compute(views, ci=ci, samples=SAMPLES, index="gini")
    share = float(np.mean((replications >= lower) & (replications < upper)))
    print(f"ci={ci:<6} {share:.2f}")
    assert abs(share - seen) < 0.001, f"changed: {ci}"
lower, value, upper = index.compute(views, ci=0.25, samples=SAMPLES, index="gini")
assert lower > upper, "changed: ci=0.25"
print("as described")
PYTHON
