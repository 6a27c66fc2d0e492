"""A study that is interrupted goes on with its simulations, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import graphkit as gk
from graphkit.simulation import scan_impressions
from graphkit.simulation.engine import Run
from graphkit.study import run_study
from graphkit.study.config import StudyConfig
from graphkit.study.run import _log_folder


def study(*, scan: bool = True, **simulation: Any) -> StudyConfig:
    return StudyConfig.of(
        {
            "data": {"source": "synthetic", "accounts": 100},
            "communities": {"runs": 2, "null_draws": 0},
            "world": {"worlds": 2, "ticks": 2},
            "simulation": {"ticks": 3, "slots": 2, "impressions": True, **simulation},
            "s_scan": {"social_share": [0.0, 1.0] if scan else [], "worlds": 1},
            # one that is simulated, and the readings
            "conditions": {
                "feature_noise": [],
                "profile_noise": [],
                "topic_penalty": [],
                "partition_seeds": 0,
                "resolution": [],
                "worlds": 1,
            },
        }
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "timings.json" and "impressions/" not in path.as_posix()
    }


@pytest.mark.usefixtures("undrawn")
def test_an_interrupted_study_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    step = Run.step

    def counted(self: Run, t: int) -> Any:
        steps.append(t)
        return step(self, t)

    monkeypatch.setattr(Run, "step", counted)
    whole = run_study(study(), tmp_path / "whole")
    assert not (whole.folder / "checkpoints").exists()
    rows = scan_impressions(whole.folder / "impressions")
    shown = rows.group_by("arm").len().collect()
    assert dict(shown.rows()) == {arm: whole.spread.impressions(arm) for arm in whole.spread.arms}
    wanted = len(steps)
    steps.clear()

    def stop(at: str, after: int) -> Any:
        def report(what: str, done: int, total: int) -> None:
            if (what, done) == (at, after):
                raise KeyboardInterrupt

        return report

    out = tmp_path / "out"
    for at, after in (("simulating", 7), ("scanning s", 1)):
        with pytest.raises(KeyboardInterrupt), gk.show_progress(stop(at, after)):
            run_study(study(), out)
        assert (out / "checkpoints").is_dir()
    run_study(study(), out)
    assert len(steps) == wanted
    assert contents(out) == contents(whole.folder)
    assert scan_impressions(out / "impressions").collect().equals(rows.collect())


def stop_simulating(after: int) -> Callable[[str, int, int], None]:
    def report(what: str, done: int, total: int) -> None:
        if (what, done) == ("simulating", after):
            raise KeyboardInterrupt

    return report


@pytest.mark.usefixtures("undrawn")
def test_the_readings_of_open_slots_are_the_same_wherever_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[str, str, int]] = []
    step = Run.step

    def counted(self: Run, t: int) -> Any:
        steps.append((self.feed.name, self.feed.filler, t))
        return step(self, t)

    monkeypatch.setattr(Run, "step", counted)
    apart = run_study(study(scan=False), tmp_path / "apart")
    assert apart.conditions is not None
    assert {"slots left empty", "shared slots"} <= set(apart.conditions["condition"])
    first = len(steps)
    plain = study(scan=False, impressions=False, slots=2)
    whole = run_study(plain, tmp_path / "whole")
    # in one pass, arms without filler run once
    own = [one for one in steps[first:] if one[1] == "empty"]
    assert {name for name, _, _ in own} == {"follower"}
    assert len(steps) - first < first
    # beside each other, and in workers
    with ThreadPoolExecutor(2) as executor:
        there = run_study(plain, tmp_path / "there", executor=executor)
    assert contents(there.folder) == contents(whole.folder)
    tables = [name for name in contents(whole.folder) if name.startswith("tables/")]
    assert tables
    # impressions have published figures of their own
    for name in (name for name in tables if "validation" not in name):
        assert (apart.folder / name).read_bytes() == (whole.folder / name).read_bytes(), name
    # two worlds of three ticks, all arms in each
    out = tmp_path / "out"
    for after in (1, 3, 5):
        with pytest.raises(KeyboardInterrupt), gk.show_progress(stop_simulating(after)):
            run_study(plain, out)
        kept = [path.parent for path in (out / "checkpoints/simulation").rglob("tally.npz")]
        assert len(kept) == (0 if after < 3 else 3)
    run_study(plain, out)
    assert contents(out) == contents(whole.folder)


@pytest.mark.usefixtures("undrawn")
def test_a_study_changed_within_the_pass_begins_anew(tmp_path: Path) -> None:
    plain = {"scan": False, "impressions": False}
    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop_simulating(4)):
        run_study(study(**plain), tmp_path / "out")
    # with impressions it goes on, as they are no part of the simulation
    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop_simulating(10)):
        run_study(study(scan=False), tmp_path / "out")
    for name in ("out", "fresh"):
        run_study(study(**plain, slots=3), tmp_path / name)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


@pytest.mark.usefixtures("undrawn")
def test_a_changed_study_begins_anew(tmp_path: Path) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what == "simulating" and done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop):
        run_study(study(scan=False), tmp_path)
    result = run_study(study(scan=False, slots=3), tmp_path)
    rows = scan_impressions(tmp_path / "impressions").select(pl.len()).collect().item()
    assert rows == sum(map(result.spread.impressions, result.spread.arms))
    assert not (tmp_path / "checkpoints").exists()
    assert _log_folder(study(impressions=False), tmp_path) is None
    assert not (tmp_path / "impressions").exists()


@pytest.mark.usefixtures("undrawn")
def test_a_study_that_was_killed_while_it_tidied_up_can_be_run_again(tmp_path: Path) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what == "simulating" and done == 7:
            raise KeyboardInterrupt

    with (
        pytest.raises(
            KeyboardInterrupt, match=r"finished results are kept in .* runs are finished"
        ),
        gk.show_progress(stop),
    ):
        run_study(study(scan=False), tmp_path)
    # the impressions of the changed study are gone, its checkpoint is not yet
    kept = tmp_path / "checkpoints/simulation"
    (tmp_path / "impressions").rename(tmp_path / ".part-1-impressions")
    assert kept.is_dir()
    again = run_study(study(scan=False, slots=3), tmp_path)
    files = contents(tmp_path)
    assert not [name for name in files if name.startswith(".") or "checkpoints" in name]
    assert again.spread.impressions("follower") > 0
