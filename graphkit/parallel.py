"""Threads for kernels that release the GIL, and progress reports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Piece = TypeVar("Piece")
Result = TypeVar("Result")

#: Called with (what, done, total) after each step.
Reporter = Callable[[str, int, int], None]

_reporter: ContextVar[Reporter | None] = ContextVar("graphkit_progress", default=None)


def track(steps: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield the `steps`, and report after each how many of `total` are done.

    Ctrl-C stops between two steps.

    Examples
    --------
    >>> seen = []
    >>> with show_progress(lambda what, done, total: seen.append((what, done, total))):
    ...     _ = list(track("ab", "letters", 2))
    >>> seen
    [('letters', 0, 2), ('letters', 1, 2), ('letters', 2, 2)]
    """
    report = _reporter.get()
    if report is None:
        yield from steps
        return
    report(what, 0, total)
    for done, step in enumerate(steps, 1):
        yield step
        report(what, done, total)


@contextmanager
def show_progress(reporter: Reporter | None = None) -> Iterator[None]:
    """Context that shows progress: bars, or calls of `reporter`.

    Parameters
    ----------
    reporter
        Called with the name of the work, the steps done and their total. If absent, bars are
        drawn on standard error, or in the notebook.
    """
    if reporter is not None:
        token = _reporter.set(reporter)
        try:
            yield
        finally:
            _reporter.reset(token)
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def draw(what: str, done: int, total: int) -> None:
            if done == 0 or what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total, visible=done < total)

        with show_progress(draw):
            yield


def cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(
    work: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    title: str,
    *,
    workers: int | None = None,
) -> list[Result]:
    """Map `work` over `pieces` in threads, in order; on all cores unless `workers` is given.

    Progress is reported under `title`. Ctrl-C drops pieces not begun and waits for the others.
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
