"""Kernels of candidate generation: each source proposes posts in its own order.

Proposals are filtered afterwards (own and seen posts are removed), so a source may propose a
multiple of its quota. A hash table holds the candidates of a session.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels import state as st
from graphkit.kernels.compile import borrowing
from graphkit.kernels.intrinsics import prefetch
from graphkit.kernels.random import GOLDEN, keyed, mix, spread_bits, uniform
from graphkit.kernels.state import Array


@borrowing
def table_width(scratch: Any, params: Any, degree: Any) -> Any:
    """Hash slots that the candidates of a session need: few, so that they stay in the cache."""
    most = degree * st.RECENT if params.circle else np.int64(0)
    for source in range(st.FILLER):
        most += params.quotas[source]
    width = scratch.hash_slots.size
    while width >> 1 > 2 * most:
        width >>= 1
    return width


@borrowing
def _differs(slot: Any, post: Any) -> Any:
    """Whether a slot is of another post: not free, and with other bits."""
    return (slot ^ post) & 0x7FFFFFFF & ~(slot >> 63) != 0


@borrowing
def find_slot(hash_slots: Array, post: Any) -> Any:
    """Slot of a post in the candidate table, or its free slot."""
    mask = np.uint64(hash_slots.size - 1)
    at = spread_bits(post) & mask
    # one condition, as neither case alone can be predicted
    while _differs(hash_slots[at], post):
        at = (at + np.uint64(1)) & mask
    return at


@borrowing
def lookup_post(hash_slots: Array, post: Any) -> Any:
    """Row of a post in the candidate table, or −1."""
    return hash_slots[find_slot(hash_slots, post)] >> 32


@borrowing
def insert_post(hash_slots: Array, entries: Array, post: Any, row: Any, at: Any) -> None:
    """Write a post to the candidate table as this row, in its slot."""
    hash_slots[at] = (row << 32) | post
    entries[np.uint64(row), st.POST] = post
    entries[np.uint64(row), st.HASH_SLOT] = at


@borrowing
def clear_table(hash_slots: Array, entries: Array, count: Any) -> None:
    """Clear the candidate table for the next session."""
    for c in range(count):
        hash_slots[np.uint64(entries[c, st.HASH_SLOT])] = -1
        entries[c, st.SOURCE] = -1
        for column in (st.REACTIONS, st.COMMENTS, st.FOLLOWEES):
            entries[c, column] = 0


@borrowing
def is_delivered(seed: Any, delivery: Any, key_a: Any, key_f: Any, key_p: Any) -> Any:
    """Whether a post or reshare of f is delivered to a: one draw per edge and post."""
    if delivery >= 1.0:
        return True
    return uniform(seed, st.E_DELIVER, key_a ^ mix(key_f), key_p, 0) < delivery


@borrowing
def _keyed_start(seed: Any, key_a: Any, source: Any, t: Any, size: Any) -> Any:
    """Random start of a list, so that a quota favours none of its entries."""
    return np.int64(keyed(seed, st.E_CANDIDATE, key_a, np.uint64(source), t) % np.uint64(size))


@borrowing
def followee_activity(
    static: Any, state: Any, tick: Any, delivery: Any, hash_slots: Array, entries: Array, a: Any
) -> Any:
    """Count followees' recent activity by post; returns the table's size."""
    f_indices, recent_activity = static.f_indices, state.recent_activity
    first = static.f_indptr[a]
    degree = static.f_indptr[a + 1] - first
    count = np.int64(0)
    key_a = static.account_keys[a]
    oldest = np.int64((tick.t - st.HORIZON + 1) * 256)
    at = _keyed_start(tick.seed, key_a, st.CIRCLE, tick.t, max(degree, 1))
    soon = at
    for step in range(-st.AHEAD, degree):
        if step + st.AHEAD < degree:
            prefetch(recent_activity, np.int64(f_indices[first + soon]))
            soon = soon + 1 if soon + 1 < degree else 0
        if step < 0:
            continue
        f = np.uint64(f_indices[first + at])
        at = at + 1 if at + 1 < degree else 0
        for r in range(np.uint64(st.RECENT)):
            when = recent_activity[f, r, st.WHEN]
            if when < oldest:
                continue
            post = np.int64(recent_activity[f, r, st.POST])
            if delivery < 1.0 and not is_delivered(
                tick.seed, delivery, key_a, static.account_keys[f], static.post_keys[post]
            ):
                continue
            # without branches, which would be predicted wrongly
            slot = find_slot(hash_slots, post)
            position = hash_slots[slot] >> 32
            new = position < 0
            position = count if new else position
            count += new
            insert_post(hash_slots, entries, post, position, slot)
            row = np.uint64(position)
            entries[row, st.FOLLOWEES] += 1
            entries[row, st.REACTIONS] += (when & (st.LIKE | st.RESHARE)) != 0
            entries[row, st.COMMENTS] += (when & st.COMMENT) != 0
    return count


@borrowing
def count_active(
    static: Any, state: Any, tick: Any, delivery: Any, scratch: Any, a: Any, posts: Any, low: Any
) -> None:
    """Fill `followees` of the scratch from `low` on: followees' recent activities on each post.

    The same as in the table of :func:`followee_activity`, where only these are needed.
    """
    f_indices, recent_activity = static.f_indices, state.recent_activity
    followees, places = scratch.followees, scratch.places
    mask = np.uint64(places.size - 1)
    for s in range(low, posts.size):
        at = np.uint64(posts[s]) & mask
        while places[at] > 0:
            at = (at + np.uint64(1)) & mask
        places[at] = s + 1
        followees[s] = 0
    first, last = static.f_indptr[a], static.f_indptr[a + 1]
    oldest = np.int64((tick.t - st.HORIZON + 1) * 256)
    for q in range(first, last):
        if q + st.AHEAD < last:
            prefetch(recent_activity, np.int64(f_indices[q + st.AHEAD]))
        f = np.uint64(f_indices[q])
        for r in range(np.uint64(st.RECENT)):
            post = np.int64(recent_activity[f, r, st.POST])
            at = np.uint64(post) & mask
            if places[at] == 0 or recent_activity[f, r, st.WHEN] < oldest:
                continue
            while places[at] > 0:
                k = np.int64(places[at]) - 1
                if posts[k] == post:
                    if is_delivered(
                        *(tick.seed, delivery, static.account_keys[a]),
                        *(static.account_keys[f], static.post_keys[post]),
                    ):
                        followees[k] += 1
                    break
                at = (at + np.uint64(1)) & mask
    for s in range(low, posts.size):
        at = np.uint64(posts[s]) & mask
        while places[at] > 0:
            places[at] = 0
            at = (at + np.uint64(1)) & mask


@borrowing
def from_following(
    static: Any, tick: Any, delivery: Any, proposed: Array, quota: Any, a: Any
) -> Any:
    """Latest posts of followees, beginning at a random one."""
    f_indices, by_poster, ends = static.f_indices, static.by_poster, tick.poster_end
    starts = static.by_poster_indptr
    first = static.f_indptr[a]
    degree = static.f_indptr[a + 1] - first
    key_a = static.account_keys[a]
    capacity = st.OVERSAMPLE * quota
    part = max(np.int64(st.OVERSAMPLE), 2 * quota // max(degree, 1))
    at = _keyed_start(tick.seed, key_a, st.FOLLOWING, tick.t, max(degree, 1))
    size, soon, next_one = np.int64(0), at, at
    for step in range(-2 * st.AHEAD, degree):
        if step + 2 * st.AHEAD < degree:
            f = np.int64(f_indices[first + soon])
            prefetch(ends, f)
            prefetch(starts, f)
            soon = soon + 1 if soon + 1 < degree else 0
        if step >= -st.AHEAD and step + st.AHEAD < degree:
            f = np.int64(f_indices[first + next_one])
            prefetch(by_poster, max(ends[f] - 1, 0))
            next_one = next_one + 1 if next_one + 1 < degree else 0
        if step < 0:
            continue
        f = np.int64(f_indices[first + at])
        at = at + 1 if at + 1 < degree else 0
        end = ends[f]
        for q in range(end - 1, max(starts[f], end - part) - 1, -1):
            post = by_poster[q]
            if size == capacity:
                break
            if delivery < 1.0 and not is_delivered(
                tick.seed, delivery, key_a, static.account_keys[f], static.post_keys[post]
            ):
                continue
            proposed[size] = post
            size += 1
        if size == capacity:
            break
    return size


@borrowing
def from_circle(entries: Array, n_active: Any, proposed: Array, quota: Any) -> Any:
    """Posts of followees' recent activity, in the order of the table."""
    size = min(n_active, st.OVERSAMPLE * quota)
    for c in range(size):
        proposed[c] = entries[c, st.POST]
    return size


