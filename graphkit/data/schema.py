"""Schema of the six tables: columns, types and ranges, and casting of frames to it.

Columns beyond the schema are kept; a likely misspelling of a missing column is refused.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import polars as pl

from graphkit.errors import DataError, nearest
from graphkit.parallel import refuse_after_fork

#: Kinds of interaction; the values of ``interactions.kind``.
KINDS = tuple(
    "view like comment share repost save duet stitch mention reply tag play".split()  # noqa: SIM905
)

#: What a time column records; functions that need event times refuse all but ``event``.
TIME_KINDS = ("event", "item_created", "bound", "collected", "none")

#: Bounds of plausible times in the log of a social platform.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

TIME = pl.Datetime("us", "UTC")

#: Ids in scientific notation, as spreadsheets write long numbers: their digits are lost.
MANGLED = r"^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"

ColumnType = Literal["id", "text", "time", "float", "count", "bool", "texts", "vector", "kind"]


@dataclass(frozen=True)
class Column:
    """One column of the schema; `refers` names the table whose ids it holds."""

    name: str
    type: ColumnType
    required: bool = False
    low: float | None = None
    high: float | None = None
    refers: Literal["accounts", "items"] | None = None
    time_kind: str = "event"


@dataclass(frozen=True)
class Table:
    """One table of the schema; `key` is unique where given."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """The schema of a column, `None` for a column beyond the schema."""
        return next((c for c in self.columns if c.name == name), None)


#: Unique key and columns of each table. A column is written name:type; "!" marks a required
#: one, "@" the table whose ids it holds, and brackets its range.
_SCHEMA = {
    "accounts": (
        "account_id",
        "account_id:id! country:text language:text device:text follower_count:count[0,] "
        "following_count:count[0,] list_complete:bool",
    ),
    "items": (
        "item_id",
        "item_id:id! author_id:id@accounts created_at:time duration:float[0,] tags:texts "
        "sound_id:id caption:text embedding:vector language:text country:text origin:text "
        "flags:texts divisiveness:float[0,1]",
    ),
    "follows": (
        "follower_id followee_id",
        "follower_id:id!@accounts followee_id:id!@accounts since:time",
    ),
    "interactions": (
        "",
        "account_id:id!@accounts item_id:id@items kind:kind! at:time value:float "
        "target_item_id:id@items target_account_id:id@accounts tag:text",
    ),
    "impressions": (
        "",
        "account_id:id!@accounts item_id:id!@items at:time surface:text position:count[0,] "
        "watch_fraction:float[0,] parent_account_id:id@accounts",
    ),
    "memberships": ("account_id group_id", "account_id:id!@accounts group_id:id!"),
}
_COLUMN = re.compile(r"(\w+):(\w+)(!?)(?:@(\w+))?(?:\[(\d*),(\d*)\])?")


def _parse_column(name: str, type: Any, required: str, refers: Any, low: str, high: str) -> Column:
    ends = (int(end) if end else None for end in (low, high))
    time_kind = "item_created" if name == "created_at" else "event"
    return Column(name, type, bool(required), next(ends), next(ends), refers or None, time_kind)


TABLES = {
    name: Table(name, tuple(_parse_column(*c) for c in _COLUMN.findall(text)), tuple(key.split()))
    for name, (key, text) in _SCHEMA.items()
}


def conform(name: str, frame: pl.DataFrame, *, where: str = "") -> pl.DataFrame:
    """Cast a frame to the column types of table `name`; refuse impossible values.

    Ids in `frame` may be text or integers; floats are refused. `where` is its file, for
    messages.

    Raises
    ------
    DataError
        Naming table or file, column, row (counted from 1), value and remedy.

    Examples
    --------
    >>> conform("follows", pl.DataFrame({"follower_id": [1], "followee_id": [2]})).rows()
    [('1', '2')]
    >>> conform("follows", pl.DataFrame({"follower_id": [1], "folowee_id": [2]}))
    Traceback (most recent call last):
        ...
    graphkit.errors.DataError: table 'follows': column 'folowee_id' looks like \
