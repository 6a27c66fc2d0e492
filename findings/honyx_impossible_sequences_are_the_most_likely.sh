#!/usr/bin/env bash
# honyx 0.1.1, likelihood(graph, sequences, return_log=True).
#
# "if true return the log likelihood": a number of at most 0, the greater the better, and minus infinity if a sequence
# cannot come from the network. It comes back with the sign turned, so that the smaller is the better, and a sequence
# with a step that the network does not know adds 0, which is the value of a certain one. A network that was fitted to
# other sessions, or to few, explains a test set perfectly; sessions with some unknown steps count as certain as a
# whole. Choosing the order or the number of training sessions by it chooses the emptiest network. Sum the logarithms
# of the transition weights yourself and count the sequences that have none.
#
# Seen (test sessions a b a, a c a; networks fitted to sessions with both, with a b only, and with x y z only):
#   both       1.39  (by hand -1.39)
#   a b        0.00  (by hand -inf)
#   x y z      0.00  (by hand -inf)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet honyx==0.1.1 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from math import inf, log

import honyx

test = [list("aba"), list("aca")]
training = {
    "both": [list("abaca"), list("acaba")],
    "a b": [list("abab")],
    "x y z": [list("xyzxyz")],
}


def by_hand(network):
    weights = {(u[-1], v[-1]): weight for u, v, weight in network.edges(data="weight")}
    steps = [pair for one in test for pair in zip(one, one[1:])]
    return sum(log(weights[pair]) if pair in weights else -inf for pair in steps)


found, right = {}, {}
for name, sessions in training.items():
    network = honyx.generate_hon(sessions, "fix-order", max_order=1, min_support=1)
    found[name] = honyx.likelihood(network, test, return_log=True)
    right[name] = by_hand(network)
    chance = honyx.likelihood(network, test)
    print(f"{name:<6} log {found[name]:.2f}, by hand {right[name]:.2f}, chance {chance}")
    assert (chance == 0) == (right[name] == -inf)
assert abs(right["both"] + 2 * log(2)) < 1e-12 and right["a b"] == right["x y z"] == -inf
assert abs(found["both"] + right["both"]) < 1e-12, "changed: sign"
assert found["a b"] == found["x y z"] == 0.0, "changed: impossible"
print("as described")
PYTHON
