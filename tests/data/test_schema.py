"""Columns of a wrong type: refused by table, column and row; nothing is turned into text."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.schema import TABLES, conform
from graphkit.errors import DataError

KEYS: dict[str, dict[str, list[str]]] = {
    "items": {"item_id": ["v", "w"]},
    "accounts": {"account_id": ["a", "b"]},
    "impressions": {"account_id": ["a", "b"], "item_id": ["v", "w"]},
    "interactions": {"account_id": ["a", "b"]},
}

#: One column of each type of the schema.
COLUMNS = {
    "text": ("items", "caption"),
    "float": ("items", "duration"),
    "count": ("impressions", "position"),
    "bool": ("accounts", "list_complete"),
    "texts": ("items", "tags"),
    "vector": ("items", "embedding"),
    "time": ("items", "created_at"),
    "kind": ("interactions", "kind"),
}

#: Columns of two rows, the second with a value, and the types that can take them.
VALUES: dict[str, tuple[pl.Series, str]] = {
    "struct": (pl.Series([None, {"text": "x"}]), ""),
    "list of text": (pl.Series([None, ["x"]]), "texts"),
    "list of float": (pl.Series([None, [1.0]]), "vector"),
    "list of struct": (pl.Series([None, [{"a": 1}]]), ""),
    "list of binary": (pl.Series([None, [b"x"]]), ""),
    "list of bool": (pl.Series([None, [True]]), ""),
    "list of time": (pl.Series([None, [dt.datetime(2024, 3, 1)]]), ""),
    "deep list": (pl.Series([None, [[[["x"]]]]]), ""),
    "array": (pl.Series([[1.0], [2.0]], dtype=pl.Array(pl.Float64, 1)), "vector"),
    "array of arrays": (pl.Series([[[1.0]], [[2.0]]], dtype=pl.Array(pl.Float64, (1, 1))), ""),
    "binary": (pl.Series([None, b"\xff\x00"]), ""),
    "duration": (pl.Series([None, dt.timedelta(days=1)]), ""),
    "time of day": (pl.Series([None, dt.time(10)]), ""),
    "date": (pl.Series([None, dt.date(2024, 3, 1)]), "time"),
    "object": (pl.Series([None, object()], dtype=pl.Object), ""),
    "decimal": (pl.Series([None, Decimal("1.5")]), "float"),
    "bool": (pl.Series([None, True]), "float count bool"),
    "infinity": (pl.Series([None, float("inf")]), ""),
    # a missing time, as pandas has it
    "nan": (pl.Series([None, float("nan")]), "time"),
    "half": (pl.Series([None, 0.5]), "float"),
    "Int128": (pl.Series([None, 2**100], dtype=pl.Int128), "text float texts kind"),
    "UInt64": (pl.Series([None, 2**64 - 1], dtype=pl.UInt64), "text float texts kind"),
    "huge float": (pl.Series([None, 1e300]), "float"),
    "broken JSON": (pl.Series([None, "[1, x"]), "text"),
    "JSON object": (pl.Series([None, '[{"a": "secret"}]']), "text"),
    "JSON of lists": (pl.Series([None, "[" * 5000 + "]" * 5000]), "text"),
    "nothing": (pl.Series([None, None]), "text float count bool texts vector time"),
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("type_", COLUMNS)
def test_column_is_taken_or_refused_by_name(type_: str, value: str) -> None:
    table, column = COLUMNS[type_]
    series, fitting = VALUES[value]
    frame = pl.DataFrame(KEYS[table]).with_columns(series.alias(column))
    if type_ in fitting.split():
        if type_ == "kind":  # no row may lack one
            frame, series = frame.tail(1), series.tail(1)
        found = conform(table, frame).get_column(column)
        assert found.null_count() == series.null_count() + (value == "nan")
        return
    with pytest.raises(DataError, match=f"table '{table}': column '{column}'") as caught:
        conform(table, frame)
    assert len(str(caught.value)) < 500
    assert "Try increasing" not in str(caught.value)


@pytest.mark.parametrize(
    ("type_", "values", "wanted"),
    [
        ("text", [2024, None], ["2024", None]),
        ("text", pl.Series(["de", None], dtype=pl.Categorical), ["de", None]),
        ("text", pl.Series([2**100, None], dtype=pl.Int128), [str(2**100), None]),
        ("float", pl.Series([Decimal("1.25"), None]), [1.25, None]),
        ("count", pl.Series([Decimal("3.00"), None]), [3, None]),
        ("count", [3.0, None], [3, None]),
        ("count", ["3.0", ""], [3, None]),
        ("count", ["9007199254740993.0", "-0."], [9007199254740993, 0]),
        ("bool", [1.0, None], [True, None]),
        ("bool", ["1.0", "0.0"], [True, False]),
        ("bool", ["t", "F"], [True, False]),
        ("bool", [" TRUE ", "no"], [True, False]),
        ("bool", pl.Series(["yes", ""], dtype=pl.Categorical), [True, None]),
        ("texts", pl.Series([["a"], None], dtype=pl.List(pl.Categorical)), [["a"], None]),
        ("texts", [[1, 2], None], [["1", "2"], None]),
        ("texts", ['["a", null]', "b, c"], [["a"], ["b", "c"]]),
        ("texts", [r'["a\"]", "[b]"] ', "[]"], [['a"]', "[b]"], []]),
        ("vector", ["[1, 0.5]", ""], [[1.0, 0.5], None]),
        ("vector", [[1, 2], None], [[1.0, 2.0], None]),
        ("kind", pl.Series(["like", "view"], dtype=pl.Categorical), ["like", "view"]),
    ],
)
def test_values_of_fitting_types_are_kept(type_: str, values: Any, wanted: list[Any]) -> None:
    table, column = COLUMNS[type_]
    frame = pl.DataFrame(KEYS[table] | {column: values})
    assert conform(table, frame).get_column(column).to_list() == wanted


@pytest.mark.parametrize(
    ("type_", "values", "named"),
    [
        ("count", [1.0, float("inf")], "row 2: inf is not a whole number"),
        ("count", [Decimal(1), Decimal("1.5")], r"row 2: Decimal\('1.50*'\) is not a whole number"),
        ("count", [None, 2**63], "row 2: 9223372036854775808 is too large"),
        ("count", [None, 1e19], r"row 2: 1e\+19 is too large"),
        ("count", ["3", "3.5"], "row 2: '3.5' is not a number"),
        ("count", ["3", "1,234"], "row 2: '1,234' is not a number"),
        ("bool", [1, 2], "row 2: 2 is neither"),
        ("bool", [0.0, float("nan")], "row 2: nan is neither"),
        ("text", [1.0, None], "holds Float64; text is needed"),
        ("text", [True, None], "holds Boolean; text is needed"),
        ("vector", ["[1]", "[1, x"], r"row 2: '\[1, x' is not a JSON list of numbers"),
        ("vector", ["[1]", '{"a": 1}'], "row 2: .* is not a JSON list of numbers"),
        ("vector", ["[1]", "5"], "row 2: '5' is not a JSON list of numbers"),
        ("vector", ["[1]", "[1e39]"], "row 2: .* has entries that are not finite"),
        ("vector", [[1.0, 2.0], [1.0, None]], "row 2: .* has entries that are not finite"),
        ("vector", [[1.0, 2.0], [1.0]], r"mixes lengths \[1, 2\]"),
        ("vector", ["[1], [2]", "[3"], r"row 1.*: '\[1\], \[2\]' is not a JSON list of numbers"),
        ("texts", ['["a"], ["b"]', "c"], "row 1: .* is not a JSON list of texts"),
        ("texts", ["b", '["a'], "row 2: .* is not a JSON list of texts"),
        ("texts", ["[]", '["a"] ["b"]'], "row 2: .* is not a JSON list of texts"),
    ],
)
def test_value_is_refused_by_row(type_: str, values: list[Any], named: str) -> None:
    table, column = COLUMNS[type_]
    frame = pl.DataFrame(KEYS[table]).with_columns(pl.Series(column, values, strict=False))
    with pytest.raises(DataError, match=f"column '{column}'.*{named}"):
        conform(table, frame)


def test_first_bad_row_of_many_is_found() -> None:
    texts = pl.Series(["[0.5]"] * 1000 + ["[nope]"] + ["[1]"] * 500 + ["[again]"])
    ids = [str(k) for k in range(len(texts))]
    with pytest.raises(DataError, match=r"row 1001: '\[nope\]' is not a JSON list of numbers"):
        conform("items", pl.DataFrame({"item_id": ids, "embedding": texts}))


def test_every_column_of_the_schema_refuses_structs() -> None:
    for table in TABLES.values():
        keys = {c.name: ["like"] for c in table.columns if c.required}
        for column in table.columns:
            frame = pl.DataFrame(keys | {column.name: [{"a": 1}]})
            with pytest.raises(DataError, match=f"'{table.name}': column '{column.name}' holds"):
                conform(table.name, frame)


def test_columns_beyond_the_schema_are_kept_as_they_are() -> None:
    extras = {f"extra {name}": series for name, (series, _) in VALUES.items()}
    far = pl.Series([None, 2**62], dtype=pl.Int64).cast(pl.Datetime("ms"))
    frame = pl.DataFrame(KEYS["accounts"] | extras | {"extra far": far})
    found = gk.Dataset(accounts=frame).accounts
    assert found is not None
    assert found.schema == frame.schema
    low = gk.Dataset(accounts=frame).summary().filter(pl.col("column") == "extra far")["low"]
    assert low.to_list() == [str(2**62)]


class Broken:
    """A frame whose Arrow stream fails."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        raise NotImplementedError("no such type")


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        ({"account_id": ["a", 1]}, "column 'account_id' cannot be read"),
        ({"account_id": ["a"], "n": [2**200]}, "column 'n' cannot be read"),
        ({"account_id": ["a"], "n": {1, 2}}, "column 'n' cannot be read"),
        ({"account_id": ["a", "b"], "n": [1, 2, 3]}, "'account_id' has 2, 'n' 3"),
        ({"account_id": ["a"], 5: [1]}, "the name of column 5 is no text"),
        ({"account_id": [object(), "a"]}, "column 'account_id' holds Object"),
        ({"account_id": np.array(["a", 1, None], dtype=object)}, "column 'account_id' "),
        (Broken(), "cannot be read as a frame: no such type"),
        (pl.LazyFrame({"account_id": ["a"]}).select("absent"), "cannot be read as a frame"),
        ([["a"]], "is a list: pass a Polars frame"),
    ],
)
def test_what_is_no_frame_is_refused(frame: Any, named: str) -> None:
    with pytest.raises(DataError, match=f"table 'accounts'.*{named}"):
        gk.Dataset(accounts=frame)


