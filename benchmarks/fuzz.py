"""Fuzz run: every reader, importer and saved file, with inputs changed by a seed.

    python benchmarks/fuzz.py                       # 20,000 mutants, some minutes
    python benchmarks/fuzz.py --quick               # 2,000
    python benchmarks/fuzz.py --only=tiktok-json    # subjects whose name begins so
    python benchmarks/fuzz.py --only=import-x-api    # one importer; graph-gml: one graph file
    python benchmarks/fuzz.py --only=feed --number=17    # one mutant, with its message
    python benchmarks/fuzz.py --kills               # instead: kills and Ctrl-C of small studies

Each mutant is one of: harmless (same content), changed (other content, by the declared rules),
refused (an error of graphkit), or a failure: another exception or a warning of another library,
an id that the rules forbid, a row or value that is lost without a count, damage that is not
noticed in a saved file, an error that names no file or table or quotes the file, more than 5 s
or 1 GB, a process that dies. Mutants depend on the seed, the subject and their number only. They
run in processes of their own, which are stopped if they hang. The exit code is 1 if any failed.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import multiprocessing
import os
import re
import resource
import signal
import sys
import tempfile
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_oracle import CHANGED, FAILURE, HARMLESS, REFUSED, Verdict, judge

#: Seconds after which a process that says nothing is stopped: before the first mutant, and later.
START, HANG = 180.0, 20.0
#: Mutants of one piece of work; megabytes that one mutant may add, and that a process may map.
PIECE, MEMORY, LIMIT = 250, 1024, 6144

#: Number of a mutant, what was changed, verdict, megabytes of the process.
Line = tuple[int, str, Verdict, float]


def generator(seed: int, subject: str, number: int) -> np.random.Generator:
    """Random numbers of one mutant."""
    return np.random.default_rng([seed, zlib.crc32(subject.encode()), number])


def memory() -> float:
    """Peak memory of this process in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def original_of(draw: Any) -> str:
    """Content key of the unchanged files; empty where there are none."""
    return draw.read(draw.folder).key if hasattr(draw, "folder") else ""


def run_one(draw: Any, original: str, seed: int, subject: str, number: int) -> Line:
    """Draw a mutant and judge it."""
    trial = draw(generator(seed, subject, number))
    before = memory()
    verdict = judge(trial, original)
    after = memory()
    if after - before > MEMORY and verdict.outcome != FAILURE:
        verdict = Verdict(FAILURE, f"more than {MEMORY} MB", seconds=verdict.seconds)
    return number, trial.mutant.what, verdict, after


