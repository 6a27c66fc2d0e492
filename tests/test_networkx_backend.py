"""graphkit behind networkx: the same calls, the same kinds of results, the native engine."""

from __future__ import annotations

import inspect
import math
import random
import re
import subprocess
import sys
from collections.abc import Callable, Hashable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphkit as gk
from graphkit.errors import DataError, OptionError
from graphkit.networkx_backend import backend, info
from graphkit.nullmodels import planted_partition

Communities = list[set[Any]]

pytestmark = pytest.mark.filterwarnings("error")

#: From networkx 3.7 on, Leiden takes metric= and theta=, directed graphs too, and CPM by default.
HAS_METRIC = "metric" in inspect.signature(nx.community.leiden_communities).parameters
needs_metric = pytest.mark.skipif(
    not HAS_METRIC, reason=f"networkx {nx.__version__}: Leiden has metric= and theta= from 3.7 on"
)

NAMES = ("leiden_communities", "leiden_partitions", "louvain_communities", "louvain_partitions")


@pytest.fixture(autouse=True)
def quiet_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """networkx warns of every use of a graph that it has converted before."""
    monkeypatch.setattr(nx.config, "warnings_to_ignore", {"cache"})


def run(name: str, graph: Any, **options: Any) -> Any:
    """By modularity, unless `options` say otherwise."""
    if HAS_METRIC and name.startswith("leiden"):
        options.setdefault("metric", "modularity")
    return getattr(nx.community, name)(graph, backend="graphkit", **options)


def modularity(graph: Any, communities: Iterable[set[Any]], **options: Any) -> float:
    return float(nx.community.modularity(graph, communities, **options))


def worth(graph: Any, communities: Iterable[set[Any]], metric: str, resolution: float) -> float:
    """The metric of Leiden, as networkx computes it."""
    if metric == "modularity":
        return modularity(graph, communities, resolution=resolution)
    return float(nx.community.constant_potts_model(graph, communities, resolution=resolution))


def as_sets(communities: Iterable[set[Any]]) -> set[frozenset[Any]]:
    return {frozenset(one) for one in communities}


def rebuilt(graph: Any, seed: int) -> Any:
    """The same graph, its nodes and edges added in another order, ends swapped."""
    draw = random.Random(seed)
    other = graph.__class__()
    nodes, edges = list(graph), list(graph.edges(data=True))
    draw.shuffle(nodes)
    draw.shuffle(edges)
    other.add_nodes_from(nodes)
    for u, v, data in edges:
        other.add_edge(*((u, v) if graph.is_directed() or draw.random() < 0.5 else (v, u)), **data)
    return other


@pytest.fixture(scope="module")
def large() -> tuple[Any, Communities]:
    """100,000 edges, about, and the planted communities."""
    planted = planted_partition([100] * 100, inside=14, outside=6, rng=5)
    truth: dict[int, set[Any]] = {}
    ids = planted.truth.vocabulary.ids.tolist()
    for node, code in zip(ids, planted.truth.membership.tolist(), strict=True):
        truth.setdefault(code, set()).add(node)
    return planted.graph.to_networkx(), list(truth.values())


@pytest.fixture
def football(shared_data: Path) -> Any:
    text = (shared_data / "community_benchmarks" / "football" / "football.gml").read_text()
    graph = nx.Graph()
    graph.add_edges_from(
        (int(u), int(v)) for u, v in re.findall(r"source (\d+)\s+target (\d+)", text)
    )
    return graph


# registration --------------------------------------------------------------------------


