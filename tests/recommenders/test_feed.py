"""A feed is data: checked, shown, changed and compared."""

from __future__ import annotations

import dataclasses
import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.errors import OptionError
from graphkit.recommenders import FACTORS, SIGNALS, SOURCES, Context, Feed, interest_centric
from graphkit.recommenders.factors import FILLERS, NUMBERS

PLAIN = Feed("plain", {"following": 200}, {"recency": 1.0})


def by_recency(context: Context) -> np.ndarray:
    return context.factor("recency")


def test_a_feed_is_frozen_printable_data() -> None:
    feed = interest_centric()
    assert feed.name in repr(feed)
    assert feed.source in repr(feed)
    assert "<table" in feed._repr_html_()
    assert "author_followers" not in feed._repr_html_()
    with pytest.raises(dataclasses.FrozenInstanceError):
        feed.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        feed.weights["interest"] = 2.0  # type: ignore[index]


def test_the_frame_holds_every_number_in_the_same_rows() -> None:
    feed = interest_centric()
    frame = feed.frame
    assert frame.columns == ["part", "key", "value", "meaning"]
    assert frame.height == len(SOURCES) + len(FACTORS) + len(SIGNALS) + len(NUMBERS)
    numbers = {f.name for f in dataclasses.fields(Feed) if f.type in ("int", "float")}
    assert set(NUMBERS) == numbers
    values = {(part, key): value for part, key, value, _ in frame.iter_rows()}
    assert values["source", "fresh"] == 30
    assert values["factor", "author_followers"] == 0
    assert values["signal", "completion"] == 1
    assert values["learning", "half_life"] == 30
    assert values["candidates", "trial_size"] == 20
    assert frame.select("part", "key").equals(PLAIN.frame.select("part", "key"))


def test_the_order_in_which_numbers_are_given_does_not_matter() -> None:
    one = Feed("f", {"fresh": 1, "circle": 2}, {"recency": 0.1, "interest": 0.2})
    two = Feed("f", {"circle": 2, "fresh": 1}, {"interest": 0.2, "recency": 0.1})
    assert one == two
    assert list(one.sources) == list(two.sources) == ["circle", "fresh"]
    assert repr(one) == repr(two)


def test_numbers_of_numpy_become_plain() -> None:
    feed = Feed("f", {"fresh": np.int64(3)}, {"recency": np.float32(0.5)}, trial_size=np.int8(4))
    assert [type(x) for x in (feed.sources["fresh"], feed.weights["recency"])] == [int, float]
    assert (type(feed.trial_size), type(feed.delivery)) == (int, float)


OTHERS: dict[str, Any] = {
    "topic_penalty": 0.5,
    "author_penalty": 0.5,
    "author_decay": 0.5,
    "author_floor": 0.5,
    "learning_rate": 0.5,
    "interest_share": 0.5,
    "half_life": 5.0,
    "delivery": 0.5,
    "trial_size": 7,
    "trial_growth": 2.0,
    "minor_cap": 0.5,
    "share_friction": 0.5,
    "filler": "empty",
}


@pytest.mark.parametrize("key", OTHERS)
def test_one_number_is_changed_alone(key: str) -> None:
    changed = PLAIN.but("changed", **{key: OTHERS[key]})
    assert getattr(changed, key) == OTHERS[key]
    difference = changed.diff(PLAIN)
    assert difference["key"].to_list() == [key]
    assert difference["this"].to_list() == [f"{OTHERS[key]:g}" if key != "filler" else "empty"]
    assert changed.but("plain", **{key: getattr(PLAIN, key)}) == PLAIN


def test_sources_weights_and_signals_are_changed_one_by_one() -> None:
    feed = PLAIN.but(
        "other", sources={"fresh": 3}, weights={"recency": 0}, signals={"like": 1}, source="me"
    )
    assert dict(feed.sources) == {"following": 200, "fresh": 3}
    assert feed.weights["recency"] == 0
    assert (feed.signals["like"], feed.signals["completion"]) == (1, 1)
    assert (feed.source, PLAIN.but("x").source) == ("me", "")
    assert feed.diff(PLAIN).rows() == [
        ("source", "fresh", "3", "0"),
        ("factor", "recency", "0", "1"),
        ("signal", "like", "1", "0.6"),
    ]


def test_equal_feeds_differ_in_nothing_whatever_their_names() -> None:
    other = dataclasses.replace(PLAIN, name="other", source="elsewhere")
    assert other.diff(PLAIN).height == 0
    assert other.diff(PLAIN).columns == ["part", "key", "this", "other"]


