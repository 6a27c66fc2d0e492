"""The sides of ``benchmarks/leiden.py``, each from edge arrays to a membership.

Every side is `build(tail, head, n) -> graph` and `run(graph, seed) -> membership`. Run as a
script, this file measures one side in a process of its own and prints what it found as JSON.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

Codes = np.ndarray
MISSING = 3  # exit code of a side whose package is absent


@dataclass(frozen=True)
class Side:
    """How one package does it."""

    package: str
    iterations: int | None  # None: until it stops by itself
    prepare: Callable[[int], None]
    build: Callable[[Codes, Codes, int], Any]
    run: Callable[[Any, int], Any]


def _native_prepare(threads: int) -> None:
    pass


def _native_build(tail: Codes, head: Codes, n: int) -> Any:
    from graphkit.data.graph import Graph

    return Graph.from_edges(tail, head, directed=False)


def _native_run(graph: Any, seed: int) -> Any:
    from graphkit.communities import leiden

    found = leiden(graph, runs=1, iterations=2, engine="native", rng=seed)
    return found.membership


def _igraph_prepare(threads: int) -> None:
    import igraph  # noqa: F401


def _igraph_build(tail: Codes, head: Codes, n: int) -> Any:
    import igraph

    # the fastest way in: from an array it takes several times as long
    return igraph.Graph(n=n, edges=zip(tail.tolist(), head.tolist(), strict=True))


def _igraph_run(graph: Any, seed: int) -> Any:
    import igraph

    igraph.set_random_number_generator(random.Random(seed))
    return graph.community_leiden("modularity", n_iterations=2).membership


def _leidenalg_prepare(threads: int) -> None:
    import igraph  # noqa: F401
    import leidenalg  # noqa: F401


def _leidenalg_run(graph: Any, seed: int) -> Any:
    import leidenalg

    kind = leidenalg.ModularityVertexPartition
    return leidenalg.find_partition(graph, kind, n_iterations=2, seed=seed).membership


def _networkit_prepare(threads: int) -> None:
    import networkit

    networkit.setNumberOfThreads(threads)


def _networkit_build(tail: Codes, head: Codes, n: int) -> Any:
    import networkit

    return networkit.GraphFromCoo((tail, head), n=n)


def _networkit_run(graph: Any, seed: int) -> Any:
    import networkit

    networkit.setSeed(seed, True)
    found = networkit.community.ParallelLeiden(graph, iterations=3)
    found.run()
    return found.getPartition().getVector()


def _libreville_prepare(threads: int) -> None:
    import cluster_libreville  # noqa: F401


def _libreville_build(tail: Codes, head: Codes, n: int) -> Any:
    import scipy.sparse as sp

    ones = np.ones(2 * tail.size)
    ends = np.concatenate([tail, head]), np.concatenate([head, tail])
    return sp.csr_array((ones, ends), shape=(n, n))


def _libreville_run(graph: Any, seed: int) -> Any:
    import cluster_libreville

    return cluster_libreville.leiden(graph, seed=seed, n_iterations=2, check_symmetry=False)


def _sknetwork_prepare(threads: int) -> None:
    import sknetwork.clustering  # noqa: F401


def _sknetwork_build(tail: Codes, head: Codes, n: int) -> Any:
    import scipy.sparse as sp

    ones = np.ones(2 * tail.size)
    ends = np.concatenate([tail, head]), np.concatenate([head, tail])
    return sp.csr_matrix((ones, ends), shape=(n, n))


def _sknetwork_run(graph: Any, seed: int) -> Any:
    from sknetwork.clustering import Leiden

    kind = Leiden(return_probs=False, return_aggregate=False, random_state=seed)
    return kind.fit_predict(graph)


SIDES = {
    "graphkit": Side("graphkit-social", 2, _native_prepare, _native_build, _native_run),
    "igraph": Side("igraph", 2, _igraph_prepare, _igraph_build, _igraph_run),
    "leidenalg": Side("leidenalg", 2, _leidenalg_prepare, _igraph_build, _leidenalg_run),
    "networkit": Side("networkit", 3, _networkit_prepare, _networkit_build, _networkit_run),
    "libreville": Side(
        "sc-cluster-libreville", 2, _libreville_prepare, _libreville_build, _libreville_run
    ),
    "scikit-network": Side(
        "scikit-network", None, _sknetwork_prepare, _sknetwork_build, _sknetwork_run
    ),
}


#: Bytes that are written and given back before the clock starts: more than any side takes.
MOST_HELD = 1 << 31


def ring(n: int) -> tuple[Codes, Codes]:
    """A ring with chords: hardly any edges, but communities at several levels."""
    tail = np.concatenate([np.arange(n), np.arange(0, n, 7)])
    head = np.concatenate([(np.arange(n) + 1) % n, (np.arange(0, n, 7) + 2) % n])
    return tail, head


def memory(field: str) -> int:
    """Bytes of memory of this process: VmRSS now, VmHWM at most (Linux)."""
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024


def settle() -> int:
    """Give unused memory back, forget the peak so far; bytes held now."""
    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:  # the peak then is that since the process began
        pass
    return memory("VmRSS")


def release() -> str:
    """Version of graphkit, installed or not."""
    from graphkit import __version__

    return str(__version__)


def measure(name: str, edges: str, seed: int, threads: int, membership: str) -> dict[str, Any]:
    """Time, memory and version of one side; its membership goes to a file."""
    side = SIDES[name]
    side.prepare(threads)
    for few in (2_000, 60_000):  # large graphs have kernels of their own
        side.run(side.build(*ring(few), few), 1)
    # a virtual machine may be given memory late, in seconds that belong to no side
    np.ones(MOST_HELD, np.uint8)
    tail, head = np.load(edges)
    n = int(max(tail.max(), head.max())) + 1
    before = settle()
    start, busy = time.perf_counter(), time.process_time()
    graph = side.build(tail, head, n)
    built, built_busy = time.perf_counter(), time.process_time()
    found = np.asarray(side.run(graph, seed))
    end, end_busy = time.perf_counter(), time.process_time()
    peak = memory("VmHWM") - before
    np.save(membership, found.astype(np.int32))
    try:
        which = version(side.package)
    except PackageNotFoundError:
        which = release()
    return {
        "build": built - start,
        "run": end - built,
        "peak": peak,
        "version": which,
        "build_cpu": built_busy - busy,
        "run_cpu": end_busy - built_busy,
    }


def scaling(edges: str, repeats: int) -> dict[str, float]:
    """One run, and two, on one core and on two, taken in turn."""
    import os

    from graphkit.communities import leiden

    tail, head = np.load(edges)
    graph = _native_build(tail, head, 0)
    del tail, head
    leiden(graph, runs=1, iterations=2, engine="native", rng=1)
    times: dict[str, list[float]] = {"run1": [], "run2": [], "runs1": [], "runs2": []}
    every = sorted(os.sched_getaffinity(0))
    for _ in range(repeats):
        for runs, name in ((1, "run"), (2, "runs")):
            for workers in (1, 2):
                # leiden() takes as many threads as the process may use cores
                os.sched_setaffinity(0, every[:workers])
                start = time.perf_counter()
                leiden(graph, runs=runs, iterations=2, engine="native", rng=1)
                times[f"{name}{workers}"].append(time.perf_counter() - start)
    os.sched_setaffinity(0, every)
    return {what: float(np.median(found)) for what, found in times.items()}


def main() -> None:
    """Measure one side, or the scaling, in this process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("side", choices=[*SIDES, "scaling"])
    parser.add_argument("edges")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--membership", default="/dev/null")
    given = parser.parse_args()
    try:
        if given.side == "scaling":
            found: dict[str, Any] = scaling(given.edges, given.repeats)
        else:
            found = measure(given.side, given.edges, given.seed, given.threads, given.membership)
    except ImportError as error:
        raise SystemExit(MISSING) from error
    print(json.dumps(found))


if __name__ == "__main__":
    main()
