"""Interventions against flagged posts: what each changes, and laws that they obey."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import graphkit as gk
from graphkit.attribution import feed_factors
from graphkit.data.spread import REACTIONS
from graphkit.data.world import World
from graphkit.errors import DataError, OptionError
from graphkit.recommenders import (
    Feed,
    blend,
    follower_centric,
    interest_centric,
    interventions,
    ranker,
    read_feed,
    write_feed,
)
from graphkit.simulation import Behaviour

OPTIONS = {"ticks": 6, "slots": 4, "rng": 2}


@pytest.fixture(scope="module")
def world() -> World:
    """120 accounts, a third of them minors and a third of unknown age; three posts in ten flagged."""
    platform = gk.synthetic.platform(120, communities=4, posts_per_account=8, rng=3)
    world = gk.build_world(platform, ticks=5, space="planted", rng=3)
    rng = np.random.default_rng(3)
    return dataclasses.replace(
        world,
        flagged=rng.random(world.n_posts) < 0.3,
        age_band=rng.integers(-1, 2, world.n_accounts),
        code_names={**world.code_names, "age_band": ("13-17", "18+")},
    )


def test_each_intervention_changes_its_own_number() -> None:
    feed = follower_centric()
    found = list(interventions(feed).values())
    keys = [found.diff(feed)["key"].to_list() for found in found]
    assert keys == [
        ["flagged"],
        ["minor_cap"],
        ["share_friction"],
        ["flagged", "minor_cap", "share_friction"],
    ]
    assert found[0].weights["flagged"] == -0.3
    assert "at most 0 of a minor's slots, 0.24 of the shares averted" in repr(found[-1])
    assert "flagged posts" not in repr(feed)
    assert (
        found[2].source
        == f"{feed.source}; friction on sharing: 24 %, TikTok Newsroom, 3 February 2021"
    )
    x = ranker("x_2023")
    assert interventions(x)["X, April 2023, flagged demoted"].weights["flagged"] == -6.75


def test_what_is_stricter_already_stays() -> None:
    strict = interest_centric().but("strict", weights={"flagged": -3.0}, share_friction=0.5)
    found = interventions(strict)["strict, all three"]
    assert (found.weights["flagged"], found.share_friction) == (-3.0, 0.5)
    lax = interest_centric().but("lax", weights={"flagged": 9.0})
    assert interventions(lax)["lax, flagged demoted"].weights["flagged"] == -0.5


def test_interventions_are_written_blended_and_divided(tmp_path: object) -> None:
    feed = interest_centric()
    every = interventions(feed)["interest-centric, all three"]
    assert read_feed(write_feed(every, f"{tmp_path}/every.toml")) == every
    half = blend(feed, every, 0.5)
    assert (half.minor_cap, half.share_friction, half.weights["flagged"]) == (0.5, 0.12, -0.25)
    found = feed_factors(feed, every)
    assert dict(found.keys) == {
        "weights": ("weights.flagged",),
        "intervention": ("minor_cap", "share_friction"),
    }
    capped = found.feed(["intervention"])
    assert (capped.minor_cap, capped.weights.get("flagged", 0)) == (0, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"minor_cap": 1.1}, "minor_cap"),
        ({"minor_cap": -0.1}, "minor_cap"),
        ({"minor_cap": float("nan")}, "minor_cap"),
        ({"share_friction": 1.0}, "share_friction"),
        ({"share_friction": -0.1}, "share_friction"),
    ],
)
def test_shares_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        interest_centric().but("x", **options)


def test_feeds_without_weights_are_refused() -> None:
    with pytest.raises(OptionError, match="score function"):
        interventions(interest_centric().but("own", score=np.ones_like))
    with pytest.raises(DataError, match="no weights"):
        interventions(Feed("by chance", {"everywhere": 9}, {}))
    with pytest.raises(DataError, match="no interventions"):
        interventions("interest")  # type: ignore[arg-type]


def by_age(world: World) -> World:
    """The world with the minors as one community and all others as the other."""
    age = gk.Partition.from_membership(world.accounts, np.where(world.minors, 0, 1))
    return dataclasses.replace(
        world, partitions={"age": age}, homes={"age": np.zeros(world.n_posts, np.int32)}
    )


@pytest.mark.parametrize("filler", ["uniform", "popularity", "empty"])
def test_at_a_cap_of_0_no_minor_is_shown_a_flagged_post(world: World, filler: str) -> None:
    aged = by_age(world)
    column = int(aged.partitions["age"].membership[np.flatnonzero(world.minors)[0]])
    feed = interest_centric().but("few", sources={"interest": 3, "fresh": 1}, filler=filler)
    arms = {"as is": feed, "capped": feed.but("capped", minor_cap=0.0)}
    spread = gk.simulate_spread(aged, arms, budget="free", **OPTIONS)
    shown = {
        arm: spread.of(arm)[0].views["age"][spread.world_of(arm, 0, 0).flagged].sum(axis=0)
        for arm in arms
    }
    assert shown["as is"][column] > 20
    assert shown["capped"][column] == 0
    assert shown["capped"][1 - column] > 20


def test_a_cap_for_no_minors_changes_no_byte(world: World) -> None:
    unknown = dataclasses.replace(world, age_band=np.full(world.n_accounts, -1, np.int32))
    feed = interest_centric()
    arms = {"as is": feed, "capped": feed.but("capped", minor_cap=0.0)}
    for where in (unknown, dataclasses.replace(world, age_band=None, code_names={})):
        spread = gk.simulate_spread(where, arms, **OPTIONS)
        one, two = (spread.of(arm)[0] for arm in arms)
        assert one == two
    # and one that allows all slots
    arms = {"as is": feed, "capped": feed.but("capped", minor_cap=1.0)}
    spread = gk.simulate_spread(world, arms, **OPTIONS)
    assert spread.of("as is")[0] == spread.of("capped")[0]


def test_friction_averts_its_share_of_the_shares_of_flagged_posts_alone(world: World) -> None:
    # nobody learns and nobody hears, so that all arms show the same
    feed = Feed("by chance", {"everywhere": 60}, {"chance": 1.0}, learning_rate=0.0)
    mind = Behaviour(social_share=0.0, share_base=1.0, duet_base=-1.0)
    arms = {"none": feed, "quarter": feed.but("q", share_friction=0.25)}
    arms["most"] = feed.but("m", share_friction=0.9)
    spread = gk.simulate_spread(
        world, arms, behaviour=mind, replications=4, ticks=6, slots=8, rng=2
    )
    flagged, share = np.asarray(world.flagged), REACTIONS.index("share")
    counts = {}
    for arm in arms:
        total = np.sum([t.reactions for t in spread.of(arm)], axis=0)
        counts[arm] = total
    none = counts["none"][flagged, share]
    assert none.sum() > 900
    others = [i for i in range(len(REACTIONS)) if i != share]
    for arm, averted in (("quarter", 0.25), ("most", 0.9)):
        left = counts[arm][flagged, share]
        assert (left <= none).all()
        # within four standard errors of a binomial share
        error = 4 * np.sqrt(averted * (1 - averted) / none.sum())
        assert abs(1 - left.sum() / none.sum() - averted) < error
        assert (counts[arm][~flagged] == counts["none"][~flagged]).all()
        assert (counts[arm][:, others] == counts["none"][:, others]).all()
    # a stronger prompt averts what a weaker one does, and more
    assert (counts["most"][flagged, share] <= counts["quarter"][flagged, share]).all()


def test_demoting_lowers_the_share_of_flagged_posts(world: World) -> None:
    feed = interest_centric()
    arms = {"as is": feed} | interventions(feed)
    spread = gk.simulate_spread(world, arms, **OPTIONS)
    outcome = gk.measure_spread(spread).filter(measure="flagged_amplification")
    found = dict(outcome.select("arm", "value").rows())
    assert found["interest-centric, flagged demoted"] < 0.5 * found["as is"]
    assert found["interest-centric, all three"] <= found["interest-centric, flagged demoted"]
