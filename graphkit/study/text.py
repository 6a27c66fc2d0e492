"""Sentences of a study: headlines, verdicts and the paragraphs of the report."""

from __future__ import annotations

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.data.results import ImportReport
from graphkit.data.spread import Spread
from graphkit.measures import Economy
from graphkit.measures.intervals import OVER_POPULATIONS, OVER_SAMPLES
from graphkit.simulation import Behaviour
from graphkit.simulation.tastes import SAME_SPACE
from graphkit.study.config import StudyConfig
from graphkit.study.disclosure import n_merged, overdue, refresh_text
from graphkit.study.results import StudyResult

__all__ = ["NOT_ESTIMABLE"]

#: From this share of empty slots in an arm on, the report says that it shows fewer posts.
MIN_EMPTY = 0.01

#: From this share of filler in an arm on, the report says what it does.
NOTED_FILLER = 0.05

#: Text for the value of a measure for which a community is too small, or has no post.
NOT_ESTIMABLE = "not estimable"


def caution_notices(result: StudyResult, dataset: Dataset, *, synthetic: bool) -> list[str]:
    """Cautions among the limits: synthetic data, uncalibrated behaviour."""
    texts = []
    if synthetic:
        texts.append(
            "The data are synthetic: accounts, posts and communities were generated, not observed. "
            "The figures show what the method does where the ground truth is known; they do not "
            "describe any real platform."
        )
    if overdue(dataset):
        texts.append(refresh_text(dataset))
    if not result.spread.calibrated:
        texts.append(
            "The viewers' behaviour is not calibrated: its parameters are documented assumptions, "
            "not fitted to a log. Interpret directions and their robustness, not effect sizes."
        )
    return texts


def cannot_say(result: StudyResult, dataset: Dataset, *, synthetic: bool) -> str:
    """The cautions in a line, for the end of the first screen."""
    texts = []
    if overdue(dataset):
        texts.append(refresh_text(dataset))
    if synthetic:
        texts.append("The data are synthetic: they describe no real platform.")
    if not result.spread.calibrated:
        texts.append("Behaviour is assumed, not calibrated: read directions, not sizes.")
    filler = result.spread.summary().select(pl.col("filler").max()).item()
    if filler and filler > NOTED_FILLER:
        texts.append(f"Up to {percent(filler)} of a feed's posts are filler, drawn at random.")
    meaning = next(iter(result.contrasts.get_column("interval").drop_nulls()), "")
    texts.append(
        {
            OVER_POPULATIONS: "Intervals speak about populations of the same making.",
            OVER_SAMPLES: "Intervals speak about samples like this one.",
        }.get(meaning, "Intervals, if any, speak about this world alone.")
    )
    return " ".join(texts)


def five_words(result: StudyResult) -> list[tuple[str, str]]:
    """The words of the answers, explained."""
    wanted = result.config.communities
    return [
        ("community", f"{wanted.between} joined by shared {wanted.through}"),
        (
            "hidden community",
            "its members follow each other near chance: the follow graph misses it",
        ),
        ("random exposure", "posts drawn at random: the chance level"),
        ("cross-community exposure", "views from other communities; 1 is random exposure"),
        ("95 % interval", "in brackets; with 0 inside, no difference can be told"),
    ]


def data_text(
    dataset: Dataset, report: ImportReport | None, result: StudyResult | None = None
) -> list[str]:
    """Source and terms of the data, and its disjoint parts in a study."""
    ds = dataset
    texts = [f"Source: {ds.source}." if ds.source else "The data do not state their source."]
    if ds.terms:
        texts.append(f"Terms: {ds.terms}")
    if ds.refresh_due is not None and not overdue(ds):
        texts.append(refresh_text(ds))
    before = ds.provenance.census()
    if sum(before.values()) > (report.n_dropped if report else 0):
        told = "; ".join(f"{n:,} {why}" for why, n in before.items())
        texts.append(f"Left out before the study: {told}.")
    elif report is not None and not report.n_dropped:
        texts.append("No row was dropped on reading.")
    if result is None:
        return texts
    world = result.spread.worlds[0]
    texts.append(
        "Three things come from disjoint parts of the data: the communities, the initial profiles "
        f"that feeds have of their viewers, and the {world.n_posts:,} posts whose spread is "
        "measured. Communities found in the data that drive a feed would bias cross-community "
        "exposure downwards."
    )
    return texts


