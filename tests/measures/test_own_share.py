"""Share of own posts by the number shown before, on impressions made by hand."""

from __future__ import annotations

import tempfile
from dataclasses import replace

import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import cold_start, own_share
from graphkit.simulation.build import align_partition


@pytest.fixture(scope="module")
def world() -> gk.World:
    return gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), ticks=3, rng=1)


def rows_of(world: gk.World, shown: list[tuple[int, int]]) -> pl.DataFrame:
    """Impressions of accounts and posts by code, one tick each."""
    return pl.DataFrame(
        {
            "account_id": [str(world.accounts.ids[a]) for a, _ in shown],
            "item_id": [str(world.posts.ids[i]) for _, i in shown],
            "tick": list(range(len(shown))),
            "position": 0,
            "arm": "a",
            "world": 0,
            "replication": 0,
        }
    )


def test_shares_by_step_and_who_was_reached(world: gk.World) -> None:
    members, homes = world.partitions["planted"].membership, world.homes["planted"]
    first, second = (members == 0).nonzero()[0][:2].tolist()
    own, other = int((homes == 0).argmax()), int((homes == 1).argmax())
    # the first sees another's, then its own twice; the second only another's
    shown = [(first, other), (first, own), (first, own), (second, other)]
    found = own_share(rows_of(world, shown), world, "planted", step=2).frame
    assert found.select("community", "shown_before", "accounts", "share", "reached").rows() == [
        ("comedy", 0, 2, pytest.approx(1 / 3), 0.5),
        ("comedy", 2, 1, 1.0, 0.5),
    ]
    # order in time counts, not the order of rows
    turned = own_share(rows_of(world, shown).reverse(), world, "planted", step=2).frame
    assert turned.equals(found)


def test_a_uniform_feed_shows_what_there_is(world: gk.World) -> None:
    arms = {"uniform": gk.recommenders.uniform()}
    with tempfile.TemporaryDirectory() as folder:
        gk.simulate_spread(world, arms, ticks=3, slots=4, impressions=folder, rng=1)
        found = own_share(gk.simulation.scan_impressions(folder), world, "planted", step=100).frame
    supply = [(world.homes["planted"] == c).mean() for c in (0, 1)]
    for c, name in enumerate(("comedy", "dance")):
        row = found.filter(community=name)
        count = int(row["accounts"][0]) * 6
        error = (supply[c] * (1 - supply[c]) / count) ** 0.5
        assert abs(row["share"][0] - supply[c]) < 4 * error + 0.03


def test_what_is_not_of_these_worlds_is_refused(world: gk.World) -> None:
    rows = rows_of(world, [(0, 0)])
    with pytest.raises(DataError, match="must be those of the simulation"):
        own_share(rows.with_columns(account_id=pl.lit("nobody")), world, "planted")
    with pytest.raises(DataError, match="must be those of the simulation"):
        own_share(rows.with_columns(world=pl.lit(1)), world, "planted")
    with pytest.raises(DataError, match=r"without answers.*answer_posts=0"):
        own_share(rows.with_columns(item_id=pl.lit("~answer-0000000001")), world, "planted")
    with pytest.raises(MissingDataError, match="no column tick"):
        own_share(rows.drop("tick"), world, "planted")
    with pytest.raises(MissingDataError, match="'planted'"):
        own_share(rows, world, "plantd")
    with pytest.raises(OptionError, match="step"):
        own_share(rows, world, "planted", step=0)


def test_posts_until_half_of_the_members_have_seen_an_own_one(world: gk.World) -> None:
    members, homes = world.partitions["planted"].membership, world.homes["planted"]
    a, b, c, d = (members == 0).nonzero()[0][:4].tolist()
    own, other = int((homes == 0).argmax()), int((homes == 1).argmax())
    # first own posts: a at 1, b at 3; c is censored after 1, d after 4
    shown = [(a, own), (b, other), (b, other), (b, own), (c, other), *[(d, other)] * 4]
    found = cold_start(rows_of(world, shown), world, "planted", step=2)
    row = found.frame.row(0, named=True)
    counts = [row[name] for name in ("members", "not_shown", "saw_own", "censored")]
    assert counts == [(members == 0).sum(), (members == 0).sum() - 4, 2, 2]
    # S(1) = 3/4, at 3 one of two at risk: S(3) = 3/8
    assert row["first_own"] == 3
    few = cold_start(rows_of(world, [(a, own), (b, other), (c, other)]), world, "planted")
    assert few.frame["first_own"].to_list() == [None, None]
    assert few.first["first_own"].to_list() == [None]
    assert few.first["never"].to_list() == [1]
    half = cold_start(rows_of(world, [(a, own), (b, other)]), world, "planted")
    assert half.frame["first_own"].to_list() == [1, None]  # exactly one half
    assert "1 not reached" in repr(few)


def in_arms(world: gk.World, shares: dict[str, list[int]]) -> pl.DataFrame:
    """Ten posts to one account of each arm and world, so many of them its own, which come first."""
    members, homes = world.partitions["planted"].membership, world.homes["planted"]
    a, own = int((members == 0).argmax()), int((homes == 0).argmax())
    other = int((homes == 1).argmax())
    parts = []
    for arm, counts in shares.items():
        for w, count in enumerate(counts):
            rows = rows_of(world, [(a, own)] * count + [(a, other)] * (10 - count))
            parts.append(rows.with_columns(arm=pl.lit(arm), world=pl.lit(w)))
    return pl.concat(parts)


