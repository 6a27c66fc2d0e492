"""How a feed ranks for one viewer, as array kernels: gather → score → choose greedily.

Which order things are met in never decides: equal scores go by keyed bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.candidates import (
    find,
    from_circle,
    from_covisited,
    from_draws,
    from_following,
    from_groups,
    from_interest,
    from_trending,
    hear,
    meet,
)
from graphkit.kernels.compile import dot_rows, prefetch
from graphkit.kernels.random import contains, has_seen, inner, keyed, mix, of_pair, pair_bits
from graphkit.kernels.state import (
    AUTHOR,
    CIRCLE,
    COMMENTS,
    COUNTRY,
    COVISITED,
    E_CHANCE,
    E_FILL,
    E_TIE,
    FILL_DRAWS,
    FILL_EMPTY,
    FILL_POPULAR,
    FILLER,
    FOLLOWING,
    GROUPS,
    INTEREST,
    LANGUAGE,
    POST,
    REACTIONS,
    SOURCE,
    TOPIC,
    TRENDING,
    Array,
)

#: Factors of a viewer and a post; order of graphkit.recommenders.factors.PAIR_FACTORS.
F_INTEREST, F_REACTIONS, F_COMMENTS, F_FOLLOWED, F_COUNTRY, F_LANGUAGE, F_CHANCE = range(7)
#: Proposals that are asked for ahead of the one that is looked at.
AHEAD = 8

__all__ = ["choose", "fill", "gather", "posters_followed", "score"]


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
    """How many of a post's posters the viewer follows."""
    found = 0
    for q in range(p_indptr[post], p_indptr[post + 1]):
        if contains(f_indices, f_indptr[a], f_indptr[a + 1], posters[q]):
            found += 1
    return found


@inner
def _admit(
    stage: Any,
    state: Any,
    now: Any,
    scratch: Any,
    seen: Array,
    a: Any,
    source: Any,
    size: Any,
    quota: Any,
    count: Any,
) -> Any:
    """Make a source's proposals candidates until the quota is full; returns how many were met.

    What the viewer made or has seen is refused, and what another source has given already.
    """
    # looked up once: within the loop each look-up of an array would count its references
    dropped, thinned, single = state.dropped, now.thinned, stage.single
    facts, p_indptr, posters, lines = stage.facts, stage.p_indptr, stage.posters, stage.lines
    raw, place, met = scratch.raw, scratch.place, scratch.met
    each = lines.shape[0] // facts.shape[0]
    for k in range(min(size, AHEAD)):
        prefetch(facts, np.int64(raw[k]))
    taken = 0
    for k in range(size):
        if taken == quota:
            break
        post = np.int64(raw[k])
        if k + AHEAD < size:
            prefetch(facts, np.int64(raw[k + AHEAD]))
        if single:
            if facts[post, AUTHOR] == a:
                continue
        elif is_own(p_indptr, posters, a, post):
            continue
        position = find(place, met, post)
        if position >= 0 and met[position, SOURCE] >= 0:
            continue
        if has_seen(seen, post) or (thinned and dropped[post]):
            continue
        if position < 0:
            position = meet(place, met, post, count)
            count += 1
        met[position, SOURCE] = source
        taken += 1
        # the score will need them
        for line in range(each):
            prefetch(lines, each * post + line)
    return count


@inner
def gather(
    stage: Any, state: Any, now: Any, index: Any, dials: Any, scratch: Any, seen: Array, a: Any
) -> Any:
    """Candidates of all sources, and what the circle did; returns how many posts were met."""
    place, met, raw, quotas = scratch.place, scratch.met, scratch.raw, dials.quotas
    key_a = stage.account_keys[a]
    count = np.int64(0)
    if dials.circle:
        count = hear(stage, state, now, dials.delivery, place, met, a)
    heard = count
    for source in range(FILLER):
        quota = quotas[source]
        if quota == 0:
            continue
        size = np.int64(0)
        if source == FOLLOWING:
            size = from_following(stage, now, dials.delivery, raw, quota, a)
        elif source == CIRCLE:
            size = from_circle(met, heard, raw, quota)
        elif source == GROUPS:
            size = from_groups(stage, now, raw, quota, a)
        elif source == INTEREST:
            size = from_interest(state, now, index, dials, scratch, seen, quota, a)
        elif source == TRENDING:
            size = from_trending(now.trending, raw, quota)
        elif source == COVISITED:
            size = from_covisited(state.done, state.fans, key_a, now.seed, now.t, raw, quota, a)
        else:
            size = from_draws(source, key_a, now.seed, now.t, now.fresh, now.n_eligible, raw, quota)
        count = _admit(stage, state, now, scratch, seen, a, source, size, quota, count)
    return count


