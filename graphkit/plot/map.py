"""Map of communities: discs of members, and the ties between them that are above chance."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import overload

import numpy as np
import numpy.typing as npt
import polars as pl
from matplotlib import figure as mpl_figure
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, LineCollection, PatchCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle
from matplotlib.text import Text

from graphkit.communities import Layout, NullComparison, layout
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, OptionError, check_choice, check_integer
from graphkit.plot import canvas, style
from graphkit.plot.labels import shown, shown_all
from graphkit.plot.style import ACCENT, INK, MUTED, PALE, Canvas, Width, blank_canvas, column_arrays
from graphkit.privacy import shown_communities
from graphkit.readwrite.gexf import PALETTE
from graphkit.rng import RNGLike

__all__ = ["map"]

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Colour of communities beyond the palette, as in files of :func:`graphkit.readwrite.write_gexf`.
_OTHER = "#8c96a0"
#: Ties above chance have at least so many edges, and so much of the expected weight, which is
#: fitted: three communities or fewer would differ from it by rounding.
_MIN_EDGES, _ABOVE = 5, 1.01
#: Ties drawn, at most, per disc, of each sort.
_TIES = 4
#: Widths of ties in points, of the least and the most weight above chance.
_THIN, _THICK = 0.8, 7.0
#: Sizes of names in points, and characters of a name that is cut, tried in turn.
_SIZES, _CUT = (9.0, 7.5, 7.5), 20
#: The same on a phone, where letters of 8 points are 11 pixels high.
_PHONE_SIZES = (9.0, 8.0, 8.0)
#: A name that fits nowhere else lies across its disc, if it is at most so many discs wide.
_OVER = 2.2
#: Width of a new figure, in inches.
_WIDTH = 8.4


@overload
def map(
    graph: GraphLike,
    partition: Partition,
    *,
    places: Layout | None = ...,
    min_group_size: int = ...,
    top: int = ...,
    verdict: str | NullComparison | None = ...,
    ax: None = ...,
    width: Width = ...,
    rng: RNGLike | None = ...,
) -> Canvas: ...
@overload
def map(
    graph: GraphLike,
    partition: Partition,
    *,
    places: Layout | None = ...,
    min_group_size: int = ...,
    top: int = ...,
    verdict: str | NullComparison | None = ...,
    ax: Axes,
    width: Width = ...,
    rng: RNGLike | None = ...,
) -> mpl_figure.Figure: ...
def map(
    graph: GraphLike,
    partition: Partition,
    *,
    places: Layout | None = None,
    min_group_size: int = 10,
    top: int = 40,
    verdict: str | NullComparison | None = None,
    ax: Axes | None = None,
    width: Width = "page",
    rng: RNGLike | None = None,
) -> mpl_figure.Figure:
    """Map of communities: a disc each, its nodes as dots, lines for ties above chance.

    The area of a disc is in proportion to its members in the graph; nodes with the most ties
    inside are in the middle, the others face their neighbours. Dark lines join communities whose
    ties outweigh quasi-independence, see :func:`graphkit.communities.layout`: the wider, the more
    weight above it, from 5 edges and 1 % above it on. That describes the graph, and is no test.
    The strongest other ties are pale hairlines. At most four lines of each sort per disc are drawn;
    below the map stands how many there are, and what has no disc of its own. A name that has no
    room is cut to 20 letters, or else left out and counted.

    Communities below `min_group_size` share a disc, if they are two or more and have so many nodes
    together. Else neither they are drawn, nor the next larger ones where the rest could be told from
    the total, see :func:`graphkit.privacy.shown_communities`; how many nodes these are stands below
    the map.

    Colours are those of :func:`graphkit.readwrite.write_gexf`: nine hues for the largest
    communities, grey for the others.

    Parameters
    ----------
    graph, partition
        The graph and its communities; ids are matched.
    places
        A layout of this graph by these communities, such as one that is written to a file too; by
        default one is computed.
    min_group_size, rng
        As in :func:`graphkit.communities.layout`; not with `places`.
    top
        Communities named, at most, the largest first.
    verdict
        What is known of the communities: the result of a null test, such as
        :func:`graphkit.communities.rewired_null`, or a sentence; by default how far the runs agree.
        It is in colour where the runs disagree, or the test does not call the communities stable.
    ax
        Axes of Matplotlib to draw in, those of a subplot, in place of a new figure.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.

    Returns
    -------
    Canvas
        A Matplotlib figure; with `ax`, the figure of these axes.

    Raises
    ------
    DataError
        If no node of the graph is in a community, no community may be told apart, a weight is
        negative, the layout is of another graph or partition, or the test of another partition,
        quality or resolution.
    """
    given = as_graph(graph, "map")
    check_integer("top", top, 0)
    if places is None:
        places = layout(given, partition, min_group_size=min_group_size, rng=rng)
    else:
        check_places("map", places, given, partition)
        if rng is not None:
            raise OptionError("map: rng= draws a layout, and places= has one: give one of them.")
    least = int(places.provenance.find("min_group_size") or min_group_size)
    everyone, places = places, _drawn_part(places, given, partition, least)
    frame = places.frame
    x, y, radius = column_arrays(frame, "x", "y", "radius")
    discs_at = np.column_stack([x, y])
    corners = np.array(
        [(discs_at - radius[:, None]).min(axis=0), (discs_at + radius[:, None]).max(axis=0)]
    )
    edge = 0.1 * max(float(np.ptp(corners, axis=0).max()), 2.5 * float(radius.max()))
    corners += np.array([[-edge], [edge]])  # with room for names
    figure: mpl_figure.Figure
    check_choice("width", width, ("page", "phone"))
    if ax is None:
        wide = _WIDTH if width == "page" else style.PHONE
        across, up = np.ptp(corners, axis=0).tolist()
        tall = min(max(wide * up / across, 4.0 if width == "page" else 2.6), wide)
        figure, (axes,) = blank_canvas(wide, (1 if width == "page" else 1.6) + tall)
    elif width != "page":
        raise OptionError(
            f"plot.map: width={width!r} is of a new figure, and ax= has its own: give one of them."
        )
    else:
        figure, axes = canvas.figure_of(ax, "map"), ax
    axes.set_axis_off()
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlim(*corners[:, 0].tolist())
    axes.set_ylim(*corners[:, 1].tolist())
    colours = disc_colours(places)
    notes = _draw_ties(axes, places)
    discs = [Circle((a, b), r) for a, b, r in frame.select("x", "y", "radius").iter_rows()]
    fills = [_mixed(colour, 0.16) for colour in colours]
    axes.add_collection(
        PatchCollection(discs, facecolor=fills, edgecolor=colours, linewidth=1.0, zorder=2)
    )
    _draw_nodes(axes, places, colours)
    _write_head(axes, places, partition, verdict, given.node_kind)
    notes += _left_out(places, given.node_kind, suppressed=places is not everyone)
    foot = axes.text(0, -0.01, "", transform=axes.transAxes, va="top", fontsize=8, color=MUTED)
    # its lines are known before the names are placed; how many have no room, after
    lines = _wrapped(notes, axes, _unnamed(frame.height))
    foot.set_text(lines)
    unnamed = frame.height - _write_names(figure, axes, frame, colours, top)
    notes += [_unnamed(unnamed)] if unnamed else []
    # as many lines as before, so that the names stay where they are
    told = _wrapped(notes, axes)
    foot.set_text(told + "\n" * (lines.count("\n") - told.count("\n")))
    if ax is not None:
        canvas.draw_as_they_are(axes)
    return figure


def check_places(caller: str, places: object, graph: Graph, partition: Partition) -> None:
    """Refuse what is no layout of this graph by these communities."""
    style.require_type(caller, places, Layout, "graphkit.communities.layout")
    assert isinstance(places, Layout)
    if places.vocabulary.content_key != graph.vocabulary.content_key or (
        partition.content_key not in places.provenance.inputs
    ):
        raise DataError(
            f"{caller}: places= is the layout of another graph or partition: pass "
            "graphkit.communities.layout(graph, partition) of these."
        )


def shown_discs(
    places: Layout, graph: Graph, partition: Partition, least: int, *, caller: str
) -> Counts:
    """Rows of the discs whose communities may be told apart, the largest first."""
    codes = partition.vocabulary.lookup(graph.vocabulary)
    community = partition.membership[codes[codes >= 0]]
    sizes = np.bincount(community[community >= 0], minlength=partition.n_communities)
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > 0]
    count = shown_communities(sizes[order].tolist(), least, graph.n_nodes - int(sizes.sum()))
    own = places.frame.filter(pl.col("community").is_in(order[:count].tolist()))
    if not own.height:
        raise DataError(
            f"{caller}: no community of {least} {graph.node_kind} could be told apart: take more "
            "data, or a smaller min_group_size."
        )
    own = own.sort("size", "community", descending=[True, False])
    rows: Counts = own.get_column("area").to_numpy().astype(np.int64)
    return rows


def _drawn_part(places: Layout, graph: Graph, partition: Partition, least: int) -> Layout:
    """The layout itself, or its discs that may be told apart; others become nodes without a disc."""
    other = places.frame.filter(pl.col("community").is_null())
    many, size = other.select(pl.col("communities", "size").sum()).row(0)
    large = "communities below min_group_size" not in places.provenance.removed
    # the other communities are no small group, or all that there is
    if not other.height or (size >= least and (many > 1 or large)) or size == graph.n_nodes:
        return places
    rows = np.sort(shown_discs(places, graph, partition, least, caller="map"))
    new = np.full(places.frame.height + 1, -1, dtype=np.int32)  # the last for no disc
    new[rows] = np.arange(rows.size)
    ties = places.ties.filter(pl.all_horizontal(pl.col("source", "target").is_in(rows.tolist())))
    codes = [pl.Series(name, new[ties[name].to_numpy()]) for name in ("source", "target")]
    area = pl.Series("area", np.arange(rows.size, dtype=np.int32))
    return replace(
        places,
        area=new[places.area],
        frame=places.frame[rows].with_columns(area),
        ties=ties.with_columns(codes),
    )


def disc_colours(places: Layout) -> list[str]:
    """Colour of each disc: nine hues for the largest communities, grey for the others."""
    return [
        PALETTE[c] if c is not None and c < len(PALETTE) else _OTHER
        for c in places.frame.get_column("community")
    ]


def judge_ties(ties: pl.DataFrame) -> pl.DataFrame:
    """Ties of a layout with excess (weight − expected) and above: whether they outweigh chance."""
    above = (pl.col("ratio") > _ABOVE) & (pl.col("edges") >= _MIN_EDGES)
    return ties.with_columns(
        above=above.fill_null(False), excess=pl.col("weight") - pl.col("expected")
    )


def strong_ties(ties: pl.DataFrame, discs: int) -> tuple[pl.DataFrame, Floats]:
    """The ties above chance that are drawn between so many discs, and their widths in points."""
    strong = ties.filter("above").sort("excess", descending=True, maintain_order=True)
    strong = strong.head(_TIES * discs)
    excess = strong.get_column("excess").to_numpy()
    return strong, _THIN + (_THICK - _THIN) * np.sqrt(excess / excess.max(initial=0.0))


def _draw_ties(axes: Axes, places: Layout) -> list[str]:
    """Lines between discs, and what is said of them."""
    ties, frame = judge_ties(places.ties), places.frame
    if not ties.height:
        return ["no edge joins two of the discs"] if frame.height > 1 else []
    most, above = _TIES * frame.height, int(ties.get_column("above").sum())
    weak = ties.filter(~pl.col("above")).head(most)
    strong, thick = strong_ties(ties, frame.height)
    thin = np.full(weak.height, 0.6)
    for part, widths, colour, order in ((weak, thin, PALE, 0), (strong, thick, INK, 1)):
        if not part.height:
            continue
        lines = LineCollection(
            _segments(part, frame).tolist(), linewidths=widths, colors=colour, zorder=order
        )
        lines.set_alpha(0.55 if order else 1.0)
        axes.add_collection(lines)
    if not above:
        told = (
            f"no dark lines: none of {ties.height:,} ties between communities has more weight than "
        )
        told += "expected" + (", as always with three or fewer" if frame.height < 4 else "")
    else:
        drawn = f"the {most:,} strongest of " if above > most else ""
        told = f"dark lines: {drawn}{above:,} of {ties.height:,} ties between communities with "
        told += "more weight than expected (quasi-independence), wider with the excess"
    return [told, f"pale lines: {weak.height:,} others"] if weak.height else [told]


def _segments(ties: pl.DataFrame, frame: pl.DataFrame) -> Floats:
    """Lines from edge to edge of two discs, shape (k, 2, 2)."""
    x, y, radius = column_arrays(frame, "x", "y", "radius")
    source, target = column_arrays(ties, "source", "target")
    ends = np.column_stack([x, y])
    way = ends[target] - ends[source]
    way /= np.hypot(*way.T)[:, None]
    first = ends[source] + way * radius[source, None]
    return np.stack([first, ends[target] - way * radius[target, None]], axis=1)


def _draw_nodes(axes: Axes, places: Layout, colours: list[str]) -> None:
    """A dot per node that has a disc, in the data's units; one node has the area 1."""
    drawn = places.area >= 0
    area = places.area[drawn]
    inks = np.array([to_rgb(colour) for colour in colours])[area]
    size = np.full(area.size, 0.58)
    dots = EllipseCollection(
        *(size, size, np.zeros(area.size)),
        units="xy",
        offsets=places.positions[drawn],
        offset_transform=axes.transData,
        facecolors=inks,
        linewidths=0,
        zorder=3,
    )
    # vector files of so many dots are slow to open
    dots.set_rasterized(area.size > 5000)
    axes.add_collection(dots)


