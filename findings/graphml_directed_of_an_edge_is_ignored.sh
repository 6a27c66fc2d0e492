#!/usr/bin/env bash
# python-igraph 1.0.0, rustworkx 0.18.1 and networkx 3.6.1, a GraphML file with edges of both kinds.
#
# GraphML lets an edge say directed="false" in a directed graph, as a file of follows and friendships
# does. networkx stops with an error. igraph and rustworkx take the kind of the whole graph and say
# nothing: a friendship becomes a follow from whoever stands first, and in an undirected graph a follow
# loses its direction. An edge whose node is not declared is left out by rustworkx and gets a new node in
# igraph, both silently. Write each undirected edge as two, before the file is written.
#
# Seen:
#   directed, bob-cat directed="false"    igraph and rustworkx: ann to bob, bob to cat; networkx: error
#   undirected, bob-cat directed="true"   igraph and rustworkx: undirected; networkx: error
#   edge to dan, who is not declared      igraph: 4 nodes, 2 edges; rustworkx: 3 nodes, 1 edge
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-igraph==1.0.0 rustworkx==0.18.1 networkx==3.6.1
"$folder/venv/bin/python" - "$folder/graph.graphml" <<'PYTHON'
import sys

import igraph
import networkx as nx
import rustworkx as rx

path = sys.argv[1]


def write(kind, edge):
    nodes = "".join(f'<node id="{name}"/>' for name in ("ann", "bob", "cat"))
    with open(path, "w") as file:
        file.write(
            '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
            f'<graph edgedefault="{kind}">{nodes}<edge source="ann" target="bob"/>{edge}'
            "</graph></graphml>"
        )


def of_igraph():
    graph = igraph.Graph.Read_GraphML(path)
    return graph.is_directed(), graph.vcount(), graph.get_edgelist()


def rustworkx():
    graph = rx.read_graphml(path)[0]
    return isinstance(graph, rx.PyDiGraph), graph.num_nodes(), list(graph.edge_list())


def networkx():
    try:
        return nx.read_graphml(path).is_directed()
    except nx.NetworkXError as error:
        return type(error).__name__


pairs = [(0, 1), (1, 2)]
for kind, directed in (("directed", "false"), ("undirected", "true")):
    write(kind, f'<edge source="bob" target="cat" directed="{directed}"/>')
    found = of_igraph(), rustworkx(), networkx()
    print(
        f'{kind}, directed="{directed}": igraph {found[0]}, rustworkx {found[1]}, networkx {found[2]}'
    )
    expected = (kind == "directed", 3, pairs)
    assert found == (expected, expected, "NetworkXError"), f"changed: {kind}"
write("directed", '<edge source="bob" target="dan"/>')
found = of_igraph(), rustworkx()
print(f"not declared: igraph {found[0]}, rustworkx {found[1]}")
assert found == ((True, 4, [(0, 1), (1, 3)]), (True, 3, [(0, 1)])), "changed: not declared"
print("as described")
PYTHON
