"""Logs larger than memory: files are read piece by piece, and only codes are kept."""

from __future__ import annotations

import glob
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.incidence import Coder, IncidenceMatrix, refuse_mangled
from graphkit.data.provenance import Provenance
from graphkit.data.schema import EARLIEST, LATEST
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, FileError, MissingDataError, OptionError, nearest
from graphkit.readwrite.files import expand, reading

__all__ = ["read_incidence"]

#: Rows that are held as text at a time.
PIECE = 1 << 22

_PARQUET = (".parquet",)
_CSV = (".csv", ".csv.gz")
_NDJSON = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")

Source = str | Path | Iterable[str | Path] | pl.LazyFrame | pl.DataFrame


def read_incidence(
    source: Source,
    *,
    entity: str = "account_id",
    thing: str = "item_id",
    at: str | None = None,
    kinds: Collection[str] | None = None,
    node_kind: str = "accounts",
) -> IncidenceMatrix:
    """Who acted on what, from a log that need not fit into memory.

    The log is read once, in pieces of some million rows; of each row two 32-bit codes stay,
    and its time where `at` is given. Distinct ids are held once. A log of 10⁸ rows with 7 ·
    10⁶ ids takes below 6 GB with times and below 4 GB without. The result does not depend on
    the order of rows or files.

    Parameters
    ----------
    source
        Parquet, CSV or NDJSON files (``.csv`` and NDJSON also with ``.gz``), a folder of
        them, a glob, or a Polars frame, best a lazy one.
    entity, thing
        Columns of ids, text or integers. A row with a missing or empty one is no act; it is
        counted, and its entity still becomes a node.
    at
        Column of the time of the act: a datetime, a date, or ISO 8601 text; naive times are
        UTC. Times that cannot be read or lie outside 1990–2099 are counted and unknown.
    kinds
        Rows whose column ``kind`` is none of these are no acts, and counted; by default all
        rows are acts.
    node_kind
        What the entities are, for the graph that is made of them.

    Returns
    -------
    IncidenceMatrix
        Pairs with their acts and, with `at`, the first and last time. Entities and things
        are in sorted order; ``removed`` counts the rows left out, by reason.

    Raises
    ------
    FileError
        If a file is missing, damaged, or of a kind that is not read.
    DataError
        If ids were read as floats, or no time can be read.
    MissingDataError
        If a column is missing, or no row has both ids.
    OptionError
        If two of the columns are the same, or `kinds` is empty.

    Examples
    --------
    >>> log = pl.LazyFrame({"account_id": ["b", "a", "b", None], "item_id": ["v", "v", "v", "w"]})
    >>> found = read_incidence(log)
    >>> found.n_pairs, found.n_acts, dict(found.removed)
    (2, 3, {'rows without account_id': 1})
    """
    if kinds is not None:
        kinds = sorted({kinds} if isinstance(kinds, str) else set(kinds))
        if not kinds:
            raise OptionError("kinds is empty: name at least one kind of interaction.")
    lazy, where = _scan(source, [c for c in (entity, thing, at, kinds and "kind") if c])
    schema = _schema(lazy, where)
    query = _query(lazy, schema, entity, thing, at, kinds, where)
    tally = dict.fromkeys(_reasons(entity, thing, at), 0)
    entities, things = Coder(), Coder()
    pieces: list[tuple[Any, Any, Any]] = []
    with reading(Path(where), "Check the file, or write it again."):
        for piece in query.collect_batches(chunk_size=PIECE, maintain_order=False):
            pieces.append(_piece(piece, entities, things, tally, at is not None))
    return _matrix(pieces, entities, things, tally, at, (entity, thing), where, node_kind, kinds)


