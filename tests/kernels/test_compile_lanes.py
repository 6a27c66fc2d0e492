"""Products in lanes are summed in one order, and asking for memory ahead changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from graphkit.kernels.compile import LANES, dot_rows, prefetch


@njit
def _dot(left: Any, i: int, right: Any, j: int) -> Any:
    return dot_rows(left, i, right, j)


@njit
def _sum_ahead(values: Any, order: Any) -> Any:
    total = 0.0
    for k in range(order.size):
        # beyond the end, too: a hint reads nothing
        prefetch(values, np.int64(order[k] + 1000))
        prefetch(values, np.int64(order[k]))
        total += values[order[k]]
    return total


@njit
def _sum_rows(values: Any, order: Any) -> Any:
    total = 0.0
    for k in range(order.size):
        prefetch(values, np.int64(order[(k + 4) % order.size]))
        total += values[order[k], 0]
    return total


def in_lanes(left: np.ndarray, right: np.ndarray) -> np.float32:
    sums = np.zeros(LANES, np.float32)
    for x in range(0, left.size, LANES):
        sums = sums + left[x : x + LANES] * right[x : x + LANES]
    while sums.size > 1:
        sums = sums[0::2] + sums[1::2]
    return sums[0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.sampled_from([1.0, 1e-30, 1e18]))
def test_products_are_summed_in_eight_sums_that_are_added_pairwise(
    seed: int, pieces: int, size: float
) -> None:
    rng = np.random.default_rng(seed)
    left, right = (
        (size * rng.normal(size=(3, LANES * pieces))).astype(np.float32) for _ in range(2)
    )
    for i in range(3):
        for j in range(3):
            found = _dot(left, i, right, j)
            assert np.float32(found).tobytes() == in_lanes(left[i], right[j]).tobytes()
            # exactly the same from either side
            assert _dot(right, j, left, i) == found


def test_rows_need_not_begin_at_a_round_address() -> None:
    memory = np.arange(4 * LANES + 1, dtype=np.float32)
    rows = memory[1:].reshape(2, 2 * LANES)
    assert _dot(rows, 0, rows, 1) == in_lanes(rows[0], rows[1])
    # rows of a larger array
    wide = np.arange(64, dtype=np.float32).reshape(4, 16)[::2]
    assert _dot(wide, 0, wide, 1) == in_lanes(wide[0], wide[1])


def test_infinite_and_missing_numbers_stay_what_they_are() -> None:
    rows = np.zeros((3, LANES), np.float32)
    rows[0, 3], rows[1, 3], rows[2, 5] = np.inf, 1, np.nan
    assert _dot(rows, 0, rows, 1) == np.inf
    assert np.isnan(_dot(rows, 0, rows, 0) - np.inf)
    assert np.isnan(_dot(rows, 1, rows, 2))


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32, np.float64])
def test_asking_ahead_changes_no_result(dtype: type) -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 1000, 5000).astype(dtype)
    order = rng.permutation(5000)
    kept = values.copy()
    assert _sum_ahead(values, order) == values.sum()
    rows = values.reshape(500, 10)
    assert _sum_rows(rows, order[order < 500]) == rows[:, 0].sum()
    assert _sum_rows(rows[::-1], order[order < 500]) == rows[:, 0].sum()
    assert (values == kept).all()
