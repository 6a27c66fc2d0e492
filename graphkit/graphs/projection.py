"""One-mode projection by a row-wise sparse product (Gustavson): codes in, symmetric rows out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.files import loading, save_arrays, set_aside
from graphkit.errors import FileError
from graphkit.graphs.options import Codes, Floats, Ints, ProjectionOptions
from graphkit.parallel import cores, helpers, in_threads, track


class PairLists(NamedTuple):
    """Distinct pairs of actor and object, each with the segment of actors to add up.

    Entries row_start[i] … row_start[i + 1] − 1 are the objects of actor `base` + i, ascending.
    `begin` and `length` are their segments of `members`, the actors of each object, object after
    object: those before actor i, or all. `multiplicity` holds the interactions of each member
    with the object, or is empty.
    """

    row_start: Ints
    begin: Ints
    length: Codes
    members: Codes
    multiplicity: Codes
    base: int = 0

    def row_work(self) -> Ints:
        """Number of entries to read for each row."""
        return segment_sums(self.length, self.row_start)


class EventLists(NamedTuple):
    """Interactions with times, one entry each.

    `objects` and `row_times` hold those of each actor from `base` on, by object and time, from
    `row_start`; `members` and `times` those with each object, by time, from `object_start`.
    `window` is the largest distance of two interactions that counts, in the unit of the times.
    """

    row_start: Ints
    objects: Codes
    row_times: Ints
    object_start: Ints
    members: Codes
    times: Ints
    window: int
    base: int = 0

    def row_work(self) -> Ints:
        """Upper bound of the entries to read for each row."""
        return segment_sums(np.diff(self.object_start)[self.objects], self.row_start)


class EdgeRule(NamedTuple):
    """Rule from shared objects to the weight of an edge, and which edges are kept.

    `contribution` of each entry is an edge contribution or a multiplicity, or empty where only the
    number of objects counts; `mode` and `form` are constants of ``kernels/projection.py``. `size`
    of each actor enters Jaccard and cosine. A pair must share `min_shared` objects; `top` is the
    number of heaviest neighbours kept (ties: smaller code), or 0 for all.
    """

    contribution: Floats
    mode: int
    size: Floats
    form: int
    min_shared: int
    top: int


class Scratch(NamedTuple):
    """Working arrays of one thread.

    `shared` counts the objects of each actor above `mark`, which grows from row to row, `sums` adds
    up contributions; `touched` lists the actors of the row. `words` and `groups` (0 before and
    after) are bits of actors, and of words that have any, which `filled` lists. `heap` holds the
    `top` largest. `seen` (−1 at first) is the last entry of `EventLists` that reached each actor,
    `later` the number of neighbours of each actor with a larger code; it is empty where rows are
    whole. `repeated` takes actors that are met again; a segment fits in it.
    """

    shared: Codes
    mark: Ints
    sums: Floats
    touched: Codes
    words: Ints
    groups: Ints
    filled: Codes
    heap: Floats
    seen: Ints
    later: Codes
    repeated: Codes


class RowOutput(NamedTuple):
    """Output arrays of a block of rows.

    `most` bounds the neighbours of each row. `targets` and `values` take neighbours and weights,
    row after row, `lengths` the neighbours kept, `tally` the pairs (each once) below `min_shared`,
    of weight 0, and passed.
    """

    most: Ints
    targets: Codes
    values: Floats
    lengths: Ints
    tally: Ints


def distinct_pairs(
    rows: Codes, columns: Codes, n: int, m: int, *, counted: bool = False
) -> tuple[Codes, Codes, Codes]:
    """Distinct pairs by row, then column, and if `counted` their multiplicity."""
    from graphkit.kernels import projection as kernel

    object_at, actor_at = segment_starts(columns, m)[:-1], segment_starts(rows, n)[:-1]
    actors, objects = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
    pairs = (actors, objects, np.empty(rows.size if counted else 0, np.int32))
    by_object = np.empty((2, rows.size), np.int32)
    codes = [array.view() for array in (rows, columns)]
    for array in codes:  # of one type for the kernel, whatever was given
        array.setflags(write=False)
    used = kernel.order_pairs(*codes, object_at, actor_at, by_object, pairs)
    return actors[:used], objects[:used], pairs[2][:used]


def pair_lists(
    actors: Codes, objects: Codes, multiplicity: Codes, degree: Ints, n: int, *, whole: bool
) -> PairLists:
    """Lists of distinct pairs, sorted by actor, then object; segments end before the own actor.

    `degree` is the number of pairs of each object. If `whole`, segments hold all of its actors.
    """
    from graphkit.kernels import projection as kernel

    row_start, object_start = segment_starts(actors, n), offsets(degree)
    begin, length = np.empty(objects.size, np.int64), np.empty(objects.size, np.int32)
    members, counts = np.empty_like(length), np.empty(multiplicity.size, np.int32)
    lists = PairLists(row_start, begin, length, members, counts)
    kernel.index_pairs(lists, objects, multiplicity, object_start, object_start[:-1].copy(), whole)
    return lists


def some_rows(
    pairs: tuple[Ints, Codes, Ints, Codes, Codes], low: int, high: int, *, whole: bool
) -> PairLists:
    """Lists of the actors low … high − 1.

    `pairs` are row_start, objects, object_start, members and multiplicity of all actors.
    """
    from graphkit.kernels import projection as kernel

    row_start, objects, object_start, members, multiplicity = pairs
    first, last = int(row_start[low]), int(row_start[high])
    own_start = np.array(row_start[low : high + 1], dtype=np.int64) - first
    begin, length = np.empty(last - first, np.int64), np.empty(last - first, np.int32)
    lists = PairLists(own_start, begin, length, members, multiplicity, low)
    kernel.find_segments(lists, objects[first:last], object_start, whole)
    return lists


def event_lists(
    rows: Codes, columns: Codes, at: Ints, n: int, m: int, window: int, *, each: bool = False
) -> EventLists:
    """Lists of interactions in any order; identical ones count once, or each if `each`."""
    events = pl.DataFrame({"row": rows, "object": columns, "at": at})
    if not each:
        events = events.unique()
    by_row = events.sort("row", "object", "at")
    by_actor, objects, row_times = (_column_array(by_row, c) for c in ("row", "object", "at"))
    row_start = segment_starts(by_actor, n)
    del by_row, by_actor
    by_object = events.sort("object", "at", "row")
    sorted_objects, members, times = (_column_array(by_object, c) for c in ("object", "row", "at"))
    object_start = segment_starts(sorted_objects, m)
    return EventLists(row_start, objects, row_times, object_start, members, times, window)


def segment_starts(codes: Codes, size: int) -> Ints:
    """Start of the segment of each code among sorted codes, and the end."""
    return offsets(np.bincount(codes, minlength=size))


def offsets(lengths: npt.NDArray[Any]) -> Ints:
    """Start of each of consecutive segments of these lengths, and the end."""
    found = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=found[1:])
    return found


def segment_sums(values: npt.NDArray[Any], starts: Ints) -> Ints:
    """Sum of each of consecutive segments of all values, given their starts, and the end."""
    found = np.zeros(starts.size - 1, dtype=np.int64)
    filled = np.flatnonzero(np.diff(starts))
    if filled.size:
        found[filled] = np.add.reduceat(values, starts[filled], dtype=np.int64)
    return found


def equal_cuts(work: Ints, step: int) -> Ints:
    """Bounds 0 … n of consecutive rows of about `step` work each, none empty."""
    done = np.cumsum(work)
    total = int(done[-1]) if done.size else 0
    cuts = np.searchsorted(done, np.arange(step, total, step)) + 1
    return np.unique(np.concatenate([[0], cuts, [work.size]]))


def _column_array(frame: pl.DataFrame, column: str) -> Any:
    """The column as a writable array, the only kind that kernels are compiled for."""
    return frame.get_column(column).to_numpy().copy()


#: Entries read between two progress reports, some hundredths of a second.
BLOCK_WORK = 1 << 22

#: Output entries that a thread allocates at a time: large enough that the system reclaims them
#: when freed; pages that are not written to take no memory.
SPACE = 1 << 24

#: Rows first … last − 1: their neighbours and weights, one row after the other.
Piece = tuple[int, int, Codes, Floats]


#: Starts, neighbours and weights of symmetric rows.
Rows = tuple[Ints, Codes, Floats]


@dataclass
class Block:
    """Rows first … last − 1: neighbours j < i of each row i, or the `top` of all neighbours.

    `lengths` and `tally` as in `RowOutput`.
    """

    first: int
    last: int
    pieces: list[Piece]
    lengths: Ints
    tally: Ints

    def save(self, path: Path) -> None:
        """Write the block; the file is whole or absent."""
        targets = np.concatenate([np.zeros(0, np.int32), *(piece[2] for piece in self.pieces)])
        values = np.concatenate([np.zeros(0), *(piece[3] for piece in self.pieces)])
        arrays = {"targets": targets, "values": values}
        arrays |= {"lengths": self.lengths, "tally": self.tally}
        arrays |= {"rows": np.array([self.first, self.last], np.int64)}
        save_arrays(path, "Block", {}, arrays, compressed=False)

    @classmethod
    def load(cls, path: Path, bounds: tuple[int, int]) -> Block | None:
        """Read what `save` wrote of these rows; `None` for a damaged file, which is set aside."""
        try:
            with loading(path, "Block") as (_, file):
                if tuple(file["rows"].tolist()) != bounds or file["lengths"].size != np.ptp(bounds):
                    raise FileError("it holds other rows.")
                if int(file["lengths"].sum()) != file["targets"].size:
                    raise FileError("its lengths do not add up.")
                piece = (*bounds, file["targets"], file["values"])
                return cls(*bounds, [piece], file["lengths"], file["tally"])
        except FileError as error:
            set_aside(path, error)
            return None


@dataclass
class _Thread:
    """Working arrays of one thread, and its output arrays."""

    scratch: Scratch
    targets: Codes = field(default_factory=lambda: np.empty(0, np.int32))
    values: Floats = field(default_factory=lambda: np.empty(0))
    used: int = 0

    def allocate_output(self, space: int) -> None:
        """Allocate new output arrays; earlier results keep the old ones."""
        self.targets, self.values, self.used = np.empty(space, np.int32), np.empty(space), 0


class RowProduct:
    """Row-wise sparse product of the lists of `n` actors, with edges by `rule`.

    Rows are `whole` if their lists hold all actors of an object; the product `fills` them if every
    pair that shares an object is an edge. Of others, after `run_blocks`, `later` counts the
    neighbours of each actor with a larger code.
    """

    def __init__(
        self, lists: PairLists | EventLists, rule: EdgeRule, n: int, *, whole: bool = False
    ) -> None:
        self.lists, self.rule, self.n = lists, rule, n
        self.top, self.base, self.whole = rule.top, lists.base, whole or rule.top > 0
        self.fills = self.whole and not self.top and rule.min_shared == 1
        counted = isinstance(lists, PairLists) and not rule.contribution.size
        self.repeats = counted and rule.min_shared > 1 and not self.whole
        self.work = lists.row_work()
        self.most = np.minimum(self.work, n)
        self.space = int(self.most.max(initial=1)) + min(SPACE, int(self.most.sum()))
        self.later = np.zeros(0 if self.whole else n, dtype=np.int64)
        self._spare: SimpleQueue[_Thread] = SimpleQueue()
        self._made: list[_Thread] = []

    def run_blocks(
        self, workers: int, block_work: int | None, kept: Path | None = None
    ) -> list[Block]:
        """Compute all rows; with `kept`, blocks are written to that folder, and read if there."""
        read: list[Block] = []

        def step(bounds: tuple[int, int]) -> Block:
            if kept is None:
                return self.compute_block(*bounds)
            path = kept / f"rows-{bounds[0]}-{bounds[1]}.npz"
            found = Block.load(path, bounds) if path.exists() else None
            if found is not None:
                read.append(found)
                return found
            found = self.compute_block(*bounds)
            found.save(path)
            return found

        bounds = self.block_bounds(block_work or BLOCK_WORK)
        blocks = in_threads(step, bounds, "rows", workers=workers)
        if not self.whole:
            for thread in self._made:
                self.later += thread.scratch.later
            for block in read:
                for piece in block.pieces:
                    self.later += np.bincount(piece[2], minlength=self.n)
        return blocks

    def fill_rows(self, workers: int, block_work: int | None) -> Rows:
        """All whole rows: counted first, then written where they belong."""
        from graphkit.kernels import projection as kernel

        assert self.fills
        bounds = self.block_bounds(block_work or BLOCK_WORK)
        lengths = np.zeros(self.n, dtype=np.int64)

        def count(rows: tuple[int, int]) -> None:
            first, last = rows
            with self._thread() as thread:
                kernel.count_rows(*rows, self._lists_of(*rows), thread.scratch, lengths[first:last])

        in_threads(count, bounds, "rows", workers=workers)
        starts = offsets(lengths)
        out = np.empty(int(starts[-1]), np.int32), np.empty(int(starts[-1]))

        def fill(rows: tuple[int, int]) -> None:
            first, last = rows
            with self._thread() as thread:
                given = (starts[first : last + 1], self._lists_of(*rows), self.rule)
                kernel.whole_rows(*rows, *given, thread.scratch, out)

        in_threads(fill, bounds, "edges", workers=workers)
        return starts, *out

    def sample_rows(self, first: int, last: int) -> int:
        """Number of entries of the rows first … last − 1, computed as all are, and discarded."""
        if not self.fills:
            kept = int(self.compute_block(first, last).lengths.sum())
            self.reset_results()
            return kept
        from graphkit.kernels import projection as kernel

        assert isinstance(self.lists, PairLists)
        lists, lengths = self._lists_of(first, last), np.zeros(last - first, dtype=np.int64)
        with self._thread() as thread:
            kernel.count_rows(first, last, lists, thread.scratch, lengths)
            starts = offsets(lengths)
            out = np.empty(int(starts[-1]), np.int32), np.empty(int(starts[-1]))
            kernel.whole_rows(first, last, starts, lists, self.rule, thread.scratch, out)
        return int(starts[-1])

    def reset_results(self) -> None:
        """Discard the results of single blocks, and the counts of later neighbours."""
        for thread in self._made:
            thread.used = 0
            thread.scratch.later[:] = 0

    def degree_of_entries(self) -> Ints | None:
        """Degree of the object of each entry; `None` for `EventLists`."""
        if not isinstance(self.lists, PairLists):
            return None
        begins = np.zeros(self.lists.members.size, dtype=bool)
        begins[self.lists.begin] = True
        firsts = np.flatnonzero(begins)
        degree = np.zeros(begins.size, dtype=np.int64)
        degree[firsts] = np.diff(firsts, append=begins.size)
        found: Ints = degree[self.lists.begin]
        return found

    def free_memory(self) -> None:
        """Free the lists and the working arrays; `later` and the blocks remain."""
        del self.lists, self.rule, self.work, self.most, self._spare, self._made

    def block_bounds(self, block_work: int) -> list[tuple[int, int]]:
        """Bounds of blocks of about equal work, none empty."""
        step = max(block_work, int(self.work.sum()) // 1024)
        return list(pairwise((equal_cuts(self.work, step) + self.base).tolist()))

    def compute_block(self, first: int, last: int) -> Block:
        """Compute the rows first … last − 1."""
        with self._thread() as thread:
            return self._compute_rows(first, last, thread)

    @contextmanager
    def _thread(self) -> Iterator[_Thread]:
        """Working arrays that no other thread uses meanwhile."""
        try:
            thread = self._spare.get_nowait()
        except Empty:
            thread = _Thread(self._new_scratch())
            self._made.append(thread)
        yield thread
        self._spare.put(thread)

    def _lists_of(self, first: int, last: int) -> PairLists | EventLists:
        """The lists of the rows first … last − 1: the kernel counts rows from their beginning."""
        starts = self.lists.row_start[first - self.base : last - self.base + 1]
        return self.lists._replace(row_start=starts, base=first)

    def _compute_rows(self, first: int, last: int, thread: _Thread) -> Block:
        from graphkit.kernels import projection as kernel

        lists, most = self._lists_of(first, last), self.most[first - self.base : last - self.base]
        rows = kernel.windowed_rows
        if isinstance(lists, PairLists):
            rows = kernel.repeated_rows if self.repeats else kernel.shared_rows
        lengths, tally = np.zeros(last - first, dtype=np.int64), np.zeros(3, dtype=np.int64)
        pieces: list[Piece] = []
        row = first
        if not thread.targets.size:
            thread.allocate_output(self.space)
        while row < last:
            out = RowOutput(most, thread.targets, thread.values, lengths, tally)
            stop, used = rows(row, last, thread.used, lists, self.rule, thread.scratch, out)
            done = slice(thread.used, used)
            pieces.append((row, stop, thread.targets[done], thread.values[done]))
            row, thread.used = stop, used
            if row < last:
                thread.allocate_output(self.space)
        return Block(first, last, pieces, lengths, tally)

    def _new_scratch(self) -> Scratch:
        n, groups = self.n, (self.n >> 12) + 1
        return Scratch(
            shared=np.zeros(n, dtype=np.int32),
            mark=np.zeros(1, dtype=np.int64),
            sums=np.zeros(n if self.rule.contribution.size else 0),
            touched=np.empty(n + 3, dtype=np.int32),
            words=np.zeros(groups << 6, dtype=np.int64),
            groups=np.zeros(groups, dtype=np.int64),
            filled=np.empty((groups << 6) + 1, dtype=np.int32),
            heap=np.empty(self.top),
            seen=np.full(n if isinstance(self.lists, EventLists) else 0, -1, dtype=np.int64),
            later=np.zeros(0 if self.whole else n, dtype=np.int32),
            repeated=np.empty(2 * n if self.repeats else 0, dtype=np.int32),
        )


#: Entries mirrored together, about a hundred megabytes.
BATCH = 1 << 23

#: Entries of the ranges of rows that they are mirrored into: caches hold the ends of these rows.
RANGE = 1 << 22


def mirror_blocks(blocks: list[Block], later: Ints, workers: int) -> Rows:
    """Symmetric rows from neighbours j < i.

    Pieces are freed in row order, the order in which the memory of the result is first
    written: both together hold little more than the result.
    """
    from graphkit.kernels import projection as kernel

    n = later.size
    lengths = _row_lengths(blocks)
    indptr = offsets(lengths + later)
    indices = np.empty(int(indptr[-1]), dtype=np.int32)
    weights = np.empty(indices.size)
    cursor = indptr[:-1] + lengths
    # a step writes many rows into one range of nodes, so that the cache holds their ends
    shares = np.linspace(0, indices.size, max(workers, indices.size // RANGE) + 1)[1:-1]
    edges = np.unique(np.concatenate([[0], np.searchsorted(indptr, shares), [n]])).tolist()
    ranges = list(pairwise(edges))

    def write(worker: int, number: int) -> None:
        for piece in waiting:
            kernel.mirror_rows(piece, *ranges[number], lengths, cursor, (indptr, indices, weights))

    total = len(blocks)
    blocks.reverse()
    waiting: list[Piece] = []
    with helpers(max(1, min(workers, len(ranges)))) as share_out:
        for _ in track(range(total), "edges", total):
            waiting += blocks.pop().pieces
            if not blocks or sum(piece[2].size for piece in waiting) >= BATCH:
                share_out(write, len(ranges))
                waiting = []
    return indptr, indices, weights


def merge_blocks(blocks: list[Block], mutual: bool) -> Rows:
    """Symmetric union, or intersection if `mutual`, of rows of the heaviest neighbours.

    Both ends of an edge have the same weight, to the last bit.
    """
    from graphkit.kernels import projection as kernel

    lengths = _row_lengths(blocks)
    n = lengths.size
    indptr = offsets(lengths)
    targets, values = np.empty(int(indptr[-1]), dtype=np.int32), np.empty(int(indptr[-1]))
    at = 0
    blocks.reverse()
    while blocks:
        for piece in blocks.pop().pieces:
            targets[at : at + piece[2].size] = piece[2]
            values[at : at + piece[2].size] = piece[3]
            at += piece[2].size
    columns = segment_starts(targets, n)
    sources = np.empty_like(targets)
    places = np.empty(targets.size, dtype=np.int32 if targets.size < 1 << 31 else np.int64)
    kernel.transpose(indptr, targets, columns[:-1].copy(), sources, places)
    sides = ((indptr, targets, values), (columns, sources, places), mutual)
    row_starts = np.zeros(n + 1, dtype=np.int64)
    kernel.merge_rows(*sides, row_starts, np.empty(0, np.int32), np.empty(0))
    np.cumsum(row_starts, out=row_starts)
    indices, weights = np.empty(int(row_starts[-1]), np.int32), np.empty(int(row_starts[-1]))
    if indices.size:
        kernel.merge_rows(*sides, row_starts, indices, weights)
    return row_starts, indices, weights


def _row_lengths(blocks: list[Block]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *(block.lengths for block in blocks)])


@dataclass(frozen=True)
class Projection:
    """Edges as symmetric compressed rows, and counts of what was left out.

    `pairs` are the distinct pairs of actor and object that were projected; `capped_objects` and
    `capped_pairs` the objects above `max_degree` and their pairs; `few` the pairs of actors that
    share fewer than `min_shared` objects, but at least one; `weightless` those of weight 0;
    `outside_top` the edges that `top` removed.
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
    """Row product to run, the number of interactions behind it, and what a cap removed."""

    product: RowProduct
    options: ProjectionOptions
    interactions: int
    degree: Ints
    pairs: int
    capped_objects: int
    capped_pairs: int


