"""Graph files: the samples, equal graphs from all formats, ids, rules of edges, refusals."""

from __future__ import annotations

import gzip
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.results import ImportReport
from graphkit.errors import DataError, FileError, GraphkitError, MissingDataError, OptionError
from graphkit.readwrite import read_graph, write_graphml

pytestmark = pytest.mark.filterwarnings("error")


def notes(report: ImportReport) -> dict[str, int]:
    return {f"{table}: {text}": rows for table, text, rows in report.notes.rows()}


def dropped(report: ImportReport) -> dict[str, int]:
    return {f"{table}: {text}": rows for table, text, rows in report.dropped.rows()}


def drawn() -> nx.DiGraph:
    """A graph with what trips readers: odd ids, missing and infinite values, a loop."""
    g = nx.DiGraph()
    g.add_node("a é<&\"'>", size=3, share=0.25, flag=True, kind="x & y")
    g.add_node("b 😀", size=4, share=float("inf"), flag=False, kind="")
    g.add_node("7281986300348026145", size=7281986300348026, kind="#goth")
    g.add_node("0017", kind="alone")
    g.add_edge("a é<&\"'>", "b 😀", weight=2.5)
    g.add_edge("b 😀", "7281986300348026145", weight=1)
    g.add_edge("b 😀", "b 😀", weight=3)
    return g


