from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import igraph
import networkx as nx
import numpy as np
import pytest

from graphkit.communities import engines as _engines
from graphkit.communities import leiden, partition_quality
from graphkit.communities.prepare import prepare
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, GraphkitError, OptionError
from graphkit.parallel import show_progress

ROOT = Path(__file__).parents[2]
every_engine = pytest.mark.parametrize("engine", ["native", "igraph", "leidenalg"])


def noise(n: int = 1000, m: int = 2500) -> Graph:
    return Graph.from_networkx(nx.gnm_random_graph(n, m, seed=1))


def planted(groups: int = 10, size: int = 40, inside: float = 0.5, outside: float = 0.04) -> Graph:
    model = nx.planted_partition_graph(groups, size, inside, outside, seed=3)
    return Graph.from_networkx(model)


def random_weighted(*, directed: bool, n: int = 80, m: int = 400) -> Graph:
    rng = np.random.default_rng(5)
    tail, head = rng.integers(0, n, (2, m))
    return Graph.from_edges(tail, head, rng.random(m), directed=directed)


# golden values ---------------------------------------------------------------------------


@every_engine
def test_karate_reaches_its_exact_optimum(karate: Graph, engine: str) -> None:
    p = leiden(karate, engine=engine, rng=1)
    assert p.quality == pytest.approx(0.4197896120973044, abs=1e-12)
    assert p.n_communities == 4
    assert p.sizes.tolist() == [12, 11, 6, 5]
    assert p.verdict == "runs agree; null not tested"


@every_engine
def test_directed_karate_uses_both_strengths(directed_karate: Graph, engine: str) -> None:
    # with the out-strength for both sides igraph stops at 0.41995
    p = leiden(directed_karate, engine=engine, rng=1)
    assert p.quality == pytest.approx(0.43721, abs=5e-6)


@pytest.mark.real_data
@every_engine
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
def test_benchmarks_reach_the_best_known_modularity(
    benchmark: Callable[[str], Graph], name: str, best: float, engine: str
) -> None:
    graph = benchmark(name)
    if name == "polblogs":
        assert (graph.n_nodes, graph.n_edges) == (1222, 16714)
    if name == "email":
        assert graph.n_nodes == 986
    p = leiden(graph, engine=engine, rng=1)
    assert best - 0.01 <= p.quality <= best + 0.001


@every_engine
def test_ring_of_cliques_shows_the_resolution_limit(engine: str) -> None:
    ring = Graph.from_networkx(nx.ring_of_cliques(30, 5))
    p = leiden(ring, engine=engine, rng=1)
    # fifteen pairs are the optimum, 0.887879; one run often stops at 18 communities, 0.885455
    assert 15 <= p.n_communities <= 18
    assert 0.88545 <= p.quality <= 0.887879
    cliques = p.membership[np.array([int(i) for i in p.vocabulary.ids])].reshape(30, 5)
    assert (cliques == cliques[:, :1]).all()
    right = leiden(ring, quality="cpm", resolution=0.5, engine=engine, rng=1)
    assert right.n_communities == 30
    assert right.quality == pytest.approx(30 * (10 - 0.5 * 10))


@every_engine
def test_a_clique_is_one_community(engine: str) -> None:
    p = leiden(
        Graph.from_networkx(nx.complete_graph(100)),
        quality="cpm",
        resolution=0.5,
        engine=engine,
        rng=1,
    )
    assert p.n_communities == 1
    assert p.quality == pytest.approx(4950 * 0.5)


@every_engine
def test_barbell_is_cut_at_its_handle(engine: str) -> None:
    p = leiden(Graph.from_networkx(nx.barbell_graph(3, 0)), engine=engine, rng=1)
    assert p.membership.tolist() == [0, 0, 0, 1, 1, 1]
    assert p.quality == pytest.approx(0.357142857142857, abs=1e-12)


@every_engine
def test_runs_disagree_on_noise_although_its_modularity_is_higher(engine: str) -> None:
    of_noise, of_groups = leiden(noise(), engine=engine, rng=1), leiden(planted(), rng=1)
    assert of_noise.stability < 0.5
    assert of_noise.verdict == "runs disagree"
    assert of_groups.stability > 0.99
    assert of_groups.verdict == "runs agree; null not tested"
    assert of_noise.quality > of_groups.quality
    assert of_groups.n_communities == 10


# what comes back -------------------------------------------------------------------------


