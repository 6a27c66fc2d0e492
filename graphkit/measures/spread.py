"""measure_spread: everything a simulation says about reach, borders and goals, as one table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import OptionError
from graphkit.measures._goals import entered, goals, mean, part, posters_of, scheduled
from graphkit.measures.mixing import crossing
from graphkit.measures.exposure import effective_number, entropy, intra_list_distance
from graphkit.measures.mixing import ei_index, ei_null, flow_matrix
from graphkit.measures.hosting import hosting_creators, hosting_members, hosting_reach
from graphkit.progress import track

__all__ = ["measure_spread", "runs"]

Row = tuple[str | None, str | None, str, float]

_SCHEMA = {
    "arm": pl.String, "world": pl.Int64, "replication": pl.Int64, "partition": pl.String,
    "community": pl.String, "measure": pl.String, "value": pl.Float64, "budget": pl.String,
    "calibrated": pl.Boolean,
}  # fmt: skip


def measure_spread(spread: Spread, *, members_reached: int = 3) -> pl.DataFrame:
    """All measures of a spread in long form: one row per run, partition, community, measure.

    Measures of posts are over those that entered: whose tick lies within the run and which,
    under a free budget, were really posted. Measures of creators are over those with a post
    scheduled within the run.

    *Reach*: ``reach`` (distinct accounts shown a post, mean: under a matched budget all arms
    share out the same impressions, and it differs only by slots left empty) and
    ``reach_median``.

    *Cascades* (see :func:`cascades`): ``cascade_size``, ``cascade_depth``,
    ``cascade_breadth`` and ``structural_virality`` of the trees of shares, duets and
    stitches, one per original, which holds the trees of the posts that answer it; means over
    originals, the last over those that were passed on or answered.

    *Viewers*: ``viewer_value`` (mean watch fraction), ``completion`` (share of impressions
    watched to the end), ``long_term_value`` (1 − mean propensity to leave for good after a
    session), ``session_length`` (mean number of posts after which a session would end by
    itself, at most its slots).

    *Creators*: ``creator_value`` (likes, comments, shares, follows, duets and stitches per
    post that entered), ``posting_propensity`` and ``quitting_propensity`` (mean chance that
    a creator posts what is scheduled, and that it gives up), ``creator_gini`` and
    ``small_creator_share`` of creators' impressions (posts of several posters count in equal
    parts). *Platform*: ``platform_value`` (summed watch fractions).

    *Under* ``budget="free"`` *only*, where they are acted on; null, since not estimable,
    under ``"matched"``: ``kept_sessions`` (sessions held per account and tick),
    ``accounts_kept`` (share of the accounts that did not leave for good),
    ``creators_kept`` (share that did not give up, of the creators with at least two posts
    scheduled), ``posted_share`` (share of the scheduled posts that entered),
    ``followers_gained`` and ``followers_lost`` (per account).

    *Content*: ``divisive_amplification``, ``flagged_amplification`` and
    ``crossposted_amplification``: the share of divisive (divisiveness ≥ 0.5), flagged or
    cross-posted posts in the impressions, over their share of the posts that entered. 1 if
    they are shown as much as others; null where the world does not know, or has none.

    *The feed*: ``filler_share`` and ``source_…`` (shares of the impressions),
    ``candidates_per_session`` (distinct candidates ranked) and ``index_recall`` (of the
    interest index, null where it is not used). These describe and are not tested.

    Per partition: ``crossing`` and ``crossing_item_mean`` (see :func:`crossing`),
    ``reach_outside`` (accounts of other communities shown a post with a home, mean),
    ``audience_entropy`` and ``audience_communities`` (entropy of a post's audience over
    communities, normalised, and exp of it, means over posts), ``viewer_diet_entropy`` and
    ``viewer_diet_distance`` (of an account's posts over home communities: entropy, and
    :func:`intra_list_distance`; means over accounts), ``ei_index`` and ``ei_null`` of the
    flow between communities, ``excluded_share`` (impressions of posts without a home or to
    accounts without a community, which these measures leave out), ``homeless_posts`` and
    ``unassigned_accounts`` (counts).

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
        (its name; null for the whole), measure, value (null where undefined), budget,
        calibrated (whether the viewers' behaviour was fitted to a log). Every budget and
        arm has the same rows, but for the names of sources and communities.

    Raises
    ------
    OptionError
        If `members_reached` is below 1.
    """
    if members_reached < 1:
        raise OptionError(f"members_reached={members_reached}: at least 1 is needed.")
    columns: dict[str, list[object]] = {name: [] for name in _SCHEMA}
    keys = runs(spread)
    for arm, w, r in track(keys, "measuring", len(keys)):
        world, tally = spread.worlds[w], spread.tallies[arm, w, r]
        found = goals(world, tally, spread.source_names, free=spread.budget == "free")
        rows: list[Row] = [(None, None, measure, value) for measure, value in found.items()]
        for kind in world.partitions:
            rows += _borders(world, tally, kind, members_reached)
        for partition, community, measure, value in rows:
            row = (
                arm, w, r, partition, community, measure, value, spread.budget, spread.calibrated,
            )  # fmt: skip
            for name, entry in zip(_SCHEMA, row, strict=True):
                columns[name].append(entry)
    return pl.DataFrame(columns, schema=_SCHEMA).with_columns(pl.col("value").fill_nan(None))


def runs(spread: Spread) -> list[tuple[str, int, int]]:
    """Arm, world and replication of every run, in this order."""
    return [
        (arm, w, r)
        for arm in spread.arms
        for w in range(len(spread.worlds))
        for r in range(spread.replications)
    ]


def _borders(world: World, tally: ArmTally, kind: str, members_reached: int) -> Iterator[Row]:
    """The measures of one partition, over all and per community."""
    partition = world.partitions[kind]
    # posts that did not enter reached nobody, and count nowhere
    homes = np.where(entered(world, tally), world.homes[kind], np.int32(-1))
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
        "reach_outside": mean(outside),
        "audience_entropy": mean(entropy(audience)),
        "audience_communities": mean(effective_number(audience)),
        "viewer_diet_entropy": mean(entropy(diet[:, :size])),
        "viewer_diet_distance": mean(intra_list_distance(diet[:, :size])),
        "ei_index": ei_index(matrix),
        "ei_null": ei_null(views, membership, **places),
        "excluded_share": 1 - part(float(matrix.sum()), tally.impressions),
        "homeless_posts": float(np.count_nonzero(world.homes[kind] < 0)),
        "unassigned_accounts": float(partition.n_unassigned),
    }
    for measure, value in values.items():
        yield kind, None, measure, value
    hosted = {
        "hosting_reach": hosting_reach(views, membership, **places),
        "hosting_members": hosting_members(diet, membership),
        "hosting_creators": hosting_creators(
            tally.member_reach[kind], membership, posters_of(world, scheduled(world, tally)),
            size=size, members_reached=members_reached,
        ),
    }  # fmt: skip
    shown = tally.ticks.sum(axis=1, dtype=np.int64)
    for c in range(size):
        name = partition.name(c)
        for measure, per_community in hosted.items():
            yield kind, name, measure, float(per_community[c])
        yield kind, name, "crossing", crossed.ratio(c)
        yield kind, name, "reach", mean(shown[homes == c].astype(np.float64))
        yield kind, name, "reach_outside", mean(outside[crossed.homes == c])
