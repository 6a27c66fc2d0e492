"""Instants as users write them."""

from __future__ import annotations

from datetime import UTC, datetime

from graphkit.errors import OptionError

__all__ = ["as_instant"]


def as_instant(parameter: str, value: str | datetime) -> datetime:
    """ISO 8601 text or a datetime in UTC; naive ones are taken as UTC.

    Examples
    --------
    >>> as_instant("since", "2024-03-01").isoformat()
    '2024-03-01T00:00:00+00:00'
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise OptionError(
                f"{parameter}={value!r} is no ISO 8601 time, e.g. '2024-03-01'."
            ) from None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
