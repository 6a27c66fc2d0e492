from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from graphkit.readwrite.rows import frame_of_rows, text_lists

LISTS = st.lists(st.none() | st.lists(st.none() | st.text(max_size=3), max_size=3), max_size=8)


@given(values=LISTS)
def test_text_lists_are_what_polars_makes_of_them(values: list[list[str | None] | None]) -> None:
    made = text_lists(values)
    assert made.dtype == pl.List(pl.String)
    assert made.to_list() == values


def test_frame_of_rows_keeps_types_without_rows() -> None:
    schema = {"id": pl.String, "tags": pl.List(pl.String), "n": pl.Int64}
    assert dict(frame_of_rows([], schema).schema) == schema
    rows = [("a", ["x"], 1), (None, None, None), ("b", [], 2)]
    assert frame_of_rows(rows, schema).rows() == rows
