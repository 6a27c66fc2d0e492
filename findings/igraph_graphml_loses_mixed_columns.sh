#!/usr/bin/env bash
# python-igraph 1.0.0, writing attributes of more than one type to GraphML and reading them back.
#
# Where a text is missing (None), GraphML gets the word "None": an account of that name. Where it is NaN,
# as pandas leaves it, or where a column holds numbers and text, or lists, the whole column is left out
# of the file without an error or a warning (GML and DOT at least warn). Nodes keep their order and
# count, so the file looks whole. Write "" for a missing text and one type per column, and compare the
# names of the attributes after reading back.
#
# Seen (vertex attributes; text column as read back):
#   ["ann", None, "cat"]      'ann', 'None', 'cat'
#   ["ann", NaN, "cat"]       the column is gone
#   [71, "x72", 73]           the column is gone
#   [["fyp"], [], ["cat"]]    the column is gone
#   edges: weight [1, "2"]    the column is gone
#   warnings                  GraphML 0, GML 4 (one for each column that is gone)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-igraph==1.0.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
import warnings

import igraph

graph = igraph.Graph([(0, 1), (1, 2)])
graph.vs["none"] = ["ann", None, "cat"]
graph.vs["nan"] = ["ann", float("nan"), "cat"]
graph.vs["id_or_name"] = [71, "x72", 73]
graph.vs["tags"] = [["fyp"], [], ["cat"]]
graph.es["weight"] = [1, "2"]


def warned(kind):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(graph, f"write_{kind}")(f"{sys.argv[1]}/graph.{kind}")
    return len([warning for warning in caught if "ignored" in str(warning.message)])


counts = {kind: warned(kind) for kind in ("graphml", "gml")}
back = igraph.Graph.Read_GraphML(f"{sys.argv[1]}/graph.graphml")
left = {*back.vs.attributes(), *back.es.attributes()}
gone = sorted({*graph.vs.attributes(), *graph.es.attributes()} - left)
print(f"None      {back.vs['none']}")
print(f"gone      {', '.join(gone)}")
print(f"warnings  {counts}")
assert back.vs["none"] == ["ann", "None", "cat"], "changed: None"
assert gone == ["id_or_name", "nan", "tags", "weight"], "changed: columns"
assert counts == {"graphml": 0, "gml": 4}, "changed: warnings"
print("as described")
PYTHON
