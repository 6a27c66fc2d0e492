"""Catalogue of measures: name, meaning, unit, level and function of every measure of a spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.partition import Partition
from graphkit.data.spread import REACTIONS, ArmTally, Spread
from graphkit.data.world import World
from graphkit.kernels.state import WATCH_UNIT
from graphkit.measures.cascades import Cascades, cascades
from graphkit.measures.exposure import (
    effective_number,
    entropy,
    gini,
    intra_list_distance,
    small_creator_share,
)
from graphkit.measures.hosting import hosting_creators, hosting_members, hosting_reach
from graphkit.measures.mixing import Crossing, crossing, ei_index, ei_null, flow_matrix

__all__ = [
    "DERIVED",
    "MEASURES",
    "Measure",
    "PartitionTallies",
    "RunTallies",
    "describe_measure",
    "mean_defined",
    "outcome_schema",
    "run_keys",
]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

#: A post counts as divisive from this divisiveness on.
DIVISIVE = 0.5


_STRINGS = ("arm", "baseline", "partition", "community", "measure", "interval", "budget")
_INTEGERS = ("world", "worlds", "replication", "replications", "tick", "age")


def outcome_schema(*columns: str) -> dict[str, pl.DataType]:
    """Types of the columns of a long-form table; measured values are float64."""
    types: dict[str, pl.DataType] = dict.fromkeys(columns, pl.Float64())
    types |= {name: pl.String() for name in columns if name in _STRINGS}
    types |= {name: pl.Int64() for name in columns if name in _INTEGERS}
    return types | {name: pl.Boolean() for name in columns if name == "calibrated"}


def run_keys(spread: Spread) -> list[tuple[str, int, int]]:
    """Arm, world and replication of every run, in this order."""
    return [
        (arm, w, r)
        for arm in spread.arms
        for w in range(len(spread.worlds))
        for r in range(spread.replications)
    ]


def mean_defined(values: npt.NDArray[np.generic]) -> float:
    """Mean over the values that are not NaN; NaN if there are none."""
    numbers = values.astype(np.float64)
    known = numbers[~np.isnan(numbers)]
    return float(known.mean()) if known.size else float("nan")


def _median(values: npt.NDArray[np.integer]) -> float:
    """Median; NaN without values."""
    return float(np.median(values)) if values.size else float("nan")


def _ratio(count: float, total: float) -> float:
    """Count over total; NaN if the total is 0."""
    return count / total if total else float("nan")


@dataclass(frozen=True, eq=False)
class RunTallies:
    """One arm in one replication of one world, with the arrays that measures share.

    Means over posts are taken over those that entered, measures of creators over the accounts
    with a post scheduled within the run.
    """

    world: World
    tally: ArmTally

    @cached_property
    def scheduled(self) -> Bools:
        """Posts whose tick lies within the run, shape (m,); equal in all arms."""
        return np.asarray(self.world.ticks < self.tally.ticks.shape[1], dtype=np.bool_)

    @cached_property
    def entered(self) -> Bools:
        """Scheduled posts that were published, shape (m,)."""
        return self.scheduled & self.tally.posted

    @cached_property
    def reach(self) -> npt.NDArray[np.int64]:
        """Distinct accounts shown each post, shape (m,): no account is shown a post twice."""
        return np.asarray(self.tally.ticks.sum(axis=1, dtype=np.int64))

    @cached_property
    def watched(self) -> float:
        """Summed watch fractions."""
        return float(self.tally.watch.sum()) / WATCH_UNIT

    @cached_property
    def trees(self) -> Cascades:
        """Cascade trees of the posts that entered; a reply belongs to its parent post's tree."""
        replies = self.world.answers_to
        if replies is not None:
            both = (replies >= 0) & self.entered & self.entered[np.maximum(replies, 0)]
            replies = np.where(both, replies, np.int32(-1))
        return cascades(self.tally.shares, self.world.n_posts, answers_to=replies)

    @cached_property
    def posters(self) -> npt.NDArray[np.int32]:
        """Accounts through which scheduled posts enter, once per post."""
        world = self.world
        return world.posters[np.repeat(self.scheduled, np.diff(world.poster_indptr))]

    @cached_property
    def creators(self) -> npt.NDArray[np.intp]:
        """Accounts with a scheduled post, ascending."""
        return np.unique(self.posters).astype(np.intp)

    @cached_property
    def creator_impressions(self) -> Floats:
        """Impressions of each creator's posts; posters of one post share them equally."""
        world = self.world
        count = np.diff(world.poster_indptr)
        each: Floats = np.repeat(self.reach / count, count)
        total = np.bincount(world.posters, weights=each, minlength=world.n_accounts)
        return np.asarray(total[self.creators], dtype=np.float64)

    @property
    def completions(self) -> int:
        """Impressions watched to the end."""
        return int(self.tally.reactions[:, REACTIONS.index("complete")].sum())

    def held(self, value: float) -> float:
        """A mean over sessions; NaN if none was held."""
        return value if self.tally.sessions > 0 else float("nan")

    def cascade_mean(self, values: npt.NDArray[np.generic]) -> float:
        """Mean over the cascade trees, one per original post that entered."""
        return mean_defined(values[self.entered & (self.trees.size > 0)])

    def relative_share(self, group: Bools | None) -> float:
        """Share of a group of posts in the impressions over its share of the posts."""
        if group is None:
            return float("nan")
        posts = _ratio(int((group & self.entered).sum()), int(self.entered.sum()))
        shown = _ratio(int(self.reach[group].sum()), int(self.reach.sum()))
        return _ratio(shown, posts)


