#!/usr/bin/env bash
# netpol 0.3.0, analyze_network and analyze_layers of a weighted graph of retweets.
#
# Each user's opinion is read off from how often the user retweets each influencer. The scorer is described so: the
# weight is the number of retweets. A directed graph that carries these numbers as edge weights is taken without a
# word, every edge becomes one row, and so any number of retweets becomes one; a multigraph is refused. Users who retweet
# both sides, one of them a hundred times as often, have no side then, and two camps come out as one: the
# dip test finds no polarization. Repeat the rows and call LatentIdeologyScorer and dip_test.
#
# Seen (two camps of 60 users, who retweet influencers of both; p of the dip test, mean score of either camp):
#   analyze_network, own side 1, other 1      0.963   0.27  0.31
#   analyze_network, own side 100, other 1    0.963   0.27  0.31
#   a row for each retweet, 100 and 1         0.000  -0.94  0.98
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet netpol==0.3.0 diptest==0.12.0 networkx==3.6.1 pandas==2.3.3 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
import numpy as np
import pandas as pd
from netpol import LatentIdeologyScorer, PolarizationConfig, analyze_network, dip_test
def retweets(own, other):
    draw, graph = np.random.default_rng(0), nx.DiGraph()
    for camp in "LR":
        for user in range(60):
            for star in range(5):
                for side in "LR":
                    if draw.random() < 0.7:
                        graph.add_edge(f"{camp}{user}", f"{side} star {star}", weight=own if side == camp else other)
    return graph
def means(scores):
    return [float(scores[[user for user in scores.index if user[0] == camp]].mean()) for camp in "LR"]
found = []
for own in (1, 100):
    result = analyze_network(retweets(own, 1), PolarizationConfig(n_influencers=10))
    found.append((result.p_value, *means(result.scores["score_1"])))
rows = [(star, user) for user, star, times in retweets(100, 1).edges(data="weight") for _ in range(times)]
scores = LatentIdeologyScorer().score(pd.DataFrame(rows, columns=["influencer", "user"]), 1)["score_1"]
found.append((dip_test(scores.to_numpy())[1], *means(scores)))
for p, left, right in found:
    print(f"p {p:.3f}  camps {left:.2f} {right:.2f}")
assert found[0] == found[1] and found[0][0] > 0.9, "changed: weights"
assert abs(found[0][1] - found[0][2]) < 0.1, "changed: camps"
assert found[2][0] < 0.001 and abs(found[2][1] - found[2][2]) > 1.5, "changed: rows"
print("as described")
PYTHON
