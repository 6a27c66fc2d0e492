#!/usr/bin/env bash
# rankaudit 0.1.1, notes on demographic parity and top_k of audit.
#
# The audit gives the share of each group in the top of a ranking and notes a gap above 0.4. The shares are of those
# groups that are in the top: one that is not there at all has no share, not 0. With one share left there is no gap. So
# a feed whose top is all of one group gets no note, and one with a single post of the other does. The strongest
# case of what the audit looks for passes, and a list that lets one post in looks worse. What is the top? Always
# the first ten: the cut-off top_k of audit, "for metric computation", is not handed on, nor used elsewhere.
#
# Seen (20 posts of two groups, ten each; share in the top and gap noted):
#   all ten on top are of A         A 1.00            none
#   nine of ten                     A 0.90  B 0.10    0.80
#   first four A, then ten B        A 0.40  B 0.60    with top_k=3 and with top_k=10
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rankaudit==0.1.1 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import rankaudit
class ByScore:
    def score(self, pairs):
        return [(pair.doc_id, pair.features["score"]) for pair in pairs]
def audit(groups, top_k=10):
    posts = [
        rankaudit.QueryDocPair(
            "user", "feed", f"post {place}", "", {"score": -float(place)}, relevance=1.0, metadata={"group": group}
        )
        for place, group in enumerate(groups)
    ]
    found = rankaudit.audit(ByScore(), posts, attribution=None, counterfactuals=False, top_k=top_k).bias[0]
    gaps = [note for note in found.notes if "parity" in note]
    print(f"{groups}  top_k {top_k:>2}  {found.demographic_parity}  {gaps}")
    return found.demographic_parity, gaps
assert audit("A" * 10 + "B" * 10) == ({"A": 1.0}, []), "changed: shut out"
shares, gaps = audit("A" * 9 + "B" * 10 + "A")
assert shares == {"A": 0.9, "B": 0.1} and len(gaps) == 1, "changed: nine of ten"
late = "A" * 4 + "B" * 10 + "A" * 6
assert audit(late, 3) == audit(late) and audit(late, 3)[0] == {"A": 0.4, "B": 0.6}, "changed: top_k"
print("as described")
PYTHON
