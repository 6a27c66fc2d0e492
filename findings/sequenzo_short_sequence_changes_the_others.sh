#!/usr/bin/env bash
# sequenzo 0.1.42, indices of state sequences, one of which is shorter than the others.
#
# An account that was observed for two weeks of four has two states; what follows is no state. Empty
# cells become a third state here (a message says that it was added), and the indices count it: the
# short sequence has a transition and two states although it never changed, a length of 4 and an
# entropy above 0. Entropy and complexity are divided by those of three states instead of two, so
# the values of all complete sequences fall too, by a third. Marking the cells with "%", the sign of
# void cells, and listing it among the states, gives the same. Compute the indices by group of equal
# length.
#
# Seen (u1 aabb, u2 aaaa, u3 abab, and u4 aa and two empty cells):
#   without u4  entropy 1.0000, 0.0000, 1.0000          complexity 0.5774, 0.0000, 1.0000
#   with u4     entropy 0.6309, 0.0000, 0.6309, 0.6309  complexity 0.4586, 0.0000, 0.7943, 0.4586
#   u4          length 4, transitions 1, visited states 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sequenzo==0.1.42
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io

import pandas as pd
from sequenzo import SequenceData
from sequenzo import sequence_characteristics_indicators as indices

WEEKS = [1, 2, 3, 4]
complete = [["u1", *"aabb"], ["u2", *"aaaa"], ["u3", *"abab"]]
names = ("within_sequence_entropy", "complexity_index", "sequence_length", "number_of_transitions")


def table(rows, states):
    frame = pd.DataFrame(rows, columns=["id", *WEEKS])
    with contextlib.redirect_stdout(io.StringIO()):
        sequences = SequenceData(frame, time=WEEKS, states=states, labels=states, id_col="id")
        return {
            name: [
                round(float(x), 4) for x in getattr(indices, f"get_{name}")(sequences).iloc[:, 1]
            ]
            for name in (*names, "visited_states")
        }


alone = table(complete, ["a", "b"])
joined = table([*complete, ["u4", "a", "a", None, None]], ["a", "b"])
marked = table([*complete, ["u4", "a", "a", "%", "%"]], ["a", "b", "%"])
for label, found in (("without u4", alone), ("with u4", joined)):
    print(f"{label:<10}  {found['within_sequence_entropy']} {found['complexity_index']}")
print("u4         ", *(f"{name} {joined[name][3]:.0f}" for name in (*names[2:], "visited_states")))
assert alone["within_sequence_entropy"] == [1, 0, 1], "changed: entropy"
assert alone["complexity_index"] == [0.5774, 0, 1], "changed: complexity"
assert joined["within_sequence_entropy"] == [0.6309, 0, 0.6309, 0.6309], "changed: entropy, u4"
assert joined["complexity_index"] == [0.4586, 0, 0.7943, 0.4586], "changed: complexity, u4"
assert [joined[name][3] for name in (*names[2:], "visited_states")] == [4, 1, 2], "changed: u4"
assert marked == joined, "changed: void"
print("as described")
PYTHON
