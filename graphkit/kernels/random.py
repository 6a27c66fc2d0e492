"""Counter-based random numbers and sets of seen posts, as array kernels.

Every keyed draw is a hash of (seed of world and replication, event, account key, post key, n), so
nothing depends on what was drawn before. All bits are mixed as in SplitMix64 [1]_.

References
----------
.. [1] Steele, G. L., Lea, D., Flood, C. H. (2014). Fast splittable pseudorandom number
   generators. OOPSLA 2014, 453–472. https://doi.org/10.1145/2660193.2660195
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import kernel
from graphkit.kernels.state import E_PAIR, Array

__all__ = [
    "GOLDEN",
    "contains",
    "draw_all",
    "draw_pairs",
    "has_seen",
    "inner",
    "keyed",
    "mark_seen",
    "mix",
    "of_pair",
    "pair_bits",
    "splitmix64",
    "spread_bits",
    "uniform",
]

#: 2^64 over the golden ratio, odd: steps of SplitMix64, and the factor of Fibonacci hashing.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)

#: Kernels that other kernels call need no wrappers for Python, which would cost compilation.
inner = kernel(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


@inner
def mix(x: Any) -> Any:
    """SplitMix64's mixing of 64 bits (its finaliser): each bit spreads over all of them."""
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@kernel()
def splitmix64(state: Array) -> Any:
    """The next 64 bits of the generator, whose state is one 64-bit number."""
    state[0] += GOLDEN
    return mix(state[0])


@inner
def keyed(seed: Any, event: Any, a: Any, b: Any, n: Any) -> Any:
    """64 random bits of an event: the same whatever else was drawn before."""
    x = mix(seed + np.uint64(event) * GOLDEN)
    x = mix(x ^ (a + GOLDEN))
    x = mix(x ^ (b + np.uint64(0xC2B2AE3D27D4EB4F)))
    return mix(x ^ (np.uint64(n) + np.uint64(0x165667B19E3779F9)))


@inner
def _unit(bits: Any) -> Any:
    return np.float64(bits >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inner
def uniform(seed: Any, event: Any, a: Any, b: Any, n: Any) -> Any:
    """A uniform draw in [0, 1) of an event."""
    return _unit(keyed(seed, event, a, b, n))


@inner
def pair_bits(seed: Any, a: Any, b: Any) -> Any:
    """Bits of an account and a post, from which those of all their events follow."""
    return keyed(seed, E_PAIR, a, b, 0)


@inner
def of_pair(bits: Any, event: Any) -> Any:
    """A uniform draw in [0, 1) of an event of that pair."""
    return _unit(mix(bits + np.uint64(event) * GOLDEN))


@kernel()
def draw_all(seed: Any, event: int, keys: Array, t: int) -> Array:
    """One uniform draw per account key for an event of tick t."""
    out = np.empty(keys.size, np.float64)
    for i in range(keys.size):
        out[i] = uniform(seed, event, keys[i], np.uint64(0), t)
    return out


@kernel()
def draw_pairs(seed: Any, event: int, accounts: Array, posts: Array) -> Array:
    """One uniform draw per pair of an account key and a post key."""
    out = np.empty(accounts.size, np.float64)
    for i in range(accounts.size):
        out[i] = uniform(seed, event, accounts[i], posts[i], 0)
    return out


@inner
def spread_bits(post: Any) -> Any:
    """32 bits that place a post in a table."""
    return (np.uint64(post) + np.uint64(1)) * GOLDEN >> np.uint64(32)


@inner
def _seen_at(seen: Array, post: Any) -> Any:
    """Where a post stands in a viewer's table of seen posts, or the free place for it."""
    at = np.int64((spread_bits(post) * np.uint64(seen.size)) >> np.uint64(32))
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
def contains(values: Array, low: Any, high: Any, value: Any) -> Any:
    """Whether an ascending stretch low … high − 1 holds a value."""
    end = high
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low < end and values[low] == value
