#!/usr/bin/env bash
# recommenders 1.2.1, metrics at k where some users of the test set got no recommendations.
#
# Cold users get no list from many models. Either they count as zero in all metrics or they are left out of all, so
# one expects. precision_at_k, recall_at_k and map keep only the users that both tables have; ndcg_at_k goes over all
# users of the test set and gives the others 0. One model on one test set then has a recall of 1.00 and an nDCG of
# 0.25. A model that answers only where it is sure looks perfect by three metrics, and the fourth is about other
# people. Give cold users a row with an item that nobody has, or take them out of the test set.
#
# Seen (four users with one relevant item each; only the first gets a list, with the item on top):
#   all four in the test set   precision 1.00  recall 1.00  map 1.00  ndcg 0.25
#   the first one only         precision 1.00  recall 1.00  map 1.00  ndcg 1.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# recommenders also asks for Jupyter, transformers and more, which its metrics do not use.
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 pandas==2.3.3 scipy==1.17.1 scikit-learn==1.9.1 psutil==7.2.2
"$folder/venv/bin/pip" install --quiet --no-deps recommenders==1.2.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pandas as pd
from recommenders.evaluation import python_evaluation as metrics
relevant = pd.DataFrame({"userID": [1, 2, 3, 4], "itemID": [10, 10, 11, 12], "rating": 1.0})
lists = pd.DataFrame({"userID": [1], "itemID": [10], "prediction": [0.9]})
def scores(test):
    names = ("precision_at_k", "recall_at_k", "map", "ndcg_at_k")
    found = [float(getattr(metrics, name)(test, lists, k=1)) for name in names]
    print(*(f"{name.removesuffix('_at_k')} {value:.2f} " for name, value in zip(names, found)))
    return found
assert scores(relevant) == [1, 1, 1, 0.25], "changed: all users"
assert scores(relevant.head(1)) == [1, 1, 1, 1], "changed: one user"
print("as described")
PYTHON
