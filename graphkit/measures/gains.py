"""Gains by group: for which creators, viewers and communities two feeds differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.data.visibility import Visibility
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError, check_choice, check_number
from graphkit.kernels.state import WATCH_UNIT
from graphkit.measures.catalogue import PartitionTallies, RunTallies
from graphkit.measures.exposure import entropy
from graphkit.measures.hosting import hosting_members, hosting_reach
from graphkit.measures.intervals import FILLER, OVER_POPULATIONS, OVER_SAMPLES, WITHIN_WORLD, Scheme
from graphkit.measures.mixing import partition_of
from graphkit.measures.paired import (
    check_pair,
    community_names,
    control_discoveries,
    directions,
    hotelling_test,
    match_communities,
    paired_family,
    scheme_of_spread,
    too_filled,
)
from graphkit.parallel import refuse_after_fork, track

__all__ = ["GROUPINGS", "Gains", "who_gains"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Accounts = npt.NDArray[np.int32]

#: What groups may be made by.
GROUPINGS = ("community", "community size", "visibility", "creator size", "activity")
#: Verdicts in their order along visibility; the last has no place in it.
_VERDICTS = ("hidden", "undecided", "visible", "not judgeable")
#: A group of fewer posts or accounts is not reported.
SMALLEST = 10
#: Groups of accounts, and of communities, of which there are fewer.
FIFTHS, THIRDS = 5, 3
#: Largest number of communities that are reported one by one.
MOST_GROUPS = 5_000


class _Gain(NamedTuple):
    """A measure by group: what it is a mean over, and its values, NaN where it has none."""

    of: str
    values: Callable[[RunTallies, PartitionTallies | None], npt.NDArray[np.generic]]


def _per_community(p: PartitionTallies | None, name: str) -> Floats:
    assert p is not None
    if name == "hosting_members":
        return hosting_members(p.diet, p.partition.membership)
    if name == "reach_outside":
        return np.asarray(p.by_community(p.reach_outside, p.exposure.homes), dtype=np.float64)
    return hosting_reach(p.views, p.partition.membership, **p.origins)


def _own_share(_: RunTallies, p: PartitionTallies | None) -> Floats:
    """Share of each account's own community in what it was shown."""
    assert p is not None
    member = p.partition.membership
    shown = p.assigned_diet.sum(axis=1, dtype=np.float64)
    own = p.diet[np.arange(member.size), member].astype(np.float64)  # −1: the last column
    found = np.full(member.size, np.nan)
    np.divide(own, shown, out=found, where=(shown > 0) & (member >= 0))
    return found


def _diet_entropy(_: RunTallies, p: PartitionTallies | None) -> Floats:
    assert p is not None
    return entropy(p.assigned_diet)


_GAINS = {
    "impressions_per_post": _Gain("posts", lambda run, _: run.reach),
    "rewards_per_post": _Gain("posts", lambda run, _: run.tally.rewards),
    "watch_per_post": _Gain("posts", lambda run, _: run.tally.watch / WATCH_UNIT),
    "impression_share": _Gain("posts", lambda run, _: run.reach),
    "own_share": _Gain("accounts", _own_share),
    "diet_entropy": _Gain("accounts", _diet_entropy),
    "hosting_reach": _Gain("communities", lambda _, p: _per_community(p, "hosting_reach")),
    "hosting_members": _Gain("communities", lambda _, p: _per_community(p, "hosting_members")),
    "reach_outside": _Gain("communities", lambda _, p: _per_community(p, "reach_outside")),
}

#: What is grouped, where not everything is.
_OF = {"creator size": ("posts",), "activity": ("accounts",)}

_NUMBERS = ("arm_mean", "baseline_mean", "difference", "low", "high")
_TEXTS = ("by", "measure", "group", "unit", "interval", "direction")


