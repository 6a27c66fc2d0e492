"""Kernels of the projection: rows of A·Aᵀ, one after the other, never the whole.

Gustavson's row-wise product: for actor i, walk its objects and the other actors of each
object, and add into dense accumulators of length n that belong to the thread. A list of the
entries touched makes reading a row cost what it holds, not n; those that pass are put into
ascending order by insertion (few), by digits, or by reading all n in turn (most).

Sums run over objects in ascending order for every pair, so weights are symmetric to the
last bit and depend neither on threads nor on blocks.
"""

from __future__ import annotations

from typing import Any

from graphkit.kernels.compile import kernel
from graphkit.kernels.projection import COSINE, JACCARD, RAW, emit_row

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

#: What a shared object adds: its contribution, or the product or the lesser of multiplicities.
EACH, PRODUCT, LESSER = 0, 1, 2

Array = Any


@kernel()
def index_pairs(
    lists: Array, objects: Array, given: Array, object_start: Array, cursor: Array, whole: bool
) -> None:
    """Fill `lists` (``PairLists``) but for `row_start` from pairs sorted by actor, then object.

    `given` is the multiplicity of each pair, if there is any. `cursor` starts as the beginning
    of each object's list. Stretches are the actors before the pair's own, or `whole` lists.
    """
    row_start, begin, length = lists.row_start, lists.begin, lists.length
    members, multiplicity = lists.members, lists.multiplicity
    for i in range(row_start.size - 1):
        for e in range(row_start[i], row_start[i + 1]):
            t = objects[e]
            at = cursor[t]
            cursor[t] = at + 1
            members[at] = i
            if given.size:
                multiplicity[at] = given[e]
            first = object_start[t]
            begin[e] = first
            length[e] = object_start[t + 1] - first if whole else at - first


@kernel()
def find_stretches(lists: Array, objects: Array, object_start: Array, whole: bool) -> None:
    """Fill the stretches of `lists` (``PairLists``) for some rows, where `members` are there."""
    row_start, begin, length = lists.row_start, lists.begin, lists.length
    members = lists.members
    for i in range(row_start.size - 1):
        for e in range(row_start[i], row_start[i + 1]):
            first = object_start[objects[e]]
            last = object_start[objects[e] + 1]
            begin[e] = first
            if not whole:  # up to the actor itself
                low = first
                while low < last:
                    middle = (low + last) >> 1
                    if members[middle] < lists.base + i:
                        low = middle + 1
                    else:
                        last = middle
            length[e] = last - first


@kernel()
def shared_rows(
    row: int, stop: int, used: int, lists: Array, rule: Array, scratch: Array, out: Array
) -> tuple[int, int]:
    """Rows `row` … `stop` − 1 of pairs, or as many as surely fit into `out`, from `used` on.

    Takes ``PairLists``, ``EdgeRule``, ``Scratch`` and ``RowOutput``; `row_start`, `most` and
    `lengths` begin with the row `base`. Returns the first row not done, and how much of `out`
    is used.
    """
    row_start, begin, length, base = lists.row_start, lists.begin, lists.length, lists.base
    members, multiplicity = lists.members, lists.multiplicity
    contribution, mode = rule.contribution, rule.mode
    count, total, touched = scratch.shared, scratch.total, scratch.touched
    most, lengths, space = out.most, out.lengths, out.heads.size
    weighted = contribution.size > 0
    for i in range(row, stop):
        if used + most[i - base] > space:
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
                        total[j, 1] += contribution[e]
                    elif mode == PRODUCT:
                        total[j, 1] += contribution[e] * multiplicity[p]
                    else:
                        total[j, 1] += min(contribution[e], multiplicity[p])
            else:
                for p in range(first, first + length[e]):
                    j = members[p]
                    shared = count[j]
                    touched[k] = j
                    k += shared == 0
                    count[j] = shared + 1
        lengths[i - base] = emit_row(i, k, used, rule, scratch, out)
        used += lengths[i - base]
    return stop, used


@kernel()
def windowed_rows(
    row: int, stop: int, used: int, lists: Array, rule: Array, scratch: Array, out: Array
) -> tuple[int, int]:
    """The same of ``EventLists``: an object is shared only if both had it within the window.

    For each actor and object the union of the intervals around its interactions is walked
    once. In the mode ``PRODUCT``, pairs of interactions within the window are counted, each
    once.
    """
    row_start, row_objects, row_times = lists.row_start, lists.objects, lists.row_times
    object_start, members, times = lists.object_start, lists.members, lists.times
    window, base = lists.window, lists.base
    contribution, mode = rule.contribution, rule.mode
    count, total, touched, seen = scratch.shared, scratch.total, scratch.touched, scratch.seen
    most, lengths, space = out.most, out.lengths, out.heads.size
    weighted = contribution.size > 0
    limit = scratch.final.size
    for i in range(row, stop):
        if used + most[i - base] > space:
            return i, used
        if rule.top == 0:
            limit = i
        k = 0
        e = row_start[i - base]
        end = row_start[i - base + 1]
        while e < end:
            t = row_objects[e]
            stamp = e
            start = object_start[t]
            p = start
            last = object_start[t + 1]
            while e < end and row_objects[e] == t:
                if mode == PRODUCT:  # every interaction counts with every other
                    p = start
                early = row_times[e] - window
                late = row_times[e] + window
                high = last
                while p < high:  # first event of the object, not yet walked, from `early` on
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
                        total[j, 1] += contribution[stamp]
                    else:
                        k += count[j] == 0
                        count[j] += 1
                e += 1
        lengths[i - base] = emit_row(i, k, used, rule, scratch, out)
        used += lengths[i - base]
    return stop, used
