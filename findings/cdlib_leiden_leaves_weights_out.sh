#!/usr/bin/env bash
# CDlib 0.4.1, Leiden and Louvain on the same weighted networkx graph.
#
# Both are called with the graph alone. Louvain reads the edge attribute "weight"; Leiden, whose argument
# weights is None, takes every edge for 1. So a comparison of the two compares two graphs. The scores
# differ in the same way: modularity of a clustering is weighted, conductance, expansion and cut ratio count edges.
# Pass weights="weight" to leiden.
#
# Seen (complete graph of 6; weight 10 within two threes, 0.1 between them):
#   louvain                     012 345
#   leiden                      012345
#   leiden, weights="weight"    012 345
#   of 012 345: modularity 0.485 (weighted), conductance 0.600 (unweighted; weighted it is 0.015)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cdlib==0.4.1 networkx==3.6.1 igraph==1.0.0 leidenalg==0.12.0 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
import networkx as nx
from cdlib import NodeClustering, algorithms, evaluation

graph = nx.complete_graph(6)
for u, v in graph.edges:
    graph[u][v]["weight"] = 10.0 if (u < 3) == (v < 3) else 0.1


def text(clustering):
    return " ".join(sorted("".join(map(str, sorted(c))) for c in clustering.communities))


found = [
    text(algorithms.louvain(graph)),
    text(algorithms.leiden(graph)),
    text(algorithms.leiden(graph, weights="weight")),
]
print(*found, sep="\n")
assert found == ["012 345", "012345", "012 345"], "changed"
halves = NodeClustering([[0, 1, 2], [3, 4, 5]], graph, "halves")
modularity = evaluation.newman_girvan_modularity(graph, halves).score
conductance = evaluation.conductance(graph, halves).score
weighted = nx.conductance(graph, {0, 1, 2}, weight="weight")
print(f"modularity {modularity:.3f}  conductance {conductance:.3f}  weighted {weighted:.3f}")
assert (round(modularity, 3), round(conductance, 3), round(weighted, 3)) == (0.485, 0.6, 0.015), "changed"
print("as described")
PYTHON
