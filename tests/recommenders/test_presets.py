"""Presets are numbers of one model, with their sources; blends lie between two feeds."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.errors import OptionError
from graphkit.recommenders import (
    FACTORS,
    Feed,
    blend,
    chronological,
    circle_popularity,
    follower_centric,
    interest_centric,
    popularity,
    ranker,
    source_by_ranking,
    uniform,
    watch_time,
)
from graphkit.recommenders.factors import NUMBERS

ALL = [
    chronological,
    circle_popularity,
    follower_centric,
    interest_centric,
    popularity,
    uniform,
    watch_time,
]
PLATFORMS = [circle_popularity, follower_centric, interest_centric, watch_time]


@pytest.mark.parametrize("make", ALL)
def test_presets_are_data_of_one_model(make: Callable[[], Feed]) -> None:
    assert make() == make()
    assert make().score is None
    assert make.__doc__
    # a timeline ends; no baseline of posts of followees is padded with random ones
    assert make().filler == ("empty" if make is chronological else "uniform")


@pytest.mark.parametrize("make", PLATFORMS)
def test_presets_of_platforms_say_where_their_numbers_come_from(make: Callable[[], Feed]) -> None:
    doc = make.__doc__ or ""
    assert "References" in doc
    assert "Assumptions: every size" in doc
    assert make().source
    feed = make()
    for number in (*feed.sources.values(), *feed.weights.values()):
        assert f"{abs(number):g}" in doc, number


def test_for_you_has_no_direct_factor_of_followers_or_past_hits() -> None:
    feed = interest_centric()
    for factor in ("author_followers", "author_hits", "global_reactions", "small_creator"):
        assert factor in FACTORS
        assert not feed.weights.get(factor)
    assert not feed.sources.get("trending")
    # the base shows indirectly: accounts followed are one small input among others
    assert 0 < feed.sources["following"] < feed.sources["interest"] / 4
    weak = (feed.weights["same_country"], feed.weights["same_language"], feed.weights["followed"])
    assert max(weak) <= 0.05
    assert max(feed.signals, key=feed.signals.__getitem__) == "completion"
    assert 0 < feed.signals["country"] < feed.signals["comment"]
    assert (feed.interest_share, feed.topic_penalty > 0, feed.author_penalty > 0) == (
        0.25,
        True,
        True,
    )


def test_what_sets_the_other_platforms_apart() -> None:
    facebook, instagram, youtube = follower_centric(), circle_popularity(), watch_time()
    assert facebook.sources["groups"]
    assert facebook.weights["circle_comments"] > facebook.weights["circle_reactions"]
    assert not facebook.sources.get("interest")
    assert instagram.weights["cross_posted"] < 0
    assert max(instagram.weights, key=instagram.weights.__getitem__) == "circle_reactions"
    assert max(youtube.weights, key=youtube.weights.__getitem__) == "expected_watch_time"
    assert youtube.sources["covisited"] > youtube.sources["following"] > 0


def test_baselines_learn_nothing() -> None:
    for make in (chronological, popularity, uniform):
        assert make().learning_rate == 0
        assert "interest" not in make().weights


MIXED = [*(make() for make in ALL), ranker("x_2023"), uniform().but("empty", filler="empty")]


@pytest.mark.parametrize("first", MIXED, ids=lambda feed: feed.name)
@pytest.mark.parametrize("second", MIXED, ids=lambda feed: feed.name)
def test_the_ends_of_a_blend_are_the_feeds(first: Feed, second: Feed) -> None:
    assert blend(first, second, 0).diff(first).height == 0
    assert blend(first, second, 1).diff(second).height == 0


@pytest.mark.parametrize("make", ALL)
@given(share=st.floats(0, 1))
def test_between_a_feed_and_itself_there_is_nothing(make: Callable[[], Feed], share: float) -> None:
    assert blend(make(), make(), share).diff(make()).height == 0


def test_numbers_in_between() -> None:
    first, second = follower_centric(), interest_centric()
    middle = blend(first, second, 0.25)
    assert middle.sources["following"] == 95
    assert middle.weights["interest"] == pytest.approx(0.75 * 0.1 + 0.25)
    assert middle.interest_share == pytest.approx(0.75 + 0.25 * 0.25)
    # of "never" and 30 ticks: a quarter of the rate
    assert middle.half_life == pytest.approx(120)
    assert math.isinf(first.half_life)
    trials = blend(second.but("a", trial_size=10), second.but("b", trial_size=21), 0.5)
    assert trials.trial_size == 16
    assert "75%" in middle.name
    assert middle.source == f"{first.source}; {second.source}"


@given(share=st.floats(0, 1))
def test_every_number_of_a_blend_lies_between(share: float) -> None:
    first, second = ranker("x_2023"), watch_time()
    mixed = blend(first, second, share)
    for key in NUMBERS:
        low, high = sorted((getattr(first, key), getattr(second, key)))
        assert low <= getattr(mixed, key) * (1 + 1e-12)
        assert getattr(mixed, key) <= high * (1 + 1e-12)


def test_what_cannot_be_blended_is_refused() -> None:
    with pytest.raises(OptionError, match=r"share=1\.1"):
        blend(uniform(), popularity(), 1.1)
    custom = uniform().but("custom", score=lambda context: context.factor("chance"))
    for pair in ((custom, uniform()), (uniform(), custom)):
        with pytest.raises(OptionError, match="'custom' has a score function"):
            blend(*pair, 0.5)


def test_two_by_two() -> None:
    feeds = source_by_ranking()
    assert len(feeds) == 4
    assert [feed.name for feed in feeds.values()] == list(feeds)
    pools = {tuple(f.sources.items()) for f in feeds.values()}
    rankings = {tuple(f.weights.items()) for f in feeds.values()}
    assert (len(pools), len(rankings)) == (2, 2)
    assert {sum(f.sources.values()) for f in feeds.values()} == {240}
