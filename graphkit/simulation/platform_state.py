"""What the platform has counted so far, and the ranking factors that follow from the counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.data.spread import REACTIONS
from graphkit.kernels.state import HORIZON, MOST_TRENDING, WATCH_UNIT, Now
from graphkit.recommenders.factors import POST_FACTORS
from graphkit.recommenders.feed import Feed
from graphkit.recommenders.search import cell_ends
from graphkit.simulation.arrays import Prepared

__all__ = ["Book"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Views at the overall rate that every post is given before its own count.
PRIOR_VIEWS = 5.0
#: Ticks after which a post's recency is halved.
RECENCY = 3.0
#: Reactions that a rate is made of.
RATES = {
    "expected_like": ("like",),
    "expected_comment": ("comment",),
    "expected_share": ("share", "duet", "stitch"),
    "expected_skip": ("skip",),
}


class Book:
    """Counts of one arm, which grow tick by tick.

    Parameters
    ----------
    scene
        The world.
    feed
        Whose trials and weights are kept.
    ticks
        How many there will be.
    """

    def __init__(self, scene: Prepared, feed: Feed, ticks: int) -> None:
        m = scene.posts.size
        self._scene, self._feed = scene, feed
        self.watch, self.views, self.reacted = (np.zeros(m, np.int64) for _ in range(3))
        self.reactions = np.zeros((m, len(REACTIONS)), np.int64)
        self.item_ticks = np.zeros((m, ticks), np.int32)
        self.trial = np.full(m, feed.trial_size, np.int64)
        self._followers = np.bincount(scene.stage.f_indices, minlength=scene.accounts.size)

    def now(self, t: int, seed: int, dropped: npt.NDArray[np.bool_], n_followers: Ints) -> Now:
        """A tick's posts and their scores, out of the counts of the ticks before."""
        stage, feed = self._scene.stage, self._feed
        self._followers = n_followers
        n_eligible = self.n_eligible(t)
        recent = np.arange(self.n_eligible(t - HORIZON), n_eligible, dtype=np.int32)
        thinned = bool(dropped.any())
        if thinned:
            recent = recent[~dropped[recent]]
        popular = np.zeros(0, np.int32)
        if feed.filler == "popularity":
            popular = _most_reacted(np.flatnonzero(~dropped[:n_eligible]), self.reacted)
        return Now(
            t=t,
            seed=np.uint64(seed),
            n_eligible=n_eligible,
            thinned=thinned,
            poster_end=_ends(stage.by_poster_indptr, stage.by_poster, n_eligible),
            group_end=_ends(stage.by_group_indptr, stage.by_group, n_eligible),
            cell_end=cell_ends(self._scene.index, n_eligible),
            fresh=recent[self.views[recent] < self.trial[recent]],
            trending=_most_reacted(recent[self.reacted[recent] > 0], self.reacted)[:MOST_TRENDING],
            popular=popular,
            merit=self._merit(t),
        )

    def n_eligible(self, t: int) -> int:
        """Posts that have entered by tick t."""
        return int(np.searchsorted(self._scene.ticks, t, side="right"))

    def widen_trials(self) -> None:
        """Give posts whose trial is over, and who were finished as often as usual, more room."""
        completions = self.reactions[:, REACTIONS.index("complete")]
        shown, finished = int(self.views.sum()), int(completions.sum())
        over = self.views >= self.trial
        liked = completions * shown >= finished * self.views
        grown = np.ceil(self.trial * self._feed.trial_growth)
        self.trial = np.where(over & liked, np.minimum(grown, 2.0**40), self.trial).astype(np.int64)

    def factor(self, name: str, t: int) -> Floats:
        """A factor of every post alone, shape (m,); those that have not entered count 0 views."""
        scene = self._scene
        if name == "expected_watch":
            return self._rate(self.watch / WATCH_UNIT, self._mean_watch())
        if name == "expected_watch_time":
            expected = self._rate(self.watch / WATCH_UNIT, self._mean_watch())
            minutes: Floats = np.minimum(expected * scene.seconds / 60.0, 1.0)
            return minutes
        if name in RATES:
            columns = [REACTIONS.index(r) for r in RATES[name]]
            count = self.reactions[:, columns].sum(axis=1)
            shown = int(self.views.sum())
            return self._rate(count.astype(np.float64), int(count.sum()) / shown if shown else 0.0)
        if name == "global_reactions":
            return _log_share(self.reacted)
        if name == "recency":
            ages = np.maximum(t - scene.ticks, 0)
            of_age: Floats = np.array([2.0 ** (-age / RECENCY) for age in range(t + 1)])
            return of_age[ages]
        if name == "cross_posted":
            return scene.cross_posted.astype(np.float64)
        if name == "flagged":
            return np.ascontiguousarray(scene.stage.traits[:, 3])
        return self._author_factor(name)

    def _author_factor(self, name: str) -> Floats:
        author = self._scene.stage.facts[:, 0]
        of_account: Floats
        if name == "author_followers":
            of_account = _log_share(self._followers)
        elif name == "author_hits":
            counts = self.reacted.astype(np.float64)
            hits = np.bincount(author, weights=counts, minlength=self._followers.size)
            of_account = _log_share(hits.astype(np.int64))
        else:
            assert name == "small_creator", name
            median = np.median(self._followers[np.unique(author)])
            of_account = (self._followers < median).astype(np.float64)
        of_post: Floats = of_account[author]
        return of_post

    def _mean_watch(self) -> float:
        shown = int(self.views.sum())
        return int(self.watch.sum()) / WATCH_UNIT / shown if shown else 0.5

    def _rate(self, total: Floats, prior: float) -> Floats:
        rate: Floats = (total + PRIOR_VIEWS * prior) / (self.views + PRIOR_VIEWS)
        return rate

    def _merit(self, t: int) -> Floats:
        """Σ weight · factor over the factors of the post alone."""
        merit = np.zeros(self.views.size)
        for name in POST_FACTORS:
            weight = self._feed.weights.get(name, 0.0)
            if weight:
                merit += weight * self.factor(name, t)
        return merit


def _ends(indptr: Ints, posts: npt.NDArray[np.int32], n_eligible: int) -> Ints:
    """End of each row's posts that have entered."""
    entered = np.concatenate([[0], np.cumsum(posts < n_eligible)])
    ends: Ints = indptr[:-1] + entered[indptr[1:]] - entered[indptr[:-1]]
    return ends


def _most_reacted(posts: npt.NDArray[np.integer], reacted: Ints) -> npt.NDArray[np.int32]:
    """Posts by their reactions, most first; ties: the newest."""
    return posts[np.lexsort((-posts, -reacted[posts]))].astype(np.int32)


def _log_share(counts: Ints) -> Floats:
    """ln(1 + count) / ln(1 + the largest count), once per value."""
    levels, place = np.unique(counts, return_inverse=True)
    if not levels.size or levels[-1] <= 0:
        return np.zeros(counts.size)
    logs = np.log1p(levels.astype(np.float64))
    shares: Floats = (logs / logs[-1])[place]
    return shares
