"""Feeds and small worlds that the tests of the simulation share."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphkit as gk
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.recommenders import FACTORS, SIGNALS, SOURCES, Feed, presets
from graphkit.recommenders.context import Context
from graphkit.simulation import Behaviour
from graphkit.simulation.arrays import prepare_arrays
from graphkit.simulation.engine import Run

# the slow twin stands beside the tests
sys.path.append(str(Path(__file__).parent))

TICKS, SLOTS = 12, 3


def own_score(context: Context) -> np.ndarray:
    score = np.zeros(context.n_pairs, np.float32)
    for i, name in enumerate(FACTORS):
        score += np.float32(0.1 * (1 + i % 5)) * context.factor(name)
    score += np.float32(0.2) * context.world.quality[context.post]
    return score + np.float32(0.1) * (context.source == 0)


def everything() -> Feed:
    """All sources, so small that they run full, all factors, all signals, all other numbers."""
    return Feed(
        "everything",
        dict.fromkeys(SOURCES, 5),
        {name: 0.1 * (i + 1) * (-1) ** (i > 17) for i, name in enumerate(FACTORS)},
        topic_penalty=0.1,
        author_penalty=0.2,
        author_decay=0.5,
        author_floor=0.25,
        signals={name: 0.3 * (i + 1) * (-1) ** (i == 6) for i, name in enumerate(SIGNALS)},
        learning_rate=0.1,
        interest_share=0.3,
        half_life=3.0,
        delivery=0.7,
        trial_size=3,
        trial_growth=2.0,
        minor_cap=0.34,
        share_friction=0.4,
        filler="popularity",
    )


FEEDS: dict[str, Callable[[], Feed]] = {
    "interest": presets.interest_centric,
    "follower": presets.follower_centric,
    "circle": presets.circle_popularity,
    "watch": presets.watch_time,
    "chronological": presets.chronological,
    "popularity": presets.popularity,
    "uniform": presets.uniform,
    "half": lambda: presets.blend(presets.follower_centric(), presets.interest_centric(), 0.5),
    "everything": everything,
    "own score": lambda: Feed("own", dict.fromkeys(SOURCES, 8), {}, score=own_score),
}


@pytest.fixture(params=FEEDS)
def feed(request: pytest.FixtureRequest) -> Feed:
    """Every preset, a feed of all parts, and one with a researcher's own score."""
    return FEEDS[request.param]()


@pytest.fixture(scope="session")
def all_feeds() -> dict[str, Feed]:
    return {name: make() for name, make in FEEDS.items()}


@pytest.fixture(scope="session")
def lively() -> Behaviour:
    """Viewers and creators who do everything often."""
    return Behaviour(
        like_base=-1.0,
        comment_base=-1.5,
        share_base=-1.5,
        follow_base=-2.0,
        duet_base=-2.5,
        stitch_base=-2.5,
        unfollow_base=-1.0,
        stop_base=-1.5,
        leave_base=-4.0,
        post_base=1.0,
        quit_base=-2.0,
        drift=0.3,
    )


@pytest.fixture(scope="session")
def world() -> World:
    """80 accounts with posts of their own; some facts, tastes and histories are unknown."""
    platform = gk.synthetic.platform(80, communities=5, posts_per_account=9, rng=1)
    world = gk.build_world(platform, ticks=TICKS - 2, space="planted", rng=1)
    rng = np.random.default_rng(1)
    m = world.n_posts
    profiles, features = world.profiles.copy(), world.post_features.copy()
    profiles[::9], features[::17] = 0, 0
    # what feeds read is what the posts are, but for one in eight
    tastes = features.copy()
    tastes[::8] = tastes[1]
    country, device = np.array(world.country), np.array(world.device)
    country[::6], device[::18] = -1, -1
    ages = rng.integers(-1, 2, world.n_accounts)
    return dataclasses.replace(
        world,
        profiles=profiles,
        post_features=features,
        taste_features=tastes,
        flagged=rng.random(m) < 0.1,
        cross_posted=rng.random(m) < 0.2,
        durations=np.where(rng.random(m) < 0.1, np.nan, np.array(world.durations)),
        country=country,
        device=device,
        age_band=ages,
        code_names={**world.code_names, "age_band": ("13-17", "18+")},
    )


@pytest.fixture(scope="session")
def introduced() -> World:
    """Posts that several accounts introduce."""
    platform = gk.synthetic.platform(60, communities=3, posts_per_account=6, homophily=1.0, rng=4)
    return gk.build_world(
        platform.dataset, platform.truth, posts="introduced", share_of_posts=0.5, ticks=6, rng=4
    )


@pytest.fixture(scope="session")
def embedded(world: World) -> World:
    """The same accounts in a space of 16 dimensions with signs, whose index has 8 cells or more."""
    rng = np.random.default_rng(2)

    def unit(size: int) -> np.ndarray:
        rows = rng.normal(size=(size, 16))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    n, m = world.n_accounts, world.n_posts
    interests, profiles, features = unit(n), unit(n), unit(m)
    # tastes act on fewer dimensions, and on other features
    fewer = interests[:, :5] / np.linalg.norm(interests[:, :5], axis=1, keepdims=True)
    tastes = unit(m)[:, :5]
    tastes /= np.linalg.norm(tastes, axis=1, keepdims=True)
    return dataclasses.replace(
        world, interests=fewer, profiles=profiles, post_features=features, taste_features=tastes
    )


@pytest.fixture(scope="session")
def simulate() -> Callable[..., Spread]:
    def run(world: World, arms: dict[str, Feed], **options: Any) -> Spread:
        return gk.simulate_spread(
            world, arms, **{"ticks": TICKS, "slots": SLOTS, "rng": 1} | options
        )

    return run


@pytest.fixture(scope="session")
def run_of() -> Callable[..., Run]:
    """A run before its first tick."""

    def make(world: World, feed: Feed, **options: Any) -> Run:
        known = {"ticks": TICKS, "slots": SLOTS, "free": False, "seed": 7} | options
        behaviour = known.pop("behaviour", Behaviour())
        return Run(prepare_arrays(world, [feed]), feed, behaviour, **known)

    return make


@pytest.fixture(scope="session")
def log_of() -> Callable[[Run], list[tuple[int, ...]]]:
    """Run it: rows (tick, account, slot, post, source, watch, react, parent) in the world's codes."""

    def rows_of(run: Run) -> list[tuple[int, ...]]:
        accounts, rows = [*run.arrays.accounts.tolist(), -1], []
        for t in range(run.ticks):
            active, shown, _ = run.step(t)
            # with the answers so far
            posts = [*run.arrays.posts.tolist(), -1]
            columns = (shown.post, shown.source, shown.watch, shown.react, shown.parent)
            for i, a in enumerate(active.tolist()):
                for s, cells in enumerate(zip(*(c[i].tolist() for c in columns), strict=True)):
                    post, source, watch, react, parent = cells
                    if post >= -1:
                        row = (
                            t,
                            accounts[a],
                            s,
                            posts[post],
                            source,
                            watch,
                            react,
                            accounts[parent],
                        )
                        rows.append(row)
        return sorted(rows)

    return rows_of
