from __future__ import annotations

import time
from itertools import combinations
from pathlib import Path
from typing import Any

import igraph
import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import zeta

import graphkit as gk
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.graphs import describe
from graphkit.graphs._clustering import count_triangles, simplified
from graphkit.graphs._tail import distribution, power_law


def facts(graph: gk.Graph) -> dict[str, float | None]:
    frame = describe(graph).frame
    assert frame.schema == {"fact": pl.String, "value": pl.Float64}
    return dict(frame.iter_rows())


def test_undirected() -> None:
    graph = gk.Graph.from_edges(
        ["a", "b", "c", "d"], ["b", "c", "a", "d"], [1, 2, 3, 4], directed=False, nodes="abcdef"
    )
    assert facts(graph) == {
        "nodes": 6, "edges": 4, "total weight": 10, "self-loops": 1, "density": 3 / 15,
        "nodes without an edge": 2, "weak components": 4, "largest component": 3,
        "share in largest component": 0.5, "mean degree": 8 / 6, "median degree": 2,
        "largest degree": 2, "transitivity": 1, "mean local clustering": 0.5,
        "degree assortativity": None,
    }  # fmt: skip


def test_directed() -> None:
    graph = gk.Graph.from_edges("aabc", "bcac", directed=True)
    assert facts(graph) == {
        "nodes": 3, "arcs": 4, "total weight": 4, "self-loops": 1, "density": 3 / 6,
        "nodes without an edge": 0, "weak components": 1, "largest component": 3,
        "share in largest component": 1, "mean degree": 8 / 3, "median degree": 3,
        "largest degree": 3, "largest in-degree": 2, "largest out-degree": 2,
        "reciprocity": 2 / 3, "transitivity": 0, "mean local clustering": 0,
        "degree assortativity": None,
    }  # fmt: skip


def test_facts_that_have_no_meaning_are_null() -> None:
    one = describe(gk.Graph.from_edges(["a"], ["a"], directed=True))
    assert one["density"] is None
    assert one["reciprocity"] is None
    assert one["transitivity"] is None
    none = describe(gk.Graph.from_edges([], [], directed=False))
    assert none["mean degree"] is None
    assert none["weak components"] == 0
    assert none["mean local clustering"] is None
    assert (none.weights.height, none.assortativity.height) == (0, 0)
    assert none.tails.rows() == [("degree", None, None, None, None)]
    for found in (one, none):
        assert repr(found).startswith("Facts: Graph")
        assert "<table>" in found._repr_html_()


@st.composite
def graphs(draw: st.DrawFn) -> gk.Graph:
    n = draw(st.integers(2, 14))
    ends = st.integers(0, n - 1)
    edges = draw(st.lists(st.tuples(ends, ends), min_size=1, max_size=50))
    return gk.Graph.from_edges(
        [a for a, _ in edges], [b for _, b in edges], directed=draw(st.booleans()), nodes=range(n)
    )


@settings(max_examples=80)
@given(graphs())
def test_agrees_with_networkx_and_igraph(graph: gk.Graph) -> None:
    found = describe(graph)
    plain = graph.without_loops()
    ours, theirs = plain.to_networkx(), plain.to_igraph()
    simple, other = nx.Graph(ours), theirs.as_undirected()
    assert found["density"] == pytest.approx(nx.density(ours), abs=1e-12)
    assert found["weak components"] == nx.number_connected_components(simple)
    assert found["largest component"] == max(map(len, nx.connected_components(simple)))
    closed = found["transitivity"]
    assert (closed or 0) == pytest.approx(nx.transitivity(simple), abs=1e-9)
    assert (closed or 0) == pytest.approx(other.transitivity_undirected(mode="zero"), abs=1e-9)
    local = found["mean local clustering"]
    assert local == pytest.approx(nx.average_clustering(simple), abs=1e-9)
    assert local == pytest.approx(other.transitivity_avglocal_undirected(mode="zero"), abs=1e-9)
    assort = theirs.assortativity_degree(directed=graph.directed)
    if found["degree assortativity"] is None:
        assert np.isnan(assort)
    else:
        assert found["degree assortativity"] == pytest.approx(assort, abs=1e-9)
        assert assort == pytest.approx(nx.degree_assortativity_coefficient(ours), abs=1e-9)
    if graph.directed and ours.number_of_edges():
        assert found["reciprocity"] == pytest.approx(nx.overall_reciprocity(ours), abs=1e-12)
        assert found["reciprocity"] == pytest.approx(theirs.reciprocity(), abs=1e-12)
        assert found["largest in-degree"] == max(d for _, d in graph.to_networkx().in_degree())


