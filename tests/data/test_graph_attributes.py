"""Attributes of nodes: kept, carried, aligned, saved, and out of the content key."""

from __future__ import annotations

import datetime as dt
import pickle
from pathlib import Path
from typing import Any

import igraph
import networkx as nx
import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.attributes import to_column
from graphkit.data.graph import Graph
from graphkit.errors import DataError, GraphkitWarning, MissingDataError
from graphkit.graphs import backbone
from graphkit.nullmodels import random_forest, rewire

TABLE = {"id": ["c", "a", "b"], "age": [30, 10, None], "side": ["left", "right", "left"]}


def triangle() -> Graph:
    return Graph.from_edges("abc", "bca", directed=False, attributes=TABLE)


def test_rows_follow_the_vocabulary() -> None:
    g = triangle()
    assert g.attributes is not None
    assert g.attributes.rows() == [("a", 10, "right"), ("b", None, "left"), ("c", 30, "left")]
    assert "'age', 'side'" in repr(g)
    assert Graph.from_edges("ab", "bc", directed=False).attributes is None


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame(TABLE),
        pl.DataFrame(TABLE).lazy(),
        {**TABLE, "age": np.array([30, 10, 20])},
        pl.DataFrame(TABLE).with_columns(pl.col("side").cast(pl.Categorical)),
    ],
)
def test_tables_of_every_kind(table: Any) -> None:
    g = Graph.from_edges("abc", "bca", directed=False, attributes=table)
    assert g.attributes is not None
    assert g.attributes.get_column("side").to_list() == ["right", "left", "left"]
    assert g.attributes.get_column("age")[0] == 10


def test_tables_of_pandas() -> None:
    pd = pytest.importorskip("pandas")
    g = Graph.from_edges("abc", "bca", directed=False, attributes=pd.DataFrame(TABLE))
    assert g.attributes is not None
    assert g.attributes.rows() == [("a", 10.0, "right"), ("b", None, "left"), ("c", 30.0, "left")]
    assert to_column("n", [None, pd.NA, pd.NaT])[0].to_list() == [None] * 3  # type: ignore[union-attr]


def test_nodes_without_a_row_have_nulls_and_strangers_are_refused() -> None:
    g = Graph.from_edges("ab", "bc", directed=False, attributes={"id": ["b"], "x": [1.5]})
    assert g.attributes is not None
    assert g.attributes.get_column("x").to_list() == [None, 1.5, None]
    cases: list[tuple[Any, type[Exception], str]] = [
        ({"id": ["z"], "x": [1]}, DataError, "row 1: id 'z' is no node"),
        ({"id": ["a", "a"], "x": [1, 2]}, DataError, "row 2: id 'a' has several rows"),
        ({"Id": ["a"], "x": [1]}, MissingDataError, "Did you mean 'Id'"),
        ([1, 2], DataError, "not a list"),
        ({"id": ["a"], "x": [{"deep": 1}]}, DataError, "'x' holds values of a kind"),
    ]
    for table, error, message in cases:
        with pytest.raises(error, match=message):
            Graph.from_edges("ab", "bc", directed=False, attributes=table)
    with pytest.raises(DataError, match="begin with a column 'id'"):
        Graph(
            *(g.vocabulary, g.indptr, g.indices, g.weights, False),
            attributes=pl.DataFrame({"id": ["b", "a", "c"], "x": [1, 2, 3]}),
        )


def test_the_content_key_is_that_of_nodes_and_edges() -> None:
    plain = Graph.from_edges("abc", "bca", directed=False)
    # keys of files and studies that were made before there were attributes
    assert plain.content_key == triangle().content_key == "2e2d8c1925798b7be3a5769e749f15ee"
    assert plain._key == "c5ea398f86efc3b584e5cf677d01f79a"
    assert plain != triangle()
    assert triangle() == triangle()
    assert triangle().with_attributes(None) == plain
    assert "attributes" not in plain.__getstate__()


def test_attributes_stay_with_their_nodes() -> None:
    g = Graph.from_edges(
        "abcx", "bcay", directed=False, attributes={"id": list("abcxy"), "n": [1, 2, 3, 4, 5]}
    )
    kept = {
        "subgraph": (g.subgraph(["y", "b"]), [("b", 2), ("y", 5)]),
        "component": (g.largest_component(), [("a", 1), ("b", 2), ("c", 3)]),
    }
    for name, (part, rows) in kept.items():
        assert part.attributes is not None, name
        assert part.attributes.rows() == rows, name
    loops = Graph.from_edges("aab", "abc", directed=True, attributes={"id": ["a"], "n": [1]})
    same = [
        *(loops.without_loops(), loops.to_undirected()),
        *(rewire(loops, rng=1), backbone(loops, method="threshold", min_weight=1).graph),
    ]
    for other in same:
        assert other.attributes is not None
        assert other.attributes.equals(loops.attributes)
    tree = Graph.from_edges("ab", "bc", directed=False, attributes={"id": ["a"], "n": [1]})
    assert random_forest(tree, rng=1).attributes.equals(tree.attributes)  # type: ignore[union-attr]
    signed = Graph.from_edges(
        "ab", "bc", [1, -1], directed=False, attributes={"id": ["a"], "n": [1]}
    )
    for layer in gk.communities.by_sign(signed).values():
        assert layer.attributes is not None


