#!/usr/bin/env bash
# recsys-metrics-polars 0.0.3 with Polars 0.19.19, average precision at k.
#
# The description has the sum over the places 1 to k of precision times relevance, over min(k, relevant items). What is
# summed over are as many places as there are relevant items, if these are fewer than k. With one held-out post
# for each user, the usual split, the metric is 1 if it is on top and 0 anywhere else: second place counts as not
# found. It becomes precision at 1, and the k that is given has no effect. Recall of the same object sees all k places.
#
# Seen (k = 5; average precision found and by the formula, recall):
#   one relevant item, place 1     1.00  1.00   1        two, places 1 2   1.00  1.00
#   one relevant item, place 2     0.00  0.50   1        two, places 1 3   0.50  0.83
#   one relevant item, place 5     0.00  0.20   1        two, places 3 4   0.00  0.42
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet recsys-metrics-polars==0.0.3 polars==0.19.19 scikit-learn==1.9.1 scipy==1.17.1 \
    numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import polars as pl
from recsys_metrics_polars import AvgPrecisionAtK, DataInfo, RecallAtK
from sklearn.metrics import average_precision_score
info, K = DataInfo("user", "item", "score"), 5
def scores(places):
    items = [100 + place if place in places else place for place in range(1, K + 1)]
    shown = pl.DataFrame({"user": [1] * K, "item": items, "score": [float(K - place) for place in range(K)]})
    relevant = pl.DataFrame({"user": [1] * len(places), "item": [100 + place for place in places]})
    return [metric(info).fit(relevant, shown).avergae_over_queries(k=K) for metric in (AvgPrecisionAtK, RecallAtK)]
for places in ([1], [2], [5], [1, 2], [1, 3], [3, 4]):
    found, recall = scores(places)
    formula = np.mean([hits / place for hits, place in enumerate(places, 1)])
    relevance = [place in places for place in range(1, K + 1)]
    assert np.isclose(formula, average_precision_score(relevance, np.arange(K)[::-1]))
    print("relevant at", *places, f"  found {found:.2f}   by the formula {formula:.2f}   recall {recall:.0f}")
    early = sum(hits / place for hits, place in enumerate(places, 1) if place <= len(places)) / len(places)
    assert np.isclose(found, early) and recall == 1, "changed"
print("as described")
PYTHON
