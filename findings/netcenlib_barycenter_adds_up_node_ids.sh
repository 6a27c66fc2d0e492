#!/usr/bin/env bash
# NetCenLib 0.2.2, barycenter_centrality.
#
# The barycenter score of an account is one over the sum of its distances to all others. The code adds
# up the keys of the table of distances, which are the ids of the accounts, where the distances were
# meant: in a connected network all get the same value, one over the sum of all ids, and other numbers
# for the same accounts give another value; ids that are text stop with TypeError. A ranking by it is a tie of
# everybody, its correlation with any other measure is not a number. Take closeness of networkx, over n - 1.
#
# Seen (a star of 1 hub and 4 others; hub, others):
#   ids 0 to 4           0.1     0.1
#   ids 1 to 5           0.0667  0.0667
#   one over distances   0.25    0.1429
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet netcenlib==0.2.2 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import networkx as nx
from netcenlib import barycenter_centrality

star = nx.star_graph(4)
for start in (0, 1):
    graph = nx.relabel_nodes(star, {node: node + start for node in star})
    found = barycenter_centrality(graph)
    hub, others = found[start], {found[node] for node in graph if node != start}
    print(f"ids from {start}: hub {hub:.4f}, others {[round(value, 4) for value in others]}")
    assert others == {hub} and abs(hub - 1 / sum(graph)) < 1e-12, f"changed: ids from {start}"
distances = dict(nx.all_pairs_shortest_path_length(star))
right = {node: 1 / sum(distances[node].values()) for node in star}
print(f"by distances: hub {right[0]:.4f}, others {right[1]:.4f}")
closeness = nx.closeness_centrality(star)
assert all(abs(right[node] - closeness[node] / 4) < 1e-12 for node in star)
assert (round(right[0], 4), round(right[1], 4)) == (0.25, 0.1429)
print("as described")
PYTHON
