"""Progress of long calls: a bar in a terminal or notebook, plain lines elsewhere, or silence.

A loop of :func:`graphkit.parallel.track` that takes longer than two seconds shows how far it is: by
a bar of tqdm in a terminal (on standard error) and in Jupyter (a widget, or text where ipywidgets
is not installed), and by lines of plain text where standard error is a file or a pipe. There is one
bar at a time: that of the outermost loop, with the loop within it named beside it. A thread keeps
the times moving while a step takes long; it ends with the loop. Nothing of a bar is left behind,
but in Jupyter that of a call that was interrupted, in red, where it stopped.

One setting silences it: ``GRAPHKIT_PROGRESS=0`` in the environment, or :func:`set_progress` in
Python. ``TQDM_DISABLE=1`` is heeded, too. Worker processes of multiprocessing are silent.
"""

from __future__ import annotations

import inspect
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib.util import find_spec
from types import FrameType
from typing import Any

#: Seconds that a call lasts before its progress is shown.
DELAY = 2.0
#: Seconds between two states of a bar, and, at least and at most, between two lines.
REDRAWN, LINES_APART, LINES_WITHIN = 0.2, 2.0, 60.0
#: Seconds between two states while a step goes on.
MOVED = 1.0
#: Part of the steps, in percent, after which there is a new line.
LINE_STEP = 10

_FORMAT = "{l_bar}{bar}| {n_fmt} of {total_fmt}, {elapsed} so far, {remaining} left{postfix}"

#: What :func:`set_progress` asked for.
_asked: bool | None = None
#: Seconds before a bar, within :func:`graphkit.parallel.show_progress` none.
delay: ContextVar[float] = ContextVar("graphkit_progress_delay", default=DELAY)
#: The bar of the outermost loop, and the lock under which it changes.
_outermost: _Loop | None = None
_lock = threading.Lock()


def set_progress(on: bool) -> None:
    """Turn the progress of long calls on or off, for this process.

    Without this call, the environment decides: progress is off under ``GRAPHKIT_PROGRESS=0`` and
    under ``TQDM_DISABLE=1``, and on otherwise.

    Parameters
    ----------
    on
        Whether calls that last longer than two seconds show how far they are: as a bar in a
        terminal (standard error) or notebook, as lines of text in a file or a pipe.

    Raises
    ------
    OptionError
        If `on` is neither True nor False.

    Examples
    --------
    >>> set_progress(False)
    """
    from graphkit.errors import OptionError, shorten

    global _asked
    if not isinstance(on, bool):
        raise OptionError(f"on={shorten(on)}: True or False is needed.")
    _asked = on


@contextmanager
def silenced() -> Iterator[None]:
    """Context in which no progress is shown, whatever was asked for before."""
    global _asked
    before, _asked = _asked, False
    try:
        yield
    finally:
        _asked = before


def is_wanted() -> bool:
    """Whether progress is shown: asked for, or not turned off by the environment."""
    if _asked is not None:
        return _asked
    no = ("0", "false", "no", "off")
    if os.environ.get("GRAPHKIT_PROGRESS", "").lower() in no:
        return False
    if os.environ.get("TQDM_DISABLE", "").lower() not in ("", *no):
        return False
    # a child process of a pool would draw over the bar of its parent
    processes = sys.modules.get("multiprocessing.process")
    return processes is None or processes.parent_process() is None


