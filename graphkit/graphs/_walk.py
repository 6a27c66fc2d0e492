"""The walk over lists of who shares what: blocks of rows cut by work, threads, scratch."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np

from graphkit.data.files import write_whole
from graphkit.graphs.projection import (
    Codes,
    EdgeRule,
    EventLists,
    Floats,
    Ints,
    PairLists,
    RowOutput,
    Scratch,
)
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
        from graphkit.graphs import _kernel as kernel

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
