"""Sources: files on disk or inside zip archives, and what the beginning of each shows.

A file is recognised by its beginning alone: columns of a delimited file, keys of JSON, the root of
XML. Nothing of its content is kept for messages.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Literal, cast

from graphkit.errors import FileError
from graphkit.readwrite.files import no_such_path, reading_file

__all__ = ["Sample", "Source", "keep_archive_open", "list_sources", "look_at"]

#: Bytes of a file that are looked at, after decompression.
BEGINNING = 1 << 18

#: Largest window of a Zstandard frame that is accepted: dumps of Reddit use 2 GiB.
ZSTD_WINDOW = 1 << 31

#: Suffixes of compressed files, which are read as what they hold.
COMPRESSED = (".gz", ".zst")

#: Files of operating systems and editors, which hold no data.
_NO_DATA = re.compile(r"(?:^|/)(?:\.[^/]+|__MACOSX|Thumbs\.db|desktop\.ini)(?:/|$)")

#: Separators of delimited files, in the order in which they are tried.
SEPARATORS = (",", ";", "\t", "|", "::")

Kind = Literal["delimited", "json", "ndjson", "javascript", "xml", "parquet", "arrow", "other"]


@dataclass(frozen=True, order=True)
class Source:
    """A file on disk, or a member of a zip archive on disk.

    Attributes
    ----------
    path
        The file, or the archive.
    member
        Name inside the archive; empty for a file on disk.
    """

    path: Path
    member: str = ""

    @property
    def place(self) -> str:
        """How messages name it: ``export.zip: user_data.json``."""
        return f"{self.path}: {self.member}" if self.member else str(self.path)

    @property
    def parts(self) -> tuple[str, ...]:
        """Folders and file name, those inside an archive after the archive's own."""
        return (*self.path.parts, *Path(self.member).parts)

    def ends_with(self, end: str) -> bool:
        """Whether the path ends in these folders and this file: ``ann/liked.json``."""
        wanted = Path(end).parts
        return self.parts[-len(wanted) :] == wanted

    @property
    def name(self) -> str:
        """File name in lower case, without ``.gz`` and ``.zst``."""
        name = self.parts[-1].lower()
        return name.removesuffix(next(filter(name.endswith, COMPRESSED), ""))

    @contextlib.contextmanager
    def open(self, *, decompress: bool = True) -> Iterator[IO[bytes]]:
        """Stream of its bytes, decompressed if its name ends in ``.gz`` or ``.zst``.

        Raises
        ------
        FileError
            If it cannot be read or is damaged, also later while the block reads from it.
        """
        with reading_file(Path(self.place), "Get the file again."), contextlib.ExitStack() as stack:
            if self.member:
                try:
                    archive = stack.enter_context(_archive(self.path))
                    raw = stack.enter_context(archive.open(self.member))
                except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
                    raise FileError(
                        f"{self.place} cannot be unpacked: {error}. Unpack it by hand."
                    ) from error
            else:
                raw = stack.enter_context(self.path.open("rb"))
            try:
                name = self.parts[-1].lower() if decompress else ""
                yield stack.enter_context(_decompressed(raw, name))
            except zipfile.BadZipFile as error:
                raise FileError(f"{self.place} cannot be unpacked: {error}.") from error

    def read(self, most: int | None = None) -> bytes:
        """Its bytes, decompressed, or the first `most` of them."""
        with self.open() as file:
            return file.read() if most is None else file.read(most)


_OPENED: ContextVar[dict[Path, zipfile.ZipFile] | None] = ContextVar("_OPENED", default=None)


@contextlib.contextmanager
def keep_archive_open() -> Iterator[None]:
    """Inside, an archive is opened once for its members that are read one after the other.

    Opening takes time for each member that it has, so that all would take the square of it.
    """
    held: dict[Path, zipfile.ZipFile] = {}
    token = _OPENED.set(held)
    try:
        yield
    finally:
        _OPENED.reset(token)
        for archive in held.values():
            archive.close()


