"""Values of measures under the feeds between two feeds, world by world."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from graphkit.attribution.evaluation import RunOptions, evaluate, names_of
from graphkit.attribution.feed_factors import FeedFactors
from graphkit.data.spread import FILLER_LIMIT
from graphkit.data.visibility import Visibility
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_integer,
    nearest,
    shorten,
)
from graphkit.measures.catalogue import DERIVED, MEASURES, describe_measure, outcome_schema
from graphkit.measures.contrast import PRIMARY_KINDS
from graphkit.measures.hosting_visibility import RANDOM
from graphkit.measures.intervals import (
    OVER_POPULATIONS,
    OVER_SAMPLES,
    WITHIN_WORLD,
    Interval,
    Scheme,
)
from graphkit.measures.paired import scheme_of_worlds
from graphkit.rng import Streams
from graphkit.simulation.arguments import check_population
from graphkit.simulation.simulate import numbers_of_draws

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Coalitions whose measures are in memory at a time.
BATCH = 64
#: Measures that need a visibility.
OF_VISIBILITY = tuple(entry.name for entry in DERIVED if entry.name.startswith("hosting_"))

NOT_CALIBRATED = "not calibrated: assumptions"


@dataclass(frozen=True)
class MeasureRow:
    """A row of an outcome: one measure under one kind of partition, of all or of one community."""

    measure: str
    partition: str | None
    community: str | None

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """Measure, partition and community."""
        return self.measure, self.partition, self.community

    @property
    def text(self) -> str:
        """The row in words."""
        more = [part for part in (self.partition, self.community) if part is not None]
        return self.measure + (f" ({', '.join(more)})" if more else "")


@dataclass(frozen=True)
class CoalitionValues:
    """Values of some measures in runs of some coalitions of factors.

    A coalition is a set of factors, whose bits are set in its number: 0 is feed A, and
    2^k − 1 is feed B.

    Attributes
    ----------
    rows
        The measures.
    scheme
        What intervals over the worlds speak about.
    worlds
        World of each run, shape (u,); the replications of a world follow each other.
    values
        By coalition, shape (measures, u); NaN where undefined, or where a world was not run.
    filler
        Share of filler in the impressions by coalition: mean over worlds, of a jackknife its whole.
    removed
        Runs that were left out of a measure, by reason: a feed has no value of it there.
    budget, calibrated
        Of the simulations.
    """

    rows: tuple[MeasureRow, ...]
    scheme: Scheme
    worlds: Ints
    values: Mapping[int, Floats]
    filler: Mapping[int, float]
    removed: Mapping[str, int]
    budget: str
    calibrated: bool

    @property
    def ends(self) -> tuple[int, int]:
        """Coalitions of feeds A and B."""
        return 0, max(self.values)

    def filled(self, coalitions: Iterable[int]) -> bool:
        """Whether filler in one of these feeds forbids to claim a direction."""
        return any(self.filler[mask] > FILLER_LIMIT for mask in coalitions)

    def find(
        self, parts: Floats, magnitude: Floats, confidence: float, more: float = 0.0
    ) -> tuple[Interval, int, int]:
        """Interval of a value per run, shape (u,), and the numbers of worlds and runs that have it.

        Replications are averaged within their world, unless there is one. `more` is a standard
        error that does not show in the differences between the units, and widens the interval.
        """
        known = ~np.isnan(parts)
        worlds, values, sizes = self.worlds[known], parts[known], magnitude[known]
        numbers, of = np.unique(worlds, return_inverse=True)
        runs = values.size
        if self.scheme.interval != WITHIN_WORLD and runs:
            count = np.bincount(of)
            values, sizes = (np.bincount(of, weights=x) / count for x in (values, sizes))
            worlds = numbers
        if not runs:
            nothing = float("nan")
            return Interval(nothing, nothing, nothing, nothing, 0, nothing), 0, 0
        found = self.scheme.find(values, sizes, worlds, confidence)
        return _widened(found, more, confidence), numbers.size, runs

    def gap(self, at: int, confidence: float) -> tuple[Interval, int, int]:
        """Interval of B − A in a measure, and the numbers of worlds and runs that have it."""
        a, b = (self.values[end][at] for end in self.ends)
        return self.find(b - a, np.maximum(np.abs(a), np.abs(b)), confidence)

    def facts(self) -> dict[str, object]:
        """What intervals speak about, and filler, in words."""
        count, runs = self.scheme.worlds, self.worlds.size
        units = {
            OVER_POPULATIONS: f"{count} worlds",
            OVER_SAMPLES: f"{count - 1} groups left out in turn",
            WITHIN_WORLD: f"{runs} replications",
        }
        interval = self.scheme.interval
        a, b = (self.filler[end] for end in self.ends)
        between = [share for of, share in self.filler.items() if of not in self.ends]
        text = f"A {a:.0%}, B {b:.0%}"
        text += f", at most {max(between):.0%} between them" if between else ""
        limit = " (no direction is claimed)" if self.filled(self.ends) else ""
        if not limit and self.filled(self.filler):
            limit = f" (above {FILLER_LIMIT:.0%} no direction of a factor is claimed)"
        return {
            "intervals": f"{interval} ({units[interval]})",
            "held fixed": self.scheme.fixed,
            "filler": text + limit,
            **({} if self.calibrated else {"behaviour": NOT_CALIBRATED}),
            **self.removed,
        }


def _widened(found: Interval, more: float, confidence: float) -> Interval:
    """The interval with a further standard error in quadrature."""
    if not more > 0 or math.isnan(found.low):
        return found
    se = math.hypot(found.se, more)
    half = float(stats.t.ppf((1 + confidence) / 2, found.freedom)) * se
    return replace(found, low=found.centre - half, high=found.centre + half, se=se)


def without_rounding(parts: Floats, magnitude: Floats) -> Floats:
    """Differences of differences, zero where they are rounding of numbers of this magnitude."""
    return np.where(np.abs(parts) <= 1e-12 * magnitude, 0.0, parts)


def as_population(worlds: World | Sequence[World]) -> tuple[World, ...]:
    """The worlds as a tuple; refuses an empty one."""
    population = check_population(worlds)
    if not population:
        raise OptionError("worlds: at least one world is needed.")
    return population


def named_measures(measure: str | Sequence[str], visibility: object) -> tuple[str, ...]:
    """The measures that were asked for; refuses none, one twice, and what no outcome will have."""
    names = (measure,) if isinstance(measure, str) else measure
    named = isinstance(names, Sequence) and all(isinstance(name, str) for name in names)
    if not named or not names or len(set(names)) < len(names):
        raise OptionError(f"measure={measure!r}: name at least one measure, and each once.")
    for name in names:
        entry = describe_measure(name)
        if entry is None or (entry in DERIVED and name not in OF_VISIBILITY):
            known = [*dict.fromkeys(entry.name for entry in MEASURES), *OF_VISIBILITY]
            raise MissingDataError(f"no measure {name!r}.{nearest(name, known)}")
        if visibility is None and name in OF_VISIBILITY:
            raise MissingDataError(
                f"no measure {name!r} in the outcome: measures over the visibility of communities "
                "need visibility=."
            )
    return tuple(names)


def check_place(population: Sequence[World], partition: str | None, community: str | None) -> None:
    """Refuse a partition, and a community, that no world has, before anything is simulated."""
    kinds = list(dict.fromkeys(kind for world in population for kind in world.partitions))
    if partition is not None and partition not in kinds:
        raise MissingDataError(
            f"no partition {shorten(partition)} in the worlds.{nearest(str(partition), kinds)} "
            f"Partitions: {', '.join(kinds)}."
        )
    names = list(dict.fromkeys(name for world in population for name in names_of(world)))
    if community is not None and community not in names:
        raise MissingDataError(
            f"no community {shorten(community)} in the worlds.{nearest(str(community), names)}"
        )


def as_numbers(name: str, values: npt.ArrayLike) -> Floats:
    """The values as float64; refuses what is no number."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: numbers are needed, not {shorten(values)}.") from error


