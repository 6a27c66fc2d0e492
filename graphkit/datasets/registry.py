"""Registry of public data: names, addresses, hashes, terms and expected counts, as TOML."""

from __future__ import annotations

import hashlib
import importlib.resources
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import msgspec
import polars as pl

from graphkit.data.files import read_toml
from graphkit.data.schema import TABLES
from graphkit.errors import DataError, OptionError, name_some, nearest, shorten
from graphkit.readwrite import formats

__all__ = ["REGISTRY_VARIABLE", "DataFile", "Entry", "available", "find_entry", "read_registry"]

#: Environment variable with the path of a person's own registry.
REGISTRY_VARIABLE = "GRAPHKIT_REGISTRY"

#: The name of the data that come with graphkit, which no registry can give to others.
BUNDLED = "platform"

#: Names are names of folders of the cache, on every system.
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_OF_GRAPHS = ("nodes", "edges", "groups")
#: Options of readers that an entry may give.
_GRAPH_OPTIONS = ("directed", "weight", "id", "label", "ends")
_LOG_OPTIONS = ("account", "direction", "tz", "columns", "table", "kind_is", "separator")


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """A file to download.

    Attributes
    ----------
    url
        Its address, http or https.
    sha256
        Of the file as it is served, 64 hex digits; empty if nobody published it.
    origin
        Who says that it is this one.
    bytes
        Its size; `None` if not known.
    unpack
        Kind of archive, empty if it is not to be unpacked.
    """

    url: str
    sha256: str = ""
    origin: str = ""
    bytes: int | None = None
    unpack: Literal["", "zip", "tar"] = ""

    @property
    def name(self) -> str:
        """File name: the last part of the address."""
        return unquote(urlsplit(self.url).path).rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Data of the registry; the head of ``registry.toml`` says what the keys mean."""

    title: str
    licence: str
    cite: str
    read: str
    what: str = ""
    page: str = ""
    path: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    groups: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    files: tuple[DataFile, ...] = ()
    name: str = ""
    registry: str = ""

    @property
    def folder(self) -> str:
        """Its folder in the cache: another address, hash or way to unpack gives another one."""
        facts = [(f.url, f.sha256.lower(), f.unpack) for f in self.files]
        return f"{self.name}-{hashlib.blake2b(repr(facts).encode(), digest_size=4).hexdigest()}"

    @property
    def terms(self) -> str:
        """Licence, and what to cite."""
        return f"{self.licence} Cite: {self.cite}"

    @property
    def checked(self) -> str:
        """Whether downloads are checked: ``"SHA-256"``, ``"not checked"``, or ``"bundled"``."""
        if not self.files:
            return "bundled"
        return "SHA-256" if all(f.sha256 for f in self.files) else "not checked"


def read_registry(registry: str | Path | None = None) -> dict[str, Entry]:
    """Entries by name: those of graphkit, then those of a person's own file.

    Parameters
    ----------
    registry
        A file of the form of ``graphkit/datasets/registry.toml``; by default that of the variable
        ``GRAPHKIT_REGISTRY``, if it is set. Its entries replace those of the same name.

    Raises
    ------
    FileError
        If the file cannot be read or is no TOML.
    DataError
        If an entry lacks a key, or has one that is unknown or of no use; the message names it.
    """
    own = importlib.resources.files("graphkit.datasets") / "registry.toml"
    found = _read(Path(str(own)), "graphkit")
    given = registry if registry is not None else os.environ.get(REGISTRY_VARIABLE)
    if given:
        path = Path(given).expanduser()
        theirs = _read(path, str(path))
        if BUNDLED in theirs:
            raise DataError(
                f"{path}: [{BUNDLED}] is the name of the data that come with graphkit: take another."
            )
        found |= theirs
    return found


def find_entry(name: str, *, registry: str | Path | None = None) -> Entry:
    """The entry of a name, see :func:`read_registry`.

    Raises
    ------
    OptionError
        If there is none.

    Examples
    --------
    >>> find_entry("hetrec").read
    'hetrec-lastfm'
    """
    found = read_registry(registry)
    if name not in found:
        raise OptionError(
            f"there are no public data {shorten(name)}.{nearest(str(name)[:60], found)} Known: "
            f"{', '.join(found)}. Others are added by a file of the form of graphkit's own, given as "
            f"registry= or in the variable {REGISTRY_VARIABLE}."
        )
    return found[name]


def available(*, registry: str | Path | None = None) -> pl.DataFrame:
    """Data that :func:`fetch` gets by name.

    Parameters
    ----------
    registry
        A file with further entries, see :func:`fetch`.

    Returns
    -------
    polars.DataFrame
        One row per name: name, title, licence, checked (``"SHA-256"``; ``"not checked"`` where
        nobody published the hash of the files; ``"bundled"``), bytes (as far as known).

    Raises
    ------
    FileError, DataError
        If that file cannot be read, or an entry of it is not valid.

    Examples
    --------
    >>> available().filter(checked="bundled").get_column("name").to_list()
    ['platform']
    """
    rows = [
        (e.name, e.title, e.licence, e.checked, sum(sizes) if all(sizes) and sizes else None)
        for e in read_registry(registry).values()
        for sizes in [[f.bytes or 0 for f in e.files]]
    ]
    texts = dict.fromkeys(("name", "title", "licence", "checked"), pl.String)
    return pl.DataFrame(rows, schema={**texts, "bytes": pl.Int64}, orient="row")


def _read(path: Path, place: str) -> dict[str, Entry]:
    found = {}
    for name, values in read_toml(path).items():
        where = f"{path}: [{name[:70]}]"
        if not _NAME.fullmatch(name):
            raise DataError(
                f"{where}: a name has small letters, digits, - and _ only, and at most 64 of them."
            )
        if not isinstance(values, Mapping):
            raise DataError(f"{path}: {name} = {shorten(values)} must be a table: [{name}].")
        found[name] = _entry(name, values, where, place)
    return found


def _entry(name: str, values: Mapping[str, Any], where: str, place: str) -> Entry:
    _check_keys(Entry, values, where)
    files = values.get("files", [])
    for n, file in enumerate(files if isinstance(files, list) else []):
        if isinstance(file, Mapping):
            _check_keys(DataFile, file, f"{where}, file {n + 1}")
    try:
        entry = msgspec.convert({**values, "name": name, "registry": place}, Entry)
    except msgspec.ValidationError as error:
        raise DataError(f"{where}: {str(error)[:200].replace('$.', '')}.") from error
    _check_entry(entry, where)
    for n, each in enumerate(entry.files):
        _check_file(each, f"{where}, file {n + 1}")
    names = [f.name for f in entry.files]
    if len(set(names)) < len(names):
        raise DataError(f"{where}: two files have the same name: {name_some(names)}.")
    return entry


def _check_keys(kind: Any, values: Mapping[str, Any], where: str) -> None:
    known = [f.name for f in fields(kind) if f.name not in ("name", "registry")]
    for key in values:
        if key not in known:
            raise DataError(
                f"{where}: {shorten(key)} is unknown.{nearest(key[:60], known)} Known: "
                f"{', '.join(known)}."
            )


def _check_entry(entry: Entry, where: str) -> None:
    if entry.name != BUNDLED:
        reads = ("graph", "any", *formats().get_column("name"))
        if entry.read not in reads:
            raise DataError(
                f"{where}: read = {shorten(entry.read)} is unknown.{nearest(entry.read, reads)} Known: "
                f"{', '.join(reads)}."
            )
        if not entry.files:
            raise DataError(f"{where}: it has no file: add [[{entry.name}.files]] with a url.")
    for key in ("title", "licence", "cite"):
        if not getattr(entry, key).strip():
            raise DataError(f"{where}: {key} is empty; write 'none stated' if there is none.")
    if entry.read != "graph" and entry.groups:
        raise DataError(f"{where}: groups goes with read = 'graph'.")
    known = _GRAPH_OPTIONS if entry.read == "graph" else _LOG_OPTIONS
    for key in entry.options:
        if key not in known:
            raise DataError(
                f"{where}: options.{key[:40]} is unknown.{nearest(key[:60], known)} Known: "
                f"{', '.join(known)}."
            )
    if _leads_out(entry.path):
        raise DataError(f"{where}: path = {shorten(entry.path)} leads out of the data's folder.")
    counted = _OF_GRAPHS if entry.read == "graph" else tuple(TABLES)
    if entry.name == BUNDLED:
        counted = (*counted, "groups")
    for key, count in entry.counts.items():
        if key not in counted:
            raise DataError(
                f"{where}: counts.{key[:40]} is unknown.{nearest(key[:60], counted)} Known: "
                f"{', '.join(counted)}."
            )
        if count < 0:
            raise DataError(f"{where}: counts.{key} = {count}: a count is 0 or more.")


def _leads_out(path: str) -> bool:
    return bool(re.match(r"[/\\]|[A-Za-z]:", path)) or ".." in re.split(r"[/\\]", path)


def _check_file(file: DataFile, where: str) -> None:
    try:
        parts, port = urlsplit(file.url), urlsplit(file.url).port
    except ValueError as error:  # brackets of IPv6, or a port that is none
        raise DataError(f"{where}: url = {shorten(file.url)} is no address: {error}.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise DataError(
            f"{where}: url = {shorten(file.url)}: an address of http or https is needed."
        )
    if parts.username is not None or parts.password is not None:
        raise DataError(f"{where}: the url holds a user name or password: public data need none.")
    if not _FILE.fullmatch(file.name):
        raise DataError(
            f"{where}: url = {shorten(file.url)} does not end in a file name of letters, digits, . - _."
        )
    if file.sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", file.sha256):
        raise DataError(
            f'{where}: sha256 = {shorten(file.sha256)}: 64 hex digits are needed, or "" for not '
            "checked."
        )
    if file.bytes is not None and file.bytes < 1:
        raise DataError(f"{where}: bytes = {file.bytes}: a size is 1 or more.")
