"""Is there more than degrees? Leiden on a graph and on random graphs of the same degrees."""

from __future__ import annotations

from functools import partial

import numpy as np

from graphkit.communities.leiden import leiden
from graphkit.communities.prepare import prepare
from graphkit.data.graph import Graph
from graphkit.data.nulls import LEVEL, NullComparison
from graphkit.data.provenance import Provenance
from graphkit.errors import check_integer
from graphkit.parallel import track
from graphkit.rng import RNGLike, Streams

__all__ = ["rewired_null"]


def rewired_null(
    graph: Graph,
    *,
    n: int = 20,
    quality: str = "modularity",
    resolution: float | None = None,
    runs: int = 10,
    swaps: float = 10.0,
    engine: str | None = None,
    rng: RNGLike | None = None,
) -> NullComparison:
    r"""Whether a graph has more community structure than its degrees alone bring about.

    Leiden runs on the graph and on `n` rewired copies, which keep the degree of every node
    and are random otherwise (:func:`graphkit.nullmodels.rewire`). Compared are the quality
    of the best partition and the mean AMI of the runs, by
    :math:`z = (x - \bar x_0) / s_0` and by the rank
    :math:`p = (1 + \#\{x_0 \ge x\}) / (n + 1)`.

    A high modularity proves nothing: the best partition of sparse noise has one, since among
    so many partitions some fit any fluctuation [1]_. Its rewired copies have it too. The test
    is about the graph as a whole. If it differs from its null, there is something beside
    degrees, which need not be communities (triangles will do), and the communities found
    need not be the right ones; if it cannot be told from its null, do not report any.

    Parameters
    ----------
    graph
        Directed or undirected, weights of zero or more. Weights are dealt anew over edges.
    n
        Number of rewired copies, 19 or more: with fewer no p can reach 0.05.
    quality, resolution
        As in :func:`graphkit.leiden`; the copies have the resolution of the graph.
    runs
        Runs of Leiden on each graph; agreement needs two.
    swaps
        Attempted swaps per edge.
    engine
        As in :func:`graphkit.leiden`; `None` takes its default.
    rng
        Seed.

    Returns
    -------
    NullComparison
        With the partition of the graph and all null values.

    Raises
    ------
    DataError
        As :func:`graphkit.leiden`.
    OptionError
        If `n` is below 19, or as :func:`graphkit.leiden`.

    References
    ----------
    .. [1] Guimerà, R., Sales-Pardo, M. & Amaral, L. A. N. (2004). Modularity from
       fluctuations in random graphs and complex networks. Physical Review E, 70, 025101.
       doi:10.1103/PhysRevE.70.025101

    Examples
    --------
    >>> from graphkit.nullmodels import planted_partition, random_graph
    >>> rewired_null(random_graph(200, 500, rng=1).graph, runs=2, rng=1).verdict
    'the graph cannot be told from its null'
    >>> planted = planted_partition([50] * 4, inside=8, outside=2, rng=1)
    >>> rewired_null(planted.graph, runs=2, rng=1).verdict
    'the graph differs from its null'
    """
    prepare(graph, verb="rewired_null")
    fewest = round(1 / LEVEL) - 1
    n = check_integer("n", n, fewest, hint=f"With fewer rewired copies no p can reach {LEVEL:g}.")
    runs = check_integer("runs", runs, 1)
    streams = Streams(rng)
    find = partial(leiden, quality=quality, runs=runs)
    if engine is not None:
        find = partial(find, engine=engine)
    found = find(graph, resolution=resolution, rng=streams.integer("graph"))
    values = np.empty((2, n))
    accepted = 0
    from graphkit.nullmodels.rewire import rewire

    for number in track(range(n), "rewired graphs", int(n)):
        copy = rewire(graph, swaps=swaps, rng=streams.integer("rewire", number))
        accepted += copy.provenance.parameters["accepted"]
        other = find(copy, resolution=found.resolution, rng=streams.integer("null", number))
        values[:, number] = other.quality, other.stability
    return NullComparison(
        found,
        values[0],
        values[1],
        Provenance.of(
            "rewired_null",
            {
                "n": int(n), "quality": quality, "resolution": found.resolution, "runs": runs,
                "swaps": swaps, "engine": engine, "accepted_swaps": accepted,
            },
            seed=streams.seed,
            made_from=(graph,),
        ),
    )  # fmt: skip
