"""Where candidates come from, as array kernels: each source proposes posts in its own order.

A proposal is no candidate yet: what the viewer made or has seen is refused afterwards, and
each source may propose a few times its quota for that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.random import GOLDEN, inner, keyed, mix, spread_bits, uniform
from graphkit.kernels.search import search
from graphkit.kernels.state import (
    CIRCLE,
    COMMENT,
    COMMENTS,
    COVISITED,
    E_CANDIDATE,
    E_DELIVER,
    EVERYWHERE,
    FOLLOWING,
    FRESH,
    GROUPS,
    HORIZON,
    LIKE,
    LOOKS,
    PASSED_ON,
    PEOPLE,
    POST,
    REACTIONS,
    RING,
    SLOT,
    SOURCE,
    WHEN,
    Array,
)

__all__ = [
    "delivered",
    "find",
    "forget",
    "from_circle",
    "from_covisited",
    "from_draws",
    "from_following",
    "from_groups",
    "from_interest",
    "from_trending",
    "hear",
    "meet",
]


@inner
def find(place: Array, met: Array, post: Any) -> Any:
    """Position of a post among those met in the session; else −1 − its free place."""
    mask = place.size - 1
    at = np.int64(spread_bits(post)) & mask
    while place[at] > 0:
        position = np.int64(place[at] - 1)
        if met[position, POST] == post:
            return position
        at = (at + 1) & mask
    return -1 - at


@inner
def meet(place: Array, met: Array, post: Any, count: Any) -> Any:
    """Position of a post, entered at position `count` if it is new."""
    position = find(place, met, post)
    if position >= 0:
        return position
    at = -1 - position
    place[at] = count + 1
    met[count, POST] = post
    met[count, SLOT] = at
    met[count, SOURCE] = -1
    met[count, REACTIONS] = 0
    met[count, COMMENTS] = 0
    met[count, PEOPLE] = 0
    return count


@inner
def forget(place: Array, met: Array, count: Any) -> None:
    """Free the places of a session's posts for the next session."""
    for c in range(count):
        place[met[c, SLOT]] = 0


@inner
def delivered(seed: Any, delivery: Any, key_a: Any, key_f: Any, key_p: Any) -> Any:
    """Whether what f posts or passes on reaches a at all: one draw per edge and post."""
    if delivery >= 1.0:
        return True
    return uniform(seed, E_DELIVER, key_a ^ mix(key_f), key_p, 0) < delivery


@inner
def _keyed_start(seed: Any, key_a: Any, source: Any, t: Any, size: Any) -> Any:
    """A keyed place to begin at: who has more than a quota can hold favours none."""
    return np.int64(keyed(seed, E_CANDIDATE, key_a, np.uint64(source), t) % np.uint64(size))


@inner
def hear(stage: Any, state: Any, now: Any, delivery: Any, place: Array, met: Array, a: Any) -> Any:
    """Count what the circle lately did, post by post; returns how many posts were met."""
    f_indices, ring = stage.f_indices, state.ring
    first = stage.f_indptr[a]
    degree = stage.f_indptr[a + 1] - first
    count = np.int64(0)
    key_a = stage.account_keys[a]
    oldest = np.int64((now.t - HORIZON + 1) * 256)
    start = _keyed_start(now.seed, key_a, CIRCLE, now.t, max(degree, 1))
    for step in range(degree):
        f = f_indices[first + (start + step) % degree]
        for r in range(RING):
            when = ring[f, r, WHEN]
            if when < oldest:
                continue
            post = np.int64(ring[f, r, POST])
            if delivery < 1.0 and not delivered(
                now.seed, delivery, key_a, stage.account_keys[f], stage.post_keys[post]
            ):
                continue
            position = meet(place, met, post, count)
            count = max(count, position + 1)
            met[position, PEOPLE] += 1
            if when & (LIKE | PASSED_ON):
                met[position, REACTIONS] += 1
            if when & COMMENT:
                met[position, COMMENTS] += 1
    return count


