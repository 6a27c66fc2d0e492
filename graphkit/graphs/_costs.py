"""What a walk will find and need: estimates from a sample of its rows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from graphkit.graphs import _symmetric, _walk
from graphkit.graphs._walk import Block, Walk
from graphkit.graphs.projection import PairLists
from graphkit.threads import cores

__all__ = ["Sample", "capped", "memory_needed", "sampled", "seconds_to_mirror"]

#: Entries walked for an estimate, and in how many places.
SAMPLE, PLACES = 1 << 21, 64


@dataclass(frozen=True)
class Sample:
    """Entries that the rows hold before they are made symmetric, and seconds of one core.

    `share` is the part of the work that was walked.
    """

    kept: float
    seconds: float
    share: float


def sampled(walk: Walk) -> Sample:
    """Walk some rows in stretches of equal work, spread evenly, and scale up."""
    everything = int(walk.work.sum())
    if not everything:
        return Sample(0.0, 0.0, 1.0)
    done = np.cumsum(walk.work)
    step = SAMPLE // PLACES if everything > SAMPLE else everything
    cuts = np.searchsorted(done, np.arange(step, everything, step)) + 1
    bounds = np.unique(np.concatenate([[0], cuts, [done.size]]))
    chosen = np.unique(np.linspace(0, bounds.size - 2, PLACES).astype(int))
    walk.block(walk.base, walk.base + 1)  # compiled now
    kept = seconds = work = rows = 0.0
    for first, end in zip(bounds[chosen].tolist(), bounds[chosen + 1].tolist(), strict=True):
        start = time.perf_counter()
        block = walk.block(first + walk.base, end + walk.base)
        seconds += time.perf_counter() - start
        kept += float(block.lengths.sum())
        work += float(walk.work[first:end].sum())
        rows += end - first
        walk.forget()
    scale = everything / max(work, 1.0)
    # with `top`, what rows keep goes by their number more than by their work
    more = done.size / rows if walk.top else scale
    return Sample(kept * more, seconds * scale, min(1.0, 1 / scale))


def capped(walk: Walk, heavy: npt.NDArray[np.bool_], min_shared: int | None = None) -> Walk:
    """The same walk without some entries of its lists; sizes of actors stay as they are."""
    lists, rule = walk.lists, walk.rule
    assert isinstance(lists, PairLists)
    if heavy.any():
        lists = lists._replace(length=np.where(heavy, np.int32(0), lists.length))
    return Walk(lists, rule._replace(min_shared=min_shared or rule.min_shared), walk.n)


def memory_needed(
    interactions: int,
    pairs: int,
    n: int,
    m: int,
    kept: float,
    *,
    top: bool,
    weighted: bool,
    timed: bool,
) -> int:
    """Bytes at the peak: of the lists, of the walk with its results, or of the symmetric rows.

    `kept` are the entries of the rows before they are made symmetric, 12 bytes each.
    """
    workers = cores()
    entry = 12.0
    fixed = 16 * n + 16 * m
    listing = (120.0 if timed else 17.0) * interactions + (0.0 if timed else 24.0 * pairs) + fixed
    held = (36.0 if timed else 16.0) * (interactions if timed else pairs) + 8.0 * weighted * pairs
    scratch = workers * 64.0 * n
    room = min(kept, float(workers * _walk.ROOM)) * entry
    walking = held + scratch + kept * entry + min(room, 0.25 * kept * entry) + fixed
    if top:  # rows, their mirror image, and at most twice as many entries in the union
        joining = (1 + 2 / 3 + 2) * kept * entry + min(room, kept * entry) / 2 + 32 * n
    else:
        joining = 2 * kept * entry + min(room + entry * _symmetric.BATCH, kept * entry) + 32 * n
    return int(max(listing, walking, joining))


@lru_cache(maxsize=1)
def seconds_to_mirror() -> float:
    """Seconds per edge to put rows and their mirror images into place, measured once."""
    n, each = 40_000, 50
    rng = np.random.default_rng(0)
    rows = np.arange(each, n)
    heads = np.sort(rng.integers(0, rows[:, None], (rows.size, each)), axis=1).astype(np.int32)
    lengths = np.where(np.arange(n) < each, 0, each)
    later = np.bincount(heads.ravel(), minlength=n)

    def run() -> float:
        piece = (0, n, heads.ravel(), np.ones(heads.size))
        block = Block(0, n, [piece], lengths, np.zeros(3, dtype=np.int64))
        start = time.perf_counter()
        _symmetric.mirrored([block], later, cores())
        return time.perf_counter() - start

    return min(run() for _ in range(3)) / heads.size
