#!/usr/bin/env bash
# DuckDB 2.0.1 on columns of Polars 2.1.0, pandas 3.1.1 and PyArrow 26.0.1 whose type has a time zone.
#
# Such a column says in its type where its days begin; Polars, pandas and PyArrow count days, weeks and hours there.
# DuckDB takes the instant and drops the zone: CAST(t AS DATE), hour, date_trunc and time_bucket use that of the
# session, which is the machine's. Posts of an evening in New York are of the next day on a server in UTC and of the
# same on a laptop there: posts per day, weeks of a window and hours of activity differ from those of the frame,
# and between two runs of one script. The column comes back with the zone of the machine, too.
# SET TimeZone first, or make plain local times (dt.replace_time_zone(None)) before the query.
#
# Seen (posts of New York, 31 March 2024 at 10:00, 19:00, 21:00 and 23:00; days and their posts, posts from 20:00 on):
#   Polars, pandas, PyArrow          31 March 4                 2
#   DuckDB, machine in UTC           31 March 2, 1 April 2      1
#   DuckDB, machine in New York      31 March 4                 2
#   DuckDB, SET TimeZone             31 March 4                 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==2.0.1 polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6 \
    tzdata==2025.2
cat >"$folder/days.py" <<'PYTHON'
import datetime
import os
from collections import Counter

import duckdb
import polars as pl
import pyarrow.compute as pc

ZONE = "America/New_York"
local = [datetime.datetime(2024, 3, 31, hour) for hour in (10, 19, 21, 23)]
frame = pl.DataFrame({"t": local}).with_columns(pl.col("t").dt.replace_time_zone(ZONE))
in_pandas, in_arrow = frame.to_pandas(), frame.to_arrow()
assert in_pandas["t"].dtype.tz.key == ZONE and in_arrow.schema.field("t").type.tz == ZONE


def queried(source, connection):
    days = f"SELECT day(t), count(*) FROM {source} GROUP BY ALL"
    late = f"SELECT count(*) FROM {source} WHERE hour(t) >= 20"
    return dict(connection.sql(days).fetchall()), connection.sql(late).fetchall()[0][0]


day, hour = pc.day(in_arrow["t"]).to_pylist(), pc.hour(in_arrow["t"]).to_pylist()
own = [
    (dict(Counter(frame["t"].dt.day().to_list())), frame.filter(pl.col("t").dt.hour() >= 20).height),
    (dict(Counter(in_pandas["t"].dt.day.tolist())), int((in_pandas["t"].dt.hour >= 20).sum())),
    (dict(Counter(day)), sum(at >= 20 for at in hour)),
]
session = duckdb.connect()
machine = [queried(source, session) for source in ("frame", "in_pandas", "in_arrow")]
session.sql(f"SET TimeZone = '{ZONE}'")
told = [queried(source, session) for source in ("frame", "in_pandas", "in_arrow")]
print("Polars, pandas, PyArrow   ", *own)
print(f"DuckDB, {os.environ['TZ']:<18}", *machine)
print("DuckDB, SET TimeZone      ", *told)
right, moved = ({31: 4}, 2), ({31: 2, 1: 2}, 1)
assert own == [right] * 3, "changed: the frames"
assert machine == [right if os.environ["TZ"] == ZONE else moved] * 3, "changed: DuckDB"
assert told == [right] * 3, "changed: SET TimeZone"
PYTHON
for zone in UTC America/New_York; do
    TZ=$zone "$folder/venv/bin/python" -W error "$folder/days.py"
done
echo "as described"
