#!/usr/bin/env bash
# raphtory 0.17.0, times of events given as Unix seconds.
#
# A time means the same as an integer and as a float, one expects. A float is taken as seconds, an
# integer as milliseconds: 1700000000.0 is in November 2023, 1700000000 in January 1970. Nothing warns,
# also when both occur in one graph. Windows of named length then hold 1000 times too much: two events a
# day apart fall into the same minute or two instead of two days. Multiply integers by 1000, or pass
# aware datetimes.
#
# Seen:
#   1700000000            1970-01-20T16:13:20+00:00
#   1700000000.0          2023-11-14T22:13:20+00:00
#   2023-11-14T22:13:20Z  2023-11-14T22:13:20+00:00
#   two events a day apart, windows of a day: 1 as integers, 2 as floats
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet raphtory==0.17.0
"$folder/venv/bin/python" - <<'PYTHON'
from raphtory import Graph

START, DAY = 1_700_000_000, 86_400
late, early = "2023-11-14T22:13:20+00:00", "1970-01-20T16:13:20+00:00"
for time, seen in ((START, early), (float(START), late), ("2023-11-14T22:13:20Z", late)):
    graph = Graph()
    graph.add_edge(time, "a", "b")
    found = graph.earliest_time.dt.isoformat()
    print(f"{time!s:<20}  {found}")
    assert found == seen, f"changed: {time!r}"

windows = []
for kind in (int, float):
    graph = Graph()
    for time in (START, START + DAY):
        graph.add_edge(kind(time), "a", "b")
    windows.append(sum(window.count_temporal_edges() > 0 for window in graph.rolling("1 day")))
print("two events a day apart, windows of a day: {} as integers, {} as floats".format(*windows))
assert windows == [1, 2], "changed: windows"
print("as described")
PYTHON
