#!/usr/bin/env bash
# py3plex 2.0.8, layer_redundancy_coefficient, unique_redundant_edges and multiplex_rich_club_coefficient.
#
# The share of a layer's ties that another layer has too is 1 for two equal layers. The code waits for edges of the
# form (source, target, layer), while the network's own edges are pairs of (account, layer): none has three parts,
# so that no tie is counted and all networks get 0, with a warning to nobody. "The layers of replies
# and follows are complementary" is thus what the measure says of every data set. The rich club of hubs
# is empty for the same cause. edge_overlap of the same module reads the pairs and is right.
#
# Seen (replies and follows with the same 6 ties among 4 accounts; then one layer of 6 ties of its own):
#   layer_redundancy_coefficient           0.0     should be 1
#   unique_redundant_edges                 (0, 0)  should be (0, 6)
#   edge_overlap                           1.0
#   rich club above 1 of the single layer  0.0     should be 1 before normalization
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet py3plex==2.0.8 numpy==2.4.6 scipy==1.17.1 networkx==3.6.1 \
    scikit-learn==1.9.1 matplotlib==3.11.2
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations

import networkx as nx
from py3plex.algorithms.statistics import multilayer_statistics as measures
from py3plex.core import multinet

pairs = list(combinations(["ann", "bob", "cem", "dan"], 2))


def network(*layers):
    found = multinet.multi_layer_network(directed=False)
    found.add_edges(
        [[u, layer, v, layer, 1] for layer in layers for u, v in pairs], input_type="list"
    )
    assert found.core_network.number_of_edges() == len(layers) * len(pairs)
    return found


both = network("replies", "follows")
redundancy = measures.layer_redundancy_coefficient(both, "replies", "follows")
counts = measures.unique_redundant_edges(both, "replies", "follows")
overlap = measures.edge_overlap(both, "replies", "follows")
club = measures.multiplex_rich_club_coefficient(network("replies"), k=1, normalized=False)
print("redundancy", redundancy, " unique and redundant", counts, " overlap", overlap)
print("rich club ", club, " networkx", nx.rich_club_coefficient(nx.Graph(pairs), normalized=False)[1])
assert nx.rich_club_coefficient(nx.Graph(pairs), normalized=False)[1] == 1
assert overlap == 1, "changed: edge_overlap"
assert (redundancy, counts, club) == (0, (0, 0), 0), "changed"
print("as described")
PYTHON
