"""What the README says: its numbers are those of the demo, its files are there, it stays short."""

from __future__ import annotations

import csv
import os
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
NUMBER = re.compile(r"(?<![\w-])\d+(?:\.\d+)?")


def section(name: str) -> str:
    return README.split(f"## {name}\n")[1].split("\n## ")[0]


@pytest.fixture
def found() -> dict[tuple[str, str], dict[str, float]]:
    """Rows of the demo's table of findings, by measure and partition."""
    folder = os.environ.get("GRAPHKIT_DEMO")
    if not folder:
        pytest.skip("GRAPHKIT_DEMO names no results folder of `graphkit demo`; .ci/run sets it")
    with (Path(folder) / "tables" / "headlines.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    kept = ("arm_mean", "baseline_mean", "random_mean", "difference", "low", "high")
    return {
        (row["measure"], row["partition"]): {name: float(row[name]) for name in kept if row[name]}
        for row in rows
    }


def test_every_number_of_the_findings_is_that_of_the_demo(
    found: dict[tuple[str, str], dict[str, float]],
) -> None:
    hidden = {k: f"{100 * v:.1f}" for k, v in found["hosting_hidden", "planted"].items()}
    slope = {k: f"{100 * abs(v):.1f}" for k, v in found["hosting_slope", "planted"].items()}
    planted = {k: f"{v:.2f}" for k, v in found["crossing", "planted"].items()}
    follow = {k: f"{v:.2f}" for k, v in found["crossing", "follow"].items()}
    value = {k: f"{v:.3f}" for k, v in found["viewer_value", ""].items()}
    sides = ("arm_mean", "baseline_mean", "random_mean")
    expected = [
        *(hidden[k] for k in (*sides, "difference", "low", "high")),
        # a decrease is told by its size: the ends change places
        *(slope[k] for k in ("difference", "high", "low")),
        *(
            planted["arm_mean"],
            planted["baseline_mean"],
            f"{found['crossing', 'planted']['random_mean']:.0f}",
        ),
        *(follow["arm_mean"], follow["baseline_mean"]),
        *(value[k] for k in sides),
    ]
    assert NUMBER.findall(section("What the demo says")) == expected


def test_the_words_agree_with_the_signs(found: dict[tuple[str, str], dict[str, float]]) -> None:
    for key, sign in {
        ("hosting_hidden", "planted"): 1,
        ("hosting_slope", "planted"): -1,
        ("crossing", "planted"): -1,
        ("crossing", "follow"): 1,
        ("viewer_value", ""): 1,
    }.items():
        assert sign * found[key]["difference"] > 0, key
        assert found[key]["low"] * found[key]["high"] > 0, key


def test_it_fits_two_screens_and_its_example_ten_lines() -> None:
    assert len(README.splitlines()) <= 80
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code is not None
    lines = [line for line in code[1].splitlines() if line and not line.startswith("import")]
    assert len(lines) <= 10


def test_its_python_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"Python {project['requires-python'].removeprefix('>=')} or later" in README
    assert f"`{project['name']}`" in README


def test_the_ten_worlds_of_the_picture_are_those_of_the_demo() -> None:
    from graphkit.study import demo_config

    assert demo_config().world.worlds == 10
    assert "Ten synthetic platforms" in README


def test_own_data_go_on_under_the_name_of_the_ten_lines() -> None:
    name, other = re.findall(r"(\w+)(?:, report)? = gk\.(?:load_platform|read_any)", README)
    assert other == name
