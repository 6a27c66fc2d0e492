#!/usr/bin/env bash
# iaa-kit 0.1.2, ac2, and Krippendorff's alpha with scale="ordinal".
#
# Gwet's AC1 and AC2 were made because kappa falls to nothing where nearly all texts get the same label, however often
# the coders agree. ac1 of the package is Gwet's, ac2 is Cohen's weighted kappa under that name: with two
# labels AC2 equals AC1, and here the one is 0.89 and the other negative. alpha has a scale "ordinal" that gives the
# numbers of "interval", with squared differences of codes. An item with six coders also weighs as fifteen items
# with two, as its pairs are pooled, and items with one coder count in what is expected. Take irrCAC for AC2
# and krippendorff for alpha.
#
# Seen (20 texts, 18 both "1", one "1" and "2", one "2" and "1"; then six items with one to six coders):
#   iaa-kit   ac1 0.8895   ac2 -0.0526   weighted kappa -0.0526
#   irrCAC    AC1 0.8895   AC2  0.8895
#   alpha     nominal 0.6731  ordinal 0.6210  interval 0.6210
#   krippendorff      0.6703          0.7203           0.7458
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet iaa-kit==0.1.2 krippendorff==0.9.0 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
# irrCAC asks for an older SciPy; what it computes is the same with this one.
"$folder/venv/bin/pip" install --quiet --no-deps irrCAC==0.4.4
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import krippendorff
import numpy as np
import pandas as pd
from iaa_kit.cohen import weighted_kappa
from iaa_kit.gwet import ac1, ac2
from iaa_kit.krippendorff import alpha_value
from irrCAC.raw import CAC
first, second = [1] * 18 + [1, 2], [1] * 18 + [2, 1]
own = ac1(first, second), ac2(first, second), weighted_kappa(first, second)
coders = pd.DataFrame({"first": first, "second": second})
peer = [CAC(coders, weights=weights).gwet()["est"]["coefficient_value"] for weights in ("identity", "linear")]
print("iaa-kit  ac1, ac2, weighted kappa", *(f"{value:.4f}" for value in own))
print("irrCAC   AC1, AC2                ", *(f"{value:.4f}" for value in peer))
assert np.allclose(own, [0.8895, -0.0526, -0.0526], atol=1e-4), "changed: ac2"
assert np.allclose(peer, [0.8895, 0.8895], atol=1e-4), "changed: irrCAC"
items = [[1, 1, 1, 1], [1, 2], [2, 2], [3, 3, 3, 3, 3, 1], [2, None], [4, 4]]
table = np.full((6, len(items)), np.nan)
for item, codes in enumerate(items):
    table[: len(codes), item] = [np.nan if code is None else code for code in codes]
scales = ("nominal", "ordinal", "interval")
alphas = [alpha_value(items, scale) for scale in scales]
peers = [krippendorff.alpha(table, level_of_measurement=scale) for scale in scales]
print("alpha       ", *(f"{value:.4f}" for value in alphas))
print("krippendorff", *(f"{value:.4f}" for value in peers))
assert np.allclose(alphas, [0.6731, 0.6210, 0.6210], atol=1e-4), "changed: alpha"
assert np.allclose(peers, [0.6703, 0.7203, 0.7458], atol=1e-4), "changed: krippendorff"
print("as described")
PYTHON
