"""Maximum-likelihood estimates of viewer parameters from the observations of a log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_ndtr

from graphkit.errors import DataError
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.log_evidence import LogObservations

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Sides = npt.NDArray[np.int8]
Ints = npt.NDArray[np.int64]

_MAX_STEPS = 100
_MIN_GAIN = 1e-9
"""Newton's method stops when a step gains less log likelihood than this."""
_MAX_LOG_ODDS = 40.0
"""Largest log-odds; beyond it the outcome counts as separated."""
_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Block:
    """Rows of one binary outcome; `where` maps its columns to the parameters."""

    x: Floats
    y: Flags
    offset: Floats
    account: Ints
    where: tuple[int, ...]


def linear_predictor(x: Floats, beta: Floats) -> Floats:
    """x · beta, row by row."""
    return np.asarray(np.einsum("ij,j->i", x, beta))


def _weighted_gram(x: Floats, weight: Floats | None = None) -> Floats:
    left = x if weight is None else x * weight[:, None]
    return np.asarray(np.einsum("ij,ik->jk", left, x))


def bernoulli_loglik(y: Flags, odds: Floats) -> Floats:
    """Log likelihood of each y under the log-odds."""
    return np.asarray(-np.logaddexp(0.0, np.where(y, -odds, odds)))


def censored_normal(y: Floats, side: Sides, mean: Floats, sd: float) -> Floats:
    """Log density of each y; at a limit, log probability of lying at or beyond it.

    `side` is −1 at the lower limit, 1 at the upper one, 0 between them.
    """
    z = (y - mean) / sd
    inside = -0.5 * z**2 - np.log(sd) - _HALF_LOG_2PI
    return np.asarray(np.where(side == 0, inside, log_ndtr(np.where(side < 0, z, -z))))


def fit_censored(
    y: Floats, side: Sides, x: Floats, account: Ints
) -> tuple[Floats, float, Floats] | None:
    """Coefficients, standard deviation, and covariance of (coefficients, log sd).

    In Olsen's (1978) parameters (beta / sd, 1 / sd) the likelihood is concave, so Newton's method
    finds its maximum. `None` if it does not converge.
    """
    beta = np.linalg.solve(_weighted_gram(x), np.einsum("ij,i->j", x, y))
    sd = float(np.sqrt(np.mean((y - linear_predictor(x, beta)) ** 2)))
    if sd <= 1e-9:  # without noise, there is no likelihood
        return None
    z = np.column_stack([x, -y])
    free = side == 0
    count = int(np.count_nonzero(free))
    sign = side.astype(np.float64)

    def loglik_terms(p: Floats) -> tuple[Floats, Floats, Floats]:
        """Log likelihood without log(1/sd), and its first and second derivative in z · p."""
        v = linear_predictor(z, p)
        at = sign * v
        log_tail = log_ndtr(at)
        mills = np.exp(-0.5 * at**2 - _HALF_LOG_2PI - log_tail)
        value = np.where(free, -0.5 * v**2, log_tail)
        slope = np.where(free, -v, sign * mills)
        curvature = np.where(free, -1.0, -mills * (at + mills))
        return value, slope, curvature

    def evaluate(p: Floats) -> tuple[float, Floats, Floats]:
        if p[-1] <= 0:
            return -np.inf, p, np.eye(p.size)
        value, slope, curvature = loglik_terms(p)
        gradient, hessian = np.einsum("ij,i->j", z, slope), _weighted_gram(z, curvature)
        gradient[-1] += count / p[-1]
        hessian[-1, -1] -= count / p[-1] ** 2
        return float(value.sum() + count * np.log(p[-1])), gradient, hessian

    found = _newton_maximum(evaluate, np.append(beta / sd, 1 / sd))
    if found is None:
        return None
    p, hessian = found
    scores = z * loglik_terms(p)[1][:, None]
    scores[:, -1] += free / p[-1]
    covariance = _sandwich_covariance(
        hessian, _sum_by_account(scores, account, int(account.max()) + 1)
    )
    beta, sd = p[:-1] / p[-1], float(1 / p[-1])
    turn = np.zeros((p.size, p.size))
    turn[:-1, :-1] = np.eye(p.size - 1) * sd
    turn[:-1, -1] = -beta * sd
    turn[-1, -1] = -sd
    return beta, sd, turn @ covariance @ turn.T


