#!/usr/bin/env bash
# pynetim 0.5.5 with igraph 1.0.0, from_igraph(graph, weight_attr="...").
#
# weight_attr names the edge attribute with the probabilities of the cascade, and edges without it get default_weight,
# 1. The code asks whether the graph has an attribute called "weight", and only then reads the one that was named: a
# graph with "probability" and no "weight" has the probability 1 on every tie, and each seed reaches all that it has a
# path to. With some attribute called "weight" beside it, which is then not used, the same call is right, as is
# from_networkx. Which seeds are best is then a matter of components. Rename the attribute to "weight".
#
# Seen (a path of 5 with probability 0.1 on each tie; probabilities after conversion, expected reach of the first):
#   igraph, "probability"               1.0  5.00
#   igraph, and "weight" of 7 on all    0.1  1.11
#   networkx, "probability"             0.1  1.11
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# All of its compiled modules take minutes to build; the one that is used here takes seconds. It is imported without
# the front of the package, which imports all.
"$folder/venv/bin/pip" download --quiet --no-deps --no-binary :all: --dest "$folder" pynetim==0.5.5
tar --extract --directory "$folder" --file "$folder/pynetim-0.5.5.tar.gz"
sed --in-place "s/^setup(/ext_modules = [one for one in ext_modules if one.name.endswith('graph.graph')]\nsetup(/" \
    "$folder/pynetim-0.5.5/setup.py"
"$folder/venv/bin/pip" install --quiet "$folder/pynetim-0.5.5" igraph==1.0.0 networkx==3.6.1 numpy==2.4.6 tqdm==4.67.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

for name in ("pynetim", "pynetim.utils"):
    sys.modules[name] = ModuleType(name)
    sys.modules[name].__path__ = [str(Path(sysconfig.get_path("platlib"), *name.split(".")))]

import igraph
import networkx as nx
from pynetim.utils.graph_utils import from_igraph, from_networkx

ties = [(0, 1), (1, 2), (2, 3), (3, 4)]
plain = igraph.Graph(ties, directed=True)
plain.es["probability"] = [0.1] * len(ties)
both = plain.copy()
both.es["weight"] = [7] * len(ties)
other = nx.DiGraph()
other.add_edges_from((u, v, {"probability": 0.1}) for u, v in ties)
converted = {
    "igraph": from_igraph(plain, weight_attr="probability"),
    "igraph, weight": from_igraph(both, weight_attr="probability"),
    "networkx": from_networkx(other, weight_attr="probability"),
}


def reach(graph):
    chance, total = 1.0, 1.0
    for tie in ties:
        chance *= graph.edges[tie]
        total += chance
    return total


seen = {}
for name, graph in converted.items():
    (weight,) = set(graph.edges.values())
    seen[name] = round(weight, 6), round(reach(graph), 2)
    print(f"{name:<15}", *seen[name])
assert seen["networkx"] == seen["igraph, weight"] == (0.1, 1.11)
assert seen["igraph"] == (1.0, 5.0), "changed: weight_attr"
print("as described")
PYTHON
