"""Who opens the feed when: exogenous under a matched budget, in answer to it when free."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.kernels.random import draw_all, draw_pairs
from graphkit.kernels.state import (
    AUTHOR,
    E_LEAVE,
    E_POST,
    E_QUIT,
    E_SESSION,
    FOLLOW,
    UNFOLLOW,
    Array,
    Stage,
)
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.interests import unit

__all__ = ["Creators", "Ties", "Viewers"]

Codes = npt.NDArray[np.int64]


class Viewers:
    """The accounts of one arm: present or gone, and how satisfied they last were."""

    def __init__(
        self, keys: npt.NDArray[np.uint64], behaviour: Behaviour, seed: np.uint64, free: bool
    ) -> None:
        self._keys = keys
        self._activity = behaviour.activity
        self._return_slope = behaviour.return_slope
        self._seed = seed
        self._free = free
        self.gone = np.zeros(keys.size, dtype=bool)
        self.mood = np.full(keys.size, 0.5)

    def most_sessions(self, ticks: int) -> Codes:
        """Sessions that each account can hold in so many ticks: exact unless free."""
        if self._free:
            return np.full(self._keys.size, ticks)
        held = np.zeros(self._keys.size, np.int64)
        for t in range(ticks):
            held += draw_all(self._seed, E_SESSION, self._keys, t) < self._activity
        return held

    def open_feed(self, t: int) -> Codes:
        """Codes of the accounts with a session in tick t, ascending."""
        drawn = draw_all(self._seed, E_SESSION, self._keys, t)
        chance = np.full(self._keys.size, self._activity)
        if self._free and self._activity < 1:
            usual = self._activity / (1 - self._activity)
            odds = usual * np.exp(self._return_slope * (self.mood - 0.5))
            chance = odds / (1 + odds)
        return np.flatnonzero((drawn < chance) & ~self.gone)

    def close_feed(self, active: Codes, propensity: npt.NDArray[np.float64], t: int) -> None:
        """Act on satisfaction, under a free budget only."""
        if not self._free:
            return
        drawn = draw_all(self._seed, E_LEAVE, self._keys[active], t)
        self.gone[active[drawn < propensity[:, 0]]] = True
        self.mood[active] = propensity[:, 1]


Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Creators:
    """The creators of one arm, in a world whose posts have authors.

    Attributes
    ----------
    quit
        bool, shape (n,): who gave up posting; nobody under a matched budget.
    posting, quitting, scheduled
        Summed propensities to post what is scheduled and to give up, and over how many posts.
    """

    def __init__(self, stage: Stage, behaviour: Behaviour, seed: np.uint64, free: bool) -> None:
        self._stage, self._behaviour, self._seed, self._free = stage, behaviour, seed, free
        self.quit = np.zeros(stage.account_keys.size, dtype=bool)
        self.posting = self.quitting = 0.0
        self.scheduled = 0

    def schedule(self, low: int, high: int, reacted: Ints, dropped: npt.NDArray[np.bool_]) -> Ints:
        """Settle the posts low … high − 1, about to enter; returns those that drift.

        Propensities are recorded; under a free budget they are acted on, and `dropped` marks
        what is not posted. A creator's first post is always posted.
        """
        new: Ints = np.arange(low, high)
        author = self._stage.facts[:, AUTHOR].astype(np.int64)
        n = self.quit.size
        before = np.flatnonzero(~dropped[:low])
        posts = np.bincount(author[before], minlength=n)
        reward = np.bincount(
            author[before], weights=reacted[before].astype(np.float64), minlength=n
        )
        known: Ints = new[posts[author[new]] > 0]
        if not known.size:
            return known
        who = author[known]
        usual = 1 + float(reacted[before].sum()) / before.size
        rho = np.log((1 + reward[who] / posts[who]) / usual)
        mind = self._behaviour
        post = _chance(mind.post_base + mind.post_slope * rho)
        leave = _chance(mind.quit_base - mind.quit_slope * rho)
        # sums over sorted values: no order of posts shows in the last digit
        self.posting += float(np.sort(post).sum())
        self.quitting += float(np.sort(leave).sum())
        self.scheduled += known.size
        if not self._free:
            return known[:0]
        keys = self._stage.account_keys[who], self._stage.post_keys[known]
        silent = draw_pairs(self._seed, E_POST, *keys) >= post
        dropped[known[silent | self.quit[who]]] = True
        self.quit[who[draw_pairs(self._seed, E_QUIT, *keys) < leave]] = True
        moving: Ints = known[~dropped[known]]
        return moving

    def drift(self, posts: Ints, reacted: Ints, dropped: npt.NDArray[np.bool_]) -> Floats:
        """Features of posts about to enter, moved toward what their authors were rewarded for."""
        features = self._stage.features
        author = self._stage.facts[:, AUTHOR].astype(np.int64)
        n, low = self.quit.size, int(posts.min())
        before = np.flatnonzero(~dropped[:low] & (reacted[:low] > 0))
        before = before[np.isin(author[before], author[posts])]
        praised = np.zeros((n, features.shape[1]))
        weighted = features[before].astype(np.float64) * reacted[before, None]
        np.add.at(praised, author[before], weighted)
        toward = unit(praised[author[posts]])
        moved = features[posts] + self._behaviour.drift * (toward - features[posts])
        # whose author was never rewarded stays as it is
        praised_at = np.flatnonzero(toward.any(axis=1))
        new: Floats = features[posts].astype(np.float64)
        new[praised_at] = unit(moved[praised_at])
        return new


def _chance(x: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-x))
    return chance


class Ties:
    """Followers that each account won and lost.

    Attributes
    ----------
    gained, lost
        int32, shape (n,).
    """

    def __init__(self, n: int, free: bool) -> None:
        self._free = free
        # under a matched budget the ties stay, and the same one may be won again
        self._won, self._left = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.gained, self.lost = np.zeros(n, np.int32), np.zeros(n, np.int32)

    def act(self, stage: Stage, active: Ints, post: Array, react: Array) -> Stage:
        """Count a tick's follows and unfollows; returns the stage with the ties they leave."""
        n = self.gained.size
        # who is followed already is never followed again: see the reactions
        new = _arcs(stage, active, post, (react & FOLLOW) > 0)
        old = _arcs(stage, active, post, (react & UNFOLLOW) > 0)
        if old.size and not stage.single:
            # of several posters, those who were followed are left
            old = np.intersect1d(old, _present(stage), assume_unique=True)
        if not self._free:
            new = np.setdiff1d(new, self._won, assume_unique=True)
            old = np.setdiff1d(old, self._left, assume_unique=True)
            self._won, self._left = np.union1d(self._won, new), np.union1d(self._left, old)
        self.gained += np.bincount(new % n, minlength=n).astype(np.int32)
        self.lost += np.bincount(old % n, minlength=n).astype(np.int32)
        if not self._free or not (new.size or old.size):
            return stage
        arcs = _present(stage)
        kept = np.ones(arcs.size, dtype=bool)
        kept[np.searchsorted(arcs, old)] = False
        arcs = arcs[kept]
        arcs = np.insert(arcs, np.searchsorted(arcs, new), new)
        starts = np.concatenate([[0], np.cumsum(np.bincount(arcs // n, minlength=n))])
        return stage._replace(
            f_indptr=starts.astype(np.int64), f_indices=(arcs % n).astype(np.int32)
        )


def _present(stage: Stage) -> Ints:
    """The arcs there are, as follower · n + followee, ascending."""
    n = stage.account_keys.size
    arcs: Ints = np.repeat(np.arange(n), np.diff(stage.f_indptr)) * n + stage.f_indices
    return arcs


def _arcs(stage: Stage, active: Ints, post: Array, chosen: Array) -> Ints:
    """Arcs from viewers to the posters of the posts they reacted so to, each once, ascending."""
    n = stage.account_keys.size
    rows, places = np.nonzero(chosen)
    posts = post[rows, places].astype(np.int64)
    count = np.diff(stage.p_indptr)[posts]
    ends = np.cumsum(count)
    within = np.arange(int(ends[-1]) if ends.size else 0) - np.repeat(ends - count, count)
    posters = stage.posters[np.repeat(stage.p_indptr[posts], count) + within]
    arcs = np.unique(np.repeat(active[rows], count) * n + posters)
    others: Ints = arcs[arcs // n != arcs % n]
    return others
