"""Figures of incomes and of the economy: payout schemes by feed."""

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
from graphkit.measures.economy import Economy
from graphkit.measures.income import Income
from graphkit.measures.intervals import OVER_POPULATIONS, OVER_SAMPLES, WITHIN_WORLD
from graphkit.plot import style
from graphkit.plot.labels import shown, shown_all
from graphkit.plot.spread import Colour, arm_colours
from graphkit.plot.style import INK, MUTED, PALE, Canvas, Place, Width

__all__ = ["economy", "income"]

#: Measures of the panels, and their titles.
_PANELS = {
    "income_gini": "Gini coefficient of income",
    "living_share": "creators with a living",
    "income_small_share": "income of the half with\nfewest followers",
}
#: The same of the figure of an economy, by budget: the last is of the long term.
_OF_ECONOMY = {
    "income_gini": "Gini coefficient of income",
    "small_kept_share": "small creators\nwho keep posting",
    "viewer_value": "viewer value\n(mean watch fraction)",
    "kept_sessions": "sessions per account\nand tick",
    "long_term_value": "propensity to stay\nafter a session",
}
#: Markers of the arms, so that they do not differ by colour alone.
_MARKERS = "oDs^vPX*<>"


def income(
    found: Income | Iterable[Income],
    *,
    confidence: float = 0.95,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
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
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
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
    looks = _looks(arms)
    filled = _filled_arms(means[0])
    sheet, panels = style.open_sheet(
        "income", 11.0, 2.3 + 0.16 * len(names) * (len(arms) + 2), len(_PANELS), ax=ax, on=width
    )
    for axes, (measure, title) in zip(panels, _PANELS.items(), strict=True):
        for row, frame in enumerate(means):
            _draw_scheme(axes, frame.filter(measure=measure), row, looks, filled)
        _finish_panel(axes, title, len(names))
    for axes in panels[1:]:
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        style.format_ticks(axes.xaxis, "{:.0f} %", 100)
    _name_rows(sheet, names)
    panels[2].axvline(0.5, color=MUTED, linewidth=1, linestyle=":", zorder=0)
    style.name_in_legend(panels[2], _handles(looks, filled), outside=sheet)
    notes = [
        f"a living: {first.living:g} of the mean income under {shown(first.baseline)}",
        "dotted: as if followers did not matter",
        _bars_text(means[0], confidence),
        f"hollow: more than {FILLER_LIMIT:.0%} filler, nothing is claimed" if filled else "",
    ]
    style.foot(sheet, *notes, calibrated=style.all_calibrated(first.outcome))
    return sheet.done()


def economy(found: Economy, *, ax: Place | None = None, width: Width = "page") -> Canvas:
    """Feeds by payout schemes: inequality of income, survival of small creators, viewer value.

    One row per payout scheme, one dot per arm with its confidence interval; the last panel is the
    long term. Measures that the budget does not allow have no panel. Hollow dots are arms whose
    impressions are filler in more than 25 %. Arms and schemes share their worlds, so two can differ
    although their intervals overlap: see :attr:`graphkit.measures.Economy.contrasts`.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.economy`.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("economy", found, Economy, "measures.economy")
    names, frame = list(found.payouts), found.frame
    arms = frame.get_column("arm").unique(maintain_order=True).to_list()
    looks = _looks(arms)
    known = frame.drop_nulls("mean")
    measures = [m for m in _OF_ECONOMY if known.filter(measure=m).height]
    height = 2.3 + 0.16 * len(names) * (len(arms) + 2)
    sheet, panels = style.open_sheet(
        "economy", 3.2 * len(measures) + 1.6, height, len(measures), ax=ax, on=width
    )
    above = frame.filter(pl.col("filler") > FILLER_LIMIT)
    for axes, measure in zip(panels, measures, strict=True):
        for row, name in enumerate(names):
            rows = known.filter(measure=measure, payout=name)
            filled = set(above.filter(payout=name).get_column("arm"))
            _draw_scheme(axes, rows, row, looks, filled)
        _finish_panel(axes, _OF_ECONOMY[measure], len(names), whole=measure == "income_gini")
    _name_rows(sheet, names)
    hollow = set(above.get_column("arm"))
    style.name_in_legend(panels[-1], _handles(looks, hollow), outside=sheet)
    budget = frame.get_column("budget")[0]
    notes = [
        f"budget {budget}; small creators: the fifth with fewest followers"
        if budget == "free"
        else "budget matched: creators respond to nothing",
        _bars_text(known, found.confidence),
        f"hollow: more than {FILLER_LIMIT:.0%} filler, nothing is claimed" if hollow else "",
    ]
    style.foot(sheet, *notes, calibrated=style.all_calibrated(frame))
    return sheet.done()


def _looks(arms: list[str]) -> dict[str, tuple[Colour, str]]:
    """Colour and marker of each arm."""
    return {
        arm: (colour, _MARKERS[i % len(_MARKERS)])
        for i, (arm, colour) in enumerate(arm_colours(arms).items())
    }


def _name_rows(sheet: style.Sheet, names: list[str]) -> None:
    """Names of the payout schemes, at the first panel only unless they lie below each other."""
    for axes in sheet.axes:
        first = sheet.narrow or axes is sheet.axes[0]
        axes.set_yticks(range(len(names)), shown_all(names) if first else [""] * len(names))


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


def _finish_panel(axes: Axes, title: str, rows: int, *, whole: bool = True) -> None:
    """Title, rows, and the axis of shares: `whole`, or where the values are."""
    if whole:
        axes.set_xlim(-0.03, 1.03)
    else:
        axes.margins(x=0.12)
        axes.autoscale_view(scaley=False)
    low, high = (0, 1) if whole else axes.get_xlim()
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
    axes.hlines(np.arange(rows - 1) + 0.5, low, high, color=PALE, linewidth=0.8, zorder=0)
    axes.set_xlim(*axes.get_xlim() if whole else (low, high))
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
