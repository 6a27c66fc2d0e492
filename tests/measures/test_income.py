"""Incomes by hand, their unit and totals, laws, contrasts, and what is refused."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.spread import Spread
from graphkit.data.world import POST_FIELDS, World
from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError
from graphkit.measures import Payout, arm_means, contrast, gini, income, payouts

#: Who is shown what, as (account, post, tick): 4, 2 and 2 impressions for creators 0, 1 and 2.
LOG = [(3, 0, 0), (4, 0, 0), (5, 0, 1), (3, 1, 1), (3, 2, 0), (4, 2, 0), (3, 3, 0), (5, 3, 0)]
#: In the other arm 1, 0 and 5.
OTHER = [(3, 0, 0), (3, 3, 0), (4, 3, 0), (5, 3, 0), (0, 3, 1), (1, 3, 1)]


@pytest.fixture(scope="module")
def world(by_hand: Any) -> World:
    # posts 0 and 1 are by account 0; post 4, by account 3, would enter after the run
    made: World = by_hand.world(
        ["x"] * 6,
        [[0], [0], [1], [2], [3]],
        [(3, 0), (4, 0), (3, 1)],
        durations=np.array([60, 60, 120, np.nan, 60], np.float32),
    )
    return replace(made, ticks=np.array([0, 0, 0, 0, 9], np.int32))


@pytest.fixture(scope="module")
def spread(by_hand: Any, world: World) -> Spread:
    arms = {"base": [[by_hand.tally(world, LOG)]], "other": [[by_hand.tally(world, OTHER)]]}
    made: Spread = by_hand.spread([world], arms)
    return made


@pytest.fixture(scope="module")
def simulated() -> Spread:
    platforms = [gk.synthetic.platform(150, communities=4, rng=i) for i in range(3)]
    worlds = [gk.build_world(platform, ticks=4, rng=1) for platform in platforms]
    arms = {"uniform": gk.recommenders.uniform(), "interest": gk.interest_centric()}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        return gk.simulate_spread(worlds, arms, ticks=4, replications=2, slots=5, rng=1)


def test_incomes_by_hand(spread: Spread) -> None:
    found = income(spread, "per_view", baseline="base")
    assert [codes.tolist() for codes in found.creators] == [[0, 1, 2]]
    # 8 views are 3 in all
    assert found.of("base").tolist() == pytest.approx([1.5, 0.75, 0.75])
    assert found.of("other").tolist() == pytest.approx([0.375, 0, 1.875])
    base, other = found.frame.rows(named=True)
    assert (base["creators"], base["income_total"], other["income_total"]) == (3, 1, 0.75)
    assert base["income_gini"] == pytest.approx(1 / 6)
    assert other["income_gini"] == gini([1, 0, 5])
    # a living is 0.5
    assert (base["living_share"], other["living_share"]) == (1, pytest.approx(1 / 3))
    # the half: account 2, and half of account 1
    assert base["income_small_share"] == pytest.approx((0.75 + 0.375) / 3)
    # the fifth: account 2
    assert (base["small_living_share"], other["small_living_share"]) == (1, 1)
    assert base["small_kept_share"] is None
    assert "Gini 0.17, 100% with a living" in repr(found)
    assert found.provenance.removed == {"accounts without a scheduled post, over all worlds": 3}


@pytest.mark.parametrize(
    ("payout", "paid"),
    [
        # half of each impression is watched; a post without a duration has 20 s
        ("watch_fund", [2, 2, 1 / 3]),
        ("partner_programme", [2, 2, 1 / 3]),
        (Payout("programme", per_minute=1.0, entry=0.1), [2, 2, 0]),
        ("view_fund", [4, 2, 2]),
        ("subscriptions", [0.0499 * 2 + 0.04, 0.0499 + 0.02, 0.02]),
        # followers times reactions per view, 2, 1 and 0: the best, for three tenths of a place
        ("marketplace", [1, 0, 0]),
    ],
)
def test_schemes_by_hand(spread: Spread, payout: Payout | str, paid: list[float]) -> None:
    found = income(spread, payout, baseline="base").of("base")
    assert found.tolist() == pytest.approx([3 * x / sum(paid) for x in paid])


def test_the_threshold_is_that_of_the_baseline(by_hand: Any, world: World) -> None:
    # account 2 has 2.5 · 1/3 minutes in the other arm, below the 2 that are needed
    arms = {"base": [[by_hand.tally(world, LOG)]], "other": [[by_hand.tally(world, OTHER)]]}
    programme = Payout("programme", per_minute=1.0, entry=0.1)
    found = income(by_hand.spread([world], arms), programme, baseline="base")
    assert found.of("other").tolist() == [0, 0, 0]
    row = found.frame.row(1, named=True)
    assert (row["income_total"], row["living_share"], row["income_gini"]) == (0, 0, None)


def test_followers_are_those_at_the_end(by_hand: Any, world: World) -> None:
    changes = {"gained": np.array([0, 4, 0, 0, 0, 0]), "lost": np.array([2, 0, 0, 0, 0, 0])}
    tally = by_hand.tally(world, LOG, **{k: v.astype(np.int32) for k, v in changes.items()})
    spread = by_hand.spread([world], {"base": [[tally]]})
    found = income(spread, Payout("follows", per_follower=1.0), baseline="base")
    assert found.of("base").tolist() == [0, 3, 0]


def test_under_a_free_budget_the_smallest_keep_posting_or_not(by_hand: Any) -> None:
    # ten creators with as many followers; the first four have two posts, three of ten quit
    world = by_hand.world(["x"] * 11, [[i] for i in (*range(10), *range(4))])
    gone = np.isin(np.arange(11), [0, 5, 6])
    tally = by_hand.tally(world, [(10, 0, 0)], quit=gone)
    spread = by_hand.spread([world], {"base": [[tally]]}, budget="free")
    row = income(spread, "per_view", baseline="base").frame.row(0, named=True)
    assert row["small_kept_share"] == pytest.approx(0.75)
    assert row["small_living_share"] == pytest.approx(0.1)


def test_posts_that_did_not_enter_earn_nothing(by_hand: Any, world: World) -> None:
    posted = np.array([True, False, True, True, True])
    spread = by_hand.spread([world], {"base": [[by_hand.tally(world, LOG, posted=posted)]]}, "free")
    assert income(spread, "view_fund", baseline="base").of("base").tolist() == pytest.approx(
        [9 / 7, 6 / 7, 6 / 7]
    )


@pytest.mark.parametrize("name", payouts())
def test_all_schemes_pay_one_total_in_the_baseline(simulated: Spread, name: str) -> None:
    found = income(simulated, name, baseline="uniform")
    by_world = (
        found.frame.filter(arm="uniform").group_by("world").agg(pl.col("income_total").mean())
    )
    assert by_world["income_total"].to_list() == pytest.approx([1, 1, 1])
    if payouts()[name].pooled:
        assert found.frame["income_total"].to_list() == pytest.approx([1] * 12)
    for (arm, w, r), paid in found.incomes.items():
        row = found.frame.row(
            by_predicate=(pl.col("arm") == arm)
            & (pl.col("world") == w)
            & (pl.col("replication") == r),
            named=True,
        )
        assert row["income_gini"] == gini(paid)
        assert row["income_total"] == pytest.approx(paid.sum() / found.creators[w].size)


def test_the_size_of_amounts_has_no_effect(simulated: Spread) -> None:
    payout = payouts()["subscriptions"]
    larger = replace(
        payout, per_follower=8 * payout.per_follower, per_reaction=8 * payout.per_reaction
    )
    one, other = (income(simulated, x, baseline="uniform") for x in (payout, larger))
    assert all(np.allclose(one.incomes[key], other.incomes[key]) for key in one.incomes)


def test_the_order_of_posts_changes_no_digit() -> None:
    platform = gk.synthetic.platform(150, communities=4, rng=1)
    world = replace(gk.build_world(platform, ticks=4, rng=1), answers_to=None)
    order = np.random.default_rng(1).permutation(world.n_posts)
    fields = {name: getattr(world, name) for name in POST_FIELDS}
    moved = replace(
        world,
        **{name: value[order] for name, value in fields.items() if value is not None},
        posters=world.posters[order],
        homes={kind: home[order] for kind, home in world.homes.items()},
    )
    arms = {"uniform": gk.recommenders.uniform()}
    options = {"ticks": 4, "slots": 5, "budget": "free", "payout": "marketplace", "rng": 1}
    one, other = (gk.simulate_spread(x, arms, **options) for x in (world, moved))
    for name in payouts():
        first, second = (income(x, name, baseline="uniform") for x in (one, other))
        assert first.frame.equals(second.frame)
        assert first.of("uniform").tobytes() == second.of("uniform").tobytes()


def test_views_of_all_creators_are_all_impressions(simulated: Spread) -> None:
    found = income(simulated, "per_view", baseline="uniform")
    for key, tally in simulated.tallies.items():
        unit = simulated.tallies["uniform", key[1], key[2]]
        assert tally.impressions == unit.impressions  # a matched budget
        total = found.incomes[key].sum() / found.creators[key[1]].size
        mean = np.mean([simulated.tallies["uniform", key[1], r].impressions for r in range(2)])
        assert total == pytest.approx(tally.impressions / mean)


def test_outcomes_can_be_contrasted(simulated: Spread, spread: Spread) -> None:
    found = income(simulated, "per_view", baseline="uniform")
    gap = contrast(found.outcome, "interest", "uniform", primary=["income_gini"])
    row = gap.row("income_gini")
    values = found.frame.pivot("arm", index=["world", "replication"], values="income_gini")
    assert row["difference"] == pytest.approx((values["interest"] - values["uniform"]).mean())
    assert row["interval"] == "over populations of the same making"
    assert arm_means(found.outcome)["measure"].n_unique() == 7
    # where most impressions are filler, nothing is claimed
    filled = {key: replace(t, sources=np.array([1, 0, 9])) for key, t in spread.tallies.items()}
    several = replace(
        spread,
        worlds=spread.worlds * 2,
        tallies=filled | {(a, 1, r): t for (a, _, r), t in filled.items()},
    )
    outcome = income(several, "per_view", baseline="base").outcome
    assert contrast(outcome, "other", "base").row("income_gini")["direction"] == (
        "not claimed: filler"
    )


def test_what_is_refused(by_hand: Any, world: World, spread: Spread) -> None:
    with pytest.raises(OptionError, match=r"per_veiw.*per_view"):
        income(spread, "per_veiw", baseline="base")
    with pytest.raises(OptionError, match="no payout scheme"):
        income(spread, 3, baseline="base")  # type: ignore[arg-type]
    with pytest.raises(MissingDataError, match="bass"):
        income(spread, "per_view", baseline="bass")
    with pytest.raises(OptionError, match="living"):
        income(spread, "per_view", baseline="base", living=0)
    with pytest.raises(DataError, match="a Spread is needed"):
        income(world, "per_view", baseline="base")  # type: ignore[arg-type]
    found = income(spread, "per_view", baseline="base")
    with pytest.raises(MissingDataError, match="base"):
        found.of("bass")
    nothing = by_hand.spread([world], {"base": [[by_hand.tally(world, [])]]})
    with pytest.raises(DataError, match="pays nothing in world 0"):
        income(nothing, "per_view", baseline="base")
    seeded = by_hand.world(["x"] * 4, [[0, 1], [2]])
    seeders = by_hand.spread([seeded], {"base": [[by_hand.tally(seeded, [(3, 0, 0)])]]})
    with pytest.raises(DataError, match="introduced by seeders"):
        income(seeders, "per_view", baseline="base")
