"""Creators that respond to income: the formula by hand, and that money never enters ranking."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import graphkit as gk
from graphkit.attribution import evaluate
from graphkit.data.answers import world_with_answers
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import DataError, OptionError
from graphkit.kernels import state as codes
from graphkit.measures import Payout, income, payouts
from graphkit.recommenders import Context, Feed
from graphkit.simulation import Behaviour
from graphkit.simulation.agents import Creators
from graphkit.simulation.arrays import prepare_arrays
from graphkit.simulation.earnings import Earnings
from graphkit.simulation.engine import Run

SEED = np.uint64(7)
#: Creators who respond strongly.
MIND = Behaviour(post_base=0.0, post_slope=3.0, quit_base=-2.0, quit_slope=2.0)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_chances_follow_the_formula(world: World, all_feeds: dict[str, Feed]) -> None:
    arrays = prepare_arrays(world, [all_feeds["interest"]])
    low, high = (int(np.searchsorted(arrays.ticks, t, side="right")) for t in (0, 1))
    author = arrays.static.attributes[:, codes.AUTHOR].astype(int)
    rng = np.random.default_rng(1)
    reacted, dropped = rng.integers(0, 9, author.size), np.zeros(author.size, bool)
    money = np.zeros(arrays.accounts.size)
    money[np.unique(author[:low])] = rng.random(np.unique(author[:low]).size)
    creators = Creators(arrays.static, MIND, SEED, free=False)
    creators.schedule(low, high, reacted, dropped, money)
    usual, mean = reacted[:low].sum() / low, money.sum() / low
    posting = quitting = 0.0
    for p in range(low, high):
        own = np.count_nonzero(author[:low] == author[p])
        if own:
            rho = math.log((1 + money[author[p]] / own / mean * usual) / (1 + usual))
            posting += sigmoid(3 * rho)
            quitting += sigmoid(-2 - 2 * rho)
    assert creators.scheduled > 3
    assert creators.posting == pytest.approx(posting)
    assert creators.quitting == pytest.approx(quitting)


def test_content_moves_toward_what_earned_and_stays_where_nothing_did(
    world: World, all_feeds: dict[str, Feed]
) -> None:
    arrays = prepare_arrays(world, [all_feeds["interest"]])
    author = arrays.static.attributes[:, codes.AUTHOR].astype(int)
    low, high = (int(np.searchsorted(arrays.ticks, t, side="right")) for t in (0, 1))
    several = np.bincount(author[:low], minlength=arrays.accounts.size)[author] >= 2
    p = next(q for q in range(low, high) if several[q] and arrays.static.features[q].any())
    first, second = np.flatnonzero(author[:low] == author[p])[:2]
    mind, dropped = Behaviour(drift=0.4), np.zeros(author.size, bool)
    creators = Creators(arrays.static, mind, SEED, free=True)
    features = arrays.static.features
    earned = np.zeros(author.size)
    assert creators.adapt_content(features, np.array([p]), earned, dropped) == pytest.approx(
        features[p][None].astype(float)
    )
    earned[[first, second]] = 3.0, 0.5
    (moved,) = creators.adapt_content(features, np.array([p]), earned, dropped)
    toward = 3.0 * features[first].astype(float) + 0.5 * features[second].astype(float)
    expected = 0.6 * features[p] + 0.4 * toward / np.linalg.norm(toward)
    assert moved == pytest.approx(expected / np.linalg.norm(expected), rel=1e-6)


def test_where_nobody_earns_all_are_at_the_mean(world: World, all_feeds: dict[str, Feed]) -> None:
    arrays = prepare_arrays(world, [all_feeds["interest"]])
    low, high = (int(np.searchsorted(arrays.ticks, t, side="right")) for t in (0, 1))
    reacted = np.random.default_rng(1).integers(0, 9, arrays.posts.size)
    creators = Creators(arrays.static, MIND, SEED, free=False)
    none = np.zeros(arrays.accounts.size)
    creators.schedule(low, high, reacted, np.zeros(arrays.posts.size, bool), none)
    assert creators.posting == pytest.approx(creators.scheduled * sigmoid(0))


@pytest.mark.parametrize("name", ["partner_programme", "subscriptions", "marketplace"])
def test_earnings_at_the_end_are_the_incomes_of_the_tallies(
    world: World, all_feeds: dict[str, Feed], run_of: Callable[..., Run], name: str
) -> None:
    # accounts that only answer earn, but are not among the creators that are measured
    payout, mind = payouts()[name], dataclasses.replace(MIND, answer_posts=0)
    run = run_of(world, all_feeds["interest"], free=True, payout=payout, behaviour=mind)
    for t in range(run.ticks):
        run.step(t)
    posts = int(np.count_nonzero(run.arrays.ticks < run.ticks))
    earnings = Earnings(run.arrays, payout)
    withdrawn = run.state.withdrawn
    earned, of_posts = earnings.so_far(posts, withdrawn, run.counts, run.static.f_indices)
    # each creator's income is split over its posts
    author = run.static.attributes[:, codes.AUTHOR].astype(int)
    assert np.bincount(author, of_posts, world.n_accounts) == pytest.approx(earned)
    assert not of_posts[withdrawn].any()
    key = ("a", 0, 0)
    sources = ("source",) * (run.sources.size - 1)
    spread = Spread((world,), ("a",), {key: run.tally()}, 1, (*sources, "filler"), "free", False)
    found = income(spread, payout, baseline="a")
    there = np.zeros(world.n_accounts)
    there[run.arrays.accounts] = earned
    mine = there[found.creators[0]]
    assert found.of("a") == pytest.approx(mine / mine.mean())
    assert there.sum() == pytest.approx(mine.sum())


def test_answers_earn_for_those_who_made_them(
    world: World, all_feeds: dict[str, Feed], run_of: Callable[..., Run]
) -> None:
    mind = dataclasses.replace(MIND, duet_base=-2.0, answer_delay=1.0)
    payout = Payout("views", per_view=1.0)
    run = run_of(world, all_feeds["interest"], free=True, payout=payout, behaviour=mind)
    for t in range(run.ticks):
        run.step(t)
    earnings = Earnings(run.arrays, payout)
    posts = run.counts.n_eligible(run.ticks - 1)
    earned, of_post = earnings.so_far(posts, run.state.withdrawn, run.counts, run.static.f_indices)
    tally, after = run.tally(), world_with_answers(world, run.tally().answers)
    shown = np.bincount(after.posters, tally.ticks.sum(axis=1), world.n_accounts)
    assert earned.tolist() == shown[run.arrays.accounts].tolist()
    assert of_post.tolist() == tally.ticks.sum(axis=1)[run.arrays.posts].tolist()
    assert tally.ticks[world.n_posts :].sum() > 100


@pytest.mark.parametrize("name", payouts())
def test_money_never_enters_ranking(
    world: World, all_feeds: dict[str, Feed], simulate: Callable[..., Spread], name: str
) -> None:
    arms = {arm: all_feeds[arm] for arm in ("interest", "uniform")}
    # in the first tick, and where creators do not respond, all impressions are the same
    first = {"ticks": 1, "budget": "free", "behaviour": MIND}
    assert simulate(world, arms, **first, payout=name).content_key == (
        simulate(world, arms, **first).content_key
    )
    cool = dataclasses.replace(MIND, post_slope=0, quit_slope=0, drift=0)
    still = {"budget": "free", "behaviour": cool}
    assert simulate(world, arms, **still, payout=name).content_key == (
        simulate(world, arms, **still).content_key
    )
    # under a matched budget there is no payout
    with pytest.raises(OptionError, match="needs budget='free'"):
        simulate(world, arms, payout=name)


def test_ranking_has_no_place_for_money() -> None:
    kinds = (codes.StaticArrays, codes.State, codes.TickContext, codes.FeedInputs)
    names = {name for kind in kinds for name in kind._fields} | set(dir(Context))
    assert len(names) > 30
    assert not [
        name for name in names if any(word in name for word in ("income", "payout", "earn", "paid"))
    ]


def test_the_size_of_amounts_has_no_effect_but_their_distribution_has(
    world: World, all_feeds: dict[str, Feed], simulate: Callable[..., Spread]
) -> None:
    arms = {arm: all_feeds[arm] for arm in ("interest", "uniform")}
    options = {"budget": "free", "behaviour": MIND}
    plain = simulate(world, arms, **options)
    # eight times as much changes no bit, nor does it whether the sum is fixed
    schemes = (
        Payout("tips", per_reaction=1.0, per_view=0.25),
        Payout("tips", per_reaction=8.0, per_view=2.0, pooled=True),
    )
    one, more = (simulate(world, arms, **options, payout=scheme) for scheme in schemes)
    assert one.content_key == more.content_key
    # creators post otherwise than by reactions
    other = simulate(world, arms, **options, payout="subscriptions")
    assert not np.array_equal(other.of("interest")[0].posted, plain.of("interest")[0].posted)
    assert "payout" not in plain.provenance.parameters
    assert "creators respond to" not in repr(plain)
    assert "income, subscriptions" in repr(other)


def test_checkpoints_executors_and_caches_know_the_payout(
    world: World, all_feeds: dict[str, Feed], simulate: Callable[..., Spread], tmp_path: Path
) -> None:
    arms = {arm: all_feeds[arm] for arm in ("interest", "uniform")}
    options = {"budget": "free", "behaviour": MIND, "payout": "marketplace"}
    here = simulate(world, arms, **options)
    folder = tmp_path / "runs"
    for _ in range(2):
        assert simulate(world, arms, **options, checkpoint=folder).content_key == here.content_key
    read = gk.simulation.read_checkpoint(folder, world)
    assert "income, marketplace" in repr(read)
    for other in ("subscriptions", None):
        with pytest.raises(OptionError, match="payout"):
            simulate(world, arms, **options | {"payout": other}, checkpoint=folder)
    with ThreadPoolExecutor(2) as pool:
        assert simulate(world, arms, **options, executor=pool).content_key == here.content_key
    numbers = {"ticks": here.tallies["uniform", 0, 0].ticks.shape[1], "slots": 5, "rng": 1}
    for payout in ("marketplace", None, "subscriptions", "marketplace"):
        given = {**numbers, **options, "payout": payout}
        outcome = evaluate(world, arms, **given, cache=tmp_path / "cache")
        assert outcome.equals(gk.measure_spread(gk.simulate_spread(world, arms, **given)))


def test_what_is_refused(
    world: World, all_feeds: dict[str, Feed], simulate: Callable[..., Spread]
) -> None:
    arms = {"uniform": all_feeds["uniform"]}
    with pytest.raises(OptionError, match="no payout scheme"):
        simulate(world, arms, budget="free", payout="per_veiw")
    seeded = dataclasses.replace(world, authored=False)
    with pytest.raises(DataError, match="introduced by seeders"):
        simulate(seeded, arms, budget="free", payout="per_view")
    with pytest.raises(OptionError, match="needs budget='free'"):
        evaluate(world, arms, ticks=2, payout="per_view", rng=1)
