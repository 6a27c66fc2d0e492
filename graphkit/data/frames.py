"""Frames of other libraries as Polars frames: pandas with and without pyarrow, Arrow, DuckDB, others.

pandas is converted here, column by column, so that ids keep all digits and no pyarrow is needed:
missing values of any sort become null, and the index is left out unless it is named.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.times import LATEST
from graphkit.errors import DataError, FileError, GraphkitError, name_some, nearest, shorten
from graphkit.parallel import refuse_after_fork

#: Datetimes in seconds beyond these are out of range in microseconds.
_FAR = 2 * int(LATEST.timestamp())


def take_frame(value: Any, place: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """A frame of any library, or a mapping of columns, as a Polars frame.

    Parameters
    ----------
    value
        A Polars frame (a lazy one is collected), a pandas frame, an Arrow table or record batch, a
        DuckDB relation, any other frame that narwhals knows or that has the Arrow stream
        interface, or a mapping of columns.
    place
        Name of the frame in messages.
    columns
        The columns to take, and of pandas also names of the index; all columns if absent.

    Raises
    ------
    DataError
        If it is no frame, lacks a column, or cannot be read.

    Examples
    --------
    >>> take_frame({"user": ["ann"], "video": [1]}, "the frame", ["video"]).rows()
    [(1,)]
    >>> take_frame({"user": ["ann"]}, "the frame", ["usr"])
    Traceback (most recent call last):
        ...
    graphkit.errors.DataError: the frame has no column 'usr'; there are 'user'. Did you mean 'user'?
    """
    refuse_after_fork()
    try:
        if isinstance(value, Mapping):
            return _select(_frame_of_columns(value, place), columns, place)
        if isinstance(value, pl.DataFrame | pl.LazyFrame):
            return _select(value, columns, place)
        return _take_foreign(value, columns, place)
    except GraphkitError:
        raise
    except OSError as error:  # a lazy frame reads its file now
        raise FileError(f"{place} cannot be read: {first_line(error)}.") from error
    # foreign frames raise errors of any kind, and a panic of Polars is no Exception
    except (Exception, pl.exceptions.PanicException) as error:
        raise DataError(f"{place} cannot be read as a frame: {first_line(error)}") from error


def column_names(value: Any) -> list[str] | None:
    """Names of the columns of a frame of any library, `None` if it is no frame."""
    import narwhals as nw

    if isinstance(value, pl.DataFrame | pl.LazyFrame):
        return value.collect_schema().names()
    if _is_pandas(value):
        return [str(name) for name in value.columns]
    try:
        return [str(name) for name in nw.from_native(value).collect_schema().names()]
    except TypeError:
        pass
    if hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__"):
        try:
            return pl.DataFrame(value).columns
        except Exception:
            return None
    return None


def _is_pandas(value: Any) -> bool:
    module = type(value).__module__
    return module.partition(".")[0] == "pandas" and type(value).__name__ == "DataFrame"


def _select(
    frame: pl.DataFrame | pl.LazyFrame, columns: Sequence[str] | None, place: str
) -> pl.DataFrame:
    if columns is not None:
        check_names(columns, frame.collect_schema().names(), place)
        frame = frame.select(columns)
    return frame.lazy().collect()


def check_names(wanted: Iterable[str], there: Sequence[str], place: str) -> None:
    """Raise a :class:`DataError` unless each of these columns is there, once."""
    for name in wanted:
        if name not in there:
            raise DataError(
                f"{place} has no column {shorten(name)}; there are {name_some(there, 8) or 'none'}."
                f"{nearest(str(name)[:60], there)}"
            )
        if there.count(name) > 1:
            raise DataError(f"{place} has two columns {shorten(name)}: rename one of them.")


def _take_foreign(value: Any, columns: Sequence[str] | None, place: str) -> pl.DataFrame:
    import narwhals as nw

    if _is_pandas(value):
        return _take_pandas(value, columns, place)
    try:
        known = nw.from_native(value)
    except TypeError:
        known = None
    if known is not None:
        if columns is not None:
            check_names(columns, known.collect_schema().names(), place)
            known = known.select(*columns)
        if isinstance(known, nw.LazyFrame):
            known = known.collect(backend="polars")
        taken: pl.DataFrame = known.to_polars()
        return taken
    if hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__"):
        return _select(pl.DataFrame(value), columns, place)
    raise DataError(
        f"{place} is a {type(value).__name__}: pass a Polars frame, one of pandas, "
        "Arrow or DuckDB, or a mapping of columns."
    )


def _frame_of_columns(columns: Mapping[Any, Any], place: str) -> pl.DataFrame:
    nameless = [key for key in columns if not isinstance(key, str)]
    if nameless:
        raise DataError(f"{place}: the name of column {nameless[0]!r} is no text: rename it.")
    try:
        return pl.DataFrame({key: _plain_column(column) for key, column in columns.items()})
    except GraphkitError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        lengths: dict[int, str] = {}
        for key, column in columns.items():
            try:
                lengths.setdefault(pl.DataFrame({key: _plain_column(column)}).height, key)
            except (Exception, pl.exceptions.PanicException) as wrong:
                raise DataError(
                    f"{place}: column {key!r} cannot be read: {first_line(wrong)}. Give values "
                    "of one type."
                ) from wrong
        if len(lengths) > 1:
            (short, first), (long, second) = sorted(lengths.items())[:2]
            raise DataError(
                f"{place}: columns have different lengths: {first!r} has {short:,}, {second!r} "
                f"{long:,}."
            ) from error
        raise


def _plain_column(column: Any) -> Any:
    """A column of a mapping; one of pandas as a Polars series."""
    module = type(column).__module__.partition(".")[0]
    if module == "pandas" and hasattr(column, "isna"):
        import pandas as pd

        return _take_series(pd.Series(column).reset_index(drop=True), "", "the mapping")
    return column


def first_line(error: BaseException) -> str:
    """Beginning of the message of an error, whose rest may quote the data; without lists of cells."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return re.sub(r": \[.*", "", lines[0])[:200].rstrip(".:")


def _take_pandas(value: Any, columns: Sequence[str] | None, place: str) -> pl.DataFrame:
    there = [str(name) for name in value.columns]
    index = {
        str(n): k for k, n in enumerate(value.index.names) if n is not None and str(n) not in there
    }
    wanted = there if columns is None else list(columns)
    check_names(wanted, [*there, *index], place)
    taken = {}
    for name in wanted:
        if name in index:
            series = value.index.get_level_values(index[name]).to_series()
        else:
            series = value.iloc[:, there.index(name)]
        taken[name] = _take_series(series, name, place)
    return pl.DataFrame(taken)


def _take_series(series: Any, name: str, place: str) -> pl.Series:
    """A series of pandas, without its index."""
    dtype = series.dtype
    here = f"{place}: column {name!r}"
    if isinstance(dtype, np.dtype):
        return _take_array(series, name, here)
    kind = type(dtype).__name__
    missing = series.isna().to_numpy(dtype=bool)
    if kind == "ArrowDtype":
        return pl.Series(name, pl.from_arrow(series.array.__arrow_array__()))
    if kind == "CategoricalDtype":
        categories = _take_series(dtype.categories.to_series(), name, place)
        codes = pl.Series(np.where(missing, 0, series.cat.codes.to_numpy()))
        if not len(categories):
            return pl.Series(name, [None] * len(series), dtype=pl.Null)
        return categories.gather(codes).set(pl.Series(missing), None).alias(name)
    if kind == "DatetimeTZDtype":
        naive = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return _take_array(naive, name, here).dt.replace_time_zone("UTC")
    if kind in ("PeriodDtype", "IntervalDtype"):
        raise DataError(f"{here} holds {dtype}: convert it to datetimes or texts.")
    if kind == "SparseDtype":
        return _take_series(series.sparse.to_dense(), name, place)
    plain = getattr(dtype, "numpy_dtype", None)
    if isinstance(plain, np.dtype) and plain.kind in "iubf":
        filled = series.to_numpy(dtype=plain, na_value=0)
        return pl.Series(name, np.ascontiguousarray(filled)).set(pl.Series(missing), None)
    return _take_objects(series.tolist(), missing, name, here)


def _take_array(series: Any, name: str, here: str) -> pl.Series:
    values = np.ascontiguousarray(series.to_numpy())
    if values.dtype.kind == "O":
        return _take_objects(values.tolist(), series.isna().to_numpy(dtype=bool), name, here)
    if values.dtype.kind == "f":
        small = values.astype(np.float32) if values.dtype.itemsize < 4 else values
        return pl.Series(name, small.astype(np.float64)).fill_nan(None)
    if values.dtype.kind in "mM":
        unit, _ = np.datetime_data(values.dtype)
        if unit not in ("ms", "us", "ns"):
            if values.dtype.kind == "M":
                seconds = values.astype("datetime64[s]")
                ends = np.array([-_FAR, _FAR]).astype("datetime64[s]")
                values = np.where(np.isnat(seconds), seconds, np.clip(seconds, *ends))
            values = values.astype(f"{values.dtype.kind}8[us]")
        return pl.Series(name, values)
    return pl.Series(name, values)


def _take_objects(values: list[Any], missing: Any, name: str, here: str) -> pl.Series:
    """Python objects as a series of one type; whole numbers and texts may be mixed, as text."""
    if missing.any():
        values = [None if gone else v for v, gone in zip(values, missing.tolist(), strict=True)]
    types: set[Any] = {type(value) for value in values} - {type(None)}
    if not types:
        return pl.Series(name, values, dtype=pl.Null)
    if all(issubclass(t, str) for t in types):
        return pl.Series(name, values, dtype=pl.String)
    whole = {t for t in types if issubclass(t, numbers.Integral) and t is not bool}
    if types <= whole | {t for t in types if issubclass(t, str)}:
        # any number of digits, and no number read for one that has another
        texts = [None if v is None else v if isinstance(v, str) else str(int(v)) for v in values]
        return _as_integers(pl.Series(name, texts, dtype=pl.String), types <= whole)
    if all(t in (bool, np.bool_) for t in types):
        return pl.Series(name, [None if v is None else bool(v) for v in values], dtype=pl.Boolean)
    if all(issubclass(t, numbers.Real) and t not in (bool, np.bool_) for t in types):
        floats = [None if v is None else float(v) for v in values]
        return pl.Series(name, floats, dtype=pl.Float64).fill_nan(None)
    if all(issubclass(t, Decimal) for t in types):
        return _take_decimals(values, name)
    if all(issubclass(t, datetime) for t in types):
        return _take_datetimes(values, name, here)
    if all(issubclass(t, date) and not issubclass(t, datetime) for t in types):
        return pl.Series(name, values, dtype=pl.Date)
    if all(issubclass(t, list | tuple | set | frozenset | np.ndarray) for t in types):
        lists = [None if v is None else [_entry(e, here) for e in v] for v in values]
        return pl.Series(name, lists, dtype=pl.List(pl.String))
    if len(types) == 1 and next(iter(types)).__name__ == "UUID":
        return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)
    first = {type(v): k for k, v in reversed(list(enumerate(values))) if v is not None}
    shown = " and ".join(
        f"{t.__name__} (row {row + 1})" for t, row in sorted(first.items(), key=lambda p: p[1])[:2]
    )
    raise DataError(f"{here} holds {shown}: give values of one type; ids are text or integers.")


