"""From the rows that the walk found to a symmetric adjacency, in little more than its size."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from graphkit.graphs._walk import Block, Piece
from graphkit.graphs.projection import Codes, Floats, Ints
from graphkit.parallel import track

__all__ = ["merged", "mirrored"]

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
    from graphkit.graphs import _symmetric_kernel as kernel

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
    from graphkit.graphs import _symmetric_kernel as kernel

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
