#!/usr/bin/env bash
# graph-tools 1.15 (the package of that name, not graph-tool), import_dot of a file that its own export_dot wrote.
#
# A network of hashtags that is written to DOT and read again should be the same. Lines that set defaults begin with
# graph, node or edge and are to be skipped. Each line that has one of these words anywhere is skipped: a vertex
# "photography", or "knowledge", and every tie of it, or of any account with node, edge or graph in its name
# ("hedgehog", "demographics", "nodes"). Nothing is said. The ties left are right, so that the network looks whole and
# has lost its hubs. Quotes do not help. Read DOT with pydot, or rename such vertices before.
#
# Seen (seven hashtags around "photography" and "knowledge"):
#   written   7 vertices, 7 ties
#   read      4 vertices, 2 ties: cats-dogs, news-politics
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet graph-tools==1.15 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from graph_tools import Graph

ties = [
    ("cats", "dogs"), ("cats", "photography"), ("dogs", "photography"), ("dogs", "knowledge"),
    ("knowledge", "photography"), ("news", "politics"), ("demographics", "politics"),
]


def trip(ties):
    graph = Graph(directed=False, multiedged=False)
    for one, other in ties:
        graph.add_edge(one, other)
    text = graph.export_dot()
    assert all(f'"{min(tie)}" -- "{max(tie)}"' in text for tie in ties), "changed: the file"
    read = Graph(directed=False, multiedged=False)
    read.import_dot(text.split("\n"))
    return sorted(read.vertices()), sorted(tuple(sorted(tie)) for tie in read.edges())


vertices, found = trip(ties)
print(f"written {len({name for tie in ties for name in tie})} vertices, {len(ties)} ties")
print(f"read {len(vertices)} vertices, {len(found)} ties:", found)
assert vertices == ["cats", "dogs", "news", "politics"], "changed: vertices"
assert found == [("cats", "dogs"), ("news", "politics")], "changed: ties"
other = {"photography": "photos", "knowledge": "science", "demographics": "census"}
renamed = [tuple(sorted(other.get(name, name) for name in tie)) for tie in ties]
assert trip(renamed)[1] == sorted(renamed), "changed: other names"
print("as described")
PYTHON
