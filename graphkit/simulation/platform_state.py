"""Engagement counts of the platform, and the ranking factors computed from them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.data.spread import REACTIONS
from graphkit.kernels.state import HORIZON, MOST_TRENDING, WATCH_UNIT, TickContext
from graphkit.recommenders.factors import POST_FACTORS
from graphkit.recommenders.feed import Feed
from graphkit.recommenders.search import cell_ends
from graphkit.simulation.arrays import SimulationArrays

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Prior of a post's rates: this many views at the overall rate.
PRIOR_VIEWS = 5.0
#: Counts up to which their values are listed in a table.
MOST_LEVELS = 1 << 20
#: Half-life of a post's recency, in ticks.
RECENCY = 3.0
#: Reactions that are summed in each rate.
RATES = {
    "expected_like": ("like",),
    "expected_comment": ("comment",),
    "expected_share": ("share", "duet", "stitch"),
    "expected_skip": ("skip",),
}


class PlatformState:
    """Engagement counts of one arm, and the cold-start budget of its posts.

    Parameters
    ----------
    arrays
        The world.
    feed
        The feed, whose exploration budget and weights are used.
    ticks
        Number of ticks of the run.
    """

    def __init__(self, arrays: SimulationArrays, feed: Feed, ticks: int) -> None:
        m = arrays.posts.size
        self._arrays, self._feed = arrays, feed
        self.watch, self.views, self.reacted = (np.zeros(m, np.int64) for _ in range(3))
        self.reactions = np.zeros((m, len(REACTIONS)), np.int64)
        self.item_ticks = np.zeros((m, ticks), np.int32)
        self.budget = np.full(m, feed.trial_size, np.int64)
        self._followers = np.bincount(arrays.static.f_indices, minlength=arrays.accounts.size)

    def append(self, arrays: SimulationArrays, count: int) -> None:
        """Count so many more posts as well, which are among those of the arrays.

        The rows of posts that have not entered are equal, so that new ones may follow at the end.
        """
        self._arrays = arrays
        for name in ("watch", "views", "reacted", "reactions", "item_ticks"):
            rows = getattr(self, name)
            more = np.zeros((count, *rows.shape[1:]), rows.dtype)
            setattr(self, name, np.concatenate([rows, more]))
        more = np.full(count, self._feed.trial_size, np.int64)
        self.budget = np.concatenate([self.budget, more])

    def tick_context(
        self, t: int, seed: int, withdrawn: npt.NDArray[np.bool_], n_followers: Ints
    ) -> TickContext:
        """Eligible posts and static scores of a tick, from the counts of earlier ticks."""
        static, feed = self._arrays.static, self._feed
        self._followers = n_followers
        n_eligible = self.n_eligible(t)
        recent = np.arange(self.n_eligible(t - HORIZON), n_eligible, dtype=np.int32)
        any_withdrawn = bool(withdrawn.any())
        if any_withdrawn:
            recent = recent[~withdrawn[recent]]
        popular = np.zeros(0, np.int32)
        if feed.filler == "popularity":
            popular = _most_reacted(np.flatnonzero(~withdrawn[:n_eligible]), self.reacted)
        return TickContext(
            t=t,
            seed=np.uint64(seed),
            n_eligible=n_eligible,
            any_withdrawn=any_withdrawn,
            poster_end=_row_ends(static.by_poster_indptr, static.by_poster, n_eligible),
            group_end=_row_ends(static.by_group_indptr, static.by_group, n_eligible),
            cell_end=cell_ends(self._arrays.index, n_eligible),
            cold_start=recent[self.views[recent] < self.budget[recent]],
            trending=_most_reacted(recent[self.reacted[recent] > 0], self.reacted)[:MOST_TRENDING],
            popular=popular,
            static_score=self._static_score(t),
        )

    def n_eligible(self, t: int) -> int:
        """Number of posts that have entered by tick t."""
        return int(np.searchsorted(self._arrays.ticks, t, side="right"))

    def widen_exploration(self) -> None:
        """Increase the budget of posts that used it and were completed at least as often as all."""
        completions = self.reactions[:, REACTIONS.index("complete")]
        shown, finished = int(self.views.sum()), int(completions.sum())
        over = self.views >= self.budget
        liked = completions * shown >= finished * self.views
        grown = np.ceil(self.budget * self._feed.trial_growth)
        self.budget = np.where(over & liked, np.minimum(grown, 2.0**40), self.budget).astype(
            np.int64
        )

    def factor(self, name: str, t: int) -> Floats:
        """Query-independent factor of every post, shape (m,)."""
        arrays = self._arrays
        if name == "expected_watch":
            return self._smoothed_rate(self.watch / WATCH_UNIT, self._mean_watch())
        if name == "expected_watch_time":
            expected = self._smoothed_rate(self.watch / WATCH_UNIT, self._mean_watch())
            minutes: Floats = np.minimum(expected * arrays.seconds / 60.0, 1.0)
            return minutes
        if name in RATES:
            columns = [REACTIONS.index(r) for r in RATES[name]]
            count = self.reactions[:, columns].sum(axis=1)
            shown = int(self.views.sum())
            return self._smoothed_rate(
                count.astype(np.float64), int(count.sum()) / shown if shown else 0.0
            )
        if name == "global_reactions":
            return _log_share(self.reacted)
        if name == "recency":
            ages = np.maximum(t - arrays.ticks, 0)
            of_age: Floats = np.array([2.0 ** (-age / RECENCY) for age in range(t + 1)])
            return of_age[ages]
        if name == "cross_posted":
            return arrays.cross_posted.astype(np.float64)
        if name == "flagged":
            return np.ascontiguousarray(arrays.static.traits[:, 3])
        return self._author_factor(name)

    def _author_factor(self, name: str) -> Floats:
        author = self._arrays.static.attributes[:, 0]
        of_account: Floats
        if name == "author_followers":
            of_account = _log_share(self._followers)
        elif name == "author_hits":
            counts = self.reacted.astype(np.float64)
            hits = np.bincount(author, weights=counts, minlength=self._followers.size)
            of_account = _log_share(hits.astype(np.int64))
        else:
            assert name == "small_creator", name
            held = np.bincount(author, minlength=self._followers.size) > 0
            median = np.median(self._followers[held])
            of_account = (self._followers < median).astype(np.float64)
        of_post: Floats = of_account[author]
        return of_post

    def _mean_watch(self) -> float:
        shown = int(self.views.sum())
        return int(self.watch.sum()) / WATCH_UNIT / shown if shown else 0.5

    def _smoothed_rate(self, total: Floats, prior: float) -> Floats:
        rate: Floats = (total + PRIOR_VIEWS * prior) / (self.views + PRIOR_VIEWS)
        return rate

    def _static_score(self, t: int) -> Floats:
        """Static score: Σ weight · factor over the query-independent factors; none without weights."""
        if not any(self._feed.weights.get(name, 0.0) for name in POST_FACTORS):
            return np.zeros(0)
        scores = np.zeros(self.views.size)
        for name in POST_FACTORS:
            weight = self._feed.weights.get(name, 0.0)
            if weight:
                scores += weight * self.factor(name, t)
        return scores


def _row_ends(indptr: Ints, posts: npt.NDArray[np.int32], n_eligible: int) -> Ints:
    """End of each compressed row's posts that have entered."""
    entered = np.concatenate([[0], np.cumsum(posts < n_eligible)])
    ends: Ints = indptr[:-1] + entered[indptr[1:]] - entered[indptr[:-1]]
    return ends


def _most_reacted(posts: npt.NDArray[np.integer], reacted: Ints) -> npt.NDArray[np.int32]:
    """Posts in descending order of reactions; ties: the newest first."""
    return posts[np.lexsort((-posts, -reacted[posts]))].astype(np.int32)


def _log_share(counts: Ints) -> Floats:
    """ln(1 + count) / ln(1 + largest count), computed once per value."""
    most = int(counts.max(initial=0))
    if most <= 0:
        return np.zeros(counts.size)
    if most <= MOST_LEVELS:
        held = np.bincount(counts) > 0
        levels, place = np.flatnonzero(held), (np.cumsum(held) - 1)[counts]
    else:
        levels, place = np.unique(counts, return_inverse=True)
    logs = np.log1p(levels.astype(np.float64))
    shares: Floats = (logs / logs[-1])[place]
    return shares
