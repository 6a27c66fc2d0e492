from __future__ import annotations

import itertools
from typing import Any

import leidenalg
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.communities import partition_quality
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, OptionError


def case(seed: int, *, directed: bool, n: int = 25, m: int = 90) -> tuple[Graph, Partition]:
    rng = np.random.default_rng(seed)
    tail, head = rng.integers(0, n, (2, m))
    apart = tail != head
    graph = Graph.from_edges(
        tail[apart],
        head[apart],
        rng.random(int(apart.sum())) * 3,
        directed=directed,
        nodes=range(n),
    )
    return graph, Partition.from_membership(range(n), rng.integers(0, 5, n))


def by_definition(
    graph: Graph, p: Partition, quality: str, gamma: float, *, directed: bool
) -> float:
    """The docstring's double sums, taken literally."""
    a = graph.to_scipy().toarray()
    np.fill_diagonal(a, 0)
    n, m = len(a), a.sum() / (1 if directed else 2)
    out, into = a.sum(1), a.sum(0)
    value = 0.0
    for i, j in itertools.product(range(n), repeat=2):
        if p.membership[i] < 0 or p.membership[i] != p.membership[j]:
            continue
        if quality == "modularity":
            out_weight = m if directed else 2 * m
            value += (a[i, j] - gamma * out[i] * into[j] / out_weight) / out_weight
        elif i != j:
            value += (a[i, j] - gamma) / (1 if directed else 2)
    return float(value)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("quality", ["modularity", "cpm"])
@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), gamma=st.floats(0.05, 5))
def test_it_is_the_formula(quality: str, seed: int, gamma: float, *, directed: bool) -> None:
    graph, p = case(seed, directed=directed)
    found = partition_quality(graph, p, quality=quality, resolution=gamma)
    expected = by_definition(graph, p, quality, gamma, directed=directed)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_modularity_agrees_with_networkx_igraph_and_leidenalg(
    gamma: float, *, directed: bool
) -> None:
    graph, p = case(4, directed=directed)
    ours = partition_quality(graph, p, resolution=gamma)
    groups = [set(p.members(c).tolist()) for c in range(p.n_communities)]
    theirs = nx.community.modularity(graph.to_networkx(), groups, resolution=gamma)
    assert ours == pytest.approx(theirs, abs=1e-12)
    other = graph.to_igraph()
    assert ours == pytest.approx(
        other.modularity(p.membership.tolist(), weights="weight", resolution=gamma), abs=1e-12
    )
    rb = leidenalg.RBConfigurationVertexPartition(
        other,
        initial_membership=p.membership.tolist(),
        weights="weight",
        resolution_parameter=gamma,
    )
    out_weight = graph.total_weight * (1 if directed else 2)
    assert ours == pytest.approx(rb.quality() / out_weight, abs=1e-12)


@pytest.mark.parametrize("directed", [True, False])
def test_cpm_agrees_with_leidenalg(*, directed: bool) -> None:
    graph, p = case(9, directed=directed)
    cpm = leidenalg.CPMVertexPartition(
        graph.to_igraph(),
        initial_membership=p.membership.tolist(),
        weights="weight",
        resolution_parameter=0.3,
    )
    ours = partition_quality(graph, p, quality="cpm", resolution=0.3)
    # leidenalg counts an undirected pair twice
    assert ours == pytest.approx(cpm.quality() / (1 if directed else 2), abs=1e-10)


def test_known_values() -> None:
    barbell = Graph.from_networkx(nx.barbell_graph(3, 0))
    split = Partition.from_membership(range(6), [0, 0, 0, 1, 1, 1])
    assert partition_quality(barbell, split) == pytest.approx(5 / 14, abs=1e-15)
    whole = Partition.from_membership(range(6), [0] * 6)
    assert partition_quality(barbell, whole) == pytest.approx(0, abs=1e-15)
    # CPM with the density as γ: nothing is gained by taking all together
    assert partition_quality(barbell, whole, quality="cpm") == pytest.approx(0, abs=1e-12)
    assert partition_quality(barbell, split, quality="cpm", resolution=1) == 0


def test_loops_zero_weights_and_isolates_do_not_count() -> None:
    plain = Graph.from_edges("ac", "bd", directed=False)
    messy = Graph.from_edges("acaa", "bdac", [1.0, 1, 7, 0], directed=False, nodes="abcdz")
    p = Partition.from_membership("abcdz", [0, 0, 1, 1, 0])
    q = Partition.from_membership("abcd", [0, 0, 1, 1])
    assert partition_quality(messy, q) == partition_quality(plain, q) == 0.5
    assert partition_quality(messy, p) == 0.5
    # but to CPM a community with a node that nothing ties is a larger one
    options = {"quality": "cpm", "resolution": 0.25}
    assert partition_quality(messy, q, **options) == 2 * (1 - 0.25)
    assert partition_quality(messy, p, **options) == (1 - 0.75) + (1 - 0.25)


def test_an_unassigned_node_adds_nothing() -> None:
    g = Graph.from_edges("aac", "bcd", directed=False)
    p = Partition.from_membership("abcd", [0, 0, -1, -1])
    assert partition_quality(g, p) == pytest.approx(1 / 3 - (3 / 6) ** 2)
    nobody = Partition.from_membership("abcd", [-1] * 4)
    assert partition_quality(g, nobody) == 0


def test_the_partition_may_know_more_nodes() -> None:
    g = Graph.from_edges([1], [2], directed=False)
    p = Partition.from_membership([1, 2, 3], [0, 0, 1])
    assert partition_quality(g, p) == 0


def test_ids_of_any_kind() -> None:
    nodes = [("x", i) for i in range(6)]
    edges = list(nx.barbell_graph(3, 0).edges())
    g = Graph.from_edges([nodes[u] for u, _ in edges], [nodes[v] for _, v in edges], directed=False)
    p = Partition.from_membership(nodes, [0, 0, 0, 1, 1, 1])
    assert partition_quality(g, p) == pytest.approx(5 / 14)


def test_errors() -> None:
    g = Graph.from_edges("ab", "bc", directed=False)
    p = Partition.from_membership("ab", [0, 0])
    with pytest.raises(DataError, match=r"node 'c' of the graph is not in the partition \(1 such"):
        partition_quality(g, p)
    whole = Partition.from_membership("abc", [0, 0, 0])
    bad: list[tuple[dict[str, Any], str]] = [
        ({"quality": "mod"}, "quality='mod' is unknown"),
        ({"resolution": 0.0}, "resolution=0.0"),
    ]
    for options, message in bad:
        with pytest.raises(OptionError, match=message):
            partition_quality(g, whole, **options)
    with pytest.raises(DataError, match="needs a graphkit Partition, not a list"):
        partition_quality(g, [0, 0, 0])  # type: ignore[arg-type]
    with pytest.raises(DataError, match="needs a graphkit Graph"):
        partition_quality([(0, 1)], whole)  # type: ignore[arg-type]
