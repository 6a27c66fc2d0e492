"""Conclusions over conditions: hand-made contrasts with known answers, and small simulations."""

from __future__ import annotations

import pickle
from typing import Any

import polars as pl
import pytest

import graphkit as gk
from graphkit.attribution import (
    Condition,
    Robustness,
    condition_rows,
    conditions_of,
    judge,
    robustness,
)
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError
from graphkit.measures import contrast
from graphkit.measures.conditions import OUTCOMES, outcome_of, place
from graphkit.simulation import Behaviour

PAIR = {"arm": "new", "baseline": "old"}


def rows(
    difference: float | None,
    half: float | None = 0.5,
    *,
    direction: str | None = None,
    partition: str | None = "interest",
    measure: str = "crossing",
) -> pl.DataFrame:
    """A contrast of one row; the interval goes `half` to both sides."""
    bounded = difference is not None and half is not None
    low, high = (difference - half, difference + half) if bounded else (None, None)  # type: ignore[operator]
    if direction is None and low is not None and high is not None:
        direction = "higher" if low > 0 else "lower" if high < 0 else "not distinguishable"
    row = {"partition": partition, "community": None, "measure": measure, **PAIR}
    row |= {"arm_mean": None if difference is None else difference + 1, "baseline_mean": 1.0}
    row |= {"difference": difference, "low": low, "high": high, "direction": direction}
    texts = ("partition", "community", "direction", "interval")
    numbers = ("arm_mean", "difference", "low", "high")
    schema = dict.fromkeys(texts, pl.String) | dict.fromkeys(numbers, pl.Float64)
    return pl.DataFrame([row | {"interval": "within this world"}], schema_overrides=schema)


def tried(*conditions: tuple[str, Any, Any, pl.DataFrame | str]) -> pl.DataFrame:
    """The table of conditions (dimension, value, default, rows or why it cannot be run)."""
    parts = [condition_rows(Condition(*c[:3]), c[3], **PAIR) for c in conditions]
    return pl.concat(parts, how="diagonal_relaxed")


def test_the_nearest_is_the_least_share_of_the_range_tried() -> None:
    conditions = tried(
        ("penalty", 0.25, 0.0, rows(1)),
        ("penalty", 0.5, 0.0, rows(0.25)),  # cannot be told, half of the range away
        ("penalty", 1.0, 0.0, rows(-1)),
        ("slots", 9, 10, rows(2)),
        ("slots", 12, 10, rows(-3)),  # two thirds of the range 9 … 12
        ("slots", 40, 10, "the posts do not last"),  # has no part in the range
        ("reading", "empty", "filled", rows(-2)),
    )
    found = judge(rows(2), conditions, measure="crossing")
    holds = dict(found.frame.select("condition", "holds").rows())
    assert holds == {
        "as it is": None,
        "penalty = 0.25": "holds",
        "penalty = 0.5": "not distinguishable",
        "penalty = 1": "turns",
        "slots = 9": "holds",
        "slots = 12": "turns",
        "slots = 40": "cannot run",
        "reading = empty": "turns",
    }
    assert set(holds.values()) - {None} <= set(OUTCOMES)
    assert found.tried == 6
    nearest = found.nearest.select("dimension", "value", "distance", "zero").rows()
    # from .25 at .5 to −1 at 1 the line is zero at .6; from 2 at 10 to −3 at 12 at 10.8
    assert nearest == [
        ("penalty", "0.5", 0.5, pytest.approx(0.6)),
        ("slots", "12", pytest.approx(2 / 3), pytest.approx(10.8)),
        ("reading", "empty", None, None),
    ]
    assert found.verdict == (
        "Cross-community exposure (interest partition) is higher in new than in old, +2 [+1.5, +2.5] "
        "(95 % interval within this world): that holds under 2 of 6 other conditions, turns under "
        "penalty = 1, slots = 12, reading = empty, and cannot be told under penalty = 0.5; 1 could "
        "not be run (slots = 40)."
    )
    assert found.nearest_text == (
        "The nearest condition at which it does not hold, 50 % of the range tried away, is penalty = "
        "0.5 (default 0): not distinguishable; on a line between the values tried, the difference is "
        "zero at penalty = 0.6. Nor does it hold under reading = empty, which has no distance."
    )
    assert found.frame["direction"][6] == "cannot run: the posts do not last"
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert found.verdict in repr(found)
    assert "penalty = 0.5" in found._repr_html_()


