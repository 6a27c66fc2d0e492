"""What every world needs: keys of its accounts and posts, homes of its posts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.rng import Streams

__all__ = ["draw_keys", "plurality_homes"]


def draw_keys(streams: Streams, name: str, size: int) -> npt.NDArray[np.uint64]:
    """Distinct random keys."""
    generator = streams.generator("keys", name)
    drawn = np.unique(generator.integers(0, 2**63, size=size + 64, dtype=np.uint64))
    return generator.permutation(drawn)[:size]


def plurality_homes(
    membership: npt.NDArray[np.int32], indptr: npt.NDArray[np.int64], posters: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """Plurality of each post's posters' communities; ties: smallest code, −1 without any.

    Examples
    --------
    >>> plurality_homes(np.array([0, 1, 1, -1]), np.array([0, 2, 5, 6]), np.array([1, 0, 0, 1, 2, 3]))
    array([ 0,  1, -1], dtype=int32)
    """
    post = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
    community = membership[posters].astype(np.int64)
    known = community >= 0
    size = int(membership.max(initial=0)) + 1
    cell, count = np.unique(post[known] * size + community[known], return_counts=True)
    # by post, most votes first, then the smallest code: the first row of each post wins
    order = np.lexsort((cell % size, -count, cell // size))
    winners, first = np.unique(cell[order] // size, return_index=True)
    homes = np.full(indptr.size - 1, -1, np.int32)
    homes[winners] = cell[order][first] % size
    return homes
