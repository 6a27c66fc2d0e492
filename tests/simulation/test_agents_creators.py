"""What creators do with their reward."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest

from graphkit.data.world import World
from graphkit.kernels import state as codes
from graphkit.recommenders import Feed
from graphkit.recommenders.search import recall
from graphkit.simulation import Behaviour
from graphkit.simulation.agents import Creators
from graphkit.simulation.arrays import SimulationArrays, prepare_arrays
from graphkit.simulation.engine import Run

SEED = np.uint64(7)


@pytest.fixture(scope="module")
def arrays(world: World, all_feeds: dict[str, Feed]) -> SimulationArrays:
    return prepare_arrays(world, [all_feeds["interest"]])


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_chances_follow_the_formula(arrays: SimulationArrays) -> None:
    mind = Behaviour(post_base=0.3, post_slope=0.7, quit_base=-1.2, quit_slope=0.4)
    low, high = (int(np.searchsorted(arrays.ticks, t, side="right")) for t in (0, 1))
    author = arrays.static.attributes[:, codes.AUTHOR]
    rng = np.random.default_rng(1)
    reacted, dropped = rng.integers(0, 9, author.size), np.zeros(author.size, bool)
    creators = Creators(arrays.static, mind, SEED, free=False)
    assert creators.schedule(low, high, reacted, dropped).size == 0
    posting = quitting = 0.0
    for p in range(low, high):
        own = [q for q in range(low) if author[q] == author[p]]
        if own:
            reward = sum(reacted[q] for q in own) / len(own)
            rho = math.log((1 + reward) / (1 + reacted[:low].sum() / low))
            posting += sigmoid(0.3 + 0.7 * rho)
            quitting += sigmoid(-1.2 - 0.4 * rho)
    assert creators.scheduled > 3
    assert creators.posting == pytest.approx(posting)
    assert creators.quitting == pytest.approx(quitting)
    assert not dropped.any()
    assert not creators.quit.any()


@pytest.mark.parametrize(("base", "posted"), [(50.0, True), (-50.0, False)])
def test_a_free_creator_posts_or_does_not_but_always_once(
    world: World, all_feeds: dict[str, Feed], run_of: Callable[..., Run], base: float, posted: bool
) -> None:
    mind = Behaviour(post_base=base, quit_base=-50.0)
    run = run_of(world, all_feeds["uniform"], free=True, behaviour=mind)
    for t in range(run.ticks):
        run.step(t)
    tally = run.tally()
    first = {a: world.ticks[world.posters == a].min() for a in set(world.posters.tolist())}
    late = np.array([world.ticks[p] > first[world.posters[p]] for p in range(world.n_posts)])
    assert late.sum() > 50
    assert (tally.posted[: world.n_posts] == (posted | ~late)).all()
    assert tally.posted[world.n_posts :].all()
    assert not tally.quit.any()


def test_who_gave_up_posts_no_more(
    world: World, all_feeds: dict[str, Feed], run_of: Callable[..., Run]
) -> None:
    mind = Behaviour(post_base=50.0, quit_base=50.0, answer_posts=0.0)
    run = run_of(world, all_feeds["uniform"], free=True, behaviour=mind)
    for t in range(run.ticks):
        run.step(t)
    tally = run.tally()
    for a in np.flatnonzero(tally.quit):
        ticks = np.sort(world.ticks[(world.posters == a) & tally.posted])
        # whoever comes to a second tick of posting gives up there
        assert np.unique(ticks).size == 2
    assert tally.quit.sum() > 20
    assert tally.quitting == pytest.approx(1.0)


def test_drift_leads_toward_what_was_rewarded_and_changes_no_world(
    world: World, all_feeds: dict[str, Feed], run_of: Callable[..., Run]
) -> None:
    mind = Behaviour(drift=0.5, like_base=0.0, post_base=50.0, quit_base=-50.0, answer_posts=0.0)
    run = run_of(world, all_feeds["interest"], free=True, behaviour=mind)
    kept, ticks = run.arrays.static.features.copy(), run.arrays.ticks
    author, moved = run.static.attributes[:, codes.AUTHOR], []
    for t in range(run.ticks):
        reacted = run.counts.reacted.copy()
        run.step(t)
        now = run.static.features
        for p in np.flatnonzero((ticks == t) & (now != kept).any(axis=1)).tolist():
            own = (author == author[p]) & (ticks < t)
            praised = reacted[own] @ now[own]
            assert praised @ now[p] > praised @ kept[p]
            moved.append(p)
    assert len(moved) > 20
    assert run.arrays.static.features.tobytes() == kept.tobytes()
    # what moves keeps its length, what enters at first stays, and the index knows of it
    changed = (run.static.features != kept).any(axis=1)
    assert np.flatnonzero(changed).tolist() == sorted(moved)
    assert ticks[moved].min() > 0
    np.testing.assert_allclose(np.linalg.norm(run.static.features[moved], axis=1), 1, rtol=1e-6)
    assert np.shares_memory(run.static.lines, run.static.features)
    place = np.empty(world.n_posts, np.int64)
    place[run.index.posts] = np.arange(world.n_posts)
    start, d = run.index.start, kept.shape[1]
    for p in moved:
        cell = int(np.searchsorted(start, place[p], side="right")) - 1
        first, size = int(start[cell]), int(start[cell + 1] - start[cell])
        block = run.index.blocks[first * d : (first + size) * d].reshape(d, size)
        assert (block[:, place[p] - first] == run.static.features[p]).all()
    known = run.state.profiles[run.state.profiles.any(axis=1)]
    assert recall(run.index, known, world.n_posts) >= 0.9


def test_introduced_posts_have_no_creators(
    introduced: World, all_feeds: dict[str, Feed], lively: Behaviour, run_of: Callable[..., Run]
) -> None:
    run = run_of(introduced, all_feeds["uniform"], free=True, behaviour=lively, ticks=6)
    for t in range(6):
        run.step(t)
    tally = run.tally()
    assert tally.posted.all()
    assert not tally.quit.any()
    assert math.isnan(tally.posting)
    assert math.isnan(tally.quitting)


def test_a_gap_in_time_hinders_nobody(
    world: World, all_feeds: dict[str, Feed], lively: Behaviour, run_of: Callable[..., Run]
) -> None:
    late = dataclasses.replace(world, ticks=np.where(world.ticks > 2, world.ticks + 4, world.ticks))
    run = run_of(late, all_feeds["watch"], free=True, behaviour=lively)
    for t in range(run.ticks):
        run.step(t)
    assert run.tally().ticks[: late.n_posts][late.ticks > 2, :7].sum() == 0
