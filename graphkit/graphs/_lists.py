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
    """

    row_start: Ints
    begin: Ints
    length: Codes
    members: Codes

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

    def work(self) -> Ints:
        """Entries that each row walks at most."""
        return _sums(np.diff(self.thing_start)[self.things], self.row_start)


def distinct_pairs(rows: Codes, columns: Codes, m: int) -> tuple[Codes, Codes]:
    """Each pair once, sorted by row, then column; columns are below `m`."""
    keys = rows.astype(np.int64)
    keys *= m
    keys += columns
    keys.sort()
    fresh = np.ones(keys.size, dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    if not fresh.all():
        keys = keys[fresh]
    entities = (keys // m).astype(np.int32)
    keys %= m
    return entities, keys.astype(np.int32)


def pair_lists(entities: Codes, things: Codes, n: int, m: int, *, whole: bool) -> PairLists:
    """Lists of distinct pairs, which come sorted by entity, then thing.

    Each row walks the entities before its own, or, if `whole`, all.
    """
    from graphkit.graphs import _kernel as kernel

    row_start, thing_start = _starts(entities, n), _starts(things, m)
    members = np.empty(things.size, dtype=np.int32)
    begin = np.empty(things.size, dtype=np.int64)
    length = np.empty(things.size, dtype=np.int32)
    kernel.index_pairs(
        row_start, things, thing_start, thing_start[:-1].copy(), whole, members, begin, length
    )
    return PairLists(row_start, begin, length, members)


def event_lists(rows: Codes, columns: Codes, at: Ints, n: int, m: int, window: int) -> EventLists:
    """Lists of distinct acts, in any order, with repetitions."""
    events = pl.DataFrame({"row": rows, "thing": columns, "at": at}).unique()
    by_row = events.sort("row", "thing", "at")
    row_start = _starts(_owned(by_row, "row"), n)
    things, row_times = _owned(by_row, "thing"), _owned(by_row, "at")
    del by_row
    by_thing = events.sort("thing", "at", "row")
    return EventLists(
        row_start, things, row_times, _starts(_owned(by_thing, "thing"), m),
        _owned(by_thing, "row"), _owned(by_thing, "at"), window,
    )  # fmt: skip


def _starts(codes: Codes, size: int) -> Ints:
    starts = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(codes, minlength=size), out=starts[1:])
    return starts


def _sums(values: npt.NDArray[Any], row_start: Ints) -> Ints:
    """Sum of the values of each row."""
    running = np.zeros(values.size + 1, dtype=np.int64)
    np.cumsum(values, out=running[1:])
    return np.diff(running[row_start])


def _owned(frame: pl.DataFrame, column: str) -> Any:
    """The column as a writable array: kernels are compiled for no other kind."""
    return frame.get_column(column).to_numpy().copy()
