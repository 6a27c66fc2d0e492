"""Differences between two arms: a dot and an interval per measure."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from graphkit.errors import DataError, MissingDataError, nearest
from graphkit.measures.catalogue import describe_measure
from graphkit.plot.style import (
    ACCENT,
    BASE,
    INK,
    MUTED,
    PALE,
    Canvas,
    all_calibrated,
    blank_canvas,
    foot,
    head,
    name_dots,
)

__all__ = ["arm_colours", "blend", "contrast", "reach", "s_scan", "trade_off"]

_CONTRAST_COLUMNS = (
    "partition",
    "community",
    "measure",
    "arm",
    "baseline",
    "arm_mean",
    "baseline_mean",
    "difference",
    "low",
    "high",
    "interval",
    "worlds",
    "replications",
)


def contrast(frame: pl.DataFrame, *, top: int = 40) -> Canvas:
    """Dots with intervals, one row per measure, and the numbers beside them.

    Red: the interval lies above zero; blue: below; grey: it holds zero, or there is none.
    Measures have different units, so each row has a scale of its own, from zero to the
    farther end of its interval; the numbers are in the measure's unit. If all rows are of
    one measure (hosting by community, say) they share one scale.

    Parameters
    ----------
    frame
        Rows of one :func:`graphkit.contrast`, filtered as wished.
    top
        Rows shown, the first ones; the figure says how many are left out.
    """
    missing = [name for name in _CONTRAST_COLUMNS if name not in frame.columns]
    if missing:
        raise MissingDataError(f"the frame has no column {', '.join(missing)}: see contrast.")
    defined = frame.filter(pl.col("difference").is_not_null())
    if not defined.height:
        raise DataError("no row of the contrast has a difference to be plotted.")
    arms = defined.select("arm", "baseline").unique()
    if arms.height > 1:
        raise DataError("one figure shows one pair of arms: filter the frame by arm and baseline.")
    shown = defined.head(top)
    figure, (axes,) = blank_canvas(10.5, 1.4 + 0.3 * shown.height)
    one_measure = shown.get_column("measure").n_unique() == 1
    _draw_rows(axes, shown, one_measure)
    first = shown.row(0, named=True)
    title = f"{first['arm']} − {first['baseline']}"
    head(axes, title + (f": {first['measure']}" if one_measure else ""))
    unit = "worlds" if first["interval"] == "over worlds" else "replications"
    known = describe_measure(first["measure"])
    unit_of = f" ({known.unit})" if known is not None else ""
    scale = f"difference{unit_of}" if one_measure else "difference, each row on its own scale"
    label = f"{scale}; interval {first['interval']} ({max(shown[unit].to_list())} {unit})"
    if shown.height < defined.height:
        label += f"; {defined.height - shown.height} more rows are not shown"
    axes.set_xlabel(label, fontsize=9, loc="left")
    foot(figure, calibrated=all_calibrated(shown))
    return figure


def _draw_rows(axes: Axes, frame: pl.DataFrame, one_measure: bool) -> None:
    numbers = frame.select("difference", "low", "high").to_numpy().astype(np.float64)
    ends = np.nanmax(np.abs(numbers), axis=1)
    scale = np.full(ends.size, ends.max()) if one_measure else ends.copy()
    scale[scale == 0] = 1.0
    places = numbers / scale[:, None]
    rows = np.arange(frame.height)[::-1]
    left = min(0.0, float(np.nanmin(places))) - 0.05 if one_measure else -1.05
    axes.vlines(0, -0.6, frame.height - 0.4, color=INK, linewidth=1)
    span, names = 1.05 - left, []
    columns = (1.05 + 0.05 * span, 1.05 + 0.43 * span)
    for at, row, place in zip(rows, frame.iter_rows(named=True), places, strict=True):
        colour = _colour(row["low"], row["high"])
        axes.hlines(at, left, 1.05, color=PALE, linewidth=0.6, zorder=0)
        if row["low"] is not None:
            axes.hlines(at, place[1], place[2], color=colour, linewidth=2.6)
        axes.scatter([place[0]], [at], color=[colour], s=42, zorder=3)
        for x, text in zip(columns, _numbers(row), strict=True):
            axes.text(x, at, text, va="center", fontsize=8.5, color=INK)
        names.append(_name(row, one_measure))
    arm, baseline = frame.select("arm", "baseline").row(0)
    # names that would run into the next column stand below each other
    between = " → " if len(baseline) + len(arm) <= 22 else "\n→ "
    heads = (f"{baseline}{between}{arm}", "difference [interval]")
    for x, text in zip(columns, heads, strict=True):
        axes.text(x, frame.height - 0.55, text, fontsize=8.5, color=MUTED, va="bottom")
    axes.set_yticks(rows, names, fontsize=9)
    axes.tick_params(axis="y", length=0)
    if one_measure:
        ticks = MaxNLocator(4).tick_values(left * scale[0], scale[0])
        ticks = ticks[(ticks >= left * scale[0]) & (ticks <= 1.05 * scale[0])]
        axes.set_xticks(ticks / scale[0], [_short(t) for t in ticks.tolist()])
    else:
        axes.set_xticks([-0.55, 0.0, 0.55], ["less", "0", "more"])
        axes.tick_params(axis="x", length=0)
    axes.set_xlim(left, 1.05 + 0.95 * span)
    axes.set_ylim(-0.6, frame.height + (0.1 if between == " → " else 0.6))
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_bounds(left, 1.05)


def _colour(low: float | None, high: float | None) -> str:
    if low is not None and low > 0:
        return ACCENT
    return BASE if high is not None and high < 0 else MUTED


def _name(row: dict[str, object], one_measure: bool) -> str:
    community, partition = row["community"], row["partition"]
    if one_measure and (community or partition):
        return f"{community or 'all'}, {partition}" if partition else str(community)
    where = ", ".join(str(part) for part in (community, partition) if part is not None)
    return f"{row['measure']} ({where})" if where else str(row["measure"])


def _numbers(row: dict[str, float | None]) -> tuple[str, str]:
    """Both means, and the difference with its bounds to two digits of its uncertainty."""
    means = f"{_short(row['baseline_mean'])} → {_short(row['arm_mean'])}"
    difference, low, high = row["difference"], row["low"], row["high"]
    if difference is None or low is None or high is None or low == high:
        return means, _short(difference, signed=True)
    places = min(max(1 - math.floor(math.log10((high - low) / 2)), 0), 6)
    text = f"{difference:+,.{places}f}  [{low:+,.{places}f}, {high:+,.{places}f}]"
    return means, text.replace("-", "−")


def _short(value: float | None, *, signed: bool = False) -> str:
    """Three digits, with the sign where asked for, and a true minus."""
    if value is None:
        return "–"
    sign = "+" if signed and value else ""
    text = f"{value:{sign}.3g}" if abs(value) < 1000 else f"{value:{sign},.0f}"
    return text.replace("-", "−")


def reach(curve: pl.DataFrame) -> Canvas:
    """Mean reach of a post by tick or by age, a line per arm, with a band over the worlds.

    The line is the mean of the worlds, the band runs from the least to the most of them;
    with a single world it spans the replications instead, which the axis says.

    Parameters
    ----------
    curve
        Result of :func:`graphkit.measures.reach_by_age`, or of
        :func:`graphkit.measures.reach_curve`, which is the same for all arms under a
        matched budget.
    """
    by_age = "age" in curve.columns
    if by_age:
        curve = curve.rename({"age": "tick"})
    columns = ("arm", "world", "replication", "tick", "reach")
    missing = [name for name in columns if name not in curve.columns]
    if missing:
        raise MissingDataError(f"the frame has no column {', '.join(missing)}: see reach_curve.")
    if not curve.height:
        raise DataError("there is no tick to plot.")
    worlds = curve.get_column("world").n_unique()
    repeats = curve.get_column("replication").n_unique()
    unit = "world" if worlds > 1 else "replication"
    units = curve.group_by("arm", unit, "tick").agg(pl.col("reach").mean())
    by_tick = units.group_by("arm", "tick").agg(
        mean=pl.col("reach").mean(), low=pl.col("reach").min(), high=pl.col("reach").max()
    )
    arms = curve.get_column("arm").unique(maintain_order=True).to_list()
    figure, (axes,) = blank_canvas(7.2, 4.2)
    ends = []
    for name, colour in arm_colours(arms).items():
        line = by_tick.filter(pl.col("arm") == name).sort("tick")
        ticks, mean = line.get_column("tick").to_numpy(), line.get_column("mean").to_numpy()
        low, high = line.get_column("low").to_numpy(), line.get_column("high").to_numpy()
        axes.fill_between(ticks, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(ticks, mean, color=colour, linewidth=2, marker="o" if ticks.size == 1 else None)
        ends.append((float(mean[-1]), int(ticks[-1]), name, colour))
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)
    axes.set_xlabel("age of the post: ticks since it entered" if by_age else "tick")
    axes.set_ylabel("accounts reached per post")
    _name_lines(axes, ends)
    count = worlds if worlds > 1 else repeats
    head(axes, "Reach of a post")
    if count > 1:
        axes.text(
            0.02,
            0.97,
            f"line: mean; band: least to most of {count} {unit}s",
            transform=axes.transAxes,
            fontsize=8.5,
            color=MUTED,
            va="top",
        )
    foot(figure, calibrated=all_calibrated(curve))
    return figure


def arm_colours(arms: list[str]) -> dict[str, str | tuple[float, ...]]:
    """A colour per arm: the house's two, then a palette that the colour-blind can tell."""
    more = [colormaps["tab10"](i) for i in (2, 4, 6, 5, 8, 9, 1, 3, 7)]
    palette: list[str | tuple[float, ...]] = [BASE, ACCENT, INK, *more]
    return {name: palette[i % len(palette)] for i, name in enumerate(arms)}


