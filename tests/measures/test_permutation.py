"""The permutation null against all permutations of tiny worlds, and as a law of feeds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import (
    crossing,
    ei_null,
    flow,
    hosting_reach,
    measure_spread,
    permutation_null,
)
from graphkit.measures.catalogue import PartitionTallies, RunTallies
from graphkit.measures.chance import Exposure, expected_entropy_terms
from graphkit.recommenders import follower_centric, interest_centric, uniform

GROUPS = ["x", "x", "x", "y", "y", "z", None]
#: Posts by their posters: of every community, of nobody in one, of one inside and one outside.
POSTERS = [[0], [3], [5], [6], [1, 6], [2, 4], [0]]
LOG = [
    *((a, 0) for a in (1, 2, 4, 6)),
    *((a, 1) for a in (0, 4, 5)),
    *((a, 2) for a in (0, 3)),
    *((a, 3) for a in (0, 1, 3)),
    *((a, 4) for a in (0, 2, 5)),
    *((a, 5) for a in (0, 1, 3, 6)),
    *((a, 6) for a in (1,)),
]


@pytest.fixture(scope="module")
def tiny(by_hand: Any) -> Spread:
    world = by_hand.world(GROUPS, POSTERS)
    tally = by_hand.tally(world, [(a, p, 0) for a, p in LOG])
    return by_hand.spread([world], {"a": [[tally]]})


def exposure_of(spread: Spread, arm: str = "a", kind: str = "planted") -> Exposure:
    return Exposure(PartitionTallies(RunTallies(spread.worlds[0], spread.tallies[arm, 0, 0]), kind))


def relabelled(spread: Spread) -> Iterator[np.ndarray]:
    """Every membership that permutes the labels of the assigned accounts."""
    member = spread.worlds[0].partitions["planted"].membership
    assigned = np.flatnonzero(member >= 0)
    for order in permutations(assigned.tolist()):
        other = member.copy()
        other[assigned] = member[list(order)]
        yield other


def rows_of(frame: pl.DataFrame, measure: str) -> list[dict[str, Any]]:
    return frame.filter(pl.col("measure") == measure).to_dicts()


def by_label(diet: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Flow matrix of rows by account, from community of origin to the account's."""
    return np.stack([diet[member == c].sum(axis=0) for c in range(diet.shape[1])], axis=1)


def absent_pairs(world: World, member: np.ndarray) -> np.ndarray:
    """What each account would be shown of its own posts, were they shown as to others."""
    filled = np.zeros((member.size, 3))
    assigned = set(np.flatnonzero(member >= 0).tolist())
    for post, posters in enumerate(POSTERS):
        home = world.homes["planted"][post]
        viewers = [a for a, p in LOG if p == post and a in assigned]
        own = [a for a in posters if a in assigned]
        for a in own:
            if home >= 0:
                filled[a, home] += len(viewers) / (len(assigned) - len(own))
    return filled


def test_moments_of_flows_are_those_over_all_permutations(tiny: Spread) -> None:
    world, tally = tiny.worlds[0], tiny.tallies["a", 0, 0]
    member = world.partitions["planted"].membership
    own = absent_pairs(world, member)
    filled = tally.diet["planted"][:, :3] + own
    withheld = by_label(own, member)
    every = np.array([by_label(filled, other) - withheld for other in relabelled(tiny)])
    null = permutation_null(tiny, "planted", draws=4999, rng=1)
    cells = null.flow
    mean = every.mean(axis=0).ravel()
    np.testing.assert_allclose(cells["expected"].to_numpy(), mean, atol=1e-12)
    np.testing.assert_allclose(cells["sd"].to_numpy(), every.std(axis=0).ravel(), atol=1e-12)
    # the same expectation, post by post: labels of those who can be shown it are permuted
    expected = np.zeros((3, 3))
    sizes = np.bincount(member[member >= 0])
    for post, posters in enumerate(POSTERS):
        home = world.homes["planted"][post]
        if home >= 0:
            free = sizes - np.bincount(member[posters][member[posters] >= 0], minlength=3)
            viewers = sum(p == post and member[a] >= 0 for a, p in LOG)
            expected[home] += viewers * free / free.sum()
    np.testing.assert_allclose(mean, expected.ravel(), atol=1e-12)
    # no cell has an expectation of 5: none is tested
    assert cells.select("log2_ratio", "z", "p", "q").null_count().row(0) == (9, 9, 9, 9)
    # E–I index
    total = tally.diet["planted"][:6, :3].sum()
    index = np.array([1 - 2 * np.trace(matrix) / total for matrix in every])
    (row,) = rows_of(null.frame, "ei_index")
    origins = {
        "homes": world.homes["planted"],
        "poster_indptr": world.poster_indptr,
        "posters": world.posters,
    }
    assert row["expected"] == pytest.approx(ei_null(tally.views["planted"], member, **origins))
    assert row["expected"] == pytest.approx(index.mean())
    assert row["sd"] == pytest.approx(index.std())
    check_p(row, index)


