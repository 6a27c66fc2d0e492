"""How many accounts a post has reached, tick by tick."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.spread import Spread
from graphkit.errors import DataError
from graphkit.measures._goals import entered
from graphkit.measures.spread import runs

__all__ = ["reach_by_age", "reach_curve"]


def reach_curve(spread: Spread) -> pl.DataFrame:
    """Accounts that a post has reached by the end of each tick, mean over the posts that entered.

    Nobody is shown a post twice, so this is the running sum of impressions per post. Under
    a matched budget it is the same in all arms; :func:`reach_by_age` is not.

    Parameters
    ----------
    spread
        What :func:`simulate_spread` tallied.

    Returns
    -------
    polars.DataFrame
        arm, world, replication, tick, reach, calibrated; reach is null if no post entered.
    """
    parts = []
    for arm, w, r in runs(spread):
        tally = spread.tallies[arm, w, r]
        count = int(entered(spread.worlds[w], tally).sum())
        curve = np.cumsum(tally.ticks.sum(axis=0, dtype=np.int64)) / (count or np.nan)
        parts.append(_curve(arm, w, r, "tick", curve))
    return _joined(parts, spread)


def reach_by_age(spread: Spread) -> pl.DataFrame:
    """Accounts that a post has reached at each age, mean over posts of the first half.

    A post's age is 0 in the tick in which it enters. With T ticks, all posts that enter by
    tick (T − 1) // 2 are followed for the T − (T − 1) // 2 ticks that each of them has, so
    that every age is a mean over the same posts. Posts that were scheduled, but did not enter
    under a free budget, are left out.

    Parameters
    ----------
    spread
        What :func:`simulate_spread` tallied.

    Returns
    -------
    polars.DataFrame
        arm, world, replication, age, reach, calibrated.

    Raises
    ------
    DataError
        If no post enters in the first half.
    """
    parts = []
    for arm, w, r in runs(spread):
        tally, entry = spread.tallies[arm, w, r], spread.worlds[w].ticks
        ticks = tally.ticks
        last = (ticks.shape[1] - 1) // 2
        followed = np.flatnonzero((entry <= last) & tally.posted)
        if not followed.size:
            raise DataError(f"world {w}: no post enters by tick {last}, so none can be followed.")
        ages = np.arange(ticks.shape[1] - last)
        shown = ticks[followed[:, None], entry[followed][:, None] + ages]
        curve = np.cumsum(shown.sum(axis=0, dtype=np.int64)) / followed.size
        parts.append(_curve(arm, w, r, "age", curve))
    return _joined(parts, spread)


def _joined(parts: list[pl.DataFrame], spread: Spread) -> pl.DataFrame:
    calibrated = pl.lit(spread.calibrated).alias("calibrated")
    return pl.concat(parts).with_columns(pl.col("reach").fill_nan(None), calibrated)


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
