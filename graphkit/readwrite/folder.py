"""Dataset folders: tables as Parquet, CSV or NDJSON, with a ``dataset.toml``."""

from __future__ import annotations

import difflib
import glob
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import polars as pl

from graphkit.data.cells import check_separator
from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.files import write_text, write_whole
from graphkit.data.frames import guess_columns
from graphkit.data.ids import check_id_times, check_real_ids, describe_offset, take_ids
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.schema import TABLES, conform
from graphkit.data.times import check_zone
from graphkit.errors import (
    DataError,
    FileError,
    OptionError,
    check_choice,
    name_some,
    nearest,
    shorten,
    warn,
)
from graphkit.parallel import track
from graphkit.readwrite import files as fs
from graphkit.readwrite.files import CSV, NDJSON, PARQUET, Counts, count_removed
from graphkit.readwrite.header import (
    HEADER,
    Header,
    check_columns,
    check_files,
    header_text,
    read_header,
)

__all__ = ["is_dataset", "read_dataset", "write_dataset"]

#: How columns are named in Python and on the command line.
_COLUMNS_FORM = (
    " In Python columns={'user': 'account_id'} means that the file calls it 'user'; on the command line "
    "--columns account_id=user does."
)


def rename_columns(
    frame: pl.DataFrame, names: Mapping[str, str], table: str, place: str
) -> pl.DataFrame:
    """The frame with columns renamed as `names` says: old → new."""
    for old, new in names.items():
        if old not in frame.columns:
            # the other way round is a common slip, and is told, not guessed
            turned = new in frame.columns and TABLES[table].column(old) is not None
            hint = ""
            if turned:
                hint = (
                    f" In Python it maps the name in the file to that of graphkit, {{{new!r}: {old!r}}}; "
                    f"on the command line it is the other way round, --columns {old}={new}."
                )
            nested = old.partition(".")[0]
            if nested != old and isinstance(frame.schema.get(nested), pl.Struct):
                hint = f" Column {shorten(nested)} holds records: {fs.FLATTEN}."
            raise DataError(
                f"{place} has no column {shorten(old)}, which columns= names; there are "
                f"{name_some(frame.columns, 8) or 'none'}."
                f"{hint or nearest(old[:60], frame.columns) or _COLUMNS_FORM}"
            )
        if new in frame.columns and new not in names:
            raise DataError(
                f"{place}: column {shorten(old)} is to be {new!r}, and there is a column of that "
                f"name: rename that one too, as {{{new!r}: 'other'}}."
            )
    return frame.rename(dict(names))


_READ = PARQUET + CSV + NDJSON

#: Suffixes of tables that are refused rather than ignored: other formats and archives.
_FORMATS = (".json", ".json.gz", ".xls", ".xlsx", ".feather", ".arrow", ".rds")
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


@dataclass(frozen=True)
class Options:
    """How tables are read: see :func:`read_dataset`."""

    real_ids: Collection[str] = ()
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kind_is: str | None = None
    tz: str | None = None
    separator: str | None = None
    apart: Collection[str] = ()
    """Columns of a log that describe its items: they become a table of their own."""


def _take_table(
    name: str, frame: pl.DataFrame, path: Path, options: Options, notes: Counts
) -> pl.DataFrame:
    """A table of the schema from the columns of a file, but those that describe items."""
    names = options.columns.get(name, {})
    frame = rename_columns(frame.drop(options.apart, strict=False), names, name, str(path))
    if name == "interactions" and options.kind_is is not None:
        if "kind" in frame.columns:
            raise DataError(f"{path} has a column 'kind': kind_is= is for a log without one.")
        frame = frame.with_columns(kind=pl.lit(options.kind_is))
    return _conform(name, frame, path, names, options, notes)


def _conform(
    name: str,
    frame: pl.DataFrame,
    path: Path,
    names: Mapping[str, str],
    options: Options,
    notes: Counts,
) -> pl.DataFrame:
    return conform(
        name,
        frame,
        where=str(path),
        real_ids=options.real_ids,
        changes=notes,
        converted=notes,
        given={new: old for old, new in names.items()},
        tz=options.tz,
        separator=options.separator,
    )


