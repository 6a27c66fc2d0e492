"""Answers (duets, stitches): delays, chains, reach across borders, and who answers whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.errors import MissingDataError, OptionError, check_number, shorten
from graphkit.measures.answer_log import AnswerLog, Window, log_of_dataset, log_of_run
from graphkit.measures.answer_parts import (
    MEANINGS,
    Parts,
    mixing_of,
    parts_of,
    reach_frame,
    tree_frame,
)
from graphkit.measures.delays import DelayFit, fit_delays, ratio_error, share_bounds
from graphkit.measures.intervals import Scheme
from graphkit.measures.mixing import Mixing, matrix_size, partition_of
from graphkit.measures.paired import by_unit, find_all, match_communities, scheme_of_spread
from graphkit.parallel import refuse_after_fork

__all__ = ["AnswerTrees", "AnswersCompared", "answers", "compare_answers"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: Interactions that are answers.
KINDS = ("duet", "stitch")

#: What the intervals of observed answers speak about.
OVER_TREES = "over posts answered like these, communities fixed"

#: Ratios that are no shares: a number by tree.
NO_SHARES = ("answers_per_post", "depth")

_NUMBERS = ("value", "low", "high")
_FRAME = {"measure": pl.String, **dict.fromkeys(_NUMBERS, pl.Float64)}
_FRAME |= {"interval": pl.String, "z": pl.Float64, "units": pl.Int64}


@dataclass(frozen=True, repr=False, eq=False)
class AnswerTrees(Frozen, title="Answers", table="frame"):
    """Result of :func:`answers`.

    Attributes
    ----------
    frame
        One row per measure: measure, value, low, high, interval (what it speaks about; null
        without one), z (of ``ei_excess`` under the permutation of one dataset), units (trees, or
        worlds or replications, that the interval rests on).
    delays
        The lognormal fit to the delays, of all runs together.
    trees
        Distributions, one row per part and number: ``depth`` (of trees with an answer),
        ``size`` (posts in them, the root included), ``breadth`` (most answers at one depth),
        ``level`` (of answers: 1 for an answer to an original); count, share. Of all runs together.
    mixing
        Who answers whom, from the community of the answerer (rows) to that of the parent's author
        (columns), without answers to oneself; `None` without a partition.
    reach
        One row per community, and one with null for all: posts, answers, views, answer_views,
        answer_share, answered (originals with an answer), original_outside, tree_outside, carried;
        `None` unless it is known who was shown what. Of several runs, counts and shares are of all
        together.
    arm
        Name of the arm; empty for a dataset.
    calibrated
        Whether viewers' behaviour was fitted to a log; true for a dataset.
    """

    frame: pl.DataFrame
    delays: DelayFit
    trees: pl.DataFrame
    mixing: Mixing | None
    reach: pl.DataFrame | None
    arm: str
    calibrated: bool
    provenance: Provenance = field(default_factory=lambda: Provenance("answers"))

    def value(self, measure: str) -> float:
        """Value of a measure; NaN if it is null."""
        rows = self.frame.filter(measure=measure)
        if not rows.height:
            raise MissingDataError(
                f"no measure {measure!r}. Measures: {', '.join(self.frame['measure'])}."
            )
        found = rows.item(0, "value")
        return float("nan") if found is None else float(found)

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"arm": self.arm} if self.arm else {}
        for row in self.frame.drop_nulls("value").iter_rows(named=True):
            value = f"{row['value']:.4g}"
            if row["low"] is not None:
                value += f" [{row['low']:.3g}, {row['high']:.3g}]"
            facts[row["measure"]] = value
        told = self.frame.drop_nulls("interval").get_column("interval").unique().to_list()
        facts |= {"intervals": "; ".join(told)} if told else {}
        return facts | {key: f"{n:,}" for key, n in self.provenance.removed.items()}


@dataclass(frozen=True, repr=False, eq=False)
class AnswersCompared(Frozen, title="Answers side by side", table="wide"):
    """Result of :func:`compare_answers`.

    Attributes
    ----------
    frame
        One row per measure and side: measure, side, value, low, high, interval, z, units.
    sides
        The results, by name.
    """

    frame: pl.DataFrame
    sides: Mapping[str, AnswerTrees]
    provenance: Provenance = field(default_factory=lambda: Provenance("compare_answers"))

    @property
    def wide(self) -> pl.DataFrame:
        """One row per measure: measure, and value, low and high of each side."""
        found = pl.DataFrame({"measure": self.frame["measure"].unique(maintain_order=True)})
        for side in self.sides:
            own = self.frame.filter(side=side).select(
                "measure",
                pl.col("value").alias(side),
                pl.col("low").alias(f"{side}: low"),
                pl.col("high").alias(f"{side}: high"),
            )
            found = found.join(own, on="measure", how="left", maintain_order="left")
        return found

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {}
        for name, side in self.sides.items():
            told = side.frame.drop_nulls("interval").get_column("interval").unique().to_list()
            facts[name] = f"intervals {'; '.join(told)}" if told else "no intervals"
        return facts


def answers(
    data: Dataset | Platform | Spread,
    partition: Partition | str | None = None,
    *,
    arm: str | None = None,
    kinds: Sequence[str] = KINDS,
    window: Window | None = None,
    tick_days: float = 1.0,
    confidence: float = 0.95,
) -> AnswerTrees:
    r"""Delays, chains, mixing and reach of answers, observed in a dataset or in a simulation.

    An answer is a duet or stitch; the post that it answers is its parent. Of a dataset, answers
    are interactions of these `kinds` with the answer in ``item_id`` and its parent in
    ``target_item_id``; of a simulation, the posts of a run that answer others. AnswerTrees form trees,
    each with an original at its root; an original may be a post that the data do not hold.

    *Delays* are the days from a parent's creation to its answer's; see :func:`fit_delays` for
    the correction for the window. Measures ``within_…`` are shares of what was observed.

    *Who answers whom*: with :math:`O_{ab}` the answers of community a to posts of b, the
    expectation is row sum × column sum / total (:class:`Mixing`). Under permuted communities the
    graph of accounts stays and communities are dealt anew to the N accounts that answer or are
    answered; with w_ij answers between i and j, the share inside has the exact expectation
    Σ n_c (n_c − 1) / (N (N − 1)), and the exact variance of Mantel's statistic.

    *Reach*: viewers of answers by a community's members, over viewers of all their posts; and of
    the originals with an answer, the share of viewers outside the original's community, of the
    original and of the answers in its tree, and the share of the viewers outside that came by
    answers. Viewers are distinct per post, without its author; outside are those of another
    community, not those without one.

    Intervals: of a dataset, by the linearised variance of ratios over trees, which depend on
    nothing but each other's being drawn; they take the communities as given. Those of shares are
    score intervals with the effective number of observations (Wilson 1927; Korn & Graubard 1998),
    which stay within [0, 1]; all are null where no tree differs, except for shares of 0 and 1. Those
    of the delays' parameters have the t quantile of the trees, σ on the scale of its logarithm; with
    few trees they are a little narrow for σ. Of a simulation, t intervals over worlds, parts of a
    jackknife, or replications, as in :func:`contrast`.

    Parameters
    ----------
    data
        Observed data, or the result of :func:`simulate_spread`.
    partition
        Communities of accounts, for a dataset; the kind of partition, for a simulation. Without
        one, there is neither mixing nor reach.
    arm
        Arm of the simulation.
    kinds
        Kinds of interactions that are answers, for a dataset.
    window
        Start and end of the collection of a dataset, either `None` for open; by default, the
        times of the first and the last answer. Answers outside are left out, and counted.
    tick_days
        Days that a tick of the simulation stands for. A delay of k ticks is taken as k ± ½.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    AnswerTrees
        ``.provenance.removed`` counts the answers, those left out by reason, and those kept
        whose parent is not among the items or has no known time or author.

    Raises
    ------
    MissingDataError
        Without answers, for an unknown arm or kind of partition, or posts without authors.
    OptionError
        For options that do not go with the data.
    DataError
        If no account is in the partition, or there are more than 5,000 communities.

    References
    ----------
    Korn, E. L., & Graubard, B. I. (1998). Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data. Survey Methodology, 24(2), 193–201.

    Krackhardt, D., & Stern, R. N. (1988). Informal networks and organizational crises. Social
    Psychology Quarterly, 51(2), 123–140. https://doi.org/10.2307/2786835

    Mantel, N. (1967). The detection of disease clustering and a generalized regression approach.
    Cancer Research, 27(2), 209–220.

    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association, 22(158), 209–212.
    https://doi.org/10.1080/01621459.1927.10502953

    Examples
    --------
    b and c answer a's video, and a answers b's:

    >>> ds = Dataset(
    ...     items={
    ...         "item_id": ["v", "w", "x", "y"], "author_id": ["a", "b", "c", "a"],
    ...         "created_at": [f"2024-05-0{day}T00:00:00Z" for day in (1, 2, 4, 8)],
    ...     },
    ...     interactions={
    ...         "account_id": ["b", "c", "a"], "item_id": ["w", "x", "y"],
    ...         "kind": ["stitch"] * 3, "target_item_id": ["v", "v", "w"],
    ...     },
    ... )
    >>> found = answers(ds, Partition.from_membership({"a": "x", "b": "x", "c": "y"}))
    >>> [round(found.value(m), 2) for m in ("within_1", "answer_to_answer", "depth", "inside")]
    [0.33, 0.33, 2.0, 0.67]
    """
    refuse_after_fork()
    confidence = check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    if isinstance(data, Platform):
        data = data.dataset
    if isinstance(data, Dataset):
        if tick_days != 1:
            raise OptionError("answers: tick_days= is for a simulation; a dataset has times.")
        return _of_dataset(data, partition, arm, kinds, window, confidence)
    if not isinstance(data, Spread):
        raise OptionError(f"answers: a Dataset or a Spread is needed, not {shorten(data)}.")
    if arm is None:
        raise OptionError(f"answers: name the arm= of the simulation: {', '.join(data.arms)}.")
    if partition is not None and not isinstance(partition, str):
        raise OptionError("answers: of a simulation, partition is a kind, such as 'planted'.")
    if window is not None:
        raise OptionError("answers: window= is for a dataset; a simulation ends with its ticks.")
    if set(kinds or KINDS) != set(KINDS):
        raise OptionError(
            f"answers: kinds= is for a dataset; a simulation has {' and '.join(KINDS)}, and no others."
        )
    tick_days = check_number("tick_days", tick_days, 0, low_open=True)
    return _of_spread(data, partition, arm, tick_days, confidence)


def compare_answers(sides: Mapping[str, AnswerTrees]) -> AnswersCompared:
    """Answers of several sources side by side: observed, simulated, by arm.

    Nothing is tested: an observed interval speaks about posts like those observed, a simulated
    one about worlds. Differences describe; they have many causes.

    Parameters
    ----------
    sides
        Results of :func:`answers`, by name.

    Raises
    ------
    OptionError
        If it is no mapping, or empty, or holds something else.
    """
    if not isinstance(sides, Mapping) or not sides:
        raise OptionError("compare_answers: a mapping of names to results of answers is needed.")
    for name, side in sides.items():
        if not isinstance(side, AnswerTrees) or not isinstance(name, str):
            raise OptionError(f"compare_answers: {shorten(name)} is no result of answers.")
    order = {measure: at for at, measure in enumerate(MEANINGS)}
    parts = [
        side.frame.with_columns(side=pl.lit(name), at=pl.lit(k))
        for k, (name, side) in enumerate(sides.items())
    ]
    frame = pl.concat(parts).sort(
        pl.col("measure").replace_strict(order, return_dtype=pl.Int64), "at"
    )
    made = Provenance(
        "compare_answers",
        {"sides": list(sides)},
        parents=tuple(s.provenance for s in sides.values()),
    )
    return AnswersCompared(
        frame.select("measure", "side", *[c for c in _FRAME if c != "measure"]), dict(sides), made
    )


def _fit(logs: Sequence[AnswerLog], confidence: float) -> DelayFit:
    """The fit to the delays of all logs, by tree's parent."""
    delay, low, high = (
        np.concatenate([getattr(log, name) for log in logs])
        for name in ("delay", "lowest", "highest")
    )
    known = ~np.isnan(delay)
    shift = np.cumsum([0, *[log.root.size for log in logs[:-1]]])
    group = np.concatenate([log.root[log.answer] + s for log, s in zip(logs, shift, strict=True)])
    return fit_delays(
        delay[known],
        lowest=low[known],
        highest=high[known],
        width=logs[0].width,
        groups=np.unique(group[known], return_inverse=True)[1],
        confidence=confidence,
    )


