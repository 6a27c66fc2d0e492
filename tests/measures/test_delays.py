"""Delays: exact maximum likelihood, truncation on both sides, steps, and what is not determined."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from graphkit.errors import DataError
from graphkit.measures import fit_delays

MU, SIGMA = 1.5, 1.2


def drawn(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.exp(MU + SIGMA * rng.standard_normal(n))


def collected(n: int, first: float, last: float, seed: int) -> tuple[np.ndarray, ...]:
    """Delays of answers made in [0, last], to posts of [first, last], and their windows."""
    rng = np.random.default_rng(seed)
    post = rng.uniform(first, last, n)
    delay = drawn(n, rng)
    kept = (post + delay >= 0) & (post + delay <= last)
    return delay[kept], np.maximum(-post[kept], 0), last - post[kept]


def test_without_a_window_it_is_the_closed_form() -> None:
    delays = drawn(200, np.random.default_rng(1))
    found = fit_delays(delays)
    logs = np.log(delays)
    assert found.mu == pytest.approx(logs.mean(), abs=1e-6)
    assert found.sigma == pytest.approx(logs.std(), abs=1e-6)
    # without groups the sandwich is near the textbook errors σ/√n and σ/√2n
    assert found.mu_se == pytest.approx(logs.std() / np.sqrt(200), rel=0.02)
    assert found.sigma_se == pytest.approx(logs.std() / np.sqrt(400), rel=0.2)
    distance = stats.kstest(logs, "norm", args=(logs.mean(), logs.std())).statistic
    assert found.distance == pytest.approx(distance, abs=1e-6)
    assert found.cdf(np.exp(found.mu)) == pytest.approx(0.5)


@pytest.mark.parametrize(("first", "seed"), [(0.0, 3), (-60.0, 4)])
def test_what_the_window_cuts_is_corrected(first: float, seed: int) -> None:
    delays, low, high = collected(30_000, first, 15.0, seed)
    naive, found = fit_delays(delays), fit_delays(delays, lowest=low, highest=high)
    assert abs(found.mu - MU) < 4 * found.mu_se
    assert abs(found.sigma - SIGMA) < 4 * found.sigma_se
    assert found.mu_se < 0.1
    if first == 0:  # under posts made at all times alike, what is cut at both ends evens out
        assert naive.mu < MU - 0.4
    assert found.distance < 0.015
    # observed and expected shares agree, those without windows do not
    frame = found.frame
    assert np.abs(frame["observed"] - frame["expected"]).max() < 0.015
    assert frame["fitted"].to_list() == pytest.approx(
        [float(stats.norm.cdf((np.log(d) - found.mu) / found.sigma)) for d in (1, 7, 30, 90)]
    )


def test_likelihood_is_the_truncated_density() -> None:
    delays, low, high = collected(400, -20.0, 10.0, 5)
    found = fit_delays(delays, lowest=low, highest=high)

    def loss(mu: float, sigma: float) -> float:
        shape = stats.lognorm(sigma, scale=np.exp(mu))
        return -float((shape.logpdf(delays) - np.log(shape.cdf(high) - shape.cdf(low))).sum())

    best = loss(found.mu, found.sigma)
    for move in (-1e-2, 1e-2):
        assert loss(found.mu + move, found.sigma) > best
        assert loss(found.mu, found.sigma + move) > best


def test_expected_shares_by_integration() -> None:
    found = fit_delays([0.5, 1.0, 2.0, 8.0], lowest=[0, 0.5, 0, 4], highest=[1, 9, 9, 20])
    shape = stats.lognorm(found.sigma, scale=np.exp(found.mu))
    by_hand = []
    for low, high in zip(found.lowest, found.highest, strict=True):
        total, _ = integrate.quad(shape.pdf, low, high)
        part, _ = integrate.quad(shape.pdf, low, max(low, min(high, 2.0)))
        by_hand.append(part / total)
    assert found.expected([2.0])[0] == pytest.approx(np.mean(by_hand), abs=1e-6)
    # of other windows: all delays that can be seen are within their end
    assert found.expected([5.0], lowest=[0.0], highest=[5.0])[0] == pytest.approx(1)


def test_steps_are_intervals() -> None:
    rng = np.random.default_rng(6)
    delays = drawn(15_000, rng)
    steps = np.rint(delays / 0.5) * 0.5
    found = fit_delays(steps, width=0.5)
    assert (steps == 0).any()
    assert abs(found.mu - MU) < 4 * found.mu_se
    assert abs(found.sigma - SIGMA) < 4 * found.sigma_se


def test_groups_widen_the_intervals() -> None:
    delays = np.repeat(drawn(60, np.random.default_rng(7)), 5)
    groups = np.repeat(np.arange(60), 5)
    apart, together = fit_delays(delays), fit_delays(delays, groups=groups)
    assert together.mu == pytest.approx(apart.mu)
    assert together.mu_se == pytest.approx(apart.mu_se * np.sqrt(5), rel=0.02)
    width = [f.frame["high"][1] - f.frame["low"][1] for f in (apart, together)]
    assert width[1] > 2 * width[0]


def test_too_little_determines_nothing() -> None:
    found = fit_delays([1.0, 2.0])
    assert not found.fitted
    assert found.frame["fitted"].null_count() == 4
    assert "not determined" in repr(found)
    # heavier than any lognormal cut there: the likelihood rises without end
    rng = np.random.default_rng(8)
    flat = np.exp(-(rng.exponential(size=300) ** 2))
    assert not fit_delays(flat, highest=np.ones(300)).fitted
    assert not fit_delays([]).fitted


def test_wrong_delays() -> None:
    with pytest.raises(DataError, match="0 is not positive"):
        fit_delays([0.0, 1.0])
    with pytest.raises(DataError, match="delay 1 is 5 days, outside its window of 0 … 3"):
        fit_delays([1.0, 5.0], highest=[3.0, 3.0])
    wrong = (
        [9.0],
        [1.0, np.nan],
        [1.0, np.inf],
        [-1.0, 2.0],
        ["a", "b"],
        [None, 1.0],
        3,
        [[1.0], [2.0]],
    )
    for array in wrong:
        for name in ("lowest", "highest"):
            with pytest.raises(DataError, match=f"{name}: "):
                fit_delays([1.0, 5.0], **{name: array})
    for array in wrong[1:]:
        with pytest.raises(DataError, match="delays: "):
            fit_delays(array)
    with pytest.raises(DataError, match="groups: integers"):
        fit_delays([1.0, 5.0], groups=[0, -1])
    for kind in (np.int8, np.uint8, np.uint64, np.float32):
        assert fit_delays(np.array([1, 2, 5], kind)).mu == fit_delays([1, 2, 5]).mu


def test_days_between_two_steps_count_whole_steps_only() -> None:
    """In steps of two days, within one day is a delay of 0, which stands for less than one."""
    rng = np.random.default_rng(5)
    exact = drawn(20_000, rng)
    found = fit_delays(2.0 * np.round(exact / 2), width=2.0, days=(1.0, 2.0, 7.0))
    frame = found.frame
    truth = [np.mean(exact <= upto) for upto in (1.0, 3.0, 7.0)]
    assert frame["observed"].to_list() == pytest.approx(truth)
    assert frame["expected"].to_list() == pytest.approx(truth, abs=0.01)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.9, 0.97])
@pytest.mark.parametrize("groups", [10, 30, 100])
def test_bounds_of_shares_hold_them(groups: int, share: float) -> None:
    """Shares near 0 and 1, of groups that are alike: nine in ten are held, and none is without.

    A share ± t standard errors has no bounds where all or none are within, 4 to 81 % of these, and
    else a bound below 0 or above 1 in up to 78 %.
    """
    rng = np.random.default_rng(groups)
    held = 0
    for _ in range(150):
        of_group = rng.beta(4 * share, 4 * (1 - share), groups)
        code = np.repeat(np.arange(groups), 1 + rng.poisson(2, groups))
        within = rng.random(code.size) < of_group[code]
        row = fit_delays(np.where(within, 0.5, 3.0), groups=code).frame.row(0, named=True)
        assert 0 <= row["low"] <= row["observed"] <= row["high"] <= 1
        assert row["low"] < row["high"]
        held += row["low"] <= share <= row["high"]
    # 0.88 is five in a thousand of 150 at 0.95
    assert held >= 0.88 * 150


def test_bounds_of_shares_by_hand() -> None:
    """Without groups it is Wilson's interval with a t quantile; n − 1 of n values tell the error."""
    found = fit_delays([0.5] * 3 + [2.0, 3.0, 4.0, 5.0]).frame.row(0, named=True)
    r, n, t = 3 / 7, 6, stats.t.ppf(0.975, 6)
    middle, half = (r + t**2 / 2 / n), t * np.sqrt(r * (1 - r) / n + t**2 / 4 / n**2)
    assert found["low"] == pytest.approx((middle - half) / (1 + t**2 / n))
    assert found["high"] == pytest.approx((middle + half) / (1 + t**2 / n))
