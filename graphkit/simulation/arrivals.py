"""Arrivals: ages at which posts have reached one more foreign community, tick by tick."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from graphkit.data.spread import OLDEST, REACHED, arrival_columns
from graphkit.kernels.sessions import record_arrivals
from graphkit.simulation.arrays import SimulationArrays

Ints = npt.NDArray[np.int64]


class Arrivals:
    """Tally of arrivals of one run, under all kinds of partition: a byte per post and community.

    Attributes
    ----------
    count
        uint8, shape (m, ΣC): accounts of each foreign community that were shown each post, at
        most ``REACHED``; the kinds side by side.
    ages
        int16: :attr:`ArmTally.arrivals` of all kinds side by side, posts in the order
        of the run.
    """

    def __init__(self, arrays: SimulationArrays) -> None:
        world = arrays.world
        kinds = world.partitions
        sizes = [partition.n_communities for partition in kinds.values()]
        self._kinds, self._entry = tuple(kinds), arrays.ticks
        n, m = arrays.accounts.size, arrays.posts.size
        membership = np.empty((n, len(kinds)), np.int32)
        homes = np.empty((m, len(kinds)), np.int32)
        for k, (kind, partition) in enumerate(kinds.items()):
            membership[:, k] = partition.membership[arrays.accounts]
            homes[:, k] = world.homes[kind][arrays.posts]
        self._codes = membership, homes
        widths = [arrival_columns(size) for size in sizes]
        self._starts = tuple(
            np.cumsum([0, *columns], dtype=np.int64) for columns in (sizes, widths)
        )
        self.count = np.zeros((m, sum(sizes)), np.uint8)
        self.ages = np.full((m, sum(widths)), -1, np.int16)

    def insert(self, entry: npt.NDArray[np.int32], at: int, authors: Ints) -> None:
        """Follow posts of these authors, too, as the codes `at` and following.

        `entry` are the ticks of all posts. The tallies of posts that have not entered are equal,
        so that those of the new ones may follow at the end.
        """
        membership, homes = self._codes
        self._entry = entry
        self._codes = membership, np.insert(homes, at, membership[authors], axis=0)
        more = (authors.size, self.count.shape[1]), (authors.size, self.ages.shape[1])
        self.count = np.concatenate([self.count, np.zeros(more[0], np.uint8)])
        self.ages = np.concatenate([self.ages, np.full(more[1], -1, np.int16)])

    def add(self, t: int, active: Ints, shown: npt.NDArray[np.int32]) -> None:
        """Count the tallied posts of a tick, shape (sessions, slots); negative ones are none."""
        if not self.ages.size:
            return
        tallies = self.count, self.ages
        facts = self._entry, self._codes, self._starts
        record_arrivals(t, active, shown, *facts, tallies, REACHED, OLDEST)

    def by_kind(self, order: Ints) -> Mapping[str, npt.NDArray[np.int16]]:
        """The ages under each kind of partition, posts in this order."""
        place = self._starts[1]
        return {
            kind: self.ages[order, place[k] : place[k + 1]] for k, kind in enumerate(self._kinds)
        }
