"""Consensus clustering: one partition from the co-association of several runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graphkit.communities.comparison import compare_runs
from graphkit.communities.engines import split_disconnected
from graphkit.communities.leiden import leiden
from graphkit.communities.prepare import (
    QUALITIES,
    Codes,
    Counts,
    Floats,
    Mask,
    Prepared,
    check_resolution,
    prepare,
    require_partition,
)
from graphkit.communities.quality import evaluate, resolve_resolution
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.membership import canonical_membership
from graphkit.data.partition import Partition, Runs
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, check_choice, check_integer, check_number, warn
from graphkit.rng import RNGLike, Streams

__all__ = ["consensus"]

#: Limit of the rounds; three are usual.
MAX_ROUNDS = 20


def consensus(
    partition: Partition | Sequence[Partition],
    graph: GraphLike,
    *,
    threshold: float = 0.5,
    quality: str | None = None,
    resolution: float | None = None,
    runs: int = 10,
    rng: RNGLike | None = None,
) -> Partition:
    r"""The partition on which several runs agree, by clustering their co-association.

    The co-association of an edge is the share of runs that put its two ends together.
    Following [1]_, on the edges of the graph alone as in [2]_, each edge's weight is
    multiplied by its co-association, edges below `threshold` are dropped (a node that would
    lose all its edges keeps the one of highest co-association), the graph is clustered by
    several runs of Leiden again, and so on with those runs, until they all agree. For CPM
    the resolution shrinks with the weights, so that it keeps its ratio to the density. The
    order of the runs changes nothing.

    Runs on the co-association agree in the end even on noise. So the result carries the
    agreement of the runs that were *given*: that of a consensus of runs on noise is low, and
    :meth:`Partition.confident` removes nearly all of it.

    Parameters
    ----------
    partition
        From several runs of :func:`graphkit.leiden`, or several partitions of the same
        nodes, each of which counts as one run. A node stays unassigned if more than half of
        them leave it so.
    graph
        The graph in which the runs were made.
    threshold
        Least co-association that counts, in [0, 1).
    quality, resolution
        What Leiden maximises, and `quality` of the result. By default those of the
        partitions; modularity if they have none or differ.
    runs
        Runs of Leiden in each round.
    rng
        Seed of these runs.

    Returns
    -------
    Partition
        With the quality in the graph as given, and the given `runs`. Communities are (weakly)
        connected. The provenance has the number of rounds and whether they converged.

    Raises
    ------
    DataError
        If the partition has no runs, partitions differ in their nodes, or the graph's nodes
        are others.
    OptionError
        For a threshold, quality, resolution or number of runs out of range.

    Warns
    -----
    GraphkitWarning
        If the runs still differ after 20 rounds; the best of the last ones is returned.

    References
    ----------
    .. [1] Lancichinetti, A. & Fortunato, S. (2012). Consensus clustering in complex networks.
       Scientific Reports, 2, 336. doi:10.1038/srep00336
    .. [2] Tandon, A., Albeshri, A., Thayananthan, V., Alhalabi, W. & Fortunato, S. (2019).
       Fast consensus clustering in complex networks. Physical Review E, 99, 042301.
       doi:10.1103/PhysRevE.99.042301

    Examples
    --------
    Two triangles joined by one edge; two of three opinions see them:

    >>> g = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    >>> seen = [[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]]
    >>> p = consensus([Partition.from_membership("abcdef", m) for m in seen], g, rng=1)
    >>> p.membership.tolist(), [f"{c:.2f}" for c in p.consistency]
    ([0, 0, 0, 1, 1, 1], ['0.78', '0.78', '0.50', '0.83', '0.83', '0.83'])
    """
    given = _collect_runs(partition)
    threshold = check_number("threshold", threshold, 0, 1, high_open=True)
    runs = check_integer("runs", runs, 1)
    graph = as_graph(graph, "consensus")
    prepared = prepare(graph, caller="consensus")
    if given.partitions[0].vocabulary != graph.vocabulary:
        raise DataError(
            "consensus: the graph's nodes are not those of the partition "
            f"({graph.n_nodes:,} and {len(given.partitions[0].vocabulary):,} nodes): use the "
            "graph in which the runs were made."
        )
    quality, resolution = _choose_objective(given.partitions, quality, resolution)
    gamma = resolve_resolution(prepared, quality, resolution)
    streams = Streams(rng)
    start = given.memberships[:, prepared.nodes]
    left = (start < 0).mean(axis=0) > 0.5
    found, rounds, converged = _iterate_consensus(
        prepared, start, threshold, quality, gamma, runs, streams
    )
    if not converged:
        warn(
            f"consensus: after {MAX_ROUNDS} rounds the runs still differ: the best of the last "
            "ones is returned. Raise threshold= or runs=."
        )
    found = _connected_parts(prepared, found, left)
    membership = canonical_membership(prepared.expand_nodes(found, -1))
    value = evaluate(prepared, membership[prepared.nodes], quality, gamma)
    alone = int(np.count_nonzero(left))
    removed = {"nodes that most runs leave unassigned": alone} if alone else {}
    parameters = {"threshold": threshold, "quality": quality, "resolution": gamma, "runs": runs}
    return Partition(
        graph.vocabulary,
        membership,
        quality=value,
        quality_function=quality,
        resolution=gamma,
        runs=given.run_agreement(prepared, quality, gamma),
        node_kind=graph.node_kind,
        provenance=Provenance.of(
            "consensus",
            parameters | {"rounds": rounds, "converged": converged},
            seed=streams.seed,
            made_from=(*given.partitions, graph),
            removed=prepared.removed | removed,
        ),
    )


@dataclass(frozen=True, eq=False)
class _GivenRuns:
    """The given runs: memberships of shape (runs, n), and the partitions they come from."""

    partitions: tuple[Partition, ...]
    memberships: Codes

    def run_agreement(self, prepared: Prepared, quality: str, gamma: float) -> Runs:
        """Agreement of the given runs; computed where single partitions were given."""
        first = self.partitions[0]
        if len(self.partitions) == 1 and first.runs is not None:
            return first.runs
        inner = self.memberships[:, prepared.nodes]
        qualities = [evaluate(prepared, row, quality, gamma) for row in inner]
        agreement, consistency = compare_runs(_without_gaps(inner))
        consistent = prepared.expand_nodes(consistency, np.nan)
        return Runs(self.memberships, np.array(qualities), agreement, consistent)


def _collect_runs(partition: Partition | Sequence[Partition]) -> _GivenRuns:
    if isinstance(partition, Partition):
        if partition.runs is None:
            raise DataError(
                "consensus: the partition has no runs: take one from leiden(graph, runs=10), "
                "or pass several partitions of the same nodes."
            )
        return _GivenRuns((partition,), partition.runs.memberships)
    several = tuple(partition)
    if not several:
        raise DataError("consensus: no partition was given.")
    for number, one in enumerate(several):
        require_partition(one, caller="consensus")
        if one.vocabulary != several[0].vocabulary:
            raise DataError(
                f"consensus: partition {number} has other nodes than partition 0 "
                f"({len(one.vocabulary):,} and {len(several[0].vocabulary):,}): all must divide "
                "the same nodes."
            )
    return _GivenRuns(several, np.stack([one.membership for one in several]))


def _choose_objective(
    partitions: Sequence[Partition], quality: str | None, resolution: float | None
) -> tuple[str, float | None]:
    """Quality and resolution: those given, or those that all partitions share."""
    if quality is not None:
        check_choice("quality", quality, QUALITIES)
    said = {(p.quality_function, p.resolution) for p in partitions}
    function, gamma = said.pop() if len(said) == 1 else ("", None)
    if quality is None:
        quality = function if function in QUALITIES else "modularity"
    if resolution is None and quality == function:
        resolution = gamma
    return quality, check_resolution(resolution)


def _iterate_consensus(
    prepared: Prepared,
    memberships: Codes,
    threshold: float,
    quality: str,
    gamma: float,
    runs: int,
    streams: Streams,
) -> tuple[Codes, int, bool]:
    """Consensus membership, number of rounds, and whether all runs agree."""
    for finished in range(MAX_ROUNDS + 1):
        together = _count_together(prepared, memberships)
        if np.isin(together, (0, len(memberships))).all():
            return memberships[0], finished, True
        if finished == MAX_ROUNDS:
            break
        share = together / len(memberships)
        weight = prepared.weight * np.where(_keep_edges(prepared, share, threshold), share, 0.0)
        scale = float(weight.sum()) / float(prepared.weight.sum()) if quality == "cpm" else 1.0
        used = weight > 0
        weighted = Graph.from_edges(
            prepared.source[used],
            prepared.target[used],
            weight[used],
            directed=prepared.directed,
            nodes=np.arange(prepared.size),
        )
        seed = streams.integer("consensus", finished)
        again = leiden(weighted, quality=quality, resolution=gamma * scale, runs=runs, rng=seed)
        assert again.runs is not None
        memberships = _without_gaps(again.runs.memberships)
    values = [evaluate(prepared, row, quality, gamma) for row in memberships]
    return memberships[int(np.argmax(values))], MAX_ROUNDS, False


def _count_together(prepared: Prepared, memberships: Codes) -> Counts:
    """Number of runs in which the two ends of each edge share a community."""
    found = np.zeros(prepared.source.size, dtype=np.int64)
    for row in memberships:
        code = row[prepared.source]
        found += (code == row[prepared.target]) & (code >= 0)
    return found


def _keep_edges(prepared: Prepared, share: Floats, threshold: float) -> Mask:
    """Edges that reach the threshold, and the best edge of any node that has none."""
    kept = share >= threshold
    for node, other in ((prepared.source, prepared.target), (prepared.target, prepared.source)):
        linked = np.zeros(prepared.size, dtype=bool)
        linked[prepared.source[kept]] = linked[prepared.target[kept]] = True
        loose = np.flatnonzero(~linked[node] & (share > 0))
        # by share, then weight, then position of the neighbour
        order = np.lexsort((other[loose], -prepared.weight[loose], -share[loose], node[loose]))
        _, first = np.unique(node[loose[order]], return_index=True)
        kept[loose[order[first]]] = True
    return kept


def _without_gaps(memberships: Codes) -> Codes:
    """Canonical memberships in which each unassigned node is a singleton community."""
    width = memberships.shape[1]
    alone = int(memberships.max(initial=-1)) + 1 + np.arange(width)
    filled = np.where(memberships < 0, alone, memberships)
    return np.stack([canonical_membership(row) for row in filled])


def _connected_parts(prepared: Prepared, membership: Codes, left: Mask) -> Codes:
    """Connected parts of the communities; nodes left unassigned stay so."""
    filled = _without_gaps(membership[None, :])[0]
    top = int(filled.max(initial=0)) + 1
    separate = np.where(left, top + np.arange(filled.size), filled).astype(np.int32)
    found = split_disconnected(prepared, separate)
    return np.where(left, -1, found).astype(np.int32)
