"""Curveball trades: the degrees of both sides stay, everything else is equally likely."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graphkit.data.incidence import IncidenceMatrix
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, OptionError
from graphkit.kernels.curveball import trade_objects
from graphkit.nullmodels import curveball

Matrix = npt.NDArray[np.bool_]


def incidence_of(matrix: Matrix) -> IncidenceMatrix:
    rows, columns = (a.astype(np.int32) for a in np.nonzero(matrix))
    n, m = matrix.shape
    between, through = Vocabulary(range(n)), Vocabulary(range(m))
    return IncidenceMatrix.from_codes(between, through, rows, columns)


def matrix_of(found: IncidenceMatrix) -> Matrix:
    matrix = np.zeros((len(found.between), len(found.through)), dtype=bool)
    matrix[found.rows, found.things] = True
    return matrix


def twin(rows: list[list[int]], trades: int, seed: int) -> tuple[list[set[int]], int]:
    """The trades in plain Python, with the same draws."""
    draws = np.random.default_rng(seed)
    rows = [list(row) for row in rows]
    actors = [i for i, row in enumerate(rows) if row]
    moved = 0
    for _ in range(trades):
        first = int(draws.random() * len(actors))
        second = int(draws.random() * (len(actors) - 1))
        a, b = actors[first], actors[second + (second >= first)]
        both = set(rows[a]) & set(rows[b])
        mine, yours = ([x for x in rows[i] if x not in both] for i in (a, b))
        if mine and yours:
            moved += 1
            pool = yours + mine
            for k in range(len(mine)):
                other = k + int(draws.random() * (len(pool) - k))
                pool[k], pool[other] = pool[other], pool[k]
            mine, yours = pool[: len(mine)], pool[len(mine) :]
        rows[a] = [x for x in rows[a] if x in both] + mine
        rows[b] = [x for x in rows[b] if x in both] + yours
    return [set(row) for row in rows], moved


@settings(max_examples=60)
@given(st.integers(2, 8), st.integers(1, 9), st.floats(0.1, 0.9), st.integers(0, 2**32))
def test_the_kernel_is_its_twin(n: int, m: int, share: float, seed: int) -> None:
    matrix = np.random.default_rng(seed).random((n, m)) < share
    found = incidence_of(matrix)
    actors = np.flatnonzero(matrix.any(axis=1))
    if actors.size < 2:
        return
    objects, start = found.things.copy(), found.indptr.copy()
    mark, pool = np.zeros(m, np.int8), np.empty(2 * m, np.int32)
    draws = np.random.default_rng(seed)
    moved = trade_objects(start, objects, actors, 30, mark, pool, draws)
    ends = [objects[start[i] : start[i + 1]].tolist() for i in range(n)]
    expected = twin([np.flatnonzero(row).tolist() for row in matrix], 30, seed)
    assert ([set(row) for row in ends], moved) == expected
    assert not mark.any()


@given(st.integers(1, 20), st.integers(1, 20), st.floats(0.0, 1.0), st.integers(0, 2**32))
def test_the_degrees_of_both_sides_are_kept(n: int, m: int, share: float, seed: int) -> None:
    matrix = np.random.default_rng(seed).random((n, m)) < share
    found = matrix_of(curveball(incidence_of(matrix), rng=seed))
    assert np.array_equal(found.sum(axis=0), matrix.sum(axis=0))
    assert np.array_equal(found.sum(axis=1), matrix.sum(axis=1))


@pytest.mark.parametrize(
    ("degrees", "popularity"),
    [((2, 1, 1, 2), (2, 2, 1, 1)), ((3, 2, 2, 1), (2, 2, 2, 2)), ((1, 1, 1), (1, 1, 1))],
)
def test_every_matrix_with_these_degrees_is_equally_likely(
    degrees: tuple[int, ...], popularity: tuple[int, ...]
) -> None:
    m = len(popularity)
    choices = [list(combinations(range(m), d)) for d in degrees]
    every = {
        rows
        for rows in product(*choices)
        if tuple(Counter(x for row in rows for x in row)[c] for c in range(m)) == popularity
    }
    start = np.zeros((len(degrees), m), dtype=bool)
    for row, objects in enumerate(min(every)):
        start[row, list(objects)] = True
    log = incidence_of(start)
    counts: Counter[tuple[tuple[int, ...], ...]] = Counter()
    for seed in range(60 * len(every)):
        drawn = matrix_of(curveball(log, rng=seed))
        counts[tuple(tuple(np.flatnonzero(row).tolist()) for row in drawn)] += 1
    assert set(counts) == every
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


def test_a_matrix_that_is_the_only_one_stays() -> None:
    matrix = np.tri(5, dtype=bool)  # nested: no trade can move anything
    found = curveball(incidence_of(matrix), rng=1)
    assert np.array_equal(matrix_of(found), matrix)
    assert found.provenance.parameters["with_something_to_trade"] == 0


def test_the_same_seed_gives_the_same_in_any_thread() -> None:
    log = incidence_of(np.random.default_rng(1).random((200, 300)) < 0.05)
    alone = [curveball(log, rng=seed).content_key for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: curveball(log, rng=seed).content_key, range(8)))
    assert together == alone
    assert len(set(alone)) == 8


def test_no_trades_and_what_cannot_be() -> None:
    log = incidence_of(np.random.default_rng(1).random((9, 9)) < 0.4)
    assert curveball(log, trades=0, rng=1).content_key == log.content_key
    with pytest.raises(OptionError, match="trades"):
        curveball(log, trades=-1)
    with pytest.raises(DataError, match="needs an IncidenceMatrix, not a dict"):
        curveball({})  # type: ignore[arg-type]
    nothing = incidence_of(np.zeros((3, 3), dtype=bool))
    assert curveball(nothing, rng=1).n_pairs == 0
