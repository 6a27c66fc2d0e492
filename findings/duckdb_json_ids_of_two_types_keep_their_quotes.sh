#!/usr/bin/env bash
# DuckDB 2.0.1, an NDJSON log in which the same field holds ids as numbers and as text.
#
# Exports of several versions of a collector joined into one file do this. One expects text, or an
# error. The column gets the type JSON: each value is its JSON source, so an id that was quoted keeps its
# quotes. One account becomes two groups, a comparison with the id's text finds one of its two rows, and
# a cast to VARCHAR keeps the quotes too. Read the field with ->>'$', or declare the column VARCHAR.
#
# Seen (the same id, once as a number and once quoted):
#   type      JSON
#   groups    2 (with ->> 1, declared VARCHAR 1)
#   equal     1 of 2 rows
#   as text   7281986300348026145 | "7281986300348026145"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==2.0.1
printf '{"id": 7281986300348026145}\n{"id": "7281986300348026145"}\n' > "$folder/log.ndjson"
"$folder/venv/bin/python" - "$folder/log.ndjson" <<'PYTHON'
import sys

import duckdb

log = duckdb.read_json(sys.argv[1], format="newline_delimited")
declared = duckdb.read_json(sys.argv[1], format="newline_delimited", columns={"id": "VARCHAR"})
kind = str(log.types[0])
groups = len(log.aggregate("id, count(*)", "id").fetchall())
read = len(log.project("id->>'$' AS id").distinct().fetchall())
text = len(declared.distinct().fetchall())
equal = len(log.filter("id = '7281986300348026145'").fetchall())
cast = [row[0] for row in log.project("id::VARCHAR").fetchall()]
print(f"type      {kind}")
print(f"groups    {groups} (with ->> {read}, declared VARCHAR {text})")
print(f"equal     {equal} of 2 rows")
print(f"as text   {' | '.join(cast)}")
assert kind == "JSON", "changed: type"
assert (groups, read, text, equal) == (2, 1, 1, 1), "changed: groups"
assert cast == ["7281986300348026145", '"7281986300348026145"'], "changed: text"
print("as described")
PYTHON
