"""How far posts travel with time, arm by arm."""

from __future__ import annotations

import numpy as np
import polars as pl
from matplotlib import colormaps
from matplotlib.axes import Axes

from graphkit.errors import DataError, MissingDataError
from graphkit.plot._canvas import (
    ACCENT,
    BASE,
    INK,
    MUTED,
    Canvas,
    all_calibrated,
    blank_canvas,
    foot,
    head,
)

__all__ = ["arm_colours", "reach"]


def reach(curve: pl.DataFrame) -> Canvas:
    """Mean reach of a post by tick or by age, a line per arm, with a band over the worlds.

    The line is the mean of the worlds, the band runs from the least to the most of them;
    with a single world it spans the replications instead, which the axis says.

    Parameters
    ----------
    curve
        Result of :func:`graphkit.measures.reach_by_age`, or of
        :func:`graphkit.measures.reach_curve`, which is the same for all arms under a
        matched budget.
    """
    by_age = "age" in curve.columns
    if by_age:
        curve = curve.rename({"age": "tick"})
    columns = ("arm", "world", "replication", "tick", "reach")
    missing = [name for name in columns if name not in curve.columns]
    if missing:
        raise MissingDataError(f"the frame has no column {', '.join(missing)}: see reach_curve.")
    if not curve.height:
        raise DataError("there is no tick to plot.")
    worlds = curve.get_column("world").n_unique()
    repeats = curve.get_column("replication").n_unique()
    unit = "world" if worlds > 1 else "replication"
    units = curve.group_by("arm", unit, "tick").agg(pl.col("reach").mean())
    by_tick = units.group_by("arm", "tick").agg(
        mean=pl.col("reach").mean(), low=pl.col("reach").min(), high=pl.col("reach").max()
    )
    arms = curve.get_column("arm").unique(maintain_order=True).to_list()
    figure, (axes,) = blank_canvas(7.2, 4.2)
    ends = []
    for name, colour in arm_colours(arms).items():
        line = by_tick.filter(pl.col("arm") == name).sort("tick")
        ticks, mean = line.get_column("tick").to_numpy(), line.get_column("mean").to_numpy()
        low, high = line.get_column("low").to_numpy(), line.get_column("high").to_numpy()
        axes.fill_between(ticks, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(ticks, mean, color=colour, linewidth=2, marker="o" if ticks.size == 1 else None)
        ends.append((float(mean[-1]), int(ticks[-1]), name, colour))
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)
    axes.set_xlabel("age of the post: ticks since it entered" if by_age else "tick")
    axes.set_ylabel("accounts reached per post")
    _name_lines(axes, ends)
    count = worlds if worlds > 1 else repeats
    head(axes, "Reach of a post")
    if count > 1:
        axes.text(
            0.02, 0.97, f"line: mean; band: least to most of {count} {unit}s",
            transform=axes.transAxes, fontsize=8.5, color=MUTED, va="top",
        )  # fmt: skip
    foot(figure, calibrated=all_calibrated(curve))
    return figure


def arm_colours(arms: list[str]) -> dict[str, str | tuple[float, ...]]:
    """A colour per arm: the house's two, then a palette that the colour-blind can tell."""
    more = [colormaps["tab10"](i) for i in (2, 4, 6, 5, 8, 9, 1, 3, 7)]
    palette: list[str | tuple[float, ...]] = [BASE, ACCENT, INK, *more]
    return {name: palette[i % len(palette)] for i, name in enumerate(arms)}


def _name_lines(axes: Axes, ends: list[tuple[float, int, str, str | tuple[float, ...]]]) -> None:
    """Names at the ends of the lines, pushed apart where they would overlap."""
    bottom, top = axes.get_ylim()
    gap = (top - bottom) * 0.055
    place = -np.inf
    for value, tick, name, colour in sorted(ends, key=lambda end: end[0]):
        place = max(value, place + gap)
        axes.annotate(
            name, (tick, place), xytext=(8, 0), textcoords="offset points", color=colour,
            va="center", fontsize=9, fontweight="bold", annotation_clip=False,
        )  # fmt: skip
