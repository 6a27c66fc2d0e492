from __future__ import annotations

from pathlib import Path

import igraph
import networkx as nx
import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from graphkit.data.graph import Graph, graph_of_rows
from graphkit.errors import DataError, FileError, GraphkitWarning, MissingDataError

EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.floats(0.1, 9)), max_size=30)


def build(edges: list[tuple[int, int, float]], directed: bool) -> Graph:
    return Graph.from_edges(
        [a for a, _, _ in edges],
        [b for _, b, _ in edges],
        [w for *_, w in edges],
        directed=directed,
        nodes=range(8),
    )


@given(EDGES, st.booleans())
def test_against_networkx(edges: list[tuple[int, int, float]], directed: bool) -> None:
    graph = build(edges, directed)
    multi = nx.MultiDiGraph() if directed else nx.MultiGraph()
    multi.add_nodes_from(range(8))
    multi.add_weighted_edges_from(edges)
    simple = nx.DiGraph(multi) if directed else nx.Graph(multi)
    assert graph.n_edges == simple.number_of_edges()
    assert graph.n_loops == nx.number_of_selfloops(simple)
    assert graph.total_weight == pytest.approx(sum(w for *_, w in edges))
    strengths = dict(multi.degree(weight="weight"))
    assert graph.strength() == pytest.approx([strengths[i] for i in range(8)])
    assert graph.degree().tolist() == [d for _, d in sorted(simple.degree())]
    if directed:
        ins = dict(multi.in_degree(weight="weight"))
        assert graph.strength(mode="in") == pytest.approx([ins[i] for i in range(8)])


