"""Intervals over worlds, over the parts of a jackknife and over replications; Holm's adjustment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import special, stats

from graphkit.data.world import SAMPLES
from graphkit.errors import DataError

Floats = npt.NDArray[np.float64]

#: What an interval speaks about.
OVER_POPULATIONS = "over populations of the same making"
OVER_SAMPLES = "over samples like this one"
WITHIN_WORLD = "within this world"

#: What an interval holds fixed.
FIXED = {
    OVER_POPULATIONS: "nothing: every world is made anew",
    OVER_SAMPLES: "partition and labels of the data",
    WITHIN_WORLD: "the world",
}

#: What a world is that was built from the data set of another; for the rest, see `World.sample`.
REPEATED = "repeated"

#: Points of a quadrature over one normal or χ² variable: tails are right to 1e-5 of themselves.
POINTS = 48

#: A normal variable is never so far from 0.
WIDE = 9.0

#: Steps of a search, at most, and the step at which it ends, in standard deviations.
STEPS, SETTLED = 60, 1e-7

#: A χ² variable is so rarely beyond the ends of an integral.
NEVER = 1e-17

#: Differences of this share of the values, and smaller ones, are rounding.
ROUNDING = 1e-12

#: Names that :meth:`Partition.name` gives to communities without one: a number, and no name.
NUMBERED = r"community \d+( \(unnamed\))?"

HIGHER, LOWER, INDISTINCT = "higher", "lower", "not distinguishable"
FILLER = "not claimed: filler"


@dataclass(frozen=True)
class Scheme:
    """What intervals speak about, and how they are made.

    Attributes
    ----------
    interval
        One of ``OVER_POPULATIONS``, ``OVER_SAMPLES`` and ``WITHIN_WORLD``.
    worlds
        Number of worlds in the outcome.
    whole
        The world that is the whole of a jackknife; `None` in the other schemes.
    """

    interval: str
    worlds: int
    whole: int | None = None

    @property
    def fixed(self) -> str:
        """What is held fixed, in words."""
        return FIXED[self.interval]

    def centre(self, values: Floats, worlds: npt.NDArray[np.int64]) -> float:
        """Mean of the values; of a jackknife, the value of the whole. NaN without."""
        chosen = values if self.whole is None else values[worlds == self.whole]
        return float(chosen.mean()) if chosen.size else float("nan")

    def find(
        self, values: Floats, magnitude: Floats, worlds: npt.NDArray[np.int64], confidence: float
    ) -> Interval:
        """The t interval of the values of these worlds (of replications, within one world).

        Values that do not vary beyond the rounding of numbers of this `magnitude` have an interval
        of zero width, and a centre that is not larger than it is 0. A jackknife has none if a world lacks its value, or if no part differs from
        the others although the whole is not at zero: such a measure is too coarse for it.

        Examples
        --------
        >>> values, worlds = np.array([2.0, 1.0, 3.0, 2.6]), np.arange(4)
        >>> found = Scheme(OVER_SAMPLES, 4, whole=0).find(values, values, worlds, 0.95)
        >>> round(found.centre, 3), round(found.se, 3), found.freedom
        (2.0, 1.222, 2)
        """
        centre, jackknife = self.centre(values, worlds), self.whole is not None
        units = values[worlds != self.whole] if jackknife else values
        undefined = float("nan")
        least = ROUNDING * float(magnitude.max(initial=0.0))
        if abs(centre) <= least:
            centre = 0.0
        nothing = Interval(centre, undefined, undefined, undefined, 0, undefined)
        if units.size < 2 or (jackknife and worlds.size < self.worlds):
            return nothing
        n, spread = units.size, float(((units - units.mean()) ** 2).sum())
        if math.sqrt(spread / (n - 1)) <= least:
            if jackknife and abs(centre) > least:
                return nothing  # too coarse a measure, such as a median of counts
            return Interval(centre, centre, centre, 0.0, n - 1, 0.0)
        se = math.sqrt((n - 1) / n * spread) if jackknife else math.sqrt(spread / (n - 1) / n)
        half = _quantile(confidence, n - 1) * se
        # the width of a jackknife is that for one population
        deviation = se if jackknife else se * math.sqrt(n)
        if self.interval == WITHIN_WORLD:
            deviation = float("nan")  # replications vary less than worlds do
        return Interval(centre, centre - half, centre + half, se, n - 1, deviation)


@lru_cache
def _quantile(confidence: float, freedom: int) -> float:
    """Half the width of a t interval in standard errors: SciPy takes its time for each."""
    return float(stats.t.ppf((1 + confidence) / 2, freedom))


@dataclass(frozen=True)
class Interval:
    """A value with the bounds of its interval; NaN where there is none.

    Attributes
    ----------
    centre, low, high
        The value and its bounds.
    se, freedom
        Standard error, and its degrees of freedom.
    deviation
        Standard deviation of the value over populations; NaN within one world.
    """

    centre: float
    low: float
    high: float
    se: float
    freedom: int
    deviation: float

    @property
    def effect(self) -> float:
        """The value over the standard deviation over populations; NaN where that is unknown."""
        return self.centre / self.deviation if self.deviation > 0 else float("nan")

    @property
    def p(self) -> float:
        """P-value of a t test of zero; NaN where nothing varies."""
        if not self.se > 0:
            return float("nan")
        return 2 * float(stats.t.sf(abs(self.centre) / self.se, self.freedom))

    def direction(self, *, filled: bool) -> str | None:
        """What the interval says of the sign; null without one. `filled` claims none."""
        if math.isnan(self.low):
            return None
        if filled:
            return FILLER
        return HIGHER if self.low > 0 else LOWER if self.high < 0 else INDISTINCT


def effect_bounds(found: Sequence[Interval], confidence: float) -> tuple[Floats, Floats]:
    """Exact bounds of the effects, for normal values; NaN where there is no effect.

    t = d / SE has a noncentral t distribution whose noncentrality δ is the true effect in standard
    errors. Its bounds are those δ under which the t that was found, or one beyond it, has a
    probability of (1 − confidence) / 2 (Cumming & Finch 2001). They leave out zero where the t
    interval does, and differ from the bounds of d over s, which leave out the uncertainty of s.

    Examples
    --------
    A t of 2 with 9 degrees of freedom, of 10 worlds:

    >>> low, high = effect_bounds([Interval(2.0, 0, 4, 1.0, 9, 10**0.5)], 0.95)
    >>> (low * 10**0.5).round(2), (high * 10**0.5).round(2)
    (array([-0.21]), array([4.12]))
    """
    centre, se, deviation = (
        np.array([getattr(one, name) for one in found], np.float64)
        for name in ("centre", "se", "deviation")
    )
    freedom = np.array([one.freedom for one in found], np.int64)
    low, high = np.full((2, centre.size), np.nan)
    known = deviation > 0
    for k in np.unique(freedom[known]).tolist():
        rows = np.flatnonzero(known & (freedom == k))
        t, units = centre[rows] / se[rows], se[rows] / deviation[rows]
        near, far = (
            _noncentrality(np.abs(t), k, share) * units
            for share in ((1 - confidence) / 2, (1 + confidence) / 2)
        )
        low[rows], high[rows] = np.where(t < 0, -far, near), np.where(t < 0, -near, far)
    return low, high


def _noncentrality(t: Floats, freedom: int, share: float) -> Floats:
    """δ at which a noncentral t lies at `t` ≥ 0 or above with this probability.

    With Z normal and X = √(χ²/ν), P((Z + δ)/X ≥ t) = P(tX − Z ≤ δ): δ is a quantile of tX − Z. As
    a normal score that probability is nearly linear in δ, so that the secant soon ends; where it
    leaves the bracket, this is halved.
    """
    tail = share / 2, (1 - share) / 2
    low = np.full(t.size, float(special.ndtri(tail[0])))
    high = t * math.sqrt(float(special.chdtri(freedom, tail[1])) / freedom)
    high -= float(special.ndtri(tail[1]))
    usual = math.exp(special.gammaln((freedom + 1) / 2) - special.gammaln(freedom / 2))
    usual *= math.sqrt(2 / freedom)  # the mean of X
    score, width = float(special.ndtri(share)), np.sqrt(1 + t * t * max(1 - usual * usual, 0.0))
    delta = np.clip(t * usual + score * width, low, high)
    before, off_before = low.copy(), special.ndtri(_share_below(low, t, freedom)) - score
    rows = np.arange(t.size)
    for _ in range(STEPS):
        at, last = delta[rows], before[rows]
        off = special.ndtri(_share_below(at, t[rows], freedom)) - score
        low[rows] = np.where(off < 0, at, low[rows])
        high[rows] = np.where(off < 0, high[rows], at)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = at - off * (at - last) / (off - off_before[rows])
        inside = (new > low[rows]) & (new < high[rows])
        new = np.where(off == 0, at, np.where(inside, new, (low[rows] + high[rows]) / 2))
        before[rows], off_before[rows], delta[rows] = at, off, new
        rows = rows[np.abs(new - at) > SETTLED * width[rows]]
        if not rows.size:
            break
    return delta


def _share_below(delta: Floats, t: Floats, freedom: int) -> Floats:
    """P(tX − Z ≤ δ), the mean over that variable beside which the other's share is smooth."""
    share, steep = np.empty(t.size), t > math.sqrt(2 * freedom)
    x, weight = _chi_points(freedom)
    share[~steep] = special.ndtr(delta[~steep, None] - t[~steep, None] * x) @ weight
    # X is above 0 only, so that the mean begins where (δ + Z)/t does
    point, weight = _points()
    start = np.clip(-delta[steep, None], -WIDE, WIDE)
    half = (WIDE - start) / 2
    z = start + half * (point + 1)
    x = np.maximum((delta[steep, None] + z) / t[steep, None], 0.0)
    density = half * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    share[steep] = (density * special.gammainc(freedom / 2, freedom * x * x / 2)) @ weight
    return share


