"""Contrasts of two arms and means of all arms, with intervals that say what they speak about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import FILLER_LIMIT
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_number,
    name_some,
    nearest,
    shorten,
)
from graphkit.measures.catalogue import describe_measure, outcome_schema
from graphkit.measures.intervals import (
    OVER_POPULATIONS,
    OVER_SAMPLES,
    WITHIN_WORLD,
    effect_bounds,
    holm,
    match_by_name,
    scheme_of,
)
from graphkit.parallel import refuse_after_fork

__all__ = ["PRIMARY", "Contrast", "arm_means", "contrast"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Measures that a contrast tests unless others are declared.
PRIMARY = ("crossing", "hosting_slope", "viewer_value", "creator_gini")

#: Kinds of partition under which primary measures are tested, the first that is present.
PRIMARY_KINDS = ("interest", "planted")

_ROW = ["partition", "community", "measure"]
_ARM_ROW = ["arm", *_ROW]
_NEEDED = ["arm", "world", "replication", *_ROW, "value", "budget", "calibrated"]
_SCHEMA = outcome_schema(
    *(*_ROW, "arm", "baseline", "arm_mean", "baseline_mean", "difference", "low", "high"),
    *("interval", "fixed", "se", "effect", "effect_low", "effect_high", "p", "p_holm"),
    *("primary", "direction", "filler", "baseline_filler"),
    *("worlds", "replications", "budget", "calibrated"),
)
_MEANS_SCHEMA = outcome_schema(
    *(*_ARM_ROW, "mean", "low", "high", "interval", "fixed", "se"),
    *("worlds", "replications", "budget", "calibrated"),
)


#: Largest number whose square is finite, with room for sums.
MOST = 1e150


@dataclass(frozen=True, repr=False, eq=False)
class Contrast(Frozen, table="_shown"):
    """Result of :func:`contrast`: differences between two arms, the declared primary rows first.

    Attributes
    ----------
    frame
        One row per partition, community and measure; columns as in :func:`contrast`.
    """

    frame: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("contrast"))

    @property
    def primary(self) -> pl.DataFrame:
        """The rows of the declared primary measures, which are tested."""
        return self.frame.filter("primary")

    def row(
        self, measure: str, partition: str | None = None, community: str | None = None
    ) -> dict[str, Any]:
        """One row as a dictionary.

        Without a `partition`, it is the row that needs none, the primary one, or the only one.

        Raises
        ------
        MissingDataError
            If there is no such row.
        DataError
            If the measure is there under several partitions.
        """
        refuse_after_fork()
        rows = self.frame.filter(
            pl.col("community").eq_missing(pl.lit(community, pl.String)), measure=measure
        )
        if not rows.height:
            known = self.frame.get_column("measure").unique().sort().to_list()
            where = "over all communities" if community is None else f"of {community!r}"
            raise MissingDataError(
                f"the contrast has no measure {measure!r} {where}.{nearest(str(measure), known)} "
                f"Measures: {name_some(known)}."
            )
        kinds = rows.get_column("partition").to_list()
        if partition is not None:
            rows = rows.filter(partition=partition)
        elif None in kinds:
            rows = rows.filter(pl.col("partition").is_null())
        elif rows.height > 1 and rows.get_column("primary").any():
            rows = rows.filter("primary")
        if not rows.height:
            raise MissingDataError(
                f"the contrast has no {measure!r} under a partition {partition!r}. "
                f"Kinds: {', '.join(map(str, kinds))}."
            )
        if rows.height > 1:
            raise DataError(
                f"{measure!r} is given under the partitions {', '.join(map(str, kinds))}: choose "
                "one by partition=."
            )
        return rows.row(0, named=True)

    def _title(self) -> str:
        pairs = self.frame.select("arm", "baseline").unique(maintain_order=True).rows()
        return "Contrast: " + ", ".join(f"{arm} − {baseline}" for arm, baseline in pairs)

    def _facts(self) -> dict[str, object]:
        """What the intervals speak about, filler, and the primary rows on one axis."""
        facts: dict[str, object] = {}
        if not self.frame.height:
            return {"rows": 0}
        first = self.frame.row(0, named=True)
        largest = self.frame.select(pl.col("worlds", "replications").max()).row(0, named=True)
        units = {
            OVER_POPULATIONS: f"{largest['worlds']} worlds",
            OVER_SAMPLES: f"{largest['worlds'] - 1} groups left out in turn",
            WITHIN_WORLD: f"{largest['replications']} replications",
        }
        facts["intervals"] = f"{first['interval']} ({units[first['interval']]})"
        if not self.frame.get_column("low").count():
            facts["intervals"] = "none: they need replications=2 or more, or several worlds"
        facts["held fixed"] = first["fixed"]
        shares = [first["filler"], first["baseline_filler"]]
        known = ["unknown" if share is None else f"{share:.0%}" for share in shares]
        facts["filler"] = f"{first['arm']} {known[0]}, {first['baseline']} {known[1]}"
        if first["calibrated"] is False:
            facts["behaviour"] = "not calibrated: assumptions"
        for row in self.primary.iter_rows(named=True):
            name = row["measure"] + ("" if row["partition"] is None else f" ({row['partition']})")
            facts[name] = _row_text(row)
        facts |= {key: f"{n:,}" for key, n in self.provenance.removed.items()}
        facts["rows"] = f"{self.frame.height:,} in .frame, {self.primary.height} primary"
        return facts

    def _shown(self) -> pl.DataFrame:
        """Rows for a notebook, the primary ones first: in SD over populations, and in units."""
        return self.frame.sort("primary", descending=True, maintain_order=True).select(
            *("measure", "partition", "community", "effect", "effect_low", "effect_high"),
            *("difference", "low", "high", "direction", "p_holm", "primary"),
        )


def _row_text(row: Mapping[str, Any]) -> str:
    """Difference, effect with its bounds, direction and adjusted p of one row."""
    if row["difference"] is None:
        return "undefined"
    text = f"{row['difference']:+.3g}"
    if row["low"] is not None:
        text += f" [{row['low']:+.3g}, {row['high']:+.3g}]"
    if row["effect"] is not None:
        text += f"; {row['effect']:+.1f} [{row['effect_low']:+.1f}, {row['effect_high']:+.1f}] SD"
    text = text.replace("-", "−")
    if row["direction"] is not None:
        text += f"; {row['direction']}"
    if row["p_holm"] is not None:
        text += f"; Holm p = {row['p_holm']:.2g}" if row["p_holm"] >= 0.001 else "; Holm p < .001"
    return text


def contrast(
    outcome: pl.DataFrame,
    arm: str,
    baseline: str,
    *,
    primary: Sequence[str] | None = None,
    confidence: float = 0.95,
    require: str | None = None,
) -> Contrast:
    """Paired differences between two arms, with intervals that say what they speak about.

    Arms are compared within the same world and replication, and replications are averaged
    within their world, to d_w in world w. What an interval speaks about follows from the worlds:

    ``"over populations of the same making"``
        Several worlds made independently, each from data of its own: d̄ = Σ d_w / W ± t(W − 1) · s / √W, with s the
        standard deviation of the d_w. Nothing is held fixed.
    ``"over samples like this one"``
        The worlds of :func:`resample_worlds`, a delete-a-group jackknife: d of the whole
        ± t(G − 1) · SE, with SE = √((G − 1)/G · Σ (d_g − d̄)²) over the G parts (Kott 2001). It
        is the width for one population; more parts do not narrow it. The partition and its
        labels are held fixed.
    ``"within this world"``
        One world: t over its R replications. The world is held fixed: the interval tells what
        the draws alone do, and nothing about other worlds.

    The effect is the difference over the standard deviation over populations (Cohen's d_z; Lakens
    2013): d̄ / s for populations, d / SE for a jackknife, whose SE estimates the same. Its bounds
    are exact for normal differences, from the noncentral t distribution (Cumming & Finch 2001):
    they reckon with the uncertainty of s, too, and so are wider than [low, high] / s.

    In worlds made independently, communities match by name. ``community 3`` is none, but a rank by
    size: rows of such communities are left out, and counted in ``.provenance.removed``.

    Only declared primary rows are tested, and Holm's adjustment (1979) is over them; the others
    have intervals. A direction, also that of a primary row, follows from the row's own interval: it
    is not adjusted for the number of rows, as p_holm is. Where more than 25 % of the impressions of
    either arm are filler (posts that no source of the feed chose), no direction is claimed and
    nothing is tested: the difference may be that of the filler.

    Parameters
    ----------
    outcome
        Result of :func:`measure_spread`. Without the column ``sample``, several worlds count as
        made independently.
    arm, baseline
        Names of the arms; the difference is arm − baseline.
    primary
        Measures that are tested, over all communities, without a partition or under one kind:
        ``"interest"`` if there is one, else ``"planted"``, else the first. By default those of
        ``"crossing"``, ``"hosting_slope"``, ``"viewer_value"`` and ``"creator_gini"`` that are
        there. Declare them before looking at the results.
    confidence
        Confidence level of the intervals.
    require
        ``"worlds"``: fail unless the intervals speak about more than this world.

    Returns
    -------
    Contrast
        ``.frame`` has one row per partition, community and measure: arm, baseline, arm_mean,
        baseline_mean (of a jackknife, those of the whole), difference, low, high, interval, fixed
        (what it holds fixed), se (standard error of the difference), effect, effect_low and
        effect_high (the difference over the standard deviation over populations, and its own
        bounds), p (t test), p_holm, primary, direction (``"higher"``, ``"lower"``, ``"not distinguishable"``,
        ``"not claimed: filler"``), filler, baseline_filler (shares of the impressions), worlds (those
        in which both arms have a value; of a jackknife, the whole and its parts), replications
        (likewise), budget, calibrated.

        Bounds, se and direction are null with fewer than two units, and in a jackknife unless
        the whole and every part have a value; effect and p also where nothing varies; effect also
        within one world, whose replications vary less than worlds do; p also for measures that
        the catalogue marks as descriptive; filler also where the outcome has no measure
        ``"filler"``.

    Raises
    ------
    MissingDataError
        For an unknown arm, a missing column, or a primary measure that is not in the outcome.
    DataError
        If runs under several budgets, or calibrated and uncalibrated ones, are mixed, if a
        run has two values for one row, a value is no number or infinite, or if `require` is not
        met. Also for several worlds that were built from one data set or share more than half of
        their follows or posts, for parts of a jackknife without their whole, a second whole, a
        single part, or a jackknife mixed with other worlds.

    References
    ----------
    Cumming, G., & Finch, S. (2001). A primer on the understanding, use, and calculation of
    confidence intervals that are based on central and noncentral distributions. Educational and
    Psychological Measurement, 61(4), 532–574. https://doi.org/10.1177/0013164401614002

    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
    Journal of Statistics, 6(2), 65–70. https://www.jstor.org/stable/4615733

    Kott, P. S. (2001). The delete-a-group jackknife. Journal of Official Statistics, 17(4),
    521–526.

    Lakens, D. (2013). Calculating and reporting effect sizes to facilitate cumulative
    science. Frontiers in Psychology, 4, 863. https://doi.org/10.3389/fpsyg.2013.00863

    Examples
    --------
    >>> outcome = pl.DataFrame(
    ...     {
    ...         "arm": ["a", "a", "b", "b"], "world": [0, 1, 0, 1], "replication": 0,
    ...         "partition": "planted", "community": None, "measure": "crossing",
    ...         "value": [0.5, 0.7, 0.4, 0.4], "budget": "matched", "calibrated": False,
    ...     }
    ... )
    >>> gap = contrast(outcome, "a", "b")
    >>> gap.frame.select(pl.col("difference", "low", "high").round(2)).row(0)
    (0.2, -1.07, 1.47)
    >>> gap.row("crossing")["direction"]
    'not distinguishable'
    """
    refuse_after_fork()
    if require is not None:
        check_choice("require", require, ("worlds",))
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    budget, calibrated = check_outcome(outcome)
    _require_arms(outcome, (arm, baseline))
    declared = _primary_measures(primary, outcome)
    scheme = scheme_of(outcome)
    if require == "worlds" and scheme.interval == WITHIN_WORLD:
        raise DataError(
            "an interval over worlds was asked for, but the outcome holds one world: simulate "
            "several, made independently or by resample_worlds."
        )
    filler = [_filler_share(outcome, name, scheme.whole) for name in (arm, baseline)]
    filled = any(share is not None and share > FILLER_LIMIT for share in filler)
    kind = _primary_kind(outcome, declared)
    matched, unnamed = match_by_name(outcome, scheme)
    pairs = _paired_values(matched, arm, baseline)
    units = list(_units_by_row(pairs, scheme.interval == WITHIN_WORLD))
    intervals = [
        scheme.find(own - base, np.maximum(np.abs(own), np.abs(base)), worlds, confidence)
        for _, own, base, worlds, _ in units
    ]
    low, high = effect_bounds(intervals, confidence)
    rows = []
    for at, (row, own, base, worlds, counts) in enumerate(units):
        partition, community, measure = row
        found = intervals[at]
        declares = measure in declared and community is None and partition in (None, kind)
        described = describe_measure(str(measure))
        tested = declares and not filled and not (described and described.descriptive)
        key = (*row, arm, baseline)
        means = (scheme.centre(own, worlds), scheme.centre(base, worlds))
        bounds = (found.centre, found.low, found.high, scheme.interval, scheme.fixed, found.se)
        effects = (found.effect, low[at], high[at])
        test = (found.p if tested else None, None, declares, found.direction(filled=filled))
        rows.append((*key, *means, *bounds, *effects, *test, *filler, *counts, budget, calibrated))
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    frame = frame.with_columns(pl.col(pl.Float64).fill_nan(None))
    adjusted = pl.Series("p_holm", holm(frame["p"].to_list()), dtype=pl.Float64)
    record = Provenance(
        "contrast",
        {"arm": arm, "baseline": baseline, "primary": declared, "confidence": confidence},
        removed={"communities without a name, over all worlds": unnamed} if unnamed else {},
    )
    return Contrast(frame.with_columns(adjusted), record)


def _primary_measures(given: Sequence[str] | None, outcome: pl.DataFrame) -> tuple[str, ...]:
    """The declared measures; those that were named must be in the outcome."""
    if given is None:
        return PRIMARY
    if isinstance(given, str):
        raise OptionError(f"primary={given!r} is one text: pass a tuple of names, ({given!r},).")
    known = outcome.get_column("measure").unique().sort().to_list()
    for name in given:
        if name not in known:
            raise MissingDataError(
                f"primary: the outcome has no measure {name!r}.{nearest(str(name), known)}"
            )
    return tuple(given)


def _primary_kind(outcome: pl.DataFrame, declared: Sequence[str]) -> str | None:
    """The kind of partition whose rows are primary."""
    rows = outcome.filter(pl.col("measure").is_in(declared), pl.col("community").is_null())
    kinds = rows.get_column("partition").drop_nulls().unique().sort().to_list()
    return next((kind for kind in (*PRIMARY_KINDS, *kinds) if kind in kinds), None)


def _filler_share(outcome: pl.DataFrame, arm: str, whole: int | None) -> float | None:
    """Mean share of filler of an arm over the worlds; of a jackknife, that of the whole."""
    rows = outcome.filter(
        pl.col("partition").is_null(), pl.col("community").is_null(), arm=arm, measure="filler"
    )
    rows = rows if whole is None else rows.filter(world=whole)
    by_world = rows.group_by("world").agg(pl.col("value").cast(pl.Float64).fill_nan(None).mean())
    share = by_world.sort("world").get_column("value").mean()
    return None if share is None else float(share)  # type: ignore[arg-type]


def check_outcome(outcome: pl.DataFrame) -> tuple[str | None, bool | None]:
    """The one budget of an outcome, and whether it is calibrated; null without rows."""
    if not isinstance(outcome, pl.DataFrame):
        kind = type(outcome)
        raise DataError(
            f"the outcome is a {kind.__name__} of {kind.__module__.partition('.')[0]}: it must be a "
            "Polars frame, as measure_spread returns it."
        )
    missing = [name for name in _NEEDED if name not in outcome.columns]
    if missing:
        raise MissingDataError(
            f"the outcome has no column {', '.join(missing)}: it must be a result of "
            "measure_spread."
        )
    for name in ("value", "calibrated"):
        kind = outcome.schema[name]
        fits = kind.is_numeric() if name == "value" else kind == pl.Boolean
        if kind != pl.Null and not fits:
            raise DataError(
                f"the outcome has the type {kind} in {name!r}: it must be a result of measure_spread."
            )
    values = outcome.get_column("value").cast(pl.Float64).drop_nulls().drop_nans()
    largest = values.abs().max()
    if isinstance(largest, float) and largest > MOST:
        raise DataError(
            f"the outcome has the value {largest:g}, and numbers up to {MOST:g} can be compared: "
            "it must be a result of measure_spread."
        )
    budgets = outcome.get_column("budget").unique().sort().to_list()
    if len(budgets) > 1:
        raise DataError(
            f"the outcome mixes the budgets {', '.join(map(repr, budgets))}: what was measured under "
            "one cannot be compared with the other."
        )
    calibrated = outcome.get_column("calibrated").unique().to_list()
    if len(calibrated) > 1:
        raise DataError(
            "the outcome mixes calibrated and uncalibrated behaviour: viewers with different "
            "parameters cannot be compared."
        )
    return next(iter(budgets), None), next(iter(calibrated), None)


def _require_arms(outcome: pl.DataFrame, names: Iterable[str], place: str = "") -> None:
    """Refuse names of arms that the outcome does not hold."""
    arms = outcome.get_column("arm").unique(maintain_order=True).to_list()
    for name in names:
        if name not in arms:
            raise MissingDataError(
                f"{place}no arm {name!r} in the outcome.{nearest(name, arms)} "
                f"Arms: {', '.join(map(str, arms))}."
            )


def _refuse_duplicates(runs: pl.DataFrame) -> None:
    twice = runs.filter(runs.select(*_ARM_ROW, "world", "replication").is_duplicated())
    if twice.height:
        raise DataError(
            f"arm {twice['arm'][0]!r} has more than one value of {twice['measure'][0]!r} in world "
            f"{twice['world'][0]}, replication {twice['replication'][0]}: outcomes of different "
            "simulations cannot be stacked."
        )


def _paired_values(outcome: pl.DataFrame, arm: str, baseline: str) -> pl.DataFrame:
    """Both arms' values side by side, in the order of the arm's rows."""
    keys = [*_ROW, "world", "replication"]
    sides = []
    for name, column in ((arm, "own"), (baseline, "base")):
        value = pl.col("value").cast(pl.Float64).fill_nan(None).alias(column)
        side = outcome.filter(pl.col("arm") == name).select(*keys, value)
        side = side.with_columns(pl.col("partition", "community").cast(pl.String))
        _refuse_duplicates(side.with_columns(pl.lit(name).alias("arm")))
        sides.append(side)
    return sides[0].join(sides[1], on=keys, how="left", nulls_equal=True, maintain_order="left")


def _units_by_row(
    pairs: pl.DataFrame, by_replication: bool
) -> Iterator[tuple[tuple[str | None, ...], Floats, Floats, Ints, tuple[int, int]]]:
    """Every row of the result with its values in both arms, their worlds, and two numbers.

    Values are those of replications or means of worlds, where both arms have one; the numbers are
    those of the worlds and the replications that have one.
    """
    rows = pairs.select(_ROW).unique(maintain_order=True).with_row_index("row")
    numbered = pairs.join(rows, on=_ROW, nulls_equal=True, maintain_order="left")
    # sorted, so that the order of rows does not change the last digit
    known = numbered.drop_nulls(["own", "base"]).sort("row", "world", "replication")
    runs = known.with_columns(pl.struct("row", "world").rle_id().alias("unit").set_sorted())
    by_world = runs.group_by("unit", maintain_order=True).agg(
        pl.col("row", "world").first(), pl.col("own", "base").mean()
    )
    units = known if by_replication else by_world
    own, base, worlds = (units.get_column(name).to_numpy() for name in ("own", "base", "world"))
    numbers = np.arange(rows.height + 1)
    first, *firsts = (
        np.searchsorted(frame.get_column("row").to_numpy(), numbers)
        for frame in (units, by_world, known)
    )
    n_worlds, n_runs = (np.diff(places).tolist() for places in firsts)
    for row, key in enumerate(rows.select(_ROW).iter_rows()):
        part = slice(first[row], first[row + 1])
        yield key, own[part], base[part], worlds[part], (n_worlds[row], n_runs[row])


def arm_means(
    outcome: pl.DataFrame, *, confidence: float = 0.95, shares: Mapping[str, float] | None = None
) -> pl.DataFrame:
    """Means of every arm with t confidence intervals, measure by measure.

    What the intervals speak about follows from the worlds, as in :func:`contrast`. The mean is
    that over worlds made independently, v̄ = Σ v_w / W; the value of the whole of a jackknife; or
    the mean over the replications of one world. Arms share their worlds, so two arms can
    differ although their intervals overlap: :func:`contrast` compares them in pairs. As there,
    communities without a name have no rows over worlds made independently.

    Parameters
    ----------
    outcome
        Result of :func:`measure_spread`, or of :func:`amplification`.
    confidence
        Confidence level of the intervals.
    shares
        For arms that are blends of two feeds, the share of the second by the name of the
        arm; they become the column ``share``, which :func:`graphkit.plot.blend` draws.

    Returns
    -------
    polars.DataFrame
        One row per arm, partition, community and measure, in the order of the outcome: arm,
        partition, community, measure, mean (null where no run has a value), low, high, interval,
        fixed, se (as in :func:`contrast`), worlds, replications (those that have a value), budget,
        calibrated; and share, if `shares` are given.

    Raises
    ------
    MissingDataError
        For a missing column, or a share of an unknown arm.
    DataError
        If an outcome is mixed, has two values for one row, or lacks a part of a jackknife, as in
        :func:`contrast`.
    OptionError
        If `confidence` is not between 0 and 1, or a share is not in [0, 1].

    Examples
    --------
    >>> outcome = pl.DataFrame(
    ...     {
    ...         "arm": "a", "world": [0, 1, 2], "replication": 0, "partition": "planted",
    ...         "community": None, "measure": "crossing", "value": [0.4, 0.5, 0.6],
    ...         "budget": "matched", "calibrated": False,
    ...     }
    ... )
    >>> arm_means(outcome).select(pl.col("mean", "low", "high").round(3)).row(0)
    (0.5, 0.252, 0.748)
    """
    refuse_after_fork()
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    budget, calibrated = check_outcome(outcome)
    runs = outcome.select(
        pl.col(*_ARM_ROW).cast(pl.String),
        *("world", "replication"),
        pl.col("value").cast(pl.Float64).fill_nan(None),
    )
    _refuse_duplicates(runs)
    scheme, rows = scheme_of(outcome), []
    for key, *lists in _values_by_row(match_by_name(runs, scheme)[0]):
        worlds, values = np.asarray(lists[0], np.int64), np.asarray(lists[1], np.float64)
        numbers, of = np.unique(worlds, return_inverse=True)
        count = values.size
        if scheme.interval != WITHIN_WORLD:
            worlds, values = numbers, np.bincount(of, weights=values) / np.bincount(of)
        found = scheme.find(values, np.abs(values), worlds, confidence)
        bounds = (found.centre, found.low, found.high, scheme.interval, scheme.fixed, found.se)
        rows.append((*key, *bounds, numbers.size, count, budget, calibrated))
    frame = pl.DataFrame(rows, schema=_MEANS_SCHEMA, orient="row")
    frame = frame.with_columns(pl.col(pl.Float64).fill_nan(None))
    return frame if shares is None else _add_shares(frame, shares)


def _values_by_row(
    runs: pl.DataFrame,
) -> list[tuple[tuple[str | None, ...], list[int], list[float]]]:
    """Key, worlds and values of every row of the result, sorted: no order of rows matters."""
    known = pl.col("value").is_not_null()
    order = runs.select(*_ARM_ROW).unique(maintain_order=True)
    values = (
        runs.sort("world", "replication")
        .group_by(_ARM_ROW, maintain_order=True)
        .agg(pl.col("world").filter(known), pl.col("value").filter(known))
    )
    joined = order.join(values, on=_ARM_ROW, how="left", nulls_equal=True, maintain_order="left")
    return [(tuple(row[:4]), row[4], row[5]) for row in joined.iter_rows()]


def _add_shares(frame: pl.DataFrame, shares: Mapping[str, float]) -> pl.DataFrame:
    if not isinstance(shares, Mapping):
        raise OptionError(f"shares={shorten(shares)}: numbers by arm are needed.")
    _require_arms(frame, shares, "shares: ")
    known = {arm: check_number(f"shares[{arm!r}]", share, 0, 1) for arm, share in shares.items()}
    column = pl.col("arm").replace_strict(known, default=None, return_dtype=pl.Float64)
    return frame.with_columns(column.alias("share"))
