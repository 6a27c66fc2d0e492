"""Delimited text files (CSV, TSV and their like), Parquet and Arrow, as frames of text columns."""

from __future__ import annotations

import csv
import glob
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from graphkit.errors import DataError, FileError, MissingDataError, shorten
from graphkit.readwrite.extract import Extract
from graphkit.readwrite.files import reading_file
from graphkit.readwrite.source import COMPRESSED, Sample

__all__ = ["read_delimited"]


def read_delimited(
    sample: Sample,
    table: str,
    extract: Extract,
    *,
    names: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    exact: bool = False,
) -> pl.DataFrame:
    """Rows of a delimited file, or of Parquet or Arrow (Feather), all columns as text.

    Empty cells are missing. Rows with more cells than the header are dropped and counted; those
    with fewer lack the last ones. The rows are counted as read, blank lines are not. Columns without a name are left out.

    Parameters
    ----------
    sample
        The file.
    table
        Kind of record, for the report.
    extract
        Counts of it are added to.
    names
        Names of the columns of a file without a header.
    columns
        Columns to read, of those that are there; by default all.
    exact
        Whether rows with fewer cells than the header are dropped and counted too: their cells may
        belong to other columns.

    Raises
    ------
    FileError
        If it cannot be read.
    DataError
        If a column occurs twice.
    """
    place = Path(sample.source.place)
    if sample.kind not in ("delimited", "parquet", "arrow"):
        raise FileError(f"{place} is {sample.what}, where a table is needed.")
    with reading_file(place, "Write or download the file again."):
        if sample.kind in ("parquet", "arrow"):
            wanted = [c for c in sample.header if columns is None or c in columns]
            read = pl.read_parquet if sample.kind == "parquet" else pl.read_ipc
            with sample.source.open() as file:
                # of a file on disk, only these columns are read
                whole = not (isinstance(file, io.BufferedReader) and file.seekable())
                data = io.BytesIO(file.read()) if whole else file
                frame = read(data, columns=wanted, use_pyarrow=False)
            frame = _as_text(frame, table, extract)
        elif len(sample.separator) > 1:
            frame = _split_lines(sample, names)
        else:
            frame = _read_csv(sample, names, table, extract, columns, exact)
    extract.count(table, frame.height)
    frame = frame.select(c for c in frame.columns if c and not c.startswith("_duplicated_"))
    doubled = [c for c in frame.columns if c.rpartition("_duplicated_")[0] in frame.columns]
    if doubled:
        column = doubled[0].rpartition("_duplicated_")[0]
        raise DataError(f"{place}: column {column!r} occurs twice: keep one of them.")
    if columns is not None:
        frame = frame.select(c for c in frame.columns if c in columns)
    return frame


def _as_text(frame: pl.DataFrame, table: str, extract: Extract) -> pl.DataFrame:
    """Columns as text, and lists of text; others, such as records, are left out and noted."""

    def single(dtype: Any) -> bool:
        return dtype.is_numeric() or isinstance(
            dtype,
            pl.String | pl.Boolean | pl.Date | pl.Datetime | pl.Categorical | pl.Enum | pl.Null,
        )

    columns = []
    for name, dtype in frame.schema.items():
        listed = isinstance(dtype, pl.List | pl.Array)
        if single(dtype.inner if isinstance(dtype, pl.List | pl.Array) else dtype):
            columns.append(pl.col(name).cast(pl.List(pl.String) if listed else pl.String))
        else:
            extract.notes[
                table, f"column {shorten(name, 40)} holds {dtype.base_type()}: not read"
            ] += 1
    return frame.select(columns)


