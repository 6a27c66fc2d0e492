"""Kernels that read one row out of the accumulators: filtered, cut to the top, ascending."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import kernel

__all__ = ["COSINE", "JACCARD", "RAW", "emit_row"]

#: How a sum over shared objects becomes a weight.
RAW, JACCARD, COSINE = 0, 1, 2

#: Rows of at most this many neighbours are sorted by insertion.
FEW = 24

#: Rows that hold more than one in so many of all actors are read off in turn.
MOST = 8

Array = Any


@kernel()
def _weight(value: float, i: int, j: int, form: int, size: Array) -> Any:
    """Weight of a pair from the sum over what it shares."""
    if form == JACCARD:
        return value / (size[i] + size[j] - value)
    if form == COSINE:
        return value / np.sqrt(size[i] * size[j])
    return value


@kernel()
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


@kernel()
def _filter(i: int, n_touched: int, used: int, rule: Array, scratch: Array, out: Array) -> int:
    """Read row i out of the accumulators, which are zero again afterwards; how many pass.

    Neighbours that pass are left in `touched`, their weights in `values` from `used` on.
    """
    min_shared, form, size = rule.min_shared, rule.form, rule.size
    count, total, touched = scratch.shared, scratch.total, scratch.touched
    values, tally = out.values, out.tally
    kept = 0
    few = 0
    weightless = 0
    if rule.contribution.size:
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


@kernel()
def _by_digits(kept: int, n: int, keys: Array, other: Array, counts: Array) -> bool:
    """Sort keys[:kept] by their upper halves, which are below n; whether `other` has them."""
    width = 11 if kept > 1024 else 8
    size = 1 << width
    mask = size - 1
    shift = 32
    swapped = False
    while (n - 1) >> (shift - 32):
        counts[:size] = 0
        source, target = (other, keys) if swapped else (keys, other)
        for p in range(kept):
            counts[(source[p] >> shift) & mask] += 1
        before = 0
        for digit in range(size):
            number = counts[digit]
            counts[digit] = before
            before += number
        for p in range(kept):
            digit = (source[p] >> shift) & mask
            target[counts[digit]] = source[p]
            counts[digit] += 1
        swapped = not swapped
        shift += width
    return swapped


@kernel()
def emit_row(i: int, n_touched: int, used: int, rule: Array, scratch: Array, out: Array) -> int:
    """Write the neighbours of row i that pass, in ascending order, the `top` of them; their number.

    The first `n_touched` of `touched` have something in the accumulators of `scratch`.
    """
    kept = _filter(i, n_touched, used, rule, scratch, out)
    top, touched, final = rule.top, scratch.touched, scratch.final
    heads, values = out.heads, out.values
    first = used
    before = 0
    for q in range(kept):
        before += touched[q] < i
    out.tally[2] += before
    cut, ties = 0.0, 0
    if 0 < top < kept:
        cut, ties = _largest(values[used:], kept, top, scratch.heap)
        above = 0
        for q in range(kept):
            if values[first + q] >= cut:
                touched[above] = touched[q]
                values[first + above] = values[first + q]
                above += 1
        kept = above
    if kept <= FEW:
        for q in range(kept):
            j = touched[q]
            value = values[first + q]
            at = used
            while at > first and heads[at - 1] > j:
                heads[at] = heads[at - 1]
                values[at] = values[at - 1]
                at -= 1
            heads[at] = j
            values[at] = value
            used += 1
    elif kept * MOST >= final.size:
        for q in range(kept):
            final[touched[q]] = values[first + q]
        j = 0
        while used < first + kept:  # all weights are above 0
            heads[used] = j
            values[used] = final[j]
            used += final[j] > 0.0
            final[j] = 0.0
            j += 1
    else:
        keys, other, copy = scratch.keys, scratch.other, scratch.copy
        for q in range(kept):
            keys[q] = (np.int64(touched[q]) << 32) | q
            copy[q] = values[first + q]
        ordered = other if _by_digits(kept, final.size, keys, other, scratch.counts) else keys
        for q in range(kept):
            key = ordered[q]
            heads[used] = key >> 32
            values[used] = copy[key & 0xFFFFFFFF]
            used += 1
    if top == 0:
        for p in range(first, used):
            scratch.later[heads[p]] += 1
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
