from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from graphkit.communities import leiden, partition_quality
from graphkit.communities.consensus import consensus
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition, Runs
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, GraphkitWarning, OptionError
from graphkit.nullmodels import lfr, random_graph


def planted(
    mixing: float, seed: int, *, n: int = 1000, groups: int = 25, degree: float = 16
) -> tuple[Graph, Partition]:
    """Equal groups; each node has `mixing` of its edges outside its own."""
    size = n // groups
    home = np.arange(n) // size
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(n, 1)
    inside, outside = degree * (1 - mixing) / (size - 1), degree * mixing / (n - size)
    kept = rng.random(i.size) < np.where(home[i] == home[j], inside, outside)
    graph = Graph.from_edges(i[kept], j[kept], directed=False, nodes=np.arange(n))
    return graph, Partition.from_membership(range(n), home)


def noise(seed: int = 1) -> Graph:
    return random_graph(1000, 2500, rng=seed).graph


def truth_found(truth: Partition, membership: np.ndarray) -> float:
    return float(adjusted_mutual_info_score(truth.membership, membership))


@pytest.fixture(scope="module")
def hard() -> tuple[Graph, Partition, Partition]:
    """A planted graph on which single runs differ, its truth, and ten runs."""
    graph, truth = planted(0.65, seed=0)
    return graph, truth, leiden(graph, rng=0)


def test_it_finds_more_than_any_single_run(hard: tuple[Graph, Partition, Partition]) -> None:
    graph, truth, p = hard
    assert p.verdict != "runs agree; null not tested"
    assert p.runs is not None
    agreed = consensus(p, graph, rng=0)
    single = [truth_found(truth, m) for m in p.runs.memberships]
    assert truth_found(truth, agreed.membership) > max(single) + 0.02
    assert agreed.provenance.parameters["converged"]
    assert 1 <= agreed.provenance.parameters["rounds"] <= 5


def test_it_carries_the_evidence_of_the_given_runs(
    hard: tuple[Graph, Partition, Partition],
) -> None:
    graph, _, p = hard
    agreed = consensus(p, graph, rng=0)
    assert agreed.runs is p.runs
    assert agreed.verdict == p.verdict
    assert agreed.quality == partition_quality(graph, agreed)
    record = agreed.provenance
    assert record.verb == "consensus"
    assert record.inputs == (p.content_key, graph.content_key)
    # the same runs as partitions of their own say the same
    assert p.runs is not None
    single = [Partition(p.vocabulary, m) for m in p.runs.memberships]
    again = consensus(single, graph, rng=0)
    assert np.array_equal(again.membership, agreed.membership)
    assert again.runs is not None
    assert again.runs.agreement == pytest.approx(p.runs.agreement)
    assert again.runs.consistency == pytest.approx(p.runs.consistency)
    assert again.runs.qualities == pytest.approx(p.runs.qualities)


def test_the_order_of_the_runs_changes_nothing(hard: tuple[Graph, Partition, Partition]) -> None:
    graph, _, p = hard
    assert p.runs is not None
    turned = np.random.default_rng(5).permutation(10)
    runs = dataclasses.replace(p.runs, memberships=p.runs.memberships[turned])
    other = dataclasses.replace(p, runs=runs)
    one, two = (consensus(q, graph, rng=3) for q in (p, other))
    assert np.array_equal(one.membership, two.membership)
    assert not np.array_equal(one.membership, p.membership)


def test_equal_runs_are_the_consensus() -> None:
    graph, _ = planted(0.2, seed=1, n=300, groups=6)
    p = leiden(graph, runs=3, rng=1)
    assert p.stability == 1
    agreed = consensus(p, graph, rng=9)
    assert np.array_equal(agreed.membership, p.membership)
    assert agreed.provenance.parameters["rounds"] == 0
    assert agreed.quality == p.quality


def test_noise_leaves_nothing_to_be_confident_of() -> None:
    graph = noise()
    p = leiden(graph, rng=1)
    agreed = consensus(p, graph, rng=1)
    assert agreed.verdict == "runs disagree"
    sure = agreed.confident()
    assert (sure.membership >= 0).mean() < 0.02


def test_runs_agree_where_modularity_is_not_higher() -> None:
    benchmark = lfr(1000, mu=0.5, rng=3)
    graph, truth = benchmark.graph, benchmark.truth
    found, chance = leiden(graph, rng=1), leiden(noise(), rng=1)
    assert chance.quality > found.quality
    assert (chance.verdict, found.verdict) == ("runs disagree", "runs agree; null not tested")
    assert truth_found(truth, found.membership) > 0.95
    assert "artefact of one run" in chance._repr_html_()
    assert "nearly the same communities" in found._repr_html_()


def test_communities_are_connected() -> None:
    graph, _ = planted(0.8, seed=2, n=300, groups=6, degree=5)
    split = [Partition.from_membership(range(300), np.arange(300) % 3)] * 2
    for agreed in (consensus(leiden(graph, rng=1), graph, rng=1), consensus(split, graph)):
        for code in range(agreed.n_communities):
            inner = graph.subgraph(agreed.membership == code)
            assert inner.components().max() == 0
    assert consensus(split, graph).n_communities > 3


