#!/usr/bin/env bash
# DuckDB 2.0.1, Polars 2.1.0 and pandas 3.1.1 on an ordered category: exposure low < mid < high.
#
# DuckDB makes an ENUM of a pandas Categorical and keeps its order in ORDER BY and max: high is highest. A Polars
# Enum, which is the ordered type of Polars, comes as VARCHAR: "high" < "low" < "mid". And in WHERE exposure >= 'mid'
# even the ENUM is compared as a text, so that the high ones are left out of either. Polars itself loses the order
# of an ordered Categorical of pandas: from_pandas gives a Categorical, which sorts by alphabet; back with
# to_pandas an Enum is ordered again. So the same question about the same column gives other accounts by the
# library that held it last, without an error, as texts compare too.
# Cast both sides in the query, 'mid'::ENUM('low', 'mid', 'high') too, and cast to pl.Enum after from_pandas.
#
# Seen (four accounts, low high mid low; type, max, how many are at least "mid"):
#   pandas  ordered Categorical                     high   2
#   DuckDB  of pandas Categorical      ENUM         high   1
#   DuckDB  of Polars Enum             VARCHAR      mid    1
#   DuckDB  of Enum in Parquet         VARCHAR      mid    1
#   DuckDB  of Polars Enum, both cast  ENUM         high   2
#   Polars  Enum                       Enum         high   2
#   Polars  from pandas Categorical    Categorical  mid    1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==2.0.1 polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
"$folder/venv/bin/python" -W error - "$folder/accounts.parquet" <<'PYTHON'
import sys

import duckdb
import pandas as pd
import polars as pl

LEVELS, ACCOUNTS = ["low", "mid", "high"], ["low", "high", "mid", "low"]
in_pandas = pd.DataFrame({"exposure": pd.Categorical(ACCOUNTS, LEVELS, ordered=True)})
in_polars = pl.DataFrame({"exposure": pl.Series(ACCOUNTS, dtype=pl.Enum(LEVELS))})
in_polars.write_parquet(sys.argv[1])


def queried(source, cast=""):
    table = duckdb.sql(f"SELECT exposure{cast} AS exposure FROM {source}")
    top = table.aggregate("max(exposure)").fetchall()[0][0]
    return str(table.types[0]).split("(")[0], top, len(table.filter(f"exposure >= 'mid'{cast}").fetchall())


def asked(table):
    column = table["exposure"]
    return str(column.dtype.base_type()), column.max(), len(table.filter(pl.col("exposure") >= "mid"))


assert in_pandas["exposure"].max() == "high" and (in_pandas["exposure"] >= "mid").sum() == 2
back = in_polars.to_pandas()["exposure"]
assert back.cat.ordered and back.max() == "high", "changed: to_pandas"
seen = {
    "DuckDB of pandas": (queried("in_pandas"), ("ENUM", "high", 1)),
    "DuckDB of Polars": (queried("in_polars"), ("VARCHAR", "mid", 1)),
    "DuckDB of Parquet": (queried(f"'{sys.argv[1]}'"), ("VARCHAR", "mid", 1)),
    "both cast": (queried("in_polars", "::ENUM('low', 'mid', 'high')"), ("ENUM", "high", 2)),
    "Polars": (asked(in_polars), ("Enum", "high", 2)),
    "Polars of pandas": (asked(pl.from_pandas(in_pandas)), ("Categorical", "mid", 1)),
}
for name, (found, expected) in seen.items():
    print(f"{name:<17}", *found)
    assert found == expected, f"changed: {name}"
print("as described")
PYTHON
