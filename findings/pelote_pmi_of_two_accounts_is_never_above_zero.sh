#!/usr/bin/env bash
# pelote 0.8.2, monopartite_projection(bipartite, "account", metric="pmi").
#
# Pointwise mutual information is the log of how much more often two things meet than if they were independent: with
# N hashtags, log(N * common / (tags of one * tags of the other)), 0 for chance and above for company. Here N is
# left out: the highest value, of two accounts whose only tag is the same, is 0, all others are below. Strangers
# and companions differ as they should, but 0 is not chance any more, values of two collections or months cannot be
# compared, and the weight of every tie is below zero.
# weight_threshold must be above 0 by its check (its message says >= 0), so with any of them no tie is left.
# The weights of the bipartite ties are not used, as with jaccard. Add log(N) and drop what is below 0 yourself.
#
# Seen (100 tags; a and b have 10 each, 5 in common; c and d have 40 each, 16 in common, as by chance):
#   pelote            a b  -3.00      c d  -4.61
#   by definition     a b   1.61      c d   0.00
#   ties with weight_threshold=0.001: 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pelote==0.8.2 networkx==2.8.8 ebbe==1.15.1 pyllist==0.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from math import log

import networkx as nx
from pelote import monopartite_projection

TAGS = range(100)
USED = {"a": TAGS[:10], "b": TAGS[5:15], "c": TAGS[60:], "d": TAGS[36:76]}
bipartite = nx.Graph()
bipartite.add_nodes_from((f"#{tag}" for tag in TAGS), part="tag")
bipartite.add_nodes_from(USED, part="account")
bipartite.add_edges_from((account, f"#{tag}") for account, tags in USED.items() for tag in tags)


def by_definition(one, other):
    common = len(set(USED[one]) & set(USED[other]))
    return log(len(TAGS) * common / (len(USED[one]) * len(USED[other])))


ties = monopartite_projection(bipartite, "account", metric="pmi")
for pair, expected, exact in (("ab", log(5 / 100), log(5)), ("cd", log(16 / 1600), 0)):
    found = ties.edges[tuple(pair)]["weight"]
    print(pair, f"{found:.2f}, by definition {by_definition(*pair):.2f}")
    assert abs(by_definition(*pair) - exact) < 1e-9
    assert abs(found - expected) < 1e-9, f"changed: {pair}"
above = monopartite_projection(bipartite, "account", metric="pmi", weight_threshold=0.001)
print(f"ties above 0.001: {above.number_of_edges()}")
assert ties.number_of_edges() == 2 and above.number_of_edges() == 0, "changed: the threshold"
try:
    monopartite_projection(bipartite, "account", metric="pmi", weight_threshold=0)
except TypeError:
    print("as described")
else:
    raise SystemExit("changed: a threshold of 0")
PYTHON
