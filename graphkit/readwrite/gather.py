"""What importers of several files share: broken files, times, owners of exports, odd ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from graphkit.data.ids import IMPOSSIBLE, MISSING_WORDS
from graphkit.data.schema import TABLES
from graphkit.data.times import PLAUSIBLE, TIME, parse_times
from graphkit.errors import FileError, GraphkitError
from graphkit.readwrite.delimited import read_delimited
from graphkit.readwrite.extract import Extract, ImportOptions, join_files
from graphkit.readwrite.source import Sample, Source

__all__ = [
    "finish",
    "folder_of",
    "frame_of",
    "in_range",
    "microseconds_of",
    "moments",
    "not_impossible",
    "owner_of",
    "read_each",
    "read_rows",
    "refuse",
    "series_of",
]


def read_each(
    samples: Sequence[Sample], extract: Extract, read: Callable[[Sample, Extract], None]
) -> None:
    """Call `read` with each file and an extract of its own, which is added to `extract`.

    A file that fails adds nothing and is listed as refused; if it is the only one, its error is
    raised. So it is if every file fails.
    """
    failures: list[GraphkitError] = []
    tables: dict[str, list[pl.DataFrame]] = {}
    for sample in samples:
        part = Extract()
        try:
            read(sample, part)
        except GraphkitError as error:
            failures.append(error)
            if len(failures) == len(samples):
                raise
            extract.refused[sample.source] = str(error)
            continue
        extract.take(part, tables)
    for name, frames in tables.items():
        extract.add(name, join_files(name, frames, extract.notes))


def read_rows(
    sample: Sample, kind: str, extract: Extract, names: Sequence[str] | None = None
) -> pl.DataFrame:
    """Rows of a delimited file; lines without any cell, as at its end, are no rows."""
    frame = read_delimited(sample, kind, extract, names=names)
    rows = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    extract.count(kind, rows.height - frame.height)
    return rows


#: Stands between the texts of a list while it is one text; no text on a platform has it.
_BETWEEN = "\x1f"

_LIMIT = 1 << 63


def frame_of(rows: Sequence[tuple[Any, ...]], types: Mapping[str, Any]) -> pl.DataFrame:
    """Frame of rows, with the columns and types given; by columns, and lists as joined texts: faster.

    A column whose type is `None` is left out; integers beyond 64 bits are missing.

    Examples
    --------
    >>> frame_of([("a", ["x", "y"]), ("b", [])], {"id": pl.String, "tags": pl.List(pl.String)}).rows()
    [('a', ['x', 'y']), ('b', [])]
    """
    if not rows:
        return pl.DataFrame(schema={name: type for name, type in types.items() if type})
    columns = zip(types.items(), zip(*rows, strict=True), strict=True)
    return pl.DataFrame([series_of(name, cells, type) for (name, type), cells in columns if type])


def series_of(name: str, cells: Sequence[Any], type: Any) -> pl.Series:
    """One column of such a frame."""
    if type != pl.List(pl.String):
        try:
            return pl.Series(name, cells, dtype=type)
        except (TypeError, OverflowError):  # integers beyond 64 bits are no counts
            whole = [c if c is None or -_LIMIT <= c < _LIMIT else None for c in cells]
            return pl.Series(name, whole, dtype=type)
    joined = [None if cell is None else _BETWEEN.join(cell) for cell in cells]
    parts = sum(text.count(_BETWEEN) + 1 for text in joined if text)
    if parts != sum(map(len, filter(None, cells))):
        # an empty text, or the mark itself, is among them
        return pl.Series(name, cells, dtype=type)
    texts = pl.col(name)
    lists = pl.when(texts == "").then(pl.lit([], dtype=type)).otherwise(texts.str.split(_BETWEEN))
    return pl.DataFrame({name: pl.Series(joined, dtype=pl.String)}).select(lists.alias(name))[name]


def refuse(sample: Sample, why: str) -> FileError:
    """Error for a file that is known, and holds nothing that is read."""
    return FileError(f"{sample.source.place}: not read: {why}.")


def moments(values: Iterable[object] | pl.Series, extract: Extract, kind: str) -> pl.Series:
    """Times of ISO 8601 texts or numbers since 1970; what is none is missing, and noted."""
    if not isinstance(values, pl.Series):
        texts = [None if v is None else str(v) for v in values]
        values = pl.Series("at", texts, dtype=pl.String)
    parsed = parse_times(values, "times")
    if unread := int(parsed.unread.sum()):
        extract.notes[kind, "no time: read as missing"] += unread
    return in_range(parsed.at.cast(TIME), extract, kind).alias(values.name)


def microseconds_of(seconds: float | None) -> int | None:
    """Microseconds of seconds since 1970; what is no time is the last of all, which `in_range` notes.

    Decoders make the texts ``nan`` and ``Infinity`` numbers.

    Examples
    --------
    >>> microseconds_of(1.5), microseconds_of(float("nan")) == 2**63 - 1, microseconds_of(None)
    (1500000, True, None)
    """
    if seconds is None:
        return None
    exact = seconds * 1_000_000
    return int(exact) if -_LIMIT < exact < _LIMIT else _LIMIT - 1


def in_range(times: pl.Series, extract: Extract, kind: str) -> pl.Series:
    """Times of the years 1990 to 2099; others are missing, and noted."""
    wrong = ~times.to_physical().is_between(*PLAUSIBLE, closed="left").fill_null(True)
    if wrong.any():
        extract.notes[kind, "a time outside 1990 to 2099: read as missing"] += int(wrong.sum())
    return times.set(wrong, None)


def not_impossible(
    frame: pl.DataFrame, columns: Sequence[str], extract: Extract, kind: str
) -> pl.DataFrame:
    """Rows whose ids have no character that no id has; the others are counted as dropped."""
    odd = pl.any_horizontal(pl.col(c).str.contains(IMPOSSIBLE).fill_null(False) for c in columns)
    kept = frame.filter(~odd)
    if lost := frame.height - kept.height:
        extract.dropped[kind, "an id with a character that no id has"] += lost
    return kept


def finish(extract: Extract) -> Extract:
    """The extract, such that its tables make a dataset.

    Ids with a character that no id has are missing, or their rows left out where an id is needed;
    so are counts below 0; both are noted. Words that look missing are ids: JSON marks what is
    missing itself.
    """
    for name, frame in extract.tables.items():
        odd, needed = [], pl.lit(True)
        for spec in TABLES[name].columns:
            if spec.type != "id" or spec.name not in frame.columns:
                continue
            ids = frame.get_column(spec.name)
            extract.real_ids |= set(ids.filter(ids.is_in(MISSING_WORDS)).unique())
            wrong = ids.str.contains(rf"{IMPOSSIBLE}|^\s*$").fill_null(False)
            if wrong.any():
                odd.append(ids.set(wrong, None))
                what = "an id that is empty, or has a character that no id has"
                done = "row left out" if spec.required else "read as missing"
                extract.notes[name, f"{what}: {done}"] += int(wrong.sum())
            if spec.required:
                needed = needed & pl.col(spec.name).is_not_null()
                if empty := ids.null_count():
                    extract.notes[name, "no id: row left out"] += empty
        for column in frame.columns:
            if column.endswith("_count") and frame.schema[column].is_integer():
                below = (frame.get_column(column) < 0).fill_null(False)
                if below.any():
                    odd.append(frame.get_column(column).set(below, None))
                    extract.notes[name, f"{column} below 0: read as missing"] += int(below.sum())
        extract.tables[name] = frame.with_columns(odd).filter(needed)
    extract.tables = {name: frame for name, frame in extract.tables.items() if frame.height}
    return extract


def folder_of(source: Source, inside: Callable[[str], bool] = lambda part: False) -> str:
    """Folder or archive of a file, without the folders above it that are `inside` an export.

    Examples
    --------
    >>> folder_of(Source(Path("likes/donor/connections/follows/x.json")), {"follows", "connections", "likes"}.__contains__)
    'likes/donor'
    """
    above = list((source.path if not source.member else Path(source.member)).parts[:-1])
    while above and inside(above[-1]):
        above.pop()
    return str(Path(source.path, *above) if source.member else Path(*above))


def owner_of(
    samples: Sequence[Sample],
    options: ImportOptions,
    extract: Extract,
    name: str | None,
    folder: str,
) -> str:
    """The account that asked for an export: as given, by the export, or else by its folder."""
    given = {options.account_of(sample.source) for sample in samples} - {None}
    if len(given) > 1:
        raise FileError(
            f"{folder} is the export of one account: give its files the same name in account=."
        )
    if given:
        account = str(given.pop())
        if name not in (None, account):
            extract.renamed.add(str(name))
        return account
    if name is not None:
        return name
    inside, root = Path(folder).absolute(), options.root
    name = inside.name
    if root is not None and root.absolute() in inside.parents:
        # folders of several donors may have the same name
        name = inside.relative_to(root.absolute()).as_posix()
    donor = f"donor:{name.removesuffix('.zip') or 'export'}"
    extract.notes["accounts", "the owner is not in the export: named by its folder"] += 1
    return donor
