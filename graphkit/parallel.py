"""Progress of long work: verbs report it, the caller decides whether it is shown.

The library never prints. A verb wraps its outer loop in :func:`track`; nothing happens
unless the caller stands inside :func:`show_progress` (the command line does).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

__all__ = ["show_progress", "track"]

T = TypeVar("T")

#: Called with (what, done, total) after each step.
Reporter = Callable[[str, int, int], None]

_reporter: ContextVar[Reporter | None] = ContextVar("graphkit_progress", default=None)


def track(steps: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield the steps, telling the caller's reporter how many of `total` are done.

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
    """Show the progress of the verbs called inside: bars, or calls of `reporter`.

    Parameters
    ----------
    reporter
        Called with what is done, how many steps are, and how many there will be. Without
        one, bars are drawn on standard error, or in the notebook.
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