def fit_logistic(blocks: list[Block], size: int) -> tuple[Floats, Floats] | None:
    """`size` log-odds parameters of all blocks together, and their covariance.

    `None` if the likelihood has no maximum, for example if a factor separates the outcome.
    """

    def evaluate(p: Floats) -> tuple[float, Floats, Floats]:
        value, gradient, hessian = 0.0, np.zeros(size), np.zeros((size, size))
        for block in blocks:
            where = list(block.where)
            odds = block.offset + linear_predictor(block.x, p[where])
            chance = expit(odds)
            value += float(bernoulli_loglik(block.y, odds).sum())
            gradient[where] += np.einsum("ij,i->j", block.x, block.y - chance)
            hessian[np.ix_(where, where)] -= _weighted_gram(block.x, chance * (1 - chance))
        return value, gradient, hessian

    start = np.zeros(size)
    for block in blocks:  # the first column of a block is its constant
        rate = (np.count_nonzero(block.y) + 0.5) / (block.y.size + 1.0)
        start[block.where[0]] = np.log(rate / (1 - rate))
    found = _newton_maximum(evaluate, start)
    if found is None or np.abs(found[0]).max() > _MAX_LOG_ODDS:
        return None
    p, hessian = found
    accounts = max(int(b.account.max()) for b in blocks) + 1
    total = np.zeros((accounts, size))
    for block in blocks:
        rest = block.y - expit(block.offset + linear_predictor(block.x, p[list(block.where)]))
        total[:, list(block.where)] += _sum_by_account(
            block.x * rest[:, None], block.account, accounts
        )
    return p, _sandwich_covariance(hessian, total)


def _newton_maximum(
    evaluate: Callable[[Floats], tuple[float, Floats, Floats]], start: Floats
) -> tuple[Floats, Floats] | None:
    """Maximiser and Hessian, by Newton's method with step halving; `None` if it fails."""
    p = start
    value, gradient, hessian = evaluate(p)
    for _ in range(_MAX_STEPS):
        try:
            step = np.linalg.solve(-hessian, gradient)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all():
            return None
        if abs(float(gradient @ step)) < _MIN_GAIN:
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


def _sum_by_account(scores: Floats, account: Ints, accounts: int) -> Floats:
    columns = [np.bincount(account, scores[:, j], accounts) for j in range(scores.shape[1])]
    return np.column_stack(columns)


def _sandwich_covariance(hessian: Floats, scores: Floats) -> Floats:
    """Cluster-robust (sandwich) covariance, with accounts as clusters."""
    scores = scores[scores.any(axis=1)]
    groups = scores.shape[0]
    bread = np.linalg.inv(-hessian)
    return np.asarray(bread @ _weighted_gram(scores) @ bread * (groups / max(groups - 1, 1)))


#: Limits of the censored watch fractions.
EDGES = (0.01, 0.99)
#: Fewest cases, and fewest non-cases, of a fitted outcome.
MIN_CASES = 10
#: The reactions that are fitted, in the order of their parameters.
FITTED_REACTIONS = ("like", "comment", "share", "follow", "duet", "stitch")


@dataclass(frozen=True)
class Estimate:
    """Estimate of one parameter; without a value, the parameter keeps its given number."""

    parameter: str
    value: float | None
    error: float | None
    n: int
    status: str = "estimated"
    why: str = ""


def _keep_given(parameter: str, why: str, n: int = 0) -> Estimate:
    return Estimate(parameter, None, None, n, "not estimable", why)


def watch_rows(log: LogObservations) -> Flags:
    """Rows with a watch fraction and an interest that was learned from other rows."""
    return ~np.isnan(log.watch) & ~np.isnan(log.interest)


def logit_watch(watch: Floats) -> tuple[Floats, Sides]:
    """Logit of watch fractions, censored at `EDGES`, and the side: −1, 0 (inside), 1."""
    low, high = EDGES
    cut = np.clip(watch, low, high)
    side = (watch >= high).astype(np.int8) - (watch <= low).astype(np.int8)
    return np.log(cut / (1 - cut)), side


