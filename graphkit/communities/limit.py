"""Whether modularity is at its resolution limit: communities that hide smaller ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities import prepare as checks
from graphkit.communities.leiden import leiden
from graphkit.data.graph import Graph
from graphkit.data.membership import STABLE
from graphkit.data.partition import Partition
from graphkit.errors import DataError, check_integer
from graphkit.parallel import track
from graphkit.rng import RNGLike, Streams

__all__ = ["resolution_limit"]

#: Nodes from which a part is a community: pairs fall off the end of any chain.
_LEAST = 3


def resolution_limit(
    graph: Graph,
    partition: Partition,
    *,
    resolution: float | None = None,
    runs: int = 5,
    engine: str | None = None,
    rng: RNGLike | None = None,
) -> pl.DataFrame:
    r"""Which communities of a modularity partition may be several that it could not tell apart.

    Modularity joins two groups as soon as one edge more than expected runs between them,
    and in a large graph less than one is expected between any two small groups. A community
    with fewer than :math:`\sqrt{2L}` internal edges, L being all edges, may therefore hide
    smaller ones however clear they are [1]_. With weights, W their sum and
    :math:`\bar w = W / L` that of a typical edge, and at resolution γ, the same argument
    gives :math:`\sqrt{2 W \bar w / \gamma}`; for arcs it holds as it stands.

    To be below the bound is no evidence yet, nor is to be above it the contrary: a community
    may hold many small ones. A community *hides* smaller ones if modularity splits it as soon
    as it is looked at alone, in runs that agree (mean AMI ≥ 0.75), and if at least two of the
    parts have three nodes or more, are below the bound, and are communities in the whole
    graph: more than half of their strength stays inside (the weak definition of Radicchi et
    al. [2]_). Parts that depend on the run, as in a random graph, and parts tied to the rest
    more than to themselves, as in small social networks, do not count; so smaller communities
    that keep less than half of their ties are not seen here either. Chains, trees and lattices
    do fall into stable parts, and are reported.

    Parameters
    ----------
    graph
        Weights of zero or more.
    partition
        Communities of its nodes, usually of :func:`graphkit.leiden` with modularity; its ids
        must hold every node of the graph that has an edge.
    resolution
        γ; by default that of the partition, or 1 where it has none.
    runs
        Runs of Leiden on each community alone, 2 or more to say whether they agree.
    engine
        As in :func:`graphkit.leiden`; its default where absent.
    rng
        Seed of the runs.

    Returns
    -------
    polars.DataFrame
        One row per community: community, label, size, internal (weight), bound, below
        (whether internal < bound), parts (when looked at alone; 1 if it has no edge),
        agreement (mean AMI of these runs; null for one run or where there was none), weak
        (parts of three nodes or more that are communities in the whole graph and below the
        bound), hides.

    Raises
    ------
    DataError
        If the partition was found by CPM, which has no such limit, or lacks nodes of the
        graph, or the graph cannot be partitioned.
    OptionError
        For a resolution or a number of runs out of range.

    References
    ----------
    .. [1] Fortunato, S. & Barthélemy, M. (2007). Resolution limit in community detection.
       Proceedings of the National Academy of Sciences, 104, 36–41.
       doi:10.1073/pnas.0605965104
    .. [2] Radicchi, F., Castellano, C., Cecconi, F., Loreto, V. & Parisi, D. (2004). Defining
       and identifying communities in networks. Proceedings of the National Academy of
       Sciences, 101, 2658–2663. doi:10.1073/pnas.0400054101

    Examples
    --------
    Thirty triangles in a ring, taken in pairs, and one by one:

    >>> nodes = np.arange(90)
    >>> inside = 3 * (nodes // 3) + (nodes + 1) % 3
    >>> ends, starts = nodes[2::3], (nodes[::3] + 3) % 90
    >>> g = Graph.from_edges([*nodes, *ends], [*inside, *starts], directed=False)
    >>> pairs = Partition.from_membership(range(90), nodes // 6)
    >>> resolution_limit(g, pairs, rng=1).row(0, named=True)["hides"]
    True
    >>> single = Partition.from_membership(range(90), nodes // 3)
    >>> resolution_limit(g, single, rng=1).get_column("hides").any()
    False
    """
    checks.require_partition(partition, verb="resolution_limit")
    if partition.quality_function == "cpm":
        raise DataError(
            "resolution_limit: the partition was found by CPM, which has no resolution limit: "
            "give one that modularity found."
        )
    asked = resolution if resolution is not None else partition.resolution
    gamma = checks.check_resolution(asked) or 1.0
    runs = check_integer("runs", runs, 1)
    prepared = checks.prepare(graph, verb="resolution_limit")
    codes = partition.vocabulary.lookup(graph.vocabulary)[prepared.nodes]
    if (codes < 0).any():
        missing = graph.vocabulary.ids[prepared.nodes[codes < 0]].tolist()
        raise DataError(
            f"resolution_limit: node {missing[0]!r} of the graph is not in the partition "
            f"({len(missing):,} such nodes): use a partition of this graph."
        )
    out, into = prepared.strengths()
    strength = out + into if prepared.directed else out
    bound = float(prepared.weight.sum()) * math.sqrt(2 / (gamma * prepared.weight.size))
    find = leiden if engine is None else partial(leiden, engine=engine)
    streams = Streams(rng)
    count = partition.n_communities
    pieces = _alone(prepared, partition.membership[codes], count)
    rows: list[tuple[float, int, float | None, int]] = []
    for community, (nodes, piece) in enumerate(track(pieces, "resolution limit", count)):
        if piece is None:
            rows.append((0.0, 1, None, 0))
            continue
        seed = streams.integer("resolution_limit", community)
        split = find(piece, resolution=gamma, runs=runs, rng=seed)
        tail, head, weight = piece.edge_arrays()
        same = split.membership[tail] == split.membership[head]
        kept = np.bincount(
            split.membership[tail[same]], weights=weight[same], minlength=split.n_communities
        )
        touched = split.membership >= 0
        held = np.bincount(split.membership[touched], weights=strength[nodes[touched]])
        # internal edges count at both ends, so that half of the strength is 2·kept
        real = (split.sizes >= _LEAST) & (kept < bound) & (4 * kept > held)
        agreement = None if math.isnan(split.stability) else split.stability
        rows.append((piece.total_weight, split.n_communities, agreement, int(real.sum())))
    schema = {"internal": pl.Float64, "parts": pl.Int64, "agreement": pl.Float64, "weak": pl.Int64}
    found = pl.DataFrame(rows, schema=schema, orient="row")
    hides = (pl.col("weak") >= 2) & (pl.col("agreement") >= STABLE)
    return found.select(
        pl.Series("community", np.arange(count, dtype=np.int32)),
        pl.Series("label", [partition.name(c) for c in range(count)], dtype=pl.String),
        pl.Series("size", partition.sizes),
        "internal",
        pl.lit(bound).alias("bound"),
        (pl.col("internal") < bound).alias("below"),
        "parts",
        "agreement",
        "weak",
        hides.fill_null(False).alias("hides"),
    )


def _alone(
    prepared: checks.Prepared, home: npt.NDArray[np.int32], count: int
) -> Iterator[tuple[npt.NDArray[np.int64], Graph | None]]:
    """Each community's nodes and the graph among them; without an edge, `None`.

    Edges are sorted by community once, so that all pieces together cost one pass.
    """
    place = np.empty(prepared.size, dtype=np.int64)
    order = np.argsort(home, kind="stable")
    starts = np.searchsorted(home[order], np.arange(count + 1))
    place[order] = np.arange(prepared.size)
    of_edge = np.where(home[prepared.tail] == home[prepared.head], home[prepared.tail], -1)
    edges = np.argsort(of_edge, kind="stable")
    cuts = np.searchsorted(of_edge[edges], np.arange(count + 1))
    for community in range(count):
        nodes = order[starts[community] : starts[community + 1]]
        inside = edges[cuts[community] : cuts[community + 1]]
        if not inside.size:
            yield nodes, None
            continue
        tail, head = (place[e[inside]] - starts[community] for e in (prepared.tail, prepared.head))
        yield (
            nodes,
            Graph.from_edges(
                tail,
                head,
                prepared.weight[inside],
                directed=prepared.directed,
                nodes=range(nodes.size),
            ),
        )
