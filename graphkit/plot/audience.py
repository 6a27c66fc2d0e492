"""Figure of audiences: what feeds show to each group of accounts, and how they differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from graphkit.errors import MissingDataError, nearest
from graphkit.measures.audience import AudienceExposure
from graphkit.measures.intervals import FILLER, HIGHER, LOWER
from graphkit.plot import style
from graphkit.plot.labels import shown, shown_all, told_apart
from graphkit.plot.spread import Colour, arm_colours
from graphkit.plot.style import INK, MUTED, PALE, Canvas, Place, Width

__all__ = ["audience"]

#: Measures, how they are named, and whether they are shares.
_TITLES = {
    "impressions_per_member": ("posts shown, per member", False),
    "divisive_share": ("divisive posts, share of those shown", True),
    "divisive_per_member": ("divisive posts shown, per member", False),
    "divisive_members": ("members shown a divisive post", True),
    "flagged_share": ("flagged posts, share of those shown", True),
    "flagged_per_member": ("flagged posts shown, per member", False),
    "flagged_members": ("members shown a flagged post", True),
    "watch_fraction": ("mean watch fraction", True),
    "watch_per_member": ("videos watched (sum of fractions), per member", False),
}
#: Markers of the arms, so that they do not differ by colour alone.
_MARKERS = "oDs^vPX*<>"


def audience(
    found: AudienceExposure,
    *,
    measure: str = "flagged_share",
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Exposure of each group under each feed, and its difference from the baseline.

    One row per group with its mean size, one dot per arm with its confidence interval. On the
    right, the paired difference from the baseline; a dot is filled where a direction can be
    claimed, at a false discovery rate over the groups. Arms share their worlds, so that two can
    differ although their intervals on the left overlap.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.audience_exposure`.
    measure
        One of its measures.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("audience", found, AudienceExposure, "graphkit.measures.audience_exposure")
    known = found.levels.get_column("measure").unique(maintain_order=True).to_list()
    if measure not in known:
        raise MissingDataError(
            f"no measure {measure!r} in the result.{nearest(measure, known)} "
            f"Measures: {', '.join(known)}."
        )
    levels = found.levels.filter(measure=measure)
    gaps = found.frame.filter(measure=measure)
    arms = levels.get_column("arm").unique(maintain_order=True).to_list()
    groups = levels.get_column("group").unique(maintain_order=True).to_list()
    looks = {
        arm: (colour, _MARKERS[i % len(_MARKERS)])
        for i, (arm, colour) in enumerate(arm_colours(arms).items())
    }
    columns = 2 if gaps.height else 1
    height = 2.1 + 0.16 * len(groups) * (len(arms) + 1.5)
    sheet, panels = style.open_sheet(
        "audience", 5.4 * columns + 1.2, max(height, 3.0), columns, ax=ax, on=width
    )
    _draw(panels[0], levels, ("value", "low", "high"), groups, looks, told=None)
    title, share = _TITLES[measure]
    style.head(panels[0], title)
    # a t interval may leave the values that are possible: what is beyond is not drawn
    low, high = panels[0].get_xlim()
    least = -0.03 * high if high > 0 else low
    panels[0].set_xlim(max(low, least), min(high, 1.03) if share else high)
    if gaps.height:
        others = {arm: look for arm, look in looks.items() if arm != found.baseline}
        bounds = ("difference", "low", "high")
        _draw(panels[1], gaps, bounds, groups, others, told=(HIGHER, LOWER))
        panels[1].axvline(0, color=MUTED, linewidth=1, zorder=0)
        style.head(panels[1], f"difference from {shown(found.baseline, 24)}")
    sizes = dict(levels.select("group", "members").unique().iter_rows())
    texts = [
        f"{name}  ({sizes[group]:,.0f})"
        for name, group in zip(shown_all(groups, 28), groups, strict=True)
    ]
    for axes in panels:
        axes.set_yticks(
            range(len(groups)), texts if sheet.narrow or axes is panels[0] else [""] * len(groups)
        )
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.tick_params(colors=MUTED, labelcolor=INK)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        for row in range(len(groups) - 1):
            axes.axhline(row + 0.5, color=PALE, linewidth=0.8, zorder=0)
        if share:
            style.format_ticks(axes.xaxis, "{:.3g} %", 100)
    labels = told_apart(list(looks))
    handles: dict[str, Artist] = {
        label: Line2D([], [], **_dot(*look, hollow=False))
        for label, look in zip(labels, looks.values(), strict=True)
    }
    style.name_in_legend(panels[-1], handles, outside=sheet)
    style.foot(sheet, *_notes(found, gaps), calibrated=found.calibrated)
    return sheet.done()


def _draw(
    axes: Axes,
    rows: pl.DataFrame,
    columns: tuple[str, str, str],
    groups: list[str],
    looks: dict[str, tuple[Colour, str]],
    *,
    told: tuple[str, ...] | None,
) -> None:
    """Dots and intervals of the arms below each other, in a row per group."""
    step = 0.62 / max(len(looks), 2)
    offsets = (np.arange(len(looks)) - (len(looks) - 1) / 2) * step
    for (arm, look), offset in zip(looks.items(), offsets, strict=True):
        for row in rows.filter(arm=arm).select("group", *columns, "direction").iter_rows():
            group, value, low, high, direction = row
            if value is None:
                continue
            at = groups.index(group) + offset
            if low is not None:
                axes.hlines(at, low, high, color=look[0], linewidth=1.8, alpha=0.7)
            hollow = told is not None and direction not in told
            axes.plot([value], [at], **_dot(*look, hollow=hollow))


def _dot(colour: Colour, marker: str, *, hollow: bool) -> dict[str, Any]:
    """Properties of a dot."""
    inside = "white" if hollow else colour
    dot = {"color": colour, "marker": marker, "markersize": 6, "markerfacecolor": inside}
    return {**dot, "linestyle": ""}


def _notes(found: AudienceExposure, gaps: pl.DataFrame) -> list[str]:
    level = f"{100 * (1 - found.confidence):.3g} %"
    filled = (gaps.get_column("direction") == FILLER).any()
    notes = ["groups with their mean number of members"]
    if gaps.height:
        notes.append(
            "no direction is claimed: filler"
            if filled
            else f"filled: told apart at a false discovery rate of {level}; hollow: not"
        )
    if found.levels.get_column("low").drop_nulls().len():
        notes.append(f"bars: {100 * found.confidence:.3g} % intervals {found.interval}")
    if found.merged:
        notes.append(f"{len(found.merged)} small groups merged")
    return notes
