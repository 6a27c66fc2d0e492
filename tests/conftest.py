"""Fixtures that several rooms share."""

from __future__ import annotations

import base64
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# what interpreters that tests start find, and the tests as pytest rewrites them, is kept
sys.dont_write_bytecode = False

# the examples are the same in every run, and a busy machine is not a failure
settings.register_profile(
    "fixed", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fixed")


# long calls of tests, and of the processes and notebooks that they start, show no progress
os.environ.setdefault("GRAPHKIT_PROGRESS", "0")


#: Tests that take longest, which share nothing with others of their file.
_LONG = ("tests/test_notebooks.py::test_notebooks_run", "tests/test_cli.py::test_the_demo")
#: One of these, which compiles most kernels, and tests that need few: two processes that begin
#: with the same kernels, in a cache that is empty, compile each of them twice.
_COMPILES = f"{_LONG[0]}_and_agree_with_what_they_show[why_and_for_whom]"
_MEANWHILE = ("tests/readwrite/", "tests/data/", "tests/plot/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest is early, so that no process is alone with it in the end."""

    def place(item: pytest.Item) -> int:
        places = (item.nodeid == _COMPILES, *map(item.nodeid.startswith, (_MEANWHILE, _LONG)))
        return next((at for at, here in enumerate(places) if here), len(places))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Ten thousand tests and all modules are there to stay: no garbage is looked for in them."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of a file are in one process; each that takes long is for itself; files in order."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(_LONG) else super()._split_scope(nodeid)

    # else the files with most tests come first
    config.option.loadscopereorder = False
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[object, str, str]]:
    """The command in this process: exit code, output and errors, at 160 columns."""
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str | Path) -> tuple[object, str, str]:
        from graphkit.cli import main

        monkeypatch.setattr(sys, "argv", ["graphkit", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        return done.value.code, *capsys.readouterr()

    return run


#: A PNG of one pixel.
_PIXEL = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
#: An SVG of one pixel.
_SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


def _save(_: object, file: Path, **more: Any) -> None:
    file.write_bytes(_SVG if more.get("format") == "svg" else _PIXEL)


@contextmanager
def _undrawn() -> Iterator[None]:
    from graphkit.plot.style import Canvas

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Canvas, "savefig", _save)
        # a layout is what composing a figure costs most
        patched.setattr(Canvas, "draw_without_rendering", lambda _: None)
        yield


@pytest.fixture
def undrawn() -> Iterator[None]:
    """Figures are composed and saved as one pixel: for studies whose numbers and words count."""
    with _undrawn():
        yield


@pytest.fixture(scope="module")
def all_undrawn() -> Iterator[None]:
    """The same for a module, whose tests share a study."""
    with _undrawn():
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_process_compiles_ahead() -> Iterator[None]:
    """Commands that are called within tests start no other process."""
    from graphkit.study import ahead

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ahead, "cores", lambda: 1)
        yield


@pytest.fixture(scope="session", autouse=True)
def _byte_code_is_kept() -> Iterator[None]:
    """Of dozens of interpreters that tests start, each would compile the package's own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets beside the checkout; skips where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"public data sets are not at {folder.name!r} beside the checkout")
    return folder
