#!/usr/bin/env bash
# ranx 0.3.21, Qrels made from a dictionary with fractional relevance, such as watch ratios.
#
# Graded relevance is a number, and the gain of nDCG takes any. Qrels cuts the values to integers and
# says nothing: a video watched to 90 % becomes irrelevant, 2.9 becomes 2. ir-measures 0.4.3 raises
# TypeError on the same data. Choose a threshold or integer grades (say, tenths) before the data reach
# either.
#
# Seen:
#   kept by ranx: {'a': 0, 'b': 0, 'c': 2}
#   ir-measures: Expected relevance to be integer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ranx==0.3.21 ir-measures==0.4.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import ir_measures
from ranx import Qrels

kept = Qrels({"user": {"a": 0.5, "b": 0.9, "c": 2.9}}).to_dict()["user"]
kept = {item: int(kept[item]) for item in sorted(kept)}
print(f"kept by ranx: {kept}")
assert kept == {"a": 0, "b": 0, "c": 2}, "changed: kept values"

try:
    ir_measures.calc_aggregate([ir_measures.nDCG @ 1], {"user": {"b": 0.9}}, {"user": {"b": 1.0}})
except TypeError as error:
    print(f"ir-measures: {error}")
else:
    raise AssertionError("changed: ir-measures")
print("as described")
PYTHON
