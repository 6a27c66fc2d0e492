"""Conditions beside that of a study: how far each is from it, and what becomes of a direction."""

from __future__ import annotations

import polars as pl

from graphkit.measures.intervals import FILLER, HIGHER, LOWER

__all__ = [
    *("CANNOT_RUN", "COLUMNS", "HOLDS", "LOST", "OUTCOMES", "TURNS"),
    *("outcome_of", "place", "rounded"),
]

#: Columns that say what a condition changes, and from what to what.
COLUMNS = ("dimension", "value", "default")

#: What becomes of a direction under a condition.
HOLDS, TURNS, LOST = "holds", "turns", "not distinguishable"
BARRED, UNBOUNDED, UNDEFINED = "no direction: filler", "no interval", "not estimable"
CANNOT_RUN = "cannot run"
OUTCOMES = (HOLDS, TURNS, LOST, BARRED, UNBOUNDED, UNDEFINED, CANNOT_RUN)


def place(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with the columns ``number``, ``default_number`` and ``distance`` of their conditions.

    A dimension is numeric if all its values and its default are numbers; of others all three are
    null. The distance is |value − default| / (range of the values tried, default included), so
    that 1 is the farthest tried if all lie on one side; rows without a difference have none, and no
    part in the range.

    Parameters
    ----------
    rows
        With the columns dimension, value, default (numbers, or their text) and difference.

    Examples
    --------
    >>> rows = pl.DataFrame(
    ...     {
    ...         "dimension": ["s", "s", "space"], "value": ["0", "1", "tags"],
    ...         "default": ["0.2", "0.2", "tags and sounds"], "difference": [0.1, 0.2, 0.3],
    ...     }
    ... )
    >>> place(rows)["distance"].to_list()
    [0.2, 0.8, None]
    """
    both = {"value": "number", "default": "default_number"}
    numbers = [
        pl.col(a).cast(pl.String).cast(pl.Float64, strict=False).alias(b) for a, b in both.items()
    ]
    rows = rows.with_columns(numbers)
    known = pl.all_horizontal(pl.col(*both.values()).is_finite().fill_null(False))
    numeric = known.all().over("dimension")
    rows = rows.with_columns(
        pl.when(numeric).then(pl.col(name)).alias(name) for name in both.values()
    )
    tried = pl.when(pl.col("difference").is_not_null()).then(pl.col("number"))
    top = pl.max_horizontal(tried.max().over("dimension"), pl.col("default_number"))
    low = pl.min_horizontal(tried.min().over("dimension"), pl.col("default_number"))
    away = (pl.col("number") - pl.col("default_number")).abs()
    has = (top > low) & pl.col("difference").is_not_null()
    return rows.with_columns(pl.when(has).then(away / (top - low)).alias("distance"))


def rounded(value: str) -> str:
    """The text of a value with three digits, if it is a number with more.

    Examples
    --------
    >>> rounded("0.0363086778456"), rounded("1200"), rounded("tags 1")
    ('0.0363', '1200', 'tags 1')
    """
    try:
        number = float(value)
    except ValueError:
        return value
    return value if len(value) <= 6 else f"{number:.3g}"


def outcome_of(own: str, direction: str | None, difference: float | None) -> str:
    """What becomes of an own direction, higher or lower, under a condition.

    Examples
    --------
    >>> outcome_of("higher", "lower", -0.1), outcome_of("higher", "cannot run: too few posts", None)
    ('turns', 'cannot run')
    """
    if direction is not None and direction.startswith(CANNOT_RUN):
        return CANNOT_RUN
    if difference is None:
        return UNDEFINED
    if direction in (HIGHER, LOWER):
        return HOLDS if direction == own else TURNS
    return {None: UNBOUNDED, FILLER: BARRED}.get(direction, LOST)
