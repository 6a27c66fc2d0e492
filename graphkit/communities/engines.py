"""Engines of the Leiden algorithm on one graph, each as a function seed → membership.

Reference engines are imported inside functions, so that importing this module loads none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphkit.communities.prepare import Codes, Floats, Mask, Prepared, scale_weights, weight_unit
from graphkit.errors import GraphkitError, OptionError
from graphkit.rng import fenced_igraph

#: One run: a seed below 2^31 → int32 array, shape (k,), one code per prepared node.
Run = Callable[[int], Codes]

#: The qualities that each engine maximises, the default engine first.
ENGINES = {
    "native": ("modularity", "cpm", "rber"),
    "igraph": ("modularity", "cpm"),
    "leidenalg": ("modularity", "cpm", "rber", "surprise", "significance"),
}

#: Cost of a move beyond the largest size. leidenalg 0.12 ignores the size unless it is given a
#: cost; no gain comes near this one, and moves that keep the size cost nothing.
_FORBIDDEN = 1e30


@dataclass(frozen=True, eq=False)
class LeidenOptions:
    """Options of a run of Leiden, other than the quality.

    `iterations` of −1 means as many as improve the quality; `theta` is θ of the randomised
    merging, 0 greedy. For k nodes, `initial` (int32, (k,)) holds the code that each starts with,
    −1 alone, and `fixed` (bool, (k,)) the nodes that stay in their community; `max_size` is the
    most nodes in a community. `None` means no such limit.
    """

    iterations: int = -1
    theta: float = 0.0
    initial: Codes | None = None
    fixed: Mask | None = None
    max_size: int | None = None


@dataclass(frozen=True, eq=False)
class Term:
    """One term of leidenalg's sum: the quality of one igraph graph times a factor.

    `weights` has one value per edge, near 1 on average (:func:`weight_unit`). RBER is passed as
    CPM, so that its `resolution` is a density. `factor` multiplies the quality in leidenalg's
    units; `sizes` are the node sizes of CPM, 1 each if `None`.
    """

    graph: Any
    weights: list[float]
    quality: str
    resolution: float | None
    factor: float = 1.0
    sizes: list[int] | None = None

    def make_partition(self, initial: list[int] | None) -> Any:
        """A new leidenalg partition, which the optimiser changes in place."""
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


def igraph_graph(prepared: Prepared) -> Any:
    """An igraph graph without names: a zip of lists is its fastest input."""
    import igraph

    edges = zip(prepared.source.tolist(), prepared.target.tolist(), strict=True)
    return igraph.Graph(n=prepared.size, edges=edges, directed=prepared.directed)


def leidenalg_runner(
    prepared: Prepared,
    options: LeidenOptions,
    *,
    weights: list[float],
    quality: str,
    resolution: float | None,
) -> Run:
    """One leidenalg run on one graph as a function of its seed; the graph is converted once.

    `weights` and the resolution of CPM are in the unit that the engine sees. With fixed members
    the result is to be cut into connected parts by :func:`rejoin_fixed`.
    """
    gamma = resolution
    if quality == "rber":
        gamma = (1.0 if resolution is None else resolution) * sum(weights) / prepared.possible_pairs
    with translate_errors():
        terms = (Term(igraph_graph(prepared), weights, quality, gamma),)
    start = starting_codes(prepared.size, options.initial, options.fixed, options.max_size)
    return lambda seed: optimise_leidenalg(terms, seed, options, start)


def starting_codes(
    size: int, initial: Codes | None, fixed: Mask | None = None, max_size: int | None = None
) -> list[int] | None:
    """Initial membership of a run, numbered 0, 1, …; `None` for one node each.

    For `initial`, `fixed` and `max_size` see :class:`LeidenOptions`.

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


