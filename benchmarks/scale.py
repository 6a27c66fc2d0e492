"""Larger than memory, larger than one machine: what streaming and Spark take.

    python benchmarks/scale.py stream                    # 100 million rows → incidence matrix
    python benchmarks/scale.py spark                     # a million events, Spark against local
    python benchmarks/scale.py spark --hetrec ../shared/data/hetrec2011_lastfm_2k
    python benchmarks/scale.py stream spark --quick      # small sizes, to see that it runs

`stream` writes a synthetic Parquet log (ids of 19 digits, times), then reads it in a process
of its own, whose peak memory is what the system counted. `spark` starts a session on this
machine, runs the projection twice (the first run compiles and starts Python workers) and
compares node ids and the checksum of all edges with those of the local engine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ACCOUNTS, THINGS = 0.05, 0.02


def write_log(path: Path, events: int, seed: int = 1) -> None:
    """A log whose popularity falls as a power of the rank, in row groups of two million."""
    rng = np.random.default_rng(seed)

    def side(share: float, exponent: float, least: int) -> Any:
        n = max(int(events * share), least)
        weights = np.cumsum((np.arange(n) + 10.0) ** -exponent)
        return weights / weights[-1], rng.permutation(n)

    (a_weights, a_ids), (t_weights, t_ids) = side(ACCOUNTS, 0.6, 1000), side(THINGS, 0.55, 1000)

    for first in range(0, events, 2_000_000):
        m = min(2_000_000, events - first)
        accounts = a_ids[np.searchsorted(a_weights, rng.random(m))] * 1_000_003
        things = t_ids[np.searchsorted(t_weights, rng.random(m))] * 1_000_003
        at = rng.integers(1_700_000_000_000_000, 1_710_000_000_000_000, m)
        frame = pl.DataFrame(
            {
                "account_id": pl.Series(accounts + 6_500_000_000_000_000_000).cast(pl.String),
                "item_id": pl.Series(things + 7_100_000_000_000_000_000).cast(pl.String),
                "at": pl.Series(at).cast(pl.Datetime("us", "UTC")),
            }
        )
        file = path / f"part-{first // 2_000_000:05d}.parquet"
        frame.write_parquet(file)


def read_log(path: str, at: str | None) -> dict[str, float]:
    """Read the log here, and what this process took."""
    import resource

    from graphkit.readwrite.log import read_incidence

    begun, used = time.perf_counter(), time.process_time()
    found = read_incidence(path, at=at)
    return {
        "pairs": found.n_pairs,
        "accounts": len(found.between),
        "things": len(found.through),
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - used,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
    }


def stream(options: argparse.Namespace, scratch: Path) -> None:
    """The log as an incidence matrix, with times and without."""
    folder = scratch / "log"
    folder.mkdir()
    write_log(folder, options.events or (1_000_000 if options.quick else 100_000_000))
    for at in ("at", ""):
        command = [sys.executable, __file__, "--read", str(folder), at]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        told = json.loads(done.stdout)
        print(f"stream {'with' if at else 'without'} times: " + json.dumps(told))


def spark(options: argparse.Namespace, scratch: Path) -> None:
    """Spark against the local engine, the same edges."""
    from pyspark.sql import SparkSession

    from graphkit import Dataset, cointeraction_graph
    from graphkit.graphs.spark import edge_checksum, spark_cointeraction

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(scratch / "compiled"))
    logs: dict[str, Path] = {}
    (scratch / "events").mkdir()
    write_log(scratch / "events", options.events or (50_000 if options.quick else 1_000_000))
    logs["synthetic"] = scratch / "events"
    if options.hetrec:
        from graphkit.readwrite import read_hetrec_lastfm

        dataset, _ = read_hetrec_lastfm(options.hetrec)
        plays = dataset.interactions.filter(pl.col("kind").cast(pl.String) == "play")
        (scratch / "hetrec").mkdir()
        plays.select("account_id", "item_id").write_parquet(scratch / "hetrec" / "plays.parquet")
        logs["HetRec"] = scratch / "hetrec"
    begun = time.perf_counter()
    session = (
        SparkSession.builder.master(f"local[{options.cores}]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", str(2 * options.cores))
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    print(f"spark session: {time.perf_counter() - begun:.1f} s")
    for name, log in logs.items():
        frame = pl.read_parquet(log).select("account_id", "item_id")
        dataset = Dataset(interactions=frame.with_columns(pl.lit("play").alias("kind")))
        for how in ({}, {"weight": "tfidf", "min_shared": 2, "top": 20}):
            told: dict[str, Any] = {"log": name, "events": frame.height, **how}
            for run in ("first", "second"):
                begun = time.perf_counter()
                local = cointeraction_graph(dataset, **how)
                told[f"local {run} s"] = round(time.perf_counter() - begun, 2)
                begun = time.perf_counter()
                found = spark_cointeraction(str(log), session=session, **how)
                told[f"spark {run} s"] = round(time.perf_counter() - begun, 2)
            told["edges"] = found.n_edges
            told["checksum"] = f"{edge_checksum(found):016x}"
            told["same"] = (
                edge_checksum(found) == edge_checksum(local)
                and found.vocabulary == local.vocabulary
            )
            print("spark: " + json.dumps(told), flush=True)
            if not told["same"]:
                raise SystemExit("the edges differ")
    session.stop()


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", choices=["stream", "spark"])
    parser.add_argument("--events", type=int)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--hetrec", type=Path)
    parser.add_argument("--scratch", type=Path, help="where the logs are written (2.5 GB)")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--read", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        print(json.dumps(read_log(options.read[0], options.read[1] or None)))
        return
    warnings.filterwarnings("ignore", module="pyspark")
    for what in options.what or ["stream", "spark"]:
        with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
            {"stream": stream, "spark": spark}[what](options, Path(scratch))


if __name__ == "__main__":
    main()
