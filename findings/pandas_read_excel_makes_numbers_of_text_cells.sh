#!/usr/bin/env bash
# pandas 3.1.1, read_excel of ids that are stored as text cells.
#
# Researchers are told to format ids as text, and an xlsx file does say of each cell whether it is text,
# unlike a CSV. read_excel forgets it: a column of text cells that look like numbers is parsed once more,
# as in a CSV. Leading zeros fall, and one empty cell makes floats of 19 digits, so that two accounts
# become one. Text cells NA, null and None become missing. openpyxl, which pandas reads with, and Polars
# give the cells as they are. Pass dtype=str, and keep_default_na=False where accounts have such names.
#
# Seen (text cells):
#   0071, 71                                         -> 71, 71
#   7281986300348026145, 7281986300348026146, empty  -> 7.281986300348026e+18 twice, nan: 1 account
#   NA, ann                                          -> nan, ann
#   openpyxl: 0071, 71; polars: 0071, 71; pandas with dtype=str: 0071, 71
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 openpyxl==3.1.5 polars==2.1.0 fastexcel==0.21.0
"$folder/venv/bin/python" - "$folder/log.xlsx" <<'PYTHON'
import sys

import openpyxl
import pandas as pd
import polars as pl

path = sys.argv[1]


def sheet(*cells):
    book = openpyxl.Workbook()
    for row in enumerate(["id", *cells]):
        book.active.append(row)
    book.save(path)


def read(**how):
    return pd.read_excel(path, engine="openpyxl", **how)["id"].tolist()


sheet("7281986300348026145", "7281986300348026146", None)
long = read()
sheet("NA", "ann")
names = read()
sheet("0071", "71")
zeros, text, polars = read(), read(dtype=str), pl.read_excel(path)["id"].to_list()
cells = [row[1].value for row in list(openpyxl.load_workbook(path).active.iter_rows())[1:]]
print(f"0071, 71            -> {zeros}; dtype=str {text}; openpyxl {cells}; polars {polars}")
print(f"19 digits and empty -> {long}")
print(f"NA, ann             -> {names}")
assert zeros == [71, 71], "changed: leading zeros"
assert text == cells == polars == ["0071", "71"], "changed: text"
assert long[0] == long[1] == 7281986300348026145.0 and long[2] != long[2], "changed: 19 digits"
assert names[0] != names[0] and names[1] == "ann", "changed: NA"
print("as described")
PYTHON
