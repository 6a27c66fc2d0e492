"""Kernels of the sessions of a tick: rank, show, react, update the profile, tally.

Accounts are independent within a tick: each reads the state of the previous tick and writes its
own rows only, so the result does not depend on the number of threads. Changes that others see
(counts, recent activity) are merged afterwards, in integers, independently of the order of accounts.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from graphkit.kernels import state as st
from graphkit.kernels.candidates import (
    clear_table,
    count_active,
    is_delivered,
    lookup_post,
    table_width,
)
from graphkit.kernels.compile import BORROWING, borrowing, kernel
from graphkit.kernels.intrinsics import add_row, dot_rows, prefetch
from graphkit.kernels.random import keyed, mark_seen, of_pair, pair_bits
from graphkit.kernels.ranking import (
    backfill_slot,
    choose_candidates,
    clear_filters,
    fill_filters,
    flagged_limit,
    follows_account,
    gather_candidates,
    pair_factors,
    posters_followed,
    score_candidates,
)
from graphkit.kernels.state import Array

#: Posts in slots that nothing filled, and in slots after a session has ended.
EMPTY, OVER = -1, -2


class ViewerParameters(NamedTuple):
    """Viewer parameters, see ``Behaviour``; the log-odds as e^(−base)."""

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
    """Whether viewers may end their sessions."""


class GivenScores(NamedTuple):
    """Scores of a function for the candidates of all sessions, one session after the other."""

    values: Array
    """float32; empty: the feed's weights apply."""
    start: Array
    """int64: first score of each session."""


class CandidatePairs(NamedTuple):
    """Candidates of sessions, in `width` rows per session."""

    post: Array
    source: Array
    factors: Array
    """float32, a row per factor of ``PAIR_FACTORS``."""
    size: Array
    """Candidates of each session."""


class TickImpressions(NamedTuple):
    """Impressions of a tick, shape (sessions, slots) except the last three arrays."""

    post: Array
    source: Array
    watch: Array
    fraction: Array
    """float64: the watch fraction that `watch` is rounded from."""
    react: Array
    parent: Array
    propensity: Array
    """(sessions, 3): to leave for good, mean watch fraction, posts before it would end."""
    candidates: Array
    limit: Array
    """Slots of each session, from the first on, that the propensities are over."""


@kernel(**BORROWING)
def start_sessions(
    profiles: Array, last_session: Array, decay: Array, t: int, accounts: Array, queries: Array
) -> None:
    """Decay the profiles since the latest session, and fill `queries` with them at length 1."""
    for i in range(accounts.size):
        a = accounts[i]
        if i + st.AHEAD < accounts.size:
            prefetch(profiles, accounts[i + st.AHEAD])
        last = last_session[a]
        if last >= 0:
            left = decay[min(t - last, decay.size - 1)]
            if left != 1.0:
                for x in range(queries.shape[1]):
                    profiles[a, x] = np.float32(np.float64(profiles[a, x]) * left)
        last_session[a] = t
        norm = math.sqrt(np.float64(dot_rows(profiles, a, profiles, a)))
        for x in range(queries.shape[1]):
            value = np.float64(profiles[a, x])
            queries[i, x] = np.float32(value / norm) if norm > 0.0 else np.float32(0.0)


@borrowing
def _watch_posts(
    viewer: Any, static: Any, tick: Any, halves: Array, scratch: Any, a: Any, size: Any
) -> None:
    """Watch fractions of the first `size` posts of the scratch, see ``Behaviour``.

    A short loop for each part, in which the posts do not wait for each other.
    """
    posts, pairs, fractions = scratch.posts, scratch.pairs, scratch.fractions
    first, repeats, friends = scratch.first, scratch.repeats, scratch.friends
    traits, key_a, seed = static.traits, static.account_keys[a], tick.seed
    interests, tastes, post_keys = static.interests, static.taste_features, static.post_keys
    for k in range(size):
        pair = pair_bits(seed, key_a, post_keys[posts[k]])
        pairs[k] = pair
        first[k] = 0.0
        if viewer.noise > 0.0:
            u = 1.0 - of_pair(pair, st.E_NOISE)
            z = math.sqrt(-2.0 * math.log(u))
            first[k] = z * math.cos(2.0 * math.pi * of_pair(pair, st.E_NOISE2))
    share = viewer.social_share
    for k in range(size):
        post = posts[k]
        likes = np.float64(dot_rows(interests, a, tastes, post))
        social = 1.0 - halves[min(friends[k], 63)]
        taste = (1.0 - share) * likes + share * social + viewer.noise * first[k]
        x = (
            viewer.watch_base
            + viewer.watch_taste * taste
            + viewer.watch_quality * traits[post, st.QUALITY]
            - viewer.watch_length * traits[post, st.LENGTH]
            - viewer.fatigue * repeats[k]
        )
        fractions[k] = 1.0 / (1.0 + math.exp(-x))


