#!/usr/bin/env bash
# Infomap 2.16.0, accounts without ties in the graph that is handed over.
#
# Nothing flows to or from such a node, so a module of its own is expected, which is what Leiden and Louvain
# give. What happens depends on how many there are and on the arrows. One isolated node is put into
# the module of accounts that it has no tie with, in either kind of graph. Two are left alone in an undirected graph
# and both join the same strangers in a directed one. So the size of a module, and every share that is
# counted by module, can hold accounts that nothing connects to it. Leave isolated nodes out, or look at
# their flow, which is 0.
#
# Seen (two triangles with one edge between them, and isolated nodes; modules):
#   Graph 1     abc, def+lone1         DiGraph 1   abc+lone1, def
#   Graph 2     abc, def, lone1, lone2 DiGraph 2   abc+lone1+lone2, def
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet infomap==2.16.0 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from infomap import Infomap

edges = [*zip("abc", "bca"), *zip("def", "efd"), ("c", "d")]
found = {}
for kind in (nx.Graph, nx.DiGraph):
    for alone in (1, 2):
        graph = kind(edges)
        graph.add_nodes_from([f"lone{n + 1}" for n in range(alone)])
        search = Infomap(silent=True, seed=1)
        names = search.add_networkx_graph(graph)
        search.run()
        modules = {}
        for node in search.nodes:
            modules.setdefault(node.module_id, []).append(names[node.node_id])
            assert (node.flow == 0) == names[node.node_id].startswith("lone")
        text = sorted("+".join(filter(None, ["".join(sorted(n for n in m if len(n) == 1)), *sorted(n for n in m if len(n) > 1)])) for m in modules.values())
        found[kind.__name__, alone] = text
        print(kind.__name__, alone, ", ".join(text))
assert found["Graph", 1] == ["abc", "def+lone1"], "changed"
assert found["Graph", 2] == ["abc", "def", "lone1", "lone2"], "changed"
assert found["DiGraph", 1] == ["abc+lone1", "def"], "changed"
assert found["DiGraph", 2] == ["abc+lone1+lone2", "def"], "changed"
print("as described")
PYTHON
