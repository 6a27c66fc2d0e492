#!/usr/bin/env bash
# cwl-eval 1.0.12, dynamic Bejeweled Player Model (BPMDCWLMetric).
#
# In Zhang et al.'s model a user stops when the wanted gain T or the cost K that one is willing to pay is reached, and
# both move with what was seen: hb scales the change of T, hc that of K. Good posts make people scroll on.
# The loop over costs changes T, which is no longer used there, and never K. So hc has no effect, whatever
# its value, and the user pays the K of the beginning. The depth of a session is the same for a feed of good posts and
# one of bad posts, and fitting hc to sessions fits nothing. Expected items, cost and gain all follow from it. The
# name of the metric in the results shows the hc that was asked for. Move K in a c_vector of your own.
#
# Seen (K = 3, no limit by gain, median gain 0.5; items looked at, and by the rule K <- K + hc (gain - 0.5)):
#   all gains 1, hc = 0      3   3         all gains 0, hc = 0      3   3
#   all gains 1, hc = 1      3   5         all gains 0, hc = 2      3   2
#   all gains 1, hc = 1.5    3   9
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cwl-eval==1.0.12 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from cwl.ruler.measures.cwl_bpm import BPMDCWLMetric
from cwl.ruler.ranking import Ranking
def by_rule(gain, hc, limit=3.0):
    """Items looked at: go on after an item while the cost so far is below the limit, which then moves."""
    items = 1
    while items < limit:
        limit += hc * (gain - 0.5)
        items += 1
    return items
for gain, hc, seen in ((1, 0, 3), (1, 1, 5), (1, 1.5, 9), (0, 0, 3), (0, 2, 2)):
    metric = BPMDCWLMetric(T=1e9, K=3, hb=0, hc=hc, gain_med=0.5)
    metric.measure(Ranking("feed", np.full(50, float(gain)), np.ones(50), max_n=50))
    print(f"gain {gain}  hc {hc:<4} items {metric.expected_items:.0f}  by the rule {by_rule(gain, hc)}")
    assert np.isclose(metric.expected_items, 3), "changed"
    assert by_rule(gain, hc) == seen, (gain, hc, by_rule(gain, hc))
print("as described")
PYTHON
