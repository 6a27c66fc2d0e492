"""Labels from attributes of nodes: the value that most members have, and others have less."""

from __future__ import annotations

from typing import Any

import pytest

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import MissingDataError

IDS = [f"n{i:02}" for i in range(20)]
HALVES = Partition.from_membership(IDS, [0] * 10 + [1] * 10)


def graph(**columns: Any) -> Graph:
    return Graph.from_edges([], [], directed=False, nodes=IDS, attributes={"id": IDS, **columns})


def test_the_share_is_that_of_the_members_with_a_value() -> None:
    values = ["Red"] * 8 + ["blue", None] + ["blue"] * 9 + ["Red"]
    p = gk.label_communities(HALVES, graph(camp=values), by="camp")
    assert p.labels == ("Red", "blue")
    assert p.evidence is not None
    rows = p.evidence.filter(p.evidence["rank"] == 1).select(
        "community", "tag", "nodes", "share_in", "share_out"
    )
    assert rows.rows() == [(0, "Red", 8, 8 / 9, 1 / 10), (1, "blue", 9, 9 / 10, 1 / 9)]
    assert p.provenance.parameters["by"] == "camp"


def test_numbers_truth_values_and_lists() -> None:
    numbers = gk.label_communities(HALVES, graph(x=[7] * 10 + [8] * 10), by="x")
    assert numbers.labels == ("7", "8")
    flags = gk.label_communities(HALVES, graph(x=[True] * 10 + [False] * 10), by="x")
    assert flags.labels == ("true", "false")
    lists = [["fyp", "goth"]] * 10 + [["fyp", "tea"]] * 10
    assert gk.label_communities(HALVES, graph(tags=lists)).labels == ("goth", "tea")


def test_a_value_that_all_have_names_nobody() -> None:
    p = gk.label_communities(HALVES, graph(x=["same"] * 20), by="x")
    assert p.labels == (None, None)


def test_one_value_names_one_community() -> None:
    ids = [f"m{i:02}" for i in range(40)]
    quarters = Partition.from_membership(ids, [0] * 10 + [1] * 10 + [2] * 20)
    table = {"id": ids, "x": ["red"] * 20 + ["blue"] * 20}
    g = Graph.from_edges([], [], directed=False, nodes=ids, attributes=table)
    labels = gk.label_communities(quarters, g, by="x").labels
    assert sorted(labels, key=str) == [None, "blue", "red"]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(MissingDataError, match="Did you mean 'camp'"):
        gk.label_communities(HALVES, graph(camp=["a"] * 20), by="cmap")
    with pytest.raises(MissingDataError, match="no attribute 'tags'; there are none"):
        gk.label_communities(HALVES, Graph.from_edges("a", "b", directed=False))
    with pytest.raises(MissingDataError, match="has a value of the attribute 'x'"):
        gk.label_communities(HALVES, graph(x=[None] * 20), by="x")


def test_the_attribute_is_asked_for() -> None:
    g = Graph.from_edges(
        ["a"], ["b"], directed=False, attributes={"id": ["a", "b"], "side": [1, 2]}
    )
    p = Partition.from_membership(["a", "b"], [0, 0])
    with pytest.raises(MissingDataError, match="Name the one that names communities: by='side'"):
        gk.label_communities(p, g)
