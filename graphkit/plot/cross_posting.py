"""Figure of cross-posts: what their demotion costs whom, and what a second platform brings."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from graphkit.attribution import CrossPostDemotion, TwoPlatforms
from graphkit.errors import DataError
from graphkit.measures.intervals import HIGHER, LOWER
from graphkit.plot import style
from graphkit.plot.labels import shown
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE, Canvas, Place, Width

__all__ = ["cross_posting"]

#: Height of a line of the legend, as a share of the panel.
LEGEND_LINE = 0.065
#: Panels of the demotion: title, of, measure, and the look of each group.
_PANELS: tuple[tuple[str, str, dict[tuple[str, str], tuple[str, str, str]]], ...] = (
    (
        "Reach of posts",
        "posts",
        {
            ("reach", "cross-posts"): ("cross-posts", ACCENT, "D"),
            ("reach", "other posts"): ("other posts", BASE, "o"),
        },
    ),
    (
        "Rewards of creators",
        "creators",
        {
            ("rewards", "small creators, most cross-posted"): (
                "small, most cross-posted",
                ACCENT,
                "D",
            ),
            ("rewards", "large creators, most cross-posted"): (
                "large, most cross-posted",
                INK,
                "s",
            ),
            ("rewards", "small creators, none cross-posted"): (
                "small, none cross-posted",
                BASE,
                "o",
            ),
            ("rewards", "large creators, none cross-posted"): (
                "large, none cross-posted",
                MUTED,
                "^",
            ),
        },
    ),
    (
        "Viewers",
        "viewers",
        {
            ("viewer_value", "all viewers"): ("watch fraction", BASE, "o"),
            ("completion", "all viewers"): ("completion rate", ACCENT, "D"),
        },
    ),
)
_STRATEGIES = {
    "first only": (MUTED, "^"),
    "second only": (INK, "s"),
    "cross-posted": (ACCENT, "D"),
    "originals on both": (BASE, "o"),
}


def cross_posting(
    found: CrossPostDemotion,
    platforms: TwoPlatforms | None = None,
    *,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Changes by the demotion over its weight, and what a second platform adds for creators.

    Three panels: the change of the reach of posts, of the rewards of creators, and of what viewers
    get, in per cent of what it is without demotion, over the strength of the weight, with intervals.
    Marks are filled where a direction is claimed. A dotted line is the feed's own weight. With
    `platforms`, a fourth panel has the distinct viewers of a post by strategy, with intervals, for
    every group of creators.

    Parameters
    ----------
    found
        Result of :func:`graphkit.attribution.cross_post_demotion`.
    platforms
        Result of :func:`graphkit.attribution.two_platforms`.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("cross_posting", found, CrossPostDemotion, "attribution.cross_post_demotion")
    if platforms is not None:
        style.require_type("cross_posting", platforms, TwoPlatforms, "attribution.two_platforms")
    if not found.frame.height:
        raise DataError("plot.cross_posting: the result has no weight below 0.")
    count = len(_PANELS) + (platforms is not None)
    sheet, panels = style.open_sheet("cross_posting", 3.9 * count, 4.6, count, ax=ax, on=width)
    weights = found.frame.get_column("weight").unique().sort(descending=True).to_list()
    for axes, (title, of, looks) in zip(panels, _PANELS, strict=False):
        _draw_changes(axes, found.frame.filter(of=of), looks, weights)
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold", pad=8)
        if found.own_weight in weights:
            own = weights.index(found.own_weight)
            axes.axvline(own, color=MUTED, linewidth=1, linestyle=":", zorder=0)
    panels[0].set_ylabel("change by the demotion, per cent", fontsize=9)
    if platforms is not None:
        _draw_strategies(sheet, platforms)
    title = f"{shown(found.feed)}: demotion of cross-posts"
    title += "" if found.audience == "all" else ", for viewers who do not follow the author"
    sheet.title(title)
    interval = found.frame.get_column("interval")[0]
    bounded = found.frame.get_column("percent_low").drop_nulls().len() > 0
    notes = [
        f"bars: confidence intervals {interval}" if bounded else "",
        "in per cent of no demotion",
        "filled: a direction is claimed",
        "dotted: the feed's own weight" if found.own_weight in weights else "",
        "most: half of a creator's posts or more",
    ]
    if platforms is not None:
        notes.append(f"on the second platform: {shown(platforms.second)}")
    calibrated = found.calibrated and (platforms is None or platforms.calibrated)
    style.foot(sheet, *notes, calibrated=calibrated)
    return sheet.done()


def _draw_changes(
    axes: Axes,
    frame: pl.DataFrame,
    looks: dict[tuple[str, str], tuple[str, str, str]],
    weights: list[float],
) -> None:
    """Changes in per cent over the weights, at equal steps, the groups beside each other."""
    offsets = (np.arange(len(looks)) - (len(looks) - 1) / 2) * 0.14
    handles = {}
    for offset, ((measure, group), look) in zip(offsets.tolist(), looks.items(), strict=True):
        name, colour, marker = look
        rows = frame.filter(measure=measure, group=group).drop_nulls("percent")
        at = [weights.index(weight) + offset for weight in rows.get_column("weight").to_list()]
        values = rows.get_column("percent").to_list()
        axes.plot(at, values, color=colour, linewidth=0.9, alpha=0.6)
        for x, row in zip(at, rows.iter_rows(named=True), strict=True):
            if row["percent_low"] is not None:
                axes.vlines(x, row["percent_low"], row["percent_high"], color=colour, linewidth=1.6)
            told = row["direction"] in (HIGHER, LOWER)
            face = colour if told else "white"
            axes.plot([x], [row["percent"]], **_mark(colour, marker), markerfacecolor=face)
        handles[name] = Line2D([], [], **_mark(colour, marker))
    axes.axhline(0, color=MUTED, linewidth=0.8, zorder=0)
    axes.set_xticks(range(len(weights)), [f"{w:g}".replace("-", "−") for w in weights], fontsize=8)
    axes.set_xlabel("weight of cross-posts", fontsize=9)
    style.format_ticks(axes.yaxis, "{:+g}")
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, color=MUTED, labelcolor=INK)
    axes.margins(y=0.1)
    low, high = axes.get_ylim()
    # nothing falls by more than all: what a t interval has beyond is not drawn
    low = max(low, -108)
    # room for the legend, a line a group, above the highest bar
    axes.set_ylim(low, low + (high - low) / (1 - LEGEND_LINE * (len(handles) + 0.5)))
    style.name_in_legend(axes, handles)


def _draw_strategies(sheet: style.Sheet, platforms: TwoPlatforms) -> None:
    """Distinct viewers per post by group and strategy."""
    axes, frame = sheet.axes[-1], platforms.frame.filter(measure="viewers")
    groups = frame.get_column("group").unique(maintain_order=True).to_list()
    offsets = (np.arange(len(_STRATEGIES)) - (len(_STRATEGIES) - 1) / 2) * 0.17
    for offset, (strategy, (colour, marker)) in zip(
        offsets.tolist(), _STRATEGIES.items(), strict=True
    ):
        for row in frame.filter(strategy=strategy).drop_nulls("mean").iter_rows(named=True):
            y = groups.index(row["group"]) + offset
            if row["low"] is not None:
                axes.hlines(y, row["low"], row["high"], color=colour, linewidth=1.6)
            axes.plot([row["mean"]], [y], **_mark(colour, marker))
    axes.set_yticks(range(len(groups)), [group.replace(" ", "\n") for group in groups], fontsize=8)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.hlines(
        np.arange(len(groups) - 1) + 0.5, 0, 1, color=PALE, transform=axes.get_yaxis_transform()
    )
    axes.set_xlabel("distinct viewers per post", fontsize=9)
    axes.set_title(
        "Two platforms: viewers of a post", loc="left", fontsize=10, fontweight="bold", pad=8
    )
    axes.tick_params(labelsize=8, color=MUTED, labelcolor=INK)
    handles = {name: Line2D([], [], **_mark(*look)) for name, look in _STRATEGIES.items()}
    style.name_in_legend(axes, handles, outside=sheet)


def _mark(colour: str, marker: str) -> dict[str, Any]:
    return {"color": colour, "marker": marker, "markersize": 5, "linestyle": ""}
