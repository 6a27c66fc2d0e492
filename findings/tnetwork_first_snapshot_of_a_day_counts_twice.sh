#!/usr/bin/env bash
# tnetwork 1.2, DynGraphSN.aggregate_time_period("day") and the other periods.
#
# The weight of a tie in the aggregated graph is, as the docstring says, how often it appears in the period.
# The first snapshot of each period is put in as it is, and then added once more to itself: every tie
# of the first moment of a day has one appearance too many. If no period has more than one snapshot, all weights are
# doubled; else the ties of the early morning gain on those of the rest of the day, and the sum over the days is not
# the cumulated graph. aggregate_sliding_window counts right, with bin_size=86400, a midnight for t_start and a t_end
# behind the last snapshot.
#
# Seen (ann and bob at 9:00, bob and cem at 15:00 of the same day, ann and bob at 9:00 of the next):
#   first day   ann-bob 2, bob-cem 1
#   second day  ann-bob 2
#   cumulated   ann-bob 2, bob-cem 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# tnetwork also asks for Sphinx and more, which this part of it does not use.
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 networkx==3.6.1 pandas==2.3.3 \
    scikit-learn==1.9.1 matplotlib==3.11.2 bokeh==3.9.2 sortedcontainers==2.4.0 progressbar2==4.6.0 \
    bidict==0.24.1 setuptools==80.9.0
"$folder/venv/bin/pip" install --quiet --no-deps tnetwork==1.2
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import tnetwork

day, hour = 86400, 3600
start = 20_000 * day
graph = tnetwork.DynGraphSN()
for u, v, time in (("ann", "bob", 9), ("bob", "cem", 15), ("ann", "bob", 24 + 9)):
    graph.add_interaction(u, v, start + time * hour)


def weights(one):
    return {"-".join(sorted((u, v))): weight for u, v, weight in one.edges(data="weight")}


found = [weights(one) for one in graph.aggregate_time_period("day").snapshots().values()]
hours = [weights(one) for one in graph.aggregate_time_period("hour").snapshots().values()]
windows = graph.aggregate_sliding_window(bin_size=day, t_start=start, t_end=start + 2 * day)
right = [weights(one) for one in windows.snapshots().values()]
total = weights(graph.cumulated_graph())
print("days     ", found)
print("hours    ", hours)
print("windows  ", right)
print("cumulated", total)
assert right == [{"ann-bob": 1, "bob-cem": 1}, {"ann-bob": 1}]
assert total == {"ann-bob": 2, "bob-cem": 1}
assert found == [{"ann-bob": 2, "bob-cem": 1}, {"ann-bob": 2}], "changed: days"
assert hours == [{"ann-bob": 2}, {"bob-cem": 2}, {"ann-bob": 2}], "changed: hours"
print("as described")
PYTHON