@given(EDGES, st.booleans(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_byte(
    edges: list[tuple[int, int, float]], directed: bool, random: object
) -> None:
    shuffled = list(edges)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert build(shuffled, directed).content_key == build(edges, directed).content_key


@given(EDGES, st.booleans())
def test_round_trips(edges: list[tuple[int, int, float]], directed: bool) -> None:
    graph = build(edges, directed)
    for other in (
        Graph.from_networkx(graph.to_networkx()),
        Graph.from_igraph(graph.to_igraph()),
        Graph.from_scipy(graph.to_scipy(), directed=directed),
    ):
        assert other.content_key == graph.content_key


@given(EDGES)
def test_to_undirected_adds_opposite_arcs(edges: list[tuple[int, int, float]]) -> None:
    directed = build(edges, directed=True)
    assert (
        directed.to_undirected().content_key
        == build([tuple(row) for row in directed.edges().rows()], directed=False).content_key
    )


@given(EDGES, st.booleans())
def test_components_against_networkx(edges: list[tuple[int, int, float]], directed: bool) -> None:
    graph = build(edges, directed)
    found = graph.components()
    sizes = np.bincount(found)
    assert (np.diff(sizes) <= 0).all()
    expected = nx.connected_components(nx.Graph(graph.to_networkx().edges))
    for component in expected:
        assert len({int(found[i]) for i in component}) == 1
    largest = graph.largest_component()
    assert largest.n_nodes == sizes[0]
    assert largest.vocabulary.ids.tolist() == np.flatnonzero(found == 0).tolist()


def test_ids_of_any_kind() -> None:
    graph = Graph.from_edges([("a", 1), ("b", 2)], [("b", 2), ("c", 3)], directed=True)
    assert graph.n_nodes == 3
    assert list(graph.to_networkx().nodes) == [("a", 1), ("b", 2), ("c", 3)]
    with pytest.raises(DataError, match="strings or integers"):
        graph.save("nowhere")


def test_subgraph_by_ids_and_mask() -> None:
    graph = Graph.from_edges(list("abc"), list("bcd"), directed=False)
    assert graph.subgraph(["b", "c"]).edges().rows() == [("b", "c", 1.0)]
    mask = np.array([True, True, False, False])
    assert graph.subgraph(mask).edges().rows() == [("a", "b", 1.0)]
    with pytest.raises(MissingDataError, match="'z'"):
        graph.subgraph(["z"])


def test_loops_go_and_are_counted() -> None:
    graph = Graph.from_edges(["a", "a"], ["a", "b"], directed=False)
    bare = graph.without_loops()
    assert bare.n_loops == 0
    assert bare.n_edges == 1
    assert bare.provenance.removed == {"self-loops": 1}


@pytest.mark.parametrize("weight", [np.nan, np.inf, -np.inf])
def test_weights_must_be_finite(weight: float) -> None:
    with pytest.raises(DataError, match=r"edge 2 is not a finite number"):
        Graph.from_edges(["a", "b"], ["b", "c"], [1.0, weight], directed=False)


def test_bad_edge_lists() -> None:
    with pytest.raises(DataError, match="2 sources for 1 targets"):
        Graph.from_edges(["a", "b"], ["b"], directed=True)
    with pytest.raises(DataError, match="float"):
        Graph.from_edges([1.0], [2.0], directed=True)
    with pytest.raises(DataError, match="numbers"):
        Graph.from_edges(["a"], ["b"], ["heavy"], directed=True)
    with pytest.raises(MissingDataError, match="'c'"):
        Graph.from_edges(["a"], ["c"], directed=True, nodes=["a", "b"])
    with pytest.raises(DataError, match="not symmetric"):
        Graph.from_scipy(sp.csr_array(np.array([[0, 1], [0, 0]])), directed=False)
    with pytest.raises(DataError, match="square"):
        Graph.from_scipy(np.ones((2, 3)), directed=True)


def test_arrays_are_checked_and_read_only() -> None:
    graph = Graph.from_edges(["a"], ["b"], directed=False)
    with pytest.raises(ValueError, match="read-only"):
        graph.weights[0] = 2
    for change, message in (
        ({"indices": np.array([1, 5])}, "must lie in"),
        ({"indptr": np.array([0, 2, 1])}, "indptr"),
        ({"weights": np.array([1.0])}, "one each"),
        ({"indices": np.array([1, 1])}, "both its rows"),
    ):
        parts = {
            "vocabulary": graph.vocabulary,
            "indptr": graph.indptr,
            "indices": graph.indices,
            "weights": graph.weights,
            "directed": False,
        }
        with pytest.raises(DataError, match=message):
            Graph(**(parts | change))  # type: ignore[arg-type]


def test_repeated_entries_in_a_row_are_refused() -> None:
    vocabulary = Graph.from_edges(["a"], ["b"], directed=True).vocabulary
    with pytest.raises(DataError, match="ascend"):
        Graph(vocabulary, np.array([0, 2, 2]), np.array([1, 1]), np.ones(2), True)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="ascend"):
        Graph(vocabulary, np.array([0, 2, 2]), np.array([1, 0]), np.ones(2), True)  # type: ignore[arg-type]


@pytest.mark.parametrize("ids", [["a", "é", "b"], [3, 1, 2]])
def test_save_and_load(tmp_path: Path, ids: list[object]) -> None:
    graph = Graph.from_edges(ids, ids[1:] + ids[:1], [0.5, 1, 2], directed=True)
    first = graph.save(tmp_path / "g")
    again = Graph.load(first)
    assert again.content_key == graph.content_key
    assert again.provenance == graph.provenance
    assert again.save(tmp_path / "h").read_bytes() == first.read_bytes()


def test_loading_something_else(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_text("nonsense")
    with pytest.raises(FileError, match=r"x\.npz cannot be read"):
        Graph.load(tmp_path / "x.npz")
    with pytest.raises(FileError, match="cannot be read"):
        Graph.load(tmp_path / "absent.npz")


def test_igraph_names_must_be_unique() -> None:
    other = igraph.Graph(2, [(0, 1)])
    other.vs["name"] = ["a", "a"]
    with pytest.raises(DataError, match="unique"):
        Graph.from_igraph(other)


def test_it_shows_itself() -> None:
    graph = Graph.from_edges(["<a>"], ["b"], directed=True, node_kind="accounts")
    assert "accounts" in repr(graph)
    assert "edges" in graph._repr_html_()


def test_empty_graph() -> None:
    graph = Graph.from_edges([], [], directed=False)
    assert (graph.n_nodes, graph.n_edges, graph.total_weight) == (0, 0, 0)
    assert graph.largest_component().n_nodes == 0


# files of igraph and networkx -------------------------------------------------------------

LONG = [7281986300348026145, 7281986300348026146, 7281986300348026147]
TEXTS = [str(one) for one in LONG]


def long_path() -> Graph:
    return Graph.from_edges(LONG[:2], LONG[1:], [2.5, 1], directed=False)


@pytest.mark.parametrize("form", ["graphml", "gml", "pajek", "ncol", "lgl", "pickle"])
def test_integer_ids_survive_files_of_igraph(tmp_path: Path, form: str) -> None:
    graph = long_path()
    other = graph.to_igraph()
    assert other.vs["name"] == TEXTS
    path = str(tmp_path / "graph")
    other.write(path, format=form)
    options = {"directed": False} if form in ("ncol", "lgl") else {}
    again = Graph.from_igraph(igraph.Graph.Read(path, format=form, **options))
    if form in ("graphml", "gml", "pickle"):
        assert again.content_key == graph.content_key
    assert [str(one) for one in again.vocabulary.ids.tolist()] == TEXTS
    assert again.edges()["weight"].to_list() == [2.5, 1.0]


def test_from_igraph_gives_integers_back_only_where_names_are_integers() -> None:
    other = long_path().to_igraph()
    assert Graph.from_igraph(other.induced_subgraph([2, 0])).vocabulary.ids.tolist() == LONG[::2]
    for name in ("seven", "007", " 7", "7_0", None):
        changed = other.copy()
        changed.vs[0]["name"] = name
        if name is None:
            with pytest.raises(DataError, match="missing"):
                Graph.from_igraph(changed)
        elif name == " 7":
            with pytest.warns(GraphkitWarning, match="blanks around 1 id"):
                assert set(Graph.from_igraph(changed).vocabulary) == {name, *TEXTS[1:]}
        else:
            assert set(Graph.from_igraph(changed).vocabulary) == {name, *TEXTS[1:]}
    text = Graph.from_edges(["1"], ["2"], directed=True)
    assert Graph.from_igraph(text.to_igraph()).content_key == text.content_key
    with pytest.warns(GraphkitWarning, match="2 nodes are one id in two types"):
        mixed = Graph.from_edges([1, "1"], ["1", ("t", 2)], directed=True)
    with pytest.warns(GraphkitWarning, match="2 nodes are one id in two types"):
        again = Graph.from_igraph(mixed.to_igraph())
    assert again.content_key == mixed.content_key


def test_texts_survive_files_of_igraph(tmp_path: Path) -> None:
    ids = ["a b", "é", "<c&d>", "🎵", 'say "x"']
    graph = Graph.from_edges(ids[:4], ids[1:], directed=True)
    for form in ("graphml", "gml"):
        path = str(tmp_path / form)
        graph.to_igraph().write(path, format=form)
        again = Graph.from_igraph(igraph.Graph.Read(path, format=form))
        assert again.content_key == graph.content_key, form


@pytest.mark.parametrize("form", ["graphml", "gexf", "gml", "pajek"])
def test_integer_ids_survive_files_of_networkx(tmp_path: Path, form: str) -> None:
    path = str(tmp_path / "graph")
    getattr(nx, f"write_{form}")(long_path().to_networkx(), path)
    again = Graph.from_networkx(getattr(nx, f"read_{form}")(path))
    assert again.vocabulary.ids.tolist() == TEXTS
    assert again.edges()["weight"].to_list() == [2.5, 1.0]
    if form in ("graphml", "gml"):
        read = Graph.from_igraph(igraph.Graph.Read(path, format=form))
        assert read.vocabulary.ids.tolist() == TEXTS


def test_integer_ids_survive_node_link_data() -> None:
    import json

    graph = long_path()
    text = json.dumps(nx.node_link_data(graph.to_networkx(), edges="edges"))
    again = Graph.from_networkx(nx.node_link_graph(json.loads(text), edges="edges"))
    assert again.content_key == graph.content_key


def test_from_igraph_takes_ids_of_other_tools() -> None:
    other = igraph.Graph(2, [(0, 1)])
    other.vs["id"] = [0.0, 1.0]  # as of a GML file
    assert Graph.from_igraph(other).vocabulary.ids.tolist() == [0, 1]
    other.vs["label"] = ["same", "same"]
    assert Graph.from_igraph(other).vocabulary.ids.tolist() == [0, 1]
    other.vs["label"] = ["x", "y"]
    assert Graph.from_igraph(other).vocabulary.ids.tolist() == ["x", "y"]
    other.vs["name"] = [["u"], ["v"]]
    with pytest.raises(DataError, match="hashable"):
        Graph.from_igraph(other)
    other.vs["name"] = [1.5, 2.5]
    with pytest.raises(DataError, match="float"):
        Graph.from_igraph(other)


def test_weights_of_other_tools() -> None:
    multi = nx.MultiGraph()
    multi.add_edge("a", "b", weight=2)
    multi.add_edge("b", "a")
    multi.add_edge("b", "c", weight=None)
    assert Graph.from_networkx(multi).edges().rows() == [("a", "b", 3.0), ("b", "c", 1.0)]
    multi.add_edge("b", "c", weight=float("nan"))
    with pytest.raises(DataError, match="nan of edge 4 is not a finite number"):
        Graph.from_networkx(multi)
    multi.add_edge("b", "c", weight="heavy")
    with pytest.raises(DataError, match="weights must be numbers"):
        Graph.from_networkx(multi)
    with pytest.raises(DataError, match="no edge of the networkx graph has the attribute 'wieght'"):
        Graph.from_networkx(multi, weight="wieght")
    signed = nx.Graph([("a", "b", {"trust": -1})])
    assert Graph.from_networkx(signed, weight="trust").edges().rows() == [("a", "b", -1.0)]
    other = igraph.Graph(2, [(0, 1)])
    other.es["weight"] = [None]
    with pytest.raises(DataError, match="nan of edge 1"):
        Graph.from_igraph(other)
    with pytest.raises(DataError, match=r"'wieght'\. Did you mean 'weight'\? Attributes: weight"):
        Graph.from_igraph(other, weight="wieght")
    assert Graph.from_igraph(other, weight=None).total_weight == 1


def test_weights_that_are_not_real_are_refused() -> None:
    times = np.array(["2024-01-01"], "M8[D]")
    for weight in (np.array([1 + 2j]), times, pl.Series(times), pl.Series([1]).cast(pl.Duration)):
        with pytest.raises(DataError, match="must be real numbers"):
            Graph.from_edges(["a"], ["b"], weight, directed=True)
    with pytest.raises(DataError, match="nan of edge 1"):
        Graph.from_edges(["a"], ["b"], np.ma.masked_array([5], [True]), directed=True)


def test_indices_that_do_not_fit_are_refused() -> None:
    graph = Graph.from_edges(["a"], ["b"], directed=True)
    for indices in (np.array([2**32 + 1]), np.array([0.5])):
        with pytest.raises(DataError, match="graph: indices holds numbers that int32 cannot"):
            Graph(graph.vocabulary, graph.indptr, indices, graph.weights, True)  # type: ignore[arg-type]


def test_parallel_edges_that_add_up_to_infinity_are_refused() -> None:
    with pytest.raises(DataError, match="parallel edges add up to more than a float"):
        Graph.from_edges(["a", "a"], ["b", "b"], [1e308, 1e308], directed=True)


def test_a_saved_graph_is_loaded_by_the_name_it_was_saved_under(tmp_path: Path) -> None:
    graph = Graph.from_edges(["a"], ["b"], directed=False)
    for name in ("follows", "follows.v2", "mit Leerzeichen é.gk"):
        graph.save(tmp_path / name)
        assert Graph.load(tmp_path / name).content_key == graph.content_key
    with pytest.raises(FileError, match=r"nothing cannot be read"):
        Graph.load(tmp_path / "nothing")


def test_a_graph_of_rows_is_the_checked_one() -> None:
    checked = Graph.from_edges(["a", "b"], ["b", "c"], [2.0, 3.0], directed=False)
    rows = (checked.indptr.copy(), checked.indices.copy(), checked.weights.copy())
    others = {"directed": False, "node_kind": "nodes", "provenance": checked.provenance}
    made = graph_of_rows(checked.vocabulary, *rows, **others)
    assert made == checked
    assert made.__getstate__().keys() == checked.__getstate__().keys()
    assert not made.weights.flags.writeable
    assert made.subgraph(["a", "b"]) == checked.subgraph(["a", "b"])