@dataclass(frozen=True, eq=False)
class PartitionTallies:
    """One run under one kind of partition, with the arrays that measures share."""

    run: RunTallies
    kind: str
    members_reached: int = 3

    @cached_property
    def partition(self) -> Partition:
        """The communities, C of them."""
        return self.run.world.partitions[self.kind]

    @cached_property
    def homes(self) -> npt.NDArray[np.int32]:
        """Community of origin of each post, shape (m,); −1 without one, or if it did not enter."""
        return np.where(self.run.entered, self.run.world.homes[self.kind], np.int32(-1))

    @property
    def views(self) -> npt.NDArray[np.int32]:
        """Accounts shown each post by community, shape (m, C + 1); see :class:`ArmTally`."""
        return self.run.tally.views[self.kind]

    @property
    def diet(self) -> npt.NDArray[np.int32]:
        """Posts shown to each account by community of origin, shape (n, C + 1)."""
        return self.run.tally.diet[self.kind]

    @property
    def audience(self) -> npt.NDArray[np.int32]:
        """`views` without unassigned accounts, shape (m, C)."""
        return self.views[:, : self.partition.n_communities]

    @property
    def assigned_diet(self) -> npt.NDArray[np.int32]:
        """`diet` without posts that have no community of origin, shape (n, C)."""
        return self.diet[:, : self.partition.n_communities]

    @property
    def origins(self) -> dict[str, npt.NDArray[np.integer]]:
        """Communities of origin and posters, as measures take them by keyword."""
        world = self.run.world
        return {"homes": self.homes, "poster_indptr": world.poster_indptr, "posters": world.posters}

    @cached_property
    def exposure(self) -> Crossing:
        """Cross-community exposure of each post."""
        return crossing(self.views, self.diet, self.partition.membership, **self.origins)

    @cached_property
    def reach_outside(self) -> Floats:
        """Accounts of other communities shown each post that has a community of origin."""
        found = self.exposure
        return np.asarray(found.views - self.views[found.posts, found.homes], dtype=np.float64)

    @cached_property
    def flows(self) -> Floats:
        """Impressions from community of origin to viewer's community, shape (C, C)."""
        return flow_matrix(self.views, self.homes)

    def by_community(self, values: npt.NDArray[np.generic], homes: npt.ArrayLike) -> list[float]:
        """Mean of the values of the posts of each community."""
        homes = np.asarray(homes)
        return [mean_defined(values[homes == c]) for c in range(self.partition.n_communities)]


def _undefined(_: object) -> float:
    """Value of a measure that other functions derive."""
    return float("nan")


@dataclass(frozen=True)
class Measure:
    """One measure: what it means, its unit, and how it is computed.

    Attributes
    ----------
    name
        Value of the column ``measure``.
    unit
        Unit or range of the value.
    meaning
        One clause, in the field's standard term.
    level
        What one value is about: ``"run"`` (arm, world, replication), ``"source"`` (each source
        of candidates; `name` is the prefix), ``"partition"`` or ``"community"``.
    compute
        Value of a :class:`RunTallies` (run; one per source for sources) or of a
        :class:`PartitionTallies` (partition; one per community for communities).
    descriptive
        It describes an arm or a partition: :func:`contrast` does not test it.
    free_only
        It is estimable under ``budget="free"`` only, and null under ``"matched"``.
    detail
        It refines another measure, and a study's report leaves it out.
    """

    name: str
    unit: str
    meaning: str
    level: str
    compute: Callable[[Any], Any] = field(default=_undefined, repr=False)
    descriptive: bool = False
    free_only: bool = False
    detail: bool = False

    @property
    def reported(self) -> bool:
        """Whether a study's report shows it."""
        return self.level in ("run", "partition") and not (self.descriptive or self.detail)

    @property
    def needs_partition(self) -> bool:
        """Whether it is measured under a partition."""
        return self.level in ("partition", "community")


