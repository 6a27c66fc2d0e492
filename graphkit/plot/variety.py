"""Curves over the penalty of a repeated topic, with the set of the best penalties."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from graphkit.attribution import Variety
from graphkit.errors import MissingDataError, nearest
from graphkit.measures.catalogue import describe_measure
from graphkit.measures.contrast import PRIMARY_KINDS
from graphkit.plot import style
from graphkit.plot.labels import shown
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE, Canvas, Place, Width, column_arrays

__all__ = ["variety"]

_COLUMNS = 4
#: Characters of the feed's name that fit beside the legend.
_LONGEST = 30


def variety(
    result: Variety, *, partition: str | None = None, ax: Place | None = None, width: Width = "page"
) -> Canvas:
    """One panel per budget and measure: its mean over the topic penalty, and where it is best.

    The band is the interval of each mean. Filled dots are the set of the best: penalties that
    paired differences do not tell from the best one, the red diamond; hollow dots are lower. A dotted line, with a bar at the bottom for its interval, is the vertex of the parabola
    through the best and its neighbours, if there is one. Above each panel stands where the optimum
    lies.

    Parameters
    ----------
    result
        Result of :func:`graphkit.attribution.variety`.
    partition
        Kind of partition; by default ``"interest"``, else ``"planted"``, else the first.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("variety", result, Variety, "attribution.variety")
    rows = result.optimum
    kinds = rows.get_column("partition").drop_nulls().unique(maintain_order=True).to_list()
    if partition is not None and partition not in kinds:
        raise MissingDataError(
            f"the result has no partition {partition!r}.{nearest(partition, kinds)} Kinds: "
            f"{', '.join(kinds)}."
        )
    if partition is None and kinds:
        partition = next((kind for kind in (*PRIMARY_KINDS, *kinds) if kind in kinds), None)
    rows = rows.filter(
        pl.col("partition").is_null() | pl.col("partition").eq_missing(pl.lit(partition, pl.String))
    )
    budgets = rows.get_column("budget").unique(maintain_order=True).to_list()
    # the panels of each budget begin a row
    panels: list[tuple[int, int, dict[str, Any]]] = []
    height = 0
    for budget in budgets:
        own = rows.filter(budget=budget)
        for at, row in enumerate(own.iter_rows(named=True)):
            panels.append((height + at // _COLUMNS, at % _COLUMNS, row))
        height += math.ceil(own.height / _COLUMNS)
    sheet, all_axes = style.open_sheet(
        "variety", 13.0, 1.3 + 2.6 * height, len(panels), ax=ax, on=width
    )
    sheet.arrange(height, _COLUMNS, ((line, column) for line, column, _ in panels))
    for axes, (_, _, row) in zip(all_axes, panels, strict=True):
        same = pl.col("partition").eq_missing(pl.lit(row["partition"], pl.String))
        curve = result.curves.filter(same, budget=row["budget"], measure=row["measure"])
        _draw_panel(axes, curve, row)
    title = f"{shown(result.feed or 'feed', _LONGEST)}: topic penalty"
    sheet.title(title)
    look: dict[str, Any] = {"color": BASE, "linestyle": "", "markersize": 6}
    handles: dict[str, Artist] = {
        "mean and its interval": Patch(facecolor=BASE, alpha=0.35),
        "best tried": Line2D([], [], **look | {"color": ACCENT, "marker": "D"}),
    }
    if rows.get_column("undistinguished").is_not_null().any():
        handles["not distinguishable from it"] = Line2D([], [], marker="o", **look)
        hollow = Line2D([], [], marker="o", markerfacecolor="white", **look)
        handles["lower than the best"] = hollow
    if rows.get_column("vertex").is_not_null().any():
        handles["vertex and its interval"] = Line2D([], [], color=INK, linestyle=":")
    sheet.legend(handles, "upper right", 5)
    intervals = rows.drop_nulls("undistinguished").get_column("interval")
    notes = [f"bands: intervals {text}" for text in intervals.unique(maintain_order=True)]
    notes += ["sets by paired differences, which the bands do not show"] if notes else []
    if partition is not None:
        notes.append(f"{shown(partition)} partition")
    style.foot(sheet, *notes, calibrated=result.calibrated)
    return sheet.done()


def _draw_panel(axes: Axes, curve: pl.DataFrame, row: Mapping[str, Any]) -> None:
    """The curve of one measure under one budget."""
    curve = curve.drop_nulls("mean")
    style.draw_line(axes, curve, "penalty", "mean", BASE, marker=None)
    kept = row["undistinguished"]
    for penalty, mean in zip(*column_arrays(curve, "penalty", "mean"), strict=True):
        outside = kept is not None and float(penalty) not in kept
        look: dict[str, Any] = {"color": BASE, "marker": "o", "s": 30, "zorder": 3}
        if penalty == row["best"]:
            look |= {"color": ACCENT, "marker": "D", "s": 44, "zorder": 4}
        elif outside:
            look["facecolor"] = "white"
        axes.scatter([penalty], [mean], **look)
    if row["vertex"] is not None:
        axes.axvline(row["vertex"], color=INK, linewidth=1, linestyle=":", zorder=1)
        place = axes.get_xaxis_transform()
        ends = row["vertex_low"], row["vertex_high"]
        axes.hlines(0.02, *ends, color=INK, linewidth=2.5, transform=place)
    axes.set_title(row["measure"], loc="left", fontsize=10, fontweight="bold", pad=17)
    text = f"{row['budget']} budget: {row['optimum']}"
    style.write_note(axes, 0.0, 1.03, text)
    axes.set_xlabel("topic penalty", fontsize=8.5)
    known = describe_measure(row["measure"])
    axes.set_ylabel("" if known is None else known.unit, fontsize=8.5)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0.05, y=0.12)
    axes.tick_params(labelsize=8, color=MUTED, labelcolor=INK)
    style.format_ticks(axes.xaxis, "{:g}")
