#!/usr/bin/env bash
# readin-ucinet 1.4.1, read_ucinet of a DL file (full matrix) with values above 9; UCINET's matrices of
# messages, co-citations or shared followers.
#
# A matrix of n rows is expected to have n columns. The reader takes each character that is not less than "0" for a
# number of its own: 12 becomes a 1 and a 2, further right columns move, the shorter rows are filled up with
# NaN, and a whole matrix of two digits a cell comes out with twice the columns. A decimal point and a minus
# are skipped, so 0.5 is a 0 and a 5, and -1 is 1. Only matrices of single digits are read right. Take
# numpy.loadtxt for the lines below "data:".
#
# Seen (values of the rows of a matrix of 3 accounts):
#   0 12 3     0 1 2 3
#   12 0 -1    1 2 0 1
#   3 0.5 0    3 0 5 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet readin-ucinet==1.4.1 pandas==2.3.3 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import io
import pathlib
import sys

import numpy as np
from readin_ucinet import read_ucinet

file = pathlib.Path(sys.argv[1]) / "messages.dl"


def read(matrix):
    file.write_text("DL N=3 FORMAT=FULLMATRIX\nDATA:\n" + matrix)
    right = np.loadtxt(io.StringIO(matrix))
    assert right.shape == (3, 3)
    return read_ucinet(str(file)).to_numpy(), right


single, right = read("0 2 3\n2 0 1\n3 1 0\n")
assert np.array_equal(single, right), "changed: single digits"
found, right = read("0 12 3\n12 0 -1\n3 0.5 0\n")
assert found.tolist() == [[0, 1, 2, 3], [1, 2, 0, 1], [3, 0, 5, 0]], "changed"
ragged, right = read("0 12 3\n12 0 1\n3 1 0\n")
assert ragged.shape == (3, 4) and np.isnan(ragged[2, 3]), "changed: rows of unequal length"
print("as described")
PYTHON
