"""Kernels of the projection: rows of A·Aᵀ, one after the other, never the whole.

Gustavson's row-wise product: for entity i, walk its things and the other entities of each
thing, and add into dense accumulators of length n that belong to the thread. A bitmap of
two levels remembers which entries were touched, so that a row is read back in ascending
order, filtered and reset at the cost of what it holds, not of n.

Sums run over things in ascending order for every pair, so weights are symmetric to the
last bit and depend neither on threads nor on blocks.

Compiled code is cached on disk only where the user names a folder in ``NUMBA_CACHE_DIR``:
Numba's own default would write beside the sources, and fails where no folder is writable.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numba import njit

__all__ = ["COSINE", "JACCARD", "RAW", "mirror_rows", "shared_rows", "windowed_rows"]

CACHE = bool(os.environ.get("NUMBA_CACHE_DIR"))

#: How a sum over shared things becomes a weight.
RAW, JACCARD, COSINE = 0, 1, 2

Array = Any

# position of the only set bit of a word, by a de Bruijn sequence
_SEQUENCE = np.uint64(0x03F79D71B4CB0A89)
_POSITIONS = np.empty(64, dtype=np.int64)
for _bit in range(64):
    _POSITIONS[((0x03F79D71B4CB0A89 << _bit) & (2**64 - 1)) >> 58] = _bit

_ONE, _ZERO, _SHIFT = np.uint64(1), np.uint64(0), np.uint64(58)


@njit(nogil=True, cache=CACHE)
def _mark(j: int, marks: Array, groups: Array) -> None:
    """Remember that entry j was touched."""
    marks[j >> 6] |= _ONE << np.uint64(j & 63)
    groups[j >> 12] |= _ONE << np.uint64((j >> 6) & 63)


@njit(nogil=True, cache=CACHE)
def _keep_top(heads: Array, values: Array, first: int, used: int, top: int, heap: Array) -> int:
    """Keep the `top` largest of values[first:used], ties by smaller head; new `used`."""
    for q in range(top):  # a heap whose root is the smallest of the largest
        value = values[first + q]
        at = q
        while at > 0 and heap[(at - 1) >> 1] > value:
            heap[at] = heap[(at - 1) >> 1]
            at = (at - 1) >> 1
        heap[at] = value
    for p in range(first + top, used):
        value = values[p]
        if value > heap[0]:
            at = 0
            while True:
                child = 2 * at + 1
                if child >= top:
                    break
                if child + 1 < top and heap[child + 1] < heap[child]:
                    child += 1
                if heap[child] >= value:
                    break
                heap[at] = heap[child]
                at = child
            heap[at] = value
    cut = heap[0]
    ties = 0
    for q in range(top):
        if heap[q] == cut:
            ties += 1
    kept = first
    for p in range(first, used):
        value = values[p]
        if value > cut or (value == cut and ties > 0):
            if value == cut:
                ties -= 1
            heads[kept] = heads[p]
            values[kept] = value
            kept += 1
    return kept


@njit(nogil=True, cache=CACHE)
def _emit(
    i: int, form: int, size: Array, weighted: bool, min_shared: int, top: int,
    count: Array, total: Array, marks: Array, groups: Array, heap: Array,
    heads: Array, values: Array, used: int, lengths: Array, later: Array, tally: Array,
) -> int:  # fmt: skip
    """Read row i out of the accumulators, which are zero again afterwards; new `used`."""
    first = used
    for g in range(groups.size):
        group = groups[g]
        groups[g] = _ZERO
        while group != _ZERO:
            rest = group & (group - _ONE)
            w = (g << 6) + _POSITIONS[((group ^ rest) * _SEQUENCE) >> _SHIFT]
            group = rest
            word = marks[w]
            marks[w] = _ZERO
            while word != _ZERO:
                rest = word & (word - _ONE)
                j = (w << 6) + _POSITIONS[((word ^ rest) * _SEQUENCE) >> _SHIFT]
                word = rest
                shared = count[j]
                count[j] = 0
                value = np.float64(shared)
                if weighted:
                    value = total[j]
                    total[j] = 0.0
                if j == i:
                    continue
                if shared < min_shared:
                    tally[0] += j < i
                    continue
                if form == JACCARD:
                    value = value / (size[i] + size[j] - value)
                elif form == COSINE and value > 0.0:
                    value = value / np.sqrt(size[i] * size[j])
                if value <= 0.0:
                    tally[1] += j < i
                    continue
                heads[used] = j
                values[used] = value
                used += 1
                tally[2] += j < i
    if top == 0:
        for p in range(first, used):
            later[heads[p]] += 1
    elif used - first > top:
        used = _keep_top(heads, values, first, used, top, heap)
    lengths[i] = used - first
    return used


@njit(nogil=True, cache=CACHE)
def shared_rows(
    row: int, stop: int,
    row_start: Array, row_things: Array, thing_start: Array, members: Array,
    gain: Array, size: Array, form: int, min_shared: int, top: int,
    count: Array, total: Array, marks: Array, groups: Array, heap: Array,
    work: Array, heads: Array, values: Array, lengths: Array, later: Array, tally: Array,
) -> tuple[int, int]:  # fmt: skip
    """Rows `row` … `stop` − 1, or as many as surely fit into `heads` and `values`.

    Parameters
    ----------
    row_start, row_things
        Things of each entity, ascending.
    thing_start, members
        Entities of each thing, ascending.
    gain
        What sharing a thing adds; empty where only the number of things counts.
    size
        Size of each entity, for Jaccard and cosine.
    top
        0: neighbours j < i only, all of them; else every neighbour, then the heaviest.
    count, total, marks, groups, heap
        Scratch of the calling thread, zero before and after.
    work
        Bound of the number of neighbours of each row.
    heads, values
        Filled with the neighbours and weights of the rows, one row after the other.
    lengths
        Set for each row: number of its neighbours kept.
    later
        Increased for each head (`top` = 0): neighbours that the head has after itself.
    tally
        Increased, counting each pair once: under `min_shared`, weightless, passed.

    Returns
    -------
    tuple of int
        The first row not done, and how much of `heads` is filled.
    """
    n = row_start.size - 1
    weighted = gain.size > 0
    used = 0
    for i in range(row, stop):
        limit = i if top == 0 else n
        if used + min(work[i], limit) > heads.size:
            return i, used
        for e in range(row_start[i], row_start[i + 1]):
            thing = row_things[e]
            for p in range(thing_start[thing], thing_start[thing + 1]):
                j = members[p]
                if j >= limit:
                    break
                if count[j] == 0:
                    _mark(j, marks, groups)
                count[j] += 1
                if weighted:
                    total[j] += gain[thing]
        used = _emit(
            i, form, size, weighted, min_shared, top, count, total, marks, groups, heap,
            heads, values, used, lengths, later, tally,
        )  # fmt: skip
    return stop, used


@njit(nogil=True, cache=CACHE)
def windowed_rows(
    row: int, stop: int,
    row_start: Array, row_things: Array, row_times: Array,
    thing_start: Array, members: Array, times: Array, window: int, seen: Array,
    gain: Array, size: Array, form: int, min_shared: int, top: int,
    count: Array, total: Array, marks: Array, groups: Array, heap: Array,
    work: Array, heads: Array, values: Array, lengths: Array, later: Array, tally: Array,
) -> tuple[int, int]:  # fmt: skip
    """The same, where a thing is shared only if both acted on it within `window`.

    Here the lists hold events: those of an entity by thing and time (`row_times`), those
    of a thing by time (`times`). For each entity and thing the union of the intervals
    around its events is walked once. `seen` (−1 at first) tells, per entity, the event
    list in which it was last met.
    """
    n = row_start.size - 1
    weighted = gain.size > 0
    used = 0
    for i in range(row, stop):
        limit = i if top == 0 else n
        if used + min(work[i], limit) > heads.size:
            return i, used
        e = row_start[i]
        end = row_start[i + 1]
        while e < end:
            thing = row_things[e]
            stamp = e
            p = thing_start[thing]
            last = thing_start[thing + 1]
            while e < end and row_things[e] == thing:
                early = row_times[e] - window
                late = row_times[e] + window
                high = last
                while p < high:  # first event of the thing, not yet walked, from `early` on
                    middle = (p + high) >> 1
                    if times[middle] < early:
                        p = middle + 1
                    else:
                        high = middle
                while p < last and times[p] <= late:
                    j = members[p]
                    p += 1
                    if j < limit and seen[j] != stamp:
                        seen[j] = stamp
                        if count[j] == 0:
                            _mark(j, marks, groups)
                        count[j] += 1
                        if weighted:
                            total[j] += gain[thing]
                e += 1
        used = _emit(
            i, form, size, weighted, min_shared, top, count, total, marks, groups, heap,
            heads, values, used, lengths, later, tally,
        )  # fmt: skip
    return stop, used


@njit(nogil=True, cache=CACHE)
def mirror_rows(
    row: int, stop: int, low: int, high: int, heads: Array, values: Array, lengths: Array,
    indptr: Array, cursor: Array, indices: Array, weights: Array,
) -> None:  # fmt: skip
    """Write rows `row` … `stop` − 1 and their mirror images into the nodes low … high − 1.

    `heads` and `values` hold the neighbours j < i of these rows. `cursor` says where the
    next neighbour after itself goes for each node; rows must come in ascending order.
    """
    p = 0
    for i in range(row, stop):
        inside = low <= i < high
        at = indptr[i]
        for q in range(lengths[i]):
            j = heads[p]
            if inside:
                indices[at + q] = j
                weights[at + q] = values[p]
            if low <= j < high:
                indices[cursor[j]] = i
                weights[cursor[j]] = values[p]
                cursor[j] += 1
            p += 1
