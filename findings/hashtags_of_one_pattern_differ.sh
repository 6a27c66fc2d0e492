#!/usr/bin/env bash
# The pattern #(\w+) for hashtags in Python 3 and pandas 3.1.1, Polars 2.1.0 and DuckDB 2.0.1.
#
# \w is a letter of any script in Polars, vowel signs included. In Python, and so in pandas, a vowel sign
# is no letter: Hindi and Thai hashtags end before their first sign, and many become the same one or two
# letters. In DuckDB \w is ASCII: a German tag is cut, an Arabic or Japanese one is not found at all. A
# pandas column of ArrowDtype string switches between the two: extract reads as Python, contains and
# fullmatch as ASCII. The counts differ by language, not at random. Use [\p{L}\p{M}\p{N}_] in Polars and
# DuckDB, and the package regex in Python; best, the tags that the platform lists itself.
#
# Seen:
#             Python, pandas   Polars      DuckDB
#   #straße   straße           straße      stra
#   #हिन्दी      ह                हिन्दी         (none)
#   #हिमालय    ह                हिमालय      (none)
#   #العربية   العربية          العربية     (none)
#   tags of the four: Python 3 different, Polars 4, DuckDB 1; [\p{L}\p{M}\p{N}_] in all three: 4
#   ArrowDtype: extract 4 tags, contains(#\w) 1 of 4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 polars==2.1.0 duckdb==2.0.1 pyarrow==26.0.1 \
  regex==2026.11.19
"$folder/venv/bin/python" - <<'PYTHON'
import re

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import regex

posts = ["#straße", "#हिन्दी", "#हिमालय", "#العربية"]


def of_duckdb(pattern):
    query = "SELECT regexp_extract(post, $pattern, 1) FROM (SELECT unnest($posts) AS post)"
    return [
        row[0] for row in duckdb.execute(query, {"pattern": pattern, "posts": posts}).fetchall()
    ]


def of_python(module, pattern):
    return [module.search(pattern, post)[1] for post in posts]


word, wide = r"#(\w+)", r"#([\p{L}\p{M}\p{N}_]+)"
frame = pd.Series(posts)
arrow = frame.astype(pd.ArrowDtype(pa.string()))
found = {
    "Python": of_python(re, word),
    "pandas": frame.str.extract(word)[0].to_list(),
    "Polars": pl.Series(posts).str.extract(word).to_list(),
    "DuckDB": of_duckdb(word),
}
whole = [post[1:] for post in posts]
for name, tags in found.items():
    print(f"{name:<8} {tags}")
assert found["Python"] == found["pandas"] == [whole[0], "ह", "ह", whole[3]], "changed: Python"
assert found["Polars"] == whole, "changed: Polars"
assert found["DuckDB"] == ["stra", "", "", ""], "changed: DuckDB"
widened = [of_python(regex, wide), pl.Series(posts).str.extract(wide).to_list(), of_duckdb(wide)]
assert widened == [whole] * 3, "changed: the wider pattern"
extracted = arrow.str.extract(word)[0].to_list()
contained = arrow.str.contains(r"#\w").to_list()
print(f"ArrowDtype: extract {extracted}, contains {contained}")
assert extracted == found["Python"] and contained == [True, False, False, False], "changed: pyarrow"
print("as described")
PYTHON