NULL_TEXT = (
    "They are called stable only if both quality and agreement of two runs are above those of "
    "random logs that keep how much every account does and how popular every object is, projected "
    "in the same way (one-sided p ≤ 0.05 for each)."
)


def community_text(result: StudyResult) -> list[str]:
    """How communities were detected, how far runs agree, and what the null test says."""
    found, wanted = result.communities, result.config.communities
    partition = found.partition
    texts = [
        f"An edge joins two {partition.node_kind} that share {wanted.through}; {wanted.runs} "
        f"runs of Leiden ({wanted.quality}) give {partition.n_communities} communities. Their "
        f"verdict: {found.verdict} ({found.reason}).",
        f"{NULL_TEXT} Consistency is the run-to-run similarity of members' communities, mean over members, "
        f"0 … 1. {_naming_text(partition)}",
    ]
    if hidden := n_merged(partition):
        texts.append(
            f"{hidden} further communities are suppressed (small-cell suppression): they have fewer "
            f"than {result.config.report.min_group_size} members, or could be derived from the rest."
        )
    if partition.n_unassigned:
        texts.append(
            "Accounts without edges in this part of the data, or of suppressed communities, belong to "
            "no community: they are shown posts, but are left out of measures under a partition."
        )
    return [*texts, *(f"{note[:1].upper()}{note[1:]}." for note in result.notes)]


def _naming_text(partition: Partition) -> str:
    """What communities are called, and why some have no name."""
    if partition.evidence is None:
        return "They go by their number, the largest first."
    text = "Communities are named after their over-represented tags"
    if nameless := sum(label is None for label in partition.labels):
        text += (
            f"; {nameless} of {partition.n_communities} go by their number, for no tag stands out "
        )
        text += "clearly, or not in enough runs"
    return f"{text}."


def visibility_text(result: StudyResult) -> list[str]:
    """Which communities of shared interest the follow graph shows."""
    if result.communities.visibility is None:
        return ["There is no follow graph to compare the communities with."]
    verdicts = result.communities.visibility.frame.get_column("verdict").to_list()
    return [
        f"Verdicts on the {_count_text(len(verdicts), 'community', 'communities')} of shared interest large "
        f"enough to be reported: {verdicts.count('hidden')} hidden, {verdicts.count('visible')} "
        f"visible, {verdicts.count('undecided')} undecided, {verdicts.count('not judgeable')} not "
        "judgeable. Hidden means that no community of the follow graph matches (F1 ≥ 0.5) in most "
        "runs, and that members follow each other near chance (at most 1.5 times as often, by the "
        "upper bound of a 95 % interval). A community cannot be judged if fewer than half of its "
        "members are in the follow graph.",
        "Visibility is a spectrum: the homophily of a community's follows is 0 if they stay inside "
        "as often as chance would have it, and 1 if all of them do. That a feed of followees does "
        "not serve a community whose members do not follow each other is nearly mechanical; how "
        "large the difference is, and how fast it closes as follows appear, is the finding.",
    ]


def interval_text(result: StudyResult) -> str:
    """What the intervals speak about, and what is held fixed."""
    worlds = len(result.spread.worlds)
    meaning = next(iter(result.contrasts.get_column("interval").drop_nulls()), "")
    if meaning == OVER_POPULATIONS:
        return (
            f"95 % intervals are t intervals over {worlds} worlds that were made independently, "
            "with the same parameters, and whose communities were found anew: they speak about "
            "populations of the same making, not about other platforms."
        )
    if meaning == OVER_SAMPLES:
        return (
            f"95 % intervals are of a jackknife: the value is that of the data themselves, and each "
            f"of {worlds - 1} groups of accounts is left out in turn. They speak about samples like "
            "this one; the partition, its labels and the visibility of communities are held fixed."
        )
    if not result.contrasts.get_column("low").count():
        return "There are no intervals, for there is one world and one replication: nothing is claimed."
    return (
        f"95 % intervals are t intervals over {result.spread.replications} replications in one world, "
        "which is held fixed: they tell what the draws of the simulation alone do, and nothing about "
        "other worlds."
    )


