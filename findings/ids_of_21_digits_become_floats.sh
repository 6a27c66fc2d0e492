#!/usr/bin/env bash
# pyarrow 26.0.1, pandas 3.1.1 and DuckDB 2.0.1, ids of 20 and 21 digits written as numbers.
#
# The type of the column is inferred, and one expects an error or text where 64 bits do not suffice.
# pyarrow makes floats, from CSV beyond 2^63 and from JSON too, and so does pandas with
# engine="pyarrow", which is meant to be the same reader but faster: its own engine keeps every digit.
# DuckDB has integers of 128 bits and uses them for CSV, but not for JSON. Two accounts that differ in
# the last digits are one. Declare ids as text; for pyarrow JSON the file must quote them.
#
# Seen (172819863003480261451 and ...452; accounts that are left):
#   pandas read_csv                    2
#   pandas read_csv, engine="pyarrow"  1
#   pyarrow read_csv, read_json        1, 1
#   DuckDB read_csv, read_json         2 (HUGEINT), 1 (DOUBLE)
#   20 digits: the same, but DuckDB read_json 2 (HUGEINT)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 pyarrow==26.0.1 duckdb==2.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
import pandas as pd
from pyarrow import csv, json


def accounts(*ids):
    with open("log.csv", "w") as table, open("log.json", "w") as lines:
        table.write("id\n" + "".join(f"{account}\n" for account in ids))
        lines.write("".join(f'{{"id": {account}}}\n' for account in ids))
    columns = {
        "pandas": pd.read_csv("log.csv")["id"],
        "pandas, pyarrow": pd.read_csv("log.csv", engine="pyarrow")["id"],
        "pyarrow CSV": csv.read_csv("log.csv")["id"].to_pylist(),
        "pyarrow JSON": json.read_json("log.json")["id"].to_pylist(),
        "DuckDB CSV": [row[0] for row in duckdb.read_csv("log.csv").fetchall()],
        "DuckDB JSON": [row[0] for row in duckdb.read_json("log.json").fetchall()],
    }
    return {name: len(set(column)) for name, column in columns.items()}


long = accounts(172819863003480261451, 172819863003480261452)
short = accounts(17281986300348026145, 17281986300348026146)
print(f"21 digits: {long}")
print(f"20 digits: {short}")
assert list(long.values()) == [2, 1, 1, 1, 2, 1], "changed: 21 digits"
assert list(short.values()) == [2, 1, 1, 1, 2, 2], "changed: 20 digits"
print("as described")
PYTHON
