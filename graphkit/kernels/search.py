"""Kernels of nearest-neighbour search in an inverted-file index.

Products are summed dimension by dimension in float32, in one order on every machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import inner, kernel
from graphkit.kernels.random import has_seen
from graphkit.kernels.state import Array, Nearest


@inner
def _dot_products(
    query: Array, rows: Array, first: Any, stride: Any, size: Any, out: Array
) -> None:
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
def _rank_key(dot: Any, post: Any) -> Any:
    """Sort key of a post: its product, ties by the newer post."""
    bits = np.int64(np.float32(dot).view(np.int32))
    if bits < 0:
        bits = np.int64(-2147483648) - bits
    return (bits << 32) | np.int64(post)


@inner
def _rank_product(rank: Any) -> Any:
    """Product that a sort key holds."""
    bits = rank >> 32
    if bits < 0:
        bits = np.int64(-2147483648) - bits
    return np.int32(bits).view(np.float32)


@inner
def _push_heap(heap: Array, size: Any, capacity: Any, rank: Any) -> Any:
    """Push a key onto a min-heap of the `capacity` largest keys; returns the heap's size."""
    if size == capacity:
        if rank <= heap[0]:
            return size
        at = np.int64(0)
        low = np.int64(1)
        while low < size:
            if low + 1 < size and heap[low + 1] < heap[low]:
                low += 1
            if rank <= heap[low]:
                break
            heap[at] = heap[low]
            at = low
            low = 2 * at + 1
        heap[at] = rank
        return size
    at = np.int64(size)
    while at > 0:
        up = (at - 1) >> 1
        if heap[up] <= rank:
            break
        heap[at] = heap[up]
        at = up
    heap[at] = rank
    return size + 1


@inner
def search_index(
    index: Any,
    cell_end: Array,
    seen: Array,
    withdrawn: Array,
    any_withdrawn: Any,
    query: Array,
    quota: Any,
    cap: Any,
    nearest: Any,
) -> Any:
    """The `quota` nearest posts in the `probes` nearest cells, at most `cap` of each cell.

    Seen and withdrawn posts are left out. Returns the number found and the nearest cell; the sort
    keys are in `nearest.of_all`, in no order, with the post in the lower 31 bits.
    """
    centres, start, ids, blocks = index.flat_centres, index.start, index.posts, index.blocks
    dots, cell_near, best_near, chosen = nearest
    cells = start.size - 1
    _dot_products(query, centres, np.int64(0), np.int64(cells), np.int64(cells), dots)
    # the nearest cells in order; ties: the first
    probes = min(index.probes, cells)
    kept = np.int64(0)
    for c in range(cells):
        if kept == probes and dots[c] <= dots[chosen[kept - 1]]:
            continue
        at = min(kept, probes - 1)
        kept = at + 1
        while at > 0 and dots[chosen[at - 1]] < dots[c]:
            chosen[at] = chosen[at - 1]
            at -= 1
        chosen[at] = c
    total = np.int64(0)
    alone = cap >= quota
    for p in range(probes):
        cell = np.int64(chosen[p])
        first = start[cell]
        size = cell_end[cell] - first
        if size <= 0:
            continue
        _dot_products(query, blocks, first * query.size, start[cell + 1] - first, size, dots)
        got = np.int64(0)
        # posts below the bar cannot enter; a post at the bar may be newer
        bar = _rank_product(best_near[0]) if total == quota else np.float32(-np.inf)
        for j in range(size - 1, -1, -1):
            if dots[j] < bar:
                continue
            post = np.int64(ids[first + j])
            if has_seen(seen, post) or (any_withdrawn and withdrawn[post]):
                continue
            rank = _rank_key(dots[j], post)
            if alone:
                total = _push_heap(best_near, total, quota, rank)
                if total == quota:
                    bar = _rank_product(best_near[0])
            else:
                got = _push_heap(cell_near, got, cap, rank)
                if got == cap:
                    bar = max(bar, _rank_product(cell_near[0]))
        for k in range(got):
            total = _push_heap(best_near, total, quota, cell_near[k])
    return total, np.int64(chosen[0])


@kernel()
def assign(rows: Array, centres: Array, low: int, high: int, out: Array) -> None:
    """Nearest centre of rows low … high − 1; ties: the first. `centres` are (d, cells), in one dimension."""
    cells = centres.size // rows.shape[1]
    dots = np.empty(cells, np.float32)
    for i in range(low, high):
        _dot_products(rows[i], centres, np.int64(0), np.int64(cells), np.int64(cells), dots)
        best = 0
        for c in range(1, cells):
            if dots[c] > dots[best]:
                best = c
        out[i] = best


@kernel()
def recall_of(index: Any, cell_end: Array, queries: Array, bars: Array, k: int) -> Any:
    """Share of the k nearest posts of each query that the search finds, mean over queries.

    `bars` holds the product of the k-th nearest post: a post at the bar counts as one of the k.
    """
    start = index.start
    cells = start.size - 1
    widest = 0
    for c in range(cells):
        widest = max(widest, start[c + 1] - start[c])
    best_near = np.empty(k, np.int64)
    dots, chosen = np.empty(max(widest, cells), np.float32), np.empty(cells, np.int32)
    nearest = Nearest(dots, np.empty(k, np.int64), best_near, chosen)
    nobody, none_dropped = np.full(1, -1, np.int32), np.zeros(1, np.bool_)
    wanted: Any = np.int64(0)
    for c in range(cells):
        wanted += cell_end[c] - start[c]
    wanted = min(wanted, k)
    total = 0.0
    for i in range(queries.shape[0]):
        bar = _rank_key(bars[i], 0)
        found, _ = search_index(
            index, cell_end, nobody, none_dropped, none_dropped[0], queries[i], k, k, nearest
        )
        hits = 0
        for j in range(found):
            if best_near[j] >= bar:
                hits += 1
        total += min(hits, wanted) / wanted
    return total / queries.shape[0]


@kernel()
def products_of(
    start: Array, blocks: Array, cell_end: Array, queries: Array, low: int, high: int, out: Array
) -> None:
    """Products of the queries low … high − 1 with all posts that have entered, a row each."""
    cells, d = start.size - 1, queries.shape[1]
    for i in range(low, high):
        at = 0
        for c in range(cells):
            size = cell_end[c] - start[c]
            if size > 0:
                stride = start[c + 1] - start[c]
                found = out[i - low, at : at + size]
                _dot_products(queries[i], blocks, start[c] * d, stride, size, found)
                at += size
