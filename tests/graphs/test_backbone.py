"""Filters of weights: published formulas, laws, and what each keeps."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.errors import DataError, GraphkitWarning, OptionError
from graphkit.graphs.backbone import METHODS, Backbone, backbone
from graphkit.graphs.cointeraction import cointeraction_graph

OPTIONS: dict[str, dict[str, Any]] = {
    "disparity": {"alpha": 0.2},
    "noise_corrected": {"alpha": 0.2},
    "mutual_top": {"top": 2},
    "k_core": {"k": 2},
    "threshold": {"min_weight": 3.0},
}


@st.composite
def graphs(draw: st.DrawFn, directed: bool | None = None) -> Graph:
    arcs = st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 9))
    edges = draw(st.lists(arcs, min_size=2, max_size=30))
    tail, head, weight = zip(*edges, strict=True)
    if directed is None:
        directed = draw(st.booleans())
    return Graph.from_edges(tail, head, np.array(weight, float), directed=directed, nodes=range(9))


def kept(found: Backbone) -> set[tuple[int, int]]:
    tail, head, _ = found.graph.edge_arrays()
    return set(zip(tail.tolist(), head.tolist(), strict=True))


# the worked example: weights 4 (ab), 1 (ac), 2 (bc), 3 (cd); strengths 5, 6, 6, 3; 2W = 20
TOY = Graph.from_edges("aabc", "bccd", [4.0, 1.0, 2.0, 3.0], directed=False)


def test_disparity_on_a_worked_example() -> None:
    found = backbone(TOY, method="disparity", alpha=0.9).frame()
    by_edge = {(s, t): p for s, t, _, p in found.rows()}
    assert by_edge == {
        ("a", "b"): pytest.approx(1 / 5),  # a: (1 − 4/5)¹, b: (1 − 4/6)¹
        ("b", "c"): pytest.approx((1 - 2 / 6) ** 2),  # c has three edges
        ("a", "c"): pytest.approx((1 - 1 / 6) ** 2),
        ("c", "d"): pytest.approx((1 - 3 / 6) ** 2),  # d has one edge: 1 there
    }
    assert kept(backbone(TOY, method="disparity", alpha=0.22)) == {(0, 1)}


def test_disparity_of_arcs_looks_at_what_leaves_and_what_enters() -> None:
    g = Graph.from_edges("aabc", "bccb", [8.0, 2.0, 1.0, 1.0], directed=True)
    found = backbone(g, method="disparity", alpha=0.99).frame()
    assert {(s, t): p for s, t, _, p in found.rows()} == {
        ("a", "b"): pytest.approx(1 / 9),  # enters b with 8 of 9; leaves a with 8 of 10
        ("a", "c"): pytest.approx(1 / 3),
        ("b", "c"): pytest.approx(2 / 3),
        ("c", "b"): pytest.approx(8 / 9),
    }


def noise_corrected_by_the_paper(w: int, s: int, t: int, total: int) -> tuple[float, float, float]:
    """Expectation, lift and variance, step by step in fractions, as Coscia and Neffke have it."""
    mean = Fraction(s * t, total**2)
    variance = Fraction(s * t * (total - s) * (total - t), total**4 * (total - 1))
    a = mean**2 / variance * (1 - mean) - mean
    b = mean / variance * (1 - mean) ** 2 - (1 - mean)
    assert a / (a + b) == mean
    p = (a + w) / (a + b + total)
    kappa = Fraction(total, s * t)
    derivative = Fraction(1, s * t) - Fraction(total * (s + t), (s * t) ** 2)
    slope = 2 * (kappa + w * derivative) / (kappa * w + 1) ** 2
    lift = (kappa * w - 1) / (kappa * w + 1)
    return float(Fraction(s * t, total)), float(lift), float(total * p * (1 - p) * slope**2)


@pytest.mark.parametrize("directed", [False, True])
def test_noise_corrected_agrees_with_the_paper(directed: bool) -> None:
    g = TOY
    if directed:
        g = Graph.from_edges("aabcd", "bccda", [4.0, 1.0, 2.0, 3.0, 5.0], directed=True)
    total = int(g.total_weight) * (1 if directed else 2)
    out = dict(zip("abcd", g.strength(mode="out").astype(int).tolist(), strict=True))
    into = dict(zip("abcd", g.strength(mode="in").astype(int).tolist(), strict=True))
    found = backbone(g, method="noise_corrected", alpha=0.999999).frame()
    assert found.height >= 3
    for s, t, w, expected, lift, deviation, p in found.rows():
        right = noise_corrected_by_the_paper(int(w), out[s], into[t], total)
        assert (expected, lift, deviation**2) == pytest.approx(right, rel=1e-12)
        assert p == pytest.approx(stats.norm.sf(lift / deviation), rel=1e-12)
    if not directed:  # 4 between strengths of 5 and 6 of 20: expected 1.5, not 3
        assert found.row(0)[:4] == ("a", "b", 4.0, 1.5)


def test_noise_corrected_tails_do_not_cancel() -> None:
    n = 400
    tail = np.concatenate([np.arange(n), [n]])
    head = np.concatenate([(np.arange(n) + 1) % n, [n + 1]])
    weight = np.concatenate([np.full(n, 5.0), [5000.0]])
    found = backbone(
        Graph.from_edges(tail, head, weight, directed=False), method="noise_corrected", alpha=0.01
    ).frame()
    assert 0 < found.get_column("p").min() < 1e-17


def test_noise_corrected_keeps_what_exceeds_delta_deviations() -> None:
    rng = np.random.default_rng(1)
    g = Graph.from_edges(*rng.integers(0, 30, (2, 300)), rng.integers(1, 20, 300), directed=False)
    every = backbone(g, method="noise_corrected", alpha=1 - 1e-12).frame()
    strict = backbone(g, method="noise_corrected", alpha=0.05).frame()
    passed = every.filter(every["lift"] > stats.norm.isf(0.05) * every["deviation"])
    assert strict.height == passed.height > 0


@settings(max_examples=80)
@given(graphs(directed=False), st.integers(1, 4))
def test_mutual_top_is_as_told(g: Graph, top: int) -> None:
    near: dict[int, set[int]] = {}
    for v in range(g.n_nodes):
        row = [
            (-w, int(u))
            for u, w in zip(
                g.indices[g.indptr[v] : g.indptr[v + 1]],
                g.weights[g.indptr[v] : g.indptr[v + 1]],
                strict=True,
            )
            if u != v
        ]
        near[v] = {u for _, u in sorted(row)[:top]}
    right = {(a, b) for a in near for b in near[a] if a < b and a in near[b]}
    assert kept(backbone(g, method="mutual_top", top=top)) == right


def test_mutual_top_of_a_projection_is_its_own_option() -> None:
    rng = np.random.default_rng(0)
    acts = {
        "account_id": rng.integers(0, 40, 600).astype(str),
        "item_id": rng.integers(0, 60, 600).astype(str),
    }
    dataset = Dataset(interactions=acts | {"kind": ["like"] * 600})
    whole, cut = cointeraction_graph(dataset), cointeraction_graph(dataset, top=5, mutual=True)
    found = backbone(whole, method="mutual_top", top=5)
    assert found.graph.content_key == cut.content_key


@settings(max_examples=80)
@given(graphs(), st.integers(1, 4))
def test_k_core_equals_networkx(g: Graph, k: int) -> None:
    simple = nx.Graph(g.to_networkx().edges())
    simple.add_nodes_from(range(9))
    simple.remove_edges_from(list(nx.selfloop_edges(simple)))
    found = backbone(g, method="k_core", k=k)
    right = {frozenset(e) for e in nx.k_core(simple, k).edges()}
    assert {frozenset(e) for e in kept(found)} == right
    numbers = nx.core_number(simple)
    tail, head, _ = found.graph.edge_arrays()
    least = [min(numbers[a], numbers[b]) for a, b in zip(tail.tolist(), head.tolist(), strict=True)]
    assert found.columns["core"].tolist() == least


@settings(max_examples=60)
@given(graphs(), st.sampled_from(sorted(OPTIONS)))
def test_every_filter_selects_and_accounts_for_all(g: Graph, method: str) -> None:
    if method == "mutual_top" and g.directed:
        g = g.to_undirected()
    found = backbone(g, method=method, **OPTIONS[method])
    assert found.graph.n_nodes == g.n_nodes
    assert found.graph.directed == g.directed
    assert found.graph.n_edges + sum(found.removed.values()) == g.n_edges == found.n_before
    assert set(found.frame().select("source", "target", "weight").rows()) <= set(g.edges().rows())
    assert dict(found.provenance.removed) == dict(found.removed)
    assert all(np.isfinite(values).all() for values in found.columns.values())
    assert set(METHODS) > set(OPTIONS)


def test_threshold_and_loops() -> None:
    g = Graph.from_edges("aab", "abc", [5.0, 2.0, 3.0], directed=False)
    assert kept(backbone(g, method="threshold", min_weight=3)) == {(0, 0), (1, 2)}
    assert dict(backbone(g, method="k_core", k=1).removed) == {"self-loops": 1}
    assert "3 of 3" not in repr(backbone(g, method="threshold", min_weight=3))
    assert "2 of 3" in repr(backbone(g, method="threshold", min_weight=3))


@pytest.mark.parametrize("method", ["disparity", "noise_corrected"])
def test_filters_of_weights_warn_on_projections(method: str) -> None:
    acts = {"account_id": list("abcabd"), "item_id": list("vvvwww"), "kind": ["like"] * 6}
    graph = cointeraction_graph(Dataset(interactions=acts))
    with pytest.warns(GraphkitWarning, match="method='bicm'") as heard:
        found = backbone(graph, method=method)
    assert heard[0].filename == __file__
    assert "independent" in found.note
    with pytest.warns(GraphkitWarning, match="on a projection"):
        backbone(graph.largest_component(), method=method)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(OptionError, match="Did you mean 'disparity'"):
        backbone(TOY, method="disparty")
    with pytest.raises(OptionError, match="top=3 goes with mutual_top"):
        backbone(TOY, method="disparity", top=3)
    with pytest.raises(OptionError, match="needs k="):
        backbone(TOY, method="k_core")
    with pytest.raises(OptionError, match=r"alpha=1.0: a number in \(0, 1\)"):
        backbone(TOY, method="disparity", alpha=1.0)
    with pytest.raises(OptionError, match="from 1 on"):
        backbone(TOY, method="mutual_top", top=0)
    with pytest.raises(OptionError, match="finite"):
        backbone(TOY, method="threshold", min_weight=float("nan"))
    with pytest.raises(OptionError, match="leave dataset= out"):
        backbone(
            TOY,
            method="k_core",
            k=1,
            dataset=Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]}),
        )
    signed = Graph.from_edges("ab", "bc", [1.0, -1.0], directed=False)
    with pytest.raises(DataError, match="smallest is -1"):
        backbone(signed, method="disparity")
    with pytest.raises(OptionError, match="to_undirected"):
        backbone(Graph.from_edges("ab", "bc", directed=True), method="mutual_top", top=1)
    light = Graph.from_edges("ab", "bc", [0.1, 0.2], directed=False)
    with pytest.raises(DataError, match="numbers of events"):
        backbone(light, method="noise_corrected")


def test_the_noun_checks_its_figures() -> None:
    with pytest.raises(DataError, match="has shape"):
        Backbone(TOY, "threshold", {"p": np.zeros(3)}, 4, 10.0)
    with pytest.raises(DataError, match="explained as removed"):
        Backbone(TOY, "threshold", {}, 9, 10.0, {"lost": 1})
    with pytest.raises(ValueError, match="read-only"):
        backbone(TOY, method="k_core", k=1).columns["core"][0] = 3


# graphs without anything to filter -------------------------------------------------------


def run(graph: Graph, method: str) -> Backbone:
    return backbone(graph, method=method, **OPTIONS[method])


@pytest.mark.parametrize(
    ("method", "directed"),
    [*((method, False) for method in OPTIONS), *((m, True) for m in OPTIONS if m != "mutual_top")],
)
@pytest.mark.parametrize("ends", [([], []), ([1], [1]), ([1, 2], [1, 2])])
def test_no_edge_between_two_nodes(method: str, directed: bool, ends: Any) -> None:
    loops = len(ends[0])
    graph = Graph.from_edges(*ends, [4.0] * loops, directed=directed, nodes=range(4))
    found = run(graph, method)
    stay = loops if method == "threshold" else 0
    assert (found.graph.n_nodes, found.graph.n_edges) == (4, stay)
    assert dict(found.removed) == ({"self-loops": loops} if loops - stay else {})
    assert found.frame().columns == run(LINE, method).frame().columns


LINE = Graph.from_edges([1, 2], [2, 3], [4.0, 4.0], directed=False)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("method", OPTIONS)
@pytest.mark.parametrize("weight", [[1.7e308] * 3, [1e308, 1e308, 1.0]])
def test_weights_of_infinite_sum_are_refused(
    method: str, directed: bool, weight: list[float]
) -> None:
    graph = Graph.from_edges([1, 2, 3], [2, 3, 1], weight, directed=directed)
    with pytest.raises(DataError, match="their sum is not"):
        run(graph, method)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(
    "weight", [[1e150, 1e-150, 1.0], [1e200, 1e200, 3e200], [1e300, 1e-300, 0.0]]
)
def test_noise_corrected_refuses_what_it_cannot_compute(
    directed: bool, weight: list[float]
) -> None:
    graph = Graph.from_edges([1, 2, 3], [2, 3, 1], weight, directed=directed)
    with pytest.raises(DataError, match="too large or too far apart to compute"):
        run(graph, "noise_corrected")
    assert np.isfinite(run(graph, "disparity").columns["p"]).all()


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e20, 1e100])
def test_disparity_does_not_depend_on_the_unit(size: float) -> None:
    weights = np.array([9.0, 1.0, 1.0, 1.0])
    ends = ("aaab", "bcdc")
    p = run(Graph.from_edges(*ends, weights, directed=False), "disparity").columns["p"]
    scaled = run(Graph.from_edges(*ends, weights * size, directed=False), "disparity")
    np.testing.assert_allclose(scaled.columns["p"], p, rtol=1e-12)
