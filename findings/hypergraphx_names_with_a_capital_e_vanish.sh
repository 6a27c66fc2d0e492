#!/usr/bin/env bash
# hypergraphx 1.8.0, centralities of nodes averaged over the snapshots of a temporal hypergraph.
#
# s_betweenness_nodes_averaged and s_closenness_nodes_averaged (the name is spelt so) return a value for each node.
# Inside, nodes and hyperedges have labels N0, N1, ... and E0, E1, ..., and what has an E in its label is left out of the
# result. The last step does so once more, when the labels have been replaced by the names: every account with a
# capital E in its name is missing. "eve" comes second here, and as "Eve" she is not there. Nothing is said, and the
# values of the others are right. Numbers as nodes raise TypeError. Call s_betweenness_nodes on each snapshot.
#
# Seen (four accounts in two snapshots; betweenness):
#   eve   ann 0.333  bob 0.000  eve 0.300  dan 0.000
#   Eve   ann 0.333  bob 0.000  dan 0.000
#   s_betweenness_nodes of the first snapshot   Eve 0.600
#   nodes 1, 2, 3, 4   TypeError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet hypergraphx==1.8.0 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from hypergraphx import Hypergraph, TemporalHypergraph
from hypergraphx.measures.s_centralities import (
    s_betweenness_nodes,
    s_betweenness_nodes_averaged,
    s_closenness_nodes_averaged,
)
def history(a, b, c, d):
    made = TemporalHypergraph()
    for members, time in (((a, b, c), 0), ((c, d), 0), ((a, d), 1), ((a, b), 1)):
        made.add_edge(members, time)
    return made
found = {}
for name in ("eve", "Eve"):
    made = history("ann", "bob", name, "dan")
    found[name] = {node: round(value, 3) for node, value in s_betweenness_nodes_averaged(made).items()}
    print(name, found[name])
    assert set(s_closenness_nodes_averaged(made)) == set(found[name]), "changed: closeness"
others = {"ann": 0.333, "bob": 0.0, "dan": 0.0}
assert found == {"eve": {**others, "eve": 0.3}, "Eve": others}, "changed"
first = s_betweenness_nodes(Hypergraph([("ann", "bob", "Eve"), ("Eve", "dan")]))
print("first snapshot", first)
assert round(first["Eve"], 3) == 0.6, "changed: one snapshot"
try:
    s_betweenness_nodes_averaged(history(1, 2, 3, 4))
    raise SystemExit("changed: numbers")
except TypeError as error:
    print("numbers", type(error).__name__)
print("as described")
PYTHON
