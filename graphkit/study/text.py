"""Sentences of a study: headlines, verdicts and the paragraphs of the report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from graphkit.simulation import Behaviour
from graphkit.study.disclosure import shown_communities
from graphkit.study.inputs import StudyInputs
from graphkit.study.results import Headline, StudyResult

__all__ = ["CLAIMS", "INDISTINCT", "NOT_ESTIMABLE", "Claim", "Gap"]

INDISTINCT = "not distinguishable from zero"

#: Text for the value of a measure for which a community is too small, or has no post.
NOT_ESTIMABLE = "not estimable"
_NO_DIRECTION = " No direction follows from this."
_EMPTY = "with slots left empty instead of backfilled"


class Gap(NamedTuple):
    """One measure in two arms, with means over worlds, and their paired difference.

    `low` and `high` bound its 95 % confidence interval, NaN without one. With one world, the
    interval holds within this world only.
    """

    value: float
    baseline_value: float
    difference: float
    low: float
    high: float
    worlds: int

    @property
    def sign(self) -> int:
        """+1 or −1 if the interval excludes 0, else 0: not distinguishable from zero."""
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


class Claim(NamedTuple):
    """Wording of a headline about one measure.

    Attributes
    ----------
    measure, title, subject
        Name of the measure, title of the headline, and what the value is about.
    value, short
        Format of the first value in a sentence, and of the second.
    scale, unit
        Factor from the measure to the value, and unit of its difference.
    missing
        Why there may be no partition for it.
    """

    measure: str
    title: str
    subject: str
    value: str
    short: str
    scale: float
    unit: str
    missing: str


#: The headlines of a study.
CLAIMS = (
    Claim(
        "crossing",
        "Cross-community exposure",
        "cross-community exposure",
        "is {:.2f} × that of random exposure",
        "{:.2f} ×",
        1.0,
        "",
        "no partition allows it",
    ),
    Claim(
        "hosting_hidden",
        "Within-community reach of hidden communities",
        "the within-community reach of hidden communities",
        "is {:.1f} % of their members",
        "{:.1f} %",
        100.0,
        " percentage points",
        "no partition has a hidden community",
    ),
)


def signed_number(value: float) -> str:
    """A difference with its sign and three digits.

    Examples
    --------
    >>> signed_number(0.12345), signed_number(-2), signed_number(0.0), signed_number(-18923.4)
    ('+0.123', '−2', '0', '−18,923')
    """
    text = f"{abs(value):,.0f}" if abs(value) >= 1000 else f"{abs(value):.3g}"
    return text if value == 0 else ("+" if value > 0 else "−") + text


def over_units(worlds: int) -> str:
    """Units of a confidence interval: worlds, or the replications of a single one."""
    return f"over {worlds} worlds" if worlds > 1 else "within this world"


def difference_text(gap: Gap, unit: str = "") -> str:
    """The difference with its confidence interval.

    Examples
    --------
    >>> difference_text(Gap(0.8, 0.5, 0.3, 0.2, 0.4, 10))
    '+0.3 [+0.2, +0.4], 95 % confidence interval over 10 worlds'
    """
    difference = signed_number(gap.difference)
    if not (math.isfinite(gap.low) and math.isfinite(gap.high)):
        return f"{difference}{unit}, without an interval: one world, one replication"
    bounds = f"[{signed_number(gap.low)}, {signed_number(gap.high)}]"
    return f"{difference} {bounds}{unit}, 95 % confidence interval {over_units(gap.worlds)}"


def state_headline(claim: Claim, gaps: Mapping[str, Gap], *, arm: str, baseline: str) -> Headline:
    """One sentence per kind of partition in `gaps`, and a verdict on whether they agree."""
    title = f"{claim.title}: {arm} compared with {baseline}"
    if not gaps:
        return Headline(title, (), f"Not estimable: {claim.missing}.", False)
    sentences = tuple(_gap_sentence(claim, kind, gap, arm, baseline) for kind, gap in gaps.items())
    by_sign: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for kind, gap in gaps.items():
        by_sign[gap.sign].append(kind)
    above, below, indistinct = by_sign[1], by_sign[-1], by_sign[0]
    subject = claim.subject[0].upper() + claim.subject[1:]
    if above and below:
        verdict = (
            f"The sign differs between partitions: in the {arm} feed, {claim.subject} is higher "
            f"than in the {baseline} feed under {_partition_list(above)}, and lower under "
            f"{_partition_list(below)}.{_NO_DIRECTION}"
        )
    elif above or below:
        direction = "higher" if above else "lower"
        verdict = (
            f"{subject} is {direction} in the {arm} feed than in the {baseline} feed under "
            f"{_partition_list(above or below)}"
        )
        verdict += f"; {_indistinct_under(indistinct)}." if indistinct else "."
    else:
        text = _indistinct_under(indistinct)
        verdict = f"{text[0].upper()}{text[1:]}."
    return Headline(title, sentences, verdict, not indistinct and not (above and below))


def compare_without_filler(
    found: Headline,
    claim: Claim,
    gaps: Mapping[str, Gap],
    unfilled: Mapping[str, Gap],
    *,
    arm: str,
    baseline: str,
) -> Headline:
    """The headline with the same comparison when slots are left empty instead of backfilled.

    A feed with few candidates is backfilled at random, and the difference may then be due to
    the backfill: if the two comparisons, `gaps` and `unfilled` by kind of partition, disagree in
    sign, the headline says so and claims no direction.
    """
    bare = [_gap_sentence(claim, kind, gap, arm, baseline) for kind, gap in unfilled.items()]
    sentences = tuple(f"{_EMPTY.capitalize()}: {text[0].lower()}{text[1:]}" for text in bare)
    both = [kind for kind in gaps if kind in unfilled]
    flipped = [k for k in both if gaps[k].sign * unfilled[k].sign < 0]
    lost = [k for k in both if gaps[k].sign and not unfilled[k].sign]
    gained = [k for k in both if unfilled[k].sign and not gaps[k].sign]
    signs = [{g[k].sign for k in both} for g in (gaps, unfilled)]
    split = {-1, 1} <= signs[1] and not {-1, 1} <= signs[0]
    if flipped:
        before = found.verdict.removesuffix(_NO_DIRECTION)
        verdict = (
            f"The result depends on the backfill rule: with backfill, {before[0].lower()}"
            f"{before[1:]} With slots left empty, the sign is the opposite under "
            f"{_partition_list(flipped)}.{_NO_DIRECTION}"
        )
    elif split:
        verdict = (
            f"{found.verdict} But {_EMPTY}, the sign differs between partitions: no direction "
            "follows from this."
        )
    elif lost or gained:
        changes = [f"the difference is {_indistinct_under(lost)}"] if lost else []
        if gained:
            changes.append(f"there is a difference under {_partition_list(gained)} as well")
        verdict = f"{found.verdict} {_EMPTY.capitalize()}, {', and '.join(changes)}."
    else:
        verdict = f"{found.verdict} The sign is the same {_EMPTY}."
    agree = found.agree and not (flipped or split or lost or gained)
    return replace(found, sentences=(*found.sentences, *sentences), verdict=verdict, agree=agree)


def _gap_sentence(claim: Claim, kind: str, gap: Gap, arm: str, baseline: str) -> str:
    value, base = claim.value.format(gap.value), claim.short.format(gap.baseline_value)
    note = "" if gap.sign else f" ({INDISTINCT})"
    return (
        f"Under the {kind} partition, {claim.subject} {value} in the {arm} feed and {base} in the "
        f"{baseline} feed; difference: {difference_text(gap, claim.unit)}{note}."
    )


def _indistinct_under(kinds: Sequence[str]) -> str:
    return f"{INDISTINCT} under {_partition_list(kinds)} (95 % CI includes 0)"


def _partition_list(kinds: Sequence[str]) -> str:
    """Kinds of partition as a list in words.

    Examples
    --------
    >>> _partition_list(["interest", "follow", "planted"])
    'the interest, follow and planted partitions'
    """
    if len(kinds) == 1:
        return f"the {kinds[0]} partition"
    return f"the {', '.join(kinds[:-1])} and {kinds[-1]} partitions"


def caution_notices(result: StudyResult, inputs: StudyInputs) -> list[str]:
    """Cautions before all numbers: synthetic data, uncalibrated behaviour."""
    texts = []
    if inputs.platform is not None:
        texts.append(
            "The data are synthetic: accounts, posts and communities were generated, not observed. "
            "The figures show what the method does where the ground truth is known; they do not "
            "describe any real platform."
        )
    if not result.spread.calibrated:
        texts.append(
            "The viewers' behaviour is not calibrated: its parameters are documented assumptions, "
            "not fitted to a log. Interpret directions and their robustness, not effect sizes."
        )
    return texts


def data_text(result: StudyResult, inputs: StudyInputs) -> list[str]:
    """Source, terms, and the disjoint parts of the data."""
    ds = inputs.dataset
    texts = [f"Source: {ds.source}." if ds.source else "The data do not state their source."]
    if ds.terms:
        texts.append(f"Terms: {ds.terms}")
    world = result.spread.worlds[0]
    texts.append(
        "Three things come from disjoint parts of the data: the communities, the initial profiles "
        f"that feeds have of their viewers, and the {world.n_posts:,} posts whose spread is "
        "measured. Communities found in the data that drive a feed would bias cross-community "
        "exposure downwards."
    )
    if inputs.report is not None and not inputs.report.n_dropped:
        texts.append("No row was dropped on reading.")
    return texts


NULL_TEXT = (
    "They are called stable only if both quality and agreement of two runs are above those of "
    "random logs that keep how much every account does and how popular every object is, projected "
    "in the same way (one-sided p ≤ 0.05 for each)."
)


def community_text(result: StudyResult, shown: int) -> list[str]:
    """How communities were detected, how far runs agree, and what the null test says."""
    found, wanted = result.communities, result.config.communities
    partition = found.partition
    texts = [
        f"An edge joins two {partition.node_kind} that share {wanted.through}; {wanted.runs} "
        f"runs of Leiden ({wanted.quality}) give {partition.n_communities} communities. Their "
        f"verdict: {found.verdict} ({found.reason}). {NULL_TEXT} "
        "Consistency is the run-to-run similarity of members' communities, mean over members, "
        "0 … 1. Communities are named after their over-represented hashtags."
    ]
    hidden = partition.n_communities - shown
    if hidden:
        texts.append(
            f"{hidden} communities are suppressed (small-cell suppression): they have fewer than "
            f"{result.config.report.min_group_size} members, or could be derived from the rest."
        )
    if partition.n_unassigned:
        texts.append(
            "Accounts without edges in this part of the data belong to no community: they are "
            "shown posts, but are left out of measures under a partition."
        )
    return [*texts, *(f"{note[:1].upper()}{note[1:]}." for note in result.notes)]


def visibility_text(result: StudyResult) -> list[str]:
    """Which communities of shared interest the follow graph shows."""
    if result.communities.visibility is None:
        return ["There is no follow graph to compare the communities with."]
    partition = result.communities.partition
    large = shown_communities(
        partition.sizes.tolist(), result.config.report.min_group_size, partition.n_unassigned
    )
    verdicts = result.communities.visibility.frame.head(large).get_column("verdict").to_list()
    return [
        f"Of {large} communities of shared interest that are large enough to be reported, "
        f"{verdicts.count('hidden')} are hidden: no community of the follow graph matches them "
        "(F1 ≥ 0.5) in most runs, and their members follow each other near chance (at most 1.5 "
        f"times, by the upper bound of a 95 % interval). {verdicts.count('visible')} are visible, "
        f"{verdicts.count('undecided')} undecided, and {verdicts.count('not judgeable')} cannot "
        "be judged, for fewer than half of their members are in the follow graph.",
        "The second headline is about the hidden communities, which the follow graph alone would "
        "not reveal. That a feed of followees does not serve a community whose members do not "
        "follow each other is nearly mechanical; the size of the gap is the finding.",
    ]


def spread_text(result: StudyResult) -> list[str]:
    """Design of the simulation, and coverage of the confidence intervals."""
    spread, wanted = result.spread, result.config.simulation
    worlds = len(spread.worlds)
    cover = (
        f"95 % confidence intervals are t intervals over {worlds} worlds, which are resampled from "
        "one: they describe variation between populations generated in the same way, and do not "
        "generalise to other platforms."
        if worlds > 1
        else "With one world, 95 % confidence intervals hold within this world only."
    )
    fair = (
        "Posts, sessions and slots are equal in all arms, which share common random numbers. "
        "Leaving, posting less and ceasing to post are recorded as propensities and not acted on: "
        "kept sessions, accounts and creators are not estimable."
        if spread.budget == "matched"
        else "Viewers leave and return, and creators post less or stop posting, depending on what "
        "they are shown (budget 'free'): arms differ in sessions and posts too."
    )
    return [
        f"{_count_text(worlds, 'world')}, {_count_text(spread.replications, 'replication')} in each, "
        f"{_count_text(wanted.ticks, 'tick')}, {_count_text(wanted.slots, 'slot')} per session. {fair}",
        cover + " With many measures, some intervals exclude 0 by chance alone.",
    ]


def all_arms_text(result: StudyResult) -> list[str]:
    """How to read the means of all arms."""
    if result.arm_means is None:
        return []
    texts = [
        "Means of each feed. The feeds share their worlds, so two of them can differ although their "
        f"intervals overlap: the contrasts below compare them in pairs. {_assumption_text(result)}",
        "The position of a feed in the figure reflects the parameters it was given, not a platform's "
        "performance. Backfill (filler) pulls cross-community exposure toward 1 and viewer value "
        "toward that of a random feed.",
    ]
    if result.curve is not None:
        first, second = result.curve.ends
        texts.append(
            f"The curves lead from {first} to {second}: the share interpolates all parameters of the "
            "feed, quotas and weights. They need not be linear or monotone."
        )
    return texts


def all_arms_caption(result: StudyResult) -> str:
    """Assumptions, backfill and intervals, for the captions of figures of all arms."""
    filler = result.spread.summary().get_column("filler").to_list()
    share = f"{min(filler):.0%} to {max(filler):.0%} of a feed's posts are filler"
    over = over_units(len(result.spread.worlds))
    return f"{_assumption_text(result)} {share}; 95 % confidence intervals are {over}."


def _assumption_text(result: StudyResult) -> str:
    """The social share of taste, and how many behaviour parameters were fitted."""
    behaviour = result.config.behaviour
    start = f"The social share of taste is s = {behaviour.social_share:g}; behaviour is"
    if not result.spread.calibrated:
        return f"{start} not calibrated."
    before = dict(Behaviour(calibrated=True).frame.iter_rows())
    after = dict(behaviour.frame.iter_rows())
    changed = sum(value != before[name] for name, value in after.items())
    return (
        f"{start} calibrated: {changed} of its {len(after) - 1} parameters are not the documented "
        "assumptions."
    )


def sweep_text(result: StudyResult) -> list[str]:
    """The sensitivity sweep over the social share of taste, and where signs change."""
    if result.scan is None:
        return ["No sensitivity sweep in this study: the results hold for one value of s only."]
    wanted, own = result.config.s_scan, result.config.behaviour.social_share
    spread = result.spread
    worlds = min(wanted.worlds, len(spread.worlds))
    fewer = worlds < len(spread.worlds) or wanted.replications < spread.replications
    texts = [
        "Taste is (1 − s) · interest + s · followees' reactions. With s = 0 an interest-centric "
        f"feed maximises viewer value by definition, so results are repeated over s (s = {own:g} "
        "elsewhere in this report).",
        f"The sweep uses {_count_text(worlds, 'world')} and "
        f"{_count_text(wanted.replications, 'replication')} per value"
        + (", fewer than the main simulation: its intervals are wider." if fewer else "."),
    ]
    changed = result.scan.filter("sign_change")
    if not changed.height:
        return [*texts, "No difference changes its sign over s, by intervals that exclude 0."]
    rows = changed.select("s", "measure", "partition", "arm", "baseline").iter_rows()
    where = "; ".join(
        f"{m} ({p + ' partition, ' if p else ''}{a} − {b}) at s = {s:g}" for s, m, p, a, b in rows
    )
    return [*texts, f"Sign changes, by intervals that exclude 0: {where}."]


def _count_text(number: int, unit: str) -> str:
    return f"{number} {unit}" + ("" if number == 1 else "s")


def limitations_text(result: StudyResult, inputs: StudyInputs) -> list[str]:
    """Limitations of the study."""
    spread = result.spread
    texts = caution_notices(result, inputs)
    texts += [
        "The feeds are models: sources, factors and weights represent kinds of feeds as their "
        "makers describe them. No platform's own ranking is reproduced.",
        "Communities depend on the method. Results are given under every kind of partition; a "
        "direction that differs between partitions is not a finding.",
        "The follow partition is found in the same follow graph that drives the follower feed: "
        "cross-community exposure under this partition is small by construction.",
    ]
    if len(spread.worlds) > 1:
        texts.append(
            "Worlds are resampled from one population: intervals do not cover differences between "
            "platforms, periods or samples of accounts."
        )
    filler = spread.summary().select(pl.col("filler").max()).item()
    if filler and filler > 0.05:
        texts.append(
            f"Up to {filler:.0%} of an arm's impressions are backfill (filler), drawn at random: "
            "this pulls the arm's cross-community exposure toward 1. The headlines say whether "
            "their sign holds without it."
        )
    if not spread.worlds[0].authored:
        texts.append(
            "Posts have no authors in these data: they enter through seeders from their audience, "
            "and 'following' means posts introduced by followees."
        )
    return texts
