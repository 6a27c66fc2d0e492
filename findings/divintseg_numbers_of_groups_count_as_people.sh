#!/usr/bin/env bash
# divintseg 0.7.0, segregation, isolation and exposure where communities have numbers.
#
# by= and over= name the columns that group the rows; the others are counts of people. The counts are added up
# over all numeric columns, and a grouping column with numbers is one of them: community 2 adds two people
# to itself, one numbered 100001 a hundred thousand. So the results depend on what the communities are called.
# Text names give the right values. exposure() to all groups even has a column for the parts, as if they
# were a group. Labels of community detection are numbers: turn them into text before.
#
# Seen (two communities, in the second of which two groups are apart, 90 to 10 and 10 to 90):
#   names                 segregation 0.5000 0.8200  isolation 0.5000 0.8200
#   numbers from 1        segregation 0.4902 0.7885  isolation 0.2457 0.4059
#   numbers from 100001   segregation 0.9980 0.9980  isolation 0.0002 0.0004
#   the same as text      segregation 0.5000 0.8200  isolation 0.5000 0.8200
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# divintseg also asks for tools that build its pages.
"$folder/venv/bin/pip" install --quiet pandas==2.3.3 numpy==2.4.6
"$folder/venv/bin/pip" install --quiet --no-deps divintseg==0.7.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import divintseg
import pandas as pd

counts = {"left": [50, 50, 90, 10], "right": [50, 50, 10, 90]}
small = {"community": [1, 1, 2, 2], "part": [102, 103, 100, 101]}
large = {name: [value + 100_000 for value in values] for name, values in small.items()}
text = {name: [str(value) for value in values] for name, values in large.items()}
right = (0.5, 0.82, 0.5, 0.82)
cases = {
    "names": ({"community": list("eenn"), "part": list("cdab")}, right),
    "numbers from 1": (small, (0.4902, 0.7885, 0.2457, 0.4059)),
    "numbers from 100001": (large, (0.998, 0.998, 0.0002, 0.0004)),
    "the same as text": (text, right),
}
for name, (groups, seen) in cases.items():
    table = pd.DataFrame({**groups, **counts})
    apart = divintseg.segregation(table, by="community", over="part")["segregation"]
    alone = divintseg.isolation(table, "left", by="community", over="part")["left"]
    found = [*apart, *alone]
    print(f"{name:<21}", *(f"{value:.4f}" for value in found))
    for value, expected in zip(found, seen, strict=True):
        assert abs(value - expected) < 0.0001, f"changed: {name}"
table = pd.DataFrame({**small, **counts})
columns = list(divintseg.exposure(table, "left", by="community", over="part").columns)
assert columns == ["community", "part", "right"], "changed: exposure"
print("as described")
PYTHON
