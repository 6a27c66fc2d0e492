from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphkit as gk
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.graphs import describe


def facts(graph: gk.Graph) -> dict[str, float | None]:
    frame = describe(graph).frame
    assert frame.schema == {"fact": pl.String, "value": pl.Float64}
    return dict(frame.iter_rows())


def test_karate_club() -> None:
    found = describe(gk.Graph.from_networkx(nx.karate_club_graph(), weight=None))
    assert found["transitivity"] == 135 / 528
    assert found["mean local clustering"] == pytest.approx(0.570638478208, abs=1e-12)
    assert found["degree assortativity"] == pytest.approx(-0.475613097685, abs=1e-12)


def test_undirected() -> None:
    graph = gk.Graph.from_edges(
        ["a", "b", "c", "d"], ["b", "c", "a", "d"], [1, 2, 3, 4], directed=False, nodes="abcdef"
    )
    assert facts(graph) == {
        "nodes": 6,
        "edges": 4,
        "total weight": 10,
        "self-loops": 1,
        "density": 3 / 15,
        "nodes without an edge": 2,
        "weak components": 4,
        "largest component": 3,
        "share in largest component": 0.5,
        "mean degree": 8 / 6,
        "median degree": 2,
        "largest degree": 2,
        "transitivity": 1,
        "mean local clustering": 0.5,
        "degree assortativity": None,
    }


def test_directed() -> None:
    graph = gk.Graph.from_edges("aabc", "bcac", directed=True)
    assert facts(graph) == {
        "nodes": 3,
        "arcs": 4,
        "total weight": 4,
        "self-loops": 1,
        "density": 3 / 6,
        "nodes without an edge": 0,
        "weak components": 1,
        "largest component": 3,
        "share in largest component": 1,
        "mean degree": 8 / 3,
        "median degree": 3,
        "largest degree": 3,
        "largest in-degree": 2,
        "largest out-degree": 2,
        "reciprocity": 2 / 3,
        "transitivity": 0,
        "mean local clustering": 0,
        "degree assortativity": None,
    }


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
    for found in (one, none):
        assert repr(found).startswith("Summary statistics: Graph")
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
def test_agrees_with_networkx(graph: gk.Graph) -> None:
    found = describe(graph)
    ours = graph.without_loops().to_networkx()
    simple = nx.Graph(ours)
    assert found["density"] == pytest.approx(nx.density(ours), abs=1e-12)
    assert found["weak components"] == nx.number_connected_components(simple)
    assert found["largest component"] == max(map(len, nx.connected_components(simple)))
    triples = any(k > 1 for _, k in simple.degree())
    assert (found["transitivity"] is not None) == triples
    assert (found["transitivity"] or 0) == pytest.approx(nx.transitivity(simple), abs=1e-12)
    local = found["mean local clustering"]
    assert local == pytest.approx(nx.average_clustering(simple), abs=1e-12)
    out, into = (ours.out_degree, ours.in_degree) if graph.directed else (ours.degree, ours.degree)
    sources, targets = {out[a] for a, _ in ours.edges}, {into[b] for _, b in ours.edges}
    if not graph.directed:
        sources = targets = sources | targets
    varied = len(sources) > 1 and len(targets) > 1
    assert (found["degree assortativity"] is not None) == varied
    if varied:
        theirs = nx.degree_assortativity_coefficient(ours)
        assert found["degree assortativity"] == pytest.approx(theirs, abs=1e-12)
    if graph.directed and ours.number_of_edges():
        assert found["reciprocity"] == pytest.approx(nx.overall_reciprocity(ours), abs=1e-12)
        assert found["largest in-degree"] == max(d for _, d in graph.to_networkx().in_degree())


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
        found.iter_rows(),
        (kinds, values),
        (nx.attribute_assortativity_coefficient, nx.numeric_assortativity_coefficient),
        strict=True,
    ):
        other = graph.without_loops().to_networkx()
        assert edges + unknown == other.number_of_edges()
        other.remove_nodes_from([i for i, v in enumerate(given_values) if v is None])
        assert edges == other.number_of_edges()
        if ours is None:
            continue
        nx.set_node_attributes(other, dict(enumerate(given_values)), name)
        assert ours == pytest.approx(oracle(other, name), abs=1e-12)