def _run(
    name: str, unit: str, meaning: str, compute: Callable[[RunTallies], float], **flags: bool
) -> Measure:
    return Measure(name, unit, meaning, "run", compute, **flags)


def _partition(
    name: str, unit: str, meaning: str, compute: Callable[[PartitionTallies], float], **flags: bool
) -> Measure:
    return Measure(name, unit, meaning, "partition", compute, **flags)


def _community(
    name: str, unit: str, meaning: str, compute: Callable[[PartitionTallies], Any]
) -> Measure:
    return Measure(name, unit, meaning, "community", compute)


def _small_creators(run: RunTallies) -> float:
    followers = np.bincount(run.world.follows.indices, minlength=run.world.n_accounts)
    return small_creator_share(run.creator_impressions, followers[run.creators])


def _retained_creators(run: RunTallies) -> float:
    posts = np.bincount(run.posters, minlength=run.world.n_accounts)
    return 1 - mean_defined(run.tally.quit[posts >= 2])


def _divisive(world: World) -> Bools | None:
    return None if world.divisiveness is None else world.divisiveness >= DIVISIVE


def _hosted_creators(p: PartitionTallies) -> Floats:
    reached, membership = p.run.tally.member_reach[p.kind], p.partition.membership
    options = {"size": p.partition.n_communities, "members_reached": p.members_reached}
    return hosting_creators(reached, membership, p.run.posters, **options)


_SHARE, _PROBABILITY = "share, 0 … 1", "probability"
_RELATIVE, _EVENNESS = "ratio, 1 = proportional", "0 (one community) … 1 (even)"
_RANDOM = "ratio, 1 = random exposure"

