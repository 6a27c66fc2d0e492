"""Who opens the feed when: exogenous under a matched budget, in answer to it when free."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.kernels.random import draw_all
from graphkit.kernels.state import E_LEAVE, E_SESSION
from graphkit.simulation.behaviour import Behaviour

__all__ = ["Viewers"]

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
