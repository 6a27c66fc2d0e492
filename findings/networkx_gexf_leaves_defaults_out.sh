#!/usr/bin/env bash
# networkx 3.6.1, GEXF files whose attributes have defaults.
#
# In GEXF an attribute may declare a default, and nodes that have it need no value of their own: a file in
# which most nodes are in community "none" says so once. read_gexf leaves the attribute out at these
# nodes. It keeps the default in graph["node_default"], where nothing else of networkx looks, so that
# assortativity, drawing and a written file all see nodes without a community. The types that GEXF 1.3
# added raise KeyError with the name of the type alone.
#
# Seen (two nodes, b without values; defaults "none" and 1):
#   a {'community': 'books', 'size': 3, 'label': 'A'}
#   b {'label': 'B'}
#   graph["node_default"] {'community': 'none', 'size': 1}
#   type "short": KeyError 'short'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx==3.6.1
"$folder/venv/bin/python" - <<'PYTHON'
import io

import networkx as nx


def read(kind):
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
    <gexf xmlns="http://gexf.net/1.3" version="1.3"><graph defaultedgetype="undirected">
    <attributes class="node">
      <attribute id="0" title="community" type="string"><default>none</default></attribute>
      <attribute id="1" title="size" type="{kind}"><default>1</default></attribute>
    </attributes>
    <nodes>
      <node id="a" label="A"><attvalues><attvalue for="0" value="books"/><attvalue for="1" value="3"/>
      </attvalues></node>
      <node id="b" label="B"/>
    </nodes>
    <edges><edge id="0" source="a" target="b"/></edges></graph></gexf>"""
    return nx.read_gexf(io.BytesIO(text.encode()))


graph = read("integer")
for node, values in graph.nodes(data=True):
    print(node, values)
print('graph["node_default"]', graph.graph["node_default"])
assert "community" not in graph.nodes["b"] and "size" not in graph.nodes["b"], "changed"
try:
    read("short")
except KeyError as error:
    print('type "short": KeyError', error)
else:
    raise AssertionError("changed: the type short is read")
print("as described")
PYTHON
