"""Draws that several parts of a platform need: by weight, by row, by Zipf's law, by the hour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.synthetic.topics import HOURS

__all__ = ["categorical", "moments", "weighted", "zipf"]


def weighted(
    weights: npt.NDArray[np.float64], size: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """`size` positions, each with chance proportional to its weight."""
    cumulated = np.cumsum(weights, dtype=np.float64)
    picked = np.searchsorted(cumulated, rng.random(size) * cumulated[-1], side="right")
    last = int(np.flatnonzero(weights)[-1])
    positions: npt.NDArray[np.int64] = np.minimum(picked, last).astype(np.int64)
    return positions


def categorical(
    weights: npt.NDArray[np.float64], rows: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """One column for each entry of `rows`, with chance proportional to that row's weights."""
    cumulated = np.cumsum(weights, axis=1, dtype=np.float64)
    draw = rng.random(len(rows)) * cumulated[rows, -1]
    column = np.zeros(len(rows), dtype=np.int64)
    for j in range(weights.shape[1] - 1):
        column += cumulated[rows, j] <= draw
    return column


def zipf(n: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """`size` ranks out of 0 … n−1, rank r with chance proportional to 1 / (r + 1)."""
    return weighted(1.0 / np.arange(1.0, n + 1.0), size, rng)


def moments(days: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """`size` seconds in 0 … 86400·days − 1: any day alike, hours by the rhythm of the day."""
    hour = weighted(np.array(HOURS, dtype=np.float64), size, rng)
    return rng.integers(0, days, size) * 86_400 + hour * 3_600 + rng.integers(0, 3_600, size)
