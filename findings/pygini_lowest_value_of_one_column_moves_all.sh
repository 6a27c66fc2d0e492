#!/usr/bin/env bash
# pygini 1.0.1, gini(table, axis=0), the Gini index of each column, with a value below zero in one of them.
#
# Scores of posts (votes up less votes down) can be below zero. Values must not, so the module subtracts the lowest
# one; not that of the column, but that of the whole table, from the whole table: a community of 1, 2, 3, 4, 5 has
# 0.27 alone and 0.09 beside one in which a single post stands at -6. A rank of communities by inequality
# depends on the worst post of any of them. And the table of the caller is changed in place: after the call its
# scores are six too high, so a mean taken later is that of other numbers. (Along axis 1 too; without axis
# a copy is made. Without values below zero the table gets 1e-8 added, each time.)
# Give copies of single columns, and decide yourself what a Gini index of negative scores shall mean.
#
# Seen (Gini of column b, 1 to 5; mean of the table before and after):
#   alone                       0.267
#   beside a with -6            0.089      2.8    8.8
#   beside a without -6         0.267      4.1    4.1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pygini==1.0.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from pygini import gini

B = np.array([1.0, 2, 3, 4, 5])


def by_hand(values):
    return np.abs(np.subtract.outer(values, values)).mean() / 2 / values.mean()


assert abs(by_hand(B) - 4 / 15) < 1e-12
alone = gini(B)
print(f"alone {alone:.4f}, by hand {by_hand(B):.4f}")
assert abs(alone - by_hand(B)) < 1e-6, "changed: alone"
for lowest, expected, shift in ((-6.0, by_hand(B + 6), 6), (7.0, by_hand(B), 0)):
    table = np.column_stack([[lowest, 2, 4, 5, 8], B])
    before = table.copy()
    index = gini(table, axis=0)[1]
    print(f"beside {lowest:+.0f}: {index:.4f}, mean {before.mean():.1f} before, {table.mean():.1f} after")
    assert abs(index - expected) < 1e-6, f"changed: beside {lowest}"
    assert np.allclose(table - before, shift, atol=1e-6), f"changed: the table, {lowest}"
print("as described")
PYTHON
