#!/usr/bin/env bash
# python-igraph 1.0.0, Graph.assortativity with an attribute of large values and small spread.
#
# Assortativity is a Pearson correlation over edges, so adding a constant to the attribute must not
# change it. igraph computes E[xy] - E[x]E[y] without centring the values first. With creation times in
# Unix seconds the variance is lost in rounding: the coefficient of an unassortative graph becomes
# exactly 1, in milliseconds NaN, and no warning is given. Centre the attribute before the call.
#
# Seen (offset added to the attribute: igraph, NumPy on the same edges):
#   0               0.0312  0.0312
#   1700000000      1.0000  0.0312
#   1700000000000   nan     0.0312
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-igraph==1.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import igraph
import numpy as np

n = 200
ends = [(i, (step * i + start) % n) for step, start in ((7, 3), (13, 5)) for i in range(n)]
graph = igraph.Graph(n=n, edges=ends)
source, target = np.array(graph.get_edgelist()).T
found = []
for offset in (0, 1_700_000_000, 1_700_000_000_000):
    value = np.array([offset + i % 17 for i in range(n)], dtype=float)
    x, y = np.concatenate([value[source], value[target]]), np.concatenate([value[target], value[source]])
    right = np.corrcoef(x, y)[0, 1]
    got = graph.assortativity(value.tolist(), directed=False)
    centred = graph.assortativity((value - value.mean()).tolist(), directed=False)
    print(f"{offset:<15} {got:.4f}  {right:.4f}  (centred first: {centred:.4f})")
    assert abs(right - 0.0312) < 1e-4 and abs(centred - right) < 1e-9
    found.append(got)
assert abs(found[0] - 0.0312) < 1e-4, "changed: small values"
assert found[1] > 0.999, "changed: seconds"
assert np.isnan(found[2]) or abs(found[2] - 0.0312) > 0.01, "changed: milliseconds"
print("as described")
PYTHON
