"""Exposure under permuted communities: closed forms of measures, and their value for one draw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse, special, stats

from graphkit.measures.catalogue import PartitionTallies

__all__ = ["Exposure", "expected_entropy_terms"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: Values this near count as equal: sums of the same terms in another order.
TIE = 1e-9

#: Probabilities of a hypergeometric distribution that are held at a time.
_CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class Exposure:
    """Exposure of the N accounts with a community in one run, in the order of their keys.

    Rows are accounts, columns communities of origin, C of them. *Pairs* are those of a post that
    has a community of origin, and a poster of it among the N.
    """

    tallies: PartitionTallies

    @cached_property
    def accounts(self) -> Codes:
        """Codes of the N accounts."""
        assigned = np.flatnonzero(self.tallies.partition.membership >= 0)
        return assigned[np.argsort(self.tallies.run.world.account_keys[assigned])]

    @cached_property
    def labels(self) -> Codes:
        """Community of each, shape (N,)."""
        return np.asarray(self.tallies.partition.membership[self.accounts], dtype=np.int64)

    @property
    def n(self) -> int:
        """N."""
        return self.accounts.size

    @cached_property
    def sizes(self) -> Codes:
        """Members of each community, shape (C,)."""
        return np.asarray(self.tallies.partition.sizes, dtype=np.int64)

    @cached_property
    def shown(self) -> Floats:
        """n_i: impressions of each post to the N accounts, shape (m,)."""
        return np.asarray(self.tallies.audience.sum(axis=1), dtype=np.float64)

    @cached_property
    def posted(self) -> tuple[Codes, Codes]:
        """Post and poster, as a row, of each poster among the N, whether or not of a home."""
        world = self.tallies.run.world
        row = np.full(world.n_accounts, -1)
        row[self.accounts] = np.arange(self.n)
        post = np.repeat(np.arange(world.n_posts), np.diff(world.poster_indptr))
        known = row[world.posters] >= 0
        return post[known], row[world.posters][known]

    @cached_property
    def able(self) -> Floats:
        """N − p_i: accounts that each post could be shown to, shape (m,)."""
        posters = np.bincount(self.posted[0], minlength=self.shown.size)
        return np.asarray(self.n - posters, dtype=np.float64)

    @cached_property
    def pairs(self) -> tuple[Codes, Codes, Codes]:
        """Post, row and community of origin of each pair."""
        post, row = self.posted
        home = self.tallies.homes[post]
        kept = home >= 0
        return post[kept], row[kept], home[kept].astype(np.int64)

    @cached_property
    def diet(self) -> sparse.csr_array:
        """Posts shown to each account by community of origin, shape (N, C)."""
        return sparse.csr_array(self.tallies.assigned_diet[self.accounts].astype(np.float64))

    @cached_property
    def diet_cells(self) -> tuple[Codes, Codes]:
        """Row and column of each entry of `diet`."""
        row = np.repeat(np.arange(self.n), np.diff(self.diet.indptr))
        return row, self.diet.indices.astype(np.int64)

    @cached_property
    def absent(self) -> Floats:
        """n_i / (N − p_i) of each pair: what the poster would be shown of the post."""
        post = self.pairs[0]
        # a post that all are posters of is shown to nobody
        return self.shown[post] / np.maximum(self.able[post], 1)

    @cached_property
    def filled(self) -> sparse.csr_array:
        """`diet` with the absent pairs, shape (N, C)."""
        _, row, home = self.pairs
        own = sparse.coo_array((self.absent, (row, home)), shape=self.diet.shape)
        return (self.diet + own.tocsr()).tocsr()

    @cached_property
    def withheld(self) -> Floats:
        """Absent pairs by community of origin (rows) and of the poster, shape (C, C)."""
        _, row, home = self.pairs
        return sum_cells(home, self.labels[row], self.absent, self.sizes.size)

    @cached_property
    def expected_flow(self) -> Floats:
        """Expected flow matrix, shape (C, C)."""
        by_home = np.asarray(self.filled.sum(axis=0))
        return np.outer(by_home, self.sizes / self.n) - self.withheld

    @cached_property
    def received(self) -> Floats:
        """Impressions of posts with a community of origin by account, shape (N,)."""
        return np.asarray(self.diet.sum(axis=1), dtype=np.float64)

    @cached_property
    def crossing_parts(self) -> tuple[Floats, Floats, Floats]:
        """Terms of Σ n_i e_i that no label changes.

        By community of origin Σ n_i and Σ n_i / (all impressions without those of i's posters),
        and by pair the latter times the poster's impressions.
        """
        post, row, _ = self.pairs
        homes = self.tallies.homes
        own = np.bincount(post, weights=self.received[row], minlength=homes.size)
        kept = np.flatnonzero((homes >= 0) & (self.shown > 0))
        part = np.zeros(homes.size)
        part[kept] = self.shown[kept] / (self.received.sum() - own[kept])
        size = self.sizes.size
        views = np.bincount(homes[kept], weights=self.shown[kept], minlength=size)
        parts = np.bincount(homes[kept], weights=part[kept], minlength=size)
        own_part = np.asarray(part[post] * self.received[row], dtype=np.float64)
        return np.asarray(views, np.float64), np.asarray(parts, np.float64), own_part

    def crossing(self, labels: Codes, inside: Floats) -> Floats:
        """Crossing of the whole and of each community, shape (1 + C,), under these labels.

        `inside` is the number of impressions within each community, shape (C,).
        """
        views, parts, own = self.crossing_parts
        _, row, home = self.pairs
        size = self.sizes.size
        at_home = labels[row] == home
        shown = np.bincount(labels, weights=self.received, minlength=size)
        own_home = np.bincount(home[at_home], weights=own[at_home], minlength=size)
        outside, wanted = views - inside, views - shown * parts + own_home
        outside = np.concatenate([[outside.sum()], outside])
        wanted = np.concatenate([[wanted.sum()], wanted])
        found = np.full(size + 1, np.nan)
        np.divide(outside, wanted, out=found, where=wanted > TIE * np.maximum(outside, 1))
        return found

    def draw(self, labels: Codes) -> tuple[Floats, Floats]:
        """Flow matrix with absent pairs filled, and crossing as by :meth:`crossing`."""
        size = self.sizes.size
        row, home = self.diet_cells
        flow = sum_cells(home, labels[row], self.diet.data, size)
        crossing = self.crossing(labels, np.diagonal(flow))
        _, row, home = self.pairs
        return flow + sum_cells(home, labels[row], self.absent, size), crossing

    @property
    def total(self) -> float:
        """Impressions of posts with a community of origin to the N accounts."""
        return float(self.received.sum())

    def ei_of(self, flow: Floats) -> float:
        """E–I index of a flow matrix with absent pairs filled, which are taken out again."""
        inside = float(np.trace(flow) - np.trace(self.withheld))
        return (self.total - 2 * inside) / self.total if self.total else float("nan")

    def reach_of(self, flow: Floats) -> Floats:
        """hosting_reach of each community by a flow matrix with absent pairs filled, shape (C,)."""
        gap = np.diagonal(flow) - np.diagonal(self.withheld) - np.diagonal(self.expected_flow)
        return self.expected_reach + self.reach_weights * gap

    def members_figures(self, confidence: float) -> Floats:
        """Figures of hosting_members by community, shape (C, 8).

        Expected, sd, low, high, z, p, p_less and p_greater; NaN for a community of fewer than two.
        """
        size, sizes, n = self.sizes.size, self.sizes, self.n
        of = (n, self.seeing, sizes)
        row, home = self.diet_cells
        count = np.bincount(home[self.labels[row] == home], minlength=size)
        mean = self.seeing * sizes / n
        sd = np.sqrt(mean * (1 - self.seeing / n) * (n - sizes) / (n - 1))
        tails = ((1 - confidence) / 2, (1 + confidence) / 2)
        members = np.maximum(sizes, 1)
        low, high = (stats.hypergeom.ppf(tail, *of) / members for tail in tails)
        gap = np.abs(count - mean) - TIE * np.maximum(mean, 1)
        below = stats.hypergeom.cdf(np.floor(mean - gap), *of)
        above = stats.hypergeom.sf(np.ceil(mean + gap) - 1, *of)
        two = np.where(gap > 0, np.minimum(below + above, 1), 1)
        z = np.full(size, np.nan)
        np.divide(count - mean, sd, out=z, where=sd > 0)
        less = stats.hypergeom.cdf(count, *of)
        greater = stats.hypergeom.sf(count - 1, *of)
        found = np.column_stack([mean / members, sd / members, low, high, z, two, less, greater])
        found[sizes < 2] = np.nan
        return found

    @cached_property
    def seeing(self) -> Codes:
        """Accounts that are shown a post of each community, shape (C,)."""
        return np.asarray((self.diet > 0).sum(axis=0), dtype=np.int64)

    def trace_variance(self) -> float:
        """Variance of the impressions within communities, by Hoeffding's formula."""
        filled, share = self.filled, self.sizes / self.n
        squares = float((filled.power(2).sum(axis=0) * share).sum())
        rows = np.asarray(filled @ share)
        columns = np.asarray(filled.sum(axis=0)) / self.n
        grand = float((columns * share).sum())
        # per account: Σ d² over rows and labels, d the doubly centred impressions
        total = squares - float((rows**2).sum())
        total -= self.n * float((columns**2 * share).sum()) - self.n * grand**2
        return max(total, 0.0) * self.n / (self.n - 1)

    @cached_property
    def hosted(self) -> tuple[Codes, Codes, Floats]:
        """Posts that :func:`hosting_reach` counts, their communities, and the others in these."""
        homes = self.tallies.homes
        post, row, home = self.pairs
        entering = np.bincount(post[self.labels[row] == home], minlength=homes.size)
        kept = np.flatnonzero(homes >= 0)
        others = self.sizes[homes[kept]] - entering[kept]
        kept, others = kept[others > 0], others[others > 0]
        return kept, homes[kept].astype(np.int64), others.astype(np.float64)

    @cached_property
    def expected_reach(self) -> Floats:
        """Expected hosting_reach, shape (C,)."""
        kept, _, _ = self.hosted
        return self.mean_hosted(self.shown[kept] / self.able[kept])

    @cached_property
    def reach_weights(self) -> Floats:
        """Factor from impressions within a community to its hosting_reach, shape (C,)."""
        kept, _, others = self.hosted
        shown = self.mean_hosted(self.shown[kept])
        weighted = self.mean_hosted(self.shown[kept] / others)
        posts = np.bincount(self.hosted[1], minlength=self.sizes.size)
        factor = np.where(posts > 0, 0.0, np.nan)
        np.divide(weighted, shown * posts, out=factor, where=shown > 0)
        return factor

    def mean_hosted(self, values: Floats) -> Floats:
        """Mean over these posts by community, shape (C,); NaN without any."""
        _, home, _ = self.hosted
        size = self.sizes.size
        with np.errstate(invalid="ignore"):
            mean = np.bincount(home, weights=values, minlength=size) / np.bincount(
                home, minlength=size
            )
        return np.asarray(mean, dtype=np.float64)

    def expected_entropy(self) -> float:
        """Expected mean over posts of the normalised entropy of the audience."""
        size = self.sizes.size
        shown = np.flatnonzero(self.shown > 0)
        if size < 2 or not shown.size:
            return float("nan")
        views, able = self.shown.astype(np.int64), self.able.astype(np.int64)
        # all communities as if nobody in them were a poster, then those that have posters
        kinds, count = np.unique(
            np.column_stack([views[shown], able[shown]]), axis=0, return_counts=True
        )
        of_size, times = np.unique(self.sizes, return_counts=True)
        terms = [
            np.column_stack([np.repeat(kinds, of_size.size, axis=0), np.tile(of_size, len(kinds))])
        ]
        weights = [np.outer(count, times).ravel()]
        post, row = self.posted
        kept = views[post] > 0
        cell, posters = np.unique(post[kept] * size + self.labels[row[kept]], return_counts=True)
        post, members = cell // size, self.sizes[cell % size]
        for left, sign in ((members, -1), (members - posters, 1)):
            terms.append(np.column_stack([views[post], able[post], left]))
            weights.append(np.full(post.size, sign))
        unique, place = np.unique(np.concatenate(terms), axis=0, return_inverse=True)
        weight = np.bincount(place.ravel(), weights=np.concatenate(weights))
        unique, weight = unique[weight != 0], weight[weight != 0]
        total = float((expected_entropy_terms(*unique.T) * weight).sum())
        return total / shown.size / float(np.log(size))


def sum_cells(rows: Codes, columns: Codes, weights: Floats, size: int) -> Floats:
    """Sums by cell, shape (size, size)."""
    cell = rows.astype(np.int64) * size + columns
    sums = np.bincount(cell, weights=weights, minlength=size * size)
    return np.asarray(sums, dtype=np.float64).reshape(size, size)


def expected_entropy_terms(views: Codes, able: Codes, members: Codes) -> Floats:
    r"""E[−x ln x] with x the share of a community among the viewers of a post.

    Of `able` accounts, `members` in the community, `views` are drawn without replacement, so that
    x · views is hypergeometric.

    Examples
    --------
    Two of four accounts, two of them in the community: x is ½ in two draws of three, else 0 or 1:

    >>> expected_entropy_terms(np.array([2]), np.array([4]), np.array([2])).round(4).tolist()
    [0.231]
    """
    mean = views * members / able
    wide = 10 * np.sqrt(mean * (1 - members / able)) + 10  # beyond it nothing counts
    low = np.maximum(np.floor(mean - wide), np.maximum(0, views - (able - members)))
    high = np.minimum(np.ceil(mean + wide), np.minimum(views, members))
    low, width = low.astype(np.int64), (high - low + 1).astype(np.int64)
    ends = np.cumsum(width)
    starts = ends - width
    found = np.empty(views.size)
    # looked up: scipy's own distribution takes microseconds for each
    logs = special.gammaln(np.arange(int(able.max()) + 1) + 1.0)

    def choose(n: Codes, k: Codes) -> Floats:
        return np.asarray(logs[n] - logs[k] - logs[n - k], dtype=np.float64)

    first = 0
    while first < views.size:
        last = max(int(np.searchsorted(ends, starts[first] + _CHUNK, side="right")), first + 1)
        term = np.repeat(np.arange(first, last), width[first:last])
        value = low[term] + np.arange(starts[first], ends[last - 1]) - starts[term]
        inside, outside, drawn = members[term], (able - members)[term], views[term]
        log = choose(inside, value) + choose(outside, drawn - value) - choose(able[term], drawn)
        parts = special.entr(value / drawn) * np.exp(log)
        found[first:last] = np.add.reduceat(parts, starts[first:last] - starts[first])
        first = last
    return found
