"""Factors of a difference between two feeds, and the feeds between them."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from graphkit.attribution import feed_factors
from graphkit.attribution.feed_factors import feed_keys
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.recommenders import Feed, chronological, follower_centric, interest_centric
from graphkit.recommenders.context import Context

A, B = follower_centric(), interest_centric()


def scored(context: Context) -> np.ndarray[Any, np.dtype[np.float32]]:
    return context.factor("recency")


def test_parts_are_those_in_which_the_feeds_differ() -> None:
    found = feed_factors(A, B)
    assert found.names == ("sources", "weights", "diversity", "learning", "candidates")
    differing = {(row[0], row[1]) for row in A.diff(B).rows()}
    assert found.frame.height == len(differing)
    row = found.frame.filter(key="weights.interest").row(0)
    assert row == ("weights", "weights.interest", "0.1", "1")
    both = feed_factors(chronological(), B).frame.filter(factor="filler").row(0)
    assert both == ("filler", "filler", "empty", "uniform")


@pytest.mark.parametrize("factors", ["parts", "numbers"])
def test_the_ends_are_the_feeds_themselves(factors: str) -> None:
    found = feed_factors(A, B, factors=factors)
    assert found.feed([]) is A
    assert found.feed(found.names) is B


def test_a_coalition_has_the_numbers_of_b_for_its_factors_and_of_a_for_the_rest() -> None:
    found = feed_factors(A, B)
    for size in range(1, len(found.names)):
        for chosen in combinations(found.names, size):
            mixed = found.feed(chosen)
            own = {key for name in chosen for key in found.keys[name]}
            differing = found.frame.get_column("key").to_list()
            assert {key for key in differing if key in own} == {
                key for key in differing if feed_has(mixed, B, key) and not feed_has(A, B, key)
            }
            assert all(feed_has(mixed, A, key) for key in feed_keys() if key not in own)


def feed_has(feed: Feed, other: Feed, key: str) -> bool:
    table, _, name = key.partition(".")
    if name:
        return bool(getattr(feed, table).get(name, 0) == getattr(other, table).get(name, 0))
    return bool(getattr(feed, key) == getattr(other, key))


def test_exchanged_feeds_give_the_complement() -> None:
    there, back = feed_factors(A, B), feed_factors(B, A)
    assert there.names == back.names
    some = there.feed(["weights", "learning"])
    rest = back.feed(["sources", "diversity", "candidates"])
    assert some.diff(rest).height == 0


def test_a_score_function_and_weights_are_one_factor() -> None:
    mine = A.but("mine", score=scored, author_penalty=0.3)
    found = feed_factors(A, mine)
    assert found.names == ("score", "diversity")
    assert set(found.keys["score"]) == {"score", *(f"weights.{key}" for key in A.weights)}
    assert feed_factors(A, mine, factors="numbers").names == ("score", "author_penalty")
    assert found.feed(["score"]).score is scored
    assert dict(found.feed(["diversity"]).weights) == dict(A.weights)
    with pytest.raises(OptionError, match="give them to one factor"):
        feed_factors(
            A,
            mine,
            factors={
                "weights": [f"weights.{key}" for key in A.weights],
                "rest": ["score", "diversity"],
            },
        )
    # the name of the part stands for the weights that go with the function
    assert feed_factors(A, mine, factors={"all": ["score", "diversity"]}).names == ("all",)


def test_two_functions_are_a_factor_and_one_is_none() -> None:
    def other(context: Context) -> np.ndarray[Any, np.dtype[np.float32]]:
        return context.factor("chance")

    mine = A.but("mine", score=scored)
    assert feed_factors(mine, mine.but("other", score=other)).names == ("score",)
    assert feed_factors(mine, mine.but("fewer", sources={"circle": 1})).names == ("sources",)


def test_a_mapping_must_cover_all_that_differs() -> None:
    with pytest.raises(OptionError, match=r"'half_life'.*are in no factor.*others"):
        feed_factors(A, B, factors={"all but one": ["sources", "weights", "diversity"]})
    found = feed_factors(
        A,
        B,
        factors={"where": "sources", "how": ["weights", "diversity", "learning", "candidates"]},
    )
    assert found.names == ("where", "how")
    assert found.keys["where"] == tuple(
        key for key in feed_factors(A, B, factors="numbers").names if key.startswith("sources.")
    )


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ({"x": ["weights.intrest"]}, "Did you mean 'weights.interest'"),
        ({"x": ["filler"]}, "none of its keys differs"),
        ({"x": ["weights"], "y": ["weights.interest"]}, "is in 'x' and in 'y'"),
        ("part", "Did you mean 'parts'"),
    ],
)
def test_other_divisions_are_refused(factors: Any, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        feed_factors(A, B, factors=factors)


def test_equal_feeds_and_other_things_are_refused() -> None:
    with pytest.raises(DataError, match="no difference to explain"):
        feed_factors(A, A.but("again", weights={"chance": 0.0}))
    with pytest.raises(DataError, match="give two feeds"):
        feed_factors(A, "interest")  # type: ignore[arg-type]
    with pytest.raises(MissingDataError, match="Did you mean 'sources'"):
        feed_factors(A, B).feed(["source"])


def test_the_display_names_the_keys_of_each_factor() -> None:
    text = repr(feed_factors(A, B))
    assert "diversity" in text
    assert "topic_penalty" in text
