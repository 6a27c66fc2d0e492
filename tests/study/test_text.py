from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.study._sentences import Gap, Headline, headline, interval, without_filler
from graphkit.study.analysis import add_hosting, mark_sign_changes
from graphkit.study.disclosure import shown_communities


def gap(low: float, high: float, worlds: int = 10) -> Gap:
    middle = (low + high) / 2
    return Gap(0.8 + middle, 0.8, middle, low, high, worlds)


def said(**gaps: Gap) -> Headline:
    return headline(
        "t", "carries content across borders", gaps, arm="interest", baseline="follower",
        unit="times chance", more="carries more", less="carries less",
    )  # fmt: skip


def test_a_difference_with_its_interval_in_one_sentence() -> None:
    found = said(interest=gap(0.1, 0.3))
    assert found.sentences == (
        "Under the interest partition the interest feed carries content across borders 1.00 times "
        "chance, the follower feed 0.800; difference: +0.2 [+0.1, +0.3], 95 % interval over 10 "
        "worlds.",
    )
    assert found.verdict == (
        "The interest feed carries more than the follower feed under the interest partition."
    )
    assert found.agree


def test_an_interval_that_holds_zero_tells_no_difference() -> None:
    found = said(interest=gap(-0.1, 0.3), follow=gap(0.0, 0.2))
    assert "no difference can be told: +0.1 [−0.1, +0.3]" in found.sentences[0]
    assert found.verdict == (
        "No difference can be told under the interest and follow partitions."
    )  # fmt: skip
    assert not found.agree


def test_signs_that_differ_are_said_to_differ() -> None:
    found = said(interest=gap(0.1, 0.3), follow=gap(-0.3, -0.1), planted=gap(-1, 1))
    assert found.verdict.startswith("The sign differs between the partitions")
    assert "No direction follows" in found.verdict
    assert not found.agree


def test_one_partition_that_cannot_tell_is_named() -> None:
    found = said(interest=gap(-0.3, -0.1), follow=gap(-1, 1))
    assert "carries less than the follower feed under the interest partition" in found.verdict
    assert "no difference can be told under the follow partition" in found.verdict
    assert not found.agree


def test_what_the_interval_is_over() -> None:
    assert "within this world" in interval(gap(0.1, 0.3, worlds=1))
    single = Gap(1, 0.5, 0.5, math.nan, math.nan, 1)
    assert "without an interval" in interval(single)
    assert single.sign == 0
    assert said().verdict == "Not estimable: no partition allows it."


@given(st.lists(st.integers(1, 60), max_size=12), st.integers(1, 20))
def test_suppressed_groups_cannot_be_worked_out(sizes: list[int], least: int) -> None:
    sizes = sorted(sizes, reverse=True)
    shown = shown_communities(sizes, least)
    assert all(size >= least for size in sizes[:shown])
    rest = sizes[shown:]
    if rest and shown:
        assert len(rest) >= 2
        assert sum(rest) >= least
    if all(size >= least for size in sizes):
        assert shown == len(sizes)


def test_sign_changes_need_intervals_on_both_sides() -> None:
    scan = pl.DataFrame(
        {"s": [0.0, 0.5, 0.75, 1.0], "low": [0.1, -0.2, -0.3, -0.5], "high": [0.3, 0.2, -0.1, 0.1]}
    ).with_columns(
        partition=pl.lit(None, pl.String), measure=pl.lit("crossing"), arm=pl.lit("a"),
        baseline=pl.lit("b"),
    )  # fmt: skip
    assert mark_sign_changes(scan)["sign_change"].to_list() == [False, False, True, False]
    assert not mark_sign_changes(scan.head(2))["sign_change"].any()


def test_hosting_of_what_the_follow_graph_shows_and_does_not() -> None:
    outcome = pl.DataFrame(
        {
            "arm": "a", "world": 0, "replication": 0, "partition": "interest",
            "community": ["x", "y", "z", "tiny"], "measure": "hosting_reach",
            "value": [0.5, 0.2, 0.4, 1.0], "budget": "matched", "calibrated": False,
        }
    )  # fmt: skip
    more = add_hosting(outcome, {"interest": ("x",)}, {"interest": ("y", "z")})
    values = dict(more.filter(pl.col("community").is_null()).select("measure", "value").rows())
    assert values["hosting_hidden"] == 0.5
    assert values["hosting_visible"] == pytest.approx(0.3)
    assert values["hosting_gap"] == pytest.approx(0.2)
    none = add_hosting(outcome, {"interest": ()}, {"interest": ("y",)})
    assert none.filter(measure="hosting_hidden")["value"].to_list() == [None]


def test_accounts_of_no_community_hide_a_small_group() -> None:
    assert shown_communities([143, 3, 3, 2], 10) == 0
    assert shown_communities([143, 3, 3, 2], 10, others=800) == 1
    assert shown_communities([143, 3], 10, others=4) == 0


def checked(gaps: dict[str, Gap], bare: dict[str, Gap]) -> Headline:
    return without_filler(
        said(**gaps), gaps, bare, arm="interest", baseline="follower", unit="times chance"
    )  # fmt: skip


def test_a_sign_that_filler_decides_is_no_direction() -> None:
    found = checked({"interest": gap(-0.3, -0.1)}, {"interest": gap(0.1, 0.2)})
    assert found.verdict.startswith(
        "The filler rule decides: with filler, the interest feed carries"
    )
    assert "the opposite under the interest partition" in found.verdict
    assert found.verdict.endswith("No direction follows from this.")
    assert not found.agree
    assert len(found.sentences) == 2


def test_a_sign_that_holds_without_filler_says_so() -> None:
    found = checked({"interest": gap(-0.3, -0.1)}, {"interest": gap(-0.2, -0.1)})
    assert found.verdict.endswith("the same with slots left empty in place of filler.")
    assert found.agree
    lost = checked({"interest": gap(-0.3, -0.1)}, {"interest": gap(-0.2, 0.1)})
    assert "no difference can be told under the interest partition" in lost.verdict
    assert not lost.agree


def test_partitions_that_part_without_filler_give_no_direction() -> None:
    found = checked(
        {"interest": gap(-0.3, -0.1), "follow": gap(-0.1, 0.1)},
        {"interest": gap(-0.2, -0.1), "follow": gap(0.1, 0.2)},
    )
    assert "But with slots left empty in place of filler the sign differs" in found.verdict
    assert not found.agree
    gained = checked(
        {"interest": gap(0.1, 0.3), "follow": gap(-0.1, 0.1)},
        {"interest": gap(0.1, 0.3), "follow": gap(0.1, 0.2)},
    )
    assert "a difference can be told under the follow partition as well" in gained.verdict
    assert not gained.agree
    same = {"interest": gap(-0.3, -0.1), "follow": gap(0.1, 0.2)}
    already = checked(same, same)
    assert already.verdict.startswith("The sign differs between the partitions")
    assert already.verdict.endswith("the same with slots left empty in place of filler.")
    assert already.verdict.count("No direction follows") == 1
