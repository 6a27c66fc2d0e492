"""Figure of incomes: how payout schemes distribute one total, by feed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from graphkit.data.spread import FILLER_LIMIT
from graphkit.errors import DataError
from graphkit.measures.contrast import arm_means
from graphkit.measures.income import Income
from graphkit.measures.intervals import OVER_POPULATIONS, OVER_SAMPLES, WITHIN_WORLD
from graphkit.plot import style
from graphkit.plot.spread import Colour, arm_colours
from graphkit.plot.style import INK, MUTED, PALE, Canvas, blank_canvas, shown, shown_all

__all__ = ["income"]

#: Measures of the panels, and their titles.
_PANELS = {
    "income_gini": "Gini coefficient of income",
    "living_share": "creators with a living",
    "income_small_share": "income of the half with\nfewest followers",
}
#: Markers of the arms, so that they do not differ by colour alone.
_MARKERS = "oDs^vPX*<>"


def income(found: Income | Iterable[Income], *, confidence: float = 0.95) -> Canvas:
    """Inequality of income, share of creators with a living, and what small creators get.

    One row per payout scheme, one dot per arm with its confidence interval. Hollow dots are arms
    whose impressions are filler in more than 25 %: what they show is partly that of the filler.
    Arms share their worlds, so two can differ although their intervals overlap: see
    :func:`graphkit.contrast`.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.income`, or several, of the same spread and baseline
        under several payout schemes.
    confidence
        Confidence level of the intervals.
    """
    several = [found] if isinstance(found, Income) else _listed(found)
    for one in several:
        style.require_type("income", one, Income, "measures.income")
    if not several:
        raise DataError("plot.income needs at least one result of measures.income.")
    names = [one.payout.name for one in several]
    first = several[0]
    filler = first.outcome.filter(measure="filler")
    for one in several:
        same = (one.baseline, one.living) == (first.baseline, first.living)
        if not same or not one.outcome.filter(measure="filler").equals(filler):
            raise DataError(
                "incomes of several spreads, baselines or livings cannot be drawn together."
            )
    if len(set(names)) < len(names):
        raise DataError("plot.income: a payout scheme occurs twice.")
    means = [arm_means(one.outcome, confidence=confidence) for one in several]
    arms = first.frame.get_column("arm").unique(maintain_order=True).to_list()
    looks = {
        arm: (colour, _MARKERS[i % len(_MARKERS)])
        for i, (arm, colour) in enumerate(arm_colours(arms).items())
    }
    filled = _filled_arms(means[0])
    figure, panels = blank_canvas(11.0, 2.3 + 0.16 * len(names) * (len(arms) + 2), len(_PANELS))
    for axes, (measure, title) in zip(panels, _PANELS.items(), strict=True):
        for row, frame in enumerate(means):
            _draw_scheme(axes, frame.filter(measure=measure), row, looks, filled)
        _finish_panel(axes, title, len(names))
    for axes in panels[1:]:
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        style.format_ticks(axes.xaxis, "{:.0f} %", 100)
    panels[0].set_yticks(range(len(names)), shown_all(names))
    for axes in panels[1:]:
        axes.set_yticks(range(len(names)), [""] * len(names))
    panels[2].axvline(0.5, color=MUTED, linewidth=1, linestyle=":", zorder=0)
    style.name_in_legend(panels[2], _handles(looks, filled), outside=True)
    notes = [
        f"a living: {first.living:g} of the mean income under {shown(first.baseline)}",
        "dotted: as if followers did not matter",
        _bars_text(means[0], confidence),
        f"hollow: more than {FILLER_LIMIT:.0%} filler, nothing is claimed" if filled else "",
    ]
    style.foot(figure, *notes, calibrated=style.all_calibrated(first.outcome))
    return figure


def _listed(found: object) -> list[Income]:
    if not isinstance(found, Iterable) or isinstance(found, str):
        style.require_type("income", found, Income, "measures.income")
        return []
    return list(found)


def _filled_arms(means: pl.DataFrame) -> set[str]:
    """Arms with more filler than allows a direction."""
    above = means.filter(pl.col("mean") > FILLER_LIMIT, measure="filler")
    return set(above.get_column("arm"))


def _draw_scheme(
    axes: Axes,
    means: pl.DataFrame,
    row: int,
    looks: dict[str, tuple[Colour, str]],
    filled: set[str],
) -> None:
    """The dots and intervals of one scheme, arms below each other."""
    step = 0.62 / max(len(looks), 2)
    offsets = (np.arange(len(looks)) - (len(looks) - 1) / 2) * step
    for (arm, (colour, marker)), offset in zip(looks.items(), offsets, strict=True):
        (mean, low, high) = means.filter(arm=arm).select("mean", "low", "high").row(0)
        if mean is None:
            continue
        if low is not None:
            axes.hlines(row + offset, low, high, color=colour, linewidth=1.8, alpha=0.7)
        axes.plot([mean], [row + offset], **_dot(colour, marker, hollow=arm in filled))


def _dot(colour: Colour, marker: str, *, hollow: bool) -> dict[str, Any]:
    """Properties of a dot, which is hollow where filler is too large a part."""
    inside = "white" if hollow else colour
    return {
        "color": colour,
        "marker": marker,
        "markersize": 6,
        "markerfacecolor": inside,
        "linestyle": "",
    }


def _finish_panel(axes: Axes, title: str, rows: int) -> None:
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
    axes.hlines(np.arange(rows - 1) + 0.5, 0, 1, color=PALE, linewidth=0.8, zorder=0)
    axes.tick_params(colors=MUTED, labelcolor=INK)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _handles(looks: dict[str, tuple[Colour, str]], filled: set[str]) -> dict[str, Artist]:
    names = shown_all(looks)
    # names may be drawn alike
    names = [x if names.count(x) == 1 else f"{x} ({at})" for at, x in enumerate(names, 1)]
    return {
        name: Line2D([], [], **_dot(colour, marker, hollow=arm in filled))
        for name, (arm, (colour, marker)) in zip(names, looks.items(), strict=True)
    }


def _bars_text(means: pl.DataFrame, confidence: float) -> str:
    """What the bars are; nothing where there are none."""
    known = means.drop_nulls(["low", "high"])
    if not known.height:
        return ""
    interval, worlds, replications = known.select("interval", "worlds", "replications").row(0)
    units = {
        OVER_POPULATIONS: f"{worlds} worlds",
        OVER_SAMPLES: f"{worlds - 1} groups",
        WITHIN_WORLD: f"{replications} replications",
    }
    return f"bars: {confidence:.0%} confidence intervals {interval} ({units[interval]})"
