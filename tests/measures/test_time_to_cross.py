"""Times to cross by hand, from logs, in pairs, over a jackknife, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import arm_means, contrast, logrank, measure_spread, time_to_cross

#: Four communities, the last one too small to be reached.
GROUPS = ["x"] * 6 + ["y"] * 6 + ["z"] * 5 + ["small"] * 2 + [None]
AGES = dict[int, tuple[int, ...]]


def tallied(by_hand: Any, world: World, ages: AGES, ticks: int = 5, **fields: Any) -> Any:
    """A tally in which these posts reached their first, second … community at these ages."""
    columns = min(world.partitions["planted"].n_communities - 1, 8)
    arrivals = np.full((world.n_posts, columns), -1, np.int16)
    for post, at in ages.items():
        arrivals[post, : len(at)] = at
    fields = {"sources": np.array([9, 0, 0])} | fields
    return by_hand.tally(world, [], ticks=ticks, arrivals={"planted": arrivals}, **fields)


def world_of(by_hand: Any, posters: list[int], entry: list[int]) -> World:
    world: World = by_hand.world(GROUPS, [[a] for a in posters])
    return replace(world, ticks=np.array(entry, np.int32))


def test_curve_and_means_by_hand(by_hand: Any) -> None:
    # six posts of x in a run of 5 ticks; the last one has no community of origin
    world = world_of(by_hand, [0, 1, 2, 3, 4, 5, 19], [0, 0, 1, 2, 3, 4, 0])
    tally = tallied(by_hand, world, {0: (0, 1), 1: (2,), 2: (0, 2), 3: (0, 0), 4: (1, 1)})
    found = time_to_cross(by_hand.spread([world], {"a": [[tally]]}), "planted", communities=2)
    # crossed at 1, never (4), 2, 0, 1, never (0): S(0) = 5/6, S(1) = 5/6 · 2/4, S(2) = half of it
    rows = found.curves.select("age", "at_risk", "crossed", "censored").rows()
    assert rows == [(0, 6, 1, 1), (1, 4, 2, 0), (2, 2, 1, 0), (3, 1, 0, 0), (4, 1, 0, 1)]
    expected = [5 / 6, 5 / 12, 5 / 24, 5 / 24, 5 / 24]
    assert found.curves["survival"].to_list() == pytest.approx(expected)
    row = found.frame.row(0, named=True)
    assert (row["posts"], row["crossed"], row["censored"]) == (6, 4, 2)
    assert row["median"] == 1
    # followed for 3 ages: posts 0 … 3, with 1, 3, 2, 0
    assert (row["horizon"], row["followed"], row["later"]) == (3, 4, 2)
    assert (row["restricted_mean"], row["crossed_share"]) == (1.5, 0.75)
    assert (row["no_origin"], row["cannot_cross"], row["not_entered"]) == (1, 0, 0)
    assert "1.5 of 3 ticks, 75% crossed" in repr(found)
    assert found.provenance.removed == {
        "posts without a community of origin, over all runs": 1,
        "posts too late for the restricted mean, over all runs": 2,
    }


def test_the_restricted_mean_is_the_area_below_the_curve(by_hand: Any) -> None:
    rng = np.random.default_rng(4)
    world = world_of(by_hand, [i % 6 for i in range(40)], [0] * 40)
    ages = {i: (0, int(t)) for i, t in enumerate(rng.integers(0, 9, 40)) if t < 5}
    spread = by_hand.spread([world], {"a": [[tallied(by_hand, world, ages)]]})
    for horizon in range(1, 6):
        found = time_to_cross(spread, "planted", communities=2, horizon=horizon)
        area = found.curves.filter(pl.col("age") < horizon)["survival"].sum()
        assert found.frame["restricted_mean"][0] == pytest.approx(area)


def test_a_survival_of_exactly_one_half_is_the_median(by_hand: Any) -> None:
    world = world_of(by_hand, [0, 1, 2, 3], [0] * 4)
    half = tallied(by_hand, world, {0: (1,), 1: (3,)})
    fewer = tallied(by_hand, world, {0: (1,)})
    spread = by_hand.spread([world], {"half": [[half]], "fewer": [[fewer]]})
    frame = time_to_cross(spread, "planted", communities=1).frame
    assert dict(frame.select("arm", "median").rows()) == {"half": 3, "fewer": None}


def test_posts_that_can_never_cross_are_left_out(by_hand: Any) -> None:
    # from "small" three large communities are foreign, from x only two
    world = world_of(by_hand, [0, 17, 18], [0, 0, 9])
    tally = tallied(by_hand, world, {1: (0, 1, 1)})
    frame = time_to_cross(by_hand.spread([world], {"a": [[tally]]}), "planted").frame
    counts = frame.select("posts", "crossed", "cannot_cross", "not_entered").row(0)
    assert counts == (1, 1, 1, 1)
    alone = world_of(by_hand, [0, 1], [0, 0])
    spread = by_hand.spread([alone], {"a": [[tallied(by_hand, alone, {})]]})
    with pytest.raises(DataError, match="no post can cross"):
        time_to_cross(spread, "planted")
    outcome = measure_spread(spread).filter(measure="time_to_cross")
    assert outcome["value"].null_count() == outcome.height > 0


def test_paired_differences_over_worlds(by_hand: Any) -> None:
    worlds = [world_of(by_hand, [17, 18], [0, 0]) for _ in range(3)]
    slow = [[tallied(by_hand, w, {0: (0, 0, 2)})] for w in worlds]
    fast = [[tallied(by_hand, w, {0: (0, 0, 1), 1: (0, 1, k)})] for k, w in enumerate(worlds)]
    spread = by_hand.spread(worlds, {"slow": slow, "fast": fast})
    # min(T, 3): slow (2, 3), fast (1, k) with k = 0, 1, 2
    differences = np.array([((1 - 2) + (k - 3)) / 2 for k in range(3)])
    found = time_to_cross(spread, "planted").outcome
    outcome = measure_spread(spread)
    for rows in (found, outcome):
        row = contrast(rows, "fast", "slow", primary=["time_to_cross"]).row("time_to_cross")
        assert row["difference"] == pytest.approx(differences.mean())
        assert row["se"] == pytest.approx(differences.std(ddof=1) / 3**0.5)
        assert row["p_holm"] is not None
        assert row["filler"] == 0
    both = pl.col("measure").is_in(["time_to_cross", "crossed_share"])
    same = outcome.filter(both, pl.col("community").is_null())
    assert same.equals(found.filter(both))
    by_community = outcome.filter(measure="crossed_share", community="small", arm="fast")
    assert by_community["value"].to_list() == [1, 1, 1]


def test_filler_claims_no_direction(by_hand: Any) -> None:
    worlds = [world_of(by_hand, [17], [0]) for _ in range(2)]
    one = [[tallied(by_hand, w, {}, sources=np.array([1, 0, 1]))] for w in worlds]
    spread = by_hand.spread(worlds, {"a": one, "b": one})
    row = contrast(time_to_cross(spread, "planted").outcome, "a", "b").row("time_to_cross")
    assert row["direction"] == "not claimed: filler"


def test_free_budgets_leave_out_posts_that_did_not_enter(by_hand: Any) -> None:
    world = world_of(by_hand, [17, 18], [0, 0])
    tally = tallied(by_hand, world, {0: (0, 0, 1)}, posted=np.array([True, False]))
    found = time_to_cross(by_hand.spread([world], {"a": [[tally]]}, "free"), "planted")
    assert found.frame.select("posts", "not_entered", "restricted_mean").row(0) == (1, 1, 1.0)


def simulated(worlds: list[World], **options: Any) -> Spread:
    arms = {"uniform": gk.recommenders.uniform(), "interest": gk.interest_centric()}
    return gk.simulate_spread(worlds, arms, ticks=6, slots=5, rng=1, **options)


@pytest.fixture(scope="module")
def world() -> World:
    platform = gk.synthetic.platform(150, communities=5, rng=1)
    return gk.build_world(platform, ticks=5, rng=1)


@pytest.mark.filterwarnings("ignore:simulate_spread. filler")
def test_a_jackknife_has_its_interval_and_one_curve(world: World) -> None:
    worlds = gk.resample_worlds(world, 4, rng=1)
    found = time_to_cross(simulated(list(worlds)), "planted", communities=2)
    assert (
        found.curves["world"].unique().to_list() == found.frame["world"].unique().to_list() == [0]
    )
    row = contrast(found.outcome, "interest", "uniform").row("time_to_cross")
    assert row["interval"] == "over samples like this one"
    assert row["worlds"] == len(worlds)
    values = found.outcome.filter(measure="time_to_cross").sort("arm", "world")["value"]
    gaps = values.to_numpy()[: len(worlds)] - values.to_numpy()[len(worlds) :]
    g = len(worlds) - 1
    se = np.sqrt((g - 1) / g * ((gaps[1:] - gaps[1:].mean()) ** 2).sum())
    assert (row["difference"], row["se"]) == (pytest.approx(gaps[0]), pytest.approx(se))
    means = arm_means(found.outcome).filter(measure="time_to_cross")
    assert means["low"].null_count() == 0


def test_one_community_is_said_in_the_singular(world: World) -> None:
    spread = simulated([world])
    one, two = (repr(time_to_cross(spread, "planted", communities=n)) for n in (1, 2))
    assert "1 foreign community, 5 accounts" in one
    assert "2 foreign communities, 5 accounts" in two


def test_groups_of_communities(world: World) -> None:
    found = time_to_cross(simulated([world]), "planted", communities=2, by_community=True)
    names = found.curves["community"].drop_nulls().unique().sort().to_list()
    of = found.curves.filter(arm="interest")
    result = logrank(of.filter(community=names[0]), of.filter(community=names[1]))
    assert 0 <= result.p <= 1
    whole = pl.col("community").is_null()
    parts = found.frame.filter(~whole).group_by("arm").agg(pl.col("posts", "crossed").sum())
    total = found.frame.filter(whole).select("arm", "posts", "crossed")
    assert parts.sort("arm").equals(total.sort("arm"))


def test_bad_input(by_hand: Any) -> None:
    world = world_of(by_hand, [17], [0])
    spread = by_hand.spread([world], {"a": [[tallied(by_hand, world, {})]]})
    with pytest.raises(OptionError, match="communities"):
        time_to_cross(spread, "planted", communities=9)
    with pytest.raises(OptionError, match="horizon"):
        time_to_cross(spread, "planted", horizon=6)
    with pytest.raises(MissingDataError, match="Did you mean 'planted'"):
        time_to_cross(spread, "plantd")
    old = by_hand.spread([world], {"a": [[by_hand.tally(world, [])]]})
    with pytest.raises(MissingDataError, match="earlier version"):
        time_to_cross(old, "planted")
    values = measure_spread(old).filter(measure="time_to_cross")["value"]
    assert values.null_count() == len(values)
