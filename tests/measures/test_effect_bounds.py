"""Bounds of effects against the noncentral t distribution, and worlds of one data set."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.errors import DataError
from graphkit.measures.intervals import Interval, effect_bounds


def of_t(t: float, freedom: int) -> Interval:
    """A jackknife's interval with this t."""
    return Interval(t, 0.0, 0.0, 1.0, freedom, 1.0)


@pytest.mark.parametrize("freedom", [1, 2, 4, 9, 30, 500])
@pytest.mark.parametrize("t", [0.0, 0.4, 2.0, 5.0, 11.0])
def test_bounds_are_where_the_noncentral_t_leaves_its_tails(freedom: int, t: float) -> None:
    low, high = effect_bounds([of_t(t, freedom)], 0.9)
    assert stats.nct.sf(t, freedom, low[0]) == pytest.approx(0.05, abs=1e-6)
    assert stats.nct.cdf(t, freedom, high[0]) == pytest.approx(0.05, abs=1e-6)


def test_bounds_of_a_negative_effect_are_the_mirrored_ones() -> None:
    low, high = effect_bounds([Interval(1.0, 0, 0, 10**-0.5, 9, 1.0)], 0.95)
    mirrored, other = effect_bounds([Interval(-1.0, 0, 0, 10**-0.5, 9, 1.0)], 0.95)
    assert (mirrored[0], other[0]) == (-high[0], -low[0])


def test_bounds_leave_out_zero_where_the_t_interval_does() -> None:
    for freedom in (1, 3, 9):
        edge = float(stats.t.ppf(0.975, freedom))
        low, _ = effect_bounds([of_t(edge - 1e-3, freedom), of_t(edge + 1e-3, freedom)], 0.95)
        assert low[0] < 0 < low[1]


@pytest.mark.parametrize("true", [0.0, 1.0, 4.0])
def test_bounds_hold_the_true_effect_as_often_as_they_say(true: float) -> None:
    """1,000 samples of 6 worlds: 90 % ± 4 standard errors; those of d / s hold 4 SD 55 times of 100."""
    drawn = np.random.default_rng(7).normal(true, 1.0, (1000, 6))
    means, spreads = drawn.mean(axis=1), drawn.std(axis=1, ddof=1)
    found = [
        Interval(m, 0, 0, s / 6**0.5, 5, s)
        for m, s in zip(means.tolist(), spreads.tolist(), strict=True)
    ]
    low, high = effect_bounds(found, 0.9)
    held = ((low <= true) & (true <= high)).mean()
    assert abs(held - 0.9) < 4 * (0.09 / 1000) ** 0.5


def outcome_of(worlds: list[gk.World]) -> pl.DataFrame:
    """Measures of two feeds in these worlds."""
    arms = {"a": gk.interest_centric(), "b": gk.recommenders.uniform()}
    return gk.measure_spread(gk.simulate_spread(worlds, arms, ticks=2, rng=1))


def test_worlds_of_one_data_set_are_no_populations() -> None:
    platform = gk.synthetic.platform(accounts=200, impressions_per_account=20, rng=1)
    built = [
        gk.build_world(platform, {"interest": platform.truth}, ticks=2, rng=seed) for seed in (1, 2)
    ]
    outcome = outcome_of(built)
    assert outcome["sample"].unique().to_list() == ["repeated"]
    with pytest.raises(DataError, match=r"2 worlds that were built from data sets of other worlds"):
        gk.contrast(outcome, "a", "b")
    # one of them alone is one world, however many it was simulated beside
    alone = gk.contrast(outcome.filter(world=0), "a", "b")
    assert alone.frame["interval"][0] == "within this world"
    with pytest.raises(DataError, match="built from data sets of other worlds"):
        gk.contrast(outcome_of([gk.resample_worlds(built[0], 3, rng=1)[0], built[1]]), "a", "b")
    other = gk.synthetic.platform(accounts=200, impressions_per_account=20, rng=2)
    independent = [built[0], gk.build_world(other, {"interest": other.truth}, ticks=2, rng=1)]
    outcome = outcome_of(independent)
    assert (
        gk.contrast(outcome, "a", "b").frame["interval"][0] == "over populations of the same making"
    )


