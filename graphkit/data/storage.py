"""Saving and loading of nouns: one zip of arrays with a JSON header, the same bytes each time."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, FileError

__all__ = ["load_arrays", "pack_ids", "save_arrays", "unpack_ids"]

_HEADER = "header"
_FORMAT = 1


def save_arrays(
    path: str | Path, noun: str, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]
) -> Path:
    """Write arrays and a JSON-representable header as one ``.npz`` file; returns its path."""
    path = Path(path)
    if path.suffix != ".npz":
        path = path.with_name(path.name + ".npz")
    text = json.dumps({"noun": noun, "format": _FORMAT, **header}, sort_keys=True)
    blob = np.frombuffer(text.encode(), dtype=np.uint8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, allow_pickle=False, **{_HEADER: blob, **arrays})
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}.") from error
    return path


def load_arrays(path: str | Path, noun: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and arrays of a file that :func:`save_arrays` wrote for this noun."""
    path = Path(path)
    try:
        # opened here: of a broken file numpy leaves its own handle open
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(arrays.pop(_HEADER).tobytes().decode())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FileError(
            f"{path} cannot be read as a saved {noun}: {error}. Save one with .save(path)."
        ) from error
    if header.get("noun") != noun:
        raise FileError(f"{path} holds a {header.get('noun')}, not a {noun}.")
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
