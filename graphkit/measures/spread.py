"""measure_spread: everything a simulation says about reach, borders and goals, as one table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import DataError, OptionError
from graphkit.measures.crossing import crossing
from graphkit.measures.exposure import effective_number, entropy, gini, small_creator_share
from graphkit.measures.flow import ei_index, ei_null, flow_matrix
from graphkit.measures.hosting import hosting_creators, hosting_members, hosting_reach
from graphkit.measures.virality import cascades
from graphkit.progress import track

__all__ = ["measure_spread", "reach_by_age", "reach_curve"]

Row = tuple[str | None, str | None, str, float]

_SCHEMA = {
    "arm": pl.String, "world": pl.Int64, "replication": pl.Int64, "partition": pl.String,
    "community": pl.String, "measure": pl.String, "value": pl.Float64, "budget": pl.String,
}  # fmt: skip


def measure_spread(spread: Spread, *, members_reached: int = 3) -> pl.DataFrame:
    """All measures of a spread in long form: one row per run, partition, community, measure.

    Over all posts: ``reach`` (distinct accounts shown a post, mean: under a matched budget
    all arms share out the same impressions, and it differs only by slots left empty) and
    ``reach_median``; ``cascade_size``, ``cascade_depth``, ``cascade_breadth`` and ``structural_virality`` of share trees (the
    last over posts that were shared); ``creator_gini`` and ``small_creator_share`` of the
    impressions of those who post (posts of several posters count in equal parts);
    ``viewer_value`` (mean watch fraction), ``completion`` (share watched to the end),
    ``long_term_value`` (1 − mean propensity to leave), ``creator_value`` (likes, comments,
    shares and follows per post), ``platform_value`` (summed watch fractions);
    ``filler_share`` and ``source_…`` (shares of the impressions).

    Per partition: ``crossing`` and ``crossing_item_mean`` (see :func:`crossing`),
    ``reach_outside`` (accounts of other communities shown a post with a home, mean),
    ``audience_entropy`` and ``audience_communities`` (entropy of a post's audience over
    communities, normalised, and exp of it, means over posts), ``viewer_diet_entropy`` (of
    an account's posts over home communities, mean over accounts), ``ei_index`` and
    ``ei_null`` of the flow between communities, ``excluded_share`` (impressions of posts
    without a home or to accounts without a community, which these measures leave out),
    ``homeless_posts`` and ``unassigned_accounts`` (counts).

    Per community: ``hosting_reach``, ``hosting_members``, ``hosting_creators``,
    ``crossing``, ``reach`` and ``reach_outside`` of the posts at home there.

    Parameters
    ----------
    spread
        What :func:`simulate_spread` tallied.
    members_reached
        Members of its own community that a creator must reach to count as hosted.

    Returns
    -------
    polars.DataFrame
        arm, world, replication, partition (null where a measure needs none), community
        (its name; null for the whole), measure, value (null where undefined), budget.

    Raises
    ------
    OptionError
        If `members_reached` is below 1.
    """
    if members_reached < 1:
        raise OptionError(f"members_reached={members_reached}: at least 1 is needed.")
    columns: dict[str, list[object]] = {name: [] for name in _SCHEMA}
    keys = _keys(spread)
    for arm, w, r in track(keys, "measuring", len(keys)):
        world, tally = spread.worlds[w], spread.tallies[arm, w, r]
        rows = [*_overall(world, tally, spread.source_names)]
        for kind in world.partitions:
            rows += _borders(world, tally, kind, members_reached)
        for partition, community, measure, value in rows:
            row = (arm, w, r, partition, community, measure, value, spread.budget)
            for name, entry in zip(_SCHEMA, row, strict=True):
                columns[name].append(entry)
    return pl.DataFrame(columns, schema=_SCHEMA).with_columns(pl.col("value").fill_nan(None))


def reach_curve(spread: Spread) -> pl.DataFrame:
    """Accounts that a post has reached by the end of each tick, mean over all posts.

    Nobody is shown a post twice, so this is the running sum of impressions per post. Under
    a matched budget it is the same in all arms; :func:`reach_by_age` is not.

    Parameters
    ----------
    spread
        What :func:`simulate_spread` tallied.

    Returns
    -------
    polars.DataFrame
        arm, world, replication, tick, reach.
    """
    parts = []
    for arm, w, r in _keys(spread):
        ticks = spread.tallies[arm, w, r].ticks
        curve = np.cumsum(ticks.sum(axis=0, dtype=np.int64)) / ticks.shape[0]
        parts.append(_curve(arm, w, r, "tick", curve))
    return pl.concat(parts)


def reach_by_age(spread: Spread) -> pl.DataFrame:
    """Accounts that a post has reached at each age, mean over posts of the first half.

    A post's age is 0 in the tick in which it enters. With T ticks, all posts that enter by
    tick (T − 1) // 2 are followed for the T − (T − 1) // 2 ticks that each of them has, so
    that every age is a mean over the same posts.

    Parameters
    ----------
    spread
        What :func:`simulate_spread` tallied.

    Returns
    -------
    polars.DataFrame
        arm, world, replication, age, reach.

    Raises
    ------
    DataError
        If no post enters in the first half.
    """
    parts = []
    for arm, w, r in _keys(spread):
        ticks, entry = spread.tallies[arm, w, r].ticks, spread.worlds[w].ticks
        last = (ticks.shape[1] - 1) // 2
        followed = np.flatnonzero(entry <= last)
        if not followed.size:
            raise DataError(f"world {w}: no post enters by tick {last}, so none can be followed.")
        ages = np.arange(ticks.shape[1] - last)
        shown = ticks[followed[:, None], entry[followed][:, None] + ages]
        curve = np.cumsum(shown.sum(axis=0, dtype=np.int64)) / followed.size
        parts.append(_curve(arm, w, r, "age", curve))
    return pl.concat(parts)


def _curve(
    arm: str, world: int, replication: int, axis: str, curve: npt.NDArray[np.float64]
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "arm": arm, "world": world, "replication": replication,
            axis: np.arange(curve.size), "reach": curve,
        },
        schema={
            "arm": pl.String, "world": pl.Int64, "replication": pl.Int64, axis: pl.Int64,
            "reach": pl.Float64,
        },
    )  # fmt: skip


def _keys(spread: Spread) -> list[tuple[str, int, int]]:
    return [
        (arm, w, r)
        for arm in spread.arms
        for w in range(len(spread.worlds))
        for r in range(spread.replications)
    ]


def _overall(world: World, tally: ArmTally, sources: tuple[str, ...]) -> Iterator[Row]:
    """The measures that need no partition."""
    shown = tally.ticks.sum(axis=1, dtype=np.int64)
    trees = cascades(tally.shares, world.n_posts)
    creators, exposure = _creator_impressions(world, shown)
    followers = np.bincount(world.follows.indices, minlength=world.n_accounts)[creators]
    watched = float(tally.watch.sum()) / 65536
    impressions = tally.impressions
    values = {
        "reach": float(shown.mean()),
        "reach_median": float(np.median(shown)),
        "cascade_size": float(trees.size.mean()),
        "cascade_depth": float(trees.depth.mean()),
        "cascade_breadth": float(trees.breadth.mean()),
        "structural_virality": _mean(trees.virality),
        "creator_gini": gini(exposure),
        "small_creator_share": small_creator_share(exposure, followers),
        "viewer_value": _part(watched, impressions),
        "completion": _part(int(tally.reactions[:, 4].sum()), impressions),
        "long_term_value": 1 - tally.leave if tally.sessions else float("nan"),
        "creator_value": int(tally.reactions[:, :4].sum()) / world.n_posts,
        "platform_value": watched,
        "filler_share": _part(int(tally.sources[-1]), impressions),
    }
    for name, count in zip(sources[:-1], tally.sources[:-1].tolist(), strict=True):
        values[f"source_{name}"] = _part(count, impressions)
    for measure, value in values.items():
        yield None, None, measure, value


def _borders(world: World, tally: ArmTally, kind: str, members_reached: int) -> Iterator[Row]:
    """The measures of one partition, over all and per community."""
    partition, homes = world.partitions[kind], world.homes[kind]
    views, diet = tally.views[kind], tally.diet[kind]
    membership, size = partition.membership, partition.n_communities
    places: dict[str, npt.NDArray[np.integer]] = {
        "homes": homes, "poster_indptr": world.poster_indptr, "posters": world.posters,
    }  # fmt: skip
    crossed = crossing(views, diet, membership, **places)
    matrix = flow_matrix(views, homes)
    outside = crossed.views - views[crossed.posts, crossed.homes]
    audience = views[:, :size]
    values = {
        "crossing": crossed.ratio(),
        "crossing_item_mean": crossed.item_mean(),
        "reach_outside": _mean(outside),
        "audience_entropy": _mean(entropy(audience)),
        "audience_communities": _mean(effective_number(audience)),
        "viewer_diet_entropy": _mean(entropy(diet[:, :size])),
        "ei_index": ei_index(matrix),
        "ei_null": ei_null(views, membership, **places),
        "excluded_share": 1 - _part(float(matrix.sum()), tally.impressions),
        "homeless_posts": float(np.count_nonzero(homes < 0)),
        "unassigned_accounts": float(partition.n_unassigned),
    }
    for measure, value in values.items():
        yield kind, None, measure, value
    hosted = {
        "hosting_reach": hosting_reach(views, membership, **places),
        "hosting_members": hosting_members(diet, membership),
        "hosting_creators": hosting_creators(
            tally.member_reach[kind], membership, world.posters,
            size=size, members_reached=members_reached,
        ),
    }  # fmt: skip
    shown = tally.ticks.sum(axis=1, dtype=np.int64)
    for c in range(size):
        name = partition.name(c)
        for measure, per_community in hosted.items():
            yield kind, name, measure, float(per_community[c])
        yield kind, name, "crossing", crossed.ratio(c)
        yield kind, name, "reach", _mean(shown[homes == c].astype(np.float64))
        yield kind, name, "reach_outside", _mean(outside[crossed.homes == c])


def _creator_impressions(
    world: World, shown: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Those who post, and the impressions of their posts, in equal parts among posters."""
    count = np.diff(world.poster_indptr)
    part: npt.NDArray[np.float64] = np.repeat(shown / count, count)
    total = np.bincount(world.posters, weights=part, minlength=world.n_accounts)
    creators = np.unique(world.posters).astype(np.intp)
    return creators, np.asarray(total[creators], dtype=np.float64)


def _mean(values: npt.NDArray[np.float64]) -> float:
    """Mean of the values that are defined; NaN if none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _part(count: float, total: float) -> float:
    return count / total if total else float("nan")
