#!/usr/bin/env bash
# SPKMC 0.4.0, expected outbreak size of a random network (analyze_erdos_renyi).
#
# If each tie passes a post on with probability T and accounts have c ties on average, u solves u = exp(cT(u - 1)), and
# the share reached is 1 - u. The function solves for the same u, but then returns 1 - exp(c(u - 1)), without T: the
# share of accounts with at least one tie to somebody who is reached, whether or not that tie passes
# anything on. The share is too large for every T below 1, most for weak spreading; the threshold itself is
# right. Take the equation, or simulate.
#
# Seen (rate of spreading against rate of loss of interest gives T; the function, 1 - u, and the largest cluster of
# 20,000 accounts whose ties are kept with probability T):
#   c = 4, T = 1/2    0.96  0.80  0.80
#   c = 3, T = 1/2    0.83  0.58  0.58
#   c = 4, T = 1/3    0.84  0.45  0.45
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-deps spkmc==0.4.0
"$folder/venv/bin/pip" install --quiet networkx==3.6.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
import numpy as np
from scipy.optimize import brentq
from spkmc.core.transmissibility import ExponentialExponentialTransmissibility
ACCOUNTS = 20_000
for ties, rate, seen in ((4, 1.0, (0.96, 0.80)), (3, 1.0, (0.83, 0.58)), (4, 0.5, (0.84, 0.45))):
    analysis = ExponentialExponentialTransmissibility(beta=rate, gamma=1.0).analyze_erdos_renyi(ties)
    passes = analysis.transmissibility
    assert np.isclose(passes, rate / (rate + 1))
    solved = 1 - brentq(lambda u: u - np.exp(ties * passes * (u - 1)), 0, 1 - 1e-6)
    clusters = []
    for seed in range(3):
        draw, graph = np.random.default_rng(seed), nx.fast_gnp_random_graph(ACCOUNTS, ties / ACCOUNTS, seed=seed)
        kept = nx.Graph([tie for tie in graph.edges if draw.random() < passes])
        clusters.append(max(map(len, nx.connected_components(kept))) / ACCOUNTS)
    size = analysis.expected_outbreak_size
    print(f"c = {ties}, T = {passes:.2f}   {size:.2f}  {solved:.2f}  {np.mean(clusters):.2f}")
    assert (round(size, 2), round(solved, 2)) == seen, f"changed: c = {ties}, T = {passes:.2f}"
    assert abs(np.mean(clusters) - solved) < 0.02
print("as described")
PYTHON
