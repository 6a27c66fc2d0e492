"""Backbone of a graph: validated edges of a projection, or edges that pass a weight filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit import errors
from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.incidence import IncidenceMatrix
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, OptionError, warn
from graphkit.graphs.evidence import projection_degrees, projection_record
from graphkit.graphs.options import Codes, Floats
from graphkit.graphs.validation import validate

__all__ = ["METHODS", "Backbone", "backbone"]

#: Mask of the edges that pass, and the statistics of all edges by name.
Filtered = tuple[npt.NDArray[np.bool_], dict[str, Floats]]


@dataclass(frozen=True)
class Edges:
    """Edges among n nodes, each once."""

    source: Codes
    target: Codes
    weight: Floats
    n: int
    directed: bool

    def sum_per_end(self, values: Floats | None) -> tuple[Floats, Floats]:
        """Sum of the values (None: 1 each) over the edges of the source and of the target.

        Directed: over the edges that leave the source, and those that enter the target.
        """
        out = np.bincount(self.source, weights=values, minlength=self.n).astype(np.float64)
        into = np.bincount(self.target, weights=values, minlength=self.n).astype(np.float64)
        if not self.directed:
            out = into = out + into
        return out[self.source], into[self.target]


def _filter_disparity(edges: Edges, alpha: float) -> Filtered:
    """Disparity filter: p is the smaller (1 − w/s)^(k − 1) of both ends."""
    from graphkit.kernels.tails import probability

    log_p = np.zeros(edges.source.size)
    for strength, degree in zip(
        edges.sum_per_end(edges.weight), edges.sum_per_end(None), strict=True
    ):
        share = np.minimum(edges.weight / np.where(strength > 0, strength, 1.0), 1.0)
        # p = 1 at an end with one edge
        several = degree > 1
        with np.errstate(divide="ignore"):
            rest = np.log1p(-np.where(several, share, 0.0))
        one_end = np.where(several, degree - 1, 1.0) * rest
        np.minimum(log_p, one_end, out=log_p)
    p = probability(log_p)
    return p < alpha, {"p": p}


#: Statistics of the noise-corrected filter.
NOISE_COLUMNS = ("expected", "lift", "deviation", "p")


def _filter_noise(edges: Edges, alpha: float) -> Filtered:
    """Noise-corrected filter: lift in (−1, 1), its Bayesian deviation, and p of their ratio."""
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            return _correct_noise(edges, alpha)
    except FloatingPointError as error:
        least = edges.weight[edges.weight > 0].min()
        raise DataError(
            "noise_corrected takes weights for numbers of events; these, from "
            f"{least:.3g} to {edges.weight.max():.3g}, are too large or too far apart to compute "
            "with: use weight='count', or method='disparity'."
        ) from error


def _correct_noise(edges: Edges, alpha: float) -> Filtered:
    from scipy.special import log_ndtr

    from graphkit.kernels.tails import probability

    w = edges.weight
    if not w.size:
        return np.zeros(0, dtype=np.bool_), dict.fromkeys(NOISE_COLUMNS, w)
    s, t = edges.sum_per_end(w)
    total = float(w.sum()) * (1 if edges.directed else 2)
    if total <= 1:
        raise DataError(
            f"noise_corrected takes weights for numbers of events; these add up to {total:.4g}: "
            "use weight='count', or method='disparity'."
        )
    expected = s * t / total
    mean = expected / total
    ratio = np.divide(w, expected, out=np.zeros_like(w), where=expected > 0)
    lift = (ratio - 1) / (ratio + 1)
    # the Beta prior has the mean of independence and the variance of the hypergeometric
    spare = (total - s) * (total - t)
    prior = np.full_like(w, np.inf)
    np.divide((1 - mean) * total**2 * (total - 1), spare, out=prior, where=spare > 0)
    prior -= 1
    with np.errstate(invalid="ignore"):
        chance = np.where(np.isinf(prior), mean, (mean * prior + w) / (prior + total))
    kappa = np.divide(1.0, expected, out=np.zeros_like(w), where=expected > 0)
    # the expectation depends on w too, through s, t and the total
    product = np.where(s * t > 0, s * t, 1.0)
    slope = kappa + w / product - w * kappa * (s + t) / product
    deviation = np.sqrt(total * chance * (1 - chance)) * np.abs(2 * slope) / (ratio + 1) ** 2
    z = np.divide(lift, deviation, out=np.full_like(w, -np.inf), where=deviation > 0)
    p = probability(log_ndtr(-z))
    return p < alpha, dict(zip(NOISE_COLUMNS, (expected, lift, deviation, p), strict=True))


def _filter_mutual_top(edges: Edges, top: int) -> Filtered:
    """Edges among the `top` heaviest of both ends (ties: the smaller node)."""
    m = edges.source.size
    ends = np.concatenate([edges.source, edges.target])
    others = np.concatenate([edges.target, edges.source])
    order = np.lexsort((others, -np.tile(edges.weight, 2), ends))
    starts = np.searchsorted(ends[order], np.arange(edges.n))
    rank = np.empty(2 * m)
    rank[order] = np.arange(2 * m) - starts[ends[order]] + 1
    columns = {"source_rank": rank[:m], "target_rank": rank[m:]}
    return np.maximum(rank[:m], rank[m:]) <= top, columns


def _filter_core(edges: Edges, k: int) -> Filtered:
    """Edges among nodes of core number `k` or more, and the smaller core number of the ends."""
    import igraph

    pairs = zip(edges.source.tolist(), edges.target.tolist(), strict=True)
    graph = igraph.Graph(n=edges.n, edges=pairs)
    graph.simplify()  # opposite directed edges become one
    numbers = np.array(graph.coreness())
    least = np.minimum(numbers[edges.source], numbers[edges.target])
    return least >= k, {"core": least.astype(np.float64)}


@dataclass(frozen=True, repr=False, eq=False)
class Backbone(Frozen):
    """Edges that a method keeps, with their statistics.

    Attributes
    ----------
    graph
        All nodes, and the kept edges with the weights they had.
    method
        One of the methods of :func:`graphkit.graphs.backbone`.
    columns
        Statistics of the kept edges, float64, shape (n_edges,), in the order of
        ``graph.edges()``; :func:`graphkit.graphs.backbone` lists them.
    n_before, weight_before
        Edges before, including self-loops, and their total weight.
    removed
        Numbers of removed edges by reason; with the kept ones they add up to `n_before`.
    n_tests
        Tests that the p-values were corrected for; `None` without correction.
    note
        Caveat on the result, or empty.
    provenance
        How it was made.
    """

    graph: Graph
    method: str
    columns: Mapping[str, npt.NDArray[np.float64]]
    n_before: int
    weight_before: float
    removed: Mapping[str, int] = field(default_factory=dict)
    n_tests: int | None = None
    note: str = ""
    provenance: Provenance = field(default_factory=lambda: Provenance("backbone"))

    def __post_init__(self) -> None:
        columns = {}
        for name, values in self.columns.items():
            array = np.ascontiguousarray(values, dtype=np.float64)
            if array.shape != (self.graph.n_edges,):
                raise DataError(
                    f"backbone: column {name!r} has shape {array.shape} for "
                    f"{self.graph.n_edges:,} edges."
                )
            columns[name] = array
        gone = sum(self.removed.values())
        if self.graph.n_edges + gone != self.n_before:
            raise DataError(
                f"backbone: {self.n_before:,} edges before, {self.graph.n_edges:,} kept, but "
                f"{gone:,} explained as removed."
            )
        removed = MappingProxyType(dict(self.removed))
        self._set(columns=MappingProxyType(columns), removed=removed)

    @property
    def content_key(self) -> str:
        """Key of the kept graph."""
        return self.graph.content_key

    def frame(self) -> pl.DataFrame:
        """One row per kept edge: source, target, weight, and the statistics of the method."""
        return self.graph.edges().with_columns(
            pl.Series(name, values) for name, values in self.columns.items()
        )

    def _facts(self) -> dict[str, object]:
        n = self.graph.n_edges
        isolated = int(np.count_nonzero(self.graph.degree() == 0)) if self.graph.n_nodes else 0
        facts: dict[str, object] = {
            "method": self.method,
            "edges kept": f"{n:,} of {self.n_before:,}",
            "share of weight kept": (
                self.graph.total_weight / self.weight_before if self.weight_before else None
            ),
            f"{self.graph.node_kind} without an edge": isolated,
        }
        if self.n_tests is not None:
            facts["tests"] = self.n_tests
        if "p" in self.columns and n:
            facts["largest p kept"] = float(self.columns["p"].max())
        facts |= {f"removed: {reason}": count for reason, count in self.removed.items()}
        return facts | ({"note": self.note} if self.note else {})


#: Methods, and the parameter that each takes.
METHODS = dict.fromkeys(("bicm", "hypergeometric", "disparity", "noise_corrected"), "alpha")
METHODS |= {"mutual_top": "top", "k_core": "k", "threshold": "min_weight"}

#: Methods that test numbers of shared objects, and therefore need the dataset.
VALIDATIONS = ("bicm", "hypergeometric")

#: Filters of weights: edges that pass, and statistics of all edges.
FILTERS: dict[str, Callable[[Edges, Any], Filtered]] = {
    "disparity": _filter_disparity,
    "noise_corrected": _filter_noise,
    "mutual_top": _filter_mutual_top,
    "k_core": _filter_core,
}

UNPOPULAR = (
    "hypergeometric ignores popularity: sharing a common object counts as much as sharing a rare "
    "one, and far too many edges pass; use method='bicm'."
)


def backbone(
    graph: GraphLike,
    *,
    method: str = "bicm",
    dataset: Dataset | IncidenceMatrix | None = None,
    alpha: float | None = None,
    top: int | None = None,
    k: int | None = None,
    min_weight: float | None = None,
) -> Backbone:
    r"""Backbone of a graph: the edges that a null model or a filter of weights keeps.

    For a projection, where two actors i and j of degrees :math:`d_i, d_j` share :math:`c_{ij}`
    of m objects of popularity :math:`k_t`, two methods test whether they share more objects
    than expected by chance:

    ``bicm`` (recommended)
        Bipartite configuration model: given the activity of actors and the popularity of
        objects, i has t with probability :math:`u_{it} = x_i y_t / (1 + x_i y_t)`, where
        :math:`\sum_t u_{it} = d_i` and :math:`\sum_i u_{it} = k_t` [1]_. The number of shared
        objects is then Poisson-binomial,
        :math:`p_{ij} = P(\sum_t \mathrm{Bernoulli}(u_{it} u_{jt}) \ge c_{ij})` [2]_,
        computed to a relative error below :math:`10^{-8}`, however small.
    ``hypergeometric``
        :math:`p_{ij} = P(\mathrm{Hypergeometric}(m, d_i, d_j) \ge c_{ij})` [3]_: all objects
        equally popular, so that sharing popular ones looks like evidence. For comparison only.

    Both keep :math:`q_{ij} \le \alpha`, where q is Benjamini and Hochberg's over all
    N(N − 1)/2 pairs of nodes, also those that share nothing and those with a node that has
    nothing (p = 1), so that no selection before the test loosens it. Nodes without interactions
    therefore make it stricter: choose the population before projecting
    (``Dataset.select_accounts``). Edges that `min_shared` left out count as p = 1. The expected
    share of false edges is then at most alpha; a false edge joins two actors whose objects
    follow the null model. An actor that ignores a whole region of objects does not follow it:
    it shares more than expected with others that ignore the region too.

    The other methods use weights only:

    ``disparity``
        :math:`p = \min_{i, j} (1 - w_{ij}/s_i)^{k_i - 1} < \alpha` over both ends, with
        strength s and degree k [4]_; of a directed edge, over the edges that leave its source
        and those that enter its target. It is 1 at an end with one edge.
    ``noise_corrected``
        :math:`w_{ij}` against its expectation :math:`e_{ij} = s_i s_j / 2W` (W the weight
        of all edges, each once; directed: :math:`s_i s_j / W`): the lift
        :math:`(w - e)/(w + e)` over its deviation under a Beta-binomial model is treated as
        normal, with the upper tail :math:`p < \alpha` [5]_ (δ = 1.64 for 0.05).
    ``mutual_top``
        The edge is among the `top` heaviest of both its ends (ties: the smaller node).
    ``k_core``
        Both ends belong to the k-core, the largest subgraph of degrees :math:`\ge k` [6]_.
    ``threshold``
        :math:`w \ge` `min_weight`.

    Parameters
    ----------
    graph
        For the two tests, the result of ``cointeraction_graph(…, weight="count")`` without
        window or top. For the others any graph without negative weights; ``mutual_top``
        needs an undirected one, and ``k_core`` ignores directions.
    method
        One of the above.
    dataset
        For the two tests: the dataset that the graph was made from. The degrees of both node
        sets are counted again, by the options in the graph's provenance.
    alpha
        Level of the tests, in (0, 1), by default 0.05: false-discovery rate for the first two,
        per edge and uncorrected for the next two.
    top
        For ``mutual_top``.
    k
        For ``k_core``.
    min_weight
        For ``threshold``.

    Returns
    -------
    Backbone
        All nodes and the kept edges with their weights; counts of removed edges; and per edge
        the statistics of the method: expected, log10_p, p, q (tests; where p would be 0 it is
        the smallest positive number, and log10_p is exact); p (disparity);
        expected, lift, deviation, p (noise_corrected); source_rank, target_rank
        (mutual_top); core (k_core). Self-loops are removed by all but ``threshold``.

    Raises
    ------
    OptionError
        For an unknown method, a parameter that the method does not take or lacks, or, for the
        tests, a graph that is not a plain count projection.
    MissingDataError
        If `dataset` is missing for a test.
    DataError
        If the graph was made from other data or is only part of its projection, if weights are
        negative, their sum is infinite or, for ``noise_corrected``, they are 1 or less in all or
        too far apart to compute with, or if the configuration model cannot be solved.

    Warns
    -----
    GraphkitWarning
        If ``disparity`` or ``noise_corrected`` is applied to a projection: an object of k actors
        makes k(k − 1)/2 edges at once, which both treat as independent.

    References
    ----------
    .. [1] Saracco, F., Di Clemente, R., Gabrielli, A., Squartini, T. (2015). Randomizing
       bipartite networks: the case of the World Trade Web. Scientific Reports, 5, 10595.
       https://doi.org/10.1038/srep10595
    .. [2] Saracco, F., Straka, M. J., Di Clemente, R., Gabrielli, A., Caldarelli, G.,
       Squartini, T. (2017). Inferring monopartite projections of bipartite networks: an
       entropy-based approach. New Journal of Physics, 19, 053022.
       https://doi.org/10.1088/1367-2630/aa6b38
    .. [3] Tumminello, M., Miccichè, S., Lillo, F., Piilo, J., Mantegna, R. N. (2011).
       Statistically validated networks in bipartite complex systems. PLoS ONE, 6, e17994.
       https://doi.org/10.1371/journal.pone.0017994
    .. [4] Serrano, M. Á., Boguñá, M., Vespignani, A. (2009). Extracting the multiscale
       backbone of complex weighted networks. PNAS, 106, 6483–6488.
       https://doi.org/10.1073/pnas.0808904106
    .. [5] Coscia, M., Neffke, F. M. H. (2017). Network backboning with noisy data. ICDE,
       425–436. https://doi.org/10.1109/ICDE.2017.100
    .. [6] Seidman, S. B. (1983). Network structure and minimum degree. Social Networks, 5,
       269–287. https://doi.org/10.1016/0378-8733(83)90028-X

    Examples
    --------
    >>> import polars as pl
    >>> g = Graph.from_edges("aaab", "bcdc", [9, 1, 1, 1], directed=False)
    >>> found = backbone(g, method="disparity", alpha=0.1)
    >>> found.frame().select("source", "target", pl.col("p").round(6)).rows()
    [('a', 'b', 0.033058)]
    >>> dict(found.removed)
    {'edges with p >= 0.1': 3}
    """
    graph = as_graph(graph, "backbone")
    given = {"alpha": alpha, "top": top, "k": k, "min_weight": min_weight}
    value = _check_parameter(method, given, dataset)
    source, target, weight = graph.edge_arrays()
    n_tests, note = None, ""
    packages: tuple[str, ...] = ("numpy",)
    details: dict[str, Any] = {}
    removed: dict[str, int] = {}
    if method in VALIDATIONS:
        from graphkit.kernels.tails import probability

        degrees = projection_degrees(graph, dataset, caller=f"backbone(method={method!r})")
        tested = validate(graph, degrees, method=method)
        keep = tested.log_q <= np.log(value)
        columns = {
            "expected": tested.expected[keep],
            "log10_p": tested.log_p[keep] / np.log(10),
            "p": probability(tested.log_p[keep]),
            "q": probability(tested.log_q[keep]),
        }
        n_tests, packages = tested.n_tests, ("numba", "numpy", "scipy")
        details = {"n_tests": n_tests, "n_triples": tested.n_triples, **tested.solver}
        note = UNPOPULAR if method == "hypergeometric" else ""
        removed[f"edges with q > {value:g}"] = int((~keep).sum())
    else:
        _check_weights(graph, method)
        proper = source != target
        if method == "threshold":
            keep, columns = weight >= value, {}
        else:
            ends = (source[proper], target[proper], weight[proper])
            passed, columns = FILTERS[method](Edges(*ends, graph.n_nodes, graph.directed), value)
            keep = proper.copy()
            keep[proper] = passed
            columns = {name: values[passed] for name, values in columns.items()}
        reasons = {
            "mutual_top": f"edges outside the top {value} of an end",
            "k_core": f"edges outside the {value}-core_edges",
            "threshold": f"edges of weight < {value:g}",
        }
        loops = 0 if method == "threshold" else int((~proper).sum())
        removed[reasons.get(method, f"edges with p >= {value:g}")] = int((~keep).sum()) - loops
        removed["self-loops"] = loops
        if method in ("disparity", "noise_corrected") and projection_record(graph) is not None:
            note = (
                f"{method} treats edges as independent, but in a projection each object joins all "
                "its actors at once."
            )
            warn(
                f"backbone(method={method!r}) on a projection: an object of k actors makes "
                "k(k − 1)/2 edges at once, which the filter treats as independent; popular objects "
                "look significant. Use method='bicm' with dataset=…."
            )
    removed = {reason: count for reason, count in removed.items() if count}
    options = {"method": method, METHODS[method]: value, **details}
    record = Provenance.of(
        "backbone", options, made_from=(graph,), removed=removed, packages=packages
    )
    kept = Graph._from_codes(
        *(graph.vocabulary, source[keep], target[keep], weight[keep]),
        directed=graph.directed,
        node_kind=graph.node_kind,
        provenance=record,
        attributes=graph.attributes,
    )
    return Backbone(
        kept, method, columns, graph.n_edges, graph.total_weight, removed, n_tests, note, record
    )


def _check_parameter(
    method: str, given: dict[str, Any], dataset: Dataset | IncidenceMatrix | None
) -> Any:
    """The checked parameter of the method; raises if another one is given."""
    errors.check_choice("method", method, METHODS)
    name = METHODS[method]
    for other, value in given.items():
        if other != name and value is not None:
            owners = ", ".join(m for m, p in METHODS.items() if p == other)
            raise OptionError(
                f"backbone: {other}={value!r} goes with {owners}, not with method={method!r}, "
                f"which takes {name}=…."
            )
    if dataset is not None and method not in VALIDATIONS:
        raise OptionError(f"backbone: method={method!r} uses weights only; leave dataset= out.")
    value = given[name]
    if name == "alpha":
        value = 0.05 if value is None else value
        return errors.check_number("alpha", value, 0, 1, low_open=True, high_open=True)
    if value is None:
        raise OptionError(f"backbone: method={method!r} needs {name}=….")
    if name == "min_weight":
        return errors.check_number("min_weight", value)
    return errors.check_integer(name, value, 1)


def _check_weights(graph: Graph, method: str) -> None:
    with np.errstate(over="ignore"):
        total = np.abs(graph.weights).sum()
    if not np.isfinite(total):
        raise DataError(
            f"backbone(method={method!r}): the weights are finite, but their sum is not (largest: "
            f"{graph.weights.max():g}): divide them by their mean."
        )
    if method in ("disparity", "noise_corrected") and (graph.weights < 0).any():
        raise DataError(
            f"backbone(method={method!r}) needs weights of 0 or more, but the smallest is "
            f"{graph.weights.min():g}: use method='threshold', or drop the negative edges."
        )
    if method == "mutual_top" and graph.directed:
        raise OptionError(
            "backbone(method='mutual_top') compares both ends of an edge, but the graph is "
            "directed: pass graph.to_undirected()."
        )
