"""Sessions of a tick as array kernels: rank → show → react → learn → tally.

Accounts are independent within a tick: each reads the state of the tick before and writes
its own rows only, so any number of threads gives the same bytes. What a tick changes for
others (counts, the circle's latest reactions) is merged afterwards, in integers, so that no
order of accounts shows.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from graphkit.kernels.candidates import delivered, find, forget
from graphkit.kernels.compile import dot_rows, kernel
from graphkit.kernels.random import inner, mark_seen, of_pair, pair_bits
from graphkit.kernels.ranking import choose, fill, gather, pair_factors, posters_followed, score
from graphkit.kernels.state import (
    COMMENT,
    COMPLETE,
    DIVISIVE,
    DUET,
    E_COMMENT,
    E_DUET,
    E_FOLLOW,
    E_LIKE,
    E_NOISE,
    E_NOISE2,
    E_SHARE,
    E_STITCH,
    E_STOP,
    E_UNFOLLOW,
    FILLER,
    FLAGGED,
    FOLLOW,
    HEARD,
    HORIZON,
    LENGTH,
    LIKE,
    PASSED_ON,
    PEOPLE,
    POST,
    QUALITY,
    RING,
    SHARE,
    SKIPPED,
    SOURCE,
    STITCH,
    TO_THE_END,
    TOPIC,
    UNFOLLOW,
    WATCH_UNIT,
    WHEN,
    Array,
)

__all__ = ["EMPTY", "Mind", "Pairs", "Scores", "Shown", "finish", "merge", "pairs", "sessions"]

#: Posts in slots that nothing filled, and in slots after a session has ended.
EMPTY, OVER = -1, -2


class Mind(NamedTuple):
    """The viewers' numbers, see ``Behaviour``; of log-odds, e^(−base)."""

    social_share: float
    noise: float
    watch_base: float
    watch_taste: float
    watch_quality: float
    watch_length: float
    fatigue: float
    like_odds: float
    comment_odds: float
    share_odds: float
    follow_odds: float
    duet_odds: float
    stitch_odds: float
    unfollow_odds: float
    reaction_slope: float
    comment_divisive: float
    share_flagged: float
    stop_odds: float
    stop_slope: float
    leave_odds: float
    leave_slope: float
    boredom: float
    free: bool
    """Whether sessions end when viewers have had enough."""


class Scores(NamedTuple):
    """Scores that a function has given to every session's candidates, one after the other."""

    values: Array
    """float32; empty: the feed's weights are taken."""
    start: Array
    """int64: where each session's begin."""


class Pairs(NamedTuple):
    """Candidates of sessions, `width` places for each."""

    post: Array
    source: Array
    factors: Array
    """float32, a row per factor of ``PAIR_FACTORS``."""
    size: Array
    """Candidates of each session."""


class Shown(NamedTuple):
    """What a tick's sessions showed; shape (sessions, slots), but for the last two."""

    post: Array
    source: Array
    watch: Array
    react: Array
    parent: Array
    propensity: Array
    """(sessions, 3): to leave for good, mean watch fraction, posts before it would end."""
    candidates: Array


@inner
def _begin(state: Any, now: Any, dials: Any, query: Array, a: Any) -> None:
    """Let the profile fade since the latest session, and bring it to length 1 as the query."""
    profiles = state.profiles
    last = state.last[a]
    if last >= 0:
        left = dials.forget[min(now.t - last, dials.forget.size - 1)]
        if left != 1.0:
            for x in range(query.shape[1]):
                profiles[a, x] = np.float32(np.float64(profiles[a, x]) * left)
    state.last[a] = now.t
    norm = math.sqrt(np.float64(dot_rows(profiles, a, profiles, a)))
    for x in range(query.shape[1]):
        value = np.float64(profiles[a, x])
        query[0, x] = np.float32(value / norm) if norm > 0.0 else np.float32(0.0)


@inner
def _watch(
    mind: Any,
    traits: Array,
    post: Any,
    likes: Any,
    social: Any,
    repeats: Any,
    pair: Any,
    halves: Array,
) -> Any:
    """Watch fraction, see ``Behaviour``."""
    z = 0.0
    if mind.noise > 0.0:
        u = 1.0 - of_pair(pair, E_NOISE)
        z = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * of_pair(pair, E_NOISE2))
    answer = mind.social_share * (1.0 - halves[min(social, 63)])
    taste = (1.0 - mind.social_share) * likes + answer + mind.noise * z
    x = (
        mind.watch_base
        + mind.watch_taste * taste
        + mind.watch_quality * traits[post, QUALITY]
        - mind.watch_length * traits[post, LENGTH]
        - mind.fatigue * repeats
    )
    return 1.0 / (1.0 + math.exp(-x))