@settings(max_examples=40)
@given(graphs(), st.integers(1, 5))
def test_triangles_agree_with_looking_at_all_triples(graph: gk.Graph, workers: int) -> None:
    tail, head, _ = graph.edge_arrays()
    tied = {frozenset(e) for e in zip(tail.tolist(), head.tolist(), strict=True)}
    slow = [0] * graph.n_nodes
    for three in combinations(range(graph.n_nodes), 3):
        if all(frozenset(pair) in tied for pair in combinations(three, 2)):
            for node in three:
                slow[node] += 1
    found = count_triangles(simplified(graph), workers)
    assert found.through.tolist() == slow


@settings(max_examples=60)
@given(graphs(), st.data())
def test_assortativity_agrees_with_networkx(graph: gk.Graph, data: st.DataObject) -> None:
    n = graph.n_nodes
    kinds = data.draw(st.lists(st.sampled_from(["x", "y", "z", None]), min_size=n, max_size=n))
    values = data.draw(st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=n, max_size=n))
    by = pl.DataFrame(
        {"node": range(n), "kind": kinds, "value": values},
        schema={"node": pl.Int64, "kind": pl.String, "value": pl.Int64},
    )
    found = describe(graph, by=by).assortativity
    assert found.get_column("kind").to_list() == ["categorical", "numeric"]
    for (name, _, ours, edges, unknown), given_values, oracle in zip(
        found.iter_rows(), (kinds, values),
        (nx.attribute_assortativity_coefficient, nx.numeric_assortativity_coefficient),
        strict=True,
    ):  # fmt: skip
        other = graph.without_loops().to_networkx()
        assert edges + unknown == other.number_of_edges()
        other.remove_nodes_from([i for i, v in enumerate(given_values) if v is None])
        assert edges == other.number_of_edges()
        if ours is None:
            continue
        nx.set_node_attributes(other, dict(enumerate(given_values)), name)
        assert ours == pytest.approx(oracle(other, name), abs=1e-9)


def test_assortativity_of_extremes() -> None:
    g = gk.Graph.from_edges("abcd", "badc", directed=True)
    sides = {"a": "l", "b": "l", "c": "r", "d": "r"}
    assert describe(g, by=sides).assortativity.row(0) == ("attribute", "categorical", 1.0, 4, 0)
    swapped = {"a": True, "b": False, "c": True, "d": False}
    assert describe(g, by=swapped).assortativity.row(0)[2] == -1
    assert describe(g, by=dict.fromkeys("abcd", "x")).assortativity.row(0)[2] is None
    assert describe(g, by={"a": 1.5, "b": float("nan"), "x": 2.0}).assortativity.row(0)[3:] == (
        0, 4,
    )  # fmt: skip


def test_attributes_that_cannot_be_are_refused() -> None:
    g = gk.Graph.from_edges("ab", "ba", directed=True)
    cases: list[tuple[Any, type[Exception], str]] = [
        ({"x": 1}, MissingDataError, "no node of the graph"),
        ({1: 1}, MissingDataError, "of kind 'str'"),
        (pl.DataFrame({"id": ["a", "a"], "v": [1, 2]}), DataError, "2 rows for the node 'a'"),
        (pl.DataFrame({"id": ["a"]}), OptionError, "each further one"),
        (pl.DataFrame({"id": ["a"], "v": [[1]]}), DataError, "holds List"),
        ({"a": "x", "b": 1}, DataError, "mixes values"),
        ([1, 2], OptionError, "by= is a list"),
    ]
    for by, error, message in cases:
        with pytest.raises(error, match=message):
            describe(g, by=by)
    with pytest.raises(OptionError, match="not a Graph"):
        describe("g")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="Did you mean 'density'"):
        describe(g)["densty"]


def test_distribution_has_every_node_once() -> None:
    degrees = np.array([0, 0, 1, 2, 3, 4, 7, 8, 1000])
    frame = distribution({"degree": degrees})
    assert frame.select("low", "high", "nodes").rows()[:5] == [
        (0, 0, 2), (1, 1, 1), (2, 3, 2), (4, 7, 2), (8, 15, 1),
    ]  # fmt: skip
    assert frame.row(-1)[1:4] == (512, 1023, 1)
    assert frame.get_column("nodes").sum() == 9
    for low, at_least in frame.select("low", "at_least").iter_rows():
        assert at_least == pytest.approx((degrees >= low).mean())


