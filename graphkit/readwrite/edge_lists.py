"""Reader of edge lists: tables of Gephi and others with a header, and bare lists of pairs."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import polars as pl

from graphkit.errors import DataError, FileError, MissingDataError, name_some, nearest, shorten
from graphkit.readwrite.graph_tables import (
    GraphTables,
    infer_column,
    no_weight,
    read_floats,
    read_utf8,
    wanted_weight,
)

#: Names of the columns of the two ends, in pairs.
ENDS = (
    ("source", "target"),
    ("from", "to"),
    ("source_id", "target_id"),
    ("from_id", "to_id"),
    ("from_user", "to_user"),
    ("src", "dst"),
    ("sender", "receiver"),
    ("ego", "alter"),
    ("node1", "node2"),
    ("node_1", "node_2"),
    ("id_1", "id_2"),
    ("id1", "id2"),
    ("vertex 1", "vertex 2"),
    ("vertex1", "vertex2"),
    ("follower_id", "followee_id"),
    ("follower", "followee"),
)
_TYPES = {"directed": True, "undirected": False, "mixed": None}
#: Numbers of a third column that are rather times: seconds and milliseconds since 1970.
_TIMES = 1e8, 1e14


def read_edge_list(
    path: Path, weight: str | None, nodes: Path | None, ends: tuple[str, str] | None
) -> GraphTables:
    """Tables of an edge list, and of a table of nodes beside it."""
    tables = GraphTables(path, "edge list")
    lines = _read_lines(path)
    mark = _separator(path, lines)
    lines = _skip_comments(tables, lines, mark)
    if not lines.height:
        raise FileError(f"{path} holds no edges: it is empty.")
    frame, numbers = _split(path, lines, mark)
    _refuse_matrix(path, frame)
    names = _header(frame, ends)
    if names is None:
        _take_bare(tables, frame, numbers, weight)
    else:
        _take_table(tables, names, frame.slice(1), weight, ends)
    if nodes is not None:
        _take_nodes(tables, nodes)
    return tables


def _read_lines(path: Path) -> pl.DataFrame:
    """Lines with their numbers, without blank ones."""
    text = read_utf8(path)
    if "\r" in text and "\n" not in text:
        raise FileError(
            f"{path}: lines end in CR alone, as on old Macs: save it with other line ends."
        )
    lines = pl.DataFrame({"text": text.split("\n")}).with_row_index("line", 1)
    lines = lines.with_columns(pl.col("text").str.strip_suffix("\r"))
    return lines.filter(pl.col("text").str.strip_chars() != "")


def _separator(path: Path, lines: pl.DataFrame) -> str:
    """The mark between columns: comma, semicolon, tab or blank."""
    plain = lines.filter(~pl.col("text").str.contains(r"^(?:#|%|//)(?:\s|$|[#%!])"))
    head = plain.get_column("text").head(50).to_list()
    name = path.name.lower().removesuffix(".gz")
    if not head:
        return " "
    if name.endswith((".tsv", ".tab")):
        return "\t"
    if all(line.rstrip().endswith("}") and " {" in line for line in head):
        return " "  # networkx writes the data of edges so
    # the first that parts all lines; an id may hold the others
    for mark in ("\t", ";", ","):
        if all(mark in line for line in head):
            return mark
    # a text in quotes may go over several lines
    return next((m for m in (";", "\t", ",") if name.endswith(".csv") and m in head[0]), " ")


def _skip_comments(tables: GraphTables, lines: pl.DataFrame, mark: str) -> pl.DataFrame:
    """Lines without the comments that the file begins with.

    A hashtag is an id: a line of as many columns as the others is an edge, unless a blank or
    another such mark follows the first one, as in ``# made by …``.
    """
    text = lines.get_column("text").str.strip_chars_start()
    other = ~text.str.contains(r"^(?:#|%|//)")
    first = int(other.arg_max() or 0) if other.any() else len(text)
    head = text.head(first)
    if not first:
        return lines
    certain = head.str.contains(r"^(?:#|%|//)(?:\s|$|[#%!/])")
    rest = text.filter(~certain if first == len(text) else other)
    widths = Counter(len(_fields(line, mark)) for line in rest.head(50).to_list())
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    skipped = 0
    for line, sure in zip(head.to_list(), certain.to_list(), strict=True):
        if not sure and len(_fields(line, mark)) == usual:
            break
        skipped += 1
    tables.notes["edges", "comment lines at the beginning; left out"] += skipped
    return lines.slice(skipped)


def _fields(line: str, mark: str) -> list[str]:
    return line.split() if mark == " " else line.split(mark)


def _split(path: Path, lines: pl.DataFrame, mark: str) -> tuple[pl.DataFrame, pl.Series]:
    """Columns of text, and the number of the line of each row."""
    if mark == " ":
        words = lines.select("line", word=pl.col("text").str.extract_all(r'\{.*\}|"[^"]*"|\S+'))
        widths = words.select(n=pl.col("word").list.len()).to_series()
        _refuse_ragged(path, widths, lines.get_column("line"))
        width = int(widths[0])
        fields = [pl.col("word").list.get(k).alias(str(k)) for k in range(width)]
        bare = (pl.all().str.strip_prefix('"').str.strip_suffix('"'),)
        return words.select(fields).select(bare), lines.get_column("line")
    numbers, text = lines.get_column("line"), lines.get_column("text")
    whole = "\n".join(text.to_list())
    if '"' not in whole:
        _refuse_ragged(path, text.str.count_matches(mark, literal=True) + 1, numbers)
    try:
        frame = pl.read_csv(
            io.BytesIO(whole.encode()), has_header=False, separator=mark, infer_schema=False
        )
    except pl.exceptions.PolarsError:
        _refuse_ragged(path, text.str.count_matches(mark, literal=True) + 1, numbers)
        raise FileError(
            f"{path}: the columns cannot be told apart: a quote may be open. Export the file again."
        ) from None
    if frame.height != lines.height:  # a text in quotes goes over several lines
        numbers = pl.Series("line", range(1, frame.height + 1), dtype=pl.UInt32)
    return frame.rename({name: str(k) for k, name in enumerate(frame.columns)}), numbers


def _refuse_ragged(path: Path, widths: pl.Series, lines: pl.Series) -> None:
    other = (widths != widths[0]).arg_true()
    if len(other):
        at = int(other[0])
        raise FileError(
            f"{path}, line {lines[at]}: {widths[at]} columns, and {widths[0]} in line {lines[0]}: an edge "
            "list has two ends in each line. If this is a list of neighbours, or a matrix, export an "
            "edge list, GEXF or GraphML instead."
        )


def _header(frame: pl.DataFrame, ends: tuple[str, str] | None) -> list[str] | None:
    """Names of the columns, if the first row holds them."""
    first = [(cell or "").strip() for cell in frame.row(0)]
    bare = [cell.removeprefix("#").strip() if k == 0 else cell for k, cell in enumerate(first)]
    bare = [
        cell.partition(":")[0] if cell.endswith((":token", ":float")) else cell for cell in bare
    ]
    lower = [cell.lower() for cell in bare]
    if ends is not None or any(set(pair) <= set(lower) for pair in ENDS) or lower[0] == "id":
        return bare
    weighed = frame.width == 3 and _is_name_of_numbers(frame, [2])
    if frame.height > 1 and (weighed or _is_name_of_numbers(frame, [0, 1])):
        return bare
    return None


def _refuse_matrix(path: Path, frame: pl.DataFrame) -> None:
    """Refuse a square of numbers, with the names of rows and columns or without."""
    width = frame.width
    named = frame.height == width > 2 and set(frame.row(0)[1:]) == set(frame.to_series(0)[1:])
    diagonal = {frame.item(k, k) for k in range(min(width, frame.height))}
    if named or (width == frame.height == 3 and diagonal == {"0"}):
        raise FileError(
            f"{path} is a matrix: read it with numpy, and use graphkit.Graph.from_scipy(matrix, "
            "directed=…, nodes=…)."
        )


def _is_name_of_numbers(frame: pl.DataFrame, columns: list[int]) -> bool:
    """Whether columns begin with a name, and hold numbers from the second row on."""
    for k in columns:
        if k >= frame.width or str(frame.item(0, k)).startswith("{"):
            return False
        numbers = read_floats(frame.to_series(k))
        if numbers[0] is not None or numbers.slice(1).null_count():
            return False
    return True


def _take_bare(
    tables: GraphTables, frame: pl.DataFrame, lines: pl.Series, weight: str | None
) -> None:
    """Two columns of ends, and a third with weights or with the data of networkx."""
    path, width = tables.path, frame.width
    if width == 1:
        raise FileError(f"{path}: one column only: an edge list has two ends in each line.")
    if width > 3:
        raise FileError(
            f"{path}: {width} columns without a header that names the ends (source, target): pass "
            "ends=(…, …) for a table whose first row holds names. If it is a matrix, read it with numpy "
            "and use graphkit.Graph.from_scipy(matrix, directed=…)."
        )
    tables.source, tables.target = (
        _clean(tables, frame.to_series(0)),
        _clean(tables, frame.to_series(1)),
    )
    tables.notes["edges", "no header: the first line is an edge (ends= names columns)"] += 1
    marks = tables.source.str.contains(r"^[#%]$").fill_null(False)
    tables.notes["edges", "lines in the middle that begin with # or %; taken as edges"] += int(
        marks.sum()
    )
    if width == 2:
        if weight not in (None, "weight"):
            raise no_weight(path, weight, [])
        return
    third = frame.to_series(2)
    if third.str.starts_with("{").all():
        _take_data(tables, third, weight)
    elif weight is not None:
        numbers = read_floats(third)
        if numbers.null_count() == len(numbers):
            raise DataError(
                f"{path}, line {lines[0]}: the third column, such as {shorten(third[0])}, holds no "
                "weights: pass weight=None to leave it out."
            )
        known = numbers.drop_nulls()
        if (known == known.floor()).all() and known.is_between(*_TIMES).all():
            raise DataError(
                f"{path}, line {lines[0]}: the third column, such as {shorten(third[0])}, looks like times "
                "and not like weights: pass weight=None to leave it out."
            )
        tables.weight = third
    else:
        tables.edge_names = ("the third column",)


def _take_data(tables: GraphTables, data: pl.Series, weight: str | None) -> None:
    """Weights of the dictionaries that networkx writes."""
    names = data.str.extract_all(r"'[^']*'\s*:").list.eval(pl.element().str.strip_chars("': "))
    known = names.explode().drop_nulls().unique(maintain_order=True).to_list()
    if weight is not None and weight not in known and weight != "weight":
        raise no_weight(tables.path, weight, known)
    if weight in known:
        escaped = "".join(c if c.isalnum() else f"\\x{{{ord(c):x}}}" for c in str(weight))
        found = data.str.extract(rf"'{escaped}'\s*:\s*([^,}}\s]+)")
        tables.weight = found.replace({"None": None, "nan": "NaN"})
    tables.edge_names = tuple(name for name in known if name != weight)


def _clean(tables: GraphTables, ids: pl.Series) -> pl.Series:
    """Ids without blanks around, null where there is none."""
    bare = ids.str.strip_chars()
    stripped = int(((bare != ids) & (bare != "")).sum())
    tables.notes["edges", "blanks around ids; stripped"] += stripped
    return bare.set(bare == "", None)


def _take_table(
    tables: GraphTables,
    names: list[str],
    frame: pl.DataFrame,
    weight: str | None,
    ends: tuple[str, str] | None,
) -> None:
    """Edges of a table with a header; without ends it is a table of nodes."""
    path = tables.path
    frame = _named(path, names, frame)
    names = frame.columns
    lower = {name.lower(): name for name in reversed(names)}
    if ends is not None:
        for name in ends:
            if name not in names:
                raise MissingDataError(
                    f"{path} has no column {shorten(name)}; there are {name_some(names, 10)}."
                    f"{nearest(name, names)}"
                )
        first, second = ends
    else:
        pair = next((pair for pair in ENDS if set(pair) <= set(lower)), None)
        if pair is None and "id" in lower:
            tables.notes["nodes", "a table of nodes: the file has no edges"] += frame.height
            tables.directed = False
            _add_nodes(tables, frame, path)
            return
        if pair is None:
            tables.notes["edges", "the first line is taken as names of columns"] += 1
        first, second = (lower[name] for name in pair) if pair else (names[0], names[1])
    tables.source = _clean(tables, frame.get_column(first))
    tables.target = _clean(tables, frame.get_column(second))
    used = {first, second}
    if "type" in lower and (types := _read_types(frame.get_column(lower["type"]))) is not None:
        tables.directed = types
        used.add(lower["type"])
    rest = [name for name in names if name not in used]
    wanted = next((name for name in rest if wanted_weight(weight, name)), None)
    if wanted is None and weight == "weight" and (third := lower.get("edge weight")):
        wanted = third
    if wanted is None and weight not in (None, "weight"):
        raise no_weight(path, str(weight), rest)
    if wanted is not None:
        tables.weight = frame.get_column(wanted)
    held = (name for name in rest if name != wanted)
    tables.edge_names = tuple(n for n in held if (frame.get_column(n).fill_null("") != "").any())


def _named(path: Path, names: list[str], frame: pl.DataFrame) -> pl.DataFrame:
    """The table with its columns named; those without a name are numbered."""
    names = [name or f"column {k + 1}" for k, name in enumerate(names)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}, line 1: two columns are called {shorten(twice)}: rename one.")
    return frame.rename(dict(zip(frame.columns, names, strict=True)))


def _read_types(column: pl.Series) -> pl.Series | None:
    lower = column.str.strip_chars().str.to_lowercase()
    if not lower.is_in(list(_TYPES)).fill_null(True).all():
        return None  # a column of another meaning
    return lower.replace_strict(_TYPES, default=None, return_dtype=pl.Boolean)


def _take_nodes(tables: GraphTables, path: Path) -> None:
    """The table of nodes beside a list of edges."""
    lines = _read_lines(path)
    if not lines.height:
        raise FileError(f"{path} is empty: it should hold a table of nodes.")
    mark = _separator(path, lines)
    frame, _ = _split(path, lines, "," if mark == " " else mark)
    table = _named(path, [(cell or "").strip() for cell in frame.row(0)], frame.slice(1))
    names = table.columns
    if "id" not in {name.lower() for name in names}:
        raise MissingDataError(
            f"{path}: a table of nodes has a column 'Id'; there are {name_some(names, 10)}."
        )
    _add_nodes(tables, table, path)


def _add_nodes(tables: GraphTables, frame: pl.DataFrame, path: Path) -> None:
    name = next(name for name in frame.columns if name.lower() == "id")
    ids = frame.get_column(name).str.strip_chars()
    empty = ids.is_null() | (ids == "")
    if empty.any():
        raise DataError(
            f"{path}, row {int(empty.arg_true()[0]) + 2}: the node has no id ({int(empty.sum()):,} such "
            "rows): give it one, or take the row out."
        )
    twice = ids.is_duplicated() & ~ids.is_first_distinct()
    if twice.any():
        row = int(twice.arg_true()[0])
        raise DataError(
            f"{path}, row {row + 2}: the node id {shorten(ids[row])} is there twice "
            f"({int(twice.sum()):,} such rows): ids are unique."
        )
    add_nodes(tables, ids, frame.drop(name))


def add_nodes(tables: GraphTables, ids: pl.Series, frame: pl.DataFrame) -> None:
    """Declare nodes with the columns of a table, as numbers where no text would change."""
    tables.nodes = ids
    for column in frame.iter_columns():
        if column.null_count() == len(column) or (column.fill_null("") == "").all():
            continue
        name = "label" if column.name.lower() == "label" else column.name
        typed = column if column.dtype != pl.String or name == "label" else infer_column(column)
        tables.columns[name] = typed.alias(name)
