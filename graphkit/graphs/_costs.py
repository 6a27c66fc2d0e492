"""What a walk will find and need: estimates from a sample of its rows."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from graphkit.errors import OptionError
from graphkit.graphs import _symmetric, _walk
from graphkit.graphs._lists import PairLists
from graphkit.graphs._walk import Block, Walk
from graphkit.threads import cores

__all__ = [
    "Sample",
    "at_most",
    "available",
    "capped",
    "memory_needed",
    "sampled",
    "seconds_to_mirror",
]

#: Entries walked for an estimate, and in how many places.
SAMPLE, PLACES = 1 << 21, 64

#: Share of the free memory that a projection may use unless told otherwise.
SHARE = 0.8


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
    """The same walk without some entries of its lists; sizes of entities stay as they are."""
    lists = walk.lists
    assert isinstance(lists, PairLists)
    if heavy.any():
        lists = replace(lists, length=np.where(heavy, np.int32(0), lists.length))
    return Walk(
        lists, walk.gain, walk.mode, walk.size, walk.form, walk.n,
        min_shared=min_shared or walk.min_shared, top=walk.top,
    )  # fmt: skip


def memory_needed(
    acts: int, pairs: int, n: int, m: int, kept: float, *, top: bool, weighted: bool, timed: bool
) -> int:
    """Bytes at the peak: of the lists, of the walk with its results, or of the symmetric rows.

    `kept` are the entries of the rows before they are made symmetric, 12 bytes each.
    """
    workers = cores()
    entry = 12.0
    fixed = 16 * n + 16 * m
    listing = (120.0 if timed else 17.0) * acts + (0.0 if timed else 24.0 * pairs) + fixed
    held = (36.0 if timed else 16.0) * (acts if timed else pairs) + 8.0 * weighted * pairs
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


def available() -> int:
    """Bytes of memory that are free for use."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            found = re.search(r"MemAvailable:\s+(\d+)", file.read())
            if found:
                return int(found[1]) * 1024
    except OSError:  # no Linux
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):  # where neither is told
        return 4_000_000_000


def at_most(memory: int | str | None) -> int:
    """The budget in bytes: as given, or a share of what is free.

    Examples
    --------
    >>> at_most("4 GB"), at_most(10**6)
    (4000000000, 1000000)
    """
    if memory is None:
        return int(available() * SHARE)
    if isinstance(memory, int) and not isinstance(memory, bool) and memory > 0:
        return memory
    units = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
    found = isinstance(memory, str) and re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*", memory)
    if found and found[2].upper() in units and float(found[1]) > 0:
        return round(float(found[1]) * units[found[2].upper()])
    raise OptionError(
        f"memory={memory!r} is not understood: pass a number of bytes, or text such as '500 MB' "
        "or '4 GB'."
    )
