from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphkit as gk
from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError
from graphkit.graphs import cointeraction_graph

START = datetime(2024, 5, 1, tzinfo=UTC)


def likes(acts: list[tuple[str, str, int]], **tables: Any) -> gk.Dataset:
    """A dataset of (account, item, second) likes."""
    return gk.Dataset(
        interactions={
            "account_id": [a for a, _, _ in acts],
            "item_id": [t for _, t, _ in acts],
            "kind": ["like"] * len(acts),
            "at": [START + timedelta(seconds=s) for _, _, s in acts],
        },
        **tables,
    )


ACTS = [
    ("a", "v1", 0),
    ("b", "v1", 5),
    ("c", "v1", 100),
    ("a", "v2", 0),
    ("b", "v2", 60),
    ("a", "v1", 90),
    ("d", "v3", 0),
]


@pytest.fixture
def small() -> gk.Dataset:
    return likes(ACTS)


@pytest.fixture
def posts() -> gk.Dataset:
    """Items with authors, tags and sounds."""
    return gk.Dataset(
        items={
            "item_id": ["v1", "v2", "v3", "v4"],
            "author_id": ["x", "y", "x", "z"],
            "tags": [["#BookTok", "fyp"], ["booktok"], ["fyp", "cats"], ["fyp"]],
            "sound_id": ["s1", "s1", None, "s2"],
            "created_at": [START, START + timedelta(minutes=1), START, None],
        }
    )


def as_dict(graph: gk.Graph) -> dict[tuple[str, str], float]:
    return {(a, b): w for a, b, w in graph.edges().iter_rows()}


# --- the twin, through the dataset

acts_of_few = st.lists(
    st.tuples(st.sampled_from("abcdefg"), st.sampled_from("tuvwx"), st.integers(0, 30)),
    min_size=1,
    max_size=40,
)


@settings(deadline=None, max_examples=100)
@given(
    acts=acts_of_few,
    options=st.fixed_dictionaries(
        {},
        optional={
            "weight": st.sampled_from(("count", "pairs", "jaccard", "cosine", "newman", "tfidf")),
            "min_shared": st.integers(1, 3),
            "max_degree": st.integers(2, 5),
            "top": st.integers(1, 3),
            "window": st.integers(1, 30),
            "exclude": st.sets(st.sampled_from("tuvwx")),
        },
    ),
)
def test_agrees_with_the_twin(
    twin: Callable[..., Any], acts: list[tuple[str, str, int]], options: dict[str, Any]
) -> None:
    accounts = sorted({a for a, _, _ in acts})
    plain = {k: v for k, v in options.items() if k != "exclude"}
    left = [act for act in acts if act[1] not in options.get("exclude", ())]
    right = twin(left, accounts, **plain)
    if "window" in options:
        options = options | {"window": timedelta(seconds=options["window"])}
    try:
        graph = cointeraction_graph(likes(acts), **options)
    except (DataError, MissingDataError):
        assert not right
        return
    assert graph.vocabulary.ids.tolist() == accounts
    found = as_dict(graph)
    assert found.keys() == right.keys()
    assert all(found[pair] == pytest.approx(right[pair], abs=1e-12) for pair in right)


# --- definitions


def test_weights_by_hand(small: gk.Dataset) -> None:
    def weights(weight: str) -> list[float]:
        return list(as_dict(cointeraction_graph(small, weight=weight)).values())

    # edges a–b (v1, v2), a–c (v1), b–c (v1); k = 3, 2, 1; d = 2, 2, 1, 1; N = 4
    assert weights("count") == [2, 1, 1]
    assert weights("jaccard") == [1, 1 / 2, 1 / 2]
    assert weights("cosine") == pytest.approx([1, 2**-0.5, 2**-0.5], abs=1e-15)
    assert weights("newman") == [1.5, 0.5, 0.5]
    # a acted twice on v1
    assert weights("pairs") == [3, 2, 1]
    assert weights("actions") == [2, 1, 1]
    one, two = np.log(4 / 3) ** 2, np.log(4 / 2) ** 2
    near = (one / (one + two)) ** 0.5
    assert weights("tfidf") == pytest.approx([1, near, near], abs=1e-15)


