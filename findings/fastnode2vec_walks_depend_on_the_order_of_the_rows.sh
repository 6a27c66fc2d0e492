#!/usr/bin/env bash
# fastnode2vec 0.0.7 with numba 0.68.1, Graph.generate_random_walk with q other than 1.
#
# A step of node2vec weighs an account by 1 if it is tied to the last but one of the walk and by 1/q if it is not: q is
# what makes walks stay near or go far. The sorted neighbours of the last but one are searched for it; if its number is
# greater than all of them, the place behind the list is read, and there stand the neighbours of the account with the
# next number. If the first of these is the account in question, it counts as tied. Numbers are given in the order of
# the rows, so that two accounts with the very same ties get ten times unequal chances in one file and equal ones in
# another. Walks and embeddings of one network differ with the sorting of its edge list, in the sense that q is to
# measure. Number the accounts in another order and compare, or take walks from another package.
#
# Seen (b and v are both tied to x and y, v to t; p 1, q 10; shares of the step after t, v; by hand 0.833 0.083 0.083):
#   v-t first    to t 0.48, to x 0.47, to y 0.05
#   b-y first    to t 0.83, to x 0.08, to y 0.08
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fastnode2vec==0.0.7 numba==0.68.1 gensim==4.4.0 numpy==2.4.6 scipy==1.17.1 \
    click==8.3.1 tqdm==4.67.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from collections import Counter

from fastnode2vec import Graph
from fastnode2vec.node2vec import set_seed

p, q, walks = 1.0, 10.0, 20_000
rows = {
    "v-t first": [("v", "t"), ("b", "x"), ("v", "x"), ("v", "y"), ("b", "y")],
    "b-y first": [("b", "y"), ("v", "t"), ("v", "x"), ("v", "y"), ("b", "x")],
}
assert len({frozenset(map(frozenset, ties)) for ties in rows.values()}) == 1
ties = set(map(frozenset, rows["v-t first"]))
weights = {"t": 1 / p} | {end: 1.0 if frozenset((end, "t")) in ties else 1 / q for end in ("x", "y")}
right = {end: weight / sum(weights.values()) for end, weight in weights.items()}
seen = {}
for name, given in rows.items():
    graph = Graph(given, directed=False, weighted=False, verbose=False)
    start = list(graph.node_names).index("t")
    set_seed(1)
    steps = Counter(graph.generate_random_walk(3, p, q, start)[2] for _ in range(walks))
    seen[name] = {end: steps[end] / walks for end in right}
    print(name, *(f"{end} {seen[name][end]:.3f}" for end in right))
print("by hand  ", *(f"{end} {share:.3f}" for end, share in right.items()))
assert all(abs(seen["b-y first"][end] - right[end]) < 0.02 for end in right)
wrong = {"t": 1 / 2.1, "x": 1 / 2.1, "y": 0.1 / 2.1}
assert all(abs(seen["v-t first"][end] - wrong[end]) < 0.02 for end in right), "changed: v-t first"
print("as described")
PYTHON