def _scan(source: Source, columns: list[str]) -> tuple[pl.LazyFrame, str]:
    """A lazy frame of the source, and what to call it."""
    if isinstance(source, pl.DataFrame):
        return source.lazy(), "the frame"
    if isinstance(source, pl.LazyFrame):
        return source, "the lazy frame"
    known = _PARQUET + _CSV + _NDJSON
    files = expand(
        source, wanted=lambda p: p.name.lower().endswith(known), what="Parquet, CSV or NDJSON files"
    )
    where = str(files[0]) + (f" and {len(files) - 1} more" if len(files) > 1 else "")
    names = [glob.escape(str(f)) for f in files]

    def all_end(endings: tuple[str, ...]) -> bool:
        return all(f.name.lower().endswith(endings) for f in files)

    if all_end(_PARQUET):
        return pl.scan_parquet(names, hive_partitioning=False), where
    empty = [str(f) for f in files if f.stat().st_size == 0]
    if empty:
        raise FileError(f"{empty[0]} is empty: take it away, or write it again.")
    if all_end(_CSV):
        # as text, so that no id passes through a number
        return pl.scan_csv(names, infer_schema=False), where
    if all_end(_NDJSON):
        return pl.scan_ndjson(names, schema=dict.fromkeys(columns, pl.String)), where
    odd = next((f for f in files if not f.name.lower().endswith(known)), None)
    if odd is not None:
        raise FileError(f"{odd}: files that end in {', '.join(known)} are read.")
    raise FileError(f"{where}: the files are of several kinds; read one kind at a time.")


def _schema(lazy: pl.LazyFrame, where: str) -> pl.Schema:
    with reading(Path(where), "Check the file, or write it again."):
        return lazy.collect_schema()


def _query(
    lazy: pl.LazyFrame,
    schema: pl.Schema,
    entity: str,
    thing: str,
    at: str | None,
    kinds: list[str] | None,
    where: str,
) -> pl.LazyFrame:
    """Columns entity, thing, acts (of the kinds asked for) and, with `at`, at and told."""
    wanted = [c for c in (entity, thing, at) if c is not None]
    if len(set(wanted)) < len(wanted):
        raise OptionError(f"entity, thing and at name one column twice: {', '.join(wanted)}.")
    for name in [*wanted, *(["kind"] if kinds else [])]:
        if name not in schema:
            raise MissingDataError(
                f"read_incidence: {where} has no column {name!r}; there are "
                f"{', '.join(map(repr, schema)) or 'none'}.{nearest(name, schema)}"
            )
    columns = [
        _id(entity, schema[entity], where).alias("entity"),
        _id(thing, schema[thing], where).alias("thing"),
        (pl.col("kind").cast(pl.String).is_in(kinds) if kinds else pl.lit(True)).alias("acts"),
    ]
    if at is not None:
        columns += [_time(at, schema[at], where), pl.col(at).is_not_null().alias("told")]
    return lazy.select(columns)


def _id(name: str, dtype: pl.DataType, where: str) -> pl.Expr:
    if dtype.is_float():
        raise DataError(
            f"{where}: column {name!r} is a float: ids above 2^53 lose digits that way; export or "
            "read the column as text."
        )
    named = isinstance(dtype, pl.String | pl.Categorical | pl.Enum)
    if not (named or dtype.is_integer() or dtype == pl.Null):
        raise DataError(f"{where}: column {name!r} holds {dtype}; ids are text or integers.")
    text = pl.col(name).cast(pl.String)
    return pl.when(text != "").then(text)


def _time(name: str, dtype: pl.DataType, where: str) -> pl.Expr:
    """Microseconds since 1970, null where unknown or not believable."""
    column = pl.col(name)
    if dtype == pl.String:
        text = column.str.strip_chars().str.replace(" ", "T").str.replace(r"(Z|\+00:?00)$", "")
        clock, zone = "%Y-%m-%dT%H:%M:%S%.f", pl.Datetime("us", "UTC")
        aware = text.str.to_datetime(clock + "%z", time_unit="us", strict=False)
        column = pl.coalesce(
            text.str.to_datetime(clock, time_unit="us", strict=False).dt.replace_time_zone("UTC"),
            text.str.to_datetime("%Y-%m-%d", time_unit="us", strict=False).dt.replace_time_zone(
                "UTC"
            ),
            aware.cast(zone),
        )
    elif not (isinstance(dtype, pl.Datetime) or dtype in (pl.Date, pl.Null)):
        raise DataError(
            f"{where}: column {name!r} holds {dtype}, whose unit and origin are unknown; convert it, "
            "for seconds with polars.from_epoch(column, time_unit='s') on a lazy frame."
        )
    zone_of = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    stamp = column.cast(
        pl.Datetime("us", zone_of) if dtype != pl.String else pl.Datetime("us", "UTC")
    )
    low, high = (int(t.timestamp()) * 1_000_000 for t in (EARLIEST, LATEST))
    number = stamp.dt.epoch("us")
    return pl.when((number >= low) & (number < high)).then(number).alias("at")


