"""The file ``dataset.toml`` of a dataset folder: metadata, names of columns, and digests of files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from graphkit.data.files import read_toml
from graphkit.data.schema import TABLES
from graphkit.errors import DataError, FileError, OptionError, check_choice, nearest, shorten
from graphkit.readwrite import files as fs

#: File of metadata in a dataset folder.
HEADER = "dataset.toml"

_VERSION = 1


@dataclass(frozen=True)
class Header:
    """Content of ``dataset.toml``; every key is optional."""

    source: str = ""
    terms: str = ""
    refresh_due: date | None = None
    real_ids: tuple[str, ...] = ()
    pseudonyms: str = ""
    time_kinds: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


_KEYS = (
    *("schema_version", "source", "terms", "refresh_due", "real_ids", "pseudonyms"),
    *("time_kinds", "columns", "files", "left_out"),
)


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
        refresh_due=_read_day(values, path),
        real_ids=_read_real_ids(values, path),
        pseudonyms=_read_text_key(values, "pseudonyms", path),
        time_kinds=_read_time_kinds(values.get("time_kinds", {}), path),
        columns=_read_columns(values.get("columns", {}), path),
        files=_check_text_table(values.get("files", {}), "files", path),
        left_out=_read_left_out(values.get("left_out", {}), path),
    )


def _read_text_key(values: Mapping[str, Any], key: str, path: Path) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        raise DataError(f"{path}: {key} = {shorten(value)} is no text: put it in quotes.")
    return value


def _read_day(values: Mapping[str, Any], path: Path) -> date | None:
    day = values.get("refresh_due")
    if day is not None and (not isinstance(day, date) or isinstance(day, datetime)):
        raise DataError(f"{path}: refresh_due = {shorten(day)} is no day: write it as 2026-03-31.")
    return day


def _read_real_ids(values: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    words = values.get("real_ids", [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise DataError(f'{path}: real_ids must be a list of texts, such as ["null"].')
    return tuple(words)


def _check_text_table(value: Any, key: str, path: Path) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise DataError(f"{path}: [{key}] must map names to texts, but holds {shorten(value)}.")
    return value


def _read_left_out(value: Any, path: Path) -> dict[str, int]:
    if not isinstance(value, dict) or not all(type(v) is int and v >= 0 for v in value.values()):
        raise DataError(
            f"{path}: [left_out] must map reasons to numbers of rows, but holds {shorten(value)}."
        )
    return value


def _read_time_kinds(value: Any, path: Path) -> dict[str, str]:
    flat: dict[str, Any] = {}
    for key, entry in value.items() if isinstance(value, dict) else ():
        # in TOML, interactions.at = "event" without quotes around the key is a nested table
        nested = isinstance(entry, dict)
        flat |= {f"{key}.{k}": v for k, v in entry.items()} if nested else {key: entry}
    return _check_text_table(flat if isinstance(value, dict) else value, "time_kinds", path)


def _read_columns(value: Any, path: Path) -> dict[str, dict[str, str]]:
    if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
        raise DataError(
            f"{path}: [columns] holds a table per table of the data, such as [columns.interactions] "
            'with user = "account_id".'
        )
    try:
        return check_columns(value)
    except OptionError as error:
        raise DataError(f"{path}: {error}") from None


def check_columns(columns: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Columns of files by table: their names in the file, and those that they have here."""
    checked: dict[str, dict[str, str]] = {}
    for table, names in columns.items():
        check_choice("columns: the table", table, TABLES)
        if not isinstance(names, Mapping):
            raise OptionError(
                f"columns={{{table!r}: {shorten(names)}}}: it maps the names of columns in the file "
                "to those of graphkit, as {'user': 'account_id'}."
            )
        for old, new in names.items():
            if not (isinstance(old, str) and isinstance(new, str) and new):
                raise OptionError(
                    f"columns[{table!r}] maps texts to texts, not {shorten((old, new))}."
                )
        doubled = [new for new in names.values() if list(names.values()).count(new) > 1]
        if doubled:
            raise OptionError(f"columns[{table!r}] names two columns {shorten(doubled[0])}.")
        checked[table] = dict(names)
    return checked


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
    if header.refresh_due is not None:
        lines.append(f"refresh_due = {header.refresh_due.isoformat()}")
    if header.real_ids:
        lines.append(f"real_ids = [{', '.join(map(_quote_toml, header.real_ids))}]")
    if header.pseudonyms:
        lines.append(f"pseudonyms = {_quote_toml(header.pseudonyms)}")
    for title, table in (("time_kinds", header.time_kinds), ("files", header.files)):
        lines += ["", f"[{title}]"]
        lines += [
            f"{_quote_toml(key)} = {_quote_toml(value)}" for key, value in sorted(table.items())
        ]
    if header.left_out:
        lines += ["", "[left_out]"]
        lines += [f"{_quote_toml(why)} = {n}" for why, n in sorted(header.left_out.items())]
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