@lru_cache
def _points() -> tuple[Floats, Floats]:
    """Points and weights of an integral from −1 to 1."""
    point, weight = np.polynomial.legendre.leggauss(POINTS)
    return point, weight


@lru_cache
def _chi_points(freedom: int) -> tuple[Floats, Floats]:
    """Points and weights of a mean over √(χ²/ν)."""
    point, weight = _points()
    low, high = (
        math.sqrt(2 / freedom * float(quantile(freedom / 2, NEVER)))
        for quantile in (special.gammaincinv, special.gammainccinv)
    )
    low = 0.0 if freedom <= 2 else low  # the density is highest there, or nearly
    x = low + (high - low) / 2 * (point + 1)
    density = np.exp((freedom - 1) * np.log(x) - freedom * (x * x - 1) / 2)
    return x, weight * density / (weight @ density)


def scheme_of(outcome: pl.DataFrame) -> Scheme:
    """Scheme of the worlds of an outcome, by its column ``sample`` if it has one.

    Raises
    ------
    DataError
        For parts of a jackknife without their whole or without all the others, a second whole, a
        single part, or a jackknife mixed with other worlds.
    """
    count = outcome.get_column("world").n_unique()
    plain = Scheme(OVER_POPULATIONS if count > 1 else WITHIN_WORLD, count)
    if "sample" not in outcome.columns:
        return plain
    by_world = outcome.select("world", pl.col("sample").cast(pl.String)).unique().sort("world")
    if by_world.get_column("world").is_duplicated().any():
        raise DataError(
            "the outcome gives one world several values of 'sample': outcomes of different "
            "simulations cannot be stacked."
        )
    repeated = by_world.filter(sample=REPEATED).height
    if repeated and count == 1:
        return plain
    if repeated:
        raise DataError(
            f"the outcome holds {repeated} worlds that were built from data sets of other worlds, or "
            "have most of their follows or posts, by id, as if they were populations of their own. If "
            "the data sets are independent and only their ids are alike, give each its own (a prefix). "
            "Else, for an interval over samples, simulate what resample_worlds returns of one of them; "
            "for one within this world, one world with several replications."
        )
    if by_world.get_column("sample").null_count():
        raise DataError(
            "the outcome holds a part of a jackknife without all the others: simulate all worlds "
            "that resample_worlds returns, or call it with another n."
        )
    of = {
        sample: by_world.filter(sample=sample).get_column("world").to_list() for sample in SAMPLES
    }
    if sum(map(len, of.values())) < by_world.height:
        raise DataError(
            "the outcome has other values in 'sample' than population, whole and part: it must be "
            "a result of measure_spread."
        )
    if not of["part"]:
        if len(of["whole"]) > 1:
            raise DataError(
                f"the outcome holds {len(of['whole'])} wholes of resample_worlds and no part: "
                "simulate the worlds of one call of it, all of them."
            )
        return plain
    if len(of["whole"]) != 1:
        raise DataError(
            f"the outcome holds parts of a jackknife and {len(of['whole'])} wholes: an interval is "
            "centred on one. Simulate the worlds of one call of resample_worlds, all of them."
        )
    if of["population"]:
        raise DataError(
            f"the outcome mixes the worlds of resample_worlds with {len(of['population'])} others: "
            "compare them one after the other."
        )
    if len(of["part"]) < 2:
        raise DataError(
            "the outcome holds one part of a jackknife, and at least two are needed: simulate all "
            "worlds that resample_worlds returns."
        )
    return Scheme(OVER_SAMPLES, count, int(of["whole"][0]))


def match_by_name(outcome: pl.DataFrame, scheme: Scheme) -> tuple[pl.DataFrame, int]:
    """Rows whose communities are the same in all worlds, and the number of communities left out.

    In worlds made independently, ``community 3`` is a rank by size, and another community in each.
    """
    if scheme.interval != OVER_POPULATIONS:
        return outcome, 0
    numbered = pl.col("community").cast(pl.String).str.contains(f"^{NUMBERED}$").fill_null(False)
    gone = outcome.filter(numbered)
    kept = outcome.filter(~numbered) if gone.height else outcome
    return kept, gone.select("world", "partition", "community").n_unique() if gone.height else 0


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
