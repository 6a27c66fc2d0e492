"""Folders of a simulation: one per arm, world and replication; files that are whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from graphkit.errors import FileError

__all__ = [
    "Job",
    "arm_folders",
    "job_folder",
    "open_folder",
    "read_record",
    "write_record",
    "write_whole",
]

#: Arm, world, replication.
Job = tuple[str, int, int]

#: Names of files that are still being written begin so.
_PART = ".part-"
#: A longer name of an arm is cut, and told apart by its number.
_LONGEST = 100


def arm_folders(arms: Iterable[str]) -> dict[str, str]:
    """A folder's name for every arm, distinct on any file system.

    Examples
    --------
    >>> arm_folders(["interest", "A/B", "a/b"])
    {'interest': 'arm=interest', 'A/B': 'arm=A%2FB', 'a/b': 'arm=a%2Fb=2'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for place, arm in enumerate(arms):
        name = quote(arm, safe="")
        if len(name) > _LONGEST or name.casefold() in taken:
            # no quoted name holds a "="
            name = f"{name[:_LONGEST]}={place}"
        taken.add(name.casefold())
        names[arm] = f"arm={name}"
    return names


def job_folder(root: Path, folders: dict[str, str], job: Job) -> Path:
    """Where the files of an arm, world and replication stand."""
    arm, world, replication = job
    return root / folders[arm] / f"world={world}" / f"replication={replication}"


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` write a file under another name, and give it its own when it is whole."""
    part = path.with_name(_PART + path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        os.replace(part, path)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def read_record(path: Path) -> dict[str, Any] | None:
    """A folder's record; `None` where there is none.

    Raises
    ------
    FileError
        If there is one that cannot be read.
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
    """The record `name` of a folder; `None` for a folder that is new or empty.

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
                f"{root} is not empty (it holds {held[0]!r}), and is no folder of {purpose}: name "
                "another one."
            )
    return record


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a folder's record."""
    text = json.dumps({"made_by": "graphkit", **record}, indent=1, ensure_ascii=False) + "\n"
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))
