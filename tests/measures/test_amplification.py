from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphkit.errors import MissingDataError
from graphkit.measures import amplification, arm_means

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
        ("interest", None): 0,  # as many impressions in all
        ("interest", "x"): pytest.approx(200),  # threefold
        ("interest", "y"): pytest.approx(100 * (1 / 3 - 1)),
        ("nothing", None): -100,
        ("nothing", "x"): -100,
        ("nothing", "y"): -100,
    }
    assert frame["baseline"].unique().to_list() == ["chronological"]
    against_nothing = amplification(spread, "nothing", partition="planted")
    assert against_nothing["value"].null_count() == against_nothing.height == 6


def test_over_the_posts_that_entered(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0], [1]])
    old = by_hand.tally(world, [(2, 0, 0), (2, 1, 0)])
    new = by_hand.tally(world, [(2, 0, 0)], posted=np.array([True, False]))
    spread = by_hand.spread([world], {"old": [[old]], "new": [[new]]}, "free")
    frame = amplification(spread, "old", partition="planted")
    assert frame.filter(community="x")["value"].to_list() == [0]
    assert frame.filter(community="y")["value"].to_list() == [None]  # no post
    assert frame["budget"].unique().to_list() == ["free"]


def test_means_over_worlds(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0], [4]])
    old = by_hand.tally(world, [(1, 0, 0), (5, 1, 0)])
    twice = by_hand.tally(world, [(1, 0, 0), (2, 0, 0)])
    thrice = by_hand.tally(world, [(1, 0, 0), (2, 0, 0), (3, 0, 0)])
    spread = by_hand.spread([world] * 2, {"old": [[old]] * 2, "new": [[twice], [thrice]]})
    means = arm_means(amplification(spread, "old", partition="planted"))
    row = means.filter(community="x").row(0, named=True)
    assert row["mean"] == pytest.approx(150)
    assert row["interval"] == "over worlds"


def test_names_must_exist(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0]])
    spread = by_hand.spread([world], {"follower": [[by_hand.tally(world, [(1, 0, 0)])]]})
    with pytest.raises(MissingDataError, match="no arm 'chronological'"):
        amplification(spread, partition="planted")
    with pytest.raises(MissingDataError, match="Did you mean 'planted'"):
        amplification(spread, "follower", partition="plantd")
