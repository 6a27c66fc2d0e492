"""Search for the posts nearest to a query, in cells of near posts, as array kernels.

Products are summed dimension by dimension in float32, in one order, whatever the machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graphkit.jit import CACHE
from graphkit.recommenders._arrays import AUTHOR, Array
from graphkit.recommenders._keyed_kernel import has_seen, inner

__all__ = ["assign", "recall_of", "search"]


@inner
def _products(query: Array, rows: Array, first: Any, stride: Any, size: Any, out: Array) -> None:
    """out[j] = Σ_x query[x] · rows[first + x · stride + j], for j below `size`."""
    for j in range(size):
        out[j] = np.float32(0.0)
    d = query.size
    mine = out[:size]
    for x in range(0, d, 4):
        q0, q1, q2, q3 = query[x], query[x + 1], query[x + 2], query[x + 3]
        at = first + x * stride
        r0 = rows[at : at + size]
        r1 = rows[at + stride : at + stride + size]
        r2 = rows[at + 2 * stride : at + 2 * stride + size]
        r3 = rows[at + 3 * stride : at + 3 * stride + size]
        for j in range(size):
            mine[j] = (((mine[j] + q0 * r0[j]) + q1 * r1[j]) + q2 * r2[j]) + q3 * r3[j]


@inner
def _before(dot: Any, post: Any, other: Any, other_post: Any) -> Any:
    """Whether a post comes first: nearer, or as near and newer."""
    return dot > other or (dot == other and post > other_post)


@inner
def _push(dots: Array, posts: Array, size: Any, room: Any, dot: Any, post: Any) -> Any:
    """Put a post into a heap of the `room` best, whose worst stands first; returns its size."""
    if size == room:
        if not _before(dot, post, dots[0], posts[0]):
            return size
        at = np.int64(0)
        while True:
            low = 2 * at + 1
            if low >= size:
                break
            if low + 1 < size and _before(dots[low], posts[low], dots[low + 1], posts[low + 1]):
                low += 1
            if not _before(dot, post, dots[low], posts[low]):
                break
            dots[at], posts[at] = dots[low], posts[low]
            at = low
        dots[at], posts[at] = dot, post
        return size
    at = np.int64(size)
    while at > 0:
        up = (at - 1) >> 1
        if not _before(dots[up], posts[up], dot, post):
            break
        dots[at], posts[at] = dots[up], posts[up]
        at = up
    dots[at], posts[at] = dot, post
    return size + 1


@inner
def search(
    centres: Array, start: Array, ids: Array, blocks: Array, probes: Any, cell_end: Array,
    facts: Array, seen: Array, dropped: Array, thinned: Any, a: Any, query: Array, quota: Any,
    cap: Any, dots: Array, near: Array, near_posts: Array,
) -> Any:  # fmt: skip
    """The `quota` nearest posts in the `probes` nearest cells, at most `cap` of each cell.

    Posts that the viewer has seen or made are left out. Returns how many were found and the
    nearest cell; they stand in row 1 of `near_posts`, in no order.
    """
    cells = start.size - 1
    flat = centres.reshape(-1)
    _products(query, flat, np.int64(0), np.int64(cells), np.int64(cells), dots)
    # a cell's product is kept behind those of posts, where no search of a cell reaches
    far = dots[dots.size - cells :]
    for c in range(cells):
        far[c] = dots[c]
    total = np.int64(0)
    nearest = np.int64(-1)
    for _ in range(min(probes, cells)):
        cell = np.int64(0)
        for c in range(1, cells):
            if far[c] > far[cell]:
                cell = np.int64(c)
        far[cell] = np.float32(-np.inf)
        if nearest < 0:
            nearest = cell
        first = start[cell]
        size = cell_end[cell] - first
        if size <= 0:
            continue
        stride = start[cell + 1] - first
        _products(query, blocks, first * query.size, stride, size, dots)
        got = np.int64(0)
        for j in range(size - 1, -1, -1):
            dot = dots[j]
            # newer posts of a cell come first: one as near as the worst that is held is no better
            if (total == quota and dot < near[1, 0]) or (got == cap and dot <= near[0, 0]):
                continue
            post = ids[first + j]
            if facts[post, AUTHOR] == a or has_seen(seen, post) or (thinned and dropped[post]):
                continue
            if cap >= quota:
                total = _push(near[1], near_posts[1], total, quota, dot, post)
            else:
                got = _push(near[0], near_posts[0], got, cap, dot, post)
        for k in range(got):
            total = _push(near[1], near_posts[1], total, quota, near[0, k], near_posts[0, k])
    return total, nearest


@njit(nogil=True, cache=CACHE)
def assign(rows: Array, centres: Array, low: int, high: int, out: Array) -> None:
    """Nearest centre (d, cells) of rows low … high − 1; ties: the first."""
    cells = centres.shape[1]
    flat = centres.reshape(-1)
    dots = np.empty(cells, np.float32)
    for i in range(low, high):
        _products(rows[i], flat, np.int64(0), np.int64(cells), np.int64(cells), dots)
        best = 0
        for c in range(1, cells):
            if dots[c] > dots[best]:
                best = c
        out[i] = best


@njit(nogil=True, cache=CACHE)
def recall_of(
    centres: Array, start: Array, ids: Array, blocks: Array, probes: int, cell_end: Array,
    facts: Array, queries: Array, n_eligible: int, k: int,
) -> Any:  # fmt: skip
    """Share of the k nearest posts of each query that the search finds, mean over queries.

    A post as near as the k-th counts as one of the k.
    """
    cells = start.size - 1
    widest = 0
    for c in range(cells):
        widest = max(widest, start[c + 1] - start[c])
    dots = np.empty(max(widest, cells) + cells, np.float32)
    near = np.empty((2, k), np.float32)
    near_posts = np.empty((2, k), np.int32)
    nobody = np.full(1, -1, np.int32)
    none_dropped = np.zeros(1, np.bool_)
    everything = np.empty(n_eligible, np.float32)
    wanted = min(k, n_eligible)
    total = 0.0
    for i in range(queries.shape[0]):
        at = 0
        for c in range(cells):
            size = cell_end[c] - start[c]
            if size > 0:
                _products(
                    queries[i], blocks, start[c] * queries.shape[1], start[c + 1] - start[c],
                    size, dots,
                )  # fmt: skip
                everything[at : at + size] = dots[:size]
                at += size
        bar = np.sort(everything[:at])[at - wanted]
        found, _ = search(
            centres, start, ids, blocks, probes, cell_end, facts, nobody, none_dropped, False,
            -2, queries[i], k, k, dots, near, near_posts,
        )  # fmt: skip
        hits = 0
        for j in range(found):
            if near[1, j] >= bar:
                hits += 1
        total += min(hits, wanted) / wanted
    return total / queries.shape[0]
