"""Seconds per million edges of the community report and of visibility, by part.

    python benchmarks/community_report.py [--quick]

Planted follows (communities of about 200, three tenths of the follows elsewhere), structureless
ones, preferential attachment, and mail at a research institute (email-Eu-core; left out where it
is not there). CPU seconds of this process, the least of five after one that compiles: `prepare`
brings the graph into rows, `sums` counts edges and weights inside and across, `cuts` is the
minimum cuts, and `report` the whole call. The partition is that of Leiden in two iterations.
Visibility runs Leiden on the follow graph: it is measured once, without repeats, on structureless
follows with random interests; `ends` tells after how many iterations its runs ended.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import polars as pl

import graphkit as gk
from graphkit.communities.prepare import prepare
from graphkit.communities.report import EdgeSums, community_report
from graphkit.kernels.mincut import community_cuts

MAIL = Path(__file__).parents[2] / "shared" / "data" / "community_benchmarks" / "email-Eu-core"


def planted(edges: int) -> gk.Graph:
    """Follows of 20 per account, seven tenths of them within communities."""
    rng, n = np.random.default_rng(1), edges // 10
    community = rng.integers(0, max(n // 200, 2), n)
    order = np.argsort(community, kind="stable")
    start = np.searchsorted(community[order], np.arange(community.max() + 2))
    source, target = rng.integers(0, n, (2, edges))
    within = rng.random(edges) < 0.7
    first, last = (start[community[source[within]] + k] for k in (0, 1))
    target[within] = order[first + (rng.random(first.size) * (last - first)).astype(int)]
    return gk.Graph.from_edges(source, target, directed=True, nodes=range(n))


def structureless(edges: int) -> gk.Graph:
    """Random follows, ten per account."""
    ends = np.random.default_rng(1).integers(0, edges // 10, (2, edges))
    return gk.Graph.from_edges(*ends, directed=True, nodes=range(edges // 10))


def attached(edges: int) -> gk.Graph:
    """Preferential attachment: each edge goes to an end of an earlier one, ten per node."""
    rng = np.random.default_rng(1)
    source = np.arange(edges) // 10 + 1
    copied = (rng.random(edges) * np.arange(edges)).astype(int)
    target = np.where(rng.random(edges) < 0.5, source[copied], -1)
    target[0] = 0
    while (target < 0).any():
        open_ = np.flatnonzero(target < 0)
        target[open_] = target[copied[open_]]
    return gk.Graph.from_edges(source, target, directed=False, nodes=range(edges // 10 + 1))


def least(work: Callable[[], object]) -> float:
    """Least CPU seconds of five calls, after one that compiles."""
    work()
    found = []
    for _ in range(5):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def measure(name: str, graph: gk.Graph) -> None:
    """Print one row: seconds per million edges of each part."""
    partition = gk.leiden(graph, runs=1, iterations=2, rng=1)
    prepared = prepare(graph, caller="community_report")
    codes, sizes = partition.membership[prepared.nodes], partition.sizes
    needed = np.floor(np.log10(sizes)).astype(np.int64) + 1
    rows = prepared.indptr, prepared.indices, codes, prepared.directed
    parts = (
        least(lambda: prepare(graph, caller="community_report")),
        least(lambda: EdgeSums.of_codes(prepared, codes, sizes.size, weighted=True)),
        least(lambda: community_cuts(*rows, sizes, needed)),
        least(lambda: community_report(graph, partition)),
    )
    figures = " ".join(f"{seconds / graph.n_edges * 1e6:8.3f}" for seconds in parts)
    print(f"{name:16} {graph.n_edges:9,} {partition.n_communities:11,} {figures}", flush=True)


def main() -> None:
    """Print the versions, a row per graph, and visibility."""
    quick = "--quick" in sys.argv
    versions = f"graphkit {gk.__version__}, numpy {np.__version__}, numba {numba.__version__}"
    print(f"{versions}, polars {pl.__version__}, Python {platform.python_version()}")
    print(f"CPU s per million edges\n{'graph':16} {'edges':>9} communities ", end="")
    print(" ".join(f"{part:>8}" for part in ("prepare", "sums", "cuts", "report")))
    for edges in (10_000, 100_000) if quick else (10_000, 100_000, 1_000_000):
        for make in (planted, structureless, attached):
            measure(make.__name__, make(edges))
    mail = MAIL / "email-Eu-core.txt"
    if mail.exists():
        ends = np.loadtxt(mail, dtype=np.int64).T
        measure("email-Eu-core", gk.Graph.from_edges(*ends, directed=True))
    else:
        print(f"left out: {mail.name} is not there")
    graph = structureless(60_000 if quick else 500_000)
    interests = np.random.default_rng(2).integers(0, 20, graph.n_nodes)
    partition = gk.Partition.from_membership(range(graph.n_nodes), interests)
    start = time.process_time()
    seen = gk.visibility(partition, graph, rng=1)
    spent = time.process_time() - start
    ends_after = seen.provenance.parameters.get("iterations", "as leiden")
    verdicts = dict(seen.frame["verdict"].value_counts().rows())
    print(f"visibility {graph.n_edges:,} follows: {spent:.2f} CPU s, ends {ends_after}, {verdicts}")


if __name__ == "__main__":
    main()
