"""Families of rows at once: the same as one row after the other."""

from __future__ import annotations

import numpy as np
import pytest

from graphkit.measures.intervals import OVER_POPULATIONS, OVER_SAMPLES, WITHIN_WORLD, Scheme
from graphkit.measures.paired import by_unit, directions, find_all, paired_family

SCHEMES = {
    "populations": Scheme(OVER_POPULATIONS, 6),
    "jackknife": Scheme(OVER_SAMPLES, 6, whole=2),
    "replications": Scheme(WITHIN_WORLD, 1),
}


@pytest.mark.parametrize("name", SCHEMES)
def test_a_family_is_its_rows_one_by_one(name: str) -> None:
    scheme = SCHEMES[name]
    values = np.random.default_rng(1).normal(size=(6, 9))
    values[:, 0] = 3.0  # nothing varies
    values[:, 1] = 0.0
    values[3, 2] = values[1:, 3] = values[:, 4] = np.nan
    values[:, 5] = 2.0
    values[2, 5] = 4.0  # the whole apart from parts that are alike
    values[:, 6] = 1e-17  # rounding of numbers near 1
    magnitude = np.abs(values)
    magnitude[:, 6] = 1.0
    found = find_all(values, magnitude, scheme, 0.9)
    assert found.centre[6] == found.low[6] == found.high[6] == 0
    for k in range(values.shape[1]):
        known = np.flatnonzero(~np.isnan(values[:, k]))
        column = values[known, k]
        if not known.size:
            assert np.isnan(found.centre[k])
            assert np.isnan(found.low[k])
            continue
        twin = scheme.find(column, magnitude[known, k], known.astype(np.int64), 0.9)
        row = (found.centre[k], found.low[k], found.high[k], found.p[k])
        np.testing.assert_allclose(row, (twin.centre, twin.low, twin.high, twin.p), rtol=1e-12)


def test_runs_pair_and_replications_are_averaged_within_worlds() -> None:
    own = np.array([[[1.0], [3.0]], [[5.0], [np.nan]], [[2.0], [2.0]]])
    base = np.array([[[0.0], [1.0]], [[1.0], [7.0]], [[np.nan], [np.nan]]])
    found, own_mean, base_mean = paired_family(own, base, Scheme(OVER_POPULATIONS, 3), 0.95)
    # worlds: 2 − 0.5 and 5 − 1; the run without a partner and the last world do not count
    assert (found.centre[0], own_mean[0], base_mean[0]) == (2.75, 3.5, 0.75)
    assert found.units[0] == 2
    assert by_unit(own, Scheme(WITHIN_WORLD, 1)).tolist() == [[1.0], [3.0]]


def test_directions_follow_the_adjusted_p() -> None:
    centre, p = (
        np.array([2.0, -2.0, 2.0, 0.0, np.nan]),
        np.array([0.01, 0.05, 0.06, np.nan, np.nan]),
    )
    told = directions(centre, p, alpha=0.05, filled=False)
    assert told == ["higher", "lower", "not distinguishable", "not distinguishable", None]
    barred = directions(centre, p, alpha=0.05, filled=True)
    assert barred == ["not claimed: filler"] * 4 + [None]
