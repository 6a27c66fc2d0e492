"""Schema of the six tables: columns, types and ranges, and casting of frames to it.

Columns beyond the schema are kept; a likely misspelling of a missing column is refused.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from graphkit.data.cells import split_lists
from graphkit.data.ids import MISSING_WORDS, blank_words, refuse_rows, take_ids
from graphkit.data.times import read_times
from graphkit.errors import DataError, name_some, shorten
from graphkit.parallel import refuse_after_fork

#: Kinds of interaction that have a meaning; others are kept, and usable by name.
KINDS = tuple(
    "view like comment share repost quote save duet stitch mention reply tag play rating skip".split()  # noqa: SIM905
)

#: What a time column records; functions that need event times refuse all but ``event``.
TIME_KINDS = ("event", "item_created", "bound", "collected", "none")


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
        "following_count:count[0,] list_complete:bool leaning:float[-1,1] age_band:text",
    ),
    "items": (
        "item_id",
        "item_id:id! author_id:id@accounts created_at:time duration:float[0,] tags:texts "
        "sound_id:id caption:text embedding:vector language:text country:text origin:text "
        "flags:texts divisiveness:float[0,1] leaning:float[-1,1]",
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
_COLUMN = re.compile(r"(\w+):(\w+)(!?)(?:@(\w+))?(?:\[(-?\d*),(-?\d*)\])?")


def _parse_column(name: str, type: Any, required: str, refers: Any, low: str, high: str) -> Column:
    ends = (int(end) if end else None for end in (low, high))
    time_kind = "item_created" if name == "created_at" else "event"
    return Column(name, type, bool(required), next(ends), next(ends), refers or None, time_kind)


TABLES = {
    name: Table(name, tuple(_parse_column(*c) for c in _COLUMN.findall(text)), tuple(key.split()))
    for name, (key, text) in _SCHEMA.items()
}


def conform(
    name: str,
    frame: pl.DataFrame,
    *,
    where: str = "",
    real_ids: Collection[str] = (),
    changes: Counter[tuple[str, str]] | None = None,
    converted: Counter[tuple[str, str]] | None = None,
    given: Mapping[str, str] | None = None,
    tz: str | None = None,
    separator: str | None = None,
) -> pl.DataFrame:
    """Cast a frame to the column types of table `name`; refuse impossible values.

    Ids are taken by the rules of :mod:`graphkit.data.ids`: text or integers, without blanks
    around them; a word such as ``nan`` is missing unless it is one of `real_ids`. Times are read
    by those of :mod:`graphkit.data.times`, naive ones in the zone `tz`, and lists in cells by those
    of :mod:`graphkit.data.cells`, with their `separator`. Among times, numbers, vectors and truth values
    that are text, such a word is missing too. `where` is the file of the frame, and `given` its own
    names of columns, for messages. Ids that were changed, and kinds that look misspelt, are added to
    `changes`, words that were set to missing, times that were read as numbers since 1970 or local
    times, and lists that were parted to `converted`, by table and text.

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
    columns = []
    for spec in present:
        series = frame.get_column(spec.name)
        here = f"{place}: column {(given or {}).get(spec.name, spec.name)!r}"
        seen: Counter[str] = Counter()
        if spec.type == "id":
            columns.append(
                take_ids(series, here, required=spec.required, real_ids=real_ids, changes=seen)
            )
            if changes is not None:
                changes.update({(name, f"{spec.name}: {text}"): n for text, n in seen.items()})
            continue
        if isinstance(series.dtype, pl.Categorical | pl.Enum):
            series = series.cast(pl.String)
        if series.dtype == pl.String and spec.type in ("time", "float", "count", "bool", "vector"):
            series = blank_words(series, seen)
        if spec.type == "time":
            columns.append(read_times(series, here, seen, tz))
        elif spec.type == "texts":
            columns.append(split_lists(series, here, seen, separator))
        elif spec.type == "kind":
            columns.append(_take_kinds(series, here, seen))
            if changes is not None:
                changes.update({(name, text): n for text, n in seen.items()})
            continue
        else:
            columns.append(_CASTS[spec.type](series, spec, here))
        if converted is not None:
            converted.update({(name, text): n for text, n in seen.items()})
    order = [spec.name for spec in present]
    extras = [c for c in frame.columns if c not in order]
    return frame.with_columns(columns).select(order + extras)


