#!/usr/bin/env bash
# py3plex 2.0.8, layer_similarity of an undirected network (its default, the cosine of two layers).
#
# A tie of an undirected layer has no first end, so that two layers with the same ties have a cosine of 1. Each
# tie is written into one half of a matrix only, at the row of the end that entered the layer first; where
# the rows of the two layers name the ends in another order, the same tie falls into different cells and is
# no match. Equal layers come out as anything from 0 to 1 by the order of rows and columns in the file; a platform that
# exports "who replied, to whom" against one that exports "smaller id, greater id" seems unlike itself.
# The Jaccard (edge_overlap) sorts the ends and is right: pass method="jaccard", or fill both halves by hand.
#
# Seen (replies and follows with the same 3 ties; cosine, Jaccard):
#   ends in the same order            1.0  1.0
#   ends of the follows swapped       0.0  1.0
#   ends of one of them swapped       0.67 1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet py3plex==2.0.8 numpy==2.4.6 scipy==1.17.1 networkx==3.6.1 \
    scikit-learn==1.9.1 matplotlib==3.11.2
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from py3plex.algorithms.statistics.multilayer_statistics import layer_similarity
from py3plex.core import multinet

ties = [("ann", "bob"), ("cem", "dan"), ("eve", "fay")]
accounts = sorted({account for tie in ties for account in tie})


def matrix(rows):
    found = np.zeros((len(accounts), len(accounts)))
    for u, v in rows:
        i, j = accounts.index(u), accounts.index(v)
        found[i, j] = found[j, i] = 1
    return found


cases = {
    "same order": (ties, 1),
    "all swapped": ([tie[::-1] for tie in ties], 0),
    "one swapped": ([ties[0][::-1], *ties[1:]], 2 / 3),
}
for name, (second, seen) in cases.items():
    network = multinet.multi_layer_network(directed=False)
    network.add_edges(
        [[u, "replies", v, "replies", 1] for u, v in ties]
        + [[u, "follows", v, "follows", 1] for u, v in second],
        input_type="list",
    )
    cosine = layer_similarity(network, "replies", "follows")
    jaccard = layer_similarity(network, "replies", "follows", method="jaccard")
    one, other = matrix(ties).ravel(), matrix(second).ravel()
    assert abs(one @ other / np.sqrt((one @ one) * (other @ other)) - 1) < 1e-12
    print(f"{name:<12} cosine {cosine:.2f}, Jaccard {jaccard:.2f}")
    assert abs(cosine - seen) < 1e-9 and jaccard == 1, f"changed: {name}"
print("as described")
PYTHON
