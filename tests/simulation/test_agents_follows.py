"""Follows gained and lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from graphkit.data.world import World
from graphkit.kernels import state as codes
from graphkit.kernels.state import StaticArrays
from graphkit.recommenders import Feed
from graphkit.simulation.agents import FollowChanges
from graphkit.simulation.arrays import prepare_arrays
from graphkit.simulation.engine import Run


def arcs(static: StaticArrays) -> set[tuple[int, int]]:
    owner = np.repeat(np.arange(static.account_keys.size), np.diff(static.f_indptr))
    return set(zip(owner.tolist(), static.f_indices.tolist(), strict=True))


@pytest.fixture
def static(world: World, all_feeds: dict[str, Feed]) -> StaticArrays:
    return prepare_arrays(world, [all_feeds["uniform"]]).static


def some(static: StaticArrays) -> tuple[int, int, int, int]:
    """A viewer, a post of somebody it follows, one of somebody it does not, and no own one."""
    viewer = int(np.diff(static.f_indptr).argmax())
    own = static.f_indices[static.f_indptr[viewer] : static.f_indptr[viewer + 1]]
    author = static.attributes[:, codes.AUTHOR]
    known = int(np.flatnonzero(np.isin(author, own))[0])
    other = int(np.flatnonzero(~np.isin(author, own) & (author != viewer))[0])
    return viewer, known, other, int(author[other])


def test_free_ties_are_won_and_lost(static: StaticArrays) -> None:
    viewer, known, other, author = some(static)
    ties = FollowChanges(static.account_keys.size, free=True)
    react = np.array([[codes.UNFOLLOW, codes.FOLLOW, 0]], np.uint8)
    after = ties.apply(static, np.array([viewer]), np.array([[known, other, -1]]), react)
    left = int(static.attributes[known, codes.AUTHOR])
    assert arcs(after) == arcs(static) - {(viewer, left)} | {(viewer, author)}
    rows = [
        after.f_indices[a:b].tolist()
        for a, b in zip(after.f_indptr, after.f_indptr[1:], strict=False)
    ]
    assert all(row == sorted(set(row)) for row in rows)
    assert np.flatnonzero(ties.gained).tolist() == [author]
    assert np.flatnonzero(ties.lost).tolist() == [left]
    # it goes on from there: the same tie is lost again
    back = ties.apply(after, np.array([viewer]), np.array([[other]]), react[:, :1])
    assert arcs(back) == arcs(after) - {(viewer, author)}


def test_matched_ties_are_counted_once_and_stay(static: StaticArrays) -> None:
    viewer, known, other, author = some(static)
    ties = FollowChanges(static.account_keys.size, free=False)
    react = np.array([[codes.UNFOLLOW, codes.FOLLOW, 0]], np.uint8)
    for _ in range(2):
        after = ties.apply(static, np.array([viewer]), np.array([[known, other, -1]]), react)
        assert after is static
    assert ties.gained.sum() == ties.gained[author] == 1
    assert ties.lost.sum() == 1


def test_a_post_of_several_is_followed_and_unfollowed_as_one(
    introduced: World, all_feeds: dict[str, Feed]
) -> None:
    static = prepare_arrays(introduced, [all_feeds["uniform"]]).static
    many = int(np.diff(static.p_indptr).argmax())
    who = static.posters[static.p_indptr[many] : static.p_indptr[many + 1]].tolist()
    viewer = next(
        a
        for a in range(introduced.n_accounts)
        if a not in who and not {(a, w) for w in who} & arcs(static)
    )
    ties = FollowChanges(introduced.n_accounts, free=True)
    post = np.array([[many]])
    after = ties.apply(static, np.array([viewer]), post, np.array([[codes.FOLLOW]], np.uint8))
    assert arcs(after) - arcs(static) == {(viewer, w) for w in who}
    back = ties.apply(after, np.array([viewer]), post, np.array([[codes.UNFOLLOW]], np.uint8))
    assert arcs(back) == arcs(static)
    # one of those who are not followed is not lost
    ties.apply(static, np.array([viewer]), post, np.array([[codes.UNFOLLOW]], np.uint8))
    assert ties.gained.sum() == ties.lost.sum() == len(who)


def test_followers_won_are_those_of_the_tally(
    world: World, feed: Feed, lively: object, run_of: Callable[..., Run]
) -> None:
    run = run_of(world, feed, free=True, behaviour=lively)
    before = np.bincount(run.static.f_indices, minlength=world.n_accounts)
    for t in range(run.ticks):
        run.step(t)
    after = np.bincount(run.static.f_indices, minlength=world.n_accounts)
    changes = run.tallies.follow_changes
    assert (after - before == changes.gained - changes.lost).all()
    assert len(arcs(run.static)) == run.static.f_indices.size
    assert not any(a == b for a, b in arcs(run.static))