def check_p(row: dict[str, Any], every: np.ndarray) -> None:
    """p by draws is within five standard errors of the share of all permutations."""
    observed, centre = row["observed"], row["expected"]
    shares = {
        "p": np.mean(np.abs(every - centre) >= abs(observed - centre) - 1e-9),
        "p_less": np.mean(every <= observed + 1e-9),
        "p_greater": np.mean(every >= observed - 1e-9),
    }
    for name, share in shares.items():
        error = math.sqrt(max(share * (1 - share), 1e-3) / 4999)
        assert abs(row[name] - share) < 5 * error + 1 / 5000, name


def test_crossing_against_all_permutations(tiny: Spread) -> None:
    world, tally = tiny.worlds[0], tiny.tallies["a", 0, 0]
    null = permutation_null(tiny, "planted", draws=4999, rng=1).frame
    origins = {
        "homes": world.homes["planted"],
        "poster_indptr": world.poster_indptr,
        "posters": world.posters,
    }
    found = []
    for other in relabelled(tiny):
        views = np.zeros((len(POSTERS), 4), np.int64)
        for a, p in LOG:
            views[p, other[a]] += 1
        one = crossing(views, tally.diet["planted"], other, **origins)
        found.append([one.ratio(), one.ratio(0), one.ratio(1)])
    every = np.array(found)
    rows = rows_of(null, "crossing")
    assert [row["community"] for row in rows] == [None, "x", "y", "z"]
    for row, values in zip(rows[:3], every.T, strict=True):
        assert row["expected"] == pytest.approx(values.mean(), abs=5 * values.std() / 70)
        assert row["sd"] == pytest.approx(values.std(), rel=0.1)
        check_p(row, values)
    # as everywhere, crossing of a community of one is undefined
    assert rows[3]["observed"] is rows[3]["p"] is None
    # and each draw is what the measure is under that permutation
    run = exposure_of(tiny)
    for other, values in zip(relabelled(tiny), every, strict=True):
        np.testing.assert_allclose(run.draw(other[run.accounts].astype(int))[1][:3], values)
        break


def test_hosting_against_all_permutations(tiny: Spread) -> None:
    world, tally = tiny.worlds[0], tiny.tallies["a", 0, 0]
    diet = tally.diet["planted"]
    null = permutation_null(tiny, "planted", draws=4999, rng=1).frame
    every = np.array(
        [[np.mean(diet[other == c, c] > 0) for c in range(3)] for other in relabelled(tiny)]
    )
    rows = rows_of(null, "hosting_members")
    for row, values in zip(rows[:2], every.T[:2], strict=True):
        assert row["expected"] == pytest.approx(values.mean())
        assert row["sd"] == pytest.approx(values.std())
        centre = values.mean()
        far = np.abs(values - centre) >= abs(row["observed"] - centre) - 1e-9
        assert row["p"] == pytest.approx(far.mean())
        assert row["p_less"] == pytest.approx(np.mean(values <= row["observed"] + 1e-9))
        assert row["p_greater"] == pytest.approx(np.mean(values >= row["observed"] - 1e-9))
    assert rows[2]["observed"] is rows[2]["p"] is None
    # reach within the community: mean over its posts of viewers over those who could be
    member = world.partitions["planted"].membership
    for c, row in enumerate(rows_of(null, "hosting_reach")[:2]):
        shares = []
        for post, posters in enumerate(POSTERS):
            if world.homes["planted"][post] == c:
                viewers = sum(p == post and member[a] >= 0 for a, p in LOG)
                shares.append(viewers / (6 - sum(member[a] >= 0 for a in posters)))
        assert row["expected"] == pytest.approx(np.mean(shares))
        assert row["low"] <= row["expected"] <= row["high"]


