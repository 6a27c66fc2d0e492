"""Parameters of viewers fitted to the evidence of a log, one outcome after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_ndtr

from graphkit.errors import DataError
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.log_evidence import Evidence

__all__ = [
    "EDGES",
    "FEWEST",
    "REACTED",
    "Block",
    "Floats",
    "Found",
    "bernoulli",
    "fit_activity",
    "fit_censored",
    "fit_logistic",
    "fit_reactions",
    "fit_stop",
    "fit_watch",
    "logit_watch",
    "reaction_odds",
    "reaction_rows",
    "stop_odds",
    "stop_rows",
    "watch_loglik",
    "watch_mean",
    "watch_rows",
]

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


Flags = npt.NDArray[np.bool_]

#: Watch fractions at or beyond these count as "at most" and "at least" this.
EDGES = (0.01, 0.99)
#: An outcome that happened, or failed to happen, less often than this is not fitted.
FEWEST = 10
#: The reactions that are fitted, in the order of their parameters.
REACTED = ("like", "comment", "share", "follow", "duet", "stitch")


@dataclass(frozen=True)
class Found:
    """What was found of one parameter; no value, no standard error: it keeps the one it had."""

    parameter: str
    value: float | None
    error: float | None
    n: int
    status: str = "estimated"
    why: str = ""


def _kept(parameter: str, why: str, n: int = 0) -> Found:
    return Found(parameter, None, None, n, "not estimable", why)


# watching


def watch_rows(e: Evidence) -> Flags:
    """Rows with a watch fraction and a known interest that tastes were not learned from."""
    return ~np.isnan(e.watch) & ~np.isnan(e.interest)


def logit_watch(watch: Floats) -> tuple[Floats, npt.NDArray[np.int8]]:
    """Logit of watch fractions, cut at both edges, and which are at one: −1, 0, 1."""
    low, high = EDGES
    cut = np.clip(watch, low, high)
    side = (watch >= high).astype(np.int8) - (watch <= low).astype(np.int8)
    return np.log(cut / (1 - cut)), side


def watch_mean(b: Behaviour, e: Evidence, rows: Flags) -> Floats:
    """Mean logit of the watch fraction."""
    s = b.social_share
    taste = (1 - s) * e.interest[rows] + s * e.social[rows]
    return (
        b.watch_base
        + b.watch_taste * taste
        + b.watch_quality * e.quality[rows]
        - b.watch_length * e.length[rows]
        - b.fatigue * e.repeats[rows]
    )


def watch_loglik(b: Behaviour, e: Evidence, rows: Flags) -> Floats | None:
    """Log likelihood of each row; `None` if there is no noise to give it one."""
    sd = abs(b.watch_taste * b.noise)
    y, side = logit_watch(e.watch[rows])
    return censored_normal(y, side, watch_mean(b, e, rows), sd) if sd > 0 else None


def fit_watch(given: Behaviour, e: Evidence, train: Flags, *, keep_share: bool) -> list[Found]:
    """social_share (unless it is kept), the four of watching, fatigue and noise."""
    rows = train & watch_rows(e)
    y, side = logit_watch(e.watch[rows])
    inside = int(np.count_nonzero(side == 0))
    if inside < FEWEST:
        raise DataError(
            f"calibrate: {inside} of {side.size:,} watch fractions lie between {EDGES[0]} and "
            f"{EDGES[1]}; at least {FEWEST} are needed to fit how long posts are watched."
        )
    interest, social = e.interest[rows], e.social[rows]
    columns = {
        "watch_quality": e.quality[rows],
        "watch_length": -e.length[rows],
        "fatigue": -e.repeats[rows],
    }
    account, n = e.account[rows], int(side.size)
    share = _kept("social_share", e.missing.get("social_share", "the circle never comes up"))
    s = given.social_share
    if keep_share:
        share = Found("social_share", None, None, n, "not estimated", "it was to be kept")
    elif np.count_nonzero(social) >= FEWEST:
        both = {"interest": interest, "social": social}
        share = _social_share(_watch_model(given, y, side, both | columns, account), s, n)
        s = s if share.value is None else share.value
    columns = {"watch_taste": (1 - s) * interest + s * social} | columns
    model = _watch_model(given, y, side, columns, account)
    if model is None:
        raise DataError("calibrate: watch fractions follow from the factors without any noise.")
    if share.status == "estimated" and not e.planted:
        why = "tastes are learned, and followees resemble the viewer in what they miss"
        share = replace(share, status="upper bound", why=why)
    found = [share]
    for name in ("watch_base", "watch_taste", "watch_quality", "watch_length", "fatigue"):
        if name in model.names:
            found.append(Found(name, model.value(name), model.error(name), n))
        else:
            found.append(_kept(name, e.missing.get(name, "it does not vary in the log")))
    return [*found, _noise(given, model, n)]


@dataclass(frozen=True)
class _Watch:
    names: tuple[str, ...]
    beta: Floats
    sd: float
    covariance: Floats

    def value(self, name: str) -> float:
        return float(self.beta[self.names.index(name)])

    def error(self, name: str) -> float:
        at = self.names.index(name)
        return float(np.sqrt(self.covariance[at, at]))


def _watch_model(
    given: Behaviour,
    y: Floats,
    side: npt.NDArray[np.int8],
    columns: dict[str, Floats],
    account: npt.NDArray[np.int64],
) -> _Watch | None:
    """The censored regression on the columns that can be told apart; others count as given."""
    names = _apart({"watch_base": np.ones(y.size)} | columns)
    offset = np.zeros(y.size)
    for name, column in columns.items():
        if name not in names and hasattr(given, name):
            offset = offset + getattr(given, name) * column
    x = np.column_stack([np.ones(y.size), *(columns[n] for n in names[1:])])
    found = fit_censored(y - offset, side, x, account)
    return None if found is None else _Watch(names, *found)


def _apart(columns: dict[str, Floats]) -> tuple[str, ...]:
    """Columns that are no linear combination of those before them."""
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


def _social_share(model: _Watch | None, given: float, n: int) -> Found:
    """s from the effects of interest and circle: social / (interest + social)."""
    name = "social_share"
    if model is None or not {"interest", "social"} <= set(model.names):
        return _kept(name, "interest and circle cannot be told apart", n)
    i, j = model.names.index("interest"), model.names.index("social")
    a, b = float(model.beta[i]), float(model.beta[j])
    total = a + b
    spread = model.covariance[np.ix_([i, j], [i, j])]
    if abs(total) < 2 * float(np.sqrt(spread.sum())):
        return _kept(name, "taste has no effect that could be divided", n)
    slope = np.array([-b, a]) / total**2
    error = float(np.sqrt(slope @ spread @ slope))
    if 0 <= b / total <= 1:
        return Found(name, b / total, error, n)
    edge = float(np.clip(b / total, 0, 1))
    return Found(name, edge, error, n, "at its edge", f"the best value is {b / total:.3f}")


def _noise(given: Behaviour, model: _Watch, n: int) -> Found:
    """noise = sd / |watch_taste|, as taste carries the noise into the watch fraction."""
    if "watch_taste" not in model.names:
        taste, error_taste, covary = given.watch_taste, 0.0, 0.0
    else:
        at = model.names.index("watch_taste")
        taste, error_taste = float(model.beta[at]), model.error("watch_taste")
        covary = float(model.covariance[at, -1])
    if taste == 0:
        return _kept("noise", "watch_taste is 0", n)
    value = model.sd / abs(taste)
    variance = model.covariance[-1, -1] + (error_taste / taste) ** 2 - 2 * covary / taste
    error = value * float(np.sqrt(max(variance, 0.0)))
    if abs(taste) < 2 * error_taste:
        why = "watch_taste is within two standard errors of 0; their product is well determined"
        return Found("noise", value, error, n, "weak", why)
    return Found("noise", value, error, n)


# reacting


def reaction_rows(name: str, e: Evidence) -> Flags:
    """Rows on which a reaction can be seen."""
    rows = ~np.isnan(e.watch)
    return rows & e.at_risk if name == "follow" else rows


def reaction_odds(name: str, b: Behaviour, e: Evidence, rows: Flags, watch: Floats) -> Floats:
    """Log-odds of a reaction after these watch fractions."""
    odds = getattr(b, f"{name}_base") + b.reaction_slope * (watch - 0.5)
    if name == "comment":
        odds = odds + b.comment_divisive * e.divisive[rows]
    if name == "share":
        odds = odds + b.share_flagged * e.flagged[rows]
    return np.asarray(odds)


_EXTRA = {"comment": "comment_divisive", "share": "share_flagged"}


def fit_reactions(given: Behaviour, e: Evidence, train: Flags) -> list[Found]:
    """The log-odds of each reaction, their common slope, comment_divisive, share_flagged."""
    names = ["reaction_slope"]
    blocks: list[Block] = []
    kept: list[Found] = []
    rows_of: dict[str, int] = {}
    for name in REACTED:
        base, extra = f"{name}_base", _EXTRA.get(name)
        rows = train & reaction_rows(name, e)
        why = e.missing.get(base, "") or _too_few(e.reactions.get(name), rows)
        if why:
            kept += [_kept(p, why) for p in (base, extra) if p]
            continue
        y = e.reactions[name][rows]
        x, where = [np.ones(y.size), e.watch[rows] - 0.5], [len(names), 0]
        names.append(base)
        rows_of[base] = y.size
        offset = np.zeros(y.size)
        if extra:
            column = (e.divisive if name == "comment" else e.flagged)[rows]
            why = e.missing.get(extra, "") or _flat(column, y)
            if why:
                offset = getattr(given, extra) * column
                kept.append(_kept(extra, why, y.size))
            else:
                x.append(column)
                where.append(len(names))
                names.append(extra)
                rows_of[extra] = y.size
        blocks.append(Block(np.column_stack(x), y, offset, e.account[rows], tuple(where)))
    if not blocks:
        return [*kept, _kept("reaction_slope", "no reaction can be fitted")]
    rows_of["reaction_slope"] = sum(block.y.size for block in blocks)
    return kept + _logistic(names, blocks, rows_of)


def _too_few(y: Flags | None, rows: Flags) -> str:
    if y is None:
        return "the log does not hold it"
    happened = int(np.count_nonzero(y[rows]))
    if happened < FEWEST:
        return f"it happened {happened} times; at least {FEWEST} are needed"
    if np.count_nonzero(rows) - happened < FEWEST:
        return f"it failed to happen fewer than {FEWEST} times"
    return ""


def _flat(column: Floats, y: Flags) -> str:
    if np.ptp(column) == 0:
        return "it does not vary in the log"
    if set(np.unique(column)) == {0.0, 1.0}:
        cells = [np.count_nonzero(y[column == v] == o) for v in (0, 1) for o in (False, True)]
        if min(cells) < FEWEST:
            return f"only {min(cells)} rows tell; at least {FEWEST} are needed"
    return ""


def _logistic(names: list[str], blocks: list[Block], rows_of: dict[str, int]) -> list[Found]:
    found = fit_logistic(blocks, len(names))
    if found is None:
        why = "the likelihood has no maximum: a factor does not vary, or decides the outcome alone"
        return [_kept(name, why, rows_of[name]) for name in names]
    values, covariance = found
    errors = np.sqrt(np.diag(covariance))
    return [
        Found(name, float(v), float(e), rows_of[name])
        for name, v, e in zip(names, values, errors, strict=True)
    ]


# staying


def stop_rows(e: Evidence) -> Flags:
    """Rows after which the session is known to have ended, or to have gone on."""
    return ~np.isnan(e.watch) & (e.ended >= 0)


def stop_odds(b: Behaviour, watch: Floats) -> Floats:
    """Log-odds that the session ends after a post watched so far."""
    return b.stop_base - b.stop_slope * (watch - 0.5)


def fit_stop(e: Evidence, train: Flags) -> list[Found]:
    """stop_base and stop_slope."""
    names = ["stop_base", "stop_slope"]
    rows = train & stop_rows(e)
    y = e.ended == 1
    why = e.missing.get("stop_base", "") or _too_few(y, rows)
    if why:
        return [_kept(name, why) for name in names]
    x = np.column_stack([np.ones(np.count_nonzero(rows)), 0.5 - e.watch[rows]])
    block = Block(x, y[rows], np.zeros(x.shape[0]), e.account[rows], (0, 1))
    return _logistic(names, [block], dict.fromkeys(names, x.shape[0]))


def fit_activity(e: Evidence) -> list[Found]:
    """Share of ticks in which accounts that ever appear open the feed."""
    shares = e.opened[(e.opened >= 0) & ~e.account_held] / max(e.ticks, 1)
    if "activity" in e.missing:
        return [_kept("activity", e.missing["activity"])]
    value = float(shares.mean()) if shares.size else 0.0
    if value == 0:
        return [_kept("activity", "no session begins in a whole tick")]
    error = float(shares.std(ddof=1) / np.sqrt(shares.size)) if shares.size > 1 else 0.0
    return [Found("activity", value, error, int(shares.size * e.ticks))]


def null_watch(e: Evidence, train: Flags, held: Flags) -> Floats | None:
    """Log likelihood of held-out rows under one mean and spread for all."""
    rows = train & watch_rows(e)
    y, side = logit_watch(e.watch[rows])
    x = np.ones((y.size, 1))
    found = fit_censored(y, side, x, e.account[rows])
    if found is None:
        return None
    y, side = logit_watch(e.watch[held])
    return censored_normal(y, side, linear(np.ones((y.size, 1)), found[0]), found[1])
