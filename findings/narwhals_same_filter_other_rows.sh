#!/usr/bin/env bash
# narwhals 2.29.0, one filter on pandas, Polars, pyarrow and DuckDB tables in which a kind is missing.
#
# narwhals gives Polars' methods to all of them and does make joins and group_by treat a missing key
# alike. Comparisons are left to the table: "kind is not ad" keeps the rows without a kind in pandas and
# drops them elsewhere, also in pandas with Arrow types, and so does ~is_in. A ratio that is NaN becomes
# the upper bound, a full view, when pyarrow or DuckDB clips it, and stays what it is in pandas and
# Polars. Say which is meant: (kind != "ad") | kind.is_null(), and make NaN null before it is clipped.
#
# Seen (kinds ad, missing, post, missing; ratio NaN, clipped to 0 ... 1):
#                          pandas  pandas[pyarrow]  Polars  pyarrow  DuckDB
#   rows, kind != "ad"     3       1                1       1        1
#   rows, ~is_in(["ad"])   3       1                1       1        1
#   groups by kind         3       3                3       3        3
#   ratio                  missing 1.0              NaN     1.0      1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet narwhals==2.29.0 pandas==3.1.1 polars==2.1.0 \
  pyarrow==26.0.1 duckdb==2.0.1
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa

log = {"kind": ["ad", None, "post", None], "ratio": [float("nan"), 0.5, 0.5, 0.5]}
arrow = pa.table(log)
tables = {
    "pandas": pd.DataFrame(log),
    "pandas[pyarrow]": arrow.to_pandas(types_mapper=pd.ArrowDtype),
    "Polars": pl.DataFrame(log),
    "pyarrow": arrow,
    "DuckDB": duckdb.from_arrow(arrow),
}
kind, ratio = nw.col("kind"), nw.col("ratio")


def through(table, step):
    frame = step(nw.from_native(table))
    return frame.lazy().collect("polars").to_native()


found = {}
for name, table in tables.items():
    found[name] = (
        through(table, lambda frame: frame.filter(kind != "ad")).height,
        through(table, lambda frame: frame.filter(~kind.is_in(["ad"]))).height,
        through(table, lambda frame: frame.group_by("kind").agg(ratio.count())).height,
        through(table, lambda frame: frame.select(ratio.clip(0, 1).alias("r")))["r"][0],
    )
    print(f"{name:<16} {found[name]}")
counts = {name: row[:3] for name, row in found.items()}
ratios = [str(row[3]) for row in found.values()]
assert counts == {name: (1, 1, 3) for name in tables} | {"pandas": (3, 3, 3)}, "changed: rows"
assert ratios == ["None", "1.0", "nan", "1.0", "1.0"], "changed: ratio"
print("as described")
PYTHON
