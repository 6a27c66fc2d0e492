from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError
from graphkit.measures import mixing


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
