"""Simulations in other processes give the bytes of one in this process."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from polars.testing import assert_frame_equal

import graphkit as gk
from graphkit import errors
from graphkit.attribution import evaluate
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import DataError, GraphkitError, GraphkitWarning, OptionError
from graphkit.parallel import open_executor
from graphkit.recommenders import chronological, follower_centric, interest_centric, uniform
from graphkit.recommenders.context import Context
from graphkit.simulation import Behaviour
from graphkit.simulation.readings import simulate_readings

ARMS = {"f": follower_centric(), "i": interest_centric(), "uniform": uniform()}
OPTIONS: dict[str, Any] = {"ticks": 3, "slots": 4, "rng": 3}


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    """A world of 300 accounts, and the three parts of its jackknife."""
    world = gk.build_world(gk.synthetic.platform(accounts=300, rng=1), rng=1)
    return gk.resample_worlds(world, 3, rng=1)


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    """Two processes whose order of sets and number of threads are others than here."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONHASHSEED", "77")
        with open_executor("processes:2") as pool:
            # both start now
            list(pool.map(os.getenv, ["PYTHONHASHSEED"] * 2))
            yield pool


def simulate(worlds: list[World], arms: Any = ARMS, **options: Any) -> Spread:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        return gk.simulate_spread(worlds, arms, **OPTIONS | options)


@pytest.mark.parametrize("reading", ["filled", "shared"])
def test_processes_give_the_same_bytes(
    worlds: list[World], processes: Executor, reading: str
) -> None:
    options: dict[str, Any] = {"reading": reading, "replications": 2}
    here = simulate(worlds, **options)
    there = simulate(worlds, **options, executor=processes)
    assert there.content_key == here.content_key
    assert list(there.tallies) == list(here.tallies)
    assert there.provenance == here.provenance
    assert gk.measure_spread(there).equals(gk.measure_spread(here))


def test_a_free_budget_in_processes(worlds: list[World], processes: Executor) -> None:
    options: dict[str, Any] = {"budget": "free", "behaviour": Behaviour(social_share=0.4)}
    here = simulate(worlds[:1], **options)
    assert simulate(worlds[:1], **options, executor=processes).content_key == here.content_key


def test_evaluation_in_processes(worlds: list[World], processes: Executor, tmp_path: Path) -> None:
    options: dict[str, Any] = OPTIONS | {"cache": tmp_path / "cache", "reading": "shared"}
    expected = gk.measure_spread(simulate(worlds, reading="shared"))
    assert_frame_equal(evaluate(worlds, ARMS, **options, executor=processes), expected)
    # what is in the cache is not simulated again
    seen: list[int] = []
    with gk.show_progress(lambda what, done, total: seen.append(total)):
        assert_frame_equal(evaluate(worlds, ARMS, **options), expected)
    assert max(seen) == 0


def test_readings_in_processes(worlds: list[World], processes: Executor, tmp_path: Path) -> None:
    arms = ARMS | {"c": chronological()}
    options: dict[str, Any] = OPTIONS | {"replications": 1, "behaviour": Behaviour()}
    groups = [["f", "i", "uniform"], ["f", "c"]]
    found = []
    for name, executor in (("here", None), ("there", processes)):
        kept: dict[str, Any] = {
            "filled": tmp_path / name,
            "checkpoint": tmp_path / f"{name} others",
        }
        wanted = simulate_readings(worlds[:2], arms, groups, **kept, **options, executor=executor)
        assert wanted.empty is not None
        found.append([wanted.filled, wanted.empty, *wanted.shared])
    for one, other in zip(*found, strict=True):
        assert one.content_key == other.content_key
        assert one.provenance == other.provenance


@pytest.mark.parametrize("separate", [False, True])
def test_a_dask_cluster_gives_the_same_bytes(worlds: list[World], separate: bool) -> None:
    distributed = pytest.importorskip("distributed")
    options: dict[str, Any] = {"reading": "shared", "replications": 2}
    here = simulate(worlds, **options)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=separate, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        there = simulate(worlds, **options, executor=client.get_executor())
        assert there.content_key == here.content_key
        # as an address, and an error as it is
        if separate:
            with open_executor(cluster.scheduler_address) as executor:
                again = evaluate(worlds, ARMS, **OPTIONS, executor=executor)
                assert again.equals(gk.measure_spread(simulate(worlds)))
                with pytest.raises(DataError, match="slots cannot be filled"):
                    simulate(worlds, ticks=90, slots=60, executor=executor)


class Counting(ThreadPoolExecutor):
    """A pool that counts what it is given, and stops after some pieces."""

    def __init__(self, last: int | None = None) -> None:
        super().__init__(1)
        self.pieces, self.last = 0, last

    def submit(self, *work: Any, **options: Any) -> Future[Any]:
        self.pieces += 1
        if self.last is not None and self.pieces > self.last:
            return super().submit(stop)
        return super().submit(*work, **options)


