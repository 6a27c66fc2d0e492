"""Folders of a simulation: one per arm, world and replication."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

__all__ = ["Job", "arm_folders", "job_folder"]

#: Arm, world, replication.
Job = tuple[str, int, int]

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
