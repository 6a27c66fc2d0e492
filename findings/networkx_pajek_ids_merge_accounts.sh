#!/usr/bin/env bash
# networkx 3.6.1, two Pajek files read, joined, and written as Pajek or GEXF.
#
# read_pajek leaves each node's number in the file as the attribute `id`. After compose, union or
# subgraph the numbers repeat or have gaps, and write_pajek writes them as they are instead of counting
# anew. Edges point to numbers, so in the file the edges of one account belong to another. write_gexf
# takes the attribute for the identity of the node: accounts with the same number become one node. Any
# attribute called `id` does this, also a user id that two nodes share. Remove it before writing:
# for data in graph.nodes.values(): data.pop("id", None).
#
# Seen (one file: ann follows bob; the other: cat follows dan; joined: 4 nodes, 2 edges):
#   Pajek and back      cat-dan, cat-dan; ann and bob follow nobody
#   GEXF and back       2 nodes called 1 and 2, both edges between them
#   without `id`        ann-bob, cat-dan in both
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx==3.6.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import networkx as nx

folder = sys.argv[1]


def day(name, source, target):
    with open(f"{folder}/{name}.net", "w") as file:
        file.write(f'*Vertices 2\n1 "{source}"\n2 "{target}"\n*Arcs\n1 2 1\n')
    return nx.read_pajek(f"{folder}/{name}.net")


def pajek(graph):
    nx.write_pajek(graph, f"{folder}/joined.net")
    return nx.read_pajek(f"{folder}/joined.net")


def gexf(graph):
    nx.write_gexf(graph, f"{folder}/joined.gexf")
    return nx.read_gexf(f"{folder}/joined.gexf")


def edges(graph):
    return sorted(f"{source}-{target}" for source, target in graph.edges())


joined = nx.compose(day("monday", "ann", "bob"), day("tuesday", "cat", "dan"))
before = edges(joined)
written, drawn = pajek(joined), gexf(nx.DiGraph(joined))
for data in joined.nodes.values():
    data.pop("id")
clean = edges(pajek(joined)), edges(gexf(nx.DiGraph(joined)))
print(f"joined        {before}")
print(f"Pajek         {edges(written)}")
print(f"GEXF          nodes {list(drawn)}, edges {edges(drawn)}")
print(f"without `id`  {clean}")
assert before == ["ann-bob", "cat-dan"] == clean[0] == clean[1], "changed: without `id`"
assert edges(written) == ["cat-dan", "cat-dan"], "changed: Pajek"
assert (list(drawn), edges(drawn)) == (["1", "2"], ["1-2", "1-2"]), "changed: GEXF"
print("as described")
PYTHON
