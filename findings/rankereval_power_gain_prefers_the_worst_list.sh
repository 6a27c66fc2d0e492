#!/usr/bin/env bash
# rankerEval 0.2.0 with NumPy 1.26.4: newer ones lack np.NaN, so Python 3.11 only.
#
# NDCG(relevance_scaling="power") is said to take 2**label - 1 for the gain of an item, and a perfect list has 1, other
# lists less. What is taken is label**2 - 1. With labels of 0 and 1 a hit then gains nothing and every miss costs one:
# the worst list has the highest nDCG, far above 1, and a feed that is tuned by it moves what people like to the end.
# With graded labels items without interest are still below zero, so that their places decide as well, and places
# swapped among the items of interest cost far more than they should. "identity", the default, is right. Give it the
# gains 2**label - 1 as labels.
#
# Seen (nDCG at 5, base 2; "power", and by 2**label - 1; five items):
#   labels 1 1 0 0 0, both at the top        1.000  1.000
#   labels 1 1 0 0 0, at places 1 and 3      1.099  0.920
#   labels 1 1 0 0 0, both at the end        1.617  0.501
#   labels 2 1 0 0 0, the best list          1.000  1.000
#   labels 2 1 0 0 0, 1 before 2             0.342  0.797
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rankerEval==0.2.0 numpy==1.26.4 scipy==1.15.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from rankereval import NDCG, NumericLabels, Rankings

places = np.arange(1, 6)


def by_hand(labels, order):
    def dcg(some):
        return np.sum((2.0 ** np.asarray(some) - 1) / np.log2(places + 1))

    return dcg([labels[item] for item in order]) / dcg(sorted(labels, reverse=True))


def measure(labels, order, scaling):
    truth = NumericLabels.from_matrix([labels])
    return NDCG(5, relevance_scaling=scaling, log_base="2").score(truth, Rankings.from_ranked_indices([order]))[0]


cases = [
    ([1, 1, 0, 0, 0], [0, 1, 2, 3, 4], 1.000, 1.000),
    ([1, 1, 0, 0, 0], [0, 2, 1, 3, 4], 1.099, 0.920),
    ([1, 1, 0, 0, 0], [2, 3, 4, 0, 1], 1.617, 0.501),
    ([2, 1, 0, 0, 0], [0, 1, 2, 3, 4], 1.000, 1.000),
    ([2, 1, 0, 0, 0], [1, 0, 2, 3, 4], 0.342, 0.797),
]
for labels, order, power, right in cases:
    found, hand = measure(labels, order, "power"), by_hand(labels, order)
    print(labels, order, f"power {found:.3f}, by 2**label - 1 {hand:.3f}")
    assert abs(hand - right) < 0.001
    assert abs(found - power) < 0.001, "changed"
    # Gains that are handed over as labels come out right.
    gains = [2**label - 1 for label in labels]
    assert abs(measure(gains, order, "identity") - hand) < 1e-6, "changed: identity"
print("as described")
PYTHON
