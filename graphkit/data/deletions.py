"""Tables of a dataset without accounts and items that were deleted, and lists of ids in files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from graphkit.data.schema import TABLES
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, FileError, MissingDataError, OptionError

Tables = Mapping[str, pl.DataFrame]

#: Columns whose account or item a row is about in passing: emptied, and the row stays if it says
#: anything without them.
_POINTERS = ("target_account_id", "target_item_id", "parent_account_id")
#: Columns of an interaction that say what it was with.
_OBJECTS = ("item_id", "target_item_id", "target_account_id", "tag")


def id_series(ids: Any, caller: str) -> pl.Series:
    """Distinct ids as text, of any collection of them."""
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise OptionError(f"{caller}: a collection of ids is needed, not one {type(ids).__name__}.")
    return Vocabulary(ids).series.cast(pl.String)


def read_ids(path: str | Path, column: str) -> pl.Series:
    """Distinct ids of a file: one a line, or a CSV or Parquet file with this column.

    Raises
    ------
    FileError
        If it cannot be read, or holds no id.
    MissingDataError
        If a Parquet file has no such column.
    """
    path = Path(path)
    try:
        if path.suffix == ".parquet":
            known = pl.read_parquet_schema(path)
            if column not in known:
                raise MissingDataError(
                    f"{path} has no column {column!r}; there are {', '.join(known)}."
                )
            ids = pl.read_parquet(path, columns=[column]).to_series().cast(pl.String)
        else:
            frame = pl.read_csv(
                path,
                has_header=False,
                infer_schema=False,
                separator=",",
                truncate_ragged_lines=True,
            )
            head = [str(name).strip() for name in frame.row(0)]
            at = head.index(column) if column in head else 0
            ids = frame.to_series(at).slice(int(column in head))
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}") from None
    except pl.exceptions.PolarsError as error:
        raise FileError(f"{path} holds no list of ids: {type(error).__name__}.") from None
    ids = ids.str.strip_chars()
    ids = ids.filter(ids.is_not_null() & (ids != ""))
    if not len(ids):
        raise FileError(f"{path} holds no id: an empty list would leave nothing.")
    return Vocabulary(ids).series.cast(pl.String)


def without_deleted(
    tables: Tables, accounts: pl.Series, items: pl.Series
) -> tuple[dict[str, pl.DataFrame], dict[str, int]]:
    """Tables without these accounts and items, and what was removed, by table and reason.

    Rows of a deleted account, of its items, or with a deleted item go. Where one is only what a row
    points to, that cell is emptied; an interaction with no object left goes too.

    Raises
    ------
    DataError
        If nothing is left.
    """
    gone = {"accounts": accounts.implode(), "items": items.implode()}
    left: dict[str, pl.DataFrame] = {}
    removed: Counter[str] = Counter()
    for name, frame in tables.items():
        columns = [c for c in TABLES[name].columns if c.type == "id" and c.name in frame.columns]
        own = {"accounts": "account_id", "items": "item_id"}.get(name)
        hits = {}
        for c in columns:
            target = c.refers or (name if c.name == own else None)
            if target in gone:
                hits[c.name] = pl.col(c.name).is_in(gone[target]).fill_null(False)
        rows = [hit for column, hit in hits.items() if column not in _POINTERS]
        kept = frame.filter(~pl.any_horizontal(rows)) if rows else frame
        removed[f"{name}: rows"] += frame.height - kept.height
        for column in (c for c in hits if c in _POINTERS):
            hit = kept.select(hits[column]).to_series()
            removed[f"{name}: {column} emptied"] += int(hit.sum())
            kept = kept.with_columns(pl.when(~hit).then(pl.col(column)).alias(column))
            objects = [pl.col(c).is_not_null() for c in _OBJECTS if c in kept.columns]
            if name == "interactions" and objects:
                something = kept.select(pl.any_horizontal(objects)).to_series() | ~hit
                removed["interactions: rows without an object left"] += int((~something).sum())
                kept = kept.filter(something)
        left[name] = kept
    if not any(frame.height for frame in left.values()):
        raise DataError("nothing is left of the data without what was deleted.")
    return left, {reason: n for reason, n in removed.items() if n}


def items_of(items: pl.DataFrame | None, accounts: pl.Series) -> pl.Series:
    """Ids of the items that these accounts made."""
    if items is None or "author_id" not in items.columns:
        return pl.Series("item_id", [], pl.String)
    made = pl.col("author_id").is_in(accounts.implode()).fill_null(False)
    return items.filter(made).get_column("item_id")
