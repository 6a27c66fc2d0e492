#!/usr/bin/env bash
# pyunicorn 1.0.0, Network.closeness of a directed network.
#
# Closeness is described as the inverse of the mean length of the shortest paths from a node to all others. The network
# knows that it is directed: path_lengths follows the arrows, and says that an account which follows nobody reaches
# nobody. closeness of the same object goes along and against them. That account has the highest closeness there
# is, 1, if it is followed by all, and in a cycle each account is nearer to the others than its own path lengths say.
# The values lie between 0 and 1 and look like a result. Divide the number of others by the sums of path_lengths.
#
# Seen (six accounts; closeness, others / sum of the network's own path_lengths, networkx undirected):
#   1 to 5 follow 0, account 0   1.0000  0.0000  1.0000
#   1 to 5 follow 0, account 1   0.5556  0.0000  0.5556
#   cycle of six, each account   0.5556  0.3333  0.5556
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# pip builds pyunicorn with a C compiler.
"$folder/venv/bin/pip" install --quiet pyunicorn==1.0.0 igraph==1.0.0 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
import numpy as np
from pyunicorn.core.network import Network
followed = np.zeros((6, 6), dtype=int)
followed[1:, 0] = 1
cycle = np.roll(np.eye(6, dtype=int), 1, axis=1)
for name, arcs, account, seen in (
    ("1 to 5 follow 0, account 0", followed, 0, (1.0, 0.0)),
    ("1 to 5 follow 0, account 1", followed, 1, (5 / 9, 0.0)),
    ("cycle of six, account 0", cycle, 0, (5 / 9, 1 / 3)),
):
    network = Network(adjacency=arcs, directed=True, silence_level=3)
    closeness = float(network.closeness()[account])
    own = 5 / float(network.path_lengths()[account].sum())
    undirected = nx.closeness_centrality(nx.from_numpy_array(arcs + arcs.T))[account]
    print(f"{name:<27} {closeness:.4f}  {own:.4f}  {undirected:.4f}")
    assert np.allclose((closeness, own), seen) and np.isclose(closeness, undirected), f"changed: {name}"
print("as described")
PYTHON