@pytest.mark.parametrize("type_", ["time", "float", "count", "bool", "vector"])
@pytest.mark.parametrize("word", ["NA", "nan", "NaT", " null ", "\\N", "#N/A"])
def test_words_for_missing_among_values_are_missing_and_counted(type_: str, word: str) -> None:
    table, column = COLUMNS[type_]
    value = {"time": "2024-03-01", "vector": "[1]"}.get(type_, "1")
    for values in (pl.Series([word, value]), pl.Series([word, value], dtype=pl.Categorical)):
        frame = pl.DataFrame(KEYS[table]).with_columns(values.alias(column))
        told: Counter[tuple[str, str]] = Counter()
        found = conform(table, frame, converted=told).get_column(column)
        assert found.is_null().to_list() == [True, False]
        wanted = f"{column}: {word.strip()!r} is no value: set to missing"
        assert told == {(table, wanted): 1}


def test_a_country_may_be_named_as_a_word_for_missing() -> None:
    # NA is the code of Namibia
    frame = pl.DataFrame({"account_id": ["a"], "country": ["NA"]})
    assert conform("accounts", frame).rows() == [("a", "NA")]


def test_leaning_may_be_negative_and_is_bounded() -> None:
    for table in ("accounts", "items"):
        column = TABLES[table].column("leaning")
        assert column is not None
        assert (column.low, column.high) == (-1, 1)
    taken = conform("accounts", pl.DataFrame({"account_id": ["a", "b"], "leaning": [-1.0, None]}))
    assert taken["leaning"].to_list() == [-1.0, None]
    bad = pl.DataFrame({"item_id": ["a", "b"], "leaning": [0.5, -1.5]})
    with pytest.raises(DataError, match=r"'leaning', row 2: -1.5 lies outside \[-1, 1\]"):
        conform("items", bad)
