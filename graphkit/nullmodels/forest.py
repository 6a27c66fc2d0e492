"""Null model of a forest: random trees of the same degrees."""

from __future__ import annotations

import numpy as np

from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError
from graphkit.rng import RNGLike, Streams

__all__ = ["is_forest", "random_forest"]


def is_forest(graph: GraphLike) -> bool:
    """Whether an undirected graph has no cycles, not even self-loops.

    Examples
    --------
    >>> is_forest(Graph.from_edges("abx", "bcy", directed=False))
    True
    """
    graph = as_graph(graph, "is_forest")
    if graph.directed or graph.n_loops or graph.n_edges >= graph.n_nodes:
        return False
    components = int(graph.components().max(initial=-1)) + 1
    return bool(graph.n_edges == graph.n_nodes - components)


def random_forest(graph: GraphLike, *, rng: RNGLike | None = None) -> Graph:
    """Random forest with the degrees and the components of a forest.

    On the nodes of each component every tree in which they have their degrees is equally likely:
    its Prüfer sequence, in which a node of degree d occurs d − 1 times, is in random order
    [1]_. Weights are dealt anew over the edges of a component.

    Swaps of edges, :func:`graphkit.nullmodels.rewire`, would make cycles and further components,
    and so a graph that is no null of a tree.

    Parameters
    ----------
    graph
        An undirected graph without cycles.
    rng
        Seed.

    Returns
    -------
    Graph
        The same nodes.

    Raises
    ------
    DataError
        If the graph is directed or has a cycle.

    References
    ----------
    .. [1] Prüfer, H. (1918). Neuer Beweis eines Satzes über Permutationen. Archiv der
       Mathematik und Physik, 27, 742–744.

    Examples
    --------
    >>> star = Graph.from_edges("aaab", "bcde", directed=False)
    >>> other = random_forest(star, rng=1)
    >>> other.degree().tolist(), is_forest(other)
    ([3, 2, 1, 1, 1], True)
    """
    graph = as_graph(graph, "random_forest")
    if not is_forest(graph):
        raise DataError(
            "random_forest needs an undirected graph without cycles; others are randomised by "
            "graphkit.nullmodels.rewire."
        )
    from graphkit.kernels.forest import draw_trees

    streams = Streams(rng)
    draws = streams.generator("trees")
    source, _, weight = graph.edge_arrays()
    component = graph.components()
    # nodes by component, without those that are alone; positions stand for them in the kernel
    sizes = np.bincount(component, minlength=1)
    nodes = np.argsort(component, kind="stable")
    nodes = nodes[sizes[component[nodes]] > 1]
    sizes = sizes[sizes > 1]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    degree = graph.degree()[nodes].astype(np.int64)
    sequence = np.repeat(np.arange(nodes.size), degree - 1)
    edges = np.empty((source.size, 2), dtype=np.int64)
    draw_trees(start, degree, sequence, draws, edges)
    dealt = np.lexsort((draws.random(source.size), component[source]))
    return Graph._from_codes(
        graph.vocabulary,
        nodes[edges[:, 0]].astype(np.int32),
        nodes[edges[:, 1]].astype(np.int32),
        weight[dealt] if graph.is_weighted else None,
        directed=False,
        node_kind=graph.node_kind,
        provenance=Provenance.of("random_forest", seed=streams.seed, made_from=(graph,)),
        attributes=graph.attributes,
    )