def conditions_text(result: StudyResult) -> list[str]:
    """The conditions under which the findings were tried."""
    if result.conditions is None:
        return []
    names = result.conditions.get_column("condition").unique(maintain_order=True).to_list()
    texts = [
        "The comparison is repeated under conditions that could overturn its findings: "
        f"{', '.join(names)}."
    ]
    if "slots left empty" in names:
        shared = "; shared slots are those that both feeds fill from their own sources"
        texts.append(
            "A feed with few candidates is otherwise filled up with random posts"
            f"{shared if 'shared slots' in names else ''}."
        )
    return texts


def robustness_text(result: StudyResult) -> list[str]:
    """How to read what becomes of the findings under other conditions."""
    texts = [
        "Each condition changes one thing and has the same random numbers; other kinds of partition are "
        "among them. Its distance is that of its value from the study's own, as a share of the "
        "range tried; a condition without a number has none."
    ]
    wanted = result.config.conditions
    if wanted.partition_seeds or wanted.resolution or wanted.top or wanted.min_shared:
        texts.append(
            "Other seeds, resolutions and thresholds (top, min_shared) are of the search for the interest "
            "partition and of its graph, and concern the measures under that partition alone."
        )
    if wanted.homophily:
        texts.append(
            "Another homophily of follows needs other worlds, made with other random numbers: a "
            "part of the change is due to these worlds."
        )
    tried = 0 if result.conditions is None else result.conditions.get_column("worlds").min()
    if isinstance(tried, int) and 0 < tried < len(result.spread.worlds):
        texts.append(
            "Some are tried in fewer worlds than the study has, so that their intervals are wider: that "
            "a difference is not distinguishable there may be due to this alone."
        )
    scan = result.config.s_scan
    if scan.social_share and scan.replications < result.spread.replications:
        texts.append(
            f"Values of s are tried in {_count_text(scan.replications, 'replication')} of each world, "
            f"and the study has {result.spread.replications}: intervals are wider there, or missing."
        )
    return texts


def spread_text(result: StudyResult) -> list[str]:
    """Design of the simulation, and coverage of the confidence intervals."""
    spread, wanted = result.spread, result.config.simulation
    worlds = len(spread.worlds)
    fair = (
        "Posts, sessions and slots are equal in all arms, which share common random numbers. "
        "Leaving, posting less and ceasing to post are recorded as propensities and not acted on: "
        "kept sessions, accounts and creators are not estimable."
        if spread.budget == "matched"
        else "Viewers leave and return by what they are shown, follows are gained and lost, and "
        f"creators post less, stop posting and adapt their content by {creators_text(result)} (budget "
        "'free'): arms differ in sessions and posts too, and a difference may be due to either. Means "
        "over impressions are over viewers who are still there."
    )
    return [
        f"{_count_text(worlds, 'world')}, {_count_text(spread.replications, 'replication')} in each, "
        f"{_count_text(wanted.ticks, 'tick')}, {_count_text(wanted.slots, 'slot')} per session. {fair}",
        *answers_text(spread),
        reading_text(result),
        *unequal_text(spread),
        "A direction follows from the row's own 95 % interval, of primary measures and headlines too: "
        "where feeds do not differ, about one row in twenty has one by chance. Only the primary measures "
        "have p-values, which Holm's method adjusts for their number; no direction rests on them.",
    ]


def answers_text(spread: Spread) -> list[str]:
    """That duets and stitches are among the posts; nothing if none became one."""
    parts = {w for w, world in enumerate(spread.worlds) if world.sample == "part"}
    sizes = {len(tally.answers) for (_, w, _), tally in spread.tallies.items() if w not in parts}
    if not any(sizes):
        return []
    span = f"{min(sizes):,}" if len(sizes) == 1 else f"{min(sizes):,} to {max(sizes):,}"
    return [
        f"Duets and stitches become posts of those who made them, with a delay: {span} in a run, beside "
        "those of the world. Measures of posts include them; their authors count as creators only by "
        "scheduled posts."
    ]


