"""Reader and writer of GraphML, as networkx, igraph, Gephi and others write it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from graphkit.data.attributes import unique_name
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, shorten
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
    write_stream,
)
from graphkit.readwrite.xml_events import XmlStream

Sparse = tuple[list[int], list[str]]


class _GraphML:
    """What the tags of a GraphML file tell, collected in their order."""

    def __init__(self, stream: XmlStream, weight: str | None) -> None:
        self.stream, self.weight = stream, weight
        self.keys: dict[str, dict[str, str]] = {}
        self.defaults: dict[str, str] = {}
        self.nodes: list[str] = []
        self.lines: list[int] = []
        self.values: dict[str, Sparse] = {}
        self.source: list[str] = []
        self.target: list[str] = []
        self.weights: Sparse = ([], [])
        self.directed: list[bool | None] = []
        self.default: bool | None = None
        self.integers = False
        self.seen: Counter[str] = Counter()
        self.notes: Counter[tuple[str, str]] = Counter()
        self.dropped: Counter[tuple[str, str]] = Counter()
        self._within: list[str] = []
        self._row = [-1]
        self._key, self._data, self._nested, self._graphs = "", "", False, 0

    def start(self, tag: str, found: dict[str, str]) -> None:
        if tag == "data":
            self._data, self._nested = found.get("key", ""), False
            return
        if self._data:
            self._nested = True
            return
        if tag == "node":
            if not found.get("id"):
                raise self.stream.lacks("a node", "id")
            if len(self._row) > 1:
                self.notes["nodes", "inside other nodes; the nesting is ignored"] += 1
            self._row.append(len(self.nodes))
            self.nodes.append(found["id"])
            self.lines.append(self.stream.line)
        elif tag == "edge":
            for end in ("source", "target"):
                if not found.get(end):
                    raise self.stream.lacks("an edge", end)
            self.source.append(found["source"])
            self.target.append(found["target"])
            own = found.get("directed")
            self.directed.append(self.default if own is None else own.lower() in ("true", "1"))
        elif tag == "key":
            self._key = found.get("id", "")
            self.keys[self._key] = found
        elif tag == "graph":
            way = found.get("edgedefault", "").lower()
            self.default = {"directed": True, "undirected": False}.get(way)
            if len(self._row) == 1:
                self._graphs += 1
                if self._graphs > 1:
                    raise DataError(
                        f"{self.stream.path}, line {self.stream.line}: the file holds several graphs: "
                        "export each into a file."
                    )
        elif tag == "hyperedge":
            self.dropped["edges", "hyperedges, of any number of ends"] += 1
        if tag in ("node", "edge", "graph", "hyperedge", "port"):
            self._within.append(tag)

    def end(self, tag: str, text: str) -> None:
        if tag == "data":
            self._take_data(text)
            self._data = ""
        elif self._data:
            return
        elif tag == "default":
            self.defaults[self._key] = text
        elif tag in ("node", "edge", "graph", "hyperedge", "port"):
            self._within.pop()
            if tag == "node":
                self._row.pop()

    def _take_data(self, text: str) -> None:
        where = self._within[-1] if self._within else ""
        key = self._data
        declared = self.keys.get(key, {})
        title = declared.get("attr.name")
        if self._nested:
            table = "edges" if where == "edge" else "nodes"
            self.notes[table, "drawings and other XML inside data; left out"] += 1
        elif where == "node":
            rows, values = self.values.setdefault(key, ([], []))
            rows.append(self._row[-1])
            values.append(text)
        elif where == "edge":
            name = column_name(key, title)
            self.seen[name] += 1
            if wanted_weight(self.weight, key, title, name):
                self.weights[0].append(len(self.source) - 1)
                self.weights[1].append(text)
        elif where == "graph" and title == "idkind":
            self.integers = text == "int"


def read_graphml(path: Path, weight: str | None) -> GraphTables:
    """Tables of a GraphML file; names of tags are matched without their namespace."""
    stream = XmlStream(path, "graphml")
    found = _GraphML(stream, weight)
    stream.parse(found.start, found.end, frozenset({"data", "default"}))
    notes, n = found.notes, len(found.nodes)
    columns: dict[str, pl.Series] = {}
    declared = [key for key, spec in found.keys.items() if spec.get("for") == "node"]
    for key in dict.fromkeys([*declared, *found.values]):
        spec = found.keys.get(key)
        name = unique_name(column_name(key, (spec or {}).get("attr.name")), columns)
        texts = sparse_column(*found.values.get(key, ([], [])), n)
        if spec is None:
            notes["nodes", f"attribute {name[:40]!r} is not declared; kept as text"] += n
        if (default := found.defaults.get(key)) is not None:
            notes["nodes", f"attribute {name[:40]!r}: the default of the file"] += texts.count(None)
            texts = [default if text is None else text for text in texts]
        columns[name] = typed_column(name, texts, (spec or {}).get("attr.type", "string"), notes)
    return GraphTables(
        path,
        "GraphML",
        pl.Series(found.nodes, dtype=pl.String),
        found.lines,
        columns,
        pl.Series(found.source, dtype=pl.String),
        pl.Series(found.target, dtype=pl.String),
        _weights(found, path),
        pl.Series(found.directed, dtype=pl.Boolean) if found.directed else bool(found.default),
        tuple(name for name in found.seen if not wanted_weight(weight, name)),
        notes,
        found.dropped,
        found.integers,
    )


def _weights(found: _GraphML, path: Path) -> pl.Series | None:
    """Text of the weights, with the default of their key."""
    if found.weight is None:
        return None
    n = len(found.source)
    default = next(
        (
            found.defaults[key]
            for key, spec in found.keys.items()
            if key in found.defaults
            and spec.get("for", "edge") in ("edge", "all")
            and wanted_weight(found.weight, key, spec.get("attr.name"))
        ),
        None,
    )
    given = pl.Series(sparse_column(*found.weights, n), dtype=pl.String)
    if n and found.weight != "weight" and not given.count() and default is None:
        raise no_weight(path, found.weight, list(found.seen))
    if default is not None:
        given = given.fill_null(default)
    return given if given.count() else None


def write_graphml(
    graph: GraphLike,
    path: str | Path,
    *,
    partition: Partition | None = None,
    visibility: Visibility | None = None,
    positions: Any = None,
    attributes: Any = None,
) -> Path:
    """Write a graph, its communities and the attributes of its nodes as GraphML.

    Gephi, Cytoscape, networkx, igraph and :func:`graphkit.readwrite.read_graph` open the file. Each
    attribute is declared with its type; a value that is missing is not written. Integers beyond 2⁵³
    are declared as text, because some programs would round them, and lists are written as text such
    as ``[a, b]``. (igraph takes a truth value that is missing for false, and ``&`` in an id for
    ``&#38;``.)

    Parameters
    ----------
    graph
        A :class:`Graph`, or a graph of networkx, igraph or SciPy.
    path
        The file, ``.graphml`` or, compressed, ``.graphml.gz``. An earlier one is replaced.
    partition, visibility, attributes
        As in :func:`write_gexf`.
    positions
        As there; written as the attributes ``x``, ``y`` and ``z``.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    DataError
        If ids or texts hold characters that XML cannot, no node is in the partition, the visibility is
        of another partition, or an attribute to write is called as a column of the partition.
    MissingDataError
        If the graph lacks an attribute that is named.
    OptionError
        If the path ends like a file of another format, such as ``.gexf``.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> g = Graph.from_edges(["a"], ["b"], directed=True, attributes={"id": ["a"], "age": [31]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = write_graphml(g, f"{folder}/g.graphml").read_text()
    >>> print(text.splitlines()[2])
    <key id="d0" for="node" attr.name="age" attr.type="long"/>
    """
    refuse_after_fork()
    graph, path = as_graph(graph, "write_graphml"), Path(path)
    check_ending(path, (".graphml", ".xml"), "write_graphml", "GraphML")
    frame = gather_columns(
        *(graph, "write_graphml"),
        partition=partition,
        visibility=visibility,
        positions=positions,
        attributes=attributes,
    )
    write_stream(path, _compose(graph, frame))
    return path


def _compose(graph: Graph, frame: pl.DataFrame) -> Iterator[str]:
    """The file in parts; all that is refused is refused before the first."""
    ids = escape_xml(id_texts(graph, "write_graphml"), "ids", "write_graphml")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    head += '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    pieces: dict[str, pl.Series] = {"id": ids}
    for number, column in enumerate(frame.drop("id").iter_columns()):
        kind, texts = exact_text(column)
        if kind == "double":
            texts = texts.replace({"inf": "INF", "-inf": "-INF"})
        key = f"d{number}"
        names = pl.Series([column.name])
        title = escape_xml(names, "names of attributes", "write_graphml")[0]
        head += f'<key id="{key}" for="node" attr.name="{title}" attr.type="{kind}"/>\n'
        what = f"the attribute {shorten(column.name, 40)}"
        texts = escape_xml(texts, what, "write_graphml")
        pieces[key] = (f'<data key="{key}">' + texts + "</data>").fill_null("")
    if graph.is_weighted:
        head += '<key id="weight" for="edge" attr.name="weight" attr.type="double"/>\n'
    if integers := graph.vocabulary.kind == "int":
        head += '<key id="idkind" for="graph" attr.name="idkind" attr.type="string"/>\n'
    head += f'<graph edgedefault="{"directed" if graph.directed else "undirected"}">\n'
    if integers:
        head += '<data key="idkind">int</data>\n'
    data = [pl.col(key) for key in pieces if key != "id"]
    end: tuple[Any, ...] = ('">', *data, "</node>\n") if data else ('"/>\n',)

    def texts_of_file() -> Iterator[str]:
        yield head
        yield from compose_lines(pl.DataFrame(pieces), '<node id="', pl.col("id"), *end)
        weight = ('"><data key="weight">', "</data></edge>\n")
        yield from compose_edges(graph, ids, '<edge source="', weight, '"/>\n')
        yield "</graph>\n</graphml>\n"

    return texts_of_file()
