"""How good a partition is: modularity and CPM, computed here for every engine alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities._checks import (
    QUALITIES,
    Prepared,
    check_resolution,
    prepare,
    require_partition,
)
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, check_choice

__all__ = ["evaluate", "partition_quality", "resolved"]


def partition_quality(
    graph: Graph,
    partition: Partition,
    *,
    quality: str = "modularity",
    resolution: float | None = None,
) -> float:
    r"""The modularity or the constant Potts quality of any partition of a graph's nodes.

    With :math:`A` the weights, :math:`m` their sum over edges (arcs), :math:`k` strengths,
    :math:`\delta` 1 where two nodes share a community, :math:`e_c` the weight inside
    community c and :math:`n_c` its nodes:

    * modularity, undirected [1]_:
      :math:`\frac{1}{2m}\sum_{ij}(A_{ij} - \gamma k_i k_j / 2m)\,\delta_{ij}`
    * modularity, directed [2]_:
      :math:`\frac{1}{m}\sum_{ij}(A_{ij} - \gamma k_i^{out} k_j^{in} / m)\,\delta_{ij}`
    * CPM, undirected [3]_: :math:`\sum_c (e_c - \gamma\, n_c(n_c - 1)/2)`, the paper's sum,
      not divided by anything; directed: :math:`\sum_c (e_c - \gamma\, n_c(n_c - 1))`

    Self-loops and edges of weight zero are left out, as :func:`graphkit.leiden` does. A node
    that belongs to no community adds nothing; its edges count in :math:`m`. A node without an
    edge counts in the :math:`n_c` of its community.

    Parameters
    ----------
    graph
        Weights of zero or more.
    partition
        Its ids must hold every node of the graph that has an edge.
    quality
        ``"modularity"`` or ``"cpm"``.
    resolution
        γ; by default 1 for modularity and the density for CPM, that is total weight over
        possible pairs (ordered pairs if directed) among the nodes that have an edge.

    Returns
    -------
    float
        Modularity is at most 1; CPM has the unit of the weights.

    Raises
    ------
    DataError
        If the graph cannot be partitioned, or has a node that the partition lacks.
    OptionError
        For an unknown quality, or a resolution that is not finite and above 0.

    References
    ----------
    .. [1] Newman, M. E. J. (2004). Analysis of weighted networks. Physical Review E, 70,
       056131. doi:10.1103/PhysRevE.70.056131
    .. [2] Leicht, E. A. & Newman, M. E. J. (2008). Community structure in directed networks.
       Physical Review Letters, 100, 118703. doi:10.1103/PhysRevLett.100.118703
    .. [3] Traag, V. A., Van Dooren, P. & Nesterov, Y. (2011). Narrow scope for
       resolution-limit-free community detection. Physical Review E, 84, 016114.
       doi:10.1103/PhysRevE.84.016114

    Examples
    --------
    Two triangles joined by one edge, split at it:

    >>> g = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    >>> p = Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 1])
    >>> round(partition_quality(g, p), 9)
    0.357142857
    >>> partition_quality(g, p, quality="cpm", resolution=0.5)
    3.0
    """
    check_choice("quality", quality, QUALITIES)
    require_partition(partition, verb="partition_quality")
    gamma = check_resolution(resolution)
    prepared = prepare(graph, verb="partition_quality")
    vocabulary = graph.vocabulary
    everywhere = partition.vocabulary.lookup(vocabulary)
    codes = everywhere[prepared.nodes]
    if (codes < 0).any():
        missing = int(prepared.nodes[np.flatnonzero(codes < 0)[0]])
        raise DataError(
            f"partition_quality: node {vocabulary.ids[missing]!r} of the graph is not in the "
            f"partition ({int((codes < 0).sum()):,} such nodes): use a partition of this graph."
        )
    of_all = np.where(everywhere >= 0, partition.membership[everywhere], -1)
    sizes = np.bincount(of_all[of_all >= 0], minlength=partition.n_communities)
    gamma = resolved(prepared, quality, gamma)
    return evaluate(prepared, of_all[prepared.nodes], quality, gamma, sizes)


def resolved(prepared: Prepared, quality: str, resolution: float | None) -> float:
    """The resolution, or its default: 1 for modularity, the density for CPM."""
    if resolution is not None:
        return resolution
    return 1.0 if quality == "modularity" else prepared.density


def evaluate(
    prepared: Prepared,
    membership: npt.NDArray[Any],
    quality: str,
    resolution: float,
    sizes: npt.NDArray[Any] | None = None,
) -> float:
    """The quality of a membership of the prepared nodes; −1 belongs to no community.

    `sizes` are nodes per community where some have no edge, and so are not prepared.
    """
    count = int(membership.max(initial=-1)) + 1 if sizes is None else int(sizes.size)
    if not count:
        return 0.0
    home = membership[prepared.tail]
    inside = float(prepared.weight[(home == membership[prepared.head]) & (home >= 0)].sum())
    assigned = membership >= 0
    groups = membership[assigned]
    if quality == "cpm":
        nodes = (np.bincount(groups) if sizes is None else sizes).astype(np.float64)
        pairs = float((nodes * (nodes - 1)).sum())
        return inside - resolution * (pairs if prepared.directed else pairs / 2)
    out, into = prepared.strengths()
    volume_out = np.bincount(groups, weights=out[assigned], minlength=count)
    volume_in = np.bincount(groups, weights=into[assigned], minlength=count)
    # shares before products: the weights' unit must not overflow
    total = float(prepared.weight.sum())
    mass = total if prepared.directed else 2 * total
    return inside / total - resolution * float(np.dot(volume_out / mass, volume_in / mass))
