"""What readers of graph files share: bytes and text of a file, its tables, and the graph of them."""

from __future__ import annotations

import contextlib
import gzip
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import polars as pl

from graphkit.data.attributes import unique_name
from graphkit.data.graph import Graph
from graphkit.data.graph_convert import are_running, as_integers
from graphkit.data.ids import AROUND, MISSING_WORDS, judge_ids, suspect_ids
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, FileError, MissingDataError, name_some, nearest, shorten
from graphkit.readwrite.files import no_such_path, reading_file

_REMEDY = "Get the file again, or export it again."
#: What programs write for a number that is missing.
_NO_NUMBER = ("", "null", *MISSING_WORDS)
_INFINITE = {"infinity": "inf", "+infinity": "inf", "-infinity": "-inf", "+inf": "inf"}
#: Ids of declared attributes that are mere numbers; their names are in the title.
_NUMBERED = re.compile(r"(?:attr|key|[a-z])?_?\d+", re.IGNORECASE)


@dataclass
class GraphTables:
    """Nodes and edges as a file holds them.

    Attributes
    ----------
    path, format
        The file, and the name of its format.
    nodes
        Ids of the nodes that the file declares, as text.
    node_lines
        The line of each, for messages; empty where a format has none.
    columns
        Attributes of these nodes, one value each.
    source, target
        Ids of the ends of each edge, as text; null where one is missing.
    weight
        Text or numbers, null where an edge has none; `None` where nothing is weighed.
    directed
        Whether each edge has a direction, or all of them; `None` where the file does not say.
    edge_names
        Names of the attributes of edges that the file holds.
    notes, dropped
        Counts by (table, text).
    integers
        Whether the ids are integers that were written as text.
    named_by
        Attributes that hold the ids where those of the file are mere numbers of rows, the first
        that fits.
    numbered
        Whether the format makes every node a number; else n0, n1, … alone are mere numbers.
    """

    path: Path
    format: str
    nodes: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    node_lines: Sequence[int] = ()
    columns: dict[str, pl.Series] = field(default_factory=dict)
    source: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    target: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    weight: pl.Series | None = None
    directed: pl.Series | bool | None = None
    edge_names: tuple[str, ...] = ()
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    integers: bool = False
    named_by: tuple[str, ...] = ("name", "id", "label")
    numbered: bool = False


