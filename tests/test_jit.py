"""Compiled kernels are kept where there is room for them, and importing never fails for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import sys, tempfile
refuse = tempfile.TemporaryFile
def full(*a, **k):
    raise PermissionError("read-only")
if sys.argv[1] == "nowhere":
    tempfile.TemporaryFile = full
from graphkit.jit import CACHE
tempfile.TemporaryFile = refuse
import graphkit as gk
g = gk.Graph.from_edges("aabcdde", "bccdeff", directed=False)
print(CACHE, gk.leiden(g, runs=1, rng=1).membership.tolist())
"""


def leiden_where(place: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE, place], env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}


def test_kernels_are_kept_in_the_folder_that_is_named(
    environment: dict[str, str], tmp_path: Path
) -> None:
    named = environment | {"NUMBA_CACHE_DIR": str(tmp_path)}
    assert leiden_where("named", named) == "True [0, 0, 0, 1, 1, 1]"
    assert [*tmp_path.rglob("*.nbi")]


def test_nothing_is_kept_where_nothing_can_be_written(environment: dict[str, str]) -> None:
    assert leiden_where("nowhere", environment) == "False [0, 0, 0, 1, 1, 1]"


def test_kernels_are_kept_until_any_kernel_changes() -> None:
    """Numba's own stamp knows the file of a kernel only, not those of the kernels it calls."""
    from graphkit import jit
    from graphkit.kernels.random import keyed
    from graphkit.kernels.sessions import sessions

    if not jit.CACHE:
        pytest.skip("there is no place to keep kernels")
    for kept in (keyed, sessions):
        assert kept._cache._cache_file._source_stamp[0] == jit._stamp()
