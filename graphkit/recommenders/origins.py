"""Origin of every number of the presets: from a source, tuned, or an assumption."""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import polars as pl

from graphkit.parallel import refuse_after_fork
from graphkit.recommenders import presets
from graphkit.recommenders.factors import NUMBERS, TABLES
from graphkit.recommenders.feed import Feed
from graphkit.recommenders.files import ranker

__all__ = ["preset_numbers"]

_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("preset", "part", "key"), pl.String),
    "value": pl.Float64,
    **dict.fromkeys(("direction", "size", "source"), pl.String),
    "year": pl.Int64,
    **dict.fromkeys(("read", "note"), pl.String),
}

#: Number of a feed: its table ("" for the numbers that stand alone), and its key.
Key = tuple[str, str]


def preset_numbers() -> pl.DataFrame:
    """Every number of the presets, of :func:`published` and of the rankers, with its origin.

    A number of a feed is a direction (that it is used, and with which sign) and a size, and
    operators tell the first more often than the second.

    Returns
    -------
    polars.DataFrame
        One row per number that is in use: preset; part, key, value (as in :attr:`Feed.frame`);
        direction (``"source"``, ``"assumption"``, or ``"definition"``: what the baseline is); size
        (``"assumption"``, ``"tuned"``: chosen so that published figures are met, or ``"source"``);
        source, year (null without); read (``"source"``; ``"report"``: others tell of it, or
        reprint it; ``"memory: not checked"``); note. Rows of value 0 are weights of which a source says that
        there is none.

    Examples
    --------
    >>> table = preset_numbers()
    >>> weight = table.filter(preset="circle_popularity", key="cross_posted").row(0, named=True)
    >>> weight["value"], weight["direction"], weight["size"], weight["year"]
    (-0.5, 'source', 'assumption', 2021)
    """
    refuse_after_fork()
    table = _read()
    rows = [
        {"preset": name, **row}
        for name, feed, origins in _described()
        for row in _rows_of(name, feed, origins, table["sources"])
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)


def _described() -> Iterator[tuple[str, Feed, dict[Key, Any]]]:
    """Every preset with the origins of its numbers, those of all feeds first."""
    table = _read()
    default = _flat(table["default"])
    for name, entry in table["presets"].items():
        made = getattr(presets, name)()
        several = {name: made} if isinstance(made, Feed) else made
        for own, feed in several.items():
            yield own, feed, default | _flat(entry)
    for name, entry in table["published"].items():
        origins = default | _flat(table["presets"][name]) | _flat(entry)
        yield f"published {name}", presets.published(name), origins
    for name, entry in table["rankers"].items():
        yield name, ranker(name), default | _flat(entry)


def _rows_of(
    name: str, feed: Feed, origins: Mapping[Key, Any], sources: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Rows of the numbers that a feed uses, and of weights that it is said not to use."""
    numbers = _numbers_of(feed)
    always = _flat(_read()["default"])
    plain = _numbers_of(Feed("plain", {}, {}))
    usual = {at: value for at, (_, value) in plain.items() if not at[0]}
    for at, (part, value) in numbers.items():
        absent = ("absent", at[1])
        if at[0] == "weights" and absent in origins:
            at = absent
        elif (at not in always and value == usual.get(at, 0.0)) or (at[0] and not value):
            continue
        if at not in origins:
            raise AssertionError(f"origins.toml: preset {name!r} lacks {at[1]!r} of {part}.")
        yield {"part": part, "key": at[1], "value": value, **_origin(origins[at], sources)}


def _origin(given: str | Mapping[str, str], sources: Mapping[str, Any]) -> dict[str, Any]:
    """Direction, size, source, year, read and note of an entry."""
    entry = {"source": given} if isinstance(given, str) else given
    told = {"size": entry.get("size", "assumption"), "note": entry.get("note")}
    if entry["source"] in ("assumption", "definition"):
        return {"direction": entry["source"], **told}
    cited = sources[entry["source"]]
    origin = {"direction": "source", "source": cited["citation"], "year": cited["year"]}
    return {**origin, "read": cited["read"], **told}


def _numbers_of(feed: Feed) -> dict[Key, tuple[str, float]]:
    """Part and value of every number of a feed."""
    found: dict[Key, tuple[str, float]] = {}
    for table, about in TABLES.items():
        for key in about.known:
            value = float(getattr(feed, table).get(key, 0))
            found[table, key] = about.number.part, value
    for key, number in NUMBERS.items():
        found["", key] = number.part, float(getattr(feed, key))
    return found


def _flat(entry: Mapping[str, Any]) -> dict[Key, Any]:
    """Entries of a section by table and key."""
    found: dict[Key, Any] = {}
    for name, value in entry.items():
        if name in (*TABLES, "absent"):
            found |= {(name, key): origin for key, origin in value.items()}
        else:
            found["", name] = value
    return found


@cache
def _read() -> Mapping[str, Any]:
    file = importlib.resources.files("graphkit.recommenders") / "origins.toml"
    return MappingProxyType(tomllib.loads(file.read_text(encoding="utf-8")))
