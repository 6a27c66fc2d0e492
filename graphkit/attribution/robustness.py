"""Robustness: a conclusion over what could end it, where it holds, and the nearest where it does not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from graphkit.attribution.coalitions import views_of
from graphkit.attribution.conditions import REFUSALS, Condition, condition_rows, conditions_of
from graphkit.attribution.evaluation import evaluate
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, nearest
from graphkit.measures.conditions import (
    CANNOT_RUN,
    COLUMNS,
    HOLDS,
    LOST,
    TURNS,
    outcome_of,
    place,
    rounded,
)
from graphkit.measures.contrast import PRIMARY_KINDS, Contrast, contrast
from graphkit.measures.headline import CLAIMS, INDISTINCT, Gap, difference_text
from graphkit.measures.hosting_visibility import RANDOM, Views
from graphkit.measures.intervals import FILLER, HIGHER, LOWER
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.behaviour import Behaviour

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["AS_IT_IS", "Robustness", "judge", "robustness"]

#: Dimension of the conditions that are the same comparison under another kind of partition.
KIND = "kind of partition"

#: Name of the first row of a :class:`Robustness`: the comparison as it is.
AS_IT_IS = "as it is"
_SCHEMA = {
    **dict.fromkeys(("condition", "dimension", "value", "default"), pl.String),
    **dict.fromkeys(
        ("distance", "arm_mean", "baseline_mean", "difference", "low", "high"), pl.Float64
    ),
    **dict.fromkeys(("interval", "direction", "holds"), pl.String),
    "worlds": pl.Int64,
}
_NEAREST = {
    **dict.fromkeys(("dimension", "condition", "value", "default"), pl.String),
    **dict.fromkeys(("distance", "zero"), pl.Float64),
    "holds": pl.String,
}
_FIGURES = ("arm_mean", "baseline_mean", "difference", "low", "high", "interval", "direction")


@dataclass(frozen=True, repr=False, eq=False)
class Robustness(Frozen, title="Robustness", table="frame"):
    """A conclusion over conditions that could end it.

    Attributes
    ----------
    measure, partition, arm, baseline
        What the conclusion is about: the difference arm − baseline in a measure, under a kind of
        partition (`None` for a measure that needs none).
    frame
        The comparison as it is in the first row, then one row per condition: condition, dimension,
        value, default (texts), distance (|value − default| over the range of the values tried,
        default included; null for choices), arm_mean, baseline_mean, difference, low, high,
        interval, direction (of a condition that cannot run, why), holds: ``"holds"``, ``"turns"``,
        ``"not distinguishable"``, ``"no direction: filler"``, ``"no interval"``, ``"not
        estimable"`` (there is no value) or ``"cannot run"``; null if there is nothing to hold, and
        in the first row; worlds (those in which both feeds have a value).
    nearest
        For each dimension, the tried value nearest to the default at which the conclusion does not
        hold (several, if they are equally near), the nearest dimension first and choices, which
        have no distance, last: dimension, condition, value, default, distance, zero (where the
        difference crosses zero nearest to the default, by linear interpolation between tried
        values; null if it does not), holds. What could not be run, or has no value, is not there.
    verdict
        The conclusion as one sentence.
    nearest_text
        What is nearest, as a sentence or two; empty if there is nothing to hold.
    calibrated
        Whether the viewers' behaviour was fitted to a log.
    """

    measure: str
    partition: str | None
    arm: str
    baseline: str
    frame: pl.DataFrame
    nearest: pl.DataFrame
    verdict: str
    nearest_text: str
    calibrated: bool = True
    provenance: Provenance = field(default_factory=lambda: Provenance("robustness"))

    @property
    def tried(self) -> int:
        """Number of conditions that could be run."""
        return (
            int(
                (self.frame.get_column("direction").fill_null("").str.starts_with(CANNOT_RUN))
                .not_()
                .sum()
            )
            - 1
        )

    def _title(self) -> str:
        return f"Robustness: {self.measure}, {self.arm} − {self.baseline}"

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"conditions": self.frame.height - 1, "verdict": self.verdict}
        if not self.calibrated:
            facts["behaviour"] = "not calibrated: assumptions"
        return facts | ({"nearest": self.nearest_text} if self.nearest_text else {})


def robustness(
    worlds: World | Sequence[World],
    arms: Mapping[str, Feed],
    *,
    arm: str,
    baseline: str,
    measure: str,
    ticks: int,
    partition: str | None = None,
    conditions: Iterable[Condition] | None = None,
    visibility: Views | None = None,
    random: str = RANDOM,
    replications: int = 1,
    slots: int = 10,
    budget: str = "matched",
    reading: str = "filled",
    behaviour: Behaviour | None = None,
    confidence: float = 0.95,
    cache: str | Path | None = None,
    executor: Executor | None = None,
    rng: RNGLike | None = None,
) -> Robustness:
    """Repeat a comparison of two feeds under conditions that could end its conclusion.

    The conclusion is the direction of arm − baseline in one measure. Each condition changes one
    thing; all share the random numbers of the comparison as it is, so that what differs is due to
    the change. A condition that cannot be run, because the posts do not last for so many slots,
    say, is a row that says why. Other kinds of partition in the worlds are conditions too.

    The conditions are chosen beforehand, and none is a test: intervals are those of each
    condition alone, and "not distinguishable" under one of them may be due to fewer worlds or
    posts as well as to the change.

    Parameters
    ----------
    worlds, arms, ticks, replications, slots, budget, reading, behaviour
        As for :func:`graphkit.simulate_spread`; where filler forbids a direction, take
        ``"shared"``. Other arms than the two and `random` are left out.
    arm, baseline
        The arms compared.
    measure
        Measure over all communities, such as ``"crossing"``; with `visibility` also those of
        :func:`graphkit.measures.hosting_by_visibility`.
    partition
        Kind of partition; by default ``"interest"``, else ``"planted"``, else the first. A measure
        that needs none is the same under all.
    conditions
        By default those of :func:`conditions_of`.
    visibility, random, cache, executor
        As for :func:`graphkit.attribution.evaluate`.
    confidence
        Confidence level of the intervals.
    rng
        Seed.

    Returns
    -------
    Robustness

    Raises
    ------
    MissingDataError
        For an unknown arm, measure or kind of partition.
    GraphkitError
        If the comparison as it is cannot be run.

    Examples
    --------
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(120, communities=3, rng=1)
    >>> worlds = gk.synthetic.worlds(2, like=platform, ticks=3, rng=1)
    >>> arms = {"follower": gk.follower_centric(), "interest": gk.interest_centric()}
    >>> social = [Condition("s", 1.0, 0.2, behaviour=gk.simulation.Behaviour(social_share=1.0))]
    >>> pair = {"arm": "interest", "baseline": "follower", "measure": "crossing"}
    >>> found = robustness(worlds, arms, **pair, conditions=social, ticks=3, slots=3, rng=1)
    >>> found.frame.select("condition", "default", "distance").rows()
    [('as it is', None, None), ('s = 1', '0.2', 1.0)]
    """
    population = [worlds] if isinstance(worlds, World) else list(worlds)
    for name in (arm, baseline):
        if name not in arms:
            raise MissingDataError(
                f"no arm {name!r}.{nearest(name, arms)} Arms: {', '.join(map(str, arms))}."
            )
    some = {name: feed for name, feed in arms.items() if name in (arm, baseline, random)}
    # a folder of earlier calls has its own seed
    seed = None if rng is None and cache is not None else Streams(rng).seed
    behaviour = behaviour or Behaviour()
    given = {"ticks": ticks, "slots": slots, "behaviour": behaviour, "reading": reading}
    fixed: dict[str, Any] = {"replications": replications, "budget": budget, "random": random}
    fixed |= {"cache": cache, "executor": executor, "rng": seed}

    def compare(these: Sequence[World], feeds: Mapping[str, Feed], **options: Any) -> pl.DataFrame:
        outcome = evaluate(these, feeds, **fixed, **options)
        return contrast(outcome, arm, baseline, confidence=confidence).frame

    own = compare(population, some, visibility=visibility, **given)
    if conditions is None:
        pair: dict[str, Any] = {"arm": arm, "baseline": baseline}
        conditions = conditions_of(
            *(population, some), **pair, slots=slots, reading=reading, behaviour=behaviour, rng=seed
        )
    parts = []
    stand_ins: set[str] = set()
    for condition in conditions:
        stand_ins |= set((condition.partition or {}).values())
        if condition.refused is not None:
            parts.append(condition_rows(condition, condition.refused, arm=arm, baseline=baseline))
            continue
        if condition.same_runs:
            parts.append(condition_rows(condition, own))
            continue
        these = population if condition.worlds is None else list(condition.worlds)
        members = range(min(len(these), len(population)))
        seen = condition.visibility or views_of(visibility, members, len(population))
        changed = {k: getattr(condition, k) for k in given}
        options = given | {k: v for k, v in changed.items() if v is not None}
        feeds = {name: (condition.arms or {}).get(name, feed) for name, feed in some.items()}
        try:
            rows = compare(these, feeds, visibility=seen, **options)
        except REFUSALS as error:
            parts.append(condition_rows(condition, str(error), arm=arm, baseline=baseline))
        else:
            parts.append(condition_rows(condition, rows))
    whole = own.filter(~pl.col("partition").is_in(list(stand_ins)).fill_null(False))
    tried = pl.concat(parts, how="diagonal_relaxed") if parts else None
    return judge(*(whole, tried), measure=measure, partition=partition, arm=arm, baseline=baseline)


def judge(
    own: Contrast | pl.DataFrame,
    conditions: pl.DataFrame | None = None,
    *,
    measure: str,
    partition: str | None = None,
    arm: str | None = None,
    baseline: str | None = None,
) -> Robustness:
    """What becomes of a conclusion under conditions, of contrasts that were already made.

    Parameters
    ----------
    own
        The contrast of the comparison as it is. Its other kinds of partition are conditions too.
    conditions
        Rows of :func:`condition_rows`, one below the other, such as the table ``conditions`` of a
        study.
    measure, partition
        As in :func:`robustness`.
    arm, baseline
        The arms compared; needed if the contrasts are of several pairs.

    Returns
    -------
    Robustness

    Raises
    ------
    MissingDataError
        If there is no such row in `own`, or the conditions lack a column.
    DataError
        If the contrasts are of several pairs of arms, and none is named.

    Examples
    --------
    >>> row = {"partition": None, "community": None, "measure": "viewer_value", "arm": "b"}
    >>> row |= {"baseline": "a", "arm_mean": 0.5, "baseline_mean": 0.4, "difference": 0.1}
    >>> row |= {"low": 0.05, "high": 0.15, "interval": "within this world", "direction": "higher"}
    >>> own = pl.DataFrame([row])
    >>> turned = own.with_columns(difference=-pl.col("difference"), direction=pl.lit("lower"))
    >>> changed = condition_rows(Condition("s", 1.0, 0.0), turned)
    >>> judge(own, changed, measure="viewer_value").nearest.select("condition", "zero").rows()
    [('s = 1', 0.5)]
    """
    rows = own.frame if isinstance(own, Contrast) else own
    rows = rows.filter(pl.col("community").is_null())
    pairs = rows.select("arm", "baseline").unique(maintain_order=True)
    for name, wanted in (("arm", arm), ("baseline", baseline)):
        pairs = pairs if wanted is None else pairs.filter(pl.col(name) == wanted)
    if pairs.height != 1:
        kind, why = (DataError, "several pairs") if pairs.height else (MissingDataError, "no pair")
        raise kind(f"judge: {why} of arms in the contrasts: name arm= and baseline= of one.")
    arm, baseline = pairs.row(0)
    rows = rows.filter(measure=measure, arm=arm, baseline=baseline)
    if not rows.height:
        known = (own.frame if isinstance(own, Contrast) else own).get_column("measure")
        raise MissingDataError(
            f"the contrast has no measure {measure!r} over all communities."
            f"{nearest(measure, known.unique().sort().to_list())}"
        )
    kinds = rows.get_column("partition").to_list()
    if partition is None or kinds == [None]:
        order = [kind for kind in (None, *PRIMARY_KINDS) if kind in kinds]
        partition = next(iter(order), kinds[0])
    elif partition not in kinds:
        raise MissingDataError(
            f"the contrast has no {measure!r} under a partition {partition!r}. Kinds: "
            f"{', '.join(map(str, kinds))}."
        )
    same = pl.col("partition").eq_missing(pl.lit(partition, pl.String))
    first = rows.filter(same).row(0, named=True)
    others = [
        {"condition": f"{row['partition']} partition", "dimension": KIND}
        | {"value": row["partition"], "default": partition}
        | _figures_of(row)
        for row in rows.filter(~same).iter_rows(named=True)
    ]
    others += _condition_figures(conditions, measure, partition, arm, baseline)
    placed = place(
        pl.DataFrame(
            others, schema={k: v for k, v in _SCHEMA.items() if k not in ("distance", "holds")}
        )
    )
    claimed = first["direction"] in (HIGHER, LOWER)
    holds = [
        outcome_of(first["direction"], r["direction"], r["difference"]) if claimed else None
        for r in placed.iter_rows(named=True)
    ]
    placed = placed.with_columns(pl.Series("holds", holds, pl.String))
    top = pl.DataFrame([{"condition": AS_IT_IS} | _figures_of(first)], schema=_SCHEMA)
    frame = pl.concat([top, placed.select(*_SCHEMA)])
    ends = _nearest_of(placed, first["difference"]) if claimed else pl.DataFrame(schema=_NEAREST)
    about = (measure, partition, arm, baseline)
    verdict, fitted = _verdict(about, frame), first.get("calibrated") is not False
    text = _nearest_text(ends, frame) if claimed else ""
    record = Provenance(
        "robustness", dict(zip(("measure", "partition", "arm", "baseline"), about, strict=True))
    )
    return Robustness(*about, frame, ends, verdict, text, fitted, record)


def _condition_figures(
    conditions: pl.DataFrame | None, measure: str, partition: str | None, arm: str, baseline: str
) -> list[dict[str, Any]]:
    """One row of figures per condition that concerns this measure and partition."""
    if conditions is None:
        return []
    needed = ("condition", *COLUMNS, "partition", "community", "measure", "arm", "baseline")
    for name in (*needed, *_FIGURES):
        if name not in conditions.columns:
            raise MissingDataError(
                f"conditions: no column {name!r}: they must be rows of condition_rows."
            )
    rows = conditions.filter(pl.col("community").is_null(), arm=arm, baseline=baseline)
    rows = rows.with_columns(pl.col(COLUMNS).cast(pl.String))
    same = pl.col("partition").eq_missing(pl.lit(partition, pl.String))
    found = []
    for _, group in rows.group_by("condition", maintain_order=True):
        keys = group.select("condition", *COLUMNS).row(0, named=True)
        stopped = group.filter(pl.col("measure").is_null() & (same | pl.col("partition").is_null()))
        known = group.filter(same, measure=measure)
        if known.height or stopped.height:
            row = (known if known.height else stopped).row(0, named=True)
            found.append(keys | _figures_of(row))
        elif group.filter(same).height:  # measured, but not this
            found.append(keys | dict.fromkeys(_FIGURES))
    return found


def _figures_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a contrast, and the worlds that it rests on, if they are told."""
    return {name: row[name] for name in _FIGURES} | {"worlds": row.get("worlds")}


