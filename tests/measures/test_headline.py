"""Headlines: level, chance level, slope over visibility, limits; and what forbids a direction."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import Finding, contrast, headline, hosting_by_visibility
from graphkit.measures.headline import CLAIMS, Gap, difference_text, state_finding

NAMES = ["a", "b", "c", "d"]
HOMOPHILY = [0.0, 0.25, 0.5, 1.0]
VERDICTS = ["hidden", "undecided", "visible", "visible"]


def seen(homophily: list[float | None] | None = None, verdicts: list[str] | None = None):
    frame = pl.DataFrame(
        {
            "label": NAMES,
            "size": [40, 30, 20, 10],
            "homophily": HOMOPHILY if homophily is None else homophily,
            "verdict": VERDICTS if verdicts is None else verdicts,
        },
        schema_overrides={"homophily": pl.Float64},
    )
    return Visibility(frame, np.zeros((1, 1), np.int32), 1.0)


def outcome(
    follower: list[float],
    interest: list[float],
    *,
    random: float = 0.03,
    worlds: int = 3,
    filler: float = 0.0,
    partition: str = "planted",
    tilt: float = 0.0,
) -> pl.DataFrame:
    """Hosting of four communities in three arms; `tilt` is what worlds differ by."""
    rows = []
    levels = {"follower": follower, "interest": interest, "uniform": [random] * 4}
    for w in range(worlds):
        for arm, values in levels.items():
            more = tilt * w if arm == "interest" else 0.0
            key = {"arm": arm, "world": w, "replication": 0}
            rows += [
                {**key, "partition": partition, "community": name, "measure": "hosting_reach"}
                | {"value": value + more}
                for name, value in zip(NAMES, values, strict=True)
            ]
            rows.append(
                {**key, "partition": partition, "measure": "crossing"} | {"value": 1 + more}
            )
            rows.append({**key, "measure": "viewer_value", "value": 0.5 + more})
            rows.append({**key, "measure": "filler", "value": filler if arm == "follower" else 0.0})
    frame = pl.DataFrame(rows, schema_overrides={"community": pl.String, "partition": pl.String})
    order = ["arm", "world", "replication", "partition", "community", "measure", "value"]
    same = {"budget": pl.lit("matched"), "calibrated": pl.lit(False)}
    return frame.select(*order).with_columns(**same, sample=pl.lit("population"))


def values(frame: pl.DataFrame, arm: str, world: int = 0) -> dict[str, float | None]:
    rows = frame.filter(pl.col("community").is_null(), arm=arm, world=world)
    return dict(rows.select("measure", "value").rows())


def test_hosting_of_hidden_and_visible_and_its_line_over_homophily() -> None:
    # beyond random exposure the follower feed is exactly 0.2 x, the interest feed 0.1 - 0.05 x
    follower = [0.03 + 0.2 * x for x in HOMOPHILY]
    interest = [0.13 - 0.05 * x for x in HOMOPHILY]
    more = hosting_by_visibility(outcome(follower, interest), seen())
    found = values(more, "follower")
    assert found["hosting_hidden"] == pytest.approx(0.03)
    assert found["hosting_visible"] == pytest.approx((0.13 + 0.23) / 2)
    assert found["hosting_gap"] == pytest.approx(0.03 - 0.18)
    assert found["hosting_slope"] == pytest.approx(0.2)
    assert found["hosting_at_chance"] == pytest.approx(0.0, abs=1e-12)
    found = values(more, "interest")
    assert found["hosting_slope"] == pytest.approx(-0.05)
    assert found["hosting_at_chance"] == pytest.approx(0.1)
    assert values(more, "uniform")["hosting_slope"] == pytest.approx(0.0, abs=1e-12)
    excess = more.filter(measure="hosting_excess", arm="interest", world=0, community="d")
    assert excess["value"].to_list() == pytest.approx([0.05])
    # in a difference between arms the level of chance cancels
    gap = contrast(more, "interest", "follower").frame
    slope = gap.filter(pl.col("community").is_null(), measure="hosting_slope")
    assert slope["difference"].to_list() == pytest.approx([-0.25])


def test_what_cannot_be_judged_is_in_no_line_and_three_are_needed() -> None:
    values_of = [0.1, 0.2, 0.3, 0.9]
    verdicts = ["hidden", "undecided", "visible", "not judgeable"]
    found = values(
        hosting_by_visibility(outcome(values_of, values_of), seen(verdicts=verdicts)), "follower"
    )
    assert found["hosting_slope"] == pytest.approx(0.4)
    assert found["hosting_visible"] == pytest.approx(0.3)
    few = ["hidden", "visible", "not judgeable", "not judgeable"]
    found = values(
        hosting_by_visibility(outcome(values_of, values_of), seen(verdicts=few)), "follower"
    )
    assert found["hosting_slope"] is None
    same: list[float | None] = [0.5, 0.5, 0.5, None]
    found = values(
        hosting_by_visibility(outcome(values_of, values_of), seen(homophily=same)), "follower"
    )
    assert found["hosting_slope"] is None  # communities that do not differ have no slope


def test_small_communities_are_in_no_line_unless_asked_for() -> None:
    values_of = [0.1, 0.2, 0.3, 0.9]
    small = hosting_by_visibility(outcome(values_of, values_of), seen(), least=11)
    assert values(small, "follower")["hosting_visible"] == pytest.approx(0.3)
    assert values(small, "follower")["hosting_slope"] == pytest.approx(0.4)
    whole = hosting_by_visibility(outcome(values_of, values_of), seen(), least=0)
    assert values(whole, "follower")["hosting_visible"] == pytest.approx(0.6)
    with pytest.raises(OptionError, match="least"):
        headline(outcome(values_of, values_of), seen(), least=-1)


def test_one_visibility_per_world() -> None:
    frame = outcome([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], worlds=2)
    other = seen(verdicts=["visible", "undecided", "visible", "hidden"])
    more = hosting_by_visibility(frame, {"planted": [seen(), other]})
    assert values(more, "follower", 0)["hosting_hidden"] == pytest.approx(0.1)
    assert values(more, "follower", 1)["hosting_hidden"] == pytest.approx(0.4)
    with pytest.raises(DataError, match=r"'planted': 1 for 2 worlds"):
        hosting_by_visibility(frame, {"planted": [seen()]})


def test_findings_give_level_chance_interval_and_meaning() -> None:
    follower, interest = [0.02, 0.1, 0.2, 0.3], [0.1, 0.1, 0.1, 0.1]
    found = headline(outcome(follower, interest, tilt=0.001), seen())
    assert (found.arm, found.baseline, found.random) == ("interest", "follower", "uniform")
    first = found.findings[0]
    assert first.sentences == (
        "Under the planted partition, the share of its community that a post of a hidden community "
        "reaches is 10.1 % in the interest feed, 2.0 % in the follower feed and 3.0 % under random "
        "exposure; difference: +8.1 [+7.85, +8.35] percentage points (95 % interval over "
        "populations of the same making).",
        "Beyond random exposure, under the planted partition: +7.1 [+6.85, +7.35] percentage points "
        "in the interest feed; −1 [−1, −1] percentage points in the follower feed.",
    )
    assert first.verdict == (
        "The share of its community that a post of a hidden community reaches is higher in the "
        "interest feed than in the follower feed under the planted partition."
    )
    assert first.agree
    assert "difference in differences" in found.findings[1].title
    assert [f.measure for f in found.findings] == [claim.measure for claim in CLAIMS]
    assert found.frame.get_column("random_mean").null_count() == 0
    shown = repr(found)
    assert "interest compared with follower" in shown
    assert first.verdict in shown
    assert first.verdict in found._repr_html_()


def test_where_the_difference_closes() -> None:
    follower = [0.03 + 0.2 * x for x in HOMOPHILY]
    interest = [0.13 - 0.05 * x for x in HOMOPHILY]
    slope = headline(outcome(follower, interest, tilt=0.001), seen()).findings[2]
    assert slope.sentences[-1] == (
        "By the least-squares line under the planted partition, interest − follower is +10.1 [+9.85, "
        "+10.3] percentage points for a community whose follows are at chance; the line crosses zero "
        "at a homophily of 0.40."
    )
    assert "random exposure;" not in slope.sentences[0]  # it is zero by definition
    never = headline(outcome([0.1, 0.12, 0.13, 0.14], [0.5] * 4, tilt=0.001), seen()).findings[2]
    assert "the line does not cross zero" in never.sentences[-1]


def test_a_line_that_cannot_be_told_from_a_level_one_goes_nowhere() -> None:
    same = headline(outcome([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]), seen())
    assert {finding.agree for finding in same.findings} == {False}
    assert len(same.findings[2].sentences) == 1
    assert same.findings[2].verdict == (
        "No difference between the interest feed and the follower feed can be told under the "
        "planted partition: the interval includes 0."
    )
    frame = outcome([0.02, 0.1, 0.2, 0.3], [0.1] * 4, tilt=0.001, filler=0.26)
    assert len(headline(frame, seen()).findings[2].sentences) == 1


def test_the_order_of_rows_changes_no_digit() -> None:
    rng = np.random.default_rng(1)
    values_of = rng.random((2, 4)).tolist()
    frame = outcome(*values_of, tilt=0.0137)
    same = {"arm": "interest", "baseline": "follower"}
    found = headline(frame, seen(), **same).frame.sort("measure")
    for seed in range(5):
        mixed = frame.sample(fraction=1, shuffle=True, seed=seed)
        assert headline(mixed, seen(), **same).frame.sort("measure").equals(found)


def test_rows_that_are_there_are_made_anew() -> None:
    frame = outcome([0.1] * 4, [0.2] * 4)
    once = hosting_by_visibility(frame, seen())
    assert hosting_by_visibility(once, seen()).equals(once)


def test_above_a_quarter_of_filler_nothing_is_claimed() -> None:
    follower, interest = [0.02, 0.1, 0.2, 0.3], [0.1, 0.1, 0.1, 0.1]
    found = headline(outcome(follower, interest, tilt=0.001, filler=0.26), seen())
    for finding in found.findings:
        assert finding.verdict.startswith("No direction is claimed: more than 25 %")
        assert not finding.agree
        assert "no direction is claimed" in finding.sentences[0]
    below = headline(outcome(follower, interest, tilt=0.001, filler=0.24), seen())
    assert below.findings[0].agree


def conditions(**signs: float) -> pl.DataFrame:
    """Contrasts under conditions in which the difference in hosting has these values."""
    parts = []
    for name, value in signs.items():
        frame = outcome([0.2] * 4, [0.2 + value] * 4, tilt=0.001)
        gap = contrast(hosting_by_visibility(frame, seen()), "interest", "follower").frame
        parts.append(gap.select(pl.lit(name).alias("condition"), pl.all()))
    return pl.concat(parts)


def test_conditions_under_which_it_turns_or_is_lost_are_named() -> None:
    frame = outcome([0.02, 0.1, 0.2, 0.3], [0.1] * 4, tilt=0.001)
    tried = conditions(calm=0.1, cold=-0.001, turned=-0.1)
    first = headline(frame, seen(), tried).findings[0]
    assert first.verdict.endswith(
        "The sign holds under 1 of 3 other conditions; it turns under: turned; it cannot be told "
        "under: cold."
    )
    assert not first.agree
    assert headline(frame, seen(), conditions(calm=0.1)).findings[0].agree
    both = said_under({"other": {"interest": gap(0.1, 0.3), "follow": gap(-1, 1)}})
    assert both.endswith(
        "No direction follows from this. Both signs hold under 0 of 1 other conditions; one or both "
        "cannot be told under: other."
    )
    with pytest.raises(MissingDataError, match="condition"):
        headline(frame, seen(), tried.drop("condition"))


def test_the_nearest_condition_that_ends_a_sign_is_named() -> None:
    frame = outcome([0.02, 0.1, 0.2, 0.3], [0.1] * 4, tilt=0.001)
    signs = {"s = 1": -0.1, "s = 0.5": -0.001, "cold start": -0.1, "slots = 3": -0.1, "s = 0": 0.1}
    of = {"s": "0.2", "cold start": "no", "slots": "10"}
    names = pl.col("condition").str.split(" = ")
    dimension = names.list.first()
    placed = conditions(**signs).with_columns(
        dimension=dimension, value=names.list.last(), default=dimension.replace_strict(of)
    )
    lists = (
        "The sign holds under 1 of 5 other conditions; it turns under: s = 1, cold start, slots = 3; "
        "it cannot be told under: s = 0.5"
    )
    found = headline(frame, seen(), placed).findings[0]
    assert found.verdict.endswith(f"{lists}; nearest to this study: s = 0.5 (here 0.2).")
    plain = headline(frame, seen(), placed.drop("dimension", "value", "default")).findings[0]
    assert plain.verdict.endswith(f"{lists}.")
    # what ends it has no number, or is a condition that could not be run
    choices = placed.filter(pl.col("condition").is_in(["cold start", "s = 0"]))
    stopped = choices.head(1).with_columns(
        condition=pl.lit("s = 9"), dimension=pl.lit("s"), value=pl.lit("9"), default=pl.lit("0.2"),
        measure=pl.lit(None, pl.String), difference=pl.lit(None, pl.Float64),
    )  # fmt: skip
    end = headline(frame, seen(), pl.concat([choices, stopped])).findings[0].verdict
    assert end.endswith("The sign holds under 1 of 2 other conditions; it turns under: cold start.")


def test_nothing_hidden_gives_no_finding_about_it() -> None:
    shown = seen(verdicts=["visible"] * 4)
    found = headline(outcome([0.1] * 4, [0.2] * 4, tilt=0.01), shown)
    assert found.findings[0].sentences == ()
    assert found.findings[0].verdict == "Not estimable: no partition has a hidden community."
    assert found.findings[3].measure == "crossing"
    assert found.findings[3].sentences


def gap(low: float, high: float) -> Gap:
    middle = (low + high) / 2
    return Gap(0.8 + middle, 0.8, 1.0, middle, low, high, "within this world")


def said(**gaps: Gap):
    crossing = next(claim for claim in CLAIMS if claim.measure == "crossing")
    return state_finding(crossing, gaps, arm="interest", baseline="follower")


def said_under(conditions: dict[str, dict[str, Gap]]) -> str:
    """Verdict on signs that differ between partitions, under these conditions."""
    crossing = next(claim for claim in CLAIMS if claim.measure == "crossing")
    gaps = {"interest": gap(0.1, 0.3), "follow": gap(-0.3, -0.1)}
    return state_finding(crossing, gaps, conditions, arm="a", baseline="b").verdict


def test_signs_that_differ_between_partitions_are_no_direction() -> None:
    found = said(interest=gap(0.1, 0.3), follow=gap(-0.3, -0.1), planted=gap(-1, 1))
    assert found.verdict == (
        "The sign differs between partitions: in the interest feed, cross-community exposure is "
        "higher than in the follower feed under the interest partition, and lower under the follow "
        "partition. No direction follows from this."
    )
    assert not found.agree
    unclear = said(interest=gap(-0.3, -0.1), follow=gap(-1, 1))
    assert unclear.verdict == (
        "Cross-community exposure is lower in the interest feed than in the follower feed under the "
        "interest partition; no difference can be told under the follow partition: the interval "
        "includes 0."
    )
    assert not unclear.agree
    nothing = said(interest=gap(-0.1, 0.3), follow=gap(0.0, 0.2))
    assert nothing.verdict == (
        "No difference between the interest feed and the follower feed can be told under the "
        "interest and follow partitions: the intervals include 0."
    )


def test_a_single_run_has_no_interval() -> None:
    single = Gap(1.0, 0.5, 1.0, 0.5, float("nan"), float("nan"), "")
    assert difference_text(single) == "+0.5, without an interval: only one world has a value"
    here = single._replace(interval="within this world")
    assert difference_text(here) == "+0.5, without an interval: one world, one replication"
    parts = single._replace(interval="over samples like this one")
    assert difference_text(parts).startswith("+0.5, without an interval: a part of the data has no")
    assert single.sign == 0
    found = headline(outcome([0.1] * 4, [0.2] * 4, worlds=1), seen()).findings[3]
    assert found.verdict == (
        "No difference between the interest feed and the follower feed can be told under the "
        "planted partition: there is no interval."
    )
    assert "distinguishable" not in found.sentences[0]
    some = said(interest=gap(0.1, 0.3), follow=single, planted=gap(-1, 1))
    assert some.verdict.endswith(
        "under the interest partition; no difference can be told under the planted partition: the "
        "interval includes 0; there is no interval under the follow partition."
    )


def test_the_confidence_of_the_interval_is_told() -> None:
    found = headline(outcome([0.1] * 4, [0.2] * 4, tilt=0.01), seen(), confidence=0.9)
    assert "(90 % interval over populations of the same making)" in found.findings[0].sentences[0]
    assert found.provenance.parameters["confidence"] == 0.9
    assert "held fixed: nothing" in repr(found)


def test_names_of_arms_stay_as_they_are_and_nothing_is_below_zero_by_rounding() -> None:
    names = pl.col("arm").replace({"interest": "interest-centric", "follower": "old-feed 50 %"})
    frame = outcome([0.1] * 4, [0.0999] * 4).with_columns(names)
    for finding in headline(frame, seen()).findings:
        assert "in the interest-centric feed" in finding.sentences[0]
        assert "in the old-feed 50 % feed" in finding.sentences[0]
        assert "−0.0 points" not in finding.sentences[0]


def test_random_exposure_is_told_once() -> None:
    frame = outcome([0.1] * 4, [0.2] * 4, tilt=0.001)
    for options in (
        {"baseline": "uniform", "arm": "interest"},
        {"arm": "uniform", "baseline": "follower"},
    ):
        found = headline(frame, seen(), **options)
        assert "in the uniform feed" in found.findings[0].sentences[0]
        assert "under random exposure" not in found.findings[0].sentences[0]
        assert found.frame.get_column("random_mean").null_count() == 0


def test_one_named_arm_is_compared_with_the_other() -> None:
    frame = outcome([0.1] * 4, [0.2] * 4)
    for options in ({"arm": "follower"}, {"baseline": "interest"}):
        found = headline(frame, seen(), **options)
        assert (found.arm, found.baseline) == ("follower", "interest")
    with pytest.raises(MissingDataError, match="Did you mean 'interest'"):
        headline(frame, seen(), arm="intrest")
    with pytest.raises(OptionError, match="beside 'uniform'"):
        headline(frame, seen(), arm="uniform")


def test_a_visibility_of_something_else_is_refused() -> None:
    frame = outcome([0.1] * 4, [0.2] * 4)
    other = seen().frame.with_columns(pl.col("label") + "x")
    strange = Visibility(other, np.zeros((1, 1), np.int32), 1.0)
    with pytest.raises(DataError, match=r"such as 'ax', is in world 0, which has a, b, c, …"):
        headline(frame, strange)
    with pytest.raises(DataError, match="is in world 1"):
        headline(frame, {"planted": [seen(), strange, seen()]})
    old = Visibility(seen().frame.drop("homophily"), np.zeros((1, 1), np.int32), 1.0)
    with pytest.raises(MissingDataError, match=r"no column 'homophily'.*again"):
        headline(frame, old)
    for wrong in (seen().frame, None, [None] * 3, "planted"):
        with pytest.raises(DataError, match=r"not a Visibility.*gk\.visibility"):
            headline(frame, wrong)
    assert headline(frame, [seen()] * 3).findings[0].sentences
    with pytest.raises(DataError, match="the outcome is a list"):
        headline([], seen())
    with pytest.raises(MissingDataError, match=r"uniform.*gk\.recommenders"):
        hosting_by_visibility(frame.filter(pl.col("arm") != "uniform"), seen())


def test_conditions_of_other_arms_are_refused() -> None:
    frame = outcome([0.02, 0.1, 0.2, 0.3], [0.1] * 4, tilt=0.001)
    tried = conditions(calm=0.1)
    turned = tried.rename({"arm": "baseline", "baseline": "arm"})
    with pytest.raises(MissingDataError, match="but of follower − interest"):
        headline(frame, seen(), turned)
    with pytest.raises(MissingDataError, match="no column 'direction'"):
        headline(frame, seen(), tried.drop("direction"))
    gap_of = contrast(frame, "interest", "follower")
    for wrong in (gap_of, {"calm": gap_of}):
        with pytest.raises(DataError, match=r"conditions: a .*polars\.concat"):
            headline(frame, seen(), wrong)


def test_a_level_is_never_told_without_chance() -> None:
    frame = outcome([0.1] * 4, [0.2] * 4)
    with pytest.raises(MissingDataError, match=r"uniform.*gk\.recommenders\.uniform"):
        headline(frame.filter(pl.col("arm") != "uniform"), seen())
    three = pl.concat([frame, frame.filter(arm="interest").with_columns(arm=pl.lit("third"))])
    with pytest.raises(OptionError, match="name arm= and baseline="):
        headline(three, seen())
    assert headline(three, seen(), arm="third", baseline="interest").findings[0].sentences
    with pytest.raises(MissingDataError, match="'plantd'"):
        headline(frame, {"plantd": seen()})
    both = pl.concat([frame, outcome([0.1] * 4, [0.2] * 4, partition="follow").head(24)])
    with pytest.raises(OptionError, match="by kind"):
        headline(both, seen())


def test_one_visibility_does_not_match_numbers_of_independent_worlds() -> None:
    values_of = [0.1, 0.2, 0.3, 0.9]
    numbers = {"c": "community 2", "d": "community 3 (unnamed)"}
    frame = outcome(values_of, values_of).with_columns(pl.col("community").replace(numbers))
    part = seen(verdicts=["hidden", "visible", "visible", "visible"])
    table = part.frame.with_columns(pl.col("label").replace(numbers))
    some = Visibility(table, np.zeros((1, 1), np.int32), 1.0)
    found = values(hosting_by_visibility(frame, some), "follower")
    assert found["hosting_visible"] == pytest.approx(0.2)
    assert found["hosting_slope"] is None  # two are left
    told = headline(frame, some)
    assert told.provenance.removed == {"communities without a name, over all worlds": 6}
    assert "communities without a name, over all worlds" in repr(told)
    # the numbers of each world, of one world, and of a jackknife are names
    each = values(hosting_by_visibility(frame, {"planted": [some] * 3}), "follower")
    one = values(hosting_by_visibility(frame.filter(world=0), some), "follower")
    sample = pl.when(pl.col("world") == 0).then(pl.lit("whole")).otherwise(pl.lit("part"))
    parts = values(hosting_by_visibility(frame.with_columns(sample=sample), some), "follower")
    for more in (each, one, parts):
        assert more["hosting_visible"] == pytest.approx((0.2 + 0.3 + 0.9) / 3)
    bare = dict(zip(NAMES, [f"community {c}" for c in range(4)], strict=True))
    frame = frame.with_columns(community=outcome(values_of, values_of)["community"].replace(bare))
    table = seen().frame.with_columns(pl.col("label").replace(bare))
    with pytest.raises(DataError, match=r"none of its communities has a name.*\[seen\] \* n"):
        hosting_by_visibility(frame, Visibility(table, np.zeros((1, 1), np.int32), 1.0))


def test_a_finding_shows_its_sentences_and_its_limits() -> None:
    limits = {"turned": ("slots = 3",), "held": 7, "nearest": ("noise = 0.5 (here 0)",)}
    found = Finding(
        "reach", "Reach: a compared with b", ("One.", "Two."), "Higher.", True, **limits
    )
    assert repr(found).splitlines() == [
        "Reach: a compared with b",
        "  finding      One.",
        "  finding 2    Two.",
        "  verdict      Higher.",
        "  holds under  7 conditions",
        "  turns under  slots = 3",
        "  nearest      noise = 0.5 (here 0)",
    ]
    assert "<td style='text-align:left'>slots = 3</td>" in found._repr_html_()
