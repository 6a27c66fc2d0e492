from __future__ import annotations

import pytest

import graphkit as gk
from graphkit.errors import DataError, MissingDataError
from graphkit.graphs import follow_graph


def test_arcs_run_from_follower_to_followee() -> None:
    ds = gk.Dataset(
        accounts={"account_id": ["d", "b", "a", "c"]},
        follows={"follower_id": ["c", "b", "a"], "followee_id": ["a", "a", "b"]},
    )
    graph = follow_graph(ds)
    assert graph.directed
    assert graph.node_kind == "accounts"
    assert graph.vocabulary.ids.tolist() == ["a", "b", "c", "d"]
    assert graph.edges().rows() == [("a", "b", 1.0), ("b", "a", 1.0), ("c", "a", 1.0)]
    assert graph.degree().tolist() == [3, 2, 1, 0]
    assert graph.provenance.verb == "follow_graph"
    assert graph.provenance.inputs == (ds.content_key,)


def test_order_of_rows_does_not_matter() -> None:
    one = gk.Dataset(follows={"follower_id": ["c", "b"], "followee_id": ["a", "c"]})
    other = gk.Dataset(follows={"follower_id": ["b", "c"], "followee_id": ["c", "a"]})
    assert follow_graph(one).content_key == follow_graph(other).content_key


def test_missing_follows_are_named() -> None:
    ds = gk.Dataset(interactions={"account_id": ["a"], "item_id": ["v"], "kind": ["like"]})
    with pytest.raises(MissingDataError, match="follow_graph needs the table 'follows'"):
        follow_graph(ds)


def test_an_empty_table_of_follows_is_refused() -> None:
    ds = gk.Dataset(accounts={"account_id": ["a"]}, follows={"follower_id": [], "followee_id": []})
    with pytest.raises(DataError, match="'follows' is empty"):
        follow_graph(ds)
