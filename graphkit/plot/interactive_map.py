"""Interactive map of communities: one HTML file that needs no network."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities import Layout, NullComparison, layout
from graphkit.data.files import write_text
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.visibility import Visibility
from graphkit.errors import (
    DataError,
    DependencyError,
    OptionError,
    check_choice,
    check_integer,
    install_text,
    shorten,
)
from graphkit.plot.labels import shown, shown_all
from graphkit.plot.map import (
    check_places,
    disc_colours,
    judge_ties,
    known_of,
    shown_discs,
    strong_ties,
)
from graphkit.plot.style import INK, PALE, column_arrays
from graphkit.rng import RNGLike, Streams

__all__ = ["InteractiveMap", "interactive_map"]

Codes = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Radius of a dot, where one node has the area 1, as in the map of Matplotlib.
_DOT = 0.29
#: While a map of more dots, or thin lines, than the second moves, every so many-th is drawn: 5,000
#: take 90 ms of a processor that draws in software.
_MOVING, _MANY = 10, 2000
#: Room around the discs, in shares of the widest extent.
_ROOM = 0.06


@dataclass(frozen=True, repr=False, eq=False)
class InteractiveMap(Frozen, title="Interactive map of communities", table="frame"):
    """What an interactive map shows, and what it leaves out.

    Attributes
    ----------
    path
        The HTML file.
    frame
        One row per community that is drawn: community, label, size (nodes of the graph), drawn
        (nodes with a dot), consistency (mean over its members; null without runs), verdict (on the
        follow graph; null where it is not given).
    nodes, edges
        Of the graph; edges without direction and without loops.
    nodes_drawn, edges_drawn
        Dots and thin lines in the file.
    note
        What stands below the map.
    provenance
        How it was made; `removed` counts what is not drawn, by the reason.
    """

    path: Path
    frame: pl.DataFrame
    nodes: int
    nodes_drawn: int
    edges: int
    edges_drawn: int
    note: str
    provenance: Provenance = field(default_factory=lambda: Provenance("interactive_map"))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "file": str(self.path),
            "communities drawn": self.frame.height,
            "nodes drawn": f"{self.nodes_drawn:,} of {self.nodes:,}",
            "edges drawn": f"{self.edges_drawn:,} of {self.edges:,}",
        }
        return facts | {f"not drawn: {why}": n for why, n in self.provenance.removed.items()}


def interactive_map(
    graph: GraphLike,
    partition: Partition,
    path: str | Path,
    *,
    places: Layout | None = None,
    min_group_size: int = 10,
    visibility: Visibility | None = None,
    verdict: str | NullComparison | None = None,
    members: str = "none",
    most_nodes: int = 5000,
    most_edges: int = 3000,
    rng: RNGLike | None = None,
) -> InteractiveMap:
    """Write a map of communities to explore in a browser, as one HTML file that works offline.

    Discs, dots, colours and dark lines are those of :func:`graphkit.plot.map`: the same seed, or the
    same `places`, gives both maps the same places. Pointing at a disc tells its community. A search
    finds communities by name; the table beside the map chooses those in colour, while the others
    fade, and tells the same numbers without a mouse. Thin lines are edges between nodes.

    Only communities that may be told apart are drawn. Those with fewer than `min_group_size` nodes of
    the graph are not, nor the next larger ones where the rest would be one community or too few nodes
    (complementary suppression). Nodes without a community, or in one of these, are left out with
    their edges. Of the others, a random sample of `most_nodes` is drawn, in each community as many as
    its share, and a random sample of `most_edges` of the edges between these. What is drawn stands
    below the map. While the map moves, one in ten of more than 2,000 dots or thin lines is drawn.

    The file holds no id unless ``members="raw"``. Its dots are in the order of their places. Each dot
    and thin line is one node and one edge all the same: who has the graph could find nodes again by
    their ties. ``most_edges=0`` leaves the thin lines out.

    Bokeh draws the map; it is a package under the BSD licence with regular releases, and its script,
    about 1.3 MB, is in the file. The browser is told to refuse all requests of the page. The same
    input, seed and version of Bokeh give the same bytes.

    Parameters
    ----------
    graph, partition
        The graph and its communities; ids are matched.
    path
        The file, ``.html``. An earlier one is replaced.
    places
        A layout of this graph by these communities; by default one is computed.
    min_group_size
        The smallest community that is drawn.
    visibility
        What :func:`graphkit.visibility` found for this partition: the verdict on a community is told.
    verdict
        What is known of the communities, as in :func:`graphkit.plot.map`.
    members
        ``"none"``: nothing tells who a dot is. ``"raw"``: pointing at a dot tells its id as it is in
        the data, and the search finds ids. Such a file leads to persons.
    most_nodes, most_edges
        Dots and thin lines, at most. 5,000 dots move at 20 frames a second or more on a machine
        without a graphics card.
    rng
        Seed of the layout and of the samples.

    Returns
    -------
    InteractiveMap
        The path, and counts of what is drawn and left out.

    Raises
    ------
    DependencyError
        If Bokeh is not installed: it comes with the extra ``interactive``.
    DataError
        If no community may be drawn, or the layout, the verdict or the visibility is of another
        graph or partition, the verdict also if of another quality or resolution.
    OptionError
        If the path does not end in ``.html``, or an option is out of range.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> edges = [(f"{c}{i}", f"{c}{(i + k) % 12}") for c in "ab" for i in range(12) for k in (1, 2)]
    >>> g = Graph.from_edges(*zip(*edges), directed=False, node_kind="accounts")
    >>> p = Partition.from_membership({i: i[0] for i in g.vocabulary})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = interactive_map(g, p, f"{folder}/map.html", rng=1)
    >>> found.nodes_drawn, found.edges_drawn, found.frame.get_column("label").to_list()
    (24, 48, ['a', 'b'])
    """
    given, path = as_graph(graph, "interactive_map"), Path(path)
    check_map_file(path)
    check_integer("min_group_size", min_group_size, 1)
    check_integer("most_nodes", most_nodes, 1)
    check_integer("most_edges", most_edges, 0)
    check_choice("members", members, ("none", "raw"))
    streams = Streams(rng)
    if places is None:
        places = layout(given, partition, min_group_size=min_group_size, rng=streams.seed)
    else:
        check_places("interactive_map", places, given, partition)
    said, doubt = known_of(partition, verdict, "interactive_map")
    discs = shown_discs(places, given, partition, min_group_size, caller="interactive_map")
    frame = _community_table(places, discs, partition, visibility)
    plain = given.to_undirected().without_loops()
    node, disc = _sample_nodes(places, discs, most_nodes, streams)
    ends, between = _sample_edges(plain, places, discs, node, most_edges, streams)
    drawn = np.bincount(disc, minlength=discs.size)
    frame = frame.with_columns(pl.Series("drawn", drawn, pl.Int64))
    told = int(frame.get_column("size").sum())
    removed = {
        "nodes in no community that may be told apart": given.n_nodes - told,
        "nodes beyond most_nodes": told - node.size,
        "edges of nodes in no such community": plain.n_edges - between,
        "edges of nodes beyond most_nodes, or beyond most_edges": between - ends.shape[1],
    }
    kind = shown(given.node_kind)
    notes = _notes(places, discs, kind, (node.size, told), (ends.shape[1], between))
    notes.append(_left_out(given.n_nodes - told, min_group_size, kind))
    ids = given.vocabulary.series.gather(node).to_list() if members == "raw" else None
    if ids is not None:
        notes.append("This file holds ids as they are in the data: keep it as you keep the data.")
    text = _page(
        _document(places, discs, frame, (node, disc, ends), ids, kind),
        title=f"{discs.size:,} {_communities(discs.size)} of {told:,} {kind}",
        said=shown(said, 200) if said else "",
        doubt=doubt,
        notes=[note for note in notes if note],
        kind=kind,
        rows=_rows(frame, [disc_colours(places)[d] for d in discs.tolist()]),
        has_ids=ids is not None,
    )
    write_text(path, text)
    parameters = {"min_group_size": min_group_size, "members": members}
    record = Provenance.of(
        "interactive_map",
        parameters | {"most_nodes": most_nodes, "most_edges": most_edges},
        seed=streams.seed,
        made_from=(given, partition),
        removed={why: count for why, count in removed.items() if count},
    )
    counts = (given.n_nodes, int(node.size), plain.n_edges, int(ends.shape[1]))
    return InteractiveMap(path, frame, *counts, " ".join(note for note in notes if note), record)


def check_map_file(path: Path) -> None:
    """Raise an error unless a map can be written to a file of this name."""
    if path.suffix.lower() != ".html":
        raise OptionError(f"interactive_map: path={shorten(str(path))} must end in .html.")
    try:
        import bokeh  # noqa: F401
    except ImportError:
        raise DependencyError(
            f"an interactive map needs Bokeh: {install_text('interactive')}."
        ) from None


def _communities(count: int) -> str:
    return "community" if count == 1 else "communities"


def _community_table(
    places: Layout, discs: Counts, partition: Partition, visibility: Visibility | None
) -> pl.DataFrame:
    """One row per disc that is drawn, with the measures that are told of it."""
    frame = places.frame[discs].select("community", "label", "size")
    known = partition.summary()
    if "consistency" not in known.columns:
        known = known.with_columns(consistency=pl.lit(None, pl.Float64))
    frame = frame.join(
        known.select("community", "consistency"), on="community", how="left", maintain_order="left"
    )
    if visibility is None:
        return frame.with_columns(verdict=pl.lit(None, pl.String))
    seen = visibility.frame.select("community", "verdict", seen_size="size")
    frame = frame.join(seen, on="community", how="left", maintain_order="left")
    sizes = partition.sizes[frame.get_column("community").to_numpy()]
    if (frame.get_column("seen_size").to_numpy() != sizes).any():
        raise DataError(
            "interactive_map: visibility= is of another partition, whose communities have other "
            "sizes: compute it for this one."
        )
    return frame.drop("seen_size")


def _sample_nodes(
    places: Layout, discs: Counts, most: int, streams: Streams
) -> tuple[Counts, Counts]:
    """Nodes that are drawn, in the order of their places, and the disc of each."""
    rank = np.full(places.frame.height + 1, -1, dtype=np.int64)  # the last for no disc
    rank[discs] = np.arange(discs.size)
    disc = rank[places.area]
    node = np.flatnonzero(disc >= 0)
    if node.size > most:
        # as many of each disc as its share: every k-th of the nodes, by disc and then at random
        chance = streams.generator("nodes drawn").random(node.size)
        node = node[np.lexsort((chance, disc[node]))]
        node = node[np.arange(most) * node.size // most]
    x, y = places.positions[node].T
    # the order of the ids would tell them
    node = node[np.lexsort((y, x, disc[node]))]
    return node, disc[node]


def _sample_edges(
    graph: Graph, places: Layout, discs: Counts, node: Counts, most: int, streams: Streams
) -> tuple[Counts, int]:
    """Edges that are drawn, as two rows of positions in `node`; and how many have both ends shown."""
    source, target, _ = graph.edge_arrays()
    told = np.append(np.isin(np.arange(places.frame.height), discs), False)[places.area]
    between = int((told[source] & told[target]).sum())
    at = np.full(graph.n_nodes, -1, dtype=np.int64)
    at[node] = np.arange(node.size)
    ends = np.stack([at[source], at[target]])
    ends = ends[:, (ends >= 0).all(axis=0)]
    if ends.shape[1] > most:
        picked = streams.generator("edges drawn").choice(ends.shape[1], most, replace=False)
        ends = ends[:, picked]
    ends.sort(axis=0)
    return ends[:, np.lexsort(ends[::-1])], between


def _notes(
    places: Layout, discs: Counts, kind: str, nodes: tuple[int, int], edges: tuple[int, int]
) -> list[str]:
    """What is drawn."""
    parts = [
        f"{drawn:,} of {many:,} {what}" if drawn < many else f"all {many:,} {what}"
        for (drawn, many), what in ((nodes, kind), (edges, "edges"))
    ]
    sampled = nodes[0] < nodes[1] or edges[0] < edges[1]
    ties = _own_ties(places, discs)
    lines = "Thick lines join communities whose ties outweigh chance; the wider, the more."
    if not ties.get_column("above").any():
        lines = "No ties between communities outweigh chance" + (
            ", as always with three or fewer." if places.frame.height < 4 else "."
        )
    drawn = f"Drawn: {' and '.join(parts)} of these communities"
    drawn += ", picked at random." if sampled else "."
    if max(nodes[0], edges[0]) > _MANY:
        drawn += f" While the map moves, one in {_MOVING} is drawn."
    return [drawn, lines]


def _left_out(count: int, least: int, kind: str) -> str:
    """How many nodes are left out, unless the number would tell a small group."""
    told = f"No community of fewer than {least} {kind} is told apart." if least > 1 else ""
    if not count:
        return told
    many = f"{count:,}" if count >= least else f"fewer than {least}"
    left = f"Left out: {many} {kind} in no community, or in one too small to be told apart."
    return f"{left} {told}".strip()


def _own_ties(places: Layout, discs: Counts) -> pl.DataFrame:
    """Ties between the discs that are drawn."""
    own = pl.col("source").is_in(discs.tolist()) & pl.col("target").is_in(discs.tolist())
    return judge_ties(places.ties).filter(own)


def _rows(frame: pl.DataFrame, colours: list[str]) -> list[dict[str, str]]:
    """What the table and the tip tell of each community."""
    names = shown_all(frame.get_column("label"))
    return [
        {
            "name": name,
            "colour": colour,
            "size": f"{row['size']:,}",
            "consistency": "" if row["consistency"] is None else f"{row['consistency']:.2f}",
            "verdict": row["verdict"] or "",
        }
        for name, colour, row in zip(names, colours, frame.iter_rows(named=True), strict=True)
    ]


def _document(
    places: Layout,
    discs: Counts,
    frame: pl.DataFrame,
    drawn: tuple[Counts, Counts, Counts],
    ids: list[Any] | None,
    kind: str,
) -> dict[str, Any]:
    """The plot as Bokeh's script reads it."""
    from bokeh.document import Document
    from bokeh.models import ColumnDataSource

    node, disc, ends = drawn
    x, y, radius = (column[discs] for column in column_arrays(places.frame, "x", "y", "radius"))
    colours = [disc_colours(places)[d] for d in discs.tolist()]
    rows = _rows(frame, colours)
    columns: dict[str, list[str]] = {name: [row[name] for row in rows] for name in rows[0]}
    plot = _empty_plot(x, y, radius)
    # what comes later lies above
    _draw_ties(plot, places, discs, x, y)
    held: dict[str, Any] = {"x": x, "y": y, "r": radius, "fill": colours, "ring": colours}
    round_discs = plot.circle(
        *("x", "y"),
        radius="r",
        source=ColumnDataSource(columns | held, name="discs"),
        fill_color="fill",
        line_color="ring",
        nonselection_alpha=1.0,
        name="disc shapes",
    )
    _draw_edges(plot, places.positions[node], disc, ends)
    area = int(frame.get_column("size").sum()) / node.size
    dots = _draw_dots(plot, places.positions[node], disc, colours, ids, area)
    _draw_names(plot, x, y, colours)
    tips = [("community", "@name"), (kind, "@size")]
    for key, what in (("consistency", "consistency over runs"), ("verdict", "in the follows")):
        tips += [(what, f"@{key}")] if any(columns[key]) else []
    _add_tools(plot, round_discs, tips, dots if ids is not None else None)
    document = Document(title="map")
    document.add_root(plot)
    made: dict[str, Any] = document.to_json(deferred=False)
    return made