@every_engine
@pytest.mark.parametrize("quality", ["modularity", "cpm"])
@pytest.mark.parametrize("directed", [True, False])
def test_quality_is_our_own_whatever_the_engine(
    engine: str, quality: str, *, directed: bool
) -> None:
    graph = random_weighted(directed=directed)
    p = leiden(graph, quality=quality, runs=3, engine=engine, rng=2)
    again = partition_quality(graph, p, quality=quality, resolution=p.resolution)
    assert p.quality == again
    assert p.runs is not None
    assert p.quality == p.runs.qualities.max()
    assert p.runs.qualities.shape == (3,)
    first = int(np.argmax(p.runs.qualities))
    assert np.array_equal(p.membership, p.runs.memberships[first])


def test_engines_find_equally_good_partitions() -> None:
    graph = random_weighted(directed=True, n=200, m=1500)
    found = [leiden(graph, engine=e, rng=1).quality for e in ("native", "igraph", "leidenalg")]
    assert max(found) - min(found) < 0.01


def test_the_record_tells_how_it_was_made(karate: Graph) -> None:
    p = leiden(karate, engine="leidenalg", runs=2, rng=7)
    record = p.provenance
    assert record.verb == "leiden"
    assert record.seed == 7
    assert record.inputs == (karate.content_key,)
    assert dict(record.parameters) == {
        "quality": "modularity",
        "resolution": 1.0,
        "runs": 2,
        "iterations": -1,
        "engine": "leidenalg",
    }
    assert {"graphkit", "igraph", "leidenalg"} == set(record.versions)
    assert (p.quality_function, p.resolution) == ("modularity", 1.0)


def test_node_kind_travels() -> None:
    g = Graph.from_edges("ab", "bc", directed=False, node_kind="authors")
    assert leiden(g, runs=1, rng=1).node_kind == "authors"


@pytest.mark.parametrize("directed", [True, False])
def test_cpm_resolution_defaults_to_the_density(*, directed: bool) -> None:
    g = Graph.from_edges("abca", "bcad", [1.0, 2, 3, 4], directed=directed, nodes="abcdez")
    pairs = 12 if directed else 6  # z and e have no edge
    assert leiden(g, quality="cpm", runs=1, rng=1).resolution == pytest.approx(10 / pairs)


def test_one_run_says_nothing_about_stability(karate: Graph) -> None:
    p = leiden(karate, runs=1, rng=1)
    assert np.isnan(p.stability)
    assert p.verdict == "one run"
    assert p.consistency is not None
    assert np.isnan(p.consistency).all()


@every_engine
def test_loops_zero_weights_and_isolates_are_set_aside_and_counted(engine: str) -> None:
    clean = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    messy = Graph.from_edges(
        "aabcddeaafz", "bccdeffafzz", [1.0] * 7 + [9, 0, 0, 5], directed=False, nodes="abcdefyz"
    )
    p, q = (leiden(g, engine=engine, rng=3) for g in (clean, messy))
    assert p.quality == q.quality
    assert q.membership.tolist() == [0, 0, 0, 1, 1, 1, -1, -1]
    assert dict(q.provenance.removed) == {
        "self-loops": 2,
        "edges of weight zero": 2,
        "nodes without an edge": 2,
    }
    assert q.n_unassigned == 2
    assert q.consistency is not None
    assert np.isnan(q.consistency[-2:]).all()
    assert q.runs is not None
    assert (q.runs.memberships[:, -2:] == -1).all()
    assert not p.provenance.removed


@every_engine
@pytest.mark.parametrize("directed", [True, False])
def test_every_community_is_connected(engine: str, *, directed: bool) -> None:
    graph = random_weighted(directed=directed, n=300, m=500)
    p = leiden(graph, runs=3, resolution=0.4, engine=engine, rng=1)
    assert p.runs is not None
    for membership in p.runs.memberships:
        for code in range(int(membership.max()) + 1):
            assert (graph.subgraph(membership == code).components() == 0).all()


def test_a_disconnected_community_would_be_parted() -> None:
    prepared = prepare(Graph.from_edges("abxy", "bcyz", directed=True), caller="test")
    parts = _engines.split_disconnected(prepared, np.zeros(6, dtype=np.int32))
    assert parts.tolist() == [0, 0, 0, 1, 1, 1]
    alone = _engines.split_disconnected(prepared, np.arange(6, dtype=np.int32))
    assert len(set(alone.tolist())) == 6


# reproducibility -------------------------------------------------------------------------


@every_engine
def test_same_seed_same_partition_in_any_order_of_edges(engine: str) -> None:
    rng = np.random.default_rng(0)
    model = nx.barabasi_albert_graph(300, 3, seed=1)
    edges = np.array(model.edges())
    seen = set()
    for _ in range(3):
        rows = rng.permutation(edges)
        flip = rng.random(len(rows)) < 0.5
        rows[flip] = rows[flip, ::-1]
        names = [f"u{v}" for v in rows[:, 0]], [f"u{v}" for v in rows[:, 1]]
        nodes = rng.permutation([f"u{v}" for v in range(300)]).tolist()
        g = Graph.from_edges(*names, directed=False, nodes=nodes)
        seen.add(leiden(g, runs=2, engine=engine, rng=4).content_key)
    assert len(seen) == 1
    assert leiden(g, runs=2, engine=engine, rng=5).content_key not in seen


