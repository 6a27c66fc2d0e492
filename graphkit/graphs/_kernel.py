"""Kernels of the projection: rows of A·Aᵀ, one after the other, never the whole.

Gustavson's row-wise product: for entity i, walk its things and the other entities of each
thing, and add into dense accumulators of length n that belong to the thread. A list of the
entries touched makes reading a row cost what it holds, not n; a bitmap of two levels gives
those that pass back in ascending order.

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

__all__ = ["COSINE", "JACCARD", "RAW", "index_pairs", "mirror_rows", "shared_rows", "windowed_rows"]

CACHE = bool(os.environ.get("NUMBA_CACHE_DIR"))

#: How a sum over shared things becomes a weight.
RAW, JACCARD, COSINE = 0, 1, 2

#: Rows of at most this many neighbours are sorted by insertion.
FEW = 24

Array = Any

# position of the only set bit of a word, by a de Bruijn sequence
_SEQUENCE = np.uint64(0x03F79D71B4CB0A89)
_POSITIONS = np.empty(64, dtype=np.int64)
for _bit in range(64):
    _POSITIONS[((0x03F79D71B4CB0A89 << _bit) & (2**64 - 1)) >> 58] = _bit

_ONE, _ZERO, _SHIFT = np.uint64(1), np.uint64(0), np.uint64(58)


@njit(nogil=True, cache=CACHE)
def index_pairs(
    row_start: Array, things: Array, thing_start: Array, cursor: Array, whole: bool,
    members: Array, begin: Array, length: Array,
) -> None:  # fmt: skip
    """Entities of each thing, and for each pair the stretch of them to walk.

    Pairs come by entity, then thing. `cursor` starts as the beginning of each thing's
    list. The stretch is the entities before the pair's own, or `whole` lists.
    """
    for i in range(row_start.size - 1):
        for e in range(row_start[i], row_start[i + 1]):
            thing = things[e]
            at = cursor[thing]
            cursor[thing] = at + 1
            members[at] = i
            first = thing_start[thing]
            begin[e] = first
            length[e] = thing_start[thing + 1] - first if whole else at - first


@njit(nogil=True, cache=CACHE)
def _weight(value: float, i: int, j: int, form: int, size: Array) -> Any:
    """Weight of a pair from the sum over what it shares."""
    if form == JACCARD:
        return value / (size[i] + size[j] - value)
    if form == COSINE:
        return value / np.sqrt(size[i] * size[j])
    return value


@njit(nogil=True, cache=CACHE)
def _largest(values: Array, n: int, top: int, heap: Array) -> tuple[float, int]:
    """The `top`-th largest of values[:n], and how many equal to it are among the `top`."""
    for q in range(top):  # a heap whose root is the smallest of the largest
        value = values[q]
        at = q
        while at > 0 and heap[(at - 1) >> 1] > value:
            heap[at] = heap[(at - 1) >> 1]
            at = (at - 1) >> 1
        heap[at] = value
    for p in range(top, n):
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
    ties = 0
    for q in range(top):
        ties += heap[q] == heap[0]
    return heap[0], ties


@njit(nogil=True, cache=CACHE)
def _filter(
    i: int, n_touched: int, form: int, size: Array, min_shared: int, weighted: bool,
    count: Array, total: Array, touched: Array, values: Array, used: int, tally: Array,
) -> int:  # fmt: skip
    """Read row i out of the accumulators, which are zero again afterwards.

    Neighbours that pass are left in `touched`, their weights in `values` from `used` on.
    """
    kept = 0
    few = 0
    weightless = 0
    if weighted:
        for q in range(n_touched):
            j = touched[q]
            shared, value = total[j, 0], total[j, 1]
            total[j, 0] = 0.0
            total[j, 1] = 0.0
            if shared < min_shared:
                few += j < i
            elif value <= 0.0:
                weightless += j < i
            elif j != i:
                touched[kept] = j
                values[used + kept] = _weight(value, i, j, form, size)
                kept += 1
    else:
        for q in range(n_touched):
            j = touched[q]
            number = count[j]
            count[j] = 0
            if number < min_shared:
                few += j < i
            elif j != i:
                touched[kept] = j
                values[used + kept] = _weight(np.float64(number), i, j, form, size)
                kept += 1
    tally[0] += few
    tally[1] += weightless
    return kept


@njit(nogil=True, cache=CACHE)
def _emit(
    i: int, kept: int, top: int, touched: Array, final: Array, marks: Array, groups: Array,
    heap: Array, heads: Array, values: Array, used: int, later: Array, tally: Array,
) -> int:  # fmt: skip
    """Write the neighbours that passed in ascending order, the `top` of them; their number."""
    cut, ties = 0.0, 0
    if 0 < top < kept:
        cut, ties = _largest(values[used:], kept, top, heap)
    first = used
    if kept <= FEW:
        for q in range(kept):
            j = touched[q]
            value = values[first + q]
            tally[2] += j < i
            if value < cut:
                continue
            at = used
            while at > first and heads[at - 1] > j:
                heads[at] = heads[at - 1]
                values[at] = values[at - 1]
                at -= 1
            heads[at] = j
            values[at] = value
            used += 1
    else:
        for q in range(kept):
            j = touched[q]
            value = values[first + q]
            tally[2] += j < i
            if value >= cut:
                final[j] = value
                marks[j >> 6] |= _ONE << np.uint64(j & 63)
                groups[j >> 12] |= _ONE << np.uint64((j >> 6) & 63)
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
                    heads[used] = j
                    values[used] = final[j]
                    used += 1
    if top == 0:
        for p in range(first, used):
            later[heads[p]] += 1
    elif used - first > top:  # of those equal to the last, the smallest codes stay
        n_read = used
        used = first
        for p in range(first, n_read):
            if values[p] == cut:
                if ties == 0:
                    continue
                ties -= 1
            heads[used] = heads[p]
            values[used] = values[p]
            used += 1
    return used - first


@njit(nogil=True, cache=CACHE)
def shared_rows(
    row: int, stop: int,
    row_start: Array, begin: Array, length: Array, members: Array,
    gain: Array, size: Array, form: int, min_shared: int, top: int,
    count: Array, total: Array, touched: Array, final: Array, marks: Array, groups: Array,
    heap: Array, most: Array, heads: Array, values: Array, used: int,
    lengths: Array, later: Array, tally: Array,
) -> tuple[int, int]:  # fmt: skip
    """Rows `row` … `stop` − 1, or as many as surely fit into `heads`.

    Parameters
    ----------
    row_start, begin, length, members
        Things of each entity, each as a stretch of `members`, its entities (ascending):
        those before the entity itself, or, with `top`, all.
    gain
        What each pair of `row_start` adds; empty where only the number of things counts.
    size
        Size of each entity, for Jaccard and cosine.
    form, min_shared
        How sums become weights, and how many things a pair must share.
    top
        0: all neighbours; else the heaviest, ties by smaller code.
    count, total, touched, final, marks, groups, heap
        Scratch of the calling thread; `count` or `total` (number and sum), whichever is
        used, `marks` and `groups` are zero before and after.
    most
        Bound of the number of neighbours of each row; there is room for the largest.
    heads, values, used
        Filled from `used` on with neighbours and weights, one row after the other.
    lengths
        Set for each row: number of its neighbours kept.
    later
        Increased for each head (`top` = 0): neighbours that the head has after itself.
    tally
        Increased, counting each pair once: under `min_shared`, weightless, passed.

    Returns
    -------
    tuple of int
        The first row not done, and how much of `heads` is used.
    """
    weighted = gain.size > 0
    for i in range(row, stop):
        if used + most[i] > heads.size:
            return i, used
        k = 0
        for e in range(row_start[i], row_start[i + 1]):
            first = begin[e]
            if weighted:
                for p in range(first, first + length[e]):
                    j = members[p]
                    shared = total[j, 0]
                    touched[k] = j
                    k += shared == 0.0
                    total[j, 0] = shared + 1.0
                    total[j, 1] += gain[e]
            else:
                for p in range(first, first + length[e]):
                    j = members[p]
                    shared = count[j]
                    touched[k] = j
                    k += shared == 0
                    count[j] = shared + 1
        kept = _filter(
            i, k, form, size, min_shared, weighted, count, total, touched, values, used, tally
        )
        lengths[i] = _emit(
            i, kept, top, touched, final, marks, groups, heap, heads, values, used, later, tally
        )
        used += lengths[i]
    return stop, used


@njit(nogil=True, cache=CACHE)
def windowed_rows(
    row: int, stop: int,
    row_start: Array, row_things: Array, row_times: Array,
    thing_start: Array, members: Array, times: Array, window: int, seen: Array,
    gain: Array, size: Array, form: int, min_shared: int, top: int,
    count: Array, total: Array, touched: Array, final: Array, marks: Array, groups: Array,
    heap: Array, most: Array, heads: Array, values: Array, used: int,
    lengths: Array, later: Array, tally: Array,
) -> tuple[int, int]:  # fmt: skip
    """The same, where a thing is shared only if both acted on it within `window`.

    Here the lists hold events: those of an entity by thing and time (`row_times`), those
    of a thing by time (`times`). For each entity and thing the union of the intervals
    around its events is walked once. `seen` (−1 at first) tells, per entity, the event
    list in which it was last met.
    """
    weighted = gain.size > 0
    limit = row_start.size - 1
    for i in range(row, stop):
        if used + most[i] > heads.size:
            return i, used
        if top == 0:
            limit = i
        k = 0
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
                    if j >= limit or seen[j] == stamp:
                        continue
                    seen[j] = stamp
                    touched[k] = j
                    if weighted:
                        k += total[j, 0] == 0.0
                        total[j, 0] += 1.0
                        total[j, 1] += gain[stamp]
                    else:
                        k += count[j] == 0
                        count[j] += 1
                e += 1
        kept = _filter(
            i, k, form, size, min_shared, weighted, count, total, touched, values, used, tally
        )
        lengths[i] = _emit(
            i, kept, top, touched, final, marks, groups, heap, heads, values, used, later, tally
        )
        used += lengths[i]
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
    last = 0
    for i in range(row, stop):
        first, last = last, last + lengths[i]
        if low <= i < high:
            shift = indptr[i] - first
            for p in range(first, last):
                indices[shift + p] = heads[p]
                weights[shift + p] = values[p]
        p, above = first, last
        while p < above:  # heads ascend: find those from `low` on
            middle = (p + above) >> 1
            if heads[middle] < low:
                p = middle + 1
            else:
                above = middle
        while p < last and heads[p] < high:
            at = cursor[heads[p]]
            cursor[heads[p]] = at + 1
            indices[at] = i
            weights[at] = values[p]
            p += 1