def _empty_plot(x: Floats, y: Floats, radius: Floats) -> Any:
    """A plot with room for these discs, without axes."""
    from bokeh.models import Range1d
    from bokeh.plotting import figure

    low = np.array([(x - radius).min(), (y - radius).min()])
    high = np.array([(x + radius).max(), (y + radius).max()])
    room = _ROOM * float((high - low).max())
    (left, bottom), (right, top) = (low - room).tolist(), (high + room).tolist()
    plot = figure(
        name="map",
        x_range=Range1d(left, right, name="across"),
        y_range=Range1d(bottom, top, name="up"),
        sizing_mode="stretch_both",
        toolbar_location=None,
        tools=[],
        outline_line_color=None,
        background_fill_color="white",
        border_fill_color="white",
        lod_factor=_MOVING,
        lod_threshold=_MANY,
    )
    plot.axis.visible = False
    plot.grid.visible = False
    plot.min_border = 3  # else pixels of earlier frames stay at the edge
    return plot


def _draw_ties(plot: Any, places: Layout, discs: Counts, x: Floats, y: Floats) -> None:
    """Lines between the discs, as wide as their ties outweigh chance."""
    from bokeh.models import ColumnDataSource

    rank = np.zeros(places.frame.height, dtype=np.int32)
    rank[discs] = np.arange(discs.size)
    ties, widths = strong_ties(_own_ties(places, discs), discs.size)
    a, b = (rank[column] for column in column_arrays(ties, "source", "target"))
    lines = _lines(x[a], y[a], x[b], y[b]) | {"a": a, "b": b, "width": widths.astype(np.float32)}
    lines["alpha"] = np.full(a.size, 0.55, dtype=np.float32)
    plot.segment(
        *("x0", "y0", "x1", "y1"),
        source=ColumnDataSource(lines, name="ties"),
        line_width="width",
        line_alpha="alpha",
        line_color=INK,
        name="tie lines",
    )