def creators_text(result: StudyResult) -> str:
    """What creators respond to under a free budget."""
    payout = result.config.payout
    if payout is None:
        return "the reactions to their earlier posts"
    meaning = f" ({payout.meaning})" if payout.meaning else ""
    return f"their income under the payout scheme '{payout.name}'{meaning}"


def economy_text(result: StudyResult, shown: Economy) -> list[str]:
    """What payout schemes do, what they are, and how to read the table; `shown` may be a part."""
    free = result.spread.budget == "free"
    runs = (
        "Each scheme is simulated in the same worlds with the same random numbers, and creators "
        "respond to what they earn under it by an assumed rule; ranking reads no money."
        if free
        else "Budgets are matched, so creators respond to nothing: the schemes distribute the income "
        "of the same runs, and differ in nothing else."
    )
    first = result.config.arms[0].name
    texts = [
        shown.sentence,
        f"{runs} Schemes are compared with {shown.payouts[0]}, feeds with {first}. Differences are "
        "judged at a false discovery rate of 5 % over all of them.",
        f"Incomes are in units of the mean income per creator of {first}, in which every scheme pays "
        f"the same total; a living is {result.config.economy.living:g} of it or more, an assumption. "
        "The schemes simplify real ones, and their numbers are sources and assumptions as "
        "graphkit.measures.payout_numbers() lists them.",
    ]
    if shown is not result.economy:
        texts.append(
            "Small creators, the fifth with fewest followers, are fewer than "
            f"{result.config.report.min_group_size} in some world: what concerns them is suppressed."
        )
    elif free:
        texts.append(
            "Small creators are the fifth with fewest followers; those with two scheduled posts or "
            "more can stop posting."
        )
    return texts


def reading_text(result: StudyResult) -> str:
    """What feeds read of posts and viewers, and what tastes act on."""
    world = result.spread.worlds[0]
    known = world.provenance.parameters
    same = known.get("reads") == known.get("tastes")
    apart = ", of other items and other accounts" if same else ""
    texts = [
        f"Feeds read {known['reads']}; tastes act on {known['tastes']}{apart}."
        if "reads" in known and "tastes" in known
        else "What feeds read of a post is not recorded."
    ]
    if known.get("space") == "planted":
        texts.append("Such feeds are oracles, which no platform has.")
    elif known.get("tastes") == SAME_SPACE:
        texts.append("A feed cannot misread what a viewer likes.")
    elif (likeness := known.get("rank_correlation")) is not None:
        texts.append(
            f"The likeness of two posts as read and as tasted has a rank correlation of {likeness:.2f}."
        )
    if known.get("feature_noise"):
        texts.append(f"{percent(known['feature_noise'])} of the posts are read as another post.")
    if known.get("cold_start"):
        texts.append("Feeds know nothing of their viewers at the start.")
    elif known.get("profile_noise"):
        texts.append(f"{percent(known['profile_noise'])} of a first profile is another account's.")
    places = {"that feeds read": world.post_features, "for tastes": world.taste_features}
    for name, features in places.items():
        if blank := int((~features.any(axis=1)).sum()):
            texts.append(f"{blank:,} of {world.n_posts:,} posts have no place in the space {name}.")
    return " ".join(texts)


def empty_shares(spread: Spread) -> dict[str, float]:
    """Share of the offered slots that each arm leaves empty."""
    kept = spread.summary().select("arm", pl.col("kept").fill_null(1.0)).rows()
    return {arm: 1 - share for arm, share in kept}


def other_fillers_text(config: StudyConfig) -> str:
    """The arms whose filler is no uniform draw, as the end of a sentence."""
    fillers = {name: feed.filler for name, feed in config.feeds().items()}
    parts = []
    for kind, rule in (("popularity", "the most popular one"), ("empty", "nothing")):
        if names := [name for name, own in fillers.items() if own == kind]:
            parts.append(f"{rule} in {', '.join(names)}")
    return f" ({'; '.join(parts)})" if parts else ", by the same rule in every arm"