def _read_frame(
    name: str, path: Path, names: Mapping[str, str], notes: Counts, dropped: Counts
) -> pl.DataFrame:
    """The columns of a file as they are named there.

    What was changed is added to the `notes`, and blank lines at the end of a CSV to `dropped`.
    """
    suffix = _split_name(path.name)[1]
    with fs.reading_file(path, "Write or download the file again."):
        if suffix not in PARQUET:
            fs.refuse_other_text(path)
        if suffix in NDJSON:
            frame = _read_ndjson(name, path, names)
        elif path.stat().st_size == 0:
            raise FileError(f"{path} is empty: a table needs at least its column names.")
        elif suffix in PARQUET:
            lazy = pl.scan_parquet(path, glob=False, hive_partitioning=False)
            frame = lazy.collect(engine="streaming")
        else:
            form = fs.sniff_csv(path)
            frame = fs.scan_csv(path, form).collect(engine="streaming")
            if told := form.note():
                notes[name, told] += frame.height
            _refuse_doubled(frame, path)
            frame = count_removed(
                frame, _cut_blank_end(frame), dropped, name, "blank line at the end of the file"
            )
    return frame


def _take_items(
    log: str,
    frame: pl.DataFrame,
    path: Path,
    names: dict[str, str],
    options: Options,
    notes: Counts,
) -> pl.DataFrame:
    """What columns of a log say of its items, one row each: of each column the first value."""
    names = {old: new for old, new in options.columns[log].items() if new == "item_id"} | names
    if "item_id" not in names.values():
        names = {"item_id": "item_id", **names}
    frame = rename_columns(frame, names, "items", str(path)).select(names.values())
    ids = take_ids(frame.get_column("item_id"), str(path), real_ids=tuple(options.real_ids))
    frame = frame.filter(ids.is_not_null())  # a row without an item says nothing of one
    rows = _conform("items", frame, path, names, options, notes)
    known = [column for column in rows.columns if column != "item_id"]
    for column in known:
        pairs = rows.select("item_id", column).drop_nulls().unique()
        several = pairs.filter(pl.col("item_id").is_duplicated()).get_column("item_id")
        if n := several.n_unique():
            notes["items", f"{column} has several values for one item: first taken"] += n
    first = [pl.col(column).drop_nulls().first() for column in known]
    return rows.group_by("item_id", maintain_order=True).agg(first)


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


def _read_ndjson(name: str, path: Path, names: Mapping[str, str]) -> pl.DataFrame:
    ids = [column.name for column in TABLES[name].columns if column.type == "id"]
    ids = [column for column in ids if column not in names]
    ids += [old for old, new in names.items() if _is_id(name, new)]
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
        remedy = "write or download the file again."
        if not (lines[bad + 1 :] != "").any():
            remedy = (
                "the last one looks cut off: write or download the file again, or remove it, as `sed "
                "'$d' FILE > WHOLE` does."
            )
        raise FileError(
            f"{path}, line {bad + 1}: no JSON object. Each line of an NDJSON file holds one; {remedy}"
        ) from error


def _is_id(table: str, column: str) -> bool:
    spec = TABLES[table].column(column)
    return spec is not None and spec.type == "id"


def is_dataset(path: Path) -> bool:
    """Whether a path is a folder with a ``dataset.toml`` or a table, or one file of a table."""
    if path.is_file():
        return is_table(path.name) or path.name.lower().endswith(PARQUET + CSV)
    return path.is_dir() and any(p.name == HEADER or is_table(p.name) for p in path.iterdir())


