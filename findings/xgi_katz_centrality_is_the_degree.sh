#!/usr/bin/env bash
# xgi 0.10.2, katz_centrality.
#
# Katz centrality counts walks, and longer ones with a weight that falls by a factor alpha with each step: an account in
# a small group of busy accounts can come before one in a large group of idle ones. The text of the function explains
# alpha and does not say its value, and there is no argument for it. It is 1 / 2 ** (number of accounts). Walks of two
# steps then weigh less than a millionth from 20 accounts on, and are below the precision of a double from about 60 on:
# the "Katz centrality" of any network of some size is the number of pairs that an account is in, over their sum. A
# study that finds that Katz agrees with degree compares degree with itself. Compute it from clique_motif_matrix.
#
# Seen (a core of 8 in one group and pairs, 60 on the outside; "fan" has 9 idle partners, "friend" has 8 in the core):
#                                                fan       friend
#   xgi, and the share of the degree             0.0444    0.0323
#   Katz with alpha 0.85 / largest eigenvalue    0.0081    0.0449
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet xgi==0.10.2 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations

import numpy as np
import xgi

core = [f"core{number}" for number in range(8)]
groups = [*map(list, combinations(core, 2)), core[:4], core[2:7]]
groups += [["friend", account] for account in core]
groups += [["fan", f"idle{number}"] for number in range(9)]
groups += [[core[number % 8], f"outside{number}"] for number in range(60)] + [["fan", "idle0", "outside0"]]
network = xgi.Hypergraph(groups)
accounts = list(network.nodes)
table = np.asarray(xgi.clique_motif_matrix(network).todense(), dtype=float)
place = {account: number for number, account in enumerate(accounts)}
by_hand = np.zeros_like(table)
for group in groups:
    for one, other in combinations(group, 2):
        by_hand[place[one], place[other]] += 1
        by_hand[place[other], place[one]] += 1
assert (table == by_hand).all()
degree = table.sum(axis=1)
found = np.array([xgi.katz_centrality(network)[account] for account in accounts])
distance = np.abs(found - degree / degree.sum()).max()
alpha = 0.85 / np.linalg.eigvalsh(table)[-1]
katz = np.linalg.solve(np.eye(len(accounts)) - alpha * table, np.ones(len(accounts))) - 1
katz /= katz.sum()
fan, friend = place["fan"], place["friend"]
print(f"{len(accounts)} accounts, largest distance to the shares of the degree {distance:.16f}")
print(f"xgi: fan {found[fan]:.4f}, friend {found[friend]:.4f}; Katz: fan {katz[fan]:.4f}, friend {katz[friend]:.4f}")
assert distance < 1e-15, "changed: more than the degree"
assert found[fan] > found[friend] and katz[fan] < katz[friend], "changed: order"
small = xgi.Hypergraph([[0, 1], [1, 2], [2, 3], [3, 4]])
path = np.asarray(xgi.clique_motif_matrix(small).todense(), dtype=float)
right = np.linalg.solve(np.eye(5) - path / 2**5, np.ones(5)) - 1
few = np.array(list(xgi.katz_centrality(small).values()))
assert np.allclose(few, right / right.sum()), "changed: alpha"
print("as described")
PYTHON
