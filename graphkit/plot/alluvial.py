"""Communities through time: who stays, who goes where."""

from __future__ import annotations

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from graphkit.communities.tracking import Tracks
from graphkit.errors import DataError, check_integer
from graphkit.plot.style import INK, MUTED, PALE, Canvas, blank_canvas, head

__all__ = ["alluvial"]

#: Hues that stay apart; the eleventh track begins again.
_HUES = (
    "#2563a8",
    "#c2410c",
    "#3f8f5b",
    "#d19a00",
    "#7b4ea3",
    "#1696a6",
    "#c0417a",
    "#6b7a1e",
    "#8a5a34",
    "#5b6ee1",
)

#: What is pooled, beside the ranks 0 … `top` − 1 of the tracks shown.
_OTHERS, _NONE = 10_000, 10_001

#: Width of a bar, where from time to time is 1; gap between parts, of the highest stack.
_WIDTH, _GAP = 0.13, 0.012


def alluvial(tracks: Tracks, *, top: int = 8, unassigned: bool = False) -> Canvas:
    """Bars of stacked communities, one per time, and bands of the nodes that pass between.

    A track keeps its colour, and its place in the stacks: the one with most nodes over all
    times is at the bottom. A band is as wide as the nodes that go from one community to
    the next, and has the colour of where they come from. Where a bar has no band on its
    right, its nodes are in no community next time, or not there; on its left, they are new.

    Parameters
    ----------
    tracks
        Over two times or more.
    top
        Tracks shown each by itself, those with most nodes summed over times. The rest is
        pooled in grey.
    unassigned
        Whether nodes that are known but in no community are shown, too, at the very top.

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
    bars = _bars(tracks, rank, unassigned)
    places = _stacked(bars)
    size = len(tracks.times)
    figure, (axes,) = blank_canvas(min(16.0, max(7.5, 3.0 + 1.1 * size)), 5.4)
    _draw_bands(axes, tracks, rank, places)
    for (at, group), (low, high) in places.items():
        axes.add_patch(
            Rectangle(
                (at - _WIDTH / 2, low),
                _WIDTH,
                high - low,
                facecolor=_hue(group),
                edgecolor="white",
                linewidth=0.5,
                zorder=3,
            )
        )
    names = {place: tracks.name(number) for number, place in rank.items()}
    pooled = tracks.n_tracks - len(chosen)
    _write_names(axes, names | {_OTHERS: f"{pooled} others", _NONE: "in none"}, places, size)
    sums = bars.group_by("at").agg(pl.col("nodes").sum())
    totals = dict(sums.rows())
    kind = tracks.partitions[0].node_kind
    shown = [f"{time}\n{totals.get(at, 0):,}" for at, time in enumerate(tracks.times)]
    axes.set_xticks(range(size), shown, fontsize=9)
    axes.set_xlim(-0.25, size - 1 + _WIDTH)
    axes.set_ylim(0, max(high for _, high in places.values()) * 1.01)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(f"number below each time: {kind} in the bar", fontsize=8.5, color=MUTED)
    rest = f"; the {pooled} smaller ones are pooled" if pooled else ""
    head(axes, f"{tracks.n_tracks} communities followed over {size} times{rest}")
    return figure


def _bars(tracks: Tracks, rank: dict[int, int], unassigned: bool) -> pl.DataFrame:
    """Nodes by time and group, groups ascending: at, group, nodes."""
    group = pl.col("track_id").replace_strict(rank, default=_OTHERS, return_dtype=pl.Int64)
    frame = tracks.frame().with_columns(group=group)
    times = {time: at for at, time in enumerate(tracks.times)}
    at = pl.col("time").replace_strict(times, return_dtype=pl.Int64)
    bars = frame.group_by(at.alias("at"), "group").agg(pl.col("size").sum().alias("nodes"))
    if unassigned:
        none = [p.n_unassigned for p in tracks.partitions]
        extra = {"at": list(range(len(none))), "group": [_NONE] * len(none), "nodes": none}
        bars = pl.concat([bars, pl.DataFrame(extra, schema=bars.schema)])
    return bars.filter(pl.col("nodes") > 0).sort("at", "group")


def _stacked(bars: pl.DataFrame) -> dict[tuple[int, int], tuple[float, float]]:
    """Bottom and top of each part of each bar."""
    gap = _GAP * max(bars.group_by("at").agg(pl.col("nodes").sum()).get_column("nodes"))
    places: dict[tuple[int, int], tuple[float, float]] = {}
    height, last = 0.0, -1
    for at, group, nodes in bars.rows():
        height = height + gap if at == last else 0.0
        places[at, group] = (height, height + nodes)
        height, last = height + nodes, at
    return places


def _draw_bands(
    axes: Axes,
    tracks: Tracks,
    rank: dict[int, int],
    places: dict[tuple[int, int], tuple[float, float]],
) -> None:
    """Bands in stack order on both sides, so that they cross as little as they must."""
    ends = []
    for side in ("source", "target"):
        pooled = pl.col(side).replace_strict(rank, default=_OTHERS, return_dtype=pl.Int64)
        state = pl.col(f"{side}_state")
        group = pl.when(state == "assigned").then(pooled).when(state == "unassigned")
        ends.append(group.then(pl.lit(_NONE, dtype=pl.Int64)).alias(f"{side}_group"))
    times = {time: at for at, time in enumerate(tracks.times)}
    at = pl.col("time").replace_strict(times, return_dtype=pl.Int64).alias("at")
    named = tracks.alluvial().with_columns(at, *ends).drop_nulls(["source_group", "target_group"])
    grouped = named.group_by("at", "source_group", "target_group").agg(pl.col("nodes").sum())
    used: dict[tuple[int, int, str], float] = {}
    for step, source, target, nodes in grouped.sort("at", "source_group", "target_group").rows():
        if (step, source) not in places or (step + 1, target) not in places:
            continue  # unassigned nodes that are not shown
        left = places[step, source][0] + used.get((step, source, "out"), 0.0)
        right = places[step + 1, target][0] + used.get((step + 1, target, "in"), 0.0)
        for key in ((step, source, "out"), (step + 1, target, "in")):
            used[key] = used.get(key, 0.0) + nodes
        alpha = 0.42 if source < _OTHERS else 0.22
        axes.add_patch(
            PathPatch(
                _band(step + _WIDTH / 2, step + 1 - _WIDTH / 2, left, right, nodes),
                facecolor=_hue(source),
                alpha=alpha,
                linewidth=0,
                zorder=2,
            )
        )


def _band(x0: float, x1: float, left: float, right: float, height: float) -> Path:
    """A band of one height from left to right, bent half-way."""
    mid = (x0 + x1) / 2
    points = [
        (x0, left),
        (mid, left),
        (mid, right),
        (x1, right),
        (x1, right + height),
        (mid, right + height),
        (mid, left + height),
        (x0, left + height),
        (x0, left),
    ]
    curve = [Path.CURVE4] * 3
    return Path(points, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _write_names(
    axes: Axes, names: dict[int, str], places: dict[tuple[int, int], tuple[float, float]], size: int
) -> None:
    """Each name once, beside its last bar; spread so that none overlap."""
    last = {group: at for at, group in places}
    height = max(high for _, high in places.values())
    ends = sorted(group for group, at in last.items() if at == size - 1)
    middles = [sum(places[size - 1, group]) / 2 for group in ends]
    spread = _apart(middles, height / 26, height)
    for group, middle, y in zip(ends, middles, spread, strict=True):
        axes.annotate(
            names[group],
            (size - 1 + _WIDTH / 2, middle),
            xytext=(size - 1 + _WIDTH + 0.08, y),
            va="center",
            fontsize=9,
            color=_ink(group),
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": _hue(group),
                "linewidth": 0.8,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
    for at in sorted(set(last.values()) - {size - 1}):
        inner = sorted(group for group in names if last.get(group) == at and group < _OTHERS)
        middles = [sum(places[at, group]) / 2 for group in inner]
        for group, y in zip(inner, _apart(middles, height / 26, height), strict=True):
            note = axes.annotate(
                names[group],
                (at + _WIDTH / 2, y),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                color=_ink(group),
                zorder=5,
            )
            note.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def _apart(wanted: list[float], least: float, ceiling: float) -> list[float]:
    """Ascending heights, moved so that neighbours are `least` apart, below `ceiling`."""
    heights = np.array(wanted, dtype=np.float64)
    steps = np.arange(heights.size) * least
    heights = np.maximum.accumulate(heights - steps) + steps
    room = ceiling - steps[::-1]
    placed: list[float] = np.minimum(heights, room).tolist()
    return placed


def _hue(group: int) -> str:
    if group >= _OTHERS:
        return "#aab3bc" if group == _OTHERS else PALE
    return _HUES[group % len(_HUES)]


def _ink(group: int) -> str:
    return INK if group < _OTHERS else MUTED
