"""Worlds out of platforms and logs: which rows go where, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.platform import Platform
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError
from graphkit.simulation import build_world, interest_space, split_world_data
from graphkit.simulation.build import choose_introducers, item_draws, time_cuts
from graphkit.simulation.interests import InterestSpace


@pytest.fixture(scope="module")
def platform() -> Platform:
    return gk.synthetic.platform(200, communities=4, posts_per_account=3, rng=1)


@pytest.fixture(scope="module")
def truth(platform: Platform) -> gk.Partition:
    return platform.truth


def without(ds: gk.Dataset, **tables: object) -> gk.Dataset:
    return gk.Dataset(**(ds.tables | tables))


def test_a_platform_becomes_a_world(platform: Platform) -> None:
    world = build_world(platform, ticks=6, space="planted", rng=1)
    ds = platform.dataset
    _, cut = time_cuts(ds, None)
    posts = ds.items.filter(pl.col("created_at") >= cut).sort("item_id")
    assert world.posts.ids.tolist() == posts["item_id"].to_list()
    assert world.accounts == ds.account_ids
    assert set(world.ticks.tolist()) == set(range(6))
    assert world.accounts.ids[world.posters].tolist() == posts["author_id"].to_list()
    assert (world.homes["planted"] == platform.truth.membership[world.posters]).all()
    assert world.follows.n_edges == ds.follows.filter(pl.col("since") < cut).height
    topics = platform.item_topics[ds.item_ids.encode(world.posts.ids)]
    assert (world.post_features.argmax(axis=1) == topics).all()
    # profiles are an estimate of the planted taste, not a copy
    likeness = (world.profiles * world.interests).sum(axis=1)[world.profiles.any(axis=1)]
    assert 0.7 < likeness.mean() < 0.999
    assert "200" in repr(world)
    assert (world.taste_features == world.post_features).all()
    assert "planted topics: an oracle" in repr(world)
    again = build_world(platform, ticks=6, space="planted", rng=1)
    assert again.content_key == world.content_key
    other = build_world(platform, ticks=6, space="planted", rng=2)
    assert other.content_key != world.content_key
    # unless the oracle is asked for, feeds read the content; what the posts are stays planted
    content = build_world(platform, ticks=6, rng=1)
    assert content.provenance.parameters["reads"] == "content: tags, sounds, captions"
    assert (content.taste_features == world.taste_features).all()
    assert (content.interests == world.interests).all()
    assert content.post_features.shape[1] == content.profiles.shape[1] != len(platform.topics)


def test_rows_in_another_order_make_the_same_world(platform: Platform, truth: gk.Partition) -> None:
    ds = platform.dataset
    shuffled = gk.Dataset(
        **{
            name: frame.sample(fraction=1, shuffle=True, seed=1)
            for name, frame in ds.tables.items()
        }
    )
    first, second = (build_world(d, truth, ticks=6, rng=1) for d in (ds, shuffled))
    assert first.content_key == second.content_key


def test_partition_profiles_and_posts_come_from_disjoint_rows(
    platform: Platform, truth: gk.Partition
) -> None:
    ds = platform.dataset
    middle, cut = time_cuts(ds, None)
    piece = split_world_data(platform)
    assert piece.interactions["at"].max() < middle
    assert piece.impressions["at"].max() < middle
    share = ds.items.filter(pl.col("created_at") < middle).height / ds.items.height
    assert 0.3 < share < 0.37
    world = build_world(ds, truth, rng=1)
    # rows of the piece leave the world as it is (what a post answers is a fact of the post) …
    between = (pl.col("at") >= middle) & (pl.col("at") < cut)
    after, answers = pl.col("at") >= cut, pl.col("kind").is_in(["duet", "stitch"])
    fewer = without(
        ds,
        interactions=ds.interactions.filter(between | after | answers),
        impressions=ds.impressions.filter(after),
    )
    assert build_world(fewer, truth, rng=1).content_key == world.content_key
    # … those after the cut say what the posts are, and nothing else …
    fewer = without(ds, interactions=ds.interactions.filter(between | answers))
    no_acts = build_world(fewer, truth, rng=1)
    for name in ("interests", "profiles", "post_features"):
        np.testing.assert_array_equal(getattr(no_acts, name), getattr(world, name))
    assert (no_acts.taste_features != world.taste_features).any()
    # … those between are its profiles
    some = ds.interactions.filter(between).head(200)
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(
            build_world(without(ds, interactions=some), truth, rng=1).profiles, world.profiles
        )
    # taste and profile share no item
    assert not np.array_equal(world.interests, world.profiles)


def test_since_moves_all_cuts(platform: Platform, truth: gk.Partition) -> None:
    ds = platform.dataset
    late = ds.items["created_at"].max() - timedelta(days=3)
    middle, cut = time_cuts(ds, late)
    assert cut == late
    assert split_world_data(ds, since=late).interactions["at"].max() < middle
    world = build_world(ds, truth, since=str(late), rng=1)
    assert world.n_posts == ds.items.filter(pl.col("created_at") >= late).height


def test_introduced_posts_are_held_out(platform: Platform, truth: gk.Partition) -> None:
    ds = platform.dataset
    options = {"posts": "introduced", "share_of_posts": 0.3, "ticks": 4, "rng": 1}
    world = build_world(ds, {"planted": truth}, **options)
    draws = dict(zip(ds.item_ids.ids.tolist(), item_draws(ds.item_ids).tolist(), strict=True))
    assert all(draws[p] >= 0.7 for p in world.posts.ids.tolist())
    piece = split_world_data(ds, posts="introduced")
    acted = pl.coalesce("target_item_id", "item_id")
    assert all(draws[i] < 0.4 for i in piece.interactions.select(acted).to_series().drop_nulls())
    assert all(draws[i] < 0.4 for i in piece.impressions["item_id"])
    assert all(draws[i] < 0.4 for i in piece.items["item_id"])
    assert piece.follows.height == ds.follows.height
    # each enters through three accounts of its audience, who acted on it
    audience = set(ds.interactions.select("account_id", acted).iter_rows())
    assert (np.diff(world.poster_indptr) == 3).all()
    for post, accounts in zip(world.posts.ids, world.posters.reshape(-1, 3), strict=True):
        assert len(set(accounts.tolist())) == 3
        assert all((world.accounts.ids[a], post) in audience for a in accounts)
    left_out = world.provenance.removed["held-out items of fewer than 3 accounts"]
    held_out = {i for _, i in audience if i is not None and draws[i] >= 0.7}
    assert left_out > 0
    assert world.n_posts + left_out <= len(held_out)
    assert not world.authored
    # rows of the piece change nothing in the world
    rest = ds.interactions.filter(
        pl.Series([draws.get(i, 1) >= 0.4 for i in ds.interactions.select(acted).to_series()])
    )
    other = build_world(without(ds, interactions=rest), {"planted": truth}, **options)
    assert other.content_key == world.content_key


def test_partitions_by_kind_are_carried(platform: Platform, truth: gk.Partition) -> None:
    half = gk.Partition.from_membership(
        truth.vocabulary.ids[::2], truth.membership[::2], labels=truth.labels
    )
    world = build_world(platform, {"interest": half}, rng=1)
    assert list(world.partitions) == ["planted", "interest"]
    assert world.partitions["interest"].n_unassigned == 100
    assert (world.homes["interest"] < 0).any()
    assert list(build_world(platform, half, rng=1).partitions) == ["planted", "given"]


def introduced_world(ds: gk.Dataset, partition: gk.Partition) -> World:
    return build_world(ds, partition, posts="introduced", share_of_posts=0.3, ticks=2, rng=1)


def test_a_home_is_that_of_one_keyed_introducer(platform: Platform, truth: gk.Partition) -> None:
    half = gk.Partition.from_membership(truth.vocabulary.ids[::2], truth.membership[::2])
    world = build_world(platform.dataset, {"whole": truth, "half": half}, posts="introduced", rng=1)
    posters = world.posters.reshape(world.n_posts, 3)
    chosen = choose_introducers(
        world.poster_indptr, world.posters, world.post_keys, world.account_keys
    )
    assert (posters == chosen[:, None]).any(axis=1).all()
    # the same introducer speaks in every partition, assigned or not
    for kind, partition in world.partitions.items():
        np.testing.assert_array_equal(world.homes[kind], partition.membership[chosen])
    homeless = int((world.homes["half"] < 0).sum())
    assert homeless > 0
    assert world.provenance.removed["posts without a home in 'half'"] == homeless
    # each of the three places speaks equally often, whatever the order of the rows
    place = np.argmax(posters == chosen[:, None], axis=1)
    assert np.abs(np.bincount(place, minlength=3) / place.size - 1 / 3).max() < 0.25
    turned = posters[:, ::-1].ravel().copy()
    again = choose_introducers(world.poster_indptr, turned, world.post_keys, world.account_keys)
    np.testing.assert_array_equal(again, chosen)


def test_a_home_outlives_the_loss_of_the_other_introducers() -> None:
    rng = np.random.default_rng(2)
    keys, posts = (rng.integers(0, 2**63, n, dtype=np.uint64) for n in (50, 400))
    posters = np.stack([rng.permutation(50)[:3] for _ in range(400)]).astype(np.int32)
    chosen = choose_introducers(np.arange(401) * 3, posters.ravel(), posts, keys)
    place = np.argmax(posters == chosen[:, None], axis=1)
    # uniform over the three: 400 draws, four standard errors
    assert np.abs(np.bincount(place, minlength=3) / 400 - 1 / 3).max() < 4 * 0.0236
    other = (place + 1) % 3
    kept = np.arange(3) != other[:, None]
    left = choose_introducers(np.arange(401) * 2, posters[kept], posts, keys)
    np.testing.assert_array_equal(left, chosen)


def check_permuted_homes(ds: gk.Dataset, partition: gk.Partition, draws: int) -> tuple[float, ...]:
    """Mean share of homes of the largest community over permuted labels, and its size."""
    world = introduced_world(ds, partition)
    codes = world.partitions["given"].membership
    of = choose_introducers(world.poster_indptr, world.posters, world.post_keys, world.account_keys)
    rng = np.random.default_rng(5)
    # permuted among the assigned accounts: the assignment itself stays
    assigned = np.flatnonzero(codes >= 0)
    shares = []
    for _ in range(draws):
        permuted = codes.copy()
        permuted[assigned] = rng.permutation(codes[assigned])
        homes = permuted[of]
        shares.append(np.mean(homes[homes >= 0] == 0))
    size = np.mean(codes[assigned] == 0)
    return float(np.mean(shares)), float(size), float(np.std(shares) / np.sqrt(draws))


def test_homes_under_permuted_labels_are_in_proportion_to_size(platform: Platform) -> None:
    ids = platform.truth.vocabulary.ids
    unequal = gk.Partition.from_membership(ids, np.repeat([0, 1, 2, 3], [90, 60, 30, 20]))
    mean, size, error = check_permuted_homes(platform.dataset, unequal, 400)
    assert size == 0.45
    assert error < 0.005
    assert abs(mean - size) < 4 * error
    # and end to end, a world built from each permutation
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(6):
        permuted = gk.Partition.from_membership(ids, rng.permutation(unequal.membership))
        world = introduced_world(platform.dataset, permuted)
        shares.append((world.homes["given"] == 0).mean())
    assert abs(np.mean(shares) - 0.45) < 4 * np.std(shares) / np.sqrt(6)


@pytest.mark.real_data
def test_homes_of_listeners_are_in_proportion_to_size(shared_data: Path) -> None:
    folder = shared_data / "hetrec2011_lastfm_2k"
    if not folder.is_dir():
        pytest.skip("the folder 'hetrec2011_lastfm_2k' is absent")
    ds, _ = gk.readwrite.read_hetrec_lastfm(folder)
    piece = split_world_data(ds, posts="introduced")
    found = gk.leiden(gk.cointeraction_graph(piece, weight="tfidf"), runs=2, rng=1)
    mean, size, error = check_permuted_homes(ds, found, 100)
    assert size > 0.2
    assert abs(mean - size) < 4 * error


def test_the_space_is_asked_for_or_given(platform: Platform, truth: gk.Partition) -> None:
    ds = platform.dataset
    planted = build_world(platform, space="planted", rng=1)
    space = interest_space(platform, sources="planted")
    assert build_world(platform, space=space, rng=1).content_key == planted.content_key
    # the planted topics of a log whose tastes are not known
    world = build_world(ds, truth, space=space, rng=1)
    np.testing.assert_array_equal(world.post_features, planted.post_features)
    assert world.provenance.parameters["tastes"] == "who acted on what"
    assert world.interests.shape[1] == world.taste_features.shape[1] != len(platform.topics)
    # tags of a platform: the tastes stay planted
    tags = build_world(platform, space={"tags": 1.0}, dimensions=8, rng=1)
    assert tags.profiles.shape[1] <= 8
    np.testing.assert_array_equal(tags.interests, planted.interests)
    assert tags.provenance.parameters["space"] == "terms"
    made = interest_space(ds, sources={"tags": 1.0}, dimensions=8, rng=1)
    np.testing.assert_array_equal(
        build_world(ds, truth, space=made, rng=1).post_features, made.rows(tags.posts)
    )
    assert tags.provenance.removed["posts without a place in the interest space"] == int(
        (~tags.post_features.any(axis=1)).sum()
    )
    vectors = np.random.default_rng(1).normal(size=(ds.items.height, 3)).tolist()
    embedded = without(ds, items=ds.items.with_columns(embedding=pl.Series(vectors)))
    world = build_world(embedded, truth, space="embedding", rng=1)
    assert world.post_features.shape[1] == 3
    assert (world.post_features < 0).any()


def test_taste_and_profile_share_no_item(platform: Platform, truth: gk.Partition) -> None:
    ds = platform.dataset
    m = ds.items.height
    # every item is a dimension of its own, so that rows tell of whom the feed knows what
    space = InterestSpace(ds.item_ids, np.eye(m))
    world = build_world(ds, truth, space=space, rng=1)
    profile = world.profiles.any(axis=0)
    assert profile.sum() > 20
    middle, cut = time_cuts(ds, None)
    early = ds.items.sort("item_id")["created_at"] < cut
    assert early.filter(pl.Series(profile)).all()
    # acts on these items say nothing of tastes, those on all others nothing of profiles
    acted = pl.coalesce("target_item_id", "item_id")
    known = acted.is_in(ds.item_ids.series.filter(pl.Series(profile)).implode())
    history = (pl.col("at") >= middle) & (pl.col("at") < cut)
    for side, same, other in (
        (known, ("interests", "taste_features"), "profiles"),
        (~known, ("profiles", "post_features"), "interests"),
    ):
        fewer = without(ds, interactions=ds.interactions.filter(~(history & side)))
        changed = build_world(fewer, truth, space=space, rng=1)
        for name in same:
            np.testing.assert_array_equal(getattr(changed, name), getattr(world, name))
        assert not np.array_equal(getattr(changed, other), getattr(world, other))


def test_posts_without_content_are_placed_by_who_acted_on_them(
    platform: Platform, truth: gk.Partition
) -> None:
    ds = platform.dataset
    bare = without(ds, items=ds.items.drop("tags", "sound_id", "caption"))
    world = build_world(bare, truth, rng=1)
    removed = world.provenance.removed
    assert removed["posts whose content says nothing, placed by who acted on them"] == world.n_posts
    assert world.provenance.parameters["space"] == "interactions"
    asked = build_world(bare, truth, space="interactions", rng=1)
    assert asked.content_key == world.content_key
    assert not any("content" in reason for reason in asked.provenance.removed)
    blank = int((~world.post_features.any(axis=1)).sum())
    assert removed["posts without a place in the interest space"] == blank < world.n_posts
    arms = {"interest": gk.interest_centric()}
    spread = gk.simulate_spread(world, arms, ticks=2, rng=1)
    assert spread.impressions("interest") > 1000
    with pytest.raises(MissingDataError, match=r"items\.tags"):
        build_world(bare, truth, space={"tags": 1.0}, rng=1)


def test_without_any_place_a_world_can_be_built_but_not_ranked_by_interest(
    platform: Platform, truth: gk.Partition
) -> None:
    ds = platform.dataset
    middle, cut = time_cuts(ds, None)
    history = ds.interactions.filter((pl.col("at") >= middle) & (pl.col("at") < cut))
    one = without(
        ds,
        items=ds.items.drop("tags", "sound_id", "caption"),
        interactions=history.filter(pl.col("account_id") == history["account_id"][0]),
        impressions=ds.impressions.head(0),
    )
    world = build_world(one, truth, rng=1)
    for name in ("post_features", "profiles", "taste_features", "interests"):
        assert not getattr(world, name).any()
    parameters = world.provenance.parameters
    assert parameters["reads"].startswith("nothing")
    assert parameters["tastes"].startswith("the space that feeds read: no audience")
    assert world.provenance.removed["posts without a place for taste"] == world.n_posts
    assert parameters["rank_correlation"] is None
    with pytest.raises(MissingDataError, match="ranks by interest"):
        gk.simulate_spread(world, {"interest": gk.interest_centric()}, ticks=2, rng=1)


def test_communities_without_an_account(platform: Platform, truth: gk.Partition) -> None:
    ds = platform.dataset
    ids = [*truth.vocabulary.ids.tolist(), "x1", "x2", "x3"]
    codes = [*truth.membership.tolist(), 4, 4, -1]
    named = gk.Partition.from_membership(ids, codes, labels=[*truth.labels, "#gone"])
    with pytest.raises(DataError, match="'#gone' has none of the accounts"):
        build_world(ds, {"interest": named}, rng=1)
    unnamed = gk.Partition.from_membership(ids, codes)
    world = build_world(ds, {"interest": unnamed}, rng=1)
    assert world.partitions["interest"].n_communities == 4
    removed = world.provenance.removed
    assert removed["communities of 'interest' without an account"] == 1
    assert removed["nodes of 'interest' outside the accounts"] == 3
    assert "without an account: 1" in repr(world)


def test_bad_input_is_refused(platform: Platform, truth: gk.Partition) -> None:
    ds = platform.dataset
    for options in (
        {"ticks": 0},
        {"posts": "shown"},
        {"dimensions": 1},
        {"posts": "introduced", "share_of_posts": 0.7},
        {"posts": "introduced", "introducers": 0},
        {"posts": "introduced", "since": "2024-03-01"},
        {"since": "soon"},
        {"space": "planted"},
        {"space": interest_space(ds, sources="interactions", rng=1)},
        {"feature_noise": 1.5},
        {"profile_noise": -0.1},
        {"profile_noise": float("nan")},
        {"cold_start": 1},
    ):
        with pytest.raises(OptionError):
            build_world(ds, truth, rng=1, **options)
    with pytest.raises(OptionError, match="have authors"):
        build_world(platform, posts="introduced", rng=1)
    with pytest.raises(MissingDataError, match="needs a partition"):
        build_world(ds, rng=1)
    with pytest.raises(DataError, match="before there is any history"):
        build_world(ds, truth, since=ds.items["created_at"].min(), rng=1)
    with pytest.raises(DataError, match="no item was created"):
        build_world(ds, truth, since="2030-01-01", rng=1)
    tables = {name: frame for name, frame in ds.tables.items() if name != "follows"}
    with pytest.raises(MissingDataError, match="'follows'"):
        build_world(gk.Dataset(**tables), truth, rng=1)
    with pytest.raises(OptionError, match="Did you mean 'tags'"):
        build_world(ds, truth, space={"tag": 1.0}, rng=1)
    other = InterestSpace(Vocabulary(["x", "y"]), np.eye(2))
    with pytest.raises(DataError, match="places none of the items"):
        build_world(ds, truth, space=other, rng=1)
    with pytest.raises(MissingDataError, match="nobody follows anybody"):
        build_world(without(ds, follows=ds.follows.head(0)), truth, rng=1)
    collected = gk.Dataset(**ds.tables, time_kinds={"interactions.at": "collected"})
    with pytest.raises(MissingDataError, match="time kind"):
        build_world(collected, truth, rng=1)
    strangers = gk.Partition.from_membership(["x", "y"], [0, 0])
    with pytest.raises(DataError, match="'given' puts none of the accounts"):
        build_world(ds, strangers, rng=1)
    with pytest.raises(DataError, match="audience of 190 accounts"):
        build_world(ds, truth, posts="introduced", introducers=190, rng=1)


def test_a_world_is_checked(platform: Platform) -> None:
    import dataclasses

    world: World = build_world(platform, rng=1)
    for change, message in (
        ({"ticks": world.ticks - 1}, "before tick 0"),
        ({"account_keys": np.zeros_like(world.account_keys)}, "distinct"),
        ({"quality": world.quality[:-1]}, "shape"),
        ({"partitions": {}}, "at least one partition"),
        ({"homes": {}}, "are missing"),
        ({"interests": world.interests * np.nan}, "not finite"),
    ):
        with pytest.raises(DataError, match=message):
            dataclasses.replace(world, **change)


def test_a_stock_of_the_oldest_posts_is_there_at_the_beginning(platform: Platform) -> None:
    made = platform
    world = build_world(made, ticks=6, stock=0.4, rng=1)
    counts = np.bincount(world.ticks, minlength=6)
    assert counts[0] == pytest.approx(0.4 * world.n_posts, abs=1)
    assert (counts[1:] > 0).all()
    created = dict(made.dataset.items.select("item_id", "created_at").iter_rows())  # type: ignore[union-attr]
    at = [created[i] for i in world.posts.ids]
    oldest_later = min(t for t, tick in zip(at, world.ticks, strict=True) if tick > 0)
    assert max(t for t, tick in zip(at, world.ticks, strict=True) if tick == 0) <= oldest_later
    assert build_world(made, ticks=1, rng=1).ticks.max() == 0
    with pytest.raises(OptionError, match="stock=1"):
        build_world(made, stock=1.0, rng=1)


def test_thirty_ticks_on_a_small_platform_run_in_every_resampled_world() -> None:
    world = build_world(gk.synthetic.platform(accounts=800, rng=5), rng=1)
    arms = {"follower": gk.follower_centric()}
    with pytest.warns(GraphkitWarning, match="filler"):
        spread = gk.simulate_spread(gk.resample_worlds(world, 12, rng=1), arms, ticks=30, rng=1)
    assert spread.impressions("follower") > 100_000
