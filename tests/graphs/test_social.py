from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import graphkit as gk
from graphkit.errors import MissingDataError, OptionError
from graphkit.graphs import describe, interaction_graph
from graphkit.graphs.social import interaction_times


@pytest.fixture
def answers() -> gk.Dataset:
    """b stitches a twice, a duets itself, c stitches something unknown, d likes."""
    return gk.Dataset(
        accounts={"account_id": list("abcdz")},
        items={"item_id": ["v1", "v2", "v3"], "author_id": ["a", "b", None]},
        interactions={
            "account_id": ["b", "b", "a", "c", "c", "d", "d"],
            "item_id": ["v2", None, None, "v2", None, "v2", "v3"],
            "kind": ["stitch", "stitch", "duet", "stitch", "stitch", "like", "like"],
            "target_item_id": ["v1", None, "v1", None, "v3", None, None],
            "target_account_id": [None, "a", None, None, None, None, None],
        },
    )


def test_answers_are_counted_and_loops_stay(answers: gk.Dataset) -> None:
    graph = interaction_graph(answers)
    assert graph.edges().rows() == [("a", "a", 1.0), ("b", "a", 2.0)]
    assert (graph.directed, graph.node_kind, graph.n_loops) == (True, "accounts", 1)
    # c's own clip is no target: who posts a stitch does not answer itself
    assert graph.provenance.removed["interactions without a known target"] == 2
    assert graph.total_weight == 3


def test_nodes_are_those_who_take_part_or_all(answers: gk.Dataset) -> None:
    active = interaction_graph(answers)
    assert active.vocabulary.ids.tolist() == ["a", "b"]
    assert active.provenance.removed["accounts that take no part"] == 3
    everybody = interaction_graph(answers, nodes="all")
    assert everybody.vocabulary.ids.tolist() == list("abcdz")
    assert everybody.edges().rows() == active.edges().rows()
    assert "accounts that take no part" not in everybody.provenance.removed


def test_acts_on_items_answer_their_authors(answers: gk.Dataset) -> None:
    graph = interaction_graph(answers, ("like",))
    assert graph.edges().rows() == [("d", "b", 1.0)]
    assert graph.provenance.removed["interactions without a known target"] == 1
    assert interaction_graph(answers, "like").content_key == graph.content_key


def test_the_named_account_comes_before_the_author() -> None:
    ds = gk.Dataset(
        items={"item_id": ["v"], "author_id": ["a"]},
        interactions={
            "account_id": ["c"],
            "kind": ["duet"],
            "target_item_id": ["v"],
            "target_account_id": ["b"],
        },
    )
    assert interaction_graph(ds).edges().rows() == [("c", "b", 1.0)]


