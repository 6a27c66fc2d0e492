"""Figures of harm: how flagged communities are hosted, and what interventions avoid and cost."""

from __future__ import annotations

from typing import Any

import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from graphkit.data.spread import FILLER_LIMIT
from graphkit.errors import MissingDataError
from graphkit.measures.harm import HOSTING, HostingOfFlagged
from graphkit.measures.intervention_costs import InterventionCosts
from graphkit.plot import style
from graphkit.plot.labels import shown, told_apart
from graphkit.plot.spread import arm_colours
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE, Canvas, Place, Width

__all__ = ["hosting_of_flagged", "intervention_costs"]

#: Panels of the costs: title, label, and factor of the values.
_PANELS = {
    "viewer_value": ("Viewer value\n(watch fraction)", "change (percentage points)", 100.0),
    "hosting_unflagged": (
        "Within-community reach of\nunflagged communities",
        "change (percentage points)",
        100.0,
    ),
    "bystander_reach": (
        "Reach of unflagged posts\nof flagged communities",
        "change (accounts per post)",
        1.0,
    ),
}
#: Markers of the arms, so that they do not differ by colour alone.
_MARKERS = "oDs^vPX*<>"


def hosting_of_flagged(
    found: HostingOfFlagged, *, ax: Place | None = None, width: Width = "page"
) -> Canvas:
    """Hosting of flagged communities against others of their size, feed by feed.

    On the left the mean within-community reach of the flagged communities (red) and of their
    controls (blue); on the right the difference, paired by world, with its interval. The grey bar
    is the margin of equivalence; beside it stands what both tests say.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.hosting_of_flagged`.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("hosting_of_flagged", found, HostingOfFlagged, "measures.hosting_of_flagged")
    rows = found.frame.filter(pl.col("difference").is_not_null(), measure=HOSTING[0])
    if not rows.height:
        raise MissingDataError("no arm has a difference in hosting: there is nothing to draw.")
    sheet, (left, right) = style.open_sheet(
        "hosting_of_flagged", 10.0, 2.4 + 0.5 * rows.height, 2, ax=ax, on=width
    )
    marks: dict[str, Artist] = {}
    for at, row in enumerate(rows.iter_rows(named=True)):
        left.hlines(at, row["flagged"], row["unflagged"], color=PALE, linewidth=3, zorder=1)
        for name, colour, marker in (("unflagged", BASE, "D"), ("flagged", ACCENT, "o")):
            marks[name] = left.scatter(
                [row[name]], [at], color=[colour], marker=marker, s=46, zorder=3
            )
        margin = found.margin * row["unflagged"]
        right.fill_betweenx([at - 0.42, at + 0.42], -margin, margin, color=PALE, linewidth=0)
        if row["low"] is not None:
            right.hlines(at, row["low"], row["high"], color=INK, linewidth=1.8, alpha=0.7)
        right.scatter([row["difference"]], [at], color=[INK], s=40, zorder=3)
        right.annotate(
            row["verdict"] or "not tested",
            (1.02, at),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8.5,
            color=MUTED,
        )
    right.axvline(0, color=MUTED, linewidth=1, zorder=1)
    names = told_apart(rows.get_column("arm").to_list())
    left.set_yticks(range(rows.height), names)
    right.set_yticks(range(rows.height), names if sheet.narrow else [""] * rows.height)
    for axes, label in (
        (left, "within-community reach"),
        (right, "flagged − unflagged\n(percentage points)"),
    ):
        axes.set_ylim(rows.height - 0.5, -1.5)  # room for the legend
        axes.set_xlabel(label)
        axes.tick_params(colors=MUTED, labelcolor=INK)
        axes.tick_params(axis="y", length=0)
        axes.margins(x=0.12)
    left.set_xlim(left=0)
    style.format_ticks(left.xaxis, "{:.0f} %", 100)
    style.format_ticks(right.xaxis, "{:+.3g}", 100)
    named = {
        f"{found.threshold:.0%} flagged posts or more": marks["flagged"],
        "others of like size": marks["unflagged"],
    }
    style.name_in_legend(left, named)
    style.head(left, "Hosting of\nflagged communities")
    style.head(right, "Difference")
    bounds = rows.drop_nulls("low").height
    style.foot(
        sheet,
        f"bars: confidence intervals {rows.item(0, 'interval')}" if bounds else "",
        f"grey: ±{found.margin:.0%} of the hosting of the others, the margin of equivalence",
        "verdicts adjusted for the number of arms (Holm)" if rows.height > 1 else "",
        calibrated=style.all_calibrated(rows),
    )
    return sheet.done()


def intervention_costs(
    found: InterventionCosts, *, ax: Place | None = None, width: Width = "page"
) -> Canvas:
    """Flagged exposure that interventions avoid, against three costs, with intervals.

    To the right, less flagged exposure; below the line, a loss. One dot per arm with both
    intervals; hollow dots are of arms in which filler forbids a direction.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.intervention_costs`.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type(
        "intervention_costs", found, InterventionCosts, "measures.intervention_costs"
    )
    exposure = found.frame.filter(pl.col("difference").is_not_null(), measure="flagged_exposure")
    pairs = exposure.select("baseline", "arm").rows()
    if not pairs:
        raise MissingDataError("no arm has a change in flagged exposure: there is nothing to draw.")
    arms = [arm for _, arm in pairs]
    labels = [arm if arms.count(arm) == 1 else f"{arm} (against {base})" for base, arm in pairs]
    looks = list(zip(arm_colours(labels).values(), _MARKERS * (len(pairs) // 10 + 1), strict=False))
    sheet, panels = style.open_sheet("intervention_costs", 13.0, 4.4, len(_PANELS), ax=ax, on=width)
    handles: dict[str, Artist] = {}
    hollow = False
    for axes, (measure, (title, label, scale)) in zip(panels, _PANELS.items(), strict=True):
        for (base, arm), (colour, marker) in zip(pairs, looks, strict=True):
            x = exposure.row(
                by_predicate=(pl.col("baseline") == base) & (pl.col("arm") == arm), named=True
            )
            kept = found.frame.filter(baseline=base, arm=arm, measure=measure)
            y = kept.row(0, named=True)
            filled = y["filler"] > FILLER_LIMIT
            hollow |= filled
            if y["difference"] is None:
                continue
            _draw_cross(axes, x, y, scale, colour)
            inside = "white" if filled else colour
            axes.plot(
                [-100 * x["difference"]],
                [scale * y["difference"]],
                color=colour,
                marker=marker,
                markerfacecolor=inside,
                markersize=7,
                linestyle="",
                zorder=3,
            )
        axes.axhline(0, color=MUTED, linewidth=1, zorder=0)
        axes.axvline(0, color=PALE, linewidth=1, zorder=0)
        style.head(axes, title)
        axes.set_xlabel("flagged exposure avoided\n(percentage points)")
        axes.set_ylabel(label)
        axes.tick_params(colors=MUTED, labelcolor=INK)
        axes.margins(0.12)
        for axis in (axes.xaxis, axes.yaxis):
            style.format_ticks(axis, "{:+.3g}")
    several = {arm for arm in arms if arms.count(arm) > 1}
    names = dict(zip(dict.fromkeys(arms), told_apart(list(dict.fromkeys(arms))), strict=True))
    drawn = [
        f"{names[arm]} (against {shown(base, 24)})" if arm in several else names[arm]
        for base, arm in pairs
    ]
    for at, (text, (colour, marker)) in enumerate(zip(drawn, looks, strict=True), 1):
        text = text if drawn.count(text) == 1 else f"{text} ({at})"
        look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 7}
        handles[text] = Line2D([], [], linestyle="", **look)
    style.name_in_legend(panels[-1], handles, outside=sheet)
    known = exposure.drop_nulls("low")
    style.foot(
        sheet,
        f"bars: confidence intervals {known.item(0, 'interval')}" if known.height else "",
        f"hollow: more than {FILLER_LIMIT:.0%} filler, nothing is claimed" if hollow else "",
        calibrated=style.all_calibrated(exposure),
    )
    return sheet.done()


def _draw_cross(
    axes: Axes, x: dict[str, float | None], y: dict[str, float | None], scale: float, colour: object
) -> None:
    """The intervals of both differences."""
    across, up = x["difference"], y["difference"]
    assert across is not None
    assert up is not None
    options: dict[str, Any] = {"color": colour, "linewidth": 1.6, "alpha": 0.6}
    if x["low"] is not None and x["high"] is not None:
        axes.plot([-100 * x["low"], -100 * x["high"]], [scale * up] * 2, **options)
    if y["low"] is not None and y["high"] is not None:
        axes.plot([-100 * across] * 2, [scale * y["low"], scale * y["high"]], **options)