def _write_head(
    axes: Axes,
    places: Layout,
    partition: Partition,
    verdict: str | NullComparison | None,
    kind: str,
) -> None:
    """Title, and below it what is known of the communities."""
    placed = int((places.area >= 0).sum())
    known = int(places.frame.get_column("communities").sum())
    word = "community" if known == 1 else "communities"
    said, doubt = known_of(partition, verdict, "map")
    most = 48 if _is_narrow(axes) else 110
    said = "\n".join(textwrap.wrap(shown(said, 110), most)) if said else ""
    below = "\n" * (said.count("\n") + 1) if said else ""
    style.head(axes, f"{known:,} {word} of {placed:,} {shown(kind)}{below}")
    if said:
        colour = ACCENT if doubt else MUTED
        axes.text(0, 1.008, said, transform=axes.transAxes, fontsize=9, color=colour)


def known_of(
    partition: Partition, verdict: str | NullComparison | None, caller: str
) -> tuple[str, bool]:
    """What is known of the communities, and whether it casts doubt on them."""
    said, doubt = "", False
    if isinstance(verdict, NullComparison):
        if verdict.partition.membership_key != partition.membership_key:
            raise DataError(
                f"{caller}: verdict= is of another partition: draw that of the comparison, its "
                "attribute partition."
            )
        tested, own = verdict.partition.objective, partition.objective
        if tested and own and tested != own:
            raise DataError(
                f"{caller}: verdict= is of {tested}, and these communities were found by {own}: give "
                "the null function partition=, to test what is drawn."
            )
        said, doubt = verdict.conclusion, not verdict.stable
    elif verdict is not None:
        said = verdict
    elif partition.runs is not None:
        said, doubt = partition.verdict, partition.verdict == "runs disagree"
    return (f"not to be read as groups — {said}" if doubt else said), doubt


