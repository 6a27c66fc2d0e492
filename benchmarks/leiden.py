"""The native Leiden against igraph, leidenalg, NetworKit, libreville and scikit-network.

    python benchmarks/leiden.py            # 0.1, 1 and 9 million edges; best on a quiet machine
    python benchmarks/leiden.py --quick    # without the largest, in a few minutes

Graphs are those of ``graphkit.nullmodels.lfr``: power-law degrees (mean 18.6) and community
sizes (20–1000), mixing 0.32, ids and edges shuffled; they are kept in a temporary folder. Every
measurement has a process of its own, and the sides take turns. Seconds are from edge arrays
(int64) to the membership, building the graph included, modules loaded and kernels compiled
before on two other graphs, small and large. igraph, leidenalg, libreville and
graphkit do two iterations, NetworKit three on two threads, scikit-network as many as it does by
itself; graphkit (from 50,000 nodes on) and libreville run on all cores. The default call on real
graphs is in ``leiden_default.py``. One function computes the modularity of all. Memory is the peak
above what was held before, the edge arrays included. Medians of `--repeats` measurements (leidenalg: one above 5 million edges).

In November 2026, two quiet cores, nine million edges, seconds and CPU seconds, medians of two:
graphkit 1.9 and 2.9, libreville 7.0 and 11.4, NetworKit 12.9 and 19.1, igraph 23.6 and 23.6, at
modularities of .68113, .68112, .68098, .68112. One run on two cores was 1.62 times as fast as on one.
Memory is touched before the clock starts: where the machine was given it late, graphkit took 3.3.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from _leiden_sides import MISSING, SIDES

HERE = Path(__file__).parent
NODES = {"0.1 M": 10_750, "1 M": 107_500, "9 M": 1_000_000}
LARGEST = "9 M"
#: How many times as long as graphkit, on the largest graph.
AT_LEAST = {"leidenalg": 30.0, "igraph": 7.0, "networkit": 5.0, "libreville": 2.5}
MODULARITY, THREADS, STEEPEST = 0.0005, 1.6, 1.25
PER_ARC, PER_NODE = 40, 100


def edges_of(n: int, folder: Path) -> Path:
    """The edge arrays of the graph with n nodes, made unless they are there: shape (2, m)."""
    path = folder / f"lfr_{n}.npy"
    if not path.exists():
        from graphkit.nullmodels import lfr

        planted = lfr(
            n,
            mu=0.32,
            mean_degree=18.6,
            max_degree=200,
            degree_exponent=2.5,
            min_size=20,
            max_size=1000,
            size_exponent=1.5,
            rng=1,
        )
        tail, head, _ = planted.graph.edge_arrays()
        draws = np.random.default_rng(1)
        order = draws.permutation(tail.size)
        ends = np.stack([tail[order], head[order]]).astype(np.int64)
        flipped = draws.random(tail.size) < 0.5
        ends[:, flipped] = ends[::-1, flipped]
        part = path.with_suffix(".part.npy")
        np.save(part, ends)
        part.rename(path)
    return path


def modularity(path: Path, membership: np.ndarray) -> float:
    """Newman's modularity, for every side alike."""
    tail, head = np.load(path, mmap_mode="r")
    m = tail.shape[0]
    inside = 0
    volume = np.zeros(int(membership.max()) + 1)
    for first in range(0, m, 1 << 20):
        one, other = (membership[side[first : first + (1 << 20)]] for side in (tail, head))
        inside += int(np.count_nonzero(one == other))
        volume += np.bincount(one, minlength=volume.size)
        volume += np.bincount(other, minlength=volume.size)
    return inside / m - float(((volume / (2 * m)) ** 2).sum())