def test_entropy_against_all_permutations(tiny: Spread) -> None:
    member = tiny.worlds[0].partitions["planted"].membership
    means = []
    for post, posters in enumerate(POSTERS):
        free = [a for a in range(6) if a not in posters]
        viewers = [free.index(a) for a, p in LOG if p == post and member[a] >= 0]
        values = []
        for order in permutations(member[free].tolist()):
            share = np.bincount([order[v] for v in viewers], minlength=3) / len(viewers)
            values.append(-sum(x * math.log(x) for x in share if x) / math.log(3))
        means.append(np.mean(values))
    (row,) = rows_of(permutation_null(tiny, "planted", draws=19, rng=1).frame, "audience_entropy")
    assert row["expected"] == pytest.approx(np.mean(means))
    assert row["sd"] is row["p"] is None


@pytest.fixture(scope="module")
def platform() -> gk.Platform:
    return gk.synthetic.platform(accounts=300, posts_per_account=6.0, rng=3)


ARMS = {"interest": interest_centric(), "follower": follower_centric(), "uniform": uniform()}


def relabel(partition: gk.Partition, n: int) -> dict[str, gk.Partition]:
    """Partitions of the same sizes, labels dealt at random."""
    rng = np.random.default_rng(1)
    ids, codes = partition.vocabulary.ids, partition.membership
    return {
        f"permuted {i}": gk.Partition.from_membership(ids, rng.permutation(codes)) for i in range(n)
    }


@pytest.fixture(scope="module")
def permuted(platform: gk.Platform) -> Spread:
    """One world with 60 permuted partitions, in which posts are from their authors' communities."""
    world = gk.build_world(platform, relabel(platform.truth, 60), rng=1)
    return gk.simulate_spread(world, ARMS, ticks=4, slots=5, rng=1)


@pytest.fixture(scope="module")
def nulls(permuted: Spread) -> pl.DataFrame:
    kinds = [kind for kind in permuted.worlds[0].partitions if kind != "planted"]
    found = []
    for kind in kinds:
        null = permutation_null(permuted, kind, draws=19, rng=1)
        cells = null.flow.group_by("arm", maintain_order=True).first()
        cells = cells.select(
            *("arm", "observed", "expected", "z", "p"),
            community=pl.lit("0"),
            measure=pl.lit("flow"),
        )
        frame = pl.concat([null.frame, cells], how="diagonal")
        found.append(frame.with_columns(kind=pl.lit(kind)))
    return pl.concat(found)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("measure", ["crossing", "ei_index", "flow", "hosting_reach"])
def test_p_is_uniform_under_a_permuted_partition(
    nulls: pl.DataFrame, arm: str, measure: str
) -> None:
    rows = nulls.filter(pl.col("arm") == arm, pl.col("measure") == measure)
    # one p of each permuted partition: of the whole, or of its largest community
    p = rows.group_by("kind").first()["p"]
    assert len(p) == 60
    for level in (0.1, 0.25, 0.5):
        hits = int((p <= level + 1e-9).sum())
        assert stats.binomtest(hits, 60, level).pvalue > 1e-3, (level, hits)


def test_hosting_above_chance_is_equal_in_all_arms_under_a_permuted_partition(
    nulls: pl.DataFrame,
) -> None:
    hosting = nulls.filter(pl.col("measure").str.starts_with("hosting"))
    hosting = hosting.with_columns(gap=pl.col("observed") - pl.col("expected"))
    for measure in ("hosting_reach", "hosting_members"):
        rows = hosting.filter(pl.col("measure") == measure)
        wide = rows.group_by("arm", "kind").agg(pl.col("gap").mean())
        wide = wide.pivot(on="arm", index="kind", values="gap")
        for arm in ("interest", "follower"):
            gap = (wide[arm] - wide["uniform"]).to_numpy()
            assert abs(gap.mean()) < 4 * gap.std(ddof=1) / math.sqrt(gap.size), (measure, arm)


