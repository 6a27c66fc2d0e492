"""Held-out accounts as they were, and as the fitted behaviour would have them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import expit

from graphkit.rng import Streams
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.likelihood import (
    reaction_odds,
    reaction_rows,
    stop_odds,
    stop_rows,
    watch_mean,
    watch_rows,
)
from graphkit.simulation.log_evidence import Evidence

__all__ = ["observed_simulated"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SCHEMA = {
    "outcome": pl.String, "by": pl.String, "bin": pl.Int64, "low": pl.Float64, "high": pl.Float64,
    "n": pl.Int64, "observed": pl.Float64, "simulated": pl.Float64,
    "simulated_low": pl.Float64, "simulated_high": pl.Float64,
}  # fmt: skip
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
        _frame("watch", "predicted", expit(edges), np.bincount(level, minlength=edges.size - 1),
               _mean(observed, level, edges.size - 1), levels),
    ]  # fmt: skip
    for name in fitted:
        happened = e.reactions[name][rows][risks[name]]
        n = np.array([happened.size])
        if happened.size:
            drawn = [np.array([rate]) for rate in rates[name]]
            rate = np.array([happened.mean()])
            frames.append(_frame(name, "chain", np.array([0.0, 1.0]), n, rate, drawn))
    return pl.concat(frames)


def _by_watch(
    name: str, watch: Floats, y: Flags, chance: Floats, rng: np.random.Generator, draws: int
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


def _bins(values: npt.NDArray[np.generic], edges: Floats) -> Codes:
    """Bin of each value; the last one holds its upper edge."""
    place = np.searchsorted(edges, values, side="right") - 1
    return np.clip(place, 0, edges.size - 2)


def _share(place: Codes, size: int) -> Floats:
    return np.bincount(place, minlength=size) / place.size


def _mean(values: Floats, place: Codes, size: int) -> Floats:
    n = np.bincount(place, minlength=size)
    return np.bincount(place, values, size) / np.maximum(n, 1)


def _frame(
    outcome: str, by: str, edges: Floats, n: Codes, observed: Floats, drawn: list[Floats]
) -> pl.DataFrame:
    many = np.array(drawn)
    low, high = np.quantile(many, [0.05, 0.95], axis=0)
    return pl.DataFrame(
        {
            "outcome": [outcome] * observed.size, "by": [by] * observed.size,
            "bin": np.arange(observed.size), "low": edges[:-1], "high": edges[1:], "n": n,
            "observed": observed, "simulated": many.mean(axis=0),
            "simulated_low": low, "simulated_high": high,
        },
        schema=_SCHEMA,
    )  # fmt: skip
