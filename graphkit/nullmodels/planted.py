"""Independent edges: planted partitions, with or without unequal degrees, and pure noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.data.planted import Planted
from graphkit.data.provenance import Provenance
from graphkit.errors import OptionError, check_integer, check_number
from graphkit.kernels.edges import distinct_edges, other_edges, skip_pairs, table_length
from graphkit.nullmodels._options import shuffled_nodes, to_planted
from graphkit.rng import RNGLike, Streams

__all__ = ["planted_partition", "random_graph"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: The largest propensity over the smallest.
SPREAD = 10.0


def planted_partition(
    sizes: npt.ArrayLike,
    *,
    inside: float,
    outside: float,
    directed: bool = False,
    degree_exponent: float | None = None,
    shuffled: bool = True,
    rng: RNGLike | None = None,
) -> Planted:
    r"""A random graph of communities of given sizes in which every edge is independent.

    The planted partition model [1]_. Two nodes of community c, of size :math:`s_c`, are
    joined with probability :math:`d_{in} / (s_c - 1)`, so that nodes of all communities have
    the same expected degree inside; two nodes of different communities with one probability,
    :math:`n\, d_{out} / \sum_c s_c (n - s_c)`, so that d_out is the mean over all nodes.
    With equal sizes this is the classical model. Drawn in time of the number of edges.

    With `degree_exponent` the probabilities are multiplied by :math:`\theta_i \theta_j`, the
    propensities of both nodes [2]_, and scaled to keep the expected number of edges inside
    each community and between communities.

    Parameters
    ----------
    sizes
        Nodes of each community, one or more each; their sum is n.
    inside, outside
        :math:`d_{in}` and :math:`d_{out}`: mean number of edges of a node inside and outside
        its community; of outgoing arcs, which is also that of incoming ones, if directed.
    directed
        Whether ordered pairs are drawn, each on its own.
    degree_exponent
        Exponent :math:`\tau` of a power law :math:`p(\theta) \propto \theta^{-\tau}` over one
        decade of propensities, drawn for each node (and apart for tail and head, if
        directed). A probability above 1 counts as 1, which costs edges in small dense
        communities: the provenance holds the realised degrees. `None`: all are alike.
    shuffled
        Whether ids are dealt at random; otherwise communities are contiguous in id order,
        in the order of `sizes`.
    rng
        Seed.

    Returns
    -------
    Planted
        Graph without loops and parallel edges, truth, and the realised mixing.

    Raises
    ------
    OptionError
        If sizes are not whole numbers from 1 up, or there are too few pairs for a degree.

    References
    ----------
    .. [1] Condon, A. & Karp, R. M. (2001). Algorithms for graph partitioning on the planted
       partition model. Random Structures & Algorithms, 18, 116–140.
       doi:10.1002/1098-2418(200103)18:2<116::AID-RSA1001>3.0.CO;2-2
    .. [2] Karrer, B. & Newman, M. E. J. (2011). Stochastic blockmodels and community
       structure in networks. Physical Review E, 83, 016107. doi:10.1103/PhysRevE.83.016107
    .. [3] Miller, J. C. & Hagberg, A. (2011). Efficient generation of networks with given
       expected degrees. WAW 2011, LNCS 6732, 115–126. doi:10.1007/978-3-642-21286-4_10

    Examples
    --------
    >>> planted = planted_partition([200] * 5, inside=16, outside=4, rng=1)
    >>> planted.graph.n_nodes, planted.truth.sizes.tolist(), round(planted.mixing, 1)
    (1000, [200, 200, 200, 200, 200], 0.2)
    """
    counts = _check_sizes(sizes)
    inside = check_number("inside", inside, 0.0)
    outside = check_number("outside", outside, 0.0)
    n = int(counts.sum())
    _check_room(counts, inside, outside)
    streams = Streams(rng)
    start = np.concatenate([[0], np.cumsum(counts)])
    group = np.repeat(np.arange(counts.size, dtype=np.int32), counts)
    out = into = np.ones(n)
    if degree_exponent is not None:
        tau = check_number("degree_exponent", degree_exponent, 0.0)
        out = into = _propensities(tau, start, streams.generator("propensities", "tail"))
        if directed:
            into = _propensities(tau, start, streams.generator("propensities", "head"))
    sums = np.add.reduceat(out, start[:-1]), np.add.reduceat(into, start[:-1])
    pairs = sums[0] * sums[1] - np.add.reduceat(out * into, start[:-1])  # weight of ordered pairs
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(pairs > 0, inside * counts / pairs, 0.0)
    across = float(out.sum() * into.sum() - (sums[0] * sums[1]).sum())
    rate_out = outside * n / across if outside else 0.0

    nobody = np.empty(0, dtype=np.int32)
    share = 1 if directed else 2
    within_edges = skip_pairs(
        start, rate, *_descending(out, into, group), directed, nobody,
        _room(inside * n / share), streams.generator("inside"),
    )  # fmt: skip
    between = skip_pairs(
        np.array([0, n]), np.array([rate_out]), *_descending(out, into, np.zeros_like(group)),
        directed, group, _room(outside * n / share), streams.generator("outside"),
    )  # fmt: skip
    edges = np.concatenate([within_edges, between])
    provenance = Provenance.of(
        "planted_partition",
        {
            "sizes": counts, "inside": inside, "outside": outside, "directed": bool(directed),
            "degree_exponent": degree_exponent, "shuffled": bool(shuffled),
            "realised_inside": share * within_edges.shape[0] / n,
            "realised_outside": share * between.shape[0] / n,
        },
        seed=streams.seed,
    )  # fmt: skip
    codes = shuffled_nodes(n, shuffled, streams.generator("ids"))
    return to_planted(edges, group, codes, directed=directed, provenance=provenance)


def random_graph(n: int, m: int, *, directed: bool = False, rng: RNGLike | None = None) -> Planted:
    """Pure noise: m distinct edges among n nodes, every such graph equally likely [1]_.

    There is nothing to find in it; as a planted graph it has one community of all nodes. Its
    modularity is high all the same: for n = 1000 and m = 2500 near 0.49 [2]_.

    Parameters
    ----------
    n
        Number of nodes, one or more.
    m
        Number of edges; of arcs if directed. No loops.
    directed
        Whether the m pairs are ordered.
    rng
        Seed.

    Returns
    -------
    Planted
        Graph, a truth of one community, and a mixing of 0.

    Raises
    ------
    OptionError
        If there are fewer than m pairs of nodes.

    References
    ----------
    .. [1] Erdős, P. & Rényi, A. (1959). On random graphs I. Publicationes Mathematicae
       Debrecen, 6, 290–297. doi:10.5486/PMD.1959.6.3-4.12
    .. [2] Guimerà, R., Sales-Pardo, M. & Amaral, L. A. N. (2004). Modularity from
       fluctuations in random graphs and complex networks. Physical Review E, 70, 025101.
       doi:10.1103/PhysRevE.70.025101

    Examples
    --------
    >>> noise = random_graph(1000, 2500, rng=1)
    >>> noise.graph.n_nodes, noise.graph.n_edges, noise.truth.n_communities
    (1000, 2500, 1)
    """
    n = check_integer("n", n, 1)
    m = check_integer("m", m, 0)
    pairs = n * (n - 1) // (1 if directed else 2)
    if m > pairs:
        raise OptionError(
            f"random_graph: m={m:,} edges, but {n:,} nodes have only {pairs:,} pairs: lower m or "
            "raise n."
        )
    streams = Streams(rng)
    # of a dense graph, the pairs that are left out are drawn
    drawn = np.empty((min(m, pairs - m), 2), dtype=np.int32)
    table = np.empty(table_length(drawn.shape[0]), dtype=np.int64)
    distinct_edges(drawn, n, directed, table, streams.generator("edges"))
    edges = drawn
    if drawn.shape[0] < m:
        edges = np.empty((m, 2), dtype=np.int32)
        other_edges(edges, n, directed, drawn, table)
    provenance = Provenance.of(
        "random_graph", {"n": n, "m": m, "directed": bool(directed)}, seed=streams.seed
    )
    codes = np.arange(n, dtype=np.int32)
    group = np.zeros(n, dtype=np.int32)
    return to_planted(edges, group, codes, directed=directed, provenance=provenance)


def _check_sizes(sizes: npt.ArrayLike) -> Ints:
    try:
        counts = np.asarray(sizes)
    except ValueError:
        counts = np.empty(0)
    if counts.ndim != 1 or not counts.size or counts.dtype.kind not in "iu" or counts.min() < 1:
        raise OptionError(
            f"planted_partition: sizes={sizes!r} must be a list of whole numbers from 1 up, the "
            "nodes of each community."
        )
    return counts.astype(np.int64)


def _check_room(counts: Ints, inside: float, outside: float) -> None:
    """Raise an OptionError unless there are as many pairs as edges are expected."""
    smallest, n = int(counts.min()), int(counts.sum())
    if inside > smallest - 1:
        raise OptionError(
            f"planted_partition: inside={inside:g} neighbours need communities of at least "
            f"{int(np.ceil(inside)) + 1} nodes; the smallest has {smallest}."
        )
    available = float((counts * (n - counts).astype(np.float64)).sum()) / n
    if outside > available:
        raise OptionError(
            f"planted_partition: outside={outside:g}, but a node has on average only "
            f"{available:g} nodes outside its community: lower it"
            f"{'' if counts.size > 1 else ' to 0, or give several sizes'}."
        )


def _propensities(tau: float, start: Ints, draws: np.random.Generator) -> Floats:
    """Power-law propensities of the nodes, with mean 1 in each community."""
    u = draws.random(int(start[-1]))
    if tau == 1:
        theta = SPREAD**u
    else:
        power = 1 - tau
        theta = (1 + u * (SPREAD**power - 1)) ** (1 / power)
    sizes = np.diff(start)
    scaled: Floats = theta / np.repeat(np.add.reduceat(theta, start[:-1]) / sizes, sizes)
    return scaled


def _descending(
    out: Floats, into: Floats, block: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], Floats, npt.NDArray[np.int32], Floats]:
    """Nodes and propensities as tails and as heads, descending within each block."""
    tails = np.lexsort((-out, block)).astype(np.int32)
    heads = tails if out is into else np.lexsort((-into, block)).astype(np.int32)
    return tails, out[tails], heads, into[heads]


def _room(expected: float) -> int:
    """Room for a number of edges that hardly ever is exceeded."""
    return int(expected + 5 * np.sqrt(expected)) + 16
