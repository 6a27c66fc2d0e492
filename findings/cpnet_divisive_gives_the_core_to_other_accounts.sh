#!/usr/bin/env bash
# cpnet 0.0.21, Divisive.
#
# Divisive splits a network into communities and each of these into a core and a periphery. get_coreness should return,
# for each account, whether it is in the core of its community. The values are lined up community by community and then
# handed to the accounts in the order of the network. They are right where each community stands in one piece in that
# order, as in a benchmark; anywhere else accounts get the values of others. The same network with its nodes listed in
# turns has accounts of the periphery in the core, and accounts of the core in the periphery. The quality that the
# object reports is still that of the right cores; score() of the returned ones is lower, which shows it.
#
# Seen (two communities of 9, each a core of 3 with 6 others tied to all of the core; in the core):
#   listed a0 ... a8, b0 ... b8   a0 a1 a2 a3 b0 b1 b2 b3    Q_ 1.468, score 1.468
#   listed a0, b0, a1, b1 ...     a0 a1 a5 a6 b0 b1 b4 b5    Q_ 1.468, score 0.461
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cpnet==0.0.21 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1 numba==0.68.1 \
    pandas==2.3.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations

import cpnet
import networkx as nx


def network(names):
    made = nx.Graph()
    made.add_nodes_from(names)
    for letter in "ab":
        core = [f"{letter}{number}" for number in range(3)]
        made.add_edges_from(combinations(core, 2))
        made.add_edges_from((inner, f"{letter}{number}") for inner in core for number in range(3, 9))
    made.add_edge("a0", "b0")
    return made


in_blocks = [f"{letter}{number}" for letter in "ab" for number in range(9)]
in_turns = [f"{letter}{number}" for number in range(9) for letter in "ab"]
assert nx.utils.graphs_equal(network(in_blocks), network(in_turns))
found = {}
for name, nodes in (("in blocks", in_blocks), ("in turns", in_turns)):
    method = cpnet.Divisive()
    method.detect(network(nodes))
    pair, core = method.get_pair_id(), method.get_coreness()
    assert len({pair[node] for node in nodes if node[0] == "a"}) == 1 and len(set(pair.values())) == 2
    found[name] = sorted(node for node in nodes if core[node])
    score = float(sum(method.score(network(nodes), pair, core)))
    print(f"{name:<9}", *found[name], f"Q_ {method.Q_:.3f}, score {score:.3f}")
    assert (abs(method.Q_ - score) < 1e-9) == (name == "in blocks"), "changed: the scores"
true_core = {f"{letter}{number}" for letter in "ab" for number in range(3)}
assert true_core <= set(found["in blocks"]), "changed: in blocks"
assert not true_core <= set(found["in turns"]), "changed: in turns"
print("as described")
PYTHON
