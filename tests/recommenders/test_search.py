"""The index of near posts: recall, exact searches, shares of cells, nothing that is not there."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

import graphkit as gk
from graphkit.kernels.random import mark_seen
from graphkit.kernels.search import assign, search_index
from graphkit.kernels.state import Index
from graphkit.recommenders import Feed, interest_centric
from graphkit.recommenders.search import build_index, cell_ends, recall, replace_features
from graphkit.simulation import Behaviour
from graphkit.simulation.arrays import prepare_arrays
from graphkit.simulation.engine import Run

K = 100


@njit
def _mark(table: Any, posts: Any) -> None:
    for post in posts:
        mark_seen(table, post)


def centres_of(index: Index) -> np.ndarray:
    """Centres of the cells, shape (d, cells)."""
    return index.centres.reshape(-1, index.start.size - 1)


def found(
    index: Index,
    query: np.ndarray,
    quota: int,
    *,
    cap: int | None = None,
    entered: int | None = None,
    seen: Any = (),
    dropped: Any = (),
) -> list[int]:
    m = index.posts.size
    table = np.full(2 * len(seen) + 2, -1, np.int32)
    _mark(table, np.array(seen, np.int64))
    gone = np.zeros(m, np.bool_)
    gone[list(dropped)] = True
    ends = cell_ends(index, m if entered is None else entered)
    # several at a time find what one finds
    together = 1 + len(seen) % 6
    queries = np.repeat(query[None], together, axis=0)
    keys, sizes = np.empty((together, quota), np.int64), np.empty(together, np.int64)
    cell = np.empty(1, np.int32)
    search_index(
        index,
        ends,
        queries,
        np.zeros(together, np.int64),
        np.array([0, table.size]),
        table,
        gone,
        True,
        cap or quota,
        keys,
        sizes,
        cell,
    )
    near = products(centres_of(index), query[:, None].T)[:, 0]
    assert not query.any() or near[cell[0]] == near.max()
    (posts,) = {tuple(sorted((keys[i, : sizes[i]] & 0x7FFFFFFF).tolist())) for i in range(together)}
    return list(posts)


def unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def products(columns: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Of columns and queries, dimension after dimension in float32; shape (columns, queries)."""
    total = np.zeros((columns.shape[1], queries.shape[0]), np.float32)
    for x in range(columns.shape[0]):
        total = total + queries[:, x] * columns[x][:, None]
    return total


def nearest(features: np.ndarray, query: np.ndarray, quota: int, among: Any = None) -> list[int]:
    """By brute force; of those as near, the newer."""
    near = products(np.ascontiguousarray(features.T), query[None])[:, 0].tolist()
    posts = range(len(near)) if among is None else among
    return sorted(posts, key=lambda p: (-near[p], -p))[:quota]


