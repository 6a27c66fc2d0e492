#!/usr/bin/env bash
# abforge 0.1.0, SequentialTest with alpha spending.
#
# An experiment is looked at while it runs; alpha spending keeps the chance of any false alarm at alpha. The spending
# function says how much may be used up to a look, so a look has what is new since the one before. The package
# has each look use all that may be spent until then: what earlier looks spent is spent again. With ten looks the
# chance of a false alarm is 12 % where 5 % were asked for. "Without inflating the false positive rate", says the class,
# and that is what it is for. Its own simulate cannot show it: it draws a new experiment for every look.
#
# Seen (2000 experiments without an effect, ten looks, alpha 0.05; false alarms, and with boundaries found by
# simulation from the same spending function):
#   pocock           0.128   0.059
#   linear           0.116   0.060
#   obrien_fleming   0.072   0.053
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet abforge==0.1.0 plotly==7.1.0 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from abforge.sequential import AlphaSpendingFunction, SequentialTest
draw, RUNS, LOOKS, ALPHA, RATE, STEP = np.random.default_rng(0), 2000, 10, 0.05, 0.3, 500
def boundaries(spend, paths=400_000):
    """Limits of |z| at each look, so that what is crossed for the first time there is what is newly spent."""
    z = np.cumsum(draw.normal(size=(paths, LOOKS)), axis=1) / np.sqrt(np.arange(1, LOOKS + 1))
    alive, limits, before = np.ones(paths, dtype=bool), [], 0.0
    for look in range(LOOKS):
        now = spend((look + 1) / LOOKS, ALPHA)
        here = np.abs(z[:, look])
        limits.append(np.quantile(here[alive], 1 - (now - before) * paths / alive.sum()))
        alive &= here < limits[-1]
        before = now
    return limits
arms = draw.binomial(STEP, RATE, size=(RUNS, 2, LOOKS)).cumsum(axis=2)
for name in ("pocock", "linear", "obrien_fleming"):
    test, limits = SequentialTest(LOOKS * STEP, ALPHA, spending=name), boundaries(getattr(AlphaSpendingFunction, name))
    alarms, right = 0, 0
    for control, treatment in arms:
        looks = [
            test.evaluate(int(a), n, int(b), n, futility_threshold=None)
            for a, b, n in zip(control, treatment, range(STEP, (LOOKS + 1) * STEP, STEP))
        ]
        alarms += any(look.decision == "stop_significant" for look in looks)
        right += any(abs(look.z_score) >= limit for look, limit in zip(looks, limits))
    print(f"{name:<15} false alarms {alarms / RUNS:.3f}   with new alpha only {right / RUNS:.3f}")
    assert abs(right / RUNS - ALPHA) < 0.015
    assert alarms / RUNS > (0.06 if name == "obrien_fleming" else 0.085), "changed"
    assert np.isclose(looks[-1].alpha_spent, ALPHA)
print("as described")
PYTHON
