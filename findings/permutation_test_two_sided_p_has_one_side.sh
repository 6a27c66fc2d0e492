#!/usr/bin/env bash
# permutation_test 0.18, permutationtest(data, ref_data), with NumPy 1.23.5: newer ones lack a name that it
# needs, so Python 3.11 only.
#
# The help calls the result the two-sided p-value. It is the smaller one of the two one-sided values: without
# any difference it is 0.30 on average instead of 0.52 and never much above 0.5, and small values are too many. (Not
# twice as many, as it is also coarse: p is read off a histogram of the permutations, in whole bins, of which a
# rule of thumb makes some twenty.) A list of communities that differ has entries that chance put there.
# Double it, or use scipy.stats.permutation_test.
#
# Seen (300 pairs of samples of 6 from one distribution; all 924 permutations; p):
#   package    mean 0.30   highest 0.56   at most 0.1: 13.7 %
#   exact      mean 0.52   highest 1.00   at most 0.1:  9.3 %
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet permutation_test==0.18 numpy==1.23.5 pandas==2.0.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io
from itertools import combinations

import numpy as np
from permutation_test import permutationtest

CHOSEN = np.array(list(combinations(range(12), 6)))


def package(one, other):
    with contextlib.redirect_stdout(io.StringIO()):
        result = permutationtest(list(one), list(other), detailed=True, verbose=False)
    sides = result["p_value_lower_than"], result["p_value_greater_than"]
    assert result["p_value"] == min(sides), "changed: the smaller side"
    return result["p_value"]


def exact(one, other):
    pooled = np.concatenate([one, other])
    differences = pooled[CHOSEN].sum(axis=1) / 3 - pooled.sum() / 6
    return (np.abs(differences) >= abs(one.mean() - other.mean()) - 1e-12).mean()


draw = np.random.default_rng(0)
pairs = [draw.normal(size=(2, 6)) for _ in range(300)]
own, peer = np.array([package(*pair) for pair in pairs]), np.array([exact(*pair) for pair in pairs])
print(f"package mean {own.mean():.3f} highest {own.max():.3f} at most 0.1: {(own <= 0.1).mean():.3f}")
print(f"exact   mean {peer.mean():.3f} highest {peer.max():.3f} at most 0.1: {(peer <= 0.1).mean():.3f}")
assert np.allclose([own.mean(), own.max(), (own <= 0.1).mean()], [0.297, 0.561, 0.137], atol=2e-3), "changed: package"
assert peer.max() > 0.99 and abs(peer.mean() - 0.52) < 0.01, "changed: exact"
print("as described")
PYTHON
