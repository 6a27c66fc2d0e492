"""Upper tails of null models, in logarithms: hypergeometric, random matching, Poisson-binomial.

Nothing cancels or underflows: a tail of 1e-300 has as many correct digits as one of 0.1. The
hypergeometric and matching tails are a first probability times a sum of ratios or of terms. The
Poisson-binomial tail is that of X = Σ_k Binomial(n_k, p_k), the number of objects that two actors
share by chance. With G(z) = Π_k (1 − p_k + p_k z)^{n_k}, for any r > 0, r ≠ 1, and N,

    P(X ≥ c) + 1/(r^N − 1) ≈ (1/N) Σ_j G(z_j) z_j^{−c} / (1 − 1/z_j),   z_j = r exp(2πij/N),

the saddle-point integral by the trapezoid rule. With r at the saddle, where the tilted X has mean
c and deviation σ, the error of N = 7.5 σ + 9 points is below 1e-9 of the tail, and about nine
terms matter. Below the mean the same sum gives P(X < c).

log G is a sum over all objects. The few with large p_k r are multiplied directly; for the others
Σ n_k log(1 + p_k w), w = z − 1, is a short series in the power sums Σ n_k p_k^j, which all counts
of a pair of classes share.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.kernels.compile import inner, kernel
from graphkit.kernels.random import GOLDEN

Array = Any
Floats = npt.NDArray[np.float64]

#: Terms of the series, and the largest p_k |w| that it is used for: 0.25^17 / 17 is 3e-12.
TERMS, REACH = 16, 0.25

#: Classes whose powers are summed together, and the largest |log r|.
PIECE, STEEPEST = 64, 40.0

#: Terms below this share of the first (integral) or of the sum (hypergeometric) are not added.
SMALL, NEGLIGIBLE = 1e-13, 1e-17

#: Largest total for tabulated log-factorials, whose differences err by less than 1e-10.
TABULATED = 100_000


@kernel()
def index_distinct(keys: Array, table: Array, codes: Array, found: Array, inverse: Array) -> int:
    """Encode keys (≥ 0) by first appearance with a hash table; returns the number of codes.

    `table` (of −1) and `codes` have a power of two of slots; if these are too few, −1 is
    returned. Distinct keys are written to `found`, the code of each key to `inverse`.
    """
    slots = table.size
    mask = slots - 1
    shift = np.uint64(64 - int(math.log2(slots) + 0.5))
    n = 0
    for e in range(keys.size):
        key = keys[e]
        slot = np.int64((np.uint64(key) * GOLDEN) >> shift)
        while table[slot] != key and table[slot] >= 0:
            slot = (slot + 1) & mask
        if table[slot] < 0:
            if 2 * n >= slots:
                return -1
            table[slot] = key
            codes[slot] = n
            found[n] = key
            n += 1
        inverse[e] = codes[slot]
    return n


@inner
def _power_sums(
    p: Array, size: Array, low: int, high: int, scale: float, x: Array, q: Array, sums: Array
) -> None:
    """Add Σ n_k (p_k / scale)^j over k in low … high − 1 to sums[j − 1], fewer j for small p_k."""
    for start in range(low, high, PIECE):
        n = min(PIECE, high - start)
        whole = n - n % 4
        for k in range(n):
            x[k] = p[start + k] / scale
            q[k] = size[start + k]
        terms = TERMS
        if x[0] < 1.0:
            terms = min(TERMS, 1 + int(24.0 / -math.log(REACH * x[0])))
        for j in range(terms):
            a = b = c = d = 0.0  # four independent chains of additions
            for k in range(0, whole, 4):
                for lane in range(k, k + 4):
                    q[lane] *= x[lane]
                a += q[k]
                b += q[k + 1]
                c += q[k + 2]
                d += q[k + 3]
            for k in range(whole, n):
                q[k] *= x[k]
                a += q[k]
            sums[j] += (a + b) + (c + d)


@inner
def _tilted_moments(
    p: Array, size: Array, first: int, last: int, sums: Array, scale: float, t: float
) -> tuple[float, float]:
    """Mean and variance of X with the odds of each p_k multiplied by r = exp(t).

    Classes first … last − 1 enter one by one, the others by their power sums (scale 0: none).
    """
    r = math.exp(t)
    mean = 0.0
    spare = 0.0
    for k in range(first, last):
        odds = p[k] * r
        tilted = odds / (1.0 - p[k] + odds)
        part = size[k] * tilted
        mean += part
        spare += part * tilted
    variance = mean - spare
    if scale > 0.0:
        w = (r - 1.0) * scale
        slope = 0.0  # Σ n p / (1 + p w), and minus its derivative in w
        curve = 0.0
        for j in range(TERMS - 1, -1, -1):
            slope = sums[j] - w * slope
            if j > 0:
                curve = j * sums[j] - w * curve
        slope *= scale * r
        curve *= (scale * r) ** 2
        mean += slope
        variance += slope - curve
    return mean, variance


@inner
def _saddle_point(classes: Any, target: float, mean: float, t: float) -> tuple[float, float]:
    """Log t of the tilt whose mean is about `target`, and the deviation there; t is never near 0.

    Newton's method on the log of the mean, with bisection where a step leaves the bracket;
    `classes` are p, size, first, last, sums and scale of `_tilted_moments`.
    """
    p, size, first, last, sums, scale = classes
    low, high = -STEEPEST, STEEPEST
    variance = 0.0
    for _ in range(100):
        now, variance = _tilted_moments(p, size, first, last, sums, scale, t)
        if abs(now - target) <= 0.2 * math.sqrt(variance) or high - low < 1e-3:
            break
        if now < target:
            low = t
        else:
            high = t
        step = t + now * math.log(target / now) / variance if variance > 0.0 else low
        t = step if low < step < high else 0.5 * (low + high)
    spread = math.sqrt(max(variance, 1e-3))
    if abs(t) * spread < 0.5:
        t = 0.5 / spread if target >= mean else -0.5 / spread
        variance = _tilted_moments(p, size, first, last, sums, scale, t)[1]
    return t, math.sqrt(variance)


@inner
def _integral_tail(classes: Any, c: int, t: float, deviation: float, tilted: Array) -> float:
    """Log P(X ≥ c) by the trapezoid rule; `classes` as in `_saddle_point`."""
    p, size, begin, front, sums, scale = classes
    r = math.exp(t)
    # log G(r), and the tilted probabilities of the front classes
    product = 1.0
    height = 0.0
    for k in range(begin, front):
        factor = 1.0 - p[k] + p[k] * r
        tilted[k] = p[k] * r / factor
        if size[k] == 1.0:
            product *= factor
            if product > 1e200 or product < 1e-200:
                height += math.log(product)
                product = 1.0
        else:
            height += size[k] * math.log1p(p[k] * (r - 1.0))
    height += math.log(product)
    w = (r - 1.0) * scale
    base = 0.0
    for j in range(TERMS - 1, -1, -1):
        base = w * (sums[j] / (j + 1.0) - base)
    points = int(7.5 * deviation) + 9
    step = 2.0 * math.pi / points
    total = 0.0
    first = 1.0
    for m in range(points // 2 + 1):
        theta = m * step
        cosine, sine = math.cos(theta), math.sin(theta)
        # the front, relative to its value at r
        real, imaginary = 1.0, 0.0
        for k in range(begin, front):
            a = 1.0 - tilted[k] + tilted[k] * cosine
            b = tilted[k] * sine
            n = int(size[k])
            while True:  # to the power of n by squaring
                if n & 1:
                    real, imaginary = real * a - imaginary * b, real * b + imaginary * a
                n >>= 1
                if n == 0:
                    break
                a, b = a * a - b * b, 2.0 * a * b
        # the others: Horner's rule at complex w
        u, v = (r * cosine - 1.0) * scale, r * sine * scale
        x, y = 0.0, 0.0
        for j in range(TERMS - 1, -1, -1):
            x = sums[j] / (j + 1.0) - x
            x, y = x * u + y * v, x * v - y * u
        grow = math.exp(x - base)
        turn = y - c * theta
        ct, st = math.cos(turn) * grow, math.sin(turn) * grow
        real, imaginary = real * ct - imaginary * st, real * st + imaginary * ct
        # 1 / (1 − 1/z) = z / (z − 1)
        down = (r * cosine - 1.0) ** 2 + (r * sine) ** 2
        x, y = (r * (r - cosine)) / down, -(r * sine) / down
        value = real * x - imaginary * y
        if m == 0:
            first = abs(value)
            total = value
        else:
            total += value if 2 * m == points else 2.0 * value
            if math.hypot(real, imaginary) * math.hypot(x, y) < SMALL * first:
                break
    if total == 0.0:
        return -math.inf if t > 0 else 0.0
    peak = height + base - c * t + math.log(abs(total) / points)
    if t > 0:
        wrap = points * t
        if wrap > 30.0:  # r^−N is negligible against the tail
            return min(peak, 0.0)
        share = min(math.exp(-wrap - peak) / -math.expm1(-wrap), 1.0 - 1e-16)
        return min(peak + math.log1p(-share), 0.0)
    wrap = -points * t
    below = math.exp(peak) - math.exp(-wrap) / -math.expm1(-wrap)
    return math.log1p(-min(max(below, 0.0), 1.0 - 1e-16))


@kernel()
def poisson_binomial_tails(
    first: int,
    last: int,
    group_start: Array,
    left: Array,
    right: Array,
    count: Array,
    share: Array,
    size: Array,
    log_tail: Array,
    expected: Array,
) -> None:
    """Log P(X ≥ c) for the triples of groups first … last − 1.

    Parameters
    ----------
    group_start, left, right
        Triples group_start[g] … group_start[g + 1] − 1 have the classes left[g], right[g].
    count
        Shared objects of each triple; within a group non-increasing.
    share, size
        Probability of a pair of an actor and an object of each class, shape (A, K),
        non-increasing along a row, and objects per class, shape (K,).
    log_tail, expected
        Output: the log-probability of each triple and the mean of X.
    """
    classes = size.size
    p = np.empty(classes)
    x, q = np.empty(PIECE), np.empty(PIECE)
    tilted = np.empty(classes)
    sums = np.zeros(TERMS)
    for g in range(first, last):
        a, b = left[g], right[g]
        mean = 0.0
        sure, possible = 0, 0
        begin, stop = 0, 0
        for k in range(classes):
            p[k] = share[a, k] * share[b, k]
            mean += size[k] * p[k]
            if p[k] >= 1.0:
                sure += int(size[k])
                begin = k + 1
            if p[k] > 0.0:
                possible += int(size[k])
                stop = k + 1
        free = mean - sure
        sums[:] = 0.0
        front = stop
        scale = 0.0
        t = 0.0
        for e in range(group_start[g], group_start[g + 1]):
            c = count[e] - sure  # without the objects that both have for certain
            expected[e] = mean
            if c <= 0:
                log_tail[e] = 0.0
                continue
            if count[e] > possible:
                log_tail[e] = -math.inf
                continue
            target = c - 0.5
            if scale == 0.0 or target < free:
                t = min(max(math.log(target / free), 1.0 - STEEPEST), STEEPEST - 1.0)
            at = (p, size, begin, front, sums, scale)
            t, deviation = _saddle_point(at, target, free, t)
            reach = REACH / (math.exp(t) + 1.0)
            if scale == 0.0:
                scale = reach
            new = front
            while new > begin and p[new - 1] <= reach:
                new -= 1
            if new < front:
                _power_sums(p, size, new, front, scale, x, q, sums)
                front = new
            at = (p, size, begin, front, sums, scale)
            log_tail[e] = _integral_tail(at, c, t, deviation, tilted)


# hypergeometric ----------------------------------------------------------------------------


@inner
def _stirling_rest(n: float) -> float:
    """log n! minus Stirling's leading terms."""
    if n < 16.0:
        if n == 0.0:
            return 0.0
        return math.lgamma(n + 1.0) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2.0 * math.pi)
    s = 1.0 / (n * n)
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - s / 1188) * s) * s) * s) / n