def test_same_seed_same_partition_under_any_hash_seed(capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "from graphkit.data.graph import Graph; from graphkit.communities import leiden\n"
        "edges = {(f'n{i % 17}', f'n{(i * i) % 29}') for i in range(120)}\n"
        "g = Graph.from_edges([a for a, _ in edges], [b for _, b in edges], directed=False)\n"
        "print([leiden(g, runs=3, engine=e, rng=1).content_key for e in ('native', 'igraph', 'leidenalg')])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2")
    }
    exec(code, {})  # a fourth, of this process
    assert outputs == {capsys.readouterr().out}


@every_engine
def test_seeds_of_any_size_work_and_differ(engine: str) -> None:
    graph = noise(200, 400)
    keys = [
        leiden(graph, runs=1, engine=engine, rng=seed).content_key
        for seed in (0, 1, 2**32, 2**32 + 1, 2**200)
    ]
    assert len(set(keys)) == 5
    assert keys[4] == leiden(graph, runs=1, engine=engine, rng=2**200).content_key


def test_a_run_does_not_depend_on_how_many_follow() -> None:
    graph = noise(200, 400)
    few, many = (leiden(graph, runs=k, rng=1).runs for k in (2, 4))
    assert few is not None
    assert many is not None
    assert np.array_equal(few.memberships, many.memberships[:2])


@every_engine
@pytest.mark.parametrize("quality", ["modularity", "cpm"])
@pytest.mark.parametrize("unit", [2.0**-700, 2.0**-30, 2.0**40, 2.0**900])
def test_the_unit_of_weights_does_not_matter(engine: str, quality: str, unit: float) -> None:
    # unscaled, igraph's partition changes at 1e-6, and is all singletons at 1e-180
    graph = random_weighted(directed=False, n=60, m=200)
    tail, head, weight = graph.edge_arrays()
    other = Graph.from_edges(tail, head, weight * unit, directed=False)
    p, q = (leiden(g, quality=quality, runs=2, engine=engine, rng=1) for g in (graph, other))
    assert np.array_equal(p.membership, q.membership)
    assert q.quality == pytest.approx(p.quality * (unit if quality == "cpm" else 1), rel=1e-12)


@every_engine
def test_the_smallest_weights_there_are(engine: str) -> None:
    edges = nx.barbell_graph(3, 0).edges()
    g = Graph.from_edges([u for u, _ in edges], [v for _, v in edges], [5e-324] * 7, directed=False)
    p = leiden(g, runs=2, engine=engine, rng=1)
    assert p.membership.tolist() == [0, 0, 0, 1, 1, 1]
    assert p.quality == pytest.approx(5 / 14)


@every_engine
def test_global_generators_are_left_alone(karate: Graph, engine: str) -> None:
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    before = random.getstate(), [str(x) for x in np.random.get_state()]  # noqa: NPY002
    leiden(karate, engine=engine, rng=1)
    assert before == (random.getstate(), [str(x) for x in np.random.get_state()])  # noqa: NPY002


@every_engine
def test_igraph_draws_as_if_nothing_had_happened(karate: Graph, engine: str) -> None:
    def draws(*, between: bool) -> list[Any]:
        random.seed(11)
        first = igraph.Graph.Erdos_Renyi(n=30, m=60).get_edgelist()
        if between:
            leiden(karate, engine=engine, rng=1)
        return [first, igraph.Graph.Erdos_Renyi(n=30, m=60).get_edgelist()]

    assert draws(between=True) == draws(between=False)


# options and errors ----------------------------------------------------------------------


@every_engine
def test_higher_resolution_means_more_communities(engine: str) -> None:
    graph = planted()
    counts = [
        leiden(graph, resolution=gamma, runs=2, engine=engine, rng=1).n_communities
        for gamma in (0.1, 1.0, 8.0)
    ]
    assert counts[0] < counts[1] < counts[2]


