"""Graphs written as GEXF and as tables, opened by networkx, igraph, pandas and graphkit itself."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.readwrite import read_graph, write_gexf, write_graph, write_graphml

GEXF, VIZ = "{http://gexf.net/1.3}", "{http://gexf.net/1.3/viz}"
#: Ids that programs have lost or changed before, and attributes of every type.
IDS = ["0017", "7281986300348026145", "=1+1", "-x9_", "@bob", "q\"'<&>", "a, b; c", "b 😀"]
TABLE: dict[str, list[Any]] = {
    "id": IDS,
    "label": ["Ann & Co", None, " blanks ", "a\nb", "x", "y", "z", "“é”"],
    "count": [3, None, -4, 5, 0, 1, 2, 2**53],
    "long": [2**62, None, 1, 2, 3, 4, 5, 6],
    "share": [0.1, None, float("inf"), 1e-300, -float("inf"), 0.5, 1.5, 2.0],
    "flag": [True, False, None, True, True, False, False, True],
    "tags": [["x", "y"], [], None, ["z"], ["#é"], ["a b"], ["1"], ["t"]],
    "odd tags": [["a,b"], ["]"], None, [], ["x"], ["x"], ["x"], ["x"]],
    "day": [f"2024-05-{k + 10}" for k in range(8)],
}  # fmt: skip


def odd_graph(directed: bool = True) -> Graph:
    return Graph.from_edges(
        *(IDS[:6], IDS[1:7], [0.1, 2.5, 1e-9, 3, 1, 7e20]),
        directed=directed,
        nodes=IDS,
        attributes=TABLE,
    )


def partition_of(graph: Graph) -> Partition:
    names = dict.fromkeys(IDS[:4], "left") | dict.fromkeys(IDS[4:7], "right & up")
    return Partition.from_membership(names, graph=graph)


def known(graph: Graph, name: str) -> dict[str, Any]:
    assert graph.attributes is not None
    rows = graph.attributes.select("id", name).rows()
    return {node: value for node, value in rows if value is not None}


@pytest.mark.parametrize("directed", [True, False])
def test_write_gexf_is_the_same_graph_elsewhere(directed: bool, tmp_path: Path) -> None:
    g = odd_graph(directed)
    path = write_gexf(g, tmp_path / "g.gexf", partition=partition_of(g))
    own, report = read_graph(path)
    assert own.content_key == g.content_key
    assert report.n_dropped == 0
    for name in list(TABLE)[1:]:
        if name in ("long", "odd tags"):
            assert own.attributes is not None
            assert own.attributes[name].dtype == pl.String
        else:
            assert known(own, name) == known(g, name), name
    assert known(own, "long") == {node: str(value) for node, value in known(g, "long").items()}
    assert known(own, "community_label")["@bob"] == "right & up"
    assert "b 😀" not in known(own, "community")
    theirs = nx.read_gexf(path)
    assert theirs.is_directed() == directed
    assert Graph.from_networkx(theirs).content_key == g.content_key
    for name in ("label", "count", "share", "flag", "day"):
        found = {n: v for n, v in nx.get_node_attributes(theirs, name).items() if v is not None}
        assert found == known(g, name), name
    assert nx.get_node_attributes(theirs, "community")["0017"] == 0


def test_write_gexf_is_in_the_form_of_the_schema(tmp_path: Path) -> None:
    """The order of elements, and the attributes that the schema of GEXF 1.3 knows and needs."""
    g = odd_graph()
    p = partition_of(g)
    places = {"0017": (1.0, -2.5), "=1+1": (1e-7, 3.0)}
    path = write_gexf(g, tmp_path / "g.gexf", partition=p, positions=places)
    root = ET.parse(path).getroot()
    assert (root.tag, root.attrib) == (f"{GEXF}gexf", {"version": "1.3"})
    meta, graph = root
    assert [e.tag for e in meta] == [f"{GEXF}creator"]
    assert graph.attrib == {"defaultedgetype": "directed", "mode": "static", "idtype": "string"}
    assert [e.tag for e in graph] == [f"{GEXF}{name}" for name in ("attributes", "nodes", "edges")]
    declared = {e.attrib["id"]: e.attrib["type"] for e in graph[0]}
    assert declared == {
        "count": "long",
        "long": "string",
        "share": "double",
        "flag": "boolean",
        "tags": "liststring",
        "odd tags": "string",
        "day": "string",
        "community": "long",
        "community_label": "string",
    }
    assert all(set(e.attrib) == {"id", "title", "type"} for e in graph[0])
    for node in graph[1]:
        assert {"id"} <= set(node.attrib) <= {"id", "label"}
        parts = [e.tag for e in node]
        placed = [f"{VIZ}position"] if node.attrib["id"] in places else []
        assert parts == [f"{GEXF}attvalues", f"{VIZ}size", *placed, f"{VIZ}color"]
        assert all(e.attrib["for"] in declared for e in node[0])
        assert all(0 <= int(node[-1].attrib[channel]) <= 255 for channel in "rgb")
        assert 4 <= float(node[1].attrib["value"]) <= 30
    assert all(set(e.attrib) == {"source", "target", "weight"} for e in graph[2])
    drawn = nx.read_gexf(path).nodes
    assert drawn["=1+1"]["viz"]["position"] == {"x": 1e-7, "y": 3.0, "z": 0.0}
    colours = {node: tuple(data["viz"]["color"].values())[:3] for node, data in drawn.items()}
    assert colours["0017"] == colours["=1+1"] == (0x33, 0x22, 0x88)
    assert colours["@bob"] == (0xCC, 0x66, 0x77)
    assert colours["b 😀"] not in (colours["0017"], colours["@bob"])


def test_write_gexf_has_the_verdicts_and_the_consistency(tmp_path: Path) -> None:
    platform = gk.synthetic.platform(accounts=300, rng=5)
    g = gk.cointeraction_graph(platform.dataset, max_degree=40)
    p = gk.leiden(g, runs=3, rng=1)
    v = gk.visibility(p, gk.follow_graph(platform.dataset), runs=2, rng=1)
    own, _ = read_graph(write_gexf(g, tmp_path / "g.gexf", partition=p, visibility=v))
    assert own.attributes is not None
    verdicts = dict(v.frame.select("community", "verdict").rows())
    told = own.attributes.select("community", "visibility", "consistency").rows()
    assert [row[1] for row in told] == [verdicts.get(row[0]) for row in told]
    assert p.consistency is not None
    assert np.array_equal(
        own.attributes["consistency"].fill_null(float("nan")).cast(pl.Float32).to_numpy(),
        p.consistency,
        equal_nan=True,
    )
    other = gk.leiden(g, runs=1, resolution=3, rng=1)
    with pytest.raises(DataError, match="visibility= is of another partition"):
        write_gexf(g, tmp_path / "g.gexf", partition=other, visibility=v)
    with pytest.raises(MissingDataError, match="pass their partition="):
        write_gexf(g, tmp_path / "g.gexf", visibility=v)


def test_write_gexf_takes_layouts_of_igraph_and_networkx(tmp_path: Path) -> None:
    g = Graph.from_edges("abc", "bcd", directed=False)
    for layout in (g.to_igraph().layout_circle(), nx.circular_layout(g.to_networkx())):
        path = write_gexf(g, tmp_path / "g.gexf", positions=layout)
        placed = {n: data["viz"]["position"] for n, data in nx.read_gexf(path).nodes(data=True)}
        assert placed["a"]["x"] == pytest.approx(1)
        assert placed["b"]["y"] == pytest.approx(1)
    both = write_graphml(g, tmp_path / "g.graphml", positions=np.arange(12).reshape(4, 3))
    assert nx.read_graphml(both).nodes["d"] == {"x": 9.0, "y": 10.0, "z": 11.0}
    for wrong, told in (
        (np.zeros((3, 2)), "3 rows for 4 nodes"),
        (np.full((4, 2), np.nan), "finite numbers"),
        ({"z": (0, 0)}, "'z', which is no node"),
        ([1, 2, 3, 4], "two or three finite numbers"),
    ):
        with pytest.raises(DataError, match=told):
            write_gexf(g, tmp_path / "g.gexf", positions=wrong)


@pytest.mark.parametrize("write", [write_gexf, write_graphml])
def test_further_columns_are_written_beside_the_attributes(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    g = Graph.from_edges("ab", "bc", directed=False, attributes={"id": ["a"], "age": [31]})
    path = tmp_path / f"g.{write.__name__.removeprefix('write_')}"
    for table in ({"id": ["c"], "rank": [1.5]}, pl.DataFrame({"id": ["c"], "rank": [1.5]})):
        own, _ = read_graph(write(g, path, attributes=table))
        assert own.attributes is not None
        assert own.attributes.select("id", "age", "rank").rows() == [
            *(("a", 31, None), ("b", None, None), ("c", None, 1.5))
        ]
    with pytest.raises(DataError, match="attribute 'age' already"):
        write(g, path, attributes={"id": ["a"], "age": [1]})
    with pytest.raises(DataError, match="'z' is no node"):
        write(g, path, attributes={"id": ["z"], "rank": [1]})


def test_write_gexf_gives_the_same_bytes_and_refuses_what_it_cannot_write(tmp_path: Path) -> None:
    one = write_gexf(odd_graph(), tmp_path / "a.gexf.gz")
    other = write_gexf(odd_graph(), tmp_path / "b.gexf.gz")
    assert one.read_bytes() == other.read_bytes()
    assert read_graph(one)[0].content_key == odd_graph().content_key
    bad = Graph.from_edges("ab", "bc", directed=False, attributes={"id": ["a"], "t": ["x\x0by"]})
    with pytest.raises(DataError, match=r"the attribute 't'.*control character"):
        write_gexf(bad, tmp_path / "bad.gexf")
    with pytest.raises(OptionError, match="palette= has 'red'"):
        write_gexf(odd_graph(), tmp_path / "bad.gexf", palette=["red"])
    with pytest.raises(OptionError, match=r"end it in \.gexf"):
        write_gexf(odd_graph(), tmp_path / "g.graphml")
    assert not (tmp_path / "bad.gexf").exists()


def test_lists_of_numbers_are_lists_that_networkx_reads(tmp_path: Path) -> None:
    table = pl.DataFrame({"id": ["a", "b"], "days": [[1, 2], []], "few": [[0.5], None]})
    g = Graph.from_edges(["a"], ["b"], directed=False, attributes=table)
    path = write_gexf(g, tmp_path / "g.gexf")
    assert nx.read_gexf(path).nodes["a"]["days"] == "[1, 2]"
    assert known(read_graph(path)[0], "days") == {"a": ["1", "2"], "b": []}
    assert known(read_graph(path)[0], "few") == {"a": ["0.5"]}


def test_write_gexf_of_graphs_without_edges_and_with_integers(tmp_path: Path) -> None:
    g = Graph.from_edges(
        [7281986300348026145], [2], directed=False, nodes=[7281986300348026145, 2, 3]
    )
    own, _ = read_graph(write_gexf(g, tmp_path / "g.gexf"))
    assert own.edges().rows() == [("2", "7281986300348026145", 1.0)]
    assert own.vocabulary.ids.tolist() == ["2", "3", "7281986300348026145"]
    lone = Graph.from_edges([], [], directed=True, nodes=["a"])
    assert nx.read_gexf(write_gexf(lone, tmp_path / "l.gexf")).number_of_nodes() == 1


@pytest.mark.parametrize("directed", [True, False])
def test_tables_hold_the_same_graph(directed: bool, tmp_path: Path) -> None:
    g = odd_graph(directed)
    for ending, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        path = write_graph(g, tmp_path / f"g.{ending}", partition=partition_of(g))
        text = {"dtype": {"Id": str, "Source": str, "Target": str}} if ending == "csv" else {}
        edges = read(path, **text)
        nodes = read(tmp_path / f"g_nodes.{ending}", **text)
        assert edges.columns.tolist() == ["Source", "Target", "Type", "Weight"]
        assert set(edges["Type"]) == {"Directed" if directed else "Undirected"}
        triples = edges[["Source", "Target", "Weight"]].itertuples(index=False, name=None)
        assert sorted(triples) == sorted(g.edges().rows())
        assert nodes.columns.tolist()[:3] == ["Id", "Label", "count"]
        assert sorted(nodes["Id"]) == sorted(IDS)
        theirs = igraph.Graph.DataFrame(edges, directed=directed, vertices=nodes, use_vids=False)
        assert theirs.vs["name"] == nodes["Id"].tolist()
        assert theirs.ecount() == g.n_edges
        elsewhere = nx.from_pandas_edgelist(
            edges.rename(columns={"Weight": "weight"}),
            *("Source", "Target", "weight"),
            create_using=nx.DiGraph if directed else nx.Graph,
        )
        elsewhere.add_nodes_from(nodes["Id"])
        assert Graph.from_networkx(elsewhere).content_key == g.content_key


def test_tables_are_read_back(tmp_path: Path) -> None:
    g = odd_graph()
    path = write_graph(g, tmp_path / "g.csv", partition=partition_of(g))
    own, _ = read_graph(path, nodes=tmp_path / "g_nodes.csv")
    assert own.content_key == g.content_key
    for name in ("count", "flag", "day"):
        assert known(own, name) == known(g, name), name
    assert known(own, "community")["@bob"] == 1


def test_tables_name_no_column_twice_for_gephi(tmp_path: Path) -> None:
    g = Graph.from_edges([1], [2], directed=True, attributes={"id": [1], "ID": [9], "Label": ["x"]})
    write_graph(g, tmp_path / "g.parquet")
    nodes = pl.read_parquet(tmp_path / "g_nodes.parquet")
    assert nodes.columns == ["Id", "Label", "ID_2", "Label_2"]
    assert nodes.rows() == [(1, "1", 9, "x"), (2, "2", None, None)]


def test_write_graph_goes_by_the_ending(tmp_path: Path) -> None:
    g = odd_graph()
    for name, write in (("g.gexf", write_gexf), ("g.graphml.gz", write_graphml)):
        written = write_graph(g, tmp_path / name).read_bytes()
        assert written == write(g, tmp_path / f"twin.{name}").read_bytes()
    for name in ("g.gml", "g.csv.gz", "g", "g.xlsx"):
        with pytest.raises(OptionError, match="known by the ending"):
            write_graph(g, tmp_path / name)
