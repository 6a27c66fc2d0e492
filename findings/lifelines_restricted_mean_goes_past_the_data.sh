#!/usr/bin/env bash
# lifelines 0.30.3, restricted_mean_survival_time of a Kaplan-Meier curve that does not reach zero.
#
# Where the accounts followed longest are still active, the curve ends above zero, and a mean up to
# a later time is unknown. The function goes on with the last value for as long as t asks, without a
# warning. So of two groups with the same lifetimes, the one that was followed for a shorter time
# gets the longer mean, from a flat tail that nobody saw, and a later t makes the difference as
# large as one likes. Choose a t that every group reaches, and compare it with the longest duration
# first.
#
# Seen (lifetimes of 1, 2, ... 10 days; followed for 10, 5 and 2 days):
#   t = 2    1.9  1.9  1.9
#   t = 10   5.5  6.5  8.3
#   t = 40   5.5  21.5  32.3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lifelines==0.30.3
"$folder/venv/bin/python" -W error::UserWarning - <<'PYTHON'
import numpy as np
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

lifetimes = np.arange(1, 11)
seen = {2: (1.9, 1.9, 1.9), 10: (5.5, 6.5, 8.3), 40: (5.5, 21.5, 32.3)}
curves = []
for followed in (10, 5, 2):
    durations, ended = np.minimum(lifetimes, followed), lifetimes <= followed
    curves.append(KaplanMeierFitter().fit(durations, ended))
for limit, expected in seen.items():
    found = [float(restricted_mean_survival_time(curve, t=limit)) for curve in curves]
    print(f"t = {limit:<3}", *(f"{mean:.1f}" for mean in found))
    assert np.allclose(found, expected), f"changed: t = {limit}"
print("as described")
PYTHON
