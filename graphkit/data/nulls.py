"""A graph beside its null: what communities reach where there is nothing but degrees."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.display import number
from graphkit.data.frozen import Frozen
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, check_choice

__all__ = ["LEVEL", "STATISTICS", "NullComparison"]

#: Up to this p a graph is said to differ from its null.
LEVEL = 0.05

#: What is compared.
STATISTICS = ("quality", "agreement")

#: Values this near count as equal: sums of the same weights in another order.
_TIE = 1e-12


@dataclass(frozen=True, repr=False, eq=False)
class NullComparison(Frozen, title="Comparison with a null", table="frame"):
    """Quality and agreement of runs on a graph and on random graphs of the same degrees.

    Each statistic is tested on its own. It says something about the graph, never about a
    partition or a community: a graph that differs from its null may still have communities
    that no two runs agree on.

    Attributes
    ----------
    partition
        The partition of the observed graph.
    null_quality
        float64, shape (n,): quality of the best partition of each random graph.
    null_agreement
        float64, shape (n,): mean AMI of the runs on each random graph; NaN for single runs.
    provenance
        How it was made.

    Examples
    --------
    >>> p = Partition.from_membership("ab", [0, 1])
    >>> from dataclasses import replace
    >>> c = NullComparison(replace(p, quality=0.4), np.linspace(0.1, 0.3, 19), np.full(19, np.nan))
    >>> c.p("quality"), round(c.z("quality"), 2)
    (0.05, 3.2)
    >>> c.verdict
    'the graph differs from its null'
    """

    partition: Partition
    null_quality: npt.NDArray[np.float64]
    null_agreement: npt.NDArray[np.float64]
    provenance: Provenance = field(default_factory=lambda: Provenance("NullComparison"))

    def __post_init__(self) -> None:
        self._set_arrays(null_quality=np.float64, null_agreement=np.float64)
        shapes = self.null_quality.shape, self.null_agreement.shape
        if shapes[0] != shapes[1] or len(shapes[0]) != 1 or not self.null_quality.size:
            raise DataError(
                f"null comparison: null_quality and null_agreement have shapes {shapes[0]} and "
                f"{shapes[1]}: one value of each is needed for every random graph."
            )

    @property
    def n(self) -> int:
        """Number of random graphs."""
        return int(self.null_quality.size)

    def observed(self, statistic: str = "quality") -> float:
        """The value on the graph itself; `statistic` is ``"quality"`` or ``"agreement"``."""
        check_choice("statistic", statistic, STATISTICS)
        return self.partition.quality if statistic == "quality" else self.partition.stability

    def null(self, statistic: str = "quality") -> npt.NDArray[np.float64]:
        """The values on the random graphs, shape (n,)."""
        check_choice("statistic", statistic, STATISTICS)
        return self.null_quality if statistic == "quality" else self.null_agreement

    def z(self, statistic: str = "quality") -> float:
        """(observed − mean) / standard deviation of the null; NaN where that is 0."""
        values = self.null(statistic)
        spread = float(values.std(ddof=1)) if values.size > 1 else math.nan
        gap = self.observed(statistic) - float(values.mean())
        scale = max(abs(self.observed(statistic)), 1.0)
        return gap / spread if spread > _TIE * scale else math.nan

    def p(self, statistic: str = "quality") -> float:
        """(1 + null values that are as large or larger) / (n + 1), never 0 [1]_.

        NaN where the statistic is (agreement of a single run).

        References
        ----------
        .. [1] Phipson, B. & Smyth, G. K. (2010). Permutation p-values should never be zero.
           Statistical Applications in Genetics and Molecular Biology, 9, 39.
           doi:10.2202/1544-6115.1585
        """
        observed, values = self.observed(statistic), self.null(statistic)
        if math.isnan(observed) or np.isnan(values).any():
            return math.nan
        reached = int(np.count_nonzero(values >= observed - _TIE * max(abs(observed), 1.0)))
        return (1 + reached) / (self.n + 1)

    def sentence(self, statistic: str = "quality") -> str:
        """What may be said about the graph by one statistic."""
        p = self.p(statistic)
        if math.isnan(p):
            return f"nothing can be said by {statistic}"
        return "the graph differs from its null" if p <= LEVEL else (
            "the graph cannot be told from its null"
        )  # fmt: skip

    @property
    def verdict(self) -> str:
        """The sentence by quality, at p ≤ 0.05."""
        return self.sentence("quality")

    @property
    def frame(self) -> pl.DataFrame:
        """One row per statistic: statistic, observed, null_mean, null_sd, z, p, says."""
        rows = []
        for name in STATISTICS:
            values = self.null(name)
            spread = float(values.std(ddof=1)) if values.size > 1 else math.nan
            rows.append(
                (name, self.observed(name), float(values.mean()), spread, self.z(name),
                 self.p(name), self.sentence(name))
            )  # fmt: skip
        columns = ("observed", "null_mean", "null_sd", "z", "p")
        frame = pl.DataFrame(rows, schema=("statistic", *columns, "says"), orient="row")
        return frame.with_columns(pl.col(columns).cast(pl.Float64).fill_nan(None))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"random graphs of the same degrees": self.n}
        for name in STATISTICS:
            values = self.null(name)
            what = (self.partition.quality_function or name) if name == "quality" else "AMI of runs"
            facts[what] = (
                f"{number(self.observed(name))}, null {number(float(values.mean()))}, "
                f"z {number(self.z(name))}, p {number(self.p(name))}"
            )
        return facts | {"by quality": self.verdict, "by agreement": self.sentence("agreement")}
