"""Follows gained and lost: recorded always, acted on under a free budget."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.kernels.state import FOLLOW, UNFOLLOW, Array, Stage

__all__ = ["Ties"]

Ints = npt.NDArray[np.int64]


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
