#!/usr/bin/env bash
# phawkes 0.1.0, HawkesExpMLE.fit of accounts whose posts have the same time stamps.
#
# In a Hawkes process an event raises the rate of what comes after it; the simulator's description says t_j < t. In the
# likelihood, events of one time are taken in the order of the list of accounts, and each excites the next at full
# strength. Times are mostly whole seconds, and accounts that post together have equal ones. Two accounts that do
# most of their posts in the same seconds should influence each other equally, or not at all. They come out as leader
# and follower, with a strong influence one way and none back, and who leads is who stands first in the list. The fit
# converges and says nothing. Fit with the list reversed and compare, or add a random part of a second to each time.
#
# Seen (two accounts, 150 of about 200 posts in the same seconds of 5,000; decay 1; influence of ann on bob, bob on ann):
#   list ann, bob                       0.80  0.00
#   list bob, ann                       0.00  0.78
#   either list, times plus a random part of a second   0.41  0.40
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet phawkes==0.1.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from phawkes import HawkesExpMLE
SECONDS = 5000
draw = np.random.default_rng(0)
together = draw.choice(SECONDS, 150, replace=False)
ann, bob = (np.unique(np.r_[together, draw.choice(SECONDS, 50, replace=False)]).astype(float) for _ in range(2))
def influence(first, second):
    found = HawkesExpMLE(decay=1.0).fit([first, second], SECONDS + 1).adjacency_
    return np.array([found[1, 0], found[0, 1]])
in_order, reversed_order = influence(ann, bob), influence(bob, ann)[::-1]
print("list ann, bob  ", *in_order.round(2))
print("list bob, ann  ", *reversed_order.round(2))
assert in_order[0] > 0.7 and in_order[1] < 0.01, "changed: ann first"
assert reversed_order[0] < 0.01 and reversed_order[1] > 0.7, "changed: bob first"
draw = np.random.default_rng(5)
spread = [np.sort(times + draw.random(len(times))) for times in (ann, bob)]
either = influence(*spread), influence(*spread[::-1])[::-1]
print("random part    ", *either[0].round(2))
assert np.allclose(*either, atol=1e-3) and abs(either[0][0] - either[0][1]) < 0.1, "changed: random part"
print("as described")
PYTHON
