from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare, kstest

from graphkit.data.platform import Platform
from graphkit.rng import Streams
from graphkit.synthetic import platform
from graphkit.synthetic.accounts import draw_columns, draw_times, draw_weighted, draw_zipf
from graphkit.synthetic.activity import Posts, _mark_repeats, _slots_within_limit, show_posts


@pytest.fixture(scope="module")
def usual() -> Platform:
    return platform(3000, rng=11)


@pytest.fixture(scope="module")
def shown(usual: Platform) -> pl.DataFrame:
    impressions, items = usual.dataset.impressions, usual.dataset.items
    assert impressions is not None
    assert items is not None
    return impressions.join(items, on="item_id", how="left", maintain_order="left")


def posts_of_one_author(created: list[int]) -> Posts:
    m = len(created)
    whole = np.zeros(m, dtype=np.int64)
    return Posts(
        author=whole,
        topic=whole,
        created=np.array(created, dtype=np.int64),
        duration=np.ones(m),
        quality=np.ones(m, dtype=np.float32),
        divisiveness=np.zeros(m),
        misleading=np.zeros(m, dtype=bool),
        reply=np.zeros(m, dtype=bool),
    )


def test_every_impression_comes_after_its_post(shown: pl.DataFrame) -> None:
    assert (shown["at"] >= shown["created_at"]).all()


def test_nobody_sees_own_posts_or_a_post_twice(shown: pl.DataFrame) -> None:
    assert (shown["account_id"] != shown["author_id"]).all()
    assert not shown.select("account_id", "item_id").is_duplicated().any()


def test_positions_count_within_a_session(shown: pl.DataFrame) -> None:
    step = shown["position"].diff().drop_nulls()
    same = (shown["account_id"] == shown["account_id"].shift()).fill_null(False)[1:]
    assert set(step.filter(same).filter(step.filter(same) != 1)) <= set(range(-16, 1))
    gap = shown["at"].diff().drop_nulls().filter(same & (step == 1))
    assert (gap.dt.total_seconds() >= 0).all()
    assert shown["surface"].unique().to_list() == ["for_you"]


def test_topics_shown_are_independent_of_the_viewers_home(
    usual: Platform, shown: pl.DataFrame
) -> None:
    home = usual.truth.membership[usual.dataset.account_ids.encode(shown["account_id"])]
    topic = usual.item_topics[usual.dataset.item_ids.encode(shown["item_id"])]
    table = np.bincount(home.astype(np.int64) * 12 + topic).reshape(12, 12)
    assert table.sum() > 300_000
    assert chi2_contingency(table).pvalue > 0.001


def test_any_existing_post_is_as_likely(usual: Platform, shown: pl.DataFrame) -> None:
    items = usual.dataset.items
    assert items is not None
    created = np.sort(items["created_at"].to_physical().to_numpy())
    # the first post an account was ever shown: later ones exclude what was seen
    opening = shown.unique("account_id", keep="first", maintain_order=True)
    assert opening["position"].unique().to_list() == [0]
    existing = np.searchsorted(created, opening["at"].to_physical().to_numpy(), side="right")
    rank = np.searchsorted(created, opening["created_at"].to_physical().to_numpy())
    within = np.random.default_rng(1).random(len(rank))  # makes the steps a continuous law
    assert len(rank) > 2_900
    assert kstest((rank + within) / existing, "uniform").pvalue > 0.001


def test_a_feed_is_a_uniform_draw_without_replacement() -> None:
    posts = posts_of_one_author([0] * 5)
    feed = show_posts(posts, 4000, per_account=200, days=1, streams=Streams(1))
    seen: dict[int, list[int]] = {}
    for account, item in zip(feed.account.tolist(), feed.item.tolist(), strict=True):
        seen.setdefault(account, []).append(item)
    assert 0 not in seen, "the author is shown nothing of its own"
    assert len(seen) == 3999
    assert {len(items) for items in seen.values()} == {4}, "80 % of five posts"
    first = Counter(items[0] for items in seen.values())
    last = Counter(items[-1] for items in seen.values())
    pairs = Counter(tuple(sorted(items[:2])) for items in seen.values())
    assert len(pairs) == len(list(combinations(range(5), 2)))
    for counts in (first, last, pairs):
        assert chisquare(list(counts.values())).pvalue > 0.001


def test_posts_after_the_last_session_are_shown_to_nobody() -> None:
    posts = posts_of_one_author([0, 10, 86_399, 86_399])
    feed = show_posts(posts, 300, per_account=50, days=1, streams=Streams(2))
    assert set(feed.item.tolist()) <= {0, 1}
    assert (posts.created[feed.item] <= feed.opened).all()


@given(st.lists(st.lists(st.integers(0, 6), max_size=12), max_size=6))
def test_which_slots_fit_agrees_with_counting_one_by_one(rooms: list[list[int]]) -> None:
    account, room, expected = [], [], []
    for a, values in enumerate(rooms):
        filled = 0
        for r in sorted(values):
            account.append(a)
            room.append(r)
            expected.append(filled < r)
            filled += filled < r
    got = _slots_within_limit(np.array(account, dtype=np.int64), np.array(room, dtype=np.int64))
    assert got.tolist() == expected


def test_draws_follow_their_weights() -> None:
    rng = np.random.default_rng(1)
    weights = np.array([0.0, 1.0, 0.0, 3.0, 0.0])
    counts = np.bincount(draw_weighted(weights, 40_000, rng), minlength=5)
    assert counts[[0, 2, 4]].tolist() == [0, 0, 0]
    assert chisquare(counts[[1, 3]], [10_000, 30_000]).pvalue > 0.001
    rows = np.repeat([0, 1], 30_000)
    columns = draw_columns(np.array([[1.0, 2.0, 3.0], [5.0, 0.0, 5.0]]), rows, rng)
    assert chisquare(np.bincount(columns[:30_000]), [5_000, 10_000, 15_000]).pvalue > 0.001
    assert chisquare(np.bincount(columns[30_000:])[[0, 2]]).pvalue > 0.001
    assert 1 not in columns[30_000:]
    ranks = np.bincount(draw_zipf(4, 25_000, rng))
    assert chisquare(ranks, [12_000, 6_000, 4_000, 3_000]).pvalue > 0.001
    hours = np.bincount(draw_times(3, 50_000, rng) // 3600, minlength=72)
    assert len(hours) == 72
    assert hours[20] > 5 * hours[3], "evenings are busy"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=40))
def test_repeats_are_posts_that_an_earlier_slot_has(slots: list[tuple[int, int]]) -> None:
    slots = sorted(slots, key=lambda slot: slot[0])
    account, post = np.array(slots, dtype=np.int64).reshape(-1, 2).T
    expected = [slot in slots[:i] for i, slot in enumerate(slots)]
    assert _mark_repeats(account, post, 6).tolist() == expected
