"""Calibration of the viewer parameters to an observed log, and predictive checks."""

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
    FITTED_REACTIONS,
    Estimate,
    Floats,
    bernoulli_loglik,
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
from graphkit.simulation.log_evidence import LogObservations, gather_observations

__all__ = ["Calibration", "calibrate"]

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SCHEMA = dict.fromkeys(
    [
        "outcome",
        "by",
        "bin",
        "low",
        "high",
        "n",
        "observed",
        "simulated",
        "simulated_low",
        "simulated_high",
    ],
    pl.Float64,
) | {"outcome": pl.String, "by": pl.String, "bin": pl.Int64, "n": pl.Int64}
_TENTHS = np.linspace(0, 1, 11)
_LENGTHS = np.array([1, 2, 3, 5, 9, 17, 33, np.inf])
"""Lower edges of the bins of session lengths, in posts."""


def observed_simulated(
    b: Behaviour,
    log: LogObservations,
    fitted: tuple[str, ...],
    stops: bool,
    streams: Streams,
    draws: int,
) -> pl.DataFrame:
    """Rows of :attr:`Calibration.observed_simulated`; of reactions and stops, if fitted."""
    frames = [_watch_tables(b, log, fitted, streams, draws)]
    for name in fitted:
        rows = log.held & reaction_rows(name, log)
        if rows.any():
            watch = log.watch[rows]
            chance = expit(reaction_odds(name, b, log, rows, watch))
            rng = streams.generator("replicas", name)
            frames.append(
                _rates_by_watch(name, watch, log.reactions[name][rows], chance, rng, draws)
            )
    rows = log.held & stop_rows(log)
    if stops and rows.any():
        watch = log.watch[rows]
        rng = streams.generator("replicas", "stop")
        chance = expit(stop_odds(b, watch))
        frames.append(_rates_by_watch("stop", watch, log.ended[rows] == 1, chance, rng, draws))
        frames.append(_session_lengths(b, log, streams.generator("replicas", "sessions"), draws))
    return pl.concat(frames)


def _watch_tables(
    b: Behaviour, log: LogObservations, fitted: tuple[str, ...], streams: Streams, draws: int
) -> pl.DataFrame:
    """Predictive check of watch fractions, and of reactions to simulated watch fractions."""
    rows = log.held & watch_rows(log)
    mean, observed = watch_mean(b, log, rows), log.watch[rows]
    edges = np.unique(np.quantile(mean, _TENTHS))
    tenth, level = _bin_values(observed, _TENTHS), _bin_values(mean, edges)
    rng = streams.generator("replicas", "watch")
    shares, levels = [], []
    rates: dict[str, list[float]] = {name: [] for name in fitted}
    risks = {name: reaction_rows(name, log)[rows] for name in fitted}
    for _ in range(draws):
        noise = rng.standard_normal(mean.size)
        watch = expit(mean + b.watch_taste * b.noise * noise)
        shares.append(_bin_shares(_bin_values(watch, _TENTHS), 10))
        levels.append(_bin_means(watch, level, edges.size - 1))
        for name in fitted:
            chance = expit(reaction_odds(name, b, log, rows, watch))[risks[name]]
            rates[name].append(float((rng.random(chance.size) < chance).mean()))
    whole = np.zeros(10, np.int64) + observed.size
    frames = [
        _predictive_frame("watch", "share", _TENTHS, whole, _bin_shares(tenth, 10), shares),
        _predictive_frame(
            "watch",
            "predicted",
            expit(edges),
            np.bincount(level, minlength=edges.size - 1),
            _bin_means(observed, level, edges.size - 1),
            levels,
        ),
    ]
    for name in fitted:
        happened = log.reactions[name][rows][risks[name]]
        n = np.array([happened.size])
        if happened.size:
            drawn = [np.array([rate]) for rate in rates[name]]
            rate = np.array([happened.mean()])
            frames.append(_predictive_frame(name, "chain", np.array([0.0, 1.0]), n, rate, drawn))
    return pl.concat(frames)


def _rates_by_watch(
    name: str, watch: Floats, y: Flags, chance: Floats, rng: np.random.Generator, draws: int
) -> pl.DataFrame:
    """Predictive check of an outcome's rate by tenth of the observed watch fraction."""
    place = _bin_values(watch, _TENTHS)
    drawn = [
        _bin_means((rng.random(chance.size) < chance).astype(np.float64), place, 10)
        for _ in range(draws)
    ]
    n, rate = np.bincount(place, minlength=10), _bin_means(y.astype(np.float64), place, 10)
    return _predictive_frame(name, "watch fraction", _TENTHS, n, rate, drawn).filter(
        pl.col("n") > 0
    )


