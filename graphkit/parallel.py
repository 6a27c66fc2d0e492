"""Threads for kernels that release the GIL, progress reports, and the refusal of forked processes.

Pieces of work run in threads with :func:`in_threads`; one of them may spread its own steps with
:func:`helpers` over the cores that are left to it.

A forked process has none of the threads of its parent. Polars' pool stays without workers there,
and most calls would wait for them for ever: :func:`refuse_after_fork` raises instead.
"""

from __future__ import annotations

import itertools
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

from graphkit.errors import ForkError

T = TypeVar("T")
Piece = TypeVar("Piece")
Result = TypeVar("Result")

#: Called with (what, done, total) after each step.
Reporter = Callable[[str, int, int], None]

#: Called with a function of (worker, piece) and the number of pieces.
ShareOut = Callable[[Callable[[int, int], None], int], None]

_reporter: ContextVar[Reporter | None] = ContextVar("graphkit_progress", default=None)

#: `cores` of a thread: how many it may use; `over`: the event that its piece is not wanted any more.
_own = threading.local()


#: Seconds after which a wait for pieces of work begins anew.
PATIENCE = 0.2

#: Whether this process has started threads, and whether it was forked from one that had.
_started = _lost = False


def refuse_after_fork() -> None:
    """Raise a :class:`ForkError` in a process forked from one that had used graphkit.

    The first call marks this process as one that has threads; it is called wherever tables, ids or
    threads are used first.
    """
    global _started
    if _lost:
        raise ForkError(
            "this process was forked after graphkit, or Polars, had started threads in its parent; "
            "a fork does not copy them, and a call would wait for ever. Start workers with "
            'multiprocessing.get_context("spawn") or joblib\'s "loky", or fork before the first use '
            "of graphkit."
        )
    _started = True


def _look_before_fork() -> None:
    """Note whether Polars' pool runs, which the user may have started without graphkit."""
    global _started
    if _started:
        return
    try:
        names = [thread.read_text() for thread in Path("/proc/self/task").glob("*/comm")]
    except OSError:  # a thread that ended meanwhile
        return
    # its workers are called polars-0, polars-1, …; an import alone starts a thread of another name
    _started = any(re.match(r"polars-\d", name) for name in names)


def _note_fork() -> None:
    global _lost
    _lost = _lost or _started


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_look_before_fork, after_in_child=_note_fork)


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
    refuse_after_fork()
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

    console = Console(stderr=True)
    if not (console.is_terminal or console.is_jupyter):  # in a file there would be blank lines
        yield
        return
    with Progress(console=console, transient=True) as bars:
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


def spare_cores() -> int:
    """Number of cores left to this thread: all, or its share if it is one of :func:`in_threads`."""
    own: int = getattr(_own, "cores", 0)
    return own or cores()


def _set_spare_cores(number: int) -> None:
    _own.cores = number


def stop_if_over() -> None:
    """Raise a KeyboardInterrupt in a piece of :func:`in_threads` that is not wanted any more.

    Long pieces without progress reports call it between their steps.
    """
    over = getattr(_own, "over", None)
    if over is not None and over.is_set():
        raise KeyboardInterrupt


@contextmanager
def helpers(threads: int) -> Iterator[ShareOut]:
    """Context that gives a function to spread many short steps over the same threads.

    The function takes ``work(worker, piece)`` and the number of pieces, and returns when all are
    done. Which worker takes which piece is open: results must not depend on it. Workers are
    0 … threads − 1, of which 0 is the calling thread.

    Examples
    --------
    >>> import numpy as np
    >>> squares = np.zeros(4, dtype=int)
    >>> def square(worker, piece):
    ...     squares[piece] = piece**2
    >>> with helpers(2) as share_out:
    ...     share_out(square, 4)
    >>> squares.tolist()
    [0, 1, 4, 9]
    """
    refuse_after_fork()
    if threads == 1:

        def run_alone(work: Callable[[int, int], None], pieces: int) -> None:
            for piece in range(pieces):
                work(0, piece)

        yield run_alone
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads - 1) as pool:

        def share_out(work: Callable[[int, int], None], pieces: int) -> None:
            numbers = itertools.count()

            def run(worker: int) -> None:
                while (piece := next(numbers)) < pieces:
                    work(worker, piece)

            others = [pool.submit(run, worker) for worker in range(1, min(threads, pieces))]
            try:
                run(0)
            finally:
                for other in others:
                    other.result()

        yield share_out


def in_threads(
    work: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    title: str,
    *,
    workers: int | None = None,
) -> list[Result]:
    """Map `work` over `pieces` in threads, in order; on all cores unless `workers` is given.

    Each piece may use its share of the cores, :func:`spare_cores`. Progress is reported under
    `title`, and that of the pieces in threads is not. Ctrl-C, or an error, drops pieces not begun
    and stops the others at their next step.
    """
    refuse_after_fork()
    allowed = workers or spare_cores()
    workers = min(allowed, len(pieces))
    if workers <= 1:
        before = getattr(_own, "cores", 0)
        _set_spare_cores(allowed)
        try:
            return [work(piece) for piece in track(pieces, title, len(pieces))]
        finally:
            _set_spare_cores(before)
    from concurrent.futures import ThreadPoolExecutor, wait
    from threading import Event

    over = Event()

    def watched(piece: Piece) -> Result:
        _own.over = over
        with show_progress(lambda what, done, total: stop_if_over()):
            return work(piece)

    share = max(1, allowed // workers)
    with ThreadPoolExecutor(workers, initializer=_set_spare_cores, initargs=(share,)) as pool:
        waiting = [pool.submit(watched, piece) for piece in pieces]
        try:
            found = []
            for one in track(waiting, title, len(pieces)):
                # in steps: as Polars handles signals, Ctrl-C does not end a wait without a limit
                while not wait([one], timeout=PATIENCE).done:
                    pass
                found.append(one.result())
            return found
        except BaseException:
            over.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
