#!/usr/bin/env bash
# CLES 0.1.3, CLES_2paired(data1, data2), the common language effect size of paired samples.
#
# The share of pairs in which the second value is higher, in percent, turned so that it lies between 50 (no
# difference) and 100 (all pairs one way). The function compares the n differences with n - 1 zeros and divides by n
# squared: no effect comes out as an effect, and an effect depends on which sample comes first. Ten accounts
# that all watch more after a change of feed give 90, all that watch less 100, and ten accounts
# that watch exactly as much 55. The smaller the sample, the larger the effect of nothing: 66.7 for three pairs.
# CLES_1samp of the differences gives the right values.
#
# Seen (n pairs; CLES_2paired, CLES_1samp of the differences):
#   10, no difference     55.0   50.0
#   10, all higher        90.0  100.0
#   10, all lower        100.0  100.0
#   10, 7 higher, 3 lower 63.0   70.0
#   10, 3 higher, 7 lower 73.0   70.0
#    3, no difference     66.7   50.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet CLES==0.1.3 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from CLES.CLES import CLES_1samp, CLES_2paired

cases = {
    "10, no difference": ([0] * 10, 55, 50),
    "10, all higher": ([1] * 10, 90, 100),
    "10, all lower": ([-1] * 10, 100, 100),
    "10, 7 higher, 3 lower": ([1] * 7 + [-1] * 3, 63, 70),
    "10, 3 higher, 7 lower": ([1] * 3 + [-1] * 7, 73, 70),
    "3, no difference": ([0] * 3, 66.6667, 50),
}
for name, (differences, seen, right) in cases.items():
    differences = np.array(differences, dtype=float)
    before = np.arange(len(differences), dtype=float)
    share = np.mean(np.where(differences == 0, 0.5, differences > 0))
    assert abs(100 * (0.5 + abs(share - 0.5)) - right) < 1e-9, "by hand"
    found = CLES_2paired(before, before + differences), CLES_1samp(differences)
    print(f"{name:<22}", *(f"{value:.1f}" for value in found))
    assert abs(found[0] - seen) < 0.001 and abs(found[1] - right) < 0.001, f"changed: {name}"
print("as described")
PYTHON
