"""Kernels of layouts against slow twins."""

from __future__ import annotations

import itertools
import math

import numpy as np

from graphkit.kernels.layout import attract, push_apart, refine_keys


def cost(ratio: np.ndarray, place: np.ndarray) -> float:
    pairs = [(a, b) for a in range(len(place)) for b in range(a)]
    far = {pair: math.dist(place[pair[0]], place[pair[1]]) for pair in pairs}
    return sum(ratio[a, b] * far[a, b] ** 2 / 2 - far[a, b] for a, b in pairs)


def test_attract_never_raises_the_cost_and_is_its_slow_twin() -> None:
    rng = np.random.default_rng(3)
    ratio = rng.random((7, 7)) + 0.05
    ratio = np.triu(ratio, 1) + np.triu(ratio, 1).T
    place = rng.normal(size=(7, 2))
    slow = place.copy()
    costs = [cost(ratio, place)]
    for _ in range(20):
        attract(ratio, place, 1)
        costs.append(cost(ratio, place))
        for a in range(7):
            others = [b for b in range(7) if b != a]
            ways = [(slow[a] - slow[b]) / math.dist(slow[a], slow[b]) for b in others]
            pulled = [ratio[a, b] * slow[b] + way for b, way in zip(others, ways, strict=True)]
            slow[a] = np.sum(pulled, axis=0) / ratio[a].sum()
        np.testing.assert_allclose(place, slow, rtol=1e-9)
    assert all(after <= before + 1e-12 for before, after in itertools.pairwise(costs))


def test_two_areas_settle_at_the_distance_of_their_inverse_ratio() -> None:
    # the minimum of s d² / 2 − d
    place = np.array([[0.3, 0.0], [0.0, 2.0]])
    attract(np.array([[0.0, 4.0], [4.0, 0.0]]), place, 300)
    assert abs(math.dist(*place) - 0.25) < 1e-5


def test_push_apart_leaves_gaps_and_moves_the_small_ones() -> None:
    place = np.zeros((3, 2))  # all in one place
    radius = np.array([3.0, 1.0, 1.0])
    assert push_apart(place, radius, 0.5, 1000)
    for a in range(3):
        for b in range(a):
            assert math.dist(place[a], place[b]) >= radius[a] + radius[b] + 0.5 - 1e-6
    two = np.array([[0.0, 0.0], [1.0, 0.0]])
    assert push_apart(two, np.array([3.0, 1.0]), 0.0, 10)
    # 3 to move, in proportion to the areas 1 and 9
    np.testing.assert_allclose(two, [[-0.3, 0.0], [3.7, 0.0]], rtol=1e-6)
    assert not push_apart(np.zeros((3, 2)), radius, 0.5, 1)


def test_keys_are_those_of_surroundings_not_of_places() -> None:
    # a path of four: ends alike, inner nodes alike
    indptr, indices = np.array([0, 1, 3, 5, 6]), np.array([1, 0, 2, 1, 3, 2], dtype=np.int32)
    area = np.zeros(4, dtype=np.int32)
    keys, new = np.zeros(4, dtype=np.uint64), np.zeros(4, dtype=np.uint64)
    bits = np.ones(6).view(np.uint64)
    refine_keys(indptr, indices, bits, area, keys, new)
    assert new[0] == new[3] != new[1] == new[2]
    heavy = np.array([2.0, 2.0, 1.0, 1.0, 1.0, 1.0]).view(np.uint64)
    refine_keys(indptr, indices, heavy, area, keys, new)
    assert new[0] != new[3]
    refine_keys(indptr, indices, bits, np.array([0, 0, 0, 1], dtype=np.int32), keys, new)
    assert new[0] != new[3]
