"""Files and folders: finding, reading and checking them, with errors that name the file."""

from __future__ import annotations

import codecs
import contextlib
import csv
import glob
import gzip
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from graphkit.errors import DataError, FileError, GraphkitError, check_flag, nearest, shorten
from graphkit.parallel import refuse_after_fork

#: Suffixes of the table formats.
PARQUET = (".parquet",)
CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
NDJSON = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")

#: Separators of columns; of two that fit a file, the first is taken.
_SEPARATORS = (",", ";", "\t", "|")

#: Numbers of rows, keyed by (table, reason).
Counts = Counter[tuple[str, str]]

#: Exceptions of an unreadable file; Polars panics on some damaged Parquet files.
_UNREADABLE = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    OSError,
    EOFError,
    UnicodeDecodeError,
    zlib.error,
)


def count_removed(
    before: pl.DataFrame, after: pl.DataFrame, counts: Counts, table: str, reason: str
) -> pl.DataFrame:
    """Return `after`, and count the rows that it lacks of `before`."""
    counts[table, reason] += before.height - after.height
    return after


@contextlib.contextmanager
def reading_file(path: Path, remedy: str) -> Iterator[None]:
    """Turn the exceptions of a damaged file into a :class:`FileError` that names it."""
    refuse_after_fork()
    try:
        yield
    except GraphkitError:
        raise
    except _UNREADABLE as error:
        why = str(error).strip().split("\n")[0]
        if isinstance(error, pl.exceptions.PolarsError | pl.exceptions.PanicException):
            # Polars quotes values and keys, or the rest of a file, none of which is shown
            why = re.split(r"[`\"'\[{(:]", why)[0]
        why = why[:120].strip().rstrip(".,;") or type(error).__name__
        raise FileError(f"{path} cannot be read: {why}. {remedy}") from error


def no_such_path(path: Path, what: str = "") -> FileError:
    """The error for a path that does not exist, with the nearest name beside it.

    Examples
    --------
    >>> str(no_such_path(Path("graphkit_of_nobody.csv")))
    'graphkit_of_nobody.csv does not exist.'
    """
    try:
        beside = [p.name for p in path.absolute().parent.iterdir()]
    except OSError:
        missing = [p.name for p in path.absolute().parents if not p.is_dir()]
        why = f": there is no folder {shorten(missing[-1])}" if missing else ""
        return FileError(f"{what}{path} does not exist{why}.")
    return FileError(f"{what}{path} does not exist.{nearest(path.name, beside)}")


def require_folder(folder: str | Path, remedy: str) -> Path:
    """The folder as a path; a FileError if it is missing or a file."""
    refuse_after_fork()
    path = Path(folder)
    if not path.exists():
        raise FileError(f"{no_such_path(path, 'the folder ')} {remedy}")
    if not path.is_dir():
        raise FileError(f"{path} is a file, not a folder: give the folder that holds it.")
    return path


def expand_paths(
    paths: str | Path | Iterable[str | Path], *, wanted: Callable[[Path], bool], what: str
) -> list[Path]:
    """Distinct files of a list of files, globs and folders (searched recursively).

    `wanted` selects among the files of a folder; a file given by name is always included.
    """
    refuse_after_fork()
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    found: dict[Path, Path] = {}
    for entry in given:
        path = Path(entry)
        matches = (
            [path] if path.exists() else [Path(m) for m in glob.glob(str(entry), recursive=True)]
        )
        if not matches:
            kind = "matches no file" if glob.has_magic(str(entry)) else "does not exist"
            raise FileError(f"{path} {kind}: give files, folders or globs of {what}.")
        files: list[Path] = []
        for match in sorted(matches):
            files += _list_folder(match, wanted) if match.is_dir() else [match]
        if not files:
            raise FileError(f"{path} holds no {what}.")
        found |= {file.resolve(): file for file in files if file.resolve() not in found}
    return list(found.values())


def _list_folder(folder: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    files = (f for f in folder.rglob("*") if f.is_file() and not f.name.startswith("."))
    return sorted(f for f in files if wanted(f))


def read_text(path: Path, *, fallback: str | None = None) -> str:
    """Text of a file, decompressed if it ends in ``.gz``; UTF-8, else `fallback`."""
    with reading_file(path, "Get the file again, and keep it as UTF-8 text."):
        data = path.read_bytes()
        if path.suffix.lower() == ".gz":
            data = gzip.decompress(data)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            if fallback is None:
                raise
            return data.decode(fallback)


def read_lines(path: Path) -> pl.Series:
    """Lines of a text file, stripped; blank lines are ``""``."""
    # only "\n" ends a line: captions may contain other line separators of Unicode
    return pl.Series([read_text(path)]).str.split("\n").explode().str.strip_chars()


#: Encodings whose byte order marks are known; the longer ones first, as they begin alike.
_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


#: First bytes of files that are no text.
_OTHER_KINDS = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive or workbook",
    b"\xd0\xcf\x11\xe0": "an old workbook",
}


class CsvForm(NamedTuple):
    """How the columns of a CSV file are parted, and how many lines are before its header."""

    separator: str = ","
    skipped: int = 0

    def note(self) -> str | None:
        """What is to be told of it, `None` for a file of the usual form."""
        if self == CsvForm():
            return None
        marked = ", as its first line says (sep=)" if self.skipped else ""
        return f"columns separated by {self.separator!r}{marked}"


