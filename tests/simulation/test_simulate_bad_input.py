"""What is refused before the first tick, worlds that are exhausted, progress, and Ctrl-C."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError
from graphkit.kernels import state as codes
from graphkit.recommenders import Feed, follower_centric, interest_centric, presets, uniform
from graphkit.simulation import Behaviour, engine

Simulate = Callable[..., Spread]


@pytest.mark.parametrize(
    "options", [{"ticks": 0}, {"replications": 0}, {"slots": 0}, {"budget": "fair"}]
)
def test_options_out_of_range(world: World, simulate: Simulate, options: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=str(next(iter(options)))):
        simulate(world, {"u": uniform()}, **options)


def test_neither_arms_nor_worlds(world: World, simulate: Simulate) -> None:
    with pytest.raises(OptionError, match="at least one world and one arm"):
        simulate(world, {})
    with pytest.raises(OptionError, match="at least one world and one arm"):
        gk.simulate_spread([], {"u": uniform()}, ticks=1)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"weights": {"intrest": 1.0}}, "interest"),
        ({"sources": {"followers": 10}}, "follow"),
        ({"weights": {"interest": float("nan")}}, "interest"),
        ({"weights": {"recency": float("inf")}}, "recency"),
    ],
)
def test_feeds_of_unknown_parts_or_no_numbers(parts: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Feed("mine", **{"sources": {"everywhere": 10}, "weights": {"chance": 1.0}} | parts)


@pytest.mark.parametrize("source", ["following", "circle"])
def test_a_world_without_follows(world: World, simulate: Simulate, source: str) -> None:
    lonely = dataclasses.replace(
        world, follows=Graph.from_edges([], [], directed=True, nodes=world.accounts)
    )
    for feed in (follower_centric(), Feed("one", {source: 10}, {"chance": 1.0})):
        with pytest.raises(MissingDataError, match=r"arm 'f'.*world 1 has no follows"):
            simulate([world, lonely], {"u": uniform(), "f": feed})
    simulate(lonely, {"u": uniform()}, ticks=1)


@pytest.mark.parametrize("what", ["profiles", "post_features"])
def test_a_world_without_features(world: World, simulate: Simulate, what: str) -> None:
    blank = dataclasses.replace(world, **{what: np.zeros_like(getattr(world, what))})
    for feed in (interest_centric(), Feed("one", {"everywhere": 10}, {"interest": 0.1})):
        with pytest.raises(MissingDataError, match="arm 'i' ranks by interest, but world 0"):
            simulate(blank, {"i": feed})
    simulate(blank, {"u": uniform()}, ticks=1)


def test_a_world_without_what_is_optional_runs_every_feed(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate
) -> None:
    facts = (
        "durations",
        "divisiveness",
        "flagged",
        "cross_posted",
        "answers_to",
        "post_country",
        "post_language",
        "country",
        "language",
        "device",
        "group_indptr",
        "groups",
    )
    bare = dataclasses.replace(world, **dict.fromkeys(facts))
    for budget in ("matched", "free"):
        spread = simulate(bare, all_feeds, ticks=4, budget=budget)
        assert all(spread.impressions(arm) for arm in all_feeds)
        assert spread.of("everything")[0].sources[codes.GROUPS] == 0


def test_posts_that_enter_too_late(world: World, simulate: Simulate) -> None:
    late = dataclasses.replace(world, ticks=world.ticks + 5)
    with pytest.raises(DataError, match="world 0: no post enters before tick 5, and ticks=5"):
        simulate(late, {"u": uniform()}, ticks=5)
    # before anything has entered there is nothing to show
    with pytest.raises(DataError, match="in tick 0"):
        simulate(late, {"u": uniform()}, ticks=6)
    empty = uniform().but("u", filler="empty")
    tally = simulate(late, {"u": empty}, ticks=6).of("u")[0]
    assert tally.ticks[:, :5].sum() == 0
    assert tally.ticks[:, 5].sum() > 0


def test_behaviour_out_of_range() -> None:
    for numbers in ({"social_share": 1.5}, {"noise": -0.1}, {"activity": 0}, {"drift": 2}):
        with pytest.raises(OptionError, match=next(iter(numbers))):
            Behaviour(**numbers)
    with pytest.raises(OptionError, match="like_base=nan: a finite number"):
        Behaviour(like_base=float("nan"))


def test_extreme_behaviour_gives_finite_numbers(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate
) -> None:
    for sign in (-1, 1):
        numbers = {
            spec.name: sign * 1000.0
            for spec in dataclasses.fields(Behaviour)
            if spec.name.endswith(("_base", "_slope"))
        }
        for budget in ("matched", "free"):
            with np.errstate(over="ignore"):
                spread = simulate(
                    world,
                    {"e": all_feeds["everything"]},
                    ticks=4,
                    budget=budget,
                    behaviour=Behaviour(**numbers),
                )
            tally = spread.of("e")[0]
            assert np.isfinite([tally.leave, tally.back, tally.stay]).all()
            assert 0 <= tally.leave <= 1
            assert 0 <= tally.posting <= 1


def test_an_exhausted_world(world: World, simulate: Simulate) -> None:
    with pytest.raises(
        DataError, match=r"arm 'u', world 0: in tick \d+ \d+ slots cannot be filled"
    ):
        simulate(world, {"u": uniform()}, slots=60)
    # answers would be more to see
    silent = {"budget": "free", "behaviour": Behaviour(answer_posts=0)}
    assert simulate(world, {"u": uniform()}, slots=60, **silent).of("u")[0].empty


def test_filler_is_marked_counted_and_can_be_left_out(world: World, simulate: Simulate) -> None:
    feed = presets.chronological()
    arms = {
        "uniform": feed.but("u", filler="uniform"),
        "empty": feed,
        "popularity": feed.but("p", filler="popularity"),
    }
    spread = simulate(world, arms)
    tallies = {arm: spread.of(arm)[0] for arm in arms}
    assert tallies["uniform"].sources[codes.FILLER] > 0
    assert tallies["empty"].sources[codes.FILLER] == 0
    assert tallies["empty"].impressions + tallies["empty"].empty == spread.impressions("uniform")
    shown = [
        np.sort(tallies[arm].ticks.sum(axis=1))[-10:].sum() for arm in ("popularity", "uniform")
    ]
    assert shown[0] > shown[1]


def test_progress_is_reported_and_an_interrupt_leaves_nothing(
    world: World, simulate: Simulate
) -> None:
    seen = []

    def report(what: str, done: int, total: int) -> None:
        seen.append((what, done, total))
        if done == 5:
            raise KeyboardInterrupt

    arms = {"u": uniform(), "i": interest_centric()}
    key = world.content_key
    with pytest.raises(KeyboardInterrupt), gk.show_progress(report):
        simulate(world, arms, ticks=4)
    assert seen == [("simulating", done, 8) for done in range(6)]
    assert world.content_key == key


def test_an_interrupt_in_a_thread_ends_the_others(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "FEW", 8)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "run_sessions", interrupted)
    with pytest.raises(KeyboardInterrupt):
        simulate(world, {"u": uniform()})


def test_counts_by_community_that_do_not_fit_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    arms = {"follower": follower_centric(), "uniform": uniform()}
    module = import_module("graphkit.simulation.arguments")
    options: dict[str, Any] = {"ticks": 1, "slots": 2, "replications": 3, "rng": 1}
    options["reading"] = "empty"
    spread = gk.simulate_spread(world, arms, **options)
    held = sum(
        array.nbytes
        for tally in spread.tallies.values()
        for table in (tally.views, tally.diet, tally.arrivals)
        for array in table.values()
    )
    assert module.community_bytes((world,), len(arms) * 3) == held
    monkeypatch.setattr(module, "memory_budget", lambda memory: held - 1)
    with pytest.warns(GraphkitWarning, match="counts of posts and accounts by community") as told:
        gk.simulate_spread(world, arms, **options)
    assert told[0].filename == __file__
    monkeypatch.setattr(module, "memory_budget", lambda memory: held)
    gk.simulate_spread(world, arms, **options)
