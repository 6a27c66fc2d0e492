"""Which edges of a graph say something: tests of shared things, filters of weights."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.incidence import IncidenceMatrix
from graphkit.data.provenance import Provenance
from graphkit.errors import (
    DataError,
    GraphkitWarning,
    OptionError,
    check_choice,
    check_integer,
    check_number,
)
from graphkit.graphs.evidence import projection_record, sides_of
from graphkit.graphs.validation import validate

__all__ = ["METHODS", "Backbone", "backbone"]

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

Judged = tuple[Mask, dict[str, Floats]]


@dataclass(frozen=True)
class Edges:
    """Edges among n nodes, each once."""

    tail: Codes
    head: Codes
    weight: Floats
    n: int
    directed: bool

    def per_end(self, values: Floats | None) -> tuple[Floats, Floats]:
        """Sum of the values (None: 1 each) at the tail of each edge, and at its head.

        A directed edge counts in what leaves its tail and what enters its head.
        """
        out = np.bincount(self.tail, weights=values, minlength=self.n).astype(np.float64)
        into = np.bincount(self.head, weights=values, minlength=self.n).astype(np.float64)
        if not self.directed:
            out = into = out + into
        return out[self.tail], into[self.head]


def probability(logs: Floats) -> Floats:
    """Probabilities from logs; none is 0."""
    return np.maximum(np.exp(logs), np.finfo(np.float64).tiny)


def disparity(edges: Edges, alpha: float) -> Judged:
    """(1 − w/s)^(k − 1) at either end, of which the smaller is p."""
    log_p = np.zeros(edges.tail.size)
    for strength, degree in zip(edges.per_end(edges.weight), edges.per_end(None), strict=True):
        share = np.minimum(edges.weight / np.where(strength > 0, strength, 1.0), 1.0)
        # the only edge of a node has all its weight for want of others
        several = degree > 1
        with np.errstate(divide="ignore"):
            rest = np.log1p(-np.where(several, share, 0.0))
        one_end = np.where(several, degree - 1, 1.0) * rest
        np.minimum(log_p, one_end, out=log_p)
    p = probability(log_p)
    return p < alpha, {"p": p}


def noise_corrected(edges: Edges, alpha: float) -> Judged:
    """Lift in (−1, 1), its deviation under the Bayesian model, and p of their ratio."""
    from scipy.special import log_ndtr

    w = edges.weight
    s, t = edges.per_end(w)
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
    # the expectation itself grows with w: s, t and the total all contain it
    product = np.where(s * t > 0, s * t, 1.0)
    slope = kappa + w / product - w * kappa * (s + t) / product
    deviation = np.sqrt(total * chance * (1 - chance)) * np.abs(2 * slope) / (ratio + 1) ** 2
    z = np.divide(lift, deviation, out=np.full_like(w, -np.inf), where=deviation > 0)
    p = probability(log_ndtr(-z))
    columns = {"expected": expected, "lift": lift, "deviation": deviation, "p": p}
    return p < alpha, columns


def mutual_top(edges: Edges, top: int) -> Judged:
    """Edges that are among the heaviest `top` of both ends, ties to the smaller node."""
    m = edges.tail.size
    ends = np.concatenate([edges.tail, edges.head])
    others = np.concatenate([edges.head, edges.tail])
    order = np.lexsort((others, -np.tile(edges.weight, 2), ends))
    starts = np.searchsorted(ends[order], np.arange(edges.n))
    rank = np.empty(2 * m)
    rank[order] = np.arange(2 * m) - starts[ends[order]] + 1
    columns = {"source_rank": rank[:m], "target_rank": rank[m:]}
    return np.maximum(rank[:m], rank[m:]) <= top, columns


def core(edges: Edges, k: int) -> Judged:
    """Edges among nodes of core number `k` or more, and the smaller core number of the ends."""
    import igraph

    pairs = zip(edges.tail.tolist(), edges.head.tolist(), strict=True)
    graph = igraph.Graph(n=edges.n, edges=pairs)
    graph.simplify()  # opposite directed edges become one
    numbers = np.array(graph.coreness())
    least = np.minimum(numbers[edges.tail], numbers[edges.head])
    return least >= k, {"core": least.astype(np.float64)}


@dataclass(frozen=True, repr=False, eq=False)
class Backbone(Frozen):
    """The edges that a rule keeps, with the figures they were judged by.

    Attributes
    ----------
    graph
        All nodes, and the kept edges with the weights they had.
    method
        The rule, one of those of :func:`graphkit.graphs.backbone`.
    columns
        Figures per kept edge, float64, shape (n_edges,), in the order of ``graph.edges()``;
        which ones there are is said under the method.
    n_before
        Edges before, self-loops included.
    weight_before
        Their total weight.
    removed
        What was taken away, as counts of edges by reason; with the kept ones they add up to
        `n_before`.
    n_tests
        Tests that the p-values were corrected for; `None` where nothing was corrected.
    note
        What a reader of the result must know; else empty.
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
        """One row per kept edge: source, target, weight, and the figures of the method."""
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
METHODS = {
    "bicm": "alpha",
    "hypergeometric": "alpha",
    "disparity": "alpha",
    "noise_corrected": "alpha",
    "mutual_top": "top",
    "k_core": "k",
    "threshold": "min_weight",
}

