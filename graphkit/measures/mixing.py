"""How much of a graph stays inside communities: the mixing matrix and the E–I index."""

from __future__ import annotations

import numpy as np

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.results import Mixing
from graphkit.errors import DataError

__all__ = ["mixing"]


def mixing(graph: Graph, partition: Partition) -> Mixing:
    """The weight of a graph's edges between every two communities, against independence.

    With w_ab the weight of edges from community a to b, expected is
    w_a· w_·b / w_··, and the E–I index is (E − I) / (E + I), I the weight inside
    communities and E across (Krackhardt & Stern 1988). Self-loops are left out: they
    cannot cross. So are edges with an end that is unassigned or unknown to the partition;
    they are counted.

    Parameters
    ----------
    graph
        Its nodes may be more or fewer than the partition's; ids are matched.
    partition
        The communities.

    Returns
    -------
    Mixing
        Observed and expected matrices, shape (C, C), and the index.

    Raises
    ------
    DataError
        If the graph has no edge between nodes of communities.

    References
    ----------
    Krackhardt, D., & Stern, R. N. (1988). Informal networks and organizational crises.
    Social Psychology Quarterly, 51(2), 123–140. https://doi.org/10.2307/2786835

    Examples
    --------
    >>> g = Graph.from_edges(["a", "b", "c"], ["b", "c", "d"], directed=False)
    >>> p = Partition.from_membership(["a", "b", "c", "d"], [0, 0, 1, 1])
    >>> mixing(g, p).observed.tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    >>> round(mixing(g, p).ei_index, 4)
    -0.3333
    """
    size = partition.n_communities
    codes = partition.vocabulary.lookup(graph.vocabulary.ids)
    community = np.where(codes >= 0, partition.membership[codes], -1)
    tail, head, weight = graph.edge_arrays()
    proper = tail != head
    source, target, weight = community[tail[proper]], community[head[proper]], weight[proper]
    inside = (source >= 0) & (target >= 0)
    if not inside.any():
        raise DataError(
            "no edge of the graph joins two nodes of communities: the graph's ids "
            f"(such as {graph.vocabulary.ids[:1].tolist()}) and the partition's "
            f"(such as {partition.vocabulary.ids[:1].tolist()}) may be of different kinds."
        )
    cell = source[inside].astype(np.int64) * size + target[inside]
    sums = np.bincount(cell, weights=weight[inside], minlength=size * size)
    observed = sums.astype(np.float64).reshape(size, size)
    internal, everything = float(np.trace(observed)), float(observed.sum())
    if not graph.directed:
        observed = observed + observed.T
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
    return Mixing(
        tuple(partition.name(c) for c in range(size)),
        observed,
        expected,
        (everything - 2 * internal) / everything,
        int((~inside).sum()),
        graph.directed,
        Provenance.of("mixing", made_from=(graph, partition)),
    )
