"""A dataset as a folder of Parquet, CSV or NDJSON files: reading and writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.files import write_whole
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.schema import TABLES
from graphkit.errors import DataError, FileError, OptionError, check_choice
from graphkit.parallel import track
from graphkit.readwrite._header import (
    HEADER,
    Header,
    check_files,
    header_text,
    read_header,
    write_header,
)
from graphkit.readwrite._tables import find_tables, is_table, read_table
from graphkit.readwrite.files import check_writable, require_folder, sha256_of

__all__ = ["is_dataset", "read_dataset", "write_dataset"]

#: Rows of tables, counted by (table, reason).
Counts = Counter[tuple[str, str]]


def is_dataset(path: Path) -> bool:
    """Whether a path is a folder with a header or a table in a format that is read."""
    return path.is_dir() and any(p.name == HEADER or is_table(p.name) for p in path.iterdir())


def read_dataset(
    folder: str | Path, *, unknown: Literal["raise", "drop", "add"] = "raise"
) -> tuple[Dataset, ImportReport]:
    """Read a folder of tables, and report what was kept and what was dropped.

    Each of ``accounts``, ``items``, ``follows``, ``interactions``, ``impressions`` and
    ``memberships`` is one file, ``.parquet``, ``.csv``, ``.csv.gz``, ``.ndjson`` or
    ``.jsonl``; any may be absent. A ``dataset.toml`` may add schema_version, source, terms,
    [time_kinds] and [files] with the SHA-256 of each, which is then checked. CSV columns are
    read as text and cast by the schema, so that ids keep all their digits. Other files are
    passed over.

    Rows that repeat another in every column are dropped from the tables that have a key
    (accounts, items, follows, memberships), and so are accounts that follow themselves;
    both are counted. Interactions and impressions are events and may repeat.

    Parameters
    ----------
    folder
        Where the files are.
    unknown
        What to do with account and item ids that the accounts or items table lacks:
        ``"raise"``, ``"drop"`` the rows that hold them, or ``"add"`` bare rows to the
        table. Without that table there is nothing to be lacking from.

    Returns
    -------
    tuple of Dataset and ImportReport
        In the report, read = kept + dropped for each table; added rows are notes.

    Raises
    ------
    FileError
        If the folder or a listed file is missing, a file cannot be read or has another
        SHA-256, a name is a likely misspelling, or a table has two files.
    DataError
        If the content of a table or of ``dataset.toml`` cannot be right; the message names
        file, column, row and value.

    Examples
    --------
    >>> import tempfile
    >>> ds = Dataset(follows={"follower_id": ["a", "b"], "followee_id": ["b", "a"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_dataset(ds, folder)
    ...     again, report = read_dataset(folder)
    >>> again.content_key == ds.content_key, report.rows.rows()
    (True, [('follows', 2, 2)])
    """
    check_choice("unknown", unknown, ("raise", "drop", "add"))
    place = require_folder(folder, "Give the folder that holds the tables.")
    files = find_tables(place)
    if not files:
        raise FileError(
            f"the folder {place} holds no table: expected at least one file named "
            f"{', '.join(TABLES)} with the suffix .parquet, .csv, .csv.gz, .ndjson or .jsonl."
        )
    header = read_header(place)
    check_files(place, header)
    tables: dict[str, pl.DataFrame] = {}
    read: dict[str, int] = {}
    dropped, notes = Counts(), Counts()
    for name, path in track(files.items(), "reading tables", len(files)):
        frame = read_table(name, path)
        read[name] = frame.height
        tables[name] = _without_repeats(name, frame, dropped)
    if unknown == "drop":
        _drop_unknown(tables, dropped)
    kept = {name: frame.height for name, frame in tables.items()}
    if unknown == "add":
        _add_unknown(tables, notes)
    record = Provenance.of(
        "read_dataset",
        {"unknown": unknown},
        removed={f"{table}: {reason}": n for (table, reason), n in dropped.items()},
    )
    try:
        dataset = Dataset(
            **tables,
            time_kinds=header.time_kinds,
            source=header.source,
            terms=header.terms,
            provenance=record,
        )
    except OptionError as error:
        raise DataError(f"{place / HEADER}: {error}") from error
    except DataError as error:
        raise DataError(f"{place}: {error}") from error
    return dataset, ImportReport.of(read, kept, dropped, notes)


def _without_repeats(name: str, frame: pl.DataFrame, dropped: Counts) -> pl.DataFrame:
    key = list(TABLES[name].key)
    if not key or not frame.height:
        return frame
    if frame.select(pl.struct(key).is_duplicated().any()).item():
        once = frame.unique(maintain_order=True)
        dropped[name, "the same row again"] += frame.height - once.height
        frame = once
    if name == "follows":
        others = frame.filter(pl.col("follower_id") != pl.col("followee_id"))
        dropped[name, "account follows itself"] += frame.height - others.height
        frame = others
    return frame


def _references(tables: dict[str, pl.DataFrame], target: str) -> Iterator[tuple[str, str]]:
    """Table and column of all ids that refer to the table `target`."""
    for name, frame in tables.items():
        for spec in TABLES[name].columns:
            if spec.refers == target and spec.name in frame.columns:
                yield name, spec.name


def _drop_unknown(tables: dict[str, pl.DataFrame], dropped: Counts) -> None:
    # accounts first: an item that goes with its author takes what was done to it along
    for target in ("accounts", "items"):
        if target not in tables:
            continue
        known = tables[target].get_column(TABLES[target].key[0]).implode()
        for name, column in list(_references(tables, target)):
            before = tables[name]
            ids = pl.col(column)
            tables[name] = before.filter(ids.is_null() | ids.is_in(known))
            reason = f"{column} is not in the table {target!r}"
            dropped[name, reason] += before.height - tables[name].height


def _add_unknown(tables: dict[str, pl.DataFrame], notes: Counts) -> None:
    for target in ("accounts", "items"):
        if target not in tables:
            continue
        key = TABLES[target].key[0]
        mentioned = [
            tables[name].get_column(column).drop_nulls().unique().alias(key)
            for name, column in _references(tables, target)
        ]
        if mentioned:
            known = tables[target].get_column(key)
            ids = pl.concat(mentioned).unique().sort()
            lacking = ids.filter(~ids.is_in(known.implode()))
            tables[target] = pl.concat([tables[target], lacking.to_frame()], how="diagonal")
            notes[target, "added: another table mentions it"] += len(lacking)


def write_dataset(dataset: Dataset, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a dataset as a folder of Parquet files and a ``dataset.toml``.

    The same dataset gives the same bytes; :func:`read_dataset` gives it back, with its row
    order and the columns beyond the schema.

    Parameters
    ----------
    dataset
        What to write.
    folder
        Where to; made if it does not exist.
    overwrite
        Whether a folder that is not empty may be written to. The Parquet tables and the
        ``dataset.toml`` in it are replaced, or removed where `dataset` lacks the table; all
        other files stay.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileError
        If the folder is not empty, holds a table as CSV or NDJSON, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> ds = Dataset(memberships={"account_id": ["a"], "group_id": ["choir"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sorted(file.name for file in write_dataset(ds, folder).iterdir())
    ['dataset.toml', 'memberships.parquet']
    """
    place = check_writable(folder, overwrite=overwrite, what="dataset")
    own = {name: f"{name}.parquet" for name in TABLES}
    for name, path in find_tables(place).items():
        if path.name != own[name]:
            raise FileError(
                f"{path} would be a second file for the table {name!r}: move it away, or choose "
                "another folder."
            )
    for name, frame in dataset.tables.items():
        objects = [column for column, dtype in frame.schema.items() if dtype == pl.Object]
        if objects:
            raise DataError(
                f"table {name!r}: column {objects[0]!r} holds Python objects, which Parquet "
                "cannot: drop or convert it."
            )
    header = Header(dataset.source, dataset.terms, dict(dataset.time_kinds))
    header_text(header)  # what cannot be written is found before anything is
    for name, frame in dataset.tables.items():
        # one chunk, or the file would show how the frame was put together
        save = partial(
            frame.rechunk().write_parquet,
            compression="zstd",
            row_group_size=1 << 18,
            statistics=True,
        )
        write_whole(place / own[name], save)
    for name in own.keys() - dataset.tables.keys():
        (place / own[name]).unlink(missing_ok=True)
    files = {own[name]: sha256_of(place / own[name]) for name in dataset.tables}
    write_header(place, replace(header, files=files))
    return place