def draw_groups(population: Sequence[World]) -> list[list[int]]:
    """Worlds by what they draw: those of a jackknife draw the same, all others on their own."""
    groups: dict[int, list[int]] = {}
    for w, number in enumerate(numbers_of_draws(tuple(population))):
        groups.setdefault(number, []).append(w)
    return list(groups.values())


def choose_row(
    outcome: pl.DataFrame, measure: str, partition: str | None, community: str | None
) -> MeasureRow:
    """The row of a measure, as :meth:`graphkit.Contrast.row` chooses it.

    Without a `partition`, it is the row that needs none, or the only one, or that of the kind
    ``"interest"``, else ``"planted"``. A measure that needs no partition has one row under all.

    Raises
    ------
    MissingDataError
        If there is no such row.
    DataError
        If the measure is there under several other partitions.
    """
    rows = outcome.filter(pl.col("community").eq_missing(pl.lit(community, pl.String)))
    found = rows.filter(measure=measure).get_column("partition").unique(maintain_order=True)
    kinds = found.to_list()
    if not kinds:
        known = rows.get_column("measure").unique().sort().to_list()
        where = "over all communities" if community is None else f"of {community!r}"
        raise MissingDataError(
            f"no measure {measure!r} {where} in the outcome.{nearest(measure, known)}"
        )
    if kinds == [None]:
        return MeasureRow(measure, None, community)
    listed = ", ".join(map(str, kinds))
    if partition is not None:
        if partition not in kinds:
            raise MissingDataError(
                f"no {measure!r} under a partition {partition!r}. Kinds: {listed}."
            )
        return MeasureRow(measure, partition, community)
    if None in kinds or len(kinds) == 1:
        return MeasureRow(measure, None if None in kinds else kinds[0], community)
    for kind in PRIMARY_KINDS:
        if kind in kinds:
            return MeasureRow(measure, kind, community)
    raise DataError(
        f"{measure!r} is given under the partitions {listed}: choose one by partition=."
    )


