#!/usr/bin/env bash
# surpyval 0.25, Turnbull's estimate of a survival curve without intervals.
#
# Turnbull's estimate is the nonparametric maximum likelihood one, and with exact and right-censored times
# only it is Kaplan and Meier's. Turnbull.fit gives another curve: by default it turns the estimated deaths
# into exp(-cumulative hazard) by Fleming and Harrington's rule, and counts the mass that it moved from
# censored times to later ones as deaths there. After a last time that is a death, 10 % are still alive.
# turnbull_estimator="Kaplan-Meier" gives the maximum likelihood estimate.
#
# Seen (deaths at 1, 2, 5; censored at 2, 3; S after each of 1, 2, 5):
#   KaplanMeier             0.800 0.600 0.000
#   Turnbull                0.819 0.638 0.102
#   Turnbull, Kaplan-Meier  0.800 0.600 0.000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet surpyval==0.25 scipy==1.17.1 numpy==2.4.6 pandas==2.3.3
"$folder/venv/bin/python" - <<'PYTHON'
import surpyval

times, censored = [1, 2, 2, 3, 5], [0, 0, 1, 1, 0]


def after(model):
    return [round(float(model.R[model.x == t][-1]), 3) for t in (1, 2, 5)]


found = {
    "KaplanMeier": after(surpyval.KaplanMeier.fit(times, c=censored)),
    "Turnbull": after(surpyval.Turnbull.fit(times, c=censored)),
    "Turnbull, Kaplan-Meier": after(
        surpyval.Turnbull.fit(times, c=censored, turnbull_estimator="Kaplan-Meier")
    ),
}
for name, values in found.items():
    print(f"{name:24}", *(f"{value:.3f}" for value in values))
assert found["KaplanMeier"] == found["Turnbull, Kaplan-Meier"] == [0.8, 0.6, 0.0]
assert found["Turnbull"] == [0.819, 0.638, 0.102], "changed"
print("as described")
PYTHON
