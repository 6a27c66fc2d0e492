"""A run that is interrupted and taken up again is the run that never stopped."""

from __future__ import annotations

import dataclasses
import functools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphkit as gk
from graphkit.data.answers import Answers
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import FileError, GraphkitWarning, MissingDataError, OptionError
from graphkit.recommenders import Feed, presets
from graphkit.recommenders.context import Context
from graphkit.simulation import Behaviour, read_checkpoint, scan_impressions
from graphkit.simulation import storage as _checkpoint
from graphkit.simulation.engine import Run
from graphkit.simulation.facts import feed_facts
from graphkit.simulation.storage import held_interrupt

TICKS = 12
Simulate = Callable[..., Spread]


def stop_after(done: int, error: type[BaseException] = KeyboardInterrupt) -> Callable[..., None]:
    def report(what: str, now: int, total: int) -> None:
        if now == done:
            raise error

    return report


def arms_of(feeds: dict[str, Feed]) -> dict[str, Feed]:
    return {name: feeds[name] for name in ("everything", "own score", "interest")}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The ticks that are really run."""
    ran: list[int] = []
    step = Run.step

    def counted(self: Run, t: int) -> Any:
        ran.append(t)
        return step(self, t)

    monkeypatch.setattr(Run, "step", counted)
    return ran


@pytest.mark.parametrize("budget", ["matched", "free"])
@pytest.mark.parametrize("done", [5, 12, 18, 30, 35])
def test_resumed_is_uninterrupted(
    world: World,
    all_feeds: dict[str, Feed],
    lively: Behaviour,
    simulate: Simulate,
    tmp_path: Path,
    budget: str,
    done: int,
    steps: list[int],
) -> None:
    options: dict[str, Any] = {"budget": budget, "behaviour": lively}
    arms = arms_of(all_feeds)
    whole = simulate(world, arms, **options)
    steps.clear()
    options["checkpoint"] = tmp_path
    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop_after(done)):
        simulate(world, arms, **options)
    assert len(steps) == done
    again = simulate(world, arms, **options)
    assert again.content_key == whole.content_key
    assert again.provenance == whole.provenance
    # no tick is run twice
    assert steps == [*range(TICKS)] * 3
    assert not [*tmp_path.rglob("state.npz")]
    steps.clear()
    assert simulate(world, arms, **options).content_key == whole.content_key
    assert steps == []


@pytest.mark.parametrize("done", [0, 1, 2, 6])
@pytest.mark.parametrize("free", [False, True])
def test_memory_is_all_that_a_run_needs(
    world: World, feed: Feed, lively: Behaviour, run_of: Callable[..., Run], free: bool, done: int
) -> None:
    # after a tick no answer has entered, after six many have
    first, second = (run_of(world, feed, free=free, behaviour=lively) for _ in range(2))
    for t in range(done):
        first.step(t)
    second.restore({name: np.array(array) for name, array in first.memory().items()})
    for t in range(done, TICKS):
        first.step(t)
        second.step(t)
    ends = [run.memory() for run in (first, second)]
    assert ends[0].keys() == ends[1].keys()
    for name, array in ends[0].items():
        assert array.dtype == ends[1][name].dtype, name
        assert array.tobytes() == ends[1][name].tobytes(), name


def test_work_is_saved_now_and_then(
    world: World,
    all_feeds: dict[str, Feed],
    simulate: Simulate,
    tmp_path: Path,
    steps: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arms = arms_of(all_feeds)
    whole = simulate(world, arms).content_key
    steps.clear()
    for seconds, ran in ((0.0, 18), (3600.0, 18 + 6)):
        monkeypatch.setattr(_checkpoint, "SECONDS", seconds)
        folder = tmp_path / str(seconds)
        # the machine stops: nothing can be saved then
        with pytest.raises(RuntimeError), gk.show_progress(stop_after(18, RuntimeError)):
            simulate(world, arms, checkpoint=folder)
        assert simulate(world, arms, checkpoint=folder).content_key == whole
        assert len(steps) == ran + TICKS * 3 - 18
        steps.clear()


def test_ctrl_c_waits_for_the_tick(
    world: World, simulate: Simulate, tmp_path: Path, steps: list[int]
) -> None:
    pressed: set[int] = set()

    def press(context: Context) -> np.ndarray:
        if context.tick == 7 and not pressed:
            pressed.add(context.tick)
            signal.raise_signal(signal.SIGINT)
        return context.factor("recency").copy()

    arms = {"own": presets.uniform().but("own", score=press)}
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        simulate(world, arms, checkpoint=tmp_path)
    assert signal.getsignal(signal.SIGINT) is before
    assert steps == [*range(8)]
    resumed = simulate(world, arms, checkpoint=tmp_path)
    assert steps == [*range(TICKS)]
    assert resumed.content_key == simulate(world, arms).content_key


def test_a_second_ctrl_c_does_not_wait() -> None:
    done: list[int] = []

    def press(times: int) -> None:
        done.clear()
        with held_interrupt():
            for time in range(times):
                signal.raise_signal(signal.SIGINT)
                done.append(time)

    for times in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            press(times)
        assert done == [0]
    press(0)


def test_within_a_broken_tick_nothing_is_saved(
    world: World, simulate: Simulate, tmp_path: Path
) -> None:
    def fail(context: Context) -> np.ndarray:
        if context.tick == 3 and not calls:
            calls.add(context.tick)
            raise KeyboardInterrupt
        return context.factor("recency").copy()

    calls: set[int] = set()
    arms = {"own": presets.uniform().but("own", score=fail)}
    with pytest.raises(KeyboardInterrupt):
        simulate(world, arms, checkpoint=tmp_path)
    assert not [*tmp_path.rglob("*.npz")]
    assert (
        simulate(world, arms, checkpoint=tmp_path).content_key == simulate(world, arms).content_key
    )


def test_broken_files_are_redone(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path, steps: list[int]
) -> None:
    arms = arms_of(all_feeds)
    whole = simulate(world, arms).content_key
    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop_after(30)):
        simulate(world, arms, checkpoint=tmp_path)
    (state,) = tmp_path.rglob("state.npz")
    tallies = sorted(tmp_path.rglob("tally.npz"))
    assert len(tallies) == 2
    (tmp_path / ".part-checkpoint.json").write_text("half")
    for change in (
        lambda b: b[: len(b) // 2],
        lambda b: b"",
        lambda b: b[: len(b) // 2] + bytes([b[len(b) // 2] ^ 1]) + b[len(b) // 2 + 1 :],
    ):
        for file in (state, tallies[0]):
            good = {f: f.read_bytes() for f in (state, *tallies)}
            file.write_bytes(change(good[file]))
            steps.clear()
            with pytest.warns(
                GraphkitWarning, match=rf"{file.name}.*set aside as {file.name}\.dam"
            ):
                assert simulate(world, arms, checkpoint=tmp_path).content_key == whole
            assert len(steps) == (12 if file == state else 12 + 6)
            for f, content in good.items():
                f.write_bytes(content)
            for late in set(tmp_path.rglob("tally.npz")) - set(tallies):
                late.unlink()


def test_a_tally_is_the_same_bytes_each_time(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    tally = simulate(world, {"u": all_feeds["uniform"]}).of("u")[0]
    assert np.isnan(tally.recall)
    path = tally.save(tmp_path / "one")
    back = type(tally).load(path)
    for spec in dataclasses.fields(tally):
        ours, theirs = getattr(tally, spec.name), getattr(back, spec.name)
        if isinstance(ours, np.ndarray):
            assert (ours.dtype, ours.tobytes()) == (theirs.dtype, theirs.tobytes())
        elif isinstance(ours, Answers):
            assert ours.none
            assert ours == theirs
        elif not isinstance(ours, dict):
            assert repr(float(ours)) == repr(float(theirs))
        else:
            assert {k: v.tolist() for k, v in ours.items()} == {
                k: v.tolist() for k, v in theirs.items()
            }
    assert back.save(tmp_path / "two").read_bytes() == path.read_bytes()
    with pytest.raises(FileError, match="cannot be read as a saved ArmTally"):
        type(tally).load(tmp_path / "none.npz")


def test_other_arguments_are_refused(
    world: World, introduced: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    arms = {"u": all_feeds["uniform"], "i": all_feeds["interest"]}
    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop_after(3)):
        simulate(world, arms, checkpoint=tmp_path)
    for options, told in (
        ({"ticks": 5}, "ticks was 12, now 5"),
        ({"slots": 4}, "slots was 3, now 4"),
        ({"replications": 2}, "replications was 1, now 2"),
        ({"budget": "free"}, "budget was 'matched', now 'free'"),
        ({"behaviour": Behaviour(noise=0.2)}, "behaviour.noise was 0.1, now 0.2"),
        ({"rng": 2}, "seed was 1, now 2"),
    ):
        with pytest.raises(OptionError, match=told):
            simulate(world, arms, checkpoint=tmp_path, **options)
    with pytest.raises(OptionError, match=r"worlds.0 was '\w+', now '\w+'"):
        simulate(introduced, arms, checkpoint=tmp_path)
    more = arms["i"].but("i", weights={"chance": 0.5})
    with pytest.raises(OptionError, match=r"arms.i.factor.chance was 0.0, now 0.5"):
        simulate(world, {**arms, "i": more}, checkpoint=tmp_path)
    with pytest.raises(OptionError, match=r"order of arms.0 was 'u', now 'i'"):
        simulate(world, dict(reversed(arms.items())), checkpoint=tmp_path)
    with pytest.raises(OptionError, match=r"worlds.number was 1, now 2"):
        read_checkpoint(tmp_path, [world, introduced])


def test_score_functions_are_told_apart() -> None:
    def weigh(weight: float) -> Callable[[Context], np.ndarray]:
        def score(context: Context) -> np.ndarray:
            return weight * context.factor("recency")

        return score

    def by(context: Context, weight: float = 1.0) -> np.ndarray:
        return weight * context.factor("recency")

    class Scorer:
        def __init__(self, weight: float) -> None:
            self.weight = weight

        def __call__(self, context: Context) -> np.ndarray:
            return self.weight * context.factor("recency")

    def told(score: Any) -> object:
        return feed_facts(presets.uniform().but("f", score=score))["score"]

    kinds = (weigh, lambda w: functools.partial(by, weight=w), Scorer)
    for make in kinds:
        assert told(make(1.0)) == told(make(1.0))
        assert told(make(1.0)) != told(make(2.0))
    assert len({told(make(1.0)) for make in kinds}) == 3
    spaces: list[dict[str, Any]] = [{}, {}, {}]
    for space, number in zip(spaces, (1, 1, 2), strict=True):
        exec(f"def score(context): return {number} * context.factor('recency')", space)
    keys = [told(space["score"]) for space in spaces]
    assert keys[0] == keys[1] != keys[2]
    assert feed_facts(presets.uniform())["score"] == "weights"
    assert feed_facts(presets.watch_time())["origin"] == presets.watch_time().source


def test_a_drawn_seed_is_kept(world: World, all_feeds: dict[str, Feed], tmp_path: Path) -> None:
    options: dict[str, Any] = {"ticks": 4, "slots": 2, "checkpoint": tmp_path / "a"}
    arms = {"u": all_feeds["uniform"]}
    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop_after(2)):
        gk.simulate_spread(world, arms, **options)
    resumed = gk.simulate_spread(world, arms, **options)
    options["checkpoint"] = tmp_path / "b"
    seed = resumed.provenance.seed
    assert gk.simulate_spread(world, arms, rng=seed, **options).content_key == resumed.content_key


def test_partial_results_are_whole_and_measured(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    worlds = gk.resample_worlds(world, 2, rng=1)
    arms = {"u": all_feeds["uniform"], "i": all_feeds["interest"]}
    options: dict[str, Any] = {"ticks": 3, "slots": 2, "replications": 2}
    whole = simulate(worlds, arms, **options)
    options["checkpoint"] = tmp_path
    # 12 runs of 3 ticks: arms within replications within worlds
    for done, size, removed in (
        (5, None, {}),
        (6, (1, 1), {"runs not finished": 10, "worlds left out": 2}),
        (20, (2, 1), {"runs not finished": 6, "finished runs left out": 2, "worlds left out": 1}),
        (21, (2, 1), {"runs not finished": 5, "finished runs left out": 3, "worlds left out": 1}),
        (30, (2, 2), {"runs not finished": 2, "finished runs left out": 2, "worlds left out": 1}),
        (36, (3, 2), {}),
    ):
        with pytest.raises(KeyboardInterrupt), gk.show_progress(stop_after(done)):
            simulate(worlds, arms, **options)
        if size is None:
            with pytest.raises(MissingDataError, match=r"finished by all arms yet \(1 of 12"):
                read_checkpoint(tmp_path, worlds)
            continue
        part = read_checkpoint(tmp_path, worlds)
        assert (len(part.worlds), part.replications) == size
        assert dict(part.provenance.removed) == removed
        assert all(f"{reason}" in repr(part) for reason in removed)
        for (arm, w, r), tally in part.tallies.items():
            assert tally.watch.tobytes() == whole.tallies[arm, w, r].watch.tobytes()
        outcome = gk.measure_spread(part)
        assert outcome.get_column("world").n_unique() == size[0]
    assert part.content_key == whole.content_key
    assert part.provenance == whole.provenance


def test_a_gap_leaves_the_largest_whole_block(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    worlds = gk.resample_worlds(world, 2, rng=1)
    arms = {"u": all_feeds["uniform"]}
    options: dict[str, Any] = {"ticks": 2, "slots": 2, "replications": 2, "checkpoint": tmp_path}
    whole = simulate(worlds, arms, **options)
    (tmp_path / "arm=u/world=0/replication=1/tally.npz").unlink()
    part = read_checkpoint(tmp_path, worlds)
    # two worlds with both replications are more than three with one
    assert (part.worlds, part.replications) == (tuple(worlds[1:]), 2)
    assert part.tallies["u", 0, 1].watch.tobytes() == whole.tallies["u", 1, 1].watch.tobytes()
    (tmp_path / "arm=u/world=1/replication=1/tally.npz").unlink()
    part = read_checkpoint(tmp_path, worlds)
    assert (part.worlds, part.replications) == (tuple(worlds), 1)
    assert dict(part.provenance.removed) == {"runs not finished": 2, "finished runs left out": 1}


def test_foreign_folders_are_refused(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    arms = {"u": all_feeds["uniform"]}
    (tmp_path / "notes.txt").write_text("mine")
    for option in ("checkpoint", "impressions"):
        with pytest.raises(FileError, match=r"not empty \(it holds 'notes.txt'\)"):
            simulate(world, arms, **{option: tmp_path})
        with pytest.raises(FileError, match="is a file"):
            simulate(world, arms, **{option: tmp_path / "notes.txt"})
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(FileError, match=r"holds no checkpoint\.json"):
        read_checkpoint(tmp_path, world)
    with pytest.raises(FileError, match=r"holds no simulation\.json"):
        scan_impressions(tmp_path)
    (tmp_path / "checkpoint.json").write_text('{"made_by": "somebody"}')
    with pytest.raises(FileError, match="no record of graphkit"):
        simulate(world, arms, checkpoint=tmp_path)
    assert len([*tmp_path.iterdir()]) == 2


@pytest.mark.parametrize(
    "damage", ['{"made_', "", "\x00" * 9, "[" * 9000, "9" * 9000, "seed", "key"]
)
def test_a_damaged_record_locks_nobody_out(
    world: World,
    all_feeds: dict[str, Feed],
    simulate: Simulate,
    tmp_path: Path,
    steps: list[int],
    damage: str,
) -> None:
    arms = arms_of(all_feeds)
    whole = simulate(world, arms).content_key
    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop_after(18)):
        simulate(world, arms, checkpoint=tmp_path)
    record = tmp_path / "checkpoint.json"
    text = record.read_text()
    changed = {
        "seed": text.replace('"seed": "1"', '"seed": "2"'),
        "key": text.replace("facts", "f"),
    }
    assert changed.get(damage) != text
    record.write_text(changed.get(damage, damage))
    steps.clear()
    with pytest.warns(
        GraphkitWarning, match=r"checkpoint\.json.*set aside as checkpoint\.json\.dam"
    ):
        again = simulate(world, arms, checkpoint=tmp_path)
    assert again.content_key == whole
    # the whole tally and state are of the same arguments, and stay
    assert len(steps) == 3 * TICKS - 18
    assert record.read_text() == text


def test_files_of_other_runs_are_set_aside(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path, steps: list[int]
) -> None:
    arms = {"u": all_feeds["uniform"], "i": all_feeds["interest"]}
    whole = simulate(world, arms, checkpoint=tmp_path)
    mine, other = (tmp_path / f"arm={arm}/world=0/replication=0/tally.npz" for arm in "ui")
    mine.write_bytes(other.read_bytes())
    with pytest.warns(GraphkitWarning, match="tally of another run"):
        part = read_checkpoint_or_none(tmp_path, world)
    assert part is None
    steps.clear()
    with pytest.warns(GraphkitWarning, match="tally of another run"):
        assert simulate(world, arms, checkpoint=tmp_path).content_key == whole.content_key
    assert len(steps) == TICKS
    assert read_checkpoint(tmp_path, world).content_key == whole.content_key


def read_checkpoint_or_none(folder: Path, world: World) -> Spread | None:
    try:
        return read_checkpoint(folder, world)
    except MissingDataError:
        return None


def test_two_simulations_cannot_share_a_folder(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    arms, refused = {"u": all_feeds["uniform"]}, []

    def again(what: str, done: int, total: int) -> None:
        if done == 2:
            for option in ("checkpoint", "impressions"):
                with pytest.raises(FileError, match=f"{option} is in use: another run") as caught:
                    simulate(world, arms, **{option: tmp_path / option})
                refused.append(caught.value)

    folders = {option: tmp_path / option for option in ("checkpoint", "impressions")}
    with gk.show_progress(again):
        simulate(world, arms, **folders)
    assert len(refused) == 2
    simulate(world, arms, **folders)
    assert not [*tmp_path.rglob(".*")]
    with pytest.raises(FileError, match="name two folders"):
        simulate(world, arms, checkpoint=tmp_path / "x", impressions=tmp_path / "x")


def test_an_interruption_says_what_stands(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    arms = arms_of(all_feeds)
    for folder, said in (
        (tmp_path, r"^1 of 3 runs are finished and kept in .* Run the same again to continue"),
        (None, "without a checkpoint none are kept"),
    ):
        with pytest.raises(KeyboardInterrupt, match=said), gk.show_progress(stop_after(18)):
            simulate(world, arms, checkpoint=folder)


def test_what_a_killed_process_leaves_goes_away(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    arms = {"u": all_feeds["uniform"]}
    simulate(world, arms, checkpoint=tmp_path / "whole")
    names = sorted(p.relative_to(tmp_path / "whole") for p in (tmp_path / "whole").rglob("*"))
    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop_after(3)):
        simulate(world, arms, checkpoint=tmp_path / "c")
    run = tmp_path / "c/arm=u/world=0/replication=0"
    state = (run / "state.npz").read_bytes()
    (run / ".part-77-state.npz").write_bytes(b"half")
    (tmp_path / "c/.part-78-old").mkdir()
    (tmp_path / "c/.part-78-old/file").write_bytes(b"half")
    (tmp_path / "c/.lock").touch()
    simulate(world, arms, checkpoint=tmp_path / "c")
    # the tally was written, but the process ended before the state was deleted
    (run / "state.npz").write_bytes(state)
    simulate(world, arms, checkpoint=tmp_path / "c")
    assert sorted(p.relative_to(tmp_path / "c") for p in (tmp_path / "c").rglob("*")) == names
