"""Who shares what: the compressed lists that the projection walks, as its kernels take them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = [
    "Codes",
    "EdgeRule",
    "EventLists",
    "Floats",
    "Ints",
    "PairLists",
    "RowOutput",
    "Scratch",
    "distinct_pairs",
    "event_lists",
    "pair_lists",
    "some_rows",
    "starts",
]

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


class PairLists(NamedTuple):
    """Objects of each actor, each as the stretch of its actors to walk.

    Attributes
    ----------
    row_start
        Entries row_start[i] … row_start[i + 1] − 1 are the objects of actor i, ascending.
    begin, length
        For each entry, a stretch of `members`: the actors before its own, or all.
    members
        Actors of each object, ascending, object after object.
    multiplicity
        Interactions of each of them with the object; empty where they do not matter.
    base
        The actor that `row_start` begins with.
    """

    row_start: Ints
    begin: Ints
    length: Codes
    members: Codes
    multiplicity: Codes
    base: int = 0

    def work(self) -> Ints:
        """Entries that each row walks."""
        return _sums(self.length, self.row_start)


class EventLists(NamedTuple):
    """The same for interactions with their times, one entry each.

    Attributes
    ----------
    row_start, objects, row_times
        Interactions of each actor, by object and time.
    object_start, members, times
        Interactions with each object, by time.
    window
        Largest distance of two interactions that counts, in the unit of the times.
    base
        The actor that `row_start` begins with.
    """

    row_start: Ints
    objects: Codes
    row_times: Ints
    object_start: Ints
    members: Codes
    times: Ints
    window: int
    base: int = 0

    def work(self) -> Ints:
        """Entries that each row walks at most."""
        return _sums(np.diff(self.object_start)[self.objects], self.row_start)


class EdgeRule(NamedTuple):
    """How shared objects become the weight of an edge, and which edges stay.

    Attributes
    ----------
    contribution
        What each entry of the lists adds to a pair, or its multiplicity; empty where only the
        number of objects counts.
    mode, form
        What contributions mean and what the sum becomes, see ``_kernel`` and ``_row_kernel``.
    size
        Size of each actor, for Jaccard and cosine.
    min_shared
        Objects that a pair must share.
    top
        0: all neighbours; else the heaviest, equal ones by smaller code.
    """

    contribution: Floats
    mode: int
    size: Floats
    form: int
    min_shared: int
    top: int


class Scratch(NamedTuple):
    """Working arrays of one thread.

    Attributes
    ----------
    shared, total
        Number of shared objects, or it and the sum, of each actor; the one in use is zero
        before and after a row.
    touched
        Actors met in a row.
    final, keys, other, copy, counts
        For sorting a row; `final` is zero before and after.
    heap
        Of the `top` largest.
    seen
        −1 at first: the list of events in which each actor was last met.
    later
        Neighbours that each actor has after itself, counted where `top` is 0.
    """

    shared: Codes
    total: Floats
    touched: Codes
    final: Floats
    keys: Ints
    other: Ints
    copy: Floats
    counts: Ints
    heap: Floats
    seen: Ints
    later: Codes


class RowOutput(NamedTuple):
    """Where a kernel writes the rows of a block.

    Attributes
    ----------
    most
        Bound of the number of neighbours of each row; there is space for the largest.
    heads, values
        Neighbours and weights, one row after the other.
    lengths
        Neighbours kept of each row.
    tally
        Increased, counting each pair once: under `min_shared`, weightless, passed.
    """

    most: Ints
    heads: Codes
    values: Floats
    lengths: Ints
    tally: Ints


def distinct_pairs(
    rows: Codes, columns: Codes, m: int, *, counted: bool = False
) -> tuple[Codes, Codes, Codes]:
    """Each pair once, sorted by row, then column, and if `counted` its multiplicity.

    Columns are below `m`.
    """
    keys = rows.astype(np.int64)
    keys *= m
    keys += columns
    keys.sort()
    fresh = np.ones(keys.size, dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    multiplicity = np.zeros(0, dtype=np.int32)
    if counted:
        multiplicity = np.diff(np.flatnonzero(fresh), append=keys.size).astype(np.int32)
    if not fresh.all():
        keys = keys[fresh]
    del fresh
    actors = np.empty(keys.size, dtype=np.int32)
    np.floor_divide(keys, m, out=actors, casting="unsafe")
    keys %= m
    return actors, keys.astype(np.int32), multiplicity


def pair_lists(
    actors: Codes, objects: Codes, multiplicity: Codes, n: int, m: int, *, whole: bool
) -> PairLists:
    """Lists of distinct pairs, which come sorted by actor, then object.

    Each row walks the actors before its own, or, if `whole`, all.
    """
    from graphkit.graphs import _kernel as kernel

    row_start, object_start = starts(actors, n), starts(objects, m)
    lists = PairLists(
        row_start,
        begin=np.empty(objects.size, dtype=np.int64),
        length=np.empty(objects.size, dtype=np.int32),
        members=np.empty(objects.size, dtype=np.int32),
        multiplicity=np.empty(multiplicity.size, dtype=np.int32),
    )
    kernel.index_pairs(lists, objects, multiplicity, object_start, object_start[:-1].copy(), whole)
    return lists


def some_rows(
    row_start: Ints,
    objects: Codes,
    object_start: Ints,
    members: Codes,
    multiplicity: Codes,
    low: int,
    high: int,
    *,
    whole: bool,
) -> PairLists:
    """The lists of the actors low … high − 1 alone, from those of all."""
    from graphkit.graphs import _kernel as kernel

    first, last = int(row_start[low]), int(row_start[high])
    lists = PairLists(
        np.array(row_start[low : high + 1], dtype=np.int64) - first,
        begin=np.empty(last - first, dtype=np.int64),
        length=np.empty(last - first, dtype=np.int32),
        members=members,
        multiplicity=multiplicity,
        base=low,
    )
    kernel.find_stretches(lists, objects[first:last], object_start, whole)
    return lists


def event_lists(
    rows: Codes, columns: Codes, at: Ints, n: int, m: int, window: int, *, each: bool = False
) -> EventLists:
    """Lists of interactions in any order; those alike in all are one, unless `each` counts."""
    events = pl.DataFrame({"row": rows, "object": columns, "at": at})
    if not each:
        events = events.unique()
    by_row = events.sort("row", "object", "at")
    row_start = starts(_owned(by_row, "row"), n)
    objects, row_times = _owned(by_row, "object"), _owned(by_row, "at")
    del by_row
    by_object = events.sort("object", "at", "row")
    return EventLists(
        row_start,
        objects,
        row_times,
        object_start=starts(_owned(by_object, "object"), m),
        members=_owned(by_object, "row"),
        times=_owned(by_object, "at"),
        window=window,
    )


def starts(codes: Codes, size: int) -> Ints:
    """Where the stretch of each code begins among sorted codes, and the end."""
    found = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(codes, minlength=size), out=found[1:])
    return found


def _sums(values: npt.NDArray[Any], row_start: Ints) -> Ints:
    """Sum of the values of each row."""
    running = np.zeros(values.size + 1, dtype=np.int64)
    np.cumsum(values, out=running[1:])
    return np.diff(running[row_start])


def _owned(frame: pl.DataFrame, column: str) -> Any:
    """The column as a writable array: kernels are compiled for no other kind."""
    return frame.get_column(column).to_numpy().copy()
