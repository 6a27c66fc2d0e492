#!/usr/bin/env bash
# NetworKit 11.3, EdgeListReader on a weighted edge list in which a pair occurs more than once.
#
# A list of interactions repeats pairs; their weights would be expected to be added, kept as parallel
# edges, or refused. The reader keeps the first line of a pair and drops the later ones without a word,
# the other direction included when the graph is undirected. Another order of lines is another graph.
# Whether there are weights at all is decided by the first line: if it has none, the weights of all
# others are ignored. Sum the repeats before the file is written, and give each line its weight.
#
# Seen (lines: edges with weights):
#   0 1 5 | 0 1 7, directed  -> [(0, 1, 5.0)]
#   0 1 7 | 1 0 5            -> [(0, 1, 7.0)]
#   1 0 5 | 0 1 7            -> [(0, 1, 5.0)]
#   0 1 | 1 2 5              -> [(0, 1, 1.0), (1, 2, 1.0)]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkit==11.3
"$folder/venv/bin/python" - "$folder/edges.txt" <<'PYTHON'
import sys

import networkit as nk

cases = {
    ("0 1 5", "0 1 7", True): [(0, 1, 5.0)],
    ("0 1 7", "1 0 5", False): [(0, 1, 7.0)],
    ("1 0 5", "0 1 7", False): [(0, 1, 5.0)],
    ("0 1", "1 2 5", False): [(0, 1, 1.0), (1, 2, 1.0)],
}
for (first, second, directed), seen in cases.items():
    with open(sys.argv[1], "w") as file:
        file.write(f"{first}\n{second}\n")
    graph = nk.graphio.EdgeListReader(" ", 0, directed=directed).read(sys.argv[1])
    found = sorted((*sorted((u, v)), graph.weight(u, v)) for u, v in graph.iterEdges())
    lines = f"{first} | {second}{', directed' if directed else ''}"
    print(f"{lines:<24} -> {found}")
    assert found == seen, f"changed: {first} | {second}"
print("as described")
PYTHON