def _draw_edges(plot: Any, positions: Floats, disc: Counts, ends: Counts) -> None:
    """Thin lines between nodes at these positions."""
    from bokeh.models import ColumnDataSource

    (px, py), (s, t) = positions.T, ends
    lines = _lines(px[s], py[s], px[t], py[t])
    lines |= {"a": disc[s].astype(np.int32), "b": disc[t].astype(np.int32)}
    lines["alpha"] = np.full(s.size, 0.3, dtype=np.float32)
    plot.segment(
        *("x0", "y0", "x1", "y1"),
        source=ColumnDataSource(lines, name="edges"),
        line_width=0.6,
        line_alpha="alpha",
        line_color=PALE,
        name="edge lines",
    )


def _draw_dots(
    plot: Any,
    positions: Floats,
    disc: Counts,
    colours: list[str],
    ids: list[Any] | None,
    area: float,
) -> Any:
    """Dots of the nodes, with as much area as so many nodes have; returns what draws them."""
    from bokeh.models import ColumnDataSource

    px, py = positions.T
    held: dict[str, Any] = {
        "x": px.astype(np.float32),
        "y": py.astype(np.float32),
        "disc": disc.astype(np.int32),
        "colour": [colours[d] for d in disc.tolist()],
    }
    if ids is not None:
        held["id"] = [str(one) for one in ids]
    return plot.circle(
        *("x", "y"),
        radius=_DOT * float(np.sqrt(area)),
        source=ColumnDataSource(held, name="nodes"),
        fill_color="colour",
        line_color=None,
        name="dots",
    )


