"""The figure of a conclusion over conditions: a line for each, and a mark for what becomes of it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from graphkit import plot
from graphkit.attribution import Condition, Robustness, condition_rows, judge
from graphkit.errors import DataError
from graphkit.plot.style import ACCENT, BASE, INK, MUTED

PAIR = {"arm": "new", "baseline": "old"}


def contrasts(difference: float | None, half: float = 0.5) -> pl.DataFrame:
    low, high = (None, None) if difference is None else (difference - half, difference + half)
    sign = None
    if low is not None and high is not None:
        sign = "higher" if low > 0 else "lower" if high < 0 else "not distinguishable"
    row = {"partition": "interest", "community": None, "measure": "crossing", **PAIR}
    row |= {"arm_mean": 1.0, "baseline_mean": 1.0, "difference": difference, "low": low}
    row |= {"high": high, "interval": "within this world", "direction": sign}
    schema = {"community": pl.String, "direction": pl.String}
    schema |= dict.fromkeys(("difference", "low", "high"), pl.Float64)
    return pl.DataFrame([row], schema_overrides=schema)


@pytest.fixture
def found() -> Robustness:
    conditions = pl.concat(
        [
            condition_rows(Condition("s", 0.5, 0.2), contrasts(1.0)),
            condition_rows(Condition("s", 1.0, 0.2), contrasts(-1.0)),
            condition_rows(Condition("penalty", 0.3, 0.0), contrasts(0.2)),
            condition_rows(Condition("slots", 30, 10), "the posts do not last", **PAIR),
            condition_rows(Condition("top", 5, 9), contrasts(None)),
        ],
        how="diagonal_relaxed",
    )
    return judge(contrasts(2.0), conditions, measure="crossing")


def test_every_condition_has_a_line_and_a_mark(found: Robustness) -> None:
    canvas = plot.robustness(found)
    canvas.draw_without_rendering()
    axes = canvas.axes[0]
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["as it is", "s = 0.5", "s = 1", "penalty = 0.3", "slots = 30", "top = 5"]
    dots = [c for c in axes.collections if isinstance(c, PathCollection)]
    assert [c.get_offsets().tolist()[0] for c in dots] == [
        [2.0, 5.0],
        [1.0, 4.0],
        [-1.0, 3.0],
        [pytest.approx(0.2), 2.0],
    ]
    # told apart by colour and by shape
    assert [to_hex(c.get_facecolor()[0]) for c in dots] == [INK, BASE, ACCENT, MUTED]
    assert len({c.get_paths()[0].vertices.tobytes() for c in dots}) == 4
    assert sum(isinstance(c, LineCollection) for c in axes.collections) == 4
    texts = {text.get_text() for text in canvas.findobj(Text) if isinstance(text, Text)}
    assert {"cannot run", "not estimable", "holds", "turns", "not distinguishable"} <= texts
    assert {"0.2", "10", "9"} <= texts  # the defaults


def test_equal_figures_are_equal_files(found: Robustness, tmp_path: Path) -> None:
    files = [plot.robustness(found).write(tmp_path / f"{i}.png").read_bytes() for i in range(2)]
    assert files[0] == files[1]


def test_it_needs_its_result(found: Robustness) -> None:
    with pytest.raises(DataError, match=r"plot\.robustness needs a Robustness, not a DataFrame"):
        plot.robustness(found.frame)  # type: ignore[arg-type]
