#!/usr/bin/env bash
# bicm 3.4.0, projection of a bipartite network with method="normal" or "rna".
#
# The projection ties two accounts if they share more hashtags than their activity explains, and the four methods
# ("poisson", "poibin", "normal", "rna") are said to be approximations of one p-value, the chance to share at least
# that many. "poisson" and "poibin" give it. "normal" and "rna" (refined normal) give the chance to share at most that
# many: the p-value grows with the number shared. The validated network of four camps then has its ties across the
# camps, between the accounts that share the fewest, and none inside. It looks like a result on polarization and is its
# mirror image. Take "poisson" or "poibin".
#
# Seen (four camps of 4 accounts, 160 hashtags; ties inside camps and across at 0.05, p of the pair that shares most):
#   by hand, exact    21   0   0.000
#   poisson           21   0   0.000
#   normal             0   9   1.000
#   rna                0  13   1.000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet bicm==3.4.0 numpy==2.4.6 scipy==1.17.1 numba==0.68.1 tqdm==4.67.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from bicm import BipartiteGraph

camp = np.repeat(np.arange(4), 4)
rng = np.random.default_rng(4)
chance = np.where(camp[:, None] == np.repeat(np.arange(4), 40), 0.5, 0.03)
table = (rng.random(chance.shape) < chance).astype(int)
table = table[:, table.sum(axis=0) > 0]
shared = table @ table.T


def at_least(chances, number):
    distribution = np.ones(1)
    for one in chances:
        distribution = np.convolve(distribution, [1 - one, one])
    return distribution[number:].sum()


def ties(values):
    inside = sum(camp[i] == camp[j] for (i, j), p in values.items() if p <= 0.05)
    return int(inside), sum(p <= 0.05 for p in values.values()) - int(inside)


values, seen = {}, {}
for method in ("poisson", "normal", "rna"):
    graph = BipartiteGraph(biadjacency=table)
    graph.solve_tool(verbose=False, print_error=False)
    found = graph.get_rows_projection(
        alpha=0.05, method=method, threads_num=1, progress_bar=False, validation_method="global"
    )
    values[method] = {(int(i), int(j)): float(p) for i, row in graph.rows_pvals.items() for j, p in row.items()}
    tied = {(int(i), int(j)) for i, row in found.items() for j in row}
    assert tied == {pair for pair, p in values[method].items() if p <= 0.05}
model = graph.get_bicm_matrix()
pairs = list(values["poisson"])
exact = {(i, j): at_least(model[i] * model[j], shared[i, j]) for i, j in pairs}
most = max(pairs, key=lambda pair: shared[pair])
for name, given in (("exact", exact), *values.items()):
    seen[name] = ties(given)
    order = np.corrcoef([shared[pair] for pair in pairs], [given[pair] for pair in pairs])[0, 1]
    inside, across = seen[name]
    print(f"{name:<8} inside {inside:>2}, across {across:>2}, p of the most alike {given[most]:.3f}, r {order:.2f}")
    assert (order > 0.8) == (name in ("normal", "rna")), f"changed: {name}"
print("shared by the most alike:", shared[most], "tags")
assert seen["exact"][0] > 5 and seen["poisson"][0] > 5 and seen["exact"][1] == seen["poisson"][1] == 0
for name in ("normal", "rna"):
    assert seen[name][0] == 0 and seen[name][1] > 3 and values[name][most] > 0.99, f"changed: {name}"
print("as described")
PYTHON