def optimise_leidenalg(
    terms: Sequence[Term], seed: int, options: LeidenOptions, initial: list[int] | None = None
) -> Codes:
    """Membership that leidenalg finds for the sum of the terms; `seed` below 2^32."""
    max_size, fixed = options.max_size, options.fixed
    with translate_errors():
        import leidenalg

        optimiser = leidenalg.Optimiser()
        optimiser.set_rng_seed(seed)
        if max_size is not None:
            optimiser.max_comm_size = max_size
            optimiser.community_constraint_enforcement = _FORBIDDEN
        held = None if fixed is None else fixed.tolist()
        partitions = [term.make_partition(initial) for term in terms]
        factors = [term.factor for term in terms]
        # gains below the rounding of the sum count as none: they could alternate for ever
        least = 1e-13 * sum(abs(term.factor) * math.fsum(term.weights) for term in terms)
        finished = 0
        while finished != options.iterations:
            gain = optimiser.optimise_partition_multiplex(
                partitions, factors, n_iterations=1, is_membership_fixed=held
            )
            finished += 1
            if options.iterations < 0 and not gain > least:
                break
        found = np.array(partitions[0].membership, dtype=np.int32)
    if max_size is not None and int(np.bincount(found).max()) > max_size:
        raise GraphkitError(
            f"the engine 'leidenalg' left a community of {int(np.bincount(found).max()):,} nodes "
            f"beyond max_size={max_size}: start from smaller communities."
        )
    return found


def rejoin_fixed(parts: Codes, membership: Codes, fixed: Mask) -> Codes:
    """Connected parts of communities, with parts that hold fixed members merged again.

    `parts` are the connected parts of `membership`. A part without a fixed member is a
    community; fixed members of one community stay together, connected or not.
    """
    holder = np.full(int(parts.max(initial=-1)) + 1, -1, dtype=np.int64)
    holder[parts[fixed]] = membership[fixed]
    found = np.where(holder[parts] >= 0, holder.size + holder[parts], parts)
    return found.astype(np.int32)


def split_disconnected(prepared: Prepared, membership: Codes) -> Codes:
    """Membership with every community split into its weakly connected parts.

    Leiden's communities are connected, so that only the numbers change; one pass over the edges
    makes the guarantee independent of the engine. Splitting a disconnected community never
    lowers modularity or CPM.
    """
    from graphkit.kernels.partitions import split_connected

    indptr, indices, _ = prepared.symmetric
    n = prepared.size
    parts, stack = np.full(n, -1, dtype=np.int32), np.empty(n, dtype=np.int32)
    split_connected(indptr, indices, np.asarray(membership, dtype=np.int32), parts, stack)
    return parts


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise the engine's failure as a GraphkitError; Ctrl-C and exit pass."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError, ImportError, GraphkitError):
        raise
    except BaseException as error:  # leidenalg raises BaseException itself
        raise _engine_error("leidenalg", error) from error


def _engine_error(engine: str, error: BaseException) -> GraphkitError:
    return GraphkitError(
        f"the engine {engine!r} failed: {error}. Another engine= may do; if it does not, "
        "please report the graph."
    )


def check_engine(engine: str | None, quality: str, options: LeidenOptions) -> str:
    """The engine named, or the first that supports the options; else an OptionError.

    `engine` and `quality` are known names.
    """
    both, every = ["native", "leidenalg"], list(ENGINES)
    needs = {
        f"quality={quality!r}": [e for e, able in ENGINES.items() if quality in able],
        "theta=": ["native"] if options.theta else every,
        "fixed=": both if options.fixed is not None else every,
        "max_size=": both if options.max_size else every,
    }
    for what, able in needs.items():
        if engine is not None and engine not in able:
            raise OptionError(
                f"leiden: the engine {engine!r} cannot do {what.rstrip('=')}; {' and '.join(able)} "
                "can. Leave engine= out, and the right one is taken."
            )
    able = [e for e in ENGINES if all(e in some for some in needs.values())]
    if not able:
        wanted = " and ".join(w.rstrip("=") for w, some in needs.items() if len(some) < len(every))
        raise OptionError(f"leiden: no engine can do {wanted} at once: leave one out.")
    return engine or able[0]


