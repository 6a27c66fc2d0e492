"""Variety: what a feed gains and loses over the penalty of a repeated topic, and its best value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.attribution.evaluation import evaluate
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import FILLER_LIMIT
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_number,
    nearest,
    shorten,
)
from graphkit.measures.catalogue import describe_measure
from graphkit.measures.contrast import arm_means
from graphkit.measures.hosting_visibility import Views
from graphkit.measures.intervals import (
    FILLER,
    HIGHER,
    INDISTINCT,
    LOWER,
    WITHIN_WORLD,
    Interval,
    Scheme,
    holm,
    scheme_of,
)
from graphkit.parallel import refuse_after_fork
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.behaviour import Behaviour

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["VARIETY_MEASURES", "Variety", "judge_variety", "variety"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: Measures of a :class:`Variety`, as far as an outcome has them.
VARIETY_MEASURES = (
    *("session_length", "long_term_value", "kept_sessions", "accounts_kept"),
    *("viewer_value", "platform_value", "viewer_diet_entropy", "crossing"),
    *("hosting_hidden", "hosting_visible"),
)
#: Budgets, in the order of the rows.
BUDGETS = ("matched", "free")
#: Penalties that are tried.
PENALTIES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)

#: What is said of where an optimum lies.
INTERIOR = "interior"
LOWER_EDGE, UPPER_EDGE = "at the lower edge", "at the upper edge"
NEAR_LOWER, NEAR_UPPER = "not told from the lower edge", "not told from the upper edge"
NEAR_BOTH = "not told from either edge"
NONE_FOUND = "none found"
UNBOUNDED = "no interval"

#: Why no vertex is given at an optimum that is interior.
_FLAT = "the curvature is not distinguishable from zero"
_WIDE = "its interval leaves the neighbours"

_KEYS = {"budget": pl.String, "measure": pl.String, "partition": pl.String}
_NUMBERS = ("cost", "cost_low", "cost_high", "cost_percent", "percent_low", "percent_high")
_OPTIMUM: dict[str, Any] = {
    **_KEYS,
    **dict.fromkeys(("best", "mean"), pl.Float64),
    "optimum": pl.String,
    "undistinguished": pl.List(pl.Float64),
    **dict.fromkeys(("vertex", "vertex_low", "vertex_high"), pl.Float64),
    "no_vertex": pl.String,
    **dict.fromkeys(_NUMBERS, pl.Float64),
    **dict.fromkeys(("direction", "unit", "interval"), pl.String),
    "worlds": pl.Int64,
}
_DIFFERENCES: dict[str, Any] = {
    **_KEYS,
    **dict.fromkeys(("penalty", "best", "difference", "low", "high", "p", "p_holm"), pl.Float64),
    "direction": pl.String,
}
_CURVES = (
    *("budget", "penalty", "measure", "partition", "mean", "low", "high", "interval", "fixed"),
    *("se", "worlds", "replications", "filler", "calibrated"),
)


@dataclass(frozen=True, repr=False, eq=False)
class Variety(Frozen, title="Variety", table="optimum"):
    """What a feed does over the penalty of a repeated topic, under each budget by itself.

    Attributes
    ----------
    feed
        Name of the feed.
    curves
        One row per budget, measure, kind of partition and penalty: budget, penalty, measure,
        partition (null if it needs none), mean, low, high, interval, fixed, se, worlds,
        replications, filler (its share of the impressions), calibrated.
    optimum
        One row per budget, measure and kind of partition. budget, measure, partition;
        best (the penalty of the largest mean, the least of several), mean (there);
        optimum: ``"interior"`` (neither end of the penalties is in the set of the best), ``"at the
        lower edge"`` or ``"at the upper edge"`` (the best penalty is an end, so that only the end of
        what was tried is known), ``"not told from the lower edge"`` (``upper``, ``either``: an end is in
        the set), ``"none found"`` (all penalties are in the set), ``"not claimed: filler"``, ``"no
        interval"``;
        undistinguished (the set: penalties not distinguishable from the best, which is one of them; null
        without intervals); vertex, vertex_low, vertex_high (of the parabola through the best and its
        neighbours), no_vertex (why there is none); cost (what monotony costs: value at the best less that
        at penalty 0), cost_low, cost_high, cost_percent, percent_low, percent_high (of the value at
        penalty 0), direction (of the cost), unit, interval, worlds.
    differences
        One row per budget, measure, kind of partition and penalty other than the best: budget,
        measure, partition, penalty, best, difference (value at the penalty less that at the best), low,
        high, p (paired t test), p_holm, direction.
    calibrated
        Whether the viewers' behaviour was fitted to a log.
    """

    feed: str
    curves: pl.DataFrame
    optimum: pl.DataFrame
    differences: pl.DataFrame
    calibrated: bool = True
    provenance: Provenance = field(default_factory=lambda: Provenance("variety"))

    @property
    def penalties(self) -> tuple[float, ...]:
        """Penalties tried, ascending."""
        return tuple(self.curves.get_column("penalty").unique().sort().to_list())

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was found, a sentence for each row of the optimum."""
        return tuple(_sentence(row) for row in self.optimum.iter_rows(named=True))

    def _title(self) -> str:
        return f"Variety: {self.feed}"

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"penalties tried": ", ".join(f"{p:g}" for p in self.penalties)}
        for row in self.optimum.iter_rows(named=True):
            kind = "" if row["partition"] is None else f", {row['partition']}"
            facts[f"{row['measure']} ({row['budget']}{kind})"] = _where(row)
        return facts if self.calibrated else facts | {"behaviour": "not calibrated: assumptions"}


