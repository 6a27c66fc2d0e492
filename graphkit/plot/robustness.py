"""A conclusion over conditions that could end it: one line per condition."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D

from graphkit.attribution import Robustness
from graphkit.attribution.robustness import AS_IT_IS
from graphkit.measures.catalogue import describe_measure
from graphkit.measures.conditions import (
    BARRED,
    CANNOT_RUN,
    HOLDS,
    LOST,
    TURNS,
    UNBOUNDED,
    UNDEFINED,
    rounded,
)
from graphkit.plot import style
from graphkit.plot.labels import shown
from graphkit.plot.spread import measure_words
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE, Canvas, Place, Width

__all__ = ["robustness"]

#: Colour and marker by what becomes of the conclusion.
_LOOKS = {
    HOLDS: (BASE, "o"),
    TURNS: (ACCENT, "X"),
    LOST: (MUTED, "s"),
    BARRED: (MUTED, "v"),
    UNBOUNDED: (MUTED, "^"),
}
_OWN = (INK, "D")
#: Rows that fit; more are told.
_MOST = 60


def robustness(found: Robustness, *, ax: Place | None = None, width: Width = "page") -> Canvas:
    """The difference under every condition with its interval; the comparison as it is on top.

    Blue dots: the conclusion holds; red crosses: it turns; grey squares: it cannot be told; other
    grey marks: filler forbids a direction, or there is no interval. The dashed line and the band
    are the comparison as it is. Conditions that cannot be run, or have no value, keep their line,
    with a word in place of a mark. To the right of each line stands what the value is by default.

    Parameters
    ----------
    found
        Result of :func:`graphkit.attribution.robustness` or :func:`graphkit.attribution.judge`.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("robustness", found, Robustness, "attribution.robustness")
    frame = found.frame.head(_MOST)
    sheet, (axes,) = style.open_sheet("robustness", 9.5, 1.9 + 0.27 * frame.height, ax=ax, on=width)
    rows = np.arange(frame.height)[::-1]
    own = frame.row(0, named=True)
    axes.axvline(0, color=INK, linewidth=1)
    if own["difference"] is not None:
        axes.axvline(own["difference"], color=MUTED, linewidth=1, linestyle="--", zorder=0)
    if own["low"] is not None and own["high"] is not None:
        axes.axvspan(own["low"], own["high"], color=PALE, alpha=0.45, linewidth=0, zorder=-1)
    handles: dict[str, Artist] = {}
    for at, row in zip(rows.tolist(), frame.iter_rows(named=True), strict=True):
        holds = row["holds"]
        colour, marker = _OWN if at == rows[0] else _LOOKS.get(holds, (MUTED, "s"))
        if row["difference"] is None:
            stopped = (row["direction"] or "").startswith(CANNOT_RUN)
            note = CANNOT_RUN if stopped else UNDEFINED
            place = axes.get_yaxis_transform()
            look: dict[str, Any] = {
                "color": MUTED,
                "fontsize": 9,
                "fontstyle": "italic",
                "va": "center",
            }
            axes.text(0.015, at, note, transform=place, **look)
            continue
        if row["low"] is not None and row["high"] is not None:
            axes.hlines(at, row["low"], row["high"], color=colour, linewidth=1.8, alpha=0.75)
        axes.scatter([row["difference"]], [at], color=colour, marker=marker, s=42, zorder=3)
        name = AS_IT_IS if at == rows[0] else holds or "no conclusion to hold"
        if name not in handles:
            look = {"color": colour, "marker": marker, "linestyle": ""}
            handles[name] = Line2D([], [], markersize=6.5, **look)
    axes.set_yticks(rows, [shown(name) for name in frame.get_column("condition")])
    axes.set_ylim(-0.7, frame.height - 0.3)
    defaults = frame.get_column("default").to_list()
    for at, default in zip(rows.tolist(), defaults, strict=True):
        if default is not None:
            text = shown(rounded(default), 22)
            axes.text(
                1.01,
                at,
                text,
                transform=axes.get_yaxis_transform(),
                color=MUTED,
                fontsize=8.5,
                va="center",
            )
    axes.text(
        1.01,
        frame.height - 0.1,
        "default",
        transform=axes.get_yaxis_transform(),
        color=MUTED,
        fontsize=8.5,
        va="bottom",
    )
    kind = "" if found.partition is None else f" ({shown(found.partition)} partition)"
    style.head(
        axes, f"{shown(found.arm)} − {shown(found.baseline)}: {measure_words(found.measure)}{kind}"
    )
    known = describe_measure(found.measure)
    unit = f" ({known.unit})" if known is not None else ""
    axes.set_xlabel(f"difference{unit}")
    axes.tick_params(axis="y", length=0)
    axes.tick_params(colors=MUTED, labelcolor=INK)
    axes.margins(x=0.06)
    style.format_ticks(axes.xaxis, "{:+.3g}")
    # above the axes: inside, it would hide lines
    sheet.legend(handles, "upper left", 4)
    notes = []
    intervals = (
        frame.drop_nulls("low").get_column("interval").drop_nulls().unique(maintain_order=True)
    )
    if len(intervals):
        notes.append(f"lines: confidence intervals {', '.join(intervals)}")
    if found.frame.height > frame.height:
        notes.append(f"{found.frame.height - frame.height} more conditions are not shown")
    style.foot(sheet, *notes, calibrated=found.calibrated)
    return sheet.done()
