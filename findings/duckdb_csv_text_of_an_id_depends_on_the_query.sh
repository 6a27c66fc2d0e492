#!/usr/bin/env bash
# DuckDB 2.0.1, read_csv of a column whose type is inferred, turned back into text in the query.
#
# One expects id::VARCHAR to be the text of the typed value, as it is on a table. Straight from a file it
# is the cell as written, but only while the query uses the column in no other way: add the column
# itself, group by the text or filter on it, and the text of the typed value comes instead. So DISTINCT
# and GROUP BY of the same expression count different accounts, and a text that one query lists is not
# found by the next. Declare ids as VARCHAR in types=, or copy the file into a table first.
#
# Seen (cells 1.10, 1.1, 7.0 and 7; the inferred type is DOUBLE):
#   SELECT id::VARCHAR                     1.10, 1.1, 7.0, 7
#   SELECT id::VARCHAR, id                 1.1, 1.1, 7.0, 7.0
#   SELECT DISTINCT id::VARCHAR            4 rows, from a table 2
#   SELECT id::VARCHAR ... GROUP BY        2 rows
#   WHERE id::VARCHAR = '1.10'             0 rows
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==2.0.1
printf 'id,likes\n1.10,1\n1.1,1\n7.0,1\n7,1\n' > "$folder/log.csv"
"$folder/venv/bin/python" - "$folder/log.csv" <<'PYTHON'
import sys

import duckdb

base = duckdb.connect()
base.execute(f"CREATE VIEW log AS FROM read_csv('{sys.argv[1]}')")
base.execute("CREATE TABLE copy AS FROM log")


def rows(query):
    return base.execute(query).fetchall()


kind = rows("SELECT any_value(typeof(id)) FROM log")[0][0]
alone = [row[0] for row in rows("SELECT id::VARCHAR FROM log")]
beside = [row[0] for row in rows("SELECT id::VARCHAR, id FROM log")]
distinct = len(rows("SELECT DISTINCT id::VARCHAR FROM log"))
of_table = len(rows("SELECT DISTINCT id::VARCHAR FROM copy"))
grouped = len(rows("SELECT id::VARCHAR AS name FROM log GROUP BY name"))
found = len(rows("SELECT id::VARCHAR FROM log WHERE id::VARCHAR = '1.10'"))
print(f"type      {kind}")
print(f"alone     {', '.join(alone)}")
print(f"beside id {', '.join(beside)}")
print(f"distinct  {distinct}, from a table {of_table}; grouped {grouped}; found {found}")
assert kind == "DOUBLE", "changed: type"
assert alone == ["1.10", "1.1", "7.0", "7"], "changed: alone"
assert beside == ["1.1", "1.1", "7.0", "7.0"], "changed: beside id"
assert (distinct, of_table, grouped, found) == (4, 2, 2, 0), "changed: counts"
print("as described")
PYTHON
