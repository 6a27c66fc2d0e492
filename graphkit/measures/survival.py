"""Survival: Kaplan–Meier curves, medians, restricted means, and the log-rank test."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, MissingDataError, check_counts, check_number
from graphkit.parallel import own_warnings, refuse_after_fork

__all__ = ["LogRank", "kaplan_meier", "logrank", "median_survival"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Rounding of products of shares, within which a survival counts as one half.
ROUNDING = 1e-9


def kaplan_meier(
    durations: npt.ArrayLike, ended: npt.ArrayLike, *, confidence: float = 0.95
) -> pl.DataFrame:
    """Kaplan–Meier estimate of survival from durations of which some are right-censored.

    S(t) = Π (1 − d_u / n_u) over the times u ≤ t, with d_u that ended at u, of n_u at risk: those
    with a duration of u or more. What is censored at u is still at risk at u. The interval is
    Greenwood's for log(−log S), and takes durations as independent of each other.

    Parameters
    ----------
    durations
        Shape (n,), ≥ 0: the time to the event, or the time up to which there was none.
    ended
        bool, shape (n,): whether the event was seen.
    confidence
        Confidence level of the interval.

    Returns
    -------
    polars.DataFrame
        One row per distinct duration: time, at_risk, ended, censored, survival, low, high (null
        where survival is 0 or 1).

    Raises
    ------
    DataError
        If lengths differ, there is no duration, one is negative or not finite, or a flag is no
        truth value.

    References
    ----------
    Kaplan, E. L., & Meier, P. (1958). Nonparametric estimation from incomplete observations.
    Journal of the American Statistical Association, 53(282), 457–481.
    https://doi.org/10.1080/01621459.1958.10501452

    Examples
    --------
    >>> curve = kaplan_meier([1, 2, 2, 3], [True, True, False, False])
    >>> curve.select("time", "at_risk", "survival").rows()
    [(1.0, 4, 0.75), (2.0, 3, 0.5), (3.0, 1, 0.5)]
    """
    refuse_after_fork()
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    times = check_counts("durations", durations, (None,)).astype(np.float64)
    seen = np.asarray(ended)
    if seen.dtype != np.bool_ or seen.shape != times.shape:
        raise DataError(
            f"ended must be {times.size} truth values, one for each duration, not an array of "
            f"{seen.dtype} of shape {seen.shape}."
        )
    if not times.size:
        raise DataError("there is no duration: a curve needs at least one.")
    at, place = np.unique(times, return_inverse=True)
    events = np.bincount(place, weights=seen, minlength=at.size).astype(np.int64)
    every = np.bincount(place, minlength=at.size)
    sample = stats.CensoredData(uncensored=times[seen], right=times[~seen])
    curve = stats.ecdf(sample).sf
    with own_warnings(), np.errstate(all="ignore"):
        # undefined where survival is 0 or 1, which the result says by nulls
        warnings.simplefilter("ignore", RuntimeWarning)
        bounds = curve.confidence_interval(confidence, method="log-log")
    inner = (curve.probabilities > ROUNDING) & (curve.probabilities < 1)
    return pl.DataFrame(
        {
            "time": at,
            "at_risk": every[::-1].cumsum()[::-1].astype(np.int64),
            "ended": events,
            "censored": (every - events).astype(np.int64),
            "survival": curve.probabilities,
            "low": np.where(inner, bounds.low.probabilities, np.nan),
            "high": np.where(inner, bounds.high.probabilities, np.nan),
        }
    ).with_columns(pl.col("low", "high").fill_nan(None))


def median_survival(times: npt.ArrayLike, survival: npt.ArrayLike) -> float | None:
    """Median of a survival curve: the smallest time t with S(t) ≤ 1/2; `None` if there is none.

    A curve that is exactly 1/2 from t on has the median t: half of what was followed have ended
    by then. Some programs take the middle of that flat part, others the next event.

    Examples
    --------
    >>> median_survival([1, 2, 3, 4], [0.75, 0.5, 0.25, 0.0])
    2.0
    """
    at, values = np.asarray(times, dtype=np.float64), np.asarray(survival, dtype=np.float64)
    below = np.flatnonzero(values <= 0.5 + ROUNDING)
    return float(at[below[0]]) if below.size else None


@dataclass(frozen=True, repr=False, eq=False)
class LogRank(Frozen, title="Log-rank test", table="frame"):
    """Result of :func:`logrank`.

    Attributes
    ----------
    chi2
        Statistic, χ² with one degree of freedom; ≥ 0.
    p
        Two-sided p-value.
    frame
        One row per group: group, number, ended, censored.
    """

    chi2: float
    p: float
    frame: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("logrank"))

    def _facts(self) -> dict[str, object]:
        return {"χ² (1 degree of freedom)": round(self.chi2, 3), "p": f"{self.p:.2g}"}


def logrank(a: pl.DataFrame, b: pl.DataFrame) -> LogRank:
    """Log-rank test of two groups of different posts: whether their survival differs.

    It takes all durations as independent. Two arms of a simulation run the same posts, and their
    curves are not independent: that is refused. Worlds are not the unit of this test, so it says
    nothing about other worlds.

    Parameters
    ----------
    a, b
        Rows of :attr:`TimeToCross.curves` of one group each, for example of two communities in
        one arm, or results of :func:`kaplan_meier`.

    Returns
    -------
    LogRank

    Raises
    ------
    MissingDataError
        For a missing column.
    DataError
        If both groups may hold the same posts, if a frame mixes several arms, partitions or
        replications, or if nothing ended in either.

    References
    ----------
    Mantel, N. (1966). Evaluation of survival data and two new rank order statistics arising in
    its consideration. Cancer Chemotherapy Reports, 50(3), 163–170.

    Examples
    --------
    >>> early = kaplan_meier([1, 2, 3, 4], [True] * 4)
    >>> late = kaplan_meier([5, 6, 7, 8], [True] * 3 + [False])
    >>> round(logrank(early, late).p, 4)
    0.0067
    """
    refuse_after_fork()
    groups = [_counts(frame, name) for name, frame in (("a", a), ("b", b))]
    _refuse_same_posts(a, b)
    if not sum(int(ended.sum()) for _, ended, _ in groups):
        raise DataError("logrank: no event in either group, so there is nothing to compare.")
    samples = [
        stats.CensoredData(uncensored=np.repeat(at, ended), right=np.repeat(at, censored))
        for at, ended, censored in groups
    ]
    found = stats.logrank(*samples)
    rows = []
    for name, (_, ended, censored) in zip(("a", "b"), groups, strict=True):
        rows.append((name, int((ended + censored).sum()), int(ended.sum()), int(censored.sum())))
    schema = {"group": pl.String, "number": pl.Int64, "ended": pl.Int64, "censored": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return LogRank(float(found.statistic) ** 2, float(found.pvalue), frame)


def _counts(frame: pl.DataFrame, name: str) -> tuple[Floats, Ints, Ints]:
    """Times, and how many ended and were censored at each."""
    columns = (("age", "crossed", "censored"), ("time", "ended", "censored"))
    held = next((names for names in columns if {*names} <= {*frame.columns}), None)
    if held is None:
        raise MissingDataError(
            f"logrank: {name} has no columns age, crossed, censored: rows of time_to_cross(…).curves "
            "or a result of kaplan_meier are needed."
        )
    if not frame.height:
        raise DataError(f"logrank: {name} has no rows.")
    for column in ("arm", "replication", "partition"):
        if column in frame.columns and frame.get_column(column).n_unique() > 1:
            raise DataError(
                f"logrank: {name} has several values of {column}: keep the rows of one."
            )
    if "community" in frame.columns:
        whole = frame.get_column("community").is_null()
        if whole.any() and not whole.all():
            raise DataError(f"logrank: {name} holds all posts and those of communities once more.")
    summed = frame.group_by(held[0]).agg(pl.col(*held[1:]).sum()).sort(held[0])
    at, ended, censored = (summed.get_column(column).to_numpy() for column in held)
    return at.astype(np.float64), ended.astype(np.int64), censored.astype(np.int64)


def _refuse_same_posts(a: pl.DataFrame, b: pl.DataFrame) -> None:
    """Raise if posts of one world and community are in both groups."""
    if not {"world", "community"} <= {*a.columns} & {*b.columns}:
        return
    both = [frame.select("world", "community").unique() for frame in (a, b)]
    shared = (
        both[0]
        .join(both[1], on="world", suffix="_b")
        .filter(
            pl.col("community").eq_missing(pl.col("community_b"))
            | pl.col("community").is_null()
            | pl.col("community_b").is_null()
        )
    )
    if shared.height:
        raise DataError(
            f"logrank: world {shared.item(0, 'world')} is in both groups with the same posts, so they "
            "are paired and the test does not hold. To compare arms use contrast(measure_spread("
            "spread), arm, baseline, primary=['time_to_cross']): differences per post, over worlds."
        )


def restricted_times(ages: npt.NDArray[np.integer], horizon: int) -> Ints:
    """min(T, τ) of posts that were all followed for τ = `horizon` ages; −1: not up to the end.

    Examples
    --------
    >>> restricted_times(np.array([0, 2, -1, 7]), 3)
    array([0, 2, 3, 3])
    """
    whole = ages.astype(np.int64)
    return np.where((whole < 0) | (whole > horizon), horizon, whole)
