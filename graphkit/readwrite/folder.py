"""A dataset as a folder of Parquet, CSV or NDJSON files: reading and writing."""

from __future__ import annotations

import difflib
import glob
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.files import write_text, write_whole
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.schema import TABLES, conform
from graphkit.errors import DataError, FileError, OptionError, check_choice, nearest
from graphkit.parallel import track
from graphkit.readwrite.files import (
    check_writable,
    first_bad_line,
    read_lines,
    reading,
    require_folder,
    sha256_of,
)

__all__ = ["is_dataset", "read_dataset", "write_dataset"]

#: Name of the file.
HEADER = "dataset.toml"

_VERSION = 1


@dataclass(frozen=True)
class Header:
    """The content of ``dataset.toml``; all of it may be absent."""

    source: str = ""
    terms: str = ""
    time_kinds: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


_KEYS = ("schema_version", "source", "terms", "time_kinds", "files")


def read_header(folder: Path) -> Header:
    """The header of a folder, checked; an empty one where there is no file."""
    path = folder / HEADER
    if not path.exists():
        return Header()
    with reading(path, "Correct it, or write the dataset again."):
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise FileError(f"{path} is no valid TOML: {error}. Correct it there.") from error
    for key in values:
        if key not in _KEYS:
            raise DataError(
                f"{path}: key {key!r} is unknown.{nearest(key, _KEYS)} Known: {', '.join(_KEYS)}."
            )
    version = values.get("schema_version", _VERSION)
    if version != _VERSION or isinstance(version, bool):
        raise DataError(
            f"{path}: schema_version = {version!r}, but this graphkit reads version {_VERSION}: "
            "use the graphkit that wrote the folder, or write it again."
        )
    return Header(
        source=_text(values, "source", path),
        terms=_text(values, "terms", path),
        time_kinds=_time_kinds(values.get("time_kinds", {}), path),
        files=_texts(values.get("files", {}), "files", path),
    )


def _text(values: Mapping[str, Any], key: str, path: Path) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        raise DataError(f"{path}: {key} = {value!r} is no text: put it in quotes.")
    return value


def _texts(value: Any, key: str, path: Path) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise DataError(f"{path}: [{key}] must map names to texts, but holds {value!r}.")
    return value


def _time_kinds(value: Any, path: Path) -> dict[str, str]:
    flat: dict[str, Any] = {}
    for key, entry in value.items() if isinstance(value, dict) else ():
        # interactions.at = "event" without quotes around the key is a nested table in TOML
        flat |= (
            {f"{key}.{k}": v for k, v in entry.items()} if isinstance(entry, dict) else {key: entry}
        )
    return _texts(flat if isinstance(value, dict) else value, "time_kinds", path)


def check_files(folder: Path, header: Header) -> None:
    """Compare each file that the header lists with its SHA-256."""
    for name, expected in header.files.items():
        path = folder / name
        if Path(name).name != name:
            raise DataError(f"{folder / HEADER}: [files] names {name!r}: only plain file names.")
        if not path.is_file():
            raise FileError(
                f"{path} is missing, but listed in {HEADER}. Get the folder again, or remove the "
                "line from [files] if the file was taken out on purpose."
            )
        actual = sha256_of(path)
        if actual != expected.lower():
            raise FileError(
                f"{path} is not the file that was written: its SHA-256 is {actual}, {HEADER} says "
                f"{expected}. Get it again, or remove its line from [files] if you changed it on "
                "purpose."
            )


def write_header(folder: Path, header: Header) -> None:
    """Write ``dataset.toml``, the same bytes for the same header."""
    write_text(folder / HEADER, header_text(header))


