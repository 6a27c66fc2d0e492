"""Graphs of matrices: types of numbers, repeated entries, symmetry up to rounding."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from graphkit.data.graph import Graph
from graphkit.errors import DataError

ENTRIES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.floats(-9, 9)), min_size=1, max_size=25
)


def weights(matrix: Any, directed: bool = False) -> list[float]:
    found: list[float] = Graph.from_scipy(matrix, directed=directed).edges()["weight"].to_list()
    return found


@pytest.mark.parametrize(
    ("dtype", "one"),
    [
        ("bool", 1),
        ("int8", 100),
        ("uint8", 200),
        ("int16", 30_000),
        ("uint16", 60_000),
        ("int32", 2**31 - 1),
        ("uint32", 2**32 - 1),
        ("int64", 2**52),
        ("uint64", 2**63),
        ("float32", 0.5),
        ("float64", 0.1),
        ("longdouble", 0.5),
    ],
)
@pytest.mark.parametrize("kind", [sp.coo_array, sp.coo_matrix, sp.csr_array, sp.csc_matrix])
def test_from_scipy_adds_repeated_entries_as_floats(kind: Any, dtype: str, one: float) -> None:
    values = np.array([one] * 4, dtype=dtype)
    if kind in (sp.coo_array, sp.coo_matrix):
        rows, columns = np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])
        matrix = kind((values, (rows, columns)), shape=(2, 2))
    else:
        matrix = kind((values, np.array([1, 1, 0, 0]), np.array([0, 2, 4])), shape=(2, 2))
    assert weights(matrix) == [2 * float(one)]
    assert weights(matrix, directed=True) == [2 * float(one)] * 2
    # the matrix that was given is as before
    assert matrix.data.tolist() == values.tolist()


@given(ENTRIES, st.randoms(use_true_random=False))
def test_from_scipy_equals_from_edges_in_any_order(
    entries: list[tuple[int, int, float]], random: Any
) -> None:
    def both(rows: list[tuple[int, int, float]]) -> list[str]:
        i, j, w = ([row[k] for row in rows] for k in range(3))
        matrix = sp.coo_array((w, (i, j)), shape=(5, 5))
        drawn = Graph.from_scipy(matrix, directed=True)
        # zeros are edges of an edge list, and none of a matrix
        listed = Graph.from_edges(i, j, w, directed=True, nodes=range(5)).edges()
        listed = listed.filter(pl.col("weight") != 0)
        ends = [listed["source"], listed["target"], listed["weight"]]
        same = Graph.from_edges(*ends, directed=True, nodes=range(5))
        return [drawn.content_key, same.content_key]

    shuffled = list(entries)
    random.shuffle(shuffled)
    assert len({*both(entries), *both(shuffled)}) == 1


def test_from_scipy_takes_matrices_of_every_form() -> None:
    dense = np.array([[0, 2, 0], [2, 1, 0], [0, 0, 0]])
    masked = np.ma.masked_array(dense + 5 * (dense == 0), dense == 0)
    rows = (np.array([2, 1, 2]), np.array([1, 1, 0]), np.array([0, 1, 3, 3]))
    unsorted = sp.csr_array(rows, shape=(3, 3))
    assert not unsorted.has_sorted_indices
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        old = np.asmatrix(dense)
    stored = sp.coo_array(([2, 2, 1, 0, 0], ([0, 1, 1, 2, 0], [1, 0, 1, 0, 2])), shape=(3, 3))
    wide = sp.coo_array(dense)
    wide.coords = tuple(axis.astype(np.int64) for axis in wide.coords)
    forms: list[Any] = [dense, dense.tolist(), dense.astype(object), old, masked, unsorted]
    forms += [dense.astype(np.float16), np.asfortranarray(dense), pl.DataFrame(dense), stored, wide]
    forms += [make(dense) for make in (sp.csr_matrix, sp.csc_array, sp.lil_array, sp.dok_matrix)]
    forms += [sp.bsr_array(dense), sp.dia_array(dense), sp.coo_matrix(dense)]
    for matrix in forms:
        graph = Graph.from_scipy(matrix, directed=False)
        assert graph.edges().rows() == [(0, 1, 2.0), (1, 1, 1.0)], type(matrix)
        assert graph.n_nodes == 3


def test_from_scipy_entries_that_cancel_are_no_edge() -> None:
    matrix = sp.coo_array(([1, -1, 3], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    assert Graph.from_scipy(matrix, directed=True).edges().rows() == [(1, 0, 3.0)]


def cosine() -> Any:
    """A cosine matrix, which differs from its transpose by rounding."""
    draws = np.random.default_rng(1).random((60, 40))
    rows = sp.csr_array(np.where(draws < 0.2, draws, 0))
    shared = (rows @ rows.T).tocsr()
    scale = sp.diags_array(1 / np.sqrt(shared.diagonal()))
    matrix = sp.csr_array(scale @ shared @ scale)
    assert 0 < abs(matrix - matrix.T).max() < 1e-15
    return matrix


def test_from_scipy_averages_what_differs_by_rounding() -> None:
    matrix = cosine()
    graph = Graph.from_scipy(matrix, directed=False)
    assert graph.content_key == Graph.from_scipy(matrix.T, directed=False).content_key
    assert graph.content_key == Graph.from_scipy(matrix.toarray(), directed=False).content_key
    np.testing.assert_allclose(graph.to_scipy().toarray(), matrix.toarray(), rtol=1e-15)
    mean = (matrix + matrix.T) / 2
    assert graph.content_key == Graph.from_scipy(mean, directed=False).content_key


@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1.0, 1e20, 1e300])
def test_from_scipy_rounding_is_relative(scale: float) -> None:
    def pair(other: float) -> Any:
        return np.array([[0, scale], [scale * other, 0]])

    assert weights(pair(1 + 1e-13)) == [pytest.approx(scale, rel=1e-12)]
    assert weights(-pair(1 + 1e-13)) == [pytest.approx(-scale, rel=1e-12)]
    for other in (1.01, 1 + 1e-11, -1.0, 0.0):
        with pytest.raises(DataError, match=r"not symmetric: entry \(0, 1\) is \S+, but \(1, 0\)"):
            Graph.from_scipy(pair(other), directed=False)


def test_from_scipy_names_what_is_not_symmetric() -> None:
    skew = np.array([[0, 1, 2], [1, 0, 3], [2, 3.03, 0]])
    message = r"entry \(1, 2\) is 3, but \(2, 1\) is 3\.0299999999999998 \(1 such pairs"
    with pytest.raises(DataError, match=message):
        Graph.from_scipy(skew, directed=False)
    lone = sp.coo_array(([5, 1, 1, 2], ([1, 0, 1, 2], [2, 1, 0, 0])), shape=(3, 3))
    with pytest.raises(DataError, match=r"entry \(1, 2\) is 5, but \(2, 1\) is 0 \(2 such pairs"):
        Graph.from_scipy(lone, directed=False)
    assert Graph.from_scipy((lone + lone.T) / 2, directed=False).n_edges == 3


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), r"shape \(2, 3\)"),
        (np.ones(4), r"shape \(4,\)"),
        (np.ones((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (object(), r"shape \(\)"),
        ([[1, 2], [3]], "cannot be read"),
        (np.array([[0, 1j], [1j, 0]]), "complex numbers"),
        (sp.csr_array(np.array([[0, 1j], [1j, 0]])), "complex numbers"),
        (np.array([[0, 1j], [1j, 0]], dtype=object), "real numbers"),
        (np.array([[0, "1"], ["1", 0]], dtype=object), "real numbers: it holds text"),
        (np.array([[0, None], [None, 0]]), r"entry \(0, 1\) of the matrix is nan"),
        (np.array([["a", "b"], ["c", "d"]]), "values of type <U1"),
        (np.array([[0, 1], [1, 0]], "M8[s]"), "values of type datetime64"),
        (np.array([[0, np.nan], [np.nan, 0]]), r"entry \(0, 1\) of the matrix is nan.*2 such"),
        (sp.csr_array(np.array([[0, np.inf], [0, 0]])), r"entry \(0, 1\) of the matrix is inf"),
        (sp.coo_array(([1e308] * 2, ([0, 0], [1, 1])), shape=(2, 2)), r"entry \(0, 1\) .* is inf"),
        (sp.coo_array((2**40, 2**40)), r"1,099,511,627,776 rows"),
    ],
)
def test_from_scipy_refuses(matrix: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Graph.from_scipy(matrix, directed=True)


def test_from_scipy_needs_one_id_per_row() -> None:
    square = np.array([[0, 1], [1, 0]])
    assert Graph.from_scipy(square, directed=False, nodes="ba").edges().rows() == [("a", "b", 1.0)]
    for nodes, message in (
        ("aa", r"2 ids \(1 distinct\)"),
        ("abc", "3 ids"),
        ([[1], [2]], "hashable"),
    ):
        with pytest.raises(DataError, match=message):
            Graph.from_scipy(square, directed=False, nodes=nodes)