def watch_mean(b: Behaviour, log: LogObservations, rows: Flags) -> Floats:
    """Mean logit of the watch fraction."""
    s = b.social_share
    taste = (1 - s) * log.interest[rows] + s * log.social[rows]
    return (
        b.watch_base
        + b.watch_taste * taste
        + b.watch_quality * log.quality[rows]
        - b.watch_length * log.length[rows]
        - b.fatigue * log.repeats[rows]
    )


def watch_loglik(b: Behaviour, log: LogObservations, rows: Flags) -> Floats | None:
    """Log likelihood of each row; `None` without noise."""
    sd = abs(b.watch_taste * b.noise)
    y, side = logit_watch(log.watch[rows])
    return censored_normal(y, side, watch_mean(b, log, rows), sd) if sd > 0 else None


def fit_watch(
    given: Behaviour, log: LogObservations, train: Flags, *, keep_share: bool
) -> list[Estimate]:
    """Estimate social_share (unless kept), the four watch_ parameters, fatigue and noise."""
    rows = train & watch_rows(log)
    y, side = logit_watch(log.watch[rows])
    inside = int(np.count_nonzero(side == 0))
    if inside < MIN_CASES:
        raise DataError(
            f"calibrate: {inside} of {side.size:,} watch fractions lie between {EDGES[0]} and "
            f"{EDGES[1]}; at least {MIN_CASES} are needed to fit how long posts are watched."
        )
    interest, social = log.interest[rows], log.social[rows]
    columns = {
        "watch_quality": log.quality[rows],
        "watch_length": -log.length[rows],
        "fatigue": -log.repeats[rows],
    }
    account, n = log.account[rows], int(side.size)
    share = _keep_given(
        "social_share",
        log.missing.get("social_share", "no followee was active on a post before it was shown"),
    )
    s = given.social_share
    if keep_share:
        share = Estimate("social_share", None, None, n, "not estimated", "it was to be kept")
    elif np.count_nonzero(social) >= MIN_CASES:
        both = {"interest": interest, "social": social}
        share = _estimate_share(_fit_watch_model(given, y, side, both | columns, account), s, n)
        s = s if share.value is None else share.value
    columns = {"watch_taste": (1 - s) * interest + s * social} | columns
    model = _fit_watch_model(given, y, side, columns, account)
    if model is None:
        raise DataError("calibrate: watch fractions follow from the factors without any noise.")
    if share.status == "estimated" and not log.planted:
        why = "tastes are learned, and followees resemble the viewer in what they miss"
        share = replace(share, status="upper bound", why=why)
    found = [share]
    for name in ("watch_base", "watch_taste", "watch_quality", "watch_length", "fatigue"):
        if name in model.names:
            found.append(Estimate(name, model.value(name), model.error(name), n))
        else:
            found.append(_keep_given(name, log.missing.get(name, "it does not vary in the log")))
    return [*found, _estimate_noise(given, model, n)]


@dataclass(frozen=True)
class _WatchFit:
    names: tuple[str, ...]
    beta: Floats
    sd: float
    covariance: Floats

    def value(self, name: str) -> float:
        return float(self.beta[self.names.index(name)])

    def error(self, name: str) -> float:
        at = self.names.index(name)
        return float(np.sqrt(self.covariance[at, at]))


def _fit_watch_model(
    given: Behaviour, y: Floats, side: Sides, columns: dict[str, Floats], account: Ints
) -> _WatchFit | None:
    """Censored regression on linearly independent columns; other parameters keep their values."""
    names = _independent_columns({"watch_base": np.ones(y.size)} | columns)
    offset = np.zeros(y.size)
    for name, column in columns.items():
        if name not in names and hasattr(given, name):
            offset = offset + getattr(given, name) * column
    x = np.column_stack([np.ones(y.size), *(columns[n] for n in names[1:])])
    found = fit_censored(y - offset, side, x, account)
    return None if found is None else _WatchFit(names, *found)


