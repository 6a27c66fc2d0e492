"""Cross-posts: what their demotion does to them, to other posts, creators and viewers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_number,
    nearest,
    shorten,
)
from graphkit.measures.catalogue import RunTallies, describe_measure
from graphkit.measures.hosting import hosting_reach
from graphkit.measures.income import CreatorTallies
from graphkit.measures.intervals import Scheme
from graphkit.measures.paired import (
    by_unit,
    control_discoveries,
    directions,
    find_all,
    paired_family,
    scheme_of_spread,
    too_filled,
)
from graphkit.parallel import refuse_after_fork
from graphkit.recommenders.context import Context
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation import simulate_spread
from graphkit.simulation.behaviour import Behaviour

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["CrossPostDemotion", "cross_post_demotion"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Weights of `cross_posted` that are tried; the first is no demotion.
WEIGHTS = (0.0, -0.01, -0.02, -0.05, -0.1, -0.2, -0.5, -1.0)
#: Whom a demotion is for: all viewers, or those who do not follow the author.
AUDIENCES = ("all", "strangers")

CROSS, OTHER, BOTH = "cross-posts", "other posts", "cross-posts − other posts"
#: Measures of viewers, from the catalogue.
_VIEWERS = ("viewer_value", "completion", "long_term_value")

CHANGES = ("difference", "low", "high", "percent", "percent_low", "percent_high", "p", "p_fdr")
_DEMOTION: dict[str, Any] = {
    "weight": pl.Float64,
    **dict.fromkeys(("of", "measure", "group"), pl.String),
    **dict.fromkeys(("baseline_mean", "mean", *CHANGES), pl.Float64),
    **dict.fromkeys(("direction", "interval"), pl.String),
    "worlds": pl.Int64,
    **dict.fromkeys(("members", "filler"), pl.Float64),
}


@dataclass(frozen=True, repr=False, eq=False)
class CrossPostDemotion(Frozen, title="Demotion of cross-posts", table="frame"):
    """Result of :func:`cross_post_demotion`.

    Attributes
    ----------
    feed
        Name of the feed.
    frame
        One row per weight other than 0, measure and group: weight; of (``"posts"``,
        ``"creators"``, ``"viewers"``); measure; group; baseline_mean (without demotion), mean,
        difference, low, high; percent (of the baseline; of ``cross-posts − other posts``, of that of
        the cross-posts), percent_low, percent_high; p, p_fdr (Benjamini and Hochberg, over all
        rows), direction (of the difference, by p_fdr); interval; worlds with a value; members (posts, creators or accounts of the
        group, mean over worlds); filler (the larger share of both arms).
    own_weight
        The feed's own weight of cross-posts; null if it has none.
    audience
        Whom the demotion is for: ``"all"`` or ``"strangers"``.
    calibrated
        Whether the viewers' behaviour was fitted to a log.
    """

    feed: str
    frame: pl.DataFrame
    own_weight: float | None
    audience: str
    calibrated: bool = True
    provenance: Provenance = field(default_factory=lambda: Provenance("cross_post_demotion"))

    def _title(self) -> str:
        return f"Demotion of cross-posts: {self.feed}"

    def _facts(self) -> dict[str, object]:
        own = "none" if self.own_weight is None else f"{self.own_weight:g}".replace("-", "−")
        facts: dict[str, object] = {"the feed's own weight": own, "for viewers": self.audience}
        rows = self.frame.filter(measure="reach", group=BOTH)
        for row in rows.iter_rows(named=True):
            weight = f"{row['weight']:g}".replace("-", "−")
            facts[f"reach of cross-posts against that of others at {weight}"] = (
                f"{percent_text(row)} of that of cross-posts, {row['direction'] or 'no interval'}"
            )
        if rows.height:
            facts["intervals"] = rows.item(0, "interval")
        return facts if self.calibrated else facts | {"behaviour": "not calibrated: assumptions"}


def percent_text(row: Mapping[str, Any]) -> str:
    """A change in percent with its interval."""
    if row["percent"] is None:
        return "not defined"
    text = f"{row['percent']:+.3g} %"
    if row["percent_low"] is not None:
        text += f" [{row['percent_low']:+.3g}, {row['percent_high']:+.3g}]"
    return text.replace("-", "−")


@dataclass(frozen=True)
class _ForStrangers:
    """Score of a feed whose demotion of cross-posts spares the followers of their authors."""

    weights: tuple[tuple[str, float], ...]
    demotion: float

    def __call__(self, context: Context) -> npt.NDArray[np.float32]:
        score = np.zeros(context.n_pairs, np.float32)
        for name, weight in self.weights:
            score += np.float32(weight) * context.factor(name)
        strange = 1 - context.factor("followed")
        score += np.float32(self.demotion) * context.factor("cross_posted") * strange
        return score


def cross_post_demotion(
    worlds: World | Sequence[World],
    feed: Feed,
    *,
    weights: Sequence[float] = WEIGHTS,
    ticks: int,
    audience: str = "all",
    replications: int = 1,
    slots: int = 10,
    reading: str = "filled",
    behaviour: Behaviour | None = None,
    partition: str | None = None,
    confidence: float = 0.95,
    executor: Executor | None = None,
    rng: RNGLike | None = None,
) -> CrossPostDemotion:
    r"""What the demotion of cross-posts does to their reach, who pays for it, and who gains.

    The arms are the feed with each of the `weights` of the factor ``cross_posted``, and without;
    nothing else differs, and all share worlds and random numbers under a matched budget.

    **Posts.** ``reach`` (accounts per post), ``first_tick_reach`` (those in the tick in which it
    enters), ``first_tick_share`` (their share of the reach; undefined where nothing is reached),
    ``hosting_reach`` (share of the home community reached, mean over communities with such a
    post) and ``rewards`` (likes, comments, shares, follows, duets and stitches per post), of
    cross-posts C, of the other posts O, and the difference in differences

    .. math:: (C_w - O_w) - (C_0 - O_0)

    of weight w and none. Other posts get what cross-posts lose, so that the latter exceeds the loss
    of C by what O gains.

    **Creators.** Impressions and rewards per creator (``reach``, ``rewards``), small (half of the
    creators with fewest followers, ties included) and large, by the part of their posts that are
    cross-posts: most (half or more), some, none.

    **Viewers.** ``cross_post_share`` of the impressions, ``viewer_value`` (mean watch fraction),
    ``completion`` and ``long_term_value``.

    Parameters
    ----------
    worlds
        Worlds that know which posts were first posted elsewhere, whose posts have authors.
    feed
        A feed without a score function.
    weights
        Weights of ``cross_posted`` that are tried, 0 or less; 0 is added, for it is the baseline.
    ticks, replications, slots, reading, behaviour, executor
        As for :func:`graphkit.simulate_spread`.
    audience
        ``"all"``: a factor like any other. ``"strangers"``: for viewers who do not follow the author,
        as Instagram announced it; followers are shown cross-posts as before.
    partition
        Kind of partition of ``hosting_reach``; needed where there are several.
    confidence
        Confidence level of the intervals.
    rng
        Seed.

    Returns
    -------
    CrossPostDemotion

    Raises
    ------
    OptionError
        For a weight above 0 or given twice, no weight but 0, or a feed with a score function.
    MissingDataError
        If a world does not know its cross-posts, or has none in the run, or nothing else.
    DataError
        If posts have no authors.

    Notes
    -----
    Instagram's statement of 9 February 2021 gives a direction, for viewers who do not follow the
    author, and no size: what is visibly recycled, with a watermark or logo, is less likely to be
    discovered by them. Since 30 April 2024 only content without visible watermarks is eligible for
    the first audience of recommendations. The weights that are tried are assumptions. No measured effect of known
    method was found: marketing pages name 38 % less reach (of a study that could not be found), and
    30 to 80 % as creators report it.

    A weight says little by itself: it costs most of the reach where many candidates score about
    alike, as those of one followee do. In synthetic worlds marks are drawn whatever a post is
    like, so that viewers cannot gain by the demotion; Instagram says that they like recycled
    content less.

    References
    ----------
    The Verge (2021). Instagram says its algorithm won't promote Reels that have a TikTok
    watermark. 9 February 2021.
    Instagram (2024). Helping creators find new audiences. 30 April 2024.
    https://creators.instagram.com/recommendations-and-originality/

    Examples
    --------
    >>> import graphkit as gk
    >>> like = gk.synthetic.platform(240, communities=3, rng=1)
    >>> worlds = gk.synthetic.worlds(2, like=like, ticks=3, rng=1)
    >>> found = cross_post_demotion(
    ...     worlds, gk.recommenders.circle_popularity(), weights=(-0.05,), ticks=3, slots=5, rng=1
    ... )
    >>> found.frame.filter(measure="reach", group="cross-posts")["difference"][0] < 0
    True
    """
    refuse_after_fork()
    tried = _check_weights(weights)
    check_choice("audience", audience, AUDIENCES)
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    if not isinstance(feed, Feed) or feed.score is not None:
        raise OptionError(
            f"feed={shorten(feed)}: give a Feed with weights, of which that of cross-posts is varied."
        )
    population = (worlds,) if isinstance(worlds, World) else tuple(worlds)
    kind = partition_kind(population, partition)
    for w, world in enumerate(population):
        _check_cross_posts(world, w, ticks)
    arms = {f"weight {weight:.15g}": _demoting(feed, weight, audience) for weight in tried}
    seed = Streams(rng).seed
    given: dict[str, Any] = {"ticks": ticks, "replications": replications, "slots": slots}
    given |= {"reading": reading}
    options: dict[str, Any] = {**given, "behaviour": behaviour, "executor": executor}
    spread = simulate_spread(population, arms, **options, rng=seed)
    rows = _demotion_rows(spread, dict(zip(arms, tried, strict=True)), kind, confidence)
    frame = pl.DataFrame(rows, schema=_DEMOTION).with_columns(pl.col(pl.Float64).fill_nan(None))
    given |= {"weights": tried, "audience": audience, "partition": kind, "feed": feed.name}
    record = Provenance.of("cross_post_demotion", given, seed=seed, made_from=(spread,))
    own = feed.weights.get("cross_posted")
    return CrossPostDemotion(feed.name, frame, own, audience, spread.calibrated, record)


def _check_weights(weights: Sequence[float]) -> list[float]:
    """Weights from 0 downward; refuse what is no demotion."""
    if isinstance(weights, str | float | int):
        raise OptionError(f"weights={shorten(weights)}: give several, such as (0, -0.05, -0.5).")
    tried = [check_number("weights", weight, high=0) for weight in weights]
    if len(set(tried)) < len(tried):
        raise OptionError("weights: one is given twice; give each once.")
    found = sorted({0.0, *tried}, reverse=True)
    if len(found) < 2:
        raise OptionError(
            "weights: one below 0 is needed, which is compared with no demotion at all."
        )
    return found


def _check_cross_posts(world: World, w: int, ticks: int) -> None:
    """Refuse a world in which cross-posts cannot be told from other posts."""
    if world.cross_posted is None:
        raise MissingDataError(
            f"world {w} does not know which posts were first posted elsewhere: build it from items "
            "with a column 'origin'."
        )
    held = world.cross_posted[world.ticks < ticks]
    if held.all() or not held.any():
        raise MissingDataError(
            f"world {w}: {int(held.sum())} of the {held.size} posts of the run are cross-posts, and "
            "some of either kind are needed: more posts, accounts or ticks."
        )
    check_authors(world, w)


def check_authors(world: World, w: int) -> None:
    if not world.authored:
        raise DataError(
            f"world {w}: posts are introduced by seeders, who did not make them, so that there are "
            "no creators. Build the world with posts='authored'."
        )


def partition_kind(worlds: Sequence[World], partition: str | None) -> str:
    """The kind of partition, the only one unless it is named."""
    kinds = list(worlds[0].partitions) if worlds else []
    if partition is None and len(kinds) == 1:
        return kinds[0]
    if partition is None:
        raise OptionError(
            f"there are {len(kinds)} kinds of partition ({', '.join(kinds)}): name one by partition=."
        )
    for w, world in enumerate(worlds):
        if partition not in world.partitions:
            raise MissingDataError(
                f"world {w} has no partition {partition!r}.{nearest(partition, kinds)}"
            )
    return partition


def _demoting(feed: Feed, weight: float, audience: str) -> Feed:
    """The feed with this weight of cross-posts."""
    if audience == "all":
        return feed.but(feed.name, weights={"cross_posted": weight})
    others = tuple((name, w) for name, w in feed.weights.items() if w and name != "cross_posted")
    return feed.but(feed.name, score=_ForStrangers(others, weight))


def _demotion_rows(
    spread: Spread, weight_of: Mapping[str, float], kind: str, confidence: float
) -> list[dict[str, Any]]:
    """All rows of the frame: each arm with the first."""
    scheme = scheme_of_spread(spread)
    found = {arm: _values_of(spread, arm, kind) for arm in spread.arms}
    values = {arm: own_values for arm, (own_values, _) in found.items()}
    first = spread.arms[0]
    members = found[first][1]
    keys = list(values[first])
    base = np.stack([values[first][key] for key in keys], axis=-1)
    # a difference in differences is relative to what the cross-posts had
    own_base = [(of, name, CROSS if group == BOTH else group) for of, name, group in keys]
    scale = np.stack([values[first][key] for key in own_base], axis=-1)
    rows: list[dict[str, Any]] = []
    filled = []
    for arm in spread.arms[1:]:
        own = np.stack([values[arm][key] for key in keys], axis=-1)
        columns = compare_units(own, base, scale, scheme, confidence)
        share = max(spread.filler(arm), spread.filler(first))
        fixed = {"weight": weight_of[arm], "interval": scheme.interval, "filler": share}
        for at, (of, name, group) in enumerate(keys):
            row = {"of": of, "measure": name, "group": group} | fixed
            row |= {column: several[at] for column, several in columns.items()}
            rows.append(row | {"members": float(members[of, name, group].mean())})
            filled.append(too_filled(spread, arm, first))
    return judge_rows(rows, filled, confidence)


def judge_rows(
    rows: list[dict[str, Any]], filled: Sequence[bool], confidence: float, value: str = "difference"
) -> list[dict[str, Any]]:
    """The rows with adjusted p-values and directions, as one family."""
    p = np.array([row["p"] for row in rows], dtype=np.float64)
    p[np.array(filled, dtype=np.bool_)] = np.nan
    adjusted = control_discoveries(p)
    centre = np.array([row[value] for row in rows], dtype=np.float64)
    for at, row in enumerate(rows):
        one = slice(at, at + 1)
        told = directions(centre[one], adjusted[one], alpha=1 - confidence, filled=filled[at])
        row |= {"p_fdr": float(adjusted[at]), "direction": told[0]}
    return rows


def compare_units(
    own: Floats, base: Floats, scale: Floats, scheme: Scheme, confidence: float
) -> dict[str, list[Any]]:
    """Differences of arrays of shape (worlds, replications, k), also in percent of `scale`."""
    found, means, base_means = paired_family(own, base, scheme, confidence)
    share = find_all(*relative_changes(own, base, scale, scheme), scheme, confidence)
    columns = {"mean": means, "baseline_mean": base_means, "difference": found.centre}
    columns |= {"low": found.low, "high": found.high, "p": found.p}
    columns |= {"percent": share.centre, "percent_low": share.low, "percent_high": share.high}
    return {name: column.tolist() for name, column in columns.items()} | {
        "worlds": found.units.tolist()
    }


def relative_changes(
    own: Floats, base: Floats, scale: Floats, scheme: Scheme
) -> tuple[Floats, Floats]:
    """Values by unit whose mean is the ratio of mean difference and mean scale, in percent.

    Of independent worlds, they are the ratio plus each world's deviation, by the delta method; of
    a jackknife, the ratio of each world. NaN where the scale is not above 0.
    """
    known = ~(np.isnan(own) | np.isnan(base) | np.isnan(scale))
    change = by_unit(np.where(known, own - base, np.nan), scheme)
    size = by_unit(np.where(known, scale, np.nan), scheme)
    if scheme.whole is not None:
        values = np.full(change.shape, np.nan)
        np.divide(change, size, out=values, where=size > 0)
    else:
        there = ~np.isnan(change)
        count = np.maximum(there.sum(axis=0), 1)
        mean_change = np.where(there, change, 0.0).sum(axis=0) / count
        mean_size = np.where(there, size, 0.0).sum(axis=0) / count
        ratio = np.full(mean_size.shape, np.nan)
        np.divide(mean_change, mean_size, out=ratio, where=mean_size > 0)
        values = np.full(change.shape, np.nan)
        np.divide(change - ratio * size, mean_size, out=values, where=mean_size > 0)
        values += ratio
    return 100 * values, np.full(values.shape, 100.0)


_Key = tuple[str, str, str]


def _values_of(
    spread: Spread, arm: str, kind: str
) -> tuple[dict[_Key, Floats], dict[_Key, Floats]]:
    """Value and members of each (of, measure, group) in every run, shape (worlds, replications)."""
    shape = len(spread.worlds), spread.replications
    values: dict[_Key, Floats] = {}
    members: dict[_Key, Floats] = {}
    for w, r in np.ndindex(*shape):
        run = RunTallies.of(spread, arm, w, r)
        for key, (value, count) in _values_of_run(run, kind).items():
            values.setdefault(key, np.full(shape, np.nan))[w, r] = value
            members.setdefault(key, np.zeros(shape))[w, r] = count
    return values, members


def _values_of_run(run: RunTallies, kind: str) -> dict[_Key, tuple[float, int]]:
    """Value and members of each (of, measure, group) in one run."""
    assert run.world.cross_posted is not None
    crossed = run.world.cross_posted
    values: dict[_Key, tuple[float, int]] = {}
    for group, mask in ((CROSS, crossed & run.entered), (OTHER, ~crossed & run.entered)):
        for name, value in _values_of_posts(run, mask, kind).items():
            values["posts", name, group] = value, int(mask.sum())
    for _, name, group in list(values):
        if group == CROSS:
            own, others = values["posts", name, CROSS], values["posts", name, OTHER]
            values["posts", name, BOTH] = own[0] - others[0], own[1] + others[1]
    tallies = CreatorTallies(run, run.creators.astype(np.int64))
    posts = tallies.of_posts(np.ones(crossed.size))
    share = tallies.of_posts(crossed) / np.maximum(posts, 1)
    small = tallies.first_followers <= np.median(tallies.first_followers)
    parts = {"most": share >= 0.5, "some": (share > 0) & (share < 0.5), "none": share == 0}
    for size, sized in (("small", small), ("large", ~small)):
        for part, held in parts.items():
            mask = sized & held & (posts > 0)
            group, count = f"{size} creators, {part} cross-posted", int(mask.sum())
            values["creators", "reach", group] = mean_over(tallies.views, mask), count
            values["creators", "rewards", group] = mean_over(tallies.reactions, mask), count
    shown, everyone = int(run.reach.sum()), run.world.n_accounts
    share_shown = int(run.reach[crossed].sum()) / shown if shown else float("nan")
    values["viewers", "cross_post_share", "all viewers"] = share_shown, everyone
    for name in _VIEWERS:
        measure = describe_measure(name)
        assert measure is not None
        values["viewers", name, "all viewers"] = float(measure.compute(run)), everyone
    return values


def _values_of_posts(run: RunTallies, mask: Bools, kind: str) -> dict[str, float]:
    """Measures of some of the posts."""
    world, tally = run.world, run.tally
    at = np.flatnonzero(mask)
    first = tally.ticks[at, world.ticks[at]]
    reached = int(run.reach[at].sum())
    homes = np.where(mask, world.homes[kind], np.int32(-1))
    origins = {"homes": homes, "poster_indptr": world.poster_indptr, "posters": world.posters}
    hosted = hosting_reach(tally.views[kind], world.partitions[kind].membership, **origins)
    return {
        "reach": mean_over(run.reach, mask),
        "first_tick_reach": float(first.mean()) if at.size else float("nan"),
        "first_tick_share": int(first.sum()) / reached if reached else float("nan"),
        "hosting_reach": mean_over(hosted, ~np.isnan(hosted)),
        "rewards": mean_over(tally.rewards, mask),
    }


def mean_over(values: npt.NDArray[np.generic], mask: Bools) -> float:
    """Mean of some values; NaN of none."""
    return float(values[mask].astype(np.float64).mean()) if mask.any() else float("nan")
