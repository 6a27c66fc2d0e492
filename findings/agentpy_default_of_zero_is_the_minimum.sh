#!/usr/bin/env bash
# AgentPy 0.1.5, Range and IntRange with a default value of zero.
#
# vdef is the value that a single model run takes for a parameter that has a range; only "if none is passed" is it
# the minimum. Zero counts as none passed. A bias, a slant or a shift of opinion that ranges from -1 to 1 with 0
# for "no effect" runs at -1, the strongest effect, in every baseline; a share of bots from 0.1 up with default
# 0 runs at 0.1. Any other value works, 1e-9 too, and the range itself, so that sweeps are right and only the run that
# they are compared with is not. Set the parameter of the baseline as a plain number.
#
# Seen (the parameter of a model made with the range):
#   Range(-1, 1, 0)       -1        Range(-1, 1, 1e-9)    1e-09
#   IntRange(-5, 5, 0)    -5        IntRange(-5, 5, 1)    1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet agentpy==0.1.5 SALib==1.6.0 networkx==3.6.1 scipy==1.17.1 numpy==2.4.6 \
    pandas==2.3.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import agentpy
class Baseline(agentpy.Model):
    """Reports the parameter that it runs with."""
    def end(self):
        self.report("shift", self.p.shift)
cases = {"Range(-1, 1, 0)": (agentpy.Range(-1, 1, 0), -1), "Range(-1, 1, 1e-9)": (agentpy.Range(-1, 1, 1e-9), 1e-9),
         "IntRange(-5, 5, 0)": (agentpy.IntRange(-5, 5, 0), -5), "IntRange(-5, 5, 1)": (agentpy.IntRange(-5, 5, 1), 1)}
for name, (parameter, seen) in cases.items():
    run = Baseline({"shift": parameter, "steps": 1}).run(display=False)
    found = run.reporters["shift"].iloc[0]
    print(f"{name:20} runs with {found}")
    assert found == seen, f"changed: {name}"
print("as described")
PYTHON