@inner
def pair_factors(
    stage: Any, now: Any, dials: Any, scratch: Any, a: Any, count: Any, weights: Array
) -> Any:
    """List the candidates in the pool, with their factors; returns how many there are.

    Fills `scratch.at` and `scratch.factors`, a row per candidate in the order of
    ``PAIR_FACTORS``; factors whose weight is 0 are 0.
    """
    # looked up once: within the loop each look-up of an array would count its references
    halves, seed = dials.halves, now.seed
    met, query, at, factors = scratch.met, scratch.query, scratch.at, scratch.factors
    features, facts, post_keys = stage.features, stage.facts, stage.post_keys
    f_indptr, f_indices = stage.f_indptr, stage.f_indices
    p_indptr, posters, single = stage.p_indptr, stage.posters, stage.single
    w_interest, w_followed, w_chance = weights[F_INTEREST], weights[F_FOLLOWED], weights[F_CHANCE]
    w_reactions, w_comments = weights[F_REACTIONS], weights[F_COMMENTS]
    w_country, w_language = weights[F_COUNTRY], weights[F_LANGUAGE]
    key_a, low, high = stage.account_keys[a], f_indptr[a], f_indptr[a + 1]
    # most authors are told apart from followees by a few bits of their codes
    maybe, mask = scratch.maybe, scratch.maybe.size - 1
    marked = w_followed != 0.0 and single
    if marked:
        for q in range(low, high):
            maybe[f_indices[q] & mask] = True
    country, language = stage.places[a, 0], stage.places[a, 1]
    size = np.int64(0)
    for c in range(count):
        if met[c, SOURCE] < 0:
            continue
        post = np.int64(met[c, POST])
        interest, reactions, comments, followed = 0.0, 0.0, 0.0, 0.0
        same_country, same_language, chance = 0.0, 0.0, 0.0
        if w_interest != 0.0:
            interest = np.float64(dot_rows(query, np.int64(0), features, post))
        if w_reactions != 0.0:
            reactions = 1.0 - halves[min(met[c, REACTIONS], 63)]
        if w_comments != 0.0:
            comments = 1.0 - halves[min(met[c, COMMENTS], 63)]
        if w_followed != 0.0:
            known = False
            if single:
                author = facts[post, AUTHOR]
                known = maybe[author & mask] and contains(f_indices, low, high, author)
            else:
                known = posters_followed(f_indptr, f_indices, p_indptr, posters, a, post) > 0
            followed = 1.0 if known else 0.0
        if w_country != 0.0 and country >= 0:
            same_country = 1.0 if facts[post, COUNTRY] == country else 0.0
        if w_language != 0.0 and language >= 0:
            same_language = 1.0 if facts[post, LANGUAGE] == language else 0.0
        if w_chance != 0.0:
            chance = of_pair(pair_bits(seed, key_a, post_keys[post]), E_CHANCE)
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
            maybe[f_indices[q] & mask] = False
    return size


