#!/usr/bin/env bash
# muxpack 0.2.0 with ibis-framework 12.0.0 and DuckDB 2.0.1, Multiplex.to_networkx (Python 3.13; 3.11 cannot import it).
#
# The graph has the numbers 0 to n - 1 for nodes and no ids; the rows of the table of accounts are expected to be
# their order, as they are in to_csr_matrix and to_csr_matrices of the same object. to_networkx makes the ids
# distinct first, which gives them back in the order of DuckDB's hash table, and numbers that. Joined by
# position with the accounts' table, ties and degrees belong to other accounts, here to one without any tie. Layers
# are one in it too, although it is a MultiDiGraph. Build the graph from to_csr_matrix.
#
# Seen (accounts 10, 20, 30, 40, 50 with the ties 10-20, 10-30, 20-30, 30-40; 50 has none):
#   to_csr_matrix, degrees by row   2 2 3 1 0
#   to_networkx, degrees by number  2 3 0 2 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet muxpack==0.2.0 "ibis-framework[duckdb]==12.0.0" duckdb==2.0.1 \
    pandas==3.1.1 pyarrow==26.0.1 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import ibis
import pandas as pd
from muxpack import Multiplex

accounts = [10, 20, 30, 40, 50]
ties = [(10, 20), (10, 30), (20, 30), (30, 40)]
edges = pd.DataFrame(ties, columns=["src", "dst"]).assign(layer="replies", relationtype=1)
vertices = pd.DataFrame({"id": accounts})
multiplex = Multiplex(ibis.memtable(edges), ibis.memtable(vertices))

right = [sum(account in tie for tie in ties) for account in accounts]
matrix = multiplex.to_csr_matrix().toarray().astype(int)
by_row = (matrix.sum(axis=0) + matrix.sum(axis=1)).tolist()
layer = multiplex.to_csr_matrices()["replies"].toarray().astype(int)
graph = multiplex.to_networkx()
by_number = [graph.degree(node) for node in range(len(accounts))]
print("by hand      ", right)
print("to_csr_matrix", by_row)
print("to_networkx  ", by_number)
assert by_row == right and (layer == matrix).all()
assert all(set(data) <= {"weight"} for _, data in graph.nodes(data=True)), "changed: ids in the graph"
assert sorted(by_number) == sorted(right)
assert by_number != right, "changed: order"
print("as described")
PYTHON
