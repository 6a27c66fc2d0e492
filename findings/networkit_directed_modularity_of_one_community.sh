#!/usr/bin/env bash
# NetworKit 11.3, community.Modularity of a directed graph such as follows or replies.
#
# If all accounts are in one community, nothing distinguishes it from chance, and modularity is 0 whatever the
# graph. For a directed graph NetworKit says 0.75. Its chance level is made of degrees, to which each edge gives
# two, and is divided by four; of a directed graph it takes the out-degrees only, so a quarter of what should be
# taken off is. No error and no warning, and coarse partitions win, as size costs them a quarter. PLM and
# ParallelLeiden refuse directed graphs; the measure does not. Take the undirected graph
# (graphtools.toUndirected), or igraph or networkx, which have Leicht and Newman's formula.
#
# Seen (two directed triangles, joined by one edge; NetworKit, networkx, NetworKit undirected):
#   one community   0.7500   0.0000   0.0000
#   the triangles   0.7296   0.3673   0.3571
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkit==11.3 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkit as nk
import networkx as nx

edges = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (2, 3)]
directed = nk.Graph(6, directed=True)
for u, v in edges:
    directed.addEdge(u, v)
undirected = nk.graphtools.toUndirected(directed)
quality = nk.community.Modularity()
cases = {
    "one community": ([0, 0, 0, 0, 0, 0], (0.75, 0, 0)),
    "the triangles": ([0, 0, 0, 1, 1, 1], (0.7296, 0.3673, 0.3571)),
}
for name, (labels, seen) in cases.items():
    partition = nk.Partition(6)
    partition.setUpperBound(2)
    for node, label in enumerate(labels):
        partition[node] = label
    groups = [{v for v in range(6) if labels[v] == c} for c in sorted(set(labels))]
    found = (
        quality.getQuality(partition, directed),
        nx.community.modularity(nx.DiGraph(edges), groups),
        quality.getQuality(partition, undirected),
    )
    print(f"{name:<15}", *(f"{value:.4f}" for value in found))
    for value, expected in zip(found, seen, strict=True):
        assert abs(value - expected) < 0.0001, f"changed: {name}"
print("as described")
PYTHON
