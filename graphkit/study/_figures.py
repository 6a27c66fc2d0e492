"""The figures of a simulation study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from graphkit import plot
from graphkit.data.spread import Spread
from graphkit.errors import DataError
from graphkit.measures import flow, reach_curve
from graphkit.measures.mixing import Mixing
from graphkit.study.folder import ResultsFolder

__all__ = ["HEADED", "MEASURES", "draw_figures", "flow_tables", "reach_of"]

#: Measures of the contrast figure and of the report's tables, with what they mean.
HEADED = {
    "crossing": "impressions outside a post's home, over what a uniform feed would give (1)",
    "hosting_hidden": "share of its community that a post reaches, where the follow graph does "
    "not show the community (mean over communities)",
    "hosting_visible": "the same, where the follow graph shows the community",
    "hosting_gap": "the first minus the second",
}
MEASURES = HEADED | {
    "audience_entropy": "how evenly a post's audience spreads over communities, 0 … 1",
    "viewer_diet_entropy": "how evenly an account's posts come from communities, 0 … 1",
    "viewer_diet_distance": "share of the pairs of an account's posts that differ in home",
    "ei_index": "(external − internal) / (external + internal) impressions",
    "structural_virality": "mean distance in a post's tree of shares, duets and stitches",
    "creator_gini": "inequality of impressions among creators, 0 … 1",
    "small_creator_share": "impressions of the half of the creators with fewest followers",
    "viewer_value": "short-term viewer value: mean watch fraction",
    "long_term_value": "long-term viewer value: 1 − propensity to leave",
    "session_length": "mean number of posts after which a session would end by itself",
    "creator_value": "creator value: likes, comments, shares, follows, duets and stitches per post",
    "posting_propensity": "mean chance that a creator posts what is scheduled",
    "quitting_propensity": "mean chance that a creator gives up",
    "platform_value": "platform value: summed watch fractions",
    "divisive_amplification": "impressions of divisive posts, over their share of the posts",
    "flagged_amplification": "the same for flagged posts",
    "crossposted_amplification": "the same for posts that were first posted elsewhere",
    "kept_sessions": "sessions held per account and tick (free budget only, as all below)",
    "accounts_kept": "share of the accounts that did not leave for good",
    "creators_kept": "share of the creators of at least two posts who did not give up",
    "posted_share": "share of the scheduled posts that entered",
    "followers_gained": "followers gained per account",
    "followers_lost": "followers lost per account",
}


def flow_tables(spread: Spread) -> dict[str, dict[str, Mixing]]:
    """Flows by kind of partition and arm; of the first world where the worlds differ in names."""
    found: dict[str, dict[str, Mixing]] = {}
    for kind in spread.worlds[0].partitions:
        try:
            found[kind] = {arm: flow(spread, arm, kind) for arm in spread.arms}
        except DataError:
            found[kind] = {arm: flow(spread, arm, kind, world=0) for arm in spread.arms}
    return found


def reach_of(spread: Spread, kind: str, names: Sequence[str]) -> pl.DataFrame | None:
    """:func:`reach_curve` of the posts at home in these communities; `None` if one run has none."""
    parts = []
    for (arm, w, r), tally in spread.tallies.items():
        world = spread.worlds[w]
        own = [c for c in range(world.partitions[kind].n_communities)
               if world.partitions[kind].name(c) in names]  # fmt: skip
        posts = np.isin(world.homes[kind], own) & tally.posted
        posts &= world.ticks < tally.ticks.shape[1]
        if not posts.any():
            return None
        curve = np.cumsum(tally.ticks[posts].sum(axis=0, dtype=np.int64)) / posts.sum()
        keys = {"arm": arm, "world": w, "replication": r}
        ticks = pl.DataFrame({"tick": np.arange(curve.size), "reach": curve})
        parts.append(ticks.select(*(pl.lit(v).alias(k) for k, v in keys.items()), pl.all()))
    return pl.concat(parts).with_columns(pl.lit(spread.calibrated).alias("calibrated"))


def draw_figures(
    folder: ResultsFolder, spread: Spread, found: pl.DataFrame, scan: pl.DataFrame | None,
    flows: Mapping[str, Mixing], shown: int, hidden: Sequence[str],
) -> None:  # fmt: skip
    """Contrast, reach, flows under one partition, and the scan over s, into the folder.

    Parameters
    ----------
    folder, spread, found, scan
        Where to, and what was found: contrasts, and those over s.
    flows
        Of one kind of partition, by arm.
    shown
        Communities that are large enough to be shown.
    hidden
        Communities to set off.
    """
    baseline = spread.arms[0]
    overall = found.filter(
        pl.col("community").is_null() & pl.col("measure").is_in(list(MEASURES))
        & pl.col("difference").is_not_null()
    )  # fmt: skip
    order = {name: at for at, name in enumerate(MEASURES)}
    rank = pl.col("measure").replace_strict(order, return_dtype=pl.Int64)
    overall = overall.sort(rank, maintain_order=True)
    for at, arm in enumerate(spread.arms[1:]):
        suffix = "" if at == 0 else f"_{at + 1}"
        rows = overall.filter(pl.col("arm") == arm)
        if rows.height:
            folder.figure(f"contrast{suffix}", plot.contrast(rows))
        if scan is not None:
            lines = scan.filter((pl.col("arm") == arm) & (pl.col("baseline") == baseline))
            for measure in ("crossing", "hosting_hidden"):
                if lines.filter(measure=measure)["difference"].count():
                    name = f"s_scan_{measure}{suffix}"
                    folder.figure(name, plot.s_scan(lines, measure=measure))
    folder.figure("reach", plot.reach(reach_curve(spread)))
    unseen = reach_of(spread, "interest", hidden)
    if unseen is not None:
        folder.figure("reach_hidden", plot.reach(unseen))
    if shown > 1:
        folder.figure(
            "flows", plot.flows(flows, top=min(16, shown), highlight=tuple(hidden))
        )  # fmt: skip
