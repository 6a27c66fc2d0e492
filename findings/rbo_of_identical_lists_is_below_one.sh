#!/usr/bin/env bash
# rbo 0.1.3, RankingSimilarity(...).rbo(p=0.9) of two feeds.
#
# One expects 1 for identical lists. The method ends the infinite sum at the end of the lists and
# adds nothing for what could follow: identical lists of n items score 1 - 0.9^n, 0.27 for three and
# 0.65 for ten. Feeds of different lengths cannot be compared so: two lists of 20 that share only
# their first half come out above identical lists of ten. A longer list is cut to the shorter one,
# so the first item alone is as similar to a list of ten as to itself. Without p it is no RBO but
# the mean overlap (p = 1). Call rbo_ext, which extrapolates, on lists of one length.
#
# Seen (rbo(p=0.9), rbo_ext(p=0.9), rbo()):
#   3 items, identical   0.2710  1.0000  1.0000
#   10 items, identical  0.6513  1.0000  1.0000
#   20 items, first half 0.8120  0.8728  0.8344
#   1 item against 10    0.1000  1.0000  1.0000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# rbo asks for NumPy below 2, of which there is no wheel for Python 3.13; it runs with 2.4.6 too.
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 tqdm==4.70.1
"$folder/venv/bin/pip" install --quiet --no-deps rbo==0.1.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from rbo import RankingSimilarity

ten, twenty = list(range(10)), list(range(20))
cases = {
    "3 items, identical": (ten[:3], ten[:3], (0.271, 1, 1)),
    "10 items, identical": (ten, ten, (0.6513, 1, 1)),
    "20 items, first half": (twenty, ten + list(range(20, 30)), (0.812, 0.8728, 0.8344)),
    "1 item against 10": (ten[:1], ten, (0.1, 1, 1)),
}
for name, (first, second, seen) in cases.items():
    pair = RankingSimilarity(first, second)
    found = (pair.rbo(p=0.9), pair.rbo_ext(p=0.9), pair.rbo())
    print(f"{name:<20}", *(f"{value:.4f}" for value in found))
    for value, expected in zip(found, seen, strict=True):
        assert abs(value - expected) < 0.0001, f"changed: {name}"
print("as described")
PYTHON
