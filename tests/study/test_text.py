from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from graphkit.simulation import Behaviour
from graphkit.study import demo_config
from graphkit.study.results import Headline
from graphkit.study.text import (
    CLAIMS,
    Gap,
    all_arms_caption,
    compare_without_filler,
    difference_text,
    state_headline,
)

CROSSING, HOSTING = CLAIMS


def gap(low: float, high: float, worlds: int = 10) -> Gap:
    middle = (low + high) / 2
    return Gap(0.8 + middle, 0.8, middle, low, high, worlds)


def said(**gaps: Gap) -> Headline:
    return state_headline(CROSSING, gaps, arm="interest", baseline="follower")


def test_a_difference_with_its_interval_in_one_sentence() -> None:
    found = said(interest=gap(0.1, 0.3))
    assert found.title == "Cross-community exposure: interest compared with follower"
    assert found.sentences == (
        "Under the interest partition, cross-community exposure is 1.00 × that of random exposure "
        "in the interest feed and 0.80 × in the follower feed; difference: +0.2 [+0.1, +0.3], 95 % "
        "confidence interval over 10 worlds.",
    )
    assert found.verdict == (
        "Cross-community exposure is higher in the interest feed than in the follower feed under "
        "the interest partition."
    )
    assert found.agree


def test_shares_are_per_cent_and_their_difference_percentage_points() -> None:
    gaps = {"planted": Gap(39.2, 12.0, 27.2, 20.0, 34.4, 10)}
    found = state_headline(HOSTING, gaps, arm="interest", baseline="follower")
    assert found.sentences == (
        "Under the planted partition, the within-community reach of hidden communities is 39.2 % of "
        "their members in the interest feed and 12.0 % in the follower feed; difference: +27.2 "
        "[+20, +34.4] percentage points, 95 % confidence interval over 10 worlds.",
    )


def test_an_interval_that_includes_zero_is_not_distinguishable_from_it() -> None:
    found = said(interest=gap(-0.1, 0.3))
    assert found.sentences[0].endswith(
        "+0.1 [−0.1, +0.3], 95 % confidence interval over 10 worlds (not distinguishable from zero)."
    )
    assert found.verdict == (
        "Not distinguishable from zero under the interest partition (95 % CI includes 0)."
    )
    assert not found.agree
    assert (
        "under the interest and follow partitions"
        in said(interest=gap(-0.1, 0.3), follow=gap(0.0, 0.2)).verdict
    )


def test_signs_that_differ_are_said_to_differ() -> None:
    found = said(interest=gap(0.1, 0.3), follow=gap(-0.3, -0.1), planted=gap(-1, 1))
    assert found.verdict == (
        "The sign differs between partitions: in the interest feed, cross-community exposure is "
        "higher than in the follower feed under the interest partition, and lower under the follow "
        "partition. No direction follows from this."
    )
    assert not found.agree


def test_a_partition_without_a_clear_difference_is_named() -> None:
    found = said(interest=gap(-0.3, -0.1), follow=gap(-1, 1))
    assert found.verdict == (
        "Cross-community exposure is lower in the interest feed than in the follower feed under the "
        "interest partition; not distinguishable from zero under the follow partition (95 % CI "
        "includes 0)."
    )
    assert not found.agree


def test_what_the_interval_is_over() -> None:
    assert "within this world" in difference_text(gap(0.1, 0.3, worlds=1))
    single = Gap(1, 0.5, 0.5, math.nan, math.nan, 1)
    assert "without an interval" in difference_text(single)
    assert single.sign == 0
    assert said().verdict == "Not estimable: no partition allows it."


def checked(gaps: dict[str, Gap], bare: dict[str, Gap]) -> Headline:
    arms = {"arm": "interest", "baseline": "follower"}
    return compare_without_filler(said(**gaps), CROSSING, gaps, bare, **arms)


def test_a_sign_that_filler_decides_is_no_direction() -> None:
    found = checked({"interest": gap(-0.3, -0.1)}, {"interest": gap(0.1, 0.2)})
    assert found.verdict.startswith(
        "The result depends on the backfill rule: with backfill, cross-community exposure is lower"
    )
    assert "the opposite under the interest partition" in found.verdict
    assert found.verdict.endswith("No direction follows from this.")
    assert not found.agree
    assert len(found.sentences) == 2


def test_a_verdict_denies_a_direction_once() -> None:
    signs = {"interest": gap(-0.3, -0.1), "follow": gap(0.1, 0.2)}
    found = checked(signs, {"interest": gap(0.1, 0.3), "follow": gap(0.1, 0.2)})
    assert found.verdict.count("No direction follows") == 1


def test_a_sign_that_holds_without_filler_says_so() -> None:
    found = checked({"interest": gap(-0.3, -0.1)}, {"interest": gap(-0.2, -0.1)})
    assert found.verdict.endswith("the same with slots left empty instead of backfilled.")
    assert found.agree
    lost = checked({"interest": gap(-0.3, -0.1)}, {"interest": gap(-0.2, 0.1)})
    assert "not distinguishable from zero under the interest partition" in lost.verdict
    assert not lost.agree


def test_partitions_that_part_without_filler_give_no_direction() -> None:
    found = checked(
        {"interest": gap(-0.3, -0.1), "follow": gap(-0.1, 0.1)},
        {"interest": gap(-0.2, -0.1), "follow": gap(0.1, 0.2)},
    )
    assert "But with slots left empty instead of backfilled, the sign differs" in found.verdict
    assert not found.agree
    gained = checked(
        {"interest": gap(0.1, 0.3), "follow": gap(-0.1, 0.1)},
        {"interest": gap(0.1, 0.3), "follow": gap(0.1, 0.2)},
    )
    assert "there is a difference under the follow partition as well" in gained.verdict
    assert not gained.agree
    same = {"interest": gap(-0.3, -0.1), "follow": gap(0.1, 0.2)}
    already = checked(same, same)
    assert already.verdict.startswith("The sign differs between partitions")
    assert already.verdict.endswith("the same with slots left empty instead of backfilled.")
    assert already.verdict.count("No direction follows") == 1


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Behaviour(), "s = 0.2; behaviour is not calibrated."),
        (
            replace(Behaviour(), watch_base=-1.0, noise=0.2, calibrated=True),
            "s = 0.2; behaviour is calibrated: 2 of its 29 parameters are not",
        ),
    ],
)
def test_captions_say_s_behaviour_filler_and_what_intervals_are_over(
    behaviour: Behaviour, said: str
) -> None:
    spread = SimpleNamespace(
        calibrated=behaviour.calibrated,
        worlds=(1, 2, 3),
        summary=lambda: pl.DataFrame({"filler": [0.0, 0.218]}),
    )
    config = demo_config().model_copy(update={"behaviour": behaviour})
    caption = all_arms_caption(cast("Any", SimpleNamespace(config=config, spread=spread)))
    assert said in caption
    assert "0% to 22% of a feed's posts are filler" in caption
    assert "95 % confidence intervals are over 3 worlds" in caption
