#!/usr/bin/env bash
# fastgemf 0.1.4, edgelist_to_csr.
#
# The function reads "u v weight" lines with whole numbers as ids and returns the matrix that Network takes. The
# simulation knows accounts by the row of this matrix. With ids from 0 to n - 1, row 5 was expected to be account 5.
# The rows are in the order in which the ids turn up in the file, and no list of them comes back: initial conditions
# given by id infect other accounts, and states per account are put down to others. Which ones depends on the order of
# the lines. Lines without a weight, which edge lists of unweighted networks consist of, are left out without a word,
# also between lines that have one. Build the matrix yourself and pass it to Network.
#
# Seen (ties 0-1, 0-2, 0-3, 3-4; the hub is 0; degrees by row, expected 3 1 1 2 1):
#   lines by id                       3 1 1 2 1
#   lines turned round                2 1 3 1 1
#   the line "0 3 1" without its 1    2 1 1 1 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fastgemf==0.1.4 numpy==2.4.6 scipy==1.17.1 networkx==3.6.1 pandas==2.3.3 \
    matplotlib==3.11.2 pyyaml==6.0.4 sortedcontainers==2.4.0 pyvis==0.3.2 tqdm==4.67.1
"$folder/venv/bin/python" -W ignore - "$folder/ties.txt" <<'PYTHON'
import sys

import numpy as np
from fastgemf import Network, edgelist_to_csr
from scipy.sparse import csr_matrix

path = sys.argv[1]
lines = ["0 1 1", "0 2 1", "0 3 1", "3 4 1"]


def degrees(rows):
    with open(path, "w") as file:
        file.write("\n".join(rows) + "\n")
    network = Network([edgelist_to_csr(path)])
    found = [int(network.get_out_weight(0, row).sum()) for row in range(network.nodes)]
    return found, int(network.get_highest_degree_nodes(0, 1)[0])


pairs = np.array([line.split() for line in lines], dtype=int)
right = np.bincount(pairs[:, :2].ravel(), minlength=5).tolist()
both = np.vstack([pairs[:, :2], pairs[:, 1::-1]])
matrix = csr_matrix((np.ones(len(both)), both.T), shape=(5, 5))
by_hand = Network([matrix])
assert [int(by_hand.get_out_weight(0, row).sum()) for row in range(5)] == right == [3, 1, 1, 2, 1]
assert int(by_hand.get_highest_degree_nodes(0, 1)[0]) == 0
cases = {
    "by id": (lines, ([3, 1, 1, 2, 1], 0)),
    "turned round": (lines[::-1], ([2, 1, 3, 1, 1], 2)),
    "one without weight": ([*lines[:2], "0 3", lines[3]], ([2, 1, 1, 1, 1], 0)),
}
for name, (rows, expected) in cases.items():
    found, hub = degrees(rows)
    print(f"{name:<18} degrees {found}, hub {hub}")
    assert (found, hub) == expected, f"changed: {name}"
print("as described")
PYTHON