@dataclass(frozen=True, repr=False, eq=False)
class Gains(Frozen, title="Gains by group", table="frame"):
    """Result of :func:`who_gains`: differences between two arms, group by group.

    Attributes
    ----------
    arm, baseline
        Names of the arms; differences are arm − baseline.
    by
        What the groups are made by.
    frame
        One row per measure and group; columns as in :func:`who_gains`.
    trend
        One row per measure, of ordered groups: change of the measure per step from one group to
        the next, in both arms and as a difference, with interval and p. Empty otherwise.
    heterogeneity
        One row per measure: groups, worlds, F, its degrees of freedom and p of the hypothesis that
        the difference is the same in all groups; null where it is not estimable.
    """

    arm: str
    baseline: str
    by: str
    frame: pl.DataFrame
    trend: pl.DataFrame
    heterogeneity: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("who_gains"))

    def _title(self) -> str:
        return f"Gains by {self.by}: {self.arm} − {self.baseline}"

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"rows": self.frame.height}
        if self.frame.height:
            facts["intervals"] = self.frame.item(0, "interval")
        told = self.frame.get_column("direction")
        for verdict in ("higher", "lower", "not distinguishable", FILLER):
            if count := int((told == verdict).sum()):
                facts[verdict] = f"{count} of {self.frame.height}"
        for row in self.trend.drop_nulls("difference").iter_rows(named=True):
            bounds = "" if row["low"] is None else f" [{row['low']:+.3g}, {row['high']:+.3g}]"
            text = f"{row['difference']:+.3g}{bounds} a group".replace("-", "−")
            facts[f"trend of {row['measure']}"] = text
        if why := self._untested():
            facts["heterogeneity"] = f"not tested: {why}"
        return facts | {key: f"{n:,}" for key, n in self.provenance.removed.items()}

    def _untested(self) -> str | None:
        """Why no measure is tested for heterogeneity; `None` if one is, or nothing could vary."""
        table = self.heterogeneity
        if not self.frame.height or table.get_column("p").null_count() < table.height:
            return None
        if (self.frame.get_column("direction") == FILLER).any():
            return "filler"
        interval = self.frame.item(0, "interval")
        if interval == OVER_SAMPLES:
            return "the parts of a jackknife are not independent"
        unit = "replications" if interval == WITHIN_WORLD else "worlds"
        worlds, groups = table.row(0, named=True)["worlds"], int(str(table["groups"].max()))
        if groups < 2:
            return "needs two groups"
        return f"needs more {unit} than groups: {worlds} of {groups}" if worlds <= groups else None


#: Authors of no answers.
NOBODY = np.zeros(0, np.int32)


class _Groups(NamedTuple):
    """Names of the groups, whether each has a place in an order, and codes of each world."""

    names: list[str]
    ordered: int
    posts: list[Codes]
    accounts: list[Codes]
    communities: list[Codes]
    removed: dict[str, int]

    def of(self, kind: str, world: int, answered_by: Accounts = NOBODY) -> Codes:
        """Group of each post, account or community of a world; −1 for none.

        Answers of a run, by these accounts, are behind the posts and in the groups of their authors.
        """
        if kind == "posts":
            return np.concatenate([self.posts[world], self.accounts[world][answered_by]])
        return (self.accounts if kind == "accounts" else self.communities)[world]


