"""Delays of answers: a lognormal distribution fitted to times that a window cuts on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import optimize, special, stats

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, check_codes, check_counts, check_number

__all__ = ["DAYS", "DelayFit", "fit_delays", "ratio_error", "share_bounds"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.integer]

#: Days within which shares of the delays are told.
DAYS = (1.0, 7.0, 30.0, 90.0)

#: Places at which observed and expected shares are compared for the distance.
_PLACES = 200
#: Bounds of σ; an estimate at a bound is none.
_SMALLEST, _LARGEST = 1e-3, 20.0


@dataclass(frozen=True, repr=False, eq=False)
class DelayFit(Frozen, title="Delays", table="frame"):
    """Result of :func:`fit_delays`.

    Attributes
    ----------
    delays
        float64, shape (k,), days, in the order given.
    lowest, highest
        float64, shape (k,): between which days each delay could have been observed.
    width
        Resolution of the delays in days; 0 for times that are exact.
    mu, sigma
        Mean and standard deviation of the logarithm of days; NaN if the data cannot tell them.
    mu_se, sigma_se
        Their standard errors, robust to dependence within groups.
    distance
        Largest difference between the observed and the expected share, over the days.
    frame
        One row per number of days: days, observed (share of the delays), low, high (score interval
        with the effective number of delays; Wilson 1927, Korn & Graubard 1998), expected (share in
        these data, by the fit and the windows), fitted (share without windows).
    confidence
        Confidence level of low and high, which take the groups as independent.
    """

    delays: Floats
    lowest: Floats
    highest: Floats
    width: float
    mu: float
    sigma: float
    mu_se: float
    sigma_se: float
    distance: float
    frame: pl.DataFrame
    confidence: float
    provenance: Provenance = field(default_factory=lambda: Provenance("fit_delays"))

    @property
    def fitted(self) -> bool:
        """Whether the data determine the distribution."""
        return not np.isnan(self.mu)

    def cdf(self, days: npt.ArrayLike) -> Floats:
        """Share of the answers within so many days, by the fit, of posts followed for ever."""
        return _cdf(np.asarray(days, dtype=np.float64), self.mu, self.sigma)

    def quantiles(self, levels: npt.ArrayLike = (0.1, 0.25, 0.5, 0.75, 0.9)) -> pl.DataFrame:
        """Quantiles in days: level, observed, fitted (without windows)."""
        at = np.asarray(levels, dtype=np.float64)
        observed = np.quantile(self.delays, at) if self.delays.size else np.full(at.shape, np.nan)
        fitted = np.exp(self.mu + self.sigma * special.ndtri(at))
        return pl.DataFrame({"level": at, "observed": observed, "fitted": fitted}).fill_nan(None)

    def expected(
        self,
        days: npt.ArrayLike,
        *,
        lowest: npt.ArrayLike | None = None,
        highest: npt.ArrayLike | None = None,
    ) -> Floats:
        """Share within so many days that the fit expects of delays observed in these windows.

        The mean over i of (F(min(t, h_i)) − F(l_i)) / (F(h_i) − F(l_i)), 0 below l_i; by default
        in the windows of the data that were fitted.

        Parameters
        ----------
        days
            Days t, shape (d,).
        lowest, highest
            Windows of other delays, shape (k,).
        """
        low = self.lowest if lowest is None else np.asarray(lowest, dtype=np.float64)
        high = self.highest if highest is None else np.asarray(highest, dtype=np.float64)
        below, above = _cdf(low, self.mu, self.sigma), _cdf(high, self.mu, self.sigma)
        found = np.full(np.size(days), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            for k, day in enumerate(np.ravel(days)):
                inside = _cdf(np.clip(day, low, high), self.mu, self.sigma)
                found[k] = (
                    float(np.mean((inside - below) / (above - below))) if low.size else np.nan
                )
        return found

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"delays": self.delays.size}
        for row in self.frame.iter_rows(named=True):
            facts[f"within {row['days']:g} days"] = row["observed"]
        if self.fitted:
            facts["lognormal"] = (
                f"μ = {self.mu:.3g} ± {self.mu_se:.2g}, σ = {self.sigma:.3g} ± {self.sigma_se:.2g}"
            )
            facts["median, fitted"] = f"{np.exp(self.mu):.3g} days"
            facts["largest difference of shares"] = self.distance
        else:
            facts["lognormal"] = "not determined by these delays"
        return facts | {key: f"{n:,}" for key, n in self.provenance.removed.items()}


def fit_delays(
    delays: npt.ArrayLike,
    *,
    lowest: npt.ArrayLike | None = None,
    highest: npt.ArrayLike | None = None,
    width: float = 0.0,
    groups: npt.ArrayLike | None = None,
    days: Sequence[float] = DAYS,
    confidence: float = 0.95,
) -> DelayFit:
    r"""Lognormal distribution of delays by maximum likelihood, corrected for the window.

    An answer is collected if it is made in a window of time. Of a post that is older than the
    window only the late answers are seen, of a young one only the early ones: the delay of answer
    i lies between :math:`l_i` (window's start − time of the post, at least 0) and :math:`h_i`
    (window's end − time of the post). Given the time of its post, its likelihood is

    .. math:: \frac{f(d_i)}{F(h_i) - F(l_i)}, \qquad \log d \sim N(\mu, \sigma^2),

    with :math:`F(d_i + w/2) - F(d_i - w/2)` in place of the density for delays in steps of width
    w, such as ticks. Nothing is censored: an answer that was not made in the window is not in the
    data at all. Two things are assumed: that delays do not depend on when the post was made, and
    that within the window answers are collected whatever their delay. How often posts are made, and
    how many answers each gets, is not assumed. Standard errors are those of the sandwich, by
    groups (answers to one post depend on each other).

    Parameters
    ----------
    delays
        Days > 0, shape (k,); with a `width`, 0 as well.
    lowest, highest
        l and h in days, finite, shape (k,); without them there is no such limit.
    width
        Resolution w in days.
    groups
        Code 0, 1, … of the group of each delay, shape (k,), such as its parent post; by default
        each is its own.
    days
        Numbers of days of the rows of ``.frame``.
    confidence
        Confidence level of its intervals.

    Returns
    -------
    DelayFit
        Parameters are NaN for fewer than three different delays, and where the likelihood has no
        maximum: windows that are short beside the delays cannot tell how it goes on beyond them.

    Raises
    ------
    DataError
        If the arrays differ in length, a delay is not positive, or lies outside its window.

    References
    ----------
    Kalbfleisch, J. D., & Lawless, J. F. (1989). Inference based on retrospective ascertainment: an
    analysis of the data on transfusion-related AIDS. Journal of the American Statistical
    Association, 84(406), 360–372. https://doi.org/10.1080/01621459.1989.10478780

    Korn, E. L., & Graubard, B. I. (1998). Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data. Survey Methodology, 24(2), 193–201.

    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association, 22(158), 209–212.
    https://doi.org/10.1080/01621459.1927.10502953

    Examples
    --------
    >>> found = fit_delays([1.0, 2.0, 4.0])
    >>> round(found.mu, 3), round(found.sigma, 3)
    (0.693, 0.566)
    >>> found.frame.get_column("observed").round(3).to_list()
    [0.333, 1.0, 1.0, 1.0]
    """
    width = check_number("width", width, 0)
    confidence = check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    d = check_counts("delays", delays, (None,)).astype(np.float64)
    if not width and (d == 0).any():
        raise DataError("delays: 0 is not positive; give the resolution of the times as width=.")
    hint = "One entry per delay."
    low, high = np.zeros(d.size), np.full(d.size, np.inf)
    if lowest is not None:
        low = check_counts("lowest", lowest, d.shape, hint=hint).astype(np.float64)
    if highest is not None:
        high = check_counts("highest", highest, d.shape, hint=hint).astype(np.float64)
    group: Codes = np.arange(d.size)
    if groups is not None:
        group = check_codes("groups", groups, d.shape, 0, 2**31 - 1, hint=hint)
    outside = ~((low <= d + width / 2) & (d - width / 2 <= high) & (low < high))
    if outside.any():
        at = int(np.flatnonzero(outside)[0])
        raise DataError(
            f"delay {at} is {d[at]:.6g} days, outside its window of {low[at]:.6g} … {high[at]:.6g}."
        )
    mu, sigma, errors = _maximum(d, low, high, width, group)
    bare = DelayFit(
        *(d, low, high, width, mu, sigma, *errors, float("nan")),
        frame=pl.DataFrame(),
        confidence=confidence,
    )
    at_days = np.asarray(days, dtype=np.float64)
    frame = _shares(bare, at_days, group)
    removed = {} if groups is None else {"groups": int(np.unique(group).size)}
    made = Provenance("fit_delays", {"width": width, **removed})
    distance = _distance(bare)
    return DelayFit(*(d, low, high, width, mu, sigma, *errors, distance), frame, confidence, made)


def ratio_error(top: Floats, bottom: Floats) -> tuple[float, float, int]:
    """Ratio Σ top / Σ bottom of groups, its standard error over groups, and the groups.

    Linearised: √(n/(n − 1) Σ (top − r bottom)²) / Σ bottom, over the n groups with a bottom > 0.

    Examples
    --------
    >>> tuple(round(x, 3) for x in ratio_error(np.array([1.0, 0.0]), np.array([2.0, 2.0])))
    (0.25, 0.25, 2)
    """
    kept = bottom > 0
    n, total = int(kept.sum()), float(bottom[kept].sum())
    if not n:
        return float("nan"), float("nan"), 0
    ratio = float(top[kept].sum()) / total
    if n < 2:
        return ratio, float("nan"), n
    squares = float(((top[kept] - ratio * bottom[kept]) ** 2).sum())
    return ratio, float(np.sqrt(n / (n - 1) * squares)) / total, n


def share_bounds(top: Floats, bottom: Floats, confidence: float) -> tuple[float, float]:
    """Bounds of the share Σ top / Σ bottom of groups, in [0, 1]; NaN where nothing tells them.

    Wilson's score interval with the t quantile of the groups, and in place of their sum the number
    of independent observations with the same error, r(1 − r) / se² (Korn & Graubard 1998). Of a
    share of 0 or 1, which has no error to see, each group is one observation.

    Examples
    --------
    None of ten; the exact binomial bound is 0.31:

    >>> low, high = share_bounds(np.zeros(10), np.ones(10), 0.95)
    >>> low, round(high, 2)
    (0.0, 0.34)
    """
    share, se, n = ratio_error(top, bottom)
    if n < 2 or not (se > 0 or share in (0.0, 1.0)):
        return float("nan"), float("nan")
    size = min(share * (1 - share) / se**2, float(bottom.sum())) if se > 0 else float(n)
    square = float(stats.t.ppf((1 + confidence) / 2, n - 1)) ** 2 / size
    half = float(np.sqrt(square * (share * (1 - share) + square / 4)))
    low, high = ((share + square / 2 + side * half) / (1 + square) for side in (-1, 1))
    return (max(low, 0.0) if share > 0 else 0.0), (min(high, 1.0) if share < 1 else 1.0)


def _cdf(days: Floats, mu: float, sigma: float) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(special.ndtr((np.log(days) - mu) / sigma), dtype=np.float64)


def _log_mass(low: Floats, high: Floats) -> Floats:
    """Logarithm of Φ(high) − Φ(low), exact in both tails."""
    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    upper = special.log_ndtr(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.log1p(-np.exp(special.log_ndtr(a) - upper))
    return np.asarray(upper + apart, dtype=np.float64)


def _log_likelihood(theta: Floats, d: Floats, low: Floats, high: Floats, width: float) -> Floats:
    """Of each delay; `theta` is μ and log σ."""
    mu, sigma = theta[0], np.exp(theta[1])

    def scaled(days: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            return np.asarray((np.log(days) - mu) / sigma, dtype=np.float64)

    if width:
        left = np.maximum(np.maximum(d - width / 2, low), 0.0)
        own = _log_mass(scaled(left), scaled(np.minimum(d + width / 2, high)))
    else:
        own = -0.5 * scaled(d) ** 2 - np.log(d) - theta[1] - 0.5 * np.log(2 * np.pi)
    return own - _log_mass(scaled(low), scaled(high))


def _maximum(
    d: Floats, low: Floats, high: Floats, width: float, group: Codes
) -> tuple[float, float, tuple[float, float]]:
    """μ, σ, and their standard errors; NaN if there is no maximum."""
    nothing = (float("nan"), float("nan"), (float("nan"), float("nan")))
    if np.unique(d).size < 3:
        return nothing
    logs = np.log(np.maximum(d, width / 2 or d.min()))
    data = (d, low, high, width)
    start = np.array([logs.mean(), np.log(max(float(logs.std()), 0.05))])
    bounds = [
        (float(logs.min()) - 10, float(logs.max()) + 10),
        (float(np.log(_SMALLEST)), float(np.log(_LARGEST))),
    ]

    def loss(theta: Floats) -> float:
        value = -float(_log_likelihood(theta, *data).mean())
        return value if np.isfinite(value) else 1e12

    found = optimize.minimize(
        loss,
        start,
        method="Nelder-Mead",
        bounds=bounds,
        options={"xatol": 1e-8, "fatol": 1e-13, "maxiter": 2_000},
    )
    theta = np.asarray(found.x, dtype=np.float64)
    edge = any(min(x - a, b - x) < 1e-3 for x, (a, b) in zip(theta, bounds, strict=True))
    if edge or not found.success:
        return nothing
    errors = _sandwich(theta, data, group)
    if errors is None:
        return nothing
    sigma = float(np.exp(theta[1]))
    return float(theta[0]), sigma, (errors[0], errors[1] * sigma)


def _sandwich(
    theta: Floats, data: tuple[Floats, Floats, Floats, float], group: Codes
) -> tuple[float, float] | None:
    """Standard errors of μ and log σ over groups; none where the maximum is not sharp."""
    step = 1e-4

    def scores(at: Floats) -> Floats:
        moves = step * np.eye(2)
        parts = [
            (_log_likelihood(at + m, *data) - _log_likelihood(at - m, *data)) / (2 * step)
            for m in moves
        ]
        return np.stack(parts)

    slopes = [
        (scores(theta + m).sum(axis=1) - scores(theta - m).sum(axis=1)) / (2 * step)
        for m in step * np.eye(2)
    ]
    hessian = np.array(slopes)
    information = -(hessian + hessian.T) / 2
    scale = data[0].size * 1e-6
    if not np.isfinite(information).all() or np.linalg.eigvalsh(information)[0] <= scale:
        return None
    own = scores(theta)
    _, code = np.unique(group, return_inverse=True)
    sums = np.stack([np.bincount(code, weights=s) for s in own])
    n = sums.shape[1]
    if n < 2:
        return float("nan"), float("nan")
    inverse = np.linalg.inv(information)
    variance = inverse @ (sums @ sums.T) @ inverse * n / (n - 1)
    return float(np.sqrt(variance[0, 0])), float(np.sqrt(variance[1, 1]))


def _shares(fit: DelayFit, days: Floats, group: Codes) -> pl.DataFrame:
    """Observed and expected shares within each number of days."""
    _, code = np.unique(group, return_inverse=True)
    size = np.bincount(code).astype(np.float64)
    rows = []
    for day in days:
        within = np.bincount(
            code, weights=(fit.delays <= day).astype(np.float64), minlength=size.size
        ).astype(np.float64)
        low, high = share_bounds(within, size, fit.confidence)
        share = ratio_error(within, size)[0]
        rows.append({"days": float(day), "observed": share, "low": low, "high": high})
    schema = dict.fromkeys(("days", "observed", "low", "high"), pl.Float64)
    upto = days
    if fit.width:
        # the last whole step within the days stands for delays up to half a step longer
        upto = (np.floor(days / fit.width + 1e-9) + 0.5) * fit.width
    frame = pl.DataFrame(rows, schema=schema).with_columns(
        expected=pl.Series(fit.expected(upto), dtype=pl.Float64),
        fitted=pl.Series(fit.cdf(days), dtype=pl.Float64),
    )
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def _distance(fit: DelayFit) -> float:
    """Largest difference of observed and expected shares over days at which delays lie."""
    if not fit.fitted:
        return float("nan")
    places = np.unique(np.quantile(fit.delays, np.linspace(0, 1, _PLACES), method="inverted_cdf"))
    order = np.sort(fit.delays)
    upto = np.searchsorted(order, places, side="right") / order.size
    before = np.searchsorted(order, places, side="left") / order.size
    if fit.width:
        return float(np.abs(upto - fit.expected(places + fit.width / 2)).max())
    expected = fit.expected(places)
    return float(np.maximum(np.abs(upto - expected), np.abs(before - expected)).max())