#: Every measure that :func:`measure_spread` yields, in the order of its rows within each level.
MEASURES: tuple[Measure, ...] = (
    _run(
        "reach",
        "accounts per post",
        "distinct accounts shown a post, mean over posts (equal in "
        "all arms under a matched budget, except for slots left empty)",
        lambda run: mean_defined(run.reach[run.entered]),
        detail=True,
    ),
    _run(
        "reach_median",
        "accounts per post",
        "distinct accounts shown a post, median over posts",
        lambda run: _median(run.reach[run.entered]),
        detail=True,
    ),
    _run(
        "cascade_size",
        "nodes",
        "nodes of a post's cascade of shares, duets, stitches and replies, mean over originals",
        lambda run: run.cascade_mean(run.trees.size),
        detail=True,
    ),
    _run(
        "cascade_depth",
        "edges",
        "longest path from the root of a cascade, mean over originals",
        lambda run: run.cascade_mean(run.trees.depth),
        detail=True,
    ),
    _run(
        "cascade_breadth",
        "nodes",
        "most nodes at one depth of a cascade, mean over originals",
        lambda run: run.cascade_mean(run.trees.breadth),
        detail=True,
    ),
    _run(
        "structural_virality",
        "edges",
        "structural virality: mean distance between the nodes of a "
        "cascade, mean over cascades of two nodes or more",
        lambda run: run.cascade_mean(run.trees.virality),
    ),
    _run(
        "creator_gini",
        "0 (equal) … 1",
        "Gini coefficient of impressions among creators",
        lambda run: gini(run.creator_impressions),
    ),
    _run(
        "small_creator_share",
        _SHARE,
        "share of the impressions of the half of the creators with fewest followers",
        _small_creators,
    ),
    _run(
        "viewer_value",
        "watch fraction",
        "short-term viewer value: mean watch fraction",
        lambda run: _ratio(run.watched, run.tally.impressions),
    ),
    _run(
        "completion",
        _SHARE,
        "completion rate: share of the impressions watched to the end",
        lambda run: _ratio(run.completions, run.tally.impressions),
        detail=True,
    ),
    _run(
        "long_term_value",
        _PROBABILITY,
        "long-term viewer value: 1 − mean propensity to leave for good after a session",
        lambda run: run.held(1 - float(run.tally.leave)),
    ),
    _run(
        "session_length",
        "posts per session",
        "posts after which a session would end by the viewer's choice, at most its slots, mean",
        lambda run: run.held(float(run.tally.stay)),
    ),
    _run(
        "creator_value",
        "reactions per post",
        "creator value: likes, comments, shares, follows, duets and stitches per post",
        lambda run: _ratio(int(run.tally.rewards.sum()), int(run.entered.sum())),
    ),
    _run(
        "posting_propensity",
        _PROBABILITY,
        "mean probability that a creator publishes a scheduled post",
        lambda run: float(run.tally.posting),
    ),
    _run(
        "quitting_propensity",
        _PROBABILITY,
        "mean probability that a creator stops posting",
        lambda run: float(run.tally.quitting),
    ),
    _run(
        "platform_value",
        "posts watched in full",
        "platform value: summed watch fractions",
        lambda run: run.watched,
    ),
    _run(
        "kept_sessions",
        "sessions",
        "sessions held per account and tick",
        lambda run: _ratio(run.tally.sessions, run.world.n_accounts * run.tally.ticks.shape[1]),
        free_only=True,
    ),
    _run(
        "accounts_kept",
        _SHARE,
        "retention: share of the accounts that did not leave for good",
        lambda run: 1 - mean_defined(run.tally.left),
        free_only=True,
    ),
    _run(
        "creators_kept",
        _SHARE,
        "retention of creators: share of those with two scheduled posts or "
        "more who did not stop posting",
        _retained_creators,
        free_only=True,
    ),
    _run(
        "posted_share",
        _SHARE,
        "share of the scheduled posts that were published",
        lambda run: mean_defined(run.tally.posted[run.scheduled]),
        free_only=True,
    ),
    _run(
        "followers_gained",
        "followers",
        "followers gained per account",
        lambda run: _ratio(int(run.tally.gained.sum()), run.world.n_accounts),
        free_only=True,
    ),
    _run(
        "followers_lost",
        "followers",
        "followers lost per account",
        lambda run: _ratio(int(run.tally.lost.sum()), run.world.n_accounts),
        free_only=True,
    ),
    _run(
        "divisive_amplification",
        _RELATIVE,
        "share of divisive posts (divisiveness ≥ 0.5) in the "
        "impressions over their share of the posts",
        lambda run: run.relative_share(_divisive(run.world)),
    ),
    _run(
        "flagged_amplification",
        _RELATIVE,
        "share of flagged posts in the impressions over their share of the posts",
        lambda run: run.relative_share(run.world.flagged),
    ),
    _run(
        "crossposted_amplification",
        _RELATIVE,
        "share of posts first posted elsewhere in the impressions over their share of the posts",
        lambda run: run.relative_share(run.world.cross_posted),
    ),
    _run(
        "filler_share",
        _SHARE,
        "share of the impressions that are backfill (filler)",
        lambda run: _ratio(int(run.tally.sources[-1]), run.tally.impressions),
        descriptive=True,
    ),
    _run(
        "candidates_per_session",
        "posts per session",
        "distinct candidates ranked per session",
        lambda run: _ratio(run.tally.candidates, run.tally.sessions),
        descriptive=True,
    ),
    _run(
        "index_recall",
        _SHARE,
        "recall@100 of the interest source's nearest-neighbour index; null if it is not used",
        lambda run: float(run.tally.recall),
        descriptive=True,
    ),
    Measure(
        "source_",
        _SHARE,
        "share of the impressions from one source of candidates",
        "source",
        lambda run: [_ratio(n, run.tally.impressions) for n in run.tally.sources[:-1].tolist()],
        descriptive=True,
    ),
    _partition(
        "crossing",
        _RANDOM,
        "cross-community exposure: impressions outside the post's "
        "community of origin, relative to random exposure",
        lambda p: p.exposure.ratio(),
    ),
    _partition(
        "crossing_item_mean",
        _RANDOM,
        "cross-community exposure relative to random exposure, mean over posts",
        lambda p: p.exposure.item_mean(),
        detail=True,
    ),
    _partition(
        "reach_outside",
        "accounts per post",
        "accounts of other communities shown a post, mean over posts",
        lambda p: mean_defined(p.reach_outside),
        detail=True,
    ),
    _partition(
        "audience_entropy",
        _EVENNESS,
        "normalised Shannon entropy of a post's audience over communities, mean over posts",
        lambda p: mean_defined(entropy(p.audience)),
    ),
    _partition(
        "audience_communities",
        "communities",
        "effective number of communities in a post's "
        "audience (Hill number of order 1), mean over posts",
        lambda p: mean_defined(effective_number(p.audience)),
        detail=True,
    ),
    _partition(
        "viewer_diet_entropy",
        _EVENNESS,
        "normalised Shannon entropy of an account's posts "
        "over communities of origin, mean over accounts",
        lambda p: mean_defined(entropy(p.assigned_diet)),
    ),
    _partition(
        "viewer_diet_distance",
        _SHARE,
        "intra-list distance: share of the pairs of an "
        "account's posts that differ in community of origin, mean over accounts",
        lambda p: mean_defined(intra_list_distance(p.assigned_diet)),
    ),
    _partition(
        "ei_index",
        "−1 … 1",
        "E–I index of the impressions: (external − internal) / (external + internal)",
        lambda p: ei_index(p.flows),
    ),
    _partition(
        "ei_null",
        "−1 … 1",
        "expected E–I index under permuted memberships of the viewers",
        lambda p: ei_null(p.views, p.partition.membership, **p.origins),
        descriptive=True,
    ),
    _partition(
        "excluded_share",
        _SHARE,
        "share of the impressions without a community of origin or "
        "of the viewer, left out under this partition",
        lambda p: 1 - _ratio(float(p.flows.sum()), p.run.tally.impressions),
        descriptive=True,
    ),
    _partition(
        "homeless_posts",
        "posts",
        "posts without a community of origin",
        lambda p: float(np.count_nonzero(p.run.world.homes[p.kind] < 0)),
        descriptive=True,
    ),
    _partition(
        "unassigned_accounts",
        "accounts",
        "accounts without a community",
        lambda p: float(p.partition.n_unassigned),
        descriptive=True,
    ),
    _community(
        "hosting_reach",
        _SHARE,
        "within-community reach: share of its own community that a post reaches, mean over posts",
        lambda p: hosting_reach(p.views, p.partition.membership, **p.origins),
    ),
    _community(
        "hosting_members",
        _SHARE,
        "share of a community's members who are shown a post of the community",
        lambda p: hosting_members(p.diet, p.partition.membership),
    ),
    _community(
        "hosting_creators",
        _SHARE,
        "share of a community's creators who reach enough other members of it (3 by default)",
        _hosted_creators,
    ),
    _community(
        "crossing",
        _RANDOM,
        "cross-community exposure of a community's posts, relative to random exposure",
        lambda p: [p.exposure.ratio(c) for c in range(p.partition.n_communities)],
    ),
    _community(
        "reach",
        "accounts per post",
        "distinct accounts shown a post of the community, mean over posts",
        lambda p: p.by_community(p.run.reach, p.homes),
    ),
    _community(
        "reach_outside",
        "accounts per post",
        "accounts of other communities shown a post of the community, mean over posts",
        lambda p: p.by_community(p.reach_outside, p.exposure.homes),
    ),
)

