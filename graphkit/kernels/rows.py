"""Kernels that sort an edge list into compressed rows, each for a range that one thread works on.

Edges are distributed over buckets of consecutive rows, each of which is then sorted in the nearest
cache (least significant digit first). The order within a bucket is that of the edges, whatever the
ranges, so that a result depends on the edges alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import inner, kernel

Array = Any

#: Bits of a digit.
DIGIT = 11


@kernel()
def count_rows(
    source: Array, target: Array, both: bool, shift: int, first: int, last: int, counts: Array
) -> None:
    """Count the entries of the edges first … last − 1 by bucket ``row >> shift``.

    With `both`, an edge has an entry in the row of either end, a loop one.
    """
    for e in range(first, last):
        a, b = source[e], target[e]
        counts[a >> shift] += 1
        if both and a != b:
            counts[b >> shift] += 1


@kernel()
def distribute_edges(
    source: Array,
    target: Array,
    weight: Array,
    both: bool,
    shift: int,
    first: int,
    last: int,
    place: Array,
    keys: Array,
    values: Array,
) -> None:
    """Write the entries of the edges first … last − 1 to their buckets.

    `place` holds where the next entry of each bucket goes. A key is row · 2³² + column; `weight`
    and `values` are empty if all weights are 1.
    """
    weighted = weight.size > 0
    for e in range(first, last):
        a, b = np.int64(source[e]), np.int64(target[e])
        at = place[a >> shift]
        place[a >> shift] = at + 1
        keys[at] = (a << 32) | b
        if weighted:
            values[at] = weight[e]
        if both and a != b:
            at = place[b >> shift]
            place[b >> shift] = at + 1
            keys[at] = (b << 32) | a
            if weighted:
                values[at] = weight[e]


@inner
def _sort_digit(
    keys: Array,
    values: Array,
    low: int,
    size: int,
    shift: int,
    new_keys: Array,
    new_values: Array,
    new_low: int,
    counts: Array,
) -> None:
    """Stable counting sort by one digit into other arrays."""
    digit = (1 << DIGIT) - 1
    weighted = values.size > 0
    counts[:] = 0
    for i in range(low, low + size):
        counts[(keys[i] >> shift) & digit] += 1
    total = new_low
    for d in range(digit + 1):
        here = counts[d]
        counts[d] = total
        total += here
    for i in range(low, low + size):
        d = (keys[i] >> shift) & digit
        at = counts[d]
        counts[d] = at + 1
        new_keys[at] = keys[i]
        if weighted:
            new_values[at] = values[i]


@inner
def _sort_values(values: Array, low: int, high: int) -> None:
    """Sort ``values[low:high]`` in place (heapsort)."""
    n = high - low
    for end in range(n + n // 2 - 1, 0, -1):
        root = end - n
        size = n
        if end < n:
            values[low], values[low + end] = values[low + end], values[low]
            root, size = 0, end
        while 2 * root + 1 < size:
            child = 2 * root + 1
            if child + 1 < size and values[low + child] < values[low + child + 1]:
                child += 1
            if values[low + root] >= values[low + child]:
                break
            values[low + root], values[low + child] = values[low + child], values[low + root]
            root = child


@kernel()
def sort_bucket(
    keys: Array,
    values: Array,
    low: int,
    high: int,
    bits: int,
    row_bits: int,
    spare_keys: Array,
    spare_values: Array,
    counts: Array,
    lengths: Array,
    indices: Array,
    sums: Array,
) -> int:
    """Sort the bucket ``keys[low:high]`` by row and column; parallel edges are merged.

    Columns have so many `bits`, rows differ in their lowest `row_bits`. Fills `indices` and `sums`
    from `low` on, adds to the `lengths` of the rows, and returns the end of the last row. Weights
    of parallel edges are added in ascending order. The memory of `sums` may be that of `keys`.
    """
    size = high - low
    weighted = values.size > 0
    spare = False
    for end, width in ((0, bits), (32, row_bits)):
        for shift in range(end, end + width, DIGIT):
            if spare:
                _sort_digit(spare_keys, spare_values, 0, size, shift, keys, values, low, counts)
            else:
                _sort_digit(keys, values, low, size, shift, spare_keys, spare_values, 0, counts)
            spare = not spare
    if not spare:
        for i in range(size):
            spare_keys[i] = keys[low + i]
            if weighted:
                spare_values[i] = values[low + i]
    at = low
    i = 0
    while i < size:
        key = spare_keys[i]
        end = i + 1
        while end < size and spare_keys[end] == key:
            end += 1
        total = np.float64(end - i)
        if weighted:
            if end > i + 1:
                _sort_values(spare_values, i, end)
            total = spare_values[i]
            for j in range(i + 1, end):
                total += spare_values[j]
        indices[at] = np.int32(key & 0x7FFFFFFF)
        sums[at] = total
        lengths[key >> 32] += 1
        at += 1
        i = end
    return at