@borrowing
def from_trending(trending: Array, proposed: Array, quota: Any) -> Any:
    """Posts with the most reactions in recent ticks."""
    size = min(st.OVERSAMPLE * quota, trending.size)
    for k in range(size):
        proposed[k] = trending[k]
    return size


@borrowing
def from_groups(static: Any, tick: Any, proposed: Array, quota: Any, a: Any) -> Any:
    """Latest posts by members of the viewer's groups, beginning at a random group."""
    groups, by_group, ends = static.groups, static.by_group, tick.group_end
    starts = static.by_group_indptr
    first = static.g_indptr[a]
    degree = static.g_indptr[a + 1] - first
    capacity = st.OVERSAMPLE * quota
    part = capacity // max(degree, 1) + 1
    begin = _keyed_start(tick.seed, static.account_keys[a], st.GROUPS, tick.t, max(degree, 1))
    size = np.int64(0)
    for step in range(degree):
        g = groups[first + (begin + step) % degree]
        end = ends[g]
        for q in range(end - 1, max(starts[g], end - part) - 1, -1):
            if size == capacity:
                break
            proposed[size] = by_group[q]
            size += 1
    return size


@borrowing
def from_covisited(state: Any, tick: Any, key_a: Any, proposed: Array, quota: Any, a: Any) -> Any:
    """Co-visitation: recent completions of the recent completers of the viewer's own."""
    completions, completers = state.recent_completions, state.recent_completers
    capacity = st.OVERSAMPLE * quota
    begin = _keyed_start(tick.seed, key_a, st.COVISITED, tick.t, st.RECENT)
    size = np.int64(0)
    for r in range(st.RECENT):
        prefetch(completers, np.int64(max(completions[a, r], 0)))
    for step in range(st.RECENT):
        completed = completions[a, (begin + step) % st.RECENT]
        if completed < 0:
            continue
        if size == capacity:
            break
        for k in range(st.RECENT):
            prefetch(completions, np.int64(max(completers[completed, k], 0)))
        for k in range(st.RECENT):
            completer = completers[completed, k]
            if completer < 0 or completer == a:
                continue
            for r in range(st.RECENT):
                post = completions[completer, r]
                if post >= 0 and post != completed and size < capacity:
                    proposed[size] = post
                    size += 1
    return size


