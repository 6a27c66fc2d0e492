"""`graphkit warm` compiles all that default calls use, for processes that can write nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphkit.errors import OptionError
from graphkit.study import warm

ROOT = Path(__file__).parents[2]

CODE = """
import graphkit.kernels.compile as jit
def full(*a):
    raise PermissionError("read-only")
jit._write = full
import graphkit as gk
platform = gk.synthetic.platform(accounts=80, rng=3)
past = gk.split_world_data(platform)
partition = gk.leiden(gk.cointeraction_graph(past), runs=2, rng=1)
world = gk.build_world(platform, {"interest": partition}, ticks=2, rng=1)
arms = {"follower": gk.follower_centric(), "interest": gk.interest_centric()}
gk.simulate_spread([world], arms, ticks=2, rng=1)
from graphkit.study import warm
stats = [k.stats for k in warm._used_kernels()]
print(sum(sum(s.cache_misses.values()) for s in stats), sum(len(s.cache_hits) for s in stats) > 9)
"""

#: Kernels of large graphs, of little memory, and of scores by functions; and one of kernels only.
NOT_WARMED = {"find_segments", "list_pairs", "permuted_rows", "splitmix64"}

FILLED = """
import sys
from pathlib import Path
from graphkit.study import warm
warm.warm_kernels(Path(sys.argv[1]))
print(*{k.__name__ for k in warm._used_kernels() if not k.signatures
        and not k.targetoptions.get("no_cpython_wrapper")})
"""


def run(*arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"} | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_warm_kernels_are_all_that_a_process_without_a_writable_folder_needs(
    tmp_path: Path,
) -> None:
    kept = tmp_path / "kept"
    assert set(run("-c", FILLED, str(kept)).split()) <= NOT_WARMED
    nowhere = {"NUMBA_CACHE_DIR": str(kept), "HOME": "/nonexistent"}
    assert run("-c", CODE, **nowhere) == "0 True"
    said = run("-m", "graphkit", "warm", "--to", str(kept))
    assert said.startswith("0 kernels compiled")
    assert said.endswith(f"Folder: {kept / 'graphkit'}")


def test_warm_kernels_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OptionError, match="Name a folder with --to"):
        warm.warm_kernels(tmp_path / "file")
