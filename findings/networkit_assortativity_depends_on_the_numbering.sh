#!/usr/bin/env bash
# NetworKit 11.3, correlation.Assortativity of a number (age, opinion, degree) in an undirected graph.
#
# An undirected edge has no first end, so the correlation is taken over both directions of it, as networkx
# and igraph do. NetworKit takes each edge once, one end as the first. Which end that is depends on how the
# accounts were numbered: three ties between two camps, which are as disassortative as ties can be,
# have a coefficient of +1 if one camp was numbered before the other. With a Partition instead of numbers
# both directions are counted, and the description says so for that case. Add each edge in both directions
# to a directed graph, which gives the usual coefficient.
#
# Seen (the ties of 0-10, 1-11 and 2-12, the numbers being opinions; undirected, both ways, networkx):
#   numbered camp by camp       1.0000  -0.9481  -0.9481
#   the middle tie other way   -0.9417  -0.9481  -0.9481
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkit==11.3 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkit as nk
import networkx as nx


def coefficient(pairs, opinion, directed):
    graph = nk.Graph(len(opinion), directed=directed)
    for u, v in pairs:
        graph.addEdge(u, v)
        if directed:
            graph.addEdge(v, u)
    return nk.correlation.Assortativity(graph, opinion).run().getCoefficient()


cases = {
    "numbered camp by camp": ([0.0, 1.0, 2.0, 10.0, 11.0, 12.0], 1.0),
    "the middle tie other way": ([0.0, 11.0, 2.0, 10.0, 1.0, 12.0], -0.9417),
}
ties = [(0, 3), (1, 4), (2, 5)]
for name, (opinion, seen) in cases.items():
    graph = nx.Graph(ties)
    nx.set_node_attributes(graph, dict(enumerate(opinion)), "opinion")
    found = (
        coefficient(ties, opinion, False),
        coefficient(ties, opinion, True),
        nx.numeric_assortativity_coefficient(graph, "opinion"),
    )
    print(f"{name:<25}", *(f"{value:8.4f}" for value in found))
    for value, expected in zip(found, (seen, -0.9481, -0.9481), strict=True):
        assert abs(value - expected) < 0.0001, f"changed: {name}"
print("as described")
PYTHON
