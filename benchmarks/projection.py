"""Co-interaction: the projection of graphkit against what else computes A·Aᵀ or its filter.

    python benchmarks/projection.py                       # 5 M events, some 130 M wedges
    python benchmarks/projection.py --quick               # 300 k events, every side, a minute
    python benchmarks/projection.py --cases= --large       # only 40 M events; 5 M without cap, top 50
    python benchmarks/projection.py --cases whole --sides graphkit,scipy

Popularity falls as a power of the rank. Every side begins with the same integer codes of
events and ends with edges in memory: each pair (j < i, or both triangles where the side's
own operation gives them) that shares at least so many things. Cases:

  shared2   pairs that share at least 2 things (the filter is part of the work)
  whole     every pair that shares anything
  top50     every pair's 50 heaviest, graphkit alone
  real      listeners of artists, and users of videos, with `--data` the folder of public data sets

Each side runs in a process of its own, sides in turn, `--runs` times. Time is the least of the
processor's seconds (of all cores, the system's included), and the wall clock's, after one small
run to compile or load. Memory is the peak above what the process held before; as much is touched
beforehand, so that a virtual machine that is given it late does not count. `product` is SciPy's
A·Aᵀ alone, without a filter. Small sides (igraph, networkx) get `--small` of the events and are
compared with graphkit on the same. Edges and their total weight must agree.

Two quiet cores, November 2026: whole rows of 5 M events (299 M entries) took 2.7 s of cores where
SciPy took 9.8; pairs that share two took 0.7 and 9.9.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from graphkit._version import __version__

SHAPES = {"entities": 1 / 25, "things": 1 / 12.5}


def events(size: int, seed: int, steep: float = 0.58) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Entity and thing of each event, and how many there are of both.

    The popularity of things falls with the rank to the power −`steep`.
    """
    rng = np.random.default_rng(seed)
    n, m = (max(50, int(size * share)) for share in SHAPES.values())

    def draw(number: int, exponent: float) -> np.ndarray:
        shares = np.cumsum((np.arange(number) + 10.0) ** -exponent)
        ranks = np.searchsorted(shares / shares[-1], rng.random(size))
        return rng.permutation(number)[ranks].astype(np.int32)

    return draw(n, 0.6), draw(m, steep), n, m


#: Rows of public data sets: file, separator, columns of entity and thing.
REAL = {
    "lastfm": ("hetrec2011_lastfm_2k/user_artists.dat", "\t", "userID", "artistID"),
    "videos": ("tiktok_mm/interactions.csv.gz", ",", "user", "video"),
    "shares": ("coortweet/german_elections.csv.gz", ",", "account_id", "url_id"),
}


def real_events(folder: str, name: str) -> tuple[np.ndarray, np.ndarray, int, int]:
    """The same of a public data set."""
    import polars as pl

    file, separator, *columns = REAL[name]
    path = Path(folder) / file
    frame = pl.read_csv(path, separator=separator, columns=columns, infer_schema=False)
    frame = frame.drop_nulls().select(pl.all().rank("dense").cast(pl.Int32) - 1)
    codes = [frame.get_column(column).to_numpy().copy() for column in columns]
    return codes[0], codes[1], int(codes[0].max()) + 1, int(codes[1].max()) + 1


# --- sides: (rows, columns, n, m, min_shared) -> (edges, total weight, bytes of the result)

Found = tuple[int, int, int]


def with_graphkit(
    rows: np.ndarray, columns: np.ndarray, n: int, m: int, least: int, top: int | None = None
) -> Found:
    """Our kernel, as the verb calls it: both triangles, sorted."""
    from graphkit.graphs.options import ProjectionOptions
    from graphkit.graphs.projection import project

    found = project(rows, columns, n, m, ProjectionOptions(min_shared=least, top=top))
    size = found.indptr.nbytes + found.indices.nbytes + found.weights.nbytes
    return found.indices.size // 2, int(found.weights.sum()) // 2, size


