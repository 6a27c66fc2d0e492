"""GraphML: read as several programs write it, and written so that all of them open it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import igraph
import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition, Runs
from graphkit.errors import DataError, FileError, GraphkitWarning, MissingDataError, OptionError
from graphkit.readwrite import read_graph, write_graphml

KEYS = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" attr.name="weight" attr.type="double"><default>2</default></key>
<key id="ok" for="node" attr.name="ok" attr.type="boolean"/>
<key id="d2" for="node" attr.name="group" attr.type="string"><default>none</default></key>
<key id="d3" for="edge" attr.name="n" attr.type="long"/>
<key id="edgelabel" for="edge" attr.name="Edge Label" attr.type="string"/>
<key id="modularity_class" for="node" attr.name="Modularity Class" attr.type="int"/>
<graph edgedefault="undirected">
<node id="a"><data key="ok">True</data><data key="modularity_class">3</data></node>
<node id="b"><data key="lbl">x</data><data key="d3">7281986300348026145</data></node>
<edge source="a" target="b"><data key="edgelabel">e</data></edge>
<edge source="a" target="c" directed="true"><data key="d0">5</data></edge>
<hyperedge><endpoint node="a"/></hyperedge>
</graph></graphml>
"""


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "g.graphml"
    path.write_bytes(text.encode(encoding))
    return path


def test_keys_defaults_and_directions(tmp_path: Path) -> None:
    g, report = read_graph(write(tmp_path, KEYS))
    assert g.attributes is not None
    assert g.attributes.schema == {
        "id": pl.String,
        "ok": pl.Boolean,
        "group": pl.String,
        "modularity_class": pl.Int64,
        "lbl": pl.String,
        "n": pl.Int64,
    }
    assert g.attributes.rows() == [
        ("a", True, "none", 3, None, None),
        ("b", None, "none", None, "x", 7281986300348026145),
        ("c", *[None] * 5),
    ]
    assert g.edges().rows() == [("a", "b", 2.0), ("a", "c", 5.0), ("b", "a", 2.0)]
    told = {*report.notes.rows()}
    assert told >= {
        ("nodes", "attribute 'group': the default of the file", 2),
        ("nodes", "attribute 'lbl' is not declared; kept as text", 2),
        ("nodes", "named by edges only; added", 1),
        ("edges", "without a direction in a directed graph; made two arcs each", 1),
        ("edges", "attributes that are not kept: 'edgelabel'", 2),
    }
    assert report.dropped.rows() == [("edges", "hyperedges, of any number of ends", 1)]
    assert report.rows.rows() == [("nodes", 2, 2), ("edges", 3, 2)]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_encodings_that_a_file_declares(encoding: str, tmp_path: Path) -> None:
    declared = {"latin-1": "ISO-8859-1", "utf-16": "UTF-16", "utf-8-sig": "UTF-8"}[encoding]
    text = f'<?xml version="1.0" encoding="{declared}"?><graphml><graph edgedefault="directed">'
    text += '<node id="José"/></graph></graphml>'
    g, _ = read_graph(write(tmp_path, text, encoding))
    assert g.vocabulary.ids.tolist() == ["José"]


