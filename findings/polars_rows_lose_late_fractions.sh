#!/usr/bin/env bash
# Polars 2.1.0, a frame made of rows: dictionaries from JSON, tuples, the result of a database query.
#
# The type of a column comes from the first 100 rows. A later value that does not fit is an error if it
# is text; a later fraction is cut to a whole number, and a later number in a column of booleans becomes
# False, strict=True or not. JSON written by JavaScript has 1 for 1.0, so a watch ratio that starts with
# full views loses all the partial ones. The same numbers given as a column are an error, not a loss;
# lists of numbers are cut either way. Give a schema, or infer_schema_length=None.
#
# Seen (100 values 1, then 0.4):
#   rows of dictionaries      0, with strict=True 0, with infer_schema_length=None 0.4
#   rows of tuples            0
#   read_database, SQLite     0
#   lists, as a column        [0]
#   as a column               TypeError
#   100 values true, then 7   False
#   100 values 1, then "x"    ComputeError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0
"$folder/venv/bin/python" - <<'PYTHON'
import sqlite3

import polars as pl

ratios = [1] * 100 + [0.4]
base = sqlite3.connect(":memory:")
base.execute("CREATE TABLE log (ratio)")
base.executemany("INSERT INTO log VALUES (?)", [(ratio,) for ratio in ratios])


def rows(values, **how):
    return pl.DataFrame([{"ratio": value} for value in values], **how)["ratio"][-1]


def raised(make):
    try:
        return repr(make())
    except Exception as error:
        return type(error).__name__


seen = {
    "dictionaries": (rows(ratios), 0),
    "dictionaries, strict": (rows(ratios, strict=True), 0),
    "dictionaries, whole": (rows(ratios, infer_schema_length=None), 0.4),
    "tuples": (pl.DataFrame([(x,) for x in ratios], schema=["ratio"], orient="row")[-1, 0], 0),
    "read_database": (pl.read_database("SELECT ratio FROM log", base)[-1, 0], 0),
    "lists": (pl.DataFrame({"ratio": [[x] for x in ratios]})[-1, 0].to_list(), [0]),
    "column": (raised(lambda: pl.DataFrame({"ratio": ratios})), "TypeError"),
    "booleans, then 7": (rows([True] * 100 + [7]), False),
    "numbers, then text": (raised(lambda: rows([1] * 100 + ["x"])), "ComputeError"),
}
for name, (found, expected) in seen.items():
    print(f"{name:<21} {found}")
    assert found == expected and type(found) is type(expected), f"changed: {name}"
print("as described")
PYTHON
