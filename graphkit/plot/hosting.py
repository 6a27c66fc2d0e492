"""Figures of hosting: over the visibility of communities, and from a cold start on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.ticker import MaxNLocator

from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, MissingDataError
from graphkit.plot import style
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE, Canvas, blank_canvas, shown

__all__ = ["hosting", "own_share"]

#: A step with fewer accounts is not drawn.
LEAST = 10

_COLOURS = {"hidden": ACCENT, "visible": BASE}


def hosting(
    contrast: pl.DataFrame, visibility: Visibility, *, partition: str | None = None
) -> Canvas:
    """Difference in hosting between two feeds, by community, over the homophily of its follows.

    One named dot per community, with the interval of its difference in within-community reach; to
    the left, communities whose members follow each other as often as chance would have it (0), to
    the right those that follow nobody else (1). Red: hidden, blue: visible, grey: undecided or
    not to be judged. The line is the least-squares line over those that can be judged, as
    :func:`graphkit.measures.hosting_by_visibility` gives it, if the contrast has it.

    Parameters
    ----------
    contrast
        Rows of one :func:`graphkit.contrast` of an outcome of
        :func:`graphkit.measures.hosting_by_visibility`.
    visibility
        Visibility of the same communities.
    partition
        Kind of partition; needed if the contrast has several.
    """
    needed = "partition community measure arm baseline difference low high interval"
    style.require_columns(contrast, needed, "see contrast")
    style.require_type("hosting", visibility, Visibility, "visibility")
    rows = contrast.filter(
        pl.col("community").is_not_null() & pl.col("difference").is_not_null(),
        measure="hosting_reach",
    )
    kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
    if partition is None and len(kinds) > 1:
        raise DataError(
            f"hosting is given under the partitions {', '.join(map(str, kinds))}: choose one by "
            "partition=."
        )
    kind = kinds[0] if partition is None and kinds else partition
    places = visibility.frame.select(pl.col("label").alias("community"), "homophily", "verdict")
    rows = rows.filter(partition=kind).join(places, on="community", how="inner")
    rows = rows.filter(pl.col("homophily").is_not_null()).sort("homophily", "community")
    if rows.select("arm", "baseline").unique().height > 1:
        raise DataError("the contrast has several pairs of arms: keep the rows of one.")
    if not rows.height:
        raise MissingDataError(
            "no community has both a difference in hosting and a visibility: they must be of the "
            "same partition."
        )
    arm, baseline = rows.select("arm", "baseline").row(0)
    figure, (axes,) = blank_canvas(8.0, 5.2)
    axes.axhline(0, color=PALE, linewidth=1)
    dots, colours, bars = [], [], []
    kinds_shown: dict[str, Artist] = {}
    for row in rows.iter_rows(named=True):
        x, y = row["homophily"], row["difference"]
        colour = _COLOURS.get(row["verdict"], MUTED)
        if row["low"] is not None:
            axes.vlines(x, row["low"], row["high"], color=colour, linewidth=1.6, alpha=0.6)
            bars.append((x, row["low"], x, row["high"]))
        kinds_shown[row["verdict"]] = axes.scatter([x], [y], color=[colour], s=46, zorder=3)
        dots.append((x, y))
        colours.append(colour)
    ends = np.array([min(0.0, rows["homophily"].min()), rows["homophily"].max()])  # type: ignore[type-var]
    if (line := _fitted_line(contrast, kind)) is not None:
        axes.plot(ends, line[0] + line[1] * ends, color=INK, linewidth=1.2, linestyle="--")
    style.name_in_legend(axes, kinds_shown)
    axes.margins(0.1)
    title = f"Who is hosted where: {shown(arm)} − {shown(baseline)}"
    meaning = rows.get_column("interval").drop_nulls()
    note = f"bars: 95 % interval {meaning[0]}" if bars and len(meaning) else ""
    style.finish_chart(
        *(figure, axes, rows, title),
        "homophily of the community's follows (0: at chance, 1: all inside)",
        "difference in within-community reach (percentage points)",
        note,
    )
    axes.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    style.format_ticks(axes.yaxis, "{:+.3g}", 100)
    axes.autoscale_view()
    axes.set_xlim(axes.get_xlim())
    axes.set_ylim(axes.get_ylim())
    names = rows.get_column("community").to_list()
    style.name_dots(figure, axes, dots, names, colours, bars)
    return figure


def _fitted_line(contrast: pl.DataFrame, kind: str | None) -> tuple[float, float] | None:
    """Intercept and slope of the difference over homophily, if the contrast has them."""
    found = []
    for name in ("hosting_at_chance", "hosting_slope"):
        rows = contrast.filter(pl.col("community").is_null(), measure=name, partition=kind)
        values = rows.get_column("difference").drop_nulls()
        if not len(values):
            return None
        found.append(float(values[0]))
    return found[0], found[1]


def own_share(frame: pl.DataFrame, communities: Sequence[str] | None = None) -> Canvas:
    """Share of own posts among those shown, by the number shown before: one line per community.

    One panel per arm; the line of a community is the mean over worlds and replications. Steps in
    which fewer than ten of its accounts were shown anything are left out.

    Parameters
    ----------
    frame
        Result of :func:`graphkit.measures.own_share`.
    communities
        Those shown; by default the first six by name.
    """
    needed = "arm community shown_before accounts share partition"
    style.require_columns(frame, needed, "see own_share")
    frame = frame.filter(pl.col("accounts") >= LEAST)
    names = sorted(frame.get_column("community").drop_nulls().unique().to_list())
    wanted = names[:6] if communities is None else list(communities)
    missing = [name for name in wanted if name not in names]
    if missing or not wanted:
        raise MissingDataError(f"no community {', '.join(missing)} in the frame.")
    arms = frame.get_column("arm").unique(maintain_order=True).to_list()
    figure, panels = blank_canvas(max(4.2 * len(arms), 6.4), 4.2, len(arms))
    mean = frame.group_by("arm", "community", "shown_before").agg(pl.col("share").mean())
    colours = dict(zip(wanted, [ACCENT, BASE, INK, MUTED, "#7c3aed", "#0f766e"] * 9, strict=False))
    top = float(mean.get_column("share").max())  # type: ignore[arg-type]
    lines = {}
    for axes, arm in zip(panels, arms, strict=True):
        for name in wanted:
            rows = mean.filter(arm=arm, community=name).sort("shown_before")
            x, y = style.column_arrays(rows, "shown_before", "share")
            (lines[name],) = axes.plot(x, y, color=colours[name], linewidth=2, marker=".")
        style.head(axes, shown(arm))
        axes.set_ylim(0, max(top * 1.05, 0.01))
        axes.set_xlabel("posts shown before")
        style.format_ticks(axes.yaxis, "{:.0f} %", 100)
        axes.tick_params(colors=MUTED, labelcolor=INK)
    panels[0].set_ylabel("posts of the own community")
    style.name_in_legend(panels[-1], lines)
    style.foot(figure, calibrated=style.all_calibrated(frame))
    return figure
