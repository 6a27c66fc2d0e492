"""Figure of answers: delays observed and fitted, depth of chains, and who answers whom."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from graphkit.errors import OptionError, check_integer
from graphkit.measures.answers import AnswersCompared, AnswerTrees
from graphkit.measures.mixing import Mixing
from graphkit.plot import style
from graphkit.plot.labels import shown, shown_all, write_beside
from graphkit.plot.spread import Colour, arm_colours
from graphkit.plot.style import INK, MUTED, PALE, Canvas, Place, Width

__all__ = ["answers"]

#: Sides of a figure, at most.
MOST_SIDES = 4
#: log₂ ratios beyond this are drawn in the last colour.
MOST = 3.0
#: The deepest chains are drawn in one bar.
DEEPEST = 6
_PLACES = 200
#: Ticks of days.
DECADES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


def answers(
    found: AnswerTrees | AnswersCompared,
    *,
    top: int = 12,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Delays, depth of the chains, and who answers whom, of one source or of several.

    Delays: share of the answers within so many days, observed (steps) and as the fit expects it
    in the same windows (dashed). Depth: share of the trees by the length of their longest chain.
    Matrices, one per side with communities: log₂ of observed over expected answers, from the
    community of the answerer (rows) to that of the one answered (columns); red is more than
    under independence, blue less, and hatched cells have an expectation below 5.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.answers` or :func:`graphkit.measures.compare_answers`,
        at most four sides.
    top
        Communities shown, the first of the partition.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    top = check_integer("top", top, 1)
    if isinstance(found, AnswersCompared):
        sides: Mapping[str, AnswerTrees] = found.sides
    else:
        style.require_type("answers", found, AnswerTrees, "graphkit.measures.answers")
        sides = {found.arm or "observed": found}
    if len(sides) > MOST_SIDES:
        raise OptionError(f"{len(sides)} sides are compared: at most {MOST_SIDES} can be drawn.")
    mixed = {name: side.mixing for name, side in sides.items() if side.mixing is not None}
    sheet, axes = style.open_sheet(
        "answers", 3.6 * (2 + len(mixed)) + 0.6, 4.2, 2 + len(mixed), ax=ax, on=width
    )
    colours = arm_colours(list(sides))
    _draw_delays(axes[0], sides, colours)
    _draw_depths(axes[1], sides, colours)
    limit = min(MOST, max([0.5, *(_largest(panel, top) for panel in mixed.values())]))
    image = None
    masked = False
    for at, (name, panel) in zip(axes[2:], mixed.items(), strict=True):
        image, hatched = _draw_mixing(at, panel, name if len(sides) > 1 else "", top, limit)
        masked |= hatched
    if image is not None:
        sheet.colorbar(image, axes[-1], "log₂ (observed / expected)")
    fitted = any(side.delays.fitted for side in sides.values())
    told = {t for side in sides.values() for t in side.frame["interval"].drop_nulls().unique()}
    notes = [
        "dashed: lognormal fit, in the windows of the data" if fitted else "no lognormal fit",
        f"thick bars: intervals {'; '.join(sorted(told))}" if told else "",
        "hatched: fewer than 5 answers expected" if masked else "",
    ]
    style.foot(sheet, *notes, calibrated=all(side.calibrated for side in sides.values()))
    return sheet.done()


def _draw_delays(
    axes: Axes, sides: Mapping[str, AnswerTrees], colours: Mapping[str, Colour]
) -> None:
    lines: dict[str, Artist] = {}
    for name, side in sides.items():
        fit = side.delays
        known = np.sort(fit.delays)
        if not known.size:
            continue
        least = max(float(known[0]), fit.width / 2, 1e-3)
        days = np.concatenate([[least], np.maximum(known, least)])
        share = np.arange(known.size + 1) / known.size
        (lines[shown(name, 24)],) = axes.step(
            days, share, where="post", color=colours[name], linewidth=1.8
        )
        if fit.fitted:
            smooth = np.geomspace(least, max(float(known[-1]), 2 * least), _PLACES)
            expected = fit.expected(smooth)
            axes.plot(smooth, expected, color=colours[name], linestyle="--", linewidth=1.4)
        _draw_intervals(axes, side, colours[name])
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    style.format_ticks(axes.yaxis, "{:.0f} %", 100)
    low, high = axes.get_xlim()
    decades = [t for t in DECADES if low <= t <= high]
    axes.set_xticks(decades if len(decades) > 1 else [t for t in STEPS if low <= t <= high])
    style.format_ticks(axes.xaxis, "{:g}")
    style.head(axes, "Delays")
    axes.set_xlabel("days from a post to its answer")
    axes.set_ylabel("share of answers within")
    axes.tick_params(colors=MUTED, labelcolor=INK)
    if len(sides) > 1:
        style.name_in_legend(axes, lines)


def _draw_intervals(axes: Axes, side: AnswerTrees, colour: Colour) -> None:
    """Bars of the intervals of the shares within 1, 7, 30 and 90 days."""
    for row in side.frame.drop_nulls("low").iter_rows(named=True):
        part, _, days = row["measure"].partition("_")
        if part == "within" and row["high"] > row["low"]:
            axes.plot(
                [float(days)] * 2, [row["low"], row["high"]], color=colour, linewidth=4, alpha=0.5
            )


def _draw_depths(
    axes: Axes, sides: Mapping[str, AnswerTrees], colours: Mapping[str, Colour]
) -> None:
    width = 0.8 / len(sides)
    deepest = 1
    for k, (name, side) in enumerate(sides.items()):
        rows = side.trees.filter(part="depth").with_columns(
            pl.col("number").clip(upper_bound=DEEPEST)
        )
        depth, share = style.column_arrays(
            rows.group_by("number").agg(pl.col("share").sum()).sort("number"), "number", "share"
        )
        deepest = max(deepest, int(depth.max(initial=1)))
        place = depth + (k - (len(sides) - 1) / 2) * width
        axes.bar(place, share, width=0.92 * width, color=colours[name])
        for x, y in zip(place, share, strict=True) if len(sides) < 3 else ():
            text = f"{100 * y:.3g}"
            write_beside(
                axes, text, (x, y), (0, 2), color=MUTED, fontsize=8, ha="center", va="bottom"
            )
    ticks = range(1, max(deepest, 3) + 1)
    axes.set_xticks(ticks, [f"{x}+" if x == DEEPEST else str(x) for x in ticks])
    axes.set_xlim(0.4, ticks[-1] + 0.6)
    axes.set_ylim(0, 1.1)
    style.format_ticks(axes.yaxis, "{:.0f} %", 100)
    style.head(axes, "Depth of chains")
    axes.set_xlabel("answers from the original to the last")
    axes.set_ylabel("share of answered originals")
    axes.tick_params(colors=MUTED, labelcolor=INK)


def _largest(panel: Mixing, top: int) -> float:
    """Largest finite log₂ ratio that is shown, in size."""
    ratio = panel.log_ratio()[:top, :top]
    return float(np.abs(ratio[np.isfinite(ratio)]).max(initial=0.0))


def _draw_mixing(
    axes: Axes, panel: Mixing, name: str, top: int, limit: float
) -> tuple[AxesImage, bool]:
    labels = shown_all(panel.labels[:top], 18)
    size = len(labels)
    ratio = panel.log_ratio()[:size, :size]
    cells = np.clip(ratio, -limit, limit)
    image = axes.imshow(np.ma.masked_invalid(cells), cmap="RdBu_r", vmin=-limit, vmax=limit)
    hatched = np.argwhere(np.isnan(ratio))
    for row, column in hatched:
        box = {"hatch": "////", "facecolor": "white", "edgecolor": PALE, "linewidth": 0}
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **box))  # type: ignore[arg-type]
    axes.set_xticks(range(size), labels, rotation=90, fontsize=8)
    axes.set_yticks(range(size), labels, fontsize=8)
    axes.set_ylabel("who answers", fontsize=9)
    axes.set_xlabel("who is answered", fontsize=9)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    inside = np.trace(panel.observed) / panel.observed.sum()
    style.head(axes, f"{shown(name, 20)}: {inside:.0%} inside" if name else f"{inside:.0%} inside")
    return image, bool(hatched.size)
