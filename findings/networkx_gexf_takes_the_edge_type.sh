#!/usr/bin/env bash
# networkx 3.6.1, edges with an attribute `type` (follow, like, repost) written to GEXF.
#
# Other attributes of an edge become columns of the file. `type` is GEXF's own word for the direction of
# an edge, and networkx writes the attribute there: type="follow" is no direction that GEXF knows, the
# file has no column `type`, and networkx itself reads the graph back without it. With the value
# "undirected" (a friendship among follows) networkx refuses to read its own file. Rename the attribute
# before writing; GraphML keeps it.
#
# Seen:
#   in the file                           <edge source="ann" target="bob" id="0" type="follow" />
#   follow, like through GEXF             None, None
#   follow, like through GraphML          follow, like
#   `kind` instead of `type`              follow, like
#   follow, undirected through GEXF       NetworkXError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx==3.6.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import pathlib
import sys

import networkx as nx

folder = pathlib.Path(sys.argv[1])


def through(form, attribute, *values):
    graph = nx.DiGraph()
    for target, value in zip(("bob", "cat"), values, strict=False):
        graph.add_edge("ann", target, **{attribute: value})
    getattr(nx, f"write_{form}")(graph, folder / f"log.{form}")
    try:
        back = getattr(nx, f"read_{form}")(folder / f"log.{form}")
    except nx.NetworkXError as error:
        return type(error).__name__
    return [value for _, _, value in back.edges(data=attribute)]


gexf = through("gexf", "type", "follow", "like")
line = next(line for line in (folder / "log.gexf").read_text().splitlines() if "<edge " in line)
graphml = through("graphml", "type", "follow", "like")
kind = through("gexf", "kind", "follow", "like")
refused = through("gexf", "type", "follow", "undirected")
print(f"in the file         {line.strip()}")
print(f"type, GEXF          {gexf}")
print(f"type, GraphML       {graphml}")
print(f"kind, GEXF          {kind}")
print(f"follow, undirected  {refused}")
assert 'type="follow"' in line and gexf == [None, None], "changed: type"
assert graphml == kind == ["follow", "like"], "changed: GraphML or kind"
assert refused == "NetworkXError", "changed: undirected"
print("as described")
PYTHON
