#!/usr/bin/env bash
# SurveyPie 0.0.1, Apouey's index of polarization for answers in four categories.
#
# The index goes from 0, where all give the same answer, to 1, where half are at either end. Its exponent depends on the
# number of categories and is looked up in a table: 0.63 for three, 0.73 for five. For four the table computes
# log 4 - log 3 / log 2 where (log 4 - log 3) / log 2 = 0.42 was meant, and that is -0.20. With a negative
# exponent the index falls as people move apart, below 0 without a bound, and is minus infinity at the most
# polarized. Scales of four answers without a middle are common, and a column of results for several questions has
# values of both kinds. Compute 1 - 2^a / (K - 1) * sum |F_k - 1/2|^a with a = 0.42.
#
# Seen (100 answers; 4 categories, the formula with 0.42, 5 categories):
#   all give 2               0.000  0.000  0.000
#   52 to 48 at the ends    -0.904  0.737  0.905
#   half at either end        -inf  1.000  1.000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# The package asks for NumPy below 2; what it computes is the same with these.
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 pandas==2.3.3
"$folder/venv/bin/pip" install --quiet --no-deps surveypie==0.0.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from surveypie.apouey_index import get_apouey_index
def formula(answers, categories, exponent):
    shares = np.array([np.mean(np.array(answers) <= category) for category in range(1, categories)])
    return 1 - 2**exponent / (categories - 1) * np.sum(np.abs(shares - 0.5) ** exponent)
seen = {
    "all give 2": (lambda k: [2] * 100, [0, 0, 0]),
    "52 to 48 at the ends": (lambda k: [1] * 52 + [k] * 48, [-0.904, 0.737, 0.905]),
    "half at either end": (lambda k: [1] * 50 + [k] * 50, [-np.inf, 1, 1]),
}
for name, (answers, expected) in seen.items():
    found = [
        float(get_apouey_index([1, 2, 3, 4], answers(4))),
        float(formula(answers(4), 4, (np.log(4) - np.log(3)) / np.log(2))),
        float(get_apouey_index([1, 2, 3, 4, 5], answers(5))),
    ]
    print(f"{name:<22}", *(f"{value:.3f}" for value in found))
    assert np.allclose(found, expected, atol=1e-3), f"changed: {name}"
print("as described")
PYTHON
