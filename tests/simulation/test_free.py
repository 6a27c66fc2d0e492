"""What viewers do under a free budget, and that a matched one only records it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.recommenders import Feed, uniform
from graphkit.simulation import Behaviour
from graphkit.simulation.engine import Run

Log = Callable[[Run], list[tuple[int, ...]]]


@pytest.fixture
def tally(world: World, simulate: Callable[..., Spread]) -> Callable[..., ArmTally]:
    def of(budget: str, feed: Feed | None = None, **numbers: float) -> ArmTally:
        arms = {"arm": feed or uniform()}
        return simulate(world, arms, budget=budget, behaviour=Behaviour(**numbers)).of("arm")[0]

    return of


@pytest.mark.parametrize(
    ("numbers", "propensity"),
    [
        ({"leave_base": 0.0}, "leave"),
        ({"boredom": 8.0}, "leave"),
        ({"return_slope": 20.0}, "back"),
        ({"stop_base": 0.0}, "stay"),
        ({"post_base": -1.0}, "posting"),
        ({"quit_base": 1.0}, "quitting"),
    ],
)
def test_free_acts_on_what_matched_only_records(
    tally: Callable[..., ArmTally], numbers: dict[str, float], propensity: str
) -> None:
    matched = tally("matched"), tally("matched", **numbers)
    assert len({(t.sessions, t.impressions, t.posted.sum()) for t in matched}) == 1
    differ = len({getattr(t, propensity) for t in matched}) == 2
    # the odds of coming back are no propensity but follow from one
    assert differ or propensity == "back"
    free = tally("free"), tally("free", **numbers)
    assert len({(t.sessions, t.impressions, t.posted.sum(), t.quit.sum()) for t in free}) == 2


def test_who_left_never_comes_back(
    world: World, run_of: Callable[..., Run], log_of: Log, all_feeds: dict[str, Feed]
) -> None:
    mind = Behaviour(leave_base=-1.0)
    run = run_of(world, all_feeds["interest"], free=True, behaviour=mind)
    gone: set[int] = set()
    for t in range(run.ticks):
        active, _, _ = run.step(t)
        assert not gone & set(active.tolist())
        gone = set(np.flatnonzero(run.viewers.gone).tolist())
    assert gone
    assert run.tally().left.sum() == len(gone)


def test_the_satisfied_return_more_often(tally: Callable[..., ArmTally]) -> None:
    happy, sad = (
        tally("free", watch_base=base, leave_base=-50.0, stop_base=-50.0, return_slope=4.0)
        for base in (3.0, -6.0)
    )
    assert happy.sessions > 1.5 * sad.sessions


def test_an_account_that_always_opens_the_feed_does_so_when_free(
    world: World, tally: Callable[..., ArmTally]
) -> None:
    always = tally("free", activity=1.0, leave_base=-50.0)
    assert always.sessions == 12 * world.n_accounts


def test_sessions_end_early_by_dissatisfaction_and_the_rest_is_not_empty(
    world: World, run_of: Callable[..., Run], log_of: Log
) -> None:
    mind = Behaviour(stop_base=-1.0, leave_base=-50.0)
    feed = Feed("empty", {"everywhere": 60}, {"chance": 1.0}, filler="empty")
    run = run_of(world, feed, free=True, behaviour=mind, slots=8)
    rows = log_of(run)
    lengths = Counter((t, a) for t, a, *_ in rows)
    assert set(lengths.values()) == set(range(1, 9))
    assert run.tallies.empty == sum(row[3] < 0 for row in rows)


def test_how_long_a_session_would_last_is_foreseen(tally: Callable[..., ArmTally]) -> None:
    # whatever is shown is watched by the same half, so sessions stop with one chance
    same = {"watch_taste": 0.0, "watch_quality": 0.0, "watch_length": 0.0, "fatigue": 0.0}
    same |= {"watch_base": 0.0, "stop_base": -1.0, "leave_base": -50.0, "return_slope": 0.0}
    stop = 1 / (1 + np.exp(1))
    expected = (1 - (1 - stop) ** 3) / stop
    assert tally("matched", **same).stay == pytest.approx(expected)
    free = tally("free", **same)
    assert free.impressions / free.sessions == pytest.approx(expected, abs=0.15)


def test_repeats_of_a_topic_bore(world: World, simulate: Callable[..., Spread]) -> None:
    one = np.zeros_like(world.taste_features)
    one[:, 0] = 1
    tallies = []
    for features in (world.taste_features, one):
        indifferent = dataclasses.replace(
            world, taste_features=features, interests=np.zeros_like(world.interests)
        )
        mind = Behaviour(fatigue=0.0, boredom=2.0)
        tallies += simulate(indifferent, {"arm": uniform()}, behaviour=mind).of("arm")
    assert tallies[0].back == tallies[1].back
    assert tallies[1].leave > 1.5 * tallies[0].leave
