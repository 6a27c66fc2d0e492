"""Readings of open slots from one simulation are those of a simulation each."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

import graphkit as gk
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import GraphkitWarning, OptionError
from graphkit.recommenders import Feed, chronological, follower_centric, interest_centric, uniform
from graphkit.simulation import Behaviour
from graphkit.simulation.readings import simulate_readings

ARMS = {"f": follower_centric(), "i": interest_centric(), "c": chronological(), "u": uniform()}
GROUPS = [["f", "i", "u"], ["f", "c"]]
OPTIONS: dict[str, Any] = {
    "ticks": 5,
    "replications": 2,
    "slots": 6,
    "behaviour": Behaviour(),
    "rng": 3,
}


def read(world: World, folder: Path, filled: Spread | None = None) -> list[Spread]:
    kept: dict[str, Any] = {"filled": filled or folder / "filled", "checkpoint": folder / "others"}
    found = simulate_readings([world], ARMS, GROUPS, **kept, **OPTIONS)
    assert found.empty is not None
    return [found.filled, found.empty, *found.shared]


def one_by_one(world: World) -> list[Spread]:
    wanted: list[tuple[str, dict[str, Feed]]] = [("filled", ARMS), ("empty", ARMS)]
    wanted += [("shared", {arm: ARMS[arm] for arm in group}) for group in GROUPS]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        return [gk.simulate_spread(world, arms, reading=r, **OPTIONS) for r, arms in wanted]


def test_one_pass_gives_every_reading(world: World, tmp_path: Path) -> None:
    expected, found = one_by_one(world), read(world, tmp_path)
    for one, other in zip(expected, found, strict=True):
        assert one.content_key == other.content_key
        assert (one.arms, one.reading) == (other.arms, other.reading)
        assert one.provenance == other.provenance
    # some slots are open, and some that one arm fills are not shared
    assert any(tally.empty for tally in found[1].tallies.values())
    assert any(tally.untallied for tally in found[2].tallies.values())


@pytest.mark.parametrize("done", [3, 5, 8])
def test_an_interrupted_pass_goes_on(world: World, tmp_path: Path, done: int) -> None:
    def stop(what: str, now: int, total: int) -> None:
        assert total == 10
        if (what, now) == ("simulating", done):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="runs are finished"), gk.show_progress(stop):
        read(world, tmp_path)
    saved = list(tmp_path.rglob("tally.npz"))
    assert len(saved) == (13 if done >= 5 else 0)
    before = {path: path.stat().st_mtime_ns for path in saved}
    found = read(world, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in saved} == before
    whole = read(world, tmp_path / "whole")
    assert [s.content_key for s in found] == [s.content_key for s in whole]


def test_a_group_has_two_arms(world: World, tmp_path: Path) -> None:
    kept: dict[str, Any] = {"filled": tmp_path / "one", "checkpoint": tmp_path / "other"}
    with pytest.raises(OptionError, match="two arms are needed, not 1"):
        simulate_readings([world], ARMS, [["f"]], **kept, **OPTIONS)
    assert not list(tmp_path.iterdir())
