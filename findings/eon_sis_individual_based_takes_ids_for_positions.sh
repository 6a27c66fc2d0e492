#!/usr/bin/env bash
# EoN 2.0, SIS_individual_based and SIS_individual_based_pure_IC.
#
# The functions integrate one equation per account: the chance that it is infected, from its ties and the chances of
# its neighbours. The order of accounts in the graph, or in nodelist, is for the reader of the result only, as in
# SIR_individual_based. For SIS the chances are looked up at the place that has the number of the id. Ids 0 to n - 1
# that a file gives in another order, which is the rule when a network is read from its ties, make every account take
# its infections from other accounts than its friends. The prediction of one and the same network goes from an endemic
# state to extinction with the order of the lines; ids in text stop with an error. Relabel the accounts by their place
# first (networkx.convert_node_labels_to_integers) and pass no nodelist.
#
# Seen (ties 3-0, 3-1, 3-2, 2-4, 4-5, account 3 infected, gamma 1; number infected at time 60, tau 0.6 and 0.9):
#   lines in this order                0.000  0.002
#   the same with nodes added by id    0.617  2.175
#   integrated by hand                 0.617  2.175
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eon==2.0 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6 matplotlib==3.11.2
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import EoN
import networkx as nx
import numpy as np
from scipy.integrate import solve_ivp

ties = [(3, 0), (3, 1), (3, 2), (2, 4), (4, 5)]
read = nx.Graph(ties)
sorted_by_id = nx.Graph()
sorted_by_id.add_nodes_from(range(6))
sorted_by_id.add_edges_from(ties)
assert nx.utils.graphs_equal(read, sorted_by_id)


def found(graph, tau, **given):
    return float(EoN.SIS_individual_based_pure_IC(graph, tau, 1.0, {3}, tmax=60, **given)[2][-1])


def by_hand(tau):
    matrix = nx.to_numpy_array(read, nodelist=range(6))
    start = np.array([0.0, 0, 0, 1, 0, 0])
    run = solve_ivp(lambda _, y: tau * (1 - y) * (matrix @ y) - y, (0, 60), start, rtol=1e-9, atol=1e-12)
    return float(run.y[:, -1].sum())


seen = {0.6: (0.0, 0.617), 0.9: (0.002, 2.175)}
for tau, (wrong, right) in seen.items():
    one, other, hand = found(read, tau), found(sorted_by_id, tau), by_hand(tau)
    listed = found(sorted_by_id, tau, nodelist=list(read))
    print(f"tau {tau}: as read {abs(one):.3f}, by id {other:.3f}, with nodelist {abs(listed):.3f}, by hand {hand:.3f}")
    assert abs(other - hand) < 1e-4 and round(hand, 3) == right
    assert abs(one - wrong) < 1e-3 and abs(listed - wrong) < 1e-3, f"changed: {tau}"
sir = [
    float(EoN.SIR_individual_based(graph, 0.6, 1.0, nodelist=list(graph), X0=x, Y0=1 - x, tmax=60)[3][-1])
    for graph in (read, sorted_by_id)
    for x in [np.array([float(node != 3) for node in graph])]
]
assert abs(sir[0] - sir[1]) < 1e-6, "the SIR function does not depend on the order"
print("as described")
PYTHON
