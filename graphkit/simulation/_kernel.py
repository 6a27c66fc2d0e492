"""Sessions of a tick as array kernels: rank → show → react → learn; then the tallies.

Accounts are independent within a tick: each reads the state of the tick before and writes
its own rows only, so any number of threads gives the same bytes. What a tick changes for
others (counts, the circle's latest reactions) is merged afterwards, in integers.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from graphkit.jit import CACHE
from graphkit.recommenders._arrays import (
    COMMENT,
    COMPLETE,
    E_COMMENT,
    E_FOLLOW,
    E_LIKE,
    E_NOISE,
    E_NOISE2,
    E_SHARE,
    FILLER,
    FOLLOW,
    HORIZON,
    KIND,
    LIKE,
    PEOPLE,
    POST,
    RING,
    SHARE,
    SOURCE,
    TICK,
    Array,
)
from graphkit.recommenders._kernel import (
    choose,
    fill,
    find,
    forget,
    gather,
    inner,
    mark_seen,
    posters_followed,
    score,
    uniform,
)

__all__ = ["Mind", "Shown", "finish", "merge", "sessions"]

#: Watch fractions are summed as integers, in this unit's inverse.
UNIT = 65536


class Mind(NamedTuple):
    """The viewers' numbers, see ``Behaviour``, and how the feed learns from them."""

    social_share: float
    noise: float
    watch_base: float
    watch_taste: float
    watch_quality: float
    fatigue: float
    like_base: float
    comment_base: float
    share_base: float
    follow_base: float
    reaction_slope: float
    leave_base: float
    leave_slope: float
    signals: Array
    learning_rate: float
    halves: Array
    """2^−r for r = 0 … 63."""


class Shown(NamedTuple):
    """What a tick's sessions showed; shape (sessions, slots), but for `propensity`."""

    post: Array
    source: Array
    watch: Array
    react: Array
    parent: Array
    propensity: Array
    """(sessions, 2): to leave for good, and mean watch fraction."""


@inner
def _sigmoid(x: float) -> Any:
    return 1.0 / (1.0 + math.exp(-x))


@inner
def _taste(stage: Any, now: Any, mind: Any, a: int, post: int, social: int) -> Any:
    likes = 0.0
    for x in range(stage.features.shape[1]):
        likes += np.float64(stage.interests[a, x]) * np.float64(stage.features[post, x])
    key_a, key_p = stage.account_keys[a], stage.post_keys[post]
    u1 = 1.0 - uniform(now.seed, E_NOISE, key_a, key_p, 0)
    u2 = uniform(now.seed, E_NOISE2, key_a, key_p, 0)
    z = math.sqrt(-2.0 * math.log(u1)) * math.cos(2.0 * math.pi * u2)
    answer = mind.social_share * (1.0 - mind.halves[min(social, 63)])
    return (1.0 - mind.social_share) * likes + answer + mind.noise * z


@inner
def _react(stage: Any, now: Any, mind: Any, a: int, post: int, w: float) -> Any:
    """Bits of the reactions: draws belong to the pair, probabilities follow the watch."""
    key_a, key_p = stage.account_keys[a], stage.post_keys[post]
    lean = mind.reaction_slope * (w - 0.5)
    react = COMPLETE if w >= 0.9 else 0
    if uniform(now.seed, E_LIKE, key_a, key_p, 0) < _sigmoid(mind.like_base + lean):
        react |= LIKE
    if uniform(now.seed, E_COMMENT, key_a, key_p, 0) < _sigmoid(mind.comment_base + lean):
        react |= COMMENT
    if uniform(now.seed, E_SHARE, key_a, key_p, 0) < _sigmoid(mind.share_base + lean):
        react |= SHARE
    if uniform(now.seed, E_FOLLOW, key_a, key_p, 0) < _sigmoid(mind.follow_base + lean):
        react |= FOLLOW
    return react


@inner
def _learn(stage: Any, state: Any, mind: Any, a: int, post: int, react: int, w: float) -> None:
    """Move the feed's own profile of the viewer toward the post, or away from it."""
    strength = 0.0
    if react & COMPLETE:
        strength += mind.signals[0]
    if react & LIKE:
        strength += mind.signals[1]
    if react & COMMENT:
        strength += mind.signals[2]
    if react & SHARE:
        strength += mind.signals[3]
    if w < 0.25:
        strength += mind.signals[4]
    step = mind.learning_rate * strength
    if step == 0.0:
        return
    norm = 0.0
    d = state.profiles.shape[1]
    for x in range(d):
        value = np.float64(state.profiles[a, x]) + step * np.float64(stage.features[post, x])
        norm += max(value, 0.0) ** 2
    if norm == 0.0:
        return
    norm = math.sqrt(norm)
    for x in range(d):
        value = np.float64(state.profiles[a, x]) + step * np.float64(stage.features[post, x])
        state.profiles[a, x] = np.float32(max(value, 0.0) / norm)


