"""Pseudonyms: ids replaced by keyed hashes (BLAKE2b), so that only the key's holder can link them.

The same id gives the same pseudonym under one key, whatever file it came from, and another one
under another key. Accounts, items, sounds and groups have separate pseudonyms, so that an item and
an account with one id cannot be linked.

A pseudonym is no anonymity: who follows whom, and when an account was active, may still identify a
person. Keep the key apart from the data, and delete it once nothing has to be linked any more.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.ids import creation_time
from graphkit.data.provenance import Provenance
from graphkit.data.schema import TABLES
from graphkit.errors import (
    DataError,
    FileError,
    MissingDataError,
    OptionError,
    name_some,
    nearest,
    shorten,
    warn,
)
from graphkit.parallel import refuse_after_fork

__all__ = ["KEY_VARIABLE", "PseudonymKey", "drop_texts", "load_key", "make_key", "pseudonymise"]

#: Environment variable that may hold the key.
KEY_VARIABLE = "GRAPHKIT_KEY"

#: Bytes of a key; bytes of a pseudonym: of 10⁸ ids, two share one with probability 4 · 10⁻⁹.
_KEY_BYTES, _BYTES = 32, 10

#: Type of the ids of each column, which has pseudonyms of its own.
_ID_TYPES = {"sound_id": "sound", "group_id": "group"}

#: Columns of the schema that are left out: texts by which a person can be found.
_LEFT_OUT = ("items.caption",)

#: Names of columns whose numbers lead to persons, and the largest number that may be a count.
_ID_NAME = re.compile(r"(?:^|[_.\s-])(?i:id|uid|pk|phone|tel|ip)s?$|[a-z](?:Id|ID)s?$")
_LARGEST_COUNT = 1 << 53

_HOW_TO_MAKE = "make one with graphkit.privacy.make_key(path)"


@dataclass(frozen=True)
class PseudonymKey:
    """Secret key of pseudonyms.

    Attributes
    ----------
    secret
        32 bytes; never shown and never written to a result.
    fingerprint
        Eight hexadecimal digits that tell keys apart, and do not reveal them.

    Examples
    --------
    >>> key = PseudonymKey(bytes(32))
    >>> key
    PseudonymKey(fingerprint='fab57bdd')
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.secret, bytes) or len(self.secret) != _KEY_BYTES:
            raise OptionError(f"a key of pseudonyms has {_KEY_BYTES} bytes: {_HOW_TO_MAKE}.")

    @property
    def fingerprint(self) -> str:
        """Keyed hash of a fixed text: the same for the same key."""
        return self._hash(b"fingerprint of the key", "key", 4)

    def pseudonym(self, id: str, type: str) -> str:
        """Pseudonym of one id: BLAKE2b with the key, personalised by the type of id; 20 digits.

        Examples
        --------
        >>> key = PseudonymKey(bytes(32))
        >>> len(key.pseudonym("ann", "account")), key.pseudonym("ann", "account") == key.pseudonym("ann", "item")
        (20, False)
        """
        return self._hash(id.encode(), type, _BYTES)

    def _hash(self, data: bytes, type: str, size: int) -> str:
        hashed = hashlib.blake2b(data, digest_size=size, key=self.secret, person=type.encode())
        return hashed.hexdigest()

    def __repr__(self) -> str:
        return f"PseudonymKey(fingerprint={self.fingerprint!r})"


def make_key(path: str | Path) -> PseudonymKey:
    """Make a random key and write it to a new file that only its owner may read (mode 0600).

    Parameters
    ----------
    path
        The file, which must not exist.

    Returns
    -------
    PseudonymKey
        The key, of 32 random bytes of the operating system.

    Raises
    ------
    FileError
        If the file exists, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     key = make_key(folder + "/graphkit.key")
    ...     load_key(folder + "/graphkit.key") == key
    True
    """
    path = Path(path)
    secret = secrets.token_bytes(_KEY_BYTES)
    try:
        # the mode is set as the file is made, so that nobody can open it in between
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secret.hex() + "\n")
    except FileExistsError:
        raise FileError(f"{path} exists: a key is never overwritten.") from None
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}.") from error
    return PseudonymKey(secret)


def load_key(path: str | Path | None = None) -> PseudonymKey:
    """Key of a file, or of the environment variable ``GRAPHKIT_KEY``.

    Parameters
    ----------
    path
        File of :func:`make_key`; without it, the environment variable, which holds the same 64
        hexadecimal digits.

    Raises
    ------
    FileError
        If the file is missing or holds no key.
    OptionError
        If no path is given, and the variable is unset or holds no key.
    """
    if path is None:
        text = os.environ.get(KEY_VARIABLE)
        if text is None:
            raise OptionError(
                f"no key of pseudonyms: name its file, or set {KEY_VARIABLE}; {_HOW_TO_MAKE}."
            )
        secret = _parse_key(text)
        if secret is None:
            raise OptionError(
                f"{KEY_VARIABLE} holds no key of {2 * _KEY_BYTES} hexadecimal digits: {_HOW_TO_MAKE}."
            )
        return PseudonymKey(secret)
    path = Path(path)
    try:
        text = path.read_text("utf-8", errors="replace")
        mode = path.stat().st_mode
    except OSError as error:
        raise FileError(
            f"the key {path} cannot be read: {error.strerror or error}; {_HOW_TO_MAKE}."
        ) from error
    secret = _parse_key(text)
    if secret is None:
        raise FileError(
            f"{path} holds no key of {2 * _KEY_BYTES} hexadecimal digits: {_HOW_TO_MAKE}."
        )
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        warn(f"the key {path} can be read by others: chmod 600 it.")
    return PseudonymKey(secret)


