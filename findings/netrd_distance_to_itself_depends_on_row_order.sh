#!/usr/bin/env bash
# netrd 0.3.0, distances of a network to itself, read with its nodes in another order.
#
# Two networkx graphs with the same names of nodes and the same edges are one network, so their distance should be
# 0. Most distances of netrd take rows of matrices, or edges as they are written, in the order in which nodes came in,
# and never look at names. Two monthly files with one set of edges and other orders of rows are then far apart,
# by the Jaccard distance as far as possible. Other accounts in the same places have a Hamming distance of 0 in turn.
# Bring the nodes of both graphs into one order first (sort them), and leave distances that claim to
# compare by name to graphs that hold the same names.
#
# Seen (Zachary's karate club, without weights, and the same with nodes added in reverse):
#   JaccardDistance 1.000  Hamming 0.235  Frobenius 16.248  DeltaCon 3.368  ResistancePerturbation 16.384
#   HammingIpsenMikhailov 0.166  QuantumJSD 0.224  GraphDiffusion 2.499
#   NetSimile 0.000  DegreeDivergence 0.000  PortraitDivergence 0.000
#   Hamming between the club and the club with all its members renamed, order kept: 0.000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet netrd==0.3.0 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import netrd
import networkx as nx

club = nx.Graph(nx.karate_club_graph().edges)
turned = nx.Graph()
turned.add_nodes_from(reversed(list(club)))
turned.add_edges_from(club.edges)
assert club.adj == turned.adj  # the same names, the same edges
expected = {
    "JaccardDistance": 1.0,
    "Hamming": 0.235,
    "Frobenius": 16.248,
    "DeltaCon": 3.368,
    "ResistancePerturbation": 16.384,
    "HammingIpsenMikhailov": 0.166,
    "QuantumJSD": 0.224,
    "GraphDiffusion": 2.499,
    "NetSimile": 0.0,
    "DegreeDivergence": 0.0,
    "PortraitDivergence": 0.0,
}
for name, value in expected.items():
    distance = getattr(netrd.distance, name)().dist(club, turned)
    itself = getattr(netrd.distance, name)().dist(club, club)
    print(f"{name} {distance:.3f}, of the same object {itself:.3f}")
    assert abs(distance - value) < 0.002 and abs(itself) < 1e-9, "changed"
others = nx.relabel_nodes(club, {node: f"other{node}" for node in club})
hamming = netrd.distance.Hamming().dist(club, others)
print(f"Hamming to other accounts {hamming:.3f}")
assert hamming == 0, "changed"
print("as described")
PYTHON
