"""How good each community is: size, density, borders, sureness, and its weakest cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities.prepare import Prepared, prepare, require_partition
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError

__all__ = ["community_report"]

#: Below this consistency a node's place is a matter of the seed more often than not.
LOW_CONFIDENCE = 0.5

Floats = npt.NDArray[np.float64]


def community_report(graph: Graph, partition: Partition) -> pl.DataFrame:
    r"""One row per community: how dense, how open, how sure, and how easily cut in two.

    With :math:`n_c` the members of community c, :math:`e_c` the edges (arcs) between them,
    :math:`w_c` their weight, :math:`x_c` the weight of edges with one end in c, in either
    direction, and W the weight of all edges:

    * density = :math:`2 e_c / (n_c (n_c - 1))`, half of that if directed;
    * conductance = :math:`x_c / \min(v_c, 2W - v_c)` with :math:`v_c = 2 w_c + x_c`; 0 for a
      community without ties to others, 1 for one without ties inside;
    * min_cut = the fewest edges whose removal parts the community in two, edges counted
      without weight and direction, arcs both ways as one; 0 for one that is in pieces. A
      community is *well connected* if it is above :math:`\log_{10} n_c` [1]_. Counting stops
      at cut_needed, the smallest number above that bound: a min_cut of cut_needed means
      that many or more. It is a strict test: one member with a single tie inside makes a cut
      of 1, however dense the others are.

    Nodes that the partition leaves unassigned, and nodes of the graph that it does not know,
    are outside every community. Self-loops and edges of weight zero are left out, as
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
        consistency is below 0.5), min_cut, cut_needed, well_connected. Null are: density,
        cut and well_connected of a single node; conductance where one side has no ties;
        consistency and low_confidence without several runs.

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

    >>> g = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    >>> p = Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 1])
    >>> report = community_report(g, p)
    >>> report.select("size", "edges", "density", "external_weight", "min_cut").row(0)
    (3, 3, 1.0, 1.0, 1)
    >>> report["conductance"].to_list(), report["well_connected"].to_list()
    ([0.14285714285714285, 0.14285714285714285], [True, True])
    """
    require_partition(partition, verb="community_report")
    prepared = prepare(graph, verb="community_report")
    places = graph.vocabulary.lookup(partition.vocabulary)
    lost = np.flatnonzero(places < 0)
    if lost.size:
        raise DataError(
            f"community_report: node {partition.vocabulary.ids[lost[0]]!r} of the partition is "
            f"not in the graph ({lost.size:,} such nodes): use the graph in which the "
            "communities were found."
        )
    homes = np.full(graph.n_nodes, -1, dtype=np.int32)
    homes[places] = partition.membership
    count, sizes = partition.n_communities, partition.sizes
    tails, heads = (homes[prepared.nodes[end]] for end in (prepared.tail, prepared.head))
    inside = (tails == heads) & (tails >= 0)
    edges = np.bincount(tails[inside], minlength=count)
    internal, external = _weights(prepared.weight, tails, heads, count)
    volume = 2 * internal + external
    # the rest is summed, not taken off the total, which would leave rounding errors
    rest = 2 * (internal.sum() - internal) + _outer_ends(prepared.weight, tails, heads, count)
    pairs = sizes * (sizes - 1.0) / (1 if prepared.directed else 2)
    cuts, needed = _cuts(prepared, homes, sizes, inside)
    alone = sizes < 2
    columns = {
        "community": pl.Series(np.arange(count, dtype=np.int32)),
        "label": pl.Series([partition.name(c) for c in range(count)], dtype=pl.String),
        "size": pl.Series(sizes, dtype=pl.Int64),
        "edges": pl.Series(edges, dtype=pl.Int64),
        "density": _ratio(edges.astype(np.float64), pairs),
        "internal_weight": pl.Series(internal),
        "external_weight": pl.Series(external),
        "conductance": _ratio(external, np.minimum(volume, rest)),
        **_sureness(partition),
        "min_cut": pl.Series(
            [None if a else c for a, c in zip(alone, cuts, strict=True)], dtype=pl.Int64
        ),
        "cut_needed": pl.Series(needed, dtype=pl.Int64),
        "well_connected": pl.Series(
            [None if a else bool(c >= k) for a, c, k in zip(alone, cuts, needed, strict=True)],
            dtype=pl.Boolean,
        ),
    }
    return pl.DataFrame(columns)


def _weights(
    weight: Floats, tails: npt.NDArray[np.int32], heads: npt.NDArray[np.int32], count: int
) -> tuple[Floats, Floats]:
    """Weight inside each community, and of edges with one end in it."""
    inside = (tails == heads) & (tails >= 0)
    internal = np.bincount(tails[inside], weights=weight[inside], minlength=count)
    external = np.zeros(count)
    for ends in (tails, heads):
        leaving = (tails != heads) & (ends >= 0)
        external += np.bincount(ends[leaving], weights=weight[leaving], minlength=count)
    return internal.astype(np.float64), external


def _outer_ends(
    weight: Floats, tails: npt.NDArray[np.int32], heads: npt.NDArray[np.int32], count: int
) -> Floats:
    """Weight of the edge ends outside each community, but for edges inside another one."""
    crossing = (tails != heads) | (tails < 0)
    own = np.zeros(count)
    for ends in (tails, heads):
        held = crossing & (ends >= 0)
        own += np.bincount(ends[held], weights=weight[held], minlength=count)
    outer: Floats = 2 * float(weight[crossing].sum()) - own
    return outer


def _ratio(above: Floats, below: Floats) -> pl.Series:
    """Quotients, null where the divisor is zero."""
    found = np.divide(above, below, out=np.full(above.size, np.nan), where=below > 0)
    return pl.Series(found).fill_nan(None)


def _sureness(partition: Partition) -> dict[str, pl.Series]:
    """Mean consistency of each community, and the share of members that lack it."""
    count = partition.n_communities
    if partition.consistency is None:
        absent = pl.Series([None] * count, dtype=pl.Float64)
        return {"consistency": absent, "low_confidence": absent}
    assigned = partition.membership >= 0
    homes = partition.membership[assigned]
    values = partition.consistency[assigned].astype(np.float64)
    low = np.where(np.isnan(values), np.nan, values < LOW_CONFIDENCE)
    return {
        name: pl.Series(np.bincount(homes, weights=of, minlength=count) / partition.sizes).fill_nan(
            None
        )
        for name, of in (("consistency", values), ("low_confidence", low))
    }


def _cuts(
    prepared: Prepared,
    homes: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.int64],
    inside: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Smallest cut of each community, counted up to the one needed, and the one needed."""
    from graphkit.kernels.mincut import bounded_cuts

    # the smallest whole number above log10(n) is the number of digits of n
    needed = np.searchsorted(10 ** np.arange(19), sizes, side="right").astype(np.int64)
    order = np.argsort(homes, kind="stable")
    order = order[homes[order] >= 0]
    first = np.cumsum(sizes) - sizes
    local = np.full(homes.size, -1, dtype=np.int64)
    local[order] = np.arange(order.size) - first[homes[order]]
    tail, head = (prepared.nodes[end[inside]] for end in (prepared.tail, prepared.head))
    low, high = np.minimum(tail, head).astype(np.int64), np.maximum(tail, head)
    once = np.unique(low * homes.size + high)  # arcs both ways are one edge
    low, high = once // homes.size, once % homes.size
    by_home = np.argsort(homes[low], kind="stable")
    low, high = low[by_home], high[by_home]
    starts = np.searchsorted(homes[low], np.arange(sizes.size + 1))
    ends = (local[end].astype(np.int32) for end in (low, high))
    cuts: npt.NDArray[np.int64] = bounded_cuts(sizes, starts, *ends, needed)
    return cuts, needed
