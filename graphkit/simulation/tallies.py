"""Tallies of a run, tick by tick: of all impressions, or of those in shared slots alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.kernels.sessions import TickImpressions
from graphkit.kernels.state import DUET, RESHARE, SHARE
from graphkit.simulation.agents import Creators, FollowChanges
from graphkit.simulation.arrays import SimulationArrays
from graphkit.simulation.arrivals import Arrivals
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.platform_state import PlatformState
from graphkit.simulation.shared_slots import SharedTally

Ints = npt.NDArray[np.int64]


class Tallies:
    """What is tallied of the ticks of a run, and its creators, who see these tallies.

    Parameters
    ----------
    arrays
        The world, with the partitions to tally by.
    behaviour, seed, free
        As of the run.
    of_shared
        Whether only slots count that all arms fill from their own sources.
    slots
        Counts of these slots; `None` if all slots are tallied, or those shared are not known yet.

    Attributes
    ----------
    creators, follow_changes, arrivals
        Propensities of creators, followers gained and lost, and first foreign communities.
    sessions, empty, candidates
        Sessions, slots left empty, and candidates scored.
    read, leave, back, stay
        Sessions with a tallied slot, and sums of their propensities.
    shares
        Reshares of each tick: post, account, parent, tick and kind.
    """

    def __init__(
        self,
        arrays: SimulationArrays,
        behaviour: Behaviour,
        *,
        seed: int,
        free: bool,
        of_shared: bool = False,
        slots: SharedTally | None = None,
    ) -> None:
        self.creators = Creators(arrays.static, behaviour, np.uint64(seed), free)
        self.follow_changes = FollowChanges(arrays.accounts.size, free)
        self.arrivals = Arrivals(arrays)
        self.of_shared, self.slots = of_shared, slots
        self.shares: list[npt.NDArray[np.int32]] = []
        self.sessions = self.read = self.empty = self.candidates = 0
        self.leave = self.back = self.stay = 0.0

    def counts(self, whole: PlatformState) -> PlatformState | SharedTally:
        """Counts of the tallied impressions: of the shared slots, or those of the `whole` run."""
        return whole if self.slots is None else self.slots

    def add(self, t: int, active: Ints, shown: TickImpressions, missing: int) -> None:
        """Add the tallied impressions of a tick, and its slots left empty."""
        self.sessions += int(active.size)
        self.empty += missing
        self.candidates += int(shown.candidates.sum())
        propensity = shown.propensity
        if self.of_shared:
            # sessions without a tallied slot say nothing
            propensity = propensity[shown.post[:, 0] >= 0]
        self.read += propensity.shape[0]
        # sums over sorted values do not depend on the order of accounts
        leave, back, stay = (float(np.sort(column).sum()) for column in propensity.T)
        self.leave, self.back, self.stay = self.leave + leave, self.back + back, self.stay + stay
        at = np.flatnonzero((shown.react & RESHARE) > 0)
        react = shown.react.ravel()[at]
        kind = np.where(react & SHARE, 0, np.where(react & DUET, 1, 2))
        sharer = active[at // shown.react.shape[1]]
        made = [shown.post.ravel()[at], sharer, shown.parent.ravel()[at]]
        columns = np.stack([*made, np.full(at.size, t), kind], axis=1)
        self.shares.append(columns.astype(np.int32))

    def all_shares(self) -> npt.NDArray[np.int32]:
        """Reshares of all ticks so far, shape (n, 5)."""
        return np.concatenate([np.zeros((0, 5), np.int32), *self.shares])
