#!/usr/bin/env bash
# honyx 0.1.1, predict(graph, context) with a context longer than the order of the network.
#
# A higher-order network says where readers go next from what they have just seen; predict takes the longest suffix of
# the context that the network knows, as its text says. If the context is longer than the greatest order, its last
# items are cut off, as many as the order, and not kept: the prediction is made from what the reader saw first. Whole
# sessions are what one passes to such a function. A network that has learnt the sessions perfectly is then right about
# the first steps only, and a longer history makes the forecast worse. Pass context[-order:] yourself.
#
# Seen (sessions a b c d e, 100 times; next after the context, right is the following letter):
#   order 1: b     ->  c
#   order 1: a b   ->  b
#   order 2: a b c ->  b
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet honyx==0.1.1 networkx==3.6.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import honyx

sessions = [list("abcde")] * 100
following = {tuple("abcde"[:stop]): "abcde"[stop] for stop in range(1, 5)}


def hits(order, cut):
    network = honyx.generate_hon(sessions, "fix-order", max_order=order, min_support=1)
    right = 0
    for context, item in following.items():
        given = context[-order:] if cut else context
        chances = honyx.predict(network, given)
        right += max(chances, key=chances.get) == item
    return right


network = honyx.generate_hon(sessions, "fix-order", max_order=1, min_support=1)
second = honyx.generate_hon(sessions, "fix-order", max_order=2, min_support=1)
seen = {
    "order 1: b": honyx.predict(network, ["b"]),
    "order 1: a b": honyx.predict(network, ["a", "b"]),
    "order 2: a b c": honyx.predict(second, ["a", "b", "c"]),
}
for name, chances in seen.items():
    print(f"{name:<15} -> {chances}")
assert seen["order 1: b"] == {"c": 1.0}
whole = {order: hits(order, cut=False) for order in (1, 2)}
cut = {order: hits(order, cut=True) for order in (1, 2)}
print("of 4 contexts right, whole", whole, "cut", cut)
assert cut == {1: 4, 2: 4}
assert seen["order 1: a b"] == {"b": 1.0}, "changed: order 1"
assert seen["order 2: a b c"] == {"b": 1.0}, "changed: order 2"
assert whole == {1: 1, 2: 2}, "changed: hits"
print("as described")
PYTHON
