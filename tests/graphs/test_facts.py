from __future__ import annotations

import networkx as nx
import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.graphs import describe


def facts(graph: gk.Graph) -> dict[str, float | None]:
    frame = describe(graph)
    assert frame.schema == {"fact": pl.String, "value": pl.Float64}
    return dict(frame.iter_rows())


def test_undirected() -> None:
    graph = gk.Graph.from_edges(
        ["a", "b", "c", "d"], ["b", "c", "a", "d"], [1, 2, 3, 4], directed=False, nodes="abcdef"
    )
    assert facts(graph) == {
        "nodes": 6, "edges": 4, "total weight": 10, "self-loops": 1, "density": 3 / 15,
        "nodes without an edge": 2, "weak components": 4, "largest component": 3,
        "mean degree": 8 / 6, "median degree": 2, "largest degree": 2,
    }  # fmt: skip


def test_directed() -> None:
    graph = gk.Graph.from_edges("aabc", "bcac", directed=True)
    assert facts(graph) == {
        "nodes": 3, "arcs": 4, "total weight": 4, "self-loops": 1, "density": 3 / 6,
        "nodes without an edge": 0, "weak components": 1, "largest component": 3,
        "mean degree": 8 / 3, "median degree": 3, "largest degree": 3,
        "largest in-degree": 2, "largest out-degree": 2, "reciprocity": 2 / 3,
    }  # fmt: skip


def test_facts_that_have_no_meaning_are_null() -> None:
    one = gk.Graph.from_edges(["a"], ["a"], directed=True)
    assert facts(one)["density"] is None
    assert facts(one)["reciprocity"] is None
    none = gk.Graph.from_edges([], [], directed=False)
    assert facts(none)["mean degree"] is None
    assert facts(none)["weak components"] == 0


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_networkx(seed: int) -> None:
    rng = np.random.default_rng(seed)
    other = nx.gnp_random_graph(40, float(rng.uniform(0.01, 0.2)), seed=seed, directed=True)
    found = facts(gk.Graph.from_networkx(other))
    assert found["density"] == pytest.approx(nx.density(other))
    assert found["weak components"] == nx.number_weakly_connected_components(other)
    assert found["largest component"] == max(map(len, nx.weakly_connected_components(other)))
    assert found["reciprocity"] == pytest.approx(nx.overall_reciprocity(other))
    assert found["largest in-degree"] == max(d for _, d in other.in_degree())