def make_runner(
    prepared: Prepared, options: LeidenOptions, *, engine: str, quality: str, resolution: Any
) -> Run:
    """One run of Leiden as a function of its seed; the graph is converted only once.

    Engines compare gains with fixed tolerances and temperatures, so that the unit of the
    weights would change the result: they see weights near 1, scaled by a power of two, which
    loses no digit.
    """
    one = weight_unit(prepared.weights) if prepared.weights.size else 1.0
    if quality == "cpm" and resolution is not None:
        resolution = min(resolution / one, 1e300)
    # the same checks for every engine
    start = starting_codes(prepared.size, options.initial, options.fixed, options.max_size)
    if engine == "native":
        return _native_runner(prepared, options, start, quality, resolution, one)
    weights = (prepared.weight / one).tolist()
    if engine == "leidenalg":
        run_engine = leidenalg_runner(
            prepared, options, weights=weights, quality=quality, resolution=resolution
        )
    else:
        run_engine = _igraph_runner(prepared, options, start, quality, resolution, one, weights)

    def run_once(seed: int) -> Codes:
        membership = run_engine(seed)
        parts = split_disconnected(prepared, membership)
        return parts if options.fixed is None else rejoin_fixed(parts, membership, options.fixed)

    return run_once


def _native_runner(
    prepared: Prepared,
    options: LeidenOptions,
    start: list[int] | None,
    quality: str,
    resolution: float,
    one: float,
) -> Run:
    from graphkit.communities.native import make_rows, run_leiden
    from graphkit.kernels.leiden_arrays import Options

    indptr, indices, weights = prepared.symmetric
    gamma, out_weight, in_weight = null_model(prepared, quality, resolution, one)
    size = np.ones(prepared.size if options.max_size else 0, dtype=np.int64)
    fixed = np.empty(0, np.bool_) if options.fixed is None else options.fixed
    scaled = scale_weights(weights, one)
    rows = make_rows(indptr, indices, scaled, out_weight, in_weight, size, fixed)
    limits = Options(gamma, options.theta, options.max_size or 0)
    initial = None if start is None else np.array(start, dtype=np.int32)
    return lambda seed: run_leiden(rows, limits, options.iterations, seed, initial)


def null_model(
    prepared: Prepared, quality: str, resolution: float, one: float = 1.0
) -> tuple[float, Floats, Floats]:
    """γ and node weights of the null model for the kernels, for edge weights divided by `one`."""
    if quality == "modularity":
        out, into = (side / one for side in prepared.strengths())
        return resolution / float(out.sum()), out, into if prepared.directed else np.empty(0)
    gamma = resolution * (prepared.density / one if quality == "rber" else 1.0)
    # each pair of nodes has two directed edges
    return gamma * (2 if prepared.directed else 1), np.ones(prepared.size), np.empty(0)


def _igraph_runner(
    prepared: Prepared,
    options: LeidenOptions,
    start: list[int] | None,
    quality: str,
    resolution: float,
    one: float,
    weights: list[float],
) -> Run:
    import igraph

    graph = igraph_graph(prepared)
    arguments: dict[str, Any] = {
        # in lower case: the check is case-blind, but "Modularity" would then run CPM
        "objective_function": quality,
        "weights": weights,
        "resolution": resolution,
        "n_iterations": options.iterations,
        "initial_membership": start,
    }
    if quality == "modularity":
        out, into = (side / one for side in prepared.strengths())
        arguments["node_weights"] = out.tolist()
        if prepared.directed:
            # by default python-igraph takes the out-strength for both
            arguments["node_in_weights"] = into.tolist()

    def run_once(seed: int) -> Codes:
        try:
            with fenced_igraph(seed):
                return np.array(graph.community_leiden(**arguments).membership, dtype=np.int32)
        except igraph.InternalError as error:
            raise _engine_error("igraph", error) from error

    return run_once


def engine_packages(engine: str) -> tuple[str, ...]:
    """Packages whose versions belong in the provenance."""
    return {"native": ("numba",), "igraph": ("igraph",)}.get(engine, ("igraph", "leidenalg"))
