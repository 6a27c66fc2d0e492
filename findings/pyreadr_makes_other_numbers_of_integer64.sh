#!/usr/bin/env bash
# pyreadr 0.5.8 and rdata 1.1.0, an .rds file with a column of class integer64 (R's package bit64).
#
# R has no integers of 64 bits; bit64 keeps them in the bytes of doubles and marks the column by its
# class. data.table's reader makes such columns of ids of 19 digits by itself. Both Python readers return
# the bytes as doubles: the id becomes a number near 6e178 and a missing id becomes -0.0, which is no
# missing value. pyreadr says nothing, rdata warns that it does not know the class. The digits are still
# there: view the column as int64 (the lowest integer is the missing value), or have ids written as text.
#
# Seen (7281986300348026145 and NA):
#   pyreadr  [6.2429822555843364e+178, -0.0], 0 warnings
#   rdata    [6.2429822555843364e+178, -0.0], 1 warnings
#   viewed   [7281986300348026145, -9223372036854775808]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyreadr==0.5.8 rdata==1.1.0 pandas==2.3.3 numpy==2.4.6
"$folder/venv/bin/python" - "$folder/log.rds" <<'PYTHON'
"""Writes saveRDS(data.frame(id = as.integer64(...)), compress = FALSE) by hand, then reads it."""
import struct
import sys
import warnings

import numpy as np
import pyreadr
import rdata

ID, MISSING = 7281986300348026145, -(2**63)
OBJECT, ATTRIBUTES = 0x100, 0x200


def integer(value):
    return struct.pack(">i", value)


def text(value):
    return integer(9 | 0x40000) + integer(len(value)) + value.encode()


def texts(*values):
    return integer(16) + integer(len(values)) + b"".join(map(text, values))


def attributes(**values):
    pairs = (integer(2 | 0x400) + integer(1) + text(k.replace("_", ".")) + v for k, v in values.items())
    return b"".join(pairs) + integer(254)


ids = integer(14 | OBJECT | ATTRIBUTES) + integer(2) + struct.pack(">qq", ID, MISSING)
ids += attributes(**{"class": texts("integer64")})
rows = integer(13) + integer(2) + integer(-(2**31)) + integer(-2)
table = integer(19 | OBJECT | ATTRIBUTES) + integer(1) + ids
table += attributes(names=texts("id"), **{"class": texts("data.frame")}, row_names=rows)
with open(sys.argv[1], "wb") as file:
    file.write(b"X\n" + integer(2) + integer(0x040301) + integer(0x020300) + table)

readers = {"pyreadr": lambda path: pyreadr.read_r(path)[None], "rdata": rdata.read_rds}
for name, read in readers.items():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        column = read(sys.argv[1])["id"].to_numpy(dtype=float)
    about = [w for w in told if "integer64" in str(w.message)]
    print(f"{name:<8} {column.tolist()}, {len(about)} warnings")
    assert 6.2e178 < column[0] < 6.3e178 and column[1] == 0, f"changed: {name}"
    assert len(about) == (name == "rdata"), f"changed: warnings of {name}"
    assert column.view(np.int64).tolist() == [ID, MISSING], f"changed: bytes, {name}"
print(f"viewed   {column.view(np.int64).tolist()}")
print("as described")
PYTHON