def slow_tail(degrees: np.ndarray[Any, Any]) -> tuple[int, float, float]:
    """x_min, exponent and KS distance over all whole numbers, by a grid of exponents."""
    best = (0, 0.0, 2.0)
    grid = np.arange(1.2, 6, 0.002)
    for x_min in np.unique(degrees):
        tail = degrees[degrees >= x_min]
        if tail.size < 50 or np.unique(tail).size < 2:
            continue
        likelihood = -tail.size * np.log(zeta(grid, x_min)) - grid * np.log(tail).sum()
        alpha = grid[np.argmax(likelihood)]
        x = np.arange(x_min, tail.max() + 1)
        fitted = np.cumsum(x**-alpha / zeta(alpha, x_min))
        seen = np.searchsorted(np.sort(tail), x, side="right") / tail.size
        ks = np.abs(fitted - seen).max()
        if ks < best[2] - 1e-9:
            best = (int(x_min), float(alpha), float(ks))
    return best


@pytest.mark.parametrize("seed", range(3))
def test_tail_agrees_with_its_slow_twin_and_igraph(seed: int) -> None:
    rng = np.random.default_rng(seed)
    degrees = rng.zipf(2.5, 1500)
    degrees = degrees[degrees < 500] + rng.integers(0, 3, (degrees < 500).sum())
    _, exponent, x_min, nodes, ks = power_law({"degree": degrees}).row(0)
    slow_min, slow_alpha, slow_ks = slow_tail(degrees)
    assert x_min == slow_min
    assert exponent == pytest.approx(slow_alpha, abs=0.002)
    assert ks == pytest.approx(slow_ks, abs=0.001)
    assert nodes == (degrees >= x_min).sum()
    theirs = igraph.power_law_fit(degrees.tolist(), xmin=x_min, method="discrete")
    assert exponent == pytest.approx(theirs.alpha, abs=1e-4)


def test_tail_finds_the_exponent_that_was_drawn() -> None:
    degrees = np.random.default_rng(7).zipf(2.2, 50_000)
    _, exponent, x_min, _, ks = power_law({"degree": degrees[degrees < 1 << 40]}).row(0)
    assert exponent == pytest.approx(2.2, abs=0.05)
    assert x_min <= 20
    assert ks < 0.02


def test_a_short_tail_has_no_exponent() -> None:
    assert power_law({"degree": np.arange(1, 50)}).row(0)[1:] == (None,) * 4
    assert power_law({"degree": np.full(1000, 3)}).row(0)[1:] == (None,) * 4


def test_quantiles_of_weights_count_an_edge_once() -> None:
    g = gk.Graph.from_edges("abcc", "bcac", [1, 2, 3, 10], directed=False)
    spread = dict(describe(g).weights.iter_rows())
    assert (spread[0.0], spread[0.5], spread[1.0]) == (1, 2.5, 10)


def test_order_of_nodes_and_rows_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 300, (2, 2000))
    order = rng.permutation(2000)
    one = gk.Graph.from_edges(a, b, directed=True)
    other = gk.Graph.from_edges(a[order], b[order], directed=True)
    assert describe(one).frame.equals(describe(other).frame)
    assert describe(one).tails.equals(describe(other).tails)


def test_it_prints_well() -> None:
    rng = np.random.default_rng(3)
    g = gk.Graph.from_edges(rng.zipf(2, 3000) % 400, rng.integers(0, 400, 3000), directed=True)
    text = repr(describe(g, by={i: i % 2 == 0 for i in range(399)}))
    lines = text.splitlines()
    assert lines[0] == "Facts: Graph (directed, weighted)"
    assert max(map(len, lines)) < 110
    for part in ("tail of in-degree", "assortativity by attribute", "without a value", "█"):
        assert part in text
    assert describe(g).provenance.inputs == (g.content_key,)


def test_a_million_edges_take_seconds() -> None:
    rng = np.random.default_rng(1)
    share = 1 / np.arange(1, 200_001) ** 0.6
    a, b = rng.choice(200_000, (2, 1_000_000), p=share / share.sum())
    g = gk.Graph.from_edges(a, b, directed=False)
    describe(gk.Graph.from_edges("ab", "bc", directed=False))  # compiles
    begin = time.process_time()
    describe(g)
    assert time.process_time() - begin < 6


@pytest.mark.real_data
def test_friends_of_lastfm(shared_data: Path) -> None:
    ds, _ = gk.readwrite.read_hetrec_lastfm(shared_data / "hetrec2011_lastfm_2k")
    graph = gk.follow_graph(ds)
    found = describe(graph)
    assert (found["nodes"], found["arcs"], found["reciprocity"]) == (1892, 25_434, 1)
    assert (found["weak components"], found["largest component"]) == (20, 1843)
    other = graph.to_undirected().to_igraph()
    assert found["transitivity"] == pytest.approx(other.transitivity_undirected(), abs=1e-9)
    degree = describe(graph.to_undirected())["degree assortativity"]
    assert degree == pytest.approx(other.assortativity_degree(), abs=1e-9)