def _left_out(places: Layout, kind: str, *, suppressed: bool) -> list[str]:
    """What has no disc of its own."""
    notes = []
    other = places.frame.filter(pl.col("community").is_null())
    if other.height:
        many, size = other.select("communities", "size").row(0)
        word = "community" if many == 1 else "communities"
        notes.append(f"other: {many:,} smaller {word} of {size:,} {shown(kind)}")
    if unassigned := int((places.area < 0).sum()):
        everyone = f"{places.area.size:,} {shown(kind)}"
        why = "in no community"
        why += ", or in one too small to be told apart" if suppressed else ""
        notes.append(f"not drawn: {unassigned:,} of {everyone}, {why}")
    return notes


def _is_narrow(axes: Axes) -> bool:
    return canvas.figure_of(axes, "map").get_figwidth() <= style.PHONE


def _unnamed(count: int) -> str:
    word = "disc is" if count == 1 else "discs are"
    return f"{count:,} {word} not named, for want of room or beyond the top"


def _wrapped(notes: list[str], axes: Axes, more: str = "") -> str:
    """Notes in lines that are about as wide as the axes may be."""
    place = axes.get_position(original=True)
    figure = canvas.figure_of(axes, "map")
    width = max(int(15 * figure.get_figwidth() * place.width), 30)
    return "\n".join(textwrap.wrap("; ".join([*notes, *([more] if more else [])]), width))


