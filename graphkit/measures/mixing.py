"""Mixing between communities: mixing matrices, E–I index and cross-community exposure."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.graph import GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.errors import (
    DataError,
    MissingDataError,
    check_codes,
    check_counts,
    check_integer,
    check_number,
    check_square,
    nearest,
)
from graphkit.parallel import refuse_after_fork

__all__ = ["Crossing", "Mixing", "crossing", "ei_index", "ei_null", "flow", "flow_matrix", "mixing"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.integer]


#: Communities of a matrix, at most: each matrix of so many has 200 MB, and there are several.
MOST_COMMUNITIES = 5_000


@dataclass(frozen=True, repr=False, eq=False)
class Mixing(Frozen, title="Mixing of communities"):
    """Mixing matrix: edge weight (or impressions) within and between communities.

    Attributes
    ----------
    labels
        Names of the communities, C of them.
    observed
        float64, shape (C, C): weight of the edges from row to column. An undirected edge
        counts in both directions, so that row sums are strengths.
    expected
        float64, shape (C, C): row sum × column sum / total, the expectation under
        independence.
    ei_index
        (external − internal) / (external + internal) weight, in [−1, 1]: −1 if every edge
        stays inside, 1 if none does (Krackhardt & Stern 1988).
    n_excluded
        Edges with an endpoint in no community, left out.
    directed
        Whether the edges are directed.
    """

    labels: tuple[str, ...]
    observed: npt.NDArray[np.float64]
    expected: npt.NDArray[np.float64]
    ei_index: float
    n_excluded: int
    directed: bool
    provenance: Provenance = field(default_factory=lambda: Provenance("mixing"))

    def log_ratio(self, *, min_expected: float = 5.0) -> npt.NDArray[np.float64]:
        """log₂ of observed over expected, shape (C, C).

        NaN where the expectation is below `min_expected` (too few to interpret), −∞ where
        nothing was observed.
        """
        min_expected = check_number("min_expected", min_expected)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.log2(self.observed / self.expected)
        ratio[self.expected < min_expected] = np.nan
        return ratio

    @property
    def frame(self) -> pl.DataFrame:
        """Long form: source, target, observed, expected, log2_ratio (null where masked)."""
        size = len(self.labels)
        names = pl.Series(self.labels, dtype=pl.String)
        rows, columns = np.divmod(np.arange(size * size), size)
        return pl.DataFrame(
            {
                "source": names.gather(rows),
                "target": names.gather(columns),
                "observed": self.observed.ravel(),
                "expected": self.expected.ravel(),
                "log2_ratio": pl.Series(self.log_ratio().ravel()).fill_nan(None),
            }
        )

    def _facts(self) -> dict[str, object]:
        total = float(self.observed.sum())
        inside = float(np.trace(self.observed)) / total if total else float("nan")
        return {
            "communities": len(self.labels),
            "share inside": inside,
            "E–I index": self.ei_index,
            "edges left out (an endpoint unassigned)": self.n_excluded,
        }


def mixing(graph: GraphLike, partition: Partition) -> Mixing:
    """Mixing matrix of a graph's communities, with its expectation under independence.

    With w_ab the weight of the edges from community a to b, the expectation is
    w_a· w_·b / w_··, and the E–I index is (E − I) / (E + I), with I the weight inside and E the
    weight between communities (Krackhardt & Stern 1988). Self-loops are left out. Edges with an
    endpoint that is unassigned or unknown to the partition are left out and counted.

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
        If the graph has no edge between nodes of communities, or there are more than 5,000
        communities.

    References
    ----------
    Krackhardt, D., & Stern, R. N. (1988). Informal networks and organizational crises.
    Social Psychology Quarterly, 51(2), 123–140. https://doi.org/10.2307/2786835

    Examples
    --------
    >>> from graphkit import Graph
    >>> g = Graph.from_edges(["a", "b", "c"], ["b", "c", "d"], directed=False)
    >>> p = Partition.from_membership(["a", "b", "c", "d"], [0, 0, 1, 1])
    >>> mixing(g, p).observed.tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    >>> round(mixing(g, p).ei_index, 4)
    -0.3333
    """
    size = matrix_size(partition, "mixing")
    graph = as_graph(graph, "mixing")
    codes = partition.vocabulary.lookup(graph.vocabulary.ids)
    community = np.where(codes >= 0, partition.membership[codes], -1)
    source, target, weight = graph.edge_arrays()
    proper = source != target
    source, target, weight = community[source[proper]], community[target[proper]], weight[proper]
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
    index = (everything - 2 * internal) / everything
    made = Provenance.of("mixing", made_from=(graph, partition))
    return _compare_with_independence(
        partition, observed, index, int((~inside).sum()), graph.directed, made
    )


def matrix_size(partition: Partition, caller: str) -> int:
    """Number of communities; raises where a matrix of all pairs of them would be too large."""
    size = partition.n_communities
    if size > MOST_COMMUNITIES:
        raise DataError(
            f"{caller}: {size:,} communities have {size * size:,} pairs, and at most "
            f"{MOST_COMMUNITIES:,} communities are compared: find fewer and larger ones, with a "
            "lower resolution=, or merge small ones with min_size= of leiden."
        )
    return size


def _compare_with_independence(
    partition: Partition,
    observed: Floats,
    index: float,
    excluded: int,
    directed: bool,
    made: Provenance,
) -> Mixing:
    """Mixing matrix with its expectation, row sum × column sum / total."""
    labels = tuple(partition.name(c) for c in range(partition.n_communities))
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
    return Mixing(labels, observed, expected, index, excluded, directed, made)


def flow(spread: Spread, arm: str, partition: str, *, world: int | None = None) -> Mixing:
    """Flow matrix of one arm: impressions from community of origin (rows) to viewer's (columns).

    The expectation is row sum × column sum / total. Impressions of posts without a community of
    origin or to viewers without a community are left out and counted. Replications are added
    up, and so are worlds, with communities matched by name; of a jackknife, the whole only.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`.
    arm
        Name of the arm.
    partition
        Kind of partition, such as ``"planted"``.
    world
        One world only.

    Raises
    ------
    MissingDataError
        For an unknown arm or kind of partition.
    DataError
        If the worlds differ in their communities: choose one world. Also if no impression
        has both a community of origin and of the viewer, or there are more than 5,000
        communities.
    """
    spread.of(arm)
    world = check_integer("world", world, 0, len(spread.worlds) - 1, optional=True)
    chosen = [w for w, each in enumerate(spread.worlds) if each.sample != "part"]
    chosen = chosen or list(range(len(spread.worlds)))
    chosen = chosen if world is None else [world]
    partitions = [partition_of(spread, w, partition) for w in chosen]
    first = partitions[0]
    size = matrix_size(first, "flow")
    observed, excluded = np.zeros((size, size)), 0
    for w, own in zip(chosen, partitions, strict=True):
        codes = _matched_communities(own, first)
        for r in range(spread.replications):
            tally = spread.tallies[arm, w, r]
            after = spread.world_of(arm, w, r)
            found = flow_matrix(tally.views[partition], after.homes[partition])
            observed[np.ix_(codes, codes)] += found
            excluded += int(tally.views[partition].sum()) - int(found.sum())
    if not observed.any():
        raise DataError(
            f"arm {arm!r} shows no post with a community of origin to an account with one."
        )
    options = {"arm": arm, "partition": partition, "world": world, "calibrated": spread.calibrated}
    made = Provenance.of("flow", options, made_from=(spread,))
    return _compare_with_independence(first, observed, ei_index(observed), excluded, True, made)


def partition_of(spread: Spread, world: int, kind: str) -> Partition:
    """Partition of one kind in a world; the error for an unknown kind names the nearest."""
    known = spread.worlds[world].partitions
    if not isinstance(kind, str) or kind not in known:
        raise MissingDataError(
            f"world {world} has no partition {kind!r}.{nearest(str(kind), known)} "
            f"Kinds: {', '.join(known)}."
        )
    return known[kind]


def _matched_communities(own: Partition, first: Partition) -> list[int]:
    """Code in the first partition of each community of another, matched by name."""
    names = [first.name(c) for c in range(first.n_communities)]
    mine = [own.name(c) for c in range(own.n_communities)]
    unnamed = None in own.labels or None in first.labels
    # without names, communities match by size only, as in resampled worlds
    same = sorted(mine) == sorted(names)
    if not same or (unnamed and not np.array_equal(own.sizes, first.sizes)):
        raise DataError(
            "the worlds differ in their communities, so that flows cannot be added up: choose one "
            "by world=, or name the communities."
        )
    return [names.index(name) for name in mine]


def check_log(
    views: Codes, membership: Codes, homes: Codes, poster_indptr: Codes, posters: Codes
) -> tuple[Codes, Codes, Codes, Codes, Codes]:
    """The five arrays of :func:`crossing`, without the diet; a DataError if they do not fit."""
    views = check_counts("views", views, (None, None), whole=True)
    if not views.shape[1]:
        raise DataError("views: no column; the last one is for accounts without a community.")
    m, last = views.shape[0], views.shape[1] - 2
    membership = check_codes("membership", membership, (None,), -1, last)
    homes = check_codes("homes", homes, (m,), -1, last, hint="One home per post.")
    posters = check_codes("posters", posters, (None,), 0, membership.size - 1)
    hint = "Where the posters of each post start, and their number."
    indptr = check_codes("poster_indptr", poster_indptr, (m + 1,), 0, posters.size, hint=hint)
    if indptr[0] != 0 or indptr[-1] != posters.size or (np.diff(indptr.astype(np.int64)) < 0).any():
        raise DataError(
            f"poster_indptr: it must rise from 0 to the number of posters, {posters.size:,}."
        )
    return views, membership, homes, indptr.astype(np.int64), posters


def flow_matrix(views: Codes, homes: Codes) -> Floats:
    """Impressions from community of origin to viewer's community, shape (C, C).

    `views` has shape (m, C + 1), its last column unassigned viewers; `homes` shape (m,).

    Examples
    --------
    >>> flow_matrix(np.array([[3, 1, 9], [0, 2, 0]]), np.array([0, -1])).tolist()
    [[3.0, 1.0], [0.0, 0.0]]
    """
    size = views.shape[1] - 1
    kept = homes >= 0
    cells = homes[kept, None].astype(np.int64) * size + np.arange(size)
    flows = np.bincount(cells.ravel(), views[kept, :size].ravel(), minlength=size * size)
    return np.asarray(flows.reshape(size, size), dtype=np.float64)


def ei_index(matrix: Floats) -> float:
    """E–I index of a square flow matrix: (external − internal) / (external + internal).

    −1 if all flow is internal, 1 if all is external; NaN without any flow.

    Parameters
    ----------
    matrix
        Shape (C, C): flow from each community (row) to each community (column), 0 or larger.

    Raises
    ------
    DataError
        If it is not square, or a number is negative, missing or infinite.

    References
    ----------
    Krackhardt, D., & Stern, R. N. (1988). Informal networks and organizational crises.
    Social Psychology Quarterly, 51(2), 123–140. https://doi.org/10.2307/2786835

    Examples
    --------
    >>> ei_index(np.array([[3.0, 1.0], [0.0, 0.0]]))
    -0.5
    """
    refuse_after_fork()
    matrix = check_square("matrix", matrix)
    total, internal = float(matrix.sum(dtype=np.float64)), float(np.trace(matrix))
    return (total - 2 * internal) / total if total else float("nan")


def ei_null(
    views: Codes, membership: Codes, *, homes: Codes, poster_indptr: Codes, posters: Codes
) -> float:
    """Expected E–I index under permuted memberships of each post's potential viewers.

    Posts keep community of origin h, posters and number of viewers; the memberships of all
    other assigned accounts are permuted, post by post. Of n_i viewers, n_i (|h| − p_ih)/(N − p_i)
    are then expected inside, with N assigned accounts and p_i posters, p_ih of them in h. The
    expectation is exact: nothing is drawn.

    Parameters
    ----------
    views, membership, homes, poster_indptr, posters
        Arrays of a log of views, as for :func:`crossing`; of a graph take :func:`mixing`.

    Raises
    ------
    DataError
        If the arrays do not fit each other, or hold what is no count or no code.

    Examples
    --------
    One post of a community of two among four accounts:

    >>> round(ei_null(
    ...     np.array([[1, 2, 0]]), np.array([0, 0, 1, 1]), homes=np.array([0]),
    ...     poster_indptr=np.array([0, 1]), posters=np.array([0]),
    ... ), 4)
    0.3333
    """
    views, membership, homes, poster_indptr, posters = check_log(
        views, membership, homes, poster_indptr, posters
    )
    size = views.shape[1] - 1
    sizes = np.bincount(membership[membership >= 0], minlength=size)
    post_of = np.repeat(np.arange(homes.size), np.diff(poster_indptr))
    known = membership[posters] >= 0
    inside = known & (membership[posters] == homes[post_of])
    own = np.bincount(post_of, weights=known, minlength=homes.size)
    own_home = np.bincount(post_of, weights=inside, minlength=homes.size)
    shown = views[:, :size].sum(axis=1, dtype=np.float64)
    kept = (homes >= 0) & (shown > 0)
    if (own[kept] >= sizes.sum()).any():
        raise DataError("views: a post is shown to other accounts than its posters, and all are.")
    if not kept.any():
        return float("nan")
    chance = (sizes[homes[kept]] - own_home[kept]) / (sizes.sum() - own[kept])
    return float(1 - 2 * (shown[kept] * chance).sum() / shown[kept].sum())


@dataclass(frozen=True, eq=False)
class Crossing(Frozen):
    """Cross-community exposure of each post that has a community of origin.

    Attributes
    ----------
    posts
        int64, shape (k,): codes of the posts.
    homes
        int64, shape (k,): their communities of origin.
    views
        n_i, shape (k,): impressions to accounts with a community.
    outside
        x_i, shape (k,): share of these outside the community of origin; NaN without impressions.
    expected
        e_i, shape (k,): the same share over all posts, without the post's own posters.
    """

    posts: npt.NDArray[np.int64]
    homes: npt.NDArray[np.int64]
    views: Floats
    outside: Floats
    expected: Floats

    def ratio(self, home: int | None = None) -> float:
        """Exposure relative to random, Σ n_i x_i / Σ n_i e_i, over all communities or one.

        NaN where nothing is expected.
        """
        shown = self._with_views(home)
        wanted = float((self.views[shown] * self.expected[shown]).sum())
        if not wanted > 0:
            return float("nan")
        return float((self.views[shown] * self.outside[shown]).sum()) / wanted

    def ratios(self, size: int) -> Floats:
        """The same for each of the communities 0 … size − 1, shape (size,)."""
        shown = np.flatnonzero(self.views > 0)
        shown = shown[np.argsort(self.homes[shown], kind="stable")]
        starts = np.searchsorted(self.homes[shown], np.arange(size + 1))
        views = self.views[shown]
        foreign, chance = views * self.outside[shown], views * self.expected[shown]
        found = np.full(size, np.nan)
        for home, (low, high) in enumerate(pairwise(starts.tolist())):
            wanted = float(chance[low:high].sum())
            if wanted > 0:
                found[home] = float(foreign[low:high].sum()) / wanted
        return found

    def item_mean(self, home: int | None = None) -> float:
        """Mean over posts of x_i / e_i, for all communities of origin or one."""
        shown = self._with_views(home)
        shown &= self.expected > 0
        if not shown.any():
            return float("nan")
        return float((self.outside[shown] / self.expected[shown]).mean())

    def _with_views(self, home: int | None) -> npt.NDArray[np.bool_]:
        shown = self.views > 0
        return shown if home is None else shown & (self.homes == home)


def crossing(
    views: Codes,
    diet: Codes,
    membership: Codes,
    *,
    homes: Codes,
    poster_indptr: Codes,
    posters: Codes,
) -> Crossing:
    """Cross-community exposure relative to random exposure.

    For a post i with community of origin h and n_i impressions, n_ih of them inside h, its own
    posters left out: x_i = 1 − n_ih / n_i, and e_i = 1 − (all impressions inside h, of all
    posts, without those of i's posters) / (all impressions, likewise). Crossing is
    Σ n_i x_i / Σ n_i e_i: 0 if all exposure is within the community, 1 for a feed that draws
    at random, above 1 if posts are shown at home less than at random. Posts without a community
    of origin and accounts without a community are left out on both sides.

    Parameters
    ----------
    views
        Shape (m, C + 1): accounts of each community shown each post, the last column
        unassigned, without the post's own posters.
    diet
        Shape (n, C + 1): posts shown to each account by community of origin, the last
        without one.
    membership
        Shape (n,): community of each account, −1 for none.
    homes
        Shape (m,): community of origin of each post, −1 for none.
    poster_indptr, posters
        The accounts through which each post enters, as in :class:`World`.

    Raises
    ------
    DataError
        If `views` and `diet` do not count the same impressions, or the arrays do not fit each
        other, or hold what is no count or no code.

    Examples
    --------
    Two communities of two accounts, one post each, all shown within the community:

    >>> found = crossing(
    ...     np.array([[1, 0, 0], [0, 1, 0]]),
    ...     np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]]),
    ...     np.array([0, 0, 1, 1]), homes=np.array([0, 1]),
    ...     poster_indptr=np.array([0, 1, 2]), posters=np.array([0, 2]),
    ... )
    >>> found.ratio()
    0.0
    """
    views, membership, homes, poster_indptr, posters = check_log(
        views, membership, homes, poster_indptr, posters
    )
    diet = check_counts("diet", diet, (membership.size, views.shape[1]), whole=True)
    size = views.shape[1] - 1
    kept = np.flatnonzero(homes >= 0)
    home = homes[kept].astype(np.int64)
    assigned = membership >= 0
    assigned_views = views[kept, :size]
    inside_of = assigned_views.sum(axis=0, dtype=np.float64)
    everything = float(inside_of.sum())
    received = np.where(assigned, diet[:, :size].sum(axis=1), 0).astype(np.float64)
    if received.sum() != everything:
        raise DataError(
            f"views count {everything:,.0f} impressions between communities, the diet "
            f"{received.sum():,.0f}: they are not of one log, partition and set of origins."
        )
    # impressions to the posters of each post: all, and of posts from its community of origin
    post_of = np.repeat(np.arange(homes.size), np.diff(poster_indptr))
    own = received[posters]
    at_home = np.where(membership[posters] == homes[post_of], own, 0.0)
    own_all = np.bincount(post_of, weights=own, minlength=homes.size)[kept]
    own_home = np.bincount(post_of, weights=at_home, minlength=homes.size)[kept]
    shown = assigned_views.sum(axis=1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        outside = 1 - views[kept, home] / shown
        expected = 1 - (inside_of[home] - own_home) / (everything - own_all)
    return Crossing(kept, home, shown, outside, expected)
