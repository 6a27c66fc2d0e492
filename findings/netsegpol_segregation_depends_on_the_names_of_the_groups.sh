#!/usr/bin/env bash
# netsegpol 0.1.0, Measurer.segregation_matrix_index of a directed network (the default).
#
# The index compares the density of ties inside a group with the density between the groups, and the package says it is
# for directed and undirected networks. In a directed network the ties between the groups run both ways. Only those from
# the first group to the second are counted, and the first is the one whose name comes first in the alphabet: replies of
# "left" to "right" make both groups less segregated, replies of "right" to "left" have no effect. The same network with
# other names for the groups gets another value, and when one side alone starts the talks, one naming gives a value and
# the other stops with "no between-group ties". Pass each row once as undirected instead.
#
# Seen (two groups of 3 with all ties inside; 5 replies from one group to the other, 1 back):
#   the talkative group is named "a"   0.286, for both groups
#   the talkative group is named "b"   0.8
#   both directions counted by hand    0.5
#   one reply back fewer               0.286, and "undefined ... no between-group ties"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet netsegpol==0.1.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import permutations

from netsegpol import Measurer

talkative, quiet = (1, 2, 3), (4, 5, 6)
inside = [*permutations(talkative, 2), *permutations(quiet, 2)]
over = [(1, 4), (1, 5), (2, 5), (2, 6), (3, 6)]
back = [(4, 1)]


def index(rows, names):
    group = {account: names[account in quiet] for account in talkative + quiet}
    pair = Measurer(rows, group).segregation_matrix_index(individual_groups=True)
    return tuple(round(float(value), 3) for value in pair)


def by_hand(rows):
    side = {account: account in quiet for account in talkative + quiet}
    across = sum(side[one] != side[other] for one, other in rows) / (2 * 3 * 3)
    within = sum(not side[one] and not side[other] for one, other in rows) / (3 * 2)
    return round((within / across - 1) / (within / across + 1), 3)


rows = inside + over + back
print('named "a", "b":', index(rows, "ab"))
print('named "b", "a":', index(rows, "ba"))
print("by hand:", by_hand(rows))
assert index(rows, "ab") == (0.286, 0.286) and index(rows, "ba") == (0.8, 0.8), "changed"
assert by_hand(rows) == 0.5
assert index(rows[:-1], "ab") == (0.286, 0.286), "changed: the reply back counts"
try:
    print(index(rows[:-1], "ba"))
    raise SystemExit("changed: no reply back")
except ValueError as error:
    print("no reply back:", error)
print("as described")
PYTHON
