"""Kernels that make rows symmetric: mirror images, transposes, unions."""

from __future__ import annotations

from typing import Any

from graphkit.kernels.compile import kernel

__all__ = ["merge_rows", "mirror_rows", "transpose"]

Array = Any


@kernel()
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


@kernel()
def transpose(indptr: Array, heads: Array, cursor: Array, tails: Array, places: Array) -> None:
    """Rows turned into columns: tail and place of each entry.

    `cursor` starts as the beginning of each column.
    """
    for i in range(indptr.size - 1):
        for p in range(indptr[i], indptr[i + 1]):
            at = cursor[heads[p]]
            cursor[heads[p]] = at + 1
            tails[at] = i
            places[at] = p


@kernel()
def merge_rows(
    indptr: Array, heads: Array, values: Array, columns: Array, tails: Array, places: Array,
    mutual: bool, starts: Array, indices: Array, weights: Array,
) -> None:  # fmt: skip
    """Union of ascending rows and their columns, or, if `mutual`, what both hold.

    With empty `indices`, the lengths of the rows are written to starts[1:]; else row i goes
    to `indices` and `weights` from starts[i] on.
    """
    fill = indices.size > 0
    for i in range(indptr.size - 1):
        p, last = indptr[i], indptr[i + 1]
        q, end = columns[i], columns[i + 1]
        at = starts[i] if fill else 0
        while p < last or q < end:
            ours = q >= end or (p < last and heads[p] <= tails[q])
            theirs = p >= last or (q < end and tails[q] <= heads[p])
            if (ours and theirs) or not mutual:
                if fill:
                    indices[at] = heads[p] if ours else tails[q]
                    weights[at] = values[p] if ours else values[places[q]]
                at += 1
            p += ours
            q += theirs
        if not fill:
            starts[i + 1] = at