def variety(
    worlds: World | Sequence[World],
    feed: Feed,
    *,
    penalties: Sequence[float] = PENALTIES,
    ticks: int,
    replications: int = 1,
    slots: int = 10,
    budget: str | Sequence[str] = BUDGETS,
    behaviour: Behaviour | None = None,
    visibility: Views | None = None,
    confidence: float = 0.95,
    cache: str | Path | None = None,
    executor: Executor | None = None,
    rng: RNGLike | None = None,
) -> Variety:
    """Session length, retention and exposure of a feed over its penalty of a repeated topic.

    Nothing is changed but ``Feed.topic_penalty``; all penalties share worlds and random numbers.
    Under a matched budget staying is a propensity (``session_length``, ``long_term_value``); under
    a free one viewers do leave, and ``kept_sessions`` and ``accounts_kept`` are measured too. Each
    budget is judged by itself, see :func:`judge_variety`.

    In the model, variety pays in two ways: a repeated topic is watched less
    (``Behaviour.fatigue``), and a session of repetitions makes leaving more likely
    (``Behaviour.boredom``). It costs what the posts that take the place are worth less. With both
    parameters at 0 it cannot pay by either, but still by what a feed learns from varied posts.

    Parameters
    ----------
    worlds, ticks, replications, slots, behaviour
        As for :func:`graphkit.simulate_spread`.
    feed
        Feed whose penalty is varied; its own penalty does not matter.
    penalties
        Penalties tried, in [0, ∞) and with 0, from which the cost of monotony is counted.
    budget
        ``"matched"``, ``"free"``, or both.
    visibility
        If given, hosting in hidden and visible communities is measured too, see
        :func:`graphkit.attribution.evaluate`.
    confidence
        Confidence level of the intervals.
    cache, executor
        As for :func:`graphkit.attribution.evaluate`.
    rng
        Seed.

    Returns
    -------
    Variety

    Raises
    ------
    OptionError
        For a penalty out of range or given twice, penalties without 0 or without another, or an
        unknown budget.
    GraphkitError
        As for :func:`graphkit.attribution.evaluate`.

    Examples
    --------
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(100, communities=3, rng=1)
    >>> worlds = gk.synthetic.worlds(3, like=platform, ticks=3, rng=1)
    >>> options = {"penalties": (0, 0.2, 2), "budget": "matched", "ticks": 2, "slots": 5}
    >>> found = variety(worlds, gk.interest_centric(), **options, rng=1)
    >>> found.penalties, found.optimum["measure"].to_list()[:3]
    ((0.0, 0.2, 2.0), ['session_length', 'long_term_value', 'viewer_value'])
    """
    refuse_after_fork()
    if not isinstance(feed, Feed):
        raise OptionError(f"feed={shorten(feed)}: give a Feed, whose topic penalty is varied.")
    tried = _check_penalties(penalties)
    population = (worlds,) if isinstance(worlds, World) else tuple(worlds)
    budgets = [budget] if isinstance(budget, str) else list(budget)
    for name in budgets:
        check_choice("budget", name, BUDGETS)
    if not budgets or len(set(budgets)) < len(budgets):
        raise OptionError(f"budget={shorten(budget)}: name 'matched', 'free', or each once.")
    arms = {f"penalty {p!r}": feed.but(feed.name, topic_penalty=p) for p in tried}
    # a folder of earlier calls has its own seed
    seed = None if rng is None and cache is not None else Streams(rng).seed
    options: dict[str, Any] = {"ticks": ticks, "replications": replications, "slots": slots}
    more: dict[str, Any] = {"behaviour": behaviour, "visibility": visibility, "cache": cache}
    outcomes = [
        evaluate(population, arms, **options, budget=name, **more, executor=executor, rng=seed)
        for name in sorted(budgets, key=BUDGETS.index)
    ]
    at = dict(zip(arms, tried, strict=True))
    found = judge_variety(outcomes, at, feed=feed.name, confidence=confidence)
    options |= {"penalties": tried, "budget": budgets, "confidence": confidence, "feed": feed.name}
    made: dict[str, Any] = {
        "seed": seed,
        "made_from": population,
        "removed": found.provenance.removed,
    }
    return replace(found, provenance=Provenance.of("variety", options, **made))


