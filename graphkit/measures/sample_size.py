"""Sample size: how many worlds an interval of a wanted width, or a wanted power, needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from graphkit.data.display import number
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, OptionError, check_number
from graphkit.measures.contrast import contrast
from graphkit.measures.intervals import OVER_SAMPLES, WITHIN_WORLD, scheme_of
from graphkit.parallel import refuse_after_fork

__all__ = ["SampleSize", "worlds_needed"]

Floats = npt.NDArray[np.float64]

#: Level of the upper confidence limit of the standard deviation.
UPPER = 0.8
#: More are not looked for.
MOST = 1_000_000
#: Nodes of an integral: errors of a power are below 1e-9.
NODES = 200
#: Rows of the table.
MOST_ROWS = 200


@dataclass(frozen=True, repr=False, eq=False)
class SampleSize(Frozen, title="Worlds needed", table="frame"):
    """Result of :func:`worlds_needed`.

    Attributes
    ----------
    measure, partition, arm, baseline
        What was compared; the difference is arm − baseline.
    unit
        ``"worlds"``; ``"replications"`` for an outcome of one world, whose interval is within it.
    pilot
        Number of worlds of the pilot.
    difference
        Difference in the pilot.
    deviation, deviation_high
        Standard deviation s of the paired difference over the worlds of the pilot, and its upper
        80 % confidence limit.
    precision, effect, power, confidence
        What was wanted; `precision` or `effect` is `None`.
    needed, needed_high
        Number of worlds by s, and by its upper limit.
    half_width, achieved_power
        Half-width of the interval of the pilot; its power against the effect, `None` without one.
    frame
        worlds (2, 3, … to the number needed, or 200 of them), half_width and half_width_high by s
        and by its upper limit, power and power_high likewise (null without an effect).
    """

    measure: str
    partition: str | None
    arm: str
    baseline: str
    unit: str
    pilot: int
    difference: float
    deviation: float
    deviation_high: float
    precision: float | None
    effect: float | None
    power: float
    confidence: float
    needed: int
    needed_high: int
    half_width: float
    achieved_power: float | None
    frame: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("worlds_needed"))

    def _title(self) -> str:
        return f"{self.unit.capitalize()} needed: {self.measure}, {self.arm} − {self.baseline}"

    def _facts(self) -> dict[str, object]:
        if self.effect is None:
            wanted = f"half-width {number(self.precision)} at {self.confidence:.0%} confidence"
        else:
            wanted = f"power {self.power:.0%} against {number(self.effect)}"
        pilot = f"{self.pilot} {self.unit}, half-width {number(self.half_width)}"
        if self.achieved_power is not None:
            pilot += f", power {self.achieved_power:.0%}"
        return {
            "wanted": wanted,
            f"{self.unit} by the pilot's SD": f"{self.needed:,} (SD {number(self.deviation)})",
            f"{self.unit} by its upper {UPPER:.0%} limit": (
                f"{self.needed_high:,} (SD {number(self.deviation_high)})"
            ),
            "pilot": pilot,
        }


def worlds_needed(
    outcome: pl.DataFrame,
    arm: str,
    baseline: str,
    *,
    measure: str,
    partition: str | None = None,
    precision: float | None = None,
    effect: float | None = None,
    power: float = 0.8,
    confidence: float = 0.95,
) -> SampleSize:
    r"""Worlds that an interval of a wanted half-width, or a wanted power, needs, from a pilot.

    With s the standard deviation over the worlds of the paired difference, the least n with

    .. math:: t_{1 - \alpha/2}(n - 1) \; s / \sqrt{n} \le \text{precision},

    or the least n at which a two-sided paired t test of level α = 1 − confidence has the wanted
    power against the effect, by the noncentral t distribution with n − 1 degrees of freedom and
    noncentrality √n · effect / s (Cohen 1988).

    A pilot of few worlds misjudges s, and as often as not judges it too small. The same is
    therefore given with its upper 80 % confidence limit, :math:`s \sqrt{(n_0 - 1) /
    \chi^2_{0.2}(n_0 - 1)}` of the :math:`n_0` worlds of the pilot: with it, four pilots in five
    lead to at least the wanted power (Browne 1995). And a half-width is that of an interval with
    the deviation s: the next sample has its own, and about half of all intervals are wider.

    The worlds must be made independently. Of one world, replications are counted, and the interval
    is within this world. A jackknife has the width of one population: more parts do not narrow it.

    Parameters
    ----------
    outcome
        Result of :func:`measure_spread`, of a pilot.
    arm, baseline
        Names of the arms; the difference is arm − baseline.
    measure
        Name of the measure, over all communities.
    partition
        Kind of partition, as for :meth:`Contrast.row`.
    precision
        Wanted half-width of the interval, in units of the measure. This or `effect`.
    effect
        Difference to be detected, in units of the measure.
    power
        Wanted probability of detecting it, above α and below 1.
    confidence
        Confidence level of the interval; the test has the level α = 1 − confidence.

    Returns
    -------
    SampleSize

    Raises
    ------
    MissingDataError
        For an unknown arm or measure, or a missing column.
    OptionError
        Without one of `precision` and `effect`, or with both; if they are not above 0, or more than
        a million worlds would be needed.
    DataError
        For a jackknife, fewer than two worlds or replications with a value, or a difference that
        does not vary.

    References
    ----------
    Browne, R. H. (1995). On the use of a pilot sample for sample size determination. Statistics
    in Medicine, 14(17), 1933–1940. https://doi.org/10.1002/sim.4780141709

    Cohen, J. (1988). Statistical power analysis for the behavioral sciences (2nd ed.). Erlbaum.

    Examples
    --------
    >>> outcome = pl.DataFrame(
    ...     {
    ...         "arm": ["a"] * 3 + ["b"] * 3, "world": [0, 1, 2] * 2, "replication": 0,
    ...         "partition": "planted", "community": None, "measure": "crossing",
    ...         "value": [1.5, 2.5, 3.5, 0.0, 0.0, 0.0], "budget": "matched", "calibrated": True,
    ...     }
    ... )
    >>> found = worlds_needed(outcome, "a", "b", measure="crossing", effect=0.5)
    >>> round(found.deviation, 3), found.needed, found.needed_high
    (1.0, 34, 143)
    """
    refuse_after_fork()
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    if (precision is None) == (effect is None):
        raise OptionError(
            "precision= (a half-width) or effect= (a difference to detect) is needed, one of them."
        )
    if precision is not None:
        precision = check_number("precision", precision, 0, low_open=True)
    if effect is not None:
        effect = check_number("effect", effect, 0, low_open=True)
    alpha = 1 - confidence
    power = check_number("power", power, alpha, 1, low_open=True, high_open=True)
    found = contrast(outcome, arm, baseline, primary=(), confidence=confidence)
    if scheme_of(outcome).interval == OVER_SAMPLES:
        raise DataError(
            "the outcome is a jackknife, whose interval has the width for one population: more "
            "parts do not narrow it. More data would; for synthetic platforms, worlds made "
            "independently (gk.synthetic.worlds)."
        )
    row = found.row(measure, partition)
    within = row["interval"] == WITHIN_WORLD
    unit = "replications" if within else "worlds"
    pilot = int(row["replications"] if within else row["worlds"])
    if pilot < 2 or row["se"] is None:
        raise DataError(
            f"{measure!r} has values of both arms in {pilot} of the {unit}: a pilot of two or more "
            "is needed, for one does not tell how they differ."
        )
    deviation = float(row["se"]) * math.sqrt(pilot)
    if not deviation > 0:
        raise DataError(
            f"the difference in {measure!r} is the same in all {pilot} {unit} of the pilot: nothing "
            "can be told of how it varies."
        )
    high = upper_deviation(deviation, pilot)
    needed, needed_high = (
        _half_width_needs(s, precision, confidence)
        if precision is not None
        else _power_needs(s, float(effect or 0), power, alpha)
        for s in (deviation, high)
    )
    frame = _table(deviation, high, max(needed_high, pilot), effect, confidence)
    mine = np.array([pilot])
    achieved = None if effect is None else float(paired_power(mine, effect / deviation, alpha)[0])
    given = {"arm": arm, "baseline": baseline, "measure": measure, "partition": row["partition"]}
    wanted = {"precision": precision, "effect": effect, "power": power, "confidence": confidence}
    return SampleSize(
        measure,
        row["partition"],
        arm,
        baseline,
        unit,
        pilot,
        float(row["difference"]),
        deviation,
        high,
        precision,
        effect,
        power,
        confidence,
        needed,
        needed_high,
        float(half_widths(mine, deviation, confidence)[0]),
        achieved,
        frame,
        Provenance("worlds_needed", {**given, **wanted}),
    )


def upper_deviation(deviation: float, n: int, *, level: float = UPPER) -> float:
    """Upper confidence limit of a standard deviation of n normal values.

    Examples
    --------
    >>> round(upper_deviation(1.0, 5), 3)
    1.558
    """
    return deviation * math.sqrt((n - 1) / float(stats.chi2.ppf(1 - level, n - 1)))


def half_widths(n: npt.NDArray[np.integer], deviation: float, confidence: float) -> Floats:
    """Half-width of the t interval of a mean of n values, t(n − 1) · s / √n."""
    t = stats.t.ppf((1 + confidence) / 2, n - 1)
    return np.asarray(t * deviation / np.sqrt(n), dtype=np.float64)


def paired_power(n: npt.NDArray[np.integer], effect: float, alpha: float) -> Floats:
    """Power of a two-sided t test of n paired differences, for an effect in their SD.

    The noncentral t distribution is integrated here: that of SciPy is inexact or undefined for few
    degrees of freedom and high levels.

    Examples
    --------
    >>> paired_power(np.array([33, 34]), 0.5, 0.05).round(3).tolist()
    [0.795, 0.808]
    """
    freedom = (n - 1.0)[:, None]
    limit = stats.t.ppf(1 - alpha / 2, freedom)
    shift = (effect * np.sqrt(n))[:, None]
    # of T = (Z + shift) / S, S is integrated over if it is the narrower one, else Z
    root = np.sqrt(freedom)
    ends = [np.sqrt(stats.chi2.ppf(q, freedom)) / root for q in (1e-14, 1 - 1e-14)]
    s, weight = _nodes(*ends)
    beyond = stats.norm.cdf(shift - limit * s) + stats.norm.cdf(-shift - limit * s)
    by_s = (weight * beyond * stats.chi.pdf(s * root, freedom) * root).sum(axis=1)
    by_z = np.zeros(n.size)
    for middle in (shift, -shift):
        z, weight = _nodes(np.maximum(-middle, -9.0), np.maximum(-middle, 9.0))
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            ratio = (z + middle) / limit  # a limit of 0 is that of the other integral
            scale = stats.chi2.cdf(freedom * ratio**2, freedom)
        by_z += (weight * stats.norm.pdf(z) * scale).sum(axis=1)
    found = np.where(limit[:, 0] ** 2 > 2 * freedom[:, 0], by_z, by_s)
    return np.asarray(np.clip(found, 0.0, 1.0), dtype=np.float64)


@cache
def _legendre() -> tuple[Floats, Floats]:
    """Places and weights in [−1, 1]."""
    return np.polynomial.legendre.leggauss(NODES)


def _nodes(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Places and weights of Gauss–Legendre quadrature between bounds of shape (k, 1)."""
    at, weight = _legendre()
    half = (high - low) / 2
    return low + half * (1 + at), half * weight


