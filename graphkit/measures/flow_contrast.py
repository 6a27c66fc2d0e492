"""Contrast of flows: from which community to which two feeds carry more and less."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.errors import DataError, check_number
from graphkit.measures.intervals import FILLER, HIGHER, LOWER, Scheme
from graphkit.measures.mixing import flow_matrix, matrix_size, partition_of
from graphkit.measures.paired import (
    Matched,
    check_pair,
    control_discoveries,
    directions,
    match_communities,
    paired_family,
    scheme_of_spread,
    too_filled,
)
from graphkit.parallel import refuse_after_fork, track

__all__ = ["FlowContrast", "flow_contrast"]

Floats = npt.NDArray[np.float64]

#: A cell with a smaller expectation in either arm has too few impressions to interpret.
MIN_EXPECTED = 5.0


@dataclass(frozen=True, repr=False, eq=False)
class FlowContrast(Frozen, title="Contrast of flows", table="frame"):
    """Result of :func:`flow_contrast`: differences of two flow matrices, cell by cell.

    Attributes
    ----------
    arm, baseline
        Names of the arms; differences are arm − baseline.
    partition
        Kind of partition.
    labels
        Names of the communities, C of them, the largest first.
    frame
        One row per cell that was compared; columns as in :func:`flow_contrast`.
    interval
        What the intervals speak about.
    confidence
        Their level; directions are claimed at an adjusted p of 1 − confidence or less.
    calibrated
        Whether the viewers' behaviour was fitted to a log.
    """

    arm: str
    baseline: str
    partition: str
    labels: tuple[str, ...]
    frame: pl.DataFrame
    interval: str
    confidence: float
    calibrated: bool
    provenance: Provenance = field(default_factory=lambda: Provenance("flow_contrast"))

    def matrix(self, column: str = "difference") -> Floats:
        """A column of numbers as a matrix, home by viewer, shape (C, C); NaN where masked.

        Raises
        ------
        DataError
            If the column does not hold numbers.
        """
        if column not in self.frame.columns or not self.frame.schema[column].is_numeric():
            known = [name for name, kind in self.frame.schema.items() if kind.is_numeric()]
            raise DataError(f"no column of numbers {column!r}. Columns: {', '.join(known)}.")
        found = np.full((len(self.labels),) * 2, np.nan)
        number = {name: at for at, name in enumerate(self.labels)}
        at = [
            self.frame.get_column(side).replace_strict(number, return_dtype=pl.Int64).to_numpy()
            for side in ("home", "viewer")
        ]
        values = self.frame.get_column(column).cast(pl.Float64).fill_null(np.nan)
        found[at[0], at[1]] = values.to_numpy()
        return found

    def _title(self) -> str:
        return f"Contrast of flows: {self.arm} − {self.baseline}"

    def _facts(self) -> dict[str, object]:
        told = self.frame.get_column("direction")
        inside = self.frame.get_column("home") == self.frame.get_column("viewer")
        facts: dict[str, object] = {
            "partition": self.partition,
            "communities": len(self.labels),
            "cells compared": f"{self.frame.height:,} of {len(self.labels) ** 2:,}",
            "intervals": self.interval,
        }
        for verdict in (HIGHER, LOWER):
            within, across = (int(((told == verdict) & x).sum()) for x in (inside, ~inside))
            facts[verdict] = f"{within} cells within a community, {across} between two"
        if (told == FILLER).any():
            facts["direction"] = FILLER
        return facts | {key: f"{n:,}" for key, n in self.provenance.removed.items()}


def flow_contrast(
    spread: Spread, arm: str, baseline: str, *, partition: str, confidence: float = 0.95
) -> FlowContrast:
    r"""Difference of two arms' flows between communities, beyond what their totals explain.

    With :math:`O_{ab}` the impressions of posts of community a to viewers of community b, and
    :math:`E_{ab}` = row sum × column sum / total, a cell is worth

    .. math:: \log_2 \frac{O_{ab} + 1/2}{E_{ab} + 1/2}

    in each arm, world and replication. The halves (Haldane 1956) keep it finite where nothing was
    observed; 0 stays independence. Differences are arm − baseline within the same world and
    replication; 1 is twice the flow relative to independence. What the intervals speak about
    follows from the worlds, as in :func:`contrast`. A cell is left out of a world in which its
    expectation is below 5 in either arm, in the mean of the replications.

    Worlds with communities of their own are compared by the communities' names: a name must be in
    two worlds or more, and a number (``community 3``) is no name. Other communities are left out
    of the rows, not of the totals.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`.
    arm, baseline
        Names of the arms.
    partition
        Kind of partition, such as ``"planted"``.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    FlowContrast
        ``.frame`` has a row per cell: home, viewer, arm_log2, baseline_log2, difference, low, high,
        p (t test), p_fdr (Benjamini and Hochberg, over the cells), direction (``"higher"``,
        ``"lower"``, ``"not distinguishable"``, claimed at p_fdr ≤ 1 − confidence; ``"not claimed:
        filler"`` where more than 25 % of the impressions of either arm are filler, and nothing is
        tested), worlds (of one world, replications). Null with a single unit. Cells masked in
        every world have no row; ``.provenance.removed`` counts them, cells masked in some worlds,
        and communities without a counterpart.

    Raises
    ------
    MissingDataError
        For an unknown arm or kind of partition.
    OptionError
        If the two arms are one, or `confidence` is not between 0 and 1.
    DataError
        If no community is in two worlds by name, or there are more than 5,000.

    References
    ----------
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the
    Royal Statistical Society B, 57(1), 289–300. https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    Haldane, J. B. S. (1956). The estimation and significance of the logarithm of a ratio of
    frequencies. Annals of Human Genetics, 20(4), 309–311.
    https://doi.org/10.1111/j.1469-1809.1955.tb01285.x

    Examples
    --------
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(120, communities=2, rng=1)
    >>> made = gk.synthetic.worlds(3, like=platform, ticks=3, rng=1)
    >>> arms = {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}
    >>> spread = gk.simulate_spread(made, arms, ticks=3, rng=1)
    >>> found = flow_contrast(spread, "interest", "uniform", partition="planted")
    >>> found.labels, found.frame.height
    (('comedy', 'dance'), 4)
    """
    refuse_after_fork()
    check_pair(arm, baseline, spread)
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    for w in range(len(spread.worlds)):
        matrix_size(partition_of(spread, w, partition), "flow_contrast")
    scheme = scheme_of_spread(spread)
    matched = match_communities(spread, partition, scheme)
    if not matched.names:
        raise DataError(
            f"no community of the partition {partition!r} is in two worlds by name: label the "
            "communities of each world, or simulate one world."
        )
    ratios, masks = [], []
    for name in track((arm, baseline), "flows", 2):
        ratio, expected = _log_ratios(spread, name, partition, matched)
        ratios.append(ratio)
        with np.errstate(invalid="ignore"):
            masks.append(expected.mean(axis=1) < MIN_EXPECTED)
    absent = np.isnan(ratios[0]).all(axis=1)
    masked = (masks[0] | masks[1]) & ~absent
    own, base = (np.where(masked[:, None], np.nan, ratio) for ratio in ratios)
    filled = too_filled(spread, arm, baseline)
    frame = _cells(own, base, matched.names, scheme, filled=filled, confidence=confidence)
    removed = dict(matched.unmatched)
    gone = (masked | absent).all(axis=0)
    counts = {
        "cells masked in every world": int(gone.sum()),
        "cells masked in some worlds": int((masked.any(axis=0) & ~gone).sum()),
    }
    removed |= {key: n for key, n in counts.items() if n}
    given = {"arm": arm, "baseline": baseline, "partition": partition, "confidence": confidence}
    made = Provenance.of("flow_contrast", given, made_from=(spread,), removed=removed)
    return FlowContrast(
        arm,
        baseline,
        partition,
        matched.names,
        frame,
        scheme.interval,
        confidence,
        spread.calibrated,
        made,
    )


def _log_ratios(spread: Spread, arm: str, kind: str, matched: Matched) -> tuple[Floats, Floats]:
    """log₂ ratios and expectations of all cells, shapes (worlds, replications, C²), NaN if absent."""
    size = len(matched.names)
    shape = (len(spread.worlds), spread.replications, size, size)
    ratios, expectations = np.full(shape, np.nan), np.full(shape, np.nan)
    for w in range(len(spread.worlds)):
        code = matched.codes[w]
        mine = np.flatnonzero(code >= 0)
        for r in range(spread.replications):
            homes = spread.world_of(arm, w, r).homes[kind]
            observed = flow_matrix(spread.tallies[arm, w, r].views[kind], homes)
            margins = np.outer(observed.sum(axis=1), observed.sum(axis=0))
            expected = margins / max(float(observed.sum()), 1.0)
            cells = np.log2((observed + 0.5) / (expected + 0.5))
            at = np.ix_(code[mine], code[mine])
            ratios[w, r][at] = cells[np.ix_(mine, mine)]
            expectations[w, r][at] = expected[np.ix_(mine, mine)]
    flat = (*shape[:2], size * size)
    return ratios.reshape(flat), expectations.reshape(flat)


def _cells(
    own: Floats,
    base: Floats,
    names: tuple[str, ...],
    scheme: Scheme,
    *,
    filled: bool,
    confidence: float,
) -> pl.DataFrame:
    """One row per cell with a value in a world."""
    found, own_mean, base_mean = paired_family(own, base, scheme, confidence)
    p = np.full(found.p.shape, np.nan) if filled else found.p
    adjusted = control_discoveries(p)
    told = directions(found.centre, adjusted, alpha=1 - confidence, filled=filled)
    rows, columns = np.divmod(np.arange(found.centre.size), len(names))
    labels = pl.Series(names, dtype=pl.String)
    frame = pl.DataFrame(
        {
            "home": labels.gather(rows),
            "viewer": labels.gather(columns),
            "arm_log2": own_mean,
            "baseline_log2": base_mean,
            "difference": found.centre,
            "low": found.low,
            "high": found.high,
            "p": p,
            "p_fdr": adjusted,
            "direction": pl.Series(told, dtype=pl.String),
            "worlds": found.units,
        }
    )
    frame = frame.filter(~pl.col("difference").is_nan())
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))
