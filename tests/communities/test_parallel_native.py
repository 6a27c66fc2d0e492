"""One run of the native Leiden on all cores: the same labels on any number of threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from graphkit.communities import leiden, native, parallel_native
from graphkit.communities.engines import LeidenOptions, make_runner
from graphkit.communities.prepare import prepare
from graphkit.communities.quality import evaluate
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.kernels import leiden as serial
from graphkit.kernels import partitions
from graphkit.kernels.leiden_arrays import Room
from graphkit.nullmodels import planted_partition, random_graph
from graphkit.parallel import helpers, in_threads, spare_cores


@pytest.fixture(autouse=True)
def small_graphs_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "LARGE", 300)
    monkeypatch.setattr(parallel_native, "LEAST_BATCH", 64)
    monkeypatch.setattr(parallel_native, "MOVES", 16)


def weighted(graph: Graph, seed: int) -> Graph:
    tail, head, _ = graph.edge_arrays()
    weight = np.random.default_rng(seed).lognormal(0, 1, tail.size)  # no binary fractions
    return Graph.from_edges(tail, head, weight, directed=graph.directed)


def planted(directed: bool = False) -> Graph:
    return planted_partition([40] * 50, inside=6, outside=3, directed=directed, rng=1).graph


GRAPHS: dict[str, Callable[[], Graph]] = {
    "planted": planted,
    "weighted": lambda: weighted(planted(), 1),
    "directed": lambda: weighted(planted(directed=True), 2),
    "noise": lambda: weighted(random_graph(1500, 5000, rng=3).graph, 3),
    "hub": lambda: Graph.from_edges(
        np.repeat([0, 1], [1200, 1100]), np.r_[1:1201, 400:1500], directed=False
    ),
}

OPTIONS: dict[str, dict[str, Any]] = {
    "modularity": {},
    "cpm": {"quality": "cpm", "resolution": 0.05},
    "theta": {"theta": 0.3},
    "coarse": {"resolution": 0.01},
    "fine": {"resolution": 20.0},
    "max_size": {"max_size": 25},
    "one iteration": {"iterations": 1},
}


def connected(graph: Graph, membership: np.ndarray) -> bool:
    tail, head, _ = graph.edge_arrays()
    inside = membership[tail] == membership[head]
    kept = Graph.from_edges(
        tail[inside], head[inside], directed=False, nodes=np.arange(graph.n_nodes)
    )
    assigned = membership >= 0
    pieces = np.unique(kept.components()[assigned]).size
    return bool(pieces == np.unique(membership[assigned]).size)


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("option", OPTIONS)
def test_labels_are_equal_on_any_number_of_threads_and_communities_connected(
    monkeypatch: pytest.MonkeyPatch, name: str, option: str
) -> None:
    graph, options = GRAPHS[name](), OPTIONS[option]
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setattr("graphkit.parallel.cores", lambda threads=threads: threads)
        found.append(leiden(graph, runs=1, engine="native", rng=7, **options))
    assert len({p.membership.tobytes() for p in found}) == 1
    assert connected(graph, found[0].membership)
    if "max_size" in options:
        assert found[0].sizes.max() <= options["max_size"]


@pytest.mark.parametrize("name", ["weighted", "directed"])
def test_labels_with_fixed_members_are_equal_and_those_stay(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    graph = GRAPHS[name]()
    nodes = graph.vocabulary.ids
    start = Partition.from_membership(nodes, np.arange(nodes.size) // 30)
    fixed = nodes[::7].tolist()
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setattr("graphkit.parallel.cores", lambda threads=threads: threads)
        found.append(leiden(graph, runs=1, initial=start, fixed=fixed, max_size=60, rng=1))
    assert len({p.membership.tobytes() for p in found}) == 1
    assert found[0].sizes.max() <= 60
    held, home = found[0].membership[::7], (np.arange(nodes.size) // 30)[::7]
    kept = held >= 0
    pairs = np.unique(np.stack([held[kept], home[kept]]), axis=1)
    assert np.unique(pairs[0]).size == np.unique(pairs[1]).size == pairs.shape[1]


@pytest.mark.parametrize("name", ["weighted", "directed"])
def test_labels_do_not_depend_on_the_order_of_rows(name: str) -> None:
    graph = GRAPHS[name]()
    tail, head, weight = graph.edge_arrays()
    rng = np.random.default_rng(5)
    keys = set()
    for _ in range(3):
        order = rng.permutation(tail.size)
        ends = np.stack([tail[order], head[order]])
        if not graph.directed:
            flipped = rng.random(tail.size) < 0.5
            ends[:, flipped] = ends[::-1, flipped]
        one, other = ends
        shuffled = Graph.from_edges(one, other, weight[order], directed=graph.directed)
        keys.add(leiden(shuffled, runs=1, rng=3).membership.tobytes())
    assert len(keys) == 1


@pytest.mark.parametrize("name", ["planted", "weighted", "directed", "noise"])
def test_quality_is_that_of_the_serial_way(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    graph = GRAPHS[name]()
    monkeypatch.setattr("graphkit.parallel.cores", lambda: 1)
    mean = {}
    for limit in (300, 10**9):
        monkeypatch.setattr(native, "LARGE", limit)
        runs = leiden(graph, runs=8, iterations=4, engine="native", rng=1).runs
        assert runs is not None
        mean[limit] = runs.qualities.mean()
    # between runs on noise this small, quality varies by some thousandths
    assert mean[300] > mean[10**9] - (0.003 if name == "noise" else 0.0005)


def rows_of(graph: Graph, gamma: float = 1.0) -> tuple[Any, Any]:
    ready = prepare(graph, caller="test")
    out, into = ready.strengths()
    indptr, indices, weights = ready.symmetric
    second = into if graph.directed else np.empty(0)
    rest = np.empty(0, np.int64), np.empty(0, np.bool_)
    rows = native.make_rows(indptr, indices, weights, out, second, *rest)
    return rows, ready


@pytest.mark.parametrize("name", ["planted", "weighted", "directed"])
def test_moves_gain_what_they_say(name: str) -> None:
    rows, ready = rows_of(GRAPHS[name]())
    membership = np.arange(rows.n, dtype=np.int32)
    gamma = 1 / float(rows.out_weight.sum())
    before = evaluate(ready, membership, "modularity", 1.0)
    order = np.random.default_rng(1).permutation(rows.n).astype(np.int32)
    gained = parallel_native.move_nodes(rows, gamma, 0, membership, order)
    after = evaluate(ready, membership, "modularity", 1.0)
    # gains count each edge once, the quality of directed graphs too
    assert gained / ready.total == pytest.approx(after - before, abs=1e-9)


@numba.njit
def aggregate_graph(n: Any, rows: Any, parts: Any, n_parts: Any, new: Any, memory: Any) -> None:
    serial.aggregate_graph(n, rows, parts, n_parts, new, memory)


@pytest.mark.parametrize("name", ["planted", "weighted", "directed", "hub"])
@pytest.mark.parametrize("n_parts", [1, 3, 200])
def test_the_aggregate_graph_is_the_serial_one(name: str, n_parts: int) -> None:
    rows, _ = rows_of(GRAPHS[name]())
    parts = np.random.default_rng(n_parts).integers(0, n_parts, rows.n).astype(np.int32)
    memory, new, _ = Room.for_levels(rows)
    aggregate_graph(rows.n, rows, parts, n_parts, new, memory)
    filled = new.indptr[n_parts]
    found = parallel_native.aggregate_graph(rows.csr, parts, n_parts)
    assert np.array_equal(found.indptr, new.indptr[: n_parts + 1])
    assert np.array_equal(found.indices, new.indices[:filled])
    assert np.array_equal(found.weights, new.weights[:filled])


def test_connected_parts_are_those_of_the_serial_way() -> None:
    rows, _ = rows_of(GRAPHS["noise"]())
    membership = np.random.default_rng(1).integers(0, 30, rows.n).astype(np.int32)
    parts, stack = np.full(rows.n, -1, np.int32), np.empty(rows.n, np.int32)
    partitions.split_connected(rows.indptr, rows.indices, membership, parts, stack)
    found = parallel_native.split_connected(rows.csr, membership)
    assert np.array_equal(np.unique(found, return_inverse=True)[1], parts)


def test_a_run_among_several_takes_its_share_of_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphkit.parallel.cores", lambda: 4)
    assert spare_cores() == 4
    assert set(in_threads(lambda _: spare_cores(), range(8), "test")) == {1}
    assert set(in_threads(lambda _: spare_cores(), range(2), "test")) == {2}
    assert in_threads(lambda _: spare_cores(), range(1), "test") == [4]
    assert set(in_threads(lambda _: spare_cores(), range(3), "test", workers=1)) == {1}


@pytest.mark.parametrize("threads", [1, 3])
def test_helpers_pass_on_an_error_and_do_every_piece(threads: int) -> None:
    done = np.zeros(50, dtype=int)

    def work(worker: int, piece: int) -> None:
        assert 0 <= worker < threads
        done[piece] += 1
        if piece == 49:
            raise ValueError("the last")

    with helpers(threads) as share_out:
        with pytest.raises(ValueError, match="the last"):
            share_out(work, 50)
        share_out(work, 0)
    assert (done == 1).all()


def test_runs_in_a_pool_are_those_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = GRAPHS["weighted"]()
    ready = prepare(graph, caller="test")
    run = make_runner(ready, LeidenOptions(), engine="native", quality="modularity", resolution=1.0)
    alone = [run(seed) for seed in range(4)]
    monkeypatch.setattr("graphkit.parallel.cores", lambda: 2)
    together = in_threads(run, range(4), "test")
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("module", [native, parallel_native])
def test_runs_that_are_not_wanted_any_more_stop_between_steps(
    monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "stop_if_over", stop)
    with pytest.raises(KeyboardInterrupt):
        leiden(planted(), runs=2, engine="native", rng=1)
