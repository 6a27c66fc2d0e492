"""What it costs to bring a networkx graph to graphkit, and what that buys.

    python benchmarks/networkx_backend.py [edges ...]

Planted partitions with mean degree 20. CPU seconds of this process, the best of three (kernels
compiled before); "share" is that of the conversion in `leiden_communities` as a user calls it,
conversion included. networkx's own Louvain runs once, and up to 200,000 edges only.
"""

from __future__ import annotations

import gc
import inspect
import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

import networkx as nx

from graphkit.networkx_backend import backend
from graphkit.nullmodels import planted_partition


def timed(work: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """Least CPU seconds, and the last result."""
    least, result = float("inf"), None
    for _ in range(repeats):
        gc.collect()
        start = time.process_time()
        result = work()
        least = min(least, time.process_time() - start)
    return least, result


def main() -> None:
    """Print conversion, engine, and networkx beside it, for each size."""
    nx.config.warnings_to_ignore.add("cache")
    community = nx.community
    # without it, networkx 3.7 takes CPM; before, there is modularity only
    has_metric = "metric" in inspect.signature(community.leiden_communities).parameters
    by_modularity = {"leiden_communities": {"metric": "modularity"} if has_metric else {}}
    for graph in (nx.karate_club_graph(), nx.path_graph(3)):
        for name in ("leiden_communities", "louvain_communities"):
            options = by_modularity.get(name, {})
            getattr(community, name)(graph, backend="graphkit", seed=1, **options)
    print(f"networkx {nx.__version__}")
    for edges in [int(word) for word in sys.argv[1:]] or [100_000, 1_000_000]:
        planted = planted_partition([100] * max(1, edges // 1000), inside=12, outside=8, rng=1)
        graph = planted.graph.to_networkx()
        graph.__networkx_cache__ = None  # every call converts anew
        m = graph.number_of_edges()
        convert, converted = timed(lambda g=graph: backend.convert_from_nx(g, {"weight": 1}))
        print(
            f"\n{graph.number_of_nodes():,} nodes, {m:,} edges\n"
            f"  conversion            {convert:8.3f} s   {convert / m * 1e6:.2f} s per million edges"
        )
        for name in ("leiden_communities", "louvain_communities"):
            options = by_modularity.get(name, {})
            call, found = timed(
                lambda n=name, g=graph, o=options: getattr(community, n)(
                    g, backend="graphkit", seed=1, **o
                )
            )
            engine, _ = timed(
                lambda n=name, c=converted, o=options: getattr(backend, n)(c, seed=Random(1), **o)
            )
            print(
                f"  {name:21} {call:8.3f} s   engine {engine:.3f} s, conversion "
                f"{convert / call:.0%}; modularity {community.modularity(graph, found):.4f}"
            )
        if m <= 200_000:
            call, found = timed(
                lambda g=graph: community.louvain_communities(g, backend="networkx", seed=1), 1
            )
            print(
                f"  networkx's louvain    {call:8.3f} s   modularity "
                f"{community.modularity(graph, found):.4f}"
            )


if __name__ == "__main__":
    main()