#: Methods that test what entities share, and therefore need the dataset.
VALIDATIONS = ("bicm", "hypergeometric")

UNPOPULAR = (
    "hypergeometric ignores popularity: sharing what everybody has counts like sharing what "
    "hardly anybody has, and far too many ties pass; method='bicm' does not."
)


def backbone(
    graph: Graph,
    *,
    method: str = "bicm",
    dataset: Dataset | IncidenceMatrix | None = None,
    alpha: float | None = None,
    top: int | None = None,
    k: int | None = None,
    min_weight: float | None = None,
) -> Backbone:
    r"""Keep the edges that a rule lets pass, and say what was removed.

    Of a projection, where two entities i and j of degrees :math:`d_i, d_j` share
    :math:`c_{ij}` of m things of popularity :math:`k_t`, two rules test whether they share
    more than chance gives:

    ``bicm`` (recommended)
        Given how active entities and how popular things are, i has t with probability
        :math:`u_{it} = x_i y_t / (1 + x_i y_t)`, where :math:`\sum_t u_{it} = d_i` and
        :math:`\sum_i u_{it} = k_t` [1]_. What both have is then a sum of unequal coins,
        :math:`p_{ij} = P(\sum_t \mathrm{Bernoulli}(u_{it} u_{jt}) \ge c_{ij})` [2]_,
        computed to a relative error below :math:`10^{-8}`, however small.
    ``hypergeometric``
        :math:`p_{ij} = P(\mathrm{Hypergeometric}(m, d_i, d_j) \ge c_{ij})` [3]_: all things
        alike, so that sharing what is popular looks like evidence. For comparison only.

    Both keep :math:`q_{ij} \le \alpha`, where q is Benjamini and Hochberg's over all
    N(N − 1)/2 pairs of nodes: also those that share nothing, and those with a node that has
    nothing (p = 1), so that no selection made before the test loosens it. Nodes without acts
    therefore make it stricter: choose the population before projecting
    (``Dataset.select_accounts``). Ties that `min_shared` left out count as p = 1. The
    expected share of false ties is then at most alpha, a false tie being one of two entities
    whose things are as the null model has them. An entity that ignores a whole region of
    things is not: it shares more than its degree tells with others that ignore it too.

    The other rules know weights only:

    ``disparity``
        :math:`p = \min_{i, j} (1 - w_{ij}/s_i)^{k_i - 1} < \alpha` over both ends, with
        strength s and degree k [4]_; of an arc, what leaves its tail and what enters its
        head. It is 1 at an end with one edge.
    ``noise_corrected``
        :math:`w_{ij}` against its expectation :math:`e_{ij} = s_i s_j / 2W` (W the weight
        of all edges, each once; :math:`s_i s_j / W` of arcs): the lift
        :math:`(w - e)/(w + e)` over its deviation under a Beta-binomial model is taken for
        normal, and kept if its upper tail is :math:`p < \alpha` [5]_ (δ = 1.64 for 0.05).
    ``mutual_top``
        The edge is among the `top` heaviest of both its ends, ties to the smaller node.
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
        For the two tests: the dataset that the graph was made from. Both sides' degrees are
        counted in it again, by the options that the graph's provenance tells.
    alpha
        Level of the tests, in (0, 1); 0.05 unless given. A bound on the share of false
        discoveries for the first two, per edge and uncorrected for the next two.
    top
        For ``mutual_top``.
    k
        For ``k_core``.
    min_weight
        For ``threshold``.

    Returns
    -------
    Backbone
        All nodes and the kept edges, with weights as they were; what was removed; and per
        edge the figures of the method: expected, log10_p, p, q (tests; where p would be 0 it is
        the smallest number there is, and log10_p still its size); p (disparity);
        expected, lift, deviation, p (noise_corrected); source_rank, target_rank
        (mutual_top); core (k_core). Self-loops are removed by all but ``threshold``.

    Raises
    ------
    OptionError
        For an unknown method, a parameter that the method does not take or lacks, or a
        graph that is no plain count projection.
    MissingDataError
        If a test has no `dataset`.
    DataError
        If the graph was made from other data or is only a part of its projection, if
        weights are negative, or if the configuration model cannot be solved.

    Warns
    -----
    GraphkitWarning
        If ``disparity`` or ``noise_corrected`` is applied to a projection: a thing of k
        entities ties k(k − 1)/2 pairs at once, which both take for independent evidence.

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
    if not isinstance(graph, Graph):
        raise OptionError(f"backbone: graph is a {type(graph).__name__}, not a Graph.")
    given = {"alpha": alpha, "top": top, "k": k, "min_weight": min_weight}
    value = _parameter(method, given, dataset)
    tail, head, weight = graph.edge_arrays()
    n_tests, note = None, ""
    packages: tuple[str, ...] = ("numpy",)
    facts: dict[str, Any] = {}
    removed: dict[str, int] = {}
    if method in VALIDATIONS:
        sides = sides_of(graph, dataset, verb=f"backbone(method={method!r})")
        tested = validate(graph, sides, method=method)
        keep = tested.log_q <= np.log(value)
        columns = {
            "expected": tested.expected[keep],
            "log10_p": tested.log_p[keep] / np.log(10),
            "p": probability(tested.log_p[keep]),
            "q": probability(tested.log_q[keep]),
        }
        n_tests, packages = tested.n_tests, ("numba", "numpy", "scipy")
        facts = {"n_tests": n_tests, "n_triples": tested.n_triples, **tested.facts}
        note = UNPOPULAR if method == "hypergeometric" else ""
        removed[f"ties with q > {value:g}"] = int((~keep).sum())
    else:
        _check_weights(graph, method)
        proper = tail != head
        if method == "threshold":
            keep, columns = weight >= value, {}
        else:
            edges = Edges(tail[proper], head[proper], weight[proper], graph.n_nodes, graph.directed)
            passed, columns = _filtered(edges, method, value)
            keep = proper.copy()
            keep[proper] = passed
            columns = {name: values[passed] for name, values in columns.items()}
        reasons = {
            "mutual_top": f"edges outside the top {value} of an end",
            "k_core": f"edges outside the {value}-core",
            "threshold": f"edges of weight < {value:g}",
        }
        loops = 0 if method == "threshold" else int((~proper).sum())
        removed[reasons.get(method, f"edges with p >= {value:g}")] = int((~keep).sum()) - loops
        removed["self-loops"] = loops
        if method in ("disparity", "noise_corrected") and projection_record(graph) is not None:
            note = (
                f"{method} takes edges for independent, but in a projection each thing ties all "
                "its entities at once."
            )
            warnings.warn(
                f"backbone(method={method!r}) on a projection: a thing of k entities makes "
                "k(k − 1)/2 edges at once, which the filter takes for independent evidence; what "
                "is popular looks significant. Use method='bicm' with dataset=….",
                GraphkitWarning,
                stacklevel=2,
            )
    removed = {reason: count for reason, count in removed.items() if count}
    record = Provenance.of(
        "backbone",
        {"method": method, METHODS[method]: value, **facts},
        made_from=(graph,),
        removed=removed,
        packages=packages,
    )
    kept = Graph._from_codes(
        graph.vocabulary,
        tail[keep],
        head[keep],
        weight[keep],
        directed=graph.directed,
        node_kind=graph.node_kind,
        provenance=record,
    )
    return Backbone(
        kept, method, columns, graph.n_edges, graph.total_weight, removed, n_tests, note, record
    )


def _parameter(
    method: str, given: dict[str, Any], dataset: Dataset | IncidenceMatrix | None
) -> Any:
    """The one parameter of the method, checked; all others must be absent."""
    check_choice("method", method, METHODS)
    name = METHODS[method]
    for other, value in given.items():
        if other != name and value is not None:
            owners = ", ".join(m for m, p in METHODS.items() if p == other)
            raise OptionError(
                f"backbone: {other}={value!r} goes with {owners}, not with method={method!r}, which "
                f"takes {name}=…."
            )
    if dataset is not None and method not in VALIDATIONS:
        raise OptionError(f"backbone: method={method!r} knows weights only; leave dataset= out.")
    value = given[name]
    if name == "alpha":
        value = 0.05 if value is None else value
        return check_number("alpha", value, 0, 1, low_open=True, high_open=True)
    if value is None:
        raise OptionError(f"backbone: method={method!r} needs {name}=….")
    if name == "min_weight":
        return check_number("min_weight", value)
    return check_integer(name, value, 1)


def _check_weights(graph: Graph, method: str) -> None:
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


def _filtered(edges: Edges, method: str, value: Any) -> Judged:
    if method == "disparity":
        return disparity(edges, value)
    if method == "noise_corrected":
        return noise_corrected(edges, value)
    if method == "mutual_top":
        return mutual_top(edges, value)
    return core(edges, value)
