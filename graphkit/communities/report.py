"""Report on each community: density, conductance, node consistency and minimum cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from graphkit.communities.prepare import (
    Codes,
    Counts,
    Floats,
    Prepared,
    community_columns,
    prepare,
    require_partition,
)
from graphkit.data.graph import GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError

__all__ = ["community_report"]

#: Below this consistency a node's community depends on the seed more often than not.
LOW_CONFIDENCE = 0.5


@dataclass(frozen=True, eq=False)
class EdgeSums:
    """Edges inside each community, and weights inside, leaving and entering it, shape (count,).

    An edge of an undirected graph leaves the smaller node and enters the other. `between` is the
    weight of all edges that are inside no community.
    """

    edges: Counts
    inside: Floats
    leaving: Floats
    entering: Floats
    between: float

    @classmethod
    def of_codes(cls, prepared: Prepared, codes: Codes, count: int, *, weighted: bool) -> EdgeSums:
        """Sums over the edges of a graph; `codes` are −1 where a node is in no community."""
        from graphkit.kernels.partitions import sum_edges

        weights = prepared.weights if weighted else prepared.weights[:0]
        edges = np.zeros(count, dtype=np.int64)
        inside, leaving, entering = np.zeros((3, count))
        between = np.empty(weights.size)
        rows = prepared.indptr, prepared.indices, weights, codes, prepared.directed
        others = sum_edges(*rows, edges, inside, leaving, entering, between)
        rest = float(between[:others].sum()) if weights.size else float(others)
        return cls(edges, inside, leaving, entering, rest)


def community_report(graph: GraphLike, partition: Partition) -> pl.DataFrame:
    r"""Density, conductance, confidence and minimum cut of each community.

    With :math:`n_c` the members of community c, :math:`e_c` the edges between them,
    :math:`w_c` their weight, :math:`x_c` the weight of edges with one end in c, in either
    direction, and W the weight of all edges:

    * density = :math:`2 e_c / (n_c (n_c - 1))`, half of that if directed;
    * conductance = :math:`x_c / \min(v_c, 2W - v_c)` with :math:`v_c = 2 w_c + x_c`; 0 for a
      community without edges to others, 1 for one without edges inside;
    * min_cut = the fewest edges whose removal disconnects the community, without weight and
      direction, reciprocal edges counted once; 0 if it is disconnected. A community is *well
      connected* if it is above :math:`\log_{10} n_c` [1]_. Counting stops at cut_needed, the
      smallest number above that bound: a min_cut of cut_needed means that many or more. The
      test is strict: one member with a single edge inside makes a cut of 1, however dense the
      others are.

    Unassigned nodes, and nodes of the graph that the partition lacks, are outside every
    community. Self-loops and edges of weight zero are left out, as
    :func:`graphkit.leiden` does.

    Parameters
    ----------
    graph
        Directed or undirected, weights of zero or more.
    partition
        All its nodes must be in the graph.

    Returns
    -------
    polars.DataFrame
        community, label, size, edges, density, internal_weight, external_weight,
        conductance, consistency (mean over members), low_confidence (share of members whose
        consistency is below 0.5), min_cut, cut_needed, well_connected. Density, cut and
        well_connected of a single node are null, as are conductance where one side has no
        edges, and consistency and low_confidence without several runs.

    Raises
    ------
    DataError
        If the partition has a node that the graph lacks, or the graph no edges or a negative
        weight.

    References
    ----------
    .. [1] Park, M., Tabatabaee, Y., Ramavarapu, V., Liu, B., Pailodi, V. K.,
       Ramachandran, R., Korobskiy, D., Ayres, F., Chacko, G. & Warnow, T. (2024).
       Well-connectedness and community detection. PLOS Complex Systems, 1(3), e0000009.
       doi:10.1371/journal.pcsy.0000009

    Examples
    --------
    Two triangles joined by one edge:

    >>> from graphkit import Graph
    >>> g = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    >>> p = Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 1])
    >>> report = community_report(g, p)
    >>> report.select("size", "edges", "density", "external_weight", "min_cut").row(0)
    (3, 3, 1.0, 1.0, 1)
    >>> report["conductance"].to_list(), report["well_connected"].to_list()
    ([0.14285714285714285, 0.14285714285714285], [True, True])
    """
    require_partition(partition, caller="community_report")
    graph = as_graph(graph, "community_report")
    prepared = prepare(graph, caller="community_report")
    positions = graph.vocabulary.lookup(partition.vocabulary)
    lost = np.flatnonzero(positions < 0)
    if lost.size:
        raise DataError(
            f"community_report: node {partition.vocabulary.ids[lost[0]]!r} of the partition is "
            f"not in the graph ({lost.size:,} such nodes): use the graph in which the "
            "communities were found."
        )
    membership = np.full(graph.n_nodes, -1, dtype=np.int32)
    membership[positions] = partition.membership
    count, sizes = partition.n_communities, partition.sizes
    codes = membership[prepared.nodes]
    sums = EdgeSums.of_codes(prepared, codes, count, weighted=True)
    internal, external = sums.inside, sums.leaving + sums.entering
    # the rest is summed, not subtracted from the total, which would leave rounding errors
    rest = 2 * (internal.sum() - internal) + (2 * sums.between - external)
    pairs = sizes * (sizes - 1.0) / (1 if prepared.directed else 2)
    cuts, needed = _minimum_cuts(prepared, codes, sizes)
    several = pl.Series(sizes >= 2)
    columns = community_columns(partition) | {
        "edges": pl.Series(sums.edges, dtype=pl.Int64),
        "density": _null_ratio(sums.edges.astype(np.float64), pairs),
        "internal_weight": internal,
        "external_weight": external,
        "conductance": _null_ratio(external, np.minimum(2 * internal + external, rest)),
        **_mean_confidence(partition),
        "min_cut": pl.Series(cuts, dtype=pl.Int64),
        "cut_needed": pl.Series(needed, dtype=pl.Int64),
        "well_connected": pl.Series(cuts >= needed, dtype=pl.Boolean),
    }
    known = pl.when(several).then(pl.col("min_cut", "well_connected"))
    return pl.DataFrame(columns).with_columns(known)


def _null_ratio(above: Floats, below: Floats) -> pl.Series:
    """Quotients, null where the divisor is zero."""
    found = np.divide(above, below, out=np.full(above.size, np.nan), where=below > 0)
    return pl.Series(found).fill_nan(None)


def _mean_confidence(partition: Partition) -> dict[str, pl.Series]:
    """Mean consistency of each community, and its share of members of low consistency."""
    count = partition.n_communities
    if partition.consistency is None:
        absent = pl.Series([None] * count, dtype=pl.Float64)
        return {"consistency": absent, "low_confidence": absent}
    assigned = partition.membership >= 0
    codes = partition.membership[assigned]
    values = partition.consistency[assigned].astype(np.float64)
    low = np.where(np.isnan(values), np.nan, values < LOW_CONFIDENCE)
    sums = (np.bincount(codes, weights=v, minlength=count) for v in (values, low))
    means = [pl.Series(total / partition.sizes).fill_nan(None) for total in sums]
    return {"consistency": means[0], "low_confidence": means[1]}


def _minimum_cuts(prepared: Prepared, codes: Codes, sizes: Counts) -> tuple[Counts, Counts]:
    """Minimum cut of each community, counted up to the one needed, and the one needed."""
    from graphkit.kernels.mincut import community_cuts

    # the smallest whole number above log10(n) is the number of digits of n
    needed = np.searchsorted(10 ** np.arange(19), sizes, side="right").astype(np.int64)
    rows = prepared.indptr, prepared.indices
    cuts: Counts = community_cuts(*rows, codes, prepared.directed, sizes, needed)
    return cuts, needed
