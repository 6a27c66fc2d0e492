"""Reader of times: ISO 8601 text, numbers since 1970, dates and datetimes, as UTC microseconds.

Tables, options and files all read times here, and so accept the same forms:

* dates ``2024-03-01``, ``20240301``, week dates ``2024-W09-5``, ordinal dates ``2024-061``;
* with a time after ``T`` or a blank: ``10``, ``10:00``, ``10:00:00``, ``10:00:00.5`` or the same
  without colons. Fractions follow ``.`` or ``,`` and are cut after microseconds. ``24:00`` is the
  next midnight. A leap second (23:59:60 in UTC) is the first second of the next day, as in Unix
  time, which has no number for it;
* with ``Z``, ``UTC``, ``GMT`` or an offset (``+02``, ``+0200``, ``+02:00``); without one, UTC, or
  the local time of ``tz=`` (a name such as ``Europe/Berlin``, or an offset). Of a local time that
  occurs twice, as clocks are set back, the first is taken; one that does not occur, as they are
  set forward, is read as if they had not been. Both are counted;
* seconds, milli-, micro- or nanoseconds since 1970, as text, integers or floats of 9 and more
  digits: below 10¹¹ seconds, 10¹⁴ milliseconds, 10¹⁷ microseconds, else nanoseconds. The unit is
  one for a whole column.

Other numbers have no known unit and origin, and are refused: ``20240301`` as an integer, which may
be a date, ``20240301100000`` and, if a whole column is like that, ``2024030110``, dates with a clock
but no ``T``, and seconds since another origin. So are years, months and weeks without a day.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from graphkit.errors import DataError, OptionError, nearest, shorten

#: Bounds of plausible times in the log of a social platform.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

TIME = pl.Datetime("us", "UTC")

ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
SECOND, DAY = 1_000_000, 86_400_000_000

#: The bounds in microseconds since 1970: the first that is plausible, and the first that is not.
PLAUSIBLE = (int(EARLIEST.timestamp()) * SECOND, int(LATEST.timestamp()) * SECOND)

#: Ticks of a datetime or of a number since 1970, per second.
_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
#: The first number since 1970 of each unit, and the first of the next: 9 digits are from 1973 on.
_SIZES = {
    "s": (10**8, 10**11),
    "ms": (10**11, 10**14),
    "us": (10**14, 10**17),
    "ns": (10**17, 1 << 63),
}
_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}

#: Form of times that are no numbers.
ISO = "ISO 8601"

#: The commonest forms, which are read by position.
_PLAIN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}"
    r"(?:(?:[.,][0-9]{1,9})?(?:[Zz]|\+00:?00)?|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]))?)?$"
)
_EPOCH = r"^[0-9]{9,19}(?:\.[0-9]*)?$"
#: A date and a clock without a mark between them: no numbers since 1970 of a plausible time, or,
#: with hours only, of one after 2032.
_DAY_DIGITS = r"(?:199|20[0-9])[0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_DATED = rf"^{_DAY_DIGITS}(?:[01][0-9]|2[0-4])(?:[0-5][0-9]){{1,2}}(?:\.0*)?$"
_DATED_HOUR = rf"^{_DAY_DIGITS}(?:[01][0-9]|2[0-4])(?:\.0*)?$"
_FORM = (
    r"^(?P<day>[0-9]{4}(?:-[0-9]{2}-[0-9]{2}|[0-9]{4}|-?[0-9]{3}|-W[0-9]{2}-[1-7]|W[0-9]{2}[1-7]))"
    r"(?:(?:[Tt]| +)(?P<clock>[0-9]{2}(?::[0-9]{2}(?::[0-9]{2})?|[0-9]{2}(?:[0-9]{2})?)?)"
    r"(?:[.,](?P<fraction>[0-9]+))?)?"
    r"(?: *(?:[Zz]|UTC|utc|GMT|gmt|"
    r"(?P<sign>[+−-])(?P<offset>[0-9]{2}(?::[0-9]{2}(?::[0-9]{2})?|[0-9]{2}(?:[0-9]{2})?)?)))?$"
)

#: A text of a known form that tells its offset; no other time holds these marks.
_ZONED = r"(?:[Zz]|UTC|utc|GMT|gmt)$|[+−]|[Tt ][0-9:.,]+ *-|-[0-9]{2}:[0-9]{2}"

_REMEDY = (
    "write ISO 8601, such as 2026-04-16T22:10:38+02:00 or, in UTC or the zone of tz=, "
    "2026-04-16T22:10:38. Numbers are read as seconds, milli-, micro- or nanoseconds since 1970, "
    "by their size"
)
_UNKNOWN = (
    "whose unit and origin are unknown; convert it, for seconds since 1970 with "
    "polars.from_epoch(column, time_unit='s')"
)


@dataclass(frozen=True)
class ParsedTimes:
    """A column of times as numbers.

    Attributes
    ----------
    at
        Int64, microseconds since 1970 in UTC; null where missing or unread.
    unread
        Boolean: whether a value is there, but is not a time of the years 1 to 9999.
    forms
        Forms of the times that were read: ``ISO 8601``, or units ``s``, ``ms``, ``us``, ``ns`` of
        numbers since 1970.
    local
        Times that were read as local ones, by what was done with them.
    """

    at: pl.Series
    unread: pl.Series
    forms: frozenset[str]
    local: dict[str, int]


def check_time_type(dtype: pl.DataType, place: str) -> None:
    """Raise a :class:`DataError` unless a column of this type can hold times."""
    known = isinstance(dtype, pl.String | pl.Categorical | pl.Enum | pl.Datetime)
    if not (known or dtype in (pl.Date, pl.Null) or dtype.is_integer() or dtype.is_float()):
        raise DataError(f"{place} holds {dtype}, {_UNKNOWN}.")


def check_forms(forms: frozenset[str] | set[str], place: str) -> None:
    """Raise a :class:`DataError` if a column mixes units, or numbers and ISO 8601."""
    if len(forms) > 1:
        named = (f"{_NAMES[f]} since 1970" if f in _NAMES else f for f in sorted(forms))
        raise DataError(f"{place} mixes {' and '.join(named)}: write all times in one form.")


def conversions(forms: frozenset[str] | set[str], column: str) -> list[str]:
    """Phrases that say which numbers of a column were read as times."""
    units = sorted(forms - {ISO})
    return [f"times in {column!r} read as {_NAMES[unit]} since 1970" for unit in units]


def parse_times(series: pl.Series, place: str, tz: str | None = None) -> ParsedTimes:
    """Read a column of times; values that are no times are marked, not refused.

    `place` names the column in the message of the :class:`DataError` for a type that cannot hold
    times; `tz` is as in :func:`read_times`.

    Examples
    --------
    >>> parsed = parse_times(pl.Series(["1970-01-02", "soon", None]), "column 'at'")
    >>> parsed.at.to_list(), parsed.unread.to_list()
    ([86400000000, None, None], [False, True, False])
    """
    check_time_type(series.dtype, place)
    zone = None if tz is None else check_zone(tz)
    dtype = series.dtype
    if isinstance(dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    if series.dtype == pl.String:
        return _parse_text(series, zone)
    forms: set[str] = set()
    local: dict[str, int] = {}
    if dtype.is_integer():
        numbers = series.cast(pl.Int64, strict=False)
        at = _parse_numbers(numbers.set(_dated(numbers.cast(pl.String)), None), forms)
    elif dtype.is_float():
        series = series.cast(pl.Float64).fill_nan(None)
        at = _parse_floats(series, forms)
    elif isinstance(dtype, pl.Datetime):
        at = _to_microseconds(series.to_physical(), dtype.time_unit)
        if zone is not None and dtype.time_zone is None:
            at = _from_local(at, zone, local)
    else:  # dates, or nothing
        days = series.to_physical().cast(pl.Int64)
        low, high = _bounds(1, 86_400)
        at = days.set(~days.is_between(low, high), None) * DAY
        if zone is not None and dtype == pl.Date:
            at = _from_local(at, zone, local)
    return ParsedTimes(at, at.is_null() & series.is_not_null(), frozenset(forms), local)


def read_times(
    series: pl.Series,
    place: str,
    notes: MutableMapping[str, int] | None = None,
    tz: str | None = None,
) -> pl.Series:
    """Read a column of times as UTC microseconds; naive times are UTC, or those of `tz`.

    Parameters
    ----------
    series
        ISO 8601 text, numbers since 1970 (see this module), dates or datetimes.
    place
        Name of the column in messages, such as ``"table 'follows': column 'since'"``.
    notes
        Counter to which the number of times that were read as numbers since 1970, or as local
        ones, is added.
    tz
        Time zone of times without one: a name such as ``"Europe/Berlin"``, or an offset from UTC
        such as ``"+02:00"``; UTC if absent.

    Returns
    -------
    Series of Datetime("us", "UTC")
        Fractions of a microsecond are cut.

    Raises
    ------
    DataError
        Naming the row, for values that are no times or lie outside 1990–2099; for units that are
        mixed or unknown.
    OptionError
        For an unknown time zone.

    Examples
    --------
    >>> times = pl.Series("at", ["2024-03-01T10:00:00+02:00", "20240301T08"])
    >>> read_times(times, "column 'at'").n_unique()
    1
    >>> read_times(pl.Series(["1632904713", None]), "column 'at'")[0].isoformat()
    '2021-09-29T08:38:33+00:00'
    >>> read_times(pl.Series(["2024-03-01 10:00"]), "column 'at'", tz="+02:00")[0].isoformat()
    '2024-03-01T08:00:00+00:00'
    >>> read_times(pl.Series(["1632904713", "2021-09-29"]), "column 'at'")
    Traceback (most recent call last):
        ...
    graphkit.errors.DataError: column 'at' mixes ISO 8601 and seconds since 1970: write all times \
