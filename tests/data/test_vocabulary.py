from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError


@given(st.lists(st.text(max_size=6)))
def test_strings_sort_by_code_point_and_encode_back(ids: list[str]) -> None:
    vocabulary = Vocabulary(ids)
    assert list(vocabulary.ids) == sorted(set(ids))
    assert vocabulary.ids[vocabulary.encode(ids)].tolist() == ids


@given(st.lists(st.integers(-(2**62), 2**62)))
def test_integers_sort_by_value(ids: list[int]) -> None:
    vocabulary = Vocabulary(ids)
    assert vocabulary.ids.tolist() == sorted(set(ids))
    assert vocabulary.ids[vocabulary.encode(ids)].tolist() == ids


def test_order_of_input_does_not_matter() -> None:
    assert Vocabulary(["b", "a"]) == Vocabulary(["a", "b", "a"])
    assert Vocabulary(["1"]) != Vocabulary([1])
    assert hash(Vocabulary(["b", "a"])) == hash(Vocabulary(["a", "b"]))


def test_other_hashables() -> None:
    vocabulary = Vocabulary([("b", 1), ("a", 2), "x", 3])
    assert vocabulary.kind == "object"
    assert vocabulary.encode([3, ("a", 2), "x"]).tolist() == [0, 2, 1]
    assert isinstance(vocabulary.ids[3], tuple)


def test_unknown_ids() -> None:
    vocabulary = Vocabulary(["anna", "bela"])
    assert vocabulary.lookup(["bela", "zoe"]).tolist() == [1, -1]
    assert "anna" in vocabulary
    assert "zoe" not in vocabulary
    assert 1 not in vocabulary
    with pytest.raises(MissingDataError, match=r"'ana'.*Did you mean 'anna'"):
        vocabulary.encode(["anna", "ana"])


def test_integer_lookup_of_nulls_and_strangers() -> None:
    vocabulary = Vocabulary([10, 20])
    assert vocabulary.lookup(pl.Series([20, None, 30])).tolist() == [1, -1, -1]
    assert vocabulary.lookup(["10"]).tolist() == [-1]


@pytest.mark.parametrize("ids", [[1.5], [1.0, 2.0], np.array([1.0]), pl.Series([1.0])])
def test_floats_are_refused(ids: object) -> None:
    with pytest.raises(DataError, match=r"is a float.*2\^53"):
        Vocabulary(ids)  # type: ignore[arg-type]


def test_missing_ids_are_refused() -> None:
    with pytest.raises(DataError, match="missing"):
        Vocabulary(pl.Series(["a", None]))
    with pytest.raises(DataError, match="missing"):
        Vocabulary(["a", None])


def test_objects_without_an_order_are_refused() -> None:
    with pytest.raises(DataError, match="reproducibly"):
        Vocabulary([object(), object()])


def test_ids_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Vocabulary(["a"]).ids[0] = "b"


def test_take_keeps_order() -> None:
    vocabulary = Vocabulary(["a", "b", "c"])
    assert list(vocabulary.take([2, 0]).ids) == ["a", "c"]
    assert list(vocabulary.take(np.array([False, True, True])).ids) == ["b", "c"]


def test_scalars_of_numpy_are_those_of_python() -> None:
    assert Vocabulary([np.int8(3), 4]) == Vocabulary([3, 4])
    assert Vocabulary([np.str_("a"), "b"]) == Vocabulary(["a", "b"])
    wide = Vocabulary([np.uint64(2**64 - 1), 7])
    assert wide.kind == "object"
    assert wide.lookup([2**64 - 1, np.uint64(7), 8]).tolist() == [1, 0, -1]


def test_an_empty_column_of_any_type_is_no_ids() -> None:
    for empty in ([], np.array([]), pl.Series([], dtype=pl.Float64), pl.Series([], dtype=pl.Null)):
        assert len(Vocabulary(empty)) == 0


@pytest.mark.parametrize("ids", [[[1]], pl.Series([[1]]), [{"a": 1}], [([1], 2)]])
def test_ids_that_cannot_be_hashed_are_refused(ids: Any) -> None:
    with pytest.raises(DataError, match=r"list|dict"):
        Vocabulary(ids)


def test_text_among_other_ids_must_be_utf8_too() -> None:
    with pytest.raises(DataError, match="holds half a surrogate pair"):
        Vocabulary([1, "\ud800"])


def test_integers_of_too_many_digits_are_refused() -> None:
    with pytest.raises(DataError, match="has too many digits"):
        Vocabulary(["a", 10**5000])


def test_texts_are_looked_up_exactly() -> None:
    known = [f"7{i:018}" for i in range(0, 3000, 3)]
    vocabulary = Vocabulary(known)
    asked = pl.Series([*(f"7{i:018}" for i in range(3000)), "", None, "é"])
    code = {text: i for i, text in enumerate(sorted(known))}
    assert vocabulary.lookup(asked).tolist() == [code.get(text, -1) for text in asked]
    assert vocabulary.lookup(asked).dtype == np.int32
    assert Vocabulary(vocabulary.series) == vocabulary


@pytest.mark.parametrize("give", [np.array, pl.Series])
def test_integers_are_copied(give: Any) -> None:
    given = np.array([0, 1000, 10**9])
    vocabulary = Vocabulary(given if give is np.array else give(given))
    given[0] = 7
    assert vocabulary.ids.tolist() == [0, 1000, 10**9]
    assert vocabulary.lookup([0, 7]).tolist() == [0, -1]
