"""Differences between two arms: a dot and an interval per measure."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from graphkit.errors import DataError, MissingDataError
from graphkit.measures.catalogue import describe_measure
from graphkit.plot._canvas import (
    ACCENT,
    BASE,
    INK,
    MUTED,
    PALE,
    Canvas,
    all_calibrated,
    blank_canvas,
    foot,
    head,
)

__all__ = ["contrast"]

_CONTRAST_COLUMNS = (
    "partition", "community", "measure", "arm", "baseline", "arm_mean", "baseline_mean",
    "difference", "low", "high", "interval", "worlds", "replications",
)  # fmt: skip


def contrast(frame: pl.DataFrame, *, top: int = 40) -> Canvas:
    """Dots with intervals, one row per measure, and the numbers beside them.

    Red: the interval lies above zero; blue: below; grey: it holds zero, or there is none.
    Measures have different units, so each row has a scale of its own, from zero to the
    farther end of its interval; the numbers are in the measure's unit. If all rows are of
    one measure (hosting by community, say) they share one scale.

    Parameters
    ----------
    frame
        Rows of one :func:`graphkit.contrast`, filtered as wished.
    top
        Rows shown, the first ones; the figure says how many are left out.
    """
    missing = [name for name in _CONTRAST_COLUMNS if name not in frame.columns]
    if missing:
        raise MissingDataError(f"the frame has no column {', '.join(missing)}: see contrast.")
    defined = frame.filter(pl.col("difference").is_not_null())
    if not defined.height:
        raise DataError("no row of the contrast has a difference to be plotted.")
    arms = defined.select("arm", "baseline").unique()
    if arms.height > 1:
        raise DataError("one figure shows one pair of arms: filter the frame by arm and baseline.")
    shown = defined.head(top)
    figure, (axes,) = blank_canvas(10.5, 1.4 + 0.3 * shown.height)
    one_measure = shown.get_column("measure").n_unique() == 1
    _draw_rows(axes, shown, one_measure)
    first = shown.row(0, named=True)
    title = f"{first['arm']} − {first['baseline']}"
    head(axes, title + (f": {first['measure']}" if one_measure else ""))
    unit = "worlds" if first["interval"] == "over worlds" else "replications"
    known = describe_measure(first["measure"])
    unit_of = f" ({known.unit})" if known is not None else ""
    scale = f"difference{unit_of}" if one_measure else "difference, each row on its own scale"
    label = f"{scale}; interval {first['interval']} ({max(shown[unit].to_list())} {unit})"
    if shown.height < defined.height:
        label += f"; {defined.height - shown.height} more rows are not shown"
    axes.set_xlabel(label, fontsize=9, loc="left")
    foot(figure, calibrated=all_calibrated(shown))
    return figure


def _draw_rows(axes: Axes, frame: pl.DataFrame, one_measure: bool) -> None:
    numbers = frame.select("difference", "low", "high").to_numpy().astype(np.float64)
    ends = np.nanmax(np.abs(numbers), axis=1)
    scale = np.full(ends.size, ends.max()) if one_measure else ends.copy()
    scale[scale == 0] = 1.0
    places = numbers / scale[:, None]
    rows = np.arange(frame.height)[::-1]
    left = min(0.0, float(np.nanmin(places))) - 0.05 if one_measure else -1.05
    axes.vlines(0, -0.6, frame.height - 0.4, color=INK, linewidth=1)
    span, names = 1.05 - left, []
    columns = (1.05 + 0.05 * span, 1.05 + 0.43 * span)
    for at, row, place in zip(rows, frame.iter_rows(named=True), places, strict=True):
        colour = _colour(row["low"], row["high"])
        axes.hlines(at, left, 1.05, color=PALE, linewidth=0.6, zorder=0)
        if row["low"] is not None:
            axes.hlines(at, place[1], place[2], color=colour, linewidth=2.6)
        axes.scatter([place[0]], [at], color=[colour], s=42, zorder=3)
        for x, text in zip(columns, _numbers(row), strict=True):
            axes.text(x, at, text, va="center", fontsize=8.5, color=INK)
        names.append(_name(row, one_measure))
    arm, baseline = frame.select("arm", "baseline").row(0)
    # names that would run into the next column stand below each other
    between = " → " if len(baseline) + len(arm) <= 22 else "\n→ "
    heads = (f"{baseline}{between}{arm}", "difference [interval]")
    for x, text in zip(columns, heads, strict=True):
        axes.text(x, frame.height - 0.55, text, fontsize=8.5, color=MUTED, va="bottom")
    axes.set_yticks(rows, names, fontsize=9)
    axes.tick_params(axis="y", length=0)
    if one_measure:
        ticks = MaxNLocator(4).tick_values(left * scale[0], scale[0])
        ticks = ticks[(ticks >= left * scale[0]) & (ticks <= 1.05 * scale[0])]
        axes.set_xticks(ticks / scale[0], [_short(t) for t in ticks.tolist()])
    else:
        axes.set_xticks([-0.55, 0.0, 0.55], ["less", "0", "more"])
        axes.tick_params(axis="x", length=0)
    axes.set_xlim(left, 1.05 + 0.95 * span)
    axes.set_ylim(-0.6, frame.height + (0.1 if between == " → " else 0.6))
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_bounds(left, 1.05)


def _colour(low: float | None, high: float | None) -> str:
    if low is not None and low > 0:
        return ACCENT
    return BASE if high is not None and high < 0 else MUTED


def _name(row: dict[str, object], one_measure: bool) -> str:
    community, partition = row["community"], row["partition"]
    if one_measure and (community or partition):
        return f"{community or 'all'}, {partition}" if partition else str(community)
    where = ", ".join(str(part) for part in (community, partition) if part is not None)
    return f"{row['measure']} ({where})" if where else str(row["measure"])


def _numbers(row: dict[str, float | None]) -> tuple[str, str]:
    """Both means, and the difference with its bounds to two digits of its uncertainty."""
    means = f"{_short(row['baseline_mean'])} → {_short(row['arm_mean'])}"
    difference, low, high = row["difference"], row["low"], row["high"]
    if difference is None or low is None or high is None or low == high:
        return means, _short(difference, signed=True)
    places = min(max(1 - math.floor(math.log10((high - low) / 2)), 0), 6)
    text = f"{difference:+,.{places}f}  [{low:+,.{places}f}, {high:+,.{places}f}]"
    return means, text.replace("-", "−")


def _short(value: float | None, *, signed: bool = False) -> str:
    """Three digits, with the sign where asked for, and a true minus."""
    if value is None:
        return "–"
    sign = "+" if signed and value else ""
    text = f"{value:{sign}.3g}" if abs(value) < 1000 else f"{value:{sign},.0f}"
    return text.replace("-", "−")
