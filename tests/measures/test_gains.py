"""Gains by group: plain loops as twins, sums that add up, laws, and what is refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.visibility import Visibility
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import Gains, entropy, who_gains
from graphkit.measures.paired import hotelling_test


@pytest.fixture(scope="module")
def spread() -> Spread:
    platform = gk.synthetic.platform(320, communities=3, rng=5)
    made = gk.synthetic.worlds(5, like=platform, ticks=8, rng=5)
    arms = {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}
    return gk.simulate_spread(made, arms, ticks=8, slots=5, rng=5)


PAIR = ("interest", "uniform")
Values = Callable[[World, ArmTally], dict[int, list[float]]]


def checked(found: Gains, spread: Spread, measure: str, groups: dict[str, Values]) -> None:
    """Compare the rows of a measure with those of plain loops over posts or accounts."""
    for group, values in groups.items():
        row = found.frame.row(
            by_predicate=(pl.col("measure") == measure) & (pl.col("group") == group), named=True
        )
        means = [
            [np.mean(values(world, spread.tallies[arm, w, 0])[0]) for arm in PAIR]
            for w, world in enumerate(spread.worlds)
        ]
        own, base = np.transpose(means)
        assert row["arm_mean"] == pytest.approx(own.mean())
        assert row["baseline_mean"] == pytest.approx(base.mean())
        assert row["p"] == pytest.approx(stats.ttest_rel(own, base).pvalue)
        test = stats.ttest_1samp(own - base, 0).confidence_interval(0.95)
        assert (row["low"], row["high"]) == pytest.approx((test.low, test.high))


def test_by_community_as_plain_loops(spread: Spread) -> None:
    found = who_gains(spread, *PAIR, by="community", partition="planted")
    names = [str(name) for name in spread.worlds[0].partitions["planted"].labels]
    assert sorted(set(found.frame["group"])) == sorted(names)

    def posts(name: str, of: Callable[[ArmTally, int], float]) -> Values:
        def values(world: World, tally: ArmTally) -> dict[int, list[float]]:
            code = world.partitions["planted"].labels.index(name)
            chosen = [i for i in range(world.n_posts) if world.homes["planted"][i] == code]
            return {0: [of(tally, i) for i in chosen if world.ticks[i] < 8]}

        return values

    def accounts(name: str, of: Callable[[np.ndarray, int], float]) -> Values:
        def values(world: World, tally: ArmTally) -> dict[int, list[float]]:
            code = world.partitions["planted"].labels.index(name)
            member = world.partitions["planted"].membership
            diet = tally.diet["planted"]
            rows = [diet[a, :3] for a in range(world.n_accounts) if member[a] == code]
            return {0: [of(row, code) for row in rows if row.sum()]}

        return values

    reach = {n: posts(n, lambda t, i: float(t.ticks[i].sum())) for n in names}
    checked(found, spread, "impressions_per_post", reach)
    rewards = {
        n: posts(n, lambda t, i: float(t.reactions[i, [0, 1, 2, 3, 5, 6]].sum())) for n in names
    }
    checked(found, spread, "rewards_per_post", rewards)
    watched = {n: posts(n, lambda t, i: float(t.watch[i]) / 65536) for n in names}
    checked(found, spread, "watch_per_post", watched)
    own = {n: accounts(n, lambda row, code: row[code] / row.sum()) for n in names}
    checked(found, spread, "own_share", own)
    diet = {n: accounts(n, lambda row, _: float(entropy(row[None])[0])) for n in names}
    checked(found, spread, "diet_entropy", diet)
    # hosting is that of measure_spread
    outcome = gk.measure_spread(spread)
    gap = gk.contrast(outcome, *PAIR)
    for measure in ("hosting_reach", "hosting_members", "reach_outside"):
        for name in names:
            row = found.frame.filter(measure=measure, group=name).row(0, named=True)
            twin = gap.row(measure, "planted", name)
            for column in ("difference", "low", "high", "arm_mean", "baseline_mean"):
                assert row[column] == pytest.approx(twin[column])
    tested = found.frame["p"].drop_nulls().to_numpy()
    assert found.frame["p_fdr"].drop_nulls().to_list() == pytest.approx(
        stats.false_discovery_control(tested).tolist()
    )
    # a feed of interests shows people their own community
    rows = found.frame.filter(measure="own_share")
    assert rows["direction"].to_list() == ["higher"] * 3


@pytest.mark.parametrize("by", ["community", "community size", "creator size"])
def test_shares_of_all_groups_add_up(spread: Spread, by: str) -> None:
    found = who_gains(spread, *PAIR, by=by, partition="planted", measure="impression_share")
    assert set(found.frame["worlds"]) == {5}
    none = found.provenance.removed.get("posts in no group", 0)
    total = found.frame.select(pl.col("arm_mean", "difference").sum()).row(0)
    if by == "creator size":
        assert total == pytest.approx((1.0, 0.0))
        assert found.frame["posts"].sum() == pytest.approx(
            np.mean([(world.ticks < 8).sum() for world in spread.worlds])
        )
    else:
        assert total[0] <= 1 + 1e-12
        assert (none == 0) == (total[0] == pytest.approx(1.0))


def test_creators_by_size_in_fifths_with_ties_together(spread: Spread) -> None:
    found = who_gains(spread, *PAIR, by="creator size", measure="impressions_per_post")
    pooled: list[int] = []
    for world in spread.worlds:
        followers = np.bincount(world.follows.indices, minlength=world.n_accounts)
        pooled += followers[np.unique(world.posters[world.ticks < 8])].tolist()
    bounds = [
        tuple(int(x) for x in name.removesuffix(" followers").replace("–", " ").split())
        for name in found.frame["group"]
    ]
    ends = [(b[0], b[-1]) for b in bounds]
    assert ends[0][0] == min(pooled)
    assert ends[-1][1] == max(pooled)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(ends))
    share = [np.mean([low <= x <= high for x in pooled]) for low, high in ends]
    assert sum(share) == pytest.approx(1.0)
    assert max(share) < 0.4
    # one group, by a loop over its posts
    low, high = ends[-1]
    own = []
    for w, world in enumerate(spread.worlds):
        followers = np.bincount(world.follows.indices, minlength=world.n_accounts)
        reach = spread.tallies["interest", w, 0].ticks.sum(axis=1)
        chosen = [
            reach[i]
            for i in range(world.n_posts)
            if world.ticks[i] < 8 and low <= followers[world.posters[i]] <= high
        ]
        own.append(np.mean(chosen))
    assert found.frame["arm_mean"][-1] == pytest.approx(np.mean(own))


def test_the_trend_is_the_slope_of_each_world(spread: Spread) -> None:
    found = who_gains(spread, *PAIR, by="activity", partition="planted", measure="own_share")
    assert found.frame["group"].str.ends_with("posts shown").all()
    assert found.frame["members"].sum() == pytest.approx(320)
    names = found.frame["group"].to_list()
    slopes = []
    for w, world in enumerate(spread.worlds):
        member = world.partitions["planted"].membership
        means = []
        for arm in PAIR:
            diet = spread.tallies[arm, w, 0].diet["planted"]
            shown = (
                sum(spread.tallies[a, w, 0].diet["planted"].sum(axis=1) for a in PAIR) / 2
            ).round()
            row = []
            for name in names:
                ends = [int(x) for x in name.removesuffix(" posts shown").replace("–", " ").split()]
                chosen = [
                    diet[a, member[a]] / diet[a, :3].sum()
                    for a in range(320)
                    if ends[0] <= shown[a] <= ends[-1] and member[a] >= 0 and diet[a, :3].sum()
                ]
                row.append(np.mean(chosen))
            means.append(row)
        gaps = np.subtract(*means)
        slopes.append(stats.linregress(np.arange(len(names)), gaps).slope)
    assert "trend of own_share" in repr(found)
    assert "by activity: interest − uniform" in repr(found)
    row = found.trend.row(0, named=True)
    assert row["difference"] == pytest.approx(np.mean(slopes))
    assert row["p"] == pytest.approx(stats.ttest_1samp(slopes, 0).pvalue)
    assert row["arm_mean"] - row["baseline_mean"] == pytest.approx(row["difference"])


def seen_of(world: World, verdicts: list[str]) -> Visibility:
    labels = [str(name) for name in world.partitions["planted"].labels]
    frame = pl.DataFrame({"label": labels, "verdict": verdicts})
    return Visibility(frame, np.zeros((1, 1), np.int32), 1.0)


def test_visibility_groups_are_ordered_without_those_not_judgeable(spread: Spread) -> None:
    verdicts = ["visible", "not judgeable", "hidden"]
    views = [seen_of(world, verdicts) for world in spread.worlds]
    options = {"partition": "planted", "measure": "own_share"}
    found = who_gains(spread, *PAIR, by="visibility", visibility=views, **options)
    assert found.frame["group"].to_list() == ["hidden", "visible", "not judgeable"]
    step = found.frame["difference"][1] - found.frame["difference"][0]
    assert found.trend["difference"][0] == pytest.approx(step)
    with pytest.raises(MissingDataError, match="needs visibility="):
        who_gains(spread, *PAIR, by="visibility", **options)
    with pytest.raises(DataError, match="1 for 5 worlds"):
        who_gains(spread, *PAIR, by="visibility", visibility=views[:1], **options)
    alien = replace(views[0], frame=views[0].frame.with_columns(label=pl.lit("x")))
    with pytest.raises(DataError, match="none of its communities"):
        who_gains(spread, *PAIR, by="visibility", visibility=alien, **options)


def test_one_visibility_does_not_match_numbers_of_independent_worlds(spread: Spread) -> None:
    worlds = []
    for world in spread.worlds:
        planted = world.partitions["planted"]
        bare = planted.rename(dict.fromkeys(planted.labels[1:]))
        worlds.append(replace(world, partitions={"planted": bare}))
    some = replace(spread, worlds=tuple(worlds))
    partition = worlds[0].partitions["planted"]
    names = [partition.name(c) for c in range(3)]
    frame = pl.DataFrame({"label": names, "verdict": ["visible", "hidden", "hidden"]})
    seen = Visibility(frame, np.zeros((1, 1), np.int32), 1.0)
    options = {"partition": "planted", "measure": "own_share"}
    found = who_gains(some, *PAIR, by="visibility", visibility=seen, **options)
    assert found.frame["group"].to_list() == ["visible"]
    assert found.provenance.removed["accounts in no group"] > 0
    # one per world is of the numbers of its world
    each = who_gains(some, *PAIR, by="visibility", visibility=[seen] * 5, **options)
    assert each.frame["group"].to_list() == ["hidden", "visible"]


def test_random_feeds_give_few_findings(by_hand: Any) -> None:
    """Both arms show posts at random: p is uniform, and findings are rare."""
    rng, claimed, calls, small = np.random.default_rng(4), 0, 25, []
    groups = ["x"] * 20 + ["y"] * 15 + ["z"] * 12
    world = by_hand.world(groups, [[i] for i in range(47)])
    for _ in range(calls):
        runs: dict[str, list[list[ArmTally]]] = {"a": [], "b": []}
        for _ in range(6):
            for arm in runs:
                shown = [(a, p, 0) for a in range(47) for p in rng.choice(47, 4) if p != a]
                runs[arm].append(
                    [by_hand.tally(world, shown, sources=np.array([len(shown), 0, 0]))]
                )
        worlds = [world] * 6
        found = who_gains(
            by_hand.spread(worlds, runs), "a", "b", by="community", measure="own_share"
        )
        claimed += bool(found.frame["direction"].is_in(["higher", "lower"]).any())
        small += found.frame["p"].to_list()
    assert claimed / calls <= 0.2
    assert stats.kstest(small, "uniform").pvalue > 0.001


def test_other_labels_and_other_codes_give_the_same(spread: Spread) -> None:
    def renamed(world: World) -> World:
        old = world.partitions["planted"]
        labels = tuple(f"{name}!" for name in old.labels)
        return replace(world, partitions={"planted": replace(old, labels=labels)})

    other = replace(spread, worlds=tuple(map(renamed, spread.worlds)))
    before = who_gains(spread, *PAIR, by="community", partition="planted").frame
    after = who_gains(other, *PAIR, by="community", partition="planted").frame
    names = after.with_columns(pl.col("group").str.strip_chars_end("!"))
    assert before.equals(names)


def test_small_groups_are_counted_and_not_reported(by_hand: Any) -> None:
    world = by_hand.world(["x"] * 12 + ["y"] * 5, [[0]] * 11 + [[12]] * 9)
    log = [(a, 0, 0) for a in range(1, 17)]
    tally = by_hand.tally(world, log, sources=np.array([16, 0, 0]))
    both = by_hand.spread([world], {"a": [[tally]], "b": [[tally]]})
    found = who_gains(both, "a", "b", by="community", measure=["impressions_per_post", "own_share"])
    assert found.frame.select("measure", "group", "members", "posts", "difference").rows() == [
        ("impressions_per_post", "x", 12.0, 11.0, 0.0),
        ("own_share", "x", 12.0, 11.0, 0.0),
    ]
    assert found.frame["arm_mean"].to_list() == [16 / 11, 1.0]
    assert [n for key, n in found.provenance.removed.items() if "below 10" in key] == [2]
    assert found.frame["low"].null_count() == 2
    assert found.trend.height == 0


def test_a_jackknife_is_centred_on_its_whole() -> None:
    platform = gk.synthetic.platform(120, communities=3, rng=1)
    world = gk.build_world(platform, ticks=4, rng=1)
    made = gk.resample_worlds(world, 3, rng=1)
    arms = {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}
    spread = gk.simulate_spread(made, arms, ticks=4, slots=5, rng=1)
    found = who_gains(spread, *PAIR, by="community", partition="planted", measure="hosting_members")
    gap = gk.contrast(gk.measure_spread(spread), *PAIR)
    assert found.frame["interval"].unique().to_list() == ["over samples like this one"]
    assert found.heterogeneity["p"].to_list() == [None]
    for row in found.frame.iter_rows(named=True):
        twin = gap.row("hosting_members", "planted", row["group"])
        for column in ("difference", "low", "high", "arm_mean"):
            assert row[column] == pytest.approx(twin[column])
    assert found.frame["members"].sum() == pytest.approx(120)
    flows = gk.measures.flow_contrast(spread, *PAIR, partition="planted")
    alone = replace(
        spread, worlds=(world,), tallies={(a, 0, 0): spread.tallies[a, 0, 0] for a in PAIR}
    )
    whole = gk.measures.flow_contrast(alone, *PAIR, partition="planted")
    both = flows.frame.join(whole.frame, on=["home", "viewer"])
    assert both.height > 3
    assert both["difference"].to_list() == pytest.approx(both["difference_right"].to_list())
    only = gk.measures.bridges(alone, "planted", arm="interest").frame
    assert gk.measures.bridges(spread, "planted", arm="interest").frame.equals(only)


def test_filler_claims_nothing(spread: Spread) -> None:
    filled = {
        key: replace(t, sources=np.append(np.zeros_like(t.sources[:-1]), t.sources.sum()))
        for key, t in spread.tallies.items()
    }
    other = replace(spread, tallies=filled)
    found = who_gains(other, *PAIR, by="community", partition="planted", measure="own_share")
    assert set(found.frame["direction"]) == {"not claimed: filler"}
    assert found.frame["p"].null_count() == found.frame.height
    assert found.heterogeneity["p"].null_count() == 1


def test_heterogeneity_is_hotelling(spread: Spread) -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(size=(12, 3)) + np.array([0.0, 0.5, 1.0])
    found = hotelling_test(table)
    assert found is not None
    f, first, second, p = found
    # any basis of contrasts gives the same
    basis = np.array([[1, -1, 0], [1, 1, -2]]) @ table.T
    mean, covariance = basis.mean(axis=1), np.cov(basis)
    t2 = 12 * mean @ np.linalg.inv(covariance) @ mean
    assert f == pytest.approx(t2 * 10 / (2 * 11))
    assert (first, second) == (2, 10)
    assert p == pytest.approx(stats.f.sf(f, 2, 10))
    # its level under no difference
    level = [hotelling_test(rng.normal(size=(6, 3)))[3] for _ in range(500)]  # type: ignore[index]
    assert stats.kstest(level, "uniform").pvalue > 0.001
    assert hotelling_test(table[:3]) is None
    found = who_gains(spread, *PAIR, by="community", partition="planted")
    assert "not tested" not in repr(found)
    rows = found.heterogeneity
    assert rows.select("groups", "worlds", "df_groups", "df_worlds").unique().rows() == [
        (3, 5, 2, 3)
    ]


def test_what_is_refused(spread: Spread, by_hand: Any) -> None:
    with pytest.raises(OptionError, match="by='size'"):
        who_gains(spread, *PAIR, by="size")
    with pytest.raises(OptionError, match="no groups by creator size"):
        who_gains(spread, *PAIR, by="creator size", measure="own_share")
    with pytest.raises(OptionError, match="measure='reach'"):
        who_gains(spread, *PAIR, by="community", measure="reach")
    with pytest.raises(MissingDataError, match="'uniform'"):
        who_gains(spread, "interest", "unifrom", by="community")
    free = replace(spread, budget="free")
    with pytest.raises(DataError, match="of their making"):
        who_gains(free, *PAIR, by="activity", partition="planted")
    seen = seen_of(spread.worlds[0], ["hidden"] * 3)
    with pytest.raises(OptionError, match="belongs to by='visibility'"):
        who_gains(spread, *PAIR, by="community", visibility=seen)
    world = by_hand.world(["x"] * 3 + ["y"] * 3, [[0, 3], [1, 2]])
    tally = by_hand.tally(world, [(4, 0, 0)])
    seeded = by_hand.spread([world], {"a": [[tally]], "b": [[tally]]})
    with pytest.raises(DataError, match="no author"):
        who_gains(seeded, "a", "b", by="creator size")


def test_the_repr_says_why_heterogeneity_is_not_tested(spread: Spread) -> None:
    few = replace(
        spread,
        worlds=spread.worlds[:3],
        tallies={key: tally for key, tally in spread.tallies.items() if key[1] < 3},
    )
    found = who_gains(few, *PAIR, by="community", partition="planted", measure="own_share")
    assert found.heterogeneity["p"].to_list() == [None]
    assert "needs more worlds than groups: 3 of 3" in repr(found)


def test_what_is_no_spread_is_refused(spread: Spread) -> None:
    outcome = gk.measure_spread(spread)
    wanted = "a Spread is needed, the result of gk.simulate_spread, not a DataFrame"
    with pytest.raises(DataError, match=wanted):
        who_gains(outcome, *PAIR, by="community")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=wanted):
        gk.measures.flow_contrast(outcome, *PAIR, partition="planted")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=wanted):
        gk.measures.time_to_cross(outcome, "planted")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=wanted):
        gk.measure_spread(outcome)  # type: ignore[arg-type]
