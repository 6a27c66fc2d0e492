#!/usr/bin/env bash
# AgentPy 0.1.5, samples of an IntRange that starts below zero.
#
# Whole numbers from -2 to 2 in five steps are -2, -1, 0, 1, 2, and a Sobol sample (method="saltelli") draws each
# equally often. The sampler takes real numbers from -2 to 3 and cuts their decimals. int() cuts towards zero, so that
# below zero everything moves up by one: five steps are -2, 0, 0, 1, 2, and in the Sobol sample 0 is drawn
# twice as often as any other number and the lowest not at all. A sweep over a shift of opinion misses its most
# negative value and has no effect in two fifths of its runs. Sensitivity indices are of that other distribution.
# Ranges from zero up are right: sample from 0 and subtract in the model.
#
# Seen (share of each value in a Sobol sample of two parameters, 3,072 runs):
#   -2 to 2     -2 0.00   -1 0.20   0 0.40   1 0.20   2 0.20
#    0 to 4      0 0.20    1 0.20   2 0.20   3 0.20   4 0.20
#   five steps from -2 to 2     -2 0 0 1 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet agentpy==0.1.5 SALib==1.6.0 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6 \
    pandas==2.3.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from collections import Counter
import agentpy
def shares(low, high):
    ranges = {"shift": agentpy.IntRange(low, high), "other": agentpy.Range(0, 1)}
    drawn = [run["shift"] for run in agentpy.Sample(ranges, n=512, method="saltelli")]
    counts = Counter(drawn)
    return {value: round(counts[value] / len(drawn), 2) for value in range(low, high + 1)}
steps = [run["shift"] for run in agentpy.Sample({"shift": agentpy.IntRange(-2, 2)}, n=5)]
below, above = shares(-2, 2), shares(0, 4)
print("five steps", *steps)
print("-2 to 2", below)
print(" 0 to 4", above)
assert steps == [-2, 0, 0, 1, 2], "changed: steps"
assert below[-2] < 0.01 and below[0] > 0.38 and all(abs(below[value] - 0.2) < 0.02 for value in (-1, 1, 2)), (
    "changed: Sobol"
)
assert all(abs(share - 0.2) < 0.02 for share in above.values()), "changed: from zero up"
print("as described")
PYTHON
