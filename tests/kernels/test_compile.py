"""Compiled kernels are kept where files can be written, until a source they depend on changes."""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numba
import numpy as np
import pytest

from graphkit.kernels import compile as jit
from graphkit.kernels import partitions

CODE = """
import sys
import graphkit.kernels.compile as jit
# beside the package, and in the user's folder, may be what other processes compiled
folders = jit.cache_folders
jit.cache_folders = lambda: folders()[:1]
if sys.argv[1] == "nowhere":
    def full(*a):
        raise PermissionError("read-only")
    jit._write = full
import numpy as np
from graphkit.kernels.partitions import group_nodes
members = np.empty(3, np.int32)
group_nodes(np.array([1, 0, 1], np.int32), np.array([0, 1]), members)
print(members.tolist())
print(sum(group_nodes.stats.cache_hits.values()), sum(group_nodes.stats.cache_misses.values()))
"""
FOUND = "[1, 0, 2]"
COMPILED, KEPT = f"{FOUND}\n0 1", f"{FOUND}\n1 0"


def group_where(place: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE, place],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}


def test_kernels_are_kept_in_the_folder_that_is_named_until_they_are_damaged(
    environment: dict[str, str], tmp_path: Path
) -> None:
    named = environment | {"NUMBA_CACHE_DIR": str(tmp_path)}
    assert group_where("named", named) == COMPILED
    (file,) = tmp_path.rglob("*group_nodes*")
    whole = file.read_bytes()
    assert group_where("named", named) == KEPT
    for content in (b"", whole[:1000], whole[:-1] + bytes([whole[-1] ^ 1])):
        file.write_bytes(content)
        assert group_where("named", named) == COMPILED
        assert group_where("named", named) == KEPT
    assert [*tmp_path.rglob("*group_nodes*")] == [file]


def test_nothing_is_kept_where_nothing_can_be_written(
    environment: dict[str, str], tmp_path: Path
) -> None:
    named = environment | {"NUMBA_CACHE_DIR": str(tmp_path)}
    assert group_where("nowhere", named) == COMPILED
    assert not [*tmp_path.rglob("*.nbc*")]


def test_kernels_are_read_where_nothing_can_be_written(
    environment: dict[str, str], tmp_path: Path
) -> None:
    named = environment | {"NUMBA_CACHE_DIR": str(tmp_path)}
    assert group_where("named", named) == COMPILED
    assert group_where("nowhere", named) == KEPT
    generic = named | {"NUMBA_CPU_NAME": "generic"}
    assert group_where("nowhere", generic) == COMPILED


def test_cache_folders_of_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert all(folder.is_absolute() for folder in jit.cache_folders())


