"""Figure of a contrast: standardised differences on one axis, and their numbers beside them."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from matplotlib.axes import Axes

from graphkit.errors import DataError, check_integer
from graphkit.measures.catalogue import describe_measure
from graphkit.measures.contrast import Contrast
from graphkit.plot import style
from graphkit.plot.labels import shown
from graphkit.plot.spread import held_and_filled, interval_text, measure_words, only_pair
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE, Canvas, Place, Width

__all__ = ["contrast"]

Floats = npt.NDArray[np.float64]

_COLUMNS = (
    "partition community measure arm baseline arm_mean baseline_mean difference low high interval "
    "worlds replications"
)
#: Characters of a line of a name beside the axis, and of its lines.
_WIDE, _LINES, _NAME_LINES = 42, 2, 3
#: Characters of 8.5 points on an inch.
_DENSITY = 14.5
_GREY = "#8a949e"
_SCALES = {
    "unit": "difference",
    "effect": "difference in standard deviations over populations",
    "own": "difference in half-widths of its interval (a dot beyond ±1: it leaves out zero)",
}


@dataclass(frozen=True)
class _Row:
    """One line of the figure: texts, colour, and the places of dot and interval."""

    name: str
    where: str
    numbers: str
    unit: str
    means: str
    claim: str
    colour: str
    bold: bool
    place: tuple[float, float, float]


def contrast(
    found: Contrast | pl.DataFrame, *, top: int = 40, ax: Place | None = None, width: Width = "page"
) -> Canvas:
    """Standardised differences with intervals on one axis, and the differences in their units.

    Red: higher; blue: lower; grey: no direction is claimed, and the row says why. Of a
    :class:`~graphkit.measures.Contrast` the primary rows are shown, of a frame all rows, the
    primary ones first and in bold. Measures have different units, so that dots and intervals are
    standardised: d = difference / s, with s the standard deviation of the paired differences over
    populations (Cohen's d_z; Lakens 2013), and the bounds of the interval over the same s. Of a
    single world s is not known: there the axis has d = 2 · difference / (high − low), so that an
    interval that leaves out zero begins beyond ±1. If all rows are of one measure (hosting by
    community, for example), nothing is standardised, and the axis has its unit. The raw
    difference, its interval and unit stand beside each row, and below them both means. A row that
    cannot be estimated is grey and has no dot.

    Parameters
    ----------
    found
        Result of :func:`graphkit.contrast`, or rows of its frame.
    top
        Rows shown, the first ones; the figure says how many are left out.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.

    References
    ----------
    Lakens, D. (2013). Calculating and reporting effect sizes to facilitate cumulative science: a
    practical primer for t-tests and ANOVAs. Frontiers in Psychology, 4, 863.
    https://doi.org/10.3389/fpsyg.2013.00863
    """
    top = check_integer("top", top, 1)
    frame = found.frame if isinstance(found, Contrast) else found
    if isinstance(found, Contrast) and found.primary.height:
        frame = found.primary
    style.require_columns(frame, _COLUMNS, "see contrast")
    if "primary" in frame.columns:
        frame = frame.sort("primary", descending=True, nulls_last=True, maintain_order=True)
    if not frame.get_column("difference").count():
        raise DataError("no row of the contrast has a difference to be plotted.")
    arm, baseline = only_pair(frame)
    shown_rows = frame.head(top)
    one_measure = shown_rows.get_column("measure").n_unique() == 1
    scale = "unit" if one_measure else "effect" if _has_effects(shown_rows) else "own"
    rows = _rows_of(shown_rows, scale)
    tall = 0.62 if width == "phone" else 0.46
    sheet, (axes,) = style.open_sheet("contrast", 9.6, 1.7 + tall * len(rows), ax=ax, on=width)
    _draw_axis(axes, rows)
    if sheet.narrow or sheet.inside:
        _write_above(axes, rows, max(int(_DENSITY * sheet.wide), 24))
    else:
        _write_beside(axes, rows, f"{shown(baseline, 22)} → {shown(arm, 22)}")
    first = frame.row(0, named=True)
    about = f": {measure_words(first['measure'])}" if one_measure else ""
    style.head(axes, f"{arm} − {baseline}{about}")
    unit = _unit_of(first["measure"])
    label = _SCALES[scale] + (f" ({unit})" if unit and one_measure else "")
    axes.set_xlabel(label, fontsize=9)
    more = frame.height - shown_rows.height
    known = shown_rows.filter(pl.col("difference").is_not_null())
    notes = [interval_text(known if known.height else shown_rows), *held_and_filled(first)]
    notes += [f"{more} more rows are not shown"] if more else []
    style.foot(sheet, *notes, calibrated=style.all_calibrated(shown_rows))
    return sheet.done()


def _has_effects(rows: pl.DataFrame) -> bool:
    """Whether differences are known in standard deviations over populations."""
    if "effect_low" not in rows.columns:
        return False
    return bool(rows.get_column("effect_low").is_not_null().any())


def _rows_of(frame: pl.DataFrame, scale: str) -> list[_Row]:
    """Texts and places of the rows."""
    raw = frame.select("difference", "low", "high").to_numpy().astype(np.float64)
    if scale == "effect":
        places = frame.select("effect", "effect_low", "effect_high").to_numpy().astype(np.float64)
    elif scale == "own":
        half = (raw[:, 2] - raw[:, 1]) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            places = np.where(half[:, None] > 0, raw / half[:, None], np.nan)
    else:
        places = raw.copy()
    # what is the same in both arms is zero in any unit
    places[(raw[:, 0] == 0) & np.isnan(places[:, 0]), 0] = 0.0
    return [
        _row(row, place, one_measure=scale == "unit")
        for row, place in zip(frame.iter_rows(named=True), places.tolist(), strict=True)
    ]


def _row(row: Mapping[str, Any], place: list[float], *, one_measure: bool) -> _Row:
    community, partition = row["community"], row["partition"]
    where = [] if community is None else [shown(community)]
    where += [] if partition is None else [f"{shown(partition)} partition"]
    name, below = measure_words(row["measure"], _NAME_LINES * _WIDE), ", ".join(where)
    if one_measure and where:
        name = below if community is not None else f"all, {below}"
        below = ""
    known = row["difference"] is not None
    unit = "" if one_measure else _unit_of(row["measure"])
    claim = str(row.get("direction") or "") if row["low"] is not None else "no interval"
    means = f"{_short_number(row['baseline_mean'])} → {_short_number(row['arm_mean'])}"
    colour = _colour_of(row) if known else _GREY
    return _Row(
        name=name,
        where=below,
        numbers=_number_text(row) if known else "not estimable",
        unit=unit if known else "",
        means=means if known else "",
        claim=claim if known else "",
        colour=colour,
        bold=bool(row.get("primary")),
        place=(place[0], place[1], place[2]),
    )


def _colour_of(row: Mapping[str, Any]) -> str:
    """Of a direction that is claimed; muted without."""
    low, high = row["low"], row["high"]
    if str(row.get("direction") or "").startswith("not"):
        return MUTED
    if low is not None and low > 0:
        return ACCENT
    return BASE if high is not None and high < 0 else MUTED


def _unit_of(measure: str) -> str:
    """The unit of a measure, without its range."""
    known = describe_measure(measure)
    unit = "" if known is None else known.unit.partition(",")[0]
    return "" if re.match(r"[−-]?\d", unit) else unit


def _number_text(row: Mapping[str, Any]) -> str:
    """The difference with its bounds, to two digits of its uncertainty."""
    difference, low, high = row["difference"], row["low"], row["high"]
    if low is None or high is None or low == high:
        return _short_number(difference, signed=True)
    places = min(max(1 - math.floor(math.log10((high - low) / 2)), 0), 6)
    text = f"{difference:+,.{places}f}  [{low:+,.{places}f}, {high:+,.{places}f}]"
    return text.replace("-", "−")


def _short_number(value: float | None, *, signed: bool = False) -> str:
    """Three digits, with the sign where asked for, and a true minus."""
    if value is None:
        return "–"
    sign = "+" if signed and value else ""
    text = f"{value:{sign}.3g}" if abs(value) < 1000 else f"{value:{sign},.0f}"
    return text.replace("-", "−")


def _draw_axis(axes: Axes, rows: list[_Row]) -> None:
    """Zero, and the dots and intervals of the rows from the top down."""
    axes.axvline(0, color=INK, linewidth=1, zorder=1)
    for at, row in zip(range(len(rows) - 1, -1, -1), rows, strict=True):
        axes.axhline(at, color=PALE, linewidth=0.6, zorder=0)
        middle, low, high = row.place
        if not math.isnan(low):
            axes.hlines(at, low, high, color=row.colour, linewidth=2.6, zorder=2)
        if not math.isnan(middle):
            axes.scatter([middle], [at], color=[row.colour], s=42, zorder=3)
    places = np.array([0.0, *(x for row in rows for x in row.place if not math.isnan(x))])
    room = 0.06 * (float(np.ptp(places)) or 1.0)
    axes.set_xlim(places.min() - room, places.max() + room)
    style.format_ticks(axes.xaxis, "{:+,.3g}")
    axes.tick_params(colors=MUTED, labelcolor=INK)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _write_beside(axes: Axes, rows: list[_Row], pair: str) -> None:
    """Names to the left of the rows, numbers to the right, one line below the other."""
    places = list(range(len(rows) - 1, -1, -1))
    axes.set_yticks(places, [_name_of(row) for row in rows], fontsize=9)
    for tick, row in zip(axes.get_yticklabels(), rows, strict=True):
        tick.set(color=_GREY if row.colour == _GREY else INK)
        if row.bold:
            tick.set_fontweight("bold")
    side = axes.get_yaxis_transform()
    look: dict[str, Any] = {"transform": side, "fontsize": 8.5, "va": "center"}
    for at, row in zip(places, rows, strict=True):
        ink = _GREY if row.colour == _GREY else INK
        axes.text(1.03, at + 0.19, f"{row.numbers} {row.unit}".rstrip(), color=ink, **look)
        told = " · ".join(part for part in (row.means, row.claim) if part)
        axes.text(1.03, at - 0.19, told, color=row.colour, **look)
    axes.set_ylim(-0.6, len(rows) + 0.2)
    top = len(rows) - 0.45
    heading = f"difference [interval] unit\n{pair}"
    axes.text(1.03, top, heading, transform=side, fontsize=8.5, color=MUTED, va="bottom")


def _name_of(row: _Row) -> str:
    """The name on up to three lines, with what it is of."""
    if row.where and len(row.name) <= _WIDE:
        return f"{row.name}\n{shown(row.where, _WIDE)}"
    where = f" ({shown(row.where, _WIDE // 2)})" if row.where else ""
    room = _NAME_LINES * _WIDE - len(where) - 12  # lines end at words
    return "\n".join(textwrap.wrap(shown(row.name, room) + where, _WIDE))


def _write_above(axes: Axes, rows: list[_Row], most: int) -> None:
    """Names above the rows and numbers below them, for a place that is narrow."""
    axes.set_yticks([])
    side = axes.get_yaxis_transform()
    for at, row in zip(range(len(rows) - 1, -1, -1), rows, strict=True):
        ink = _GREY if row.colour == _GREY else INK
        name = row.name + (f" ({row.where})" if row.where else "")
        room = int(0.88 * most) if row.bold else most
        if len(name) > room and row.where:
            where = row.where.removesuffix(" partition")
            name = f"{shown(row.name, max(room - len(where) - 3, 12))} ({where})"
        weight = "bold" if row.bold else "normal"
        look: dict[str, Any] = {"transform": side, "fontsize": 8.5, "in_layout": False}
        look["bbox"] = {"facecolor": "white", "linewidth": 0, "pad": 0.5}
        axes.text(0, at + 0.2, shown(name, room), color=ink, fontweight=weight, **look)
        told = " · ".join(part for part in (row.numbers, row.claim, row.unit) if part)
        axes.text(0, at - 0.2, shown(told, most), color=row.colour, va="top", **look)
    axes.set_ylim(-0.65, len(rows) - 0.3)
