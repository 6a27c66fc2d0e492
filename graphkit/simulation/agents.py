"""Viewers, creators and follows of one arm: fixed under a matched budget, responsive when free."""

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
    StaticArrays,
)
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.interests import unit_length

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Viewers:
    """Viewers of one arm: presence, and satisfaction with the latest session."""

    def __init__(
        self, keys: npt.NDArray[np.uint64], behaviour: Behaviour, seed: np.uint64, free: bool
    ) -> None:
        self._keys = keys
        self._activity = behaviour.activity
        self._return_slope = behaviour.return_slope
        self._seed = seed
        self._free = free
        self.gone = np.zeros(keys.size, dtype=bool)
        self.satisfaction = np.full(keys.size, 0.5)

    def most_sessions(self, ticks: int) -> Ints:
        """Upper bound of each account's sessions in `ticks` ticks; exact unless free."""
        if self._free:
            return np.full(self._keys.size, ticks)
        held = np.zeros(self._keys.size, np.int64)
        for t in range(ticks):
            held += draw_all(self._seed, E_SESSION, self._keys, t) < self._activity
        return held

    def open_feed(self, t: int) -> Ints:
        """Accounts with a session in tick t, ascending."""
        drawn = draw_all(self._seed, E_SESSION, self._keys, t)
        chance = np.full(self._keys.size, self._activity)
        if self._free and self._activity < 1:
            usual = self._activity / (1 - self._activity)
            odds = usual * np.exp(self._return_slope * (self.satisfaction - 0.5))
            chance = odds / (1 + odds)
        return np.flatnonzero((drawn < chance) & ~self.gone)

    def close_feed(self, active: Ints, propensity: Floats, t: int) -> None:
        """Let viewers leave and record their satisfaction, under a free budget only."""
        if not self._free:
            return
        drawn = draw_all(self._seed, E_LEAVE, self._keys[active], t)
        self.gone[active[drawn < propensity[:, 0]]] = True
        self.satisfaction[active] = propensity[:, 1]


class Creators:
    """Creators of one arm, in a world whose posts have authors.

    Attributes
    ----------
    quit
        bool, shape (n,): accounts that gave up posting; none under a matched budget.
    posting, quitting, scheduled
        Sums of the propensities to post and to give up, and the number of posts summed over.
    static
        Arrays of the posts, answers included.
    """

    def __init__(
        self, static: StaticArrays, behaviour: Behaviour, seed: np.uint64, free: bool
    ) -> None:
        self.static, self._behaviour, self._seed, self._free = static, behaviour, seed, free
        self.quit = np.zeros(static.account_keys.size, dtype=bool)
        self.posting = self.quitting = 0.0
        self.scheduled = 0

    def schedule(
        self,
        low: int,
        high: int,
        reacted: Ints,
        withdrawn: npt.NDArray[np.bool_],
        income: Floats | None = None,
    ) -> Ints:
        """Decide which of the posts low … high − 1 are posted; returns those that may adapt.

        Propensities are recorded; under a free budget they take effect, and `withdrawn` marks the
        posts that are not posted. A creator's first post is always posted. With `income`, shape
        (n,), creators respond to theirs in place of reactions. Answers are not scheduled, but count
        among the earlier posts of their authors.
        """
        new: Ints = np.arange(low, high)
        author = self.static.attributes[:, AUTHOR].astype(np.int64)
        n = self.quit.size
        before = np.flatnonzero(~withdrawn[:low])
        posts = np.bincount(author[before], minlength=n)
        weights = reacted[before].astype(np.float64)
        reward: Floats = np.bincount(author[before], weights, n).astype(np.float64, copy=False)
        known: Ints = new[posts[author[new]] > 0]
        if not known.size:
            return known
        who = author[known]
        reactions = float(reacted[before].sum())
        usual = 1 + reactions / before.size
        if income is not None:
            # in the unit in which all posts earn as many as they have reactions
            total = float(np.sort(income).sum())
            in_reactions = income * (reactions / total) if total > 0 else posts * (usual - 1)
            reward = np.asarray(in_reactions, dtype=np.float64)
        rho = np.log((1 + reward[who] / posts[who]) / usual)
        b = self._behaviour
        post = _logistic_chance(b.post_base + b.post_slope * rho)
        leave = _logistic_chance(b.quit_base - b.quit_slope * rho)
        # sums over sorted values do not depend on the order of posts
        self.posting += float(np.sort(post).sum())
        self.quitting += float(np.sort(leave).sum())
        self.scheduled += known.size
        if not self._free:
            return known[:0]
        keys = self.static.account_keys[who], self.static.post_keys[known]
        silent = draw_pairs(self._seed, E_POST, *keys) >= post
        withdrawn[known[silent | self.quit[who]]] = True
        self.quit[who[draw_pairs(self._seed, E_QUIT, *keys) < leave]] = True
        posted: Ints = known[~withdrawn[known]]
        return posted

    def adapt_content(
        self,
        features: npt.NDArray[np.float32],
        posts: Ints,
        rewards: Ints | Floats,
        withdrawn: npt.NDArray[np.bool_],
    ) -> Floats:
        """Content adaptation: features of new posts, moved toward their authors' rewarded posts.

        `features` are those that feeds read, or those for tastes: content moves in both. `rewards`
        are the reactions to each post, or what it earned: at least those of the earlier posts.
        """
        author = self.static.attributes[:, AUTHOR].astype(np.int64)
        n, low = self.quit.size, int(posts.min())
        before = np.flatnonzero(~withdrawn[:low] & (rewards[:low] > 0))
        before = before[np.isin(author[before], author[posts])]
        praised = np.zeros((n, features.shape[1]))
        weighted = features[before].astype(np.float64) * rewards[before, None]
        np.add.at(praised, author[before], weighted)
        toward = unit_length(praised[author[posts]])
        moved = features[posts] + self._behaviour.drift * (toward - features[posts])
        # posts of authors who were never rewarded are unchanged
        rewarded = np.flatnonzero(toward.any(axis=1))
        new: Floats = features[posts].astype(np.float64)
        new[rewarded] = unit_length(moved[rewarded])
        return new


