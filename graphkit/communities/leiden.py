"""Communities of a graph by the Leiden algorithm, over several runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graphkit.communities import prepare as checks
from graphkit.communities.comparison import compare_runs
from graphkit.communities.engines import (
    ENGINES,
    LeidenOptions,
    Run,
    check_engine,
    engine_packages,
    make_runner,
    null_model,
)
from graphkit.communities.multilayer import (
    check_named_graphs,
    evaluate_layers,
    layer_resolutions,
    layers_runner,
    prepare_layers,
)
from graphkit.communities.prepare import Codes, Floats, Prepared
from graphkit.communities.quality import check_quality_input, default_resolution, evaluate
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.membership import canonical_membership
from graphkit.data.partition import Partition, Runs
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import OptionError, check_choice, check_integer, check_number
from graphkit.parallel import in_threads
from graphkit.rng import RNGLike, Streams

__all__ = ["leiden"]


def merge_small(
    prepared: Prepared,
    membership: Codes,
    *,
    quality: str,
    resolution: float,
    min_size: int,
    max_size: int | None,
) -> Codes:
    """Membership after merging communities below `min_size` into neighbours.

    The smallest first, each joins the neighbouring community where the quality decreases least
    (or increases most), if that stays within `max_size`; what no neighbour can take is left
    unassigned, −1.
    """
    from graphkit.communities import parallel_native
    from graphkit.kernels.leiden_arrays import Csr
    from graphkit.kernels.partitions import join_small

    codes = np.unique(membership, return_inverse=True)[1].astype(np.int32)
    gamma, out_weight, in_weight = null_model(prepared, quality, resolution)
    rows = Csr(*prepared.symmetric)
    while True:
        k = int(codes.max(initial=-1)) + 1
        sizes = np.bincount(codes, minlength=k)
        if not (sizes < min_size).any():
            return codes
        merged = parallel_native.aggregate_graph(rows, codes, k)
        total, total_in = (
            np.bincount(codes, weights=w, minlength=k) if w.size else w
            for w in (out_weight, in_weight)
        )
        target = np.arange(k, dtype=np.int32)
        smallest = np.argsort(sizes, kind="stable")[: int((sizes < min_size).sum())]
        turns = smallest.astype(np.int32)
        if not join_small(
            *merged, total, total_in, gamma, sizes.copy(), max_size or 0, turns, target
        ):
            return np.where(sizes[codes] < min_size, np.int32(-1), codes).astype(np.int32)
        codes = np.unique(target[codes], return_inverse=True)[1].astype(np.int32)


@dataclass(frozen=True, eq=False)
class Problem:
    """A graph, or layers, with the function of one run and that of the quality.

    `vocabulary` and `node_kind` are of all nodes, `nodes` (int32, (k,)) the codes of those that
    have an edge. `run` maps a seed to the membership of `nodes`, −1 where unassigned, and
    `evaluate` a membership to its quality. The other fields are for the provenance.
    """

    vocabulary: Vocabulary
    node_kind: str
    nodes: Codes
    run: Run
    evaluate: Callable[[Codes], float]
    engine: str
    resolution: float | None
    parameters: dict[str, Any]
    made_from: tuple[Graph, ...]
    removed: dict[str, int]

    def expand_membership(self, membership: Codes) -> Codes:
        """Membership of all nodes from one of `nodes`; the others are unassigned."""
        full = np.full(len(self.vocabulary), -1, dtype=np.int32)
        full[self.nodes] = membership
        return full


def of_graph(
    graph: Graph,
    quality: str,
    resolution: float | None,
    options: LeidenOptions,
    engine: str | None,
    initial: Partition | None,
    fixed: Iterable[Any] | None,
    sizes: tuple[int, int | None],
) -> Problem:
    """The problem of one graph."""
    prepared = checks.prepare(graph, caller="leiden")
    check_quality_input(prepared, quality, resolution, caller="leiden")
    gamma = default_resolution(prepared, quality, resolution)
    options, recorded = _resolve_options(
        options, graph.vocabulary, prepared.nodes, initial, fixed, sizes
    )
    engine = check_engine(engine, quality, options)
    start = make_runner(prepared, options, engine=engine, quality=quality, resolution=gamma)
    least, most = sizes
    if least > 1 and gamma is None:
        raise OptionError(
            f"leiden: min_size= is not available for {quality}: take modularity, cpm or rber."
        )

    def run_merged(seed: int) -> Codes:
        assert gamma is not None
        return merge_small(
            prepared, start(seed), quality=quality, resolution=gamma, min_size=least, max_size=most
        )

    return Problem(
        graph.vocabulary,
        graph.node_kind,
        prepared.nodes,
        start if least == 1 else run_merged,
        lambda membership: evaluate(prepared, membership, quality, gamma),
        engine,
        gamma,
        recorded,
        (graph,),
        prepared.removed,
    )


def of_layers(
    layers: Mapping[str, Graph],
    quality: str,
    resolution: float | None,
    options: LeidenOptions,
    layer_weights: Mapping[str, float] | None,
    engine: str | None,
    initial: Partition | None,
    fixed: Iterable[Any] | None,
    sizes: tuple[int, int | None],
) -> Problem:
    """The problem of several layers, which leidenalg solves."""
    if engine not in (None, "leidenalg") or options.theta or sizes[0] > 1:
        what = "theta=" if options.theta else "min_size=" if sizes[0] > 1 else f"engine={engine!r}"
        raise OptionError(f"leiden: {what} is not available for layers, which leidenalg solves.")
    ready = prepare_layers(layers, layer_weights=layer_weights)
    gammas = layer_resolutions(ready, quality, resolution)
    options, recorded = _resolve_options(
        options, ready.vocabulary, ready.nodes, initial, fixed, sizes
    )
    recorded |= {
        "layer_weights": dict(zip(ready.names, ready.weights, strict=True)),
        "resolutions": dict(zip(ready.names, gammas, strict=True)),
    }
    return Problem(
        ready.vocabulary,
        ready.node_kind,
        ready.nodes,
        layers_runner(ready, options, quality=quality, resolutions=gammas),
        lambda membership: evaluate_layers(ready, membership, quality, gammas),
        "leidenalg",
        gammas[0] if len(set(gammas)) == 1 else None,
        recorded,
        tuple(layers.values()),
        ready.removed,
    )


def _resolve_options(
    options: LeidenOptions,
    vocabulary: Vocabulary,
    nodes: Codes,
    initial: Partition | None,
    fixed: Iterable[Any] | None,
    sizes: tuple[int, int | None],
) -> tuple[LeidenOptions, dict[str, Any]]:
    """Options over the nodes that have an edge, and their record for the provenance."""
    recorded: dict[str, Any] = {}
    start, held = None, None
    if initial is not None:
        checks.require_partition(initial, caller="leiden: initial=")
        codes = initial.vocabulary.lookup(vocabulary)[nodes]
        start = np.where(codes >= 0, initial.membership[codes], -1).astype(np.int32)
        recorded["initial"] = initial.membership_key
    if fixed is not None:
        if isinstance(fixed, str):
            raise OptionError(f"leiden: fixed={fixed!r} is one text: pass a list of ids.")
        mask = np.zeros(len(vocabulary), dtype=bool)
        mask[vocabulary.encode(list(fixed))] = True
        held = mask[nodes] if mask.any() else None
        recorded["fixed"] = int(mask.sum())
    if held is not None and start is not None and (start[held] < 0).any():
        lost = int(nodes[np.flatnonzero(held & (start < 0))[0]])
        raise OptionError(
            f"leiden: fixed= names {vocabulary.ids[lost : lost + 1].tolist()[0]!r} "
            f"({int((start[held] < 0).sum()):,} such nodes), which initial= assigns to no "
            "community: assign it, or do not fix it."
        )
    if held is not None and sizes[0] > 1:
        raise OptionError(
            "leiden: fixed= and min_size= contradict each other, for a small community of fixed "
            "members could not join another: leave one out."
        )
    if sizes != (1, None):
        recorded |= {"min_size": sizes[0], "max_size": sizes[1]}
    if options.theta:
        recorded["theta"] = options.theta
    return replace(options, initial=start, fixed=held, max_size=sizes[1]), recorded


def leiden(
    graph: GraphLike | Mapping[str, GraphLike],
    *,
    quality: str = "modularity",
    resolution: float | None = None,
    runs: int = 10,
    iterations: int = -1,
    theta: float = 0.0,
    initial: Partition | None = None,
    fixed: Iterable[Any] | None = None,
    min_size: int = 1,
    max_size: int | None = None,
    layer_weights: Mapping[str, float] | None = None,
    engine: str | None = None,
    rng: RNGLike | None = None,
) -> Partition:
    r"""Communities of highest quality, found by several runs of Leiden [1]_.

    A single run is not a result: sparse noise can reach a higher modularity than a planted
    structure. The partition of highest quality is returned (ties: the earliest run) with the
    agreement of the runs: see :attr:`Partition.verdict`. Runs that disagree have found nothing;
    runs that agree may do so in noise, on sparse random graphs, trees, rings and projections.
    Whether communities are more than that, :func:`graphkit.communities.rewired_null` says, and of
    a projection :func:`graphkit.communities.projection_null`.

    Every engine sees the same input: self-loops and edges of weight zero are left out, and
    nodes without an edge stay unassigned; all three are counted in the provenance. Quality
    is computed by :func:`graphkit.communities.partition_quality`, whatever the engine. Every
    community is (weakly) connected, except for members that are `fixed` together. The result
    depends on the seed, but neither on the order of nodes and edges, nor on the number of
    threads, nor, up to factors of two, on the unit of the weights.

    Several graphs over the same nodes are layers that share one partition [3]_: its quality is
    :math:`\sum_l \lambda_l Q_l`, with :math:`\lambda_l` the layer weights. Modularity is
    divided by each layer's own weight, so that λ alone sets the influence of a layer; other
    qualities keep the unit of the weights. A negative layer weight separates the ends of its
    edges, as negative edges require: see :func:`graphkit.communities.by_sign`.

    Parameters
    ----------
    graph
        Directed or undirected, weights of zero or more, also one of networkx, igraph or SciPy; or
        a mapping of layers by name, all directed or all not.
    quality
        ``"modularity"`` compares with a random graph of the same strengths; it cannot resolve
        communities that are small relative to the whole graph. ``"cpm"``, the constant Potts
        model [2]_, has no such limit, but needs a resolution. ``"rber"``, ``"surprise"`` and
        ``"significance"`` compare with the density: see
        :func:`graphkit.communities.partition_quality`.
    resolution
        γ: higher means more and smaller communities. By default 1, and for CPM the density:
        total weight over possible pairs (k(k − 1)/2, twice that if directed) among the k
        nodes that have an edge. Surprise and significance have none.
    runs
        Independent runs with different seeds; those of the native engine run in parallel.
    iterations
        Iterations in each run, each from where the last one ended. By themselves, igraph and
        leidenalg do 2, NetworKit at most 3. −1 is as many as pay: the native engine stops when
        three in succession gain nothing. From m = 50,000 edges on (opposite ones are one), it
        stops when two in succession gain at most 1e-4 · (m / 500,000)² of the total weight, from
        500,000 on when one gains at most 1e-4, and from 50,000 nodes on when one gains at most
        1e-5.
        That trades agreement between runs for time: ``iterations=1000`` goes on until three in
        succession gain nothing (from 50,000 nodes on, one). On four real graphs of 5,000 to
        50,000 nodes that took 1.5 to 3 times as long; the mean AMI of runs rose from 0.98, 0.78,
        0.994 and 0.86 to 0.99, 0.80, 0.996 and 0.87, the mean quality by at most 0.0006.
    theta
        θ of the paper's randomised merging: parts merge with probability ∝ exp(gain/θ), in
        units of the mean weight. 0 takes the highest gain. Native engine only.
    initial
        Where every run starts; nodes that it does not assign start alone.
    fixed
        Ids of nodes that stay in their `initial` community, while others may join them.
    min_size
        Communities of fewer nodes join the neighbouring community where the quality decreases
        least; those that no neighbour can take become unassigned, and are counted.
    max_size
        Most nodes in a community.
    layer_weights
        :math:`\lambda_l` by name, 1 where not given; only with layers.
    engine
        ``"native"``, graphkit's own; ``"igraph"`` and ``"leidenalg"`` are references, and
        leidenalg alone supports layers, surprise and significance. By default the first that
        supports the options.
    rng
        Seed of the runs.

    Returns
    -------
    Partition
        With `quality`, `quality_function`, `resolution` and `runs`.

    Raises
    ------
    DataError
        If the graph has no nodes or no edges, a negative weight, or nothing but self-loops
        and weights of zero; if layers share no node.
    OptionError
        For an unknown quality or engine, one that cannot do what is asked for, limits that
        contradict each other, or a number out of range.
    MissingDataError
        If `fixed` names an unknown node.
    GraphkitError
        If a reference engine fails.

    References
    ----------
    .. [1] Traag, V. A., Waltman, L. & van Eck, N. J. (2019). From Louvain to Leiden:
       guaranteeing well-connected communities. Scientific Reports, 9, 5233.
       doi:10.1038/s41598-019-41695-z
    .. [2] Traag, V. A., Van Dooren, P. & Nesterov, Y. (2011). Narrow scope for
       resolution-limit-free community detection. Physical Review E, 84, 016114.
       doi:10.1103/PhysRevE.84.016114
    .. [3] Mucha, P. J., Richardson, T., Macon, K., Porter, M. A. & Onnela, J.-P. (2010).
       Community structure in time-dependent, multiscale, and multiplex networks. Science,
       328, 876–878. doi:10.1126/science.1184819

    Examples
    --------
    Two triangles joined by one edge:

    >>> g = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    >>> p = leiden(g, rng=1)
    >>> p.membership.tolist(), round(p.quality, 9), p.stability, p.verdict
    ([0, 0, 0, 1, 1, 1], 0.357142857, 1.0, 'runs agree; null not tested')
    """
    check_choice("quality", quality, checks.QUALITIES)
    if engine is not None:
        check_choice("engine", engine, tuple(ENGINES))
    given = checks.check_resolution(resolution)
    runs = check_integer("runs", runs, 1)
    theta = check_number("theta", theta, 0, hint="0 is greedy.")
    options = LeidenOptions(checks.check_iterations(iterations), theta)
    sizes = checks.check_sizes(min_size, max_size)
    if isinstance(graph, Mapping):
        layers = check_named_graphs(graph, caller="leiden", what="layer")
        problem = of_layers(
            layers, quality, given, options, layer_weights, engine, initial, fixed, sizes
        )
    else:
        if layer_weights is not None:
            raise OptionError(
                "leiden: layer_weights= is for several layers, but one graph was given: pass a "
                "mapping from names to graphs."
            )
        graph = as_graph(graph, "leiden")
        problem = of_graph(graph, quality, given, options, engine, initial, fixed, sizes)
    streams = Streams(rng)
    # 31 bits: engines wrap larger seeds silently
    seeds = [streams.integer("leiden", number, bits=31) for number in range(runs)]

    def run_once(seed: int) -> tuple[Codes, float]:
        membership = canonical_membership(problem.run(seed))
        return membership, problem.evaluate(membership)

    try:
        alone = problem.engine != "native"
        found = in_threads(run_once, seeds, "leiden", one_by_one=alone)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"leiden was stopped before the last of its {runs} runs, and keeps none; fewer runs= take "
            "less time."
        ) from None
    memberships = np.stack([membership for membership, _ in found])
    qualities = np.array([quality for _, quality in found])
    best = int(np.argmax(qualities))
    left = int(np.count_nonzero(memberships[best] < 0))
    lost = {f"nodes in communities below {sizes[0]} that no neighbour can take": left}
    parameters = {"quality": quality, "resolution": problem.resolution, "runs": runs}
    parameters |= {"iterations": options.iterations, "engine": problem.engine}
    return Partition(
        problem.vocabulary,
        problem.expand_membership(memberships[best]),
        quality=float(qualities[best]),
        quality_function=quality,
        resolution=problem.resolution,
        runs=_run_agreement(problem, memberships, qualities),
        node_kind=problem.node_kind,
        provenance=Provenance.of(
            "leiden",
            parameters | problem.parameters,
            seed=streams.seed,
            made_from=problem.made_from,
            removed=problem.removed | (lost if left else {}),
            packages=engine_packages(problem.engine),
        ),
    )


def _run_agreement(problem: Problem, memberships: Codes, qualities: Floats) -> Runs:
    """Agreement of the runs; nodes that a run leaves unassigned are alone in it."""
    compared = memberships
    if (memberships < 0).any():
        alone = np.arange(memberships.shape[1], dtype=np.int32) + memberships.max() + 1
        filled = np.where(memberships < 0, alone, memberships)
        compared = np.stack([canonical_membership(row) for row in filled])
    agreement, consistency = compare_runs(compared)
    consistent = np.full(len(problem.vocabulary), np.nan, dtype=np.float32)
    consistent[problem.nodes] = consistency
    expanded = np.stack([problem.expand_membership(row) for row in memberships])
    return Runs(expanded, qualities, agreement, consistent)
