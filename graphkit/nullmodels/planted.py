"""Independent edges: planted partitions, with or without unequal degrees, and pure noise."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition, canonical_membership
from graphkit.data.platform import Planted
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import OptionError, check_integer, check_number
from graphkit.kernels.edges import (
    distinct_edges,
    even_out,
    join_ends,
    other_edges,
    pair_within,
    place,
    skip_pairs,
    table_length,
)
from graphkit.rng import RNGLike, Streams

__all__ = ["lfr", "planted_partition", "power_law", "random_graph"]

Floats = npt.NDArray[np.float64]


def power_law(low: float, high: int, exponent: float) -> tuple[npt.NDArray[np.int64], Floats]:
    """Whole values from `low` to `high`, and probabilities ∝ value^−exponent.

    A fractional `low` cuts into the first value, which counts by the share that is left: so
    the mean rises continuously with `low`.
    """
    first = math.floor(low)
    values = np.arange(first, high + 1, dtype=np.int64)
    # relative to the largest value: steep exponents must not underflow
    weights = (values / values[-1]) ** -exponent
    weights[0] *= 1 - (low - first)
    return values, weights / weights.sum()


def shuffled_nodes(n: int, shuffled: bool, draws: np.random.Generator) -> npt.NDArray[np.int32]:
    """The code of the node at each place: random, or the place itself."""
    codes = np.arange(n, dtype=np.int32)
    if shuffled:
        draws.shuffle(codes)
    return codes


def to_planted(
    edges: npt.NDArray[np.int32],
    group: npt.NDArray[np.int32],
    codes: npt.NDArray[np.int32],
    *,
    directed: bool,
    provenance: Provenance,
) -> Planted:
    """The noun of edges among places, given the group of each place and its code as a node."""
    vocabulary = Vocabulary(np.arange(group.size, dtype=np.int64))
    membership = np.empty(group.size, dtype=np.int32)
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
        start,
        rate,
        *_descending(out, into, group),
        directed,
        nobody,
        _room(inside * n / share),
        streams.generator("inside"),
    )
    between = skip_pairs(
        np.array([0, n]),
        np.array([rate_out]),
        *_descending(out, into, np.zeros_like(group)),
        directed,
        group,
        _room(outside * n / share),
        streams.generator("outside"),
    )
    edges = np.concatenate([within_edges, between])
    provenance = Provenance.of(
        "planted_partition",
        {
            "sizes": counts,
            "inside": inside,
            "outside": outside,
            "directed": bool(directed),
            "degree_exponent": degree_exponent,
            "shuffled": bool(shuffled),
            "realised_inside": share * within_edges.shape[0] / n,
            "realised_outside": share * between.shape[0] / n,
        },
        seed=streams.seed,
    )
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


#: Draws of community sizes, until the nodes fit in.
TRIES = 100

#: With a larger share of edge ends without a partner, a graph is refused.
MOST_UNJOINED = 0.01


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
    r"""A random graph with planted communities of unequal size and nodes of unequal degree.

    The benchmark of Lancichinetti, Fortunato and Radicchi [1]_: undirected, unweighted,
    without loops and parallel edges.

    1. Degrees k follow :math:`P(k) \propto k^{-\tau_1}` up to `max_degree`, with a lower
       cut-off that makes their expectation `mean_degree`. The cut-off may fall between two
       whole numbers; the smaller then has a share of its weight.
    2. Community sizes follow :math:`P(s) \propto s^{-\tau_2}` from `min_size` to `max_size`,
       drawn until their sum is nearest to n; random communities then gain or lose single
       nodes, within the bounds, until it is n.
    3. Each node has :math:`(1 - \mu) k` ends inside its community, rounded up or down at
       random without bias. Places are dealt uniformly over all ways in which every node has
       fewer ends inside than its community has nodes.
    4. Ends inside are paired at random within each community, the others between
       communities. Loops, parallel edges and outer edges that fall inside are rewired with
       random partners. A community too dense for that is built by rule (Havel and Hakimi)
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
        Whether ids are dealt at random; otherwise communities are contiguous in id order,
        the largest first.
    rng
        Seed.

    Returns
    -------
    Planted
        Graph, truth, and the realised mixing, which is within 0.01 of `mu` at n = 1000. The
        provenance counts as removed what had to give: an edge end dropped to make a number
        even or for want of a partner, and, as parameters, ends moved from the inside of a
        community to its outside and communities built by rule.

    Raises
    ------
    OptionError
        If a parameter is out of range, or no graph meets them together: see the message.

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
    n = check_integer("n", n, 2)
    mu = check_number("mu", mu, 0.0, 1.0)
    max_degree = check_integer("max_degree", max_degree, 1)
    mean_degree = check_number("mean_degree", mean_degree, 1.0)
    tau = check_number("degree_exponent", degree_exponent, 0.0)
    size_exponent = check_number("size_exponent", size_exponent, 0.0)
    min_size = check_integer("min_size", min_size, 1)
    max_size = check_integer("max_size", max_size, 1)
    _check_together(n, mu, mean_degree, max_degree, min_size, max_size)
    cut_off = _lower_cut_off(mean_degree, max_degree, tau)

    streams = Streams(rng)
    draws = streams.generator("degrees")
    values, weights = power_law(cut_off, max_degree, tau)
    degrees = draws.choice(values, size=n, p=weights)
    odd = int(degrees.sum()) % 2
    if odd:  # ends come in pairs
        node = int(draws.integers(n))
        degrees[node] += 1 if degrees[node] < max_degree else -1
    exact = (1 - mu) * degrees
    inner = np.floor(exact).astype(np.int64)
    inner += draws.random(n) < exact - inner
    order = np.argsort(-inner, kind="stable")
    degrees, inner = degrees[order], inner[order]

    fewest = max(-(-n // max_size), 2 if mu > 0 else 1)
    sizes, slots = _communities(inner, size_exponent, (min_size, max_size), fewest, streams)
    start = np.concatenate([[0], np.cumsum(sizes)])
    group = np.repeat(np.arange(sizes.size, dtype=np.int32), sizes)
    whole_degree, inside = np.empty(n, np.int64), np.empty(n, np.int64)
    whole_degree[slots], inside[slots] = degrees, inner
    draws = streams.generator("inside")
    even_out(start, whole_degree, inside, draws)
    outside = whole_degree - inside
    edges = np.empty((int(inside.sum()) // 2, 2), dtype=np.int32)
    busiest = int(np.add.reduceat(inside, start[:-1]).max())
    table = np.empty(table_length(busiest // 2), dtype=np.int64)
    made, by_rule = pair_within(start, inside, edges, table, draws)
    moved = int(inside.sum())
    outside += inside
    dropped = 0
    if mu == 0:  # nothing may leave
        dropped, moved = int(outside.sum()), 0
        outside[:] = 0

    draws = streams.generator("outside")
    ends = np.repeat(np.arange(n, dtype=np.int32), outside)
    draws.shuffle(ends)
    between = ends.reshape(-1, 2)
    table = np.empty(table_length(between.shape[0]), dtype=np.int64)
    joined = join_ends(between, n, group, table, draws)
    unjoined = 2 * (between.shape[0] - joined)
    if unjoined > MOST_UNJOINED * whole_degree.sum():
        raise OptionError(
            f"lfr: {unjoined:,} of {int(whole_degree.sum()):,} edge ends find no partner outside "
            f"their community (mu={mu:g}, {sizes.size} communities): lower mu, mean_degree or "
            "max_size, or take more nodes."
        )
    everything = np.concatenate([edges[:made], between[:joined]])
    removed = {"edge ends dropped to make numbers even": dropped, "edge ends unjoined": unjoined}
    provenance = Provenance.of(
        "lfr",
        {
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
        },
        seed=streams.seed,
        removed={reason: count for reason, count in removed.items() if count},
    )
    codes = shuffled_nodes(n, shuffled, streams.generator("ids"))
    return to_planted(everything, group, codes, directed=False, provenance=provenance)


def _check_together(
    n: int, mu: float, mean_degree: float, max_degree: int, min_size: int, max_size: int
) -> None:
    """Raise an OptionError where the parameters contradict one another."""
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
    """The lower cut-off at which the truncated power law has this mean."""

    def mean(low: float) -> float:
        values, weights = power_law(low, max_degree, exponent)
        return float(values @ weights)

    low, high = 1.0, float(max_degree)
    if mean(low) > mean_degree:
        raise OptionError(
            f"lfr: mean_degree={mean_degree:g} is below {mean(low):.3g}, the mean of degrees from "
            f"1 to max_degree={max_degree} with degree_exponent={exponent:g}: raise mean_degree "
            "or degree_exponent, or lower max_degree."
        )
    for _ in range(100):
        middle = (low + high) / 2
        if mean(middle) < mean_degree:
            low = middle
        else:
            high = middle
    return high


def _communities(
    inner: Ints, exponent: float, bounds: tuple[int, int], fewest: int, streams: Streams
) -> tuple[Ints, Ints]:
    """Sizes of the communities, descending, and the place of each node (most ends first)."""
    n = inner.size
    slots = np.empty(n, dtype=np.int64)
    for number in range(TRIES):
        draws = streams.generator("communities", number)
        sizes = _sizes(n, exponent, bounds, fewest, draws)
        placed = place(inner, sizes, slots, draws)
        if placed == n:
            return sizes, slots
    raise OptionError(
        f"lfr: a node with {int(inner[placed])} neighbours inside its community found no place in "
        f"{TRIES} draws of sizes from {bounds[0]} to {bounds[1]}: raise max_size or mu, or lower "
        "max_degree or size_exponent."
    )


def _sizes(
    n: int, exponent: float, bounds: tuple[int, int], fewest: int, draws: np.random.Generator
) -> Ints:
    """Sizes of communities that make n, descending."""
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