@inner
def score(
    stage: Any, now: Any, dials: Any, scratch: Any, a: Any, count: Any, given: Array, first: Any
) -> Any:
    """Score the candidates: static score + Σ weight · factor; returns how many there are.

    Scores that a function has given are taken in place of these.
    """
    weights, merit = dials.weights, now.merit
    facts, post_keys = stage.facts, stage.post_keys
    met, base, values, tie = scratch.met, scratch.base, scratch.score, scratch.tie
    at, of_topic, of_author, picks = (
        scratch.at,
        scratch.of_topic,
        scratch.of_author,
        scratch.picks,
    )
    factors = scratch.factors
    ties = keyed(now.seed, E_TIE, stage.account_keys[a], np.uint64(0), 0)
    size = pair_factors(stage, now, dials, scratch, a, count, weights)
    for k in range(size):
        post = np.int64(met[at[k], POST])
        value = merit[post]
        for f in range(weights.size):
            value += weights[f] * factors[k, f]
        if given.size > 0:
            value = np.float64(given[first + k])
        of_topic[k], of_author[k] = facts[post, TOPIC], facts[post, AUTHOR]
        picks[k] = 0
        base[k] = value
        values[k] = value
        tie[k] = np.int64(mix(ties ^ post_keys[post]) >> np.uint64(1))
    return size


@inner
def choose(dials: Any, scratch: Any, size: Any) -> Any:
    """Take the best candidate out of the pool and discount those like it.

    Returns its position among the posts met, and the new size of the pool.
    """
    base, values, tie = scratch.base, scratch.score, scratch.tie
    at, of_topic, of_author, picks = (
        scratch.at,
        scratch.of_topic,
        scratch.of_author,
        scratch.picks,
    )
    best = np.int64(0)
    for i in range(1, size):
        if values[i] > values[best] or (values[i] == values[best] and tie[i] > tie[best]):
            best = np.int64(i)
    taken = np.int64(at[best])
    topic, author = of_topic[best], of_author[best]
    size -= 1
    at[best], of_topic[best], of_author[best] = at[size], of_topic[size], of_author[size]
    picks[best], tie[best] = picks[size], tie[size]
    base[best], values[best] = base[size], values[size]
    decay = dials.author_decay
    fades = decay.size > 0
    if dials.topic_penalty > 0.0 and topic >= 0:
        for i in range(size):
            base[i] -= dials.topic_penalty if of_topic[i] == topic else 0.0
    if dials.author_penalty > 0.0:
        for i in range(size):
            base[i] -= dials.author_penalty if of_author[i] == author else 0.0
    if fades:
        for i in range(size):
            picks[i] += 1 if of_author[i] == author else 0
            part = decay[min(np.int64(picks[i]), decay.size - 1)]
            values[i] = base[i] * part if base[i] > 0.0 else base[i]
    else:
        for i in range(size):
            values[i] = base[i]
    return taken, size


@inner
def fill(stage: Any, state: Any, now: Any, dials: Any, seen: Array, a: Any, s: Any) -> Any:
    """A post for a slot that no candidate fills; −1 if there is none."""
    if dials.filler == FILL_EMPTY or now.n_eligible == 0:
        return np.int64(-1)
    if dials.filler == FILL_POPULAR:
        for q in range(now.popular.size):
            post = np.int64(now.popular[q])
            if not is_own(stage.p_indptr, stage.posters, a, post) and not has_seen(seen, post):
                return post
        return np.int64(-1)
    key_a, t = stage.account_keys[a], now.t
    for j in range(FILL_DRAWS):
        h = keyed(now.seed, E_FILL, key_a, np.uint64(s), t * 65536 + j)
        post = np.int64(((h >> np.uint64(32)) * np.uint64(now.n_eligible)) >> np.uint64(32))
        if now.thinned and state.dropped[post]:
            continue
        if not is_own(stage.p_indptr, stage.posters, a, post) and not has_seen(seen, post):
            return post
    # almost everything is seen: the unseen post of the smallest hash is uniform, too
    best, low = np.int64(-1), np.uint64(0)
    for q in range(now.n_eligible):
        post = np.int64(q)
        if now.thinned and state.dropped[post]:
            continue
        if is_own(stage.p_indptr, stage.posters, a, post) or has_seen(seen, post):
            continue
        h = keyed(now.seed, E_FILL, key_a, stage.post_keys[post], t * 65536 + 65535 - s)
        if best < 0 or h < low:
            best, low = post, h
    return best
