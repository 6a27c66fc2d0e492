"""The sentences of a report that depend on what was run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from graphkit.simulation import Behaviour

if TYPE_CHECKING:
    from graphkit.study._materials import Materials
    from graphkit.study.run import StudyResult

__all__ = [
    "community_text", "data_text", "limits", "notices", "scan_text", "sides_caption",
    "sides_text", "spread_text", "visibility_text",
]  # fmt: skip


def notices(result: StudyResult, materials: Materials) -> list[str]:
    """What must be known before any number is read."""
    said = []
    if materials.platform is not None:
        said.append(
            "The data are synthetic: accounts, posts and communities were made, not observed. The "
            "figures show what the method does where the truth is known; they say nothing about "
            "any real platform."
        )
    if not result.spread.calibrated:
        said.append(
            "The viewers' behaviour is not calibrated: its numbers are documented assumptions, not "
            "fitted to a log. Read directions and how they hold, not sizes."
        )
    return said


def data_text(result: StudyResult, materials: Materials) -> list[str]:
    """Source and terms."""
    ds = materials.dataset
    said = [f"Source: {ds.source}." if ds.source else "The source is not stated in the data."]
    if ds.terms:
        said.append(f"Terms: {ds.terms}")
    world = result.spread.worlds[0]
    said.append(
        "Three things come from disjoint parts of these data: the communities, what each feed "
        f"knows of its viewers when it begins, and the {world.n_posts:,} posts whose spread is "
        "followed. Communities found in the data that drive a feed would make its borders look "
        "higher than they are."
    )
    if materials.report is not None and not materials.report.n_dropped:
        said.append("No row was dropped on reading.")
    return said


def community_text(result: StudyResult, shown: int) -> list[str]:
    """How communities were found, and how sure that is."""
    found, wanted = result.communities, result.config.communities
    partition = found.partition
    said = [
        f"Two {partition.node_kind} are tied by the {wanted.through} that they share; {wanted.runs} "
        f"runs of Leiden ({wanted.quality}) give {partition.n_communities} communities. Their "
        f"verdict: {partition.verdict}, mean agreement of runs (AMI) {partition.stability:.2f}. "
        "Consistency is the mean over members of how alike their community is from run to run, "
        "0 … 1. Names are hashtags that members use more than others do."
    ]
    hidden = partition.n_communities - shown
    if hidden:
        said.append(
            f"{hidden} communities are not told apart here: they have fewer than "
            f"{result.config.report.min_group_size} members, or could be worked out from the rest."
        )
    if partition.n_unassigned:
        said.append(
            "Accounts that share nothing with anybody in this part of the data are in no community: "
            "they are shown posts, but count for no border."
        )
    return [*said, *(f"{note[:1].upper()}{note[1:]}." for note in result.notes)]


def visibility_text(result: StudyResult) -> list[str]:
    """What the follow graph shows."""
    seen = result.communities.visibility
    if seen is None:
        return ["There is no follow graph to hold the communities against."]
    unseen, shown = len(result.hidden["interest"]), len(result.visible["interest"])
    return [
        f"{unseen} of {unseen + shown} communities of shared interest that are large enough to be "
        "told apart are not shown by the follow graph: no community of followers matches them "
        "(F1 ≥ 0.5) in most runs.",
        "These are the cultures of the second headline: whoever knew followers only would not "
        "know of them.",
    ]


def spread_text(result: StudyResult) -> list[str]:
    """What was simulated, and what the intervals cover."""
    spread, wanted = result.spread, result.config.simulation
    worlds = len(spread.worlds)
    cover = (
        f"Intervals (95 %) are t intervals over {worlds} worlds, which are resampled from one: "
        "they say how far other populations of the same making would differ, and nothing about "
        "other platforms."
        if worlds > 1
        else "With one world, intervals (95 %) hold within this world only."
    )
    fair = (
        "Posts, sessions and slots are equal in all arms, and viewers draw the same luck in all. "
        "Leaving, posting less and giving up are recorded as propensities and not acted on: kept "
        "sessions, accounts and creators are not estimable."
        if spread.budget == "matched"
        else "Viewers leave and return, and creators post less or give up, by what they meet (budget "
        "'free'), so that arms differ in sessions and posts too."
    )
    return [
        f"{_count(worlds, 'world')}, {_count(spread.replications, 'replication')} in each, "
        f"{_count(wanted.ticks, 'tick')}, {_count(wanted.slots, 'slot')} a session. {fair}",
        cover + " Many measures are shown; some intervals leave out 0 by chance alone.",
    ]


def sides_text(result: StudyResult) -> list[str]:
    """What stands side by side, and how to read it."""
    if result.arm_means is None:
        return []
    said = [
        "Every feed for itself. The feeds share their worlds, so that two of them can differ clearly "
        "though their intervals overlap: the contrasts below compare them in pairs. "
        f"{_assumed(result)}",
        "Where a feed falls in the figure says which numbers it was given, not how a platform would "
        "do. Filler pulls crossing toward 1 and viewer value toward that of a random feed.",
    ]
    if result.curve is not None:
        first, second = result.curve.ends
        said.append(
            f"The curves lead from {first} to {second}: every number of the feed, quotas and weights "
            "alike, is moved by the share. They need be neither straight nor monotone."
        )
    return said


def sides_caption(result: StudyResult) -> str:
    """What figures of all arms must say of themselves: s, behaviour, filler, intervals."""
    filler = result.spread.summary().get_column("filler").to_list()
    worlds = len(result.spread.worlds)
    over = f"over {worlds} worlds" if worlds > 1 else "within this world"
    share = f"{min(filler):.0%} to {max(filler):.0%} of a feed's posts are filler"
    return f"{_assumed(result)} {share}; intervals (95 %) are {over}."


def _assumed(result: StudyResult) -> str:
    """The social part of taste, and how much of the behaviour was fitted."""
    behaviour = result.config.behaviour
    start = f"Taste follows the circle by s = {behaviour.social_share:g}; behaviour is"
    if not result.spread.calibrated:
        return f"{start} not calibrated."
    before = dict(Behaviour(calibrated=True).frame.iter_rows())
    after = dict(behaviour.frame.iter_rows())
    changed = sum(value != before[name] for name, value in after.items())
    return (
        f"{start} calibrated: {changed} of its {len(after) - 1} numbers are not the documented "
        "assumptions."
    )


def scan_text(result: StudyResult) -> list[str]:
    """What s is, in how many worlds it was scanned, and where a sign changes."""
    if result.scan is None:
        return ["Not scanned in this study: the results hold for one value of s only."]
    wanted, own = result.config.s_scan, result.config.behaviour.social_share
    worlds = min(wanted.worlds, len(result.spread.worlds))
    said = [
        "Taste is (1 − s) · interest + s · what the circle reacted to. With s = 0 an interest "
        f"feed wins viewer value by definition, so results are repeated over s (s = {own:g} "
        "elsewhere in this report).",
        f"The scan uses {_count(worlds, 'world')} and "
        f"{_count(wanted.replications, 'replication')} per value"
        + (
            ", fewer than the rest: its intervals are wider."
            if worlds < len(result.spread.worlds)
            or wanted.replications < result.spread.replications
            else "."
        ),
    ]
    changed = result.scan.filter("sign_change")
    if changed.height:
        where = "; ".join(
            f"{m} ({p + ' partition, ' if p else ''}{a} − {b}) at s = {s:g}"
            for s, m, p, a, b in changed.select(
                "s", "measure", "partition", "arm", "baseline"
            ).iter_rows()
        )
        said.append(f"The sign changes, by intervals that leave out 0: {where}.")
    else:
        said.append("No difference changes its sign over s by intervals that leave out 0.")
    return said


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def limits(result: StudyResult, materials: Materials) -> list[str]:
    """What the study cannot say."""
    spread = result.spread
    said = list(notices(result, materials))
    said += [
        "The feeds are models: sources, factors and weights stand for kinds of feeds as their "
        "makers describe them. No platform's own ranking is reproduced.",
        "Communities are one reading of the data. Results are given under every kind of "
        "partition, and a direction that differs between them is no finding.",
        "The follow graph that drives the follower feed is also the one that the follow "
        "partition is found in: crossing under that partition is small by construction.",
    ]
    if len(spread.worlds) > 1:
        said.append(
            "Worlds are resampled from one population: intervals leave out what a different "
            "platform, time or sample of accounts would change."
        )
    filler = spread.summary().select(pl.col("filler").max()).item()
    if filler and filler > 0.05:
        said.append(
            f"Up to {filler:.0%} of an arm's impressions are filler, drawn at random: this pulls "
            "that arm's crossing toward 1. The headlines say whether their sign holds without it."
        )
    if not spread.worlds[0].authored:
        said.append(
            "Posts have no authors in these data: they enter through accounts of their audience, "
            "and 'following' means what followees introduced."
        )
    return said
