#!/usr/bin/env bash
# Polars 2.1.0, DuckDB 2.0.1 and pandas 3.1.1, windows of two and of four weeks over the same log of posts.
#
# All three cut weeks at Mondays, so one expects fortnights to differ by a label at most. Polars counts fortnights
# from one Monday, DuckDB from another, and theirs are a week apart; pandas goes by Sundays or by the first
# row. In Polars itself "14d" is not "2w": days are counted from a Thursday. A change of the feed that falls on the
# edge of a window in one tool lies in the middle of one in the next: a threefold jump is a jump there and
# two steps here, and a panel of accounts by fortnight that is joined from two of them finds no row in
# common. Windows of one week agree. Shift times to a Monday of your own (offset=, origin=) and divide.
#
# Seen (one post a day from Monday, 1 January 2024, three from 5 February on; first full window, posts of each):
#   Polars  "2w"               8 January    14 14 42 42
#   Polars  "14d"              4 January    14 14 34 42
#   DuckDB  time_bucket        1 January    14 14 28 42
#   pandas  "2W", left         14 January   14 26 42 42
#   pandas  "14D"              1 January    14 14 28 42
#   Polars  "4w"               22 January   56 84
#   DuckDB  4 weeks            1 January    28 70 84
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0 duckdb==2.0.1 pandas==3.1.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from datetime import datetime, timedelta

import duckdb
import pandas as pd
import polars as pl

start, change = datetime(2024, 1, 1), datetime(2024, 2, 5)
days = [start + timedelta(days=number) for number in range(84)]
posts = [1 if day < change else 3 for day in days]
log = pl.DataFrame({"time": days, "posts": posts})
table = pd.Series(posts, index=pd.DatetimeIndex(days))
base = duckdb.connect()
base.execute("CREATE TABLE log AS SELECT unnest(?) AS time, unnest(?) AS posts", [days, posts])


def by_polars(every):
    return log.group_by_dynamic("time", every=every).agg(pl.col("posts").sum()).rows()


def by_duckdb(every):
    bucket = f"time_bucket(INTERVAL '{every}', time)"
    return base.sql(f"SELECT {bucket} AS start, sum(posts) FROM log GROUP BY start ORDER BY start").fetchall()


def by_pandas(every):
    return list(table.resample(every, label="left", closed="left").sum().items())


seen = {
    "Polars 1w": (by_polars("1w"), "01-01", [7, 7, 7, 7]),
    "DuckDB 1 week": (by_duckdb("1 week"), "01-01", [7, 7, 7, 7]),
    "pandas W-MON": (by_pandas("W-MON"), "01-01", [7, 7, 7, 7]),
    "Polars 2w": (by_polars("2w"), "01-08", [14, 14, 42, 42]),
    "Polars 14d": (by_polars("14d"), "01-04", [14, 14, 34, 42]),
    "DuckDB 2 weeks": (by_duckdb("2 weeks"), "01-01", [14, 14, 28, 42]),
    "DuckDB 14 days": (by_duckdb("14 days"), "01-01", [14, 14, 28, 42]),
    "pandas 2W": (by_pandas("2W"), "01-14", [14, 26, 42, 42]),
    "pandas 14D": (by_pandas("14D"), "01-01", [14, 14, 28, 42]),
    "Polars 4w": (by_polars("4w"), "01-22", [56, 84]),
    "DuckDB 4 weeks": (by_duckdb("4 weeks"), "01-01", [28, 70, 84]),
}
for name, (windows, first, counts) in seen.items():
    whole = [(time, count) for time, count in windows if time >= start][: len(counts)]
    found = f"{whole[0][0]:%m-%d}", [int(count) for _, count in whole]
    print(f"{name:<15} {found[0]} ", *found[1])
    assert found == (first, counts), f"changed: {name}"
print("as described")
PYTHON
