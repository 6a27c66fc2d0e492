"""Held-out accounts, observed and simulated: does the fitted behaviour look like the log?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from graphkit.errors import DataError
from graphkit.plot.style import ACCENT, MUTED, PALE, Canvas, blank_canvas
from graphkit.simulation.calibration import Calibration

__all__ = ["calibration"]

_COLUMNS = 4


def calibration(found: Calibration[Any]) -> Canvas:
    """Small multiples, one per outcome: grey is observed, red is simulated.

    Watching as a distribution, and as means over tenths of what was predicted (dots on the
    line are right on average); the overall rate of each reaction when watching is simulated,
    too; each reaction, and the end of a session, by observed watch fraction; posts per
    session. A red line through a dot spans nine tenths of the draws. Under each title stands
    the gain in held-out log likelihood per row over a fit without any factor, with twice its
    standard error.

    Parameters
    ----------
    found
        Result of :func:`graphkit.simulation.calibrate`.
    """
    if not isinstance(found, Calibration):
        raise DataError(
            f"plot.calibration needs a Calibration, not a {type(found).__name__}: see calibrate."
        )
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
    figure, all_axes = blank_canvas(11.5, 0.7 + 2.45 * rows, len(panels))
    grid = GridSpec(rows, _COLUMNS, figure=figure)
    gains = {row["outcome"]: row for row in found.fit.iter_rows(named=True)}
    for at, (axes, (outcome, by)) in enumerate(zip(all_axes, panels, strict=True)):
        axes.set_subplotspec(grid[at // _COLUMNS, at % _COLUMNS])
        part = frame.filter(by=by) if by == "chain" else frame.filter(outcome=outcome, by=by)
        _DRAW[by](axes, part, outcome)
        _name(axes, outcome, by, gains)
        axes.tick_params(labelsize=8, color=MUTED)
    figure.suptitle(
        f"{len(found.estimated)} of {found.parameters.height} parameters fitted; accounts held "
        "out, as observed and as simulated",
        x=0.01,
        ha="left",
        fontsize=12,
        fontweight="bold",
    )
    handles = [
        Patch(facecolor=PALE, edgecolor=MUTED, label="observed"),
        Line2D([], [], color=ACCENT, marker="o", markersize=4, label="simulated, 90 % of draws"),
    ]
    figure.legend(handles=handles, loc="outside lower right", ncols=2, frameon=False, fontsize=9)
    return figure


def _name(axes: Axes, outcome: str, by: str, gains: dict[str, dict[str, Any]]) -> None:
    title = {
        ("watch", "share"): "watch fraction",
        ("watch", "predicted"): "watch fraction, by tenths",
        ("all", "chain"): "rates overall",
        ("session", "share"): "posts per session",
        ("stop", "watch fraction"): "end of session",
    }.get((outcome, by), outcome)
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", pad=17)
    row = gains.get(outcome)
    note = "watching simulated, too" if by == "chain" else "given how far each was watched"
    if by == "predicted":
        note = "dots on the line: right on average"
    elif outcome == "session":
        note = "sessions that are known to have ended"
    elif row is not None and row["gain"] is not None:
        note = f"gain {_short(row['gain'])} ± {_short(2 * row['standard_error'])} per row"
    axes.text(0, 1.04, note, transform=axes.transAxes, fontsize=8.5, color=MUTED)


def _bars(axes: Axes, part: pl.DataFrame, outcome: str) -> None:
    """A bar per bin, and beside its middle what was simulated."""
    low = part.get_column("low").to_numpy()
    high = part.get_column("high").to_numpy()
    if outcome == "session":
        at, width = np.arange(low.size, dtype=np.float64), np.full(low.size, 0.9)
        axes.set_xticks(at, [_posts(a, b) for a, b in zip(low, high, strict=True)])
        axes.set_xlabel("posts (3–: from 3 on)", fontsize=8.5)
    else:
        at, width = (low + high) / 2, 0.9 * (high - low)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.5, 1], ["0", "½", "1"])
        axes.set_xlabel("watch fraction", fontsize=8.5)
    observed = part.get_column("observed").to_numpy()
    axes.bar(at, observed, width, color=PALE, edgecolor=MUTED, linewidth=0.6)
    _simulated(axes, at, part)
    _percent(axes, float(part.select(pl.max_horizontal("observed", "simulated_high").max()).item()))


def _simulated(axes: Axes, at: Any, part: pl.DataFrame) -> None:
    low, high = (part.get_column(f"simulated_{end}").to_numpy() for end in ("low", "high"))
    middle = part.get_column("simulated").to_numpy()
    axes.plot(at, middle, color=ACCENT, linewidth=1, alpha=0.5)
    axes.vlines(at, low, high, color=ACCENT, linewidth=2)
    axes.scatter(at, middle, color=ACCENT, s=15, zorder=3)


def _diagonal(axes: Axes, part: pl.DataFrame, outcome: str) -> None:
    """Mean simulated against mean observed, with the line on which they are equal."""
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
    axes.scatter(
        part.get_column("simulated").to_numpy(),
        part.get_column("observed").to_numpy(),
        color=ACCENT,
        s=22,
        zorder=3,
    )
    for set_limits, set_ticks in (
        (axes.set_xlim, axes.set_xticks),
        (axes.set_ylim, axes.set_yticks),
    ):
        set_limits(0, 1)
        set_ticks([0, 0.5, 1], ["0", "½", "1"])
    axes.set_xlabel("mean simulated", fontsize=8.5)
    axes.set_ylabel("mean observed", fontsize=8.5)
    del outcome


def _rates(axes: Axes, part: pl.DataFrame, outcome: str) -> None:
    """A row per reaction: a grey square is the observed rate, red the simulated one."""
    names = part.get_column("outcome").to_list()
    at = np.arange(len(names))[::-1]
    rates = {c: part.get_column(c).to_numpy() for c in ("observed", "simulated")}
    known = np.concatenate([*rates.values()])
    known = known[known > 0] if known.any() else np.array([0.01])
    start, end = float(known.min()) / 2, 2 * float(known.max())
    low, high = (part.get_column(f"simulated_{e}").to_numpy() for e in ("low", "high"))
    axes.set_xscale("log")
    axes.hlines(at, start, end, color=PALE, linewidth=0.6, zorder=0)
    axes.scatter(
        rates["observed"], at, marker="s", color=PALE, edgecolor=MUTED, linewidth=0.6, s=90
    )
    axes.hlines(at, np.maximum(low, start), high, color=ACCENT, linewidth=2, zorder=3)
    axes.scatter(rates["simulated"], at, color=ACCENT, s=15, zorder=3)
    axes.set_yticks(at, names)
    axes.set_xlim(start, end)
    axes.set_ylim(-0.6, at.size - 0.4)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g} %"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("of the posts shown", fontsize=8.5)
    del outcome


def _percent(axes: Axes, most: float) -> None:
    axes.set_ylim(0, 1.08 * most if most > 0 else 1)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))


def _posts(low: float, high: float) -> str:
    return f"{low:.0f}" if high - low == 1 else f"{low:.0f}–"


def _short(value: float) -> str:
    return f"{value:.2g}".replace("-", "−")


_DRAW = {"share": _bars, "watch fraction": _bars, "predicted": _diagonal, "chain": _rates}