def read_dataset(
    folder: str | Path,
    *,
    columns: Mapping[str, Any] | None = None,
    table: str | None = None,
    kind_is: str | None = None,
    tz: str | None = None,
    separator: str | None = None,
    unknown: Literal["raise", "drop", "add"] = "raise",
    real_ids: Collection[str] = (),
) -> tuple[Dataset, ImportReport]:
    """Read a dataset folder, one Parquet, CSV or NDJSON file per table, or one such file.

    Each of ``accounts``, ``items``, ``follows``, ``interactions``, ``impressions`` and
    ``memberships`` is one file, ``.parquet``, ``.csv``, ``.tsv``, ``.ndjson`` or ``.jsonl``, the
    texts also with ``.gz``; any may be absent. A ``dataset.toml`` may add schema_version, source, terms,
    real_ids, pseudonyms (the fingerprint of their key), [time_kinds], [columns]
    (``[columns.interactions]`` with ``user = "account_id"``), [left_out] with what was left out
    before, by reason, which the provenance counts, and [files] with the SHA-256 of each,
    which is then checked. CSV columns are read as text and cast by the schema, so that ids keep all
    digits; they are separated by commas, semicolons, tabs or bars, which the header shows. Decimal
    commas are not guessed. Other files are ignored.

    Blanks around ids are stripped, and a word that means missing (``nan``, ``None``, ``NA``,
    ``null``, …) is a missing id, or a missing number, time or truth value: all are notes of the
    report. Ids that lost their digits (``7.3E+18``), ``12.0`` or ``'12`` in a column of numbers, and
    control characters are refused. Blank lines at the end of a CSV are dropped. Times may be
    of any form of :mod:`graphkit.data.times`; numbers since 1970 are noted. Lists in cells (tags,
    flags) may be of any form of :mod:`graphkit.data.cells`.

    Duplicate rows of tables with a key (accounts, items, follows, memberships) and self-follows
    are dropped and counted. Interactions and impressions are events and may repeat.

    Parameters
    ----------
    folder
        Folder of the files, or one file. Of a file that is not named as a table, `table` or the names
        of its columns say which it is.
    columns
        Columns by their names in the files, for each table: ``{"interactions": {"user":
        "account_id", "video": "item_id"}}``; of one file also ``{"user": "account_id"}``. (On the
        command line the name of graphkit comes first: ``--columns account_id=user``.) They are
        added to those of ``dataset.toml``. Columns of a log in one file may describe its items, as
        ``{"hashtags": "tags"}``: they become the table ``items``, where each item has the first
        value of each column, and the report notes how many items had several.
    table
        The table that one file holds.
    kind_is
        What was done in all rows of interactions without a column ``kind``.
    tz
        Time zone of times without one, such as ``"Europe/Berlin"`` or ``"+02:00"``; UTC if absent.
    separator
        Text between the entries of lists in cells; found if absent. ``"#"`` takes the hashtags of a
        column of texts, such as captions.
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
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = Path(folder, "log.csv")
    ...     _ = log.write_text("user;video;action\\nann;7281986300348026145;like\\n")
    ...     names = {"user": "account_id", "video": "item_id", "action": "kind"}
    ...     read, report = read_dataset(log, table="interactions", columns=names)
    >>> read.interactions.rows(), report.notes.get_column("note").to_list()
    ([('ann', '7281986300348026145', 'like')], ["columns separated by ';'"])
    """
    check_choice("unknown", unknown, ("raise", "drop", "add"))
    check_separator(separator)
    if tz is not None:
        check_zone(tz)
    if columns is not None and not isinstance(columns, Mapping):
        raise OptionError(
            f"columns={shorten(columns)}: a mapping from names of columns in the file to those of "
            "graphkit is needed, as {'user': 'account_id'}."
        )
    root = Path(folder)
    if root.is_file():
        header = Header()
        files = {_table_of(root, table, columns): root}
        if columns and not any(isinstance(names, Mapping) for names in columns.values()):
            columns = {next(iter(files)): columns}
        columns, of_items = _part_columns(next(iter(files)), columns)
    else:
        if table is not None:
            raise OptionError(
                "table= goes with one file; in a folder the names of the files say it."
            )
        root = fs.require_folder(folder, "Give the folder that holds the tables.")
        files = find_tables(root)
        if not files:
            raise FileError(
                f"the folder {root} holds no table: expected at least one file named "
                f"{', '.join(TABLES)} with the suffix .parquet, .csv, .csv.gz, .ndjson or .jsonl. One "
                "file of another name is read by its own path."
            )
        header, of_items = read_header(root), {}
        check_files(root, header)
    words = check_real_ids([*check_real_ids(real_ids), *header.real_ids])
    named = _merge_columns(header.columns, check_columns(columns or {}), files)
    log = next(iter(files))
    if of_items:
        named.setdefault(log, {})
    options = Options(words, named, kind_is, tz, separator, tuple(of_items))
    tables: dict[str, pl.DataFrame] = {}
    read: dict[str, int] = {}
    dropped, notes = Counts(), Counts()
    for name, path in track(files.items(), "reading tables", len(files)):
        # a log that describes its items too is read once for both tables
        both = {**options.columns.get(name, {}), **of_items}
        raw = _read_frame(name, path, both, notes, dropped)
        frame = _take_table(name, raw, path, options, notes)
        if of_items:
            items = _take_items(name, raw, path, of_items, options, notes)
        read[name] = frame.height + sum(
            dropped[table, why] for table, why in dropped if table == name
        )
        tables[name] = drop_duplicates(name, frame, dropped)
    if of_items:
        tables["items"] = items
        read["items"] = items.height
        named = {**named, "items": of_items}
    if unknown == "drop":
        _drop_unknown(tables, dropped)
    kept = {name: frame.height for name, frame in tables.items()}
    if unknown == "add":
        _add_unknown(tables, notes)
    asked = {"unknown": unknown, "columns": named, "kind_is": kind_is, "tz": tz}
    asked |= {"table": table, "separator": separator, "pseudonyms": header.pseudonyms or None}
    removed = Counter(header.left_out)
    removed.update({f"{table}: {reason}": n for (table, reason), n in dropped.items()})
    record = Provenance.of(
        "read_dataset",
        {key: value for key, value in asked.items() if value is not None and value != {}},
        removed=removed,
    )
    try:
        dataset = Dataset(
            **tables,
            time_kinds=header.time_kinds,
            source=header.source,
            terms=header.terms,
            refresh_due=header.refresh_due,
            real_ids=words,
            provenance=record,
        )
    except OptionError as error:
        raise DataError(f"{root / HEADER}: {error}") from error
    except DataError as error:
        raise DataError(f"{root}: {error}") from error
    _check_times_of_ids(dataset, notes)
    _note_kept(dataset, notes)
    return dataset, ImportReport.of(read, kept, dropped, notes)


