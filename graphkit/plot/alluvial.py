"""Alluvial figure of communities over time: sizes, and the nodes that move between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from graphkit.communities.tracking import Tracks
from graphkit.errors import DataError, check_integer
from graphkit.plot import style
from graphkit.plot.labels import leader_line, shown, write_beside
from graphkit.plot.palette import Palette
from graphkit.plot.style import INK, MUTED, PALE, Canvas, Place, Width

__all__ = ["alluvial"]

#: Distinguishable hues, repeated from the eleventh track on.
_HUES = (
    *("#2563a8", "#c2410c", "#3f8f5b", "#d19a00", "#7b4ea3"),
    *("#1696a6", "#c0417a", "#6b7a1e", "#8a5a34", "#5b6ee1"),
)

#: Groups of pooled nodes; other groups are the ranks 0 … `top` − 1 of the tracks shown.
_OTHERS, _NONE = 10_000, 10_001

#: Width of a bar, where from time to time is 1; gap between parts, relative to the highest stack.
_WIDTH, _GAP = 0.13, 0.012

#: Bottom and top of each part of each bar, by time and group.
Extents = dict[tuple[int, int], tuple[float, float]]


def alluvial(
    tracks: Tracks,
    *,
    top: int = 8,
    unassigned: bool = False,
    palette: Palette | None = None,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Bars of stacked communities, one per time, and bands of the nodes that move between them.

    A track keeps its colour and its rank in the stacks: the one with most nodes over all times
    is at the bottom. A band is as wide as the nodes that move from one community to the next,
    and has the colour of its source. Nodes without a band on the right of their bar are in no
    community at the next time, or not in the data; those without one on the left are new.

    Parameters
    ----------
    tracks
        Over two times or more.
    top
        Tracks shown separately, those with most nodes summed over times. The rest is pooled
        in grey.
    unassigned
        Whether nodes that are known but in no community are shown too, at the very top.
    palette
        Colours of the communities, :func:`graphkit.plot.palette` of their partition, one over all
        times; by default tracks have hues in their order.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.

    Returns
    -------
    Canvas
        A Matplotlib figure.

    Raises
    ------
    DataError
        If there are fewer than two times, or no community at any.
    OptionError
        If `top` is not a whole number from 1 up.
    """
    if len(tracks.times) < 2:
        raise DataError(
            f"an alluvial figure needs two times or more; there are {len(tracks.times)}."
        )
    top = check_integer("top", top, 1)
    if not tracks.n_tracks:
        raise DataError("there is no community at any time: nothing to plot.")
    order = tracks.summary().sort("nodes", "track_id", descending=[True, False])
    chosen = order.get_column("track_id").head(top).to_list()
    rank = {number: place for place, number in enumerate(chosen)}
    bars = _bar_sizes(tracks, rank, unassigned)
    extents = _stack_bars(bars)
    names = {place: shown(tracks.name(number)) for number, place in rank.items()}
    hues = {place: _HUES[place % len(_HUES)] for place in names}
    if palette is not None:
        hues = {place: palette[tracks.name(number)] for number, place in rank.items()}
    hues |= {_OTHERS: "#aab3bc", _NONE: PALE}
    size = len(tracks.times)
    sheet, (axes,) = style.open_sheet(
        "alluvial", min(16.0, max(7.5, 3.0 + 1.1 * size)), 5.4, ax=ax, on=width
    )
    _draw_bands(axes, tracks, rank, extents, hues)
    for (at, group), (low, high) in extents.items():
        look: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.5, "zorder": 3}
        look["facecolor"] = hues[group]
        axes.add_patch(Rectangle((at - _WIDTH / 2, low), _WIDTH, high - low, **look))
    pooled = tracks.n_tracks - len(chosen)
    _write_names(axes, names | {_OTHERS: f"{pooled} others", _NONE: "in none"}, extents, size, hues)
    sums = bars.group_by("at").agg(pl.col("nodes").sum())
    totals = dict(sums.rows())
    kind = shown(tracks.partitions[0].node_kind)
    below = [f"{shown(time)}\n{totals.get(at, 0):,}" for at, time in enumerate(tracks.times)]
    axes.set_xticks(range(size), below, fontsize=9)
    axes.set_xlim(-0.25, size - 1 + _WIDTH)
    axes.set_ylim(0, max(high for _, high in extents.values()) * 1.01)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(f"number below each time: {kind} in the bar", fontsize=8.5, color=MUTED)
    rest = f"; the {pooled} smaller ones are pooled" if pooled else ""
    style.head(axes, f"{tracks.n_tracks} communities followed over {size} times{rest}")
    return sheet.done()


def _track_group(column: str, rank: dict[int, int]) -> pl.Expr:
    """Rank of a track in the figure, pooled from `top` on."""
    return pl.col(column).replace_strict(rank, default=_OTHERS, return_dtype=pl.Int64)


def _time_index(tracks: Tracks) -> pl.Expr:
    times = {time: at for at, time in enumerate(tracks.times)}
    return pl.col("time").replace_strict(times, return_dtype=pl.Int64).alias("at")