def who_gains(
    spread: Spread,
    arm: str,
    baseline: str,
    *,
    by: str,
    partition: str | None = None,
    measure: str | Sequence[str] | None = None,
    visibility: Visibility | Sequence[Visibility] | None = None,
    confidence: float = 0.95,
) -> Gains:
    """For whom two feeds differ: paired differences by group of creators, viewers or communities.

    Arms are compared within the same world and replication, and what the intervals speak about
    follows from the worlds, as in :func:`contrast`. Groups are made of what both arms share.

    ``by`` may be

    ``"community"``
        each community, matched over worlds by name: those without a name (``community 3``
        is none), or in one world only, are counted and left out;
    ``"community size"``
        thirds of the communities by their members;
    ``"visibility"``
        the verdicts of `visibility`: hidden, undecided, visible, not judgeable;
    ``"creator size"``
        fifths of the creators (accounts with a scheduled post) by their followers;
    ``"activity"``
        fifths of the accounts by the number of posts that both arms showed them, which a matched
        budget makes the same in both, but for empty slots.

    Thirds and fifths are cut once over all worlds, so that a group is the same range in each; equal
    values stay together, and a group is named by the least and the largest value in it. All but
    ``"community"`` are ordered (``"visibility"`` without ``"not judgeable"``).

    Measures of creators are over the posts of a group (by their community of origin, or their
    author): ``impressions_per_post``, ``rewards_per_post`` (likes, comments, shares, follows,
    duets, stitches), ``watch_per_post`` (summed watch fractions), ``impression_share`` (share of
    all impressions). Measures of viewers are means over the accounts of a group: ``own_share``
    (share of the own community in what was shown, among posts with a community of origin),
    ``diet_entropy`` (normalised Shannon entropy of its communities of origin, 0 … 1). Measures of
    communities are means over the communities of a group: ``hosting_reach``, ``hosting_members``,
    ``reach_outside``. What a viewer watched is tallied by post only, so that it is a measure of
    creators here. Under a free budget, answers (duets and stitches that became posts) are among the
    posts, in the groups of their authors: by creator size, those of accounts that only answered are
    in none, and counted.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`.
    arm, baseline
        Names of the arms; the difference is arm − baseline.
    by
        What the groups are made by.
    partition
        Kind of partition, such as ``"planted"``; needed where there are several. Groups by
        creator size need none.
    measure
        One or several of the measures above; by default all that such groups have.
    visibility
        Visibility of the communities, one for all worlds or one per world; for
        ``by="visibility"``.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    Gains
        ``.frame``: by, measure, group, unit (what the measure is a mean over), members and posts
        (accounts, or creators, and scheduled posts of the group, means over worlds; no posts by
        activity), arm_mean, baseline_mean,
        difference, low, high, interval, p (t test), p_fdr (Benjamini and Hochberg, over all rows),
        direction (claimed at p_fdr ≤ 1 − confidence), worlds (of one world, replications).
        ``.trend``: slope of the least-squares line over the numbers 0, 1, … of the ordered groups.
        ``.heterogeneity``: Hotelling's T² test of equal differences in all groups; it needs more
        worlds than groups, made independently or within one world. The range of the differences is
        no test, for it grows with the number of groups.

        A group with fewer than 10 posts (of measures of posts) or accounts has no value in that
        world, and ``worlds`` says in how many it has one. Where more than 25 % of the impressions
        of either arm are filler, nothing is tested and no direction claimed.
        ``.provenance.removed`` counts what was left out.

    Raises
    ------
    MissingDataError
        For an unknown arm or kind of partition, or without a visibility that is needed.
    OptionError
        For an unknown grouping or measure, a measure that such groups do not have, no kind of
        partition where there are several, or if the two arms are one.
    DataError
        If posts have no authors (``"creator size"``), the budget is free
        (``"activity"``, which the arms would then have made), or a visibility does not fit.

    References
    ----------
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the
    Royal Statistical Society B, 57(1), 289–300. https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    Hotelling, H. (1931). The generalization of Student's ratio. Annals of Mathematical
    Statistics, 2(3), 360–378. https://doi.org/10.1214/aoms/1177732979

    Examples
    --------
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(120, communities=2, rng=1)
    >>> made = gk.synthetic.worlds(3, like=platform, ticks=3, rng=1)
    >>> arms = {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}
    >>> spread = gk.simulate_spread(made, arms, ticks=3, rng=1)
    >>> found = who_gains(spread, "interest", "uniform", by="community", measure="own_share")
    >>> found.frame.get_column("group").to_list()
    ['comedy', 'dance']
    """
    refuse_after_fork()
    check_pair(arm, baseline, spread)
    check_choice("by", by, GROUPINGS)
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    measures = _measures_of(by, measure)
    kind = _kind_of(spread, by, partition)
    scheme = scheme_of_spread(spread)
    groups = _make_groups(spread, (arm, baseline), by, kind, visibility, scheme)
    sizes, enough = _group_sizes(spread, groups, scheme)
    shape = (len(spread.worlds), spread.replications, len(groups.names))
    values = {m: (np.full(shape, np.nan), np.full(shape, np.nan)) for m in measures}
    keys = [(side, w, r) for side in (0, 1) for w in range(shape[0]) for r in range(shape[1])]
    for side, w, r in track(keys, "measuring groups", len(keys)):
        job = ((arm, baseline)[side], w, r)
        run = RunTallies.of(spread, *job)
        under = None if kind is None else PartitionTallies(run, kind)
        for m in measures:
            of = _GAINS[m].of
            codes = groups.of(of, w, run.tally.answers.author)
            found = _group_values(m, run, under, codes, shape[2])
            known = enough["posts" if of == "posts" else "accounts"][w]
            values[m][side][w, r] = np.where(known, found, np.nan)
    filled = too_filled(spread, arm, baseline)
    removed = dict(groups.removed)
    if homeless := _answers_in_no_group(spread, groups, (arm, baseline)):
        removed["answers in no group, over all runs"] = homeless
    names, ordered = groups.names, groups.ordered
    frame = _frame(
        values, sizes, names, scheme, removed, by=by, filled=filled, confidence=confidence
    )
    trend = _trend(
        values if ordered > 1 else {}, ordered, scheme, by=by, filled=filled, confidence=confidence
    )
    heterogeneity = _heterogeneity(values, scheme, filled)
    given = {"arm": arm, "baseline": baseline, "by": by, "partition": kind, "measures": measures}
    made = Provenance.of("who_gains", given, made_from=(spread,), removed=removed)
    return Gains(arm, baseline, by, frame, trend, heterogeneity, made)


