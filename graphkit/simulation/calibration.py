"""calibrate: the numbers of viewers' behaviour that an observed log shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import expit

from graphkit.data.dataset import Dataset
from graphkit.data.display import number
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, check_choice, check_integer, check_number
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.interests import InterestSpace
from graphkit.simulation.likelihood import (
    EDGES,
    REACTED,
    Floats,
    Found,
    bernoulli,
    fit_activity,
    fit_reactions,
    fit_stop,
    fit_watch,
    logit_watch,
    null_watch,
    reaction_odds,
    reaction_rows,
    stop_odds,
    stop_rows,
    watch_loglik,
    watch_mean,
    watch_rows,
)
from graphkit.simulation.log_evidence import Evidence, gather

__all__ = ["Calibration", "calibrate"]

FloatArray = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SCHEMA = {
    "outcome": pl.String,
    "by": pl.String,
    "bin": pl.Int64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "observed": pl.Float64,
    "simulated": pl.Float64,
    "simulated_low": pl.Float64,
    "simulated_high": pl.Float64,
}
_TENTHS = np.linspace(0, 1, 11)
_LENGTHS = np.array([1, 2, 3, 5, 9, 17, 33, np.inf])
"""Lower edges of the bins of session lengths, in posts."""


def observed_simulated(
    b: Behaviour, e: Evidence, fitted: tuple[str, ...], stops: bool, streams: Streams, draws: int
) -> pl.DataFrame:
    """Rows of :attr:`Calibration.observed_simulated`; of reactions and stops, if fitted."""
    frames = [_watching(b, e, fitted, streams, draws)]
    for name in fitted:
        rows = e.held & reaction_rows(name, e)
        if rows.any():
            watch = e.watch[rows]
            chance = expit(reaction_odds(name, b, e, rows, watch))
            rng = streams.generator("replicas", name)
            frames.append(_by_watch(name, watch, e.reactions[name][rows], chance, rng, draws))
    rows = e.held & stop_rows(e)
    if stops and rows.any():
        watch = e.watch[rows]
        rng = streams.generator("replicas", "stop")
        chance = expit(stop_odds(b, watch))
        frames.append(_by_watch("stop", watch, e.ended[rows] == 1, chance, rng, draws))
        frames.append(_lengths(b, e, streams.generator("replicas", "sessions"), draws))
    return pl.concat(frames)


def _watching(
    b: Behaviour, e: Evidence, fitted: tuple[str, ...], streams: Streams, draws: int
) -> pl.DataFrame:
    """How much is watched, and the reactions that follow from watching being simulated."""
    rows = e.held & watch_rows(e)
    mean, observed = watch_mean(b, e, rows), e.watch[rows]
    edges = np.unique(np.quantile(mean, _TENTHS))
    tenth, level = _bins(observed, _TENTHS), _bins(mean, edges)
    rng = streams.generator("replicas", "watch")
    shares, levels = [], []
    rates: dict[str, list[float]] = {name: [] for name in fitted}
    risks = {name: reaction_rows(name, e)[rows] for name in fitted}
    for _ in range(draws):
        noise = rng.standard_normal(mean.size)
        watch = expit(mean + b.watch_taste * b.noise * noise)
        shares.append(_share(_bins(watch, _TENTHS), 10))
        levels.append(_mean(watch, level, edges.size - 1))
        for name in fitted:
            chance = expit(reaction_odds(name, b, e, rows, watch))[risks[name]]
            rates[name].append(float((rng.random(chance.size) < chance).mean()))
    whole = np.zeros(10, np.int64) + observed.size
    frames = [
        _frame("watch", "share", _TENTHS, whole, _share(tenth, 10), shares),
        _frame(
            "watch",
            "predicted",
            expit(edges),
            np.bincount(level, minlength=edges.size - 1),
            _mean(observed, level, edges.size - 1),
            levels,
        ),
    ]
    for name in fitted:
        happened = e.reactions[name][rows][risks[name]]
        n = np.array([happened.size])
        if happened.size:
            drawn = [np.array([rate]) for rate in rates[name]]
            rate = np.array([happened.mean()])
            frames.append(_frame(name, "chain", np.array([0.0, 1.0]), n, rate, drawn))
    return pl.concat(frames)


def _by_watch(
    name: str, watch: FloatArray, y: Flags, chance: FloatArray, rng: np.random.Generator, draws: int
) -> pl.DataFrame:
    """Rate of an outcome by observed watch fraction: 0 to 0.1, to 0.2, …"""
    place = _bins(watch, _TENTHS)
    drawn = [
        _mean((rng.random(chance.size) < chance).astype(np.float64), place, 10)
        for _ in range(draws)
    ]
    n, rate = np.bincount(place, minlength=10), _mean(y.astype(np.float64), place, 10)
    return _frame(name, "watch fraction", _TENTHS, n, rate, drawn).filter(pl.col("n") > 0)


def _lengths(b: Behaviour, e: Evidence, rng: np.random.Generator, draws: int) -> pl.DataFrame:
    """Posts per session that is known to have ended.

    How far a viewer would have watched what it was never shown is unknown, so each simulated
    session draws on from the account's own watch fractions: its length is geometric.
    """
    rows = e.held & (e.session >= 0)
    session, first = np.unique(e.session[rows], return_index=True)
    last = np.append(first[1:], np.count_nonzero(rows)) - 1
    length = np.bincount(e.session[rows] - session[0], minlength=session[-1] - session[0] + 1)
    length = length[session - session[0]]
    over = e.ended[rows][last] == 1
    known = rows & ~np.isnan(e.watch)
    accounts = e.opened.size
    hazard = np.bincount(e.account[known], expit(stop_odds(b, e.watch[known])), accounts)
    seen = np.bincount(e.account[known], minlength=accounts)
    account = e.account[rows][last]
    usable = over & (seen[account] > 0)
    account, length = account[usable], length[usable]
    size = _LENGTHS.size - 1
    if not length.size:
        return pl.DataFrame(schema=_SCHEMA)
    chance = hazard[account] / seen[account]
    drawn = [_share(_bins(rng.geometric(chance), _LENGTHS), size) for _ in range(draws)]
    whole = np.zeros(size, np.int64) + length.size
    return _frame("session", "share", _LENGTHS, whole, _share(_bins(length, _LENGTHS), size), drawn)


def _bins(values: npt.NDArray[np.generic], edges: FloatArray) -> Codes:
    """Bin of each value; the last one holds its upper edge."""
    place = np.searchsorted(edges, values, side="right") - 1
    return np.clip(place, 0, edges.size - 2)


def _share(place: Codes, size: int) -> FloatArray:
    return np.bincount(place, minlength=size) / place.size


def _mean(values: FloatArray, place: Codes, size: int) -> FloatArray:
    n = np.bincount(place, minlength=size)
    return np.bincount(place, values, size) / np.maximum(n, 1)


def _frame(
    outcome: str,
    by: str,
    edges: FloatArray,
    n: Codes,
    observed: FloatArray,
    drawn: list[FloatArray],
) -> pl.DataFrame:
    many = np.array(drawn)
    low, high = np.quantile(many, [0.05, 0.95], axis=0)
    return pl.DataFrame(
        {
            "outcome": [outcome] * observed.size,
            "by": [by] * observed.size,
            "bin": np.arange(observed.size),
            "low": edges[:-1],
            "high": edges[1:],
            "n": n,
            "observed": observed,
            "simulated": many.mean(axis=0),
            "simulated_low": low,
            "simulated_high": high,
        },
        schema=_SCHEMA,
    )


B = TypeVar("B")


@dataclass(frozen=True, repr=False, eq=False)
class Calibration(Frozen, Generic[B], table="parameters"):
    """Viewers' behaviour as a log shows it, and what it says of accounts it has not seen.

    Attributes
    ----------
    behaviour
        The :class:`graphkit.simulation.Behaviour` with the fitted numbers and
        ``calibrated=True``; numbers of which the log says nothing are as they were given.
    parameters
        One row per parameter: parameter, before, after, standard_error (robust to any
        dependence among the impressions of one account; null where nothing was fitted), n
        (rows fitted to), status and why. Status is ``"estimated"``; ``"weak"`` (the taste
        effect is within two standard errors of zero, and this number hangs on it); ``"at its
        edge"`` (the best value is outside the allowed range); ``"upper bound"`` (see why);
        ``"not estimable"`` (the log lacks what it takes, see why); ``"not estimated"``
        (outside what is fitted, or to be kept).
    fit
        One row per outcome (watch, like, …, stop, open): n_train, n_held_out; mean log
        likelihood of a held-out row under the numbers given (before; null where these make
        it impossible), under the fitted ones (after) and under one without any factor (null);
        gain = after − null, with its standard_error over accounts; and explained
        = 1 − exp(−2 gain), which for watching is the share of variance explained.
    observed_simulated
        Held-out accounts as they were and as simulated: outcome, by, bin, low, high (its
        edges), n, observed, simulated (mean over the draws), simulated_low, simulated_high
        (5th and 95th percentile of the draws). By is ``"share"`` (share of the rows in each
        bin), ``"predicted"`` (mean over bins of the predicted value), ``"watch fraction"``
        (rate given the watch fraction observed), ``"chain"`` (overall rate, watching being
        simulated, too).
    provenance
        How it was made, and what was left out.
    """

    behaviour: B
    parameters: pl.DataFrame
    fit: pl.DataFrame
    observed_simulated: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("calibrate"))

    @property
    def estimated(self) -> tuple[str, ...]:
        """Names of the parameters that were fitted."""
        return tuple(self._names(fitted=True))

    @property
    def not_estimated(self) -> tuple[str, ...]:
        """Names of the parameters that are still assumptions."""
        return tuple(self._names(fitted=False))

    @property
    def content_key(self) -> str:
        """Key of all numbers."""
        return content_key(self.parameters, self.fit, self.observed_simulated)

    def _names(self, *, fitted: bool) -> list[str]:
        rows = self.parameters.filter(pl.col("standard_error").is_not_null() == fitted)
        return list(rows.get_column("parameter"))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "fitted": f"{len(self.estimated)} of {self.parameters.height} parameters",
            "still assumptions": ", ".join(self.not_estimated) or "none",
        }
        for row in self.fit.iter_rows(named=True):
            facts[f"held out: {row['outcome']}"] = (
                f"gain {number(row['gain'])} ± {number(row['standard_error'])} per row "
                f"({row['n_held_out']:,} rows), explained {number(row['explained'])}"
            )
        return facts | {f"left out: {k}": v for k, v in self.provenance.removed.items()}


_OUTSIDE = "of leaving, returning, creating and unfollowing nothing is fitted"
_FIT = {
    "outcome": pl.String,
    "n_train": pl.Int64,
    "n_held_out": pl.Int64,
    "before": pl.Float64,
    "after": pl.Float64,
    "null": pl.Float64,
    "gain": pl.Float64,
    "standard_error": pl.Float64,
    "explained": pl.Float64,
}


def calibrate(
    behaviour: Behaviour,
    source: Platform | Dataset,
    *,
    space: InterestSpace | Mapping[str, float] | str | None = None,
    dimensions: int = 32,
    social_share: str = "fit",
    held_out: float = 0.2,
    gap: float = 30.0,
    tick: float = 24.0,
    draws: int = 20,
    rng: RNGLike | None = None,
) -> Calibration[Behaviour]:
    """Fit how viewers watch, react and stay to a log of impressions, and test it on others.

    The model is that of :class:`Behaviour`, whose formulas stand there; each outcome is
    fitted by maximum likelihood to the impressions of most accounts, and judged by its
    likelihood on the accounts held out (by a hash of their id, so that no row of an account
    is on both sides).

    *Watching.* The logit of the watch fraction is normal around the linear part, with
    standard deviation |watch_taste| · noise. Fractions from 0.99 on (replays too) count as
    "at least 0.99" and those up to 0.01 as "at most", a censored (Tobit) regression: cutting
    them off and fitting a line would flatten every effect where many posts are watched to
    the end. The effects of interest and of the circle, b and c, give watch_taste = b + c and
    social_share = c / (b + c). Where tastes are learned, this share is an upper bound:
    followees resemble the viewer in what the learned taste misses.

    *Reacting.* All reactions with 10 or more cases share a slope in the watch fraction: one
    logistic likelihood. An act belongs to the last impression of the item before it;
    "repost" counts as a share. A follow belongs to the last impression of that author in the
    `gap` before it, and only posts of authors not yet followed can lead to one.

    *Staying.* A session is a run of impressions without a pause longer than `gap`; whether
    it ended after a post is logistic in the watch fraction, and unknown in the last `gap`
    of the log. activity is the share of ticks in which accounts that ever appear open the feed.

    A log of what a feed chose to show tells nothing certain of what it did not show.

    No circle: on a dataset, tastes are learned from the acts on one half of the items (or, if
    there are none, from what was watched), fixed by a hash of the item's id, and watching is
    fitted to impressions of the other half. A platform's planted tastes are the true ones.

    Parameters
    ----------
    behaviour
        The numbers to begin with; what the log says nothing of keeps them.
    source
        A synthetic platform, or a dataset with impressions and their watch fractions.
        Sessions need times of the act in ``impressions.at``.
    space, dimensions
        What the items are about, as in :func:`graphkit.build_world`; give both the same.
    social_share
        ``"fit"``, or ``"keep"`` the one given, at which the rest is then fitted.
    held_out
        Share of the accounts that are held out, in (0, 1).
    gap
        Minutes, longer than 0: the longest pause within a session.
    tick
        Hours, longer than 0, that one tick of the simulation stands for.
    draws
        How often the held-out accounts are simulated, at least 2.
    rng
        Seed of the space and of the simulated outcomes; no estimate depends on it otherwise.

    Returns
    -------
    Calibration
        The fitted behaviour, marked as calibrated, with standard errors that hold however the
        impressions of an account depend on each other; likelihoods of held-out rows before
        and after; observed against simulated outcomes.

    Raises
    ------
    OptionError
        For options out of range.
    MissingDataError
        Without impressions, watch fractions, or anything that says what items are about.
    DataError
        If too few watch fractions lie inside (0.01, 0.99), too few accounts are on either
        side, or the space is of other items.

    References
    ----------
    Tobin, J. (1958), Econometrica 26, 24–36, doi:10.2307/1907382; concave as in Olsen, R. J.
    (1978), Econometrica 46, 1211–1215, doi:10.2307/1911445. Standard errors: Liang, K.-Y.
    and Zeger, S. L. (1986), Biometrika 73, 13–22, doi:10.1093/biomet/73.1.13. Explained:
    Magee, L. (1990), The American Statistician 44, 250–253, doi:10.1080/00031305.1990.10475731.

    Examples
    --------
    >>> from graphkit.synthetic import platform
    >>> found = calibrate(Behaviour(), platform(200, communities=2, rng=1), rng=1)
    >>> found.behaviour.calibrated, "quit_base" in found.not_estimated
    (True, True)
    """
    _check(held_out, gap, tick, draws, dimensions)
    check_choice("social_share", social_share, ("fit", "keep"))
    streams = Streams(rng)
    evidence = gather(
        source,
        space=space,
        dimensions=dimensions,
        seed=streams.integer("space"),
        held_out=held_out,
        gap=gap,
        tick=tick,
    )
    train = ~evidence.held
    usable = watch_rows(evidence)
    for side, word in ((train, "learn from"), (evidence.held, "hold out")):
        found_accounts = np.unique(evidence.account[side & usable]).size
        if found_accounts < 2:
            raise DataError(
                f"calibrate: {found_accounts} accounts with usable watch fractions are left to "
                f"{word} (held_out={held_out}); at least 2 are needed."
            )
    found = [
        *fit_watch(behaviour, evidence, train, keep_share=social_share == "keep"),
        *fit_reactions(behaviour, evidence, train),
        *fit_stop(evidence, train),
        *fit_activity(evidence),
    ]
    values = {f.parameter: f.value for f in found if f.value is not None}
    fitted: Any = replace(behaviour, calibrated=True, **values)
    reactions = tuple(name for name in REACTED if f"{name}_base" in values)
    stops = "stop_base" in values
    _, side_of = logit_watch(evidence.watch[usable])
    removed = evidence.removed | {
        f"of watching: counted as at most {EDGES[0]}": int(np.count_nonzero(side_of < 0)),
        f"of watching: counted as at least {EDGES[1]}": int(np.count_nonzero(side_of > 0)),
    }
    return Calibration(
        behaviour=fitted,
        parameters=_parameters(behaviour, fitted, found),
        fit=_fit(behaviour, fitted, evidence, reactions, stops),
        observed_simulated=observed_simulated(fitted, evidence, reactions, stops, streams, draws),
        provenance=Provenance.of(
            "calibrate",
            {
                "space": space.content_key if isinstance(space, InterestSpace) else space,
                "dimensions": dimensions,
                "social_share": social_share,
                "held_out": held_out,
                "gap": gap,
                "tick": tick,
                "draws": draws,
            },
            seed=streams.seed,
            made_from=(source.dataset if isinstance(source, Platform) else source,),
            removed={k: v for k, v in removed.items() if v},
            packages=("scipy", "numpy"),
        ),
    )


def _check(held_out: float, gap: float, tick: float, draws: int, dimensions: int) -> None:
    check_number("held_out", held_out, 0, 1, low_open=True, high_open=True)
    check_number("gap", gap, 0, low_open=True)
    check_number("tick", tick, 0, low_open=True)
    check_integer("draws", draws, 2)
    check_integer("dimensions", dimensions, 2)


def _parameters(before: Behaviour, after: Behaviour, found: list[Found]) -> pl.DataFrame:
    by_name = {f.parameter: f for f in found}
    rows = []
    for spec in fields(before):
        if spec.name == "calibrated":
            continue
        one = by_name.get(spec.name) or Found(spec.name, None, None, 0, "not estimated", _OUTSIDE)
        old, new = (float(getattr(b, spec.name)) for b in (before, after))
        rows.append((spec.name, old, new, one.error, one.n, one.status, one.why))
    schema = {
        "parameter": pl.String,
        "before": pl.Float64,
        "after": pl.Float64,
        "standard_error": pl.Float64,
        "n": pl.Int64,
        "status": pl.String,
        "why": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _fit(
    before: Behaviour, after: Behaviour, e: Evidence, reactions: tuple[str, ...], stops: bool
) -> pl.DataFrame:
    """Likelihood of held-out rows, outcome by outcome."""
    both, train = (before, after), ~e.held
    rows = watch_rows(e)
    held = e.held & rows
    table = [
        _row(
            "watch",
            int(np.count_nonzero(train & rows)),
            e.account[held],
            watch_loglik(before, e, held),
            watch_loglik(after, e, held),
            null_watch(e, train, held),
        )
    ]
    for name in reactions:
        rows = reaction_rows(name, e)
        held = e.held & rows
        odds = [reaction_odds(name, b, e, held, e.watch[held]) for b in both]
        table.append(_binary(name, e.reactions[name], train & rows, held, e.account, odds))
    if stops:
        rows = stop_rows(e)
        held = e.held & rows
        odds = [stop_odds(b, e.watch[held]) for b in both]
        table.append(_binary("stop", e.ended == 1, train & rows, held, e.account, odds))
    if e.ticks:
        table.append(_open(both, e))
    return pl.DataFrame([row for row in table if row[2]], schema=_FIT, orient="row")


def _binary(
    name: str,
    y: npt.NDArray[np.bool_],
    train: npt.NDArray[np.bool_],
    held: npt.NDArray[np.bool_],
    account: npt.NDArray[np.int64],
    odds: list[Floats],
) -> tuple[Any, ...]:
    rate = float(y[train].mean())
    seen = y[held]
    null = bernoulli(seen, np.full(seen.size, np.log(rate) - np.log1p(-rate)))
    old, new = (bernoulli(seen, o) for o in odds)
    return _row(name, int(np.count_nonzero(train)), account[held], old, new, null)


def _open(both: tuple[Behaviour, Behaviour], e: Evidence) -> tuple[Any, ...]:
    """Ticks with a session, by account; the fitted rate is the one without any factor."""
    known = e.opened >= 0
    held = np.flatnonzero(known & e.account_held)
    share = e.opened[held] / e.ticks
    logs: list[Floats] = []
    for behaviour in both:
        rate = min(max(behaviour.activity, 1e-12), 1 - 1e-12)
        logs.append(share * np.log(rate) + (1 - share) * np.log1p(-rate))
    n_train = int(np.count_nonzero(known & ~e.account_held))
    row = _row("open", n_train, held, logs[0], logs[1], logs[1])
    return ("open", n_train * e.ticks, row[2] * e.ticks, *row[3:])


def _row(
    outcome: str,
    n_train: int,
    account: npt.NDArray[np.int64],
    before: Floats | None,
    after: Floats | None,
    null: Floats | None,
) -> tuple[Any, ...]:
    """One row of the fit; the error of the gain takes accounts as the independent units."""
    n = account.size
    means = [None if v is None or not n else float(v.mean()) for v in (before, after, null)]
    if after is None or null is None or not n:
        return (outcome, n_train, n, *means, None, None, None)
    difference = after - null
    gain = float(difference.mean())
    sums = np.bincount(account, difference - gain)
    groups = np.unique(account).size
    error = float(np.sqrt((sums**2).sum() * groups / max(groups - 1, 1)) / n)
    return (outcome, n_train, n, *means, gain, error, float(1 - np.exp(-2 * gain)))
