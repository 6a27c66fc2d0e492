"""Random graphs with planted communities (planted partition, LFR) and Erdős–Rényi graphs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.data.membership import canonical_membership
from graphkit.data.partition import Partition
from graphkit.data.platform import Planted
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import OptionError, check_integer, check_number
from graphkit.kernels import edges as kernels
from graphkit.rng import RNGLike, Streams

__all__ = ["lfr", "planted_partition", "power_law", "random_graph"]

Codes = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: The largest propensity over the smallest.
PROPENSITY_RATIO = 10.0

#: Draws of community sizes before LFR fails.
TRIES = 100

#: LFR fails if a larger share of edge ends remains without a partner.
MOST_UNJOINED = 0.01

#: Codes of nodes are 32-bit integers.
_MOST_NODES = 2**31 - 1


def power_law(low: float, high: int, exponent: float) -> tuple[Ints, Floats]:
    """Integers from `low` to `high`, and their probabilities ∝ value^−exponent.

    A fractional `low` reduces the weight of the first value, so that the mean rises
    continuously with `low`.
    """
    first = math.floor(low)
    values = np.arange(first, high + 1, dtype=np.int64)
    # relative to the largest value, so that steep exponents do not underflow
    weights = (values / values[-1]) ** -exponent
    weights[0] *= 1 - (low - first)
    return values, weights / weights.sum()


def _make_planted(
    edges: Codes, group: Codes, directed: bool, provenance: Provenance, shuffle: Any = None
) -> Planted:
    """Graph and ground truth of edges, given the community of each node; `shuffle` permutes ids."""
    vocabulary = Vocabulary(np.arange(group.size, dtype=np.int64))
    codes = np.arange(group.size, dtype=np.int32)
    if shuffle is not None:
        shuffle(codes)
    membership = np.empty_like(group)
    membership[codes] = group
    graph = Graph._from_codes(
        vocabulary,
        codes[edges[:, 0]],
        codes[edges[:, 1]],
        None,
        directed=directed,
        node_kind="nodes",
        provenance=provenance,
    )
    truth = Partition(vocabulary, canonical_membership(membership), provenance=provenance)
    return Planted.of(graph, truth, provenance)


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
    r"""Planted partition model: independent edges, denser inside communities of given sizes [1]_.

    Two nodes of community c, of size :math:`s_c`, are
    joined with probability :math:`d_{in} / (s_c - 1)`, so that nodes of all communities have
    the same expected degree inside; two nodes of different communities with probability
    :math:`n\, d_{out} / \sum_c s_c (n - s_c)`, so that d_out is the mean over all nodes.
    With equal sizes this is the classical model. Time is linear in the number of edges [3]_.

    With `degree_exponent` the probabilities are multiplied by :math:`\theta_i \theta_j`, the
    propensities of both nodes [2]_, and scaled to keep the expected number of edges inside
    each community and between communities.

    Parameters
    ----------
    sizes
        Nodes of each community, one or more each; their sum is n.
    inside, outside
        :math:`d_{in}` and :math:`d_{out}`: mean number of edges of a node inside and outside
        its community; if directed, of outgoing edges (and as many incoming ones).
    directed
        Whether edges are directed.
    degree_exponent
        Exponent :math:`\tau` of a power law :math:`p(\theta) \propto \theta^{-\tau}` over one
        decade of propensities, drawn for each node (if directed, independently as source and
        as target). Probabilities are truncated at 1, which costs edges in small dense
        communities: the provenance holds the realised degrees. `None`: all are equal.
    shuffled
        Whether ids are random; otherwise communities are contiguous in id order,
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
        If sizes are not integers from 1 up, or there are too few pairs for a degree.

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
    _check_capacity(counts, inside, outside)
    streams = Streams(rng)
    start = np.concatenate([[0], np.cumsum(counts)])
    group = np.repeat(np.arange(counts.size, dtype=np.int32), counts)
    out = into = np.ones(n)
    if degree_exponent is not None:
        tau = check_number("degree_exponent", degree_exponent, 0.0)
        out = into = _draw_propensities(tau, start, streams.generator("propensities", "tail"))
        if directed:
            into = _draw_propensities(tau, start, streams.generator("propensities", "head"))
    sums = np.add.reduceat(out, start[:-1]), np.add.reduceat(into, start[:-1])
    pairs = sums[0] * sums[1] - np.add.reduceat(out * into, start[:-1])  # weight of ordered pairs
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(pairs > 0, inside * counts / pairs, 0.0)
    across = float(out.sum() * into.sum() - (sums[0] * sums[1]).sum())
    rate_out = outside * n / across if outside else 0.0

    ends = 1 if directed else 2
    no_group = np.empty(0, dtype=np.int32)
    parts = []
    for name, degree, blocks, rates, block, excluded in (
        ("inside", inside, start, rate, group, no_group),
        ("outside", outside, np.array([0, n]), np.array([rate_out]), np.zeros_like(group), group),
    ):
        nodes = _sort_by_propensity(out, into, block)
        expected = degree * n / ends
        capacity = int(expected + 5 * np.sqrt(expected)) + 16  # rarely exceeded
        draws = streams.generator(name)
        parts.append(kernels.skip_pairs(blocks, rates, *nodes, directed, excluded, capacity, draws))
    parameters = {
        "sizes": counts,
        "inside": inside,
        "outside": outside,
        "directed": bool(directed),
        "degree_exponent": degree_exponent,
        "shuffled": bool(shuffled),
        "realised_inside": ends * parts[0].shape[0] / n,
        "realised_outside": ends * parts[1].shape[0] / n,
    }
    provenance = Provenance.of("planted_partition", parameters, seed=streams.seed)
    shuffle = streams.generator("ids").shuffle if shuffled else None
    return _make_planted(np.concatenate(parts), group, directed, provenance, shuffle)


