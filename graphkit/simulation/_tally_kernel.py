"""What a tick's sessions leave behind, as array kernels: counts, and what others hear of.

All in integers, so that no order of accounts shows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.jit import kernel
from graphkit.recommenders._arrays import (
    COMPLETE,
    HEARD,
    POST,
    RING,
    SKIPPED,
    WATCH_UNIT,
    WHEN,
    Array,
)
from graphkit.simulation._kernel import EMPTY

__all__ = ["finish", "merge"]


@kernel()
def merge(
    t: int, active: Array, shown: Any, state: Any, watch: Array, views: Array, reacted: Array,
    source_count: Array, reaction_count: Array, item_ticks: Array,
) -> Any:  # fmt: skip
    """Add a tick's impressions to the tallies and to what others hear of; returns empty slots."""
    empty = 0
    remembered = state.done.shape[0] > 0
    skip = np.int32(SKIPPED * WATCH_UNIT)
    for i in range(active.size):
        a = active[i]
        for s in range(shown.post.shape[1]):
            post = shown.post[i, s]
            if post < 0:
                empty += 1 if post == EMPTY else 0
                continue
            react = shown.react[i, s]
            watch[post] += shown.watch[i, s]
            views[post] += 1
            item_ticks[post, t] += 1
            source_count[shown.source[i, s]] += 1
            for bit in range(8):
                if react & (1 << bit):
                    reaction_count[post, bit] += 1
            if shown.watch[i, s] < skip:
                reaction_count[post, 8] += 1
            if react & HEARD:
                reacted[post] += 1
                at = state.ring_next[a]
                state.ring[a, at, POST] = post
                state.ring[a, at, WHEN] = t * 256 + (react & HEARD)
                state.ring_next[a] = (at + 1) % RING
            if remembered and react & COMPLETE:
                at = state.done_next[a]
                state.done[a, at] = post
                state.done_next[a] = (at + 1) % RING
                at = state.fans_next[post]
                state.fans[post, at] = a
                state.fans_next[post] = (at + 1) % RING
    return empty


@kernel()
def finish(
    seen_start: Array, seen: Array, membership: Array, n_communities: int, homes: Array,
    p_indptr: Array, posters: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Tallies by community out of what every account has seen; one pass."""
    n, m = seen_start.size - 1, homes.size
    views = np.zeros((m, n_communities + 1), np.int32)
    diet = np.zeros((n, n_communities + 1), np.int32)
    reach = np.zeros(n, np.int32)
    last_viewer = np.full(n, -1, np.int64)
    for a in range(n):
        mine = membership[a] if membership[a] >= 0 else n_communities
        for at in range(seen_start[a], seen_start[a + 1]):
            post = seen[at]
            if post < 0:
                continue
            views[post, mine] += 1
            diet[a, homes[post] if homes[post] >= 0 else n_communities] += 1
            if mine == n_communities:
                continue
            for q in range(p_indptr[post], p_indptr[post + 1]):
                poster = posters[q]
                # each viewer counts once per poster, and only within the poster's community
                if last_viewer[poster] != a and membership[poster] == mine:
                    last_viewer[poster] = a
                    reach[poster] += 1
    return views, diet, reach