def _session_lengths(
    b: Behaviour, log: LogObservations, rng: np.random.Generator, draws: int
) -> pl.DataFrame:
    """Predictive check of the length of sessions that are known to have ended.

    Posts that were not shown have no watch fraction, so each simulated session ends with the mean
    hazard of the account's own watch fractions: its length is geometric.
    """
    rows = log.held & (log.session >= 0)
    session, first = np.unique(log.session[rows], return_index=True)
    last = np.append(first[1:], np.count_nonzero(rows)) - 1
    length = np.bincount(log.session[rows] - session[0], minlength=session[-1] - session[0] + 1)
    length = length[session - session[0]]
    over = log.ended[rows][last] == 1
    known = rows & ~np.isnan(log.watch)
    accounts = log.opened.size
    hazard = np.bincount(log.account[known], expit(stop_odds(b, log.watch[known])), accounts)
    seen = np.bincount(log.account[known], minlength=accounts)
    account = log.account[rows][last]
    usable = over & (seen[account] > 0)
    account, length = account[usable], length[usable]
    size = _LENGTHS.size - 1
    if not length.size:
        return pl.DataFrame(schema=_SCHEMA)
    chance = hazard[account] / seen[account]
    drawn = [_bin_shares(_bin_values(rng.geometric(chance), _LENGTHS), size) for _ in range(draws)]
    whole = np.zeros(size, np.int64) + length.size
    return _predictive_frame(
        "session", "share", _LENGTHS, whole, _bin_shares(_bin_values(length, _LENGTHS), size), drawn
    )


def _bin_values(values: npt.NDArray[np.generic], edges: Floats) -> Ints:
    """Bin of each value; the last one holds its upper edge."""
    place = np.searchsorted(edges, values, side="right") - 1
    return np.clip(place, 0, edges.size - 2)


def _bin_shares(place: Ints, size: int) -> Floats:
    return np.bincount(place, minlength=size) / place.size


def _bin_means(values: Floats, place: Ints, size: int) -> Floats:
    n = np.bincount(place, minlength=size)
    return np.bincount(place, values, size) / np.maximum(n, 1)


