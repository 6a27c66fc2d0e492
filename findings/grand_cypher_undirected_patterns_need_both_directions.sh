#!/usr/bin/env bash
# grand-cypher 1.2.0 with networkx 3.6.1, MATCH (a)-[r]-(b) on a DiGraph.
#
# In Cypher a pattern without an arrow matches a tie in either direction, and the package lists "undirected ()-[]-()
# edges" among what it can do. It matches two accounts only if there is a tie in both directions: contacts who replied
# or were replied to become those who did both. Friends, degrees and paths of a follower network are those of its
# mutual ties, and nothing tells that the others are missing; accounts without a mutual tie are not in the result. Ask
# with both arrows and join the answers, or match with an arrow on graph.to_undirected().to_directed().
#
# Seen (ann-bob both ways, ann to cem, cem to dan; contacts of ann, bob, cem, dan):
#   MATCH (a)-[r]-(b)                     1 1 0 0
#   right, and by both arrows             2 1 2 1
#   MATCH (a)-[r]->(b), to_directed()     2 1 2 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet setuptools==80.9.0 wheel==0.45.1
"$folder/venv/bin/pip" install --quiet grand-cypher==1.2.0 grandiso==2.2.0 lark==1.3.1 cachetools==8.0.2 \
    networkx==3.6.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from grandcypher import GrandCypher

accounts = ["ann", "bob", "cem", "dan"]
graph = nx.DiGraph()
graph.add_nodes_from((name, {"name": name}) for name in accounts)
graph.add_edges_from([("ann", "bob"), ("bob", "ann"), ("ann", "cem"), ("cem", "dan")])
right = [len(set(graph.successors(name)) | set(graph.predecessors(name))) for name in accounts]


def pairs(host, pattern):
    found = GrandCypher(host).run(f"MATCH {pattern} RETURN a.name, b.name")
    return set(zip(found["a.name"], found["b.name"]))


def contacts(found):
    return [len({b for a, b in found if a == name}) for name in accounts]


plain = contacts(pairs(graph, "(a)-[r]-(b)"))
arrows = contacts(pairs(graph, "(a)-[r]->(b)") | pairs(graph, "(a)<-[r]-(b)"))
both = graph.to_undirected().to_directed()
other = contacts(pairs(both, "(a)-[r]->(b)"))
print("no arrow      ", *plain)
print("both arrows   ", *arrows)
print("to_directed   ", *other)
assert arrows == other == right == [2, 1, 2, 1]
mutual = [sum(graph.has_edge(b, name) for b in graph.successors(name)) for name in accounts]
assert plain == mutual == [1, 1, 0, 0], "changed: no arrow"
print("as described")
PYTHON
