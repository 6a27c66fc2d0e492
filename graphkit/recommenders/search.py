"""Cells of near posts: k-means on a sample, as wide a search as the wanted recall takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.kernels.search import assign, bars_of, recall_of
from graphkit.kernels.state import Index

__all__ = ["build_index", "cell_ends", "recall", "replace_features"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: Recall@100 that the search must reach on a sample of profiles; the bound it is held to is 0.9.
WANTED = 0.95
#: Profiles that the recall is measured on, posts per cell that k-means sees, and its rounds.
PROFILES, SAMPLE, ROUNDS = 200, 64, 6


def build_index(features: Floats, profiles: Floats) -> Index:
    """Cells of the posts, and as few probes as find 95 % of the 100 nearest of a sample.

    Parameters
    ----------
    features
        float32, shape (m, d), unit rows or zero, d a multiple of 4.
    profiles
        float32, shape (s, d): queries to measure the recall on.
    """
    m, d = features.shape
    centres = _centres(features, max(1, min(m, max(8, math.isqrt(m)))))
    cell = np.empty(m, np.int32)
    assign(features, centres, 0, m, cell)
    posts = np.argsort(cell, kind="stable").astype(np.int32)
    start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=centres.shape[1]))])
    blocks = np.empty(m * d, np.float32)
    for low, high in zip(start[:-1].tolist(), start[1:].tolist(), strict=True):
        blocks[low * d : high * d] = features[posts[low:high]].T.ravel()
    index = Index(centres, start.astype(np.int64), posts, blocks, 4)
    queries = _sample(profiles[profiles.any(axis=1)], PROFILES)
    bars, cells = _bars(index, queries, m), centres.shape[1]
    while index.probes < cells and _recall(index, queries, bars, m) < WANTED:
        index = index._replace(probes=index.probes + max(1, index.probes // 4))
    return index._replace(probes=min(index.probes, cells))


def recall(index: Index, queries: Floats, n_eligible: int, k: int = 100) -> float:
    """Recall@k of the search over the posts that have entered; NaN without queries or posts."""
    return _recall(index, queries, _bars(index, queries, n_eligible, k), n_eligible, k)


def _bars(index: Index, queries: Floats, n_eligible: int, k: int = 100) -> Floats:
    """Products of the queries with their k-th nearest post."""
    if not n_eligible:
        return np.zeros(queries.shape[0], np.float32)
    ends = cell_ends(index, n_eligible)
    bars: Floats = bars_of(index.start, index.blocks, ends, queries, n_eligible, k)
    return bars


def _recall(index: Index, queries: Floats, bars: Floats, n_eligible: int, k: int = 100) -> float:
    if not queries.shape[0] or not n_eligible:
        return float("nan")
    found: float = recall_of(index, cell_ends(index, n_eligible), queries, bars, k)
    return found


def cell_ends(index: Index, n_eligible: int) -> Ints:
    """End of each cell's posts that have entered."""
    entered = np.concatenate([[0], np.cumsum(index.posts < n_eligible)])
    start = index.start
    ends: Ints = start[:-1] + entered[start[1:]] - entered[start[:-1]]
    return ends


def replace_features(index: Index, posts: Ints, features: Floats) -> None:
    """Write other features of some posts into their cells, which they keep."""
    place: Any = np.empty(index.posts.size, np.int64)
    place[index.posts] = np.arange(index.posts.size)
    at = place[posts]
    cell = np.searchsorted(index.start, at, side="right") - 1
    first, size = index.start[cell], np.diff(index.start)[cell]
    d = features.shape[1]
    spots = (first * d + (at - first))[:, None] + size[:, None] * np.arange(d)
    index.blocks[spots] = features


def _sample(rows: Floats, size: int) -> Floats:
    """Evenly spaced rows, in their order."""
    picked = np.linspace(0, rows.shape[0] - 1, min(size, rows.shape[0])).astype(np.int64)
    return np.ascontiguousarray(rows[picked])


def _centres(features: Floats, cells: int) -> Floats:
    """Unit centres (d, cells) by spherical k-means; posts come in an order that is random."""
    sample = _sample(features, SAMPLE * cells)
    _, first = np.unique(sample, axis=0, return_index=True)
    rows = sample[np.sort(first)]
    centres = np.ascontiguousarray(_sample(rows, cells).T)
    cell = np.empty(sample.shape[0], np.int32)
    for _ in range(ROUNDS):
        assign(sample, centres, 0, sample.shape[0], cell)
        order = np.argsort(cell, kind="stable")
        found, begin = np.unique(cell[order], return_index=True)
        sums = np.add.reduceat(sample[order].astype(np.float64), begin, axis=0)
        length = np.sqrt((sums**2).sum(axis=1, keepdims=True))
        means = np.divide(sums, length, out=np.zeros_like(sums), where=length > 0)
        moved = centres.copy()
        moved[:, found] = means.T.astype(np.float32)
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres
