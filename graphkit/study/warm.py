"""Compilation of kernels in advance: ``graphkit warm``, for containers and read-only homes."""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import graphkit.kernels
from graphkit.communities import (
    agreement,
    community_report,
    label_communities,
    leiden,
    projection_null,
    rewired_null,
    visibility,
)
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import GraphkitWarning, OptionError
from graphkit.graphs import backbone, cointeraction_graph, coordinated_accounts, follow_graph
from graphkit.kernels.compile import cache_folders, caching_in
from graphkit.nullmodels import lfr, planted_partition, random_forest, random_graph, rewire
from graphkit.parallel import track
from graphkit.simulation import build_world, simulate_spread, split_world_data
from graphkit.study.run import demo_config
from graphkit.synthetic import platform

__all__ = ["Warmed", "warm_kernels"]


@dataclass(frozen=True)
class Warmed:
    """What :func:`warm_kernels` did."""

    folder: Path
    """Folder of the compiled kernels."""
    compiled: int
    """Kernels compiled now, counted once for each signature."""
    found: int
    """Those that were in the folder."""
    seconds: float
    """Time that the call took."""
    cpu: str
    """Type of CPU that they are compiled for."""


def warm_kernels(to: Path | None = None) -> Warmed:
    """Compile the kernels that default calls use into the cache, by small calls of all of them.

    A process that has used kernels before does not compile those again, so call it first.

    Parameters
    ----------
    to
        Folder of the cache, to be named by the variable ``NUMBA_CACHE_DIR`` later. If absent, the
        first of the folders of the cache that can be written: that of ``NUMBA_CACHE_DIR``, beside
        the package, the user's cache folder.

    Raises
    ------
    OptionError
        If no folder can be written.
    """
    folder = _writable_folder(cache_folders() if to is None else [to.absolute() / "graphkit"])
    begun = time.perf_counter()
    with caching_in(folder), warnings.catch_warnings():
        # the calls are too small to mean anything
        warnings.simplefilter("ignore", GraphkitWarning)
        for call in track(_CALLS, "compiling kernels", len(_CALLS)):
            call()
    stats = [one.stats for one in _used_kernels()]
    return Warmed(
        folder,
        sum(sum(s.cache_misses.values()) for s in stats),
        sum(sum(s.cache_hits.values()) for s in stats),
        time.perf_counter() - begun,
        _cpu_name(),
    )


def _writable_folder(folders: list[Path]) -> Path:
    """The first of the folders that takes a file."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    tried = ", ".join(map(str, folders))
    raise OptionError(
        f"graphkit warm: no file can be written to {tried}. Name a folder with --to, and set "
        "NUMBA_CACHE_DIR to it wherever graphkit runs."
    )


def _used_kernels() -> list[Any]:
    """All kernels (dispatchers of Numba)."""
    from numba.core.dispatcher import Dispatcher

    path, name = graphkit.kernels.__path__, graphkit.kernels.__name__
    modules = [importlib.import_module(f"{name}.{m.name}") for m in pkgutil.iter_modules(path)]
    values = (value for module in modules for value in vars(module).values())
    return list({v for v in values if isinstance(v, Dispatcher)})


def _cpu_name() -> str:
    from llvmlite import binding
    from numba import config

    return str(config.CPU_NAME or binding.get_host_cpu_name())


def _find_communities() -> tuple[Graph, Partition]:
    """Projections and their communities."""
    made = platform(accounts=120, rng=1)
    past = split_world_data(made)
    graph = cointeraction_graph(past)
    found = label_communities(leiden(graph, runs=2, rng=1), past)
    follows = follow_graph(past)
    leiden(follows, runs=2, min_size=30, rng=1)
    visibility(found, follows, runs=2, rng=1)
    community_report(graph, found)
    agreement(found, made.truth)
    projection_null(past, graph, draws=19, runs=2, rng=1)
    rewired_null(follows, n=19, runs=2, rng=1)
    return graph, found


def _project() -> None:
    """Other projections, backbones and coordination."""
    past = split_world_data(platform(accounts=120, rng=1))
    for options in ({"top": 5}, {"weight": "tfidf", "min_shared": 2}, {"window": "1d"}):
        cointeraction_graph(past, **options)
    graph = cointeraction_graph(past, min_shared=2)
    for method in ("bicm", "hypergeometric"):
        backbone(graph, method=method, dataset=past)
    coordinated_accounts(past, window="1h")


def _simulate() -> None:
    """Worlds, and all feeds of the demo."""
    made = platform(accounts=120, rng=1)
    past = split_world_data(made)
    partition = leiden(cointeraction_graph(past), runs=2, rng=1)
    world = build_world(made, {"interest": partition}, ticks=2, rng=1)
    simulate_spread([world], demo_config().feeds(), ticks=2, rng=1)


def _draw_graphs() -> None:
    """Null models."""
    graph = random_graph(60, 200, rng=1).graph
    rewire(graph, rng=1)
    path = Graph.from_edges(range(40), range(1, 41), directed=False)
    rewire(path, connected=True, rng=1)  # of other graphs this kernel is hardly needed
    random_graph(9, 35, rng=1)
    random_forest(Graph.from_edges("abbc", "bcde", directed=False), rng=1)
    planted_partition([30] * 3, inside=6, outside=2, rng=1)
    lfr(200, mu=0.3, mean_degree=8, max_degree=20, rng=1)


_CALLS: tuple[Callable[[], object], ...] = (_find_communities, _project, _simulate, _draw_graphs)