def _of_dataset(
    data: Dataset,
    partition: Partition | str | None,
    arm: str | None,
    kinds: Sequence[str],
    window: Window | None,
    confidence: float,
) -> AnswerTrees:
    if arm is not None:
        raise OptionError("answers: arm= is for a simulation; a dataset has none.")
    if partition is not None and not isinstance(partition, Partition):
        raise OptionError("answers: of a dataset, partition is a Partition of its accounts.")
    size = 0 if partition is None else matrix_size(partition, "answers")
    log = log_of_dataset(data, partition, kinds=kinds, window=window)
    if not log.answer.size:
        raise MissingDataError(
            "answers: every answer was left out: "
            + ", ".join(f"{n:,} {reason}" for reason, n in log.removed.items())
        )
    fit = _fit([log], confidence)
    parts = parts_of(log, size, fit)
    rows = []
    for measure in MEANINGS:
        row = _row_over_trees(parts, measure, confidence)
        if measure in ("delay_mu", "delay_sigma") and fit.fitted:
            row |= _bounds_of_fit(fit, measure, parts, confidence)
        if measure == "ei_excess":
            row["z"] = parts.z
        rows.append(row)
    given = {"kinds": list(kinds), "window": None if window is None else [str(x) for x in window]}
    made_from = (data,) if partition is None else (data, partition)
    made = Provenance.of("answers", given, made_from=made_from, removed=log.removed)
    names = [] if partition is None else [partition.name(c) for c in range(size)]
    reach = None if parts.reach is None else reach_frame(parts.reach, names)
    return AnswerTrees(
        _finish(rows),
        fit,
        tree_frame([log]),
        mixing_of(parts.pairs, names, parts.excluded, made),
        reach,
        "",
        True,
        made,
    )


