"""What the native Leiden promises: quality, connected communities, the same answer each time."""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.communities import leiden
from graphkit.communities import native as _native
from graphkit.communities.prepare import prepare
from graphkit.communities.quality import evaluate
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import OptionError
from graphkit.nullmodels import lfr, planted_partition, random_graph

LARGE = _native.LARGE


def weighted(graph: Graph, seed: int) -> Graph:
    tail, head, _ = graph.edge_arrays()
    weights = np.random.default_rng(seed).lognormal(0, 1, tail.size)
    return Graph.from_edges(tail, head, weights, directed=graph.directed)


def large_graph() -> Graph:
    """More nodes than the limit from which a graph is laid out anew."""
    return planted_partition([100] * (LARGE // 100 + 20), inside=5, outside=1, rng=1).graph


def every_community_is_connected(graph: Graph, membership: np.ndarray) -> bool:
    tail, head, _ = graph.without_loops().edge_arrays()
    inside = membership[tail] == membership[head]
    kept = Graph.from_edges(
        tail[inside], head[inside], directed=False, nodes=np.arange(graph.n_nodes)
    )
    assigned = membership >= 0
    pieces = np.unique(kept.components()[assigned]).size
    return bool(pieces == np.unique(membership[assigned]).size)


# quality ---------------------------------------------------------------------------------


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "best"),
    [
        ("dolphins", 0.5285),
        ("football", 0.6046),
        ("polbooks", 0.5272),
        ("polblogs", 0.4270),
        ("email", 0.4174),
    ],
)
def test_the_best_of_ten_runs_reaches_the_best_known(
    benchmark: Callable[[str], Graph], name: str, best: float
) -> None:
    p = leiden(benchmark(name), runs=10, engine="native", rng=1)
    assert best - 0.0003 <= p.quality <= best + 0.001


def best_of_five(qualities: np.ndarray) -> float:
    """Mean over all choices of five runs of the best among them."""
    chances = np.array([comb(rank, 4) for rank in range(qualities.size)])
    return float(np.sort(qualities) @ chances) / comb(qualities.size, 5)


ZOO: dict[str, tuple[Graph, str, float | None]] = {
    "planted": (lfr(300, mu=0.4, rng=1).graph, "modularity", None),
    "hidden": (lfr(300, mu=0.7, rng=2).graph, "modularity", None),
    "noise": (random_graph(300, 700, rng=3).graph, "modularity", None),
    "hubs": (Graph.from_networkx(nx.barabasi_albert_graph(300, 3, seed=4)), "modularity", None),
    "weighted": (weighted(lfr(300, mu=0.5, rng=5).graph, 5), "modularity", None),
    "coarse": (lfr(300, mu=0.4, rng=6).graph, "modularity", 0.5),
    "directed": (
        planted_partition([20] * 15, inside=4, outside=4, directed=True, rng=7).graph,
        "modularity",
        None,
    ),
    "directed noise": (random_graph(300, 900, directed=True, rng=8).graph, "modularity", None),
    "cpm": (lfr(300, mu=0.5, rng=9).graph, "cpm", 0.05),
    "cpm, weighted noise": (weighted(random_graph(300, 1500, rng=10).graph, 10), "cpm", None),
    "cpm, directed": (random_graph(300, 1500, directed=True, rng=11).graph, "cpm", 0.01),
}


@pytest.mark.parametrize("name", ZOO)
def test_quality_is_that_of_the_reference_engines(name: str) -> None:
    graph, quality, resolution = ZOO[name]
    found = {}
    for engine, runs in (("native", 60), ("igraph", 60), ("leidenalg", 24)):
        p = leiden(graph, quality=quality, resolution=resolution, engine=engine, runs=runs, rng=1)
        assert p.runs is not None
        unit = 1.0 if quality == "modularity" else graph.total_weight
        found[engine] = p.runs.qualities / unit
    assert best_of_five(found["native"]) > best_of_five(found["leidenalg"]) - 0.002
    assert found["native"].mean() > found["igraph"].mean() - 0.002


def test_runs_disagree_on_noise_and_agree_on_a_planted_graph() -> None:
    noise = leiden(random_graph(1000, 2500, rng=1).graph, engine="native", rng=1)
    groups = leiden(lfr(1000, mu=0.5, rng=1).graph, engine="native", rng=1)
    assert (noise.verdict, groups.verdict) == ("runs disagree", "runs agree; null not tested")
    assert noise.stability < 0.4
    assert groups.stability > 0.95
    assert noise.quality > groups.quality


def test_more_iterations_never_lose() -> None:
    for graph in (random_graph(300, 700, rng=2).graph, weighted(lfr(300, mu=0.6, rng=1).graph, 1)):
        found = []
        for iterations in (2, 3, 5, 9, -1):
            runs = leiden(graph, iterations=iterations, runs=6, engine="native", rng=3).runs
            assert runs is not None
            found.append(runs.qualities)
        assert (np.diff(found, axis=0) >= -1e-12).all()
        assert (found[-1] > found[0]).any()