def _note_kept(dataset: Dataset, notes: Counts) -> None:
    """Note rows of a log that are kept, though some have no time, and some are there twice."""
    for name in ("interactions", "impressions"):
        frame = dataset.tables.get(name)
        if frame is None or "at" not in frame.columns:
            continue
        lacking = frame.get_column("at").null_count()
        if lacking == frame.height:
            continue
        notes[name, "no time: kept, and left out where times are needed"] += lacking
        # without a time, one may do the same again
        known = frame.select(
            spec.name for spec in TABLES[name].columns if spec.name in frame.columns
        )
        known = known.filter(pl.col("at").is_not_null())
        notes[name, "the same row again: kept, for events may repeat"] += (
            known.height - known.n_unique()
        )


def _check_times_of_ids(dataset: Dataset, notes: Counts) -> None:
    """Warn of times of creation that disagree with those in the ids."""
    items = dataset.items
    if items is None or "created_at" not in items.columns:
        return
    offset = check_id_times(items.get_column("item_id"), items.get_column("created_at"))
    if offset is not None:
        told = describe_offset(offset, "items.created_at")
        notes["items", told] += items.height
        warn(f"read_dataset: {told}.")


def _merge_columns(
    first: Mapping[str, Mapping[str, str]],
    second: Mapping[str, Mapping[str, str]],
    files: Mapping[str, Path],
) -> dict[str, dict[str, str]]:
    """Columns by table, where the second has the last word."""
    for name in {**first, **second}:
        if name not in files:
            raise OptionError(
                f"columns= names the table {name!r}, which has no file; there are {', '.join(files)}."
            )
    return {
        name: {**first.get(name, {}), **second.get(name, {})}
        for name in files
        if name in first or name in second
    }


def _part_columns(
    log: str, columns: Mapping[str, Any] | None
) -> tuple[Mapping[str, Any] | None, dict[str, str]]:
    """Columns of one file, and those of a log that describe its items."""
    if log not in ("interactions", "impressions") or not columns:
        return columns, {}
    parts = check_columns(columns)
    own, of_items = dict(parts.get(log, {})), dict(parts.get("items", {}))
    for old, new in list(own.items()):
        if TABLES[log].column(new) is None and TABLES["items"].column(new) is not None:
            of_items[old] = own.pop(old)
    if not of_items:
        return columns, {}
    return {
        name: own if name == log else part for name, part in parts.items() if name != "items"
    } | {log: own}, of_items


