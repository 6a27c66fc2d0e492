"""Analysis of a simulation's measures: contrasts, sensitivity sweep, headlines, all arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from graphkit.communities.visibility import Visibility
from graphkit.measures import arm_means, contrast
from graphkit.study.config import ArmConfig
from graphkit.study.disclosure import shown_communities
from graphkit.study.results import Curve, Headline
from graphkit.study.text import CLAIMS, Claim, Gap, compare_without_filler, state_headline

#: Measures of the sensitivity sweep over s.
SWEPT = ("crossing", "hosting_hidden", "viewer_value")
#: Kinds of partition in the order in which headlines name them.
KINDS = ("interest", "follow", "planted")
#: Means of all arms are reported from this number of arms on.
MIN_ARMS = 3


def hidden_and_visible(
    seen: Visibility, least: int, others: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the communities that are hidden from the follow graph, and of the visible ones.

    Only communities large enough for a report are included (`others` as in
    :func:`shown_communities`). Communities that are undecided or cannot be judged are in neither.
    """
    frame = seen.frame.sort("size", descending=True, maintain_order=True)
    frame = frame.head(shown_communities(frame.get_column("size").to_list(), least, others))
    hidden, visible = (
        frame.filter(verdict=verdict).get_column("label").to_list()
        for verdict in ("hidden", "visible")
    )
    return tuple(hidden), tuple(visible)


def add_hosting(
    outcome: pl.DataFrame, hidden: Mapping[str, Sequence[str]], visible: Mapping[str, Sequence[str]]
) -> pl.DataFrame:
    """The outcome with the within-community reach of hidden and of visible communities.

    ``hosting_hidden`` and ``hosting_visible`` are unweighted means of ``hosting_reach`` over the
    communities that are hidden from the follow graph, and over the visible ones; ``hosting_gap`` is
    the first minus the second. `hidden` and `visible` are their names by kind of partition;
    other kinds get no such rows.
    """
    keys = ["arm", "world", "replication", "partition", "budget", "calibrated", "sample"]
    keys = [name for name in keys if name in outcome.columns]
    parts = [outcome]
    for kind, names in hidden.items():
        rows = outcome.filter(
            pl.col("community").is_not_null(), measure="hosting_reach", partition=kind
        )
        groups = {"hosting_hidden": list(names), "hosting_visible": list(visible[kind])}
        wide = rows.group_by(keys, maintain_order=True).agg(
            pl.col("value").filter(pl.col("community").is_in(group)).mean().alias(name)
            for name, group in groups.items()
        )
        wide = wide.with_columns(hosting_gap=pl.col("hosting_hidden") - pl.col("hosting_visible"))
        long = wide.unpivot(index=keys, variable_name="measure", value_name="value")
        long = long.with_columns(pl.lit(None, pl.String).alias("community"))
        parts.append(long.select(outcome.columns))
    return pl.concat(parts)


def contrast_arms(outcome: pl.DataFrame, arms: Sequence[str]) -> pl.DataFrame:
    """Contrasts of every arm with the first."""
    return pl.concat([contrast(outcome, arm, arms[0]).frame for arm in arms[1:]])


def sweep_contrasts(outcome: pl.DataFrame, arms: Sequence[str], s: float) -> pl.DataFrame:
    """Contrasts of the swept measures at one value of s."""
    kept = outcome.filter(pl.col("community").is_null() & pl.col("measure").is_in(SWEPT))
    return contrast_arms(kept, arms).select(pl.lit(float(s)).alias("s"), pl.all())


def mark_sign_changes(scan: pl.DataFrame) -> pl.DataFrame:
    """A column ``sign_change``: the interval is on the other side of 0 than at a smaller s.

    The comparison is with the largest smaller s whose interval excludes 0.
    """
    keys = ["partition", "measure", "arm", "baseline"]
    sign = pl.when(pl.col("low") > 0).then(1).when(pl.col("high") < 0).then(-1)
    scan = scan.sort(*keys, "s", nulls_last=True).with_columns(sign.alias("sign"))
    before = pl.col("sign").forward_fill().shift(1).over(keys)
    changed = (pl.col("sign") * before < 0).fill_null(False).alias("sign_change")
    return scan.with_columns(changed).drop("sign")


