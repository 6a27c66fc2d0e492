#!/usr/bin/env bash
# rustworkx 0.18.1, networkx_converter(graph, keep_attributes=True) of a networkx 3.6.1 graph.
#
# A converter is expected to read its argument. This one puts the name of each node into the attributes
# of the networkx graph itself, as __networkx_node__, and both graphs share the dictionaries of nodes and
# edges from then on. If the accounts are replaced by pseudonyms later, the written file still holds the
# real names, one beside each pseudonym; write_gml stops, as the key is none for GML; a weight that is
# changed in one graph is changed in the other. Convert copy.deepcopy(graph).
#
# Seen (ann and bob, renamed to x1 and x2 after the conversion):
#   attributes of x1 and x2         {'__networkx_node__': 'ann'}, {'__networkx_node__': 'bob'}
#   "ann" in the GraphML file       True; of a deep copy: False
#   write_gml                       NetworkXError
#   weight 1, set to 9 in rustworkx: 9 in networkx
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rustworkx==0.18.1 networkx==3.6.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import copy
import pathlib
import sys

import networkx as nx
import rustworkx as rx

folder = pathlib.Path(sys.argv[1])


def renamed(graph):
    return nx.relabel_nodes(graph, {"ann": "x1", "bob": "x2"})


def named(graph):
    nx.write_graphml(graph, folder / "graph.graphml")
    return "ann" in (folder / "graph.graphml").read_text()


graph = nx.DiGraph()
graph.add_edge("ann", "bob", weight=1)
rx.networkx_converter(copy.deepcopy(graph), keep_attributes=True)
clean = named(renamed(graph))
converted = rx.networkx_converter(graph, keep_attributes=True)
converted.get_edge_data(0, 1)["weight"] = 9
hidden = renamed(graph)
attributes = [dict(data) for data in hidden.nodes.values()]
try:
    nx.write_gml(hidden, folder / "graph.gml")
    refused = "no error"
except nx.NetworkXError as error:
    refused = type(error).__name__
print(f"attributes  {attributes}")
print(f"names       {named(hidden)}, of a deep copy {clean}")
print(f"GML         {refused}")
print(f"weight      {graph['ann']['bob']['weight']}")
assert attributes == [{"__networkx_node__": "ann"}, {"__networkx_node__": "bob"}], (
    "changed: attributes"
)
assert (named(hidden), clean) == (True, False), "changed: names"
assert refused == "NetworkXError", "changed: GML"
assert graph["ann"]["bob"]["weight"] == 9, "changed: weight"
print("as described")
PYTHON
