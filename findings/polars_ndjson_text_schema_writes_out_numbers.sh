#!/usr/bin/env bash
# Polars 2.1.0, NDJSON read with a schema in which the column of ids is String.
#
# Declaring ids as text is the usual way to keep 19 digits and leading zeros. It does keep integers and
# quoted ids. But a JSON number that was already a float is written out as an integer: 7.28e18 becomes
# "7280000000000000000", 12.0 becomes "12"; true becomes "true", and an object becomes its JSON text.
# Nothing tells these from ids that were written so. Without the schema the same column is also text, as
# soon as one of its values is quoted. Look at the lines of the file before they are read.
#
# Seen:
#   7281986300348026145 | 0071 | 7280000000000000000 | 12 | true | {"a": 1}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0
cat > "$folder/log.ndjson" <<'LINES'
{"id": 7281986300348026145}
{"id": "0071"}
{"id": 7.28e18}
{"id": 12.0}
{"id": true}
{"id": {"a": 1}}
LINES
"$folder/venv/bin/python" - "$folder/log.ndjson" <<'PYTHON'
import sys

import polars as pl

found = pl.scan_ndjson(sys.argv[1], schema={"id": pl.String}).collect()["id"].to_list()
print(" | ".join(found))
expected = ["7281986300348026145", "0071", "7280000000000000000", "12", "true", '{"a": 1}']
assert found == expected, "changed"
assert pl.read_ndjson(sys.argv[1], infer_schema_length=None)["id"].to_list() == expected, "changed"
print("as described")
PYTHON
