from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from graphkit.kernels.tails import log_hypergeometric_tail, log_matching_tail, probability


def exact_tail(observed: int, total: int, marked: int, drawn: int) -> Fraction:
    ways = sum(
        math.comb(marked, x) * math.comb(total - marked, drawn - x)
        for x in range(max(observed, 0), min(marked, drawn) + 1)
    )
    return Fraction(ways, math.comb(total, drawn))


CASES = st.integers(1, 120).flatmap(
    lambda n: st.tuples(st.integers(-2, n + 2), st.just(n), st.integers(0, n), st.integers(0, n))
)


@given(CASES)
def test_hypergeometric_agrees_with_exact_fractions(case: tuple[int, int, int, int]) -> None:
    exact = exact_tail(*case)
    found = float(log_hypergeometric_tail(*case))
    if exact == 0:
        assert found == -np.inf
    else:
        log = math.log(exact.numerator) - math.log(exact.denominator)
        assert found == pytest.approx(log, rel=1e-9, abs=1e-9)


def test_hypergeometric_agrees_with_scipy() -> None:
    rng = np.random.default_rng(2)
    for total in (50, 5000, 200_000):
        marked, drawn = (rng.integers(1, total, 70) for _ in range(2))
        x = rng.hypergeometric(marked, total - marked, drawn)
        ours = np.exp(log_hypergeometric_tail(x, total, marked, drawn))
        assert ours == pytest.approx(hypergeom.sf(x - 1, total, marked, drawn), rel=1e-8)


def test_far_tails_keep_their_digits() -> None:
    exact = exact_tail(450, 5000, 500, 500)
    log = math.log(exact.numerator) - math.log(exact.denominator)
    assert log < -1000  # far below what a float probability can hold
    assert float(log_hypergeometric_tail(450, 5000, 500, 500)) == pytest.approx(log, rel=1e-10)


def test_no_probability_is_zero() -> None:
    assert 0 < probability(np.array([-1e6]))[0] < 1e-300
    assert probability(np.array([0.0, np.log(0.25)])).tolist() == [1.0, 0.25]
    assert np.isnan(probability(np.array([np.nan]))[0])


def test_large_graphs() -> None:
    m, k_in, k_out = 10_000_000, 1_000_000, 1_000_000
    values = np.exp(log_hypergeometric_tail([99_000, 100_000, 101_000], m, k_in, k_out))
    normal = 0.5 * math.erfc(999.5 / math.sqrt(2 * 1e5 * 0.81))
    assert values[2] == pytest.approx(normal, rel=0.02)
    assert values[1] == pytest.approx(0.5, abs=0.01)
    assert values[0] == pytest.approx(1 - normal, rel=1e-4)


def test_shapes_follow_the_arguments() -> None:
    assert log_hypergeometric_tail([[1], [2]], 10, 5, [3, 4, 5]).shape == (2, 3)
    assert log_hypergeometric_tail([], 10, 5, []).shape == (0,)


def matchings(stubs: list[int]) -> list[list[tuple[int, int]]]:
    if not stubs:
        return [[]]
    first, rest = stubs[0], stubs[1:]
    return [
        [(first, other), *more]
        for i, other in enumerate(rest)
        for more in matchings(rest[:i] + rest[i + 1 :])
    ]


@pytest.mark.parametrize("edges", [1, 2, 3, 4, 5])
def test_matching_agrees_with_all_matchings(edges: int) -> None:
    everything = matchings(list(range(2 * edges)))
    for stubs in range(2 * edges + 1):
        inside = [sum(a < stubs and b < stubs for a, b in pairs) for pairs in everything]
        for observed in range(edges + 2):
            exact = sum(x >= observed for x in inside) / len(inside)
            found = math.exp(log_matching_tail(observed, edges, stubs))
            assert found == pytest.approx(exact, abs=1e-12)


def test_matching_agrees_with_simulated_stubs() -> None:
    edges, stubs, draws = 300, 120, 20_000
    rng = np.random.default_rng(1)
    ends = np.argsort(rng.random((draws, 2 * edges)), axis=1) < stubs
    inside = (ends[:, 0::2] & ends[:, 1::2]).sum(1)
    assert inside.mean() == pytest.approx(stubs * (stubs - 1) / (2 * (2 * edges - 1)), rel=0.01)
    for observed in (8, 12, 15, 18):
        p = math.exp(log_matching_tail(observed, edges, stubs))
        error = math.sqrt(p * (1 - p) / draws)
        assert (inside >= observed).mean() == pytest.approx(p, abs=4 * error)


def test_matching_mean_is_the_documented_one() -> None:
    edges, stubs = 50, 31
    mean = sum(math.exp(log_matching_tail(x, edges, stubs)) for x in range(1, stubs // 2 + 1))
    assert mean == pytest.approx(stubs * (stubs - 1) / (2 * (2 * edges - 1)))