@inner
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


@inner
def _log_binomial(x: float, n: float, p: float, q: float) -> Any:
    """Log-probability of the binomial distribution, q = 1 − p."""
    if x == 0.0:
        return n * (math.log1p(-p) if p < 0.5 else math.log(q)) if n > 0.0 else 0.0
    if x == n:
        return n * (math.log1p(-q) if q < 0.5 else math.log(p))
    peak = _stirling_rest(n) - _stirling_rest(x) - _stirling_rest(n - x)
    peak -= _deviance(x, n * p) + _deviance(n - x, n * q)
    return peak - 0.5 * (math.log(2.0 * math.pi * x) + math.log1p(-x / n))


@inner
def _log_probability(x: float, n: float, good: float, draws: float, factorials: Array) -> Any:
    """Log P(X = x): from log-factorials where given, else by Loader's expansion at the peak."""
    if factorials.size > 0:
        i, m, g, d = np.int64(x), np.int64(n), np.int64(good), np.int64(draws)
        inside = factorials[g] - factorials[i] - factorials[g - i]
        outside = factorials[m - g] - factorials[d - i] - factorials[m - g - d + i]
        return inside + outside - (factorials[m] - factorials[d] - factorials[m - d])
    p, q = draws / n, (n - draws) / n
    both = _log_binomial(x, good, p, q) + _log_binomial(draws - x, n - good, p, q)
    return both - _log_binomial(draws, n, p, q)


