"""Surprise, significance and RBER, and what leidenalg alone can hold fixed or small."""

from __future__ import annotations

import math
from typing import Any

import igraph
import leidenalg
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.communities import engines as _leidenalg
from graphkit.communities.engines import (
    LeidenOptions,
    leidenalg_runner,
    rejoin_fixed,
    split_disconnected,
    starting_codes,
)
from graphkit.communities.prepare import Prepared, prepare
from graphkit.communities.quality import (
    DENSITY_QUALITIES,
    check_quality_input,
    default_resolution,
    evaluate,
    evaluate_density,
)
from graphkit.data.graph import Graph
from graphkit.data.partition import canonical_membership
from graphkit.errors import DataError, GraphkitError, OptionError

KINDS = {
    "surprise": leidenalg.SurpriseVertexPartition,
    "significance": leidenalg.SignificanceVertexPartition,
    "rber": leidenalg.RBERVertexPartition,
}
ALL = ("modularity", "cpm", *DENSITY_QUALITIES)


def random_graph(seed: int, *, directed: bool, weighted: bool, n: int = 40, m: int = 150) -> Graph:
    rng = np.random.default_rng(seed)
    tail, head = rng.integers(0, n, (2, m))
    pairs = np.unique(
        np.sort(np.stack([tail, head]), axis=0) if not directed else [tail, head], axis=1
    )
    weight = rng.gamma(1.0, 3.0, pairs.shape[1]) + 0.01 if weighted else None
    return Graph.from_edges(pairs[0], pairs[1], weight, directed=directed)


def ready(graph: Graph) -> Prepared:
    return prepare(graph, caller="test")


def to_engine(p: Prepared) -> igraph.Graph:
    edges = list(zip(p.source.tolist(), p.target.tolist(), strict=True))
    return igraph.Graph(n=p.size, edges=edges, directed=p.directed)


def runner(p: Prepared, quality: str, resolution: float | None = None, **options: Any) -> Any:
    gamma = default_resolution(p, quality, resolution)
    return leidenalg_runner(
        p, LeidenOptions(**options), weights=p.weight.tolist(), quality=quality, resolution=gamma
    )


def value(p: Prepared, membership: Any, quality: str, resolution: float | None = None) -> float:
    if quality in DENSITY_QUALITIES:
        return evaluate_density(p, membership, quality, resolution)
    gamma = default_resolution(p, quality, resolution)
    assert gamma is not None
    return evaluate(p, membership, quality, gamma)


# our own evaluation ----------------------------------------------------------------------


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    groups=st.integers(1, 12),
    directed=st.booleans(),
    weighted=st.booleans(),
    quality=st.sampled_from(DENSITY_QUALITIES),
    resolution=st.floats(0.1, 5),
)
def test_evaluation_agrees_with_leidenalg(
    seed: int, groups: int, directed: bool, weighted: bool, quality: str, resolution: float
) -> None:
    weighted = weighted and quality != "significance"
    p = ready(random_graph(seed, directed=directed, weighted=weighted))
    membership = np.random.default_rng(seed).integers(0, groups, p.size)
    options: dict[str, Any] = {"initial_membership": membership.tolist()}
    if quality != "significance":
        options["weights"] = p.weight.tolist()
    if quality == "rber":
        options["resolution_parameter"] = resolution
    theirs = KINDS[quality](to_engine(p), **options).quality()
    if quality == "rber" and not directed:
        theirs /= 2  # it counts an undirected pair twice
    ours = evaluate_density(p, membership, quality, resolution)
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def divergence(x: float, y: float) -> float:
    parts = [a * math.log(a / b) for a, b in ((x, y), (1 - x, 1 - y)) if a > 0 and b > 0]
    return math.copysign(1, x - y) * sum(parts)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("quality", DENSITY_QUALITIES)
def test_evaluation_agrees_with_its_slow_twin_where_nodes_are_unassigned(
    quality: str, directed: bool
) -> None:
    p = ready(random_graph(5, directed=directed, weighted=False, n=20, m=60))
    membership = np.random.default_rng(1).integers(-1, 4, p.size)
    sizes = np.bincount(membership[membership >= 0]) + 2  # two more without an edge in each
    n, m = p.size + 2 * sizes.size, float(p.weight.sum())
    half = 1 if directed else 2
    inside = [0.0] * sizes.size
    for u, v in zip(p.source.tolist(), p.target.tolist(), strict=True):
        if membership[u] == membership[v] >= 0:
            inside[membership[u]] += 1
    pairs = [int(k) * (int(k) - 1) / half for k in sizes]
    everything = n * (n - 1) / half
    if quality == "surprise":
        slow = m * divergence(sum(inside) / m, sum(pairs) / everything)
    elif quality == "significance":
        slow = sum(
            c * divergence(e / c, m / everything) for e, c in zip(inside, pairs, strict=True)
        )
    else:
        density = m / (p.size * (p.size - 1) / half)
        slow = sum(e - 1.5 * density * c for e, c in zip(inside, pairs, strict=True))
    found = evaluate_density(p, membership, quality, 1.5, sizes)
    assert found == pytest.approx(slow, rel=1e-12)


