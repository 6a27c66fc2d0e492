"""A graph: compressed sparse rows over a vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.files import load_arrays, pack_ids, save_arrays, unpack_ids
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, check_choice

if TYPE_CHECKING:
    import igraph
    import networkx
    import scipy.sparse

__all__ = ["Graph"]

Floats = npt.NDArray[np.float64]


def check_arrays(graph: Graph) -> None:
    """Raise a DataError unless the arrays are a graph, with cheap necessary conditions."""
    n, indptr, indices, weights = graph.n_nodes, graph.indptr, graph.indices, graph.weights
    if indptr.shape != (n + 1,) or (indptr.size and (indptr[0] != 0 or indptr[-1] != indices.size)):
        raise DataError(f"indptr must run from 0 to {indices.size} in {n + 1} steps.")
    if (np.diff(indptr) < 0).any():
        raise DataError("indptr must not decrease.")
    if weights.shape != indices.shape:
        raise DataError(f"{weights.size} weights for {indices.size} entries: one each is needed.")
    check_weights(weights)
    if not indices.size:
        return
    if int(indices.min()) < 0 or int(indices.max()) >= n:
        raise DataError(f"indices must lie in 0 … {n - 1}.")
    lengths = np.diff(indptr)
    columns, by_column = np.zeros(n, dtype=np.int64), np.zeros(n)
    step = max(1 << 20, n)  # in stretches: the check must not need more room than the graph
    for first in range(0, indices.size, step):
        part = indices[first : first + step + 1]
        rises = part[1:] > part[:-1]
        low, high = np.searchsorted(indptr, [first + 1, min(first + step + 1, indices.size)])
        rises[indptr[low:high] - first - 1] = True  # a new row may begin anywhere
        if not rises.all():
            raise DataError("indices must ascend within each row, without repetition.")
        if not graph.directed:
            columns += np.bincount(part[:step], minlength=n)
            by_column += np.bincount(part[:step], weights[first : first + step], minlength=n)
    if not graph.directed:
        # necessary for symmetry, linear, and enough to catch a forgotten half
        by_row = np.zeros(n)
        with np.errstate(over="ignore"):  # weights near the largest float may add up to more
            by_row[lengths > 0] = np.add.reduceat(weights, indptr[:-1][lengths > 0])
        if (columns != lengths).any() or not np.allclose(by_column, by_row):
            raise DataError("an undirected graph must store every edge in both its rows.")


def check_weights(weights: Floats) -> None:
    """Raise a DataError that names the first weight that is not finite."""
    bad = np.flatnonzero(~np.isfinite(weights))
    if bad.size:
        raise DataError(
            f"weight {weights[bad[0]]} of edge {bad[0] + 1} is not a finite number ({bad.size:,} "
            "such edges): drop these edges or give them a weight."
        )


def encode_edges(
    source: Iterable[Any] | pl.Series,
    target: Iterable[Any] | pl.Series,
    weight: npt.ArrayLike | pl.Series | None,
    nodes: Iterable[Any] | Vocabulary | None,
) -> tuple[Vocabulary, npt.NDArray[np.int32], npt.NDArray[np.int32], Floats | None]:
    """Vocabulary and codes of an edge list given by ids."""
    tails, heads = _listed(source), _listed(target)
    if len(tails) != len(heads):
        raise DataError(f"{len(tails)} sources for {len(heads)} targets: one each is needed.")
    values: Floats | None = None
    if weight is not None:
        try:
            values = np.asarray(weight, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"weights must be numbers: {error}.") from None
        if values.shape != (len(tails),):
            raise DataError(f"weights have shape {values.shape}; ({len(tails)},) is needed.")
        check_weights(values)
    if nodes is None:
        vocabulary = Vocabulary(_all_ids(tails, heads))
    else:
        vocabulary = nodes if isinstance(nodes, Vocabulary) else Vocabulary(nodes)
    return vocabulary, vocabulary.encode(tails), vocabulary.encode(heads), values


def _listed(values: Iterable[Any] | pl.Series) -> Any:
    if isinstance(values, pl.Series | np.ndarray | list):
        return values
    return list(values)


def _all_ids(a: Any, b: Any) -> Any:
    """The distinct ids of both."""
    first, second = Vocabulary(a), Vocabulary(b)
    if first.kind == second.kind and first.kind != "object":
        return pl.concat([first.series, second.series])
    return [*first.ids.tolist(), *second.ids.tolist()]


def csr_from_codes(
    n: int, tail: npt.NDArray[Any], head: npt.NDArray[Any], weight: Floats | None, *, directed: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], Floats]:
    """Sorted compressed rows of an edge list; parallel edges merged by adding weights."""
    loops = None if directed else tail == head
    places = np.empty(tail.size * (1 if directed else 2), dtype=np.int64)
    # few large arrays, for memory touched for the first time is slow
    _fill_places(places[: tail.size], tail, head)
    if loops is not None:
        if loops.any():
            places = places[: places.size - int(loops.sum())]
            _fill_places(places[tail.size :], head[~loops], tail[~loops])
            if weight is not None:
                weight = np.concatenate([weight, weight[~loops]])
        else:
            _fill_places(places[tail.size :], head, tail)
            if weight is not None:
                weight = np.concatenate([weight, weight])
    if weight is None:
        places.sort()
    else:
        order = np.argsort(places)
        if not np.array_equal(weight, np.rint(weight)) and _repeats(places[order]):
            # sums of fractions depend on their order: fix it, whatever the order of rows
            order = np.lexsort((weight, places))
        places, weight = places[order], weight[order]
    if _repeats(places):
        fresh = np.flatnonzero(np.concatenate([[True], places[1:] != places[:-1]]))
        if weight is None:
            weight = np.diff(np.append(fresh, places.size)).astype(np.float64)
        else:
            weight = np.add.reduceat(weight, fresh)
        places = places[fresh]
    indices = places.astype(np.int32)  # the lower half: the column
    places >>= 32
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(places, minlength=n), out=indptr[1:])
    if weight is None:
        weight = places.view(np.float64)
        weight.fill(1.0)
    return indptr, indices, weight


def _fill_places(
    places: npt.NDArray[np.int64], rows: npt.NDArray[Any], columns: npt.NDArray[Any]
) -> None:
    """Row and column in one number each, which sorts like the pair."""
    places[:] = rows
    places <<= 32
    places |= columns


def _repeats(places: npt.NDArray[np.int64]) -> bool:
    return bool((places[1:] == places[:-1]).any())


def degree(graph: Graph, weights: Floats | None, mode: str) -> npt.NDArray[Any]:
    """Number or weight of the edges at each node."""
    check_choice("mode", mode, ("all", "in", "out"))
    n = graph.n_nodes
    tails = graph._tails
    out = np.bincount(tails, weights=weights, minlength=n)
    if not graph.directed:
        loops = tails == graph.indices
        own = None if weights is None else weights[loops]
        return out + np.bincount(tails[loops], weights=own, minlength=n)
    if mode == "out":
        return out
    into = np.bincount(graph.indices, weights=weights, minlength=n)
    return into if mode == "in" else out + into


def induced(graph: Graph, mask: npt.NDArray[np.bool_], *, verb: str = "subgraph") -> Graph:
    """The graph among the nodes of a mask."""
    tails = graph._tails
    keep = mask[tails] & mask[graph.indices]
    new = np.cumsum(mask, dtype=np.int64) - 1
    lengths = np.bincount(new[tails[keep]], minlength=int(mask.sum()))
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    removed = {"nodes": int((~mask).sum()), "stored entries": int((~keep).sum())}
    return type(graph)(
        graph.vocabulary.take(mask),
        indptr,
        new[graph.indices[keep]].astype(np.int32),
        graph.weights[keep],
        graph.directed,
        graph.node_kind,
        Provenance.of(verb, made_from=(graph,), removed=removed),
    )


def components(graph: Graph) -> npt.NDArray[np.int32]:
    """Weak components, numbered by size; ties by the smallest node."""
    from scipy.sparse.csgraph import connected_components

    if graph.n_nodes == 0:
        return np.zeros(0, dtype=np.int32)
    _, found = connected_components(graph.to_scipy(), directed=graph.directed, connection="weak")
    _, first, sizes = np.unique(found, return_index=True, return_counts=True)
    rank = np.empty(sizes.size, dtype=np.int32)
    rank[np.lexsort((first, -sizes))] = np.arange(sizes.size, dtype=np.int32)
    numbered: npt.NDArray[np.int32] = rank[found]
    return numbered


def without_loops(graph: Graph) -> Graph:
    """The same nodes and edges but for self-loops."""
    tails = graph._tails
    keep = tails != graph.indices
    if keep.all():
        return graph
    lengths = np.bincount(tails[keep], minlength=graph.n_nodes)
    return type(graph)(
        graph.vocabulary,
        np.concatenate([[0], np.cumsum(lengths)]),
        graph.indices[keep],
        graph.weights[keep],
        graph.directed,
        graph.node_kind,
        Provenance.of("without_loops", made_from=(graph,), removed={"self-loops": graph.n_loops}),
    )


def to_undirected(graph: Graph) -> Graph:
    """Opposite arcs become one edge whose weight is their sum."""
    if not graph.directed:
        return graph
    tail, head, weight = graph.edge_arrays()
    return graph._from_codes(
        graph.vocabulary,
        tail,
        head,
        weight,
        directed=False,
        node_kind=graph.node_kind,
        provenance=Provenance.of("to_undirected", made_from=(graph,)),
    )


def to_scipy(graph: Graph) -> Any:
    """A csr_array over copies, since SciPy may sort or change what it is given."""
    import scipy.sparse as sp

    n = graph.n_nodes
    parts = (graph.weights.copy(), graph.indices.copy(), graph.indptr.copy())
    return sp.csr_array(parts, shape=(n, n))


def to_igraph(graph: Graph) -> Any:
    """An igraph graph; a zip of lists is its fastest way in."""
    import igraph

    tail, head, weight = graph.edge_arrays()
    edges = zip(tail.tolist(), head.tolist(), strict=True)
    other = igraph.Graph(n=graph.n_nodes, edges=edges, directed=graph.directed)
    other.vs["name"] = graph.vocabulary.ids.tolist()
    other.es["weight"] = weight.tolist()
    return other


def to_networkx(graph: Graph) -> Any:
    """A networkx Graph or DiGraph."""
    import networkx as nx

    other: Any = nx.DiGraph() if graph.directed else nx.Graph()
    ids = graph.vocabulary.ids
    other.add_nodes_from(ids.tolist())
    tail, head, weight = graph.edge_arrays()
    other.add_weighted_edges_from(
        zip(ids[tail].tolist(), ids[head].tolist(), weight.tolist(), strict=True)
    )
    return other


def from_networkx(cls: type[Graph], graph: Any, weight: str | None) -> Graph:
    """Edges with their data, loops and parallel edges by the rules of from_edges."""
    rows = graph.edges(data=weight, default=1) if weight else graph.edges(data=None, default=1)
    triples = list(rows)
    values = [1.0 if w is None else w for _, _, w in triples] if weight else None
    return cls.from_edges(
        [u for u, _, _ in triples],
        [v for _, v, _ in triples],
        values,
        directed=graph.is_directed(),
        nodes=list(graph.nodes),
        provenance=Provenance("Graph.from_networkx", {"weight": weight}),
    )


def from_igraph(cls: type[Graph], graph: Any, weight: str | None) -> Graph:
    """Ids from the attribute ``name``, which must be unique."""
    names = "name" in graph.vs.attributes()
    ids = graph.vs["name"] if names else list(range(graph.vcount()))
    if len(set(ids)) < len(ids):
        raise DataError("the igraph vertex attribute 'name' has repeated values: ids are unique.")
    pairs = graph.get_edgelist()
    values = graph.es[weight] if weight and weight in graph.es.attributes() else None
    return cls.from_edges(
        [ids[u] for u, _ in pairs],
        [ids[v] for _, v in pairs],
        values,
        directed=graph.is_directed(),
        nodes=ids,
        provenance=Provenance("Graph.from_igraph", {"weight": weight}),
    )


def from_scipy(cls: type[Graph], matrix: Any, directed: bool, nodes: Iterable[Any] | None) -> Graph:
    """Stored zeros are dropped, as SciPy treats them as absent."""
    import scipy.sparse as sp

    square = sp.coo_array(matrix)
    if len(square.shape) != 2 or square.shape[0] != square.shape[1]:
        raise DataError(f"the matrix has shape {square.shape}; an adjacency matrix is square.")
    n = square.shape[0]
    ids = list(range(n)) if nodes is None else list(nodes)
    if len(ids) != n or len(set(ids)) != n:
        raise DataError(f"{len(ids)} ids ({len(set(ids))} distinct) for {n} rows: one each.")
    check_weights(np.asarray(square.data, dtype=np.float64))
    if not directed and (abs(square.tocsr() - square.T.tocsr()) > 0).nnz:
        raise DataError("the matrix is not symmetric: pass directed=True, or matrix + matrix.T.")
    square.sum_duplicates()
    square.eliminate_zeros()
    rows, columns, values = square.row, square.col, square.data
    if not directed:
        once = rows <= columns
        rows, columns, values = rows[once], columns[once], values[once]
    vocabulary = Vocabulary(ids)
    position = vocabulary.encode(ids)
    return cls._from_codes(
        vocabulary,
        position[rows],
        position[columns],
        np.asarray(values, dtype=np.float64),
        directed=directed,
        node_kind="nodes",
        provenance=Provenance("Graph.from_scipy"),
    )


@dataclass(frozen=True, repr=False, eq=False)
class Graph(Frozen):
    """Nodes in sorted id order, edges as compressed sparse rows; never changed.

    Build one with :meth:`from_edges`, :meth:`from_networkx`, :meth:`from_igraph`,
    :meth:`from_scipy`, or with a verb such as :func:`graphkit.follow_graph`.

    Attributes
    ----------
    vocabulary
        Node ids, n of them; the code of a node is its row.
    indptr
        int64, shape (n + 1,): row i holds the entries indptr[i] … indptr[i + 1] − 1.
    indices
        int32, shape (nnz,): heads of the arcs, ascending within a row, each once. An
        undirected graph stores an edge in both its rows, a self-loop once.
    weights
        float64, shape (nnz,), finite; 1 where the graph is unweighted.
    directed
        Whether an entry is an arc row → column.
    node_kind
        What the nodes are: ``"accounts"``, ``"authors"``, ``"items"``, ``"tags"``,
        ``"sounds"`` or ``"nodes"``.
    provenance
        How the graph was made.

    Examples
    --------
    >>> g = Graph.from_edges(["a", "b", "c"], ["b", "c", "a"], directed=False)
    >>> g.n_nodes, g.n_edges, g.degree().tolist()
    (3, 3, [2, 2, 2])
    """

    vocabulary: Vocabulary
    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float64]
    directed: bool
    node_kind: str = "nodes"
    provenance: Provenance = field(default_factory=lambda: Provenance("Graph"))

    def __post_init__(self) -> None:
        self._set_arrays(indptr=np.int64, indices=np.int32, weights=np.float64)
        check_arrays(self)

    # building ------------------------------------------------------------------------

    @classmethod
    def from_edges(
        cls,
        source: Iterable[Any] | pl.Series,
        target: Iterable[Any] | pl.Series,
        weight: npt.ArrayLike | pl.Series | None = None,
        *,
        directed: bool,
        nodes: Iterable[Any] | Vocabulary | None = None,
        node_kind: str = "nodes",
        provenance: Provenance | None = None,
    ) -> Graph:
        """A graph from edge lists; parallel edges are merged and their weights added.

        Parameters
        ----------
        source, target
            Ids of any hashable kind (not floats), one pair per edge.
        weight
            One finite number per edge; 1 each if absent. Negative weights make a signed
            graph, which most qualities refuse.
        directed
            Whether an edge runs from source to target only.
        nodes
            All nodes, where some have no edge; every end of an edge must be among them.

        Raises
        ------
        DataError
            If lengths differ, ids are missing or floats, or weights are not finite.

        Examples
        --------
        >>> g = Graph.from_edges([1, 1, 2], [2, 2, 3], directed=True)
        >>> g.n_edges, g.total_weight
        (2, 3.0)
        """
        vocabulary, tail, head, values = encode_edges(source, target, weight, nodes)
        return cls._from_codes(
            vocabulary,
            tail,
            head,
            values,
            directed=directed,
            node_kind=node_kind,
            provenance=provenance or Provenance("Graph.from_edges", {"directed": directed}),
        )

    @classmethod
    def _from_codes(
        cls,
        vocabulary: Vocabulary,
        tail: npt.NDArray[Any],
        head: npt.NDArray[Any],
        weight: npt.NDArray[np.float64] | None,
        *,
        directed: bool,
        node_kind: str,
        provenance: Provenance,
    ) -> Graph:
        """The same from codes; undirected edges are given once, in either direction."""
        arrays = csr_from_codes(len(vocabulary), tail, head, weight, directed=directed)
        graph = cls(vocabulary, *arrays, directed, node_kind, provenance)
        # known already, and slow to find in compressed rows
        graph.__dict__["n_loops"] = int(np.unique(tail[tail == head]).size)
        return graph

    @classmethod
    def from_networkx(cls, graph: networkx.Graph[Any], *, weight: str | None = "weight") -> Graph:
        """A graph from networkx; missing weights are 1, parallel edges are merged."""
        return from_networkx(cls, graph, weight)

    @classmethod
    def from_igraph(cls, graph: igraph.Graph, *, weight: str | None = "weight") -> Graph:
        """A graph from igraph; ids are the vertex attribute ``name``, else the indices."""
        return from_igraph(cls, graph, weight)

    @classmethod
    def from_scipy(
        cls, matrix: Any, *, directed: bool, nodes: Iterable[Any] | None = None
    ) -> Graph:
        """A graph from a square sparse matrix; an undirected one must be symmetric.

        `nodes` are the ids of rows and columns, in their order; 0 … n−1 if absent.
        """
        return from_scipy(cls, matrix, directed, nodes)

    # size ----------------------------------------------------------------------------

    @property
    def n_nodes(self) -> int:
        """Number of nodes, those without edges included."""
        return len(self.vocabulary)

    @cached_property
    def n_edges(self) -> int:
        """Number of edges; arcs if directed. An undirected self-loop counts once."""
        stored = int(self.indices.size)
        return stored if self.directed else (stored + self.n_loops) // 2

    @cached_property
    def n_loops(self) -> int:
        """Number of self-loops."""
        return int(np.count_nonzero(self._tails == self.indices))

    @cached_property
    def total_weight(self) -> float:
        """Sum of the weights of all edges, each once."""
        everything = float(self.weights.sum())
        if self.directed:
            return everything
        loops = float(self.weights[self._tails == self.indices].sum()) if self.n_loops else 0.0
        return (everything + loops) / 2

    @cached_property
    def is_weighted(self) -> bool:
        """Whether any weight differs from 1."""
        return bool(self.weights.size) and not bool((self.weights == 1).all())

    @cached_property
    def content_key(self) -> str:
        """Key of nodes, edges and weights."""
        weights = self.weights if self.is_weighted else None
        return content_key(
            self.vocabulary.content_key, self.indptr, self.indices, weights, self.directed
        )

    @property
    def _tails(self) -> npt.NDArray[np.int32]:
        return np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.indptr))

    # selecting -----------------------------------------------------------------------

    def degree(self, *, mode: str = "all") -> npt.NDArray[np.int64]:
        """Number of edges per node, shape (n,); `mode` "in", "out" or "all" if directed.

        A self-loop counts twice in an undirected graph, and in "all".
        """
        return degree(self, None, mode).astype(np.int64)

    def strength(self, *, mode: str = "all") -> npt.NDArray[np.float64]:
        """Sum of the weights of a node's edges, shape (n,), counted as in :meth:`degree`."""
        return degree(self, self.weights, mode)

    def edge_arrays(
        self,
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Codes of tails and heads, and weights: each edge once, sorted by tail, then head."""
        tails = self._tails
        if self.directed:
            return tails, self.indices, self.weights
        once = tails <= self.indices
        return tails[once], self.indices[once], self.weights[once]

    def edges(self) -> pl.DataFrame:
        """All edges with their ids: source, target, weight; each edge once, sorted."""
        tail, head, weight = self.edge_arrays()
        ids = self.vocabulary.series
        return pl.DataFrame(
            {"source": ids.gather(tail), "target": ids.gather(head), "weight": weight}
        )

    def subgraph(self, nodes: Iterable[Any] | npt.NDArray[np.bool_]) -> Graph:
        """The graph among some nodes, given by ids or by a boolean mask over all nodes."""
        if isinstance(nodes, np.ndarray) and nodes.dtype == bool:
            if nodes.shape != (self.n_nodes,):
                raise DataError(f"the mask has shape {nodes.shape}, not ({self.n_nodes},).")
            mask = nodes
        else:
            mask = np.zeros(self.n_nodes, dtype=bool)
            mask[self.vocabulary.encode(list(nodes))] = True
        return induced(self, mask)

    def components(self) -> npt.NDArray[np.int32]:
        """Weakly connected component of each node, shape (n,): 0 the largest, then by size."""
        return components(self)

    def largest_component(self) -> Graph:
        """The graph among the nodes of the largest (weakly) connected component."""
        return induced(self, self.components() == 0, verb="largest_component")

    def without_loops(self) -> Graph:
        """The graph without self-loops; their number stands in the provenance."""
        return without_loops(self)

    def to_undirected(self) -> Graph:
        """The undirected graph; weights of opposite arcs are added."""
        return to_undirected(self)

    # converting ----------------------------------------------------------------------

    def to_scipy(self) -> scipy.sparse.csr_array:
        """The adjacency matrix, float64, shape (n, n); rows follow the vocabulary."""
        return to_scipy(self)

    def to_igraph(self) -> igraph.Graph:
        """An igraph graph with vertex attribute ``name`` and edge attribute ``weight``."""
        return to_igraph(self)

    def to_networkx(self) -> networkx.Graph[Any]:
        """A networkx Graph or DiGraph with the ids as nodes and edge attribute ``weight``."""
        return to_networkx(self)

    def save(self, path: str | Path) -> Path:
        """Write the graph as one ``.npz`` file; :meth:`load` reads it back."""
        header = {
            "directed": self.directed,
            "node_kind": self.node_kind,
            "provenance": self.provenance.to_dict(),
        }
        arrays = pack_ids(self.vocabulary)
        arrays |= {"indptr": self.indptr, "indices": self.indices, "weights": self.weights}
        return save_arrays(path, "Graph", header, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Graph:
        """Read a graph that :meth:`save` wrote."""
        header, arrays = load_arrays(path, "Graph")
        return cls(
            unpack_ids(arrays),
            arrays["indptr"],
            arrays["indices"],
            arrays["weights"],
            header["directed"],
            header["node_kind"],
            Provenance.from_dict(header["provenance"]),
        )

    # showing -------------------------------------------------------------------------

    def _facts(self) -> dict[str, object]:
        isolated = int(np.count_nonzero(self.degree() == 0)) if self.n_nodes else 0
        facts: dict[str, object] = {
            self.node_kind: self.n_nodes,
            "arcs" if self.directed else "edges": self.n_edges,
            "without any": isolated,
            "total weight": self.total_weight,
            "made by": self.provenance.verb,
        }
        return facts | {f"left out: {k}": v for k, v in self.provenance.removed.items()}

    def _title(self) -> str:
        weighted = "weighted" if self.is_weighted else "unweighted"
        return f"Graph ({'directed' if self.directed else 'undirected'}, {weighted})"
