"""Likelihoods of outcomes: a censored normal one and logistic ones that share parameters.

Sums run over rows in their given order and never through BLAS, so that a result depends
neither on the number of threads nor on how rows are cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_ndtr

__all__ = [
    "Block", "Floats", "bernoulli", "censored_normal", "fit_censored", "fit_logistic", "linear",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_ROUNDS = 100
_ENOUGH = 1e-9
"""Newton stops when another step would gain less log likelihood than this."""
_FARTHEST = 40.0
"""A log-odds beyond this is one that runs away: the outcome is separated."""
_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Block:
    """Rows of one binary outcome; `where` are the places of its columns among all parameters."""

    x: Floats
    y: npt.NDArray[np.bool_]
    offset: Floats
    account: Codes
    where: tuple[int, ...]


def linear(x: Floats, beta: Floats) -> Floats:
    """x · beta, row by row."""
    return np.asarray(np.einsum("ij,j->i", x, beta))


def _gram(x: Floats, weight: Floats | None = None) -> Floats:
    left = x if weight is None else x * weight[:, None]
    return np.asarray(np.einsum("ij,ik->jk", left, x))


def bernoulli(y: npt.NDArray[np.bool_], odds: Floats) -> Floats:
    """Log likelihood of each y under the log-odds."""
    return np.asarray(-np.logaddexp(0.0, np.where(y, -odds, odds)))


def censored_normal(y: Floats, side: npt.NDArray[np.int8], mean: Floats, sd: float) -> Floats:
    """Log density of each y; at a limit, log probability of lying at or beyond it.

    `side` is −1 at the lower limit, 1 at the upper one, 0 between them.
    """
    z = (y - mean) / sd
    inside = -0.5 * z**2 - np.log(sd) - _HALF_LOG_2PI
    return np.asarray(np.where(side == 0, inside, log_ndtr(np.where(side < 0, z, -z))))


def fit_censored(
    y: Floats, side: npt.NDArray[np.int8], x: Floats, account: Codes
) -> tuple[Floats, float, Floats] | None:
    """Coefficients, standard deviation, and covariance of (coefficients, log sd).

    Olsen's (1978) parameters (beta / sd, 1 / sd) make the likelihood concave, so that
    Newton's steps find its one maximum. `None` if they do not.
    """
    beta = np.linalg.solve(_gram(x), np.einsum("ij,i->j", x, y))
    sd = float(np.sqrt(np.mean((y - linear(x, beta)) ** 2)))
    if sd <= 1e-9:  # without noise, there is no likelihood
        return None
    z = np.column_stack([x, -y])
    free = side == 0
    count = int(np.count_nonzero(free))
    sign = side.astype(np.float64)

    def parts(p: Floats) -> tuple[Floats, Floats, Floats]:
        """Log likelihood without its log(1/sd), its slope and its bend in z · p."""
        v = linear(z, p)
        at = sign * v
        log_tail = log_ndtr(at)
        mills = np.exp(-0.5 * at**2 - _HALF_LOG_2PI - log_tail)
        value = np.where(free, -0.5 * v**2, log_tail)
        slope = np.where(free, -v, sign * mills)
        bend = np.where(free, -1.0, -mills * (at + mills))
        return value, slope, bend

    def evaluate(p: Floats) -> tuple[float, Floats, Floats]:
        if p[-1] <= 0:
            return -np.inf, p, np.eye(p.size)
        value, slope, bend = parts(p)
        gradient, hessian = np.einsum("ij,i->j", z, slope), _gram(z, bend)
        gradient[-1] += count / p[-1]
        hessian[-1, -1] -= count / p[-1] ** 2
        return float(value.sum() + count * np.log(p[-1])), gradient, hessian

    found = _newton(evaluate, np.append(beta / sd, 1 / sd))
    if found is None:
        return None
    p, hessian = found
    scores = z * parts(p)[1][:, None]
    scores[:, -1] += free / p[-1]
    covariance = _sandwich(hessian, _by_account(scores, account, int(account.max()) + 1))
    beta, sd = p[:-1] / p[-1], float(1 / p[-1])
    turn = np.zeros((p.size, p.size))
    turn[:-1, :-1] = np.eye(p.size - 1) * sd
    turn[:-1, -1] = -beta * sd
    turn[-1, -1] = -sd
    return beta, sd, turn @ covariance @ turn.T


def fit_logistic(blocks: list[Block], size: int) -> tuple[Floats, Floats] | None:
    """`size` log-odds parameters of all blocks together, and their covariance.

    `None` where the likelihood has no maximum, as when a factor separates the outcome.
    """

    def evaluate(p: Floats) -> tuple[float, Floats, Floats]:
        value, gradient, hessian = 0.0, np.zeros(size), np.zeros((size, size))
        for block in blocks:
            where = list(block.where)
            odds = block.offset + linear(block.x, p[where])
            chance = expit(odds)
            value += float(bernoulli(block.y, odds).sum())
            gradient[where] += np.einsum("ij,i->j", block.x, block.y - chance)
            hessian[np.ix_(where, where)] -= _gram(block.x, chance * (1 - chance))
        return value, gradient, hessian

    start = np.zeros(size)
    for block in blocks:  # the first column of a block is its constant
        rate = (np.count_nonzero(block.y) + 0.5) / (block.y.size + 1.0)
        start[block.where[0]] = np.log(rate / (1 - rate))
    found = _newton(evaluate, start)
    if found is None or np.abs(found[0]).max() > _FARTHEST:
        return None
    p, hessian = found
    accounts = max(int(b.account.max()) for b in blocks) + 1
    total = np.zeros((accounts, size))
    for block in blocks:
        rest = block.y - expit(block.offset + linear(block.x, p[list(block.where)]))
        total[:, list(block.where)] += _by_account(block.x * rest[:, None], block.account, accounts)
    return p, _sandwich(hessian, total)


def _newton(
    evaluate: Callable[[Floats], tuple[float, Floats, Floats]], start: Floats
) -> tuple[Floats, Floats] | None:
    """Place and bend of a maximum, by Newton's steps, halved until they climb."""
    p = start
    value, gradient, hessian = evaluate(p)
    for _ in range(_ROUNDS):
        try:
            step = np.linalg.solve(-hessian, gradient)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all():
            return None
        if abs(float(gradient @ step)) < _ENOUGH:
            return p, hessian
        for _ in range(40):
            new = evaluate(p + step)
            if new[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2
        else:
            return None
        p = p + step
        value, gradient, hessian = new
    return None


def _by_account(scores: Floats, account: Codes, accounts: int) -> Floats:
    columns = [np.bincount(account, scores[:, j], accounts) for j in range(scores.shape[1])]
    return np.column_stack(columns)


def _sandwich(hessian: Floats, scores: Floats) -> Floats:
    """Covariance that holds however the rows of one account depend on each other."""
    scores = scores[scores.any(axis=1)]
    groups = scores.shape[0]
    bread = np.linalg.inv(-hessian)
    return np.asarray(bread @ _gram(scores) @ bread * (groups / max(groups - 1, 1)))