def _reasons(entity: str, thing: str, at: str | None) -> tuple[str, ...]:
    return (
        f"rows without {entity}",
        f"rows without {thing}",
        "rows of other kinds",
        *(
            (f"times in {at} that cannot be read or lie outside 1990–2099", f"acts without {at}")
            if at is not None
            else ()
        ),
    )


def _piece(
    piece: pl.DataFrame, entities: Coder, things: Coder, tally: dict[str, int], timed: bool
) -> tuple[Any, Any, Any]:
    """Codes and times of the acts of a piece; what is none is counted."""
    reasons = list(tally)
    nameless = piece.get_column("entity").is_null()
    tally[reasons[0]] += int(nameless.sum())
    if nameless.any():
        piece = piece.filter(~nameless)
    rows = entities.add(piece.get_column("entity"))
    asked = piece.get_column("acts").fill_null(False)
    tally[reasons[2]] += int((~asked).sum())
    kept = asked & piece.get_column("thing").is_not_null()
    tally[reasons[1]] += int((asked & ~kept).sum())
    if not kept.all():
        piece, rows = piece.filter(kept), rows[kept.to_numpy()]
    columns = things.add(piece.get_column("thing"))
    if not timed:
        return rows, columns, None
    at = piece.get_column("at")
    unread = int((at.is_null() & piece.get_column("told")).sum())
    tally[reasons[3]] += unread
    tally[reasons[4]] += at.null_count() - unread
    return rows, columns, at.fill_null(-1).to_numpy()


def _joined(parts: list[npt.NDArray[Any]], place: npt.NDArray[np.int32] | None) -> Any:
    """One array of all parts, which are let go on the way."""
    whole = np.empty(sum(p.size for p in parts), dtype=parts[0].dtype if parts else np.int32)
    parts.reverse()
    used = 0
    while parts:
        part = parts.pop()
        whole[used : used + part.size] = part if place is None else place[part]
        used += part.size
    return whole


def _matrix(
    pieces: list[tuple[Any, Any, Any]],
    entities: Coder,
    things: Coder,
    tally: dict[str, int],
    at: str | None,
    names: tuple[str, str],
    where: str,
    node_kind: str,
    kinds: list[str] | None,
) -> IncidenceMatrix:
    rows, columns, times = ([p[k] for p in pieces] for k in range(3))
    pieces.clear()
    removed = {reason: n for reason, n in tally.items() if n}
    if not sum(part.size for part in columns):
        raise MissingDataError(
            f"read_incidence: no row of {where} has {names[0]} and {names[1]}"
            + (f" (left out: {removed})" if removed else "")
            + "; check the names of the columns and kinds=."
        )
    stamps = None if at is None else _joined(times, None)
    if stamps is not None and list(tally.values())[3] and not (stamps >= 0).any():
        raise DataError(
            f"read_incidence: no time in {at!r} of {where} can be read; write ISO 8601, in UTC."
        )
    vocabularies, codes = [], []
    for coder, parts, name in ((entities, rows, names[0]), (things, columns, names[1])):
        ids, place = coder.finish()
        refuse_mangled(ids, f"{where}: column {name!r}")
        vocabularies.append(Vocabulary(ids))
        codes.append(_joined(parts, place))
    return IncidenceMatrix.from_codes(
        vocabularies[0],
        vocabularies[1],
        codes[0],
        codes[1],
        stamps,
        node_kind=node_kind,
        provenance=Provenance.of(
            "read_incidence",
            {"entity": names[0], "thing": names[1], "at": at, "kinds": kinds},
            removed=removed,
            packages=("polars", "numpy"),
        ),
    )
