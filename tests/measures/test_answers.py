"""Answers: hand-worked trees, mixing, its null by enumeration, reach, windows and counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.data.spread import Spread
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import answers, compare_answers

#: a and b are one community, c and d another, e has none.
PLACES = Partition.from_membership({"a": "x", "b": "x", "c": "y", "d": "y"})
#: Item, author, day; the parent, if it answers one.
ITEMS = [
    ("v", "a", 1, None),
    ("w", "b", 2, "v"),
    ("x", "c", 4, "v"),
    ("y", "a", 9, "w"),
    ("z", "d", 3, None),
    ("za", "d", 4, "z"),
    ("zb", "e", 20, "z"),
]


def observed(items: list[Any] = ITEMS, **tables: Any) -> Dataset:
    answering = [row for row in items if row[3]]
    return Dataset(
        items={
            "item_id": [i for i, *_ in items],
            "author_id": [a for _, a, *_ in items],
            "created_at": [f"2024-05-{day:02}T00:00:00Z" for _, _, day, _ in items],
        },
        interactions={
            "account_id": [a for _, a, *_ in answering],
            "item_id": [i for i, *_ in answering],
            "kind": ["stitch", "duet"] * (len(answering) // 2) + ["stitch"] * (len(answering) % 2),
            "target_item_id": [t for *_, t in answering],
        },
        **tables,
    )


def values(found: gk.measures.AnswerTrees, *measures: str) -> list[float]:
    return [found.value(m) for m in measures]


def test_trees_and_delays_by_hand() -> None:
    found = answers(observed(), PLACES)
    # delays: w 1, x 3, y 7, za 1, zb 17; trees of v (w, x, y) and z (za, zb)
    assert values(found, "answers", "answers_per_post", "delay_median") == [5, 2.5, 3]
    assert values(found, "within_1", "within_7", "within_30") == pytest.approx([0.4, 0.8, 1])
    assert values(found, "answer_to_answer", "depth", "depth_max") == pytest.approx([0.2, 1.5, 2])
    assert found.value("to_oneself") == pytest.approx(0.2)
    trees = found.trees.select("part", "number", "count").rows()
    assert trees == [
        ("depth", 1, 1),
        ("depth", 2, 1),
        ("size", 3, 1),
        ("size", 4, 1),
        ("breadth", 2, 2),
        ("level", 1, 4),
        ("level", 2, 1),
    ]
    # the ratio's error over two trees: numerators 1, 1 of 3, 2
    row = found.frame.row(by_predicate=pl.col("measure") == "within_1", named=True)
    assert row["units"] == 2
    # that is less than of five answers, which count: both bounds are shares whose own error,
    # times the t quantile, reaches to what was seen (Wilson)
    for bound in (row["low"], row["high"]):
        own_error = np.sqrt(bound * (1 - bound) / 5)
        assert abs(bound - 0.4) == pytest.approx(12.706 * own_error, rel=1e-4)
    assert 0 <= row["low"] < 0.4 < row["high"] <= 1
    assert row["interval"] == "over posts answered like these, communities fixed"


def test_who_answers_whom_by_hand() -> None:
    found = answers(observed(), PLACES)
    # b→a, c→a, a→b; d's to itself and e's, who has no community, are left out
    assert found.mixing is not None
    assert found.mixing.observed.tolist() == [[2, 0], [1, 0]]
    assert found.mixing.n_excluded == 1
    assert values(found, "inside", "ei_index") == pytest.approx([2 / 3, -1 / 3])
    assert found.value("inside_margins") == pytest.approx((2 * 3) / 9)
    # permuted: a, b in x and c in y are dealt anew; two equal of three are one pair of three
    assert found.value("ei_null") == pytest.approx(1 - 2 / 3)
    # from outside their root's community: only c's
    assert found.value("trees_crossing") == pytest.approx(0.5)


def test_null_of_mixing_by_enumeration() -> None:
    items = [("p0", "c", 1, None), ("p1", "a", 1, None), ("p2", "b", 1, None)]
    whom = {"p0": "bde", "p1": "bbc", "p2": "ec"}
    for post, who in whom.items():
        items += [(f"{post}{k}", a, 2, post) for k, a in enumerate(who)]
    place = dict(zip("abcde", "xxyyz", strict=True))
    found = answers(observed(items), Partition.from_membership(place))
    author = {"p0": "c", "p1": "a", "p2": "b"}
    edges = [(a, author[p]) for p, who in whom.items() for a in who]
    inside = []
    for dealt in permutations("xxyyz"):
        of = dict(zip("abcde", dealt, strict=True))
        inside.append(np.mean([of[a] == of[b] for a, b in edges]))
    assert found.value("ei_null") == pytest.approx(1 - 2 * np.mean(inside))
    row = found.frame.row(by_predicate=pl.col("measure") == "ei_excess", named=True)
    excess = found.value("ei_index") - found.value("ei_null")
    assert row["value"] == pytest.approx(excess)
    assert row["z"] == pytest.approx(-excess / (2 * np.std(inside)))


def test_reach_of_a_dataset_by_hand() -> None:
    shown = [("b", "v"), ("c", "v"), ("e", "v"), ("a", "v"), ("b", "v")]  # a's own, b again
    shown += [("c", "w"), ("d", "w"), ("a", "w"), ("a", "x"), ("a", "za"), ("c", "z")]
    ds = observed(
        impressions={"account_id": [a for a, _ in shown], "item_id": [i for _, i in shown]}
    )
    found = answers(ds, PLACES)
    assert found.reach is not None
    x = found.reach.row(by_predicate=pl.col("community") == "x", named=True)
    assert (x["posts"], x["answers"], x["views"], x["answer_views"]) == (3, 2, 6, 3)
    # v: b at home, c outside, e unknown; its answers: w to c, d and a, x (by c) to a
    assert (x["original_outside"], x["tree_outside"]) == pytest.approx((1 / 2, 2 / 4))
    assert x["carried"] == pytest.approx(2 / 3)
    everyone = found.reach.row(by_predicate=pl.col("community").is_null(), named=True)
    assert (everyone["posts"], everyone["views"], everyone["answered"]) == (7, 9, 2)
    # z: c at home; za: a outside
    assert everyone["carried"] == pytest.approx(3 / 4)
    assert values(found, "answer_share", "carried") == pytest.approx([5 / 9, 3 / 4])
    assert answers(observed(), PLACES).reach is None


def test_what_is_left_out_is_counted() -> None:
    others = ["zz", "x", "gone", "y", "c1", "m", "n", "o", "q"]
    ds = Dataset(
        items={
            "item_id": ["v", "w", *others],
            "author_id": ["a", "b"] + [None] * len(others),
            "created_at": ["2024-05-01T00:00:00Z", "2024-05-03T00:00:00Z"] + [None] * len(others),
            "duration": [9.0, 8.0] + [None] * len(others),
        },
        interactions=pl.DataFrame(
            [
                ("b", "w", "stitch", "v"),
                ("b", "w", "stitch", "v"),
                ("b", "w", "stitch", "zz"),
                ("c", "x", "duet", "gone"),
                ("c", "y", "duet", None),
                ("c", None, "duet", "v"),
                ("c", "c1", "duet", "c1"),
                ("a", "v", "stitch", "w"),  # before its parent
                ("d", "m", "stitch", "n"),
                ("d", "n", "stitch", "o"),
                ("d", "o", "stitch", "m"),  # a circle, of unknown times
                ("d", "q", "stitch", "o"),  # hangs on it
                ("d", "w", "like", None),
            ],
            schema=["account_id", "item_id", "kind", "target_item_id"],
            orient="row",
        ),
    )
    found = answers(ds)
    assert dict(found.provenance.removed) == {
        "answers in the data (interactions)": 12,
        "answers without an id": 1,
        "answers without the id of their parent": 1,
        "answers to themselves": 1,
        "answers given again": 1,
        "further parents of an answer": 1,
        "answers whose parent is known by id, author or time only (kept)": 2,
        "answers made before their parent": 1,
        "answers in a circle of answers": 3,
        "delays unknown: no time of the answer or the parent (answers kept)": 2,
        "answers whose parent has no known author (kept)": 1,
    }
    assert found.value("answers") == 3
    assert found.mixing is None
    assert found.delays.delays.tolist() == [2]


def test_window_of_the_collection() -> None:
    start, end = datetime(2024, 5, 3, tzinfo=UTC), datetime(2024, 5, 12, tzinfo=UTC)
    found = answers(observed(), window=(start, end))
    assert found.provenance.removed["answers outside the window"] == 2
    assert sorted(found.delays.delays) == [1, 3, 7]
    assert dict(zip(found.delays.delays, found.delays.lowest, strict=True)) == {3: 2, 7: 1, 1: 0}
    assert dict(zip(found.delays.delays, found.delays.highest, strict=True)) == {3: 11, 7: 10, 1: 9}
    # without one, the times of the first and the last answer
    whole = answers(observed())
    assert max(whole.delays.highest) == pytest.approx(19, abs=1e-4)
    assert answers(observed(), window=(None, None)).delays.highest.max() == 1e9


def test_order_of_rows_changes_nothing() -> None:
    ds = observed()
    turned = Dataset(items=ds.items[::-1], interactions=ds.interactions[::-1])  # type: ignore[index]
    assert answers(ds, PLACES) == answers(turned, PLACES)


@pytest.fixture
def two_runs(by_hand: Any) -> Spread:
    """Post 1 answers 0, 2 answers 1, 4 answers 3; in the second world 4 did not enter."""
    groups = ["x", "x", "x", "y", "y", None]
    world = by_hand.world(groups, [[0], [1], [3], [3], [4]])
    world = replace(
        world,
        ticks=np.array([0, 1, 2, 0, 2], np.int32),
        answers_to=np.array([-1, 0, 1, -1, 3], np.int32),
    )
    log = [(1, 0, 0), (3, 0, 0), (5, 0, 1), (3, 1, 1), (4, 1, 2), (0, 2, 2), (0, 4, 2)]
    first = by_hand.tally(world, log)
    second = by_hand.tally(world, log[:-1], posted=np.array([True] * 4 + [False]))
    return by_hand.spread([world, world], {"new": [[first], [second]]})  # type: ignore[no-any-return]


def test_a_simulation_by_hand(two_runs: Spread) -> None:
    found = answers(two_runs, "planted", arm="new", tick_days=0.5)
    assert found.value("answers") == pytest.approx(2.5)
    assert dict(found.provenance.removed) == {
        "answers in the data (posts)": 5,
        "answers that did not enter": 1,
    }
    # 1 → 0 inside x, 2 (of y) → 1, 4 → 3 inside y
    assert found.value("inside") == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found.mixing is not None
    assert found.mixing.observed.tolist() == [[2, 0], [2, 1]]
    assert found.value("answer_to_answer") == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert sorted(found.delays.delays) == [0.5] * 4 + [1]
    assert found.delays.highest.tolist() == [1.25, 0.75, 1.25, 1.25, 0.75]
    # post 0: 1 at home, 3 outside; its answers: 3 and 4 outside and 0 at home
    assert found.reach is not None
    x = found.reach.row(by_predicate=pl.col("community") == "x", named=True)
    assert (x["original_outside"], x["tree_outside"], x["carried"]) == pytest.approx(
        (1 / 2, 2 / 3, 2 / 3)
    )
    assert (x["posts"], x["views"], x["answer_views"]) == (4, 10, 4)
    assert found.frame.row(by_predicate=pl.col("measure") == "inside", named=True)["interval"] == (
        "over populations of the same making"
    )
    with pytest.raises(MissingDataError, match="Measures: answers, "):
        found.value("nothing")
    assert answers(two_runs, arm="new").reach is None


def test_the_log_of_a_platform() -> None:
    platform = gk.synthetic.platform(120, posts_per_account=12.0, communities=3, rng=2)
    log = answers(platform, platform.truth)
    replies = platform.dataset.interactions.filter(  # type: ignore[union-attr]
        pl.col("kind").cast(pl.String).is_in(["duet", "stitch"])
    )
    assert log.value("answers") == replies.height
    assert log.value("answer_to_answer") == 0  # the generator answers originals only
    graph = gk.interaction_graph(platform.dataset, kinds=("stitch", "duet"))
    whole = gk.measures.mixing(graph, platform.truth)
    assert log.mixing is not None
    np.testing.assert_array_equal(log.mixing.observed, whole.observed)
    np.testing.assert_allclose(log.mixing.expected, whole.expected)
    assert log.value("ei_index") == pytest.approx(whole.ei_index)
    assert log.value("inside") > log.value("inside_margins")
    assert log.value("ei_excess") < 0


def test_side_by_side(two_runs: Spread) -> None:
    left, right = answers(observed(), PLACES), answers(two_runs, "planted", arm="new")
    found = compare_answers({"seen": left, "run": right})
    assert found.frame.height == left.frame.height + right.frame.height
    assert found.frame["side"].to_list()[:2] == ["seen", "run"]
    row = found.wide.row(by_predicate=pl.col("measure") == "inside", named=True)
    assert row["seen"] == left.value("inside")
    assert row["run"] == right.value("inside")
    assert "over populations" in repr(found)
    with pytest.raises(OptionError, match="mapping of names"):
        compare_answers({})
    with pytest.raises(OptionError, match="'x' is no result of answers"):
        compare_answers({"x": 3})  # type: ignore[dict-item]


def test_wrong_input(two_runs: Spread, by_hand: Any) -> None:
    ds = observed()
    with pytest.raises(OptionError, match="arm= is for a simulation"):
        answers(ds, arm="new")
    with pytest.raises(OptionError, match="partition is a Partition"):
        answers(ds, "planted")
    with pytest.raises(OptionError, match="name the arm= of the simulation: new"):
        answers(two_runs)
    with pytest.raises(OptionError, match="partition is a kind"):
        answers(two_runs, PLACES, arm="new")
    with pytest.raises(OptionError, match="window= is for a dataset"):
        answers(two_runs, arm="new", window=(None, None))
    with pytest.raises(MissingDataError, match="no arm 'old'"):
        answers(two_runs, arm="old")
    with pytest.raises(MissingDataError, match="there are duet, stitch"):
        answers(ds, kinds=("reply",))
    with pytest.raises(OptionError, match="kinds='duet'"):
        answers(ds, kinds="duet")
    with pytest.raises(OptionError, match="must start before it ends"):
        answers(ds, window=(datetime(2024, 5, 2), datetime(2024, 5, 1)))
    with pytest.raises(DataError, match="no account of the data is in the partition"):
        answers(ds, Partition.from_membership({"q": 0, "r": 1}))
    with pytest.raises(OptionError, match="a Dataset or a Spread is needed"):
        answers(3)  # type: ignore[arg-type]
    world = by_hand.world(["x", "y"], [[0], [1]])
    spread = by_hand.spread([world], {"new": [[by_hand.tally(world, [(1, 0, 0)])]]})
    with pytest.raises(MissingDataError, match="no post of arm 'new' answers another"):
        answers(spread, "planted", arm="new")
    seeded = by_hand.world(["x", "y", "y"], [[0, 1]])
    spread = by_hand.spread([seeded], {"new": [[by_hand.tally(seeded, [(2, 0, 0)])]]})
    with pytest.raises(MissingDataError, match="enter through seeders"):
        answers(spread, "planted", arm="new")


def test_bounds_of_shares_and_delays_of_few_trees() -> None:
    """Eight originals with answers: shares of 0 and 1 have bounds, those of delays are of trees."""
    items = [(f"p{k}", f"a{k}", 1, None) for k in range(8)]
    items += [
        (f"p{k}{j}", f"b{k}{j}", 1 + 2 ** (k % 4) + j, f"p{k}") for k in range(8) for j in (0, 1)
    ]
    found = answers(observed(items), window=(None, None))
    rows = {row["measure"]: row for row in found.frame.iter_rows(named=True)}
    shares = [name for name in rows if name.startswith("within_")]
    for name in (*shares, "answer_to_answer", "to_oneself"):
        assert 0 <= rows[name]["low"] <= rows[name]["value"] <= rows[name]["high"] <= 1
        assert rows[name]["low"] < rows[name]["high"]
    assert rows["to_oneself"]["value"] == rows["to_oneself"]["low"] == 0
    assert rows["within_90"]["value"] == rows["within_90"]["high"] == 1
    # of eight trees: the t quantile with 7 degrees of freedom, σ by its logarithm
    mu, sigma = rows["delay_mu"], rows["delay_sigma"]
    assert mu["units"] == sigma["units"] == 8
    assert mu["high"] - mu["value"] == pytest.approx(2.36462 * found.delays.mu_se, rel=1e-5)
    assert sigma["low"] * sigma["high"] == pytest.approx(sigma["value"] ** 2)
    assert np.log(sigma["high"] / sigma["value"]) == pytest.approx(
        2.36462 * found.delays.sigma_se / sigma["value"], rel=1e-5
    )
