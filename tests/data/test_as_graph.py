"""Graphs of networkx, igraph and SciPy in place of a Graph, in every public function of graphs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

import graphkit as gk
from graphkit import communities, graphs, measures, nullmodels, readwrite
from graphkit.data.graph import Graph, as_graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError


def karate() -> nx.Graph:
    return nx.karate_club_graph()


KARATE = Graph.from_networkx(karate())
CLUBS = Partition.from_attribute(KARATE, "club")
RUNS = gk.leiden(KARATE, rng=1, runs=3)
LEANING = np.where(CLUBS.membership > 0, 0.5, -0.5)

#: Public functions that take a graph first, with the rest of a call.
CALLS: dict[str, Callable[[Any], Any]] = {
    "leiden": lambda g: gk.leiden(g, rng=1, runs=2),
    "partition_quality": lambda g: communities.partition_quality(g, CLUBS),
    "community_report": lambda g: communities.community_report(g, CLUBS),
    "rewired_null": lambda g: communities.rewired_null(g, n=19, runs=2, rng=1).p("quality"),
    "resolution_profile": lambda g: (
        communities.resolution_profile(g, steps=2, runs=1, rng=1).domains
    ),
    "resolution_limit": lambda g: communities.resolution_limit(g, RUNS, runs=2, rng=1),
    "consensus": lambda g: communities.consensus(RUNS, g, rng=1),
    "visibility": lambda g: gk.visibility(CLUBS, g, runs=2, rng=1).frame,
    "label_communities": lambda g: gk.label_communities(CLUBS, g, by="club"),
    "layout": lambda g: communities.layout(g, CLUBS, rng=1).frame,
    "meta_graph": lambda g: communities.meta_graph(g, CLUBS),
    "backbone": lambda g: gk.backbone(g, method="disparity").graph,
    "describe": lambda g: graphs.describe(g)["transitivity"],
    "mixing": lambda g: measures.mixing(g, CLUBS).observed.tolist(),
    "controversy": lambda g: measures.controversy(g, CLUBS, hubs=2).frame,
    "neighbours_leaning": lambda g: measures.neighbours_leaning(g, LEANING, draws=19, rng=1).frame,
    "rewire": lambda g: nullmodels.rewire(g, rng=1),
    "from_membership": lambda g: Partition.from_membership({0: 0}, graph=g),
    "from_attribute": lambda g: Partition.from_attribute(g, "club"),
    "leiden_slices": lambda g: (
        communities.leiden_slices({"a": g, "b": g}, interslice=1, runs=1, rng=1)
        .partitions[0]
        .membership.tolist()
    ),
    "layers": lambda g: gk.leiden({"a": g, "b": g}, runs=1, rng=1),
    "methods_paragraph": lambda g: graphs.methods_paragraph(RUNS, graph=g),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_function_takes_graphs_of_other_libraries(name: str) -> None:
    expected = CALLS[name](KARATE)
    for other in (karate(), KARATE.to_igraph()):
        if name == "methods_paragraph" and not isinstance(other, nx.Graph):
            continue  # its record says networkx
        found = CALLS[name](other)
        if isinstance(expected, pl.DataFrame):
            assert found.equals(expected)
        else:
            assert found == expected


@pytest.mark.parametrize("name", CALLS)
def test_what_is_no_graph_is_refused_with_the_call_that_makes_one(name: str) -> None:
    frame = pl.DataFrame({"source": ["a"], "target": ["b"]})
    needed = "Dataset" if name == "label_communities" else r"Graph\.from_edges\(df"
    with pytest.raises(DataError, match=needed) as caught:
        CALLS[name](frame)
    assert len(str(caught.value)) < 600


def test_no_public_function_of_graphs_was_forgotten() -> None:
    known = {
        *CALLS,
        "write_gexf",
        "write_graph",
        "write_graphml",
        "by_sign",
        "random_forest",
        "edge_evidence",
        "projection_null",
    }
    for package in (communities, graphs, measures, nullmodels, readwrite):
        for name in package.__all__:
            value = getattr(package, name)
            if not inspect.isfunction(value):
                continue
            names = inspect.signature(value).parameters
            if {"graph", "follow_graph", "slices"} & set(names):
                assert name in known, name


def test_each_kind_is_told_what_to_do() -> None:
    matrix = np.eye(2)
    table = gk.Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]})
    kept = gk.backbone(KARATE, method="threshold", min_weight=2)
    cases: list[tuple[Any, str]] = [
        (Path("g.gexf"), "read_graph"),
        ("g.gexf", "read_graph"),
        (kept, r"its attribute \.graph"),
        (table, "follow_graph"),
        (matrix, "from_scipy"),
        ([("a", "b")], r"from_edges\(sources"),
        (None, "from_networkx"),
    ]
    for value, message in cases:
        with pytest.raises(DataError, match=message):
            as_graph(value, "leiden")


def test_a_sparse_matrix_is_undirected_if_it_is_symmetric() -> None:
    one = sp.csr_array([[0.0, 2.0], [0.0, 0.0]])
    assert as_graph(one, "x").directed
    assert not as_graph(one + one.T, "x").directed
    assert (
        gk.leiden(sp.csr_array(nx.to_scipy_sparse_array(karate())), rng=1, runs=1).n_communities > 1
    )
    with pytest.raises(DataError, match="square"):
        as_graph(sp.csr_array(np.ones((2, 3))), "x")


def test_results_of_readers_and_partitions_are_told_what_to_pass(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("source,target\na,b\n")
    both = gk.readwrite.read_graph(tmp_path / "e.csv", directed=False)
    with pytest.raises(DataError, match="graph, report = read_graph"):
        gk.leiden(both, rng=1)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="a partition holds no edges"):
        gk.readwrite.write_graphml(gk.leiden(both[0], rng=1), tmp_path / "g.graphml")  # type: ignore[arg-type]
    for given, told in (
        ((1, 2), "ds, report = gk.read_any"),
        ("log.csv", "ds, report = gk.read_any"),
        (tmp_path, "ds, report = gk.read_any"),
        (gk.load_platform(), r"its attribute \.dataset"),
    ):
        with pytest.raises(DataError, match=told):
            gk.cointeraction_graph(given)  # type: ignore[arg-type]


def test_vertices_of_igraph_have_names_or_none() -> None:
    igraph = pytest.importorskip("igraph")
    graph = igraph.Graph(n=3, edges=[(0, 1), (1, 2)])
    graph.vs[0]["name"] = "x"
    with pytest.raises(DataError, match=r"'name' is missing for vertex 1 \(2 such\)"):
        as_graph(graph, "leiden")
