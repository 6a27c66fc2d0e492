"""Measures of runs whose duets and stitches became posts: the posts are those after the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.attribution import evaluate
from graphkit.data.answers import Answers
from graphkit.data.spread import Spread
from graphkit.errors import DataError
from graphkit.measures import (
    bridges,
    cascades,
    contrast,
    flow,
    flow_contrast,
    income,
    permutation_null,
    reach_by_age,
    reach_curve,
    time_to_cross,
    who_gains,
)
from graphkit.measures.catalogue import PartitionTallies, RunTallies
from graphkit.simulation import Behaviour

BEHAVIOUR = Behaviour(duet_base=-3.0, stitch_base=-3.0, answer_delay=1.0, answer_spread=0.5)
NUMBERS = {"ticks": 6, "slots": 8, "budget": "free", "behaviour": BEHAVIOUR, "rng": 1}


@pytest.fixture(scope="module")
def world() -> gk.World:
    platform = gk.synthetic.platform(90, communities=3, posts_per_account=6, rng=2)
    return gk.build_world(platform, ticks=5, rng=2)


@pytest.fixture(scope="module")
def arms() -> dict[str, gk.Feed]:
    return {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}


@pytest.fixture(scope="module")
def spread(world: gk.World, arms: dict[str, gk.Feed]) -> Spread:
    return gk.simulate_spread(world, arms, replications=2, **NUMBERS)


def test_means_over_posts_include_answers_and_creators_are_the_same(
    spread: Spread, world: gk.World
) -> None:
    frame = gk.measure_spread(spread)
    creators = np.unique(world.posters[world.ticks < 6])
    for (arm, w, r), tally in spread.tallies.items():
        run = RunTallies(spread.world_of(arm, w, r), tally)
        assert len(tally.answers) > 50
        assert run.answered.sum() == len(tally.answers)
        assert run.scheduled.sum() == (world.ticks < 6).sum()
        assert run.creators.tolist() == creators.tolist()
        values = dict(
            frame.filter(
                pl.col("arm") == arm,
                pl.col("replication") == r,
                pl.col("partition").is_null(),
                pl.col("community").is_null(),
            )
            .select("measure", "value")
            .iter_rows()
        )
        entered = (world.ticks < 6) & tally.posted[: world.n_posts]
        posts = entered.sum() + len(tally.answers)
        assert values["reach"] == pytest.approx(tally.impressions / posts)
        assert values["posted_share"] == pytest.approx(
            tally.posted[: world.n_posts][world.ticks < 6].mean()
        )
        flows = PartitionTallies(run, "planted").flows
        assert flows.sum() == tally.views["planted"][:, :-1].sum()


def test_a_tally_is_not_read_with_the_world_before_the_run(spread: Spread, world: gk.World) -> None:
    with pytest.raises(DataError, match=r"is that of Spread\.world_of"):
        RunTallies(world, spread.tallies["uniform", 0, 0])


def test_evaluation_has_the_rows_of_the_spread(
    spread: Spread, world: gk.World, arms: dict[str, gk.Feed]
) -> None:
    found = evaluate(world, arms, replications=2, **NUMBERS)
    assert found.equals(gk.measure_spread(spread))


def test_every_function_of_a_spread_reads_the_world_after_the_run(spread: Spread) -> None:
    contrast(gk.measure_spread(spread), "interest", "uniform")
    answers = sum(len(t.answers) for t in spread.of("uniform"))
    found = bridges(spread, "planted", arm="uniform")
    assert found.provenance.removed["answers, which no two runs share (over 2 runs)"] == answers
    assert found.frame.height <= spread.worlds[0].n_posts
    assert reach_curve(spread).frame.height == reach_curve(spread).frame.drop_nulls().height
    assert reach_by_age(spread).frame.height == 4 * 4
    assert time_to_cross(spread, "planted", communities=1).frame.get_column("posts").min() > 100
    assert flow(spread, "interest", "planted").observed.sum() > 0
    flow_contrast(spread, "interest", "uniform", partition="planted")
    permutation_null(spread, "planted", draws=19, rng=1)
    assert income(spread, "per_view", baseline="uniform").frame.height == 4
    for by in ("community", "community size", "creator size"):
        gains = who_gains(spread, "interest", "uniform", by=by, partition="planted")
        assert gains.frame.height


def test_answers_earn_and_who_only_answers_is_left_out_and_counted(
    spread: Spread, world: gk.World
) -> None:
    few = world.ticks < 6
    authors = world.posters[world.poster_indptr[:-1]]
    found = income(spread, "per_view", baseline="uniform")
    only = 0
    for job, tally in spread.tallies.items():
        after = spread.world_of(*job)
        views = np.bincount(after.posters, tally.ticks.sum(axis=1), world.n_accounts)
        own = views[found.creators[0]]
        paid = found.incomes[job]
        assert paid / paid.sum() == pytest.approx(own / own.sum())
        only += len(set(tally.answers.author.tolist()) - set(authors[few].tolist()))
    assert found.provenance.removed["accounts that only answered, over all runs"] == only > 0


def test_groups_of_answers_are_those_of_their_authors(spread: Spread, world: gk.World) -> None:
    gains = who_gains(
        spread,
        "interest",
        "uniform",
        by="community",
        partition="planted",
        measure="impression_share",
    )
    shares = dict(gains.frame.select("group", "arm_mean").iter_rows())
    partition, expected = world.partitions["planted"], np.zeros(3)
    for r in range(2):
        tally = spread.tallies["interest", 0, r]
        homes = spread.world_of("interest", 0, r).homes["planted"]
        shown = tally.ticks.sum(axis=1)
        expected += np.bincount(homes, shown, 3) / shown.sum() / 2
    assert [shares[partition.name(c)] for c in range(3)] == pytest.approx(expected.tolist())


def test_answers_of_accounts_without_a_group_are_counted(spread: Spread, world: gk.World) -> None:
    gains = who_gains(spread, "interest", "uniform", by="creator size")
    creators = set(world.posters[world.poster_indptr[:-1]][world.ticks < 6].tolist())
    authors = [author for t in spread.tallies.values() for author in t.answers.author.tolist()]
    lost = sum(author not in creators for author in authors)
    assert gains.provenance.removed["answers in no group, over all runs"] == lost > 0
    by_community = who_gains(spread, "interest", "uniform", by="community", partition="planted")
    assert not by_community.provenance.removed


def test_a_duet_that_became_a_post_is_one_node() -> None:
    # post 0, which account 5 duets; 6 reshares it from 5. The duet is post 2, which 7 shares.
    # A stitch of post 1 by 8 was not posted
    shares = np.array(
        [[0, 5, -1, 0, 1], [0, 6, 5, 1, 0], [1, 8, -1, 0, 2], [2, 7, -1, 2, 0]], np.int32
    )
    platform = gk.synthetic.platform(48, posts_per_account=1, rng=1)
    world = gk.build_world(platform, ticks=3, rng=1)
    world = replace(world, answers_to=None, ticks=np.zeros(world.n_posts, np.int32))
    spread = gk.simulate_spread(world, {"u": gk.recommenders.uniform()}, ticks=3, slots=2, rng=1)
    tally, m = spread.of("u")[0], world.n_posts
    shares[3, 0] = m
    rows = {
        name: np.concatenate([getattr(tally, name), getattr(tally, name)[:1]])
        for name in ("ticks", "reactions", "watch", "posted")
    }
    changed = replace(tally, **rows, shares=shares, answers=Answers([5], [0], [1], [1]))
    spread = replace(spread, tallies={("u", 0, 0): changed})
    trees = RunTallies(spread.world_of("u", 0, 0), changed).trees
    # of post 0: itself, account 6, the answer and account 7
    assert trees.size[[0, 1, m]].tolist() == [4, 2, 0]
    assert trees.depth[0] == 2
    assert cascades(shares, m + 1).size[[0, 1, m]].tolist() == [3, 2, 2]