def _nearest_of(placed: pl.DataFrame, own: float) -> pl.DataFrame:
    """Per dimension, what is nearest to the default and ends the conclusion."""
    ran = placed.filter(pl.col("difference").is_not_null())
    found = []
    for (dimension,), rows in ran.group_by("dimension", maintain_order=True):
        ended = rows.filter(pl.col("holds") != HOLDS)
        if not ended.height:
            continue
        least = ended.get_column("distance").min()
        if least is not None:
            ended = ended.filter((pl.col("distance") - least).abs() < 1e-9)
        zero = None if least is None else _zero_of(rows, own)
        for row in ended.iter_rows(named=True):
            keys = {name: row[name] for name in _NEAREST if name != "zero"}
            found.append(keys | {"dimension": dimension, "zero": zero})
    frame = pl.DataFrame(found, schema=_NEAREST)
    return frame.sort("distance", nulls_last=True, maintain_order=True)


def _zero_of(rows: pl.DataFrame, own: float) -> float | None:
    """Where the difference crosses zero nearest to the default, on a line from value to value."""
    default = rows.get_column("default_number")[0]
    barred = pl.col("direction").eq_missing(pl.lit(FILLER))
    known = rows.filter(~barred, pl.col("number") != default).unique("number", keep="first")
    points = known.select("number", "difference").rows()
    zeros = []
    for side in (-1, 1):
        at, value = default, own
        for number, difference in sorted(
            (p for p in points if (p[0] - default) * side > 0), key=lambda p: side * p[0]
        ):
            if value * difference <= 0 and value != difference:
                zeros.append(at + (number - at) * value / (value - difference))
                break
            at, value = number, difference
    return min(zeros, key=lambda zero: abs(zero - default), default=None)