@borrowing
def _draw_reactions(viewer: Any, friction: Any, traits: Array, scratch: Any, size: Any) -> None:
    """Reactions as bits: draws belong to the pair, probabilities follow the watch fraction.

    `friction` is the chance that a share of a flagged post is given up.
    """
    posts, pairs, fractions = scratch.posts, scratch.pairs, scratch.fractions
    follows, reacts = scratch.follows, scratch.reacts
    odds, odds_of_comment = scratch.first, scratch.second
    for k in range(size):
        # the odds against a reaction are e^−base · e^−lean
        odds[k] = math.exp(-viewer.reaction_slope * (fractions[k] - 0.5))
        divisive = traits[posts[k], st.DIVISIVE]
        odds_of_comment[k] = viewer.comment_odds * odds[k]
        if divisive > 0.0:
            odds_of_comment[k] *= math.exp(-viewer.comment_divisive * divisive)
    for k in range(size):
        pair, w, against = pairs[k], fractions[k], odds[k]
        likes = of_pair(pair, st.E_LIKE) < 1.0 / (1.0 + viewer.like_odds * against)
        comments = of_pair(pair, st.E_COMMENT) < 1.0 / (1.0 + odds_of_comment[k])
        duets = of_pair(pair, st.E_DUET) < 1.0 / (1.0 + viewer.duet_odds * against)
        stitches = of_pair(pair, st.E_STITCH) < 1.0 / (1.0 + viewer.stitch_odds * against)
        known = follows[k] > 0
        left = of_pair(pair, st.E_UNFOLLOW) < 1.0 / (1.0 + viewer.unfollow_odds)
        joined = of_pair(pair, st.E_FOLLOW) < 1.0 / (1.0 + viewer.follow_odds * against)
        averted, shares = False, viewer.share_odds * against
        if traits[posts[k], st.FLAGGED] > 0.0:
            shares *= math.exp(-viewer.share_flagged)
            # a draw of its own: the other reactions are those without friction
            averted = of_pair(pair, st.E_FRICTION) < friction
        shared = of_pair(pair, st.E_SHARE) < 1.0 / (1.0 + shares)
        react = st.COMPLETE if w >= st.TO_THE_END else 0
        react |= st.LIKE if likes else 0
        react |= st.COMMENT if comments else 0
        react |= st.SHARE if shared & (not averted) else 0
        react |= st.DUET if duets else 0
        react |= st.STITCH if stitches else 0
        react |= st.UNFOLLOW if known & (w < st.SKIPPED) & left else 0
        react |= st.FOLLOW if (not known) & joined else 0
        reacts[k] = react


@borrowing
def _reshare_parent(
    static: Any, activity: Array, tick: Any, delivery: Any, a: Any, post: Any
) -> Any:
    """Most recent followee to reshare the post (ties: lowest code); −1 if none."""
    f_indptr, f_indices, t = static.f_indptr, static.f_indices, tick.t
    account_keys, post_keys = static.account_keys, static.post_keys
    parent, at = np.int32(-1), np.int64((t - st.HORIZON + 1) * 256 - 1)
    for q in range(f_indptr[a], f_indptr[a + 1]):
        f = f_indices[q]
        for r in range(st.RECENT):
            when = np.int64(activity[f, r, st.WHEN])
            if (
                activity[f, r, st.POST] == post
                and when & st.RESHARE
                and when >> 8 > at >> 8
                and is_delivered(
                    tick.seed, delivery, account_keys[a], account_keys[f], post_keys[post]
                )
            ):
                parent, at = f, when
    return parent