def _predictive_frame(
    outcome: str, by: str, edges: Floats, n: Ints, observed: Floats, drawn: list[Floats]
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
    """Viewer parameters fitted to a log, and their fit to held-out accounts.

    Attributes
    ----------
    behaviour
        The :class:`graphkit.simulation.Behaviour` with the fitted numbers and
        ``calibrated=True``; parameters that the log does not identify are as given.
    parameters
        One row per parameter: parameter, before, after, standard_error (clustered by account;
        null if not fitted), n (rows fitted to), status and why. Status is ``"estimated"``;
        ``"weak"`` (it depends on a taste effect within two standard errors of zero); ``"at its
        edge"`` (the best value is outside the allowed range); ``"upper bound"``; ``"not
        estimable"`` (the log lacks the data); ``"not estimated"`` (not fitted, or kept).
    fit
        One row per outcome (watch, like, …, stop, open): n_train, n_held_out; mean log
        likelihood of a held-out row under the given parameters (before; null if undefined), the
        fitted ones (after) and a model without factors (null); gain = after − null, with its
        standard_error over accounts; and explained = 1 − exp(−2 gain), which for watching is the
        share of variance explained.
    observed_simulated
        Predictive check on held-out accounts: outcome, by, bin, low, high (its edges), n,
        observed, simulated (mean over the draws), simulated_low, simulated_high (5th and 95th
        percentile of the draws). By is ``"share"`` (share of the rows in each bin),
        ``"predicted"`` (mean by bin of the predicted value), ``"watch fraction"`` (rate given
        the observed watch fraction), ``"chain"`` (overall rate given simulated watching).
    provenance
        Arguments, versions, and counts of omitted rows.
    """

    behaviour: B
    parameters: pl.DataFrame
    fit: pl.DataFrame
    observed_simulated: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("calibrate"))

    @property
    def estimated(self) -> tuple[str, ...]:
        """Names of the fitted parameters."""
        return tuple(self._parameter_names(fitted=True))

    @property
    def not_estimated(self) -> tuple[str, ...]:
        """Names of the parameters that are still assumptions."""
        return tuple(self._parameter_names(fitted=False))

    @property
    def content_key(self) -> str:
        """Key of all numbers."""
        return content_key(self.parameters, self.fit, self.observed_simulated)

    def _parameter_names(self, *, fitted: bool) -> list[str]:
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
_FIT = dict.fromkeys(
    [
        "outcome",
        "n_train",
        "n_held_out",
        "before",
        "after",
        "null",
        "gain",
        "standard_error",
        "explained",
    ],
    pl.Float64,
) | {"outcome": pl.String, "n_train": pl.Int64, "n_held_out": pl.Int64}


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
    """Maximum-likelihood calibration of viewer parameters to a log of impressions.

    The model is that of :class:`Behaviour`. Each outcome is fitted to the impressions of most
    accounts, and evaluated by its likelihood on held-out accounts (by a hash of their id, so that
    all rows of an account are on one side).

    *Watching.* The logit of the watch fraction is normal around the linear part, with
    standard deviation |watch_taste| · noise. Fractions from 0.99 on (replays too) count as
    "at least 0.99" and those up to 0.01 as "at most", a censored (Tobit) regression: a linear
    fit would attenuate every effect if many posts are watched to the end. The effects of
    interest and of followees, b and c, give watch_taste = b + c and social_share = c / (b + c).
    If tastes are learned, this share is an upper bound: followees resemble the viewer in what
    the learned taste misses.

    *Reacting.* All reactions with 10 or more cases share a slope in the watch fraction: one
    logistic likelihood. A reaction belongs to the last impression of the item before it;
    "repost" counts as a share. A follow belongs to the last impression of that author in the
    `gap` before it, and only posts of authors not yet followed can lead to one.

    *Staying.* A session is a run of impressions without a pause longer than `gap`; whether
    it ended after a post is logistic in the watch fraction, and unknown in the last `gap`
    of the log. activity is the share of ticks in which accounts that ever appear open the feed.

    The log shows posts that a feed selected, and does not identify reactions to others.

    *Sample splitting.* On a dataset, tastes are learned from the interactions with one half of the
    items (or, without interactions, from watch fractions), split by a hash of the item's id, and
    watching is fitted to impressions of the other half. The planted tastes of a platform are exact.

    Parameters
    ----------
    behaviour
        Initial parameters; those that the log does not identify keep their values.
    source
        A synthetic platform, or a dataset with impressions and their watch fractions.
        Sessions need event times in ``impressions.at``.
    space, dimensions
        The space that tastes act on, as in :func:`graphkit.simulation.interest_space`; by
        default the planted topics of a platform, and the content of a dataset. (In a world of a
        dataset tastes act on who acted on what; there, the same accounts would explain
        themselves.)
    social_share
        ``"fit"``, or ``"keep"`` the given value and fit the rest.
    held_out
        Share of the accounts that are held out, in (0, 1).
    gap
        Minutes, longer than 0: the longest pause within a session.
    tick
        Hours per tick of the simulation, more than 0.
    draws
        Simulations of the held-out accounts, at least 2.
    rng
        Seed of the space and of the simulated outcomes.

    Returns
    -------
    Calibration
        The fitted behaviour, marked as calibrated, with standard errors clustered by account;
        held-out likelihoods before and after; observed and simulated outcomes.

    Raises
    ------
    OptionError
        For options out of range.
    MissingDataError
        Without impressions, watch fractions, or a source of the interest space.
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
    _check_options(held_out, gap, tick, draws, dimensions)
    check_choice("social_share", social_share, ("fit", "keep"))
    streams = Streams(rng)
    seed = streams.integer("space")
    observations = gather_observations(source, space, dimensions, seed, held_out, gap, tick)
    train = ~observations.held
    usable = watch_rows(observations)
    for side, word in ((train, "learn from"), (observations.held, "hold out")):
        found_accounts = np.unique(observations.account[side & usable]).size
        if found_accounts < 2:
            raise DataError(
                f"calibrate: {found_accounts} accounts with usable watch fractions are left to "
                f"{word} (held_out={held_out}); at least 2 are needed."
            )
    found = [
        *fit_watch(behaviour, observations, train, keep_share=social_share == "keep"),
        *fit_reactions(behaviour, observations, train),
        *fit_stop(observations, train),
        *fit_activity(observations),
    ]
    values = {f.parameter: f.value for f in found if f.value is not None}
    fitted: Any = replace(behaviour, calibrated=True, **values)
    reactions = tuple(name for name in FITTED_REACTIONS if f"{name}_base" in values)
    stops = "stop_base" in values
    _, side_of = logit_watch(observations.watch[usable])
    removed = observations.removed | {
        f"of watching: counted as at most {EDGES[0]}": int(np.count_nonzero(side_of < 0)),
        f"of watching: counted as at least {EDGES[1]}": int(np.count_nonzero(side_of > 0)),
    }
    options = {
        "space": space.content_key if isinstance(space, InterestSpace) else space,
        "dimensions": dimensions,
        "social_share": social_share,
        "held_out": held_out,
        "gap": gap,
        "tick": tick,
        "draws": draws,
    }
    return Calibration(
        behaviour=fitted,
        parameters=_parameter_table(behaviour, fitted, found),
        fit=_fit_table(behaviour, fitted, observations, reactions, stops),
        observed_simulated=observed_simulated(
            fitted, observations, reactions, stops, streams, draws
        ),
        provenance=Provenance.of(
            "calibrate",
            options,
            seed=streams.seed,
            made_from=(source.dataset if isinstance(source, Platform) else source,),
            removed={k: v for k, v in removed.items() if v},
            packages=("scipy", "numpy"),
        ),
    )


def _check_options(held_out: float, gap: float, tick: float, draws: int, dimensions: int) -> None:
    check_number("held_out", held_out, 0, 1, low_open=True, high_open=True)
    check_number("gap", gap, 0, low_open=True)
    check_number("tick", tick, 0, low_open=True)
    check_integer("draws", draws, 2)
    check_integer("dimensions", dimensions, 2)


def _parameter_table(before: Behaviour, after: Behaviour, found: list[Estimate]) -> pl.DataFrame:
    by_name = {f.parameter: f for f in found}
    rows = []
    for spec in fields(before):
        if spec.name == "calibrated":
            continue
        one = by_name.get(spec.name) or Estimate(
            spec.name, None, None, 0, "not estimated", _OUTSIDE
        )
        old, new = (float(getattr(b, spec.name)) for b in (before, after))
        rows.append((spec.name, old, new, one.error, one.n, one.status, one.why))
    schema: dict[str, Any] = dict.fromkeys(
        ["parameter", "before", "after", "standard_error", "n", "status", "why"], pl.String
    )
    schema |= dict.fromkeys(["before", "after", "standard_error"], pl.Float64) | {"n": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _fit_table(
    before: Behaviour,
    after: Behaviour,
    log: LogObservations,
    reactions: tuple[str, ...],
    stops: bool,
) -> pl.DataFrame:
    """Held-out log likelihood of each outcome."""
    both, train = (before, after), ~log.held
    rows = watch_rows(log)
    held = log.held & rows
    table = [
        _fit_row(
            "watch",
            int(np.count_nonzero(train & rows)),
            log.account[held],
            watch_loglik(before, log, held),
            watch_loglik(after, log, held),
            null_watch(log, train, held),
        )
    ]
    for name in reactions:
        rows = reaction_rows(name, log)
        held = log.held & rows
        odds = [reaction_odds(name, b, log, held, log.watch[held]) for b in both]
        table.append(_binary_row(name, log.reactions[name], train & rows, held, log.account, odds))
    if stops:
        rows = stop_rows(log)
        held = log.held & rows
        odds = [stop_odds(b, log.watch[held]) for b in both]
        table.append(_binary_row("stop", log.ended == 1, train & rows, held, log.account, odds))
    if log.ticks:
        table.append(_open_row(both, log))
    return pl.DataFrame([row for row in table if row[2]], schema=_FIT, orient="row")


def _binary_row(
    name: str, y: Flags, train: Flags, held: Flags, account: Ints, odds: list[Floats]
) -> tuple[Any, ...]:
    rate = float(y[train].mean())
    seen = y[held]
    null = bernoulli_loglik(seen, np.full(seen.size, np.log(rate) - np.log1p(-rate)))
    old, new = (bernoulli_loglik(seen, o) for o in odds)
    return _fit_row(name, int(np.count_nonzero(train)), account[held], old, new, null)


def _open_row(both: tuple[Behaviour, Behaviour], log: LogObservations) -> tuple[Any, ...]:
    """Row of the fit for opening the feed; the fitted rate equals the null model."""
    known = log.opened >= 0
    held = np.flatnonzero(known & log.account_held)
    share = log.opened[held] / log.ticks
    logs: list[Floats] = []
    for behaviour in both:
        rate = min(max(behaviour.activity, 1e-12), 1 - 1e-12)
        logs.append(share * np.log(rate) + (1 - share) * np.log1p(-rate))
    n_train = int(np.count_nonzero(known & ~log.account_held))
    row = _fit_row("open", n_train, held, logs[0], logs[1], logs[1])
    return ("open", n_train * log.ticks, row[2] * log.ticks, *row[3:])


def _fit_row(
    outcome: str,
    n_train: int,
    account: Ints,
    before: Floats | None,
    after: Floats | None,
    null: Floats | None,
) -> tuple[Any, ...]:
    """Row of the fit; the standard error of the gain is clustered by account."""
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