def _verdict(about: tuple[str, str | None, str, str], frame: pl.DataFrame) -> str:
    """The conclusion, and where it holds, turns, and cannot be told, as one sentence."""
    measure, partition, arm, baseline = about
    first = frame.row(0, named=True)
    claim = next((claim for claim in CLAIMS if claim.measure == measure), None)
    title, scale, unit = (
        (measure, 1.0, "") if claim is None else (claim.title, claim.scale, claim.unit)
    )
    subject = title if partition is None else f"{title} ({partition} partition)"
    figures = [first[name] for name in ("arm_mean", "baseline_mean", "difference", "low", "high")]
    value, base, gap, low, high = (math.nan if x is None else scale * x for x in figures)
    own = difference_text(Gap(value, base, math.nan, gap, low, high, first["interval"] or ""), unit)
    others = frame.slice(1)
    names = _names_by_outcome(others)
    stopped = [
        n
        for n, d in others.select("condition", "direction").iter_rows()
        if (d or "").startswith(CANNOT_RUN)
    ]
    end = f"; {len(stopped)} could not be run ({', '.join(stopped)})" if stopped else ""
    if first["direction"] not in (HIGHER, LOWER):
        why = "no direction is claimed for filler" if first["direction"] == FILLER else INDISTINCT
        why = (
            f", {why}" if first["direction"] else ""
        )  # the difference says that it has no interval
        if first["difference"] is None:
            return f"{subject}: not estimable, so there is no conclusion to be robust."
        new = others.filter(pl.col("direction").is_in([HIGHER, LOWER]))
        shown = ", ".join(f"{n} ({d})" for n, d in new.select("condition", "direction").iter_rows())
        text = (
            f"{subject}: {arm} − {baseline} is {own}{why}, so there is no conclusion to be robust"
        )
        return f"{text}{f'; there is a direction under: {shown}' if shown else ''}{end}."
    if not others.height:
        return f"{subject} is {first['direction']} in {arm} than in {baseline}, {own}; nothing else was tried."
    ran = others.height - len(stopped)
    text = (
        f"{subject} is {first['direction']} in {arm} than in {baseline}, {own}: that holds under "
    )
    text += f"{len(names.get(HOLDS, []))} of {ran} other conditions"
    # beside the verdict over all kinds of partition, which counts none of them as a condition
    if kinds := others.filter(dimension=KIND).height:
        text += f" ({kinds} other partition{'s' if kinds > 1 else ''} among them)"
    if names.get(TURNS):
        text += f", turns under {', '.join(names[TURNS])}"
    lost = [
        name if outcome == LOST else f"{name} ({outcome})"
        for outcome, several in names.items()
        if outcome not in (HOLDS, TURNS, CANNOT_RUN)
        for name in several
    ]
    if lost:
        text += f", and cannot be told under {', '.join(lost)}"
    return f"{text}{end}."


