#!/usr/bin/env bash
# affiliation-builder 0.2.0, build of records with one participant.
#
# JSON that was made from XML or by many exports has a list where a post has several accounts and the bare value where
# it has one. The function takes a bare object as a list of one, and the same was expected of a bare name, which the
# text calls a simple value. A bare name gives no tie: the post stays as a node without any, and an account that only
# posts alone is not in the network at all. The warning about it goes to a log that is switched off. Posts of one
# author are the most frequent kind; the network is that of joint posts only, its accounts are fewer, and activity
# counts (degrees) leave the solo work out. Put bare values into lists first.
#
# Seen (posts by ann and bob, by ann, by ann, by cem; degrees of ann, bob, cem, posts without a tie):
#   bare names                 1 1 -  3
#   lists of one               3 1 1  0
#   bare objects with a name   3 1 1  0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet affiliation-builder==0.2.0 networkx==3.6.1 requests==2.34.2
"$folder/venv/bin/python" - "$folder/posts.json" <<'PYTHON'
import json
import sys

import networkx as nx
from affiliation_builder import build

path = sys.argv[1]
posts = {"p1": ["ann", "bob"], "p2": ["ann"], "p3": ["ann"], "p4": ["cem"]}


def summary(one, key=None):
    rows = [{"id": post, "accounts": one(names)} for post, names in posts.items()]
    with open(path, "w") as file:
        json.dump({"posts": rows}, file)
    graph = build(path, "posts", "accounts", "id", key)
    degrees = [graph.degree(name) if name in graph else None for name in ("ann", "bob", "cem")]
    return degrees, nx.number_of_isolates(graph)


def objects(names):
    found = [{"name": name} for name in names]
    return found if len(found) > 1 else found[0]


bare = summary(lambda names: names if len(names) > 1 else names[0])
lists = summary(lambda names: names)
with_name = summary(objects, "name")
for name, found in (("bare names", bare), ("lists", lists), ("bare objects", with_name)):
    print(f"{name:<12}", *found)
assert lists == with_name == ([3, 1, 1], 0)
assert bare == ([1, 1, None], 3), "changed: bare names"
print("as described")
PYTHON
