#!/usr/bin/env bash
# rexmex 0.1.3, average recall at k of a recommendation list.
#
# average_recall_at_k adds up hits / rank, which is the precision at each hit, and divides the sum by the
# number of relevant items; average_precision_at_k has the same sum over min(relevant, k). So a list that
# holds every relevant item has an average recall below 1, one of the same hits in later places has a
# lower one, and the two metrics are equal whenever there are at most k relevant items. hits_at_k, too,
# is not what its description says: not the number of hits but their share of the list.
#
# Seen (three relevant items, k = 5; recall at 5 is 1 in both):
#   hits at 1 2 3   average recall 1.000  average precision 1.000  hits 0.600
#   hits at 1 3 5   average recall 0.756  average precision 0.756  hits 0.600
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rexmex==0.1.3 six==1.17.0 scipy==1.17.1 numpy==2.4.6 pandas==2.3.3
"$folder/venv/bin/python" - <<'PYTHON'
from rexmex.metrics.ranking import average_precision_at_k, average_recall_at_k, hits_at_k

relevant = [1, 2, 3]
found = []
for shown in ([1, 2, 3, 8, 9], [1, 8, 2, 9, 3]):
    recall = average_recall_at_k(relevant, shown, 5)
    precision = average_precision_at_k(relevant, shown, 5)
    hits = hits_at_k(relevant, shown, 5)
    places = [rank for rank, item in enumerate(shown, 1) if item in relevant]
    print("hits at", *places, f"  average recall {recall:.3f}  precision {precision:.3f}  hits {hits:.3f}")
    found.append((round(recall, 3), round(precision, 3), hits))
assert found == [(1.0, 1.0, 0.6), (0.756, 0.756, 0.6)], "changed"
print("as described")
PYTHON