def random_graph(n: int, m: int, *, directed: bool = False, rng: RNGLike | None = None) -> Planted:
    """Erdős–Rényi graph G(n, m): uniform over graphs of n nodes and m edges [1]_.

    It has no community structure (ground truth: one community), but its maximum modularity is
    high: near 0.49 for n = 1000 and m = 2500 [2]_.

    Parameters
    ----------
    n
        Number of nodes, one or more.
    m
        Number of edges, without loops.
    directed
        Whether the edges are directed.
    rng
        Seed.

    Returns
    -------
    Planted
        Graph, ground truth of one community, and a mixing of 0.

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
    n = check_integer("n", n, 1, _MOST_NODES)
    m = check_integer("m", m, 0)
    pairs = n * (n - 1) // (1 if directed else 2)
    if m > pairs:
        raise OptionError(
            f"random_graph: m={m:,} edges, but {n:,} nodes have only {pairs:,} pairs: lower m or "
            "raise n."
        )
    streams = Streams(rng)
    # for a dense graph, the pairs without an edge are drawn
    drawn = np.empty((min(m, pairs - m), 2), dtype=np.int32)
    table = np.empty(kernels.table_length(drawn.shape[0]), dtype=np.int64)
    kernels.distinct_edges(drawn, n, directed, table, streams.generator("edges"))
    edges = drawn
    if drawn.shape[0] < m:
        edges = np.empty((m, 2), dtype=np.int32)
        kernels.other_edges(edges, n, directed, drawn, table)
    parameters = {"n": n, "m": m, "directed": bool(directed)}
    provenance = Provenance.of("random_graph", parameters, seed=streams.seed)
    return _make_planted(edges, np.zeros(n, dtype=np.int32), directed, provenance)


def _check_sizes(sizes: npt.ArrayLike) -> Ints:
    """Community sizes as an array; an OptionError unless they are integers from 1 up."""
    try:
        counts = np.asarray(sizes)
    except ValueError:
        counts = np.empty(0)
    if counts.ndim != 1 or not counts.size or counts.dtype.kind not in "iu" or counts.min() < 1:
        raise OptionError(
            f"planted_partition: sizes={sizes!r} must be a list of whole numbers from 1 up, the "
            "nodes of each community."
        )
    # as Python's integers, whose sum does not wrap
    if (n := sum(counts.tolist())) > _MOST_NODES:
        raise OptionError(
            f"planted_partition: the sizes add up to {n:,} nodes; a graph holds up to 2^31 − 1."
        )
    return counts.astype(np.int64)


def _check_capacity(counts: Ints, inside: float, outside: float) -> None:
    """Raise an OptionError if there are fewer pairs than expected edges."""
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


def _draw_propensities(tau: float, start: Ints, draws: np.random.Generator) -> Floats:
    """Power-law propensities of the nodes, with mean 1 in each community."""
    u = draws.random(int(start[-1]))
    if tau == 1:
        theta = PROPENSITY_RATIO**u
    else:
        power = 1 - tau
        theta = (1 + u * (PROPENSITY_RATIO**power - 1)) ** (1 / power)
    sizes = np.diff(start)
    scaled: Floats = theta / np.repeat(np.add.reduceat(theta, start[:-1]) / sizes, sizes)
    return scaled


def _sort_by_propensity(
    out: Floats, into: Floats, block: Codes
) -> tuple[Codes, Floats, Codes, Floats]:
    """Nodes and propensities as sources and as targets, descending within each block."""
    sources = np.lexsort((-out, block)).astype(np.int32)
    targets = sources if out is into else np.lexsort((-into, block)).astype(np.int32)
    return sources, out[sources], targets, into[targets]


def lfr(
    n: int,
    *,
    mu: float,
    mean_degree: float = 20.0,
    max_degree: int = 50,
    degree_exponent: float = 2.0,
    size_exponent: float = 1.0,
    min_size: int = 10,
    max_size: int = 50,
    shuffled: bool = True,
    rng: RNGLike | None = None,
) -> Planted:
    r"""LFR benchmark graph: planted communities with power-law sizes and degrees [1]_.

    The graph is undirected and unweighted, without loops and parallel edges.

    1. Degrees k follow :math:`P(k) \propto k^{-\tau_1}` up to `max_degree`, with a lower
       cut-off that makes their expectation `mean_degree`. A cut-off between two integers
       gives the smaller a share of its weight.
    2. Community sizes follow :math:`P(s) \propto s^{-\tau_2}` from `min_size` to `max_size`,
       drawn until their sum is nearest to n; random communities then gain or lose single
       nodes, within the bounds, until it is n.
    3. Each node has :math:`(1 - \mu) k` ends inside its community, rounded up or down at
       random without bias. Nodes are assigned to communities uniformly over all assignments
       in which every node has fewer ends inside than its community has nodes.
    4. Ends inside are paired at random within each community, the others between
       communities. Loops, parallel edges and outer edges that fall inside are rewired with
       random partners. A community too dense for that is built by the Havel–Hakimi algorithm
       and randomised by 20 attempted swaps per edge.

    Parameters
    ----------
    n
        Number of nodes.
    mu
        :math:`\mu` in [0, 1]: share of each node's edges that leave its community.
    mean_degree, max_degree
        Expected and largest degree.
    degree_exponent, size_exponent
        :math:`\tau_1` of degrees and :math:`\tau_2` of community sizes, 0 or more.
    min_size, max_size
        Bounds of the community sizes, in nodes.
    shuffled
        Whether ids are random; otherwise communities are contiguous in id order,
        the largest first.
    rng
        Seed.

    Returns
    -------
    Planted
        Graph, ground truth, and the realised mixing, which is within 0.01 of `mu` at n = 1000.
        The provenance counts edge ends dropped for parity or without a partner (removed), ends
        moved from inside to outside a community, and communities built by Havel–Hakimi.

    Raises
    ------
    OptionError
        If a parameter is out of range, or no graph satisfies all of them.

    References
    ----------
    .. [1] Lancichinetti, A., Fortunato, S. & Radicchi, F. (2008). Benchmark graphs for
       testing community detection algorithms. Physical Review E, 78, 046110.
       doi:10.1103/PhysRevE.78.046110

    Examples
    --------
    >>> planted = lfr(1000, mu=0.3, rng=1)
    >>> planted.graph.n_nodes, round(planted.mixing, 2)
    (1000, 0.3)
    >>> bool(planted.truth.sizes.max() <= 50), int(planted.truth.sizes.sum())
    (True, 1000)
    """
    n = check_integer("n", n, 2, _MOST_NODES)
    mu = check_number("mu", mu, 0.0, 1.0)
    max_degree = check_integer("max_degree", max_degree, 1)
    mean_degree = check_number("mean_degree", mean_degree, 1.0)
    tau = check_number("degree_exponent", degree_exponent, 0.0)
    size_exponent = check_number("size_exponent", size_exponent, 0.0)
    min_size = check_integer("min_size", min_size, 1)
    max_size = check_integer("max_size", max_size, 1)
    _check_consistency(n, mu, mean_degree, max_degree, min_size, max_size)
    cut_off = _lower_cut_off(mean_degree, max_degree, tau)

    streams = Streams(rng)
    draws = streams.generator("degrees")
    values, weights = power_law(cut_off, max_degree, tau)
    degrees = draws.choice(values, size=n, p=weights)
    if int(degrees.sum()) % 2:  # the sum of degrees is even
        node = int(draws.integers(n))
        degrees[node] += 1 if degrees[node] < max_degree else -1
    exact = (1 - mu) * degrees
    inner = np.floor(exact).astype(np.int64)
    inner += draws.random(n) < exact - inner
    order = np.argsort(-inner, kind="stable")
    degrees, inner = degrees[order], inner[order]

    fewest = max(-(-n // max_size), 2 if mu > 0 else 1)
    bounds = min_size, max_size
    sizes, slots = _assign_communities(inner, size_exponent, bounds, fewest, streams)
    start = np.concatenate([[0], np.cumsum(sizes)])
    group = np.repeat(np.arange(sizes.size, dtype=np.int32), sizes)
    full_degree, inside = np.empty(n, np.int64), np.empty(n, np.int64)
    full_degree[slots], inside[slots] = degrees, inner
    draws = streams.generator("inside")
    kernels.even_out(start, full_degree, inside, draws)
    outside = full_degree - inside
    edges = np.empty((int(inside.sum()) // 2, 2), dtype=np.int32)
    busiest = int(np.add.reduceat(inside, start[:-1]).max())
    table = np.empty(kernels.table_length(busiest // 2), dtype=np.int64)
    made, by_rule = kernels.pair_within(start, inside, edges, table, draws)
    moved = int(inside.sum())
    outside += inside
    dropped = 0
    if mu == 0:  # no edge may leave a community
        dropped, moved = int(outside.sum()), 0
        outside[:] = 0

    draws = streams.generator("outside")
    ends = np.repeat(np.arange(n, dtype=np.int32), outside)
    draws.shuffle(ends)
    between = ends.reshape(-1, 2)
    table = np.empty(kernels.table_length(between.shape[0]), dtype=np.int64)
    joined = kernels.join_ends(between, n, group, table, draws)
    unjoined = 2 * (between.shape[0] - joined)
    if unjoined > MOST_UNJOINED * full_degree.sum():
        raise OptionError(
            f"lfr: {unjoined:,} of {int(full_degree.sum()):,} edge ends find no partner outside "
            f"their community (mu={mu:g}, {sizes.size} communities): lower mu, mean_degree or "
            "max_size, or take more nodes."
        )
    parameters = {
        "n": n,
        "mu": mu,
        "mean_degree": mean_degree,
        "max_degree": max_degree,
        "degree_exponent": tau,
        "size_exponent": size_exponent,
        "min_size": min_size,
        "max_size": max_size,
        "shuffled": bool(shuffled),
        "lower_cut_off": cut_off,
        "ends_moved_outside": moved,
        "communities_built_by_rule": by_rule,
    }
    removed = {"edge ends dropped to make numbers even": dropped, "edge ends unjoined": unjoined}
    removed = {reason: count for reason, count in removed.items() if count}
    provenance = Provenance.of("lfr", parameters, seed=streams.seed, removed=removed)
    shuffle = streams.generator("ids").shuffle if shuffled else None
    edges = np.concatenate([edges[:made], between[:joined]])
    return _make_planted(edges, group, False, provenance, shuffle)


def _check_consistency(
    n: int, mu: float, mean_degree: float, max_degree: int, min_size: int, max_size: int
) -> None:
    """Raise an OptionError if the parameters contradict one another."""
    if mean_degree >= max_degree:
        raise OptionError(
            f"lfr: mean_degree={mean_degree:g} must lie below max_degree={max_degree}."
        )
    if max_degree >= n:
        raise OptionError(f"lfr: max_degree={max_degree} must lie below n={n}: edges are distinct.")
    if min_size > max_size:
        raise OptionError(f"lfr: min_size={min_size} is above max_size={max_size}.")
    if max_size > n:
        raise OptionError(f"lfr: max_size={max_size} is above n={n}.")
    fewest, most = -(-n // max_size), n // min_size
    if fewest > most:
        raise OptionError(
            f"lfr: no number of communities of {min_size} to {max_size} nodes makes {n} nodes: "
            "widen the bounds."
        )
    if mu > 0 and most == 1:
        raise OptionError(
            f"lfr: there is room for one community only (n={n}, min_size={min_size}), and "
            f"mu={mu:g} of the edges must leave it: lower min_size or take mu=0."
        )
    inside = math.ceil((1 - mu) * max_degree - 1e-9)
    if inside >= max_size:
        raise OptionError(
            f"lfr: a node of max_degree={max_degree} has {inside} neighbours inside its community "
            f"(mu={mu:g}), which needs max_size of at least {inside + 1}, not {max_size}: raise "
            "max_size or mu, or lower max_degree."
        )


def _lower_cut_off(mean_degree: float, max_degree: int, exponent: float) -> float:
    """Lower cut-off at which the truncated power law has this mean, by bisection."""

    def mean_above(low: float) -> float:
        values, weights = power_law(low, max_degree, exponent)
        return float(values @ weights)

    low, high = 1.0, float(max_degree)
    if mean_above(low) > mean_degree:
        raise OptionError(
            f"lfr: mean_degree={mean_degree:g} is below {mean_above(low):.3g}, the mean of degrees "
            f"from 1 to max_degree={max_degree} with degree_exponent={exponent:g}: raise "
            "mean_degree or degree_exponent, or lower max_degree."
        )
    for _ in range(100):
        middle = (low + high) / 2
        if mean_above(middle) < mean_degree:
            low = middle
        else:
            high = middle
    return high


def _assign_communities(
    inner: Ints, exponent: float, bounds: tuple[int, int], fewest: int, streams: Streams
) -> tuple[Ints, Ints]:
    """Community sizes, descending, and the position of each node (nodes by descending ends)."""
    n = inner.size
    slots = np.empty(n, dtype=np.int64)
    for number in range(TRIES):
        draws = streams.generator("communities", number)
        sizes = _draw_sizes(n, exponent, bounds, fewest, draws)
        placed = kernels.assign_slots(inner, sizes, slots, draws)
        if placed == n:
            return sizes, slots
    raise OptionError(
        f"lfr: a node with {int(inner[placed])} neighbours inside its community found no place in "
        f"{TRIES} draws of sizes from {bounds[0]} to {bounds[1]}: raise max_size or mu, or lower "
        "max_degree or size_exponent."
    )


def _draw_sizes(
    n: int, exponent: float, bounds: tuple[int, int], fewest: int, draws: np.random.Generator
) -> Ints:
    """Community sizes with sum n, descending."""
    min_size, max_size = bounds
    values, weights = power_law(min_size, max_size, exponent)
    most = n // min_size
    sizes = draws.choice(values, size=most + 1, p=weights)
    reached = np.cumsum(sizes)
    count = int(np.searchsorted(reached, n)) + 1  # the first whose sum is n or more
    if count > 1 and n - reached[count - 2] < reached[count - 1] - n:
        count -= 1
    sizes = sizes[: min(max(count, fewest), most)]
    gap = n - int(sizes.sum())
    step, bound = (1, max_size) if gap > 0 else (-1, min_size)
    while gap:
        able = draws.permutation(np.flatnonzero(sizes != bound))[: abs(gap)]
        sizes[able] += step
        gap -= step * able.size
    return np.sort(sizes)[::-1].astype(np.int64)