def _check_penalties(penalties: Sequence[float]) -> list[float]:
    """Penalties, ascending; refuse what is no scale from 0."""
    if isinstance(penalties, str | float | int):
        raise OptionError(f"penalties={shorten(penalties)}: give several, such as (0, 0.1, 0.3).")
    tried = sorted(check_number("penalties", p, 0) for p in penalties)
    if len(set(tried)) < len(tried):
        raise OptionError("penalties: one is given twice; give each once.")
    if len(tried) < 2 or tried[0] != 0:
        raise OptionError(
            f"penalties={shorten(list(penalties))}: 0 and another are needed; the cost of monotony "
            "is counted from 0."
        )
    return tried


def judge_variety(
    outcomes: pl.DataFrame | Sequence[pl.DataFrame],
    penalties: Mapping[str, float],
    *,
    feed: str = "",
    confidence: float = 0.95,
) -> Variety:
    r"""Curves over the penalty, its best values and the cost of monotony, of outcomes that are there.

    Every outcome is judged by itself; a run counts where all penalties have a value.

    **The set of the best.** The best penalty b is that of the largest mean. Every other one is
    compared with it by a paired t test over worlds (over the parts of a jackknife, or over
    replications within one world), with p-values adjusted by Holm's method over the penalties.
    Those of an adjusted p above 1 − `confidence` form the set, with b. So do those for which filler
    forbids a direction.

    **Vertex.** If neither end of the penalties is in the set, the parabola through the means of b and its
    two neighbours has its vertex at

    .. math:: v = \frac{x_1 + x_2}{2} - \frac{d_1}{2c}, \quad
        d_k = \frac{y_{k+1} - y_k}{x_{k+1} - x_k}, \quad c = \frac{d_2 - d_1}{x_3 - x_1}.

    Its t interval is by the delta method: that of :math:`v + \nabla v \cdot (y_w - \bar y)` over
    worlds w. A parabola in each world would not do: where the world's curve is not concave it has no
    maximum. There is no vertex where the interval of the curvature c includes values of 0 or more,
    for it could be anywhere, or where its own interval leaves the three penalties, of which alone
    the parabola speaks. The interval is that of the parabola's vertex; between penalties that were
    tried, the curve itself may be highest elsewhere.

    **Cost of monotony.** The value at b less that at penalty 0, paired. Since b was chosen by the same
    numbers, its interval is one of K − 1 simultaneous ones (Bonferroni) of K penalties against 0,
    and holds whichever of them was chosen. In per cent it is relative to the mean at penalty 0, with an
    interval by the delta method at the same level.

    Parameters
    ----------
    outcomes
        Results of :func:`graphkit.attribution.evaluate`, each of another budget.
    penalties
        Penalty of each arm; other arms are left out. One of them is 0.
    feed
        Name of the feed.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    Variety

    Raises
    ------
    OptionError
        If two penalties are one, none is 0, or `confidence` is not between 0 and 1.
    MissingDataError
        For an unknown arm, or if no measure has a value.
    DataError
        If an outcome is mixed, or two are of one budget or of viewers with different parameters.

    Notes
    -----
    The set speaks of the penalties that were tried. Holm's method guarantees its level for a best
    that is known beforehand; here it is the largest mean. Tests are two-sided, and a penalty that is
    truly the best can only be left out on one side, which makes up for the choice: of normal
    values of 7 penalties in 3, 5 or 20 worlds, the set lacked it in 0.5 to 2.6 % of 20,000 draws, at a
    confidence of 0.95.

    Published, and held against the model in ``notebooks/creators_and_harm.ipynb``: on Spotify, more
    diverse listening goes with better retention, and listening by recommendation is less diverse [1]_
    (abstract read). The first is an association over users, not the effect of a penalty. In the
    model, a feed without a penalty of topics holds its viewers less, by some 0.04 % of the
    propensity to stay: the same direction, of next to no size.

    References
    ----------
    .. [1] Anderson, A., Maystre, L., Anderson, I., Mehrotra, R. & Lalmas, M. (2020). Algorithmic
       effects on the diversity of consumption on Spotify. WWW. doi:10.1145/3366423.3380281

    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal
    of Statistics, 6(2), 65–70. https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> values = {"a": [1.0, 2.0], "b": [3.0, 4.1], "c": [0.9, 2.0]}
    >>> rows = [
    ...     {"arm": arm, "world": w, "replication": 0, "partition": None, "community": None}
    ...     | {"measure": "session_length", "value": v, "budget": "matched", "calibrated": False}
    ...     for arm, both in values.items() for w, v in enumerate(both)
    ... ]
    >>> found = judge_variety(pl.DataFrame(rows), {"a": 0.0, "b": 0.5, "c": 1.0})
    >>> found.optimum.select("best", "optimum", "undistinguished").row(0)
    (0.5, 'interior', [0.5])
    """
    refuse_after_fork()
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    tried = _check_penalties(list(penalties.values()))
    order = sorted(penalties, key=lambda arm: penalties[arm])
    each = [outcomes] if isinstance(outcomes, pl.DataFrame) else list(outcomes)
    curves, optima, differences = [], list[dict[str, Any]](), list[dict[str, Any]]()
    removed: dict[str, int] = {}
    calibrated: set[bool | None] = set()
    for outcome in each:
        means = arm_means(outcome, confidence=confidence)
        _require_arms(means, order)
        own = _curves_of(means, order, tried)
        if not own.height:
            raise MissingDataError(
                f"the outcome has no value of {', '.join(VARIETY_MEASURES)} over all communities."
            )
        curves.append(own)
        name = own.get_column("budget")[0]
        calibrated.add(own.get_column("calibrated")[0])
        scheme = scheme_of(outcome)
        filler = _filler_of(means, order)
        for key, worlds, values, lost in _tables(outcome, own, order, scheme):
            row = {"budget": name, **key}
            table = _Table(scheme, worlds, values, np.array(tried), filler > FILLER_LIMIT)
            if lost:
                removed[f"runs without all penalties: {_told(row)}"] = lost
            optimum, rows = table.judge(confidence)
            unit = describe_measure(str(key["measure"]))
            optima.append(row | optimum | {"unit": None if unit is None else unit.unit})
            differences += [row | one for one in rows]
    if not curves:
        raise MissingDataError("judge_variety: no outcome is given.")
    names = [frame.get_column("budget")[0] for frame in curves]
    if len(set(names)) < len(names):
        raise DataError("judge_variety: two outcomes are of one budget: give one for each.")
    if len(calibrated) > 1:
        raise DataError("judge_variety: one outcome is of calibrated behaviour, another is not.")
    return Variety(
        feed,
        pl.concat(curves),
        _frame(optima, _OPTIMUM),
        _frame(differences, _DIFFERENCES),
        calibrated != {False},
        Provenance(
            "judge_variety", {"penalties": tried, "confidence": confidence}, None, (), removed
        ),
    )


