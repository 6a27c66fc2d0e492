#!/usr/bin/env bash
# rank-validation 1.2.0, nDCG of a report.
#
# nDCG divides the gain of a list by that of the best list that the known grades allow. The order of the grades does not
# matter, says the function: it finds the ideal by itself. It cuts them to the first k and then sorts those. So
# the ideal list is made of the k items that happen to stand first in the table: the same recommendation has an nDCG
# of 1, of 9 or of 0 at the same k. Users whose best posts stand late have the largest values and rule the mean.
# Sort the true items by their grade, best first, before the report.
#
# Seen (six items, one of grade 3, one of 2, one of 1; the list has these three on top, nDCG at 3):
#   truth as  3 2 1 0 0 0   1.00
#   truth as  1 0 0 3 2 0   9.39
#   truth as  0 0 0 1 2 3   0.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# rbo, for another metric of the report, asks for a NumPy that Python 3.13 does not have.
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 scipy==1.17.1 pandas==2.3.3 numpy==2.4.6 tqdm==4.67.1 \
    typing_extensions==4.15.0
"$folder/venv/bin/pip" install --quiet --no-deps rank-validation==1.2.0 rbo==0.1.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from rank_validation.validation_generator import get_metrics_report
from sklearn.metrics import ndcg_score
grades = {"best": 3, "good": 2, "fair": 1, "d": 0, "e": 0, "f": 0}
def report(order):
    table = pd.DataFrame({
        "query": ["user"],
        "items": [order],
        "grades": [[grades[item] for item in order]],
        "shown": [["best", "good", "fair"]],
    })
    return get_metrics_report(table, "items", "grades", "shown", ["ndcg"], [3])[0]["ndcg@3"].item()
found = []
for order in (list(grades), ["fair", "d", "e", "best", "good", "f"], list(grades)[::-1]):
    gain = np.array([[2.0 ** grades[item] - 1 for item in order]])
    scores = np.array([[-list(grades).index(item) for item in order]])
    found.append(report(order))
    other = ndcg_score(gain, scores, k=3)
    print("truth as", *(grades[item] for item in order), f"  {found[-1]:.2f}   scikit-learn {other:.2f}")
    assert np.isclose(other, 1)
assert np.isclose(found[0], 1) and found[1] > 9 and found[2] == 0, "changed"
print("as described")
PYTHON
