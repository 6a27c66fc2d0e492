"""Kernels that rank for one viewer: candidate generation, scoring and greedy re-ranking (MMR).

The order of candidates never decides: equal scores are ordered by random bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels import state as st
from graphkit.kernels.candidates import (
    find_slot,
    followee_activity,
    from_circle,
    from_covisited,
    from_draws,
    from_following,
    from_groups,
    from_interest,
    from_trending,
    insert_post,
    most_draws,
)
from graphkit.kernels.compile import borrowing
from graphkit.kernels.intrinsics import LANES, dot_rows, lower_scores, prefetch
from graphkit.kernels.random import contains, has_seen, keyed, mix, of_pair, pair_bits
from graphkit.kernels.state import Array

#: Factors of a viewer and a post; order of graphkit.recommenders.factors.PAIR_FACTORS.
F_INTEREST, F_REACTIONS, F_COMMENTS, F_FOLLOWED, F_COUNTRY, F_LANGUAGE, F_CHANCE = range(7)

#: In place of a score, of what is not to be chosen: no number, whose bits come before all others. It
#: is the same after sums and products, as processors pass on the bits of a quiet NaN; where one does
#: not, a dropped candidate would be chosen again (a test checks this).
DROPPED = np.uint64(2**64 - 1).view(np.float64)
#: In place of a topic or an author, of those that no candidate has.
NOBODY = np.int32(-2)


@borrowing
def is_own(p_indptr: Array, posters: Array, a: Any, post: Any) -> Any:
    """Whether the account is one of a post's posters."""
    own = False
    for q in range(p_indptr[post], p_indptr[post + 1]):
        own = own or posters[q] == a
    return own


@borrowing
def fill_filters(static: Any, scratch: Any, seen: Array, a: Any) -> None:
    """Mark the viewer's followees and seen posts in the filters of the scratch."""
    followee_filter, seen_filter = scratch.followee_filter, scratch.seen_filter
    f_indices = static.f_indices
    for q in range(static.f_indptr[a], static.f_indptr[a + 1]):
        followee_filter[f_indices[q] & (st.FILTER_SIZE - 1)] = f_indices[q]
    # slots without a post mark the last place, too
    for at in range(seen.size):
        seen_filter[seen[at] & (st.SEEN_SIZE - 1)] = True


@borrowing
def clear_filters(static: Any, scratch: Any, a: Any) -> None:
    """Clear the filters for the next session."""
    followee_filter, seen_filter = scratch.followee_filter, scratch.seen_filter
    for q in range(static.f_indptr[a], static.f_indptr[a + 1]):
        followee_filter[static.f_indices[q] & (st.FILTER_SIZE - 1)] = -1
    for at in range(st.SEEN_SIZE):
        seen_filter[at] = False


@borrowing
def follows_account(followee_filter: Array, f_indices: Array, low: Any, high: Any, f: Any) -> Any:
    """Whether the viewer, whose followees are low … high − 1, follows the account."""
    known = followee_filter[f & (st.FILTER_SIZE - 1)]
    return known == f or (known >= 0 and contains(f_indices, low, high, f))


@borrowing
def posters_followed(static: Any, scratch: Any, a: Any, post: Any) -> Any:
    """Number of a post's posters whom the viewer follows."""
    f_indices, low, high = static.f_indices, static.f_indptr[a], static.f_indptr[a + 1]
    found = 0
    for q in range(static.p_indptr[post], static.p_indptr[post + 1]):
        poster = static.posters[q]
        found += 1 if follows_account(scratch.followee_filter, f_indices, low, high, poster) else 0
    return found


