#!/usr/bin/env bash
# DuckDB 2.0.1, read_csv of ids some of which have leading zeros.
#
# DuckDB takes a column in which it sees 0071 for text, so the zeros seem safe. It looks at the first
# 20,478 rows only. If the first such id comes later, the column is BIGINT, and where a late x71 is an
# error, a late 0071 is 71 without a word: two accounts become one. So the same export keeps its ids or
# loses them with the order of its rows. A late 0x1f becomes 31 and 12e2 becomes 1200 in the same way.
# Declare the column: types={"id": "VARCHAR"}; sample_size=-1 reads the whole file to decide.
#
# Seen (30,000 ids from 1 upward and one more):
#   0071 in the first row    VARCHAR, 30,001 accounts
#   0071 in the last row     BIGINT, 30,000 accounts, likes of account 71: 2
#   0x1f, 12e2 in the last   BIGINT, 31 and 1200
#   x71 in the last row      ConversionException
#   0071 last, sample_size=-1   VARCHAR, 30,001 accounts
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==2.0.1
"$folder/venv/bin/python" - "$folder/log.csv" <<'PYTHON'
import sys

import duckdb

plain = [str(account) for account in range(1, 30_001)]


def log(accounts, **how):
    with open(sys.argv[1], "w") as file:
        file.writelines(["id,likes\n", *(f"{account},1\n" for account in accounts)])
    return duckdb.read_csv(sys.argv[1], **how)


def counted(accounts, **how):
    table = log(accounts, **how)
    return str(table.types[0]), table.aggregate("count(DISTINCT id)").fetchall()[0][0]


first, last = counted(["0071", *plain]), counted([*plain, "0071"])
whole = counted([*plain, "0071"], sample_size=-1)
likes = log([*plain, "0071"]).filter("id = 71").aggregate("sum(likes)").fetchall()[0][0]
others = [log([*plain, cell]).fetchall()[-1][0] for cell in ("0x1f", "12e2")]
try:
    refused = str(log([*plain, "x71"]).fetchall()[-1])
except duckdb.ConversionException as error:
    refused = type(error).__name__
print(f"0071 first {first}")
print(f"0071 last  {last}, likes of account 71: {likes}")
print(f"0x1f, 12e2 {others}")
print(f"x71        {refused}")
print(f"whole file {whole}")
assert first == ("VARCHAR", 30_001) and whole == ("VARCHAR", 30_001), "changed: first"
assert (last, likes) == (("BIGINT", 30_000), 2), "changed: last"
assert others == [31, 1200], "changed: other numbers"
assert refused == "ConversionException", "changed: text"
print("as described")
PYTHON
