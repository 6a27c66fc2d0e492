"""Communities of a graph by the Leiden algorithm, over several runs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.communities import _checks as checks
from graphkit.communities._engines import ENGINES, packages, runner
from graphkit.communities.agreement import compare_runs
from graphkit.communities.quality import evaluate, resolved
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition, Runs, canonical_membership
from graphkit.data.provenance import Provenance
from graphkit.errors import check_choice
from graphkit.progress import track
from graphkit.rng import RNGLike, Streams

__all__ = ["leiden"]


def leiden(
    graph: Graph,
    *,
    quality: str = "modularity",
    resolution: float | None = None,
    runs: int = 10,
    iterations: int = -1,
    engine: str = "igraph",
    rng: RNGLike | None = None,
) -> Partition:
    """Communities that maximise modularity or CPM, found by several runs of Leiden [1]_.

    A single run is not a result: sparse noise reaches a higher modularity than many a
    planted structure, but its runs disagree. The partition of highest quality is returned
    (ties: the earliest run) with what the runs say together: see :attr:`Partition.verdict`.

    Every engine sees the same input: self-loops and edges of weight zero are left out, and
    nodes without an edge stay unassigned; all three are counted in the provenance. Quality
    is computed by :func:`graphkit.communities.partition_quality`, whatever the engine. Every
    community is (weakly) connected. The result depends on the seed, but neither on the order
    of nodes and edges nor, up to factors of two, on the unit of the weights.

    Parameters
    ----------
    graph
        Directed or undirected, weights of zero or more.
    quality
        ``"modularity"`` compares with a random graph of the same strengths; it cannot see
        communities that are small beside the whole graph. ``"cpm"``, the constant Potts
        model [2]_, has no such limit, but needs a resolution.
    resolution
        γ: higher means more and smaller communities. By default 1 for modularity, and for
        CPM the density: total weight over possible pairs (k(k − 1)/2, twice that if
        directed) among the k nodes that have an edge.
    runs
        Independent runs, each with a seed of its own.
    iterations
        Iterations in each run, −1 for as many as improve the quality.
    engine
        ``"igraph"`` or ``"leidenalg"``, the algorithm's first implementation.
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
        and weights of zero.
    OptionError
        For an unknown quality or engine, or a resolution, number of runs or of iterations
        out of range.
    GraphkitError
        If the engine fails.

    References
    ----------
    .. [1] Traag, V. A., Waltman, L. & van Eck, N. J. (2019). From Louvain to Leiden:
       guaranteeing well-connected communities. Scientific Reports, 9, 5233.
       doi:10.1038/s41598-019-41695-z
    .. [2] Traag, V. A., Van Dooren, P. & Nesterov, Y. (2011). Narrow scope for
       resolution-limit-free community detection. Physical Review E, 84, 016114.
       doi:10.1103/PhysRevE.84.016114

    Examples
    --------
    Two triangles joined by one edge:

    >>> g = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    >>> p = leiden(g, rng=1)
    >>> p.membership.tolist(), round(p.quality, 9), p.stability, p.verdict
    ([0, 0, 0, 1, 1, 1], 0.357142857, 1.0, 'stable')
    """
    check_choice("quality", quality, checks.QUALITIES)
    check_choice("engine", engine, ENGINES)
    given = checks.check_resolution(resolution)
    runs = checks.check_runs(runs)
    iterations = checks.check_iterations(iterations)
    prepared = checks.prepare(graph, verb="leiden")
    gamma = resolved(prepared, quality, given)
    streams = Streams(rng)
    run = runner(prepared, engine=engine, quality=quality, resolution=gamma, iterations=iterations)
    found: list[npt.NDArray[np.int32]] = []
    for number in track(range(runs), "leiden", runs):
        # 31 bits: engines wrap larger seeds silently
        found.append(canonical_membership(run(streams.integer("leiden", number, bits=31))))
    memberships = np.stack(found)
    qualities = np.array([evaluate(prepared, m, quality, gamma) for m in found])
    agreement, consistency = compare_runs(memberships)
    spread = np.full((runs, graph.n_nodes), -1, dtype=np.int32)
    spread[:, prepared.nodes] = memberships
    full_consistency = np.full(graph.n_nodes, np.nan, dtype=np.float32)
    full_consistency[prepared.nodes] = consistency
    best = int(np.argmax(qualities))
    return Partition(
        graph.vocabulary,
        spread[best],
        quality=float(qualities[best]),
        quality_function=quality,
        resolution=gamma,
        runs=Runs(spread, qualities, agreement, full_consistency),
        node_kind=graph.node_kind,
        provenance=Provenance.of(
            "leiden",
            {
                "quality": quality,
                "resolution": gamma,
                "runs": runs,
                "iterations": iterations,
                "engine": engine,
            },
            seed=streams.seed,
            made_from=(graph,),
            removed=prepared.removed,
            packages=packages(engine),
        ),
    )
