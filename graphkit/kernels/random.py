"""Kernels of counter-based random numbers (common random numbers) and of sets of seen posts.

A draw is a hash of (seed of world and replication, event, account key, post key, n), whatever
was drawn before, with the bit mixing of SplitMix64 [1]_.

References
----------
.. [1] Steele, G. L., Lea, D., Flood, C. H. (2014). Fast splittable pseudorandom number
   generators. OOPSLA 2014, 453–472. https://doi.org/10.1145/2660193.2660195
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import BORROWING, borrowing, kernel

Array = Any

#: 2^64 / golden ratio, odd: increment of SplitMix64 and multiplier of Fibonacci hashing.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)

#: The event of all that is drawn for a pair of account and post; the other events are in ``state``.
E_PAIR = 20


@borrowing
def mix(x: Any) -> Any:
    """Finaliser of SplitMix64: a bijective mixing of 64 bits."""
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@kernel()
def splitmix64(state: Array) -> Any:
    """Next 64 bits of the generator SplitMix64, whose state is one 64-bit number."""
    state[0] += GOLDEN
    return mix(state[0])


@borrowing
def keyed(seed: Any, event: Any, a: Any, b: Any, n: Any) -> Any:
    """64 random bits of an event, as a hash of its keys."""
    x = mix(seed + np.uint64(event) * GOLDEN)
    x = mix(x ^ (a + GOLDEN))
    x = mix(x ^ (b + np.uint64(0xC2B2AE3D27D4EB4F)))
    return mix(x ^ (np.uint64(n) + np.uint64(0x165667B19E3779F9)))


@borrowing
def _to_unit_interval(bits: Any) -> Any:
    return np.float64(bits >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@borrowing
def uniform(seed: Any, event: Any, a: Any, b: Any, n: Any) -> Any:
    """Uniform draw in [0, 1) of an event."""
    return _to_unit_interval(keyed(seed, event, a, b, n))


@borrowing
def pair_bits(seed: Any, a: Any, b: Any) -> Any:
    """Random bits of a pair of account and post, from which those of their events are derived."""
    return keyed(seed, E_PAIR, a, b, 0)


@borrowing
def of_pair(bits: Any, event: Any) -> Any:
    """Uniform draw in [0, 1) of an event of a pair, given the bits of the pair."""
    return _to_unit_interval(mix(bits + np.uint64(event) * GOLDEN))


def draw_all(seed: Any, event: int, keys: Array, t: int) -> Array:
    """Uniform draws of an event in tick t, one per account key."""
    out = np.empty(keys.size, np.float64)
    fill_all(seed, event, keys, t, out)
    return out


@kernel(**BORROWING)
def fill_all(seed: Any, event: int, keys: Array, t: int, out: Array) -> None:
    """Fill `out` with those of :func:`draw_all`."""
    for i in range(keys.size):
        out[i] = uniform(seed, event, keys[i], np.uint64(0), t)


def draw_pairs(seed: Any, event: int, accounts: Array, posts: Array) -> Array:
    """Uniform draws of an event, one per pair of account key and post key."""
    out = np.empty(accounts.size, np.float64)
    fill_pairs(seed, event, accounts, posts, out)
    return out


@kernel(**BORROWING)
def fill_pairs(seed: Any, event: int, accounts: Array, posts: Array, out: Array) -> None:
    """Fill `out` with those of :func:`draw_pairs`."""
    for i in range(accounts.size):
        out[i] = uniform(seed, event, accounts[i], posts[i], 0)


@kernel()
def hash_pairs(events: Array, accounts: Array, posts: Array) -> Array:
    """64 bits of each event, account key and post key, the same under every seed."""
    out = np.empty(accounts.size, np.uint64)
    for i in range(accounts.size):
        out[i] = keyed(np.uint64(0), events[i], accounts[i], posts[i], 0)
    return out


@borrowing
def spread_bits(post: Any) -> Any:
    """32-bit hash of a post code (Fibonacci hashing)."""
    return (np.uint64(post) + np.uint64(1)) * GOLDEN >> np.uint64(32)


@borrowing
def _find_seen_slot(seen: Array, post: Any) -> Any:
    """Slot of a post in the hash table of posts that a viewer has seen, or its free slot."""
    at = np.int64((spread_bits(post) * np.uint64(seen.size)) >> np.uint64(32))
    while seen[at] >= 0 and seen[at] != post:
        at += 1
        if at == seen.size:
            at = np.int64(0)
    return at


@borrowing
def has_seen(seen: Array, post: Any) -> Any:
    """Whether the viewer has seen the post."""
    return seen[_find_seen_slot(seen, post)] >= 0


@borrowing
def mark_seen(seen: Array, post: Any) -> None:
    """Insert the post into the hash table of posts that the viewer has seen."""
    seen[_find_seen_slot(seen, post)] = post


@borrowing
def contains(values: Array, low: Any, high: Any, value: Any) -> Any:
    """Whether the ascending segment low … high − 1 contains a value (binary search)."""
    end = high
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low < end and values[low] == value
