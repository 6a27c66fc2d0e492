"""The benchmark of Lancichinetti, Fortunato and Radicchi: power laws and a mixing parameter."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from graphkit.data.planted import Planted
from graphkit.data.provenance import Provenance
from graphkit.errors import OptionError, check_integer, check_number
from graphkit.kernels.edges import even_out, join_ends, pair_within, place, table_length
from graphkit.nullmodels._options import power_law, shuffled_nodes, to_planted
from graphkit.rng import RNGLike, Streams

__all__ = ["lfr"]

Ints = npt.NDArray[np.int64]

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
            "n": n, "mu": mu, "mean_degree": mean_degree, "max_degree": max_degree,
            "degree_exponent": tau, "size_exponent": size_exponent,
            "min_size": min_size, "max_size": max_size, "shuffled": bool(shuffled),
            "lower_cut_off": cut_off, "ends_moved_outside": moved,
            "communities_built_by_rule": by_rule,
        },
        seed=streams.seed,
        removed={reason: count for reason, count in removed.items() if count},
    )  # fmt: skip
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
