#!/usr/bin/env bash
# igraph 1.0.0 (python), Graph.closeness of a network with more than one component.
#
# The docstring says that where no path leads to an account, the number of vertices stands for the length of the
# path, so that accounts of small components get low values. In fact only the accounts that can be reached are
# counted, both in the sum and in the number of them: two accounts that know nobody but each other have the value 1, the
# highest there is, and stand before every account of the giant component; an isolated account is nan. A
# list of the "most central" accounts of a crawl is a list of its debris, and a file without its small components gives
# another. Take the largest component, harmonic_centrality, or networkx, which weighs by the share that is reached.
#
# Seen (a pair beside a path of 5; a member of the pair, the middle of the path):
#   closeness                  1.0000  0.6667
#   by the docstring           0.1667  0.3000
#   networkx                   0.1667  0.4444
#   igraph harmonic            0.1667  0.5000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet igraph==1.0.0 networkx==3.6.1
"$folder/venv/bin/python" - <<'PYTHON'
import math

import igraph
import networkx as nx

ties = [(0, 1), (2, 3), (3, 4), (4, 5), (5, 6)]
graph = igraph.Graph(7, ties)
lengths = graph.distances()
documented = [6 / sum(7 if math.isinf(length) else length for length in row) for row in lengths]
other = nx.closeness_centrality(nx.Graph(ties))
cases = {
    "closeness": (graph.closeness(), (1, 2 / 3)),
    "docstring": (documented, (1 / 6, 0.3)),
    "networkx": ([other[node] for node in range(7)], (1 / 6, 4 / 9)),
    "harmonic": (graph.harmonic_centrality(), (1 / 6, 0.5)),
}
for name, (found, seen) in cases.items():
    print(f"{name:<10} pair {found[0]:.4f}, middle {found[4]:.4f}")
    assert abs(found[0] - seen[0]) < 1e-9 and abs(found[4] - seen[1]) < 1e-9, f"changed: {name}"
text = " ".join(igraph.Graph.closeness.__doc__.split())
assert "the number of vertices is used instead the length of the geodesic" in text, "changed: docs"
assert math.isnan(igraph.Graph(3, [(0, 1)]).closeness()[2]), "changed: isolated"
print("as described")
PYTHON
