"""Two platforms: what following on to a second one brings, and what a mark of origin costs there."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.attribution.cross_posting import (
    CHANGES,
    check_authors,
    compare_units,
    judge_rows,
    mean_over,
    partition_kind,
    percent_text,
    relative_changes,
)
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.data.visibility import Visibility
from graphkit.data.world import World
from graphkit.errors import DataError, OptionError, check_number, shorten
from graphkit.kernels.random import draw_all
from graphkit.measures.intervals import Scheme
from graphkit.measures.paired import (
    by_unit,
    community_names,
    find_all,
    scheme_of_spread,
    too_filled,
)
from graphkit.parallel import refuse_after_fork
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation import scan_impressions, simulate_spread
from graphkit.simulation.behaviour import Behaviour

__all__ = ["TwoPlatforms", "two_platforms"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Strategies of a creator.
FIRST, SECOND = "first only", "second only"
ORIGINALS, MARKED = "originals on both", "cross-posted"
#: The group of all creators who are followed; others of fewer posts in a world have no value there.
EVERYONE, SMALLEST = "all creators", 10
_OUTCOMES = ("reach_first", "reach_second", "viewers", "rewards")
#: Strategies that are compared, the first of each with the second, and in what they can differ.
_COMPARED = tuple(
    (*pair, measure)
    for pair in ((ORIGINALS, FIRST), (MARKED, FIRST), (MARKED, ORIGINALS))
    for measure in ("reach_second", "viewers", "rewards")
) + tuple((SECOND, FIRST, measure) for measure in ("viewers", "rewards"))
_STRATEGIES: dict[str, Any] = {
    **dict.fromkeys(("group", "strategy", "measure"), pl.String),
    **dict.fromkeys(("mean", "low", "high", "posts"), pl.Float64),
    "interval": pl.String,
    "worlds": pl.Int64,
}
_COMPARISONS: dict[str, Any] = {
    **dict.fromkeys(("group", "strategy", "baseline", "measure"), pl.String),
    **dict.fromkeys(CHANGES, pl.Float64),
    **dict.fromkeys(("direction", "interval"), pl.String),
    "worlds": pl.Int64,
}
_GAPS: dict[str, Any] = {
    **dict.fromkeys(("groups", "strategy", "baseline", "measure"), pl.String),
    **dict.fromkeys(("points", "low", "high", "p", "p_fdr"), pl.Float64),
    **dict.fromkeys(("direction", "interval"), pl.String),
    "worlds": pl.Int64,
}


@dataclass(frozen=True, repr=False, eq=False)
class TwoPlatforms(Frozen, title="Two platforms", table="comparisons"):
    """Result of :func:`two_platforms`.

    Attributes
    ----------
    first, second
        Names of the feeds of both platforms.
    frame
        One row per group, strategy and measure: group, strategy, measure, mean per post, low, high,
        posts (followed, mean over worlds), interval, worlds.
    comparisons
        One row per group, pair of strategies and measure: group, strategy, baseline, measure,
        difference, low, high, percent (of the baseline), percent_low, percent_high, p, p_fdr
        (Benjamini and Hochberg, over all rows), direction (of the difference, by p_fdr), interval,
        worlds.
    gaps
        By how many percentage points the change differs between small and large creators, and
        between hidden and visible communities: groups, strategy, baseline, measure, points, low,
        high, p, p_fdr, direction, interval, worlds.
    share_of_creators, share_of_activity
        As given.
    calibrated
        Whether the viewers' behaviour was fitted to a log.
    """

    first: str
    second: str
    frame: pl.DataFrame
    comparisons: pl.DataFrame
    gaps: pl.DataFrame
    share_of_creators: float
    share_of_activity: float
    calibrated: bool = True
    provenance: Provenance = field(default_factory=lambda: Provenance("two_platforms"))

    def _title(self) -> str:
        return f"Two platforms: {self.first}, then {self.second}"

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "creators followed": f"{self.share_of_creators:.0%}",
            "activity on the second platform": f"{self.share_of_activity:.0%}",
        }
        wanted = (
            ("viewers, originals on both for first only", ORIGINALS, FIRST, "viewers"),
            ("viewers, cross-posted for first only", MARKED, FIRST, "viewers"),
            ("reach there, cross-posted for originals", MARKED, ORIGINALS, "reach_second"),
        )
        for text, strategy, baseline, measure in wanted:
            same = {"strategy": strategy, "baseline": baseline, "measure": measure}
            for row in self.comparisons.filter(group=EVERYONE, **same).iter_rows(named=True):
                facts[text] = f"{percent_text(row)}, {row['direction'] or 'no interval'}"
        if self.frame.height:
            facts["intervals"] = self.frame.item(0, "interval")
        return facts if self.calibrated else facts | {"behaviour": "not calibrated: assumptions"}


def two_platforms(
    worlds: World | Sequence[World],
    first: Feed,
    second: Feed,
    *,
    ticks: int,
    share_of_creators: float = 0.1,
    share_of_activity: float = 0.5,
    replications: int = 1,
    slots: int = 10,
    behaviour: Behaviour | None = None,
    partition: str | None = None,
    visibility: Visibility | Sequence[Visibility] | None = None,
    confidence: float = 0.95,
    rng: RNGLike | None = None,
) -> TwoPlatforms:
    """What creators gain by following on to a second platform, and what a mark of origin costs them.

    One population uses two platforms, with the same interests and follows, and its activity is
    divided: an account opens the first in a tick with probability (1 − s) · a and, independently,
    the second with s · a, where a is ``Behaviour.activity`` and s `share_of_activity`. Each platform
    has its own feed, profiles and reactions, and a post that a viewer has seen on one is new on the
    other. A random part of the creators is followed, small enough that the feeds stay what they
    are; everyone else posts on both. The posts of these creators are

    * on the ``"first only"``, or the ``"second only"``;
    * ``"originals on both"``: as if made for each, without a mark;
    * ``"cross-posted"``: on both, and marked on the second, whose feed may demote them.

    Under a matched budget sessions and slots are the same whatever they do, and all random numbers
    are common. So on each platform a strategy is the same run: the first does not know what happens on
    the second, and with a weight of 0 marked and unmarked posts fare alike exactly.

    ``reach_first`` and ``reach_second`` are accounts per post on each platform, ``viewers`` distinct
    accounts on both together, ``rewards`` reactions (likes, comments, shares, follows, duets,
    stitches) on both. Groups: all followed creators; small ones (of the half of all creators with
    fewest followers, ties included) and large ones; posts from hidden and from visible communities. A
    group of fewer than 10 followed posts has no value in that world.

    Parameters
    ----------
    worlds
        Worlds whose posts have authors.
    first, second
        Feeds of the two platforms.
    share_of_creators
        Chance of each creator to be followed, in (0, 1]; by a keyed draw, at least one.
    share_of_activity
        Part of the activity that is on the second platform, in (0, 1).
    ticks, replications, slots, behaviour
        As for :func:`graphkit.simulate_spread`.
    partition
        Kind of partition of the communities; needed with `visibility` where there are several.
    visibility
        Visibility of the communities, one per world, or one for all, which matches by label and
        not by numbers if they are made independently.
    confidence
        Confidence level of the intervals.
    rng
        Seed.

    Returns
    -------
    TwoPlatforms

    Raises
    ------
    OptionError
        For a share out of range, or a feed that is none.
    DataError
        If posts have no authors, or there is not one visibility per world.

    Notes
    -----
    The strategies cost nothing here: by what an original for the second platform would have to
    cost for a cross-post to be as good, the differences tell. Two separate populations would do
    without the division of activity, but then distinct viewers could not be counted, and small
    creators on one platform need not be small on the other. What is left out: that audiences tire
    of a post seen elsewhere, that follows differ by platform, and that creators adapt.

    Examples
    --------
    >>> import graphkit as gk
    >>> like = gk.synthetic.platform(120, communities=3, rng=1)
    >>> worlds = gk.synthetic.worlds(3, like=like, ticks=3, rng=1)
    >>> feeds = gk.interest_centric(), gk.recommenders.circle_popularity()
    >>> found = two_platforms(worlds, *feeds, share_of_creators=0.3, ticks=3, slots=5, rng=1)
    >>> found.frame.filter(strategy="first only", measure="reach_second")["mean"].unique().to_list()
    [0.0]
    """
    refuse_after_fork()
    share = check_number("share_of_creators", share_of_creators, 0, 1, low_open=True)
    ends: dict[str, Any] = {"low_open": True, "high_open": True}
    divided = check_number("share_of_activity", share_of_activity, 0, 1, **ends)
    check_number("confidence", confidence, 0, 1, **ends)
    for name, feed in (("first", first), ("second", second)):
        if not isinstance(feed, Feed):
            raise OptionError(f"{name}={shorten(feed)}: give a Feed.")
    population = (worlds,) if isinstance(worlds, World) else tuple(worlds)
    for w, world in enumerate(population):
        check_authors(world, w)
    views = _views_of(population, partition, visibility)
    behaviour = behaviour or Behaviour()
    streams = Streams(rng)
    seed = streams.integer("creators")
    followed = [_followed_posts(world, share, ticks, seed) for world in population]
    numbers: dict[str, Any] = {"ticks": ticks, "replications": replications, "slots": slots}
    parts = {"first": 1 - divided, "second": divided}
    behaviours = {
        name: replace(behaviour, activity=behaviour.activity * part) for name, part in parts.items()
    }

    def simulate(side: str, feed: Feed, marked: bool) -> _Side:
        own = [
            _marked(world, posts, marked) for world, posts in zip(population, followed, strict=True)
        ]
        options = {**numbers, "behaviour": behaviours[side], "rng": streams.integer(side)}
        return _Side.of(own, feed, followed, options)

    sides = (
        simulate("first", first, False),
        simulate("second", second, False),
        simulate("second", second, True),
    )
    scheme = scheme_of_spread(sides[0].spread)
    filled = any(too_filled(side.spread, "feed") for side in sides)
    groups = [_groups_of(world, ticks, view) for world, view in zip(population, views, strict=True)]
    values, posts = _strategy_values(sides, followed, groups)
    frame, compared, gaps = _two_tables(values, posts, scheme, confidence, filled)
    given = {**numbers, "share_of_creators": share, "share_of_activity": divided}
    given |= {"first": first.name, "second": second.name}
    unseen = sum(
        int((~(p & (w.ticks < ticks))).sum()) for p, w in zip(followed, population, strict=True)
    )
    record = Provenance.of(
        "two_platforms",
        given,
        seed=streams.seed,
        made_from=population,
        removed={"posts of creators who are not followed, or after the run": unseen},
    )
    tables = frame, compared, gaps
    return TwoPlatforms(
        first.name, second.name, *tables, share, divided, behaviour.calibrated, record
    )


class _View(NamedTuple):
    """Visibility of the communities of a kind; whether those that go by a number are matched."""

    kind: str
    seen: Visibility
    numbered: bool


def _views_of(
    worlds: Sequence[World],
    partition: str | None,
    visibility: Visibility | Sequence[Visibility] | None,
) -> list[_View | None]:
    """Kind of partition and visibility of every world; `None` without."""
    if visibility is None:
        if partition is not None:
            raise OptionError("partition= is that of visibility=, which is not given.")
        return [None] * len(worlds)
    kind = partition_kind(worlds, partition)
    views = list(visibility) if isinstance(visibility, Sequence) else [visibility] * len(worlds)
    if len(views) != len(worlds):
        raise DataError(
            f"visibility: {len(views)} for {len(worlds)} worlds: give one, or one per world."
        )
    for seen in views:
        if not isinstance(seen, Visibility):
            raise DataError(f"visibility: a {type(seen).__name__}, not a Visibility.")
    # a number is another community in each of several independent worlds
    alone = len(worlds) == 1 or any(world.sample != "population" for world in worlds)
    numbered = alone or isinstance(visibility, Sequence)
    return [_View(kind, seen, numbered) for seen in views]


def _followed_posts(world: World, share: float, ticks: int, seed: int) -> Bools:
    """Posts of a random part of the creators, by keys; at least one creator."""
    author = world.posters[world.poster_indptr[:-1]]
    creators = np.unique(author[world.ticks < ticks])
    drawn = draw_all(np.uint64(seed), 0, world.account_keys[creators], 0)
    least = drawn.min(initial=1.0)
    chosen = creators[(drawn < share) | (drawn == least)]
    return np.asarray(np.isin(author, chosen), dtype=np.bool_)


def _marked(world: World, followed: Bools, marked: bool) -> World:
    """The world in which these posts are marked as cross-posts, or are not."""
    own = np.zeros(world.n_posts, np.bool_) if world.cross_posted is None else world.cross_posted
    return replace(world, cross_posted=np.where(followed, marked, own))


def _groups_of(world: World, ticks: int, view: _View | None) -> dict[str, Bools]:
    """Posts of each group of creators, among all."""
    author = world.posters[world.poster_indptr[:-1]]
    followers = np.bincount(world.follows.indices, minlength=world.n_accounts)
    creators = np.unique(author[world.ticks < ticks])
    small = followers[author] <= np.median(followers[creators])
    groups = {EVERYONE: np.ones(author.size, np.bool_)}
    groups |= {"small creators": small, "large creators": ~small}
    if view is not None:
        partition, home = world.partitions[view.kind], world.homes[view.kind]
        own = community_names(partition, view.numbered)
        for verdict in ("hidden", "visible"):
            names = set(view.seen.labels(verdict))
            held = [name in names for name in own]
            groups[f"{verdict} communities"] = np.array([*held, False])[home]
    return groups


@dataclass(frozen=True, eq=False)
class _Side:
    """A platform: its runs, and who was shown the followed posts."""

    spread: Spread
    shown: pl.DataFrame

    @classmethod
    def of(
        cls,
        worlds: Sequence[World],
        feed: Feed,
        followed: Sequence[Bools],
        options: Mapping[str, Any],
    ) -> _Side:
        """Simulate it."""
        with tempfile.TemporaryDirectory() as folder:
            spread = simulate_spread(worlds, {"feed": feed}, **options, impressions=folder)
            wanted = pl.concat(
                pl.DataFrame(
                    {"item_id": world.posts.ids[posts], "post": np.flatnonzero(posts)}
                ).select(
                    pl.lit(w).cast(pl.Int64).alias("world"),
                    pl.col("item_id").cast(pl.String),
                    "post",
                )
                for w, (world, posts) in enumerate(zip(worlds, followed, strict=True))
            )
            log = scan_impressions(folder, verify=False).select(
                pl.col("world", "replication").cast(pl.Int64),
                pl.col("account_id", "item_id").cast(pl.String),
            )
            shown = log.join(wanted.lazy(), on=["world", "item_id"]).collect()
        return cls(spread, shown.select("world", "replication", "post", "account_id"))

    @cached_property
    def reach(self) -> dict[tuple[int, int], Floats]:
        """Accounts shown each post."""
        return {
            (w, r): tally.ticks.sum(axis=1).astype(np.float64)
            for (_, w, r), tally in self.spread.tallies.items()
        }

    @cached_property
    def rewards(self) -> dict[tuple[int, int], Floats]:
        """Reactions to each post."""
        return {
            (w, r): tally.rewards.astype(np.float64)
            for (_, w, r), tally in self.spread.tallies.items()
        }

    def shared(self, other: _Side) -> dict[tuple[int, int], Floats]:
        """Accounts that both platforms showed each followed post."""
        both = self.shown.join(other.shown, on=self.shown.columns, how="semi")
        found = {at: np.zeros(reach.size) for at, reach in self.reach.items()}
        for (w, r), rows in both.group_by("world", "replication"):
            at = rows.get_column("post").to_numpy()
            found[w, r] += np.bincount(at, minlength=found[w, r].size)
        return found


#: Value of each (group, strategy, measure), shape (worlds, replications).
_Values = dict[tuple[str, str, str], Floats]


def _strategy_values(
    sides: tuple[_Side, _Side, _Side], followed: Sequence[Bools], groups: Sequence[dict[str, Bools]]
) -> tuple[_Values, dict[str, float]]:
    """Means per post of every group, strategy and measure, and the posts of each group."""
    first, plain, marked = sides
    nothing = {at: np.zeros(reach.size) for at, reach in first.reach.items()}
    on = {
        FIRST: (first, None),
        SECOND: (None, plain),
        ORIGINALS: (first, plain),
        MARKED: (first, marked),
    }
    worlds, shape = first.spread.worlds, (len(followed), first.spread.replications)
    ticks = first.spread.tallies["feed", 0, 0].ticks.shape[1]
    names = list(dict.fromkeys(name for group in groups for name in group))
    values: _Values = {}
    counts: dict[str, list[int]] = {name: [] for name in names}
    masks = [
        {name: held & followed[w] & (worlds[w].ticks < ticks) for name, held in groups[w].items()}
        for w in range(shape[0])
    ]
    for name in names:
        counts[name] = [int(mask[name].sum()) for mask in masks]
    for strategy, (a, b) in on.items():
        reach_a, reach_b = (nothing if side is None else side.reach for side in (a, b))
        rewards = [nothing if side is None else side.rewards for side in (a, b)]
        both = nothing if a is None or b is None else a.shared(b)
        for at in np.ndindex(*shape):
            found = {
                "reach_first": reach_a[at],
                "reach_second": reach_b[at],
                "viewers": reach_a[at] + reach_b[at] - both[at],
                "rewards": rewards[0][at] + rewards[1][at],
            }
            for name, measure in ((n, m) for n in names for m in _OUTCOMES):
                table = values.setdefault((name, strategy, measure), np.full(shape, np.nan))
                mask = masks[at[0]][name]
                if name == EVERYONE or int(mask.sum()) >= SMALLEST:
                    table[at] = mean_over(found[measure], mask)
    return values, {name: float(np.mean(count)) for name, count in counts.items()}


def _two_tables(
    values: _Values, posts: Mapping[str, float], scheme: Scheme, confidence: float, filled: bool
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The tables of strategies, of their comparisons, and of gaps between groups."""
    keys = list(values)
    units = by_unit(np.stack([values[key] for key in keys], axis=-1), scheme)
    found = find_all(units, np.abs(units), scheme, confidence)
    columns = {"mean": found.centre, "low": found.low, "high": found.high, "worlds": found.units}
    rows = [
        dict(zip(("group", "strategy", "measure"), key, strict=True))
        | {"posts": posts[key[0]], "interval": scheme.interval}
        | {name: column[at].item() for name, column in columns.items()}
        for at, key in enumerate(keys)
    ]
    pairs = [(g, *one) for g in posts for one in _COMPARED]
    own = np.stack([values[g, strategy, m] for g, strategy, _, m in pairs], axis=-1)
    base = np.stack([values[g, baseline, m] for g, _, baseline, m in pairs], axis=-1)
    changes = compare_units(own, base, base, scheme, confidence)
    compared = [
        dict(zip(("group", "strategy", "baseline", "measure"), pair, strict=True))
        | {"interval": scheme.interval}
        | {name: column[at] for name, column in changes.items() if name in _COMPARISONS}
        for at, pair in enumerate(pairs)
    ]
    compared = judge_rows(compared, [filled] * len(compared), confidence)
    relative = dict(zip(pairs, relative_changes(own, base, base, scheme)[0].T, strict=True))
    gaps = []
    for one, other in (
        ("small creators", "large creators"),
        ("hidden communities", "visible communities"),
    ):
        for strategy, baseline, measure in _COMPARED:
            a = relative.get((one, strategy, baseline, measure))
            b = relative.get((other, strategy, baseline, measure))
            if a is None or b is None or np.isnan(a - b).all():
                continue
            apart = find_all((a - b)[:, None], np.full((a.size, 1), 100.0), scheme, confidence)
            row: dict[str, Any] = {"groups": f"{one} − {other}"}
            row |= {"strategy": strategy, "baseline": baseline}
            row |= {"measure": measure, "interval": scheme.interval}
            row |= {
                "points": apart.centre.item(),
                "low": apart.low.item(),
                "high": apart.high.item(),
            }
            gaps.append(row | {"p": apart.p.item(), "worlds": apart.units.item()})
    gaps = judge_rows(gaps, [filled] * len(gaps), confidence, "points")
    tables = ((rows, _STRATEGIES), (compared, _COMPARISONS), (gaps, _GAPS))
    return tuple(  # type: ignore[return-value]
        pl.DataFrame(own_rows, schema=schema).with_columns(pl.col(pl.Float64).fill_nan(None))
        for own_rows, schema in tables
    )
