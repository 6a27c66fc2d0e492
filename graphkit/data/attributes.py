"""Attributes of nodes: a frame with one row per node, in the order of the vocabulary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError, name_some, nearest, shorten

#: Types of the values of a column; a list holds values of one of them.
_SIMPLE = (pl.String, pl.Boolean, pl.Date, pl.Datetime)


def to_column(name: str, values: Iterable[Any]) -> tuple[pl.Series | None, bool]:
    """Column of plain values, null where they are missing, and whether they were made text.

    Numbers stay numbers and truth values stay such. Integers beyond 64 bits, and values of several
    kinds, become text, so that no digit is lost. `None` for values that no column holds, such as
    mappings.

    Examples
    --------
    >>> to_column("age", [3, None, float("nan"), 4.5])[0].to_list()
    [3.0, None, None, 4.5]
    >>> to_column("who", [7, "ann"])[0].to_list()
    ['7', 'ann']
    """
    listed = [v.item() if isinstance(v, np.generic) else v for v in values]
    kinds = set(map(type, listed))
    if strange := {k for k in kinds if k.__name__ in ("NAType", "NaTType")}:  # of pandas
        listed = [None if type(v) in strange else v for v in listed]
    kinds -= {type(None), *strange}
    if kinds <= {int} and kinds:
        try:
            return pl.Series(name, listed, dtype=pl.Int64), False
        except (OverflowError, TypeError):
            return _as_text(name, listed), True
    if kinds <= {int, float} and kinds:
        if any(type(v) is int and abs(v) > 1 << 53 for v in listed):
            return _as_text(name, listed), True
        floats = [None if v is None else float(v) for v in listed]
        return pl.Series(name, floats, dtype=pl.Float64).fill_nan(None), False
    for kind, dtype in ((bool, pl.Boolean), (dt.date, pl.Date), (str, pl.String)):
        if kinds == {kind} or (kind is str and not kinds):
            return _text_safe(name, listed) if kind is str else pl.Series(
                name, listed, dtype=dtype
            ), False
    if kinds == {dt.datetime} and len({v.tzinfo for v in listed if v is not None}) == 1:
        return pl.Series(name, listed), False
    if kinds <= {list, tuple, set, frozenset}:
        return _to_lists(name, listed), False
    if all(issubclass(kind, str | int | float | dt.date) for kind in kinds):
        return _as_text(name, listed), kinds != {str}
    return None, False


def _text_safe(name: str, values: list[Any]) -> pl.Series:
    try:
        return pl.Series(name, values, dtype=pl.String)
    except UnicodeEncodeError:
        raise DataError(
            f"the node attribute {shorten(name)} holds half a surrogate pair, which no UTF-8 text "
            "can: correct it."
        ) from None


def _as_text(name: str, values: list[Any]) -> pl.Series:
    texts = [None if v is None or v != v else str(v) for v in values]
    return _text_safe(name, texts)


def _to_lists(name: str, values: list[Any]) -> pl.Series | None:
    lists = [
        None if v is None else sorted(v, key=str) if isinstance(v, set | frozenset) else list(v)
        for v in values
    ]
    flat, _ = to_column("", [entry for row in lists if row for entry in row])
    if flat is None or isinstance(flat.dtype, pl.List):
        return None
    if flat.dtype == pl.String:
        lists = [row and [None if v is None else str(v) for v in row] for row in lists]
    return pl.Series(name, lists, dtype=pl.List(flat.dtype), strict=False)


def unique_name(name: str, taken: Collection[str]) -> str:
    """The name, or the name with a number where it is taken.

    Examples
    --------
    >>> unique_name("id", {"id", "id_2"})
    'id_3'
    """
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def attributes_of(
    ids: list[Any], columns: Mapping[str, Iterable[Any]], vocabulary: Vocabulary
) -> tuple[pl.DataFrame | None, dict[str, list[str]]]:
    """Attributes of other libraries' nodes, given in the order of `ids`.

    A column called ``id`` becomes ``id_2``. Also the names of columns that were left out, for no
    frame holds their values, and of those that became text, by what was done.
    """
    found: dict[str, pl.Series] = {}
    changed: dict[str, list[str]] = {"left out": [], "made text": []}
    for given, values in columns.items():
        name = unique_name(str(given), {"id", *found})
        series, texts = to_column(name, values)
        if series is None:
            changed["left out"].append(str(given))
            continue
        found[name] = series
        if texts:
            changed["made text"].append(str(given))
    if not found:
        return None, changed
    rows = np.empty(len(vocabulary), dtype=np.int64)
    rows[vocabulary.encode(ids)] = np.arange(len(ids))
    frame = pl.DataFrame([vocabulary.series, *(s.gather(rows) for s in found.values())])
    return frame, changed


def align_attributes(given: Any, vocabulary: Vocabulary) -> pl.DataFrame:
    """The rows of a table with a column ``id``, in the order of the vocabulary.

    Nodes without a row have null values.

    Raises
    ------
    MissingDataError
        If the table has no column ``id``.
    DataError
        If an id is no node, or has two rows, or a column holds values of a kind that cannot be
        kept.
    """
    names, columns = _read_table(given)
    if "id" not in names:
        raise MissingDataError(
            "attributes: a column 'id' with the ids of the nodes is needed; there are "
            f"{name_some(names) or 'none'}.{nearest('id', names)}"
        )
    ids = columns.pop("id")
    codes = vocabulary.lookup(ids)
    listed = ids if isinstance(ids, pl.Series | list) else list(ids)
    unknown = np.flatnonzero(codes < 0)
    if unknown.size:
        first = listed[int(unknown[0])]
        raise DataError(
            f"attributes, row {unknown[0] + 1}: id {shorten(first)} is no node of the graph "
            f"({unknown.size:,} such rows): pass the ids as nodes= as well, or take the rows out."
        )
    counts = np.bincount(codes, minlength=len(vocabulary))
    if (counts > 1).any():
        twice = int(np.flatnonzero(counts[codes] > 1)[-1])
        raise DataError(
            f"attributes, row {twice + 1}: id {shorten(listed[twice])} has several rows: give one "
            "row per node."
        )
    rows = np.full(len(vocabulary), -1)
    rows[codes] = np.arange(codes.size)
    order = pl.Series(rows).replace(-1, None)
    found = [vocabulary.series]
    for name, values in columns.items():
        series = values if isinstance(values, pl.Series) else to_column(name, values)[0]
        series = None if series is None else _plain(series)
        if series is None:
            raise DataError(
                f"attributes: the column {shorten(name)} holds values of a kind that is not kept: "
                "give text, numbers, truth values, dates or lists of them."
            )
        found.append(series.gather(order).alias(name))
    return pl.DataFrame(found)


def _read_table(given: Any) -> tuple[list[str], dict[str, Any]]:
    """Names of the columns of a Polars or pandas frame or a mapping, and the columns."""
    if isinstance(given, pl.LazyFrame):
        given = given.collect()
    if isinstance(given, pl.DataFrame):
        return given.columns, {column.name: column for column in given}
    if isinstance(given, Mapping):
        return [str(n) for n in given], {str(n): list(v) for n, v in given.items()}
    if hasattr(given, "columns") and hasattr(given, "iloc"):
        return [str(n) for n in given.columns], {str(n): list(given[n]) for n in given.columns}
    raise DataError(
        f"attributes: a table with a column 'id' is needed, not a {type(given).__name__}: such as "
        "{'id': ['ann', 'bob'], 'age': [31, 40]}."
    )


def _plain(series: pl.Series) -> pl.Series | None:
    """The column in one of the types that are kept; `None` if it is of another."""
    dtype = series.dtype
    if isinstance(dtype, pl.Categorical | pl.Enum) or dtype == pl.Null:
        return series.cast(pl.String)
    if isinstance(dtype, pl.Decimal):
        return series.cast(pl.Float64)
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    return series if inner.is_numeric() or inner in _SIMPLE else None


def check_attributes(frame: Any, vocabulary: Vocabulary) -> None:
    """Raise a DataError unless `frame` has a row per node, in order, its ids first."""
    if not isinstance(frame, pl.DataFrame):
        raise DataError(f"attributes must be a polars DataFrame, not a {type(frame).__name__}.")
    if frame.columns[:1] != ["id"] or not frame.get_column("id").equals(vocabulary.series):
        raise DataError(
            "attributes must begin with a column 'id' that holds the ids in the order of the "
            "vocabulary: use Graph.with_attributes, which puts them in order."
        )
    for column in frame.iter_columns():
        if (plain := _plain(column)) is None or plain.dtype != column.dtype:
            raise DataError(f"attributes: {shorten(column.name)} is of type {column.dtype}.")
