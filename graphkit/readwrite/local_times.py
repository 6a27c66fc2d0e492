"""Local times without an offset: read by a time zone, checked against times that ids hold."""

from __future__ import annotations

from collections.abc import MutableMapping

import polars as pl

from graphkit.data.ids import creation_time
from graphkit.data.times import PLAUSIBLE, SECOND, TIME, parse_times
from graphkit.errors import MissingDataError

__all__ = ["read_local_times"]

_QUARTER, _HOUR = 900 * SECOND, 3600 * SECOND


def read_local_times(
    series: pl.Series,
    place: str,
    tz: str | None,
    *,
    ids: pl.Series | None = None,
    notes: MutableMapping[str, int] | None = None,
) -> pl.Series:
    """Times of a computer's clock as UTC; what is no time is set to missing and noted.

    Parameters
    ----------
    series
        ISO 8601 text. Times with an offset, and numbers since 1970, are taken as they are.
    place
        Name of the column in messages.
    tz
        Time zone of the others: an offset such as ``"+02:00"``, or a name such as
        ``"Europe/Berlin"``.
    ids
        Ids of TikTok of the same rows: their upper 32 bits are the second of creation. If they say
        that the times are UTC, `tz` is not needed, and not applied.
    notes
        Counter of what was changed, or looks wrong; added to.

    Raises
    ------
    MissingDataError
        If there are local times and no `tz`, unless the ids say that they are UTC; it tells the
        offset that the ids speak for.
    OptionError
        If `tz` is no time zone.

    Examples
    --------
    >>> read_local_times(pl.Series(["2024-05-30T17:00:24"]), "column 'at'", "+02:00")[0].isoformat()
    '2024-05-30T15:00:24+00:00'
    >>> read_local_times(pl.Series(["2024-05-30T17:00:24"]), "column 'at'", None,
    ...     ids=pl.Series(["7374807619341093709"]))
    Traceback (most recent call last):
        ...
    graphkit.errors.MissingDataError: column 'at' holds local times without an offset: pass tz=, \
the time zone of the computer that wrote them. The ids say that they are 2 h ahead of UTC: \
tz='+02:00'.
    """
    # naive times are told apart by reading them in a zone
    parsed = parse_times(series, place, "UTC")
    inside = None
    if ids is not None:
        inside = ids.to_frame().select(creation_time(pl.col(ids.name))).to_series().to_physical()
    seen: dict[str, int] = {}
    if local := parsed.local.get("read", 0):
        ahead = _common_offsets(parsed.at, inside)
        if ahead == [0]:
            seen["times without an offset, which agree with the ids as UTC"] = local
        elif tz is None:
            raise MissingDataError(_question(place, ahead))
        else:
            parsed = parse_times(series, place, tz)
            seen["local times, read in the time zone that was given"] = local
            seen["in an hour that occurs twice: the first taken"] = parsed.local.get("twice", 0)
            seen["in an hour that the clock skipped"] = parsed.local.get("never", 0)
    at, there = parsed.at, (series.str.strip_chars() != "").fill_null(False)
    at = at.set(~at.is_between(*PLAUSIBLE, closed="left").fill_null(False), None)
    seen["no possible time: set to missing"] = int((there & at.is_null()).sum())
    if inside is not None:
        gap = (at - inside).filter((at - inside).abs() > _HOUR).drop_nulls()
        median = gap.median()
        if len(gap) and isinstance(median, int | float):
            text = f"more than an hour from the time in the id (median {median / _HOUR:+.1f} h)"
            seen[f"{text}: check the time zone if these are many"] = len(gap)
    if notes is not None:
        for text, count in seen.items():
            if count:
                notes[text] = notes.get(text, 0) + count
    return at.cast(TIME).alias(series.name)


def _common_offsets(at: pl.Series, inside: pl.Series | None) -> list[int]:
    """Offsets of clocks from the times in ids, in quarters of an hour; rare ones are left out."""
    if inside is None:
        return []
    ahead = ((at - inside).drop_nulls() + _QUARTER // 2) // _QUARTER * _QUARTER
    # zones lie within 12 h behind and 14 h ahead of UTC
    ahead = ahead.filter(ahead.is_between(-12 * _HOUR, 14 * _HOUR)).alias("ahead")
    counts = ahead.value_counts(sort=True).filter(pl.col("count") >= 0.05 * len(ahead))
    return [int(offset) for offset in counts.get_column("ahead").sort()]


def _question(place: str, ahead: list[int]) -> str:
    """What to pass, and which offset the ids speak for."""
    text = (
        f"{place} holds local times without an offset: pass tz=, the time zone of the computer "
        "that wrote them"
    )
    if len(ahead) == 1:
        way = "ahead of" if ahead[0] > 0 else "behind"
        hours = f"{abs(ahead[0]) / _HOUR:g} h {way} UTC"
        return f"{text}. The ids say that they are {hours}: tz={_offset(ahead[0])!r}."
    if 1 < len(ahead) < 4:
        told = " and ".join(map(_offset, ahead))
        return (
            f"{text}. The ids say that the offset changes ({told}): name the zone, such as "
            "tz='Europe/Berlin'."
        )
    return f"{text}, such as tz='+02:00' or tz='UTC'."


def _offset(micros: int) -> str:
    minutes = abs(micros) // (60 * SECOND)
    return f"{'-' if micros < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