@inner
def _parent(stage: Any, state: Any, now: Any, a: int, post: int) -> Any:
    """The followee who shared the post last (ties: smallest key); −1 without one."""
    parent, at = -1, -1
    for q in range(stage.f_indptr[a], stage.f_indptr[a + 1]):
        f = stage.f_by_key[q]
        for r in range(RING):
            tick = state.ring[f, r, TICK]
            if tick <= now.t - HORIZON or state.ring[f, r, POST] != post:
                continue
            if state.ring[f, r, KIND] & SHARE and tick > at:
                parent, at = f, tick
    return parent


@njit(nogil=True, cache=CACHE)
def sessions(
    stage: Any, state: Any, now: Any, dials: Any, mind: Any, active: Array, low: int, high: int,
    scratch: Any, shown: Any,
) -> None:  # fmt: skip
    """Sessions low … high − 1 of a tick."""
    no_topic = stage.features.shape[1]
    for i in range(low, high):
        a = active[i]
        seen = state.seen[state.seen_start[a] : state.seen_start[a + 1]]
        count = gather(stage, state, now, dials, scratch, seen, a)
        size = score(stage, state, now, dials, scratch, a, count, mind.halves)
        watched, n_shown = 0.0, 0
        for s in range(dials.slots):
            post, source = np.int64(-1), np.int64(FILLER)
            if size > 0:
                position, size = choose(stage, now, dials, scratch, a, size)
                post = np.int64(scratch.met[position, POST])
                source = np.int64(scratch.met[position, SOURCE])
            else:
                post = fill(stage, now, dials, seen, a, s)
            shown.post[i, s] = post
            shown.source[i, s] = source
            if post < 0:
                continue
            mark_seen(seen, post)
            n_shown += 1
            social = 0
            if mind.social_share > 0.0:
                social = posters_followed(
                    stage.f_indptr, stage.f_indices, stage.p_indptr, stage.posters, a, post
                )
                met = find(scratch.place, scratch.met, post)
                if met >= 0:
                    social += scratch.met[met, PEOPLE]
            repeats = 0
            if stage.topic[post] < no_topic:
                for z in range(s):
                    other = shown.post[i, z]
                    if other >= 0 and stage.topic[other] == stage.topic[post]:
                        repeats += 1
            w = _sigmoid(
                mind.watch_base
                + mind.watch_taste * _taste(stage, now, mind, a, post, social)
                + mind.watch_quality * (np.float64(stage.quality[post]) - 0.5)
                - mind.fatigue * repeats
            )
            react = _react(stage, now, mind, a, post, w)
            shown.watch[i, s] = np.int32(w * UNIT)
            shown.react[i, s] = react
            if react & SHARE:
                shown.parent[i, s] = _parent(stage, state, now, a, post)
            watched += w
            _learn(stage, state, mind, a, post, react, w)
        forget(scratch, count)
        mean = watched / n_shown if n_shown > 0 else 0.0
        shown.propensity[i, 0] = _sigmoid(mind.leave_base - mind.leave_slope * (mean - 0.5))
        shown.propensity[i, 1] = mean


@njit(nogil=True, cache=CACHE)
def merge(
    t: int, active: Array, shown: Any, state: Any, watch: Array, views: Array, reacted: Array,
    source_count: Array, reaction_count: Array, item_ticks: Array,
) -> Any:  # fmt: skip
    """Add a tick's impressions to the tallies and the circle's memory; returns empty slots."""
    empty = 0
    for i in range(active.size):
        a = active[i]
        for s in range(shown.post.shape[1]):
            post = shown.post[i, s]
            if post < 0:
                empty += 1
                continue
            react = shown.react[i, s]
            watch[post] += shown.watch[i, s]
            views[post] += 1
            item_ticks[post, t] += 1
            source_count[shown.source[i, s]] += 1
            for bit in range(5):
                if react & (1 << bit):
                    reaction_count[post, bit] += 1
            if react & (LIKE | COMMENT | SHARE):
                reacted[post] += 1
                at = state.ring_next[a]
                state.ring[a, at, POST] = post
                state.ring[a, at, TICK] = t
                state.ring[a, at, KIND] = react & (LIKE | COMMENT | SHARE)
                state.ring_next[a] = (at + 1) % RING
    return empty


@njit(nogil=True, cache=CACHE)
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
