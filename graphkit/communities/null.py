"""Comparison of Leiden on a graph with random graphs: rewired, or projected from random logs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities.leiden import leiden
from graphkit.communities.prepare import prepare, require_partition
from graphkit.data.display import number
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import (
    DataError,
    GraphkitWarning,
    OptionError,
    check_choice,
    check_integer,
    check_number,
)
from graphkit.parallel import in_threads, own_warnings
from graphkit.rng import RNGLike, Streams

if TYPE_CHECKING:
    from graphkit.data.dataset import Dataset
    from graphkit.data.incidence import IncidenceMatrix

__all__ = ["NullComparison", "projection_null", "rewired_null"]

#: Up to this p a graph is said to differ from its null.
LEVEL = 0.05

#: A component with this share of the nodes that have an edge stays connected in rewired copies.
GIANT = 0.9

#: Fewer random graphs cannot reach it.
MIN_DRAWS = round(1 / LEVEL) - 1

#: What is compared.
STATISTICS = ("quality", "agreement")

#: Values this near count as equal: sums of the same terms in another order.
_TIE = 1e-9

#: Functions that project a two-mode log.
_PROJECTIONS = ("cointeraction_graph", "spark_cointeraction", "coordinated_accounts")

#: What is done to a projection that can be done to a projected random log as well.
_REPEATED = ("backbone", "largest_component", "to_undirected", "without_loops")


@dataclass(frozen=True, repr=False, eq=False)
class NullComparison(Frozen, title="Comparison with a null", table="frame"):
    """Quality and agreement of runs on a graph and on random graphs.

    Each statistic is tested separately. The test is about the graph, not about a single
    community: a graph that differs from its null in quality alone has structure, on which runs
    need not agree. Communities are called stable only if both differ.

    Attributes
    ----------
    partition
        The best partition of the observed graph, by as many runs as on the random graphs.
    null_quality
        float64, shape (n,): quality of the best partition of each random graph.
    null_agreement
        float64, shape (n,): mean AMI of the runs on each random graph; NaN for single runs.
    provenance
        How it was made: by :func:`rewired_null` or :func:`projection_null`.

    Examples
    --------
    >>> p = Partition.from_membership("ab", [0, 1])
    >>> from dataclasses import replace
    >>> c = NullComparison(replace(p, quality=0.4), np.linspace(0.1, 0.3, 19), np.full(19, np.nan))
    >>> c.p("quality"), round(c.z("quality"), 2)
    (0.05, 3.2)
    >>> c.verdict, c.stable
    ('the graph differs from its null', False)
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
        """One-sided p: (1 + null values that are as large or larger) / (n + 1), never 0 [1]_.

        Ties count as larger. NaN where the statistic is (agreement of a single run).

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
    def stable(self) -> bool:
        """Whether there are several communities and p ≤ 0.05 for quality and for agreement."""
        # false also where p is NaN
        both = all(self.p(statistic) <= LEVEL for statistic in STATISTICS)
        return both and self.partition.n_communities > 1

    @property
    def conclusion(self) -> str:
        """What may be said about the communities, at p ≤ 0.05 for each statistic."""
        if self.stable:
            return "stable: quality and agreement of runs are above their null"
        if self.partition.n_communities < 2:
            return "none: all nodes with an edge are in one community"
        if math.isnan(self.p("agreement")):
            return "untested: agreement needs two runs"
        alike = [name for name in STATISTICS if not self.p(name) <= LEVEL]
        verb = "are" if len(alike) > 1 else "is"
        return f"not stable: {' and '.join(alike)} {verb} not distinguishable from the null"

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
        projected = self.provenance.verb == "projection_null"
        what = "projections of random logs" if projected else "random graphs"
        facts: dict[str, object] = {f"{what} of the same degrees": self.n}
        for name in STATISTICS:
            values = self.null(name)
            what = (self.partition.quality_function or name) if name == "quality" else "AMI of runs"
            facts[what] = (
                f"{number(self.observed(name))}, null {number(float(values.mean()))}, "
                f"z {number(self.z(name))}, p {number(self.p(name))}"
            )
        facts |= {"by quality": self.verdict, "by agreement": self.sentence("agreement")}
        return facts | {"communities": self.conclusion}


def rewired_null(
    graph: GraphLike,
    *,
    n: int = 99,
    partition: Partition | None = None,
    quality: str | None = None,
    resolution: float | None = None,
    runs: int = 2,
    swaps: float = 10.0,
    engine: str | None = None,
    rng: RNGLike | None = None,
) -> NullComparison:
    r"""Compare the community structure of a graph with its degree-preserving null model.

    Leiden runs on the graph and on `n` rewired copies, which keep the degree of every node
    and are random otherwise (:func:`graphkit.nullmodels.rewire`). The quality of the best
    partition and the mean AMI of the runs are compared by
    :math:`z = (x - \bar x_0) / s_0` and by the rank
    :math:`p = (1 + \#\{x_0 \ge x\}) / (n + 1)`. Only if p ≤ 0.05 for both are the communities
    called stable (:attr:`NullComparison.stable`).

    Neither statistic alone is evidence: the best partition of sparse noise has a high
    modularity, since some of so many partitions fit any fluctuation [1]_, and runs on a sparse
    random graph, a tree or a ring may agree. Rewired copies share both. The test is about the
    graph as a whole. If it differs from its null, it has structure beyond degrees, which need
    not be communities (triangles suffice: a ring lattice differs), and the communities found
    need not be the right ones; if it is not distinguishable from its null, do not report any.

    Copies of sparse graphs fall apart, and a connected graph that is nearly a tree would differ
    from them for that alone. So where the largest (weakly) connected component has nine tenths of
    the nodes that have an edge, it stays connected in the copies; and an undirected graph without
    cycles is compared with random forests, of the same degrees and components
    (:func:`graphkit.nullmodels.random_forest`).

    Weights are dealt anew, so that copies lack the heavy edges between active nodes. Where weights
    follow the activity of both ends, as counts of interactions do, the quality of copies is too high:
    noise is never told from its null, and weak communities are missed. Test then the graph without
    weights as well.

    A projection differs from its rewired copies by construction, for every object makes a clique:
    its null is :func:`projection_null`, and it is refused here.

    Parameters
    ----------
    graph
        Directed or undirected, weights of zero or more. Weights are dealt anew over edges.
    n
        Number of rewired copies, 19 or more: with fewer no p can reach 0.05.
    partition
        Communities of the graph that are reported: the test is then at the quality and resolution
        that they were found with. Leiden runs on the graph anew, as often as on the copies.
    quality, resolution
        As in :func:`graphkit.leiden`; by default those of `partition`, modularity without one. The
        copies have the resolution of the graph.
    runs
        Runs of Leiden on each graph; agreement needs two. On a small graph two runs may find the
        same even in noise, and agreement cannot tell; more runs agree by chance less often.
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
        If `partition` is of other nodes, or as :func:`graphkit.leiden`.
    OptionError
        If the graph is a projection, if `n` is below 19, or as :func:`graphkit.leiden`.

    References
    ----------
    .. [1] Guimerà, R., Sales-Pardo, M. & Amaral, L. A. N. (2004). Modularity from
       fluctuations in random graphs and complex networks. Physical Review E, 70, 025101.
       doi:10.1103/PhysRevE.70.025101

    Examples
    --------
    >>> from graphkit.nullmodels import planted_partition, random_graph
    >>> rewired_null(random_graph(200, 500, rng=1).graph, rng=1).stable
    False
    >>> planted = planted_partition([50] * 4, inside=8, outside=2, rng=1)
    >>> found = rewired_null(planted.graph, rng=1)
    >>> found.p("quality"), found.p("agreement"), found.stable
    (0.01, 0.01, True)
    """
    graph = as_graph(graph, "rewired_null")
    prepare(graph, caller="rewired_null")
    source = _find_projection(graph.provenance)
    if source is not None:
        raise OptionError(
            f"rewired_null: this graph is a projection (made by {source.verb}), which differs "
            "from its rewired copies by construction, since every object makes a clique: use "
            "projection_null(dataset, graph), which rewires the log and projects it again."
        )
    quality, resolution = _choose_quality("rewired_null", graph, partition, quality, resolution)
    n = _check_draws("n", n)
    runs = check_integer("runs", runs, 1)
    streams = Streams(rng)
    find = partial(leiden, quality=quality, runs=runs, engine=engine)
    found = find(graph, resolution=resolution, rng=streams.integer("graph"))
    values = np.empty((2, n))
    from graphkit.nullmodels.forest import is_forest, random_forest
    from graphkit.nullmodels.rewire import rewire

    proper = graph.without_loops()
    forest = is_forest(proper)
    connected = not forest and _has_giant(proper)

    def rewired(draw: int) -> int:
        seed, swapped = streams.integer("rewire", draw), 0
        if forest:
            copy = random_forest(proper, rng=seed)
        else:
            copy = rewire(graph, swaps=swaps, connected=connected, rng=seed)
            swapped = copy.provenance.parameters["accepted"]
        other = find(copy, resolution=found.resolution, rng=streams.integer("null", draw))
        values[:, draw] = other.quality, other.stability
        return swapped

    accepted = sum(_draw_all(rewired, n, "rewired graphs", found))
    parameters = {"n": int(n), "quality": quality, "resolution": found.resolution, "runs": runs}
    parameters |= {"engine": engine, "forest": forest, "connected": connected}
    parameters |= {} if forest else {"swaps": swaps, "accepted_swaps": accepted}
    record = Provenance.of("rewired_null", parameters, seed=streams.seed, made_from=(graph,))
    return NullComparison(found, values[0], values[1], record)


def projection_null(
    dataset: Dataset | IncidenceMatrix,
    graph: GraphLike,
    *,
    draws: int = 99,
    trades: float = 10.0,
    partition: Partition | None = None,
    quality: str | None = None,
    resolution: float | None = None,
    runs: int = 2,
    engine: str | None = None,
    rng: RNGLike | None = None,
) -> NullComparison:
    r"""Compare the communities of a projection with those of random logs, projected alike.

    The null of a projection is its two-mode log with the degrees of both sides kept, who
    interacts with how many objects and how many interact with each, and random otherwise
    (curveball trades [1]_, [2]_, :func:`graphkit.nullmodels.curveball`). Every random log is
    projected with the options of the graph, which its provenance holds, and a backbone or the
    largest component is taken again where the graph is one. So the null has the cliques that
    every object makes, and what `top`, `max_degree` and the weights do to them.

    Leiden runs equally often on the graph and on each projected log. The quality of the best
    partition and the mean AMI of the runs are compared by the one-sided
    :math:`p = (1 + \#\{x_0 \ge x\}) / (\mathrm{draws} + 1)`; only if p ≤ 0.05 for both are the
    communities called stable (:attr:`NullComparison.stable`). All draws start from one log that is
    as many trades away from the data as they are from it, which makes the data and the draws
    exchangeable under the null, however slowly the trades mix [3]_.

    What the null keeps are pairs, each once: a log whose accounts repeat themselves is random
    in which pairs it has, and weights that count repetitions (``pairs``, ``actions``) are
    refused, for no random log says how often a new pair would be repeated. So is `window`, which
    needs the times of pairs that are no more.

    A rule that leaves much less of a random log than of the data, as `min_shared` above 1 and a
    validated backbone do, makes null graphs of few edges, in which quality and agreement are
    high whatever there is: the test then cannot tell, and the whole projection is what to test.

    Parameters
    ----------
    dataset
        The data that `graph` was made from.
    graph
        The result of :func:`graphkit.cointeraction_graph`, or the backbone
        (``backbone(…).graph``) or largest component of one.
    draws
        Number of random logs, 19 or more: with fewer no p can reach 0.05.
    trades
        Trades per node with an object, from the data to the common start and from there to each
        random log.
    partition
        Communities of the graph that are reported: the test is then at the quality and resolution
        that they were found with. Leiden runs on the graph anew, as often as on the random logs.
    quality, resolution, engine
        As in :func:`graphkit.leiden`; by default those of `partition`, modularity without one. A
        default resolution is that of each projected log.
    runs
        Runs of Leiden on each graph, 2 or more. On a small graph two runs may find the same even
        in noise, and agreement cannot tell; more runs agree by chance less often.
    rng
        Seed.

    Returns
    -------
    NullComparison
        With the partition of the graph and all null values. A random log whose projection has no
        edge has quality and agreement 0; the provenance counts them.

    Raises
    ------
    DataError
        If the graph was made from other data, or is not what its provenance says; if `partition`
        is of other nodes; or as :func:`graphkit.leiden`.
    OptionError
        If the graph is no projection, or one with a window, with a weight by repetitions, or
        changed in a way that cannot be done to a random log as well; or as
        :func:`graphkit.leiden`.

    References
    ----------
    .. [1] Strona, G., Nappo, D., Boccacci, F., Fattorini, S. & San-Miguel-Ayanz, J. (2014). A
       fast and unbiased procedure to randomize ecological binary matrices with fixed row and
       column totals. Nature Communications, 5, 4114. doi:10.1038/ncomms5114
    .. [2] Carstens, C. J. (2015). Proof of uniform sampling of binary matrices with fixed row
       sums and column sums for the fast Curveball algorithm. Physical Review E, 91, 042812.
       doi:10.1103/PhysRevE.91.042812
    .. [3] Besag, J. & Clifford, P. (1989). Generalized Monte Carlo significance tests.
       Biometrika, 76, 633–642. doi:10.1093/biomet/76.4.633

    Examples
    --------
    Accounts that like items at random, and four groups that like items of their own:

    >>> import polars as pl
    >>> from graphkit import Dataset, cointeraction_graph
    >>> account, item = np.divmod(np.random.default_rng(1).permutation(200 * 400)[:1000], 400)
    >>> groups = item // 4 + 100 * (account % 4)
    >>> for liked in (item, groups):
    ...     rows = pl.DataFrame({"account_id": account, "item_id": liked}).cast(pl.String)
    ...     data = Dataset(interactions=rows.with_columns(kind=pl.lit("like")))
    ...     found = projection_null(data, cointeraction_graph(data), rng=1)
    ...     print(found.p("quality"), found.p("agreement"), found.stable)
    0.61 0.55 False
    0.01 0.01 True
    """
    from graphkit.nullmodels.curveball import curveball

    graph = as_graph(graph, "projection_null")
    prepare(graph, caller="projection_null")
    quality, resolution = _choose_quality("projection_null", graph, partition, quality, resolution)
    draws = _check_draws("draws", draws)
    runs = check_integer("runs", runs, 2, hint="Agreement needs two.")
    trades = check_number("trades", trades, 0.0)
    log, project = _repeat_projection(dataset, graph)
    streams = Streams(rng)
    find = partial(leiden, quality=quality, resolution=resolution, runs=runs, engine=engine)
    found = find(graph, rng=streams.integer("graph"))
    start = curveball(log, trades=trades, rng=streams.integer("start"))
    values = np.zeros((2, draws))

    def projected(draw: int) -> bool:
        copy = project(curveball(start, trades=trades, rng=streams.integer("trades", draw)))
        if copy is None:
            return False
        other = find(copy, rng=streams.integer("null", draw))
        values[:, draw] = other.quality, other.stability
        return True

    # a backbone holds back warnings, for the whole process
    single = graph.provenance.verb != "cointeraction_graph"
    empty = draws - sum(_draw_all(projected, draws, "random logs", found, single=single))
    parameters = {"draws": draws, "method": "curveball", "trades": trades, "runs": runs}
    parameters |= {"quality": quality, "resolution": resolution, "engine": engine}
    parameters |= {"projections_without_an_edge": empty}
    record = Provenance.of(
        "projection_null", parameters, seed=streams.seed, made_from=(dataset, graph)
    )
    return NullComparison(found, values[0], values[1], record)


def _draw_all(
    draw: Callable[[int], int], n: int, title: str, found: Partition, *, single: bool = False
) -> list[int]:
    """Call `draw` for 0 … n − 1, several at a time where the engine can, and a copy is small.

    A large graph takes all cores, and memory, for one copy.
    """
    from graphkit.communities.native import LARGE

    single |= found.provenance.parameters["engine"] != "native" or len(found.vocabulary) >= LARGE
    return in_threads(draw, range(n), title, one_by_one=single)


def _choose_quality(
    caller: str,
    graph: Graph,
    partition: Partition | None,
    quality: str | None,
    resolution: float | None,
) -> tuple[str, float | None]:
    """What Leiden maximises: what is asked for, else as the partition was found, else modularity."""
    if partition is not None:
        require_partition(partition, caller=caller)
        if partition.vocabulary != graph.vocabulary:
            raise DataError(
                f"{caller}: the graph's nodes are not those of partition= ({graph.n_nodes:,} and "
                f"{len(partition.vocabulary):,} nodes): pass communities that were found in this graph."
            )
        own = partition.quality_function or "modularity"
        quality = own if quality is None else quality
        if resolution is None and quality == own:
            resolution = partition.resolution
    return "modularity" if quality is None else quality, resolution


def _check_draws(name: str, value: int) -> int:
    return check_integer(name, value, MIN_DRAWS, hint=f"With fewer no p can reach {LEVEL:g}.")


def _has_giant(graph: Graph) -> bool:
    """Whether one component has nearly all nodes that have an edge."""
    component = graph.components()
    ends = np.unique(np.concatenate(graph.edge_arrays()[:2]))
    return int(np.count_nonzero(component[ends] == 0)) >= GIANT * ends.size


def _find_projection(record: Provenance) -> Provenance | None:
    """Record of the projection that a graph is or was made from, unless it was rewired since."""
    waiting = [record]
    while waiting:
        one = waiting.pop()
        if one.verb in _PROJECTIONS:
            return one
        if one.verb not in ("rewire", "random_forest"):
            waiting.extend(one.parents)
    return None


def _repeat_projection(
    dataset: Dataset | IncidenceMatrix, graph: Graph
) -> tuple[IncidenceMatrix, Callable[[IncidenceMatrix], Graph | None]]:
    """The log of a projection, and a function that makes of another log what the graph is of it."""
    from graphkit.data.incidence import IncidenceMatrix
    from graphkit.graphs import backbone, cointeraction_graph
    from graphkit.graphs.backbone import METHODS, VALIDATIONS
    from graphkit.graphs.evidence import require_source
    from graphkit.graphs.options import ProjectionOptions, gather_interactions

    source, steps = _trace_projection(graph)
    dataset = require_source(source, dataset, caller="projection_null")
    asked = source.parameters
    chosen = {"exclude": asked["exclude"]}
    if not isinstance(dataset, IncidenceMatrix):  # a matrix knows its node sets
        chosen |= {name: asked[name] for name in ("between", "through", "kinds")}
    found = gather_interactions(
        dataset, ProjectionOptions(**chosen), caller="projection_null"
    ).found
    log = IncidenceMatrix.from_codes(
        *(found.between, found.through, found.rows, found.columns), node_kind=graph.node_kind
    )
    options = {n: asked[n] for n in ("weight", "min_shared", "max_degree", "top", "mutual")}

    def project(log: IncidenceMatrix) -> Graph | None:
        made = cointeraction_graph(log, **options)
        for step in reversed(steps):
            if not made.n_edges:
                return None
            if step.verb == "backbone":
                method = step.parameters["method"]
                given = {METHODS[method]: step.parameters[METHODS[method]]}
                tested = log if method in VALIDATIONS else None
                with own_warnings():  # told when the backbone was made
                    warnings.simplefilter("ignore", GraphkitWarning)
                    made = backbone(made, method=method, dataset=tested, **given).graph
            elif step.verb == "largest_component":
                made = made.largest_component()
        return made if made.n_edges else None

    again = project(log)
    if again is None or again.content_key != graph.content_key:
        raise DataError(
            "projection_null: the graph is not what its provenance says, for the same projection "
            "of the same data is another graph: pass the graph as cointeraction_graph made it."
        )
    return log, project


def _trace_projection(graph: Graph) -> tuple[Provenance, list[Provenance]]:
    """Record of the projection, and those of the steps from it to the graph, the last one first."""
    if _find_projection(graph.provenance) is None:
        raise OptionError(
            f"projection_null: this graph is no projection (made by {graph.provenance.verb}): use "
            "rewired_null(graph)."
        )
    steps: list[Provenance] = []
    record = graph.provenance
    while record.verb not in _PROJECTIONS:
        if record.verb not in _REPEATED or len(record.parents) != 1:
            raise OptionError(
                f"projection_null: {record.verb} was applied to the projection, which cannot be "
                "done to a random log as well: pass the projection itself, its backbone or "
                "largest component, and choose accounts before projecting "
                "(Dataset.select_accounts)."
            )
        steps.append(record)
        record = record.parents[0]
    if record.verb != "cointeraction_graph":
        raise OptionError(
            f"projection_null: a projection by {record.verb} cannot be repeated on random logs: "
            "make it with cointeraction_graph."
        )
    if record.parameters["window"] is not None:
        raise OptionError(
            f"projection_null: this projection has window={record.parameters['window']!r}, and a "
            "random log has no times: its null is not defined here. Test the projection without a "
            "window."
        )
    if record.parameters["weight"] in ("pairs", "actions"):
        raise OptionError(
            f"projection_null: weight={record.parameters['weight']!r} counts repeated "
            "interactions, and no random log says how often a new pair would be repeated: test the "
            "projection with weight='count' or 'tfidf'."
        )
    return record, steps
