#!/usr/bin/env bash
# EasyGraph 1.6.3, effective_size of an undirected graph without weights.
#
# Burt's effective size is the number of contacts less the ties among them, so an account whose contacts do not
# know each other has the most: as many as it has contacts. For those EasyGraph says 1, as if they had a single
# contact, so that the purest brokers rank with the members of a clique; one tie between two of the contacts
# brings the value back. efficiency divides that by the number of contacts, and ranks them lowest too. With
# weights, all of them 1, the formula is another and has no such case: pass weight="weight", or take networkx.
#
# Seen (an account with 5 contacts: effective_size, with weights of 1, networkx):
#   no tie among them   1.0  5.0  5.0
#   one tie             4.6  4.6  4.6
#   all ties            1.0  1.0  1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# EasyGraph also asks for PyTorch and more, which this part of it does not use.
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 networkx==3.6.1 \
    tqdm==4.70.1 requests==2.34.2 fastjsonschema==2.22.3 matplotlib==3.11.2
"$folder/venv/bin/pip" install --quiet --no-deps Python-EasyGraph==1.6.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations

import easygraph as eg
import networkx as nx

star = [(0, contact) for contact in range(1, 6)]
cases = {
    "no tie among them": ([], (1, 5, 5)),
    "one tie": ([(1, 2)], (4.6, 4.6, 4.6)),
    "all ties": (list(combinations(range(1, 6), 2)), (1, 1, 1)),
}
for name, (ties, seen) in cases.items():
    graph = eg.Graph()
    for u, v in star + ties:
        graph.add_edge(u, v, weight=1)
    found = (
        eg.effective_size(graph)[0],
        eg.effective_size(graph, weight="weight")[0],
        nx.effective_size(nx.Graph(star + ties))[0],
    )
    print(f"{name:<19}", *(f"{value:.1f} " for value in found))
    for value, expected in zip(found, seen, strict=True):
        assert abs(value - expected) < 0.001, f"changed: {name}"
    assert abs(eg.efficiency(graph)[0] - seen[0] / 5) < 0.001, f"changed: efficiency, {name}"
print("as described")
PYTHON
