"""A second process compiles ahead of a command, and ends with it."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from numba.core.dispatcher import Dispatcher

from graphkit.kernels import compile as jit
from graphkit.study import ahead

#: Tells its arguments, and waits for the end of its input.
WAITING = "import sys; open(sys.argv[1], 'w').write(' '.join(sys.argv[2:]) + '.'); sys.stdin.read()"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started on two cores, in a cache of its own."""
    found: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            found.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    monkeypatch.setattr(ahead, "cores", lambda: 2)
    command = (sys.executable, "-c", WAITING, str(tmp_path / "told"))
    monkeypatch.setattr(ahead, "_COMMAND", command)
    monkeypatch.setattr(jit, "_only", tmp_path / "cache")
    return found


def told_in(folder: Path) -> str:
    path = folder / "told"
    while not (path.exists() and path.read_text().endswith(".")):
        time.sleep(0.01)
    return path.read_text()


@pytest.mark.parametrize(("simulation", "told"), [(True, "--simulation."), (False, ".")])
def test_a_process_is_started_and_ends_with_the_context(
    started: list[subprocess.Popen[bytes]], tmp_path: Path, simulation: bool, told: str
) -> None:
    with suppress(KeyboardInterrupt), ahead.compiling_ahead(simulation=simulation):
        (process,) = started
        assert told_in(tmp_path) == told
        assert process.poll() is None
        raise KeyboardInterrupt
    assert process.returncode is not None


def test_the_process_finds_the_modules_of_this_one(
    started: list[subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, told = tmp_path / "here", tmp_path / "told"
    folder.mkdir()
    (folder / "colorsys.py").write_text(f"open({str(told)!r}, 'w').write('a file of the user.')")
    monkeypatch.chdir(folder)
    command = (sys.executable, "-c", f"import colorsys; open({str(told)!r}, 'a').write('ended.')")
    monkeypatch.setattr(ahead, "_COMMAND", command)
    with ahead.compiling_ahead():
        assert told_in(tmp_path) == "ended."
        assert started[0].wait() == 0


def test_the_process_ends_with_its_input(
    started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    with ahead.compiling_ahead():
        (process,) = started
        told_in(tmp_path)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0


def test_no_process_where_the_cache_holds_what_takes_long(
    started: list[subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(ahead, "lacks_kernel", lambda names: asked.append(names))
    for simulation in (False, True):
        with ahead.compiling_ahead(simulation=simulation):
            assert not started
    without, with_simulation = asked
    assert {*without} == {*with_simulation} - {*ahead._OF_SIMULATIONS} != {*with_simulation}


@pytest.mark.parametrize("name", [*ahead._LONG, *ahead._OF_SIMULATIONS])
def test_kernels_that_take_long_run_on_their_own(name: str) -> None:
    # those that are only linked are in the cache before what calls them
    module, function = name.split(".")
    found = getattr(importlib.import_module(f"graphkit.kernels.{module}"), function)
    assert isinstance(found, Dispatcher)
    assert not found.targetoptions.get("no_cpython_wrapper")


def test_kernels_that_take_long_are_called_by_the_process() -> None:
    code = """
from graphkit.study import ahead, warm
def called():
    kernels = warm._used_kernels()
    return {f"{k.__module__.split('.')[-1]}.{k.__name__}" for k in kernels if k.signatures}
for call in warm._CALLS[1:]:
    call()
assert {*ahead._LONG} <= called(), ahead._LONG
assert not {*ahead._OF_SIMULATIONS} <= called()
warm._CALLS[0]()
assert {*ahead._OF_SIMULATIONS} <= called()
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def test_no_process_on_one_core_or_where_nothing_can_be_written(
    started: list[subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(ahead, "cores", lambda: 1)
        with ahead.compiling_ahead():
            assert not started
    (tmp_path / "cache").touch()
    with ahead.compiling_ahead():
        assert not started


def test_a_process_that_cannot_be_started_is_no_failure(
    started: list[subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_COMMAND", (str(tmp_path / "nothing"),))
    with ahead.compiling_ahead():
        assert not started


def test_the_process_that_compiles_ends_with_its_input(tmp_path: Path) -> None:
    done = subprocess.run(
        ahead._COMMAND, input=b"", capture_output=True, env={"NUMBA_CACHE_DIR": str(tmp_path)}
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not [*tmp_path.rglob("filled-*")]