def _row_over_trees(parts: Parts, measure: str, confidence: float) -> dict[str, object]:
    """Value of a measure, and its interval over trees if it is a ratio."""
    row: dict[str, object] = {"measure": measure, "value": parts.value(measure)}
    if measure in parts.ratios:
        top, bottom = parts.ratios[measure]
        value, se, n = ratio_error(top, bottom)
        if measure == "ei_index":
            # 1 − 2 × the share inside
            least, most = share_bounds((bottom - top) / 2, bottom, confidence)
            low, high = 1 - 2 * most, 1 - 2 * least
        elif measure in NO_SHARES:
            half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * se if n > 1 and se else np.nan
            low, high = value - half, value + half
        else:
            low, high = share_bounds(top, bottom, confidence)
        if not np.isnan(low):
            row |= {"low": low, "high": high, "interval": OVER_TREES}
        row["units"] = n
    return row


def _bounds_of_fit(
    fit: DelayFit, measure: str, parts: Parts, confidence: float
) -> dict[str, object]:
    """Bounds of a parameter of the delays, and the trees that its error rests on; σ by its logarithm."""
    trees = int((parts.ratios["within_1"][1] > 0).sum())
    if trees < 2 or np.isnan(fit.mu_se):
        return {"units": trees}
    t = float(stats.t.ppf((1 + confidence) / 2, trees - 1))
    if measure == "delay_mu":
        low, high = fit.mu - t * fit.mu_se, fit.mu + t * fit.mu_se
    else:
        with np.errstate(over="ignore"):
            factor = float(np.exp(t * fit.sigma_se / fit.sigma))
        low, high = fit.sigma / factor, fit.sigma * factor
    if not np.isfinite([low, high]).all():
        return {"units": trees}
    return {"low": low, "high": high, "interval": OVER_TREES, "units": trees}


