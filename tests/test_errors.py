from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from graphkit.errors import OptionError, check_choice, check_integer, check_number


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array([3])[0]])
def test_check_integer_converts_integers_of_every_kind(value: Any) -> None:
    found = check_integer("top", value, 1, 3)
    assert (found, type(found)) == (3, int)


@pytest.mark.parametrize("value", [0, 4, -3, 2.0, np.float64(2), True, np.bool_(True), "2", None])
def test_check_integer_refuses_all_else(value: Any) -> None:
    with pytest.raises(OptionError) as caught:
        check_integer("top", value, 1, 3)
    assert str(caught.value) == f"top={value!r}: an integer from 1 to 3 is needed."


def test_check_integer_says_what_else_is_possible() -> None:
    assert check_integer("top", None, 1, optional=True) is None
    with pytest.raises(OptionError, match=r"^top=0: an integer from 1 on is needed, or None\.$"):
        check_integer("top", 0, 1, optional=True)
    with pytest.raises(OptionError, match=r"^top=0: an integer from 1 on is needed\. See it\.$"):
        check_integer("top", 0, 1, hint="See it.")


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.float64(0.5)])
def test_check_number_converts_numbers_of_every_kind(value: Any) -> None:
    found = check_number("share", value, 0, 1)
    assert (found, type(found)) == (0.5, float)
    assert type(check_number("share", np.int64(1), 0, 1)) is float


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1.1, True, np.bool_(False), "1", None])
def test_check_number_refuses_all_else(value: Any) -> None:
    with pytest.raises(OptionError) as caught:
        check_number("share", value, 0, 1)
    assert str(caught.value) == f"share={value!r}: a number in [0, 1] is needed."


@pytest.mark.parametrize(
    ("value", "options", "wanted"),
    [
        (0, {"low": 0, "high": 1, "low_open": True}, "a number in (0, 1]"),
        (1, {"low": 0, "high": 1, "high_open": True}, "a number in [0, 1)"),
        (0, {"low": 0, "low_open": True}, "a finite number above 0"),
        (-1, {"low": 0}, "a finite number from 0 on"),
        (math.inf, {}, "a finite number"),
        (0, {"low": 0, "low_open": True, "finite": False}, "a number above 0"),
    ],
)
def test_check_number_names_the_range(value: Any, options: dict[str, Any], wanted: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_number("x", value, **options)
    assert str(caught.value) == f"x={value!r}: {wanted} is needed."


def test_check_number_takes_infinite_ones_where_they_are_meant() -> None:
    assert check_number("half_life", math.inf, 0, finite=False) == math.inf


def test_check_choice_names_the_nearest() -> None:
    check_choice("engine", "igraph", ("igraph", "leidenalg"))
    with pytest.raises(OptionError, match=r"^engine='igraf' is unknown\. Did you mean 'igraph'\?"):
        check_choice("engine", "igraf", ("igraph", "leidenalg"))
