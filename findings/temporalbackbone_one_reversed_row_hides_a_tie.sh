#!/usr/bin/env bash
# TemporalBackbone 0.1.6, Temporal_Backbone(..., is_directed=False).
#
# In an undirected network a row "ann, bob" and a row "bob, ann" are two interactions of one pair. The rows are counted
# for each order of the ends apart, and both counts are written under the same pair: the later one, in the order of
# the ids, replaces the other instead of being added. A pair that met 30 times, written with the smaller id first, and
# once the other way round counts as one interaction, which the filter throws out as not significant. So a log
# of "who wrote to whom" loses its strongest ties, and one with sorted ends keeps them. The expected weights do add
# both orders. Put the smaller id of each row first before the call.
#
# Seen (a00 and a01 met 30 times among 380 other meetings of 20 accounts; the backbone):
#   all 30 rows a00, a01          [('a00', 'a01')]
#   one more row, a00, a01        [('a00', 'a01')]
#   one more row, a01, a00        []
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet TemporalBackbone==0.1.6 astropy==8.0.2 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from itertools import combinations

import pandas as pd
from TemporalBackbone import Temporal_Backbone

hour = 3600.0
pairs = 2 * list(combinations([f"a{number:02d}" for number in range(20)], 2))
rows = [(*pair, 5 * place * hour) for place, pair in enumerate(pairs)]
rows += [("a00", "a01", (60 * meeting + 2) * hour) for meeting in range(30)]


def backbone(more):
    frame = pd.DataFrame(rows + more, columns=["one", "other", "time"]).sort_values("time")
    return Temporal_Backbone(frame.reset_index(drop=True), I_min=hour, is_directed=False)


found = {
    "30 rows": backbone([]),
    "and a00, a01": backbone([("a00", "a01", 1003 * hour)]),
    "and a01, a00": backbone([("a01", "a00", 1003 * hour)]),
}
for name, seen in found.items():
    print(f"{name:<13}", seen)
kept = [("a00", "a01")]
assert list(found.values()) == [kept, kept, []], "changed"
print("as described")
PYTHON
