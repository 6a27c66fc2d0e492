from __future__ import annotations

from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graphkit.errors import DataError
from graphkit.graphs.validation import (
    TOLERANCE,
    Triples,
    benjamini_hochberg,
    bicm_tails,
    degree_model,
    distinct_triples,
    hypergeometric_tails,
)
from graphkit.kernels import tails as kernel

Floats = np.ndarray[Any, np.dtype[np.float64]]


def convolved(p: Floats, size: Floats) -> Floats:
    """The slow twin: log P(X ≥ c) for all c, coin after coin, in extended precision."""
    mass = np.ones(1, dtype=np.longdouble)
    for chance in np.repeat(p, size.astype(int)).astype(np.longdouble):
        grown = np.zeros(mass.size + 1, dtype=np.longdouble)
        grown[:-1] = mass * (1 - chance)
        grown[1:] += mass * chance
        mass = grown
    upper = np.cumsum(mass[::-1])[::-1]
    below = np.concatenate([[0], np.cumsum(mass)[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(upper < 0.5, np.log(upper), np.log1p(-np.minimum(below, 1)))
    return logs.astype(np.float64)


def tails(p: Floats, size: Floats, counts: Floats) -> tuple[Floats, Floats]:
    share = np.sqrt(p)[None, :].copy()
    logs, means = np.empty(counts.size), np.empty(counts.size)
    kernel.poisson_binomial_tails(
        0,
        1,
        np.array([0, counts.size]),
        np.zeros(1, np.int64),
        np.zeros(1, np.int64),
        counts,
        share,
        size,
        logs,
        means,
    )
    return logs, means


@st.composite
def coins(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Chances of any size, descending, some of them certain or impossible; and multiplicities."""
    decades = draw(st.lists(st.floats(-8, 0), min_size=1, max_size=25))
    p = np.sort(10.0 ** np.array(decades))[::-1]
    p[: draw(st.integers(0, 2))] = 1.0
    p[len(p) - draw(st.integers(0, 2)) :] = 0.0
    size = draw(
        st.lists(
            st.integers(1, draw(st.sampled_from([1, 3, 30]))), min_size=p.size, max_size=p.size
        )
    )
    return p.copy(), np.array(size, dtype=float)


@settings(max_examples=150)
@given(coins())
def test_tails_equal_the_convolution(case: tuple[Floats, Floats]) -> None:
    p, size = case
    counts = np.arange(int(size.sum()) + 1)[::-1].copy()
    logs, means = tails(p, size, counts)
    right = convolved(np.square(np.sqrt(p)), size)[counts]
    known = right > -9_000  # further down the twin underflows
    np.testing.assert_allclose(logs[known], right[known], atol=1e-8, rtol=0)
    assert (logs[1:] >= logs[:-1] - 1e-9).all()
    np.testing.assert_allclose(means, p @ size)


def test_tails_equal_the_binomial_far_out() -> None:
    counts = np.array([900, 500, 100, 30, 12, 10, 8, 1])
    logs, _ = tails(np.array([0.01]), np.array([1000.0]), counts)
    right = [
        _log_of(sum(comb(1000, x) * 99 ** (1000 - x) for x in range(c, 1001))) - 1000 * np.log(100)
        for c in counts.tolist()
    ]
    np.testing.assert_allclose(logs, right, atol=1e-8, rtol=0)
    assert logs[0] < -3000


def test_a_tail_does_not_depend_on_the_other_counts_of_its_pair() -> None:
    p = np.geomspace(0.9, 1e-6, 200)
    size = np.arange(1.0, 201.0)
    counts = np.array([400, 300, 100, 60, 31, 20, 5, 1])
    together, _ = tails(p, size, counts)
    alone = [tails(p, size, np.array([c]))[0][0] for c in counts]
    np.testing.assert_allclose(together, alone, atol=1e-8)


def test_impossible_and_certain_counts() -> None:
    p, size = np.array([1.0, 0.5, 0.0]), np.array([2.0, 1.0, 5.0])
    logs, means = tails(p, size, np.array([4, 3, 2, 1]))
    assert logs.tolist() == pytest.approx([-np.inf, np.log(0.5), 0, 0], abs=1e-9)
    assert means[0] == 2.5


@settings(max_examples=80)
@given(st.data())
def test_hypergeometric_equals_scipy(data: st.DataObject) -> None:
    m = data.draw(st.integers(1, 3000))
    a, b = (data.draw(st.integers(1, m)) for _ in range(2))
    c = data.draw(st.integers(0, min(a, b)))
    one = Triples(
        np.array([0]),
        np.array([1]),
        np.array([c]),
        np.array([1]),
        np.zeros(1, np.int32),
        np.array([0, 1]),
    )
    logs, means = hypergeometric_tails(one, np.array([a, b]), m)
    ways = sum(comb(a, x) * comb(m - a, b - x) for x in range(c, min(a, b) + 1))
    right = _log_of(ways) - _log_of(comb(m, b))
    assert logs[0] == pytest.approx(right, abs=1e-9)
    scipys = stats.hypergeom.logsf(c - 1, m, a, b)
    if np.isfinite(scipys) and -300 < right < -1e-3:  # where scipy itself is right
        assert logs[0] == pytest.approx(scipys, abs=1e-9)
    assert means[0] == pytest.approx(a * b / m)


def _log_of(number: int) -> float:
    """Logarithm of a whole number of any size, to the last bits."""
    shift = max(number.bit_length() - 62, 0)
    return float(np.log(np.longdouble(number >> shift)) + shift * np.log(np.longdouble(2)))


def test_hypergeometric_far_out_and_among_many() -> None:
    one = Triples(
        np.zeros(2, int),
        np.zeros(2, int),
        np.array([900, 40]),
        np.ones(2, int),
        np.arange(2, dtype=np.int32),
        np.array([0, 2]),
    )
    m, d = 10_000_000, 1000
    logs, _ = hypergeometric_tails(one, np.array([d]), m)
    for log, c in zip(logs, (900, 40), strict=True):
        ways = sum(comb(d, x) * comb(m - d, d - x) for x in range(c, min(c + 30, d) + 1))
        assert log == pytest.approx(_log_of(ways) - _log_of(comb(m, d)), abs=1e-9)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 9)), max_size=80))
def test_triples_are_distinct_and_found_again(ties: list[tuple[int, int, int]]) -> None:
    left, right, count = (np.array([t[i] for t in ties], dtype=np.int64) for i in range(3))
    found = distinct_triples(left, right, count, 6)
    listed = list(zip(found.left.tolist(), found.right.tolist(), found.count.tolist(), strict=True))
    asked = [(min(a, b), max(a, b), c) for a, b, c in ties]
    assert len(set(listed)) == len(listed) == len(set(asked))
    assert [listed[i] for i in found.position] == asked
    assert found.multiplicity.tolist() == [asked.count(t) for t in listed]
    starts = found.group_start.tolist()
    for a, b in pairwise(starts):
        assert len({t[:2] for t in listed[a:b]}) == 1
        assert [t[2] for t in listed[a:b]] == sorted((t[2] for t in listed[a:b]), reverse=True)


def test_many_distinct_triples_find_room() -> None:
    count = np.arange(1, 200_001)
    found = distinct_triples(np.zeros(200_000, int), np.ones(200_000, int), count, 2)
    assert found.count.tolist() == count[::-1].tolist()
    assert np.array_equal(found.count[found.position], count)


def bipartite(seed: int, n: int, m: int) -> Floats:
    rng = np.random.default_rng(seed)
    chance = np.minimum(np.outer(rng.pareto(1.5, n) + 0.2, rng.pareto(1.5, m) + 0.2) / 4, 1)
    return rng.random((n, m)) < chance


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 14), st.integers(1, 14))
def test_the_model_has_the_degrees_asked_for(seed: int, n: int, m: int) -> None:
    table = bipartite(seed, n, m)
    d, k = table.sum(axis=1), table.sum(axis=0)
    model = degree_model(d, k)
    assert model.error <= TOLERANCE
    np.testing.assert_allclose(model.share @ model.n_objects, model.actor_degree, rtol=1e-9)
    np.testing.assert_allclose(model.n_actors @ model.share, model.object_degree, rtol=1e-9)
    assert ((model.share >= 0) & (model.share <= 1)).all()
    assert (np.diff(model.share, axis=1) <= 0).all()
    assert (np.diff(model.share, axis=0) >= -1e-9).all()


def test_shares_have_the_form_of_the_model() -> None:
    table = bipartite(3, 60, 90)
    inner = degree_model(table.sum(axis=1), table.sum(axis=0)).share
    inside = (inner > 0) & (inner < 1)  # all but who has nothing or everything
    inner = inner[inside.any(axis=1)][:, inside.any(axis=0)]
    odds = np.log(inner / (1 - inner))  # log x_i + log y_k: of rank one above its margins
    assert inner.size > 50
    np.testing.assert_allclose(odds - odds[:1] - odds[:, :1] + odds[0, 0], 0, atol=1e-6)


def test_degrees_that_leave_no_freedom_are_solved_too() -> None:
    # both large entities have both large things, the small ones none of the small things
    model = degree_model([3, 3, 1, 1], [3, 3, 1, 1])
    np.testing.assert_allclose(model.share, [[0.5, 0], [1, 0.5]], atol=1e-9)
    assert degree_model([2, 1, 0], [2, 1]).share.tolist() == [[0, 0], [1, 0], [1, 1]]


def test_degrees_of_no_graph_are_refused() -> None:
    with pytest.raises(DataError, match="add up to the same"):
        degree_model([2, 1], [1, 1])
    with pytest.raises(DataError, match="did not converge"):
        degree_model([4, 4, 1, 1], [4, 4, 2, 0, 0])


def test_threads_change_no_bit() -> None:
    table = bipartite(5, 200, 300)
    counts = (table.astype(int) @ table.T.astype(int)).astype(float)
    tail, head = np.nonzero(np.triu(counts, 1))
    degrees, classes = np.unique(table.sum(axis=1), return_inverse=True)
    triples = distinct_triples(classes[tail], classes[head], counts[tail, head], degrees.size)
    model = degree_model(table.sum(axis=1), table.sum(axis=0))
    one, two = bicm_tails(triples, model, workers=1), bicm_tails(triples, model, workers=3)
    assert one[0].tobytes() == two[0].tobytes()


@given(
    st.lists(st.tuples(st.floats(-30, 0), st.integers(1, 4)), min_size=1, max_size=30),
    st.integers(0, 50),
)
def test_benjamini_hochberg_equals_scipy(cases: list[tuple[float, int]], more: int) -> None:
    log_p = np.array([c[0] for c in cases])
    times = np.array([c[1] for c in cases])
    every = np.concatenate([np.repeat(np.exp(log_p), times), np.ones(more)])
    right = stats.false_discovery_control(every, method="bh")
    found = np.exp(benjamini_hochberg(log_p, times, every.size))
    np.testing.assert_allclose(np.repeat(found, times), right[: times.sum()], rtol=1e-9)
