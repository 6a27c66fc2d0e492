"""Rewiring: degrees stay, everything else is as likely as anything else."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graphkit.data.graph import Graph
from graphkit.errors import DataError, OptionError
from graphkit.kernels.edges import swap_connected, swap_edges, table_length
from graphkit.nullmodels import random_graph, rewire

Edge = tuple[int, int]


def edge_set(graph: Graph) -> frozenset[Edge]:
    tail, head, _ = graph.edge_arrays()
    return frozenset(zip(tail.tolist(), head.tolist(), strict=True))


def twin(edges: list[Edge], directed: bool, attempts: int, seed: int) -> list[Edge]:
    """The chain in plain Python, with the same draws."""
    draws = np.random.default_rng(seed)
    edges = list(edges)
    m = len(edges)

    def key(a: int, b: int) -> Edge:
        return (a, b) if directed or a < b else (b, a)

    for _ in range(attempts):
        e, f = int(draws.random() * m), int(draws.random() * m)
        (a, b), (c, d) = edges[e], edges[f]
        turn = not directed and draws.random() < 0.5
        if turn:
            c, d = d, c
        there = {key(*edge) for edge in edges}
        if directed and b == c and a != d:
            g = int(draws.random() * m)
            if edges[g] == (d, a) and not there & {(b, a), (d, b), (a, d)}:
                edges[e], edges[f], edges[g] = (a, d), (b, a), (d, b)
        elif a != d and c != b and not there & {key(a, d), key(c, b)}:
            edges[e] = (a, d)
            edges[f] = (b, c) if turn else (c, b)
    return edges


@settings(max_examples=40)
@given(st.integers(3, 9), st.floats(0.1, 0.9), st.booleans(), st.integers(0, 2**32))
def test_the_kernel_is_its_twin(n: int, share: float, directed: bool, seed: int) -> None:
    pairs = n * (n - 1) // (1 if directed else 2)
    graph = random_graph(n, max(2, round(share * pairs)), directed=directed, rng=seed).graph
    tail, head, _ = graph.edge_arrays()
    edges = np.column_stack([tail, head])
    wanted = twin([(a, b) for a, b in edges.tolist()], directed, 60, seed)
    table = np.empty(table_length(len(edges)), dtype=np.int64)
    swap_edges(edges, n, directed, table, 60, np.random.default_rng(seed))
    assert [tuple(e) for e in edges.tolist()] == wanted
    keys = sorted(k for k in table.tolist() if k >= 0)  # the set kept up with the edges
    assert keys == sorted(a * n + b if directed or a < b else b * n + a for a, b in edges.tolist())


@settings(max_examples=40)
@given(
    n=st.integers(1, 30),
    share=st.floats(0, 1),
    directed=st.booleans(),
    loops=st.integers(0, 3),
    seed=st.integers(0, 2**32),
)
def test_laws(n: int, share: float, directed: bool, loops: int, seed: int) -> None:
    draws = np.random.default_rng(seed)
    pairs = n * (n - 1) // (1 if directed else 2)
    tail, head, _ = random_graph(
        n, round(share * pairs), directed=directed, rng=seed
    ).graph.edge_arrays()
    own = draws.permutation(n)[:loops]
    tail, head = np.concatenate([tail, own]), np.concatenate([head, own])
    weights = draws.integers(1, 9, tail.size) / 4
    graph = Graph.from_edges(tail, head, weights, directed=directed, nodes=range(n))
    other = rewire(graph, rng=seed)
    for mode in ("in", "out") if directed else ("all",):
        assert (other.degree(mode=mode) == graph.degree(mode=mode)).all()
    assert other.n_edges == graph.n_edges
    assert other.n_loops == graph.n_loops == own.size
    if directed:
        assert other.strength(mode="out") == pytest.approx(graph.strength(mode="out"))
    assert sorted(other.edge_arrays()[2]) == sorted(graph.edge_arrays()[2])
    for node in own.tolist():
        assert (node, node) in edge_set(other)
    known = other.provenance.parameters
    moving = graph.n_edges - own.size
    assert known["attempted"] == known["accepted"] + known["rejected"]
    assert known["attempted"] == (10 * moving if moving > 1 else 0)
    assert known["self_loops_kept"] == own.size
    assert rewire(graph, rng=seed).content_key == other.content_key
    assert other.provenance.inputs == (graph.content_key,)


def uniform_over(graph: Graph, possible: set[frozenset[Edge]], repeats: int) -> None:
    seen = Counter(edge_set(rewire(graph, swaps=30, rng=seed)) for seed in range(repeats))
    assert set(seen) == possible
    assert stats.chisquare(list(seen.values())).pvalue > 1e-3


@pytest.mark.parametrize("degrees", [(2, 2, 2, 2, 2), (3, 2, 2, 2, 1), (1, 1, 1, 1, 1, 1)])
def test_undirected_graphs_are_equally_likely(degrees: tuple[int, ...]) -> None:
    n, m = len(degrees), sum(degrees) // 2
    possible = {
        frozenset(edges)
        for edges in combinations(combinations(range(n), 2), m)
        if np.bincount(np.array(edges).ravel(), minlength=n).tolist() == list(degrees)
    }
    start = nx.havel_hakimi_graph(degrees)
    uniform_over(Graph.from_networkx(start, weight=None), possible, 150 * len(possible))


@pytest.mark.parametrize(
    "edges",
    [[(0, 1), (1, 2), (2, 0)], [(0, 1), (1, 2), (2, 0), (0, 3)], [(0, 1), (0, 2), (1, 3), (3, 0)]],
)
def test_directed_graphs_are_equally_likely(edges: list[Edge]) -> None:
    """A directed triangle can only turn round, which plain swaps never do."""
    n = 1 + max(max(e) for e in edges)
    graph = Graph.from_edges(*zip(*edges, strict=True), directed=True, nodes=range(n))
    out, into = graph.degree(mode="out"), graph.degree(mode="in")
    possible = {
        frozenset(chosen)
        for chosen in combinations(permutations(range(n), 2), len(edges))
        if (np.bincount([a for a, _ in chosen], minlength=n) == out).all()
        and (np.bincount([b for _, b in chosen], minlength=n) == into).all()
    }
    assert len(possible) > 1
    uniform_over(graph, possible, 200 * len(possible))


def test_structure_goes() -> None:
    graph = Graph.from_networkx(nx.caveman_graph(20, 6), weight=None)
    other = rewire(graph, rng=1)
    assert nx.transitivity(graph.to_networkx()) == 1
    assert nx.transitivity(other.to_networkx()) < 0.15
    assert other.provenance.parameters["accepted"] > 0.8 * other.provenance.parameters["attempted"]


def test_what_cannot_move_stays() -> None:
    star = Graph.from_edges([0, 0, 0], [1, 2, 3], directed=False)
    assert edge_set(rewire(star, rng=1)) == edge_set(star)
    empty = Graph.from_edges([], [], directed=False, nodes=[1, 2])
    assert rewire(empty, rng=1).n_edges == 0
    assert edge_set(rewire(random_graph(30, 60, rng=1).graph, swaps=0, rng=1)) == edge_set(
        random_graph(30, 60, rng=1).graph
    )


def test_ids_kind_and_direction_are_kept() -> None:
    graph = Graph.from_edges("abcd", "bcda", directed=True, node_kind="accounts")
    other = rewire(graph, rng=1)
    assert (other.vocabulary, other.node_kind, other.directed) == (
        graph.vocabulary,
        "accounts",
        True,
    )


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(DataError, match="rewire needs a graphkit Graph"):
        rewire("path.gexf")  # type: ignore[arg-type]
    assert rewire(nx.path_graph(3), rng=1).degree().tolist() == [1, 2, 1]
    with pytest.raises(OptionError, match="swaps=-1"):
        rewire(random_graph(3, 2, rng=1).graph, swaps=-1)


def connected_graph(n: int, extra: int, seed: int, directed: bool = False) -> Graph:
    """A random tree with edges added, and a triangle beside it."""
    draws = np.random.default_rng(seed)
    edges = {(int(draws.integers(0, k)), k) for k in range(1, n)}
    while len(edges) < n - 1 + extra:
        a, b = sorted(draws.choice(n, 2, replace=False).tolist())
        edges.add((a, b))
    pairs = [*sorted(edges), (n, n + 1), (n + 1, n + 2), (n, n + 2)]
    if directed:
        pairs = [(b, a) if draws.random() < 0.5 else (a, b) for a, b in pairs]
    source, target = zip(*pairs, strict=True)
    return Graph.from_edges(source, target, directed=directed)


@given(st.integers(4, 30), st.integers(0, 3), st.booleans(), st.integers(0, 2**20))
def test_a_connected_component_stays_one(n: int, extra: int, directed: bool, seed: int) -> None:
    graph = connected_graph(n, extra, seed, directed)
    other = rewire(graph, connected=True, rng=seed)
    assert other.components().tolist() == graph.components().tolist()
    assert other.degree().tolist() == graph.degree().tolist()
    assert other.degree(mode="out").tolist() == graph.degree(mode="out").tolist()
    assert other.n_edges == graph.n_edges


def connected_twin(
    edges: list[Edge], n: int, directed: bool, attempts: int, seed: int
) -> list[Edge]:
    """The swaps that keep a graph connected in plain Python, with the same draws."""
    draws = np.random.default_rng(seed)
    edges = list(edges)
    m = len(edges)

    def key(a: int, b: int) -> Edge:
        return (a, b) if directed or a < b else (b, a)

    for _ in range(attempts):
        e, f = int(draws.random() * m), int(draws.random() * m)
        (a, b), (c, d) = edges[e], edges[f]
        turn = not directed and draws.random() < 0.5
        if turn:
            c, d = d, c
        there = {key(*edge) for edge in edges}
        if a == d or b == c or there & {key(a, d), key(c, b)}:
            continue
        new = list(edges)
        new[e], new[f] = (a, d), (b, c) if turn else (c, b)
        made = nx.Graph(new)
        made.add_nodes_from(range(n))
        if nx.is_connected(made):
            edges = new
    return edges


@settings(max_examples=60)
@given(st.integers(4, 12), st.integers(0, 4), st.booleans(), st.integers(0, 2**20))
def test_connected_swaps_are_their_twin(n: int, extra: int, directed: bool, seed: int) -> None:
    tail, head, _ = connected_graph(n, min(extra, n - 3), seed, directed).edge_arrays()
    inside = (tail < n) & (head < n)
    edges = np.column_stack([tail[inside], head[inside]])
    expected = connected_twin(list(map(tuple, edges.tolist())), n, directed, 40, seed)
    table = np.empty(table_length(len(edges)), dtype=np.int64)
    swap_connected(edges, n, directed, table, 40, np.random.default_rng(seed))
    assert list(map(tuple, edges.tolist())) == expected


def test_every_connected_graph_is_equally_likely() -> None:
    start = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (0, 5)]
    degree = np.bincount(np.array(start).ravel(), minlength=6)
    every = set()
    for edges in combinations(combinations(range(6), 2), 6):
        made = nx.Graph(edges)
        same = np.array_equal(np.bincount(np.array(edges).ravel(), minlength=6), degree)
        if same and made.number_of_nodes() == 6 and nx.is_connected(made):
            every.add(frozenset(edges))
    graph = Graph.from_edges(*zip(*start, strict=True), directed=False)
    counts = Counter(
        edge_set(rewire(graph, connected=True, rng=seed)) for seed in range(40 * len(every))
    )
    assert set(counts) == every
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3