def test_chance_levels_of_hosting_under_a_permuted_partition(
    permuted: Spread, nulls: pl.DataFrame
) -> None:
    """Per impression, posts reach as many members in every arm, and members see other numbers.

    A diet of fewer creators meets fewer communities, so that the share of members who see a post
    of their community differs between arms by chance alone.
    """
    world = permuted.worlds[0]
    posts = pl.concat(
        pl.DataFrame(
            {
                "kind": kind,
                "community": [partition.name(c) for c in range(partition.n_communities)],
                "posts": np.bincount(world.homes[kind], minlength=partition.n_communities),
            }
        )
        for kind, partition in world.partitions.items()
    )
    reach = nulls.filter(pl.col("measure") == "hosting_reach").join(posts, on=["kind", "community"])
    wide = (
        reach.group_by("arm", "kind")
        .agg((pl.col("observed") * pl.col("posts")).sum() / pl.col("posts").sum())
        .pivot(on="arm", index="kind", values="observed")
    )
    for arm in ("interest", "follower"):
        shown = permuted.impressions("uniform") / permuted.impressions(arm)
        gap = (wide[arm] * shown - wide["uniform"]).to_numpy()
        assert abs(gap.mean()) < 4 * gap.std(ddof=1) / math.sqrt(gap.size), arm
        assert abs(gap.mean()) < 0.05 * wide["uniform"].mean()
    members = nulls.filter(pl.col("measure") == "hosting_members").group_by("arm")
    level = dict(members.agg(pl.col("expected").mean()).rows())
    assert level["interest"] < level["uniform"]
    assert level["follower"] < 0.95 * level["uniform"]


def test_exposure_by_interest_stays_in_planted_communities(permuted: Spread) -> None:
    null = permutation_null(permuted, "planted", draws=199, rng=1)
    whole = null.frame.filter(pl.col("community").is_null(), pl.col("p").is_not_null())
    for row in whole.rows(named=True):
        if row["arm"] == "interest":
            assert row["p"] == row["p_less"] == 1 / 200
            assert row["z"] < -10
            assert row["observed"] < row["low"]
        if row["arm"] == "uniform":
            assert row["p"] > 0.01
    diagonal = null.flow.filter(
        pl.col("arm") == "interest", pl.col("home") == pl.col("viewer"), pl.col("q").is_not_null()
    )
    assert (diagonal["log2_ratio"] > 0).mean() > 0.9
    assert null.flow.filter(pl.col("arm") == "uniform", pl.col("q") <= 0.05).height == 0
    assert "crossing, interest" in repr(null)


@pytest.fixture(scope="module")
def several(by_hand: Any) -> Spread:
    """Two worlds and two replications, with unassigned accounts and homeless posts."""
    draws = np.random.default_rng(4)
    worlds, arms = [], {"a": [], "b": []}
    for _ in range(2):
        named = draws.choice(["x", "y", "z"], 37, p=[0.5, 0.3, 0.2]).tolist()
        groups = [None, None, "w", *named]
        posters = [draws.permutation(40)[: draws.integers(1, 4)].tolist() for _ in range(50)]
        posters = [[0], [2], *posters]
        world = by_hand.world(groups, posters)
        worlds.append(world)
        for arm in arms:
            tallies = []
            for _ in range(2):
                seen = [
                    (a, p, 0)
                    for a in range(40)
                    for p in draws.permutation(52)[:12].tolist()
                    if a not in posters[p]
                ]
                tallies.append(by_hand.tally(world, seen))
            arms[arm].append(tallies)
    return by_hand.spread(worlds, arms)


def test_observed_is_what_is_measured(several: Spread, permuted: Spread) -> None:
    for spread, kind in ((several, "planted"), (permuted, "permuted 0")):
        null = permutation_null(spread, kind, draws=19, rng=1)
        measured = measure_spread(spread).filter(pl.col("partition") == kind)
        key = ["arm", "world", "replication", "community", "measure"]
        both = null.frame.join(measured, on=key, how="left", nulls_equal=True)
        assert both.height == null.frame.height
        assert both.filter(pl.col("observed").ne_missing(pl.col("value"))).height == 0
        assert both["observed"].null_count() < both.height
        for arm in spread.arms:
            for w in range(len(spread.worlds)):
                matrix = flow(spread, arm, kind, world=w)
                cells = null.flow.filter(pl.col("arm") == arm, pl.col("world") == w)
                assert cells["home"].to_list() == matrix.frame["source"].to_list()
                assert cells["observed"].to_list() == matrix.frame["observed"].to_list()