def _table_of(path: Path, table: str | None, columns: Mapping[str, Any] | None) -> str:
    """The table that one file holds, by `table`, its name, or the names of its columns."""
    if table is not None:
        check_choice("table", table, TABLES)
        return table
    stem, suffix = _split_name(path.name)
    if stem in TABLES and suffix in _READ:
        return stem
    nested = [name for name, value in (columns or {}).items() if isinstance(value, Mapping)]
    if len(nested) > 1:  # a log may describe its items too
        nested = [name for name in nested if name != "items"]
    if len(nested) == 1:
        return nested[0]
    if suffix not in _READ:
        raise FileError(
            f"{path} is no table that is read: Parquet, CSV or NDJSON ({', '.join(_READ)})."
        )
    with fs.reading_file(path, "Write or download the file again."):
        names = _names_of(path, suffix)
    named = {str((columns or {}).get(name, name)) for name in names}
    for name in ("follows", "memberships", "interactions"):
        if {spec.name for spec in TABLES[name].columns if spec.required} <= named:
            return name
    raise FileError(_advise(path, names))


def _names_of(path: Path, suffix: str) -> list[str]:
    if suffix in PARQUET:
        return pl.scan_parquet(path, glob=False, hive_partitioning=False).collect_schema().names()
    fs.refuse_other_text(path)
    if path.stat().st_size == 0:
        raise FileError(f"{path} is empty: a table needs at least its column names.")
    if suffix in NDJSON:
        return pl.scan_ndjson(glob.escape(str(path))).collect_schema().names()
    return fs.scan_csv(path, fs.sniff_csv(path)).collect_schema().names()


@dataclass(frozen=True)
class LogGuess:
    """How a table of a log may be read, by the names of its columns: a guess to be confirmed."""

    named: dict[str, str]
    """Columns of the file by those of graphkit; ``"…"`` for one that is needed and not there."""
    kind_is: str | None
    """What was done in all rows, if no column says it."""

    @property
    def complete(self) -> bool:
        """Whether the file has a column of accounts and one of items."""
        return "…" not in self.named.values()


#: What a log may say of its items, by the names of :func:`guess_columns`.
_OF_ITEMS = {"tags": "tags", "author": "author_id"}


def guess_log(names: list[str]) -> LogGuess:
    """How a table with columns of these names is read as a log.

    Examples
    --------
    >>> guess_log(["user", "video", "hashtags"]).named
    {'account_id': 'user', 'item_id': 'video', 'tags': 'hashtags'}
    """
    found = guess_columns(names)
    keys = {"account": "account_id", "item": "item_id", "at": "at", "kind": "kind", **_OF_ITEMS}
    named = {
        new: found[key] or "…"
        for key, new in keys.items()
        if found[key] or key in ("account", "item")
    }
    kind = None if found["kind"] else "rating" if found["rating"] else "view"
    if kind == "rating":
        named["value"] = str(found["rating"])
    return LogGuess(named, kind)


def column_names(path: Path) -> list[str]:
    """Names of the columns of a table in one file, of a format that is read."""
    suffix = _split_name(path.name)[1]
    with fs.reading_file(path, "Write or download the file again."):
        return _names_of(path, suffix)


def _advise(path: Path, names: list[str]) -> str:
    """What a file with columns of these names may be, and the call and options that read it."""
    if {"source", "target"} <= {name.lower() for name in names}:
        return f"{path} is a list of edges: read it with graphkit.readwrite.read_graph(path)."
    guess = guess_log(names)
    kind = guess.kind_is
    given = {
        new: old for new, old in guess.named.items() if new != old or new in _OF_ITEMS.values()
    }
    python = ", ".join(f"{old!r}: {new!r}" for new, old in given.items())
    shell = " ".join(f"--columns {new}={old}" for new, old in given.items())
    told = (
        f"{path} is one table, and its {len(names)} columns do not say of what. A "
        "log is read by read_any(path, table='interactions'"
        + (f", columns={{{python}}}" if given else "")
        + (f", kind_is={kind!r})" if kind else ")")
    )
    options = f"--table interactions {shell}{f' --kind-is {kind}' if kind else ''}"
    told += f" or, on the command line, with {options}" if len(told + options) < 490 else ""
    return (
        f"{told}; follows, items or accounts by table='follows', 'items' or 'accounts' (--table)."
    )


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
    and columns beyond the schema, and what was left out in making it, as counts by reason.

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
        dataset.refresh_due,
        dataset.real_ids,
        str(dataset.provenance.find("pseudonyms") or ""),
        dict(dataset.time_kinds),
        left_out=dataset.provenance.census(),
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