def _write_names(
    figure: mpl_figure.Figure, axes: Axes, frame: pl.DataFrame, colours: list[str], top: int
) -> int:
    """Names in or beside discs, where they cover no other name; returns their number."""
    named = frame.sort("size", "area", descending=[True, False]).head(top)
    texts = []
    for row in named.iter_rows(named=True):
        ink = tuple(0.5 * part for part in to_rgb(colours[row["area"]]))
        text = axes.text(row["x"], row["y"], shown(row["label"]), ha="center", va="center")
        text.set(color=ink, fontweight="bold", zorder=5, in_layout=False, parse_math=False)
        # no outline of the letters, for such text is no text in vector files
        text.set_bbox({"boxstyle": "round,pad=0.1", "facecolor": (1, 1, 1, 0.65), "linewidth": 0})
        texts.append(text)
    canvas.lay_out(figure)
    point = figure.dpi / 72
    extent = np.asarray(axes.get_window_extent().extents, dtype=np.float64)
    x, y, radius = column_arrays(frame, "x", "y", "radius")
    at = axes.transData.transform(np.column_stack([x, y]))
    reach = radius * abs(
        float(axes.transData.transform((1, 0))[0] - axes.transData.transform((0, 0))[0])
    )
    taken: list[Floats] = []
    # two names that are cut alike are not cut
    cuts = Counter(shown_all(frame.get_column("label"), _CUT))
    for text, area in zip(texts, named.get_column("area").to_list(), strict=True):
        cut = shown(text.get_text(), _CUT)
        cut = cut if cuts[cut] == 1 else text.get_text()
        box = _find_room(text, cut, area, at, reach, extent, taken, point)
        if box is None:
            text.remove()
            continue
        taken.append(box)
        middle = axes.transData.inverted().transform((box[:2] + box[2:]) / 2)
        text.set_position((float(middle[0]), float(middle[1])))
    return len(taken)