@kernel(**BORROWING)
def run_sessions(
    inputs: Any,
    viewer: Any,
    active: Array,
    order: Array,
    low: int,
    high: int,
    scratch: Any,
    near: Any,
    given: Any,
    shown: Any,
) -> None:
    """Sessions order[low … high − 1] of a tick; `given` are :class:`GivenScores`.

    The rows of `near`, :class:`NearPosts`, are those of these sessions.

    Fills the rows of `shown`, a :class:`TickImpressions`.
    """
    static, state, tick, params = inputs
    given_values, given_start = given.values, given.start
    # hoisted: what is the same in each pass is read once
    slots, free, seed, circle = params.slots, viewer.free, tick.seed, params.circle
    counts_active = viewer.social_share > 0.0 and not circle
    attributes, traits, cards = static.attributes, static.traits, static.cards
    features, lines = static.features, static.lines
    each, single = lines.shape[0] // cards.shape[0], static.single
    interests = static.interests
    f_indptr, f_indices = static.f_indptr, static.f_indices
    account_keys = static.account_keys
    entries, followees = scratch.entries, scratch.followees
    followee_filter = scratch.followee_filter
    topics, queries, chosen = scratch.topics, near.queries, scratch.chosen
    seen_start, all_seen = state.seen_start, state.seen
    profiles, activity = state.profiles, state.recent_activity
    steps, halves, delivery = params.steps, params.halves, params.delivery
    friction = params.share_friction
    posts, sources, watches = shown.post, shown.source, shown.watch
    fractions = shown.fraction
    reacts, parents, propensity = shown.react, shown.parent, shown.propensity
    for z in range(low, high):
        i = order[z]
        a = active[i]
        seen = all_seen[seen_start[a] : seen_start[a + 1]]
        # for the next sessions
        if z + 4 < high:
            b = active[order[z + 4]]
            prefetch(seen_start, b)
            prefetch(f_indptr, b)
        if z + 2 < high:
            b = active[order[z + 2]]
            prefetch(interests, b)
            prefetch(profiles, b)
            prefetch(f_indices, f_indptr[b])
        if z + 1 < high:
            b = active[order[z + 1]]
            for q in range(f_indptr[b], min(f_indptr[b + 1], f_indptr[b] + st.FETCHED)):
                prefetch(activity, np.int64(f_indices[q]))
            for at in range(seen_start[b], seen_start[b + 1], 16):
                prefetch(all_seen, at)
        row = np.int64(z - low)
        low_f, high_f = f_indptr[a], f_indptr[a + 1]
        fill_filters(static, scratch, seen, a)
        hash_slots = scratch.hash_slots[: table_width(scratch, params, high_f - low_f)]
        count = gather_candidates(
            static, state, tick, params, scratch, hash_slots, seen, a, near, row
        )
        first = given_start[i] if given_values.size > 0 else np.int64(0)
        size = score_candidates(
            static, tick, params, scratch, a, count, queries, row, given_values, first
        )
        shown.candidates[i] = size
        left = flagged_limit(static, params, a)
        tie_key = keyed(seed, st.E_TIE_BREAK, account_keys[a], np.uint64(0), 0)
        n_chosen = choose_candidates(traits, params, scratch, size, left, tie_key)
        for s in range(n_chosen):
            post = np.int64(entries[chosen[s], st.POST])
            posts[i, s] = post
            followees[s] = entries[chosen[s], st.FOLLOWEES]
            for line in range(each):
                prefetch(lines, each * post + line)
        watched, n_shown, n_repeats, stay, staying = 0.0, 0, 0, 0.0, 1.0
        over, limit = False, shown.limit[i]
        # all posts together, or each apart if the session may end after it
        together = np.int64(1) if free else np.int64(slots)
        for begin in range(0, slots, together):
            if over:
                posts[i, begin] = OVER
                continue
            size = np.int64(0)
            for s in range(begin, begin + together):
                post, source = np.int64(EMPTY), np.int64(st.FILLER)
                if s < n_chosen:
                    position = chosen[s]
                    post = np.int64(entries[position, st.POST])
                    source = np.int64(entries[position, st.SOURCE])
                else:
                    post = backfill_slot(static, state, tick, params, seen, a, s, left == 0)
                    posts[i, s], followees[s] = post, 0
                    if post >= 0 and circle:
                        at = lookup_post(hash_slots, post)
                        followees[s] = entries[at, st.FOLLOWEES] if at >= 0 else 0
                sources[i, s] = source
                topics[s] = -1
                if post < 0:
                    continue
                if counts_active and (s == 0 or s >= n_chosen):
                    # of all candidates that are chosen, or of a post that fills a slot
                    row_s = posts[i, : max(s + 1, n_chosen)]
                    count_active(static, state, tick, delivery, scratch, a, row_s, s)
                mark_seen(seen, post)
                if left > 0 and traits[post, st.FLAGGED] > 0.0:
                    left -= 1
                topic = attributes[post, st.TASTE_TOPIC]
                repeats = 0
                if topic >= 0:
                    for y in range(s):
                        repeats += topics[y] == topic
                topics[s] = topic
                if single:
                    author = attributes[post, st.AUTHOR]
                    known = follows_account(followee_filter, f_indices, low_f, high_f, author)
                    follows = 1 if known else 0
                else:
                    follows = posters_followed(static, scratch, a, post)
                scratch.shown_in[size], scratch.posts[size] = s, post
                scratch.repeats[size], scratch.follows[size] = repeats, follows
                scratch.friends[size] = follows + followees[s]
                size += 1
            _watch_posts(viewer, static, tick, halves, scratch, a, size)
            _draw_reactions(viewer, friction, traits, scratch, size)
            for k in range(size):
                at, w, react = scratch.shown_in[k], scratch.fractions[k], scratch.reacts[k]
                watches[i, at] = np.int32(w * st.WATCH_UNIT)
                fractions[i, at] = w
                reacts[i, at] = react
                scratch.first[k] = math.exp(viewer.stop_slope * (w - 0.5))
            for k in range(size):
                post, w, react = scratch.posts[k], scratch.fractions[k], scratch.reacts[k]
                if react & st.RESHARE:
                    at = scratch.shown_in[k]
                    parents[i, at] = _reshare_parent(static, activity, tick, delivery, a, post)
                # the learned profile makes a step toward the post, or away from it
                step = steps[np.int64(react) + (st.SKIP if w < st.SKIPPED else 0)]
                if step != 0.0:
                    add_row(profiles, a, np.float32(step), features, post)
                if scratch.shown_in[k] < limit:
                    watched += w
                    n_shown += 1
                    n_repeats += 1 if scratch.repeats[k] > 0 else 0
                    stay += staying
                stop = 1.0 / (1.0 + viewer.stop_odds * scratch.first[k])
                # under a free budget a viewer who is still present has not stopped
                staying *= 1.0 if free else 1.0 - stop
                over = free and of_pair(scratch.pairs[k], st.E_STOP) < stop
        clear_table(hash_slots, entries, count)
        clear_filters(static, scratch, a)
        _keep_propensities(viewer, propensity, i, watched, n_shown, n_repeats, stay)