'followee_id', which is missing: rename it.
    """
    refuse_after_fork()
    table = TABLES[name]
    place = f"table {name!r}" + (f" ({where})" if where else "")
    _check_columns(table, frame, place)
    present = [spec for spec in table.columns if spec.name in frame.columns]
    changes = [
        _CASTS[spec.type](frame.get_column(spec.name), spec, f"{place}: column {spec.name!r}")
        for spec in present
    ]
    order = [spec.name for spec in present]
    extras = [c for c in frame.columns if c not in order]
    return frame.with_columns(changes).select(order + extras)


def _check_columns(table: Table, frame: pl.DataFrame, place: str) -> None:
    known = [c.name for c in table.columns]
    absent = [c for c in known if c not in frame.columns]
    for name in frame.columns:
        close = difflib.get_close_matches(name, absent, n=1, cutoff=0.8)
        if name not in known and close:
            raise DataError(
                f"{place}: column {name!r} looks like {close[0]!r}, which is missing: rename it."
            )
    missing = [c.name for c in table.columns if c.required and c.name in absent]
    if missing:
        hint = nearest(missing[0], frame.columns)
        raise DataError(
            f"{place}: column {missing[0]!r} is missing; there are "
            f"{', '.join(map(repr, frame.columns)) or 'no columns'}.{hint} "
            f"Required: {', '.join(c.name for c in table.columns if c.required)}."
        )


def _refuse_rows(series: pl.Series, bad: pl.Series, place: str, problem: str) -> None:
    """Raise a DataError that names the first row where `bad` is true."""
    hits = bad.fill_null(False).arg_true()
    if len(hits):
        row = int(hits[0])
        many = f" ({len(hits):,} such rows)" if len(hits) > 1 else ""
        raise DataError(f"{place}, row {row + 1}{many}: {series[row]!r} {problem}.")


def _cast_id(series: pl.Series, spec: Column, place: str) -> pl.Series:
    if series.dtype.is_float():
        present = series.drop_nulls()
        first = f" such as {present[0]!r}" if len(present) else ""
        raise DataError(
            f"{place} was read as float{first}: ids above 2^53 lose digits that way; "
            "export or read the column as text."
        )
    named = isinstance(series.dtype, pl.Categorical | pl.Enum)
    if named or series.dtype == pl.Null or series.dtype.is_integer():
        series = series.cast(pl.String)
    elif series.dtype != pl.String:
        raise DataError(f"{place} holds {series.dtype}; ids are text or integers.")
    problem = "is a number in scientific notation; its digits are lost: export the column as text"
    _refuse_rows(series, series.str.contains(MANGLED), place, problem)
    empty = series.str.len_bytes() == 0
    if spec.required:
        problem = "is no id; give every row an id, or drop it"
        _refuse_rows(series, series.is_null() | empty, place, problem)
        return series
    return series.set(empty.fill_null(False), None) if empty.any() else series


def _cast_text(series: pl.Series, spec: Column, place: str) -> pl.Series:
    return series.cast(pl.String)


def _cast_time(series: pl.Series, spec: Column, place: str) -> pl.Series:
    given = series
    if series.dtype == pl.String:
        # naive text is UTC by rule; text with an offset is converted
        text = series.str.strip_chars().str.replace(r"(Z|\+00:?00)$", "").str.replace(" ", "T")
        blank = text.is_null() | (text.str.len_bytes() == 0)
        offset = text.str.contains(r"[+-][0-9]{2}:?[0-9]{2}$")
        naive = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
        days = text.str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
        naive = naive.zip_with(naive.is_not_null(), days).dt.replace_time_zone("UTC")
        if offset.any():
            aware = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)
            naive = naive.zip_with(~offset.fill_null(False), aware.dt.convert_time_zone("UTC"))
        _refuse_rows(
            given, naive.is_null() & ~blank, place, "is not a time; write ISO 8601, in UTC"
        )
        series = naive
    elif series.dtype == pl.Date:
        series = series.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    elif isinstance(series.dtype, pl.Datetime):
        zone = series.dtype.time_zone
        series = series.cast(pl.Datetime("us", zone))
        if zone is None:
            series = series.dt.replace_time_zone("UTC")
        elif zone != "UTC":
            series = series.dt.convert_time_zone("UTC")
    elif series.dtype == pl.Null:
        series = series.cast(TIME)
    else:
        raise DataError(
            f"{place} holds {series.dtype}, whose unit and origin are unknown; convert it, for "
            "seconds with polars.from_epoch(column, time_unit='s')."
        )
    physical = series.to_physical()
    low, high = (int(t.timestamp()) * 1_000_000 for t in (EARLIEST, LATEST))
    problem = f"lies outside {EARLIEST.year}–{LATEST.year}; check the unit (seconds, milliseconds?)"
    outside = (physical < low) | (physical >= high)
    _refuse_rows(given, outside, place, f"{problem} or set it to missing")
    return series


def _to_number(series: pl.Series, dtype: Any, place: str) -> pl.Series:
    if series.dtype == pl.String:
        text = series.str.strip_chars()
        text = text.set((text == "").fill_null(False), None)
        numbers = text.cast(dtype, strict=False)
        unread = numbers.is_null() & text.is_not_null()
        _refuse_rows(series, unread, place, "is not a number; correct it")
        return numbers
    if not (series.dtype.is_numeric() or series.dtype in (pl.Null, pl.Boolean)):
        raise DataError(f"{place} holds {series.dtype}; numbers are needed.")
    if dtype == pl.Int64 and series.dtype.is_float():
        fraction = (series != series.round()) | series.is_nan()
        _refuse_rows(series, fraction, place, "is not a whole number; correct it")
    return series.cast(dtype)


def _check_range(series: pl.Series, spec: Column, place: str) -> pl.Series:
    bad = pl.repeat(False, len(series), eager=True)
    if spec.low is not None:
        bad = bad | (series < spec.low)
    if spec.high is not None:
        bad = bad | (series > spec.high)
    low = "-∞" if spec.low is None else f"{spec.low:g}"
    high = "∞" if spec.high is None else f"{spec.high:g}"
    problem = f"lies outside [{low}, {high}]; correct it or set it to missing"
    _refuse_rows(series, bad, place, problem)
    return series


def _cast_float(series: pl.Series, spec: Column, place: str) -> pl.Series:
    numbers = _to_number(series, pl.Float64, place)
    problem = "is not a finite number; missing values are null, not NaN"
    _refuse_rows(numbers, ~numbers.is_finite(), place, problem)
    return _check_range(numbers, spec, place)


def _cast_count(series: pl.Series, spec: Column, place: str) -> pl.Series:
    return _check_range(_to_number(series, pl.Int64, place), spec, place)


def _cast_bool(series: pl.Series, spec: Column, place: str) -> pl.Series:
    if series.dtype == pl.String:
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        low = series.str.to_lowercase()
        low = low.set((low == "").fill_null(False), None)
        known = low.replace_strict(words, default=None, return_dtype=pl.Boolean)
        unread = known.is_null() & low.is_not_null()
        _refuse_rows(series, unread, place, "is neither; true or false")
        return known
    return series.cast(pl.Boolean)


def _cast_texts(series: pl.Series, spec: Column, place: str) -> pl.Series:
    if series.dtype == pl.String:
        # files without list columns: a JSON list, or words separated by commas
        is_json = series.str.starts_with("[").fill_null(False)
        try:
            decoded = series.set(~is_json, None).str.json_decode(pl.List(pl.String))
        except pl.exceptions.ComputeError as error:
            raise DataError(
                f"{place}: a value that begins with '[' is not a JSON list of texts ({error}); "
                "write lists as JSON or separated by commas."
            ) from None
        words = series.set(is_json, None).str.split(",")
        series = decoded.zip_with(is_json, words)
    if isinstance(series.dtype, pl.Array):
        series = series.arr.to_list()
    if series.dtype == pl.Null or series.dtype == pl.List(pl.Null):
        return series.cast(pl.List(pl.String))
    if not isinstance(series.dtype, pl.List):
        raise DataError(f"{place} holds {series.dtype}; lists of texts are needed.")
    inner = pl.element().str.strip_chars()
    lists = series.cast(pl.List(pl.String))
    return lists.list.eval(inner.filter(inner.is_not_null() & (inner != "")))


def _cast_vector(series: pl.Series, spec: Column, place: str) -> pl.Series:
    if isinstance(series.dtype, pl.Array):
        series = series.arr.to_list()
    if series.dtype == pl.String:
        series = series.str.json_decode(pl.List(pl.Float32))
    if not isinstance(series.dtype, pl.List):
        raise DataError(f"{place} holds {series.dtype}; lists of numbers are needed.")
    vectors = series.cast(pl.List(pl.Float32))
    lengths = vectors.list.len().drop_nulls().unique()
    if len(lengths) > 1:
        raise DataError(f"{place} mixes lengths {sorted(lengths.to_list())[:4]}; one is needed.")
    finite = vectors.list.eval(pl.element().is_finite().all()).list.first()
    _refuse_rows(vectors, ~finite, place, "has entries that are not finite; correct it")
    return vectors


def _cast_kind(series: pl.Series, spec: Column, place: str) -> pl.Series:
    text = series.cast(pl.String)
    kinds = text.cast(pl.Enum(KINDS), strict=False)
    unknown = text.filter(kinds.is_null()).drop_nulls()
    hint = nearest(unknown[0], KINDS) if len(unknown) else ""
    problem = f"is no kind of interaction.{hint}; known: {', '.join(KINDS)}"
    _refuse_rows(text, kinds.is_null(), place, problem)
    return kinds


_CASTS = {
    "id": _cast_id,
    "text": _cast_text,
    "time": _cast_time,
    "float": _cast_float,
    "count": _cast_count,
    "bool": _cast_bool,
    "texts": _cast_texts,
    "vector": _cast_vector,
    "kind": _cast_kind,
}