def unequal_text(spread: Spread) -> list[str]:
    """Which arms show fewer posts than others, and what follows from it; nothing if none does."""
    open_slots = {arm: share for arm, share in empty_shares(spread).items() if share > MIN_EMPTY}
    if not open_slots or spread.budget != "matched":
        return []
    named = ", ".join(f"{arm} {percent(share)}" for arm, share in open_slots.items())
    return [
        f"Some arms leave slots empty that they cannot fill ({named} of the slots), so they show fewer "
        "posts. Whatever counts posts, viewers or reactions, such as within-community reach, session "
        "length, creator value and platform value, is smaller there for that alone. The condition "
        "'shared slots' compares equally many posts."
    ]


def reach_text(spread: Spread) -> str:
    """How to read the mean reach of all posts."""
    if spread.budget != "matched":
        return "Arms differ in their sessions, and so in the number of posts that they show."
    if unequal_text(spread):
        return (
            "Arms that leave slots empty show fewer posts, and their mean is lower for that alone."
        )
    return (
        "Under a matched budget the arms show equally many posts, so the mean is equal by "
        "construction: they differ in whose posts reach whom."
    )


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
    """Assumptions and backfill, for the captions of figures of all arms."""
    filler = result.spread.summary().get_column("filler").to_list()
    share = f"{percent(min(filler))} to {percent(max(filler))} of a feed's posts are filler"
    empty = {a: s for a, s in empty_shares(result.spread).items() if s > MIN_EMPTY}
    if empty:
        share += f"; slots left empty: {', '.join(f'{a} {percent(s)}' for a, s in empty.items())}"
    return f"{_assumption_text(result)} {share}."


def _assumption_text(result: StudyResult) -> str:
    """The social share of taste, and how many behaviour parameters were fitted."""
    behaviour = result.config.behaviour
    start = f"The social share of taste is s = {behaviour.social_share:g}; behaviour is"
    if not result.spread.calibrated:
        return f"{start} not calibrated."
    before = dict(Behaviour(calibrated=True).frame.select("parameter", "value").iter_rows())
    after = dict(behaviour.frame.select("parameter", "value").iter_rows())
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
    swept = len(spread.worlds) if spread.worlds[0].sample == "whole" else wanted.worlds
    worlds = min(swept, len(spread.worlds))
    fewer = worlds < len(spread.worlds) or wanted.replications < spread.replications
    aims = (
        "maximises viewer value by definition"
        if spread.budget == "matched"
        else "ranks by what viewers like, by definition"
    )
    texts = [
        "Taste is (1 − s) · interest + s · followees' reactions. With s = 0 an interest-centric "
        f"feed {aims}, so results are repeated over s (s = {own:g} elsewhere in this report).",
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


def _count_text(number: int, unit: str, units: str | None = None) -> str:
    return f"{number} {unit if number == 1 else units or unit + 's'}"


def percent(share: float) -> str:
    """A share in per cent.

    Examples
    --------
    >>> percent(0.314), percent(0.7)
    ('31 %', '70 %')
    """
    return f"{100 * share:.0f} %"


def limitations_text(result: StudyResult) -> list[str]:
    """Limitations of the study, beside the cautions before all numbers."""
    spread = result.spread
    texts = [
        "The feeds are models: sources, factors and weights represent kinds of feeds as their "
        "makers describe them. No platform's own ranking is reproduced.",
        "Communities depend on the method. Results are given under every kind of partition; a "
        "direction that differs between partitions is not a finding.",
    ]
    if "follow" in spread.worlds[0].partitions:
        texts.append(
            "The follow partition is found in the follow graph that also drives feeds of followees: "
            "their cross-community exposure under this partition is small by construction."
        )
    filler = spread.summary().select(pl.col("filler").max()).item()
    if filler and filler > NOTED_FILLER:
        texts.append(
            f"Up to {percent(filler)} of an arm's impressions are backfill (filler), drawn at random: "
            "this pulls the arm's cross-community exposure toward 1. Above 25 % no direction is claimed."
        )
    if spread.budget == "free":
        texts.append(
            "When viewers come back or leave, and what creators do with their reward, are assumptions "
            "even where behaviour is fitted to a log: logs of impressions do not show them. Leaving "
            "selects who is measured later."
        )
    if not spread.worlds[0].authored:
        texts.append(
            "Posts have no authors in these data: they enter through seeders from their audience, "
            "and 'following' means posts introduced by followees."
        )
    return texts
