"""Figures of times: when posts reach other communities, and how fast feeds find what is own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from graphkit.errors import MissingDataError, OptionError, nearest
from graphkit.measures.own_share import ColdStart
from graphkit.measures.time_to_cross import TimeToCross
from graphkit.plot import style
from graphkit.plot.hosting import LEAST
from graphkit.plot.labels import shown, shown_all, write_beside
from graphkit.plot.spread import Colour, arm_colours, name_lines
from graphkit.plot.style import INK, MUTED, Canvas, Place, Width

__all__ = ["cold_start", "time_to_cross"]

#: Panels of a figure of cold starts.
MOST = 6


def time_to_cross(
    found: TimeToCross,
    *,
    community: str | None = None,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Survival curves: share of the posts that have not crossed yet, by age, a line per arm.

    The line is the mean over worlds, the band their range; with one world, over its
    replications; with one run, it is its own Kaplan–Meier curve and confidence interval. A small
    bar marks ages at which posts were censored. The dotted line is the horizon of the restricted
    mean, which is the area below the curve up to it.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.time_to_cross`.
    community
        Only posts of this community of origin, of a result `by_community`.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("time_to_cross", found, TimeToCross, "measures.time_to_cross")
    of = pl.col("community").eq_missing(pl.lit(community, pl.String))
    curves = found.curves.filter(of)
    if not curves.height:
        known = found.curves.get_column("community").drop_nulls().unique().sort().to_list()
        hint = "." if known else ": call time_to_cross with by_community=True."
        raise MissingDataError(
            f"the result has no community {community!r}{nearest(str(community), known)}{hint}"
        )
    worlds = curves.get_column("world").n_unique()
    unit = "world" if worlds > 1 else "replication"
    count = curves.get_column(unit).n_unique()
    sheet, (axes,) = style.open_sheet("time_to_cross", 7.2, 4.4, ax=ax, on=width)
    ends = []
    arms = curves.get_column("arm").unique(maintain_order=True).to_list()
    for name, colour in arm_colours(arms).items():
        line = _mean_curve(curves.filter(arm=name), unit)
        if line.height:
            height, end = _draw_steps(axes, line, colour)
            ends.append((max(height, 0.03), end, name, colour))
    horizon = int(found.frame.get_column("horizon").max())  # type: ignore[arg-type]
    axes.axvline(horizon, color=MUTED, linewidth=1, linestyle=":")
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    write_beside(
        axes, "horizon", (horizon, 1.0), (-4, -2), color=MUTED, fontsize=8.5, ha="right", va="top"
    )
    name_lines(axes, ends)
    style.format_ticks(axes.yaxis, "{:.0f} %", 100)
    title = f"Time until a post reaches {found.communities} other communities"
    if found.communities == 1:
        title = "Time until a post reaches another community"
    style.head(axes, title if community is None else f"{title}: {shown(community)}")
    axes.set_xlabel("age of the post: ticks since it entered")
    axes.set_ylabel("share of posts that have not yet")
    axes.tick_params(colors=MUTED, labelcolor=INK)
    band = f"range over {count} {unit}s" if count > 1 else "interval within this run"
    line_of = "mean; " if count > 1 else "Kaplan–Meier; "
    notes = [f"line: {line_of}band: {band}; small bars: posts censored", shown(found.partition)]
    calibrated = bool(found.outcome.get_column("calibrated").all())
    style.foot(sheet, *notes, calibrated=calibrated)
    return sheet.done()


def _mean_curve(curves: pl.DataFrame, unit: str) -> pl.DataFrame:
    """Mean, band and censored posts at each age that all units have."""
    units = (
        curves.drop_nulls("survival")
        .group_by(unit, "age")
        .agg(pl.col("survival", "low", "high").mean(), pl.col("censored").sum())
    )
    count = units.get_column(unit).n_unique()
    alone = curves.select("world", "replication").unique().height == 1
    low, high = (
        (pl.col("low").first(), pl.col("high").first())
        if alone
        else (pl.col("survival").min().alias("low"), pl.col("survival").max().alias("high"))
    )
    return (
        units.group_by("age")
        .agg(pl.col("survival").mean(), low, high, pl.col("censored").sum(), units=pl.len())
        .filter(pl.col("units") == count)
        .sort("age")
    )


def _draw_steps(axes: Axes, line: pl.DataFrame, colour: Colour) -> tuple[float, int]:
    """A step curve from 1 on, with its band and marks; returns the height and place of its end."""
    age, survival, low, high = style.column_arrays(line, "age", "survival", "low", "high")
    low = np.where(np.isnan(low), survival, low)
    high = np.where(np.isnan(high), survival, high)
    x = np.concatenate([[0], age, [age[-1] + 1]])
    y, bottom, top = (np.concatenate([[1.0], part, part[-1:]]) for part in (survival, low, high))
    axes.fill_between(x, bottom, top, step="post", color=colour, alpha=0.18, linewidth=0)
    axes.step(x, y, where="post", color=colour, linewidth=2)
    marks = line.filter(pl.col("censored") > 0)
    at, height = style.column_arrays(marks, "age", "survival")
    # a post censored at an age was followed up to the end of that tick
    axes.plot(at + 1, height, linestyle="", marker="|", markersize=7, color=colour)
    return float(y[-1]), int(x[-1])


def cold_start(
    found: ColdStart,
    communities: Sequence[str] | None = None,
    *,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Share of own posts from a cold start on, with intervals: one panel per community.

    One line per arm, with its confidence interval; that of chance is dashed. A diamond marks the
    number of posts shown until half of the members have seen one of their own; without it, fewer
    than half have in some run. Steps in which fewer than ten members of a run were shown anything
    are left out.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.cold_start`.
    communities
        Those shown, at most six; by default the first six by name.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("cold_start", found, ColdStart, "measures.cold_start")
    names = found.curves.get_column("community").unique().sort().to_list()
    if isinstance(communities, str):
        communities = [communities]
    wanted = names[:MOST] if communities is None else list(communities)
    if missing := [name for name in wanted if name not in names]:
        raise MissingDataError(
            f"no community {missing[0]!r} in the result.{nearest(str(missing[0]), names)} "
            f"Communities: {', '.join(names[:MOST])}{', …' if len(names) > MOST else ''}."
        )
    if not 0 < len(wanted) <= MOST:
        raise OptionError(f"{len(wanted)} communities: name 1 to {MOST} of them.")
    whole = pl.col("replications") == pl.col("replications").max().over("arm", "community")
    rows = found.curves.filter(pl.col("community").is_in(wanted))
    rows = rows.filter(whole, pl.col("accounts") >= LEAST)
    if not rows.height:
        raise MissingDataError(
            f"no step of these communities has {LEAST} members in every run that were shown something."
        )
    arms = rows.get_column("arm").unique(maintain_order=True).to_list()
    colours = arm_colours([arm for arm in arms if arm != found.chance])
    sheet, panels = style.open_sheet(
        "cold_start", max(2.6 * len(wanted) + 1.4, 6.4), 3.8, len(wanted), ax=ax, on=width
    )
    top = float(rows.select(pl.max_horizontal("share", "high").max()).item())
    lines: dict[str, Line2D] = {}
    for axes, name in zip(panels, wanted, strict=True):
        for arm in arms:
            line = rows.filter(arm=arm, community=name).sort("shown_before")
            if arm == found.chance:
                x, y = style.column_arrays(line, "shown_before", "share")
                (lines[arm],) = axes.plot(x, y, color=MUTED, linestyle="--", linewidth=1.4)
                continue
            lines[arm] = style.draw_line(
                axes, line, "shown_before", "share", colours[arm], marker="."
            )
            _mark_first(axes, found.first.filter(arm=arm, community=name), line, colours[arm])
        style.head(axes, shown(name, 24))
        axes.set_ylim(0, max(min(top, 1.0) * 1.05, 0.01))
        axes.set_xlabel("posts shown before")
        style.format_ticks(axes.yaxis, "{:.0f} %", 100)
        axes.tick_params(colors=MUTED, labelcolor=INK)
        if axes is not panels[0] and not sheet.narrow:
            axes.tick_params(labelleft=False)
    panels[0].set_ylabel("posts of the own community")
    labels = shown_all(lines)
    labels = [x if labels.count(x) == 1 else f"{x} ({at})" for at, x in enumerate(labels, 1)]
    labels = [
        f"{x} (chance)" if arm == found.chance else x for x, arm in zip(labels, lines, strict=True)
    ]
    named = dict(zip(labels, lines.values(), strict=True))
    style.name_in_legend(panels[-1], named, outside=sheet)
    notes = ["diamond: half of the members have seen one of their own"]
    known = rows.drop_nulls("low")
    notes += [f"band: interval {known.item(0, 'interval')}"] if known.height else []
    more = len(names) - len(wanted)
    notes += [f"{more} more communities are not shown"] if more and communities is None else []
    style.foot(sheet, *notes, calibrated=True)
    return sheet.done()


def _mark_first(axes: Axes, first: pl.DataFrame, line: pl.DataFrame, colour: Colour) -> None:
    """A diamond on the line where half of the members have seen an own post."""
    if not (first.height and line.height) or first.item(0, "first_own") is None:
        return
    at = float(first.item(0, "first_own"))
    shown_before, share = style.column_arrays(line, "shown_before", "share")
    height = float(np.interp(at, shown_before, share))
    axes.plot([at], [height], marker="D", markersize=7, color=colour, markeredgecolor="white")
