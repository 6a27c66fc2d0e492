"""Single files and folders: finding, opening and writing them, with errors that name them."""

from __future__ import annotations

import contextlib
import glob
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

from graphkit.errors import FileError, GraphkitError

__all__ = [
    "check_writable",
    "expand",
    "first_bad_line",
    "read_lines",
    "read_text",
    "reading",
    "require_folder",
    "sha256_of",
]

#: What an unreadable file can raise; Polars panics on some damaged Parquet files.
_UNREADABLE = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    OSError,
    EOFError,
    UnicodeDecodeError,
    zlib.error,
)


@contextlib.contextmanager
def reading(path: Path, remedy: str) -> Iterator[None]:
    """Turn whatever a damaged file raises into a :class:`FileError` that names it."""
    try:
        yield
    except GraphkitError:
        raise
    except _UNREADABLE as error:
        why = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
        raise FileError(f"{path} cannot be read: {why}. {remedy}") from error


def require_folder(folder: str | Path, remedy: str) -> Path:
    """The folder as a path, if it is one."""
    path = Path(folder)
    if not path.exists():
        raise FileError(f"the folder {path} does not exist. {remedy}")
    if not path.is_dir():
        raise FileError(f"{path} is a file, not a folder: give the folder that holds it.")
    return path


def expand(
    paths: str | Path | Iterable[str | Path], *, wanted: Callable[[Path], bool], what: str
) -> list[Path]:
    """The files meant by files, globs and folders (searched to the bottom), each once.

    `wanted` chooses among the files of a folder; a file given by name is always taken.
    """
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
            files += _inside(match, wanted) if match.is_dir() else [match]
        if not files:
            raise FileError(f"{path} holds no {what}.")
        found |= {file.resolve(): file for file in files if file.resolve() not in found}
    return list(found.values())


def _inside(folder: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    files = (f for f in folder.rglob("*") if f.is_file() and not f.name.startswith("."))
    return sorted(f for f in files if wanted(f))


def read_text(path: Path, *, fallback: str | None = None) -> str:
    """The text of a file, unpacked if it ends in ``.gz``; UTF-8, else `fallback`."""
    with reading(path, "Get the file again, and keep it as UTF-8 text."):
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
    """The lines of a text file, stripped of blanks around them; blank lines stay as ``""``."""
    # split at "\n" alone: captions may hold the other line separators of Unicode
    return pl.Series([read_text(path)]).str.split("\n").explode().str.strip_chars()


def first_bad_line(lines: pl.Series) -> int | None:
    """Index of the first line that is neither blank nor JSON; `None` if all are."""
    bad = (lines.str.len_bytes() > 0) & lines.str.json_path_match("$").is_null()
    hits = (bad & (lines != "null")).arg_true()
    return int(hits[0]) if len(hits) else None


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with reading(path, "Check its permissions."), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_writable(folder: str | Path, *, overwrite: bool, what: str) -> Path:
    """The folder to write to, made if need be; refuses one that already holds something."""
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise FileError(f"{path} is a file: give a folder to write the {what} to.")
    try:
        path.mkdir(parents=True, exist_ok=True)
        occupied = next(path.iterdir(), None) is not None
    except OSError as error:
        raise FileError(f"{path} cannot be made: {error.strerror or error}.") from error
    if occupied and not overwrite:
        raise FileError(
            f"the folder {path} is not empty: choose another, or pass overwrite=True to replace "
            f"the {what} in it (other files stay)."
        )
    return path