def _frame(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    """Rows as a frame, null in place of NaN."""
    frame = pl.DataFrame(rows, schema=schema)
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def _require_arms(means: pl.DataFrame, arms: Sequence[str]) -> None:
    known = means.get_column("arm").unique(maintain_order=True).to_list()
    for arm in arms:
        if arm not in known:
            raise MissingDataError(
                f"no arm {arm!r} in the outcome.{nearest(arm, known)} Arms: {', '.join(known)}."
            )


def _curves_of(means: pl.DataFrame, arms: Sequence[str], tried: Sequence[float]) -> pl.DataFrame:
    """Means of the measures by penalty; measures that have no value at any are left out."""
    shares = dict(zip(arms, _filler_of(means, arms).tolist(), strict=True))
    rows = means.filter(
        pl.col("community").is_null(),
        pl.col("arm").is_in(list(arms)),
        pl.col("measure").is_in(VARIETY_MEASURES),
    )
    rows = rows.with_columns(
        penalty=pl.col("arm").replace_strict(list(arms), list(tried), return_dtype=pl.Float64),
        filler=pl.col("arm").replace_strict(shares, return_dtype=pl.Float64).fill_nan(None),
        place=pl.col("measure").replace_strict(
            list(VARIETY_MEASURES), range(len(VARIETY_MEASURES)), return_dtype=pl.Int64
        ),
    )
    rows = rows.filter(pl.col("mean").is_not_null().any().over("measure", "partition"))
    kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
    at = {kind: k for k, kind in enumerate(kinds)}
    rows = rows.with_columns(
        kind=pl.Series([at[kind] for kind in rows.get_column("partition")], dtype=pl.Int64)
    )
    return rows.sort("place", "kind", "penalty").select(_CURVES)


def _filler_of(means: pl.DataFrame, arms: Sequence[str]) -> Floats:
    """Mean share of filler of each arm; NaN where it is not measured."""
    rows = means.filter(pl.col("community").is_null(), measure="filler")
    known = dict(rows.select("arm", "mean").rows())
    return np.array([np.nan if known.get(arm) is None else known[arm] for arm in arms])


def _tables(
    outcome: pl.DataFrame, curves: pl.DataFrame, arms: Sequence[str], scheme: Scheme
) -> list[tuple[dict[str, str | None], Codes, Floats, int]]:
    """Measure and kind of partition, worlds, values by penalty, and runs without all of them."""
    runs = outcome.filter(pl.col("community").is_null(), pl.col("arm").is_in(list(arms)))
    value = pl.col("value").cast(pl.Float64).fill_nan(None)
    runs = runs.select("arm", "world", "replication", "measure", "partition", value=value)
    runs = runs.with_columns(pl.col("partition").cast(pl.String))
    found = []
    for measure, kind in curves.select("measure", "partition").unique(maintain_order=True).rows():
        same = pl.col("partition").eq_missing(pl.lit(kind, pl.String))
        rows = runs.filter(same, measure=measure)
        wide = rows.pivot("arm", index=["world", "replication"], values="value")
        wide = wide.select(
            "world",
            "replication",
            *(arm if arm in wide.columns else pl.lit(None).alias(arm) for arm in arms),
        )
        whole = wide.drop_nulls().sort("world", "replication")
        lost = wide.height - whole.height
        if scheme.interval != WITHIN_WORLD:
            whole = whole.group_by("world", maintain_order=True).agg(pl.col(*arms).mean())
        worlds = whole.get_column("world").to_numpy().astype(np.int64)
        values = whole.select(*arms).cast(pl.Float64).to_numpy()
        found.append(({"measure": measure, "partition": kind}, worlds, values, lost))
    return found


@dataclass(frozen=True)
class _Table:
    """Values of one measure by unit and penalty, shape (units, K).

    Units are worlds, or the replications of one world.
    """

    scheme: Scheme
    worlds: Codes
    values: Floats
    penalties: Floats
    filled: npt.NDArray[np.bool_]

    def judge(self, confidence: float) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The row of the optimum, and the rows of the differences from it."""
        centres = self._centres()
        count = {"interval": self.scheme.interval, "worlds": int(np.unique(self.worlds).size)}
        if np.isnan(centres).any():
            return {"optimum": UNBOUNDED, **count}, []
        # of values that differ by rounding alone, the least penalty
        best = int(np.flatnonzero(centres >= centres.max() - 1e-12 * np.abs(centres).max())[0])
        at = float(self.penalties[best])
        rows = self._differences(best, confidence)
        told = [row["direction"] for row in rows]
        out = {row["penalty"] for row in rows if row["direction"] in (HIGHER, LOWER)}
        kept = [p for p in self.penalties.tolist() if p not in out]
        bounded = all(text is not None for text in told)
        if not bounded:
            where = UNBOUNDED
        elif FILLER in told and (self.filled[best] or not out):
            where = FILLER
        else:
            where = _place_of(at, kept, self.penalties)
        row: dict[str, Any] = {"best": at, "mean": float(centres[best]), "optimum": where, **count}
        row |= {"undistinguished": kept if bounded else None}
        row |= self._vertex(best, centres, where, confidence)
        return row | self._cost(best, centres, confidence), rows

    def _centres(self) -> Floats:
        """The value of each penalty; NaN without one."""
        columns = range(self.penalties.size)
        return np.array([self.scheme.centre(self.values[:, k], self.worlds) for k in columns])

    def _pair(self, k: int, base: int, confidence: float) -> Interval:
        """Paired difference of two penalties."""
        own, other = self.values[:, k], self.values[:, base]
        magnitude = np.fmax(np.abs(own), np.abs(other))
        return self.scheme.find(own - other, magnitude, self.worlds, confidence)

    def _differences(self, best: int, confidence: float) -> list[dict[str, Any]]:
        """Every other penalty less the best."""
        others = [k for k in range(self.penalties.size) if k != best]
        found = {k: self._pair(k, best, confidence) for k in others}
        filled = {k: bool(self.filled[k] or self.filled[best]) for k in others}
        p = {k: None if filled[k] else _p_of(found[k]) for k in others}
        adjusted = dict(zip(others, holm(list(p.values())), strict=True))
        rows = []
        for k in others:
            pair, tested = found[k], adjusted[k]
            direction = None
            if filled[k]:
                direction = pair.direction(filled=True)
            elif tested is not None:
                apart = tested <= 1 - confidence
                direction = (HIGHER if pair.centre > 0 else LOWER) if apart else INDISTINCT
            row: dict[str, Any] = {
                "penalty": float(self.penalties[k]),
                "best": float(self.penalties[best]),
            }
            row |= {"difference": pair.centre, "low": pair.low, "high": pair.high}
            rows.append(row | {"p": p[k], "p_holm": tested, "direction": direction})
        return rows

    def _delta(
        self, columns: list[int], value: float, slope: Floats, confidence: float
    ) -> Interval:
        """Interval of a function of the means of some penalties, with this value and gradient."""
        some = self.values[:, columns]
        away = some - self._centres()[columns]
        magnitude = np.abs(some) @ np.abs(slope)
        return self.scheme.find(value + away @ slope, magnitude, self.worlds, confidence)

    def _vertex(
        self, best: int, centres: Floats, where: str, confidence: float
    ) -> dict[str, float | str | None]:
        """Vertex of the parabola through the best and its neighbours, or why there is none."""
        if where != INTERIOR:
            return {"no_vertex": where}
        columns = [best - 1, best, best + 1]
        x, y = self.penalties[columns], centres[columns]
        h, span = np.diff(x), x[2] - x[0]
        first = np.array([-1.0, 1.0, 0.0]) / h[0]
        bend = (np.array([0.0, -1.0, 1.0]) / h[1] - first) / span
        c, d = float(bend @ y), float(first @ y)
        curvature = self._delta(columns, c, bend, confidence)
        if not curvature.high < 0:
            return {"no_vertex": _FLAT}
        at = float(x[0] + x[1]) / 2 - d / (2 * c)
        found = self._delta(columns, at, -first / (2 * c) + d / (2 * c**2) * bend, confidence)
        if found.low < x[0] or found.high > x[2]:
            return {"no_vertex": _WIDE}
        return {"vertex": at, "vertex_low": found.low, "vertex_high": found.high}

    def _cost(self, best: int, centres: Floats, confidence: float) -> dict[str, Any]:
        """What penalty 0 costs beside the best one."""
        if best == 0:
            return {"cost": 0.0, "cost_percent": 0.0, "direction": None}
        each = 1 - (1 - confidence) / (self.penalties.size - 1)  # all against 0 at once
        found = self._pair(best, 0, each)
        direction = found.direction(filled=bool(self.filled[best] or self.filled[0]))
        row = {"cost": found.centre, "cost_low": found.low, "cost_high": found.high}
        base, top = centres[[0, best]].tolist()
        if base > 0:
            slope = 100 * np.array([-top / base**2, 1 / base])
            share = self._delta([0, best], 100 * (top - base) / base, slope, each)
            bounds = {"percent_low": share.low, "percent_high": share.high}
            row |= {"cost_percent": share.centre, **bounds}
        return row | {"direction": direction}


def _p_of(found: Interval) -> float | None:
    """P-value of a difference; 1 or 0 where it does not vary, none without an interval."""
    if np.isnan(found.low):
        return None
    if found.se > 0:
        return found.p
    return 1.0 if found.low <= 0 <= found.high else 0.0


def _place_of(best: float, kept: list[float], penalties: Floats) -> str:
    """Where the optimum lies among what was tried."""
    low, high = float(penalties[0]), float(penalties[-1])
    if len(kept) == penalties.size:
        return NONE_FOUND
    if best in (low, high):
        return LOWER_EDGE if best == low else UPPER_EDGE
    near = {(True, True): NEAR_BOTH, (True, False): NEAR_LOWER, (False, True): NEAR_UPPER}
    return near.get((low in kept, high in kept), INTERIOR)


def _told(row: Mapping[str, Any]) -> str:
    """Measure, kind of partition and budget in words."""
    kind = "" if row["partition"] is None else f" ({row['partition']} partition)"
    return f"{row['measure']}{kind}, {row['budget']} budget"


def _where(row: Mapping[str, Any]) -> str:
    """Where an optimum is, and what monotony costs, in a few words."""
    if row["best"] is None:
        return "not estimable"
    found = f"best tried {row['best']:g}, {row['optimum']}"
    if row["undistinguished"] is not None and row["optimum"] != NONE_FOUND:
        found += f" (set {', '.join(f'{p:g}' for p in row['undistinguished'])})"
    if row["optimum"] == NONE_FOUND:
        found = "none found: no penalty is distinguishable from the best tried"
    if row["cost_low"] is not None:
        signed = [f"{row[name]:+.3g}" for name in ("cost", "cost_low", "cost_high")]
        found += f"; monotony costs {signed[0]} [{signed[1]}, {signed[2]}]"
        if row["cost_percent"] is not None:
            found += f" ({row['cost_percent']:+.2g} %)"
        if row["direction"] not in (HIGHER, LOWER):
            found += f", {row['direction']}"
    return found.replace("-", "−")


def _sentence(row: Mapping[str, Any]) -> str:
    """The row of an optimum as a sentence."""
    text = _where(row)
    edge = {LOWER_EDGE: "least", UPPER_EDGE: "largest"}.get(row["optimum"])
    if edge is not None:
        beyond = "there is none below" if row["best"] == 0 else "nothing is known beyond"
        text += f"; it is the {edge} penalty tried, and {beyond}"
    elif row["vertex"] is not None:
        bounds = f"[{row['vertex_low']:.3g}, {row['vertex_high']:.3g}]".replace("-", "−")
        text += f"; the parabola through its neighbours is highest at {row['vertex']:.3g} {bounds}"
    return f"{_told(row)}: {text}."
