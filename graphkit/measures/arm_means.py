"""arm_means: every arm's measures with an interval over worlds, side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import polars as pl
from scipy import stats

from graphkit.errors import DataError, MissingDataError, check_number, nearest
from graphkit.measures.contrast import OVER_WORLDS, WITHIN_WORLD, checked

__all__ = ["arm_means"]

_ROW = ["arm", "partition", "community", "measure"]
_SCHEMA = {
    "arm": pl.String, "partition": pl.String, "community": pl.String, "measure": pl.String,
    "mean": pl.Float64, "low": pl.Float64, "high": pl.Float64, "worlds": pl.Int64,
    "replications": pl.Int64, "interval": pl.String, "budget": pl.String,
    "calibrated": pl.Boolean,
}  # fmt: skip


def arm_means(
    outcome: pl.DataFrame, *, confidence: float = 0.95, shares: Mapping[str, float] | None = None
) -> pl.DataFrame:
    """Means of all arms, measure by measure, with intervals.

    Replications are averaged within their world, and worlds are the units: the mean is
    v̄ = Σ v_w / W, its interval v̄ ± t(W − 1) · s / √W, with s the standard deviation of the
    v_w. With a single world the units are its replications, and the interval is labelled
    so: it says nothing about other worlds. Arms share their worlds, so that intervals that
    overlap do not mean that two arms cannot be told apart: :func:`contrast` compares them
    in pairs.

    Parameters
    ----------
    outcome
        Result of :func:`measure_spread`, or of :func:`amplification`.
    confidence
        Coverage of the intervals.
    shares
        For arms that are blends of two feeds, the share of the second by the name of the
        arm; they become the column ``share``, which :func:`graphkit.plot.blend` draws.

    Returns
    -------
    polars.DataFrame
        One row per arm, partition, community and measure, in the order of the outcome: arm,
        partition, community, measure, mean (null where no run has a value), low, high (null
        with fewer than two units), worlds, replications (those that have a value), interval
        (``"over worlds"`` or ``"within this world"``), budget, calibrated; and share, where
        `shares` are given (null for other arms).

    Raises
    ------
    MissingDataError
        For a missing column, or a share of an arm that there is not.
    DataError
        If runs under several budgets, or calibrated and uncalibrated ones, are mixed, or if
        a run has two values for one row.
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
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    budget, calibrated = checked(outcome)
    runs = outcome.select(
        pl.col(*_ROW).cast(pl.String), "world", "replication", pl.col("value").fill_nan(None)
    )
    twice = runs.filter(runs.drop("value").is_duplicated())
    if twice.height:
        raise DataError(
            f"arm {twice['arm'][0]!r} has more than one value of {twice['measure'][0]!r} in world "
            f"{twice['world'][0]}, replication {twice['replication'][0]}: outcomes of different "
            "simulations cannot be stacked."
        )
    several = outcome.get_column("world").n_unique() > 1
    rows = []
    for key, *lists in _lists(runs):
        worlds, values = (np.asarray(part) for part in lists)
        _, of = np.unique(worlds, return_inverse=True)
        count = np.bincount(of) if of.size else np.zeros(0, np.int64)
        units = np.bincount(of, weights=values) / count if several and of.size else values
        mean, low, high = _interval(units, confidence)
        rows.append((*key, mean, low, high, count.size, values.size))
    label = OVER_WORLDS if several else WITHIN_WORLD
    frame = pl.DataFrame(rows, schema=dict(list(_SCHEMA.items())[:9]), orient="row").with_columns(
        pl.lit(label).alias("interval"),
        pl.lit(budget, pl.String).alias("budget"),
        pl.lit(calibrated, pl.Boolean).alias("calibrated"),
    )
    return frame if shares is None else _with_shares(frame, shares)


def _lists(
    runs: pl.DataFrame,
) -> list[tuple[tuple[str | None, ...], list[int], list[float]]]:
    """Key, worlds and values of every row of the result; sorted, so that no order shows."""
    known = pl.col("value").is_not_null()
    order = runs.select(*_ROW).unique(maintain_order=True)
    values = (
        runs.sort("world", "replication")
        .group_by(_ROW, maintain_order=True)
        .agg(pl.col("world").filter(known), pl.col("value").filter(known))
    )
    joined = order.join(values, on=_ROW, how="left", nulls_equal=True, maintain_order="left")
    return [(tuple(row[:4]), row[4], row[5]) for row in joined.iter_rows()]


def _interval(
    units: np.ndarray[tuple[int, ...], np.dtype[np.float64]], confidence: float
) -> tuple[float | None, float | None, float | None]:
    """Mean and t interval of the units, as far as there are enough."""
    n = units.size
    if not n:
        return None, None, None
    mean = float(units.mean())
    if n < 2:
        return mean, None, None
    spread = float(units.std(ddof=1))
    if spread <= 1e-12 * float(np.abs(units).max()):
        return mean, mean, mean  # what does not vary beyond rounding has no width
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * spread / math.sqrt(n)
    return mean, mean - half, mean + half


def _with_shares(frame: pl.DataFrame, shares: Mapping[str, float]) -> pl.DataFrame:
    arms = frame.get_column("arm").unique(maintain_order=True).to_list()
    known: dict[str, float] = {}
    for arm, share in shares.items():
        if arm not in arms:
            raise MissingDataError(
                f"shares: no arm {arm!r} in the outcome.{nearest(arm, arms)} "
                f"Arms: {', '.join(arms)}."
            )
        known[arm] = check_number(f"shares[{arm!r}]", share, 0, 1)
    column = pl.col("arm").replace_strict(known, default=None, return_dtype=pl.Float64)
    return frame.with_columns(column.alias("share"))
