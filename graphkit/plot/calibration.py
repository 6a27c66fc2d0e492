"""Predictive check of calibrated behaviour: held-out accounts, observed and simulated."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from graphkit.plot import style
from graphkit.plot.labels import shown, shown_all
from graphkit.plot.style import ACCENT, MUTED, PALE, Canvas, Place, Width, column_arrays
from graphkit.simulation.calibration import Calibration

__all__ = ["calibration"]

_COLUMNS = 4
#: Characters of the name of an outcome that a panel has room for.
_LONGEST = 20


def calibration(
    found: Calibration[Any], *, ax: Place | None = None, width: Width = "page"
) -> Canvas:
    """Small multiples, one per outcome: grey is observed, red is simulated.

    Watching as a distribution, and as means over deciles of the prediction (dots on the line
    are unbiased); the overall rate of each reaction with watching simulated too; each reaction,
    and the end of a session, by observed watch fraction; posts per session. A red line through a
    dot covers 90 % of the draws. Under each title: gain in held-out log likelihood per row over
    a fit without factors, with twice its standard error.

    Parameters
    ----------
    found
        Result of :func:`graphkit.simulation.calibrate`.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("calibration", found, Calibration, "calibrate")
    frame = found.observed_simulated
    panels = [("watch", "share"), ("watch", "predicted")]
    by_watch = frame.filter(by="watch fraction").get_column("outcome")
    names = by_watch.unique(maintain_order=True).to_list()
    if frame.filter(by="chain").height:
        panels.append(("all", "chain"))
    panels += [(name, "watch fraction") for name in names]
    if frame.filter(outcome="session").height:
        panels.append(("session", "share"))
    rows = math.ceil(len(panels) / _COLUMNS)
    sheet, all_axes = style.open_sheet(
        "calibration", 11.5, 0.7 + 2.45 * rows, len(panels), ax=ax, on=width
    )
    sheet.arrange(rows, _COLUMNS, (divmod(at, _COLUMNS) for at in range(len(panels))))
    gains = {row["outcome"]: row for row in found.fit.iter_rows(named=True)}
    for axes, (outcome, by) in zip(all_axes, panels, strict=True):
        part = frame.filter(by=by) if by == "chain" else frame.filter(outcome=outcome, by=by)
        _DRAWN_BY[by](axes, part, outcome)
        _write_title(axes, outcome, by, gains)
        axes.tick_params(labelsize=8, color=MUTED)
    fitted, known = len(found.estimated), found.parameters.height
    title = (
        f"{fitted} of {known} parameters fitted; accounts held out, as observed and as simulated"
    )
    sheet.title(title)
    handles: dict[str, Artist] = {
        "observed": Patch(facecolor=PALE, edgecolor=MUTED),
        "simulated, 90 % of draws": Line2D([], [], color=ACCENT, marker="o", markersize=4),
    }
    sheet.legend(handles, "lower right")
    return sheet.done()


def _write_title(axes: Axes, outcome: str, by: str, gains: dict[str, dict[str, Any]]) -> None:
    """Title of a panel, and the note below it."""
    title = {
        ("watch", "share"): "watch fraction",
        ("watch", "predicted"): "watch fraction, by tenths",
        ("all", "chain"): "rates overall",
        ("session", "share"): "posts per session",
        ("stop", "watch fraction"): "end of session",
    }.get((outcome, by), shown(outcome, _LONGEST))
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", pad=17)
    row = gains.get(outcome)
    note = "watching simulated, too" if by == "chain" else "given how far each was watched"
    if by == "predicted":
        note = "dots on the line: right on average"
    elif outcome == "session":
        note = "sessions that are known to have ended"
    elif row is not None and row["gain"] is not None:
        note = f"gain {_short_number(row['gain'])} ± {_short_number(2 * row['standard_error'])} per row"
    style.write_note(axes, 0, 1.04, note)


def _draw_bars(axes: Axes, part: pl.DataFrame, outcome: str) -> None:
    """A bar per bin of the observed, and the simulated on it."""
    low, high = column_arrays(part, "low", "high")
    if outcome == "session":
        at, width = np.arange(low.size, dtype=np.float64), np.full(low.size, 0.9)
        axes.set_xticks(
            at, [f"{a:.0f}" if b - a == 1 else f"{a:.0f}–" for a, b in zip(low, high, strict=True)]
        )
        axes.set_xlabel("posts (3–: from 3 on)", fontsize=8.5)
    else:
        at, width = (low + high) / 2, 0.9 * (high - low)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.5, 1], ["0", "½", "1"])
        axes.set_xlabel("watch fraction", fontsize=8.5)
    (observed,) = column_arrays(part, "observed")
    axes.bar(at, observed, width, color=PALE, edgecolor=MUTED, linewidth=0.6)
    middle, least, most = column_arrays(part, "simulated", "simulated_low", "simulated_high")
    axes.plot(at, middle, color=ACCENT, linewidth=1, alpha=0.5)
    axes.vlines(at, least, most, color=ACCENT, linewidth=2)
    axes.scatter(at, middle, color=ACCENT, s=15, zorder=3)
    top = float(part.select(pl.max_horizontal("observed", "simulated_high").max()).item())
    axes.set_ylim(0, 1.08 * top if top > 0 else 1)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))


def _draw_deciles(axes: Axes, part: pl.DataFrame, _: str) -> None:
    """Mean simulated against mean observed, with the line on which they are equal."""
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
    simulated, observed = column_arrays(part, "simulated", "observed")
    axes.scatter(simulated, observed, color=ACCENT, s=22, zorder=3)
    ticks = [0, 0.5, 1], ["0", "½", "1"]
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_xticks(*ticks)
    axes.set_yticks(*ticks)
    axes.set_xlabel("mean simulated", fontsize=8.5)
    axes.set_ylabel("mean observed", fontsize=8.5)


def _draw_rates(axes: Axes, part: pl.DataFrame, _: str) -> None:
    """A row per reaction: a grey square is the observed rate, red the simulated one."""
    names = part.get_column("outcome").to_list()
    at = np.arange(len(names))[::-1]
    observed, simulated = column_arrays(part, "observed", "simulated")
    known = np.concatenate([observed, simulated])
    known = known[known > 0] if known.any() else np.array([0.01])
    start, end = float(known.min()) / 2, 2 * float(known.max())
    low, high = column_arrays(part, "simulated_low", "simulated_high")
    axes.hlines(at, start, end, color=PALE, linewidth=0.6, zorder=0)
    square: dict[str, Any] = {
        "marker": "s",
        "color": PALE,
        "edgecolor": MUTED,
        "linewidth": 0.6,
        "s": 90,
    }
    axes.scatter(observed, at, **square)
    axes.hlines(at, np.maximum(low, start), high, color=ACCENT, linewidth=2, zorder=3)
    axes.scatter(simulated, at, color=ACCENT, s=15, zorder=3)
    axes.set_yticks(at, shown_all(names, _LONGEST))
    axes.set_xlim(start, end)  # before the scale, for rates of zero alone have no place on it
    axes.set_xscale("log")
    axes.set_ylim(-0.6, at.size - 0.4)
    style.format_ticks(axes.xaxis, "{:.4g} %", 100)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("of the posts shown", fontsize=8.5)


def _short_number(value: float) -> str:
    return f"{value:.2g}".replace("-", "−")


_DRAWN_BY = {
    "share": _draw_bars,
    "watch fraction": _draw_bars,
    "predicted": _draw_deciles,
    "chain": _draw_rates,
}