def evaluate_coalitions(
    population: Sequence[World],
    factors: FeedFactors,
    coalitions: Sequence[Sequence[int]],
    *,
    measures: Sequence[str],
    partition: str | None,
    community: str | None,
    visibility: Any,
    streams: Streams,
    options: RunOptions,
) -> CoalitionValues:
    """Values of measures under coalitions of factors.

    `coalitions` has one entry for all worlds, or one per group of :func:`draw_groups`, each with
    0 and 2^k − 1. In the first case the draws are those of a simulation with the seed of the
    `streams`; in the second each group draws from a seed of its own.
    """
    check_place(population, partition, community)
    scheme = scheme_of_worlds(population)
    groups = draw_groups(population)
    together = len(coalitions) == 1
    if together:
        groups = [list(range(len(population)))]
    rows: tuple[MeasureRow, ...] = ()
    frames = []
    wanted = pl.col("measure").is_in(["filler", *measures])
    for g, (members, masks) in enumerate(zip(groups, coalitions, strict=True)):
        numbers = pl.Series(members, dtype=pl.Int64)
        # shared slots are those that all feeds of a call fill; else a call need not know the others
        size = len(masks) if options["reading"] == "shared" else BATCH
        for first in range(0, len(masks), size):
            batch = masks[first : first + size]
            outcome = evaluate(
                [population[w] for w in members],
                {str(mask): factors.feed(_members(factors, mask)) for mask in batch},
                visibility=views_of(visibility, members, len(population)),
                rng=streams.seed if together else streams.integer("world", g),
                **options,
            )
            rows = rows or tuple(choose_row(outcome, m, partition, community) for m in measures)
            outcome = outcome.with_columns(world=numbers.gather(outcome.get_column("world")))
            frames.append(outcome.filter(wanted))
    runs = check_integer("replications", options["replications"], 1)
    worlds = np.repeat(np.arange(len(population)), runs)
    values: dict[int, Floats] = {}
    shares: dict[int, Floats] = {}
    undefined = np.zeros((len(rows), worlds.size), np.bool_)
    filler = MeasureRow("filler", None, None)
    for outcome in frames:
        for at, row in enumerate((*rows, filler)):
            for mask, world, replication, value in _row_values(outcome, row):
                shape = len(rows), worlds.size
                table = values.setdefault(mask, np.full(shape, np.nan))
                share = shares.setdefault(mask, np.full(worlds.size, np.nan))
                unit = world * runs + replication
                if at == len(rows):
                    share[unit] = np.nan if value is None else value
                elif value is None:
                    undefined[at, unit] = True
                else:
                    table[at, unit] = value
    for table in values.values():
        table[undefined] = np.nan  # else parts and gap would be of different runs
    whole = worlds >= 0 if scheme.whole is None else worlds == scheme.whole
    means = {mask: _mean(share[whole]) for mask, share in shares.items()}
    removed = {
        f"runs in which some feed has no {row.text}": int(missing.sum())
        for row, missing in zip(rows, undefined, strict=True)
        if missing.any()
    }
    made = frames[0].select("budget", "calibrated").row(0)
    return CoalitionValues(rows, scheme, worlds, values, means, removed, *made)