@contextlib.contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, decompressed if they begin as those of gzip do."""
    if not path.exists():
        raise no_such_path(path)
    if path.is_dir():
        raise FileError(f"{path} is a folder: give one file that holds a graph.")
    with reading_file(path, _REMEDY), path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            yield file
            return
        with gzip.open(file) as inner:
            yield inner  # type: ignore[misc]


def read_utf8(path: Path) -> str:
    """Text of a file in UTF-8, with or without a mark of byte order.

    Raises
    ------
    FileError
        If it is missing, damaged, or in another encoding; the message names the line.
    """
    with open_bytes(path) as file:
        data = file.read()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:64]:
        raise FileError(f"{path} is in UTF-16, or no text: save it as text in UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"{path}, line {line}: the text is not in UTF-8: save the file as UTF-8, or export it so."
        ) from None


def column_name(key: str, title: str | None) -> str:
    """Name of an attribute that a file declares: its id, or its title where the id is a number.

    Examples
    --------
    >>> column_name("modularity_class", "Modularity Class"), column_name("d0", "age")
    ('modularity_class', 'age')
    >>> column_name("v_name", "name")
    'name'
    """
    if title and (_NUMBERED.fullmatch(key) or key[2:] == title):
        return title
    return key


def typed_column(
    name: str, texts: Sequence[str | None], kind: str, notes: Counter[tuple[str, str]]
) -> pl.Series:
    """Column of a declared type; text where a value is not of that type, which is noted."""
    series = pl.Series(name, texts, dtype=pl.String)
    kind = kind.lower()
    if kind.startswith("list"):
        return _typed_list(name, series, kind.removeprefix("list"))
    dtype = _dtype_of(kind)
    if dtype == pl.String:
        return series
    found = _cast(series, dtype)
    bare = series.str.strip_chars()
    lost = found.is_null() & series.is_not_null() & ~bare.is_in(list(_NO_NUMBER))
    if lost.any():
        note = (
            f"attribute {shorten(name, 40)}: values that are not of the declared type; kept as text"
        )
        notes["nodes", note] += int(lost.sum())
        return series
    return found


def _dtype_of(kind: str) -> Any:
    if kind in ("integer", "int", "long", "short", "byte", "biginteger"):
        return pl.Int64
    if kind in ("double", "float", "bigdecimal"):
        return pl.Float64
    return pl.Boolean if kind == "boolean" else pl.String


def _cast(series: pl.Series, dtype: Any) -> pl.Series:
    bare = series.str.strip_chars()
    if dtype == pl.Int64:
        return bare.cast(pl.Int64, strict=False)
    lower = bare.str.to_lowercase()
    if dtype == pl.Boolean:
        words = {"true": True, "1": True, "false": False, "0": False}
        return lower.replace_strict(words, default=None, return_dtype=pl.Boolean)
    return read_floats(series).fill_nan(None)


def read_floats(series: pl.Series) -> pl.Series:
    """Floats of texts, infinite ones too; null where a text is no number."""
    lower = series.str.strip_chars().str.to_lowercase()
    return lower.replace(_INFINITE).cast(pl.Float64, strict=False)


def _typed_list(name: str, series: pl.Series, kind: str) -> pl.Series:
    bare = series.str.strip_chars()
    marked = bare.str.starts_with("[")
    mark = "|" if not marked.any() and bare.str.contains("|", literal=True).any() else ","
    parts = bare.str.strip_prefix("[").str.strip_suffix("]").str.split(mark)
    held = pl.element().str.strip_chars(" \t\"'")
    lists = parts.list.eval(held.filter(held != ""))
    dtype = _dtype_of(kind)
    if dtype != pl.String:
        flat = lists.explode().drop_nulls()
        typed = _cast(flat, dtype)
        if not typed.null_count():
            words = {"true": True, "1": True, "false": False, "0": False}
            one = pl.element()
            cast = (
                one.replace_strict(words, return_dtype=dtype)
                if dtype == pl.Boolean
                else (one.str.to_lowercase().replace(_INFINITE).cast(dtype))
            )
            lists = lists.list.eval(cast)
    return lists.alias(name)


def infer_column(series: pl.Series) -> pl.Series:
    """Column of a CSV file as integers, numbers or truth values, where no text would change.

    Examples
    --------
    >>> infer_column(pl.Series(["1", "", "30"])).to_list(), infer_column(pl.Series(["007"])).to_list()
    ([1, None, 30], ['007'])
    """
    text = series.set(series.str.strip_chars() == "", None)
    known = text.drop_nulls()
    if not len(known):
        return text
    whole = known.cast(pl.Int64, strict=False)
    if not whole.null_count():
        return text.cast(pl.Int64) if (whole.cast(pl.String) == known).all() else text
    if known.str.contains(r"^-?(?:0|[1-9]\d{0,15})(?:\.\d+)?(?:[eE][+-]?\d+)?$").all():
        return text.cast(pl.Float64)
    if known.is_in(["true", "false", "True", "False", "TRUE", "FALSE"]).all():
        return text.str.to_lowercase() == "true"
    return text


def sparse_column(rows: Sequence[int], values: Sequence[str], n: int) -> list[str | None]:
    """The values at their rows, `None` elsewhere; the last of several."""
    found: list[str | None] = [None] * n
    for row, value in zip(rows, values, strict=True):
        found[row] = value
    return found


def wanted_weight(weight: str | None, *names: str | None) -> bool:
    """Whether an attribute of edges of these names holds the weights that are asked for."""
    if weight == "weight":
        return any(name is not None and name.lower() == "weight" for name in names)
    return weight is not None and weight in names


def no_weight(path: Path, weight: str, names: Sequence[str]) -> MissingDataError:
    """The error for edges without the attribute that was named."""
    return MissingDataError(
        f"{path}: no edge has the attribute {shorten(weight)}; there are {name_some(names, 5) or 'none'}."
        f"{nearest(weight, names)} Pass weight=None to count edges."
    )


def build_graph(
    tables: GraphTables,
    *,
    directed: bool | None,
    weight: str | None,
    id: str | None,
    label: str | None,
) -> tuple[Graph, ImportReport]:
    """The graph of the tables, and the report; see :func:`graphkit.readwrite.read_graph`."""
    notes, dropped = tables.notes, tables.dropped
    _refuse_repeated(tables)
    n_read = len(tables.source) + sum(n for (table, _), n in dropped.items() if table == "edges")
    ends = _keep_whole_edges(tables)
    if tables.edge_names and n_read:
        used = [name for name in tables.edge_names if not wanted_weight(weight, name)]
        if used:
            notes["edges", f"attributes that are not kept: {name_some(used, 8)}"] += len(
                tables.source
            )
    names = _choose_ids(tables, id)
    source, target = ends.get_column("source"), ends.get_column("target")
    only = pl.concat([source, target]).unique(maintain_order=True)
    only = only.filter(~only.is_in(tables.nodes.implode()))
    if len(only):
        if len(tables.nodes):
            notes["nodes", "named by edges only; added"] += len(only)
        if only.is_in(names.implode()).any():
            raise DataError(
                f"{tables.path}: an edge names a node {shorten(only.filter(only.is_in(names.implode()))[0])}"
                " that is not declared, and is the name of another: pass id='id' to keep the file's ids."
            )
    file_ids, ids = pl.concat([tables.nodes, only]), pl.concat([names, only])
    if names is not tables.nodes:
        source, target = (side.replace_strict(file_ids, ids) for side in (source, target))
    _look_over(ids, tables)
    listed: Any = as_integers(ids.to_list()) if tables.integers else ids
    vocabulary = Vocabulary(listed)
    if tables.integers and vocabulary.kind == "int":
        source, target = source.cast(pl.Int64), target.cast(pl.Int64)
    u, v = vocabulary.encode(source), vocabulary.encode(target)
    u, v, values, way = _direct(tables, ends, u, v, directed)
    record = Provenance.of(
        "read_graph",
        {"format": tables.format, "directed": way, "weight": weight, "id": id},
        removed={reason: count for (_, reason), count in dropped.items() if count},
    )
    graph = Graph._from_codes(
        *(vocabulary, u, v, values),
        directed=way,
        node_kind="nodes",
        provenance=record,
        attributes=_attributes(tables, vocabulary, listed, label),
    )
    notes["edges", "parallel edges; merged, weights added"] += int(u.size) - graph.n_edges
    notes["edges", "self-loops; kept"] += int((u == v).sum())
    read = {"nodes": len(tables.nodes), "edges": n_read}
    kept = {"nodes": len(tables.nodes), "edges": ends.height}
    return graph, ImportReport.of(read, kept, dropped, notes)


def _refuse_repeated(tables: GraphTables) -> None:
    twice = tables.nodes.is_duplicated() & ~tables.nodes.is_first_distinct()
    if twice.any():
        at = int(twice.arg_true()[0])
        line = f", line {tables.node_lines[at]}" if len(tables.node_lines) else f", node {at + 1}"
        raise DataError(
            f"{tables.path}{line}: the node id {shorten(tables.nodes[at])} is there twice "
            f"({int(twice.sum()):,} such nodes): ids are unique."
        )


def _keep_whole_edges(tables: GraphTables) -> pl.DataFrame:
    """Edges with both ends and a weight that is a finite number or none."""
    notes, dropped = tables.notes, tables.dropped
    frame = pl.DataFrame({"source": tables.source, "target": tables.target})
    directed = tables.directed
    if not isinstance(directed, pl.Series):
        directed = pl.Series([directed], dtype=pl.Boolean).new_from_index(0, frame.height)
    frame = frame.with_columns(directed=directed)
    if tables.weight is not None:
        frame = frame.with_columns(_weights(tables.weight, notes, tables.path))
    whole = frame.filter(pl.col("source").is_not_null() & pl.col("target").is_not_null())
    dropped["edges", "one end is missing"] += frame.height - whole.height
    if "weight" not in whole.columns:
        return whole
    finite = whole.filter(pl.col("weight").is_finite())
    dropped["edges", "the weight is no finite number"] += whole.height - finite.height
    return finite


def _weights(weight: pl.Series, notes: Counter[tuple[str, str]], path: Path) -> pl.Series:
    """Weights as floats: 1 where one is missing, NaN where one is no number."""
    if weight.dtype != pl.String:
        missing = weight.is_null()
        values = weight.cast(pl.Float64)
    else:
        bare = weight.str.strip_chars()
        missing = bare.is_in(["", "null"]) | bare.is_null()
        values = read_floats(bare)
        comma = values.is_null() & bare.str.contains(r"^[+-]?\d+,\d+$").fill_null(False)
        if comma.any() and bare.filter(comma).str.contains(r"^[+-]?\d{1,3},\d{3}$").all():
            raise DataError(
                f"{path}: weights such as {shorten(bare.filter(comma)[0])} may have a decimal comma, or a "
                "mark of thousands: write them with a point, or without the mark."
            )
        if comma.any() and not bare.str.contains(".", literal=True).any():
            values = read_floats(bare.str.replace(",", ".", literal=True))
            notes["edges", "weights with a decimal comma; read as numbers"] += int(comma.sum())
    if missing.all():
        return pl.Series("weight", np.ones(len(weight)))
    if not values.is_finite().any():
        first = weight.filter(~missing.fill_null(True))[0]
        raise DataError(
            f"{path}: no weight is a finite number; the first is {shorten(first)}: name another attribute "
            "in weight=, or pass None to count edges."
        )
    notes["edges", "without a weight; 1 each"] += int(missing.sum())
    return values.fill_null(float("nan")).set(missing.fill_null(True), 1.0).alias("weight")


def _choose_ids(tables: GraphTables, id: str | None) -> pl.Series:
    """Ids of the declared nodes: those of the file, or a column."""
    columns, nodes = tables.columns, tables.nodes
    same = [n for n in ("label", "name") if n in columns and columns[n].equals(nodes)]
    for name in same:  # many programs repeat the id
        del columns[name]
    if id is None:
        marked = tables.numbered or (len(nodes) > 0 and nodes[0].startswith("n"))
        if not marked or not are_running(nodes):
            return nodes
        fitting = (n for n in tables.named_by if n in columns and _are_ids(columns[n]))
        if (chosen := next(fitting, None)) is None:
            note = "ids are mere numbers of rows, as no attribute has other ids for all nodes"
            tables.notes["nodes", note] += len(nodes)
            return nodes
        note = f"ids are the attribute {chosen!r}, as the file's own are mere numbers of rows"
        tables.notes["nodes", note] += len(nodes)
        return columns.pop(chosen)
    if (id == "id" and id not in columns) or id in same:
        return nodes
    if id not in columns:
        raise MissingDataError(
            f"{tables.path}: no node has the attribute {shorten(id)}; there are "
            f"{name_some(columns, 5) or 'none'}.{nearest(id, columns)}"
        )
    found = columns[id]
    if not (found.dtype == pl.String or found.dtype.is_integer()) or found.null_count():
        raise DataError(
            f"{tables.path}: id={shorten(id)} is no id of every node: it is {found.dtype}, and "
            f"{found.null_count():,} nodes lack it."
        )
    if found.is_duplicated().any():
        first = found.filter(found.is_duplicated())[0]
        raise DataError(
            f"{tables.path}: id={shorten(id)}: {shorten(first)} is there twice: ids are unique."
        )
    columns[unique_name("file_id", columns)] = nodes
    return columns.pop(id).cast(pl.String)


def _are_ids(column: pl.Series) -> bool:
    """Whether a column is text, complete and different for each node."""
    if column.dtype != pl.String or column.null_count() or (column == "").any():
        return False
    return not column.is_duplicated().any()


def _look_over(ids: pl.Series, tables: GraphTables) -> None:
    """Refuse ids that lost their digits, and note what looks wrong; nothing is changed."""
    judge_ids(ids, f"{tables.path}: ids of nodes")
    seen: Counter[str] = Counter()
    suspect_ids(ids, seen)
    seen["blanks around ids; kept"] += int(ids.str.contains(AROUND).sum())
    for word in ids.filter(ids.is_in(list(MISSING_WORDS))).to_list():
        seen[f"{word!r}, a word for a missing id; kept as an id"] += 1
    for text, count in seen.items():
        tables.notes["nodes", text] += count


def _direct(
    tables: GraphTables, ends: pl.DataFrame, u: Any, v: Any, directed: bool | None
) -> tuple[Any, Any, Any, bool]:
    """Edges by codes in one direction rule, their weights, and whether the graph is directed."""
    notes = tables.notes
    arrows = ends.get_column("directed")
    if directed is None:
        if arrows.null_count():
            raise DataError(
                f"{tables.path} does not say whether its edges have a direction: pass directed=True "
                "(from the first column or end to the second) or directed=False."
            )
        told = tables.directed
        directed = told if isinstance(told, bool) else bool(arrows.any())
    values = ends.get_column("weight").to_numpy() if "weight" in ends.columns else None
    if not directed:
        notes["edges", "with a direction; taken without"] += int(arrows.sum())
        return u, v, values, False
    both = (~arrows).fill_null(False).to_numpy()
    if both.any():
        notes["edges", "without a direction in a directed graph; made two arcs each"] += int(
            both.sum()
        )
        back = both & (u != v)
        u, v = np.concatenate([u, v[back]]), np.concatenate([v, u[back]])
        values = None if values is None else np.concatenate([values, values[back]])
    return u, v, values, True


def _attributes(
    tables: GraphTables, vocabulary: Vocabulary, ids: Any, label: str | None
) -> pl.DataFrame | None:
    columns = dict(tables.columns)
    if label is not None and label != "label":
        if label not in columns:
            raise MissingDataError(
                f"{tables.path}: no node has the attribute {shorten(label)}; there are "
                f"{name_some(columns, 5) or 'none'}.{nearest(label, columns)}"
            )
        if "label" in columns:
            columns[unique_name("label", columns)] = columns["label"]
        columns["label"] = columns.pop(label)
    if not columns:
        return None
    rows = np.empty(len(vocabulary), dtype=np.int64)
    rows[vocabulary.encode(ids)] = np.arange(len(ids))
    known = pl.Series(rows)
    known = known.set(known >= len(tables.nodes), None)
    found = {"id": vocabulary.series}
    for name, column in columns.items():
        name = unique_name(name, found)
        found[name] = column.gather(known).alias(name)
    return pl.DataFrame(list(found.values()))
