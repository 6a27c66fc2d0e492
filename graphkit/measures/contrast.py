"""contrast: how much two arms differ, with an interval that says what it covers."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from graphkit.errors import (
    DataError,
    MissingDataError,
    check_choice,
    check_number,
    nearest,
)

__all__ = ["OVER_WORLDS", "WITHIN_WORLD", "checked", "contrast", "holm", "paired_interval"]

Floats = npt.NDArray[np.float64]

OVER_WORLDS, WITHIN_WORLD = "over worlds", "within this world"
_ROW = ["partition", "community", "measure"]
_NEEDED = ["arm", "world", "replication", *_ROW, "value", "budget", "calibrated"]
#: Measures that describe an arm or a partition and test nothing: no p, no part in Holm's rule.
_DESCRIPTIVE = {
    "filler_share", "excluded_share", "homeless_posts", "unassigned_accounts", "ei_null",
    "candidates_per_session", "index_recall",
}  # fmt: skip

_SCHEMA = {
    "partition": pl.String, "community": pl.String, "measure": pl.String, "arm": pl.String,
    "baseline": pl.String, "arm_mean": pl.Float64, "baseline_mean": pl.Float64,
    "difference": pl.Float64, "low": pl.Float64, "high": pl.Float64, "interval": pl.String,
    "effect": pl.Float64, "p": pl.Float64, "p_holm": pl.Float64, "worlds": pl.Int64,
    "replications": pl.Int64, "budget": pl.String, "calibrated": pl.Boolean,
}  # fmt: skip


def contrast(
    outcome: pl.DataFrame, arm: str, baseline: str, *, confidence: float = 0.95,
    require: str | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Paired differences between two arms, measure by measure, with intervals.

    Arms are compared within the same world and replication, replications are averaged
    within their world, and worlds are the units: the difference is d̄ = Σ d_w / W, its
    interval d̄ ± t(W − 1) · s / √W, the effect size d̄ / s (Cohen's d_z), with s the standard
    deviation of the d_w. With a single world the units are its replications, and the
    interval is labelled so: it says nothing about other worlds.

    Parameters
    ----------
    outcome
        Result of :func:`measure_spread`.
    arm, baseline
        Names of the arms; the difference is arm − baseline.
    confidence
        Coverage of the intervals.
    require
        ``"worlds"``: fail unless the interval is one over worlds.

    Returns
    -------
    polars.DataFrame
        One row per partition, community and measure: arm, baseline, arm_mean,
        baseline_mean, difference, low, high, interval (``"over worlds"`` or ``"within this
        world"``), effect, p (t test), p_holm (Holm's rule over the rows that have p),
        worlds, replications (those in which both arms have a value), budget, calibrated.
        Bounds, effect and p are null where there are fewer than two units; effect and p
        also where nothing varies, and for sources, filler, candidates, recall and counts,
        which describe and test nothing; effect also within a single world, whose
        replications vary less than worlds do.

    Raises
    ------
    MissingDataError
        For an unknown arm or a missing column.
    DataError
        If runs under several budgets, or calibrated and uncalibrated ones, are mixed, if a
        run has two values for one row, or if `require` is not met.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
    Journal of Statistics, 6(2), 65–70. https://www.jstor.org/stable/4615733

    Lakens, D. (2013). Calculating and reporting effect sizes to facilitate cumulative
    science. Frontiers in Psychology, 4, 863. https://doi.org/10.3389/fpsyg.2013.00863

    Examples
    --------
    >>> outcome = pl.DataFrame(
    ...     {
    ...         "arm": ["a", "a", "b", "b"], "world": [0, 1, 0, 1], "replication": 0,
    ...         "partition": "planted", "community": None, "measure": "crossing",
    ...         "value": [0.5, 0.7, 0.4, 0.4], "budget": "matched", "calibrated": False,
    ...     }
    ... )
    >>> gap = contrast(outcome, "a", "b")
    >>> gap.select(pl.col("difference", "low", "high").round(2)).row(0)
    (0.2, -1.07, 1.47)
    """
    if require is not None:
        check_choice("require", require, ("worlds",))
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    budget, calibrated = checked(outcome)
    _check_arms(outcome, arm, baseline)
    worlds = outcome.get_column("world").n_unique()
    if require == "worlds" and worlds < 2:
        raise DataError(
            "an interval over worlds was asked for, but the outcome holds one world: simulate "
            "several, made by resample_worlds."
        )
    pairs = _pairs(outcome, arm, baseline)
    rows = []
    for (partition, community, measure), group in pairs.group_by(_ROW, maintain_order=True):
        # sorted, so that no order of rows shows in the last digit
        known = group.drop_nulls(["own", "base"]).sort("world", "replication")
        by_world = known.group_by("world", maintain_order=True).agg(pl.col("own", "base").mean())
        units = by_world if worlds > 1 else known
        own, base = units["own"].to_numpy(), units["base"].to_numpy()
        difference, low, high, effect, p = paired_interval(own, base, confidence)
        tested = measure not in _DESCRIPTIVE and not str(measure).startswith("source_")
        rows.append(
            {
                "partition": partition, "community": community, "measure": measure, "arm": arm,
                "baseline": baseline, "arm_mean": _mean(own), "baseline_mean": _mean(base),
                "difference": difference, "low": low, "high": high,
                "interval": OVER_WORLDS if worlds > 1 else WITHIN_WORLD,
                "effect": effect if tested and worlds > 1 else None, "p": p if tested else None,
                "worlds": by_world.height, "replications": known.height, "budget": budget,
                "calibrated": calibrated,
            }
        )  # fmt: skip
    frame = pl.DataFrame(rows, schema={k: v for k, v in _SCHEMA.items() if k != "p_holm"})
    frame = frame.with_columns(pl.col(pl.Float64).fill_nan(None))
    adjusted = pl.Series("p_holm", holm(frame["p"].to_list()), dtype=pl.Float64)
    return frame.with_columns(adjusted).select(*_SCHEMA)