def test_node_data_of_networkx_come_and_go() -> None:
    other = nx.DiGraph()
    other.add_node("a", age=3, big=2**62, flag=True, tags=["x", "y"], seen=dt.date(2024, 5, 1))
    other.add_node("b", age=None, x=float("inf"), viz={"size": 1}, id="own")
    other.add_edge("a", "b", weight=2)
    g = Graph.from_networkx(other)
    assert g.attributes is not None
    assert g.attributes.schema == {
        "id": pl.String,
        "age": pl.Int64,
        "big": pl.Int64,
        "flag": pl.Boolean,
        "tags": pl.List(pl.String),
        "seen": pl.Date,
        "x": pl.Float64,
        "id_2": pl.String,
    }
    assert dict(g.provenance.removed) == {"node attributes of other kinds ('viz')": 1}
    back = g.to_networkx()
    assert back.nodes["a"] == {
        "age": 3,
        "big": 2**62,
        "flag": True,
        "tags": ["x", "y"],
        "seen": dt.date(2024, 5, 1),
    }
    assert back.nodes["b"] == {"x": float("inf"), "id_2": "own"}
    assert Graph.from_networkx(back) == g


def test_vertex_attributes_of_igraph_come_and_go() -> None:
    other = igraph.Graph(3, [(0, 1), (1, 2)])
    other.vs["name"] = ["c", "b", "a"]
    other.vs["age"] = [30, None, 10]
    g = Graph.from_igraph(other)
    assert g.attributes is not None
    assert g.attributes.rows() == [("a", 10), ("b", None), ("c", 30)]
    back = g.to_igraph()
    assert back.vs["name"] == ["a", "b", "c"]
    assert back.vs["age"] == [10, None, 30]
    assert Graph.from_igraph(back) == g
    named = Graph.from_edges([1], [2], directed=True, attributes={"id": [2], "name": ["two"]})
    assert named.to_igraph().vs["name"] == ["1", "2"]
    assert named.to_igraph().vs["name_2"] == [None, "two"]


def test_values_of_several_kinds_are_text_and_told() -> None:
    other = nx.Graph([("a", "b")])
    other.nodes["a"]["x"], other.nodes["b"]["x"] = 7281986300348026145, 0.5
    with pytest.warns(GraphkitWarning, match="'x'"):
        g = Graph.from_networkx(other)
    assert g.attributes is not None
    assert g.attributes.get_column("x").to_list() == ["7281986300348026145", "0.5"]
    assert to_column("n", [2**70, 1])[0].to_list() == [str(2**70), "1"]  # type: ignore[union-attr]
    times = [dt.datetime(2024, 5, 1), dt.datetime(2024, 5, 1, tzinfo=dt.UTC), None]
    texts, made_text = to_column("t", times)
    assert made_text
    assert texts is not None
    assert texts.to_list() == ["2024-05-01 00:00:00", "2024-05-01 00:00:00+00:00", None]
    assert to_column("n", [object()]) == (None, False)
    nested = to_column("n", [["a", 1], None, {"b"}])[0]
    assert nested is not None
    assert nested.to_list() == [["a", "1"], None, ["b"]]


def test_saved_and_pickled(tmp_path: Path) -> None:
    g = Graph.from_edges(
        "ab",
        "bc",
        directed=True,
        attributes={
            "id": ["a"],
            "n": [2**60],
            "l": [["x", "y"]],
            "b": [False],
            "d": [dt.date(2024, 1, 2)],
        },
    )
    assert Graph.load(g.save(tmp_path / "g")) == g
    assert Graph.load(tmp_path / "g.npz").attributes.equals(g.attributes)  # type: ignore[union-attr]
    assert pickle.loads(pickle.dumps(g)) == g
    plain = g.with_attributes(None)
    with np.load(plain.save(tmp_path / "plain")) as file:
        assert "attributes" not in file.files
    assert Graph.load(tmp_path / "plain.npz") == plain


def test_ids_of_other_kinds_have_attributes_too() -> None:
    ids = [("a", 1), ("b", 2)]
    g = Graph.from_edges(
        [ids[0]], [ids[1]], directed=False, attributes={"id": ids[::-1], "n": [2, 1]}
    )
    assert g.attributes is not None
    assert g.attributes.get_column("n").to_list() == [1, 2]
