"""Dataset folders: tables as Parquet, CSV or NDJSON, with a ``dataset.toml``."""

from __future__ import annotations

import difflib
import glob
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import polars as pl

from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.files import read_toml, write_text, write_whole
from graphkit.data.ids import check_real_ids
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.schema import TABLES, conform
from graphkit.errors import DataError, FileError, OptionError, check_choice, nearest, shorten
from graphkit.parallel import track
from graphkit.readwrite import files as fs
from graphkit.readwrite.files import CSV, NDJSON, PARQUET, Counts, count_removed

__all__ = ["is_dataset", "read_dataset", "write_dataset"]

#: File of metadata in a dataset folder.
HEADER = "dataset.toml"

_VERSION = 1


@dataclass(frozen=True)
class Header:
    """Content of ``dataset.toml``; every key is optional."""

    source: str = ""
    terms: str = ""
    real_ids: tuple[str, ...] = ()
    pseudonyms: str = ""
    time_kinds: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


_KEYS = ("schema_version", "source", "terms", "real_ids", "pseudonyms", "time_kinds", "files")


def read_header(folder: Path) -> Header:
    """Read and check ``dataset.toml``; an empty header if there is no file."""
    path = folder / HEADER
    if not path.exists():
        return Header()
    values = read_toml(path, "Correct it, or write the dataset again.")
    for key in values:
        if key not in _KEYS:
            raise DataError(
                f"{path}: key {shorten(key)} is unknown.{nearest(key, _KEYS)} Known: {', '.join(_KEYS)}."
            )
    version = values.get("schema_version", _VERSION)
    if version != _VERSION or isinstance(version, bool):
        raise DataError(
            f"{path}: schema_version = {shorten(version)}, but this graphkit reads version {_VERSION}: "
            "use the graphkit that wrote the folder, or write it again."
        )
    return Header(
        source=_read_text_key(values, "source", path),
        terms=_read_text_key(values, "terms", path),
        real_ids=_read_real_ids(values, path),
        pseudonyms=_read_text_key(values, "pseudonyms", path),
        time_kinds=_read_time_kinds(values.get("time_kinds", {}), path),
        files=_check_text_table(values.get("files", {}), "files", path),
    )


def _read_text_key(values: Mapping[str, Any], key: str, path: Path) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        raise DataError(f"{path}: {key} = {shorten(value)} is no text: put it in quotes.")
    return value


