"""Contrasts of two arms and means of all arms, with t intervals over worlds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from graphkit.errors import DataError, MissingDataError, check_choice, check_number, nearest
from graphkit.measures.catalogue import describe_measure, outcome_schema
from graphkit.parallel import refuse_after_fork

__all__ = ["OVER_WORLDS", "WITHIN_WORLD", "arm_means", "contrast", "holm", "paired_interval"]

Floats = npt.NDArray[np.float64]

OVER_WORLDS, WITHIN_WORLD = "over worlds", "within this world"
_ROW = ["partition", "community", "measure"]
_ARM_ROW = ["arm", *_ROW]
_NEEDED = ["arm", "world", "replication", *_ROW, "value", "budget", "calibrated"]
_SCHEMA = outcome_schema(
    *(*_ROW, "arm", "baseline", "arm_mean", "baseline_mean", "difference", "low", "high"),
    *("interval", "effect", "p", "p_holm", "worlds", "replications", "budget", "calibrated"),
)
_MEANS_SCHEMA = outcome_schema(*_ARM_ROW, "mean", "low", "high", "worlds", "replications")


#: Largest number whose square is finite, with room for sums.
MOST = 1e150


def contrast(
    outcome: pl.DataFrame,
    arm: str,
    baseline: str,
    *,
    confidence: float = 0.95,
    require: str | None = None,
) -> pl.DataFrame:
    """Paired differences between two arms with t confidence intervals, measure by measure.

    Arms are compared within the same world and replication, replications are averaged
    within their world, and worlds are the units: the difference is d̄ = Σ d_w / W, its
    confidence interval d̄ ± t(W − 1) · s / √W, the effect size d̄ / s (Cohen's d_z), with s the
    standard deviation of the d_w. With a single world the units are its replications, and the
    interval is labelled accordingly: it does not generalise to other worlds.

    Parameters
    ----------
    outcome
        Result of :func:`measure_spread`.
    arm, baseline
        Names of the arms; the difference is arm − baseline.
    confidence
        Confidence level of the intervals.
    require
        ``"worlds"``: fail unless the interval is over worlds.

    Returns
    -------
    polars.DataFrame
        One row per partition, community and measure: arm, baseline, arm_mean,
        baseline_mean, difference, low, high, interval (``"over worlds"`` or ``"within this
        world"``), effect, p (paired t test), p_holm (Holm's adjustment over the rows that
        have p), worlds, replications (those in which both arms have a value), budget,
        calibrated. Bounds, effect and p are null with fewer than two units; effect and p also
        where nothing varies, and for measures that the catalogue marks as descriptive; effect
        also within a single world, whose replications vary less than worlds do.

    Raises
    ------
    MissingDataError
        For an unknown arm or a missing column.
    DataError
        If runs under several budgets, or calibrated and uncalibrated ones, are mixed, if a
        run has two values for one row, a value is no number or infinite, or if `require` is not
        met.

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
    refuse_after_fork()
    if require is not None:
        check_choice("require", require, ("worlds",))
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    budget, calibrated = _check_outcome(outcome)
    _require_arms(outcome, (arm, baseline))
    worlds = outcome.get_column("world").n_unique()
    if require == "worlds" and worlds < 2:
        raise DataError(
            "an interval over worlds was asked for, but the outcome holds one world: simulate "
            "several, made by resample_worlds."
        )
    pairs = _paired_values(outcome, arm, baseline)
    rows = []
    for (partition, community, measure), group in pairs.group_by(_ROW, maintain_order=True):
        # sorted, so that the order of rows does not change the last digit
        known = group.drop_nulls(["own", "base"]).sort("world", "replication")
        by_world = known.group_by("world", maintain_order=True).agg(pl.col("own", "base").mean())
        units = by_world if worlds > 1 else known
        own, base = units["own"].to_numpy(), units["base"].to_numpy()
        difference, low, high, effect, p = paired_interval(own, base, confidence)
        described = describe_measure(str(measure))
        tested = described is None or not described.descriptive
        key = (partition, community, measure, arm, baseline, _mean(own), _mean(base))
        found = (difference, low, high, OVER_WORLDS if worlds > 1 else WITHIN_WORLD)
        test = (effect if tested and worlds > 1 else None, p if tested else None, None)
        count = (by_world.height, known.height)
        rows.append((*key, *found, *test, *count, budget, calibrated))
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    frame = frame.with_columns(pl.col(pl.Float64).fill_nan(None))
    adjusted = pl.Series("p_holm", holm(frame["p"].to_list()), dtype=pl.Float64)
    return frame.with_columns(adjusted)


def paired_interval(
    own: Floats, base: Floats, confidence: float
) -> tuple[float, float, float, float, float]:
    """Mean difference of paired units, its t interval, effect size and p.

    NaN with fewer than two units. Differences that do not vary beyond rounding have an interval
    of zero width, and neither effect size nor p.

    Examples
    --------
    >>> found = paired_interval(np.array([2.0, 4.0, 6.0]), np.array([1.0, 2.0, 3.0]), 0.95)
    >>> [round(x, 3) for x in found]
    [2.0, -0.484, 4.484, 2.0, 0.074]
    """
    magnitude = np.maximum(np.abs(own), np.abs(base))
    mean, low, high, deviation = _t_interval(own - base, magnitude, confidence)
    if not deviation > 0:
        return mean, low, high, float("nan"), float("nan")
    n = own.size
    p = 2 * float(stats.t.sf(abs(mean) / deviation * math.sqrt(n), n - 1))
    return mean, low, high, mean / deviation, p


def _t_interval(
    units: Floats, magnitude: Floats, confidence: float
) -> tuple[float, float, float, float]:
    """Mean of the units, bounds of its t interval, and their standard deviation.

    The deviation is 0 if the units do not vary beyond the rounding of numbers of this
    `magnitude`; undefined values are NaN.
    """
    undefined, n = float("nan"), units.size
    if n < 2:
        return float(units[0]) if n else undefined, undefined, undefined, undefined
    mean, deviation = float(units.mean()), float(units.std(ddof=1))
    if deviation <= 1e-12 * float(magnitude.max()):
        return mean, mean, mean, 0.0
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * deviation / math.sqrt(n)
    return mean, mean - half, mean + half, deviation


def holm(p: list[float | None]) -> list[float | None]:
    """Holm's step-down adjustment of p-values; nulls stay null and are not counted.

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


def _check_outcome(outcome: pl.DataFrame) -> tuple[str | None, bool | None]:
    """The one budget of an outcome, and whether it is calibrated; null without rows."""
    if not isinstance(outcome, pl.DataFrame):
        raise DataError(
            f"the outcome is a {type(outcome).__name__}: it must be a result of measure_spread."
        )
    missing = [name for name in _NEEDED if name not in outcome.columns]
    if missing:
        raise MissingDataError(
            f"the outcome has no column {', '.join(missing)}: it must be a result of "
            "measure_spread."
        )
    for name in ("value", "calibrated"):
        kind = outcome.schema[name]
        fits = kind.is_numeric() if name == "value" else kind == pl.Boolean
        if kind != pl.Null and not fits:
            raise DataError(
                f"the outcome has the type {kind} in {name!r}: it must be a result of measure_spread."
            )
    values = outcome.get_column("value").cast(pl.Float64).drop_nulls().drop_nans()
    largest = values.abs().max()
    if isinstance(largest, float) and largest > MOST:
        raise DataError(
            f"the outcome has the value {largest:g}, and numbers up to {MOST:g} can be compared: "
            "it must be a result of measure_spread."
        )
    budgets = outcome.get_column("budget").unique().sort().to_list()
    if len(budgets) > 1:
        raise DataError(
            f"the outcome mixes the budgets {', '.join(map(repr, budgets))}: what was measured under "
            "one cannot be compared with the other."
        )
    calibrated = outcome.get_column("calibrated").unique().to_list()
    if len(calibrated) > 1:
        raise DataError(
            "the outcome mixes calibrated and uncalibrated behaviour: viewers with different "
            "parameters cannot be compared."
        )
    return next(iter(budgets), None), next(iter(calibrated), None)


def _require_arms(outcome: pl.DataFrame, names: Iterable[str], place: str = "") -> None:
    """Refuse names of arms that the outcome does not hold."""
    arms = outcome.get_column("arm").unique(maintain_order=True).to_list()
    for name in names:
        if name not in arms:
            raise MissingDataError(
                f"{place}no arm {name!r} in the outcome.{nearest(name, arms)} "
                f"Arms: {', '.join(map(str, arms))}."
            )


def _refuse_duplicates(runs: pl.DataFrame) -> None:
    twice = runs.filter(runs.select(*_ARM_ROW, "world", "replication").is_duplicated())
    if twice.height:
        raise DataError(
            f"arm {twice['arm'][0]!r} has more than one value of {twice['measure'][0]!r} in world "
            f"{twice['world'][0]}, replication {twice['replication'][0]}: outcomes of different "
            "simulations cannot be stacked."
        )


def _paired_values(outcome: pl.DataFrame, arm: str, baseline: str) -> pl.DataFrame:
    """Both arms' values side by side, in the order of the arm's rows."""
    keys = [*_ROW, "world", "replication"]
    sides = []
    for name, column in ((arm, "own"), (baseline, "base")):
        value = pl.col("value").cast(pl.Float64).fill_nan(None).alias(column)
        side = outcome.filter(pl.col("arm") == name).select(*keys, value)
        side = side.with_columns(pl.col("partition", "community").cast(pl.String))
        _refuse_duplicates(side.with_columns(pl.lit(name).alias("arm")))
        sides.append(side)
    return sides[0].join(sides[1], on=keys, how="left", nulls_equal=True, maintain_order="left")


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else float("nan")


def arm_means(
    outcome: pl.DataFrame, *, confidence: float = 0.95, shares: Mapping[str, float] | None = None
) -> pl.DataFrame:
    """Means of every arm with t confidence intervals, measure by measure.

    The mean over worlds is v̄ = Σ v_w / W, its confidence interval v̄ ± t(W − 1) · s / √W, with s
    the standard deviation of the v_w; units and labels as in :func:`contrast`. Arms share their
    worlds, so two arms can differ although their intervals overlap: :func:`contrast` compares
    them in pairs.

    Parameters
    ----------
    outcome
        Result of :func:`measure_spread`, or of :func:`amplification`.
    confidence
        Confidence level of the intervals.
    shares
        For arms that are blends of two feeds, the share of the second by the name of the
        arm; they become the column ``share``, which :func:`graphkit.plot.blend` draws.

    Returns
    -------
    polars.DataFrame
        One row per arm, partition, community and measure, in the order of the outcome: arm,
        partition, community, measure, mean (null where no run has a value), low, high (null
        with fewer than two units), worlds, replications (those that have a value), interval
        (as in :func:`contrast`), budget, calibrated; and share, if `shares` are given.

    Raises
    ------
    MissingDataError
        For a missing column, or a share of an unknown arm.
    DataError
        If an outcome is mixed or has two values for one row, as in :func:`contrast`.
    OptionError
        If `confidence` is not between 0 and 1, or a share is not in [0, 1].

    Examples
    --------
    >>> outcome = pl.DataFrame(
    ...     {
    ...         "arm": "a", "world": [0, 1, 2], "replication": 0, "partition": "planted",
    ...         "community": None, "measure": "crossing", "value": [0.4, 0.5, 0.6],
    ...         "budget": "matched", "calibrated": False,
    ...     }
    ... )
    >>> arm_means(outcome).select(pl.col("mean", "low", "high").round(3)).row(0)
    (0.5, 0.252, 0.748)
    """
    refuse_after_fork()
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    budget, calibrated = _check_outcome(outcome)
    runs = outcome.select(
        pl.col(*_ARM_ROW).cast(pl.String),
        *("world", "replication"),
        pl.col("value").cast(pl.Float64).fill_nan(None),
    )
    _refuse_duplicates(runs)
    several = outcome.get_column("world").n_unique() > 1
    rows = []
    for key, *lists in _values_by_row(runs):
        worlds, values = (np.asarray(part) for part in lists)
        _, of = np.unique(worlds, return_inverse=True)
        count = np.bincount(of) if of.size else np.zeros(0, np.int64)
        units = np.bincount(of, weights=values) / count if several and of.size else values
        mean, low, high, _ = _t_interval(units, np.abs(units), confidence)
        rows.append((*key, mean, low, high, count.size, values.size))
    label = OVER_WORLDS if several else WITHIN_WORLD
    frame = pl.DataFrame(rows, schema=_MEANS_SCHEMA, orient="row").with_columns(
        pl.col(pl.Float64).fill_nan(None),
        pl.lit(label).alias("interval"),
        pl.lit(budget, pl.String).alias("budget"),
        pl.lit(calibrated, pl.Boolean).alias("calibrated"),
    )
    return frame if shares is None else _add_shares(frame, shares)


def _values_by_row(
    runs: pl.DataFrame,
) -> list[tuple[tuple[str | None, ...], list[int], list[float]]]:
    """Key, worlds and values of every row of the result, sorted: no order of rows matters."""
    known = pl.col("value").is_not_null()
    order = runs.select(*_ARM_ROW).unique(maintain_order=True)
    values = (
        runs.sort("world", "replication")
        .group_by(_ARM_ROW, maintain_order=True)
        .agg(pl.col("world").filter(known), pl.col("value").filter(known))
    )
    joined = order.join(values, on=_ARM_ROW, how="left", nulls_equal=True, maintain_order="left")
    return [(tuple(row[:4]), row[4], row[5]) for row in joined.iter_rows()]


def _add_shares(frame: pl.DataFrame, shares: Mapping[str, float]) -> pl.DataFrame:
    _require_arms(frame, shares, "shares: ")
    known = {arm: check_number(f"shares[{arm!r}]", share, 0, 1) for arm, share in shares.items()}
    column = pl.col("arm").replace_strict(known, default=None, return_dtype=pl.Float64)
    return frame.with_columns(column.alias("share"))
