from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.incidence import incidence
from graphkit.errors import GraphkitWarning, MissingDataError, OptionError
from graphkit.graphs import cap_sensitivity, cointeraction_graph, planning
from graphkit.graphs.options import available_memory, memory_budget
from graphkit.graphs.planning import plan
from graphkit.graphs.projection import RowProduct


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


def tag_lists(n_authors: int, each: int) -> gk.Dataset:
    """Authors with one post of `each` tags out of 120."""
    rng = np.random.default_rng(1)
    tags = [[f"t{k}" for k in rng.choice(120, each, replace=False)] for _ in range(n_authors)]
    ids = [f"u{i}" for i in range(n_authors)]
    return gk.Dataset(items={"item_id": ids, "author_id": ids, "tags": tags})


def test_a_dense_projection_of_tags_says_that_topics_may_be_glued() -> None:
    dense, sparse = tag_lists(300, 12), tag_lists(30, 5)
    found = plan(dense, between="tags", through="authors")
    assert 2 * found.edges / found.entities > 50
    assert "edges per tag, most of them weak" in found.note
    assert "top=20 and top=50" in repr(found)
    # not where each tag keeps its heaviest edges, nor in a sparse one, nor between others
    for quiet in (
        plan(dense, between="tags", through="authors", top=20),
        plan(sparse, between="tags", through="authors"),
        plan(dense, between="authors", through="tags"),
    ):
        assert quiet.note == ""
        assert "note" not in repr(quiet)


# time -------------------------------------------------------------------------------------


def popular(*degrees: int) -> gk.Dataset:
    """Objects with so many actors each; actors are the same first ones."""
    rows = [(f"a{a}", f"v{v}") for v, degree in enumerate(degrees) for a in range(degree)]
    accounts, items = zip(*rows, strict=True)
    at = ["2024-05-01T00:00:00Z"] * len(rows)
    columns = {"account_id": accounts, "item_id": items, "kind": ["like"] * len(rows), "at": at}
    return gk.Dataset(interactions=columns)


@pytest.fixture
def second_per_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each entry read takes a second, and `LONG` is five seconds."""

    def sample(work: RowProduct) -> planning.Sample:
        entries = float(work.lists.row_work().sum())
        rare = work.rule.min_shared == 4
        return planning.Sample(0.0, (4.0 if rare else entries) * planning.cores(), 1.0)

    monkeypatch.setattr(planning, "sample_rows", sample)
    monkeypatch.setattr(planning, "LONG", 5.0)
    monkeypatch.setattr(planning, "LONG_WORK", 0)


@pytest.mark.usefixtures("second_per_entry")
def test_a_long_projection_says_so_before_it_starts() -> None:
    # 5 · 4 / 2 + 3 · 2 / 2 + 1 = 14 wedges; whole rows read 25 + 9 + 4 entries
    ds = popular(5, 3, 2)
    with pytest.warns(GraphkitWarning, match="this will take about 38 s") as told:
        graph = cointeraction_graph(ds)
    assert len(told) == 1
    assert "there are 14 pairs of actors with an object in common" in str(told[0].message)
    cap = "max_degree=2 (about 2.7 s; leaves out 2 of 3 objects)"
    # with min_shared=4 one triangle is read, and its rows are mirrored sooner
    assert str(told[0].message).endswith(f"Quicker: min_shared=4 (about 2 s), {cap}.")
    assert told[0].filename == __file__
    assert graph.n_edges == 10
    # what it advises is silent
    assert cointeraction_graph(ds, max_degree=2).n_edges == 1


@pytest.mark.usefixtures("second_per_entry")
def test_the_advice_ranks_by_time() -> None:
    found = plan(popular(5, 3, 2))
    assert found.fits
    assert found.caps.select("max_degree", "wedges", "seconds").rows() == [(2, 1, 4.0)]
    assert found.advice.startswith("it fits, but would take about 38 s; quicker: min_shared=4 (")
    assert "max_degree=2 (about 0 MB, 4 s; leaves out 2 of 3 objects)" in found.advice
    top = found.others.filter(option="top=10").select("seconds").item()
    assert top == 38.0  # every wedge from both ends, as without it
    assert "top=" not in found.advice


@pytest.mark.usefixtures("second_per_entry")
def test_a_window_is_named_where_there_is_one() -> None:
    # each interaction reads those of the object: 25 + 9 + 4
    with pytest.warns(GraphkitWarning, match="about 38 s.*a shorter window"):
        cointeraction_graph(popular(5, 3, 2), window="1h")


@pytest.mark.usefixtures("second_per_entry")
def test_a_series_of_caps_warns_once() -> None:
    with pytest.warns(GraphkitWarning, match="cap_sensitivity: this will take") as told:
        cap_sensitivity(popular(6, 5, 2), caps=[5, 2])
    assert len(told) == 1


@pytest.mark.usefixtures("second_per_entry")
def test_no_option_is_quick_enough() -> None:
    with pytest.warns(GraphkitWarning, match="no option alone brings it under two minutes"):
        cointeraction_graph(popular(4, 4), min_shared=5, weight="pairs", top=1)


def test_short_projections_are_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(work: RowProduct) -> planning.Sample:
        raise AssertionError("a sample was taken")

    monkeypatch.setattr(planning, "sample_rows", never)
    assert cointeraction_graph(popular(5, 3, 2)).n_edges == 10


@pytest.mark.parametrize(
    ("degree", "most", "cap"),
    [
        ([2, 3, 4], 10, None),  # no cap is needed: 1 + 3 + 6
        ([2, 3, 4], 9, 3),
        ([2, 3, 4], 3, 2),
        ([2, 3, 4], 0.5, None),
        ([3, 3, 4], 5, None),  # both of three, or none
        ([0, 1, 1, 2], 0, None),
        ([], 1, None),
    ],
)
def test_the_largest_cap(degree: list[int], most: float, cap: int | None) -> None:
    sizes = np.array(degree, dtype=np.int64)
    assert planning.largest_cap(sizes, sizes * (sizes - 1) // 2, most) == cap
