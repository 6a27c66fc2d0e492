"""Mixing between communities: mixing matrices, E–I index and cross-community exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.results import Mixing
from graphkit.data.spread import Spread
from graphkit.errors import DataError, MissingDataError, OptionError, nearest

__all__ = ["Crossing", "crossing", "ei_index", "ei_null", "flow", "flow_matrix", "mixing"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.integer]


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


def flow(spread: Spread, arm: str, partition: str, *, world: int | None = None) -> Mixing:
    """Impressions of one arm from home communities (rows) to viewers' (columns).

    Expected is row sum × column sum / total. Posts without a home and viewers without a
    community are left out, and their impressions counted. Replications are added up, and
    so are worlds, communities matched by name.

    Parameters
    ----------
    spread
        What :func:`simulate_spread` tallied.
    arm
        Name of the arm.
    partition
        Kind of partition, such as ``"planted"``.
    world
        One world only.

    Raises
    ------
    MissingDataError
        For an arm or a kind of partition that there is not.
    DataError
        If the worlds differ in their communities: choose one world. Also if no impression
        runs between communities.
    """
    spread.of(arm)
    chosen = range(len(spread.worlds)) if world is None else (world,)
    if world is not None and not 0 <= world < len(spread.worlds):
        raise OptionError(f"world={world}: worlds run from 0 to {len(spread.worlds) - 1}.")
    partitions = []
    for w in chosen:
        known = spread.worlds[w].partitions
        if partition not in known:
            raise MissingDataError(
                f"world {w} has no partition {partition!r}.{nearest(partition, known)} "
                f"Kinds: {', '.join(known)}."
            )
        partitions.append(known[partition])
    first = partitions[0]
    size = first.n_communities
    observed, excluded = np.zeros((size, size)), 0
    for w, own in zip(chosen, partitions, strict=True):
        places = _places(own, first)
        for r in range(spread.replications):
            tally = spread.tallies[arm, w, r]
            found = flow_matrix(tally.views[partition], spread.worlds[w].homes[partition])
            observed[np.ix_(places, places)] += found
            excluded += int(tally.views[partition].sum()) - int(found.sum())
    if not observed.any():
        raise DataError(f"arm {arm!r} shows no post with a home to an account of a community.")
    return Mixing(
        tuple(first.name(c) for c in range(size)),
        observed,
        np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum(),
        ei_index(observed),
        excluded,
        True,
        Provenance.of(
            "flow",
            {
                "arm": arm,
                "partition": partition,
                "world": world,
                "calibrated": spread.calibrated,
            },
            made_from=(spread,),
        ),
    )


def _places(own: Partition, first: Partition) -> list[int]:
    """Where the communities of one world stand among those of the first."""
    names = [first.name(c) for c in range(first.n_communities)]
    mine = [own.name(c) for c in range(own.n_communities)]
    unnamed = None in own.labels or None in first.labels
    # numbers are no names: then the sizes must be equal too, as in resampled worlds
    same = sorted(mine) == sorted(names)
    if not same or (unnamed and not np.array_equal(own.sizes, first.sizes)):
        raise DataError(
            "the worlds differ in their communities, so that flows cannot be added up: choose one "
            "by world=, or name the communities."
        )
    return [names.index(name) for name in mine]


def flow_matrix(views: Codes, homes: Codes) -> Floats:
    """Impressions from home to viewer's community, shape (C, C).

    `views` has shape (m, C + 1), its last column unassigned viewers; `homes` shape (m,).

    Examples
    --------
    >>> flow_matrix(np.array([[3, 1, 9], [0, 2, 0]]), np.array([0, -1])).tolist()
    [[3.0, 1.0], [0.0, 0.0]]
    """
    size = views.shape[1] - 1
    matrix = np.zeros((size, size))
    kept = homes >= 0
    np.add.at(matrix, homes[kept], views[kept, :size].astype(np.float64))
    return matrix


def ei_index(matrix: Floats) -> float:
    """(external − internal) / (external + internal) of a square matrix of flows.

    −1 if everything stays inside, 1 if nothing does; NaN without any flow.

    References
    ----------
    Krackhardt, D., & Stern, R. N. (1988). Informal networks and organizational crises.
    Social Psychology Quarterly, 51(2), 123–140. https://doi.org/10.2307/2786835

    Examples
    --------
    >>> ei_index(np.array([[3.0, 1.0], [0.0, 0.0]]))
    -0.5
    """
    total, internal = float(matrix.sum()), float(np.trace(matrix))
    return (total - 2 * internal) / total if total else float("nan")


def ei_null(
    views: Codes, membership: Codes, *, homes: Codes, poster_indptr: Codes, posters: Codes
) -> float:
    """Expectation of the E–I index if the memberships of a post's possible viewers are permuted.

    Posts keep home, posters and number of viewers; the memberships of all other assigned
    accounts are exchanged at random, post by post. Of n_i viewers, n_i (|h| − p_ih)/(N − p_i)
    are then expected inside, with N assigned accounts and p_i posters, p_ih of them in h:
    exact, nothing is drawn. Parameters as for :func:`crossing`.

    Examples
    --------
    One post of a community of two among four accounts:

    >>> round(ei_null(
    ...     np.array([[1, 2, 0]]), np.array([0, 0, 1, 1]), homes=np.array([0]),
    ...     poster_indptr=np.array([0, 1]), posters=np.array([0]),
    ... ), 4)
    0.3333
    """
    size = views.shape[1] - 1
    sizes = np.bincount(membership[membership >= 0], minlength=size)
    post_of = np.repeat(np.arange(homes.size), np.diff(poster_indptr))
    known = membership[posters] >= 0
    inside = known & (membership[posters] == homes[post_of])
    own = np.bincount(post_of, weights=known, minlength=homes.size)
    own_home = np.bincount(post_of, weights=inside, minlength=homes.size)
    shown = views[:, :size].sum(axis=1)
    kept = (homes >= 0) & (shown > 0)
    if not kept.any():
        return float("nan")
    chance = (sizes[homes[kept]] - own_home[kept]) / (sizes.sum() - own[kept])
    return float(1 - 2 * (shown[kept] * chance).sum() / shown[kept].sum())


@dataclass(frozen=True)
class Crossing:
    """What :func:`crossing` found, post by post, over the posts with a home.

    Attributes
    ----------
    posts
        int64, shape (k,): codes of the posts with a home.
    homes
        int64, shape (k,): their homes.
    views
        n_i, shape (k,): impressions to accounts of communities.
    outside
        x_i, shape (k,): share of these outside the home; NaN without impressions.
    expected
        e_i, shape (k,): the same share over all posts, without the post's own posters.
    """

    posts: npt.NDArray[np.int64]
    homes: npt.NDArray[np.int64]
    views: Floats
    outside: Floats
    expected: Floats

    def ratio(self, home: int | None = None) -> float:
        """Σ n_i x_i / Σ n_i e_i, over all homes or one; NaN where nothing is expected."""
        shown = self._shown(home)
        wanted = float((self.views[shown] * self.expected[shown]).sum())
        if not wanted > 0:
            return float("nan")
        return float((self.views[shown] * self.outside[shown]).sum()) / wanted

    def item_mean(self, home: int | None = None) -> float:
        """Mean of x_i / e_i over the posts with impressions, each post counting once."""
        shown = self._shown(home)
        shown &= self.expected > 0
        if not shown.any():
            return float("nan")
        return float((self.outside[shown] / self.expected[shown]).mean())

    def _shown(self, home: int | None) -> npt.NDArray[np.bool_]:
        shown = self.views > 0
        return shown if home is None else shown & (self.homes == home)


def crossing(
    views: Codes, diet: Codes, membership: Codes, *, homes: Codes, poster_indptr: Codes,
    posters: Codes,
) -> Crossing:  # fmt: skip
    """Impressions outside the home community, against a feed that does not care.

    For a post i with home h, n_i impressions, n_ih of them inside h, its own posters left
    out: x_i = 1 − n_ih / n_i, and e_i = 1 − (all impressions inside h, of all posts,
    without those of i's posters) / (all impressions, likewise). Crossing is
    Σ n_i x_i / Σ n_i e_i: 0 if nothing leaves home, 1 for a feed that draws at random,
    above 1 if posts avoid their home. Posts without a home and accounts without a
    community are left out on both sides.

    Parameters
    ----------
    views
        Shape (m, C + 1): accounts of each community shown each post, the last column
        unassigned, without the post's own posters.
    diet
        Shape (n, C + 1): posts shown to each account by their home, the last homeless.
    membership
        Shape (n,): community of each account, −1 for none.
    homes
        Shape (m,): home of each post, −1 for none.
    poster_indptr, posters
        The accounts through which each post enters, as in :class:`World`.

    Raises
    ------
    DataError
        If `views` and `diet` do not count the same impressions.

    Examples
    --------
    Two communities of two accounts, one post each, all shown at home:

    >>> found = crossing(
    ...     np.array([[1, 0, 0], [0, 1, 0]]),
    ...     np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]]),
    ...     np.array([0, 0, 1, 1]), homes=np.array([0, 1]),
    ...     poster_indptr=np.array([0, 1, 2]), posters=np.array([0, 2]),
    ... )
    >>> found.ratio()
    0.0
    """
    size = views.shape[1] - 1
    kept = np.flatnonzero(homes >= 0)
    home = homes[kept].astype(np.int64)
    assigned = membership >= 0
    inside_of = views[kept, :size].sum(axis=0, dtype=np.float64)
    everything = float(inside_of.sum())
    received = np.where(assigned, diet[:, :size].sum(axis=1), 0).astype(np.float64)
    if received.sum() != everything:
        raise DataError(
            f"views count {everything:,.0f} impressions between homes and communities, the diet "
            f"{received.sum():,.0f}: they are not of one log, partition and set of homes."
        )
    # what the posters of each post were shown themselves: in all, and inside its home
    post_of = np.repeat(np.arange(homes.size), np.diff(poster_indptr))
    own = received[posters]
    at_home = np.where(membership[posters] == homes[post_of], own, 0.0)
    own_all = np.bincount(post_of, weights=own, minlength=homes.size)[kept]
    own_home = np.bincount(post_of, weights=at_home, minlength=homes.size)[kept]
    shown = views[kept, :size].sum(axis=1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        outside = 1 - views[kept, home] / shown
        expected = 1 - (inside_of[home] - own_home) / (everything - own_all)
    return Crossing(kept, home, shown, outside, expected)