@borrowing
def _keep_propensities(
    viewer: Any, propensity: Array, i: Any, watched: Any, n_shown: Any, n_repeats: Any, stay: Any
) -> None:
    """Propensity to leave, mean watch fraction, and posts before the session would end."""
    mean = watched / n_shown if n_shown > 0 else 0.0
    bored = viewer.boredom * n_repeats / n_shown if n_shown > 0 else 0.0
    against = math.exp(viewer.leave_slope * (mean - 0.5) - bored)
    propensity[i, 0] = 1.0 / (1.0 + viewer.leave_odds * against)
    propensity[i, 1] = mean
    propensity[i, 2] = stay


@kernel(**BORROWING)
def first_propensities(
    viewer: Any, topics: Array, post: Array, fraction: Array, limit: Array, propensity: Array
) -> None:
    """Propensities over the first `limit` slots of sessions under a matched budget.

    Equal to those of :func:`run_sessions` with this limit; `topics` are those of the posts.
    """
    for i in range(post.shape[0]):
        watched, n_shown, n_repeats, stay, staying = 0.0, 0, 0, 0.0, 1.0
        for s in range(limit[i]):
            if post[i, s] < 0:
                continue
            topic, repeated = topics[post[i, s]], False
            if topic >= 0:
                for y in range(s):
                    if post[i, y] >= 0 and topics[post[i, y]] == topic:
                        repeated = True
            w = fraction[i, s]
            watched += w
            n_shown += 1
            n_repeats += 1 if repeated else 0
            stay += staying
            stop = 1.0 / (1.0 + viewer.stop_odds * math.exp(viewer.stop_slope * (w - 0.5)))
            staying *= 1.0 - stop
        _keep_propensities(viewer, propensity, i, watched, n_shown, n_repeats, stay)