@inner
def _react(mind: Any, traits: Array, post: Any, w: Any, follows: Any, pair: Any) -> Any:
    """Bits of the reactions: draws belong to the pair, chances follow the watch."""
    # the odds against a reaction are e^−base · e^−lean
    against = math.exp(-mind.reaction_slope * (w - 0.5))
    react = COMPLETE if w >= TO_THE_END else 0
    if of_pair(pair, E_LIKE) < 1.0 / (1.0 + mind.like_odds * against):
        react |= LIKE
    odds = mind.comment_odds * against
    if traits[post, DIVISIVE] > 0.0:
        odds *= math.exp(-mind.comment_divisive * traits[post, DIVISIVE])
    if of_pair(pair, E_COMMENT) < 1.0 / (1.0 + odds):
        react |= COMMENT
    odds = mind.share_odds * against
    if traits[post, FLAGGED] > 0.0:
        odds *= math.exp(-mind.share_flagged)
    if of_pair(pair, E_SHARE) < 1.0 / (1.0 + odds):
        react |= SHARE
    if of_pair(pair, E_DUET) < 1.0 / (1.0 + mind.duet_odds * against):
        react |= DUET
    if of_pair(pair, E_STITCH) < 1.0 / (1.0 + mind.stitch_odds * against):
        react |= STITCH
    if follows > 0:
        if w < SKIPPED and of_pair(pair, E_UNFOLLOW) < 1.0 / (1.0 + mind.unfollow_odds):
            react |= UNFOLLOW
    elif of_pair(pair, E_FOLLOW) < 1.0 / (1.0 + mind.follow_odds * against):
        react |= FOLLOW
    return react


@inner
def _learn(
    profiles: Array, a: Any, features: Array, post: Any, signals: Array, react: Any, w: Any
) -> None:
    """Move the feed's own profile of the viewer toward the post, or away from it."""
    step = 0.0
    if react & COMPLETE:
        step += signals[0]
    if react & LIKE:
        step += signals[1]
    if react & COMMENT:
        step += signals[2]
    if react & SHARE:
        step += signals[3]
    if react & FOLLOW:
        step += signals[4]
    if react & (DUET | STITCH):
        step += signals[5]
    if w < SKIPPED:
        step += signals[6]
    if step != 0.0:
        move = np.float32(step)
        for x in range(profiles.shape[1]):
            profiles[a, x] += move * features[post, x]


@inner
def _parent(stage: Any, ring: Array, now: Any, delivery: Any, a: Any, post: Any) -> Any:
    """The followee who passed the post on last (ties: the first); −1 without one."""
    f_indptr, f_indices, t = stage.f_indptr, stage.f_indices, now.t
    account_keys, post_keys = stage.account_keys, stage.post_keys
    parent, at = np.int32(-1), np.int64((t - HORIZON + 1) * 256 - 1)
    for q in range(f_indptr[a], f_indptr[a + 1]):
        f = f_indices[q]
        for r in range(RING):
            when = np.int64(ring[f, r, WHEN])
            if (
                ring[f, r, POST] == post
                and when & PASSED_ON
                and when >> 8 > at >> 8
                and delivered(now.seed, delivery, account_keys[a], account_keys[f], post_keys[post])
            ):
                parent, at = f, when
    return parent


