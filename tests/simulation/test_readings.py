"""Readings of open slots from one simulation are those of a simulation each."""

from __future__ import annotations

import dataclasses
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import graphkit as gk
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import GraphkitWarning, OptionError
from graphkit.recommenders import Feed, chronological, follower_centric, interest_centric, uniform
from graphkit.simulation import Behaviour
from graphkit.simulation.engine import Run
from graphkit.simulation.readings import Readings, simulate_readings

#: Filler is needed from the first tick on, never, not used, never, and in later ticks only.
ARMS = {
    "f": follower_centric(),
    "i": interest_centric(),
    "c": chronological(),
    "u": uniform(),
    "l": Feed("late", {"fresh": 6}, {}, trial_size=1, trial_growth=1.0),
}
GROUPS = [["f", "i", "u"], ["f", "c"], ["i", "l"]]
OPTIONS: dict[str, Any] = {
    "ticks": 5,
    "replications": 2,
    "slots": 6,
    "behaviour": Behaviour(),
    "rng": 3,
}


def simulate(world: World, folder: Path, filled: Spread | None = None, **options: Any) -> Readings:
    kept: dict[str, Any] = {"filled": filled or folder / "filled", "checkpoint": folder / "others"}
    return simulate_readings([world], ARMS, GROUPS, **kept, **OPTIONS, **options)


def read(world: World, folder: Path, filled: Spread | None = None, **options: Any) -> list[Spread]:
    found = simulate(world, folder, filled, **options)
    assert found.empty is not None
    return [found.filled, found.empty, *found.shared]


def keys(spreads: list[Spread]) -> list[str]:
    return [spread.content_key for spread in spreads]


def one_by_one(world: World) -> list[Spread]:
    wanted: list[tuple[str, dict[str, Feed]]] = [("filled", ARMS), ("empty", ARMS)]
    wanted += [("shared", {arm: ARMS[arm] for arm in group}) for group in GROUPS]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        return [gk.simulate_spread(world, arms, reading=r, **OPTIONS) for r, arms in wanted]


@pytest.fixture(scope="module")
def expected(world: World) -> list[Spread]:
    return one_by_one(world)


def test_one_pass_gives_every_reading(world: World, expected: list[Spread], tmp_path: Path) -> None:
    found = read(world, tmp_path)
    for one, other in zip(expected, found, strict=True):
        assert one.content_key == other.content_key
        assert (one.arms, one.reading) == (other.arms, other.reading)
        assert one.provenance == other.provenance
    # some slots are open, and some that one arm fills are not shared
    assert any(tally.empty for tally in found[1].tallies.values())
    assert any(tally.untallied for tally in found[2].tallies.values())
    # so are those of a spread that is known
    others = read(world, tmp_path / "known", found[0])
    assert others[0] is found[0]
    assert keys(others) == keys(expected)
    assert not (tmp_path / "known/filled").exists()


def test_an_arm_without_filler_runs_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[str, bool, int]] = []
    step = Run.step

    def counted(self: Run, t: int) -> Any:
        steps.append((self.feed.name, self.feed.filler == "empty", t))
        return step(self, t)

    monkeypatch.setattr(Run, "step", counted)
    read(world, tmp_path)
    repeats, ticks = OPTIONS["replications"], OPTIONS["ticks"]
    runs = Counter((name, empty) for name, empty, t in steps if t == 0)
    names = {arm: feed.name for arm, feed in ARMS.items()}
    once = [(names["f"], False), (names["i"], False), (names["u"], False), (names["l"], False)]
    again = [(names["f"], True), (names["c"], True), (names["l"], True)]
    assert runs == dict.fromkeys([*once, *again], repeats)
    assert len(steps) == len(runs) * repeats * ticks
    # the first empty tick of the late one follows a filled one that is not the first
    first = steps.index((names["l"], True, 0))
    assert (names["l"], False, 1) in steps[:first]


def test_readings_that_are_not_wanted_are_not_made(
    world: World, expected: list[Spread], tmp_path: Path
) -> None:
    asked: list[int] = []

    def wanted(spread: Spread) -> bool:
        asked.append(len(spread.tallies))
        return False

    found = simulate(world, tmp_path, wanted=wanted)
    assert found.filled.content_key == expected[0].content_key
    assert (found.empty, list(found.shared)) == (None, [])
    assert asked == [5, 10]  # after the first replication, and in the end
    assert len(list((tmp_path / "others").rglob("tally.npz"))) == 12
    # those that turn out to be wanted in the end are made late
    late = simulate(world, tmp_path / "late", wanted=lambda spread: len(spread.tallies) == 10)
    assert late.empty is not None
    assert keys([late.filled, late.empty, *late.shared]) == keys(expected)


def test_further_partitions_are_of_the_filled_reading(
    world: World, expected: list[Spread], tmp_path: Path
) -> None:
    kind, partition = next(iter(world.partitions.items()))
    tried = dataclasses.replace(
        world,
        partitions={**world.partitions, "again": partition},
        homes={**world.homes, "again": world.homes[kind]},
    )
    found = read(world, tmp_path, tried=[tried])
    assert keys(found[1:]) == keys(expected[1:])
    whole = gk.simulate_spread(tried, ARMS, **OPTIONS)
    assert found[0].content_key == whole.content_key
    assert found[0].provenance == whole.provenance
    assert not [one for one in found[1:] if "again" in one.worlds[0].partitions]


@pytest.mark.parametrize("done", [3, 5, 8])
def test_an_interrupted_pass_goes_on(
    world: World, expected: list[Spread], tmp_path: Path, done: int
) -> None:
    def stop(what: str, now: int, total: int) -> None:
        assert total == 10
        if (what, now) == ("simulating", done):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="runs are finished"), gk.show_progress(stop):
        read(world, tmp_path)
    saved = list(tmp_path.rglob("tally.npz"))
    assert len(saved) == (17 if done >= 5 else 0)
    before = {path: path.stat().st_mtime_ns for path in saved}
    found = read(world, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in saved} == before
    assert keys(found) == keys(expected)


def test_a_group_has_two_arms(world: World, tmp_path: Path) -> None:
    kept: dict[str, Any] = {"filled": tmp_path / "one", "checkpoint": tmp_path / "other"}
    with pytest.raises(OptionError, match="two arms are needed, not 1"):
        simulate_readings([world], ARMS, [["f"]], **kept, **OPTIONS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("lost", ["filled/arm=i/world=0/replication=1", "others/0", "others/2"])
def test_what_is_lost_of_a_checkpoint_is_simulated_again(
    world: World, expected: list[Spread], tmp_path: Path, lost: str
) -> None:
    read(world, tmp_path)
    for path in (tmp_path / lost).rglob("tally.npz"):
        path.unlink()
    assert keys(read(world, tmp_path)) == keys(expected)
