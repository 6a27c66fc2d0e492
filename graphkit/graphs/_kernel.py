"""Kernels of the projection: rows of A·Aᵀ, one after the other, never the whole.

Gustavson's row-wise product: for entity i, walk its things and the other entities of each
thing, and add into dense accumulators of length n that belong to the thread. A list of the
entries touched makes reading a row cost what it holds, not n; those that pass are put into
ascending order by insertion (few), by digits, or by reading all n in turn (most).

Sums run over things in ascending order for every pair, so weights are symmetric to the
last bit and depend neither on threads nor on blocks.
"""

from __future__ import annotations

from typing import Any

from graphkit.graphs._row_kernel import COSINE, JACCARD, RAW, emit_row, filter_row
from graphkit.jit import kernel

__all__ = [
    "COSINE",
    "EACH",
    "JACCARD",
    "LESSER",
    "PRODUCT",
    "RAW",
    "find_stretches",
    "index_pairs",
    "shared_rows",
    "windowed_rows",
]

#: What a shared thing adds: its gain, or the product or the lesser of the numbers of acts.
EACH, PRODUCT, LESSER = 0, 1, 2

Array = Any


@kernel()
def index_pairs(
    row_start: Array, things: Array, acts: Array, thing_start: Array, cursor: Array,
    whole: bool, members: Array, often: Array, begin: Array, length: Array,
) -> None:  # fmt: skip
    """Entities of each thing, and for each pair the stretch of them to walk.

    Pairs come by entity, then thing. `cursor` starts as the beginning of each thing's
    list. The stretch is the entities before the pair's own, or `whole` lists. `often` are
    the `acts` of each pair in the order of `members`, if there are any.
    """
    for i in range(row_start.size - 1):
        for e in range(row_start[i], row_start[i + 1]):
            thing = things[e]
            at = cursor[thing]
            cursor[thing] = at + 1
            members[at] = i
            if acts.size:
                often[at] = acts[e]
            first = thing_start[thing]
            begin[e] = first
            length[e] = thing_start[thing + 1] - first if whole else at - first


@kernel()
def find_stretches(
    base: int, row_start: Array, things: Array, thing_start: Array, members: Array, whole: bool,
    begin: Array, length: Array,
) -> None:  # fmt: skip
    """The stretches of `index_pairs` for some rows, where the lists of things are there."""
    for i in range(row_start.size - 1):
        for e in range(row_start[i], row_start[i + 1]):
            first = thing_start[things[e]]
            last = thing_start[things[e] + 1]
            begin[e] = first
            if not whole:  # up to the entity itself
                low = first
                while low < last:
                    middle = (low + last) >> 1
                    if members[middle] < base + i:
                        low = middle + 1
                    else:
                        last = middle
            length[e] = last - first


@kernel()
def shared_rows(
    row: int, stop: int, base: int,
    row_start: Array, begin: Array, length: Array, members: Array, often: Array,
    gain: Array, mode: int, size: Array, form: int, min_shared: int, top: int,
    count: Array, total: Array, touched: Array, final: Array, keys: Array, other: Array,
    copy: Array, counts: Array, heap: Array, most: Array, heads: Array, values: Array, used: int,
    lengths: Array, later: Array, tally: Array,
) -> tuple[int, int]:  # fmt: skip
    """Rows `row` … `stop` − 1, or as many as surely fit into `heads`.

    Parameters
    ----------
    base
        The row that `row_start`, `most` and `lengths` begin with.
    row_start, begin, length, members
        Things of each entity, each as a stretch of `members`, its entities (ascending):
        those before the entity itself, or all.
    often
        Acts of each of `members` on the thing, where `mode` is not ``EACH``.
    gain, mode
        What each pair of `row_start` adds, or its number of acts; empty where only the
        number of things counts.
    size
        Size of each entity, for Jaccard and cosine.
    form, min_shared
        How sums become weights, and how many things a pair must share.
    top
        0: all neighbours; else the heaviest, ties by smaller code.
    count, total, touched, final, keys, other, copy, counts, heap
        Scratch of the calling thread; `count` or `total` (number and sum), whichever is
        used, and `final` are zero before and after.
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
        if used + most[i - base] > heads.size:
            return i, used
        k = 0
        for e in range(row_start[i - base], row_start[i - base + 1]):
            first = begin[e]
            if weighted:
                for p in range(first, first + length[e]):
                    j = members[p]
                    shared = total[j, 0]
                    touched[k] = j
                    k += shared == 0.0
                    total[j, 0] = shared + 1.0
                    if mode == EACH:
                        total[j, 1] += gain[e]
                    elif mode == PRODUCT:
                        total[j, 1] += gain[e] * often[p]
                    else:
                        total[j, 1] += min(gain[e], often[p])
            else:
                for p in range(first, first + length[e]):
                    j = members[p]
                    shared = count[j]
                    touched[k] = j
                    k += shared == 0
                    count[j] = shared + 1
        kept = filter_row(
            i, k, form, size, min_shared, weighted, count, total, touched, values, used, tally
        )
        lengths[i - base] = emit_row(
            i, kept, top, touched, final, keys, other, copy, counts, heap, heads, values, used,
            later, tally,
        )  # fmt: skip
        used += lengths[i - base]
    return stop, used


@kernel()
def windowed_rows(
    row: int, stop: int, base: int,
    row_start: Array, row_things: Array, row_times: Array,
    thing_start: Array, members: Array, times: Array, window: int, seen: Array,
    gain: Array, mode: int, size: Array, form: int, min_shared: int, top: int,
    count: Array, total: Array, touched: Array, final: Array, keys: Array, other: Array,
    copy: Array, counts: Array, heap: Array, most: Array, heads: Array, values: Array, used: int,
    lengths: Array, later: Array, tally: Array,
) -> tuple[int, int]:  # fmt: skip
    """The same, where a thing is shared only if both acted on it within `window`.

    Here the lists hold events: those of an entity by thing and time (`row_times`), those
    of a thing by time (`times`). For each entity and thing the union of the intervals
    around its events is walked once. `seen` (−1 at first) tells, per entity, the event
    list in which it was last met. In the mode ``PRODUCT``, pairs of acts within the window
    are counted, each once.
    """
    weighted = gain.size > 0
    limit = final.size
    for i in range(row, stop):
        if used + most[i - base] > heads.size:
            return i, used
        if top == 0:
            limit = i
        k = 0
        e = row_start[i - base]
        end = row_start[i - base + 1]
        while e < end:
            thing = row_things[e]
            stamp = e
            start = thing_start[thing]
            p = start
            last = thing_start[thing + 1]
            while e < end and row_things[e] == thing:
                if mode == PRODUCT:  # every act counts with every other
                    p = start
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
                    if j >= limit:
                        continue
                    if seen[j] == stamp:
                        if mode == PRODUCT:
                            total[j, 1] += 1.0
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
        kept = filter_row(
            i, k, form, size, min_shared, weighted, count, total, touched, values, used, tally
        )
        lengths[i - base] = emit_row(
            i, kept, top, touched, final, keys, other, copy, counts, heap, heads, values, used,
            later, tally,
        )  # fmt: skip
        used += lengths[i - base]
    return stop, used
