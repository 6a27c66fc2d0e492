#!/usr/bin/env bash
# bursty-dynamics 0.1.7, train_scores beside calculate_scores.
#
# Both give the burstiness and the memory coefficient of the times of events, the second for all events of an account,
# the first for each of its trains; with one train that holds all events they should agree. calculate_scores takes the
# times as they are, to the second. train_scores cuts every gap down to whole days first, whatever time_unit the trains
# were found with, and says so nowhere. An account whose gaps vary at random between one day and two is then as regular
# as a clock (-1), 20 and 28 hours in turn are as bursty as random times, and where all gaps are below one day, as
# they are for posts, there is no value at all. Give every train a name of its own and take calculate_scores.
#
# Seen (one train of 61 posts each; burstiness by calculate_scores, by train_scores):
#   every 30 hours                      -1.000  -1.000
#   gaps of 24 to 48 hours at random    -0.713  -1.000
#   20 and 28 hours in turn             -0.737   0.009
#   nine of 1 hour, then one of 23       0.428     NaN
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet bursty-dynamics==0.1.7 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1 seaborn==0.13.2 \
    matplotlib==3.11.2
MPLBACKEND=Agg MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from bursty_dynamics import calculate_scores, train_detection, train_scores

draw = np.random.default_rng(1)
gaps = {
    "every 30 hours": np.full(60, 30.0),
    "24 to 48 hours": draw.uniform(24, 48, 60),
    "20 and 28": np.tile([20.0, 28.0], 30),
    "nine of one": np.tile([1.0] * 9 + [23.0], 6),
}
seen = {
    "every 30 hours": (-1.0, -1.0), "24 to 48 hours": (-0.713, -1.0), "20 and 28": (-0.737, 0.009),
    "nine of one": (0.428, np.nan),
}  # fmt: skip


def by_hand(hours):
    """Kim and Jo (2016) for finite sequences."""
    ratio, events = hours.std() / hours.mean(), len(hours) + 1
    one, other = np.sqrt(events + 1), np.sqrt(events - 1)
    return (one * ratio - other) / ((one - 2) * ratio + other)


for name, hours in gaps.items():
    times = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.r_[0, np.cumsum(hours)] * 3600, unit="s").round("s")
    posts = pd.DataFrame({"account": "ann", "time": times})
    trains = train_detection(posts.copy(), "account", "time", max_iet=10**6, time_unit="hours")
    assert len(trains) == len(posts) and set(trains["train_id"]) == {1}
    train = train_scores(trains, "account", "time")["BP"].iloc[0]
    all_events = calculate_scores(posts, "account", "time")["BP"].iloc[0]
    print(f"{name:<15} {all_events:7.3f} {train:7.3f}")
    assert abs(all_events - by_hand(hours)) < 1e-3
    assert abs(all_events - seen[name][0]) < 0.001, f"changed: {name}"
    assert np.isclose(train, seen[name][1], atol=0.001, equal_nan=True), f"changed: {name}"
print("as described")
PYTHON