def test_equally_near_conditions_are_all_named() -> None:
    conditions = tried(
        ("s", 0.25, 0.5, rows(-1)), ("s", 0.75, 0.5, rows(-1)), ("s", 1.0, 0.5, rows(-3)),
        ("x", 1, 0, rows(-1)), ("x", 3, 0, rows(-1)),
    )  # fmt: skip
    found = judge(rows(1), conditions, measure="crossing")
    # s: a third of .25 … 1 to both sides; x: a third of 0 … 3
    assert found.nearest["condition"].to_list() == ["s = 0.25", "s = 0.75", "x = 1"]
    assert found.nearest["distance"].to_list() == [pytest.approx(1 / 3)] * 3
    assert found.nearest["zero"].to_list() == [0.375, 0.375, 0.5]
    for name in ("s = 0.25", "s = 0.75", "x = 1"):
        assert f"{name} (default" in found.nearest_text


def test_nothing_ends_it_and_nothing_was_tried() -> None:
    found = judge(rows(2), tried(("s", 1.0, 0.0, rows(1))), measure="crossing")
    assert found.nearest.height == 0
    assert "holds under 1 of 1 other conditions." in found.verdict
    assert found.nearest_text == "No condition that was tried and has a value ends it."
    alone = judge(rows(2), measure="crossing")
    assert alone.verdict.endswith("nothing else was tried.")
    assert (alone.nearest_text, alone.tried) == ("", 0)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (rows(0.1), "not distinguishable from zero, so there is no conclusion to be robust"),
        (rows(2, direction="not claimed: filler"), "no direction is claimed for filler"),
        (rows(2, None), "an interval: one world, one replication, so there is no conclusion"),
        (rows(None), "not estimable, so there is no conclusion"),
    ],
)
def test_without_a_direction_there_is_nothing_to_be_robust(own: pl.DataFrame, said: str) -> None:
    conditions = tried(("s", 1.0, 0.0, rows(-2)), ("s", 0.5, 0.0, rows(0.1)))
    found = judge(own, conditions, measure="crossing")
    assert said in found.verdict
    assert found.frame["holds"].null_count() == 3
    assert (found.nearest.height, found.nearest_text) == (0, "")
    if "not estimable" not in said:
        assert found.verdict.endswith("there is a direction under: s = 1 (lower).")


def test_other_kinds_of_partition_are_choices() -> None:
    own = pl.concat([rows(2), rows(-2, partition="follow"), rows(None, partition="planted")])
    conditions = pl.concat(
        [
            tried(("s", 1.0, 0.0, rows(1))),
            # this one has a row under another kind only, and one that is without an interval
            tried(("s", 0.5, 0.0, rows(1, partition="follow"))),
            tried(("s", 0.75, 0.0, rows(1, None))),
            # measured under the kind, but not this measure
            tried(("s", 0.25, 0.0, rows(1, measure="hosting_hidden"))),
        ],
        how="diagonal_relaxed",
    )
    found = judge(own, conditions, measure="crossing")
    assert found.frame.select("condition", "distance", "holds").rows()[1:] == [
        ("follow partition", None, "turns"),
        ("planted partition", None, "not estimable"),
        ("s = 1", 1.0, "holds"),
        ("s = 0.75", 0.75, "no interval"),
        ("s = 0.25", None, "not estimable"),
    ]
    assert found.nearest["condition"].to_list() == ["s = 0.75", "follow partition"]
    assert "other conditions (2 other partitions among them), turns under" in found.verdict
    other = judge(own, conditions, measure="crossing", partition="follow")
    assert other.frame.filter(pl.col("dimension") == "s")["condition"].to_list() == ["s = 0.5"]


def test_distances_are_of_numbers_alone() -> None:
    frame = pl.DataFrame(
        {
            "dimension": ["x", "x", "y", "z", "z"],
            "value": ["1", "4", "2", "1", "tags"],
            "default": ["2", "2", "2", "0", "0"],
            "difference": [1.0, 1.0, 1.0, 1.0, 1.0],
        }
    )
    assert place(frame)["distance"].to_list() == [pytest.approx(1 / 3), pytest.approx(2 / 3), None, None, None]  # fmt: skip
    numbers = frame.head(2).with_columns(pl.col("value", "default").cast(pl.Float64))
    assert place(numbers)["distance"].to_list() == [pytest.approx(1 / 3), pytest.approx(2 / 3)]
    assert outcome_of("lower", "lower", -1) == "holds"
    assert outcome_of("lower", "not claimed: filler", -1) == "no direction: filler"


def test_bad_contrasts_are_refused() -> None:
    both = pl.concat([rows(2), rows(2).with_columns(arm=pl.lit("third"))])
    with pytest.raises(DataError, match="several pairs of arms"):
        judge(both, measure="crossing")
    assert judge(both, measure="crossing", arm="third").arm == "third"
    with pytest.raises(MissingDataError, match="no pair of arms"):
        judge(both, measure="crossing", arm="fourth")
    with pytest.raises(MissingDataError, match=r"no measure 'crosing'.*Did you mean 'crossing'"):
        judge(rows(2), measure="crosing")
    with pytest.raises(MissingDataError, match="under a partition 'folow'"):
        judge(rows(2), measure="crossing", partition="folow")
    with pytest.raises(MissingDataError, match="no column 'dimension'"):
        judge(rows(2), rows(1).with_columns(condition=pl.lit("x")), measure="crossing")


