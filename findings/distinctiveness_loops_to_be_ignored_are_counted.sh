#!/usr/bin/env bash
# distinctiveness 0.14.6, distinctiveness of a network with a self-loop.
#
# Distinctiveness centrality of an account rests on its ties to accounts that few others have. A reply to oneself is no
# such tie; the function prints "Loops will be ignored." and was expected to do so. The list of loops is used up by the
# test whether there are any, so that none is taken out: an account that replies to itself gets credit for being tied
# to itself, with the weight of these replies, and counts as a worse partner for its neighbours. The message says that
# the input was cleaned. One habit of one account changes who comes first in all five measures, and the totals of D3
# for everybody. Take the loops out with networkx before the call.
#
# Seen (ann, bob and cem tied to each other, cem to dan, dan to eve; the first two D1 and D4 of the ranking):
#   no loop, or taken out before               D1 cem 0.90, dan 0.73    D4 cem 1.50, dan 1.33
#   eve replied to herself 5 times             D1 eve 1.55, cem 0.90    D4 eve 5.05, cem 1.50
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet distinctiveness==0.14.6 networkx==3.6.1 pandas==2.3.3 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from math import log10

import networkx as nx
from distinctiveness.dc import distinctiveness

plain = nx.Graph()
plain.add_weighted_edges_from(
    [("ann", "bob", 1), ("ann", "cem", 1), ("bob", "cem", 1), ("cem", "dan", 1), ("dan", "eve", 1)]
)
looped = plain.copy()
looped.add_edge("eve", "eve", weight=5)
cleaned = looped.copy()
cleaned.remove_edges_from(list(nx.selfloop_edges(cleaned)))


def first_two(values):
    ranking = sorted(values, key=values.get, reverse=True)[:2]
    return [(name, round(float(values[name]), 2)) for name in ranking]


others = len(plain) - 1
d1 = {u: sum(log10(others / plain.degree(v)) for v in plain[u]) for u in plain}
d4 = {u: sum(1 / plain.degree(v) for v in plain[u]) for u in plain}
seen = {}
for name, graph in (("plain", plain), ("cleaned", cleaned), ("looped", looped)):
    found = distinctiveness(graph)
    seen[name] = first_two(found["D1"]), first_two(found["D4"])
    print(f"{name:<8} D1 {seen[name][0]}  D4 {seen[name][1]}")
    if name != "looped":
        assert all(abs(found["D1"][u] - d1[u]) < 1e-9 and abs(found["D4"][u] - d4[u]) < 1e-9 for u in plain)
right = [("cem", 0.9), ("dan", 0.73)], [("cem", 1.5), ("dan", 1.33)]
assert seen["plain"] == seen["cleaned"] == right
assert seen["looped"] == ([("eve", 1.55), ("cem", 0.9)], [("eve", 5.05), ("cem", 1.5)]), "changed: looped"
print("as described")
PYTHON
