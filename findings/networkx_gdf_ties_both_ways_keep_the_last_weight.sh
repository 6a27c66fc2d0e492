#!/usr/bin/env bash
# networkx-gdf 1.5.5, read_gdf (pandas below 3; with pandas 3 it stops).
#
# GDF is what several tools that collect social media write for Gephi. A file without a column "directed" is undirected,
# and a pair of accounts that retweet each other has two rows, one each way. Rows of one pair should be kept apart, as
# in a multigraph, or added, and the docs promise either: a multigraph where pairs repeat, a sum of weights with
# multigraph=False. Both look at pairs in order: "ann, bob" and "bob, ann" are two pairs to them and one edge to
# networkx, and the weight of the later row replaces the earlier one. The strength of mutual ties, the core of a
# community, shrinks, those of one direction stay right. Read with directed=True and add both directions.
#
# Seen (ann, bob 9; bob, ann 1; ann, cat 3; cat, ann 4 and 5):
#                               ann-bob   ann-cat   sum of weights
#   default                     -         -         a multigraph since cat, ann comes twice: 22
#   without the second cat, ann 1         4         5   (by hand 17)
#   multigraph=False            1         9         10  (by hand 22)
#   directed=True               9 and 1   3 and 4   17
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx-gdf==1.5.5 networkx==3.6.1 pandas==2.3.3 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from io import StringIO

from networkx_gdf import read_gdf

rows = [("ann", "bob", 9.0), ("bob", "ann", 1.0), ("ann", "cat", 3.0), ("cat", "ann", 4.0), ("cat", "ann", 5.0)]


def read(rows, **how):
    lines = ["nodedef>name VARCHAR", "ann", "bob", "cat", "edgedef>node1 VARCHAR,node2 VARCHAR,weight DOUBLE"]
    lines += [f"{one},{other},{weight}" for one, other, weight in rows]
    return read_gdf(StringIO("\n".join(lines) + "\n"), **how)


def show(name, graph, rows):
    ties = [(one, other, float(weight)) for one, other, weight in graph.edges(data="weight")]
    print(f"{name}: {type(graph).__name__} {ties}, sum {graph.size('weight')}, by hand {sum(row[2] for row in rows)}")
    return ties


every = show("all rows", read(rows), rows)
assert len(every) == 5, "changed: multigraph"
found = show("one row each way", read(rows[:-1]), rows[:-1])
assert found == [("ann", "bob", 1.0), ("ann", "cat", 4.0)], "changed: one row each way"
found = show("multigraph=False", read(rows, multigraph=False), rows)
assert found == [("ann", "bob", 1.0), ("ann", "cat", 9.0)], "changed: multigraph=False"
found = show("directed", read(rows[:-1], directed=True), rows[:-1])
assert sum(weight for _, _, weight in found) == 17.0, "changed: directed"
print("as described")
PYTHON
