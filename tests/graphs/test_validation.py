"""Ties validated against chance: planted groups, nulls, degrees, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.graphs.backbone import Backbone, backbone
from graphkit.graphs.cointeraction import cointeraction_graph
from graphkit.graphs.validation import degree_model

Table = npt.NDArray[np.bool_]


def log_of(table: Table, **more: Any) -> Dataset:
    """Accounts a000…, those without an act included, and what each of them likes."""
    rows, columns = np.nonzero(table)
    return Dataset(
        accounts={"account_id": [f"a{i:04d}" for i in range(table.shape[0])]},
        interactions={
            "account_id": [f"a{i:04d}" for i in rows],
            "item_id": [f"v{t:04d}" for t in columns],
            "kind": ["like"] * rows.size,
        },
        **more,
    )


def activity(n: int, seed: int) -> npt.NDArray[np.float64]:
    """How active each account is, about 1."""
    return np.random.default_rng(seed).lognormal(0, 0.6, n)


def chances(n: int, m: int, seed: int, mean: float) -> npt.NDArray[np.float64]:
    """Unequal activity and very unequal popularity; independent."""
    odds = np.outer(activity(n, seed), (np.arange(m) + 1.0) ** -0.9)
    return np.minimum(odds * mean * n / odds.sum(), 0.9)


@pytest.fixture(scope="module")
def planted() -> tuple[Dataset, npt.NDArray[np.int64]]:
    """40 groups of 15 accounts with 20 things of their own each, and the popular of all."""
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(40), 15)
    table = rng.random((600, 1200)) < chances(600, 1200, 7, 15.0)
    likes = np.minimum(0.6 * activity(600, 7), 0.9)[:, None]
    for g in range(40):
        own = 400 + np.arange(20 * g, 20 * (g + 1))
        table[np.ix_(group == g, own)] |= rng.random((15, 20)) < likes[group == g]
    return log_of(table), group


def planted_share(found: Backbone, group: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Precision and recall of the planted pairs."""
    tail, head, _ = found.graph.edge_arrays()
    right = group[tail] == group[head]
    return float(right.mean()), float(right.sum()) / (40 * 15 * 14 / 2)


def test_validated_pairs_are_the_planted_ones(planted: tuple[Dataset, Any]) -> None:
    dataset, group = planted
    graph = cointeraction_graph(dataset)
    precision, recall = planted_share(backbone(graph, dataset=dataset), group)
    naive, _ = planted_share(backbone(graph, dataset=dataset, method="hypergeometric"), group)
    assert precision >= 0.95
    assert recall >= 0.5
    assert naive < 0.15  # popularity alone looks like evidence


def test_under_the_null_hardly_anything_passes() -> None:
    p = chances(200, 300, 3, 15.0)
    kept = {"bicm": 0, "hypergeometric": 0}
    for seed in range(40):
        dataset = log_of(np.random.default_rng(seed).random(p.shape) < p)
        graph = cointeraction_graph(dataset)
        for method in kept:
            kept[method] += backbone(graph, dataset=dataset, method=method).graph.n_edges > 0
    # the rate of any false discovery is at most alpha: P(more than 5 of 40) is 0.014 at 0.05
    assert kept["bicm"] <= 5
    assert kept["hypergeometric"] == 40


def test_p_values_of_a_small_case_by_hand() -> None:
    table = np.array([[1, 1, 0, 0, 1], [1, 1, 0, 1, 0], [0, 0, 1, 1, 0], [1, 0, 1, 0, 0]], bool)
    dataset = log_of(table)
    graph = cointeraction_graph(dataset)
    model = degree_model(table.sum(axis=1), table.sum(axis=0))
    rows = np.searchsorted(model.actor_degree, table.sum(axis=1))
    columns = [model.object_degree.tolist().index(k) for k in table.sum(axis=0)]
    u = model.share[np.ix_(rows, columns)]
    found = backbone(graph, dataset=dataset, alpha=0.999).frame()
    assert found.height >= 2
    for source, target, weight, expected, log10_p, p, q in found.rows():
        coins = u[int(source[1:])] * u[int(target[1:])]
        mass = np.ones(1)
        for chance in coins:
            mass = np.convolve(mass, [1 - chance, chance])
        assert expected == pytest.approx(coins.sum())
        assert p == pytest.approx(mass[int(weight) :].sum(), rel=1e-8)
        assert log10_p == pytest.approx(np.log10(p))
        assert q >= p