@kernel()
def list_pairs(
    inputs: Any, active: Array, low: int, high: int, scratch: Any, near: Any, width: int, found: Any
) -> None:
    """Candidates and their viewer × post factors, of sessions low … high − 1.

    The rows of `near`, :class:`NearPosts`, are those of these sessions. Session i fills the rows of
    `found`, :class:`CandidatePairs`, from i · width on.
    """
    static, state, tick, params = inputs
    entries, every = scratch.entries, np.ones(found.factors.shape[0])
    for i in range(low, high):
        a = active[i]
        seen = state.seen[state.seen_start[a] : state.seen_start[a + 1]]
        row = np.int64(i - low)
        fill_filters(static, scratch, seen, a)
        degree = static.f_indptr[a + 1] - static.f_indptr[a]
        hash_slots = scratch.hash_slots[: table_width(scratch, params, degree)]
        count = gather_candidates(
            static, state, tick, params, scratch, hash_slots, seen, a, near, row
        )
        size = pair_factors(static, tick, params, scratch, a, count, every, near.queries, row)
        for k in range(size):
            at, c = i * width + k, scratch.at[k]
            found.post[at] = entries[c, st.POST]
            found.source[at] = entries[c, st.SOURCE]
            for f in range(every.size):
                found.factors[f, at] = np.float32(scratch.factors[f, k])
        found.size[i] = size
        clear_table(hash_slots, entries, count)
        clear_filters(static, scratch, a)


@kernel(**BORROWING)
def merge_tallies(t: int, active: Array, shown: Any, state: Any, tallies: Any) -> Any:
    """Add a tick's impressions to the tallies and recent activity; returns empty slots."""
    watch, views, reacted, source_count, reaction_count, item_ticks = tallies
    empty = 0
    remembered = state.recent_completions.shape[0] > 0
    skip = np.int32(st.SKIPPED * st.WATCH_UNIT)
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
            if react & st.ACTIVITY:
                reacted[post] += 1
                at = state.activity_next[a]
                state.recent_activity[a, at, st.POST] = post
                state.recent_activity[a, at, st.WHEN] = t * 256 + (react & st.ACTIVITY)
                state.activity_next[a] = (at + 1) % st.RECENT
            if remembered and react & st.COMPLETE:
                at = state.completions_next[a]
                state.recent_completions[a, at] = post
                state.completions_next[a] = (at + 1) % st.RECENT
                at = state.completers_next[post]
                state.recent_completers[post, at] = a
                state.completers_next[post] = (at + 1) % st.RECENT
    return empty


@kernel(**BORROWING)
def record_arrivals(
    t: int,
    active: Array,
    shown: Array,
    entry: Array,
    codes: Any,
    starts: Any,
    tallies: Any,
    size: int,
    oldest: int,
) -> None:
    """Record when a tick's posts have reached `size` accounts of one more foreign community.

    Of several kinds of partition: `codes` are the communities of accounts (n, kinds) and of
    origin of posts (m, kinds). `tallies` are the accounts of each community that were shown each
    post, up to `size`, and the ages of posts at each arrival, −1 where there is none yet; their
    columns of a kind begin at `starts`. An arrival above the age `oldest` is not recorded.
    """
    membership, homes = codes
    count, ages = tallies
    first, place = starts
    for i in range(active.size):
        a = active[i]
        for s in range(shown.shape[1]):
            post = shown[i, s]
            if post < 0 or t - entry[post] > oldest:
                continue
            for k in range(homes.shape[1]):
                mine, home = membership[a, k], homes[post, k]
                if mine < 0:
                    continue
                at = first[k] + mine
                # added without a branch, of which half would be guessed wrong
                counted = (count[post, at] < size) & (home >= 0) & (mine != home)
                count[post, at] += counted
                if not counted or count[post, at] < size:
                    continue
                for column in range(place[k], place[k + 1]):
                    if ages[post, column] < 0:
                        ages[post, column] = t - entry[post]
                        break