@borrowing
def most_draws(source: Any, tick: Any, quota: Any) -> Any:
    """Number of random draws that a source may make; none from no posts."""
    if source == st.FRESH:
        return 2 * quota if tick.cold_start.size > 0 else np.int64(0)
    return st.OVERSAMPLE * quota if tick.n_eligible > 0 else np.int64(0)


@borrowing
def from_draws(source: Any, key_a: Any, tick: Any, proposed: Array, first: Any, size: Any) -> None:
    """Random draws from the cold-start posts, or from all: the `first` and following ones."""
    cold_start = tick.cold_start
    pool = cold_start.size if source == st.FRESH else tick.n_eligible
    base = keyed(tick.seed, st.E_CANDIDATE, key_a, np.uint64(source), tick.t)
    for j in range(size):
        h = mix(base + np.uint64(first + j + 1) * GOLDEN)
        at = np.int64(((h >> np.uint64(32)) * np.uint64(pool)) >> np.uint64(32))
        proposed[j] = at
    if source == st.FRESH:
        for j in range(size):
            proposed[j] = cold_start[proposed[j]]


@borrowing
def from_interest(near: Any, row: Any, proposed: Array) -> Any:
    """Posts nearest to the profile; none while the profile is zero."""
    keys, size = near.keys, np.int64(near.sizes[row])
    for k in range(size):
        proposed[k] = keys[row, k] & 0x7FFFFFFF
    return size
