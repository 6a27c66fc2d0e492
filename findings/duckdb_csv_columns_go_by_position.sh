#!/usr/bin/env bash
# DuckDB 2.0.1, follow edges in CSV files whose two columns do not stand in the same order.
#
# In SQL, FROM read_csv([...]) matches the files by their headers, and a file with other names is an
# error. duckdb.read_csv, the Python function of that name, takes the names of the first file and gives
# them to the others by position: every arrow of a file with the other order is reversed, and a file
# whose columns are called otherwise is read without a word. columns= does so in SQL too, for one file
# as well: the header is skipped unread. JSON and Parquet go by name in both. Pass union_by_name=True to
# the Python function; give types by types= in SQL or dtype= in Python, never by columns=.
#
# Seen (b.csv is "target,source" and "bob,ann", so ann follows bob; a.csv says the same the other way):
#   SQL, a.csv and b.csv                     ann to bob, ann to bob
#   Python, a.csv and b.csv                  ann to bob, bob to ann
#   Python, union_by_name=True               ann to bob, ann to bob
#   Python, read_json and read_parquet       ann to bob, ann to bob
#   a.csv and c.csv ("from,to", "cat,dan")   SQL: InvalidInputException, Python: ann to bob, cat to dan
#   b.csv, columns={source, target}          bob to ann
#   b.csv, types={source, target}            ann to bob
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==2.0.1
cd "$folder"
printf 'source,target\nann,bob\n' > a.csv
printf 'target,source\nbob,ann\n' > b.csv
printf 'from,to\ncat,dan\n' > c.csv
printf '{"source": "ann", "target": "bob"}\n' > a.json
printf '{"target": "bob", "source": "ann"}\n' > b.json
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb

for name in ("a", "b"):
    duckdb.sql(f"COPY (FROM '{name}.csv') TO '{name}.parquet'")


def edges(table):
    return ", ".join(" to ".join(edge) for edge in table.project("source, target").fetchall())


def sql(arguments):
    return edges(duckdb.sql(f"SELECT source, target FROM read_csv({arguments})"))


try:
    other = sql("['a.csv', 'c.csv']")
except duckdb.InvalidInputException as error:
    other = type(error).__name__
declared = "{'source': 'VARCHAR', 'target': 'VARCHAR'}"
same, mixed = "ann to bob, ann to bob", "ann to bob, bob to ann"
seen = {
    "SQL, a and b": (sql("['a.csv', 'b.csv']"), same),
    "Python, a and b": (edges(duckdb.read_csv(["a.csv", "b.csv"])), mixed),
    "Python, union_by_name": (edges(duckdb.read_csv(["a.csv", "b.csv"], union_by_name=True)), same),
    "Python, JSON": (edges(duckdb.read_json(["a.json", "b.json"])), same),
    "Python, Parquet": (edges(duckdb.read_parquet(["a.parquet", "b.parquet"])), same),
    "SQL, a and c": (other, "InvalidInputException"),
    "Python, a and c": (edges(duckdb.read_csv(["a.csv", "c.csv"])), "ann to bob, cat to dan"),
    "b, columns=": (sql(f"'b.csv', columns = {declared}"), "bob to ann"),
    "b, types=": (sql(f"'b.csv', types = {declared}"), "ann to bob"),
}
for name, (found, expected) in seen.items():
    print(f"{name:<21} {found}")
    assert found == expected, f"changed: {name}"
print("as described")
PYTHON
