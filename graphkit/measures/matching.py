"""Coarsened matching of the surfaces of a log, and measures of weighted impressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: Strata by each covariate.
FIFTHS = 5


@dataclass(frozen=True, eq=False)
class Matching:
    """Strata of impressions, and what is needed to weight surfaces to one distribution of them.

    Attributes
    ----------
    arms
        Names of the surfaces.
    arm, stratum
        Shape (k,): surface and stratum of each impression.
    covariates
        Logarithms by name, each of shape (k,).
    removed
        Strata that a surface lacks, and impressions in them.
    """

    arms: tuple[str, ...]
    arm: Codes
    stratum: Codes
    covariates: Mapping[str, Floats]
    removed: Mapping[str, int]

    def shares(self, stays: Bools | None = None) -> Floats:
        """Share of each stratum in each surface, shape (arms, 25), of the impressions that stay."""
        cell = self.arm * FIFTHS**2 + self.stratum
        cell = cell if stays is None else cell[stays]
        count = np.bincount(cell, minlength=len(self.arms) * FIFTHS**2)
        table = count.reshape(len(self.arms), -1).astype(np.float64)
        return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), 1), np.float64)

    def weights(self, stays: Bools | None = None) -> Floats:
        """Weight of each impression, shape (k,): t(s) / p_k(s), 0 where a surface lacks stratum s.

        t(s) ∝ 1 / Σ_k 1 / p_k(s), adding up to 1, so that all surfaces have the distribution t.
        """
        share = self.shares(stays)
        common = (share > 0).all(axis=0)
        target = np.zeros(share.shape[1])
        target[common] = 1 / (1 / share[:, common]).sum(axis=0)
        target /= target.sum() or 1.0
        by_cell = np.divide(target, share, out=np.zeros_like(share), where=common & (share > 0))
        weight = by_cell[self.arm, self.stratum]
        return weight if stays is None else np.where(stays, weight, 0.0)

    def balance(self, baseline: str | None) -> pl.DataFrame:
        """Means of the covariates and distances from the reference, before and after."""
        weight, k = self.weights(), len(self.arms)
        chosen = list(range(k)) if baseline is None else [self.arms.index(baseline)]
        count = np.bincount(self.arm, minlength=k).astype(np.float64)
        total = np.bincount(self.arm, weight, minlength=k)
        squares = np.bincount(self.arm, weight**2, minlength=k)
        with np.errstate(divide="ignore", invalid="ignore"):
            effective = total**2 / squares
        rows = []
        for name, values in self.covariates.items():
            before = np.bincount(self.arm, values, minlength=k) / count
            with np.errstate(divide="ignore", invalid="ignore"):
                after = np.bincount(self.arm, weight * values, minlength=k) / total
                gaps = [(mean - mean[chosen].mean()) / values.std() for mean in (before, after)]
            rows += list(zip(self.arms, [name] * k, before, after, *gaps, effective, strict=True))
        ones = (np.ones(weight.size), weight)
        far = [self._distance(values, chosen) for values in ones]
        empty = [None] * k
        rows += list(zip(self.arms, ["strata"] * k, empty, empty, *far, effective, strict=True))
        floats = ("before", "after", "difference", "matched_difference", "effective")
        schema = {"arm": pl.String, "covariate": pl.String, **dict.fromkeys(floats, pl.Float64)}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        return frame.with_columns(pl.col(pl.Float64).fill_nan(None))

    def _distance(self, weight: Floats, chosen: list[int]) -> Floats:
        """Total variation distance of the strata of each surface from those of the reference."""
        cells = len(self.arms) * FIFTHS**2
        mass = np.bincount(self.arm * FIFTHS**2 + self.stratum, weight, minlength=cells)
        table = mass.reshape(len(self.arms), -1)
        with np.errstate(invalid="ignore"):
            share = table / table.sum(axis=1, keepdims=True)
        return np.asarray(np.abs(share - share[chosen].mean(axis=0)).sum(axis=1) / 2, np.float64)


def match_strata(account: Codes, item: Codes, arm: Codes, arms: tuple[str, ...]) -> Matching:
    """Strata of impressions: fifths by views of the item × fifths by activity of the viewer.

    `account`, `item` and `arm` have shape (k,), codes of impressions of distinct pairs.
    """
    views, activity = np.bincount(item)[item], np.bincount(account)[account]
    stratum = _fifths(views) * FIFTHS + _fifths(activity)
    found = Matching(
        arms, arm, stratum, {"item views": np.log(views), "viewer activity": np.log(activity)}, {}
    )
    share = found.shares()
    held = np.asarray((share > 0).sum(axis=0))
    lacking = (held > 0) & (held < len(arms))
    removed = {
        "strata that a surface lacks (from matched values only)": int(lacking.sum()),
        "impressions in strata that a surface lacks (from matched values only)": int(
            lacking[stratum].sum()
        ),
    }
    return Matching(arms, arm, stratum, found.covariates, removed)


def _fifths(values: Codes) -> Codes:
    """Fifth of each value among all, 0 … 4, by the middle of its ties.

    Examples
    --------
    >>> _fifths(np.array([1, 1, 1, 1, 1, 1, 7, 8, 9, 9])).tolist()
    [1, 1, 1, 1, 1, 1, 3, 3, 4, 4]
    """
    _, of, count = np.unique(values, return_inverse=True, return_counts=True)
    # twice the middle, in whole numbers: no rounding at a border
    middle = 2 * np.cumsum(count) - count
    return np.asarray((middle * FIFTHS // (2 * values.size))[of], np.int64)


@dataclass(frozen=True, eq=False)
class Weighted:
    """Measures of weighted impressions: over all communities, and crossing of each, shape (C,)."""

    crossing: float
    ei_index: float
    by_community: Floats


def weighted_crossing(
    account: Codes,
    item: Codes,
    weight: Floats,
    membership: Codes,
    *,
    homes: Codes,
    author: Codes,
    size: int,
) -> Weighted:
    """Crossing and E–I index of weighted impressions: each counts as `weight` of them.

    The formulas are those of :func:`crossing` and :func:`ei_index` with sums of weights in the
    place of counts, and equal them if all weights are equal. NaN without impressions, and for
    communities of fewer than two accounts.

    Parameters
    ----------
    account, item, weight
        Shape (k,): impressions of distinct pairs, without those of authors to themselves.
    membership, homes, author
        Community of each account and of origin of each item, and the account that made it; −1
        for none.
    size
        Number of communities.
    """
    both = (membership[account] >= 0) & (homes[item] >= 0)
    account, item, weight = account[both], item[both], weight[both]
    to, home = membership[account], homes[item]
    m = homes.size
    everything = float(weight.sum())
    inside = weight * (to == home)
    into = np.bincount(to, weight, minlength=size)
    received = np.bincount(account, weight, minlength=membership.size)
    # weight received by the author of each item, all and of items from its own community
    own = np.where(author >= 0, received[author], 0.0)
    own_home = np.where((author >= 0) & (membership[author] == homes), own, 0.0)
    shown = np.bincount(item, weight, minlength=m)
    kept = np.flatnonzero((homes >= 0) & (shown > 0))
    of = homes[kept]
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = 1 - (into[of] - own_home[kept]) / (everything - own[kept])
    outside = shown[kept] - np.bincount(item, inside, minlength=m)[kept]
    above = np.bincount(of, outside, minlength=size)
    below = np.bincount(of, shown[kept] * expected, minlength=size)
    members = np.bincount(membership[membership >= 0], minlength=size)
    by_community = np.full(size, np.nan)
    np.divide(above, below, out=by_community, where=(below > 0) & (members > 1))
    if not everything > 0:
        return Weighted(float("nan"), float("nan"), by_community)
    total = float(below.sum())
    index = 1 - 2 * float(inside.sum()) / everything
    return Weighted(float(above.sum()) / total if total > 0 else float("nan"), index, by_community)
