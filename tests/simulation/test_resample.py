"""Other worlds like this one."""

from __future__ import annotations

import numpy as np
import pytest

import graphkit as gk
from graphkit.data.world import World
from graphkit.errors import OptionError
from graphkit.simulation import build_world, resample_worlds


@pytest.fixture(scope="module")
def world() -> World:
    platform = gk.synthetic.platform(120, communities=4, posts_per_account=3, rng=1)
    part = gk.Partition.from_membership(
        platform.truth.vocabulary, np.where(np.arange(120) % 5, platform.truth.membership, -1)
    )
    return build_world(platform, {"other": part}, rng=1)


def origin(names: np.ndarray) -> list[str]:
    return [name.rsplit("~", 1)[0] for name in names.tolist()]


def test_a_resampled_world_is_a_bootstrap(world: World) -> None:
    first, second = resample_worlds(world, 2, rng=1)
    assert first.content_key != second.content_key
    assert [w.content_key for w in resample_worlds(world, 2, rng=1)] == [
        first.content_key,
        second.content_key,
    ]
    for new in (first, second):
        assert (new.n_accounts, new.n_posts) == (world.n_accounts, world.n_posts)
        old = world.accounts.encode(origin(new.accounts.ids))
        assert 0.5 < np.unique(old).size / 120 < 0.75
        np.testing.assert_array_equal(new.interests, world.interests[old])
        np.testing.assert_array_equal(new.profiles, world.profiles[old])
        for kind, p in world.partitions.items():
            q = new.partitions[kind]
            names = [p.name(c) if c >= 0 else None for c in p.membership[old]]
            assert [q.name(c) if c >= 0 else None for c in q.membership] == names
        # the communities of the first partition keep their sizes
        assert sorted(new.partitions["planted"].sizes) == sorted(world.partitions["planted"].sizes)
        assert not np.isin(new.account_keys, world.account_keys).any()


def test_arcs_are_induced(world: World) -> None:
    (new,) = resample_worlds(world, 1, rng=3)
    old = world.accounts.encode(origin(new.accounts.ids))
    before = world.follows.to_scipy().toarray() > 0
    after = new.follows.to_scipy().toarray() > 0
    np.testing.assert_array_equal(after, before[np.ix_(old, old)])


def test_posts_enter_through_copies_of_their_posters(world: World) -> None:
    (new,) = resample_worlds(world, 1, rng=3)
    post = world.posts.encode(origin(new.posts.ids))
    account = world.accounts.encode(origin(new.accounts.ids))
    np.testing.assert_array_equal(account[new.posters], world.posters[post])
    np.testing.assert_array_equal(new.ticks, world.ticks[post])
    np.testing.assert_array_equal(new.post_features, world.post_features[post])
    np.testing.assert_array_equal(new.taste_features, world.taste_features[post])
    home = new.partitions["planted"].membership[new.posters]
    np.testing.assert_array_equal(new.homes["planted"], home)


def test_introduced_posts_keep_the_posters_that_were_drawn() -> None:
    platform = gk.synthetic.platform(120, communities=4, posts_per_account=3, rng=1)
    world = build_world(platform.dataset, platform.truth, posts="introduced", rng=1)
    (new,) = resample_worlds(world, 1, rng=1)
    account = world.accounts.encode(origin(new.accounts.ids))
    for p, name in enumerate(origin(new.posts.ids)):
        old = int(world.posts.encode([name])[0])
        mine = new.posters[new.poster_indptr[p] : new.poster_indptr[p + 1]]
        theirs = world.posters[world.poster_indptr[old] : world.poster_indptr[old + 1]]
        assert account[mine].tolist() == [a for a in theirs.tolist() if a in account]
        # one of them is the origin, and its community is the home
        assert new.homes["given"][p] in new.partitions["given"].membership[mine]


def test_worlds_can_be_resampled_again(world: World) -> None:
    (new,) = resample_worlds(resample_worlds(world, 1, rng=1)[0], 1, rng=1)
    assert new.accounts.ids[0].count("~") == 2


def test_bad_input_is_refused(world: World) -> None:
    with pytest.raises(OptionError, match="n=0: an integer from 1 on"):
        resample_worlds(world, 0, rng=1)
