"""Reader of GEXF 1.1 to 1.3, as Gephi, networkx and others write it, and writer of GEXF 1.3."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.attributes import unique_name
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, OptionError, shorten
from graphkit.parallel import refuse_after_fork
from graphkit.readwrite.graph_tables import (
    GraphTables,
    column_name,
    no_weight,
    sparse_column,
    typed_column,
    wanted_weight,
)
from graphkit.readwrite.node_columns import (
    check_ending,
    compose_edges,
    compose_lines,
    escape_xml,
    exact_text,
    gather_columns,
    id_texts,
    parts_safely,
    split_label,
    write_stream,
)
from graphkit.readwrite.xml_events import XmlStream

#: Colours of the largest communities: the scheme "muted" of Tol (2021), nine hues that readers with
#: any colour vision tell apart; see :func:`write_gexf`.
PALETTE = (
    *("#332288", "#cc6677", "#117733", "#ddcc77", "#88ccee"),
    *("#882255", "#44aa99", "#aa4499", "#999933"),
)
#: Colours of the other communities, and of nodes without one.
_OTHER, _NONE = "#8c96a0", "#d7dde3"
#: Diameters of nodes of no edge and of the most edges.
_SMALLEST, _LARGEST = 4.0, 30.0

#: Whether an edge of a type has a direction; a mutual one has both.
_TYPES = {"directed": True, "undirected": False, "mutual": False}
#: Elements of the drawing.
_DRAWING = frozenset({"color", "position", "size", "shape", "thickness"})
_TIMES = frozenset({"start", "end", "startopen", "endopen", "timestamp", "timestamps", "intervals"})

Sparse = tuple[list[int], list[str]]


class _Gexf:
    """What the tags of a GEXF file tell, collected in their order."""

    def __init__(self, stream: XmlStream, weight: str | None) -> None:
        self.stream, self.weight = stream, weight
        self.nodes: list[str] = []
        self.lines: list[int] = []
        self.labels: list[str | None] = []
        self.values: dict[str, Sparse] = {}
        self.source: list[str] = []
        self.target: list[str] = []
        self.plain: list[str | None] = []
        self.weights: Sparse = ([], [])
        self.types: list[str | None] = []
        self.default = "undirected"
        self.node_keys: dict[str, tuple[str | None, str]] = {}
        self.edge_keys: dict[str, str | None] = {}
        self.defaults: dict[str, str] = {}
        self.edge_default: str | None = None
        self.seen: Counter[str] = Counter()
        self.notes: Counter[tuple[str, str]] = Counter()
        self._class, self._key, self._row, self._depth = "", "", [-1], 0
        self._in_edge = False

    def start(self, tag: str, found: dict[str, str]) -> None:
        if tag == "attvalue":
            self._take_value(found)
        elif tag == "edge":
            self._take_edge(found)
        elif tag == "node":
            self._take_node(found)
        elif tag in _DRAWING:
            self.notes[
                "nodes" if not self._in_edge else "edges", "colours, sizes and positions; left out"
            ] += 1
        elif tag == "spell" or tag == "slice":
            self.notes["edges" if self._in_edge else "nodes", "times (spells); ignored"] += 1
        elif tag == "attributes":
            self._class = found.get("class", "node")
        elif tag == "attribute":
            self._take_key(found)
        elif tag == "graph":
            self.default = found.get("defaultedgetype", "undirected")
            self._depth += 1
            if self._depth > 1:
                raise DataError(
                    f"{self.stream.path}, line {self.stream.line}: the file holds several graphs: "
                    "export each into a file."
                )

    def end(self, tag: str, text: str) -> None:
        if tag == "node":
            self._row.pop()
        elif tag == "edge":
            self._in_edge = False
        elif tag == "default":
            if self._class == "node":
                self.defaults[self._key] = text
            elif wanted_weight(self.weight, self._key, self.edge_keys.get(self._key)):
                self.edge_default = text

    def _take_key(self, found: dict[str, str]) -> None:
        self._key = found.get("id", found.get("title", ""))
        if self._class == "edge":
            self.edge_keys[self._key] = found.get("title")
        else:
            self.node_keys[self._key] = found.get("title"), found.get("type", "string")

    def _take_node(self, found: dict[str, str]) -> None:
        if not found.get("id"):
            raise self.stream.lacks("a node", "id")
        if len(self._row) > 1:
            self.notes["nodes", "inside other nodes; the nesting is ignored"] += 1
        self._row.append(len(self.nodes))
        self.nodes.append(found["id"])
        self.lines.append(self.stream.line)
        self.labels.append(found.get("label"))
        if not _TIMES.isdisjoint(found):
            self.notes["nodes", "times (start, end); ignored"] += 1

    def _take_edge(self, found: dict[str, str]) -> None:
        self._in_edge = True
        for end in ("source", "target"):
            if not found.get(end):
                raise self.stream.lacks("an edge", end)
        self.source.append(found["source"])
        self.target.append(found["target"])
        self.types.append(found.get("type"))
        self.plain.append(found.get("weight"))
        for name in ("label", "kind"):
            if name in found:
                self.seen[name] += 1
                if name == self.weight:
                    self._add_weight(found[name])
        if not _TIMES.isdisjoint(found):
            self.notes["edges", "times (start, end); ignored"] += 1

    def _take_value(self, found: dict[str, str]) -> None:
        key, value = found.get("for", found.get("id")), found.get("value")
        if key is None or value is None:
            return
        dynamic = not _TIMES.isdisjoint(found)
        if self._in_edge:
            title = self.edge_keys.get(key)
            self.seen[column_name(key, title)] += 1
            if wanted_weight(self.weight, key, title, column_name(key, title)):
                self._add_weight(value)
            if dynamic:
                self.notes["edges", "values at times; the last one is taken"] += 1
        elif self._row[-1] >= 0:
            rows, values = self.values.setdefault(key, ([], []))
            rows.append(self._row[-1])
            values.append(value)
            if dynamic:
                self.notes["nodes", "values at times; the last one is taken"] += 1

    def _add_weight(self, value: str) -> None:
        self.weights[0].append(len(self.source) - 1)
        self.weights[1].append(value)


def read_gexf(path: Path, weight: str | None) -> GraphTables:
    """Tables of a GEXF file; names of tags are matched without their namespace."""
    stream = XmlStream(path, "gexf")
    found = _Gexf(stream, weight)
    stream.parse(found.start, found.end, frozenset({"default"}))
    notes, n = found.notes, len(found.nodes)
    columns: dict[str, pl.Series] = {}
    if any(label is not None for label in found.labels):
        columns["label"] = pl.Series("label", found.labels, dtype=pl.String)
    for key in {**found.node_keys, **found.values}:
        title, kind = found.node_keys.get(key, (None, ""))
        name = column_name(key, title)
        texts = sparse_column(*found.values.get(key, ([], [])), n)
        if key not in found.node_keys:
            notes["nodes", f"attribute {name[:40]!r} is not declared; kept as text"] += n
        if (default := found.defaults.get(key)) is not None:
            missing = texts.count(None)
            texts = [default if text is None else text for text in texts]
            notes["nodes", f"attribute {name[:40]!r}: the default of the file"] += missing
        name = unique_name(name, columns)
        columns[name] = typed_column(name, texts, kind, notes)
    default = found.default.lower()
    types = pl.Series([t and t.lower() for t in found.types], dtype=pl.String).fill_null(default)
    strange = types.filter(~types.is_in(list(_TYPES)))
    if len(strange):
        raise DataError(
            f"{path}: edges of the type {strange[0][:40]!r}: directed, undirected and mutual are known."
        )
    weights = _weights(found, path)
    names = tuple(name for name in found.seen if not wanted_weight(weight, name))
    return GraphTables(
        path,
        "GEXF",
        pl.Series(found.nodes, dtype=pl.String),
        found.lines,
        columns,
        pl.Series(found.source, dtype=pl.String),
        pl.Series(found.target, dtype=pl.String),
        weights,
        types.replace_strict(_TYPES, return_dtype=pl.Boolean)
        if len(types)
        else _TYPES.get(default, False),
        names,
        notes,
    )


def _weights(found: _Gexf, path: Path) -> pl.Series | None:
    """Text of the weights: of the attribute of the tag, else of the declared attribute."""
    if found.weight is None:
        return None
    n = len(found.source)
    own = pl.Series(found.plain, dtype=pl.String)
    given = pl.Series(sparse_column(*found.weights, n), dtype=pl.String)
    if found.weight == "weight":
        given = pl.select(pl.coalesce(own, given)).to_series() if n else own
    elif n and not given.count() and found.edge_default is None:
        raise no_weight(path, found.weight, ["weight", *found.seen])
    if found.edge_default is not None:
        given = given.fill_null(found.edge_default)
    return given if given.count() else None


def write_gexf(
    graph: GraphLike,
    path: str | Path,
    *,
    partition: Partition | None = None,
    visibility: Visibility | None = None,
    positions: Any = None,
    attributes: Any = None,
    palette: Sequence[str] = PALETTE,
) -> Path:
    """Write a graph with its communities, their colours and the layout as GEXF 1.3.

    Gephi, Gephi Lite, networkx and :func:`graphkit.readwrite.read_graph` open the file (igraph reads
    GraphML: :func:`write_graphml`). Ids are text, also where they are integers in the graph. The text
    attribute ``label``, or else the id, is the name that is shown. Each other attribute is declared
    with its type; a value that is missing is not written. Integers beyond 2⁵³ are declared as text,
    because JavaScript would round them. Lists are lists of text, because networkx reads no others, or
    text if an entry holds a comma, bracket, bar, quote or backslash. The diameter of a node grows with the square root of its degree, so that its area
    grows with the degree. The file holds no time: the same graph gives the same bytes.

    Parameters
    ----------
    graph
        A :class:`Graph`, or a graph of networkx, igraph or SciPy.
    path
        The file, ``.gexf`` or, compressed, ``.gexf.gz``. An earlier one is replaced.
    partition
        Written as the attributes ``community`` (its code, missing where a node has none),
        ``community_label`` and, after several runs, ``consistency``, and as colours.
    visibility
        What :func:`graphkit.visibility` found for this partition: the verdict on a node's community
        is the attribute ``visibility``.
    positions
        A layout of :func:`graphkit.communities.layout`, an array of shape (n, 2) or (n, 3) in the order
        of the nodes, or a mapping from ids to (x, y). Nodes that a layout or a mapping lacks have no
        position.
    attributes
        Names of the attributes of nodes to write (all by default), or a table (a frame or a mapping
        of columns) with the ids in the column ``id``, whose columns are written beside them all.
    palette
        Colours of communities 0, 1, …, such as ``"#332288"``. Communities beyond it are grey, for no
        palette has so many colours that everybody tells apart; nodes without a community are pale.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    DataError
        If ids or texts hold characters that XML cannot, no node is in the partition, the visibility is
        of another partition, positions are not finite, or two columns have one name.
    MissingDataError
        If the graph lacks an attribute that is named.
    OptionError
        If the path ends like a file of another format, or a colour is none.
    FileError
        If the file cannot be written.

    References
    ----------
    GEXF 1.3 schema: https://gexf.net/schema.html.
    Tol, P. (2021). Colour schemes. SRON technical note. https://personal.sron.nl/~pault/

    Examples
    --------
    >>> import tempfile
    >>> g = Graph.from_edges(["ann"], ["bob"], [2], directed=True)
    >>> p = Partition.from_membership({"ann": "readers", "bob": "readers"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = write_gexf(g, f"{folder}/g.gexf", partition=p).read_text()
    >>> print(text[text.index("<edge ") : text.index("</edges>")].rstrip())
    <edge source="ann" target="bob" weight="2.0"/>
    """
    refuse_after_fork()
    graph, path = as_graph(graph, "write_gexf"), Path(path)
    check_ending(path, (".gexf",), "write_gexf", "GEXF")
    frame = gather_columns(
        *(graph, "write_gexf"),
        partition=partition,
        visibility=visibility,
        positions=positions,
        attributes=attributes,
    )
    drawing = [_sizes(graph)]
    if positions is not None:
        axes = [name for name in "xyz" if name in frame.columns[-3:]]
        drawing.append(_points(frame.select(axes)))
        frame = frame.drop(axes)
    colours = _check_colours(palette)
    if partition is not None:
        drawing.append(_colours(frame.get_column("community"), colours))
    write_stream(path, _compose(graph, frame, drawing))
    return path


def _check_colours(palette: Sequence[str]) -> list[str]:
    for colour in palette:
        if not isinstance(colour, str) or not re.fullmatch("#[0-9a-fA-F]{6}", colour):
            raise OptionError(
                f"write_gexf: palette= has {shorten(colour)}: give colours such as '#332288'."
            )
    return list(palette)


def _sizes(graph: Graph) -> pl.Series:
    degree = graph.degree()
    share = np.sqrt(degree / max(int(degree.max(initial=0)), 1))
    size = pl.Series((_SMALLEST + (_LARGEST - _SMALLEST) * share).round(2))
    return '<viz:size value="' + size.cast(pl.String) + '"/>'


def _points(places: pl.DataFrame) -> pl.Series:
    """Positions; nothing where a node has none. Readers want a third coordinate."""
    if "z" not in places.columns:
        places = places.with_columns(z=pl.lit(0.0))
    texts = [f'{axis}="' + places.get_column(axis).cast(pl.String) + '" ' for axis in "xyz"]
    point: pl.Series = "<viz:position " + texts[0] + texts[1] + texts[2] + "/>"
    return point.set(places.get_column("x").is_null(), "")


def _colours(codes: pl.Series, palette: list[str]) -> pl.Series:
    def tag(colour: str) -> str:
        red, green, blue = bytes.fromhex(colour[1:])
        return f'<viz:color r="{red}" g="{green}" b="{blue}"/>'

    tags = {code: tag(colour) for code, colour in enumerate(palette)}
    known = codes.replace_strict(tags, default=tag(_OTHER), return_dtype=pl.String)
    return known.set(codes.is_null(), tag(_NONE))


def _compose(graph: Graph, frame: pl.DataFrame, drawing: list[pl.Series]) -> Iterator[str]:
    """The file in parts; all that is refused is refused before the first."""
    ids = escape_xml(id_texts(graph, "write_gexf"), "ids", "write_gexf")
    label, frame = split_label(frame, ids)
    shown = label if label is ids else escape_xml(label, "the attribute 'label'", "write_gexf")
    pieces = {"id": ids, "label": (' label="' + shown + '"').fill_null("")}
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    head += '<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">\n'
    head += "<meta><creator>graphkit</creator></meta>\n"
    way = "directed" if graph.directed else "undirected"
    head += f'<graph defaultedgetype="{way}" mode="static" idtype="string">\n'
    declared = ""
    values: list[str] = []
    for column in frame.drop("id").iter_columns():
        kind, texts = _typed(column)
        names = pl.Series([column.name])
        # the id is the name, for Gephi and graphology go by it, and merge files by it
        name = escape_xml(names, "names of attributes", "write_gexf")[0]
        declared += f'<attribute id="{name}" title="{name}" type="{kind}"/>\n'
        texts = escape_xml(texts, f"the attribute {shorten(column.name, 40)}", "write_gexf")
        values.append(f"value {len(values)}")
        pieces[values[-1]] = (f'<attvalue for="{name}" value="' + texts + '"/>').fill_null("")
    parts: list[str | pl.Expr] = ['<node id="', pl.col("id"), '"', pl.col("label"), ">"]
    if values:
        head += f'<attributes class="node">\n{declared}</attributes>\n'
        parts += ["<attvalues>", *map(pl.col, values), "</attvalues>"]
    for number, column in enumerate(drawing):
        pieces[f"drawing {number}"] = column
        parts.append(pl.col(f"drawing {number}"))

    def texts_of_file() -> Iterator[str]:
        yield head + "<nodes>\n"
        yield from compose_lines(pl.DataFrame(pieces), *parts, "</node>\n")
        yield "</nodes>\n<edges>\n"
        yield from compose_edges(graph, ids, '<edge source="', ('" weight="', '"/>\n'), '"/>\n')
        yield "</edges>\n</graph>\n</gexf>\n"

    return texts_of_file()


def _typed(column: pl.Series) -> tuple[str, pl.Series]:
    """Declared type and texts of a column, infinity as Java and JavaScript write it."""
    if isinstance(column.dtype, pl.List) and parts_safely(column):
        # networkx fails on lists of any other type
        return "liststring", exact_text(column)[1]
    kind, texts = exact_text(column)
    if kind == "double":
        texts = texts.replace({"inf": "Infinity", "-inf": "-Infinity"})
    return kind, texts