def _finish(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=_FRAME).with_columns(pl.col(pl.Float64).fill_nan(None))


def _of_spread(
    spread: Spread, kind: str | None, arm: str, tick_days: float, confidence: float
) -> AnswerTrees:
    spread.of(arm)
    scheme = scheme_of_spread(spread)
    if kind is not None:
        for w in range(len(spread.worlds)):
            matrix_size(partition_of(spread, w, kind), "answers")
    shape = (len(spread.worlds), spread.replications, len(MEANINGS))
    values = np.full(shape, np.nan)
    shown: list[AnswerLog] = []
    found: list[tuple[int, Parts]] = []
    removed: Counter[str] = Counter()
    for w in range(shape[0]):
        for r in range(shape[1]):
            world = spread.world_of(arm, w, r)
            log = log_of_run(world, spread.tallies[arm, w, r], kind, tick_days=tick_days)
            size = 0 if kind is None else world.partitions[kind].n_communities
            parts = parts_of(log, size, _fit([log], confidence))
            values[w, r] = [parts.value(measure) for measure in MEANINGS]
            if world.sample != "part":
                shown.append(log)
                found.append((w, parts))
                removed += log.removed
                removed["answers in the data (posts)"] += log.answer.size
    if not sum(log.answer.size for log in shown):
        raise MissingDataError(f"answers: no post of arm {arm!r} answers another one.")
    rows = _rows_over_worlds(values, scheme, confidence)
    names, pairs, excluded, reach = _together(spread, kind, scheme, found)
    given = {"partition": kind, "arm": arm, "tick_days": tick_days}
    made = Provenance.of("answers", given, made_from=(spread,), removed=dict(removed))
    return AnswerTrees(
        _finish(rows),
        _fit(shown, confidence),
        tree_frame(shown),
        mixing_of(pairs, names, excluded, made),
        reach,
        arm,
        spread.calibrated,
        made,
    )


