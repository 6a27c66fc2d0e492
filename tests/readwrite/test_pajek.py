"""Pajek networks: vertices, arcs and edges, single and in lists."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest

from graphkit.errors import DataError, FileError
from graphkit.readwrite import read_graph

NET = """% made by hand
*Network small
*Vertices 5
1 "a b" 0.1 0.2 ic Red
2 "c"
3 d
5 "e"
*Arcs :1 "likes"
1 2 2.5
2 1
*Arcslist
1 3 2
*Edges
3 5 4 w 3
5 5 1
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "g.net"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    return path


def test_arcs_edges_and_lists(tmp_path: Path) -> None:
    g, report = read_graph(write(tmp_path, NET))
    assert g.vocabulary.ids.tolist() == ["4", "a b", "c", "d", "e"]
    assert g.edges().rows() == [
        ("a b", "c", 3.5),
        ("a b", "d", 1.0),
        ("c", "a b", 1.0),
        ("d", "e", 4.0),
        ("e", "d", 4.0),
        ("e", "e", 1.0),
    ]
    assert {*report.notes.rows()} >= {
        ("nodes", "without a label; their number is the id", 1),
        ("nodes", "positions and other values of vertices; left out", 1),
        ("edges", "without a weight; 1 each", 3),
        ("edges", "parallel edges; merged, weights added", 1),
        ("edges", "self-loops; kept", 1),
        ("edges", "without a direction in a directed graph; made two arcs each", 2),
    }
    assert report.rows.rows() == [("nodes", 5, 5), ("edges", 6, 6)]
    assert read_graph(write(tmp_path, NET), id="id")[0].vocabulary.ids.tolist() == list("12345")


def test_what_networkx_writes(tmp_path: Path) -> None:
    other = nx.Graph([("a", "b"), ("b", "c"), ("c", "c")])
    nx.write_pajek(other, tmp_path / "g.net")
    g, _ = read_graph(tmp_path / "g.net")
    assert not g.directed
    assert g.edges().rows() == [("a", "b", 1.0), ("b", "c", 1.0), ("c", "c", 1.0)]


def test_two_modes_and_labels_that_repeat(tmp_path: Path) -> None:
    g, _ = read_graph(write(tmp_path, '*Vertices 3 2\n1 "a"\n2 "b"\n3 "v"\n*Edges\n1 3\n2 3\n'))
    assert g.attributes is not None
    assert g.attributes["mode"].to_list() == [1, 1, 2]
    twice, report = read_graph(write(tmp_path, '*Vertices 2\n1 "a"\n2 "a"\n*Edges\n1 2\n'))
    assert twice.vocabulary.ids.tolist() == ["1", "2"]
    assert twice.attributes is not None
    assert twice.attributes["label"].to_list() == ["a", "a"]
    assert ("nodes", "labels are not unique; ids are the numbers", 2) in report.notes.rows()


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "*Vertices 2\n*Edges\n1 3\n",
            DataError,
            "line 3: an edge does not join two vertices from 1 to 2",
        ),
        ("*Vertices 2\n*Arcslist\n1 x\n", DataError, "line 3: an edge does not join"),
        ("*Vertices 2\n*Edges\n1\n", DataError, "line 3"),
        ('*Vertices 2\nx "a"\n', DataError, "line 2: a vertex has no number from 1 to 2"),
        ('*Vertices 2\n1 "a"\n1 "b"\n', DataError, "line 3: vertex 1 is there twice"),
        ("*Vertices\n", DataError, "line 1: the number of vertices is missing"),
        (
            "*Vertices 2\n*Matrix\n0 1\n1 0\n",
            FileError,
            "line 2: the edges are a matrix: .*from_scipy",
        ),
        ("*Vertices 1\n*Vertices 1\n", DataError, "line 2: the file holds several networks"),
        ("*Vertices 99999999999\n", DataError, "more vertices than a graph can hold"),
    ],
)
def test_broken_files(text: str, error: type[Exception], message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=message):
        read_graph(write(tmp_path, text))


def test_a_weight_has_no_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="leave out weight='strength'"):
        read_graph(write(tmp_path, NET), weight="strength")
    assert read_graph(write(tmp_path, NET), weight=None)[0].total_weight == 7
