"""Reach of posts over time, and amplification by an arm relative to a baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.spread import FILLER_LIMIT, Spread
from graphkit.errors import DataError
from graphkit.measures.catalogue import RunTallies, outcome_schema, run_keys
from graphkit.measures.mixing import partition_of
from graphkit.measures.samples import samples_of
from graphkit.parallel import refuse_after_fork

__all__ = ["ReachCurve", "amplification", "reach_by_age", "reach_curve"]

Floats = npt.NDArray[np.float64]

_SCHEMA = outcome_schema(
    *("arm", "baseline", "world", "replication", "partition", "community", "measure", "value"),
    *("budget", "calibrated", "sample"),
)


@dataclass(frozen=True, repr=False, eq=False)
class ReachCurve(Frozen, title="Reach of a post", table="frame"):
    """Result of :func:`reach_curve` or :func:`reach_by_age`: mean reach of a post in every run.

    Attributes
    ----------
    frame
        One row per run and tick, or age: arm, world, replication, tick or age, reach, calibrated.
    """

    frame: pl.DataFrame

    @property
    def equal(self) -> bool:
        """Whether the curve is the same in all arms, as under a matched budget by tick."""
        axis = "age" if "age" in self.frame.columns else "tick"
        runs = self.frame.group_by("world", "replication", axis)
        return bool(runs.agg(same=pl.col("reach").n_unique() == 1).get_column("same").all())

    def _facts(self) -> dict[str, object]:
        arms = self.frame.get_column("arm").unique(maintain_order=True).to_list()
        runs = self.frame.select("world", "replication").unique().height
        axis = "age" if "age" in self.frame.columns else "tick"
        return {"arms": ", ".join(arms), "runs per arm": runs, "by": axis}


def reach_curve(spread: Spread) -> ReachCurve:
    """Cumulative reach by tick: accounts shown a post so far, mean over the posts that entered.

    No account is shown a post twice, so this is the running sum of impressions per post. Under
    a matched budget it is equal in all arms; :func:`reach_by_age` is not. Under a free budget
    answers, duets and stitches that became posts, are among the posts, which lowers the mean.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`.

    Returns
    -------
    ReachCurve
        Its frame: arm, world, replication, tick, reach, calibrated; reach is null if no post entered. Parts
        of a jackknife are left out: nearly the whole, they show no variation between worlds.
    """

    def mean_reach(run: RunTallies, w: int) -> Floats:
        count = int(run.entered.sum())
        return np.cumsum(run.tally.ticks.sum(axis=0, dtype=np.int64)) / (count or np.nan)

    return ReachCurve(_stack_curves(spread, "tick", mean_reach))


def reach_by_age(spread: Spread) -> ReachCurve:
    """Cumulative reach by age of the post, mean over the posts of the first half of the run.

    A post's age is 0 in the tick in which it enters. With T ticks, all posts that enter by
    tick (T − 1) // 2 are followed for T − (T − 1) // 2 ticks, so that every age is a mean over
    the same posts. Posts that were not published under a free budget are left out; answers, duets
    and stitches that became posts there, are among them.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`.

    Returns
    -------
    ReachCurve
        Its frame: arm, world, replication, age, reach, calibrated; of a jackknife, the whole only.

    Raises
    ------
    DataError
        If no post enters in the first half.
    """

    def followed_reach(run: RunTallies, w: int) -> Floats:
        tally, entry = run.tally, run.world.ticks
        last = (tally.ticks.shape[1] - 1) // 2
        followed = np.flatnonzero((entry <= last) & tally.posted)
        if not followed.size:
            raise DataError(f"world {w}: no post enters by tick {last}, so none can be followed.")
        ages = np.arange(tally.ticks.shape[1] - last)
        shown = tally.ticks[followed[:, None], entry[followed][:, None] + ages]
        return np.cumsum(shown.sum(axis=0, dtype=np.int64)) / followed.size

    return ReachCurve(_stack_curves(spread, "age", followed_reach))


def _stack_curves(
    spread: Spread, axis: str, curve_of: Callable[[RunTallies, int], Floats]
) -> pl.DataFrame:
    """Curves of all runs in long form; `curve_of` takes a run and the number of its world."""
    refuse_after_fork()
    parts = []
    for arm, w, r in run_keys(spread):
        if spread.worlds[w].sample == "part":
            continue  # nearly the whole once more
        curve = curve_of(RunTallies.of(spread, arm, w, r), w)
        columns = {"arm": arm, "world": w, "replication": r, axis: np.arange(curve.size)}
        schema = outcome_schema(*columns, "reach")
        parts.append(pl.DataFrame(columns | {"reach": curve}, schema=schema))
    calibrated = pl.lit(spread.calibrated).alias("calibrated")
    return pl.concat(parts).with_columns(pl.col("reach").fill_nan(None), calibrated)


def amplification(
    spread: Spread, baseline: str = "chronological", *, partition: str
) -> pl.DataFrame:
    """Algorithmic amplification: share of the impressions relative to a baseline, in percent.

    a_c = (S_c under the arm / S_c under the baseline − 1) · 100, with S_c the share of all
    impressions that are of posts of community c: 0 % is an equal share, 200 % threefold. Slots
    left empty do not enter. Huszár et al. (2022) compare reach in the ranked timeline with reach
    in the chronological one, which real timelines do not run out of; with equal numbers of
    impressions the two ratios are equal. What one community gains others lose.

    The preset :func:`chronological` leaves slots empty which it cannot fill. Simulate other feeds
    with ``reading="empty"`` or ``"shared"``: else their open slots show random posts, and the ratio
    compares these. Above 25 % of filler this is an error rather than null, since no value would be
    of use, and another reading mends all of them.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`.
    baseline
        Name of the arm compared with.
    partition
        Kind of partition that gives posts their community of origin, such as ``"planted"``.

    Returns
    -------
    polars.DataFrame
        arm (all but the baseline), baseline, world, replication, partition, community, measure
        (``"amplification"``), value (null where the baseline shows no post of the community, or
        the arm shows nothing), budget, calibrated, sample. :func:`arm_means` gives the means over
        worlds with intervals.

    Raises
    ------
    MissingDataError
        For an unknown baseline or kind of partition.
    DataError
        If filler is more than 25 % of the impressions of the baseline or of another arm.

    References
    ----------
    Huszár, F., Ktena, S. I., O'Brien, C., Belli, L., Schlaikjer, A., & Hardt, M. (2022).
    Algorithmic amplification of politics on Twitter. Proceedings of the National Academy of
    Sciences, 119(1), e2025334119. https://doi.org/10.1073/pnas.2025334119
    """
    spread.of(baseline)
    for w in range(len(spread.worlds)):
        partition_of(spread, w, partition)
    filled = {arm: spread.filler(arm) for arm in (baseline, *spread.arms)}
    filled = {arm: share for arm, share in filled.items() if share > FILLER_LIMIT}
    if filled:
        named = ", ".join(f"{share:.0%} of {arm!r}" for arm, share in filled.items())
        raise DataError(
            f"amplification: more than {FILLER_LIMIT:.0%} of the impressions are filler ({named}), "
            "so shares are largely those of random posts. Simulate with reading='empty' or "
            "reading='shared', or leave the arm out."
        )
    rows, samples = [], samples_of(spread.worlds)
    for arm, w, r in run_keys(spread):
        if arm == baseline:
            continue
        own = _impression_shares(spread, arm, w, r, partition)
        base = _impression_shares(spread, baseline, w, r, partition)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(base > 0, (own / base - 1) * 100, np.nan)
        names = spread.worlds[w].partitions[partition].name
        for c, value in enumerate(values.tolist()):
            key = (arm, baseline, w, r, partition, names(c), "amplification")
            rows.append((*key, value, spread.budget, spread.calibrated, samples[w]))
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    return frame.with_columns(pl.col("value").fill_nan(None))


def _impression_shares(spread: Spread, arm: str, w: int, r: int, kind: str) -> Floats:
    """Share of the impressions of each community's posts, shape (C,); NaN without impressions."""
    run = RunTallies.of(spread, arm, w, r)
    homes, size = run.world.homes[kind], run.world.partitions[kind].n_communities
    known = homes >= 0
    shown = np.bincount(homes[known], run.reach[known].astype(np.float64), size)
    shares: Floats = shown / (run.tally.impressions or np.nan)
    return shares
