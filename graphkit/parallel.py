"""Threads for kernels that release the GIL, executors, progress, and the refusal of forks.

Pieces of work run in threads with :func:`in_threads`; one of them may spread its own steps with
:func:`helpers` over the cores that are left to it. Pieces that are begun before their results are
needed run :func:`beside` the calling thread. Pieces that can be pickled run in other processes, or
on other machines, with :func:`in_executor`.

A forked process has none of the threads of its parent. Polars' pool stays without workers there,
and most calls would wait for them for ever: :func:`refuse_after_fork` raises instead.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from graphkit import progress
from graphkit.errors import (
    DependencyError,
    ForkError,
    GraphkitError,
    OptionError,
    install_text,
    shorten,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

T = TypeVar("T")
Piece = TypeVar("Piece")
Result = TypeVar("Result")

#: Called with (what, done, total) after each step.
Reporter = Callable[[str, int, int], None]

#: Called with a function of (worker, piece) and the number of pieces.
ShareOut = Callable[[Callable[[int, int], None], int], None]

_reporter: ContextVar[Reporter | None] = ContextVar("graphkit_progress", default=None)

#: `cores` of a thread: how many it may use, or a function that tells how many just now; `over`: the
#: event that its piece is not wanted any more.
_own = threading.local()


#: Held by the thread that changes settings of the process for a while: filters of warnings, and
#: those of Matplotlib. One for both, so that two threads cannot wait for each other.
settings_lock = threading.RLock()

#: A piece that a cluster drops is submitted again so many times.
RETRIES = 3
#: Seconds in which a cluster may have no worker, as those that died are started again.
RESTART = 60
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
    """Yield the `steps`, and show after each how many of `total` are done.

    After two seconds there is a bar, or lines in a file, see :mod:`graphkit.progress`; under
    :func:`show_progress` a function is told in its place.

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
    if report is None and not progress.is_wanted():
        yield from steps
        return
    if report is None:
        with progress.open_loop(what, total) as show:
            for done, step in enumerate(steps, 1):
                yield step
                show(done)
        return
    report(what, 0, total)
    for done, step in enumerate(steps, 1):
        yield step
        report(what, done, total)


@contextmanager
def show_progress(reporter: Reporter | None = None) -> Iterator[None]:
    """Context that shows progress from the first step on: a bar, or calls of `reporter`.

    Without it, a call shows its progress once it has lasted two seconds, see
    :func:`graphkit.set_progress`, which turns off what this context would show, too.

    Parameters
    ----------
    reporter
        Called with the name of the work, the steps done and their total, in place of all else,
        whatever the setting.
    """
    kept, waiting = _reporter.set(reporter), progress.delay.set(0.0)
    try:
        yield
    finally:
        _reporter.reset(kept)
        progress.delay.reset(waiting)


@contextmanager
def own_warnings() -> Iterator[None]:
    """Context of :func:`warnings.catch_warnings`, for one thread at a time.

    Filters are those of the process: two threads that leave in another order than they came would
    leave those of one of them behind.
    """
    with settings_lock, warnings.catch_warnings():
        yield


def cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spare_cores() -> int:
    """Number of cores left to this thread: all, or its share just now if it has others beside it."""
    own: int | Callable[[], int] = getattr(_own, "cores", 0)
    return (own() if callable(own) else own) or cores()


def _set_spare_cores(number: int | Callable[[], int]) -> None:
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
    0 … threads − 1, of which 0 is the calling thread. After an error no further piece is begun.

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
    from concurrent.futures import ThreadPoolExecutor, wait

    with ThreadPoolExecutor(threads - 1) as pool:

        def share_out(work: Callable[[int, int], None], pieces: int) -> None:
            numbers = iter(range(pieces))

            def run(worker: int) -> None:
                try:
                    for piece in numbers:
                        work(worker, piece)
                except BaseException:
                    deque(numbers, maxlen=0)  # takes those that nobody has begun
                    raise

            others = [pool.submit(run, worker) for worker in range(1, min(threads, pieces))]
            try:
                run(0)
            finally:
                wait(others)
            for other in others:
                other.result()

        yield share_out


