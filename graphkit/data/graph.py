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

from graphkit.data import _graph_convert as convert
from graphkit.data.files import load_arrays, pack_ids, save_arrays, unpack_ids
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance, content_key
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError

if TYPE_CHECKING:
    import igraph
    import networkx
    import scipy.sparse

__all__ = ["Graph"]


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
        convert.check(self)

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
        vocabulary, tail, head, values = convert.encode_edges(source, target, weight, nodes)
        return cls._from_codes(
            vocabulary, tail, head, values,
            directed=directed, node_kind=node_kind,
            provenance=provenance or Provenance("Graph.from_edges", {"directed": directed}),
        )  # fmt: skip

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
        arrays = convert.csr_from_codes(len(vocabulary), tail, head, weight, directed=directed)
        graph = cls(vocabulary, *arrays, directed, node_kind, provenance)
        # known already, and slow to find in compressed rows
        graph.__dict__["n_loops"] = int(np.unique(tail[tail == head]).size)
        return graph

    @classmethod
    def from_networkx(cls, graph: networkx.Graph[Any], *, weight: str | None = "weight") -> Graph:
        """A graph from networkx; missing weights are 1, parallel edges are merged."""
        return convert.from_networkx(cls, graph, weight)

    @classmethod
    def from_igraph(cls, graph: igraph.Graph, *, weight: str | None = "weight") -> Graph:
        """A graph from igraph; ids are the vertex attribute ``name``, else the indices."""
        return convert.from_igraph(cls, graph, weight)

    @classmethod
    def from_scipy(
        cls, matrix: Any, *, directed: bool, nodes: Iterable[Any] | None = None
    ) -> Graph:
        """A graph from a square sparse matrix; an undirected one must be symmetric.

        `nodes` are the ids of rows and columns, in their order; 0 … n−1 if absent.
        """
        return convert.from_scipy(cls, matrix, directed, nodes)

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
        return convert.degree(self, None, mode).astype(np.int64)

    def strength(self, *, mode: str = "all") -> npt.NDArray[np.float64]:
        """Sum of the weights of a node's edges, shape (n,), counted as in :meth:`degree`."""
        return convert.degree(self, self.weights, mode)

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
        return convert.induced(self, mask)

    def components(self) -> npt.NDArray[np.int32]:
        """Weakly connected component of each node, shape (n,): 0 the largest, then by size."""
        return convert.components(self)

    def largest_component(self) -> Graph:
        """The graph among the nodes of the largest (weakly) connected component."""
        return convert.induced(self, self.components() == 0, verb="largest_component")

    def without_loops(self) -> Graph:
        """The graph without self-loops; their number stands in the provenance."""
        return convert.without_loops(self)

    def to_undirected(self) -> Graph:
        """The undirected graph; weights of opposite arcs are added."""
        return convert.to_undirected(self)

    # converting ----------------------------------------------------------------------

    def to_scipy(self) -> scipy.sparse.csr_array:
        """The adjacency matrix, float64, shape (n, n); rows follow the vocabulary."""
        return convert.to_scipy(self)

    def to_igraph(self) -> igraph.Graph:
        """An igraph graph with vertex attribute ``name`` and edge attribute ``weight``."""
        return convert.to_igraph(self)

    def to_networkx(self) -> networkx.Graph[Any]:
        """A networkx Graph or DiGraph with the ids as nodes and edge attribute ``weight``."""
        return convert.to_networkx(self)

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
            unpack_ids(arrays), arrays["indptr"], arrays["indices"], arrays["weights"],
            header["directed"], header["node_kind"], Provenance.from_dict(header["provenance"]),
        )  # fmt: skip

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