def _answers_in_no_group(spread: Spread, groups: _Groups, arms: tuple[str, str]) -> int:
    """Answers of both arms whose authors are in no group."""
    authors = [(w, t.answers.author) for (name, w, _), t in spread.tallies.items() if name in arms]
    return sum(int((groups.accounts[w][author] < 0).sum()) for w, author in authors)


def _measures_of(by: str, given: str | Sequence[str] | None) -> tuple[str, ...]:
    """The measures wanted, checked against what such groups have."""
    kinds = _OF.get(by, ("posts", "accounts", "communities"))
    able = tuple(name for name, gain in _GAINS.items() if gain.of in kinds)
    wanted = able if given is None else (given,) if isinstance(given, str) else tuple(given)
    if not wanted:
        raise OptionError(f"measure=(): name one or more of {', '.join(able)}.")
    for name in wanted:
        check_choice("measure", name, _GAINS)
        if name not in able:
            raise OptionError(
                f"measure={name!r} has no groups by {by}, which are of {kinds[0]}. Measures: "
                f"{', '.join(able)}."
            )
    return tuple(dict.fromkeys(wanted))


def _kind_of(spread: Spread, by: str, partition: str | None) -> str | None:
    """The kind of partition, the only one unless it is named; none by creator size."""
    if partition is None:
        if by == "creator size":
            return None
        kinds = list(spread.worlds[0].partitions)
        if len(kinds) > 1:
            raise OptionError(
                f"there are {len(kinds)} kinds of partition ({', '.join(kinds)}): name one by "
                "partition=."
            )
        partition = kinds[0]
    for w in range(len(spread.worlds)):
        partition_of(spread, w, partition)
    return partition


def _make_groups(
    spread: Spread,
    arms: tuple[str, str],
    by: str,
    kind: str | None,
    visibility: Visibility | Sequence[Visibility] | None,
    scheme: Scheme,
) -> _Groups:
    """Groups of posts, accounts and communities in every world."""
    worlds = spread.worlds
    if visibility is not None and by != "visibility":
        raise OptionError(f"visibility= belongs to by='visibility', and by={by!r}.")
    none = [np.full(0, -1, np.int64)] * len(worlds)
    if by == "creator size":
        names, authors = _by_creator_size(spread, scheme)
        of = [codes[w.posters] for codes, w in zip(authors, worlds, strict=True)]
        return _Groups(names, len(names), of, authors, none, {})
    assert kind is not None
    if by == "activity":
        names, accounts = _by_activity(spread, arms, kind, scheme)
        posts = [np.full(w.n_posts, -1, np.int64) for w in worlds]
        return _Groups(names, len(names), posts, accounts, none, {})
    removed: dict[str, int] = {}
    if by == "community":
        matched = match_communities(spread, kind, scheme)
        names, codes, removed = list(matched.names), list(matched.codes), matched.unmatched
        ordered = 0
    elif by == "community size":
        sizes = [w.partitions[kind].sizes.astype(np.float64) for w in worlds]
        names, codes = _cut(sizes, THIRDS, scheme, "members")
        ordered = len(names)
    else:
        names, codes = _by_visibility(worlds, kind, visibility, scheme)
        ordered = sum(name != _VERDICTS[-1] for name in names)
    if not names:
        raise DataError(
            f"no community of the partition {kind!r} is in two worlds by name: label the communities "
            "of each world, or group by 'community size'."
        )
    if len(names) > MOST_GROUPS:
        raise DataError(f"{len(names):,} groups: at most {MOST_GROUPS:,} are compared.")
    accounts = [
        _look_up(c, w.partitions[kind].membership) for c, w in zip(codes, worlds, strict=True)
    ]
    posts = [_look_up(c, w.homes[kind]) for c, w in zip(codes, worlds, strict=True)]
    counts = {
        "accounts in no group": sum(int((a < 0).sum()) for a in accounts),
        "posts in no group": sum(int((p < 0).sum()) for p in posts),
    }
    removed = removed | {k: n for k, n in counts.items() if n}
    return _Groups(names, ordered, posts, accounts, codes, removed)


