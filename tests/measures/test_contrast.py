from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import arm_means, contrast
from graphkit.measures.intervals import holm


def test_worlds_are_the_units_and_replications_are_averaged_first(by_hand: Any) -> None:
    own = [[0.5, 0.7], [0.9, 0.9], [0.2, 0.6]]
    base = [[0.4, 0.4], [0.7, 0.5], [0.4, 0.1]]
    gap = contrast(
        by_hand.outcome({"interest": own, "follower": base}), "interest", "follower"
    ).row("crossing")
    differences = np.mean(own, axis=1) - np.mean(base, axis=1)
    test = stats.ttest_1samp(differences, 0)
    low, high = test.confidence_interval(0.95)
    assert gap["difference"] == pytest.approx(differences.mean())
    assert (gap["low"], gap["high"]) == pytest.approx((low, high))
    assert gap["p"] == gap["p_holm"] == pytest.approx(test.pvalue)
    assert gap["effect"] == pytest.approx(differences.mean() / differences.std(ddof=1))
    assert gap["arm_mean"] == pytest.approx(np.mean(own))
    assert gap["baseline_mean"] == pytest.approx(np.mean(base))
    assert (gap["interval"], gap["worlds"], gap["replications"]) == (
        "over populations of the same making",
        3,
        6,
    )


def test_one_world_is_labelled_and_can_be_refused(by_hand: Any) -> None:
    frame = by_hand.outcome({"a": [[0.5, 0.7, 0.8]], "b": [[0.4, 0.5, 0.5]]})
    gap = contrast(frame, "a", "b").row("crossing")
    test = stats.ttest_rel([0.5, 0.7, 0.8], [0.4, 0.5, 0.5])
    assert (gap["interval"], gap["fixed"]) == ("within this world", "the world")
    assert (gap["low"], gap["high"]) == pytest.approx(tuple(test.confidence_interval(0.95)))
    assert gap["effect"] is None  # nothing is known of how worlds vary
    with pytest.raises(DataError, match="resample_worlds"):
        contrast(frame, "a", "b", require="worlds")
    found = contrast(by_hand.outcome({"a": [[0.5]], "b": [[0.4]]}), "a", "b")
    assert "none: they need replications=2 or more, or several worlds" in repr(found)
    single = found.row("crossing")
    assert single["difference"] == pytest.approx(0.1)
    assert single["low"] is single["high"] is single["p"] is single["p_holm"] is None


def test_equal_arms_differ_by_exactly_zero(by_hand: Any) -> None:
    same = [[0.1, 0.3], [0.7, 1 / 3]]
    gap = contrast(by_hand.outcome({"a": same, "b": same}), "a", "b").row("crossing")
    assert gap["difference"] == gap["low"] == gap["high"] == 0
    assert gap["p"] is None
    assert gap["effect"] is None


def test_rounding_is_not_variation(by_hand: Any) -> None:
    gap = contrast(by_hand.outcome({"a": [[0.3], [0.4]], "b": [[0.1], [0.2]]}), "a", "b").row(
        "crossing"
    )
    assert 0.3 - 0.1 != 0.4 - 0.2
    assert gap["low"] == gap["difference"] == gap["high"] == pytest.approx(0.2)
    assert gap["p"] is None


def test_undefined_values_leave_their_pair_out(by_hand: Any) -> None:
    frame = by_hand.outcome({"a": [[0.5], [None], [0.9]], "b": [[0.4], [0.4], [0.6]]})
    gap = contrast(frame, "a", "b").row("crossing")
    assert (gap["worlds"], gap["difference"]) == (2, pytest.approx(0.2))
    nothing = contrast(by_hand.outcome({"a": [[None]], "b": [[0.1]]}), "a", "b").row("crossing")
    assert nothing["difference"] is None
    assert nothing["worlds"] == 0


def test_a_measure_that_one_arm_lacks_stays_null(by_hand: Any) -> None:
    frame = pl.concat(
        [
            by_hand.outcome({"a": [[0.5]], "b": [[0.1]]}),
            by_hand.outcome({"a": [[0.5]]}, "source_trending"),
        ]
    )
    gap = contrast(frame, "a", "b").frame
    assert gap["measure"].to_list() == ["crossing", "source_trending"]
    assert gap["difference"].to_list() == [pytest.approx(0.4), None]


def test_descriptions_are_not_tested(by_hand: Any) -> None:
    values = {"a": [[0.5], [0.7], [0.8]], "b": [[0.4], [0.5], [0.5]]}
    names = (
        "crossing",
        "filler",
        "source_interest",
        "candidates_per_session",
        "index_recall",
        "reach",
    )
    frame = pl.concat([by_hand.outcome(values, name) for name in names])
    gap = contrast(frame, "a", "b", primary=names).frame
    assert gap["p"].is_null().to_list() == [False, True, True, True, True, False]
    assert gap["low"].null_count() == 0
    assert gap["primary"].all()
    assert gap["p_holm"][0] == pytest.approx(min(1, 2 * gap["p"][0]))