def test_a_graph_that_is_not_small_stops_when_two_iterations_gain_little() -> None:
    graph = weighted(lfr(7000, mu=0.4, rng=1).graph, 1)
    ready = prepare(graph, caller="test")
    entries = ready.indices.size
    assert _native.SMALL <= entries < _native.MANY
    qualities = []
    for iterations in range(2, 40):
        qualities.append(leiden(graph, runs=1, iterations=iterations, rng=2).quality)
        little = np.diff(qualities)[-2:] <= 1e-4 * (graph.n_edges / 500_000) ** 2
        if little.size == 2 and little.all():
            break
    found = leiden(graph, runs=1, rng=2)
    assert found.quality == qualities[-1]
    assert every_community_is_connected(graph, found.membership)


def test_many_iterations_end_when_three_gain_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = weighted(lfr(7000, mu=0.5, rng=1).graph, 1)
    assert prepare(graph, caller="test").indices.size >= _native.SMALL
    gains: list[float] = []
    iterate = _native._run_iteration

    def noted(*args: Any, **options: Any) -> Any:
        found = iterate(*args, **options)
        gains.append(found[1])
        return found

    monkeypatch.setattr(_native, "_run_iteration", noted)
    for seed in range(3):
        early = leiden(graph, runs=1, rng=seed)
        gains.clear()
        late = leiden(graph, runs=1, iterations=1000, rng=seed)
        assert late.quality >= early.quality
        least = _native.LEAST_GAIN * float(graph.edge_arrays()[2].sum())
        idle = "".join("-" if gain <= least else "+" for gain in gains[1:])
        assert idle.endswith("---")
        assert idle.count("---") == 1
        assert len(gains) < 100
        more = leiden(graph, runs=1, iterations=len(gains), rng=seed)
        assert np.array_equal(more.membership, late.membership)


# laws ------------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    n = draw(st.integers(2, 40))
    m = draw(st.integers(1, 120))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    tail, head = rng.integers(0, n, (2, m))
    head = np.where(tail == head, (head + 1) % n, head)
    weight = rng.lognormal(0, 1.5, m) if draw(st.booleans()) else None
    return Graph.from_edges(tail, head, weight, directed=draw(st.booleans()), nodes=np.arange(n))


@settings(max_examples=80)
@given(
    graph=graphs(),
    quality=st.sampled_from(["modularity", "cpm", "rber"]),
    resolution=st.one_of(st.none(), st.floats(0.01, 5.0)),
    theta=st.sampled_from([0.0, 0.01, 1.0]),
    iterations=st.sampled_from([1, 2, -1]),
    max_size=st.sampled_from([None, 1, 4]),
)
def test_every_community_is_connected(
    graph: Graph,
    quality: str,
    resolution: float | None,
    theta: float,
    iterations: int,
    max_size: int | None,
) -> None:
    p = leiden(
        graph,
        quality=quality,
        resolution=resolution,
        theta=theta,
        iterations=iterations,
        max_size=max_size,
        runs=2,
        engine="native",
        rng=1,
    )
    assert p.runs is not None
    for membership in p.runs.memberships:
        assert every_community_is_connected(graph, membership)
        assert max_size is None or np.bincount(membership[membership >= 0]).max() <= max_size


@settings(max_examples=80)
@given(
    graph=graphs(),
    quality=st.sampled_from(["modularity", "cpm", "rber"]),
    resolution=st.one_of(st.none(), st.floats(0.01, 5.0)),
)
def test_no_node_would_gain_by_moving_and_no_two_communities_by_merging(
    graph: Graph, quality: str, resolution: float | None
) -> None:
    p = leiden(graph, quality=quality, resolution=resolution, runs=1, engine="native", rng=1)
    ready = prepare(graph, caller="test")
    codes = p.membership[ready.nodes]

    def value(membership: np.ndarray) -> float:
        return evaluate(ready, membership, quality, p.resolution)

    best = value(codes)
    tolerance = 1e-9 * (1 if quality == "modularity" else ready.total)
    groups = int(codes.max()) + 1
    for v in range(codes.size):
        for home in range(groups + 1):
            moved = codes.copy()
            moved[v] = home
            assert value(moved) <= best + tolerance
    for one in range(groups):
        for other in range(one):
            assert value(np.where(codes == one, other, codes)) <= best + tolerance


@settings(max_examples=40)
@given(graph=graphs(), data=st.data())
def test_fixed_nodes_stay_and_the_rest_is_connected_to_them(graph: Graph, data: Any) -> None:
    n = graph.n_nodes
    start = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    fixed = data.draw(st.lists(st.sampled_from(range(n)), unique=True, min_size=1, max_size=n))
    initial = Partition.from_membership(range(n), start)
    p = leiden(graph, initial=initial, fixed=fixed, runs=2, engine="native", rng=1)
    held = np.array([v for v in fixed if p.membership[v] >= 0], dtype=int)
    together = np.array(start)[held][:, None] == np.array(start)[held]
    assert np.array_equal(p.membership[held][:, None] == p.membership[held], together)


