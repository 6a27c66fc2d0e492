"""Kaplan–Meier, medians and the log-rank test on published and hand-worked examples."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import kaplan_meier, logrank

# Weeks of remission of 42 children with leukaemia under 6-mercaptopurine and under placebo:
# Freireich, E. J., et al. (1963), Blood, 21(6), 699–716, https://doi.org/10.1182/blood.V21.6.699.699,
# the example of most textbooks (Klein & Moeschberger 2003, section 1.2)
TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
ENDED = [True] * 9 + [False] * 12
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def median_of(curve: pl.DataFrame) -> float:
    return curve.filter(pl.col("survival") <= 0.5)["time"][0]


def test_published_remission_times() -> None:
    treated, placebo = kaplan_meier(TREATED, ENDED), kaplan_meier(PLACEBO, [True] * 21)
    events = treated.filter(pl.col("ended") > 0)
    assert events["time"].to_list() == [6, 7, 10, 13, 16, 22, 23]
    assert events["at_risk"].to_list() == [21, 17, 15, 12, 11, 7, 6]
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert events["survival"].round(3).to_list() == published
    assert (median_of(treated), median_of(placebo)) == (23, 8)
    found = logrank(treated, placebo)
    assert round(found.chi2, 2) == 16.79
    assert found.p == pytest.approx(stats.chi2.sf(found.chi2, 1))
    assert found.frame.rows() == [("a", 21, 9, 12), ("b", 21, 21, 0)]
    assert "16.79" in repr(found)


def test_intervals_are_greenwoods_on_the_scale_of_log_of_minus_log() -> None:
    curve = kaplan_meier(TREATED, ENDED, confidence=0.9)
    total, survival, z = 0.0, 1.0, stats.norm.ppf(0.95)
    for row in curve.iter_rows(named=True):
        n, d = row["at_risk"], row["ended"]
        total, survival = total + d / (n * (n - d)), survival * (1 - d / n)
        wide = math.exp(z * math.sqrt(total) / math.log(survival))
        bounds = sorted([survival**wide, survival ** (1 / wide)])
        assert row["survival"] == pytest.approx(survival)
        assert [row["low"], row["high"]] == pytest.approx(bounds)


def test_by_hand_with_ties() -> None:
    # at 2 one ends and one is censored: the censored one is still at risk
    curve = kaplan_meier([1, 2, 2, 3, 3], [False, True, False, True, True])
    expected = [(1.0, 5, 0, 1, 1.0), (2.0, 4, 1, 1, 0.75), (3.0, 2, 2, 0, 0.0)]
    assert curve.select("time", "at_risk", "ended", "censored", "survival").rows() == expected
    assert curve["low"].is_null().to_list() == [True, False, True]


def test_all_censored_and_none() -> None:
    curve = kaplan_meier([0, 4], [False, False])
    assert curve["survival"].to_list() == [1, 1]
    with pytest.raises(DataError, match="at least one"):
        kaplan_meier([], np.zeros(0, bool))
    with pytest.raises(DataError, match="truth values"):
        kaplan_meier([1, 2], [0, 1])
    with pytest.raises(DataError, match="truth values"):
        kaplan_meier([1, 2], [True])
    with pytest.raises(OptionError, match="confidence"):
        kaplan_meier([1], [True], confidence=1)


def test_the_log_rank_statistic_by_hand() -> None:
    # at 1: two of four at risk are of a, one ends; at 2: one of three is of a
    found = logrank(kaplan_meier([1, 3], [True, False]), kaplan_meier([2, 4], [True, False]))
    expected = 2 / 4 + 1 / 3
    variance = 1 / 4 + 2 / 9
    assert found.chi2 == pytest.approx((1 - expected) ** 2 / variance)
    assert found == logrank(
        kaplan_meier([3, 1], [False, True]), kaplan_meier([4, 2], [False, True])
    )


def rows_of(**key: object) -> pl.DataFrame:
    """A curve of three posts in the columns of ``TimeToCross.curves``."""
    key = {"arm": "a", "world": 0, "replication": 0, "community": "x"} | key
    counts = {"age": [0, 1, 2], "crossed": [1, 0, 1], "censored": [0, 1, 0]}
    return pl.DataFrame(counts).with_columns(
        pl.lit(value, pl.String if name == "community" else None).alias(name)
        for name, value in key.items()
    )


def test_paired_groups_are_refused() -> None:
    one = rows_of()
    for other in (rows_of(arm="b"), rows_of(replication=1), rows_of(arm="b", community=None), one):
        with pytest.raises(DataError, match=r"paired.*contrast\(measure_spread"):
            logrank(one, other)
    assert logrank(one, rows_of(community="y")).p == 1
    assert logrank(one, rows_of(world=1)).p == 1
    assert logrank(rows_of(community=None), rows_of(world=1, community=None)).p == 1


def test_groups_that_are_no_groups_are_refused() -> None:
    one, other = rows_of(), rows_of(community="y")
    with pytest.raises(DataError, match="several values of arm"):
        logrank(pl.concat([one, rows_of(arm="b")]), other)
    with pytest.raises(DataError, match="once more"):
        logrank(pl.concat([one, rows_of(community=None)]), other)
    with pytest.raises(DataError, match="b has no rows"):
        logrank(one, other.clear())
    with pytest.raises(MissingDataError, match="a has no columns age"):
        logrank(one.drop("age"), other)
    with pytest.raises(DataError, match="no event"):
        logrank(kaplan_meier([1], [False]), kaplan_meier([2], [False]))
