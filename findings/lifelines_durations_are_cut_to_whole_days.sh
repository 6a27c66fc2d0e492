#!/usr/bin/env bash
# lifelines 0.30.3, utils.datetimes_to_durations(start, end) of times with hours and minutes.
#
# The function returns floats in days, so 36 hours should be 1.5. Each duration is cut down to whole
# units of freq: 36 hours are 1, and 23 hours and 59 minutes are 0, be there a midnight in between
# or not. Posts mostly live shorter than a day, so many have a lifetime of 0, and the mean is half a
# day too short. In minutes, whatever is shorter than one is 0 too. An end before its start becomes
# a negative duration with an observed event. Subtract the times and divide by
# pandas.Timedelta("1D").
#
# Seen:
#   36 h; 23 h 59 min; 2 min over midnight      1.0; 0.0; 0.0
#   1 to 31 January with freq="M"               0.0
#   end four days before the start              -4.0, event True
#   lifetimes of 0.1, 0.3, ... 1.9 days         mean 0.5 (in truth 1.0), five of ten are 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lifelines==0.30.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pandas as pd
from lifelines.utils import datetimes_to_durations


def duration(start, end, freq="D"):
    durations, events = datetimes_to_durations([start], [end], freq=freq)
    return float(durations[0]), bool(events[0])


cases = {
    "36 h": (("2026-01-01 00:00", "2026-01-02 12:00"), 1.0),
    "23 h 59 min": (("2026-01-01 00:00", "2026-01-01 23:59"), 0.0),
    "2 min over midnight": (("2026-01-01 23:59", "2026-01-02 00:01"), 0.0),
    "1 to 31 January": (("2026-01-01", "2026-01-31", "M"), 0.0),
    "59 s in minutes": (("2026-01-01 00:00:00", "2026-01-01 00:00:59", "m"), 0.0),
    "end before start": (("2026-01-05", "2026-01-01"), -4.0),
}
for name, (arguments, days) in cases.items():
    found = duration(*arguments)
    print(f"{name:<20} {found}")
    assert found == (days, True), f"changed: {name}"

lifetimes = pd.Series(range(1, 20, 2)) / 10
start = pd.Series([pd.Timestamp("2026-01-01")] * 10)
cut, _ = datetimes_to_durations(start, start + pd.to_timedelta(lifetimes, unit="D"))
print(f"mean {cut.mean()} of {lifetimes.mean():.1f}, zeros {sum(cut == 0)}")
assert abs(lifetimes.mean() - 1) < 1e-9
assert (cut.mean(), sum(cut == 0)) == (0.5, 5), "changed: lifetimes"
print("as described")
PYTHON
