#!/usr/bin/env bash
# bctpy 0.6.1, pagerank_centrality of a matrix of follows.
#
# In this toolbox a row is where an arc starts: degrees_dir counts rows as out-degree and columns as in-degree. PageRank
# gives rank to those who are pointed at. pagerank_centrality normalizes the columns, so that its walker goes
# from each account to those who point at it, and ranks high who points at many. Of an account that five others
# follow and that follows one of them, nearly all rank is spread over the followers. The sum is 1 and no convention is
# named, so it looks like a result; in an undirected graph there is no difference. Pass the transpose.
#
# Seen (1 to 5 follow 0, and 0 follows 1; bctpy, bctpy of the transpose, networkx):
#   account 0   0.240  0.473  0.473   (in-degree 5)
#   account 1   0.152  0.427  0.427
#   account 2   0.152  0.025  0.025   (in-degree 0)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet bctpy==0.6.1 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import bct
import networkx as nx
import numpy as np
follows = np.zeros((6, 6))
follows[1:, 0] = 1
follows[0, 1] = 1
into, out, _ = bct.degrees_dir(follows)
assert into.tolist() == [5, 1, 0, 0, 0, 0] and out.tolist() == [1] * 6, "changed: degrees"
ranks = bct.pagerank_centrality(follows, 0.85)
turned = bct.pagerank_centrality(follows.T, 0.85)
graph = nx.from_numpy_array(follows, create_using=nx.DiGraph)
usual = np.array(list(nx.pagerank(graph, alpha=0.85).values()))
for account in range(3):
    print(f"account {account}  {ranks[account]:.3f}  {turned[account]:.3f}  {usual[account]:.3f}")
assert np.allclose(ranks, [0.240] + [0.152] * 5, atol=5e-4), "changed: ranks"
assert np.allclose(turned, usual, atol=1e-4), "changed: transpose"
print("as described")
PYTHON