def _rows_over_worlds(values: Floats, scheme: Scheme, confidence: float) -> list[dict[str, object]]:
    """Rows of all measures with intervals over worlds, or replications."""
    units = by_unit(values, scheme)
    family = find_all(units, np.abs(units), scheme, confidence)
    rows: list[dict[str, object]] = []
    for k, measure in enumerate(MEANINGS):
        row: dict[str, object] = {"measure": measure, "value": float(family.centre[k])}
        row["units"] = int(family.units[k])
        if not np.isnan(family.low[k]):
            row |= {"low": float(family.low[k]), "high": float(family.high[k])}
            row["interval"] = scheme.interval
        rows.append(row)
    return rows


def _together(
    spread: Spread, kind: str | None, scheme: Scheme, found: list[tuple[int, Parts]]
) -> tuple[list[str], Codes, int, pl.DataFrame | None]:
    """Names, who answers whom, answers left out, and reach, over runs with communities by name."""
    if kind is None:
        return [], np.zeros((0, 0), np.int64), 0, None
    matched = match_communities(spread, kind, scheme)
    names = list(matched.names)
    size = len(names)
    pairs = np.zeros((size, size), np.int64)
    reach: dict[str, Floats] = {}
    excluded = 0
    for w, parts in found:
        code = matched.codes[w]
        mine = np.flatnonzero(code >= 0)
        own = parts.pairs[np.ix_(mine, mine)]
        pairs[np.ix_(code[mine], code[mine])] += own
        excluded += parts.excluded + int(parts.pairs.sum()) - int(own.sum())
        for key, sums in (parts.reach or {}).items():
            target = reach.setdefault(key, np.zeros(size + 1))
            target[code[mine]] += sums[mine]
            target[size] += sums[-1]
    return names, pairs, excluded, reach_frame(reach, names) if reach else None