def test_a_draw_of_the_labels_as_they_are_is_what_is_observed(
    several: Spread, permuted: Spread
) -> None:
    for run in (exposure_of(several), exposure_of(permuted, "interest", "permuted 0")):
        matrix, found = run.draw(run.labels)
        np.testing.assert_allclose(matrix - run.withheld, run.tallies.flows, atol=1e-9)
        homes = range(run.sizes.size)
        ratios = [run.tallies.exposure.ratio(c) for c in (None, *homes)]
        np.testing.assert_allclose(found, ratios, atol=1e-12)
    # posts by single authors: exact
    tallies = run.tallies
    reach = hosting_reach(tallies.views, tallies.partition.membership, **tallies.origins)
    np.testing.assert_allclose(run.reach_of(matrix), reach, atol=1e-12)


def test_expected_entropy_of_many_posts_is_taken_in_pieces() -> None:
    members = np.tile(np.arange(1, 601), 40)
    views, able = np.full(members.size, 200), np.full(members.size, 1000)
    found = expected_entropy_terms(views, able, members)
    few = expected_entropy_terms(views[:600], able[:600], members[:600])
    np.testing.assert_array_equal(found, np.tile(few, 40))
    law = stats.hypergeom(1000, 300, 200)
    shares = np.arange(1, 201) / 200
    expected = -(law.pmf(np.arange(1, 201)) * shares * np.log(shares)).sum()
    assert few[299] == pytest.approx(expected, rel=1e-11)


def test_draws_agree_with_closed_forms(several: Spread) -> None:
    run = exposure_of(several)
    rng = np.random.default_rng(2)
    flows, reaches = [], []
    for _ in range(4000):
        matrix = run.draw(rng.permutation(run.labels))[0]
        flows.append(matrix - run.withheld)
        reaches.append(run.reach_of(matrix))
    null = permutation_null(several, "planted", draws=999, rng=1)
    one = replace(several, replications=1)
    cells = permutation_null(one, "planted", draws=19, rng=1).flow
    cells = cells.filter(pl.col("arm") == "a", pl.col("world") == 0)
    sd = cells["sd"].to_numpy().reshape(4, 4)
    gap = np.mean(flows, axis=0) - cells["expected"].to_numpy().reshape(4, 4)
    assert np.abs(gap / sd).max() < 5 / math.sqrt(4000)
    np.testing.assert_allclose(np.std(flows, axis=0), sd, rtol=0.06)
    key = {"arm": "a", "world": 0, "replication": 0}
    rows = null.frame.filter(*(pl.col(k) == v for k, v in key.items()))
    for c, row in enumerate(rows_of(rows, "hosting_reach")[:3]):
        mean, spread = np.mean(reaches, axis=0)[c], np.std(reaches, axis=0)[c]
        assert row["sd"] == pytest.approx(spread, rel=0.06)
        assert abs(row["expected"] - mean) < 5 * spread / math.sqrt(4000)
        wide = row["sd"] * 1.96
        assert row["high"] - row["low"] == pytest.approx(2 * wide, rel=0.2)


def test_names_and_order_do_not_matter_and_the_seed_does(several: Spread) -> None:
    null = permutation_null(several, "planted", draws=99, rng=1)
    assert null == permutation_null(several, "planted", draws=99, rng=1)
    other = permutation_null(several, "planted", draws=99, rng=2)
    assert null.frame["p"].to_list() != other.frame["p"].to_list()
    assert null.frame["expected"].to_list() != other.frame["expected"].to_list()  # of crossing
    moments = pl.col("method").str.starts_with("exact")
    for name in ("expected", "sd"):
        assert (
            null.frame.filter(moments)[name].to_list()
            == other.frame.filter(moments)[name].to_list()
        )
    turned = reversed_rows(several)
    again = permutation_null(turned, "planted", draws=99, rng=1)
    key = ["arm", "world", "replication", "community", "measure"]
    for first, second, columns in (
        (null.frame, again.frame, key),
        (null.flow, again.flow, ["arm", "world", "home", "viewer"]),
    ):
        numbers = [n for n, kind in first.schema.items() if kind == pl.Float64]
        one, two = (frame.sort(columns).select(numbers).to_numpy() for frame in (first, second))
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9)