#: Measures that other functions derive from tallies or from the rows of :func:`measure_spread`.
DERIVED: tuple[Measure, ...] = (
    Measure(
        "amplification",
        "% above the baseline",
        "algorithmic amplification: reach relative to a baseline, by community of origin",
        "community",
    ),
    Measure(
        "hosting_hidden",
        _SHARE,
        "within-community reach in hidden communities, which the follow "
        "graph does not show, mean over communities",
        "partition",
    ),
    Measure(
        "hosting_visible",
        _SHARE,
        "within-community reach in visible communities, which the "
        "follow graph shows, mean over communities",
        "partition",
    ),
    Measure(
        "hosting_gap",
        "difference of shares",
        "within-community reach in hidden communities minus that in visible communities",
        "partition",
    ),
)


def describe_measure(name: str) -> Measure | None:
    """Entry of a measure by the name in an outcome; `None` for a name that is not in the catalogue.

    Of a measure with several levels, this is the entry for the whole run or partition.

    Examples
    --------
    >>> describe_measure("viewer_value").unit
    'watch fraction'
    >>> describe_measure("source_interest").descriptive
    True
    """
    for measure in (*MEASURES, *DERIVED):
        if measure.name == name or (measure.level == "source" and name.startswith("source_")):
            return measure
    return None
