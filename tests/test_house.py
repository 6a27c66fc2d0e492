"""Public names, signatures, docstrings, and what holds for the package as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import graphkit as gk

ROOT = Path(__file__).parents[1]


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_loads_no_engine() -> None:
    heavy = ["igraph", "leidenalg", "matplotlib", "networkx", "numba", "polars", "scipy", "sklearn"]
    code = f"import graphkit, sys; print([m for m in {heavy} if m in sys.modules])"
    assert python(code) == "[]"


def test_help_loads_no_engine() -> None:
    heavy = ["igraph", "matplotlib", "networkx", "numba", "polars", "scipy", "sklearn"]
    code = (
        "import sys\nfrom graphkit.cli import app\ntry:\n app(['--help'])\nexcept SystemExit:\n pass\n"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    assert python(code).endswith("[]")


def test_public_names_are_few_and_all_load() -> None:
    assert len(gk.__all__) <= 40
    assert sorted(set(gk.__all__)) == sorted(gk.__all__)
    for name in gk.__all__:
        value = getattr(gk, name)
        assert isinstance(value, ModuleType | str | frozenset) or value.__doc__, name


def test_no_file_is_past_a_comfortable_read() -> None:
    lengths = {p: len(p.read_text().splitlines()) for p in (ROOT / "graphkit").rglob("*.py")}
    assert {str(p): n for p, n in lengths.items() if n > 800} == {}


def test_tables_alone_escape_the_formatter() -> None:
    files = [p for p in ROOT.rglob("*.py") if ".venv" not in p.parts]
    assert sum(p.read_text().count("# fmt: " + "skip") for p in files) <= 30


def test_findings_are_scripts_alone() -> None:
    strange = [p.name for p in (ROOT / "findings").rglob("*") if p.suffix != ".sh"]
    assert [name for name in strange if name != "README.md"] == []


def test_ci_runs_the_command_of_the_readme() -> None:
    readme, ci = (ROOT / "README.md").read_text(), (ROOT / ".ci" / "run").read_text()
    command = (
        'python3 -m venv .venv && .venv/bin/pip install ".[test]" && .venv/bin/python -m pytest'
    )
    assert command in readme
    assert command in (ROOT / "CONTRIBUTING.md").read_text()
    for part in ("python3 -m venv .venv", '".[test]"', ".venv/bin/python -m pytest"):
        assert part in ci
    assert "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/graphkit demo" in readme


def test_ci_runs_a_part_of_the_tests_on_a_second_python() -> None:
    assert ".ci/second-python" in (ROOT / ".ci" / "run").read_text().splitlines()
    words = (ROOT / ".ci" / "second-python").read_text().split()
    named = [word.split("::") for word in words if word.startswith("tests/")]
    assert len(named) > 4
    for path, *functions in named:
        assert (ROOT / path).exists(), path
        for function in functions:
            assert f"def {function}(" in (ROOT / path).read_text()


def test_a_whole_chain_leaves_global_generators_alone() -> None:
    code = """
import random, numpy as np, igraph, graphkit as gk
def states():
    return random.getstate(), [str(x) for x in np.random.get_state()]
random.seed(1); np.random.seed(1)
before = states()
p = gk.synthetic.platform(accounts=200, rng=3)
g = gk.cointeraction_graph(p.dataset)
q = gk.label_communities(gk.leiden(g, runs=3, rng=1), p.dataset)
gk.leiden(g, runs=2, engine="leidenalg", rng=1)
gk.visibility(q, gk.follow_graph(p.dataset), runs=2, rng=1)
print(states() == before)
"""
    assert python(code) == "True"


def test_results_ignore_the_hash_seed(tmp_path: Path) -> None:
    code = """
import graphkit as gk
p = gk.synthetic.platform(accounts=200, rng=3)
q = gk.leiden(gk.cointeraction_graph(p.dataset), runs=3, rng=1)
print(p.dataset.content_key, gk.label_communities(q, p.dataset).content_key)
"""
    seen = set()
    kept = {key: folder for key, folder in os.environ.items() if key == "NUMBA_CACHE_DIR"}
    for seed in ("0", "1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": "", "HOME": str(tmp_path)} | kept,
        )
        seen.add(done.stdout)
    assert len(seen) == 1
