"""Figures of attribution: what they show, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import graphkit as gk
from graphkit import plot
from graphkit.attribution import Sensitivity, Shapley, sensitivity, shapley
from graphkit.errors import DataError, MissingDataError
from graphkit.plot.style import ACCENT, BASE, MUTED, Canvas
from graphkit.recommenders import Feed

A = Feed("plain $x$", {"everywhere": 60}, {"chance": 1.0}, learning_rate=0.0)
B = A.but("by interest", weights={"interest": 1.0}, trial_growth=2.0, author_penalty=0.5)


def texts(canvas: Canvas) -> str:
    canvas.canvas.draw()
    return "\n".join(t.get_text() for t in canvas.findobj(Text))


def bars(canvas: Canvas) -> list[Rectangle]:
    return [p for p in canvas.axes[0].patches if isinstance(p, Rectangle)]


@pytest.fixture(scope="module")
def divided() -> Shapley:
    like = gk.synthetic.platform(100, communities=3, rng=1)
    worlds = gk.synthetic.worlds(3, like=like, ticks=3, rng=3)
    measures = ["viewer_value", "crossing"]
    return shapley(worlds, A, B, measure=measures, ticks=2, slots=3, rng=1)


def with_frame(found: Shapley, **columns: Any) -> Shapley:
    return replace(found, frame=found.frame.with_columns(**columns))


def test_bars_lead_from_the_value_of_a_to_that_of_b(divided: Shapley) -> None:
    canvas = plot.shapley(divided, measure="viewer_value")
    rows = divided.frame.filter(measure="viewer_value").filter(pl.col("value") != 0)
    gap = divided.gap.filter(measure="viewer_value").row(0, named=True)
    drawn = bars(canvas)
    assert len(drawn) == rows.height
    sizes = [bar.get_width() for bar in drawn]
    assert sizes == pytest.approx(sorted(rows["value"].to_list(), key=abs, reverse=True))
    assert drawn[0].get_x() == pytest.approx(gap["a_mean"])
    last = drawn[-1]
    assert last.get_x() + last.get_width() == pytest.approx(gap["b_mean"])
    written = texts(canvas)
    assert "zero in every run: candidates" in written
    assert "A: plain $x$" in written
    assert "over populations of the same making" in written
    assert "behaviour not calibrated" in written


def test_colours_tell_the_direction_unless_filler_forbids_one(divided: Shapley) -> None:
    rows = divided.frame.filter(measure="viewer_value")
    colours = {"higher": ACCENT, "lower": BASE, "not distinguishable": MUTED}
    found = with_frame(
        replace(divided, frame=rows, gap=divided.gap.filter(measure="viewer_value")),
        value=pl.Series([3.0, -2.0, 1.0]),
        se=0.1,
        direction=pl.Series(list(colours)),
    )
    canvas = plot.shapley(found)
    assert [to_hex(bar.get_facecolor()) for bar in bars(canvas)] == list(colours.values())
    barred = replace(
        found,
        frame=found.frame.with_columns(direction=pl.lit("not claimed: filler")),
        gap=found.gap.with_columns(direction=pl.lit("not claimed: filler"), filler=0.4),
    )
    grey = plot.shapley(barred)
    assert {to_hex(bar.get_facecolor()) for bar in bars(grey)} == {MUTED}
    assert "no direction is claimed" in texts(grey)
    between = plot.shapley(replace(barred, gap=found.gap))
    assert {to_hex(bar.get_facecolor()) for bar in bars(between)} == {MUTED}
    assert "no direction of a factor is claimed" in texts(between).replace("\n", " ")
    shares = with_frame(found, share=pl.Series([-0.004, 0.0, 1.004]))
    assert "−0%" not in texts(plot.shapley(shares))


def test_the_measure_must_be_named_and_known(divided: Shapley) -> None:
    with pytest.raises(DataError, match="choose one by measure="):
        plot.shapley(divided)
    with pytest.raises(MissingDataError, match="Did you mean 'crossing'"):
        plot.shapley(divided, measure="crosing")
    with pytest.raises(DataError, match="needs a Shapley"):
        plot.shapley(divided.frame)  # type: ignore[arg-type]
    nothing = replace(divided, gap=divided.gap.with_columns(gap=None))
    with pytest.raises(MissingDataError, match="nothing to draw"):
        plot.shapley(nothing, measure="crossing")


def test_a_division_without_intervals_is_drawn(divided: Shapley) -> None:
    bare = with_frame(divided, low=None, high=None, share=None, direction=None)
    bare = replace(bare, gap=bare.gap.with_columns(low=None, high=None, direction=None))
    assert len(bars(plot.shapley(bare, measure="crossing"))) >= 1


@pytest.fixture(scope="module")
def indices() -> Sensitivity:
    world = gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), rng=1)
    ranges = {"behaviour.watch_base": (-2.0, 0.0), "arm.weights.interest": (0.0, 2.0)}
    options: dict[str, Any] = {"measure": "viewer_value", "ticks": 1, "slots": 3, "rng": 1}
    return sensitivity(world, B, ranges=ranges, samples=4, **options)


def test_parameters_stand_by_their_total_index(indices: Sensitivity) -> None:
    canvas = plot.sensitivity(indices)
    axes = canvas.axes[0]
    order = indices.frame.sort("total", descending=True)["parameter"].to_list()
    assert [t.get_text() for t in axes.get_yticklabels()] == order
    dots = np.concatenate(
        [
            c.get_offsets()
            for c in axes.collections
            if hasattr(c, "get_sizes") and len(c.get_offsets()) == 2
        ]
    )
    for kind in ("first", "total"):
        assert set(indices.frame[kind].to_list()) <= set(dots[:, 0].tolist())
    written = texts(canvas)
    assert "4 blocks of 4" in written
    assert indices.facts["ranking"] in " ".join(written.split())


def test_a_constant_output_and_other_things_are_refused(indices: Sensitivity) -> None:
    still = indices.frame.with_columns(total=pl.lit(None, pl.Float64))
    with pytest.raises(MissingDataError, match="constant"):
        plot.sensitivity(replace(indices, frame=still))
    with pytest.raises(DataError, match="needs a Sensitivity"):
        plot.sensitivity(indices.frame)  # type: ignore[arg-type]
