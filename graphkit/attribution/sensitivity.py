"""Global sensitivity: Sobol indices of a measure over parameters of viewers and feeds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.attribution.coalitions import (
    BATCH,
    NOT_CALIBRATED,
    MeasureRow,
    as_numbers,
    as_population,
    check_place,
    choose_row,
    named_measures,
    signed_text,
    views_of,
)
from graphkit.attribution.evaluation import evaluate_each
from graphkit.attribution.feed_factors import feed_keys
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import FILLER_LIMIT
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    DependencyError,
    OptionError,
    check_integer,
    check_number,
    install_text,
    nearest,
    shorten,
)
from graphkit.measures.hosting_visibility import RANDOM, Views
from graphkit.parallel import refuse_after_fork, track
from graphkit.recommenders.factors import NUMBERS, TABLES
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.behaviour import Behaviour

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["Sensitivity", "SobolIndices", "sensitivity", "sobol_indices"]

Floats = npt.NDArray[np.float64]

#: Resamples of the bootstrap.
RESAMPLES = 500
#: Owners of parameters.
ARM, BASELINE, BEHAVIOUR = "arm", "baseline", "behaviour"


@dataclass(frozen=True, repr=False, eq=False)
class SobolIndices(Frozen, title="Sobol indices", table="frame"):
    """Result of :func:`sobol_indices`.

    Attributes
    ----------
    frame
        One row per parameter: parameter, first, first_low, first_high, total, total_low,
        total_high; null for a constant output.
    second_order
        One row per pair: parameter, other, second, second_low, second_high; without rows unless
        asked for.
    samples
        Number of Saltelli blocks that the indices are of.
    dropped
        Number of blocks with an undefined output.
    """

    frame: pl.DataFrame
    second_order: pl.DataFrame
    samples: int
    dropped: int = 0

    @property
    def ranking(self) -> str:
        """Which parameter has the largest total index, or that the intervals do not tell."""
        known = self.frame.drop_nulls("total").sort("total", descending=True, maintain_order=True)
        if not known.height:
            return "undefined: the output is constant"
        first = known.row(0, named=True)
        close = known.filter(pl.col("total_high") >= first["total_low"])["parameter"].to_list()
        if len(close) == 1:
            return f"{first['parameter']} has the largest total index"
        return (
            f"intervals are too wide to rank {', '.join(close)} with {self.samples} samples: more "
            "are needed"
        )

    def _facts(self) -> dict[str, object]:
        return {"samples": self.samples, "dropped": self.dropped, "ranking": self.ranking}


@dataclass(frozen=True, repr=False, eq=False)
class Sensitivity(Frozen, table="frame"):
    """Result of :func:`sensitivity`: shares of the variance of an output by parameter.

    Attributes
    ----------
    frame
        One row per parameter: parameter, first, first_low, first_high (share of the variance of
        the output by this parameter alone), total, total_low, total_high (together with all its
        interactions). Estimates of small samples can lie outside [0, 1].
    second_order
        One row per pair: parameter, other, second, second_low, second_high (share by the
        interaction of the two); without rows unless asked for.
    samples
        One row per simulated sample: block, one column per parameter with its value as simulated,
        output, and filler (share of filler in the impressions, the larger one of both feeds).
    output
        What the output is, in words.
    calibrated
        Whether the viewers' behaviour was fitted to a log.
    facts
        What the display says of method, intervals and filler.
    """

    frame: pl.DataFrame
    second_order: pl.DataFrame
    samples: pl.DataFrame
    output: str
    calibrated: bool
    facts: Mapping[str, object]
    provenance: Provenance = field(default_factory=lambda: Provenance("sensitivity"))

    def _title(self) -> str:
        return f"Sensitivity of {self.output}"

    def _facts(self) -> dict[str, object]:
        shown: dict[str, object] = dict(self.facts)
        for row in self.frame.iter_rows(named=True):
            texts = []
            for kind in ("first", "total"):
                bounds = {end: row[f"{kind}_{end}"] for end in ("low", "high")}
                texts.append(f"{kind} {signed_text(row[kind], bounds).replace('+', '')}")
            shown[row["parameter"]] = "; ".join(texts)
        return shown


def sobol_indices(
    outputs: npt.ArrayLike,
    parameters: Sequence[str],
    *,
    second_order: bool = False,
    confidence: float = 0.95,
    rng: RNGLike | None = None,
) -> SobolIndices:
    r"""Sobol indices of an output at the points of a Saltelli sample, with bootstrap intervals.

    With V the variance of the output Y, the first-order index of parameter i is
    :math:`S_i = V(E(Y | x_i)) / V`, the total one :math:`T_i = E(V(Y | x_{∼i})) / V` (estimators of
    Saltelli et al. 2010), and the second-order one of i and j the share of their interaction.
    An interval is the estimate ± z times the standard deviation over bootstrap resamples of the
    blocks. Nothing is cut to [0, 1].

    Blocks (a point of matrix A, that of B, and those in between) with an undefined output are
    left out whole and counted: the indices are then of the region where the output is defined. If
    more than half of them are, it is an error. Where the output is constant, to rounding, all
    indices are null.

    Parameters
    ----------
    outputs
        Shape (n · (d + 2),), or (n · (2d + 2),) with `second_order`: outputs in the order of
        ``SALib.sample.sobol`` for d parameters.
    parameters
        Their names.
    second_order
        Whether the sample was made for second-order indices, which are then given.
    confidence
        Confidence level of the intervals.
    rng
        Seed of the bootstrap.

    Raises
    ------
    DependencyError
        Without SALib.
    DataError
        If the number of outputs does not fit, an output is infinite, or more than half of the
        blocks are undefined.

    References
    ----------
    Saltelli, A., Annoni, P., Azzini, I., Campolongo, F., Ratto, M., & Tarantola, S. (2010). Variance
    based sensitivity analysis of model output. Computer Physics Communications, 181(2), 259–270.
    https://doi.org/10.1016/j.cpc.2009.09.018

    Examples
    --------
    >>> sample = saltelli_points({"x": (0.0, 1.0), "y": (0.0, 1.0)}, 256, rng=1)
    >>> found = sobol_indices(sample[:, 0] + 0 * sample[:, 1], ["x", "y"], rng=1)
    >>> found.frame.select("parameter", pl.col("first", "total").round(2) + 0.0).rows()
    [('x', 1.0, 1.0), ('y', 0.0, 0.0)]
    """
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    names = [parameters] if isinstance(parameters, str) else list(parameters)
    if len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
        raise OptionError(f"parameters={shorten(parameters)}: give a list of different names.")
    d, step = len(names), (2 if second_order else 1) * len(names) + 2
    values = as_numbers("outputs", outputs)
    if not d or values.ndim != 1 or not values.size or values.size % step:
        raise DataError(
            f"outputs: the shape is {values.shape}, and a multiple of {step} is needed for {d} "
            f"parameters {'with' if second_order else 'without'} second-order indices."
        )
    if np.isinf(values).any():
        raise DataError("outputs: an output is infinite, and none of its moments is known.")
    blocks = values.reshape(-1, step)
    kept = blocks[~np.isnan(blocks).any(axis=1)]
    dropped = blocks.shape[0] - kept.shape[0]
    if 2 * dropped > blocks.shape[0]:
        raise DataError(
            f"outputs: {dropped} of {blocks.shape[0]} blocks have an undefined output: narrow the "
            "ranges to where the measure is defined."
        )
    found = _analyzed(kept, d, second_order, confidence, Streams(rng))
    first = {"parameter": names}
    for kind, key in (("first", "S1"), ("total", "ST")):
        first |= _bounded(kind, found[key], found[f"{key}_conf"])
    ends = list(combinations(range(d), 2)) if second_order else []
    at = tuple(np.array([pair[side] for pair in ends], dtype=np.intp) for side in (0, 1))
    second: dict[str, Any] = {
        "parameter": pl.Series([names[i] for i, _ in ends], dtype=pl.String),
        "other": pl.Series([names[j] for _, j in ends], dtype=pl.String),
    }
    centre, half = (found[key][at] if ends else np.empty(0) for key in ("S2", "S2_conf"))
    second |= _bounded("second", centre, half)
    frame, pairs = (
        pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))
        for columns in (first, second)
    )
    return SobolIndices(frame, pairs, kept.shape[0], dropped)


def _bounded(name: str, centre: Floats, half: Floats) -> dict[str, Any]:
    return {name: centre, f"{name}_low": centre - half, f"{name}_high": centre + half}


def _analyzed(
    blocks: Floats, d: int, second_order: bool, confidence: float, streams: Streams
) -> Mapping[str, Floats]:
    """Indices and half-widths of SALib; NaN for a constant output, of which it makes zeros."""
    analyze = _salib("analyze").analyze
    keys = ("S1", "S1_conf", "ST", "ST_conf")
    spread = float(np.ptp(blocks))
    if spread <= 1e-12 * float(np.abs(blocks).max()) or blocks.shape[0] < 2:
        nothing = {key: np.full(d, np.nan) for key in keys}
        return nothing | {key: np.full((d, d), np.nan) for key in ("S2", "S2_conf")}
    ends = blocks[:, [0, -1]]
    if float(np.ptp(ends)) <= 1e-12 * float(np.abs(ends).max()):
        raise DataError(
            "outputs: those of all independent samples are equal, although others are not: more samples "
            "are needed."
        )
    numbers = {"num_vars": d, "names": [str(i) for i in range(d)], "bounds": [[0.0, 1.0]] * d}
    found = analyze(
        numbers,
        blocks.ravel(),
        calc_second_order=second_order,
        num_resamples=RESAMPLES,
        conf_level=confidence,
        # a seed of 0 would mean none: draws from the global generator
        seed=1 + streams.integer("bootstrap", bits=31),
    )
    return {key: np.asarray(values, dtype=np.float64) for key, values in found.items()}


def saltelli_points(
    ranges: Mapping[str, tuple[float, float]],
    samples: int,
    *,
    second_order: bool = False,
    rng: RNGLike | None = None,
) -> Floats:
    """Points of a scrambled Sobol sequence in Saltelli's scheme, shape (n (d + 2), d).

    With `second_order` there are n (2d + 2) of them.
    """
    bounds = [[low, high] for low, high in ranges.values()]
    problem = {"num_vars": len(bounds), "names": list(ranges), "bounds": bounds}
    points: Floats = _salib("sample").sample(
        problem,
        samples,
        calc_second_order=second_order,
        seed=1 + Streams(rng).integer("sobol", bits=31),
    )
    return points


def _salib(part: str) -> Any:
    """``SALib.sample.sobol`` or ``SALib.analyze.sobol``."""
    try:
        from SALib.analyze import sobol as analyze
        from SALib.sample import sobol as sample
    except ImportError:
        raise DependencyError(f"Sobol indices need SALib: {install_text('sensitivity')}.") from None
    return sample if part == "sample" else analyze


def sensitivity(
    worlds: World | Sequence[World],
    arm: Feed,
    baseline: Feed | None = None,
    *,
    ranges: Mapping[str, tuple[float, float]],
    measure: str,
    ticks: int,
    samples: int = 64,
    second_order: bool = False,
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
) -> Sensitivity:
    """Sobol indices of a measure, or of its difference between two feeds, over ranges of parameters.

    Each parameter is uniform on its range and independent of the others. The output is the measure
    in `arm`, or in `arm` minus that in `baseline`, the mean over all worlds and replications in
    which it is defined for both; parts of a jackknife are left out. All samples share their
    draws, so that the output differs by the parameters alone. There are n (d + 2) samples of d
    parameters, or n (2d + 2) with second-order indices, and each runs every world under every
    feed. Indices and their intervals are those of :func:`sobol_indices`: they tell of the sampling of
    parameters, and hold the worlds fixed.

    Quotas and trial sizes are rounded to whole numbers, so that the two ends of a range have
    half the weight of the numbers between them.

    Parameters
    ----------
    worlds
        One world, or several.
    arm, baseline
        The feed, and that which is subtracted, if any.
    ranges
        Lowest and highest value by parameter: ``"behaviour.social_share"``,
        ``"arm.weights.interest"``, ``"arm.topic_penalty"``, ``"baseline.sources.following"`` and so
        on. Parameters that are not named keep their values.
    measure
        Name of a measure.
    ticks, replications, slots, budget, reading, behaviour
        As for :func:`graphkit.simulate_spread`.
    samples
        Number n of blocks, a power of two from 4 on.
    second_order
        Whether indices of pairs are estimated, too.
    partition, community
        Row of the measure, as for :func:`shapley`.
    visibility
        For measures over the visibility of communities, as for :func:`shapley`.
    confidence
        Confidence level of the intervals.
    cache, executor
        As for :func:`evaluate`. An interrupted call with a cache and a seed goes on from there.
    rng
        Seed of the sample, the draws and the bootstrap.

    Returns
    -------
    Sensitivity

    Raises
    ------
    OptionError
        For an unknown parameter, a range that is empty or beyond what the parameter may be, a
        number of samples that is no power of two.
    DataError
        If the measure is undefined in more than half of the blocks of samples.
    DependencyError
        Without SALib.

    References
    ----------
    Sobol', I. M. (2001). Global sensitivity indices for nonlinear mathematical models and their
    Monte Carlo estimates. Mathematics and Computers in Simulation, 55(1–3), 271–280.
    https://doi.org/10.1016/S0378-4754(00)00270-6
    """
    refuse_after_fork()
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    samples = check_integer("samples", samples, 4)
    if samples & (samples - 1):
        raise OptionError(
            f"samples={samples}: a power of two is needed, for the sequence is balanced at these only."
        )
    if not isinstance(measure, str):
        raise OptionError(
            f"measure={shorten(measure)}: the name of one measure is needed; call once per measure, "
            "with one cache."
        )
    (name,) = named_measures(measure, visibility)
    population = as_population(worlds)
    check_place(population, partition, community)
    members = [w for w, world in enumerate(population) if world.sample != "part"]
    seen = views_of(visibility, members, len(population))
    population = tuple(population[w] for w in members)
    viewers = behaviour or Behaviour()
    parts = {ARM: arm, BASELINE: baseline, BEHAVIOUR: viewers}
    for owner, kind in ((ARM, Feed), (BASELINE, Feed | None), (BEHAVIOUR, Behaviour)):
        if not isinstance(parts[owner], kind):
            raise OptionError(
                f"{owner}={shorten(parts[owner])}: give a {'Feed' if owner != BEHAVIOUR else 'Behaviour'}."
            )
    bounds = _check_ranges(ranges, parts)
    streams = Streams(rng)
    points = saltelli_points(bounds, samples, second_order=second_order, rng=streams.seed)
    for at, key in enumerate(bounds):
        if _is_whole(key):
            points[:, at] = np.rint(points[:, at])
    options: dict[str, Any] = {
        "ticks": ticks,
        "replications": replications,
        "slots": slots,
        "budget": budget,
        "reading": reading,
        "visibility": seen,
        "random": RANDOM,
        "cache": cache,
        "executor": executor,
        "rng": streams.seed,
    }
    outputs, filler = np.empty(points.shape[0]), np.zeros(points.shape[0])
    row = MeasureRow(name, partition, community)
    outcomes = _outcomes(population, parts, list(bounds), points, options)
    for at, outcome in enumerate(track(outcomes, "samples", points.shape[0])):
        row = choose_row(outcome, name, partition, community)
        outputs[at] = _output(outcome, row, baseline is not None)
        filler[at] = _filler(outcome)
    found = sobol_indices(
        outputs, list(bounds), second_order=second_order, confidence=confidence, rng=streams.seed
    )
    step = points.shape[0] // samples
    block = np.repeat(np.arange(samples), step)
    columns = {key: points[:, at] for at, key in enumerate(bounds)}
    table = pl.DataFrame({"block": block, **columns, "output": outputs, "filler": filler})
    table = table.with_columns(pl.col("output").fill_nan(None))
    rounded = [key for key in bounds if _is_whole(key)]
    known = outputs[~np.isnan(outputs)]
    facts: dict[str, object] = {
        "samples": f"{samples} blocks of {step}, {points.shape[0]:,} in all",
        "output": f"from {known.min():.3g} to {known.max():.3g}".replace("-", "−"),
        "intervals": "over samples of the parameters",
        "held fixed": f"{len(population)} worlds, and the draws",
        "filler": f"{filler.min():.0%} to {filler.max():.0%} of the impressions",
        "ranking": found.ranking,
    }
    if filler.max() > FILLER_LIMIT:
        many = int(np.count_nonzero(filler > FILLER_LIMIT))
        facts["filler"] = (
            f"{facts['filler']}, above {FILLER_LIMIT:.0%} in {many} samples: the output is partly that "
            "of random posts"
        )
    facts |= {} if viewers.calibrated else {"behaviour": NOT_CALIBRATED}
    facts |= {"rounded to whole numbers": ", ".join(rounded)} if rounded else {}
    removed = {"blocks with an undefined output": found.dropped} if found.dropped else {}
    record = Provenance.of(
        "sensitivity",
        {"measure": name, "ticks": ticks, "samples": samples, "ranges": dict(bounds)},
        seed=streams.seed,
        removed=removed,
        packages=("SALib",),
    )
    ends = arm.name if baseline is None else f"{arm.name} − {baseline.name}"
    frames = (found.frame, found.second_order, table)
    return Sensitivity(*frames, f"{row.text}: {ends}", viewers.calibrated, facts | removed, record)


def _outcomes(
    population: Sequence[World],
    parts: Mapping[str, Any],
    keys: Sequence[str],
    points: Floats,
    options: Mapping[str, Any],
) -> Iterator[pl.DataFrame]:
    """The outcome at each point; an executor gets the runs of many points at once."""
    for first in range(0, points.shape[0], BATCH):
        cases = []
        for point in points[first : first + BATCH].tolist():
            chosen = _with_values(parts, dict(zip(keys, point, strict=True)))
            arms = {key: chosen[key] for key in (ARM, BASELINE) if chosen[key] is not None}
            cases.append((arms, chosen[BEHAVIOUR]))
        yield from evaluate_each(population, cases, **options)


def _check_ranges(
    ranges: Mapping[str, tuple[float, float]], parts: Mapping[str, Any]
) -> dict[str, tuple[float, float]]:
    """The ranges as pairs of floats; refuses unknown parameters and values that they may not have."""
    known = [f"{BEHAVIOUR}.{spec.name}" for spec in fields(Behaviour) if spec.name != "calibrated"]
    for owner in (ARM, BASELINE):
        if isinstance(parts[owner], Feed):
            known += [f"{owner}.{key}" for key in feed_keys() if key not in ("filler", "score")]
    if not isinstance(ranges, Mapping) or not ranges:
        raise OptionError("ranges: name at least one parameter, such as 'arm.weights.interest'.")
    found = {}
    for key, given in ranges.items():
        if key not in known:
            raise OptionError(
                f"ranges: no parameter {shorten(key)}.{nearest(str(key), known)} Parameters are "
                "'behaviour.…', 'arm.…' and, with a baseline, 'baseline.…'."
            )
        try:
            low, high = given
        except (TypeError, ValueError):
            raise OptionError(
                f"ranges[{key!r}]={shorten(given)}: give (lowest, highest)."
            ) from None
        pair = check_number(f"ranges[{key!r}]", low), check_number(f"ranges[{key!r}]", high)
        if not pair[0] < pair[1]:
            raise OptionError(f"ranges[{key!r}]={shorten(given)}: the first must be lower.")
        if _is_whole(key) and round(pair[0]) == round(pair[1]):
            raise OptionError(f"ranges[{key!r}]={shorten(given)}: it holds one whole number only.")
        for end in pair:
            _with_values(parts, {key: end})  # refuses what the parameter may not be
        found[key] = pair
    return found


def _is_whole(key: str) -> bool:
    """Whether a parameter is a whole number."""
    owner, _, own = key.partition(".")
    table, _, _ = own.partition(".")
    if owner == BEHAVIOUR:
        return False
    return TABLES[table].number.whole if table in TABLES else NUMBERS[own].whole


def _with_values(parts: Mapping[str, Any], values: Mapping[str, float]) -> dict[str, Any]:
    """Feeds and behaviour with these values of their parameters."""
    changes: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        owner, _, own = key.partition(".")
        table, _, name = own.partition(".")
        number = round(value) if _is_whole(key) else value
        if not name:
            changes.setdefault(owner, {})[own] = number
            continue
        feed, more = parts[owner], changes.setdefault(owner, {})
        more[table] = {**more.get(table, getattr(feed, table)), name: number}
    found = dict(parts)
    for owner, more in changes.items():
        found[owner] = replace(parts[owner], **more)
    return found


def _filler(outcome: pl.DataFrame) -> float:
    """Largest share of filler of the arm and the baseline, mean over the runs."""
    rows = outcome.filter(pl.col("arm").is_in([ARM, BASELINE]), measure="filler")
    shares = rows.group_by("arm").agg(pl.col("value").mean()).get_column("value")
    return float(shares.cast(pl.Float64).fill_null(0.0).to_numpy().max(initial=0.0))


def _output(outcome: pl.DataFrame, row: MeasureRow, paired: bool) -> float:
    """Mean over the runs of the arm, or of the difference to the baseline; NaN without any."""
    measure, partition, community = row.key
    rows = outcome.filter(
        pl.col("partition").eq_missing(pl.lit(partition, pl.String)),
        pl.col("community").eq_missing(pl.lit(community, pl.String)),
        measure=measure,
    ).sort("world", "replication")
    value = rows.filter(arm=ARM).get_column("value").cast(pl.Float64)
    if paired:
        value = value - rows.filter(arm=BASELINE).get_column("value").cast(pl.Float64)
    known = value.drop_nulls().to_numpy()
    return math.fsum(known.tolist()) / known.size if known.size else float("nan")
