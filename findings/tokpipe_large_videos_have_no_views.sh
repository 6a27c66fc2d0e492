#!/usr/bin/env bash
# tokpipe 0.1.0 ("your exports in, real metrics out", TikTok analytics), clean.normalize and metrics.compute.
#
# Numbers that are texts become numbers, "20,000" too, if more than half of the column can be read. "1.2M" and "34.5K",
# as TikTok shows and many tools export what is above 10,000, cannot: where most videos are small, exactly the
# large ones become missing, missing views count as 0, and their engagement rate becomes 0 instead of missing; the mean
# over all falls and none of them is a top performer. If most are large the column stays text and the call fails.
# And growth_trend, "7-day rolling average of views", is over the last seven days that have a video, not over
# seven days: views of months ago are in it, and a day without views is none.
# Convert the texts before, and give a daily series with zeros.
#
# Seen (six videos of 1,000 views and two of 1.2M, engagement 0.05 each; then 700 views on each of days 1 to 7, 70 on
# days 21, 41 and 60):
#   mean engagement rate    written out 0.0500    abbreviated 0.0375, the large ones 0
#   trend on day 60         tokpipe     430       of seven days 10
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==2.3.3 numpy==2.4.6
# The other packages it asks for are for its pictures and files.
"$folder/venv/bin/pip" install --quiet --no-deps tokpipe==0.1.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from tokpipe.clean import normalize
from tokpipe.metrics import compute


def export(views, likes):
    return pd.DataFrame({"Video views": views, "Likes": likes, "Comments": "0", "Shares": "0"})


small_views, small_likes = ["1,000"] * 6, ["50"] * 6
exact = compute(normalize(export([*small_views, "1,200,000", "1,200,000"], [*small_likes, "60,000", "60,000"])))
short = compute(normalize(export([*small_views, "1.2M", "1.2M"], [*small_likes, "60K", "60K"])))
print("written out", exact.engagement_rate.tolist(), len(exact.top_performers))
print("abbreviated", short.engagement_rate.tolist(), len(short.top_performers))
assert np.allclose(exact.engagement_rate, 0.05), "changed: written out"
assert np.allclose(short.engagement_rate.astype(float), [0.05] * 6 + [0, 0]), "changed: abbreviated"

days = np.array([1, 2, 3, 4, 5, 6, 7, 21, 41, 60])
posts = export([700] * 7 + [70] * 3, [1] * 10).assign(Date=pd.Timestamp("2023-12-31") + pd.to_timedelta(days, unit="D"))
trend = compute(normalize(posts)).growth_trend
week = posts.set_index("Date")["Video views"].resample("D").sum().rolling(7, min_periods=1).mean()
print(f"trend of the last day {trend.iloc[-1]:.0f}, of seven days {week.iloc[-1]:.0f}")
assert abs(trend.iloc[-1] - 430) < 1e-9 and abs(week.iloc[-1] - 10) < 1e-9, "changed: the trend"
print("as described")
PYTHON