def _bar_sizes(tracks: Tracks, rank: dict[int, int], unassigned: bool) -> pl.DataFrame:
    """Nodes by time and group, groups ascending: at, group, nodes."""
    frame = tracks.frame().with_columns(group=_track_group("track_id", rank))
    bars = frame.group_by(_time_index(tracks), "group").agg(pl.col("size").sum().alias("nodes"))
    if unassigned:
        none = [p.n_unassigned for p in tracks.partitions]
        extra = {"at": list(range(len(none))), "group": [_NONE] * len(none), "nodes": none}
        bars = pl.concat([bars, pl.DataFrame(extra, schema=bars.schema)])
    return bars.filter(pl.col("nodes") > 0).sort("at", "group")


def _stack_bars(bars: pl.DataFrame) -> Extents:
    """Bottom and top of each part of each bar."""
    gap = _GAP * max(bars.group_by("at").agg(pl.col("nodes").sum()).get_column("nodes"))
    extents: Extents = {}
    height, last = 0.0, -1
    for at, group, nodes in bars.rows():
        height = height + gap if at == last else 0.0
        extents[at, group] = (height, height + nodes)
        height, last = height + nodes, at
    return extents


def _draw_bands(
    axes: Axes, tracks: Tracks, rank: dict[int, int], extents: Extents, hues: dict[int, str]
) -> None:
    """Bands in stack order on both sides, which minimises their crossings."""
    ends = []
    for side in ("source", "target"):
        pooled = _track_group(side, rank)
        state = pl.col(f"{side}_state")
        group = pl.when(state == "assigned").then(pooled).when(state == "unassigned")
        ends.append(group.then(pl.lit(_NONE, dtype=pl.Int64)).alias(f"{side}_group"))
    named = tracks.alluvial().with_columns(_time_index(tracks), *ends)
    named = named.drop_nulls(["source_group", "target_group"])
    grouped = named.group_by("at", "source_group", "target_group").agg(pl.col("nodes").sum())
    used: dict[tuple[int, int, str], float] = {}
    for step, source, target, nodes in grouped.sort("at", "source_group", "target_group").rows():
        if (step, source) not in extents or (step + 1, target) not in extents:
            continue  # unassigned nodes that are not shown
        left = extents[step, source][0] + used.get((step, source, "out"), 0.0)
        right = extents[step + 1, target][0] + used.get((step + 1, target, "in"), 0.0)
        for key in ((step, source, "out"), (step + 1, target, "in")):
            used[key] = used.get(key, 0.0) + nodes
        band = _band_path(step + _WIDTH / 2, step + 1 - _WIDTH / 2, left, right, nodes)
        look = {"alpha": 0.42 if source < _OTHERS else 0.22, "linewidth": 0, "zorder": 2}
        axes.add_patch(PathPatch(band, facecolor=hues[source], **look))


def _band_path(x0: float, x1: float, left: float, right: float, height: float) -> Path:
    """A band of constant height from left to right, bent half-way."""
    mid = (x0 + x1) / 2
    points = [(x0, left), (mid, left), (mid, right), (x1, right)]
    back = [(x, y + height) for x, y in reversed(points)]
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    return Path([*points, *back, points[0]], codes)


_TEXT: dict[str, Any] = {"va": "center", "fontsize": 9}


def _write_names(
    axes: Axes, names: dict[int, str], extents: Extents, size: int, hues: dict[int, str]
) -> None:
    """Each name once, next to its last bar, without overlaps."""
    last = {group: at for at, group in extents}
    height = max(high for _, high in extents.values())
    ends = sorted(group for group, at in last.items() if at == size - 1)
    middles = [sum(extents[size - 1, group]) / 2 for group in ends]
    spread = _separate_heights(middles, height / 26, height)
    for group, middle, y in zip(ends, middles, spread, strict=True):
        axes.annotate(
            names[group],
            (size - 1 + _WIDTH / 2, middle),
            xytext=(size - 1 + _WIDTH + 0.08, y),
            color=_group_ink(group),
            annotation_clip=False,
            arrowprops=leader_line(hues[group], 0.8),
            **_TEXT,
        )
    for at in sorted(set(last.values()) - {size - 1}):
        inner = sorted(group for group in names if last.get(group) == at and group < _OTHERS)
        middles = [sum(extents[at, group]) / 2 for group in inner]
        for group, y in zip(inner, _separate_heights(middles, height / 26, height), strict=True):
            place, color = (at + _WIDTH / 2, y), _group_ink(group)
            note = write_beside(axes, names[group], place, (4, 0), color=color, zorder=5, **_TEXT)
            note.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def _separate_heights(wanted: list[float], least: float, ceiling: float) -> list[float]:
    """Ascending heights, shifted to distances of at least `least`, below `ceiling`."""
    heights = np.array(wanted, dtype=np.float64)
    steps = np.arange(heights.size) * least
    heights = np.maximum.accumulate(heights - steps) + steps
    placed: list[float] = np.minimum(heights, ceiling - steps[::-1]).tolist()
    return placed


def _group_ink(group: int) -> str:
    return INK if group < _OTHERS else MUTED
