"""Each figure by hand on a world of a few posts and a log of a few rows."""

from __future__ import annotations

import importlib.resources
import re
import tomllib
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.attribution import figures, published_figures
from graphkit.attribution.figures import ENGAGED, FIGURES, Arm, topics_of
from graphkit.data.answers import Answers
from graphkit.data.world import World
from graphkit.errors import MissingDataError

USED = {"abstract", "text", "summary", "report", "memory: not checked"}


@cache
def small() -> World:
    """Sixty accounts; posts of two topics."""
    made = gk.synthetic.platform(60, communities=2, posts_per_account=2.0, leaning=0.5, rng=3)
    return gk.build_world(made, space="planted", ticks=3, rng=3)


def log_of(rows: list[tuple[int, int, int]], **more: list[Any]) -> pl.DataFrame:
    """Account, post and tick of each impression; nobody reacts unless `more` says so."""
    n = len(rows)
    accounts, posts, ticks = (list(column) for column in zip(*rows, strict=True))
    columns: dict[str, Any] = {"account": accounts, "post": posts, "tick": ticks}
    columns |= {"position": list(range(n)), "watch": [0.5] * n, "reshared": [False] * n}
    return pl.DataFrame(columns | {name: [False] * n for name in ENGAGED} | more)


def tally_of(**known: Any) -> Any:
    return cast("Any", SimpleNamespace(**known))


def arm_of(log: pl.DataFrame | None = None, world: World | None = None, **known: Any) -> Arm:
    reading = known.pop("reading", "filled")
    return Arm(world or small(), tally_of(**known), log, reading)


def test_every_entry_is_complete() -> None:
    file = importlib.resources.files("graphkit.attribution") / "validation.toml"
    raw = tomllib.loads(file.read_text(encoding="utf-8"))["figures"]
    needed = "key statement unit direction authors year venue id how_read platform computed"
    for entry in raw:
        assert set(f"{needed} expressed not_tuned_by use".split()) <= set(entry), entry["key"]
        assert set(entry) <= set(published_figures().columns)
        assert re.match(r"doi:10\.\d{4,}/|arXiv:\d{4}\.\d{5}$|https://", entry["id"]), entry["key"]
        assert entry["how_read"] in USED
        assert entry["use"] in ("tune", "test")
        # a level has a band with a reason around it; else there is a direction
        assert (
            ("figure" in entry) == ("low" in entry) == ("high" in entry) == ("band_reason" in entry)
        )
        assert "figure" in entry or entry["direction"]
        if "figure" in entry:
            assert entry["low"] <= entry["figure"] <= entry["high"]
        assert entry["expressed"] == ("why" not in entry)
    keys = [entry["key"] for entry in raw]
    assert len(set(keys)) == len(keys) == 18
    assert {e["key"] for e in raw if e["expressed"]} == set(FIGURES)
    assert {e["use"] for e in raw if e["expressed"]} == {"tune", "test"}
    assert sum(e["use"] == "test" and e["expressed"] for e in raw) >= 6


def test_attention_is_the_mean_watch_fraction_and_its_change_that_of_the_thirds() -> None:
    arm = arm_of(watch=np.array([65536, 32768]), impressions=3)
    assert figures.attention({"interest_centric": arm})[0] == 0.5
    log = log_of([(0, 0, 0), (0, 1, 1), (0, 2, 2)], watch=[0.25, 0.9, 0.75])
    assert figures.attention_stable({"interest_centric": arm_of(log)})[0] == 0.5
    with pytest.raises(MissingDataError, match="three ticks"):
        figures.attention_stable({"interest_centric": arm_of(log_of([(0, 0, 0), (0, 1, 1)]))})


def test_views_of_few_are_those_of_the_first_three_per_cent() -> None:
    world = small()
    ticks = np.zeros((world.n_posts, int(world.ticks.max()) + 1), np.int64)
    ticks[:, 0] = np.random.default_rng(3).integers(0, 50, world.n_posts)
    views = np.bincount(world.posters, ticks.sum(axis=1), world.n_accounts)
    ordered = np.sort(views[np.unique(world.posters)])[::-1]
    places = 0.03 * ordered.size
    whole = int(places)
    held = ordered[:whole].sum() + (places - whole) * ordered[whole]
    none = Answers()
    share, claim = figures.views_of_few({"interest_centric": arm_of(ticks=ticks, answers=none)})
    assert share == pytest.approx(held / ordered.sum())
    assert np.isnan(claim)
    with pytest.raises(MissingDataError, match="impressions"):
        figures.views_of_few({"interest_centric": arm_of(ticks=0 * ticks, answers=none)})