def in_threads(
    work: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    title: str,
    *,
    workers: int | None = None,
    one_by_one: bool = False,
) -> list[Result]:
    """Map `work` over `pieces` in threads, in order; on all cores unless `workers` is given.

    Each piece may use its share of the cores, :func:`spare_cores`; if they go `one_by_one`, in this
    thread, each may use them all. Progress is reported under `title`, and that of the pieces in
    threads is not. Ctrl-C, or an error, drops pieces not begun and stops the others at their next
    step.
    """
    refuse_after_fork()
    allowed = workers or spare_cores()
    workers = 1 if one_by_one else min(allowed, len(pieces))
    if workers <= 1:
        before = getattr(_own, "cores", 0)
        _set_spare_cores(allowed)
        try:
            done = []
            for piece in track(pieces, title, len(pieces)):
                done.append(work(piece))
            return done
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


class Beside:
    """Pieces of work in threads beside the calling thread; see :func:`beside`."""

    def __init__(self, workers: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._workers, self._cores = workers, spare_cores()
        #: Threads that work now, by their numbers: the calling one does unless it waits.
        self._busy = {threading.get_ident()}
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._over = threading.Event()
        self._pool: ThreadPoolExecutor | None = None
        if workers > 1:
            self._pool = ThreadPoolExecutor(workers - 1, initializer=self._begin_thread)

    def _begin_thread(self) -> None:
        _own.over = self._over

    def _share(self) -> int:
        """Cores for each thread that works, or is about to."""
        wanted = len(self._busy) + len(self._waiting)
        return max(1, self._cores // min(self._workers, max(wanted, 1)))

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Context of work in this thread that leaves the others their share of the cores."""
        before, thread = getattr(_own, "cores", 0), threading.get_ident()
        was_idle = thread not in self._busy
        self._busy.add(thread)
        _set_spare_cores(self._share)
        try:
            yield
        finally:
            _set_spare_cores(before)
            if was_idle:
                self._busy.discard(thread)

    def begin(self, work: Callable[[], Result]) -> Future[Result]:
        """Begin a piece as soon as a thread is free: one of those beside, or the one that waits."""
        from concurrent.futures import Future

        found: Future[Result] = Future()
        self._waiting.append((found, work))
        if self._pool is not None:
            self._pool.submit(self._do_next)
        return found

    def wait_for(self, piece: Future[Result]) -> Result:
        """What a piece gives, or raises; meanwhile this thread does pieces that are not begun."""
        from concurrent.futures import wait

        thread = threading.get_ident()
        while not piece.done():
            stop_if_over()
            if self._do_next():
                continue
            self._busy.discard(thread)
            try:
                # in steps: as Polars handles signals, Ctrl-C does not end a wait without a limit
                wait([piece], timeout=PATIENCE)
            finally:
                self._busy.add(thread)
        return piece.result()

    def wait_for_all(self, pieces: Sequence[Future[Result]], title: str) -> list[Result]:
        """What the pieces give, in order; progress is reported under `title`."""
        return [self.wait_for(piece) for piece in track(pieces, title, len(pieces))]

    def _do_next(self) -> bool:
        """Do the first piece that is not begun, if there is one."""
        try:
            found, work = self._waiting.popleft()
        except IndexError:
            return False
        if not found.set_running_or_notify_cancel():
            return True
        try:
            with self.sharing(), show_progress(lambda what, done, total: stop_if_over()):
                stop_if_over()
                value = work()
        except BaseException as error:
            found.set_exception(error)
            if not isinstance(error, Exception) and getattr(_own, "over", None) is not self._over:
                raise  # Ctrl-C, in the thread that waits
        else:
            found.set_result(value)
        return True

    def close(self, *, stop: bool) -> None:
        """Wait for the threads; if they are to `stop`, for the next step of their pieces only."""
        if stop:
            self._over.set()
            with suppress(IndexError):  # others take from the same end meanwhile
                while True:
                    self._waiting.popleft()[0].cancel()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=stop)


@contextmanager
def beside(workers: int | None = None) -> Iterator[Beside]:
    """Context for pieces of work that are begun early and waited for later.

    The calling thread, one of the `workers` (by default one per core), goes on beside the others,
    and takes part in the pieces while it waits. Each piece may use its share of the cores,
    :func:`spare_cores`, which grows as others end; progress of pieces is not reported. Ctrl-C, or an
    error that leaves the context, drops pieces not begun and stops the others at their next step.

    Examples
    --------
    >>> with beside() as others:
    ...     square = others.begin(lambda: 3**2)
    ...     others.wait_for(square)
    9
    """
    refuse_after_fork()
    others = Beside(workers or spare_cores())
    try:
        yield others
    except BaseException:
        others.close(stop=True)
        raise
    others.close(stop=False)


@dataclass(frozen=True)
class Parcel:
    """A piece of work for another process: what it is, for messages, and what is sent.

    `shared` is large and the same object in many parcels; `own` is of this one.
    """

    name: str
    shared: bytes
    own: bytes


def check_executor(executor: Executor | None) -> None:
    """Raise an :class:`OptionError` unless this is an executor, or None."""
    from concurrent.futures import Executor

    if executor is not None and not isinstance(executor, Executor):
        raise OptionError(
            f"executor={shorten(executor)}: give a concurrent.futures.Executor, such as a "
            "ProcessPoolExecutor; of a Dask client, client.get_executor()."
        )


def in_executor(
    executor: Executor,
    work: Callable[[bytes, bytes], Result],
    parcels: Sequence[Parcel],
    title: str,
    *,
    keep: Callable[[int, Result], None],
    kept: str,
) -> None:
    """Call ``keep(number, work(shared, own))`` for each parcel, as they finish.

    A Dask cluster gets what is shared once, and passes it to each worker that needs it; other
    executors get it with each parcel.

    Parameters
    ----------
    executor
        Of any kind; it is left open.
    work
        Function of a module that workers can import.
    parcels
        Pieces of work.
    title
        Title of the progress report.
    keep
        Called in this thread with the number of a parcel and its result.
    kept
        What becomes of finished pieces if a later one fails, as a sentence.

    Raises
    ------
    GraphkitError
        If a worker dies, lacks graphkit, or the executor is shut down.
    Exception
        What `work` raises, as it is. Finished pieces are kept before, those not begun are
        cancelled; so they are by Ctrl-C.
    """
    refuse_after_fork()
    waiting: dict[Future[Result], int] = {}
    tries = [0] * len(parcels)
    sender = _Sender(executor)
    name = parcels[0].name if parcels else ""

    def submit(number: int) -> Future[Result]:
        parcel = parcels[number]
        future = executor.submit(_open_parcel, work, sender.sent(parcel.shared), parcel.own)
        waiting[future] = number
        return future

    def submit_again(future: Future[Result]) -> Future[Result] | None:
        """A piece that a cluster dropped, since what it needs was on a worker that died."""
        number = waiting[future]
        tries[number] += 1
        if sender.client is None or tries[number] > RETRIES:
            return None
        sender.forget(parcels[number].shared)
        return submit(number)

    try:
        for number, parcel in enumerate(parcels):
            name = parcel.name
            submit(number)
        for future in track(_as_finished(waiting, submit_again), title, len(parcels)):
            name = parcels[waiting[future]].name
            keep(waiting[future], future.result())
    except GraphkitError:
        raise
    except (Exception, _cancelled()) as error:
        failure = _failure(error, name, kept)
        if failure is None:
            raise
        raise failure from error
    finally:
        for future in waiting:
            future.cancel()


def _as_finished(
    waiting: dict[Future[Result], int],
    submit_again: Callable[[Future[Result]], Future[Result] | None],
) -> Iterator[Future[Result]]:
    """Futures as they finish, of those that are found finished together the failed ones last."""
    from concurrent.futures import FIRST_COMPLETED, wait

    pending = set(waiting)
    while pending:
        # in steps: as Polars handles signals, Ctrl-C does not end a wait without a limit
        done, pending = wait(pending, timeout=PATIENCE, return_when=FIRST_COMPLETED)
        stop_if_over()
        failed = {f: f.cancelled() or f.exception() is not None for f in done}
        for future in sorted(done, key=lambda f: (failed[f], waiting[f])):
            again = submit_again(future) if future.cancelled() else None
            if again is None:
                yield future
            else:
                pending.add(again)


def _open_parcel(work: Callable[[bytes, bytes], Result], shared: bytes, own: bytes) -> Result:
    """Do the work in a worker; a forked one would wait for ever for tables to be unpickled."""
    refuse_after_fork()
    with show_progress(lambda what, done, total: None):  # that of the caller tells of pieces
        return work(shared, own)


class _Sender:
    """What to submit for shared bytes: themselves, or their place in a Dask cluster.

    Attributes
    ----------
    client
        The client of a Dask executor, else None.
    """

    def __init__(self, executor: Executor) -> None:
        of_dask = type(executor).__module__.startswith("distributed")
        # an executor of Dask does not say what its client is otherwise
        self.client: Any = getattr(executor, "_client", None) if of_dask else None
        self._held: dict[int, Any] = {}

    def sent(self, shared: bytes) -> Any:
        """The bytes, or the future of them, which are sent once."""
        if self.client is None:
            return shared
        if id(shared) not in self._held:
            self._held[id(shared)] = self.client.scatter(shared, hash=False, timeout=RESTART)
        return self._held[id(shared)]

    def forget(self, shared: bytes) -> None:
        """Send the bytes anew if they were lost."""
        held = self._held.get(id(shared))
        if held is not None and held.status != "finished":
            del self._held[id(shared)]


def _cancelled() -> type[BaseException]:
    from concurrent.futures import CancelledError

    return CancelledError


def _failure(error: BaseException, name: str, kept: str) -> GraphkitError | None:
    """The error for a worker that died or lacks graphkit; `None` for an error of the work."""
    from concurrent.futures import BrokenExecutor, CancelledError

    start = f"a worker ended while it computed {name}, or a piece beside it"
    if isinstance(error, BrokenExecutor):
        return GraphkitError(
            f"{start}, or could not start. {kept} Where memory ran out, start fewer workers; a script "
            'that starts processes does so below `if __name__ == "__main__":`.'
        )
    of_dask = type(error).__module__.startswith("distributed")
    if of_dask or isinstance(error, CancelledError | TimeoutError):
        why = f"{type(error).__name__} {shorten(str(error), 200) if str(error) else ''}".rstrip()
        return GraphkitError(f"{start} ({why}). {kept} See the logs of the workers.")
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "graphkit":
        return GraphkitError(f"{name}: a worker lacks graphkit. Install the same version there.")
    if isinstance(error, RuntimeError) and "after shutdown" in str(error):
        return GraphkitError(f"{name}: the executor is shut down. {kept} Give one that is open.")
    return None


#: Threads of libraries, which they start by when they are imported.
_THREADS = ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def _begin_worker(share: int, over: Any) -> None:
    """Begin a worker of :func:`open_executor`, which may use a share of the cores."""
    for name in _THREADS:
        os.environ.setdefault(name, str(share))
    _set_spare_cores(share)
    # Ctrl-C reaches all processes of a terminal: the first one says when work is over
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _own.over = over


@contextmanager
def open_executor(text: str) -> Iterator[Executor]:
    """Context that gives an executor: processes of this machine, or a Dask cluster.

    Parameters
    ----------
    text
        ``"processes"``, one per core, or ``"processes:4"``; or the address of a Dask scheduler,
        such as ``"tcp://host:8786"``. Each process uses its share of the cores.

    Raises
    ------
    OptionError
        For another text, and an address at which no scheduler answers.
    DependencyError
        For an address, if the package ``distributed`` is not installed.

    Examples
    --------
    >>> with open_executor("threads"):
    ...     pass
    Traceback (most recent call last):
        ...
    graphkit.errors.OptionError: executor='threads' is unknown: give 'processes', 'processes:4', \
or the address of a Dask scheduler, such as 'tcp://host:8786'.
    """
    if isinstance(text, str) and re.fullmatch(r"[a-z]+://.+", text):
        with _dask_executor(text) as executor:
            yield executor
        return
    found = re.fullmatch(r"processes(?::(\d{1,4}))?", text) if isinstance(text, str) else None
    number = int(found[1] or cores()) if found else 0
    if not number:
        raise OptionError(
            f"executor={shorten(text)} is unknown: give 'processes', 'processes:4', or the address "
            "of a Dask scheduler, such as 'tcp://host:8786'."
        )
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    over = context.Event()
    share = max(1, cores() // number)
    pool = ProcessPoolExecutor(number, context, _begin_worker, (share, over))
    try:
        yield pool
    except BaseException:
        over.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _dask_executor(address: str) -> Iterator[Executor]:
    """The executor of a client of a Dask scheduler."""
    try:
        from distributed import Client
    except ImportError as error:
        raise DependencyError(
            f"executor={shorten(address)} needs the package distributed: {install_text('dask')}."
        ) from error
    try:
        client = Client(address, set_as_default=False, timeout=10)
    except (OSError, ValueError) as error:
        raise OptionError(
            f"executor={shorten(address)}: no Dask scheduler answers there ({error}). Start one with "
            "`dask scheduler`, and give its address."
        ) from error
    with client:
        yield client.get_executor()