def list_seen(seen_start: Array, seen: Array) -> tuple[Array, Array]:
    """The posts that each account has seen, one account after the other, without free slots.

    The counts below read them many times, and would guess half of the free slots wrong.
    """
    n_seen = np.count_nonzero(seen >= 0)
    # a free slot at the end is written beyond the last post
    start, posts = np.zeros(seen_start.size, np.int64), np.empty(n_seen + 1, seen.dtype)
    move_seen(seen_start, seen, start, posts)
    return start, posts[:n_seen]


@kernel(**BORROWING)
def move_seen(seen_start: Array, seen: Array, start: Array, posts: Array) -> None:
    """Move the posts of :func:`list_seen` to the front."""
    count = 0
    for a in range(seen_start.size - 1):
        for at in range(seen_start[a], seen_start[a + 1]):
            posts[count] = seen[at]
            count += seen[at] >= 0
        start[a + 1] = count


def count_viewers(
    start: Array, posts: Array, rows: Array, membership: Array, n_communities: int
) -> Array:
    """Accounts of each community that have seen each post, int32 (m, C + 1), in `rows` of posts.

    The `start` and `posts` of accounts are those of :func:`list_seen`, here and below.
    """
    views = np.zeros((rows.size, n_communities + 1), np.int32)
    add_viewers(start, posts, rows, membership, views)
    return views


@kernel(**BORROWING)
def add_viewers(start: Array, posts: Array, rows: Array, membership: Array, views: Array) -> None:
    """Add the counts of :func:`count_viewers`."""
    none = views.shape[1] - 1
    for a in range(start.size - 1):
        mine = membership[a] if membership[a] >= 0 else none
        for at in range(start[a], start[a + 1]):
            views[rows[posts[at]], mine] += 1


def count_origins(start: Array, posts: Array, homes: Array, n_communities: int) -> Array:
    """Posts of each community of origin that every account has seen, int32 (n, C + 1)."""
    diet = np.zeros((start.size - 1, n_communities + 1), np.int32)
    add_origins(start, posts, homes, diet)
    return diet


@kernel(**BORROWING)
def add_origins(start: Array, posts: Array, homes: Array, diet: Array) -> None:
    """Add the counts of :func:`count_origins`."""
    none = diet.shape[1] - 1
    for a in range(diet.shape[0]):
        for at in range(start[a], start[a + 1]):
            home = homes[posts[at]]
            diet[a, home if home >= 0 else none] += 1


def count_reached(
    start: Array, posts: Array, membership: Array, p_indptr: Array, posters: Array
) -> Array:
    """Members of the community of each account that have seen one of its posts, int32 (n,)."""
    # reach, and the last viewer that was counted, in one cache line
    reached = np.zeros((start.size - 1, 2), np.int32)
    reached[:, 1] = -1
    add_reached(start, posts, membership, p_indptr, posters, reached)
    return reached[:, 0].copy()


@kernel(**BORROWING)
def add_reached(
    start: Array, posts: Array, membership: Array, p_indptr: Array, posters: Array, reached: Array
) -> None:
    """Add the counts of :func:`count_reached`, and set the last viewers."""
    m = p_indptr.size - 1
    single = posters.size == m
    for post in range(m):
        single = single and p_indptr[post] == post
    for a in range(reached.shape[0]):
        mine = membership[a]
        if mine < 0:
            continue
        for at in range(start[a], start[a + 1]):
            post = posts[at]
            first, last = (post, post + 1) if single else (p_indptr[post], p_indptr[post + 1])
            for q in range(first, last):
                poster = posters[q]
                # each viewer counts once per poster, and only within the poster's community
                before = reached[poster, 1]
                own = membership[poster] == mine
                reached[poster, 0] += own and before != a
                reached[poster, 1] = a if own else before


def count_marked(start: Array, posts: Array, marks: Array) -> Array:
    """Posts that every account has seen of each kind, int32 (n, k); `marks` bool (m, k)."""
    count = np.zeros((start.size - 1, marks.shape[1]), np.int32)
    add_marked(start, posts, marks, count)
    return count


@kernel(**BORROWING)
def add_marked(start: Array, posts: Array, marks: Array, count: Array) -> None:
    """Add the counts of :func:`count_marked`."""
    for a in range(count.shape[0]):
        for at in range(start[a], start[a + 1]):
            for k in range(marks.shape[1]):
                count[a, k] += marks[posts[at], k]