def prepare_product(
    rows: Codes,
    columns: Codes,
    n: int,
    m: int,
    options: ProjectionOptions,
    at: Ints | None = None,
    *,
    in_blocks: bool = False,
) -> Prepared:
    """Lists and rule of a projection; parameters as in `project`.

    Rows are whole where every pair that shares an object is an edge, unless they are wanted
    `in_blocks`.
    """
    window = options.span
    counted = options.by_multiplicity and window is None
    actors, objects, multiplicity = distinct_pairs(rows, columns, n, m, counted=counted)
    degree = np.bincount(objects, minlength=m)
    heavy = degree > (n if options.max_degree is None else options.max_degree)
    before = objects.size
    if heavy.any():
        keep = ~heavy[objects]
        actors, objects = actors[keep], objects[keep]
        multiplicity = multiplicity[keep] if counted else multiplicity
        degree[heavy] = 0
    pairs = int(objects.size)
    adds, size = weight_scales(options.weight, actors, objects, degree, n)
    shared = degree > 1  # an object of one actor counts in sizes, but makes no edge
    lists: PairLists | EventLists
    every = options.min_shared == 1 and window is None and not (adds == 0.0).any()
    whole = options.top is not None or (every and not in_blocks)
    if window is None:
        keep = shared[objects]
        actors, objects = actors[keep], objects[keep]
        multiplicity = multiplicity[keep] if counted else multiplicity
        of_entries = np.where(shared, degree, 0)
        lists = pair_lists(actors, objects, multiplicity, of_entries, n, whole=whole)
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
    product = RowProduct(lists, edge_rule(options, entries, size, n), n, whole=whole)
    capped = int(heavy.sum())
    return Prepared(product, options, rows.size, degree, pairs, capped, int(before - pairs))


