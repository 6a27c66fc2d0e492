"""What a first use compiles, and how many kernels are compiled anew after an edit of one file.

    python benchmarks/compile_counts.py --cold             # seconds of every kernel and signature
    python benchmarks/compile_counts.py                    # every file with kernels, some minutes
    python benchmarks/compile_counts.py kernels/leiden.py  # the files named, by the end of their path

With --cold, CPU seconds of the first Leiden, projection, world and simulation of a process with an
empty cache, and of each kernel and signature in it: its own, without those of what it calls, and
with them. What Numba compiles for itself (sorting, array functions) is listed by its module.

The package is copied to a temporary folder, where a first process compiles what a small workload
uses: a projection, Leiden, and a simulation of two ticks. Then, for each file in turn, a comment
is appended and a second process runs the workload with the compiled kernels of the first. The
table counts the specialisations that the second process compiles, and its seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1] / "graphkit"


def steps() -> dict[str, float]:
    """Run the workload; CPU seconds of each step."""
    import graphkit as gk

    platform = gk.synthetic.platform(accounts=100, rng=1)
    past = gk.split_world_data(platform)
    marks = [time.process_time()]
    graph = gk.cointeraction_graph(past)
    marks.append(time.process_time())
    partition = gk.leiden(graph, runs=2, rng=1)
    marks.append(time.process_time())
    world = gk.build_world(platform, {"interest": partition}, ticks=2, rng=1)
    marks.append(time.process_time())
    arms = {"follower": gk.follower_centric(), "interest": gk.interest_centric()}
    gk.simulate_spread([world], arms, ticks=2, rng=1)
    marks.append(time.process_time())
    names = ("projection", "Leiden", "world", "simulation")
    return {n: b - a for n, a, b in zip(names, marks[:-1], marks[1:], strict=True)}


def cold() -> None:
    """Run the workload, and print CPU seconds of its steps and of what Numba compiles."""
    from numba.core import event

    rows: list[tuple[str, str, float, float]] = []
    running: list[list[float]] = []

    class Compilations(event.Listener):
        def on_start(self, event: Any) -> None:
            running.append([time.thread_time(), 0.0])

        def on_end(self, event: Any) -> None:
            begun, of_others = running.pop()
            total = time.thread_time() - begun
            if running:
                running[-1][1] += total
            function = event.data["dispatcher"].py_func
            name = f"{function.__module__}.{function.__name__}"
            rows.append((name, str(event.data["args"]), total - of_others, total))

    with event.install_listener("numba:compile", Compilations()):
        parts = steps()
    for name, seconds in parts.items():
        print(f"{name:<48} {seconds:8.2f}")
    print(f"\n{'kernel':<48} {'own':>8} {'with':>8}  signatures")
    own: dict[str, list[tuple[str, float, float]]] = {}
    for name, signature, alone, total in rows:
        ours = name.startswith("graphkit.")
        key = name.removeprefix("graphkit.kernels.") if ours else name.rpartition(".")[0]
        own.setdefault(key, []).append((signature, alone, total))
    sums = {k: (sum(r[1] for r in v), max(r[2] for r in v)) for k, v in own.items()}
    for name in sorted(sums, key=lambda k: -sums[k][0]):
        print(f"{name:<48} {sums[name][0]:8.2f} {sums[name][1]:8.2f}  {len(own[name])}")
        if len(own[name]) > 1 and not name.startswith("numba."):
            for signature, alone, total in own[name]:
                print(f"    {signature[:40]:<44} {alone:8.2f} {total:8.2f}")
    print(f"{'all':<48} {sum(r[2] for r in rows):8.2f} {'':>8}  {len(rows)}")


def workload() -> None:
    """Run it, and print the compiled specialisations and the files with kernels as JSON."""
    begun = time.perf_counter()
    steps()
    seconds = time.perf_counter() - begun

    from numba.core.dispatcher import Dispatcher

    modules = [m for name, m in sys.modules.items() if name.split(".")[0] == "graphkit"]
    kernels = {k for m in modules for k in vars(m).values() if isinstance(k, Dispatcher)}
    found = {
        "compiled": sum(sum(k.stats.cache_misses.values()) for k in kernels),
        "kept": sum(sum(k.stats.cache_hits.values()) for k in kernels),
        "seconds": seconds,
        "files": sorted({k.py_func.__code__.co_filename for k in kernels}),
    }
    print(json.dumps(found))


def run(copy: Path, kept: Path) -> dict[str, Any]:
    """The workload in a process of its own, with the copy and the folder of compiled kernels."""
    environment = os.environ | {"PYTHONPATH": str(copy.parent), "NUMBA_CACHE_DIR": str(kept)}
    # kernels are also read from the user's cache folder
    environment |= {"XDG_CACHE_HOME": str(kept)}
    done = subprocess.run(
        [sys.executable, __file__, "--workload"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def show(label: str, found: dict[str, Any]) -> None:
    print(f"{label:<40} {found['compiled']:>8} {found['kept']:>5} {found['seconds']:>8.1f}")


def compare(ends: list[str], folder: Path) -> None:
    copy, kept, used = (folder / part for part in ("graphkit", "kept", "used"))
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    files = [p for end in ends for p in sorted(copy.rglob(end))]
    if len(files) < len(ends):
        raise SystemExit(f"{PACKAGE} has no file for some of {ends}")
    print(f"{'file edited':<40} {'compiled':>8} {'kept':>5} {'seconds':>8}")
    first = run(copy, kept)
    show("(first process)", first)
    for file in [None, *(files or map(Path, first["files"]))]:
        shutil.copytree(kept, used)
        source = file.read_bytes() if file else b""
        if file:
            file.write_bytes(source + b"\n# edited\n")
        found = run(copy, used)
        if file:
            file.write_bytes(source)
        shutil.rmtree(used)
        show(str(file.relative_to(copy)) if file else "(none)", found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="ends of paths; default: all files with kernels")
    parser.add_argument("--cold", action="store_true", help="seconds of a first use, by kernel")
    parser.add_argument("--workload", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.workload:
        workload()
    elif options.cold:
        from graphkit.kernels.compile import caching_in

        with tempfile.TemporaryDirectory() as folder, caching_in(Path(folder)):
            cold()
    else:
        with tempfile.TemporaryDirectory() as folder:
            compare(options.files, Path(folder))


if __name__ == "__main__":
    main()
