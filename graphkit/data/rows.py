"""Compressed sparse rows of an edge list, sorted and merged; many edges on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.errors import DataError
from graphkit.parallel import helpers, spare_cores

Array = npt.NDArray[Any]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

#: From so many edges on, kernels sort them; to load these would take longer than to sort fewer.
MANY = 500_000

#: Buckets of rows are fewer than two to this power: as many places as can be written to in turn.
BUCKET_BITS = 9

#: Pieces of the edges.
PIECES = 16


def csr_from_codes(
    n: int, source: Array, target: Array, weight: Floats | None, *, directed: bool
) -> tuple[npt.NDArray[np.int64], Codes, Floats]:
    """Sorted compressed rows of an edge list; parallel edges merged by adding weights."""
    build = _sort_many if source.size >= MANY else _sort_few
    indptr, indices, weights = build(n, source, target, weight, directed)
    if weight is not None and not np.isfinite(weights).all():
        raise DataError(
            "the weights of parallel edges add up to more than a float can hold: divide all "
            "weights by their mean."
        )
    return indptr, indices, weights


def _sort_few(
    n: int, source: Array, target: Array, weight: Floats | None, directed: bool
) -> tuple[npt.NDArray[np.int64], Codes, Floats]:
    loops = None if directed else source == target
    keys = np.empty(source.size * (1 if directed else 2), dtype=np.int64)
    _pack_keys(keys[: source.size], source, target)
    if loops is not None:
        if loops.any():
            keys = keys[: keys.size - int(loops.sum())]
            source, target = source[~loops], target[~loops]
        _pack_keys(keys[loops.size :], target, source)
        if weight is not None:
            weight = np.concatenate([weight, weight[~loops]])
    if weight is None:
        keys.sort()
    else:
        order = np.argsort(keys)
        with np.errstate(over="ignore"):
            exact = np.array_equal(weight, np.rint(weight)) and np.abs(weight).sum() < 2.0**53
        if not exact and _has_repeats(keys[order]):
            # sums that are rounded depend on their order: fix it, whatever the order of rows
            order = np.lexsort((weight, keys))
        keys, weight = keys[order], weight[order]
    if _has_repeats(keys):
        first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        if weight is None:
            weight = np.diff(np.append(first, keys.size)).astype(np.float64)
        else:
            with np.errstate(over="ignore"):
                weight = np.add.reduceat(weight, first)
        keys = keys[first]
    indices = keys.astype(np.int32)  # the lower half: the column
    keys >>= 32
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=n), out=indptr[1:])
    return indptr, indices, np.ones(keys.size) if weight is None else weight


def _pack_keys(keys: npt.NDArray[np.int64], rows: Array, columns: Array) -> None:
    """Row and column in one number each, which sorts like the pair."""
    keys[:] = rows
    keys <<= 32
    keys |= columns


def _has_repeats(keys: npt.NDArray[np.int64]) -> bool:
    return bool((keys[1:] == keys[:-1]).any())


def _sort_many(
    n: int, source: Array, target: Array, weight: Floats | None, directed: bool
) -> tuple[npt.NDArray[np.int64], Codes, Floats]:
    from graphkit.kernels import rows as kernel

    ends = [_read_only(np.ascontiguousarray(side, dtype=np.int32)) for side in (source, target)]
    given = _read_only(np.empty(0) if weight is None else np.ascontiguousarray(weight, np.float64))
    bits = (n - 1).bit_length()
    shift = max(0, bits - BUCKET_BITS)
    n_buckets = ((n - 1) >> shift) + 1
    pieces = np.linspace(0, source.size, PIECES + 1).astype(np.int64).tolist()
    counts = np.zeros((PIECES, n_buckets), dtype=np.int64)
    threads = spare_cores()
    with helpers(threads) as share_out:

        def count(worker: int, piece: int) -> None:
            first, last = pieces[piece], pieces[piece + 1]
            kernel.count_rows(*ends, not directed, shift, first, last, counts[piece])

        share_out(count, PIECES)
        # by bucket, then by piece: within a bucket, edges keep their order
        after = np.cumsum(counts.T.ravel()).reshape(n_buckets, PIECES)
        place = np.ascontiguousarray(after.T - counts)
        bounds = [0, *after[:, -1].tolist()]
        size = bounds[-1]
        # few large arrays, for memory touched for the first time is slow
        keys, values = np.empty(size, dtype=np.int64), np.empty(size if given.size else 0)

        def distribute(worker: int, piece: int) -> None:
            first, last = pieces[piece], pieces[piece + 1]
            kernel.distribute_edges(
                *ends, given, not directed, shift, first, last, place[piece], keys, values
            )

        share_out(distribute, PIECES)
        indptr, indices = np.zeros(n + 1, dtype=np.int64), np.empty(size, dtype=np.int32)
        sums = keys.view(np.float64)
        most = max(np.diff(bounds).tolist())
        spare = [
            (
                np.empty(most, dtype=np.int64),
                np.empty(most if values.size else 0),
                np.empty(1 << kernel.DIGIT, dtype=np.int64),
            )
            for _ in range(min(threads, n_buckets))
        ]
        found = np.zeros(n_buckets, dtype=np.int64)

        def sort(worker: int, bucket: int) -> None:
            low, high = bounds[bucket], bounds[bucket + 1]
            found[bucket] = kernel.sort_bucket(
                keys, values, low, high, bits, shift, *spare[worker], indptr[1:], indices, sums
            )

        share_out(sort, n_buckets)
    np.cumsum(indptr, out=indptr)
    filled = _close_gaps((indices, sums), bounds[:-1], found.tolist())
    if filled < size:
        indices, sums = indices[:filled].copy(), sums[:filled].copy()
    return indptr, indices, sums


def _read_only(array: Array) -> Array:
    """A read-only view, whatever was given, so that each kernel is compiled only once."""
    view = array.view()
    view.setflags(write=False)
    return view


def _close_gaps(arrays: Sequence[Array], first: Sequence[int], last: Sequence[int]) -> int:
    """Move ranges, ascending, down to where the one before ends, in place; returns the end."""
    filled = 0
    for low, high in zip(first, last, strict=True):
        if low > filled:
            for array in arrays:
                _move_down(array, low, high, filled)
        filled += high - low
    return filled


def _move_down(array: Array, low: int, high: int, to: int) -> None:
    """Copy ``array[low:high]`` to an earlier place, by steps that do not overlap where that pays."""
    step = low - to
    if step < 1 << 16:
        step = high - low
    for first in range(0, high - low, max(step, 1)):
        last = min(first + step, high - low)
        array[to + first : to + last] = array[low + first : low + last]
