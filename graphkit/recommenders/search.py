"""Inverted-file index of posts: spherical k-means cells, and the number of cells to search."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from graphkit.kernels.search import assign, search_index
from graphkit.kernels.state import Index
from graphkit.parallel import helpers, spare_cores

__all__ = ["build_index", "cell_ends", "insert_posts", "recall", "replace_features"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: Recall@100 that the index is built for; tests require 0.9.
WANTED = 0.95
#: Profiles that recall is measured on; posts per cell, and iterations, of k-means.
PROFILES, SAMPLE, ROUNDS = 200, 64, 6
#: Queries whose nearest posts are found in all cells at a time.
BATCH = 20
#: Products of rows and centres from which threads compute them, so many rows at a time each.
MANY, STEP = 1 << 20, 4096


def build_index(features: Floats, profiles: Floats) -> Index:
    """Inverted-file index with the fewest probes that reach Recall@100 of 95 % on a sample.

    Parameters
    ----------
    features
        float32, shape (m, d), unit rows or zero, d a multiple of 4.
    profiles
        float32, shape (s, d): queries that recall is measured on.
    """
    m, d = features.shape
    centres = _cluster_centres(features, max(1, min(m, max(8, math.isqrt(m)))))
    cell = np.empty(m, np.int32)
    _assign_all(features, centres, cell)
    posts = np.argsort(cell, kind="stable").astype(np.int32)
    start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=centres.shape[1]))])
    blocks = np.empty(m * d, np.float32)
    for low, high in zip(start[:-1].tolist(), start[1:].tolist(), strict=True):
        blocks[low * d : high * d] = features[posts[low:high]].T.ravel()
    index = Index(centres.ravel(), start.astype(np.int64), posts, blocks, 4)
    queries = _sample_rows(profiles[profiles.any(axis=1)], PROFILES)
    kth, cells = _kth_products(index, queries, m), centres.shape[1]
    while index.probes < cells and _measure_recall(index, queries, kth, m) < WANTED:
        index = index._replace(probes=index.probes + max(1, index.probes // 4))
    return index._replace(probes=min(index.probes, cells))


def recall(index: Index, queries: Floats, n_eligible: int, k: int = 100) -> float:
    """Recall@k of the index over the first `n_eligible` posts; NaN without queries or posts."""
    kth = _kth_products(index, queries, n_eligible, k)
    return _measure_recall(index, queries, kth, n_eligible, k)


def _kth_products(index: Index, queries: Floats, n_eligible: int, k: int = 100) -> Floats:
    """Inner products of the queries with their k-th nearest post."""
    kth = np.zeros(queries.shape[0], np.float32)
    whole = index._replace(probes=index.start.size - 1)
    for low in range(0, queries.shape[0] if n_eligible else 0, BATCH):
        keys, _ = _nearest_keys(whole, queries[low : low + BATCH], n_eligible, min(k, n_eligible))
        bits = keys.min(axis=1) >> 32
        kth[low : low + BATCH] = _flip_negative(bits).astype(np.int32).view(np.float32)
    return kth


def _measure_recall(
    index: Index, queries: Floats, kth: Floats, n_eligible: int, k: int = 100
) -> float:
    """Share of the k nearest posts that a search finds, mean over queries.

    `kth` holds the product of the k-th nearest post: a post at it counts as one of the k.
    """
    if not queries.shape[0] or not n_eligible:
        return float("nan")
    keys, sizes = _nearest_keys(index, queries, n_eligible, k)
    bars = _flip_negative(kth.view(np.int32).astype(np.int64)) << 32
    hits = ((keys >= bars[:, None]) & (np.arange(k) < sizes[:, None])).sum(axis=1)
    wanted = min(n_eligible, k)
    # summed in order
    mean: float = np.cumsum(np.minimum(hits, wanted) / wanted)[-1].item() / queries.shape[0]
    return mean


def _nearest_keys(index: Index, queries: Floats, n_eligible: int, k: int) -> tuple[Ints, Ints]:
    """Sort keys of the nearest posts that a search for k finds, a row per query; their numbers."""
    n = queries.shape[0]
    keys, sizes = np.empty((n, k), np.int64), np.zeros(n, np.int64)
    search_index(
        index,
        cell_ends(index, n_eligible),
        queries,
        np.zeros(n, np.int64),
        # nobody has seen anything
        np.array([0, 1]),
        np.full(1, -1, np.int32),
        np.zeros(1, np.bool_),
        False,
        k,
        keys,
        sizes,
        np.zeros(1, np.int32),
    )
    return keys, sizes


def _flip_negative(bits: Ints) -> Ints:
    """Bits of float32 as integers of the same order, and back."""
    flipped: Ints = np.where(bits < 0, -(2**31) - bits, bits)
    return flipped


def cell_ends(index: Index, n_eligible: int) -> Ints:
    """End of the first `n_eligible` posts in each cell."""
    entered = np.concatenate([[0], np.cumsum(index.posts < n_eligible)])
    start = index.start
    ends: Ints = start[:-1] + entered[start[1:]] - entered[start[:-1]]
    return ends


def replace_features(index: Index, posts: Ints, features: Floats) -> None:
    """Replace the features of some posts in place; their cells stay the same."""
    position = np.empty(index.posts.size, np.int64)
    position[index.posts] = np.arange(index.posts.size)
    at = position[posts]
    cell = np.searchsorted(index.start, at, side="right") - 1
    first, size = index.start[cell], np.diff(index.start)[cell]
    d = features.shape[1]
    spots = (first * d + (at - first))[:, None] + size[:, None] * np.arange(d)
    index.blocks[spots] = features


def insert_posts(index: Index, at: int, features: Floats) -> Index:
    """Index with more posts in the cells nearest to them; centres stay the same.

    The new posts have the codes `at` and following; the others from there on move behind them.
    """
    count, d = features.shape
    centres, start = index.centres, index.start
    cell = np.empty(count, np.int32)
    assign(features, centres, 0, count, cell)
    order, ends = np.argsort(cell, kind="stable"), cell_ends(index, at)
    more = np.bincount(cell, minlength=start.size - 1)
    moved = index.posts + np.int32(count) * (index.posts >= at)
    posts = np.insert(moved, ends[cell[order]], (at + order).astype(np.int32))
    blocks = np.empty(posts.size * d, np.float32)
    last = np.cumsum(more)
    new_start = start + np.concatenate([[0], last])
    for c, (low, high) in enumerate(zip(start[:-1].tolist(), start[1:].tolist(), strict=True)):
        old = index.blocks[low * d : high * d]
        if more[c]:
            mine = order[last[c] - more[c] : last[c]]
            places = np.full(mine.size, ends[c] - low)
            block = old.reshape(d, high - low)
            old = np.insert(block, places, features[mine].T, axis=1).ravel()
        blocks[new_start[c] * d : new_start[c + 1] * d] = old
    return index._replace(start=new_start, posts=posts.astype(np.int32, copy=False), blocks=blocks)


def _assign_all(rows: Floats, centres: Floats, cell: npt.NDArray[np.int32]) -> None:
    """Fill `cell` with the nearest centre of every row, in threads if there are many products."""
    size, flat, workers = rows.shape[0], centres.ravel(), spare_cores()
    if workers == 1 or size * centres.shape[1] < MANY:
        assign(rows, flat, 0, size, cell)
        return

    def assign_step(worker: int, number: int) -> None:
        low = number * STEP
        assign(rows, flat, low, min(low + STEP, size), cell)

    with helpers(workers) as share_out:
        share_out(assign_step, -(-size // STEP))


def _sample_rows(rows: Floats, size: int) -> Floats:
    """Evenly spaced rows, in order."""
    picked = np.linspace(0, rows.shape[0] - 1, min(size, rows.shape[0])).astype(np.int64)
    return np.ascontiguousarray(rows[picked])


def _cluster_centres(features: Floats, cells: int) -> Floats:
    """Unit centres (d, cells) of spherical k-means on a sample of posts (in random order)."""
    sample = _sample_rows(features, SAMPLE * cells)
    _, first = np.unique(sample, axis=0, return_index=True)
    rows = sample[np.sort(first)]
    centres = np.ascontiguousarray(_sample_rows(rows, cells).T)
    cell = np.empty(sample.shape[0], np.int32)
    for _ in range(ROUNDS):
        _assign_all(sample, centres, cell)
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
