#!/usr/bin/env bash
# networkx 3.6.1, read_edgelist of a file that write_edgelist wrote.
#
# What one wrote the other is expected to read. The reader takes "#" for the start of a comment wherever it
# stands in a line, and the writer neither quotes nor warns. A network of hashtags comes back
# empty, one of accounts and hashtags without the hashtags; and a tag that ends in "#" is cut: c# becomes c, joins the
# other tag c, and the weight behind it is lost with the rest of the line, so that weights are there for some ties only.
# The same holds for read_adjlist and read_weighted_edgelist. Pass a comments= that no name has. igraph's Read_Ncol
# keeps all of them.
#
# Seen (ties and their weights, written and read again):
#   #a #b 2, #b #c 3              none
#   ann #a 2, ann bob 1           ann-bob 1
#   java c# 5, java c 1, c# go 7  java-c 1
#   java c# 5                     java-c, without a weight
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx==3.6.1 igraph==1.0.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import pathlib
import sys

import igraph
import networkx as nx

file = pathlib.Path(sys.argv[1]) / "ties.txt"
cases = {
    "hashtags": ([("#a", "#b", 2), ("#b", "#c", 3)], []),
    "accounts": ([("ann", "#a", 2), ("ann", "bob", 1)], [("ann", "bob", 1)]),
    "c# and c": ([("java", "c#", 5), ("java", "c", 1), ("c#", "go", 7)], [("java", "c", 1)]),
    "c# alone": ([("java", "c#", 5)], [("java", "c", None)]),
}
for name, (ties, seen) in cases.items():
    graph = nx.Graph()
    graph.add_weighted_edges_from(ties)
    nx.write_edgelist(graph, file)
    found = list(nx.read_edgelist(file).edges(data="weight"))
    kept = nx.read_edgelist(file, comments="\0")
    print(f"{name:<9}", found)
    assert nx.utils.graphs_equal(kept, graph), "changed: comments="
    assert found == seen, f"changed: {name}"
    nx.write_weighted_edgelist(graph, file)
    assert igraph.Graph.Read_Ncol(str(file), directed=False).ecount() == len(ties)
print("as described")
PYTHON