@contextmanager
def open_loop(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Context that gives the function to call with the number of steps done, of `total`.

    Of loops within each other the outermost has the bar; loops of other threads have none
    meanwhile.
    """
    global _outermost
    thread, abandoned = threading.get_ident(), None
    with _lock:
        outer = _outermost
        if outer is not None and outer.thread == thread and not outer.is_running():
            abandoned, outer = outer, None
        if outer is None:
            loop = _outermost = _Loop(what, total, thread)
    if abandoned is not None:
        abandoned.close()
    if outer is not None:
        yield outer.part(what, total) if outer.thread == thread else _nothing
        if outer.thread == thread:
            outer.within = ""
        return
    try:
        yield loop.step
    finally:
        with _lock:
            if _outermost is loop:
                _outermost = None
        loop.close()


def _frames(thread: int) -> Iterator[FrameType]:
    """Functions that are running in a thread, from within; no generators."""
    frame = sys._current_frames().get(thread)
    while frame is not None:
        generator = frame.f_code.co_flags & inspect.CO_GENERATOR
        if not generator and frame.f_globals.get("__name__") != "contextlib":
            yield frame
        frame = frame.f_back


def _nothing(done: int) -> None:
    """Show nothing."""


class _Loop:
    """The outermost loop: its title and steps, the loop within it, and what shows them."""

    def __init__(self, what: str, total: int, thread: int) -> None:
        self.what, self.total, self.thread = what, total, thread
        self.done, self.within = 0, ""
        self._start, self._due = time.time(), time.monotonic() + delay.get()
        self._shown: _Bar | _Lines | None = None
        self._frame = next(f for f in _frames(thread) if f.f_globals.get("__name__") != __name__)
        self._ended = threading.Event()
        # a collection of garbage may close an abandoned loop while its thread draws
        self._drawing = threading.RLock()
        self._clock = threading.Thread(target=self._go_on, args=(delay.get(),), daemon=True)
        with suppress(RuntimeError):  # where no thread can be started, steps alone are shown
            self._clock.start()

    def is_running(self) -> bool:
        """Whether the function with the loop is: after an interrupt a traceback may hold the rest."""
        return any(frame is self._frame for frame in _frames(self.thread))

    def step(self, done: int) -> None:
        """Take that so many steps are done, and show it if it is time."""
        self.done = done
        self._show()

    def _go_on(self, first: float) -> None:
        """Show the state while a step goes on, in a thread that ends with the loop."""
        wait = max(first, MOVED)
        while not self._ended.wait(wait):
            if not self.is_running():
                self.close()
                return
            self._show()
            wait = MOVED

    def part(self, what: str, total: int) -> Callable[[int], None]:
        """The function that takes the steps of a loop within this one."""

        def step(done: int) -> None:
            self.within = f"{what} {100 * done // total} %" if done < total else ""
            self._show()

        return step

    def _show(self) -> None:
        if time.monotonic() < self._due or not self._drawing.acquire(blocking=False):
            return  # too early, or the other thread is at it
        try:
            if self._ended.is_set():
                return
            # progress that cannot be written, to a stream that was closed, stops no computation
            with suppress(OSError, ValueError):
                if self._shown is None:
                    kind = _Bar if _draws() else _Lines
                    self._shown = kind(self.what, self.total, self._start)
                self._shown.show(self.done, self.within)
            self._due = time.monotonic() + REDRAWN
        finally:
            self._drawing.release()

    def close(self) -> None:
        """Take the bar away, or write the last line."""
        if self._ended.is_set():
            return
        self._ended.set()
        # a process that was forked while the thread drew would wait for ever
        if self._drawing.acquire(timeout=MOVED):
            try:
                if self._shown is not None:
                    with suppress(OSError, ValueError):
                        self._shown.close(self.done)
            finally:
                self._drawing.release()
        if self._clock.is_alive() and self._clock is not threading.current_thread():
            self._clock.join(MOVED)


def _in_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _draws() -> bool:
    """Whether a bar can be drawn: in a terminal, or a notebook."""
    return _in_notebook() or bool(sys.stderr and sys.stderr.isatty())


def _kind_of_bar() -> Any:
    """A widget or text; ``tqdm.auto`` changes the filters of warnings, which no thread may."""
    if _in_notebook() and find_spec("ipywidgets"):
        from tqdm.notebook import tqdm as widget

        return widget
    from tqdm.std import tqdm as text

    return text


class _Bar:
    """A bar of tqdm: text in a terminal, a widget in Jupyter; text there without ipywidgets."""

    def __init__(self, what: str, total: int, start: float) -> None:
        kind = type("Bar", (_kind_of_bar(),), {"monitor_interval": 0})  # no thread that lives on
        options: dict[str, Any] = {"smoothing": 0, "leave": False, "bar_format": _FORMAT}
        # of the smallest delay, as nothing is drawn before the first state is known
        options |= {"delay": 1e-9, "disable": False, "file": sys.stderr}
        options["dynamic_ncols"] = sys.stderr.isatty()
        self._bar: Any = kind(desc=what, total=total, **options)
        self._bar.start_t = start

    def show(self, done: int, within: str) -> None:
        """Draw the state."""
        self._bar.n = done
        self._bar.last_print_t = time.time()  # by which `close` knows that there is a bar
        self._bar.set_postfix_str(within, refresh=False)
        self._bar.refresh()

    def close(self, done: int) -> None:
        """Take the bar away."""
        self._bar.n = done
        self._bar.close()


class _Lines:
    """Lines of text, one for each tenth of the steps, unless they come within two seconds."""

    def __init__(self, what: str, total: int, start: float) -> None:
        self._what, self._total, self._start = what, total, start
        self._percent, self._at = -LINE_STEP, 0.0

    def show(self, done: int, within: str) -> None:
        """Write a line if it is time for one."""
        now, percent = time.monotonic(), 100 * done // self._total
        further = percent >= self._percent + LINE_STEP and now >= self._at + LINES_APART
        if done < self._total and (further or now >= self._at + LINES_WITHIN):
            spent = time.time() - self._start
            left = ""
            if done > 1:  # the first step may be long only because it compiles
                left = f", about {_duration(spent / done * (self._total - done))} left"
            part = f" ({within})" if within else ""
            self._write(f"{percent} %, {done} of {self._total}{part}, {_duration(spent)}{left}")
            self._percent, self._at = percent, now

    def close(self, done: int) -> None:
        """Write how it ended."""
        spent = _duration(time.time() - self._start)
        ended = "done" if done >= self._total else f"stopped, {done} of {self._total}"
        self._write(f"{ended}, {spent}")

    def _write(self, text: str) -> None:
        if sys.stderr is not None:
            sys.stderr.write(f"{self._what}: {text}\n")
            sys.stderr.flush()


def _duration(seconds: float) -> str:
    """Seconds as text.

    Examples
    --------
    >>> _duration(5.2), _duration(312), _duration(7500)
    ('5 s', '5 min', '2.1 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