def _read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(1 << 14)
    if head.startswith(b"\x1f\x8b"):
        with gzip.open(path) as file:
            head = file.read(1 << 14)
    return head


def sniff_csv(path: Path) -> CsvForm:
    """Separator of a CSV file: comma, semicolon, tab or bar, as its header and first row have it.

    A first line ``sep=;``, which spreadsheets write, names it and is skipped.
    """
    text = _read_head(path).decode("utf-8-sig", errors="replace")
    lines = text.split("\n", 1)
    marked = re.fullmatch(r"sep=(.)\s*", lines[0], re.IGNORECASE)
    if marked and marked[1] in _SEPARATORS:
        return CsvForm(marked[1], 1)
    if lines[0].lower().startswith("sep="):
        raise FileError(
            f"{path}, line 1: a separator that is not read: save it with commas between columns."
        )

    def fit(separator: str) -> tuple[bool, bool, int]:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            header, first = next(rows, []), next(rows, [])
        except csv.Error:
            return False, False, 0
        return len(header) > 1, not first or len(first) == len(header), len(header)

    # of separators that fit as well, the first of these
    return CsvForm(max(_SEPARATORS, key=fit))


def scan_csv(path: Path, form: CsvForm) -> pl.LazyFrame:
    """Lazy frame of a CSV file, all columns as text, so that ids keep all digits."""
    return pl.scan_csv(
        glob.escape(str(path)),
        infer_schema=False,
        separator=form.separator,
        skip_lines=form.skipped,
    )


def refuse_other_text(path: Path) -> None:
    """Refuse what would be misread: no text, UTF-16, lines that end in CR.

    Looks at the first bytes of a CSV or NDJSON file only.
    """
    head = _read_head(path)
    for magic, kind in _OTHER_KINDS.items():
        if head.startswith(magic):
            raise FileError(
                f"{path} is {kind}, whatever its name: name it so, or export it as text."
            )
    if head.startswith(_WIDE) or b"\0" in head[:2]:
        raise FileError(f"{path} is in UTF-16 or UTF-32: save it as UTF-8.")
    if path.name.lower().endswith(NDJSON):
        if head.startswith(codecs.BOM_UTF8):
            raise FileError(f"{path} starts with a byte order mark: save it as UTF-8 without one.")
        return
    if b"\r" in head and b"\n" not in head:
        raise FileError(
            f"{path}: lines end in CR alone, as on old Macs: save it with line ends of LF or CRLF."
        )


#: What to do with records within records.
FLATTEN = (
    "flatten the records first, as pandas.json_normalize or unnest of Polars does, and pass the frame to "
    "graphkit.from_frame"
)


def first_bad_line(lines: pl.Series) -> int | None:
    """Index of the first line that is neither blank nor JSON; `None` if there is none."""
    bad = (lines.str.len_bytes() > 0) & lines.str.json_path_match("$").is_null()
    hits = (bad & (lines != "null")).arg_true()
    return int(hits[0]) if len(hits) else None


def refuse_json_ids(path: Path, columns: Iterable[str]) -> None:
    """Refuse NDJSON in which an id is no text and no integer.

    Read as text, 7.3e18 would be written out with digits that nobody wrote, and ``true`` or a list
    would be an id.
    """
    keys = "|".join(re.sub(r"([^\w\s])", r"\\\1", column) for column in columns)
    number = r"-?[0-9]+(?:\.[0-9]|[eE])[0-9eE.+-]*"
    # a key behind a backslash is part of a text
    odd = rf'(?:^|[^\\])"(?:{keys})"\s*:\s*({number}|true|false|\{{|\[)'
    lines = pl.scan_lines(glob.escape(str(path)), name="text", row_index_name="line")
    text = pl.col("text").str
    found = lines.filter(text.contains(odd)).head(1).select("line", value=text.extract(odd))
    for line, value in found.collect(engine="streaming").rows():
        what = {"{": "an object", "[": "a list"}.get(value, value)
        if value == "{":
            raise DataError(
                f"{path}, line {line + 1}: an id is an object, and columns are not looked for within it: "
                f"{FLATTEN}. Ids are: {', '.join(columns)}."
            )
        raise DataError(
            f"{path}, line {line + 1}: an id is {what}; ids are text or integers (a float has lost "
            f"digits above 2^53). Ids are: {', '.join(columns)}."
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with reading_file(path, "Check its permissions."), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_writable(folder: str | Path, *, overwrite: bool, what: str) -> Path:
    """Create the folder to write to if needed; a FileError if it is not empty."""
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise FileError(f"{path} is a file: give a folder to write the {what} to.")
    try:
        path.mkdir(parents=True, exist_ok=True)
        occupied = next(path.iterdir(), None) is not None
    except OSError as error:
        raise FileError(f"{path} cannot be made: {error.strerror or error}.") from error
    check_flag("overwrite", overwrite)
    if occupied and not overwrite:
        raise FileError(
            f"the folder {path} is not empty: choose another, or pass overwrite=True to replace "
            f"the {what} in it (other files stay)."
        )
    return path