def _look_up(groups: Codes, community: npt.NDArray[np.integer]) -> Codes:
    """Group of the community of each account or post; −1 for none."""
    return np.asarray(np.append(groups, -1)[community], dtype=np.int64)


def _cut(
    values: Sequence[Floats], parts: int, scheme: Scheme, unit: str
) -> tuple[list[str], list[Codes]]:
    """Groups of about equal number over all worlds (of a jackknife, its whole), and their names.

    Equal values stay together, by the middle of their ranks.
    """
    chosen = values if scheme.whole is None else [values[scheme.whole]]
    distinct, count = np.unique(np.concatenate(chosen), return_counts=True)
    if not distinct.size:
        return [], [np.full(v.size, -1, np.int64) for v in values]
    middle = (np.cumsum(count) - count / 2) / count.sum()
    _, first = np.unique(np.floor(parts * middle).astype(np.int64), return_index=True)
    lows = distinct[first]
    highs = distinct[np.append(first[1:], distinct.size) - 1]
    names = [
        f"{low:,.0f} {unit}" if low == high else f"{low:,.0f}–{high:,.0f} {unit}"
        for low, high in zip(lows.tolist(), highs.tolist(), strict=True)
    ]
    # a part of a jackknife may lie between: it belongs to the group below
    found = [np.maximum(np.searchsorted(lows, v, side="right") - 1, 0) for v in values]
    return names, [f.astype(np.int64) for f in found]


def _by_creator_size(spread: Spread, scheme: Scheme) -> tuple[list[str], list[Codes]]:
    """Fifths of the creators by followers; other accounts are in no group."""
    if not all(world.authored for world in spread.worlds):
        raise DataError(
            "the posts are introduced by several accounts and have no author, so that there are no "
            "creators to group by size: group by community."
        )
    creators = [_creators(spread, w) for w in range(len(spread.worlds))]
    followers = [
        np.bincount(w.follows.indices, minlength=w.n_accounts)[c].astype(np.float64)
        for w, c in zip(spread.worlds, creators, strict=True)
    ]
    names, of = _cut(followers, FIFTHS, scheme, "followers")
    codes = []
    for world, creator, group in zip(spread.worlds, creators, of, strict=True):
        code = np.full(world.n_accounts, -1, np.int64)
        code[creator] = group
        codes.append(code)
    return names, codes


def _creators(spread: Spread, world: int) -> npt.NDArray[np.intp]:
    job = (spread.arms[0], world, 0)
    return RunTallies.of(spread, *job).creators


def _by_activity(
    spread: Spread, arms: tuple[str, str], kind: str, scheme: Scheme
) -> tuple[list[str], list[Codes]]:
    """Fifths of the accounts by the posts that they were shown, mean of both arms and replications."""
    if spread.budget != "matched":
        raise DataError(
            "under a free budget the feeds themselves make accounts come back or leave, so that "
            "groups by activity would be of their making: simulate with budget='matched'."
        )
    shown = []
    for w, world in enumerate(spread.worlds):
        total = np.zeros(world.n_accounts)
        for arm in arms:
            for r in range(spread.replications):
                total += spread.tallies[arm, w, r].diet[kind].sum(axis=1)
        shown.append(np.rint(total / (2 * spread.replications)))
    return _cut(shown, FIFTHS, scheme, "posts shown")