def _names_by_outcome(rows: pl.DataFrame) -> dict[str, list[str]]:
    """Names of conditions by what becomes of the conclusion, in their order."""
    found: dict[str, list[str]] = {}
    for name, holds in rows.select("condition", "holds").iter_rows():
        found.setdefault(holds, []).append(name)
    return found


def _nearest_text(ends: pl.DataFrame, frame: pl.DataFrame) -> str:
    """The nearest condition at which the conclusion does not hold, in words."""
    if frame.height < 2:
        return ""
    if not ends.height:
        return "No condition that was tried and has a value ends it."
    placed = ends.drop_nulls("distance")
    texts = []
    if placed.height:
        least = placed.get_column("distance")[0]
        parts = []
        for row in placed.filter(pl.col("distance") - least < 1e-9).iter_rows(named=True):
            part = f"{row['condition']} (default {rounded(row['default'])}): {row['holds']}"
            if row["zero"] is not None:
                where = f"{row['dimension']} = {row['zero']:.3g}".replace("-", "−")
                part += f"; on a line between the values tried, the difference is zero at {where}"
            parts.append(part)
        texts.append(
            f"The nearest condition at which it does not hold, {100 * least:.0f} % of the range tried "
            f"away, is {'; and '.join(parts)}."
        )
    choices = ends.filter(pl.col("distance").is_null()).get_column("condition").to_list()
    if choices:
        start = "Nor does it hold" if texts else "It does not hold"
        has = "has" if len(choices) == 1 else "have"
        texts.append(f"{start} under {', '.join(choices)}, which {has} no distance.")
    return " ".join(texts)