def reversed_rows(spread: Spread) -> Spread:
    """The same spread with accounts and posts in reverse order, under other names."""
    worlds, tallies = [], {}
    for world in spread.worlds:
        n = world.n_accounts
        parts = [
            world.posters[a:b]
            for a, b in zip(world.poster_indptr[:-1], world.poster_indptr[1:], strict=True)
        ][::-1]
        partition = world.partitions["planted"]
        names = [partition.name(c) if c >= 0 else None for c in partition.membership[::-1]]
        mine = gk.Partition.from_membership(partition.vocabulary.ids, names)
        new_of = np.array([*matching(mine, partition), -1])  # −1 is the last
        worlds.append(
            replace(
                world,
                account_keys=world.account_keys[::-1],
                post_keys=world.post_keys[::-1],
                posters=(n - 1 - np.concatenate(parts)).astype(np.int32),
                poster_indptr=np.cumsum([0, *map(len, parts)]),
                partitions={"planted": mine},
                homes={"planted": new_of[world.homes["planted"][::-1]].astype(np.int32)},
            )
        )
    for (arm, w, r), tally in spread.tallies.items():
        partition, mine = spread.worlds[w].partitions["planted"], worlds[w].partitions["planted"]
        tallies[arm, w, r] = turn(tally, [*matching(partition, mine), -1])
    return replace(spread, worlds=tuple(worlds), tallies=tallies)


def matching(source: gk.Partition, target: gk.Partition) -> list[int]:
    """Code in `source` of each community of `target`."""
    names = [source.name(c) for c in range(source.n_communities)]
    return [names.index(target.name(c)) for c in range(target.n_communities)]


def turn(tally: ArmTally, columns: list[int]) -> ArmTally:
    return replace(
        tally,
        views={"planted": tally.views["planted"][::-1, columns]},
        diet={"planted": tally.diet["planted"][::-1, columns]},
        member_reach={"planted": tally.member_reach["planted"][::-1]},
        ticks=tally.ticks[::-1],
        posted=tally.posted[::-1],
    )


def test_q_is_over_all_tested_cells_of_an_arm(several: Spread) -> None:
    null = permutation_null(several, "planted", draws=99, rng=1)
    for arm in several.arms:
        cells = null.flow.filter(pl.col("arm") == arm)
        tested = cells.filter(pl.col("expected") >= 5)
        masked = cells.filter(pl.col("expected") < 5)
        assert masked.height > 0
        assert (
            masked.select("log2_ratio", "z", "p", "q").null_count().row(0) == (masked.height,) * 4
        )
        p = np.sort(tested["p"].to_numpy())
        k = p.size
        q = [min(p[j] * k / (j + 1) for j in range(i, k)) for i in range(k)]
        assert np.sort(tested["q"].to_numpy()).tolist() == pytest.approx(np.sort(q).tolist())
        ratio = np.log2(tested["observed"].to_numpy() / tested["expected"].to_numpy())
        assert tested["log2_ratio"].to_list() == pytest.approx(ratio.tolist())


def test_nothing_shown_has_no_null(by_hand: Any) -> None:
    world = by_hand.world(["x", "x", "y"], [[0], [2]])
    spread = by_hand.spread([world], {"a": [[by_hand.tally(world, [(1, 0, 0)][:0])]]})
    null = permutation_null(spread, "planted", draws=19, rng=1)
    whole = null.frame.filter(pl.col("community").is_null())
    assert whole.select("observed", "expected", "p").null_count().row(0) == (3, 3, 3)
    reach = null.frame.filter(pl.col("measure") == "hosting_reach", pl.col("community") == "x")
    assert reach.select("observed", "expected", "sd", "z", "p").row(0) == (0, 0, 0, None, 1)
    assert null.flow["q"].null_count() == 4


def test_what_is_refused(tiny: Spread, by_hand: Any) -> None:
    with pytest.raises(OptionError, match="draws=18"):
        permutation_null(tiny, "planted", draws=18)
    with pytest.raises(OptionError, match="confidence=1"):
        permutation_null(tiny, "planted", confidence=1)
    with pytest.raises(MissingDataError, match="no partition 'plantd'"):
        permutation_null(tiny, "plantd")
    world = by_hand.world(["x", None, None], [[0]])
    spread = by_hand.spread([world], {"a": [[by_hand.tally(world, [(1, 0, 0)])]]})
    with pytest.raises(DataError, match="1 account of world 0 has a community"):
        permutation_null(spread, "planted")