def _read_csv(
    sample: Sample,
    names: Sequence[str] | None,
    table: str,
    extract: Extract,
    columns: Sequence[str] | None,
    exact: bool,
) -> pl.DataFrame:
    source = sample.source
    marked = sample.text.lower().startswith("sep=")
    options: dict[str, Any] = {
        "separator": sample.separator,
        "infer_schema": False,
        "has_header": names is None,
        "skip_lines": int(marked),
    }
    if names is not None:
        options["new_columns"] = list(names)
    if "\r" in sample.text and "\n" not in sample.text:
        # lines of old Macs, which Polars takes for one
        return _read_ragged(sample, names, table, extract, marked, exact=exact)
    plain = not source.member and not source.parts[-1].lower().endswith(COMPRESSED)
    try:
        if plain:
            lazy = pl.scan_csv(glob.escape(str(source.path)), **options)
        else:
            lazy = pl.read_csv(io.BytesIO(source.read()), **options).lazy()
        held = lazy.collect_schema().names()
        # doubled columns are kept, to be refused; the last one shows rows that are too short
        wanted = [
            c for c in held if columns is None or c.partition("_duplicated_")[0].strip() in columns
        ]
        last = held[-1:] if exact and held[-1] not in wanted else []
        frame = lazy.select(*wanted, *last).collect(engine="streaming")
        if exact and frame.height and frame.get_column(held[-1]).null_count():
            frame = _read_ragged(sample, names, table, extract, marked, exact=True)
        elif frame.width and frame.height:
            frame = frame.filter(~_blank(frame, lazy))
        frame = frame.select(c for c in frame.columns if c not in last)
    except pl.exceptions.ComputeError:
        # rows of another length, or bytes that are no UTF-8: slower, row by row
        frame = _read_ragged(sample, names, table, extract, marked, exact=exact)
    return frame.rename(str.strip, strict=False)


def _blank(frame: pl.DataFrame, lazy: pl.LazyFrame) -> pl.Series:
    """Whether each row is a blank line; `frame` has some of the columns of `lazy`."""
    nothing = pl.all_horizontal(pl.all().is_null())
    blank = frame.select(nothing).to_series()
    if blank.any() and frame.width < len(lazy.collect_schema()):
        return lazy.select(nothing).collect(engine="streaming").to_series()
    return blank


def _read_ragged(
    sample: Sample,
    names: Sequence[str] | None,
    table: str,
    extract: Extract,
    marked: bool,
    *,
    exact: bool,
) -> pl.DataFrame:
    data = sample.source.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        extract.notes[table, "text that is not UTF-8: read as Latin-1"] += 1
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=sample.separator)
    if marked:
        next(rows)
    header = list(names) if names is not None else [name.strip() for name in next(rows)]
    header = [name or f"_duplicated_{i}" for i, name in enumerate(header)]
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise DataError(f"{sample.source.place}: column {twice!r} occurs twice: keep one of them.")
    width = len(header)
    kept, long, short = [], 0, 0
    row: list[str] = []
    try:
        for row in rows:
            if len(row) > width:
                long += 1
            elif exact and any(row) and len(row) < width:
                short += 1
            elif any(row):
                kept.append(row + [""] * (width - len(row)))
    except csv.Error as error:
        raise OSError(str(error)) from error
    if text.count('"') % 2 and any("\n" in cell for cell in row):
        line = rows.line_num - "".join(row).rstrip("\r\n").count("\n")
        raise FileError(
            f"{sample.source.place}, line {line}: a quote is opened and never closed, so that all "
            "that follows would be one cell: close it, or export the file again."
        )
    for count, which in ((long, "more"), (short, "fewer")):
        if count:
            extract.count(table, count)
            extract.dropped[table, f"{which} cells than the {width} of the header"] += count
    frame = pl.DataFrame(kept, schema=dict.fromkeys(header, pl.String), orient="row")
    return frame.with_columns(pl.when(pl.all() != "").then(pl.all()))


def _split_lines(sample: Sample, names: Sequence[str] | None) -> pl.DataFrame:
    """Rows of a file whose separator is longer than a character, without quotes: MovieLens."""
    if names is None:
        raise MissingDataError(
            f"{sample.source.place}: cells are separated by {sample.separator!r}, and there are no "
            "names of columns."
        )
    data = sample.source.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    lines = pl.Series("line", [text]).str.split("\n").explode().str.strip_chars_end("\r")
    lines = lines.filter(lines != "")
    cells = lines.str.split_exact(sample.separator, len(names) - 1).struct.unnest()
    cells.columns = list(names)
    return cells.with_columns(pl.when(pl.all() != "").then(pl.all()))
