"""Summary statistics of a graph: size, degrees, components, clustering, assortativity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.display import html_frame, number
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, MissingDataError, OptionError, check_choice
from graphkit.parallel import refuse_after_fork

__all__ = ["GraphFacts", "describe"]

Floats = npt.NDArray[np.float64]

SCHEMA = {"attribute": pl.String, "kind": pl.String, "coefficient": pl.Float64}
SCHEMA |= {"edges": pl.Int64, "edges_unknown": pl.Int64}


def _finite_or_none(value: float) -> float | None:
    """Coefficient of igraph; `None` where it is 0/0 (or, by rounding, ±∞)."""
    return value if np.isfinite(value) else None


def attribute_assortativity(
    graph: Graph, plain: Any, by: pl.DataFrame | Mapping[Any, Any] | None
) -> pl.DataFrame:
    """Assortativity by each attribute, over the edges with a value at both ends.

    `plain` is the igraph graph of `graph` without self-loops.
    """
    if by is None:
        return pl.DataFrame(schema=SCHEMA)
    ids, columns = _split_attributes(by)
    rows_of_nodes = _rows_of_nodes(graph, ids)
    source, target, _ = graph.edge_arrays()
    proper = source != target
    source, target = source[proper], target[proper]
    rows = []
    for values in columns:
        values = values.gather(rows_of_nodes.cast(pl.UInt32))  # null where a node has no row
        if values.dtype.is_float():
            values = values.fill_nan(None)
        known = values.is_not_null().to_numpy()
        use = known[source] & known[target]
        if values.dtype.is_numeric():
            kind, numbers = "numeric", values.cast(pl.Float64).to_numpy()
            found = _edge_correlation(
                numbers[source[use]], numbers[target[use]], directed=graph.directed
            )
        else:
            kind, classes = "categorical", (values.drop_nulls().rank("dense") - 1).to_list()
            compared = plain.induced_subgraph(np.flatnonzero(known).tolist())
            found = _finite_or_none(
                compared.assortativity_nominal(classes, directed=graph.directed)
            )
        rows.append((values.name, kind, found, int(use.sum()), int((~use).sum())))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _edge_correlation(x: Floats, y: Floats, *, directed: bool) -> float | None:
    """Pearson's r of the values at both ends; an undirected edge counts in both directions.

    igraph does not centre its sums of squares: it loses the digits of years and timestamps, and
    gives −∞ where all values are equal.
    """
    if not directed:
        x, y = np.concatenate([x, y]), np.concatenate([y, x])
    if not x.size or x.min() == x.max() or y.min() == y.max():
        return None
    # scaled first, so that squares of very large or small values stay finite
    return float(np.corrcoef(x / np.abs(x).max(), y / np.abs(y).max())[0, 1])


def _split_attributes(
    by: pl.DataFrame | Mapping[Any, Any],
) -> tuple[list[Any] | pl.Series, list[pl.Series]]:
    """Ids and attributes of `by`."""
    if isinstance(by, pl.DataFrame):
        if by.width < 2:
            raise OptionError(
                f"describe: by= has the columns {by.columns}: the first holds ids of nodes, each "
                "further one an attribute."
            )
        columns = by.get_columns()
        ids: list[Any] | pl.Series = columns[0]
        attributes = columns[1:]
    elif isinstance(by, Mapping):
        ids, values = list(by), list(by.values())
        try:
            attributes = [pl.Series("attribute", values)]
        except TypeError as error:
            raise DataError(f"describe: by= mixes values of several types ({error}).") from None
    else:
        raise OptionError(
            f"describe: by= is a {type(by).__name__}: pass a frame (ids first, then attributes), "
            "such as ds.accounts.select('account_id', 'country'), or a mapping from ids to values."
        )
    for series in attributes:
        if series.dtype.is_nested() or series.dtype == pl.Object:
            raise DataError(
                f"describe: by= column {series.name!r} holds {series.dtype}: one text, truth value "
                "or number per node is needed."
            )
    return ids, attributes


def _rows_of_nodes(graph: Graph, ids: list[Any] | pl.Series) -> pl.Series:
    """Row of each node among the ids; null where it has none."""
    codes = graph.vocabulary.lookup(ids)
    ours = np.flatnonzero(codes >= 0)
    if not ours.size and graph.n_nodes:
        raise MissingDataError(
            f"describe: by= names no node of the graph, whose ids are of kind "
            f"{graph.vocabulary.kind!r}: the first column must hold them."
        )
    counts = np.bincount(codes[ours], minlength=graph.n_nodes)
    if (counts > 1).any():
        node = graph.vocabulary.ids[int(np.argmax(counts > 1))]
        raise DataError(f"describe: by= has {counts.max()} rows for the node {node!r}: one each.")
    rows = np.full(graph.n_nodes, -1, dtype=np.int64)
    rows[codes[ours]] = ours
    found = pl.Series(rows)
    return found.set(found < 0, None)


@dataclass(frozen=True, repr=False, eq=False)
class GraphFacts(Frozen):
    """Summary statistics of one graph, also by name: ``facts["density"]``.

    Attributes
    ----------
    frame
        One row per statistic: fact (its name), value (float64; null where it is undefined, such
        as the density of one node). :func:`graphkit.graphs.describe` defines them.
    degrees
        Distribution of the degrees: of (degree; in- and out-degree of directed graphs), low,
        high (both included: 0, 1, 2–3, 4–7, …), nodes, share (of all nodes), at_least (share of
        the nodes of degree `low` or more).
    weights
        Distribution of the weights of the edges: quantile in [0, 1], weight.
    assortativity
        One row per attribute: attribute, kind (``"categorical"`` or ``"numeric"``),
        coefficient in [−1, 1] (null where all ends are alike), edges (compared), edges_unknown
        (without a value at an end).
    title
        Title of the described graph.
    provenance
        How the statistics were made.
    """

    frame: pl.DataFrame
    degrees: pl.DataFrame
    weights: pl.DataFrame
    assortativity: pl.DataFrame
    title: str = "Graph"
    provenance: Provenance = field(default_factory=lambda: Provenance("describe"))

    def __getitem__(self, fact: str) -> float | None:
        """Value of one statistic; raises an :class:`~graphkit.errors.OptionError` if unknown."""
        values: dict[str, float | None] = dict(self.frame.iter_rows())
        check_choice("fact", fact, values)
        return values[fact]

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = dict(self.frame.iter_rows())
        spread = dict(self.weights.iter_rows())
        if spread:
            shown = " · ".join(number(spread[q]) for q in (0.0, 0.25, 0.5, 0.75, 1.0))
            facts["weight: least · quartiles · largest"] = shown
        for name, _, coefficient, _, unknown in self.assortativity.iter_rows():
            missing = f" ({unknown:,} edges without a value)" if unknown else ""
            facts[f"assortativity by {name}"] = f"{number(coefficient)}{missing}"
        return facts

    def _title(self) -> str:
        return f"Summary statistics: {self.title}"

    def __repr__(self) -> str:
        lines = [super().__repr__()]
        for of in self.degrees.get_column("of").unique(maintain_order=True):
            rows = self.degrees.filter(pl.col("of") == of)
            lines.append(f"  distribution of the {of}")
            most = float(rows.get_column("share").max())  # type: ignore[arg-type]
            for _, low, high, nodes, share, _ in rows.iter_rows():
                span = f"{low:,}" if low == high else f"{low:,}–{high:,}"
                bar = "█" * round(24 * share / most) if most else ""
                lines.append(f"    {span:>21}  {nodes:>13,}  {share:>6.1%}  {bar}".rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return super()._repr_html_() + html_frame(self.degrees, rows=100)


#: Reported quantiles of the weights.
QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


def describe(graph: GraphLike, *, by: pl.DataFrame | Mapping[Any, Any] | None = None) -> GraphFacts:
    r"""Summary statistics of a graph: size, degrees, components, clustering, assortativity.

    With n nodes and degrees :math:`k_i`:

    density
        Edges without self-loops, over n(n − 1)/2 pairs, or n(n − 1) if directed.
    degree
        Edges of both directions; a self-loop counts twice.
    reciprocity
        Of directed graphs: the share of edges, without self-loops, whose opposite exists.
    transitivity
        :math:`3 \times` triangles over connected triples, :math:`\sum_i \binom{k_i}{2}` [1]_.
    mean local clustering
        Mean over all nodes of the share of pairs of neighbours joined by an edge, 0 for nodes
        with fewer than two [2]_. Both ignore directions, weights and self-loops.
    degree assortativity
        Pearson's r of the degrees at the two ends of an edge [3]_; of directed graphs, of the
        out-degree of the source and the in-degree of the target [4]_. Without self-loops.
    assortativity by an attribute
        Of categories, :math:`(\sum_c e_{cc} - \sum_c a_c b_c) / (1 - \sum_c a_c b_c)` with
        :math:`e_{cd}` the share of edges from c to d and a, b its sums; of numbers, Pearson's
        r over the edges [4]_. Unweighted, without self-loops.

    Parameters
    ----------
    graph
        Any graph.
    by
        Attributes of the nodes, for their assortativity: a frame whose first column holds ids
        and each further one an attribute, such as ``ds.accounts.select("account_id",
        "country")``; or a mapping from ids to values. Numbers are compared as numbers, text
        and truth values as categories. Ids that the graph lacks are ignored; edges with an end
        without a value are left out and counted.

    Returns
    -------
    GraphFacts
        `frame` has one row each for nodes, edges (``arcs`` if directed), total weight,
        self-loops, density, nodes without an edge, weak components, largest component (nodes),
        share in largest component, mean, median and largest degree; of directed graphs also
        largest in-degree and out-degree, and reciprocity; transitivity, mean local clustering,
        degree assortativity. The distributions are further tables.

    Raises
    ------
    OptionError
        If `by` is neither a frame nor a mapping.
    MissingDataError
        If `by` has no node of the graph.
    DataError
        If `graph` is no graph, or `by` has two rows for a node, or an attribute that is neither text nor number.

    References
    ----------
    .. [1] Newman, M. E. J. (2003). The structure and function of complex networks. SIAM
       Review, 45, 167–256. https://doi.org/10.1137/S003614450342480
    .. [2] Watts, D. J., Strogatz, S. H. (1998). Collective dynamics of 'small-world' networks.
       Nature, 393, 440–442. https://doi.org/10.1038/30918
    .. [3] Newman, M. E. J. (2002). Assortative mixing in networks. Physical Review Letters, 89,
       208701. https://doi.org/10.1103/PhysRevLett.89.208701
    .. [4] Newman, M. E. J. (2003). Mixing patterns in networks. Physical Review E, 67, 026126.
       https://doi.org/10.1103/PhysRevE.67.026126

    Examples
    --------
    >>> g = Graph.from_edges(["a", "b", "b"], ["b", "a", "c"], directed=True)
    >>> found = describe(g, by={"a": "x", "b": "x", "c": "y"})
    >>> found["reciprocity"], found["transitivity"]
    (0.6666666666666666, 0.0)
    >>> found.assortativity.row(0)
    ('attribute', 'categorical', 0.0, 3, 0)
    """
    refuse_after_fork()
    graph = as_graph(graph, "describe")
    n = graph.n_nodes
    proper = graph.n_edges - graph.n_loops
    pairs = n * (n - 1) if graph.directed else n * (n - 1) / 2
    degrees = {"degree": graph.degree()}
    if graph.directed:
        degrees["in-degree"] = graph.degree(mode="in")
        degrees["out-degree"] = graph.degree(mode="out")
    degree = degrees["degree"]
    sizes = np.bincount(graph.components()) if n else np.zeros(0, dtype=np.int64)
    largest = int(sizes.max(initial=0))
    plain = _plain_graph(graph)
    simple = plain.as_undirected() if graph.directed else plain  # opposite edges become one
    facts: dict[str, float | None] = {
        "nodes": n,
        "arcs" if graph.directed else "edges": graph.n_edges,
        "total weight": graph.total_weight,
        "self-loops": graph.n_loops,
        "density": proper / pairs if pairs else None,
        "nodes without an edge": int((degree == 0).sum()),
        "weak components": sizes.size,
        "largest component": largest,
        "share in largest component": largest / n if n else None,
        "mean degree": float(degree.mean()) if n else None,
        "median degree": float(np.median(degree)) if n else None,
        "largest degree": int(degree.max(initial=0)),
    }
    if graph.directed:
        facts["largest in-degree"] = int(degrees["in-degree"].max(initial=0))
        facts["largest out-degree"] = int(degrees["out-degree"].max(initial=0))
        # each mutual pair has one directed edge more than the simple graph has edges
        facts["reciprocity"] = 2 * (proper - simple.ecount()) / proper if proper else None
    facts["transitivity"] = _finite_or_none(simple.transitivity_undirected())
    facts["mean local clustering"] = (
        simple.transitivity_avglocal_undirected(mode="zero") if n else None
    )
    facts["degree assortativity"] = _finite_or_none(
        plain.assortativity_degree(directed=graph.directed)
    )
    rows = [(name, None if value is None else float(value)) for name, value in facts.items()]
    return GraphFacts(
        pl.DataFrame(rows, schema={"fact": pl.String, "value": pl.Float64}, orient="row"),
        _degree_distribution(degrees),
        _weight_quantiles(graph),
        attribute_assortativity(graph, plain, by),
        graph._title(),
        Provenance.of("describe", made_from=(graph,), packages=("igraph", "numpy", "scipy")),
    )


def _plain_graph(graph: Graph) -> Any:
    """igraph graph without self-loops, ids and weights."""
    import igraph

    source, target, _ = graph.edge_arrays()
    if graph.n_loops:
        proper = source != target
        source, target = source[proper], target[proper]
    edges = zip(source.tolist(), target.tolist(), strict=True)
    return igraph.Graph(n=graph.n_nodes, edges=edges, directed=graph.directed)


def _degree_distribution(degrees: dict[str, npt.NDArray[np.int64]]) -> pl.DataFrame:
    """Distribution of each kind of degree over the bins 0, 1, 2–3, 4–7, …"""
    frames = []
    for of, values in degrees.items():
        top = int(values.max(initial=0)).bit_length()
        # the bin of a whole number is the number of its binary digits
        bins = np.zeros(values.size, dtype=np.int64)
        positive = values > 0
        bins[positive] = np.frexp(values[positive].astype(np.float64))[1]
        nodes = np.bincount(bins, minlength=top + 1 if values.size else 0).astype(np.int64)
        low = np.array([0, *(1 << k for k in range(top))], dtype=np.int64)[: nodes.size]
        high = np.array([0, *((2 << k) - 1 for k in range(top))], dtype=np.int64)[: nodes.size]
        n = max(values.size, 1)
        kinds = pl.Series([of] * nodes.size, dtype=pl.String)
        at_least = np.cumsum(nodes[::-1])[::-1] / n
        columns = {"of": kinds, "low": low, "high": high, "nodes": nodes, "share": nodes / n}
        frames.append(pl.DataFrame(columns | {"at_least": at_least}))
    return pl.concat(frames)


def _weight_quantiles(graph: Graph) -> pl.DataFrame:
    """Quantiles of the weights, each edge once."""
    weights = graph.edge_arrays()[2]
    values = np.quantile(weights, QUANTILES).tolist() if weights.size else []
    columns = {"quantile": list(QUANTILES[: len(values)]), "weight": values}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Float64))