def _as_integers(texts: pl.Series, whole: bool) -> pl.Series:
    """Whole numbers as integers if 64 bits hold them, else as they are written."""
    if not whole:
        return texts
    integers = texts.cast(pl.Int64, strict=False)
    return integers if integers.null_count() == texts.null_count() else texts


def _take_decimals(values: list[Any], name: str) -> pl.Series:
    given = [v for v in values if v is not None]
    if all(
        v.is_finite() and v == v.to_integral_value() and v.as_tuple().exponent == 0 for v in given
    ):
        return _as_integers(
            pl.Series(name, [None if v is None else str(int(v)) for v in values], dtype=pl.String),
            True,
        )
    floats = [None if v is None or v.is_nan() else float(v) for v in values]
    return pl.Series(name, floats, dtype=pl.Float64)


def _take_datetimes(values: list[Any], name: str, here: str) -> pl.Series:
    aware = {v.tzinfo is not None for v in values if v is not None}
    if len(aware) > 1:
        raise DataError(f"{here} mixes times with and without a zone: give all of them one.")
    if not aware.pop():
        plain = [None if v is None else _bare(v) for v in values]
        return pl.Series(name, plain, dtype=pl.Datetime("us"))
    times = [None if v is None else v.astimezone(UTC).replace(tzinfo=None) for v in values]
    plain = [None if v is None else _bare(v) for v in times]
    return pl.Series(name, plain, dtype=pl.Datetime("us")).dt.replace_time_zone("UTC")


