"""Comparison of Leiden on a graph with degree-preserving random graphs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities.leiden import leiden
from graphkit.communities.prepare import prepare
from graphkit.data.display import number
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, check_choice, check_integer
from graphkit.parallel import track
from graphkit.rng import RNGLike, Streams

__all__ = ["NullComparison", "rewired_null"]

#: Up to this p a graph is said to differ from its null.
LEVEL = 0.05

#: What is compared.
STATISTICS = ("quality", "agreement")

#: Values this near count as equal: sums of the same weights in another order.
_TIE = 1e-12


@dataclass(frozen=True, repr=False, eq=False)
class NullComparison(Frozen, title="Comparison with a null", table="frame"):
    """Quality and agreement of runs on a graph and on random graphs of the same degrees.

    Each statistic is tested separately. The test is about the graph, not about a partition or a
    community: a graph that differs from its null may still have no stable communities.

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
        return f"the graph {'differs' if p <= LEVEL else 'is not distinguishable'} from its null"

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
            figures = self.observed(name), float(values.mean()), spread, self.z(name), self.p(name)
            rows.append((name, *figures, self.sentence(name)))
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


def rewired_null(
    graph: Graph,
    *,
    n: int = 20,
    quality: str = "modularity",
    resolution: float | None = None,
    runs: int = 10,
    swaps: float = 10.0,
    engine: str | None = None,
    rng: RNGLike | None = None,
) -> NullComparison:
    r"""Compare the community structure of a graph with its degree-preserving null model.

    Leiden runs on the graph and on `n` rewired copies, which keep the degree of every node
    and are random otherwise (:func:`graphkit.nullmodels.rewire`). The quality of the best
    partition and the mean AMI of the runs are compared by
    :math:`z = (x - \bar x_0) / s_0` and by the rank
    :math:`p = (1 + \#\{x_0 \ge x\}) / (n + 1)`.

    A high modularity alone is no evidence: the best partition of sparse noise has one, since
    some of so many partitions fit any fluctuation [1]_. Its rewired copies have it too. The test
    is about the graph as a whole. If it differs from its null, it has structure beyond degrees,
    which need not be communities (triangles suffice), and the communities found need not be
    the right ones; if it is not distinguishable from its null, do not report any.

    Parameters
    ----------
    graph
        Directed or undirected, weights of zero or more. Weights are dealt anew over edges.
    n
        Number of rewired copies, 19 or more: with fewer no p can reach 0.05.
    quality, resolution
        As in :func:`graphkit.leiden`; the copies have the resolution of the graph.
    runs
        Runs of Leiden on each graph; agreement needs two.
    swaps
        Attempted swaps per edge.
    engine
        As in :func:`graphkit.leiden`.
    rng
        Seed.

    Returns
    -------
    NullComparison
        With the partition of the graph and all null values.

    Raises
    ------
    DataError
        As :func:`graphkit.leiden`.
    OptionError
        If `n` is below 19, or as :func:`graphkit.leiden`.

    References
    ----------
    .. [1] Guimerà, R., Sales-Pardo, M. & Amaral, L. A. N. (2004). Modularity from
       fluctuations in random graphs and complex networks. Physical Review E, 70, 025101.
       doi:10.1103/PhysRevE.70.025101

    Examples
    --------
    >>> from graphkit.nullmodels import planted_partition, random_graph
    >>> rewired_null(random_graph(200, 500, rng=1).graph, runs=2, rng=1).verdict
    'the graph is not distinguishable from its null'
    >>> planted = planted_partition([50] * 4, inside=8, outside=2, rng=1)
    >>> rewired_null(planted.graph, runs=2, rng=1).verdict
    'the graph differs from its null'
    """
    prepare(graph, caller="rewired_null")
    fewest = round(1 / LEVEL) - 1
    n = check_integer("n", n, fewest, hint=f"With fewer rewired copies no p can reach {LEVEL:g}.")
    runs = check_integer("runs", runs, 1)
    streams = Streams(rng)
    find = partial(leiden, quality=quality, runs=runs, engine=engine)
    found = find(graph, resolution=resolution, rng=streams.integer("graph"))
    values = np.empty((2, n))
    accepted = 0
    from graphkit.nullmodels.rewire import rewire

    for draw in track(range(n), "rewired graphs", int(n)):
        copy = rewire(graph, swaps=swaps, rng=streams.integer("rewire", draw))
        accepted += copy.provenance.parameters["accepted"]
        other = find(copy, resolution=found.resolution, rng=streams.integer("null", draw))
        values[:, draw] = other.quality, other.stability
    parameters = {"n": int(n), "quality": quality, "resolution": found.resolution, "runs": runs}
    parameters |= {"swaps": swaps, "engine": engine, "accepted_swaps": accepted}
    record = Provenance.of("rewired_null", parameters, seed=streams.seed, made_from=(graph,))
    return NullComparison(found, values[0], values[1], record)