def in_a_process(options: argparse.Namespace, *words: str) -> dict[str, Any] | str:
    """What a fresh process measures, or why there is nothing."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(options.folder / "kernels")}
    where = [str(HERE.parent), *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(where)
    command = [sys.executable, str(HERE / "_leiden_sides.py"), *words]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=options.limit
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {options.limit:g} s"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        return "not installed" if done.returncode == MISSING else f"failed: {last}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(size: str, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """All sides on one graph, in turn; prints the table, returns the medians."""
    path = edges_of(NODES[size], options.folder)
    n, m = NODES[size], np.load(path, mmap_mode="r").shape[1]
    print(f"\n{n:,} nodes, {m:,} edges")
    measured: dict[str, list[dict[str, Any]]] = {}
    gone: dict[str, str] = {}
    for repeat in range(options.repeats):
        for side in options.sides:
            if side in gone or (repeat and side == "leidenalg" and m > 5e6):
                continue
            membership = options.folder / "membership.npy"
            found = in_a_process(
                options, side, str(path), "--seed", str(repeat + 1), "--membership", str(membership)
            )
            if isinstance(found, str):
                gone[side] = found
                continue
            found["modularity"] = modularity(path, np.load(membership))
            found["seconds"] = found["build"] + found["run"]
            measured.setdefault(side, []).append(found)
    print(
        "side                          build     run   total s    CPU s   × graphkit   "
        "modularity   peak memory"
    )
    medians: dict[str, dict[str, float]] = {}
    for side in options.sides:
        if side in gone or side not in measured:
            print(f"{side:<24} {gone.get(side, 'not measured')}")
            continue
        rows = measured[side]
        middle = {
            key: statistics.median(row[key] for row in rows) for key in rows[0] if key != "version"
        }
        middle["edges"], middle["nodes"] = m, n
        medians[side] = middle
        ours = medians.get("graphkit", {}).get("seconds", float("nan"))
        label = f"{side} {rows[0]['version']}"
        print(
            f"{label:<24} {middle['build']:10.2f} {middle['run']:7.2f} {middle['seconds']:9.2f} "
            f"{middle['build_cpu'] + middle['run_cpu']:8.2f} {middle['seconds'] / ours:12.1f} "
            f"{middle['modularity']:12.5f} {middle['peak'] / 1e6:10,.0f} MB"
        )
    return medians


def slope(points: list[tuple[float, float]]) -> float:
    """Slope of a line through the logarithms."""
    x, y = np.log(np.array(points)).T
    return float(np.polyfit(x, y, 1)[0])


def verdict(what: str, target: str, found: float | None, met: bool | None) -> None:
    """One line: what was asked for, what was found."""
    said = "not measured" if found is None else f"{found:.4g}"
    answer = {True: "met", False: "MISSED", None: "–"}[met]
    print(f"{what:<58} {target:>12} {said:>14}   {answer}")


def judge(tables: dict[str, dict[str, dict[str, float]]], threads: dict[str, Any]) -> None:
    """Targets beside what was found."""
    print(f"\n{'':<58} {'target':>12} {'found':>14}")
    largest = tables.get(LARGEST, {})
    ours = largest.get("graphkit")
    for side, least in AT_LEAST.items():
        theirs = largest.get(side)
        ratio = theirs["seconds"] / ours["seconds"] if ours and theirs else None
        verdict(
            f"{LARGEST} edges: {side}, times as long as graphkit",
            f"≥ {least:g}",
            ratio,
            None if ratio is None else ratio >= least,
        )
    for size, table in tables.items():
        own = table.get("graphkit")
        others = [row["modularity"] for side, row in table.items() if side != "graphkit"]
        if own and others:
            below = max(others) - own["modularity"]
            verdict(
                f"{size} edges: modularity below the best other",
                f"≤ {MODULARITY}",
                below,
                below <= MODULARITY,
            )
    for size, found in threads.items():
        ratio, final = found["run1"] / found["run2"], size == LARGEST
        verdict(
            f"{size} edges: one run on two cores, times as fast as on one",
            f"≥ {THREADS}" if final else "",
            ratio,
            ratio >= THREADS if final else None,
        )
        verdict(
            f"{size} edges: two runs on two cores, times as fast as on one",
            "",
            found["runs1"] / found["runs2"],
            None,
        )
    for size, table in tables.items():
        if own := table.get("graphkit"):
            allowed = PER_ARC * 2 * own["edges"] + PER_NODE * own["nodes"]
            verdict(
                f"{size} edges: peak memory, share of {PER_ARC} B/arc + {PER_NODE} B/node",
                "≤ 1",
                own["peak"] / allowed,
                own["peak"] <= allowed,
            )


def costs(tables: dict[str, dict[str, dict[str, float]]]) -> None:
    """Cost against edges, and how close to linear it is."""
    print("\ngraphkit, cost against edges")
    points: dict[str, list[tuple[float, float]]] = {"build": [], "run": [], "seconds": []}
    for table in tables.values():
        if own := table.get("graphkit"):
            for part, list_ in points.items():
                list_.append((own["edges"], own[part]))
            print(
                f"{own['edges']:>12,.0f} edges: build {own['build'] / own['edges'] * 1e6:.3f}, run "
                f"{own['run'] / own['edges'] * 1e6:.3f}, total "
                f"{own['seconds'] / own['edges'] * 1e6:.3f} µs an edge"
            )
    if len(points["run"]) > 1:
        for part, found in points.items():
            print(f"log-log slope of {part}: {slope(found):.2f}")
        steep = slope(points["seconds"])
        verdict("slope of the total, 1 is linear", f"≤ {STEEPEST}", steep, steep <= STEEPEST)


def arguments() -> argparse.Namespace:
    """What is measured, and where graphs are kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="without the largest graph")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--sizes", nargs="+", choices=NODES, default=None)
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds for one measurement")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "graphkit_benchmark_leiden"
    )
    given = parser.parse_args()
    if given.sizes is None:
        given.sizes = [size for size in NODES if not (given.quick and size == LARGEST)]
    return given


def main() -> None:
    """Print tables and verdicts."""
    options = arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} before the start")
    tables = {size: compare(size, options) for size in options.sizes}
    threads: dict[str, Any] = {}
    for size in options.sizes:
        path = edges_of(NODES[size], options.folder)
        found = in_a_process(options, "scaling", str(path), "--repeats", str(options.repeats))
        if isinstance(found, str):
            print(f"{size} edges, threads: {found}")
        else:
            threads[size] = found
    judge(tables, threads)
    costs(tables)


if __name__ == "__main__":
    main()