def test_two_triangles_by_hand() -> None:
    p = ready(Graph.from_edges("aabcdde", "bccdeff", directed=False))
    cut = np.array([0, 0, 0, 1, 1, 1])
    # 6 of 7 edges inside, 6 of 15 pairs
    by_hand = 6 * math.log((6 / 7) / (6 / 15)) + math.log((1 / 7) / (9 / 15))
    assert value(p, cut, "surprise") == pytest.approx(by_hand, abs=1e-12)
    # two triangles of density 1 in a graph of density 7/15
    assert value(p, cut, "significance") == pytest.approx(6 * math.log(15 / 7), abs=1e-12)
    assert value(p, cut, "rber") == pytest.approx(6 - 7 / 15 * 6, abs=1e-12)
    for quality in ("surprise", "significance"):
        for trivial in (np.zeros(6, np.int64), np.arange(6)):
            assert value(p, trivial, quality) == pytest.approx(0, abs=1e-12)
    assert value(p, np.full(6, -1), "surprise") == 0.0


@pytest.mark.parametrize("directed", [True, False])
def test_rber_is_cpm_at_a_multiple_of_the_density(directed: bool) -> None:
    p = ready(random_graph(3, directed=directed, weighted=True))
    membership = np.random.default_rng(3).integers(0, 6, p.size)
    as_cpm = evaluate(p, membership, "cpm", 1.7 * p.density)
    assert value(p, membership, "rber", 1.7) == pytest.approx(as_cpm, rel=1e-12)
    a, b = (runner(p, "rber", 1.7), runner(p, "cpm", 1.7 * p.density))
    assert np.array_equal(canonical_membership(a(9)), canonical_membership(b(9)))


# what is found ---------------------------------------------------------------------------


@pytest.mark.parametrize("quality", ["surprise", "significance"])
def test_a_ring_of_cliques_is_seen_where_modularity_is_blind(quality: str) -> None:
    ring = Graph.from_networkx(nx.ring_of_cliques(30, 5))
    p = ready(ring)
    membership = canonical_membership(runner(p, quality)(1))
    assert membership.max() + 1 == 30
    ids = np.array([int(i) for i in ring.vocabulary.ids])
    assert (membership[np.argsort(ids)].reshape(30, 5).std(axis=1) == 0).all()


@pytest.mark.parametrize("quality", ALL)
@pytest.mark.parametrize("directed", [True, False])
def test_a_run_gains_on_every_node_alone_and_obeys_its_seed(quality: str, directed: bool) -> None:
    p = ready(random_graph(8, directed=directed, weighted=quality != "significance", n=80, m=300))
    run, again = runner(p, quality), runner(p, quality)
    found = run(2**31 - 1)
    assert np.array_equal(found, again(2**31 - 1))
    assert value(p, canonical_membership(found), quality) > value(p, np.arange(p.size), quality)
    assert len({run(seed).tobytes() for seed in range(8)}) > 1


@pytest.mark.parametrize("quality", ALL)
def test_iterations_never_lower_the_quality(quality: str) -> None:
    p = ready(random_graph(2, directed=False, weighted=quality != "significance", n=120, m=400))
    gamma = default_resolution(p, quality, None)
    worth = []
    for iterations in (1, 3, -1):
        options = LeidenOptions(iterations)
        weights = p.weight.tolist()
        run = leidenalg_runner(p, options, weights=weights, quality=quality, resolution=gamma)
        worth.append(value(p, canonical_membership(run(4)), quality))
    assert worth == sorted(worth)


# what can be asked of it -----------------------------------------------------------------


@pytest.mark.parametrize("quality", ALL)
@pytest.mark.parametrize("max_size", [1, 3, 7])
def test_no_community_outgrows_the_largest_size(quality: str, max_size: int) -> None:
    # leidenalg 0.12 ignores max_comm_size unless a cost is set beside it
    p = ready(Graph.from_networkx(nx.planted_partition_graph(4, 15, 0.7, 0.03, seed=1)))
    free = np.bincount(runner(p, quality)(1)).max()
    sizes = np.bincount(runner(p, quality, max_size=max_size)(1))
    assert sizes.max() <= max_size < free
    assert max_size == 1 or sizes.max() > 1


def test_a_start_beyond_the_largest_size_is_broken_up() -> None:
    p = ready(Graph.from_networkx(nx.complete_graph(12)))
    run = runner(p, "modularity", max_size=4, initial=np.zeros(12, np.int64))
    assert np.bincount(run(1)).max() <= 4