@inner
def _hypergeometric_log_tail(
    x: float, n: float, good: float, draws: float, factorials: Array
) -> Any:
    rest = n - good - draws
    if x <= max(0.0, -rest):
        return 0.0
    if x > min(good, draws):
        return -math.inf
    term = total = 1.0
    if x * n > good * draws:
        start = _log_probability(x, n, good, draws, factorials)
        while term > NEGLIGIBLE * total:
            term *= (good - x) * (draws - x) / ((x + 1.0) * (rest + x + 1.0))
            total += term
            x += 1.0
        return min(start + math.log(total), 0.0)
    # below the mean the complement is the smaller sum
    x -= 1.0
    start = _log_probability(x, n, good, draws, factorials)
    while term > NEGLIGIBLE * total:
        term *= x * (rest + x) / ((good - x + 1.0) * (draws - x + 1.0))
        total += term
        x -= 1.0
    return math.log1p(-min(math.exp(start + math.log(total)), 1.0 - 1e-16))


@kernel(error_model="numpy")
def hypergeometric_tails(
    first: int,
    last: int,
    left: Array,
    right: Array,
    count: Array,
    objects: int,
    factorials: Array,
    log_tail: Array,
    expected: Array,
) -> None:
    """Log P(X ≥ count) and E X of the overlap X of random sets of left[e] and right[e] `objects`.

    `factorials` holds log k! for k ≤ objects, or is empty.
    """
    n = float(objects)
    for e in range(first, last):
        a, b = float(left[e]), float(right[e])
        log_tail[e] = _hypergeometric_log_tail(float(count[e]), n, a, b, factorials)
        expected[e] = a * b / n


