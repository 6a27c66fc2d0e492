#!/usr/bin/env bash
# networkx 3.6.1 to NetworKit 11.3 over GraphML, weights of which some are whole numbers.
#
# networkx gives the weights 2 and 0.5 two columns of the same name, one `long` and one `double`, as the
# Python numbers are int and float. It reads that back itself. NetworKit takes one of the two columns,
# calls the graph weighted, and gives every edge of the other weight 0. igraph refuses the file. Counts
# that were halved here and there are such a column. Write with infer_numeric_types=True, or make all
# weights float. Over GML, NetworKit drops all weights, those that it wrote itself too.
#
# Seen (weights 2, 0.5 and 3):
#   networkx                          2, 0.5, 3
#   NetworKit                         0, 0.5, 0
#   NetworKit, infer_numeric_types    2, 0.5, 3
#   igraph                            InternalError (duplicate attribute name)
#   NetworKit, GML                    1, 1, 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx==3.6.1 networkit==11.3 python-igraph==1.0.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import igraph
import networkit as nk
import networkx as nx

path = f"{sys.argv[1]}/graph"
graph = nx.DiGraph()
graph.add_weighted_edges_from([("ann", "bob", 2), ("bob", "cat", 0.5), ("cat", "ann", 3)])


def weights(form):
    return [weight for _, _, weight in nk.readGraph(path, form).iterEdgesWeights()]


nx.write_graphml(graph, path)
own = [weight for _, _, weight in nx.read_graphml(path).edges(data="weight")]
split = weights(nk.Format.GraphML)
try:
    refused = str(igraph.Graph.Read_GraphML(path).es["weight"])
except igraph.InternalError as error:
    refused = type(error).__name__
nx.write_graphml(graph, path, infer_numeric_types=True)
one = weights(nk.Format.GraphML)
nx.write_gml(graph, path)
gml = weights(nk.Format.GML)
print(f"networkx                        {own}")
print(f"NetworKit                       {split}")
print(f"NetworKit, infer_numeric_types  {one}")
print(f"igraph                          {refused}")
print(f"NetworKit, GML                  {gml}")
assert own == one == [2, 0.5, 3], "changed: networkx"
assert split == [0, 0.5, 0], "changed: NetworKit"
assert refused == "InternalError", "changed: igraph"
assert gml == [1, 1, 1], "changed: GML"
print("as described")
PYTHON
