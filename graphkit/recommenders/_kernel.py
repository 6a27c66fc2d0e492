"""How a feed ranks for one viewer, as array kernels: gather → score → choose greedily.

Every draw is a hash of (seed of world and replication, event, account key, post key, n), so
nothing depends on what was drawn before. Every order that matters goes by keys: renaming
accounts or posts, or reordering rows, changes no byte.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graphkit.jit import CACHE
from graphkit.recommenders._arrays import (
    CIRCLE,
    COMMENT,
    COMMENTS,
    E_CANDIDATE,
    E_CHANCE,
    E_FILL,
    E_TIE,
    EVERYWHERE,
    FILL_DRAWS,
    FILL_EMPTY,
    FILL_POPULAR,
    FILLER,
    FOLLOWING,
    FRESH,
    HORIZON,
    INTEREST,
    KIND,
    LIKE,
    PEOPLE,
    POST,
    REACTIONS,
    RING,
    SHARE,
    SLOT,
    SOURCE,
    TICK,
    TRENDING,
    Array,
)

#: Kernels that other kernels call need no wrappers for Python, which would cost compilation.
inner = njit(
    nogil=True, cache=CACHE, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
)


@inner
def _mix(x: Any) -> Any:
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@inner
def keyed(seed: Any, event: int, a: Any, b: Any, n: int) -> Any:
    """64 random bits of an event: the same whatever else was drawn before."""
    x = _mix(seed + np.uint64(event) * np.uint64(0x9E3779B97F4A7C15))
    x = _mix(x ^ (a + np.uint64(0x9E3779B97F4A7C15)))
    x = _mix(x ^ (b + np.uint64(0xC2B2AE3D27D4EB4F)))
    return _mix(x ^ (np.uint64(n) + np.uint64(0x165667B19E3779F9)))


@inner
def uniform(seed: Any, event: int, a: Any, b: Any, n: int) -> Any:
    """A uniform draw in [0, 1) of an event."""
    return np.float64(keyed(seed, event, a, b, n) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(nogil=True, cache=CACHE)
def draw_all(seed: Any, event: int, keys: Array, t: int) -> Array:
    """One uniform draw per account key for an event of tick t."""
    out = np.empty(keys.size, np.float64)
    for i in range(keys.size):
        out[i] = uniform(seed, event, keys[i], np.uint64(0), t)
    return out


@inner
def _spread_bits(post: int) -> Any:
    return (np.uint64(post) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)


@inner
def _seen_at(seen: Array, post: Any) -> Any:
    """Where a post stands in a viewer's table of seen posts, or the free place for it."""
    at = np.int64((_spread_bits(post) * np.uint64(seen.size)) >> np.uint64(32))
    while seen[at] >= 0 and seen[at] != post:
        at += 1
        if at == seen.size:
            at = np.int64(0)
    return at


@inner
def has_seen(seen: Array, post: Any) -> Any:
    """Whether the viewer was shown the post before."""
    return seen[_seen_at(seen, post)] >= 0


@inner
def mark_seen(seen: Array, post: Any) -> None:
    """Enter the post among those the viewer was shown."""
    seen[_seen_at(seen, post)] = post


@inner
def contains(values: Array, low: int, high: int, value: int) -> Any:
    """Whether an ascending stretch low … high − 1 holds a value."""
    end = high
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low < end and values[low] == value


@inner
def _is_own(p_indptr: Array, posters: Array, a: Any, post: Any) -> Any:
    own = False
    for q in range(p_indptr[post], p_indptr[post + 1]):
        own = own or posters[q] == a
    return own


@inner
def posters_followed(
    f_indptr: Array, f_indices: Array, p_indptr: Array, posters: Array, a: Any, post: Any
) -> Any:
    """How many of a post's posters the viewer follows."""
    found = 0
    for q in range(p_indptr[post], p_indptr[post + 1]):
        if contains(f_indices, f_indptr[a], f_indptr[a + 1], posters[q]):
            found += 1
    return found


@inner
def find(place: Array, met: Array, post: Any) -> Any:
    """Position of a post among those met in the session; else −1 − its free place."""
    mask = place.size - 1
    at = np.int64(_spread_bits(post)) & mask
    while place[at] > 0:
        position = np.int64(place[at] - 1)
        if met[position, POST] == post:
            return position
        at = (at + 1) & mask
    return -1 - at


