#!/usr/bin/env bash
# RecTools 0.19.0, NDCG of recommendations to users with few relevant items.
#
# nDCG is the gain of a list divided by that of the best list, so the best list has 1. RecTools
# divides by the gain of k relevant items, whether the user has as many or not: with one relevant
# item, and that in the first of ten places, the score is 0.22. Its MAP of the same list is 1. Means
# then depend on how many items users have in the test set, and cannot be held against those of
# other libraries. An item that is twice in a user's test set counts twice: NDCG, MAP and precision
# can exceed 1, and an item that is found weighs more in the recall. Pass divide_by_achievable=True
# and drop duplicates.
#
# Seen (k = 10: NDCG, NDCG with divide_by_achievable, MAP, recall):
#   a, at first place        0.2201  1.0000  1.0000  1.0000
#   a and b, a at first      0.2201  0.6131  0.5000  0.5000
#   a twice and b, the same  0.4402  0.9386  0.6667  0.6667
#   a twice                  0.4402  1.2263  1.0000  1.0000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rectools==0.19.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pandas as pd
from rectools.metrics import MAP, NDCG, Recall

K = 10
metrics = (NDCG(k=K), NDCG(k=K, divide_by_achievable=True), MAP(k=K), Recall(k=K))
items = ["a", *(f"other {place}" for place in range(2, K + 1))]
recommended = pd.DataFrame({"user_id": 1, "item_id": items, "rank": range(1, K + 1)})
cases = {
    "a, at first place": (["a"], (0.2201, 1, 1, 1)),
    "a and b, a at first": (["a", "b"], (0.2201, 0.6131, 0.5, 0.5)),
    "a twice and b, the same": (["a", "a", "b"], (0.4402, 0.9386, 0.6667, 0.6667)),
    "a twice": (["a", "a"], (0.4402, 1.2263, 1, 1)),
}
for name, (relevant, seen) in cases.items():
    test = pd.DataFrame({"user_id": 1, "item_id": relevant})
    found = [float(metric.calc(recommended, test)) for metric in metrics]
    print(f"{name:<23}", *(f"{value:.4f}" for value in found))
    for value, expected in zip(found, seen, strict=True):
        assert abs(value - expected) < 0.0001, f"changed: {name}"
print("as described")
PYTHON