def stop() -> None:
    raise KeyboardInterrupt


def test_a_resumed_simulation_goes_on(worlds: list[World], tmp_path: Path) -> None:
    here = simulate(worlds, replications=2)
    options: dict[str, Any] = {"replications": 2, "checkpoint": tmp_path / "kept"}
    with Counting(5) as pool, pytest.raises(KeyboardInterrupt, match="of 24 runs are finished"):
        simulate(worlds, **options, executor=pool)
    held = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("tally.npz")}
    assert 0 < len(held) < 24
    with Counting() as pool:
        assert simulate(worlds, **options, executor=pool).content_key == here.content_key
        assert pool.pieces > 0
    assert {path: path.stat().st_mtime_ns for path in held} == held
    # and in this process there is nothing left to do
    with Counting() as pool:
        assert simulate(worlds, **options).content_key == here.content_key
        assert simulate(worlds, **options, executor=pool).content_key == here.content_key
        assert pool.pieces == 0


def dies(context: Context) -> np.ndarray:
    os._exit(3)


def test_a_worker_that_dies(worlds: list[World], tmp_path: Path) -> None:
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    arms = {"uniform": uniform(), "own": uniform().but("own", score=dies)}
    kept = tmp_path / "kept"
    with pool, pytest.raises(GraphkitError, match="ended while it computed") as caught:
        simulate(worlds[:1], arms, checkpoint=kept, executor=pool)
    assert "world 0, replication 0 (arms 'own')" in str(caught.value)
    assert f"Finished runs are kept in {kept}" in str(caught.value)
    assert [path.parts[-4] for path in kept.rglob("tally.npz")] == ["arm=uniform"]
    with pytest.raises(GraphkitError, match="ended while"):
        simulate(worlds[:1], arms, executor=pool)


def test_errors_arrive_as_they_are(worlds: list[World], processes: Executor) -> None:
    with pytest.raises(DataError, match="slots cannot be filled") as here:
        simulate(worlds, ticks=90, slots=60)
    with pytest.raises(DataError, match="slots cannot be filled") as there:
        simulate(worlds, ticks=90, slots=60, executor=processes)
    assert str(there.value).split(":")[1:] == str(here.value).split(":")[1:]


def test_every_error_can_be_sent() -> None:
    kinds = [getattr(errors, name) for name in dir(errors)]
    kinds = [k for k in kinds if isinstance(k, type) and issubclass(k, GraphkitError)]
    assert len(kinds) >= 7
    for kind in kinds:
        back = pickle.loads(pickle.dumps(kind("what is wrong: do this.")))
        assert (type(back), str(back)) == (kind, "what is wrong: do this.")


def test_wrong_input_is_refused(worlds: list[World], tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(OptionError, match=r"impressions=.*cannot write to one folder"):
            simulate(worlds, impressions=tmp_path / "log", executor=pool)
        unnamed = {"own": uniform().but("own", score=lambda c: c.factor("recency"))}
        with pytest.raises(OptionError, match=r"cannot be sent .* \(arms own: .*top level"):
            simulate(worlds, unnamed, executor=pool)
    with pytest.raises(OptionError, match="executor='processes': give a"):
        simulate(worlds, executor="processes")
    with pytest.raises(OptionError, match="executor='four'"), open_executor("four"):
        pass
    with pytest.raises(OptionError, match="is unknown"), open_executor("processes:0"):
        pass
    with pytest.raises(GraphkitError, match="is shut down"):
        simulate(worlds, executor=pool)


LONG = """
import sys, time
import graphkit as gk
from graphkit.parallel import open_executor
from graphkit.recommenders import uniform


def slow(context):
    print("begun", flush=True)
    time.sleep(0.3)
    return context.factor("recency")


if __name__ == "__main__":
    world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    arms = {name: uniform().but("slow", score=slow) for name in ("one", "two")}
    options = dict(ticks=900, slots=2, reading="empty", rng=1, checkpoint=sys.argv[1])
    try:
        with open_executor("processes:1") as pool:
            gk.simulate_spread(world, arms, **options, executor=pool)
    except KeyboardInterrupt as stop:
        print(stop)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals to groups of processes")
def test_ctrl_c_ends_all_processes(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(LONG)
    running = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(script), str(tmp_path / "kept")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "begun\n"
    # as a terminal does
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=100)
    assert "0 of 2 runs are finished and kept in" in out
    assert (running.returncode, err) == (0, "")


FORKED = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import graphkit as gk
from graphkit.recommenders import uniform
world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
    try:
        gk.simulate_spread(world, {"u": uniform()}, ticks=2, slots=3, rng=1, executor=pool)
    except gk.GraphkitError as error:
        print(type(error).__name__, str(error)[:31])
"""


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="no forks here")
def test_a_forked_pool_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(FORKED)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)], capture_output=True, text=True, timeout=100
    )
    assert done.stdout == "ForkError this process was forked after g\n", done.stderr
