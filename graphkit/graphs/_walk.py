"""The walk over lists of who shares what: blocks of rows cut by work, threads, scratch."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from graphkit.data.files import write_whole
from graphkit.graphs._lists import Codes, EventLists, Floats, Ints, PairLists
from graphkit.threads import in_threads

__all__ = ["Block", "Piece", "Walk"]

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
    `tally` of pairs under the least number of things, weightless, and passed.
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
class _Scratch:
    """What one thread works with: a few arrays of length n, and room for results."""

    count: Codes
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
    heads: Codes = field(default_factory=lambda: np.empty(0, np.int32))
    values: Floats = field(default_factory=lambda: np.empty(0))
    used: int = 0

    def renew(self, room: int) -> None:
        """Fresh room; the old one lives as long as results in it."""
        self.heads, self.values, self.used = np.empty(room, np.int32), np.empty(room), 0


class Walk:
    """The lists, walked row by row among `n` entities; `top` is 0 where all are kept.

    After `run`, `later` tells how many neighbours after itself each entity has (`top` = 0).
    `gain` is what each entry of the lists adds (empty: 1) and `mode` how, see
    ``_kernel.shared_rows``; `size` of each entity and `form` make weights of sums.
    """

    def __init__(
        self, lists: PairLists | EventLists, gain: Floats, mode: int, size: Floats, form: int,
        n: int, *, min_shared: int, top: int,
    ) -> None:  # fmt: skip
        self.lists, self.gain, self.mode, self.size = lists, gain, mode, size
        self.form, self.min_shared, self.top, self.n = form, min_shared, top, n
        self.base = lists.base
        self.end = self.base + lists.row_start.size - 1
        self.work = lists.work()
        self.most = np.minimum(self.work, n)
        self.room = int(self.most.max(initial=1)) + min(ROOM, int(self.most.sum()))
        self.later = np.zeros(n, dtype=np.int64)
        self._spare: SimpleQueue[_Scratch] = SimpleQueue()
        self._made: list[_Scratch] = []

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
            for scratch in self._made:
                self.later += scratch.later
            for block in read:
                for piece in block.pieces:
                    self.later += np.bincount(piece[2], minlength=self.n)
        return blocks

    def forget(self) -> None:
        """Let results of single blocks be overwritten, and uncount what came later."""
        for scratch in self._made:
            scratch.used = 0
            scratch.later[:] = 0

    def degree_of_entries(self) -> Ints | None:
        """Entities of the thing of each entry; `None` for acts in time."""
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
        del self.lists, self.gain, self.size, self.work, self.most, self._spare, self._made

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
            scratch = self._spare.get_nowait()
        except Empty:
            scratch = self._scratch()
            self._made.append(scratch)
        found = self._walk(first, last, scratch)
        self._spare.put(scratch)
        return found

    def _walk(self, first: int, last: int, s: _Scratch) -> Block:
        from graphkit.graphs import _kernel as kernel

        a = self.lists
        lengths = np.zeros(last - first, dtype=np.int64)
        tally = np.zeros(3, dtype=np.int64)
        pieces: list[Piece] = []
        # the kernel counts rows from the block's own beginning
        low, high = first - self.base, last - self.base
        rows, most = a.row_start[low : high + 1], self.most[low:high]
        row = first
        if not s.heads.size:
            s.renew(self.room)
        while row < last:
            common: tuple[Any, ...] = (
                self.gain, self.mode, self.size, self.form, self.min_shared, self.top,
                s.count, s.total, s.touched, s.final, s.keys, s.other, s.copy, s.counts, s.heap,
                most, s.heads, s.values, s.used, lengths, s.later, tally,
            )  # fmt: skip
            if isinstance(a, PairLists):
                stop, used = kernel.shared_rows(
                    row, last, first, rows, a.begin, a.length, a.members, a.often, *common
                )
            else:
                stop, used = kernel.windowed_rows(
                    row, last, first, rows, a.things, a.row_times,
                    a.thing_start, a.members, a.times, a.window, s.seen, *common,
                )  # fmt: skip
            pieces.append((row, stop, s.heads[s.used : used], s.values[s.used : used]))
            row, s.used = stop, used
            if row < last:
                s.renew(self.room)
        return Block(first, last, pieces, lengths, tally)

    def _scratch(self) -> _Scratch:
        n = self.n
        weighted = self.gain.size > 0
        return _Scratch(
            count=np.zeros(0 if weighted else n, dtype=np.int32),
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
