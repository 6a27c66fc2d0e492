"""Slots that all arms fill from their own sources, and the other readings of open slots."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphkit as gk
from graphkit.data.answers import Answers
from graphkit.data.graph import Graph
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import GraphkitWarning, OptionError
from graphkit.recommenders import Feed, chronological, follower_centric, interest_centric, uniform
from graphkit.simulation import Behaviour, read_checkpoint, scan_impressions
from graphkit.simulation import storage as _checkpoint

ALWAYS = Behaviour(activity=1.0)
READINGS = ("filled", "empty", "shared")
Simulate = Callable[..., Spread]


def simulate(world: World, arms: dict[str, Feed], **options: Any) -> Spread:
    """A simulation whose filler is known to be large."""
    options = {"ticks": 5, "slots": 6, "rng": 3} | options
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        return gk.simulate_spread(world, arms, **options)


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


def slots_of_followees(world: World, ticks: int, slots: int) -> np.ndarray:
    """Posts of followees, newest first, that each account has left to see in each tick."""
    follows, found = world.follows, np.zeros((world.n_accounts, ticks), np.int64)
    for a in range(world.n_accounts):
        followees = follows.indices[follows.indptr[a] : follows.indptr[a + 1]]
        entry = world.ticks[np.isin(world.posters, followees)]
        seen = 0
        for t in range(ticks):
            found[a, t] = min(slots, int((entry <= t).sum()) - seen)
            seen += found[a, t]
    return found


def test_shared_slots_are_those_that_every_arm_fills(world: World) -> None:
    """A uniform feed fills all slots, so what is shared is what followees have posted."""
    ticks, slots = 5, 6
    caps = slots_of_followees(world, ticks, slots)
    assert len(np.unique(caps)) == slots + 1
    arms = {"newest": chronological(), "uniform": uniform()}
    options: dict[str, Any] = {"behaviour": ALWAYS, "ticks": ticks, "slots": slots}
    empty = simulate(world, arms, reading="empty", **options)
    shared = simulate(world, arms, reading="shared", **options)
    offered, kept = world.n_accounts * ticks * slots, int(caps.sum())
    for arm, own in (("newest", kept), ("uniform", offered)):
        tally = shared.tallies[arm, 0, 0]
        assert tally.impressions == kept
        assert tally.untallied == own - kept
        assert tally.empty == empty.tallies[arm, 0, 0].empty == offered - own
        assert tally.ticks.sum(axis=0).tolist() == caps.sum(axis=0).tolist()
        for diet in tally.diet.values():
            assert diet.sum(axis=1).tolist() == caps.sum(axis=1).tolist()
        assert tally.candidates == empty.tallies[arm, 0, 0].candidates
    assert shared.summary()["kept"].to_list() == [kept / offered] * 2
    assert empty.summary()["kept"].to_list() == [kept / offered, 1]
    outcome = gk.measure_spread(shared)
    found = outcome.filter(outcome["measure"] == "kept")["value"].to_list()
    assert found == [kept / offered] * 2


def test_a_tally_of_shared_slots_is_at_most_that_of_all(world: World) -> None:
    arms = {"f": follower_centric(), "i": interest_centric(), "c": chronological()}
    empty, shared = (simulate(world, arms, reading=reading) for reading in READINGS[1:])
    assert len({shared.impressions(arm) for arm in arms}) == 1
    for key, tally in shared.tallies.items():
        most = empty.tallies[key]
        assert (tally.ticks <= most.ticks).all()
        assert (tally.reactions <= most.reactions).all()
        assert (tally.watch <= most.watch).all()
        assert (tally.gained <= most.gained).all()
        for kind in world.partitions:
            assert (tally.views[kind] <= most.views[kind]).all()
            assert (tally.diet[kind] <= most.diet[kind]).all()
            assert (tally.member_reach[kind] <= most.member_reach[kind]).all()
        rows = set(map(tuple, most.shares.tolist()))
        assert rows.issuperset(map(tuple, tally.shares.tolist()))
        assert tally.impressions + tally.untallied == most.impressions
        assert (tally.candidates, tally.recall) == pytest.approx(
            (most.candidates, most.recall), nan_ok=True
        )


@pytest.mark.parametrize("reading", READINGS)
def test_equal_arms_are_equal_in_every_reading(world: World, reading: str) -> None:
    arms = {"one": follower_centric(), "two": follower_centric(), "more": uniform()}
    spread = simulate(world, arms, reading=reading, replications=2)
    for r in range(2):
        assert differing(spread.tallies["one", 0, r], spread.tallies["two", 0, r]) == []
    assert bool(spread.filler("one")) == (reading == "filled")


def test_without_open_slots_the_readings_are_one(world: World) -> None:
    arms = {"uniform": uniform(), "interest": interest_centric()}
    spreads = [simulate(world, arms, reading=reading) for reading in READINGS]
    for spread in spreads:
        assert spread.content_key == spreads[0].content_key
        assert all(t.sources[-1] == t.empty == t.untallied == 0 for t in spread.tallies.values())
        assert spread.summary()["kept"].to_list() == [1, 1]


def test_a_second_run_tallies_what_the_first_would(world: World, tmp_path: Path) -> None:
    """An arm whose slots are all shared is not run again, unless its impressions are written."""
    arms = {"newest": chronological(), "uniform": uniform()}
    once = simulate(world, arms, reading="shared")
    again = simulate(world, arms, reading="shared", impressions=tmp_path)
    for key, tally in once.tallies.items():
        assert differing(tally, again.tallies[key]) == []
    log = scan_impressions(tmp_path).collect()
    assert set(log["surface"]) == {"following", "everywhere"}
    for arm in arms:
        rows = log.filter(arm=arm)
        assert rows.height == again.impressions(arm)
        assert rows["like"].sum() == again.of(arm)[0].reactions[:, 0].sum()
        assert not rows.select("account_id", "item_id").is_duplicated().any()
    sessions = log.group_by("arm", "account_id", "tick").len().sort("account_id", "tick")
    counts = [sessions.filter(arm=arm).drop("arm") for arm in arms]
    assert counts[0].equals(counts[1])


@pytest.mark.parametrize("done", [1, 4, 5, 8, 11, 12, 14, 19])
@pytest.mark.parametrize("seconds", [0.0, 3600.0])
def test_resumed_is_uninterrupted(
    world: World, tmp_path: Path, done: int, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_checkpoint, "SECONDS", seconds)
    arms = {"f": follower_centric(), "u": uniform()}
    options: dict[str, Any] = {"reading": "shared", "checkpoint": tmp_path}
    whole = simulate(world, arms, reading="shared")

    def stop(what: str, now: int, total: int) -> None:
        assert total == 20
        if now == done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop):
        simulate(world, arms, **options)
    assert simulate(world, arms, **options).content_key == whole.content_key
    assert read_checkpoint(tmp_path, world).content_key == whole.content_key
    assert not [*tmp_path.rglob("state.npz"), *tmp_path.rglob("counting.npz")]
    with pytest.raises(OptionError, match="reading was 'shared', now 'empty'"):
        simulate(world, arms, checkpoint=tmp_path, reading="empty")


def test_damaged_shared_slots_are_counted_again(world: World, tmp_path: Path) -> None:
    arms = {"f": follower_centric(), "u": uniform()}
    options: dict[str, Any] = {"reading": "shared", "checkpoint": tmp_path}
    whole = simulate(world, arms, **options)
    (kept,) = tmp_path.glob("shared-slots-*.npz")
    kept.write_bytes(kept.read_bytes()[:-20])
    next(iter(tmp_path.rglob("tally.npz"))).unlink()
    with pytest.warns(GraphkitWarning, match="shared-slots"):
        again = simulate(world, arms, **options)
    assert again.content_key == whole.content_key


def test_slots_cannot_be_shared_otherwise(world: World) -> None:
    two = {"f": follower_centric(), "u": uniform()}
    for arms, options, told in (
        ({"f": follower_centric()}, {}, "two arms are needed, not 1"),
        (two, {"budget": "free"}, "needs budget='matched'"),
        (two, {"slots": 256}, "up to 255 slots"),
    ):
        with pytest.raises(OptionError, match=told):
            simulate(world, arms, reading="shared", **options)
    with pytest.raises(OptionError, match="Did you mean 'shared'"):
        simulate(world, two, reading="share")


def test_empty_slots_under_a_free_budget(world: World) -> None:
    spread = simulate(world, {"c": chronological()}, reading="empty", budget="free")
    tally = spread.tallies["c", 0, 0]
    assert tally.sources[-1] == 0
    assert tally.empty > 0
    assert spread.reading == "empty"


def few_followees(world: World, number: int) -> World:
    """Everyone follows so many others, each with one post in tick 0; no other post enters."""
    authors, first = np.unique(world.posters, return_index=True)
    ticks = np.full(world.n_posts, 9, np.int32)
    ticks[first] = 0
    pairs = []
    for a in range(world.n_accounts):
        others = np.roll(authors[authors != a], a)[:number]
        pairs += [(a, int(b)) for b in others]
    ids = world.accounts.ids
    follows = Graph.from_edges(
        [ids[a] for a, _ in pairs], [ids[b] for _, b in pairs], directed=True, nodes=world.accounts
    )
    return dataclasses.replace(world, follows=follows, ticks=ticks)


def padded() -> Feed:
    """The newest posts of followees, and random ones where they run out."""
    return chronological().but("newest", filler="uniform")


def test_filler_is_told_from_a_fifth_on(world: World) -> None:
    arms = {"newest": padded(), "uniform": uniform()}
    options: dict[str, Any] = {"ticks": 1, "behaviour": ALWAYS, "rng": 1}
    fifth = few_followees(world, 4)
    with pytest.warns(GraphkitWarning, match=r"20% of 'newest'\).*reading='shared'") as told:
        spread = gk.simulate_spread(fifth, arms, slots=5, **options)
    assert len(told) == 1
    assert "uniform" not in str(told[0].message)
    assert "above 25%" in str(told[0].message)
    assert spread.filler("newest") == spread.summary()["filler"][0] == 0.2
    # the tests make every warning of this package an error
    sixth = gk.simulate_spread(few_followees(world, 5), arms, slots=6, **options)
    assert sixth.filler("newest") == pytest.approx(1 / 6)
    for reading in READINGS[1:]:
        open_slots = gk.simulate_spread(fifth, arms, slots=5, reading=reading, **options)
        assert open_slots.filler("newest") == 0


def test_a_chronological_feed_ends_where_its_posts_do(world: World) -> None:
    """Whoever follows two accounts of one post each is shown two posts, and no warning is due."""
    arms = {"newest": chronological(), "uniform": uniform()}
    options: dict[str, Any] = {"ticks": 1, "slots": 4, "behaviour": ALWAYS}
    two = few_followees(world, 2)
    filled, empty = (simulate(two, arms, reading=reading, **options) for reading in READINGS[:2])
    assert differing(filled.tallies["newest", 0, 0], empty.tallies["newest", 0, 0]) == []
    assert filled.filler("newest") == 0
    assert filled.impressions("newest") == 2 * world.n_accounts
    summary = filled.summary()
    assert summary["empty_slots"].to_list() == [2 * world.n_accounts, 0]
    assert summary["kept"].to_list() == [0.5, 1]
    line = next(row for row in repr(filled).splitlines() if "arm newest" in row)
    assert "0% filler, 50% empty" in " ".join(line.split())


def test_a_spread_shows_how_its_slots_are_filled(world: World) -> None:
    arms = {"newest": padded(), "uniform": uniform()}
    fifth, options = few_followees(world, 2), {"ticks": 1, "slots": 4, "behaviour": ALWAYS}
    lines = {}
    for reading in READINGS:
        spread = simulate(fifth, arms, reading=reading, **options)
        lines[reading] = [" ".join(line.split()) for line in repr(spread).splitlines()]
        assert "arm newest</th>" in spread._repr_html_().replace("\n", "")
    newest = "arm newest 50% filler (no direction is claimed), 0% empty, 2 candidates a session"
    assert newest in lines["filled"]
    assert "reading filled: each feed's own filler" in lines["filled"]
    assert "arm newest 0% filler, 50% empty, 2 candidates a session" in lines["empty"]
    assert "arm newest 0% filler, 50% empty, 2 candidates a session, 50% kept" in lines["shared"]
    assert any(
        line.startswith("arm uniform 0% filler, 0% empty") and line.endswith(", 50% kept")
        for line in lines["shared"]
    )
