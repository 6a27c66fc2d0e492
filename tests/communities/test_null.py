"""The null test: about graphs, never about partitions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest

from graphkit.communities import leiden
from graphkit.communities.null import NullComparison, projection_null, rewired_null
from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.incidence import IncidenceMatrix, incidence
from graphkit.data.partition import Partition
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.graphs import backbone, cointeraction_graph, coordinated_accounts
from graphkit.nullmodels import lfr, planted_partition, random_graph, rewire
from graphkit.parallel import show_progress

DIFFERS, CANNOT = (
    "the graph differs from its null",
    "the graph is not distinguishable from its null",
)


@pytest.fixture(scope="module")
def planted() -> NullComparison:
    return rewired_null(lfr(500, mu=0.4, rng=1).graph, n=19, runs=3, rng=1)


def test_a_planted_graph_differs(planted: NullComparison) -> None:
    assert planted.verdict == DIFFERS == planted.sentence("agreement")
    assert planted.p() == planted.p("agreement") == 0.05
    assert planted.z() > 20
    assert planted.z("agreement") > 5
    assert planted.partition.quality > planted.null_quality.max()


def test_noise_cannot_be_told_from_its_null_though_its_modularity_is_high() -> None:
    p = []
    for seed in range(8):
        found = rewired_null(random_graph(200, 500, rng=seed).graph, n=19, runs=1, rng=seed)
        assert found.observed() > 0.4
        p.append(found.p())
    # at an error rate of 5 %, three or more of eight come up once in 170 times
    assert sum(value <= 0.05 for value in p) <= 2
    assert 0.2 < np.mean(p) < 0.85


def test_numbers_are_those_of_the_formulas(planted: NullComparison) -> None:
    values = planted.null_quality
    assert planted.z() == pytest.approx((planted.observed() - values.mean()) / values.std(ddof=1))
    frame = planted.frame
    assert frame.columns == ["statistic", "observed", "null_mean", "null_sd", "z", "p", "says"]
    assert frame["null_mean"].to_list() == pytest.approx(
        [values.mean(), planted.null_agreement.mean()]
    )
    assert frame["says"].to_list() == [DIFFERS, DIFFERS]
    assert planted.n == values.size == planted.null_agreement.size == 19
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 1


def comparison(observed: float, null: list[float]) -> NullComparison:
    plain = Partition.from_membership("ab", [0, 1])
    partition = Partition(plain.vocabulary, plain.membership, quality=observed)
    return NullComparison(partition, np.array(null), np.full(len(null), np.nan))


def test_the_rank_counts_ties_against_the_graph() -> None:
    assert comparison(3.0, [1, 2, 3, 4]).p() == 3 / 5
    assert comparison(0.3, [0.1 + 0.2] * 4).p() == 1  # equal but for rounding
    assert np.isnan(comparison(0.3, [0.1 + 0.2] * 4).z())
    assert comparison(5.0, list(range(5))).p() == 1 / 6
    assert comparison(5.0, list(range(5))).verdict == CANNOT  # five copies can never tell
    assert comparison(5.0, [1.0] * 19).verdict == DIFFERS


def test_a_single_run_says_nothing_by_agreement() -> None:
    found = comparison(5.0, [1.0] * 19)
    assert np.isnan(found.p("agreement"))
    assert found.sentence("agreement") == "nothing can be said by agreement"
    assert found.frame.filter(statistic="agreement").row(0)[1:6] == (None,) * 5


def test_a_graph_that_is_its_only_copy() -> None:
    complete = Graph.from_edges(
        *zip(*[(a, b) for a in range(5) for b in range(a)], strict=True), directed=False
    )
    found = rewired_null(complete, n=19, runs=2, rng=1)
    assert found.p() == found.p("agreement") == 1
    assert found.verdict == CANNOT


@pytest.mark.parametrize("observed", [0.1, 9.0])
def test_words_are_about_the_graph(observed: float, planted: NullComparison) -> None:
    for found in (comparison(observed, [float(i % 5) for i in range(19)]), planted):
        for text in (repr(found), found._repr_html_(), found.verdict, *found.frame["says"][:1]):
            assert not re.search("signific|partition (is|differs)|communities are", text)
            assert "null" in text
        assert found.verdict in (DIFFERS, CANNOT)
    for text in (rewired_null.__doc__, NullComparison.__doc__):
        assert text is not None
        assert "significant" not in text


def test_weights_and_direction_are_taken() -> None:
    graph = planted_partition([30] * 4, inside=6, outside=1, directed=True, rng=1).graph
    found = rewired_null(graph, n=19, runs=1, quality="cpm", rng=1)
    assert found.verdict == DIFFERS
    assert found.partition.resolution == found.provenance.parameters["resolution"]
    assert found.provenance.inputs == (graph.content_key,)


def test_same_seed_same_values_and_another_engine() -> None:
    graph = planted_partition([15] * 3, inside=5, outside=1, rng=1).graph
    first, second = (rewired_null(graph, n=19, runs=2, rng=5) for _ in range(2))
    assert first.null_quality.tobytes() == second.null_quality.tobytes()
    assert first.null_agreement.tobytes() == second.null_agreement.tobytes()
    assert first.partition.content_key == second.partition.content_key
    assert first.provenance == second.provenance
    other = rewired_null(graph, n=19, runs=2, engine="leidenalg", rng=5)
    assert other.partition.provenance.parameters["engine"] == "leidenalg"
    default = leiden(graph, runs=1, rng=1).provenance.parameters["engine"]
    assert first.partition.provenance.parameters["engine"] == default


def test_progress_is_told() -> None:
    graph = random_graph(20, 40, rng=1).graph
    seen: list[tuple[str, int, int]] = []
    with show_progress(lambda *step: seen.append(step)):
        rewired_null(graph, n=19, runs=1, rng=1)
    assert ("rewired graphs", 19, 19) in seen


def test_what_cannot_be_is_refused() -> None:
    graph = random_graph(20, 40, rng=1).graph
    for n in (18, 0, 20.0, True):
        with pytest.raises(OptionError, match=f"n={n!r}: an integer from 19 on is needed"):
            rewired_null(graph, n=n)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no edges"):
        rewired_null(Graph.from_edges([], [], directed=False, nodes=[1, 2]))
    with pytest.raises(DataError, match="null comparison"):
        NullComparison(Partition.from_membership("ab", [0, 1]), np.zeros(3), np.zeros(2))


def test_stable_needs_both_statistics_and_two_communities() -> None:
    plain = replace(comparison(9.0, [1.0] * 19).partition, runs=leiden_runs(0.9))
    low, high, nothing = np.full(19, 0.1), np.full(19, 0.95), np.full(19, np.nan)

    def found(quality: Any, agreement: Any) -> NullComparison:
        return NullComparison(plain, quality, agreement)

    assert found(low, low).stable
    assert found(low, low).conclusion.startswith("stable: quality and agreement")
    assert not found(low, high).stable
    assert found(low, high).conclusion == (
        "not stable: agreement is not distinguishable from the null"
    )
    assert found(low + 9, high).conclusion == (
        "not stable: quality and agreement are not distinguishable from the null"
    )
    assert not found(low, low + 0.8).stable  # a tie counts against it
    assert found(low, nothing).conclusion == "untested: agreement needs two runs"
    one = Partition.from_membership("ab", [0, 0])
    one = replace(one, quality=9.0, runs=plain.runs)
    assert not NullComparison(one, low, low).stable
    assert "stable: quality" in repr(found(low, low))


def leiden_runs(agreement: float) -> Any:
    from graphkit.data.partition import Runs

    memberships = np.array([[0, 1], [0, 1]], dtype=np.int32)
    return Runs(memberships, np.ones(2), agreement, np.ones(2, np.float32))


def tree(n: int, extra: int, seed: int) -> Graph:
    """A random tree, with a few edges more."""
    made = nx.random_labeled_tree(n, seed=seed)
    made.add_edges_from(np.random.default_rng(seed).integers(0, n, (extra, 2)).tolist())
    made.remove_edges_from(list(nx.selfloop_edges(made)))
    return Graph.from_networkx(made)


@pytest.mark.parametrize("extra", [0, 5])
def test_trees_and_rings_are_not_called_stable(extra: int) -> None:
    hits = sum(rewired_null(tree(150, extra, s), n=19, rng=s).stable for s in range(12))
    assert hits <= 2  # three or more of twelve come up once in 50 times at 5 %
    ring = Graph.from_edges(range(150), [*range(1, 150), 0], directed=False)
    assert not rewired_null(ring, n=19, rng=extra).stable


def test_connected_noise_does_not_differ_for_being_connected() -> None:
    """Its rewired copies would fall apart."""
    found = []
    for seed in range(8):
        graph = random_graph(250, 200, rng=seed).graph.largest_component()
        found.append(rewired_null(graph, n=19, rng=seed))
    assert all(one.provenance.parameters["connected"] for one in found)
    assert sum(one.p() <= 0.05 for one in found) <= 2


def log(accounts: int, items: int, acts: int, seed: int, groups: int = 1) -> Dataset:
    """Random likes, within groups of accounts and items."""
    draws = np.random.default_rng(seed)
    account = draws.integers(0, accounts, acts)
    item = draws.integers(0, items // groups, acts) * groups + account % groups
    rows = pl.DataFrame({"account_id": account, "item_id": item}).unique()
    rows = rows.sort("account_id", "item_id").cast(pl.String)
    return Dataset(interactions=rows.with_columns(kind=pl.lit("like")))


OPTIONS: list[dict[str, Any]] = [
    {},
    {"weight": "tfidf", "top": 5},
    {"weight": "jaccard", "top": 5, "mutual": True},
    {"weight": "newman", "max_degree": 6},
    {"weight": "cosine", "exclude": ["3", "4"]},
    {"between": "items", "through": "accounts", "kinds": ["like"]},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_projection_null_of_noise_and_of_groups(options: dict[str, Any]) -> None:
    noise, groups = log(150, 200, 700, 1), log(150, 200, 700, 1, groups=5)
    results = [
        projection_null(data, cointeraction_graph(data, **options), draws=19, rng=1)
        for data in (noise, groups)
    ]
    assert [found.p() <= 0.05 for found in results] == [False, True]
    assert results[1].z() > 4
    assert not results[0].stable


def test_projection_null_keeps_its_level_where_rewiring_does_not() -> None:
    p, rewired = [], 0
    for seed in range(8):
        data = log(120, 60, 500, seed)
        graph = cointeraction_graph(data)
        p.append(projection_null(data, graph, draws=19, rng=seed).p())
        bare = Graph.from_edges(*graph.edges().get_columns(), directed=False)
        rewired += rewired_null(bare, n=19, rng=seed).p() <= 0.05
    assert sum(value <= 0.05 for value in p) <= 2
    assert rewired == 8  # without its provenance the graph cannot be known for a projection


def test_projection_null_repeats_what_was_done_to_the_projection() -> None:
    data = log(150, 200, 700, 1, groups=3)
    graph = cointeraction_graph(data)
    made = incidence(data, between="accounts", through="items")
    matrix = IncidenceMatrix.from_codes(made.between, made.through, made.rows, made.columns)
    same = projection_null(matrix, cointeraction_graph(matrix), draws=19, rng=1)
    assert same.null_quality.tolist() == (
        projection_null(data, graph, draws=19, rng=1).null_quality.tolist()
    )
    part = backbone(graph, method="threshold", min_weight=2).graph.largest_component()
    found = projection_null(data, part, draws=19, rng=1)
    assert found.provenance.parameters["projections_without_an_edge"] == 0
    dense = log(150, 200, 2500, 1, groups=3)
    bicm = backbone(cointeraction_graph(dense), dataset=dense, alpha=0.2).graph
    found = projection_null(dense, bicm, draws=19, rng=1)
    assert found.provenance.parameters["projections_without_an_edge"] > 0
    assert found.null_quality.min() == found.null_agreement.min() == 0


def test_projection_null_is_the_same_for_the_same_seed() -> None:
    data = log(100, 120, 400, 1)
    graph = cointeraction_graph(data)
    first, second, other = (projection_null(data, graph, draws=19, rng=s) for s in (5, 5, 6))
    assert first.null_quality.tobytes() == second.null_quality.tobytes()
    assert first.null_agreement.tobytes() == second.null_agreement.tobytes()
    assert first.provenance == second.provenance
    assert first.null_quality.tobytes() != other.null_quality.tobytes()
    assert first.provenance.inputs == (data.content_key, graph.content_key)
    assert "projections of random logs of the same degrees" in repr(first)


def test_rewired_null_refuses_projections() -> None:
    data = log(100, 120, 400, 1)
    graph = cointeraction_graph(data)
    for one in (graph, graph.largest_component(), backbone(graph, method="k_core", k=2).graph):
        with pytest.raises(OptionError, match=r"use projection_null\(dataset, graph\)"):
            rewired_null(one)
    # no longer a projection
    assert not rewired_null(rewire(graph, rng=1), n=19, rng=1).stable


def test_what_has_no_null_is_refused() -> None:
    data, other = log(100, 120, 400, 1), log(100, 120, 400, 2)
    graph = cointeraction_graph(data)
    timed = data.interactions.with_columns(  # type: ignore[union-attr]
        at=pl.lit("2024-01-01T00:00:00Z").str.to_datetime(time_zone="UTC")
    )
    timed = Dataset(interactions=timed)
    within = cointeraction_graph(timed, window="1d")
    together = coordinated_accounts(timed, window="1d", min_participation=1).graph
    few = np.arange(graph.n_nodes) < 50
    heavier = replace(graph, weights=graph.weights * 2)
    refused: list[tuple[Any, Any, type[Exception], str]] = [
        (data, random_graph(20, 40, rng=1).graph, OptionError, "no projection .*rewired_null"),
        (data, cointeraction_graph(data, weight="pairs"), OptionError, "weight='pairs' counts"),
        (data, cointeraction_graph(data, weight="actions"), OptionError, "weight='actions'"),
        (timed, within, OptionError, "window='86400 s', and a random log has no times"),
        (timed, together, OptionError, "coordinated_accounts"),
        (data, graph.subgraph(few), OptionError, "subgraph was applied to the projection"),
        (other, graph, DataError, "made from other data"),
        (data, heavier, DataError, "not what its provenance says"),
        (None, graph, MissingDataError, "needs the dataset"),
    ]
    for source, one, error, message in refused:
        with pytest.raises(error, match=message):
            projection_null(source, one, draws=19, rng=1)
    with pytest.raises(OptionError, match="draws=18: an integer from 19 on"):
        projection_null(data, graph, draws=18)
    with pytest.raises(OptionError, match="runs=1: an integer from 2 on"):
        projection_null(data, graph, runs=1)
    with pytest.raises(OptionError, match="trades"):
        projection_null(data, graph, trades=-1)


@pytest.mark.parametrize("quality", ["modularity", "cpm"])
def test_a_null_tests_what_is_reported(quality: str) -> None:
    data = log(120, 150, 500, 1, groups=3)
    graph = cointeraction_graph(data)
    reported = leiden(graph, quality=quality, resolution=2.0, rng=1)
    found = projection_null(data, graph, draws=19, partition=reported, rng=1)
    same = projection_null(data, graph, draws=19, quality=quality, resolution=2.0, rng=1)
    assert (found.partition.quality_function, found.partition.resolution) == (quality, 2.0)
    assert found.null_quality.tobytes() == same.null_quality.tobytes()
    bare = Graph.from_edges(*graph.edges().get_columns(), directed=False)
    reported = leiden(bare, quality=quality, resolution=2.0, rng=1)
    assert rewired_null(bare, n=19, partition=reported, rng=1).partition.resolution == 2.0
    # what is asked for comes first, and one that records nothing changes nothing
    asked = rewired_null(bare, n=19, partition=reported, resolution=0.5, rng=1)
    assert (asked.partition.quality_function, asked.partition.resolution) == (quality, 0.5)
    groups = Partition.from_membership(bare.vocabulary.ids, reported.membership)
    plain = rewired_null(bare, n=19, partition=groups, rng=1)
    assert plain.null_quality.tobytes() == rewired_null(bare, n=19, rng=1).null_quality.tobytes()
    with pytest.raises(DataError, match="nodes are not those of partition="):
        rewired_null(random_graph(30, 60, rng=1).graph, n=19, partition=reported)