def log_hypergeometric_tail(
    observed: npt.ArrayLike, total: int, marked: npt.ArrayLike, drawn: npt.ArrayLike
) -> Floats:
    """Log P(X ≥ observed), X hypergeometric: the marked among `drawn` of `total`, `marked` marked.

    Arguments are whole numbers; all but the total broadcast against each other.

    Examples
    --------
    One draw of two from four, two of them marked: both marked in 1 of 6 cases.

    >>> round(float(np.exp(log_hypergeometric_tail(2, 4, 2, 2))), 12)
    0.166666666667
    """
    from scipy.special import gammaln

    arrays = np.broadcast_arrays(observed, marked, drawn)
    x, good, draws = (np.array(a, dtype=np.int64).ravel() for a in arrays)
    factorials = gammaln(np.arange(total + 1) + 1.0) if total <= TABULATED else np.empty(0)
    log_tail, expected = np.empty(x.size), np.empty(x.size)
    hypergeometric_tails(0, x.size, good, draws, x, total, factorials, log_tail, expected)
    return log_tail.reshape(arrays[0].shape)


# random matchings --------------------------------------------------------------------------


def _log_choose(n: Floats, k: Floats) -> Floats:
    from scipy.special import gammaln

    value: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return value


def log_matching_tail(observed: int, edges: int, stubs: int) -> float:
    r"""Log P(X ≥ observed), X the edges inside a set in a random matching of all stubs.

    Of the 2m stubs of m `edges`, `stubs` = k belong to the set. A random matching puts x edges
    inside with probability

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
    logs = _log_choose(m, x) + _log_choose(m - x, k - 2 * x) + (k - 2 * x) * np.log(2)
    logs -= _log_choose(2 * m, k)
    peak = float(logs.max())
    return min(0.0, peak + float(np.log(np.exp(logs - peak).sum())))


def probability(logs: Floats) -> Floats:
    """Probabilities from logs, at least the smallest normal float, as p-values are never 0."""
    return np.maximum(np.exp(logs), np.finfo(np.float64).tiny)
