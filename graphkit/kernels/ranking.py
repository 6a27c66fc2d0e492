"""Kernels that rank for one viewer: candidate generation, scoring and greedy re-ranking (MMR).

The order of candidates never decides: equal scores are ordered by random bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels import state as st
from graphkit.kernels.candidates import (
    followee_activity,
    from_circle,
    from_covisited,
    from_draws,
    from_following,
    from_groups,
    from_interest,
    from_trending,
    insert_post,
    lookup_post,
)
from graphkit.kernels.compile import dot_rows, inner, prefetch
from graphkit.kernels.random import contains, has_seen, keyed, mix, of_pair, pair_bits
from graphkit.kernels.state import Array

#: Factors of a viewer and a post; order of graphkit.recommenders.factors.PAIR_FACTORS.
F_INTEREST, F_REACTIONS, F_COMMENTS, F_FOLLOWED, F_COUNTRY, F_LANGUAGE, F_CHANCE = range(7)


@inner
def is_own(p_indptr: Array, posters: Array, a: Any, post: Any) -> Any:
    """Whether the account is one of a post's posters."""
    own = False
    for q in range(p_indptr[post], p_indptr[post + 1]):
        own = own or posters[q] == a
    return own


@inner
def posters_followed(
    f_indptr: Array, f_indices: Array, p_indptr: Array, posters: Array, a: Any, post: Any
) -> Any:
    """Number of a post's posters whom the viewer follows."""
    found = 0
    for q in range(p_indptr[post], p_indptr[post + 1]):
        if contains(f_indices, f_indptr[a], f_indptr[a + 1], posters[q]):
            found += 1
    return found


@inner
def _admit_candidates(
    static: Any,
    state: Any,
    tick: Any,
    scratch: Any,
    seen: Array,
    a: Any,
    source: Any,
    size: Any,
    quota: Any,
    count: Any,
    reads: Any,
) -> Any:
    """Admit a source's proposals as candidates until its quota is full; returns the table's size.

    Posts that are the viewer's own, seen, withdrawn or admitted from another source are skipped.
    `reads` says whether their features are read for the score.
    """
    # hoisted: each access to an array within the loop would count its references
    withdrawn, any_withdrawn, single = state.withdrawn, tick.any_withdrawn, static.single
    attributes, cards, lines = static.attributes, static.cards, static.lines
    static_score = tick.static_score
    p_indptr, posters = static.p_indptr, static.posters
    proposed, hash_slots, entries = scratch.proposed, scratch.hash_slots, scratch.entries
    each = lines.shape[0] // cards.shape[0] if reads else 0
    scored = static_score.size > 0
    for k in range(min(size, st.AHEAD)):
        prefetch(cards, np.int64(proposed[k]))
    taken = 0
    for k in range(size):
        if taken == quota:
            break
        post = np.int64(proposed[k])
        if k + st.AHEAD < size:
            prefetch(cards, np.int64(proposed[k + st.AHEAD]))
        if single:
            if attributes[post, st.AUTHOR] == a:
                continue
        elif is_own(p_indptr, posters, a, post):
            continue
        position = lookup_post(hash_slots, entries, post)
        if position >= 0 and entries[position, st.SOURCE] >= 0:
            continue
        if has_seen(seen, post) or (any_withdrawn and withdrawn[post]):
            continue
        if position < 0:
            insert_post(hash_slots, entries, post, count, -1 - position)
            position = count
            count += 1
        entries[position, st.SOURCE] = source
        taken += 1
        # for the score
        for line in range(each):
            prefetch(lines, each * post + line)
        if scored:
            prefetch(static_score, post)
    return count


@inner
def gather_candidates(
    static: Any,
    state: Any,
    tick: Any,
    params: Any,
    scratch: Any,
    seen: Array,
    a: Any,
    near: Any,
    row: Any,
) -> Any:
    """Candidates of all sources and followees' recent activity; returns the table's size."""
    hash_slots, entries = scratch.hash_slots, scratch.entries
    proposed, quotas = scratch.proposed, params.quotas
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
        else:
            size = from_draws(source, key_a, tick, proposed, quota)
        count = _admit_candidates(
            static, state, tick, scratch, seen, a, source, size, quota, count, reads
        )
    return count


