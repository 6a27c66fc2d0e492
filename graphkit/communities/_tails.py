"""Exact upper tails of two null models, in logarithms: nothing cancels or underflows.

Both are written as a first probability and a sum of ratios, so that a tail of 1e-300 has as
many right digits as one of 0.1; ``1 − cdf`` would have none below 1e-16.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["log_hypergeometric_tail", "log_matching_tail", "probability"]

Floats = npt.NDArray[np.float64]

_NEGLIGIBLE = 1e-17


def probability(logs: Floats) -> Floats:
    """Probabilities from logs: at least the smallest normal float, as no p-value is 0."""
    return np.maximum(np.exp(logs), np.finfo(np.float64).tiny)


def log_hypergeometric_tail(
    observed: npt.ArrayLike, total: npt.ArrayLike, marked: npt.ArrayLike, drawn: npt.ArrayLike
) -> Floats:
    """Log of P(X ≥ observed), X the marked among `drawn` of `total`, `marked` of them marked.

    Arguments are whole numbers and broadcast against each other.

    Examples
    --------
    One draw of two from four, two of them marked: both marked in 1 of 6 cases.

    >>> round(float(np.exp(log_hypergeometric_tail(2, 4, 2, 2))), 12)
    0.166666666667
    """
    arrays = np.broadcast_arrays(observed, total, marked, drawn)
    x, n, good, draws = (np.asarray(a, dtype=np.float64).ravel() for a in arrays)
    low, high = np.maximum(0, good + draws - n), np.minimum(good, draws)
    result = np.zeros(x.size)
    result[x > high] = -np.inf
    inner = (x > low) & (x <= high)
    upper = inner & (x * n > good * draws)
    lower = inner & ~upper
    result[upper] = _log_sum(x[upper], n[upper], good[upper], draws[upper], step=1)
    # below the mean the tail is large, and its complement the smaller sum
    below = _log_sum(x[lower] - 1, n[lower], good[lower], draws[lower], step=-1)
    result[lower] = np.log1p(-np.minimum(np.exp(below), 1 - 1e-16))
    shaped: Floats = np.minimum(result, 0.0).reshape(arrays[0].shape)
    return shaped


def _log_sum(x: Floats, n: Floats, good: Floats, draws: Floats, *, step: int) -> Floats:
    """Log of the probability of x and of all values beyond it, upwards or downwards."""
    start = _log_probability(x, n, good, draws)
    rest = n - good - draws
    term, total = np.ones(x.size), np.ones(x.size)
    k = x.copy()
    while term.size and (term > _NEGLIGIBLE * total).any():
        if step > 0:
            term = term * ((good - k) * (draws - k) / ((k + 1) * (rest + k + 1)))
        else:
            term = term * (k * (rest + k) / ((good - k + 1) * (draws - k + 1)))
        total = total + term
        k = k + step
    summed: Floats = start + np.log(total)
    return summed


def _log_probability(x: Floats, n: Floats, good: Floats, draws: Floats) -> Floats:
    return (
        _log_choose(good, x) + _log_choose(n - good, draws - x) - _log_choose(n, draws)
    )  # fmt: skip


def _log_choose(n: Floats, k: Floats) -> Floats:
    from scipy.special import gammaln

    value: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return value


def log_matching_tail(observed: int, edges: int, stubs: int) -> float:
    r"""Log of P(X ≥ observed), X the edges inside a set in a random matching of all stubs.

    Of the 2m ends of m edges, `stubs` = k belong to the set. Matching them at random puts x
    edges inside with probability

    .. math:: P(x) = \binom{m}{x} \binom{m - x}{k - 2x} 2^{k - 2x} \Big/ \binom{2m}{k}

    (which pairs lie inside, which have one end there, and which of the two it is).

    Examples
    --------
    Two edges, a set of two stubs: it is one edge in 1 of 3 matchings.

    >>> round(float(np.exp(log_matching_tail(1, 2, 2))), 12)
    0.333333333333
    """
    low, high = max(0, stubs - edges), stubs // 2
    if observed <= low:
        return 0.0
    if observed > high:
        return -np.inf
    x = np.arange(observed, high + 1, dtype=np.float64)
    m, k = np.array(float(edges)), np.array(float(stubs))
    logs = (
        _log_choose(m, x)
        + _log_choose(m - x, k - 2 * x)
        + (k - 2 * x) * np.log(2)
        - _log_choose(2 * m, k)
    )
    peak = float(logs.max())
    return min(0.0, peak + float(np.log(np.exp(logs - peak).sum())))
