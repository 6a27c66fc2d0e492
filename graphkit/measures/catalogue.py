"""Catalogue of measures: name, meaning, unit, level and function of every measure of a spread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.partition import Partition
from graphkit.data.spread import OLDEST, REACHED, REACTIONS, ArmTally, Spread
from graphkit.data.world import LEAST_DIVISIVE, World
from graphkit.errors import DataError
from graphkit.kernels.state import WATCH_UNIT
from graphkit.measures import exposure
from graphkit.measures.cascades import Cascades, cascades
from graphkit.measures.exposure import entropy, gini
from graphkit.measures.hosting import hosting_creators, hosting_members, hosting_reach
from graphkit.measures.mixing import Crossing, crossing, ei_index, ei_null, flow_matrix
from graphkit.measures.survival import restricted_times

__all__ = ["DERIVED", "MEASURES", "Measure"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int32]

_STRINGS = (
    *("arm", "baseline", "partition", "community", "measure", "interval", "budget"),
    *("sample", "fixed", "direction"),
)
_INTEGERS = ("world", "worlds", "replication", "replications", "tick", "age")


def outcome_schema(*columns: str) -> dict[str, pl.DataType]:
    """Types of the columns of a long-form table; measured values are float64."""
    types: dict[str, pl.DataType] = dict.fromkeys(columns, pl.Float64())
    types |= {name: pl.String() for name in columns if name in _STRINGS}
    types |= {name: pl.Int64() for name in columns if name in _INTEGERS}
    return types | {name: pl.Boolean() for name in columns if name in ("calibrated", "primary")}


def require_spread(spread: object) -> None:
    """Raise a DataError unless `spread` is a Spread."""
    if not isinstance(spread, Spread):
        raise DataError(
            f"a Spread is needed, the result of gk.simulate_spread, not a {type(spread).__name__}."
        )


def run_keys(spread: Spread) -> list[tuple[str, int, int]]:
    """Arm, world and replication of every run, in this order."""
    require_spread(spread)
    return list(product(spread.arms, range(len(spread.worlds)), range(spread.replications)))


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

    The world is that after the run, :meth:`Spread.world_of`: its last posts are the answers
    (duets and stitches that became posts), of a free budget only. Means over posts are taken over
    those that entered, answers included; measures of creators over the accounts with a post
    scheduled within the run, by all their posts, answers included. An account that only answers
    is not among the creators.
    """

    world: World
    tally: ArmTally

    @classmethod
    def of(cls, spread: Spread, arm: str, world: int, replication: int) -> RunTallies:
        """One run of a spread, with the world as it is after it."""
        key = arm, world, replication
        return cls(spread.world_of(*key), spread.tallies[key])

    def __post_init__(self) -> None:
        if self.world.n_posts != self.tally.ticks.shape[0]:
            raise DataError(
                f"the world has {self.world.n_posts:,} posts and the tally "
                f"{self.tally.ticks.shape[0]:,}: the world after a run is that of Spread.world_of."
            )

    @cached_property
    def answered(self) -> Bools:
        """Posts that are answers of this run, shape (m,)."""
        m = self.world.n_posts
        return np.asarray(np.arange(m) >= m - len(self.tally.answers), dtype=np.bool_)

    @cached_property
    def scheduled(self) -> Bools:
        """Posts of the world whose tick lies within the run, shape (m,); equal in all arms."""
        within = self.world.ticks < self.tally.ticks.shape[1]
        return np.asarray(within & ~self.answered, dtype=np.bool_)

    @cached_property
    def entered(self) -> Bools:
        """Scheduled posts that were published, and answers, shape (m,)."""
        return (self.scheduled & self.tally.posted) | self.answered

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
        """Cascade trees of the posts that entered; a reply belongs to its parent post's tree.

        A duet or stitch that became a post is the post, not a reshare as well: those whom it led
        to the parent are then children of the parent's root.
        """
        replies, shares, answers = self.world.answers_to, self.tally.shares, self.tally.answers
        if replies is not None:
            both = (replies >= 0) & self.entered & self.entered[np.maximum(replies, 0)]
            replies = np.where(both, replies, np.int32(-1))
        if len(answers):
            n = self.world.n_accounts
            pairs = shares[:, 0].astype(np.int64) * n + shares[:, 1]
            posted = np.isin(pairs, answers.parent.astype(np.int64) * n + answers.author)
            shares = shares[~(posted & (shares[:, 4] > 0))]
        return cascades(shares, self.world.n_posts, answers_to=replies)

    @cached_property
    def posters(self) -> Counts:
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
    communities_reached: int = 3
    horizon: int | None = None

    @cached_property
    def partition(self) -> Partition:
        """The communities, C of them."""
        return self.run.world.partitions[self.kind]

    @cached_property
    def homes(self) -> Counts:
        """Community of origin of each post, shape (m,); −1 without one, or if it did not enter."""
        return np.where(self.run.entered, self.run.world.homes[self.kind], np.int32(-1))

    @property
    def views(self) -> Counts:
        """Accounts shown each post by community, shape (m, C + 1); see :class:`ArmTally`."""
        return self.run.tally.views[self.kind]

    @property
    def diet(self) -> Counts:
        """Posts shown to each account by community of origin, shape (n, C + 1)."""
        return self.run.tally.diet[self.kind]

    @property
    def audience(self) -> Counts:
        """`views` without unassigned accounts, shape (m, C)."""
        return self.views[:, : self.partition.n_communities]

    @cached_property
    def audience_entropy(self) -> tuple[Floats, Floats]:
        """Normalised entropy and effective number of the communities in each post's audience."""
        return exposure.diversity(self.audience)

    @property
    def assigned_diet(self) -> Counts:
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

    @cached_property
    def can_cross(self) -> Bools:
        """Posts with a home for which enough other communities are large enough, shape (m,)."""
        large = self.partition.sizes >= REACHED
        others = int(large.sum()) - large.astype(np.int64)
        enough = others[np.maximum(self.homes, 0)] >= self.communities_reached
        return np.asarray((self.homes >= 0) & enough, dtype=np.bool_)

    @cached_property
    def crossed_at(self) -> npt.NDArray[np.int64]:
        """Age at which each post has reached enough communities, shape (m,); −1: never."""
        ages, column = self.run.tally.arrivals[self.kind], self.communities_reached - 1
        if column >= ages.shape[1]:
            return np.full(ages.shape[0], -1, np.int64)
        return ages[:, column].astype(np.int64)

    @property
    def ages_followed(self) -> int:
        """Ages τ in which times to cross are restricted: those of posts of the first half."""
        n_ticks = self.run.tally.ticks.shape[1]
        return min(self.horizon or n_ticks - (n_ticks - 1) // 2, OLDEST + 1)

    @cached_property
    def followed(self) -> Bools:
        """Posts that can cross, and are followed for all these ages, shape (m,)."""
        n_ticks = self.run.tally.ticks.shape[1]
        early = self.run.world.ticks <= n_ticks - self.ages_followed
        return np.asarray(self.can_cross & early, dtype=np.bool_)

    @cached_property
    def times_to_cross(self) -> Floats:
        """Restricted time to cross of each post, shape (m,); NaN unless it is followed."""
        times = np.full(self.followed.size, np.nan)
        if self.kind in self.run.tally.arrivals:  # tallies of earlier versions have none
            ages = self.crossed_at[self.followed]
            times[self.followed] = restricted_times(ages, self.ages_followed)
        return times

    @property
    def crossed(self) -> Floats:
        """Whether each post crossed in these ages, 0 or 1, shape (m,); NaN unless followed."""
        times = self.times_to_cross
        return np.where(np.isnan(times), np.nan, times < self.ages_followed)

    def by_community(self, values: npt.NDArray[np.generic], homes: npt.ArrayLike) -> list[float]:
        """Mean of the values of the posts of each community: whole numbers, or NaN to leave out."""
        homes, numbers = np.asarray(homes), values.astype(np.float64)
        size = self.partition.n_communities
        known = ~np.isnan(numbers) & (homes >= 0)
        # sums of whole numbers are exact in any order
        total = np.bincount(homes[known], weights=numbers[known], minlength=size)
        with np.errstate(invalid="ignore"):
            means: list[float] = (total / np.bincount(homes[known], minlength=size)).tolist()
        return means


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


def _small_creators(run: RunTallies) -> float:
    followers = np.bincount(run.world.follows.indices, minlength=run.world.n_accounts)
    return exposure.small_creator_share(run.creator_impressions, followers[run.creators])


def _retained_creators(run: RunTallies) -> float:
    posts = np.bincount(run.posters, minlength=run.world.n_accounts)
    return 1 - mean_defined(run.tally.quit[posts >= 2])


def _divisive(world: World) -> Bools | None:
    return None if world.divisiveness is None else world.divisiveness >= LEAST_DIVISIVE


def _hosted_creators(p: PartitionTallies) -> Floats:
    reached, membership = p.run.tally.member_reach[p.kind], p.partition.membership
    options = {"size": p.partition.n_communities, "members_reached": p.members_reached}
    return hosting_creators(reached, membership, p.run.posters, **options)


_RUN_FUNCTIONS: dict[str, Callable[[RunTallies], float]] = {
    "reach": lambda run: mean_defined(run.reach[run.entered]),
    "reach_median": lambda run: _median(run.reach[run.entered]),
    "cascade_size": lambda run: run.cascade_mean(run.trees.size),
    "cascade_depth": lambda run: run.cascade_mean(run.trees.depth),
    "cascade_breadth": lambda run: run.cascade_mean(run.trees.breadth),
    "structural_virality": lambda run: run.cascade_mean(run.trees.virality),
    "creator_gini": lambda run: gini(run.creator_impressions),
    "small_creator_share": _small_creators,
    "viewer_value": lambda run: _ratio(run.watched, run.tally.impressions),
    "completion": lambda run: _ratio(run.completions, run.tally.impressions),
    "long_term_value": lambda run: run.held(1 - float(run.tally.leave)),
    "session_length": lambda run: run.held(float(run.tally.stay)),
    "creator_value": lambda run: _ratio(int(run.tally.rewards.sum()), int(run.entered.sum())),
    "posting_propensity": lambda run: float(run.tally.posting),
    "quitting_propensity": lambda run: float(run.tally.quitting),
    "platform_value": lambda run: run.watched,
    "kept_sessions": lambda run: _ratio(
        run.tally.sessions, run.world.n_accounts * run.tally.ticks.shape[1]
    ),
    "accounts_kept": lambda run: 1 - mean_defined(run.tally.left),
    "creators_kept": _retained_creators,
    "posted_share": lambda run: mean_defined(run.tally.posted[run.scheduled]),
    "followers_gained": lambda run: _ratio(int(run.tally.gained.sum()), run.world.n_accounts),
    "followers_lost": lambda run: _ratio(int(run.tally.lost.sum()), run.world.n_accounts),
    "divisive_amplification": lambda run: run.relative_share(_divisive(run.world)),
    "flagged_amplification": lambda run: run.relative_share(run.world.flagged),
    "crossposted_amplification": lambda run: run.relative_share(run.world.cross_posted),
    "filler": lambda run: _ratio(int(run.tally.sources[-1]), run.tally.impressions),
    "kept": lambda run: _ratio(run.tally.impressions, run.tally.offered),
    "candidates_per_session": lambda run: _ratio(run.tally.candidates, run.tally.sessions),
    "index_recall": lambda run: float(run.tally.recall),
}
_SOURCE_FUNCTIONS: dict[str, Callable[[RunTallies], list[float]]] = {
    "source_": lambda run: [
        _ratio(n, run.tally.impressions) for n in run.tally.sources[:-1].tolist()
    ]
}
_PARTITION_FUNCTIONS: dict[str, Callable[[PartitionTallies], float]] = {
    "crossing": lambda p: p.exposure.ratio(),
    "crossing_item_mean": lambda p: p.exposure.item_mean(),
    "reach_outside": lambda p: mean_defined(p.reach_outside),
    "time_to_cross": lambda p: mean_defined(p.times_to_cross),
    "crossed_share": lambda p: mean_defined(p.crossed),
    "audience_entropy": lambda p: mean_defined(p.audience_entropy[0]),
    "audience_communities": lambda p: mean_defined(p.audience_entropy[1]),
    "viewer_diet_entropy": lambda p: mean_defined(entropy(p.assigned_diet)),
    "viewer_diet_distance": lambda p: mean_defined(exposure.intra_list_distance(p.assigned_diet)),
    "ei_index": lambda p: ei_index(p.flows),
    "ei_null": lambda p: ei_null(p.views, p.partition.membership, **p.origins),
    "excluded_share": lambda p: 1 - _ratio(float(p.flows.sum()), p.run.tally.impressions),
    "homeless_posts": lambda p: float(np.count_nonzero(p.run.world.homes[p.kind] < 0)),
    "unassigned_accounts": lambda p: float(p.partition.n_unassigned),
}
_COMMUNITY_FUNCTIONS: dict[str, Callable[[PartitionTallies], Floats | list[float]]] = {
    "hosting_reach": lambda p: hosting_reach(p.views, p.partition.membership, **p.origins),
    "hosting_members": lambda p: hosting_members(p.diet, p.partition.membership),
    "hosting_creators": _hosted_creators,
    "crossing": lambda p: np.where(
        p.partition.sizes > 1, p.exposure.ratios(p.partition.n_communities), np.nan
    ),
    "reach": lambda p: p.by_community(p.run.reach, p.homes),
    "reach_outside": lambda p: p.by_community(p.reach_outside, p.exposure.homes),
    "time_to_cross": lambda p: p.by_community(p.times_to_cross, p.homes),
    "crossed_share": lambda p: p.by_community(p.crossed, p.homes),
}
_FUNCTIONS: dict[str, dict[str, Any]] = {
    "run": _RUN_FUNCTIONS,
    "source": _SOURCE_FUNCTIONS,
    "partition": _PARTITION_FUNCTIONS,
    "community": _COMMUNITY_FUNCTIONS,
}

# name | unit | flags | meaning, under the level of the measures
_MEASURES = """
[run]
reach | accounts per post | detail | distinct accounts shown a post, mean over posts (equal in all
    arms under a matched budget, except for slots left empty)
reach_median | accounts per post | detail | distinct accounts shown a post, median over posts
cascade_size | nodes | detail | nodes of a post's cascade of shares, duets, stitches and replies,
    mean over originals
cascade_depth | edges | detail | longest path from the root of a cascade, mean over originals
cascade_breadth | nodes | detail | most nodes at one depth of a cascade, mean over originals
structural_virality | edges | | structural virality: mean distance between the nodes of a cascade,
    mean over cascades of two nodes or more
creator_gini | 0 (equal) … 1 | | Gini coefficient of impressions among creators
small_creator_share | share, 0 … 1 | | share of the impressions of the half of the creators with
    fewest followers
viewer_value | watch fraction | | short-term viewer value: mean watch fraction
completion | share, 0 … 1 | detail | completion rate: share of the impressions watched to the end
long_term_value | probability | | long-term viewer value: 1 − mean propensity to leave for good
    after a session
session_length | posts per session | | posts after which a session would end by the viewer's
    choice, at most its slots, mean
creator_value | reactions per post | | creator value: likes, comments, shares, follows, duets and
    stitches per post
posting_propensity | probability | | mean probability that a creator publishes a scheduled post
quitting_propensity | probability | | mean probability that a creator stops posting
platform_value | posts watched in full | | platform value: summed watch fractions
kept_sessions | sessions | free_only | sessions held per account and tick
accounts_kept | share, 0 … 1 | free_only | retention: share of the accounts that did not leave for
    good
creators_kept | share, 0 … 1 | free_only | retention of creators: share of those with two
    scheduled posts or more who did not stop posting
posted_share | share, 0 … 1 | free_only | share of the scheduled posts that were published
followers_gained | followers | free_only | followers gained per account
followers_lost | followers | free_only | followers lost per account
divisive_amplification | ratio, 1 = proportional | | share of divisive posts (divisiveness ≥ 0.5)
    in the impressions over their share of the posts
flagged_amplification | ratio, 1 = proportional | | share of flagged posts in the impressions over
    their share of the posts
crossposted_amplification | ratio, 1 = proportional | | share of posts first posted elsewhere in
    the impressions over their share of the posts
filler | share of impressions, 0 … 1 | descriptive | share of the impressions that are filler
    (backfill); above 0.25 in either arm no direction is claimed
kept | share of slots, 0 … 1 | descriptive | share of the offered slots that are tallied: neither
    empty nor, of shared slots, unfilled in another arm
candidates_per_session | posts per session | descriptive | distinct candidates ranked per session
index_recall | share, 0 … 1 | descriptive | recall@100 of the interest source's nearest-neighbour
    index; null if it is not used
[source]
source_ | share, 0 … 1 | descriptive | share of the impressions from one source of candidates
[partition]
crossing | ratio, 1 = random exposure | | cross-community exposure: impressions outside the post's
    community of origin, relative to random exposure
crossing_item_mean | ratio, 1 = random exposure | detail | cross-community exposure relative to
    random exposure, mean over posts
reach_outside | accounts per post | detail | accounts of other communities shown a post, mean over
    posts
time_to_cross | ticks | | time to cross: ticks until a post has reached 3 communities other than its
    own, by 5 accounts each, at most the half of the run for which posts of the first half are
    followed, mean over these
crossed_share | share, 0 … 1 | detail | share of the posts of the first half of the run that have
    reached 3 communities other than their own, by 5 accounts each, within the other half
audience_entropy | 0 (one community) … 1 (even) | | normalised Shannon entropy of a post's
    audience over communities, mean over posts
audience_communities | communities | detail | effective number of communities in a post's audience
    (Hill number of order 1), mean over posts
viewer_diet_entropy | 0 (one community) … 1 (even) | | normalised Shannon entropy of an account's
    posts over communities of origin, mean over accounts
viewer_diet_distance | share, 0 … 1 | | intra-list distance: share of the pairs of an account's
    posts that differ in community of origin, mean over accounts
ei_index | −1 … 1 | | E–I index of the impressions: (external − internal) / (external + internal)
ei_null | −1 … 1 | descriptive | expected E–I index under permuted memberships of the viewers
excluded_share | share, 0 … 1 | descriptive | share of the impressions without a community of
    origin or of the viewer, left out under this partition
homeless_posts | posts | descriptive | posts without a community of origin
unassigned_accounts | accounts | descriptive | accounts without a community
[community]
hosting_reach | share, 0 … 1 | | within-community reach: share of its own community that a post
    reaches, mean over posts
hosting_members | share, 0 … 1 | | share of a community's members who are shown a post of the
    community; null for a community of one
hosting_creators | share, 0 … 1 | | share of a community's creators who reach enough other members
    of it (3 by default); null for a community without as many
crossing | ratio, 1 = random exposure | | cross-community exposure of a community's posts,
    relative to random exposure; null for a community of one
reach | accounts per post | | distinct accounts shown a post of the community, mean over posts
reach_outside | accounts per post | | accounts of other communities shown a post of the community,
    mean over posts
time_to_cross | ticks | | ticks until a post of the community has reached 3 others, by 5 accounts
    each, at most those for which posts of the first half of the run are followed, mean over these
crossed_share | share, 0 … 1 | | share of the community's posts of the first half of the run that
    have reached 3 other communities, by 5 accounts each, within the other half
"""

# the same, for measures that other functions derive
_DERIVED = """
[run]
income_total | ratio, 1 = the baseline | detail | what a payout scheme pays, relative to the baseline
    arm in the same world
income_gini | 0 (equal) … 1 | detail | Gini coefficient of income among creators
living_share | share, 0 … 1 | detail | share of the creators with a living or more
income_small_share | share, 0 … 1 | detail | share of the income of the half of the creators with
    fewest followers
small_living_share | share, 0 … 1 | detail | share with a living of the fifth of the creators with
    fewest followers
small_kept_share | share, 0 … 1 | detail free_only | share of the fifth of the creators with fewest
    followers who did not stop posting, of those with two scheduled posts or more
[community]
amplification | % above the baseline | | algorithmic amplification: share of the impressions
    relative to a baseline, by community of origin
[partition]
hosting_hidden | share, 0 … 1 | | within-community reach in hidden communities, whose members
    follow each other near chance, mean over communities
hosting_visible | share, 0 … 1 | | within-community reach in visible communities, which the follow
    graph shows, mean over communities
hosting_gap | difference of shares | | within-community reach in hidden communities minus that in
    visible communities
hosting_at_chance | share, −1 … 1 | | within-community reach beyond random exposure of a community
    whose follows are at chance, by a straight line over the communities' follow homophily
hosting_slope | share per unit of homophily | | change of the within-community reach beyond random
    exposure from follows at chance (homophily 0) to follows that all stay inside (1)
[community]
hosting_excess | share, −1 … 1 | | within-community reach minus that under random exposure
"""


def _parse_catalogue(table: str, functions: dict[str, dict[str, Any]]) -> Iterator[Measure]:
    """Measures of a table, each with its function of that name and level."""
    level = ""
    for line in table.replace("\n    ", " ").strip().splitlines():
        if line.startswith("["):
            level = line.strip("[]")
            continue
        name, unit, flags, meaning = (part.strip() for part in line.split("|"))
        compute = functions[level][name] if functions else _undefined
        yield Measure(name, unit, meaning, level, compute, **dict.fromkeys(flags.split(), True))


#: Every measure that :func:`measure_spread` yields, in the order of its rows within each level.
MEASURES = tuple(_parse_catalogue(_MEASURES, _FUNCTIONS))

#: Measures that other functions derive from tallies or from the rows of :func:`measure_spread`.
DERIVED = tuple(_parse_catalogue(_DERIVED, {}))


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