@inner
def _meet(place: Array, met: Array, post: Any, count: Any) -> Any:
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
def _offer(
    p_indptr: Array, posters: Array, seen: Array, place: Array, met: Array, a: Any, post: Any,
    source: Any, count: Any,
) -> Any:  # fmt: skip
    """Make a post a candidate unless it is one, is the viewer's own or was seen.

    Returns its position, −1 if it is refused.
    """
    position = find(place, met, post)
    if position >= 0 and met[position, SOURCE] >= 0:
        return np.int64(-1)
    if _is_own(p_indptr, posters, a, post) or has_seen(seen, post):
        return np.int64(-1)
    position = _meet(place, met, post, count)
    met[position, SOURCE] = source
    return position


@inner
def gather(stage: Any, state: Any, now: Any, dials: Any, scratch: Any, seen: Array, a: Any) -> Any:
    """Candidates of all sources, and what the circle did; returns how many posts were met."""
    quotas, t, key_a = dials.quotas, now.t, stage.account_keys[a]
    place, met = scratch.place, scratch.met
    first = stage.f_indptr[a]
    degree = stage.f_indptr[a + 1] - first
    start = np.int64(0)
    if degree > 0:
        # who follows more than the quota can hold begins at a keyed place: none is favoured
        drawn = keyed(now.seed, E_CANDIDATE, key_a, np.uint64(FOLLOWING), t)
        start = np.int64(drawn % np.uint64(degree))
    count = np.int64(0)
    if dials.circle:
        for step in range(degree):
            f = stage.f_by_key[first + step]
            for r in range(RING):
                if state.ring[f, r, TICK] <= t - HORIZON:
                    continue
                position = _meet(place, met, np.int64(state.ring[f, r, POST]), count)
                count = max(count, position + 1)
                kind = state.ring[f, r, KIND]
                met[position, PEOPLE] += 1
                if kind & (LIKE | SHARE):
                    met[position, REACTIONS] += 1
                if kind & COMMENT:
                    met[position, COMMENTS] += 1
    # one loop over all offers: source after source, each until its quota is full
    for source in range(FILLER):
        quota = quotas[source]
        if quota == 0:
            continue
        # what the source's own order consists of
        steps = degree
        if source == INTEREST:
            steps = state.profiles.shape[1]
        elif source == FRESH:
            steps = quota if now.fresh.size > 0 else 0
        elif source == TRENDING:
            steps = min(quota, now.trending.size)
        elif source == EVERYWHERE:
            steps = quota if now.n_eligible > 0 else 0
        total = 0.0
        previous, previous_at = np.float32(np.inf), -1
        if source == INTEREST:
            for c in range(steps):
                total += np.float64(state.profiles[a, c])
        taken = 0
        for step in range(steps):
            if taken >= quota:
                break
            # low … high − 1 of the source's list are offered, the last first
            low, high, part = np.int64(0), np.int64(1), np.int64(quota)
            f = np.int64(0)
            if source == FOLLOWING:
                f = np.int64(stage.f_by_key[first + (start + step) % degree])
                low, high = stage.by_poster_indptr[f], stage.by_poster_indptr[f + 1]
            elif source == CIRCLE:
                f = np.int64(stage.f_by_key[first + (start + step) % degree])
                high = np.int64(RING)
            elif source == INTEREST:
                # the next topic: lower in the profile, or as high and later
                best, at = np.float32(0.0), -1
                for c in range(steps):
                    value = state.profiles[a, c]
                    later = value < previous or (value == previous and c > previous_at)
                    if later and value > best:
                        best, at = value, c
                if at < 0:
                    break
                previous, previous_at = best, at
                # a topic's part of the quota follows its part of the profile
                part = np.int64(np.ceil(quota * np.float64(best) / total))
                low, high = stage.topic_indptr[at], now.topic_end[at]
            got = 0
            for q in range(high - 1, low - 1, -1):
                if got >= part or taken >= quota:
                    break
                post = np.int64(-1)
                if source == FOLLOWING:
                    post = np.int64(stage.by_poster[q])
                    if stage.ticks[post] > t:
                        continue
                elif source == CIRCLE:
                    if state.ring[f, q, TICK] <= t - HORIZON:
                        continue
                    post = np.int64(state.ring[f, q, POST])
                elif source == INTEREST:
                    post = np.int64(stage.topic_posts[q])
                elif source == TRENDING:
                    post = np.int64(now.trending[step])
                else:
                    h = keyed(now.seed, E_CANDIDATE, key_a, np.uint64(source), t * 65536 + step)
                    if source == FRESH:
                        post = np.int64(now.fresh[np.int64(h % np.uint64(now.fresh.size))])
                    else:
                        post = np.int64(stage.by_entry[np.int64(h % np.uint64(now.n_eligible))])
                position = _offer(
                    stage.p_indptr, stage.posters, seen, place, met, a, post, source, count
                )
                if position >= 0:
                    count = max(count, position + 1)
                    got += 1
                    taken += 1
    return count


