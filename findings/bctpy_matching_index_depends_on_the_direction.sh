#!/usr/bin/env bash
# bctpy 0.6.1, matching_ind_und of an undirected graph.
#
# The matching index of two accounts is twice the number of their common neighbours over all their neighbours, the tie
# between the two left out: it is 1 if they share all, and the same for both. Here the second sum has the common
# neighbours only, so that the other's remaining neighbours are not counted: the index is too high, and m[i, j] and
# m[j, i] differ. Somebody with a single hashtag is a perfect match, in one of the two cells, for whoever uses it
# among hundreds. It also prints its intermediate sums. Divide 2 A A' by the degrees yourself.
#
# Seen (ann uses 5 hashtags, bob one of them; then Zachary's karate club):
#   ann, bob and bob, ann         1.000 0.333   by the definition 0.333
#   cells with an index of 1      117 of 1122   by the definition 22
#   cells that are too high       547, none too low
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet bctpy==0.6.1 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io
import bct
import networkx as nx
import numpy as np
def matching(ties):
    with contextlib.redirect_stdout(io.StringIO()):
        return bct.matching_ind_und(ties)
def defined(ties):
    common, degrees = ties @ ties, ties.sum(axis=0)
    neighbours = degrees[:, None] + degrees[None, :] - 2 * ties
    index = np.divide(2 * common, neighbours, out=np.zeros_like(common), where=neighbours > 0)
    np.fill_diagonal(index, 0)
    return index
tags = np.zeros((7, 7))
for account, tag in ((0, 2), (0, 3), (0, 4), (0, 5), (0, 6), (1, 2)):
    tags[account, tag] = tags[tag, account] = 1
found, right = matching(tags), defined(tags)
print(f"ann, bob {found[0, 1]:.3f}  bob, ann {found[1, 0]:.3f}  by the definition {right[0, 1]:.3f}")
assert np.allclose([found[0, 1], found[1, 0], right[0, 1]], [1, 1 / 3, 1 / 3]), "changed: hashtags"
club = nx.to_numpy_array(nx.karate_club_graph(), weight=None)
found, right = matching(club), defined(club)
perfect = int((found == 1).sum()), int((right == 1).sum())
high = int((found > right + 1e-9).sum())
print("an index of 1:", *perfect, "  too high:", high)
assert perfect == (117, 22) and high == 547 and not (found < right - 1e-9).any(), "changed: club"
print("as described")
PYTHON