def one_hot(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    features = np.eye(16, dtype=np.float32)[rng.integers(0, 12, 3000)]
    return features, unit(rng.gamma(0.5, size=(150, 16)))


def clustered(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    centres = rng.normal(size=(40, 32))
    features = centres[rng.integers(0, 40, 4000)] + 0.4 * rng.normal(size=(4000, 32))
    mixed = rng.dirichlet(np.full(40, 0.2), size=150) @ centres
    return unit(features), unit(mixed)


def scattered(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return unit(rng.normal(size=(3000, 16))), unit(rng.normal(size=(150, 16)))


def with_blanks(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    features, queries = clustered(rng)
    features[rng.random(4000) < 0.3] = 0
    return features, queries


KINDS = pytest.mark.parametrize("kind", [one_hot, clustered, scattered, with_blanks])


@KINDS
def test_recall_at_100_against_brute_force(kind: Any) -> None:
    features, queries = kind(np.random.default_rng(1))
    _, others = kind(np.random.default_rng(2))
    index = build_index(features, others)
    for entered in (features.shape[0], features.shape[0] // 2):
        hits = []
        for query in queries:
            near = products(np.ascontiguousarray(features[:entered].T), query[None])[:, 0]
            bar = np.sort(near)[-K]
            got = found(index, query, K, entered=entered)
            assert len(set(got)) == len(got) <= K
            # a post as near as the hundredth counts as one of the hundred
            hits.append((near[got] >= bar).sum() / K)
        assert np.mean(hits) >= 0.9
        assert recall(index, queries, entered) == pytest.approx(np.mean(hits))
    # the search does not look everywhere for that
    assert kind is scattered or index.probes < index.start.size // 2


@pytest.mark.parametrize("planted", [True, False])
def test_recall_after_learning_has_moved_the_profiles(planted: bool) -> None:
    world = gk.build_world(
        gk.synthetic.platform(300, communities=8, posts_per_account=8, rng=1),
        ticks=6,
        space="planted",
        rng=1,
    )
    if not planted:
        rng = np.random.default_rng(1)
        rows = [unit(rng.normal(size=(size, 16))) for size in (300, 300, world.n_posts)]
        rows.append(rows[2])
        names = ("interests", "profiles", "post_features", "taste_features")
        world = dataclasses.replace(world, **dict(zip(names, rows, strict=True)))
    feed = interest_centric().but("fast", learning_rate=0.5)
    run = Run(
        prepare_arrays(world, [feed]),
        feed,
        Behaviour(like_base=0.0),
        ticks=8,
        slots=6,
        free=False,
        seed=1,
    )
    first = run.state.profiles.copy()
    for t in range(8):
        run.step(t)
    now = unit(run.state.profiles)
    moved = now[((now * first).sum(axis=1) < 0.9) & now.any(axis=1)]
    assert moved.shape[0] > 60
    assert recall(run.index, moved, world.n_posts) >= 0.9
    assert run.tally().recall >= 0.9


@settings(max_examples=60)
@given(st.data())
def test_a_search_of_all_cells_is_exact(data: st.DataObject) -> None:
    m, d = data.draw(st.integers(1, 60)), data.draw(st.sampled_from([4, 8, 16]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    # few values, so that many posts are as near, zeros of either sign among them
    features = unit(rng.integers(-1, 2, size=(m, d)).astype(np.float64))
    features[rng.random((m, d)) < 0.1] *= -1
    query = unit(rng.integers(-1, 2, size=(1, d)).astype(np.float64))[0]
    query *= np.float32(data.draw(st.sampled_from([1e-3, 1, 50, 1e30])))
    index = build_index(features, query[None])
    index = index._replace(probes=index.start.size - 1 + data.draw(st.integers(0, 3)))
    entered = data.draw(st.integers(0, m))
    seen = set(data.draw(st.lists(st.integers(0, m - 1), max_size=20)))
    dropped = set(data.draw(st.lists(st.integers(0, m - 1), max_size=20)))
    quota = data.draw(st.integers(1, m + 5))
    among = sorted(set(range(entered)) - seen - dropped)
    got = found(index, query, quota, entered=entered, seen=sorted(seen), dropped=dropped)
    assert sorted(got) == sorted(nearest(features, query, quota, among))
    # shares of cells: the nearest of each cell at most so often, then the nearest of these
    cap = data.draw(st.integers(1, quota))
    cells = [index.posts[a:b].tolist() for a, b in zip(index.start, index.start[1:], strict=False)]
    kept = [p for cell in cells for p in nearest(features, query, cap, set(cell) & set(among))]
    got = found(index, query, quota, cap=cap, entered=entered, seen=sorted(seen), dropped=dropped)
    assert sorted(got) == sorted(nearest(features, query, quota, kept))


@KINDS
def test_cells_hold_every_post_once_by_the_nearest_centre(kind: Any) -> None:
    features, queries = kind(np.random.default_rng(3))
    index = build_index(features, queries)
    m, d = features.shape
    assert sorted(index.posts.tolist()) == list(range(m))
    near = products(centres_of(index), features)
    for cell, (low, high) in enumerate(zip(index.start, index.start[1:], strict=False)):
        posts = index.posts[low:high]
        assert (np.diff(posts) > 0).all()
        assert (near[cell, posts] == near[:, posts].max(axis=0)).all()
        block = index.blocks[low * d : high * d].reshape(d, high - low)
        assert (block == features[posts].T).all()
    again = build_index(features.copy(), queries.copy())
    for one, two in zip(index, again, strict=True):
        assert np.asarray(one).tobytes() == np.asarray(two).tobytes()


def test_posts_that_have_not_entered_are_never_found() -> None:
    features, queries = clustered(np.random.default_rng(4))
    index = build_index(features, queries)
    for entered in (0, 1, 99, 2000):
        ends = cell_ends(index, entered)
        assert (ends - index.start[:-1]).sum() == entered
        for query in queries[:20]:
            got = found(index, query, K, entered=entered)
            assert all(p < entered for p in got)
            assert len(got) == min(K, entered) or entered > 99 or index.probes < 60


def test_the_strongest_interest_does_not_crowd_out_the_others() -> None:
    features = np.repeat(np.eye(8, dtype=np.float32), 200, axis=0)[
        np.argsort(np.arange(1600) % 200)
    ]
    query = unit(np.array([[4, 3, 2, 1, 0, 0, 0, 0.0]]))[0]
    index = build_index(features, query[None])._replace(probes=4)
    for share, expected in ((1.0, [40]), (0.5, [20, 20]), (0.25, [10, 10, 10, 10])):
        got = found(index, query, 40, cap=int(40 * share))
        topics = features[got].argmax(axis=1)
        assert np.bincount(topics).tolist() == expected


def test_a_feed_limits_the_share_of_a_cell() -> None:
    world = gk.build_world(
        gk.synthetic.platform(120, communities=6, posts_per_account=8, rng=1),
        ticks=1,
        space="planted",
        rng=1,
    )
    kept = {}

    for share in (1.0, 0.2):
        contexts: list[Any] = []

        def score(context: Any, kept: list[Any] = contexts) -> np.ndarray:
            kept.append(context)
            return context.factor("interest").copy()

        feed = Feed("near", {"interest": 30}, {}, score=score, interest_share=share)
        run = Run(
            prepare_arrays(world, [feed]), feed, Behaviour(), ticks=1, slots=2, free=False, seed=1
        )
        run.step(0)
        (context,) = contexts
        topic = world.post_features[context.post].argmax(axis=1)
        most = [np.bincount(topic[context.viewer == a]).max() for a in np.unique(context.viewer)]
        kept[share] = np.array(most)
    # a cell is one topic here
    assert kept[0.2].max() == 6
    assert np.median(kept[1.0]) > 20


def test_features_that_change_are_found_where_they_are() -> None:
    features, queries = scattered(np.random.default_rng(5))
    index = build_index(features, queries)
    index = index._replace(blocks=index.blocks.copy(), probes=index.start.size - 1)
    rng = np.random.default_rng(6)
    posts = np.sort(rng.permutation(3000)[:300])
    features[posts] = unit(rng.normal(size=(300, 16)))
    replace_features(index, posts, features[posts])
    for query in queries[:20]:
        assert sorted(found(index, query, K)) == sorted(nearest(features, query, K))


def test_few_posts_and_none_that_is_known() -> None:
    lone = unit(np.array([[1, 0, 0, 0], [0, 1, 0, 0.0]]))
    index = build_index(lone, np.zeros((3, 4), np.float32))
    assert np.isnan(recall(index, np.zeros((0, 4), np.float32), 2))
    assert np.isnan(recall(index, lone, 0))
    assert found(index, lone[0], 5) in ([0, 1], [1, 0])
    blank = build_index(np.zeros((30, 4), np.float32), lone)
    # all are as far: the newest
    assert sorted(found(blank, lone[0], 5)) == [25, 26, 27, 28, 29]


def test_viewers_who_have_seen_all_that_is_near_find_what_is_farther() -> None:
    features, queries = clustered(np.random.default_rng(7))
    index = build_index(features, queries)
    index = index._replace(probes=index.start.size - 1)
    for query in queries[:5]:
        order = nearest(features, query, 4000)
        for gone in (30, 1000, 3990):
            got = found(index, query, K, seen=order[:gone])
            assert sorted(got) == sorted(order[gone : gone + K])


def test_a_profile_of_zeros_finds_nothing() -> None:
    features, queries = clustered(np.random.default_rng(8))
    index = build_index(features, queries)
    assert found(index, np.zeros(32, np.float32), K) == []


def test_rows_that_are_no_numbers_are_near_to_the_first_cell() -> None:
    rows = np.full((3, 4), np.nan, np.float32)
    for cells in (5, 32, 37, 97):
        centres = np.random.default_rng(cells).normal(size=(4, cells)).astype(np.float32)
        found = np.full(3, -1, np.int64)
        assign(rows, np.ascontiguousarray(centres).ravel(), 0, 3, found)
        assert found.tolist() == [0, 0, 0]