def _independent_columns(columns: dict[str, Floats]) -> tuple[str, ...]:
    """Names of the columns that are linearly independent of those before them."""
    basis: list[Floats] = []
    names = []
    for name, column in columns.items():
        rest = column.astype(np.float64)
        for vector in basis:
            rest = rest - vector * float((vector * rest).sum())
        length = float(np.sqrt((rest**2).sum()))
        if length > 1e-6 * max(float(np.sqrt((column**2).sum())), 1e-300):
            basis.append(rest / length)
            names.append(name)
    return tuple(names)


def _estimate_share(model: _WatchFit | None, given: float, n: int) -> Estimate:
    """Estimate s = social / (interest + social) from the two effects (delta method)."""
    name = "social_share"
    if model is None or not {"interest", "social"} <= set(model.names):
        return _keep_given(name, "the effects of interest and followees are collinear", n)
    i, j = model.names.index("interest"), model.names.index("social")
    a, b = float(model.beta[i]), float(model.beta[j])
    total = a + b
    spread = model.covariance[np.ix_([i, j], [i, j])]
    if abs(total) < 2 * float(np.sqrt(spread.sum())):
        return _keep_given(name, "taste has no effect that could be divided", n)
    slope = np.array([-b, a]) / total**2
    error = float(np.sqrt(slope @ spread @ slope))
    if 0 <= b / total <= 1:
        return Estimate(name, b / total, error, n)
    edge = float(np.clip(b / total, 0, 1))
    return Estimate(name, edge, error, n, "at its edge", f"the best value is {b / total:.3f}")


def _estimate_noise(given: Behaviour, model: _WatchFit, n: int) -> Estimate:
    """Estimate noise = sd / |watch_taste| (delta method)."""
    if "watch_taste" not in model.names:
        taste, error_taste, covary = given.watch_taste, 0.0, 0.0
    else:
        at = model.names.index("watch_taste")
        taste, error_taste = float(model.beta[at]), model.error("watch_taste")
        covary = float(model.covariance[at, -1])
    if taste == 0:
        return _keep_given("noise", "watch_taste is 0", n)
    value = model.sd / abs(taste)
    variance = model.covariance[-1, -1] + (error_taste / taste) ** 2 - 2 * covary / taste
    error = value * float(np.sqrt(max(variance, 0.0)))
    if abs(taste) < 2 * error_taste:
        why = "watch_taste is within two standard errors of 0; their product is well determined"
        return Estimate("noise", value, error, n, "weak", why)
    return Estimate("noise", value, error, n)


def reaction_rows(name: str, log: LogObservations) -> Flags:
    """Rows on which a reaction can be observed."""
    rows = ~np.isnan(log.watch)
    return rows & log.at_risk if name == "follow" else rows


def reaction_odds(
    name: str, b: Behaviour, log: LogObservations, rows: Flags, watch: Floats
) -> Floats:
    """Log-odds of a reaction given the watch fractions."""
    odds = getattr(b, f"{name}_base") + b.reaction_slope * (watch - 0.5)
    if name == "comment":
        odds = odds + b.comment_divisive * log.divisive[rows]
    if name == "share":
        odds = odds + b.share_flagged * log.flagged[rows]
    return np.asarray(odds)


_EXTRA = {"comment": "comment_divisive", "share": "share_flagged"}


def fit_reactions(given: Behaviour, log: LogObservations, train: Flags) -> list[Estimate]:
    """Estimate the reactions' log-odds and slope, comment_divisive and share_flagged."""
    names = ["reaction_slope"]
    blocks: list[Block] = []
    skipped: list[Estimate] = []
    rows_of: dict[str, int] = {}
    for name in FITTED_REACTIONS:
        base, extra = f"{name}_base", _EXTRA.get(name)
        rows = train & reaction_rows(name, log)
        why = log.missing.get(base, "") or _why_too_few(log.reactions.get(name), rows)
        if why:
            skipped += [_keep_given(p, why) for p in (base, extra) if p]
            continue
        y = log.reactions[name][rows]
        x, where = [np.ones(y.size), log.watch[rows] - 0.5], [len(names), 0]
        names.append(base)
        rows_of[base] = y.size
        offset = np.zeros(y.size)
        if extra:
            column = (log.divisive if name == "comment" else log.flagged)[rows]
            why = log.missing.get(extra, "") or _why_constant(column, y)
            if why:
                offset = getattr(given, extra) * column
                skipped.append(_keep_given(extra, why, y.size))
            else:
                x.append(column)
                where.append(len(names))
                names.append(extra)
                rows_of[extra] = y.size
        blocks.append(Block(np.column_stack(x), y, offset, log.account[rows], tuple(where)))
    if not blocks:
        return [*skipped, _keep_given("reaction_slope", "no reaction can be fitted")]
    rows_of["reaction_slope"] = sum(block.y.size for block in blocks)
    return skipped + _estimate_logit(names, blocks, rows_of)


