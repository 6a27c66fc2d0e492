"""Partitions from mappings, pairs and attributes, and new labels for them."""

from __future__ import annotations

from typing import Any

import networkx as nx
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, MissingDataError, OptionError


@pytest.mark.parametrize(
    "given",
    [
        {"a": "x", "b": "y", "c": "y"},
        [("c", "y"), ("a", "x"), ("b", "y")],
        zip("abc", "xyy", strict=True),
        {"a": "x", "b": "y", "c": "y"}.items(),
    ],
)
def test_mappings_and_pairs(given: Any) -> None:
    p = Partition.from_membership(given)
    assert p == Partition.from_membership("abc", ["x", "y", "y"])
    assert p.labels == ("y", "x")


def test_a_graph_says_which_nodes_there_are() -> None:
    g = Graph.from_edges("abc", "bcd", directed=False, node_kind="accounts")
    p = Partition.from_membership({"b": 5, "a": 5, "d": 2}, graph=g)
    assert p.vocabulary == g.vocabulary
    assert p.membership.tolist() == [0, 0, -1, 1]
    assert p.node_kind == "accounts"
    assert dict(p.provenance.removed) == {"nodes without a membership": 1}
    assert Partition.from_membership(["b", "a", "d"], [5, 5, 2], graph=g) == p
    assert Partition.from_membership(
        [("b", 5), ("a", 5), ("d", 2)], graph=nx.Graph([("a", "b"), ("b", "c"), ("c", "d")])
    ).membership.tolist() == [0, 0, -1, 1]
    with pytest.raises(DataError, match="1 keys of the memberships are no ids, such as 'z'"):
        Partition.from_membership({"z": 1}, graph=g)
    with pytest.raises(DataError, match="2 memberships for 1 ids"):
        Partition.from_membership(["a"], [1, 2], graph=g)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([("a", 1), ("a", 2)], "entry 2: the id 'a' is there twice"),
        (["a", "b"], "entry 1, 'a', is no pair"),
        ([("a", 1, 2)], "entry 1, .* is no pair"),
        ([([], 1)], "ids are hashable"),
        ([{"a", "b"}, {"c"}], "entry 1 is a set: .*enumerate"),
        ([[0, 1], [2, 3]], "entry 1 is a list: .* pairs .* are tuples"),
        (7, "a int is no membership"),
    ],
)
def test_what_are_no_pairs_is_refused(given: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Partition.from_membership(given)


def test_an_attribute_is_a_partition() -> None:
    table = {
        "id": list("abcd"),
        "modularity_class": [7, 7, None, 2],
        "whole": [1.0, 1.0, 2.0, None],
        "part": [0.5, 1.0, 1.0, 1.0],
        "flag": [True, False, True, True],
        "text": ["u", "", "v", "v"],
        "list": [["a"], ["a"], ["a"], ["a"]],
    }
    g = Graph.from_edges("abc", "bcd", directed=False, attributes=table)
    p = Partition.from_attribute(g, "modularity_class")
    assert (p.labels, p.membership.tolist()) == (("7", "2"), [0, 0, -1, 1])
    assert dict(p.provenance.removed) == {"nodes without a membership": 1}
    assert Partition.from_attribute(g, "whole").labels == ("1", "2")
    assert Partition.from_attribute(g, "flag").labels == ("true", "false")
    assert Partition.from_attribute(g, "text").membership.tolist() == [1, -1, 0, 0]
    assert Partition.from_attribute(g.to_networkx(), "modularity_class") == p
    for name in ("part", "list"):
        with pytest.raises(DataError, match=f"the attribute '{name}' holds"):
            Partition.from_attribute(g, name)
    with pytest.raises(MissingDataError, match="Did you mean 'modularity_class'"):
        Partition.from_attribute(g, "modularity_clas")
    with pytest.raises(MissingDataError, match="there are none"):
        Partition.from_attribute(g.with_attributes(None), "x")


def test_labels_are_renamed_at_once() -> None:
    p = Partition.from_membership({"a": "x", "b": "y", "c": "y", "d": "z"})
    assert p.rename({"x": "y", "y": "x"}).labels == ("x", "y", "z")
    assert p.rename({0: None, "x": "new"}).labels == (None, "new", "z")
    assert p.rename({}).labels == p.labels
    assert p.rename({"x": "new"}).membership_key == p.membership_key
    assert p.rename({"x": "new"}).provenance.parameters["labels"] == {"x": "new"}
    cases: list[tuple[dict[Any, Any], type[Exception], str]] = [
        ({"w": "q"}, MissingDataError, "no community is named 'w'"),
        ({9: "q"}, OptionError, "community 9 does not exist"),
        ({"x": "y"}, DataError, "labels must be unique"),
        ({"x": 3}, DataError, "3 is no label"),
        ({"y": "p", 0: "q"}, OptionError, "named twice"),
    ]
    for labels, error, message in cases:
        with pytest.raises(error, match=message):
            p.rename(labels)


def test_renamed_labels_keep_their_evidence() -> None:
    ids = [f"{side}{i}" for side in "bj" for i in range(9)]
    table = {"id": ids, "side": ["books"] * 9 + ["jazz"] * 9}
    g = Graph.from_edges([], [], directed=False, nodes=ids, attributes=table)
    p = gk.label_communities(Partition.from_membership(ids, [0] * 9 + [1] * 9), g, by="side")
    q = p.rename({"books": "readers"})
    assert q.labels == ("readers", "jazz")
    assert q.evidence is not None
    assert q.evidence.get_column("label").to_list() == ["readers", "jazz"]
    assert q.evidence.drop("label").equals(p.evidence.drop("label"))  # type: ignore[union-attr]


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_a_frame_is_told_to_give_its_columns(library: str) -> None:
    frame: Any = pl.DataFrame({"node": ["a", "b"], "group": [0, 1]})
    frame = frame.to_pandas() if library == "pandas" else frame
    with pytest.raises(DataError, match=r"from_membership\(df\['node'\], df\['group'\]\)"):
        Partition.from_membership(frame)
    assert Partition.from_membership(frame["node"], frame["group"]).n_communities == 2