def test_holm_by_hand() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == pytest.approx([0.03, None, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([None]) == [None]


def test_errors_name_the_nearest(by_hand: Any) -> None:
    frame = by_hand.outcome({"interest": [[0.5]], "follower": [[0.4]]})
    with pytest.raises(MissingDataError, match="Did you mean 'follower'"):
        contrast(frame, "interest", "folower")
    with pytest.raises(MissingDataError, match="no column budget"):
        contrast(frame.drop("budget"), "interest", "follower")
    with pytest.raises(OptionError, match="confidence"):
        contrast(frame, "interest", "follower", confidence=95)
    with pytest.raises(OptionError, match="require"):
        contrast(frame, "interest", "follower", require="world")


def test_budgets_never_meet(by_hand: Any) -> None:
    mixed = pl.concat(
        [by_hand.outcome({"a": [[0.5]]}), by_hand.outcome({"b": [[0.5]]}, budget="free")]
    )
    with pytest.raises(DataError, match="'free', 'matched'"):
        contrast(mixed, "a", "b")
    frame = by_hand.outcome({"a": [[0.5]], "b": [[0.5]]})
    with pytest.raises(DataError, match="more than one value"):
        contrast(pl.concat([frame, frame]), "a", "b")


def test_calibrated_and_uncalibrated_never_meet(by_hand: Any) -> None:
    frame = by_hand.outcome({"a": [[0.5]], "b": [[0.5]]})
    assert contrast(frame, "a", "b").frame["calibrated"].to_list() == [False]
    fitted = by_hand.outcome({"a": [[0.5]], "b": [[0.5]]}, calibrated=True)
    assert contrast(fitted, "a", "b").frame["calibrated"].to_list() == [True]
    mixed = pl.concat([frame.filter(arm="a"), fitted.filter(arm="b")])
    with pytest.raises(DataError, match="mixes calibrated and uncalibrated"):
        contrast(mixed, "a", "b")
    with pytest.raises(MissingDataError, match="no column calibrated"):
        contrast(frame.drop("calibrated"), "a", "b")


def test_row_order_of_the_outcome_changes_nothing(by_hand: Any) -> None:
    draws = np.random.default_rng(2)
    frame = by_hand.outcome({arm: draws.random((4, 3)).tolist() for arm in ("a", "b")})
    shuffled = frame.sample(fraction=1, shuffle=True, seed=3)
    assert contrast(frame, "a", "b") == contrast(shuffled, "a", "b")


def test_arm_means_average_replications_and_then_worlds(by_hand: Any) -> None:
    worlds = [[0.5, 0.7], [0.9, 0.9], [0.2, None]]
    row = arm_means(by_hand.outcome({"a": worlds}), confidence=0.9).row(0, named=True)
    units = [0.6, 0.9, 0.2]
    interval = stats.ttest_1samp(units, 0).confidence_interval(0.9)
    assert row["mean"] == pytest.approx(np.mean(units))
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert (row["worlds"], row["replications"], row["interval"]) == (
        3,
        5,
        "over populations of the same making",
    )
    assert (row["budget"], row["calibrated"]) == ("matched", False)


def test_arm_means_within_one_world_are_labelled(by_hand: Any) -> None:
    row = arm_means(by_hand.outcome({"a": [[0.5, 0.7, 0.9]]})).row(0, named=True)
    interval = stats.ttest_1samp([0.5, 0.7, 0.9], 0).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert (row["interval"], row["worlds"]) == ("within this world", 1)
    single = arm_means(by_hand.outcome({"a": [[0.5]]})).row(0, named=True)
    assert (single["mean"], single["low"], single["high"]) == (0.5, None, None)
    # one of several worlds only: still an interval over worlds, of which there is none
    lone = arm_means(by_hand.outcome({"a": [[0.5, 0.6], [None, None]]})).row(0, named=True)
    assert (lone["mean"], lone["low"], lone["worlds"]) == (pytest.approx(0.55), None, 1)
    assert lone["interval"] == "over populations of the same making"


def test_undefined_and_unvarying_values(by_hand: Any) -> None:
    rows = arm_means(by_hand.outcome({"a": [[None], [None]], "b": [[0.3], [0.1 + 0.2]]}))
    nothing, same = rows.iter_rows(named=True)
    assert (nothing["mean"], nothing["low"], nothing["worlds"]) == (None, None, 0)
    assert same["low"] == same["mean"] == same["high"] == pytest.approx(0.3)
    assert arm_means(by_hand.outcome({}).with_columns(pl.lit(1.0).alias("value"))).height == 0


def test_rows_keep_their_order_and_their_digits(by_hand: Any) -> None:
    draws = np.random.default_rng(3)
    names = ("reach", "crossing", "completion")
    frame = pl.concat(
        [
            by_hand.outcome({arm: draws.random((4, 3)).tolist() for arm in ("b", "a")}, n)
            for n in names
        ]
    )
    means = arm_means(frame)
    assert means.select("arm", "measure").rows() == [(a, n) for n in names for a in ("b", "a")]
    shuffled = arm_means(frame.sample(fraction=1, shuffle=True, seed=1))
    keys = ["arm", "measure"]
    assert means.sort(keys).equals(shuffled.sort(keys))


def test_shares_of_blends_become_a_column(by_hand: Any) -> None:
    frame = by_hand.outcome({"first": [[0.5]], "half": [[0.5]], "other": [[0.5]]})
    means = arm_means(frame, shares={"first": 0, "half": 0.5})
    assert means["share"].to_list() == [0, 0.5, None]
    assert "share" not in arm_means(frame).columns
    with pytest.raises(MissingDataError, match="Did you mean 'half'"):
        arm_means(frame, shares={"halv": 0.5})
    with pytest.raises(OptionError, match=r"shares\['half'\]=50"):
        arm_means(frame, shares={"half": 50})


def test_what_cannot_be_averaged_is_refused(by_hand: Any) -> None:
    frame = by_hand.outcome({"a": [[0.5]]})
    with pytest.raises(DataError, match="'free', 'matched'"):
        arm_means(pl.concat([frame, by_hand.outcome({"b": [[0.5]]}, budget="free")]))
    with pytest.raises(DataError, match="calibrated and uncalibrated"):
        arm_means(pl.concat([frame, by_hand.outcome({"b": [[0.5]]}, calibrated=True)]))
    with pytest.raises(DataError, match="more than one value"):
        arm_means(pl.concat([frame, frame]))
    with pytest.raises(MissingDataError, match="no column world"):
        arm_means(frame.drop("world"))
    with pytest.raises(OptionError, match="confidence"):
        arm_means(frame, confidence=95)


# values that cannot be ------------------------------------------------------------------------


def with_values(values: Any, **columns: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "arm": ["a", "a", "b", "b"],
            "world": [0, 1, 0, 1],
            "replication": 0,
            "partition": "planted",
            "community": None,
            "measure": "crossing",
            "value": values,
            "budget": "matched",
            "calibrated": False,
        }
        | columns
    )


IMPOSSIBLE: dict[str, tuple[Any, str]] = {
    "text": (with_values(["0.5"] * 4), "type String in 'value'"),
    "truth": (with_values([True] * 4), "type Boolean in 'value'"),
    "lists": (with_values([[1.0]] * 4), r"type List\(Float64\) in 'value'"),
    "infinite": (with_values([math.inf, 1.0, 2.0, 3.0]), "the value inf"),
    "minus infinite": (with_values([-math.inf, 1.0, 2.0, 3.0]), "the value inf"),
    "huge": (with_values([1.7e308, -1.7e308, -1.7e308, 1.7e308]), r"the value 1.7e\+308"),
    "calibrated": (with_values([1.0] * 4, calibrated="no"), "type String in 'calibrated'"),
    "a dict": ({"value": [1.0]}, "the outcome is a dict"),
    "nothing": (None, "the outcome is a NoneType"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_outcomes_are_refused(name: str) -> None:
    outcome, message = IMPOSSIBLE[name]
    with pytest.raises(DataError, match=message):
        contrast(outcome, "a", "b")
    with pytest.raises(DataError, match=message):
        arm_means(outcome)


def test_nan_is_as_null() -> None:
    """World 0 has no value of a: the difference is that of world 1."""
    for values in ([math.nan, 0.7, 0.4, 0.4], [None, 0.7, 0.4, 0.4]):
        found = contrast(with_values(values), "a", "b").frame
        assert found["difference"].to_list() == pytest.approx([0.3])
        assert arm_means(with_values(values))["mean"].to_list() == pytest.approx([0.7, 0.4])


def test_numbers_of_communities_do_not_match_independent_worlds() -> None:
    rows = [
        (arm, world, 0, "planted", community, "crossing", value + (arm == "a"), "matched", True)
        for arm in ("a", "b")
        for world in (0, 1)
        for community, value in (
            ("dance", 0.1),
            ("community 1", 0.2),
            ("community 2 (unnamed)", 0.3),
        )
    ]
    columns = ["arm", "world", "replication", "partition", "community", "measure", "value"]
    frame = pl.DataFrame(rows, schema=[*columns, "budget", "calibrated"], orient="row")
    found = contrast(frame, "a", "b", primary=())
    assert found.frame["community"].to_list() == ["dance"]
    assert found.provenance.removed == {"communities without a name, over all worlds": 4}
    assert arm_means(frame)["community"].unique().to_list() == ["dance"]
    # the parts of a jackknife, and one world, have one partition
    parts = pl.DataFrame({"world": [0, 1, 2], "sample": ["whole", "part", "part"]})
    more = pl.concat([frame, frame.filter(world=1).with_columns(world=pl.lit(2, pl.Int64))])
    for other in (more.join(parts, on="world"), frame.filter(world=0)):
        assert contrast(other, "a", "b", primary=()).frame["community"].n_unique() == 3
