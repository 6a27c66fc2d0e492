#!/usr/bin/env bash
# dynetworkx 0.4.2, count_temporal_motif.
#
# The count of a pattern in time, such as "one writes to another, who writes back within two hours", does not depend on
# the names of the accounts. A match is checked with a table from the places of the pattern to accounts, and an account
# whose name is false to Python counts there as a free place. Accounts are numbered from 0 by many tools, and each match
# in which account 0 comes twice, that is each reply by or to it, is thrown away. Nothing is said, and the other counts
# are right. With 0 as the busiest account, as in networks that grew from it, most replies are gone. Number from 1.
#
# Seen (0 and 1 write to each other three times in turns, 1 and 2 once; written back within 2):
#   numbered from 0   1   (1, 2, 2, 1)
#   numbered from 1   6
#   by hand           6 for both
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dynetworkx==0.4.2 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations

import dynetworkx as dnx

messages = [(0, 1, 1), (1, 0, 2), (0, 1, 3), (1, 0, 4), (0, 1, 5), (1, 0, 6), (1, 2, 20), (2, 1, 21)]
messages += [(3, 4, 30), (4, 5, 31)]
reply, passed_on = ((1, 2), (2, 1)), ((1, 2), (2, 3))


def count(first, pattern):
    graph = dnx.ImpulseDiGraph()
    for one, other, time in messages:
        graph.add_edge(one + first, other + first, time)
    return dnx.count_temporal_motif(graph, pattern, 2, get_count_dict=True)


def by_hand(pattern):
    found = 0
    for (one, other, time), (third, fourth, later) in combinations(messages, 2):
        if 0 < later - time <= 2:
            back = (third, fourth) == (other, one)
            on = third == other and fourth not in (one, other)
            found += back if pattern == reply else on
    return found


for name, pattern in (("reply", reply), ("passed on", passed_on)):
    zero, one = count(0, pattern), count(1, pattern)
    print(f"{name}: from 0 {sum(zero.values())} {zero}, from 1 {sum(one.values())} {one}, by hand {by_hand(pattern)}")
    assert sum(one.values()) == by_hand(pattern), "changed: numbered from 1"
    if pattern == reply:
        assert zero == {(1, 2, 2, 1): 1} and by_hand(pattern) == 6, "changed: numbered from 0"
    else:
        assert zero == {(3, 4, 4, 5): 1}, "changed: without account 0"
print("as described")
PYTHON