@borrowing
def _admit_candidates(
    static: Any,
    state: Any,
    tick: Any,
    scratch: Any,
    hash_slots: Array,
    seen: Array,
    a: Any,
    source: Any,
    size: Any,
    quota: Any,
    count: Any,
    reads: Any,
) -> Any:
    """Admit a source's proposals as candidates until its quota is full.

    Returns the table's size and the number admitted. Posts that are the viewer's own, seen,
    withdrawn or admitted from another source are skipped.
    `reads` says whether their features are read for the score.
    """
    # hoisted: what is the same in each pass is read once
    withdrawn, any_withdrawn, single = state.withdrawn, tick.any_withdrawn, static.single
    attributes, cards, lines = static.attributes, static.cards, static.lines
    static_score = tick.static_score
    p_indptr, posters = static.p_indptr, static.posters
    proposed, entries, seen_filter = scratch.proposed, scratch.entries, scratch.seen_filter
    each = lines.shape[0] // cards.shape[0] if reads else 0
    scored = static_score.size > 0
    for k in range(min(size, st.AHEAD)):
        prefetch(cards, np.int64(proposed[k]))
    taken = np.int64(0)
    for k in range(size):
        if taken == quota:
            break
        post = np.int64(proposed[k])
        if k + st.AHEAD < size:
            prefetch(cards, np.int64(proposed[k + st.AHEAD]))
        if single:
            if attributes[np.uint64(post), st.AUTHOR] == a:
                continue
        elif is_own(p_indptr, posters, a, post):
            continue
        slot = find_slot(hash_slots, post)
        position = hash_slots[slot] >> 32
        new = position < 0
        position = count if new else position
        if entries[np.uint64(position), st.SOURCE] >= 0:
            continue
        if seen_filter[post & (st.SEEN_SIZE - 1)] and has_seen(seen, post):
            continue
        if any_withdrawn and withdrawn[post]:
            continue
        insert_post(hash_slots, entries, post, position, slot)
        count += new
        entries[np.uint64(position), st.SOURCE] = source
        taken += 1
        # for the score
        for line in range(each):
            prefetch(lines, each * post + line)
        if scored:
            prefetch(static_score, post)
    return count, taken


@borrowing
def gather_candidates(
    static: Any,
    state: Any,
    tick: Any,
    params: Any,
    scratch: Any,
    hash_slots: Array,
    seen: Array,
    a: Any,
    near: Any,
    row: Any,
) -> Any:
    """Candidates of all sources and followees' recent activity; returns the table's size."""
    entries, proposed, quotas = scratch.entries, scratch.proposed, params.quotas
    key_a = static.account_keys[a]
    count = np.int64(0)
    if params.circle:
        count = followee_activity(static, state, tick, params.delivery, hash_slots, entries, a)
    n_active, reads = count, params.weights[F_INTEREST] != 0.0
    for source in range(st.FILLER):
        quota = quotas[source]
        if quota == 0:
            continue
        size = np.int64(0)
        if source == st.FOLLOWING:
            size = from_following(static, tick, params.delivery, proposed, quota, a)
        elif source == st.CIRCLE:
            size = from_circle(entries, n_active, proposed, quota)
        elif source == st.GROUPS:
            size = from_groups(static, tick, proposed, quota, a)
        elif source == st.INTEREST:
            size = from_interest(near, row, proposed)
        elif source == st.TRENDING:
            size = from_trending(tick.trending, proposed, quota)
        elif source == st.COVISITED:
            size = from_covisited(state, tick, key_a, proposed, quota, a)
        # of random draws only as many are made as are needed
        drawn, draws = np.int64(0), np.int64(0)
        if source == st.FRESH or source == st.EVERYWHERE:
            draws = most_draws(source, tick, quota)
        while True:
            if draws > 0:
                size = min(draws - drawn, quota + st.AHEAD)
                from_draws(source, key_a, tick, proposed, drawn, size)
                drawn += size
            count, taken = _admit_candidates(
                *(static, state, tick, scratch, hash_slots),
                *(seen, a, source, size, quota, count, reads),
            )
            quota -= taken
            if drawn == draws or quota == 0:
                break
    return count