@inner
def from_following(stage: Any, now: Any, delivery: Any, raw: Array, quota: Any, a: Any) -> Any:
    """Latest posts of followees, beginning at a keyed one."""
    f_indices, by_poster, ends = stage.f_indices, stage.by_poster, now.poster_end
    starts = stage.by_poster_indptr
    first = stage.f_indptr[a]
    degree = stage.f_indptr[a + 1] - first
    key_a = stage.account_keys[a]
    room = LOOKS * quota
    part = max(np.int64(LOOKS), 2 * quota // max(degree, 1))
    begin = _keyed_start(now.seed, key_a, FOLLOWING, now.t, max(degree, 1))
    size = np.int64(0)
    for step in range(degree):
        f = f_indices[first + (begin + step) % degree]
        end = ends[f]
        for q in range(end - 1, max(starts[f], end - part) - 1, -1):
            post = by_poster[q]
            if size == room:
                break
            if delivery < 1.0 and not delivered(
                now.seed, delivery, key_a, stage.account_keys[f], stage.post_keys[post]
            ):
                continue
            raw[size] = post
            size += 1
        if size == room:
            break
    return size


@inner
def from_circle(met: Array, heard: Any, raw: Array, quota: Any) -> Any:
    """What the circle lately did, in the order in which it was heard."""
    size = min(heard, LOOKS * quota)
    for c in range(size):
        raw[c] = met[c, POST]
    return size


@inner
def from_trending(trending: Array, raw: Array, quota: Any) -> Any:
    """What has most reactions of late."""
    size = min(LOOKS * quota, trending.size)
    for k in range(size):
        raw[k] = trending[k]
    return size


@inner
def from_groups(stage: Any, now: Any, raw: Array, quota: Any, a: Any) -> Any:
    """Latest posts by members of the viewer's groups, beginning at a keyed group."""
    groups, by_group, ends = stage.groups, stage.by_group, now.group_end
    starts = stage.by_group_indptr
    first = stage.g_indptr[a]
    degree = stage.g_indptr[a + 1] - first
    room = LOOKS * quota
    part = room // max(degree, 1) + 1
    begin = _keyed_start(now.seed, stage.account_keys[a], GROUPS, now.t, max(degree, 1))
    size = np.int64(0)
    for step in range(degree):
        g = groups[first + (begin + step) % degree]
        end = ends[g]
        for q in range(end - 1, max(starts[g], end - part) - 1, -1):
            if size == room:
                break
            raw[size] = by_group[q]
            size += 1
    return size


@inner
def from_covisited(
    done: Array, fans: Array, key_a: Any, seed: Any, t: Any, raw: Array, quota: Any, a: Any
) -> Any:
    """What those finished last who finished what the viewer finished last."""
    room = LOOKS * quota
    begin = _keyed_start(seed, key_a, COVISITED, t, RING)
    size = np.int64(0)
    for step in range(RING):
        liked = done[a, (begin + step) % RING]
        if liked < 0:
            continue
        for k in range(RING):
            fan = fans[liked, k]
            if fan < 0 or fan == a:
                continue
            for r in range(RING):
                post = done[fan, r]
                if post >= 0 and post != liked and size < room:
                    raw[size] = post
                    size += 1
    return size


@inner
def from_draws(
    source: Any,
    key_a: Any,
    seed: Any,
    t: Any,
    fresh: Array,
    n_eligible: Any,
    raw: Array,
    quota: Any,
) -> Any:
    """Keyed draws from the posts on trial, or from all."""
    pool = fresh.size if source == FRESH else n_eligible
    base = keyed(seed, E_CANDIDATE, key_a, np.uint64(source), t)
    size = LOOKS * quota if source == EVERYWHERE else 2 * quota
    if pool == 0:
        size = np.int64(0)
    for j in range(size):
        h = mix(base + np.uint64(j + 1) * GOLDEN)
        at = np.int64(((h >> np.uint64(32)) * np.uint64(pool)) >> np.uint64(32))
        raw[j] = fresh[at] if source == FRESH else at
    return size


@inner
def from_interest(
    state: Any, now: Any, index: Any, dials: Any, scratch: Any, seen: Array, quota: Any, a: Any
) -> Any:
    """The posts nearest to the profile; none while nothing is known of the viewer."""
    size, nearest = np.int64(0), np.int64(state.cell[a])
    known = False
    for x in range(scratch.query.shape[1]):
        known = known or scratch.query[0, x] != 0.0
    if known:
        size, nearest = search(
            index,
            now.cell_end,
            seen,
            state.dropped,
            now.thinned,
            scratch.query[0],
            quota,
            dials.interest_cap,
            scratch.nearest,
        )
    state.cell[a] = nearest
    found, raw = scratch.nearest.of_all, scratch.raw
    for k in range(size):
        raw[k] = found[k] & 0x7FFFFFFF
    return size