WRITERS: dict[str, Callable[[nx.DiGraph, Path], None]] = {
    "g.gexf": nx.write_gexf,
    "g.graphml": nx.write_graphml,
    "g.gml": nx.write_gml,
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", WRITERS)
def test_what_networkx_writes_is_read_as_it_was(name: str, packed: bool, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](drawn(), path)
    if packed:
        path = tmp_path / f"{name}.gz"
        path.write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    g, report = read_graph(path)
    expected = Graph.from_networkx(drawn())
    assert g.content_key == expected.content_key
    assert report.rows.rows() == [("nodes", 4, 4), ("edges", 3, 3)]
    assert notes(report)["edges: self-loops; kept"] == 1
    assert g.attributes is not None
    assert expected.attributes is not None
    for column in ("size", "share", "kind"):
        assert g.attributes[column].to_list() == expected.attributes[column].to_list()
    # GML has no truth values
    flags = g.attributes["flag"].to_list()
    assert [None if v is None else bool(v) for v in flags] == expected.attributes["flag"].to_list()


def test_what_igraph_writes_has_its_names(tmp_path: Path) -> None:
    plain = drawn()
    for _, data in plain.nodes(data=True):
        data.pop("flag", None)  # igraph writes a missing one as false
        data.pop("size", None)
    expected = Graph.from_networkx(plain)
    other = expected.to_igraph()
    other.write_graphml(str(tmp_path / "g.graphml"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # igraph tells that it encodes some characters
        other.write_gml(str(tmp_path / "g.gml"))
    for name in ("g.graphml", "g.gml"):
        g, report = read_graph(tmp_path / name)
        assert g.content_key == expected.content_key
        assert g.attributes is not None
        assert g.attributes["share"].to_list() == expected.attributes["share"].to_list()  # type: ignore[index]
        told = "nodes: ids are the attribute 'name', as the file's own are mere numbers of rows"
        assert notes(report)[told] == 4
    assert read_graph(tmp_path / "g.graphml", id="id")[0].vocabulary.ids.tolist()[0] == "n0"


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("name", WRITERS)
def test_a_graph_without_edges_has_a_direction(name: str, directed: bool, tmp_path: Path) -> None:
    other: Any = nx.DiGraph() if directed else nx.Graph()
    other.add_nodes_from(["a", "b"])
    WRITERS[name](other, tmp_path / name)
    g, _ = read_graph(tmp_path / name)
    assert (g.directed, g.n_nodes, g.n_edges) == (directed, 2, 0)
    own = write_graphml(g, tmp_path / "own.graphml")
    assert read_graph(own)[0] == g


def test_integers_come_back_as_integers(tmp_path: Path) -> None:
    g = Graph.from_edges([2**60, 3], [3, -5], directed=False)
    g.to_igraph().write_graphml(str(tmp_path / "g.graphml"))
    assert read_graph(tmp_path / "g.graphml")[0] == g
    assert read_graph(write_graphml(g, tmp_path / "own.graphml"))[0] == g


def test_three_lines_from_networkx_to_a_file(tmp_path: Path) -> None:
    g = nx.karate_club_graph()
    p = gk.label_communities(gk.leiden(g, rng=1), g, by="club")
    path = gk.readwrite.write_graphml(g, tmp_path / "karate.graphml", partition=p)
    back = nx.read_graphml(path, node_type=int)
    assert [back.nodes[n]["community"] for n in range(34)] == p.membership.tolist()
    assert {back.nodes[n]["community_label"] for n in range(34)} == set(p.summary()["label"])


def test_id_and_label_are_chosen(tmp_path: Path) -> None:
    g = nx.Graph([("x1", "x2")])
    nx.set_node_attributes(g, {"x1": "Ann", "x2": "Bob"}, "who")
    nx.set_node_attributes(g, {"x1": 10, "x2": 20}, "number")
    nx.set_node_attributes(g, {"x1": 1, "x2": 1}, "same")
    path = tmp_path / "g.graphml"
    nx.write_graphml(g, path)
    assert read_graph(path)[0].vocabulary.ids.tolist() == ["x1", "x2"]
    named, _ = read_graph(path, id="who")
    assert named.vocabulary.ids.tolist() == ["Ann", "Bob"]
    assert named.edges().rows() == [("Ann", "Bob", 1.0)]
    assert named.attributes is not None
    assert named.attributes["file_id"].to_list() == ["x1", "x2"]
    assert read_graph(path, id="number")[0].vocabulary.ids.tolist() == ["10", "20"]
    labelled, _ = read_graph(path, label="who")
    assert labelled.attributes is not None
    assert labelled.attributes["label"].to_list() == ["Ann", "Bob"]
    cases: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"id": "same"}, DataError, "1 is there twice"),
        ({"id": "whom"}, MissingDataError, "Did you mean 'who'"),
        ({"label": "whom"}, MissingDataError, "Did you mean 'who'"),
        ({"weight": "strength"}, MissingDataError, "no edge has the attribute 'strength'"),
        ({"directed": "yes"}, OptionError, "directed='yes'"),
        ({"nodes": "n.csv"}, OptionError, "edge lists only"),
    ]
    for options, error, message in cases:
        with pytest.raises(error, match=message):
            read_graph(path, **options)


