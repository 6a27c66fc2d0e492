"""Atomic writing of text, JSON records of folders, and arrays with a header."""

from __future__ import annotations

import contextlib
import json
import os
import textwrap
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import tomli_w

from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, FileError
from graphkit.parallel import refuse_after_fork

#: Prefix of files that are still being written.
_PART = ".part-"
_HEADER = "header"
_FORMAT = 1


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file atomically: `write` fills a hidden one in the same folder, which is renamed.

    Raises
    ------
    FileError
        If the file cannot be written; an earlier one is unchanged.
    """
    refuse_after_fork()
    # the process is in the name, as several may write one file; numpy needs its ending
    part = path.with_name(f"{_PART}{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        os.replace(part, path)
    except FileError:
        raise
    except (OSError, pl.exceptions.PolarsError) as error:
        why = getattr(error, "strerror", None) or error
        raise FileError(f"{path} cannot be written: {why}.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, as UTF-8 and with the same bytes on every system."""
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))


#: What spreadsheets take for a formula, and cells that the guard before such a one begins.
_FORMULA = r"^'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])"
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"


def guard_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """A table for CSV whose texts no spreadsheet takes for formulas.

    An apostrophe is put before cells and column names that begin, after any blanks, with one of
    ``= + - @`` or their full-width forms, or with a tab or line break, unless the text is a number.
    This is the advice of OWASP (CSV Injection): Excel and LibreOffice show what follows as text.
    Texts that begin with apostrophes and then like a formula get one more, so that taking one
    apostrophe from every text that begins with ``'`` and then, or after more of them, like a
    formula gives the table back. Numbers, times and true or false stay as they are; lists of
    texts become words separated by blanks.

    Examples
    --------
    >>> guard_formulas(pl.DataFrame({"tag": ["=1+1", "jazz", "-5", "'@x"]}))["tag"].to_list()
    ["'=1+1", 'jazz', '-5', "''@x"]
    """
    texts = frame.with_columns(
        pl.col(pl.List(pl.String)).list.join(" "), pl.col(pl.Categorical, pl.Enum).cast(pl.String)
    )
    columns = [name for name, kind in texts.schema.items() if kind == pl.String]
    guarded = texts.with_columns(_guard_text(name) for name in columns)
    titles = pl.DataFrame({"name": frame.columns}, schema={"name": pl.String})
    return guarded.rename(
        dict(zip(frame.columns, titles.select(_guard_text("name")).to_series(), strict=True))
    )


def _guard_text(column: str) -> pl.Expr:
    cell = pl.col(column)
    risky = cell.str.contains(_FORMULA) & ~cell.str.contains(_NUMBER)
    return pl.when(risky).then("'" + cell).otherwise(cell).alias(column)


def write_json(path: Path, value: object) -> None:
    """Write a JSON file atomically."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write the JSON record that marks a folder as one of graphkit."""
    write_json(path, {"made_by": "graphkit", **record})


