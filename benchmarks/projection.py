"""Co-interaction: the projection of graphkit against SciPy's A·Aᵀ, on a synthetic log.

    python benchmarks/projection.py                                # a million events
    python benchmarks/projection.py --events 5000000 --entities 200000 --things 500000
    python benchmarks/projection.py --min-shared 2 --top 20

Both start from the same integer codes of events and end with the symmetric adjacency matrix
without diagonal, each pair that shares at least `--min-shared` things; `--top` is applied on
our side only. They run in turn in one process, after one run to compile, and their results
are compared. Peak memory is what a process of its own needs above the events.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from graphkit.graphs._projection import cores, project


def events(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Entity and thing of each event; popularity falls as a power of the rank."""
    rng = np.random.default_rng(options.seed)

    def draw(n: int, exponent: float) -> np.ndarray:
        shares = np.cumsum((np.arange(n) + 10.0) ** -exponent)
        ranks = np.searchsorted(shares / shares[-1], rng.random(options.events))
        return rng.permutation(n)[ranks].astype(np.int32)

    return draw(options.entities, 0.6), draw(options.things, 0.55)


def with_kernel(rows: np.ndarray, columns: np.ndarray, options: argparse.Namespace) -> Any:
    """Our projection."""
    return project(
        rows, columns, options.entities, options.things,
        weight=options.weight, min_shared=options.min_shared, top=options.top,
    )  # fmt: skip


def with_scipy(rows: np.ndarray, columns: np.ndarray, options: argparse.Namespace) -> Any:
    """The whole product, then what must not be in it taken out."""
    shape = (options.entities, options.things)
    incidence = sp.csr_array((np.ones(rows.size, dtype=np.int32), (rows, columns)), shape=shape)
    incidence.sum_duplicates()
    incidence.data[:] = 1
    product = incidence @ incidence.T
    tails = np.repeat(np.arange(options.entities, dtype=np.int32), np.diff(product.indptr))
    product.data[(product.indices == tails) | (product.data < options.min_shared)] = 0
    product.eliminate_zeros()
    product.sort_indices()
    return product


SIDES: dict[str, Callable[..., Any]] = {"graphkit": with_kernel, "scipy": with_scipy}


def resident() -> int:
    """Bytes of memory that this process holds now (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def peak_of(side: str, options: argparse.Namespace) -> dict[str, int]:
    """Peak memory of one run above what was held before it, and the size of its result."""
    rows, columns = events(options)
    SIDES[side](rows[:100], columns[:100], options)
    before = peak = resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    found = SIDES[side](rows, columns, options)
    done.set()
    watcher.join()
    parts = (found.indptr, found.indices, found.weights if side == "graphkit" else found.data)
    return {"peak": peak - before, "result": sum(part.nbytes for part in parts)}


def in_a_process(side: str) -> dict[str, int]:
    """`peak_of` in a fresh process."""
    command = [sys.executable, __file__, *sys.argv[1:], "--peak-of", side]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found


def arguments() -> argparse.Namespace:
    """Sizes and options of the log."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--entities", type=int, default=100_000)
    parser.add_argument("--things", type=int, default=100_000)
    parser.add_argument("--weight", default="count")
    parser.add_argument("--min-shared", type=int, default=1)
    parser.add_argument("--top", type=int)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peak-of", choices=SIDES, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Run both sides in turn and print what they took."""
    options = arguments()
    if options.peak_of:
        print(json.dumps(peak_of(options.peak_of, options)))
        return
    rows, columns = events(options)
    degree = np.bincount(
        np.unique(rows.astype(np.int64) * options.things + columns) % options.things
    )
    wedges = int((degree * (degree - 1) // 2).sum())
    print(f"{options.events:,} events, {wedges:,} wedges, {cores()} cores")
    start = time.perf_counter()
    with_kernel(rows[:100], columns[:100], options)
    print(f"compiling took {time.perf_counter() - start:.1f} s, not counted below")
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    busy: dict[str, list[float]] = {side: [] for side in SIDES}
    found: dict[str, Any] = {}
    for _ in range(options.runs):
        for side, run in SIDES.items():
            found.pop(side, None)
            start, start_busy = time.perf_counter(), time.process_time()
            found[side] = run(rows, columns, options)
            seconds[side].append(time.perf_counter() - start)
            busy[side].append(time.process_time() - start_busy)
    ours, theirs = found["graphkit"], found["scipy"]
    if options.top is None and options.weight == "count":
        assert np.array_equal(ours.indptr, theirs.indptr)
        assert np.array_equal(ours.indices, theirs.indices)
        assert np.array_equal(ours.weights, theirs.data)
    print(f"{ours.indices.size // 2:,} edges")
    del found, ours, theirs
    for side, times in seconds.items():
        memory = in_a_process(side)
        print(
            f"{side:>9}: {statistics.median(times):7.2f} s (fastest {min(times):.2f} s, cores busy "
            f"{statistics.median(busy[side]):.2f} s), peak {memory['peak'] / 1e6:,.0f} MB, of which "
            f"result {memory['result'] / 1e6:,.0f} MB"
        )
    ratio = statistics.median(b / a for a, b in zip(*seconds.values(), strict=True))
    print(f"scipy takes {ratio:.1f} times as long")


if __name__ == "__main__":
    main()