@inner
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

    Fills `scratch.at` and `scratch.factors`, a row per candidate in the order of
    ``PAIR_FACTORS``; factors whose weight is 0 are 0.
    """
    halves, seed = params.halves, tick.seed
    entries, at, factors = scratch.entries, scratch.at, scratch.factors
    features, attributes, post_keys = static.features, static.attributes, static.post_keys
    f_indptr, f_indices = static.f_indptr, static.f_indices
    p_indptr, posters, single = static.p_indptr, static.posters, static.single
    w_interest, w_followed, w_chance = weights[F_INTEREST], weights[F_FOLLOWED], weights[F_CHANCE]
    w_reactions, w_comments = weights[F_REACTIONS], weights[F_COMMENTS]
    w_country, w_language = weights[F_COUNTRY], weights[F_LANGUAGE]
    key_a, low, high = static.account_keys[a], f_indptr[a], f_indptr[a + 1]
    # a filter on the last bits of codes excludes most authors who are not followed
    followee_filter, mask = scratch.followee_filter, scratch.followee_filter.size - 1
    marked = w_followed != 0.0 and single
    if marked:
        for q in range(low, high):
            followee_filter[f_indices[q] & mask] = True
    country, language = static.locales[a, 0], static.locales[a, 1]
    size = np.int64(0)
    for c in range(count):
        if entries[c, st.SOURCE] < 0:
            continue
        post = np.int64(entries[c, st.POST])
        interest, reactions, comments, followed = 0.0, 0.0, 0.0, 0.0
        same_country, same_language, chance = 0.0, 0.0, 0.0
        if w_interest != 0.0:
            interest = np.float64(dot_rows(queries, row, features, post))
        if w_reactions != 0.0:
            reactions = 1.0 - halves[min(entries[c, st.REACTIONS], 63)]
        if w_comments != 0.0:
            comments = 1.0 - halves[min(entries[c, st.COMMENTS], 63)]
        if w_followed != 0.0:
            known = False
            if single:
                author = attributes[post, st.AUTHOR]
                known = followee_filter[author & mask] and contains(f_indices, low, high, author)
            else:
                known = posters_followed(f_indptr, f_indices, p_indptr, posters, a, post) > 0
            followed = 1.0 if known else 0.0
        if w_country != 0.0 and country >= 0:
            same_country = 1.0 if attributes[post, st.COUNTRY] == country else 0.0
        if w_language != 0.0 and language >= 0:
            same_language = 1.0 if attributes[post, st.LANGUAGE] == language else 0.0
        if w_chance != 0.0:
            chance = of_pair(pair_bits(seed, key_a, post_keys[post]), st.E_CHANCE)
        at[size] = c
        factors[size, F_INTEREST] = interest
        factors[size, F_REACTIONS] = reactions
        factors[size, F_COMMENTS] = comments
        factors[size, F_FOLLOWED] = followed
        factors[size, F_COUNTRY] = same_country
        factors[size, F_LANGUAGE] = same_language
        factors[size, F_CHANCE] = chance
        size += 1
    if marked:
        for q in range(low, high):
            followee_filter[f_indices[q] & mask] = False
    return size


@inner
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
    attributes, post_keys = static.attributes, static.post_keys
    entries, factors, base = scratch.entries, scratch.factors, scratch.base
    values, tie_break = scratch.score, scratch.tie_break
    at, of_topic = scratch.at, scratch.of_topic
    of_author, n_chosen = scratch.of_author, scratch.n_chosen
    tie_key = keyed(tick.seed, st.E_TIE_BREAK, static.account_keys[a], np.uint64(0), 0)
    size = pair_factors(static, tick, params, scratch, a, count, weights, queries, row)
    for k in range(size):
        post = np.int64(entries[at[k], st.POST])
        value = static_score[post] if static_score.size > 0 else 0.0
        for f in range(weights.size):
            value += weights[f] * factors[k, f]
        if given.size > 0:
            value = np.float64(given[first + k])
        of_topic[k], of_author[k] = attributes[post, st.TOPIC], attributes[post, st.AUTHOR]
        n_chosen[k] = 0
        base[k] = value
        values[k] = value
        tie_break[k] = np.int64(mix(tie_key ^ post_keys[post]) >> np.uint64(1))
    return size


@inner
def flagged_limit(static: Any, params: Any, a: Any) -> Any:
    """Most flagged posts in a session of the account; −1 for no limit."""
    return params.minor_limit if static.minors[a] and params.minor_limit < params.slots else -1


@inner
def _drop_candidate(scratch: Any, i: Any, last: Any) -> None:
    """Overwrite a candidate by the last one."""
    at, of_topic, of_author = scratch.at, scratch.of_topic, scratch.of_author
    n_chosen, tie_break = scratch.n_chosen, scratch.tie_break
    base, values = scratch.base, scratch.score
    at[i], of_topic[i], of_author[i] = at[last], of_topic[last], of_author[last]
    n_chosen[i], tie_break[i] = n_chosen[last], tie_break[last]
    base[i], values[i] = base[last], values[last]


@inner
def _drop_flagged(traits: Array, scratch: Any, size: Any) -> Any:
    """Drop all candidates that are flagged; returns the number of those left."""
    at, entries = scratch.at, scratch.entries
    i = np.int64(0)
    while i < size:
        if traits[entries[at[i], st.POST], st.FLAGGED] > 0.0:
            size -= 1
            _drop_candidate(scratch, i, size)
        else:
            i += 1
    return size


@inner
def choose_candidates(traits: Array, params: Any, scratch: Any, size: Any, limit: Any) -> Any:
    """Greedy re-ranking (MMR): take the best candidate, discount similar ones, and so on.

    Flagged candidates beyond the `limit` are passed over; −1 for none. Fills `scratch.chosen`
    with rows of the candidate table; returns their number.
    """
    base, values, tie_break = scratch.base, scratch.score, scratch.tie_break
    at, of_topic, chosen = scratch.at, scratch.of_topic, scratch.chosen
    of_author, n_chosen, entries = scratch.of_author, scratch.n_chosen, scratch.entries
    topic_penalty, author_penalty = params.topic_penalty, params.author_penalty
    decay, slots = params.author_decay, params.slots
    by_topic, fades = topic_penalty > 0.0, decay.size > 0
    by_author = fades or author_penalty > 0.0
    # the first factor may be 1 but for rounding
    rounded = fades and decay[0] != 1.0
    topic, author = np.int32(-1), np.int32(-1)
    if limit == 0:
        size = _drop_flagged(traits, scratch, size)
    for s in range(slots):
        if size == 0:
            return s
        best, top = np.int64(0), 0.0
        for i in range(size):
            same_topic = by_topic and topic >= 0 and of_topic[i] == topic
            same_author = by_author and of_author[i] == author
            if same_topic or same_author or (rounded and s == 1):
                if same_topic:
                    base[i] -= topic_penalty
                if same_author:
                    base[i] -= author_penalty
                    n_chosen[i] += 1
                value = base[i]
                if fades and value > 0.0:
                    value *= decay[min(np.int64(n_chosen[i]), decay.size - 1)]
                values[i] = value
            value = values[i]
            tied = value == top and tie_break[i] > tie_break[best]
            if i == 0 or value > top or tied:
                best, top = np.int64(i), value
        chosen[s] = at[best]
        topic, author = of_topic[best], of_author[best]
        size -= 1
        _drop_candidate(scratch, best, size)
        if limit > 0 and traits[entries[chosen[s], st.POST], st.FLAGGED] > 0.0:
            limit -= 1
            if limit == 0:
                size = _drop_flagged(traits, scratch, size)
    return slots


@inner
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
