"""Figures of attribution: the gap between two feeds by factor, and Sobol indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from graphkit.attribution.coalitions import share_text
from graphkit.attribution.sensitivity import Sensitivity
from graphkit.attribution.shapley import Shapley
from graphkit.errors import DataError, MissingDataError, nearest
from graphkit.measures.intervals import FILLER, HIGHER, INDISTINCT, LOWER
from graphkit.plot import style
from graphkit.plot.labels import shown, write_beside
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE, Canvas, Place, Width, column_arrays

__all__ = ["sensitivity", "shapley"]

_COLOURS = {HIGHER: ACCENT, LOWER: BASE}
#: Characters of a name at the axis that there is room for.
LONGEST = 30


def shapley(
    result: Shapley, *, measure: str | None = None, ax: Place | None = None, width: Width = "page"
) -> Canvas:
    """Waterfall from feed A's value of a measure to feed B's: one bar per factor, with intervals.

    Factors stand in the order of their size. Each bar begins where the last ended; the black line is
    the interval of its part, set at the end of the bar. Red parts are above zero, blue ones
    below, grey ones not distinguishable from it. Where too much filler in A, B or a feed between them
    forbids a direction, the figure says so, and all bars are grey. Factors that are zero in every run have no bar, and are
    named below.

    Parameters
    ----------
    result
        Result of :func:`graphkit.attribution.shapley`.
    measure
        Which measure; needed if the result has several.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("shapley", result, Shapley, "attribution.shapley")
    gap, rows = _rows_of(result, measure)
    if gap["gap"] is None:
        raise MissingDataError(
            f"{gap['measure']!r} has no value in any run under all the feeds: there is nothing to draw."
        )
    still = (pl.col("value") == 0) & (pl.col("se").fill_null(0.0) == 0)
    zero = rows.filter(still).get_column("factor").to_list()
    rows = rows.filter(~still).sort(pl.col("value").abs(), descending=True, maintain_order=True)
    names = [shown(name, LONGEST) for name in rows.get_column("factor")]
    n = len(names)
    sheet, (axes,) = style.open_sheet("shapley", 8.6, 1.9 + 0.42 * (n + 2), ax=ax, on=width)
    a, b = result.factors.a.name, result.factors.b.name
    start, places = gap["a_mean"], np.arange(n, 0, -1)
    axes.vlines(start, 0.6, n + 1.4, color=PALE, linewidth=1, zorder=0)
    axes.scatter([start, gap["b_mean"]], [n + 1, 0], color=INK, s=38, zorder=3)
    edges = [start, gap["b_mean"]]
    for row, y in zip(rows.iter_rows(named=True), places.tolist(), strict=True):
        end = start + row["value"]
        colour = _COLOURS.get(row["direction"], MUTED)
        axes.barh(y, row["value"], 0.58, left=start, color=colour, alpha=0.85, linewidth=0)
        bounds = [start + row[side] for side in ("low", "high") if row[side] is not None]
        if bounds:
            axes.hlines(y, *bounds, color=INK, linewidth=1.6, zorder=3)
        axes.vlines(end, y - 1.3, y + 0.29, color=MUTED, linewidth=0.7, zorder=0)
        edges += [end, *bounds]
        start = end
    right = max(edges)
    for row, y in zip(rows.iter_rows(named=True), places.tolist(), strict=True):
        _write_right(axes, right, y, _part_text(row))
    _write_right(axes, right, n + 1, f"{gap['a_mean']:.4g}".replace("-", "−"))
    text = f"{gap['b_mean']:.4g} ({_bounds_text(gap['gap'], gap)})"
    _write_right(axes, right, 0, text.replace("-", "−"))
    axes.set_yticks(
        [n + 1, *places, 0], [f"A: {shown(a, LONGEST)}", *names, f"B: {shown(b, LONGEST)}"]
    )
    axes.set_ylim(-0.7, n + 1.7)
    room = 0.05 * (right - min(edges)) or 1.0
    axes.set_xlim(min(edges) - room, right + room)
    axes.tick_params(axis="y", length=0)
    filled = FILLER in rows.get_column("direction").to_list()
    notes = [f"intervals {gap['interval']}"]
    if gap["direction"] == FILLER:
        shares = f"A {gap['baseline_filler']:.0%}, B {gap['filler']:.0%}"
        notes.append(f"filler: {shares}: no direction is claimed")
    elif filled:
        notes.append("much filler in feeds between A and B: no direction of a factor is claimed")
    notes += (
        [f"zero in every run: {', '.join(shown(name, LONGEST) for name in zero)}"] if zero else []
    )
    notes += [] if result.exact else ["sampled orders"]
    where = [part for part in (gap["partition"], gap["community"]) if part is not None]
    label = gap["measure"] + (f" ({', '.join(map(shown, where))})" if where else "")
    title = f"What makes {shown(b, LONGEST)} differ from {shown(a, LONGEST)}"
    if not filled:
        named = {HIGHER: ACCENT, LOWER: BASE, INDISTINCT: MUTED}
        used = rows.get_column("direction").to_list()
        handles: dict[str, Artist] = {
            name: Patch(facecolor=colour, alpha=0.85)
            for name, colour in named.items()
            if name in used
        }
        sheet.legend(handles, "upper right", 3)
    calibrated = pl.DataFrame({"calibrated": [gap["calibrated"]]})
    style.finish_chart(sheet, axes, calibrated, title, label, "", "; ".join(notes))
    return sheet.done()