in one form.
    """
    parsed = parse_times(series, place, tz)
    outside = ~parsed.at.is_between(*PLAUSIBLE, closed="left")
    hits = (parsed.unread | outside.fill_null(False)).arg_true()
    if len(hits):
        row = int(hits[0])
        many = f" ({len(hits):,} such rows)" if len(hits) > 1 else ""
        raise DataError(f"{place}, row {row + 1}{many}: {_problem(series, row, parsed)}.")
    check_forms(parsed.forms, place)
    if notes is not None:
        count = len(parsed.at) - parsed.at.null_count()
        for reason in conversions(parsed.forms, series.name):
            notes[reason] = notes.get(reason, 0) + count
        for reason, count in local_notes(parsed.local, series.name, tz).items():
            notes[reason] = notes.get(reason, 0) + count
    return parsed.at.cast(TIME).alias(series.name)


_OFFSET = re.compile(r"(?:UTC|GMT)?([+−-])(\d{1,2})(?::?([0-5]\d))?")


def check_zone(tz: str) -> str | int:
    """A time zone as its name, or as an offset from UTC in microseconds.

    Raises
    ------
    OptionError
        If it is neither a name of the IANA database nor an offset of at most 15 hours.

    Examples
    --------
    >>> check_zone("Asia/Kolkata"), check_zone("+05:30") // SECOND
    ('Asia/Kolkata', 19800)
    """
    found = _OFFSET.fullmatch(tz.strip()) if isinstance(tz, str) else None
    if found:
        sign, hours, minutes = found.groups()
        seconds = int(hours) * 3600 + int(minutes or 0) * 60
        if seconds <= 15 * 3600:
            return (seconds if sign == "+" else -seconds) * SECOND
    elif isinstance(tz, str) and tz:
        try:
            pl.Series([datetime(2024, 1, 1)]).dt.replace_time_zone(tz)
            return tz
        except pl.exceptions.PolarsError:
            pass
    # abbreviations are left out: EST is near to CEST, and hours away
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name)
    hint = nearest(str(tz)[:60], names)
    raise OptionError(
        f"tz={shorten(tz)} is no time zone: give a name such as 'Europe/Berlin', or an offset from "
        f"UTC such as '+02:00'.{hint}"
    )


_LOCAL = {
    "read": "times in {column!r} without a zone read as those of {zone}",
    "twice": "times in {column!r} that occur twice in {zone}: the first taken",
    "mixed": "times in {column!r} without a zone, beside others that have one: read as UTC",
    "never": "times in {column!r} that do not occur in {zone}: read as if no clock had been set",
}


def local_notes(local: MutableMapping[str, int], column: str, tz: str | None) -> dict[str, int]:
    """Phrases that say what was done with local times of a column, and their numbers."""
    return {_LOCAL[key].format(column=column, zone=tz): n for key, n in local.items() if n}


def _from_local(at: pl.Series, zone: str | int, local: dict[str, int]) -> pl.Series:
    """Microseconds in UTC of microseconds of local clocks."""
    count = len(at) - at.null_count()
    local["read"] = local.get("read", 0) + count
    if isinstance(zone, int) or not count:
        return at - zone if isinstance(zone, int) else at
    # beyond the calendar no zone is known, and such times are refused by all callers
    inside = at.is_between(*_bounds(SECOND)).fill_null(False)
    clock = at.set(~inside, None).cast(pl.Datetime("us"))

    def read(clock: pl.Series, twice: Any) -> pl.Series:
        return clock.dt.replace_time_zone(zone, ambiguous=twice, non_existent="null").to_physical()

    first = read(clock, "earliest")
    never = first.is_null() & inside
    if never.any():
        # the offset before the gap, which is of an hour at most, or of a day at the date line
        for hours in (3, 25):
            back = hours * 3600 * SECOND
            earlier = read(clock.dt.offset_by(f"-{hours}h"), "earliest") + back
            first = first.fill_null(earlier)
        local["never"] = local.get("never", 0) + int(never.sum())
    certain = read(clock, "null")
    twice = int((certain.is_null() & inside & ~never).sum())
    local["twice"] = local.get("twice", 0) + twice
    return first


def _dated(text: pl.Series) -> pl.Series:
    """Whether numbers are dates with a clock; with hours only, if all of them are."""
    dated = text.str.contains(_DATED).fill_null(False)
    hours = text.str.contains(_DATED_HOUR)
    return dated | hours.fill_null(False) if len(text) and hours.all() else dated


def as_instant(parameter: str, value: str | date | int) -> datetime:
    """Read a time that is given as an option, as :func:`read_times` reads a column, in any year.

    Parameters
    ----------
    parameter
        Name of the option, for messages.
    value
        Text or number of a form of this module, a date or a datetime; UTC if naive.

    Raises
    ------
    OptionError
        If it is no time.

    Examples
    --------
    >>> as_instant("since", "2024-03-01").isoformat()
    '2024-03-01T00:00:00+00:00'
    >>> as_instant("since", "2024-W09-5") == as_instant("since", "20240301T02+0200")
    True
    """
    wrong = f"{parameter}={shorten(value)} is not an ISO 8601 time, e.g. '2024-03-01'."
    if isinstance(value, datetime):
        try:
            aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            # subclasses of other packages have missing values and digits beyond microseconds
            return ORIGIN + (aware - ORIGIN) // timedelta(microseconds=1) * timedelta(
                microseconds=1
            )
        except (ValueError, OverflowError, TypeError):
            raise OptionError(wrong) from None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, str):
        series = pl.Series([value], dtype=pl.String)
    elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63:
        series = pl.Series([value], dtype=pl.Int64)
    else:
        raise OptionError(wrong)
    number = parse_times(series, parameter).at[0]
    if number is None:
        raise OptionError(wrong)
    return ORIGIN + timedelta(microseconds=number)


def _bounds(ticks: int, per: int = 1) -> tuple[int, int]:
    """First and last tick of the years 1 to 9999, of those that 64 bits hold."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    low, high = ((t - ORIGIN) // timedelta(seconds=1) * ticks // per for t in (first, last))
    return max(low, -(1 << 63)), min(high + ticks - 1, (1 << 63) - 1)


