#!/usr/bin/env bash
# netsmith 0.3.0, engagement_score (Python 3.13; the package asks for 3.12 or later).
#
# Engagement is "balanced, two-way participation by all members", and a fifth of the score is the rate of pairs that
# communicated in both directions. A pair counts as two-way if there are two messages between them, whoever sent them:
# a second one to somebody who never answers makes it two-way. A pair who exchanged one message each way is two-way as
# well, so that both look alike; the rate rises with the number of messages only. A group in which nobody ever answered
# has the same rate as one in which everybody did. Count the pairs with messages in both directions yourself.
#
# Seen (4 members, all 6 pairs with two messages each; two-way rate and score):
#   each answered once                       1.0  100.0
#   ring of senders, nobody answered         1.0   93.3
#   the same, pairs in both directions       0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet netsmith==0.3.0 networkx==3.6.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations

from netsmith.ona.three_es import Communication, engagement_score

members = ["ann", "bob", "cem", "dan"]
pairs = list(combinations(members, 2))
answered = [(u, v) for u, v in pairs] + [(v, u) for u, v in pairs]
# In the second, every member writes to at least one other, twice, and no message is answered.
arcs = [("ann", "bob"), ("bob", "cem"), ("cem", "dan"), ("dan", "ann"), ("ann", "cem"), ("bob", "dan")]
unanswered = arcs * 2
assert {frozenset(arc) for arc in arcs} == {frozenset(pair) for pair in pairs}


def both_directions(messages):
    sent = set(messages)
    return sum((u, v) in sent and (v, u) in sent for u, v in pairs) / len(pairs)


seen = {}
for name, messages in (("answered", answered), ("unanswered", unanswered)):
    score, detail = engagement_score([Communication(u, v) for u, v in messages], members)
    seen[name] = detail["two_way_rate"], score, both_directions(messages)
    print(f"{name:<10} two-way rate {seen[name][0]}, score {score}, by hand {seen[name][2]}")
assert seen["answered"][0] == seen["answered"][2] == 1.0
assert seen["unanswered"][2] == 0.0
assert seen["unanswered"][0] == 1.0, "changed: two-way rate"
print("as described")
PYTHON
