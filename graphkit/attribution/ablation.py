"""Ablation: one factor at a time exchanged between two feeds, in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from graphkit.attribution.coalitions import (
    CoalitionValues,
    MeasureRow,
    as_population,
    evaluate_coalitions,
    gap_frame,
    named_measures,
    rows_frame,
    share_of,
    signed_text,
    without_rounding,
)
from graphkit.attribution.feed_factors import FeedFactors, feed_factors
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.world import World
from graphkit.errors import check_number
from graphkit.measures.catalogue import outcome_schema
from graphkit.measures.hosting_visibility import Views
from graphkit.parallel import refuse_after_fork
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.behaviour import Behaviour

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["Ablation", "ablate"]

#: Directions: a factor of B put into A, and one of A put into B.
A_TO_B, B_TO_A = "a to b", "b to a"

_ROW = ("measure", "partition", "community", "factor")
_COUNTS = ("interval", "fixed", "se", "worlds", "replications")
_SCHEMA: dict[str, Any] = outcome_schema(
    *(*_ROW, "direction", "difference", "low", "high", "share", "sign", *_COUNTS)
) | dict.fromkeys(("factor", "sign"), pl.String())
_INTERACTION: dict[str, Any] = outcome_schema(
    *(*_ROW, "value", "low", "high", "sign", *_COUNTS)
) | dict.fromkeys(("factor", "sign"), pl.String())


@dataclass(frozen=True, repr=False, eq=False)
class Ablation(Frozen, table="frame"):
    """Result of :func:`ablate`: what each factor alone changes, from either end.

    Attributes
    ----------
    frame
        Per measure and factor two rows: measure, partition, community, factor, direction
        (``"a to b"`` or ``"b to a"``), difference, low, high, share (of the gap; null where the
        interval of the gap includes zero), sign (``"higher"``, ``"lower"``, ``"not
        distinguishable"``, ``"not claimed: filler"``), interval, fixed, se, worlds, replications.
    gap
        One row per measure: a_mean, b_mean, gap (B − A), low, high, p, direction, filler and
        baseline_filler (of B and of A).
    interactions
        One row per measure and factor: value (the difference of ``"b to a"`` minus that of
        ``"a to b"``) with low, high and sign. It is zero for a factor whose effect does not depend
        on the other factors.
    factors
        The factors.
    facts
        What the display says of method, intervals and filler.
    """

    frame: pl.DataFrame
    gap: pl.DataFrame
    interactions: pl.DataFrame
    factors: FeedFactors
    facts: Mapping[str, object]
    provenance: Provenance = field(default_factory=lambda: Provenance("ablate"))

    def _title(self) -> str:
        return f"Ablation: {self.factors.b.name} − {self.factors.a.name}"

    def _facts(self) -> dict[str, object]:
        shown: dict[str, object] = dict(self.facts)
        for row in self.gap.iter_rows(named=True):
            measure = MeasureRow(row["measure"], row["partition"], row["community"])
            shown[f"gap in {measure.text}"] = signed_text(row["gap"], row)
            for factor in self.factors.names:
                shown[f"{factor}: {measure.text}"] = self._factor_text(measure, factor)
        return shown

    def _factor_text(self, measure: MeasureRow, factor: str) -> str:
        """Both differences of a factor, and whether they differ."""
        same = [pl.col(name).eq_missing(pl.lit(key, pl.String)) for name, key in _keys(measure)]
        rows = self.frame.filter(*same, factor=factor)
        texts = [
            f"{row['direction']} {signed_text(row['difference'], row)}"
            for row in rows.iter_rows(named=True)
        ]
        sign = self.interactions.filter(*same, factor=factor)["sign"].item()
        known = {"higher": "interacts with others", "lower": "interacts with others"}
        return "; ".join(texts) + (f"; {known[sign]}" if sign in known else "")


def _keys(measure: MeasureRow) -> list[tuple[str, str | None]]:
    return list(zip(("measure", "partition", "community"), measure.key, strict=True))


def ablate(
    worlds: World | Sequence[World],
    a: Feed,
    b: Feed,
    *,
    measure: str | Sequence[str],
    ticks: int,
    factors: str | Mapping[str, str | Sequence[str]] = "parts",
    partition: str | None = None,
    community: str | None = None,
    replications: int = 1,
    slots: int = 10,
    budget: str = "matched",
    reading: str = "filled",
    behaviour: Behaviour | None = None,
    visibility: Views | None = None,
    confidence: float = 0.95,
    cache: str | Path | None = None,
    executor: Executor | None = None,
    rng: RNGLike | None = None,
) -> Ablation:
    """Difference that each factor makes alone: put into feed A, and taken out of feed B.

    With v(X) the value of a measure under feed X, factor f has two estimates of its part of the
    gap v(B) − v(A):

    * ``"a to b"``: v(A with f of B) − v(A);
    * ``"b to a"``: v(B) − v(B with f of A).

    Both have the sign of the gap if f causes it. They differ where the effect of f depends on
    the other factors: an interaction, which :func:`shapley` divides. Neither column need sum
    to the gap.

    All feeds run in the same worlds with common random numbers, 2k + 2 simulations per world for
    k factors. Intervals are over the worlds, as in :func:`graphkit.contrast`, and not adjusted
    for the number of factors. Where more than 25 % of the impressions of one of the feeds that are
    compared are filler, no sign is claimed.

    Parameters
    ----------
    worlds
        One world; several made independently; or those of :func:`graphkit.resample_worlds`.
    a, b
        The two feeds; the gap is B − A.
    measure
        A measure, or several.
    ticks, replications, slots, budget, reading, behaviour
        As for :func:`graphkit.simulate_spread`.
    factors
        As for :func:`feed_factors`.
    partition, community
        Row of the measures: without a partition the row that needs none, the only one, or
        that of ``"interest"``, else ``"planted"``; without a community that of all.
    visibility
        For measures over the visibility of communities (``hosting_hidden``, ``hosting_slope``),
        as for :func:`graphkit.measures.hosting_by_visibility`; an arm of random posts is added.
    confidence
        Confidence level of the intervals.
    cache, executor
        As for :func:`evaluate`. With a cache give a seed, too: other draws are other runs.
    rng
        Seed of the draws.

    Returns
    -------
    Ablation

    Raises
    ------
    OptionError, MissingDataError, DataError
        As for :func:`feed_factors` and :func:`evaluate`; for a measure that the outcome lacks, or
        has under several partitions.

    Examples
    --------
    >>> import graphkit as gk
    >>> world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    >>> a = gk.recommenders.Feed("newest", {"everywhere": 60}, {"recency": 1.0})
    >>> b = a.but("by interest", weights={"interest": 1.0}, trial_growth=2.0)
    >>> found = ablate(world, a, b, measure="viewer_value", ticks=2, slots=3, rng=1)
    >>> found.frame.select("factor", "direction", pl.col("share").round(3)).rows()
    [('weights', 'a to b', 1.0), ('weights', 'b to a', 1.0), \
    ('candidates', 'a to b', 0.0), ('candidates', 'b to a', 0.0)]
    """
    refuse_after_fork()
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    population, measures = as_population(worlds), named_measures(measure, visibility)
    divided = feed_factors(a, b, factors=factors)
    k, streams = len(divided.names), Streams(rng)
    full = (1 << k) - 1
    masks = dict.fromkeys(
        (0, *(1 << f for f in range(k)), *(full ^ 1 << f for f in range(k)), full)
    )
    found = evaluate_coalitions(
        population,
        divided,
        [list(masks)],
        measures=measures,
        partition=partition,
        community=community,
        visibility=visibility,
        streams=streams,
        options={
            "ticks": ticks,
            "replications": replications,
            "slots": slots,
            "budget": budget,
            "reading": reading,
            "behaviour": behaviour,
            "cache": cache,
            "executor": executor,
        },
    )
    rows, between = [], []
    for at, row in enumerate(found.rows):
        gap = found.gap(at, confidence)[0]
        for f, factor in enumerate(divided.names):
            one, other, mixed = _differences(found, at, f, full, confidence)
            ends = (0, 1 << f), (full ^ 1 << f, full)
            for direction, compared, (part, *count) in zip(
                *((A_TO_B, B_TO_A), ends, (one, other)), strict=True
            ):
                sign = part.direction(filled=found.filled(compared))
                bounds = (part.centre, part.low, part.high, share_of(part.centre, gap), sign)
                kind = (found.scheme.interval, found.scheme.fixed, part.se)
                rows.append((*row.key, factor, direction, *bounds, *kind, *count))
            part, *count = mixed
            sign = part.direction(filled=found.filled((*ends[0], *ends[1])))
            kind = (found.scheme.interval, found.scheme.fixed, part.se)
            between.append(
                (*row.key, factor, part.centre, part.low, part.high, sign, *kind, *count)
            )
    record = Provenance.of(
        "ablate",
        {"measure": measures, "ticks": ticks, "factors": divided.names},
        seed=streams.seed,
        removed=found.removed,
    )
    gaps, mixes = gap_frame(found, confidence), rows_frame(between, _INTERACTION)
    return Ablation(rows_frame(rows, _SCHEMA), gaps, mixes, divided, found.facts(), record)


def _differences(
    found: CoalitionValues, at: int, f: int, full: int, confidence: float
) -> list[tuple[Any, int, int]]:
    """Intervals of a factor: from A, from B, and of their difference."""
    a, b, own, without = (found.values[mask][at] for mask in (0, full, 1 << f, full ^ 1 << f))
    magnitude = np.maximum.reduce([np.abs(v) for v in (a, b, own, without)])
    one, other = own - a, b - without
    parts = (one, other, without_rounding(other - one, magnitude))
    return [found.find(part, magnitude, confidence) for part in parts]
