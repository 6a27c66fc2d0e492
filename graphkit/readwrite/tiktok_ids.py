"""Ids of TikTok: user names, and ids of videos, which hold the time of their creation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import polars as pl

from graphkit.data.ids import take_ids

__all__ = ["clean_text", "normalise_handle", "positive", "take_handles", "take_keys"]


def normalise_handle(name: pl.Expr) -> pl.Expr:
    """Normalised user name: lower case, without ``@``."""
    return clean_text(clean_text(name).str.strip_prefix("@").str.to_lowercase())


def take_handles(
    names: pl.Series, place: str, real_ids: Collection[str], seen: Counter[str]
) -> pl.Series:
    """Normalised user names, null where missing; what was changed is added to `seen`."""
    ids = take_keys(names, place, real_ids, seen)
    return ids.to_frame().select(normalise_handle(pl.col(names.name))).to_series()


def take_keys(
    names: pl.Series, place: str, real_ids: Collection[str], seen: Counter[str]
) -> pl.Series:
    """Ids as text, null where missing; what was changed is added to `seen`."""
    if holed := int(names.str.contains("\x00", literal=True).sum()):
        # responses of the API may contain null bytes
        seen["null bytes: taken out"] += holed
        names = names.str.replace_all("\x00", "", literal=True)
    return take_ids(names, place, real_ids=real_ids, changes=seen)


def clean_text(column: pl.Expr) -> pl.Expr:
    """Text without null bytes and blanks around it, missing where nothing is left."""
    # responses of the API may contain null bytes
    clean = column.str.replace_all("\x00", "", literal=True).str.strip_chars()
    return pl.when(clean != "").then(clean)


def positive(name: str, dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """Numbers of a column of text, missing where it holds none or one below 0."""
    number = pl.col(name).cast(dtype, strict=False)
    return pl.when(number >= 0).then(number).alias(name)
