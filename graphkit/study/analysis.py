"""Analysis of a simulation's measures: contrasts, sensitivity sweep, robustness, all arms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import polars as pl

from graphkit.attribution import Robustness, judge
from graphkit.measures import arm_means, contrast
from graphkit.measures.headline import CLAIMS
from graphkit.measures.intervals import HIGHER, LOWER
from graphkit.study.config import ArmConfig, StudyConfig
from graphkit.study.results import Curve

#: Measures of the sensitivity sweep over s.
SWEPT = ("crossing", "hosting_hidden", "hosting_gap", "hosting_slope", "viewer_value")
#: Means of all arms are reported from this number of arms on.
MIN_ARMS = 3


def contrast_arms(outcome: pl.DataFrame, arms: Sequence[str], baseline: str) -> pl.DataFrame:
    """Contrasts of every arm with the baseline."""
    return pl.concat([contrast(outcome, arm, baseline).frame for arm in arms])


def sweep_contrasts(contrasts: pl.DataFrame, s: float) -> pl.DataFrame:
    """Contrasts of the swept measures at one value of s."""
    kept = contrasts.filter(pl.col("community").is_null() & pl.col("measure").is_in(SWEPT))
    return kept.select(pl.lit(float(s)).alias("s"), pl.all())


def mark_sign_changes(scan: pl.DataFrame) -> pl.DataFrame:
    """A column ``sign_change``: the direction is another than at a smaller s.

    The comparison is with the largest smaller s at which a direction is claimed: the interval
    excludes 0, and filler does not forbid it.
    """
    keys = ["partition", "measure", "arm", "baseline"]
    sign = pl.when(direction=HIGHER).then(1).when(direction=LOWER).then(-1)
    scan = scan.sort(*keys, "s", nulls_last=True).with_columns(sign.alias("sign"))
    before = pl.col("sign").forward_fill().shift(1).over(keys)
    changed = (pl.col("sign") * before < 0).fill_null(False).alias("sign_change")
    return scan.with_columns(changed).drop("sign")


def judge_findings(
    config: StudyConfig, gaps: pl.DataFrame, conditions: pl.DataFrame | None
) -> tuple[Robustness, ...]:
    """What becomes of each finding of each compared arm, under the interest partition if it has one."""
    found = []
    for arm, claim in product(config.compared_arms, CLAIMS):
        rows = gaps.filter(pl.col("community").is_null(), arm=arm, measure=claim.measure)
        kinds = rows.drop_nulls("difference").get_column("partition").to_list()
        if kinds:
            pair: dict[str, Any] = {"arm": arm, "baseline": config.arms[0].name}
            pair |= {"measure": claim.measure}
            pair |= {"partition": "interest" if "interest" in kinds else kinds[0]}
            found.append(judge(gaps, conditions, **pair))
    return tuple(found)


def robustness_table(found: Sequence[Robustness]) -> pl.DataFrame:
    """The conclusions over conditions, one below the other."""
    about = ("measure", "partition", "arm", "baseline")
    rows = [
        one.frame.select(
            *(pl.lit(getattr(one, name), pl.String).alias(name) for name in about), pl.all()
        )
        for one in found
    ]
    return pl.concat(rows) if rows else pl.DataFrame()


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
