"""Evaluation run by run gives the measures of one simulation, and simulates nothing twice."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import graphkit as gk
from graphkit.attribution import evaluate
from graphkit.communities.visibility import visibility_of_all
from graphkit.data.world import World
from graphkit.errors import DataError, FileError, GraphkitWarning, MissingDataError, OptionError
from graphkit.measures import hosting_by_visibility
from graphkit.recommenders import Feed, chronological, follower_centric, interest_centric, uniform
from graphkit.recommenders.context import Context
from graphkit.simulation import Behaviour

ARMS = {"f": follower_centric(), "i": interest_centric(), "uniform": uniform()}
OPTIONS: dict[str, Any] = {"ticks": 3, "slots": 4, "rng": 3}


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    """A world of 300 accounts, and the three parts of its jackknife."""
    world = gk.build_world(gk.synthetic.platform(accounts=300, rng=1), rng=1)
    return gk.resample_worlds(world, 3, rng=1)


def at_once(worlds: Sequence[World], arms: Mapping[str, Feed], **options: Any) -> pl.DataFrame:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        return gk.measure_spread(gk.simulate_spread(worlds, arms, **OPTIONS | options))


def counted(
    worlds: Sequence[World], arms: Mapping[str, Feed], **options: Any
) -> tuple[pl.DataFrame, int]:
    """The outcome, and the number of runs that were simulated."""
    seen: list[int] = []
    with gk.show_progress(lambda what, done, total: seen.append(total)):
        outcome = evaluate(worlds, arms, **OPTIONS | options)
    return outcome, max(seen)


@pytest.mark.parametrize("reading", ["filled", "empty", "shared"])
def test_the_measures_are_those_of_one_simulation(worlds: list[World], reading: str) -> None:
    options: dict[str, Any] = {"reading": reading, "replications": 2}
    expected = at_once(worlds, ARMS, **options)
    found, runs = counted(worlds, ARMS, **options)
    assert_frame_equal(found, expected)
    assert runs == 3 * 4 * 2
    assert found.get_column("sample").unique().sort().to_list() == ["part", "whole"]


def test_a_free_budget_and_other_behaviour(worlds: list[World]) -> None:
    options: dict[str, Any] = {"budget": "free", "behaviour": Behaviour(social_share=0.3)}
    assert_frame_equal(
        evaluate(worlds[0], ARMS, **OPTIONS, **options), at_once(worlds[:1], ARMS, **options)
    )


def test_parts_of_which_some_are_missing_are_no_sample(worlds: list[World]) -> None:
    assert_frame_equal(
        evaluate(worlds[:3], {"uniform": uniform()}, **OPTIONS),
        at_once(worlds[:3], {"uniform": uniform()}),
    )


def test_feeds_of_another_name_are_simulated_once(worlds: list[World]) -> None:
    alike = interest_centric().but("another name", source="another paper")
    arms = ARMS | {"same": alike, "other": alike.but("slower", learning_rate=0.01)}
    found, runs = counted(worlds[:1], arms, reading="shared")
    assert runs == 4
    assert_frame_equal(found, at_once(worlds[:1], arms, reading="shared"))


def newest(context: Context) -> np.ndarray:
    return context.factor("recency")


def test_functions_are_one_only_if_they_are_the_same(worlds: list[World]) -> None:
    def weighted(by: _Number) -> Any:
        return lambda context: np.float32(by.value) * context.factor("recency")

    # neither the name nor the text nor a key of what they hold tells the last two apart
    scores = [newest, newest, weighted(_Number(1)), weighted(_Number(-1))]
    feeds = [follower_centric().but("own", score=score) for score in scores]
    arms = dict(zip("abcd", feeds, strict=True))
    found, runs = counted(worlds[:1], arms)
    assert runs == 3
    assert_frame_equal(found, at_once(worlds[:1], arms))


class _Number:
    def __init__(self, value: int) -> None:
        self.value = value

    def weighted(self, context: Context) -> Any:
        return np.float32(self.value) * context.factor("recency")


def test_a_cache_keeps_no_function_that_it_could_not_tell_from_others(
    worlds: list[World], tmp_path: Path
) -> None:
    def arms_by(one: Any, other: Any) -> dict[str, Feed]:
        base = follower_centric()
        return {name: base.but("own", score=score) for name, score in (("a", one), ("b", other))}

    # bound methods hold the numbers of their object
    arms = arms_by(_Number(1).weighted, _Number(-1).weighted)
    expected = at_once(worlds[:1], arms)
    for _ in range(2):
        assert_frame_equal(evaluate(worlds[:1], arms, cache=tmp_path, **OPTIONS), expected)

    def holding(by: _Number) -> Any:
        return lambda context: by.weighted(context)

    for held in (_Number(1), _Slots(1)):
        arms = arms_by(holding(held), newest)
        with pytest.raises(OptionError, match="score function of arm 'a' holds more than numbers"):
            evaluate(worlds[:1], arms, cache=tmp_path, **OPTIONS)


class _Slots:
    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value


def test_visibility_adds_its_rows_and_the_arm_of_random_posts(worlds: list[World]) -> None:
    kinds = list(worlds[0].partitions)
    seen = dict(
        zip(
            kinds,
            visibility_of_all(
                [worlds[0].partitions[k] for k in kinds], worlds[0].follows, runs=2, rng=1
            ),
            strict=True,
        )
    )
    arms = {"f": ARMS["f"], "i": ARMS["i"]}
    found = evaluate(worlds, arms, visibility=seen, **OPTIONS)
    assert_frame_equal(found, hosting_by_visibility(at_once(worlds, ARMS), seen))
    renamed = evaluate(worlds, arms, visibility=seen, random="chance", **OPTIONS)
    same = found.with_columns(pl.col("arm").replace("uniform", "chance"))
    assert_frame_equal(renamed, same)


def test_nothing_is_simulated_twice(worlds: list[World], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    some = {"i": ARMS["i"]}
    assert counted(worlds[:1], some, cache=cache)[1] == 1
    # more arms, worlds and replications, and another order
    more = {"uniform": uniform(), "renamed": interest_centric().but("renamed")}
    found, runs = counted(worlds, more, cache=cache, replications=2)
    assert runs == 2 * 4 * 2 - 1
    assert_frame_equal(found, at_once(worlds, more, replications=2))
    again, runs = counted(worlds, more, cache=cache, replications=2)
    assert (runs, again.equals(found)) == (0, True)
    # what else the rows depend on
    for other in ({"ticks": 2}, {"slots": 3}, {"rng": 4}, {"reading": "empty"}, {"budget": "free"}):
        assert counted(worlds[:1], some, cache=cache, **other)[1] == 1
    assert counted(worlds[:1], some, cache=cache, behaviour=Behaviour(social_share=0.3))[1] == 1


def test_shared_slots_depend_on_all_arms(worlds: list[World], tmp_path: Path) -> None:
    options: dict[str, Any] = {"reading": "shared", "cache": tmp_path / "cache"}
    two = {"f": ARMS["f"], "i": ARMS["i"]}
    three = two | {"c": chronological()}
    for arms, expected in ((two, 2), (three, 3), (dict(reversed(three.items())), 0)):
        found, runs = counted(worlds[:1], arms, **options)
        assert runs == expected
        assert_frame_equal(found, at_once(worlds[:1], arms, reading="shared"))


def test_an_interrupted_call_goes_on(worlds: list[World], tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    def stop(what: str, done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with gk.show_progress(stop), pytest.raises(KeyboardInterrupt, match=r"2 of 3 runs .* kept in"):
        evaluate(worlds[0], ARMS, cache=cache, **OPTIONS)
    found, runs = counted(worlds[:1], ARMS, cache=cache)
    assert runs == 1
    assert_frame_equal(found, at_once(worlds[:1], ARMS))
    with gk.show_progress(stop), pytest.raises(KeyboardInterrupt, match="without a cache none"):
        evaluate(worlds[0], ARMS, **OPTIONS)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("damage", ["cut", "text", "other"])
def test_a_damaged_file_is_set_aside_and_made_again(
    worlds: list[World], tmp_path: Path, damage: str
) -> None:
    cache = tmp_path / "cache"
    expected = evaluate(worlds[0], ARMS, cache=cache, **OPTIONS)
    first, second, _ = sorted(cache.rglob("*.parquet"))
    whole = first.read_bytes()
    wrong = {"cut": whole[:-9], "text": b"no table", "other": second.read_bytes()}
    first.write_bytes(wrong[damage])
    with pytest.warns(GraphkitWarning, match="set aside as"):
        found, runs = counted(worlds[:1], ARMS, cache=cache)
    assert (runs, found.equals(expected)) == (1, True)
    assert first.read_bytes() == whole
    assert len(list(cache.rglob("*.damaged"))) == 1


def test_the_seed_is_that_of_the_cache(worlds: list[World], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    options: dict[str, Any] = {"ticks": 2, "slots": 3, "cache": cache}
    first = evaluate(worlds[0], {"uniform": uniform()}, **options)
    assert evaluate(worlds[0], {"uniform": uniform()}, **options).equals(first)
    other = evaluate(worlds[0], {"uniform": uniform()}, **options, rng=5)
    assert not other.equals(first)


def test_wrong_input_is_refused(worlds: list[World], tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="evaluate needs at least one world and one arm"):
        evaluate(worlds, {}, **OPTIONS)
    with pytest.raises(OptionError, match="two arms are needed"):
        evaluate(worlds, {"i": ARMS["i"]}, reading="shared", **OPTIONS)
    with pytest.raises(MissingDataError, match="no partition 'intrest'"):
        evaluate(worlds, ARMS, visibility={"intrest": None}, **OPTIONS)  # type: ignore[dict-item]
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileError, match="not a folder of evaluations"):
        evaluate(worlds, ARMS, cache=tmp_path, **OPTIONS)


@pytest.mark.parametrize("function", [evaluate, gk.simulate_spread])
def test_things_of_another_type_are_named(worlds: list[World], function: Any) -> None:
    for some, arms, words in (
        ("world", ARMS, "a str is not a World"),
        (5, ARMS, "a int is not a World"),
        ([worlds[0], None], ARMS, "a NoneType is not a World"),
        (worlds, [ARMS["f"]], "feeds by the names of their arms"),
        (worlds, {"f": "following"}, "arms has 'f': str"),
        (worlds, {1: ARMS["f"]}, "arms has 1: Feed"),
    ):
        with pytest.raises((DataError, OptionError), match=words):
            function(some, arms, **OPTIONS)


def test_a_folder_in_use_is_refused(worlds: list[World], tmp_path: Path) -> None:
    def call_again(what: str, done: int, total: int) -> None:
        evaluate(worlds[0], ARMS, cache=tmp_path, **OPTIONS)

    with gk.show_progress(call_again), pytest.raises(FileError, match="is in use"):
        evaluate(worlds[0], ARMS, cache=tmp_path, **OPTIONS)