@borrowing
def pair_factors(
    static: Any,
    tick: Any,
    params: Any,
    scratch: Any,
    a: Any,
    count: Any,
    weights: Array,
    queries: Array,
    row: Any,
) -> Any:
    """Compute the viewer × post factors of all candidates; returns their number.

    Fills `at`, `keys`, `of_topic`, `of_author` and the rows of `factors` of the scratch, a column
    per candidate; rows of factors whose weight is 0 are left as they are.
    """
    halves, seed = params.halves, tick.seed
    entries, at, factors = scratch.entries, scratch.at, scratch.factors
    of_topic, of_author, keys = scratch.of_topic, scratch.of_author, scratch.keys
    features, attributes, post_keys = static.features, static.attributes, static.post_keys
    f_indptr, f_indices = static.f_indptr, static.f_indices
    single = static.single
    key_a, low, high = static.account_keys[a], f_indptr[a], f_indptr[a + 1]
    country, language = static.locales[a, 0], static.locales[a, 1]
    by_interest, by_country = weights[F_INTEREST] != 0.0, weights[F_COUNTRY] != 0.0
    by_language = weights[F_LANGUAGE] != 0.0
    # a loop per factor: each is short, and those without random access run in vectors
    size = np.int64(0)
    for c in range(count):
        if entries[c, st.SOURCE] < 0:
            continue
        post = np.int64(entries[c, st.POST])
        at[size] = c
        keys[size] = post_keys[post]
        of_topic[size], of_author[size] = attributes[post, st.TOPIC], attributes[post, st.AUTHOR]
        if by_country:
            same = country >= 0 and attributes[post, st.COUNTRY] == country
            factors[F_COUNTRY, size] = 1.0 if same else 0.0
        if by_language:
            same = language >= 0 and attributes[post, st.LANGUAGE] == language
            factors[F_LANGUAGE, size] = 1.0 if same else 0.0
        if by_interest:
            factors[F_INTEREST, size] = np.float64(dot_rows(queries, row, features, post))
        size += 1
    if weights[F_REACTIONS] != 0.0:
        for k in range(size):
            factors[F_REACTIONS, k] = 1.0 - halves[min(entries[at[k], st.REACTIONS], 63)]
    if weights[F_COMMENTS] != 0.0:
        for k in range(size):
            factors[F_COMMENTS, k] = 1.0 - halves[min(entries[at[k], st.COMMENTS], 63)]
    if weights[F_CHANCE] != 0.0:
        for k in range(size):
            factors[F_CHANCE, k] = of_pair(pair_bits(seed, key_a, keys[k]), st.E_CHANCE)
    if weights[F_FOLLOWED] == 0.0:
        return size
    if not single:
        for k in range(size):
            post = np.int64(entries[at[k], st.POST])
            known = posters_followed(static, scratch, a, post) > 0
            factors[F_FOLLOWED, k] = 1.0 if known else 0.0
        return size
    followee_filter = scratch.followee_filter
    for k in range(size):
        known = follows_account(followee_filter, f_indices, low, high, of_author[k])
        factors[F_FOLLOWED, k] = 1.0 if known else 0.0
    return size


@borrowing
def score_candidates(
    static: Any,
    tick: Any,
    params: Any,
    scratch: Any,
    a: Any,
    count: Any,
    queries: Array,
    row: Any,
    given: Array,
    first: Any,
) -> Any:
    """Score the candidates: static score + Σ weight · factor; returns their number.

    Scores given by a function replace these.
    """
    weights, static_score = params.weights, tick.static_score
    entries, at, factors, base = scratch.entries, scratch.at, scratch.factors, scratch.base
    size = pair_factors(static, tick, params, scratch, a, count, weights, queries, row)
    if given.size > 0:
        for k in range(size):
            base[k] = np.float64(given[first + k])
        return size
    if static_score.size > 0:
        for k in range(size):
            base[k] = static_score[entries[at[k], st.POST]]
    else:
        for k in range(size):
            base[k] = 0.0
    for f in range(weights.size):
        weight = weights[f]
        if weight != 0.0:
            for k in range(size):
                base[k] += weight * factors[f, k]
    return size


@borrowing
def flagged_limit(static: Any, params: Any, a: Any) -> Any:
    """Most flagged posts in a session of the account; −1 for no limit."""
    return params.minor_limit if static.minors[a] and params.minor_limit < params.slots else -1


@borrowing
def _is_dropped(score: Any) -> Any:
    """Whether it is the mark; sums and products of it are."""
    return np.float64(score).view(np.int64) == -1


@borrowing
def _drop_flagged(traits: Array, posts: Array, at: Array, base: Array, size: Any) -> Any:
    """Drop the flagged candidates that are left; returns their number."""
    dropped = 0
    for i in range(size):
        if traits[posts[at[i], st.POST], st.FLAGGED] > 0.0 and not _is_dropped(base[i]):
            base[i] = DROPPED
            dropped += 1
    return dropped


@borrowing
def _break_tie(order: Array, keys: Array, size: Any, first: Any, tie_key: Any) -> Any:
    """Of the candidates as high as the `first`, the one with the largest random bits."""
    best, highest = np.int64(first), np.int64(-1)
    for i in range(size):
        if order[i] == order[first]:
            bits = np.int64(mix(tie_key ^ keys[i]) >> np.uint64(1))
            if bits > highest:
                best, highest = np.int64(i), bits
    return best


