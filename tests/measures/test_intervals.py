"""What intervals speak about: populations, samples like this one, or this world."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import Contrast, arm_means, contrast

SAMPLES = "over samples like this one"
POPULATIONS = "over populations of the same making"


def jackknife(frame: pl.DataFrame, whole: int = 0) -> pl.DataFrame:
    """The outcome of a jackknife: one world is the whole, the others are its parts."""
    sample = pl.when(pl.col("world") == whole).then(pl.lit("whole")).otherwise(pl.lit("part"))
    return frame.with_columns(sample=sample)


@pytest.fixture
def four_parts(by_hand: Any) -> pl.DataFrame:
    """Whole: differences .2 and .4, mean .3. Parts: .2, .3, .3, .4."""
    own = [[0.6, 0.8], [0.7, 0.5], [0.7, 0.7], [0.8, 0.6], [0.9, 0.7]]
    return jackknife(by_hand.outcome({"a": own, "b": [[0.4, 0.4]] * 5}))


def test_a_jackknife_by_hand(four_parts: pl.DataFrame) -> None:
    """SE² = 3/4 · (.01 + 0 + 0 + .01) = .015; t with 3 degrees of freedom; no √5, no √4."""
    for confidence in (0.95, 0.8):
        gap = contrast(four_parts, "a", "b", confidence=confidence).row("crossing")
        half = stats.t.ppf((1 + confidence) / 2, 3) * math.sqrt(0.015)
        assert gap["difference"] == pytest.approx(0.3)
        assert gap["se"] == pytest.approx(math.sqrt(0.015))
        assert (gap["low"], gap["high"]) == pytest.approx((0.3 - half, 0.3 + half))
        effect = 0.3 / math.sqrt(0.015)
        assert gap["effect"] == pytest.approx(effect)
        # the noncentral t whose tail begins at the effect that was found
        tail = (1 - confidence) / 2
        assert stats.nct.sf(effect, 3, gap["effect_low"]) == pytest.approx(tail, abs=1e-6)
        assert stats.nct.cdf(effect, 3, gap["effect_high"]) == pytest.approx(tail, abs=1e-6)
        assert gap["p"] == pytest.approx(2 * stats.t.sf(effect, 3))
    assert (gap["interval"], gap["fixed"]) == (SAMPLES, "partition and labels of the data")
    assert (gap["arm_mean"], gap["baseline_mean"]) == pytest.approx((0.7, 0.4))
    assert (gap["worlds"], gap["replications"]) == (5, 10)
    # it speaks about more than this world
    assert contrast(four_parts, "a", "b", require="worlds") == contrast(four_parts, "a", "b")


def test_the_centre_is_the_whole_and_not_the_mean(by_hand: Any) -> None:
    values = {"a": [[0.5], [0.7], [0.9]], "b": [[0.1], [0.1], [0.1]]}
    gap = contrast(jackknife(by_hand.outcome(values)), "a", "b").row("crossing")
    assert gap["difference"] == pytest.approx(0.4)
    # SE² = 1/2 · (.1² + .1²)
    assert gap["se"] == pytest.approx(0.1)
    other = contrast(jackknife(by_hand.outcome(values), whole=2), "a", "b").row("crossing")
    assert other["difference"] == pytest.approx(0.8)
    mean = arm_means(jackknife(by_hand.outcome(values))).row(0, named=True)
    assert (mean["arm"], mean["mean"], mean["interval"]) == ("a", 0.5, SAMPLES)
    assert mean["fixed"] == "partition and labels of the data"
    assert mean["se"] == pytest.approx(0.1)
    half = stats.t.ppf(0.975, 1) * 0.1
    assert (mean["low"], mean["high"]) == pytest.approx((0.5 - half, 0.5 + half))


def test_populations_have_their_deviation_and_the_error_of_their_mean(by_hand: Any) -> None:
    values = {"a": [[0.6], [0.8], [0.7]], "b": [[0.4], [0.4], [0.5]]}
    gap = contrast(by_hand.outcome(values), "a", "b").row("crossing")
    d = np.array([0.2, 0.4, 0.2])
    assert gap["interval"] == POPULATIONS
    assert gap["fixed"] == "nothing: every world is made anew"
    assert gap["se"] == pytest.approx(d.std(ddof=1) / math.sqrt(3))
    assert gap["effect"] == pytest.approx(d.mean() / d.std(ddof=1))
    t, high = gap["effect"] * math.sqrt(3), gap["effect_high"] * math.sqrt(3)
    assert stats.nct.cdf(t, 2, high) == pytest.approx(0.025, abs=1e-6)
    said = by_hand.outcome(values).with_columns(sample=pl.lit("population"))
    assert contrast(said, "a", "b") == contrast(by_hand.outcome(values), "a", "b")


@pytest.mark.parametrize("copies", [1, 2, 4, 20])
def test_more_parts_make_no_interval_narrower(by_hand: Any, copies: int) -> None:
    """Parts leave out less as they become more: their deviations shrink as 1/G, and SE stays.

    The p of a test falls as far as t has more degrees of freedom, and no further.
    """
    draws = np.tile([-1.0, -0.5, 0.5, 1.0], copies)
    groups = draws.size
    scale = 0.1 * math.sqrt(groups / (groups - 1) / np.square(draws).sum())
    parts = [[0.7 + scale * x] for x in draws]
    frame = jackknife(by_hand.outcome({"a": [[0.7], *parts], "b": [[0.5]] * (groups + 1)}))
    gap = contrast(frame, "a", "b").row("crossing")
    assert gap["se"] == pytest.approx(0.1)
    assert gap["effect"] == pytest.approx(2)
    assert gap["high"] - 0.7 + 0.5 >= stats.norm.ppf(0.975) * 0.1
    assert gap["p"] >= 2 * stats.norm.sf(2)


def test_equal_arms_have_no_width(by_hand: Any) -> None:
    values = [[0.1, 0.3], [0.7, 1 / 3], [0.2, 0.1], [0.5, 0.9]]
    gap = contrast(jackknife(by_hand.outcome({"a": values, "b": values})), "a", "b").row("crossing")
    assert gap["difference"] == gap["low"] == gap["high"] == gap["se"] == 0
    assert gap["p"] is gap["effect"] is gap["effect_low"] is None
    assert gap["direction"] == "not distinguishable"


def test_what_is_too_coarse_for_a_jackknife_has_no_interval(by_hand: Any) -> None:
    """A median of counts: 3 against 2 with and without any group."""
    frame = by_hand.outcome({"a": [[3.0]] * 4, "b": [[2.0]] * 4}, "reach_median")
    gap = contrast(jackknife(frame), "a", "b").row("reach_median", "planted")
    assert gap["difference"] == 1
    assert gap["low"] is gap["se"] is gap["direction"] is None
    # over populations made anew it is what it is
    anew = contrast(frame, "a", "b").row("reach_median", "planted")
    assert (anew["low"], anew["high"], anew["direction"]) == (1, 1, "higher")


def test_every_part_and_the_whole_must_have_a_value(by_hand: Any) -> None:
    complete = {"a": [[0.5], [0.6], [0.9]], "b": [[0.4]] * 3}
    for missing in range(3):
        values = {"a": [*complete["a"]], "b": complete["b"]}
        values["a"][missing] = [None]
        frame = jackknife(
            pl.concat([by_hand.outcome(values), by_hand.outcome(complete, "viewer_value")])
        )
        gap = contrast(frame, "a", "b").row("crossing")
        assert gap["low"] is gap["direction"] is gap["p"] is None
        assert (gap["difference"] is None) == (missing == 0)
        assert contrast(frame, "a", "b").row("viewer_value", "planted")["low"] is not None


def test_a_jackknife_must_be_one(by_hand: Any) -> None:
    frame = by_hand.outcome({"a": [[0.5], [0.6], [0.9]], "b": [[0.4]] * 3})

    def refused(samples: list[str | None], message: str) -> None:
        known = dict(enumerate(samples))
        column = pl.col("world").replace_strict(known, return_dtype=pl.String)
        for make in (lambda x: contrast(x, "a", "b"), arm_means):
            with pytest.raises(DataError, match=message):
                make(frame.with_columns(sample=column))

    refused(["whole", "whole", "part"], "parts of a jackknife and 2 wholes")
    refused(["part", "part", "part"], "parts of a jackknife and 0 wholes")
    refused(["whole", "part", "population"], "mixes the worlds of resample_worlds with 1 others")
    refused(["whole", "whole", "whole"], "3 wholes of resample_worlds and no part")
    refused(["whole", "part", None], "without all the others")
    refused(["whole", "part", "twin"], "other values in 'sample'")
    with pytest.raises(DataError, match="one part of a jackknife"):
        contrast(jackknife(frame.filter(pl.col("world") < 2)), "a", "b")
    mixed = frame.with_columns(
        sample=pl.when(arm="a").then(pl.lit("whole")).otherwise(pl.lit("population"))
    )
    with pytest.raises(DataError, match="several values of 'sample'"):
        contrast(mixed, "a", "b")
    # the whole alone is one world
    whole = jackknife(frame.filter(world=0))
    assert contrast(whole, "a", "b").row("crossing")["interval"] == "within this world"


# which rows are tested, and which directions are claimed ---------------------------------------


@pytest.fixture
def several(by_hand: Any) -> pl.DataFrame:
    """Five measures under two kinds of partition, one of them by community, and one without."""
    values = {"a": [[0.5], [0.7], [0.8]], "b": [[0.4], [0.5], [0.5]]}
    parts = []
    for name in ("crossing", "hosting_reach", "reach", "creator_gini", "viewer_value"):
        frame = by_hand.outcome(values, name)
        if name in ("crossing", "hosting_reach"):
            parts += [frame.with_columns(partition=pl.lit(k)) for k in ("follow", "interest")]
            if name == "hosting_reach":
                parts[-2:] = [f.with_columns(community=pl.lit("#alt")) for f in parts[-2:]]
        else:
            parts.append(frame.with_columns(partition=pl.lit(None, pl.String)))
    return pl.concat(parts)


def test_only_declared_rows_are_tested(several: pl.DataFrame) -> None:
    found = contrast(several, "a", "b")
    primary = [("interest", "crossing"), (None, "creator_gini"), (None, "viewer_value")]
    assert found.primary.select("partition", "measure").rows() == primary
    assert found.frame.filter(pl.col("p").is_not_null()).equals(found.primary)
    assert found.frame["p_holm"].is_null().equals(found.frame["p"].is_null())
    assert found.frame["low"].null_count() == 0
    # three equal tests
    p = found.primary["p"][0]
    assert found.primary["p_holm"].to_list() == pytest.approx([min(1, 3 * p)] * 3)


def test_kinds_are_preferred_in_order(several: pl.DataFrame) -> None:
    for kinds, expected in (
        ({"interest": "planted"}, "planted"),
        ({"interest": "zebra"}, "follow"),
        ({"interest": "a", "follow": "planted"}, "planted"),
    ):
        frame = several.with_columns(pl.col("partition").replace(kinds))
        found = contrast(frame, "a", "b").primary.filter(measure="crossing")
        assert found["partition"].to_list() == [expected]


def test_other_measures_can_be_declared(several: pl.DataFrame) -> None:
    found = contrast(several, "a", "b", primary=["reach"])
    assert found.primary["measure"].to_list() == ["reach"]
    assert found.primary["p_holm"].to_list() == found.primary["p"].to_list()
    assert contrast(several, "a", "b", primary=()).frame["p"].null_count() == 7
    with pytest.raises(MissingDataError, match="Did you mean 'reach'"):
        contrast(several, "a", "b", primary=["raech"])
    with pytest.raises(OptionError, match="is one text"):
        contrast(several, "a", "b", primary="reach")


def with_filler(frame: pl.DataFrame, own: list[float], base: list[float]) -> pl.DataFrame:
    """The outcome with the share of filler of both arms in each world."""
    first = frame.filter(pl.col("measure") == "viewer_value")
    share = {("a", w): x for w, x in enumerate(own)} | {("b", w): x for w, x in enumerate(base)}
    values = [share[row] for row in first.select("arm", "world").rows()]
    rows = first.with_columns(measure=pl.lit("filler"), value=pl.Series(values))
    return pl.concat([frame, rows])


def test_no_direction_is_claimed_above_a_quarter_of_filler(several: pl.DataFrame) -> None:
    free = contrast(several, "a", "b")
    assert free.frame["filler"].null_count() == free.frame.height
    assert set(free.frame["direction"]) == {"not distinguishable"}
    wide = several.with_columns(pl.when(arm="a").then(pl.col("value") + 5).otherwise("value"))
    for own, base, claimed in (
        ([0.0, 0.1, 0.2], [0.2, 0.3, 0.25], "higher"),  # .25 on average: not above
        ([0.0, 0.0, 0.0], [0.2, 0.3, 0.26], "not claimed: filler"),
        ([0.9, 0.0, 0.0], [0.0, 0.0, 0.0], "not claimed: filler"),
    ):
        found = contrast(with_filler(wide, own, base), "a", "b")
        rows = found.frame.filter(pl.col("measure") != "filler")
        assert set(rows["direction"]) == {claimed}
        assert (rows["p"].null_count() == rows.height) == (claimed != "higher")
        assert rows["low"].null_count() == 0  # the numbers stay
        assert rows["filler"].unique().to_list() == pytest.approx([np.mean(own)])
        assert rows["baseline_filler"].unique().to_list() == pytest.approx([np.mean(base)])
    down = contrast(wide, "b", "a").row("crossing")
    assert down["direction"] == "lower"


def test_filler_of_a_jackknife_is_that_of_the_whole(several: pl.DataFrame) -> None:
    found = contrast(jackknife(with_filler(several, [0.1, 0.9, 0.9], [0.2, 0.0, 0.0])), "a", "b")
    row = found.row("crossing")
    assert (row["filler"], row["baseline_filler"]) == (0.1, 0.2)
    assert row["direction"] == "not distinguishable"


# the type --------------------------------------------------------------------------------------


def test_a_contrast_shows_what_it_speaks_about(several: pl.DataFrame) -> None:
    wide = several.with_columns(pl.when(arm="a").then(pl.col("value") + 5).otherwise("value"))
    found = contrast(jackknife(with_filler(wide, [0.1, 0.1, 0.1], [0.2] * 3)), "a", "b")
    text = repr(found)
    for part in (
        "Contrast: a − b",
        f"{SAMPLES} (2 groups left out in turn)",
        "partition and labels of the data",
        "a 10%, b 20%",
        "crossing (interest)",
        "creator_gini",
        "; higher; Holm p",
        " SD",
        "not calibrated",
        "8 in .frame, 3 primary",
    ):
        assert part in text, part
    assert "hosting_reach" not in text
    html = found._repr_html_()
    # the primary rows first
    assert html.index("<td>viewer_value") < html.index("<td>hosting_reach")
    assert isinstance(found, Contrast)
    again = contrast(several, "a", "b")
    assert "unknown" in repr(again)
    assert f"{POPULATIONS} (3 worlds)" in repr(again)
    single = contrast(several.filter(world=0), "a", "b")
    assert "none: they need replications=2 or more, or several worlds" in repr(single)
    assert "undefined" in repr(contrast(several.with_columns(value=None), "a", "b"))


def test_one_row(several: pl.DataFrame) -> None:
    found = contrast(several, "a", "b")
    assert found.row("crossing")["partition"] == "interest"  # the primary one
    assert found.row("crossing", "follow")["partition"] == "follow"
    assert found.row("reach")["partition"] is None
    assert found.row("hosting_reach", "follow", "#alt")["community"] == "#alt"
    with pytest.raises(DataError, match="under the partitions follow, interest"):
        found.row("hosting_reach", community="#alt")
    with pytest.raises(MissingDataError, match="Kinds: follow, interest"):
        found.row("crossing", "planted")
    with pytest.raises(MissingDataError, match="Did you mean 'crossing'"):
        found.row("crosing")
    with pytest.raises(MissingDataError, match="of '#books'"):
        found.row("hosting_reach", "follow", "#books")


@pytest.mark.parametrize("jackknifed", [False, True])
def test_a_difference_that_is_rounding_is_zero(by_hand: Any, jackknifed: bool) -> None:
    """.1 + .2 and .3 differ by 5.6e-17 in every world: nothing is higher."""
    outcome = by_hand.outcome({"a": [[0.1 + 0.2]] * 4, "b": [[0.3]] * 4})
    gap = contrast(jackknife(outcome) if jackknifed else outcome, "a", "b").row("crossing")
    assert (gap["difference"], gap["low"], gap["high"]) == (0.0, 0.0, 0.0)
    assert gap["direction"] == "not distinguishable"
    # one world has no interval, and no difference either
    single = by_hand.outcome({"a": [[0.1 + 0.2]], "b": [[0.3]]})
    gap = contrast(single, "a", "b").row("crossing")
    assert (gap["difference"], gap["low"]) == (0.0, None)
    # beside values of its own size, a small difference is one
    small = by_hand.outcome({"a": [[3e-17]] * 4, "b": [[1e-17]] * 4})
    assert contrast(small, "a", "b").row("crossing")["direction"] == "higher"
