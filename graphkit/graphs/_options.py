"""Checks of the options of the projection; no work."""

from __future__ import annotations

import re
from datetime import timedelta

from graphkit.errors import OptionError, nearest

__all__ = ["at_least", "microseconds"]

#: Units of a window given as text.
UNITS = {
    "us": 1, "ms": 1000, "s": 1_000_000, "sec": 1_000_000, "min": 60_000_000,
    "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000,
}  # fmt: skip

#: Longer than any log, and safe to add to a time.
FOREVER = 1 << 60


def at_least(parameter: str, value: object, low: int, *, optional: bool = False) -> None:
    """Raise an :class:`OptionError` unless `value` is an integer not below `low`.

    Examples
    --------
    >>> at_least("top", 0, 1, optional=True)
    Traceback (most recent call last):
        ...
    graphkit.errors.OptionError: top=0: an integer from 1 on is needed, or None.
    """
    if optional and value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise OptionError(
            f"{parameter}={value!r}: an integer from {low} on is needed"
            f"{', or None' if optional else ''}."
        )


def microseconds(window: timedelta | str) -> int:
    """A length of time in microseconds.

    Examples
    --------
    >>> microseconds("10s"), microseconds("1.5 h")
    (10000000, 5400000000)
    """
    if isinstance(window, timedelta):
        length = window // timedelta(microseconds=1)
    elif isinstance(window, str):
        found = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*", window)
        if found is None or found[2] not in UNITS:
            hint = " 'm' could be minutes or months." if found and found[2] == "m" else ""
            hint = hint or (nearest(found[2], UNITS) if found else "")
            raise OptionError(
                f"window={window!r} is not understood: write a number and one of "
                f"{', '.join(UNITS)}, such as '10s', '5min', '2h' or '1d'.{hint}"
            )
        length = round(float(found[1]) * UNITS[found[2]])
    else:
        raise OptionError(
            f"window={window!r} is a {type(window).__name__}: pass a datetime.timedelta, or text "
            "such as '10s', '5min', '2h' or '1d'."
        )
    if length <= 0:
        raise OptionError(f"window={window!r}: a length above 0 is needed (at least '1us').")
    return min(length, FOREVER)
