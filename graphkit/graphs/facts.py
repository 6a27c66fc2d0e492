"""What a graph looks like: a table of facts."""

from __future__ import annotations

import numpy as np
import polars as pl

from graphkit.data.graph import Graph

__all__ = ["describe"]


def describe(graph: Graph) -> pl.DataFrame:
    """Size, density, degrees, components and reciprocity of a graph.

    Density is the number of edges (self-loops aside) over n(n − 1)/2 pairs, or n(n − 1) if
    directed; reciprocity is the share of arcs (self-loops aside) whose opposite exists.
    Degrees count arcs of both directions, and a self-loop twice.

    Parameters
    ----------
    graph
        Any graph.

    Returns
    -------
    polars.DataFrame
        Columns fact and value (float64; null where a fact has no meaning, such as the
        density of one node), one row each for nodes, edges or arcs, total weight,
        self-loops, density, nodes without an edge, weak components, largest component
        (nodes), mean, median and largest degree; of directed graphs also largest in-degree
        and out-degree, and reciprocity.

    Examples
    --------
    >>> g = Graph.from_edges(["a", "b", "b"], ["b", "a", "c"], directed=True)
    >>> dict(describe(g).rows())["reciprocity"]
    0.6666666666666666
    """
    n = graph.n_nodes
    proper = graph.n_edges - graph.n_loops
    pairs = n * (n - 1) if graph.directed else n * (n - 1) / 2
    degree = graph.degree()
    sizes = np.bincount(graph.components()) if n else np.zeros(0)
    facts: dict[str, float | None] = {
        "nodes": n,
        "arcs" if graph.directed else "edges": graph.n_edges,
        "total weight": graph.total_weight,
        "self-loops": graph.n_loops,
        "density": proper / pairs if pairs else None,
        "nodes without an edge": int((degree == 0).sum()),
        "weak components": sizes.size,
        "largest component": int(sizes.max(initial=0)),
        "mean degree": float(degree.mean()) if n else None,
        "median degree": float(np.median(degree)) if n else None,
        "largest degree": int(degree.max(initial=0)),
    }
    if graph.directed:
        facts["largest in-degree"] = int(graph.degree(mode="in").max(initial=0))
        facts["largest out-degree"] = int(graph.degree(mode="out").max(initial=0))
        facts["reciprocity"] = _reciprocity(graph)
    rows = [(name, None if value is None else float(value)) for name, value in facts.items()]
    return pl.DataFrame(rows, schema={"fact": pl.String, "value": pl.Float64}, orient="row")


def _reciprocity(graph: Graph) -> float | None:
    tail, head, _ = graph.edge_arrays()
    proper = tail != head
    tail, head = tail[proper].astype(np.int64), head[proper].astype(np.int64)
    if not tail.size:
        return None
    there = tail * graph.n_nodes + head
    back = head * graph.n_nodes + tail
    return float(np.isin(back, there, assume_unique=True).mean())
