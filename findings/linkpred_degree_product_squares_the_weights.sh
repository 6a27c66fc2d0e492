#!/usr/bin/env bash
# linkpred 0.6, DegreeProduct (preferential attachment) with weight="weight".
#
# With weights, the degree of an account is expected to be its strength, the sum of its weights, and the
# score of a pair the product of two strengths. Each weight is squared first: the helper behind all
# neighbour measures gives the square of the norm, as a cosine needs it. An account with one tie
# of weight 4 then stands before one with ten ties of weight 1, and units matter twice. AdamicAdar and
# ResourceAllocation divide by the same sum (Adamic and Adar by its logarithm, which is below zero where an account's
# squared weights add up to less than 1; such a pair leaves the list). The docstring says only that weight
# names the attribute. Multiply strengths by hand.
#
# Seen (ann has 10 ties of weight 1, bob one of weight 4, cem one of weight 1; the pair's score):
#                  ann and cem  bob and cem
#   weight="weight"     10          16
#   strengths           10           4
#   weight=None         10           1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet linkpred==0.6 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from linkpred.predictors import AdamicAdar, DegreeProduct

graph = nx.Graph()
graph.add_weighted_edges_from(("ann", f"a{number}", 1) for number in range(10))
graph.add_weighted_edges_from([("bob", "b", 4), ("cem", "c", 1)])
pairs = [("ann", "cem"), ("bob", "cem")]


def scores(weight):
    found = {frozenset(pair): value for pair, value in DegreeProduct(graph).predict(weight).items()}
    return tuple(found[frozenset(pair)] for pair in pairs)


strength = dict(graph.degree(weight="weight"))
by_strength = tuple(strength[u] * strength[v] for u, v in pairs)
print("weight  ", scores("weight"))
print("strength", by_strength)
print("None    ", scores(None))
assert by_strength == (10, 4)
assert (scores("weight"), scores(None)) == ((10, 16), (10, 1)), "changed"
halves = nx.Graph()
halves.add_weighted_edges_from([("ann", "cem", 0.5), ("bob", "cem", 0.5)])
assert len(AdamicAdar(halves).predict(None)) == 1, "changed: Adamic and Adar without weights"
assert len(AdamicAdar(halves).predict("weight")) == 0, "changed: Adamic and Adar with weights"
print("as described")
PYTHON
