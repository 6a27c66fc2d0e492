#!/usr/bin/env bash
# python-pyriodic 0.1.2 ("tools for circular data analysis"), Circular(angles).median() and circular_median.
#
# A circular median halves the points by a diameter, or has the smallest sum of distances along the circle; it turns
# with the data. This one sorts the angles from 0 to 2 pi and takes the middle one, which is the common median of
# numbers: hours on both sides of midnight are pulled apart. Of five posts at 22, 23, 0, 1 and 2 it is 2, which no
# post is later than; the same posts twelve hours on have the right one, 12. Evenings of two communities
# whose posts go on past midnight are compared by how many are past it. (The mean is circular.)
# Turn the hours by the mean first, or use the hour of least distance, as below.
#
# Seen (hour of the median; mean; hour of least distance; the same for hours turned by 12, and back):
#   22 23 0 1 2              2      0.00   0      0     0.00   0
#   20 21 22 23 0 1 2 3 5    5      0.06   0      0     0.06   0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 pandas==2.3.3 matplotlib==3.11.1 \
    lazy-loader==0.4 tqdm==4.67.1
# Of what else the package asks for nothing is used here.
"$folder/venv/bin/pip" install --quiet --no-deps python-pyriodic==0.1.2
MPLBACKEND=agg "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from pyriodic import Circular


def least_distance(hours):
    """The hour of a post from which the others are nearest, along the clock."""
    apart = np.abs(np.subtract.outer(hours, hours))
    return hours[np.minimum(apart, 24 - apart).sum(axis=1).argmin()]


def described(hours):
    clock = Circular(hours * np.pi / 12, unit="radians")
    return clock.median() * 12 / np.pi, clock.mean() * 12 / np.pi, least_distance(hours)


seen = {(22, 23, 0, 1, 2): (2, 0, 0), (20, 21, 22, 23, 0, 1, 2, 3, 5): (5, 0.06, 0)}
for posts, (median, mean, nearest) in seen.items():
    hours = np.array(posts, dtype=float)
    found = np.array(described(hours))
    turned = (np.array(described((hours + 12) % 24)) - 12) % 24
    print(posts, found.round(2) % 24, turned.round(2) % 24)
    assert np.allclose(found.round(2) % 24, [median, mean, nearest]), "changed: the hours"
    assert np.allclose(turned.round(2) % 24, [nearest, mean, nearest]), "changed: the turned hours"
print("as described")
PYTHON
