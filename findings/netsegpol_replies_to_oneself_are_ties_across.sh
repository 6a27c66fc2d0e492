#!/usr/bin/env bash
# netsegpol 0.1.0, Measurer.krackhardt_ei.
#
# The E-I index compares ties across groups with ties inside them. An account that replies to itself, as in every
# thread, ties nobody to another group: such a row should count inside or not at all. The table of pairs of one group is
# cleared on its diagonal, and the pairs across are taken as all that is not in it: each tie of an account with itself
# counts across, in an undirected network twice. Two groups without a single tie between them get the index of a network
# without any preference as soon as each account has one reply to itself and one to another. Modularity and Moody's odds
# ratio of the package leave such rows out, Freeman's index counts them inside. Drop them before the call. (The value is
# minus E-I by default: 1 says all ties inside.)
#
# Seen (two triangles, each a group):
#                                      E-I    Freeman   modularity
#   6 ties, all inside                 1.0    1.0       0.5
#   and each account replies to itself -0.0   1.0       0.5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet netsegpol==0.1.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from netsegpol import Measurer

group = {name: "left" if name in "abc" else "right" for name in "abcdef"}
ties = [("a", "b"), ("b", "c"), ("a", "c"), ("d", "e"), ("e", "f"), ("d", "f")]
own = [(name, name) for name in group]


def by_hand(rows):
    inside = sum(group[one] == group[other] for one, other in rows)
    return (inside - (len(rows) - inside)) / len(rows)


for directed in (True, False):
    found = []
    for rows in (ties, ties + own):
        measure = Measurer(rows, group, directed=directed)
        values = measure.krackhardt_ei(), measure.freeman_segregation(), measure.modularity_score()
        found.append(tuple(round(float(value), 6) for value in values))
        print(f"directed {directed}, {len(rows)} rows:", *found[-1], "by hand", by_hand(rows))
    without, with_own = found
    assert without == (1.0, 1.0, 0.5) and by_hand(ties) == by_hand(ties + own) == 1.0
    assert with_own[1:] == without[1:], "changed: the other measures"
    across = len(own) * (1 if directed else 2)
    inside = len(ties) * (1 if directed else 2)
    assert abs(with_own[0] - (inside - across) / (inside + across)) < 1e-12, "changed: E-I"
print("as described")
PYTHON
