"""Sorting many edges on all cores against the few-edge way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphkit.data import rows
from graphkit.data.graph import Graph
from graphkit.errors import DataError


def built(
    monkeypatch: pytest.MonkeyPatch, many: bool, threads: int, n: int, *edges: Any, directed: bool
) -> Any:
    monkeypatch.setattr(rows, "MANY", 1 if many else 10**9)
    monkeypatch.setattr("graphkit.parallel.cores", lambda: threads)
    return rows.csr_from_codes(n, *edges, directed=directed)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("weights", ["none", "whole", "fractions"])
@pytest.mark.parametrize("n", [1, 2, 50, 5000, 3_000_000])
def test_many_edges_are_sorted_and_merged_as_few(
    monkeypatch: pytest.MonkeyPatch, n: int, weights: str, directed: bool
) -> None:
    rng = np.random.default_rng(n)
    m = 6000
    source, target = rng.integers(0, n, (2, m)).astype(np.int32)
    source[:200], target[:200] = source[200:400], target[200:400]
    weight = {
        "none": None,
        "whole": rng.integers(1, 9, m) + 0.0,
        "fractions": rng.lognormal(size=m),
    }
    edges = source, target, weight[weights]
    few = built(monkeypatch, False, 1, n, *edges, directed=directed)
    for threads in (1, 2, 3):
        many = built(monkeypatch, True, threads, n, *edges, directed=directed)
        assert [a.dtype for a in many] == [a.dtype for a in few]
        assert np.array_equal(many[0], few[0])
        assert np.array_equal(many[1], few[1])
        assert np.allclose(many[2], few[2], rtol=1e-12, atol=0)
        if threads == 1:
            first = many[2].tobytes()
        assert many[2].tobytes() == first
    # whatever the order of edges and their ends
    order = rng.permutation(m)
    flip = rng.random(m) < (0 if directed else 0.5)
    shuffled = np.where(flip, target, source)[order], np.where(flip, source, target)[order]
    again = built(
        monkeypatch,
        True,
        2,
        n,
        *shuffled,
        None if edges[2] is None else edges[2][order],
        directed=directed,
    )
    assert all(np.array_equal(a, b) for a, b in zip(again, many, strict=True))


def test_a_row_of_very_many_entries_and_parallel_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    target = rng.integers(0, 40, 50_000)
    weight = rng.lognormal(size=target.size)
    source = np.zeros_like(target)
    few, many = (
        built(monkeypatch, many, 2, 40, source, target, weight, directed=False)
        for many in (False, True)
    )
    assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(few, many, strict=True))


def test_parallel_edges_whose_weights_are_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    for many in (1, 10**9):
        monkeypatch.setattr(rows, "MANY", many)
        with pytest.raises(DataError, match="add up to more than a float"):
            Graph.from_edges([1, 1], [2, 2], [1.7e308, 1.7e308], directed=True)


def test_a_graph_of_many_edges_passes_the_checks_of_one_that_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "MANY", 1)
    rng = np.random.default_rng(2)
    source, target = rng.integers(0, 300, (2, 2000))
    for directed in (True, False):
        g = Graph.from_edges(source, target, rng.lognormal(size=2000), directed=directed)
        again = Graph(g.vocabulary, g.indptr, g.indices, g.weights, directed)
        assert again == g
        assert again.n_edges == g.n_edges
        for array in (g.indptr, g.indices, g.weights):
            assert not array.flags.writeable


def test_kernels_are_compiled_once_whatever_arrays_are_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from graphkit.kernels import rows as kernel

    source, target, weight = np.array([0, 1, 2]), np.array([1, 2, 0]), np.array([1.0, 2.0, 3.0])
    monkeypatch.setattr(rows, "MANY", 1)
    texts = source.astype(str), target.astype(str)  # their codes are read-only
    graphs = [Graph.from_edges(*texts, weight, directed=True)]
    graphs += [Graph.from_edges(source, target, weight, directed=True)]
    weight.setflags(write=False)
    graphs += [Graph.from_edges(source, target, weight, directed=True)]
    assert all(np.array_equal(graph.weights, graphs[0].weights) for graph in graphs)
    for one in (kernel.count_rows, kernel.distribute_edges, kernel.sort_bucket):
        assert len(one.signatures) == 1


@pytest.mark.parametrize("many", [False, True])
def test_sums_of_whole_numbers_that_are_rounded_do_not_depend_on_the_order(
    monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    weight = np.array([1e16] + 40 * [1.0])  # ones after the first large number are lost
    ends = np.zeros(41, np.int32), np.ones(41, np.int32)
    for at in range(41):
        rows_of = built(monkeypatch, many, 1, 2, *ends, np.roll(weight, at), directed=True)
        assert rows_of[2].tolist() == [1e16 + 40]
