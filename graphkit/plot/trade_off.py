"""All arms side by side: one measure against another."""

from __future__ import annotations

import polars as pl

from graphkit.errors import DataError
from graphkit.plot._canvas import INK, MUTED, Canvas, all_calibrated, blank_canvas, foot, head
from graphkit.plot._means import check_columns, interval_text, measure_text, rows_of
from graphkit.plot.reach import arm_colours
from graphkit.plot.style import name_dots

__all__ = ["trade_off"]


def trade_off(
    frame: pl.DataFrame, x: str = "viewer_value", y: str = "crossing", *,
    partition: str | None = None,
) -> Canvas:  # fmt: skip
    """Every arm as a named dot, with its intervals in both directions.

    Intervals are those of each arm alone. Arms share their worlds, so that two of them can
    differ clearly though their intervals overlap: see :func:`graphkit.contrast`.

    Parameters
    ----------
    frame
        Result of :func:`graphkit.measures.arm_means`.
    x, y
        Measures along the two axes.
    partition
        Kind of partition; needed where a measure is given under several.
    """
    check_columns(frame)
    both = []
    for measure in (x, y):
        rows = rows_of(frame, measure, partition)
        kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
        if len(kinds) > 1:
            raise DataError(
                f"{measure!r} is given under the partitions {', '.join(map(str, kinds))}: choose "
                "one by partition=."
            )
        if rows.get_column("arm").is_duplicated().any():
            raise DataError(f"an arm has more than one mean of {measure!r}.")
        both.append(rows)
    across, up = both
    points = across.join(up, on="arm", suffix="_y", maintain_order="left")
    if not points.height:
        raise DataError(f"no arm has a mean of both {x!r} and {y!r}.")
    figure, (axes,) = blank_canvas(8.0, 5.6)
    colours = arm_colours(points.get_column("arm").to_list())
    dots, bars = [], []
    for row in points.iter_rows(named=True):
        dot, colour = (row["mean"], row["mean_y"]), colours[row["arm"]]
        if row["low"] is not None:
            axes.hlines(dot[1], row["low"], row["high"], color=colour, linewidth=1.6, alpha=0.6)
            bars.append((row["low"], dot[1], row["high"], dot[1]))
        if row["low_y"] is not None:
            axes.vlines(dot[0], row["low_y"], row["high_y"], color=colour, linewidth=1.6, alpha=0.6)
            bars.append((dot[0], row["low_y"], dot[0], row["high_y"]))
        axes.scatter([dot[0]], [dot[1]], color=[colour], s=46, zorder=3)
        dots.append(dot)
    axes.margins(0.12)
    axes.set_xlabel(measure_text(across))
    axes.set_ylabel(measure_text(up))
    head(axes, f"{len(dots)} feeds: {y} against {x}")
    note = f"bars: {interval_text(points)}" if bars else ""
    foot(figure, note, calibrated=all_calibrated(pl.concat(both)))
    axes.tick_params(colors=MUTED, labelcolor=INK)
    axes.autoscale_view()
    axes.set_xlim(axes.get_xlim())
    axes.set_ylim(axes.get_ylim())
    name_dots(figure, axes, dots, list(colours), list(colours.values()), bars)
    return figure
