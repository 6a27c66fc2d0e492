"""Quality functions of a partition, computed in the same way for every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities.prepare import (
    LINEAR,
    QUALITIES,
    Floats,
    Prepared,
    check_resolution,
    prepare,
    require_partition,
)
from graphkit.data.graph import GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, OptionError, check_choice

__all__ = ["partition_quality"]

#: Qualities that leidenalg maximises in addition to modularity and CPM.
DENSITY_QUALITIES = ("surprise", "significance", "rber")


def check_quality_input(
    prepared: Prepared, quality: str, resolution: float | None = None, *, caller: str
) -> None:
    """Refuse a resolution where the quality has none, and weights for significance."""
    if resolution is not None and quality in ("surprise", "significance"):
        raise OptionError(
            f"{caller}: {quality} has no resolution, but resolution={resolution!r} was given: leave "
            "it out, or take modularity, cpm or rber."
        )
    other = np.flatnonzero(prepared.weight != 1) if quality == "significance" else np.zeros(0)
    if other.size:
        raise DataError(
            f"{caller}: significance compares numbers of edges and has no meaning for weights, but "
            f"{other.size:,} of {prepared.weight.size:,} edges do not weigh 1 (the first "
            f"{prepared.weight[other[0]]:g}): use surprise, which takes weights, or give the graph "
            "without them: Graph.from_edges(e['source'], e['target'], directed=…) with "
            "e = graph.edges()."
        )


def default_resolution(prepared: Prepared, quality: str, resolution: float | None) -> float | None:
    """The resolution, or the default of the quality; none for surprise and significance."""
    if quality in ("surprise", "significance"):
        return None
    if resolution is not None:
        return resolution
    return prepared.density if quality == "cpm" else 1.0


def evaluate_density(
    prepared: Prepared,
    membership: npt.NDArray[Any],
    quality: str,
    resolution: float | None = None,
    sizes: npt.NDArray[Any] | None = None,
) -> float:
    """Surprise, significance or RBER of a membership of the prepared nodes.

    :func:`partition_quality` has the formulas. −1 in the membership is no community; `sizes`
    are nodes per community, given where some have no edge. leidenalg counts each undirected
    pair twice in RBER, as in CPM.
    """
    groups = membership[membership >= 0]
    nodes = (np.bincount(groups) if sizes is None else np.asarray(sizes)).astype(np.float64)
    if not nodes.size:
        return 0.0
    code = membership[prepared.source]
    inside = (code == membership[prepared.target]) & (code >= 0)
    within = np.bincount(code[inside], weights=prepared.weight[inside], minlength=nodes.size)
    pairs = _node_pairs(nodes, prepared.directed)
    # nodes without an edge count where they were given a community
    everyone = np.float64(prepared.size + max(0.0, float(nodes.sum()) - groups.size))
    possible = float(_node_pairs(everyone, prepared.directed))
    total = float(prepared.weight.sum())
    if quality == "rber":
        gamma = 1.0 if resolution is None else resolution
        return float(within.sum()) - gamma * prepared.density * float(pairs.sum())
    if quality == "significance":
        some = pairs > 0
        inner = within[some] / pairs[some]
        return float(np.dot(pairs[some], _binary_divergence(inner, np.float64(total / possible))))
    share, expected = float(within.sum()) / total, float(pairs.sum()) / possible
    return total * float(_binary_divergence(np.array(share), np.float64(expected)))


def _node_pairs(nodes: Any, directed: bool) -> Any:
    return nodes * (nodes - 1) / (1 if directed else 2)


def _binary_divergence(x: Floats, y: np.float64) -> Floats:
    """Kullback–Leibler divergence of two Bernoulli distributions, in nats; negative if x < y."""
    from scipy.special import xlogy

    with np.errstate(divide="ignore", invalid="ignore"):
        ones = np.where((x > 0) & (y > 0), xlogy(x, x / y), 0.0)
        zeros = np.where((x < 1) & (y < 1), xlogy(1 - x, (1 - x) / (1 - y)), 0.0)
    signed: Floats = np.where(x < y, -1.0, 1.0) * (ones + zeros)
    return signed


def partition_quality(
    graph: GraphLike,
    partition: Partition,
    *,
    quality: str = "modularity",
    resolution: float | None = None,
) -> float:
    r"""The quality of any partition of a graph's nodes: modularity, constant Potts, and others.

    With :math:`A` the weights, :math:`m` their sum over edges, :math:`k` strengths,
    :math:`\delta` 1 where two nodes share a community, :math:`e_c` the weight inside
    community c and :math:`n_c` its nodes:

    * modularity, undirected [1]_:
      :math:`\frac{1}{2m}\sum_{ij}(A_{ij} - \gamma k_i k_j / 2m)\,\delta_{ij}`
    * modularity, directed [2]_:
      :math:`\frac{1}{m}\sum_{ij}(A_{ij} - \gamma k_i^{out} k_j^{in} / m)\,\delta_{ij}`
    * CPM, undirected [3]_: :math:`\sum_c (e_c - \gamma\, n_c(n_c - 1)/2)`, the paper's sum,
      not divided by anything; directed: :math:`\sum_c (e_c - \gamma\, n_c(n_c - 1))`
    * RBER [4]_: CPM at :math:`\gamma` times the density
    * asymptotic surprise [5]_: :math:`m\,D(\sum_c e_c / m \,\|\, \sum_c p_c / p)`, with
      :math:`p_c` the pairs of nodes in c, :math:`p` all pairs, and
      :math:`D(x \| y) = \pm[x \ln(x/y) + (1 - x) \ln((1 - x)/(1 - y))]`, negative for x < y
    * significance [6]_: :math:`\sum_c p_c\,D(e_c / p_c \,\|\, m / p)`

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
        ``"modularity"``, ``"cpm"``, ``"rber"``, ``"surprise"`` or ``"significance"`` (the
        last for graphs without weights).
    resolution
        γ; by default 1, and for CPM the density, that is total weight over possible pairs
        (ordered pairs if directed) among the nodes that have an edge. Surprise and
        significance have none.

    Returns
    -------
    float
        Modularity is at most 1; CPM and RBER have the unit of the weights; surprise is in
        nats times that unit, significance in nats.

    Raises
    ------
    DataError
        If the graph cannot be partitioned, or has a node that the partition lacks.
    OptionError
        For an unknown quality, a resolution that is not finite and above 0, or one for a
        quality without.

    References
    ----------
    .. [1] Newman, M. E. J. (2004). Analysis of weighted networks. Physical Review E, 70,
       056131. doi:10.1103/PhysRevE.70.056131
    .. [2] Leicht, E. A. & Newman, M. E. J. (2008). Community structure in directed networks.
       Physical Review Letters, 100, 118703. doi:10.1103/PhysRevLett.100.118703
    .. [3] Traag, V. A., Van Dooren, P. & Nesterov, Y. (2011). Narrow scope for
       resolution-limit-free community detection. Physical Review E, 84, 016114.
       doi:10.1103/PhysRevE.84.016114
    .. [4] Reichardt, J. & Bornholdt, S. (2006). Statistical mechanics of community
       detection. Physical Review E, 74, 016110. doi:10.1103/PhysRevE.74.016110
    .. [5] Traag, V. A., Aldecoa, R. & Delvenne, J.-C. (2015). Detecting communities using
       asymptotical surprise. Physical Review E, 92, 022816. doi:10.1103/PhysRevE.92.022816
    .. [6] Traag, V. A., Krings, G. & Van Dooren, P. (2013). Significant scales in community
       structure. Scientific Reports, 3, 2930. doi:10.1038/srep02930

    Examples
    --------
    Two triangles joined by one edge, split at it:

    >>> from graphkit import Graph
    >>> g = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    >>> p = Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 1])
    >>> round(partition_quality(g, p), 9)
    0.357142857
    >>> partition_quality(g, p, quality="cpm", resolution=0.5)
    3.0
    """
    check_choice("quality", quality, QUALITIES)
    require_partition(partition, caller="partition_quality")
    gamma = check_resolution(resolution)
    graph = as_graph(graph, "partition_quality")
    prepared = prepare(graph, caller="partition_quality")
    check_quality_input(prepared, quality, gamma, caller="partition_quality")
    vocabulary = graph.vocabulary
    everywhere = partition.vocabulary.lookup(vocabulary)
    codes = everywhere[prepared.nodes]
    if (codes < 0).any():
        missing = int(prepared.nodes[np.flatnonzero(codes < 0)[0]])
        raise DataError(
            f"partition_quality: node {vocabulary.ids[missing : missing + 1].tolist()[0]!r} of the graph is not in the "
            f"partition ({int((codes < 0).sum()):,} such nodes): use a partition of this graph."
        )
    of_all = np.where(everywhere >= 0, partition.membership[everywhere], -1)
    sizes = np.bincount(of_all[of_all >= 0], minlength=partition.n_communities)
    return evaluate(prepared, of_all[prepared.nodes], quality, gamma, sizes)


def resolve_resolution(prepared: Prepared, quality: str, resolution: float | None) -> float:
    """The resolution of a quality that has one, or its default: 1, for CPM the density."""
    gamma = default_resolution(prepared, quality, resolution)
    assert gamma is not None
    return gamma


def quality_line(
    prepared: Prepared,
    membership: npt.NDArray[Any],
    quality: str,
    sizes: npt.NDArray[Any] | None = None,
) -> tuple[float, float]:
    """Internal and expected part of modularity or CPM, which is internal − γ·expected.

    For `membership` and `sizes` see :func:`evaluate_density`.
    """
    from graphkit.kernels.partitions import inside_weight

    found = inside_weight(prepared.indptr, prepared.indices, prepared.weights, membership)
    inside = found if prepared.directed else found / 2
    assigned = membership >= 0
    groups = membership[assigned]
    if quality == "cpm":
        nodes = (np.bincount(groups) if sizes is None else sizes).astype(np.float64)
        pairs = float((nodes * (nodes - 1)).sum())
        return inside, pairs if prepared.directed else pairs / 2
    out, into = prepared.strengths()
    # shares before products, so that large weights do not overflow
    total_strength = prepared.total if prepared.directed else 2 * prepared.total
    count = int(membership.max(initial=-1)) + 1
    volume_out = np.bincount(groups, weights=out[assigned], minlength=count) / total_strength
    volume_in = np.bincount(groups, weights=into[assigned], minlength=count) / total_strength
    return inside / prepared.total, float(np.dot(volume_out, volume_in))


def evaluate(
    prepared: Prepared,
    membership: npt.NDArray[Any],
    quality: str,
    resolution: float | None,
    sizes: npt.NDArray[Any] | None = None,
) -> float:
    """Any quality of a membership of the prepared nodes; see :func:`evaluate_density`."""
    if not (membership.max(initial=-1) >= 0 if sizes is None else sizes.size):
        return 0.0
    if quality not in LINEAR:
        return evaluate_density(prepared, membership, quality, resolution, sizes)
    internal, expected = quality_line(prepared, membership, quality, sizes)
    return internal - resolve_resolution(prepared, quality, resolution) * expected