def test_missing_kinds_are_named(answers: gk.Dataset) -> None:
    with pytest.raises(
        MissingDataError, match="of kind reply, mention; the table has duet, like, st"
    ):
        interaction_graph(answers, ("reply", "mention"))
    ds = gk.Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]})
    with pytest.raises(MissingDataError, match="needs the table 'interactions'"):
        interaction_graph(ds)
    silent = gk.Dataset(interactions={"account_id": ["a"], "item_id": ["v"], "kind": ["stitch"]})
    with pytest.raises(MissingDataError, match=r"none of the 1 interactions .* target_account_id"):
        interaction_graph(silent)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": ("stitches",)}, "Did you mean 'stitch'"),
        ({"kinds": ()}, "kinds is empty"),
        ({"nodes": "activ"}, "Did you mean 'active'"),
    ],
)
def test_bad_options(answers: gk.Dataset, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        interaction_graph(answers, **options)


@pytest.fixture
def dated() -> gk.Dataset:
    """ä stitches b three times, once without a time; b duets c; c likes nothing known."""
    return gk.Dataset(
        interactions={
            "account_id": ["ä", "ä", "b", "ä", "c", "Z"],
            "kind": ["stitch", "stitch", "duet", "stitch", "duet", "duet"],
            "target_account_id": ["b", "b", "c", "b", None, "b"],
            "at": ["2024-01-01", "2024-01-05", "2024-01-05", None, "2024-01-02", None],
        }
    )


def test_only_interactions_of_the_time_count(dated: gk.Dataset) -> None:
    graph = interaction_graph(dated, since="2024-01-02", until="2024-01-06")
    assert graph.edges().rows() == [("b", "c", 1.0), ("ä", "b", 1.0)]
    assert dict(graph.provenance.removed) == {
        "interactions without a time": 2,
        "interactions before or after": 1,
        "interactions without a known target": 1,
        "accounts that take no part": 1,
    }
    assert graph.provenance.parameters["since"] == "2024-01-02T00:00:00+00:00"
    # the end is not part of it
    assert interaction_graph(dated, until="2024-01-05").edges().rows() == [("ä", "b", 1.0)]
    assert interaction_graph(dated, since="2024-01-05").total_weight == 2


def test_times_of_each_arc(dated: gk.Dataset) -> None:
    times = interaction_times(dated)
    graph = interaction_graph(dated)
    assert times.columns == ["source", "target", "n", "timed", "first", "last"]
    assert times.select("source", "target", pl.col("n").cast(pl.Float64)).rows() == (
        graph.edges().rows()
    )
    rows = {a + b: (n, timed, first, last) for a, b, n, timed, first, last in times.iter_rows()}
    assert rows["Zb"] == (1, 0, None, None)
    n, timed, first, last = rows["äb"]
    assert (n, timed, (last - first).days) == (3, 2, 4)
    part = interaction_times(dated, since="2024-01-02")
    assert part.get_column("n").sum() == interaction_graph(dated, since="2024-01-02").total_weight


def test_times_are_needed_where_asked_for(dated: gk.Dataset, answers: gk.Dataset) -> None:
    for verb in (interaction_times, lambda ds: interaction_graph(ds, until="2024-01-01")):
        with pytest.raises(MissingDataError, match=r"needs the column interactions\.at"):
            verb(answers)
        collected = gk.Dataset(
            interactions=dated.interactions, time_kinds={"interactions.at": "collected"}
        )
        with pytest.raises(MissingDataError, match="time kind is 'collected'"):
            verb(collected)
    with pytest.raises(MissingDataError, match=r"none of the 6 interactions .* \(2 have none\)"):
        interaction_graph(dated, since="2025-01-01")
    with pytest.raises(OptionError, match="is not before until"):
        interaction_graph(dated, since="2025-01-01", until="2025-01-01")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("tag", "accounts", "stitches", "loops", "surplus", "components", "largest"),
    [
        ("booktok", 3540, 2792, 266, 91, 1119, 844),
        ("maga", 644, 689, 5, 70, 106, 414),
        ("jazz", 32, 16, 0, 0, 16, 2),
    ],
)
def test_published_stitch_graphs(
    shared_data: Path,
    tag: str,
    accounts: int,
    stitches: int,
    loops: int,
    surplus: int,
    components: int,
    largest: int,
) -> None:
    folder = shared_data / "tiktok_stitchgraph"
    files = [folder / side / f"{tag}.json" for side in ("sources", "targets")]
    ds, _ = gk.readwrite.read_tiktok_api(files, stitches=[folder / "edges" / f"{tag}_edges.txt"])
    graph = interaction_graph(ds)
    assert (graph.n_nodes, graph.total_weight) == (accounts, stitches)
    arcs = graph.edges()
    assert arcs.filter(pl.col("source") == pl.col("target"))["weight"].sum() == loops
    assert graph.total_weight - graph.n_edges == surplus
    facts = describe(graph)
    assert (facts["weak components"], facts["largest component"]) == (components, largest)
    other = graph.without_loops().to_igraph()
    assert facts["reciprocity"] == pytest.approx(other.reciprocity(), abs=1e-9)
    simple = other.as_undirected()
    closed = simple.transitivity_undirected(mode="zero")
    assert (facts["transitivity"] or 0) == pytest.approx(closed, abs=1e-9)
    local = simple.transitivity_avglocal_undirected(mode="zero")
    assert facts["mean local clustering"] == pytest.approx(local, abs=1e-9)
    times = interaction_times(ds)
    assert times.get_column("n").sum() == stitches
