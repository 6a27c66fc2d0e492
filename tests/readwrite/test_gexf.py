"""GEXF: what Gephi writes and other readers stumble over."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import polars as pl
import pytest

from graphkit.data.results import ImportReport
from graphkit.errors import DataError, FileError, MissingDataError
from graphkit.readwrite import read_graph

GEPHI = """<?xml version='1.0' encoding='UTF-8'?>
<gexf xmlns="http://gexf.net/1.3" version="1.3" xmlns:viz="http://gexf.net/1.3/viz">
<graph defaultedgetype="directed" mode="dynamic">
<attributes class="node" mode="static">
<attribute id="pageranks" title="PageRank" type="double"/>
<attribute id="seen" title="seen" type="listboolean"/>
<attribute id="counts" title="counts" type="listinteger"/>
<attribute id="tags" title="tags" type="liststring"/>
<attribute id="0" title="group" type="integer"><default>9</default></attribute>
<attribute id="big" title="big" type="long"/>
<attribute id="wrong" title="wrong" type="integer"/>
</attributes>
<attributes class="edge"><attribute id="1" title="minutes" type="float"/></attributes>
<nodes>
<node id="a" label="Ann" start="2024"><attvalues>
<attvalue for="pageranks" value="null"/><attvalue for="seen" value="[true, false]"/>
<attvalue for="counts" value="[1, 20]"/><attvalue for="tags" value="[book, 'tea']"/>
<attvalue for="big" value="7281986300348026145"/><attvalue for="wrong" value="1"/></attvalues>
<viz:size value="10.0"/><viz:color r="1" g="2" b="3"/><spells><spell start="1" end="2"/></spells></node>
<node id="b" label="Bob"><attvalues>
<attvalue for="pageranks" value="Infinity"/><attvalue for="0" value="7"/>
<attvalue for="unknown" value="q"/><attvalue for="wrong" value="x1"/></attvalues></node>
</nodes>
<edges>
<edge source="a" target="b" type="undirected" kind="follows"/>
<edge id="1" source="b" target="c" weight="null"/>
<edge id="2" source="c" target="a" weight="2.0"><attvalues><attvalue for="1" value="9"/></attvalues></edge>
<edge id="3" source="c" target="b" type="mutual" weight="NaN"/>
<edge id="4" source="c" target="a" weight="0.5" label="again"/>
</edges></graph></gexf>
"""


def write(tmp_path: Path, text: str, name: str = "g.gexf") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def told(report: ImportReport) -> set[tuple[str, str, int]]:
    return {*report.notes.rows(), *report.dropped.rows()}


def test_values_of_every_type(tmp_path: Path) -> None:
    g, report = read_graph(write(tmp_path, GEPHI))
    assert g.attributes is not None
    assert g.attributes.schema == {
        "id": pl.String,
        "label": pl.String,
        "pageranks": pl.Float64,
        "seen": pl.List(pl.Boolean),
        "counts": pl.List(pl.Int64),
        "tags": pl.List(pl.String),
        "group": pl.Int64,
        "big": pl.Int64,
        "wrong": pl.String,
        "unknown": pl.String,
    }
    assert g.attributes.rows() == [
        (
            "a",
            "Ann",
            None,
            [True, False],
            [1, 20],
            ["book", "tea"],
            9,
            7281986300348026145,
            "1",
            None,
        ),
        ("b", "Bob", float("inf"), None, None, None, 7, None, "x1", "q"),
        ("c", *[None] * 9),
    ]
    assert told(report) >= {
        ("nodes", "colours, sizes and positions; left out", 2),
        ("nodes", "times (spells); ignored", 1),
        ("nodes", "times (start, end); ignored", 1),
        ("nodes", "named by edges only; added", 1),
        ("nodes", "attribute 'group': the default of the file", 1),
        ("nodes", "attribute 'unknown' is not declared; kept as text", 2),
        ("nodes", "attribute 'wrong': values that are not of the declared type; kept as text", 1),
    }


def test_edges_of_several_kinds(tmp_path: Path) -> None:
    g, report = read_graph(write(tmp_path, GEPHI))
    assert g.directed
    # the undirected edge is two arcs, the repeated one is merged, the mutual one has no number
    assert g.edges().rows() == [("a", "b", 1.0), ("b", "a", 1.0), ("b", "c", 1.0), ("c", "a", 2.5)]
    assert told(report) >= {
        ("edges", "without a weight; 1 each", 2),
        ("edges", "the weight is no finite number", 1),
        ("edges", "without a direction in a directed graph; made two arcs each", 1),
        ("edges", "parallel edges; merged, weights added", 1),
        ("edges", "attributes that are not kept: 'kind', 'minutes', 'label'", 5),
    }
    assert report.rows.rows() == [("nodes", 2, 2), ("edges", 5, 4)]


def test_weights_and_directions_that_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, GEPHI)
    assert read_graph(path, weight=None)[0].edges().rows()[-2:] == [
        ("c", "a", 2.0),
        ("c", "b", 1.0),
    ]
    minutes, _ = read_graph(path, weight="minutes")
    assert ("c", "a", 10.0) in minutes.edges().rows()
    plain, report = read_graph(path, weight=None, directed=False)
    assert plain.edges().rows() == [("a", "b", 1.0), ("a", "c", 2.0), ("b", "c", 2.0)]
    assert ("edges", "with a direction; taken without", 3) in told(report)
    with pytest.raises(MissingDataError, match="Did you mean 'minutes'"):
        read_graph(path, weight="minuets")


def test_an_undirected_file_read_as_directed(tmp_path: Path) -> None:
    nx.write_gexf(nx.Graph([("a", "b"), ("b", "b")]), tmp_path / "u.gexf")
    g, report = read_graph(tmp_path / "u.gexf", directed=True)
    assert g.edges().rows() == [("a", "b", 1.0), ("b", "a", 1.0), ("b", "b", 1.0)]
    assert ("edges", "without a direction in a directed graph; made two arcs each", 2) in told(
        report
    )


def test_dynamic_values_and_weights(tmp_path: Path) -> None:
    text = """<gexf><graph mode="dynamic" defaultedgetype="undirected">
    <attributes class="node" mode="dynamic"><attribute id="n" title="n" type="integer"/></attributes>
    <attributes class="edge" mode="dynamic"><attribute id="weight" title="Weight" type="float"/></attributes>
    <nodes><node id="a"><attvalues><attvalue for="n" value="1" start="1" end="2"/>
    <attvalue for="n" value="2" start="2" end="3"/></attvalues></node><node id="b"/></nodes>
    <edges><edge source="a" target="b" start="1"><attvalues><attvalue for="weight" value="4" start="1"/>
    </attvalues></edge></edges></graph></gexf>"""
    g, report = read_graph(write(tmp_path, text))
    assert g.attributes is not None
    assert (g.attributes["n"].to_list(), g.total_weight) == ([2, None], 4.0)
    assert ("nodes", "values at times; the last one is taken", 2) in told(report)
    assert ("edges", "times (start, end); ignored", 1) in told(report)


def test_multigraphs_of_networkx(tmp_path: Path) -> None:
    nx.write_gexf(nx.MultiDiGraph([("a", "b"), ("a", "b"), ("b", "a")]), tmp_path / "m.gexf")
    g, report = read_graph(tmp_path / "m.gexf")
    assert g.edges().rows() == [("a", "b", 2.0), ("b", "a", 1.0)]
    assert ("edges", "parallel edges; merged, weights added", 1) in told(report)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "<gexf>\n<graph><nodes>\n<node/></nodes></graph></gexf>",
            DataError,
            "line 3: a node has no id",
        ),
        (
            '<gexf><graph><edges>\n<edge target="a"/></edges></graph></gexf>',
            DataError,
            "line 2: an edge has no source",
        ),
        (
            '<gexf><graph><nodes><node id="a"/>\n<node id="a"/></nodes></graph></gexf>',
            DataError,
            r"line 2: the node id 'a' is there twice \(1 such nodes\)",
        ),
        (
            '<!DOCTYPE gexf [<!ENTITY a "b">]>\n<gexf/>',
            FileError,
            "line 1: it declares a document type",
        ),
        ('<gexf><graph><nodes><node id=""/></nodes></graph></gexf>', DataError, "a node has no id"),
        ("<gexf>\n<graph>\n<nodes>", FileError, "line 3: no valid XML: the file ends too early"),
        ("<gexf><graph/><graph/></gexf>", DataError, "several graphs"),
        (
            '<gexf><graph><edges><edge source="a" target="b" type="odd"/></edges></graph></gexf>',
            DataError,
            "edges of the type 'odd'",
        ),
    ],
)
def test_broken_files(text: str, error: type[Exception], message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=message) as caught:
        read_graph(write(tmp_path, text))
    assert len(str(caught.value)) <= 600


def test_a_long_id_is_shortened_in_a_message(tmp_path: Path) -> None:
    node = f'<node id="{"x" * 5000}"/>'
    with pytest.raises(DataError, match="is there twice") as caught:
        read_graph(write(tmp_path, f"<gexf><graph><nodes>{node}{node}</nodes></graph></gexf>"))
    assert len(str(caught.value)) <= 600