def _members(factors: FeedFactors, mask: int) -> list[str]:
    return [name for bit, name in enumerate(factors.names) if mask >> bit & 1]


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else 0.0


def _row_values(outcome: pl.DataFrame, row: MeasureRow) -> list[tuple[int, int, int, float | None]]:
    """Coalition, world, replication and value of every run of one row."""
    measure, partition, community = row.key
    chosen = outcome.filter(
        pl.col("partition").eq_missing(pl.lit(partition, pl.String)),
        pl.col("community").eq_missing(pl.lit(community, pl.String)),
        pl.col("arm") != RANDOM,
        measure=measure,
    )
    runs = chosen.select(pl.col("arm").cast(pl.Int64), "world", "replication", "value")
    return runs.rows()


def views_of(visibility: Any, members: Sequence[int], worlds: int) -> Any:
    """The visibilities of some of the worlds."""
    if visibility is None or isinstance(visibility, Visibility):
        return visibility
    if isinstance(visibility, Mapping):
        return {kind: views_of(seen, members, worlds) for kind, seen in visibility.items()}
    if not isinstance(visibility, Sequence):
        raise DataError(
            f"visibility is a {type(visibility).__name__}: give the result of gk.visibility, or a list "
            "of them with one per world."
        )
    if len(visibility) != worlds:
        raise DataError(
            f"visibility: {len(visibility)} for {worlds} worlds: give one, or one per world."
        )
    return [visibility[w] for w in members]


_GAP_SCHEMA: dict[str, Any] = outcome_schema(
    *("measure", "partition", "community", "a_mean", "b_mean", "gap", "low", "high", "p"),
    *("direction", "filler", "baseline_filler", "interval", "fixed", "se"),
    *("worlds", "replications", "budget", "calibrated"),
)


def rows_frame(rows: Sequence[tuple[Any, ...]], schema: Mapping[str, Any]) -> pl.DataFrame:
    """A table of these rows; what is undefined is missing."""
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def gap_frame(found: CoalitionValues, confidence: float) -> pl.DataFrame:
    """One row per measure: means under A and B, the gap B − A and its interval."""
    rows = []
    for at, row in enumerate(found.rows):
        gap, *count = found.gap(at, confidence)
        a, b = (found.values[end][at] for end in found.ends)
        known = ~np.isnan(b - a)
        sides = (np.where(known, side, np.nan) for side in (a, b))
        means = (found.find(side, np.abs(side), confidence)[0].centre for side in sides)
        filled = found.filled(found.ends)
        test = (None if filled else gap.p, gap.direction(filled=filled))
        shares = (found.filler[end] for end in reversed(found.ends))
        kind = (found.scheme.interval, found.scheme.fixed, gap.se)
        bounds = (gap.centre, gap.low, gap.high)
        made = (found.budget, found.calibrated)
        rows.append((*row.key, *means, *bounds, *test, *shares, *kind, *count, *made))
    return rows_frame(rows, _GAP_SCHEMA)


def share_of(value: float, gap: Interval) -> float | None:
    """Share of the gap; null where its interval includes zero, or it is zero."""
    if gap.low <= 0 <= gap.high or not gap.centre:
        return None
    return value / gap.centre + 0.0  # no negative zero


def share_text(share: float) -> str:
    """A share of the gap as text.

    Examples
    --------
    >>> share_text(-0.25), share_text(-0.004)
    ('−25%', '0%')
    """
    return f"{round(share, 2) + 0.0:.0%}".replace("-", "−")


def signed_text(value: float | None, row: Mapping[str, Any]) -> str:
    """A value with the bounds ``low`` and ``high`` of its row, as text.

    Examples
    --------
    >>> signed_text(0.5, {"low": 0.25, "high": 0.75})
    '+0.5 [+0.25, +0.75]'
    """
    if value is None:
        return "undefined"
    text = f"{value:+.3g}"
    if row["low"] is not None:
        text += f" [{row['low']:+.3g}, {row['high']:+.3g}]"
    return text.replace("-", "−")
