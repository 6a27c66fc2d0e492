#!/usr/bin/env bash
# hina 0.7.6, quantity and diversity of a network that its own prune_edges returned.
#
# The steps of the package are: build the network of accounts and topics, keep the ties that are more frequent than
# chance, and describe each account by the number and the variety of its ties. The last step takes the first end of a
# tie for the account. networkx gives first the end that was added first, and the pruned network is put together tie by
# tie: of two accounts with the same topic, the second comes after the topic. Its ties are credited to the topic, it is
# missing itself or has too few, and the ties come from a set, so that another hash seed of Python takes another
# account. In a network that get_bipartite built the accounts come first and all is right. Build a graph with the
# accounts first from "significant edges".
#
# Seen (six accounts, three topics; posts on topics that the pruning kept):
#   by hand                  ann 12, bob 24, cat 12, dan 12, eve 12
#   quantity, hash seed 0    ann 12, art 12, cat 12, dan 12, law 12, tea 12
#   quantity, hash seed 2    ann 12, art 12, bob 12, eve 12, law 12, tea 12
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet networkx==3.6.1 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1 matplotlib==3.11.2
# hina also asks for the tools of its pages.
"$folder/venv/bin/pip" install --quiet --no-deps hina==0.7.6
cat > "$folder/activity.py" <<'PYTHON'
from collections import Counter

import pandas as pd
from hina.construction import get_bipartite
from hina.dyad import prune_edges
from hina.individual import diversity, quantity

posts = {
    ("ann", "art"): 12, ("bob", "art"): 12, ("bob", "law"): 12, ("cat", "law"): 12, ("cat", "art"): 1,
    ("dan", "art"): 1, ("dan", "tea"): 12, ("eve", "tea"): 12, ("eve", "law"): 1, ("fay", "law"): 1, ("fay", "tea"): 1,
}
rows = [post for post, number in posts.items() for _ in range(number)]
network = get_bipartite(pd.DataFrame(rows, columns=["account", "topic"]), "account", "topic")
whole = quantity(network, return_type="quantity")["quantity"]
assert whole == Counter(account for account, _ in rows), "changed: the whole network"
pruned = prune_edges(network)
right = Counter()
for account, _, weight in pruned["significant edges"]:
    right[account] += weight
found = quantity(pruned["pruned network"], return_type="quantity")["quantity"]
varied = diversity(pruned["pruned network"])[0]
print("by hand", dict(sorted(right.items())), "found", dict(sorted(found.items())))
assert right == {"ann": 12, "bob": 24, "cat": 12, "dan": 12, "eve": 12}, "changed: the pruning"
assert set(varied) == set(found) and sum(found.values()) == sum(right.values())
print("wrong" if found != right else "right")
PYTHON
wrong=0
for seed in 0 1 2; do
    PYTHONHASHSEED=$seed "$folder/venv/bin/python" -W ignore "$folder/activity.py" | tee "$folder/out"
    if grep -qx wrong "$folder/out"; then wrong=$((wrong + 1)); fi
done
echo "wrong under $wrong of 3 hash seeds"
[ "$wrong" -ge 2 ] || { echo "changed" >&2; exit 1; }
echo "as described"
