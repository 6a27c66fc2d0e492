"""Plain answers: never more than the finding says, and the clear ones first."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from graphkit.measures.headline import Finding, Headline
from graphkit.measures.intervals import FILLER, HIGHER, INDISTINCT, LOWER
from graphkit.study.answers import answers_of, clear_text

Row = tuple[str, str | None, float, float, float | None, float | None, str | None]


def headline_of(rows: list[Row], **findings: dict[str, Any]) -> Headline:
    """A headline of these rows: measure, partition, both levels, interval, direction."""
    columns = ("measure", "partition", "arm_mean", "baseline_mean", "low", "high", "direction")
    types = dict.fromkeys(columns, pl.Float64) | dict.fromkeys(
        ("measure", "partition", "direction"), pl.String
    )
    frame = pl.DataFrame(rows, schema=types, orient="row").with_columns(
        difference=pl.col("arm_mean") - pl.col("baseline_mean"), random_mean=pl.lit(0.03)
    )
    found = tuple(Finding(m, m, (), "", False, **more) for m, more in findings.items())
    return Headline("taste", "friends", "chance", found, frame)


def outcome_of(**values: list[float]) -> pl.DataFrame:
    """Values of hosting of hidden communities by arm, one per world."""
    rows = [
        ("hosting_hidden", "planted", arm, w, 0, None, value, "population")
        for arm, of_arm in values.items()
        for w, value in enumerate(of_arm)
    ]
    columns = "measure partition arm world replication community value sample"
    return pl.DataFrame(rows, schema=columns.split(), orient="row").with_columns(
        pl.col("community").cast(pl.String)
    )


WORLDS = outcome_of(taste=[0.14, 0.15, 0.01], friends=[0.02, 0.01, 0.02])


def test_a_clear_answer_has_its_size_its_chance_level_and_how_sure_it_is() -> None:
    row: Row = ("hosting_hidden", "planted", 0.143, 0.016, 0.114, 0.141, HIGHER)
    found = headline_of([row], hosting_hidden={"held": 10, "lost": ("cold start",)})
    (answer,) = answers_of(found, WORLDS)
    assert answer.clear
    assert f"{answer.verdict} {answer.size}" == (
        "Yes. A post from a hidden community reaches 14.3 % of its members under the taste feed, "
        "1.6 % under the friends one; random exposure would give 3.0 %."
    )
    assert answer.sure == (
        "Sure in this setting: in 2 of 3 worlds, difference 12.7 points [11.4, 14.1]. It holds under 10 "
        "of 11 other conditions. It ends from a cold start."
    )
    firm = answers_of(headline_of([row], hosting_hidden={"held": 11}), WORLDS)[0].sure
    assert firm.startswith("Sure: in 2 of 3 worlds")
    assert firm.endswith("It holds under all 11 other conditions.")
    untried = answers_of(headline_of([row], hosting_hidden={}), WORLDS)[0].sure
    assert untried.startswith("Sure in this setting:")


@pytest.mark.parametrize(
    ("low", "high", "direction", "verdict"),
    [
        (-0.01, 0.02, INDISTINCT, "No difference can be told: the 95 % interval includes 0."),
        (
            *(0.01, 0.02, FILLER),
            "No direction is claimed: more than 25 % of a feed's posts are filler.",
        ),
        (None, None, None, "No answer: there is no interval, so nothing is claimed."),
    ],
)
def test_no_direction_is_worded_so(
    low: float | None, high: float | None, direction: str | None, verdict: str
) -> None:
    rows: list[Row] = [("hosting_hidden", "planted", 0.035, 0.03, low, high, direction)]
    found = answers_of(headline_of(rows, hosting_hidden={}), WORLDS)
    (answer,) = found
    assert answer.verdict == verdict
    assert answer.sure.startswith("Not sure: difference 0.5 points")
    assert "Yes" not in f"{answer.verdict}{answer.size}{answer.sure}"
    assert not answer.clear
    assert clear_text(found) == "no answer is clear beyond this setting"


def test_a_measure_without_a_value_says_why() -> None:
    (answer,) = answers_of(headline_of([], hosting_hidden={}), WORLDS)
    assert answer.verdict == "Cannot be answered here: no partition has a hidden community."
    assert (answer.size, answer.sure) == ("", "")


def test_partitions_that_disagree_give_no_direction_and_some_that_agree_say_which() -> None:
    crossing: list[Row] = [
        ("crossing", "planted", 0.63, 0.78, -0.16, -0.14, LOWER),
        ("crossing", "follow", 0.76, 0.74, 0.01, 0.03, HIGHER),
    ]
    (answer,) = answers_of(headline_of(crossing, crossing={}), WORLDS)
    assert answer.verdict == (
        "It depends on what a community is: yes by communities of the follow graph, the opposite by "
        "planted communities."
    )
    assert "By planted communities: cross-community exposure is 0.63" in answer.size
    assert answer.size.endswith("By communities of the follow graph: 0.76 and 0.74.")
    assert answer.sure.startswith("Open: ")
    crossing[1] = ("crossing", "follow", 0.76, 0.74, -0.01, 0.03, INDISTINCT)
    (answer,) = answers_of(headline_of(crossing, crossing={}), WORLDS)
    assert answer.verdict == (
        "No, the opposite, by planted communities; no difference can be told by communities of the "
        "follow graph."
    )


def test_the_clear_answer_is_first_and_one_that_turns_is_not_clear() -> None:
    rows: list[Row] = [
        ("hosting_hidden", "planted", 0.035, 0.03, -0.01, 0.02, INDISTINCT),
        ("crossing", "planted", 0.63, 0.78, -0.16, -0.14, LOWER),
        ("viewer_value", None, 0.51, 0.42, 0.0864, 0.0954, HIGHER),
    ]
    turned = ("cold start", "s = 0.5", "s = 1")
    turns = {"held": 4, "turned": turned, "nearest": ("s = 0.5 (here 0.2)",)}
    holds = {"held": 9}
    found = answers_of(
        headline_of(rows, hosting_hidden={}, crossing=turns, viewer_value=holds), WORLDS
    )
    assert [answer.measure for answer in found] == ["viewer_value", "crossing", "hosting_hidden"]
    assert [answer.clear for answer in found] == [True, False, False]
    assert clear_text(found) == "1 of 3 answers is clear"
    assert found[1].sure.endswith(
        "It holds under 4 of 7 other conditions. It reverses from a cold start and under 2 more. "
        "Nearest end: s = 0.5 (here 0.2)."
    )


def test_no_bound_but_zero_is_written_as_zero() -> None:
    rows: list[Row] = [("hosting_hidden", "planted", 0.13, 0.03, 0.0004, 0.194, HIGHER)]
    (answer,) = answers_of(headline_of(rows, hosting_hidden={"held": 1}), WORLDS)
    assert "difference 10.00 points [0.04, 19.40]" in answer.sure
