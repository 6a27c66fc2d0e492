"""From one regime to the other: a measure over the share of the second feed."""

from __future__ import annotations

import polars as pl

from graphkit.errors import DataError
from graphkit.plot._canvas import INK, MUTED, Canvas, all_calibrated, blank_canvas, foot, head
from graphkit.plot._means import check_columns, interval_text, measure_text, rows_of, with_unit
from graphkit.plot.reach import arm_colours

__all__ = ["blend"]


def blend(
    frame: pl.DataFrame, measure: str = "crossing", *, partition: str | None = None,
    ends: tuple[str, str] | None = None,
) -> Canvas:  # fmt: skip
    """A measure over the share of the second feed in a blend of two, with its interval.

    One line per partition, or the one of `partition`; arms without a share are left out.

    Parameters
    ----------
    frame
        Result of :func:`graphkit.measures.arm_means` with `shares`, one row per arm that is
        a blend of the two feeds.
    measure
        The measure shown, over all communities.
    partition
        Kind of partition; all of them if absent.
    ends
        Names of the first and of the second feed.
    """
    check_columns(frame, "share")
    rows = rows_of(frame.filter(pl.col("share").is_not_null()), measure, partition)
    if rows.select("partition", "share").is_duplicated().any():
        raise DataError("a share occurs more than once for one partition.")
    if rows.get_column("share").n_unique() < 2:
        raise DataError("a curve needs at least two shares.")
    kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
    figure, (axes,) = blank_canvas(7.2, 4.4)
    banded = False
    for name, colour in arm_colours([str(kind) for kind in kinds]).items():
        kind = None if name == "None" else name
        line = rows.filter(pl.col("partition").eq_missing(pl.lit(kind, pl.String))).sort("share")
        bounds = line.drop_nulls(["low", "high"])
        banded |= bounds.height > 0
        axes.fill_between(
            bounds.get_column("share").to_list(), bounds.get_column("low").to_list(),
            bounds.get_column("high").to_list(), color=colour, alpha=0.18, linewidth=0,
        )  # fmt: skip
        axes.plot(
            line.get_column("share").to_list(), line.get_column("mean").to_list(), color=colour,
            linewidth=2, marker="o", markersize=4.5, label=f"{name} partition",
        )  # fmt: skip
    if len(kinds) > 1:
        axes.legend(frameon=False, fontsize=8.5, loc="best")
    axes.margins(x=0.02)
    axes.set_ylabel(with_unit(measure, measure) if len(kinds) > 1 else measure_text(rows))
    first, second = ends or ("the first feed", "the second feed")
    axes.set_xlabel(f"share of {second} in the blend: 0 is {first}", labelpad=6)
    head(axes, f"{measure}: from {first} to {second}")
    note = f"band: {interval_text(rows)}" if banded else ""
    foot(figure, note, calibrated=all_calibrated(rows))
    axes.tick_params(colors=MUTED, labelcolor=INK)
    return figure
