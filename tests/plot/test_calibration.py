"""The figure of a calibration: what it shows, and that equal figures are equal files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.text import Text

from graphkit import plot
from graphkit.errors import DataError
from graphkit.plot.style import ACCENT, Canvas
from graphkit.simulation.calibration import Calibration


def texts(canvas: Canvas) -> str:
    canvas.canvas.draw()
    return "\n".join(t.get_text() for t in canvas.findobj(Text))


def part(outcome: str, by: str, edges: list[float], observed: list[float]) -> pl.DataFrame:
    n = len(observed)
    return pl.DataFrame(
        {
            "outcome": [outcome] * n,
            "by": [by] * n,
            "bin": range(n),
            "low": edges[:-1],
            "high": edges[1:],
            "n": [50] * n,
            "observed": observed,
            "simulated": [v + 0.01 for v in observed],
            "simulated_low": observed,
            "simulated_high": [v + 0.02 for v in observed],
        }
    )


@pytest.fixture
def found() -> Calibration[str]:
    fit = {
        "outcome": ["watch", "like"],
        "n_train": [9, 9],
        "n_held_out": [3, 3],
        "before": [-2.0, None],
        "after": [-1.0, -0.2],
        "null": [-1.5, -0.3],
        "gain": [0.5, -0.1],
        "standard_error": [0.05, 0.01],
        "explained": [0.6, 0.2],
    }
    parameters = {
        "parameter": ["watch_base", "drift"],
        "before": [-1.6, 0.1],
        "after": [-1.0, 0.1],
        "standard_error": [0.1, None],
        "n": [9, 0],
        "status": ["estimated", "not estimated"],
        "why": ["", "outside"],
    }
    frames = [
        part("watch", "share", [0.0, 0.5, 1.0], [0.7, 0.3]),
        part("watch", "predicted", [0.0, 0.5, 1.0], [0.2, 0.6]),
        part("like", "chain", [0.0, 1.0], [0.04]),
        part("like", "watch fraction", [0.0, 0.5, 1.0], [0.0, 0.3]),
        part("session", "share", [1.0, 2.0, 3.0, float("inf")], [0.5, 0.3, 0.2]),
    ]
    return Calibration("behaviour", pl.DataFrame(parameters), pl.DataFrame(fit), pl.concat(frames))


def test_a_panel_per_outcome(found: Calibration[str]) -> None:
    canvas = plot.calibration(found)
    shown = texts(canvas)
    for text in (
        "1 of 2 parameters fitted",
        "watch fraction",
        "rates overall",
        "like",
        "posts per session",
        "gain 0.5 ± 0.1 per row",
        "gain −0.1 ± 0.02 per row",
        "observed",
        "simulated",
    ):
        assert text in shown
    assert len(canvas.axes) == 5
    watch, predicted, _, like, session = canvas.axes
    assert [bar.get_height() for bar in watch.patches] == [0.7, 0.3]
    assert watch.lines[0].get_color() == ACCENT
    assert watch.lines[0].get_ydata() == pytest.approx([0.71, 0.31])
    dots = np.asarray(predicted.collections[-1].get_offsets())
    assert dots[:, 0] == pytest.approx([0.21, 0.61])
    assert dots[:, 1] == pytest.approx([0.2, 0.6])
    assert [bar.get_height() for bar in like.patches] == [0.0, 0.3]
    assert [t.get_text() for t in session.get_xticklabels()] == ["1", "2", "3–"]


def test_what_was_not_fitted_has_no_panel(found: Calibration[str]) -> None:
    only = Calibration(
        "b", found.parameters, found.fit, found.observed_simulated.filter(outcome="watch")
    )
    canvas = plot.calibration(only)
    assert len(canvas.axes) == 2
    assert "rates overall" not in texts(canvas)


def test_equal_figures_are_equal_files(found: Calibration[str], tmp_path: Path) -> None:
    one, other = (plot.calibration(found).write(tmp_path / f"{i}.png") for i in (1, 2))
    assert one.read_bytes() == other.read_bytes()


def test_it_refuses_anything_else() -> None:
    with pytest.raises(DataError, match="not a dict"):
        plot.calibration({})  # type: ignore[arg-type]
