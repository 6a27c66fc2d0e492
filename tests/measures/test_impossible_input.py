"""Impossible arrays: a measure refuses them, and returns no number that looks like one."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest

from graphkit import measures
from graphkit.errors import DataError, GraphkitError

LOG: dict[str, Any] = {
    "views": np.array([[1, 2, 0], [0, 1, 1]]),
    "membership": np.array([0, 0, 0, 1, 1, -1]),
    "homes": np.array([0, 1]),
    "poster_indptr": np.array([0, 1, 2]),
    "posters": np.array([0, 3]),
}
DIET = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
TABLE = np.array([[3, 1], [2, 2]])

#: A valid call of each function of arrays, and the range of its results.
CALLS: dict[str, tuple[dict[str, Any], float, float]] = {
    "gini": ({"values": np.array([1, 2, 3])}, 0, 1),
    "lorenz": ({"values": np.array([1, 2, 3])}, 0, 1),
    "small_creator_share": (
        {"impressions": np.array([1, 3, 6, 10]), "followers": np.array([0, 5, 7, 90])},
        0,
        1,
    ),
    "entropy": ({"counts": TABLE}, 0, 1),
    "effective_number": ({"counts": TABLE}, 1, 2),
    "intra_list_distance": ({"counts": TABLE}, 0, 1),
    "miscalibration": ({"history": TABLE, "shown": TABLE[::-1]}, 0, 5),
    "ei_index": ({"matrix": TABLE}, -1, 1),
    "ei_null": (LOG, -1, 1),
    "crossing": (LOG | {"diet": DIET}, 0, 3),
    "hosting_reach": (LOG, 0, 1),
    "hosting_members": ({"diet": DIET, "membership": LOG["membership"]}, 0, 1),
    "hosting_creators": (
        {
            "member_reach": np.array([2, 1, 0, 1, 0, 0]),
            "membership": LOG["membership"],
            "posters": LOG["posters"],
            "size": 2,
            "members_reached": 1,
        },
        0,
        1,
    ),
    "kaplan_meier": (
        {"durations": np.array([1, 2, 2, 5]), "ended": [True, True, False, False]},
        0,
        np.inf,
    ),
    "cascades": (
        {
            "shares": np.array([[0, 5, -1, 0, 0], [1, 6, 5, 1, 1]]),
            "n_posts": 3,
            "answers_to": np.array([-1, -1, 1]),
        },
        0,
        5,
    ),
}


def change(array: Any, value: float) -> Any:
    changed = array.astype(np.float64)
    changed.flat[0] = value
    return changed


#: Arrays that cannot be, from valid ones: refused by every function.
REFUSED: dict[str, Callable[[Any], Any]] = {
    "text": lambda a: a.astype(str),
    "objects": lambda a: a.astype(object),
    "complex numbers": lambda a: a.astype(complex),
    "truth values": lambda a: a > 0,
    "dates": lambda a: a.astype("datetime64[s]"),
    "nothing": lambda a: None,
    "a text": lambda a: "many",
    "a number": lambda a: 3,
    "another dimension": lambda a: a[..., None],
    "ragged rows": lambda a: [[1], [1, 2]],
    "lists of None": lambda a: [None] * len(a),
    "NaN": lambda a: change(a, np.nan),
    "infinite": lambda a: change(a, np.inf),
    "minus infinite": lambda a: change(a, -np.inf),
    "negative": lambda a: change(a, -7).astype(np.int64),
    "negative fraction": lambda a: change(a, -0.5),
    "masked": lambda a: np.ma.array(a, mask=a == a.flat[0]),
    "infinite sum": lambda a: np.full(a.shape, 1.7e308),
}

#: Arrays that some functions take: their result is then in its range.
PERHAPS: dict[str, Callable[[Any], Any]] = {
    "zeros": np.zeros_like,
    "fractions": lambda a: a + 0.5,
    "a row more": lambda a: np.concatenate([a, a[:1]]),
    "a row less": lambda a: a[:-1],
    "no rows": lambda a: a[:0],
    "no columns": lambda a: a[:, :0] if a.ndim > 1 else a[:0],
    "a column more": lambda a: np.concatenate([a, a[:, :1]], axis=1) if a.ndim > 1 else a,
    "flat": lambda a: a.ravel(),
    "an empty list": lambda a: [],
    "huge": lambda a: np.full(a.shape, 1e300),
    "tiny": lambda a: np.full(a.shape, 5e-324),
    "one huge": lambda a: change(a, 1e300),
    "one tiny": lambda a: change(a, 5e-324),
    "large integers": lambda a: np.full(a.shape, np.iinfo(np.int64).max),
    "unsigned": lambda a: np.maximum(a, 0).astype(np.uint8),
    "small integers": lambda a: a.astype(np.int8),
    "lists": lambda a: a.tolist(),
    "series": lambda a: pl.Series(a) if a.ndim == 1 else pl.DataFrame(a),
}


def numbers_of(result: Any) -> np.ndarray:
    """All finite numbers of a result."""
    if is_dataclass(result):
        ratios = [result.ratio(), result.item_mean()] if hasattr(result, "ratio") else []
        names = [f.name for f in fields(result) if f.name not in ("posts", "homes", "views")]
        parts = [np.ravel(getattr(result, name)) for name in names] + [np.array(ratios)]
        values = np.concatenate(parts).astype(float)
    else:
        values = np.ravel(np.asarray(result, dtype=float))
    assert not np.isinf(values).any()
    return values[~np.isnan(values)]


def call(name: str, **arguments: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return getattr(measures, name)(**arguments)


ARRAYS = [
    (name, argument)
    for name, (arguments, _, _) in CALLS.items()
    for argument, value in arguments.items()
    if isinstance(value, np.ndarray)
]


#: Functions whose arrays may be negative, sparse or NaN (the tests of their files refuse others), and
#: one that takes none.
SIGNED = {"class_counts", "exposed_leaning", "feature_distance", "neighbours_leaning"}
SIGNED |= {"item_features"}
# its result is no array of one range
SIGNED |= {"fit_delays"}


def test_every_function_of_arrays_is_listed() -> None:
    taken = set()
    for name in measures.__all__:
        function = getattr(measures, name)
        if inspect.isfunction(function):
            kinds = str(inspect.signature(function))
            if any(word in kinds for word in ("ArrayLike", "NDArray", "Codes", "Floats")):
                taken.add(name)
    assert taken == set(CALLS) | SIGNED


@pytest.mark.parametrize("name", CALLS)
def test_valid_calls_are_in_range(name: str) -> None:
    arguments, low, high = CALLS[name]
    found = numbers_of(call(name, **arguments))
    assert found.size
    assert (low <= found).all()
    assert (found <= high).all()


@pytest.mark.parametrize("change", REFUSED)
@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_impossible_arrays_are_refused(name: str, argument: str, change: str) -> None:
    arguments = CALLS[name][0]
    if (argument, change) == ("answers_to", "nothing"):
        assert call(name, **arguments | {argument: None}).size.tolist() == [2, 2, 1]
        return
    with pytest.raises(DataError, match=f"{argument}"):
        call(name, **arguments | {argument: REFUSED[change](arguments[argument])})


@pytest.mark.parametrize("change", PERHAPS)
@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_odd_arrays_give_an_error_or_a_value_in_range(
    name: str, argument: str, change: str
) -> None:
    arguments, low, high = CALLS[name]
    try:
        result = call(name, **arguments | {argument: PERHAPS[change](arguments[argument])})
    except GraphkitError:
        return
    found = numbers_of(result)
    wide = 3 if name == "effective_number" else 800 if name == "miscalibration" else high
    assert (low - 1e-12 <= found).all(), found
    assert (found <= wide + 1e-12).all(), found


@pytest.mark.parametrize(("name", "argument"), ARRAYS)
def test_the_type_of_integers_makes_no_difference(name: str, argument: str) -> None:
    arguments = CALLS[name][0]
    expected = numbers_of(call(name, **arguments))
    for kind in (np.int8, np.int32, np.uint8, np.uint64):
        if kind in (np.uint8, np.uint64) and (arguments[argument] < 0).any():
            continue
        found = call(name, **arguments | {argument: arguments[argument].astype(kind)})
        assert numbers_of(found).tolist() == expected.tolist()


# known values -----------------------------------------------------------------------------


def test_creators_of_unknown_followers_are_refused() -> None:
    with pytest.raises(DataError, match="leave those of unknown followers out of both"):
        measures.small_creator_share([1, 3, 6, 10], [0, 5, float("nan"), 90])
    # without that creator: 1 and half of 3, of 14
    assert measures.small_creator_share([1, 3, 10], [0, 5, 90]) == pytest.approx(2.5 / 14)


def test_a_community_of_its_author_alone_is_not_estimable() -> None:
    """Community 1 has one member, who made its only post; community 2 has none."""
    log = {
        "views": np.array([[2, 0, 0, 0], [2, 0, 0, 0]]),
        "membership": np.array([0, 0, 0, 1]),
        "homes": np.array([0, 1]),
        "poster_indptr": np.array([0, 1, 2]),
        "posters": np.array([0, 3]),
    }
    diet = np.array([[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]])
    nan = np.nan
    np.testing.assert_array_equal(measures.hosting_reach(**log), [1, nan, nan])
    found = measures.hosting_members(diet, log["membership"])
    np.testing.assert_array_equal(found, [2 / 3, nan, nan])


@pytest.mark.parametrize("least", [1, 2, 3, 4])
def test_a_community_without_as_many_others_is_not_estimable(least: int) -> None:
    """Communities of 1, 2, 3 and 4 members, each with a creator who reaches all others."""
    membership = np.repeat([0, 1, 2, 3], [1, 2, 3, 4])
    creators = np.array([0, 1, 3, 6])
    reach = np.zeros(10, dtype=np.int64)
    reach[creators] = [0, 1, 2, 3]
    found = measures.hosting_creators(reach, membership, creators, size=4, members_reached=least)
    expected = [1.0 if others >= least else np.nan for others in range(4)]
    np.testing.assert_array_equal(found, expected)


def test_expected_index_without_other_accounts_is_refused() -> None:
    log = LOG | {"membership": np.array([0, -1, -1, -1, -1, -1]), "posters": np.array([0, 0])}
    with pytest.raises(DataError, match="all are"):
        measures.ei_null(**log)