def test_iterations_are_passed_on(karate: Graph) -> None:
    p = leiden(karate, iterations=1, runs=2, rng=1)
    assert p.provenance.parameters["iterations"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "igraf"}, r"engine='igraf' is unknown. Did you mean 'igraph'\?"),
        ({"engine": "nativ"}, r"Did you mean 'native'\?"),
        ({"quality": "modularty"}, r"Did you mean 'modularity'\?"),
        ({"resolution": 0}, "resolution=0: a finite number above 0 is needed"),
        ({"resolution": -1.0}, "resolution=-1.0"),
        ({"resolution": float("nan")}, "resolution=nan"),
        ({"resolution": float("inf")}, "resolution=inf"),
        ({"resolution": "1"}, "resolution='1'"),
        ({"resolution": True}, "resolution=True"),
        ({"runs": 0}, "runs=0: an integer from 1 on is needed"),
        ({"runs": 2.5}, "runs=2.5"),
        ({"runs": True}, "runs=True"),
        ({"iterations": 0}, "iterations=0: an integer from 1 on is needed. Or -1"),
        ({"iterations": -2}, "iterations=-2"),
        ({"rng": -1}, "rng=-1"),
    ],
)
def test_options_out_of_range(karate: Graph, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        leiden(karate, **options)


@pytest.mark.parametrize("directed", [True, False])
def test_graphs_that_cannot_be_partitioned(*, directed: bool) -> None:
    def graph(*edges: Any, nodes: Any = None) -> Graph:
        return Graph.from_edges(*edges, directed=directed, nodes=nodes)

    with pytest.raises(DataError, match="no nodes"):
        leiden(graph([], []))
    with pytest.raises(DataError, match=r"3 nodes and no edges.*min_shared"):
        leiden(graph([], [], nodes="abc"))
    with pytest.raises(DataError, match=r"'b' – 'c' has the weight -2 \(1 edges.*drop these"):
        leiden(graph("ab", "bc", [1.0, -2.0]))
    with pytest.raises(DataError, match="1 are self-loops and 2 have weight zero"):
        leiden(graph("aab", "abc", [5.0, 0.0, 0.0]))
    with pytest.raises(DataError, match="their sum is not"):
        leiden(graph("ab", "bc", [1.7e308, 1.7e308]))


def test_foreign_graphs_are_taken_and_other_things_named() -> None:
    club = nx.karate_club_graph()
    assert leiden(club, runs=2, rng=1) == leiden(Graph.from_networkx(club), runs=2, rng=1)
    with pytest.raises(DataError, match=r"not a object: convert it with Graph.from_networkx"):
        leiden(object())  # type: ignore[arg-type]


class Failure(BaseException):
    """What leidenalg raises is no Exception."""


@pytest.mark.parametrize(
    ("engine", "broken", "error"),
    [
        ("igraph", "igraph.Graph.community_leiden", igraph.InternalError),
        ("leidenalg", "leidenalg.Optimiser.optimise_partition_multiplex", Failure),
        ("leidenalg", "leidenalg.Optimiser.optimise_partition_multiplex", ValueError),
    ],
)
def test_an_engine_that_fails(
    karate: Graph,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
    broken: str,
    error: type[BaseException],
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error("cannot optimise")

    monkeypatch.setattr(broken, fail)
    with pytest.raises(GraphkitError, match=f"engine '{engine}' failed: cannot optimise"):
        leiden(karate, engine=engine)


@every_engine
def test_ctrl_c_between_runs_stops_cleanly(karate: Graph, engine: str) -> None:
    calls = []

    def report(what: str, done: int, total: int) -> None:
        calls.append((what, done, total))
        if done == 2:
            raise KeyboardInterrupt

    with show_progress(report), pytest.raises(KeyboardInterrupt):
        leiden(karate, engine=engine, rng=1)
    assert calls == [("leiden", 0, 10), ("leiden", 1, 10), ("leiden", 2, 10)]
    assert leiden(karate, engine=engine, rng=1).n_communities == 4


@pytest.mark.parametrize(
    ("engine", "broken"),
    [
        ("native", "graphkit.communities.native.run_leiden"),
        ("igraph", "igraph.Graph.community_leiden"),
        ("leidenalg", "leidenalg.Optimiser.optimise_partition_multiplex"),
    ],
)
def test_ctrl_c_within_a_run_passes(
    karate: Graph, monkeypatch: pytest.MonkeyPatch, engine: str, broken: str
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(broken, interrupted)
    with pytest.raises(KeyboardInterrupt):
        leiden(karate, engine=engine)


def test_importing_the_room_is_light() -> None:
    code = (
        "import sys, graphkit.communities\n"
        "print([m for m in ('igraph', 'leidenalg', 'networkx', 'scipy', 'sklearn') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


def test_a_partition_survives_its_file(karate: Graph, tmp_path: Path) -> None:
    p = leiden(karate, runs=3, rng=1)
    q = Partition.load(p.save(tmp_path / "p.npz"))
    assert q.content_key == p.content_key
    assert (q.quality, q.stability) == (p.quality, p.stability)
