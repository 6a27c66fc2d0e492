"""Arms that share their draws agree in mean with arms that do not, and tell small things apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import graphkit as gk
from graphkit.data.spread import ArmTally
from graphkit.data.world import World
from graphkit.recommenders import Feed, interest_centric
from graphkit.simulation import Behaviour

REPLICATIONS = 100


@pytest.fixture(scope="module")
def small() -> World:
    platform = gk.synthetic.platform(60, communities=3, posts_per_account=6, rng=2)
    return gk.build_world(platform, ticks=3, rng=2)


def outcomes(tally: ArmTally) -> tuple[float, float, float]:
    """Mean watch fraction, rewards per view, and Herfindahl index of the views."""
    shown = tally.views["planted"].sum(axis=1) / tally.impressions
    watched = tally.watch.sum() / 65536 / tally.impressions
    return watched, tally.rewards.sum() / tally.impressions, float((shown**2).sum())


def run(world: World, arms: dict[str, Feed], budget: str, seed: int) -> dict[str, np.ndarray]:
    mind = Behaviour(like_base=-1.5, share_base=-2.0)
    spread = gk.simulate_spread(
        world,
        arms,
        ticks=4,
        slots=4,
        replications=REPLICATIONS,
        behaviour=mind,
        budget=budget,
        rng=seed,
    )
    return {arm: np.array([outcomes(tally) for tally in spread.of(arm)]) for arm in arms}


@pytest.mark.parametrize("budget", ["matched", "free"])
def test_shared_and_independent_draws_agree_in_mean(small: World, budget: str) -> None:
    feed = interest_centric()
    other = feed.but("without", sources={"interest": 0}, weights={"interest": 0.0})
    arms = {"all": feed, "without": other}
    shared = run(small, arms, budget, 1)
    alone = {arm: run(small, {arm: arms[arm]}, budget, 2 + i)[arm] for i, arm in enumerate(arms)}
    for arm in arms:
        test = stats.ttest_ind(shared[arm], alone[arm], equal_var=False)
        assert (test.pvalue > 0.001).all()
    paired, unpaired = (values["all"] - values["without"] for values in (shared, alone))
    gap = paired.mean(axis=0) - unpaired.mean(axis=0)
    error = np.sqrt((paired.var(axis=0, ddof=1) + unpaired.var(axis=0, ddof=1)) / REPLICATIONS)
    reach = stats.t.ppf(1 - 0.001 / 2, 2 * REPLICATIONS - 2)
    assert (np.abs(gap) < reach * error).all()
    # the contrast is real, so that agreeing on it says something
    assert abs(paired[:, 0].mean()) > 10 * paired[:, 0].std(ddof=1) / np.sqrt(REPLICATIONS)


def test_shared_draws_tell_a_small_change_apart(small: World) -> None:
    feed = interest_centric()
    arms = {"all": feed, "less": feed.but("less", weights={"expected_watch": 0.27})}
    shared = run(small, arms, "matched", 1)
    alone = {arm: run(small, {arm: arms[arm]}, "matched", 4 + i)[arm] for i, arm in enumerate(arms)}
    paired, unpaired = (
        (values["all"] - values["less"]).std(axis=0, ddof=1) for values in (shared, alone)
    )
    assert (paired < 0.8 * unpaired).all()
