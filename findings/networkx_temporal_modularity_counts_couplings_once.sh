#!/usr/bin/env bash
# networkx-temporal 1.4.4, modularity_multislice.
#
# The multislice modularity of Mucha and others sums over ordered pairs of slices, and so does the formula in the text
# of the function: a tie between two copies of an account adds twice its weight above the line, as each tie inside a
# slice does, and twice below. The code adds it once above and twice below: the credit for accounts that stay where
# they are is half of what it should be. A partition that never moves anybody and leaves no tie outside does not come
# near 1, however heavy the couplings; a comparison of it with partitions that follow each slice favours the latter,
# and values do not compare with those of other programs. Doubling the weight does not help, since it is below the line
# too. Compute it by hand as below. (The package imports a name from the module turtle that it does not use, which
# needs Tk; the script puts an empty one in its place.)
#
# Seen (three equal slices: two cliques of 5, one community each, in all slices; weight of the couplings, found, right):
#   0     0.500  0.500
#   1     0.500  0.625
#   100   0.500  0.985
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx-temporal==1.4.4 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from types import SimpleNamespace

sys.modules["turtle"] = SimpleNamespace(pd=None)

import networkx as nx
import networkx_temporal as tx
import numpy as np

slices = [nx.disjoint_union(nx.complete_graph(5), nx.complete_graph(5)) for _ in range(3)]
community = {account: int(account >= 5) for account in slices[0]}
temporal = tx.from_snapshots(slices)


def by_hand(weight):
    size, count = len(community), len(slices)
    labels = np.tile(np.array(list(community.values())), count)
    supra, null = np.zeros((size * count,) * 2), np.zeros((size * count,) * 2)
    for number, one in enumerate(slices):
        part = slice(number * size, (number + 1) * size)
        ties = nx.to_numpy_array(one)
        degree = ties.sum(axis=0)
        supra[part, part], null[part, part] = ties, np.outer(degree, degree) / degree.sum()
    for number in range(count - 1):
        for account in range(size):
            one, next_one = number * size + account, (number + 1) * size + account
            supra[one, next_one] = supra[next_one, one] = weight
    return ((supra - null) * (labels[:, None] == labels)).sum() / supra.sum()


seen = {0: (0.5, 0.5), 1: (0.5, 0.625), 100: (0.5, 0.985)}
for weight, expected in seen.items():
    found = tx.modularity_multislice(temporal, [community] * 3, interslice_weight=weight)
    right = by_hand(weight)
    print(f"weight {weight:<3} found {found:.3f}, right {right:.3f}")
    couplings = 20 * weight / (60 + 20 * weight)
    assert abs(right - found - couplings / 2) < 1e-9, f"changed: {weight}"
    assert (round(found, 3), round(float(right), 3)) == expected, f"changed: {weight}"
print("as described")
PYTHON
