"""Degree-preserving null model of a graph by double-edge swaps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.provenance import Provenance
from graphkit.errors import check_flag, check_number
from graphkit.kernels.edges import swap_connected, swap_edges, table_length
from graphkit.rng import RNGLike, Streams

__all__ = ["rewire"]


def rewire(
    graph: GraphLike, *, swaps: float = 10.0, connected: bool = False, rng: RNGLike | None = None
) -> Graph:
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
    connected
        Whether the largest (weakly) connected component stays one: its edges are swapped among
        themselves, the others too, and swaps that would split it are rejected [3]_. So every
        graph with these degrees and this component is equally likely. (Of directed graphs that
        fall apart easily, those that only a reversal of triangles leads to are not reached.)
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
        If `graph` is no graph.
    OptionError
        If `swaps` is not a finite number from 0 up.

    References
    ----------
    .. [1] Maslov, S. & Sneppen, K. (2002). Specificity and stability in topology of protein
       networks. Science, 296, 910–913. doi:10.1126/science.1065103
    .. [2] Fosdick, B. K., Larremore, D. B., Nishimura, J. & Ugander, J. (2018). Configuring
       random graph models with fixed degree sequences. SIAM Review, 60, 315–355.
       doi:10.1137/16M1087175
    .. [3] Viger, F. & Latapy, M. (2016). Efficient and simple generation of random simple
       connected graphs with prescribed degree sequence. Journal of Complex Networks, 4, 15–37.
       doi:10.1093/comnet/cnv013

    Examples
    --------
    A path of four nodes has degrees 1, 2, 2, 1; so has every rewired copy:

    >>> path = Graph.from_edges("abc", "bcd", directed=False)
    >>> other = rewire(path, rng=1)
    >>> other.degree().tolist(), other.n_edges, other.n_loops
    ([1, 2, 2, 1], 3, 0)
    """
    graph = as_graph(graph, "rewire")
    swaps = check_number("swaps", swaps, 0.0)
    check_flag("connected", connected)
    streams = Streams(rng)
    source, target, weight = graph.edge_arrays()
    loops = np.flatnonzero(source == target) if graph.n_loops else np.empty(0, dtype=np.int64)
    if loops.size:
        order = np.concatenate([np.flatnonzero(source != target), loops])
        source, target, weight = source[order], target[order], weight[order]
    edges = np.column_stack([source, target])
    m = edges.shape[0] - loops.size
    table = np.empty(table_length(m), dtype=np.int64)
    draws = streams.generator("swaps")

    def swap(part: npt.NDArray[np.int32], n: int) -> tuple[int, int]:
        steps = round(swaps * part.shape[0]) if part.shape[0] > 1 else 0
        own = table[: table_length(part.shape[0])]
        return steps, swap_edges(part, n, graph.directed, own, steps, draws)

    if not connected:
        attempts, accepted = swap(edges[:m], graph.n_nodes)
    else:
        inside = graph.components()[edges[:m, 0]] == 0
        order = np.concatenate([np.flatnonzero(inside), np.flatnonzero(~inside)])
        edges[:m], weight = edges[order], np.concatenate([weight[order], weight[m:]])
        k = int(inside.sum())
        nodes, codes = np.unique(edges[:k], return_inverse=True)
        whole = codes.reshape(k, 2).astype(edges.dtype)
        attempts, accepted = swap(found := whole.copy(), nodes.size)
        if not _is_connected(found, nodes.size):  # rare unless the component is nearly a tree
            found, own = whole, table[: table_length(k)]
            accepted = swap_connected(found, nodes.size, graph.directed, own, attempts, draws)
        edges[:k] = nodes[found]
        rest = swap(outside := edges[k:m].copy(), graph.n_nodes)
        edges[k:m] = outside
        attempts, accepted = attempts + rest[0], accepted + rest[1]
    parameters = {
        "swaps": swaps,
        "connected": connected,
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
        attributes=graph.attributes,
    )


def _is_connected(edges: npt.NDArray[np.int32], n: int) -> bool:
    import scipy.sparse as sp
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(edges.shape[0], dtype=np.int8)
    matrix = sp.coo_array((ones, (edges[:, 0], edges[:, 1])), shape=(n, n))
    return bool(connected_components(matrix, directed=False)[0] == 1)