def posts_of_followees(world: World, followed: bool) -> tuple[int, list[int]]:
    """An account, and posts of its followees, or of others."""
    tail, head, _ = world.follows.edge_arrays()
    for account in range(world.n_accounts):
        ties = head[tail == account]
        posts = np.flatnonzero(np.isin(world.posters, ties) == followed)
        if posts.size >= 2 and np.isin(world.posters, ties).any():
            return account, posts.tolist()
    raise AssertionError


def test_likes_of_followees_over_those_of_others() -> None:
    world = small()
    a, own = posts_of_followees(world, True)
    _, other = posts_of_followees(world, False)
    rows = [(a, own[0], 0), (a, own[1], 0), (a, other[0], 0), (a, other[1], 0)]
    log = log_of(
        [*rows, (a, other[0], 1), (a, other[1], 1)], like=[True, False, True] + [False] * 3
    )
    ratio, gap = figures.followed_liked_more({"interest_centric": arm_of(log)})
    assert (ratio, gap) == (2.0, 0.25)


def test_exploiting_a_topic_begins_the_tick_after_the_first_reaction() -> None:
    world = small()
    topic = topics_of(world.taste_features)
    one, two = (np.flatnonzero(topic == t) for t in np.unique(topic)[:2])
    rows = [(0, one[0], 0), (0, one[1], 0), (0, one[2], 1), (0, two[0], 1)]
    log = log_of(rows, like=[True, False, False, False])
    share, gain = figures.exploit_share({"interest_centric": arm_of(log)})
    assert share == 0.25
    # a uniform draw hits the liked topic at both moments of tick 1
    assert gain == pytest.approx(0.25 - (one.size / topic.size) / 2)