def _name_lines(axes: Axes, ends: list[tuple[float, int, str, str | tuple[float, ...]]]) -> None:
    """Names at the ends of the lines, pushed apart where they would overlap."""
    bottom, top = axes.get_ylim()
    gap = (top - bottom) * 0.055
    place = -np.inf
    for value, tick, name, colour in sorted(ends, key=lambda end: end[0]):
        place = max(value, place + gap)
        axes.annotate(
            name,
            (tick, place),
            xytext=(8, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            fontsize=9,
            fontweight="bold",
            annotation_clip=False,
        )


_MEANS_COLUMNS = (
    "arm",
    "partition",
    "community",
    "measure",
    "mean",
    "low",
    "high",
    "worlds",
    "replications",
    "interval",
)


def check_columns(frame: pl.DataFrame, *more: str) -> None:
    """Refuse a frame that is not one of arm means."""
    missing = [name for name in (*_MEANS_COLUMNS, *more) if name not in frame.columns]
    if missing:
        raise MissingDataError(f"the frame has no column {', '.join(missing)}: see arm_means.")


def rows_of(frame: pl.DataFrame, measure: str, partition: str | None) -> pl.DataFrame:
    """The means of a measure over all communities; under one partition, if it needs any."""
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


def measure_text(rows: pl.DataFrame) -> str:
    """Name of the measure, with its partition if it has one, and its unit."""
    measure, partition = rows.select("measure", "partition").row(0)
    name = f"{measure} ({partition} partition)" if partition else str(measure)
    return with_unit(name, measure)


def with_unit(label: str, measure: str) -> str:
    """An axis label with the unit of the measure, if the catalogue has one."""
    known = describe_measure(measure)
    return label if known is None else f"{label}\n{known.unit}"


def interval_text(rows: pl.DataFrame) -> str:
    """What the intervals cover, such as ``interval over worlds (10 worlds)``."""
    label = rows.get_column("interval")[0]
    unit = "worlds" if label == "over worlds" else "replications"
    return f"interval {label} ({max(rows.get_column(unit).to_list())} {unit})"


def s_scan(frame: pl.DataFrame, *, measure: str = "crossing") -> Canvas:
    """Difference of a measure over the social share s of taste, with sign changes marked.

    A line per partition with its interval; a vertical line stands where a line changes
    its sign, read off straight between the two neighbouring values of s.

    Parameters
    ----------
    frame
        Results of :func:`graphkit.contrast` with a column ``s``, stacked.
    measure
        The measure shown, over all communities.
    """
    needed = ("s", "measure", "partition", "community", "arm", "baseline", "difference")
    missing = [name for name in (*needed, "low", "high") if name not in frame.columns]
    if missing:
        raise MissingDataError(
            f"the frame has no column {', '.join(missing)}: stack contrasts, with a column s."
        )
    rows = frame.filter(
        (pl.col("measure") == measure)
        & pl.col("community").is_null()
        & pl.col("difference").is_not_null()
    ).sort("s", maintain_order=True)
    if not rows.height:
        raise DataError(f"the frame has no difference of {measure!r} over all communities.")
    pairs = rows.select("arm", "baseline").unique()
    if pairs.height > 1:
        raise DataError("one figure shows one pair of arms: filter the frame by arm and baseline.")
    if rows.select("partition", "s").is_duplicated().any():
        raise DataError("a value of s occurs more than once for one partition.")
    kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
    figure, (axes,) = blank_canvas(7.2, 4.2)
    axes.axhline(0, color=INK, linewidth=1)
    changes = []
    for name, colour in arm_colours([str(kind) for kind in kinds]).items():
        kind = None if name == "None" else name
        line = rows.filter(pl.col("partition").eq_missing(pl.lit(kind, dtype=pl.String)))
        s, difference = line.get_column("s").to_list(), line.get_column("difference").to_list()
        bounds = line.drop_nulls(["low", "high"])
        axes.fill_between(
            bounds.get_column("s").to_list(),
            bounds.get_column("low").to_list(),
            bounds.get_column("high").to_list(),
            color=colour,
            alpha=0.18,
            linewidth=0,
        )
        label = f"{kind} partition" if kind else measure
        axes.plot(s, difference, color=colour, linewidth=2, marker="o", markersize=4, label=label)
        changes += [(at, colour) for at in sign_changes(s, difference)]
    for at, colour in changes:
        axes.axvline(at, color=colour, linewidth=1, linestyle="--")
        axes.annotate(
            f"s = {at:.2f}",
            (at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -10),
            textcoords="offset points",
            fontsize=8.5,
            color=colour,
        )
    arm, baseline = pairs.row(0)
    axes.set_xlabel("s: share of taste that is social")
    axes.set_ylabel(with_unit(f"{measure}, {arm} − {baseline}", measure))
    axes.legend(frameon=False, fontsize=8.5, loc="best")
    head(axes, "The sign changes" if changes else "The sign does not change with s")
    axes.tick_params(colors=MUTED, labelcolor=INK)
    foot(figure, calibrated=all_calibrated(rows))
    return figure


def sign_changes(s: list[float], difference: list[float]) -> list[float]:
    """Where a line through the points crosses zero.

    Points at zero are crossed only if the signs beside them differ, and then there (in
    their middle).

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
) -> Canvas:
    """A measure over the share of the second feed in a blend of two, with its interval.

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
    """
    check_columns(frame, "share")
    rows = rows_of(frame.filter(pl.col("share").is_not_null()), measure, partition)
    if rows.select("partition", "share").is_duplicated().any():
        raise DataError("a share occurs more than once for one partition.")
    if rows.get_column("share").n_unique() < 2:
        raise DataError("a curve needs at least two shares.")
    kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
    figure, (axes,) = blank_canvas(7.2, 4.4)
    banded = False
    for name, colour in arm_colours([str(kind) for kind in kinds]).items():
        kind = None if name == "None" else name
        line = rows.filter(pl.col("partition").eq_missing(pl.lit(kind, pl.String))).sort("share")
        bounds = line.drop_nulls(["low", "high"])
        banded |= bounds.height > 0
        axes.fill_between(
            bounds.get_column("share").to_list(),
            bounds.get_column("low").to_list(),
            bounds.get_column("high").to_list(),
            color=colour,
            alpha=0.18,
            linewidth=0,
        )
        axes.plot(
            line.get_column("share").to_list(),
            line.get_column("mean").to_list(),
            color=colour,
            linewidth=2,
            marker="o",
            markersize=4.5,
            label=f"{name} partition",
        )
    if len(kinds) > 1:
        axes.legend(frameon=False, fontsize=8.5, loc="best")
    axes.margins(x=0.02)
    axes.set_ylabel(with_unit(measure, measure) if len(kinds) > 1 else measure_text(rows))
    first, second = ends or ("the first feed", "the second feed")
    axes.set_xlabel(f"share of {second} in the blend: 0 is {first}", labelpad=6)
    head(axes, f"{measure}: from {first} to {second}")
    note = f"band: {interval_text(rows)}" if banded else ""
    foot(figure, note, calibrated=all_calibrated(rows))
    axes.tick_params(colors=MUTED, labelcolor=INK)
    return figure


def trade_off(
    frame: pl.DataFrame,
    x: str = "viewer_value",
    y: str = "crossing",
    *,
    partition: str | None = None,
) -> Canvas:
    """Every arm as a named dot, with its intervals in both directions.

    Intervals are those of each arm alone. Arms share their worlds, so that two of them can
    differ clearly though their intervals overlap: see :func:`graphkit.contrast`.

    Parameters
    ----------
    frame
        Result of :func:`graphkit.measures.arm_means`.
    x, y
        Measures along the two axes.
    partition
        Kind of partition; needed where a measure is given under several.
    """
    check_columns(frame)
    both = []
    for measure in (x, y):
        rows = rows_of(frame, measure, partition)
        kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
        if len(kinds) > 1:
            raise DataError(
                f"{measure!r} is given under the partitions {', '.join(map(str, kinds))}: choose "
                "one by partition=."
            )
        if rows.get_column("arm").is_duplicated().any():
            raise DataError(f"an arm has more than one mean of {measure!r}.")
        both.append(rows)
    across, up = both
    points = across.join(up, on="arm", suffix="_y", maintain_order="left")
    if not points.height:
        raise DataError(f"no arm has a mean of both {x!r} and {y!r}.")
    figure, (axes,) = blank_canvas(8.0, 5.6)
    colours = arm_colours(points.get_column("arm").to_list())
    dots, bars = [], []
    for row in points.iter_rows(named=True):
        dot, colour = (row["mean"], row["mean_y"]), colours[row["arm"]]
        if row["low"] is not None:
            axes.hlines(dot[1], row["low"], row["high"], color=colour, linewidth=1.6, alpha=0.6)
            bars.append((row["low"], dot[1], row["high"], dot[1]))
        if row["low_y"] is not None:
            axes.vlines(dot[0], row["low_y"], row["high_y"], color=colour, linewidth=1.6, alpha=0.6)
            bars.append((dot[0], row["low_y"], dot[0], row["high_y"]))
        axes.scatter([dot[0]], [dot[1]], color=[colour], s=46, zorder=3)
        dots.append(dot)
    axes.margins(0.12)
    axes.set_xlabel(measure_text(across))
    axes.set_ylabel(measure_text(up))
    head(axes, f"{len(dots)} feeds: {y} against {x}")
    note = f"bars: {interval_text(points)}" if bars else ""
    foot(figure, note, calibrated=all_calibrated(pl.concat(both)))
    axes.tick_params(colors=MUTED, labelcolor=INK)
    axes.autoscale_view()
    axes.set_xlim(axes.get_xlim())
    axes.set_ylim(axes.get_ylim())
    name_dots(figure, axes, dots, list(colours), list(colours.values()), bars)
    return figure
