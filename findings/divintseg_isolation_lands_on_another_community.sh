#!/usr/bin/env bash
# divintseg 0.7.0, isolation, exposure and Bell's index of several communities.
#
# A table of results has a row per community, and the order of the input's rows should not matter. The names
# are taken in the order in which they first occur, the values in sorted order, and the two are put side by side:
# unless the input is sorted by community, each value stands beside the name of another one. The community
# whose groups never meet is called mixed, and the mixed one segregated. di, integration and segregation
# have the names right. Sort the rows by community before the call.
#
# Seen (isolation of one group; in "mixed" both groups share all parts, in "apart" none):
#   rows of "apart" first   apart 1.0, mixed 0.5
#   rows of "mixed" first   apart 0.5, mixed 1.0
#   segregation             apart 1.0, mixed 0.5 in either order
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

rows = [("apart", "p", 100, 0), ("apart", "q", 0, 100), ("mixed", "r", 50, 50), ("mixed", "s", 50, 50)]
cases = [(rows, {"apart": 1.0, "mixed": 0.5}), (rows[2:] + rows[:2], {"apart": 0.5, "mixed": 1.0})]
for order, seen in cases:
    table = pd.DataFrame(order, columns=["community", "part", "left", "right"])
    alone = divintseg.isolation(table, "left", by="community", over="part")
    found = dict(zip(alone["community"], alone["left"], strict=True))
    met = divintseg.exposure(table, "left", by="community", over="part")
    met = dict(zip(met["community"], met["right"], strict=True))
    bell = divintseg.bells(table, "left", by="community", over="part")
    bell = dict(zip(bell["community"], bell["left"], strict=True))
    apart = divintseg.segregation(table, by="community", over="part")["segregation"].to_dict()
    print(f'rows of "{order[0][0]}" first', *(f"{name} {found[name]}" for name in ("apart", "mixed")))
    assert found == seen, "changed: isolation"
    assert met == {name: 1 - value for name, value in seen.items()}, "changed: exposure"
    assert bell == {name: 2 * value - 1 for name, value in seen.items()}, "changed: Bell"
    assert apart == {"apart": 1.0, "mixed": 0.5}, "changed: segregation"
print("as described")
PYTHON
