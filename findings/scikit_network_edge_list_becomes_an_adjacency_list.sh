#!/usr/bin/env bash
# scikit-network 0.33.5, from_csv of an edge list in which one account's name holds a comma.
#
# The name is quoted, as CSV asks, and it is read right. But from_csv guesses the kind of file by the
# commas in the first 100 lines, quoted or not; where their number differs it takes the whole file for an
# adjacency list, in which line 0 lists the neighbours of node 0. No account follows anybody any more:
# the numbers of the lines are new nodes, and all edges go from them. One row with an additional or a
# missing cell does the same. Read with a CSV reader and pass the rows to from_edge_list: from_csv with
# data_structure="edge_list" stops at the quoted name.
#
# Seen (cat follows dan, dan follows ann, "bob, jr" follows ann):
#   from_csv                               0-cat, 0-dan, 1-dan, 1-ann, 2-"bob, jr", 2-ann
#   from_csv, data_structure="edge_list"   ValueError
#   from_edge_list                         cat-dan, dan-ann, "bob, jr"-ann
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-network==0.33.5
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import csv
import sys

from sknetwork.data import from_csv, from_edge_list

path = f"{sys.argv[1]}/follows.csv"
rows = [("cat", "dan"), ("dan", "ann"), ("bob, jr", "ann")]
with open(path, "w", newline="") as file:
    csv.writer(file).writerows(rows)


def edges(graph):
    sources, targets = graph.adjacency.nonzero()
    return sorted(
        (str(graph.names[i]), str(graph.names[j])) for i, j in zip(sources, targets, strict=True)
    )


guessed = edges(from_csv(path, directed=True))
listed = edges(from_edge_list(rows, directed=True))
try:
    declared = edges(from_csv(path, directed=True, data_structure="edge_list"))
except ValueError as error:
    declared = type(error).__name__
print(f"from_csv        {guessed}")
print(f"... declared    {declared}")
print(f"from_edge_list  {listed}")
numbered = [(str(line), name) for line, row in enumerate(rows) for name in row]
assert guessed == sorted(numbered), "changed: from_csv"
assert declared == "ValueError", "changed: data_structure"
assert listed == sorted(rows), "changed: from_edge_list"
print("as described")
PYTHON