def _why_too_few(y: Flags | None, rows: Flags) -> str:
    if y is None:
        return "the log does not hold it"
    happened = int(np.count_nonzero(y[rows]))
    if happened < MIN_CASES:
        return f"it happened {happened} times; at least {MIN_CASES} are needed"
    if np.count_nonzero(rows) - happened < MIN_CASES:
        return f"it failed to happen fewer than {MIN_CASES} times"
    return ""


def _why_constant(column: Floats, y: Flags) -> str:
    if np.ptp(column) == 0:
        return "it does not vary in the log"
    if set(np.unique(column)) == {0.0, 1.0}:
        cells = [np.count_nonzero(y[column == v] == o) for v in (0, 1) for o in (False, True)]
        if min(cells) < MIN_CASES:
            return f"only {min(cells)} rows tell; at least {MIN_CASES} are needed"
    return ""


def _estimate_logit(
    names: list[str], blocks: list[Block], rows_of: dict[str, int]
) -> list[Estimate]:
    found = fit_logistic(blocks, len(names))
    if found is None:
        why = "the likelihood has no maximum: a factor does not vary, or decides the outcome alone"
        return [_keep_given(name, why, rows_of[name]) for name in names]
    values, covariance = found
    errors = np.sqrt(np.diag(covariance))
    return [
        Estimate(name, float(v), float(log), rows_of[name])
        for name, v, log in zip(names, values, errors, strict=True)
    ]


def stop_rows(log: LogObservations) -> Flags:
    """Rows after which the session is known to have ended or continued."""
    return ~np.isnan(log.watch) & (log.ended >= 0)


def stop_odds(b: Behaviour, watch: Floats) -> Floats:
    """Log-odds that the session ends, given the watch fraction of the latest post."""
    return b.stop_base - b.stop_slope * (watch - 0.5)


def fit_stop(log: LogObservations, train: Flags) -> list[Estimate]:
    """Estimate stop_base and stop_slope."""
    names = ["stop_base", "stop_slope"]
    rows = train & stop_rows(log)
    y = log.ended == 1
    why = log.missing.get("stop_base", "") or _why_too_few(y, rows)
    if why:
        return [_keep_given(name, why) for name in names]
    x = np.column_stack([np.ones(np.count_nonzero(rows)), 0.5 - log.watch[rows]])
    block = Block(x, y[rows], np.zeros(x.shape[0]), log.account[rows], (0, 1))
    return _estimate_logit(names, [block], dict.fromkeys(names, x.shape[0]))


def fit_activity(log: LogObservations) -> list[Estimate]:
    """Estimate activity: share of ticks in which accounts that ever appear open the feed."""
    shares = log.opened[(log.opened >= 0) & ~log.account_held] / max(log.ticks, 1)
    if "activity" in log.missing:
        return [_keep_given("activity", log.missing["activity"])]
    value = float(shares.mean()) if shares.size else 0.0
    if value == 0:
        return [_keep_given("activity", "no session begins in a whole tick")]
    error = float(shares.std(ddof=1) / np.sqrt(shares.size)) if shares.size > 1 else 0.0
    return [Estimate("activity", value, error, int(shares.size * log.ticks))]


def null_watch(log: LogObservations, train: Flags, held: Flags) -> Floats | None:
    """Log likelihood of held-out rows under one mean and one variance."""
    rows = train & watch_rows(log)
    y, side = logit_watch(log.watch[rows])
    x = np.ones((y.size, 1))
    found = fit_censored(y, side, x, log.account[rows])
    if found is None:
        return None
    y, side = logit_watch(log.watch[held])
    return censored_normal(y, side, linear_predictor(np.ones((y.size, 1)), found[0]), found[1])
