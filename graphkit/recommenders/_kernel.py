"""How a feed ranks for one viewer, as array kernels: gather → score → choose greedily.

Which order things are met in never decides: equal scores go by keyed bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.recommenders._arrays import (
    AT,
    AUTHOR,
    COMMENTS,
    COUNTRY,
    E_CHANCE,
    E_FILL,
    E_TIE,
    FILL_DRAWS,
    FILL_EMPTY,
    FILL_POPULAR,
    FILLER,
    LANGUAGE,
    OF_AUTHOR,
    PICKS,
    POST,
    REACTIONS,
    SOURCE,
    TOPIC,
    Array,
)
from graphkit.recommenders._keyed_kernel import (
    contains,
    has_seen,
    inner,
    keyed,
    of_pair,
    pair_bits,
    stir,
)
from graphkit.recommenders._sources_kernel import find, hear, meet, propose

__all__ = ["choose", "dot", "fill", "gather", "posters_followed", "score"]


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
def dot(query: Array, rows: Array, row: Any) -> Any:
    """Σ_x query[x] · rows[row, x] in float32, in eight sums side by side that are added last."""
    mine = rows[row]
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = np.float32(0.0)
    for x in range(0, query.size, 8):
        s0 += query[x] * mine[x]
        s1 += query[x + 1] * mine[x + 1]
        s2 += query[x + 2] * mine[x + 2]
        s3 += query[x + 3] * mine[x + 3]
        s4 += query[x + 4] * mine[x + 4]
        s5 += query[x + 5] * mine[x + 5]
        s6 += query[x + 6] * mine[x + 6]
        s7 += query[x + 7] * mine[x + 7]
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))


@inner
def gather(
    stage: Any, state: Any, now: Any, index: Any, dials: Any, scratch: Any, seen: Array, a: Any
) -> Any:
    """Candidates of all sources, and what the circle did; returns how many posts were met."""
    place, met = scratch.place, scratch.met
    count = np.int64(0)
    if dials.circle:
        count = hear(stage, state, now, dials.delivery, place, met, a)
    heard = count
    for source in range(FILLER):
        quota = dials.quotas[source]
        if quota == 0:
            continue
        size = propose(source, stage, state, now, index, dials, scratch, seen, a, heard)
        taken = 0
        for k in range(size):
            if taken == quota:
                break
            post = np.int64(scratch.raw[k])
            if stage.single:
                if stage.facts[post, AUTHOR] == a:
                    continue
            elif is_own(stage.p_indptr, stage.posters, a, post):
                continue
            position = find(place, met, post)
            if position >= 0 and met[position, SOURCE] >= 0:
                continue
            if has_seen(seen, post) or (now.thinned and state.dropped[post]):
                continue
            if position < 0:
                position = meet(place, met, post, count)
                count += 1
            met[position, SOURCE] = source
            taken += 1
    return count


@inner
def pair_factors(
    stage: Any, now: Any, dials: Any, scratch: Any, a: Any, position: Any, out: Array
) -> None:
    """Factors of a viewer and a candidate, in the order of ``PAIR_FACTORS``."""
    met = scratch.met
    post = np.int64(met[position, POST])
    out[0] = dot(scratch.query, stage.features, post)
    out[1] = 1.0 - dials.halves[min(met[position, REACTIONS], 63)]
    out[2] = 1.0 - dials.halves[min(met[position, COMMENTS], 63)]
    followed = posters_followed(
        stage.f_indptr, stage.f_indices, stage.p_indptr, stage.posters, a, post
    )
    out[3] = 1.0 if followed > 0 else 0.0
    for k in range(2):
        mine, its = stage.places[a, k], stage.facts[post, COUNTRY + k]
        out[4 + k] = 1.0 if mine >= 0 and mine == its else 0.0
    pair = pair_bits(now.seed, stage.account_keys[a], stage.post_keys[post])
    out[6] = of_pair(pair, E_CHANCE)


@inner
def score(
    stage: Any, now: Any, dials: Any, scratch: Any, a: Any, count: Any, given: Array, first: Any
) -> Any:
    """Score the candidates and list them in the pool; returns how many there are.

    Scores that a function has given are taken in place of the weighted factors.
    """
    size = np.int64(0)
    key_a = stage.account_keys[a]
    ties = keyed(now.seed, E_TIE, key_a, np.uint64(0), 0)
    met, pool = scratch.met, scratch.pool
    low, high = stage.f_indptr[a], stage.f_indptr[a + 1]
    country, language = stage.places[a, 0], stage.places[a, 1]
    for c in range(count):
        if met[c, SOURCE] < 0:
            continue
        post = np.int64(met[c, POST])
        author = stage.facts[post, AUTHOR]
        if given.size > 0:
            value = np.float64(given[first + size])
        else:
            value = now.merit[post]
            if dials.interest != 0.0:
                value += dials.interest * np.float64(dot(scratch.query, stage.features, post))
            if dials.circle_reactions != 0.0:
                value += dials.circle_reactions * (1.0 - dials.halves[min(met[c, REACTIONS], 63)])
            if dials.circle_comments != 0.0:
                value += dials.circle_comments * (1.0 - dials.halves[min(met[c, COMMENTS], 63)])
            if dials.followed != 0.0:
                if stage.single:
                    known = contains(stage.f_indices, low, high, author)
                else:
                    known = (
                        posters_followed(
                            stage.f_indptr, stage.f_indices, stage.p_indptr, stage.posters, a, post
                        )
                        > 0
                    )
                if known:
                    value += dials.followed
            if country >= 0 and stage.facts[post, COUNTRY] == country:
                value += dials.same_country
            if language >= 0 and stage.facts[post, LANGUAGE] == language:
                value += dials.same_language
            if dials.chance != 0.0:
                pair = pair_bits(now.seed, key_a, stage.post_keys[post])
                value += dials.chance * of_pair(pair, E_CHANCE)
        pool[size, AT] = c
        pool[size, TOPIC] = stage.facts[post, TOPIC]
        pool[size, OF_AUTHOR] = author
        pool[size, PICKS] = 0
        scratch.base[size] = value
        scratch.score[size] = value
        scratch.tie[size] = np.int64(stir(ties ^ stage.post_keys[post]) >> np.uint64(1))
        size += 1
    return size


@inner
def choose(dials: Any, scratch: Any, size: Any) -> Any:
    """Take the best candidate out of the pool and discount those like it.

    Returns its position among the posts met, and the new size of the pool.
    """
    pool, base, values, tie = scratch.pool, scratch.base, scratch.score, scratch.tie
    best = np.int64(0)
    for i in range(1, size):
        if values[i] > values[best] or (values[i] == values[best] and tie[i] > tie[best]):
            best = np.int64(i)
    taken = np.int64(pool[best, AT])
    topic, author = pool[best, TOPIC], pool[best, OF_AUTHOR]
    size -= 1
    for x in range(4):
        pool[best, x] = pool[size, x]
    base[best], values[best], tie[best] = base[size], values[size], tie[size]
    fades = dials.author_decay.size > 0
    if dials.topic_penalty > 0.0 and topic >= 0:
        for i in range(size):
            if pool[i, TOPIC] == topic:
                base[i] -= dials.topic_penalty
                if not fades:
                    values[i] -= dials.topic_penalty
    if dials.author_penalty > 0.0 or fades:
        for i in range(size):
            if pool[i, OF_AUTHOR] == author:
                pool[i, PICKS] += 1
                base[i] -= dials.author_penalty
                if not fades:
                    values[i] -= dials.author_penalty
    if fades:
        last = dials.author_decay.size - 1
        for i in range(size):
            part = dials.author_decay[min(np.int64(pool[i, PICKS]), last)]
            values[i] = base[i] * part if base[i] > 0.0 else base[i]
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