def _find_room(
    text: Text,
    cut: str,
    area: int,
    at: Floats,
    reach: Floats,
    extent: Floats,
    taken: list[Floats],
    point: float,
) -> Floats | None:
    """The box of a name in pixels, (left, bottom, right, top); None if it has no room."""
    others = np.delete(np.arange(len(at)), area)
    boxes = np.array(taken).reshape(-1, 4)
    narrow = isinstance(text.axes, Axes) and _is_narrow(text.axes)
    sizes = _PHONE_SIZES if narrow else _SIZES
    for size, name in zip(sizes, (text.get_text(), text.get_text(), cut), strict=True):
        text.set(fontsize=size, text=name)
        with canvas.quiet_glyphs():
            own = text.get_window_extent()
        # with room for another size of pixels, in which letters have slightly other widths
        half = np.array([own.width * 1.04, own.height * 1.04]) / 2 + 1.5 * point
        for shift in _shifts(half, float(reach[area]), 2 * point):
            box = np.concatenate([at[area] + shift - half, at[area] + shift + half])
            away = np.maximum(np.maximum(box[:2] - at[others], at[others] - box[2:]), 0)
            # nearer to its own disc than to any other
            covers = (np.hypot(*away.T) < reach[others] + 5 * point).any()
            if not covers and _is_free(box, boxes, extent):
                return box
    # last, across the own disc, and a part of others
    box = np.concatenate([at[area] - half, at[area] + half])
    fits = half[0] < _OVER * reach[area] and half[1] < reach[area]
    return box if fits and _is_free(box, boxes, extent) else None


def _is_free(box: Floats, boxes: Floats, extent: Floats) -> bool:
    """Whether a box covers no other one, and lies in the extent of the axes."""
    outside = (box[:2] < extent[:2]).any() or (box[2:] > extent[2:]).any()
    covered = ((boxes[:, :2] < box[2:]) & (boxes[:, 2:] > box[:2])).all(axis=1).any()
    return not (outside or covered)


def _shifts(half: Floats, radius: float, gap: float) -> Iterator[Floats]:
    """From the centre of a disc to that of its name: inside, then around, above and below first."""
    if half[0] < 0.95 * radius:
        yield np.zeros(2)
    for angle in np.deg2rad([270, 90, 0, 180, 300, 240, 60, 120, 330, 210, 30, 150]).tolist():
        way = np.array([np.cos(angle), np.sin(angle)])
        # the nearest corner of the box touches the disc
        yield way * (radius + gap) + np.sign(np.round(way, 6)) * half


def _mixed(colour: str, share: float) -> tuple[float, ...]:
    """A share of a colour, the rest white: opaque, so that lines end at the disc."""
    return tuple(1 - share * (1 - part) for part in to_rgb(colour))
