"""Compilation of kernels in advance: ``graphkit warm``, for containers and read-only homes.

Run as a module, it compiles for a command that runs meanwhile; see :mod:`graphkit.study.ahead`.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import graphkit.kernels
from graphkit.communities import (
    agreement,
    community_report,
    label_communities,
    layout,
    leiden,
    projection_null,
    rewired_null,
    visibility,
)
from graphkit.communities.native import LARGE
from graphkit.data.graph import Graph
from graphkit.data.rows import MANY
from graphkit.errors import GraphkitWarning, OptionError
from graphkit.graphs import backbone, cointeraction_graph, coordinated_accounts, follow_graph
from graphkit.graphs.options import ProjectionOptions
from graphkit.graphs.spark_worker import ARRAYS, write_block
from graphkit.kernels.compile import cache_folders, caching_in, cpu_name, mark_filled, writable
from graphkit.nullmodels import lfr, planted_partition, random_forest, random_graph, rewire
from graphkit.parallel import track
from graphkit.recommenders import Feed
from graphkit.simulation import Behaviour, build_world, simulate_spread, split_world_data
from graphkit.simulation.readings import simulate_readings
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
    folders = cache_folders() if to is None else [to.absolute() / "graphkit"]
    folder = writable(folders)
    if folder is None:
        tried = ", ".join(map(str, folders))
        raise OptionError(
            f"graphkit warm: no file can be written to {tried}. Name a folder with --to, and set "
            "NUMBA_CACHE_DIR to it wherever graphkit runs."
        )
    begun = time.perf_counter()
    _call_all((*_CALLS, *_OTHER_CALLS), folder)
    mark_filled(folder)
    stats = [one.stats for one in _used_kernels()]
    return Warmed(
        folder,
        sum(sum(s.cache_misses.values()) for s in stats),
        sum(sum(s.cache_hits.values()) for s in stats),
        time.perf_counter() - begun,
        cpu_name(),
    )


def _call_all(calls: Sequence[Callable[[], object]], folder: Path) -> None:
    with caching_in(folder), warnings.catch_warnings():
        # the calls are too small to mean anything
        warnings.simplefilter("ignore", GraphkitWarning)
        for call in track(calls, "compiling kernels", len(calls)):
            call()


def _used_kernels() -> list[Any]:
    """All kernels (dispatchers of Numba)."""
    from numba.core.dispatcher import Dispatcher

    path, name = graphkit.kernels.__path__, graphkit.kernels.__name__
    modules = [importlib.import_module(f"{name}.{m.name}") for m in pkgutil.iter_modules(path)]
    values = (value for module in modules for value in vars(module).values())
    return list({v for v in values if isinstance(v, Dispatcher)})


def _find_communities() -> None:
    """A projection and its communities."""
    past = split_world_data(platform(accounts=120, rng=1))
    found = leiden(cointeraction_graph(past), runs=2, rng=1)
    label_communities(found, past)


def _describe_communities() -> None:
    """Measures of communities, here planted ones, and their visibility."""
    made = platform(accounts=120, rng=1)
    past, found = split_world_data(made), made.truth
    follows = follow_graph(past)
    agreement(found, found)
    community_report(follows, found)
    label_communities(found, past)
    layout(follows, found, min_group_size=2, rng=1)
    visibility(found, follows, runs=2, rng=1)
    leiden(follows, runs=2, min_size=30, rng=1)


def _compare_with_null() -> None:
    """Communities of random data."""
    past = split_world_data(platform(accounts=120, rng=1))
    projection_null(past, cointeraction_graph(past), draws=19, runs=2, rng=1)
    rewired_null(follow_graph(past), n=19, runs=2, rng=1)


def _project() -> None:
    """Other projections, backbones and coordination."""
    past = split_world_data(platform(accounts=120, rng=1))
    for options in ({"top": 5}, {"weight": "tfidf", "min_shared": 2}, {"window": "1d"}):
        cointeraction_graph(past, **options)
    graph = cointeraction_graph(past, min_shared=2)
    for method in ("bicm", "hypergeometric"):
        backbone(graph, method=method, dataset=past)
    coordinated_accounts(past, window="1h")


def _project_block() -> None:
    """The task of a worker of Spark: of two accounts that share an item."""
    incidence = {"row_start": [0, 1, 2], "objects": [0, 0], "object_start": [0, 2]}
    incidence["members"] = [0, 1]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for part in ("arrays", "edges"):
            (folder / part).mkdir()
        for name, dtype in ARRAYS.items():
            np.array(incidence.get(name, ()), dtype).tofile(folder / "arrays" / f"{name}.bin")
        write_block(folder, 0, 2, 0, ProjectionOptions())


def _find_many() -> None:
    """Rows of many edges, and communities of many nodes: a ring of multiple edges."""
    nodes = np.arange(LARGE, dtype=np.int64)
    source = np.tile(nodes, -(-MANY // LARGE))
    for weight in (None, np.ones(source.size)):
        ring = Graph.from_edges(source, (source + 1) % LARGE, weight, directed=False)
    leiden(ring, runs=1, rng=1)
    # so many pairs are as many parts, among which communities are split
    ends = np.arange(0, 2 * LARGE, 2)
    leiden(Graph.from_edges(ends, ends + 1, directed=False), runs=1, rng=1)


def _simulate() -> None:
    """A world, all feeds of the demo, and all readings."""
    made = platform(accounts=120, rng=1)
    world = build_world(made, {"interest": made.truth}, ticks=2, rng=1)
    arms = demo_config().feeds()
    simulate_spread([world], arms, ticks=2, rng=1)
    numbers: dict[str, Any] = {"ticks": 2, "replications": 1, "slots": 8, "behaviour": Behaviour()}
    with tempfile.TemporaryDirectory() as made_for:
        kept = Path(made_for)
        numbers |= {"filled": kept / "filled", "checkpoint": kept / "others", "rng": 1}
        simulate_readings([world], arms, [list(arms)[:2]], **numbers)


def _simulate_others() -> None:
    """A feed with scores of its own, and a world whose duets and stitches become posts."""
    made = platform(accounts=120, rng=1)
    world = build_world(made, {"interest": made.truth}, ticks=2, rng=1)
    own = Feed("own", {"everywhere": 20}, {}, score=lambda context: context.factor("recency"))
    simulate_spread([world], {"own": own}, ticks=2, rng=1)
    lively = Behaviour(duet_base=0.0, answer_delay=1.0)
    simulate_spread([world], demo_config().feeds(), ticks=3, budget="free", behaviour=lively, rng=1)


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


#: What commands use, in the order in which one does not need it: it begins with the last.
_CALLS: tuple[Callable[[], object], ...] = (
    _simulate,
    _describe_communities,
    _compare_with_null,
    _find_communities,
    _find_many,
)

#: What is called from Python only, or seldom.
_OTHER_CALLS: tuple[Callable[[], object], ...] = (
    _simulate_others,
    _project,
    _project_block,
    _draw_graphs,
)


def _exit_with_command() -> None:
    """Wait until the command that started this process ends, however it does."""
    sys.stdin.buffer.read()
    os._exit(0)


def _compile_ahead() -> None:
    """Compile what a command needs last before what it needs first."""
    threading.Thread(target=_exit_with_command, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(10)
    folder = writable(cache_folders())
    if folder is not None:
        _call_all(_CALLS if "--simulation" in sys.argv else _CALLS[1:], folder)


if __name__ == "__main__":
    with suppress(Exception):  # the command compiles what is missing
        _compile_ahead()
