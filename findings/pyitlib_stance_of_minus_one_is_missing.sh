#!/usr/bin/env bash
# pyitlib 0.3.1, entropies and mutual information of codes -1, 0, 1: against, neutral, for.
#
# -1 is the default mark of a missing value in arrays and lists, as the help says under fill_value; it is also the usual
# code of a stance, of a vote and of a down-vote. All who are against are dropped without a word: three equal groups
# have 1 bit, not 1.58, and of two coders only those texts count that neither codes -1, so that the
# distance of the two comes out at half of what it is. A pandas Series of the same numbers has its own mark of a
# missing value: there -1 counts, so the result changes with .to_numpy(). Adding 1 to all codes changes results that
# depend on no code. (Codes of several variables are rows of one array: -1 in one drops the text for all.)
# Give fill_value a value that does not occur, such as -99.
#
# Seen (3 equal groups; 600 texts of two coders who agree more often than not):
#                                        -1, 0, 1     0, 1, 2    fill_value=-99
#   entropy, array                        1.0000      1.5850      1.5850
#   entropy, pandas Series                1.5850      1.5850
#   variation of information              1.1311      2.2227      2.2227
#   shared part of the first's entropy    0.4297      0.2955      0.2955
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyitlib==0.3.1 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3 scikit-learn==1.9.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from pyitlib import discrete_random_variable as drv

groups = np.repeat([-1, 0, 1], 40)
draw = np.random.default_rng(0)
one = draw.choice([-1, 0, 1], 600)
other = np.where(draw.random(600) < 0.6, one, draw.choice([-1, 0, 1], 600))


def bits(*codes):
    counts = np.unique(np.column_stack(codes), axis=0, return_counts=True)[1]
    return -(counts / counts.sum() * np.log2(counts / counts.sum())).sum()


joint = bits(one, other)
variation, shared = 2 * joint - bits(one) - bits(other), bits(one) + bits(other) - joint
by_hand = {
    "entropy": (bits(groups), lambda shift, **how: drv.entropy(groups + shift, **how)),
    "variation": (variation, lambda shift, **how: drv.information_variation(one + shift, other + shift, **how)),
    "shared": (shared / bits(one), lambda shift, **how: (
        drv.information_mutual(one + shift, other + shift, **how) / drv.entropy(one + shift, **how)
    )),
}  # fmt: skip
seen = {"entropy": 1, "variation": 1.1311, "shared": 0.4297}
for name, (exact, measure) in by_hand.items():
    found = float(measure(0)), float(measure(1)), float(measure(0, fill_value=-99))
    print(f"{name:<10}", *(f"{value:.4f}" for value in found), f"by hand {exact:.4f}")
    assert abs(found[0] - seen[name]) < 1e-4, f"changed: {name}"
    assert np.allclose(found[1:], exact), f"changed: {name} of other codes"
series = float(drv.entropy(pd.Series(groups)))
print(f"Series     {series:.4f}")
assert abs(series - np.log2(3)) < 1e-9, "changed: Series"
print("as described")
PYTHON
