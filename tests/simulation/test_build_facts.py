"""What a world knows of its posts and accounts beside tastes and ties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.platform import Platform
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import DataError
from graphkit.simulation import build_world
from graphkit.simulation.build import world_attributes

FACTS = (
    "durations",
    "divisiveness",
    "flagged",
    "cross_posted",
    "answers_to",
    "post_country",
    "post_language",
    "country",
    "language",
    "device",
    "group_indptr",
    "groups",
)


def small(**changes: dict[str, list[object]]) -> gk.Dataset:
    tables: dict[str, dict[str, list[object]]] = {
        "accounts": {
            "account_id": ["c", "a", "b"],
            "country": ["PT", None, " de "],
            "language": ["", "", None],
            "device": ["Phone", "tablet", "phone"],
        },
        "items": {
            "item_id": ["w", "v", "x", "y"],
            "duration": [0.0, 12.5, None, 30.0],
            "country": ["pt", "br", None, "DE"],
            "origin": ["elsewhere", None, None, None],
            "flags": [["misinformation"], [], None, []],
            "divisiveness": [None, 0.25, 1.0, 0.0],
        },
        "interactions": {
            "account_id": ["a", "b", "c", "a", "b", "a"],
            "item_id": ["w", "x", "x", "y", "v", "x"],
            "kind": ["duet", "stitch", "duet", "stitch", "stitch", "reply"],
            "target_item_id": ["v", "w", "v", "z", "x", "w"],
        },
        "memberships": {"account_id": ["c", "a", "c"], "group_id": ["g2", "g2", "g1"]},
    }
    tables |= changes
    tables["items"]["item_id"] = [*tables["items"]["item_id"], "z"]
    tables["items"] = {k: [*v, None][:5] for k, v in tables["items"].items()}
    return gk.Dataset(**{k: v for k, v in tables.items() if v})


def test_facts_of_a_log_written_by_hand() -> None:
    removed: dict[str, int] = {}
    posts = Vocabulary(["v", "w", "x", "y"])
    facts = world_attributes(small(), posts, np.array([0.0, 0.5, 1.0, 1.0]), removed)
    np.testing.assert_array_equal(facts["durations"], [12.5, np.nan, np.nan, 30.0])
    assert facts["divisiveness"].tolist() == [0.25, 0, 1, 0]
    assert facts["flagged"].tolist() == [False, True, False, False]
    assert facts["cross_posted"].tolist() == [False, True, False, False]
    # br, de, pt: one code for accounts and posts
    assert facts["country"].tolist() == [-1, 1, 2]
    assert facts["post_country"].tolist() == [0, 2, -1, 1]
    assert facts["device"].tolist() == [1, 0, 0]
    assert facts["language"].tolist() == [-1, -1, -1]
    # of two originals the first by id; z is no post of this world; v enters before x
    assert facts["answers_to"].tolist() == [-1, 0, 0, -1]
    assert removed == {"replies to posts that enter no earlier": 1}
    assert facts["group_indptr"].tolist() == [0, 1, 1, 3]
    assert facts["groups"].tolist() == [1, 0, 1]
    assert "post_language" not in facts


def test_what_is_absent_is_not_guessed() -> None:
    ds = small(
        accounts={"account_id": ["a", "b", "c"]},
        items={"item_id": ["v", "w", "x", "y"], "duration": [None] * 4, "country": ["br"] * 4},
        interactions={"account_id": ["a"], "item_id": ["v"], "kind": ["like"]},
        memberships={},
    )
    facts = world_attributes(ds, Vocabulary(["v", "w"]), np.array([0.0, 1.0]), {})
    assert list(facts) == ["post_country", "code_names"]
    assert facts["code_names"] == {"country": ("br",)}


@pytest.fixture(scope="module")
def platform() -> Platform:
    return gk.synthetic.platform(300, communities=4, posts_per_account=4, rng=1)


@pytest.fixture(scope="module")
def world(platform: Platform) -> World:
    return build_world(platform, since="2024-02-22", rng=1)


def test_a_platform_knows_everything(platform: Platform, world: World) -> None:
    ds = platform.dataset
    assert all(getattr(world, name) is not None for name in FACTS)
    posts = ds.items.sort("item_id").filter(pl.col("item_id").is_in(world.posts.series.implode()))
    np.testing.assert_array_equal(world.durations, posts["duration"].cast(pl.Float32))
    np.testing.assert_array_equal(world.cross_posted, posts["origin"].is_not_null())
    np.testing.assert_array_equal(world.flagged, posts["flags"].list.len() > 0)
    # posts are of their author's country
    np.testing.assert_array_equal(world.post_country, world.country[world.posters])
    answered = np.flatnonzero(world.answers_to >= 0)
    assert answered.size > 10
    assert (world.ticks[world.answers_to[answered]] <= world.ticks[answered]).all()
    parents = dict(
        ds.interactions.filter(pl.col("target_item_id").is_not_null())
        .select("item_id", "target_item_id")
        .iter_rows()
    )
    ids = world.posts.ids
    assert all(parents[ids[i]] == ids[world.answers_to[i]] for i in answered)
    joined = dict(zip(ds.account_ids.ids, np.diff(world.group_indptr), strict=True))
    counts = dict(ds.memberships["account_id"].value_counts().iter_rows())
    assert all(counts.get(a, 0) == n for a, n in joined.items())


def test_rows_in_another_order_make_the_same_facts(platform: Platform, world: World) -> None:
    shuffled = gk.Dataset(
        **{
            name: frame.sample(fraction=1, shuffle=True, seed=1)
            for name, frame in platform.dataset.tables.items()
        }
    )
    other = build_world(shuffled, platform.truth, since="2024-02-22", rng=1)
    for name in FACTS:
        np.testing.assert_array_equal(getattr(other, name), getattr(world, name))


def test_resampled_worlds_carry_the_facts(world: World) -> None:
    lost = 0
    for new in gk.resample_worlds(world, 3, rng=1):
        account = world.accounts.encode(new.accounts.ids)
        post = world.posts.encode(new.posts.ids)
        for name in ("country", "language", "device"):
            np.testing.assert_array_equal(getattr(new, name), getattr(world, name)[account])
        for name in (
            "durations",
            "divisiveness",
            "flagged",
            "cross_posted",
            "post_country",
            "post_language",
        ):
            np.testing.assert_array_equal(getattr(new, name), getattr(world, name)[post])
        # an answer answers what it answered, if that is there
        parent = world.answers_to[post]
        there = (parent >= 0) & np.isin(parent, post)
        assert there.any()
        lost += int((~there[parent >= 0]).sum())
        np.testing.assert_array_equal(new.answers_to >= 0, there)
        np.testing.assert_array_equal(post[new.answers_to[there]], parent[there])
        for code, old in enumerate(account.tolist()):
            mine = new.groups[new.group_indptr[code] : new.group_indptr[code + 1]]
            theirs = world.groups[world.group_indptr[old] : world.group_indptr[old + 1]]
            assert mine.tolist() == theirs.tolist() == sorted(set(theirs.tolist()))
    assert lost > 0


def test_resampled_worlds_guess_nothing(platform: Platform) -> None:
    ds = platform.dataset
    bare = gk.Dataset(
        accounts=ds.accounts.select("account_id"),
        items=ds.items.select("item_id", "author_id", "created_at", "tags"),
        follows=ds.follows,
        interactions=ds.interactions.filter(~pl.col("kind").is_in(["duet", "stitch"])),
    )
    world = build_world(bare, platform.truth, rng=1)
    for w in (world, *gk.resample_worlds(world, 2, rng=1)):
        assert all(getattr(w, name) is None for name in FACTS)


def test_leanings_reach_the_world_by_id_and_unknown_ones_stay_unknown() -> None:
    made = gk.synthetic.platform(60, communities=2, leaning=0.5, rng=1)
    accounts = made.dataset.accounts.with_columns(
        leaning=pl.when(pl.col("account_id") == "a00003").then(None).otherwise("leaning")
    )
    data = gk.Dataset(**{**made.dataset.tables, "accounts": accounts.reverse()})
    world = build_world(data, {"planted": made.truth}, ticks=2, rng=1)
    assert world.account_leaning is not None
    assert world.post_leaning is not None
    by_id = dict(accounts.select("account_id", "leaning").iter_rows())
    for code, name in enumerate(world.accounts.series):
        known = by_id[name]
        assert np.isnan(world.account_leaning[code]) == (known is None)
        assert known is None or world.account_leaning[code] == np.float32(known)
    items = dict(made.dataset.items.select("item_id", "leaning").iter_rows())
    wanted = np.array([items[name] for name in world.posts.series], np.float32)
    np.testing.assert_array_equal(world.post_leaning, wanted)
    parts = gk.resample_worlds(world, 2, rng=1)
    part = parts[1]
    rows = world.accounts.encode(part.accounts.series)
    assert part.account_leaning is not None
    np.testing.assert_array_equal(part.account_leaning, world.account_leaning[rows])


def test_leanings_change_the_key_of_a_world_only_where_there_are_any() -> None:
    world = build_world(gk.synthetic.platform(60, communities=2, rng=1), ticks=2, rng=1)
    assert world.account_leaning is None
    assert world.post_leaning is None
    leaning = np.linspace(-1, 1, world.n_accounts, dtype=np.float32)
    some = replace(world, account_leaning=leaning)
    assert some.content_key != world.content_key
    assert replace(some, account_leaning=None).content_key == world.content_key
    with pytest.raises(DataError, match="account_leaning must lie in -1 … 1"):
        replace(world, account_leaning=leaning * 2)


def test_nothing_that_is_shown_depends_on_leanings() -> None:
    world = build_world(
        gk.synthetic.platform(60, communities=2, leaning=0.5, rng=1), ticks=2, rng=1
    )
    blind = replace(world, account_leaning=None, post_leaning=None)
    arms = {"interest": gk.recommenders.interest_centric()}
    both = [gk.simulate_spread(w, arms, ticks=2, slots=4, rng=1) for w in (world, blind)]
    assert both[0].content_key == both[1].content_key
