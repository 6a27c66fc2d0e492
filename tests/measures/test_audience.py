"""Exposure of audiences: hand-worked counts, laws, and small groups."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control, ttest_rel

import graphkit as gk
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import audience_exposure

BANDS = ("13-17", "18-24", "45+")
#: Age bands of six accounts; the last is unknown.
CODES = np.array([0, 0, 1, 1, 1, -1], np.int32)


def world_of(by_hand: Any, **facts: Any) -> World:
    """Six accounts in two communities; post 0 is flagged and divisive, post 1 divisive."""
    given: dict[str, Any] = {"age_band": CODES, "code_names": {"age_band": BANDS}} | facts
    return by_hand.world(["x", "x", "x", "y", "y", "y"], [[5], [5], [5]], **given)


def spread_of(by_hand: Any, *worlds: World) -> Spread:
    """In arm a the young see post 0, in arm b nobody does."""
    logs = {
        "a": [(0, 0, 0), (0, 1, 0), (1, 0, 1), (2, 2, 0), (3, 1, 0)],
        "b": [(0, 2, 0), (0, 1, 0), (1, 2, 1), (2, 2, 0), (3, 1, 0)],
    }
    arms = {}
    for arm, log in logs.items():
        counts = {
            name: np.bincount([x for x, p, _ in log if p in posts], minlength=6).astype(np.int32)
            for name, posts in (("flagged_shown", [0]), ("divisive_shown", [0, 1]))
        }
        arms[arm] = [
            [by_hand.tally(world, log, sources=np.array([len(log), 0, 0]), **counts)]
            for world in worlds
        ]
    return by_hand.spread(worlds, arms)  # type: ignore[no-any-return]


def test_by_hand(by_hand: Any) -> None:
    found = audience_exposure(spread_of(by_hand, world_of(by_hand)), baseline="b", min_group=2)
    of = {
        (arm, measure, group): value for arm, _, _, measure, group, value in found.runs.iter_rows()
    }
    young, adult = "13-17", "18-24"
    assert of["a", "impressions_per_member", young] == 3 / 2
    assert of["a", "impressions_per_member", adult] == 2 / 3
    assert of["a", "flagged_share", young] == 2 / 3
    assert of["a", "flagged_per_member", young] == 1
    assert of["a", "flagged_members", young] == 1
    assert of["a", "flagged_share", adult] == 0
    assert of["a", "divisive_share", young] == 1
    assert of["a", "divisive_members", adult] == 1 / 3
    assert of["b", "flagged_share", young] == 0
    row = found.frame.row(
        by_predicate=(pl.col("measure") == "divisive_share") & (pl.col("group") == young),
        named=True,
    )
    assert (row["arm"], row["baseline"], row["members"]) == ("a", "b", 2)
    assert (row["arm_mean"], row["baseline_mean"]) == pytest.approx((1, 1 / 3))
    assert row["ratio"] == pytest.approx(3)
    assert row["difference"] == pytest.approx(2 / 3)
    assert row["low"] is None  # one run
    assert row["interval"] == "within this world"
    level = found.levels.filter(arm="a", measure="divisive_share", group=young).row(0, named=True)
    assert (level["value"], level["rest"], level["gap"]) == (1, 0.5, 0.5)
    ratio = found.frame.filter(measure="flagged_share", group=adult)["ratio"].item()
    assert ratio is None  # the baseline has none
    assert found.provenance.removed == {"accounts whose group is unknown, over all worlds": 1}
    assert "watch_fraction" not in set(found.runs["measure"])


def test_minors_are_bands_below_18_and_unknown_ages_are_neither(by_hand: Any) -> None:
    found = audience_exposure(
        spread_of(by_hand, world_of(by_hand)), by="minors", baseline="b", min_group=1
    )
    rows = found.levels.filter(arm="a", measure="flagged_share")
    assert rows.select("group", "members", "value").rows() == [
        ("adults", 3, 0),
        ("minors", 2, 2 / 3),
    ]


def test_small_groups_are_merged_before_anything_is_computed(by_hand: Any) -> None:
    codes = np.array([0, 1, 2, 2, 2, 2], np.int32)
    spread = spread_of(by_hand, world_of(by_hand, age_band=codes))
    found = audience_exposure(spread, baseline="b", min_group=2)
    rows = found.levels.filter(arm="a", measure="impressions_per_member")
    assert rows.select("group", "members", "value").rows() == [("45+", 4, 0.5), ("other", 2, 1.5)]
    assert dict(found.merged) == {"13-17": 1, "18-24": 1}
    assert "merged into other" in repr(found)
    # the rest is itself too small: it is left out, and counted
    few = audience_exposure(spread, baseline="b", min_group=3)
    assert set(few.levels["group"]) == {"45+"}
    assert few.provenance.removed == {"accounts in other, which is too small, over all worlds": 2}
    assert few.levels["gap"].null_count() == few.levels.height
    with pytest.raises(DataError, match="no group by age_band has 7 members"):
        audience_exposure(spread, baseline="b", min_group=7)


def test_a_group_that_is_small_in_one_world_is_merged_in_all(by_hand: Any) -> None:
    codes = np.array([0, 2, 1, 1, 1, 2], np.int32)
    worlds = world_of(by_hand), world_of(by_hand, age_band=codes)
    found = audience_exposure(spread_of(by_hand, *worlds), baseline="b", min_group=2)
    # 13-17 has two members in one world and one in the other; 45+ none and two
    assert set(found.levels["group"]) == {"18-24", "other"}
    assert dict(found.merged) == {"13-17": 2, "45+": 2}
    sizes = dict(found.levels.select("group", "members").unique().iter_rows())
    assert sizes == {"18-24": 3, "other": 2.5}


def test_groups_match_by_name_over_worlds(by_hand: Any) -> None:
    """The codes of another world may be in another order."""
    turned = world_of(
        by_hand,
        age_band=np.array([2, 2, 0, 0, 0, -1], np.int32),
        code_names={"age_band": ("18-24", "45+", "13-17")},
    )
    found = audience_exposure(
        spread_of(by_hand, world_of(by_hand), turned), baseline="b", min_group=2
    )
    values = found.runs.filter(arm="a", measure="flagged_share", group="13-17")["value"]
    assert values.to_list() == [2 / 3, 2 / 3]
    row = found.frame.filter(measure="flagged_share", group="13-17").row(0, named=True)
    assert (row["low"], row["high"], row["worlds"]) == pytest.approx((2 / 3, 2 / 3, 2))
    assert row["interval"] == "over populations of the same making"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Spread, pl.LazyFrame]:
    like = gk.synthetic.platform(
        300,
        communities=("comedy", "dance", "K-pop", "politics", "antivax"),
        locality=1.0,
        ages=1.0,
        rng=1,
    )
    worlds = gk.synthetic.worlds(4, like=like, ticks=4, rng=2)
    arms = {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}
    folder = tmp_path_factory.mktemp("log")
    spread = gk.simulate_spread(worlds, arms, ticks=4, slots=6, impressions=folder, rng=3)
    return spread, gk.simulation.scan_impressions(folder)


@pytest.mark.parametrize("by", ["age_band", "country", "language", "device", "minors", "community"])
def test_sums_over_the_log_of_impressions(simulated: tuple[Spread, pl.LazyFrame], by: str) -> None:
    """The tallies by account against the log, impression by impression."""
    spread, log = simulated
    found = audience_exposure(spread, by=by, impressions=log, min_group=1)
    assert not found.merged
    for (arm, w), part in log.collect().partition_by("arm", "world", as_dict=True).items():
        world = spread.worlds[w]
        assert world.flagged is not None
        assert world.divisiveness is not None
        account = world.accounts.lookup(part["account_id"])
        post = world.posts.lookup(part["item_id"])
        group: Any
        if by == "community":
            planted = world.partitions["planted"]
            group = np.array(planted.labels)[planted.membership]
        elif by == "minors":
            assert world.minors is not None
            group = np.where(world.minors, "minors", "adults")
        else:
            group = np.array(world.code_names[by])[getattr(world, by)]
        rows = pl.DataFrame(
            {
                "group": group[account],
                "account": account,
                "watch": part["watch_fraction"].cast(pl.Float64),
                "flagged": world.flagged[post],
                "divisive": world.divisiveness[post] >= 0.5,
            }
        )
        for (name,), each in rows.group_by("group"):
            members = int((group == name).sum())
            saw = each.filter("flagged")["account"].n_unique()
            expected = {
                "impressions_per_member": each.height / members,
                "flagged_share": each["flagged"].mean(),
                "divisive_share": each["divisive"].mean(),
                "divisive_per_member": each["divisive"].sum() / members,
                "flagged_members": saw / members,
                "watch_fraction": each["watch"].mean(),
                "watch_per_member": each["watch"].sum() / members,
            }
            mine = found.runs.filter(arm=arm, world=w, group=name)
            values = dict(mine.select("measure", "value").iter_rows())
            for measure, value in expected.items():
                assert values[measure] == pytest.approx(value, rel=1e-6), (measure, name)


def test_a_law_of_totals(simulated: tuple[Spread, pl.LazyFrame]) -> None:
    """Weighted by members, the groups of any kind give the same totals."""
    spread, _ = simulated
    totals = []
    for by in ("age_band", "country", "community"):
        found = audience_exposure(spread, by=by, min_group=1)
        rows = found.runs.filter(measure="flagged_per_member", arm="interest")
        sizes = dict(found.levels.select("group", "members").unique().iter_rows())
        world = spread.worlds[0]
        if by == "community":
            planted = world.partitions["planted"]
            sizes = dict(zip(planted.labels, planted.sizes.tolist(), strict=True))
        else:
            names, codes = world.code_names[by], getattr(world, by)
            sizes = dict(zip(names, np.bincount(codes, minlength=len(names)).tolist(), strict=True))
        first = rows.filter(world=0)
        totals.append(sum(sizes[g] * v for g, v in first.select("group", "value").iter_rows()))
    flagged = spread.tallies["interest", 0, 0].flagged_shown
    assert flagged is not None
    assert totals == pytest.approx([float(flagged.sum())] * 3)


def test_differences_are_those_of_the_runs_and_adjusted_by_group(
    simulated: tuple[Spread, pl.LazyFrame],
) -> None:
    spread, _ = simulated
    found = audience_exposure(spread, by="age_band")
    wide = found.runs.filter(measure="divisive_share").pivot(on="arm", values="value")
    expected = {}
    for (group,), part in wide.sort("world").group_by("group"):
        test = ttest_rel(part["interest"].to_numpy(), part["uniform"].to_numpy())
        expected[group] = (*test.confidence_interval(0.95), test.pvalue)
    rows = found.frame.filter(measure="divisive_share")
    names = rows["group"].to_list()
    for group, low, high, p in rows.select("group", "low", "high", "p").iter_rows():
        assert (low, high, p) == pytest.approx(expected[group])
    adjusted = false_discovery_control([expected[g][2] for g in names])
    np.testing.assert_allclose(rows["p_fdr"], adjusted)
    # a feed that reads interests shows the groups different shares; a uniform one nearly the same
    spans = {
        arm: np.ptp(found.levels.filter(arm=arm, measure="divisive_share")["value"].to_numpy())
        for arm in spread.arms
    }
    assert spans["interest"] > 2 * spans["uniform"]


def test_filler_claims_nothing(by_hand: Any) -> None:
    world = world_of(by_hand)
    spread = spread_of(by_hand, world, world)
    filled = {
        key: dataclasses.replace(tally, sources=np.array([3, 0, 2]))
        for key, tally in spread.tallies.items()
    }
    found = audience_exposure(
        dataclasses.replace(spread, tallies=filled), baseline="b", min_group=2
    )
    assert set(found.frame["direction"]) == {"not claimed: filler"}
    assert found.frame["p_fdr"].null_count() == found.frame.height


def test_tallies_without_counts_are_told(by_hand: Any) -> None:
    spread = spread_of(by_hand, world_of(by_hand))
    old = {k: dataclasses.replace(t, flagged_shown=None) for k, t in spread.tallies.items()}
    found = audience_exposure(dataclasses.replace(spread, tallies=old), baseline="b", min_group=2)
    assert found.provenance.removed["tallies without a count of flagged posts"] == 2
    assert not any("flagged" in name for name in found.runs["measure"].unique())
    assert "divisive_share" in set(found.runs["measure"])


def test_bad_input(by_hand: Any, simulated: tuple[Spread, pl.LazyFrame], tmp_path: Path) -> None:
    spread = spread_of(by_hand, world_of(by_hand))
    for options, error, words in (
        ({"by": "ages"}, OptionError, "age_band"),
        ({"by": "country"}, MissingDataError, "accounts of world 0 have no country"),
        ({"baseline": "c"}, MissingDataError, "no arm 'c'"),
        ({"min_group": 0}, OptionError, "min_group=0"),
        ({"confidence": 1}, OptionError, "confidence=1"),
        ({"partition": "planted"}, OptionError, "belongs to by='community'"),
        ({"by": "community", "partition": "plante"}, MissingDataError, "planted"),
        ({"impressions": 3}, DataError, "scan_impressions"),
        ({"impressions": pl.DataFrame({"arm": ["a"]})}, MissingDataError, "account_id"),
    ):
        with pytest.raises(error, match=words):
            audience_exposure(spread, **{"baseline": "b", "min_group": 1, **options})  # type: ignore[arg-type]
    nameless = spread_of(by_hand, world_of(by_hand, code_names={}))
    with pytest.raises(MissingDataError, match="code_names"):
        audience_exposure(nameless, baseline="b", min_group=1)
    plain = spread_of(by_hand, world_of(by_hand, age_band=None, code_names={}))
    with pytest.raises(MissingDataError, match="ages="):
        audience_exposure(plain, baseline="b", min_group=1)
    with pytest.raises(DataError, match="Spread"):
        audience_exposure(3)  # type: ignore[arg-type]
    real, log = simulated
    short = log.filter(pl.col("tick") > 0)
    with pytest.raises(DataError, match="of the same simulation"):
        audience_exposure(real, impressions=short)
    with pytest.raises(DataError, match="of the same simulation"):
        audience_exposure(real, impressions=log.with_columns(account_id=pl.lit("nobody")))


def test_shared_slots_are_counted_alone(simulated: tuple[Spread, pl.LazyFrame]) -> None:
    """What other arms cannot fill is in no count."""
    world = simulated[0].worlds[0]
    arms = {"following": gk.recommenders.chronological(), "uniform": gk.recommenders.uniform()}
    spread = gk.simulate_spread(world, arms, ticks=4, slots=6, reading="shared", rng=3)
    uniform = spread.tallies["uniform", 0, 0]
    whole = gk.simulate_spread(
        world, {"uniform": arms["uniform"]}, ticks=4, slots=6, rng=3
    ).tallies["uniform", 0, 0]
    assert uniform.divisive_shown is not None
    assert whole.divisive_shown is not None
    assert uniform.untallied > 0
    assert (uniform.divisive_shown <= uniform.diet["planted"].sum(axis=1)).all()
    assert uniform.divisive_shown.sum() < whole.divisive_shown.sum()


def test_a_jackknife_is_centred_on_the_whole(simulated: tuple[Spread, pl.LazyFrame]) -> None:
    worlds = gk.resample_worlds(simulated[0].worlds[0], 3, rng=1)
    arms = {"uniform": gk.recommenders.uniform()}
    spread = gk.simulate_spread(worlds, arms, ticks=2, slots=4, rng=1)
    found = audience_exposure(spread, by="minors")
    assert found.interval == "over samples like this one"
    world, tally = worlds[0], spread.tallies["uniform", 0, 0]
    assert world.minors is not None
    assert tally.divisive_shown is not None
    row = found.levels.filter(measure="divisive_per_member", group="minors").row(0, named=True)
    assert row["members"] == world.minors.sum()
    assert row["value"] == pytest.approx(tally.divisive_shown[world.minors].mean())
    assert row["worlds"] == 3
    # with one arm there is nothing to compare
    assert found.frame.height == 0
    assert found.frame.columns[:4] == ["arm", "baseline", "measure", "group"]
    assert "Exposure of audiences by minors" in repr(found)