@contextlib.contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    held = _OPENED.get()
    if held is None:
        with zipfile.ZipFile(path) as archive:
            yield archive
        return
    if path not in held:
        opened = zipfile.ZipFile(path)
        for other in list(held):
            held.pop(other).close()
        held[path] = opened
    yield held[path]


class _ZstdStream(io.RawIOBase):
    """Bytes of Zstandard frames, one after the other; an OSError if the last one is cut off.

    The library's own reader ends without an error where a frame does.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        import zstandard

        self._raw, self._error = raw, zstandard.ZstdError
        self._frames = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
        self._frame = self._frames.decompressobj()
        self._held, self._packed, self._begun = memoryview(b""), b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held:
            if self._frame.eof:
                self._packed, self._begun = self._frame.unused_data, False
                self._frame = self._frames.decompressobj()
            # few bytes at a time: they may unpack to thirty thousand times their size
            packed = self._packed or self._raw.read(1 << 13)
            self._packed = b""
            if not packed:
                if self._begun:
                    raise OSError("the compressed data are cut off")
                return 0
            self._begun = True
            try:
                self._held = memoryview(self._frame.decompress(packed))
            except self._error as error:
                raise OSError(str(error)) from error
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


@contextlib.contextmanager
def _decompressed(raw: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    if name.endswith(".gz"):
        with gzip.open(raw) as file:
            yield cast("IO[bytes]", file)
    elif name.endswith(".zst"):
        yield cast("IO[bytes]", io.BufferedReader(_ZstdStream(raw), 1 << 20))
    else:
        yield raw


def list_sources(path: Path) -> tuple[list[Source], list[Source]]:
    """Sources in a file, folder or zip archive, sorted; and those that hold no data by their names.

    Archives inside a folder are opened, archives inside an archive are not.
    """
    if not path.exists():
        raise no_such_path(path)
    files = sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]
    found: list[Source] = []
    for file in files:
        if file.suffix.lower() == ".zip":
            found += _list_archive(file)
        else:
            found.append(Source(file))

    def idle(source: Source) -> bool:
        inside = source.path.relative_to(path).as_posix() if path.is_dir() else ""
        return bool(_NO_DATA.search(inside) or _NO_DATA.search(source.member))

    return [s for s in found if not idle(s)], [s for s in found if idle(s)]


def _list_archive(path: Path) -> list[Source]:
    try:
        with reading_file(path, "Get the archive again."), zipfile.ZipFile(path) as archive:
            names = sorted(info.filename for info in archive.infolist() if not info.is_dir())
    except zipfile.BadZipFile:
        return [Source(path)]
    return [Source(path, name) for name in names]


@dataclass(frozen=True)
class Sample:
    """What the beginning of a source shows.

    Attributes
    ----------
    source
        The source.
    kind
        ``"delimited"`` (CSV, TSV and their like), ``"json"`` (one document), ``"ndjson"``,
        ``"javascript"`` (an assignment of JSON), ``"xml"``, ``"parquet"``, ``"arrow"`` or ``"other"``.
    what
        What it is in words, for messages: "a PDF", "a web page", "JSON".
    held
        Its beginning as text; `None` if that is read again when it is asked for.
    """

    source: Source
    kind: Kind
    what: str
    held: str | None = field(repr=False)

    @property
    def text(self) -> str:
        """The beginning as text, at most 256 kB; empty if it is no text."""
        if self.held is None:
            return _as_text(self.source.read(BEGINNING)) or ""
        return self.held

    def without_text(self, known: dict[frozenset[str], frozenset[str]]) -> Sample:
        """The sample without its text; keys that are among `known` are kept once for all samples."""
        light = replace(self, held=None) if self.held else self
        if "keys" in self.__dict__:
            light.__dict__["keys"] = known.setdefault(self.keys, self.keys)
        for name in ("separator", "header"):
            if name in self.__dict__:
                light.__dict__[name] = self.__dict__[name]
        return light

    @cached_property
    def separator(self) -> str:
        """Separator of a delimited file: that of its first line, outside quotes."""
        return sniff_separator(self.text)

    @cached_property
    def header(self) -> tuple[str, ...]:
        """Cells of the first line of a delimited file, or names of columns of Parquet or Arrow."""
        if self.kind in ("parquet", "arrow"):
            return _stored_columns(self.source, self.kind)
        if self.kind != "delimited":
            return ()
        return tuple(cell.strip() for cell in split_line(_first_line(self.text), self.separator))

    @cached_property
    def keys(self) -> frozenset[str]:
        """Paths of the keys of JSON, without the positions in arrays: ``data.videos.id``."""
        if self.kind not in ("json", "ndjson", "javascript"):
            return frozenset()
        return frozenset(key_paths(self.text))

    def has(self, *names: str) -> bool:
        """Whether all of these are among the columns, or among the paths of keys."""
        there = self.keys or frozenset(self.header)
        return all(name in there for name in names)


_MAGIC = {
    b"PAR1": ("parquet", "a Parquet file"),
    b"ARROW1": ("arrow", "an Arrow (Feather) file"),
    b"PK\x03\x04": ("other", "a zip archive or workbook"),
    b"\xd0\xcf\x11\xe0": ("other", "an old workbook"),
    b"%PDF": ("other", "a PDF"),
    b"\x89PNG": ("other", "an image"),
    b"\xff\xd8\xff": ("other", "an image"),
    b"SQLite format 3": ("other", "an SQLite database"),
    b"RDX": ("other", "an R workspace"),
    b"\x1f\x8b": ("other", "a gzip file without .gz in its name"),
    b"(\xb5/\xfd": ("other", "a Zstandard file without .zst in its name"),
}


def look_at(source: Source) -> Sample:
    """Look at the beginning of a source.

    Raises
    ------
    FileError
        If it cannot be opened or decompressed.
    """
    head = source.read(BEGINNING)
    for magic, (kind, what) in _MAGIC.items():
        if head.startswith(magic):
            return Sample(source, cast("Kind", kind), what, "")
    if not head.strip():
        return Sample(source, "other", "an empty file", "")
    text = _as_text(head)
    if text is None:
        return Sample(source, "other", "no text in UTF-8", "")
    return Sample(source, *_kind_of(text, source.name), text)


def _as_text(head: bytes) -> str | None:
    """The beginning as text, `None` if it is none; a character that is cut at the end is left out."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode("utf-8-sig")
            return None if "\0" in text[:1000] else text
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:
                # HetRec and MovieLens write Latin-1
                return head.decode("latin-1") if b"\0" not in head[:1000] else None
    return None