def _half_width_needs(deviation: float, precision: float, confidence: float) -> int:
    """Least n whose half-width is not above the wanted one."""
    return _least(lambda n: bool(half_widths(n, deviation, confidence)[0] <= precision))


def _power_needs(deviation: float, effect: float, power: float, alpha: float) -> int:
    """Least n whose power is not below the wanted one."""
    return _least(lambda n: bool(paired_power(n, effect / deviation, alpha)[0] >= power))


def _least(enough: Callable[[npt.NDArray[np.int64]], bool]) -> int:
    """Least n from 2 on that is enough, if all above it are too: by doubling, then halving."""
    low, high = 1, 2
    while not enough(np.array([high])):
        low, high = high, 2 * high
        if low > MOST:
            raise OptionError(
                f"more than {MOST:,} would be needed: ask for a larger precision= or effect=."
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(np.array([middle])) else (middle, high)
    return high


def _table(
    deviation: float, high: float, last: int, effect: float | None, confidence: float
) -> pl.DataFrame:
    """Half-widths and power from two worlds on, at most 200 numbers of worlds."""
    n = np.unique(np.rint(np.geomspace(2, max(last, 2), MOST_ROWS)).astype(np.int64))
    n = np.arange(2, last + 1) if last <= MOST_ROWS else n
    frame = pl.DataFrame({"worlds": n}).with_columns(
        half_width=half_widths(n, deviation, confidence),
        half_width_high=half_widths(n, high, confidence),
    )
    powers = {
        name: None if effect is None else paired_power(n, effect / s, 1 - confidence)
        for name, s in (("power", deviation), ("power_high", high))
    }
    return frame.with_columns(
        **{name: pl.lit(None, pl.Float64) if v is None else v for name, v in powers.items()}
    )
