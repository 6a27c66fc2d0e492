"""Records of JSON files: lines, arrays or one document, decoded into declared fields only.

A record type is a :class:`msgspec.Struct`, which lists the keys that are read; nothing else of a
file is ever built. Files are read in pieces, so that memory does not grow with their size.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Generic, TypeVar

import msgspec

from graphkit.errors import FileError
from graphkit.readwrite.files import Counts
from graphkit.readwrite.source import Sample, Source, look_at

__all__ = [
    "TOO_DEEP",
    "Id",
    "RecordReader",
    "blocks_of",
    "decode_document",
    "decode_lines",
    "id_text",
]

T = TypeVar("T")

#: Ids in JSON are text or integers; a float has lost digits above 2^53, and is refused.
Id = int | str

#: What is wrong with JSON of more brackets inside one another than decoders follow, some thousand.
TOO_DEEP = "JSON that is nested too deeply"

#: Bytes of lines that are decoded at a time: few, so that they stay near the processor.
PIECE = 1 << 22


def id_text(value: Id | None) -> str | None:
    """An id as text; 0 is kept, an empty text is missing."""
    return None if value is None or value == "" else str(value)


def blocks_of(file: IO[bytes], piece: int = PIECE) -> Iterator[bytes]:
    """Whole lines of a stream, without the last LF, about `piece` bytes at a time."""
    rest: list[bytes] = []
    while block := file.read(piece):
        end = block.rfind(b"\n")
        if end < 0:
            rest.append(block)
            continue
        yield b"".join([*rest, block[:end]])
        rest = [block[end + 1 :]]
    if last := b"".join(rest):
        yield last


def decode_lines(decoder: msgspec.json.Decoder[T], block: bytes) -> list[T] | None:
    """Records of lines of which each is an object, all at once; `None` if any line is odd."""
    if block[:1] != b"{":
        return None
    try:
        records = decoder.decode_lines(block)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # two records in a line, one in two lines and empty lines are decoded too
    lines = block.count(b"\n") + 1
    whole = lines == len(records) == block.count(b"\n{") + 1
    return records if whole else None


class RecordReader(Generic[T]):
    """Reads the records of JSON files as one declared type.

    Parameters
    ----------
    type
        Type of one record, a :class:`msgspec.Struct` or a union of them.
    table
        Name of these records in the report, such as ``"videos"``.
    read, dropped, notes
        Counts of the report, added to.
    """

    def __init__(
        self, type: Any, table: str, *, read: dict[str, int], dropped: Counts, notes: Counts
    ) -> None:
        self.table, self.read, self.dropped, self.notes = table, read, dropped, notes
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(type, strict=False)
        self._lists: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(
            list[msgspec.Raw]
        )

    def pieces(self, source: Source, sample: Sample | None = None) -> Iterator[list[T]]:
        """Records of a source, some thousand at a time, in the order of the file.

        Each line, or each entry of an array, is one record; a document that is an object is one
        record. What is no JSON, or of another shape, is counted as dropped with its reason.

        Raises
        ------
        FileError
            If the source cannot be read, or nothing in it is a record of this type.
        """
        sample = sample or look_at(source)
        good, bad = 0, 0
        first: str | None = None
        with source.open() as file:
            # a document without line ends is one line; so may be the first of longer lines
            if sample.kind == "ndjson" or (sample.text and "\n" not in sample.text):
                texts: Iterator[bytes | list[bytes]] = blocks_of(file)
            else:
                texts = iter([self._entries(file.read(), source)])
            number = 0
            for some in texts:
                whole = decode_lines(self._decoder, some) if isinstance(some, bytes) else None
                if whole is not None:
                    number += len(whole)
                    good += len(whole)
                    self.read[self.table] = self.read.get(self.table, 0) + len(whole)
                    yield whole
                    continue
                records: list[T] = []
                for text in some.split(b"\n") if isinstance(some, bytes) else some:
                    number += 1
                    bare = text.strip()
                    if not bare or bare == b"null":
                        if bare:
                            self._drop("null in place of a record")
                            bad += 1
                        continue
                    for part in self._entries(bare, source) if bare[:1] == b"[" else [bare]:
                        record, why = self._decode(part)
                        if why is None:
                            records.append(record)  # type: ignore[arg-type]
                            continue
                        first = first or f"{source.place}, {_unit(sample)} {number}: {why}"
                        self._drop(why)
                        bad += 1
                good += len(records)
                self.read[self.table] = self.read.get(self.table, 0) + len(records)
                if records:
                    yield records
        if bad and not good:
            raise FileError(f"{first or f'{source.place} holds no record'}. Get the file again.")

    def take(self, entries: Sequence[bytes | msgspec.Raw], source: Source) -> list[T]:
        """Records of a list that stands inside a document.

        Raises
        ------
        FileError
            If none of its entries is a record of this type.
        """
        records: list[T] = []
        first = ""
        for number, entry in enumerate(entries, 1):
            record, why = self._decode(bytes(entry))
            if why is None:
                records.append(record)  # type: ignore[arg-type]
                continue
            first = first or f"{source.place}, entry {number}: {why}"
            self._drop(why)
        self.read[self.table] = self.read.get(self.table, 0) + len(records)
        if first and not records:
            raise FileError(f"{first}. Get the file again.")
        return records

    def _drop(self, why: str) -> None:
        self.read[self.table] = self.read.get(self.table, 0) + 1
        self.dropped[self.table, why] += 1

    def _entries(self, text: bytes, source: Source) -> list[bytes]:
        """Entries of an array, or the one document."""
        bare = text.removeprefix(b"\xef\xbb\xbf").strip()
        if bare[:1] != b"[":
            return [bare]
        try:
            return [bytes(entry) for entry in self._lists.decode(bare)]
        except RecursionError:
            raise FileError(f"{source.place} is {TOO_DEEP}.") from None
        except msgspec.DecodeError:
            try:
                return [json.dumps(entry).encode() for entry in json.loads(bare)]
            except RecursionError:
                raise FileError(f"{source.place} is {TOO_DEEP}.") from None
            except ValueError as error:
                raise FileError(
                    f"{source.place} is broken JSON{_position(error)}. Get the file again."
                ) from None

    def _decode(self, text: bytes) -> tuple[T | None, str | None]:
        """The record, or the reason why there is none."""
        text = text.removeprefix(b"\xef\xbb\xbf")
        try:
            return self._decoder.decode(text), None
        except msgspec.ValidationError as error:
            return None, _shape_of(error)
        except RecursionError:
            return None, TOO_DEEP
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        try:
            # NaN, and halves of surrogate pairs, which other decoders refuse
            loose = json.loads(text.decode("utf-8", "replace"))
            # through text again, for a part of a record may be declared as raw
            again = json.dumps(_clean(loose))
        except RecursionError:
            return None, TOO_DEEP
        except ValueError:
            return None, "no valid JSON"
        try:
            record = self._decoder.decode(again)
        except msgspec.ValidationError as error:
            return None, _shape_of(error)
        except RecursionError:
            return None, TOO_DEEP
        self.notes[self.table, "NaN or half a character: read as missing or as U+FFFD"] += 1
        return record, None


def _unit(sample: Sample) -> str:
    return "line" if sample.kind == "ndjson" else "entry"


def _position(error: ValueError) -> str:
    line = getattr(error, "lineno", None)
    return f", line {line}" if line else ""


def _shape_of(error: msgspec.ValidationError) -> str:
    """What is wrong with a record, by its types and keys, never its content."""
    text = str(error)
    path = re.search(r"at `(\$[^`]*)`", text)
    expected = re.match(r"Expected `([^`]*)`(?:, got `([^`]*)`)?", text)
    missing = re.match(r"Object missing required field `([^`]*)`", text)
    where = ""
    if path:
        inside = re.sub(r"\[[0-9]+\]", "[…]", path.group(1))[1:].lstrip(".")
        where = f" at {inside}" if inside else ""
    if missing:
        return f"another shape: key {missing.group(1)!r} is missing{where}"
    if expected:
        got = f", not {expected.group(2)}" if expected.group(2) else ""
        return f"another shape: {expected.group(1)} is needed{got}{where}"
    return "another shape"


#: Halves of surrogate pairs, which no UTF-8 text can hold.
_HALVES = re.compile("[\ud800-\udfff]")


def _clean(value: Any) -> Any:
    """A value of the standard library's JSON without NaN, infinities and halves of characters."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, str):
        return _HALVES.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(entry) for entry in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(entry) for key, entry in value.items()}
    return value


def decode_document(source: Source, type: Any, prepare: Callable[[bytes], bytes] = bytes) -> Any:
    """One JSON document of a declared type; `prepare` makes JSON of its bytes.

    Raises
    ------
    FileError
        If it is no JSON (with the line), or of another shape.
    """
    text = prepare(source.read().removeprefix(b"\xef\xbb\xbf"))
    try:
        return msgspec.json.decode(text, type=type, strict=False)
    except msgspec.ValidationError as error:
        raise FileError(f"{source.place}: {_shape_of(error)}.") from None
    except RecursionError:
        raise FileError(f"{source.place} is {TOO_DEEP}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        loose = _clean(json.loads(text.decode("utf-8", "replace")))
    except RecursionError:
        raise FileError(f"{source.place} is {TOO_DEEP}.") from None
    except ValueError as error:
        raise FileError(
            f"{source.place} is broken JSON{_position(error)}. Get the file again."
        ) from None
    try:
        return msgspec.convert(loose, type=type, strict=False)
    except msgspec.ValidationError as error:
        raise FileError(f"{source.place}: {_shape_of(error)}.") from None
    except RecursionError:
        raise FileError(f"{source.place} is {TOO_DEEP}.") from None
