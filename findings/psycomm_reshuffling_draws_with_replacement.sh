#!/usr/bin/env bash
# psycomm 1.1.1, reshuffle_subjects (and its other name, reshuffle_columnwise).
#
# The null model of the package for a table of answers: "independent permutation of each column", after which "per-item
# marginal distributions are preserved". So each shuffled column should hold the same answers in another order. The rows
# are drawn with replacement instead: a column of the null holds each answer not at all, once or several times, its mean
# and its share of any answer vary from draw to draw, and a rare opinion that 1 of 100 gave is missing in 37 of 100
# nulls. Measures that depend on the margins (similarity, shares, polarisation of an item) get a null that is wider than
# that of a permutation test. Take rng.permuted(X, axis=0) of numpy.
#
# Seen (100 people, an item that half agree with and one that 1 agrees with; 1000 nulls, sums of the items):
#                 data    psycomm, from ... to    numpy's permutation
#   half agree    50      29 ... 67               50
#   1 agrees      1       0 ... 6, 0 in 347       1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet psycomm==1.1.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import psycomm

answers = np.zeros((100, 2), dtype=int)
answers[:50, 0] = 1
answers[0, 1] = 1
rng = np.random.default_rng(1)
drawn = np.array([psycomm.reshuffle_subjects(answers, rng=rng).sum(axis=0) for _ in range(1000)])
right = np.array([rng.permuted(answers, axis=0).sum(axis=0) for _ in range(1000)])
for item, name in enumerate(("half agree", "1 agrees")):
    sums = drawn[:, item]
    print(f"{name}: data {answers[:, item].sum()}, psycomm {sums.min()} to {sums.max()}, 0 in {(sums == 0).sum()},",
          f"permutation {right[:, item].min()} to {right[:, item].max()}")
assert (right == answers.sum(axis=0)).all()
assert psycomm.reshuffle_columnwise is psycomm.reshuffle_subjects, "changed: names"
assert 4.5 < drawn[:, 0].std() < 5.5, "changed: spread"  # 5 is the binomial of 100 draws
assert 320 < (drawn[:, 1] == 0).sum() < 420, "changed: rare answers"  # 0.99 ** 100 is 0.366
print("as described")
PYTHON
