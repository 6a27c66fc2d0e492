#!/usr/bin/env bash
# SciPy 1.17.1, set distances of scipy.spatial.distance on counts: how often accounts used each tag.
#
# Jaccard, Dice and Russell-Rao compare sets, so counts should be refused, or count as used or not
# used. cdist and pdist take them so for most of these distances, but Dice puts the counts into its
# formula: a row can lie at -1.33 from itself, and two different sets at 0. The function of the same
# name as a metric need not agree with it: russellrao(x, y) is 0 where cdist says 0.5;
# Rogers-Tanimoto, Sokal-Sneath and Yule differ too. Nothing warns. Compare rows > 0.
#
# Seen (3 1 0 2 and 1 1 0 0: cdist, function, both of rows > 0; cdist of the first row with itself):
#   jaccard      0.3333  0.3333  0.3333   0.0000
#   dice         0.0000  0.0000  0.2000  -1.3333
#   russellrao   0.5000  0.0000  0.5000   0.2500
#   sokalsneath  0.5000  0.0000  0.5000   0.0000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from scipy.spatial import distance

counts = np.array([[3, 1, 0, 2], [1, 1, 0, 0]])
used = counts > 0
seen = {
    "jaccard": (1 / 3, 1 / 3, 1 / 3, 0),
    "dice": (0, 0, 0.2, -4 / 3),
    "russellrao": (0.5, 0, 0.5, 0.25),
    "sokalsneath": (0.5, 0, 0.5, 0),
}
for name, expected in seen.items():
    function = getattr(distance, name)
    table = distance.cdist(counts, counts, name)
    sets = distance.cdist(used, used, name)[0, 1]
    assert abs(sets - function(*used)) < 1e-9, f"changed: {name} of sets"
    assert abs(distance.pdist(counts, name)[0] - table[0, 1]) < 1e-9, f"changed: pdist, {name}"
    found = (table[0, 1], function(*counts), sets, table[0, 0])
    print(f"{name:<11}", *(f"{value:7.4f}" for value in found))
    assert np.allclose(found, expected), f"changed: {name}"
print("as described")
PYTHON