def test_amplification_and_diversity_are_those_of_a_feed_that_narrows() -> None:
    """First one of two posts is of the viewer's topic, from post 100 on all are."""
    world = small()
    cold = replace(world, profiles=np.tile(world.profiles[:1], (world.n_accounts, 1)))
    mine = int(topics_of(world.interests)[0])
    topic = topics_of(world.taste_features)
    own = int(np.flatnonzero(topic == mine)[0])
    other = int(np.flatnonzero(topic != mine)[0])
    shown = [own if i % 2 or i >= 100 else other for i in range(figures.LONG)]
    log = log_of([(0, post, i // 10) for i, post in enumerate(shown)])
    arms = {"interest_centric": arm_of(log, cold)}
    # from a half to all in posts 101–200, of which a straight line would have 7 of 12 parts
    assert figures.amplification_early(arms) == (1.0, pytest.approx(0.5 - 0.5 * 7 / 12))
    ratio, gap = figures.diversity_declines(arms)
    assert (ratio, gap) == (0.5, 1.0)
    with pytest.raises(MissingDataError, match="cold start"):
        figures.amplification_early({"interest_centric": arm_of(log)})
    with pytest.raises(MissingDataError, match="300 impressions per viewer"):
        figures.diversity_declines({"interest_centric": arm_of(log.head(299), cold)})


def test_a_straight_rise_and_noise_are_no_early_amplification() -> None:
    world = small()
    cold = replace(world, profiles=np.tile(world.profiles[:1], (world.n_accounts, 1)))
    topic = topics_of(world.taste_features)
    mine = topic == topics_of(world.interests)[0]
    own, other = (int(np.flatnonzero(of)[0]) for of in (mine, ~mine))
    rng = np.random.default_rng(1)
    chance = {"straight": np.arange(figures.LONG) // figures.STEP / 14, "flat": 0.5}
    gaps = {}
    for name, p in chance.items():
        found = []
        for _ in range(40):
            hit = rng.random(figures.LONG) < p
            log = log_of([(0, own if h else other, i // 10) for i, h in enumerate(hit)])
            found.append(figures.amplification_early({"interest_centric": arm_of(log, cold)})[1])
        gaps[name] = np.mean(found) / (np.std(found) / np.sqrt(len(found)))
    assert all(abs(z) < 3 for z in gaps.values()), gaps


def test_divisiveness_in_standard_deviations_of_the_chronological_feed() -> None:
    divisive = np.zeros(small().n_posts, np.float32)
    divisive[0] = 1.0
    world = replace(small(), divisiveness=divisive)
    ticks = np.zeros((2, world.n_posts, 1), np.int32)
    ticks[0, :2, 0], ticks[1, :2, 0] = (3, 1), (1, 1)
    ranked, plain = (arm_of(None, world, ticks=t) for t in ticks)
    arms = {"follower_centric": ranked, "chronological": plain}
    # means 0.75 and 0.5, deviation 0.5
    assert figures.engagement_amplifies_divisive(arms) == (0.5, 0.25)
    bare = {
        role: replace(arm, world=replace(world, divisiveness=None)) for role, arm in arms.items()
    }
    with pytest.raises(MissingDataError, match="divisiveness in the world"):
        figures.engagement_amplifies_divisive(bare)


def test_time_is_seconds_watched_per_session() -> None:
    world = replace(small(), durations=np.full(small().n_posts, 10.0, np.float32))
    watch = np.zeros(world.n_posts, np.int64)
    watch[0] = 65536
    short, long = (arm_of(None, world, watch=watch * n, sessions=2) for n in (1, 4))
    arms = {"chronological": short, "follower_centric": long}
    assert figures.chronological_less_time(arms) == (0.25, 15.0)
    shared = {role: replace(arm, reading="shared") for role, arm in arms.items()}
    with pytest.raises(MissingDataError, match="reading='empty'"):
        figures.chronological_less_time(shared)


def test_sides_and_congruence_by_leaning() -> None:
    accounts = np.full(small().n_accounts, 0.1, np.float32)  # of neither side as a poster
    first = np.asarray(small().posters[small().poster_indptr[:-1]])
    left, right = np.unique(first)[:2]
    viewer = next(a for a in range(accounts.size) if a not in (left, right))
    accounts[[viewer, left, right]] = 0.5, -0.8, 0.9
    posts = np.zeros(small().n_posts, np.float32)
    of = {poster: int(np.flatnonzero(first == poster)[0]) for poster in (left, right)}
    neither = int(np.flatnonzero(~np.isin(first, (left, right)))[0])
    posts[of[left]], posts[of[right]] = -0.8, 0.6
    world = replace(small(), account_leaning=accounts, post_leaning=posts)
    log = log_of([(viewer, p, 0) for p in (of[right], of[right], of[left], neither)])
    arms = {"follower_centric": arm_of(log, world)}
    assert figures.like_minded_share(arms) == (0.5, 0.25)
    assert figures.cross_cutting_share(arms)[0] == 0.25
    pair = {"interest_centric": arm_of(log, world), "chronological": arm_of(log.head(2), world)}
    # (0.3 + 0.3 − 0.4 + 0) / 4 against 0.3
    assert figures.ranked_less_congruent(pair) == pytest.approx((-0.25, 0.25))
    # a poster of unknown leaning is of neither side, and counts among what is shown
    lost = accounts.copy()
    lost[right] = np.nan
    unknown = replace(world, account_leaning=lost, post_leaning=np.full_like(posts, np.nan))
    assert figures.like_minded_share({"follower_centric": arm_of(log, unknown)}) == (0.0, -0.25)
    with pytest.raises(MissingDataError, match="known leaning"):
        figures.ranked_less_congruent({role: replace(a, world=unknown) for role, a in pair.items()})
    bare = replace(world, account_leaning=None)
    with pytest.raises(MissingDataError, match="account leaning in the world"):
        figures.like_minded_share({"follower_centric": arm_of(log, bare)})


def test_unconnected_posts_are_of_no_tie_no_group_and_not_reshared() -> None:
    world = replace(small(), group_indptr=None, groups=None)
    a, own = posts_of_followees(world, True)
    _, other = posts_of_followees(world, False)
    rows = [(a, own[0], 0), (a, own[1], 0), (a, other[0], 0), (a, other[1], 0)]
    log = log_of(rows, reshared=[False, False, False, True])
    assert figures.unconnected_share({"follower_centric": arm_of(log, world)})[0] == 0.25
    # with everybody in one group nobody is unconnected
    n = world.n_accounts
    one = replace(world, group_indptr=np.arange(n + 1), groups=np.zeros(n, np.int32))
    assert figures.unconnected_share({"follower_centric": arm_of(log, one)})[0] == 0.0
    with pytest.raises(MissingDataError, match="reading='filled'"):
        figures.unconnected_share({"follower_centric": arm_of(log, world, reading="empty")})
