"""The steps of the native Leiden on large graphs, each on all cores.

A step is cut into pieces whatever the number of threads, and no piece sees what another does:
results are the same on any number of threads.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.communities.prepare import Codes
from graphkit.kernels import parallel_leiden as kernel
from graphkit.kernels.leiden_arrays import Csr, Parts, Rows
from graphkit.kernels.parallel_leiden import BatchState, Near
from graphkit.kernels.partitions import group_nodes
from graphkit.parallel import helpers, spare_cores, stop_if_over

Counts = npt.NDArray[np.int64]

#: Nodes that move at once are at most this share of all: those of a batch do not see each other's
#: moves. A batch has some thousand nodes at most, and some hundred at least.
SHARE, LARGEST_BATCH, LEAST_BATCH = 64, 16384, 512

#: Pieces of a batch, and of a step over all entries.
MOVES, PIECES = 2048, 64


def _cut_evenly(entries: Counts, pieces: int = PIECES) -> list[int]:
    """Bounds of ranges of rows with about as many entries; `entries` are those before each row."""
    wanted = np.arange(1, pieces) * int(entries[-1]) // pieces
    inner = np.searchsorted(entries, wanted).tolist()
    return sorted({0, *inner, entries.size - 1})


def _power_of_two(least: int) -> int:
    return 1 << max(4, (least - 1).bit_length())


def move_nodes(rows: Rows, gamma: float, max_size: int, membership: Codes, order: Codes) -> float:
    """Local moving in batches, in place; returns the sum of the gains.

    In every round, the waiting nodes are visited in the given order. Those of a batch choose their
    communities at once, as things stand when it begins; then they move one by one, each only if it
    still gains, so that every move raises the quality.
    """
    n, threads = rows.n, spare_cores()
    weights = [w for w in (rows.out_weight, rows.in_weight) if w.size]
    totals = np.stack([np.bincount(membership, weights=w, minlength=n) for w in weights], axis=1)
    count = np.bincount(membership, minlength=n).astype(np.int32)
    held = np.zeros(0, dtype=np.int64)
    if max_size:
        held = np.zeros(n, dtype=np.int64)
        np.add.at(held, membership, rows.size)
    free = np.flatnonzero(count == 0)[::-1]
    empty = np.empty(n + 1, dtype=np.int32)
    empty[: free.size], empty[n] = free, free.size
    waiting = ~rows.fixed if rows.fixed.size else np.ones(n, dtype=np.bool_)
    state = BatchState(np.ascontiguousarray(totals), count, held, waiting, empty)
    widest = int(np.diff(rows.indptr).max(initial=0))
    length = _power_of_two(2 * widest + 1)
    near = [
        Near(
            np.full(length, -1, dtype=np.int64),
            np.empty(length),
            np.empty(widest, dtype=np.int32),
            np.zeros(1, dtype=np.int64),
        )
        for _ in range(threads)
    ]
    nodes, best, moved = (np.empty(n, dtype=np.int32) for _ in range(3))
    batch = min(max(n // SHARE, LEAST_BATCH), LARGEST_BATCH)
    task = rows, gamma, max_size, membership, state, nodes
    gains = 0.0
    with helpers(threads) as share_out:
        while found := kernel.list_waiting(order, waiting, nodes):
            m = 0
            for low in range(0, found, batch):
                stop_if_over()
                high = min(low + batch, found)
                waiting[nodes[low:high]] = False
                wakes, choices = -(-m // MOVES), -(-(high - low) // MOVES)

                def act(
                    worker: int, piece: int, low: int = low, high: int = high, m: int = m
                ) -> None:
                    # what the last batch moved wakes its neighbours, while the next one chooses
                    first = piece * MOVES
                    if first < m:
                        last = min(first + MOVES, m)
                        kernel.wake_neighbours(rows, membership, waiting, moved, first, last)
                        return
                    first = low + (piece - -(-m // MOVES)) * MOVES
                    last = min(first + MOVES, high)
                    kernel.propose_moves(*task, first, last, best, near[worker])

                share_out(act, wakes + choices)
                m, gained = kernel.settle_moves(*task, low, high, best, moved)
                gains += gained
            kernel.wake_neighbours(rows, membership, waiting, moved, 0, m)
    return gains


def by_code(codes: Codes, n_codes: int) -> tuple[Codes, Counts]:
    """Nodes by code, and where those of each code begin."""
    order = np.empty(codes.size, dtype=np.int32)
    start = np.zeros(n_codes + 1, dtype=np.int64)
    np.cumsum(np.bincount(codes, minlength=n_codes), out=start[1:])
    group_nodes(codes, start.copy(), order)
    return order, start


def _entries_before(rows: Rows | Csr, order: Codes) -> Counts:
    """Entries before each node in this order, and of all, shape (n + 1,)."""
    before = np.zeros(order.size + 1, dtype=np.int64)
    np.cumsum(np.diff(rows.indptr)[order], out=before[1:])
    return before


def refine_nodes(rows: Rows, gamma: float, theta: float, membership: Codes, seed: int) -> Codes:
    """Refinement: the part of each node, identified by one of its nodes."""
    n = rows.n
    order, start = by_code(membership, n)
    cuts = _cut_evenly(_entries_before(rows, order)[start])
    widest = int(np.diff(rows.indptr).max(initial=0))
    chances = widest if theta > 0 else 0
    threads = spare_cores()
    of, alone = np.empty(n, np.int32), np.empty(n, np.bool_)
    towards, totals, total_in, rest = map(np.empty, (n, n, rows.in_weight.size, n))
    parts = [
        Parts(
            *(of, alone, towards, totals, total_in, rest),
            *(np.empty(widest + 1, np.int32), np.empty(chances), np.empty(chances)),
        )
        for _ in range(threads)
    ]

    def refine(worker: int, piece: int) -> None:
        kernel.refine_communities(
            rows,
            gamma,
            theta,
            membership,
            order,
            start,
            cuts[piece],
            cuts[piece + 1],
            np.uint64(seed),
            parts[worker],
        )

    with helpers(threads) as share_out:
        share_out(refine, len(cuts) - 1)
    return of


def aggregate_graph(csr: Csr, parts: Codes, n_parts: int) -> Csr:
    """Aggregate graph of the parts, which are numbered 0 … n_parts − 1; without loops."""
    order, start = by_code(parts, n_parts)
    before = _entries_before(csr, order)[start]
    cuts = _cut_evenly(before)
    most = csr.indices.size
    # pages that are not written take no memory
    new = Csr(np.zeros(n_parts + 1, np.int64), np.empty(most, np.int32), np.empty(most))
    length = _power_of_two(min(n_parts + 1, 2 * int(np.diff(before).max(initial=0)) + 1))
    threads = spare_cores()
    tables = [(np.full(length, -1, np.int64), np.empty(length, np.int32)) for _ in range(threads)]
    # a few pieces at a time, for memory touched for the first time is slow; those of one step are
    # copied to their places while the next ones are made
    pieces, step = len(cuts) - 1, 2 * threads
    width = int(np.diff(before[cuts]).max())
    drafts = [
        Csr(new.indptr, np.empty(width, np.int32), np.empty(width))
        for _ in range(min(2 * step, pieces))
    ]
    ends = [0] * (pieces + 1)
    with helpers(threads) as share_out:
        for begin in range(0, pieces + step, step):
            made = range(begin, min(begin + step, pieces))
            copied = range(max(begin - step, 0), min(begin, pieces))

            def act(worker: int, number: int, made: range = made, copied: range = copied) -> None:
                if number < len(made):
                    piece = made[number]
                    ends[piece + 1] = kernel.aggregate_parts(
                        csr,
                        parts,
                        order,
                        start,
                        cuts[piece],
                        cuts[piece + 1],
                        drafts[piece % len(drafts)],
                        *tables[worker],
                    )
                    return
                piece = copied[number - len(made)]
                draft, here = drafts[piece % len(drafts)], slice(ends[piece], ends[piece + 1])
                new.indices[here] = draft.indices[: here.stop - here.start]
                new.weights[here] = draft.weights[: here.stop - here.start]

            share_out(act, len(made) + len(copied))
            for piece in made:
                ends[piece + 1] += ends[piece]
    np.cumsum(new.indptr, out=new.indptr)
    filled = ends[-1]
    return Csr(new.indptr, new.indices[:filled], new.weights[:filled])


def permute_rows(csr: Csr, order: Codes, position: Codes) -> Csr:
    """Rows in the order of `order`, columns renamed by its inverse."""
    before = _entries_before(csr, order)
    new = Csr(before, np.empty_like(csr.indices), np.empty_like(csr.weights))
    cuts = _cut_evenly(before)

    def permute(worker: int, piece: int) -> None:
        kernel.permute_rows(csr, order, position, new, cuts[piece], cuts[piece + 1])

    with helpers(spare_cores()) as share_out:
        share_out(permute, len(cuts) - 1)
    return new


def split_connected(csr: Csr, membership: Codes) -> Codes:
    """Connected parts of all communities, each identified by its first node."""
    n = membership.size
    order, start = by_code(membership, n)
    cuts = start[_cut_evenly(_entries_before(csr, order)[start])].tolist()
    parts = np.full(n, -1, dtype=np.int32)
    threads = spare_cores()
    stacks = [np.empty(n, dtype=np.int32) for _ in range(threads)]

    def split(worker: int, piece: int) -> None:
        kernel.split_communities(
            csr, membership, order, cuts[piece], cuts[piece + 1], parts, stacks[worker]
        )

    with helpers(threads) as share_out:
        share_out(split, len(cuts) - 1)
    return parts