def header_text(header: Header) -> str:
    """The content of ``dataset.toml``; raises where no file could hold it."""
    lines = [
        f"schema_version = {_VERSION}",
        f"source = {_quoted(header.source)}",
        f"terms = {_quoted(header.terms)}",
    ]
    for title, table in (("time_kinds", header.time_kinds), ("files", header.files)):
        lines += ["", f"[{title}]"]
        lines += [f"{_quoted(key)} = {_quoted(value)}" for key, value in sorted(table.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """`text` as a TOML basic string."""
    # JSON's escapes are TOML's, except that TOML also refuses a bare DEL
    quoted = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    try:
        quoted.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(
            f"{text!r} holds half a surrogate pair, which no UTF-8 file can: correct it."
        ) from None
    return quoted


_PARQUET = (".parquet",)
_CSV = (".csv", ".csv.gz")
_NDJSON = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_READ = _PARQUET + _CSV + _NDJSON

#: Tables in these would be passed over in silence, so they are refused by name.
_NOT_READ = (
    ".tsv",
    ".tsv.gz",
    ".json",
    ".json.gz",
    ".xls",
    ".xlsx",
    ".feather",
    ".arrow",
    ".rds",
    ".pkl",
    ".zip",
    ".csv.zip",
    ".csv.bz2",
    ".csv.xz",
    ".csv.zst",
)


def is_table(name: str) -> bool:
    """Whether a file of this name is a table of the schema, in a format that is read."""
    stem, suffix = _split(name)
    return stem in TABLES and suffix in _READ


def find_tables(folder: Path) -> dict[str, Path]:
    """The file of each table that the folder holds, in schema order.

    Other files are passed over, unless their name is a likely misspelling of a table.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        stem, suffix = _split(path.name)
        if stem in TABLES and (path.is_dir() or suffix in _NOT_READ):
            kind = "is a folder" if path.is_dir() else f"is {suffix}"
            raise FileError(
                f"{path} {kind}: write the table {stem!r} as one Parquet, CSV or NDJSON file "
                f"({', '.join(_READ)}), or move it out of the folder."
            )
        if suffix not in _READ or path.is_dir():
            continue
        if stem not in TABLES:
            close = difflib.get_close_matches(stem, TABLES, n=1, cutoff=0.8)
            if close:
                raise FileError(
                    f"{path}: {path.name!r} looks like the table {close[0]!r}: rename it to "
                    f"{close[0]}{suffix}, or move it out of the folder."
                )
            continue
        if stem in found:
            raise FileError(
                f"{folder} holds two files for the table {stem!r}: {found[stem].name} and "
                f"{path.name}; keep one."
            )
        found[stem] = path
    return {name: found[name] for name in TABLES if name in found}


def _split(name: str) -> tuple[str, str]:
    """Stem and suffix in lower case, ``.csv.gz`` as one suffix."""
    lower = name.lower()
    fits = [s for s in _READ + _NOT_READ if lower.endswith(s)]
    suffix = max(fits, key=len, default="")
    return lower[: len(lower) - len(suffix)], suffix


def read_table(name: str, path: Path) -> pl.DataFrame:
    """The rows of a table file, in the types of the schema."""
    suffix = _split(path.name)[1]
    with reading(path, "Write or download the file again."):
        if suffix in _NDJSON:
            frame = _read_ndjson(name, path)
        elif path.stat().st_size == 0:
            raise FileError(f"{path} is empty: a table needs at least its column names.")
        elif suffix in _PARQUET:
            lazy = pl.scan_parquet(path, glob=False, hive_partitioning=False)
            frame = lazy.collect(engine="streaming")
        else:
            # as text, so that no id passes through a number; conform casts the rest
            lazy = pl.scan_csv(path, glob=False, infer_schema=False)
            frame = lazy.collect(engine="streaming")
            _refuse_doubled(frame, path)
    return conform(name, frame, where=str(path))


def _refuse_doubled(frame: pl.DataFrame, path: Path) -> None:
    for column in frame.columns:
        original, _, rest = column.rpartition("_duplicated_")
        if rest.isdigit() and original in frame.columns:
            raise DataError(f"{path}: column {original!r} occurs twice: keep one of them.")


def _read_ndjson(name: str, path: Path) -> pl.DataFrame:
    # keys may first occur in the last line, so the types are inferred from all lines
    lazy = pl.scan_ndjson(glob.escape(str(path)), infer_schema_length=None)
    try:
        return lazy.collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        lines = read_lines(path)
        if not (lines != "").any():
            needed = [c.name for c in TABLES[name].columns if c.required]
            return pl.DataFrame(schema=dict.fromkeys(needed, pl.String))
        bad = first_bad_line(lines)
        if bad is None:
            raise
        raise FileError(
            f"{path}, line {bad + 1}: {lines[bad][:60]!r} is no JSON object. Each line of an NDJSON "
            "file holds one; write or download the file again."
        ) from error


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