@kernel()
def sessions(
    feeding: Any,
    mind: Any,
    active: Array,
    order: Array,
    low: int,
    high: int,
    scratch: Any,
    given: Any,
    shown: Any,
) -> None:
    """Sessions order[low … high − 1] of a tick; `given` are :class:`Scores`.

    Fills the rows of `shown`, a :class:`Shown`.
    """
    stage, state, now, index, dials = feeding
    given_values, given_start = given.values, given.start
    # looked up once: within the loops each look-up of an array would count its references
    slots, free, seed, circle = dials.slots, mind.free, now.seed, dials.circle
    facts, traits, features, interests = (
        stage.facts,
        stage.traits,
        stage.features,
        stage.interests,
    )
    f_indptr, f_indices, p_indptr, posters = (
        stage.f_indptr,
        stage.f_indices,
        stage.p_indptr,
        stage.posters,
    )
    account_keys, post_keys = stage.account_keys, stage.post_keys
    place, met, topics, query = scratch.place, scratch.met, scratch.topics, scratch.query
    profiles, ring, signals, halves = state.profiles, state.ring, dials.signals, dials.halves
    delivery = dials.delivery
    posts, sources, watches = shown.post, shown.source, shown.watch
    reacts, parents, propensity = shown.react, shown.parent, shown.propensity
    for z in range(low, high):
        i = order[z]
        a = active[i]
        seen = state.seen[state.seen_start[a] : state.seen_start[a + 1]]
        _begin(state, now, dials, query, a)
        count = gather(stage, state, now, index, dials, scratch, seen, a)
        first = given_start[i] if given_values.size > 0 else np.int64(0)
        size = score(stage, now, dials, scratch, a, count, given_values, first)
        shown.candidates[i] = size
        watched, n_shown, n_repeats, stay, staying = 0.0, 0, 0, 0.0, 1.0
        over = False
        for s in range(slots):
            if over:
                posts[i, s] = OVER
                continue
            post, source = np.int64(EMPTY), np.int64(FILLER)
            if size > 0:
                position, size = choose(dials, scratch, size)
                post = np.int64(met[position, POST])
                source = np.int64(met[position, SOURCE])
            else:
                post = fill(stage, state, now, dials, seen, a, s)
            posts[i, s] = post
            sources[i, s] = source
            topics[s] = -1
            if post < 0:
                continue
            mark_seen(seen, post)
            topic = facts[post, TOPIC]
            repeats = 0
            if topic >= 0:
                for y in range(s):
                    if topics[y] == topic:
                        repeats += 1
            topics[s] = topic
            follows = posters_followed(f_indptr, f_indices, p_indptr, posters, a, post)
            social = follows
            if circle:
                at = find(place, met, post)
                if at >= 0:
                    social += met[at, PEOPLE]
            pair = pair_bits(seed, account_keys[a], post_keys[post])
            likes = np.float64(dot_rows(interests, a, features, post))
            w = _watch(mind, traits, post, likes, social, repeats, pair, halves)
            react = _react(mind, traits, post, w, follows, pair)
            watches[i, s] = np.int32(w * WATCH_UNIT)
            reacts[i, s] = react
            if react & PASSED_ON:
                parents[i, s] = _parent(stage, ring, now, delivery, a, post)
            _learn(profiles, a, features, post, signals, react, w)
            watched += w
            n_shown += 1
            n_repeats += 1 if repeats > 0 else 0
            stay += staying
            stop = 1.0 / (1.0 + mind.stop_odds * math.exp(mind.stop_slope * (w - 0.5)))
            # under a free budget whoever is still there was sure to be
            staying *= 1.0 if free else 1.0 - stop
            over = free and of_pair(pair, E_STOP) < stop
        forget(place, met, count)
        mean = watched / n_shown if n_shown > 0 else 0.0
        bored = mind.boredom * n_repeats / n_shown if n_shown > 0 else 0.0
        against = math.exp(mind.leave_slope * (mean - 0.5) - bored)
        propensity[i, 0] = 1.0 / (1.0 + mind.leave_odds * against)
        propensity[i, 1] = mean
        propensity[i, 2] = stay


@kernel()
def pairs(
    feeding: Any, active: Array, low: int, high: int, scratch: Any, width: int, found: Any
) -> None:
    """Candidates of sessions low … high − 1 with what ties them to the viewer.

    Session i fills the places of `found`, some :class:`Pairs`, from i · width on.
    """
    stage, state, now, index, dials = feeding
    met, every = scratch.met, np.ones(found.factors.shape[0])
    for i in range(low, high):
        a = active[i]
        seen = state.seen[state.seen_start[a] : state.seen_start[a + 1]]
        _begin(state, now, dials, scratch.query, a)
        count = gather(stage, state, now, index, dials, scratch, seen, a)
        size = pair_factors(stage, now, dials, scratch, a, count, every)
        for k in range(size):
            at, c = i * width + k, scratch.at[k]
            found.post[at] = met[c, POST]
            found.source[at] = met[c, SOURCE]
            for f in range(every.size):
                found.factors[f, at] = np.float32(scratch.factors[k, f])
        found.size[i] = size
        forget(scratch.place, met, count)


@kernel()
def merge(
    t: int,
    active: Array,
    shown: Any,
    state: Any,
    watch: Array,
    views: Array,
    reacted: Array,
    source_count: Array,
    reaction_count: Array,
    item_ticks: Array,
) -> Any:
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
    seen_start: Array,
    seen: Array,
    membership: Array,
    n_communities: int,
    homes: Array,
    p_indptr: Array,
    posters: Array,
) -> tuple[Array, Array, Array]:
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