def _by_visibility(
    worlds: Sequence[World],
    kind: str,
    visibility: Visibility | Sequence[Visibility] | None,
    scheme: Scheme,
) -> tuple[list[str], list[Codes]]:
    """Communities by verdict, in the order from hidden to visible."""
    if visibility is None:
        raise MissingDataError(
            "by='visibility' needs visibility=, the result of gk.visibility, or one per world."
        )
    views = list(visibility) if isinstance(visibility, Sequence) else [visibility] * len(worlds)
    if len(views) != len(worlds):
        raise DataError(
            f"visibility: {len(views)} for {len(worlds)} worlds: give one, or one per world."
        )
    # of one visibility for several partitions, a number is no name: it is another community in each
    keys = {world.partitions[kind].membership_key for world in worlds}
    alike = scheme.interval != OVER_POPULATIONS or len(keys) == 1
    numbered = alike or isinstance(visibility, Sequence)
    found = []
    for w, (world, seen) in enumerate(zip(worlds, views, strict=True)):
        if not isinstance(seen, Visibility):
            raise DataError(f"visibility: a {type(seen).__name__}, not a Visibility.")
        verdict = dict(seen.frame.select("label", "verdict").iter_rows())
        partition = world.partitions[kind]
        names = community_names(partition, numbered)
        if not any(name in verdict for name in names):
            there = [partition.name(c) for c in range(partition.n_communities)]
            raise DataError(
                f"visibility: none of its communities is in world {w}, which has "
                f"{', '.join(there[:3])}{', …' if len(there) > 3 else ''}: it must be of the "
                f"partition {kind!r}, one per world if communities have no names."
            )
        found.append([verdict.get(name) if name else None for name in names])
    present = [v for v in _VERDICTS if any(v in row for row in found)]
    codes = [[present.index(v) if v in present else -1 for v in row] for row in found]
    return present, [np.asarray(code, dtype=np.int64) for code in codes]


def _group_sizes(
    spread: Spread, groups: _Groups, scheme: Scheme
) -> tuple[dict[str, Floats], dict[str, npt.NDArray[np.bool_]]]:
    """Accounts and scheduled posts by group, means over worlds; which groups are large enough.

    Of a jackknife, the numbers are those of the whole.
    """
    size = len(groups.names)
    counts: dict[str, list[Codes]] = {"posts": [], "accounts": []}
    for w, world in enumerate(spread.worlds):
        scheduled = world.ticks < spread.tallies[spread.arms[0], w, 0].ticks.shape[1]
        for kind, kept in (("posts", scheduled), ("accounts", slice(None))):
            codes = groups.of(kind, w)[kept]
            counts[kind].append(np.bincount(codes[codes >= 0], minlength=size))
    tables = {kind: np.stack(rows) for kind, rows in counts.items()}
    chosen = slice(None) if scheme.whole is None else slice(scheme.whole, scheme.whole + 1)
    means = {kind: table[chosen].mean(axis=0) for kind, table in tables.items()}
    return means, {kind: table >= SMALLEST for kind, table in tables.items()}


def _group_values(
    measure: str, run: RunTallies, under: PartitionTallies | None, codes: Codes, size: int
) -> Floats:
    """Mean of a measure in each group, or share of all impressions; NaN without a value."""
    gain = _GAINS[measure]
    values = np.asarray(gain.values(run, under), dtype=np.float64)
    if gain.of == "posts":
        values = np.where(run.entered, values, np.nan)
    kept = (codes >= 0) & ~np.isnan(values)
    total = np.bincount(codes[kept], weights=values[kept], minlength=size)
    count = np.bincount(codes[kept], minlength=size)
    found = np.full(size, np.nan)
    if measure == "impression_share":
        everything = run.tally.impressions
        return total / everything if everything else found
    np.divide(total, count, out=found, where=count > 0)
    return found


def _frame(
    values: dict[str, tuple[Floats, Floats]],
    sizes: dict[str, Floats],
    names: Sequence[str],
    scheme: Scheme,
    removed: dict[str, int],
    *,
    by: str,
    filled: bool,
    confidence: float,
) -> pl.DataFrame:
    """Rows of all measures and groups; what has no value in both arms is counted."""
    parts = []
    for measure, (own, base) in values.items():
        part = _rows(measure, own, base, scheme, confidence)
        part = part.with_columns(
            group=pl.Series(list(names), dtype=pl.String),
            members=sizes["accounts"],
            posts=np.full(len(names), np.nan) if by == "activity" else sizes["posts"],
        )
        parts.append(part)
    table = pl.concat(parts)
    without = table.filter(pl.col("difference").is_nan())
    if without.height:
        removed[f"rows without a value (a group below {SMALLEST}, or undefined)"] = without.height
    table = table.filter(~pl.col("difference").is_nan())
    return _tested(table, scheme, by=by, filled=filled, confidence=confidence).select(
        *("by", "measure", "group", "unit", "members", "posts", *_NUMBERS),
        *("interval", "p", "p_fdr", "direction", "worlds"),
    )


