#!/usr/bin/env bash
# Polars 2.1.0, Series.str.json_decode of a column of JSON lists, as CSV exports hold embeddings.
#
# Each row should be parsed by itself. Polars joins the rows before it parses them, so a row that holds
# two lists, or half a list, is not an error if the whole still parses: the result has another number of
# rows, or, where a broken row and a doubled one cancel out, the right number with every list between
# them shifted by a row. Check that each row is one list before the column is decoded.
#
# Seen:
#   ['[1], [2]', '[3]']         -> [[1.0], [2.0], [3.0]]
#   ['[1', '2]']                -> [[1.0, 2.0]]
#   ['[1', '2]', '[3], [4]']    -> [[1.0, 2.0], [3.0], [4.0]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0
"$folder/venv/bin/python" - <<'PYTHON'
import polars as pl

cases = {
    ("[1], [2]", "[3]"): [[1.0], [2.0], [3.0]],
    ("[1", "2]"): [[1.0, 2.0]],
    ("[1", "2]", "[3], [4]"): [[1.0, 2.0], [3.0], [4.0]],
}
for rows, seen in cases.items():
    found = pl.Series(list(rows)).str.json_decode(pl.List(pl.Float64)).to_list()
    print(f"{list(rows)!s:<27} -> {found}")
    assert found == seen, f"changed: {rows}"
print("as described")
PYTHON
