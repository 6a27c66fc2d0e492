"""For You: no weight for followers or hits, yet a base pays; trials; beginnings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.spread import REACTIONS
from graphkit.data.world import World
from graphkit.recommenders import Feed, interest_centric
from graphkit.simulation import Behaviour
from graphkit.simulation.arrays import initial_profiles, prepare_arrays
from graphkit.simulation.engine import Run

Log = Callable[[Run], list[tuple[int, ...]]]


def with_follows(world: World, source: np.ndarray, target: np.ndarray) -> World:
    ids = np.array(world.accounts.ids)
    graph = Graph.from_edges(ids[source], ids[target], directed=True, nodes=world.accounts)
    return dataclasses.replace(world, follows=graph)


def with_fame(world: World, absent: np.ndarray) -> World:
    """The absent accounts follow a few authors in addition, who so become well known."""
    source, target, _ = world.follows.edge_arrays()
    famous = np.unique(world.posters)[::10]
    pairs = {(a, b) for a in absent.tolist() for b in famous.tolist() if a != b}
    pairs |= set(zip(source.tolist(), target.tolist(), strict=True))
    first, second = np.array(sorted(pairs)).T
    return with_follows(world, first, second)


@pytest.fixture(scope="module")
def crowd() -> World:
    """Many accounts, of which one in eight opens no feed in three ticks."""
    platform = gk.synthetic.platform(240, communities=4, posts_per_account=4, rng=3)
    return gk.build_world(platform, ticks=3, rng=3)


@pytest.mark.parametrize("direct", [False, True])
def test_followers_elsewhere_count_only_where_a_feed_weighs_them(
    crowd: World, run_of: Callable[..., Run], log_of: Log, direct: bool
) -> None:
    feed = interest_centric()
    if direct:
        feed = feed.but("direct", weights={"author_followers": 0.3})
    before = log_of(run_of(crowd, feed, ticks=3, slots=5))
    absent = np.setdiff1d(np.arange(crowd.n_accounts), [row[1] for row in before])
    assert absent.size > 15
    known = with_fame(crowd, absent)
    gained = np.bincount(known.follows.edge_arrays()[1], minlength=crowd.n_accounts)
    gained -= np.bincount(crowd.follows.edge_arrays()[1], minlength=crowd.n_accounts)
    assert gained.max() > 10
    after = log_of(run_of(known, feed, ticks=3, slots=5))
    # not one impression of anybody in any tick differs, unless followers have a weight
    assert (after == before) is not direct


def test_no_preset_of_this_kind_weighs_followers_or_hits() -> None:
    weights = interest_centric().weights
    names = ("author_followers", "author_hits", "global_reactions", "small_creator")
    assert not any(weights.get(name) for name in names)


def test_hits_elsewhere_do_not_count(world: World, run_of: Callable[..., Run]) -> None:
    shown = []
    for hit in (0, 50):
        run = run_of(world, interest_centric(), slots=5)
        # rewarded by nobody whom the viewers know, watched as usual
        run.counts.reacted[::4] = hit
        run.counts.reactions[::4, REACTIONS.index("like")] = hit
        shown.append(run.step(0)[1].post.tolist())
    assert shown[0] == shown[1]


def test_a_larger_base_still_brings_more_views(crowd: World) -> None:
    # bases by lot: who is followed by many is neither better nor nearer to anybody's taste
    rng = np.random.default_rng(5)
    n = crowd.n_accounts
    authors = np.unique(crowd.posters)
    large = rng.permutation(authors)[: authors.size // 4]
    pairs = {
        (int(a), int(b))
        for b in authors
        for a in rng.permutation(n)[: 40 if b in large else 2]
        if a != b
    }
    world = with_follows(crowd, *np.array(sorted(pairs)).T)
    feed = interest_centric()
    arms = {
        "with": feed,
        "without": feed.but("w", sources={"following": 0}, weights={"followed": 0.0}),
    }
    spread = gk.simulate_spread(
        world, arms, ticks=5, slots=5, behaviour=Behaviour(social_share=0.0), replications=8, rng=1
    )
    of_large = np.isin(world.posters, large)
    gain = {}
    for arm in arms:
        views = [t.ticks.sum(axis=1) for t in spread.of(arm)]
        gain[arm] = np.array([v[of_large].mean() / v[~of_large].mean() for v in views])
    more = gain["with"] - gain["without"]
    # the lower end of the interval at 99.9 %
    assert more.mean() - stats.t.ppf(0.9995, 7) * more.std(ddof=1) / np.sqrt(8) > 0.05


# trials ----------------------------------------------------------------------------------


def test_a_finished_trial_widens_and_an_unfinished_one_does_not(
    world: World, run_of: Callable[..., Run]
) -> None:
    feed = interest_centric().but("t", trial_size=10, trial_growth=3.0)
    counts = run_of(world, feed).counts
    done = REACTIONS.index("complete")
    counts.views[:5] = 10, 10, 9, 40, 0
    counts.reactions[:5, done] = 5, 1, 9, 20, 0
    # 35 of 69 views were watched to the end: the rates are 0.5, 0.1, 1, 0.5, none
    counts.widen_exploration()
    assert counts.budget[:5].tolist() == [10, 10, 10, 10, 10]
    counts.reactions[1, done] = 0
    counts.reactions[2, done] = 0
    # now 25 of 69
    counts.widen_exploration()
    assert counts.budget[:5].tolist() == [30, 10, 10, 30, 10]
    counts.widen_exploration()
    # what was shown to more than that goes on, up to a limit that no audience reaches
    assert counts.budget[:5].tolist() == [30, 10, 10, 90, 10]
    for _ in range(60):
        counts.views[3] = 2**45
        counts.reactions[3, done] = 2**45
        counts.widen_exploration()
    assert counts.budget[3] == 2**40
    fresh = counts.tick_context(
        0, 7, np.zeros(world.n_posts, bool), np.zeros(world.n_accounts, np.int64)
    ).cold_start
    assert {1, 3} & set(fresh.tolist()) == set()
    assert {0, 2, 4} <= set(fresh.tolist())


def test_fresh_posts_that_are_finished_get_the_larger_audience(
    crowd: World, run_of: Callable[..., Run], log_of: Log
) -> None:
    # one half of the posts is watched to the end by all, the other half by nobody
    good = np.arange(crowd.n_posts) % 2
    world = dataclasses.replace(
        crowd, quality=good.astype(np.float32), ticks=np.zeros(crowd.n_posts, np.int32)
    )
    mind = Behaviour(
        watch_base=0.0, watch_taste=0.0, watch_quality=12.0, watch_length=0.0, fatigue=0.0
    )
    feed = Feed(
        "trials", {"fresh": 30}, {"chance": 1.0}, filler="empty", trial_size=4, trial_growth=3.0
    )
    run = run_of(world, feed, behaviour=mind, ticks=6, slots=5)
    log_of(run)
    assert (run.counts.budget[good[run.arrays.posts] == 0] == 4).all()
    assert (run.counts.budget[good[run.arrays.posts] == 1] > 4).mean() > 0.9
    views = run.tally().ticks.sum(axis=1)
    assert views[good == 1].mean() > 2 * views[good == 0].mean()


# beginnings ------------------------------------------------------------------------------


def test_an_account_without_history_begins_with_its_country_and_device(world: World) -> None:
    country, device = np.zeros(80, np.int32), np.zeros(80, np.int32)
    profiles = np.zeros_like(world.profiles)
    country[:3], device[3:5] = (1, 1, 1), 1
    # two of country 1 like different things, one of them more than the others do
    profiles[0, 0], profiles[1, 1], profiles[5, 2] = 1, 1, 1
    country[6], device[6] = -1, -1
    fixed = dataclasses.replace(world, country=country, device=device, profiles=profiles)
    feed = interest_centric()
    arrays = prepare_arrays(fixed, [feed])
    found = np.empty((80, arrays.static.features.shape[1]), np.float32)
    found[arrays.accounts] = initial_profiles(arrays, feed)
    weak, weaker = feed.signals["country"], feed.signals["device"]
    everybody = np.array([1, 1, 1]) / np.sqrt(3)
    new = weak * np.array([1, 1, 0]) / np.sqrt(2) + weaker * everybody
    np.testing.assert_allclose(found[2, :3], new / np.linalg.norm(new), rtol=1e-6)
    old = np.array([1, 0, 0]) + new
    np.testing.assert_allclose(found[0, :3], old / np.linalg.norm(old), rtol=1e-6)
    # its own history counts far more
    assert found[0, 0] > 0.99
    # of device 1 nobody has a history, of the last not even the place is known
    np.testing.assert_allclose(found[3, :3], [0, 0, 1], atol=1e-6)
    assert not found[6].any()
    deaf = feed.but("deaf", signals={"country": 0, "device": 0})
    assert not initial_profiles(arrays, deaf)[arrays.accounts == 2].any()


def test_a_beginner_is_found_by_what_it_does(
    world: World, run_of: Callable[..., Run], log_of: Log
) -> None:
    blank = world.profiles.copy()
    blank[: world.n_accounts // 2] = 0
    nowhere = dataclasses.replace(world, profiles=blank, country=None, device=None)
    run = run_of(nowhere, interest_centric().but("x", sources={"following": 0}), slots=5)
    half = run.arrays.accounts < world.n_accounts // 2
    assert not run.state.profiles[half].any()
    rows = log_of(run)
    first = {}
    for t, a, _, _, source, *_ in rows:
        first.setdefault(a, t)
        # while nothing is known, nothing is near
        assert source != 3 or a >= world.n_accounts // 2 or t > first[a]
    assert any(row[4] == 3 and row[1] < world.n_accounts // 2 for row in rows)
    known = run.state.profiles[half]
    taste = run.static.interests[half]
    active = known.any(axis=1)
    cosine = (known * taste).sum(axis=1)[active] / np.linalg.norm(known[active], axis=1)
    usual = np.abs(run.static.interests[half] @ run.static.features.T).mean()
    assert cosine.mean() > 1.5 * usual
