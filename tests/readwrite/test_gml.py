"""GML: text ids, repeated keys, nested keys, and what the tokeniser refuses."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest

from graphkit.errors import DataError, FileError, MissingDataError
from graphkit.readwrite import read_graph

GEPHI = """Creator "Gephi"
# a comment
graph
[
  directed 1
  node
  [
    id "x1"
    label "Ann 😀 &quot;q&quot; &#233;"
    graphics
    [
      x 1.5
      fill "#FF0000"
    ]
    tag "a"
    tag "b"
  ]
  node [ id "x2" label "two
lines # no comment" tag "c" size 3 ]
  edge [ id 0 source "x1" target "x2" value 2.5 ]
]
"""


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "g.gml"
    path.write_bytes(text.encode(encoding))
    return path


def test_what_gephi_writes(tmp_path: Path) -> None:
    g, report = read_graph(write(tmp_path, GEPHI))
    assert g.directed
    assert g.attributes is not None
    assert g.attributes.rows() == [
        ("x1", 'Ann 😀 "q" é', ["a", "b"], None),
        ("x2", "two\nlines # no comment", ["c"], 3),
    ]
    assert g.edges().rows() == [("x1", "x2", 1.0)]
    assert ("nodes", "'graphics' holds keys of its own; left out", 1) in report.notes.rows()
    assert ("edges", "attributes that are not kept: 'id', 'value'", 1) in report.notes.rows()
    assert read_graph(write(tmp_path, GEPHI), weight="value")[0].total_weight == 2.5
    with pytest.raises(MissingDataError, match="Did you mean 'value'"):
        read_graph(write(tmp_path, GEPHI), weight="values")


def test_numbers_that_are_ids_stay_and_rows_do_not(tmp_path: Path) -> None:
    text = (
        'graph [ node [ id {} label "u" ] node [ id {} label "v" ] edge [ source {} target {} ] ]'
    )
    rows, _ = read_graph(write(tmp_path, text.format(0, 1, 0, 1)))
    assert rows.vocabulary.ids.tolist() == ["u", "v"]
    kept, _ = read_graph(write(tmp_path, text.format(0, 1, 0, 1)), id="id")
    assert kept.vocabulary.ids.tolist() == ["0", "1"]
    ids, _ = read_graph(write(tmp_path, text.format(*[7281986300348026145, 5] * 2)))
    assert ids.vocabulary.ids.tolist() == ["5", "7281986300348026145"]
    assert ids.attributes is not None
    assert ids.attributes["label"].to_list() == ["v", "u"]


def test_labels_of_networkx_go_before_names(tmp_path: Path) -> None:
    other = nx.Graph([("x", "y")])
    nx.set_node_attributes(other, {"x": "Ann", "y": "Bob"}, "name")
    nx.set_node_attributes(other, {"x": 2**40, "y": 7}, "long")
    nx.set_node_attributes(other, {"x": ["p"], "y": ["p", "q"]}, "list")
    nx.write_gml(other, tmp_path / "g.gml")
    g, _ = read_graph(tmp_path / "g.gml")
    assert g.attributes is not None
    assert g.attributes.rows() == [("x", "Ann", 2**40, ["p"]), ("y", "Bob", 7, ["p", "q"])]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "graph [\n node [ id 1\n",
            FileError,
            "line 3: no valid GML: the file ends before a bracket",
        ),
        (
            'graph [\n node [ id 1 label "x ]',
            FileError,
            "line 2: no valid GML: a text is not closed",
        ),
        ("graph [\n node [ id ] ]", FileError, "line 2: .* a value is missing"),
        ("graph [ node [ id 1 ] ]\n]", FileError, "line 2: .* a key is missing"),
        ("graph 3", FileError, r"'\[' is missing after graph"),
        ("graph [ " + "a [ " * 200, FileError, "nested too deeply"),
        ("graph [\n node [ label 1 ] ]", DataError, "line 2: a node has no id"),
        (
            "graph [\n node [ id 1 ]\n edge [ source 1 ] ]",
            DataError,
            "line 3: a edge has no target",
        ),
        (
            "graph [\n node [ id 1 ]\n node [ id 1 ] ]",
            DataError,
            "line 3: the node id '1' is there twice",
        ),
        ("graph [ ] graph [ ]", DataError, "several graphs"),
    ],
)
def test_broken_files(text: str, error: type[Exception], message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=message) as caught:
        read_graph(write(tmp_path, text))
    assert len(str(caught.value)) <= 600


def test_other_encodings_are_named_with_their_line(tmp_path: Path) -> None:
    text = 'graph [\n node [ id 1 label "José" ] ]'
    with pytest.raises(FileError, match=r"line 2: the text is not in UTF-8"):
        read_graph(write(tmp_path, text, "latin-1"))
    with pytest.raises(FileError, match="UTF-16"):
        read_graph(write(tmp_path, text, "utf-16"))
