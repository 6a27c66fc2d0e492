"""``dataset.toml``: what a dataset folder says about itself."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphkit.data.files import write_text
from graphkit.errors import DataError, FileError, nearest
from graphkit.readwrite.files import reading, sha256_of

__all__ = ["HEADER", "Header", "check_files", "header_text", "read_header", "write_header"]

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
