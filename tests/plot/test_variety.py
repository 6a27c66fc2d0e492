"""The figure of variety: a panel per budget and measure, the set of the best marked."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex

from graphkit import plot
from graphkit.attribution import Variety, judge_variety
from graphkit.errors import DataError, MissingDataError
from graphkit.plot.style import ACCENT, BASE

PENALTIES = (0.0, 0.25, 0.5, 1.0)


def outcome(budget: str, worlds: int = 4) -> pl.DataFrame:
    """Best at .25, and .5 not told from it; under the partition "x" best at 0."""
    rows = []
    for w in range(worlds):
        for k, penalty in enumerate(PENALTIES):
            noise = 0.01 * (-1) ** w * (k + 1)
            key = {"arm": f"p{penalty}", "world": w, "replication": 0, "community": None}
            key |= {"budget": budget, "calibrated": False}
            value = (0.0, 1.0, 0.996, 0.0)[k] + w + noise
            rows.append(key | {"partition": None, "measure": "session_length", "value": value})
            for kind, sign in (("interest", 1), ("x", -1)):
                more = {"partition": kind, "measure": "crossing", "value": sign * penalty + noise}
                rows.append(key | more)
    return pl.DataFrame(rows, schema_overrides={"partition": pl.String, "community": pl.String})


def judged(*budgets: str, worlds: int = 4) -> Variety:
    arms = {f"p{p}": p for p in PENALTIES}
    return judge_variety([outcome(budget, worlds) for budget in budgets], arms, feed="mine")


def marks(axes: object) -> list[tuple[float, str, bool]]:
    """Penalty, colour, and whether it is filled, of every dot."""
    found = []
    for dots in axes.collections:  # type: ignore[attr-defined]
        if isinstance(dots, PathCollection):
            face, edge = to_hex(dots.get_facecolor()[0]), to_hex(dots.get_edgecolor()[0])
            found.append((float(dots.get_offsets()[0][0]), edge, face == edge))
    return found


def test_the_set_is_filled_and_the_best_red() -> None:
    canvas = plot.variety(judged("matched", "free"))
    canvas.draw_without_rendering()
    titles = [axes.get_title(loc="left") for axes in canvas.axes]
    assert titles == ["session_length", "crossing"] * 2
    notes = [axes.texts[0].get_text() for axes in canvas.axes]
    assert notes[:2] == ["matched budget: interior", "matched budget: at the upper edge"]
    assert notes[2:] == ["free budget: interior", "free budget: at the upper edge"]
    expected = [(0.0, BASE, False), (0.25, ACCENT, True), (0.5, BASE, True), (1.0, BASE, False)]
    assert marks(canvas.axes[0]) == expected
    legend = [text.get_text() for text in canvas.legends[0].get_texts()]
    assert legend[1:4] == ["best tried", "not distinguishable from it", "lower than the best"]
    assert "interest partition" in canvas.get_supxlabel()
    assert "not calibrated" in canvas.get_supxlabel()


def test_another_partition() -> None:
    canvas = plot.variety(judged("matched"), partition="x")
    assert canvas.axes[1].texts[0].get_text() == "matched budget: at the lower edge"
    with pytest.raises(MissingDataError, match="no partition 'y'"):
        plot.variety(judged("matched"), partition="y")


def test_one_world_has_no_set() -> None:
    canvas = plot.variety(judged("matched", worlds=1))
    assert canvas.axes[0].texts[0].get_text() == "matched budget: no interval"
    assert all(filled for _, _, filled in marks(canvas.axes[0]))
    assert len(canvas.legends[0].get_texts()) == 2
    assert "bands" not in canvas.get_supxlabel()


def test_equal_figures_are_equal_files(tmp_path: Path) -> None:
    found = judged("matched")
    files = [plot.variety(found).write(tmp_path / f"{i}.png").read_bytes() for i in range(2)]
    assert files[0] == files[1]


def test_it_needs_its_result() -> None:
    with pytest.raises(DataError, match=r"plot\.variety needs a Variety, not a DataFrame"):
        plot.variety(judged("matched").curves)  # type: ignore[arg-type]
