"""Demotion of cross-posts: against a slow twin and SciPy, what is conserved, and who is spared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.attribution import CrossPostDemotion, cross_post_demotion
from graphkit.attribution.cross_posting import relative_changes
from graphkit.data.world import World
from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError
from graphkit.measures.intervals import OVER_POPULATIONS, OVER_SAMPLES, Scheme
from graphkit.recommenders import Feed, circle_popularity

TICKS, SLOTS = 4, 5
RUN: dict[str, Any] = {"ticks": TICKS, "slots": SLOTS, "rng": 1}


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    """Three worlds with cross-posts; in each, every fifth post is one."""
    like = gk.synthetic.platform(150, communities=3, rng=1)
    made = gk.synthetic.worlds(3, like=like, ticks=TICKS, rng=1)
    return [replace(world, cross_posted=np.arange(world.n_posts) % 5 == 0) for world in made]


@pytest.fixture(scope="module")
def found(worlds: list[World]) -> CrossPostDemotion:
    return cross_post_demotion(worlds, circle_popularity(), weights=(-0.05, -0.5), **RUN)


def row(found: CrossPostDemotion, weight: float, measure: str, group: str) -> dict[str, Any]:
    rows = found.frame.filter(weight=weight, measure=measure, group=group)
    assert rows.height == 1
    return rows.row(0, named=True)


def test_the_difference_in_differences_is_that_of_a_slow_twin(
    found: CrossPostDemotion, worlds: list[World]
) -> None:
    feed = circle_popularity()
    arms = {
        "off": feed.but("off", weights={"cross_posted": 0.0}),
        "on": feed.but("on", weights={"cross_posted": -0.05}),
    }
    spread = gk.simulate_spread(worlds, arms, **RUN | {"rng": found.provenance.seed})
    for measure in ("reach", "rewards", "first_tick_reach"):
        means: dict[tuple[str, bool], list[float]] = {}
        for arm in arms:
            for w, world in enumerate(worlds):
                tally = spread.tallies[arm, w, 0]
                of_posts = {
                    "reach": tally.ticks.sum(axis=1),
                    "rewards": tally.rewards,
                    "first_tick_reach": [tally.ticks[i, t] for i, t in enumerate(world.ticks)],
                }[measure]
                for crossed in (True, False):
                    some = [
                        int(of_posts[i])
                        for i in range(world.n_posts)
                        if bool(world.cross_posted[i]) == crossed  # type: ignore[index]
                    ]
                    means.setdefault((arm, crossed), []).append(sum(some) / len(some))
        value = {key: np.array(values) for key, values in means.items()}
        apart = value["on", True] - value["on", False] - value["off", True] + value["off", False]
        got = row(found, -0.05, measure, "cross-posts − other posts")
        test = stats.ttest_1samp(apart, 0)
        bounds = test.confidence_interval(0.95)
        assert got["difference"] == pytest.approx(apart.mean())
        assert (got["low"], got["high"]) == pytest.approx((bounds.low, bounds.high))
        assert got["p"] == pytest.approx(test.pvalue)
        own = row(found, -0.05, measure, "cross-posts")
        assert own["mean"] == pytest.approx(value["on", True].mean())
        assert own["baseline_mean"] == pytest.approx(value["off", True].mean())
        share = 100 * (value["on", True].mean() / value["off", True].mean() - 1)
        assert own["percent"] == pytest.approx(share)


def test_what_cross_posts_lose_other_posts_get(worlds: list[World]) -> None:
    found = cross_post_demotion(worlds[0], circle_popularity(), weights=(-0.1,), **RUN)
    lost, got = (row(found, -0.1, "reach", group) for group in ("cross-posts", "other posts"))
    assert lost["difference"] < 0 < got["difference"]
    total = lost["difference"] * lost["members"] + got["difference"] * got["members"]
    assert total == pytest.approx(0, abs=1e-9)
    assert lost["members"] + got["members"] == worlds[0].n_posts
    # one run of one world has no interval
    assert lost["low"] is lost["p_fdr"] is lost["direction"] is None


def test_creators_are_all_in_one_group_each(found: CrossPostDemotion, worlds: list[World]) -> None:
    rows = found.frame.filter(weight=-0.5, of="creators", measure="reach")
    creators = [np.unique(world.posters).size for world in worlds]
    assert rows["members"].sum() == pytest.approx(np.mean(creators))
    none = rows.filter(pl.col("group").str.ends_with("none cross-posted"))
    assert none["difference"].min() > 0  # type: ignore[operator]
    shown = (rows["mean"] * rows["members"]).sum()
    # under a matched budget creators share the same impressions, but for the mean of ratios
    assert shown == pytest.approx((rows["baseline_mean"] * rows["members"]).sum(), rel=0.15)


def test_the_family_is_adjusted_over_all_rows(found: CrossPostDemotion) -> None:
    rows = found.frame.drop_nulls("p")
    assert rows["p_fdr"].to_list() == pytest.approx(stats.false_discovery_control(rows["p"]))
    told = rows.filter(pl.col("direction").is_in(["higher", "lower"]))
    assert told["p_fdr"].max() <= 0.05  # type: ignore[operator]
    assert found.frame["interval"].unique().to_list() == [OVER_POPULATIONS]


def test_followers_are_spared_if_the_demotion_is_for_strangers(worlds: list[World]) -> None:
    world = worlds[0]
    ids = world.accounts.ids.tolist()
    pairs = [(a, b) for a in ids for b in ids if a != b]
    everyone = gk.Graph.from_edges(*zip(*pairs, strict=True), directed=True)
    order = everyone.vocabulary.encode(world.accounts.series)
    assert order.tolist() == list(range(len(ids)))
    known = replace(world, follows=everyone)
    options = {"weights": (-0.5,), **RUN}
    spared = cross_post_demotion(known, circle_popularity(), audience="strangers", **options)
    assert spared.frame["difference"].drop_nulls().unique().to_list() == [0.0]
    hit = cross_post_demotion(known, circle_popularity(), **options)
    assert row(hit, -0.5, "reach", "cross-posts")["difference"] < 0
    # where nobody follows an author, both are alike
    some = cross_post_demotion(world, circle_popularity(), audience="strangers", **options)
    less = row(some, -0.5, "reach", "cross-posts")["mean"]
    assert row(hit, -0.5, "reach", "cross-posts")["mean"] <= less


def test_no_direction_is_claimed_of_filler(worlds: list[World]) -> None:
    feed = Feed("few", {"following": 1}, {"recency": 1.0})
    with pytest.warns(GraphkitWarning, match="filler"):
        found = cross_post_demotion(worlds, feed, weights=(-0.5,), **RUN)
    assert found.frame["filler"].min() > 0.25  # type: ignore[operator]
    assert set(found.frame["direction"].drop_nulls()) == {"not claimed: filler"}
    assert found.frame["p_fdr"].null_count() == found.frame.height


def test_relative_changes_are_ratios_of_means() -> None:
    base = np.array([[[2.0]], [[4.0]], [[6.0]]])
    own = np.array([[[1.0]], [[1.0]], [[4.0]]])
    values, _ = relative_changes(own, base, base, Scheme(OVER_POPULATIONS, 3))
    assert values.mean() == pytest.approx(-50.0)
    # deviations by the delta method: (change + size / 2) / 4
    assert values[:, 0] == pytest.approx([-50.0, -75.0, -25.0])
    whole, _ = relative_changes(own, base, base, Scheme(OVER_SAMPLES, 3, whole=0))
    assert whole[:, 0] == pytest.approx([-50.0, -75.0, -100 / 3])
    nothing, _ = relative_changes(own, 0 * base, 0 * base, Scheme(OVER_POPULATIONS, 3))
    assert np.isnan(nothing).all()


def test_seed_and_display(found: CrossPostDemotion, worlds: list[World]) -> None:
    again = cross_post_demotion(worlds, circle_popularity(), weights=(0.0, -0.5, -0.05), **RUN)
    assert again == found
    assert "reach of cross-posts against that of others at −0.05" in repr(found)
    assert "not calibrated" in repr(found)
    assert found.own_weight == -0.5


def test_bad_input(worlds: list[World]) -> None:
    feed = circle_popularity()
    for weights in (0.1, (0.1,), (0,), (), (-0.1, -0.1), ("x",)):
        with pytest.raises(OptionError, match="weights"):
            cross_post_demotion(worlds, feed, weights=weights, **RUN)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="audience"):
        cross_post_demotion(worlds, feed, audience="friends", **RUN)
    scored = feed.but("mine", score=lambda context: context.factor("recency"))
    for wrong in (scored, "circle"):
        with pytest.raises(OptionError, match="Feed with weights"):
            cross_post_demotion(worlds, wrong, **RUN)  # type: ignore[arg-type]
    for marks in (None, np.zeros(worlds[0].n_posts, bool), np.ones(worlds[0].n_posts, bool)):
        with pytest.raises(MissingDataError, match="world 0"):
            cross_post_demotion(replace(worlds[0], cross_posted=marks), feed, **RUN)
    with pytest.raises(DataError, match="seeders"):
        cross_post_demotion(replace(worlds[0], authored=False), feed, **RUN)
    with pytest.raises(MissingDataError, match="no partition 'plantd'"):
        cross_post_demotion(worlds, feed, partition="plantd", **RUN)
