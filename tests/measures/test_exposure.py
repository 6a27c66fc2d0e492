from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from graphkit.data.dataset import Dataset
from graphkit.data.impressions import Impressions
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import (
    class_counts,
    effective_number,
    entropy,
    feature_distance,
    gini,
    intra_list_distance,
    item_features,
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


lists = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=24)


@given(lists, st.integers(0, 2**32 - 1))
def test_feature_distance_against_all_pairs(rows: list[tuple[int, int]], seed: int) -> None:
    features = np.random.default_rng(seed).normal(size=(6, 4))
    features[5] = 0  # an item without features
    account, item = (np.array(x) for x in zip(*rows, strict=True))
    found = feature_distance(account, item, features, size=5)
    assert found.shape == (5,)
    for a in range(5):
        items = sorted({i for b, i in rows if a == b and i != 5})
        far = [
            1
            - features[i] @ features[j] / np.linalg.norm(features[i]) / np.linalg.norm(features[j])
            for i in items
            for j in items
            if i < j
        ]
        assert found[a] == pytest.approx(np.mean(far) if far else np.nan, abs=1e-9, nan_ok=True)
    thin = feature_distance(account, item, sparse.csr_array(features), size=5)
    assert thin == pytest.approx(found, abs=1e-12, nan_ok=True)


@given(lists)
def test_feature_distance_of_one_class_per_item_is_intra_list_distance(
    rows: list[tuple[int, int]],
) -> None:
    account, item = (np.array(x) for x in zip(*rows, strict=True))
    classes = np.eye(3)[[0, 0, 1, 1, 2, 2]]
    counts = class_counts(account, item, classes, size=4)
    found = feature_distance(account, item, classes, size=4)
    assert found == pytest.approx(intra_list_distance(counts), abs=1e-12, nan_ok=True)


def test_feature_distance_of_opposite_and_equal_items() -> None:
    assert feature_distance([0, 0], [0, 1], [[1.0], [-3.0]]).tolist() == [2.0]
    assert feature_distance([0, 0], [0, 1], [[1.0, 1.0], [4.0, 4.0]]) == pytest.approx(0)
    # an item again is no second one
    assert np.isnan(feature_distance([0, 0], [1, 1], [[1.0], [2.0]])).all()


@given(lists)
def test_class_counts_against_a_loop(rows: list[tuple[int, int]]) -> None:
    weights = np.array([[1, 0, 0], [1, 1, 0], [0, 2, 2], [0, 0, 0], [1, 1, 1], [0, 0, 5]])
    account, item = zip(*rows, strict=True)
    expected = np.zeros((4, 3))
    for a, i in set(rows):
        if weights[i].sum():
            expected[a] += weights[i] / weights[i].sum()
    assert class_counts(account, item, weights, size=4) == pytest.approx(expected)
    thin = class_counts(account, item, sparse.coo_array(weights), size=4)
    assert thin == pytest.approx(expected)


def test_miscalibration_of_a_log_is_that_of_its_genres() -> None:
    """A viewer of 70 romances and 30 action films, as in the paper's example of 70 to 30."""
    item = np.arange(100)
    genres = np.eye(2)[(item >= 70).astype(int)]
    history = class_counts(np.zeros(100, int), item, genres)
    assert history.tolist() == [[70.0, 30.0]]
    only = class_counts(np.zeros(70, int), np.arange(70), genres)
    expected = 0.7 * math.log(0.7 / (0.99 + 0.007)) + 0.3 * math.log(0.3 / 0.003)
    assert miscalibration(history, only) == pytest.approx(expected)
    assert miscalibration(history, history) == pytest.approx(0)


@pytest.mark.parametrize("function", [class_counts, feature_distance])
def test_features_and_lists_that_do_not_fit_are_refused(function: Callable[..., object]) -> None:
    with pytest.raises(DataError, match="item: integers from 0 to 1"):
        function([0], [2], [[1.0], [2.0]])
    with pytest.raises(DataError, match="account: integers from 0 to 0"):
        function([1], [0], [[1.0]], size=1)
    with pytest.raises(DataError, match="One item per account"):
        function([0, 1], [0], [[1.0]])
    for table in ([[np.nan]], [[np.inf]], [["a"]], [1.0], [[1.0], [1.0, 2.0]], None, [[1j]]):
        with pytest.raises(DataError, match="a table of finite numbers"):
            function([0], [0], table)
    with pytest.raises(DataError, match="of 0 or more is needed, and there is -1"):
        class_counts([0], [0], [[-1.0]])
    with pytest.raises(DataError, match="classes: 60,000,000 accounts × 1 classes"):
        class_counts([0], [0], [[1.0]], size=60_000_000)


def test_distance_and_classes_of_the_items_of_a_log() -> None:
    log = Dataset(
        items={
            "item_id": ["w", "v", "u", "x"],
            "tags": [["Art", "#art", "books"], ["books"], None, []],
            "embedding": [[1.0, 0.0], [0.0, 2.0], None, [0.0, -1.0]],
        },
        impressions={"account_id": ["a", "a", "a", "b"], "item_id": ["v", "w", "u", "x"]},
    )
    shown = Impressions.from_dataset(log)
    tags = item_features(log)
    assert tags.toarray().tolist() == [[0, 0], [0, 1], [1, 1], [0, 0]]
    assert class_counts(shown.account, shown.item, tags).tolist() == [[0.5, 1.5], [0, 0]]
    found = feature_distance(shown.account, shown.item, tags)
    assert found == pytest.approx([1 - 1 / math.sqrt(2), np.nan], nan_ok=True)
    vectors = item_features(log, by="embedding")
    assert vectors.tolist() == [[0, 0], [0, 2], [1, 0], [0, -1]]
    assert feature_distance(shown.account, shown.item, vectors)[0] == pytest.approx(1)
    with pytest.raises(MissingDataError, match="item_features needs"):
        item_features(Dataset(items={"item_id": ["v"]}))
    with pytest.raises(DataError, match="item_features needs a graphkit Dataset, not a DataFrame"):
        item_features(pl.DataFrame({"item_id": ["v"]}))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="account"):
        class_counts(log, [0], [[1.0]])  # type: ignore[arg-type]
