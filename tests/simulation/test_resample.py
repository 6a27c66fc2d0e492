"""Delete-a-group jackknife of a world: groups, parts, and that what is left draws the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import ACCOUNT_FIELDS, POST_FIELDS, READING, World
from graphkit.errors import DataError, OptionError
from graphkit.recommenders import uniform
from graphkit.simulation import build_world, resample_worlds


@pytest.fixture(scope="module")
def world() -> World:
    platform = gk.synthetic.platform(120, communities=4, posts_per_account=3, rng=1)
    part = gk.Partition.from_membership(
        platform.truth.vocabulary, np.where(np.arange(120) % 5, platform.truth.membership, -1)
    )
    return build_world(platform, {"other": part}, rng=1)


@pytest.fixture(scope="module")
def seeded() -> World:
    """Posts that enter through three seeders each."""
    platform = gk.synthetic.platform(120, communities=4, posts_per_account=3, rng=1)
    return build_world(platform.dataset, platform.truth, posts="introduced", rng=1)


def groups(worlds: list[World]) -> dict[Any, int]:
    """Group of every account by its id."""
    whole, *parts = worlds
    left_out = [set(whole.accounts.ids) - set(part.accounts.ids) for part in parts]
    found = {one: g for g, ids in enumerate(left_out) for one in ids}
    assert len(found) == sum(map(len, left_out)) == whole.n_accounts
    return found


def names(world: World, kind: str, codes: np.ndarray) -> list[str | None]:
    partition = world.partitions[kind]
    return [partition.name(c) if c >= 0 else None for c in codes.tolist()]


def test_the_whole_comes_first_and_every_account_is_left_out_once(world: World) -> None:
    worlds = resample_worlds(world, 7, rng=1)
    assert [w.sample for w in worlds] == ["whole"] + ["part"] * 7
    assert replace(worlds[0], sample="population") == world
    groups(worlds)
    assert [w.content_key for w in resample_worlds(world, 7, rng=1)] == [
        w.content_key for w in worlds
    ]
    assert groups(resample_worlds(world, 7, rng=2)) != groups(worlds)
    assert len(resample_worlds(world, rng=1)) == 21
    assert len({w.content_key for w in worlds} | {world.content_key}) == 9


@pytest.mark.parametrize("n", [2, 7, 20, 120])
def test_groups_take_their_share_of_every_community(world: World, n: int) -> None:
    # "other" first: it has unassigned accounts
    partitions = {kind: world.partitions[kind] for kind in ("other", "planted")}
    worlds = resample_worlds(replace(world, partitions=partitions), n, rng=3)
    group = groups(worlds)
    codes = np.array([group[one] for one in world.accounts.ids])
    sizes = np.bincount(codes, minlength=n)
    assert sizes.max() - sizes.min() <= 1
    membership = world.partitions["other"].membership
    for c in np.unique(membership):
        counts = np.bincount(codes[membership == c], minlength=n)
        assert counts.max() - counts.min() <= 1


def test_groups_have_about_equally_many_posts() -> None:
    """A community of 40 accounts in four groups of ten: nine with 4 posts, 11 with 1, 20 without.

    Blocks of four in the order of posts: two with 4, one with 4, 1, 1, 1, and two with 1.
    """
    made = build_world(gk.synthetic.platform(40, communities=2, rng=1), rng=1)
    posters = np.concatenate([np.repeat(np.arange(9), 4), np.arange(9, 20)])
    m = posters.size
    one = gk.Partition.from_membership(made.accounts, np.zeros(40, np.int64))
    fields = {name: getattr(made, name) for name in POST_FIELDS}
    fields = {name: None if v is None else v[np.zeros(m, int)] for name, v in fields.items()}
    world = replace(
        made,
        posts=Vocabulary([f"v{i:02}" for i in range(m)]),
        poster_indptr=np.arange(m + 1),
        posters=posters,
        partitions={"one": one},
        homes={"one": np.zeros(m, np.int32)},
        answers_to=None,
        **fields | {"post_keys": np.arange(m)},
    )
    for rng in range(20):
        parts = resample_worlds(world, 4, rng=rng)[1:]
        left_out = sorted(world.n_posts - part.n_posts for part in parts)
        assert left_out == [11, 11, 11, 14]


def test_a_part_is_what_is_left_of_the_whole(world: World) -> None:
    for part in resample_worlds(world, 5, rng=1)[1:]:
        rows = world.accounts.encode(part.accounts.ids)
        order = world.posts.encode(part.posts.ids)
        for fields, old in ((ACCOUNT_FIELDS, rows), (POST_FIELDS, order)):
            for name in fields:
                if getattr(world, name) is not None:
                    np.testing.assert_array_equal(getattr(part, name), getattr(world, name)[old])
        before = world.follows.to_scipy().toarray()
        np.testing.assert_array_equal(part.follows.to_scipy().toarray(), before[np.ix_(rows, rows)])
        # all posts of those who stay, and no others
        stays = np.isin(world.posters, rows)
        np.testing.assert_array_equal(order, np.flatnonzero(stays))
        np.testing.assert_array_equal(rows[part.posters], world.posters[stays])
        for kind in world.partitions:
            own, of = world.partitions[kind].membership[rows], world.homes[kind][order]
            assert names(part, kind, part.partitions[kind].membership) == names(world, kind, own)
            assert names(part, kind, part.homes[kind]) == names(world, kind, of)


def test_every_field_is_known_to_be_of_accounts_or_posts_or_to_refer(world: World) -> None:
    """A field that is added to a world must be named where worlds are cut."""
    refer = {"accounts", "posts", "follows", "poster_indptr", "posters", "partitions", "homes"}
    refer |= {"answers_to", "group_indptr", "groups"}
    whole = {"authored", "code_names", "sample", "provenance"}
    fields = set(World.__dataclass_fields__)
    assert fields == {*ACCOUNT_FIELDS, *POST_FIELDS} | refer | whole


def test_replies_to_posts_that_left_and_groups_of_accounts(world: World) -> None:
    n, m = world.n_accounts, world.n_posts
    answers = np.where(np.arange(m) % 2, np.arange(m) - 1, -1)
    more = replace(
        world,
        answers_to=answers,
        group_indptr=np.concatenate([[0], np.cumsum(np.arange(n) % 3)]),
        groups=np.repeat(np.arange(n), np.arange(n) % 3),
    )
    lost = 0
    for part in resample_worlds(more, 5, rng=1)[1:]:
        rows = world.accounts.encode(part.accounts.ids)
        order = world.posts.encode(part.posts.ids).tolist()
        assert part.answers_to is not None
        assert part.groups is not None
        assert part.group_indptr is not None
        for post, parent in zip(order, part.answers_to.tolist(), strict=True):
            expected = answers[post] if answers[post] in order else -1
            assert (order[parent] if parent >= 0 else -1) == expected
            lost += answers[post] >= 0 and expected < 0
        np.testing.assert_array_equal(np.diff(part.group_indptr), rows % 3)
        np.testing.assert_array_equal(part.groups, np.repeat(rows, rows % 3))
    assert lost > 0


def test_introduced_posts_leave_with_the_seeder_that_is_their_home_and_with_no_other(
    seeded: World,
) -> None:
    parts = resample_worlds(seeded, 4, rng=1)[1:]
    left_out = [set(range(seeded.n_posts)) - set(seeded.posts.encode(p.posts.ids)) for p in parts]
    # each once, however many groups its seeders are in
    assert sorted(post for posts in left_out for post in posts) == list(range(seeded.n_posts))
    fewer = 0
    for part in parts:
        rows = seeded.accounts.encode(part.accounts.ids)
        old = seeded.posts.encode(part.posts.ids)
        for p, post in enumerate(old.tolist()):
            mine = rows[part.posters[part.poster_indptr[p] : part.poster_indptr[p + 1]]]
            first, last = seeded.poster_indptr[post : post + 2]
            theirs = seeded.posters[first:last]
            assert mine.tolist() == [a for a in theirs.tolist() if a in rows]
            fewer += len(mine) < len(theirs)
        # nobody else is their home
        before = names(seeded, "given", seeded.homes["given"][old])
        assert names(part, "given", part.homes["given"]) == before
    assert fewer > 0


def renamed(world: World, order: np.ndarray) -> World:
    """The world with new ids, so that its rows are in this order."""
    accounts = Vocabulary([f"x{i:04}" for i in range(world.n_accounts)])
    place = np.empty(order.size, np.int32)
    place[order] = np.arange(order.size)
    source, target, _ = world.follows.edge_arrays()
    ids = accounts.series
    partitions, homes = {}, {}
    for kind, p in world.partitions.items():
        labels = [p.name(c) for c in range(p.n_communities)]
        new = gk.Partition.from_membership(accounts, p.membership[order], labels=labels)
        partitions[kind] = new
        code = np.array([*(new.labels.index(name) for name in labels), -1])
        homes[kind] = code[world.homes[kind]]
    fields = {n: getattr(world, n) for n in ACCOUNT_FIELDS}
    return replace(
        world,
        accounts=accounts,
        posters=place[world.posters],
        follows=gk.Graph.from_edges(
            ids.gather(place[source]), ids.gather(place[target]), directed=True, nodes=accounts
        ),
        partitions=partitions,
        homes=homes,
        **{n: None if v is None else v[order] for n, v in fields.items()},
    )


def test_names_and_order_of_rows_change_no_group(world: World) -> None:
    order = np.random.default_rng(5).permutation(world.n_accounts)
    other = renamed(world, order)
    before, after = (groups(resample_worlds(w, 9, rng=4)) for w in (world, other))
    for new, old in enumerate(order.tolist()):
        assert after[other.accounts.ids[new]] == before[world.accounts.ids[old]]


def test_what_is_left_draws_the_same_numbers(world: World) -> None:
    """The sessions of an account are those of the whole, and so is what a post is worth to it."""
    worlds = resample_worlds(world, 3, rng=1)
    spread = gk.simulate_spread(
        worlds, {"uniform": uniform()}, ticks=4, slots=3, replications=2, rng=9
    )
    for r in range(2):
        shown = [
            np.asarray(spread.tallies["uniform", w, r].diet["planted"]).sum(axis=1)
            for w in range(4)
        ]
        for part, own in zip(worlds[1:], shown[1:], strict=True):
            # three slots a session: equally many posts are shown to those who stay
            np.testing.assert_array_equal(own, shown[0][world.accounts.encode(part.accounts.ids)])
    assert spread.tallies["uniform", 0, 0] != spread.tallies["uniform", 0, 1]
    # the whole is simulated as the world alone is
    alone = gk.simulate_spread(
        world, {"uniform": uniform()}, ticks=4, slots=3, replications=2, rng=9
    )
    assert alone.tallies["uniform", 0, 1] == spread.tallies["uniform", 0, 1]


def test_independent_worlds_draw_numbers_of_their_own(world: World) -> None:
    spread = gk.simulate_spread([world, world], {"uniform": uniform()}, ticks=3, slots=3, rng=9)
    assert spread.tallies["uniform", 0, 0] != spread.tallies["uniform", 1, 0]


def test_a_community_that_vanishes_is_counted(world: World) -> None:
    codes = np.zeros(120, np.int64)
    codes[7] = 1
    pair = gk.Partition.from_membership(world.accounts, codes, labels=["all", "one"])
    more = replace(world, partitions={"pair": pair}, homes={"pair": pair.membership[world.posters]})
    worlds = resample_worlds(more, 4, rng=1)
    counts = [w.provenance.removed["communities of 'pair' without an account"] for w in worlds[1:]]
    assert sorted(counts) == [0, 0, 0, 1]
    assert {w.partitions["pair"].labels for w in worlds[1:]} == {("all", "one"), ("all",)}
    # and has no interval, while the others do
    arms = {"a": gk.interest_centric(), "b": uniform()}
    outcome = gk.measure_spread(gk.simulate_spread(worlds, arms, ticks=4, slots=3, rng=1))
    rows = gk.contrast(outcome, "a", "b").frame.filter(measure="reach", partition="pair")
    low = dict(rows.select("community", "low").iter_rows())
    assert low["one"] is None
    assert low["all"] is not None


def test_a_jackknife_of_which_parts_are_missing_has_no_interval(world: World) -> None:
    worlds = resample_worlds(world, 4, rng=1)
    spread = gk.simulate_spread(worlds[:3], {"uniform": uniform()}, ticks=2, slots=2, rng=1)
    outcome = gk.measure_spread(spread)
    assert outcome.group_by("world").agg(pl.col("sample").first()).sort("world").rows() == [
        (0, "whole"),
        (1, None),
        (2, None),
    ]
    for make in (lambda x: gk.contrast(x, "uniform", "uniform"), gk.measures.arm_means):
        with pytest.raises(DataError, match="without all the others"):
            make(outcome)
    assert gk.measures.arm_means(outcome.filter(world=0)).height > 0
    # the whole alone is a world
    alone = gk.simulate_spread(worlds[0], {"uniform": uniform()}, ticks=2, slots=2, rng=1)
    assert gk.measure_spread(alone)["sample"].unique().to_list() == ["whole"]


def test_flow_and_reach_are_those_of_the_whole(world: World) -> None:
    arms = {"uniform": uniform()}
    worlds = resample_worlds(world, 3, rng=1)
    spread = gk.simulate_spread(worlds, arms, ticks=3, slots=3, rng=1)
    alone = gk.simulate_spread(world, arms, ticks=3, slots=3, rng=1)
    both = [gk.measures.flow(s, "uniform", "planted").observed for s in (spread, alone)]
    np.testing.assert_array_equal(*both)
    assert gk.measures.reach_curve(spread).frame.equals(gk.measures.reach_curve(alone).frame)
    grown = gk.measures.amplification(
        gk.simulate_spread(worlds, {"a": uniform(), "b": uniform()}, ticks=3, slots=3, rng=1),
        "b",
        partition="planted",
    )
    assert grown["sample"].value_counts().sort("sample")["count"].to_list() == [12, 4]
    assert grown.filter(pl.col("value") != 0).height == 0


def test_parts_say_what_feeds_read_of_them(world: World) -> None:
    worlds = [
        build_world(gk.synthetic.platform(120, communities=4, rng=1), space="planted", rng=1),
        gk.simulation.perturb_world(world, feature_noise=0.5),
    ]
    for whole, said in zip(worlds, ("an oracle", "50% of the posts read as another"), strict=True):
        for part in resample_worlds(whole, 2, rng=1)[1:]:
            assert said in repr(part)
            own = part.provenance.parameters
            known = whole.provenance.parameters
            for name in set(READING) - {"rank_correlation"}:
                assert own[name] == known[name], name
            assert own["rank_correlation"] == pytest.approx(known["rank_correlation"], abs=0.2)
            assert part.provenance.parents[0] == whole.provenance
            worse = gk.simulation.perturb_world(part, cold_start=True)
            assert said in repr(worse)
            assert "of no difference at the start" in repr(worse)
    spread = gk.simulate_spread(
        resample_worlds(worlds[0], 2, rng=1), {"a": uniform()}, ticks=1, slots=4
    )
    assert "an oracle" in repr(spread)


def test_bad_input_is_refused(world: World) -> None:
    with pytest.raises(DataError, match="a list, not a World"):
        resample_worlds([world], 2, rng=1)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="n=1: an integer from 2 on"):
        resample_worlds(world, 1, rng=1)
    with pytest.raises(OptionError, match="n=121: there are only 120 accounts"):
        resample_worlds(world, 121, rng=1)
    with pytest.raises(DataError, match="a part of another"):
        resample_worlds(resample_worlds(world, 2, rng=1)[1], 2, rng=1)
    with pytest.raises(OptionError, match="sample='bootstrap'"):
        replace(world, sample="bootstrap")
    one = replace(
        world,
        posters=np.zeros(world.n_posts, np.int32),
        homes={k: np.full(world.n_posts, p.membership[0]) for k, p in world.partitions.items()},
    )
    with pytest.raises(DataError, match="and 0 posts"):
        resample_worlds(one, 3, rng=1)
