#!/usr/bin/env bash
# bicm 3.4.0, get_rows_projection called a second time.
#
# A study that looks how its network of accounts depends on the level of significance calls
# get_rows_projection(alpha=...) in a loop. The first call computes and keeps the network; each later call returns that
# one, with whatever alpha, method or validation_method it is given, and says nothing. The check of robustness finds
# that the network is the same at 0.5 and at 0.0001, and for the global level, the false discovery rate and Bonferroni,
# and which network that is depends on the first value of the list. The same holds for get_cols_projection. Call
# compute_projection with the new values before it, or make a new BipartiteGraph.
#
# Seen (four camps of 4 accounts, 160 hashtags; numbers of ties at alpha 0.5, 0.05, 0.0001):
#   one object                       25  25  25
#   one object, other way round       2   2   2
#   a new object for each            25  21   2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet bicm==3.4.0 numpy==2.4.6 scipy==1.17.1 numba==0.68.1 tqdm==4.67.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from bicm import BipartiteGraph

levels = (0.5, 0.05, 0.0001)
camp = np.repeat(np.arange(4), 4)
rng = np.random.default_rng(4)
chance = np.where(camp[:, None] == np.repeat(np.arange(4), 40), 0.5, 0.03)
table = (rng.random(chance.shape) < chance).astype(int)
table = table[:, table.sum(axis=0) > 0]


def solved():
    graph = BipartiteGraph(biadjacency=table)
    graph.solve_tool(verbose=False, print_error=False)
    return graph


def number(graph, alpha, validation_method="global"):
    found = graph.get_rows_projection(
        alpha=alpha, threads_num=1, progress_bar=False, validation_method=validation_method
    )
    return sum(map(len, found.values()))


graph, turned = solved(), solved()
one = [number(graph, alpha) for alpha in levels]
other = [number(turned, alpha) for alpha in levels[::-1]][::-1]
fresh = [number(solved(), alpha) for alpha in levels]
again = []
for alpha in levels:
    graph.compute_projection(
        rows=True, alpha=alpha, threads_num=1, progress_bar=False, validation_method="global"
    )
    again.append(number(graph, alpha))
p_values = [p for row in graph.rows_pvals.values() for p in row.values()]
right = [sum(p <= alpha for p in p_values) for alpha in levels]
print("one object        ", *one)
print("other way round   ", *other)
print("new objects       ", *fresh)
print("computed each time", *again)
assert fresh == again == right and len(set(right)) == 3
assert one == [right[0]] * 3, "changed: one object"
assert other == [right[-1]] * 3, "changed: other way round"
assert number(turned, 0.5, "bonferroni") == number(turned, 0.5, "fdr") == right[-1], "changed: validation method"
print("as described")
PYTHON