def project(
    rows: Codes,
    columns: Codes,
    n: int,
    m: int,
    options: ProjectionOptions,
    *,
    at: Ints | None = None,
    **run: Any,
) -> Projection:
    """One-mode projection of `n` actors and `m` objects, from codes.

    Parameters
    ----------
    rows, columns
        Actor and object of each interaction, in any order, with repetitions.
    options
        Options of the projection; the interactions are selected already.
    at
        Time of each interaction in microseconds, where there is a window.
    run
        `workers`, `block_work` and `kept` as in `run_product`.
    """
    in_blocks = run.get("kept") is not None
    ready = prepare_product(rows, columns, n, m, options, at, in_blocks=in_blocks)
    return run_product(ready, **run)


def run_product(
    ready: Prepared,
    *,
    workers: int | None = None,
    block_work: int | None = None,
    kept: Path | None = None,
) -> Projection:
    """Symmetric edges of a prepared projection.

    The result does not depend on the number of threads `workers` or the work `block_work` between
    two progress reports. Finished blocks are read from the folder `kept`, and written to it.
    """
    workers = workers or cores()
    product = ready.product
    if product.fills:
        assert kept is None
        indptr, indices, weights = product.fill_rows(workers, block_work)
        tally = np.array([0, 0, indices.size // 2])
        product.free_memory()
    else:
        blocks = product.run_blocks(workers, block_work, kept)
        tally = sum((block.tally for block in blocks), np.zeros(3, dtype=np.int64))
        product.free_memory()
        if product.top:
            indptr, indices, weights = merge_blocks(blocks, ready.options.mutual)
        else:
            indptr, indices, weights = mirror_blocks(blocks, product.later, workers)
    few, weightless, passed = tally.tolist()
    removed = (ready.capped_objects, ready.capped_pairs, few, weightless)
    return Projection(
        indptr, indices, weights, ready.pairs, *removed, outside_top=passed - indices.size // 2
    )


def weight_scales(
    weight: str, actors: Codes, objects: Codes, degree: Ints, n: int
) -> tuple[Floats, Floats]:
    """Edge contribution of each object (empty: 1), and size of each actor."""
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
    """Rule of the kernel, from the contribution of each entry and the size of each actor."""
    from graphkit.kernels import projection as kernel

    modes = {"pairs": kernel.PRODUCT, "actions": kernel.LESSER}
    forms = {"jaccard": kernel.JACCARD, "cosine": kernel.COSINE, "tfidf": kernel.COSINE}
    mode, form = modes.get(options.weight, kernel.EACH), forms.get(options.weight, kernel.RAW)
    return EdgeRule(entries, mode, size, form, options.min_shared, min(options.top or 0, n))