def test_an_initial_partition_is_where_a_run_starts() -> None:
    ring = Graph.from_networkx(nx.ring_of_cliques(30, 5))
    pairs = Partition.from_membership(ring.vocabulary.ids, [int(v) // 10 for v in range(150)])
    p = leiden(ring, initial=pairs, runs=3, engine="native", rng=1)
    assert p.membership_key == pairs.membership_key  # the optimum, which few runs find
    assert p.quality == pytest.approx(0.887879, abs=1e-6)


def test_theta_is_in_units_of_the_mean_weight() -> None:
    graph = weighted(lfr(300, mu=0.5, rng=1).graph, 2)
    tail, head, weight = graph.edge_arrays()
    scaled = Graph.from_edges(tail, head, weight * 1024, directed=False)
    p, q, greedy = (
        leiden(g, theta=theta, runs=4, engine="native", rng=1).runs
        for g, theta in ((graph, 0.5), (scaled, 0.5), (graph, 0.0))
    )
    assert p is not None
    assert q is not None
    assert greedy is not None
    assert np.array_equal(p.memberships, q.memberships)
    assert not np.array_equal(p.memberships, greedy.memberships)


# the same answer each time ---------------------------------------------------------------


def test_any_order_of_nodes_edges_and_ends() -> None:
    rng = np.random.default_rng(0)
    for directed in (True, False):
        graph = weighted(random_graph(300, 1200, directed=directed, rng=2).graph, 2)
        tail, head, weight = graph.edge_arrays()
        seen = set()
        for _ in range(4):
            order = rng.permutation(tail.size)
            ends = np.stack([tail[order], head[order]])
            if not directed:
                flipped = rng.random(tail.size) < 0.5
                ends[:, flipped] = ends[::-1, flipped]
            shuffled = Graph.from_edges(
                *ends, weight[order], directed=directed, nodes=rng.permutation(300)
            )
            seen.add(leiden(shuffled, runs=4, engine="native", rng=4).content_key)
        assert len(seen) == 1


@pytest.mark.parametrize("size", ["small", "middle", "large"])
def test_any_number_of_threads(monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    graph = {
        "small": lambda: random_graph(400, 900, rng=1).graph,
        "middle": lambda: weighted(random_graph(5000, 60_000, rng=1).graph, 1),
        "large": large_graph,
    }[size]()
    iterations = -1 if size == "middle" else 2
    found = []
    for workers in (1, 2, 3):
        monkeypatch.setattr("graphkit.parallel.cores", lambda workers=workers: workers)
        p = leiden(graph, runs=3, iterations=iterations, engine="native", rng=1)
        assert p.runs is not None
        found.append((p.content_key, p.runs.memberships.tobytes()))
    assert len(set(found)) == 1
    assert not np.array_equal(p.runs.memberships[0], p.runs.memberships[1])


# large graphs ----------------------------------------------------------------------------


def test_a_graph_that_is_laid_out_anew() -> None:
    graph = large_graph()
    p = leiden(graph, runs=2, engine="native", rng=1)
    reference = leiden(graph, runs=1, iterations=2, engine="igraph", rng=1)
    assert p.runs is not None
    assert p.runs.qualities.min() > reference.quality - 0.0005
    assert every_community_is_connected(graph, p.membership)


def test_fixed_nodes_and_a_largest_size_in_a_large_graph() -> None:
    graph = large_graph()
    nodes = graph.vocabulary.ids
    start = Partition.from_membership(nodes, np.arange(nodes.size) // 2)
    p = leiden(
        graph,
        initial=start,
        fixed=nodes[:50].tolist(),
        max_size=60,
        runs=1,
        iterations=2,
        engine="native",
        rng=1,
    )
    assert p.sizes.max() <= 60
    first = p.membership[:50]
    first = first[first >= 0]
    assert np.unique(first).size >= 24
    free = leiden(graph, max_size=60, runs=1, iterations=2, engine="native", rng=1)
    assert free.sizes.max() <= 60
    assert every_community_is_connected(graph, free.membership)


def test_a_largest_size_that_fixed_members_exceed() -> None:
    ring = Graph.from_networkx(nx.cycle_graph(6))
    together = Partition.from_membership(ring.vocabulary.ids, [0] * 6)
    with pytest.raises(OptionError, match="6 fixed members stay in one community"):
        leiden(ring, initial=together, fixed=ring.vocabulary.ids.tolist(), max_size=5)


def test_weights_that_vanish_beside_the_others_keep_their_place() -> None:
    """Two cliques of heavy ties, joined by ties of a share of 1e-320 or less of their weight."""
    inside = nx.disjoint_union(nx.complete_graph(20), nx.complete_graph(20))
    tail, head = np.array(inside.edges).T
    across = np.indices((20, 20)).reshape(2, -1) + np.array([[0], [20]])
    weights = np.repeat([1e300, 1e-300], [tail.size, across[0].size])
    graph = Graph.from_edges(
        np.append(tail, across[0]), np.append(head, across[1]), weights, directed=False
    )
    found = leiden(graph, runs=3, engine="native", rng=1)
    np.testing.assert_array_equal(found.membership, np.repeat([0, 1], 20))
    assert found.quality == pytest.approx(0.5)
