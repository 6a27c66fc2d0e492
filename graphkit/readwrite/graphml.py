"""Reader and writer of GraphML, as networkx, igraph, Gephi and others write it."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import polars as pl

from graphkit.data.attributes import unique_name
from graphkit.data.files import write_whole
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, MissingDataError, OptionError, name_some, nearest, shorten
from graphkit.parallel import refuse_after_fork
from graphkit.readwrite.graph_tables import (
    GraphTables,
    column_name,
    no_weight,
    sparse_column,
    typed_column,
    wanted_weight,
)
from graphkit.readwrite.xml_events import XmlStream

Sparse = tuple[list[int], list[str]]

#: Whole numbers up to this one are exact in every reader, also those that use floats.
_EXACT = 1 << 53

#: Endings by which programs would take the file for one of another format.
_OTHERS = (".gexf", ".gml", ".net", ".paj", ".dot", ".gv", ".csv", ".tsv", ".txt", ".json", ".xlsx")
#: Characters that XML cannot hold.
_IMPOSSIBLE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"


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
    attributes: Collection[str] | None = None,
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
    partition
        Written as the attributes ``community`` (its code, missing where a node has none),
        ``community_label`` and, after several runs, ``consistency``.
    attributes
        Names of the attributes of nodes to write; all by default.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    DataError
        If ids or texts hold characters that XML cannot, no node is in the partition, or an attribute
        to write is called as a column of the partition.
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
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending in _OTHERS:
        raise OptionError(
            f"{path}: write_graphml writes GraphML, and programs go by a file's name: end it in .graphml."
        )
    frame = _node_columns(graph, attributes)
    if partition is not None:
        frame = _add_partition(frame, graph, partition)
    text = "".join(_compose(graph, frame)).encode()

    def write(part: Path) -> None:
        part.write_bytes(gzip.compress(text, mtime=0) if path.suffix.lower() == ".gz" else text)

    write_whole(path, write)
    return path


def _node_columns(graph: Graph, names: Collection[str] | None) -> pl.DataFrame:
    frame = graph.attributes
    if frame is None:
        frame = pl.DataFrame([graph.vocabulary.series])
    known = frame.columns[1:]
    wanted = known if names is None else [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name not in known:
            raise MissingDataError(
                f"write_graphml: the graph has no attribute {shorten(name)}; there are "
                f"{name_some(known, 8) or 'none'}.{nearest(str(name), known)}"
            )
    return frame.select("id", *wanted)


def _add_partition(frame: pl.DataFrame, graph: Graph, partition: Partition) -> pl.DataFrame:
    found = partition.frame().rename({"label": "community_label"})
    codes = partition.vocabulary.lookup(graph.vocabulary)
    if not (codes >= 0).any() and len(codes):
        raise DataError(
            "write_graphml: no node of the graph is in the partition: pass a partition of this graph."
        )
    found = found.drop("id")
    if twice := [name for name in found.columns if name in frame.columns]:
        others = [name for name in frame.columns[1:] if name not in twice]
        raise DataError(
            f"write_graphml: the graph has an attribute {twice[0]!r} already, which the partition "
            f"would hide: name the attributes to write, such as attributes={shorten(others)}."
        )
    rows = pl.Series(codes).cast(pl.Int64).replace(-1, None)
    return frame.hstack([column.gather(rows) for column in found.iter_columns()])


def _compose(graph: Graph, frame: pl.DataFrame) -> list[str]:
    """The file in parts."""
    ids = _escape(graph.vocabulary.series.cast(pl.String), "ids")
    if ids.is_duplicated().any():
        raise DataError(
            "write_graphml: two ids are one text, such as 1 and '1': give all ids in one type."
        )
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    parts.append('<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
    pieces: list[pl.Series] = []
    for column in frame.drop("id").iter_columns():
        kind, texts = _write_out(column)
        key = f"d{len(pieces)}"
        title = _escape(pl.Series([column.name]), "names of attributes")[0]
        parts.append(f'<key id="{key}" for="node" attr.name="{title}" attr.type="{kind}"/>\n')
        texts = _escape(texts, f"the attribute {shorten(column.name, 40)}")
        pieces.append((f'<data key="{key}">' + texts + "</data>").fill_null(""))
    if graph.is_weighted:
        parts.append('<key id="weight" for="edge" attr.name="weight" attr.type="double"/>\n')
    if integers := graph.vocabulary.kind == "int":
        parts.append('<key id="idkind" for="graph" attr.name="idkind" attr.type="string"/>\n')
    parts.append(f'<graph edgedefault="{"directed" if graph.directed else "undirected"}">\n')
    if integers:
        parts.append('<data key="idkind">int</data>\n')
    rows = pl.DataFrame({"id": ids, **{str(k): piece for k, piece in enumerate(pieces)}})
    if pieces:
        inner = pl.concat_str(*(str(k) for k in range(len(pieces))))
        line = pl.concat_str(pl.lit('<node id="'), "id", pl.lit('">'), inner, pl.lit("</node>\n"))
    else:
        line = pl.concat_str(pl.lit('<node id="'), "id", pl.lit('"/>\n'))
    parts += rows.select(line).to_series().to_list()
    source, target, weight = graph.edge_arrays()
    edges = pl.DataFrame({"u": ids.gather(source), "v": ids.gather(target), "w": weight})
    ends = (pl.lit('<edge source="'), "u", pl.lit('" target="'), "v")
    whole: tuple[pl.Expr, ...]
    if graph.is_weighted:
        whole = (
            pl.lit('"><data key="weight">'),
            pl.col("w").cast(pl.String),
            pl.lit("</data></edge>\n"),
        )
    else:
        whole = (pl.lit('"/>\n'),)
    parts += edges.select(pl.concat_str(*ends, *whole)).to_series().to_list()
    parts.append("</graph>\n</graphml>\n")
    return parts


def _write_out(column: pl.Series) -> tuple[str, pl.Series]:
    """Declared type and texts of a column."""
    dtype = column.dtype
    if dtype == pl.Boolean:
        return "boolean", column.cast(pl.String)
    if dtype.is_integer():
        low, high = column.min() or 0, column.max() or 0
        assert isinstance(low, int)
        assert isinstance(high, int)
        exact = low >= -_EXACT and high <= _EXACT
        return ("long" if exact else "string"), column.cast(pl.String)
    if dtype.is_float():
        return "double", column.cast(pl.String).replace({"inf": "INF", "-inf": "-INF"})
    if isinstance(dtype, pl.List):
        return "string", "[" + column.cast(pl.List(pl.String)).list.join(", ") + "]"
    return "string", column.cast(pl.String)


def _escape(texts: pl.Series, what: str) -> pl.Series:
    """Texts as XML holds them."""
    bad = texts.str.contains(_IMPOSSIBLE).fill_null(False)
    if bad.any():
        raise DataError(
            f"write_graphml: {what}: {shorten(texts.filter(bad)[0])} holds a control character, which "
            f"no XML can ({int(bad.sum()):,} such values): take it out."
        )
    odd = ["&", "<", ">", '"', "\r", "\n", "\t"]
    new = ["&amp;", "&lt;", "&gt;", "&quot;", "&#13;", "&#10;", "&#9;"]
    return texts.str.replace_many(odd, new)
