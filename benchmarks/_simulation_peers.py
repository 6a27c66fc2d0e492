"""What the benchmarks of the simulation ask of T-RECS, EoN and NDlib, one function each."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from importlib.metadata import version
from typing import Any

import numpy as np

Codes = np.ndarray

SLOTS = 10
#: Attributes of items and users in T-RECS' content filtering, dimensions in graphkit's worlds.
ATTRIBUTES = 32
TRECS = {"popularity": "PopularityRecommender", "content filtering": "ContentFiltering"}


def versions(*packages: str) -> str:
    """Packages with their versions, in one line."""
    return ", ".join(f"{package} {version(package)}" for package in packages)


def trecs_model(kind: str, users: int, items: int, seed: int) -> Any:
    """A T-RECS recommender that shows each user ten items in a step."""
    # it opens a log file in the working folder
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        warnings.simplefilter("ignore")
        from trecs import models

        more = {"num_attributes": ATTRIBUTES} if kind == "content filtering" else {}
        return getattr(models, TRECS[kind])(
            num_users=users, num_items=items, num_items_per_iter=SLOTS, seed=seed, **more
        )


def trecs_run(model: Any, steps: int) -> None:
    """Steps of T-RECS: ten items per user, of which one is chosen and not shown again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing is measured
        model.run(timesteps=steps, repeated_items=False, disable_tqdm=True)
    assert model.items_shown.shape[1] == SLOTS


def networkx_of(tail: Codes, head: Codes, n: int, *, directed: bool) -> Any:
    """The graph along which things are passed on, as EoN and NDlib take it."""
    import networkx as nx

    graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(zip(tail.tolist(), head.tolist(), strict=True))
    return graph


def eon_sizes(graph: Any, p: float, starts: Codes, seed: int) -> Codes:
    """Outbreak sizes of EoN's discrete SIR, infected for one step: the independent cascade."""
    import EoN

    rng = np.random.default_rng(seed)
    sizes = [
        EoN.basic_discrete_SIR(graph, p, initial_infecteds=start, rng=rng)[3][-1]
        for start in starts.tolist()
    ]
    return np.array(sizes, dtype=np.int64)


def ndlib_sizes(graph: Any, p: float, starts: Codes, seed: int) -> Codes:
    """Outbreak sizes of NDlib's independent cascade; every edge is given its threshold."""
    from ndlib.models.epidemics import IndependentCascadesModel
    from ndlib.models.ModelConfig import Configuration

    options = Configuration()
    for edge in graph.edges():
        options.add_edge_configuration("threshold", edge, p)
    options.add_model_initial_configuration("Infected", [int(starts[0])])
    sizes = []
    with _generator_kept():
        model = IndependentCascadesModel(graph, seed=seed)
        model.set_initial_status(options)
        for start in starts.tolist():
            model.reset(infected_nodes=[start])
            counts = model.iteration(node_status=False)["node_count"]
            while counts[1]:
                counts = model.iteration(node_status=False)["node_count"]
            sizes.append(counts[2])
    return np.array(sizes, dtype=np.int64)


@contextmanager
def _generator_kept() -> Iterator[None]:
    """NumPy's global generator, which NDlib reseeds, as it was before."""
    state = np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
