from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import arm_means


def test_worlds_are_the_units_and_replications_are_averaged_first(by_hand: Any) -> None:
    worlds = [[0.5, 0.7], [0.9, 0.9], [0.2, None]]
    row = arm_means(by_hand.outcome({"a": worlds}), confidence=0.9).row(0, named=True)
    units = [0.6, 0.9, 0.2]
    interval = stats.ttest_1samp(units, 0).confidence_interval(0.9)
    assert row["mean"] == pytest.approx(np.mean(units))
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert (row["worlds"], row["replications"], row["interval"]) == (3, 5, "over worlds")
    assert (row["budget"], row["calibrated"]) == ("matched", False)


def test_within_one_world_the_label_says_so(by_hand: Any) -> None:
    row = arm_means(by_hand.outcome({"a": [[0.5, 0.7, 0.9]]})).row(0, named=True)
    interval = stats.ttest_1samp([0.5, 0.7, 0.9], 0).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert (row["interval"], row["worlds"]) == ("within this world", 1)
    single = arm_means(by_hand.outcome({"a": [[0.5]]})).row(0, named=True)
    assert (single["mean"], single["low"], single["high"]) == (0.5, None, None)
    # one of several worlds only: still an interval over worlds, of which there is none
    lone = arm_means(by_hand.outcome({"a": [[0.5, 0.6], [None, None]]})).row(0, named=True)
    assert (lone["mean"], lone["low"], lone["worlds"]) == (pytest.approx(0.55), None, 1)
    assert lone["interval"] == "over worlds"


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
