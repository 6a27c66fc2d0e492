#!/usr/bin/env bash
# pelote 0.8.2, multiscale_backbone and global_threshold_sparsification with edge_weight_attr and keep_connected=True.
#
# keep_connected adds the ties of all maximum spanning trees, so that the backbone falls into no more parts than the
# network. The threshold is applied to the attribute that was named; the trees are those of "weight", whatever it is
# called. A network whose weights are called "retweets" has none: every tie then weighs 1, every tie is in some
# maximum spanning tree, and the backbone is the whole network, at any threshold. Where there is a "weight" too (a
# share of the retweets, a distance) the trees are those of the other quantity. Nothing is said in either case.
# Without keep_connected, or with the same numbers under the name "weight", the result is right.
# Rename the attribute before.
#
# Seen (60 accounts, 300 ties with heavy tails; ties kept, connected parts):
#                                     retweets            the same as weight
#   all                               300   1
#   backbone, alpha 0.05               44  16                44  16
#   backbone, kept connected          300   1                61   1
#   at least 20                        28  32                28  32
#   at least 20, kept connected       300   1                61   1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pelote==0.8.2 networkx==2.8.8 ebbe==1.15.1 pyllist==0.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import random

import networkx as nx
from pelote import global_threshold_sparsification, multiscale_backbone

draw = random.Random(1)
network = nx.gnm_random_graph(60, 300, seed=1)
network = nx.relabel_nodes(network, {account: f"u{account:02d}" for account in network})
nx.set_edge_attributes(network, {tie: int(draw.paretovariate(0.8)) for tie in network.edges}, "retweets")
renamed = nx.Graph()
renamed.add_nodes_from(network)
renamed.add_weighted_edges_from(network.edges(data="retweets"))


def size(graph):
    return graph.number_of_edges(), nx.number_connected_components(graph)


tree = nx.maximum_spanning_tree(renamed).edges
print("all", size(network))
assert size(network) == (300, 1)
seen = {
    "backbone": (multiscale_backbone, 0.05, [((44, 16), (44, 16)), ((300, 1), (61, 1))]),
    "at least": (global_threshold_sparsification, 20, [((28, 32), (28, 32)), ((300, 1), (61, 1))]),
}
for name, (function, level, expected) in seen.items():
    for connected in (False, True):
        own = function(network, level, edge_weight_attr="retweets", keep_connected=connected)
        peer = function(renamed, level, keep_connected=connected)
        print(f"{name} {level}, keep_connected={connected}:", size(own), size(peer))
        assert (size(own), size(peer)) == expected[connected], f"changed: {name}, {connected}"
assert all(peer.has_edge(*tie) for tie in tree), "changed: the trees"
print("as described")
PYTHON
