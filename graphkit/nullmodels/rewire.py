"""Degree-preserving null model of a graph by double-edge swaps."""

from __future__ import annotations

import numpy as np

from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, check_number
from graphkit.kernels.edges import swap_edges, table_length
from graphkit.rng import RNGLike, Streams

__all__ = ["rewire"]


def rewire(graph: Graph, *, swaps: float = 10.0, rng: RNGLike | None = None) -> Graph:
    r"""Degree-preserving random graph by double-edge swaps [1]_.

    Two edges (a, b) and (c, d) are drawn at random and become (a, d) and (c, b), unless that
    makes a loop or an edge that is there already; an attempt that fails is a step as well.
    In the long run every simple graph with these degrees is equally likely [2]_. If directed,
    every node keeps its in-degree and its out-degree, and directed triangles may also be
    reversed, without which some graphs could not be reached.

    * Self-loops are kept.
    * The weight of a directed edge stays with its source, so that out-strengths are kept and
      in-strengths are not; that of an undirected edge stays with one of its ends. The
      distribution of weights is kept.

    Parameters
    ----------
    graph
        Any graph.
    swaps
        Attempted swaps per edge, 0 or more. Ten are enough for sparse graphs; in dense ones,
        and where few nodes have most edges, more attempts fail.
    rng
        Seed.

    Returns
    -------
    Graph
        The same nodes. The provenance counts swaps attempted, accepted and rejected, and
        self-loops kept.

    Raises
    ------
    DataError
        If `graph` is not a Graph.
    OptionError
        If `swaps` is not a finite number from 0 up.

    References
    ----------
    .. [1] Maslov, S. & Sneppen, K. (2002). Specificity and stability in topology of protein
       networks. Science, 296, 910–913. doi:10.1126/science.1065103
    .. [2] Fosdick, B. K., Larremore, D. B., Nishimura, J. & Ugander, J. (2018). Configuring
       random graph models with fixed degree sequences. SIAM Review, 60, 315–355.
       doi:10.1137/16M1087175

    Examples
    --------
    A path of four nodes has degrees 1, 2, 2, 1; so has every rewired copy:

    >>> path = Graph.from_edges("abc", "bcd", directed=False)
    >>> other = rewire(path, rng=1)
    >>> other.degree().tolist(), other.n_edges, other.n_loops
    ([1, 2, 2, 1], 3, 0)
    """
    if not isinstance(graph, Graph):
        raise DataError(
            f"rewire needs a graphkit Graph, not a {type(graph).__name__}: convert it with "
            "Graph.from_networkx, Graph.from_igraph, Graph.from_scipy or Graph.from_edges."
        )
    swaps = check_number("swaps", swaps, 0.0)
    streams = Streams(rng)
    source, target, weight = graph.edge_arrays()
    loops = np.flatnonzero(source == target) if graph.n_loops else np.empty(0, dtype=np.int64)
    if loops.size:
        order = np.concatenate([np.flatnonzero(source != target), loops])
        source, target, weight = source[order], target[order], weight[order]
    edges = np.column_stack([source, target])
    m = edges.shape[0] - loops.size
    attempts = round(swaps * m) if m > 1 else 0
    table = np.empty(table_length(m), dtype=np.int64)
    draws = streams.generator("swaps")
    accepted = swap_edges(edges[:m], graph.n_nodes, graph.directed, table, attempts, draws)
    parameters = {
        "swaps": swaps,
        "attempted": attempts,
        "accepted": accepted,
        "rejected": attempts - accepted,
        "self_loops_kept": int(loops.size),
    }
    return Graph._from_codes(
        graph.vocabulary,
        edges[:, 0],
        edges[:, 1],
        weight if graph.is_weighted else None,
        directed=graph.directed,
        node_kind=graph.node_kind,
        provenance=Provenance.of("rewire", parameters, seed=streams.seed, made_from=(graph,)),
    )
