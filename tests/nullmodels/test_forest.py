"""Random forests: degrees and components stay, every tree is equally likely."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from graphkit.data.graph import Graph
from graphkit.errors import DataError
from graphkit.kernels.forest import draw_trees
from graphkit.nullmodels import random_forest
from graphkit.nullmodels.forest import is_forest


def edge_set(graph: Graph) -> frozenset[tuple[int, int]]:
    tail, head, _ = graph.edge_arrays()
    return frozenset(zip(tail.tolist(), head.tolist(), strict=True))


def forest(sizes: list[int], seed: int) -> Graph:
    made = nx.disjoint_union_all([nx.random_labeled_tree(k, seed=seed + k) for k in sizes])
    return Graph.from_networkx(made)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(0, 2**20))
def test_degrees_and_components_are_kept(sizes: list[int], seed: int) -> None:
    graph = forest(sizes, seed)
    assert is_forest(graph)
    other = random_forest(graph, rng=seed)
    assert is_forest(other)
    assert other.degree().tolist() == graph.degree().tolist()
    assert other.components().tolist() == graph.components().tolist()


@pytest.mark.parametrize("degrees", [(2, 2, 2, 1, 1), (3, 1, 2, 1, 1), (1, 1, 1, 3)])
def test_every_tree_with_these_degrees_is_equally_likely(degrees: tuple[int, ...]) -> None:
    n = len(degrees)
    every = set()
    for edges in combinations(combinations(range(n), 2), n - 1):
        tree = nx.Graph(edges)
        tree.add_nodes_from(range(n))
        if nx.is_connected(tree) and tuple(tree.degree(v) for v in range(n)) == degrees:
            every.add(frozenset(edges))
    source, target = zip(*sorted(min(every, key=sorted)), strict=True)
    graph = Graph.from_edges(source, target, directed=False, nodes=range(n))
    counts = Counter(edge_set(random_forest(graph, rng=seed)) for seed in range(80 * len(every)))
    assert set(counts) == every
    if len(every) > 1:
        assert stats.chisquare(list(counts.values())).pvalue > 1e-3


@given(st.lists(st.integers(2, 9), min_size=1, max_size=4), st.integers(0, 2**20))
def test_the_kernel_decodes_as_networkx_does(sizes: list[int], seed: int) -> None:
    draws = np.random.default_rng(seed)
    start = np.concatenate([[0], np.cumsum(sizes)])
    parts = [low + draws.integers(0, k, k - 2) for low, k in zip(start, sizes, strict=False)]
    sequence = np.concatenate(parts).astype(np.int64)
    degree = 1 + np.bincount(sequence, minlength=int(start[-1]))
    edges = np.empty((int(start[-1]) - len(sizes), 2), dtype=np.int64)
    draw_trees(start, degree, sequence, draws, edges)
    found = {tuple(sorted(edge)) for edge in edges.tolist()}
    expected = set()
    for c, (low, k) in enumerate(zip(start.tolist(), sizes, strict=False)):
        code = sequence[low - 2 * c :][: k - 2] - low
        tree = nx.from_prufer_sequence(code.tolist())
        expected |= {(min(a, b) + low, max(a, b) + low) for a, b in tree.edges}
    assert found == expected


def test_weights_stay_in_their_component() -> None:
    graph = Graph.from_edges("abcxy", "bcdyz", [1, 2, 3, 10, 20], directed=False)
    seen = set()
    for seed in range(40):
        other = random_forest(graph, rng=seed)
        rows = other.edges().rows()
        assert sorted(w for a, _, w in rows if a in "abcd") == [1, 2, 3]
        assert sorted(w for a, _, w in rows if a in "xyz") == [10, 20]
        seen.add(tuple(rows))
    assert len(seen) > 20


def test_others_are_refused() -> None:
    triangle = Graph.from_edges("abc", "bca", directed=False)
    arcs = Graph.from_edges("a", "b", directed=True)
    loop = Graph.from_edges("ab", "bb", directed=False)
    for graph in (triangle, arcs, loop):
        assert not is_forest(graph)
        with pytest.raises(DataError, match="without cycles"):
            random_forest(graph)
