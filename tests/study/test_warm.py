"""`graphkit warm` compiles all that default calls use, for processes that can write nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphkit.cli import app
from graphkit.errors import OptionError
from graphkit.kernels import compile as jit
from graphkit.study import warm

ROOT = Path(__file__).parents[2]

#: Prints the kernels that were called, by signature, and how many were compiled.
TOLD = """
import json
from graphkit.study import warm
outer = [k for k in warm._used_kernels() if not k.targetoptions.get("no_cpython_wrapper")]
found = {f"{k.__module__}.{k.__name__}": list(map(str, k.signatures)) for k in outer}
print(json.dumps([found, sum(sum(k.stats.cache_misses.values()) for k in outer)]))
"""

WARMED = f"""
from graphkit.study import warm
warm.warm_kernels()
{TOLD}"""

CALLED = f"""
import graphkit.kernels.compile as jit
def full(*a):
    raise PermissionError("read-only")
jit._write = full
import graphkit as gk
platform = gk.synthetic.platform(accounts=150, rng=3)
past = gk.split_world_data(platform)
graph = gk.cointeraction_graph(past)
partition = gk.leiden(graph, runs=2, rng=1)
gk.label_communities(partition, past)
gk.communities.community_report(graph, partition)
gk.agreement(partition, platform.truth)
gk.visibility(partition, gk.follow_graph(past), runs=2, rng=1)
gk.communities.projection_null(past, graph, draws=19, rng=1)
world = gk.build_world(platform, {{"interest": partition}}, ticks=2, rng=1)
arms = {{"follower": gk.follower_centric(), "interest": gk.interest_centric()}}
gk.simulate_spread([world], arms, ticks=2, rng=1)
gk.simulate_spread([world], arms, ticks=2, slots=3, reading="shared", rng=1)
{TOLD}"""


def run(code: str, **variables: str) -> tuple[dict[str, list[str]], int]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    found, compiled = json.loads(done.stdout)
    return found, compiled


def test_warm_kernels_are_all_that_a_process_without_a_writable_folder_needs() -> None:
    # in the cache of all tests, which may hold kernels that were not warmed: signatures tell
    warmed, _ = run(WARMED)
    assert {name for name, kinds in warmed.items() if not kinds} == set()
    called, compiled = run(CALLED, HOME="/nonexistent")
    assert compiled == 0
    assert sum(map(len, called.values())) > 20
    for name, kinds in called.items():
        assert set(kinds) <= set(warmed[name]), name


def test_the_command_fills_the_folder_that_is_named_and_marks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = []
    for name in ("_CALLS", "_OTHER_CALLS"):
        monkeypatch.setattr(warm, name, (lambda: called.append(jit.is_filled()),))
    said = CliRunner().invoke(app, ["warm", "--to", str(tmp_path / "kept")], env={"COLUMNS": "200"})
    assert said.output.endswith(f"Folder: {tmp_path / 'kept' / 'graphkit'}\n")
    assert called == [False, False]
    with jit.caching_in(tmp_path / "kept" / "graphkit"):
        assert jit.is_filled()


def test_warm_kernels_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OptionError, match="Name a folder with --to"):
        warm.warm_kernels(tmp_path / "file")
