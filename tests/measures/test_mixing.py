from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import crossing, flow, mixing

TWO = ["x"] * 4 + ["y"] * 4


def partition(codes: list[int]) -> Partition:
    return Partition.from_membership(range(len(codes)), codes)


def test_all_inside_and_all_across() -> None:
    inside = Graph.from_edges([0, 2], [1, 3], directed=True)
    across = Graph.from_edges([0, 1], [2, 3], directed=True)
    p = partition([0, 0, 1, 1])
    assert mixing(inside, p).ei_index == -1
    assert mixing(across, p).ei_index == 1
    assert mixing(across, p).observed.tolist() == [[0, 2], [0, 0]]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5)), min_size=1),
    st.lists(st.integers(-1, 2), min_size=10, max_size=10),
    st.booleans(),
)
def test_against_a_loop(
    edges: list[tuple[int, int, int]], codes: list[int], directed: bool
) -> None:
    p = partition(codes)
    graph = Graph.from_edges(*zip(*edges, strict=True), directed=directed, nodes=range(10))
    expected = np.zeros((p.n_communities, p.n_communities))
    external = internal = 0.0
    for a, b, w in graph.edges().rows():
        x, y = p.membership[a], p.membership[b]
        if a == b or x < 0 or y < 0:
            continue
        expected[x, y] += w
        if not directed:
            expected[y, x] += w
        external, internal = external + w * (x != y), internal + w * (x == y)
    if not external + internal:
        with pytest.raises(DataError, match="no edge"):
            mixing(graph, p)
        return
    found = mixing(graph, p)
    assert found.observed == pytest.approx(expected)
    assert found.ei_index == pytest.approx((external - internal) / (external + internal))
    assert found.expected.sum() == pytest.approx(found.observed.sum())
    assert found.expected.sum(axis=1) == pytest.approx(found.observed.sum(axis=1))


def test_small_expectations_are_masked() -> None:
    graph = Graph.from_edges([0] * 40 + [2], [1] * 40 + [3], directed=True)
    ratio = mixing(graph, partition([0, 0, 1, 1])).log_ratio()
    assert not np.isnan(ratio[0, 0])
    assert np.isnan(ratio[1, 1])


def test_ids_are_matched_and_strangers_excluded() -> None:
    graph = Graph.from_edges(["b", "c", "x"], ["c", "b", "b"], directed=True)
    found = mixing(graph, Partition.from_membership(["a", "b", "c"], [0, 1, 1]))
    assert found.n_excluded == 1
    assert found.observed.sum() == 2
    assert found.frame.height == 4
    assert "E–I" in repr(found)


def test_flow_adds_up_worlds_of_the_same_communities(by_hand: Any) -> None:
    world = by_hand.world([*TWO, None], [[0], [4]])
    other = by_hand.world(["y"] * 5 + ["x"] * 3, [[0], [6]])  # y is the larger one here
    first = by_hand.tally(world, [(1, 0, 0), (5, 0, 0), (8, 0, 0), (5, 1, 0)])
    second = by_hand.tally(other, [(1, 0, 0), (2, 0, 0), (6, 0, 0)])
    spread = by_hand.spread([world, other], {"a": [[first], [second]]})
    found = flow(spread, "a", "planted")
    assert found.labels == ("x", "y")
    assert found.observed.tolist() == [[1, 1], [1, 3]]
    assert found.n_excluded == 1
    assert found.provenance.parameters["calibrated"] is False
    assert found.ei_index == pytest.approx(-1 / 3)
    assert found.expected[1, 1] == pytest.approx(16 / 6)
    assert flow(spread, "a", "planted", world=1).observed.tolist() == [[2, 1], [0, 0]]
    assert np.isnan(found.log_ratio()).all()  # nothing expects 5


def test_flow_refuses_what_it_cannot_add(by_hand: Any) -> None:
    world, other = by_hand.world(TWO, [[0]]), by_hand.world(["x"] * 4 + ["z"] * 4, [[0]])
    tallies = [[by_hand.tally(world, [(1, 0, 0)])], [by_hand.tally(other, [(1, 0, 0)])]]
    spread = by_hand.spread([world, other], {"interest": tallies})
    with pytest.raises(DataError, match="differ in their communities"):
        flow(spread, "interest", "planted")
    with pytest.raises(MissingDataError, match="Did you mean 'interest'"):
        flow(spread, "intrest", "planted")
    with pytest.raises(MissingDataError, match="Did you mean 'planted'"):
        flow(spread, "interest", "plantd")
    with pytest.raises(OptionError, match="world=7"):
        flow(spread, "interest", "planted", world=7)


def test_unnamed_communities_are_matched_only_by_equal_sizes(by_hand: Any) -> None:
    def unnamed(codes: list[int]) -> World:
        return by_hand.world(codes, [[0]])  # type: ignore[no-any-return]

    def spread(a: World, b: World) -> Spread:
        tallies = [[by_hand.tally(w, [(1, 0, 0)])] for w in (a, b)]
        return by_hand.spread([a, b], {"a": tallies})  # type: ignore[no-any-return]

    same = spread(unnamed([0, 0, 1]), unnamed([0, 0, 1]))
    assert flow(same, "a", "planted").observed.sum() == 2
    with pytest.raises(DataError, match="name the communities"):
        flow(spread(unnamed([0, 0, 1]), unnamed([0, 0, 0, 1])), "a", "planted")


def test_views_and_diet_must_be_of_one_log() -> None:
    with pytest.raises(DataError, match="not of one log"):
        crossing(
            np.array([[2, 0]]),
            np.array([[0, 0], [1, 0]]),
            np.array([0, 0]),
            homes=np.array([0]),
            poster_indptr=np.array([0, 1]),
            posters=np.array([0]),
        )


def test_a_matrix_of_all_communities_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph.from_edges([0, 1, 2], [1, 2, 3], directed=True)
    monkeypatch.setattr(import_module("graphkit.measures.mixing"), "MOST_COMMUNITIES", 2)
    assert mixing(graph, partition([0, 0, 1, 1])).observed.shape == (2, 2)
    with pytest.raises(DataError, match="mixing: 3 communities have 9 pairs, and at most 2"):
        mixing(graph, partition([0, 0, 1, 2]))


def test_a_partition_of_single_nodes_is_refused_at_once() -> None:
    n = 200_000  # a matrix would take 320 GB
    graph = Graph.from_edges([0], [1], directed=True, nodes=range(n))
    with pytest.raises(DataError, match="mixing: 200,000 communities"):
        mixing(graph, Partition.from_membership(range(n), np.arange(n)))
