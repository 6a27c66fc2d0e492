from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graphkit.errors import DataError, MissingDataError
from graphkit.measures import amplification, arm_means, reach_by_age, reach_curve

TWO = ["x"] * 4 + ["y"] * 4
GROUPS = ["x"] * 4 + ["y"] * 4 + [None]


def test_per_cent_by_home_community(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0], [4], [4], [8]])
    old = by_hand.tally(world, [(1, 0, 0), (5, 1, 0), (6, 1, 0), (5, 2, 0), (1, 3, 0)])
    new = by_hand.tally(world, [(1, 0, 0), (2, 0, 0), (3, 0, 0), (5, 1, 0), (1, 3, 0)])
    none = by_hand.tally(world, [])
    spread = by_hand.spread(
        [world], {"chronological": [[old]], "interest": [[new]], "nothing": [[none]]}
    )
    frame = amplification(spread, partition="planted")
    found = {(a, c): v for a, c, v in frame.select("arm", "community", "value").iter_rows()}
    assert found == {
        ("interest", "x"): pytest.approx(200),  # threefold
        ("interest", "y"): pytest.approx(100 * (1 / 3 - 1)),
        ("nothing", "x"): None,
        ("nothing", "y"): None,
    }
    assert frame["baseline"].unique().to_list() == ["chronological"]
    against_nothing = amplification(spread, "nothing", partition="planted")
    assert against_nothing["value"].null_count() == against_nothing.height == 4


def test_amplification_does_not_depend_on_slots_left_empty(by_hand: Any) -> None:
    """Half the impressions in the same shares are no amplification; nor do homeless posts vanish."""
    world = by_hand.world(GROUPS, [[0], [4], [8]])
    old = [(1, 0, 0), (2, 0, 0), (5, 1, 0), (6, 1, 0), (1, 2, 0), (2, 2, 0)]
    few = by_hand.tally(world, [(1, 0, 0), (5, 1, 0), (1, 2, 0)], empty=3)
    more = by_hand.tally(world, [(1, 0, 0), (2, 0, 0), (3, 0, 0), (1, 2, 0)], empty=2)
    arms = {"old": [[by_hand.tally(world, old)]], "few": [[few]], "more": [[more]]}
    frame = amplification(by_hand.spread([world], arms), "old", partition="planted")
    found = {(a, c): v for a, c, v in frame.select("arm", "community", "value").iter_rows()}
    assert found == pytest.approx(
        {("few", "x"): 0, ("few", "y"): 0, ("more", "x"): 125, ("more", "y"): -100}
    )


def test_amplification_of_filler_is_refused(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0], [4]])
    log = [(1, 0, 0), (2, 0, 0), (5, 1, 0), (6, 1, 0)]
    quarter = by_hand.tally(world, log)
    assert quarter.sources[-1] / quarter.impressions == 0.25
    above = replace(quarter, sources=np.array([299, 0, 101]))
    arms = {"old": [[quarter]], "new": [[quarter]]}
    assert amplification(by_hand.spread([world], arms), "old", partition="planted").height == 2
    for name in arms:
        spread = by_hand.spread([world], {**arms, name: [[above]]})
        with pytest.raises(DataError, match=f"25% of '{name}'.*reading='shared'"):
            amplification(spread, "old", partition="planted")


def test_amplification_under_a_free_budget(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0], [1]])
    old = by_hand.tally(world, [(2, 0, 0), (2, 1, 0)])
    new = by_hand.tally(world, [(2, 0, 0)], posted=np.array([True, False]))
    spread = by_hand.spread([world], {"old": [[old]], "new": [[new]]}, "free")
    frame = amplification(spread, "old", partition="planted")
    assert frame.filter(community="x")["value"].to_list() == [0]  # all impressions
    assert frame.filter(community="y")["value"].to_list() == [None]  # no post
    assert frame["budget"].unique().to_list() == ["free"]


def test_means_over_worlds(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0], [4]])
    old = by_hand.tally(world, [(1, 0, 0), (5, 1, 0)])
    most = by_hand.tally(world, [(1, 0, 0), (2, 0, 0), (3, 0, 0), (5, 1, 0)])
    all_of_it = by_hand.tally(world, [(1, 0, 0), (2, 0, 0), (3, 0, 0)])
    spread = by_hand.spread([world] * 2, {"old": [[old]] * 2, "new": [[most], [all_of_it]]})
    means = arm_means(amplification(spread, "old", partition="planted"))
    row = means.filter(community="x").row(0, named=True)
    assert row["mean"] == pytest.approx(75)  # 50 % and 100 %
    assert row["interval"] == "over populations of the same making"


def test_names_must_exist(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0]])
    spread = by_hand.spread([world], {"follower": [[by_hand.tally(world, [(1, 0, 0)])]]})
    with pytest.raises(MissingDataError, match="no arm 'chronological'"):
        amplification(spread, partition="planted")
    with pytest.raises(MissingDataError, match="Did you mean 'planted'"):
        amplification(spread, "follower", partition="plantd")


def test_reach_grows_to_the_final_reach(by_hand: Any) -> None:
    world = by_hand.world(TWO, [[0], [4]])
    tally = by_hand.tally(world, [(1, 0, 0), (2, 0, 2), (5, 1, 2)])
    curve = reach_curve(by_hand.spread([world], {"a": [[tally, tally]]})).frame
    assert curve.filter(replication=1)["reach"].to_list() == [0.5, 0.5, 1.5]
    assert curve.columns == ["arm", "world", "replication", "tick", "reach", "calibrated"]
    some = replace(tally, posted=np.array([True, False]), ticks=tally.ticks * [[1], [0]])
    curve = reach_curve(by_hand.spread([world], {"a": [[some]]}, calibrated=True)).frame
    assert curve["reach"].to_list() == [1, 1, 2]
    assert curve["calibrated"].all()
    none = replace(some, posted=np.zeros(2, np.bool_), ticks=tally.ticks * 0)
    assert reach_curve(by_hand.spread([world], {"a": [[none]]})).frame["reach"].null_count() == 3


def test_reach_by_age_follows_the_posts_of_the_first_half(by_hand: Any) -> None:
    world = replace(by_hand.world(TWO, [[0], [4], [5]]), ticks=np.array([0, 1, 2], np.int32))
    tally = by_hand.tally(world, [(1, 0, 0), (2, 0, 1), (3, 0, 2), (5, 1, 2), (1, 2, 2)])
    curve = reach_by_age(by_hand.spread([world], {"a": [[tally]]})).frame
    # posts 0 and 1, for two ticks each; post 2 enters too late
    assert curve.select("age", "reach").rows() == [(0, 0.5), (1, 1.5)]
    some = replace(tally, posted=np.array([False, True, True]), ticks=tally.ticks * [[0], [1], [1]])
    curve = reach_by_age(by_hand.spread([world], {"a": [[some]]}, "free")).frame
    assert curve.select("age", "reach").rows() == [(0, 0), (1, 1)]
    late = replace(world, ticks=np.full(3, 2, np.int32))
    with pytest.raises(DataError, match="by tick 1"):
        reach_by_age(by_hand.spread([late], {"a": [[tally]]}))
