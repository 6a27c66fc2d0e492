"""All arms side by side, and the curve of a blend: what they show, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.text import Annotation, Text

from graphkit import plot
from graphkit.errors import DataError, MissingDataError
from graphkit.plot.style import Canvas

Dots = list[tuple[str, float, float]]


def means(dots: Dots, kinds: tuple[str, ...] = ("planted",)) -> pl.DataFrame:
    rows = []
    for at, (arm, x, y) in enumerate(dots):
        for kind, measure, value in [
            (None, "viewer_value", x),
            *((k, "crossing", y) for k in kinds),
        ]:
            rows.append((arm, kind, measure, value, value - 0.01, value + 0.02, at / 10))
    frame = pl.DataFrame(
        rows,
        orient="row",
        schema={
            "arm": pl.String,
            "partition": pl.String,
            "measure": pl.String,
            "mean": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
            "share": pl.Float64,
        },
    )
    return frame.with_columns(
        pl.lit(None, pl.String).alias("community"),
        worlds=10,
        replications=20,
        interval=pl.lit("over populations of the same making"),
        calibrated=pl.lit(False),
    )


FEW: Dots = [("follower", 0.4, 0.3), ("interest", 0.6, 0.8), ("uniform", 0.35, 1.0)]


def texts(canvas: Canvas) -> str:
    canvas.canvas.draw()
    return "\n".join(t.get_text() for t in canvas.findobj(Text))


def test_every_arm_is_a_named_dot_with_intervals_both_ways() -> None:
    canvas = plot.trade_off(means(FEW))
    (axes,) = canvas.axes
    dots = [c.get_offsets()[0] for c in axes.collections if isinstance(c, PathCollection)]
    assert np.allclose(dots, [(x, y) for _, x, y in FEW])
    bars = [c.get_segments()[0] for c in axes.collections if isinstance(c, LineCollection)]
    assert np.allclose(bars[0], [[0.39, 0.3], [0.42, 0.3]])
    assert np.allclose(bars[1], [[0.4, 0.29], [0.4, 0.32]])
    shown = texts(canvas)
    for text in (
        "follower",
        "uniform",
        "cross-community exposure (planted partition)\nratio, 1 = random exposure",
        "short-term viewer value\nwatch fraction",
        "3 feeds",
        "bars: confidence interval over populations of the same making (10 worlds); behaviour not calibrated",
    ):
        assert text in shown


def test_without_intervals_there_are_dots_only() -> None:
    bare = means(FEW).with_columns(pl.lit(None, pl.Float64).alias(n) for n in ("low", "high"))
    canvas = plot.trade_off(bare)
    assert not [c for c in canvas.axes[0].collections if isinstance(c, LineCollection)]
    assert "bars" not in texts(canvas)


def test_an_arm_without_both_measures_is_left_out() -> None:
    frame = means(FEW).filter(~((pl.col("arm") == "uniform") & (pl.col("measure") == "crossing")))
    assert "2 feeds" in texts(plot.trade_off(frame))


place = st.floats(0, 1).map(lambda v: round(v, 2))


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(place, place), min_size=1, max_size=12))
def test_names_cover_neither_each_other_nor_the_frame(places: list[tuple[float, float]]) -> None:
    dots = [(f"an arm {'named ' * (i % 2)}{i}", x, y) for i, (x, y) in enumerate(places)]
    canvas = plot.trade_off(means(dots))
    canvas.draw_without_rendering()
    (axes,) = canvas.axes
    names = [t for t in axes.findobj(Annotation) if t.get_text()]
    # the text alone, without its line
    boxes = np.array([Text.get_window_extent(t).extents for t in names])
    assert len(boxes) == len(dots)
    inside = axes.get_window_extent().extents
    assert (boxes[:, :2] >= inside[:2] - 2).all()
    assert (boxes[:, 2:] <= inside[2:] + 2).all()
    for i in range(len(boxes)):
        for j in range(i):
            lower, upper = np.maximum(boxes[i], boxes[j]), np.minimum(boxes[i], boxes[j])
            assert not (lower[:2] < upper[2:] - 0.5).all()


def test_several_partitions_ask_for_one() -> None:
    frame = means(FEW, ("planted", "follow"))
    with pytest.raises(DataError, match="planted, follow: choose one by partition="):
        plot.trade_off(frame)
    assert "(follow partition)" in texts(plot.trade_off(frame, partition="follow"))
    with pytest.raises(MissingDataError, match="Did you mean 'follow'"):
        plot.trade_off(frame, partition="folow")


def test_trade_off_refuses_what_it_cannot_show() -> None:
    frame = means(FEW)
    with pytest.raises(MissingDataError, match="no column low"):
        plot.trade_off(frame.drop("low"))
    with pytest.raises(MissingDataError, match="Did you mean 'crossing'"):
        plot.trade_off(frame, y="crosing")
    with pytest.raises(DataError, match="more than one mean"):
        plot.trade_off(pl.concat([frame, frame]))
    undefined = frame.with_columns(pl.when(measure="viewer_value").then("mean").alias("mean"))
    with pytest.raises(DataError, match="no arm has a mean of 'crossing'"):
        plot.trade_off(undefined)
    apart = frame.filter((pl.col("arm") == "follower") == (pl.col("measure") == "crossing"))
    with pytest.raises(DataError, match="both"):
        plot.trade_off(apart)


def test_a_blend_is_a_curve_over_its_share() -> None:
    dots = [(f"blend {k}", 0.5, 0.3 + 0.1 * k) for k in range(4)]
    canvas = plot.blend(means(dots[::-1]), partition="planted")
    (line,) = canvas.axes[0].lines
    assert np.allclose(line.get_xdata(), [0, 0.1, 0.2, 0.3])
    assert np.allclose(line.get_ydata(), [0.6, 0.5, 0.4, 0.3])
    band = canvas.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.29, 0.62))
    assert (
        "band: confidence interval over populations of the same making (10 worlds); behaviour not calibrated"
        in texts(canvas)
    )
    several = plot.blend(means(dots, ("planted", "follow")), ends=("friends", "For You"))
    shown = texts(several)
    assert len(several.axes[0].lines) == 2
    for text in ("follow partition", "from friends to For You", "0 is friends"):
        assert text in shown
    assert "short-term viewer value" in texts(plot.blend(means(dots), "viewer_value"))


def test_blend_leaves_out_arms_without_a_share_and_refuses_the_rest() -> None:
    frame = means(FEW)
    other = frame.with_columns(arm=pl.lit("other"), share=pl.lit(None, pl.Float64))
    assert len(plot.blend(pl.concat([frame, other])).axes[0].lines[0].get_xdata()) == 3
    with pytest.raises(MissingDataError, match="no column share"):
        plot.blend(frame.drop("share"))
    with pytest.raises(DataError, match="more than once"):
        plot.blend(pl.concat([frame, frame]))
    with pytest.raises(DataError, match="at least two shares"):
        plot.blend(means(FEW[:1]))
    with pytest.raises(MissingDataError, match="'reach'"):
        plot.blend(frame, "reach")


def test_equal_figures_are_equal_files(tmp_path: Path) -> None:
    for draw in (plot.trade_off, plot.blend):
        one = draw(means(FEW)).write(tmp_path / "1.png").read_bytes()
        assert one == draw(means(FEW)).write(tmp_path / "2.png").read_bytes()
