#!/usr/bin/env bash
# python-igraph 1.0.0, sc-cluster-libreville 0.1.1 and leidenalg 0.12.0, Leiden of a graph with self-loops.
#
# Where accounts were merged into groups, the ties inside a group become a self-loop, so that modularity stays what
# it was. leidenalg, and Louvain in igraph, NetworKit and networkx, leave groups alone that hold together. The
# Leiden of igraph takes degrees without the loops, so it joins groups that are mostly inner ties; the result has a
# lower modularity, by igraph itself, than to do nothing. libreville counts a loop once where an edge counts at both
# ends (its description says so): modularity itself is lower, and groups are joined too, whatever the seed.
# Pass libreville each loop twice. For igraph use community_multilevel, or objective_function="CPM" with
# node_weights=strength(weights) and resolution=1/sum of them.
#
# Seen (six cliques of 4 in a ring of ties of 2, each merged; groups found and their modularity, 20 seeds):
#   left alone          6       0.5833
#   leidenalg           6       0.5833
#   igraph, Louvain     6       0.5833
#   igraph, Leiden      2 or 3  0.4167 to 0.5417
#   igraph, as CPM      6       0.5833
#   libreville          3 or 4  0.5417 to 0.5556
#   libreville, twice   6       0.5833
#   modularity of all left alone by libreville: 0.4333, loops twice 0.5833
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet igraph==1.0.0 sc-cluster-libreville==0.1.1 leidenalg==0.12.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import random

import cluster_libreville as libreville
import igraph as ig
import leidenalg

SEEDS = range(20)
groups = list(range(6))
sources, targets = groups + groups, groups + [(group + 1) % 6 for group in groups]
weights = [6.0] * 6 + [2.0] * 6
twice = sources + groups, targets + groups, weights + [6.0] * 6
graph = ig.Graph(list(zip(sources, targets, strict=True)))
strength = graph.strength(weights=weights)
as_cpm = {"resolution": 1 / sum(strength), "node_weights": strength}


def leiden(seed, objective, **options):
    random.seed(seed)
    options |= {"weights": weights, "n_iterations": -1}
    return graph.community_leiden(objective, **options).membership


def by_leidenalg(seed):
    kind = leidenalg.ModularityVertexPartition
    return leidenalg.find_partition(graph, kind, weights=weights, seed=seed).membership


methods = {
    "left alone": lambda seed: groups,
    "leidenalg": by_leidenalg,
    "igraph, Louvain": lambda seed: graph.community_multilevel(weights=weights).membership,
    "igraph, Leiden": lambda seed: leiden(seed, "modularity"),
    "igraph, as CPM": lambda seed: leiden(seed, "CPM", **as_cpm),
    "libreville": lambda seed: libreville.leiden_edges(sources, targets, weights, seed=seed),
    "libreville, twice": lambda seed: libreville.leiden_edges(*twice, seed=seed),
}
for name, method in methods.items():
    found = [[int(label) for label in method(seed)] for seed in SEEDS]
    sizes = sorted({len(set(labels)) for labels in found})
    values = sorted(graph.modularity(labels, weights=weights) for labels in found)
    print(f"{name:<18}", *sizes, f" {values[0]:.4f} to {values[-1]:.4f}")
    if name in ("igraph, Leiden", "libreville"):
        assert values[-1] < 0.5833 - 0.02, f"changed: {name}"
        assert sizes[-1] < 6, f"changed: {name}"
    else:
        assert abs(values[0] - 0.5833) < 0.0001, f"changed: {name}"
        assert sizes == [6], f"changed: {name}"
for rows, seen in (((sources, targets, weights), 0.4333), (twice, 0.5833)):
    modularity = libreville.modularity(libreville.edges_to_csr(*rows), groups)
    print(f"{modularity:.4f}")
    assert abs(modularity - seen) < 0.0001, "changed: modularity by libreville"
print("as described")
PYTHON
