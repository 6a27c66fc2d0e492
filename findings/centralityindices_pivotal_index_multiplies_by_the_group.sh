#!/usr/bin/env bash
# centralityindices 0.1.0, pivotal_index.
#
# The bundle index of an account counts the groups whose joint influence on it reaches a quota, the pivotal index the
# members of these groups without whom the quota is missed: "total number of pivotal vertex appearances across all
# critical groups", say the docs. The value is another one: the pivotal members of each group are multiplied by the size
# of the group. Where all three neighbours are needed there is one group with three pivotal members, and the index is 9.
# The order of accounts changes, since members without any effect raise it: one strong neighbour beside four weak ones
# comes after five even ones by appearances, and before them by the index. The other indices of the package count as
# their docs say.
#
# Seen (weights of the ties to an account; bundle index, pivotal index, counted by hand):
#   3, 2, 1                  quota 6    1    9    3
#   3, 2, 1                  quota 3    5    9    5
#   1, 1, 1, 1, 1            quota 2   26   40   20
#   2, 0.1, 0.1, 0.1, 0.1    quota 2   16   48   16
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet centralityindices==0.1.0 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations

import numpy as np
from centralityindices import CentralityIndices

seen = []
for weights, quota in (((3, 2, 1), 6), ((3, 2, 1), 3), ((1, 1, 1, 1, 1), 2), ((2, 0.1, 0.1, 0.1, 0.1), 2)):
    table = np.zeros((len(weights) + 1,) * 2)
    table[1:, 0] = weights
    groups = [
        group for size in range(1, len(weights) + 1) for group in combinations(weights, size) if sum(group) >= quota
    ]
    pivotal = [sum(sum(group) - weight < quota for weight in group) for group in groups]
    index = CentralityIndices(table)
    found = index.bundle_index(0, quota), index.pivotal_index(0, quota)
    print(f"weights {weights}, quota {quota}: bundle {found[0]}, pivotal {found[1]}, by hand {sum(pivotal)}")
    assert found[0] == len(groups), "changed: bundle"
    assert found[1] == sum(number * len(group) for number, group in zip(pivotal, groups, strict=True)), "changed"
    seen.append((found[1], sum(pivotal)))
assert seen == [(9, 3), (9, 5), (40, 20), (48, 16)]
print("as described")
PYTHON
