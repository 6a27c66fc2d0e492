"""Feeds as TOML files, and the published rankers that come with graphkit."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Any

from graphkit.data.files import read_toml, to_toml, write_text
from graphkit.errors import FileError, OptionError, check_choice, check_flag, nearest, shorten
from graphkit.recommenders.factors import NUMBERS, TABLES
from graphkit.recommenders.feed import Feed

__all__ = ["ranker", "rankers", "read_feed", "write_feed"]

_KEYS = ("name", "source", "filler", *NUMBERS, *TABLES)


def read_feed(path: str | Path) -> Feed:
    """Read a feed from a TOML file.

    Keys are the attributes of a :class:`Feed`, except ``score``; the tables ``[sources]`` and
    ``[weights]`` are required. The default name is that of the file.

    Parameters
    ----------
    path
        TOML file.

    Returns
    -------
    Feed

    Raises
    ------
    FileError
        If the file cannot be read or is not TOML.
    OptionError
        For an unknown key, or a number out of range; the message names the file, the key
        and the nearest known one.

    Examples
    --------
    >>> import tempfile
    >>> from graphkit.recommenders import watch_time
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_feed(write_feed(watch_time(), f"{folder}/mine.toml")) == watch_time()
    True
    """
    path = Path(path)
    return _feed_of(read_toml(path), path)


def _feed_of(values: dict[str, Any], path: Path) -> Feed:
    for key in values:
        if key == "score":
            raise OptionError(
                f"{path}: score: a function has no place in a file: read the feed, then "
                "feed.but(name, score=function)."
            )
        if key not in _KEYS:
            raise OptionError(
                f"{path}: {shorten(key)} is unknown.{nearest(key, _KEYS)} Known: {', '.join(_KEYS)}."
            )
    for key in ("sources", "weights"):
        if key not in values:
            raise OptionError(f"{path}: the table [{key}] is missing; it may be empty.")
    try:
        return Feed(**({"name": path.stem} | values))
    except OptionError as error:
        raise OptionError(f"{path}: {error}") from None


def write_feed(feed: Feed, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a feed to a TOML file that :func:`read_feed` reads.

    Parameters
    ----------
    feed
        A feed without a score function.
    path
        File to write.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OptionError
        If the feed has a score function.
    FileError
        If the file exists already, or cannot be written.
    """
    if feed.score is not None:
        raise OptionError(
            f"feed {feed.name!r} has a score function, which cannot be written: keep its code, "
            "and write the feed with weights."
        )
    path = Path(path)
    check_flag("overwrite", overwrite)
    if path.exists() and not overwrite:
        raise FileError(f"{path} is there already: overwrite=True replaces it.")
    write_text(path, to_toml({key: getattr(feed, key) for key in _KEYS}))
    return path


def rankers() -> tuple[str, ...]:
    """Names of the published rankers that come with graphkit.

    Examples
    --------
    >>> rankers()
    ('x_2023',)
    """
    return tuple(sorted(file.stem for file in _ranker_folder().glob("*.toml")))


def ranker(name: str) -> Feed:
    """A published ranker: a feed with the numbers and their source from a TOML file.

    Parameters
    ----------
    name
        One of :func:`rankers`.

    Returns
    -------
    Feed

    Raises
    ------
    OptionError
        For an unknown name; the message names the nearest.

    Examples
    --------
    >>> ranker("x_2023").weights["expected_comment"]
    13.5
    """
    check_choice("ranker", name, rankers())
    return read_feed(_ranker_folder() / f"{name}.toml")


def _ranker_folder() -> Path:
    return Path(str(importlib.resources.files("graphkit.recommenders"))) / "rankers"