ARMS = {
    "old": gk.follower_centric(),
    "new": gk.interest_centric(),
    "uniform": gk.recommenders.uniform(),
}
RUN: dict[str, Any] = {"ticks": 6, "slots": 4, "rng": 3}


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    """Three platforms of 300 accounts in which #alttok does not follow itself."""
    names = ["comedy", "dance", "#alttok"]
    like = gk.synthetic.platform(
        300, communities=names, homophily={"#alttok": 0.0}, posts_per_account=3.0, rng=1
    )
    return gk.synthetic.worlds(3, like=like, ticks=6, space="planted", rng=2)


@pytest.fixture(scope="module")
def found(worlds: list[World]) -> Robustness:
    seen = [gk.visibility(w.partitions["planted"], w.follows, runs=2, rng=1) for w in worlds]
    some: dict[str, Any] = {"social_share": (0.0, 1.0), "posts": (0.5,), "topic_penalty": ()}
    some |= dict.fromkeys(("profile_noise", "feature_noise", "other_slots"), ())
    conditions = conditions_of(worlds, ARMS, **PAIR, slots=4, **some, rng=3)
    options = RUN | {"conditions": conditions, "visibility": {"planted": seen}}
    return robustness(worlds, ARMS, **PAIR, measure="hosting_hidden", **options)


def test_a_cold_start_ends_the_hosting_of_a_hidden_community(found: Robustness) -> None:
    holds = dict(found.frame.select("condition", "holds").rows())
    assert found.frame["direction"][0] == "higher"
    assert holds["cold start"] != "holds"
    assert holds["s = 0"] == "holds"
    assert "cold start" in found.nearest_text
    assert "not calibrated" in repr(found)
    assert {"slots left empty", "shared slots", "share of posts = 0.5"} <= set(holds)


def test_the_conditions_are_those_simulations(worlds: list[World], found: Robustness) -> None:
    """The same numbers as by hand, for the comparison as it is and one condition."""
    tasted = Behaviour(social_share=1.0)
    for name, behaviour in (("as it is", None), ("s = 1", tasted)):
        spread = gk.simulate_spread(worlds, ARMS, behaviour=behaviour, **RUN)
        seen = [gk.visibility(w.partitions["planted"], w.follows, runs=2, rng=1) for w in worlds]
        outcome = gk.measures.hosting_by_visibility(gk.measure_spread(spread), {"planted": seen})
        by_hand = contrast(outcome, "new", "old").row("hosting_hidden", "planted")
        row = found.frame.row(by_predicate=pl.col("condition") == name, named=True)
        columns = ("arm_mean", "baseline_mean", "difference", "low", "high", "direction")
        assert [row[c] for c in columns] == [by_hand[c] for c in columns]


def test_unknown_arms_and_measures(worlds: list[World]) -> None:
    with pytest.raises(MissingDataError, match=r"no arm 'nwe'.*Did you mean 'new'"):
        robustness(worlds[:1], ARMS, arm="nwe", baseline="old", measure="crossing", **RUN)
    with pytest.raises(MissingDataError, match="no measure 'crosing'"):
        robustness(worlds[:1], ARMS, **PAIR, measure="crosing", conditions=[], **RUN)


def test_robustness_of_shared_slots_tries_the_other_readings() -> None:
    platform = gk.synthetic.platform(120, communities=3, rng=1)
    worlds = gk.synthetic.worlds(2, like=platform, ticks=3, rng=1)
    arms = {"old": gk.follower_centric(), "new": gk.interest_centric()}
    options: dict[str, Any] = {"ticks": 3, "slots": 3, "rng": 1}
    few = [
        c
        for c in conditions_of(worlds, arms, **PAIR, slots=3, reading="shared", rng=1)
        if c.dimension == "open slots"
    ]
    assert [c.name for c in few] == ["slots filled", "slots left empty"]
    found = robustness(
        worlds, arms, **PAIR, measure="crossing", reading="shared", conditions=few, **options
    )
    spread = gk.simulate_spread(worlds, arms, reading="shared", **options)
    own = contrast(gk.measure_spread(spread), "new", "old").row("crossing")
    filled = contrast(
        gk.measure_spread(gk.simulate_spread(worlds, arms, **options)), "new", "old"
    ).row("crossing")
    assert found.frame["difference"].to_list()[:2] == [own["difference"], filled["difference"]]
    assert found.frame["worlds"].to_list() == [2, 2, 2]
