"""What a graph looks like: a table of facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.facts import GraphFacts
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.errors import OptionError
from graphkit.graphs._assortativity import by_attributes, defined

__all__ = ["describe"]

#: Quantiles of the weights that are told.
QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


def describe(graph: Graph, *, by: pl.DataFrame | Mapping[Any, Any] | None = None) -> GraphFacts:
    r"""Size, degrees, components, reciprocity, clustering, assortativity and weights of a graph.

    With n nodes, m edges (arcs, if directed) and degrees :math:`k_i`:

    density
        Edges, self-loops aside, over n(n − 1)/2 pairs, or n(n − 1) if directed.
    degree
        Arcs of both directions; a self-loop counts twice.
    reciprocity
        Of directed graphs: the share of arcs, self-loops aside, whose opposite exists.
    transitivity
        :math:`3 \times` triangles over connected triples, :math:`\sum_i \binom{k_i}{2}` [1]_.
    mean local clustering
        Mean over all nodes of the share of pairs of neighbours that are tied, 0 for nodes
        with fewer than two [2]_. Both are exact, and ignore directions, weights and self-loops.
    degree assortativity
        Pearson's r of the degrees at the two ends of an edge [3]_; of directed graphs, of the
        out-degree of the tail and the in-degree of the head [4]_. Self-loops aside.
    assortativity by an attribute
        Of categories, :math:`(\sum_c e_{cc} - \sum_c a_c b_c) / (1 - \sum_c a_c b_c)` with
        :math:`e_{cd}` the share of edges from c to d and a, b its sums; of numbers, Pearson's
        r over the edges [4]_. Unweighted, self-loops aside.

    Parameters
    ----------
    graph
        Any graph.
    by
        Attributes of the nodes, for their assortativity: a frame whose first column holds ids
        and each further one an attribute, such as ``ds.accounts.select("account_id",
        "country")``; or a mapping from ids to values. Numbers are compared as numbers, text
        and truth values as categories. Ids that the graph lacks have no part; edges with an
        end without a value are left out and counted.

    Returns
    -------
    GraphFacts
        `frame` has one row each for nodes, edges or arcs, total weight, self-loops, density,
        nodes without an edge, weak components, largest component (nodes), share in largest
        component, mean, median and largest degree; of directed graphs also largest in-degree
        and out-degree, and reciprocity; transitivity, mean local clustering, degree
        assortativity. The distributions stand beside it.

    Raises
    ------
    OptionError
        If `graph` is no graph, or `by` is neither a frame nor a mapping.
    MissingDataError
        If `by` names no node of the graph.
    DataError
        If `by` has two rows for a node, or an attribute that is neither text nor number.

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
    if not isinstance(graph, Graph):
        raise OptionError(f"describe: graph is a {type(graph).__name__}, not a Graph.")
    n = graph.n_nodes
    proper = graph.n_edges - graph.n_loops
    pairs = n * (n - 1) if graph.directed else n * (n - 1) / 2
    degrees = {"degree": graph.degree()}
    if graph.directed:
        degrees["in-degree"] = graph.degree(mode="in")
        degrees["out-degree"] = graph.degree(mode="out")
    degree = degrees["degree"]
    sizes = np.bincount(graph.components()) if n else np.zeros(0, dtype=np.int64)
    plain = _without_attributes(graph)
    simple = plain.as_undirected() if graph.directed else plain  # opposite edges become one
    facts: dict[str, float | None] = {
        "nodes": n,
        "arcs" if graph.directed else "edges": graph.n_edges,
        "total weight": graph.total_weight,
        "self-loops": graph.n_loops,
        "density": proper / pairs if pairs else None,
        "nodes without an edge": int((degree == 0).sum()),
        "weak components": sizes.size,
        "largest component": int(sizes.max(initial=0)),
        "share in largest component": int(sizes.max(initial=0)) / n if n else None,
        "mean degree": float(degree.mean()) if n else None,
        "median degree": float(np.median(degree)) if n else None,
        "largest degree": int(degree.max(initial=0)),
    }
    if graph.directed:
        facts["largest in-degree"] = int(degrees["in-degree"].max(initial=0))
        facts["largest out-degree"] = int(degrees["out-degree"].max(initial=0))
        # each mutual pair has one directed edge more than the simple graph has edges
        facts["reciprocity"] = 2 * (proper - simple.ecount()) / proper if proper else None
    facts["transitivity"] = defined(simple.transitivity_undirected())
    facts["mean local clustering"] = (
        simple.transitivity_avglocal_undirected(mode="zero") if n else None
    )
    facts["degree assortativity"] = defined(plain.assortativity_degree(directed=graph.directed))
    rows = [(name, None if value is None else float(value)) for name, value in facts.items()]
    return GraphFacts(
        pl.DataFrame(rows, schema={"fact": pl.String, "value": pl.Float64}, orient="row"),
        _distribution(degrees),
        _weights(graph),
        by_attributes(graph, plain, by),
        graph._title(),
        Provenance.of("describe", made_from=(graph,), packages=("igraph", "numpy", "scipy")),
    )


def _without_attributes(graph: Graph) -> Any:
    """igraph graph of all nodes and the edges other than self-loops, without ids and weights."""
    import igraph

    tail, head, _ = graph.edge_arrays()
    if graph.n_loops:
        proper = tail != head
        tail, head = tail[proper], head[proper]
    edges = zip(tail.tolist(), head.tolist(), strict=True)
    return igraph.Graph(n=graph.n_nodes, edges=edges, directed=graph.directed)


def _distribution(degrees: dict[str, npt.NDArray[np.int64]]) -> pl.DataFrame:
    """Nodes per bin 0, 1, 2–3, 4–7, … of each kind of degree."""
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
        frames.append(
            pl.DataFrame(
                {
                    "of": pl.Series([of] * nodes.size, dtype=pl.String),
                    "low": low,
                    "high": high,
                    "nodes": nodes,
                    "share": nodes / n,
                    "at_least": np.cumsum(nodes[::-1])[::-1] / n,
                }
            )
        )
    return pl.concat(frames)


def _weights(graph: Graph) -> pl.DataFrame:
    """Quantiles of the weights, each edge once."""
    weights = graph.edge_arrays()[2]
    values = np.quantile(weights, QUANTILES).tolist() if weights.size else []
    return pl.DataFrame(
        {"quantile": list(QUANTILES[: len(values)]), "weight": values},
        schema={"quantile": pl.Float64, "weight": pl.Float64},
    )