def _draw_names(plot: Any, x: Floats, y: Floats, colours: list[str]) -> None:
    """Texts at the discs, which the page fills in where there is room."""
    from bokeh.models import ColumnDataSource

    names = {"x": x, "y": y, "text": [""] * len(colours), "ink": colours}
    plot.text(
        *("x", "y"),
        text="text",
        source=ColumnDataSource(names, name="names"),
        text_color="ink",
        text_align="center",
        text_baseline="middle",
        text_font={"value": "Helvetica, Arial, sans-serif"},
        text_font_size="12px",
        text_font_style="bold",
        background_fill_color="white",
        background_fill_alpha=0.7,
        padding=2,
        name="labels",
    )


def _add_tools(plot: Any, discs: Any, tips: list[tuple[str, str]], dots: Any) -> None:
    """Moving, choosing a disc, and tips: of discs, and of the ids of dots if there are any."""
    from bokeh.models import HoverTool, PanTool, TapTool, WheelZoomTool

    wheel = WheelZoomTool(zoom_on_axis=False)
    plot.add_tools(PanTool(), wheel, TapTool(renderers=[discs]))
    plot.add_tools(HoverTool(renderers=[discs], tooltips=tips))
    if dots is not None:
        plot.add_tools(HoverTool(renderers=[dots], tooltips=[("id", "@id")], attachment="below"))
    plot.toolbar.active_scroll = wheel


def _lines(x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> dict[str, Any]:
    ends = {"x0": x0, "y0": y0, "x1": x1, "y1": y1}
    return {name: column.astype(np.float32) for name, column in ends.items()}


def _numbered(value: Any, names: dict[str, str]) -> Any:
    """A document whose models are numbered by their order in it, not in the process."""
    if isinstance(value, dict):
        return {
            key: names.setdefault(entry, f"m{len(names)}")
            if key == "id" and isinstance(entry, str)
            else _numbered(entry, names)
            for key, entry in value.items()
        }
    return [_numbered(entry, names) for entry in value] if isinstance(value, list) else value


def _page(document: dict[str, Any], **told: Any) -> str:
    """The HTML file."""
    from bokeh.resources import Resources
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("graphkit.plot", "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    resources = Resources(mode="inline", minified=True, log_level="error", components=["bokeh"])
    text = json.dumps(_numbered(document, {}), separators=(",", ":"), ensure_ascii=False)
    # no text of the data ends the script
    for sign, escaped in (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        text = text.replace(sign, escaped)
    template = environment.get_template("interactive_map.html.j2")
    return template.render(scripts=resources.js_raw, document=text, **told)