def _logistic_chance(x: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-x))
    return chance


class FollowChanges:
    """Followers that each account gained and lost.

    Attributes
    ----------
    gained, lost
        int32, shape (n,).
    """

    def __init__(self, n: int, free: bool) -> None:
        self._free = free
        # under a matched budget the follow graph is fixed; each edge counts once
        self._added, self._removed = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.gained, self.lost = np.zeros(n, np.int32), np.zeros(n, np.int32)

    def apply(self, static: StaticArrays, active: Ints, post: Array, react: Array) -> StaticArrays:
        """Count a tick's follows and unfollows; returns arrays with the new follow graph."""
        n = self.gained.size
        new = _reacted_edges(static, active, post, (react & FOLLOW) > 0)
        old = _reacted_edges(static, active, post, (react & UNFOLLOW) > 0)
        if old.size and not static.single:
            # of several posters, only followees are unfollowed
            old = np.intersect1d(old, _edge_codes(static), assume_unique=True)
        if not self._free:
            new, old = _without(new, self._added), _without(old, self._removed)
            self._added = np.sort(np.concatenate([self._added, new]))
            self._removed = np.sort(np.concatenate([self._removed, old]))
        self.gained += np.bincount(new % n, minlength=n).astype(np.int32)
        self.lost += np.bincount(old % n, minlength=n).astype(np.int32)
        if not self._free or not (new.size or old.size):
            return static
        edges = _edge_codes(static)
        kept = np.ones(edges.size, dtype=bool)
        kept[np.searchsorted(edges, old)] = False
        edges = edges[kept]
        edges = np.insert(edges, np.searchsorted(edges, new), new)
        starts = np.concatenate([[0], np.cumsum(np.bincount(edges // n, minlength=n))])
        return static._replace(
            f_indptr=starts.astype(np.int64), f_indices=(edges % n).astype(np.int32)
        )


def _edge_codes(static: StaticArrays) -> Ints:
    """Edges of the follow graph as follower · n + followee, ascending."""
    n = static.account_keys.size
    edges: Ints = np.repeat(np.arange(n), np.diff(static.f_indptr)) * n + static.f_indices
    return edges


def _reacted_edges(static: StaticArrays, active: Ints, post: Array, chosen: Array) -> Ints:
    """Edges from viewers to the posters of the chosen posts, each once, ascending."""
    n = static.account_keys.size
    # positions in the flat array: np.nonzero of two dimensions takes ten times as long
    at = np.flatnonzero(chosen)
    posts = post.ravel()[at].astype(np.int64)
    count = np.diff(static.p_indptr)[posts]
    ends = np.cumsum(count)
    within = np.arange(int(ends[-1]) if ends.size else 0) - np.repeat(ends - count, count)
    posters = static.posters[np.repeat(static.p_indptr[posts], count) + within]
    viewers = np.repeat(active[at // post.shape[1]], count)
    edges = np.sort((viewers * n + posters)[viewers != posters])
    distinct: Ints = edges[np.concatenate([[True], edges[1:] != edges[:-1]])[: edges.size]]
    return distinct


def _without(values: Ints, known: Ints) -> Ints:
    """The values that are not among the known; both ascending, each once."""
    if not known.size:
        return values
    at = np.minimum(np.searchsorted(known, values), known.size - 1)
    others: Ints = values[known[at] != values]
    return others
