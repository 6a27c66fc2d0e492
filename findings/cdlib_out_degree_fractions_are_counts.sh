#!/usr/bin/env bash
# CDlib 0.4.1, out-degree fractions of communities.
#
# max_odf and avg_odf are described as the largest and the mean share of a node's edges that leave its
# community, so they should lie between 0 and 1. They are numbers of edges, not divided by the degree: they grow with
# the graph, and two communities or two graphs cannot be compared by them. flake_odf of the same family is
# a share. Divide the edges that leave by the degrees yourself.
#
# Seen (complete graphs cut into halves: n/2 of the n - 1 edges of every node leave):
#   n = 6    max_odf 3   avg_odf 3    share 0.600  flake_odf 1
#   n = 20   max_odf 10  avg_odf 10   share 0.526  flake_odf 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cdlib==0.4.1 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
import networkx as nx
from cdlib import NodeClustering, evaluation

found = []
for n in (6, 20):
    graph = nx.complete_graph(n)
    halves = NodeClustering([list(range(n // 2)), list(range(n // 2, n))], graph, "halves")
    most = evaluation.max_odf(graph, halves).score
    mean = evaluation.avg_odf(graph, halves).score
    flake = evaluation.flake_odf(graph, halves).score
    share = n / 2 / (n - 1)
    print(f"n = {n}  max_odf {most:g}  avg_odf {mean:g}  share {share:.3f}  flake_odf {flake:g}")
    found.append((float(most), float(mean), float(flake)))
assert found == [(3.0, 3.0, 1.0), (10.0, 10.0, 1.0)], "changed"
print("as described")
PYTHON
