"""Laws that every feed must obey: presets, a feed of all parts, and a score of one's own."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

import graphkit as gk
from graphkit.data.answers import Answers, world_with_answers
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.kernels import state as codes
from graphkit.recommenders import Feed
from graphkit.simulation import Behaviour, engine
from graphkit.simulation.engine import Run

Log = Callable[[Run], list[tuple[int, ...]]]
Simulate = Callable[..., Spread]
BUDGETS = pytest.mark.parametrize("budget", ["matched", "free"])


def differing(first: ArmTally, second: ArmTally) -> list[str]:
    """Fields that are not the same to the last byte."""
    found = []
    for spec in dataclasses.fields(ArmTally):
        one, two = getattr(first, spec.name), getattr(second, spec.name)
        if isinstance(one, dict):
            one, two = (np.concatenate([v.ravel() for v in x.values()]) for x in (one, two))
        if isinstance(one, Answers):
            differ = one != two
        else:
            differ = np.asarray(one).tobytes() != np.asarray(two).tobytes()
        if differ:
            found.append(spec.name)
    return found


def renamed(world: World, seed: int) -> tuple[World, np.ndarray, np.ndarray]:
    """The world under other ids, so in another order, with its keys; new codes of the old ones."""
    rng = np.random.default_rng(seed)
    names = [
        np.array([f"{letter}{x:05d}" for x in rng.permutation(10**5)[:size]])
        for letter, size in (("x", world.n_accounts), ("y", world.n_posts))
    ]
    accounts, posts = (Vocabulary(ids.tolist()) for ids in names)
    of_account, of_post = accounts.encode(names[0].tolist()), posts.encode(names[1].tolist())
    back_a, back_p = np.argsort(of_account), np.argsort(of_post)
    changes: dict[str, object] = {"accounts": accounts, "posts": posts}
    coded = ("country", "language", "device", "age_band")
    for name in ("account_keys", "interests", "profiles", *coded):
        changes[name] = getattr(world, name)[back_a]
    for name in (
        "post_keys",
        "post_features",
        "taste_features",
        "ticks",
        "quality",
        "durations",
        "divisiveness",
        "flagged",
        "cross_posted",
        "post_country",
        "post_language",
    ):
        changes[name] = getattr(world, name)[back_p]
    of_group = rng.permutation(int(world.groups.max()) + 1)
    starts, groups = world.group_indptr, [of_group[g] for g in world.groups]
    rows = [sorted(groups[starts[a] : starts[a + 1]]) for a in back_a]
    changes["group_indptr"] = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    changes["groups"] = np.concatenate(rows)
    starts = world.poster_indptr
    rows = [of_account[world.posters[starts[p] : starts[p + 1]]] for p in back_p]
    changes["poster_indptr"] = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    changes["posters"] = np.concatenate(rows)
    source, target, _ = world.follows.edge_arrays()
    edges = rng.permutation(source.size)
    changes["follows"] = Graph.from_edges(
        names[0][source[edges]], names[0][target[edges]], directed=True, nodes=accounts
    )
    changes["partitions"], changes["homes"] = {}, {}
    for kind, old in world.partitions.items():
        labels = [old.name(c) for c in range(old.n_communities)]
        new = Partition.from_membership(accounts, old.membership[back_a], labels=labels)
        column = np.array([*(new.labels.index(label) for label in labels), -1])
        changes["partitions"][kind] = new
        changes["homes"][kind] = column[world.homes[kind]][back_p]
    changes["answers_to"] = None
    return dataclasses.replace(world, **changes), of_account, of_post


@BUDGETS
def test_renaming_and_reordering_with_keys_kept_change_no_byte(
    world: World, feed: Feed, lively: Behaviour, budget: str, simulate: Simulate
) -> None:
    world = dataclasses.replace(world, answers_to=None)
    other, of_account, of_post = renamed(world, 3)
    options = {"budget": budget, "behaviour": lively}
    first, second = (simulate(w, {"arm": feed}, **options).of("arm")[0] for w in (world, other))
    old, new = world.partitions["planted"], other.partitions["planted"]
    column = [new.labels.index(old.name(c)) for c in range(old.n_communities)]
    column.append(old.n_communities)
    made = second.answers
    assert bool(len(made)) == (budget == "free")
    # answers are in the order of keys behind the others
    of_post = np.concatenate([of_post, world.n_posts + np.arange(len(made))])
    back_a, back_p = np.argsort(of_account), np.argsort(of_post)
    shares = second.shares.copy()
    shares[:, 0], shares[:, 1] = back_p[shares[:, 0]], back_a[shares[:, 1]]
    shares[:, 2] = np.where(shares[:, 2] < 0, -1, back_a[shares[:, 2]])
    changes: dict[str, object] = {
        "views": {"planted": second.views["planted"][of_post][:, column]},
        "diet": {"planted": second.diet["planted"][of_account][:, column]},
        "member_reach": {"planted": second.member_reach["planted"][of_account]},
        "arrivals": {"planted": second.arrivals["planted"][of_post]},
        "shares": shares,
        "answers": dataclasses.replace(
            made, author=back_a[made.author], parent=back_p[made.parent]
        ),
    }
    for name in ("ticks", "reactions", "watch", "posted"):
        changes[name] = getattr(second, name)[of_post]
    of_accounts = ("left", "quit", "gained", "lost", "flagged_shown", "divisive_shown")
    for name in of_accounts:
        changes[name] = getattr(second, name)[of_account]
    assert differing(first, dataclasses.replace(second, **changes)) == []


@pytest.mark.parametrize("free", [False, True], ids=["matched", "free"])
def test_the_number_of_threads_changes_no_byte(
    world: World,
    feed: Feed,
    lively: Behaviour,
    free: bool,
    run_of: Callable[..., Run],
    log_of: Log,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "FEW", 8)
    runs = [run_of(world, feed, free=free, behaviour=lively, workers=n) for n in (1, 2, 3)]
    logs = [log_of(run) for run in runs]
    assert logs[0] == logs[1] == logs[2]
    tallies = [run.tally() for run in runs]
    assert differing(tallies[0], tallies[1]) == differing(tallies[0], tallies[2]) == []


HASHED = """
import graphkit as gk
from graphkit.recommenders import interest_centric, watch_time
world = gk.build_world(gk.synthetic.platform(60, communities=3, posts_per_account=4, rng=1), rng=1)
arms = {"interest": interest_centric(), "watch": watch_time()}
print(gk.simulate_spread(world, arms, ticks=3, slots=3, budget="free", rng=1).content_key)
"""


def test_the_hash_seed_changes_no_byte(capsys: pytest.CaptureFixture[str]) -> None:
    # this process has a seed of its own
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    there = subprocess.run(
        [sys.executable, "-c", HASHED],
        env=os.environ | {"PYTHONHASHSEED": seed},
        check=True,
        capture_output=True,
        text=True,
    )
    exec(HASHED, {})
    assert capsys.readouterr().out == there.stdout != ""


def test_arms_neither_differ_when_equal_nor_touch_each_other(
    world: World, feed: Feed, all_feeds: dict[str, Feed], simulate: Simulate
) -> None:
    arms = {"other": all_feeds["everything"], "one": feed, "two": feed.but("two")}
    spread = simulate(world, arms, replications=2)
    for r in range(2):
        assert differing(spread.of("one")[r], spread.of("two")[r]) == []
    assert differing(*spread.of("one"))
    alone = simulate(world, {"one": feed}, replications=2)
    for r in range(2):
        assert differing(spread.of("one")[r], alone.of("one")[r]) == []


def test_matched_arms_get_the_same_sessions_slots_and_posts(
    world: World, all_feeds: dict[str, Feed], lively: Behaviour, simulate: Simulate
) -> None:
    spread = simulate(world, all_feeds, replications=2, behaviour=lively)
    again = simulate(world, all_feeds, replications=2, behaviour=lively)
    assert again.content_key == spread.content_key
    for r in range(2):
        tallies = [spread.of(arm)[r] for arm in all_feeds]
        assert len({t.sessions for t in tallies}) == len({t.offered for t in tallies}) == 1
        full = [t for t in tallies if not t.empty]
        assert len(full) >= len(tallies) - 1  # the chronological feed runs out
        assert len({t.impressions for t in full}) == 1
        assert len({t.diet["planted"].sum(axis=1).tobytes() for t in full}) == 1
        assert all(t.posted.all() and not t.left.any() and not t.quit.any() for t in tallies)
    for tally in spread.tallies.values():
        total = tally.impressions
        assert tally.views["planted"].sum() == tally.diet["planted"].sum() == total
        assert tally.ticks.sum() == total
        # nothing is shown before it enters
        early = np.arange(tally.ticks.shape[1])[None, :] < world.ticks[:, None]
        assert not tally.ticks[early].any()


@pytest.mark.parametrize("free", [False, True], ids=["matched", "free"])
def test_what_is_shown_is_new_of_others_and_there(
    world: World, feed: Feed, lively: Behaviour, free: bool, run_of: Callable[..., Run], log_of: Log
) -> None:
    run = run_of(world, feed, free=free, behaviour=lively)
    rows = [row for row in log_of(run) if row[3] >= 0]
    pairs = [(a, post) for _, a, _, post, *_ in rows]
    assert len(set(pairs)) == len(pairs)
    after = world_with_answers(world, run.tally().answers)
    assert not any(a == after.posters[post] for a, post in pairs)
    assert all(after.ticks[post] <= t for t, _, _, post, *_ in rows)
    posted = run.tally().posted
    assert all(posted[post] for _, post in pairs)
    passed_on = {(a, post): t for t, a, _, post, _, _, react, _ in rows if react & codes.RESHARE}
    indptr, indices = world.follows.indptr, world.follows.indices
    for t, a, _, post, _, _, react, parent in rows:
        assert 0 <= react < 256
        if parent >= 0:
            assert react & codes.RESHARE
            assert passed_on[parent, post] < t
            assert free or parent in indices[indptr[a] : indptr[a + 1]]


def test_reactions_belong_to_the_pair(
    world: World, all_feeds: dict[str, Feed], run_of: Callable[..., Run], log_of: Log
) -> None:
    mind = Behaviour(social_share=0.0, fatigue=0.0, like_base=-1.0)
    logs = [
        {(row[1], row[3]): row[5:7] for row in log_of(run_of(world, feed, behaviour=mind))}
        for feed in all_feeds.values()
    ]
    for other in logs[1:]:
        both = logs[0].keys() & other.keys()
        assert len(both) > 50
        assert all(logs[0][pair] == other[pair] for pair in both)


def test_taste_counts_the_circle_in_every_arm(
    world: World, all_feeds: dict[str, Feed], run_of: Callable[..., Run], log_of: Log
) -> None:
    mind = Behaviour(
        social_share=1.0,
        noise=0.0,
        fatigue=0.0,
        watch_quality=0.0,
        watch_length=0.0,
        like_base=-1.0,
    )
    rows = log_of(run_of(world, all_feeds["uniform"], behaviour=mind))
    indptr, indices = world.follows.indptr, world.follows.indices
    alone = int(65536 / (1 + np.exp(-mind.watch_base)))
    reacted = {(a, p): t for t, a, _, p, _, _, react, _ in rows if react & codes.ACTIVITY}
    known = 0
    for t, a, _, post, _, watch, _, _ in rows:
        circle = indices[indptr[a] : indptr[a + 1]]
        social = world.posters[post] in circle or any(reacted.get((f, post), t) < t for f in circle)
        known += social
        # a followee whose latest eight reactions came later is forgotten
        assert watch == alone or social
        assert watch > alone or world.posters[post] not in circle
    assert known > 20


def test_several_worlds_and_replications(world: World, all_feeds: dict[str, Feed]) -> None:
    worlds = gk.resample_worlds(world, 2, rng=1)
    spread = gk.simulate_spread(
        worlds, {"i": all_feeds["interest"]}, ticks=3, slots=3, replications=2, rng=1
    )
    assert sorted(spread.tallies) == [("i", w, r) for w in range(3) for r in range(2)]
    assert len({t.watch.tobytes() for t in spread.of("i")}) == 6
    assert "not calibrated" in repr(spread)


def test_scores_without_bound_show_no_post_twice() -> None:
    """A penalty of 1e308 makes −∞ of all posts of a topic but the first two that are shown."""
    platform = gk.synthetic.platform(60, communities=3, posts_per_account=6, rng=1)
    world = gk.build_world(platform, ticks=5, space="planted", rng=1)
    diverse = Feed(
        "diverse", {"fresh": 20, "everywhere": 20}, {"recency": 1.0}, topic_penalty=1e308
    )
    (tally,) = gk.simulate_spread(world, {"a": diverse}, ticks=5, slots=8, rng=3).of("a")
    viewers = tally.views["planted"].sum(axis=1)
    assert viewers.sum() > 500
    np.testing.assert_array_equal(tally.ticks.sum(axis=1), viewers)
