"""Reader of GEXF 1.1 to 1.3, as Gephi, networkx and others write it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from graphkit.data.attributes import unique_name
from graphkit.errors import DataError
from graphkit.readwrite.graph_tables import (
    GraphTables,
    column_name,
    no_weight,
    sparse_column,
    typed_column,
    wanted_weight,
)
from graphkit.readwrite.xml_events import XmlStream

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