def test_networkx_knows_the_backend_and_all_its_functions() -> None:
    assert "graphkit" in nx.utils.backends.backends
    shown = nx.utils.backends.backend_info["graphkit"]
    assert shown == info()
    assert tuple(shown["functions"]) == NAMES
    assert "graphkit : Leiden and Louvain" in nx.community.leiden_communities.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_signatures_are_those_of_networkx(name: str) -> None:
    theirs = inspect.signature(inspect.unwrap(getattr(nx.community, name))).parameters
    ours = inspect.signature(getattr(backend, name)).parameters
    taken = {k: p for k, p in theirs.items() if k not in ("backend", "backend_kwargs")}
    # networkx hands over by position what a user may give by position, the rest by name
    places = [k for k, p in taken.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert list(ours)[: len(places)] == places
    if name.startswith("leiden"):
        # None is the default of networkx, which has them from 3.7 on
        later = {"metric": None, "theta": None}
        assert {k: ours[k].default for k in later} == later
    else:
        later = {}
    defaults = {k: p.default for k, p in taken.items()} | later
    assert {k: p.default for k, p in ours.items()} == defaults


@pytest.mark.parametrize("name", NAMES)
def test_a_converted_graph_gets_the_defaults_of_networkx(name: str) -> None:
    """networkx fills them in for its own graphs only."""
    graph = nx.les_miserables_graph()
    converted = backend.convert_from_nx(graph, edge_attrs={"weight": 1})
    function = getattr(nx.community, name)
    expected = list(function(graph, seed=1, backend="graphkit"))
    assert list(function(converted, seed=1)) == expected
    assert list(getattr(backend, name)(converted, seed=random.Random(1))) == expected


def test_the_former_name_of_the_module_is_kept_and_light() -> None:
    from graphkit import networkx_backend, nx_backend

    assert nx_backend.__all__ == networkx_backend.__all__
    for name in nx_backend.__all__:
        assert getattr(nx_backend, name) is getattr(networkx_backend, name)


def test_importing_networkx_loads_nothing_heavy_of_ours() -> None:
    heavy = ["igraph", "leidenalg", "matplotlib", "numba", "numpy", "polars", "scipy", "sklearn"]
    code = (
        "import sys, networkx as nx\n"
        "assert 'graphkit.networkx_backend' in sys.modules\n"
        "import graphkit.nx_backend\n"
        f"print([m for m in {heavy} if m in sys.modules],"
        " [m for m in sys.modules if m.startswith('graphkit.') and m.count('.') > 1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("] [") == ["[", "]\n"]


# quality -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_karate_reaches_the_known_maximum(seed: int) -> None:
    graph = nx.karate_club_graph()
    found = run("leiden_communities", graph, weight=None, seed=seed)
    assert isinstance(found, list)
    assert all(isinstance(one, set) for one in found)
    assert sorted(v for one in found for v in one) == list(graph)
    assert modularity(graph, found, weight=None) >= 0.4197
    weighted = run("leiden_communities", graph, seed=seed)
    assert modularity(graph, weighted) >= 0.4438


@pytest.mark.real_data
@pytest.mark.parametrize("seed", range(5))
def test_football_comes_within_a_hundredth_of_the_known_maximum(football: Any, seed: int) -> None:
    found = run("leiden_communities", football, seed=seed)
    assert modularity(football, found) >= 0.6046 - 0.01


def test_a_graph_of_100_000_edges(large: tuple[Any, Communities]) -> None:
    graph, planted = large
    assert 95_000 < graph.number_of_edges() < 105_000
    found = run("leiden_communities", graph, seed=3)
    assert sum(map(len, found)) == graph.number_of_nodes() == len(set().union(*found))
    assert all(nx.is_connected(graph.subgraph(one)) for one in found)
    best = gk.leiden(gk.Graph.from_networkx(graph), runs=1, rng=1).quality
    assert best is not None
    assert modularity(graph, found) == pytest.approx(best, abs=0.002)
    assert modularity(graph, found) >= modularity(graph, planted) - 1e-9
    assert found == run("leiden_communities", rebuilt(graph, 1), seed=3)
    louvain = run("louvain_communities", graph, seed=3)
    assert modularity(graph, louvain) >= modularity(graph, planted) - 0.01


@pytest.mark.parametrize("directed", [False, True])
def test_louvain_is_as_good_as_that_of_networkx(directed: bool) -> None:
    graph = nx.les_miserables_graph()
    if directed:
        graph = nx.DiGraph([(u, v, d) for u, v, d in graph.edges(data=True)])
    ours = [modularity(graph, run("louvain_communities", graph, seed=s)) for s in range(30)]
    theirs = [
        modularity(graph, nx.community.louvain_communities(graph, seed=s, backend="networkx"))
        for s in range(30)
    ]
    error = math.sqrt((np.var(ours) + np.var(theirs)) / 30)
    assert np.mean(ours) > np.mean(theirs) - 3 * error


def compared(kind: str) -> Any:
    """A graph with weights, loops and parallel edges, as `kind` says."""
    blocks = (np.eye(5) * 0.3 + 0.05).tolist()
    graph: Any = nx.stochastic_block_model([16] * 5, blocks, seed=4, directed="arcs" in kind)
    draw = random.Random(5)
    if "parallel" in kind:
        graph = (nx.MultiDiGraph if "arcs" in kind else nx.MultiGraph)(graph)
        graph.add_edges_from(draw.choices(list(graph.edges(keys=False)), k=100))
    if "loops" in kind:
        graph.add_edges_from((v, v) for v in range(0, 80, 3))
    if "weighted" in kind:
        for *_, data in graph.edges(data=True):
            data["weight"] = draw.uniform(0.1, 4)
    return graph


@needs_metric
@pytest.mark.parametrize("metric", ["modularity", "cpm"])
@pytest.mark.parametrize(
    "kind", ["plain", "arcs", "weighted with loops", "weighted arcs with loops", "parallel arcs"]
)
def test_leiden_is_as_good_as_that_of_networkx(kind: str, metric: str) -> None:
    graph = compared(kind)
    for resolution in (0.1, 0.3) if metric == "cpm" else (0.6, 1):
        options: dict[str, Any] = {"metric": metric, "resolution": resolution}
        found = {
            backend: [
                worth(
                    graph,
                    nx.community.leiden_communities(graph, seed=s, backend=backend, **options),
                    metric,
                    resolution,
                )
                for s in range(8)
            ]
            for backend in ("graphkit", "networkx")
        }
        assert np.mean(found["graphkit"]) >= np.mean(found["networkx"]) - 1e-9


@needs_metric
def test_cpm_of_a_barbell_is_what_networkx_documents() -> None:
    graph = nx.barbell_graph(3, 4)
    for resolution, expected in (
        (0.2, [{3, 4, 5, 6}, {0, 1, 2}, {7, 8, 9}]),
        (0.4, [{0, 1, 2}, {7, 8, 9}, {3, 4}, {5, 6}]),
    ):
        options: dict[str, Any] = {"metric": "cpm", "resolution": resolution, "seed": 1}
        assert run("leiden_communities", graph, **options) == expected
        # a loop is inside whatever the community, and an edge is two arcs
        graph.add_edges_from((v, v) for v in (2, 5))
        assert run("leiden_communities", graph, **options) == expected
        assert run("leiden_communities", graph.to_directed(), **options) == expected
        graph.remove_edges_from((v, v) for v in (2, 5))


@needs_metric
@pytest.mark.parametrize("metric", ["modularity", "cpm"])
def test_theta_has_the_unit_of_the_weights(metric: str) -> None:
    graph = nx.les_miserables_graph()
    heavy = graph.copy()
    for *_, data in heavy.edges(data=True):
        data["weight"] *= 8
    gamma = 0.3 if metric == "cpm" else 1
    eightfold = 8 * gamma if metric == "cpm" else 1

    def levels(graph: Any, theta: float, resolution: float) -> list[list[Communities]]:
        options: dict[str, Any] = {"metric": metric, "resolution": resolution, "theta": theta}
        return [list(run("leiden_partitions", graph, seed=s, **options)) for s in range(10)]

    light = levels(graph, 0.5, gamma)
    assert levels(heavy, 4.0, eightfold) == light
    assert levels(graph, 0, gamma) != light
    # without a limit all mergers that do not lose are alike
    assert levels(graph, math.inf, gamma) == levels(graph, 1e9, gamma)


# laws ----------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn, *, directed: bool | None = None) -> Any:
    """Small graphs with loops, weights of zero, and nodes without an edge."""
    n = draw(st.integers(3, 12))
    if directed is None:
        directed = draw(st.booleans())
    graph: Any = nx.DiGraph() if directed else nx.Graph()
    graph.add_nodes_from(range(n))
    node = st.integers(0, n - 1)
    weight = st.sampled_from([0, 0.25, 0.5, 1, 1, 2, 3.7])
    graph.add_weighted_edges_from(draw(st.lists(st.tuples(node, node, weight), max_size=40)))
    graph.add_edge(0, 1, weight=1)
    return graph


RESOLUTIONS = st.sampled_from([0.4, 1, 1.7])


@given(graphs(), RESOLUTIONS, st.integers(0, 5))
@settings(max_examples=60)
def test_louvain_levels_rise_and_nest(graph: Any, resolution: float, seed: int) -> None:
    options = {"resolution": resolution, "seed": seed}
    levels = list(run("louvain_partitions", graph, **options))
    worth = [modularity(graph, one, resolution=resolution) for one in levels]
    assert all(after > before for before, after in pairwise(worth))
    for fine, coarse in pairwise(levels):
        assert all(any(part <= whole for whole in coarse) for part in fine)
    assert run("louvain_communities", graph, **options) == levels[-1]
    for number, level in enumerate(levels, start=1):
        assert run("louvain_communities", graph, max_level=number, **options) == level
    # no merger of two communities of the last level gains
    last = levels[-1]
    for i, one in enumerate(last):
        for other in last[:i]:
            merged = [c for c in last if c is not one and c is not other] + [one | other]
            assert modularity(graph, merged, resolution=resolution) <= worth[-1] + 1e-6


def check_local_maximum(graph: Any, metric: str, options: dict[str, Any]) -> None:
    """Levels of Leiden rise, its communities are connected, and no node gains by a move."""
    resolution = options["resolution"]
    levels = list(run("leiden_partitions", graph, **options))
    rising = [worth(graph, one, metric, resolution) for one in levels]
    assert all(after > before for before, after in pairwise(rising))
    assert run("leiden_communities", graph, **options) == levels[-1]
    for number, level in enumerate(levels, start=1):
        assert run("leiden_communities", graph, max_level=number, **options) == level
    last = levels[-1]
    tied = nx.Graph((u, v) for u, v, w in graph.edges(data="weight") if w)
    tied.add_nodes_from(graph)
    assert all(nx.is_connected(tied.subgraph(one)) for one in last)
    # the slow twin of a gain: each node moved elsewhere, or out on its own
    for node in graph:
        rest = [one - {node} for one in last]
        for place in range(len(rest)):
            moved = [one | {node} if k == place else one for k, one in enumerate(rest)]
            moved = [one for one in moved if one]
            assert worth(graph, moved, metric, resolution) <= rising[-1] + 1e-6
        alone = [one for one in rest if one] + [{node}]
        assert worth(graph, alone, metric, resolution) <= rising[-1] + 1e-6


@given(graphs(directed=False), RESOLUTIONS, st.integers(0, 5))
@settings(max_examples=60)
def test_leiden_levels_rise_to_a_local_maximum(graph: Any, resolution: float, seed: int) -> None:
    check_local_maximum(graph, "modularity", {"resolution": resolution, "seed": seed})


@needs_metric
@given(
    graphs(),
    st.sampled_from(["modularity", "cpm"]),
    st.sampled_from([0.1, 0.4, 1, 1.7]),
    st.sampled_from([0, 0.01, 1]),
    st.integers(0, 5),
)
@settings(max_examples=100)
def test_leiden_rises_by_both_metrics_on_arcs_too(
    graph: Any, metric: str, resolution: float, theta: float, seed: int
) -> None:
    options = {"resolution": resolution, "seed": seed, "metric": metric, "theta": theta}
    check_local_maximum(graph, metric, options)


def test_large_graphs_are_laid_out_anew_without_mixing_up_nodes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("graphkit.communities.native.LARGE", 100)
    graph = nx.gnm_random_graph(400, 1200, seed=2)
    for seed in range(5):
        worth = [modularity(graph, one) for one in run("leiden_partitions", graph, seed=seed)]
        assert len(worth) > 4
        assert all(after > before for before, after in pairwise(worth))


@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize("directed", [False, True])
def test_threshold_is_a_gain_of_modularity(directed: bool, loops: bool) -> None:
    graph: Any = nx.les_miserables_graph()
    if loops:
        graph.add_weighted_edges_from((v, v, 2.5) for v in list(graph)[:20])
    if directed:
        graph = nx.DiGraph([(u, v, d) for u, v, d in graph.edges(data=True)])
    levels = list(run("louvain_partitions", graph, seed=4))
    assert len(levels) >= 2
    gain = modularity(graph, levels[1]) - modularity(graph, levels[0])
    first = modularity(graph, levels[0]) - modularity(graph, [{v} for v in graph])
    assert first > gain
    # the level that adds no more than the threshold is the last one, itself included
    stopped = list(run("louvain_partitions", graph, threshold=gain * (1 + 1e-9), seed=4))
    assert stopped == levels[:2]
    assert list(run("louvain_partitions", graph, threshold=gain * (1 - 1e-9), seed=4)) == levels[:3]
    assert run("louvain_communities", graph, threshold=first * (1 + 1e-9), seed=4) == levels[0]


def test_resolution_goes_from_components_to_single_nodes() -> None:
    graph = nx.disjoint_union(nx.karate_club_graph(), nx.cycle_graph(5))
    for name in ("leiden_communities", "louvain_communities"):
        whole = run(name, graph, resolution=0, weight=None, seed=1)
        assert as_sets(whole) == as_sets(nx.connected_components(graph))
        single = run(name, graph, resolution=100, weight=None, seed=1)
        assert as_sets(single) == {frozenset({v}) for v in graph}


def test_weights_decide() -> None:
    graph = nx.cycle_graph(8)
    for u, v in graph.edges:
        even, odd = (9, 1) if u % 2 == 0 and v == u + 1 else (1, 9)
        graph[u][v].update(weight=even, other=odd)
    pairs = {frozenset({v, v + 1}) for v in (0, 2, 4, 6)}
    shifted = {frozenset({v, (v + 1) % 8}) for v in (1, 3, 5, 7)}
    options = {"resolution": 2.5, "seed": 1}
    assert as_sets(run("leiden_communities", graph, **options)) == pairs
    assert as_sets(run("leiden_communities", graph, weight="other", **options)) == shifted
    # a missing attribute counts 1, as in networkx
    plain = run("leiden_communities", graph, weight=None, seed=1)
    assert run("leiden_communities", graph, weight="absent", seed=1) == plain


# nodes, order, seeds -------------------------------------------------------------------


class Thing:
    """A node that nothing orders."""


KINDS: dict[str, Callable[[int], Hashable]] = {
    "integers": lambda v: v - 9,
    "texts": lambda v: f"é{v}",
    "tuples": lambda v: (v % 5, v),
    "mixed": lambda v: v if v % 2 else str(v),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["leiden_communities", "louvain_communities"])
def test_the_order_of_nodes_and_edges_does_not_matter(kind: str, name: str) -> None:
    graph = nx.relabel_nodes(
        nx.les_miserables_graph(),
        dict(zip(nx.les_miserables_graph(), map(KINDS[kind], range(77)), strict=True)),
    )
    first = run(name, graph, seed=2)
    assert set().union(*first) == set(graph)
    assert [run(name, rebuilt(graph, s), seed=2) for s in (1, 2)] == [first, first]
    assert [len(one) for one in first] == sorted(map(len, first), reverse=True)


@pytest.mark.parametrize("make", [lambda v: v + 0.5, lambda v: Thing()], ids=["floats", "objects"])
def test_nodes_that_cannot_be_ids_keep_the_order_they_came_in(
    make: Callable[[int], Hashable],
) -> None:
    names = {v: make(v) for v in range(34)}
    graph = nx.karate_club_graph()
    renamed = nx.relabel_nodes(graph, names)
    found = run("leiden_communities", renamed, seed=2)
    expected = run("leiden_communities", graph, seed=2)
    assert found == [{names[v] for v in one} for one in expected]


def test_seeds_of_every_kind_are_used_and_repeat() -> None:
    graph = nx.gnm_random_graph(60, 150, seed=1)
    kinds: list[Callable[[int], Any]] = [
        int,
        random.Random,
        np.random.default_rng,
        np.random.RandomState,
    ]
    for kind in kinds:
        same = [run("leiden_communities", graph, seed=kind(7)) for _ in range(2)]
        assert same[0] == same[1]
        several = {str(run("louvain_communities", graph, seed=kind(s))) for s in range(6)}
        assert len(several) > 1
    generator = random.Random(7)
    several = {str(run("louvain_communities", graph, seed=generator)) for _ in range(6)}
    assert len(several) > 1


def test_no_seed_draws_from_the_system_and_leaves_global_generators_alone() -> None:
    graph = nx.gnm_random_graph(60, 150, seed=1)

    def states() -> tuple[Any, str]:
        return random.getstate(), str(np.random.get_state())  # noqa: NPY002

    before = states()
    for name in NAMES:
        list(run(name, graph))
    several = set()
    for _ in range(8):
        random.seed(1)
        several.add(str(run("louvain_communities", graph)))
    assert len(several) > 1
    random.setstate(before[0])
    list(run("leiden_partitions", graph, seed=1))
    assert states() == before


# kinds of graphs -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["leiden_communities", "louvain_communities"])
def test_graphs_without_ties_are_single_nodes_as_in_networkx(name: str) -> None:
    edgeless, loops, zeros = nx.empty_graph(4), nx.Graph([(0, 0), (1, 1)]), nx.path_graph(3)
    nx.set_edge_attributes(zeros, 0, "weight")
    for graph in (nx.Graph(), edgeless, loops):
        expected = nx.community.louvain_communities(graph, backend="networkx", seed=1)
        assert run(name, graph, seed=1) == expected == [{v} for v in graph]
    assert run(name, zeros, seed=1) == [{0}, {1}, {2}]  # networkx divides by zero
    partitions = name.replace("communities", "partitions")
    assert list(run(partitions, nx.Graph(), seed=1)) == [[]]
    assert list(run(partitions, edgeless, seed=1)) == [[{0}, {1}, {2}, {3}]]


def test_nodes_without_an_edge_are_alone() -> None:
    graph = nx.karate_club_graph()
    graph.add_nodes_from([99, 77])
    graph.add_edge(99, 99)
    found = run("leiden_communities", graph, seed=1)
    assert found[-2:] == [{77}, {99}]


@pytest.mark.parametrize("directed", [False, True])
def test_parallel_edges_are_merged_as_networkx_does(directed: bool) -> None:
    draw = random.Random(3)
    multi: Any = nx.MultiDiGraph() if directed else nx.MultiGraph()
    for _ in range(200):
        multi.add_edge(draw.randrange(30), draw.randrange(30), weight=draw.random())
    for weight in ("weight", None):
        simple: Any = nx.DiGraph() if directed else nx.Graph()
        for u, v, w in multi.edges(data=weight or "", default=1):
            before = simple.get_edge_data(u, v, {"weight": 0})["weight"]
            simple.add_edge(u, v, weight=before + w)
        if weight:  # to the last digit, in whatever order the parallel edges come
            keys = {
                backend.convert_from_nx(one, {weight: 1}).graph(weight).content_key
                for one in (multi, *(rebuilt(multi, s) for s in range(5)))
            }
            assert len(keys) == 1
        levels = list(run("louvain_partitions", multi, weight=weight, seed=5))
        assert levels == list(run("louvain_partitions", simple, seed=5))
        assert levels == list(run("louvain_partitions", rebuilt(multi, 4), weight=weight, seed=5))


@pytest.mark.parametrize(
    "name", ["louvain_communities", pytest.param("leiden_communities", marks=needs_metric)]
)
def test_directed_modularity_is_maximised(name: str) -> None:
    graph = nx.DiGraph(nx.karate_club_graph().edges)
    best = max(modularity(graph, run(name, graph, seed=s)) for s in range(20))
    reference = gk.leiden(gk.Graph.from_networkx(graph), rng=1).quality
    assert reference is not None
    assert reference - 0.01 < best < reference + 1e-9


@pytest.mark.skipif(HAS_METRIC, reason=f"Leiden of networkx {nx.__version__} takes arcs")
def test_leiden_refuses_arcs_where_networkx_does() -> None:
    with pytest.raises(nx.NetworkXNotImplemented):
        run("leiden_communities", nx.DiGraph([(0, 1)]))


def test_equal_nodes_of_unequal_types_are_one() -> None:
    graph = nx.Graph([(1, 2), (2, 3), (True, 3.0), (np.int64(4), 5), (5, 6), (4, 6.0), (3, 4)])
    assert run("leiden_communities", graph, seed=1) == [{1, 2, 3}, {4, 5, 6}]


def test_views_are_converted_too() -> None:
    graph = nx.karate_club_graph()
    view, copy = graph.subgraph(range(20)), graph.subgraph(range(20)).copy()
    assert run("leiden_communities", view, seed=1) == run("leiden_communities", copy, seed=1)


# dispatch ------------------------------------------------------------------------------


def test_the_configuration_dispatches_too(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = nx.karate_club_graph()
    if not HAS_METRIC:
        with pytest.raises(NotImplementedError):
            nx.community.leiden_communities(graph)
    monkeypatch.setattr(nx.config.backend_priority, "algos", ["graphkit"])
    default = {"metric": "cpm"} if HAS_METRIC else {}
    assert nx.community.leiden_communities(graph, seed=1) == run(
        "leiden_communities", graph, seed=1, **default
    )
    assert nx.community.louvain_communities(graph, seed=1) == run(
        "louvain_communities", graph, seed=1
    )
    # what only networkx can do falls through to it
    strange = nx.community.louvain_communities(graph, resolution=-1, seed=1)
    assert strange == nx.community.louvain_communities(
        graph, resolution=-1, seed=1, backend="networkx"
    )
    assert nx.average_clustering(graph) == pytest.approx(0.5706, abs=1e-4)


def test_a_kept_conversion_with_weights_serves_a_call_without() -> None:
    graph = nx.les_miserables_graph()
    weighted = [list(run("louvain_partitions", graph, seed=6))]
    plain = list(run("louvain_partitions", graph, weight=None, seed=6))
    weighted.append(list(run("louvain_partitions", graph, seed=6)))
    fresh = nx.les_miserables_graph()
    assert plain == list(run("louvain_partitions", fresh, weight=None, seed=6))
    assert plain != weighted[0] == weighted[1]
    multi = nx.MultiGraph([(0, 1), (0, 1), (1, 2), (2, 3), (2, 3)])
    run("leiden_communities", multi, seed=1)
    assert backend.convert_from_nx(multi).graph(None).total_weight == 5


def test_a_converted_graph_stands_in_for_the_original() -> None:
    graph = nx.les_miserables_graph()
    converted = backend.convert_from_nx(graph, edge_attrs={"weight": 1})
    there = nx.community.louvain_communities(converted, seed=1)
    assert there == run("louvain_communities", graph, seed=1)
    back = backend.convert_to_nx(converted)
    assert nx.utils.graphs_equal(back, graph)
    assert backend.convert_to_nx(there) is there
    same = gk.Graph.from_networkx(graph)
    assert converted.graph("weight").content_key == same.content_key
    arcs = nx.DiGraph([("b", "a"), ("a", "b"), ("b", "c"), ("c", "c")])
    ours = backend.convert_from_nx(arcs)
    assert ours.graph(None).content_key == gk.Graph.from_networkx(arcs).content_key
    assert nx.utils.graphs_equal(backend.convert_to_nx(ours), arcs)
    with pytest.raises(DataError, match="weight='cost' was not converted"):
        nx.community.leiden_communities(converted, weight="cost")


# refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_weights_that_cannot_be_meant(name: str) -> None:
    graph = nx.Graph([("a", "b"), ("b", "c")])
    graph.add_edge("c", "d", weight=-2)
    with pytest.raises(DataError, match=f"{name}: the edge 'c' – 'd' has the weight -2"):
        list(run(name, graph))
    graph.add_edge("c", "d", weight=math.nan)
    with pytest.raises(DataError, match="the edge 'c' – 'd' has weight=nan"):
        list(run(name, graph))
    graph.add_edge("c", "d", weight="heavy")
    with pytest.raises(DataError, match="'weight' is not a number on every edge"):
        list(run(name, graph))
    assert list(run(name, graph, weight=None))


@pytest.mark.parametrize("name", NAMES)
def test_options_out_of_range(name: str) -> None:
    graph = nx.karate_club_graph()
    with pytest.raises(OptionError, match="resolution=nan"):
        list(run(name, graph, resolution=math.nan))
    with pytest.raises(OptionError, match="resolution='fine': a finite number is needed"):
        list(run(name, graph, resolution="fine"))
    with pytest.raises(NotImplementedError) as caught:
        list(run(name, graph, resolution=-0.5))
    assert "resolution=-0.5 rewards" in str(caught.value.__cause__)
    with pytest.raises(NotImplementedError) as caught:
        list(run(name, graph, weight=lambda u, v, d: 1))
    assert "not by a function" in str(caught.value.__cause__ or caught.value)
    # the function's failed conversion is kept by networkx, but spoils no other call
    assert list(run(name, graph, seed=1))
    if HAS_METRIC and name.startswith("leiden"):
        for wrong, why in (
            (
                {"metric": "barber_modularity"},
                "maximises 'modularity' or 'cpm', not metric='barber",
            ),
            ({"metric": ["cpm"]}, r"not metric=\['cpm'\]"),
            ({"theta": -0.1}, "theta=-0.1 prefers the merger that gains least"),
        ):
            with pytest.raises(NotImplementedError) as caught:
                list(run(name, graph, **wrong))
            assert re.search(why, str(caught.value.__cause__))
        for theta in (math.nan, "hot"):
            with pytest.raises(OptionError, match=f"theta={theta!r}"):
                list(run(name, graph, theta=theta))
    if name.endswith("communities"):
        for wrong in (0, -1, 1.5, "one"):
            with pytest.raises(ValueError, match=r"max_level=.*: an integer from 1 on is needed"):
                run(name, graph, max_level=wrong)
    with pytest.raises(DataError, match="a Graph, not a converted graph"):
        getattr(backend, name)(graph)
