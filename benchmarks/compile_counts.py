"""How many kernels are compiled anew after an edit of one file.

    python benchmarks/compile_counts.py                    # every file with kernels, some minutes
    python benchmarks/compile_counts.py kernels/leiden.py  # the files named, by the end of their path

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


def workload() -> None:
    """Run it, and print the compiled specialisations and the files with kernels as JSON."""
    import graphkit as gk

    begun = time.perf_counter()
    platform = gk.synthetic.platform(accounts=100, rng=1)
    past = gk.split_world_data(platform)
    partition = gk.leiden(gk.cointeraction_graph(past), runs=2, rng=1)
    world = gk.build_world(platform, {"interest": partition}, ticks=2, rng=1)
    arms = {"follower": gk.follower_centric(), "interest": gk.interest_centric()}
    gk.simulate_spread([world], arms, ticks=2, rng=1)
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
    parser.add_argument("--workload", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.workload:
        workload()
    else:
        with tempfile.TemporaryDirectory() as folder:
            compare(options.files, Path(folder))


if __name__ == "__main__":
    main()
