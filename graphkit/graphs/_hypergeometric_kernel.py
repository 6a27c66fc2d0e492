"""Kernel of the hypergeometric tail, in logarithms.

A first probability, by Loader's expansion about its peak (so that nothing large cancels), and
a sum of ratios: a tail of 1e-300 has as many right digits as one of 0.1.
"""

from __future__ import annotations

import math
from typing import Any

from graphkit.jit import kernel

__all__ = ["hypergeometric_tails"]

Array = Any

#: Terms below this share of the sum are not added.
SMALL = 1e-17


@kernel()
def _stirling(n: float) -> float:
    """log n! minus Stirling's leading terms."""
    if n < 16.0:
        if n == 0.0:
            return 0.0
        return math.lgamma(n + 1.0) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2.0 * math.pi)
    s = 1.0 / (n * n)
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - s / 1188) * s) * s) * s) / n


@kernel()
def _deviance(x: float, mean: float) -> float:
    """x log(x / mean) + mean − x, without cancellation where they are close."""
    if abs(x - mean) >= 0.1 * (x + mean):
        return x * math.log(x / mean) + mean - x
    v = (x - mean) / (x + mean)
    total = (x - mean) * v
    term = 2.0 * x * v
    j = 1
    while True:
        term *= v * v
        new = total + term / (2 * j + 1)
        if new == total:
            return total
        total = new
        j += 1


@kernel()
def _log_binomial(x: float, n: float, p: float, q: float) -> Any:
    """Log-probability of x among n at chance p; q is 1 − p."""
    if x == 0.0:
        return n * (math.log1p(-p) if p < 0.5 else math.log(q)) if n > 0.0 else 0.0
    if x == n:
        return n * (math.log1p(-q) if q < 0.5 else math.log(p))
    peak = _stirling(n) - _stirling(x) - _stirling(n - x)
    peak -= _deviance(x, n * p) + _deviance(n - x, n * q)
    return peak - 0.5 * (math.log(2.0 * math.pi * x) + math.log1p(-x / n))


@kernel()
def _log_probability(x: float, n: float, good: float, draws: float) -> Any:
    p, q = draws / n, (n - draws) / n
    both = _log_binomial(x, good, p, q) + _log_binomial(draws - x, n - good, p, q)
    return both - _log_binomial(draws, n, p, q)


@kernel()
def _log_tail(x: float, n: float, good: float, draws: float) -> Any:
    rest = n - good - draws
    if x <= max(0.0, -rest):
        return 0.0
    if x > min(good, draws):
        return -math.inf
    term = total = 1.0
    if x * n > good * draws:
        start = _log_probability(x, n, good, draws)
        while term > SMALL * total:
            term *= (good - x) * (draws - x) / ((x + 1.0) * (rest + x + 1.0))
            total += term
            x += 1.0
        return min(start + math.log(total), 0.0)
    # below the mean the tail is large, and its complement the smaller sum
    x -= 1.0
    start = _log_probability(x, n, good, draws)
    while term > SMALL * total:
        term *= x * (rest + x) / ((good - x + 1.0) * (draws - x + 1.0))
        total += term
        x -= 1.0
    return math.log1p(-min(math.exp(start + math.log(total)), 1.0 - 1e-16))


@kernel()
def hypergeometric_tails(
    first: int, last: int, left: Array, right: Array, count: Array, things: int,
    log_tail: Array, expected: Array,
) -> None:  # fmt: skip
    """Log P(X ≥ count), X what sets of left[e] and right[e] of all `things` share by chance."""
    for e in range(first, last):
        log_tail[e] = _log_tail(float(count[e]), float(things), float(left[e]), float(right[e]))
        expected[e] = float(left[e]) * float(right[e]) / things
