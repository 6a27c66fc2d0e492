"""A feed is data."""

from __future__ import annotations

import dataclasses

import pytest

from graphkit.errors import OptionError
from graphkit.recommenders import (
    FACTORS,
    SIGNALS,
    SOURCES,
    Feed,
    blend,
    chronological,
    follower_centric,
    interest_centric,
    popularity,
    source_by_ranking,
    uniform,
)

ALL = [chronological, follower_centric, interest_centric, popularity, uniform]


@pytest.mark.parametrize("make", ALL)
def test_presets_are_printable_data(make) -> None:  # type: ignore[no-untyped-def]
    feed = make()
    assert feed.frame.height == len(SOURCES) + len(FACTORS) + len(SIGNALS) + 3
    assert feed.name in repr(feed)
    assert "<table" in feed._repr_html_()
    assert all(make.__doc__ for make in ALL)
    with pytest.raises(dataclasses.FrozenInstanceError):
        feed.name = "other"
    with pytest.raises(TypeError):
        feed.weights["interest"] = 2.0


def test_the_interest_feed_has_no_direct_weight_on_past_hits() -> None:
    assert not interest_centric().weights.get("global_reactions")
    assert not interest_centric().sources.get("following")


def test_blend_ends_are_the_feeds() -> None:
    a, b = follower_centric(), interest_centric()
    for share, end in ((0, a), (1, b)):
        mixed = blend(a, b, share)
        assert mixed.frame.equals(dataclasses.replace(end, name=mixed.name).frame)
    middle = blend(a, b, 0.25)
    assert middle.sources["following"] == 90
    assert middle.weights["interest"] == pytest.approx(0.75 * 0.2 + 0.25)
    with pytest.raises(OptionError):
        blend(a, b, 1.1)


def test_two_by_two() -> None:
    feeds = source_by_ranking()
    assert len(feeds) == 4
    pools = {tuple(f.sources.items()) for f in feeds.values()}
    rankings = {tuple(f.weights.items()) for f in feeds.values()}
    assert (len(pools), len(rankings)) == (2, 2)


def test_one_number_can_be_changed_alone() -> None:
    feed = follower_centric().but("other", weights={"recency": 0.0}, filler="empty")
    assert feed.weights["recency"] == 0
    assert feed.weights["followed"] == follower_centric().weights["followed"]
    assert feed.filler == "empty"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sources": {"circel": 3}}, "Did you mean 'circle'"),
        ({"sources": {"circle": -1}}, "quota"),
        ({"sources": {"circle": 1.5}}, "quota"),
        ({"weights": {"likes": 1.0}}, "unknown factor"),
        ({"weights": {"interest": float("nan")}}, "nan"),
        ({"signals": {"stare": 1.0}}, "unknown signal"),
        ({"topic_penalty": -1.0}, "topic_penalty"),
        ({"learning_rate": 1.0}, "learning_rate"),
        ({"filler": "random"}, "filler"),
    ],
)
def test_bad_input_is_refused(options: dict[str, object], message: str) -> None:
    known = {"sources": {}, "weights": {}} | options
    with pytest.raises(OptionError, match=message):
        Feed("feed", **known)  # type: ignore[arg-type]
