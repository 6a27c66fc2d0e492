#!/usr/bin/env bash
# pandas 3.1.1 with pyarrow 26.0.1, a Parquet data set partitioned by account, read by three tools.
#
# Parquet keeps types, so text ids are safe in it, but not in the column by which it is partitioned: that
# one is only in the names of the folders, and its type is guessed again on reading. pandas does not get
# back what it wrote: 0071 is 71, and with 0071 beside 71 it stops. Polars counts both as one account.
# DuckDB keeps 0071 as text. With 19 digits pandas keeps text and Polars and DuckDB read numbers, so a
# join between two of them by account fails or finds nothing. Partition by a day or a hash, and keep the
# ids in the files.
#
# Seen (accounts written as text; read):
#                    pandas              Polars                 DuckDB
#   0071, 72         71, 72              71, 72                 0071, 72
#   0071, 71         ValueError          71, 71 (1 account)     0071, 71
#   19 digits        text                numbers                numbers
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import duckdb
import pandas as pd
import polars as pl


def read(name, *accounts):
    path = f"{sys.argv[1]}/{name}"
    log = pd.DataFrame({"account": accounts, "likes": range(len(accounts))})
    log.to_parquet(path, partition_cols=["account"])
    try:
        own = pd.read_parquet(path).sort_values("likes")["account"].astype(object).to_list()
    except ValueError as error:
        own = type(error).__name__
    polars = pl.scan_parquet(path, hive_partitioning=True).sort("likes").collect()
    of_duckdb = duckdb.sql(
        f"SELECT account FROM read_parquet('{path}/**/*.parquet', hive_partitioning=true)"
        " ORDER BY likes"
    )
    found = own, polars["account"].to_list(), [row[0] for row in of_duckdb.fetchall()]
    print(f"{', '.join(accounts)}: pandas {found[0]}, Polars {found[1]}, DuckDB {found[2]}")
    return found


long = ["7281986300348026145", "7281986300348026146"]
numbers = [int(account) for account in long]
assert read("zero", "0071", "72") == ([71, 72], [71, 72], ["0071", "72"]), "changed: 0071, 72"
assert read("both", "0071", "71") == ("ValueError", [71, 71], ["0071", "71"]), "changed: 0071, 71"
assert read("long", *long) == (long, numbers, numbers), "changed: 19 digits"
print("as described")
PYTHON
