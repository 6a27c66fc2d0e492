"""Figures of hosting: over the visibility of communities, and from a cold start on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, MissingDataError, OptionError, nearest
from graphkit.measures.contrast import Contrast
from graphkit.measures.own_share import OwnShare
from graphkit.plot import style
from graphkit.plot.labels import name_dots, shown, shown_all
from graphkit.plot.palette import Palette
from graphkit.plot.spread import held_and_filled, not_claimed
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE, Canvas, Place, Width

__all__ = ["hosting", "own_share"]

#: A step with fewer accounts is not drawn.
LEAST = 10
#: Characters of a title that fit on one line.
LONGEST_TITLE = 70
#: Colours and styles of lines: more lines than both give cannot be told apart.
HUES = (ACCENT, BASE, INK, MUTED, "#7c3aed", "#0f766e")
STYLES = ("-", "--", ":")

_COLOURS = {"hidden": ACCENT, "visible": BASE}


def hosting(
    contrast: Contrast | pl.DataFrame,
    visibility: Visibility,
    *,
    partition: str | None = None,
    palette: Palette | None = None,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Difference in hosting between two feeds, by community, over the homophily of its follows.

    One named dot per community, with the interval of its difference in within-community reach; to
    the left, communities whose members follow each other as often as chance would have it (0), to
    the right those that follow nobody else (1). Red: hidden, blue: visible, grey: undecided or
    not to be judged. The line is the least-squares line over those that can be judged, as
    :func:`graphkit.measures.hosting_by_visibility` gives it, if the contrast has it, as far as there
    are communities. Where too much
    filler forbids a direction, the figure says so, all dots are grey, and there is no line.

    Parameters
    ----------
    contrast
        One :func:`graphkit.contrast` of an outcome of
        :func:`graphkit.measures.hosting_by_visibility`, or rows of its frame.
    visibility
        Visibility of the same communities.
    partition
        Kind of partition; needed if the contrast has several.
    palette
        Colours of the communities, :func:`graphkit.plot.palette` of their partition: then marks
        show the verdict, a diamond for hidden and a cross where there is none.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    frame = contrast.frame if isinstance(contrast, Contrast) else contrast
    needed = "partition community measure arm baseline difference low high interval"
    style.require_columns(frame, needed, "see contrast")
    style.require_type("hosting", visibility, Visibility, "visibility")
    style.require_columns(visibility.frame, "label homophily verdict", "see visibility")
    rows = frame.filter(
        pl.col("community").is_not_null() & pl.col("difference").is_not_null(),
        measure="hosting_reach",
    )
    kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
    if partition is None and len(kinds) > 1:
        raise DataError(
            f"hosting is given under the partitions {', '.join(map(str, kinds))}: choose one by "
            "partition=."
        )
    if partition is not None and partition not in kinds:
        raise MissingDataError(
            f"hosting is not given under a partition {partition!r}.{nearest(str(partition), kinds)} "
            f"Kinds: {', '.join(map(str, kinds)) or 'none'}."
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
    barred = not_claimed(rows)
    sheet, (axes,) = style.open_sheet("hosting", 8.0, 5.2, ax=ax, on=width)
    axes.axhline(0, color=PALE, linewidth=1)
    dots, colours, bars = [], [], []
    kinds_shown: dict[str, Artist] = {}
    for row in rows.iter_rows(named=True):
        x, y = row["homophily"], row["difference"]
        colour = MUTED if barred else _COLOURS.get(row["verdict"], MUTED)
        if palette is not None and not barred:
            colour = palette[row["community"]]
        look: dict[str, Any] = {"color": [colour], "s": 46, "zorder": 3}
        if palette is not None:
            look["marker"] = style.VERDICTS.get(row["verdict"], "X")
        if row["low"] is not None:
            axes.vlines(x, row["low"], row["high"], color=colour, linewidth=1.6, alpha=0.6)
            bars.append((x, row["low"], x, row["high"]))
        axes.scatter([x], [y], **look)
        ink = colour if palette is None else MUTED
        mark = {"color": ink, "marker": look.get("marker", "o"), "markersize": 6.5}
        kinds_shown[row["verdict"]] = Line2D([], [], linestyle="", **mark)
        dots.append((x, y))
        colours.append(colour)
    # no further than there are communities
    ends = np.array([rows["homophily"].min(), rows["homophily"].max()])
    if not barred and (line := _fitted_line(frame, kind)) is not None:
        axes.plot(ends, line[0] + line[1] * ends, color=INK, linewidth=1.2, linestyle="--")
    if not barred:
        # outside, for inside it would cover intervals
        sheet.legend(kinds_shown, "upper right", 4)
    axes.margins(0.1)
    title = f"Who is hosted where: {shown(arm)} − {shown(baseline)}"
    if len(title) > LONGEST_TITLE:
        title = f"Who is hosted where: {shown(arm)}\n− {shown(baseline)}"
    style.head(axes, title)
    axes.set_xlabel("homophily of the community's follows (0: at chance, 1: all inside)")
    axes.set_ylabel("difference in within-community reach (percentage points)")
    axes.tick_params(colors=MUTED, labelcolor=INK)
    notes = ["no direction is claimed"] if barred else []
    known = rows.drop_nulls(["low", "interval"])
    notes += [f"bars: confidence interval {known['interval'][0]}"] if bars and known.height else []
    notes += held_and_filled(rows.row(0, named=True))
    style.foot(sheet, *notes, calibrated=style.all_calibrated(rows))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    style.format_ticks(axes.yaxis, "{:+.3g}", 100)
    axes.autoscale_view()
    axes.set_xlim(axes.get_xlim())
    axes.set_ylim(axes.get_ylim())
    names = rows.get_column("community").to_list()
    name_dots(sheet.root, axes, dots, names, colours, bars)
    return sheet.done()


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


def own_share(
    found: OwnShare | pl.DataFrame,
    communities: Sequence[str] | None = None,
    *,
    palette: Palette | None = None,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Share of own posts among those shown, by the number shown before: one line per community.

    One panel per arm; the line of a community is the mean over worlds and replications. Steps in
    which fewer than ten of its accounts were shown anything are left out.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.own_share`, or rows of its frame.
    communities
        Those shown, at most 18; by default the first six by name.
    palette
        Colours of the communities, :func:`graphkit.plot.palette` of their partition; by default each figure has its own.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    frame = found.frame if isinstance(found, OwnShare) else found
    needed = "arm community shown_before accounts share partition"
    style.require_columns(frame, needed, "see own_share")
    frame = frame.filter(pl.col("accounts") >= LEAST)
    names = sorted(frame.get_column("community").drop_nulls().unique().to_list())
    if isinstance(communities, str):
        communities = [communities]
    wanted = names[:6] if communities is None else list(communities)
    missing = [name for name in wanted if name not in names]
    if not names:
        raise MissingDataError(
            f"no step of any community has {LEAST} accounts that were shown something."
        )
    if missing or not wanted:
        raise MissingDataError(
            f"no community {', '.join(map(str, missing))} in the frame. Communities: "
            f"{', '.join(names[:6])}{', …' if len(names) > 6 else ''}."
        )
    if len(wanted) > len(HUES) * len(STYLES):
        raise OptionError(
            f"{len(wanted)} lines cannot be told apart: name {len(HUES) * len(STYLES)} communities "
            "or fewer."
        )
    kinds = frame.get_column("partition").unique(maintain_order=True).to_list()
    if len(kinds) > 1:
        raise DataError(
            f"the frame has the partitions {', '.join(map(str, kinds))}: keep the rows of one."
        )
    arms = frame.get_column("arm").unique(maintain_order=True).to_list()
    sheet, panels = style.open_sheet(
        "own_share", max(4.2 * len(arms), 6.4), 4.2, len(arms), ax=ax, on=width
    )
    mean = frame.group_by("arm", "community", "shown_before").agg(pl.col("share").mean())
    looks = [{"color": hue, "linestyle": line} for line in STYLES for hue in HUES]
    look = dict(zip(wanted, looks, strict=False))
    if palette is not None:
        # grey lines, of which there can be several, differ by their style
        hues = [palette[name] for name in wanted]
        turns = [hues[:at].count(hue) for at, hue in enumerate(hues)]
        look = {
            name: {"color": hue, "linestyle": STYLES[turn % len(STYLES)]}
            for name, hue, turn in zip(wanted, hues, turns, strict=True)
        }
    top = float(mean.get_column("share").max())  # type: ignore[arg-type]
    lines = {}
    for axes, arm in zip(panels, arms, strict=True):
        for name in wanted:
            rows = mean.filter(arm=arm, community=name).sort("shown_before")
            x, y = style.column_arrays(rows, "shown_before", "share")
            (lines[name],) = axes.plot(x, y, linewidth=2, marker=".", **look[name])
        style.head(axes, shown(arm))
        axes.set_ylim(0, max(top * 1.05, 0.01))
        axes.set_xlabel("posts shown before")
        style.format_ticks(axes.yaxis, "{:.0f} %", 100)
        axes.tick_params(colors=MUTED, labelcolor=INK)
    panels[0].set_ylabel("posts of the own community")
    labels = shown_all(wanted)
    labels = [x if labels.count(x) == 1 else f"{x} ({at})" for at, x in enumerate(labels, 1)]
    named = {label: lines[name] for label, name in zip(labels, wanted, strict=True)}
    style.name_in_legend(panels[-1], named, outside=sheet)
    style.foot(sheet, calibrated=style.all_calibrated(frame))
    return sheet.done()