class MadeUp:
    """A package of kernels in ``made_up/``, with a copy of the module that compiles them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "made_up"
        self.compiler = jit.__name__.replace("graphkit", "made_up", 1)
        self.write(self.compiler, Path(jit.__file__).read_text())

    def write(self, module: str, text: str) -> None:
        path = self.folder.joinpath(*module.split(".")[1:]).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in {self.folder, path.parent}:
            (package / "__init__.py").touch()
        path.write_text(text)

    def kernel(self, name: str, value: str, imports: str = "") -> None:
        """Write the module ``name`` with one kernel, ``value(x)``."""
        self.write(
            f"made_up.{name}",
            f"{imports}\nfrom {self.compiler} import kernel\n\n"
            f"@kernel()\ndef value(x):\n    return {value}\n",
        )

    @staticmethod
    def forget() -> None:
        """Let the next import of the package read it anew."""
        for module in [m for m in sys.modules if m.split(".")[0] == "made_up"]:
            del sys.modules[module]
        importlib.invalidate_caches()

    def run(self, name: str) -> tuple[int, bool]:
        """``value(1)`` of a module in a new import of the package, and whether it was kept."""
        self.forget()
        value = importlib.import_module(f"made_up.{name}").value
        found = value(1)
        assert sum(value.stats.cache_hits.values()) + sum(value.stats.cache_misses.values()) == 1
        return found, bool(value.stats.cache_hits)


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeUp]:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kept"))
    # a module that is edited within a second must not be taken from its byte code
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(tmp_path)
    yield MadeUp(tmp_path)
    for module in [m for m in sys.modules if m.split(".")[0] == "made_up"]:
        del sys.modules[module]


def test_a_kernel_is_compiled_anew_when_the_class_of_an_argument_has_moved(made_up: MadeUp) -> None:
    made_up.kernel("sums", "x.a + x.b")
    pair = "from typing import NamedTuple\n\nclass Pair(NamedTuple):\n    a: int\n    b: int\n"
    for home, kept in (("one", False), ("one", True), ("two", False), ("two", True)):
        made_up.write("made_up.one", pair if home == "one" else "")
        made_up.write("made_up.two", pair if home == "two" else "")
        made_up.forget()
        value = importlib.import_module("made_up.sums").value
        assert value(importlib.import_module(f"made_up.{home}").Pair(1, 2)) == 3
        assert bool(value.stats.cache_hits) == kept


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("from made_up.part.b import value as inner", "inner(x)"),
        ("from made_up.part.b import K", "K * x"),
        ("from made_up.part import b", "b.K * x"),
        ("import made_up.part.b as b", "b.K * x"),
        ("from made_up.between import value as inner", "inner(x)"),
        ("try:\n    from made_up.part.b import K\nexcept ImportError:\n    K = 0", "K * x"),
    ],
    ids=["kernel", "constant", "module", "import as", "through another", "in a try"],
)
def test_a_kernel_is_compiled_anew_after_an_edit_of_what_it_imports(
    made_up: MadeUp, imports: str, call: str
) -> None:
    made_up.kernel("a", call, imports)
    made_up.kernel("between", "inner(x)", "from made_up.part.b import value as inner")
    made_up.kernel("part.b", "2 * x", "K = 2")
    assert made_up.run("a") == (2, False)
    assert made_up.run("a") == (2, True)
    made_up.kernel("part.b", "3 * x", "K = 3")
    assert made_up.run("a") == (3, False)
    assert made_up.run("a") == (3, True)


def test_a_kernel_is_kept_after_an_edit_of_what_it_does_not_import(made_up: MadeUp) -> None:
    made_up.kernel("a", "inner(x)", "from made_up.b import value as inner")
    made_up.kernel("b", "2 * x")
    made_up.kernel("c", "inner(x)", "from made_up.b import value as inner")
    made_up.write(
        "made_up.d", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import made_up.c\n"
    )
    made_up.kernel("e", "7 * x", "import made_up.d")
    assert [made_up.run(name) for name in "abce"] == [(2, False), (2, True), (2, False), (7, False)]
    made_up.kernel("c", "inner(x) + 1", "from made_up.b import value as inner")
    assert [made_up.run(name) for name in "abce"] == [(2, True), (2, True), (3, False), (7, True)]


def test_the_kernels_of_a_tick_follow_the_feed_but_those_of_communities_do_not() -> None:
    from graphkit.kernels import leiden as moves
    from graphkit.kernels import ranking, sessions

    def sources(module: ModuleType) -> frozenset[Path]:
        return jit._find_dependencies(Path(str(module.__file__)))

    assert Path(str(ranking.__file__)) in sources(sessions)
    assert Path(str(ranking.__file__)) not in sources(moves)
    kept = sessions.run_sessions._cache.stamp
    assert kept == jit._source_digest(Path(str(sessions.__file__)))


def test_a_kernel_is_lacking_until_it_is_compiled_on_this_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "partitions.group_nodes"
    monkeypatch.setattr(jit, "_only", tmp_path / "kept")
    assert jit.lacks_kernel([name])
    again = jit.kernel()(partitions.group_nodes.py_func)
    again(np.array([1, 0, 1], np.int32), np.array([0, 1]), np.empty(3, np.int32))
    assert not jit.lacks_kernel([name])
    assert jit.lacks_kernel([name, "partitions.sum_edges"])
    monkeypatch.setattr(jit, "_machine", lambda: "another")
    assert jit.lacks_kernel([name])


def test_the_collector_returns_after_the_last_kernel() -> None:
    assert gc.isenabled()
    with jit.without_collections():
        with jit.without_collections():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with jit.without_collections():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_write_that_is_interrupted_leaves_nothing(
    made_up: MadeUp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stop(old: Path, new: Path) -> None:
        raise KeyboardInterrupt

    made_up.kernel("a", "2 * x")
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            made_up.run("a")
    assert not [*(tmp_path / "kept").rglob("*.nbc*")]
    assert made_up.run("a") == (2, False)
    assert made_up.run("a") == (2, True)


def test_old_files_of_other_sources_are_removed(made_up: MadeUp, tmp_path: Path) -> None:
    made_up.kernel("a", "2 * x")
    made_up.run("a")
    (first,) = (tmp_path / "kept").rglob("*.nbc")
    begun = first.with_name(f"{first.name}.0123456789abcdef")
    begun.touch()
    for value, age, left in ((3, 0, 2), (4, 40 * 24 * 3600, 2)):
        for file in (first, begun):
            if file.exists():
                os.utime(file, (first.stat().st_atime, time.time() - age))
        made_up.kernel("a", f"{value} * x")
        assert made_up.run("a") == (value, False)
        assert first.exists() == begun.exists() == (age == 0)
        assert len([*(tmp_path / "kept").rglob("*.nbc")]) == left
