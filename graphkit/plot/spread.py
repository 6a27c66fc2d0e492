"""Figures of simulated spread: reach over time, sensitivity sweep, means of arms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from matplotlib import colormaps
from matplotlib.axes import Axes

from graphkit.errors import DataError, MissingDataError, check_number, nearest
from graphkit.measures.catalogue import describe_measure
from graphkit.measures.contrast import Contrast
from graphkit.measures.intervals import FILLER, OVER_SAMPLES, WITHIN_WORLD
from graphkit.measures.reach import ReachCurve
from graphkit.plot import style
from graphkit.plot.labels import LONGEST, name_dots, shown, shown_all, write_beside
from graphkit.plot.style import ACCENT, BASE, INK, Canvas, Place, Width

__all__ = ["blend", "reach", "s_scan", "trade_off"]

Colour = str | tuple[float, ...]

_INTERVALS = "low high interval worlds replications"
_MEANS_COLUMNS = f"arm partition community measure mean {_INTERVALS}"


def not_claimed(rows: pl.DataFrame) -> bool:
    """Whether filler forbids a direction in a row of these contrasts."""
    return "direction" in rows.columns and bool((rows.get_column("direction") == FILLER).any())


def held_and_filled(row: dict[str, Any]) -> list[str]:
    """What the intervals hold fixed, and the shares of filler, where they are known."""
    notes = [f"held fixed: {row['fixed']}"] if row.get("fixed") else []
    shares = [
        f"{shown(row[name])} {row[share]:.0%}"
        for name, share in (("arm", "filler"), ("baseline", "baseline_filler"))
        if row.get(share) is not None
    ]
    return notes + ([f"filler: {', '.join(shares)}"] if shares else [])


def only_pair(frame: pl.DataFrame) -> tuple[str, str]:
    """Names of arm and baseline of contrasts, which must be of one pair."""
    pairs = frame.select("arm", "baseline").unique()
    if pairs.height > 1:
        raise DataError("one figure shows one pair of arms: filter the frame by arm and baseline.")
    arm, baseline = pairs.row(0)
    return shown(arm), shown(baseline)


def reach(
    found: ReachCurve | pl.DataFrame, *, ax: Place | None = None, width: Width = "page"
) -> Canvas:
    """Mean reach of a post by tick or by age, a line per arm, with the range over worlds.

    Arms whose lines are the same share one, and the title says so: under a matched budget, reach by
    tick is the same in all arms, and :attr:`graphkit.measures.ReachCurve.equal` tells it before.
    The line is the mean over worlds, the band their range; with a single world it is the range
    over its replications, as the figure says.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.reach_by_age` or :func:`graphkit.measures.reach_curve`,
        or rows of its frame.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    curve = found.frame if isinstance(found, ReachCurve) else found
    style.require_columns(curve, "arm world replication reach", "see reach_curve")
    by_age = "age" in curve.columns
    if by_age:
        curve = curve.rename({"age": "tick"})
    style.require_columns(curve, "arm world replication tick reach", "see reach_curve")
    if not curve.height:
        raise DataError("there is no tick to plot.")
    worlds = curve.get_column("world").n_unique()
    unit = "world" if worlds > 1 else "replication"
    units = curve.group_by("arm", unit, "tick").agg(pl.col("reach").mean())
    by_tick = units.group_by("arm", "tick").agg(
        mean=pl.col("reach").mean(), low=pl.col("reach").min(), high=pl.col("reach").max()
    )
    arms = curve.get_column("arm").unique(maintain_order=True).to_list()
    sheet, (axes,) = style.open_sheet("reach", 7.2, 4.2, ax=ax, on=width)
    ends = []
    alike = _alike(by_tick, arms)
    for (name, *same), colour in zip(alike, arm_colours(arms).values(), strict=False):
        line = by_tick.filter(pl.col("arm") == name).sort("tick")
        marker = "o" if line.height == 1 else None
        style.draw_line(axes, line, "tick", "mean", colour, marker=marker)
        last = line.row(-1, named=True)
        told = f"{len(same) + 1} feeds" if len(same) > 1 else " = ".join(shown_all([name, *same]))
        ends.append((last["mean"], last["tick"], told, colour))
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)
    axes.set_xlabel("age of the post: ticks since it entered" if by_age else "tick")
    axes.set_ylabel("accounts reached per post")
    name_lines(axes, ends)
    all_same = len(alike) == 1 < len(arms)
    style.head(axes, "Reach of a post" + (": the same under all feeds" if all_same else ""))
    count = curve.get_column(unit).n_unique()
    note = f"line: mean; band: range over {count} {unit}s" if count > 1 else ""
    style.foot(sheet, note, calibrated=style.all_calibrated(curve))
    return sheet.done()


def _alike(by_tick: pl.DataFrame, arms: list[str]) -> list[list[str]]:
    """Arms with the same line and band, in their order."""
    groups: list[tuple[pl.DataFrame, list[str]]] = []
    for arm in arms:
        line = by_tick.filter(pl.col("arm") == arm).sort("tick").drop("arm")
        for known, names in groups:
            if known.equals(line):
                names.append(arm)
                break
        else:
            groups.append((line, [arm]))
    return [names for _, names in groups]


def arm_colours(arms: list[str]) -> dict[str, Colour]:
    """A colour per arm: blue and red, then a palette for colour-blind readers."""
    more = [colormaps["tab10"](i) for i in (2, 4, 6, 5, 8, 9, 1, 3, 7)]
    palette: list[Colour] = [BASE, ACCENT, INK, *more]
    return {name: palette[i % len(palette)] for i, name in enumerate(arms)}


def name_lines(axes: Axes, ends: list[tuple[float, int, str, Colour]]) -> None:
    """Names at the ends of the lines, shifted where they would overlap."""
    bottom, top = axes.get_ylim()
    place, text = -np.inf, {"va": "center", "fontsize": 9, "fontweight": "bold"}
    for value, tick, name, colour in sorted(ends, key=lambda end: end[0]):
        place = max(value, place + (top - bottom) * 0.055)
        write_beside(
            axes, shown(name), (tick, place), (8, 0), color=colour, annotation_clip=False, **text
        )


def measure_words(measure: str, longest: int = LONGEST) -> str:
    """The measure in the words of the catalogue, else its name."""
    known = describe_measure(measure)
    name = measure if known is None else re.split(r":|,| \(| from ", known.meaning)[0]
    return shown(name, longest)


def _overall_rows(frame: pl.DataFrame, measure: str, partition: str | None) -> pl.DataFrame:
    """Defined means of a measure over all communities, under one partition if given."""
    overall = frame.filter(pl.col("community").is_null())
    rows = overall.filter(pl.col("measure") == measure)
    if not rows.height:
        known = overall.get_column("measure").unique().sort().to_list()
        raise MissingDataError(
            f"the frame has no measure {measure!r} over all communities.{nearest(measure, known)}"
        )
    kinds = rows.get_column("partition").drop_nulls().unique(maintain_order=True).to_list()
    if partition is not None and kinds:
        if partition not in kinds:
            raise MissingDataError(
                f"the frame has no {measure!r} under a partition {partition!r}."
                f"{nearest(partition, kinds)} Kinds: {', '.join(kinds)}."
            )
        rows = rows.filter(pl.col("partition") == partition)
    rows = rows.filter(pl.col("mean").is_not_null())
    if not rows.height:
        raise DataError(f"no arm has a mean of {measure!r} that could be plotted.")
    return rows


def _measure_text(rows: pl.DataFrame) -> str:
    """Axis label: measure, kind of partition if it has one, and unit."""
    measure, partition = rows.select("measure", "partition").row(0)
    name = (
        _kind_text(partition, measure)
        if partition is None
        else (f"{measure_words(measure)} ({_kind_text(partition, measure)})")
    )
    return _with_unit(name, measure)


def _kind_text(partition: str | None, measure: str) -> str:
    """Name of a line: the kind of partition, or the measure where there is none."""
    return measure_words(measure) if partition is None else f"{shown(partition)} partition"


def _with_unit(label: str, measure: str) -> str:
    """Axis label with the unit of the measure, if the catalogue has one."""
    known = describe_measure(measure)
    return label if known is None else f"{label}\n{known.unit}"


def interval_text(rows: pl.DataFrame) -> str:
    """What the confidence intervals speak about, and the number of their units."""
    label = rows.get_column("interval")[0]
    if not rows.get_column("low").count():
        return "no confidence interval"
    count = rows.select(pl.col("worlds", "replications").max()).row(0, named=True)
    units = f"{count['worlds']} worlds"
    if label == OVER_SAMPLES:
        units = f"{count['worlds'] - 1} groups"
    elif label == WITHIN_WORLD:
        units = f"{count['replications']} replications"
    return f"confidence interval {label} ({units})"


def s_scan(
    found: Mapping[float, Contrast] | pl.DataFrame,
    *,
    measure: str = "crossing",
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Sensitivity sweep: difference of a measure over the social share of taste s.

    A line per partition with its confidence interval; dashed vertical lines mark sign changes
    of the mean, linearly interpolated between neighbouring values of s. None is marked if too much
    filler forbids a direction at a value of s.

    Parameters
    ----------
    found
        Results of :func:`graphkit.contrast` by the value of s; or their frames with a column
        ``s``, stacked, as a study's table ``s_scan`` has them.
    measure
        The measure shown, over all communities.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    frame = _stack_contrasts(found)
    needed = "s measure partition community arm baseline difference low high"
    style.require_columns(frame, needed, "contrasts by s, or stacked with a column s")
    rows = frame.filter(
        pl.col("community").is_null(), pl.col("difference").is_not_null(), measure=measure
    ).sort("s", maintain_order=True)
    if not rows.height:
        raise DataError(f"the frame has no difference of {measure!r} over all communities.")
    arm, baseline = only_pair(rows)
    if rows.select("partition", "s").is_duplicated().any():
        raise DataError("a value of s occurs more than once for one partition.")
    kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
    sheet, (axes,) = style.open_sheet("s_scan", 7.2, 4.2, ax=ax, on=width)
    axes.axhline(0, color=INK, linewidth=1)
    changes, lines = [], {}
    for kind, colour in arm_colours(kinds).items():
        line = rows.filter(pl.col("partition").eq_missing(pl.lit(kind, pl.String)))
        lines[_kind_text(kind, measure)] = style.draw_line(
            axes, line, "s", "difference", colour, marker="o", markersize=4
        )
        points = line.select("s", "difference").to_dict(as_series=False).values()
        if not not_claimed(line):
            changes += [(at, colour) for at in sign_changes(*points)]
    for at, colour in changes:
        axes.axvline(at, color=colour, linewidth=1, linestyle="--")
        text, top = f"s = {at:.2f}", ("data", "axes fraction")
        write_beside(axes, text, (at, 1), (3, -10), xycoords=top, fontsize=8.5, color=colour)
    style.name_in_legend(axes, lines, outside=sheet if sheet.narrow else None)
    title = "The mean changes its sign" if changes else "The mean keeps its sign over s"
    if not_claimed(rows):
        title = "No direction is claimed: filler"
    y = _with_unit(f"{measure_words(measure)}, {arm} − {baseline}", measure)
    about = rows.drop_nulls(["low", "high"]).select(
        pl.col("^interval$").unique(maintain_order=True)
    )
    note = f"band: confidence interval {'; '.join(about.to_series())}" if about.height else ""
    style.finish_chart(sheet, axes, rows, title, "s: social share of taste", y, note)
    return sheet.done()


def _stack_contrasts(found: object) -> Any:
    """Frames of contrasts by s, with a column s; anything else as it is."""
    if not isinstance(found, Mapping) or not all(isinstance(v, Contrast) for v in found.values()):
        return found
    parts = [
        one.frame.with_columns(pl.lit(check_number("s", s, 0, 1), pl.Float64).alias("s"))
        for s, one in found.items()
    ]
    if not parts:
        raise DataError("plot.s_scan needs at least one contrast, by the value of s.")
    return pl.concat(parts)


def sign_changes(s: list[float], difference: list[float]) -> list[float]:
    """Zeros of the line through the points at which it changes its sign.

    If points at zero lie between values of opposite sign, the change is in their middle.

    Examples
    --------
    >>> sign_changes([0.0, 0.5, 1.0], [2.0, -2.0, -1.0])
    [0.25]
    >>> sign_changes([0.0, 0.5, 1.0], [2.0, 0.0, 1.0])
    []
    >>> sign_changes([0.0, 0.5, 1.0], [2.0, 0.0, -9.0])
    [0.5]
    """
    found, zeros = [], []
    last: tuple[float, float] | None = None
    for x, y in zip(s, difference, strict=True):
        if y == 0:
            zeros.append(x)
            continue
        if last is not None and (last[1] > 0) != (y > 0):
            x0, y0 = last
            straight = x0 + (x - x0) * y0 / (y0 - y)
            found.append(sum(zeros) / len(zeros) if zeros else straight)
        last, zeros = (x, y), []
    return found


def blend(
    frame: pl.DataFrame,
    measure: str = "crossing",
    *,
    partition: str | None = None,
    ends: tuple[str, str] | None = None,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """A measure over the share of the second feed in a blend of two, with confidence intervals.

    One line per partition, or the one of `partition`; arms without a share are left out.

    Parameters
    ----------
    frame
        Result of :func:`graphkit.measures.arm_means` with `shares`, one row per arm that is
        a blend of the two feeds.
    measure
        The measure shown, over all communities.
    partition
        Kind of partition; all of them if absent.
    ends
        Names of the first and of the second feed.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_columns(frame, f"{_MEANS_COLUMNS} share", "see arm_means")
    rows = _overall_rows(frame.filter(pl.col("share").is_not_null()), measure, partition)
    if rows.select("partition", "share").is_duplicated().any():
        raise DataError("a share occurs more than once for one partition.")
    if rows.get_column("share").n_unique() < 2:
        raise DataError("a curve needs at least two shares.")
    kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
    sheet, (axes,) = style.open_sheet("blend", 7.2, 4.4, ax=ax, on=width)
    banded, lines = False, {}
    for kind, colour in arm_colours(kinds).items():
        line = rows.filter(pl.col("partition").eq_missing(pl.lit(kind, pl.String))).sort("share")
        banded |= line.drop_nulls(["low", "high"]).height > 0
        lines[_kind_text(kind, measure)] = style.draw_line(
            axes, line, "share", "mean", colour, marker="o", markersize=4.5
        )
    if len(kinds) > 1:
        style.name_in_legend(axes, lines)
    axes.margins(x=0.02)
    axes.xaxis.labelpad = 6
    first, second = shown_all(ends or ("the first feed", "the second feed"))
    title, x = (
        f"{measure_words(measure)}: from {first} to {second}",
        f"share of {second} in the blend: 0 is {first}",
    )
    y = _with_unit(measure_words(measure), measure) if len(kinds) > 1 else _measure_text(rows)
    note = f"band: {interval_text(rows)}" if banded else ""
    style.finish_chart(sheet, axes, rows, title, x, y, note)
    return sheet.done()


def trade_off(
    frame: pl.DataFrame,
    x: str = "viewer_value",
    y: str = "crossing",
    *,
    partition: str | None = None,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """One measure against another, one named dot per arm, with intervals in both directions.

    Intervals are those of each arm alone. Arms share their worlds, so two of them can differ
    although their intervals overlap: see :func:`graphkit.contrast`.

    Parameters
    ----------
    frame
        Result of :func:`graphkit.measures.arm_means`.
    x, y
        Measures along the two axes.
    partition
        Kind of partition; needed where a measure is given under several.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_columns(frame, _MEANS_COLUMNS, "see arm_means")
    both = []
    for measure in (x, y):
        rows = _overall_rows(frame, measure, partition)
        kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
        if len(kinds) > 1:
            raise DataError(
                f"{measure!r} is given under the partitions {', '.join(map(str, kinds))}: choose "
                "one by partition=."
            )
        if rows.get_column("arm").is_duplicated().any():
            raise DataError(f"an arm has more than one mean of {measure!r}.")
        both.append(rows)
    points = both[0].join(both[1], on="arm", suffix="_y", maintain_order="left")
    if not points.height:
        raise DataError(f"no arm has a mean of both {x!r} and {y!r}.")
    sheet, (axes,) = style.open_sheet("trade_off", 8.0, 5.6, ax=ax, on=width)
    colours = arm_colours(points.get_column("arm").to_list())
    dots, bars = [], []
    for row in points.iter_rows(named=True):
        at, height, colour = row["mean"], row["mean_y"], colours[row["arm"]]
        line: dict[str, Any] = {"color": colour, "linewidth": 1.6, "alpha": 0.6}
        if row["low"] is not None:
            axes.hlines(height, row["low"], row["high"], **line)
            bars.append((row["low"], height, row["high"], height))
        if row["low_y"] is not None:
            axes.vlines(at, row["low_y"], row["high_y"], **line)
            bars.append((at, row["low_y"], at, row["high_y"]))
        axes.scatter([at], [height], color=[colour], s=46, zorder=3)
        dots.append((at, height))
    axes.margins(0.12)
    title = f"{len(dots)} feeds: {measure_words(y)} against {measure_words(x)}"
    note = f"bars: {interval_text(points)}" if bars else ""
    across, up = (_measure_text(rows) for rows in both)
    style.finish_chart(sheet, axes, pl.concat(both), title, across, up, note)
    axes.autoscale_view()
    axes.set_xlim(axes.get_xlim())
    axes.set_ylim(axes.get_ylim())
    name_dots(sheet.root, axes, dots, list(colours), list(colours.values()), bars)
    return sheet.done()
