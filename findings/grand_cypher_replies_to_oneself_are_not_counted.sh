#!/usr/bin/env bash
# grand-cypher 1.2.0 with networkx 3.6.1, MATCH (a)-[r]->(b) and MATCH (a)-[]->(b)-[]->(c).
#
# In Cypher two names of a pattern may stand for one node; only a tie is not used twice. Here all names stand for
# different accounts, as the search for subgraphs beneath it wants. The count of replies leaves out those to oneself,
# and threads are by far the most frequent kind of reply on some platforms; the sums and means of a property of the
# ties do too. Two steps never come back: "who got an answer" as (a)-[]->(b)-[]->(c) lacks all exchanges of two, which
# are most of what a conversation has. A query that was tried on a graph database gives smaller numbers here without a
# word. Ask for loops on their own, (a)-[r]->(a), and for exchanges as (a)-[]->(b)-[]->(a), and add them.
#
# Seen (ann and bob reply to each other, ann to cem, dan to himself with weight 9; ties, weights, paths of two steps):
#   MATCH (a)-[r]->(b), two steps      3   7  1
#   right                              4  16  3
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

graph = nx.DiGraph()
graph.add_nodes_from((name, {"name": name}) for name in ("ann", "bob", "cem", "dan"))
replies = [("ann", "bob", 1), ("bob", "ann", 4), ("ann", "cem", 2), ("dan", "dan", 9)]
graph.add_weighted_edges_from(replies)


def ask(query):
    return GrandCypher(graph).run(query)


number = ask("MATCH (a)-[r]->(b) RETURN COUNT(r)")["COUNT(r)"][0]
weight = ask("MATCH (a)-[r]->(b) RETURN SUM(r.weight)")["SUM(r.weight)"][0]
steps = len(ask("MATCH (a)-[]->(b)-[]->(c) RETURN a.name, c.name")["a.name"])
loops = len(ask("MATCH (a)-[r]->(a) RETURN a.name")["a.name"])
exchanges = len(ask("MATCH (a)-[]->(b)-[]->(a) RETURN a.name")["a.name"])
paths = [
    (one, two)
    for one in replies
    for two in replies
    if one[1] == two[0] and one != two
]
right = len(replies), sum(reply[2] for reply in replies), len(paths)
print("found", number, weight, steps, "right", *right)
print("loops", loops, "exchanges", exchanges)
assert right == (4, 16, 3)
assert (number + loops, steps + exchanges) == (right[0], right[2])
assert (number, weight, steps) == (3, 7, 1), "changed: found"
print("as described")
PYTHON
