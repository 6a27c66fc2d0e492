from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.incidence import incidence
from graphkit.errors import MissingDataError, OptionError
from graphkit.graphs import cointeraction_graph
from graphkit.graphs.options import available_memory, memory_budget
from graphkit.graphs.planning import plan


def log(size: int, n: int, m: int) -> gk.Dataset:
    """A log whose things are of very different popularity."""
    rng = np.random.default_rng(size)
    return gk.Dataset(
        interactions=pl.DataFrame(
            {
                "account_id": rng.integers(0, n, size),
                "item_id": (m * rng.random(size) ** 2).astype(int),
            }
        ).select(pl.all().cast(pl.String), pl.lit("like").alias("kind"))
    )


@pytest.fixture(scope="module")
def large() -> gk.Dataset:
    return log(150_000, 4_000, 3_000)


def test_wedges_are_exact(large: gk.Dataset) -> None:
    found = plan(large)
    degree = (
        large.tables["interactions"].unique(["account_id", "item_id"]).group_by("item_id").len()
    ).get_column("len")
    assert found.wedges == int((degree * (degree.cast(pl.Int64) - 1)).sum()) // 2
    assert (found.entities, found.things, found.pairs) == (4000, degree.len(), degree.sum())
    assert 0 < found.sampled < 1


@pytest.mark.parametrize(
    "options", [{}, {"min_shared": 2}, {"min_shared": 3, "weight": "tfidf"}, {"max_degree": 60}]
)
def test_edges_are_near(large: gk.Dataset, options: dict[str, Any]) -> None:
    found, graph = plan(large, **options), cointeraction_graph(large, **options)
    assert found.edges == pytest.approx(graph.n_edges, rel=0.15)
    assert found.seconds > 0


def test_edges_of_the_heaviest_are_near(large: gk.Dataset) -> None:
    found, graph = plan(large, top=5), cointeraction_graph(large, top=5)
    assert graph.n_edges / 1.4 < found.edges < 1.4 * graph.n_edges


def test_small_ones_are_exact() -> None:
    small = log(900, 60, 80)
    for options in ({}, {"min_shared": 3}, {"weight": "jaccard", "max_degree": 20}):
        found = plan(small, **options)
        assert (found.sampled, found.edges) == (1, cointeraction_graph(small, **options).n_edges)


def test_caps_are_those_of_the_verb() -> None:
    small = log(900, 60, 80)
    caps = plan(small).caps
    assert caps.height > 2
    for row in caps.rows(named=True):
        graph = cointeraction_graph(small, max_degree=row["max_degree"])
        removed = graph.provenance.removed
        assert row["things_removed"] == removed[f"items of more than {row['max_degree']} actors"]
        assert row["edges"] == graph.n_edges
        assert plan(small, max_degree=row["max_degree"]).wedges == row["wedges"]


def test_an_incidence_has_the_same_plan(large: gk.Dataset) -> None:
    pairs = incidence(large, between="accounts", through="items")
    one, other = plan(pairs, min_shared=2), plan(large, min_shared=2)
    assert (one.wedges, one.edges, one.memory) == (other.wedges, other.edges, other.memory)
    with pytest.raises(MissingDataError, match="plan: window="):
        plan(pairs, window="1h")


def test_over_the_budget_it_refuses_with_advice(large: gk.Dataset) -> None:
    whole = plan(large)
    budget = whole.memory // 2
    tight = plan(large, memory=budget)
    assert whole.fits
    assert not tight.fits
    fitting = tight.caps.filter("fits")
    assert fitting.height
    assert f"max_degree={fitting.item(0, 'max_degree')}" in tight.advice
    with pytest.raises(OptionError, match=r"cointeraction_graph: about .* these would fit: ") as e:
        cointeraction_graph(large, memory=budget)
    # what it advises is accepted
    assert f"max_degree={fitting.item(0, 'max_degree')}" in str(e.value)
    kept = cointeraction_graph(large, memory=budget, max_degree=fitting.item(0, "max_degree"))
    assert kept.n_edges > 0
    # and what was allowed was never the question
    assert cointeraction_graph(large, memory="100 GB").content_key == (
        cointeraction_graph(large).content_key
    )
    assert "no cap alone" in plan(large, memory=1000).advice


def test_a_sample_leaves_the_result_alone(large: gk.Dataset) -> None:
    # a budget between the bound and the estimate makes the verb look before it leaps
    free = cointeraction_graph(large, min_shared=4)
    looked = cointeraction_graph(
        large, min_shared=4, memory=int(plan(large, min_shared=4).memory * 1.05)
    )
    assert looked.content_key == free.content_key


def test_windows(large: gk.Dataset) -> None:
    timed = log(3000, 100, 40)
    assert timed.interactions is not None
    at = pl.datetime(2024, 1, 1, time_zone="UTC") + pl.duration(minutes=pl.int_range(pl.len()))
    ds = gk.Dataset(interactions=timed.interactions.with_columns(at.alias("at")))
    found = plan(ds, window="2h")
    assert found.edges == cointeraction_graph(ds, window="2h").n_edges
    assert found.caps.get_column("edges").is_sorted(descending=True)


@pytest.mark.parametrize("memory", [0, -5, "4", "4 bananas", "GB", 2.5, True])
def test_bad_memory(memory: Any) -> None:
    with pytest.raises(OptionError, match="memory="):
        memory_budget(memory)


def test_memory_in_words() -> None:
    assert memory_budget("1.5 GiB") == 3 * 2**29
    assert memory_budget(" 500MB ") == 500_000_000
    assert 0 < memory_budget(None) <= available_memory()


def test_it_shows_itself(large: gk.Dataset) -> None:
    found = plan(large, memory="1 MB")
    assert "no cap alone would fit" in repr(found) or "these would fit" in repr(found)
    assert "<table" in found._repr_html_()