def test_chance_is_subtracted_in_each_world(world: gk.World) -> None:
    world = replace(world, provenance=Provenance("by hand"))  # may stand for several
    rows = in_arms(world, {"feed": [5, 8, 5], "uniform": [2, 2, 5]})
    found = cold_start(rows, [world] * 3, "planted", chance="uniform", step=10)
    row = found.curves.filter(arm="feed").row(0, named=True)
    assert (row["share"], row["chance"], row["above"]) == pytest.approx((0.6, 0.3, 0.3))
    half = stats.t.ppf(0.975, 2) * 0.3 / 3**0.5  # differences of 0.3, 0.6 and 0
    assert (row["above_low"], row["above_high"]) == pytest.approx((0.3 - half, 0.3 + half))
    assert row["interval"] == "over populations of the same making"
    assert (row["worlds"], row["replications"], row["accounts"]) == (3, 3, 1)
    chance = found.curves.filter(arm="uniform").row(0, named=True)
    assert chance["above"] == chance["above_low"] == 0
    alone = cold_start(rows.filter(world=0), world, "planted", step=10).curves
    assert alone.select("chance", "above", "low").null_count().row(0) == (2, 2, 2)
    with pytest.raises(MissingDataError, match=r"no arm 'unifrm'.*Did you mean 'uniform'"):
        cold_start(rows, [world] * 3, "planted", chance="unifrm")


def test_numbers_do_not_match_communities_of_independent_worlds(world: gk.World) -> None:
    planted = world.partitions["planted"]
    bare = planted.rename({"dance": None})
    codes = planted.membership.copy()
    codes[-5:] = -1  # another partition, in which the number is another community
    kept = codes >= 0
    fewer = Partition.from_membership(world.accounts.ids[kept], codes[kept])
    fewer = align_partition(fewer, world.accounts, "planted", {}).rename({0: "comedy"})
    assert bare.name(1) == fewer.name(1) == "community 1"
    one, other = (
        replace(
            world,
            partitions={"planted": p},
            homes={"planted": p.membership[of]},
            provenance=Provenance("by hand"),
        )
        for of in [world.posters[world.poster_indptr[:-1]]]
        for p in (bare, fewer)
    )
    viewers = [planted.membership.tolist().index(c) for c in (0, 1)]
    shown = rows_of(world, [(viewer, post) for viewer in viewers for post in range(4)])
    rows = pl.concat([shown.with_columns(world=pl.lit(w)) for w in (0, 1)])
    found = cold_start(rows, [one, other], "planted", step=4)
    assert found.curves["community"].unique().to_list() == ["comedy"]
    assert found.first["community"].to_list() == ["comedy"]
    assert found.provenance.removed["communities without a name, over all worlds"] == 2
    # worlds of one partition match by number
    same = cold_start(rows, [one, one], "planted", step=4)
    assert same.first["community"].to_list() == ["comedy", "community 1"]


def test_a_jackknife_has_its_own_interval(world: gk.World) -> None:
    platform = gk.synthetic.platform(150, communities=2, rng=1)
    worlds = gk.resample_worlds(gk.build_world(platform, ticks=1, rng=1), 3, rng=1)
    arms = {"uniform": gk.recommenders.uniform()}
    with tempfile.TemporaryDirectory() as folder:
        gk.simulate_spread(worlds, arms, ticks=3, slots=4, impressions=folder, rng=1)
        log = gk.simulation.scan_impressions(folder).collect()
    found = cold_start(log, worlds, "planted", step=100)
    whole = own_share(log.filter(world=0), worlds, "planted", step=100).frame
    assert found.curves["share"].to_list() == pytest.approx(whole["share"].to_list())
    assert set(found.curves["interval"]) == {"over samples like this one"}
    assert found.curves["low"].null_count() == 0


def test_a_community_that_was_shown_nothing_is_counted(world: gk.World) -> None:
    members, homes = world.partitions["planted"].membership, world.homes["planted"]
    a, own = int((members == 0).argmax()), int((homes == 0).argmax())
    found = cold_start(rows_of(world, [(a, own)]), world, "planted")
    sizes = [int((members == c).sum()) for c in (0, 1)]
    counts = found.frame.select("community", "members", "not_shown", "saw_own", "censored").rows()
    assert counts == [("comedy", sizes[0], sizes[0] - 1, 1, 0), ("dance", sizes[1], sizes[1], 0, 0)]
    assert found.frame["first_own"].to_list() == [1, None]
    assert found.first["community"].to_list() == ["comedy"]
    unseen = found.provenance.removed["members who were shown nothing, over all runs"]
    assert unseen == sum(sizes) - 1


def test_what_is_no_log_or_no_world_is_refused(world: gk.World) -> None:
    platform = gk.synthetic.platform(60, communities=2, rng=1)
    with pytest.raises(DataError, match="worlds: a Platform: the worlds that were simulated"):
        cold_start(rows_of(world, [(0, 0)]), platform, "planted")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="impressions: a Platform"):
        cold_start(platform, world, "planted")  # type: ignore[arg-type]