def _read_real_ids(values: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    words = values.get("real_ids", [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise DataError(f'{path}: real_ids must be a list of texts, such as ["null"].')
    return tuple(words)


def _check_text_table(value: Any, key: str, path: Path) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise DataError(f"{path}: [{key}] must map names to texts, but holds {shorten(value)}.")
    return value


def _read_time_kinds(value: Any, path: Path) -> dict[str, str]:
    flat: dict[str, Any] = {}
    for key, entry in value.items() if isinstance(value, dict) else ():
        # in TOML, interactions.at = "event" without quotes around the key is a nested table
        nested = isinstance(entry, dict)
        flat |= {f"{key}.{k}": v for k, v in entry.items()} if nested else {key: entry}
    return _check_text_table(flat if isinstance(value, dict) else value, "time_kinds", path)


def check_files(folder: Path, header: Header) -> None:
    """Compare each file that the header lists with its SHA-256."""
    for name, expected in header.files.items():
        path = folder / name
        if Path(name).name != name:
            raise DataError(
                f"{folder / HEADER}: [files] names {shorten(name)}: only plain file names."
            )
        if not path.is_file():
            raise FileError(
                f"{path} is missing, but listed in {HEADER}. Get the folder again, or remove the "
                "line from [files] if the file was taken out on purpose."
            )
        actual = fs.sha256_of(path)
        if actual != expected.lower():
            raise FileError(
                f"{path} is not the file that was written: its SHA-256 is {actual}, {HEADER} says "
                f"{shorten(expected)}. Get it again, or remove its line from [files] if you changed it on "
                "purpose."
            )


def header_text(header: Header) -> str:
    """Text of ``dataset.toml``; a DataError if it cannot be encoded."""
    lines = [
        f"schema_version = {_VERSION}",
        f"source = {_quote_toml(header.source)}",
        f"terms = {_quote_toml(header.terms)}",
    ]
    if header.real_ids:
        lines.append(f"real_ids = [{', '.join(map(_quote_toml, header.real_ids))}]")
    if header.pseudonyms:
        lines.append(f"pseudonyms = {_quote_toml(header.pseudonyms)}")
    for title, table in (("time_kinds", header.time_kinds), ("files", header.files)):
        lines += ["", f"[{title}]"]
        lines += [
            f"{_quote_toml(key)} = {_quote_toml(value)}" for key, value in sorted(table.items())
        ]
    return "\n".join(lines) + "\n"


def _quote_toml(text: str) -> str:
    """`text` as a TOML basic string."""
    # the escapes of JSON are valid in TOML, which also requires DEL to be escaped
    quoted = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    try:
        quoted.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(
            f"{text!r} holds half a surrogate pair, which no UTF-8 file can: correct it."
        ) from None
    return quoted


_READ = PARQUET + CSV + NDJSON

#: Suffixes of tables that are refused rather than ignored: other formats and archives.
_FORMATS = (".tsv", ".tsv.gz", ".json", ".json.gz", ".xls", ".xlsx", ".feather", ".arrow", ".rds")
_NOT_READ = (*_FORMATS, ".pkl", ".zip", ".csv.zip", ".csv.bz2", ".csv.xz", ".csv.zst")


def is_table(name: str) -> bool:
    """Whether a file name is that of a table of the schema in a supported format."""
    stem, suffix = _split_name(name)
    return stem in TABLES and suffix in _READ


def find_tables(folder: Path) -> dict[str, Path]:
    """Files of the tables of a folder, in schema order; other files are ignored.

    A FileError for likely misspellings of a table, and tables with two files.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        stem, suffix = _split_name(path.name)
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


def _split_name(name: str) -> tuple[str, str]:
    """Stem and suffix in lower case; ``.csv.gz`` is one suffix."""
    lower = name.lower()
    suffix = max(filter(lower.endswith, _READ + _NOT_READ), key=len, default="")
    return lower[: len(lower) - len(suffix)], suffix


def read_table(
    name: str, path: Path, notes: Counts, real_ids: Collection[str], dropped: Counts
) -> pl.DataFrame:
    """Read a table from Parquet, CSV or NDJSON, with the types of the schema.

    Changed ids, and times that were read as numbers since 1970, are added to the `notes`, and blank
    lines at the end of a CSV to `dropped`.
    """
    suffix = _split_name(path.name)[1]
    with fs.reading_file(path, "Write or download the file again."):
        if suffix not in PARQUET:
            fs.refuse_other_text(path)
        if suffix in NDJSON:
            frame = _read_ndjson(name, path)
        elif path.stat().st_size == 0:
            raise FileError(f"{path} is empty: a table needs at least its column names.")
        elif suffix in PARQUET:
            lazy = pl.scan_parquet(path, glob=False, hive_partitioning=False)
            frame = lazy.collect(engine="streaming")
        else:
            # as text, so that ids keep all digits; conform casts the other columns
            frame = pl.scan_csv(path, glob=False, infer_schema=False).collect(engine="streaming")
            _refuse_doubled(frame, path)
            frame = count_removed(
                frame, _cut_blank_end(frame), dropped, name, "blank line at the end of the file"
            )
    return conform(name, frame, where=str(path), real_ids=real_ids, changes=notes, converted=notes)


def _cut_blank_end(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows up to the last one that holds a value; other blank rows keep their numbers."""
    if not frame.height or any(value is not None for value in frame.row(-1)):
        return frame
    held = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true()
    return frame.head(int(held[-1]) + 1 if len(held) else 0)


def _refuse_doubled(frame: pl.DataFrame, path: Path) -> None:
    for column in frame.columns:
        original, _, rest = column.rpartition("_duplicated_")
        if rest.isdigit() and original in frame.columns:
            raise DataError(f"{path}: column {original!r} occurs twice: keep one of them.")


def _read_ndjson(name: str, path: Path) -> pl.DataFrame:
    ids = [column.name for column in TABLES[name].columns if column.type == "id"]
    source = glob.escape(str(path))
    try:
        # types are inferred from all lines: a key may first occur in the last
        types = pl.scan_ndjson(source, infer_schema_length=None).collect_schema()
        fs.refuse_json_ids(path, ids)
        # ids stay as they are written: "0071" in quotes would become 71
        types.update({column: pl.String() for column in ids if column in types})
        return pl.scan_ndjson(source, schema=types).collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        lines = fs.read_lines(path)
        if not (lines != "").any():
            needed = [c.name for c in TABLES[name].columns if c.required]
            return pl.DataFrame(schema=dict.fromkeys(needed, pl.String))
        bad = fs.first_bad_line(lines)
        if bad is None:
            raise
        raise FileError(
            f"{path}, line {bad + 1}: {lines[bad][:60]!r} is no JSON object. Each line of an "
            "NDJSON file holds one; write or download the file again."
        ) from error


def is_dataset(path: Path) -> bool:
    """Whether a path is a folder with a ``dataset.toml`` or a table in a supported format."""
    return path.is_dir() and any(p.name == HEADER or is_table(p.name) for p in path.iterdir())


def read_dataset(
    folder: str | Path,
    *,
    unknown: Literal["raise", "drop", "add"] = "raise",
    real_ids: Collection[str] = (),
) -> tuple[Dataset, ImportReport]:
    """Read a dataset folder: one Parquet, CSV or NDJSON file per table.

    Each of ``accounts``, ``items``, ``follows``, ``interactions``, ``impressions`` and
    ``memberships`` is one file, ``.parquet``, ``.csv``, ``.csv.gz``, ``.ndjson`` or
    ``.jsonl``; any may be absent. A ``dataset.toml`` may add schema_version, source, terms,
    real_ids, pseudonyms (the fingerprint of their key), [time_kinds] and [files] with the SHA-256 of each, which is then checked. CSV columns
    are read as text and cast by the schema, so that ids keep all digits. Other files are ignored.

    Blanks around ids are stripped, and a word that means missing (``nan``, ``None``, ``NA``,
    ``null``, …) is a missing id, or a missing number, time or truth value: all are notes of the
    report. Ids that lost their digits (``7.3E+18``), ``12.0`` or ``'12`` in a column of numbers, and
    control characters are refused. Blank lines at the end of a CSV are dropped. Times may be
    of any form of :mod:`graphkit.data.times`; numbers since 1970 are noted.

    Duplicate rows of tables with a key (accounts, items, follows, memberships) and self-follows
    are dropped and counted. Interactions and impressions are events and may repeat.

    Parameters
    ----------
    folder
        Folder of the files.
    unknown
        Account and item ids that the accounts or items table lacks: ``"raise"``, ``"drop"``
        their rows, or ``"add"`` them to the table. Not checked without that table.
    real_ids
        Words that mean missing elsewhere, such as ``"null"``, but are ids here; added to those
        of ``dataset.toml``.

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
        If the content of a table or of ``dataset.toml`` is invalid; the message names file,
        column, row and value.

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
    root = fs.require_folder(folder, "Give the folder that holds the tables.")
    files = find_tables(root)
    if not files:
        raise FileError(
            f"the folder {root} holds no table: expected at least one file named "
            f"{', '.join(TABLES)} with the suffix .parquet, .csv, .csv.gz, .ndjson or .jsonl."
        )
    header = read_header(root)
    check_files(root, header)
    words = check_real_ids([*check_real_ids(real_ids), *header.real_ids])
    tables: dict[str, pl.DataFrame] = {}
    read: dict[str, int] = {}
    dropped, notes = Counts(), Counts()
    for name, path in track(files.items(), "reading tables", len(files)):
        frame = read_table(name, path, notes, words, dropped)
        read[name] = frame.height + sum(
            dropped[table, why] for table, why in dropped if table == name
        )
        tables[name] = drop_duplicates(name, frame, dropped)
    if unknown == "drop":
        _drop_unknown(tables, dropped)
    kept = {name: frame.height for name, frame in tables.items()}
    if unknown == "add":
        _add_unknown(tables, notes)
    record = Provenance.of(
        "read_dataset",
        {"unknown": unknown} | ({"pseudonyms": header.pseudonyms} if header.pseudonyms else {}),
        removed={f"{table}: {reason}": n for (table, reason), n in dropped.items()},
    )
    try:
        dataset = Dataset(
            **tables,
            time_kinds=header.time_kinds,
            source=header.source,
            terms=header.terms,
            real_ids=words,
            provenance=record,
        )
    except OptionError as error:
        raise DataError(f"{root / HEADER}: {error}") from error
    except DataError as error:
        raise DataError(f"{root}: {error}") from error
    return dataset, ImportReport.of(read, kept, dropped, notes)


def drop_duplicates(name: str, frame: pl.DataFrame, dropped: Counts) -> pl.DataFrame:
    """A table without repeated rows, if it has a key, and without accounts that follow themselves."""
    key = list(TABLES[name].key)
    if not key or not frame.height:
        return frame
    if frame.select(pl.struct(key).is_duplicated().any()).item():
        once = frame.unique(maintain_order=True)
        frame = count_removed(frame, once, dropped, name, "the same row again")
    if name == "follows":
        others = frame.filter(pl.col("follower_id") != pl.col("followee_id"))
        frame = count_removed(frame, others, dropped, name, "account follows itself")
    return frame


def _find_references(tables: dict[str, pl.DataFrame], target: str) -> Iterator[tuple[str, str]]:
    """Tables and columns of ids that refer to the table `target`."""
    for name, frame in tables.items():
        for spec in TABLES[name].columns:
            if spec.refers == target and spec.name in frame.columns:
                yield name, spec.name


def _drop_unknown(tables: dict[str, pl.DataFrame], dropped: Counts) -> None:
    # accounts first: dropping an item also drops the rows that refer to it
    for target in ("accounts", "items"):
        if target not in tables:
            continue
        known = tables[target].get_column(TABLES[target].key[0]).implode()
        for name, column in list(_find_references(tables, target)):
            ids = pl.col(column)
            kept = tables[name].filter(ids.is_null() | ids.is_in(known))
            reason = f"{column} is not in the table {target!r}"
            tables[name] = count_removed(tables[name], kept, dropped, name, reason)


def _add_unknown(tables: dict[str, pl.DataFrame], notes: Counts) -> None:
    for target in ("accounts", "items"):
        if target not in tables:
            continue
        key = TABLES[target].key[0]
        mentioned = [
            tables[name].get_column(column).drop_nulls().unique().alias(key)
            for name, column in _find_references(tables, target)
        ]
        if mentioned:
            known = tables[target].get_column(key)
            ids = pl.concat(mentioned).unique().sort()
            lacking = ids.filter(~ids.is_in(known.implode()))
            tables[target] = pl.concat([tables[target], lacking.to_frame()], how="diagonal")
            notes[target, "added: another table mentions it"] += len(lacking)


def write_dataset(dataset: Dataset, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a dataset folder: a Parquet file per table and a ``dataset.toml``.

    Equal datasets give equal bytes. :func:`read_dataset` restores the dataset, with row order
    and columns beyond the schema.

    Parameters
    ----------
    dataset
        Dataset to write.
    folder
        Target folder; created if missing.
    overwrite
        Whether a folder that is not empty may be written to. Its Parquet tables and
        ``dataset.toml`` are replaced, or removed if `dataset` lacks the table; other files stay.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileError
        If the folder is not empty, has a table as CSV or NDJSON, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> ds = Dataset(memberships={"account_id": ["a"], "group_id": ["choir"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sorted(file.name for file in write_dataset(ds, folder).iterdir())
    ['dataset.toml', 'memberships.parquet']
    """
    require_dataset(dataset, caller="write_dataset")
    root = fs.check_writable(folder, overwrite=overwrite, what="dataset")
    own = {name: f"{name}.parquet" for name in TABLES}
    for name, path in find_tables(root).items():
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
    header = Header(
        dataset.source,
        dataset.terms,
        dataset.real_ids,
        str(dataset.provenance.find("pseudonyms") or ""),
        dict(dataset.time_kinds),
    )
    header_text(header)  # raises before any file is written
    for name, frame in dataset.tables.items():
        # one chunk, so that the bytes depend on the content only
        write = partial(frame.rechunk().write_parquet, compression="zstd", statistics=True)
        write_whole(root / own[name], partial(write, row_group_size=1 << 18))
    for name in own.keys() - dataset.tables.keys():
        (root / own[name]).unlink(missing_ok=True)
    files = {own[name]: fs.sha256_of(root / own[name]) for name in dataset.tables}
    write_text(root / HEADER, header_text(replace(header, files=files)))
    return root
