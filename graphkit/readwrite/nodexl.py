"""Reader of NodeXL workbooks (``.xlsx``): sheets of edges and vertices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from graphkit.data.attributes import to_column, unique_name
from graphkit.errors import (
    DataError,
    DependencyError,
    FileError,
    MissingDataError,
    install_text,
    name_some,
)
from graphkit.readwrite.edge_lists import add_nodes
from graphkit.readwrite.graph_tables import GraphTables, no_weight, open_bytes, wanted_weight

#: Columns with which the sheets begin.
_ENDS, _NODE = ("Vertex 1", "Vertex 2"), "Vertex"
#: Columns of the drawing, and the prompt to add columns.
_DRAWING = frozenset(
    {
        "Color",
        "Width",
        "Style",
        "Opacity",
        "Visibility",
        "Shape",
        "Size",
        "Image File",
        "X",
        "Y",
        "Locked?",
        "Polar R",
        "Polar Angle",
        "Label Text Color",
        "Label Font Size",
        "Label Fill Color",
        "Label Position",
        "Layout Order",
        "Add Your Own Columns Here",
    }
)


def read_nodexl(path: Path, weight: str | None) -> GraphTables:
    """Tables of a NodeXL workbook, whose headers are in the second row."""
    try:
        import python_calamine
    except ImportError:
        raise DependencyError(
            f"{path}: python-calamine reads workbooks: {install_text('nodexl')}."
        ) from None
    with open_bytes(path) as file:
        try:
            book = python_calamine.CalamineWorkbook.from_filelike(file)
            sheets = {
                name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                for name in ("Edges", "Vertices")
                if name in book.sheet_names
            }
        except python_calamine.CalamineError as error:
            why = str(error).split("\n")[0][:120]
            raise FileError(f"{path} cannot be read as a workbook: {why}.") from None
        known = book.sheet_names
    if "Edges" not in sheets:
        raise FileError(
            f"{path}: a NodeXL workbook has a sheet 'Edges'; there are {name_some(known, 8)}. Save other "
            "tables as CSV."
        )
    tables = GraphTables(path, "NodeXL")
    names, rows, first = _header(path, "Edges", sheets["Edges"], _ENDS)
    ends = [names.index(name) for name in _ENDS]
    place = f"{path}, sheet 'Edges'"
    tables.source, tables.target = (_ids([row[k] for row in rows], place, first) for k in ends)
    empty = tables.source.is_null() & tables.target.is_null()
    if empty.any():  # rows that are formatted only
        rows = [row for row, out in zip(rows, empty.to_list(), strict=True) if not out]
        tables.source, tables.target = tables.source.filter(~empty), tables.target.filter(~empty)
    others = [name for name in names if name not in (*_ENDS, *_DRAWING, "")]
    wanted = next(
        (
            n
            for n in others
            if wanted_weight(weight, n) or (n == "Edge Weight" and weight == "weight")
        ),
        None,
    )
    if wanted is None and weight not in (None, "weight"):
        raise no_weight(path, str(weight), others)
    if wanted is not None:
        at = names.index(wanted)
        texts = [None if row[at] == "" else str(row[at]) for row in rows]
        tables.weight = pl.Series(texts, dtype=pl.String)
    filled = (n for n in others if n != wanted and any(row[names.index(n)] != "" for row in rows))
    tables.edge_names = tuple(filled)
    if "Vertices" in sheets:
        _take_vertices(tables, sheets["Vertices"])
    return tables


def _take_vertices(tables: GraphTables, cells: list[list[Any]]) -> None:
    path = tables.path
    names, rows, first = _header(path, "Vertices", cells, (_NODE,))
    at = names.index(_NODE)
    rows = [row for row in rows if row[at] != ""]
    ids = _ids([row[at] for row in rows], f"{path}, sheet 'Vertices'", first)
    columns: dict[str, pl.Series] = {}
    drawn = 0
    for k, given in enumerate(names):
        if k == at or given == "":
            continue
        values = [None if row[k] == "" else row[k] for row in rows]
        if all(value is None for value in values):
            continue
        if given in _DRAWING:
            drawn += len(rows)
            continue
        name = unique_name("label" if given == "Label" else given, columns)
        series, _ = to_column(name, values)
        if series is not None:
            columns[name] = series
    tables.notes["nodes", "columns of the drawing; left out"] += drawn
    add_nodes(tables, ids, pl.DataFrame(list(columns.values())))


def _header(
    path: Path, sheet: str, cells: list[list[Any]], needed: tuple[str, ...]
) -> tuple[list[str], list[list[Any]], int]:
    """Names of the columns, the rows below, and the number of the first one."""
    for at, row in enumerate(cells[:5]):
        names = [str(cell).strip() for cell in row]
        if set(needed) <= set(names):
            return names, cells[at + 1 :], at + 2
    raise MissingDataError(
        f"{path}, sheet {sheet!r}: no row has the names {name_some(needed)}: the workbook is not one of "
        "NodeXL; save the table as CSV."
    )


def _ids(values: list[Any], place: str, first: int) -> pl.Series:
    """Ids of cells: text, or whole numbers that no spreadsheet rounds."""
    ids: list[str | None] = []
    for row, value in enumerate(values):
        if isinstance(value, float | int) and not isinstance(value, bool):
            if value != int(value) or abs(value) >= 10**15:
                raise DataError(
                    f"{place}, row {first + row}: the id is a number that a workbook cannot hold exactly "
                    "(15 digits are kept): write ids as text."
                )
            ids.append(str(int(value)))
        else:
            ids.append(str(value).strip() or None)
    return pl.Series(ids, dtype=pl.String)
