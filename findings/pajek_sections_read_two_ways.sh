#!/usr/bin/env bash
# networkx 3.6.1 and python-igraph 1.0.0, a Pajek file with *Arcs and *Edges, and one with *Arcslist.
#
# Pajek allows both sections in one file: arcs one way, edges both ways. Neither reader keeps that, and
# neither says so. networkx takes the kind of the first section for all, igraph that of the last, so the
# two read opposite graphs from the same file: follow arcs without direction in one, mutual ties as arcs
# one way in the other. *Arcslist and *Edgeslist (one source, many targets) are read by igraph; networkx
# takes the second target for the weight and leaves the rest out. Write each edge as two arcs, and lists
# as pairs.
#
# Seen (1 ann, 2 bob, 3 cat, 4 dan):
#   *Arcs 1 2, *Edges 2 3      networkx: directed, ann-bob, bob-cat; igraph: undirected, the same pairs
#   *Edges 2 3, *Arcs 1 2      networkx: undirected; igraph: directed
#   *Arcslist 1 2 3 4          networkx: ann-bob with weight 3; igraph: ann-bob, ann-cat, ann-dan
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx==3.6.1 python-igraph==1.0.0
"$folder/venv/bin/python" - "$folder/graph.net" <<'PYTHON'
import sys

import igraph
import networkx as nx

vertices = '*Vertices 4\n1 "ann"\n2 "bob"\n3 "cat"\n4 "dan"\n'


def networkx(path):
    graph = nx.read_pajek(path)
    return graph.is_directed(), sorted(
        (*sorted([u, v]), weight) for u, v, weight in graph.edges(data="weight")
    )


def of_igraph(path):
    graph = igraph.Graph.Read_Pajek(path)
    names = graph.vs["name"]
    weights = graph.es["weight"] if "weight" in graph.es.attributes() else [None] * graph.ecount()
    pairs = [sorted([names[u], names[v]]) for u, v in graph.get_edgelist()]
    return graph.is_directed(), sorted(
        (u, v, weight) for (u, v), weight in zip(pairs, weights, strict=True)
    )


def both(sections):
    with open(sys.argv[1], "w") as file:
        file.write(vertices + sections)
    return networkx(sys.argv[1]), of_igraph(sys.argv[1])


ties = [("ann", "bob", 1.0), ("bob", "cat", 1.0)]
spread = [("ann", name, None) for name in ("bob", "cat", "dan")]
seen = {
    "*Arcs\n1 2 1\n*Edges\n2 3 1\n": ((True, ties), (False, ties)),
    "*Edges\n2 3 1\n*Arcs\n1 2 1\n": ((False, ties), (True, ties)),
    "*Arcslist\n1 2 3 4\n": ((True, [("ann", "bob", 3.0)]), (True, spread)),
}
for sections, expected in seen.items():
    found = both(sections)
    print(" ".join(sections.split()))
    for name, (directed, edges) in zip(("networkx", "igraph"), found, strict=True):
        print(f"  {name:<8} {'directed' if directed else 'undirected'} {edges}")
    assert found == expected, f"changed: {sections}"
print("as described")
PYTHON