def _to_microseconds(ticks: pl.Series, unit: str) -> pl.Series:
    """Ticks of a unit as microseconds, cut; null outside the years 1 to 9999, before any product."""
    low, high = _bounds(_TICKS[unit])
    ticks = ticks.set(~ticks.is_between(low, high), None)
    per = _TICKS[unit]
    return ticks * (SECOND // per) if per <= SECOND else ticks // (per // SECOND)


def _parse_numbers(
    numbers: pl.Series, forms: set[str], fraction: pl.Series | None = None
) -> pl.Series:
    """Microseconds of integers by their size; null for smaller ones than any unit has.

    `fraction` holds millionths of a tick.
    """
    at = pl.repeat(None, len(numbers), dtype=pl.Int64, eager=True)
    for unit, (low, high) in _SIZES.items():
        mine = numbers.is_between(low, high - 1).fill_null(False)
        if mine.any():
            forms.add(unit)
            micros = _to_microseconds(numbers.set(~mine, None), unit)
            if fraction is not None:
                micros = micros + fraction // _TICKS[unit]
            at = micros.zip_with(mine, at)
    return at


def _parse_floats(numbers: pl.Series, forms: set[str]) -> pl.Series:
    """Microseconds of floats by their size, rounded."""
    held = numbers.is_between(_SIZES["s"][0], float(1 << 63), closed="left")
    numbers = numbers.set(~held.fill_null(False), None)
    dated = _dated(numbers.round().cast(pl.Int64).cast(pl.String)) & (numbers == numbers.round())
    numbers = numbers.set(dated.fill_null(False), None)
    at = pl.repeat(None, len(numbers), dtype=pl.Int64, eager=True)
    for unit, (low, high) in _SIZES.items():
        mine = numbers.is_between(low, high, closed="left").fill_null(False)
        if mine.any():
            forms.add(unit)
            # sizes are below 1e17 microseconds, so that no product is past 64 bits
            micros = (numbers.set(~mine, None) * (SECOND / _TICKS[unit])).round().cast(pl.Int64)
            at = micros.set(~micros.is_between(*_bounds(SECOND)), None).zip_with(mine, at)
    return at


def _parse_text(text: pl.Series, zone: str | int | None = None) -> ParsedTimes:
    text = text.str.strip_chars()
    present = (text.is_not_null() & (text != "")).fill_null(False)
    plain = text.str.contains(_PLAIN).fill_null(False)
    rest = present & ~plain
    numeric = text.str.contains(_EPOCH).fill_null(False) & rest if rest.any() else rest
    if numeric.any():
        numeric = numeric & ~_dated(text.set(~numeric, None))
    forms: set[str] = set()
    local: dict[str, int] = {}
    at = pl.repeat(None, len(text), dtype=pl.Int64, eager=True)
    for rows, parse in (
        (plain, _parse_plain),
        (numeric, lambda some: _parse_epochs(some, forms)),
        (rest & ~numeric, _parse_forms),
    ):
        if rows.all() and len(rows):
            at = parse(text)
        elif rows.any():
            at = at.scatter(rows.arg_true(), parse(text.filter(rows)))
    dated = present & ~numeric
    naive = dated & ~text.str.contains(_ZONED).fill_null(False) if dated.any() else dated
    if naive.any():
        if zone is None:
            if (count := int(naive.sum())) < dated.sum():
                local["mixed"] = count
        else:
            at = _from_local(at.set(~naive, None), zone, local).zip_with(naive, at)
    iso = at.is_not_null() & ~numeric if forms else at.is_not_null()
    if iso.any():
        forms.add(ISO)
    return ParsedTimes(at, at.is_null() & present, frozenset(forms), local)


def _parse_plain(text: pl.Series) -> pl.Series:
    """Microseconds of texts that match ``_PLAIN``."""
    longest = text.str.len_bytes().max()
    assert isinstance(longest, int)
    column, nothing = pl.col("text"), pl.lit(0, dtype=pl.Int64)
    hour, minute, second = (
        _part(column, start) if longest > start else nothing for start in (11, 14, 17)
    )
    fraction = offset = nothing
    if longest > 20:
        mark = column.str.slice(19, 1)
        # a fraction may be followed by Z or +00:00; zeros at its end do not count
        digits = column.str.slice(20).str.strip_chars_end("Zz+0:").str.head(6)
        micros = digits.str.pad_end(6, "0").cast(pl.Int64, strict=False)
        fraction = pl.when(mark.is_in([".", ","])).then(micros).otherwise(0)
        shift = _part(column, 20) * 3600 + _part(column, 23) * 60
        offset = pl.when(mark == "+").then(shift).when(mark == "-").then(-shift).otherwise(0)
    return (
        text.alias("text")
        .to_frame()
        .lazy()
        .select(
            day=column.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
            hour=hour,
            minute=minute,
            second=second,
            fraction=fraction,
            offset=offset,
        )
        .select(_combine())
        .collect()
        .to_series()
    )


def _parse_forms(text: pl.Series) -> pl.Series:
    """Microseconds of texts of any form; null where they have none."""
    groups = text.str.extract_groups(_FORM).struct.unnest().lazy()
    day = pl.col("day").str.replace_all("-", "", literal=True)
    days = (day.str.to_date(form, strict=False) for form in ("%Y%m%d", "%Y%j", "%GW%V%u"))
    basic, ordinal, week = days
    clock = pl.col("clock").str.replace_all(":", "", literal=True)
    digits = pl.col("fraction").str.head(6).str.pad_end(6, "0")
    zone = pl.col("offset").str.replace_all(":", "", literal=True)
    size = day.str.len_bytes()
    offset = _part(zone, 0) * 3600 + _part(zone, 2) * 60 + _part(zone, 4)
    # a fraction belongs to seconds: 10.30 is mostly meant as half past ten. A date may have an
    # offset if it has a colon, as in XML; others look like more digits of the date
    allowed = (
        (pl.col("fraction").is_null() | (clock.str.len_bytes() == 6))
        & (pl.col("clock").is_not_null() | zone.is_null() | (pl.col("offset") != zone))
        & ((_part(zone, 0) <= 23) & (_part(zone, 2) <= 59) & (_part(zone, 4) <= 59))
    )
    weekly = day.str.contains("W", literal=True)
    return (
        groups.select(
            day=pl.when(allowed).then(
                pl.when(weekly).then(week).when(size == 7).then(ordinal).otherwise(basic)
            ),
            hour=_part(clock, 0),
            minute=_part(clock, 2),
            second=_part(clock, 4),
            fraction=digits.cast(pl.Int64, strict=False).fill_null(0),
            offset=pl.when(pl.col("sign") == "+").then(offset).otherwise(-offset),
        )
        .select(_combine())
        .collect()
        .to_series()
    )


def _parse_epochs(text: pl.Series, forms: set[str]) -> pl.Series:
    """Microseconds of numbers since 1970 that match ``_EPOCH``."""
    parts = text.str.split_exact(".", 1).struct.unnest()
    whole, rest = parts.to_series(0), parts.to_series(1)
    fraction = rest.str.head(6).str.pad_end(6, "0").cast(pl.Int64, strict=False).fill_null(0)
    return _parse_numbers(whole.cast(pl.Int64, strict=False), forms, fraction)


def _part(column: pl.Expr, start: int) -> pl.Expr:
    """Number of two digits from `start` on; 0 beyond the end."""
    return column.str.slice(start, 2).cast(pl.Int64, strict=False).fill_null(0)


def _combine() -> pl.Expr:
    """Microseconds of the columns day, hour, minute, second, fraction (µs) and offset (s)."""
    hour, minute, second, fraction = (
        pl.col(name) for name in ("hour", "minute", "second", "fraction")
    )
    before = hour * 3600 + minute * 60 - pl.col("offset")
    last = (hour == 24) & (minute == 0) & (second == 0) & (fraction == 0)
    leap = (second == 60) & (before % 86_400 == 86_340)
    valid = ((hour <= 23) | last) & (minute <= 59) & ((second <= 59) | leap)
    days = pl.col("day").to_physical().cast(pl.Int64)
    at = days * DAY + (before + second) * SECOND + fraction
    low, high = _bounds(SECOND)
    return pl.when(valid & at.is_between(low, high)).then(at).alias("at")


def _problem(series: pl.Series, row: int, parsed: ParsedTimes) -> str:
    """What is wrong with a value; does not format it as a datetime, which may fail."""
    outside = f"lies outside {EARLIEST.year}–{LATEST.year}"
    remedy = "check the unit, or set it to missing"
    dtype, at = series.dtype, parsed.at[row]
    if isinstance(dtype, pl.Datetime):
        ticks = int(series.to_physical()[row])
        shown = f" ({_iso(at)})" if at is not None else ""
        unit = dtype.time_unit
        return f"{ticks} {_NAMES[unit]} since 1970{shown} {outside}{_likely(ticks, unit)}; {remedy}"
    if dtype == pl.Date:
        days = int(series.to_physical()[row])
        shown = f" ({_iso(at)})" if at is not None else ""
        return f"{days} days since 1970{shown} {outside}; {remedy}"
    value = series[row]
    shown = shorten(value)
    if at is not None:
        return f"{shown} ({_iso(at)}) {outside}; {remedy}"
    text = str(value).strip()
    if dtype.is_float():
        text = text.removesuffix(".0")
    if re.match(_DATED, text) or re.match(_DATED_HOUR, text):
        likely = f"a date and a clock without a mark between them, {text[:8]}T{text[8:]}"
        return f"{shown} is not a time; if it is {likely}, write it so"
    if re.fullmatch(_DAY_DIGITS, text):
        return f"{shown} is a number whose unit and origin are unknown, or a date: write it as text"
    if dtype.is_numeric():
        return f"{shown} is a number {_UNKNOWN}"
    if re.fullmatch(r"[0-9.]+[eE][+]?[0-9]+", text):
        return f"{shown} is in scientific notation, and its digits are lost; write it in full"
    likely = _likely(int(text), "") if re.fullmatch("[0-9]{1,19}", text) else ""
    return f"{shown} is not a time; {_REMEDY}{likely}"


def _likely(ticks: int, unit: str) -> str:
    """Unit in which a number since 1970 would be a plausible time."""
    for other, per in _TICKS.items():
        plausible = EARLIEST.timestamp() * per <= ticks < LATEST.timestamp() * per
        if other != unit and plausible:
            return f"; as {_NAMES[other]} it would be {_iso(ticks * SECOND // per)}"
    return ""


def _iso(at: Any) -> str:
    return (ORIGIN + timedelta(microseconds=int(at))).isoformat()
