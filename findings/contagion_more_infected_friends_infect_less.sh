#!/usr/bin/env bash
# contagion 1.3.3, Contagion on a ContactNetwork with a transmission rate beta.
#
# Each infected friend is a chance beta, so k of them infect with 1 - (1 - beta)^k, one expects: that is what makes a
# rumour fast in a dense community. The package draws one random number for the account, multiplies it by the number
# of infected friends and infects if the product is at most beta. So the chance is beta / k: the second friend who posts
# it halves it, the tenth leaves a tenth. Dense parts of a network slow the spread down, and hubs are the last to
# adopt. Edge weights enter the same product: an edge of weight 5 infects a fifth as often as one of weight 1.
#
# Seen (beta = 0.3, one susceptible account, one step; share infected of 2000 runs, and 1 - 0.7^k):
#   infected friends 1    0.30  0.30        weight 1   0.29
#   infected friends 2    0.15  0.51        weight 2   0.15
#   infected friends 5    0.06  0.83        weight 5   0.06
#   infected friends 10   0.03  0.97
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet contagion==1.3.3 networkx==3.6.1 scipy==1.17.1 matplotlib==3.11.2 \
    seaborn==0.13.2 pandas==2.3.3 numpy==2.4.6
MPLBACKEND=Agg "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
import numpy as np
from contagion.contagion import ContactNetwork, Contagion
BETA, RUNS = 0.3, 2000
def share(graph):
    """How often the one account that is not infected at the beginning is so after a step."""
    accounts, infected = len(graph), 0
    for _ in range(RUNS):
        run = Contagion(ContactNetwork(graph, fraction_infected=1 - 1 / accounts), beta=BETA, gamma=0)
        run.run_simulation(steps=1)
        assert run.In_hist[0] == accounts - 1
        infected += run.In_hist[1] == accounts
    return infected / RUNS
np.random.seed(0)
for friends in (1, 2, 5, 10):
    found, expected = share(nx.complete_graph(friends + 1)), 1 - (1 - BETA) ** friends
    print(f"infected friends {friends:>2}   {found:.2f}   1 - (1 - beta)^k {expected:.2f}")
    assert abs(found - BETA / friends) < 0.03, "changed: friends"
for weight in (1, 2, 5):
    found = share(nx.Graph([(0, 1, {"weight": weight})]))
    print(f"weight {weight}   {found:.2f}")
    assert abs(found - BETA / weight) < 0.03, "changed: weights"
print("as described")
PYTHON
