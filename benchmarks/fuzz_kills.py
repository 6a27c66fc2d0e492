"""Kills and Ctrl-C of small studies, which are then run again to the end; for ``fuzz.py --kills``.

A driver counts the files that a command of graphkit renames into place in its results. At the
n-th, it kills its own process (SIGKILL), before or after the renaming, or interrupts it (SIGINT)
some moments later. What then stands in the folder must be whole files of an undisturbed run. The
same command is run again, and must leave the same bytes as an undisturbed run, but for
``timings.json``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from graphkit.readwrite import write_dataset
from graphkit.synthetic import platform

#: Number of kills and of interrupts; seconds of one command.
KILLS, INTERRUPTS, PATIENCE = 20, 10, 300.0

#: Files that hold times or the state of an unfinished run.
TIMED = ("timings.json",)
RECORDS = ("manifest.json", "checkpoint.json", "simulation.json", "failures.csv")

DRIVER = """
import os, signal, sys, threading
at, after, sign, wait, told = int(sys.argv[1]), sys.argv[2] == "1", sys.argv[3], float(sys.argv[4]), sys.argv[5]
sys.argv = ["graphkit", *sys.argv[6:]]
rename, seen = os.replace, 0
def strike():
    os.kill(os.getpid(), getattr(signal, sign))
def counted(source, target, **options):
    global seen
    if not str(target).startswith(sys.argv[-1]):
        return rename(source, target, **options)
    seen += 1
    if seen == at and not after and sign == "SIGKILL":
        strike()
    rename(source, target, **options)
    if seen == at and sign == "SIGKILL":
        strike()
    if seen == at and sign == "SIGINT":
        threading.Timer(wait, strike).start()
    with open(told, "w") as file:
        file.write(str(seen))
os.replace = counted
from graphkit.cli import main
main()
"""

STUDY = """
[data]
source = "synthetic"
accounts = 200

[communities]
runs = 2

[world]
ticks = 3
worlds = 2

[simulation]
ticks = 3
slots = 3
impressions = true

[s_scan]
social_share = []

[[arms]]
name = "follower-centric"
preset = "follower_centric"

[[arms]]
name = "interest-centric"
preset = "interest_centric"
"""


class Command:
    """A command of graphkit whose results are compared; `words` are those before ``--out``."""

    def __init__(self, root: Path, name: str, words: list[str]) -> None:
        self.root, self.name, self.words = root, name, words
        self.out = root / name
        begun = time.perf_counter()
        done = self.run(0)
        self.seconds = time.perf_counter() - begun
        if done.returncode:
            raise SystemExit(f"{name} fails undisturbed: {done.stderr[-500:]}")
        self.files = int((root / "told").read_text())
        self.whole = contents(self.out)
        self.clear()

    def run(
        self, at: int, *, after: bool = False, sign: str = "SIGKILL", wait: float = 0.0
    ) -> subprocess.CompletedProcess[str]:
        """Run the command, disturbed at the at-th file; undisturbed if 0."""
        numbers = [str(at), str(int(after)), sign, str(wait), str(self.root / "told")]
        words = [sys.executable, "-c", DRIVER, *numbers, *self.words, "--out", str(self.out)]
        return subprocess.run(
            words, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=self.root
        )

    def clear(self) -> None:
        """Put the results out of the way."""
        kept = self.root / "old"
        kept.mkdir(exist_ok=True)
        if self.out.exists():
            os.rename(self.out, kept / f"{self.name}-{len(list(kept.iterdir()))}")

    def compare(self, *, finished: bool) -> list[str]:
        """What the folder has that an undisturbed run has not."""
        found = contents(self.out)
        wrong = []
        if finished:
            lacking = sorted(self.whole.keys() - found.keys())
            wrong += [f"lacks {name}" for name in lacking]
        for name, data in found.items():
            base = Path(name).name
            hidden = base.startswith(".part-")
            # the system freed the lock; its empty file goes with the next run
            held = hidden or base == ".lock"
            if not finished and (held or base in RECORDS or "checkpoints" in Path(name).parts):
                continue
            if hidden:
                wrong.append("leaves a half-written hidden file")
            elif name not in self.whole:
                wrong.append(f"has {name} besides")
            elif data != self.whole[name]:
                wrong.append(f"has other bytes in {name}")
        return wrong


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of all files, but for those that hold times."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in TIMED
    }


def disturb(command: Command, rng: np.random.Generator, sign: str) -> tuple[str, list[str]]:
    """Disturb a command once, run it again, and say what is wrong."""
    at = int(rng.integers(1, command.files + 1))
    after, wait = bool(rng.integers(2)), float(rng.random() * 0.4)
    where = f"{command.name}: {sign} at file {at} of {command.files}"
    where += f" + {wait:.2f} s" if sign == "SIGINT" else " renamed" * after
    command.clear()
    done = command.run(at, after=after, sign=sign, wait=wait)
    wrong = []
    if sign == "SIGKILL" and done.returncode != -signal.SIGKILL:
        wrong.append(f"ends with {done.returncode} instead of the kill")
    if sign == "SIGINT":
        if done.returncode not in (0, 130):
            wrong.append(f"exit code {done.returncode} after Ctrl-C")
        last = (done.stderr.strip() or "nothing").splitlines()[-1]
        if "Traceback" in done.stderr:
            wrong.append(f"a traceback after Ctrl-C: {last[:80]}")
        elif done.returncode == 130 and not last.startswith("Interrupted"):
            wrong.append(f"no message after Ctrl-C, but {last[:80]!r}")
        where += f", exit code {done.returncode}"
    wrong += [f"unfinished: {w}" for w in command.compare(finished=False)]
    again = command.run(0)
    if again.returncode:
        last = (again.stderr.strip() or "nothing").splitlines()[-1]
        wrong.append(f"cannot be run again: exit code {again.returncode}: {last[:120]}")
    else:
        wrong += [f"run again: {w}" for w in command.compare(finished=True)]
    return where, wrong


def kill_studies(seed: int, *, quick: bool = False) -> int:
    """Disturb studies, and print what came of it; the number of failures."""
    rng = np.random.default_rng([seed, 9])
    kills, interrupts = (3, 2) if quick else (KILLS, INTERRUPTS)
    failures: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        root = Path(folder)
        write_dataset(platform(accounts=60, rng=1).dataset, root / "data")
        (root / "study.toml").write_text(STUDY)
        commands = [
            Command(root, "run", ["run", "study.toml"]),
            Command(root, "communities", ["communities", "data", "--runs", "2"]),
        ]
        for command in commands:
            print(f"{command.name}: {command.files} files, {command.seconds:.1f} s undisturbed")
        for number in range(kills + interrupts):
            sign = "SIGKILL" if number < kills else "SIGINT"
            where, wrong = disturb(commands[number % 2], rng, sign)
            print(
                f"{number:>3}  {where}: {'; '.join(sorted(set(wrong))[:3]) or 'right'}", flush=True
            )
            for kind in set(wrong):
                failures.setdefault(kind, []).append(str(number))
    print(f"\nnot compared, as they hold times: {', '.join(TIMED)}")
    for kind, numbers in sorted(failures.items(), key=lambda entry: -len(entry[1])):
        print(
            f"{len(numbers):>4}  {kind}   [--seed={seed} --kills, number {', '.join(numbers[:6])}]"
        )
    return len(failures)
