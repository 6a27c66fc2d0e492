"""Worlds needed: published numbers, coverage of the wanted width, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import contrast, worlds_needed


def pilot(by_hand: Any, values: list[float]) -> pl.DataFrame:
    return by_hand.outcome({"a": [[v] for v in values], "b": [[0.0] for _ in values]})


@pytest.fixture
def unit(by_hand: Any) -> pl.DataFrame:
    """Three worlds whose differences have a standard deviation of 1."""
    return pilot(by_hand, [1.0, 2.0, 3.0])


# paired t test, two-sided, level 0.05, power 0.8: G*Power 3 and Cohen (1988)
@pytest.mark.parametrize(("d", "needed"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_published_numbers(unit: pl.DataFrame, d: float, needed: int) -> None:
    found = worlds_needed(unit, "a", "b", measure="crossing", effect=d)
    assert found.needed == needed
    assert (found.unit, found.pilot) == ("worlds", 3)
    # a power of 0.95 at d = 0.5 needs 54
    if d == 0.5:
        more = worlds_needed(unit, "a", "b", measure="crossing", effect=d, power=0.95)
        assert more.needed == 54


def test_the_least_number_with_the_wanted_width(unit: pl.DataFrame) -> None:
    found = worlds_needed(unit, "a", "b", measure="crossing", precision=0.4)
    widths = {n: stats.t.ppf(0.975, n - 1) / n**0.5 for n in range(2, 60)}
    assert found.needed == min(n for n, width in widths.items() if width <= 0.4) == 27
    high = (2 / stats.chi2.ppf(0.2, 2)) ** 0.5
    assert found.deviation_high == pytest.approx(high)
    assert found.half_width == pytest.approx(widths[3])
    assert found.frame["worlds"].to_list()[0] == 2
    row = found.frame.row(by_predicate=pl.col("worlds") == 27, named=True)
    assert row["half_width"] == pytest.approx(widths[27])
    assert row["half_width_high"] == pytest.approx(widths[27] * high)
    assert (row["power"], found.achieved_power) == (None, None)
    assert found.frame["worlds"].max() == found.needed_high > found.needed
    assert f"{found.needed_high:,}" in repr(found)
    # the pilot's own interval has the half-width that the contrast gives
    gap = contrast(unit, "a", "b").row("crossing")
    assert found.half_width == pytest.approx((gap["high"] - gap["low"]) / 2)


def test_half_of_the_intervals_are_narrower_and_the_upper_limit_keeps_the_promise(
    by_hand: Any,
) -> None:
    rng = np.random.default_rng(1)
    # with the true deviation: about half of the intervals are within the wanted width
    n = worlds_needed(
        pilot(by_hand, [1.0, 2.0, 3.0]), "a", "b", measure="crossing", precision=0.5
    ).needed
    s = rng.normal(size=(4000, n)).std(axis=1, ddof=1)
    within = float((stats.t.ppf(0.975, n - 1) * s / n**0.5 <= 0.5).mean())
    assert 0.45 < within < 0.65
    # four pilots of six in five lead to the wanted power by the upper limit, half of them by s
    kept = {"needed": 0, "needed_high": 0}
    for _ in range(60):
        values = rng.normal(1, 1, 6).tolist()
        found = worlds_needed(pilot(by_hand, values), "a", "b", measure="crossing", effect=0.8)
        for name in kept:
            kept[name] += getattr(found, name) >= 15
    assert kept["needed_high"] / 60 > 0.68
    assert 0.25 < kept["needed"] / 60 < 0.75
    assert stats.binom.sf(kept["needed_high"] - 1, 60, 0.8) > 0.001


def test_power_of_the_pilot_is_that_of_simulated_tests(unit: pl.DataFrame) -> None:
    found = worlds_needed(unit, "a", "b", measure="crossing", effect=1.5)
    rng = np.random.default_rng(2)
    for n in (3, 6):
        drawn = rng.normal(1.5, 1, size=(8000, n))
        hit = float((stats.ttest_1samp(drawn, 0, axis=1).pvalue < 0.05).mean())
        row = found.frame.row(by_predicate=pl.col("worlds") == n, named=True)
        assert row["power"] == pytest.approx(hit, abs=0.02)
    assert found.achieved_power == pytest.approx(found.frame["power"][1])
    # tiny tails on the other side are no trouble
    sure = worlds_needed(unit, "a", "b", measure="crossing", effect=40.0)
    assert sure.needed == 2
    assert sure.frame["power"].null_count() == 0


def test_within_one_world_replications_are_counted(by_hand: Any) -> None:
    outcome = by_hand.outcome({"a": [[1.0, 2.0, 3.0]], "b": [[0.0, 0.0, 0.0]]})
    found = worlds_needed(outcome, "a", "b", measure="crossing", precision=0.4)
    assert (found.unit, found.pilot, found.needed) == ("replications", 3, 27)
    with pytest.raises(DataError, match="in 1 of the replications"):
        worlds_needed(
            by_hand.outcome({"a": [[1.0]], "b": [[0.0]]}), "a", "b", measure="crossing", effect=1
        )


def test_what_is_refused(unit: pl.DataFrame, by_hand: Any) -> None:
    with pytest.raises(OptionError, match="one of them"):
        worlds_needed(unit, "a", "b", measure="crossing")
    with pytest.raises(OptionError, match="one of them"):
        worlds_needed(unit, "a", "b", measure="crossing", effect=1, precision=1)
    with pytest.raises(OptionError, match="more than 1,000,000"):
        worlds_needed(unit, "a", "b", measure="crossing", precision=1e-6)
    with pytest.raises(OptionError, match=r"power=0\.04"):
        worlds_needed(unit, "a", "b", measure="crossing", effect=1, power=0.05 - 1e-9)
    with pytest.raises(OptionError, match="effect=0"):
        worlds_needed(unit, "a", "b", measure="crossing", effect=0)
    with pytest.raises(MissingDataError, match="crossing"):
        worlds_needed(unit, "a", "b", measure="crosing", effect=1)
    with pytest.raises(DataError, match="the same in all 3 worlds"):
        worlds_needed(pilot(by_hand, [1.0, 1.0, 1.0]), "a", "b", measure="crossing", effect=1)
    whole = pl.col("world").replace_strict({0: "whole", 1: "part", 2: "part"})
    with pytest.raises(DataError, match="more parts do not narrow it"):
        worlds_needed(unit.with_columns(sample=whole), "a", "b", measure="crossing", effect=1)


def test_power_at_high_levels_and_huge_effects(by_hand: Any) -> None:
    outcome, options = pilot(by_hand, [1.0, 2.0, 3.0]), {"measure": "crossing"}
    # shift = limit and t very large, one degree of freedom: P(Z + t > t |Z'|) ≈ P(|Z'| < 1)
    level = 1 - 1e-6
    limit = float(stats.t.ppf((1 + level) / 2, 1)) / 2**0.5
    found = worlds_needed(outcome, "a", "b", effect=limit, power=0.5, confidence=level, **options)
    assert found.frame["power"][0] == pytest.approx(2 * stats.norm.cdf(1) - 1, abs=1e-5)
    assert found.needed == 2
    assert worlds_needed(outcome, "a", "b", effect=1e9, **options).needed == 2


@pytest.mark.parametrize("confidence", [0.95, 0.999])
def test_power_by_the_distribution_of_the_deviation(by_hand: Any, confidence: float) -> None:
    outcome = pilot(by_hand, [1.0, 2.0, 3.0])
    options: dict[str, Any] = {"measure": "crossing", "power": 0.99, "confidence": confidence}
    frame = worlds_needed(outcome, "a", "b", effect=1.1, **options).frame
    u = (np.arange(100_000) + 0.5) / 100_000
    for n in (2, 3, 4, 10):
        t, s = stats.t.ppf((1 + confidence) / 2, n - 1), (stats.chi2.ppf(u, n - 1) / (n - 1)) ** 0.5
        power = stats.norm.sf(t * s - 1.1 * n**0.5) + stats.norm.cdf(-t * s - 1.1 * n**0.5)
        assert frame["power"][n - 2] == pytest.approx(power.mean(), abs=2e-5)