@pytest.mark.parametrize(
    ("text", "encoding", "error", "message"),
    [
        ('<graphml>\n<graph edgedefault="directed"><node id="José"/></graph></graphml>', "latin-1",
         FileError, "line 2: no valid XML"),
        ('<?xml version="1.0" encoding="x-none"?><graphml/>', "utf-8", FileError, "encoding is not read"),
        ('<graphml><graph><edge source="a" target="b"/></graph></graphml>', "utf-8", DataError,
         "does not say whether its edges have a direction"),
        ('<graphml><graph edgedefault="directed"/><graph edgedefault="directed"/></graphml>', "utf-8",
         DataError, "several graphs"),
        ('<!DOCTYPE graphml [<!ENTITY a "b">]><graphml><graph><node id="&a;"/></graph></graphml>', "utf-8",
         FileError, "<!DOCTYPE"),
        ('<graphml><graph><node id="&unknown;"/></graph></graphml>', "utf-8", FileError, "undefined entity"),
        ('<graphml><graph edgedefault="directed">\n<node/></graph></graphml>', "utf-8", DataError,
         "line 2: a node has no id"),
    ],
)  # fmt: skip
def test_broken_files(
    text: str, encoding: str, error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        read_graph(write(tmp_path, text, encoding))


def test_names_that_repeat_are_no_ids(tmp_path: Path) -> None:
    node = '<node id="n{}"><data key="v_name">x</data></node>'
    text = '<graphml><key id="v_name" for="node" attr.name="name" attr.type="string"/>'
    text += f'<graph edgedefault="directed">{node.format(0)}{node.format(1)}</graph></graphml>'
    g, report = read_graph(write(tmp_path, text))
    assert g.vocabulary.ids.tolist() == ["n0", "n1"]
    told = "ids are mere numbers of rows, as no attribute has other ids for all nodes"
    assert ("nodes", told, 2) in report.notes.rows()


def test_drawings_and_groups_of_yed(tmp_path: Path) -> None:
    text = """<graphml xmlns:y="http://www.yworks.com/xml/graphml"><key id="d6" for="node" yfiles.type="x"/>
    <graph edgedefault="directed"><node id="n0"><data key="d6"><y:ShapeNode><y:NodeLabel>Ann</y:NodeLabel>
    </y:ShapeNode></data><graph edgedefault="directed"><node id="n0::n0"/></graph></node>
    <edge source="n0" target="n0::n0"/></graph></graphml>"""
    g, report = read_graph(write(tmp_path, text))
    assert g.edges().rows() == [("n0", "n0::n0", 1.0)]
    assert ("nodes", "drawings and other XML inside data; left out", 1) in report.notes.rows()
    assert ("nodes", "inside other nodes; the nesting is ignored", 1) in report.notes.rows()


TABLE: dict[str, list[Any]] = {
    "id": ["a<&>\"'", "b 😀", "0017", "7281986300348026145"],
    "label": ["Ann & Co", None, " blanks ", "tab\there\nline"],
    "count": [3, None, -4, 5],
    "long": [2**62, None, 1, 2],
    "share": [0.1, None, float("inf"), 1e-300],
    "flag": [True, False, True, False],
    "tags": [["x", "y"], [], None, ["z"]],
    "empty id": ["q", "r", "s", "t"],
}


def odd_graph(directed: bool) -> Graph:
    ids = TABLE["id"]
    return Graph.from_edges(
        [ids[0], ids[0], ids[1], ids[1]],
        [ids[1], ids[3], ids[3], ids[1]],
        [0.1, 2.5, 1e-9, 3],
        directed=directed,
        nodes=ids,
        attributes=TABLE,
    )


@pytest.mark.parametrize("directed", [True, False])
def test_three_programs_open_what_is_written(directed: bool, tmp_path: Path) -> None:
    g = odd_graph(directed)
    p = Partition.from_membership({TABLE["id"][0]: "left", TABLE["id"][1]: "right & up"}, graph=g)
    path = write_graphml(g, tmp_path / "g.graphml", partition=p)
    assert g.attributes is not None
    texts = g.attributes.with_columns(pl.col("long").cast(pl.String))
    own, report = read_graph(path)
    assert own.content_key == g.content_key
    assert report.n_dropped == 0
    assert own.attributes is not None
    plain = [n for n in TABLE if n not in ("id", "tags")]
    for name in plain:
        assert own.attributes[name].to_list() == texts[name].to_list(), name
    assert own.attributes["community"].to_list() == [None, None, 0, 1]
    assert own.attributes["community_label"].to_list() == [None, None, "left", "right & up"]

    theirs = nx.read_graphml(path)
    assert Graph.from_networkx(theirs).content_key == g.content_key
    for name in plain:
        known = {n: v for n, v in texts.select("id", name).rows() if v is not None}
        assert nx.get_node_attributes(theirs, name) == known, name

    third = igraph.Graph.Read_GraphML(str(path))
    assert third.is_directed() == directed
    third.vs["id"] = [one.replace("&#38;", "&") for one in third.vs["id"]]  # a slip of igraph
    assert Graph.from_igraph(third).content_key == g.content_key
    order = [third.vs["id"].index(one) for one in g.vocabulary.ids]
    for name in ("label", "long", "empty id", "community_label"):
        known_texts = [v or "" for v in (own.attributes[name]).to_list()]
        assert [third.vs[name][k] for k in order] == known_texts, name
    for name in ("count", "share", "flag"):
        assert [
            v if v is None or v == v else None for v in (third.vs[name][k] for k in order)
        ] == texts[name].to_list(), name


def test_tags_are_text_in_the_file(tmp_path: Path) -> None:
    own, _ = read_graph(write_graphml(odd_graph(True), tmp_path / "g.graphml"))
    assert own.attributes is not None
    assert own.attributes["tags"].to_list() == [None, "[z]", "[x, y]", "[]"]


def test_runs_have_their_consistency(tmp_path: Path) -> None:
    g = Graph.from_edges("ab", "bc", directed=False)
    runs = Runs(np.zeros((2, 3), np.int32), np.ones(2), 1.0, np.array([1, 0.5, np.nan], np.float32))
    p = Partition(g.vocabulary, np.zeros(3, np.int32), runs=runs)
    own, _ = read_graph(write_graphml(g, tmp_path / "g.graphml.gz", partition=p))
    assert own.attributes is not None
    assert own.attributes["consistency"].to_list() == [1.0, 0.5, None]
    assert own == g.with_attributes(own.attributes)


def test_attributes_are_chosen(tmp_path: Path) -> None:
    g = odd_graph(True)
    own, _ = read_graph(write_graphml(g, tmp_path / "g.graphml", attributes=["count"]))
    assert own.attributes is not None
    assert own.attributes.columns == ["id", "count"]
    assert read_graph(write_graphml(g, tmp_path / "g.graphml", attributes=()))[0].attributes is None
    with pytest.raises(MissingDataError, match="Did you mean 'count'"):
        write_graphml(g, tmp_path / "g.graphml", attributes=["cuont"])


#: Names of nodes and attributes that other readers might take for their own.
WORDS = (
    "id",
    "label",
    "weight",
    "community",
    "source",
    "target",
    "name",
    "n_0",
    "Ünï",
    "a b",
    "00",
)
VALUES = {
    pl.Int64: st.none() | st.integers(-(2**53), 2**53),
    pl.Float64: st.none() | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
    pl.Boolean: st.none() | st.booleans(),
    pl.String: st.none() | st.text("aé<&\"' 0.", min_size=1, max_size=4),
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_graph_comes_back_and_is_the_same_elsewhere(
    data: st.DataObject, tmp_path: Path
) -> None:
    names = st.sampled_from(WORDS) | st.integers(0, 10**21).map(str)
    nodes = data.draw(st.lists(names, min_size=1, max_size=6, unique=True))
    ends = st.tuples(st.sampled_from(nodes), st.sampled_from(nodes))
    edges = data.draw(st.lists(ends, max_size=8))
    directed = data.draw(st.booleans())
    columns = {"id": pl.Series(nodes)}
    for name in data.draw(st.lists(st.sampled_from(WORDS[1:]), max_size=3, unique=True)):
        kind = data.draw(st.sampled_from(list(VALUES)))
        columns[name] = pl.Series([data.draw(VALUES[kind]) for _ in nodes], dtype=kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphkitWarning)
        sources, targets = ([edge[i] for edge in edges] for i in (0, 1))
        graph = Graph.from_edges(sources, targets, directed=directed, nodes=nodes)
        graph = graph.with_attributes(pl.DataFrame(columns))
        write_graphml(graph, tmp_path / "g.graphml")
        again, _ = read_graph(tmp_path / "g.graphml")
    assert again.directed == directed
    assert again.n_nodes == len(nodes)
    assert again.edges().rows() == graph.edges().rows()
    elsewhere = nx.read_graphml(tmp_path / "g.graphml")
    third = igraph.Graph.Read_GraphML(str(tmp_path / "g.graphml"))
    assert set(elsewhere) == set(nodes)
    assert (elsewhere.number_of_edges(), third.ecount()) == (graph.n_edges, graph.n_edges)
    assert (elsewhere.is_directed(), third.is_directed()) == (directed, directed)
    for name, values in columns.items():
        for node, value in zip(nodes, values, strict=True):
            if name != "id" and value is not None:
                assert elsewhere.nodes[node][name] == value
        if name != "id" and values.null_count() < len(values):
            assert again.attributes is not None
            assert dict(again.attributes.select("id", name).rows()) == dict(
                zip(nodes, values, strict=True)
            )


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "g.graphml"
    g = Graph.from_edges("ab", "bc", directed=False, attributes={"id": ["a"], "community": [1]})
    with pytest.raises(DataError, match="attribute 'community' already"):
        write_graphml(g, path, partition=Partition.from_membership({"a": 0}, graph=g))
    with pytest.raises(DataError, match="no node of the graph is in the partition"):
        write_graphml(g, path, partition=Partition.from_membership({"z": 0}))
    with pytest.warns(GraphkitWarning):
        mixed = Graph.from_edges([1, "1"], ["a", "b"], directed=False)
    with pytest.raises(DataError, match="two ids are one text"):
        write_graphml(mixed, path)
    bad = Graph.from_edges("ab", "bc", directed=False, attributes={"id": ["a"], "t": ["x\x01y"]})
    with pytest.raises(DataError, match=r"the attribute 't': 'x\\x01y' holds a control character"):
        write_graphml(bad, path)
    assert not path.exists()
    with pytest.raises(FileError):
        write_graphml(g, tmp_path)


def test_the_same_graph_makes_the_same_bytes(tmp_path: Path) -> None:
    one = write_graphml(odd_graph(True), tmp_path / "a.graphml.gz").read_bytes()
    assert one == write_graphml(odd_graph(True), tmp_path / "b.graphml.gz").read_bytes()


def test_a_large_file_is_read_fast_and_whole(tmp_path: Path) -> None:
    g = gk.nullmodels.random_graph(2000, 20000, rng=1).graph
    g = g.with_attributes({"id": g.vocabulary.ids, "half": g.vocabulary.ids % 2 == 0})
    own, _ = read_graph(write_graphml(g, tmp_path / "g.graphml"))
    assert own == g


@pytest.mark.parametrize("name", ["g.gexf", "g.gml.gz", "g.csv", "g.NET"])
def test_graphml_is_not_written_under_the_name_of_another_format(name: str, tmp_path: Path) -> None:
    g = Graph.from_edges(["a"], ["b"], directed=False)
    with pytest.raises(OptionError, match=r"end it in \.graphml"):
        write_graphml(g, tmp_path / name)
    assert not list(tmp_path.iterdir())
    assert write_graphml(g, tmp_path / "g.xml").exists()
