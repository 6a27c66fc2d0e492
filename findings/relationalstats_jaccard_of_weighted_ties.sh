#!/usr/bin/env bash
# relationalstats 0.1.0a1, proxfun_full (link prediction) of a graph whose edges have an attribute "weight".
#
# Jaccard, Salton, Sorensen and hub measures of two accounts' neighbours lie between 0 and 1, and the call has no
# argument for weights. It takes them all the same if the graph has any: products of weights are counted
# as common neighbours and strengths as degrees. The union of the Jaccard, strength plus strength less
# products, then falls to or below zero for the pairs with the most in common, and a guard turns these into 0, while
# others get 33. The karate club of networkx, which has weights, is ranked by such numbers. Drop the weights before.
#
# Seen (two accounts with the same three neighbours; karate club, highest Jaccard of pairs without a tie):
#             Jaccard  Salton  common     karate club
#   no weight     1.0     1.0       3             1.0
#   all 5         0.0     5.0      75            33.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet relationalstats==0.1.0a1 networkx==3.6.1 pandas==2.3.3 \
    numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.15.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from relationalstats.linkprediction import proxfun_full

plain = nx.Graph((account, other) for account in ("ann", "bob") for other in "xyz")
heavy = plain.copy()
nx.set_edge_attributes(heavy, 5, "weight")
club = nx.karate_club_graph()
cases = {
    "no weight": (plain, nx.Graph(club.edges), (1, 1, 3, 1)),
    "weights": (heavy, club, (0, 5, 75, 33)),
}
for name, (graph, whole, seen) in cases.items():
    pair = proxfun_full(graph, [("ann", "bob")], ["jaccard", "salton", "common_neighbors"]).iloc[0]
    highest = proxfun_full(whole, metrics=["jaccard"])["jaccard"].max()
    found = (pair["jaccard"], pair["salton"], pair["common_neighbors"], highest)
    print(f"{name:<10}", *(f"{value:.1f}" for value in found))
    assert all(abs(a - b) < 1e-9 for a, b in zip(found, seen, strict=True)), f"changed: {name}"
    assert next(nx.jaccard_coefficient(graph, [("ann", "bob")]))[2] == 1
    assert max(score for _, _, score in nx.jaccard_coefficient(whole)) == 1
print("as described")
PYTHON
