"""From interactions of actors with objects to the edges among actors: arrays in, arrays out.

The public function and its words are in ``cointeraction.py``, the lists that are walked in
``_lists.py``, the walk in ``_walk.py`` and its loops in ``_kernel.py``, what makes rows
symmetric in ``_symmetric.py``. This module joins them, and says what a shared object adds under
each weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.files import write_whole
from graphkit.graphs.options import ProjectionOptions
from graphkit.parallel import cores, in_threads, track

__all__ = [
    "Block",
    "Codes",
    "EdgeRule",
    "EventLists",
    "Floats",
    "Ints",
    "PairLists",
    "Prepared",
    "Projection",
    "RowOutput",
    "Scratch",
    "Walk",
    "distinct_pairs",
    "edge_rule",
    "event_lists",
    "finish",
    "pair_lists",
    "prepare",
    "project",
    "scales",
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
    from graphkit.kernels import projection as kernel

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
    from graphkit.kernels import projection as kernel

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


#: Entries walked between two progress reports, some hundredths of a second.
BLOCK_WORK = 1 << 22

#: Room for results that a thread asks for at a time. So large that the system takes it
#: back when it is freed; what is not written to is never there.
ROOM = 1 << 24

#: Rows first … last − 1: their neighbours and weights, one row after the other.
Piece = tuple[int, int, Codes, Floats]


@dataclass
class Block:
    """What the walk found in rows first … last − 1.

    Neighbours j < i of each row i, or the `top` of all; `lengths` of the rows, and the
    `tally` of pairs under the least number of objects, weightless, and passed.
    """

    first: int
    last: int
    pieces: list[Piece]
    lengths: Ints
    tally: Ints

    def save(self, path: Path) -> None:
        """Write the block; the file is whole or absent."""
        heads = np.concatenate([np.zeros(0, np.int32), *(piece[2] for piece in self.pieces)])
        values = np.concatenate([np.zeros(0), *(piece[3] for piece in self.pieces)])
        arrays = {"lengths": self.lengths, "tally": self.tally, "heads": heads, "values": values}
        rows = np.array([self.first, self.last])
        write_whole(path, lambda part: np.savez(part, allow_pickle=False, rows=rows, **arrays))

    @classmethod
    def load(cls, path: Path) -> Block:
        """Read what `save` wrote."""
        with np.load(path) as file:
            first, last = file["rows"].tolist()
            piece = (first, last, file["heads"], file["values"])
            return cls(first, last, [piece], file["lengths"], file["tally"])


@dataclass
class _Thread:
    """What one thread works with, and its space for results."""

    scratch: Scratch
    heads: Codes = field(default_factory=lambda: np.empty(0, np.int32))
    values: Floats = field(default_factory=lambda: np.empty(0))
    used: int = 0

    def renew(self, space: int) -> None:
        """Fresh space; the old one lives as long as results in it."""
        self.heads, self.values, self.used = np.empty(space, np.int32), np.empty(space), 0


class Walk:
    """The lists, walked row by row among `n` actors, with edges by `rule`.

    After `run`, `later` tells how many neighbours after itself each actor has (`top` = 0).
    """

    def __init__(self, lists: PairLists | EventLists, rule: EdgeRule, n: int) -> None:
        self.lists, self.rule, self.n = lists, rule, n
        self.top, self.base = rule.top, lists.base
        self.work = lists.work()
        self.most = np.minimum(self.work, n)
        self.room = int(self.most.max(initial=1)) + min(ROOM, int(self.most.sum()))
        self.later = np.zeros(n, dtype=np.int64)
        self._spare: SimpleQueue[_Thread] = SimpleQueue()
        self._made: list[_Thread] = []

    def run(self, workers: int, block_work: int | None, kept: Path | None = None) -> list[Block]:
        """Walk all rows; with `kept`, blocks are written to that folder, and read if there."""

        read: list[Block] = []

        def step(bounds: tuple[int, int]) -> Block:
            if kept is None:
                return self.block(*bounds)
            path = kept / f"rows-{bounds[0]}-{bounds[1]}.npz"
            if path.exists():
                found = Block.load(path)
                read.append(found)
                return found
            found = self.block(*bounds)
            found.save(path)
            return found

        blocks = in_threads(step, self.bounds(block_work or BLOCK_WORK), "ties", workers=workers)
        if self.top == 0:
            for thread in self._made:
                self.later += thread.scratch.later
            for block in read:
                for piece in block.pieces:
                    self.later += np.bincount(piece[2], minlength=self.n)
        return blocks

    def forget(self) -> None:
        """Let results of single blocks be overwritten, and uncount what came later."""
        for thread in self._made:
            thread.used = 0
            thread.scratch.later[:] = 0

    def degree_of_entries(self) -> Ints | None:
        """Actors of the object of each entry; `None` for interactions in time."""
        if not isinstance(self.lists, PairLists):
            return None
        begins = np.zeros(self.lists.members.size, dtype=bool)
        begins[self.lists.begin] = True
        firsts = np.flatnonzero(begins)
        degree = np.zeros(begins.size, dtype=np.int64)
        degree[firsts] = np.diff(firsts, append=begins.size)
        found: Ints = degree[self.lists.begin]
        return found

    def release(self) -> None:
        """Let go of the lists and the scratch; `later` and the blocks stay."""
        del self.lists, self.rule, self.work, self.most, self._spare, self._made

    def bounds(self, block_work: int) -> list[tuple[int, int]]:
        """First and last row of blocks of about equal work, none empty."""
        done = np.cumsum(self.work)
        everything = int(done[-1]) if done.size else 0
        step = max(block_work, everything // 1024)
        cuts = np.searchsorted(done, np.arange(step, everything, step)) + 1
        bounds = np.unique(np.concatenate([[0], cuts, [self.work.size]])) + self.base
        return list(pairwise(bounds.tolist()))

    def block(self, first: int, last: int) -> Block:
        """Walk the rows first … last − 1."""
        try:
            thread = self._spare.get_nowait()
        except Empty:
            thread = _Thread(self._scratch())
            self._made.append(thread)
        found = self._walk(first, last, thread)
        self._spare.put(thread)
        return found

    def _walk(self, first: int, last: int, thread: _Thread) -> Block:
        from graphkit.kernels import projection as kernel

        # the kernel counts rows from the block's own beginning
        low, high = first - self.base, last - self.base
        lists = self.lists._replace(row_start=self.lists.row_start[low : high + 1], base=first)
        rows = kernel.shared_rows if isinstance(lists, PairLists) else kernel.windowed_rows
        lengths = np.zeros(last - first, dtype=np.int64)
        tally = np.zeros(3, dtype=np.int64)
        pieces: list[Piece] = []
        row = first
        if not thread.heads.size:
            thread.renew(self.room)
        while row < last:
            out = RowOutput(self.most[low:high], thread.heads, thread.values, lengths, tally)
            stop, used = rows(row, last, thread.used, lists, self.rule, thread.scratch, out)
            done = slice(thread.used, used)
            pieces.append((row, stop, thread.heads[done], thread.values[done]))
            row, thread.used = stop, used
            if row < last:
                thread.renew(self.room)
        return Block(first, last, pieces, lengths, tally)

    def _scratch(self) -> Scratch:
        n = self.n
        weighted = self.rule.contribution.size > 0
        return Scratch(
            shared=np.zeros(0 if weighted else n, dtype=np.int32),
            total=np.zeros((n if weighted else 0, 2)),
            touched=np.empty(n + 1, dtype=np.int32),
            final=np.zeros(n),
            keys=np.empty(n, dtype=np.int64),
            other=np.empty(n, dtype=np.int64),
            copy=np.empty(n),
            counts=np.empty(1 << 11, dtype=np.int64),
            heap=np.empty(self.top),
            seen=np.full(n if isinstance(self.lists, EventLists) else 0, -1, dtype=np.int64),
            later=np.zeros(n, dtype=np.int32),
        )


#: Entries put into place together, about a hundred megabytes.
BATCH = 1 << 23

#: Entries of the ranges that they are put into: as many as caches hold the ends of.
RANGE = 1 << 22

Rows = tuple[Ints, Codes, Floats]


def mirrored(blocks: list[Block], later: Ints, workers: int) -> Rows:
    """Whole rows from neighbours j < i.

    Pieces are used up in row order and let go, while the memory of the result is first
    written in the same order: both together hold little more than the result.
    """
    from graphkit.kernels import projection as kernel

    n = later.size
    lengths = _lengths(blocks)
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(lengths + later, out=indptr[1:])
    indices = np.empty(int(indptr[-1]), dtype=np.int32)
    weights = np.empty(indices.size)
    cursor = indptr[:-1] + lengths
    # a step writes many rows into one range of nodes, so that the cache holds their ends
    shares = np.linspace(0, indices.size, max(workers, indices.size // RANGE) + 1)[1:-1]
    edges = np.unique(np.concatenate([[0], np.searchsorted(indptr, shares), [n]])).tolist()
    ranges = list(pairwise(edges))

    def write(low: int, high: int, pieces: Sequence[Piece]) -> None:
        for first, last, heads, values in pieces:
            kernel.mirror_rows(
                first, last, low, high, heads, values, lengths, indptr, cursor, indices, weights
            )

    total = len(blocks)
    blocks.reverse()
    waiting: list[Piece] = []
    with ThreadPoolExecutor(max(1, min(workers, len(ranges)))) as pool:
        for _ in track(range(total), "edges", total):
            waiting += blocks.pop().pieces
            if not blocks or sum(piece[2].size for piece in waiting) >= BATCH:
                for step in [pool.submit(write, a, b, waiting) for a, b in ranges]:
                    step.result()
                waiting = []
    return indptr, indices, weights


def merged(blocks: list[Block], mutual: bool) -> Rows:
    """Rows of the heaviest neighbours, made symmetric by union or intersection.

    Both ends of an edge give it the same weight, to the last bit.
    """
    from graphkit.kernels import projection as kernel

    lengths = _lengths(blocks)
    n = lengths.size
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(lengths, out=indptr[1:])
    heads, values = np.empty(int(indptr[-1]), dtype=np.int32), np.empty(int(indptr[-1]))
    at = 0
    blocks.reverse()
    while blocks:
        for piece in blocks.pop().pieces:
            heads[at : at + piece[2].size] = piece[2]
            values[at : at + piece[2].size] = piece[3]
            at += piece[2].size
    columns = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(heads, minlength=n), out=columns[1:])
    tails = np.empty_like(heads)
    places = np.empty(heads.size, dtype=np.int32 if heads.size < 1 << 31 else np.int64)
    kernel.transpose(indptr, heads, columns[:-1].copy(), tails, places)
    sides = (indptr, heads, values, columns, tails, places, mutual)
    starts = np.zeros(n + 1, dtype=np.int64)
    kernel.merge_rows(*sides, starts, np.empty(0, np.int32), np.empty(0))
    np.cumsum(starts, out=starts)
    indices, weights = np.empty(int(starts[-1]), dtype=np.int32), np.empty(int(starts[-1]))
    if indices.size:
        kernel.merge_rows(*sides, starts, indices, weights)
    return starts, indices, weights


def _lengths(blocks: list[Block]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *(block.lengths for block in blocks)])


@dataclass(frozen=True)
class Projection:
    """Edges as symmetric compressed rows, and what was left out on the way.

    Attributes
    ----------
    indptr, indices, weights
        Neighbours of each actor, ascending.
    pairs
        Distinct pairs of actor and object that were projected.
    capped_objects, capped_pairs
        Objects above `max_degree`, and their distinct pairs.
    few
        Pairs of actors that share something, but less than `min_shared`.
    weightless
        Pairs of actors whose weight is 0.
    outside_top
        Edges that `top` let go.
    """

    indptr: Ints
    indices: Codes
    weights: Floats
    pairs: int
    capped_objects: int
    capped_pairs: int
    few: int
    weightless: int
    outside_top: int


@dataclass(frozen=True)
class Prepared:
    """The lists to walk, from so many interactions, and what a cap took away."""

    walk: Walk
    options: ProjectionOptions
    interactions: int
    degree: Ints
    pairs: int
    capped_objects: int
    capped_pairs: int


def prepare(
    rows: Codes,
    columns: Codes,
    n: int,
    m: int,
    options: ProjectionOptions,
    *,
    at: Ints | None = None,
) -> Prepared:
    """Everything before the walk; parameters as in `project`."""
    window = options.span
    counted = options.by_multiplicity and window is None
    actors, objects, multiplicity = distinct_pairs(rows, columns, m, counted=counted)
    degree = np.bincount(objects, minlength=m)
    heavy = degree > (n if options.max_degree is None else options.max_degree)
    before = objects.size
    if heavy.any():
        keep = ~heavy[objects]
        actors, objects = actors[keep], objects[keep]
        multiplicity = multiplicity[keep] if counted else multiplicity
        degree[heavy] = 0
    pairs = int(objects.size)
    adds, size = scales(options.weight, actors, objects, degree, n)
    shared = degree > 1  # an object of one actor has its part in sizes, but makes no edge
    lists: PairLists | EventLists
    if window is None:
        keep = shared[objects]
        actors, objects = actors[keep], objects[keep]
        multiplicity = multiplicity[keep] if counted else multiplicity
        lists = pair_lists(actors, objects, multiplicity, n, m, whole=options.top is not None)
        entries = multiplicity.astype(np.float64)
    else:
        assert at is not None
        keep = shared[columns]
        each = options.by_multiplicity
        lists = event_lists(rows[keep], columns[keep], at[keep], n, m, window, each=each)
        objects = lists.objects
        entries = np.ones(objects.size if each else 0)
    if adds.size:
        entries = adds[objects]
    walk = Walk(lists, edge_rule(options, entries, size, n), n)
    capped = int(heavy.sum())
    return Prepared(walk, options, rows.size, degree, pairs, capped, int(before - pairs))


def project(
    rows: Codes,
    columns: Codes,
    n: int,
    m: int,
    options: ProjectionOptions,
    *,
    at: Ints | None = None,
    workers: int | None = None,
    block_work: int | None = None,
    kept: Path | None = None,
) -> Projection:
    """Link `n` actors by the objects, `m` of them, that they share.

    Parameters
    ----------
    rows, columns
        Actor and object of each interaction, in any order, with repetitions.
    options
        What to make of them; they were selected already.
    at
        Time of each interaction in microseconds, where there is a window.
    workers, block_work
        Threads, and the work between two progress reports; no result depends on them.
    kept
        Folder of finished blocks: read where there, written where not.
    """
    ready = prepare(rows, columns, n, m, options, at=at)
    return finish(ready, workers=workers, block_work=block_work, kept=kept)


def finish(
    ready: Prepared,
    *,
    workers: int | None = None,
    block_work: int | None = None,
    kept: Path | None = None,
) -> Projection:
    """The walk and all that follows it; parameters as in `project`."""
    workers = workers or cores()
    walk = ready.walk
    blocks = walk.run(workers, block_work, kept)
    few, weightless, passed = sum((block.tally for block in blocks), np.zeros(3, int)).tolist()
    walk.release()
    if walk.top:
        indptr, indices, weights = merged(blocks, ready.options.mutual)
    else:
        indptr, indices, weights = mirrored(blocks, walk.later, workers)
    return Projection(
        indptr,
        indices,
        weights,
        ready.pairs,
        ready.capped_objects,
        ready.capped_pairs,
        few,
        weightless,
        outside_top=passed - indices.size // 2,
    )


def scales(
    weight: str, actors: Codes, objects: Codes, degree: Ints, n: int
) -> tuple[Floats, Floats]:
    """What each object adds to a pair that shares it (empty: 1), and the size of actors."""
    nothing: Floats = np.zeros(0)
    if weight == "newman":
        return 1.0 / np.maximum(degree - 1, 1), nothing
    if weight == "tfidf":
        adds: Floats = np.log(n / np.maximum(degree, 1)) ** 2
        return adds, np.asarray(np.bincount(actors, weights=adds[objects], minlength=n))
    if weight in ("jaccard", "cosine"):
        return nothing, np.bincount(actors, minlength=n).astype(np.float64)
    return nothing, nothing


def edge_rule(options: ProjectionOptions, entries: Floats, size: Floats, n: int) -> EdgeRule:
    """The rule of the kernel, from what each entry of the lists adds and the size of actors."""
    from graphkit.kernels import projection as kernel

    modes = {"pairs": kernel.PRODUCT, "actions": kernel.LESSER}
    forms = {"jaccard": kernel.JACCARD, "cosine": kernel.COSINE, "tfidf": kernel.COSINE}
    mode, form = modes.get(options.weight, kernel.EACH), forms.get(options.weight, kernel.RAW)
    return EdgeRule(entries, mode, size, form, options.min_shared, min(options.top or 0, n))