@pytest.mark.parametrize("offset", [0, 1_700_000_000, 1_700_000_000_000])
def test_assortativity_of_times_does_not_depend_on_their_origin(offset: int) -> None:
    """igraph 1.0.0 does not centre the values: it gives 1 for seconds and NaN for milliseconds."""
    n = 200
    ends = {(i, (a * i + b) % n) for a, b in ((7, 3), (13, 5)) for i in range(n)}
    ends = sorted((i, j) for i, j in ends if i != j)
    graph = gk.Graph.from_edges(*zip(*ends, strict=True), directed=True)
    found = describe(graph, by={i: float(offset + i % 17) for i in range(n)}).assortativity
    assert found.row(0)[1] == "numeric"
    x, y = np.array(ends).T % 17
    assert found.row(0)[2] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-6)


def test_assortativity_of_extremes() -> None:
    g = gk.Graph.from_edges("abcd", "badc", directed=True)
    sides = {"a": "l", "b": "l", "c": "r", "d": "r"}
    assert describe(g, by=sides).assortativity.row(0) == ("attribute", "categorical", 1.0, 4, 0)
    swapped = {"a": True, "b": False, "c": True, "d": False}
    assert describe(g, by=swapped).assortativity.row(0)[2] == -1
    assert describe(g, by=dict.fromkeys("abcd", "x")).assortativity.row(0)[2] is None
    # numbers that are far from 0, very large or all equal
    for values, r in ((range(2020, 2024), 0.6), ([1e200, 2e200, 3e200, 4e200], 0.6)):
        by = dict(zip("abcd", values, strict=True))
        assert describe(g, by=by).assortativity.row(0)[2] == pytest.approx(r, abs=1e-12)
    assert describe(g, by=dict.fromkeys("abcd", 0.1)).assortativity.row(0)[2] is None
    assert describe(g, by={"a": 1.5, "b": float("nan"), "x": 2.0}).assortativity.row(0)[3:] == (
        0,
        4,
    )


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
    with pytest.raises(DataError, match="read_graph"):
        describe("g")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="Did you mean 'density'"):
        describe(g)["densty"]


def test_distribution_has_every_node_once() -> None:
    star = gk.Graph.from_edges([0] * 9, range(1, 10), directed=False, nodes=range(12))
    frame = describe(star).degrees
    assert frame.select("of", "low", "high", "nodes").rows() == [
        ("degree", 0, 0, 2),
        ("degree", 1, 1, 9),
        ("degree", 2, 3, 0),
        ("degree", 4, 7, 0),
        ("degree", 8, 15, 1),
    ]
    assert frame.get_column("share").to_list() == [2 / 12, 9 / 12, 0, 0, 1 / 12]
    assert frame.get_column("at_least").to_list() == [1, 10 / 12, 1 / 12, 1 / 12, 1 / 12]


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


def test_it_prints_well() -> None:
    rng = np.random.default_rng(3)
    g = gk.Graph.from_edges(rng.zipf(2, 3000) % 400, rng.integers(0, 400, 3000), directed=True)
    text = repr(describe(g, by={i: i % 2 == 0 for i in range(399)}))
    lines = text.splitlines()
    assert lines[0] == "Summary statistics: Graph (directed, weighted)"
    assert max(map(len, lines)) < 110
    for part in (
        "distribution of the in-degree",
        "assortativity by attribute",
        "without a value",
        "█",
    ):
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
    assert found["transitivity"] == pytest.approx(other.transitivity_undirected(), abs=1e-12)
    degree = describe(graph.to_undirected())["degree assortativity"]
    assert degree == pytest.approx(other.assortativity_degree(), abs=1e-12)