def _parse_key(text: str) -> bytes | None:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        return None
    return secret if len(secret) == _KEY_BYTES else None


def pseudonymise(dataset: Dataset, key: PseudonymKey, *, keep: Collection[str] = ()) -> Dataset:
    """Dataset with keyed hashes in place of ids, and without texts by which persons are found.

    Ids of accounts, items, sounds and groups become 20 hexadecimal digits, by
    :meth:`PseudonymKey.pseudonym`. The second of creation that ids of TikTok hold is read before they are
    replaced: it fills ``items.created_at`` where that is missing. Left out are captions, and
    columns beyond the schema that hold no numbers, times or truth values, or numbers that are ids, by
    the column's name (``uid``, ``device_id``) or because no count is above 2⁵³; tags stay, for
    communities are named by them.

    Nodes are in the order of their ids, so that results that depend on it, such as the run of
    Leiden that wins a tie, may differ between keys. Their quality does not.

    Parameters
    ----------
    dataset
        Dataset with ids as they came.
    key
        Key of the pseudonyms.
    keep
        Columns that stay as they are, as ``table.column``: ``"items.caption"``,
        ``"memberships.group_id"``. Ids stay in all columns of their type, or in none.

    Returns
    -------
    Dataset
        Its provenance holds the key's fingerprint, and the number of columns that were left out.

    Raises
    ------
    OptionError
        If `keep` names a column that is not there, or one of several columns with ids of one type, or
        `key` is no key.
    DataError
        If two ids get one pseudonym, or the dataset holds pseudonyms already.

    References
    ----------
    Aumasson, J.-P. et al. (2015). The BLAKE2 cryptographic hash and message authentication code.
    RFC 7693. https://doi.org/10.17487/RFC7693

    Examples
    --------
    >>> ds = Dataset(follows={"follower_id": ["ann"], "followee_id": ["bob"]})
    >>> made = pseudonymise(ds, PseudonymKey(bytes(32)))
    >>> made.follows.get_column("follower_id").to_list() == [PseudonymKey(bytes(32)).pseudonym("ann", "account")]
    True
    """
    refuse_after_fork()
    require_dataset(dataset, caller="pseudonymise")
    if not isinstance(key, PseudonymKey):
        raise OptionError(f"key=: a PseudonymKey is needed: load_key(path), or {_HOW_TO_MAKE}.")
    if fingerprint := dataset.provenance.find("pseudonyms"):
        raise DataError(f"the dataset holds pseudonyms already, of the key {fingerprint}.")
    _check_keep(dataset, keep)
    _check_kept_ids(dataset, keep)
    tables = _fill_times(dataset)
    removed = _texts(tables, keep)
    known: dict[str, tuple[pl.Series, pl.Series]] = {}
    for type, ids in _ids_by_type(tables, keep).items():
        hashed = pl.Series([key.pseudonym(one, type) for one in ids.to_list()], dtype=pl.String)
        if hashed.n_unique() < len(ids):
            raise DataError(f"two {type} ids have one pseudonym: use another key.")
        known[type] = ids, hashed
    result: dict[str, Any] = {}
    for name, frame in tables.items():
        frame = frame.drop(c for t, c in removed if t == name)
        replaced = [
            frame.get_column(c.name).replace_strict(
                *known[_type_of(c.name)], return_dtype=pl.String
            )
            for c in TABLES[name].columns
            if c.type == "id" and c.name in frame.columns and f"{name}.{c.name}" not in keep
        ]
        result[name] = frame.with_columns(replaced)
    parameters: dict[str, Any] = {"pseudonyms": key.fingerprint, "keep": sorted(keep)}
    if filled := _count_filled(dataset.items, tables.get("items")):
        parameters["times of creation read from ids"] = filled
    record = Provenance.of("pseudonymise", parameters, made_from=(dataset,), removed=_told(removed))
    created = {"items.created_at": "item_created"} if filled else {}
    return Dataset(
        **result,
        time_kinds=created | dict(dataset.time_kinds),
        source=dataset.source,
        terms=dataset.terms,
        refresh_due=dataset.refresh_due,
        provenance=record,
    )