def test_a_run_starts_from_the_given_membership() -> None:
    ring = ready(Graph.from_networkx(nx.ring_of_cliques(30, 5)))
    cold = runner(ring, "modularity")
    worth = [value(ring, canonical_membership(cold(seed)), "modularity") for seed in range(5)]
    best = canonical_membership(cold(int(np.argmax(worth))))
    for seed in range(5):
        warm = runner(ring, "modularity", initial=best)(seed)
        assert value(ring, canonical_membership(warm), "modularity") >= max(worth) - 1e-12


def test_fixed_members_stay_and_the_others_gather_round_them() -> None:
    karate = nx.karate_club_graph()
    p = ready(Graph.from_networkx(karate, weight=None))
    initial = np.full(34, -1)
    initial[[0, 1, 11]] = 5
    initial[[33, 24]] = 9
    fixed = initial >= 0
    for seed in range(5):
        found = runner(p, "modularity", initial=initial, fixed=fixed)(seed)
        assert len(set(found[[0, 1, 11]])) == len(set(found[[33, 24]])) == 1
        assert found[0] != found[33]
        assert np.bincount(found).max() > 3


def test_fixed_members_stay_together_even_where_nothing_ties_them() -> None:
    p = ready(Graph.from_edges("aabcdde", "bccdeff", directed=False))
    initial = np.array([0, -1, -1, -1, -1, 0])
    fixed = initial >= 0
    found = runner(p, "modularity", initial=initial, fixed=fixed)(1)
    assert found[0] == found[5]
    parts = rejoin_fixed(split_disconnected(p, found), found, fixed)
    assert parts[0] == parts[5]


def test_parts_without_a_fixed_member_stand_alone() -> None:
    parts = np.array([0, 0, 1, 2, 3], np.int32)
    membership = np.array([7, 7, 7, 7, 4], np.int32)
    fixed = np.array([True, False, True, False, False])
    found = rejoin_fixed(parts, membership, fixed)
    assert canonical_membership(found).tolist() == [0, 0, 0, 1, 2]


@pytest.mark.parametrize("quality", ALL)
def test_the_unit_of_the_weights_changes_nothing(quality: str) -> None:
    graph = random_graph(4, directed=False, weighted=quality != "significance")
    p = ready(graph)
    one = _leidenalg.weight_unit(p.weight)
    assert 0.5 <= p.weight.mean() / one <= 2
    tail, head, weight = graph.edge_arrays()
    small = ready(Graph.from_edges(tail, head, weight * 2.0**-700, directed=False))
    assert _leidenalg.weight_unit(small.weight) == one * 2.0**-700


# refusals --------------------------------------------------------------------------------


def test_significance_refuses_weights_and_both_refuse_a_resolution() -> None:
    p = ready(Graph.from_edges("ab", "bc", [1, 2.5], directed=False))
    with pytest.raises(DataError, match=r"test: significance .* 1 of 2 edges .* 2\.5"):
        check_quality_input(p, "significance", caller="test")
    for quality in ("surprise", "significance"):
        with pytest.raises(OptionError, match=f"{quality} has no resolution, but resolution=2"):
            check_quality_input(p, quality, 2.0, caller="test")
    for quality in ("surprise", "rber"):
        check_quality_input(p, quality, caller="test")
    check_quality_input(p, "rber", 2.0, caller="test")
    assert default_resolution(p, "surprise", None) is None
    assert default_resolution(p, "rber", None) == default_resolution(p, "modularity", None) == 1.0
    assert default_resolution(p, "cpm", None) == p.density


def test_fixed_members_need_a_membership_and_room() -> None:
    fixed = np.array([True, True, False])
    with pytest.raises(OptionError, match="initial= does not"):
        starting_codes(3, None, fixed)
    with pytest.raises(OptionError, match="max_size=1, but 2 fixed"):
        starting_codes(3, np.array([0, 0, 1]), fixed, 1)
    assert starting_codes(4, np.array([9, -1, 2, -1])) == [1, 2, 0, 3]
    assert starting_codes(3, None, np.zeros(3, bool)) is None


def test_what_leidenalg_raises_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    p = ready(Graph.from_edges("ab", "bc", directed=False))
    run = runner(p, "modularity")

    def fail(*_: object, **__: object) -> None:
        raise BaseException("Number of nodes are not equal.")

    monkeypatch.setattr(leidenalg.Optimiser, "optimise_partition_multiplex", fail)
    with pytest.raises(GraphkitError, match="'leidenalg' failed: Number of nodes"):
        run(1)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(leidenalg.Optimiser, "optimise_partition_multiplex", stop)
    with pytest.raises(KeyboardInterrupt):
        run(1)