def incidence(rows: np.ndarray, columns: np.ndarray, n: int, m: int) -> Any:
    """SciPy's matrix of distinct pairs."""
    import scipy.sparse as sp

    matrix = sp.csr_array((np.ones(rows.size, dtype=np.int32), (rows, columns)), shape=(n, m))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def counted(product: Any, least: int) -> Found:
    """Both triangles of a product without its diagonal and what is under `least`."""
    n = product.shape[0]
    tails = np.repeat(np.arange(n, dtype=np.int32), np.diff(product.indptr))
    product.data[(product.indices == tails) | (product.data < least)] = 0
    product.eliminate_zeros()
    size = product.indptr.nbytes + product.indices.nbytes + product.data.nbytes
    return product.nnz // 2, int(product.data.sum(dtype=np.int64)) // 2, size


def with_scipy(rows: np.ndarray, columns: np.ndarray, n: int, m: int, least: int) -> Found:
    """A·Aᵀ, both triangles, unsorted."""
    matrix = incidence(rows, columns, n, m)
    return counted(matrix @ matrix.T, least)


def with_product(rows: np.ndarray, columns: np.ndarray, n: int, m: int, least: int) -> Found:
    """A·Aᵀ alone, with the diagonal, unsorted and unfiltered."""
    del least
    matrix = incidence(rows, columns, n, m)
    product = matrix @ matrix.T
    size = product.indptr.nbytes + product.indices.nbytes + product.data.nbytes
    loops = int(np.count_nonzero(np.diff(matrix.indptr)))
    weight = int(product.data.sum(dtype=np.int64)) - matrix.nnz
    return (product.nnz - loops) // 2, weight // 2, size


def with_graphblas(rows: np.ndarray, columns: np.ndarray, n: int, m: int, least: int) -> Found:
    """SuiteSparse: plus_pair over A and Aᵀ, the strict lower triangle, then a selection."""
    import graphblas as gb

    matrix = gb.Matrix.from_coo(
        rows, columns, np.ones(rows.size, np.int32), nrows=n, ncols=m, dup_op=gb.binary.first
    )
    product = matrix.mxm(matrix.T, gb.semiring.plus_pair).new(gb.dtypes.INT32)
    lower = product.select(gb.select.tril, -1).new()
    kept = lower.select(">=", least).new()
    size = int(kept.nvals) * 8
    return int(kept.nvals), int(kept.reduce_scalar(gb.monoid.plus).new().value or 0), size


def with_duckdb(rows: np.ndarray, columns: np.ndarray, n: int, m: int, least: int) -> Found:
    """A self-join and a count."""
    import duckdb
    import polars as pl

    del n, m
    log = pl.DataFrame({"i": rows, "t": columns}).to_arrow()
    connection = duckdb.connect()
    connection.register("log", log)
    found = connection.execute(
        "with acts as (select distinct i, t from log) "
        "select a.i, b.i as j, count(*)::int as w from acts a join acts b on a.t = b.t and "
        f"a.i > b.i group by a.i, b.i having count(*) >= {least}"
    ).to_arrow_table()
    frame = pl.from_arrow(found)
    assert isinstance(frame, pl.DataFrame)
    return frame.height, int(frame.get_column("w").sum()), int(frame.estimated_size())


def with_polars(rows: np.ndarray, columns: np.ndarray, n: int, m: int, least: int) -> Found:
    """A self-join and a count, streaming."""
    import polars as pl

    del n, m
    acts = pl.LazyFrame({"i": rows, "t": columns}).unique()
    frame = (
        acts.join(acts, on="t", suffix="_j")
        .filter(pl.col("i") > pl.col("i_j"))
        .group_by("i", "i_j")
        .len()
        .filter(pl.col("len") >= least)
        .collect(engine="streaming")
    )
    return frame.height, int(frame.get_column("len").sum()), int(frame.estimated_size())


