"""Likelihoods: Newton's maxima held against a general optimiser and differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, log_ndtr

from graphkit.simulation.likelihood import EDGES, Block, fit_censored, fit_logistic, logit_watch


def errors_of(loss: Callable[[np.ndarray], float], p: np.ndarray, step: float = 1e-3) -> np.ndarray:
    """Standard errors from second differences of a loss."""
    n = p.size
    moves = np.eye(n) * step
    bend = np.array(
        [
            [loss(p + a + b) - loss(p + a - b) - loss(p - a + b) + loss(p - a - b) for b in moves]
            for a in moves
        ]
    )
    return np.sqrt(np.diag(np.linalg.inv(bend / (4 * step**2))))


def test_the_censored_regression_is_the_maximum() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(600), rng.normal(size=(600, 2))])
    watch = expit(x @ [2.5, 2.0, -0.5] + 1.3 * rng.standard_normal(600))
    y, side = logit_watch(watch)
    assert (side > 0).mean() > 0.15
    assert set(np.unique(side)) == {-1, 0, 1}
    found = fit_censored(y, side, x, np.arange(600) // 3)
    assert found is not None
    beta, sd, covariance = found

    def loss(p: np.ndarray) -> float:
        z = (y - x @ p[:-1]) / np.exp(p[-1])
        inside = -0.5 * z**2 - p[-1]
        return -np.where(side == 0, inside, log_ndtr(np.where(side < 0, z, -z))).sum()

    slow = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-6})
    assert np.append(beta, np.log(sd)) == pytest.approx(slow.x, abs=1e-4)
    errors = np.sqrt(np.diag(covariance))
    assert errors == pytest.approx(errors_of(loss, slow.x), rel=0.15)
    assert (np.abs(beta - [2.5, 2.0, -0.5]) < 4 * errors[:-1]).all()
    # a line through cut values would be too flat
    cut = np.linalg.lstsq(x, y, rcond=None)[0]
    assert cut[1] < 1.6 < beta[1]


def test_edges_hold_replays_and_zeros() -> None:
    y, side = logit_watch(np.array([0.0, 0.01, 0.5, 0.99, 1.0]))
    assert side.tolist() == [-1, -1, 0, 1, 1]
    assert expit(y) == pytest.approx([EDGES[0], EDGES[0], 0.5, EDGES[1], EDGES[1]])


def test_logistic_blocks_share_a_slope() -> None:
    rng = np.random.default_rng(2)
    w = rng.random(4000) - 0.5
    ones, account = np.ones(4000), np.arange(4000) // 4
    blocks = [
        Block(
            np.column_stack([ones, w]),
            rng.random(4000) < expit(base + 2 * w),
            np.zeros(4000),
            account,
            (at, 0),
        )
        for at, base in ((1, -1.0), (2, 0.5))
    ]
    found = fit_logistic(blocks, 3)
    assert found is not None

    def loss(p: np.ndarray) -> float:
        odds = [p[b.where[0]] + p[0] * w for b in blocks]
        return sum(
            np.logaddexp(0, np.where(b.y, -o, o)).sum() for b, o in zip(blocks, odds, strict=True)
        )

    slow = minimize(loss, np.zeros(3), method="BFGS")
    assert found[0] == pytest.approx(slow.x, abs=1e-4)
    assert np.sqrt(np.diag(found[1])) == pytest.approx(errors_of(loss, slow.x), rel=0.1)
    apart = Block(np.column_stack([ones, w]), w > 0, np.zeros(4000), account, (0, 1))
    assert fit_logistic([apart], 2) is None