def test_the_same_world_twice_is_no_sample() -> None:
    small = gk.synthetic.platform(accounts=200, impressions_per_account=20, rng=1)
    world = gk.synthetic.worlds(1, like=small, ticks=2, rng=1)[0]
    outcome = outcome_of([world, world])
    with pytest.raises(DataError, match="resample_worlds"):
        gk.measures.arm_means(outcome)


def test_data_in_another_row_order_are_the_same_data() -> None:
    platform = gk.synthetic.platform(accounts=200, impressions_per_account=20, rng=1)
    tables = dict(platform.dataset.tables)

    def built(seed: int, **others: pl.DataFrame) -> gk.World:
        data = gk.Dataset(**tables | others, time_kinds=dict(platform.dataset.time_kinds))
        return gk.build_world(data, {"interest": platform.truth}, ticks=2, rng=seed)

    first = built(1)
    turned = {name: frame.reverse() for name, frame in tables.items()}
    for other in (built(2, **turned), built(2, interactions=tables["interactions"][:-1])):
        with pytest.raises(DataError, match="2 worlds that were built from data sets of other"):
            gk.contrast(outcome_of([first, other]), "a", "b")
    # one follow less, and the rows turned, is no other population either
    fewer = built(2, **turned | {"follows": turned["follows"][1:]})
    with pytest.raises(DataError, match="or have most of their follows or posts"):
        gk.contrast(outcome_of([first, fewer]), "a", "b")


def populations(since: str | None = None, **others: pl.DataFrame) -> list[str | None]:
    """What a world is beside another of the same platform, with other tables and rows turned."""
    platform = gk.synthetic.platform(accounts=200, impressions_per_account=20, rng=1)
    tables = {name: frame.reverse() for name, frame in platform.dataset.tables.items()}
    kinds = dict(platform.dataset.time_kinds)
    data = gk.Dataset(**tables | others, time_kinds=kinds)
    given = {"interest": platform.truth}
    first = gk.build_world(platform, given, ticks=2, rng=1)
    second = gk.build_world(data, given, ticks=2, since=since, rng=2)
    return scheme_samples([first, second])


def scheme_samples(worlds: list[gk.World]) -> list[str | None]:
    arms = {"a": gk.recommenders.uniform()}
    outcome = gk.measure_spread(gk.simulate_spread(worlds, arms, ticks=2, slots=3, rng=1))
    return outcome.select("world", "sample").unique().sort("world")["sample"].to_list()


def shuffled(frame: pl.DataFrame, column: str, share: float) -> pl.DataFrame:
    """The frame, in this share of whose rows the column is dealt anew."""
    rows = round(frame.height * share)
    own = frame.get_column(column)
    dealt = own[:rows].shuffle(seed=1)
    return frame.with_columns(pl.concat([dealt, own[rows:]]).alias(column))


def test_another_window_of_the_same_data_is_no_population() -> None:
    platform = gk.synthetic.platform(accounts=200, impressions_per_account=20, rng=1)
    created = platform.dataset.items["created_at"].sort()
    for share in (0.5, 0.8):
        since = created[int(share * len(created))].isoformat()
        assert populations(since=since) == ["repeated", "repeated"]


def test_shared_posts_or_shared_follows_suffice() -> None:
    platform = gk.synthetic.platform(accounts=200, impressions_per_account=20, rng=1)
    follows, items = platform.dataset.follows, platform.dataset.items
    other_follows = shuffled(follows, "followee_id", 1.0).unique(["follower_id", "followee_id"])
    other_follows = other_follows.filter(pl.col("follower_id") != pl.col("followee_id"))
    other_authors = shuffled(items, "author_id", 1.0)
    assert populations(follows=other_follows) == ["repeated"] * 2
    assert populations(items=other_authors) == ["repeated"] * 2
    # accounts and posts of the same ids are another population if all else differs
    assert populations(follows=other_follows, items=other_authors) == ["population"] * 2


@pytest.mark.parametrize("accounts", [60, 120, 400])
@pytest.mark.parametrize("communities", [2, 4])
def test_independent_platforms_of_the_same_ids_are_populations(
    accounts: int, communities: int
) -> None:
    worlds = []
    for seed in range(6):
        like = gk.synthetic.platform(
            accounts, communities=communities, impressions_per_account=20, rng=seed
        )
        worlds.append(gk.build_world(like, ticks=2, rng=seed))
    assert scheme_samples(worlds) == ["population"] * 6
