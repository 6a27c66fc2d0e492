#!/usr/bin/env bash
# irrCAC 0.4.4, weighted agreement of two coders whose labels are words: against, neutral, favor.
#
# With weights="ordinal" (or linear, quadratic) a confusion of neighbours should cost less than one
# of opposites. The order of the labels is taken from the alphabet, without a warning: against,
# favor, neutral. So the poles are neighbours, and coders who mix up for and against agree better
# than coders who hesitate about neutral; coded as 1, 2, 3 it is the other way round. krippendorff
# 0.9.0 raises ValueError for words without an order. Pass categories=["against", "neutral",
# "favor"].
#
# Seen (8 texts, 2 disagreements; AC2, quadratic weights: words, 1 to 3, words and categories):
#   neutral for a pole   0.535  0.814  0.814
#   one pole for another 0.818  0.273  0.273
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# irrCAC asks for SciPy 1.12.0, of which there is no wheel for Python 3.13; it runs with 1.17.1 too.
"$folder/venv/bin/pip" install --quiet krippendorff==0.9.0 pandas==2.3.3 scipy==1.17.1
"$folder/venv/bin/pip" install --quiet --no-deps irrCAC==0.4.4
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import krippendorff
import pandas as pd
from irrCAC.raw import CAC

ORDER = ["against", "neutral", "favor"]
first = "against against favor favor neutral against favor neutral".split()
cases = {
    "neutral for a pole": (
        "against neutral favor neutral neutral against favor neutral",
        0.535,
        0.814,
    ),
    "one pole for another": (
        "against favor favor favor neutral against against neutral",
        0.818,
        0.273,
    ),
}


def gwet(ratings, **options):
    return float(CAC(ratings, weights="quadratic", **options).gwet()["est"]["coefficient_value"])


for name, (second, by_alphabet, by_order) in cases.items():
    words = pd.DataFrame({"first": first, "second": second.split()})
    codes = words.apply(lambda column: column.map(ORDER.index) + 1)
    found = (gwet(words.copy()), gwet(codes), gwet(words.copy(), categories=ORDER))
    print(f"{name:<20}", *(f"{value:.3f}" for value in found))
    for value, expected in zip(found, (by_alphabet, by_order, by_order), strict=True):
        assert abs(value - expected) < 0.001, f"changed: {name}"

try:
    krippendorff.alpha(reliability_data=words.T.to_numpy(str), level_of_measurement="ordinal")
except ValueError:
    pass
else:
    raise AssertionError("changed: krippendorff")
print("as described")
PYTHON
