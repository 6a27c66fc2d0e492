"""Payout schemes: amounts and thresholds by hand, the presets and the origin of their numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from graphkit.errors import OptionError
from graphkit.measures import Payout, payout_numbers, payouts

#: Views, minutes, followers and reactions of four creators.
VIEWS, MINUTES = [100, 50, 10, 0], [30.0, 15.0, 4.0, 1.0]
FOLLOWERS, REACTIONS = [20, 40, 5, 9], [10, 5, 2, 0]


def amounts(payout: Payout) -> list[float]:
    found: list[float] = payout.amounts(VIEWS, MINUTES, FOLLOWERS, REACTIONS).tolist()
    return found


def test_presets_by_hand() -> None:
    known = payouts()
    assert amounts(known["per_view"]) == amounts(known["view_fund"]) == VIEWS
    assert amounts(known["watch_fund"]) == MINUTES
    # 5 of 50 minutes may be outside with a tenth; with a twentieth, the last one alone is
    assert amounts(known["partner_programme"]) == [30, 15, 4, 0]
    assert amounts(replace(known["partner_programme"], entry=0.1)) == [30, 15, 0, 0]
    # 2 % of the followers at half of 4.99, and a cent a reaction
    expected = [0.02 * 4.99 / 2 * f + 0.01 * r for f, r in zip(FOLLOWERS, REACTIONS, strict=True)]
    assert amounts(known["subscriptions"]) == pytest.approx(expected)
    # followers times reactions per view: 2, 4, 1, 0; four tenths of a place go to the second
    assert amounts(known["marketplace"]) == pytest.approx([0, 0.4 * 0.01 * 4, 0, 0])
    assert amounts(replace(known["marketplace"], chosen=0.5)) == pytest.approx([0.02, 0.04, 0, 0])


def test_only_funds_are_pooled() -> None:
    assert [name for name, payout in payouts().items() if payout.pooled] == [
        "watch_fund",
        "view_fund",
    ]


def test_creators_that_tie_at_the_limit_share_what_is_left() -> None:
    payout = Payout("deals", per_engaged=1.0, chosen=0.5)
    found = payout.amounts([1] * 4, [0.0] * 4, [3, 2, 2, 2], [1] * 4)
    # two places: one for the first, a third of the other for each of the rest
    assert found.tolist() == pytest.approx([3, 2 / 3, 2 / 3, 2 / 3])
    # whatever the order of the rows
    again = payout.amounts([1] * 4, [0.0] * 4, [2, 2, 3, 2], [1] * 4)
    assert again.tolist() == pytest.approx([2 / 3, 2 / 3, 3, 2 / 3])


def test_income_split_over_posts_by_hand() -> None:
    # creators 0, 1, 2 with three, two posts and one
    author, followers = [0, 1, 0, 0, 1, 2], [10, 4, 2]
    tallies: dict[str, Any] = {"views": [6, 5, 2, 0, 5, 4], "reactions": [3, 0, 1, 0, 2, 0]}
    tallies |= {"minutes": [4.0, 3.0, 1.0, 0.0, 3.0, 1.0]}

    def split(**parts: float) -> list[float]:
        given = (tallies["views"], tallies["minutes"], followers, tallies["reactions"])
        found: list[float] = Payout("p", **parts).of_posts(author, *given).tolist()
        return found

    assert split(per_view=0.5) == [3, 2.5, 1, 0, 2.5, 2]
    assert split(per_follower=3.0) == pytest.approx([10, 6, 10, 10, 6, 6])
    # followers times reactions per view are 5, 0.8 and 0, paid for by reactions: 3 : 1 and all
    assert split(per_engaged=2.0) == pytest.approx([7.5, 0, 2.5, 0, 1.6, 0])
    assert split(per_engaged=2.0, chosen=1 / 3) == pytest.approx([7.5, 0, 2.5, 0, 0, 0])
    # a tenth of twelve minutes may be outside: those of the last creator
    assert split(per_minute=1.0, entry=0.1) == [4, 3, 1, 0, 3, 0]


@pytest.mark.parametrize("name", payouts())
def test_the_posts_of_a_creator_earn_what_it_earns(name: str) -> None:
    rng, posts, creators = np.random.default_rng(2), 90, 20
    author = np.concatenate([np.arange(creators), rng.integers(0, creators, posts - creators)])
    views, reactions = rng.integers(0, 50, posts), rng.integers(0, 9, posts)
    minutes, followers = rng.random(posts), rng.integers(0, 30, creators)
    payout = payouts()[name]
    sums = [np.bincount(author, x, creators) for x in (views, minutes, reactions)]
    single = payout.of_posts(author, views, minutes, followers, reactions)
    whole = payout.amounts(sums[0], sums[1], followers, sums[2])
    assert np.bincount(author, single, creators) == pytest.approx(whole)
    assert (single >= 0).all()


@pytest.mark.parametrize("entry", [0.05, 0.3, 0.9])
def test_below_the_threshold_are_at_most_a_share_and_one_more_would_be_too_many(
    entry: float,
) -> None:
    minutes = np.random.default_rng(3).integers(0, 40, 200).astype(float)
    least = Payout("m", per_minute=1.0, entry=entry).threshold(minutes)
    assert least in minutes
    assert minutes[minutes < least].sum() <= entry * minutes.sum()
    assert minutes[minutes <= least].sum() > entry * minutes.sum()


def test_without_entry_nobody_is_outside() -> None:
    assert Payout("m", per_minute=1.0).threshold([0.0, 5.0]) == 0


def test_every_number_has_an_origin_and_is_a_part_of_its_scheme() -> None:
    numbers = payout_numbers()
    assert set(numbers["origin"]) == {"source", "memory: not checked", "assumption"}
    cited = numbers.filter(pl.col("origin") != "assumption")
    assert not cited["source"].null_count()
    assert (
        numbers.filter(origin="assumption")["source"].null_count()
        == numbers.filter(origin="assumption").height
    )
    for name, payout in payouts().items():
        product = numbers.filter(payout=name).group_by("part").agg(pl.col("value").product())
        values = dict(payout.frame.iter_rows())
        assert {part: values[part] for part in product["part"]} == pytest.approx(
            dict(product.iter_rows())
        )
        assert payout.meaning in repr(payout)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "pays nothing"),
        ({"per_view": -1}, "per_view"),
        ({"per_view": float("nan")}, "per_view"),
        ({"per_view": 1, "chosen": 0}, "chosen"),
        ({"per_view": 1, "entry": 1}, "entry"),
        ({"per_view": 1, "pooled": 1}, "pooled"),
        ({"per_view": 1, "name": ""}, "name"),
        ({"per_view": 1, "meaning": None}, "meaning"),
    ],
)
def test_schemes_that_are_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        Payout(**{"name": "mine", **fields})
