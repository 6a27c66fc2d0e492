"""Independent pieces of work in threads, for kernels that release the GIL."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from graphkit.parallel import track

__all__ = ["cores", "in_threads"]

Given = TypeVar("Given")
Made = TypeVar("Made")


def cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(
    work: Callable[[Given], Made],
    pieces: Sequence[Given],
    title: str,
    *,
    workers: int | None = None,
) -> list[Made]:
    """What `work` makes of each piece, in the order of the pieces; by default on all cores.

    On Ctrl-C, pieces not yet begun are dropped and those under way are waited for.
    """
    workers = min(workers or cores(), len(pieces))
    if workers <= 1:
        return [work(piece) for piece in track(pieces, title, len(pieces))]
    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(work, piece) for piece in pieces]
        try:
            return [one.result() for one in track(waiting, title, len(pieces))]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