def work(link: Connection, seed: int, folder: str, errors: str) -> None:
    """Process of the mutants: receives pieces of work, and sends a line for each mutant."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # a reader that asks for more gets a MemoryError, which is a failure
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT << 20, LIMIT << 20))
    log = Path(errors).open("a")  # noqa: SIM115  open until the process ends
    os.dup2(log.fileno(), 2)
    faulthandler.enable(log)
    faulthandler.register(signal.SIGUSR1, log)
    from fuzz_subjects import SUBJECTS

    ready: dict[str, tuple[Any, str]] = {}
    while True:
        piece = link.recv()
        if piece is None:
            return
        subject, numbers = piece
        if subject not in ready:
            draw: Any = SUBJECTS[subject][1](Path(folder) / subject)
            ready[subject] = draw, original_of(draw)
        link.send("ready")
        for number in numbers:
            link.send(run_one(*ready[subject], seed, subject, number))
        link.send("done")


@dataclass
class Worker:
    """A process, its work and what it has said so far."""

    number: int
    seed: int
    root: Path
    starts: int = 0
    subject: str = ""
    left: list[int] = field(default_factory=list)
    ready: bool = False
    heard: float = 0.0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.starts += 1
        folder = self.root / f"{self.number}-{self.starts}"
        folder.mkdir()
        self.errors = folder / "errors.txt"
        context = multiprocessing.get_context("spawn")
        self.link, other = context.Pipe()
        target = (other, self.seed, str(folder), str(self.errors))
        self.process = context.Process(target=work, args=target, daemon=True)
        self.process.start()
        other.close()

    def give(self, subject: str, numbers: list[int]) -> None:
        self.subject, self.left, self.ready = subject, numbers, False
        self.heard = time.monotonic()
        self.link.send((subject, numbers))

    def overdue(self) -> bool:
        return time.monotonic() - self.heard > (HANG if self.ready else START)

    def stop(self) -> str:
        """Stop the process; where it was when it died or hung."""
        if self.process.is_alive():
            os.kill(self.process.pid or 0, signal.SIGUSR1)
            time.sleep(0.5)
            self.process.kill()
        self.process.join()
        self.link.close()
        text = self.errors.read_text(errors="replace") if self.errors.exists() else ""
        frames = re.findall(r'File "([^"]*)", line \d+ in (\S+)', text)
        inside = [f"{Path(path).name}:{name}" for path, name in frames]
        fatal = re.findall(r"Fatal Python error: ([^\n]{0,60})", text)
        if self.process.exitcode == 1:
            # an error of the benchmark, not of a reader: those are caught
            return f"exit code 1: {text.strip().rpartition(chr(10))[2][:100]}"
        return " < ".join([*fatal[-1:], *inside[:4]]) or f"exit code {self.process.exitcode}"


@dataclass
class Tally:
    """Outcomes of one subject."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, -1)
    memory: float = 0.0
    failures: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        number, what, verdict, megabytes = line
        self.outcomes[verdict.outcome] += 1
        self.slowest = max(self.slowest, (verdict.seconds, number))
        self.memory = max(self.memory, megabytes)
        if verdict.outcome == FAILURE:
            kind = verdict.kind
            self.failures.setdefault(kind, []).append((number, what, verdict.message))


def pieces(names: dict[str, int]) -> list[tuple[str, list[int]]]:
    """Work in the order of the subjects: name, and the numbers of mutants."""
    return [
        (name, list(range(first, min(first + PIECE, n))))
        for name, n in names.items()
        for first in range(0, n, PIECE)
    ]


def run(counts: dict[str, int], seed: int, processes: int) -> dict[str, Tally]:
    """Run the mutants of all subjects in processes, and tally them."""
    todo = pieces(counts)[::-1]
    tallies = {name: Tally() for name in counts}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as root:
        workers = [Worker(k, seed, Path(root)) for k in range(processes)]
        active = []
        for worker in workers:
            if todo:
                worker.give(*todo.pop())
                active.append(worker)
        while active:
            wait([w.link for w in active], timeout=1.0)
            for worker in list(active):
                if not _listen(worker, tallies) and not _renew(worker, tallies):
                    continue
                if worker.left:
                    worker.give(worker.subject, worker.left)
                elif todo:
                    worker.give(*todo.pop())
                else:
                    active.remove(worker)
                    with contextlib.suppress(OSError):
                        worker.link.send(None)
        for worker in workers:
            worker.process.join(5)
            worker.process.kill()
    return tallies


def _listen(worker: Worker, tallies: dict[str, Tally]) -> bool:
    """Take what a process sent; whether it is done with its piece."""
    try:
        while worker.link.poll():
            said = worker.link.recv()
            worker.heard = time.monotonic()
            if said == "ready":
                worker.ready = True
            elif said == "done":
                return True
            else:
                tallies[worker.subject].add(said)
                worker.left.remove(said[0])
    except (EOFError, OSError):
        worker.heard = -1e9
        worker.process.join(10)
    return False


