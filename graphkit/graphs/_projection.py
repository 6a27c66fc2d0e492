"""From acts (entity, thing) to the edges among entities: arrays in, arrays out.

The verb and its words are in ``cointeraction.py``, the lists that are walked in
``_lists.py``, the loops in ``_kernel.py``. What joins them stands here: what a shared
thing adds under each weight, blocks of rows cut by work, threads, and putting the rows
together.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from queue import Empty, SimpleQueue
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from graphkit.graphs._lists import (
    Codes,
    EventLists,
    Floats,
    Ints,
    PairLists,
    distinct_pairs,
    event_lists,
    pair_lists,
)
from graphkit.progress import track

__all__ = ["WEIGHTS", "Projection", "project"]

#: Weights of an edge; each is defined in the docstring of ``cointeraction_graph``.
WEIGHTS = ("count", "jaccard", "cosine", "newman", "tfidf")

#: Entries walked between two progress reports, some hundredths of a second.
BLOCK_WORK = 1 << 22

#: Entries put into place together, about a hundred megabytes.
RANGE = 1 << 23

#: Room for results that a thread asks for at a time. So large that the system takes it
#: back when it is freed; what is not written to is never there.
ROOM = 1 << 24

S = TypeVar("S")
R = TypeVar("R")


@dataclass(frozen=True)
class Projection:
    """Edges as symmetric compressed rows, and what was left out on the way.

    Attributes
    ----------
    indptr, indices, weights
        Neighbours of each entity, ascending.
    pairs
        Distinct pairs (entity, thing) that were projected.
    capped_things, capped_pairs
        Things above `max_degree`, and their distinct pairs.
    few
        Pairs of entities that share something, but less than `min_shared`.
    weightless
        Pairs of entities whose weight is 0.
    outside_top
        Edges that `top` let go.
    """

    indptr: Ints
    indices: Codes
    weights: Floats
    pairs: int
    capped_things: int
    capped_pairs: int
    few: int
    weightless: int
    outside_top: int


def project(
    rows: Codes,
    columns: Codes,
    n: int,
    m: int,
    *,
    at: Ints | None = None,
    window: int | None = None,
    weight: str = "count",
    min_shared: int = 1,
    max_degree: int | None = None,
    top: int | None = None,
    mutual: bool = False,
    workers: int | None = None,
    block_work: int | None = None,
) -> Projection:
    """Tie `n` entities by the things, `m` of them, that they share.

    Parameters
    ----------
    rows, columns
        Entity and thing of each act, in any order, with repetitions.
    at, window
        Time of each act and the largest distance in time that counts, in one unit.
    weight, min_shared, max_degree, top, mutual
        As in ``cointeraction_graph``.
    workers, block_work
        Threads, and the work between two progress reports; no result depends on them.
    """
    entities, things = distinct_pairs(rows, columns, m)
    degree = np.bincount(things, minlength=m)
    heavy = degree > (n if max_degree is None else max_degree)
    before = things.size
    if heavy.any():
        keep = ~heavy[things]
        entities, things = entities[keep], things[keep]
        degree[heavy] = 0
    pairs = int(things.size)
    gain, size = _gain_and_size(weight, entities, things, degree, n)
    ties = degree > 1  # a thing of one entity has its part in sizes, but ties nobody
    lists: PairLists | EventLists
    if window is None:
        keep = ties[things]
        entities, things = entities[keep], things[keep]
        lists = pair_lists(entities, things, n, m, whole=top is not None)
        gain = gain[things] if gain.size else gain
    else:
        assert at is not None
        keep = ties[columns]
        lists = event_lists(rows[keep], columns[keep], at[keep], n, m, window)
        gain = gain[lists.things] if gain.size else gain
    del entities, things, keep
    workers = workers or cores()
    walk = _Walk(lists, gain, size, weight, min_shared, 0 if top is None else min(top, n))
    rows_kept = walk.run(workers, block_work or BLOCK_WORK)
    del lists, gain, size, walk
    if top is None:
        indptr, indices, weights = _mirrored(rows_kept, workers)
    else:
        indptr, indices, weights = _merged(rows_kept, mutual)
    few, weightless, passed = rows_kept.tally.tolist()
    return Projection(
        indptr, indices, weights, pairs, int(heavy.sum()), int(before - pairs), few, weightless,
        outside_top=passed - indices.size // 2,
    )  # fmt: skip


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gain_and_size(
    weight: str, entities: Codes, things: Codes, degree: Ints, n: int
) -> tuple[Floats, Floats]:
    """What each thing adds to a pair that shares it (empty: 1), and the size of entities."""
    nothing: Floats = np.zeros(0)
    if weight == "newman":
        return 1.0 / np.maximum(degree - 1, 1), nothing
    if weight == "tfidf":
        gain: Floats = np.log(n / np.maximum(degree, 1)) ** 2
        return gain, np.asarray(np.bincount(entities, weights=gain[things], minlength=n))
    if weight in ("jaccard", "cosine"):
        return nothing, np.bincount(entities, minlength=n).astype(np.float64)
    return nothing, nothing


#: Rows first … last − 1: their neighbours and weights, one row after the other.
Piece = tuple[int, int, Codes, Floats]


@dataclass
class _Rows:
    """What the walk found: neighbours j < i of each row i, or the `top` of all.

    `lengths` of the rows, the number of neighbours `later` than each node (where only
    those before are listed), and the `tally` under `min_shared`, weightless, passed.
    """

    blocks: list[list[Piece]]
    lengths: Ints
    later: Ints
    tally: Ints


@dataclass
class _Scratch:
    """What one thread works with: a few arrays of length n, and room for results."""

    count: Codes
    total: Floats
    touched: Codes
    final: Floats
    marks: npt.NDArray[np.uint64]
    groups: npt.NDArray[np.uint64]
    heap: Floats
    seen: Ints
    later: Codes
    tally: Ints
    heads: Codes
    values: Floats
    used: int = 0

    def renew(self, room: int) -> None:
        """Fresh room; the old one lives as long as results in it."""
        self.heads, self.values, self.used = np.empty(room, np.int32), np.empty(room), 0


class _Walk:
    """The lists, walked row by row; `top` is 0 where all neighbours are kept."""

    def __init__(
        self, lists: PairLists | EventLists, gain: Floats, size: Floats, weight: str,
        min_shared: int, top: int,
    ) -> None:  # fmt: skip
        self.lists, self.gain, self.size = lists, gain, size
        self.weight, self.min_shared, self.top = weight, min_shared, top
        self.n = lists.row_start.size - 1
        self.work = lists.work()
        self.most = np.minimum(self.work, self.n)
        self.room = int(self.most.max(initial=1)) + min(ROOM, int(self.most.sum()))
        self.lengths = np.zeros(self.n, dtype=np.int64)

    def run(self, workers: int, block_work: int) -> _Rows:
        """Walk all rows."""
        spare: SimpleQueue[_Scratch] = SimpleQueue()
        made: list[_Scratch] = []

        def block(bounds: tuple[int, int]) -> list[Piece]:
            try:
                scratch = spare.get_nowait()
            except Empty:
                scratch = self._scratch()
                made.append(scratch)
            pieces = self._block(*bounds, scratch)
            spare.put(scratch)
            return pieces

        blocks = _in_threads(block, self._bounds(block_work), workers, "ties")
        later = np.zeros(self.n, dtype=np.int64)
        tally = np.zeros(3, dtype=np.int64)
        for scratch in made:
            later += scratch.later
            tally += scratch.tally
        return _Rows(blocks, self.lengths, later, tally)

    def _bounds(self, block_work: int) -> list[tuple[int, int]]:
        """First and last row of blocks of about equal work, none empty."""
        done = np.cumsum(self.work)
        everything = int(done[-1]) if done.size else 0
        step = max(block_work, everything // 1024)
        cuts = np.searchsorted(done, np.arange(step, everything, step)) + 1
        bounds = np.unique(np.concatenate([[0], cuts, [self.n]])).tolist()
        return list(pairwise(bounds))

    def _scratch(self) -> _Scratch:
        n = self.n
        weighted = self.gain.size > 0
        return _Scratch(
            count=np.zeros(0 if weighted else n, dtype=np.int32),
            total=np.zeros((n if weighted else 0, 2)),
            touched=np.empty(n + 1, dtype=np.int32),
            final=np.empty(n),
            marks=np.zeros(n // 64 + 1, dtype=np.uint64),
            groups=np.zeros(n // 4096 + 1, dtype=np.uint64),
            heap=np.zeros(self.top),
            seen=np.full(n if isinstance(self.lists, EventLists) else 0, -1, dtype=np.int64),
            later=np.zeros(n, dtype=np.int32),
            tally=np.zeros(3, dtype=np.int64),
            heads=np.empty(self.room, dtype=np.int32),
            values=np.empty(self.room),
        )

    def _block(self, first: int, last: int, s: _Scratch) -> list[Piece]:
        from graphkit.graphs import _kernel as kernel

        a = self.lists
        forms = {"jaccard": kernel.JACCARD, "cosine": kernel.COSINE, "tfidf": kernel.COSINE}
        form = forms.get(self.weight, kernel.RAW)
        pieces = []
        row = first
        while row < last:
            common = (
                self.gain, self.size, form, self.min_shared, self.top,
                s.count, s.total, s.touched, s.final, s.marks, s.groups, s.heap,
                self.most, s.heads, s.values, s.used, self.lengths, s.later, s.tally,
            )  # fmt: skip
            if isinstance(a, PairLists):
                stop, used = kernel.shared_rows(
                    row, last, a.row_start, a.begin, a.length, a.members, *common
                )
            else:
                stop, used = kernel.windowed_rows(
                    row, last, a.row_start, a.things, a.row_times,
                    a.thing_start, a.members, a.times, a.window, s.seen, *common,
                )  # fmt: skip
            pieces.append((row, stop, s.heads[s.used : used], s.values[s.used : used]))
            row, s.used = stop, used
            if row < last:
                s.renew(self.room)
        return pieces


def _mirrored(found: _Rows, workers: int) -> tuple[Ints, Codes, Floats]:
    """Whole rows from neighbours j < i.

    Pieces are used up in row order and let go, while the memory of the result is first
    written in the same order: both together hold little more than the result.
    """
    from graphkit.graphs import _kernel as kernel

    n = found.lengths.size
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(found.lengths + found.later, out=indptr[1:])
    indices = np.empty(int(indptr[-1]), dtype=np.int32)
    weights = np.empty(indices.size)
    cursor = indptr[:-1] + found.lengths
    # a step writes many rows into one range of nodes, so that the cache holds their ends
    shares = np.linspace(0, indices.size, max(workers, indices.size // RANGE) + 1)[1:-1]
    edges = np.unique(np.concatenate([[0], np.searchsorted(indptr, shares), [n]])).tolist()
    ranges = list(pairwise(edges))

    def write(low: int, high: int, pieces: list[Piece]) -> None:
        for first, last, heads, values in pieces:
            kernel.mirror_rows(
                first, last, low, high, heads, values, found.lengths, indptr, cursor,
                indices, weights,
            )  # fmt: skip

    blocks = found.blocks
    total = len(blocks)
    blocks.reverse()
    waiting: list[Piece] = []
    with ThreadPoolExecutor(max(1, min(workers, len(ranges)))) as pool:
        for _ in track(range(total), "edges", total):
            waiting += blocks.pop()
            if not blocks or sum(piece[2].size for piece in waiting) >= RANGE:
                for step in [pool.submit(write, a, b, waiting) for a, b in ranges]:
                    step.result()
                waiting = []
    return indptr, indices, weights


def _merged(found: _Rows, mutual: bool) -> tuple[Ints, Codes, Floats]:
    """Rows of the heaviest neighbours, made symmetric by union or intersection."""
    import scipy.sparse as sp

    n = found.lengths.size
    pieces = [piece for block in found.blocks for piece in block]
    found.blocks.clear()
    heads = np.concatenate([np.zeros(0, np.int32), *(piece[2] for piece in pieces)])
    values = np.concatenate([np.zeros(0), *(piece[3] for piece in pieces)])
    del pieces
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(found.lengths, out=indptr[1:])
    chosen = sp.csr_array((values, heads, indptr), shape=(n, n))
    # both ends hold the same weight, so the larger is the union, the smaller the mutual
    mirror = chosen.T.tocsr()
    both = chosen.minimum(mirror) if mutual else chosen.maximum(mirror)
    del chosen, mirror, heads, values
    # SciPy leaves its working arrays, twice too long, behind the results
    return both.indptr.astype(np.int64), both.indices.astype(np.int32), both.data.copy()


def _in_threads(task: Callable[[S], R], steps: list[S], workers: int, what: str) -> list[R]:
    """Results in the order of the steps; Ctrl-C waits for the steps under way only."""
    if workers == 1 or len(steps) < 2:
        return [task(step) for step in track(steps, what, len(steps))]
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(task, step) for step in steps]
        try:
            return [future.result() for future in track(futures, what, len(futures))]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
