#!/usr/bin/env bash
# psi-score 1.0.0, PsiScore.fit of a dictionary that lists whom each account follows.
#
# The score says how much of the feeds an account fills, from its own posts and from reposts of them. A dictionary
# of followers has no order that means anything, and the keys are the numbers of the accounts. The rates of posts and
# reposts are looked up by number, but the share of each account's own posts is kept in the order of the keys and
# read by number. Unless the keys come as 0, 1, 2, ..., accounts get the shares of others: a list of edges that
# was sorted by anything else gives other scores and another ranking, by every solver alike. Sort the dictionary.
#
# Seen (account 0 reposts most, 3 posts most; scores of 0, 1, 2, 3 by "scipy"; "power_psi" and "push_psi" agree):
#   keys 0 1 2 3   0.0724 0.3573 0.0976 0.4727   first: 3
#   keys 3 2 1 0   0.2659 0.2127 0.2468 0.2746   first: 3
#   keys 1 3 0 2   0.2608 0.3456 0.0564 0.3372   first: 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 progressbar2==4.6.0
# The package asks for Python below 3.11 and NumPy below 2; what it computes is the same with these.
"$folder/venv/bin/pip" install --quiet --no-deps --ignore-requires-python psi-score==1.0.0
"$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
import numpy as np
from psi_score import PsiScore
follows = {0: [1, 3], 1: [0, 2], 2: [0, 1, 3], 3: [0]}
posts, reposts = [0.1, 0.5, 0.3, 0.9], [0.5, 0.1, 0.6, 0.2]
seen = {
    (0, 1, 2, 3): [0.0724, 0.3573, 0.0976, 0.4727],
    (3, 2, 1, 0): [0.2659, 0.2127, 0.2468, 0.2746],
    (1, 3, 0, 2): [0.2608, 0.3456, 0.0564, 0.3372],
}
for keys, expected in seen.items():
    ordered = {account: follows[account] for account in keys}
    for solver in ("scipy", "power_psi", "push_psi"):
        scores = np.array(PsiScore(solver=solver, tol=1e-9).fit_transform(ordered, posts, reposts))
        print("keys", *keys, f" {solver:<10}", *scores.round(4), " first:", scores.argmax())
        assert np.allclose(scores, expected, atol=1e-4), f"changed: {keys} {solver}"
print("as described")
PYTHON