def _renew(worker: Worker, tallies: dict[str, Tally]) -> bool:
    """Replace a process that died or hangs; whether it did."""
    if not worker.overdue():
        return False
    kind = "hangs" if worker.process.is_alive() else "process dies"
    if not worker.ready:
        kind += " before the first mutant"
    number, where = (worker.left[0], worker.stop()) if worker.left else (-1, worker.stop())
    verdict = Verdict(FAILURE, f"{kind}: {where}")
    tallies[worker.subject].add((number, "see the seed and number", verdict, 0.0))
    worker.left = worker.left[1:] if worker.ready else []
    worker.start()
    return True


def show(tallies: dict[str, Tally], seed: int) -> int:
    """Print the tables; the number of failures."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 150)
    table = Table(box=box.SIMPLE_HEAD)
    heads = ("mutants", HARMLESS, CHANGED, REFUSED, FAILURE, "slowest", "peak MB")
    table.add_column("subject")
    for head in heads:
        table.add_column(head, justify="right")
    whole: Counter[str] = Counter()
    for name, tally in tallies.items():
        whole += tally.outcomes
        numbers = [f"{tally.outcomes[x]:,}" for x in (HARMLESS, CHANGED, REFUSED, FAILURE)]
        slowest = f"{tally.slowest[0]:.2f} s (#{tally.slowest[1]})"
        total = f"{tally.outcomes.total():,}"
        table.add_row(name, total, *numbers, slowest, f"{tally.memory:,.0f}")
    numbers = [f"{whole[x]:,}" for x in (HARMLESS, CHANGED, REFUSED, FAILURE)]
    table.add_row("all", f"{whole.total():,}", *numbers, "", "")
    console.print(table)
    kinds: dict[str, list[tuple[str, int, str, str]]] = {}
    for name, tally in tallies.items():
        for kind, found in tally.failures.items():
            kinds.setdefault(kind, []).extend((name, *one) for one in found)
    for kind, group in sorted(kinds.items(), key=lambda entry: -len(entry[1])):
        subject, number, what, message = min(group, key=lambda one: (len(one[2]), one[1]))
        where = ", ".join(f"{n} {c}" for n, c in Counter(f[0] for f in group).items())
        print(f"{len(group):>6,}  {kind}   [{where}]")
        print(f"        --seed={seed} --only={subject} --number={number}   {what}")
        if message:
            first = message.strip().split("\n")[0]
            print(f"        {first[:110]!a}")
    return whole[FAILURE]


def replay(seed: int, subject: str, number: int) -> int:
    """Run one mutant in this process and print its message."""
    from fuzz_subjects import SUBJECTS

    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        draw: Any = SUBJECTS[subject][1](Path(folder) / subject)
        _, what, verdict, _ = run_one(draw, original_of(draw), seed, subject, number)
    print(f"{what}\n{verdict.outcome}  {verdict.kind}\n{verdict.message[:2000]!a}")
    return int(verdict.outcome == FAILURE)


def shares(chosen: list[str], mutants: int) -> dict[str, int]:
    """Number of mutants of each subject, at least `mutants` in all."""
    from fuzz_subjects import SUBJECTS

    whole = sum(SUBJECTS[name][0] for name in chosen)
    return {name: -(-mutants * SUBJECTS[name][0] // whole) for name in chosen}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="beginning of the names of subjects")
    parser.add_argument("--number", type=int, help="only this mutant of one subject")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--kills", action="store_true", help="kill and interrupt small studies")
    options = parser.parse_args()
    if options.kills:
        from fuzz_kills import kill_studies

        return int(kill_studies(options.seed, quick=options.quick) > 0)
    from fuzz_subjects import SUBJECTS

    chosen = [name for name in SUBJECTS if name.startswith(options.only)]
    if not chosen:
        raise SystemExit(f"--only: there is no such subject; there are {', '.join(SUBJECTS)}.")
    if options.number is not None:
        return replay(options.seed, options.only, options.number)
    counts = shares(chosen, 2000 if options.quick else options.mutants)
    begun = time.perf_counter()
    failures = show(run(counts, options.seed, options.processes), options.seed)
    print(f"{failures:,} failures, {time.perf_counter() - begun:,.0f} s")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