@inner
def score(
    stage: Any, state: Any, now: Any, dials: Any, scratch: Any, a: int, count: int, halves: Array
) -> Any:
    """Score the candidates and list them in the pool; returns how many there are."""
    size = 0
    d = state.profiles.shape[1]
    key_a = stage.account_keys[a]
    for c in range(count):
        if scratch.met[c, SOURCE] < 0:
            continue
        post = np.int64(scratch.met[c, POST])
        value = now.merit[post]
        if dials.interest != 0.0:
            dot = 0.0
            for x in range(d):
                dot += np.float64(state.profiles[a, x]) * np.float64(stage.features[post, x])
            value += dials.interest * dot
        if dials.reactions != 0.0:
            value += dials.reactions * (1.0 - halves[min(scratch.met[c, REACTIONS], 63)])
        if dials.comments != 0.0:
            value += dials.comments * (1.0 - halves[min(scratch.met[c, COMMENTS], 63)])
        if (
            dials.followed != 0.0
            and posters_followed(
                stage.f_indptr, stage.f_indices, stage.p_indptr, stage.posters, a, post
            )
            > 0
        ):
            value += dials.followed
        if dials.chance != 0.0:
            value += dials.chance * uniform(now.seed, E_CHANCE, key_a, stage.post_keys[post], 0)
        scratch.score[c] = value
        scratch.pool[size] = c
        size += 1
    return size


@inner
def choose(stage: Any, now: Any, dials: Any, scratch: Any, a: int, size: int) -> Any:
    """Take the best candidate out of the pool and discount those like it.

    Returns its position and the new size of the pool; equal scores go by a keyed hash.
    """
    key_a = stage.account_keys[a]
    best = 0
    for i in range(1, size):
        c, b = scratch.pool[i], scratch.pool[best]
        if scratch.score[c] > scratch.score[b]:
            best = i
        elif scratch.score[c] == scratch.score[b]:
            mine = keyed(now.seed, E_TIE, key_a, stage.post_keys[scratch.met[c, POST]], 0)
            if mine > keyed(now.seed, E_TIE, key_a, stage.post_keys[scratch.met[b, POST]], 0):
                best = i
    taken = np.int64(scratch.pool[best])
    size -= 1
    scratch.pool[best] = scratch.pool[size]
    if dials.topic_penalty > 0.0 or dials.author_penalty > 0.0:
        post = scratch.met[taken, POST]
        poster = stage.posters[stage.p_indptr[post]]
        topic = stage.topic[post]
        for i in range(size):
            c = scratch.pool[i]
            other = scratch.met[c, POST]
            if topic < stage.features.shape[1] and stage.topic[other] == topic:
                scratch.score[c] -= dials.topic_penalty
            if stage.posters[stage.p_indptr[other]] == poster:
                scratch.score[c] -= dials.author_penalty
    return taken, size


@inner
def fill(stage: Any, now: Any, dials: Any, seen: Array, a: Any, s: int) -> Any:
    """A post for a slot that no candidate fills; −1 if there is none."""
    if dials.filler == FILL_EMPTY or now.n_eligible == 0:
        return np.int64(-1)
    if dials.filler == FILL_POPULAR:
        for q in range(now.popular.size):
            post = np.int64(now.popular[q])
            if not _is_own(stage.p_indptr, stage.posters, a, post) and not has_seen(seen, post):
                return post
        return np.int64(-1)
    key_a, t = stage.account_keys[a], now.t
    for j in range(FILL_DRAWS):
        h = keyed(now.seed, E_FILL, key_a, np.uint64(s), t * 65536 + j)
        post = np.int64(stage.by_entry[np.int64(h % np.uint64(now.n_eligible))])
        if not _is_own(stage.p_indptr, stage.posters, a, post) and not has_seen(seen, post):
            return post
    # almost everything is seen: the unseen post of the smallest hash is uniform, too
    best, low = np.int64(-1), np.uint64(0)
    for q in range(now.n_eligible):
        post = np.int64(stage.by_entry[q])
        if _is_own(stage.p_indptr, stage.posters, a, post) or has_seen(seen, post):
            continue
        h = keyed(now.seed, E_FILL, key_a, stage.post_keys[post], t * 65536 + 65535 - s)
        if best < 0 or h < low:
            best, low = post, h
    return best


@inner
def forget(scratch: Any, count: int) -> None:
    """Free the places of a session's posts for the next session."""
    for c in range(count):
        scratch.place[scratch.met[c, SLOT]] = 0
