"""Reader of GML, with a small tokeniser: repeated keys are lists, ids may be text."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from graphkit.data.attributes import to_column
from graphkit.errors import DataError, FileError
from graphkit.readwrite.graph_tables import GraphTables, no_weight, read_utf8, wanted_weight

#: A text, a bracket, a comment from the beginning of a line, or a word.
_TOKEN = re.compile(r'"[^"]*"|[\[\]]|(?m:^[ \t]*#[^\n]*)|[^\s\[\]"]+|"')
_INTEGER = re.compile(r"[+-]?\d+")
#: networkx begins a list of one entry with this one.
_LIST_MARK = "_networkx_list_start"
_DEEPEST = 50

Record = dict[str, list[Any]]


class _Tokens:
    """Tokens of a text; the line of the last one is counted only when it is asked for."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        self._found: Iterator[re.Match[str]] = _TOKEN.finditer(text)
        self.at = 0

    def next(self) -> str | None:
        for match in self._found:
            token = match[0]
            if token.lstrip()[0] == "#":
                continue
            self.at = match.start()
            return token
        self.at = len(self.text)
        return None

    def line(self, at: int | None = None) -> int:
        """The line of a position, from 1 on."""
        return self.text.count("\n", 0, self.at if at is None else at) + 1

    def fault(self, what: str) -> FileError:
        return FileError(
            f"{self.path}, line {self.line()}: no valid GML: {what}. Get the file again, or export it "
            "again."
        )


def _read_record(tokens: _Tokens, depth: int) -> Record:
    """Keys and values up to the bracket that closes; a record inside another is a dict."""
    if depth > _DEEPEST:
        raise tokens.fault("it is nested too deeply")
    found: Record = {}
    while (key := tokens.next()) != "]":
        if key is None:
            if depth:
                raise tokens.fault("the file ends before a bracket is closed")
            return found
        if key in ('"', "[") or key[0] == '"':
            raise tokens.fault("a key is missing, or a text is not closed")
        found.setdefault(key, []).append(_read_value(tokens, depth))
    if not depth:
        raise tokens.fault("a bracket is closed that was not opened")
    return found


def _read_value(tokens: _Tokens, depth: int) -> Any:
    token = tokens.next()
    if token is None or token in ("]", '"'):
        raise tokens.fault(
            "the file ends early, or a value is missing" if token != '"' else "a text is not closed"
        )
    if token == "[":
        return _read_record(tokens, depth + 1)
    if token[0] == '"':
        return html.unescape(token[1:-1])
    if _INTEGER.fullmatch(token):
        return int(token) if len(token) < 4000 else token
    try:
        return float(token)
    except ValueError:
        return token


def _id_of(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def read_gml(path: Path, weight: str | None) -> GraphTables:
    """Tables of a GML file."""
    tokens = _Tokens(path, read_utf8(path))
    nodes: list[Record] = []
    edges: list[Record] = []
    lines: list[int] = []
    directed: Any = 0
    graphs = 0
    named_by = ("label", "name", "id")  # igraph alone names nodes otherwise
    while (key := tokens.next()) is not None:
        if key.lower() != "graph":
            if key[0] == '"' or key in ("[", "]"):
                raise tokens.fault("a key is missing")
            value = _read_value(tokens, 0)
            if key.lower() == "creator" and str(value).startswith("igraph"):
                named_by = ("name", "id", "label")
            continue
        graphs += 1
        if graphs > 1:
            raise DataError(
                f"{path}, line {tokens.line()}: the file holds several graphs: export each."
            )
        if tokens.next() != "[":
            raise tokens.fault("'[' is missing after graph")
        at, line = 0, 1
        while (key := tokens.next()) != "]":
            if key is None:
                raise tokens.fault("the file ends before a bracket is closed")
            if key == "directed":
                directed = _read_value(tokens, 1)
                continue
            if key not in ("node", "edge"):
                if key[0] == '"' or key == "[":
                    raise tokens.fault("a key is missing, or a text is not closed")
                _read_value(tokens, 1)
                continue
            line += tokens.text.count("\n", at, tokens.at)
            at = tokens.at
            record = _read_value(tokens, 1)
            needed = ("id",) if key == "node" else ("source", "target")
            for name in needed:
                if not isinstance(record, dict) or name not in record:
                    raise DataError(
                        f"{path}, line {line}: a {key} has no {name}: export the file again."
                    )
            if key == "node":
                nodes.append(record)
                lines.append(line)
            else:
                edges.append(record)
    if not graphs:
        raise FileError(f"{path} is no GML file: it has no graph [ … ].")
    notes: Counter[tuple[str, str]] = Counter()
    columns = _columns(nodes, notes)
    names = dict.fromkeys(name for edge in edges for name in edge)
    weights = None
    if weight is not None:
        wanted = next((name for name in names if wanted_weight(weight, name)), None)
        if wanted is None and weight != "weight" and edges:
            raise no_weight(path, weight, [n for n in names if n not in ("source", "target")])
        if wanted is not None:
            values = [edge[wanted][-1] if wanted in edge else None for edge in edges]
            texts = [None if v is None or isinstance(v, dict) else str(v) for v in values]
            weights = pl.Series(texts, dtype=pl.String)
    unused = (n for n in names if n not in ("source", "target") and not wanted_weight(weight, n))
    return GraphTables(
        path,
        "GML",
        pl.Series([_id_of(node["id"][0]) for node in nodes], dtype=pl.String),
        lines,
        columns,
        pl.Series([_id_of(edge["source"][0]) for edge in edges], dtype=pl.String),
        pl.Series([_id_of(edge["target"][0]) for edge in edges], dtype=pl.String),
        weights,
        directed in (1, "1", "true"),
        tuple(unused),
        notes,
        named_by=named_by,
        numbered=True,
    )


def _whole(values: list[Any]) -> list[Any]:
    """Integers that are text only because they are long, as networkx writes them, as integers."""
    if {type(value) for value in values} - {type(None)} != {int, str}:
        return values
    texts = [value for value in values if isinstance(value, str)]
    if not all(re.fullmatch(r"-?[1-9]\d{9,18}", text) for text in texts):
        return values
    return [int(value) if isinstance(value, str) else value for value in values]


def _columns(nodes: list[Record], notes: Counter[tuple[str, str]]) -> dict[str, pl.Series]:
    """Attributes of nodes; a key that is repeated holds a list."""
    columns: dict[str, pl.Series] = {}
    for name in dict.fromkeys(name for node in nodes for name in node):
        if name == "id":
            continue
        held = [node.get(name, []) for node in nodes]
        if any(isinstance(value, dict) for values in held for value in values):
            notes["nodes", f"{name[:40]!r} holds keys of its own; left out"] += sum(map(bool, held))
            continue
        if any(len(values) > 1 for values in held):
            entries: list[Any] = [
                [v for v in values if v != _LIST_MARK] if values else None for values in held
            ]
        else:
            entries = _whole([values[0] if values else None for values in held])
        series, texts = to_column(name, entries)
        if series is None:
            notes["nodes", f"{name[:40]!r}: values of another kind; left out"] += len(nodes)
            continue
        if texts:
            notes["nodes", f"{name[:40]!r}: values of several kinds; kept as text"] += len(nodes)
        columns[name] = series
    return columns
