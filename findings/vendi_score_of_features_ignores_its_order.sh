#!/usr/bin/env bash
# vendi-score 0.0.3, score_X(X, q=...), the Vendi score of a feed whose items are vectors.
#
# The order q says how much rare items count: at 0 every kind counts once, at infinity the commonest decides. score_X
# takes q and hands on 1, so that all orders are the same number; score_K of X X', score of the items and
# score_dual of the same vectors follow it. A profile over q, drawn to see whether a feed is diverse because of a
# long tail, is a flat line. Call score_K, or score_dual where there are more items than features.
#
# Seen (four items of two kinds, 3 and 1: score_X, score_K, score_dual):
#   q = 0.5   1.7548  1.8660  1.8660
#   q = 1     1.7548  1.7548  1.7548
#   q = 2     1.7548  1.6000  1.6000
#   q = inf   1.7548  1.3333  1.3333
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet vendi-score==0.0.3 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from vendi_score import vendi

items = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
seen = {0.5: 1.866, 1: 1.7548, 2: 1.6, "inf": 1.3333}
for q, expected in seen.items():
    found = [vendi.score_X(items, q=q), vendi.score_K(items @ items.T, q=q), vendi.score_dual(items, q=q)]
    print(f"q = {q:<5}", *(f"{value:.4f} " for value in found))
    assert abs(found[0] - seen[1]) < 0.0001, f"changed: score_X, {q}"
    assert abs(found[1] - expected) < 0.0001, f"changed: score_K, {q}"
    assert abs(found[2] - expected) < 0.0001, f"changed: score_dual, {q}"
print("as described")
PYTHON