def test_all_entities_are_nodes(small: gk.Dataset) -> None:
    graph = cointeraction_graph(small)
    assert graph.vocabulary.ids.tolist() == ["a", "b", "c", "d"]
    assert (graph.directed, graph.node_kind, graph.n_loops) == (False, "accounts", 0)
    everybody = likes(ACTS, accounts={"account_id": list("abcdz")})
    assert cointeraction_graph(everybody).n_nodes == 5
    # and all count in N
    tfidf = as_dict(cointeraction_graph(everybody, weight="tfidf"))
    one, two = np.log(5 / 3) ** 2, np.log(5 / 2) ** 2
    assert tfidf["a", "c"] == pytest.approx((one / (one + two)) ** 0.5, abs=1e-15)


@pytest.mark.parametrize(
    ("between", "through", "expected"),
    [
        ("authors", "tags", {("x", "y"): 1, ("x", "z"): 1}),
        ("items", "tags", {("v1", "v2"): 1, ("v1", "v3"): 1, ("v1", "v4"): 1, ("v3", "v4"): 1}),
        ("tags", "items", {("booktok", "fyp"): 1, ("cats", "fyp"): 1}),
        ("tags", "authors", {("booktok", "cats"): 1, ("booktok", "fyp"): 1, ("cats", "fyp"): 1}),
        ("authors", "sounds", {("x", "y"): 1}),
        ("sounds", "tags", {("s1", "s2"): 1}),
    ],
)
def test_sides(
    posts: gk.Dataset, between: str, through: str, expected: dict[tuple[str, str], float]
) -> None:
    graph = cointeraction_graph(posts, between=between, through=through)
    assert as_dict(graph) == expected
    assert graph.node_kind == between


def test_kinds_choose_the_acts() -> None:
    ds = gk.Dataset(
        interactions={
            "account_id": list("abcab"),
            "item_id": ["v"] * 5,
            "kind": ["like", "view", "like", "share", "share"],
        }
    )
    assert as_dict(cointeraction_graph(ds)) == {("a", "b"): 1, ("a", "c"): 1, ("b", "c"): 1}
    assert as_dict(cointeraction_graph(ds, kinds=("like",))) == {("a", "c"): 1}
    assert as_dict(cointeraction_graph(ds, kinds="share")) == {("a", "b"): 1}


# --- windows


def test_windows(small: gk.Dataset) -> None:
    assert as_dict(cointeraction_graph(small, window="5s")) == {("a", "b"): 1}
    assert as_dict(cointeraction_graph(small, window="4999ms")) == {}
    # a came back to v1 ten seconds before c did
    assert as_dict(cointeraction_graph(small, window="10s")) == {("a", "b"): 1, ("a", "c"): 1}
    assert as_dict(cointeraction_graph(small, window="1min"))["a", "b"] == 2
    assert (
        cointeraction_graph(small, window=timedelta(seconds=10)).content_key
        == cointeraction_graph(small, window="10 s").content_key
    )
    # degrees stay those of all acts
    jaccard = as_dict(cointeraction_graph(small, window="5s", weight="jaccard"))
    assert jaccard == {("a", "b"): 1 / 3}


def test_a_window_needs_times_of_acts(small: gk.Dataset, posts: gk.Dataset) -> None:
    assert small.interactions is not None
    timeless = gk.Dataset(interactions=small.interactions.drop("at"))
    with pytest.raises(MissingDataError, match=r"interactions\.at"):
        cointeraction_graph(timeless, window="1h")
    collected = gk.Dataset(
        interactions=small.interactions, time_kinds={"interactions.at": "collected"}
    )
    with pytest.raises(MissingDataError, match="'collected'"):
        cointeraction_graph(collected, window="1h")
    # the act of an author is the creation of the item
    graph = cointeraction_graph(posts, between="authors", through="tags", window="2min")
    assert as_dict(graph) == {("x", "y"): 1}
    assert dict(graph.provenance.removed) == {"interactions without a time": 1}
    bound = gk.Dataset(items=posts.items, time_kinds={"items.created_at": "bound"})
    with pytest.raises(MissingDataError, match="'bound'"):
        cointeraction_graph(bound, between="authors", through="tags", window="2min")


