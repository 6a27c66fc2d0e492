"""Two platforms: laws of the strategies, distinct viewers by sets, and groups."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.attribution import TwoPlatforms, two_platforms
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.recommenders import circle_popularity, interest_centric
from graphkit.rng import Streams
from graphkit.simulation import Behaviour, scan_impressions

TICKS, SLOTS = 4, 5
RUN: dict[str, Any] = {"ticks": TICKS, "slots": SLOTS, "rng": 1}
FEEDS = interest_centric(), circle_popularity()


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    like = gk.synthetic.platform(150, communities=3, rng=1)
    return gk.synthetic.worlds(3, like=like, ticks=TICKS, rng=1)


@pytest.fixture(scope="module")
def found(worlds: list[World]) -> TwoPlatforms:
    return two_platforms(worlds, *FEEDS, share_of_creators=0.4, **RUN)


def means(found: TwoPlatforms, group: str = "all creators") -> dict[tuple[str, str], float]:
    rows = found.frame.filter(group=group).select("strategy", "measure", "mean").rows()
    return {(strategy, measure): mean for strategy, measure, mean in rows}


def test_on_one_platform_only_the_other_shows_nothing(found: TwoPlatforms) -> None:
    mean = means(found)
    assert mean["first only", "reach_second"] == mean["second only", "reach_first"] == 0
    for strategy, side in (("first only", "reach_first"), ("second only", "reach_second")):
        assert mean[strategy, "viewers"] == mean[strategy, side] > 0


def test_a_strategy_on_one_platform_does_not_touch_the_other(found: TwoPlatforms) -> None:
    mean = means(found)
    on_first = {mean[s, "reach_first"] for s, m in mean if s != "second only"}
    assert len(on_first) == 1
    assert mean["originals on both", "reach_second"] == mean["second only", "reach_second"]
    both = mean["first only", "rewards"] + mean["second only", "rewards"]
    assert mean["originals on both", "rewards"] == pytest.approx(both)


def test_without_demotion_a_mark_costs_exactly_nothing(worlds: list[World]) -> None:
    second = circle_popularity().but("lenient", weights={"cross_posted": 0.0})
    found = two_platforms(worlds, interest_centric(), second, share_of_creators=0.4, **RUN)
    costs = found.comparisons.filter(strategy="cross-posted", baseline="originals on both")
    assert costs["difference"].drop_nulls().unique().to_list() == [0.0]
    assert set(costs["direction"].drop_nulls()) == {"not distinguishable"}
    strict = two_platforms(worlds, *FEEDS, share_of_creators=0.4, **RUN)
    less = strict.comparisons.filter(
        group="all creators", strategy="cross-posted", measure="reach_second"
    ).filter(baseline="originals on both")
    assert less["percent"].item() < -50


def test_distinct_viewers_are_those_of_sets(worlds: list[World], tmp_path: Path) -> None:
    world = worlds[0]
    found = two_platforms(world, *FEEDS, share_of_creators=1.0, share_of_activity=0.25, **RUN)
    seen: dict[str, set[tuple[str, str]]] = {}
    plain = replace(world, cross_posted=np.zeros(world.n_posts, bool))
    for side, feed, share in zip(("first", "second"), FEEDS, (0.75, 0.25), strict=True):
        behaviour = Behaviour(activity=Behaviour().activity * share)
        options = {**RUN, "behaviour": behaviour, "rng": Streams(1).integer(side)}
        gk.simulate_spread(plain, {"feed": feed}, **options, impressions=tmp_path / side)
        log = scan_impressions(tmp_path / side).select("account_id", "item_id").collect()
        seen[side] = set(log.rows())
    mean, posts = means(found), int((world.ticks < TICKS).sum())
    assert mean["first only", "viewers"] * posts == pytest.approx(len(seen["first"]))
    assert mean["second only", "viewers"] * posts == pytest.approx(len(seen["second"]))
    union = seen["first"] | seen["second"]
    assert len(union) < len(seen["first"]) + len(seen["second"])
    assert mean["originals on both", "viewers"] * posts == pytest.approx(len(union))
    assert len(seen["second"]) < len(seen["first"]) / 2  # a third of the activity


def test_groups_are_parts_of_all(worlds: list[World]) -> None:
    seen = [gk.visibility(w.partitions["planted"], w.follows, runs=2, rng=1) for w in worlds]
    found = two_platforms(worlds, *FEEDS, share_of_creators=0.8, visibility=seen, **RUN)
    posts = dict(found.frame.select("group", "posts").unique().rows())
    assert posts["small creators"] + posts["large creators"] == pytest.approx(posts["all creators"])
    assert posts["hidden communities"] + posts["visible communities"] <= posts["all creators"]
    gap = found.gaps.filter(
        groups="small creators − large creators", strategy="originals on both", measure="viewers"
    )
    own = found.comparisons.filter(
        strategy="originals on both", baseline="first only", measure="viewers"
    )
    percent = dict(own.select("group", "percent").rows())
    apart = percent["small creators"] - percent["large creators"]
    assert gap["points"].item() == pytest.approx(apart)


def test_one_visibility_matches_names_and_no_numbers(worlds: list[World]) -> None:
    seen = gk.visibility(worlds[0].partitions["planted"], worlds[0].follows, runs=2, rng=1)
    assert seen.labels("visible")
    every = {"share_of_creators": 0.8, **RUN}
    posts = two_platforms(worlds, *FEEDS, visibility=seen, **every).frame
    assert posts.filter(group="visible communities")["posts"].max() > 0  # type: ignore[operator]
    bare = []
    for world in worlds:
        planted = world.partitions["planted"]
        nameless = gk.Partition.from_membership(
            world.accounts, planted.membership, node_kind="accounts"
        )
        bare.append(replace(world, partitions={"planted": nameless}))
    numbers = gk.visibility(bare[0].partitions["planted"], bare[0].follows, runs=2, rng=1)
    posts = two_platforms(bare, *FEEDS, visibility=numbers, **every).frame
    assert posts.filter(group="visible communities")["posts"].max() == 0
    posts = two_platforms(bare, *FEEDS, visibility=[numbers] * 3, **every).frame
    assert posts.filter(group="visible communities")["posts"].max() > 0  # type: ignore[operator]


def test_a_small_group_has_no_value(worlds: list[World]) -> None:
    found = two_platforms(worlds, *FEEDS, share_of_creators=1e-9, **RUN)
    everyone = found.frame.filter(group="all creators", strategy="first only")
    assert everyone["posts"].unique().item() < 10
    assert everyone["mean"].null_count() == 0  # at least one creator
    assert found.frame.filter(group="small creators")["mean"].null_count() == 16
    assert found.gaps.height == 0


def test_seed_and_display(found: TwoPlatforms, worlds: list[World]) -> None:
    assert two_platforms(worlds, *FEEDS, share_of_creators=0.4, **RUN) == found
    other = two_platforms(worlds, *FEEDS, share_of_creators=0.4, **RUN | {"rng": 2})
    assert other != found
    assert "cross-posted for originals" in repr(found)
    assert found.frame.schema["mean"] == pl.Float64


def test_bad_input(worlds: list[World]) -> None:
    for bad in ({"share_of_creators": 0}, {"share_of_activity": 1}, {"share_of_activity": 0}):
        with pytest.raises(OptionError, match=next(iter(bad))):
            two_platforms(worlds, *FEEDS, **bad, **RUN)
    with pytest.raises(OptionError, match="second='circle'"):
        two_platforms(worlds, FEEDS[0], "circle", **RUN)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="seeders"):
        two_platforms(replace(worlds[0], authored=False), *FEEDS, **RUN)
    with pytest.raises(OptionError, match="not given"):
        two_platforms(worlds, *FEEDS, partition="planted", **RUN)
    seen = gk.visibility(worlds[0].partitions["planted"], worlds[0].follows, runs=2, rng=1)
    with pytest.raises(DataError, match="2 for 3 worlds"):
        two_platforms(worlds, *FEEDS, visibility=[seen] * 2, **RUN)
    with pytest.raises(MissingDataError, match="plantd"):
        two_platforms(worlds, *FEEDS, visibility=seen, partition="plantd", **RUN)
    with pytest.raises(DataError, match="not a Visibility"):
        two_platforms(worlds, *FEEDS, visibility=["x"] * 3, **RUN)  # type: ignore[list-item]
