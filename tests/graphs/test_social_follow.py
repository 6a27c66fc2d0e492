from __future__ import annotations

from typing import Any

import pytest

import graphkit as gk
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.graphs import describe, follow_graph


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
    assert "whole_lists" not in graph.provenance.parameters


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


@pytest.fixture
def dated() -> gk.Dataset:
    """a and b follow one another, a and c too (its list is cut short); b follows d, and d a."""
    return gk.Dataset(
        accounts={"account_id": list("abcde"), "list_complete": [True, True, False, None, True]},
        follows={
            "follower_id": ["a", "b", "b", "c", "d", "a"],
            "followee_id": ["b", "a", "d", "a", "a", "c"],
            "since": ["2024-01-01", "2024-02-01", None, "2024-01-15", None, "2024-03-01"],
        },
    )


def arcs(graph: gk.Graph) -> list[str]:
    return [a + b for a, b, _ in graph.edges().iter_rows()]


def test_lists_that_are_cut_short_are_counted_whatever_is_asked(dated: gk.Dataset) -> None:
    for graph in (follow_graph(dated), follow_graph(dated, mutual=True)):
        asked = graph.provenance.parameters
        assert (asked["whole_lists"], asked["cut_lists"], asked["unknown_lists"]) == (3, 1, 1)
        assert graph.n_nodes == 5


@pytest.mark.parametrize(
    ("options", "left", "removed"),
    [
        ({}, "ab ac ba bd ca da", {}),
        ({"until": "2024-02-01"}, "ab bd ca da", {"follows made later": 2}),
        ({"until": "2024-02-01T00:00:01Z"}, "ab ba bd ca da", {"follows made later": 1}),
        (
            {"complete_only": True},
            "ab ac ba bd",
            {"follows of accounts whose lists are not known to be whole": 2},
        ),
        ({"mutual": True}, "ab ac ba ca", {"follows that are not returned": 2}),
        (
            {"mutual": True, "complete_only": True},
            "ab ba",
            {
                "follows of accounts whose lists are not known to be whole": 2,
                "follows that are not returned": 2,
            },
        ),
        (
            {"mutual": True, "until": "2024-01-10"},
            "",
            {"follows made later": 3, "follows that are not returned": 3},
        ),
    ],
)
def test_options(
    dated: gk.Dataset, options: dict[str, Any], left: str, removed: dict[str, int]
) -> None:
    graph = follow_graph(dated, **options)
    assert arcs(graph) == left.split()
    assert dict(graph.provenance.removed) == removed
    assert graph.directed
    assert graph.n_edges + sum(removed.values()) == 6
    if graph.n_edges and options.get("mutual"):
        assert describe(graph)["reciprocity"] == 1


def test_follows_without_a_time_stay_and_are_counted(dated: gk.Dataset) -> None:
    past, _ = dated.split_time("2024-02-01")
    graph = follow_graph(dated, until="2024-02-01")
    assert graph.provenance.parameters["untimed"] == 2
    assert graph.provenance.parameters["until"] == "2024-02-01T00:00:00+00:00"
    assert arcs(graph) == arcs(follow_graph(past))


def test_what_is_not_known_is_said(dated: gk.Dataset) -> None:
    plain = gk.Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]})
    with pytest.raises(MissingDataError, match=r"needs the column follows\.since"):
        follow_graph(plain, until="2024-01-01")
    with pytest.raises(MissingDataError, match="needs the table 'accounts'"):
        follow_graph(plain, complete_only=True)
    assert dated.accounts is not None
    cut = gk.Dataset(
        accounts={"account_id": ["a", "b"], "list_complete": [False, None]}, follows=plain.follows
    )
    with pytest.raises(MissingDataError, match="no list of follows is known to be whole"):
        follow_graph(cut, complete_only=True)
    collected = gk.Dataset(follows=dated.follows, time_kinds={"follows.since": "collected"})
    with pytest.raises(MissingDataError, match="time kind is 'collected'"):
        follow_graph(collected, until="2024-01-01")
    with pytest.raises(OptionError, match="until='soon'"):
        follow_graph(dated, until="soon")
