"""Ablation: one factor exchanged at a time, from both ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.attribution import ablate
from graphkit.data.world import World
from graphkit.errors import DataError, OptionError
from graphkit.recommenders import Feed, source_by_ranking

PLAYED: dict[str, Any] = {"measure": "viewer_value", "ticks": 1, "factors": "numbers", "rng": 1}
A = Feed("a", {"everywhere": 60}, {"chance": 1.0}, learning_rate=0.0)
B = A.but("b", topic_penalty=1.0, author_penalty=1.0, learning_rate=0.5)


def bits(feed: Feed) -> tuple[int, int, int]:
    x, y, z = feed.topic_penalty, feed.author_penalty, feed.learning_rate
    return int(x > 0), int(y > 0), int(z > 0)


def test_both_directions_have_the_sign_of_the_gap_and_differ_by_interaction(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    size = np.array([1.0, 1.1, 0.9, 1.2])

    def game(feed: Feed, w: int, r: int) -> float:
        x, y, z = bits(feed)
        return 5 + float(size[w]) * (x + 2 * y + 4 * x * y - z)

    calls = play(game, small_worlds)
    found = ablate(small_worlds, A, B, **PLAYED)
    assert calls == [8]  # A, B, and each factor from either end
    rows = {(r["factor"], r["direction"]): r for r in found.frame.iter_rows(named=True)}
    mean = size.mean()
    expected = {
        ("topic_penalty", "a to b"): mean,
        ("topic_penalty", "b to a"): 5 * mean,
        ("author_penalty", "a to b"): 2 * mean,
        ("author_penalty", "b to a"): 6 * mean,
        ("learning_rate", "a to b"): -mean,
        ("learning_rate", "b to a"): -mean,
    }
    assert {key: row["difference"] for key, row in rows.items()} == pytest.approx(expected)
    low, high = stats.ttest_1samp(5 * size, 0).confidence_interval(0.95)
    row = rows["topic_penalty", "b to a"]
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert row["share"] == pytest.approx(5 / 6)
    signs = {key: row["sign"] for key, row in rows.items()}
    assert signs["topic_penalty", "a to b"] == "higher"
    assert signs["learning_rate", "b to a"] == "lower"
    between = {r["factor"]: r for r in found.interactions.iter_rows(named=True)}
    assert between["author_penalty"]["value"] == pytest.approx(4 * mean)
    assert between["author_penalty"]["sign"] == "higher"
    assert between["learning_rate"]["value"] == pytest.approx(0, abs=1e-12)
    text = repr(found)
    assert text.count("interacts with others") == 2
    assert found.gap["gap"].item() == pytest.approx(6 * mean)


def test_the_share_of_a_gap_around_zero_is_not_told(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    gaps = [1.0, -1.0, 0.5, -0.4]
    play(lambda feed, w, r: gaps[w] * bits(feed)[0], small_worlds)
    found = ablate(small_worlds, A, B, **PLAYED)
    assert found.frame["share"].null_count() == found.frame.height
    assert found.gap["direction"].item() == "not distinguishable"


def test_one_factor_is_the_gap_from_both_ends(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    calls = play(lambda feed, w, r: float(w) * bits(feed)[2], small_worlds)
    found = ablate(small_worlds, A, A.but("b", learning_rate=0.5), **PLAYED)
    assert calls == [2]
    assert found.frame["difference"].to_list() == [1.5, 1.5]
    assert found.interactions["value"].to_list() == [0.0]


def test_differences_are_those_of_simulations(small_worlds: list[World]) -> None:
    corners = source_by_ranking()
    a, b = corners["circle × circle reactions"], corners["everywhere × interest"]
    options: dict[str, Any] = {"ticks": 2, "slots": 4, "reading": "empty", "rng": 4}
    found = ablate(small_worlds, a, b, measure="crossing", **options)
    spread = gk.simulate_spread(small_worlds, corners, **options)
    outcome = gk.measure_spread(spread)
    steps = {
        ("sources", "a to b"): ("everywhere × circle reactions", a.name),
        ("sources", "b to a"): (b.name, "circle × interest"),
        ("weights", "a to b"): ("circle × interest", a.name),
        ("weights", "b to a"): (b.name, "everywhere × circle reactions"),
    }
    for row in found.frame.iter_rows(named=True):
        gap = gk.contrast(outcome, *steps[row["factor"], row["direction"]]).row("crossing")
        assert row["difference"] == pytest.approx(gap["difference"], abs=1e-14)
        assert (row["low"], row["high"]) == pytest.approx((gap["low"], gap["high"]), abs=1e-14)
        assert (row["worlds"], row["interval"]) == (gap["worlds"], gap["interval"])


def test_a_cache_and_shared_communities(small_worlds: list[World], tmp_path: Any) -> None:
    b = A.but("b", weights={"interest": 1.0})
    options: dict[str, Any] = {"ticks": 2, "slots": 3, "cache": tmp_path, "rng": 2}
    name = small_worlds[0].partitions["planted"].labels[0]
    first = ablate(small_worlds[:1], A, b, measure="hosting_reach", community=name, **options)
    again = ablate(small_worlds[:1], A, b, measure="hosting_reach", community=name, **options)
    assert first == again
    assert first.frame["community"].unique().to_list() == [name]
    assert first.frame["low"].null_count() == 2  # one run has no interval


def test_no_worlds_and_one_measure_twice_are_refused(small_worlds: list[World]) -> None:
    with pytest.raises(OptionError, match="at least one world"):
        ablate([], A, B, **PLAYED)
    with pytest.raises(OptionError, match="each once"):
        ablate(small_worlds, A, B, **PLAYED | {"measure": ["crossing", "crossing"]})
    with pytest.raises(DataError, match="no difference"):
        ablate(small_worlds, A, A, **PLAYED)


def test_tables_have_the_same_columns_without_values(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    play(lambda feed, w, r: None, small_worlds)
    found = ablate(small_worlds, A, B, **PLAYED)
    assert found.frame.select(pl.col("difference", "low", "sign").is_null().all()).row(0) == (
        True,
        True,
        True,
    )
    assert found.provenance.removed == {"runs in which some feed has no viewer_value": 4}
