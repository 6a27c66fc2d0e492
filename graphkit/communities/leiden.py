"""Communities of a graph by the Leiden algorithm, over several runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities import prepare as checks
from graphkit.communities._engines import ENGINES, Wishes
from graphkit.communities._problem import Problem, of_graph, of_layers
from graphkit.communities.comparison import compare_runs
from graphkit.data.graph import Graph
from graphkit.data.membership import Runs, canonical_membership
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import OptionError, check_choice, check_integer, check_number
from graphkit.parallel import track
from graphkit.rng import RNGLike, Streams
from graphkit.threads import in_threads

__all__ = ["leiden"]


def leiden(
    graph: Graph | Mapping[str, Graph],
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

    A single run is not a result: sparse noise reaches a higher modularity than many a
    planted structure, but its runs disagree. The partition of highest quality is returned
    (ties: the earliest run) with what the runs say together: see :attr:`Partition.verdict`.

    Every engine sees the same input: self-loops and edges of weight zero are left out, and
    nodes without an edge stay unassigned; all three are counted in the provenance. Quality
    is computed by :func:`graphkit.communities.partition_quality`, whatever the engine. Every
    community is (weakly) connected, but for members that are `fixed` together. The result
    depends on the seed, but neither on the order of nodes and edges, nor on the number of
    threads, nor, up to factors of two, on the unit of the weights.

    Several graphs over the same nodes are layers, and share one partition [3]_: its quality
    is :math:`\sum_l \lambda_l Q_l`, with :math:`\lambda_l` the layer weights. Modularity is
    divided by each layer's own weight, so that λ alone says how much a layer counts; other
    qualities keep the unit of the weights. A layer of negative weight pushes apart, which is
    how negative ties are meant: see :func:`graphkit.communities.by_sign`.

    Parameters
    ----------
    graph
        Directed or undirected, weights of zero or more; or a mapping of layers by name, all
        directed or all not.
    quality
        ``"modularity"`` compares with a random graph of the same strengths; it cannot see
        communities that are small beside the whole graph. ``"cpm"``, the constant Potts
        model [2]_, has no such limit, but needs a resolution. ``"rber"``, ``"surprise"`` and
        ``"significance"`` compare with the density: see
        :func:`graphkit.communities.partition_quality`.
    resolution
        γ: higher means more and smaller communities. By default 1, and for CPM the density:
        total weight over possible pairs (k(k − 1)/2, twice that if directed) among the k
        nodes that have an edge. Surprise and significance have none.
    runs
        Independent runs, each with a seed of its own; those of the native engine side by
        side on all cores.
    iterations
        Iterations in each run, each from where the last one ended. −1 is as many as improve
        the quality: the native engine stops when three in succession gain nothing or, from
        50,000 nodes on, when one gains less than 1e-5 of the total weight.
    theta
        θ of the paper's randomised merging: parts merge with probability ∝ exp(gain/θ), in
        units of the mean weight. 0 takes the highest gain. Native engine only.
    initial
        Where every run starts; nodes that it does not assign start alone.
    fixed
        Ids of nodes that stay in their `initial` community, while others may join them.
    min_size
        Communities of fewer nodes join the neighbouring community where the quality loses
        least; those that no neighbour can take become unassigned, and are counted.
    max_size
        Most nodes in a community.
    layer_weights
        :math:`\lambda_l` by name, 1 where not given; only with layers.
    engine
        ``"native"``, graphkit's own; ``"igraph"`` and ``"leidenalg"`` are references, and
        leidenalg does what only it can: layers, surprise and significance. By default the
        first that can do what is asked for.
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
    ([0, 0, 0, 1, 1, 1], 0.357142857, 1.0, 'stable')
    """
    check_choice("quality", quality, checks.QUALITIES)
    if engine is not None:
        check_choice("engine", engine, tuple(ENGINES))
    given = checks.check_resolution(resolution)
    runs = check_integer("runs", runs, 1)
    theta = check_number("theta", theta, 0, hint="0 is greedy.")
    wishes = Wishes(checks.check_iterations(iterations), theta)
    sizes = checks.check_sizes(min_size, max_size)
    if isinstance(graph, Mapping):
        problem = of_layers(
            graph, quality, given, wishes, layer_weights, engine, initial, fixed, sizes
        )
    else:
        if layer_weights is not None:
            raise OptionError(
                "leiden: layer_weights= is for several layers, but one graph was given: pass a "
                "mapping from names to graphs."
            )
        problem = of_graph(graph, quality, given, wishes, engine, initial, fixed, sizes)
    streams = Streams(rng)
    # 31 bits: engines wrap larger seeds silently
    seeds = [streams.integer("leiden", number, bits=31) for number in range(runs)]
    if problem.engine == "native":
        found = in_threads(problem.run, seeds, "leiden")
    else:
        found = [problem.run(seed) for seed in track(seeds, "leiden", runs)]
    memberships = np.stack([canonical_membership(one) for one in found])
    qualities = np.array([problem.evaluate(one) for one in memberships])
    best = int(np.argmax(qualities))
    return Partition(
        problem.vocabulary,
        problem.everywhere(memberships[best]),
        quality=float(qualities[best]),
        quality_function=quality,
        resolution=problem.resolution,
        runs=_evidence(problem, memberships, qualities),
        node_kind=problem.node_kind,
        provenance=Provenance.of(
            "leiden",
            {
                "quality": quality, "resolution": problem.resolution, "runs": runs,
                "iterations": wishes.iterations, "engine": problem.engine,
                **problem.parameters,
            },
            seed=streams.seed,
            made_from=problem.made_from,
            removed=problem.removed | _homeless(memberships[best], sizes[0]),
            packages=problem.packages,
        ),
    )  # fmt: skip


def _evidence(
    problem: Problem, memberships: npt.NDArray[np.int32], qualities: npt.NDArray[np.float64]
) -> Runs:
    """What the runs say together; nodes that a run leaves unassigned are alone in it."""
    compared = memberships
    if (memberships < 0).any():
        alone = np.arange(memberships.shape[1], dtype=np.int32) + memberships.max() + 1
        filled = np.where(memberships < 0, alone, memberships)
        compared = np.stack([canonical_membership(row) for row in filled])
    agreement, consistency = compare_runs(compared)
    consistent = np.full(problem.n_nodes, np.nan, dtype=np.float32)
    consistent[problem.nodes] = consistency
    everywhere = np.stack([problem.everywhere(row) for row in memberships])
    return Runs(everywhere, qualities, agreement, consistent)


def _homeless(membership: npt.NDArray[np.int32], min_size: int) -> dict[str, int]:
    left = int(np.count_nonzero(membership < 0))
    return (
        {f"nodes in communities below {min_size} that no neighbour can take": left} if left else {}
    )