def _bare(at: datetime) -> datetime:
    """A datetime without what its subclass adds, such as nanoseconds."""
    return datetime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond)


def _entry(value: Any, here: str) -> str | None:
    """An entry of a list: a text or a whole number."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_):
        return str(int(value))
    raise DataError(
        f"{here} holds a list with a {type(value).__name__}: lists of texts are needed."
    )


#: Names that columns of logs have, in lower case, by the parameters of ``from_frame``; the first
#: column with one of the names is taken, the likelier names first.
_GUESSES = {
    "account": "account_id user_id account user userid username user_name viewer_id viewer uid actor",
    "item": "item_id video_id post_id item video post aweme_id tweet_id content_id object_id song "
    "movie_id movieid movie",
    "at": "at timestamp time created_at datetime date ts time_ms timestamp_share when",
    "kind": "kind action interaction event event_type action_type interaction_type behavior type",
    "rating": "rating stars score",
    "follower": "follower_id follower follower_user",
    "followee": "followee_id followee followed_id followed followed_user",
    "author": "author_id author creator creator_id",
    "tags": "tags hashtags hashtag_names",
}
_LOG_NAMES = {key: names.split() for key, names in _GUESSES.items()}
KIND_NAMES = frozenset(_LOG_NAMES["kind"])
_ENDS = [("source", "target"), ("src", "dst"), ("from", "to")]


def guess_columns(names: Iterable[str]) -> dict[str, str | None]:
    """The likely column of each parameter of ``from_frame``; for messages only."""
    folded = {name.casefold(): name for name in reversed(list(names))}
    return {
        key: next((folded[name] for name in known if name in folded), None)
        for key, known in _LOG_NAMES.items()
    }


def advise_frame(value: Any, *, graph: bool = False, follows: bool = False) -> str:
    """What to call instead where a frame was passed: a sentence, empty for what is no frame.

    `graph` is whether a graph was needed, and else a dataset; `follows` whether one with follows.

    Examples
    --------
    >>> advise_frame(pl.DataFrame(schema=["user", "video", "timestamp", "action"]))
    "make a dataset of it with gk.from_frame(df, account='user', item='video', at='timestamp', \
kind='action')."
    """
    names = None if value is None or isinstance(value, str | Mapping) else column_names(value)
    if names is None:
        return ""
    folded = {name.casefold(): name for name in reversed(names)}
    found = guess_columns(names)
    for source, target in _ENDS:
        if graph and {source, target} <= folded.keys():
            ends = f"df[{folded[source]!r}], df[{folded[target]!r}]"
            return f"make a graph of it with gk.Graph.from_edges({ends}, directed=…)."
    if follows or (found["follower"] and found["followee"]):
        call, then = _call(found, "follower", "followee"), "gk.follow_graph(ds)"
    else:
        kind = "rating" if found["rating"] and not found["kind"] else "kind"
        more = [key for key in ("author", "tags") if found[key]]
        keys = ["account", "item", *(["at"] if found["at"] else []), kind, *more]
        call, then = _call(found, *keys), "gk.cointeraction_graph(ds)"
    unknown = "…" in call
    there = f"; its columns are {name_some(names, 8)}" if unknown else ""
    if graph:
        return f"make a graph of it with ds = {call} and {then}{there}."
    return f"make a dataset of it with {call}{there}."


def _call(found: Mapping[str, str | None], *keys: str) -> str:
    arguments = []
    for key in keys:
        name = found[key]
        if key == "kind" and name is None:
            arguments.append("kind_is='view'")
        else:
            arguments.append(f"{key}={name or '…'!r}")
    return f"gk.from_frame(df, {', '.join(arguments)})"
