"""Columns from lists of Python values, without a Python object of Polars for every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

__all__ = ["frame_of_rows", "text_lists"]


def text_lists(values: Sequence[Sequence[str | None] | None]) -> pl.Series:
    """Column of lists of texts; a row that is `None` is missing, an empty list is not.

    Polars builds a series for every list that it is given; here all texts become one series, which
    is cut into lists.

    Examples
    --------
    >>> text_lists([["a", "b"], None, []]).to_list()
    [['a', 'b'], None, []]
    """
    lengths = np.array([-1 if some is None else len(some) for some in values], dtype=np.int64)
    flat = [text for some in values if some for text in some]
    owners = np.repeat(np.arange(len(values)), np.maximum(lengths, 0))
    texts = pl.DataFrame({"row": owners, "texts": pl.Series(flat, dtype=pl.String)})
    grouped = texts.group_by("row", maintain_order=True).agg("texts")
    rows = pl.DataFrame({"row": np.arange(len(values)), "there": lengths >= 0})
    empty = pl.lit([], dtype=pl.List(pl.String))
    return (
        rows.join(grouped, on="row", how="left", maintain_order="left")
        .select(pl.when("there").then(pl.col("texts").fill_null(empty)).alias("texts"))
        .to_series()
    )


def frame_of_rows(rows: Iterable[Sequence[Any]], schema: Mapping[str, Any]) -> pl.DataFrame:
    """Frame of rows of texts, numbers and lists of texts."""
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pl.DataFrame(
        [
            text_lists(column).alias(name)
            if isinstance(dtype, pl.List)
            else pl.Series(name, column, dtype=dtype)
            for (name, dtype), column in zip(schema.items(), columns, strict=True)
        ]
    )