_ASSIGNED = re.compile(r"\s*(?:window\.|var |let |const )?[\w$.\[\]\"']+\s*=\s*[\[{]")


def _kind_of(text: str, name: str) -> tuple[Kind, str]:
    start = text.lstrip()
    if start.startswith("<"):
        if re.search(r"<(?:html|!doctype html)\b", start[:2000], re.I):
            return "other", "a web page"
        return "xml", "XML"
    if start.startswith(("{", "[")) and _begins_json(start):
        first, _, rest = start.partition("\n")
        named = name.endswith((".ndjson", ".jsonl"))
        cut = not rest and len(start) > BEGINNING // 8  # the first line may be longer than that
        if ((rest.strip() or named) and _is_whole(first)) or (named and cut):
            return "ndjson", "lines of JSON"
        return "json", "JSON"
    if _ASSIGNED.match(text) and name.endswith(".js"):
        return "javascript", "JavaScript with data"
    if name.endswith((".md", ".rst", ".py", ".r", ".ipynb", ".toml", ".yaml", ".yml", ".html")):
        return "other", "no data file by its name"
    return "delimited", "a delimited text file"


def _begins_json(start: str) -> bool:
    """Whether a text that begins with a bracket is JSON: in lists of tables, cells do so too."""
    return bool(re.match(r'[\[{]\s*(?:"|[\[{\]}]|-?[0-9]|true|false|null)', start))


