"""Who shares what, as the compressed lists that the projection walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = [
    "Codes",
    "EventLists",
    "Floats",
    "Ints",
    "PairLists",
    "distinct_pairs",
    "event_lists",
    "pair_lists",
    "some_rows",
    "starts",
]

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PairLists:
    """Things of each entity, each as the stretch of its entities to walk.

    Attributes
    ----------
    row_start
        Entries row_start[i] … row_start[i + 1] − 1 are the things of entity i, ascending.
    begin, length
        For each entry, a stretch of `members`.
    members
        Entities of each thing, ascending, thing after thing.
    often
        Acts of each of them on the thing; empty where they do not matter.
    base
        The entity that `row_start` begins with.
    """

    row_start: Ints
    begin: Ints
    length: Codes
    members: Codes
    often: Codes
    base: int = 0

    def work(self) -> Ints:
        """Entries that each row walks."""
        return _sums(self.length, self.row_start)


@dataclass(frozen=True)
class EventLists:
    """The same for acts with their times, one entry each.

    Attributes
    ----------
    row_start, things, row_times
        Acts of each entity, by thing and time.
    thing_start, members, times
        Acts on each thing, by time.
    window
        Largest distance of two acts that counts, in the unit of the times.
    """

    row_start: Ints
    things: Codes
    row_times: Ints
    thing_start: Ints
    members: Codes
    times: Ints
    window: int
    base: int = 0

    def work(self) -> Ints:
        """Entries that each row walks at most."""
        return _sums(np.diff(self.thing_start)[self.things], self.row_start)


def distinct_pairs(
    rows: Codes, columns: Codes, m: int, *, acts: bool = False
) -> tuple[Codes, Codes, Codes]:
    """Each pair once, sorted by row, then column, and the acts of each, if asked for.

    Columns are below `m`.
    """
    keys = rows.astype(np.int64)
    keys *= m
    keys += columns
    keys.sort()
    fresh = np.ones(keys.size, dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    often = np.zeros(0, dtype=np.int32)
    if acts:
        often = np.diff(np.flatnonzero(fresh), append=keys.size).astype(np.int32)
    if not fresh.all():
        keys = keys[fresh]
    del fresh
    entities = np.empty(keys.size, dtype=np.int32)
    np.floor_divide(keys, m, out=entities, casting="unsafe")
    keys %= m
    return entities, keys.astype(np.int32), often


def pair_lists(
    entities: Codes, things: Codes, often: Codes, n: int, m: int, *, whole: bool
) -> PairLists:
    """Lists of distinct pairs, which come sorted by entity, then thing.

    Each row walks the entities before its own, or, if `whole`, all.
    """
    from graphkit.graphs import _kernel as kernel

    row_start, thing_start = starts(entities, n), starts(things, m)
    members = np.empty(things.size, dtype=np.int32)
    in_order = np.empty(often.size, dtype=np.int32)
    begin = np.empty(things.size, dtype=np.int64)
    length = np.empty(things.size, dtype=np.int32)
    kernel.index_pairs(
        row_start, things, often, thing_start, thing_start[:-1].copy(), whole,
        members, in_order, begin, length,
    )  # fmt: skip
    return PairLists(row_start, begin, length, members, in_order)


def some_rows(
    row_start: Ints, things: Codes, thing_start: Ints, members: Codes, low: int, high: int,
    *, whole: bool, often: Codes | None = None,
) -> PairLists:  # fmt: skip
    """The lists of the entities low … high − 1 alone, from those of all."""
    from graphkit.graphs import _kernel as kernel

    first, last = int(row_start[low]), int(row_start[high])
    mine = np.array(row_start[low : high + 1], dtype=np.int64) - first
    begin = np.empty(last - first, dtype=np.int64)
    length = np.empty(last - first, dtype=np.int32)
    kernel.find_stretches(low, mine, things[first:last], thing_start, members, whole, begin, length)
    often = np.zeros(0, dtype=np.int32) if often is None else often
    return PairLists(mine, begin, length, members, often, low)


def event_lists(
    rows: Codes, columns: Codes, at: Ints, n: int, m: int, window: int, *, each: bool = False
) -> EventLists:
    """Lists of acts, which come in any order; those alike in all are one, unless `each` counts."""
    events = pl.DataFrame({"row": rows, "thing": columns, "at": at})
    if not each:
        events = events.unique()
    by_row = events.sort("row", "thing", "at")
    row_start = starts(_owned(by_row, "row"), n)
    things, row_times = _owned(by_row, "thing"), _owned(by_row, "at")
    del by_row
    by_thing = events.sort("thing", "at", "row")
    return EventLists(
        row_start, things, row_times, starts(_owned(by_thing, "thing"), m),
        _owned(by_thing, "row"), _owned(by_thing, "at"), window,
    )  # fmt: skip


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
