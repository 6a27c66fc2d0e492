"""The engines that run Leiden on one graph, each behind the same call: seed → membership.

The reference engines are imported here, inside functions, so that importing the room loads
none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities.prepare import Prepared, unit
from graphkit.errors import GraphkitError, OptionError
from graphkit.rng import fenced_igraph

__all__ = [
    "ENGINES",
    "Term",
    "Wishes",
    "check_engine",
    "connected",
    "null_model",
    "optimised",
    "packages",
    "rejoined",
    "runner",
    "single_runner",
    "starting_codes",
    "with_nodes",
]

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

#: What a move beyond the largest size costs. leidenalg 0.12 ignores the size unless it is
#: given a cost; no gain comes near this one, and moves that keep the size cost nothing.
_FORBIDDEN = 1e30


@dataclass(frozen=True, eq=False)
class Term:
    """One term of the sum: a quality of one igraph graph, with its factor.

    Attributes
    ----------
    graph
        Over all nodes, without names.
    weights
        One per edge; near 1 on average, see :func:`unit`.
    quality, resolution
        RBER is handed over as CPM, so that its resolution is a density.
    factor
        What the quality, in leidenalg's own units, is multiplied by.
    sizes
        What each node counts, for CPM; 1 each if `None`.
    """

    graph: Any
    weights: list[float]
    quality: str
    resolution: float | None
    factor: float = 1.0
    sizes: list[int] | None = None

    def partition(self, initial: list[int] | None) -> Any:
        """A fresh partition for leidenalg to change."""
        import leidenalg

        options: dict[str, Any] = {"initial_membership": initial}
        if self.quality == "significance":
            return leidenalg.SignificanceVertexPartition(self.graph, **options)
        options["weights"] = self.weights
        if self.quality == "surprise":
            return leidenalg.SurpriseVertexPartition(self.graph, **options)
        options["resolution_parameter"] = self.resolution
        if self.quality == "modularity":
            # modularity with a resolution, and with in- and out-strength; not divided by m
            return leidenalg.RBConfigurationVertexPartition(self.graph, **options)
        return leidenalg.CPMVertexPartition(self.graph, node_sizes=self.sizes, **options)


def with_nodes(prepared: Prepared) -> Any:
    """An igraph graph without names: a zip of lists is its fastest way in."""
    import igraph

    edges = zip(prepared.tail.tolist(), prepared.head.tolist(), strict=True)
    return igraph.Graph(n=prepared.size, edges=edges, directed=prepared.directed)


def single_runner(
    prepared: Prepared,
    *,
    weights: list[float],
    quality: str,
    resolution: float | None,
    iterations: int,
    initial: npt.NDArray[Any] | None = None,
    fixed: npt.NDArray[np.bool_] | None = None,
    max_size: int | None = None,
) -> Callable[[int], Codes]:
    """One run on one graph as a function of its seed; the graph is handed over once.

    `weights` are in the unit that the engine sees, and so is the resolution of CPM. See
    :func:`starting_codes` for `initial` and `fixed`. With fixed members, what comes back is
    to be cut into connected parts by :func:`rejoined`.
    """
    gamma = resolution
    if quality == "rber":
        gamma = (1.0 if resolution is None else resolution) * sum(weights) / prepared.possible_pairs
    with translated():
        terms = (Term(with_nodes(prepared), weights, quality, gamma),)
    start = starting_codes(prepared.size, initial, fixed, max_size)

    def run(seed: int) -> Codes:
        return optimised(
            terms, seed, iterations=iterations, initial=start, fixed=fixed, max_size=max_size
        )

    return run


def starting_codes(
    size: int,
    initial: npt.NDArray[Any] | None,
    fixed: npt.NDArray[np.bool_] | None = None,
    max_size: int | None = None,
) -> list[int] | None:
    """The membership that a run starts from, numbered 0, 1, …; `None` for one node each.

    `initial` holds one code per node, −1 where a node starts alone; `fixed` says which
    nodes may not leave their community.

    Raises
    ------
    OptionError
        If `fixed` comes without `initial`, or members of one community that are fixed
        outnumber `max_size`.
    """
    if initial is None:
        if fixed is not None and fixed.any():
            raise OptionError(
                "leiden: fixed= names nodes that stay in their community, but initial= does not "
                "say which: give the partition that they stay in."
            )
        return None
    given = np.array(initial, dtype=np.int64)
    alone = given < 0
    given[alone] = int(given.max(initial=-1)) + 1 + np.arange(int(alone.sum()))
    codes = np.unique(given, return_inverse=True)[1]
    if max_size is not None and fixed is not None:
        most = int(np.bincount(codes[fixed], minlength=1).max())
        if most > max_size:
            raise OptionError(
                f"leiden: max_size={max_size}, but {most:,} fixed members stay in one community: "
                "fix fewer, or raise max_size."
            )
    listed: list[int] = codes.tolist()
    return listed


def optimised(
    terms: Sequence[Term],
    seed: int,
    *,
    iterations: int,
    initial: list[int] | None = None,
    fixed: npt.NDArray[np.bool_] | None = None,
    max_size: int | None = None,
) -> Codes:
    """Membership that leidenalg finds for the sum of the terms; `seed` below 2^32."""
    with translated():
        import leidenalg

        optimiser = leidenalg.Optimiser()
        optimiser.set_rng_seed(seed)
        if max_size is not None:
            optimiser.max_comm_size = max_size
            optimiser.community_constraint_enforcement = _FORBIDDEN
        held = None if fixed is None else fixed.tolist()
        partitions = [term.partition(initial) for term in terms]
        factors = [term.factor for term in terms]
        # gains below the rounding of the sum are none: they could go round for ever
        least = 1e-13 * sum(abs(term.factor) * math.fsum(term.weights) for term in terms)
        done = 0
        while done != iterations:
            gain = optimiser.optimise_partition_multiplex(
                partitions, factors, n_iterations=1, is_membership_fixed=held
            )
            done += 1
            if iterations < 0 and not gain > least:
                break
        found = np.array(partitions[0].membership, dtype=np.int32)
    if max_size is not None and int(np.bincount(found).max()) > max_size:
        raise GraphkitError(
            f"the engine 'leidenalg' left a community of {int(np.bincount(found).max()):,} nodes "
            f"beyond max_size={max_size}: start from smaller communities."
        )
    return found


def rejoined(parts: Codes, membership: Codes, fixed: npt.NDArray[np.bool_]) -> Codes:
    """Connected parts of communities, with those that hold fixed members put together again.

    `parts` are the connected parts of `membership`. A part without a fixed member stands
    alone; fixed members of one community stay together, connected or not.
    """
    holder = np.full(int(parts.max(initial=-1)) + 1, -1, dtype=np.int64)
    holder[parts[fixed]] = membership[fixed]
    found = np.where(holder[parts] >= 0, holder.size + holder[parts], parts)
    return found.astype(np.int32)


@contextmanager
def translated() -> Iterator[None]:
    """The engine's failure as a GraphkitError; Ctrl-C and exit pass."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError, ImportError, GraphkitError):
        raise
    except BaseException as error:  # leidenalg raises BaseException itself
        raise GraphkitError(
            f"the engine 'leidenalg' failed: {error}. Another engine= may do; if it does not, "
            "please report the graph."
        ) from error


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
            prepared,
            weights=weights,
            quality=quality,
            resolution=resolution,
            iterations=wishes.iterations,
            initial=wishes.initial,
            fixed=wishes.fixed,
            max_size=wishes.max_size,
        )
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
