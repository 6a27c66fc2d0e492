#!/usr/bin/env bash
# pycorpdiff 0.1.0a27, detect_changepoints(series), which calls ruptures 1.1.10.
#
# ruptures tries every fifth point only unless jump=1 is asked for: a way to save time on signals of thousands of
# points. pycorpdiff leaves that default ("PELT is exact", says its help) and offers no argument for it, while its
# series are months or years of a corpus. A change, however large, is dated to month 5, 10, 15, ... of the
# series, up to two months before or after the event. Add or drop one month at the start and the change moves.
# method="binseg" has the same grid.
# Call ruptures with jump=1.
#
# Seen (48 months, a step of 50 standard deviations; first month of the new level):
#   true                        22   23   24   26   28
#   detect_changepoints()       20   25   25   25   30
#   of the series without the first month, counted in the same months
#                               21   21   26   26   26
#   ruptures, jump=1            22   23   24   26   28
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pycorpdiff==0.1.0a27 ruptures==1.1.10 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
import ruptures
from pycorpdiff.temporal.changepoint import detect_changepoints

MONTHS = pd.period_range("2020-01", periods=48, freq="M")


def months(series, **options):
    """Months of the change points, counted from the first of all 48."""
    found = detect_changepoints(series, **options)["period"]
    return [MONTHS.get_loc(period) for period in found]


noise = np.random.default_rng(0).normal(0, 0.1, 48)
seen = {22: ([20], [21]), 23: ([25], [21]), 24: ([25], [26]), 26: ([25], [26]), 28: ([30], [26])}
for true, expected in seen.items():
    series = pd.Series(noise + 5 * (np.arange(48) >= true), index=MONTHS)
    found = months(series), months(series.iloc[1:])
    detector = ruptures.Pelt(model="rbf", jump=1).fit(series.to_numpy().reshape(-1, 1))
    exact = detector.predict(pen=np.log(48))[:-1]
    print(true, *found, "binseg", months(series, method="binseg"), "jump=1", exact)
    assert exact == [true], "changed: ruptures with jump=1"
    assert found == expected, f"changed: {true}"
    assert all(month % 5 == 0 for month in months(series, method="binseg")), "changed: binseg"
print("as described")
PYTHON
