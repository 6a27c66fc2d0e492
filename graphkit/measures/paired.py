"""Paired differences of two arms for a family of rows at once, with false discovery controlled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from graphkit.data.partition import Partition
from graphkit.data.spread import FILLER_LIMIT, Spread
from graphkit.data.world import World
from graphkit.errors import OptionError
from graphkit.measures.catalogue import require_spread
from graphkit.measures.intervals import (
    FILLER,
    HIGHER,
    INDISTINCT,
    LOWER,
    NUMBERED,
    ROUNDING,
    WITHIN_WORLD,
    Scheme,
    scheme_of,
)
from graphkit.measures.mixing import partition_of
from graphkit.measures.samples import samples_of

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Family:
    """Values of k rows with their bounds, each of shape (k,); NaN where undefined.

    Attributes
    ----------
    centre, low, high
        Value and bounds, as :meth:`Scheme.find` has them.
    p
        P-value of a t test of zero; NaN where nothing varies.
    units
        Number of worlds with a value (of replications, within one world).
    """

    centre: Floats
    low: Floats
    high: Floats
    p: Floats
    units: Codes


def scheme_of_worlds(worlds: Sequence[World], numbers: Sequence[int] | None = None) -> Scheme:
    """What intervals over these worlds speak about; their `numbers` are 0, 1, … unless given."""
    samples = pl.Series(samples_of(worlds), dtype=pl.String)
    return scheme_of(pl.DataFrame({"world": numbers or range(len(worlds)), "sample": samples}))


def scheme_of_spread(spread: Spread) -> Scheme:
    """What intervals over the worlds of a spread speak about."""
    require_spread(spread)
    return scheme_of_worlds(spread.worlds)


def too_filled(spread: Spread, *arms: str) -> bool:
    """Whether more than 25 % of the impressions of an arm are filler, so that nothing is claimed."""
    return any(spread.filler(arm) > FILLER_LIMIT for arm in arms)


def check_pair(arm: str, baseline: str, spread: Spread) -> None:
    """Refuse what is no spread, unknown arms, and an arm compared with itself."""
    require_spread(spread)
    spread.of(arm)
    spread.of(baseline)
    if arm == baseline:
        raise OptionError(f"arm and baseline are both {arm!r}: two arms are compared.")


def by_unit(values: Floats, scheme: Scheme) -> Floats:
    """Rows of worlds, replications averaged; of replications, within one world.

    `values` has shape (worlds, replications, k); NaN are left out of a mean.

    Examples
    --------
    >>> by_unit(np.array([[[1.0], [3.0]], [[5.0], [np.nan]]]), Scheme("", 2)).tolist()
    [[2.0], [5.0]]
    """
    if scheme.interval == WITHIN_WORLD:
        return np.asarray(values[0])
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    found = np.full(total.shape, np.nan)
    np.divide(total, count, out=found, where=count > 0)
    return found


def find_all(values: Floats, magnitude: Floats, scheme: Scheme, confidence: float) -> Family:
    """:meth:`Scheme.find` of every column of `values`, shape (units, k), where NaN is no value.

    The rows are the worlds in their order, or the replications of one world.

    Examples
    --------
    >>> found = find_all(np.array([[1.0], [3.0]]), np.ones((2, 1)), Scheme("", 2), 0.95)
    >>> float(found.centre[0]), round(float(found.low[0]), 2)
    (2.0, -10.71)
    """
    known = ~np.isnan(values)
    rows = np.arange(values.shape[0]) != scheme.whole
    n = known[rows].sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known[rows], values[rows], 0.0).sum(axis=0) / n
        squares = np.where(known[rows], (values[rows] - mean) ** 2, 0.0).sum(axis=0)
        centre = mean if scheme.whole is None else values[scheme.whole]
        bounded = n >= 2
        largest = np.where(known, np.abs(magnitude), 0.0).max(axis=0, initial=0.0)
        least = ROUNDING * largest
        centre = np.where(np.abs(centre) <= least, 0.0, centre)
        flat = np.sqrt(squares / (n - 1)) <= least
        se = np.sqrt(squares / (n - 1) / n)
        if scheme.whole is not None:
            se = np.sqrt((n - 1) / n * squares)
            # a world without its value, or a measure that is too coarse for a jackknife
            bounded &= known.all(axis=0) & ~(flat & (centre != 0))
        se = np.where(bounded, np.where(flat, 0.0, se), np.nan)
        freedom = np.maximum(n - 1, 1)
        half = stats.t.ppf((1 + confidence) / 2, freedom) * se
        p = np.where(se > 0, 2 * stats.t.sf(np.abs(centre) / se, freedom), np.nan)
    return Family(centre, centre - half, centre + half, p, n.astype(np.int64))


def paired_family(
    own: Floats, base: Floats, scheme: Scheme, confidence: float
) -> tuple[Family, Floats, Floats]:
    """Differences of two arms with their bounds, and the means of both arms.

    `own` and `base` have shape (worlds, replications, k); a run counts where both have a value.
    Of a jackknife, the means are the values of the whole.
    """
    undefined = np.isnan(own) | np.isnan(base)
    units = [by_unit(np.where(undefined, np.nan, side), scheme) for side in (own, base)]
    magnitude = np.fmax(np.abs(units[0]), np.abs(units[1]))
    found = find_all(units[0] - units[1], magnitude, scheme, confidence)
    means = [find_all(side, magnitude, scheme, confidence).centre for side in units]
    return found, means[0], means[1]


def control_discoveries(p: Floats) -> Floats:
    """P-values adjusted by Benjamini and Hochberg (1995) over those that are not NaN.

    Examples
    --------
    >>> control_discoveries(np.array([0.01, np.nan, 0.04])).tolist()
    [0.02, nan, 0.04]
    """
    adjusted = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    if known.any():
        adjusted[known] = stats.false_discovery_control(p[known])
    return adjusted


def directions(
    centre: Floats, p_adjusted: Floats, *, alpha: float, filled: bool
) -> list[str | None]:
    """Direction of each row of a family: claimed at an adjusted p of `alpha` or less.

    Null where nothing was tested; `filled` claims no direction.

    Examples
    --------
    >>> directions(np.array([1.0, -1.0, 2.0]), np.array([0.01, 0.2, np.nan]), alpha=0.05, filled=False)
    ['higher', 'not distinguishable', None]
    """
    if filled:
        return [None if np.isnan(x) else FILLER for x in centre.tolist()]
    found: list[str | None] = []
    for value, p in zip(centre.tolist(), p_adjusted.tolist(), strict=True):
        if np.isnan(p):
            found.append(INDISTINCT if value == 0 else None)
        else:
            found.append(INDISTINCT if p > alpha else HIGHER if value > 0 else LOWER)
    return found


@dataclass(frozen=True)
class Matched:
    """Communities that worlds share, by name.

    Attributes
    ----------
    names
        Their names.
    codes
        Of each world, the number in `names` of each of its communities; −1 for none.
    unmatched
        Communities that are in one world only, and those without a name, over all worlds.
    """

    names: tuple[str, ...]
    codes: tuple[Codes, ...]
    unmatched: dict[str, int]


def match_communities(spread: Spread, kind: str, scheme: Scheme) -> Matched:
    """Communities of a kind of partition that are in two worlds or more, the largest first.

    Worlds made independently match by name only, and ``community 3`` is none: it is a rank by
    size. A jackknife, one world, and worlds of one partition match by such numbers too.
    """
    partitions = [partition_of(spread, w, kind) for w in range(len(spread.worlds))]
    one = scheme.whole is not None or len({p.membership_key for p in partitions}) == 1
    members: dict[str, list[int]] = {}
    unnamed = 0
    for partition in partitions:
        for name, size in zip(
            community_names(partition, one), partition.sizes.tolist(), strict=True
        ):
            if name is None:
                unnamed += 1
            else:
                members.setdefault(name, []).append(size)
    least = 1 if len(partitions) == 1 else 2
    alone = sum(len(sizes) < least for sizes in members.values())
    kept = [name for name, sizes in members.items() if len(sizes) >= least]
    names = sorted(kept, key=lambda name: (-sum(members[name]) / len(members[name]), name))
    number = {name: at for at, name in enumerate(names)}
    codes = [
        np.array(
            [-1 if name is None else number.get(name, -1) for name in community_names(p, one)],
            dtype=np.int64,
        )
        for p in partitions
    ]
    removed = {"communities in one world only": alone, "communities without a name": unnamed}
    return Matched(tuple(names), tuple(codes), {k: v for k, v in removed.items() if v})


def community_names(partition: Partition, numbered: bool) -> list[str | None]:
    """Name of each community, `None` for a number unless `numbered`."""
    names = [partition.name(c) for c in range(partition.n_communities)]
    return [name if numbered or not re.fullmatch(NUMBERED, name) else None for name in names]


def hotelling_test(units: npt.ArrayLike) -> tuple[float, int, int, float] | None:
    """F, its degrees of freedom and p of equal means of the columns; none if not estimable.

    T² = W d̄ᵀ S⁻¹ d̄ of the W rows' differences d from the first column, S their covariance;
    F = T² (W − k) / (k (W − 1)) with k = G − 1 and W − k degrees of freedom (Hotelling 1931). It
    needs G ≥ 2 columns, more rows than columns, no missing value, and columns that vary.

    Examples
    --------
    With two columns it is the square of the paired t test:

    >>> f, first, second, p = hotelling_test([[1.0, 2.0], [2.0, 4.0], [0.0, 3.0], [1.0, 1.0]])
    >>> round(f, 4), first, second, round(p, 4)
    (5.4, 1, 3, 0.1027)
    """
    table = np.asarray(units, dtype=np.float64)
    rows, groups = table.shape
    if groups < 2 or rows <= groups or np.isnan(table).any():
        return None
    apart = table[:, 1:] - table[:, :1]
    covariance = np.atleast_2d(np.cov(apart, rowvar=False))
    scale = np.sqrt(np.diag(covariance))
    if (scale <= 1e-12 * max(float(np.abs(table).max()), 1e-300)).any():
        return None
    correlation = covariance / np.outer(scale, scale)
    if np.linalg.cond(correlation) > 1e10:
        return None  # a group's differences follow from those of the others
    mean = apart.mean(axis=0) / scale
    k = groups - 1
    f = rows * float(mean @ np.linalg.solve(correlation, mean)) * (rows - k) / (k * (rows - 1))
    return f, k, rows - k, float(stats.f.sf(f, k, rows - k))
