#!/usr/bin/env bash
# Polars 2.1.0 with fastexcel 0.21.0, read_excel of ids that are numbers first and text later.
#
# Polars' read_csv stops with an error where a late id does not fit the type it has inferred. read_excel
# infers from the first 1,000 rows, and makes a later text cell null, without an error: the row stays,
# its account is gone (a sheet of one column loses the row too, as empty). A text cell 0071 becomes the
# number 71, another account. openpyxl as the engine keeps all of them as text. Pass
# infer_schema_length=None, or schema_overrides={"id": pl.String}.
#
# Seen (1,000 ids as numbers, then the text cells x71 and 0071):
#   read_excel                            1000, None, 71
#   read_excel, infer_schema_length=None  1000, x71, 0071
#   read_excel, engine="openpyxl"         1000, x71, 0071
#   read_csv of the same rows             ComputeError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0 fastexcel==0.21.0 openpyxl==3.1.5
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import openpyxl
import polars as pl

book, log = f"{sys.argv[1]}/log.xlsx", f"{sys.argv[1]}/log.csv"
ids = [*range(1, 1_001), "x71", "0071"]
workbook = openpyxl.Workbook()
with open(log, "w") as file:
    for row in [("id", "likes"), *((account, 1) for account in ids)]:
        workbook.active.append(row)
        file.write(f"{row[0]},{row[1]}\n")
workbook.save(book)


def last(**how):
    return [None if cell is None else str(cell) for cell in pl.read_excel(book, **how)["id"][-3:]]


default, whole, other = last(), last(infer_schema_length=None), last(engine="openpyxl")
try:
    csv = str(pl.read_csv(log).height)
except pl.exceptions.ComputeError as error:
    csv = type(error).__name__
print(f"read_excel           {default}")
print(f"... the whole sheet  {whole}")
print(f"... openpyxl         {other}")
print(f"read_csv             {csv}")
assert default[1] is None and float(default[0]) == 1000, "changed: text"
assert float(default[2]) == 71, "changed: leading zeros"
assert whole == other == ["1000", "x71", "0071"], "changed: the whole sheet"
assert csv == "ComputeError", "changed: read_csv"
print("as described")
PYTHON
