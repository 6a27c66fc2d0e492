"""Reader of Pajek networks (``.net``)."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from graphkit.errors import DataError, FileError, shorten
from graphkit.readwrite.graph_tables import GraphTables, read_utf8

_VERTEX = r'^\s*(\d+)(?:\s+(?:"([^"]*)"|(\S+)))?\s*(.*)$'
_EDGE = r"^\s*(-?\d+)\s+(-?\d+)(?:\s+([^\s\[]+))?"
_SECTIONS = ("*vertices", "*arcs", "*edges", "*arcslist", "*edgeslist", "*network", "*matrix")


def is_pajek(text: str) -> bool:
    """Whether a text begins as a Pajek network does, after comments."""
    for line in text[: 1 << 16].split("\n"):
        if line.strip() and not line.lstrip().startswith("%"):
            return line.lstrip().startswith("*")
    return False


def read_pajek(path: Path, weight: str | None) -> GraphTables:
    """Tables of a Pajek network: vertices, arcs and edges, single or as lists."""
    text = read_utf8(path)
    if not is_pajek(text):
        raise FileError(f"{path} is no Pajek network: it does not begin with *Vertices.")
    if weight not in (None, "weight"):
        raise DataError(
            f"{path}: edges of a Pajek network have one number, their weight: leave out "
            f"weight={shorten(weight)}, or pass None to count edges."
        )
    lines = pl.DataFrame({"text": text.split("\n")}).with_row_index("line", 1)
    bare = pl.col("text").str.strip_chars()
    lines = lines.with_columns(bare).filter((bare != "") & ~bare.str.starts_with("%"))
    starts = lines.get_column("text").str.starts_with("*").arg_true().to_list()
    tables = GraphTables(path, "Pajek", numbered=True)
    sides: list[pl.DataFrame] = []
    for at, end in zip(starts, [*starts[1:], lines.height], strict=True):
        line, head = lines.row(at)
        words = head.split()
        section = words[0].lower()
        part = lines.slice(at + 1, end - at - 1)
        if section not in _SECTIONS:
            tables.notes["nodes", f"rows of the section {words[0][:20]}; left out"] += part.height
        elif section == "*matrix":
            raise FileError(
                f"{path}, line {line}: the edges are a matrix: read it with numpy, and make a graph "
                "with graphkit.Graph.from_scipy(matrix, directed=…, nodes=…)."
            )
        elif section == "*vertices":
            if len(tables.nodes):
                raise DataError(
                    f"{path}, line {line}: the file holds several networks: export each."
                )
            _take_vertices(tables, words, part, line)
        elif section.endswith("list"):
            sides.append(_take_lists(tables, part, section == "*arcslist"))
        elif section in ("*arcs", "*edges"):
            sides.append(_take_edges(tables, part, section == "*arcs"))
    edges = pl.concat(sides) if sides else None
    if edges is not None:
        _take_ends(tables, edges)
        tables.weight = None if weight is None or not edges["weight"].count() else edges["weight"]
        tables.directed = edges["directed"]
    else:
        tables.directed = False
    return tables


def _take_vertices(tables: GraphTables, words: list[str], part: pl.DataFrame, line: int) -> None:
    path = tables.path
    if len(words) < 2 or not words[1].isdigit():
        raise DataError(f"{path}, line {line}: the number of vertices is missing.")
    n = int(words[1])
    if n > 2**31 - 1:
        raise DataError(f"{path}, line {line}: more vertices than a graph can hold.")
    text = pl.col("text")
    found = part.select(
        "line",
        number=text.str.extract(_VERTEX, 1).cast(pl.Int64, strict=False),
        label=pl.coalesce(text.str.extract(_VERTEX, 2), text.str.extract(_VERTEX, 3)),
        rest=text.str.extract(_VERTEX, 4),
    )
    wrong = found.filter(pl.col("number").is_null() | ~pl.col("number").is_between(1, n))
    if wrong.height:
        raise DataError(
            f"{path}, line {wrong['line'][0]}: a vertex has no number from 1 to {n:,}: correct it."
        )
    twice = found.filter(~pl.col("number").is_first_distinct())
    if twice.height:
        raise DataError(
            f"{path}, line {twice['line'][0]}: vertex {twice['number'][0]} is there twice."
        )
    numbers = pl.int_range(1, n + 1, eager=True).alias("number")
    whole = numbers.to_frame().join(found, on="number", how="left", maintain_order="left")
    labels = whole.get_column("label")
    tables.nodes = numbers.cast(pl.String)
    if labels.null_count():
        tables.notes["nodes", "without a label; their number is the id"] += labels.null_count()
        labels = labels.fill_null(tables.nodes)
    if labels.is_duplicated().any():
        tables.notes["nodes", "labels are not unique; ids are the numbers"] += n
    tables.columns["label"] = labels.alias("label")
    drawn = int((found["rest"].fill_null("") != "").sum())
    tables.notes["nodes", "positions and other values of vertices; left out"] += drawn
    if len(words) > 2 and words[2].isdigit():
        first = int(words[2])
        side = (numbers <= first).cast(pl.Int64)
        tables.columns["mode"] = (2 - side).alias("mode")


def _take_edges(tables: GraphTables, part: pl.DataFrame, directed: bool) -> pl.DataFrame:
    text = pl.col("text")
    found = part.select(
        "line",
        u=text.str.extract(_EDGE, 1),
        v=text.str.extract(_EDGE, 2),
        weight=text.str.extract(_EDGE, 3),
        directed=pl.lit(directed),
    )
    return _refuse_wrong(tables, found)


def _take_lists(tables: GraphTables, part: pl.DataFrame, directed: bool) -> pl.DataFrame:
    words = part.select("line", word=pl.col("text").str.extract_all(r"\S+"))
    found = words.select(
        "line",
        u=pl.col("word").list.first(),
        v=pl.col("word").list.slice(1),
        weight=pl.lit(None, dtype=pl.String),
        directed=pl.lit(directed),
    )
    return _refuse_wrong(tables, found.explode("v"))


def _refuse_wrong(tables: GraphTables, found: pl.DataFrame) -> pl.DataFrame:
    n = len(tables.nodes)
    known = pl.all_horizontal(
        pl.col(end).cast(pl.Int64, strict=False).is_between(1, n).fill_null(False) for end in "uv"
    )
    wrong = found.filter(~known)
    if wrong.height:
        raise DataError(
            f"{tables.path}, line {wrong['line'][0]}: an edge does not join two vertices from 1 to "
            f"{n:,} ({wrong.height:,} such edges): correct it."
        )
    return found


def _take_ends(tables: GraphTables, edges: pl.DataFrame) -> None:
    tables.source, tables.target = (
        edges.get_column(end).cast(pl.Int64).cast(pl.String) for end in "uv"
    )