def with_igraph(rows: np.ndarray, columns: np.ndarray, n: int, m: int, least: int) -> Found:
    """igraph's bipartite projection with multiplicities."""
    import igraph

    keys = np.unique(rows.astype(np.int64) * m + columns)
    edges = zip((keys // m).tolist(), (keys % m + n).tolist(), strict=True)
    graph = igraph.Graph(n + m, edges)
    graph.vs["type"] = [False] * n + [True] * m
    projected = graph.bipartite_projection(multiplicity=True, which=0)
    weights = np.array(projected.es["weight"])
    weights = weights[weights >= least]
    return weights.size, int(weights.sum()), weights.nbytes


def with_networkx(rows: np.ndarray, columns: np.ndarray, n: int, m: int, least: int) -> Found:
    """networkx's weighted projection."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(n), bipartite=0)
    graph.add_edges_from(zip(rows.tolist(), (columns + n).tolist(), strict=True))
    projected = nx.bipartite.weighted_projected_graph(graph, range(n))
    weights = [w for _, _, w in projected.edges(data="weight") if w >= least]
    return len(weights), sum(weights), 8 * len(weights)


SIDES: dict[str, Callable[..., Found]] = {
    "graphkit": with_graphkit,
    "scipy": with_scipy,
    "product": with_product,
    "graphblas": with_graphblas,
    "duckdb": with_duckdb,
    "polars": with_polars,
}
SMALL: dict[str, Callable[..., Found]] = {"igraph": with_igraph, "networkx": with_networkx}
PACKAGES = {
    "graphkit": "graphkit",
    "scipy": "scipy",
    "product": "scipy",
    "graphblas": "python-graphblas",
    "duckdb": "duckdb",
    "polars": "polars",
    "igraph": "igraph",
    "networkx": "networkx",
}
CASES = {"shared2": 2, "whole": 1}


def resident() -> int:
    """Bytes of memory that this process holds now (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def measured(
    side: str, size: int | list[str], seed: int, least: int, top: int | None, steep: float
) -> dict[str, Any]:
    """One run in this process: seconds, cores' seconds, peak and result in bytes, edges.

    `size` is a number of events, or the folder and name of a data set.
    """
    run = (SIDES | SMALL)[side]
    extra = {"top": top} if top else {}
    warm = events(2000, seed)
    run(*warm, least, **extra)
    rows, columns, n, m = events(size, seed, steep) if isinstance(size, int) else real_events(*size)
    np.ones(rows.size * 100)  # twice the bytes of a whole projection, and freed
    before = peak = resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start, busy = time.perf_counter(), time.process_time()
    edges, weight, result = run(rows, columns, n, m, least, **extra)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    done.set()
    watcher.join()
    return {
        "seconds": seconds,
        "busy": busy,
        "peak": peak - before,
        "result": result,
        "input": rows.nbytes + columns.nbytes,
        "edges": edges,
        "weight": weight,
    }


def planned(size: int, seed: int, least: int, top: int | None, steep: float) -> dict[str, Any]:
    """What `plan` says of the same events."""
    from graphkit.data.incidence import Incidence
    from graphkit.data.vocabulary import Vocabulary
    from graphkit.graphs.planning import plan

    def once(number: int) -> tuple[Any, float]:
        rows, columns, n, m = events(number, seed, steep)
        ids = [Vocabulary(f"{i:09}" for i in range(k)) for k in (n, m)]
        pairs = Incidence(ids[0], ids[1], rows, columns, None, None)
        start = time.perf_counter()
        return plan(pairs, min_shared=least, top=top), time.perf_counter() - start

    once(2000)
    found, took = once(size)
    return {
        "wedges": found.wedges,
        "edges": found.edges,
        "seconds": found.seconds,
        "memory": found.memory,
        "took": took,
    }


def in_a_process(*arguments: object) -> dict[str, Any] | None:
    """The answer of this script called with the arguments; `None` if it failed."""
    command = [sys.executable, __file__, "--one", json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["killed"])[-1]
        print(f"  {arguments[1]}: failed: {last[:150]}", flush=True)
        return None
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compare(
    sides: list[str],
    size: int | list[str],
    seed: int,
    least: int,
    top: int | None,
    runs: int,
    steep: float = 0.58,
) -> None:
    """Run the sides in turn and print a line for each."""
    plan = None
    if isinstance(size, int):
        plan = in_a_process("plan", size, seed, least, top, steep)
    if plan:
        print(
            f"  {plan['wedges']:,} wedges; plan: {plan['edges']:,} edges, {plan['seconds']:.2f} s, "
            f"{plan['memory'] / 1e6:,.0f} MB (planning took {plan['took']:.2f} s)",
            flush=True,
        )
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for _ in range(runs):
        for side in sides:
            one = in_a_process("run", side, size, seed, least, top, steep)
            if one:
                found[side].append(one)
    ours = found["graphkit"]
    if not ours:
        return
    base = min(one["busy"] for one in ours)
    for side in sides:
        if not found[side]:
            continue
        one = found[side][0]
        unlike = top or (side == "product" and least > 1)
        assert unlike or (one["edges"], one["weight"]) == (ours[0]["edges"], ours[0]["weight"]), (
            side
        )
        seconds = min(one["seconds"] for one in found[side])
        busy = min(one["busy"] for one in found[side])
        peak = max(one["peak"] for one in found[side])
        held = one["input"] + one["result"]
        print(
            f"  {side:>9}: {busy:8.2f} s of cores  {busy / base:6.2f}×  ({seconds:8.2f} s)   peak "
            f"{peak / 1e6:8,.0f} MB = {peak / held:5.2f}× input + output   {one['edges']:,} edges",
            flush=True,
        )
    if plan:
        peak = max(one["peak"] for one in ours)
        print(
            f"  plan / measured: seconds "
            f"{plan['seconds'] / min(one['seconds'] for one in ours):.2f}, memory "
            f"{plan['memory'] / peak:.2f}, edges {plan['edges'] / max(1, ours[0]['edges']):.2f}"
        )


def arguments() -> argparse.Namespace:
    """What to run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--small", type=int, default=100_000, help="events for igraph, networkx")
    parser.add_argument("--sides", default=",".join(SIDES | SMALL))
    parser.add_argument("--cases", default="shared2,whole,top50,linear,real")
    parser.add_argument("--data", default=str(Path(__file__).parents[2] / "shared" / "data"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="300,000 events, one run")
    parser.add_argument(
        "--large", action="store_true", help="40 M events, and hubs: graphkit alone"
    )
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Print a table per case."""
    options = arguments()
    if options.one:
        what, *rest = json.loads(options.one)
        print(json.dumps((measured if what == "run" else planned)(*rest)))
        return
    size = 300_000 if options.quick else options.events
    small = min(options.small, 20_000 if options.quick else options.small)
    runs = 1 if options.quick else options.runs
    asked = ["graphkit", *(side for side in options.sides.split(",") if side != "graphkit")]
    versions = {PACKAGES[s]: importlib.metadata.version(PACKAGES[s]) for s in asked[1:]}
    versions |= {name: importlib.metadata.version(name) for name in ("numba", "numpy")}
    print(f"graphkit {__version__}, " + ", ".join(" ".join(pair) for pair in versions.items()))
    large = [side for side in asked if side in SIDES]
    for case in options.cases.split(","):
        if case in CASES:
            print(f"{case}: {size:,} events")
            compare(large, size, options.seed, CASES[case], None, runs)
            if len(asked) > len(large):
                print(f"{case}: {small:,} events")
                rest = ["graphkit", *(side for side in asked if side in SMALL)]
                compare(rest, small, options.seed, CASES[case], None, 1)
        elif case == "top50":
            print(f"top50: {size:,} events")
            compare(["graphkit"], size, options.seed, 1, 50, runs)
        elif case == "linear":
            print("linear: seconds per million wedges, pairs that share 2")
            for share in (8, 4, 2, 1):
                compare(["graphkit"], size // share, options.seed, 2, None, runs)
        elif case == "real":
            for name, (file, *_) in REAL.items():
                if not (Path(options.data) / file).exists():
                    print(f"{name}: {file} is not in {options.data!r}, skipped")
                    continue
                for shared, least in CASES.items():
                    print(f"{name}, {shared}")
                    sides = [side for side in large if side != "product" or least == 1]
                    compare(sides, [options.data, name], options.seed, least, None, runs)
    if options.large:
        print("40,000,000 events, pairs that share 2")
        compare(["graphkit"], 40_000_000, options.seed, 2, None, 1)
        print("5,000,000 events, hubs and no cap, the 50 heaviest")
        compare(["graphkit"], 5_000_000, options.seed, 1, 50, 1, steep=1.02)


if __name__ == "__main__":
    main()