def _is_whole(text: str) -> bool:
    import json

    try:
        json.loads(text)
    except RecursionError:  # nested too deeply: a line for all that, which its reader refuses
        return True
    except ValueError:
        return False
    return True


def _first_line(text: str) -> str:
    """The header of a delimited file; a quoted cell may hold line ends."""
    lines = text.splitlines(keepends=True)
    if lines and lines[0].lower().startswith("sep="):
        lines = lines[1:]
    held = ""
    for line in lines[:50]:
        held += line
        if held.count('"') % 2 == 0:
            break
    return held.rstrip("\r\n")


def sniff_separator(text: str) -> str:
    r"""Separator of a delimited text: the commonest of ``, ; tab | ::`` in its header.

    Examples
    --------
    >>> sniff_separator("id;name;tags\n1;a;x,y,z"), sniff_separator("1::2::3")
    (';', '::')
    """
    header = re.sub(r'"[^"]*"', "", _first_line(text))
    counts = {mark: header.count(mark) for mark in SEPARATORS}
    best = max(counts, key=lambda mark: (counts[mark], -SEPARATORS.index(mark)))
    return best if counts[best] else ","


def split_line(line: str, separator: str) -> list[str]:
    """Cells of one line of a delimited file."""
    if len(separator) > 1:
        return line.split(separator)
    try:
        return next(csv.reader(io.StringIO(line), delimiter=separator), [])
    except csv.Error:  # a cell of more than 131 kB is no name of a column
        return []


def _stored_columns(source: Source, kind: str) -> tuple[str, ...]:
    import polars as pl

    read = pl.read_parquet_schema if kind == "parquet" else pl.read_ipc_schema
    with reading_file(Path(source.place), "Get the file again."), source.open() as file:
        # a file on disk is not read whole for the names of its columns
        whole = not (isinstance(file, io.BufferedReader) and file.seekable())
        return tuple(read(io.BytesIO(file.read()) if whole else file))


#: A key with its first quote, or a bracket, after whatever has neither; or the end of the text, and a
#: text that is cut off there. One of them always fits, so that nothing is tried twice.
_TOKEN = re.compile(
    r'(?:[^"{}\[\]]+|"[^"\\]*(?:\\.[^"\\]*)*"(?!\s*:))*'
    r'(?:("[^"\\]*(?:\\.[^"\\]*)*)"\s*:|([{}\[\]])|".*|\Z)',
    re.S,
)


def key_paths(text: str) -> set[str]:
    """Paths of the keys of JSON documents, of which the end may be cut off.

    Examples
    --------
    >>> sorted(key_paths('{"data": {"videos": [{"id": 1}, {"us'))
    ['data', 'data.videos', 'data.videos.id']
    """
    known: dict[
        str, dict[str, str]
    ] = {}  # the path of each key of an object, by that of the object
    # what is open, without the last: its keys (of an array none), and the path that led to it
    stack: list[tuple[dict[str, str] | None, str]] = []
    path = ""
    keys: dict[str, str] | None = None
    for word, mark in _TOKEN.findall(text):
        if word:
            if keys is not None:
                seen = keys.get(word)
                if seen is None:
                    outer, name = stack[-1][1], word[1:]
                    keys[word] = seen = f"{outer}.{name}" if outer else name
                path = seen
        elif not mark:
            break  # the end
        elif mark in "{[":
            stack.append((keys, path))
            keys = known.setdefault(path, {}) if mark == "{" else None
        elif stack:
            keys, path = stack.pop()
            if not stack:
                path = ""
    return {path for paths in known.values() for path in paths.values()}
