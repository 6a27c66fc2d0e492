from __future__ import annotations

import inspect
from typing import Any

import pytest

from graphkit.errors import OptionError
from graphkit.kernels import ranking
from graphkit.recommenders import Feed
from graphkit.recommenders.factors import (
    CIRCLE_FACTORS,
    FACTORS,
    FILLERS,
    NUMBERS,
    PAIR_FACTORS,
    POST_FACTORS,
    TABLES,
)
from graphkit.study.config import ArmConfig


def test_the_kernel_numbers_factors_in_the_order_of_the_table() -> None:
    places = {name: value for name, value in vars(ranking).items() if name.startswith("F_")}
    assert sorted(places.values()) == list(range(len(PAIR_FACTORS)))
    for place, factor in enumerate(PAIR_FACTORS):
        (name,) = (name for name, value in places.items() if value == place)
        assert factor.endswith(name.removeprefix("F_").lower())


def test_factors_are_of_a_pair_or_of_a_post() -> None:
    assert list(FACTORS) == [*PAIR_FACTORS, *POST_FACTORS]
    assert not set(PAIR_FACTORS) & set(POST_FACTORS)
    assert set(CIRCLE_FACTORS) <= set(PAIR_FACTORS)


@pytest.mark.parametrize("holder", [Feed, Feed.but, ArmConfig])
def test_every_number_of_a_feed_is_a_parameter_wherever_one_is_made(holder: Any) -> None:
    known = set(inspect.signature(holder).parameters)
    assert {*NUMBERS, *TABLES, "filler", "name"} <= known


@pytest.mark.parametrize("key", NUMBERS)
def test_ranges_hold_the_default_and_their_closed_ends(key: str) -> None:
    number = NUMBERS[key]
    assert number.checked(key, getattr(Feed("plain", {}, {}), key)) is not None
    for end, is_open in ((number.low, number.low_open), (number.high, number.high_open)):
        value: float = int(end) if number.whole and abs(end) < 1e9 else end
        if is_open or (value in (float("inf"), float("-inf")) and number.finite):
            with pytest.raises(OptionError, match=f"^{key}="):
                number.checked(key, value)
        else:
            assert number.checked(key, value) == value


def test_tables_bring_numbers_into_their_order() -> None:
    table = TABLES["sources"]
    found = table.checked("sources", {"trending": 1, "following": 2})
    assert list(found.items()) == [("following", 2), ("trending", 1)]
    with pytest.raises(OptionError, match=r"^sources='trend' is unknown. Did you mean 'trending'"):
        table.checked("sources", {"trend": 1})
    assert FILLERS[0] == Feed("plain", {}, {}).filler
