"""Planted partitions and noise: probabilities as stated, every edge independent."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graphkit.communities import leiden
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.platform import Planted
from graphkit.errors import DataError, OptionError
from graphkit.kernels.edges import skip_pairs
from graphkit.nullmodels import planted_partition, random_graph


def edge_set(planted: Planted) -> set[tuple[int, int]]:
    tail, head, _ = planted.graph.edge_arrays()
    return set(zip(tail.tolist(), head.tolist(), strict=True))


@pytest.mark.parametrize("directed", [False, True])
def test_every_pair_has_its_probability(directed: bool) -> None:
    """Sizes 3 and 2, d_in 0.8, d_out 0.6: p_in 0.4 and 0.8, p_out 5 · 0.6 / 12 = 0.25."""
    seen: Counter[tuple[int, int]] = Counter()
    both: Counter[tuple[int, int]] = Counter()
    repeats = 1000
    for seed in range(repeats):
        planted = planted_partition(
            [3, 2], inside=0.8, outside=0.6, directed=directed, shuffled=False, rng=seed
        )
        found = edge_set(planted)
        seen.update(found)
        both[(0, 1) in found, (0, 3) in found] += 1  # type: ignore[index]
    group = [0, 0, 0, 1, 1]
    for a in range(5):
        for b in range(5):
            if a == b or (b < a and not directed):
                assert (a, b) not in seen
                continue
            p = {(0, 0): 0.4, (1, 1): 0.8}.get((group[a], group[b]), 0.25)
            assert stats.binomtest(seen[a, b], repeats, p).pvalue > 1e-4
    joint = both[True, True] / repeats  # type: ignore[index]
    assert joint == pytest.approx(0.4 * 0.25, abs=4 * np.sqrt(0.1 * 0.9 / repeats))


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("exponent", [None, 2.0, 1.0])
def test_degrees_and_mixing_are_those_asked_for(directed: bool, exponent: float | None) -> None:
    planted = planted_partition(
        [2000, 1000, 500, 1500],
        inside=12,
        outside=4,
        directed=directed,
        degree_exponent=exponent,
        rng=4,
    )
    parameters = planted.provenance.parameters
    assert parameters["realised_inside"] == pytest.approx(12, abs=0.3)
    assert parameters["realised_outside"] == pytest.approx(4, abs=0.2)
    assert planted.mixing == pytest.approx(0.25, abs=0.01)
    degrees = planted.graph.degree(mode="out" if directed else "all")
    assert degrees.mean() == pytest.approx(16, abs=0.3)
    if exponent is None:  # nearly Poisson
        assert degrees.var() == pytest.approx(16, rel=0.15)
        home = planted.truth.membership
        for c in range(4):  # the same inside for communities of all sizes
            tail, head, _ = planted.graph.edge_arrays()
            ends = np.count_nonzero((home[tail] == c) & (home[head] == c))
            ends *= 1 if directed else 2
            assert ends / planted.truth.sizes[c] == pytest.approx(12, abs=0.7)
    else:
        assert degrees.var() > 40


def test_propensities_multiply() -> None:
    """The slow twin: each pair drawn on its own has the same frequencies."""
    theta = np.array([2.0, 1.5, 1.0, 0.5])
    start, rate = np.array([0, 4]), np.array([0.4])
    order = np.arange(4, dtype=np.int32)
    nobody = np.empty(0, dtype=np.int32)
    draws = np.random.default_rng(5)
    count = np.zeros((4, 4))
    repeats = 20_000
    for _ in range(repeats):
        edges = skip_pairs(start, rate, order, theta, order, theta, False, nobody, 4, draws)
        np.add.at(count, (edges[:, 0], edges[:, 1]), 1)
    p = np.triu(np.minimum(1, 0.4 * np.outer(theta, theta)), 1)
    assert p[0, 1] == 1.0  # 1.2 counts as 1
    assert count[0, 1] == repeats
    assert np.abs(count / repeats - p).max() < 4 * 0.5 / np.sqrt(repeats)


@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(3, 20), min_size=1, max_size=6),
    inside=st.floats(0, 2),
    outside=st.floats(0, 2),
    directed=st.booleans(),
    exponent=st.none() | st.floats(0, 4),
    seed=st.integers(0, 2**40),
)
def test_laws(
    sizes: list[int],
    inside: float,
    outside: float,
    directed: bool,
    exponent: float | None,
    seed: int,
) -> None:
    outside = min(outside, 2.0 if len(sizes) > 1 else 0.0)
    options = {
        "inside": inside,
        "outside": outside,
        "directed": directed,
        "degree_exponent": exponent,
    }
    n = sum(sizes)
    if outside * n > sum(size * (n - size) for size in sizes):
        with pytest.raises(OptionError, match="outside"):
            planted_partition(sizes, **options, rng=seed)  # type: ignore[arg-type]
        return
    planted = planted_partition(sizes, **options, rng=seed)  # type: ignore[arg-type]
    tail, head, weight = planted.graph.edge_arrays()
    assert (tail != head).all()
    assert (weight == 1).all()
    assert len(edge_set(planted)) == tail.size
    assert sorted(planted.truth.sizes.tolist()) == sorted(sizes)
    again = planted_partition(np.array(sizes), **options, rng=seed)  # type: ignore[arg-type]
    assert again.content_key == planted.content_key


def test_complete_communities() -> None:
    planted = planted_partition([4, 4], inside=3, outside=0, shuffled=False, rng=1)
    assert planted.graph.n_edges == 12
    assert planted.mixing == 0
    across = planted_partition([4, 4], inside=0, outside=4, rng=1)
    assert across.graph.n_edges == 16
    assert across.mixing == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([], 1.0, 1.0), "sizes="),
        (([2.5, 3], 1.0, 1.0), "sizes="),
        (([3, 0], 1.0, 1.0), "sizes="),
        (([[3, 3]], 1.0, 1.0), "sizes="),
        (([3, 30], 5.0, 1.0), "at least 6 nodes; the smallest has 3"),
        (([30], 5.0, 1.0), "or give several sizes"),
        (([3, 3], 1.0, 4.0), "only 3 nodes outside"),
        (([3, 3], -1.0, 1.0), "inside=-1.0: a finite number from 0 on is needed"),
        (([3, 3], 1.0, float("inf")), "outside=inf"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[object, float, float], says: str) -> None:
    sizes, inside, outside = arguments
    with pytest.raises(OptionError, match=says):
        planted_partition(sizes, inside=inside, outside=outside)  # type: ignore[arg-type]


# noise -----------------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [False, True])
def test_all_graphs_of_m_edges_are_equally_likely(directed: bool) -> None:
    n, m = (4, 3) if not directed else (3, 2)
    pairs = n * (n - 1) // (1 if directed else 2)
    for edges in (m, pairs - m):
        seen = Counter(
            frozenset(edge_set(random_graph(n, edges, directed=directed, rng=seed)))
            for seed in range(600)
        )
        assert len(seen) == {(4, 3): 20, (3, 2): 15, (3, 4): 15}[n, edges]
        assert stats.chisquare(list(seen.values())).pvalue > 1e-3


@settings(max_examples=40)
@given(st.integers(1, 12), st.floats(0, 1), st.booleans(), st.integers(0, 2**40))
def test_as_many_edges_as_asked_for(n: int, share: float, directed: bool, seed: int) -> None:
    pairs = n * (n - 1) // (1 if directed else 2)
    m = round(share * pairs)
    noise = random_graph(n, m, directed=directed, rng=seed)
    assert noise.graph.n_edges == m == len(edge_set(noise))
    assert noise.graph.n_loops == 0
    assert noise.truth.n_communities == 1
    assert noise.mixing == 0 or m == 0


def test_noise_has_a_high_modularity_and_runs_that_disagree() -> None:
    """Published: Q = 0.487 and a mean AMI of 0.23 for n = 1000, m = 2500."""
    partition = leiden(random_graph(1000, 2500, rng=1).graph, runs=10, rng=1)
    assert partition.quality == pytest.approx(0.487, abs=0.01)
    assert partition.stability == pytest.approx(0.23, abs=0.05)


def test_too_many_edges_are_refused() -> None:
    with pytest.raises(OptionError, match="only 3 pairs"):
        random_graph(3, 4)
    with pytest.raises(OptionError, match="n=0"):
        random_graph(0, 0)


# the noun --------------------------------------------------------------------------------


def test_planted_shows_itself() -> None:
    planted = planted_partition([5, 5], inside=4, outside=0, rng=1)
    assert repr(planted).splitlines() == [
        "Planted graph",
        "  nodes                10",
        "  edges                20",
        "  mean degree          4",
        "  planted communities  2",
        "  mixing               0",
        "  made by              planted_partition",
    ]
    assert "<table>" in planted._repr_html_()


def test_planted_needs_a_truth_about_its_nodes() -> None:
    graph = Graph.from_edges([0, 1], [1, 2], directed=False)
    with pytest.raises(DataError, match="every node of the graph"):
        Planted.of(graph, Partition.from_membership([0, 1], [0, 0]))
    with pytest.raises(DataError, match="1 nodes have no planted community"):
        Planted.of(graph, Partition.from_membership([0, 1, 2], [0, 0, -1]))


@pytest.mark.parametrize(
    "sizes", [[2**31, 5], [2**40], np.array([2**63, 2**63], np.uint64), [2**30, 2**30]]
)
def test_planted_partition_of_more_nodes_than_a_graph_holds_is_refused(sizes: Any) -> None:
    with pytest.raises(OptionError, match=r"add up to [0-9,]+ nodes; a graph holds up to 2\^31"):
        planted_partition(sizes, inside=2, outside=0.1, rng=1)
    with pytest.raises(OptionError, match="n=1099511627776: an integer from 1 to 2,147,483,647"):
        random_graph(2**40, 5, rng=1)
