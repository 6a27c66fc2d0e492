"""What lies behind an edge: things, times, who came first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.graphs.backbone import backbone
from graphkit.graphs.cointeraction import cointeraction_graph
from graphkit.graphs.evidence import edge_evidence

START = datetime(2024, 5, 1)
ACTS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("uvwxy"), st.none() | st.integers(0, 30)),
    min_size=4,
    max_size=40,
)


def log_of(acts: list[tuple[str, str, int | None]]) -> Dataset:
    """Acts (account, item, minute)."""
    at = [None if m is None else START + timedelta(minutes=m) for _, _, m in acts]
    frame = pl.DataFrame(
        {
            "account_id": [a for a, _, _ in acts],
            "item_id": [t for _, t, _ in acts],
            "kind": ["like"] * len(acts),
            "at": pl.Series(at, dtype=pl.Datetime("us")).dt.replace_time_zone("UTC"),
        }
    )
    return Dataset(accounts={"account_id": list("abcd")}, interactions=frame)


def minutes(value: Any) -> int | None:
    return None if value is None else round(value.total_seconds() / 60)


@settings(max_examples=100)
@given(ACTS, st.none() | st.integers(1, 12), st.none() | st.integers(2, 3))
def test_evidence_is_what_the_edge_counts(
    acts: list[tuple[str, str, int | None]], window: int | None, max_degree: int | None
) -> None:
    dataset = log_of(acts)
    if window is not None and all(m is None for _, _, m in acts):
        return
    try:
        graph = cointeraction_graph(
            dataset,
            window=None if window is None else timedelta(minutes=window),
            max_degree=max_degree,
        )
    except DataError:  # nothing is left
        return
    if window is not None:
        acts = [act for act in acts if act[2] is not None]
    who = {t: {a for a, thing, _ in acts if thing == t} for t in "uvwxy"}
    weights = {(s, t): w for s, t, w in graph.edges().rows()}
    for source, target in (("a", "b"), ("b", "a"), ("c", "d")):
        found = edge_evidence(graph, source, target, dataset=dataset)
        assert found.shared == weights.get((min(source, target), max(source, target)), 0)
        for row in found.frame.iter_rows(named=True):
            thing = row["thing"]
            times = {e: [m for a, t, m in acts if a == e and t == thing] for e in (source, target)}
            assert row["popularity"] == len(who[thing])
            assert (row["source_acts"], row["target_acts"]) == tuple(len(t) for t in times.values())
            known = [[m for m in t if m is not None] for t in times.values()]
            if not all(known):
                assert row["leader"] is None
                assert row["lag"] is None
                continue
            gap = min(known[1]) - min(known[0])
            assert row["leader"] == (source if gap > 0 else target if gap < 0 else None)
            assert minutes(row["lag"]) == abs(gap)
            assert row["source_first"].replace(tzinfo=None) == START + timedelta(
                minutes=min(known[0])
            )
        popularity = found.frame.select("popularity", "thing").rows()
        assert popularity == sorted(popularity)
        assert found.source_led + found.target_led + found.tied + found.untimed == found.shared


ONE_WAY = [
    ("a", "u", 0),
    ("b", "u", 10),
    ("a", "v", 5),
    ("b", "v", 7),
    ("a", "v", 30),
    ("b", "w", 1),
    ("a", "w", 4),
    ("a", "x", 2),
    ("b", "x", 2),
    ("a", "y", None),
    ("b", "y", 3),
]


def test_leader_and_lag_of_a_worked_example() -> None:
    dataset = log_of(ONE_WAY)
    found = edge_evidence(cointeraction_graph(dataset), "a", "b", dataset=dataset)
    assert (found.source_led, found.target_led, found.tied, found.untimed) == (2, 1, 1, 1)
    assert found.direction == ("a", "b")
    assert found.median_lag == timedelta(minutes=3)
    assert "a → b" in repr(found)
    mirrored = edge_evidence(cointeraction_graph(dataset), "b", "a", dataset=dataset)
    assert mirrored.direction == ("a", "b")
    assert mirrored.median_lag == found.median_lag


def test_times_that_are_not_those_of_acts_say_nothing_about_order() -> None:
    dated = log_of(ONE_WAY)
    collected = Dataset(
        interactions=dated.interactions, time_kinds={"interactions.at": "collected"}
    )
    without = Dataset(interactions=dated.tables["interactions"].drop("at"))
    for dataset in (collected, without):
        found = edge_evidence(cointeraction_graph(dataset), "a", "b", dataset=dataset)
        assert found.untimed == found.shared == 5
        assert found.frame.select("source_first", "leader", "lag").null_count().row(0) == (5, 5, 5)
        assert found.frame.schema["lag"] == pl.Duration("us")
        assert found.median_lag is None
        assert found.direction is None


def test_evidence_behind_an_edge_of_a_backbone() -> None:
    table = np.random.default_rng(1).random((20, 30)) < 0.3
    rows, columns = np.nonzero(table)
    dataset = Dataset(
        interactions={
            "account_id": [f"{i:02d}" for i in rows],
            "item_id": [str(t) for t in columns],
            "kind": ["like"] * rows.size,
        }
    )
    graph = cointeraction_graph(dataset)
    left = backbone(graph, method="threshold", min_weight=4).graph
    for source, target, weight in left.edges().head(5).rows():
        found = edge_evidence(left, source, target, dataset=dataset)
        assert found.shared == weight
        assert found.provenance.inputs == (left.content_key, dataset.content_key)


def test_items_and_tags_have_evidence_too() -> None:
    items = {
        "item_id": ["u", "v", "w"],
        "author_id": ["a", "b", "a"],
        "tags": [["x", "y"], ["x"], ["#Y"]],
        "created_at": ["2024-05-01", "2024-05-03", "2024-05-04"],
    }
    dataset = Dataset(items=items)
    graph = cointeraction_graph(dataset, between="authors", through="tags")
    found = edge_evidence(graph, "a", "b", dataset=dataset)
    assert found.frame.row(0)[:4] == ("x", 2, 1, 1)
    assert (found.direction, found.median_lag) == (("a", "b"), timedelta(days=2))


def test_what_has_no_evidence_is_refused() -> None:
    dataset = log_of(ONE_WAY)
    graph = cointeraction_graph(dataset)
    with pytest.raises(OptionError, match="both 'a'"):
        edge_evidence(graph, "a", "a", dataset=dataset)
    with pytest.raises(MissingDataError, match="'z' is unknown"):
        edge_evidence(graph, "a", "z", dataset=dataset)
    with pytest.raises(DataError, match="other data"):
        edge_evidence(graph, "a", "b", dataset=log_of(ONE_WAY[:-1]))
    with pytest.raises(OptionError, match=r"made by Graph\.from_edges"):
        edge_evidence(Graph.from_edges("a", "b", directed=False), "a", "b", dataset=dataset)