#: Files, names and what the message says; none may be read.
REFUSED = {
    "g.dot": ("digraph { a -> b }", "export GEXF, GraphML or an edge list"),
    "g.gephi": ("x", "project of Gephi"),
    "g.pickle": ("x", "may run code"),
    "g.mtx": ("%%MatrixMarket", "mmread"),
    "g.json": ("{}", "node_link_graph"),
    "g.foo": ("a b", "of no format that is known"),
    "g.gexf": ("", "is empty"),
    "h.gexf": ("<graphml/>", "XML of another kind, and no GEXF file"),
    "g.graphml": ("<html>secret</html>", "XML of another kind, and no GraphML file"),
    "g.xml": ("<?xml version='1.0'?><a/>", "XML of another kind"),
    "g.gml": ("nothing [ 1 ]", "no valid GML"),
    "h.gml": ("Version 1", r"no graph \[ … \]"),
    "g.paj": ("a b", "does not begin with"),
    "g.xlsx": ("PK\x03\x04", "cannot be read as a workbook"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_files_are_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    text, message = REFUSED[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(FileError, match=message) as caught:
        read_graph(tmp_path / name)
    assert len(str(caught.value)) <= 600
    assert "secret" not in str(caught.value)


def test_absent_and_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.gexf does not exist"):
        read_graph(tmp_path / "none.gexf")
    with pytest.raises(FileError, match="is a folder"):
        read_graph(tmp_path)
    nx.write_gexf(drawn(), tmp_path / "g.gexf")
    (tmp_path / "cut.gexf.gz").write_bytes(gzip.compress((tmp_path / "g.gexf").read_bytes())[:300])
    with pytest.raises(FileError, match="cannot be read"):
        read_graph(tmp_path / "cut.gexf.gz")


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_cut_anywhere_is_an_error_of_few_words(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](drawn(), path)
    whole = path.read_bytes()
    last = len(whole.rstrip()) - 1
    for at in range(1, last, 41):
        path.write_bytes(whole[:at])
        with pytest.raises(GraphkitError) as caught:
            read_graph(path)
        assert len(str(caught.value)) <= 600


def outcome(path: Path) -> Graph | str:
    """The graph, or the message of the error of graphkit."""
    try:
        return read_graph(path)[0]
    except GraphkitError as error:
        return str(error)


@pytest.mark.parametrize("name", WRITERS)
def test_any_byte_may_be_wrong(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](drawn(), path)
    whole = path.read_bytes()
    for at in range(0, len(whole), 23):
        for byte in (b"\x00", b"<", b"\xff", b"]", b'"', b"9"):
            path.write_bytes(whole[:at] + byte + whole[at + 1 :])
            found = outcome(path)
            assert isinstance(found, Graph) or len(found) <= 600


def test_the_samples_hold_what_was_counted(shared_data: Path) -> None:
    folder = shared_data / "samples" / "graphs"
    if not folder.is_dir():
        pytest.skip("no samples of graphs beside the checkout")
    counted = json.loads((folder.parent / "expected.json").read_text())["graphs"]
    for name, expected in counted.items():
        if name == "graph.dot":
            with pytest.raises(FileError, match="DOT"):
                read_graph(folder / name)
            continue
        if expected["directed"] is None and name not in ("gephi_edges.csv", "gephi_nodes.csv"):
            with pytest.raises(DataError, match="pass directed="):
                read_graph(folder / name)
        told = expected["directed"]
        g, report = read_graph(folder / name, directed=True if told is None else None)
        assert (g.n_nodes, g.n_edges) == (expected["nodes"], expected["edges"]), name
        assert told in (None, g.directed)
        if expected["weight"] is not None:
            assert g.total_weight == expected["weight"], name
        assert report.n_dropped == 0


def test_the_samples_agree_with_other_readers(shared_data: Path) -> None:
    folder = shared_data / "samples" / "graphs"
    if not folder.is_dir():
        pytest.skip("no samples of graphs beside the checkout")
    readers: dict[str, Callable[[Path], Any]] = {
        "networkx_1.2draft.gexf": nx.read_gexf,
        "gephi.graphml": nx.read_graphml,
        "graph.gml": nx.read_gml,
    }
    for name, read in readers.items():
        expected = Graph.from_networkx(read(folder / name))
        g, _ = read_graph(folder / name)
        assert g.content_key == expected.content_key, name
    beside = read_graph(folder / "gephi_edges.csv", nodes=folder / "gephi_nodes.csv")[0]
    other = read_graph(folder / "gephi_1.3.gexf")[0]
    assert beside.content_key == other.content_key
    assert Partition.from_attribute(beside, "modularity_class") == Partition.from_attribute(
        other, "modularity_class"
    )


def test_graphs_and_frames_are_no_files() -> None:
    with pytest.raises(DataError, match="goes into graphkit's functions as it is"):
        read_graph(nx.path_graph(3))  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"Graph\.from_edges\(df\['source'\], df\['target'\]"):
        read_graph(pl.DataFrame({"source": ["a"], "target": ["b"]}))  # type: ignore[arg-type]