def _rows_of(result: Shapley, measure: str | None) -> tuple[dict[str, Any], pl.DataFrame]:
    """The gap of one measure, and the rows of its factors."""
    known = result.gap.get_column("measure").to_list()
    if measure is None and len(known) > 1:
        raise DataError(f"the result has the measures {', '.join(known)}: choose one by measure=.")
    name = known[0] if measure is None else measure
    if name not in known:
        raise MissingDataError(f"the result has no measure {name!r}.{nearest(name, known)}")
    return result.gap.row(known.index(name), named=True), result.frame.filter(measure=name)


def _write_right(axes: Axes, x: float, y: float, text: str) -> None:
    write_beside(axes, text, (x, y), (9, 0), va="center", fontsize=8.5, color=INK)


def _part_text(row: dict[str, Any]) -> str:
    """Part, bounds and share of a factor."""
    text = _bounds_text(row["value"], row)
    if row["share"] is not None:
        text += f"  {share_text(row['share'])}"
    return text.replace("-", "−")


def _bounds_text(value: float, row: dict[str, Any]) -> str:
    text = f"{value:+.2g}"
    return text if row["low"] is None else f"{text} [{row['low']:+.2g}, {row['high']:+.2g}]"


def sensitivity(result: Sensitivity, *, ax: Place | None = None, width: Width = "page") -> Canvas:
    """First-order and total Sobol indices of every parameter, with their intervals.

    Parameters stand in the order of their total index: hollow dots are what a parameter explains
    alone, full dots what it explains together with its interactions. The note says if the intervals
    are too wide to rank them.

    Parameters
    ----------
    result
        Result of :func:`graphkit.attribution.sensitivity`.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("sensitivity", result, Sensitivity, "attribution.sensitivity")
    rows = result.frame.drop_nulls("total").sort("total", descending=True, maintain_order=True)
    if not rows.height:
        raise MissingDataError("the output is constant over the ranges: it has no indices to draw.")
    n = rows.height
    sheet, (axes,) = style.open_sheet("sensitivity", 8.2, 1.9 + 0.5 * n, ax=ax, on=width)
    places = np.arange(n, 0, -1)
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=0)
    axes.axvline(1, color=PALE, linewidth=0.9, zorder=0)
    styles: dict[str, tuple[float, str, str]] = {
        "first": (0.13, BASE, "white"),
        "total": (-0.13, ACCENT, ACCENT),
    }
    for kind, (shift, colour, face) in styles.items():
        at, low, high = column_arrays(rows, kind, f"{kind}_low", f"{kind}_high")
        axes.hlines(places + shift, low, high, color=colour, linewidth=1.8)
        axes.scatter(
            at, places + shift, s=40, facecolor=face, edgecolor=colour, linewidth=1.6, zorder=3
        )
    names = [shown(name, LONGEST) for name in rows.get_column("parameter")]
    axes.set_yticks(places, names)
    axes.set_ylim(0.4, n + 0.6)
    axes.tick_params(axis="y", length=0)
    handles = {
        label: Line2D(
            *([], []),
            color=styles[kind][1],
            marker="o",
            markersize=6,
            markerfacecolor=styles[kind][2],
        )
        for kind, label in (
            ("first", "alone (first order)"),
            ("total", "with interactions (total)"),
        )
    }
    style.name_in_legend(axes, handles, outside=sheet)
    notes = [str(result.facts["samples"]), str(result.facts["ranking"])]
    calibrated = pl.DataFrame({"calibrated": [result.calibrated]})
    title = f"What moves {shown(result.output, 70)}"
    label = "share of the variance over the ranges of the parameters"
    style.finish_chart(sheet, axes, calibrated, title, label, "", "; ".join(notes))
    return sheet.done()
