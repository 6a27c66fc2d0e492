"""Shared slots: those that all arms of a comparison fill from their own sources."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.spread import REACTIONS
from graphkit.kernels.sessions import OVER, TickImpressions
from graphkit.kernels.state import ACTIVITY, SKIPPED, WATCH_UNIT
from graphkit.simulation.agents import Viewers
from graphkit.simulation.arrays import SimulationArrays
from graphkit.simulation.behaviour import Behaviour

Ints = npt.NDArray[np.int64]


class SharedSlots:
    """Number of slots of each session that all arms so far fill from their own sources.

    Attributes
    ----------
    caps
        uint8, shape (n, T), accounts by ticks: posts shown from own sources, minimum over the
        arms; 0 where there is no session.
    """

    def __init__(self, viewers: Viewers, n_accounts: int, ticks: int, slots: int) -> None:
        self.caps = np.zeros((n_accounts, ticks), np.uint8)
        for t in range(ticks):
            self.caps[viewers.open_feed(t), t] = slots

    def lower(self, t: int, active: Ints, post: npt.NDArray[np.int32]) -> None:
        """Take the minimum with an arm's posts of a tick, which fill the first slots."""
        own = np.count_nonzero(post >= 0, axis=1)
        self.caps[active, t] = np.minimum(self.caps[active, t], own)

    @property
    def size(self) -> int:
        """Number of shared slots."""
        return int(self.caps.sum(dtype=np.int64))


class SharedTally:
    """Counts of the impressions in shared slots, apart from those that the feed itself reads.

    Attributes
    ----------
    watch, reacted, reactions, item_ticks
        As in :class:`PlatformState`.
    sources
        Impressions by source.
    """

    def __init__(self, caps: npt.NDArray[np.uint8], n_posts: int, n_sources: int) -> None:
        self._caps = caps
        per_account = caps.sum(axis=1, dtype=np.int64)
        self._start = np.concatenate([[0], np.cumsum(per_account)])
        self._next = self._start[:-1].copy()
        self._posts = np.full(int(self._start[-1]), -1, np.int32)
        self.watch, self.reacted = np.zeros(n_posts, np.int64), np.zeros(n_posts, np.int64)
        self.reactions = np.zeros((n_posts, len(REACTIONS)), np.int64)
        self.item_ticks = np.zeros((n_posts, caps.shape[1]), np.int32)
        self.sources = np.zeros(n_sources, np.int64)

    @property
    def seen(self) -> tuple[Ints, npt.NDArray[np.int32]]:
        """Start of each account's posts, and the posts."""
        return self._start, self._posts

    def add(self, t: int, active: Ints, shown: TickImpressions) -> TickImpressions:
        """Count the shared slots of a tick; returns its impressions without the others."""
        slots = shown.post.shape[1]
        counted = np.arange(slots) < self._caps[active, t][:, None]
        at = np.flatnonzero(counted)
        parts = shown.post, shown.react, shown.watch, shown.source
        post, react, watch, source = (part.ravel()[at] for part in parts)
        m = self.watch.size
        self.watch += np.bincount(post, watch, m).astype(np.int64)
        self.reacted += np.bincount(post[(react & ACTIVITY) > 0], minlength=m)
        for bit in range(8):
            self.reactions[:, bit] += np.bincount(post[(react & (1 << bit)) > 0], minlength=m)
        skipped = watch < np.int32(SKIPPED * WATCH_UNIT)
        self.reactions[:, 8] += np.bincount(post[skipped], minlength=m)
        self.item_ticks[:, t] += np.bincount(post, minlength=m).astype(np.int32)
        self.sources += np.bincount(source, minlength=self.sources.size)
        rows, places = np.divmod(at, slots)
        self._posts[self._next[active[rows]] + places] = post
        self._next[active] += counted.sum(axis=1)
        blank: dict[str, Any] = {
            "post": np.where(counted, shown.post, np.int32(OVER)),
            "react": np.where(counted, shown.react, np.uint8(0)),
        }
        return shown._replace(**blank)


def shared_slots(
    arrays: SimulationArrays, behaviour: Behaviour, *, ticks: int, slots: int, free: bool, seed: int
) -> SharedSlots:
    """Slots that are offered in one replication of a world, before any arm is counted."""
    viewers = Viewers(arrays.static.account_keys, behaviour, np.uint64(seed), free)
    return SharedSlots(viewers, arrays.accounts.size, ticks, slots)
