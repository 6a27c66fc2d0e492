"""Feeds by payout schemes: the four goals with intervals over worlds, and what is compared."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control, t

import graphkit as gk
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import DataError, GraphkitWarning, OptionError
from graphkit.measures import Economy, Payout, economy, income, measure_spread, payouts
from graphkit.measures.economy import GOALS
from graphkit.simulation import Behaviour

SCHEMES = ("per_view", "subscriptions", "marketplace")
#: Creators who respond strongly.
MIND = Behaviour(post_base=0.5, post_slope=2.0, quit_base=-2.0, quit_slope=2.0)


def simulated(worlds: list[World], **options: object) -> Spread:
    arms = {"uniform": gk.recommenders.uniform(), "interest": gk.interest_centric()}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        known = {"ticks": 5, "slots": 5, "behaviour": MIND, "rng": 1} | options
        return gk.simulate_spread(worlds, arms, **known)


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    platforms = [gk.synthetic.platform(120, communities=3, rng=i) for i in range(4)]
    return [gk.build_world(platform, ticks=5, rng=1) for platform in platforms]


@pytest.fixture(scope="module")
def spreads(worlds: list[World]) -> list[Spread]:
    return [simulated(worlds, budget="free", payout=name) for name in SCHEMES]


@pytest.fixture(scope="module")
def found(spreads: list[Spread]) -> Economy:
    return economy(spreads, SCHEMES, baseline="uniform")


def value(found: Economy, payout: str, arm: str, measure: str) -> dict[str, object]:
    return found.frame.filter(payout=payout, arm=arm, measure=measure).row(0, named=True)


def test_the_four_goals_are_those_of_the_runs_with_intervals_over_worlds(
    spreads: list[Spread], found: Economy
) -> None:
    told = found.frame.drop_nulls("goal")
    assert told["goal"].unique().sort().to_list() == sorted(
        ["creator value", "long-term viewer value", "platform value", "short-term viewer value"]
    )
    for name, spread in zip(SCHEMES, spreads, strict=True):
        whole = measure_spread(spread).filter(pl.col("partition").is_null())
        for arm in spread.arms:
            for measure in GOALS["free"]:
                values = whole.filter(arm=arm, measure=measure)["value"].to_numpy()
                row = value(found, name, arm, measure)
                assert row["mean"] == pytest.approx(values.mean())
                half = t.ppf(0.975, 3) * values.std(ddof=1) / 2
                assert row["high"] - row["mean"] == pytest.approx(half)
                assert (row["worlds"], row["interval"]) == (
                    4,
                    "over populations of the same making",
                )
                assert row["responds_to"] == name


def test_incomes_are_those_of_each_scheme(spreads: list[Spread], found: Economy) -> None:
    for spread, one in zip(spreads, found.incomes, strict=True):
        alone = income(spread, one.payout, baseline="uniform")
        assert one.frame.equals(alone.frame)
        for arm in spread.arms:
            mean = alone.frame.filter(arm=arm)["income_gini"].mean()
            assert value(found, one.payout.name, arm, "income_gini")["mean"] == pytest.approx(mean)


def test_differences_are_paired_by_world_and_adjusted_over_all(
    spreads: list[Spread], found: Economy
) -> None:
    gaps = found.contrasts
    assert gaps.filter(varies="feed")["against"].unique().to_list() == ["uniform"]
    assert gaps.filter(varies="payout")["against"].unique().to_list() == ["per_view"]
    assert gaps.filter(varies="payout", measure="viewer_value").height == 2 * 2
    row = gaps.filter(
        varies="payout", payout="marketplace", arm="interest", measure="income_gini"
    ).row(0, named=True)
    values = [
        one.frame.filter(arm="interest").sort("world")["income_gini"].to_numpy()
        for one in (found.incomes[2], found.incomes[0])
    ]
    assert row["difference"] == pytest.approx((values[0] - values[1]).mean())
    assert row["direction"] == "higher"
    known = gaps.drop_nulls("p")
    assert known["p_adjusted"].to_numpy() == pytest.approx(false_discovery_control(known["p"]))
    sure = known.filter(pl.col("direction").is_in(["higher", "lower"]))
    assert sure["p_adjusted"].max() <= 0.05
    assert known.filter(direction="not distinguishable")["p_adjusted"].min() > 0.05


def test_the_sentence_counts_what_is_distinguishable(found: Economy) -> None:
    assert found.sentence.startswith("In 4 worlds (intervals over populations of the same making)")
    for measure in ("income_gini", "small_kept_share", "viewer_value"):
        gaps = found.contrasts.filter(measure=measure, varies="payout")
        sure = gaps.filter(pl.col("direction").is_in(["higher", "lower"])).height
        assert f"{sure} of {gaps.height} between payout schemes)" in found.sentence
        ends = found.frame.filter(measure=measure).sort("mean", maintain_order=True)[[0, -1]]
        for mean, arm, payout in ends.select("mean", "arm", "payout").iter_rows():
            assert f"{mean:.3g} ({arm}, {payout})" in found.sentence
    assert "behaviour assumed" in found.sentence
    assert found.sentence.endswith("creators respond to income by an assumed rule.")
    assert found.sentence in repr(found)
    assert found.wide().height == 6


def test_one_spread_for_all_schemes_is_bookkeeping(worlds: list[World]) -> None:
    plain = simulated(worlds[:3])
    found = economy(plain, list(payouts()), baseline="uniform")
    assert set(found.frame["responds_to"]) == {"nothing"}
    assert set(found.frame.drop_nulls("goal")["measure"]) == set(GOALS["matched"])
    # goals do not depend on the scheme, so that they are not compared
    assert not found.contrasts.filter(varies="payout", measure="viewer_value").height
    assert found.contrasts.filter(varies="payout", measure="income_gini").height == 2 * 5
    assert "bookkeeping" in found.sentence
    assert "who keep posting" not in found.sentence
    # a scheme that pays by the same tally distributes the same
    same = found.contrasts.filter(varies="payout", payout="view_fund", measure="income_gini")
    assert set(same["direction"]) == {"equal"}
    free = simulated(worlds[:3], budget="free")
    assert set(economy(free, ["per_view"], baseline="uniform").frame["responds_to"]) == {
        "reactions"
    }


def test_filler_claims_nothing(spreads: list[Spread]) -> None:
    sources = np.zeros(len(spreads[0].source_names), np.int64)
    sources[-1] = 9
    tallies = {
        key: replace(tally, sources=sources) if key[0] == "interest" else tally
        for key, tally in spreads[0].tallies.items()
    }
    found = economy(replace(spreads[0], tallies=tallies), ["per_view"], baseline="uniform")
    assert set(found.contrasts["direction"]) == {"not claimed: filler"}
    assert found.contrasts["p_adjusted"].null_count() == found.contrasts.height
    assert "1 not claimed: filler" in found.sentence


def test_what_is_refused(spreads: list[Spread], worlds: list[World]) -> None:
    with pytest.raises(OptionError, match="at least one payout scheme"):
        economy(spreads, [], baseline="uniform")
    with pytest.raises(OptionError, match="each but once"):
        economy(spreads[0], ["per_view", "per_view"], baseline="uniform")
    with pytest.raises(OptionError, match="3 spreads for 2"):
        economy(spreads, SCHEMES[:2], baseline="uniform")
    with pytest.raises(DataError, match="respond to 'subscriptions'"):
        economy(spreads, ["per_view", "marketplace", "subscriptions"], baseline="uniform")
    changed = replace(payouts()["marketplace"], chosen=0.5)
    with pytest.raises(DataError, match="with the same numbers"):
        economy(spreads, [*SCHEMES[:2], changed], baseline="uniform")
    other = simulated(worlds[1:] + worlds[:1], budget="free", payout="per_view")
    with pytest.raises(DataError, match="other worlds"):
        economy([spreads[1], other], ["subscriptions", "per_view"], baseline="uniform")
    with pytest.raises(DataError, match="in its budget"):
        economy([spreads[0], simulated(worlds)], SCHEMES[:2], baseline="uniform")
    with pytest.raises(OptionError, match="confidence"):
        economy(spreads, SCHEMES, baseline="uniform", confidence=1)
    with pytest.raises(OptionError, match="no payout scheme"):
        economy(spreads, ["x", "y", "z"], baseline="uniform")
    own = Payout("own", per_view=2.0)
    assert economy(spreads[0], [own], baseline="uniform").payouts == ("own",)


def test_a_single_run_has_no_intervals_and_distinguishes_nothing() -> None:
    world = gk.build_world(gk.synthetic.platform(60, rng=1), ticks=3, rng=1)
    arms = {"uniform": gk.recommenders.uniform(), "interest": gk.interest_centric()}
    spread = gk.simulate_spread(world, arms, ticks=3, slots=5, reading="empty", rng=1)
    found = economy(spread, ["per_view", "subscriptions"], baseline="uniform")
    assert found.sentence.startswith("In a single run (no intervals), with")
    assert "distinguishable" not in found.sentence
