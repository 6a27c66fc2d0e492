"""Draws that belong to events: uniform, independent of each other, and of all generators."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from scipy import stats

from graphkit.kernels import random as kernel
from graphkit.kernels import state as codes
from graphkit.kernels.random import draw_all, draw_pairs

EVENTS = {name: value for name, value in vars(codes).items() if name.startswith("E_")}
FULL = 2**64 - 1
SEED = np.uint64(2**63 + 12345)
#: Keys as they come: hashes, small numbers, and one bit each.
KEYS = {
    "hashed": np.random.default_rng(1).integers(0, FULL, 40_000, np.uint64),
    "counted": np.arange(40_000, dtype=np.uint64),
    "shifted": np.arange(40_000, dtype=np.uint64) << np.uint64(40),
}


@njit
def _keyed(seed: Any, event: int, a: Any, b: Any, n: int) -> Any:
    return kernel.keyed(seed, event, a, b, n)


@njit
def _of_pairs(seed: Any, event: int, accounts: Any, posts: Any) -> Any:
    out = np.empty(accounts.size)
    for i in range(accounts.size):
        out[i] = kernel.of_pair(kernel.pair_bits(seed, accounts[i], posts[i]), event)
    return out


@njit
def _looked_up(size: int, posts: Any, asked: Any) -> Any:
    table = np.full(size, -1, np.int32)
    for post in posts:
        kernel.mark_seen(table, post)
    out = np.empty(asked.size, np.bool_)
    for i in range(asked.size):
        out[i] = kernel.has_seen(table, asked[i])
    return out, table


@njit
def _contains(values: Any, low: int, high: int, value: int) -> Any:
    return kernel.contains(values, low, high, value)


def stir(x: int) -> int:
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & FULL
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & FULL
    return x ^ (x >> 31)


KEY = st.integers(0, FULL)


@given(KEY, st.sampled_from(sorted(EVENTS.values())), KEY, KEY, st.integers(0, 2**40))
def test_a_draw_is_a_hash_of_its_event(seed: int, event: int, a: int, b: int, n: int) -> None:
    x = stir((seed + event * 0x9E3779B97F4A7C15) & FULL)
    x = stir(x ^ ((a + 0x9E3779B97F4A7C15) & FULL))
    x = stir(x ^ ((b + 0xC2B2AE3D27D4EB4F) & FULL))
    x = stir(x ^ ((n + 0x165667B19E3779F9) & FULL))
    assert int(_keyed(np.uint64(seed), event, np.uint64(a), np.uint64(b), n)) == x


def test_events_differ() -> None:
    assert len(set(EVENTS.values())) == len(EVENTS)


def uniform(values: np.ndarray) -> bool:
    assert ((values >= 0) & (values < 1)).all()
    cells = np.histogram(values, bins=200, range=(0, 1))[0]
    # the lowest bits, too
    low = np.bincount((values * 2**53).astype(np.int64) & 63, minlength=64)
    return min(stats.chisquare(cells).pvalue, stats.chisquare(low).pvalue) > 1e-4


@pytest.mark.parametrize("kind", KEYS)
def test_draws_are_uniform(kind: str) -> None:
    keys = KEYS[kind]
    for event in (codes.E_SESSION, codes.E_LEAVE):
        assert uniform(draw_all(SEED, event, keys, 3))
    ticks = [draw_all(SEED, codes.E_SESSION, keys[:40], t) for t in range(1000)]
    assert uniform(np.concatenate(ticks))
    assert uniform(draw_pairs(SEED, codes.E_POST, keys, keys[::-1].copy()))
    for event in (codes.E_LIKE, codes.E_NOISE, codes.E_CHANCE):
        assert uniform(_of_pairs(SEED, event, keys, keys[:1].repeat(keys.size)))
        assert uniform(_of_pairs(SEED, event, keys[:1].repeat(keys.size), keys))


def independent(first: np.ndarray, second: np.ndarray) -> bool:
    counts = np.histogram2d(first, second, bins=12, range=[[0, 1], [0, 1]])[0]
    return stats.chisquare(counts.ravel()).pvalue > 1e-4


@pytest.mark.parametrize("kind", KEYS)
def test_draws_are_independent(kind: str) -> None:
    keys = KEYS[kind]
    one = keys[:1].repeat(keys.size)
    session = draw_all(SEED, codes.E_SESSION, keys, 3)
    # of tick, event, seed, and of the neighbouring account
    assert independent(session, draw_all(SEED, codes.E_SESSION, keys, 4))
    assert independent(session, draw_all(SEED, codes.E_LEAVE, keys, 3))
    assert independent(session, draw_all(SEED + np.uint64(1), codes.E_SESSION, keys, 3))
    assert independent(session[1:], session[:-1])
    like = _of_pairs(SEED, codes.E_LIKE, keys, one)
    others = [
        _of_pairs(SEED, codes.E_LIKE, one, keys),
        _of_pairs(SEED, codes.E_LIKE, keys, keys[1:2].repeat(keys.size)),
        *(_of_pairs(SEED, event, keys, one) for event in EVENTS.values() if event != codes.E_LIKE),
    ]
    assert all(independent(like, other) for other in others)


def test_nothing_depends_on_order_and_no_generator_is_touched() -> None:
    keys = KEYS["hashed"]
    before = random.getstate(), np.random.get_state()[1].tobytes()  # noqa: NPY002
    drawn = draw_all(SEED, codes.E_SESSION, keys, 3)
    order = np.random.default_rng(2).permutation(keys.size)
    assert (draw_all(SEED, codes.E_SESSION, keys[order], 3) == drawn[order]).all()
    assert draw_all(SEED, codes.E_SESSION, keys[7:8], 3)[0] == drawn[7]
    assert (random.getstate(), np.random.get_state()[1].tobytes()) == before  # noqa: NPY002


@given(st.sets(st.integers(0, 300), max_size=40), st.integers(1, 40))
def test_what_was_seen_is_known(posts: set[int], room: int) -> None:
    given_posts = np.array(sorted(posts), np.int64)
    asked = np.arange(310)
    known, table = _looked_up(len(posts) + room, given_posts, asked)
    assert set(asked[known].tolist()) == posts
    assert sorted(table[table >= 0].tolist()) == sorted(posts)


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(-1, 31), st.data())
def test_rows_are_searched(values: list[int], value: int, data: st.DataObject) -> None:
    low = data.draw(st.integers(0, len(values)))
    high = data.draw(st.integers(low, len(values)))
    ordered = values[:low] + sorted(values[low:high]) + values[high:]
    found = _contains(np.array(ordered, np.int32), low, high, value)
    assert found == (value in ordered[low:high])
