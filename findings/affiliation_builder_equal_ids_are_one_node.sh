#!/usr/bin/env bash
# affiliation-builder 0.2.0, build of posts and accounts that are both numbered from 1.
#
# The function makes a bipartite graph of a JSON file, posts on one side and accounts on the other, and says that edges
# only exist between nodes of different sets. An id is taken for a node as it is: post 1 and account 1 are one node. It
# is marked as an account, so that the set of posts is empty or lacks posts, its ties are those of both, and ties of an
# account to its own number are loops. The check whether the graph is bipartite only goes to a log that is switched
# off. Degrees, projections and "who took part in what" are of a graph that is neither. Tables out of a database are
# numbered like this as a rule. Put a letter before the ids of one side.
#
# Seen (posts 1, 2, 3 by the accounts 1 2, 2 3, 3 4; nodes, posts among them, loops, degrees of the accounts):
#   ids as given        4  0  3  3 4 4 1
#   posts as p1 to p3   7  3  0  1 2 2 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet affiliation-builder==0.2.0 networkx==3.6.1 requests==2.34.2
"$folder/venv/bin/python" -W ignore - "$folder/posts.json" <<'PYTHON'
import json
import sys

import networkx as nx
from affiliation_builder import build

path = sys.argv[1]
posts = {1: [1, 2], 2: [2, 3], 3: [3, 4]}
accounts = sorted({account for row in posts.values() for account in row})


def summary(prefix):
    rows = [{"id": f"{prefix}{post}" if prefix else post, "accounts": row} for post, row in posts.items()]
    with open(path, "w") as file:
        json.dump({"posts": rows}, file)
    graph = build(path, "posts", "accounts", "id")
    of_posts = sum(side == 0 for _, side in graph.nodes(data="bipartite"))
    return len(graph), of_posts, nx.number_of_selfloops(graph), [graph.degree(account) for account in accounts]


given, lettered = summary(""), summary("p")
right = [sum(account in row for row in posts.values()) for account in accounts]
print("as given", *given)
print("lettered", *lettered)
assert lettered == (len(posts) + len(accounts), len(posts), 0, right)
assert given == (4, 0, 3, [3, 4, 4, 1]), "changed: ids as given"
print("as described")
PYTHON
