#!/usr/bin/env bash
# discourse-networks 0.1.1 with scikit-learn 1.9.1, tCANE(method="stability").
#
# A tie of the temporal network means that two accounts take part in the same narratives; "stability" is the share of
# time bins in which they do. What is counted are bins in which one is among the k nearest of the other (10 unless
# given), also with a similarity of 0. In a bin with no more than k + 1 accounts everybody is near everybody: accounts
# that never had a narrative in common have the greatest weight, 1, with any similarity_threshold up to it. With the
# other methods they have a tie of weight 0, since the default threshold of 0 keeps what reaches it (CANE, the static
# form, asks for more than its threshold). Components, degrees and communities without weights find one group where
# there are several. Sum the similarities (method="sum") and drop the ties of weight 0.
#
# Seen (three camps of 3, each in narratives of its own, on 3 days; ties inside camps, across, least weight across):
#   stability                         9  27  1.0
#   sum                               9  27  0.0
#   with a narrative in common        9   0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet discourse-networks==0.1.1 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 \
    numpy==2.4.6 scikit-learn==1.9.1 tqdm==4.67.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations

import networkx as nx
import pandas as pd
from discourse_networks import tCANE

camp = {f"account{number}": number // 3 for number in range(9)}
posts = [
    (account, f"{camp[account]}{narrative}", day)
    for day in (1, 2, 3)
    for number, account in enumerate(camp)
    for narrative, times in (("a", 1 + number % 3), ("b", 2))
    for _ in range(times)
]
frame = pd.DataFrame(posts, columns=["account", "narrative", "day"])
used = {account: set(rows) for account, rows in frame.groupby("account")["narrative"]}
right = sum(bool(used[u] & used[v]) for u, v in combinations(camp, 2))
seen = {}
for method, threshold in (("stability", 0.0), ("stability", 1.0), ("sum", 0.0)):
    model = tCANE(
        user_col="account", cluster_col="narrative", time_col="day", method=method,
        similarity_threshold=threshold, verbose=False,
    )
    graph = model.fit(frame)
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    across = [weight for u, v, weight in graph.edges(data="weight") if camp[u] != camp[v]]
    inside = graph.number_of_edges() - len(across)
    parts = nx.number_connected_components(graph)
    seen[method, threshold] = inside, len(across), min(across), parts
    least = min(across)
    print(f"{method:<9} from {threshold}: inside {inside}, across {len(across)}, least across {least}, parts {parts}")
assert right == 9
assert seen["stability", 0.0] == seen["stability", 1.0] == (9, 27, 1.0, 1), "changed: stability"
assert seen["sum", 0.0] == (9, 27, 0.0, 1), "changed: sum"
print("as described")
PYTHON