@borrowing
def _fade_author(
    fade: Array, n_chosen: Array, decay: Array, of_author: Array, size: Any, author: Any
) -> None:
    """Discount the candidates of an author of whom one more is chosen."""
    for i in range(size):
        if of_author[i] == author:
            n_chosen[i] += 1
            fade[i] = decay[min(np.int64(n_chosen[i]), decay.size - 1)]


@borrowing
def choose_candidates(
    traits: Array, params: Any, scratch: Any, size: Any, limit: Any, tie_key: Any
) -> Any:
    """Greedy re-ranking (MMR): take the best candidate, discount similar ones, and so on.

    Flagged candidates beyond the `limit` are passed over; −1 for none. Equal scores are ordered by
    random bits of the `tie_key`. Fills `scratch.chosen` with rows of the candidate table; returns
    their number.
    """
    at, base, fade, order = scratch.at, scratch.base, scratch.fade, scratch.order
    of_topic, of_author, entries = scratch.of_topic, scratch.of_author, scratch.entries
    n_chosen, chosen, decay = scratch.n_chosen, scratch.chosen, params.author_decay
    fades = decay.size > 0
    by_topic, by_author = params.topic_penalty > 0.0, fades or params.author_penalty > 0.0
    # vectors are read to their end
    for i in range(size, size + LANES):
        base[i] = DROPPED
    if fades:
        for i in range(size):
            n_chosen[i], fade[i] = 0, 1.0
    left, drops = size, limit == 0
    topic, author = NOBODY, NOBODY
    for s in range(params.slots):
        if drops:
            left -= _drop_flagged(traits, entries, at, base, size)
            drops = False
        if left == 0:
            return s
        best = lower_scores(
            (base, fade, order),
            size,
            (of_topic, topic, params.topic_penalty),
            (of_author, author, params.author_penalty),
        )
        if best < 0:
            best = _break_tie(order, scratch.keys, size, -1 - best, tie_key)
        chosen[s] = at[best]
        base[best] = DROPPED
        left -= 1
        if limit > 0 and traits[entries[at[best], st.POST], st.FLAGGED] > 0.0:
            limit -= 1
            drops = limit == 0
        if fades:
            if s == 0:
                # the first factor may be 1 but for rounding
                for i in range(size):
                    fade[i] = decay[0]
            _fade_author(fade, n_chosen, decay, of_author, size, of_author[best])
        topic = of_topic[best] if by_topic and of_topic[best] >= 0 else NOBODY
        author = of_author[best] if by_author else NOBODY
    return params.slots


@borrowing
def backfill_slot(
    static: Any, state: Any, tick: Any, params: Any, seen: Array, a: Any, s: Any, barred: Any
) -> Any:
    """Backfill: a post for a slot that no candidate fills; −1 if there is none.

    `barred` says that no flagged post may take it.
    """
    traits = static.traits
    if params.filler == st.FILL_EMPTY or tick.n_eligible == 0:
        return np.int64(-1)
    if params.filler == st.FILL_POPULAR:
        for q in range(tick.popular.size):
            post = np.int64(tick.popular[q])
            if barred and traits[post, st.FLAGGED] > 0.0:
                continue
            if not is_own(static.p_indptr, static.posters, a, post) and not has_seen(seen, post):
                return post
        return np.int64(-1)
    key_a, t = static.account_keys[a], tick.t
    for j in range(st.FILL_DRAWS):
        h = keyed(tick.seed, st.E_FILL, key_a, np.uint64(s), t * 65536 + j)
        post = np.int64(((h >> np.uint64(32)) * np.uint64(tick.n_eligible)) >> np.uint64(32))
        if tick.any_withdrawn and state.withdrawn[post]:
            continue
        if barred and traits[post, st.FLAGGED] > 0.0:
            continue
        if not is_own(static.p_indptr, static.posters, a, post) and not has_seen(seen, post):
            return post
    # almost all posts are seen: the unseen post with the smallest hash is uniform, too
    best, low = np.int64(-1), np.uint64(0)
    for q in range(tick.n_eligible):
        post = np.int64(q)
        if tick.any_withdrawn and state.withdrawn[post]:
            continue
        if barred and traits[post, st.FLAGGED] > 0.0:
            continue
        if is_own(static.p_indptr, static.posters, a, post) or has_seen(seen, post):
            continue
        h = keyed(tick.seed, st.E_FILL, key_a, static.post_keys[post], t * 65536 + 65535 - s)
        if best < 0 or h < low:
            best, low = post, h
    return best
