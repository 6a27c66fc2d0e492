from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import graphkit as gk
from graphkit.errors import OptionError
from graphkit.graphs.planning import cap_sensitivity


@pytest.fixture
def likes() -> gk.Dataset:
    rng = np.random.default_rng(3)
    return gk.Dataset(
        interactions={
            "account_id": [f"a{i:02}" for i in rng.integers(0, 60, 900)],
            "item_id": [f"v{t}" for t in (80 * rng.random(900) ** 3).astype(int)],
            "kind": ["like"] * 900,
        }
    )


@pytest.mark.parametrize("weight", ["count", "tfidf"])
def test_each_row_is_a_graph(likes: gk.Dataset, weight: str) -> None:
    table = cap_sensitivity(likes, caps=[5, 30, 15], weight=weight)
    assert table.get_column("max_degree").to_list() == [None, 30, 15, 5]
    whole = {e[:2]: e[2] for e in gk.cointeraction_graph(likes, weight=weight).edges().rows()}
    for row in table.rows(named=True):
        graph = gk.cointeraction_graph(likes, weight=weight, max_degree=row["max_degree"])
        mine = {e[:2]: e[2] for e in graph.edges().rows()}
        removed = graph.provenance.removed
        cap = row["max_degree"]
        assert row["edges"] == graph.n_edges
        assert row["total_weight"] == pytest.approx(graph.total_weight, rel=1e-12)
        assert row["isolates"] == int((graph.degree() == 0).sum())
        assert row["things_removed"] == removed.get(f"items of more than {cap} actors", 0)
        assert row["pairs_removed"] == removed.get(f"pairs with items of more than {cap} actors", 0)
        both = sorted(mine.keys() & whole.keys())
        assert row["edge_jaccard"] == len(both) / len(mine.keys() | whole.keys())
        right = stats.spearmanr([mine[e] for e in both], [whole[e] for e in both]).statistic
        assert row["weight_spearman"] == pytest.approx(right, abs=1e-12)
    assert table.get_column("edge_jaccard").is_sorted(descending=True)
    assert table.row(0, named=True)["weight_spearman"] == pytest.approx(1)


def test_a_cap_that_leaves_nothing_is_a_row() -> None:
    crowd = gk.Dataset(
        interactions={"account_id": list("abc"), "item_id": ["v"] * 3, "kind": ["like"] * 3}
    )
    last = cap_sensitivity(crowd, caps=[2]).row(1, named=True)
    assert (last["edges"], last["isolates"], last["edge_jaccard"]) == (0, 3, 0.0)
    assert last["weight_spearman"] is None
    alone = cap_sensitivity(crowd, caps=[2], min_shared=2)
    assert alone.get_column("edge_jaccard").to_list() == [None, None]


def test_bad_caps(likes: gk.Dataset) -> None:
    with pytest.raises(OptionError, match="caps is empty"):
        cap_sensitivity(likes, caps=[])
    with pytest.raises(OptionError, match="caps=1"):
        cap_sensitivity(likes, caps=[5, 1])
    with pytest.raises(OptionError, match="cap_sensitivity: about"):
        cap_sensitivity(likes, caps=[5], memory=1000)
