"""The list of conditions, other partitions, and worlds with fewer posts."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.attribution import (
    Condition,
    condition_rows,
    conditions_of,
    partition_conditions,
    robustness,
)
from graphkit.data.partition import Partition
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.simulation import perturb_world, resample_worlds, thin_posts

ARMS = {"old": gk.follower_centric(), "new": gk.interest_centric()}
PAIR: dict[str, Any] = {"arm": "new", "baseline": "old"}


@pytest.fixture(scope="module")
def world() -> World:
    platform = gk.synthetic.platform(120, communities=3, rng=1)
    made = gk.build_world(platform, ticks=4, rng=1)
    # every third post answers the one before
    at = np.arange(made.n_posts)
    return dataclasses.replace(made, answers_to=np.where(at % 3 == 1, at - 1, -1))


def test_the_default_list_changes_one_thing_each(world: World) -> None:
    found = conditions_of(world, ARMS, **PAIR, rng=1)
    assert [c.name for c in found] == [
        *("cold start", "profile noise = 0.5", "30 % of posts misread", "70 % of posts misread"),
        *("topic penalty = 0.3", "topic penalty = 0.8"),
        *("s = 0", "s = 0.25", "s = 0.5", "s = 0.75", "s = 1"),
        *("slots = 3", "slots = 30", "slots left empty", "shared slots"),
        *("share of posts = 0.5", "share of posts = 0.25"),
    ]
    changes = ("worlds", "arms", "behaviour", "slots", "reading")
    assert all(sum(getattr(c, name) is not None for name in changes) == 1 for c in found)
    assert not any(c.same_runs or c.refused for c in found)
    penalty = found[4]
    assert penalty.default == ARMS["new"].topic_penalty
    assert penalty.arms is not None
    assert {feed.topic_penalty for feed in penalty.arms.values()} == {0.3}
    assert found[6].default == 0.2


def test_values_of_the_comparison_are_no_conditions(world: World) -> None:
    behaviour = gk.simulation.Behaviour(social_share=1.0)
    none: dict[str, Any] = dict.fromkeys(("profile_noise", "readings", "posts"), ())
    found = conditions_of(
        *(perturb_world(world, cold_start=True, feature_noise=0.3), ARMS),
        **(PAIR | none),
        slots=3,
        behaviour=behaviour,
        feature_noise=(0.1, 0.3, 0.7),
        topic_penalty=(),
        social_share=(0.0, 1.0),
        other_slots=(3, 5),
        rng=1,
    )
    names = [c.name for c in found]
    assert names == ["10 % of posts misread", "70 % of posts misread", "s = 0", "slots = 5"]
    assert found[0].refused == "the worlds have more noise, 0.3."
    assert found[1].default == 0.3


def test_penalties_of_several_arms_are_choices(world: World) -> None:
    """The default of one arm is not that of another, and a value of one has no distance 0."""
    some: dict[str, Any] = dict.fromkeys(
        ("profile_noise", "feature_noise", "social_share", "other_slots", "readings", "posts"), ()
    )
    some |= {"baseline": "old", "cold_start": False, "rng": 1}
    arms = ARMS | {"mix": gk.recommenders.blend(ARMS["old"], ARMS["new"], 0.5)}
    (one,) = conditions_of(world, arms, arm=["new", "mix"], topic_penalty=[0.3], **some)
    assert one.default == "0.08 in new, 0.04 in mix, 0 in old"
    (one,) = conditions_of(world, ARMS, arm="new", topic_penalty=[0.08], **some)
    assert one.default == "0.08 in new, 0 in old"
    (one,) = conditions_of(world, ARMS, arm="new", topic_penalty=[0.3], **some)
    assert one.default == 0.08


def test_profiles_of_a_cold_start_have_no_noise(world: World) -> None:
    cold = perturb_world(world, cold_start=True)
    named = {c.name: c for c in conditions_of(cold, ARMS, **PAIR, rng=1)}
    assert named["profile noise = 0.5"].refused == "the profiles of a cold start are all alike."
    assert "cold start" not in named


def test_noise_on_noise_makes_the_value(world: World) -> None:
    blurred = perturb_world(world, profile_noise=0.2)
    (one,) = conditions_of(
        *(blurred, ARMS), **PAIR, cold_start=False, profile_noise=[0.5], feature_noise=[],
        topic_penalty=[], social_share=[], other_slots=[], readings=[], posts=[], rng=1,
    )  # fmt: skip
    assert one.worlds is not None
    assert one.worlds[0].provenance.parameters["profile_noise"] == pytest.approx(0.5)


def test_bad_options(world: World) -> None:
    with pytest.raises(MissingDataError, match="no arm 'knew'"):
        conditions_of(world, ARMS, arm="knew", baseline="old")
    with pytest.raises(OptionError, match="profile_noise"):
        conditions_of(world, ARMS, **PAIR, profile_noise=[1.5])
    with pytest.raises(OptionError, match="readings"):
        conditions_of(world, ARMS, **PAIR, readings=["full"])


def test_thinned_worlds_are_nested_and_keep_their_keys(world: World) -> None:
    half, quarter = (thin_posts(world, share, rng=5) for share in (0.5, 0.25))
    keys = [set(w.post_keys.tolist()) for w in (world, half, quarter)]
    assert keys[2] < keys[1] < keys[0]
    assert 0.35 < half.n_posts / world.n_posts < 0.65
    assert half.provenance.removed["posts that do not stay"] == world.n_posts - half.n_posts
    at = np.searchsorted(np.sort(world.post_keys), half.post_keys)
    rows = np.argsort(world.post_keys)[at]
    for name in ("ticks", "quality", "post_features", "durations"):
        whole, part = getattr(world, name), getattr(half, name)
        assert np.array_equal(whole[rows], part), name
    assert np.array_equal(world.posters[rows], half.posters)  # authored: one poster each
    assert np.array_equal(world.homes["planted"][rows], half.homes["planted"])
    assert half.posts.ids.tolist() == world.posts.ids[rows].tolist()
    assert half.answers_to is not None
    assert world.answers_to is not None
    answered = half.answers_to >= 0
    assert answered.any()
    parents = world.answers_to[rows][answered]
    assert np.array_equal(half.post_keys[half.answers_to[answered]], world.post_keys[parents])
    lost = world.answers_to[rows][~answered]
    assert not set(world.post_keys[lost[lost >= 0]].tolist()) & keys[1]
    assert thin_posts(world, 1.0, rng=5).content_key == world.content_key
    assert thin_posts(world, 0.5, rng=6).content_key != half.content_key


def test_a_post_stays_in_a_part_if_it_stays_in_the_whole(world: World) -> None:
    whole, *parts = [thin_posts(w, 0.5, rng=5) for w in resample_worlds(world, 3, rng=1)]
    assert [w.sample for w in parts] == ["part"] * 3
    left = [set(part.post_keys.tolist()) for part in parts]
    assert set.union(*left) == set(whole.post_keys.tolist())


def test_posts_with_several_posters_keep_theirs(world: World) -> None:
    lengths = np.full(world.n_posts, 2)
    posters = np.column_stack([world.posters, (world.posters + 1) % world.n_accounts]).ravel()
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    seeded = dataclasses.replace(
        world, posters=posters.astype(np.int32), poster_indptr=indptr, authored=False
    )
    half = thin_posts(seeded, 0.5, rng=5)
    of = dict(zip(seeded.post_keys.tolist(), posters.reshape(-1, 2).tolist(), strict=True))
    assert half.posters.reshape(-1, 2).tolist() == [of[key] for key in half.post_keys.tolist()]


def test_what_cannot_be_thinned(world: World) -> None:
    for share in (0.0, 1.5):
        with pytest.raises(OptionError, match="share"):
            thin_posts(world, share, rng=1)
    with pytest.raises(DataError, match="none stays at share=1e-09"):
        thin_posts(world, 1e-9, rng=1)
    with pytest.raises(DataError, match="not a World"):
        thin_posts("world", 0.5)  # type: ignore[arg-type]
    (found,) = conditions_of(
        *(world, ARMS), **PAIR, cold_start=False, profile_noise=[], feature_noise=[],
        topic_penalty=[], social_share=[], other_slots=[], readings=[], posts=[1e-9], rng=1,
    )  # fmt: skip
    assert "none stays" in (found.refused or "")


def test_another_partition_needs_no_simulation(world: World) -> None:
    """Rows under it are those of a world that has it as its own."""
    accounts = world.accounts
    codes = np.arange(world.n_accounts) % 2
    other = Partition.from_membership(accounts, codes, labels=["even", "odd"])
    parts = resample_worlds(world, 2, rng=1)
    more, conditions = partition_conditions(
        parts, {2.0: other}, kind="planted", dimension="resolution", default=1.0
    )
    assert [list(w.partitions) for w in more] == [["planted", "planted, resolution 2"]] * 3
    assert conditions[0].same_runs
    options: dict[str, Any] = {"measure": "crossing", "ticks": 3, "slots": 3, "rng": 1}
    found = robustness(more, ARMS, **PAIR, conditions=conditions, **options)
    assert found.frame["condition"].to_list() == ["as it is", "resolution = 2"]
    own = [
        dataclasses.replace(
            w,
            partitions={"planted": w.partitions["planted, resolution 2"]},
            homes={"planted": w.homes["planted, resolution 2"]},
        )
        for w in more
    ]
    direct = robustness(own, ARMS, **PAIR, conditions=[], **options)
    columns = ("difference", "low", "high", "direction")
    assert found.frame.select(columns).row(1) == direct.frame.select(columns).row(0)


def test_partitions_that_do_not_fit(world: World) -> None:
    other = world.partitions["planted"]
    with pytest.raises(MissingDataError, match="no partition 'interest'"):
        partition_conditions(world, {"x": other})
    with pytest.raises(OptionError, match="2 partitions for 1 worlds"):
        partition_conditions(world, {"x": [other, other]}, kind="planted")
    elsewhere = Partition.from_membership(["nobody"], [0])
    with pytest.raises(DataError, match="none of the accounts"):
        partition_conditions(world, {"x": elsewhere}, kind="planted")


def test_rows_of_a_condition_that_stands_for_two_kinds() -> None:
    kinds = {"interest": "interest, a", "follow": "follow, a"}
    condition = Condition("seed", "a", "own", partition=kinds)
    frame = pl.DataFrame(
        {
            "partition": ["interest", "interest, a", "follow, a", None],
            "community": pl.Series([None] * 4, dtype=pl.String),
            "difference": [1.0, 2.0, 3.0, 4.0],
        }
    )
    found = condition_rows(condition, frame)
    assert found.select("condition", "partition", "difference").rows() == [
        ("seed = a", "interest", 2.0),
        ("seed = a", "follow", 3.0),
    ]
    assert condition_rows(condition, "why", arm="x", baseline="y")["partition"].to_list() == [
        "interest",
        "follow",
    ]
