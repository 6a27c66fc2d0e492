"""Follows gained and lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from graphkit.data.world import World
from graphkit.kernels import state as codes
from graphkit.kernels.state import Stage
from graphkit.recommenders import Feed
from graphkit.simulation.agents import Ties
from graphkit.simulation.arrays import prepare
from graphkit.simulation.engine import Run


def arcs(stage: Stage) -> set[tuple[int, int]]:
    owner = np.repeat(np.arange(stage.account_keys.size), np.diff(stage.f_indptr))
    return set(zip(owner.tolist(), stage.f_indices.tolist(), strict=True))


@pytest.fixture
def stage(world: World, all_feeds: dict[str, Feed]) -> Stage:
    return prepare(world, [all_feeds["uniform"]]).stage


def some(stage: Stage) -> tuple[int, int, int, int]:
    """A viewer, a post of somebody it follows, one of somebody it does not, and no own one."""
    viewer = int(np.diff(stage.f_indptr).argmax())
    own = stage.f_indices[stage.f_indptr[viewer] : stage.f_indptr[viewer + 1]]
    author = stage.facts[:, codes.AUTHOR]
    known = int(np.flatnonzero(np.isin(author, own))[0])
    other = int(np.flatnonzero(~np.isin(author, own) & (author != viewer))[0])
    return viewer, known, other, int(author[other])


def test_free_ties_are_won_and_lost(stage: Stage) -> None:
    viewer, known, other, author = some(stage)
    ties = Ties(stage.account_keys.size, free=True)
    react = np.array([[codes.UNFOLLOW, codes.FOLLOW, 0]], np.uint8)
    after = ties.act(stage, np.array([viewer]), np.array([[known, other, -1]]), react)
    left = int(stage.facts[known, codes.AUTHOR])
    assert arcs(after) == arcs(stage) - {(viewer, left)} | {(viewer, author)}
    rows = [
        after.f_indices[a:b].tolist()
        for a, b in zip(after.f_indptr, after.f_indptr[1:], strict=False)
    ]
    assert all(row == sorted(set(row)) for row in rows)
    assert np.flatnonzero(ties.gained).tolist() == [author]
    assert np.flatnonzero(ties.lost).tolist() == [left]
    # it goes on from there: the same tie is lost again
    back = ties.act(after, np.array([viewer]), np.array([[other]]), react[:, :1])
    assert arcs(back) == arcs(after) - {(viewer, author)}


def test_matched_ties_are_counted_once_and_stay(stage: Stage) -> None:
    viewer, known, other, author = some(stage)
    ties = Ties(stage.account_keys.size, free=False)
    react = np.array([[codes.UNFOLLOW, codes.FOLLOW, 0]], np.uint8)
    for _ in range(2):
        after = ties.act(stage, np.array([viewer]), np.array([[known, other, -1]]), react)
        assert after is stage
    assert ties.gained.sum() == ties.gained[author] == 1
    assert ties.lost.sum() == 1


def test_a_post_of_several_is_followed_and_unfollowed_as_one(
    introduced: World, all_feeds: dict[str, Feed]
) -> None:
    stage = prepare(introduced, [all_feeds["uniform"]]).stage
    many = int(np.diff(stage.p_indptr).argmax())
    who = stage.posters[stage.p_indptr[many] : stage.p_indptr[many + 1]].tolist()
    viewer = next(
        a
        for a in range(introduced.n_accounts)
        if a not in who and not {(a, w) for w in who} & arcs(stage)
    )
    ties = Ties(introduced.n_accounts, free=True)
    post = np.array([[many]])
    after = ties.act(stage, np.array([viewer]), post, np.array([[codes.FOLLOW]], np.uint8))
    assert arcs(after) - arcs(stage) == {(viewer, w) for w in who}
    back = ties.act(after, np.array([viewer]), post, np.array([[codes.UNFOLLOW]], np.uint8))
    assert arcs(back) == arcs(stage)
    # one of those who are not followed is not lost
    ties.act(stage, np.array([viewer]), post, np.array([[codes.UNFOLLOW]], np.uint8))
    assert ties.gained.sum() == ties.lost.sum() == len(who)


def test_followers_won_are_those_of_the_tally(
    world: World, feed: Feed, lively: object, run_of: Callable[..., Run]
) -> None:
    run = run_of(world, feed, free=True, behaviour=lively)
    before = np.bincount(run.stage.f_indices, minlength=world.n_accounts)
    for t in range(run.ticks):
        run.step(t)
    after = np.bincount(run.stage.f_indices, minlength=world.n_accounts)
    assert (after - before == run.ties.gained - run.ties.lost).all()
    assert len(arcs(run.stage)) == run.stage.f_indices.size
    assert not any(a == b for a, b in arcs(run.stage))
