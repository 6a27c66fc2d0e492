#!/usr/bin/env bash
# cane-networks 0.1.0, CANE.fit.
#
# The package ties accounts that take part in the same narratives, to find coordinated groups. Each account is compared
# with its nearest neighbours, and the first neighbour is left out, since it is the account itself. Of accounts with the
# same shares of narratives all are at distance 0, and the first in the list is the one that comes first in the table:
# for all but one of a group of twins, another is left out, and the account is tied to itself with weight 1. Accounts
# with the same posts get different degrees, the number of ties and the strength of the group are too high, and a place
# among the neighbours is lost. Twins are what a coordinated group consists of. Remove the loops, and ask for more
# neighbours than the largest group has accounts.
#
# Seen (a1 to a4 with the same posts, four others; all neighbours asked for):
#   ties with oneself    a2, a3, a4
#   degrees              a1 5, a2 7, a3 7, a4 7
#   by hand              no loops, 5 for each of them
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cane-networks==0.1.0 scikit-learn==1.9.1 networkx==3.6.1 pandas==2.3.3 \
    scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
import numpy as np
import pandas as pd
from cane import CANE
from sklearn.feature_extraction.text import TfidfTransformer

posts = [(f"a{number}", topic) for number in range(1, 5) for topic in "xyy"]
others = {"b": "xzw", "c": "zww", "d": "ywv", "e": "vxy"}
posts += [(account, topic) for account, topics in others.items() for topic in topics]
table = pd.DataFrame(posts, columns=["account", "topic"])
graph = CANE(user_col="account", cluster_col="topic", n_neighbors=7, verbose=False).fit(table)
counts = table.groupby(["account", "topic"]).size().unstack(fill_value=0)
vectors = TfidfTransformer().fit_transform(counts.to_numpy()).toarray()
alike = vectors @ vectors.T
names = list(counts.index)
right = nx.Graph(
    (names[one], names[other], {"weight": alike[one, other]})
    for one, other in zip(*np.nonzero(np.triu(alike > 0.2, 1)), strict=True)
)
twins = ["a1", "a2", "a3", "a4"]
loops = sorted(nx.nodes_with_selfloops(graph))
degrees = {name: graph.degree(name) for name in twins}
print(f"loops {loops}, degrees {degrees}, ties {graph.number_of_edges()}")
print(f"by hand: degrees { {name: right.degree(name) for name in twins} }, ties {right.number_of_edges()}")
assert loops == ["a2", "a3", "a4"], "changed: loops"
assert degrees == {"a1": 5, "a2": 7, "a3": 7, "a4": 7}, "changed: degrees"
assert {right.degree(name) for name in twins} == {5}
graph.remove_edges_from([(name, name) for name in loops])
assert {frozenset(tie) for tie in graph.edges} == {frozenset(tie) for tie in right.edges}, "changed: the other ties"
print("as described")
PYTHON