def read_record(path: Path) -> dict[str, Any] | None:
    """Read the JSON record of a folder; `None` if there is none.

    Raises
    ------
    FileError
        If it cannot be read, or graphkit did not write it.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise FileError(f"{path} cannot be read: {error}. Name another folder.") from error
    if not isinstance(record, dict) or record.get("made_by") != "graphkit":
        raise FileError(f"{path} is no record of graphkit: name another folder.")
    return record


def open_folder(root: Path, name: str, purpose: str) -> dict[str, Any] | None:
    """Read the record `name` of a folder; `None` for a folder that is new or empty.

    Raises
    ------
    FileError
        If the folder holds anything else.
    """
    if root.exists() and not root.is_dir():
        raise FileError(f"{root} is a file: name a folder for {purpose}.")
    record = read_record(root / name)
    if record is None and root.exists():
        held = sorted(p.name for p in root.iterdir() if not p.name.startswith(_PART))
        if held:
            raise FileError(
                f"{root} is not empty (it holds {held[0]!r}), and is not a folder of {purpose}: "
                "name another one."
            )
    return record


def save_arrays(
    path: str | Path, kind: str, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]
) -> Path:
    """Write arrays and a JSON-representable header as one ``.npz`` file; returns its path."""
    path = Path(path)
    if path.suffix != ".npz":
        path = path.with_name(path.name + ".npz")
    text = json.dumps({"noun": kind, "format": _FORMAT, **header}, sort_keys=True)
    held = {_HEADER: np.frombuffer(text.encode(), dtype=np.uint8), **arrays}
    write_whole(path, lambda part: np.savez_compressed(part, allow_pickle=False, **held))
    return path


def load_arrays(path: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and arrays of a file that :func:`save_arrays` wrote for this kind of value."""
    path = Path(path)
    try:
        # opened here: of a broken file numpy leaves its own handle open
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(arrays.pop(_HEADER).tobytes().decode())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FileError(
            f"{path} cannot be read as a saved {kind}: {error}. Save one with .save(path)."
        ) from error
    if header.get("noun") != kind:
        raise FileError(f"{path} holds a {header.get('noun')}, not a {kind}.")
    if header.get("format") != _FORMAT:
        raise FileError(
            f"{path} has format {header.get('format')}; this graphkit reads {_FORMAT}. "
            "Make it again with this version."
        )
    return header, arrays


def pack_ids(vocabulary: Vocabulary) -> dict[str, npt.NDArray[Any]]:
    """Ids as arrays without pickling: integers as they are, strings as bytes and lengths."""
    if vocabulary.kind == "int":
        return {"ids": np.asarray(vocabulary.ids)}
    if vocabulary.kind == "object":
        raise DataError(
            "only graphs whose ids are strings or integers can be saved; these are "
            f"{type(vocabulary.ids[0]).__name__} objects."
        )
    ids = vocabulary.series
    return {
        "id_bytes": np.frombuffer("".join(ids.to_list()).encode(), dtype=np.uint8),
        "id_lengths": ids.str.len_bytes().to_numpy().astype(np.int32),
    }


def unpack_ids(arrays: Mapping[str, npt.NDArray[Any]]) -> Vocabulary:
    """The inverse of :func:`pack_ids`."""
    if "ids" in arrays:
        return Vocabulary(arrays["ids"])
    blob = arrays["id_bytes"].tobytes()
    ends = np.cumsum(arrays["id_lengths"], dtype=np.int64)
    starts = ends - arrays["id_lengths"]
    ids = [blob[a:b].decode() for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    return Vocabulary(pl.Series(ids, dtype=pl.String))


def to_toml(values: Mapping[str, Any]) -> str:
    """TOML text of nested tables; keys that are `None` are listed in a comment at its head.

    Examples
    --------
    >>> print(to_toml({"sources": {"fresh": 30}, "name": "new", "seed": None}))
    # not set: seed
    <BLANKLINE>
    name = "new"
    <BLANKLINE>
    [sources]
    fresh = 30
    <BLANKLINE>
    """
    unset: dict[str, None] = {}
    text = tomli_w.dumps(_drop_unset(values, "", unset))
    if not unset:
        return text
    wrapper = textwrap.TextWrapper(100, "# not set: ", "#   ", break_on_hyphens=False)
    comment = wrapper.fill(", ".join(unset))
    return f"{comment}\n\n{text}"


def _drop_unset(value: Any, name: str, unset: dict[str, None]) -> Any:
    """The value without keys that are `None`, whose dotted names are added to `unset`."""
    if isinstance(value, list):
        return [_drop_unset(entry, name, unset) for entry in value]
    if not isinstance(value, Mapping):
        return value
    names = {key: f"{name}.{key}" if name else key for key in value}
    unset |= {names[key]: None for key, entry in value.items() if entry is None}
    return {k: _drop_unset(v, names[k], unset) for k, v in value.items() if v is not None}
