"""What creators do with their reward: post or not, give up, drift toward what was rewarded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.kernels.random import draw_pairs
from graphkit.kernels.state import AUTHOR, E_POST, E_QUIT, Stage
from graphkit.simulation._space import unit
from graphkit.simulation.behaviour import Behaviour

__all__ = ["Creators"]

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