@pytest.mark.parametrize("directed", [False, True])
def test_cpm_keeps_its_resolution_relative_to_the_weights(directed: bool) -> None:
    graph, truth = planted(0.35, seed=4, n=600, groups=12)
    if directed:
        tail, head, weight = graph.edge_arrays()
        graph = Graph.from_edges(tail, head, weight, directed=True, nodes=range(600))
    gamma = 0.05 if not directed else 0.025
    p = leiden(graph, quality="cpm", resolution=gamma, rng=1)
    agreed = consensus(p, graph, rng=1)
    assert (agreed.quality_function, agreed.resolution) == ("cpm", gamma)
    expected = partition_quality(graph, agreed, quality="cpm", resolution=gamma)
    assert agreed.quality == pytest.approx(expected)
    assert truth_found(truth, agreed.membership) >= truth_found(truth, p.membership) - 0.01
    assert truth_found(truth, agreed.membership) > 0.97


def test_the_majority_decides_on_edges() -> None:
    # a square with a diagonal path: three opinions on where c belongs
    graph = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    opinions = [[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]]
    given = [Partition.from_membership("abcdef", m) for m in opinions]
    agreed = consensus(given, graph, rng=1)
    assert agreed.membership.tolist() == [0, 0, 0, 1, 1, 1]
    assert agreed.quality == pytest.approx(5 / 14)
    assert agreed.runs is not None
    assert agreed.runs.consistency[0] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)


def test_unassigned_nodes_follow_the_majority() -> None:
    graph = Graph.from_edges("aabcdde", "bccdeff", directed=False, nodes="abcdefz")
    opinions = [[0, 0, 0, 1, 1, -1, -1], [0, 0, 0, 1, 1, -1, -1], [0, 0, 0, 1, 1, 1, -1]]
    given = [Partition.from_membership("abcdefz", m) for m in opinions]
    agreed = consensus(given, graph, rng=1)
    assert agreed.membership.tolist() == [0, 0, 0, 1, 1, -1, -1]
    assert agreed.provenance.removed == {
        "nodes without an edge": 1,
        "nodes that most runs leave unassigned": 1,
    }
    twice = consensus([given[0], given[2], given[2]], graph, rng=1)
    assert twice.membership.tolist() == [0, 0, 0, 1, 1, 1, -1]


def test_nodes_that_no_run_ties_to_any_other_stay_alone() -> None:
    graph = Graph.from_edges("aabc", "bccd", directed=False)
    alone = [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 1, 2]]
    given = [Partition.from_membership("abcd", m) for m in alone]
    assert consensus(given, graph, rng=1).membership.tolist() == [0, 0, 0, 1]


def test_same_seed_same_result(hard: tuple[Graph, Partition, Partition]) -> None:
    graph, _, p = hard
    one, two = (consensus(p, graph, rng=7) for _ in range(2))
    assert one.content_key == two.content_key
    assert one.provenance == two.provenance


def test_runs_that_never_agree_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    module = importlib.import_module("graphkit.communities.consensus")
    monkeypatch.setattr(module, "MAX_ROUNDS", 0)
    graph = noise()
    p = leiden(graph, runs=3, rng=1)
    with pytest.warns(GraphkitWarning, match="the runs still differ"):
        agreed = consensus(p, graph, rng=1)
    assert not agreed.provenance.parameters["converged"]
    assert np.array_equal(agreed.membership, p.membership)  # the best run


def test_what_is_refused() -> None:
    graph = Graph.from_edges("ab", "bc", directed=False)
    p = leiden(graph, runs=2, rng=1)
    given = Partition.from_membership("abc", [0, 0, 0])
    with pytest.raises(DataError, match="the partition has no runs"):
        consensus(given, graph)
    with pytest.raises(DataError, match="no partition was given"):
        consensus([], graph)
    with pytest.raises(DataError, match="partition 1 has other nodes than partition 0"):
        consensus([given, Partition.from_membership("ab", [0, 0])], graph)
    with pytest.raises(DataError, match="needs a graphkit Partition"):
        consensus([graph], graph)  # type: ignore[list-item]
    with pytest.raises(DataError, match="nodes are not those of the partition"):
        consensus(p, Graph.from_edges("ab", "bd", directed=False))
    for value in (-0.1, 1, float("nan"), "0.5", True):
        with pytest.raises(OptionError, match="threshold="):
            consensus(p, graph, threshold=value)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="quality='modularty'"):
        consensus(p, graph, quality="modularty")
    with pytest.raises(OptionError, match="runs=0"):
        consensus(p, graph, runs=0)


def test_mixed_partitions_are_judged_by_modularity() -> None:
    graph = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    runs = Runs(np.zeros((1, 6), np.int32), np.ones(1), float("nan"), np.ones(6, np.float32))
    one = Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 1])
    other = dataclasses.replace(
        one, quality_function="cpm", resolution=0.2, runs=runs, provenance=Provenance("x")
    )
    assert consensus([one, other], graph, rng=1).quality_function == "modularity"
    assert consensus([other, other], graph, rng=1).quality_function == "cpm"
    assert consensus([other], graph, quality="modularity", rng=1).resolution == 1
