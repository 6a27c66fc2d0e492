"""Which files of a folder are tables, and how one of them is read."""

from __future__ import annotations

import difflib
import glob
from pathlib import Path

import polars as pl

from graphkit.data.schema import TABLES, conform
from graphkit.errors import DataError, FileError
from graphkit.readwrite.files import first_bad_line, read_lines, reading

__all__ = ["find_tables", "is_table", "read_table"]

_PARQUET = (".parquet",)
_CSV = (".csv", ".csv.gz")
_NDJSON = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_READ = _PARQUET + _CSV + _NDJSON

#: Tables in these would be passed over in silence, so they are refused by name.
_NOT_READ = (
    ".tsv", ".tsv.gz", ".json", ".json.gz", ".xls", ".xlsx", ".feather", ".arrow", ".rds", ".pkl",
    ".zip", ".csv.zip", ".csv.bz2", ".csv.xz", ".csv.zst",
)  # fmt: skip


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
