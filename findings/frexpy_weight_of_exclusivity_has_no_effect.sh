#!/usr/bin/env bash
# frexpy 1.0.0, exclusivity(topics, exclusivity_weight=0.7), the FREX scores of topics, after R's package stm.
#
# FREX weighs two ranks of each word among the words of its topic: how frequent it is there, and how exclusive to it.
# Ranks over the number of words lie between 0 and 1, so that ten top words score near 10. The translation ranks
# each word among the topics instead, and still divides by the number of words. Both ranks are the same then: the
# weight has no effect. The score counts in how many other topics the top words are rarer, and grows with
# the number of topics, so it always says that the model with more of them is the more exclusive one. Which topic
# is more exclusive than which comes out otherwise too. Rank along the words.
#
# Seen (8 topics drawn at random over 200 words, the first three; then the mean over the topics of a model):
#   weight 0.0   0.345 0.330 0.345    by hand  9.7750 9.7750 9.7750
#   weight 0.7   0.345 0.330 0.345    by hand  9.3172 9.3654 9.5632
#   weight 1.0   0.345 0.330 0.345    by hand  9.1450 9.2050 9.4800
#   4, 8, 16, 32 topics   0.145 0.343 0.733 1.511    by hand  8.929 9.423 9.623 9.701
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet frexpy==1.0.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from frexpy.frex import exclusivity
from scipy.stats import rankdata


def draw(number):
    return np.random.default_rng(0).dirichlet(np.full(200, 0.1), size=number)


def frex(topics, weight):
    """Harmonic mean of the shares of words of the topic that are not above, summed over the ten top words."""
    exclusive, frequent = (rankdata(x, axis=1) / x.shape[1] for x in (topics / topics.sum(axis=0), topics))
    scores = 1 / (weight / exclusive + (1 - weight) / frequent)
    return [score[np.argsort(-topic)[:10]].sum() for topic, score in zip(topics, scores, strict=True)]


seen = {0.0: [9.775, 9.775, 9.775], 0.7: [9.3172, 9.3654, 9.5632], 1.0: [9.145, 9.205, 9.48]}
for weight, expected in seen.items():
    found, right = exclusivity(draw(8), exclusivity_weight=weight)[:3], frex(draw(8), weight)[:3]
    print(f"weight {weight}", *(f"{value:.4f}" for value in (*found, *right)))
    assert np.allclose(found, [0.345, 0.33, 0.345], atol=0.0001), f"changed: weight {weight}"
    assert np.allclose(right, expected, atol=0.0001), "by hand"
means = [(np.mean(exclusivity(draw(number))), np.mean(frex(draw(number), 0.7))) for number in (4, 8, 16, 32)]
for number, (found, right) in zip((4, 8, 16, 32), means, strict=True):
    print(f"{number} topics {found:.3f} {right:.3f}")
found, right = zip(*means, strict=True)
assert np.allclose(found, [0.145, 0.343, 0.733, 1.511], atol=0.001), "changed: number of topics"
assert np.allclose(right, [8.929, 9.423, 9.623, 9.701], atol=0.001), "by hand"
print("as described")
PYTHON