def _check_columns(table: Table, frame: pl.DataFrame, place: str) -> None:
    known = [c.name for c in table.columns]
    absent = [c for c in known if c not in frame.columns]
    strange = [name for name in frame.columns if name not in known]
    there = name_some(frame.columns, 8) or "no columns"
    missing = [c.name for c in table.columns if c.required and c.name in absent]
    near: dict[str, str] = {}
    for name in strange:
        close = difflib.get_close_matches(name[:60], known, n=2, cutoff=0.8)
        # of two names that are as near, or one that is taken, none is meant for certain
        told_apart = len(close) < 2 or _likeness(name, close[0]) - _likeness(name, close[1]) > 0.05
        if close and close[0] in absent and told_apart:
            near.setdefault(close[0], name)
    # a required column that nothing is near to is told first
    lost = [column for column in missing if column not in near]
    for column, name in near.items() if not lost else ():
        raise DataError(
            f"{place}: column {shorten(name)} looks like {column!r}, which is missing: rename it."
        )
    if table.name == "follows" and missing:
        raise DataError(
            f"{place}: {_join_names(missing)} missing; there are {there}. Nobody but you knows which "
            "column follows which: rename the one of who follows to follower_id, the one of who is "
            "followed to followee_id, or name both with columns=."
        )
    if missing:
        missing = lost or missing
        close = difflib.get_close_matches(missing[0], strange, n=1, cutoff=0.7)
        hint = f" Did you mean {shorten(close[0])}?" if close else ""
        required = ", ".join(c.name for c in table.columns if c.required)
        if place.startswith("table ") and not close:
            hint = " Of a frame with other names, graphkit.from_frame(df, account=…, item=…) makes a dataset."
        raise DataError(
            f"{place}: column {missing[0]!r} is missing; there are {there}.{hint} Required: {required}."
        )


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, other, one[:60]).ratio()


def _join_names(names: list[str]) -> str:
    listed = " and ".join(map(repr, names))
    return f"columns {listed} are" if len(names) > 1 else f"column {listed} is"


def _refuse_type(series: pl.Series, place: str, needed: str) -> None:
    """Raise a DataError for the type of a column, and say which one is needed."""
    raise DataError(f"{place} holds {series.dtype}; {needed}: convert it.")


def _cast_text(series: pl.Series, spec: Column, place: str) -> pl.Series:
    # floats are not read: integers with missing values, which pandas makes floats, would get a ".0"
    if not (series.dtype in (pl.String, pl.Null) or series.dtype.is_integer()):
        _refuse_type(series, place, "text is needed")
    return series.cast(pl.String)


def _to_number(series: pl.Series, dtype: Any, place: str) -> pl.Series:
    if series.dtype == pl.String:
        text = series.str.strip_chars()
        text = text.set((text == "").fill_null(False), None)
        if dtype == pl.Int64:
            # pandas writes whole numbers beside missing ones as 3.0
            text = text.str.replace(r"^([+-]?[0-9]+)\.0*$", "$1")
        numbers = text.cast(dtype, strict=False)
        unread = numbers.is_null() & text.is_not_null()
        refuse_rows(series, unread, place, "is not a number; correct it")
        return numbers
    if not (series.dtype.is_numeric() or series.dtype in (pl.Null, pl.Boolean)):
        _refuse_type(series, place, "numbers are needed")
    numbers = series.cast(dtype, strict=False)
    if dtype == pl.Int64:
        if series.dtype.is_float():
            fraction = (series != series.round()) | ~series.is_finite()
        elif series.dtype.is_decimal():
            fraction = series != numbers.cast(series.dtype, strict=False)
        else:
            fraction = pl.repeat(False, len(series), eager=True)
        refuse_rows(series, fraction, place, "is not a whole number; correct it")
    lost = numbers.is_null() & series.is_not_null()
    refuse_rows(series, lost, place, "is too large; correct it or set it to missing")
    return numbers


def _check_range(series: pl.Series, spec: Column, place: str) -> pl.Series:
    bad = pl.repeat(False, len(series), eager=True)
    if spec.low is not None:
        bad = bad | (series < spec.low)
    if spec.high is not None:
        bad = bad | (series > spec.high)
    low = "-∞" if spec.low is None else f"{spec.low:g}"
    high = "∞" if spec.high is None else f"{spec.high:g}"
    problem = f"lies outside [{low}, {high}]; correct it or set it to missing"
    refuse_rows(series, bad, place, problem)
    return series


def _cast_float(series: pl.Series, spec: Column, place: str) -> pl.Series:
    numbers = _to_number(series, pl.Float64, place)
    problem = "is not a finite number; missing values are null, not NaN"
    refuse_rows(numbers, ~numbers.is_finite(), place, problem)
    return _check_range(numbers, spec, place)


def _cast_count(series: pl.Series, spec: Column, place: str) -> pl.Series:
    return _check_range(_to_number(series, pl.Int64, place), spec, place)


def _cast_bool(series: pl.Series, spec: Column, place: str) -> pl.Series:
    if series.dtype == pl.String:
        yes, no = ("true", "t", "yes", "1", "1.0"), ("false", "f", "no", "0", "0.0")
        words = dict.fromkeys(yes, True) | dict.fromkeys(no, False)
        low = series.str.strip_chars().str.to_lowercase()
        low = low.set((low == "").fill_null(False), None)
        known = low.replace_strict(words, default=None, return_dtype=pl.Boolean)
        unread = known.is_null() & low.is_not_null()
        refuse_rows(series, unread, place, "is neither; true or false")
        return known
    if series.dtype.is_numeric():
        refuse_rows(series, (series != 0) & (series != 1), place, "is neither; true or false")
    elif series.dtype not in (pl.Boolean, pl.Null):
        _refuse_type(series, place, "true or false is needed")
    return series.cast(pl.Boolean)