def test_a_difference_in_the_last_digit_is_seen() -> None:
    near = PLAIN.but("near", weights={"recency": math.nextafter(1.0, 2.0)})
    assert near.diff(PLAIN).rows() == [("factor", "recency", "1.0000000000000002", "1")]


def test_a_score_function_takes_the_place_of_the_weights() -> None:
    custom = PLAIN.but("custom", score=by_recency)
    assert custom.score is by_recency
    assert not custom.weights
    assert "by_recency" in repr(custom)
    difference = custom.diff(PLAIN).filter(part="score")
    assert difference.row(0) == ("score", "score", "by_recency", "Σ weight · factor")
    again = custom.but("weighted", weights={"recency": 1.0})
    assert again == PLAIN.but("weighted")
    anonymous = PLAIN.but("partial", score=partial(by_recency))
    assert anonymous.diff(custom)["this"].to_list() == ["partial"]
    with pytest.raises(OptionError, match="weights and a score function"):
        PLAIN.but("both", score=by_recency, weights={"recency": 1.0})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": ""}, "a feed's name"),
        ({"sources": {"circel": 3}}, "Did you mean 'circle'"),
        ({"sources": {"circle": -1}}, r"sources\['circle'\]=-1: an integer from 0 on"),
        ({"sources": {"circle": 1.5}}, r"sources\['circle'\]=1.5: an integer"),
        ({"sources": {"circle": math.inf}}, "inf: an integer"),
        ({"sources": ["circle"]}, "must be a mapping"),
        ({"weights": {"likes": 1.0}}, "weights='likes' is unknown"),
        ({"weights": {"intrest": 1.0}}, "Did you mean 'interest'"),
        ({"weights": {"interest": math.nan}}, r"weights\['interest'\]=nan: a finite number"),
        ({"weights": {"interest": -math.inf}}, "-inf: a finite number"),
        ({"weights": {"interest": "1"}}, "'1': a finite number"),
        ({"weights": {"interest": True}}, "True: a finite number"),
        ({"signals": {"stare": 1.0}}, "signals='stare' is unknown"),
        ({"signals": {"like": math.inf}}, "inf: a finite number"),
        ({"topic_penalty": -1.0}, "topic_penalty"),
        ({"author_penalty": math.inf}, "author_penalty=inf: a finite number from 0 on"),
        ({"author_decay": 1.5}, r"author_decay=1.5: a number in \[0, 1\]"),
        ({"author_floor": -0.1}, "author_floor"),
        ({"learning_rate": 1.0}, "learning_rate"),
        ({"interest_share": 0.0}, r"interest_share=0.0: a number in \(0, 1\]"),
        ({"delivery": 1.01}, "delivery"),
        ({"half_life": 0.0}, "half_life=0.0: a number above 0"),
        ({"half_life": math.nan}, "half_life=nan"),
        ({"half_life": None}, "half_life=None: a number above 0"),
        ({"trial_size": 0}, "trial_size"),
        ({"trial_size": 1.5}, "trial_size=1.5: an integer from 1 on"),
        ({"trial_growth": 0.5}, "trial_growth"),
        ({"filler": "random"}, "filler"),
        ({"filler": "popular"}, "Did you mean 'popularity'"),
        ({"source": {"circle": 3}}, "quotas go into sources"),
        ({"score": 3}, "score is 3"),
        ({"score": by_recency, "weights": {"recency": 1.0}}, "weights={}"),
    ],
)
def test_bad_input_is_refused(options: dict[str, Any], message: str) -> None:
    known = {"name": "mine", "sources": {}, "weights": {}} | options
    with pytest.raises(OptionError, match=message) as caught:
        Feed(**known)
    assert not known["name"] or "'mine'" in str(caught.value)


@given(
    st.dictionaries(st.sampled_from(list(FACTORS)), st.floats(-1e9, 1e9)),
    st.dictionaries(st.sampled_from(list(SOURCES)), st.integers(0, 10**6)),
    st.sampled_from(FILLERS),
)
def test_a_difference_is_what_undoes_it(
    weights: dict[str, float], sources: dict[str, int], filler: str
) -> None:
    feed = PLAIN.but("other", weights=weights, sources=sources, filler=filler)
    rows = feed.diff(PLAIN).rows()
    back = feed.but(
        "plain",
        sources={key: int(theirs) for part, key, _, theirs in rows if part == "source"},
        weights={key: float(theirs) for part, key, _, theirs in rows if part == "factor"},
        filler=PLAIN.filler,
    )
    assert back.diff(PLAIN).height == 0
    assert all(mine != theirs for _, _, mine, theirs in rows)