def test_hypergeometric_is_scipys_and_tests_all_pairs(planted: tuple[Dataset, Any]) -> None:
    dataset, _ = planted
    graph = cointeraction_graph(dataset)
    pairs = dataset.tables["interactions"]
    things = pairs.get_column("item_id").n_unique()
    degree = dict(pairs.group_by("account_id").len().rows())
    found = backbone(graph, dataset=dataset, method="hypergeometric")
    tail, head, weight = graph.edge_arrays()
    ids = graph.vocabulary.ids
    d = np.array([degree[i] for i in ids])
    p = stats.hypergeom.sf(weight - 1, things, d[tail], d[head])
    every = np.concatenate([p, np.ones(600 * 599 // 2 - p.size)])
    keep = stats.false_discovery_control(every)[: p.size] <= 0.05
    assert found.n_tests == every.size
    assert found.graph.n_edges == keep.sum()
    np.testing.assert_allclose(found.columns["p"], p[keep], rtol=1e-7)
    assert "ignores popularity" in found.note
    assert "ignores popularity" in repr(found)


def test_inactive_accounts_count_as_tests() -> None:
    table = np.random.default_rng(2).random((30, 40)) < 0.3
    more = np.zeros((50, 40), bool)
    some = backbone(cointeraction_graph(ds := log_of(table)), dataset=ds, alpha=0.9)
    wide = backbone(
        cointeraction_graph(ds := log_of(np.vstack([table, more]))), dataset=ds, alpha=0.9
    )
    assert (some.n_tests, wide.n_tests) == (30 * 29 // 2, 80 * 79 // 2)
    assert wide.graph.n_nodes == 80
    assert wide.graph.n_edges <= some.graph.n_edges


def test_caps_and_exclusions_hold_as_in_the_projection() -> None:
    table = np.random.default_rng(4).random((60, 80)) < chances(60, 80, 4, 12.0)
    table[:10, 30:42] = True
    dataset = log_of(table)
    popularity = table.sum(axis=0)
    limit = int(np.sort(popularity)[-6])
    few = table[:, (popularity <= limit) & (np.arange(80) != 20)]
    capped = cointeraction_graph(dataset, max_degree=limit, exclude=["v0020"])
    same = cointeraction_graph(plain := log_of(few))
    a = backbone(capped, dataset=dataset, alpha=0.5).frame()
    b = backbone(same, dataset=plain, alpha=0.5).frame()
    assert a.height > 0
    np.testing.assert_allclose(a.get_column("log10_p"), b.get_column("log10_p"), atol=1e-9)


def test_leaving_out_weak_ties_removes_no_strong_one(planted: tuple[Dataset, Any]) -> None:
    dataset, _ = planted
    every = backbone(cointeraction_graph(dataset), dataset=dataset)
    strong = backbone(cointeraction_graph(dataset, min_shared=3), dataset=dataset)
    kept = set(strong.frame().select("source", "target").rows())
    assert kept <= set(every.frame().select("source", "target").rows())
    assert len(kept) > 500


def test_order_of_rows_changes_nothing(planted: tuple[Dataset, Any]) -> None:
    dataset, _ = planted
    shuffled = Dataset(
        accounts=dataset.accounts,
        interactions=dataset.tables["interactions"].sample(fraction=1, shuffle=True, seed=1),
    )
    one = backbone(cointeraction_graph(dataset), dataset=dataset)
    two = backbone(cointeraction_graph(shuffled), dataset=shuffled)
    assert one.graph.content_key == two.graph.content_key
    assert all(one.columns[c].tobytes() == two.columns[c].tobytes() for c in one.columns)


def test_result_tells_what_was_removed_and_how(
    planted: tuple[Dataset, Any], tmp_path: Path
) -> None:
    dataset, _ = planted
    graph = cointeraction_graph(dataset)
    found = backbone(graph, dataset=dataset)
    gone = graph.n_edges - found.graph.n_edges
    assert dict(found.removed) == {"edges with q > 0.05": gone}
    record = found.provenance
    assert record.parameters["n_tests"] == 600 * 599 // 2
    assert 0 < record.parameters["n_triples"] < graph.n_edges
    assert record.parameters["degree_error"] < 1e-10
    assert record.inputs == (graph.content_key,)
    assert f"{gone:,}" in repr(found)
    assert Graph.load(found.graph.save(tmp_path / "b")).content_key == found.content_key
    kept = found.frame()
    assert kept.columns == ["source", "target", "weight", "expected", "log10_p", "p", "q"]
    assert (kept.get_column("q") <= 0.05 * (1 + 1e-12)).all()
    assert (kept.get_column("p") <= kept.get_column("q")).all()


def test_a_saved_projection_can_still_be_tested(
    planted: tuple[Dataset, Any], tmp_path: Path
) -> None:
    dataset, _ = planted
    graph = cointeraction_graph(dataset)
    again = Graph.load(graph.save(tmp_path / "g"))
    assert (
        backbone(again, dataset=dataset).graph.content_key
        == backbone(graph, dataset=dataset).content_key
    )


@pytest.mark.parametrize(
    ("options", "says"), [({"weight": "jaccard"}, "weight='jaccard'"), ({"top": 3}, "top=3")]
)
def test_other_projections_are_refused(options: dict[str, Any], says: str) -> None:
    dataset = log_of(np.ones((4, 4), bool))
    with pytest.raises(OptionError, match=says):
        backbone(cointeraction_graph(dataset, **options), dataset=dataset)


def test_what_cannot_be_tested_is_refused() -> None:
    table = np.random.default_rng(0).random((8, 9)) < 0.5
    dataset = log_of(table)
    graph = cointeraction_graph(dataset)
    with pytest.raises(MissingDataError, match="pass dataset="):
        backbone(graph)
    with pytest.raises(DataError, match="other data"):
        backbone(graph, dataset=log_of(~table))
    with pytest.raises(OptionError, match=r"made by Graph\.from_edges"):
        backbone(Graph.from_edges("ab", "bc", directed=False), dataset=dataset)
    with pytest.raises(OptionError, match="subgraph"):
        backbone(graph.subgraph(["a0001", "a0002"]), dataset=dataset)
    forged = Graph(
        graph.vocabulary,
        graph.indptr,
        graph.indices,
        graph.weights * 3,
        False,
        provenance=graph.provenance,
    )
    with pytest.raises(DataError, match="not the projection"):
        backbone(forged, dataset=dataset)


def test_windows_are_refused() -> None:
    dataset = Dataset(
        interactions={
            "account_id": ["a", "b"],
            "item_id": ["v", "v"],
            "kind": ["like"] * 2,
            "at": ["2024-05-01", "2024-05-02"],
        }
    )
    graph = cointeraction_graph(dataset, window=timedelta(days=3))
    with pytest.raises(OptionError, match="window="):
        backbone(graph, dataset=dataset)


@pytest.mark.real_data
def test_listeners_that_share_more_than_chance(shared_data: Path) -> None:
    dataset, _ = gk.readwrite.read_hetrec_lastfm(shared_data / "hetrec2011_lastfm_2k")
    graph = cointeraction_graph(dataset)
    found = backbone(graph, dataset=dataset)
    naive = backbone(graph, dataset=dataset, method="hypergeometric")
    assert found.n_tests == 1892 * 1891 // 2
    assert found.graph.n_edges == pytest.approx(143_709, rel=0.001)
    assert naive.graph.n_edges == pytest.approx(689_561, rel=0.001)
    friends = gk.follow_graph(dataset).to_undirected().edges().select("source", "target")

    def share_of_friends(frame: pl.DataFrame) -> float:
        return frame.join(friends, on=["source", "target"], how="semi").height / frame.height

    # friends are no input of the test: what it keeps holds them more densely
    assert share_of_friends(found.frame()) > 2 * share_of_friends(naive.frame())