#: One JSON list without lists in it; brackets may occur in its texts.
_FLAT_LIST = r'(?s)^\[(?:"(?:[^"\\]|\\.)*"|[^"\[\]])*\]\s*$'


def _decode_lists(text: pl.Series, inner: Any, place: str, needed: str) -> pl.Series:
    """Lists of a column of JSON; the first row that is none is refused."""

    def decode(some: pl.Series) -> pl.Series | None:
        try:
            return some.str.json_decode(pl.List(inner))
        except pl.exceptions.PolarsError:
            return None

    problem = f"is not a JSON list of {needed}; correct it"
    # Polars joins the rows before it reads them, so that "[1], [2]" would become two
    refuse_rows(text, ~text.str.contains(_FLAT_LIST), place, problem)
    decoded = decode(text)
    if decoded is not None:
        return decoded
    # the message of Polars has no row, and much of the text: halve until one is left
    first, size = 0, len(text)
    while size > 1:
        half = size // 2
        if decode(text.slice(first, half)) is not None:
            first, size = first + half, size - half
        else:
            size = half
    raise DataError(f"{place}, row {first + 1}: {shorten(text[first])} {problem}.")


def _cast_vector(series: pl.Series, spec: Column, place: str) -> pl.Series:
    if isinstance(series.dtype, pl.Array) and len(series.dtype.shape) == 1:
        series = series.arr.to_list()
    if series.dtype == pl.String:
        text = series.str.strip_chars()
        text = text.set((text == "").fill_null(False), None)
        series = _decode_lists(text, pl.Float64, place, "numbers")
    if series.dtype == pl.Null:
        return series.cast(pl.List(pl.Float32))
    entries = series.dtype.inner if isinstance(series.dtype, pl.List) else pl.Object()
    if not (entries.is_numeric() or entries == pl.Null):
        _refuse_type(series, place, "lists of numbers are needed")
    vectors = series.cast(pl.List(pl.Float32), strict=False)
    lengths = vectors.list.len().drop_nulls().unique()
    if len(lengths) > 1:
        raise DataError(f"{place} mixes lengths {sorted(lengths.to_list())[:4]}; one is needed.")
    entry = pl.element()
    finite = vectors.list.eval((entry.is_finite() & entry.is_not_null()).all()).list.first()
    refuse_rows(series, ~finite, place, "has entries that are not finite; correct it")
    return vectors


def _take_kinds(series: pl.Series, place: str, seen: Counter[str]) -> pl.Series:
    """Kinds of interaction as text, known ones in lower case; others near to a known one are noted."""
    if not (series.dtype in (pl.String, pl.Null) or series.dtype.is_integer()):
        _refuse_type(series, place, "kinds of interaction are text")
    text = series.cast(pl.String)
    kinds = text.str.strip_chars()
    problem = (
        f"is no kind of interaction: name one ({', '.join(KINDS)}, or your own), or drop the row"
    )
    absent = kinds.is_null() | kinds.is_in(["", *MISSING_WORDS])
    refuse_rows(text, absent, place, problem)
    stripped = int((kinds != text).sum())
    if stripped:
        seen["blanks around kinds: stripped"] += stripped
    lower = kinds.str.to_lowercase()
    other_case = lower.is_in(list(KINDS)) & (lower != kinds)
    for kind, count in kinds.filter(other_case).value_counts(name="count").sort(kinds.name).rows():
        seen[f"kind {shorten(kind)} is read as {kind.lower()!r}"] += int(count)
    kinds = kinds.set(other_case.fill_null(False), None).fill_null(lower)
    own = kinds.filter(~kinds.is_in(list(KINDS)))
    for kind, count in own.value_counts(name="count").sort(own.name).rows():
        if near := find_near_kind(kind):
            seen[f"kind {shorten(kind)} is kept; rename it, if {near!r} is meant"] += int(count)
    return kinds


def find_near_kind(kind: str) -> str | None:
    """The known kind of which `kind` is likely a misspelling or another form, `None` if none.

    Examples
    --------
    >>> find_near_kind("Liked"), find_near_kind("coment"), find_near_kind("unlike")
    ('like', 'comment', None)
    """
    low = kind[:60].casefold()
    # another beginning is mostly another meaning, as in unlike
    known = [k for k in KINDS if k[0] == low[:1]]
    return next(iter(difflib.get_close_matches(low, known, n=1, cutoff=0.75)), None)


_CASTS = {
    "text": _cast_text,
    "float": _cast_float,
    "count": _cast_count,
    "bool": _cast_bool,
    "vector": _cast_vector,
}
