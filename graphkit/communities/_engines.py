"""The engines that run Leiden on one graph, each behind the same call: seed → membership.

The reference engines are imported here, inside functions, so that importing the room loads
none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities.engines import rejoined, single_runner, starting_codes, unit
from graphkit.communities.prepare import Prepared
from graphkit.errors import GraphkitError, OptionError
from graphkit.rng import fenced_igraph

__all__ = ["ENGINES", "Wishes", "check_engine", "connected", "null_model", "packages", "runner"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]

#: One run: a seed below 2^31 → int32 array, shape (k,), one code per prepared node.
Run = Callable[[int], Codes]

#: The qualities that each engine maximises, the default engine first.
ENGINES = {
    "native": ("modularity", "cpm", "rber"),
    "igraph": ("modularity", "cpm"),
    "leidenalg": ("modularity", "cpm", "rber", "surprise", "significance"),
}


@dataclass(frozen=True, eq=False)
class Wishes:
    """What a run is to do, beside its quality.

    Attributes
    ----------
    iterations
        −1 for as many as improve the quality.
    theta
        θ of the randomised merging; 0 is greedy.
    initial
        int32, shape (k,): where nodes start, −1 alone; `None` for all alone.
    fixed
        bool, shape (k,): nodes that stay in their community; `None` for none.
    max_size
        Most nodes in a community; `None` for any number.
    """

    iterations: int = -1
    theta: float = 0.0
    initial: Codes | None = None
    fixed: npt.NDArray[np.bool_] | None = None
    max_size: int | None = None


def check_engine(engine: str | None, quality: str, wishes: Wishes) -> str:
    """The engine, or the first that can do it; an OptionError if the one named cannot.

    `engine` and `quality` are known names.
    """
    needs = {
        f"quality={quality!r}": [e for e, able in ENGINES.items() if quality in able],
        "theta=": ["native"] if wishes.theta else list(ENGINES),
        "fixed=": ["native", "leidenalg"] if wishes.fixed is not None else list(ENGINES),
        "max_size=": ["native", "leidenalg"] if wishes.max_size else list(ENGINES),
    }
    for what, able in needs.items():
        if engine is not None and engine not in able:
            raise OptionError(
                f"leiden: the engine {engine!r} cannot do {what.rstrip('=')}; {' and '.join(able)} "
                "can. Leave engine= out, and the right one is taken."
            )
    able = [e for e in ENGINES if all(e in some for some in needs.values())]
    if not able:
        wanted = " and ".join(
            w.rstrip("=") for w, some in needs.items() if len(some) < len(ENGINES)
        )
        raise OptionError(f"leiden: no engine can do {wanted} at once: leave one out.")
    return engine or able[0]


def runner(
    prepared: Prepared, *, engine: str, quality: str, resolution: float | None, wishes: Wishes
) -> Run:
    """One run of Leiden as a function of its seed; the graph is handed over only once.

    Engines compare gains with fixed tolerances and temperatures, so that the unit of the
    weights would change the result: they see weights near 1, scaled by a power of two, which
    loses no digit.
    """
    one = unit(prepared.weights) if prepared.weights.size else 1.0
    if quality == "cpm" and resolution is not None:
        resolution = min(resolution / one, 1e300)
    # checked for every engine alike
    start = starting_codes(prepared.size, wishes.initial, wishes.fixed, wishes.max_size)
    if engine == "native":
        begin = None if start is None else np.array(start, dtype=np.int32)
        return _native(prepared, quality, resolution, one, wishes, begin)
    weights = (prepared.weight / one).tolist()
    if engine == "leidenalg":
        found = single_runner(
            prepared, weights=weights, quality=quality, resolution=resolution,
            iterations=wishes.iterations, initial=wishes.initial, fixed=wishes.fixed,
            max_size=wishes.max_size,
        )  # fmt: skip
    else:
        found = _igraph(prepared, weights, one, quality, resolution, wishes, start)

    def run(seed: int) -> Codes:
        membership = found(seed)
        parts = connected(prepared, membership)
        return parts if wishes.fixed is None else rejoined(parts, membership, wishes.fixed)

    return run


def _native(
    prepared: Prepared,
    quality: str,
    resolution: float | None,
    one: float,
    wishes: Wishes,
    start: Codes | None,
) -> Run:
    from graphkit.communities.native import Task, rows_of, solve

    assert resolution is not None
    indptr, indices, weights = prepared.symmetric
    gamma, mass, mass_in = null_model(prepared, quality, resolution, one)
    rows = rows_of(
        indptr,
        indices,
        weights / one,
        mass,
        mass_in,
        np.ones(prepared.size if wishes.max_size else 0, dtype=np.int64),
        np.empty(0, np.bool_) if wishes.fixed is None else wishes.fixed,
    )
    task = Task(gamma, wishes.iterations, wishes.theta, wishes.max_size or 0)

    def run(seed: int) -> Codes:
        return solve(rows, task, seed, start)

    return run


def null_model(
    prepared: Prepared, quality: str, resolution: float, one: float = 1.0
) -> tuple[float, Floats, Floats]:
    """γ and masses of the nodes as the kernels have them, for weights divided by `one`."""
    if quality == "modularity":
        out, into = (side / one for side in prepared.strengths())
        return resolution / float(out.sum()), out, into if prepared.directed else np.empty(0)
    gamma = resolution * (prepared.density / one if quality == "rber" else 1.0)
    # each pair of nodes has two arcs where directed
    return gamma * (2 if prepared.directed else 1), np.ones(prepared.size), np.empty(0)


def _igraph(
    prepared: Prepared,
    weights: list[float],
    one: float,
    quality: str,
    resolution: float | None,
    wishes: Wishes,
    start: list[int] | None,
) -> Callable[[int], Codes]:
    import igraph

    # a zip of lists is the fastest way in
    edges = zip(prepared.tail.tolist(), prepared.head.tolist(), strict=True)
    graph = igraph.Graph(n=prepared.size, edges=edges, directed=prepared.directed)
    options: dict[str, Any] = {
        # in lower case: the check is case-blind, but "Modularity" would then run CPM
        "objective_function": quality,
        "weights": weights,
        "resolution": resolution,
        "n_iterations": wishes.iterations,
        "initial_membership": start,
    }
    if quality == "modularity":
        out, into = (side / one for side in prepared.strengths())
        options["node_weights"] = out.tolist()
        if prepared.directed:
            # left to itself python-igraph takes the out-strength for both
            options["node_in_weights"] = into.tolist()

    def start_one(seed: int) -> Codes:
        try:
            with fenced_igraph(seed):
                return np.array(graph.community_leiden(**options).membership, dtype=np.int32)
        except igraph.InternalError as error:
            raise GraphkitError(
                f"the engine 'igraph' failed: {error}. Another engine= may do; if it does not, "
                "please report the graph."
            ) from error

    return start_one


def packages(engine: str) -> tuple[str, ...]:
    """Packages whose versions belong in the provenance."""
    return {"native": ("numba",), "igraph": ("igraph",), "leidenalg": ("igraph", "leidenalg")}[
        engine
    ]


def connected(prepared: Prepared, membership: npt.NDArray[Any]) -> Codes:
    """The membership with every community cut into its weakly connected parts.

    Leiden's communities are connected, so that this changes nothing but numbers; it makes
    the guarantee graphkit's own, at the cost of one pass over the edges. To part a
    disconnected community never lowers modularity or CPM.
    """
    from graphkit.kernels.leiden import split_connected

    indptr, indices, _ = prepared.symmetric
    parts = np.empty(prepared.size, dtype=np.int32)
    split_connected(indptr, indices, np.asarray(membership, dtype=np.int32), parts)
    return parts