def paired_interval(
    own: Floats, base: Floats, confidence: float
) -> tuple[float, float, float, float, float]:
    """Mean, t interval, effect size and p of the differences of paired units.

    NaN where there are too few units. Differences that do not vary beyond rounding have an
    interval of no width, and neither effect size nor p.

    Examples
    --------
    >>> found = paired_interval(np.array([2.0, 4.0, 6.0]), np.array([1.0, 2.0, 3.0]), 0.95)
    >>> [round(x, 3) for x in found]
    [2.0, -0.484, 4.484, 2.0, 0.074]
    """
    undefined = float("nan")
    differences = own - base
    n = differences.size
    if n < 2:
        mean = float(differences[0]) if n else undefined
        return mean, undefined, undefined, undefined, undefined
    mean = float(differences.mean())
    spread = float(differences.std(ddof=1))
    if spread <= 1e-12 * float(np.maximum(np.abs(own), np.abs(base)).max()):
        return mean, mean, mean, undefined, undefined
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * spread / math.sqrt(n)
    p = 2 * float(stats.t.sf(abs(mean) / spread * math.sqrt(n), n - 1))
    return mean, mean - half, mean + half, mean / spread, p


def holm(p: list[float | None]) -> list[float | None]:
    """Holm's step-down adjustment; entries without p stay so and do not count.

    Examples
    --------
    >>> holm([0.01, None, 0.04, 0.03])
    [0.03, None, 0.06, 0.06]
    """
    known = sorted((value, at) for at, value in enumerate(p) if value is not None)
    adjusted: list[float | None] = [None] * len(p)
    highest = 0.0
    for rank, (value, at) in enumerate(known):
        highest = max(highest, min(1.0, value * (len(known) - rank)))
        adjusted[at] = highest
    return adjusted


def checked(outcome: pl.DataFrame) -> tuple[str | None, bool | None]:
    """Budget of an outcome, and whether it is calibrated: one of each (null without rows)."""
    missing = [name for name in _NEEDED if name not in outcome.columns]
    if missing:
        raise MissingDataError(
            f"the outcome has no column {', '.join(missing)}: it must be a result of "
            "measure_spread."
        )
    budgets = outcome.get_column("budget").unique().sort().to_list()
    if len(budgets) > 1:
        raise DataError(
            f"the outcome mixes the budgets {', '.join(map(repr, budgets))}: what was measured under "
            "one cannot be held against the other."
        )
    calibrated = outcome.get_column("calibrated").unique().to_list()
    if len(calibrated) > 1:
        raise DataError(
            "the outcome mixes calibrated and uncalibrated behaviour: viewers who act by different "
            "numbers cannot be held against each other."
        )
    return next(iter(budgets), None), next(iter(calibrated), None)


def _check_arms(outcome: pl.DataFrame, arm: str, baseline: str) -> None:
    arms = outcome.get_column("arm").unique(maintain_order=True).to_list()
    for name in (arm, baseline):
        if name not in arms:
            raise MissingDataError(
                f"no arm {name!r} in the outcome.{nearest(name, arms)} "
                f"Arms: {', '.join(map(str, arms))}."
            )


def _pairs(outcome: pl.DataFrame, arm: str, baseline: str) -> pl.DataFrame:
    """Both arms' values side by side, in the order of the arm's rows."""
    keys = [*_ROW, "world", "replication"]
    sides = []
    for name, column in ((arm, "own"), (baseline, "base")):
        side = outcome.filter(pl.col("arm") == name).select(*keys, pl.col("value").alias(column))
        side = side.with_columns(pl.col("partition", "community").cast(pl.String))
        twice = side.filter(side.select(keys).is_duplicated())
        if twice.height:
            raise DataError(
                f"arm {name!r} has more than one value of {twice['measure'][0]!r} in world "
                f"{twice['world'][0]}, replication {twice['replication'][0]}: outcomes of "
                "different simulations cannot be stacked."
            )
        sides.append(side)
    return sides[0].join(sides[1], on=keys, how="left", nulls_equal=True, maintain_order="left")


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else float("nan")