def _rows(
    measure: str, own: Floats, base: Floats, scheme: Scheme, confidence: float
) -> pl.DataFrame:
    """Means, differences and bounds of one measure, a row per last index of the arrays."""
    found, own_mean, base_mean = paired_family(own, base, scheme, confidence)
    numbers = (own_mean, base_mean, found.centre, found.low, found.high)
    return pl.DataFrame(dict(zip(_NUMBERS, numbers, strict=True))).with_columns(
        measure=pl.lit(measure), unit=pl.lit(_GAINS[measure].of), p=found.p, worlds=found.units
    )


def _tested(
    table: pl.DataFrame, scheme: Scheme, *, by: str, filled: bool, confidence: float
) -> pl.DataFrame:
    """With adjusted p-values and directions over all rows, NaN as null."""
    p = np.full(table.height, np.nan) if filled else table.get_column("p").to_numpy()
    adjusted = control_discoveries(p)
    centre = table.get_column("difference").to_numpy()
    told = directions(centre, adjusted, alpha=1 - confidence, filled=filled)
    return table.with_columns(
        by=pl.lit(by),
        interval=pl.lit(scheme.interval),
        p=p,
        p_fdr=adjusted,
        direction=pl.Series(told, dtype=pl.String),
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def _trend(
    values: dict[str, tuple[Floats, Floats]],
    ordered: int,
    scheme: Scheme,
    *,
    by: str,
    filled: bool,
    confidence: float,
) -> pl.DataFrame:
    """Slope of each measure over the number of the group, run by run."""
    parts = []
    for measure, sides in values.items():
        undefined = np.isnan(sides[0]) | np.isnan(sides[1])
        own, base = (_slopes(np.where(undefined, np.nan, s)[..., :ordered]) for s in sides)
        parts.append(_rows(measure, own, base, scheme, confidence))
    columns = ("by", "measure", "unit", *_NUMBERS, "interval", "p", "p_fdr", "direction", "worlds")
    if not parts:
        schema = {name: pl.String if name in _TEXTS else pl.Float64 for name in columns}
        return pl.DataFrame(schema={**schema, "worlds": pl.Int64})
    return _tested(pl.concat(parts), scheme, by=by, filled=filled, confidence=confidence).select(
        columns
    )


def _slopes(values: Floats) -> Floats:
    """Least-squares slope over 0, 1, … along the last axis, kept as an axis of one; NaN below two.

    Examples
    --------
    >>> _slopes(np.array([[1.0, np.nan, 5.0], [1.0, np.nan, np.nan]])).tolist()
    [[2.0], [nan]]
    """
    known = ~np.isnan(values)
    count = known.sum(axis=-1, keepdims=True)
    x = np.where(known, np.arange(values.shape[-1]), 0.0)
    centred = np.where(known, x - x.sum(axis=-1, keepdims=True) / np.maximum(count, 1), 0.0)
    product = (centred * np.where(known, values, 0.0)).sum(axis=-1, keepdims=True)
    square = (centred**2).sum(axis=-1, keepdims=True)
    found = np.full(product.shape, np.nan)
    np.divide(product, square, out=found, where=count > 1)
    return found


def _heterogeneity(
    values: dict[str, tuple[Floats, Floats]], scheme: Scheme, filled: bool
) -> pl.DataFrame:
    """Hotelling's T² test that the differences of all groups are equal, measure by measure."""
    rows = []
    for measure, (own, base) in values.items():
        difference = own - base
        # one row per world, of one world per replication
        units = difference[0] if len(difference) == 1 else _mean_replication(difference)
        units = units[:, ~np.isnan(units).all(axis=0)]
        found = None if filled or scheme.interval == OVER_SAMPLES else hotelling_test(units)
        rows.append((measure, units.shape[1], units.shape[0], *(found or (None,) * 4)))
    schema = {"measure": pl.String, "groups": pl.Int64, "worlds": pl.Int64, "f": pl.Float64}
    schema |= {"df_groups": pl.Int64, "df_worlds": pl.Int64, "p": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _mean_replication(values: Floats) -> Floats:
    known = ~np.isnan(values)
    found = np.full((values.shape[0], values.shape[2]), np.nan)
    total = np.where(known, values, 0.0).sum(axis=1)
    np.divide(total, known.sum(axis=1), out=found, where=known.any(axis=1))
    return found