def drop_texts(dataset: Dataset, *, keep: Collection[str] = ()) -> Dataset:
    """Dataset without texts by which persons are found: captions, and texts beyond the schema.

    Parameters
    ----------
    dataset
        Dataset.
    keep
        Columns that stay, as ``table.column``.

    Returns
    -------
    Dataset
        Its provenance counts what was left out.

    Raises
    ------
    OptionError
        If `keep` names a column that is not there.

    Examples
    --------
    >>> ds = Dataset(items={"item_id": ["1"], "caption": ["hello"]})
    >>> drop_texts(ds).items.columns
    ['item_id']
    """
    refuse_after_fork()
    require_dataset(dataset, caller="drop_texts")
    _check_keep(dataset, keep)
    removed = _texts(dataset.tables, keep, numbers=False)
    tables: dict[str, Any] = {
        name: frame.drop(c for t, c in removed if t == name)
        for name, frame in dataset.tables.items()
    }
    record = Provenance.of(
        "drop_texts", {"keep": sorted(keep)}, made_from=(dataset,), removed=_told(removed)
    )
    return Dataset(
        **tables,
        time_kinds=dataset.time_kinds,
        source=dataset.source,
        terms=dataset.terms,
        refresh_due=dataset.refresh_due,
        real_ids=dataset.real_ids,
        provenance=record,
    )


def _type_of(column: str) -> str:
    return _ID_TYPES.get(column, "item" if "item" in column else "account")


def _ids_by_type(tables: dict[str, pl.DataFrame], keep: Collection[str]) -> dict[str, pl.Series]:
    """Distinct ids of each type, sorted."""
    found: dict[str, list[pl.Series]] = {}
    for name, frame in tables.items():
        for c in TABLES[name].columns:
            if c.type == "id" and c.name in frame.columns and f"{name}.{c.name}" not in keep:
                ids = frame.get_column(c.name).drop_nulls().unique().alias("id")
                found.setdefault(_type_of(c.name), []).append(ids)
    return {type: pl.concat(parts).unique().sort() for type, parts in found.items()}


def _check_keep(dataset: Dataset, keep: Collection[str]) -> None:
    columns = {f"{name}.{c}" for name, frame in dataset.tables.items() for c in frame.columns}
    for name in keep:
        if name not in columns:
            raise OptionError(
                f"keep: there is no column {shorten(name)}; write table.column.{nearest(name, columns)}"
            )


def _check_kept_ids(dataset: Dataset, keep: Collection[str]) -> None:
    """Refuse ids that are kept in one column and replaced in another: nothing would match."""
    columns = [
        (_type_of(c.name), f"{name}.{c.name}")
        for name, frame in dataset.tables.items()
        for c in TABLES[name].columns
        if c.type == "id" and c.name in frame.columns
    ]
    for type, column in columns:
        others = [other for t, other in columns if t == type and other not in keep]
        if column in keep and others:
            raise OptionError(
                f"keep: {column} holds ids of {type}s, which are also in {name_some(others, 4)}: keep "
                "all of these columns, or none."
            )


def _texts(
    tables: Mapping[str, pl.DataFrame], keep: Collection[str], *, numbers: bool = True
) -> dict[tuple[str, str], int]:
    """Columns that are left out, with their numbers of values; `numbers` that are ids, too."""
    found = {}
    for name, frame in tables.items():
        for column, dtype in frame.schema.items():
            known = TABLES[name].column(column) is not None
            plain = dtype.is_numeric() or dtype.is_temporal() or dtype == pl.Boolean
            harmless = plain and not (numbers and _holds_ids(frame.get_column(column)))
            left_out = f"{name}.{column}" in _LEFT_OUT if known else not harmless
            if left_out and f"{name}.{column}" not in keep:
                found[name, column] = frame.get_column(column).count()
    return found


def _holds_ids(column: pl.Series) -> bool:
    """Whether numbers are ids, by the name of the column, or because no count is so large."""
    if not column.dtype.is_numeric():
        return False
    largest: Any = column.max()
    return bool(_ID_NAME.search(column.name)) or (largest is not None and largest > _LARGEST_COUNT)


def _told(removed: Mapping[tuple[str, str], int]) -> dict[str, int]:
    return {f"{table}: column {column}": n for (table, column), n in removed.items()}


def _fill_times(dataset: Dataset) -> dict[str, pl.DataFrame]:
    """Tables in which the times of creation are filled from ids that hold them."""
    tables = dataset.tables
    try:
        ids = dataset.item_ids.series
    except MissingDataError:
        return tables
    items = tables.get("items", ids.alias("item_id").to_frame())
    told = items.select(creation_time(pl.col("item_id"))).to_series()
    if told.null_count() == len(told):
        return tables
    at = items.get_column("created_at") if "created_at" in items.columns else told
    filled = at.zip_with(at.is_not_null(), told).alias("created_at")
    return tables | {"items": items.with_columns(filled)}


def _count_filled(before: pl.DataFrame | None, after: pl.DataFrame | None) -> int:
    """Number of times of creation that were read from ids."""
    if after is None or "created_at" not in after.columns:
        return 0
    had = 0
    if before is not None and "created_at" in before.columns:
        had = before.get_column("created_at").count()
    return after.get_column("created_at").count() - had
