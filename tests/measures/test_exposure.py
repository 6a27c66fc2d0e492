from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.errors import DataError, OptionError
from graphkit.measures import (
    effective_number,
    entropy,
    gini,
    intra_list_distance,
    lorenz,
    miscalibration,
    small_creator_share,
)

counts = st.lists(st.integers(0, 50), min_size=1, max_size=20)


@given(counts)
def test_gini_against_all_pairs_and_the_lorenz_curve(values: list[int]) -> None:
    n, total = len(values), sum(values)
    if not total:
        assert math.isnan(gini(values))
        return
    pairs = sum(abs(a - b) for a in values for b in values)
    assert gini(values) == pytest.approx(pairs / (2 * n * total), abs=1e-12)
    curve = lorenz(values)
    area = np.trapezoid(curve[:, 1], curve[:, 0])
    assert gini(values) == pytest.approx(1 - 2 * area, abs=1e-12)


def test_gini_of_known_distributions() -> None:
    # exponential: 1/2; Pareto with tail a: 1/(2a − 1)
    at = (np.arange(200_000) + 0.5) / 200_000
    assert gini(-np.log(at)) == pytest.approx(0.5, abs=1e-3)
    assert gini(at ** (-1 / 3)) == pytest.approx(0.2, abs=1e-3)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1), st.randoms())
def test_small_creators_whatever_the_order(rows: list[tuple[int, int]], shuffle: object) -> None:
    shown, followers = zip(*rows, strict=True)
    if not sum(shown):
        assert math.isnan(small_creator_share(shown, followers))
        return
    # each creator twice: the half is then whole; ties take their mean
    order = sorted(followers)
    mean = {f: np.mean([s for s, g in rows if g == f]) for f in set(followers)}
    twice = [mean[f] for f in order for _ in (0, 1)]
    expected = sum(twice[: len(rows)]) / sum(twice)
    found = small_creator_share(shown, followers)
    assert found == pytest.approx(expected)
    shuffle.shuffle(rows)  # type: ignore[attr-defined]
    assert small_creator_share(*zip(*rows, strict=True)) == pytest.approx(found)


def test_bad_amounts_are_refused() -> None:
    with pytest.raises(DataError, match="of 0 or more are needed, and there is -1"):
        gini([1, -1])
    with pytest.raises(DataError, match="of 0 or more are needed, and there is nan"):
        gini([1, float("nan")])
    with pytest.raises(
        DataError, match=r"followers: the shape is .* leave those of unknown followers out"
    ):
        small_creator_share([1, 2], [1])


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1))
def test_entropy_against_a_loop(rows: list[list[int]]) -> None:
    table = np.array(rows)
    for row, found, number in zip(rows, entropy(table), effective_number(table), strict=True):
        if not sum(row):
            assert math.isnan(found)
            continue
        nats = -sum(v / sum(row) * math.log(v / sum(row)) for v in row if v)
        assert found == pytest.approx(nats / math.log(3), abs=1e-12)
        assert number == pytest.approx(math.exp(nats))


def test_one_community_has_no_entropy() -> None:
    assert np.isnan(entropy([[3], [0]])).all()


tables = st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=6)


@given(tables)
def test_intra_list_distance_against_all_pairs(rows: list[list[int]]) -> None:
    for row, found in zip(rows, intra_list_distance(rows), strict=True):
        items = [c for c, count in enumerate(row) for _ in range(count)]
        pairs = [(a, b) for i, a in enumerate(items) for b in items[:i]]
        if pairs:
            assert found == pytest.approx(sum(a != b for a, b in pairs) / len(pairs), abs=1e-12)
        else:
            assert math.isnan(found)


@given(tables, st.sampled_from([0.01, 0.5]))
def test_miscalibration_against_a_loop(rows: list[list[int]], alpha: float) -> None:
    shown = rows[::-1]
    for old, new, found in zip(rows, shown, miscalibration(rows, shown, alpha=alpha), strict=True):
        if not sum(old) or not sum(new):
            assert math.isnan(found)
            continue
        p, q = ([v / sum(row) for v in row] for row in (old, new))
        mixed = [(1 - alpha) * b + alpha * a for a, b in zip(p, q, strict=True)]
        expected = sum(a * math.log(a / m) for a, m in zip(p, mixed, strict=True) if a)
        assert found == pytest.approx(expected, abs=1e-12)


def test_miscalibration_from_none_to_its_bound() -> None:
    assert miscalibration([[2, 6]], [[10, 30]]) == pytest.approx(0)
    assert miscalibration([[2, 0]], [[0, 3]]) == pytest.approx(math.log(100))
    with pytest.raises(OptionError, match="alpha=0"):
        miscalibration([[1]], [[1]], alpha=0)
    with pytest.raises(DataError, match="shape"):
        miscalibration([[1, 2]], [[1]])