def test_untimed_acts_are_left_out_first() -> None:
    acts = likes(ACTS).interactions
    assert acts is not None
    some = acts.with_columns(
        pl.when(pl.int_range(pl.len()) != 2).then(pl.col("at")).alias("at")  # c on v1
    )
    graph = cointeraction_graph(gk.Dataset(interactions=some), window="5s", weight="newman")
    assert as_dict(graph) == {("a", "b"): 1}
    assert dict(graph.provenance.removed) == {"interactions without a time": 1}


def test_every_act_counts_where_acts_are_counted() -> None:
    twice = likes([("a", "v", 0), ("a", "v", 0), ("b", "v", 3), ("b", "v", 9)])
    assert as_dict(cointeraction_graph(twice)) == {("a", "b"): 1}
    assert as_dict(cointeraction_graph(twice, weight="pairs")) == {("a", "b"): 4}
    assert as_dict(cointeraction_graph(twice, weight="pairs", window="5s")) == {("a", "b"): 2}
    assert as_dict(cointeraction_graph(twice, weight="actions")) == {("a", "b"): 2}


# --- memory and resuming


def test_resuming(small: gk.Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "blocks"
    first = cointeraction_graph(small, resume=folder)
    files = sorted(path.name for path in folder.iterdir())
    assert "projection.json" in files
    assert len(files) > 1
    again = cointeraction_graph(small, resume=str(folder))
    assert again.content_key == first.content_key == cointeraction_graph(small).content_key
    assert again.provenance.to_dict() == first.provenance.to_dict()
    with pytest.raises(DataError, match="blocks of another projection"):
        cointeraction_graph(small, weight="cosine", resume=folder)
    with pytest.raises(DataError, match="not empty"):
        cointeraction_graph(small, resume=tmp_path)


def test_memory_is_a_matter_of_the_result(small: gk.Dataset) -> None:
    with pytest.raises(OptionError, match=r"about .* would be needed .* may be used"):
        cointeraction_graph(small, memory=1)
    graph = cointeraction_graph(small, memory="1 GB")
    assert "memory" not in graph.provenance.parameters


# --- what is left out


def test_what_is_left_out_is_told(small: gk.Dataset, posts: gk.Dataset) -> None:
    def removed(ds: gk.Dataset, **options: Any) -> dict[str, int]:
        return dict(cointeraction_graph(ds, **options).provenance.removed)

    assert removed(small) == {}
    assert removed(small, max_degree=2) == {
        "items of more than 2 actors": 1,
        "pairs with items of more than 2 actors": 3,
    }
    assert removed(small, min_shared=2) == {"pairs of nodes that share less than 2": 2}
    assert removed(small, top=1, mutual=True) == {"edges outside the top 1": 2}
    # a pair counts once, however often the account acted or the author used the tag
    assert removed(small, exclude={"v1", "v9"}) == {"pairs of 1 excluded items": 3}
    assert removed(posts, between="authors", through="tags", exclude=gk.STOP_TAGS) == {
        "pairs of 1 excluded tags": 2
    }
    everybody = likes([(a, "v", 0) for a in "abc"])
    assert removed(everybody, weight="tfidf") == {"edges of weight 0": 3}


def test_exclusion_and_cap_come_before_degrees(small: gk.Dataset) -> None:
    for options in ({"exclude": {"v1"}}, {"max_degree": 2}):
        assert as_dict(cointeraction_graph(small, weight="jaccard", **options)) == {("a", "b"): 1}


def test_exclusions_fold_tags_and_cap_after_them(posts: gk.Dataset) -> None:
    graph = cointeraction_graph(
        posts, between="authors", through="tags", exclude={"#FYP"}, max_degree=2
    )
    assert as_dict(graph) == {("x", "y"): 1}
    assert "pairs of 1 excluded tags" in graph.provenance.removed


def test_nothing_left(small: gk.Dataset) -> None:
    crowd = likes([(a, "v", 0) for a in "abc"])
    with pytest.raises(DataError, match=r"max_degree=2 leaves nothing: all 1 items .* 3 pairs"):
        cointeraction_graph(crowd, max_degree=2)
    with pytest.raises(MissingDataError, match="excluded"):
        cointeraction_graph(crowd, exclude={"v"})
    # nobody shares enough: an honest answer
    graph = cointeraction_graph(small, min_shared=3)
    assert (graph.n_nodes, graph.n_edges) == (4, 0)
    assert graph.provenance.removed["pairs of nodes that share less than 3"] == 3


# --- provenance and order


def test_provenance(small: gk.Dataset) -> None:
    record = cointeraction_graph(small, window="90s", top=3, kinds=("like", "share")).provenance
    assert record.verb == "cointeraction_graph"
    assert record.parameters["window"] == "90 s"
    assert record.parameters["kinds"] == ["like", "share"]
    assert record.inputs == (small.content_key,)
    assert record.to_dict()["parameters"]["exclude"] == []
    assert "play" in cointeraction_graph(small).provenance.parameters["kinds"]


def test_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    acts = [
        (f"a{i}", f"v{t}", int(s))
        for i, t, s in zip(
            rng.integers(0, 60, 800),
            rng.integers(0, 40, 800),
            rng.integers(0, 900, 800),
            strict=True,
        )
    ]
    shuffled = [acts[i] for i in rng.permutation(len(acts))]
    for options in ({"weight": "tfidf"}, {"weight": "newman", "top": 4}, {"window": "30s"}):
        one = cointeraction_graph(likes(acts), **options)
        other = cointeraction_graph(likes(shuffled), **options)
        assert one.content_key == other.content_key


# --- bad options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight": "jacard"}, "weight='jacard'.*Did you mean 'jaccard'"),
        ({"between": "account"}, "between='account'.*Did you mean 'accounts'"),
        ({"through": "accounts"}, "both 'accounts'"),
        ({"kinds": ("likes",)}, "Did you mean 'like'"),
        ({"min_shared": 0}, "min_shared=0: an integer from 1"),
        ({"min_shared": 1.5}, r"min_shared=1\.5"),
        ({"max_degree": 1}, "max_degree=1: an integer from 2 on is needed, or None"),
        ({"top": 0}, "top=0: an integer from 1"),
        ({"top": True}, "top=True"),
        ({"mutual": True}, "mutual=True goes with top"),
        ({"weight": "actions", "window": "1s"}, "weight='actions' is not defined within a window"),
        ({"memory": "much"}, "memory='much' is not understood"),
        ({"window": "0s"}, "window='0s': a length above 0"),
        ({"window": timedelta(0)}, "above 0"),
        ({"window": "-5min"}, "above 0"),
        ({"window": "5m"}, "'m' could be minutes or months"),
        ({"window": "soon"}, "window='soon' is not understood.*'10s'"),
        ({"window": "5 mins"}, "Did you mean 'min'"),
        ({"window": 10}, "window=10 has no unit: pass text such as '60s'"),
        ({"exclude": "v1"}, "one text"),
    ],
)
def test_bad_options(small: gk.Dataset, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        cointeraction_graph(small, **options)


def test_longest_window(small: gk.Dataset) -> None:
    wide = cointeraction_graph(small, window=timedelta.max)
    assert wide.content_key == cointeraction_graph(small).content_key


# --- real data


@pytest.mark.real_data
def test_co_listening(shared_data: Path) -> None:
    ds, _ = gk.readwrite.read_hetrec_lastfm(shared_data / "hetrec2011_lastfm_2k")
    graph = cointeraction_graph(ds, kinds=("play",))
    assert (graph.n_nodes, graph.n_edges, graph.total_weight) == (1892, 1_014_138, 3_946_300)


@pytest.mark.real_data
def test_co_viewing(shared_data: Path) -> None:
    content = gzip.decompress((shared_data / "tiktok_mm" / "interactions.csv.gz").read_bytes())
    train = pl.read_csv(content).filter(pl.col("split") == "train")
    ds = gk.Dataset(
        interactions=train.select(
            pl.col("user").alias("account_id"),
            pl.col("video").alias("item_id"),
            pl.lit("like").alias("kind"),
        )
    )
    graph = cointeraction_graph(ds)
    assert (graph.n_edges, graph.total_weight) == (678_757, 1_112_505)
    # each newman strength is the number of an account's videos that others saw too
    newman = cointeraction_graph(ds, weight="newman")
    seen = train.unique(["user", "video"])
    shared = seen.filter(pl.col("user").n_unique().over("video") > 1)
    assert newman.total_weight * 2 == pytest.approx(shared.height, rel=1e-12)


@pytest.mark.real_data
def test_co_tagging(shared_data: Path) -> None:
    folder = shared_data / "tiktok_stitchgraph"
    ds, _ = gk.readwrite.read_tiktok_api([folder / "sources", folder / "targets"])
    sides = {"between": "authors", "through": "tags", "exclude": gk.STOP_TAGS}
    graph = cointeraction_graph(ds, **sides, weight="tfidf", top=50)
    assert 9e6 < graph.n_edges + graph.provenance.removed["edges outside the top 50"] < 11e6
    capped = cointeraction_graph(ds, **sides, max_degree=1000)
    assert capped.n_edges < 3e6
    assert capped.provenance.removed["tags of more than 1000 actors"] >= 1


@pytest.mark.real_data
def test_shares_within_seconds(shared_data: Path) -> None:
    content = gzip.decompress((shared_data / "coortweet/russian_coord_tweets.csv.gz").read_bytes())
    table = pl.read_csv(content)
    ds = gk.Dataset(
        interactions=table.select(
            "account_id",
            pl.col("object_id").alias("item_id"),
            pl.lit("share").alias("kind"),
            pl.from_epoch(pl.col("timestamp_share").cast(pl.Int64), time_unit="s").alias("at"),
        )
    )
    graph = cointeraction_graph(ds, window="10s")
    # the same by a join of every act with every other on the same object
    acts = table.select("account_id", "object_id", pl.col("timestamp_share").cast(pl.Int64))
    near = acts.join(acts, on="object_id").filter(
        (pl.col("account_id") < pl.col("account_id_right"))
        & ((pl.col("timestamp_share") - pl.col("timestamp_share_right")).abs() <= 10)
    )
    pairs = near.group_by("account_id", "account_id_right").agg(pl.col("object_id").n_unique())
    right = {(a, b): float(n) for a, b, n in pairs.iter_rows()}
    assert as_dict(graph) == right
    assert graph.n_nodes == 9509


def test_kinds_that_do_not_count_are_counted_and_told() -> None:
    kinds = ["like"] * 4 + ["watch"] * 10 + ["quote"] * 2 + ["a private caption"]
    acts = {"account_id": ["a", "b"] * 8 + ["a"], "item_id": ["v"] * 17, "kind": kinds}
    graph = cointeraction_graph(gk.Dataset(interactions=acts))
    reason = "interactions of other kinds (watch 10, quote 2, others 1), of 17"
    assert graph.provenance.removed == {reason: 13}
    assert reason in repr(graph)
    assert reason in gk.graphs.methods_paragraph(graph)
    assert cointeraction_graph(gk.Dataset(interactions=acts), kinds=["watch"]).n_edges == 1


def test_known_kinds_in_capitals_are_the_same_kinds() -> None:
    acts = {"account_id": ["a", "b"], "item_id": ["v", "v"], "kind": ["LIKE", "Like"]}
    with pytest.warns(GraphkitWarning, match="kind 'LIKE' is read as 'like'"):
        ds = gk.Dataset(interactions=acts)
    for kinds in (None, ["like"], ["LIKE"]):
        assert cointeraction_graph(ds, kinds=kinds).edges().rows() == [("a", "b", 1.0)]