def state_headlines(
    found: pl.DataFrame,
    arms: Sequence[str],
    hidden: Mapping[str, Sequence[str]],
    unfilled: pl.DataFrame | None = None,
) -> list[Headline]:
    """Headlines of every arm compared with the first.

    `unfilled` are the contrasts with slots left empty instead of backfilled, if there was any
    backfill: a headline then says whether its sign is the same.
    """
    with_hidden = {kind for kind, names in hidden.items() if names}
    result = []
    for arm in arms[1:]:
        names = {"arm": arm, "baseline": arms[0]}
        for claim in CLAIMS:
            kinds = with_hidden if claim.measure.startswith("hosting") else None
            gaps = _gaps_by_partition(found, arm, claim, kinds)
            headline = state_headline(claim, gaps, **names)
            if unfilled is not None and gaps:
                bare = _gaps_by_partition(unfilled, arm, claim, kinds)
                headline = compare_without_filler(headline, claim, gaps, bare, **names)
            result.append(headline)
    return result


def _gaps_by_partition(
    found: pl.DataFrame, arm: str, claim: Claim, kinds: set[str] | None
) -> dict[str, Gap]:
    """Differences of a measure by kind of partition, restricted to these kinds if given."""
    rows = found.filter(
        pl.col("community").is_null(),
        pl.col("difference").is_not_null(),
        arm=arm,
        measure=claim.measure,
    )
    gaps = {}
    for row in rows.iter_rows(named=True):
        value, base, gap, low, high = (
            float("nan") if row[c] is None else claim.scale * row[c]
            for c in ("arm_mean", "baseline_mean", "difference", "low", "high")
        )
        gaps[row["partition"]] = Gap(value, base, gap, low, high, int(row["worlds"]))
    order = [k for k in KINDS if k in gaps] + [k for k in gaps if k not in KINDS]
    return {kind: gaps[kind] for kind in order if kinds is None or kind in kinds}


def blend_curve(arms: Sequence[ArmConfig]) -> Curve | None:
    """Blends of the first pair of presets that has both ends and three shares or more.

    The ends may be blends with share 0 and 1, or the presets themselves. Parameters that a study
    changes in an arm must be changed alike in all of them; of equal shares the first counts.
    """
    own = {"name", "preset", "blend", "share"}
    for first in arms:
        if not first.blend:
            continue
        changes, shares = first.model_dump(exclude=own), dict[float, str]()
        for arm in arms:
            at = {first.blend[0]: 0.0, first.blend[1]: 1.0}.get(arm.preset or "")
            at = arm.share if arm.blend == first.blend else at
            if at is not None and arm.model_dump(exclude=own) == changes:
                shares.setdefault(at, arm.name)
        if len(shares) >= 3 and {0.0, 1.0} <= shares.keys():
            return Curve((shares[0.0], shares[1.0]), {shares[at]: at for at in sorted(shares)})
    return None


def means_of_arms(
    outcome: pl.DataFrame, names: Sequence[str], curve: Curve | None
) -> pl.DataFrame | None:
    """Means of all arms with confidence intervals; `None` for two arms, which have a contrast.

    The arms of the `curve` get their share as well.
    """
    if len(names) < MIN_ARMS:
        return None
    return arm_means(outcome, shares=None if curve is None else curve.shares)


def overall_means(means: pl.DataFrame, measure: str, kind: str | None = None) -> pl.DataFrame:
    """Defined means of a measure over all communities, under one kind of partition if given."""
    rows = means.filter(
        pl.col("community").is_null(), pl.col("mean").is_not_null(), measure=measure
    )
    return rows if kind is None else rows.filter(partition=kind)
